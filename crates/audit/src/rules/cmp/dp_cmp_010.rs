//! Protects configs and secrets from coming out of something that nothing measures.

use crate::names::{NameClass, classify};
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-010",
    title: "a config or secret comes from outside the document",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "write configs inline; derive secrets inside the machine",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for (path, value) in &view.globals {
        let mut parts = path.split('.');
        let (Some(kind @ ("configs" | "secrets")), Some(_)) = (parts.next(), parts.next()) else { continue };
        let rest = path.rsplit('.').next().unwrap_or("");
        match rest {
            "environment" => {
                if value.provenance() == Provenance::Unset {
                    continue;
                }
                let name = value.raw.trim_start_matches('$');
                let severity = match classify(name) {
                    NameClass::Endpoint | NameClass::IdentityKey | NameClass::AdminCredential => {
                        Severity::High
                    }
                    _ => Severity::Medium,
                };
                sink.add(
                    Note::fail(&value.place, format!("{path}: {}", value.raw)).severity(severity).about(kind),
                );
            }
            "file" => sink.add(Note::fail(&value.place, format!("{path}: {}", value.raw)).about(kind)),
            "external" if value.says_true() => {
                sink.add(Note::fail(&value.place, format!("{path}: {}", value.raw)).about(kind));
            }
            _ => {}
        }
    }
}
