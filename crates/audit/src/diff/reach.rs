//! Which services reach which, and whether a way leads out of the machine.

use crate::view::{Service, View};
use std::collections::{BTreeMap, BTreeSet};
use veritee_compose::{Tree, Value};

/// Services up to which it is told which reaches which; beyond, which networks each is on: pairs are the square of them.
const PAIRS: usize = 300;

/// Steps of `network_mode: service:…` that are followed.
const STEPS: usize = 16;

/// Networks as docker makes them of the document.
pub(super) struct Networks {
    /// The networks of every service that runs; nothing else runs.
    of: BTreeMap<String, BTreeSet<String>>,
    closed: BTreeSet<String>,
}

impl Networks {
    pub(super) fn of(view: &View<'_>) -> Self {
        let internal = |path: &str| {
            let network = path.strip_prefix("networks.")?.strip_suffix(".internal")?;
            Some(network.to_owned())
        };
        let external =
            |network: &str| view.globals_below(&format!("networks.{network}.external")).next().is_some();
        let closed = view
            .globals
            .iter()
            .filter(|(_, value)| value.fixed().as_deref() == Some("true"))
            .filter_map(|(path, _)| internal(path))
            .filter(|network| !external(network))
            .collect();
        let of = view.active().map(|service| (service.name.to_owned(), on(view, service))).collect();
        Self { of, closed }
    }

    /// Whether it is on no network that leads out of the machine.
    pub(super) fn holds(&self, service: &str) -> bool {
        self.of
            .get(service)
            .is_some_and(|networks| networks.iter().all(|network| self.closed.contains(network)))
    }

    /// The networks of a service that runs.
    pub(super) fn on(&self, service: &str) -> Option<&BTreeSet<String>> {
        self.of.get(service)
    }

    /// Whether it is told which services reach which.
    pub(super) fn has_pairs(&self) -> bool {
        self.of.len() <= PAIRS
    }

    /// Whether two services share a network.
    pub(super) fn joins(&self, one: &str, other: &str) -> bool {
        self.on(one).zip(self.on(other)).is_some_and(|(one, other)| !one.is_disjoint(other))
    }

    /// Whom it can connect to: other services that run, by name; networks where there are too many of them.
    pub(super) fn peers(&self, service: &str) -> BTreeSet<&str> {
        let Some(own) = self.of.get(service) else { return BTreeSet::new() };
        if !self.has_pairs() {
            return own.iter().map(String::as_str).collect();
        }
        let others = self.of.iter().filter(|(name, on)| *name != service && !on.is_disjoint(own));
        others.map(|(name, _)| name.as_str()).collect()
    }
}

/// The networks of a service: those that it lists, else the one that every service is on, or what its mode says.
fn on(view: &View<'_>, service: &Service<'_>) -> BTreeSet<String> {
    let mut service = service;
    for _ in 0..STEPS {
        let Some(mode) = service.scalar("network_mode") else { break };
        let Some(mode) = mode.fixed() else { return BTreeSet::from(["(chosen from outside)".to_owned()]) };
        match mode.split_once(':') {
            _ if mode == "none" => return BTreeSet::new(),
            Some(("service", name)) => match view.active_named(name) {
                Some(other) => service = other,
                None => break,
            },
            _ => return BTreeSet::from([format!("network_mode {mode}")]),
        }
    }
    let networks: BTreeSet<String> = match service.entry.tree.get("networks") {
        Some(Tree::Mapping(entries, _)) => entries.iter().map(|entry| entry.key.clone()).collect(),
        Some(list) => list.elements().iter().filter_map(Tree::scalar).map(Value::effective).collect(),
        None => BTreeSet::new(),
    };
    if networks.is_empty() { BTreeSet::from(["default".to_owned()]) } else { networks }
}
