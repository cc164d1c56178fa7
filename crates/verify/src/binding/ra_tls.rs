//! `binding.ra-tls`: the quote binds the key of the TLS certificate, and the certificate comes from the measured KMS.
//!
//! Either the judged quote itself binds the leaf's key, or the quote inside the leaf does. That one then is what users'
//! trust in the key rests on, so it is judged as the judged quote is: under the same collateral, by the same policy for
//! platforms. It has to be of the same machine: equal in PPID, MRTD, RTMR0 to RTMR2, TDATTRIBUTES, XFAM, MRCONFIGID,
//! MROWNER, MROWNERCONFIG and MRSERVICETD; of the same TDX module, or of one that is not older; and its RTMR3 has to be
//! the judged one, or one that the replayed log passed through after `system-ready`: an application may add events later,
//! the boot events below them are the same.
//!
//! What an honest operator can bring about (a certificate from before an update, one that has expired, one of another
//! replica) is a refusal; a key that no quote binds, an issuer that is not the measured one, are contradictions.

use super::certificate::{ChainError, RaTlsChain};
use super::{gravest, report_data};
use crate::Request;
use veritee_eventlog::{AppIdentity, EventLog, KeyProviderKind, Trace};
use veritee_model::report::EventFact;
use veritee_model::{Check, CheckId, Class, Fault, Kind, Outcome, Reason, ReportData, Rtmr, RtmrIndex};
use veritee_quote::{Quote, TdReport, VerifiedQuote};

const ID: CheckId = CheckId::BindingRaTls;

pub(crate) fn check(
    request: &Request<'_>,
    verified: &VerifiedQuote,
    td: &TdReport,
    identity: Option<&AppIdentity>,
    events: &[EventFact],
) -> Check {
    let Some(chain) = crate::memory::chain_of(request) else {
        return Check::not_checked(ID, Reason::RaTlsMissing, "no RA-TLS certificate came along");
    };
    let chain = match &chain.read {
        Ok(chain) => chain,
        Err(error) => return refused(error),
    };
    let Some(expected) = report_data::tagged("ratls-cert", &chain.leaf_spki, "sha512") else {
        return Check::fail(ID, Reason::RaTlsMalformed, "the certificate's key cannot be bound");
    };
    let mut faults = Vec::new();
    let own = match own_quote(request, chain) {
        Ok(own) => own,
        Err(check) => return *check,
    };
    let judged = Judged { verified, td, events };
    // Another quote that claims the same key is another machine that has it: it is judged whether it is needed or not.
    let bound_by = match own {
        None if expected == td.report_data => "the quote",
        Some(bytes) if expected == td.report_data && bytes == verified.quote().as_bytes() => "the quote",
        own => {
            faults.extend(by_own_quote(request, &judged, (own, chain), &expected));
            "the quote inside the certificate, of the same machine and application,"
        }
    };
    let logs = match logs_of(request, &judged, own) {
        Ok(words) => words,
        Err(fault) => {
            faults.push(*fault);
            String::new()
        }
    };
    faults.extend(out_of_force(request, chain));
    match issued_for(chain, identity) {
        Ok(issuer) if faults.is_empty() => {
            Check::pass(ID, format!("{bound_by} binds the certificate's key; {issuer}{logs}"))
        }
        Ok(_) => gravest(ID, faults),
        // Of a certificate that is another machine's, or nobody's that has a quote, the issuer is no contradiction: somebody
        // gave the wrong file.
        Err(check)
            if check.reason == Some(Reason::RaTlsIssuerMismatch) && faults.iter().any(is_of_another) =>
        {
            gravest(ID, faults)
        }
        Err(check) => {
            faults.push(*check);
            gravest(ID, faults)
        }
    }
}

/// Whether the fault says that the certificate is not the judged machine's, which an honest mix-up can bring about.
fn is_of_another(fault: &Check) -> bool {
    matches!(fault.reason, Some(Reason::RaTlsOtherMachine | Reason::RaTlsUnbound))
}

/// The quote that is judged, and the run-time events that it covers.
struct Judged<'a> {
    verified: &'a VerifiedQuote,
    td: &'a TdReport,
    events: &'a [EventFact],
}

impl Judged<'_> {
    /// In what another quote differs, as far as two quotes of one machine and boot cannot differ.
    fn differs(&self, other: &VerifiedQuote, other_td: &TdReport) -> Vec<&'static str> {
        let other_platform = self.verified.platform().ppid != other.platform().ppid;
        let mut differs: Vec<&'static str> = other_platform.then_some("PPID").into_iter().collect();
        differs.extend(self.td_differs(other_td));
        differs
    }

    /// The same by the TD alone, which needs no collateral.
    fn td_differs(&self, other_td: &TdReport) -> Vec<&'static str> {
        let [rtmr0, rtmr1, rtmr2, rtmr3] = self.td.rtmrs;
        let [other0, other1, other2, other3] = other_td.rtmrs;
        let equal = [
            ("MRSEAM", self.td.mr_seam == other_td.mr_seam || self.is_not_older(other_td)),
            ("TDATTRIBUTES", self.td.td_attributes == other_td.td_attributes),
            ("XFAM", self.td.xfam == other_td.xfam),
            ("MRTD", self.td.mrtd == other_td.mrtd),
            ("MRCONFIGID", self.td.mr_config_id == other_td.mr_config_id),
            ("MROWNER", self.td.mr_owner == other_td.mr_owner),
            ("MROWNERCONFIG", self.td.mr_owner_config == other_td.mr_owner_config),
            ("MRSERVICETD", service_td(self.td) == service_td(other_td)),
            ("RTMR0", rtmr0 == other0),
            ("RTMR1", rtmr1 == other1),
            ("RTMR2", rtmr2 == other2),
            ("RTMR3", rtmr3 == other3 || self.passed_through(&other3)),
        ];
        equal.into_iter().filter(|(_, equal)| !equal).map(|(name, _)| name).collect()
    }

    /// A TDX module can be updated below a running TD: another one is the same machine where no part of it is older.
    fn is_not_older(&self, other: &TdReport) -> bool {
        let (judged, other) = (self.td.tee_tcb_svn.as_bytes(), other.tee_tcb_svn.as_bytes());
        judged.iter().zip(other).all(|(judged, other)| other >= judged)
    }

    fn passed_through(&self, rtmr3: &Rtmr) -> bool {
        let booted = self.events.iter().skip_while(|event| event.name != "system-ready");
        booted.into_iter().any(|event| event.rtmr3 == *rtmr3)
    }
}

/// Service TDs, where there are any: a quote of version 4 has no place to say that there are none.
fn service_td(td: &TdReport) -> Option<Vec<u8>> {
    let service = td.mr_service_td.as_ref()?.as_bytes().to_vec();
    service.iter().any(|byte| *byte != 0).then_some(service)
}

fn refused(error: &ChainError) -> Check {
    Check::fail(ID, error.reason(), error.to_string())
}

/// The quote in the leaf: an extension's, or the one in dstack's attestation container. A leaf with two has to have the
/// same one twice.
pub(super) fn own_quote<'a>(
    request: &'a Request<'_>,
    chain: &'a RaTlsChain,
) -> Result<Option<&'a [u8]>, Box<Check>> {
    let in_container = request.evidence.certificate_quote.as_ref().filter(|_| chain.has_attestation);
    match (chain.quote.as_deref(), in_container.map(|item| item.bytes.as_slice())) {
        (Some(one), Some(other)) if one != other => {
            let detail = "the certificate carries two different quotes: one of its own, one in its attestation container";
            Err(Box::new(Check::fail(ID, Reason::RaTlsMalformed, detail)))
        }
        (one, other) => Ok(other.or(one)),
    }
}

/// What stands against the quote in the leaf: it has to bind the leaf's key, be genuine, be acceptable, and be of the
/// same machine and application.
fn by_own_quote(
    request: &Request<'_>,
    judged: &Judged<'_>,
    (own, chain): (Option<&[u8]>, &RaTlsChain),
    expected: &ReportData,
) -> Vec<Check> {
    let fail = |reason, detail: String| vec![Check::fail(ID, reason, detail)];
    if own.is_none() && chain.has_attestation {
        let detail = "REPORTDATA binds something else, and the certificate's own quote is in an attestation container \
                      that cannot be read";
        let check = Check::not_checked(ID, Reason::RaTlsMissing, detail);
        return vec![check.next("judge the quote of the certificate: give the certificate as the evidence")];
    }
    let Some(bytes) = own else {
        let detail = "REPORTDATA does not bind the certificate's key, and the certificate carries no quote";
        let check = Check::fail(ID, Reason::RaTlsUnbound, detail)
            .compared(expected, judged.td.report_data)
            .at("REPORTDATA");
        return vec![
            check.next("give the RA-TLS certificate of this machine: a web server's vouches for no machine"),
        ];
    };
    let quote = match Quote::parse_within(bytes, request.budget) {
        Ok(quote) => quote,
        Err(error) => {
            return fail(Reason::RaTlsMalformed, format!("the quote inside the certificate: {error}"));
        }
    };
    // What has expired for the judged quote is judged there, once.
    let lenient = request.policy.collateral.allow_expired || !judged.verified.collateral().expired.is_empty();
    let own = crate::quote::judge(request, &quote, false);
    let failed = own.checks.into_iter().find(|check| check.outcome != Outcome::Pass && check.required);
    let Some(own) = own.verified.filter(|_| lenient || failed.is_none()) else {
        let open = match failed {
            Some(check) => not_verified(check.reason.unwrap_or(Reason::RaTlsQuote), &check.detail),
            None => not_verified(Reason::RaTlsQuote, "it was not verified"),
        };
        // Of another machine it is whether or not the collateral of that one came along.
        let differs = quote.td().map(|td| judged.td_differs(td)).unwrap_or_default();
        let other =
            (open.outcome == Outcome::NotChecked && !differs.is_empty()).then(|| other_machine(&differs));
        return other.into_iter().chain([open]).collect();
    };
    let Some(own_td) = own.td() else {
        return fail(Reason::RaTlsQuote, "the quote inside the certificate is of an SGX enclave".to_owned());
    };
    let mut faults = Vec::new();
    if own_td.report_data != *expected {
        let detail = "the quote inside the certificate does not bind its key";
        faults.push(
            Check::fail(ID, Reason::RaTlsKeyMismatch, detail)
                .compared(expected, own_td.report_data)
                .at("REPORTDATA of the certificate's quote"),
        );
    }
    let differs = judged.differs(&own, own_td);
    if !differs.is_empty() {
        faults.push(other_machine(&differs));
    }
    faults.extend(not_acceptable(request, &own));
    faults
}

/// Holds the logs in the leaf against the quote that they came with, and says how far they go. A certificate is made
/// earlier in the same boot than a quote for a nonce, and an application adds events meanwhile, so its log may end earlier
/// than the machine's: where its own quote does too. That quote is held against the machine's log elsewhere
/// ([`Judged::passed_through`]), so that one log is the beginning of the other. One that is shorter than its quote leaves
/// out what was measured, and whoever reads it sees another machine.
fn logs_of(request: &Request<'_>, judged: &Judged<'_>, own: Option<&[u8]>) -> Result<String, Box<Check>> {
    let own = own.and_then(|bytes| Quote::parse_within(bytes, request.budget).ok());
    let own = own.as_ref().and_then(Quote::td);
    let [_, _, _, quoted] = own.unwrap_or(judged.td).rtmrs;
    let whose = if own.is_some() { "its own quote" } else { "the judged quote" };
    let mut words = String::new();
    for item in &request.evidence.certificate_logs {
        let log = EventLog::parse_json(&item.bytes, request.budget).map_err(|error| {
            let detail = format!("the log in the certificate: {error}");
            Box::new(Check::fail(ID, Reason::RaTlsMalformed, detail).at(&item.source))
        })?;
        let trace = veritee_eventlog::fold(&log);
        // What was added between quote and log stands behind what the quote covers.
        let reached = quoted == Rtmr::ZERO || runtime_after(&log, &trace).any(|value| value == quoted);
        if !reached {
            let replayed = trace.register(RtmrIndex::Rtmr3);
            let detail = format!(
                "the log in the certificate is not the log of {whose}: {} run-time events, and RTMR3 is reached after none",
                trace.count(RtmrIndex::Rtmr3)
            );
            let check = Check::fail(ID, Reason::RaTlsOtherMachine, detail).compared(quoted, replayed);
            return Err(Box::new(check.at(&item.source).next(
                "two logs of one machine: the certificate's leaves out or changes what its quote measured",
            )));
        }
        let (has, all) = (trace.count(RtmrIndex::Rtmr3), judged.events.len());
        if has < all {
            words = format!(
                "; its log has the first {has} of {all} run-time events, and {whose} covers no more: it was made earlier in \
                 the same boot"
            );
        }
    }
    Ok(words)
}

/// RTMR3 after each event that extends it.
fn runtime_after<'a>(log: &'a EventLog, trace: &'a Trace) -> impl Iterator<Item = Rtmr> + 'a {
    let pairs = log.events().iter().zip(trace.after());
    pairs.filter(|(event, _)| event.register() == RtmrIndex::Rtmr3).map(|(_, after)| *after)
}

fn other_machine(differs: &[&str]) -> Check {
    let detail = format!(
        "the quote inside the certificate is of another machine, application or moment than the judged quote: it \
         differs in {}",
        differs.join(", ")
    );
    Check::fail(ID, Reason::RaTlsOtherMachine, detail)
        .next("fetch quote and certificate from the same instance, after its last update")
}

/// A quote that does not verify is a forged one in all cases but those in which an honest machine can be.
fn not_verified(reason: Reason, error: &str) -> Check {
    let revoked = matches!(
        reason,
        Reason::PckRevoked | Reason::CaRevoked | Reason::RootRevoked | Reason::SignerRevoked
    );
    // A copy that was damaged on its way has lost the certificate's signature first: what cannot be read under a good
    // one was put there.
    let unreadable = matches!(
        reason,
        Reason::QuoteMalformed
            | Reason::QuoteTooLarge
            | Reason::QuoteTeeTypeUnsupported
            | Reason::PckChainMalformed
            | Reason::PckExtensionMalformed
    );
    let reason = match reason.class() {
        Class::NotGenuine if !revoked => Reason::RaTlsQuote,
        _ if unreadable => Reason::RaTlsQuote,
        _ => reason,
    };
    Check::from_reason(ID, reason, format!("the quote inside the certificate: {error}"))
}

/// What the policy for platforms holds against the quote that the key rests on.
fn not_acceptable(request: &Request<'_>, own: &VerifiedQuote) -> Vec<Check> {
    let policy = request.policy;
    let settled = policy.settle(Kind::Quote, veritee_policy::platform::judge(policy, own), request.as_of);
    let counts = |check: &Check| match check.outcome {
        Outcome::Pass => false,
        Outcome::Fail => check.waived.is_none(),
        Outcome::NotChecked => check.required,
    };
    let of_certificate = |check: Check| {
        // What the policy lets pass of a platform it lets pass here.
        let open: Vec<Fault> = check.faults.into_iter().filter(|fault| fault.waived.is_none()).collect();
        let reason = open.first().map(|fault| fault.reason).or(check.reason).unwrap_or(Reason::RaTlsQuote);
        let detail = format!("the quote inside the certificate: {}: {}", check.id, check.detail);
        let mut own = Check::from_reason(ID, reason, detail);
        own.expected = check.expected;
        own.got = check.got;
        own.location = check.location;
        own.explain = check.explain;
        own.faults = open;
        own
    };
    settled.checks.into_iter().filter(counts).map(of_certificate).collect()
}

/// Certificates that are not valid at the as-of time. For evidence that answers no nonce the end of the certificate is the
/// only bound on a replay.
fn out_of_force(request: &Request<'_>, chain: &RaTlsChain) -> Vec<Check> {
    let reasons = (ID, Reason::RaTlsExpired, Reason::RaTlsNotYetValid);
    let certificates = chain.validity.iter().enumerate();
    certificates
        .filter_map(|(number, validity)| {
            super::out_of_force(reasons, &format!("certificate {number}"), *validity, request.as_of)
        })
        .collect()
}

/// The chain ends in the measured KMS, and the leaf names the measured application. A chain that is cut short before
/// the KMS's root says nothing of its issuer, unless the measured key signed its last certificate.
fn issued_for(chain: &RaTlsChain, identity: Option<&AppIdentity>) -> Result<String, Box<Check>> {
    let Some(identity) = identity else {
        return Ok("who issued it was not compared, for want of a measured identity".to_owned());
    };
    // An authority of another application under the same KMS can sign whatever it likes.
    let named = chain.app_id.iter().chain(&chain.issuer_app_ids);
    if let Some(app_id) = named.copied().find(|app_id| app_id != identity.app_id()) {
        let check = Check::fail(
            ID,
            Reason::RaTlsIssuerMismatch,
            "the certificate or its authority is for another app id than the measured one",
        )
        .compared(identity.app_id(), app_id);
        return Err(Box::new(check));
    }
    let provider = identity.key_provider();
    if provider.kind() != KeyProviderKind::Kms {
        return Ok("its issuer is not measured: the key provider is no KMS".to_owned());
    }
    if !chain.ends_in_root {
        if chain.is_signed_by(provider.id()) {
            return Ok(format!("{} certificates lead to the measured KMS's key", chain.length));
        }
        let detail =
            "the quote binds the certificate's key, but the chain is cut short: its issuer is not shown";
        let check = Check::not_checked(ID, Reason::RaTlsMissing, detail)
            .next("bring the chain up to the KMS's root certificate");
        return Err(Box::new(check));
    }
    if provider.id() != chain.root_spki.as_slice() || !chain.root_is_self_signed {
        let check = Check::fail(
            ID,
            Reason::RaTlsIssuerMismatch,
            "the chain does not end in the measured KMS's root certificate",
        )
        .compared(hex::encode(provider.id()), hex::encode(&chain.root_spki))
        .next(
            "the certificate was issued by another authority than the one that holds the application's keys",
        );
        return Err(Box::new(check));
    }
    Ok(format!("{} certificates lead to the measured KMS", chain.length))
}
