//! The rules: one file each, one table.

use crate::rule::Rule;

/// The table of a family. A rule whose module is declared and that stands in no table is dead code, and so an error.
macro_rules! table {
    ($($module:ident)*) => {
        /// The rules of this family, in the order of their ids.
        pub(super) const RULES: &[&crate::rule::Rule] = &[$(&$module::RULE,)*];
    };
}

mod cen;
mod cfg;
mod cmp;
mod doc;
mod env;
mod img;
mod kms;
pub(crate) mod meta;
mod net;
mod scr;
pub(crate) mod src;
mod trc;
mod url;

pub(crate) use env::exposures;

const FAMILIES: &[&[&Rule]] = &[
    meta::RULES,
    env::RULES,
    img::RULES,
    url::RULES,
    net::RULES,
    cmp::RULES,
    scr::RULES,
    cfg::RULES,
    kms::RULES,
    trc::RULES,
    src::RULES,
    doc::RULES,
    cen::RULES,
];

/// Every rule, in the order in which reports list them.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().flat_map(|family| family.iter().copied())
}

/// The rule with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}
