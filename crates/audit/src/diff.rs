//! What changed between two deployments, and whose power grew.
//!
//! Not checked: what the changed images and scripts do. A change of an image is a change of code, whatever its pin.

use crate::facts::protection::{self, Protection};
use crate::names::process_control;
use crate::view::{ImageReference, Pin, Provenance, Service, Value, View};
use core::fmt;
use serde::Serialize;
use std::collections::BTreeMap;
use veritee_compose::Deployment;

/// Whose power a change touches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Party {
    /// Whoever deploys.
    Operator,
    /// Whoever runs the host.
    Host,
    /// Another machine from which something is fetched.
    Remote,
    /// Whoever can push to the image's repository.
    Registry,
    /// The code of a service, over the rest of the machine.
    Service(String),
    /// Everybody.
    Public,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("the operator"),
            Self::Host => f.write_str("the host"),
            Self::Remote => f.write_str("a remote machine"),
            Self::Registry => f.write_str("the image repository's owner"),
            Self::Service(name) => write!(f, "service {name}"),
            Self::Public => f.write_str("everybody"),
        }
    }
}

/// What a change does to somebody's power.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Power {
    /// It grew.
    Grew(Party),
    /// It shrank.
    Shrank(Party),
    /// Other code or other values; nobody's reach changed.
    Same,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Path: `services.web.environment.API_URL`, `allowed_envs.API_URL`, `manifest.public_logs`.
    pub path: String,
    /// What stood there; `None` when it is new.
    pub before: Option<String>,
    /// What stands there; `None` when it is gone.
    pub after: Option<String>,
    /// What it does.
    pub power: Power,
    /// What that party can do because of what stands there, or could because of what stood there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'static str>,
}

/// All changes, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// The changes.
    pub changes: Vec<Change>,
}

impl Diff {
    /// Everybody whose power grew, each once.
    #[must_use]
    pub fn grew(&self) -> Vec<&Party> {
        let mut parties: Vec<&Party> = self
            .changes
            .iter()
            .filter_map(|change| match &change.power {
                Power::Grew(party) => Some(party),
                Power::Shrank(_) | Power::Same => None,
            })
            .collect();
        parties.sort_unstable();
        parties.dedup();
        parties
    }
}

/// Compares two deployments; `before` is the older. Whatever the audit finds anew of medium severity or more is power
/// that grew, so that the two commands never disagree.
#[must_use]
pub fn diff(before: &Deployment, after: &Deployment) -> Diff {
    let mut diff = compare(&crate::resolve::view(before), &crate::resolve::view(after));
    let context = crate::context::Context::default();
    let (old, new) = (crate::audit::audit(before, &context), crate::audit::audit(after, &context));
    let told: Vec<Change> = findings::changes(&old, &new, &diff.changes);
    diff.changes.extend(told);
    diff.changes.sort_by(|one, other| one.path.cmp(&other.path));
    diff
}

fn compare(before: &View, after: &View) -> Diff {
    let old = facts(before);
    let new = facts(after);
    let mut paths: Vec<&String> = old.keys().chain(new.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    let changes = paths
        .into_iter()
        .filter_map(|path| {
            let (one, other) = (old.get(path), new.get(path));
            if one.map(|fact| &fact.text) == other.map(|fact| &fact.text)
                && one.map(|fact| &fact.reach) == other.map(|fact| &fact.reach)
            {
                return None;
            }
            Some(Change {
                path: path.clone(),
                before: one.map(|fact| fact.text.clone()),
                after: other.map(|fact| fact.text.clone()),
                power: power(one, other),
                why: why(one, other),
            })
        })
        .chain(protections::changes(before, after))
        .collect();
    Diff { changes }
}

/// The reach that the change is about: the new one, else the one that is gone.
fn why(before: Option<&Fact>, after: Option<&Fact>) -> Option<&'static str> {
    let reach = |fact: Option<&Fact>| fact.and_then(|fact| fact.reach.as_ref().map(|reach| reach.why));
    match power(before, after) {
        Power::Grew(_) => reach(after),
        Power::Shrank(_) => reach(before),
        Power::Same => None,
    }
}

/// A place with its text, and who reaches further because of it.
struct Fact {
    text: String,
    reach: Option<Reach>,
}

/// Who reaches further.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reach {
    party: Party,
    /// How far: more is worse.
    far: u8,
    /// What that lets them do.
    why: &'static str,
}

impl Reach {
    const fn new(party: Party, why: &'static str) -> Self {
        Self { party, far: 1, why }
    }
}

fn power(before: Option<&Fact>, after: Option<&Fact>) -> Power {
    let old = before.and_then(|fact| fact.reach.as_ref());
    let new = after.and_then(|fact| fact.reach.as_ref());
    match (old, new) {
        (None, Some(reach)) => Power::Grew(reach.party.clone()),
        (Some(reach), None) => Power::Shrank(reach.party.clone()),
        (Some(one), Some(other)) if one != other => {
            if other.far >= one.far {
                Power::Grew(other.party.clone())
            } else {
                Power::Shrank(one.party.clone())
            }
        }
        _ => Power::Same,
    }
}

fn facts(view: &View) -> BTreeMap<String, Fact> {
    let mut facts = BTreeMap::new();
    for (key, value) in view.manifest.iter().flatten() {
        if matches!(key.as_str(), "docker_compose_file" | "allowed_envs") {
            continue;
        }
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        facts.insert(format!("manifest.{key}"), Fact { reach: manifest_reach(key, value), text });
    }
    if view.manifest.is_some()
        && !matches!(protection::launch_token(view), Protection::Holds(_))
        && view.allowed.as_ref().is_some_and(|allowed| !allowed.is_empty())
    {
        let text = "absent: the host can replace allowed values".to_owned();
        let reach = Some(Reach::new(Party::Host, "can replace the values of allowed names"));
        facts.insert("launch_token".to_owned(), Fact { text, reach });
    }
    for name in view.allowed.iter().flatten() {
        let reach = match process_control(name, view.has_profiles) {
            Some(_) => Reach {
                far: 2,
                ..Reach::new(Party::Operator, "controls what the start-up of the machine runs or trusts")
            },
            None => Reach::new(Party::Operator, "may set the variable"),
        };
        facts.insert(format!("allowed_envs.{name}"), Fact { text: "allowed".to_owned(), reach: Some(reach) });
    }
    for service in &view.services {
        service_facts(service, &mut facts);
    }
    script_facts(view, &mut facts);
    for (path, value) in &view.globals {
        let reach = chooser(value).or_else(|| outside(path));
        facts.insert(path.clone(), Fact { text: value.raw.clone(), reach });
    }
    facts
}

fn manifest_reach(key: &str, value: &serde_json::Value) -> Option<Reach> {
    let (party, why) = match (key, value.as_bool()?) {
        ("public_logs", true) => (Party::Public, "can read the logs"),
        ("public_sysinfo", true) => (Party::Public, "can read the machine's load"),
        ("secure_time", false) => (Party::Host, "sets the clock"),
        ("no_instance_id", true) => (Party::Host, "can move one machine's disk to another"),
        ("kms_enabled", false) => (Party::Host, "starts the machine without the KMS"),
        _ => return None,
    };
    Some(Reach::new(party, why))
}

/// Values from outside that a script takes in, each once.
fn script_facts(view: &View, facts: &mut BTreeMap<String, Fact>) {
    for script in &view.scripts {
        for command in crate::script::commands(script, view) {
            if !command.reachable {
                continue;
            }
            for name in command.variables(script) {
                let party = match view.provenance_of(&name) {
                    Provenance::Operator => Party::Operator,
                    Provenance::Host | Provenance::Unknown => Party::Host,
                    Provenance::Remote => Party::Remote,
                    _ => continue,
                };
                let reach = Some(Reach::new(party, "feeds a script that runs as root"));
                let path = format!("manifest.{}.${name}", script.key);
                facts.entry(path).or_insert(Fact { text: command.text.to_string(), reach });
            }
        }
    }
}

fn service_facts(service: &Service, facts: &mut BTreeMap<String, Fact>) {
    let prefix = format!("services.{}", service.name);
    for (path, value) in &service.scalars {
        if path.starts_with("environment.") || path == "environment" {
            continue;
        }
        let reach = chooser(value).or_else(|| privilege(service, path, value));
        // Lists are compared by what they hold: an entry that moved is no change.
        let key = match path.rsplit_once('.') {
            Some((list, index)) if index.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{prefix}.{list}[{}]", value.raw)
            }
            _ => format!("{prefix}.{path}"),
        };
        facts.insert(key, Fact { text: value.raw.clone(), reach });
    }
    for entry in &service.environment {
        let text = if entry.bare {
            format!("{} (from the environment)", entry.name)
        } else {
            entry.value.raw.clone()
        };
        facts.insert(
            format!("{prefix}.environment.{}", entry.name),
            Fact { text, reach: chooser(&entry.value) },
        );
    }
}

fn chooser(value: &Value) -> Option<Reach> {
    let party = match value.provenance() {
        Provenance::Operator => Party::Operator,
        Provenance::Host | Provenance::Unknown => Party::Host,
        Provenance::Remote => Party::Remote,
        _ => return None,
    };
    Some(Reach::new(party, "chooses the value"))
}

/// What is included stands in no measured document.
fn outside(path: &str) -> Option<Reach> {
    let included = path == "include" || path.starts_with("include.");
    let why = "supplies a file that the hash does not cover";
    included.then(|| Reach { far: 2, ..Reach::new(Party::Host, why) })
}

/// What lets a service reach beyond its container, or others reach into it.
fn privilege(service: &Service, path: &str, value: &Value) -> Option<Reach> {
    let own =
        || Some(Reach::new(Party::Service(service.name.clone()), "reaches the machine beyond its container"));
    let head = path.split('.').next().unwrap_or(path);
    match head {
        "image" => {
            let image = ImageReference::of(value, &service.name);
            let why = "can put other code behind the tag";
            (image.pin() != Pin::Digest).then_some(Reach::new(Party::Registry, why))
        }
        "build" if matches!(path, "build" | "build.context" | "build.dockerfile_inline") => {
            Some(Reach::new(Party::Remote, "gives what the build inside the machine fetches"))
        }
        "extends" => outside("include"),
        "privileged" | "use_api_socket" => {
            if service.is_true(head) {
                own()
            } else {
                None
            }
        }
        // What confines is told with the protections.
        "security_opt" if !value.effective().contains("unconfined") && !value.provenance().is_settable() => {
            None
        }
        "cap_add" | "devices" | "security_opt" | "sysctls" | "volumes" => {
            let named = head == "volumes"
                && service
                    .mounts
                    .iter()
                    .any(|mount| !mount.host_path && value.raw.starts_with(&mount.source.raw));
            if named { None } else { own() }
        }
        "pid" | "ipc" | "network_mode" | "uts" | "userns_mode" if value.effective() == "host" => own(),
        "ports" => Some(Reach::new(Party::Public, "can connect")),
        _ => None,
    }
}

mod findings;
mod protections;
#[cfg(test)]
mod tests;
