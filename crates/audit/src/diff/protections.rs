//! What holds somebody back, and who reaches further once it is gone.
//!
//! What does not run reaches nothing. A service that only one side runs is told by what it lacks: one that is confined in
//! every way adds nobody's power, and one that goes takes none away from those that stay.

use super::reach::Networks;
use super::{Change, Party, Power};
use crate::facts::protection::{self, Protection};
use crate::image::Image;
use crate::view::{Service, View};
use std::collections::{BTreeMap, BTreeSet};

/// A protection that holds: what stands there, whom it holds back, and what they can do without it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    text: String,
    party: Party,
    why: &'static str,
}

/// What confines a service that starts to run, and the words for what it can do where that is absent.
const USUAL: [(&str, &str); 5] = [
    ("cap_drop.ALL", "with docker's capabilities"),
    ("network", "on a network that leads out"),
    ("no-new-privileges", "with programs that raise privileges"),
    ("read_only", "with files of its own to write"),
    ("user", "as root inside of its container"),
];

/// A side's services that run.
struct Running {
    networks: Networks,
    services: BTreeMap<String, Confined>,
}

struct Confined {
    image: Option<String>,
    held: BTreeMap<String, Held>,
}

impl Running {
    fn of(view: &View<'_>) -> Self {
        let networks = Networks::of(view);
        let confined = |service: &Service<'_>| {
            let image = service.image().map(|field| Image::of(field, service.name).name());
            Confined { image, held: of_service(service, &networks) }
        };
        let services = view.active().map(|service| (service.name.to_owned(), confined(service))).collect();
        Self { networks, services }
    }

    /// Services that run here and not there, but for those that run there under another name, confined alike.
    fn only<'a>(&'a self, other: &Self) -> Vec<(&'a String, &'a Confined)> {
        let gone = |one: &'a Self, other: &Self| -> Vec<(&'a String, &'a Confined)> {
            one.services.iter().filter(|(name, _)| !other.services.contains_key(*name)).collect()
        };
        let mut elsewhere: BTreeMap<Likeness<'_>, usize> = BTreeMap::new();
        for (_, it) in other.services.iter().filter(|(name, _)| !self.services.contains_key(*name)) {
            let count = elsewhere.entry(it.likeness()).or_default();
            *count = count.saturating_add(1);
        }
        let mut only = gone(self, other);
        only.retain(|(_, confined)| match elsewhere.get_mut(&confined.likeness()) {
            Some(count) if *count > 0 => {
                *count = count.saturating_sub(1);
                false
            }
            _ => true,
        });
        only
    }
}

/// The image by its name, and the protections.
type Likeness<'a> = (Option<&'a str>, Vec<&'a String>);

impl Confined {
    fn likeness(&self) -> Likeness<'_> {
        (self.image.as_deref(), self.held.keys().collect())
    }
}

/// Protections that are gone or weaker, and those that are new.
pub(super) fn changes(before: &View<'_>, after: &View<'_>, manifests: bool) -> Vec<Change> {
    let mut changes = Vec::new();
    if manifests {
        weaker("", &of_manifest(before), &of_manifest(after), &mut changes);
    }
    let (old, new) = (Running::of(before), Running::of(after));
    let moved = Moved::of(&old, &new);
    for (name, confined) in &old.services {
        let Some(now) = new.services.get(name) else { continue };
        weaker(&format!("services.{name}."), &confined.held, &now.held, &mut changes);
        joined(name, &moved, &mut changes);
    }
    changes.extend(old.only(&new).into_iter().filter_map(|(name, confined)| alone(name, confined, false)));
    changes.extend(new.only(&old).into_iter().filter_map(|(name, confined)| alone(name, confined, true)));
    changes
}

fn weaker(place: &str, old: &BTreeMap<String, Held>, new: &BTreeMap<String, Held>, into: &mut Vec<Change>) {
    for (name, held) in old.iter().filter(|(name, _)| !stands(name, new)) {
        into.push(Change {
            path: format!("protection.{place}{name}"),
            before: Some(held.text.clone()),
            after: None,
            power: Power::Grew(held.party.clone()),
            why: Some(held.why),
        });
    }
    for (name, held) in new.iter().filter(|(name, _)| !stands(name, old)) {
        into.push(Change {
            path: format!("protection.{place}{name}"),
            before: None,
            after: Some(held.text.clone()),
            power: Power::Shrank(held.party.clone()),
            why: Some(held.why),
        });
    }
}

/// It is there, or one that holds back more.
fn stands(name: &str, there: &BTreeMap<String, Held>) -> bool {
    there.contains_key(name) || (name.starts_with("cap_drop.") && there.contains_key("cap_drop.ALL"))
}

/// A service that starts to run, or does no longer, with what it is not held back from.
fn alone(name: &str, confined: &Confined, grew: bool) -> Option<Change> {
    let free: Vec<&str> = USUAL
        .into_iter()
        .filter(|(name, _)| !confined.held.contains_key(*name))
        .map(|(_, word)| word)
        .collect();
    if free.is_empty() {
        return None;
    }
    let text = Some(format!("runs {}", free.join(", ")));
    let party = Party::Service(name.to_owned());
    let (before, after) = if grew { (None, text) } else { (text, None) };
    Some(Change {
        path: format!("protection.services.{name}"),
        before,
        after,
        power: if grew { Power::Grew(party) } else { Power::Shrank(party) },
        why: Some("runs, and is not confined in every way"),
    })
}

/// Both sides, and which of the services that run on both are on other networks than before. Where neither of two is,
/// whether one can connect to the other has not changed, and need not be asked: pairs are the square of services.
struct Moved<'a> {
    old: &'a Running,
    new: &'a Running,
    services: BTreeSet<&'a str>,
}

impl<'a> Moved<'a> {
    fn of(old: &'a Running, new: &'a Running) -> Self {
        let names = old.services.keys().filter(|name| new.services.contains_key(*name)).map(String::as_str);
        let services = names.filter(|name| old.networks.on(name) != new.networks.on(name)).collect();
        Self { old, new, services }
    }

    /// Whom a service can connect to on one side, as far as that can have changed. A service that comes or goes is told by
    /// itself; a network is no service, and is told in any case.
    fn peers(&self, name: &str, running: &'a Running) -> BTreeSet<&'a str> {
        let stays =
            |peer: &&str| self.old.services.contains_key(*peer) == self.new.services.contains_key(*peer);
        let pairs = self.old.networks.has_pairs() && self.new.networks.has_pairs();
        if !pairs || self.services.contains(name) {
            return running.networks.peers(name).into_iter().filter(stays).collect();
        }
        let moved = self.services.iter().copied().filter(|peer| *peer != name);
        moved.filter(|peer| running.networks.joins(name, peer)).collect()
    }
}

/// Services that run on both sides and of which one can connect to the other on one side only.
fn joined(name: &str, moved: &Moved<'_>, into: &mut Vec<Change>) {
    let (before, after) = (moved.peers(name, moved.old), moved.peers(name, moved.new));
    for peer in before.symmetric_difference(&after) {
        let grew = after.contains(peer);
        let party = Party::Service(name.to_owned());
        let text = Some("can connect".to_owned());
        into.push(Change {
            path: format!("reach.services.{name}.{peer}"),
            before: if grew { None } else { text.clone() },
            after: if grew { text } else { None },
            power: if grew { Power::Grew(party) } else { Power::Shrank(party) },
            why: Some("shares a network with it"),
        });
    }
}

fn of_manifest(view: &View<'_>) -> BTreeMap<String, Held> {
    let mut found = BTreeMap::new();
    let mut add = |name: &str, protection: Protection, party: Party, why: &'static str| {
        if let Protection::Holds(text) = protection {
            found.insert(name.to_owned(), Held { text, party, why });
        }
    };
    add("port_policy", protection::port_policy(view), Party::Public, "can connect to every port");
    add("gpu_policy", protection::gpu_policy(view), Party::Host, "can bring a GPU that nobody attested");
    found
}

fn of_service(service: &Service<'_>, networks: &Networks) -> BTreeMap<String, Held> {
    let party = || Party::Service(service.name.to_owned());
    let mut found: BTreeMap<String, Held> = protection::of_service(service)
        .into_iter()
        // A profile that nobody saw can forbid more than docker's own, and less: it has no direction.
        .filter(|(name, ..)| !matches!(name.as_str(), "seccomp" | "apparmor"))
        .map(|(name, text, why)| (name, Held { text, party: party(), why }))
        .collect();
    if networks.holds(service.name) {
        let text = "on no network that leads out".to_owned();
        let why = "exchanges data with machines outside";
        found.insert("network".to_owned(), Held { text, party: party(), why });
    }
    found
}
