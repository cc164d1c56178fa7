//! What holds somebody back, and who reaches further once it is gone.

use super::{Change, Party, Power};
use crate::facts::protection::{self, Protection};
use crate::view::{Service, View};
use std::collections::BTreeMap;

/// A protection that holds: what stands there, whom it holds back, and what they can do without it.
struct Held {
    text: String,
    party: Party,
    why: &'static str,
}

/// Protections that are gone or weaker, and those that are new.
pub(super) fn changes(before: &View<'_>, after: &View<'_>, manifests: bool) -> Vec<Change> {
    let (old, new) = (held(before, manifests), held(after, manifests));
    let mut changes = Vec::new();
    for (path, held) in old.iter().filter(|(path, _)| !stands(path, &new)) {
        changes.push(Change {
            path: path.clone(),
            before: Some(held.text.clone()),
            after: None,
            power: Power::Grew(held.party.clone()),
            why: Some(held.why),
        });
    }
    for (path, held) in new.iter().filter(|(path, _)| !stands(path, &old)) {
        changes.push(Change {
            path: path.clone(),
            before: None,
            after: Some(held.text.clone()),
            power: Power::Shrank(held.party.clone()),
            why: Some(held.why),
        });
    }
    changes
}

/// It is there, or one that holds back more.
fn stands(path: &str, there: &BTreeMap<String, Held>) -> bool {
    let all = || path.rsplit_once(".cap_drop.").map(|(service, _)| format!("{service}.cap_drop.ALL"));
    there.contains_key(path) || all().is_some_and(|all| there.contains_key(&all))
}

fn held(view: &View<'_>, manifests: bool) -> BTreeMap<String, Held> {
    let mut found = BTreeMap::new();
    let mut add = |path: &str, protection: Protection, party: Party, why: &'static str| {
        if let Protection::Holds(text) = protection {
            found.insert(format!("protection.{path}"), Held { text, party, why });
        }
    };
    if manifests {
        add("port_policy", protection::port_policy(view), Party::Public, "can connect to every port");
        add("gpu_policy", protection::gpu_policy(view), Party::Host, "can bring a GPU that nobody attested");
    }
    for service in view.active() {
        for (name, text, why) in protection::of_service(service).into_iter().chain(alone(service)) {
            let held = Held { text, party: Party::Service(service.name.to_owned()), why };
            found.insert(format!("protection.services.{}.{name}", service.name), held);
        }
    }
    for (path, value) in &view.globals {
        let internal = path.strip_prefix("networks.").and_then(|path| path.strip_suffix(".internal"));
        if let (Some(network), Some("true")) = (internal, value.fixed().as_deref()) {
            let text = format!("network {network} is internal");
            let held = Held { text, party: Party::Remote, why: "can exchange data with the services on it" };
            found.insert(format!("protection.{path}"), held);
        }
    }
    found
}

/// Cut off from every network.
fn alone(service: &Service<'_>) -> Option<(String, String, &'static str)> {
    let mode = service.scalar("network_mode")?.fixed()?;
    (mode == "none")
        .then(|| ("network_mode".to_owned(), "network_mode: none".to_owned(), "reaches the network"))
}
