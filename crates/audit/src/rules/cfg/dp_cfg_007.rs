//! Protects everything that depends on the time from the host that would set it.

use crate::pattern::pattern;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CFG-007",
    title: "the host sets the clock",
    severity: Severity::Low,
    needs: &[Need::Manifest],
    remedy: "set secure_time to true",
    check,
    ..Rule::PLAIN
};

pattern!(
    TIME,
    r"(?i)timelock|time_lock|expir|deadline|vesting|notice_period|DELAY",
    ["timelock", "time_lock", "expir", "deadline", "vesting", "notice_period", "delay"]
);

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    if view.flag("secure_time") == Some(false) {
        let timed = view.active().flat_map(|service| &service.environment).any(|entry| {
            let name = entry.name.to_ascii_uppercase();
            name.contains("TIMELOCK")
                || name.contains("EXPIR")
                || name.contains("DEADLINE")
                || TIME.is_match(&name) && name.contains("LOCK")
        });
        let severity = if timed { Severity::Medium } else { Severity::Low };
        sink.add(Note::fail(&view.member("secure_time"), "secure_time: false").severity(severity));
    }
}
