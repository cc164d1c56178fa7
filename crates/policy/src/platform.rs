//! Step 2: a genuine quote's platform against the policy.

use crate::{Others, Policy, TdLeniency};
use veritee_model::text::inert;
use veritee_model::{Check, CheckId, Fault, Reason, Sha256Digest, TdAttributes, UnixTime};
use veritee_quote::error::Source;
use veritee_quote::quote::{Body, EnclaveReport};
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
    let mut faults = Vec::new();
    if !accepted.contains(&status) {
        let reason = Reason::of_tcb_status(status).unwrap_or(Reason::TcbNotSupported);
        faults.push(Fault::new(reason, merged(tcb)));
    }
    faults.extend(current(tcb, accepted));
    let got = faults.first().map_or(status, |_| if accepted.contains(&status) { now(tcb) } else { status });
    match Check::failing(id, faults) {
        None => Check::pass(id, format!("{status}, TCB of {}", day(tcb.date))),
        Some(check) => check.compared(any_of(accepted), got).next(if accepted.contains(&status) {
            "ask the operator why the TDX module was changed"
        } else {
            "ask the operator for the BIOS, microcode or TDX module update that Intel's advisories name"
        }),
    }
}

fn now(tcb: &Tcb) -> TcbStatus {
    tcb.current.as_ref().map_or(tcb.status, |current| current.status)
}

fn merged(tcb: &Tcb) -> String {
    let launch = &tcb.launch;
    let mut parts = vec![format!("platform {}", launch.platform.status)];
    if let Some(module) = &launch.tdx_module {
        parts.push(format!("TDX module {}", module.status));
    }
    parts.push(format!("quoting enclave {}", launch.quoting_enclave.status));
    let short: Vec<String> = tcb.shortfalls.iter().map(ToString::to_string).collect();
    let short =
        if short.is_empty() { String::new() } else { format!("; short of UpToDate: {}", short.join(", ")) };
    format!("{} since {} ({}){short}", tcb.status, day(tcb.date), parts.join(", "))
}

/// Intel's relaunch table keeps the status of the launch when the TCB has become worse since. A relying party's secrets
/// go to the machine as it is now, so the status now has to be accepted too.
fn current(tcb: &Tcb, accepted: &[TcbStatus]) -> Option<Fault> {
    // "Relaunch advised" already speaks of the status now.
    if tcb.status != tcb.launch.status {
        return None;
    }
    let current = tcb.current.as_ref()?.status;
    // The same status twice is one fault.
    let reason =
        Reason::of_tcb_status(current).filter(|_| !accepted.contains(&current) && current != tcb.status)?;
    Some(Fault::new(reason, format!("{} at launch, but {current} now (TEE_TCB_SVN2)", tcb.launch.status)))
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
                // One that is written in another way than Intel's may be one of those that are refused.
                || (!rules.refuse.is_empty() && !crate::words::is_advisory(advisory))
                || (rules.others == Others::Refuse && !named(&rules.allow, advisory))
        })
        .collect();
    if !refused.is_empty() {
        let mut check = Check::fail(
            id,
            Reason::AdvisoryRefused,
            format!("{} apply: {}", refused.len(), refused.join(", ")),
        );
        let fault = |advisory: &&str| Fault::new(Reason::AdvisoryRefused, *advisory).of(advisory);
        check.faults = refused.iter().map(fault).collect();
        return check
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
    let mut faults = Vec::new();
    let mut compared = Vec::new();
    if let Some(minimum) = policy.tcb.minimum_evaluation_number.filter(|minimum| got < *minimum) {
        let detail = "the collateral is of an older TCB evaluation";
        faults.push(Fault::new(Reason::EvaluationNumberTooLow, detail).of(got));
        compared.push((format!("at least {minimum}"), got.to_string()));
    }
    if let Some(minimum) = policy.tcb.minimum_date.filter(|minimum| tcb.date < *minimum) {
        let detail = "the TCB levels that matched are older than allowed";
        faults.push(Fault::new(Reason::TcbDateTooOld, detail).of(day(tcb.date)));
        compared.push((format!("at least {}", day(minimum)), day(tcb.date)));
    }
    if let (Some(check), Some((wanted, got))) = (Check::failing(id, faults), compared.first()) {
        return check
            .compared(wanted, got)
            .next("fetch newer collateral: older evaluations do not know of newer attacks");
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
    let mut faults = Vec::new();
    let mut first = None;
    for (source, limit) in rules {
        let (Some(limit), Some(dates)) = (limit, facts.dates(source)) else { continue };
        let days = verified.as_of().since(dates.issued).checked_div(SECONDS_PER_DAY).unwrap_or(0);
        if days > u64::from(limit) {
            let detail = format!("{} is {days} days old", source.name());
            faults.push(Fault::new(Reason::CollateralTooOld, detail).of(source.name()));
            first = first.or(Some((source, limit, days)));
        }
    }
    if let (Some(check), Some((source, limit, days))) = (Check::failing(id, faults), first) {
        return check
            .compared(format!("at most {limit} days"), format!("{days} days"))
            .at(source.name())
            .next("fetch newer collateral");
    }
    if !facts.expired.is_empty() {
        let list: Vec<String> = facts
            .expired
            .iter()
            .map(|item| format!("{} on {}", item.source.name(), day(item.until)))
            .collect();
        return Check::pass(id, format!("EXPIRED and let pass by the policy: {}", list.join(", ")));
    }
    let expires =
        facts.earliest_expiration().map_or_else(String::new, |time| format!(", first expires {}", day(time)));
    Check::pass(id, format!("in force{expires}"))
}

fn td(policy: &Policy, verified: &VerifiedQuote) -> Check {
    let id = CheckId::PlatformTdAttributes;
    let Some(td) = verified.td() else {
        return enclave(policy, verified);
    };
    if policy.sgx.pins() {
        let detail = "the policy names an SGX enclave, which the quote of a TD is not of";
        return Check::fail(id, Reason::PolicyClaimAbsent, detail);
    }
    let (allowed, refused): (Vec<TdAttributeFault>, Vec<TdAttributeFault>) =
        td_attributes::examine(td).into_iter().partition(|fault| is_allowed(policy, fault));
    let mut faults: Vec<Fault> = refused.iter().map(|fault| of_attribute(*fault)).collect();
    // A debug TD has no secrets at all; that is said before anything else.
    faults.sort_by_key(|fault| fault.reason != Reason::TdDebug);
    let attributes = faults.len();
    faults.extend(fields(policy, td));
    let debug = attributes > 0;
    if let Some(check) = Check::failing(id, faults) {
        if debug {
            return check
                .compared("a TD closed to its host", format!("TDATTRIBUTES {}", td.td_attributes))
                .at("TDATTRIBUTES")
                .next("do not hand secrets to this machine: its host or operator can reach into it");
        }
        return check.next("find out which TDX module and which TD this is before you accept it");
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
    if policy.td.pins() {
        let detail = "the policy names fields of a TD, which the quote of an SGX enclave does not have";
        return Check::fail(id, Reason::PolicyClaimAbsent, detail);
    }
    if report.is_debug() && !policy.td.allow.contains(&TdLeniency::Debug) {
        return Check::fail(id, Reason::TdDebug, "the enclave runs in debug mode").at("ATTRIBUTES");
    }
    if let Some(check) = Check::failing(id, enclave_fields(policy, report)) {
        return check.next("find out which enclave this is before you accept it");
    }
    let named = if policy.sgx.pins() { ", as the policy names it" } else { "" };
    Check::pass(
        id,
        format!("an SGX enclave, which has no TD attributes: MRENCLAVE {}{named}", report.mr_enclave),
    )
}

/// What the policy pins of an enclave and the quote has otherwise.
fn enclave_fields(policy: &Policy, report: &EnclaveReport) -> Vec<Fault> {
    let wanted = &policy.sgx;
    let mut faults = Vec::new();
    let mut refused = |name: &str, got: String, wanted: String| {
        let detail = format!("{name} is {got}, the policy names {wanted}");
        faults.push(Fault::new(Reason::TdFieldRefused, detail).of(got));
    };
    let enclave = Sha256Digest::new(*report.mr_enclave.as_bytes());
    if !wanted.mrenclave.is_empty() && !wanted.mrenclave.contains(&enclave) {
        refused("MRENCLAVE", enclave.to_string(), any_of(&wanted.mrenclave));
    }
    let signer = Sha256Digest::new(*report.mr_signer.as_bytes());
    if !wanted.mrsigner.is_empty() && !wanted.mrsigner.contains(&signer) {
        refused("MRSIGNER", signer.to_string(), any_of(&wanted.mrsigner));
    }
    if let Some(product) = wanted.isv_prod_id.filter(|product| *product != report.isv_product_id) {
        refused("ISVPRODID", report.isv_product_id.to_string(), product.to_string());
    }
    if let Some(least) = wanted.isv_svn.filter(|least| report.isv_svn < *least) {
        refused("ISVSVN", report.isv_svn.to_string(), format!("at least {least}"));
    }
    if let Some(config) = wanted.config_id.filter(|config| *config.as_bytes() != report.config_id) {
        refused("CONFIGID", hex::encode(report.config_id), config.to_string());
    }
    faults
}

/// An exception names the bit, or the register.
fn of_attribute(fault: TdAttributeFault) -> Fault {
    let reason = crate::reason_of(fault.reason());
    let found = Fault::new(reason, fault.to_string());
    match (reason.carries_value(), fault.bit()) {
        (false, _) => found,
        (true, Some(bit)) => found.of(bit),
        (true, None) => found.of("mrservicetd"),
    }
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

/// Fields of the report that Intel's library does not look at: XFAM against what a TDX module starts a TD with, and
/// whatever the policy pins.
fn fields(policy: &Policy, td: &TdReport) -> Vec<Fault> {
    let mut faults = Vec::new();
    let wanted = &policy.td;
    if let Some(wanted) = wanted.attributes.filter(|wanted| *wanted != td.td_attributes) {
        let detail = format!("TDATTRIBUTES are {}, the policy names {wanted}", td.td_attributes);
        faults.push(Fault::new(Reason::TdAttributesRefused, detail).of(td.td_attributes));
    }
    if !td.xfam.can_start() {
        let detail = format!("XFAM is {}, with which no TDX module starts a TD", td.xfam);
        faults.push(Fault::new(Reason::TdXfamRefused, detail).of(td.xfam));
    }
    if let Some(wanted) = wanted.xfam.filter(|wanted| *wanted != td.xfam) {
        let detail = format!("XFAM is {}, the policy names {wanted}", td.xfam);
        faults.push(Fault::new(Reason::TdXfamRefused, detail).of(td.xfam));
    }
    let mut pinned = |name: &str, got: String, wanted: Option<String>| {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != got) {
            let detail = format!("{name} is {got}, the policy names {wanted}");
            faults.push(Fault::new(Reason::TdFieldRefused, detail).of(got));
        }
    };
    if !wanted.mr_seam.contains(&td.mr_seam) && !wanted.mr_seam.is_empty() {
        pinned("MRSEAM", td.mr_seam.to_string(), Some(any_of(&wanted.mr_seam)));
    }
    pinned("MRSIGNERSEAM", td.mr_signer_seam.to_string(), wanted.mr_signer_seam.map(|it| it.to_string()));
    let seam = TdAttributes::new(*td.seam_attributes.as_bytes());
    pinned("SEAMATTRIBUTES", seam.to_string(), wanted.seam_attributes.map(|it| it.to_string()));
    let [_, _, _, rtmr3] = td.rtmrs;
    pinned("RTMR3", rtmr3.to_string(), wanted.rtmr3.map(|it| it.to_string()));
    pinned("MRCONFIGID", td.mr_config_id.to_string(), wanted.mr_config_id.map(|it| it.to_string()));
    pinned("MROWNER", td.mr_owner.to_string(), wanted.mr_owner.map(|it| it.to_string()));
    pinned("MROWNERCONFIG", td.mr_owner_config.to_string(), wanted.mr_owner_config.map(|it| it.to_string()));
    if let Some(least) = wanted.minimum_tee_tcb_svn {
        // The module's own version first: a newer major version starts its minor one anew.
        let newest = td.tee_tcb_svn2.unwrap_or(td.tee_tcb_svn);
        if newest.as_bytes().iter().zip(least.as_bytes()).any(|(has, needs)| has < needs) {
            let detail =
                format!("TEE_TCB_SVN is {newest}, the policy asks for at least {least} in every byte");
            faults.push(Fault::new(Reason::TdFieldRefused, detail).of(newest));
        }
    }
    faults
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
    let detail = "the processor family is none that the policy names";
    let mut check = Check::fail(id, Reason::FmspcRefused, detail).compared(any_of(expected), got);
    check.faults = vec![Fault::new(Reason::FmspcRefused, detail).of(got)];
    check
}

fn any_of(values: &[impl ToString]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

fn day(time: UnixTime) -> String {
    time.to_string().chars().take(10).collect()
}
