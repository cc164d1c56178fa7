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
mod meta;
mod net;
mod scr;
pub(crate) mod src;
mod trc;
mod url;

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

/// A rule of the catalogue that these documents cannot answer: it is asked elsewhere, or not by this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elsewhere {
    /// Its id.
    pub id: &'static str,
    /// What it asks.
    pub question: &'static str,
    /// What it needs that no document has.
    pub why: &'static str,
}

const CHAIN: &str = "needs the chain: read the app contract with the commands of question M5 and M10";
const REGISTRY: &str = "needs the image registry: not read";

/// Rules of the catalogue that are not asked here. They are listed as not asked in every report, never as passed.
pub const ELSEWHERE: &[Elsewhere] = &[
    Elsewhere {
        id: "DP-META-011",
        question: "do all instances of the application run the same?",
        why: "needs evidence of every instance; with it the check identity.replicas compares them",
    },
    Elsewhere {
        id: "DP-KMS-006",
        question: "does the KMS itself authorise strictly?",
        why: "needs the KMS's own compose and its registry on the chain: not read",
    },
    Elsewhere { id: "DP-CHN-001", question: "is the application registered on the chain?", why: CHAIN },
    Elsewhere { id: "DP-CHN-002", question: "does the chain authorise this compose hash?", why: CHAIN },
    Elsewhere { id: "DP-CHN-003", question: "which other compose hashes are authorised?", why: CHAIN },
    Elsewhere { id: "DP-CHN-004", question: "can the owner upgrade at once?", why: CHAIN },
    Elsewhere { id: "DP-CHN-005", question: "can the contract itself be replaced?", why: CHAIN },
    Elsewhere { id: "DP-CHN-006", question: "is the contract's source known?", why: CHAIN },
    Elsewhere { id: "DP-CHN-007", question: "is every device or an outdated TCB accepted?", why: CHAIN },
    Elsewhere { id: "DP-CHN-008", question: "is it a test network?", why: CHAIN },
    Elsewhere { id: "DP-CHN-009", question: "who governs the platform's registry?", why: CHAIN },
    Elsewhere { id: "DP-CHN-010", question: "does the chain tell the same history?", why: CHAIN },
    Elsewhere { id: "DP-CHN-011", question: "was the chain read through more than one server?", why: CHAIN },
    Elsewhere { id: "DP-CHN-012", question: "is the cited contract the application's own?", why: CHAIN },
    Elsewhere { id: "DP-OCI-001", question: "does the registry hold the digest?", why: REGISTRY },
    Elsewhere { id: "DP-OCI-002", question: "which source and revision do labels name?", why: REGISTRY },
    Elsewhere { id: "DP-OCI-003", question: "was the tag moved?", why: REGISTRY },
    Elsewhere { id: "DP-OCI-004", question: "does provenance verify?", why: REGISTRY },
    Elsewhere { id: "DP-OCI-005", question: "can everybody fetch the image?", why: REGISTRY },
    Elsewhere { id: "DP-OCI-006", question: "which defaults does the image carry?", why: REGISTRY },
    Elsewhere { id: "DP-OCI-007", question: "are its timestamps normalised?", why: REGISTRY },
    Elsewhere { id: "DP-OCI-008", question: "do its layers hold keys or closed code?", why: REGISTRY },
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
