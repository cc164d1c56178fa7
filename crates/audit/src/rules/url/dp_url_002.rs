//! Protects users' data from fixed hosts whose owner nobody named.

use crate::facts::address::{Address, Found, built, external, is_private_address};
use crate::item::Item;
use crate::names::words;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::View;
use std::collections::{BTreeMap, BTreeSet};
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
    for (service, name, value) in built::sources(view) {
        let evidence = format!("{} was built from {name}: {}", service.name, value.effective());
        sink.add(Note::info(&value.place, evidence).about(name));
    }
    let own = own_names(view);
    let mut domains: BTreeMap<(String, bool), Vec<_>> = BTreeMap::new();
    for found in external(view) {
        let tells = sends_nothing(&found, &own);
        domains.entry((found.3.owner(), tells)).or_default().push(found);
    }
    for ((domain, tells), found) in domains {
        let Some((_, _, value, _)) = found.first() else { continue };
        let code = found.iter().any(|(_, _, _, link)| supplies_code(link));
        let list: Vec<String> = found
            .iter()
            .take(5)
            .map(|(service, path, _, link)| format!("{} {path}: {}", service.name, link.text))
            .collect();
        let severity = match (tells, code) {
            (true, _) => Severity::Low,
            (false, true) => Severity::High,
            (false, false) => Severity::Medium,
        };
        let mut note = Note::manual(&value.place, list.join("; ")).severity(severity).about(domain);
        for (_, _, value, link) in found.iter().skip(1) {
            note = note.also(&value.place, &link.text);
        }
        sink.add(note);
    }
}

/// Names that the document's own ingress answers for: it gets a certificate for each.
fn own_names(view: &View<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for service in view.active() {
        let image = service.image().map(|image| image.effective()).unwrap_or_default();
        if !image.to_ascii_lowercase().contains("ingress") {
            continue;
        }
        for name in ["DOMAIN", "DOMAINS"] {
            let value = service.variable(name).and_then(|entry| entry.value.fixed()).unwrap_or_default();
            let words = value.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
            names.extend(words.filter(|word| word.contains('.')).map(str::to_ascii_lowercase));
        }
    }
    names
}

/// Whether nothing is sent there, as far as the document tells: what the application itself is called, what it listens
/// on, an identifier in an address's form, a page that may call it. Still listed: a name proves nothing.
fn sends_nothing(found: &Found<'_>, own: &BTreeSet<String>) -> bool {
    let (_, path, _, address) = found;
    let Some(name) = path.strip_prefix("environment.") else { return false };
    let words = words(name);
    let ends = |list: &[&str]| words.last().is_some_and(|last| list.contains(&last.as_str()));
    let pair = |list: &[&str]| match words.as_slice() {
        [.., one, two] => list.contains(&format!("{one}_{two}").as_str()),
        _ => false,
    };
    let identifier = ends(&["SCOPE", "SCOPES"]);
    let listens = address.scheme.is_empty()
        && is_private_address(&address.host)
        && pair(&["NODE_IP", "POD_IP", "BIND_IP", "LISTEN_IP", "LOCAL_IP", "ADVERTISE_IP"]);
    let page = pair(&["CORS_ORIGIN", "CORS_ORIGINS"]);
    // For which host browsers keep a cookie.
    let cookie = pair(&["COOKIE_DOMAIN"]);
    own.contains(&address.host) || identifier || listens || page || cookie
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
