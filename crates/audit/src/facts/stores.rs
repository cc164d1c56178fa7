//! Databases and queues of the deployment's own, and whether anything outside of the machine can speak to them.
//!
//! A password that only the machine's own programs can use opens nothing to whoever knows it. That counts only where it
//! is shown: which store the password is for, and that nothing leads to it from outside.

use crate::facts::address;
use crate::facts::arrival::ACTING_LABELS;
use crate::facts::interactive::interactive;
use crate::names::{NameClass, classify, is_account_name, is_of_store, is_store_password};
use crate::view::{Service, Stores, View};
use std::collections::BTreeSet;

/// Ports that the stores listen on by default: whoever publishes one passes connections on.
const PORTS: &[&str] = &["5432", "3306", "27017", "6379", "5672", "1433", "9042"];

/// Programs that store: as a word of an image's name.
const PROGRAMS: &[&str] = &[
    "postgres",
    "postgresql",
    "postgis",
    "pgvector",
    "timescaledb",
    "timescale",
    "mysql",
    "mariadb",
    "mongo",
    "mongodb",
    "redis",
    "valkey",
    "keydb",
    "clickhouse",
    "rabbitmq",
];

fn stores(view: &View<'_>) -> Stores {
    let passed_on = view.active().flat_map(|other| &other.ports).any(|port| {
        let text = port.value.raw.split('/').next().unwrap_or("");
        !port.loopback && text.rsplit(':').take(2).any(|number| PORTS.contains(&number))
    });
    Stores {
        networks_stay_inside: networks_stay_inside(view),
        somebody_is_inside: view.active().any(|other| interactive(other).is_some()),
        passed_on,
    }
}

/// Whether a value under this name opens a store that only the machine itself reaches.
pub(crate) fn opens_only_inside(view: &View<'_>, service: &Service<'_>, name: &str) -> bool {
    if !is_store_password(name) && !is_account_name(name) {
        return false;
    }
    let stores = view.stores.get_or_init(|| stores(view));
    if !stores.networks_stay_inside || stores.somebody_is_inside || stores.passed_on {
        return false;
    }
    let hosts = hosts(service);
    if hosts.is_empty() {
        return is_store(service) && is_closed(service);
    }
    hosts.iter().all(|host| host.as_deref().and_then(|host| view.active_named(host)).is_some_and(is_closed))
}

/// Where a service is told that its stores are; `None` for what nobody can tell from the document.
fn hosts(service: &Service<'_>) -> BTreeSet<Option<String>> {
    let mut hosts = BTreeSet::new();
    for entry in &service.environment {
        let value = &entry.value;
        let schemes = ["postgres", "mysql", "mariadb", "mongodb", "redis", "amqp", "clickhouse"];
        let links = address::of(value, false);
        let of_store = links.iter().any(|link| schemes.iter().any(|known| link.scheme.starts_with(known)));
        if !(of_store || is_of_store(entry.name) && classify(entry.name) == NameClass::Endpoint) {
            continue;
        }
        if links.is_empty() {
            let host = value.fixed().map(|text| text.split(':').next().unwrap_or("").to_owned());
            hosts.insert(host);
        }
        for link in links {
            hosts.insert((!link.authority_settable).then_some(link.host));
        }
    }
    hosts
}

/// By the program that its image is named after.
pub(crate) fn is_store(service: &Service<'_>) -> bool {
    let Some(image) = service.image() else { return false };
    let text = image.effective().to_ascii_lowercase();
    let name = text.split(['@', ':']).next().unwrap_or("").rsplit('/').next().unwrap_or("").to_owned();
    name.split(|character: char| !character.is_ascii_alphanumeric()).any(|word| PROGRAMS.contains(&word))
}

/// No port, no network of the machine's, no label by which another program leads to it.
pub(crate) fn is_closed(service: &Service<'_>) -> bool {
    service.ports.iter().all(|port| port.loopback)
        && !service.has("network_mode")
        && !service.below("labels").any(|(path, value)| {
            let key = path.strip_prefix("labels.").unwrap_or("");
            ACTING_LABELS.iter().any(|(prefix, _)| key.starts_with(prefix) || value.raw.starts_with(prefix))
        })
}

/// Every network is one that docker makes inside of the machine.
fn networks_stay_inside(view: &View<'_>) -> bool {
    view.globals_below("networks").all(|(path, value)| match path.rsplit('.').next() {
        Some("driver") if path.contains(".ipam.") => true,
        Some("driver") => matches!(value.effective().as_str(), "bridge" | "default"),
        Some("external" | "parent") => false,
        _ => true,
    })
}
