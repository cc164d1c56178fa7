//! Every value that somebody outside the machine can choose without changing the compose hash: where it comes from,
//! where it arrives, and what that lets whoever chooses it do.
//!
//! Names and texts are the audited party's. Not said here: what a service does with a value; that is in its code.

use crate::facts::arrival::Ground;
use crate::facts::host_files;
use crate::facts::outside::class_of;
use crate::names::{NameClass, is_document, process_control};
use crate::subject::Subject;
use crate::uses::Use;
use crate::view::View;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use veritee_compose::Provenance;
use veritee_model::text::shortened;
use veritee_model::{Finding, FindingStatus, Place};

/// One such value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flow {
    /// The variable, or the file that holds the value.
    pub name: String,
    /// `operator`, `host`, `remote` or `unknown`.
    pub provenance: &'static str,
    /// Through what it comes, and what it replaces.
    pub from: Vec<String>,
    /// Where it arrives.
    pub sinks: Vec<FlowSink>,
    /// What whoever chooses it can do.
    pub power: Vec<String>,
    /// Rules that found something about it.
    pub rules: Vec<String>,
}

/// A place where a value arrives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlowSink {
    /// The service and the key in it, or the script.
    pub sink: String,
    /// Which part of the text it feeds.
    pub feeds: &'static str,
    /// Where that is.
    pub place: Place,
    /// What stands there.
    pub text: String,
}

/// Most sinks and most powers that are listed of one value.
const LISTED: usize = 20;

/// Longest text that is quoted, in characters.
const QUOTED: usize = 200;

/// All flows, by name; at most `findings_per_rule` of the budget, and then one that says that there are more.
pub(crate) fn flows(subject: &Subject<'_>, findings: &[Finding]) -> Vec<Flow> {
    let Some(view) = &subject.view else { return Vec::new() };
    let scripts = script_uses(subject);
    let rules = Rules::of(findings);
    let mut names: BTreeSet<&str> = view.allowed.iter().flatten().copied().collect();
    names.extend(view.uses.keys().copied());
    names.extend(scripts.keys().map(String::as_str));
    let limit = subject.context.budget.findings_per_rule;
    let ground = &Ground::of(view);
    let mut flows: Vec<Flow> = Vec::new();
    for name in names {
        let Some(mut flow) = variable(subject, (view, ground), name, scripts.get(name)) else { continue };
        if flows.len() >= limit {
            flows.push(more(limit));
            return flows;
        }
        let mut found = rules.at(&flow.sinks);
        found.extend(rules.by_name.get(name).into_iter().flatten());
        flow.rules = found.into_iter().map(str::to_owned).collect();
        flows.push(flow);
    }
    let mut rest = outside(view);
    rest.extend(files(view));
    rest.extend(of_host_files(view));
    for flow in &mut rest {
        flow.rules = rules.at(&flow.sinks).into_iter().map(str::to_owned).collect();
    }
    flows.extend(rest);
    flows
}

fn more(limit: usize) -> Flow {
    Flow {
        name: format!("more than {limit} names"),
        provenance: Provenance::Unknown.name(),
        from: Vec::new(),
        sinks: Vec::new(),
        power: vec!["the rest is not listed".to_owned()],
        rules: Vec::new(),
    }
}

/// A variable that somebody outside can choose; `None` for all others.
fn variable(
    subject: &Subject<'_>,
    (view, ground): (&View<'_>, &Ground<'_>),
    name: &str,
    scripts: Option<&Vec<FlowSink>>,
) -> Option<Flow> {
    let uses: Vec<&Use<'_>> = view.uses.get(name).into_iter().flatten().filter(|used| used.active).collect();
    let lookup = view.environment().lookup(name);
    let provenance = lookup.provenance;
    if !provenance.is_settable() {
        return None;
    }
    let mut from = vec![lookup.origin];
    let defaults: BTreeSet<&str> = uses.iter().filter_map(|used| used.reference.default.as_deref()).collect();
    from.extend(
        defaults
            .into_iter()
            .take(LISTED)
            .map(|default| format!("default \"{}\"", shortened(default, QUOTED))),
    );
    let mut power = Powers::default();
    if let Some(severity) = process_control(name, view.has_profiles)
        && view.is_operator(name)
        && severity > veritee_model::Severity::Info
    {
        power.add("controls what the start-up of the machine runs or trusts".to_owned());
    }
    let class = class_of(subject, ground, name, &uses);
    for used in &uses {
        power.add(reach(used, name, class));
    }
    let mut sinks: Vec<FlowSink> = uses.iter().map(|used| sink(used)).collect();
    if let Some(lines) = scripts {
        power.add("enters a script that runs as root".to_owned());
        sinks.extend(lines.iter().cloned());
    }
    if let Some((place, text)) = subject.exposures().first().filter(|_| view.is_operator(name)) {
        power.add("is handed over with the whole environment".to_owned());
        if sinks.is_empty() {
            let text = shortened(text, QUOTED);
            sinks.push(FlowSink {
                sink: "whole environment".to_owned(),
                feeds: "a variable of that name",
                place: place.clone(),
                text,
            });
        }
    }
    if sinks.is_empty() && power.list.is_empty() {
        power.add("nothing that was read takes it".to_owned());
    }
    let rest = sinks.len().saturating_sub(LISTED);
    sinks.truncate(LISTED);
    if rest > 0 {
        power.list.push(format!("and {rest} more places"));
    }
    Some(Flow {
        name: name.to_owned(),
        provenance: provenance.name(),
        from,
        sinks,
        power: power.list,
        rules: Vec::new(),
    })
}

#[derive(Default)]
struct Powers {
    list: Vec<String>,
}

impl Powers {
    fn add(&mut self, power: String) {
        if self.list.len() < LISTED && !self.list.contains(&power) {
            self.list.push(power);
        }
    }
}

fn sink(used: &Use<'_>) -> FlowSink {
    FlowSink {
        sink: match used.service {
            Some(service) => format!("{service} {}", used.sink),
            None => used.sink.clone(),
        },
        feeds: feeds(used),
        place: used.place.clone(),
        text: shortened(&used.raw, QUOTED),
    }
}

fn feeds(used: &Use<'_>) -> &'static str {
    let whole = used.raw.trim_start_matches('-').trim_start();
    let alone = whole.starts_with('$') && !whole.contains(['/', ' ', ',']) || !whole.contains('$');
    match used.sink.as_str() {
        "image" if alone => "the whole image reference",
        "image" => "part of the image reference",
        _ if used.in_authority => "scheme, user, host or port of an address",
        _ if used.in_address => "an address",
        _ if alone => "the whole value",
        _ => "part of the value",
    }
}

/// What choosing a value at this place lets somebody do.
fn reach(used: &Use<'_>, name: &str, class: NameClass) -> String {
    let service = used.service.unwrap_or("the deployment");
    let head = used.sink.split('.').next().unwrap_or("");
    match head {
        "image" => format!("decides which code {service} runs"),
        "build" => format!("decides what is built into {service}"),
        "command" | "entrypoint" | "healthcheck" | "post_start" | "pre_start" | "pre_stop" => {
            format!("writes part of a command that {service} runs")
        }
        "volumes" | "tmpfs" | "devices" => format!("decides what of the machine {service} sees"),
        "ports" | "expose" | "networks" | "network_mode" => format!("decides how {service} is reached"),
        "extra_hosts" | "dns" | "dns_search" | "links" => format!("decides where names lead in {service}"),
        "env_file" => format!("chooses the file of variables of {service}"),
        "labels" | "container_name" | "annotations" => "shows in labels and names only".to_owned(),
        "logging" => format!("decides where the log of {service} goes"),
        "environment" => in_service(service, name, class),
        _ if used.in_authority => format!("decides where {service} connects to"),
        _ => in_service(service, name, class),
    }
}

fn in_service(service: &str, name: &str, class: NameClass) -> String {
    match class {
        NameClass::RuntimeHook => format!("makes the run time of {service} load or trust something else"),
        NameClass::RootAccess => format!("opens a way in for root ({service})"),
        NameClass::Registry => "holds the registry's credentials".to_owned(),
        NameClass::Image => format!("tells {service} which image to run"),
        NameClass::Endpoint => format!("decides where {service} sends or fetches data"),
        NameClass::AdminCredential => format!("holds the key to the administration of {service}"),
        NameClass::IdentityKey => format!("knows a key of {service}: can sign or decrypt in its name"),
        NameClass::ThirdPartyCredential => {
            format!("owns the account that {service} uses: can see what is sent there")
        }
        NameClass::PublishableKey => format!("chooses the account of {service} at a third party"),
        NameClass::Flag => format!("switches behaviour of {service}"),
        NameClass::Trust => format!("says whom {service} takes for administrator, trusted, paid or genuine"),
        NameClass::Code => format!("hands {service} arguments, plug-ins or code"),
        NameClass::Destination => format!("chooses an account, bucket or contract of {service}"),
        NameClass::Tuning => format!("tunes {service}"),
        NameClass::Unknown if is_document(name) => {
            format!("hands {service} a whole document: addresses, keys, switches")
        }
        NameClass::Unknown => format!("hands {service} a text; what it does with it is in its code"),
    }
}

/// Lines of scripts that mention a variable, by variable.
fn script_uses(subject: &Subject<'_>) -> BTreeMap<String, Vec<FlowSink>> {
    let mut uses: BTreeMap<String, Vec<FlowSink>> = BTreeMap::new();
    for (script, command) in subject.commands() {
        if !command.reachable {
            continue;
        }
        for name in command.variables(script) {
            let list = uses.entry(name).or_default();
            let seen = list.last().is_some_and(|last| {
                last.place.line == Some(command.line) && last.place.file == script.place.file
            });
            // One beyond what is listed, so that the rest is counted as more.
            if seen || list.len() > LISTED {
                continue;
            }
            list.push(FlowSink {
                sink: script.key.to_owned(),
                feeds: "a line of the script",
                place: command.place(script),
                text: shortened(&command.text, QUOTED),
            });
        }
    }
    uses
}

/// Parts of the application that are in another file or on another machine: their content is nobody's that is
/// measured, and counts as the host's.
fn outside(view: &View<'_>) -> Vec<Flow> {
    let includes = view.globals_below("include").map(|(path, value)| (path.clone(), value));
    let extends = view.active().flat_map(|service| {
        service.below("extends").map(|(path, value)| (format!("{} {path}", service.name), value))
    });
    includes
        .chain(extends)
        .take(LISTED)
        .map(|(sink, value)| Flow {
            name: value.raw.to_owned(),
            provenance: Provenance::Unknown.name(),
            from: vec!["content outside the document".to_owned()],
            sinks: vec![FlowSink {
                sink,
                feeds: "part of the compose file",
                place: value.place.clone(),
                text: shortened(value.raw, QUOTED),
            }],
            power: vec!["decides part of what runs".to_owned()],
            rules: Vec::new(),
        })
        .collect()
}

/// Files of variables whose content nothing measures.
fn files(view: &View<'_>) -> Vec<Flow> {
    let mut flows = Vec::new();
    for service in view.active() {
        for (file, content) in service.variable_files.iter().filter(|(_, content)| content.is_settable()) {
            flows.push(Flow {
                name: file.raw.to_owned(),
                provenance: content.name(),
                from: vec!["env_file".to_owned()],
                sinks: vec![FlowSink {
                    sink: format!("{} env_file", service.name),
                    feeds: "every variable that it names",
                    place: file.place.clone(),
                    text: shortened(file.raw, QUOTED),
                }],
                power: vec![format!("sets variables of {} at will", service.name)],
                rules: Vec::new(),
            });
        }
    }
    flows
}

/// What scripts read of the files that the host supplies.
fn of_host_files(view: &View<'_>) -> Vec<Flow> {
    let first = view.scripts.iter().filter_map(|script| {
        let lines = host_files::lines(script);
        Some((script, *lines.first()?, lines.len()))
    });
    first
        .map(|(script, line, count)| Flow {
            name: "user_config and .sys-config.json".to_owned(),
            provenance: Provenance::Host.name(),
            from: vec!["files that the host supplies".to_owned()],
            sinks: vec![FlowSink {
                sink: script.key.to_owned(),
                feeds: "a line of the script",
                place: script.at_line(line),
                text: shortened(&host_files::evidence(script, line, count), QUOTED),
            }],
            power: vec!["enters a script that runs as root".to_owned()],
            rules: Vec::new(),
        })
        .collect()
}

/// Rules that found something, by the name that it is about and by its place.
struct Rules<'a> {
    by_name: BTreeMap<&'a str, BTreeSet<&'a str>>,
    by_place: BTreeMap<Spot<'a>, BTreeSet<&'a str>>,
}

/// A path of a document, or a line of a text that has no paths.
type Spot<'a> = (&'a str, &'a str, Option<u32>);

fn spot(place: &Place) -> Spot<'_> {
    (&place.file, &place.path, place.line.filter(|_| place.path.is_empty()))
}

impl<'a> Rules<'a> {
    fn of(findings: &'a [Finding]) -> Self {
        let mut rules = Self { by_name: BTreeMap::new(), by_place: BTreeMap::new() };
        let found = |status| !matches!(status, FindingStatus::Pass | FindingStatus::Info);
        for finding in findings.iter().filter(|finding| found(finding.status)) {
            if let Some((_, name)) = finding.title.rsplit_once(": ") {
                rules.by_name.entry(name).or_default().insert(&finding.rule);
            }
            if let Some(place) = &finding.place {
                rules.by_place.entry(spot(place)).or_default().insert(&finding.rule);
            }
        }
        rules
    }

    /// Rules that found something where a value arrives.
    fn at(&self, sinks: &[FlowSink]) -> BTreeSet<&'a str> {
        sinks.iter().filter_map(|sink| self.by_place.get(&spot(&sink.place))).flatten().copied().collect()
    }
}

#[cfg(test)]
mod tests;
