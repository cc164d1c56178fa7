//! A memory never decides: whatever was judged before, in whatever order, on however many threads, and however little is
//! remembered, every answer is byte for byte the one that is given without a memory. `VERITEE_UNIVERSES` says how many
//! evidences are drawn.

mod drawn;

use drawn::{Dice, Drawn, Pool, Rules};
use std::sync::atomic::{AtomicUsize, Ordering};
use veritee_model::{Budget, Evidence, UnixTime};
use veritee_quote::{Origin, Quote};
use veritee_verify::Grounds;

/// How many are drawn where nobody asks for more.
const FEW: usize = 96;
/// Evidences that are judged between two lessons.
const ROUND: usize = 16;

/// All of the memory, so little that most of it is driven out again, none.
const SOME: [usize; 2] = [1024, 12];

fn count() -> usize {
    std::env::var("VERITEE_UNIVERSES").ok().and_then(|it| it.parse().ok()).unwrap_or(FEW)
}

fn judged(rules: &Rules, drawn: &Drawn, grounds: &Grounds, budget: &Budget) -> String {
    let request = rules.request(drawn, grounds, budget);
    let report = veritee_verify::verify(&request);
    let short = veritee_verify::verify_in_short(&request);
    assert_eq!(short.findings().is_some(), report.audit.is_some());
    assert_eq!(short.findings().unwrap_or_default(), report.findings);
    assert_eq!((&short.report.verdict, &short.report.checks), (&report.verdict, &report.checks));
    let alone = veritee_verify::verify_quote(&request);
    let chains: Vec<String> = grounds
        .pck_chains(&request)
        .iter()
        .map(|chain| String::from_utf8_lossy(chain).into_owned())
        .collect();
    let alone = (&alone.checks, &alone.verdict, &alone.unusable, &alone.decided_by, &alone.notices);
    serde_json::to_string(&(&report, alone, chains)).unwrap()
}

/// One run: evidences in rounds, and what a lesson between two rounds reveals holds from then on.
fn run(pool: &Pool, seed: u64, many: usize) {
    let dice = &mut Dice::new(seed);
    let rules = Rules::draw(pool, dice);
    let rounds: Vec<(Vec<Drawn>, Evidence)> = (0..many.div_ceil(ROUND))
        .map(|_| ((0..ROUND).map(|_| Drawn::draw(pool, dice)).collect(), pool.lesson(dice)))
        .collect();
    let none = Budget::STANDARD.with_memory(0);
    let mut without = rules.grounds(&none);
    let expected: Vec<Vec<String>> = rounds
        .iter()
        .map(|(round, lesson)| {
            let answers = round.iter().map(|drawn| judged(&rules, drawn, &without, &none)).collect();
            without.learn(lesson);
            answers
        })
        .collect();
    for threads in [1, 2, 8] {
        let parts = SOME[usize::try_from(seed % 2).unwrap()];
        let budget = Budget::STANDARD.with_memory(parts);
        let mut grounds = rules.grounds(&budget);
        for (number, ((round, lesson), expected)) in rounds.iter().zip(&expected).enumerate() {
            let next = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        while let Some((at, drawn)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, round.get(at)?))) {
                            let found = judged(&rules, drawn, &grounds, &budget);
                            assert!(
                                found == expected[at],
                                "run {seed}, {threads} threads, {parts} parts, round {number}, evidence {at}: {drawn:?}\n{}",
                                first_difference(&found, &expected[at])
                            );
                        }
                    });
                }
            });
            assert!(grounds.remembered_bytes() <= budget.memory_bytes());
            grounds.learn(lesson);
        }
    }
}

fn first_difference(found: &str, expected: &str) -> String {
    let at = found.bytes().zip(expected.bytes()).take_while(|(one, other)| one == other).count();
    let around =
        |text: &str| text.get(at.saturating_sub(200)..(at + 200).min(text.len())).unwrap_or(text).to_owned();
    format!("with    {}\nwithout {}", around(found), around(expected))
}

#[test]
fn every_answer_is_the_one_without_a_memory() {
    let pool = Pool::new();
    let many = count();
    // Each run has rules and grounds of its own, and time for its memory to fill.
    let each = (ROUND * 3).min(many);
    for seed in 0..u64::try_from(many.div_ceil(each)).unwrap() {
        run(&pool, seed, each);
    }
}

#[test]
fn what_is_remembered_stays_within_its_bytes_and_a_repeated_evidence_costs_no_second_walk() {
    let pool = Pool::new();
    let dice = &mut Dice::new(1);
    let rules = Rules::plain(&pool);
    let budget = Budget::STANDARD.with_memory(64);
    let grounds = rules.grounds(&budget);
    for _ in 0..40 {
        judged(&rules, &Drawn::draw(&pool, dice), &grounds, &budget);
        assert!(grounds.remembered_bytes() <= budget.memory_bytes(), "{}", grounds.remembered_bytes());
    }
    let grounds = rules.grounds(&Budget::STANDARD);
    let drawn = Drawn::plain(&pool);
    for _ in 0..3 {
        judged(&rules, &drawn, &grounds, &Budget::STANDARD);
    }
    let counts = grounds.statistics();
    assert_eq!(counts.unknown, 1, "{counts:?}");
    assert!(counts.enclave_known >= 5, "{counts:?}");
}

#[test]
fn what_is_lacking_is_the_same_under_whoevers_name_it_was_verified() {
    let pool = Pool::new();
    let dice = &mut Dice::new(3);
    let mut said = [0, 0];
    for _ in 0..count() * 4 {
        let rules = Rules::draw(&pool, dice);
        let grounds = rules.grounds(&Budget::STANDARD);
        let drawn = Drawn::draw(&pool, dice).recorded(&pool, dice);
        let bytes = &drawn.evidence.quote.as_ref().unwrap().bytes;
        let Ok(quote) = Quote::parse(bytes) else { continue };
        let mut given = grounds.clone();
        given.give_all(drawn.evidence.own_collateral().map(|item| (item.clone(), Origin::Caller)));
        let lacking = grounds.lacks_beside(&drawn.evidence, &quote, rules.as_of);
        assert_eq!(lacking, given.lacks(&quote, rules.as_of), "{drawn:?}");
        said[usize::from(lacking)] += 1;
    }
    assert!(said.iter().all(|times| *times > 0), "{said:?}");
}

#[test]
fn a_revocation_that_comes_to_light_later_is_held_against_what_is_remembered() {
    let pool = Pool::new();
    let rules = Rules::plain(&pool);
    let mut grounds = rules.grounds(&Budget::STANDARD);
    let drawn = Drawn::plain(&pool);
    let before = judged(&rules, &drawn, &grounds, &Budget::STANDARD);
    assert!(!before.contains("pck-revoked"), "{before}");
    assert!(grounds.learn(&pool.revoking()));
    let after = judged(&rules, &drawn, &grounds, &Budget::STANDARD);
    assert!(after.contains("pck-revoked"), "{after}");
    // The clone of what was known before the lesson does not hear of it, and does not speak for the other.
    let other = rules.grounds(&Budget::STANDARD);
    let clone = other.clone();
    assert_eq!(judged(&rules, &drawn, &clone, &Budget::STANDARD), before);
    let _: UnixTime = rules.as_of;
}
