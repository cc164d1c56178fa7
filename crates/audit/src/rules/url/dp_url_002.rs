use super::external;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use std::collections::BTreeMap;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-URL-002",
    title: "fixed address outside the machine",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Compose],
    remedy: "say who controls the host and whether user data reaches it",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let mut domains: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for found in external(subject) {
        domains.entry(found.3.registrable()).or_default().push(found);
    }
    for (domain, found) in domains {
        let Some((_, _, value, _)) = found.first() else { continue };
        let code = found.iter().any(|(_, _, _, link)| supplies_code(&link.text));
        let list: Vec<String> = found
            .iter()
            .take(5)
            .map(|(service, path, _, link)| format!("{} {path}: {}", service.name, link.text))
            .collect();
        let severity = if code { Severity::High } else { Severity::Medium };
        sink.add(Note::manual(&value.place, list.join("; ")).severity(severity).about(domain));
    }
}

fn supplies_code(url: &str) -> bool {
    [
        "raw.githubusercontent.com",
        "gist.github",
        "/releases/download/",
        ".git",
        "github.com/",
        "gitlab.com/",
        "/archive/",
    ]
    .iter()
    .any(|mark| url.contains(mark))
}
