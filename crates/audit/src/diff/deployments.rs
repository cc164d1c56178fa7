//! Facts of two deployments, and how they differ.

use super::{Change, Fact, Party, Reach, fact_changes, manifest, protections, services};
use crate::field::Field;
use crate::view::View;
use std::collections::BTreeMap;
use veritee_compose::Provenance;

pub(super) fn changes(before: &View<'_>, after: &View<'_>) -> Vec<Change> {
    // A bare compose file says nothing about the manifest: there is nothing to compare then.
    let manifests = before.manifest().is_some() && after.manifest().is_some();
    let mut changes = fact_changes(&facts(before, manifests), &facts(after, manifests));
    changes.extend(protections::changes(before, after, manifests));
    changes
}

fn facts(view: &View<'_>, manifests: bool) -> BTreeMap<String, Fact> {
    let mut facts = BTreeMap::new();
    if manifests {
        manifest::add(view, &mut facts);
    }
    let shared = services::shared(view);
    for service in &view.services {
        services::add(service, &shared, &mut facts);
    }
    script_facts(view, &mut facts);
    for (path, value) in &view.globals {
        let reach = chooser(value).into_iter().chain(outside(path)).chain(opened(path, value));
        facts.insert(path.clone(), Fact::reaching(value.raw, reach));
    }
    facts
}

/// Values from outside that a script takes in, each once.
fn script_facts(view: &View<'_>, facts: &mut BTreeMap<String, Fact>) {
    for script in &view.scripts {
        for command in script.commands() {
            if !command.reachable {
                continue;
            }
            for name in command.variables(script) {
                let Some(party) = party(view.provenance_of(&name)) else { continue };
                let reach = Reach::new(party, "feeds a script that runs as root");
                let path = format!("manifest.{}.${name}", script.key);
                facts.entry(path).or_insert(Fact::reaching(command.text.to_string(), [reach]));
            }
        }
    }
}

pub(super) fn chooser(value: &Field<'_>) -> Option<Reach> {
    party(value.provenance()).map(|party| Reach::new(party, "chooses the value"))
}

fn party(provenance: Provenance) -> Option<Party> {
    match provenance {
        Provenance::Operator => Some(Party::Operator),
        Provenance::Host | Provenance::Unknown => Some(Party::Host),
        Provenance::Remote => Some(Party::Remote),
        _ => None,
    }
}

/// Options of docker's bridge that let others in past what is published: every port of every container on it.
fn opened(path: &str, value: &Field<'_>) -> Option<Reach> {
    let mode = path.starts_with("networks.") && path.contains(".bridge.gateway_mode_ipv");
    let open = !matches!(value.fixed().as_deref(), Some("nat" | "isolated"));
    (mode && open).then_some(Reach::new(Party::Public, "can connect to ports that nothing publishes"))
}

/// What is included stands in no measured document.
pub(super) fn outside(path: &str) -> Option<Reach> {
    let included = path == "include" || path.starts_with("include.");
    included.then(|| Reach::to(Party::Host, 2, "supplies a file that the hash does not cover"))
}
