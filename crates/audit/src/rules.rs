//! The rules: one file each, one table.

use crate::item::{Answer, Item};
use crate::rule::{Rule, Whose};

/// The table of a family. A rule whose module is declared and that stands in no table is dead code, and so an error.
macro_rules! table {
    ($($module:ident)*) => {
        /// The rules of this family, in the order of their ids.
        pub(super) const RULES: &[&crate::rule::Rule] = &[$(&$module::RULE,)*];
    };
}

mod cen;
mod cfg;
mod chn;
mod cmp;
mod doc;
mod env;
mod img;
mod kms;
mod meta;
mod net;
mod oci;
mod scr;
mod src;
mod trc;
mod url;

/// The families, each with whose power its findings are about.
const FAMILIES: &[(&[&Rule], Whose)] = &[
    (meta::RULES, Whose::Host),
    (env::RULES, Whose::Operator),
    (img::RULES, Whose::Registry),
    (url::RULES, Whose::Remote),
    (net::RULES, Whose::Remote),
    (cmp::RULES, Whose::Service),
    (scr::RULES, Whose::Operator),
    (cfg::RULES, Whose::Host),
    (kms::RULES, Whose::Host),
    (chn::RULES, Whose::Operator),
    (oci::RULES, Whose::Registry),
    (trc::RULES, Whose::Host),
    (src::RULES, Whose::Host),
    (doc::RULES, Whose::Host),
    (cen::RULES, Whose::Host),
];

/// A rule of the catalogue that these documents cannot answer: it is asked elsewhere, or not by this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elsewhere {
    /// Its id.
    pub id: &'static str,
    /// What it asks.
    pub question: &'static str,
    /// What it needs that no document has.
    pub why: &'static str,
    /// The items of the checklists that it answers.
    pub answers: &'static [Answer],
}

impl Elsewhere {
    const fn new(id: &'static str, question: &'static str, why: &'static str) -> Self {
        Self { id, question, why, answers: &[] }
    }
}

/// Rules of the catalogue that are not asked here. They are listed as not asked in every report, never as passed.
pub const ELSEWHERE: &[Elsewhere] = &[Elsewhere::new(
    "DP-META-011",
    "do all instances of the application run the same?",
    "needs evidence of every instance; with it the check identity.replicas compares them",
)];

/// Every rule, in the order in which reports list them.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().flat_map(|(family, _)| family.iter().copied())
}

/// The rule with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

/// Whose power a finding of a rule is about.
pub(crate) fn whose(id: &str) -> Whose {
    let families = FAMILIES.iter().filter_map(|(rules, whose)| {
        let rule = rules.iter().find(|rule| rule.id == id)?;
        Some(rule.whose.unwrap_or(*whose))
    });
    families.into_iter().next().unwrap_or(Whose::Host)
}

/// Everything that answers an item, asked here or elsewhere: by id, with the answer. In the order of reports.
pub(crate) fn answering(item: Item) -> impl Iterator<Item = (&'static str, Answer)> {
    let here = all().map(|rule| (rule.id, rule.answers));
    let elsewhere = ELSEWHERE.iter().map(|rule| (rule.id, rule.answers));
    here.chain(elsewhere).flat_map(move |(id, answers)| {
        answers.iter().filter(move |answer| answer.item == item).map(move |answer| (id, *answer))
    })
}
