//! `is_valid` is never true where dstack-verifier's own would not be.

use crate::verified;
use veritee_model::{Check, CheckId, Outcome, Reason, Report, Step, TcbStatus, VerdictOutcome};
use veritee_server::{Answer, Claimed, Judged, answer};

fn of(report: Report) -> Answer {
    let claimed = Claimed { os_image_hash: Some("ab".repeat(32)), os_image_is_dev: Some(false) };
    answer(&Judged { report, claimed })
}

/// The report with one check otherwise.
fn with(id: CheckId, change: impl FnOnce(&mut Check)) -> Report {
    let mut report = verified();
    change(report.checks.iter_mut().find(|check| check.id == id).unwrap());
    report
}

fn decides(id: CheckId) -> bool {
    let of_step =
        matches!(id.step(), Step::Quote | Step::Platform | Step::EventLog) && id.required_by_default();
    of_step || matches!(id, CheckId::IdentityEvents | CheckId::OsMeasured)
}

#[test]
fn a_machine_of_which_everything_is_shown_is_valid_with_all_members() {
    let answer = of(verified());
    assert!(answer.is_valid && answer.reason.is_none());
    let app = answer.details.app_info.unwrap();
    assert_eq!(app.app_id, "3f2a91c03f2a91c03f2a91c03f2a91c03f2a91c0");
    assert_eq!(app.os_image_hash, "ab".repeat(32));
    let boot = answer.details.boot_info.unwrap();
    assert_eq!((boot.app_id, boot.tcb_status.as_str()), (app.app_id, "UpToDate"));
    assert_eq!(answer.details.report_data.unwrap().len(), 128);
}

#[test]
fn each_check_that_decides_has_to_be_made_and_to_pass() {
    let mut deciding = 0;
    for id in CheckId::ALL.iter().copied().filter(|id| decides(*id)) {
        deciding += 1;
        let not_made = of(with(id, |check| {
            check.outcome = Outcome::NotChecked;
            check.reason = Some(Reason::EarlierStepFailed);
        }));
        let failed = of(with(id, |check| {
            check.outcome = Outcome::Fail;
            check.reason = Some(Reason::QuoteMalformed);
        }));
        let mut absent = verified();
        absent.checks.retain(|check| check.id != id);
        for answer in [not_made, failed, of(absent)] {
            assert!(!answer.is_valid, "{id}");
            assert!(answer.details.boot_info.is_none(), "{id}");
            assert!(id != CheckId::OsMeasured || !answer.details.acpi_tables_verified, "{id}");
            let reason = answer.reason.unwrap();
            let opening = match id.step() {
                Step::Quote | Step::Platform => "Quote verification failed: ",
                Step::Os => "OS image hash verification failed: ",
                _ => "Event log verification failed: ",
            };
            // Order: quote, image, event log.
            assert!(reason.starts_with(opening), "{id}: {reason}");
        }
    }
    assert!(deciding >= 18, "{deciding}");
}

#[test]
fn a_waiver_of_what_dstack_verifier_refuses_itself_does_not_make_it_valid() {
    let steps = [Step::Quote, Step::EventLog];
    let own = |id: CheckId| steps.contains(&id.step()) && id.required_by_default();
    let others = [CheckId::PlatformTdAttributes, CheckId::IdentityEvents, CheckId::OsMeasured];
    for id in CheckId::ALL.iter().copied().filter(|id| own(*id) || others.contains(id)) {
        for outcome in [Outcome::Fail, Outcome::NotChecked] {
            let answer = of(with(id, |check| {
                check.outcome = outcome;
                check.reason = Some(Reason::TdDebug);
                check.waived = Some("for a test".to_owned());
            }));
            assert!(!answer.is_valid && answer.reason.is_some(), "{id} {outcome:?}");
        }
    }
    // What it does not ask, a policy may let pass.
    let old = of(with(CheckId::PlatformTcbStatus, |check| {
        check.outcome = Outcome::Fail;
        check.reason = Some(Reason::TcbOutOfDate);
        check.waived = Some("known".to_owned());
    }));
    assert!(old.is_valid, "{old:?}");
}

#[test]
fn another_root_and_a_revoked_platform_are_never_valid() {
    let mut report = verified();
    report.root.as_mut().unwrap().intel = false;
    let answer = of(report);
    assert!(!answer.is_valid && answer.reason.unwrap().contains("not Intel's"));
    let mut report = verified();
    report.root = None;
    assert!(!of(report).is_valid);
    let mut report = verified();
    report.tcb.as_mut().unwrap().status = TcbStatus::Revoked;
    assert!(!of(report).is_valid);
    let mut report = verified();
    report.tcb = None;
    assert!(!of(report).is_valid);
}

#[test]
fn what_the_policy_refuses_is_not_valid_and_keeps_its_status() {
    let mut report = with(CheckId::PlatformTcbStatus, |check| {
        *check = Check::fail(CheckId::PlatformTcbStatus, Reason::TcbOutOfDate, "TCB out of date");
    });
    report.tcb.as_mut().unwrap().status = TcbStatus::OutOfDate;
    report.verdict.outcome = VerdictOutcome::Refused;
    let answer = of(report);
    assert!(!answer.is_valid && !answer.details.quote_verified);
    assert_eq!(answer.details.tcb_status.as_deref(), Some("OutOfDate"));
    assert!(answer.details.event_log_verified && answer.details.app_info.is_some());
    let reason = answer.reason.unwrap();
    assert!(reason.contains("tcb-out-of-date"), "{reason}");
    // Whatever else speaks against it: a binding that contradicts, say.
    for outcome in [VerdictOutcome::NotGenuine, VerdictOutcome::Refused] {
        let mut report = verified();
        report.verdict.outcome = outcome;
        let answer = of(report);
        assert!(!answer.is_valid && answer.reason.is_some(), "{outcome:?}");
    }
    for outcome in [VerdictOutcome::Incomplete, VerdictOutcome::Findings] {
        let mut report = verified();
        report.verdict.outcome = outcome;
        assert!(of(report).is_valid, "an audit of the compose is not part of its question");
    }
}

#[test]
fn a_hash_that_nobody_compared_with_an_image_is_not_repeated() {
    let mut report = verified();
    for check in &mut report.checks {
        if matches!(check.id, CheckId::OsImage | CheckId::OsLite) {
            check.outcome = Outcome::NotChecked;
        }
    }
    let answer = of(report);
    assert!(answer.is_valid, "the registers are those that the policy pins");
    assert_eq!(answer.details.app_info.unwrap().os_image_hash, "");
    assert_eq!(answer.details.boot_info.unwrap().os_image_hash, "");
}

#[test]
fn nothing_of_a_quote_that_is_not_signed_is_repeated() {
    let answer = of(with(CheckId::QuoteSignature, |check| {
        *check = Check::fail(CheckId::QuoteSignature, Reason::QuoteSignature, "not signed by that key");
    }));
    let details = answer.details;
    assert!(details.report_data.is_none() && details.tcb_status.is_none() && details.app_info.is_none());
    assert!(details.tee_variant.is_none() && details.key_provider.is_none() && !details.event_log_verified);
}
