//! CHN: what a chain proves of the application, its compose hashes and its owner.

mod dp_chn_001;
mod dp_chn_002;
mod dp_chn_003;
mod dp_chn_004;
mod dp_chn_005;
mod dp_chn_006;
mod dp_chn_007;
mod dp_chn_008;
mod dp_chn_009;
mod dp_chn_010;
mod dp_chn_011;
mod dp_chn_012;

table! {
    dp_chn_001 dp_chn_002 dp_chn_003 dp_chn_004 dp_chn_005 dp_chn_006
    dp_chn_007 dp_chn_008 dp_chn_009 dp_chn_010 dp_chn_011 dp_chn_012
}
