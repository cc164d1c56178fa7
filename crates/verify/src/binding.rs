//! Step 7: what REPORTDATA of the verified quote binds.

mod caa;
pub mod certificate;
pub mod ingress;
mod ra_tls;
pub mod report_data;
mod served;

use crate::Expected;
use crate::run::Run;
use std::collections::BTreeSet;
use veritee_eventlog::AppIdentity;
use veritee_model::text::shortened;
use veritee_model::{Check, CheckId, Evidence, Item, Outcome, Reason, ReportData};
use veritee_quote::VerifiedQuote;

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
                (Check::pass(id, detail), files.bound)
            }
            Err(error) => (Check::from_reason(id, error.reason(), error.to_string()), none),
        },
        Some(expected) => {
            (mismatch(id, "REPORTDATA does not bind sha256sum.txt".to_owned(), &expected, report_data), none)
        }
        None => (Check::fail(id, Reason::BindingMismatch, "sha256sum.txt cannot be bound"), none),
    }
}

/// Unlisted files that are named: a folder of them is no more telling than a few.
const MOST_NAMED: usize = 8;

fn not_given(id: CheckId, detail: &str) -> Check {
    Check::not_checked(id, Reason::BindingNotGiven, detail)
}

fn mismatch(id: CheckId, detail: String, expected: &ReportData, got: &ReportData) -> Check {
    Check::fail(id, Reason::BindingMismatch, detail)
        .compared(expected, got)
        .at("REPORTDATA")
        .next("what came along belongs to another quote")
}
