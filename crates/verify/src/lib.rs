//! The pipeline from evidence to verdict. Pure: the same bytes, time and policy give the same [`Report`].
//!
//! ```text
//! evidence (untrusted bytes)                                     collateral (untrusted)   policy   as-of time
//!   1 quote      genuine? signature chain to the pinned root, CRLs, QE identity     -> VerifiedQuote
//!   2 platform   acceptable? TCB status, advisories, attributes, age of collateral
//!   3 event log  the quoted one? digests recomputed from payloads, replayed         -> ReplayedLog
//!   4 identity   app id, compose hash, key provider: from the replayed log only     -> AppIdentity
//!                beside the claims, the target, the other machines
//!   5 compose    sha256(exact app_compose) == measured compose hash                 -> BoundCompose
//!   6 os         MRTD and RTMR0 to RTMR2 recomputed, or pinned by the policy
//!   7 binding    REPORTDATA: nonce, TLS key, ingress evidence, KMS keys; the server's certificate, CAA; GPUs
//!   8 audit      rules over the bound compose
//!   9 governance KMS and gateway by the same pipeline, key provider, history of compose hashes
//! ```
//!
//! Each arrow is a type that only its checker can build, so a later step cannot run without the earlier fact. A step
//! that could not run is listed as not checked; [`CheckId::ALL`](veritee_model::CheckId::ALL) is always complete in a
//! report. Nothing that came along as a claim (`tcb_info`, `Info`, a certificate's extensions) is ever used as a
//! fact; claims are compared in `identity.claims` and `binding.ra-tls`.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod audit;
pub mod binding;
mod claims;
pub mod compare;
mod compose;
mod event_log;
mod facts;
mod governance;
pub mod gpu;
mod grounds;
mod inputs;
mod links;
mod memory;
mod os;
mod platform;
mod quote;
mod run;
mod target;

#[cfg(feature = "chain")]
pub use governance::logged;
pub use grounds::{Grounds, lists_only, only, unreadable};
pub use inputs::inputs;
use run::Run;
pub use run::loosened;
use std::sync::Arc;
use veritee_measure::image::ImageFiles;
use veritee_model::report::Notice;
use veritee_model::{
    Budget, Check, CheckId, Evidence, Finding, Kind, Report, ReportData, Severity, Sha256Digest, UnixTime,
    Verdict,
};
use veritee_policy::Policy;
pub use veritee_quote::divergence::SecondEngine;
use veritee_quote::{Quote, VerifiedQuote};

/// Whether a second engine is asked.
#[derive(Debug, Clone, Copy)]
pub enum Engine<'a> {
    /// Ours and this one; a difference that `docs/divergences.md` does not list is a failure. The crate
    /// `veritee-second-opinion` has the one that the list is about.
    Both(&'a dyn SecondEngine),
    /// Ours alone; the check of the second opinion is then open.
    Native,
}

/// What the caller expects REPORTDATA to carry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Expected {
    /// Nothing: freshness is not shown.
    #[default]
    Nothing,
    /// The caller's nonce, 16 to 64 bytes.
    Nonce(Vec<u8>),
    /// Exactly these bytes.
    ReportData(ReportData),
}

/// What is known of GPUs beside the evidence.
#[derive(Debug, Clone, Copy, Default)]
pub struct GpuGiven<'a> {
    /// The nonce that their reports must be over.
    pub nonce: Option<&'a [u8; 32]>,
    /// Other roots than NVIDIA's, for tests: then nothing is proven about real devices.
    pub roots: Option<&'a veritee_gpu::Roots>,
    /// What was verified of other machines of the same run and need not be verified again.
    pub memory: Option<&'a veritee_gpu::Memory>,
}

/// What the caller knows of the chain, whatever the evidence says.
#[derive(Debug, Clone, Copy, Default)]
pub struct ChainGiven {
    /// EIP-155 chain id and address of the registry that the application's KMS obeys.
    pub registry: Option<(u64, [u8; 20])>,
    /// Hash of the block that was read. Without it the block is known by the endpoints that name it.
    pub block: Option<[u8; 32]>,
    /// Hash of the block of the chain that it settles on, by which the block that was read is known.
    pub l1_block: Option<[u8; 32]>,
}

/// Everything that a verdict depends on.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Checks that the caller asks for beyond those that kind and policy require: each that is not made leaves the verdict
    /// incomplete.
    pub asked: &'a [CheckId],
    /// Which questions are asked: of a machine, of one quote or of GPUs alone.
    pub kind: Kind,
    /// What is judged. Untrusted.
    pub evidence: &'a Evidence,
    /// The rules.
    pub policy: &'a Policy,
    /// SHA-256 of the policy file; `None` for the built-in policy.
    pub policy_sha256: Option<Sha256Digest>,
    /// The time of the verdict.
    pub as_of: UnixTime,
    /// The trust root and the collateral of the judging side. What stands in the evidence is the judged party's.
    pub grounds: &'a Grounds,
    /// What REPORTDATA must carry.
    pub expected: &'a Expected,
    /// One engine or two.
    pub engine: Engine<'a>,
    /// Overrides the policy's threshold for findings.
    pub fail_on: Option<Severity>,
    /// The files of the operating system's image, where they are at hand. Untrusted: every hash is checked.
    pub image: Option<&'a dyn ImageFiles>,
    /// What is known of GPUs beside the evidence.
    pub gpu: GpuGiven<'a>,
    /// What is known of the chain beside the evidence.
    pub chain: ChainGiven,
    /// What the audit is given beside the evidence: a review, a source tree.
    pub audit: audit::Given<'a>,
    /// Limits on hostile input.
    pub budget: &'a Budget,
    /// Version of the program, for the report.
    pub tool_version: &'a str,
}

/// Verifies one machine.
///
/// Cannot fail: what could not be read, shown or accepted is a check of the report.
///
/// What the evidence of a machine inside this evidence (KMS, gateway, and theirs) reveals of revocations is held against
/// all of them, and theirs against each. What other evidence of the run reveals is the caller's to give before, with
/// [`Grounds::learn`].
#[must_use]
pub fn verify(request: &Request<'_>) -> Report {
    under_its_policy(request, |request| match request.grounds.with_links(request.evidence) {
        Some(grounds) => judge(&Request { grounds: &grounds, ..*request }, links::DEPTH),
        None => judge(request, links::DEPTH),
    })
}

/// The request, on grounds that let pass what its own policy lets pass.
fn under_its_policy<T>(request: &Request<'_>, judge: impl FnOnce(&Request<'_>) -> T) -> T {
    match request.grounds.under(request.policy) {
        Some(grounds) => judge(&Request { grounds: &grounds, ..*request }),
        None => judge(request),
    }
}

/// What [`verify`] says, for one line among many.
#[derive(Debug)]
pub struct Short {
    /// The report, but that its lists of inputs, of what is missing and of findings are empty, and what else the audit says
    /// is not in it.
    pub report: Report,
    audited: Option<Arc<memory::Audited>>,
}

impl Short {
    /// The findings of the audit; nothing where the compose was not audited.
    #[must_use]
    pub fn findings(&self) -> Option<&[Finding]> {
        self.audited.as_ref().map(|audited| audited.findings.as_slice())
    }
}

/// [`verify`] without writing down what a line among many does not say.
#[must_use]
pub fn verify_in_short(request: &Request<'_>) -> Short {
    under_its_policy(request, |request| asked(request, links::DEPTH).conclude_in_short())
}

/// [`verify`], with so many linked machines still to be followed.
fn judge(request: &Request<'_>, depth: u8) -> Report {
    asked(request, depth).conclude()
}

/// All that is asked about one machine.
fn asked<'a>(request: &'a Request<'a>, depth: u8) -> Run<'a> {
    let mut run = Run::new(request, depth);
    if request.kind == Kind::Gpus {
        gpu::check(&mut run, None, None);
        return run;
    }
    let judged = quote::check(&mut run); // 1
    let verified = judged.as_ref();
    platform::check(&mut run, verified); // 2
    if request.kind != Kind::Machine {
        os::pinned(&mut run, verified); // of 6 what a quote can answer
        return run;
    }
    let log = event_log::replay(&mut run, verified); // 3
    let identity = event_log::identity(&mut run, verified, log.as_ref()); // 4
    claims::check(&mut run, verified, identity.as_ref());
    if identity.is_none() {
        run.claimed = claims::told(request.evidence);
    }
    target::check(&mut run, identity.as_ref());
    let bound = compose::check(&mut run, verified, identity.as_ref()); // 5
    os::check(&mut run, verified, log.as_ref(), identity.as_ref()); // 6
    binding::check(&mut run, verified, identity.as_ref()); // 7
    gpu::check(&mut run, verified, identity.as_ref());
    let kms = links::check(&mut run, identity.as_ref()); // 9, of which the audit asks
    let chain = governance::check(&mut run, identity.as_ref(), kms.as_ref());
    audit::check(&mut run, bound.as_deref(), identity.as_ref(), chain); // 8
    run
}

/// What is said of one quote alone, without the report.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct QuoteAlone {
    /// The quote, where it can be read. Nothing in it is verified by that.
    pub quote: Option<Quote>,
    /// The quote, where it is genuine.
    pub verified: Option<VerifiedQuote>,
    /// The complete list of checks as the policy leaves them: of one quote alone, as with [`Kind::Quote`].
    pub checks: Vec<Check>,
    /// Their verdict.
    pub verdict: Verdict,
    /// What of the collateral could not be used and why, with what it was called.
    pub unusable: Vec<(String, String)>,
    /// Which items of collateral decided, and who gave them: where some came inside the evidence.
    pub decided_by: Vec<String>,
    /// Remarks that change no verdict, as a report's notices.
    pub notices: Vec<Notice>,
}

/// What [`verify`] says under [`Kind::Quote`], whatever the kind of the request is: the same checks with the same outcome,
/// and the same verdict. Nothing but quote and collateral of the evidence is looked at.
#[must_use]
pub fn verify_quote(request: &Request<'_>) -> QuoteAlone {
    under_its_policy(request, quote::alone)
}

/// The code of the tutorial is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/tutorials/verify-in-a-service.md")]
pub struct Tutorial;
