//! Step 2: a genuine quote's platform against the policy.

use crate::{Others, Policy, TdLeniency};
use veritee_model::text::inert;
use veritee_model::{Check, CheckId, Reason, UnixTime};
use veritee_quote::error::Source;
use veritee_quote::quote::Body;
use veritee_quote::td_attributes::{self, TdAttributeFault};
use veritee_quote::{Tcb, TcbStatus, TdReport, VerifiedQuote};

const SECONDS_PER_DAY: u64 = 86_400;

/// All checks of step 2. The quote is genuine; nothing here can make it so, and nothing here is waived yet.
#[must_use]
pub fn judge(policy: &Policy, verified: &VerifiedQuote) -> Vec<Check> {
    vec![
        root(policy, verified),
        status(policy, verified.tcb()),
        advisories(policy, verified.tcb()),
        evaluation(policy, verified.tcb()),
        age(policy, verified),
        td(policy, verified),
        fmspc(policy, verified),
    ]
}

fn root(policy: &Policy, verified: &VerifiedQuote) -> Check {
    let id = CheckId::PlatformRoot;
    let root = verified.root();
    match &policy.root {
        None if root.is_intel() => Check::pass(id, "Intel SGX Root CA"),
        None => Check::fail(id, Reason::RootNotAccepted, "the policy names no root but Intel's")
            .compared("Intel SGX Root CA", inert(&root.name()))
            .next("drop --root, or name the root under [root] if this is a test"),
        Some(wanted) if wanted.spki_sha256 == root.spki_sha256() => {
            Check::pass(id, format!("{}, as the policy names it", inert(&root.name())))
        }
        Some(wanted) => {
            Check::fail(id, Reason::RootNotAccepted, "the policy names another root than the one used")
                .compared(wanted.spki_sha256, root.spki_sha256())
                .next("give the root that the policy names with --root")
        }
    }
}

fn status(policy: &Policy, tcb: &Tcb) -> Check {
    let id = CheckId::PlatformTcbStatus;
    let status = tcb.status;
    let accepted = policy.tcb.accept.as_slice();
    if accepted.contains(&status) {
        return current(tcb, accepted)
            .unwrap_or_else(|| Check::pass(id, format!("{status}, TCB of {}", day(tcb.date))));
    }
    let launch = &tcb.launch;
    let mut parts = vec![format!("platform {}", launch.platform.status)];
    if let Some(module) = &launch.tdx_module {
        parts.push(format!("TDX module {}", module.status));
    }
    parts.push(format!("quoting enclave {}", launch.quoting_enclave.status));
    let short: Vec<String> = tcb.shortfalls.iter().map(ToString::to_string).collect();
    let short =
        if short.is_empty() { String::new() } else { format!("; short of UpToDate: {}", short.join(", ")) };
    let reason = Reason::of_tcb_status(status).unwrap_or(Reason::TcbNotSupported);
    Check::fail(id, reason, format!("{status} since {} ({}){short}", day(tcb.date), parts.join(", ")))
        .compared(any_of(accepted), status)
        .next("ask the operator for the BIOS, microcode or TDX module update that Intel's advisories name")
}

/// Intel's relaunch table keeps the status of the launch when the TCB has become worse since. A relying party's secrets
/// go to the machine as it is now, so the status now has to be accepted too.
fn current(tcb: &Tcb, accepted: &[TcbStatus]) -> Option<Check> {
    // "Relaunch advised" already speaks of the status now.
    if tcb.status != tcb.launch.status {
        return None;
    }
    let current = tcb.current.as_ref()?.status;
    let reason = Reason::of_tcb_status(current).filter(|_| !accepted.contains(&current))?;
    let detail = format!("{} at launch, but {current} now (TEE_TCB_SVN2)", tcb.launch.status);
    let check = Check::fail(CheckId::PlatformTcbStatus, reason, detail);
    Some(check.compared(any_of(accepted), current).next("ask the operator why the TDX module was changed"))
}

fn advisories(policy: &Policy, tcb: &Tcb) -> Check {
    let id = CheckId::PlatformAdvisories;
    let rules = &policy.advisories;
    let named = |list: &[String], advisory: &str| list.iter().any(|entry| entry == advisory);
    let refused: Vec<&str> = tcb
        .advisories
        .iter()
        .map(String::as_str)
        .filter(|advisory| {
            named(&rules.refuse, advisory)
                || (rules.others == Others::Refuse && !named(&rules.allow, advisory))
        })
        .collect();
    if !refused.is_empty() {
        return Check::fail(
            id,
            Reason::AdvisoryRefused,
            format!("{} apply: {}", refused.len(), refused.join(", ")),
        )
        .compared("none but those that the policy allows", refused.join(", "))
        .next("read each advisory at Intel's security center; allow what you accept under [advisories]");
    }
    if tcb.advisories.is_empty() {
        return Check::pass(id, "none apply");
    }
    Check::pass(id, format!("allowed by the policy: {}", tcb.advisories.join(", ")))
}

fn evaluation(policy: &Policy, tcb: &Tcb) -> Check {
    let id = CheckId::PlatformEvaluationNumber;
    let got = tcb.evaluation_number();
    if let Some(minimum) = policy.tcb.minimum_evaluation_number.filter(|minimum| got < *minimum) {
        return Check::fail(
            id,
            Reason::EvaluationNumberTooLow,
            "the collateral is of an older TCB evaluation",
        )
        .compared(format!("at least {minimum}"), got)
        .next("fetch newer collateral: older evaluations do not know of newer attacks");
    }
    if let Some(minimum) = policy.tcb.minimum_date.filter(|minimum| tcb.date < *minimum) {
        return Check::fail(id, Reason::TcbDateTooOld, "the TCB levels that matched are older than allowed")
            .compared(format!("at least {}", day(minimum)), day(tcb.date));
    }
    let words = if policy.tcb.minimum_evaluation_number.is_some() || policy.tcb.minimum_date.is_some() {
        "as recent as the policy asks"
    } else {
        "the policy sets no minimum"
    };
    Check::pass(id, format!("evaluation {got}, TCB of {}; {words}", day(tcb.date)))
}

fn age(policy: &Policy, verified: &VerifiedQuote) -> Check {
    let id = CheckId::PlatformCollateralAge;
    let facts = verified.collateral();
    let limits = &policy.collateral.max_age_days;
    let rules = [
        (Source::TcbInfo, limits.tcb_info),
        (Source::QeIdentity, limits.qe_identity),
        (Source::PckCrl, limits.pck_crl),
        (Source::RootCaCrl, limits.root_ca_crl),
    ];
    for (source, limit) in rules {
        let (Some(limit), Some(dates)) = (limit, facts.dates(source)) else { continue };
        let days = verified.as_of().since(dates.issued).checked_div(SECONDS_PER_DAY).unwrap_or(0);
        if days > u64::from(limit) {
            return Check::fail(
                id,
                Reason::CollateralTooOld,
                format!("{} is {days} days old", source.name()),
            )
            .compared(format!("at most {limit} days"), format!("{days} days"))
            .at(source.name())
            .next("fetch newer collateral");
        }
    }
    if !facts.expired.is_empty() {
        let list: Vec<String> = facts
            .expired
            .iter()
            .map(|item| format!("{} on {}", item.source.name(), day(item.until)))
            .collect();
        return Check::pass(id, format!("EXPIRED and let pass by the policy: {}", list.join(", ")));
    }
    let first =
        facts.earliest_expiration().map_or_else(String::new, |time| format!(", first expires {}", day(time)));
    Check::pass(id, format!("in force{first}"))
}

fn td(policy: &Policy, verified: &VerifiedQuote) -> Check {
    let id = CheckId::PlatformTdAttributes;
    let Some(td) = verified.td() else {
        return enclave(policy, verified);
    };
    let (allowed, refused): (Vec<TdAttributeFault>, Vec<TdAttributeFault>) =
        td_attributes::examine(td).into_iter().partition(|fault| is_allowed(policy, fault));
    if let Some(first) = gravest(&refused) {
        let all: Vec<String> = refused.iter().map(ToString::to_string).collect();
        return Check::fail(id, first.reason(), all.join(", "))
            .compared("a TD closed to its host", format!("TDATTRIBUTES {}", td.td_attributes))
            .at("TDATTRIBUTES")
            .next("do not hand secrets to this machine: its host or operator can reach into it");
    }
    if let Some(check) = exact(policy, td) {
        return check;
    }
    if allowed.is_empty() {
        return Check::pass(id, "no debugging, no profiling, no service TD, SEPT_VE_DISABLE set");
    }
    let words: Vec<String> = allowed.iter().map(ToString::to_string).collect();
    Check::pass(id, format!("let pass by the policy: {}", words.join(", ")))
}

/// An enclave has no TD attributes: what of this check applies to one is that nobody can look into it. That an enclave is
/// no dstack machine is not asked here.
fn enclave(policy: &Policy, verified: &VerifiedQuote) -> Check {
    let id = CheckId::PlatformTdAttributes;
    let Body::Sgx(report) = verified.body() else {
        return Check::fail(id, Reason::QuoteNotTdx, "the quote is of neither a TD nor an enclave");
    };
    if policy.td.attributes.is_some() || policy.td.xfam.is_some() {
        let detail = "the policy names TDATTRIBUTES or XFAM, which the quote of an SGX enclave does not have";
        return Check::fail(id, Reason::PolicyClaimAbsent, detail);
    }
    if report.is_debug() && !policy.td.allow.contains(&TdLeniency::Debug) {
        return Check::fail(id, Reason::TdDebug, "the enclave runs in debug mode").at("ATTRIBUTES");
    }
    Check::pass(id, format!("an SGX enclave, which has no TD attributes: MRENCLAVE {}", report.mr_enclave))
}

/// A debug TD has no secrets at all; that is said before anything else.
fn gravest(faults: &[TdAttributeFault]) -> Option<&TdAttributeFault> {
    faults.iter().find(|fault| matches!(fault, TdAttributeFault::Debug)).or_else(|| faults.first())
}

fn is_allowed(policy: &Policy, fault: &TdAttributeFault) -> bool {
    let wanted = match fault {
        TdAttributeFault::Debug => TdLeniency::Debug,
        TdAttributeFault::Profiling { .. } => TdLeniency::Profiling,
        TdAttributeFault::Migratable => TdLeniency::Migratable,
        TdAttributeFault::ServiceTd | TdAttributeFault::ServiceTdExtension => TdLeniency::ServiceTd,
        TdAttributeFault::SeptVeDisableMissing => TdLeniency::SeptVeDisableOff,
        // Reserved bits mean something that nobody here knows.
        _ => return false,
    };
    policy.td.allow.contains(&wanted)
}

fn exact(policy: &Policy, td: &TdReport) -> Option<Check> {
    let id = CheckId::PlatformTdAttributes;
    if let Some(wanted) = policy.td.attributes.filter(|wanted| *wanted != td.td_attributes) {
        let detail = "TDATTRIBUTES are not the value that the policy names";
        return Some(
            Check::fail(id, Reason::TdAttributesRefused, detail)
                .compared(wanted, td.td_attributes)
                .at("TDATTRIBUTES"),
        );
    }
    let wanted = policy.td.xfam.filter(|wanted| *wanted != td.xfam)?;
    let detail = "XFAM is not the value that the policy names";
    Some(Check::fail(id, Reason::TdAttributesRefused, detail).compared(wanted, td.xfam).at("XFAM"))
}

fn fmspc(policy: &Policy, verified: &VerifiedQuote) -> Check {
    let id = CheckId::PlatformFmspc;
    let got = verified.platform().fmspc;
    let expected = &policy.expect.fmspc;
    if expected.is_empty() {
        return Check::pass(id, format!("{got}; the policy names none"));
    }
    if expected.contains(&got) {
        return Check::pass(id, format!("{got}, as the policy names it"));
    }
    Check::fail(id, Reason::FmspcRefused, "the processor family is none that the policy names")
        .compared(any_of(expected), got)
}

fn any_of(values: &[impl ToString]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

fn day(time: UnixTime) -> String {
    time.to_string().chars().take(10).collect()
}
