//! Applying `require`, `[[waive]]` and `[[exception]]` once all checks are made.

use crate::{Exception, Policy};
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
        for exception in &self.exception {
            let what = format!("[[exception]] `{}`", exception.code);
            if expired(exception.expires, as_of, &what, &mut notices) {
                continue;
            }
            let mut matched = false;
            for check in checks.iter_mut().filter(|check| check.outcome == Outcome::Fail) {
                if exception.check.is_none_or(|id| id == check.id) {
                    matched |= excuse(exception, check);
                }
            }
            unmatched(matched, &what, &mut notices);
        }
        Settled { checks, notices }
    }
}

/// Lets the fault pass that the exception names; the check only when none is left.
fn excuse(exception: &Exception, check: &mut Check) -> bool {
    if !exception.code.is_waivable() {
        return false;
    }
    if check.faults.is_empty() {
        let same = check.reason == Some(exception.code) && exception.value.is_none();
        if same {
            check.waived.clone_from(&exception.reason);
        }
        return same;
    }
    let same_value = |value: &Option<String>| match (value, &exception.value) {
        (Some(value), Some(named)) => value.eq_ignore_ascii_case(named),
        (value, named) => value == named,
    };
    let mut matched = false;
    for fault in &mut check.faults {
        if fault.reason == exception.code && same_value(&fault.value) {
            fault.waived.clone_from(&exception.reason);
            matched = true;
        }
    }
    check.waived = excused(&check.faults);
    matched
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
