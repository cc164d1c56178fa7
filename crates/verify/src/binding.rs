//! Step 7: what REPORTDATA of the verified quote binds.

mod caa;
pub mod certificate;
pub mod ingress;
mod ra_tls;
pub mod report_data;
mod served;

use crate::run::Run;
use crate::{Expected, Request};
use std::collections::BTreeSet;
use veritee_eventlog::AppIdentity;
use veritee_model::evidence::IngressEvidence;
use veritee_model::text::shortened;
use veritee_model::{Check, CheckId, Class, Evidence, Fault, Item, Outcome, Reason, ReportData, UnixTime};
use veritee_quote::{Quote, VerifiedQuote};

pub(crate) fn check(run: &mut Run<'_>, verified: Option<&VerifiedQuote>, identity: Option<&AppIdentity>) {
    let Some((verified, td)) = verified.and_then(|quote| quote.td().map(|td| (quote, td))) else { return };
    run.record(nonce(run.request.expected, &td.report_data));
    let ra_tls = ra_tls::check(run.request, verified, td, identity, &run.events);
    let content = content(run, &td.report_data);
    let (ingress, files) = ingress_evidence(run, &td.report_data);
    let passed = |check: &Check| check.outcome == Outcome::Pass;
    let shown = Shown { ra_tls: passed(&ra_tls), content: passed(&content), ingress: files };
    run.record_all(vec![ra_tls, content, kms_keys(run, &td.report_data), ingress]);
    run.record(served::check(run.request, &shown, identity));
    run.record(caa::check(run.request, &shown));
}

/// The quote inside the RA-TLS certificate, where there is one that can be read.
pub(crate) fn certificate_quote(request: &Request<'_>) -> Option<Quote> {
    let chain = crate::memory::chain_of(request)?;
    let bytes = ra_tls::own_quote(request, chain.read.as_ref().ok()?).ok().flatten()?;
    Quote::parse_within(bytes, request.budget).ok()
}

/// Which parts of the evidence REPORTDATA was shown to bind, each by the check of its own.
struct Shown {
    ra_tls: bool,
    content: bool,
    /// Names of the bound files of dstack-ingress.
    ingress: BTreeSet<String>,
}

impl Shown {
    /// The content that is bound under this tag. `raw` content is bound under none.
    fn content<'a>(&self, evidence: &'a Evidence, tag: &str) -> Option<&'a [u8]> {
        let bound = evidence.bound_content.as_ref().filter(|_| self.content)?;
        (bound.tag == tag && bound.algorithm != "raw").then_some(bound.content.as_slice())
    }

    /// The files of dstack-ingress that are bound; what merely lies beside them is never used.
    fn ingress_files<'a>(&'a self, evidence: &'a Evidence) -> impl Iterator<Item = (&'a str, &'a Item)> {
        let files = evidence.ingress.iter().flat_map(|ingress| &ingress.files);
        files.filter(move |(name, _)| self.ingress.contains(*name)).map(|(name, item)| (name.as_str(), item))
    }
}

fn nonce(expected: &Expected, report_data: &ReportData) -> Check {
    let id = CheckId::BindingNonce;
    match expected {
        Expected::Nothing => Check::not_checked(
            id,
            Reason::FreshnessNotShown,
            "freshness was not shown: no nonce was given, so the quote may be a recording",
        ),
        Expected::Nonce(nonce) => match report_data::find_nonce(report_data, nonce) {
            Some(form) => Check::pass(id, format!("REPORTDATA is {form}")),
            None => other_request(report_data::partial(report_data, nonce))
                .compared(hex::encode(nonce), report_data),
        },
        Expected::ReportData(wanted) if wanted == report_data => {
            Check::pass(id, "REPORTDATA is exactly the expected value")
        }
        Expected::ReportData(wanted) => {
            other_request(report_data::partial(report_data, wanted.as_bytes())).compared(wanted, report_data)
        }
    }
}

/// The quote answers another request: a recording, or a nonce that went elsewhere or was cut on its way.
fn other_request(partial: Option<String>) -> Check {
    let matches = partial.unwrap_or_else(|| "nothing of the expected value is in it".to_owned());
    let detail = format!("the quote does not answer this request: {matches}");
    Check::fail(CheckId::BindingNonce, Reason::ReportDataMismatch, detail)
        .at("REPORTDATA")
        .next("ask again with a nonce of your own, and give here exactly what was sent: the quote is a recording, or the nonce went elsewhere")
}

fn content(run: &Run<'_>, report_data: &ReportData) -> Check {
    let id = CheckId::BindingContent;
    let Some(bound) = &run.request.evidence.bound_content else {
        return not_given(id, "no content came along that REPORTDATA is said to bind");
    };
    // `raw` content is REPORTDATA itself: no tag goes into it.
    let tag = match bound.algorithm.as_str() {
        "raw" => "no tag".to_owned(),
        _ => format!("tag {}", veritee_model::text::inert(&bound.tag)),
    };
    match report_data::tagged(&bound.tag, &bound.content, &bound.algorithm) {
        Some(expected) if expected == *report_data => {
            Check::pass(id, format!("REPORTDATA binds {} bytes under {tag}", bound.content.len()))
        }
        Some(expected) => {
            mismatch(id, format!("REPORTDATA does not bind the content under {tag}"), &expected, report_data)
        }
        None => Check::fail(
            id,
            Reason::BindingMismatch,
            format!(
                "no REPORTDATA can bind this content with `{}`",
                veritee_model::text::inert(&bound.algorithm)
            ),
        ),
    }
}

fn kms_keys(run: &Run<'_>, report_data: &ReportData) -> Check {
    let id = CheckId::BindingKmsKeys;
    let Some(keys) = &run.request.evidence.kms_keys else {
        return not_given(id, "no KMS keys came along");
    };
    match report_data::kms_bootstrap(&keys.ca_spki, &keys.k256) {
        Some(expected) if expected == *report_data => {
            Check::pass(id, "REPORTDATA binds the KMS's root CA key and secp256k1 key")
        }
        Some(expected) => {
            mismatch(id, "REPORTDATA does not bind these KMS keys".to_owned(), &expected, report_data)
        }
        None => Check::fail(id, Reason::BindingMismatch, "these KMS keys cannot be bound"),
    }
}

/// The check, and the names of the files that are bound.
fn ingress_evidence(run: &mut Run<'_>, report_data: &ReportData) -> (Check, BTreeSet<String>) {
    let id = CheckId::BindingIngress;
    let none = BTreeSet::new();
    let Some(evidence) = &run.request.evidence.ingress else {
        return (not_given(id, "no ingress evidence came along"), none);
    };
    match report_data::ingress(&evidence.sums.bytes) {
        Some(expected) if expected == *report_data => match ingress::files(evidence) {
            Ok(files) => {
                let names: Vec<&str> = files.bound.iter().map(String::as_str).collect();
                let detail = format!("REPORTDATA binds sha256sum.txt, which names {}", names.join(", "));
                for name in files.unlisted.iter().take(MOST_NAMED) {
                    let detail = "the list does not name it: nothing binds it, and it was not used";
                    run.notice(Reason::IngressFileUnlisted, detail, Some(&shortened(name, 128)));
                }
                let faults = ingress_out_of_force(run.request, &files.bound, evidence);
                let check = if faults.is_empty() { Check::pass(id, detail) } else { gravest(id, faults) };
                (check, files.bound)
            }
            Err(error) => (Check::from_reason(id, error.reason(), error.to_string()), none),
        },
        Some(expected) => {
            (mismatch(id, "REPORTDATA does not bind sha256sum.txt".to_owned(), &expected, report_data), none)
        }
        None => (Check::fail(id, Reason::BindingMismatch, "sha256sum.txt cannot be bound"), none),
    }
}

/// Certificates for domains that are not valid at the as-of time. Evidence of dstack-ingress answers no nonce: the end of
/// its certificates is the only bound on a replay.
fn ingress_out_of_force(
    request: &Request<'_>,
    bound: &BTreeSet<String>,
    evidence: &IngressEvidence,
) -> Vec<Check> {
    let reasons =
        (CheckId::BindingIngress, Reason::IngressCertificateExpired, Reason::IngressCertificateNotYetValid);
    let files =
        evidence.files.iter().filter(|(name, _)| bound.contains(*name) && served::is_certificate(name));
    let leaves =
        files.filter_map(|(name, item)| Some((name, served::Leaf::read(&item.bytes, request.budget).ok()?)));
    let fault = |(name, leaf): (&String, served::Leaf)| {
        let name = veritee_model::text::inert(&shortened(name, 128));
        out_of_force(reasons, &name, leaf.validity, request.as_of)
    };
    leaves.filter_map(fault).collect()
}

/// Unlisted files that are named: a folder of them is no more telling than a few.
const MOST_NAMED: usize = 8;

/// The fault that weighs most, which names the others and keeps them: an exception for one lets no other pass.
fn gravest(id: CheckId, mut faults: Vec<Check>) -> Check {
    // A stable sort: of two that weigh the same the first stays first.
    faults.sort_by_key(|fault| fault.reason.map_or(Class::NotGenuine, Reason::class));
    let all: Vec<Fault> = faults.iter().flat_map(faults_of).collect();
    let mut faults = faults.into_iter();
    let Some(mut first) = faults.next() else {
        return Check::fail(id, Reason::BindingMismatch, "nothing is bound");
    };
    for other in faults {
        first.detail = format!("{}; and {}", first.detail, other.detail);
    }
    if first.outcome == Outcome::Fail && (all.len() > 1 || all.iter().any(|fault| fault.value.is_some())) {
        first.faults = all;
    }
    first
}

fn faults_of(check: &Check) -> Vec<Fault> {
    match check.reason {
        Some(reason) if check.faults.is_empty() => vec![Fault::new(reason, check.detail.clone())],
        _ => check.faults.clone(),
    }
}

/// A time outside a certificate's own, as a fault of the check that rests on it.
fn out_of_force(
    (id, expired, not_yet_valid): (CheckId, Reason, Reason),
    name: &str,
    (from, until): (UnixTime, UnixTime),
    as_of: UnixTime,
) -> Option<Check> {
    let (reason, words, bound) = if as_of < from {
        (not_yet_valid, "is valid only from", from)
    } else if as_of > until {
        (expired, "expired on", until)
    } else {
        return None;
    };
    let detail = format!("{name} {words} {bound}, as of {as_of}");
    Some(
        Check::fail(id, reason, detail)
            .compared(format!("{from} to {until}"), as_of)
            .at(name)
            .next("ask the operator for the certificate that is in use now"),
    )
}

fn not_given(id: CheckId, detail: &str) -> Check {
    Check::not_checked(id, Reason::BindingNotGiven, detail)
}

fn mismatch(id: CheckId, detail: String, expected: &ReportData, got: &ReportData) -> Check {
    Check::fail(id, Reason::BindingMismatch, detail)
        .compared(expected, got)
        .at("REPORTDATA")
        .next("what came along belongs to another quote")
}
