//! What changed between two deployments, and whose power grew.
//!
//! Everything that is compared is a [`Fact`]: a place with its text, and who reaches how far because of it. Whose reach
//! is longer after than before has grown, whose is shorter has shrunk, and the other way round the same changes are told
//! with the signs exchanged.
//!
//! Not checked: what the changed images and scripts do. A change of an image is a change of code, whatever its pin.

mod deployments;
mod findings;
mod manifest;
mod protections;
mod reach;
mod services;
#[cfg(test)]
mod tests;

use crate::view::View;
use core::fmt;
use serde::Serialize;
use std::collections::BTreeMap;
use veritee_compose::Deployment;

pub use findings::changes as finding_changes;

/// Whose power a change touches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Party {
    /// Whoever deploys.
    Operator,
    /// Whoever runs the host.
    Host,
    /// Another machine from which something is fetched.
    Remote,
    /// Whoever can push to the image's repository.
    Registry,
    /// The code of a service, over the rest of the machine.
    Service(String),
    /// Whoever holds a key, by what it is: the root key of a KMS.
    Holder(String),
    /// Everybody.
    Public,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("the operator"),
            Self::Host => f.write_str("the host"),
            Self::Remote => f.write_str("a remote machine"),
            Self::Registry => f.write_str("the image repository's owner"),
            Self::Service(name) => write!(f, "service {name}"),
            Self::Holder(what) => write!(f, "whoever holds {what}"),
            Self::Public => f.write_str("everybody"),
        }
    }
}

/// What a change does to somebody's power.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Power {
    /// It grew.
    Grew(Party),
    /// It shrank.
    Shrank(Party),
    /// Other code or other values; nobody's reach changed.
    Same,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Path: `services.web.environment.API_URL`, `allowed_envs.API_URL`, `manifest.public_logs`.
    pub path: String,
    /// What stood there; `None` when it is new.
    pub before: Option<String>,
    /// What stands there; `None` when it is gone.
    pub after: Option<String>,
    /// What it does.
    pub power: Power,
    /// What that party can do because of what stands there, or could because of what stood there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'static str>,
}

/// All changes, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// The changes.
    pub changes: Vec<Change>,
}

impl Diff {
    /// Everybody whose power grew, each once.
    #[must_use]
    pub fn grew(&self) -> Vec<&Party> {
        let mut parties: Vec<&Party> = self
            .changes
            .iter()
            .filter_map(|change| match &change.power {
                Power::Grew(party) => Some(party),
                Power::Shrank(_) | Power::Same => None,
            })
            .collect();
        parties.sort_unstable();
        parties.dedup();
        parties
    }
}

/// A place with its text, and who reaches further because of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fact {
    /// What stands there.
    pub text: String,
    /// Who reaches how far; nobody for most.
    pub reach: Vec<Reach>,
}

impl Fact {
    /// A text that lets nobody reach further.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), reach: Vec::new() }
    }

    /// A text that may let somebody reach further.
    #[must_use]
    pub fn reaching(text: impl Into<String>, reach: impl IntoIterator<Item = Reach>) -> Self {
        Self { text: text.into(), reach: reach.into_iter().collect() }
    }

    /// How far a party reaches, and why.
    fn far(&self, party: &Party) -> Option<&Reach> {
        self.reach.iter().filter(|reach| reach.party == *party).max_by_key(|reach| reach.far)
    }
}

/// Who reaches further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Who.
    pub party: Party,
    /// How far: more is worse.
    pub far: u8,
    /// What that lets them do.
    pub why: &'static str,
}

impl Reach {
    /// The usual reach.
    #[must_use]
    pub const fn new(party: Party, why: &'static str) -> Self {
        Self { party, far: 1, why }
    }

    /// Of what has more than one degree: how far.
    #[must_use]
    pub const fn to(party: Party, far: u8, why: &'static str) -> Self {
        Self { party, far, why }
    }
}

/// Compares facts by their places. What stands there on one side only counts as nothing on the other.
#[must_use]
pub fn fact_changes(before: &BTreeMap<String, Fact>, after: &BTreeMap<String, Fact>) -> Vec<Change> {
    let mut paths: Vec<&String> = before.keys().chain(after.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    paths.into_iter().flat_map(|path| changes_at(path, before.get(path), after.get(path))).collect()
}

/// One change for everybody whose reach is another one; one of nobody's where only the text is.
fn changes_at(path: &str, before: Option<&Fact>, after: Option<&Fact>) -> Vec<Change> {
    let change = |power, why| Change {
        path: path.to_owned(),
        before: before.map(|fact| fact.text.clone()),
        after: after.map(|fact| fact.text.clone()),
        power,
        why,
    };
    let mut parties: Vec<&Party> =
        before.into_iter().chain(after).flat_map(|fact| &fact.reach).map(|reach| &reach.party).collect();
    parties.sort_unstable();
    parties.dedup();
    let mut changes = Vec::new();
    for party in parties {
        let (old, new) = (before.and_then(|fact| fact.far(party)), after.and_then(|fact| fact.far(party)));
        match (old, new) {
            (old, Some(new)) if old.is_none_or(|old| old.far < new.far) => {
                changes.push(change(Power::Grew(party.clone()), Some(new.why)));
            }
            (Some(old), new) if new.is_none_or(|new| new.far < old.far) => {
                changes.push(change(Power::Shrank(party.clone()), Some(old.why)));
            }
            _ => {}
        }
    }
    if changes.is_empty() && before.map(|fact| &fact.text) != after.map(|fact| &fact.text) {
        changes.push(change(Power::Same, None));
    }
    changes
}

/// Compares two deployments; `before` is the older. Whatever the audit finds anew of medium severity or more is power
/// that grew, so that the two commands never disagree.
#[must_use]
pub fn diff(before: &Deployment, after: &Deployment) -> Diff {
    let none = BTreeMap::new();
    let mut changes = deployments::changes(&View::of(before, &none), &View::of(after, &none));
    let context = crate::context::Context::default();
    let (old, new) = (crate::audit::audit(before, &context), crate::audit::audit(after, &context));
    let told: Vec<Change> = findings::changes(&old.findings, &new.findings, &changes);
    changes.extend(told);
    changes.sort_by(|one, other| one.path.cmp(&other.path));
    Diff { changes }
}
