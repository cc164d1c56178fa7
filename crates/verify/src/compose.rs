//! Step 5: the app_compose is the measured one, is one document for all readers, and is what MRCONFIGID commits to.

use crate::memory::Compose;
use crate::run::Run;
use std::sync::Arc;
use veritee_eventlog::{AppIdentity, ConfigIdOutcome, config_id};
use veritee_model::report::IdentityFacts;
use veritee_model::{Check, CheckId, Reason};
use veritee_quote::VerifiedQuote;

pub(crate) fn check(
    run: &mut Run<'_>,
    verified: Option<&VerifiedQuote>,
    identity: Option<&AppIdentity>,
) -> Option<Arc<Compose>> {
    let identity = identity?;
    if let Some(facts) = run.identity.clone() {
        expected(run, &facts);
    }
    if let Some(td) = verified.and_then(VerifiedQuote::td) {
        let document = run.request.evidence.mr_config.as_ref().map(|item| item.bytes.as_slice());
        run.record(config_id_check(&config_id::check(&td.mr_config_id, identity, document)));
    }
    bind(run, identity)
}

fn expected(run: &mut Run<'_>, facts: &IdentityFacts) {
    run.record(veritee_policy::identity::judge_compose(run.request.policy, facts));
}

fn config_id_check(outcome: &ConfigIdOutcome) -> Check {
    let id = CheckId::ComposeConfigId;
    let Some(reason) = outcome.reason() else { return Check::pass(id, outcome.to_string()) };
    let check = Check::from_reason(id, reason, outcome.to_string());
    match outcome.compared() {
        Some((expected, got)) => check.compared(expected, got).at("MRCONFIGID"),
        None => check,
    }
}

fn bind(run: &mut Run<'_>, identity: &AppIdentity) -> Option<Arc<Compose>> {
    let Some(item) = &run.request.evidence.app_compose else {
        for id in [CheckId::ComposeHash, CheckId::ComposeDocument] {
            run.record(Check::not_checked(id, Reason::ComposeMissing, "no app_compose was given"));
        }
        return None;
    };
    let memory = run.request.grounds.memory();
    match memory.bind(&item.bytes, identity.compose_hash(), run.request.budget) {
        Ok(bound) => {
            let detail = format!("sha256 over {} bytes equals the measured compose hash", item.bytes.len());
            run.record(Check::pass(CheckId::ComposeHash, detail));
            run.record(match bound.bound.document() {
                Ok(_) => Check::pass(CheckId::ComposeDocument, "one JSON object, no duplicate keys, nothing after it"),
                Err(error) => Check::fail(CheckId::ComposeDocument, error.reason(), error.to_string())
                    .next("readers can differ about such a document: the operator has to deploy one that is plain JSON"),
            });
            Some(bound)
        }
        Err(error) => {
            let mut check = Check::fail(CheckId::ComposeHash, error.reason(), error.to_string())
                .compared(error.expected, error.got);
            check = check.next(match error.hint {
                Some(_) => "bring the exact bytes that were deployed: this file was re-written on its way",
                None => "this app_compose is not what the machine runs: fetch the one it was deployed with",
            });
            run.record(check);
            None
        }
    }
}
