//! Protects users from a contract that only looks like dstack's.

use crate::chain::Code;
use crate::facts::chain::{app, contracts, place};
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CHN-006",
    title: "the source of a contract's code is not known",
    severity: Severity::Medium,
    needs: &[Need::Chain],
    remedy: "build the contract from a released source, publish which, and compare the hash of the code",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(contracts) = contracts(subject) else { return };
    judge("registry.code", &contracts.registry, &contracts.registry_code, sink);
    if let Some(app) = app(subject) {
        judge("contract.code", &app.address, &app.code, sink);
    }
}

fn judge(path: &str, address: &str, code: &Code, sink: &mut Sink<'_>) {
    let place = place(path);
    match &code.source {
        Some(source) => sink.add(Note::pass(&place, format!("{address} runs {source}"))),
        None => sink.add(Note::fail(
            &place,
            format!("{address} runs code with the hash {}, which no known release builds to", code.hash),
        )),
    }
}
