//! Protects users from a platform that lets every gateway in.

use crate::facts::chain::{contracts, place};
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-KMS-006",
    title: "the KMS takes every gateway",
    severity: Severity::High,
    needs: &[Need::Chain],
    remedy: "set the app id of the platform's own gateway in the registry",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(contracts) = contracts(subject) else { return };
    let place = place("gateway");
    if contracts.any_gateway {
        let words = format!("gatewayAppId of {} is \"any\"", contracts.registry);
        sink.add(Note::fail(&place, words));
    } else {
        sink.add(Note::pass(&place, format!("{} names one gateway", contracts.registry)));
    }
}
