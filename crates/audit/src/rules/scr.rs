//! SCR: scripts that run as root before the application.

family! {
    dp_scr_001 dp_scr_002 dp_scr_003 dp_scr_004 dp_scr_005 dp_scr_006 dp_scr_007 dp_scr_008 dp_scr_009 dp_scr_010
    dp_scr_011 dp_scr_012 dp_scr_014 dp_scr_015
}
