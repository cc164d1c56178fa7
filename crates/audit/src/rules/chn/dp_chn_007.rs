//! Protects users from platforms that nobody chose.

use crate::facts::chain::{app, place};
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CHN-007",
    title: "any device or an outdated TCB is accepted",
    severity: Severity::Medium,
    needs: &[Need::Chain],
    remedy: "list the devices, and call setRequireTcbUpToDate(true)",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(app) = app(subject) else { return };
    if app.any_device {
        let words = format!("{} accepts any device", app.address);
        sink.add(Note::warn(&place("devices"), words).severity(Severity::Low));
    }
    if !app.tcb_up_to_date {
        let words = format!("{} accepts machines whose TCB is out of date", app.address);
        sink.add(Note::fail(&place("tcb"), words));
    }
    if !app.any_device && app.tcb_up_to_date {
        sink.add(Note::pass(&place("tcb"), "only listed devices with an up-to-date TCB are accepted"));
    }
}
