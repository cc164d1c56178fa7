//! URL: where data goes.

mod dp_url_001;
mod dp_url_002;
mod dp_url_003;
mod dp_url_004;
mod dp_url_005;
mod dp_url_006;
mod dp_url_007;
mod dp_url_008;
mod dp_url_009;

table! {
    dp_url_001 dp_url_002 dp_url_003 dp_url_004 dp_url_005 dp_url_006 dp_url_007 dp_url_008 dp_url_009
}
