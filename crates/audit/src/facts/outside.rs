//! Variables that somebody outside the machine chooses, with everything that they flow to.

use crate::facts::arrival::{self, Arrival, Ground};
use crate::facts::protection::{self, Protection};
use crate::facts::{spoken, stores};
use crate::field::{Field, is_at};
use crate::judged::Judged;
use crate::names::{self, NameClass};
use crate::rule::Note;
use crate::subject::Subject;
use crate::uses::Use;
use crate::view::View;
use std::collections::BTreeSet;
use veritee_compose::Provenance;
use veritee_model::{Place, Severity};

/// A variable that somebody outside chooses, with everything it flows to.
#[derive(Clone)]
pub(crate) struct Variable<'a> {
    pub(crate) name: &'a str,
    /// What it is for: by every place where it arrives, and by its name, which can only add.
    pub(crate) classes: BTreeSet<NameClass>,
    pub(crate) uses: Vec<&'a Use<'a>>,
    /// What each of `uses` makes of the value.
    arrivals: Vec<Arrival>,
    /// Places where it is not known what the value does.
    pub(crate) unknown: Vec<(&'a Use<'a>, &'static str)>,
    /// The whole environment is handed to a container; place of that.
    exposed: Option<Place>,
}

impl Variable<'_> {
    pub(crate) fn is(&self, class: NameClass) -> bool {
        self.classes.contains(&class)
    }

    pub(crate) fn place(&self) -> Place {
        self.uses.first().map(|used| used.place.clone()).or_else(|| self.exposed.clone()).unwrap_or_default()
    }

    /// A finding about it, at every place where it arrives. Where the variable only comes with the whole environment,
    /// that anything reads it is an assumption.
    pub(crate) fn note(&self) -> Note {
        let mut note =
            Note::fail(&self.place(), self.evidence()).about(self.name).assumed(self.uses.is_empty());
        for used in self.uses.iter().skip(1) {
            note = note.also(&used.place, describe(used));
        }
        note
    }

    /// A finding about one class: at the places that make the value such a thing, or at all where only its own name
    /// says so.
    pub(crate) fn note_of(&self, class: NameClass) -> Note {
        let mut own = self.at(|_, arrival| *arrival == Arrival::Class(class));
        if own.uses.is_empty() {
            own.uses.clone_from(&self.uses);
        }
        own.note()
    }

    /// The same with those of its places alone that are `chosen`.
    pub(crate) fn at(&self, chosen: impl Fn(&Use<'_>, &Arrival) -> bool) -> Self {
        let at = self.uses.iter().zip(&self.arrivals).filter(|(used, arrival)| chosen(used, arrival));
        Variable { uses: at.map(|(used, _)| *used).collect(), ..self.clone() }
    }

    /// Whether nothing but harmless places takes it, and no rule speaks of its name.
    pub(crate) fn is_setting(&self) -> bool {
        let harmless = self.arrivals.iter().any(|arrival| matches!(arrival, Arrival::Harmless(_)));
        // Of an image's or a registry's name no rule of variables speaks.
        let told = self.classes.iter().any(|class| {
            !matches!(class, NameClass::Tuning | NameClass::Unknown | NameClass::Image | NameClass::Registry)
        });
        self.unknown.is_empty() && (self.is(NameClass::Tuning) || harmless && !told)
    }

    /// Whether it opens a store that only the machine's own programs reach, and nothing else, wherever it arrives.
    pub(crate) fn opens_only_inside(&self, view: &View<'_>) -> bool {
        let inside = |used: &&Use<'_>| {
            let service = used.service.and_then(|name| view.active_named(name));
            let name = used.sink.strip_prefix("environment.").unwrap_or(self.name);
            service.is_some_and(|service| stores::opens_only_inside(view, service, name))
        };
        !self.uses.is_empty() && self.uses.iter().all(inside)
    }

    /// Whether a store of this deployment takes it for its own password: whoever has it administers the store.
    pub(crate) fn administers_store(&self, view: &View<'_>) -> bool {
        self.uses.iter().any(|used| {
            let service = used.service.and_then(|name| view.active_named(name));
            let name = used.sink.strip_prefix("environment.");
            name.is_some_and(names::is_store_password) && service.is_some_and(stores::is_store)
        })
    }

    /// Every sink with the text that stands there.
    pub(crate) fn evidence(&self) -> String {
        if self.uses.is_empty() {
            return format!("{} is handed over with the whole environment", self.name);
        }
        let mut parts: Vec<String> = self.uses.iter().take(6).map(|used| describe(used)).collect();
        if self.uses.len() > 6 {
            parts.push(format!("and {} more", self.uses.len().saturating_sub(6)));
        }
        parts.join("; ")
    }

    /// Names under which programs read it: its own, and those of the variables and options that it fills.
    pub(crate) fn read_as(&self) -> BTreeSet<&str> {
        let sinks = self.uses.iter().filter_map(|used| used.sink.strip_prefix("environment."));
        sinks.chain([self.name]).collect()
    }

    /// The gravest that an address under any of its names can be.
    pub(crate) fn endpoint_severity(&self) -> Severity {
        let by_name = self.read_as().into_iter().filter(|name| names::classify(name) == NameClass::Endpoint);
        by_name.map(names::endpoint_severity).max().unwrap_or(Severity::High)
    }
}

pub(crate) fn describe(used: &Use<'_>) -> String {
    match &used.service {
        Some(service) => format!("{service} {}: {}", used.sink, used.raw),
        None => format!("{}: {}", used.sink, used.raw),
    }
}

/// Sinks where a value changes nothing but what a person sees.
fn is_cosmetic(ground: &Ground<'_>, used: &Use<'_>, name: &str) -> bool {
    let shown = ["labels", "container_name", "logging", "annotations", "deploy.labels"]
        .iter()
        .any(|prefix| is_at(&used.sink, prefix));
    shown && matches!(arrival::of(ground, used, name), Arrival::Harmless(_) | Arrival::Judged)
}

/// Sinks that rules of other families judge: which image, what is built, which paths.
fn is_elsewhere(sink: &str) -> bool {
    sink == "image" || ["build", "volumes", "x-"].iter().any(|prefix| sink.starts_with(prefix))
}

/// The variables of one provenance that reach active services.
pub(crate) fn variables<'a>(subject: &'a Subject<'_>, provenance: Provenance) -> Vec<Variable<'a>> {
    let Some(view) = &subject.view else { return Vec::new() };
    let exposed = subject.exposures().first().map(|(place, _)| place.clone());
    let ground = &Ground::of(view);
    let mut found: Vec<Variable<'a>> = Vec::new();
    for (name, uses) in &view.uses {
        let uses: Vec<&Use<'_>> = uses
            .iter()
            .filter(|used| {
                used.active && used.reference.provenance == provenance && !is_elsewhere(&used.sink)
            })
            .collect();
        if !uses.is_empty() {
            found.push(variable(subject, ground, name, uses));
        }
    }
    if let (Provenance::Operator, Some(place)) = (provenance, exposed) {
        for name in view.allowed.iter().flatten() {
            if view.uses.contains_key(name) || is_launch_token(view, name) {
                continue;
            }
            let exposed = Some(place.clone());
            found.push(Variable { exposed, ..variable(subject, ground, name, Vec::new()) });
        }
        found.sort_by(|one, other| one.name.cmp(other.name));
    }
    found
}

/// Uses of active services whose effect is not known, of every provenance that somebody outside chooses.
pub(crate) fn unknown_effects(subject: &Subject<'_>) -> Vec<(Place, String)> {
    let Some(view) = &subject.view else { return Vec::new() };
    let ground = &Ground::of(view);
    let mut found = Vec::new();
    for (name, uses) in &view.uses {
        if is_launch_token(view, name)
            || subject.context.names.get(*name).is_some_and(|word| word.class.is_some())
        {
            continue;
        }
        for used in uses.iter().filter(|used| used.active && used.reference.provenance.is_settable()) {
            if is_dstacks_own(name) {
                continue;
            }
            let state = used.service.is_none() && (used.sink == "name" || used.sink.starts_with("volumes."));
            if state && used.sink.ends_with("name") {
                found.push((
                    used.place.clone(),
                    format!("{} (which stored state the services get)", describe(used)),
                ));
            } else if let Arrival::Unknown(why) = arrival::of(ground, used, name) {
                found.push((used.place.clone(), format!("{} ({why})", describe(used))));
            }
        }
    }
    // Outside of the services: networks, volumes, models, the project's name.
    for (path, value) in view.globals.iter().filter(|(_, value)| value.is_settable()) {
        if let Arrival::Unknown(why) = arrival::of_global(ground, path) {
            found.push((value.place.clone(), format!("{path}: {} ({why})", value.raw)));
        }
    }
    // What is handed over whole is read by whatever likes to read it.
    if let Some((place, _)) = subject.exposures().first() {
        for name in view.allowed.iter().flatten() {
            let unused = !view.uses.contains_key(name) && !is_launch_token(view, name);
            let mild = spoken::is_mild(name);
            let unknown = names::harmless(name).is_none() && names::classify(name) == NameClass::Unknown;
            if unused && (unknown || mild && spoken::anywhere(view, name)) {
                found.push((place.clone(), format!("{name} (is handed over with the whole environment)")));
            }
        }
    }
    found
}

/// Values outside of all services on which nothing hangs.
pub(crate) fn harmless_parts<'v>(view: &'v View<'_>) -> Vec<(&'v str, &'v Field<'v>)> {
    let ground = &Ground::of(view);
    let chosen = view.globals.iter().filter(|(_, value)| value.is_settable());
    chosen
        .filter(|(path, _)| matches!(arrival::of_global(ground, path), Arrival::Harmless(_)))
        .map(|(path, value)| (path.as_str(), value))
        .collect()
}

/// Places of which a rule was to speak and none did: whatever recogniser took a value there, none of the findings so far is
/// about it. They count as unknown, so that no value is lost between a recogniser and a rule.
pub(crate) fn untold(subject: &Subject<'_>) -> Vec<(Place, String)> {
    let (Some(view), Some(told)) = (&subject.view, subject.told()) else { return Vec::new() };
    let ground = &Ground::of(view);
    let mut found = Vec::new();
    for (name, uses) in &view.uses {
        let named = subject.context.names.get(*name).is_some_and(|word| word.class.is_some());
        if named || is_launch_token(view, name) || is_dstacks_own(name) {
            continue;
        }
        for used in uses.iter().filter(|used| used.active && used.reference.provenance.is_settable()) {
            let taken = matches!(arrival::of(ground, used, name), Arrival::Class(_) | Arrival::Judged);
            if taken && !told.speaks_of(&used.place.path, name) {
                found.push((used.place.clone(), format!("{} (no rule speaks of it)", describe(used))));
            }
        }
    }
    found
}

/// Values that dstack's own start-up passes on to every application.
pub(crate) fn is_dstacks_own(name: &str) -> bool {
    matches!(name, "PCCS_URL" | "DSTACK_GATEWAY_DOMAIN" | "DSTACK_APP_DOMAIN" | "DSTACK_APP_ID")
}

fn variable<'a>(
    subject: &Subject<'_>,
    ground: &Ground<'_>,
    name: &'a str,
    uses: Vec<&'a Use<'a>>,
) -> Variable<'a> {
    let provenance = uses.first().map(|used| used.reference.provenance);
    let Judged { classes, arrivals, unknown } =
        subject.judged(name, provenance, || judged(subject, ground, name, &uses));
    let unknown = unknown.iter().filter_map(|(at, why)| Some((*uses.get(*at)?, *why))).collect();
    Variable { name, classes, arrivals, uses, unknown, exposed: None }
}

fn judged(subject: &Subject<'_>, ground: &Ground<'_>, name: &str, uses: &[&Use<'_>]) -> Judged {
    let mut unknown = Vec::new();
    let classes = classes(subject, ground, name, uses, &mut unknown);
    let arrivals = uses.iter().map(|used| arrival::of(ground, used, name)).collect();
    Judged { classes, arrivals, unknown }
}

/// The token's hash is measured: whoever chooses another value stops the machine.
pub(crate) fn is_launch_token(view: &View<'_>, name: &str) -> bool {
    name == "APP_LAUNCH_TOKEN" && matches!(protection::launch_token(view), Protection::Holds(_))
}

/// The one class by which a value is described; the gravest of all.
pub(crate) fn class_of(
    subject: &Subject<'_>,
    ground: &Ground<'_>,
    name: &str,
    uses: &[&Use<'_>],
) -> NameClass {
    let classes = classes(subject, ground, name, uses, &mut Vec::new());
    GRAVITY.iter().copied().find(|class| classes.contains(class)).unwrap_or(NameClass::Unknown)
}

/// Gravest first.
const GRAVITY: &[NameClass] = &[
    NameClass::RuntimeHook,
    NameClass::RootAccess,
    NameClass::Registry,
    NameClass::Code,
    NameClass::Endpoint,
    NameClass::IdentityKey,
    NameClass::Trust,
    NameClass::AdminCredential,
    NameClass::Image,
    NameClass::Flag,
    NameClass::Destination,
    NameClass::ThirdPartyCredential,
    NameClass::PublishableKey,
    NameClass::Unknown,
    NameClass::Tuning,
];

fn classes(
    subject: &Subject<'_>,
    ground: &Ground<'_>,
    name: &str,
    uses: &[&Use<'_>],
    unknown: &mut Vec<(usize, &'static str)>,
) -> BTreeSet<NameClass> {
    if let Some(class) = subject.context.names.get(name).and_then(|word| word.class) {
        return BTreeSet::from([class]);
    }
    if !uses.is_empty() && uses.iter().all(|used| is_cosmetic(ground, used, name)) {
        return BTreeSet::from([NameClass::Tuning]);
    }
    let mut classes = BTreeSet::from([names::classify(name)]);
    for (at, used) in uses.iter().enumerate() {
        match arrival::of(ground, used, name) {
            Arrival::Class(class) => {
                classes.insert(class);
            }
            Arrival::Unknown(why) => {
                classes.insert(NameClass::Unknown);
                unknown.push((at, why));
            }
            Arrival::Harmless(_) => {
                classes.insert(NameClass::Tuning);
            }
            Arrival::Judged => {}
        }
    }
    let known = classes.iter().any(|class| !matches!(class, NameClass::Unknown | NameClass::Tuning));
    if known {
        classes.remove(&NameClass::Unknown);
        classes.remove(&NameClass::Tuning);
    } else if classes.contains(&NameClass::Tuning) && unknown.is_empty() && !uses.is_empty() {
        classes.remove(&NameClass::Unknown);
    }
    classes
}
