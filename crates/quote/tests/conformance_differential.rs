//! Mutated quotes and collaterals, real ones and forged ones: ours against dcap-qvl 0.7.1, no unlisted difference
//! and no panic.
//!
//! `VERITEE_DIFFERENTIAL_CASES` sets how many cases each test runs.
#![allow(clippy::print_stderr, reason = "a skipped test says so, and a long run its count")]

#[path = "conformance/judge.rs"]
#[allow(dead_code, reason = "shared with the single faults")]
mod judge;
#[path = "conformance/mutation.rs"]
mod mutation;

use judge::{Answer, asked, our_answer, their_answer};
use mutation::{Random, mutate_collateral, mutate_quote, random_universe};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use veritee_quote::UnixTime;
use veritee_quote::divergence::{Acceptance, Opinion, Ours, compare};
use veritee_quote::{Collateral, Expiry, Quote, QuoteError, TrustRoot, VerifiedQuote};
use veritee_testkit::{Role, Shape, Universe};

/// Cases of each test unless the environment says otherwise.
const CASES: u64 = 600;

fn cases() -> u64 {
    let wanted = std::env::var("VERITEE_DIFFERENTIAL_CASES").ok();
    wanted.map_or(CASES, |text| text.parse().expect("a number of cases"))
}

/// A quote with collateral at a time, to begin with.
#[derive(Clone)]
struct Start {
    name: String,
    root: Vec<u8>,
    quote: Vec<u8>,
    collateral: String,
    as_of: UnixTime,
}

fn forged_starts() -> Vec<Start> {
    let mut starts = Vec::new();
    for shape in Shape::ALL {
        for authority in [Role::PlatformCa, Role::ProcessorCa] {
            let forged = Universe::under(1, shape, authority).forge();
            let name = format!("{shape:?} under {authority:?}");
            let collateral = forged.collateral_json();
            starts.push(Start {
                name,
                root: forged.root_der,
                quote: forged.quote,
                collateral,
                as_of: forged.as_of,
            });
        }
    }
    starts
}

/// Real quotes that the oracle has verified, with their collateral; empty where the vectors are absent.
fn real_starts() -> Vec<Start> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let Ok(oracle) = std::fs::read(folder.join("dcap_oracle.json")) else {
        eprintln!("skipped: ../shared is absent");
        return Vec::new();
    };
    let oracle: Value = serde_json::from_slice(&oracle).unwrap();
    let root = TrustRoot::intel().der().to_vec();
    let rows = oracle["rows"].as_array().unwrap().iter();
    rows.map(|row| Start {
        name: row["quote"].as_str().unwrap().to_owned(),
        root: root.clone(),
        quote: std::fs::read(folder.join(row["quote"].as_str().unwrap())).unwrap(),
        collateral: std::fs::read_to_string(folder.join(row["collateral"].as_str().unwrap())).unwrap(),
        as_of: UnixTime::from_seconds(row["now"].as_u64().unwrap()),
    })
    .collect()
}

/// What came of a run, by the name of the difference.
#[derive(Default)]
struct Tally {
    counts: BTreeMap<&'static str, u64>,
    unlisted: Vec<String>,
}

impl Tally {
    fn compare(&mut self, start: &Start, what: &dyn Fn() -> String) {
        let collateral = start.collateral.as_bytes();
        let ours = our_answer(&start.root, &start.quote, collateral, start.as_of);
        let theirs = their_answer(&start.root, &start.quote, collateral, start.as_of);
        let name = match (&ours, &theirs) {
            (Answer::Refused(_), Answer::Refused(_)) => Some("both refuse"),
            (Answer::Verified { .. }, Answer::Verified { .. }) => (ours == theirs).then_some("both verify"),
            _ => listed(start),
        };
        match name {
            Some(name) => *self.counts.entry(name).or_default() += 1,
            None => self.unlisted.push(format!(
                "{} after {}: ours {ours:?}, theirs {theirs:?}",
                start.name,
                what()
            )),
        }
    }

    /// `both` says that the run has to have seen both verdicts, else it has shown little.
    #[track_caller]
    fn finish(self, test: &str, both: bool) {
        let total: u64 = self.counts.values().sum();
        eprintln!("{test}: {total} cases agreed or differed as listed: {:?}", self.counts);
        assert!(self.unlisted.is_empty(), "{} unlisted:\n{}", self.unlisted.len(), self.unlisted.join("\n"));
        if both && total > 0 {
            assert!(self.counts.contains_key("both refuse") && self.counts.contains_key("both verify"));
        }
    }
}

/// The name under which the comparer lists the difference.
fn listed(start: &Start) -> Option<&'static str> {
    let judged = || -> Result<VerifiedQuote, QuoteError> {
        let quote = Quote::parse(&start.quote)?;
        let root = TrustRoot::from_der(&start.root)?;
        let collateral = Collateral::from_json(start.collateral.as_bytes())?;
        collateral.verify_at(&root, start.as_of, Expiry::Enforce)?.verify(&quote, start.as_of)
    };
    let verdict = judged();
    let ours = match &verdict {
        Ok(verified) => Ours::Accepts(Acceptance::of(verified)),
        Err(error) => Ours::Refuses(error),
    };
    let theirs = asked(&start.root, &start.quote, &start.collateral, start.as_of);
    match compare(&ours, theirs, false) {
        Opinion::Listed { divergence, .. } => Some(divergence.name()),
        Opinion::BothAccept | Opinion::BothRefuse { .. } | Opinion::Differ { .. } => None,
    }
}

fn mutate(starts: &[Start], seed: u64, test: &str, change: fn(&mut Random, &mut Start, &[Start]) -> String) {
    let mut tally = Tally::default();
    for case in 0..if starts.is_empty() { 0 } else { cases() } {
        let mut random = Random::new(seed, case);
        let mut start = starts[random.below(starts.len())].clone();
        let what = change(&mut random, &mut start, starts);
        tally.compare(&start, &|| format!("case {case}: {what}"));
    }
    tally.finish(test, true);
}

fn change_quote(random: &mut Random, start: &mut Start, starts: &[Start]) -> String {
    let other = &starts[random.below(starts.len())].quote;
    mutate_quote(random, &mut start.quote, other)
}

fn change_collateral(random: &mut Random, start: &mut Start, starts: &[Start]) -> String {
    if random.below(8) == 0 {
        let shift = random.below(120 * 86400);
        let seconds = (start.as_of.seconds() + 60 * 86400).saturating_sub(u64::try_from(shift).unwrap());
        start.as_of = UnixTime::from_seconds(seconds);
        return format!("as of {}", start.as_of);
    }
    let other = &starts[random.below(starts.len())].collateral;
    mutate_collateral(random, &mut start.collateral, other)
}

#[test]
fn forged_quotes_with_random_damage() {
    mutate(&forged_starts(), 1, "forged quotes", change_quote);
}

#[test]
fn real_quotes_with_random_damage() {
    mutate(&real_starts(), 2, "real quotes", change_quote);
}

#[test]
fn forged_collateral_with_random_damage() {
    mutate(&forged_starts(), 3, "forged collateral", change_collateral);
}

#[test]
fn real_collateral_with_random_damage() {
    mutate(&real_starts(), 4, "real collateral", change_collateral);
}

#[test]
fn forged_universes_with_random_contents_signed_again() {
    let mut tally = Tally::default();
    for case in 0..cases() {
        let mut random = Random::new(5, case);
        let (universe, what) = random_universe(&mut random);
        let forged = universe.forge();
        let start = Start {
            name: format!("{:?}", universe.shape),
            root: forged.root_der.clone(),
            quote: forged.quote.clone(),
            collateral: forged.collateral_json(),
            as_of: forged.as_of,
        };
        tally.compare(&start, &|| format!("case {case}: {}", what.join(", ")));
    }
    tally.finish("forged universes", true);
}
