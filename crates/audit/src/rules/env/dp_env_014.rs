//! Protects a default in the document from being taken for what runs.

use crate::facts::outside::{Variable, describe, variables};
use crate::names::{NameClass, flag_severity};
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-014",
    title: "the default in the file can be replaced",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "write the value literally, or take the name out of allowed_envs",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for variable in variables(subject, Provenance::Operator) {
        let severity = variable.classes.iter().map(|class| severity(*class, &variable)).max();
        for used in &variable.uses {
            let Some(default) = used.reference.default.as_deref().filter(|default| !default.is_empty())
            else {
                continue;
            };
            let evidence = format!("{} (default `{default}`)", describe(used));
            let note = match severity.unwrap_or(Severity::Info) {
                Severity::Info => Note::info(&used.place, evidence),
                severity => Note::fail(&used.place, evidence).severity(severity),
            };
            sink.add(note.about(variable.name));
        }
    }
}

fn severity(class: NameClass, variable: &Variable<'_>) -> Severity {
    match class {
        NameClass::Endpoint => variable.endpoint_severity(),
        NameClass::IdentityKey
        | NameClass::AdminCredential
        | NameClass::Image
        | NameClass::Trust
        | NameClass::Code => Severity::High,
        NameClass::Flag => flag_severity(variable.name),
        NameClass::RuntimeHook => Severity::Critical,
        NameClass::ThirdPartyCredential
        | NameClass::Destination
        | NameClass::Registry
        | NameClass::RootAccess => Severity::Medium,
        NameClass::PublishableKey => Severity::Low,
        NameClass::Tuning | NameClass::Unknown => Severity::Info,
    }
}
