//! CFG: dstack's own switches.

mod dp_cfg_001;
mod dp_cfg_003;
mod dp_cfg_004;
mod dp_cfg_005;
mod dp_cfg_006;
mod dp_cfg_007;
mod dp_cfg_008;
mod dp_cfg_009;
mod dp_cfg_010;
mod dp_cfg_011;
mod dp_cfg_012;
mod dp_cfg_013;

table! {
    dp_cfg_001 dp_cfg_003 dp_cfg_004 dp_cfg_005 dp_cfg_006 dp_cfg_007 dp_cfg_008 dp_cfg_009 dp_cfg_010
    dp_cfg_011 dp_cfg_012 dp_cfg_013
}
