//! Of which variables, at which places, findings speak: what no finding speaks of must not be lost.

use std::collections::{BTreeMap, BTreeSet};
use veritee_model::{Finding, FindingStatus, Place};

/// The variables that findings name, by the paths that they stand at.
#[derive(Debug, Default)]
pub(crate) struct Told {
    names: BTreeMap<String, BTreeSet<String>>,
    /// Of which a finding about the list of what the deployer may set speaks.
    allowed: BTreeSet<String>,
    /// A rule found more than it lists, and says so: the rest is open.
    cut: bool,
}

impl Told {
    /// Linear in the text of the findings.
    pub(crate) fn of(findings: &[Finding]) -> Self {
        let mut told = Self::default();
        for finding in findings.iter().filter(|finding| finding.status != FindingStatus::Pass) {
            told.cut |=
                finding.status == FindingStatus::Unknown && finding.evidence.starts_with("more than ");
            let spots = finding.places.iter().map(|spot| &spot.place);
            let paths: BTreeSet<&str> =
                finding.place.iter().chain(spots).map(path_of).filter(|path| !path.is_empty()).collect();
            if paths.is_empty() {
                continue;
            }
            let names: BTreeSet<&str> = words(&finding.title).chain(words(&finding.evidence)).collect();
            if let Some((_, name)) =
                finding.title.rsplit_once(": ").filter(|_| paths.contains("allowed_envs"))
            {
                told.allowed.insert(name.to_owned());
            }
            for path in paths {
                let known = told.names.entry(path.to_owned()).or_default();
                known.extend(names.iter().map(|name| (*name).to_owned()));
            }
        }
        told
    }

    /// Whether a finding at the path, at the list that it is an entry of, or at a part of it names the variable.
    pub(crate) fn speaks_of(&self, path: &str, name: &str) -> bool {
        let at = |path: &str| self.names.get(path).is_some_and(|names| names.contains(name));
        let above = path.rsplit_once('.').map_or("", |(above, _)| above);
        let below = format!("{path}.");
        let part = || {
            let parts = self.names.range(below.clone()..).take_while(|(part, _)| part.starts_with(&below));
            parts.into_iter().any(|(_, names)| names.contains(name))
        };
        self.cut || self.allowed.contains(name) || at(path) || at(above) || part()
    }
}

fn path_of(place: &Place) -> &str {
    &place.path
}

/// Words that can be names of variables.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    parts.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}
