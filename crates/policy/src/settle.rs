//! Applying `require`, `[[waive]]` and `[[exception]]` once all checks are made.

use crate::{Exception, Policy};
use std::collections::{BTreeMap, BTreeSet};
use veritee_model::report::Notice;
use veritee_model::{Check, Fault, Kind, Outcome, Reason, UnixTime};

/// Checks as the policy leaves them, and its remarks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The checks.
    pub checks: Vec<Check>,
    /// Exceptions that have expired or matched nothing.
    pub notices: Vec<Notice>,
}

impl Policy {
    /// Marks which checks of a report of this kind are required and which are let pass.
    ///
    /// An entry that has expired at `as_of` is not applied. A check that failed for a reason of class "not genuine"
    /// is never let pass, and one that has several faults only when each of them is.
    #[must_use]
    pub fn settle(&self, kind: Kind, mut checks: Vec<Check>, as_of: UnixTime) -> Settled {
        let mut notices = Vec::new();
        let demands = self.demands(kind);
        for check in &mut checks {
            check.required = kind.requires(check.id) || demands.contains(&check.id);
        }
        for waiver in &self.waive {
            let what = format!("[[waive]] `{}`", waiver.check);
            if expired(waiver.expires, as_of, &what, &mut notices) {
                continue;
            }
            let mut matched = false;
            for check in checks.iter_mut().filter(|check| check.id == waiver.check) {
                if check.outcome == Outcome::NotChecked {
                    check.required = false;
                    check.waived.clone_from(&waiver.reason);
                    matched = true;
                }
            }
            unmatched(matched, &what, &mut notices);
        }
        let faults = faults_by_value(&checks);
        let mut touched = BTreeSet::new();
        for exception in &self.exception {
            let what = format!("[[exception]] `{}`", exception.code);
            if expired(exception.expires, as_of, &what, &mut notices) {
                continue;
            }
            let of_it = faults.get(&key(exception.code, exception.value.as_deref()));
            let mut matched = false;
            for at in of_it.into_iter().flatten().filter(|_| exception.code.is_waivable()) {
                let Some(check) = checks.get_mut(at.check) else { continue };
                if exception.check.is_none_or(|id| id == check.id) {
                    excuse(exception, check, at.fault);
                    touched.insert(at.check);
                    matched = true;
                }
            }
            unmatched(matched, &what, &mut notices);
        }
        // A check is let pass only when each of its faults is.
        for at in touched {
            if let Some(check) = checks.get_mut(at).filter(|check| !check.faults.is_empty()) {
                check.waived = excused(&check.faults);
            }
        }
        Settled { checks, notices }
    }
}

/// Where a fault stands: its check, and its place there; none for a check whose reason is its only fault.
struct At {
    check: usize,
    fault: Option<usize>,
}

/// Reason and value of a fault, as exceptions name them: a value in whatever case.
type Key = (&'static str, Option<String>);

fn key(reason: Reason, value: Option<&str>) -> Key {
    (reason.code(), value.map(str::to_ascii_lowercase))
}

/// The faults of what failed, by what an exception names: a policy may have as many exceptions as there are advisories.
fn faults_by_value(checks: &[Check]) -> BTreeMap<Key, Vec<At>> {
    let mut of: BTreeMap<Key, Vec<At>> = BTreeMap::new();
    for (number, check) in checks.iter().enumerate().filter(|(_, check)| check.outcome == Outcome::Fail) {
        if let (true, Some(reason)) = (check.faults.is_empty(), check.reason) {
            of.entry(key(reason, None)).or_default().push(At { check: number, fault: None });
        }
        for (place, fault) in check.faults.iter().enumerate() {
            let at = At { check: number, fault: Some(place) };
            of.entry(key(fault.reason, fault.value.as_deref())).or_default().push(at);
        }
    }
    of
}

/// Lets the fault pass that the exception names.
fn excuse(exception: &Exception, check: &mut Check, fault: Option<usize>) {
    match fault {
        None => check.waived.clone_from(&exception.reason),
        Some(place) => {
            if let Some(fault) = check.faults.get_mut(place) {
                fault.waived.clone_from(&exception.reason);
            }
        }
    }
}

/// The words for all faults, where none is left.
fn excused(faults: &[Fault]) -> Option<String> {
    let words: Option<Vec<&str>> = faults.iter().map(|fault| fault.waived.as_deref()).collect();
    let mut words = words?;
    words.dedup();
    Some(words.join("; "))
}

fn expired(expires: Option<UnixTime>, as_of: UnixTime, what: &str, notices: &mut Vec<Notice>) -> bool {
    let Some(expires) = expires.filter(|expires| *expires <= as_of) else { return false };
    notices.push(Notice {
        reason: Reason::PolicyExceptionExpired,
        detail: format!("{what} expired at {expires} and was not applied"),
        location: None,
    });
    true
}

fn unmatched(matched: bool, what: &str, notices: &mut Vec<Notice>) {
    if !matched {
        notices.push(Notice {
            reason: Reason::PolicyExceptionUnmatched,
            detail: format!("{what} matched nothing: drop it"),
            location: None,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Waiver;
    use veritee_model::CheckId;

    const NOW: UnixTime = UnixTime::from_seconds(1_773_532_800);

    fn exception(code: Reason, expires: Option<UnixTime>) -> Policy {
        let entry = Exception {
            code,
            value: None,
            check: None,
            reason: Some("until the firmware update in April".to_owned()),
            expires,
        };
        Policy { exception: vec![entry], ..Policy::default() }
    }

    #[test]
    fn exceptions_for_many_values_each_excuse_their_own_and_all_together_the_check() {
        let count = 20_000_u32;
        let name = |number: u32| format!("INTEL-SA-{number:05}");
        let entry = |number: u32| Exception {
            code: Reason::AdvisoryRefused,
            value: Some(name(number).to_ascii_lowercase()),
            check: None,
            reason: Some("looked at by our own people".to_owned()),
            expires: None,
        };
        let fault = |number| Fault {
            reason: Reason::AdvisoryRefused,
            value: Some(name(number)),
            detail: String::new(),
            waived: None,
        };
        let mut failed = Check::fail(CheckId::PlatformAdvisories, Reason::AdvisoryRefused, "");
        failed.faults = (0..count).map(fault).collect();
        for missing in [None, Some(7)] {
            let exception = (0..count).filter(|number| Some(*number) != missing).map(entry).collect();
            let policy = Policy { exception, ..Policy::default() };
            let settled = policy.settle(Kind::Machine, vec![failed.clone()], NOW);
            assert_eq!(settled.checks[0].waived.is_some(), missing.is_none());
            assert!(settled.notices.is_empty(), "{:?}", settled.notices.first());
        }
    }

    #[test]
    fn an_exception_lets_its_reason_pass_and_keeps_the_failure_visible() {
        let failed = Check::fail(CheckId::PlatformTcbStatus, Reason::TcbOutOfDate, "");
        let settled = exception(Reason::TcbOutOfDate, None).settle(Kind::Machine, vec![failed], NOW);
        assert_eq!(settled.checks[0].outcome, Outcome::Fail);
        assert!(settled.checks[0].waived.is_some());
        assert!(settled.notices.is_empty());
    }

    #[test]
    fn an_expired_exception_is_not_applied_and_said_so() {
        let failed = Check::fail(CheckId::PlatformTcbStatus, Reason::TcbOutOfDate, "");
        let settled = exception(Reason::TcbOutOfDate, Some(NOW)).settle(Kind::Machine, vec![failed], NOW);
        assert!(settled.checks[0].waived.is_none());
        assert_eq!(settled.notices[0].reason, Reason::PolicyExceptionExpired);
    }

    #[test]
    fn an_exception_that_matches_nothing_is_reported() {
        let settled = exception(Reason::TdDebug, None).settle(Kind::Machine, Vec::new(), NOW);
        assert_eq!(settled.notices[0].reason, Reason::PolicyExceptionUnmatched);
    }

    #[test]
    fn an_exception_made_without_the_reader_still_cannot_waive_what_is_not_genuine() {
        let failed = Check::fail(CheckId::EventLogRtmr3, Reason::RtmrMismatch, "");
        let settled = exception(Reason::RtmrMismatch, None).settle(Kind::Machine, vec![failed], NOW);
        assert!(settled.checks[0].waived.is_none());
    }

    #[test]
    fn waiving_a_check_does_not_touch_one_that_failed() {
        let waiver =
            Waiver { check: CheckId::OsMeasured, reason: Some("not published yet".into()), expires: None };
        let policy = Policy { waive: vec![waiver], ..Policy::default() };
        let failed = Check::fail(CheckId::OsMeasured, Reason::OsRegisterUnexpected, "");
        assert!(policy.settle(Kind::Machine, vec![failed], NOW).checks[0].waived.is_none());
        let open = Check::not_checked(CheckId::OsMeasured, Reason::OsNotMeasured, "");
        assert!(!policy.settle(Kind::Machine, vec![open], NOW).checks[0].required);
    }

    /// Adding an exception for one fault never changes what comes of a check that has another one too.
    #[test]
    fn an_exception_for_one_fault_lets_no_other_pass() {
        let faults = || {
            vec![
                Fault::new(Reason::TdDebug, ""),
                Fault::new(Reason::TdAttributesReserved, "").of(40),
                Fault::new(Reason::TdAttributesReserved, "").of(41),
                Fault::new(Reason::AdvisoryRefused, "").of("INTEL-SA-01999"),
            ]
        };
        let entry = |fault: &Fault| Exception {
            code: fault.reason,
            value: fault.value.clone(),
            check: None,
            reason: Some("until the firmware update in April".to_owned()),
            expires: None,
        };
        for left in 0..faults().len() {
            let mut some = faults();
            let other = some.remove(left);
            let policy = Policy { exception: some.iter().map(entry).collect(), ..Policy::default() };
            let judge = |faults| {
                let check = Check::failing(CheckId::PlatformTdAttributes, faults).unwrap();
                policy.settle(Kind::Machine, vec![check], NOW).checks.remove(0)
            };
            assert!(judge(some).waived.is_some());
            assert_eq!(judge(faults()).waived, None);
            assert_eq!(judge(vec![other]).waived, None);
        }
    }
}
