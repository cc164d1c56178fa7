//! What has been found so far, and the report that it becomes.

use crate::memory::Audited;
use crate::{Expected, Request, inputs};
use core::fmt::Display;
use std::sync::Arc;
use veritee_audit::Stage;
use veritee_model::report::{
    ClaimFact, EnclaveFacts, EventFact, IdentityFacts, Input, Missing, Notice, PolicyFacts, QuoteFacts, Root,
    SCHEMA, TcbFacts, Tool, loosened,
};
use veritee_model::{
    Check, CheckId, Finding, Kind, Reason, Report, Severity, Sha256Digest, UnixTime, Verdict,
};
use veritee_policy::Policy;

/// What step 6 learned that the audit asks for.
pub(crate) struct OsKnown {
    /// Name of the image as `vm_config` claims it.
    pub(crate) image_name: Option<String>,
    /// Whether it is a development image, where that was matched by measurement.
    pub(crate) development: Option<bool>,
    /// GPUs and switches, where RTMR0 was recomputed from a machine that has so many.
    pub(crate) devices: Option<(u32, u32)>,
}

impl OsKnown {
    const fn new() -> Self {
        Self { image_name: None, development: None, devices: None }
    }
}

/// The state of one run.
pub(crate) struct Run<'a> {
    pub(crate) request: &'a Request<'a>,
    /// Linked machines that may still be followed.
    pub(crate) depth: u8,
    pub(crate) quote: Option<QuoteFacts>,
    pub(crate) enclave: Option<EnclaveFacts>,
    pub(crate) claimed: Vec<ClaimFact>,
    pub(crate) tcb: Option<TcbFacts>,
    pub(crate) identity: Option<IdentityFacts>,
    pub(crate) events: Vec<EventFact>,
    pub(crate) audited: Option<Arc<Audited>>,
    pub(crate) stage: Option<Stage>,
    pub(crate) os: OsKnown,
    checks: Vec<Check>,
    notices: Vec<Notice>,
}

impl<'a> Run<'a> {
    pub(crate) const fn new(request: &'a Request<'a>, depth: u8) -> Self {
        Self {
            request,
            depth,
            quote: None,
            enclave: None,
            claimed: Vec::new(),
            tcb: None,
            identity: None,
            events: Vec::new(),
            audited: None,
            stage: None,
            os: OsKnown::new(),
            checks: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// Records a check. Each is made once; a second answer to the same question would be a fault in the pipeline.
    pub(crate) fn record(&mut self, check: Check) {
        debug_assert!(!self.checks.iter().any(|known| known.id == check.id), "{} was made twice", check.id);
        self.checks.push(check);
    }

    /// The checks made so far.
    pub(crate) fn checks(&self) -> &[Check] {
        &self.checks
    }

    pub(crate) fn record_all(&mut self, checks: Vec<Check>) {
        checks.into_iter().for_each(|check| self.record(check));
    }

    pub(crate) fn notice(
        &mut self,
        reason: Reason,
        detail: impl Into<String>,
        location: Option<&dyn Display>,
    ) {
        self.notices.push(Notice {
            reason,
            detail: detail.into(),
            location: location.map(ToString::to_string),
        });
    }

    pub(crate) fn remark(&mut self, notices: Vec<Notice>) {
        self.notices.extend(notices);
    }

    /// The report: every check in order, those that were not reached among them.
    pub(crate) fn conclude(mut self) -> Report {
        let (facts, findings) = match self.audited.take().map(Arc::try_unwrap) {
            Some(Ok(Audited { facts, findings, .. })) => (Some(facts), findings),
            Some(Err(kept)) => (Some(kept.facts.clone()), kept.findings.clone()),
            None => (None, Vec::new()),
        };
        let request = self.request;
        let mut draft = self.draft();
        (draft.inputs, draft.missing) = (inputs::list(request), inputs::missing(request));
        let mut report = draft.conclude(&findings);
        (report.audit, report.findings) = (facts, findings);
        report
    }

    /// The same without what it lists: inputs, what is missing, findings and what else the audit says.
    pub(crate) fn conclude_in_short(mut self) -> crate::Short {
        let audited = self.audited.take();
        let report = self.draft().conclude(audited.as_ref().map_or(&[], |audited| &audited.findings));
        crate::Short { report, audited }
    }

    fn draft(self) -> Draft<'a> {
        let request = self.request;
        let root = request.grounds.root();
        Draft {
            kind: request.kind,
            asked: asked(request),
            policy: request.policy,
            policy_sha256: request.policy_sha256,
            as_of: request.as_of,
            fail_on: request.fail_on,
            looser: looser(request),
            tool_version: request.tool_version,
            inputs: Vec::new(),
            missing: Vec::new(),
            // Nothing about GPUs alone rests on Intel's root.
            root: (request.kind != Kind::Gpus).then(|| Root {
                name: root.name(),
                spki_sha256: root.spki_sha256(),
                intel: root.is_intel(),
            }),
            checks: self.checks,
            notices: self.notices,
            quote: self.quote,
            enclave: self.enclave,
            claimed: self.claimed,
            tcb: self.tcb,
            identity: self.identity,
            events: self.events,
            stage: self.stage,
        }
    }
}

/// What a report is made from, whatever it is of. Reports are made nowhere else, so that each has the complete list of
/// checks and says everything that its policy and its command line loosen.
pub(crate) struct Draft<'a> {
    pub(crate) kind: Kind,
    /// Checks that the caller demands beside the policy.
    pub(crate) asked: Vec<CheckId>,
    pub(crate) policy: &'a Policy,
    pub(crate) policy_sha256: Option<Sha256Digest>,
    pub(crate) as_of: UnixTime,
    pub(crate) fail_on: Option<Severity>,
    /// What the caller asked for beside the policy, in words.
    pub(crate) looser: Vec<String>,
    pub(crate) tool_version: &'a str,
    pub(crate) inputs: Vec<Input>,
    pub(crate) missing: Vec<Missing>,
    pub(crate) root: Option<Root>,
    pub(crate) checks: Vec<Check>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) quote: Option<QuoteFacts>,
    pub(crate) enclave: Option<EnclaveFacts>,
    pub(crate) claimed: Vec<ClaimFact>,
    pub(crate) tcb: Option<TcbFacts>,
    pub(crate) identity: Option<IdentityFacts>,
    pub(crate) events: Vec<EventFact>,
    pub(crate) stage: Option<Stage>,
}

/// Every way in which a policy, and what stands on the command line, is looser than the default; one engine instead of
/// two aside.
#[must_use]
pub fn loosened(policy: &Policy, as_of: UnixTime, fail_on: Option<Severity>) -> Vec<String> {
    let mut loosened = policy.loosened();
    let fail_on = fail_on.unwrap_or(policy.audit.fail_on);
    if fail_on > Severity::High && fail_on > policy.audit.fail_on {
        loosened.push(format!("{}{fail_on}: asked for on the command line", loosened::THRESHOLD));
    }
    if let Some(fixed) = policy.as_of.as_ref().filter(|fixed| fixed.time != as_of) {
        loosened.push(format!(
            "judged at {as_of} and not at the {} that the policy fixes: asked for on the command line",
            fixed.time
        ));
    }
    loosened
}

/// The checks whose answer this request demands: those that its caller names, and those that what it holds asks. Whoever
/// gives a nonce means to be answered, whichever door he came in by.
fn asked(request: &Request<'_>) -> Vec<CheckId> {
    let given = [
        (!matches!(request.expected, Expected::Nothing), CheckId::BindingNonce),
        (request.gpu.nonce.is_some(), CheckId::GpuNonce),
    ];
    let by_itself = given.into_iter().filter_map(|(given, check)| given.then_some(check));
    request.asked.iter().copied().chain(by_itself).collect()
}

/// What the caller asked for that is looser than the default, and stands in no policy.
fn looser(request: &Request<'_>) -> Vec<String> {
    let one_engine = matches!(request.engine, crate::Engine::Native) && request.kind != Kind::Gpus;
    let mut looser: Vec<String> = one_engine
        .then(|| "asks no second engine: the caller asked for one".to_owned())
        .into_iter()
        .collect();
    looser.extend(request.audit.images.iter().flat_map(|images| images.loosened()));
    looser
}

impl Draft<'_> {
    /// The report, but for findings and facts of the audit, which the caller has.
    pub(crate) fn conclude(self, findings: &[Finding]) -> Report {
        let mut settled = self.policy.settle(self.kind, self.kind.complete(&self.checks), self.as_of);
        let mut demands = self.policy.demands(self.kind);
        // Whoever asks a question demands its answer, whether or not a policy does.
        // However it came out: what was demanded is not told by the answer.
        for check in settled.checks.iter_mut().filter(|check| self.asked.contains(&check.id)) {
            if check.waived.is_none() {
                check.required = true;
                if !self.kind.requires(check.id) && !demands.contains(&check.id) {
                    demands.push(check.id);
                }
            }
        }
        demands.sort_unstable();
        let mut notices = self.notices;
        notices.extend(settled.notices);
        let fail_on = self.fail_on.unwrap_or(self.policy.audit.fail_on);
        let mut loosened = loosened(self.policy, self.as_of, self.fail_on);
        loosened.extend(self.looser);
        let verdict = Verdict::conclude(self.kind, &settled.checks, findings, fail_on);
        let stage = match self.kind {
            Kind::Quote => Stage::NotAsked,
            Kind::Gpus => Stage::GpusOnly,
            Kind::Machine => crate::audit::settled(self.stage, &verdict, &settled.checks, self.policy),
            Kind::Documents => self.stage.unwrap_or(Stage::Incomplete),
        };
        Report {
            schema: SCHEMA.to_owned(),
            tool: Tool { name: "veritee".to_owned(), version: self.tool_version.to_owned() },
            kind: self.kind,
            as_of: self.as_of,
            inputs: self.inputs,
            missing: self.missing,
            stage,
            verdict,
            root: self.root,
            checks: settled.checks,
            notices,
            quote: self.quote,
            enclave: self.enclave,
            claimed: self.claimed,
            tcb: self.tcb,
            identity: self.identity,
            events: self.events,
            findings: Vec::new(),
            audit: None,
            policy: PolicyFacts {
                name: self.policy.name.clone(),
                sha256: self.policy_sha256,
                loosened,
                demands,
                fail_on,
            },
            compared: Vec::new(),
        }
    }
}
