//! ENV: values that somebody outside the machine chooses.

mod dp_env_001;
mod dp_env_002;
mod dp_env_003;
mod dp_env_005;
mod dp_env_006;
mod dp_env_007;
mod dp_env_008;
mod dp_env_009;
mod dp_env_010;
mod dp_env_011;
mod dp_env_012;
mod dp_env_013;
mod dp_env_014;
mod dp_env_015;
mod dp_env_016;
mod dp_env_017;
mod dp_env_018;
mod dp_env_019;
mod dp_env_020;
mod dp_env_021;
mod dp_env_022;

table! {
    dp_env_001 dp_env_002 dp_env_003 dp_env_005 dp_env_006 dp_env_007 dp_env_008 dp_env_009 dp_env_010
    dp_env_011 dp_env_012 dp_env_013 dp_env_014 dp_env_015 dp_env_016 dp_env_017 dp_env_018 dp_env_019
    dp_env_020 dp_env_021 dp_env_022
}
