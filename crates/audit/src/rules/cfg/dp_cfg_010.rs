//! Protects ports that nobody meant to open.

use crate::facts::protection::{self, Protection};
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CFG-010",
    title: "no port policy",
    severity: Severity::Info,
    needs: &[Need::Manifest],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    if !view.manifest().is_some_and(|manifest| manifest.gateway_enabled()) {
        return;
    }
    match protection::port_policy(view) {
        Protection::Absent => {
            sink.add(Note::info(&view.place(), "port_policy is absent: the gateway forwards every port"));
        }
        Protection::Void(why) => sink.add(Note::info(&view.member("port_policy"), why)),
        Protection::Holds(how) => sink.add(Note::pass(&view.member("port_policy"), how)),
    }
}
