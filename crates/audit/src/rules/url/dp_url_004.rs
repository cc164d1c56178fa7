//! Protects what is sent from being read and changed on the way.

use crate::facts::address::external;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-URL-004",
    title: "plaintext to a host outside the machine",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "use TLS: the host reads and changes what is sent in the clear",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for (service, path, value, link) in external(view) {
        if link.is_plaintext() {
            sink.add(
                Note::fail(&value.place, format!("{} {path}: {}", service.name, link.text)).about(link.host),
            );
        }
    }
}
