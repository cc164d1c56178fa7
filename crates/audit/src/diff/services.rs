//! What a service says of itself.

use super::deployments::{chooser, outside};
use super::{Fact, Party, Reach};
use crate::field::{Field, list_of};
use crate::image::Image;
use crate::view::{Mount, Port, Service, View};
use std::collections::{BTreeMap, BTreeSet};
use veritee_compose::service::MountKind;

const BEYOND: &str = "reaches the machine beyond its container";

/// Named volumes that more than one service has which runs.
pub(super) fn shared(view: &View<'_>) -> BTreeSet<String> {
    let mut of: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for service in view.active() {
        for mount in service.mounts.iter().filter(|mount| mount.entry.kind == MountKind::Volume) {
            of.entry(mount.source.effective()).or_default().insert(service.name);
        }
    }
    of.into_iter().filter(|(_, services)| services.len() > 1).map(|(volume, _)| volume).collect()
}

/// What does not run is told and reaches nothing.
pub(super) fn add(service: &Service<'_>, shared: &BTreeSet<String>, facts: &mut BTreeMap<String, Fact>) {
    let mut own = BTreeMap::new();
    told(service, shared, &mut own);
    if !service.is_active() {
        own.values_mut().for_each(|fact| fact.reach.clear());
    }
    facts.extend(own);
}

fn told(service: &Service<'_>, shared: &BTreeSet<String>, facts: &mut BTreeMap<String, Fact>) {
    let prefix = format!("services.{}", service.name);
    for (path, value) in &service.fields {
        let head = path.split('.').next().unwrap_or(path);
        // Told entry by entry below, whichever way they are spelled.
        let told = head == "environment"
            || (head == "volumes" && is_mount(path) && !service.mounts.is_empty())
            || (head == "ports" && !service.ports.is_empty());
        if told {
            continue;
        }
        let reach = chooser(value).or_else(|| privilege(service, path, value));
        // Lists are compared by what they hold: an entry that moved is no change.
        let key = match list_of(path) {
            Some(list) => format!("{prefix}.{list}[{}]", value.raw),
            None => format!("{prefix}.{path}"),
        };
        facts.insert(key, Fact::reaching(value.raw, reach));
    }
    for mount in &service.mounts {
        let (key, fact) = mounted(service, mount, shared);
        facts.insert(format!("{prefix}.volumes[{key}]"), fact);
    }
    for port in &service.ports {
        let (key, fact) = published(port);
        facts.insert(format!("{prefix}.ports[{key}]"), fact);
    }
    for entry in &service.environment {
        let text = match entry.bare {
            true => format!("{} (from the environment)", entry.name),
            false => entry.value.raw.to_owned(),
        };
        let fact = Fact::reaching(text, chooser(&entry.value));
        facts.insert(format!("{prefix}.environment.{}", entry.name), fact);
    }
}

/// The parts of a volume entry that [`Mount`] has.
fn is_mount(path: &str) -> bool {
    let mut parts = path.split('.').skip(2);
    let member = parts.next();
    parts.next().is_none()
        && member.is_none_or(|name| matches!(name, "type" | "source" | "target" | "read_only"))
}

/// The same place in the same container is one fact: whether it may be written to is how far that reaches.
fn mounted(service: &Service<'_>, mount: &Mount<'_>, shared: &BTreeSet<String>) -> (String, Fact) {
    let source = mount.path().unwrap_or_else(|| mount.source.raw.to_owned());
    let mut reach: Vec<Reach> = chooser(&mount.source).into_iter().collect();
    let far = if mount.read_only { 1 } else { 2 };
    if mount.entry.kind == MountKind::Volume && shared.contains(&mount.source.effective()) {
        let why = "shares a volume with another service";
        reach.push(Reach::to(Party::Service(service.name.to_owned()), far, why));
    }
    if mount.host_path {
        reach.push(Reach::to(Party::Service(service.name.to_owned()), far, BEYOND));
    }
    let mode = if mount.read_only { " (read only)" } else { "" };
    let text = format!("{}:{}{mode}", mount.source.raw, mount.target);
    (format!("{source}:{}", mount.target), Fact::reaching(text, reach))
}

fn published(port: &Port<'_>) -> (String, Fact) {
    const LOOPBACK: [&str; 3] = ["127.0.0.1:", "[::1]:", "localhost:"];
    let raw = port.value.raw;
    let key = LOOPBACK.iter().find_map(|prefix| raw.strip_prefix(prefix)).unwrap_or(raw);
    let mut reach: Vec<Reach> = chooser(&port.value).into_iter().collect();
    if !port.loopback {
        reach.push(Reach::new(Party::Public, "can connect"));
    }
    (key.to_owned(), Fact::reaching(raw, reach))
}

/// What lets a service reach beyond its container, or others reach into it.
fn privilege(service: &Service<'_>, path: &str, value: &Field<'_>) -> Option<Reach> {
    let own = || Some(Reach::to(Party::Service(service.name.to_owned()), 2, BEYOND));
    match path.split('.').next().unwrap_or(path) {
        "image" => {
            let image = Image::of(value, service.name);
            let why = "can put other code behind the tag";
            (!image.is_pinned()).then_some(Reach::new(Party::Registry, why))
        }
        "build" if matches!(path, "build" | "build.context" | "build.dockerfile_inline") => {
            Some(Reach::new(Party::Remote, "gives what the build inside the machine fetches"))
        }
        "extends" => outside("include"),
        head @ ("privileged" | "use_api_socket") => service.is_true(head).then(own).flatten(),
        // What confines is told with the protections.
        "security_opt" if value.effective().contains("unconfined") || value.provenance().is_settable() => {
            own()
        }
        "sysctls" | "cap_add" | "devices" | "device_cgroup_rules" | "volumes" | "volumes_from" => own(),
        "group_add" => {
            let party = Party::Service(service.name.to_owned());
            Some(Reach::new(party, "has the rights of one more group"))
        }
        // Docker takes group 0 where none is named and the image does not know the user.
        "user" => {
            let (user, group) =
                value.raw.split_once(':').map_or((value.raw, None), |(user, group)| (user, Some(group)));
            let root =
                matches!(group, Some("0" | "root")) || (group.is_none() && matches!(user, "" | "0" | "root"));
            let party = Party::Service(service.name.to_owned());
            root.then_some(Reach::new(party, "has the rights of the group root"))
        }
        "pid" | "ipc" | "network_mode" | "uts" | "userns_mode" | "cgroup" if value.effective() == "host" => {
            own()
        }
        "pid" | "ipc" | "network_mode" if is_of_another(&value.effective()) => {
            let party = Party::Service(service.name.to_owned());
            Some(Reach::new(party, "shares the inside of another container"))
        }
        "ports" => Some(Reach::new(Party::Public, "can connect")),
        _ => None,
    }
}

fn is_of_another(mode: &str) -> bool {
    mode.starts_with("service:") || mode.starts_with("container:")
}
