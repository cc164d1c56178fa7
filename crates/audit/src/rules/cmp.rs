//! CMP: what a service can do beyond its own container.

mod dp_cmp_001;
mod dp_cmp_002;
mod dp_cmp_003;
mod dp_cmp_004;
mod dp_cmp_005;
mod dp_cmp_006;
mod dp_cmp_007;
mod dp_cmp_008;
mod dp_cmp_009;
mod dp_cmp_010;
mod dp_cmp_011;
mod dp_cmp_012;
mod dp_cmp_013;
mod dp_cmp_014;
mod dp_cmp_015;
mod dp_cmp_016;
mod dp_cmp_018;
mod dp_cmp_019;
mod dp_cmp_020;
mod dp_cmp_021;
mod dp_cmp_022;
mod dp_cmp_023;

table! {
    dp_cmp_001 dp_cmp_002 dp_cmp_003 dp_cmp_004 dp_cmp_005 dp_cmp_006 dp_cmp_007 dp_cmp_008 dp_cmp_009
    dp_cmp_010 dp_cmp_011 dp_cmp_012 dp_cmp_013 dp_cmp_014 dp_cmp_015 dp_cmp_016 dp_cmp_018 dp_cmp_019
    dp_cmp_020 dp_cmp_021 dp_cmp_022 dp_cmp_023
}
