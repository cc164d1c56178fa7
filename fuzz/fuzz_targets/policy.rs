//! Policy files: no panic, no loosening without a reason, and no policy that lets a forgery pass.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_model::{Check, CheckId, Class, Kind, Outcome, Reason, UnixTime, Verdict, VerdictOutcome};
use veritee_policy::Policy;

/// Every check failed for every reason that says "not genuine".
fn forged() -> Vec<Check> {
    let reasons = || Reason::ALL.iter().filter(|reason| reason.class() == Class::NotGenuine);
    CheckId::ALL.iter().flat_map(|id| reasons().map(|reason| Check::fail(*id, *reason, ""))).collect()
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let policy = match Policy::parse(text) {
        Ok(policy) => policy,
        Err(error) => {
            let shown = error.to_string();
            assert!(!shown.is_empty());
            return;
        }
    };
    assert_eq!(Policy::parse(text).as_ref(), Ok(&policy));
    let reason = |reason: &Option<String>| reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
    assert!(policy.waive.iter().all(|waiver| reason(&waiver.reason)));
    assert!(policy.exception.iter().all(|exception| reason(&exception.reason)));
    assert!(policy.audit.allow.iter().all(|allowed| reason(&allowed.reason)));
    assert!(policy.root.as_ref().is_none_or(|root| reason(&root.reason)));
    let exceptions = policy.waive.len() + policy.exception.len();
    assert!(policy.loosened().len() >= exceptions, "a loosening is not listed");

    let as_of = UnixTime::parse("2026-10-20T00:00:00Z").expect("a time");
    let settled = policy.settle(Kind::Machine, forged(), as_of);
    for check in &settled.checks {
        assert!(check.outcome == Outcome::Fail && check.waived.is_none(), "{} lets a forgery pass", check.id);
    }
    assert_eq!(
        Verdict::conclude(Kind::Machine, &settled.checks, &[], policy.audit.fail_on).outcome,
        VerdictOutcome::NotGenuine
    );
});
