//! A forged machine, a policy that trusts its root and pins its registers, and what a report of it must say.

use std::cell::RefCell;
use std::collections::BTreeSet;
use veritee_audit::Review;
use veritee_model::evidence::{EventLogFormat, EventLogItem};
use veritee_model::{
    Budget, Check, CheckId, Evidence, Item, Outcome, Reason, Report, UnixTime, VerdictOutcome,
};
use veritee_policy::Policy;
use veritee_quote::{Origin, TrustRoot};
use veritee_second_opinion::DcapQvl;
use veritee_testkit::Forged;
use veritee_testkit::dstack::report_data::Binding;
use veritee_testkit::dstack::{ForgedMachine, Machine};
use veritee_verify::audit::Given;
use veritee_verify::{Engine, Expected, Grounds, Request, verify};

/// The nonce that the genuine quote answers.
pub(crate) const NONCE: [u8; 32] = [0xa5; 32];

/// Checks that have nothing to stand on in a genuine machine's evidence: nothing was given for them, or this version
/// does not make them.
pub(crate) const OPEN: [CheckId; 34] = [
    CheckId::IdentityClaims,
    CheckId::IdentityTarget,
    CheckId::IdentityReplicas,
    CheckId::OsVirtualHardware,
    CheckId::OsImage,
    CheckId::OsLite,
    CheckId::OsDevelopment,
    CheckId::BindingContent,
    CheckId::BindingKmsKeys,
    CheckId::BindingIngress,
    CheckId::BindingServedCertificate,
    CheckId::BindingCaa,
    CheckId::GpuEvidence,
    CheckId::GpuGenuine,
    CheckId::GpuFirmwareIdentity,
    CheckId::GpuRevocation,
    CheckId::GpuMeasurements,
    CheckId::GpuVersions,
    CheckId::GpuSet,
    CheckId::GpuCount,
    CheckId::GpuSwitches,
    CheckId::GpuNonce,
    CheckId::GpuBootGate,
    CheckId::AuditRules,
    CheckId::LinkKmsMachine,
    CheckId::LinkKmsKey,
    CheckId::LinkKmsMeasurement,
    CheckId::LinkGatewayMachine,
    CheckId::LinkGatewayKeys,
    CheckId::GovernanceChain,
    CheckId::GovernanceRegistry,
    CheckId::GovernanceContract,
    CheckId::GovernanceComposeHash,
    CheckId::GovernanceHistory,
];

/// Declares attacks: each is a test of its own, and all of a file are run again to find out which reasons occur.
macro_rules! attacks {
    ($($(#[$note:meta])* fn $name:ident() $body:block)*) => {
        $($(#[$note])* #[test] pub(crate) fn $name() $body)*

        /// All attacks of this file.
        pub(crate) const ALL: &[fn()] = &[$($name),*];
    };
}
pub(crate) use attacks;

thread_local! {
    static SEEN: RefCell<BTreeSet<Reason>> = const { RefCell::new(BTreeSet::new()) };
    static FORGED: RefCell<BTreeSet<Reason>> = const { RefCell::new(BTreeSet::new()) };
}

/// Reasons for which an attack in this thread was called a forgery since this was last asked: those of failed checks, in
/// reports that end with 10.
pub(crate) fn taken_as_forged() -> BTreeSet<Reason> {
    FORGED.take()
}

/// Reasons that reports made in this thread gave.
pub(crate) fn seen() -> BTreeSet<Reason> {
    SEEN.with_borrow(Clone::clone)
}

/// Counts the reasons of checks that were made without a run.
pub(crate) fn note(checks: &[Check]) {
    SEEN.with_borrow_mut(|seen| seen.extend(checks.iter().filter_map(|check| check.reason)));
    note_forged(checks);
}

fn note_forged(checks: &[Check]) {
    let failed =
        checks.iter().filter(|check| check.outcome == Outcome::Fail).filter_map(|check| check.reason);
    let forged = failed.filter(|reason| reason.class() == veritee_model::Class::NotGenuine);
    FORGED.with_borrow_mut(|known| known.extend(forged));
}

/// One run: what is judged, under which rules.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) evidence: Evidence,
    /// Collateral of the judging side. What stands in the evidence is the judged party's.
    pub(crate) given: Vec<(Item, Origin)>,
    /// Lines before the first table of the policy file.
    pub(crate) head: String,
    /// The policy file's tables.
    pub(crate) policy: String,
    pub(crate) root: TrustRoot,
    pub(crate) as_of: UnixTime,
    pub(crate) expected: Expected,
    pub(crate) engine: Engine<'static>,
    pub(crate) budget: Budget,
    /// A reviewer's answers and the commit that was reviewed.
    pub(crate) review: Option<Review>,
    pub(crate) commit: Option<String>,
    pub(crate) gpu_nonce: Option<[u8; 32]>,
    pub(crate) gpu_roots: Option<veritee_gpu::Roots>,
    /// What the caller knows of the chain.
    pub(crate) chain: veritee_verify::ChainGiven,
}

/// A genuine machine whose quote answers [`NONCE`].
pub(crate) fn machine() -> Machine {
    Machine::new(1).change(|machine| machine.binding = Binding::Raw(NONCE.to_vec()))
}

/// The RA-TLS chain of the same machine. Its leaf carries a quote of its own, which binds its key.
pub(crate) fn ra_tls(machine: &Machine) -> String {
    machine.clone().change(|machine| machine.binding = Binding::RaTls).forge().ra_tls_pem
}

impl Case {
    /// The evidence that a forged machine presents, and a policy made for exactly this machine.
    pub(crate) fn new(machine: &Machine) -> Self {
        Self::of(&machine.forge(), &ra_tls(machine))
    }

    pub(crate) fn of(forged: &ForgedMachine, ra_tls: &str) -> Self {
        let mut case = Self::platform(&forged.platform);
        case.evidence.event_log = Some(log_item(forged.event_log_json()));
        case.evidence.app_compose = Some(Item::new(forged.app_compose.clone(), "app-compose.json"));
        case.evidence.certificates = Some(Item::new(ra_tls, "chain.pem"));
        case.evidence.mr_config =
            forged.mr_config_document.as_ref().map(|document| Item::new(document.clone(), "mr-config.json"));
        case
    }

    /// Quote and collateral alone.
    pub(crate) fn platform(forged: &Forged) -> Self {
        let root = TrustRoot::from_der(&forged.root_der).unwrap();
        let mut evidence =
            Evidence { quote: Some(Item::new(forged.quote.clone(), "quote.bin")), ..Evidence::default() };
        evidence.collateral.push(Item::new(forged.collateral_json(), "collateral.json"));
        let policy = format!("{}{}{}", trusting(&root), pinning(&forged.quote), AUDIT);
        Self {
            evidence,
            given: Vec::new(),
            head: String::new(),
            policy,
            root,
            as_of: forged.as_of,
            expected: Expected::Nonce(NONCE.to_vec()),
            engine: Engine::Both(&DcapQvl),
            budget: Budget::STANDARD,
            review: None,
            commit: None,
            gpu_nonce: None,
            gpu_roots: None,
            chain: veritee_verify::ChainGiven::default(),
        }
    }

    pub(crate) fn change(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Adds tables to the policy file.
    pub(crate) fn policy(mut self, text: &str) -> Self {
        self.policy.push_str(text);
        self
    }

    pub(crate) fn event_log(mut self, json: impl Into<Vec<u8>>) -> Self {
        self.evidence.event_log = Some(log_item(json));
        self
    }

    pub(crate) fn app_compose(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.evidence.app_compose = Some(Item::new(bytes, "app-compose.json"));
        self
    }

    pub(crate) fn read_policy(&self) -> Policy {
        let text = format!("schema = \"veritee/policy/v1\"\nname = \"test\"\n{}\n{}", self.head, self.policy);
        Policy::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn given(&self) -> Given<'_> {
        Given { review: self.review.as_ref(), commit: self.commit.as_deref(), ..Given::default() }
    }

    /// The report. Whatever was attacked, it has to be complete and consistent.
    #[track_caller]
    pub(crate) fn judge(&self) -> Report {
        self.judge_under(&self.read_policy())
    }

    pub(crate) fn grounds(&self) -> Grounds {
        let mut grounds = Grounds::new(&self.root, &self.budget);
        for (item, origin) in &self.given {
            grounds.give(item.clone(), *origin);
        }
        grounds
    }

    /// The PCK chains on which the verdict rests.
    pub(crate) fn pck_chains(&self) -> Vec<Vec<u8>> {
        let policy = self.read_policy();
        let grounds = self.grounds();
        grounds.pck_chains(&self.request(&policy, &grounds))
    }

    pub(crate) fn request<'a>(&'a self, policy: &'a Policy, grounds: &'a Grounds) -> Request<'a> {
        Request {
            kind: veritee_model::Kind::Machine,
            evidence: &self.evidence,
            policy,
            policy_sha256: None,
            as_of: self.as_of,
            grounds,
            expected: &self.expected,
            engine: self.engine,
            fail_on: None,
            image: None,
            asked: &[],
            gpu: veritee_verify::GpuGiven {
                nonce: self.gpu_nonce.as_ref(),
                roots: self.gpu_roots.as_ref(),
                memory: None,
            },
            chain: self.chain,
            audit: self.given(),
            budget: &self.budget,
            tool_version: "0.0.0",
        }
    }

    #[track_caller]
    pub(crate) fn judge_under(&self, policy: &Policy) -> Report {
        self.judge_by(policy, &self.grounds())
    }

    /// The report under grounds that others are judged by too.
    #[track_caller]
    pub(crate) fn judge_by(&self, policy: &Policy, grounds: &Grounds) -> Report {
        let report = verify(&self.request(policy, grounds));
        assert_complete(&report);
        let codes = report
            .checks
            .iter()
            .filter_map(|check| check.reason)
            .chain(report.notices.iter().map(|notice| notice.reason));
        SEEN.with_borrow_mut(|seen| seen.extend(codes));
        if report.verdict.outcome == VerdictOutcome::NotGenuine {
            note_forged(&report.checks);
        }
        report
    }

    /// The attack fails: this check fails for this reason, no other check fails, and the verdict is this.
    #[track_caller]
    pub(crate) fn is_refused(&self, id: CheckId, reason: Reason, outcome: VerdictOutcome) -> Report {
        self.is_refused_with(id, reason, outcome, &[])
    }

    /// The same, where other checks fail as well.
    #[track_caller]
    pub(crate) fn is_refused_with(
        &self,
        id: CheckId,
        reason: Reason,
        outcome: VerdictOutcome,
        also: &[CheckId],
    ) -> Report {
        let report = self.judge();
        assert_failed(&report, id, reason);
        assert_verdict(&report, outcome);
        assert!(report.verdict.reasons.contains(&reason.code().to_owned()), "{:?}", report.verdict);
        let failed: Vec<CheckId> = failures(&report).map(|check| check.id).collect();
        let mut wanted: Vec<CheckId> = also.iter().copied().chain([id]).collect();
        wanted.sort();
        assert_eq!(failed, wanted, "which checks fail: {:#?}", failures(&report).collect::<Vec<_>>());
        report
    }

    /// The question stays open: this check was not made, for this reason; none fails.
    #[track_caller]
    pub(crate) fn is_open(&self, id: CheckId, reason: Reason, outcome: VerdictOutcome) -> Report {
        let report = self.judge();
        let check = find(&report, id);
        assert_eq!((check.outcome, check.reason), (Outcome::NotChecked, Some(reason)), "{check:?}");
        assert_verdict(&report, outcome);
        assert_eq!(failures(&report).count(), 0, "{:?}", failures(&report).collect::<Vec<_>>());
        report
    }

    fn may_stay_open(&self, id: CheckId) -> bool {
        let no_certificate = self.evidence.certificates.is_none() && id == CheckId::BindingRaTls;
        no_certificate || OPEN.contains(&id)
    }

    /// Everything that can pass passes.
    #[track_caller]
    pub(crate) fn is_verified(&self) -> Report {
        let report = self.judge();
        let open = report.checks.iter().filter(|check| check.outcome != Outcome::Pass);
        let unexpected: Vec<&Check> = open.filter(|check| !self.may_stay_open(check.id)).collect();
        assert!(unexpected.is_empty(), "{unexpected:#?}");
        assert_verdict(&report, VerdictOutcome::Verified);
        report
    }
}

pub(crate) fn log_item(json: impl Into<Vec<u8>>) -> EventLogItem {
    EventLogItem { item: Item::new(json, "event_log.json"), format: EventLogFormat::DstackJson }
}

/// The audit has tests of its own: here it neither decides nor is missed.
const AUDIT: &str = "[audit]\nfail_on = \"critical\"\n[[waive]]\ncheck = \"audit.rules\"\nreason = \"the audit has tests of its own\"\n";

/// `[root]` for this root.
pub(crate) fn trusting(root: &TrustRoot) -> String {
    format!("[root]\nspki_sha256 = \"{}\"\nreason = \"a forged universe\"\n", root.spki_sha256())
}

/// `[[os.machine]]` with the registers that a quote (version 4, or 5 with its descriptor) has.
pub(crate) fn pinning(quote: &[u8]) -> String {
    let body = if quote[0] == 5 { 54 } else { 48 };
    let register = |offset: usize| hex::encode(&quote[body + offset..body + offset + 48]);
    format!(
        "[[os.machine]]\nname = \"forged\"\nreason = \"a forged universe\"\nmrtd = \"{}\"\nrtmr0 = \"{}\"\nrtmr1 = \"{}\"\nrtmr2 = \"{}\"\n",
        register(136),
        register(328),
        register(376),
        register(424)
    )
}

pub(crate) fn find(report: &Report, id: CheckId) -> &Check {
    report.checks.iter().find(|check| check.id == id).unwrap()
}

fn failures(report: &Report) -> impl Iterator<Item = &Check> {
    report.checks.iter().filter(|check| check.outcome == Outcome::Fail)
}

#[track_caller]
pub(crate) fn assert_failed(report: &Report, id: CheckId, reason: Reason) {
    let check = find(report, id);
    assert_eq!(
        (check.outcome, check.reason),
        (Outcome::Fail, Some(reason)),
        "{check:?}\nfailed: {:#?}",
        failures(report).collect::<Vec<_>>()
    );
    assert!(!check.detail.is_empty());
}

/// 10 for a forgery, 11 for what an honest operator with a genuine machine can cause.
pub(crate) fn outcome_of(reason: Reason) -> VerdictOutcome {
    match reason.class() {
        veritee_model::Class::NotGenuine => VerdictOutcome::NotGenuine,
        _ => VerdictOutcome::Refused,
    }
}

/// The outcome and the exit code that goes with it, written out: scripts rely on the numbers.
#[track_caller]
pub(crate) fn assert_verdict(report: &Report, outcome: VerdictOutcome) {
    let code = match outcome {
        VerdictOutcome::Verified => 0,
        VerdictOutcome::NotGenuine => 10,
        VerdictOutcome::Refused => 11,
        VerdictOutcome::Findings => 12,
        VerdictOutcome::Incomplete => 13,
    };
    assert_eq!(
        (report.verdict.outcome, report.verdict.exit_code),
        (outcome, code),
        "{:?}\nfailed: {:#?}",
        report.verdict,
        failures(report).collect::<Vec<_>>()
    );
}

/// A notice of this reason is there.
#[track_caller]
pub(crate) fn assert_notice(report: &Report, reason: Reason) {
    assert!(
        report.notices.iter().any(|notice| notice.reason == reason),
        "no {reason} among {:?}",
        report.notices
    );
}

/// Every check is listed once and in order; what did not pass says why; the verdict follows from the checks.
#[track_caller]
pub(crate) fn assert_complete(report: &Report) {
    let listed: Vec<CheckId> = report.checks.iter().map(|check| check.id).collect();
    assert_eq!(listed, CheckId::ALL);
    for check in &report.checks {
        assert_eq!(check.outcome == Outcome::Pass, check.reason.is_none(), "{check:?}");
        assert!(!check.detail.is_empty(), "{check:?}");
    }
    assert_eq!(report.verdict.exit_code, report.verdict.outcome.exit_code().code());
    let again = veritee_model::Verdict::conclude(
        report.kind,
        &report.checks,
        &report.findings,
        report.policy.fail_on,
    );
    assert_eq!(report.verdict, again);
    let saved = veritee_report::json(report);
    assert_eq!(veritee_report::parse(saved.as_bytes()).as_ref().unwrap(), report);
}
