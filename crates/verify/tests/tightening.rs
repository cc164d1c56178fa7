//! A tighter policy never turns a refusal into a pass: policies with every lever drawn at random, judged over forged
//! machines genuine and not, before and after something in them was tightened.
//!
//! Left out, because they neither tighten nor loosen: `[as_of]`, which judges at another time; `[root]`, which names
//! another trust anchor; the last `[[os.machine]]`, which says both what is accepted and that nothing else is.

#[path = "attacks/support.rs"]
#[allow(dead_code, unused_imports, unused_macros, reason = "shared with the attacks")]
mod support;

use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use proptest::test_runner::{Config, TestRunner};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use support::{Case, NONCE, machine};
use veritee_model::{
    AppId, CheckId, ComposeHash, Fmspc, InstanceId, Mrtd, Reason, Severity, TcbStatus, TdAttributes,
    UnixTime, VerdictOutcome, Xfam,
};
use veritee_policy::{Allowed, Exception, KeyProvider, MachineRegisters, Others, Policy, TdLeniency, Waiver};
use veritee_testkit::dstack::Machine;
use veritee_testkit::dstack::report_data::Binding;
use veritee_testkit::pki::time;
use veritee_testkit::{Shape, Universe};
use veritee_verify::{Engine, Expected};

const ADVISORIES: [&str; 3] = ["INTEL-SA-00001", "INTEL-SA-00002", "INTEL-SA-00003"];
const STATUSES: [TcbStatus; 8] = [
    TcbStatus::UpToDate,
    TcbStatus::SwHardeningNeeded,
    TcbStatus::ConfigurationNeeded,
    TcbStatus::ConfigurationAndSwHardeningNeeded,
    TcbStatus::OutOfDate,
    TcbStatus::OutOfDateConfigurationNeeded,
    TcbStatus::TdRelaunchAdvised,
    TcbStatus::TdRelaunchAdvisedConfigurationNeeded,
];
const LENIENCIES: [TdLeniency; 5] = [
    TdLeniency::Debug,
    TdLeniency::Profiling,
    TdLeniency::Migratable,
    TdLeniency::ServiceTd,
    TdLeniency::SeptVeDisableOff,
];
/// Checks that pass, fail or stay open here.
const CHECKS: [CheckId; 9] = [
    CheckId::BindingNonce,
    CheckId::BindingContent,
    CheckId::ComposeConfigId,
    CheckId::OsImage,
    CheckId::OsMeasured,
    CheckId::EventLogRtmr0,
    CheckId::IdentityExpected,
    CheckId::AuditRules,
    CheckId::GovernanceHistory,
];
const EXCEPTIONS: [Reason; 8] = [
    Reason::TcbOutOfDate,
    Reason::TcbSwHardeningNeeded,
    Reason::AdvisoryRefused,
    Reason::EvaluationNumberTooLow,
    Reason::CollateralTooOld,
    Reason::TdDebug,
    Reason::AppIdUnexpected,
    Reason::OsRegisterUnexpected,
];

fn because() -> Option<String> {
    Some("made for a test".to_owned())
}

/// A machine, its policy of departure, and the values that its evidence has.
struct Subject {
    case: Case,
    policy: Policy,
    app_id: AppId,
    fmspc: Fmspc,
    compose_hash: ComposeHash,
}

fn subject(machine: &Machine, change: impl FnOnce(&mut Case)) -> Subject {
    let forged = machine.forge();
    let mut case = Case::of(&forged, "").change(|case| {
        case.evidence.certificates = None;
        case.engine = Engine::Native;
    });
    change(&mut case);
    let policy = case.read_policy();
    let compose_hash = veritee_model::Sha256Digest::of(&forged.app_compose);
    Subject {
        policy,
        app_id: AppId::new(machine.payloads().app_id),
        fmspc: Fmspc::from_hex(veritee_testkit::universe::FMSPC).unwrap(),
        compose_hash: ComposeHash::new(*compose_hash.as_bytes()),
        case,
    }
}

fn on(change: impl FnOnce(Universe) -> Universe) -> Subject {
    subject(&machine().universe(change), |_case| {})
}

fn attributes(bits: u64) -> Subject {
    on(|it| it.quote(|quote| quote.td().td_attributes = ((1 << 28) ^ bits).to_le_bytes()))
}

/// What a policy is about, one machine for each lever at least.
static SUBJECTS: LazyLock<Vec<Subject>> = LazyLock::new(|| {
    let status = |status: &'static str, advisories: usize| {
        on(move |it| {
            it.tcb_info(move |info| {
                info.levels[0].status = status.to_owned();
                info.levels[0].advisories =
                    ADVISORIES[..advisories].iter().map(|it| (*it).to_owned()).collect();
            })
        })
    };
    let td15 = Machine::with_shape(1, Shape::TdxV5Td15)
        .change(|machine| machine.binding = Binding::Raw(NONCE.to_vec()))
        .universe(|it| it.quote(|quote| quote.td().mr_service_td = [7; 48]));
    vec![
        on(|it| it),
        on(|it| it),
        status("UpToDate", 1),
        status("UpToDate", 2),
        status("SWHardeningNeeded", 0),
        status("OutOfDate", 1),
        attributes(1),
        attributes(1 << 29),
        attributes(1 << 28),
        subject(&td15, |_case| {}),
        on(|it| it.qe_identity(|identity| identity.evaluation_number = 18)),
        subject(&machine(), |case| case.as_of = time("2026-11-30T00:00:00Z")),
        subject(&machine(), |case| case.expected = Expected::Nonce(vec![1; 32])),
        subject(&machine(), |case| case.evidence.event_log = None),
        subject(&machine(), |case| case.evidence.app_compose = None),
        on(|it| it.quote(|quote| quote.signed_by = veritee_testkit::Role::Stranger)),
    ]
});

/// A policy, over the one that its machine departs from. `true` for the value that the machine has.
#[derive(Debug, Clone)]
struct Levers {
    accept: Vec<TcbStatus>,
    evaluation: Option<u32>,
    date: Option<&'static str>,
    allow: Vec<&'static str>,
    refuse: Vec<&'static str>,
    others: bool,
    ages: [Option<u32>; 4],
    expired: bool,
    td: Vec<TdLeniency>,
    app_id: Vec<bool>,
    compose_hash: Vec<bool>,
    fmspc: Vec<bool>,
    machines: Vec<bool>,
    development: bool,
    require: Vec<CheckId>,
    waive: Vec<CheckId>,
    exceptions: Vec<Reason>,
    audit: Vec<&'static str>,
    fail_on: Severity,
}

/// Rather loose than strict: what refuses already tells nothing.
fn levers() -> impl Strategy<Value = Levers> {
    let rarely =
        |values: &'static [bool]| prop_oneof![3 => Just(vec![]), 1 => subsequence(values.to_vec(), 1..=2)];
    let tcb = (
        prop_oneof![Just(STATUSES.to_vec()), subsequence(STATUSES.to_vec(), 1..=8)],
        prop_oneof![2 => Just(None), 1 => (17_u32..21).prop_map(Some)],
        prop_oneof![4 => Just(None), 1 => Just(Some("2025-01-01T00:00:00Z"))],
        prop_oneof![Just(ADVISORIES.to_vec()), subsequence(ADVISORIES.to_vec(), 0..=3)],
        prop_oneof![4 => Just(vec![]), 1 => subsequence(ADVISORIES.to_vec(), 0..=1)],
        any::<bool>(),
    );
    let collateral = (
        proptest::array::uniform4(prop_oneof![3 => Just(None), 1 => (10_u32..90).prop_map(Some)]),
        prop_oneof![3 => Just(true), 1 => Just(false)],
        prop_oneof![Just(LENIENCIES.to_vec()), subsequence(LENIENCIES.to_vec(), 0..=5)],
    );
    let expect = (rarely(&[true, false]), rarely(&[true, false]), rarely(&[true, false]));
    let os = (
        prop_oneof![6 => Just(vec![true]), 2 => Just(vec![true, false]), 1 => Just(vec![false])],
        any::<bool>(),
    );
    let checks = (
        prop_oneof![4 => Just(vec![]), 1 => subsequence(CHECKS.to_vec(), 0..=1)],
        prop_oneof![
            Just(vec![CheckId::AuditRules]),
            Just(CHECKS.to_vec()),
            subsequence(CHECKS.to_vec(), 0..=9)
        ],
        prop_oneof![1 => Just(vec![]), 1 => subsequence(EXCEPTIONS.to_vec(), 0..=8)],
        subsequence(vec!["DP-IMG-001", "DP-CMP-001"], 0..=2),
        select(vec![Severity::Critical, Severity::High]),
    );
    (tcb, collateral, expect, os, checks).prop_map(|(tcb, collateral, expect, os, checks)| {
        let (accept, evaluation, date, allow, refuse, others) = tcb;
        let (ages, expired, td) = collateral;
        let (app_id, compose_hash, fmspc) = expect;
        let (machines, development) = os;
        let (require, waive, exceptions, audit, fail_on) = checks;
        Levers {
            accept,
            evaluation,
            date,
            allow,
            refuse,
            others,
            ages,
            expired,
            td,
            app_id,
            compose_hash,
            fmspc,
            machines,
            development,
            require,
            waive,
            exceptions,
            audit,
            fail_on,
        }
    })
}

impl Levers {
    fn policy(&self, subject: &Subject) -> Policy {
        let mut policy = subject.policy.clone();
        let own = |flags: &[bool]| flags.to_vec();
        policy.tcb.accept.clone_from(&self.accept);
        policy.tcb.minimum_evaluation_number = self.evaluation;
        policy.tcb.minimum_date = self.date.map(|date| UnixTime::parse(date).unwrap());
        policy.advisories.allow = self.allow.iter().map(|it| (*it).to_owned()).collect();
        policy.advisories.refuse = self.refuse.iter().map(|it| (*it).to_owned()).collect();
        policy.advisories.others = if self.others { Others::Allow } else { Others::Refuse };
        let ages = &mut policy.collateral.max_age_days;
        [ages.tcb_info, ages.qe_identity, ages.pck_crl, ages.root_ca_crl] = self.ages;
        policy.collateral.allow_expired = self.expired;
        policy.td.allow.clone_from(&self.td);
        policy.expect.app_id = own(&self.app_id)
            .into_iter()
            .map(|own| if own { subject.app_id } else { AppId::new([9; 20]) })
            .collect();
        policy.expect.compose_hash = own(&self.compose_hash)
            .into_iter()
            .map(|own| if own { subject.compose_hash } else { ComposeHash::new([9; 32]) })
            .collect();
        policy.expect.fmspc = own(&self.fmspc)
            .into_iter()
            .map(|own| if own { subject.fmspc } else { Fmspc::new([9; 6]) })
            .collect();
        let right = policy.os.machine[0].clone();
        policy.os.machine = self
            .machines
            .iter()
            .map(|own| if *own { right.clone() } else { other_machine(&right) })
            .collect();
        policy.os.allow_development = self.development;
        policy.require = self.require.clone();
        policy.waive = self.waive.iter().map(|id| waiver(*id)).collect();
        policy.exception = self.exceptions.iter().map(|reason| exception(*reason)).collect();
        policy.audit.allow = self.audit.iter().map(|rule| allowed(rule)).collect();
        policy.audit.fail_on = self.fail_on;
        policy
    }
}

fn other_machine(right: &MachineRegisters) -> MachineRegisters {
    MachineRegisters { name: "another".to_owned(), mrtd: Some(Mrtd::new([9; 48])), ..right.clone() }
}

fn waiver(id: CheckId) -> Waiver {
    Waiver { check: id, reason: because(), expires: None }
}

fn exception(reason: Reason) -> Exception {
    Exception { code: reason, value: None, check: None, reason: because(), expires: None }
}

fn allowed(rule: &str) -> Allowed {
    Allowed { rule: rule.to_owned(), place: None, value: None, reason: because(), expires: None }
}

/// Tightens something; `false` where there is nothing to tighten.
type Tightening = (&'static str, fn(&mut Policy, &Subject, Index) -> bool);

fn remove<T>(list: &mut Vec<T>, index: Index, least: usize) -> bool {
    if list.len() <= least {
        return false;
    }
    list.remove(index.index(list.len()));
    true
}

/// A list that accepts anything when empty becomes one that accepts one thing; a longer one becomes shorter.
fn narrow<T: Clone>(list: &mut Vec<T>, index: Index, values: &[T]) -> bool {
    if list.is_empty() {
        list.push(values[index.index(values.len())].clone());
        return true;
    }
    remove(list, index, 1)
}

fn lower(age: &mut Option<u32>, index: Index) -> bool {
    let limit = age.unwrap_or(60);
    *age = Some(u32::try_from(index.index(limit as usize + 1)).unwrap());
    true
}

const TIGHTENINGS: &[Tightening] = &[
    ("a status less", |it, _, index| remove(&mut it.tcb.accept, index, 1)),
    ("a higher evaluation number", |it, _, index| {
        let least = it.tcb.minimum_evaluation_number.unwrap_or(17);
        it.tcb.minimum_evaluation_number = Some(least + u32::try_from(index.index(5)).unwrap());
        true
    }),
    ("a later date of the TCB", |it, _, index| {
        let dates = ["2025-06-01T00:00:00Z", "2026-01-01T00:00:00Z"];
        let date = UnixTime::parse(dates[index.index(2)]).unwrap();
        it.tcb.minimum_date = it.tcb.minimum_date.max(Some(date));
        true
    }),
    ("an advisory no longer allowed", |it, _, index| remove(&mut it.advisories.allow, index, 0)),
    ("an advisory refused by name", |it, _, index| {
        let advisory = ADVISORIES[index.index(3)].to_owned();
        it.advisories.allow.retain(|allowed| *allowed != advisory);
        it.advisories.refuse.push(advisory);
        true
    }),
    ("other advisories refused", |it, _, _| {
        core::mem::replace(&mut it.advisories.others, Others::Refuse) == Others::Allow
    }),
    ("younger TCB info", |it, _, index| lower(&mut it.collateral.max_age_days.tcb_info, index)),
    ("a younger QE identity", |it, _, index| lower(&mut it.collateral.max_age_days.qe_identity, index)),
    ("a younger PCK CRL", |it, _, index| lower(&mut it.collateral.max_age_days.pck_crl, index)),
    ("a younger root CRL", |it, _, index| lower(&mut it.collateral.max_age_days.root_ca_crl, index)),
    ("nothing expired", |it, _, _| core::mem::take(&mut it.collateral.allow_expired)),
    ("a TD property no longer allowed", |it, _, index| remove(&mut it.td.allow, index, 0)),
    ("exact TD attributes", |it, _, index| {
        let other = if index.index(2) == 0 { [0; 8] } else { (1_u64 << 28).to_le_bytes() };
        it.td.attributes.replace(TdAttributes::new(other)).is_none()
    }),
    ("an exact XFAM", |it, _, _| it.td.xfam.replace(Xfam::new([0xe7, 2, 6, 0, 0, 0, 0, 1])).is_none()),
    ("fewer apps", |it, subject, index| {
        narrow(&mut it.expect.app_id, index, &[subject.app_id, AppId::new([9; 20])])
    }),
    ("fewer instances", |it, _, index| {
        narrow(&mut it.expect.instance_id, index, &[InstanceId::new([9; 20])])
    }),
    ("fewer composes", |it, subject, index| {
        narrow(&mut it.expect.compose_hash, index, &[subject.compose_hash, ComposeHash::new([9; 32])])
    }),
    ("fewer key providers", |it, _, index| {
        let provider = KeyProvider { name: "none".to_owned(), id: "00".to_owned() };
        narrow(&mut it.expect.key_provider, index, &[provider])
    }),
    ("fewer processor families", |it, subject, index| {
        narrow(&mut it.expect.fmspc, index, &[subject.fmspc, Fmspc::new([9; 6])])
    }),
    ("a machine less", |it, _, index| remove(&mut it.os.machine, index, 1)),
    ("no development images", |it, _, _| core::mem::take(&mut it.os.allow_development)),
    ("a check more", |it, _, index| {
        it.require.push(CHECKS[index.index(CHECKS.len())]);
        true
    }),
    ("a waiver less", |it, _, index| remove(&mut it.waive, index, 0)),
    ("a waiver that has expired", |it, subject, index| {
        let Some(count) = Some(it.waive.len()).filter(|count| *count > 0) else { return false };
        it.waive[index.index(count)].expires = Some(subject.case.as_of);
        true
    }),
    ("an exception less", |it, _, index| remove(&mut it.exception, index, 0)),
    ("an exception at another check only", |it, _, index| {
        let Some(count) = Some(it.exception.len()).filter(|count| *count > 0) else { return false };
        it.exception[index.index(count)].check = Some(CheckId::BindingCaa);
        true
    }),
    ("an exception that has expired", |it, subject, index| {
        let Some(count) = Some(it.exception.len()).filter(|count| *count > 0) else { return false };
        it.exception[index.index(count)].expires = Some(subject.case.as_of);
        true
    }),
    ("a finding no longer allowed", |it, _, index| remove(&mut it.audit.allow, index, 0)),
    ("findings of lower severity count", |it, _, _| {
        core::mem::replace(&mut it.audit.fail_on, Severity::Low) != Severity::Low
    }),
];

fn passes(subject: &Subject, policy: &Policy) -> bool {
    subject.case.judge_under(policy).verdict.outcome == VerdictOutcome::Verified
}

#[test]
fn a_tighter_policy_never_turns_a_refusal_into_a_pass() {
    /// Of pairs of policies: passed and still pass, refused by the tightening, refused before.
    #[derive(Debug, Default)]
    struct Tally {
        still: u32,
        caught: BTreeMap<&'static str, u32>,
        before: u32,
    }
    let tally = RefCell::new(Tally::default());
    let cases = std::env::var("VERITEE_TIGHTENING_CASES").map_or(240, |text| text.parse().expect("a number"));
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let strategy = (0..SUBJECTS.len(), levers(), 0..TIGHTENINGS.len(), any::<Index>());
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let run = runner.run(&strategy, |(number, levers, which, index)| {
        let subject = &SUBJECTS[number];
        let loose = levers.policy(subject);
        let mut tight = loose.clone();
        let (name, tighten) = TIGHTENINGS[which];
        if !tighten(&mut tight, subject, index) {
            return Err(TestCaseError::reject("nothing to tighten"));
        }
        let (before, after) = (passes(subject, &loose), passes(subject, &tight));
        let mut tally = tally.borrow_mut();
        match (before, after) {
            (true, true) => tally.still += 1,
            (true, false) => *tally.caught.entry(name).or_default() += 1,
            (false, false) => tally.before += 1,
            (false, true) => {}
        }
        prop_assert!(before || !after, "{name} made machine {number} pass:\n{loose:#?}\n{tight:#?}");
        Ok(())
    });
    run.unwrap();
    let tally = tally.into_inner();
    // The run has to have seen all three, else it has shown little.
    let caught: u32 = tally.caught.values().sum();
    assert!(tally.still > 20 && tally.before > 20 && caught > 20, "{tally:?}");
    assert!(tally.caught.len() > 8, "{tally:?}");
}
