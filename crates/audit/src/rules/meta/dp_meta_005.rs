//! Protects against a runner that starts something else than the compose file.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-META-005",
    title: "the runner is not docker-compose",
    severity: Severity::High,
    needs: &[Need::Manifest],
    remedy: "use runner docker-compose with images pinned by digest",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let place = view.member("runner");
    match view.text_of("runner") {
        None | Some("docker-compose") => {}
        Some("bash") => sink.add(Note::fail(&place, "runner: bash (bash_script is the application)")),
        Some("nerdctl-compose") => {
            let snapshotter = view.text_of("snapshotter").unwrap_or("overlayfs");
            sink.add(Note::info(&place, format!("runner: nerdctl-compose, snapshotter: {snapshotter}")));
        }
        Some(other) => sink.add(Note::unknown(&place, format!("runner: {other}"))),
    }
}
