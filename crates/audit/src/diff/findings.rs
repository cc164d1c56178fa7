//! What the audit finds in one deployment and not in the other.

use super::{Change, Party, Power};
use crate::field::list_of;
use crate::rule::Whose;
use crate::rules;
use std::collections::{BTreeMap, BTreeSet};
use veritee_model::{Finding, FindingStatus, Severity};

/// New findings of medium severity or more as power that grew, gone ones as power that shrank; without those whose
/// place another change tells already.
#[must_use]
pub fn changes(before: &[Finding], after: &[Finding], told: &[Change]) -> Vec<Change> {
    let (old, new) = (Known::of(before), Known::of(after));
    let told = |wanted: fn(&Power) -> bool| -> BTreeSet<&str> {
        told.iter().filter(|change| wanted(&change.power)).map(|change| list(&change.path)).collect()
    };
    let (grew, shrank) =
        (told(|power| matches!(power, Power::Grew(_))), told(|power| matches!(power, Power::Shrank(_))));
    let mut changes = Vec::new();
    for finding in new.beyond(&old) {
        let path = path(finding);
        let milder = shrank.contains(list(&path)) && old.has(finding);
        if !grew.contains(list(&path)) && !milder {
            changes.push(change(finding, path, true));
        }
    }
    for finding in old.beyond(&new) {
        let path = path(finding);
        let graver = grew.contains(list(&path)) && new.has(finding);
        if !shrank.contains(list(&path)) && !graver {
            changes.push(change(finding, path, false));
        }
    }
    changes
}

/// What an entry stands in: `services.a.volumes[/x:/x]` and `services.a.volumes.0` stand in `services.a.volumes`.
fn list(path: &str) -> &str {
    let path = path.strip_prefix("manifest.").unwrap_or(path);
    if let Some((list, _)) = path.split_once('[') {
        return list;
    }
    match path.rsplit_once('.') {
        Some((list, _)) if list.matches('.').count() >= 2 || !list.starts_with("services") => list,
        _ => path,
    }
}

fn change(finding: &Finding, path: String, grew: bool) -> Change {
    let party = party(finding);
    let said = Some(format!("{} ({}): {}", finding.rule, finding.severity, finding.evidence));
    Change {
        path: format!("{} {path}", finding.rule).trim_end().to_owned(),
        before: if grew { None } else { said.clone() },
        after: if grew { said } else { None },
        power: if grew { Power::Grew(party) } else { Power::Shrank(party) },
        why: rules::find(&finding.rule).map(|rule| rule.title),
    }
}

fn path(finding: &Finding) -> String {
    finding.place.as_ref().map_or_else(String::new, |place| {
        if place.path.is_empty() { place.file.clone() } else { place.path.clone() }
    })
}

/// Findings that count, by what they say of what: how often, and how grave.
struct Known<'a> {
    findings: Vec<&'a Finding>,
    gravest: BTreeMap<(String, String), BTreeMap<Severity, usize>>,
    /// The gravest of each rule in each list.
    lists: BTreeMap<(&'a str, String), Severity>,
}

impl<'a> Known<'a> {
    fn of(findings: &'a [Finding]) -> Self {
        let counts = |finding: &&Finding| {
            !matches!(finding.status, FindingStatus::Pass | FindingStatus::Info)
                && finding.severity >= Severity::Medium
        };
        let findings: Vec<&Finding> = findings.iter().filter(counts).collect();
        let mut gravest: BTreeMap<_, BTreeMap<Severity, usize>> = BTreeMap::new();
        let mut lists = BTreeMap::new();
        for finding in &findings {
            for key in keys(finding) {
                let count = gravest.entry(key).or_default().entry(finding.severity).or_default();
                *count = count.saturating_add(1);
            }
            let key = (finding.rule.as_str(), list(&path(finding)).to_owned());
            let known = lists.entry(key).or_insert(finding.severity);
            *known = finding.severity.max(*known);
        }
        Self { findings, gravest, lists }
    }

    /// Whether the same rule says as much or more of the same list: what stands there has changed, not what is wrong.
    fn has(&self, wanted: &Finding) -> bool {
        let key = (wanted.rule.as_str(), list(&path(wanted)).to_owned());
        self.lists.get(&key).is_some_and(|known| *known >= wanted.severity)
    }

    /// Findings that the other has not, or has as milder ones.
    fn beyond(&self, other: &Self) -> Vec<&'a Finding> {
        let mut left = other.gravest.clone();
        let mut beyond = Vec::new();
        for finding in &self.findings {
            let mut new = false;
            for key in keys(finding) {
                // The mildest that is as grave: a graver one is left for a graver one.
                let severities = left.get_mut(&key);
                let same = severities.and_then(|list| {
                    list.range_mut(finding.severity..).map(|(_, count)| count).find(|count| **count > 0)
                });
                match same {
                    Some(count) => *count = count.saturating_sub(1),
                    None => new = true,
                }
            }
            if new {
                beyond.push(*finding);
            }
        }
        beyond
    }
}

/// The rule with what stands there, at every place: an entry that moved in its list is the same, another text is not.
fn keys(finding: &Finding) -> Vec<(String, String)> {
    let key = |path: &str, value: &str| {
        let place = list_of(path).unwrap_or(path);
        (finding.rule.clone(), format!("{place}\n{value}"))
    };
    if finding.places.is_empty() {
        let path = finding.place.as_ref().map_or("", |place| place.path.as_str());
        return vec![key(path, &finding.value)];
    }
    finding.places.iter().map(|spot| key(&spot.place.path, &spot.value)).collect()
}

/// Whose power a finding is: of the rule's own party, or of the service that it stands in.
fn party(finding: &Finding) -> Party {
    let service = || {
        let path = finding.place.as_ref()?.path.strip_prefix("services.")?;
        path.split('.').next().map(str::to_owned)
    };
    match rules::whose(&finding.rule) {
        Whose::Operator => Party::Operator,
        Whose::Registry => Party::Registry,
        Whose::Remote => Party::Remote,
        Whose::Service => service().map_or(Party::Operator, Party::Service),
        Whose::Host => Party::Host,
    }
}
