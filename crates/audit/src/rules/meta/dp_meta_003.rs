//! Protects against judging a document that no guest would run.

use crate::facts::protection::{self, Protection};
use crate::item::Item;
use crate::rule::{Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::{FaultKind, View};
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-META-003",
    title: "the document cannot be read as a dstack application",
    severity: Severity::High,
    needs: &[],
    remedy: "bring the app-compose.json that the machine booted with",
    answers: &[Item::Readable.fails()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for fault in view.faults.iter().filter(|fault| fault.kind == FaultKind::Unreadable) {
        let mut evidence = fault.what.clone();
        if is_doubly_escaped(view) {
            evidence.push_str(" (its line breaks are written out as backslash and n: it was escaped twice)");
        }
        sink.add(Note::unknown(&fault.place, evidence));
    }
    let Some(manifest) = view.manifest() else { return };
    for key in ["manifest_version", "name", "runner"] {
        if manifest.get(key).is_none() {
            sink.add(Note::unknown(&view.place(), format!("no {key}")).about(key));
        }
    }
    if let Protection::Void(why) = protection::launch_token(view) {
        let key = if view.get("launch_token_hash").is_some() { "launch_token_hash" } else { "requirements" };
        sink.add(Note::fail(&view.member(key), why).severity(Severity::Medium).about("launch token"));
    }
    version(view, sink);
    let bash = view.text_of("runner") == Some("bash");
    let has_workload = if bash { view.text_of("bash_script") } else { view.text_of("docker_compose_file") };
    if has_workload.is_none() {
        let key = if bash { "bash_script" } else { "docker_compose_file" };
        sink.add(Note::unknown(&view.place(), format!("no {key} as a text")).about(key));
    }
}

/// Versions up to 2 are numbers, later ones texts: a guest refuses what is written otherwise.
fn version(view: &View<'_>, sink: &mut Sink<'_>) {
    let Some(version) = view.get("manifest_version") else { return };
    let sound = match (version.as_number(), version.as_str()) {
        (Some(number), _) => matches!(number, "1" | "2"),
        (_, Some(text)) => text.parse::<u32>().is_ok_and(|number| number >= 1),
        _ => false,
    };
    if !sound {
        let evidence = format!("manifest_version {version}: 1 or 2 as a number, 3 and later as a text");
        let note = Note::unknown(&view.member("manifest_version"), evidence);
        sink.add(note.about("manifest_version"));
    }
}

fn is_doubly_escaped(view: &View<'_>) -> bool {
    view.text().is_some_and(|text| !text.contains('\n') && text.contains("\\n"))
}
