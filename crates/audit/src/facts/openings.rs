//! What a service's own settings open: to whoever comes, to its administrator, to code that a request carries.
//!
//! Judged by what a setting means, over every carrier alike ([`settings`]): words of its name, of what stands above it,
//! and its value. Product names stand only where nothing else tells (tables with their source).

use crate::facts::settings::{self, Setting};
use crate::facts::stores::is_closed;
use crate::facts::switches;
pub(crate) use crate::opening::{Kind, Opening, Openings};
use crate::view::{Service, View};
use std::collections::{BTreeMap, BTreeSet};
use veritee_model::{Place, Severity};

mod access;
mod fetched;
mod leaves;
mod logged;
mod powers;
mod served;
mod sockets;
mod tls;

/// What a recogniser says of one setting.
type Found = (Kind, Severity, &'static str);

/// Everything that a document's settings open, read once.
fn all<'v>(view: &'v View<'_>) -> &'v Openings {
    view.openings
        .get_or_init(|| view.active().map(|service| (service.name.to_owned(), of(view, service))).collect())
}

/// The openings of one kind of a service.
pub(crate) fn of_kind<'v>(
    view: &'v View<'_>,
    service: &str,
    kind: Kind,
) -> impl Iterator<Item = &'v Opening> {
    all(view).get(service).into_iter().flatten().filter(move |opening| opening.kind == kind)
}

/// What the settings of a service say together; read in one pass, since whoever writes them may write many.
#[derive(Default)]
struct Together {
    /// Users of the account that governs all others.
    governing: BTreeSet<String>,
    /// A measurement is held.
    held: bool,
    /// A key of an administrator is asked for.
    admin_key: bool,
    /// What a proxy says of who calls is not believed.
    proxy_off: bool,
    /// Nodes of Erlang do not speak to each other.
    alone: bool,
    /// By text: whether a password stands there that is not empty.
    passwords: BTreeMap<String, bool>,
    /// Texts in which every action is allowed to somebody.
    everything: BTreeSet<String>,
    /// By what stands above a name, and its first word: listeners of the own machine only.
    own: BTreeSet<String>,
    /// By the same: the ports.
    ports: BTreeMap<String, String>,
    /// Something asks who comes.
    asks: bool,
    /// Whom a FastCGI server listens to is limited.
    limited: bool,
    /// A setting names a service of the document as the host of something.
    speaks_inside: bool,
    /// By what stands above a name, and its first words: interfaces that are off.
    shut: BTreeSet<String>,
}

impl Together {
    fn of(view: &View<'_>, service: &Service<'_>, settings: &[Setting]) -> Self {
        let mut read = Self::default();
        let is_system = |one: &&Setting| one.letters().starts_with("SYSTEMACCOUNT") && !one.value.is_empty();
        let system = settings.iter().find(is_system).map_or("SYS", |one| one.value.as_str());
        for one in settings {
            let letters = one.letters();
            if one.context.split('.').any(|above| above == system) {
                read.governing.insert(one.value.clone());
            }
            read.held |= access::is_held(one);
            read.admin_key |=
                (letters.ends_with("MASTERKEY") || letters.ends_with("ADMINKEY")) && !one.value.is_empty();
            read.proxy_off |= one.has(&["PROXY", "HEADER"])
                && one.names(&["ENABLED", "ENABLE"])
                && switches::is_off(&one.value.to_ascii_lowercase());
            read.asks |= ["BASICAUTH", "FORWARDAUTH", "DIGESTAUTH"].iter().any(|word| letters.contains(word));
            read.alone |= letters == "RELEASEDISTRIBUTION" && one.value == "none";
            read.limited |= one.name == "listen.allowed_clients" && !one.value.is_empty()
                || one.name == "listen" && (one.value.starts_with("127.") || one.value.starts_with('/'));
            if one.names(&["PASSWORD", "PASSWORDS", "REQUIREPASS", "RPCAUTH", "SHA256"])
                || letters.contains("PASSWORDSHA")
            {
                *read.passwords.entry(one.path.clone()).or_default() |= !one.value.trim().is_empty();
            }
            if one.names(&["ENABLED", "ENABLE"]) && switches::is_off(&one.value.to_ascii_lowercase()) {
                read.shut.insert(one.stem());
            }
            read.speaks_inside |= names_service(view, service, one);
            if access::allows_everything(one) {
                read.everything.insert(one.path.clone());
            }
            if one.names(&["PORT"]) {
                read.ports.entry(one.stem()).or_insert_with(|| one.value.trim().to_owned());
            }
            if one.names(&["HOST", "IP", "ADDRESS"])
                && (one.value.starts_with("127.") || one.value == "localhost")
            {
                read.own.insert(one.stem());
            }
        }
        read.admin_key |= service.environment.iter().any(|entry| {
            let words = crate::names::words(entry.name);
            words.iter().any(|word| matches!(word.as_str(), "MASTER" | "ADMIN"))
                && words.iter().any(|word| word == "KEY")
        });
        read
    }
}

/// Whether the value names another service of the document where a host stands.
fn names_service(view: &View<'_>, service: &Service<'_>, setting: &Setting) -> bool {
    let hosts =
        setting.names(&["HOST", "HOSTNAME", "SERVER", "URL", "URI", "ENDPOINT", "ADDR", "ADDRESS", "DSN"]);
    let part = |text: &str| view.active_named(text).is_some_and(|other| other.name != service.name);
    hosts && setting.value.split(['/', ':', '@', ',', '=', ';', '?']).any(part)
}

/// A service with its settings, as the recognisers ask for them.
struct Asked<'a, 'd> {
    view: &'a View<'d>,
    service: &'a Service<'d>,
    together: Together,
    /// Nothing outside of the machine leads to it, as far as the document tells.
    closed: bool,
    /// The image's name in lower case, without digest.
    image: String,
}

impl Asked<'_, '_> {
    /// High where somebody outside reaches it, medium elsewhere.
    const fn grade(&self) -> Severity {
        if self.closed { Severity::Medium } else { Severity::High }
    }

    /// Whether the image's name has this part.
    fn image_has(&self, name: &str) -> bool {
        self.image.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|part| part == name)
            || self.image.contains(name) && name.len() > 5
    }

    /// Whether somebody outside reaches this port of the container; `None` asks for any.
    fn exposes(&self, port: Option<&str>) -> bool {
        if self.closed {
            return false;
        }
        let published = || self.service.ports.iter().filter(|port| !port.loopback);
        let Some(port) = port.filter(|_| published().next().is_some() && !self.service.has("network_mode"))
        else {
            return true;
        };
        published().any(|entry| {
            let text = entry.value.text.split('/').next().unwrap_or("");
            text == port || text.contains('-') || text.is_empty()
        })
    }
}

fn of(view: &View<'_>, service: &Service<'_>) -> Vec<Opening> {
    let settings = settings::all(service);
    let image = service.image().map(|image| image.effective().to_ascii_lowercase()).unwrap_or_default();
    let asked = Asked {
        view,
        service,
        together: Together::of(view, service, &settings),
        closed: is_closed(service),
        image: image.split('@').next().unwrap_or("").to_owned(),
    };
    let mut found: Vec<Opening> = Vec::new();
    let mut said: BTreeSet<(Kind, String)> = BTreeSet::new();
    let mut add = |(kind, severity, why): Found, place: &Place, path: &str, shown: &str| {
        let evidence = format!("{} {path}: {shown} ({why})", service.name);
        if said.insert((kind, evidence.clone())) {
            found.push(Opening { kind, place: place.clone(), evidence, severity });
        }
    };
    for setting in &settings {
        let judged = access::setting(&asked, setting)
            .or_else(|| served::setting(&asked, setting))
            .or_else(|| logged::setting(setting))
            .or_else(|| fetched::setting(&asked, setting))
            .or_else(|| powers::setting(&asked, setting))
            .or_else(|| leaves::setting(&asked, setting))
            .or_else(|| tls::setting(&asked, setting));
        if let Some(judged) = judged {
            add(judged, &setting.place, &setting.path, &setting.shown);
        }
    }
    for (path, value) in &service.configs {
        let text = value.effective();
        let by_text = [
            access::text(&text),
            served::text(&asked, &text),
            fetched::text(&text),
            logged::text(&text),
            powers::text(&asked, &text),
        ];
        for (judged, shown) in by_text.into_iter().flatten().chain(sockets::text(&asked, path, &text)) {
            add(judged, &value.place, path, &shown);
        }
    }
    let told = |path: &str| !path.starts_with("configs.") && !path.starts_with("healthcheck");
    for program in service.programs.iter().filter(|program| told(&program.path)) {
        for command in &program.commands {
            let by_command = [
                access::command(&asked, command),
                served::command(&asked, command),
                sockets::command(command),
                powers::command(&asked, command),
                leaves::command(command),
            ];
            for judged in by_command.into_iter().flatten() {
                add(judged, &program.place, &program.path, &command.text());
            }
            if let Some(judged) = fetched::command(&asked, command) {
                add(judged, &program.place, &program.path, &command.text());
            }
        }
    }
    for port in service.ports.iter().filter(|port| !port.loopback) {
        if let Some(judged) = served::port(&asked, &port.value.text) {
            add(judged, &port.value.place, "ports", port.value.raw);
        }
    }
    found
}
