//! The product: the same universe through its library functions, as each command uses them.

use crate::plan::{Advisories, Dice, Excepted, Giver, Rules, Set, Status, Universe};
use crate::pool;
use std::fmt::Write as _;
use std::sync::LazyLock;
use veritee_model::{Budget, Evidence, Item, Kind};
use veritee_policy::Policy;
use veritee_quote::{Origin, TrustRoot};
use veritee_testkit::pki::time;
use veritee_verify::{Engine, Expected, Grounds, Request};

pub(crate) static ROOT: LazyLock<TrustRoot> =
    LazyLock::new(|| TrustRoot::from_der(&pool::root_der()).unwrap());

/// What a command says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) code: u8,
    pub(crate) reasons: Vec<String>,
}

const fn origin(giver: Giver) -> Option<Origin> {
    match giver {
        Giver::Caller => Some(Origin::Caller),
        Giver::Store => Some(Origin::Store),
        Giver::Service => Some(Origin::Service),
        Giver::Judged | Giver::Bystander => None,
    }
}

fn policy(rules: &Rules, universe: &Universe) -> Policy {
    let text = policy_text(rules, universe);
    Policy::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// As a file says it.
pub(crate) fn policy_text(rules: &Rules, universe: &Universe) -> String {
    let mut text = String::from("schema = \"veritee/policy/v1\"\nname = \"drawn\"\n");
    const WHY: &str = "reason = \"drawn for a test\"\n";
    if rules.names_root {
        let _ = write!(text, "[root]\nspki_sha256 = \"{}\"\n{WHY}", ROOT.spki_sha256());
    }
    let accepts: Vec<String> = rules
        .accepts
        .iter()
        .map(|status| match status {
            Status::UpToDate => "\"UpToDate\"".to_owned(),
            Status::Hardening => "\"SWHardeningNeeded\"".to_owned(),
            Status::OutOfDate => "\"OutOfDate\"".to_owned(),
        })
        .collect();
    let _ = write!(text, "[tcb]\naccept = [{}]\n{WHY}", accepts.join(", "));
    if let Some(least) = rules.least_number {
        let _ = writeln!(text, "minimum_evaluation_number = {least}");
    }
    let first = pool::FIRST_ADVISORY;
    match rules.advisories {
        Advisories::None => {}
        Advisories::AllowFirst => {
            let _ = write!(text, "[advisories]\nallow = [\"{first}\"]\n{WHY}");
        }
        Advisories::AllButFirst => {
            let _ = write!(text, "[advisories]\nothers = \"allow\"\nrefuse = [\"{first}\"]\n{WHY}");
        }
        Advisories::Any => {
            let _ = write!(text, "[advisories]\nothers = \"allow\"\n{WHY}");
        }
    }
    if rules.allow_expired {
        let _ = write!(text, "[collateral]\nallow_expired = true\n{WHY}");
    }
    if let Some(oldest) = rules.oldest {
        let _ = write!(text, "[collateral.max_age_days]\ntcb_info = {oldest}\n");
    }
    if rules.allow_debug {
        let _ = write!(text, "[td]\nallow = [\"debug\"]\n{WHY}");
    }
    if rules.family.is_some() || rules.demands_app {
        text.push_str("[expect]\n");
        if let Some(own) = rules.family {
            let family = if own { veritee_testkit::universe::FMSPC } else { "000000000002" };
            let _ = writeln!(text, "fmspc = [\"{}\"]", family.to_lowercase());
        }
        if rules.demands_app {
            let _ = writeln!(text, "app_id = [\"{}\"]", "ab".repeat(20));
        }
    }
    if let Some(own) = rules.pinned {
        let quote = pool::quote(universe.machine, universe.above, universe.carries);
        let register = |offset: usize| hex::encode(&quote[48 + offset..96 + offset]);
        let mrtd = if own { register(136) } else { "00".repeat(48) };
        let _ = write!(
            text,
            "[[os.machine]]\nname = \"drawn\"\nmrtd = \"{mrtd}\"\nrtmr0 = \"{}\"\nrtmr1 = \"{}\"\nrtmr2 = \"{}\"\n{WHY}",
            register(328),
            register(376),
            register(424)
        );
    }
    for exception in &rules.exceptions {
        let (code, value) = match exception {
            Excepted::OutOfDate => ("tcb-out-of-date", None),
            Excepted::Hardening => ("tcb-sw-hardening-needed", None),
            Excepted::FirstAdvisory => ("advisory-refused", Some(first)),
            Excepted::Debug => ("td-debug", None),
            Excepted::LowNumber => ("evaluation-number-too-low", Some("18")),
        };
        let _ = write!(text, "[[exception]]\ncode = \"{code}\"\n{WHY}");
        if let Some(value) = value {
            let _ = writeln!(text, "value = \"{value}\"");
        }
    }
    text
}

fn item(set: &Set, number: usize, universe: &Universe) -> Item {
    let collateral = pool::collateral(set, universe.machine, universe.above);
    Item::new(collateral.to_json(), format!("{number}.json"))
}

/// What all commands share.
pub(crate) struct Product {
    policy: Policy,
    grounds: Grounds,
    evidence: Evidence,
}

impl Product {
    /// In the order that the plan names, or in another.
    pub(crate) fn new(universe: &Universe, turn: u64) -> Self {
        let policy = policy(&universe.rules, universe);
        let mut sets: Vec<(usize, &Set)> = universe.sets.iter().enumerate().collect();
        let dice = &mut Dice::new(universe.order ^ turn);
        for at in (1..sets.len()).rev() {
            sets.swap(at, dice.below(at + 1));
        }
        let mut grounds = Grounds::new(&ROOT, &Budget::STANDARD);
        let mut evidence = Evidence {
            quote: Some(Item::new(
                pool::quote(universe.machine, universe.above, universe.carries).to_vec(),
                "quote.bin",
            )),
            ..Evidence::default()
        };
        let mut bystander = Evidence::default();
        for (number, set) in sets {
            let item = item(set, number, universe);
            match (origin(set.giver), set.giver) {
                (Some(origin), _) => grounds.give(item, origin),
                (None, Giver::Judged) => evidence.collateral.push(item),
                (None, _) => bystander.collateral.push(item),
            }
        }
        grounds.learn(&bystander);
        Self { policy, grounds, evidence }
    }

    /// The same evidence as it is saved and read again, where nothing else is known.
    pub(crate) fn saved_and_read(&self) -> Self {
        let whole = self.grounds.recorded_in(&self.evidence);
        let text = veritee_evidence::to_json(&whole, "1");
        let evidence = veritee_evidence::convert("saved", text.as_bytes(), None, &Budget::STANDARD).unwrap();
        assert_eq!(evidence, whole);
        let policy = self.policy.clone();
        Self { grounds: Grounds::new(&ROOT, &Budget::STANDARD), policy, evidence }
    }

    /// The same with some of the judged party's items marked as if a judging side had had them.
    pub(crate) fn marked(mut self, mut is_marked: impl FnMut() -> bool) -> Self {
        for item in std::mem::take(&mut self.evidence.collateral) {
            if is_marked() {
                self.evidence.record(veritee_model::evidence::RecordedBy::Judge, item);
            } else {
                self.evidence.collateral.push(item);
            }
        }
        self
    }

    /// The judging side's collateral, to add to it.
    #[allow(dead_code, reason = "for the test of the store")]
    pub(crate) const fn grounds(&mut self) -> &mut Grounds {
        &mut self.grounds
    }

    fn request<'a>(&'a self, kind: Kind, engine: Engine<'a>) -> Request<'a> {
        Request {
            kind,
            evidence: &self.evidence,
            policy: &self.policy,
            policy_sha256: None,
            as_of: time(pool::AS_OF),
            grounds: &self.grounds,
            expected: &Expected::Nothing,
            engine,
            fail_on: None,
            image: None,
            asked: &[],
            gpu: veritee_verify::GpuGiven::default(),
            chain: veritee_verify::ChainGiven::default(),
            audit: veritee_verify::audit::Given::default(),
            budget: &Budget::STANDARD,
            tool_version: "0",
        }
    }

    /// A line of `batch`.
    pub(crate) fn batch(&self) -> Said {
        let alone = veritee_verify::verify_quote(&self.request(Kind::Quote, Engine::Native));
        Said { code: alone.verdict.exit_code, reasons: alone.verdict.reasons }
    }

    /// `quote verify`.
    pub(crate) fn quote_verify(&self, engine: Engine<'_>) -> Said {
        let report = veritee_verify::verify(&self.request(Kind::Quote, engine));
        Said { code: report.verdict.exit_code, reasons: report.verdict.reasons }
    }

    /// Steps 1 and 2 of `verify`: what refuses there, and whether anything was left open.
    pub(crate) fn verify(&self) -> Said {
        let mut report = veritee_verify::verify(&self.request(Kind::Machine, Engine::Native));
        let quote = veritee_verify::verify(&self.request(Kind::Quote, Engine::Native));
        let of_quote: Vec<_> = quote.checks.iter().map(|check| check.id).collect();
        report.checks.retain(|check| of_quote.contains(&check.id));
        let differing = report
            .checks
            .iter()
            .zip(&quote.checks)
            .filter(|(one, other)| {
                (one.id, one.outcome, one.reason) != (other.id, other.outcome, other.reason)
            })
            .filter(|(_, other)| other.reason != Some(veritee_model::Reason::NotAsked));
        let reasons = differing.map(|(one, other)| format!("{one:?} against {other:?}")).collect();
        Said { code: quote.verdict.exit_code, reasons }
    }
}
