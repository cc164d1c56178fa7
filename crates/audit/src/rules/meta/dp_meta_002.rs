//! Protects the public's view of what runs.

use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-META-002",
    title: "the application hides its compose",
    severity: Severity::High,
    needs: &[Need::Manifest],
    remedy: "set public_tcbinfo to true and publish the app_compose as it is",
    answers: &[Item::Readable.fails()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    if view.flag("public_tcbinfo") == Some(false) {
        let evidence = "public_tcbinfo: false (users cannot fetch what runs)";
        sink.add(Note::fail(&view.member("public_tcbinfo"), evidence));
    }
    let masked = view.text_of("docker_compose_file").is_some_and(|text| {
        let text = text.trim();
        text.is_empty() || text.eq_ignore_ascii_case("[MASKED]") || text.eq_ignore_ascii_case("[REDACTED]")
    });
    if masked {
        let evidence = "docker_compose_file is masked: such a document has never been measured";
        sink.add(Note::unknown(&view.member("docker_compose_file"), evidence));
    }
}
