//! Protects behaviour: settings, rules or code that are read from an address can change while the machine runs.

use crate::facts::address::{self, Address, Inside};
use crate::facts::words::command_words;
use crate::field::{Field, RUN};
use crate::names::words;
use crate::pattern::pattern;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Service;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-URL-009",
    title: "settings or code are read from an address",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "write the settings into the document as a config, or build them into the image",
    check,
    ..Rule::PLAIN
};

/// Words of an option or a variable behind which a program finds what it does.
const SETTINGS: &[&str] = &[
    "CONFIG",
    "CONF",
    "CONFIGURATION",
    "SETTINGS",
    "RULES",
    "RULESET",
    "POLICY",
    "POLICIES",
    "FLAGS",
    "FEATURES",
    "MANIFEST",
    "TEMPLATE",
    "TEMPLATES",
    "PLUGIN",
    "PLUGINS",
    "MODULE",
    "MODULES",
    "SCRIPT",
    "SCRIPTS",
    "WASM",
    "PROMPT",
    "PROMPTS",
    "SCHEMA",
    "BLOCKLIST",
    "ALLOWLIST",
    "INCLUDE",
    "BUNDLE",
    "BOOTSTRAP",
    "ROUTES",
    "UPDATE",
    "UPDATES",
    "EXTENSION",
    "EXTENSIONS",
    "ADDON",
    "ADDONS",
    "WEIGHTS",
    "CHECKPOINT",
    "LORA",
    "ADAPTER",
    "ADAPTERS",
];

pattern!(
    DYNAMIC,
    r"\b(?:ads_config|lds_config|cds_config|rds_config|sds_config|xds_cluster|dynamic_resources)\b",
    ["ds_config", "xds_cluster", "dynamic_resources"]
);

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let inside = Inside::of(view);
    for service in view.active() {
        let outside = |value: &Field<'_>| {
            address::of(value, false).into_iter().find(|link| {
                !link.scheme.is_empty() && !link.authority_settable && !link.is_internal(&inside)
            })
        };
        for entry in &service.environment {
            if let Some(link) = outside(&entry.value).filter(|_| names_settings(entry.name)) {
                let evidence = format!("{} environment.{}: {}", service.name, entry.name, link.text);
                sink.add(Note::fail(&entry.value.place, evidence).about(link.host));
            }
        }
        options(service, &outside, sink);
        for (path, value) in &service.configs {
            if let Some(hit) = DYNAMIC.find(&value.effective()) {
                let evidence =
                    format!("{path}: {} (what it does comes from a server while it runs)", hit.as_str());
                sink.add(Note::fail(&value.place, evidence).about(service.name));
            }
        }
    }
}

fn options(service: &Service<'_>, outside: &impl Fn(&Field<'_>) -> Option<Address>, sink: &mut Sink<'_>) {
    for key in RUN {
        let mut before = String::new();
        for (path, value) in service.below(key) {
            for word in command_words(&value.effective()) {
                let (name, operand) = match word.split_once('=') {
                    Some((name, operand)) if name.starts_with('-') => (name.to_owned(), operand),
                    _ => (core::mem::take(&mut before), word.as_str()),
                };
                let named = name.starts_with('-') && names_settings(name.trim_start_matches('-'));
                if named
                    && operand.contains("://")
                    && let Some(link) = outside(value)
                {
                    let evidence = format!("{} {path}: {name} {operand}", service.name);
                    sink.add(Note::fail(&value.place, evidence).about(link.host));
                }
                before = word;
            }
        }
    }
}

fn names_settings(name: &str) -> bool {
    words(name).iter().any(|word| SETTINGS.contains(&word.as_str()))
}
