//! One question, one [`Check`]. A check that was not made is listed like any other.

use crate::reason::{Class, Reason};
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The steps of the pipeline, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// 1: is the quote genuine?
    Quote,
    /// 2: is the platform acceptable?
    Platform,
    /// 3: is the event log the quoted one?
    EventLog,
    /// 4: which application is it?
    Identity,
    /// 5: is the compose the measured one?
    Compose,
    /// 6: is the operating system the claimed one?
    Os,
    /// 7: what does REPORTDATA bind?
    Binding,
    /// 8: can the operator still cheat?
    Audit,
    /// 9: who can change the application later?
    Governance,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Self; 9] = [
        Self::Quote,
        Self::Platform,
        Self::EventLog,
        Self::Identity,
        Self::Compose,
        Self::Os,
        Self::Binding,
        Self::Audit,
        Self::Governance,
    ];

    /// The name used in reports and policies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quote => "quote",
            Self::Platform => "platform",
            Self::EventLog => "event-log",
            Self::Identity => "identity",
            Self::Compose => "compose",
            Self::Os => "os",
            Self::Binding => "binding",
            Self::Audit => "audit",
            Self::Governance => "governance",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! check_ids {
    ($($name:ident $id:literal $step:ident $required:literal $question:literal;)*) => {
        /// Every check that a report lists, in the order in which it lists them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum CheckId { $(#[doc = $question] $name,)* }

        impl CheckId {
            /// All checks.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable identifier.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// Whether a policy may do without it: never whether the quote is genuine.
            #[must_use]
            pub fn is_waivable(self) -> bool {
                self.step() != Step::Quote || self == Self::QuoteSecondOpinion
            }

            /// The step it belongs to.
            #[must_use]
            pub const fn step(self) -> Step {
                match self { $(Self::$name => Step::$step,)* }
            }

            /// Whether the default policy demands that it be made.
            #[must_use]
            pub const fn required_by_default(self) -> bool {
                match self { $(Self::$name => $required,)* }
            }

            /// The question it answers.
            #[must_use]
            pub const fn question(self) -> &'static str {
                match self { $(Self::$name => $question,)* }
            }
        }
    };
}

check_ids! {
    QuoteFormat "quote.format" Quote true "is the quote laid out as its version demands?";
    QuoteCollateral "quote.collateral" Quote true "is the collateral Intel's and in force at the as-of time?";
    QuoteCertificates "quote.certificates" Quote true "does the PCK certificate chain reach the pinned root, unrevoked?";
    QuoteEnclave "quote.enclave" Quote true "did Intel's quoting enclave, certified by the PCK, vouch for the key?";
    QuoteSignature "quote.signature" Quote true "is the quote signed by that key?";
    QuoteTcbLevel "quote.tcb-level" Quote true "which TCB level of Intel's does the platform reach?";
    QuoteSecondOpinion "quote.second-opinion" Quote false "does a second engine agree?";

    PlatformRoot "platform.root" Platform true "is the trust root Intel's, or one that the policy names?";
    PlatformTcbStatus "platform.tcb-status" Platform true "is the TCB status accepted?";
    PlatformAdvisories "platform.advisories" Platform true "are the advisories accepted?";
    PlatformEvaluationNumber "platform.evaluation-number" Platform true "is the TCB evaluation recent enough?";
    PlatformCollateralAge "platform.collateral-age" Platform true "is the collateral recent enough?";
    PlatformTdAttributes "platform.td-attributes" Platform true "is the TD closed to its host: no debugging, no service TD?";
    PlatformFmspc "platform.fmspc" Platform true "is the processor family accepted?";

    EventLogFormat "eventlog.format" EventLog true "can the event log be read?";
    EventLogDigests "eventlog.digests" EventLog true "is every run-time digest the digest of its payload?";
    EventLogRtmr0 "eventlog.rtmr0" EventLog false "does the log replay to RTMR0?";
    EventLogRtmr1 "eventlog.rtmr1" EventLog false "does the log replay to RTMR1?";
    EventLogRtmr2 "eventlog.rtmr2" EventLog false "does the log replay to RTMR2?";
    EventLogRtmr3 "eventlog.rtmr3" EventLog true "does the log replay to RTMR3?";

    IdentityEvents "identity.events" Identity true "do the measured boot events name one application?";
    IdentityClaims "identity.claims" Identity false "do the values that came along agree with the measured ones?";
    IdentityExpected "identity.expected" Identity true "is it the application that the policy names?";
    IdentityTarget "identity.target" Identity false "is it the application that the evidence was fetched for?";
    IdentityReplicas "identity.replicas" Identity false "do the other machines that were seen claim the same application and compose?";

    ComposeHash "compose.hash" Compose true "is the app_compose the measured one, byte for byte?";
    ComposeDocument "compose.document" Compose true "do all readers see the same document?";
    ComposeConfigId "compose.mrconfigid" Compose false "does MRCONFIGID commit to the same compose?";
    ComposeExpected "compose.expected" Compose true "is it a compose that the policy names?";

    OsVirtualHardware "os.virtual-hardware" Os false "is RTMR0 that of the claimed virtual hardware?";
    OsImage "os.image" Os false "are MRTD, RTMR1 and RTMR2 those of the given image?";
    OsLite "os.lite" Os false "are MRTD, RTMR1 and RTMR2 those of an accepted manifest?";
    OsDevelopment "os.development" Os false "is the image one for production?";
    OsMeasured "os.measured" Os true "is the operating system the claimed one?";

    BindingNonce "binding.nonce" Binding false "was the quote made for this request?";
    BindingRaTls "binding.ra-tls" Binding false "does the quote bind the TLS certificate's key?";
    BindingContent "binding.content" Binding false "does REPORTDATA bind the given content?";
    BindingKmsKeys "binding.kms-keys" Binding false "does REPORTDATA bind the KMS's root keys?";
    BindingIngress "binding.ingress" Binding false "does REPORTDATA bind the ingress evidence?";
    BindingServedCertificate "binding.served-certificate" Binding false "is the certificate that the server showed one that the quote binds?";
    BindingCaa "binding.caa" Binding false "may only the ACME account that the quote binds get certificates for the domain?";

    GpuEvidence "gpu.evidence" Binding false "is there evidence of the GPUs that the machine was measured with?";
    GpuGenuine "gpu.genuine" Binding false "is every report signed by a device that NVIDIA's root vouches for?";
    GpuFirmwareIdentity "gpu.firmware-identity" Binding false "was every report made by the firmware that its certificate was issued for?";
    GpuRevocation "gpu.revocation" Binding false "has NVIDIA revoked none of the devices' certificates?";
    GpuMeasurements "gpu.measurements" Binding false "are the devices' measurements those that NVIDIA signed for their versions?";
    GpuVersions "gpu.versions" Binding false "are driver and VBIOS ones that the policy accepts?";
    GpuSet "gpu.set" Binding false "are the devices distinct, over one nonce, of one driver and mode?";
    GpuCount "gpu.count" Binding false "are they as many as the machine was measured with?";
    GpuSwitches "gpu.switches" Binding false "are the switches that GPUs name attested, and do both name each other?";
    GpuNonce "gpu.nonce" Binding false "is the nonce of the devices' reports tied to the quote?";
    GpuBootGate "gpu.boot-gate" Binding false "did measured guest code examine its GPUs before it started the application?";

    AuditRules "audit.rules" Audit true "can the operator still cheat?";
    LinkKmsMachine "link.kms-machine" Governance false "is the given KMS a genuine machine that the policy accepts?";
    LinkKmsKey "link.kms-key" Governance false "is the measured key provider the key that the KMS's own quote binds?";
    LinkKmsMeasurement "link.kms-measurement" Governance false "is the KMS that gave the keys, as measured, the given one?";
    LinkGatewayMachine "link.gateway-machine" Governance false "is the given gateway a genuine machine that the policy accepts?";
    LinkGatewayKeys "link.gateway-keys" Governance false "has the gateway its keys from the same KMS?";
    GovernanceChain "governance.chain" Governance false "does every answer about the chain hold, at one block that is known?";
    GovernanceRegistry "governance.registry" Governance false "is the registry the one that the application's KMS obeys, with the measured root key?";
    GovernanceContract "governance.contract" Governance false "does the registry serve the application, and is its contract explained to the last slot?";
    GovernanceComposeHash "governance.compose-hash" Governance false "does the contract allow the measured compose hash?";
    GovernanceHistory "governance.history" Governance false "who can change the application, and is it public?";
}

impl CheckId {
    /// The check with this identifier.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|check| check.id() == id)
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for CheckId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for CheckId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::word::read(deserializer, "check that this version knows", Self::from_id)
    }
}

/// Which questions a report answers. Its list of checks is the same for every kind: what a kind does not ask stands
/// there as not asked, and counts where a policy demands it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A dstack machine: all of them.
    #[default]
    Machine,
    /// One quote alone: is it genuine, and is the platform acceptable?
    Quote,
    /// Documents that nothing vouches for: what the audit's rules say.
    Documents,
    /// Evidence of GPUs alone, without the machine that they are in.
    Gpus,
}

impl Kind {
    /// Whether reports of this kind ask the question.
    #[must_use]
    pub const fn asks(self, check: CheckId) -> bool {
        match self {
            Self::Machine => true,
            Self::Quote => matches!(check.step(), Step::Quote | Step::Platform),
            Self::Documents => matches!(check, CheckId::AuditRules),
            Self::Gpus => matches!(
                check,
                CheckId::GpuEvidence
                    | CheckId::GpuGenuine
                    | CheckId::GpuFirmwareIdentity
                    | CheckId::GpuRevocation
                    | CheckId::GpuMeasurements
                    | CheckId::GpuVersions
                    | CheckId::GpuSet
                    | CheckId::GpuCount
                    | CheckId::GpuSwitches
                    | CheckId::GpuNonce
            ),
        }
    }

    /// Whether the default policy demands that a report of this kind answers it.
    #[must_use]
    pub const fn requires(self, check: CheckId) -> bool {
        match self {
            Self::Machine | Self::Quote | Self::Documents => self.asks(check) && check.required_by_default(),
            Self::Gpus => matches!(
                check,
                CheckId::GpuEvidence | CheckId::GpuGenuine | CheckId::GpuMeasurements | CheckId::GpuSet
            ),
        }
    }

    /// The complete list, in order: the checks that were made, each once, and every other one as not made.
    #[must_use]
    pub fn complete(self, made: &[Check]) -> Vec<Check> {
        let found = |id: CheckId| made.iter().find(|check| check.id == id).cloned();
        CheckId::ALL.iter().map(|id| found(*id).unwrap_or_else(|| self.not_made(*id))).collect()
    }

    fn not_made(self, id: CheckId) -> Check {
        let detail = match self {
            Self::Machine => None,
            Self::Quote => Some("one quote alone; `veritee verify` asks it"),
            Self::Documents => Some("an audit of documents alone"),
            Self::Gpus => Some("evidence of GPUs alone; `veritee verify` asks it"),
        };
        match detail.filter(|_| !self.asks(id)) {
            Some(detail) => Check::not_checked(id, Reason::NotAsked, detail),
            None => Check::not_checked(
                id,
                Reason::EarlierStepFailed,
                "an earlier step did not give what this one needs",
            ),
        }
    }
}

/// One fault that a check found. A check that asks several questions keeps all of its faults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Why.
    pub reason: Reason,
    /// What an exception has to name, for reasons that speak of many values ([`Reason::carries_value`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What was found, in one line.
    pub detail: String,
    /// The policy's words for letting this one pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<String>,
}

impl Fault {
    /// A fault.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, value: None, detail: detail.into(), waived: None }
    }

    /// Adds the value that an exception has to name.
    #[must_use]
    pub fn of(mut self, value: impl fmt::Display) -> Self {
        self.value = Some(value.to_string());
        self
    }
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Shown from the bytes given.
    Pass,
    /// Contradicted or refused.
    Fail,
    /// Not made. Never counts as a pass.
    NotChecked,
}

/// A check as it stands in a report.
///
/// Built by [`Check::pass`], [`Check::fail`] and [`Check::not_checked`], so that a check which did not pass
/// always has a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Stable identifier.
    pub id: CheckId,
    /// Step of the pipeline.
    pub step: Step,
    /// How it came out.
    pub outcome: Outcome,
    /// Reason code; absent when passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Whether the policy demands that it be made.
    pub required: bool,
    /// What was found, in one line.
    pub detail: String,
    /// The value that would have passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The value found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub got: Option<String>,
    /// Where: a byte offset, an event index, a line.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explain: Option<String>,
    /// The policy's words for letting this pass all the same: all of it, where there are several faults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<String>,
    /// Every fault of a check that can have several, or whose fault has a value; [`Self::reason`] is the gravest's.
    /// Empty where the reason alone says it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
}

impl Check {
    const fn new(id: CheckId, outcome: Outcome, reason: Option<Reason>, detail: String) -> Self {
        Self {
            id,
            step: id.step(),
            outcome,
            reason,
            required: id.required_by_default(),
            detail,
            expected: None,
            got: None,
            location: None,
            explain: None,
            waived: None,
            faults: Vec::new(),
        }
    }

    /// A check that was made and holds.
    #[must_use]
    pub fn pass(id: CheckId, detail: impl Into<String>) -> Self {
        Self::new(id, Outcome::Pass, None, detail.into())
    }

    /// A check that was made and does not hold.
    #[must_use]
    pub fn fail(id: CheckId, reason: Reason, detail: impl Into<String>) -> Self {
        Self::new(id, Outcome::Fail, Some(reason), detail.into())
    }

    /// A check that was made and has these faults; the first is the one that is shown. `None` when there are none.
    #[must_use]
    pub fn failing(id: CheckId, faults: Vec<Fault>) -> Option<Self> {
        let shown = faults.first()?;
        let detail: Vec<&str> = faults.iter().map(|fault| fault.detail.as_str()).collect();
        let mut check = Self::fail(id, shown.reason, detail.join("; "));
        if faults.len() > 1 || shown.value.is_some() {
            check.faults = faults;
        }
        Some(check)
    }

    /// A check that was not made.
    #[must_use]
    pub fn not_checked(id: CheckId, reason: Reason, detail: impl Into<String>) -> Self {
        Self::new(id, Outcome::NotChecked, Some(reason), detail.into())
    }

    /// Outcome by the class of the reason: what is merely undecided was not checked, all else failed.
    #[must_use]
    pub fn from_reason(id: CheckId, reason: Reason, detail: impl Into<String>) -> Self {
        match reason.class() {
            Class::Undecided => Self::not_checked(id, reason, detail),
            Class::NotGenuine | Class::Refused | Class::Notice => Self::fail(id, reason, detail),
        }
    }

    /// Adds what was expected and what was found.
    #[must_use]
    pub fn compared(mut self, expected: impl fmt::Display, got: impl fmt::Display) -> Self {
        self.expected = Some(expected.to_string());
        self.got = Some(got.to_string());
        self
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, location: impl fmt::Display) -> Self {
        self.location = Some(location.to_string());
        self
    }

    /// Adds the next step.
    #[must_use]
    pub fn next(mut self, advice: impl Into<String>) -> Self {
        self.explain = Some(advice.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn identifiers_are_unique_and_listed_in_the_order_of_the_steps() {
        let mut seen = BTreeSet::new();
        let mut last = Step::Quote;
        for check in CheckId::ALL {
            assert!(seen.insert(check.id()), "{check} occurs twice");
            assert!(check.step() >= last, "{check} is out of order");
            last = check.step();
            assert_eq!(CheckId::from_id(check.id()), Some(*check));
        }
    }

    #[test]
    fn an_undecided_reason_is_never_a_failure_and_never_a_pass() {
        let check = Check::from_reason(CheckId::QuoteFormat, Reason::QuoteMissing, "");
        assert_eq!(check.outcome, Outcome::NotChecked);
    }
}
