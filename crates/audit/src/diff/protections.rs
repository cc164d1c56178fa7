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
        for (name, text, why) in of_service(service) {
            let held = Held { text, party: Party::Service(service.name.clone()), why };
            found.insert(format!("protection.services.{}.{name}", service.name), held);
        }
    }
    found
}

/// Confinements of a service, each only where nothing beside it undoes it.
pub(crate) fn of_service(service: &Service) -> Vec<(String, String, &'static str)> {
    let mut found = Vec::new();
    if service.is_true("privileged") {
        return found;
    }
    if service.scalar("read_only").is_some_and(|value| value.fixed().as_deref() == Some("true")) {
        found.push(("read_only".to_owned(), "read_only: true".to_owned(), "writes to its own files"));
    }
    for (_, value) in service.below("security_opt") {
        let Some(text) = value.fixed() else { continue };
        if matches!(text.as_str(), "no-new-privileges" | "no-new-privileges:true" | "no-new-privileges=true")
        {
            found.push((
                "no-new-privileges".to_owned(),
                text,
                "gains privileges through programs of its image",
            ));
        } else if !text.contains("unconfined")
            && (text.starts_with("seccomp") || text.starts_with("apparmor"))
        {
            let name = text.split([':', '=']).next().unwrap_or("").to_owned();
            found.push((name, text, "calls what the profile forbade"));
        }
    }
    for (_, value) in service.below("cap_drop") {
        if let Some(text) = value.fixed() {
            found.push((format!("cap_drop.{}", text.to_ascii_uppercase()), text, "keeps a capability"));
        }
    }
    let user = service.scalar("user").and_then(|user| user.fixed());
    if let Some(user) = user.filter(|user| !matches!(user.split(':').next(), Some("root" | "0" | "") | None))
    {
        found.push(("user".to_owned(), format!("user: {user}"), "runs as root inside of its container"));
    }
    found
}
