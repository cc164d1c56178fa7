//! `binding.ra-tls`: the quote binds the key of the TLS certificate, and the certificate comes from the measured KMS.
//!
//! Either the judged quote itself binds the leaf's key, or the quote inside the leaf does; that one is then verified
//! under the same collateral and has to be of the same platform with the same MRTD and RTMR0 to RTMR2, and its RTMR3 has
//! to be the judged one, or one that the replayed log passed through after `system-ready`: an application may add
//! events later, the boot events below them are the same.

use super::certificate::{ChainError, RaTlsChain};
use super::report_data;
use crate::Request;
use veritee_eventlog::{AppIdentity, KeyProviderKind};
use veritee_model::report::EventFact;
use veritee_model::{Check, CheckId, Outcome, Reason, ReportData, Rtmr};
use veritee_quote::{Quote, TdReport, VerifiedQuote};

const ID: CheckId = CheckId::BindingRaTls;

pub(crate) fn check(
    request: &Request<'_>,
    verified: &VerifiedQuote,
    td: &TdReport,
    identity: Option<&AppIdentity>,
    events: &[EventFact],
) -> Check {
    let Some(item) = &request.evidence.certificates else {
        return Check::not_checked(ID, Reason::RaTlsMissing, "no RA-TLS certificate came along");
    };
    let chain = match RaTlsChain::read(&item.bytes, request.budget) {
        Ok(chain) => chain,
        Err(error) => return refused(&error),
    };
    let Some(expected) = report_data::tagged("ratls-cert", &chain.leaf_spki, "sha512") else {
        return Check::fail(ID, Reason::RaTlsMalformed, "the certificate's key cannot be bound");
    };
    let bound_by = if expected == td.report_data {
        "the quote"
    } else {
        match by_own_quote(request, &Judged { verified, td, events }, &chain, &expected) {
            Ok(()) => "the quote inside the certificate, of the same machine and application,",
            Err(check) => return *check,
        }
    };
    match issued_for(&chain, identity) {
        Ok(issuer) => Check::pass(ID, format!("{bound_by} binds the certificate's key; {issuer}")),
        Err(check) => *check,
    }
}

/// The quote that is judged, and the run-time events that it covers.
struct Judged<'a> {
    verified: &'a VerifiedQuote,
    td: &'a TdReport,
    events: &'a [EventFact],
}

impl Judged<'_> {
    fn is_same_machine(&self, other: &VerifiedQuote, other_td: &TdReport) -> bool {
        let [rtmr0, rtmr1, rtmr2, rtmr3] = self.td.rtmrs;
        let [other0, other1, other2, other3] = other_td.rtmrs;
        self.verified.platform().ppid == other.platform().ppid
            && self.td.mrtd == other_td.mrtd
            && self.td.td_attributes == other_td.td_attributes
            && self.td.mr_config_id == other_td.mr_config_id
            && [rtmr0, rtmr1, rtmr2] == [other0, other1, other2]
            && (rtmr3 == other3 || self.passed_through(&other3))
    }

    fn passed_through(&self, rtmr3: &Rtmr) -> bool {
        let booted = self.events.iter().skip_while(|event| event.name != "system-ready");
        booted.into_iter().any(|event| event.rtmr3 == *rtmr3)
    }
}

fn refused(error: &ChainError) -> Check {
    Check::fail(ID, error.reason(), error.to_string())
}

/// The quote in the leaf binds the leaf's key, is genuine, and is of the same machine and application.
fn by_own_quote(
    request: &Request<'_>,
    judged: &Judged<'_>,
    chain: &RaTlsChain,
    expected: &ReportData,
) -> Result<(), Box<Check>> {
    let fail = |reason, detail: String| Box::new(Check::fail(ID, reason, detail));
    if chain.quote.is_none() && chain.has_attestation {
        let detail =
            "REPORTDATA binds something else, and the certificate's own quote is in an attestation container";
        let check = Check::not_checked(ID, Reason::RaTlsMissing, detail)
            .next("judge the quote of the certificate: give the certificate as the evidence");
        return Err(Box::new(check));
    }
    let Some(bytes) = &chain.quote else {
        let check =
            Check::fail(ID, Reason::RaTlsKeyMismatch, "REPORTDATA does not bind the certificate's key")
                .compared(expected, judged.td.report_data)
                .at("REPORTDATA");
        return Err(Box::new(check));
    };
    let quote = Quote::parse_within(bytes, request.budget).map_err(|error| {
        fail(Reason::RaTlsMalformed, format!("the quote inside the certificate: {error}"))
    })?;
    let own = crate::quote::judge(request, &quote);
    // What has expired for the judged quote is judged there, once.
    let lenient = !judged.verified.collateral().expired.is_empty();
    let failed = own.checks.iter().find(|check| check.outcome != Outcome::Pass && check.required);
    let own = own.verified.filter(|_| lenient || failed.is_none()).ok_or_else(|| {
        let why = failed.map_or("not verified", |check| check.detail.as_str());
        fail(Reason::RaTlsQuote, format!("the quote inside the certificate: {why}"))
    })?;
    let Some(own_td) = own.td() else {
        return Err(fail(
            Reason::RaTlsQuote,
            "the quote inside the certificate is of an SGX enclave".to_owned(),
        ));
    };
    if own_td.report_data != *expected {
        let check = Check::fail(
            ID,
            Reason::RaTlsKeyMismatch,
            "the quote inside the certificate does not bind its key",
        )
        .compared(expected, own_td.report_data)
        .at("REPORTDATA of the certificate's quote");
        return Err(Box::new(check));
    }
    if !judged.is_same_machine(&own, own_td) {
        return Err(fail(
            Reason::RaTlsOtherMachine,
            "the quote inside the certificate is of another machine, application or moment than the judged quote".to_owned(),
        ));
    }
    Ok(())
}

/// The chain ends in the measured KMS, and the leaf names the measured application. A chain that is cut short before
/// the KMS's root says nothing of its issuer, unless the measured key signed its last certificate.
fn issued_for(chain: &RaTlsChain, identity: Option<&AppIdentity>) -> Result<String, Box<Check>> {
    let Some(identity) = identity else {
        return Ok("who issued it was not compared, for want of a measured identity".to_owned());
    };
    if let Some(app_id) = chain.app_id.filter(|app_id| app_id != identity.app_id()) {
        let check = Check::fail(
            ID,
            Reason::RaTlsIssuerMismatch,
            "the certificate is for another app id than the measured one",
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
