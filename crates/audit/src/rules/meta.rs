//! META: is the document what it claims to be, and does every reader see the same one?

family! {
    dp_meta_001 dp_meta_002 dp_meta_003 dp_meta_004 dp_meta_005 dp_meta_006 dp_meta_007 dp_meta_008 dp_meta_009
    dp_meta_010
}

pub(crate) use dp_meta_008::{Enforcement, enforcement_of};
pub(in crate::rules) use dp_meta_009::is_development;
