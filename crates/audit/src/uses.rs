//! Where variables flow to: every mention in the compose file, with the service and the key that it feeds.

use crate::field::Field;
use crate::pattern::pattern;
use crate::text::Lines;
use std::collections::{BTreeMap, BTreeSet};
use veritee_compose::url::{UrlComponent, urls};
use veritee_compose::{ComposeFile, Reference, ReferenceForm, Span, Value};
use veritee_model::Place;
use veritee_model::text::shortened;

/// A place where a variable flows to.
#[derive(Debug, Clone)]
pub(crate) struct Use<'d> {
    /// The service; `None` for a part outside all services.
    pub(crate) service: Option<&'d str>,
    /// Path below the service: `environment.API_URL`, `image`, `labels.x`.
    pub(crate) sink: String,
    pub(crate) reference: &'d Reference,
    /// What stands there; of a text of many lines only the line with the variable.
    pub(crate) raw: String,
    pub(crate) place: Place,
    pub(crate) active: bool,
    /// It feeds scheme, user, host or port of a URL, or the operand of an option that takes an address.
    pub(crate) in_address: bool,
    /// It feeds scheme, user, host or port of a URL.
    pub(crate) in_authority: bool,
    /// It feeds the query of a URL.
    pub(crate) in_query: bool,
}

/// Characters of a value that are kept for each variable that it mentions: a value of many would be kept many times.
const QUOTED: usize = 200;

/// Which service a value belongs to, and whether it starts.
#[derive(Clone, Copy)]
struct Target<'d> {
    service: Option<&'d str>,
    active: bool,
}

/// All uses by variable. `field` puts a value to its place, `place` a span.
pub(crate) fn of<'d>(
    file: &'d ComposeFile,
    field: impl Fn(&'d Value, &str) -> Field<'d>,
    place: impl Fn(Span, &str) -> Place,
) -> BTreeMap<&'d str, Vec<Use<'d>>> {
    let lines = Lines::new(&file.text);
    let mut uses: BTreeMap<&str, Vec<Use<'d>>> = BTreeMap::new();
    each(file, &mut |value, target, sink, path| {
        if value.references.is_empty() {
            return;
        }
        let shown = field(value, path);
        let addresses = addresses(value);
        let queries = queries(value);
        let many = shown.raw.contains('\n');
        for reference in &value.references {
            let place = place(reference.span, path);
            let line = || lines.line_at(&file.text, reference.span.start).trim();
            let address = addresses.get(reference.name.as_str());
            uses.entry(&reference.name).or_default().push(Use {
                service: target.service,
                sink: sink.to_owned(),
                reference,
                raw: shortened(if many { line() } else { shown.raw }, QUOTED),
                place,
                active: target.active,
                in_address: address.is_some(),
                in_authority: address == Some(&true),
                in_query: queries.contains(reference.name.as_str()),
            });
        }
    });
    uses
}

/// Calls `visit` with every value, the service it belongs to, the key below it and the path.
fn each<'d>(file: &'d ComposeFile, visit: &mut impl FnMut(&'d Value, Target<'d>, &str, &str)) {
    for service in &file.services {
        let target = Target { service: Some(&service.name), active: service.activity.can_run() };
        service.tree.scalars("", &mut |path, value| {
            if path != "environment" && !path.starts_with("environment.") {
                visit(value, target, path, &format!("{}.{path}", service.path));
            }
        });
        for entry in &service.environment {
            let sink = format!("environment.{}", entry.name.text);
            for value in entry.value.iter().chain(if entry.bare { None } else { Some(&entry.name) }) {
                visit(value, target, &sink, &entry.path);
            }
        }
        for argument in service.build.iter().flat_map(|build| &build.args) {
            let bare = |reference: &Reference| reference.form == ReferenceForm::Bare;
            if let Some(value) = argument.value.as_ref().filter(|value| value.references.iter().any(bare)) {
                visit(value, target, &format!("build.args.{}", argument.key.text), &argument.path);
            }
        }
    }
    let mounted = mounted(file);
    for resource in file.configs.iter().chain(&file.secrets) {
        let service = mounted.get(resource.key.as_str()).copied();
        let target = Target { service, active: service.is_some() };
        let fields = [
            ("content", &resource.content),
            ("environment", &resource.environment_value),
            ("file", &resource.file),
        ];
        for (key, value) in fields {
            let sink = format!("{}.{key}", resource.path);
            if let Some(value) = value {
                visit(value, target, &sink, &sink);
            }
        }
    }
}

/// The first active service that mounts each config or secret. One stands for all: a text is examined once, however
/// many services read it.
pub(crate) fn mounted(file: &ComposeFile) -> BTreeMap<&str, &str> {
    let mut mounted: BTreeMap<&str, &str> = BTreeMap::new();
    for service in file.services.iter().filter(|service| service.activity.can_run()) {
        for mount in service.configs.iter().chain(&service.secrets) {
            if let Some(name) = mount.source.as_ref().and_then(|source| source.literal()) {
                mounted.entry(name).or_insert(&service.name);
            }
        }
    }
    mounted
}

pattern!(OPTION, r"(?i)--[a-z-]*(?:url|uri|host|endpoint|addr|rpc|server|peer)[a-z-]*[= ]['\x22]?$", ["--"]);

/// Bytes before a part in which an option is looked for.
const BEFORE: usize = 48;

/// Variables that feed the query of an address in a value.
fn queries(value: &Value) -> BTreeSet<&str> {
    let found = urls(value);
    let chosen = found.iter().flat_map(|url| &url.chosen);
    let query = chosen.filter(|(component, _)| *component == UrlComponent::Query);
    let names: BTreeSet<String> = query.filter_map(|(_, part)| part.source.clone()).collect();
    let sources = value.parts.iter().filter_map(|part| part.source.as_deref());
    sources.filter(|name| names.contains(*name)).collect()
}

/// Variables that feed an address in a value, each with whether it stands in a URL's authority.
fn addresses(value: &Value) -> BTreeMap<&str, bool> {
    let mut found: BTreeMap<&str, bool> = BTreeMap::new();
    for url in urls(value) {
        let chosen = url.chosen.iter().filter(|(component, _)| component.decides_destination());
        found.extend(chosen.filter_map(|(_, part)| Some((part.source.as_deref()?, true))));
    }
    for (range, part) in value.ranges().filter(|(_, part)| part.provenance.is_settable()) {
        let mut from = range.start.saturating_sub(BEFORE);
        while !value.text.is_char_boundary(from) {
            from = from.saturating_add(1);
        }
        if OPTION.is_match(value.text.get(from..range.start).unwrap_or(""))
            && let Some(name) = part.source.as_deref()
        {
            found.entry(name).or_insert(false);
        }
    }
    found
}
