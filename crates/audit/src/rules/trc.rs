//! TRC: from the attested compose back to a commit.

mod dp_trc_001;
mod dp_trc_002;
mod dp_trc_003;
mod dp_trc_004;
mod dp_trc_005;
mod dp_trc_006;

table! {
    dp_trc_001 dp_trc_002 dp_trc_003 dp_trc_004 dp_trc_005 dp_trc_006
}
