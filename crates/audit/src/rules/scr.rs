//! SCR: scripts that run as root before the application.

mod dp_scr_001;
mod dp_scr_002;
mod dp_scr_003;
mod dp_scr_004;
mod dp_scr_005;
mod dp_scr_006;
mod dp_scr_007;
mod dp_scr_008;
mod dp_scr_009;
mod dp_scr_010;
mod dp_scr_011;
mod dp_scr_012;
mod dp_scr_014;
mod dp_scr_015;
mod dp_scr_016;
mod dp_scr_017;
mod dp_scr_018;
mod dp_scr_019;
mod dp_scr_020;
mod dp_scr_021;

table! {
    dp_scr_001 dp_scr_002 dp_scr_003 dp_scr_004 dp_scr_005 dp_scr_006 dp_scr_007 dp_scr_008 dp_scr_009
    dp_scr_010 dp_scr_011 dp_scr_012 dp_scr_014 dp_scr_015 dp_scr_016 dp_scr_017
    dp_scr_018 dp_scr_019 dp_scr_020 dp_scr_021
}
