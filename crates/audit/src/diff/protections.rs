//! What holds somebody back, and who reaches further once it is gone.

use super::{Change, Party, Power};
use crate::facts::protection::{self, Protection};
use crate::view::View;
use std::collections::BTreeMap;

/// A protection that holds: what stands there, whom it holds back, and what they can do without it.
struct Held {
    text: String,
    party: Party,
    why: &'static str,
}

/// Protections that are gone or weaker, and those that are new.
pub(super) fn changes(before: &View, after: &View) -> Vec<Change> {
    let (old, new) = (held(before), held(after));
    let mut changes = Vec::new();
    for (path, held) in &old {
        if !new.contains_key(path) {
            changes.push(Change {
                path: path.clone(),
                before: Some(held.text.clone()),
                after: None,
                power: Power::Grew(held.party.clone()),
                why: Some(held.why),
            });
        }
    }
    for (path, held) in new.iter().filter(|(path, _)| !old.contains_key(*path)) {
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

fn held(view: &View) -> BTreeMap<String, Held> {
    let mut found = BTreeMap::new();
    let mut add = |path: &str, protection: Protection, party: Party, why: &'static str| {
        if let Protection::Holds(text) = protection {
            found.insert(format!("protection.{path}"), Held { text, party, why });
        }
    };
    add("port_policy", protection::port_policy(view), Party::Public, "can connect to every port");
    add("gpu_policy", protection::gpu_policy(view), Party::Host, "can bring a GPU that nobody attested");
    for service in view.active() {
        for (name, text, why) in protection::of_service(service) {
            let held = Held { text, party: Party::Service(service.name.clone()), why };
            found.insert(format!("protection.services.{}.{name}", service.name), held);
        }
    }
    found
}
