//! What has been found so far, and the report that it becomes.

use crate::{Request, inputs};
use core::fmt::Display;
use veritee_audit::Stage;
use veritee_model::report::{
    AuditFacts, EventFact, IdentityFacts, Notice, PolicyFacts, QuoteFacts, Root, SCHEMA, TcbFacts, Tool,
};
use veritee_model::{Check, CheckId, Finding, Reason, Report, Verdict};

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

/// A check that no step came to.
pub(crate) fn unreached(id: CheckId) -> Check {
    Check::not_checked(id, Reason::EarlierStepFailed, "an earlier step did not give what this one needs")
}

/// The state of one run.
pub(crate) struct Run<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) quote: Option<QuoteFacts>,
    pub(crate) tcb: Option<TcbFacts>,
    pub(crate) identity: Option<IdentityFacts>,
    pub(crate) events: Vec<EventFact>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) audit: Option<AuditFacts>,
    pub(crate) stage: Option<Stage>,
    pub(crate) os: OsKnown,
    checks: Vec<Check>,
    notices: Vec<Notice>,
}

impl<'a> Run<'a> {
    pub(crate) const fn new(request: &'a Request<'a>) -> Self {
        Self {
            request,
            quote: None,
            tcb: None,
            identity: None,
            events: Vec::new(),
            findings: Vec::new(),
            audit: None,
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
    pub(crate) fn conclude(self) -> Report {
        let Request { policy, policy_sha256, as_of, grounds, fail_on, tool_version, .. } = *self.request;
        let root = grounds.root();
        let made = self.checks;
        let complete = CheckId::ALL.iter().map(|id| {
            let found = made.iter().find(|check| check.id == *id).cloned();
            found.unwrap_or_else(|| unreached(*id))
        });
        let settled = policy.settle(complete.collect(), as_of);
        let mut notices = self.notices;
        notices.extend(settled.notices);
        let fail_on = fail_on.unwrap_or(policy.audit.fail_on);
        let mut loosened = policy.loosened();
        if fail_on > policy.audit.fail_on {
            loosened.push(format!("findings below {fail_on} do not count: asked for on the command line"));
        }
        let verdict = Verdict::conclude(&settled.checks, &self.findings, fail_on);
        Report {
            schema: SCHEMA.to_owned(),
            tool: Tool { name: "veritee".to_owned(), version: tool_version.to_owned() },
            as_of,
            inputs: inputs::list(self.request),
            missing: inputs::missing(self.request),
            stage: crate::audit::settled(self.stage, &verdict, &settled.checks, policy),
            verdict,
            root: Some(Root { name: root.name(), spki_sha256: root.spki_sha256(), intel: root.is_intel() }),
            checks: settled.checks,
            notices,
            quote: self.quote,
            tcb: self.tcb,
            identity: self.identity,
            events: self.events,
            findings: self.findings,
            audit: self.audit,
            policy: PolicyFacts { name: policy.name.clone(), sha256: policy_sha256, loosened, fail_on },
            compared: Vec::new(),
        }
    }
}
