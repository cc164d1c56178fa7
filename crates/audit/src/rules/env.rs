//! ENV: values that somebody outside the machine chooses.

mod dp_env_001;
mod dp_env_002;
mod dp_env_003;
mod dp_env_005;
mod dp_env_006;
mod dp_env_007;
mod dp_env_008;
mod dp_env_009;
mod dp_env_010;
mod dp_env_011;
mod dp_env_012;
mod dp_env_013;
mod dp_env_014;
mod dp_env_015;
mod dp_env_016;
mod dp_env_017;
mod dp_env_018;
mod dp_env_019;
mod dp_env_020;

table! {
    dp_env_001 dp_env_002 dp_env_003 dp_env_005 dp_env_006 dp_env_007 dp_env_008 dp_env_009 dp_env_010
    dp_env_011 dp_env_012 dp_env_013 dp_env_014 dp_env_015 dp_env_016 dp_env_017 dp_env_018 dp_env_019
    dp_env_020
}

use crate::names::{self, NameClass};
use crate::pattern::pattern;
use crate::rule::Note;
use crate::subject::Subject;
use crate::view::{Provenance, Use, View};
use veritee_model::Place;

pub(crate) use dp_env_012::exposures;

/// A variable that somebody outside chooses, with everything it flows to.
pub(super) struct Variable<'a> {
    pub(super) name: &'a str,
    pub(super) class: NameClass,
    pub(super) uses: Vec<&'a Use>,
    /// The whole environment is handed to a container; place of that.
    exposed: Option<Place>,
}

impl Variable<'_> {
    pub(super) fn place(&self) -> Place {
        self.uses.first().map(|used| used.place.clone()).or_else(|| self.exposed.clone()).unwrap_or_default()
    }

    /// A finding about it. Where the variable only comes with the whole environment, that anything reads it is an
    /// assumption.
    pub(super) fn note(&self) -> Note {
        Note::fail(&self.place(), self.evidence()).about(self.name).assumed(self.uses.is_empty())
    }

    /// Every sink with the text that stands there.
    pub(super) fn evidence(&self) -> String {
        if self.uses.is_empty() {
            return format!("{} is handed over with the whole environment", self.name);
        }
        let mut parts: Vec<String> = self.uses.iter().take(6).map(|used| describe(used)).collect();
        if self.uses.len() > 6 {
            parts.push(format!("and {} more", self.uses.len().saturating_sub(6)));
        }
        parts.join("; ")
    }
}

pub(super) fn describe(used: &Use) -> String {
    match &used.service {
        Some(service) => format!("{service} {}: {}", used.sink, used.raw),
        None => format!("{}: {}", used.sink, used.raw),
    }
}

/// Sinks where a value changes nothing but what a person sees.
fn is_cosmetic(sink: &str) -> bool {
    ["labels", "container_name", "logging", "annotations", "deploy.labels"]
        .iter()
        .any(|prefix| sink.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// Sinks that rules of other families judge: which image, what is built, which paths.
fn is_elsewhere(sink: &str) -> bool {
    sink == "image" || ["build", "volumes", "x-"].iter().any(|prefix| sink.starts_with(prefix))
}

/// The variables of one provenance that reach active services.
pub(super) fn variables<'a>(subject: &'a Subject<'_>, provenance: Provenance) -> Vec<Variable<'a>> {
    let Some(view) = &subject.view else { return Vec::new() };
    let exposed = subject.exposures().first().map(|(place, _)| place.clone());
    let mut found: Vec<Variable<'a>> = Vec::new();
    for (name, uses) in &view.uses {
        let uses: Vec<&Use> = uses
            .iter()
            .filter(|used| used.active && used.piece.provenance == provenance && !is_elsewhere(&used.sink))
            .collect();
        if !uses.is_empty() {
            found.push(Variable { name, class: class_of(subject, name, &uses), uses, exposed: None });
        }
    }
    if let (Provenance::Operator, Some(place)) = (provenance, exposed) {
        for name in view.allowed.iter().flatten() {
            if view.uses.contains_key(name) || is_launch_token(view, name) {
                continue;
            }
            let class = class_of(subject, name, &[]);
            found.push(Variable { name, class, uses: Vec::new(), exposed: Some(place.clone()) });
        }
        found.sort_by(|one, other| one.name.cmp(other.name));
    }
    found
}

/// The token's hash is measured: whoever chooses another value stops the machine.
pub(in crate::rules) fn is_launch_token(view: &View, name: &str) -> bool {
    name == "APP_LAUNCH_TOKEN" && view.has_launch_token()
}

pub(crate) fn class_of(subject: &Subject<'_>, name: &str, uses: &[&Use]) -> NameClass {
    if let Some(class) = subject.context.names.get(name).and_then(|word| word.class) {
        return class;
    }
    if !uses.is_empty() && uses.iter().all(|used| is_cosmetic(&used.sink)) {
        return NameClass::Tuning;
    }
    if uses.iter().any(|used| is_address(used)) {
        return NameClass::Endpoint;
    }
    let class = names::classify(name);
    if !matches!(class, NameClass::Unknown | NameClass::Tuning) {
        return class;
    }
    let sinks = uses.iter().filter_map(|used| used.sink.strip_prefix("environment."));
    sinks
        .map(names::classify)
        .find(|class| !matches!(class, NameClass::Unknown | NameClass::Tuning))
        .unwrap_or(class)
}

/// Whether the text around the variable or its default shows an address, whatever the name says.
fn is_address(used: &Use) -> bool {
    used.in_address || used.piece.default.as_deref().is_some_and(looks_like_address)
}

pattern!(
    ADDRESS,
    r"^(?i)(?:[a-z][a-z0-9+.-]*://|(?:[a-z0-9-]+\.)+[a-z]{2,}(?::[0-9]+)?(?:/|$)|[a-z0-9.-]+:[0-9]{2,5}$|[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]+)?$)"
);

fn looks_like_address(text: &str) -> bool {
    ADDRESS.is_match(text)
}
