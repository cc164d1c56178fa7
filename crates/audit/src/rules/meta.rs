//! META: is the document what it claims to be, and does every reader see the same one?

mod dp_meta_001;
mod dp_meta_002;
mod dp_meta_003;
mod dp_meta_004;
mod dp_meta_005;
mod dp_meta_006;
mod dp_meta_007;
mod dp_meta_008;
mod dp_meta_009;
mod dp_meta_010;
mod dp_meta_012;

table! {
    dp_meta_001 dp_meta_002 dp_meta_003 dp_meta_004 dp_meta_005 dp_meta_006 dp_meta_007 dp_meta_008
    dp_meta_009 dp_meta_010 dp_meta_012
}
