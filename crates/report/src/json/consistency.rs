//! Whether a saved report adds up under its own record of the policy.
//!
//! An edited report can always lie: nothing here makes its facts true. But leaving a check out, calling it optional,
//! waiving it without a line that says so, or passing it beside facts that say otherwise is told.

use veritee_model::report::{INTEL_ROOT_SPKI_SHA256, InlineAllowFact, loosened};
use veritee_model::{
    Check, CheckId, Class, Finding, FindingStatus, Kind, Outcome, Reason, Report, Severity, Stage, TcbStatus,
    TdAttributes, VerdictOutcome, converged, relaunched,
};

/// What does not fit, in words.
pub(super) fn fault(report: &Report) -> Option<String> {
    let ids: Vec<CheckId> = report.checks.iter().map(|check| check.id).collect();
    if ids != CheckId::ALL {
        return Some("the list of checks is not complete, once each and in order".to_owned());
    }
    report
        .checks
        .iter()
        .find_map(|check| of_check(report, check).map(|what| format!("{}: {what}", check.id)))
        .or_else(|| of_root(report))
        .or_else(|| of_tcb(report))
        .or_else(|| of_times(report))
        .or_else(|| of_td(report))
        .or_else(|| of_facts(report))
        .or_else(|| of_findings(report))
        .or_else(|| of_audit(report))
        .or_else(|| super::facts::fault(report))
}

fn of_check(report: &Report, check: &Check) -> Option<String> {
    if check.step != check.id.step() {
        return Some("stands under another step than its own".to_owned());
    }
    let said = check.reason.is_some() || !check.faults.is_empty() || check.waived.is_some();
    match check.outcome {
        Outcome::Pass if said => return Some("passed, and has a reason why it did not".to_owned()),
        Outcome::Fail | Outcome::NotChecked if check.reason.is_none() => {
            return Some("did not pass, and has no reason".to_owned());
        }
        Outcome::NotChecked if !check.faults.is_empty() => {
            return Some("was not made, and has faults".to_owned());
        }
        Outcome::NotChecked if check.reason.is_some_and(|reason| reason.class() != Class::Undecided) => {
            return Some("was not made, for a reason that only a check that was made gives".to_owned());
        }
        _ => {}
    }
    let demanded = report.kind.requires(check.id) || report.policy.demands.contains(&check.id);
    let excused = check.outcome == Outcome::NotChecked && check.waived.is_some();
    if check.required != (demanded && !excused) {
        let words = if check.required { "required" } else { "not required" };
        return Some(format!("is called {words}, which the policy's record does not say"));
    }
    of_waiver(report, check)
}

/// Each waiver stands in the policy's record, with its words.
fn of_waiver(report: &Report, check: &Check) -> Option<String> {
    let listed = |line: &str| report.policy.loosened.iter().any(|known| known == line);
    let excepted = |reason: Option<Reason>, value: Option<&str>, words: &str| {
        reason.filter(|reason| reason.is_waivable()).is_some_and(|reason| {
            [None, Some(check.id)]
                .into_iter()
                .any(|place| listed(&loosened::exception(reason, value, place, words)))
        })
    };
    let fault = check.faults.iter().find(|fault| {
        let words = fault.waived.as_deref();
        words.is_some_and(|words| !excepted(Some(fault.reason), fault.value.as_deref(), words))
    });
    let rests = match (&check.waived, check.outcome) {
        (None, _) => fault.is_none(),
        (Some(words), Outcome::NotChecked) => {
            check.id.is_waivable() && listed(&loosened::waiver(check.id, words))
        }
        (Some(words), _) if check.faults.is_empty() => excepted(check.reason, None, words),
        (Some(_), _) => fault.is_none() && check.faults.iter().all(|fault| fault.waived.is_some()),
    };
    (!rests).then(|| "is waived, which the policy's record does not say".to_owned())
}

fn of_root(report: &Report) -> Option<String> {
    let passed = outcome(report, CheckId::PlatformRoot) == Some(Outcome::Pass);
    let Some(root) = &report.root else {
        // Documents rest on none, GPUs alone on NVIDIA's, which their check names.
        let without = matches!(report.kind, Kind::Documents | Kind::Gpus);
        return (!without).then(|| "there is no trust root".to_owned());
    };
    if root.intel != (root.spki_sha256 == INTEL_ROOT_SPKI_SHA256) {
        return Some("the root's key does not say whether it is Intel's as the report does".to_owned());
    }
    let line = loosened::root(&root.spki_sha256);
    let named = report.policy.loosened.iter().any(|known| known.starts_with(&line));
    (passed && !root.intel && !named)
        .then(|| "platform.root passed under a root that the policy's record does not name".to_owned())
}

fn of_tcb(report: &Report) -> Option<String> {
    let judged = |id| outcome(report, id).is_some_and(|outcome| outcome != Outcome::NotChecked);
    let Some(tcb) = &report.tcb else {
        let without = judged(CheckId::PlatformTcbStatus) || judged(CheckId::PlatformAdvisories);
        return without.then(|| "the platform was judged, and there is no TCB".to_owned());
    };
    let listed = |opening, word: &str| lists(report, opening, word);
    // Which status the parts come to is Intel's to say. What the TD had at launch is told of the parts, and what the
    // platform has since is not: "relaunch advised" fits where some status since gives it.
    let module = tcb.module.unwrap_or(TcbStatus::UpToDate);
    let launch = converged(converged(tcb.platform, tcb.qe), module);
    if !TcbStatus::ALL.into_iter().any(|since| relaunched(launch, since) == tcb.status) {
        return Some(format!("the TCB's parts come to {launch}, and its status is {}", tcb.status));
    }
    let accepted =
        Reason::of_tcb_status(tcb.status).is_none() || listed(loosened::STATUSES, tcb.status.name());
    let passed = |id| outcome(report, id) == Some(Outcome::Pass);
    if passed(CheckId::PlatformTcbStatus) && !accepted {
        return Some(format!("platform.tcb-status passed, and the status is {}", tcb.status));
    }
    let others = report.policy.loosened.iter().any(|line| line.starts_with(loosened::OTHER_ADVISORIES));
    let refused = tcb.advisories.iter().find(|advisory| !others && !listed(loosened::ADVISORIES, advisory));
    match refused {
        Some(advisory) if passed(CheckId::PlatformAdvisories) => {
            Some(format!("platform.advisories passed, and {} applies", veritee_model::text::inert(advisory)))
        }
        _ => None,
    }
}

/// Whether the policy's record has a line with this opening that names the word.
fn lists(report: &Report, opening: &str, word: &str) -> bool {
    report.policy.loosened.iter().filter_map(|line| line.strip_prefix(opening)).any(|rest| {
        let names = rest.split_once(": ").map_or(rest, |(names, _)| names);
        names.split(", ").any(|name| name == word)
    })
}

fn opens(report: &Report, opening: &str) -> bool {
    report.policy.loosened.iter().any(|line| line.starts_with(opening))
}

/// The time of the verdict and the dates of the collateral.
fn of_times(report: &Report) -> Option<String> {
    let tcb = report.tcb.as_ref()?;
    let in_force = |id| outcome(report, id) == Some(Outcome::Pass);
    if !in_force(CheckId::QuoteCollateral) || !in_force(CheckId::QuoteCertificates) {
        return None;
    }
    if tcb.collateral_issued > report.as_of {
        let (issued, as_of) = (tcb.collateral_issued, report.as_of);
        return Some(format!("the collateral was issued at {issued}, and the verdict is as of {as_of}"));
    }
    (report.as_of > tcb.collateral_expires && !opens(report, loosened::EXPIRED)).then(|| {
        let (expires, as_of) = (tcb.collateral_expires, report.as_of);
        format!("the collateral expires at {expires}, and the verdict is as of {as_of}")
    })
}

/// What the quote says of the TD beside the check of it.
fn of_td(report: &Report) -> Option<String> {
    let quote = report.quote.as_ref()?;
    if outcome(report, CheckId::PlatformTdAttributes) != Some(Outcome::Pass) {
        return None;
    }
    let let_pass = |bit| match bit {
        0 => lists(report, loosened::TD, "Debug"),
        4..=6 => lists(report, loosened::TD, "Profiling"),
        17 => lists(report, loosened::TD, "ServiceTd"),
        TdAttributes::SEPT_VE_DISABLE => lists(report, loosened::TD, "SeptVeDisableOff"),
        29 => lists(report, loosened::TD, "Migratable"),
        _ => false,
    };
    if let Some(bit) = quote.td_attributes.open_bits().find(|bit| !let_pass(*bit)) {
        return Some(format!(
            "platform.td-attributes passed, and TDATTRIBUTES are {}: bit {bit}",
            quote.td_attributes
        ));
    }
    let bound = quote.mr_service_td.as_ref().is_some_and(|td| td.as_bytes().iter().any(|byte| *byte != 0));
    if bound && !let_pass(17) {
        return Some("platform.td-attributes passed, and a service TD is bound".to_owned());
    }
    (!quote.xfam.can_start()).then(|| format!("platform.td-attributes passed, and XFAM is {}", quote.xfam))
}

/// Each finding that is let pass is so by words of the policy's record, of the review, or of a comment that the policy
/// honours.
fn of_findings(report: &Report) -> Option<String> {
    let fault = report.findings.iter().find(|finding| {
        let rests = |words: &str| finding_rests(report, finding, words);
        let spots = || finding.places.iter().map(|spot| spot.allowed.as_deref());
        // Where each place is allowed by words of its own, those of the finding are theirs, and no others.
        let by_places = |said: &str| {
            let mut words: Vec<&str> = spots().flatten().collect();
            words.dedup();
            let all = !finding.places.is_empty() && spots().all(|words| words.is_some_and(rests));
            all && said == words.join("; ")
        };
        finding.allowed.as_deref().is_some_and(|words| !rests(words) && !by_places(words))
            || spots().flatten().any(|words| !rests(words))
    })?;
    let rule = veritee_model::text::inert(&fault.rule);
    Some(format!("a finding of {rule} is let pass, which the policy's record does not say"))
}

fn finding_rests(report: &Report, finding: &Finding, words: &str) -> bool {
    if report.policy.loosened.iter().any(|line| *line == loosened::finding(&finding.rule, words)) {
        return true;
    }
    let Some(audit) = &report.audit else { return false };
    if let Some(reason) = words.strip_prefix("inline: ") {
        let comment =
            |allow: &InlineAllowFact| allow.applied && allow.rule == finding.rule && allow.reason == reason;
        return opens(report, loosened::INLINE) && audit.inline_allows.iter().any(comment);
    }
    let proven = matches!(finding.status, FindingStatus::Fail | FindingStatus::Warn);
    let by = audit.review.as_ref().map(|review| format!("reviewed by {}: ", review.reviewer));
    !proven && by.is_some_and(|opening| words.starts_with(&opening))
}

fn of_facts(report: &Report) -> Option<String> {
    let passed = |id| outcome(report, id) == Some(Outcome::Pass);
    if passed(CheckId::IdentityEvents) && report.identity.is_none() {
        return Some("identity.events passed, and there is no identity".to_owned());
    }
    if passed(CheckId::QuoteTcbLevel) && report.tcb.is_none() {
        return Some("quote.tcb-level passed, and there is no TCB".to_owned());
    }
    let threshold = format!("{}{}: ", loosened::THRESHOLD, report.policy.fail_on);
    let told = report.policy.loosened.iter().any(|line| line.starts_with(&threshold));
    (report.policy.fail_on > Severity::High && !told).then(|| {
        "findings do not count that count by default, and the policy's record does not say so".to_owned()
    })
}

fn of_audit(report: &Report) -> Option<String> {
    let passed = outcome(report, CheckId::AuditRules) == Some(Outcome::Pass);
    if report.audit.is_some() != passed {
        return Some("audit.rules and the audit's own part do not fit".to_owned());
    }
    let attested = report.audit.as_ref().map(|audit| audit.attested);
    if attested == Some(true) && report.kind == Kind::Documents {
        return Some("whether the documents are attested does not fit what was judged".to_owned());
    }
    let reviewed = matches!(report.stage, Stage::Reviewed { .. });
    let of_kind = [(Stage::NotAsked, Kind::Quote), (Stage::GpusOnly, Kind::Gpus)];
    if of_kind.iter().any(|(stage, kind)| (report.stage == *stage) != (report.kind == *kind)) {
        return Some("the DevProof line does not fit what was judged".to_owned());
    }
    let whole = report.verdict.outcome == VerdictOutcome::Verified
        && report.audit.as_ref().is_some_and(|audit| audit.review.is_some());
    (reviewed && !whole).then(|| "Stage 1 without a verified machine and a review".to_owned())
}

pub(super) fn outcome(report: &Report, id: CheckId) -> Option<Outcome> {
    report.checks.iter().find(|check| check.id == id).map(|check| check.outcome)
}
