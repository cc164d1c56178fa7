//! Where a value from outside arrives, and what can be done with it there.
//!
//! Turned round on purpose: a place counts unless it is known that nothing that matters hangs on it. The places of
//! which that is known are a closed list, each with its reason ([`HARMLESS`]); the name of the variable on the way can
//! only make it graver. Source: the compose specification's keys of a service.

use crate::facts::address::is_address;
use crate::facts::spoken;
use crate::facts::words::{self, MARK, Role, names_code};
use crate::field::{is_at, list_of};
use crate::names::{self, NameClass};
use crate::uses::Use;
use crate::view::{Service, View};
use core::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use veritee_compose::Value;

/// What a place makes of the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// A rule about this place judges every value from outside.
    Judged,
    /// Nothing that matters hangs on it, and why.
    Harmless(&'static str),
    /// What it does has a class of its own.
    Class(NameClass),
    /// Not known; in words what it reaches.
    Unknown(&'static str),
}

/// Keys of a service on which nothing but resources, order or words hangs: each with the reason.
pub(crate) const HARMLESS: &[(&str, &str)] = &[
    ("annotations", "read by no part of dstack, and by runc not"),
    ("attach", "whether a terminal shows the log"),
    ("blkio_config", "how much the container may take"),
    ("cpu_count", "how much the container may take"),
    ("cpu_percent", "how much the container may take"),
    ("cpu_period", "how much the container may take"),
    ("cpu_quota", "how much the container may take"),
    ("cpu_rt_period", "how much the container may take"),
    ("cpu_rt_runtime", "how much the container may take"),
    ("cpu_shares", "how much the container may take"),
    ("cpus", "how much the container may take"),
    ("cpuset", "how much the container may take"),
    ("deploy.resources", "how much the container may take"),
    ("deploy.restart_policy", "when it is started again; no script of the document is a gate"),
    ("deploy.update_config", "read by swarm only"),
    ("deploy.rollback_config", "read by swarm only"),
    ("deploy.placement", "read by swarm only"),
    ("expose", "documentation"),
    ("gpus", "how many of the GPUs it may use, and which"),
    ("healthcheck.interval", "when the check runs"),
    ("healthcheck.retries", "when the check runs"),
    ("healthcheck.start_interval", "when the check runs"),
    ("healthcheck.start_period", "when the check runs"),
    ("healthcheck.timeout", "when the check runs"),
    ("init", "whether a small first process reaps the others"),
    ("logging.options.env", "a label in the log"),
    ("logging.options.labels", "a label in the log"),
    ("logging.options.max-buffer-size", "how much log is kept"),
    ("logging.options.max-file", "how much log is kept"),
    ("logging.options.max-size", "how much log is kept"),
    ("logging.options.mode", "how log is handed over"),
    ("logging.options.tag", "a label in the log"),
    ("mem_limit", "how much the container may take"),
    ("mem_reservation", "how much the container may take"),
    ("mem_swappiness", "how much the container may take"),
    ("memswap_limit", "how much the container may take"),
    ("oom_kill_disable", "what happens when memory is short"),
    ("oom_score_adj", "what happens when memory is short"),
    ("pids_limit", "how much the container may take"),
    ("restart", "when it is started again; no script of the document is a gate"),
    ("shm_size", "how much the container may take"),
    ("stdin_open", "whether input stays open"),
    ("stop_grace_period", "how long stopping may take"),
    ("stop_signal", "how it is stopped"),
    ("storage_opt", "how much the container may take"),
    ("tty", "whether output goes through a terminal"),
    ("ulimits", "how much the container may take"),
];

/// Keys whose values from outside a rule about that key judges, whatever they are.
const JUDGED: &[&str] = &[
    "build",
    "cap_add",
    "cgroup",
    "cgroup_parent",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "env_file",
    "external_links",
    "extends",
    "extra_hosts",
    "group_add",
    "image",
    "ipc",
    "models",
    "network_mode",
    "pid",
    "privileged",
    "runtime",
    "security_opt",
    "sysctls",
    "use_api_socket",
    "user",
    "userns_mode",
    "uts",
    "working_dir",
    "logging.driver",
    "cap_drop",
    "read_only",
    "container_name",
    "hostname",
    "domainname",
    "links",
];

/// A harmless name that the service's own text makes more of.
const SPOKEN: &str = "the service's own text uses it for more than one whole argument";

/// Prefixes of labels that other programs act on: where a name leads, what runs.
pub(crate) const ACTING_LABELS: &[(&str, NameClass)] = &[
    ("traefik.", NameClass::Endpoint),
    ("caddy", NameClass::Endpoint),
    ("haproxy.", NameClass::Endpoint),
    ("nginx.", NameClass::Endpoint),
    ("sablier.", NameClass::Endpoint),
    ("VIRTUAL_HOST", NameClass::Endpoint),
    ("ofelia.", NameClass::Code),
    ("com.centurylinklabs.watchtower.", NameClass::Code),
    ("wud.", NameClass::Code),
    ("docker-volume-backup.", NameClass::Code),
    ("swarm.cronjob.", NameClass::Code),
    ("chadburn.", NameClass::Code),
];

/// A variable in a command line: service, line, whether the line is a list, name.
type InLine = (String, String, bool, String);

/// What has to be known of the whole deployment to judge a place; gathered once.
pub(crate) struct Ground<'a> {
    view: &'a View<'a>,
    services: BTreeMap<&'a str, &'a Service<'a>>,
    /// Configs that are mounted where code lies.
    code: BTreeSet<String>,
    /// A service reads labels of others through the docker socket.
    labels_are_read: OnceCell<bool>,
    /// A script before the application decides whether the machine may go on.
    gated: OnceCell<bool>,
    /// Of each config that was asked about, what every variable in it does.
    texts: RefCell<BTreeMap<String, BTreeMap<String, Arrival>>>,
    /// Of each variable in a command line that was asked about, what it does there: by service, line, whether the line is a
    /// list, and name.
    runs: RefCell<BTreeMap<InLine, Arrival>>,
    /// First words of the names of each service that was asked about, with how often they stand there.
    brands: RefCell<BTreeMap<String, BTreeMap<String, usize>>>,
}

/// Variables of a service that begin with the same word, from which on it is taken for the name of the program.
const BRAND: usize = 5;

impl<'a> Ground<'a> {
    pub(crate) fn of(view: &'a View<'a>) -> Self {
        let mut code = BTreeSet::new();
        for service in view.active() {
            for (path, value) in service.below("configs").filter(|(path, _)| path.ends_with(".source")) {
                let target = path.strip_suffix(".source").map(|entry| format!("{entry}.target"));
                let target = target.and_then(|path| service.scalar(&path));
                if target.is_some_and(|target| names_code(&target.effective())) {
                    code.insert(value.effective());
                }
            }
        }
        Self {
            view,
            services: view.services.iter().map(|service| (service.name, service)).collect(),
            code,
            labels_are_read: OnceCell::new(),
            gated: OnceCell::new(),
            texts: RefCell::new(BTreeMap::new()),
            runs: RefCell::new(BTreeMap::new()),
            brands: RefCell::new(BTreeMap::new()),
        }
    }

    /// A number of what the program handles, behind the name of that program: a word that begins several of the service's
    /// variables says whose they are, not what they do.
    fn behind_brand(&self, service: &Service<'_>, name: &str) -> Option<Arrival> {
        let (brand, rest) = name.split_once('_')?;
        let mut brands = self.brands.borrow_mut();
        let counts = brands.entry(service.name.to_owned()).or_insert_with(|| {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for first in service.environment.iter().filter_map(|entry| entry.name.split_once('_')) {
                let count = counts.entry(first.0.to_owned()).or_default();
                *count = count.saturating_add(1);
            }
            counts
        });
        let is_brand = counts.get(brand).copied().unwrap_or(0) >= BRAND;
        names::harmless(rest).filter(|_| is_brand).map(Arrival::Harmless)
    }

    /// Whether labels of services, networks and volumes are read by a service of the document.
    pub(crate) fn labels_are_read(&self) -> bool {
        let reads = || self.view.active().any(|service| crate::facts::docker::access(service).is_some());
        *self.labels_are_read.get_or_init(reads)
    }

    fn gated(&self) -> bool {
        *self.gated.get_or_init(|| self.view.scripts.iter().any(|script| script.gate().is_some()))
    }

    /// The config of this path is mounted where code lies, or is a script by its first line.
    pub(crate) fn is_code(&self, path: &str, value: &Value) -> bool {
        let name = path.strip_prefix("configs.").and_then(|rest| rest.strip_suffix(".content"));
        name.is_some_and(|name| value.effective().starts_with("#!") || self.code.contains(name))
    }
}

/// What a use of a variable can do.
pub(crate) fn of(ground: &Ground<'_>, used: &Use, variable: &str) -> Arrival {
    let service = used.service.and_then(|name| ground.services.get(name));
    let place = match service {
        Some(service) => in_service(ground, service, &used.sink, variable),
        None => outside_services(&used.sink),
    };
    // What stands in a query can add settings to it.
    if used.in_query && matches!(place, Arrival::Harmless(_)) {
        return Arrival::Unknown("part of an address: what stands in it can add settings to it");
    }
    if used.in_address || used.reference.default.as_deref().is_some_and(is_address) {
        return match place {
            // A rule of the place says more than that it is an address.
            Arrival::Judged => Arrival::Judged,
            // A port, or an address that is shown only, stays what its name says.
            Arrival::Harmless(why) if !used.in_authority && used.reference.default.is_none() => {
                Arrival::Harmless(why)
            }
            _ => Arrival::Class(NameClass::Endpoint),
        };
    }
    place
}

fn in_service(ground: &Ground<'_>, service: &Service<'_>, sink: &str, variable: &str) -> Arrival {
    if let Some(name) = sink.strip_prefix("environment.") {
        if spoken::is_mild(name) && spoken::uses(ground.view, service.name, name) {
            return Arrival::Unknown(SPOKEN);
        }
        return match named(name) {
            Arrival::Unknown(why) => ground.behind_brand(service, name).unwrap_or(Arrival::Unknown(why)),
            known => known,
        };
    }
    if let Some(why) = decides_after_all(ground, sink) {
        return Arrival::Unknown(why);
    }
    if let Some((_, why)) = HARMLESS.iter().find(|(key, _)| is_at(sink, key)) {
        return Arrival::Harmless(why);
    }
    if JUDGED.iter().any(|key| is_at(sink, key)) {
        return Arrival::Judged;
    }
    if matches!(sink, "scale" | "deploy.replicas" | "deploy.mode") {
        return Arrival::Unknown("how many copies run, or none: what it guards goes on without it");
    }
    let head = sink.split('.').next().unwrap_or("");
    match head {
        "profiles" => Arrival::Unknown("whether the service runs at all"),
        "depends_on" => Arrival::Unknown("whether what has to run before is waited for"),
        "command" | "entrypoint" | "healthcheck" | "post_start" | "pre_start" | "pre_stop" => {
            run(ground, service, sink, variable)
        }
        "labels" => label(ground, service, sink),
        "ports" => port(service, sink, variable),
        "volumes" | "tmpfs" | "volumes_from" | "secrets" | "configs" if view_has_content(sink) => {
            config(ground, sink, variable)
        }
        "volumes" | "tmpfs" => mount(service, sink, variable),
        "networks" => Arrival::Unknown("which network the service joins, and under what name"),
        "logging" => Arrival::Class(NameClass::Endpoint),
        "x-" => Arrival::Harmless("read by nothing"),
        _ if head.starts_with("x-") => Arrival::Harmless("read by nothing"),
        _ => Arrival::Unknown("a key of the service that no rule knows a use of"),
    }
}

/// Annotations that run times act on: crun's hooks and handlers, devices by name. runc, which dstack's guests have, acts on
/// none; that another is chosen is for the guest's image to say.
const ACTING_ANNOTATIONS: &[&str] = &["run.oci.", "cdi.k8s.io", "io.katacontainers.", "com.nvidia."];

/// Parts of harmless keys on which something hangs all the same.
fn decides_after_all(ground: &Ground<'_>, sink: &str) -> Option<&'static str> {
    let last = sink.rsplit('.').next().unwrap_or("");
    let devices = is_at(sink, "gpus") || sink.contains(".devices.");
    if devices && (matches!(last, "driver" | "capabilities") || sink.contains(".options.")) {
        return Some("which driver hands devices out: with some, any device of the machine");
    }
    if (sink == "restart" || sink == "deploy.restart_policy.condition") && ground.gated() {
        return Some("whether it is started again before the script that is a gate");
    }
    let annotation = sink.strip_prefix("annotations.")?;
    ACTING_ANNOTATIONS
        .iter()
        .any(|prefix| annotation.starts_with(prefix))
        .then_some("an annotation that run times act on")
}

/// A config's content has its own path, below the document.
fn view_has_content(sink: &str) -> bool {
    sink.ends_with(".content")
}

/// As a variable, an option or a setting of this name would be used.
fn named(name: &str) -> Arrival {
    if let Some(why) = names::harmless(name) {
        return Arrival::Harmless(why);
    }
    match names::classify(name) {
        NameClass::Unknown => Arrival::Unknown("what the program does with it is in its code"),
        NameClass::Image => Arrival::Unknown("which image the program starts or asks for"),
        class => Arrival::Class(class),
    }
}

/// The gravest of what it is in a command line.
fn run(ground: &Ground<'_>, service: &Service<'_>, sink: &str, variable: &str) -> Arrival {
    // A text of many values is read once by the rule of commands, not once for each of them here.
    if service.scalar(sink).is_some_and(|value| value.parts.len() > words::MANY) {
        return Arrival::Unknown("part of an argument");
    }
    // Wherever in its line it stands: what it is there is one answer.
    let line = list_of(sink);
    let key = (service.name.to_owned(), line.unwrap_or(sink).to_owned(), line.is_some(), variable.to_owned());
    let mut runs = ground.runs.borrow_mut();
    runs.entry(key).or_insert_with(|| in_line(service, sink, variable)).clone()
}

fn in_line(service: &Service<'_>, sink: &str, variable: &str) -> Arrival {
    let mut gravest = Arrival::Unknown("part of an argument");
    let mut all_harmless = true;
    let roles = words::roles(service, sink, variable);
    if roles.is_empty() {
        return gravest;
    }
    for role in roles {
        let arrival = match role {
            Role::Named(name) => named(&name),
            Role::Part => Arrival::Unknown("part of an argument"),
            Role::Datum => Arrival::Harmless("a datum of a filter whose program stands in the document"),
            Role::Program | Role::ShellText | Role::Evaluated | Role::WholeArgument | Role::Model => {
                return Arrival::Judged;
            }
        };
        match arrival {
            Arrival::Harmless(_) => {}
            Arrival::Class(class) => {
                all_harmless = false;
                gravest = Arrival::Class(class);
            }
            _ => all_harmless = false,
        }
    }
    // Compose puts the value in, and splits the text into words after that.
    if list_of(sink).is_none() && (all_harmless || matches!(gravest, Arrival::Class(NameClass::Flag))) {
        Arrival::Unknown("compose splits the text into words when the value stands in it")
    } else if all_harmless {
        Arrival::Harmless("a number, a limit or a time of the program itself")
    } else {
        gravest
    }
}

fn label(ground: &Ground<'_>, service: &Service<'_>, sink: &str) -> Arrival {
    let key = sink.strip_prefix("labels.").unwrap_or("");
    // `- key=${X}` of a list stands below its number.
    let text =
        service.scalar(sink).map(|value| value.raw).filter(|_| key.bytes().all(|byte| byte.is_ascii_digit()));
    let key = text.unwrap_or(key).trim_start_matches(['"', '\'']);
    if let Some((_, class)) = ACTING_LABELS.iter().find(|(prefix, _)| key.starts_with(prefix)) {
        return Arrival::Class(*class);
    }
    if key.starts_with('$') {
        return Arrival::Unknown("a label of any name: other programs act on labels");
    }
    if ground.labels_are_read() {
        return Arrival::Unknown("a label, and a service here reads labels through the docker socket");
    }
    Arrival::Harmless("a label that nothing here reads")
}

/// The number of the machine's port says nothing of what is behind it; the container's port does.
fn port(service: &Service<'_>, sink: &str, variable: &str) -> Arrival {
    let last = sink.rsplit('.').next().unwrap_or("");
    if last == "published" {
        return Arrival::Harmless("which number of the machine's ports; what is behind it is fixed");
    }
    let Some(value) = service.scalar(sink) else {
        return Arrival::Unknown("which port of the service is open");
    };
    let text = words::marked(value, variable);
    let (host, target) = match text.rsplit_once(':') {
        Some((host, target)) => (Some(host), target),
        None => (None, text.as_str()),
    };
    if target.contains(MARK) && !same_on_both(&text) {
        return Arrival::Unknown("which port of the service is open");
    }
    match host {
        Some(host) if host.contains(':') && host.split(':').next().is_some_and(|ip| ip.contains(MARK)) => {
            Arrival::Unknown("who can reach the port")
        }
        _ => Arrival::Harmless("which number of the machine's ports; what is behind it is fixed"),
    }
}

/// `${PORT}:${PORT}`: the program is told the same number.
fn same_on_both(text: &str) -> bool {
    let mut parts = text.split(':');
    let (first, second) = (parts.next(), parts.next());
    first.is_some() && first == second && parts.next().is_none() && text.starts_with(MARK)
}

fn mount(service: &Service<'_>, sink: &str, variable: &str) -> Arrival {
    let last = sink.rsplit('.').next().unwrap_or("");
    // Of `SOURCE:TARGET:OPTIONS` the last part.
    if let Some(value) = service.scalar(sink).filter(|_| list_of(sink).is_some()) {
        let text = words::marked(value, variable);
        let mut parts = text.splitn(3, ':');
        let paths = [parts.next(), parts.next()];
        let options = parts.next().is_some_and(|options| options.contains(MARK));
        if options && !paths.iter().flatten().any(|path| path.contains(MARK)) {
            return Arrival::Unknown("how a mount behaves");
        }
    }
    match last {
        "read_only" | "nocopy" | "size" | "consistency" | "create_host_path" | "propagation" | "selinux"
        | "recursive" | "mode" => Arrival::Unknown("how a mount behaves"),
        _ => Arrival::Judged,
    }
}

/// Configs and secrets that no service mounts; what a service mounts is judged with it.
fn outside_services(sink: &str) -> Arrival {
    if sink.ends_with(".environment") {
        Arrival::Judged
    } else {
        Arrival::Unknown("text of a configuration file")
    }
}

/// What a value outside of all services does.
pub(crate) fn of_global(ground: &Ground<'_>, path: &str) -> Arrival {
    let (kind, last) = (path.split('.').next().unwrap_or(""), path.rsplit('.').next().unwrap_or(""));
    match kind {
        "name" => Arrival::Unknown("the project, and with it which stored state the services get"),
        "volumes" if last == "name" => Arrival::Unknown("which stored state the services get"),
        "volumes" if matches!(last, "device" | "driver" | "type" | "o") => Arrival::Judged,
        "networks" if path.contains(".ipam.") => {
            Arrival::Harmless("which addresses the services have inside")
        }
        _ if path.contains(".labels.") && ground.labels_are_read() => {
            Arrival::Unknown("a label, and a service here reads labels through the docker socket")
        }
        _ if path.contains(".labels.") => Arrival::Harmless("a label that nothing here reads"),
        // With the service that mounts them.
        "configs" | "secrets" if matches!(last, "content" | "environment") => Arrival::Judged,
        "models" | "include" => Arrival::Judged,
        "version" => Arrival::Harmless("read by nothing"),
        _ if kind.starts_with("x-") => Arrival::Harmless("read by nothing"),
        _ => Arrival::Unknown("a part of the document that no rule knows a use of"),
    }
}

/// A place in the text of a config: by the key that stands before it, by the line, or by what the file is.
fn config(ground: &Ground<'_>, sink: &str, variable: &str) -> Arrival {
    let Some(value) = ground.view.global(sink) else {
        return Arrival::Unknown("text of a configuration file");
    };
    let mut texts = ground.texts.borrow_mut();
    let found = texts.entry(sink.to_owned()).or_insert_with(|| in_text(value, ground.is_code(sink, value)));
    match found.get(variable) {
        // What stands behind a key of a file is no word of its own: a value with a quote or a line leaves it.
        Some(Arrival::Harmless(_) | Arrival::Class(NameClass::Flag)) | None => {
            Arrival::Unknown("text of a configuration file, which the value can leave")
        }
        Some(known) => known.clone(),
    }
}

/// How much of a line before a value is looked at, in bytes.
const BEFORE: usize = 400;

/// How many lines above an entry of a list its key may stand.
const ABOVE: usize = 100;

/// What each variable in a text does; the gravest of its places. One pass, however many there are.
fn in_text(value: &Value, is_code: bool) -> BTreeMap<String, Arrival> {
    let mut text = String::new();
    let mut marks: Vec<(usize, &str)> = Vec::new();
    for part in &value.parts {
        if part.provenance.is_settable() {
            marks.extend(part.source.as_deref().map(|variable| (text.len(), variable)));
            text.push(MARK);
        } else {
            text.push_str(&part.effective());
        }
    }
    let mut found: BTreeMap<String, Arrival> = BTreeMap::new();
    for (at, variable) in marks {
        let arrival = if is_code { Arrival::Class(NameClass::Code) } else { at_key(&text, at) };
        match found.get(variable) {
            Some(known) if gravity(known) >= gravity(&arrival) => {}
            _ => {
                found.insert(variable.to_owned(), arrival);
            }
        }
    }
    found
}

fn gravity(arrival: &Arrival) -> u8 {
    match arrival {
        Arrival::Judged | Arrival::Class(_) => 2,
        Arrival::Unknown(_) => 1,
        Arrival::Harmless(_) => 0,
    }
}

fn at_key(text: &str, at: usize) -> Arrival {
    let mut from = at.saturating_sub(BEFORE);
    while !text.is_char_boundary(from) {
        from = from.saturating_add(1);
    }
    let before = text.get(from..at).unwrap_or("");
    let line = before.rsplit('\n').next().unwrap_or(before);
    let name = key_before(line).or_else(|| {
        let above = text.get(..at.saturating_sub(line.len())).unwrap_or("");
        key_above(above, line)
    });
    match name {
        Some(name) if is_pass_directive(&name, line) => Arrival::Class(NameClass::Endpoint),
        Some(name) => named(&name),
        None => Arrival::Unknown("text of a configuration file"),
    }
}

/// nginx's directives that say where requests go. As a key (`proxy_pass = `) the same name holds a password.
/// Source: nginx.org/en/docs/dirindex.html.
fn is_pass_directive(name: &str, line: &str) -> bool {
    const PASS: &[&str] =
        &["proxy_pass", "fastcgi_pass", "grpc_pass", "memcached_pass", "scgi_pass", "uwsgi_pass"];
    let after = line.rsplit_once(name).map_or("", |(_, after)| after.trim_start_matches(['"', '\'']));
    PASS.contains(&name) && !after.trim_start().starts_with([':', '='])
}

/// The key or directive that stands before a value on its line: `key = "`, `key: `, `"key": "`, `<key>`, `key `.
fn key_before(before: &str) -> Option<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let assigned = before.rfind([':', '=', '>']).filter(|at| {
        // The colon of an address is none.
        !before.get(*at..).is_some_and(|rest| rest.starts_with("://"))
    });
    let found = assigned.and_then(|at| {
        let left = before.get(..at)?.trim_end_matches(['"', '\'', ' ', '\t', '=', ':', '<']);
        let start = left.rfind(|c: char| !is_word(c)).map_or(0, |at| at.saturating_add(1));
        left.get(start..).filter(|name| !name.is_empty()).map(str::to_owned)
    });
    let scheme_like =
        |name: &String| matches!(name.as_str(), "http" | "https" | "tcp" | "redis" | "ws" | "wss");
    if let Some(name) = found.filter(|name| !scheme_like(name)) {
        return Some(name);
    }
    // A directive: the first word of the line, or of the block that was opened on it.
    let start = before.rfind(['{', ';']).map_or(0, |at| at.saturating_add(1));
    let first = before.get(start..).unwrap_or(before).trim_start_matches(['-', ' ', '\t', '"', '\'']);
    let word: String = first.chars().take_while(|c| is_word(*c)).collect();
    (!word.is_empty()).then_some(word)
}

/// The key above an entry of a list: the nearest line before it that ends in a colon or an opening bracket.
fn key_above(above: &str, before: &str) -> Option<String> {
    let indentation = |line: &str| line.len().saturating_sub(line.trim_start().len());
    let own = indentation(before);
    let line = above.trim_end_matches('\n').rsplit('\n').take(ABOVE).find(|line| {
        indentation(line) <= own && line.trim_end().ends_with([':', '[', '{', '(']) && !line.trim().is_empty()
    })?;
    key_before(&format!("{}=", line.trim_end().trim_end_matches([':', '[', '{', '(', '=', ' ']).trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &str) -> Arrival {
        let mut gravest = Arrival::Harmless("");
        for (at, _) in line.match_indices('@') {
            let arrival = at_key(line, at);
            if gravity(&arrival) >= gravity(&gravest) {
                gravest = arrival;
            }
        }
        gravest
    }

    #[test]
    fn a_value_in_a_configuration_file_is_judged_by_the_key_before_it() {
        for line in [
            "url = \"@\"",
            "  \"url\": \"@\",",
            "resolver @ valid=5s;",
            "upstream x { server @:80; }",
            "<url>@</url>",
            "hosts:\n  - a\n  - @",
            "proxy_pass http://@/;",
            "  hosts: [a, @]",
        ] {
            assert_eq!(text(line), Arrival::Class(NameClass::Endpoint), "{line}");
        }
        assert_eq!(text("proxy_pass = \"@\""), Arrival::Class(NameClass::ThirdPartyCredential));
        assert!(matches!(text("keepalive_timeout @s;"), Arrival::Harmless(_)));
        assert!(matches!(text("  \"workers\": @,"), Arrival::Harmless(_)));
        for line in ["@", "quill = @", "  - @"] {
            assert!(matches!(text(line), Arrival::Unknown(_)), "{line}: {:?}", text(line));
        }
    }

    #[test]
    fn every_harmless_place_has_a_reason_and_is_listed_once() {
        let mut seen = BTreeSet::new();
        for (key, why) in HARMLESS {
            assert!(seen.insert(key) && !why.is_empty() && !JUDGED.contains(key), "{key}");
        }
    }
}
