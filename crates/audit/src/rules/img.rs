//! IMG: which code runs.

mod dp_img_001;
mod dp_img_002;
mod dp_img_003;
mod dp_img_004;
mod dp_img_005;
mod dp_img_006;
mod dp_img_007;
mod dp_img_008;
mod dp_img_009;
mod dp_img_010;

table! {
    dp_img_001 dp_img_002 dp_img_003 dp_img_004 dp_img_005 dp_img_006 dp_img_007 dp_img_008 dp_img_009
    dp_img_010
}
