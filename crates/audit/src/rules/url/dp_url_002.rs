//! Protects users' data from fixed hosts whose owner nobody named.

use crate::facts::address::{Address, external};
use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use std::collections::BTreeMap;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-URL-002",
    title: "fixed address outside the machine",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "say who controls the host and whether user data reaches it",
    answers: &[Item::Q1.opens(), Item::E6.tells(), Item::M1.tells(), Item::M6.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let mut domains: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for found in external(view) {
        domains.entry(found.3.owner()).or_default().push(found);
    }
    for (domain, found) in domains {
        let Some((_, _, value, _)) = found.first() else { continue };
        let code = found.iter().any(|(_, _, _, link)| supplies_code(link));
        let list: Vec<String> = found
            .iter()
            .take(5)
            .map(|(service, path, _, link)| format!("{} {path}: {}", service.name, link.text))
            .collect();
        let severity = if code { Severity::High } else { Severity::Medium };
        let mut note = Note::manual(&value.place, list.join("; ")).severity(severity).about(domain);
        for (_, _, value, link) in found.iter().skip(1) {
            note = note.also(&value.place, &link.text);
        }
        sink.add(note);
    }
}

/// Whether code comes from there: a forge, a file of a release, a repository.
fn supplies_code(address: &Address) -> bool {
    const FORGES: &[&str] = &[
        "github.com",
        "gitlab.com",
        "bitbucket.org",
        "codeberg.org",
        "raw.githubusercontent.com",
        "gist.githubusercontent.com",
        "gist.github.com",
        "objects.githubusercontent.com",
        "codeload.github.com",
    ];
    let after = address.text.split_once("://").map_or("", |(_, rest)| rest);
    let path = after.split_once('/').map_or("", |(_, path)| path).split(['?', '#']).next().unwrap_or("");
    FORGES.contains(&address.host.as_str())
        || path.contains("releases/download/")
        || path.ends_with(".git")
        || path.contains(".git/")
}
