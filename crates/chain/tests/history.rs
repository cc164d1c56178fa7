//! A scripted past of a thousand changes, right at every block; and the stretches in which something changed without a
//! log are named as such, never guessed.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

use std::collections::{BTreeMap, BTreeSet};
use veritee_base::Budget;
use veritee_chain::event::Set;
use veritee_chain::history::{Candidate, Could, Held, History, Past};
use veritee_chain::rpc::Endpoint;
use veritee_chain::survey::{Subject, Survey, survey};
use veritee_chain::{Address, B256, keccak256};
use veritee_testkit::chain::{AppForge, AppKind, Deployment, World};

#[derive(Debug, Clone, PartialEq, Eq)]
struct Truth {
    compose_hashes: BTreeSet<B256>,
    devices: BTreeSet<B256>,
    any: bool,
    tcb: bool,
    disabled: bool,
    owner: Address,
    implementation: Address,
}

struct Script {
    world: World,
    app: AppForge,
    truth: BTreeMap<u64, Truth>,
    silent: Vec<u64>,
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }
}

fn word(seed: usize) -> B256 {
    keccak256(seed.to_be_bytes())
}

fn address(seed: usize) -> Address {
    Address::from_word(word(seed))
}

/// A contract that lives through `changes` changes. Where `silently`, `allowAnyDevice` is only ever changed without a
/// log, at most once in ten blocks.
fn script(changes: usize, silently: bool, seed: u64) -> Script {
    let mut dice = Dice(seed);
    let mut world = World::new(8453, 1_700_000_000);
    let kind = AppKind::DstackAppTwoStep;
    let implementations: Vec<Address> =
        (1..4).map(|salt| AppForge::implementation(&mut world, kind, salt)).collect();
    let first = Deployment {
        owner: address(1),
        compose_hash: word(100),
        device: word(200),
        upgrades_disabled: false,
        allow_any_device: true,
        require_tcb: true,
    };
    world.mine(1_700_000_001);
    let app = AppForge::deploy(&mut world, address(7), kind, implementations[0], first);
    let mut now = Truth {
        compose_hashes: BTreeSet::from([word(100)]),
        devices: BTreeSet::from([word(200)]),
        any: true,
        tcb: true,
        disabled: false,
        owner: address(1),
        implementation: implementations[0],
    };
    let mut truth = BTreeMap::new();
    let mut silent = Vec::new();
    let mut block = world.mine(1_700_000_002);
    truth.insert(block, now.clone());
    let mut made = 0;
    while made < changes {
        for _ in 0..1 + dice.roll(3) {
            world.transaction();
            made += 1;
            change(&mut world, &app, &mut now, &mut dice, &implementations, silently);
        }
        if silently && (block + 1) % 10 == 5 && dice.roll(2) == 0 {
            now.any = !now.any;
            app.flags(&mut world, now.disabled, now.any);
            silent.push(block + 1);
        }
        if made + 10 > changes && !now.disabled {
            now.disabled = true;
            app.disable_upgrades(&mut world);
        }
        block = world.mine(1_700_000_002 + 2 * block);
        truth.insert(block, now.clone());
    }
    Script { world, app, truth, silent }
}

fn change(
    world: &mut World,
    app: &AppForge,
    now: &mut Truth,
    dice: &mut Dice,
    implementations: &[Address],
    silently: bool,
) {
    let compose = word(100 + dice.roll(12));
    let device = word(200 + dice.roll(4));
    match dice.roll(12) {
        // Added, added twice, added again.
        0..=3 => {
            now.compose_hashes.insert(compose);
            app.compose_hash(world, compose, true);
        }
        // Removed, whether it was there or not.
        4..=6 => {
            now.compose_hashes.remove(&compose);
            app.compose_hash(world, compose, false);
        }
        7 => {
            let allowed = dice.roll(2) == 0;
            if allowed {
                now.devices.insert(device)
            } else {
                now.devices.remove(&device)
            };
            app.device(world, device, allowed);
        }
        8 if !silently => {
            now.any = dice.roll(2) == 0;
            app.allow_any_device(world, now.any);
        }
        9 => {
            now.tcb = dice.roll(2) == 0;
            app.require_tcb(world, now.tcb);
        }
        10 => {
            // Offered, taken back or accepted; and handed on within the same block.
            let next = address(1 + dice.roll(3));
            app.offer(world, next);
            if dice.roll(3) > 0 {
                app.owner(world, next);
                now.owner = next;
                if dice.roll(2) == 0 {
                    app.owner(world, address(9));
                    now.owner = address(9);
                }
            } else {
                app.offer(world, Address::ZERO);
            }
        }
        11 if !now.disabled => {
            now.implementation = implementations[dice.roll(implementations.len())];
            app.upgrade(world, now.implementation);
        }
        _ => {
            now.compose_hashes.insert(compose);
            app.compose_hash(world, compose, true);
        }
    }
}

fn history(script: &Script, observed: BTreeSet<u64>) -> History {
    let subject = Subject {
        chain_id: 8453,
        app: script.app.address,
        block: script.world.head(),
        observed,
        ..Subject::default()
    };
    let mut endpoint = Endpoint::new("https://one.example/".to_owned());
    loop {
        let Survey { wanted, faults, history, app, .. } = survey(&endpoint, &subject, &Budget::STANDARD);
        assert_eq!(faults, []);
        if wanted.is_empty() {
            assert!(app.unwrap().unwrap().complete);
            return history.unwrap();
        }
        for question in wanted {
            let answer = script.world.answer(question.method(), &question.params()).unwrap().to_string();
            endpoint.add(question, Ok(answer));
        }
    }
}

fn first(script: &Script) -> u64 {
    *script.truth.keys().next().unwrap()
}

#[test]
fn the_past_is_right_at_every_block_of_a_thousand_changes() {
    let script = script(1_000, false, 1);
    let deployed = first(&script);
    let history = history(&script, BTreeSet::from([deployed]));
    assert!(history.timeline().entries().len() >= 1_000);
    let mut authorised = 0;
    for (block, truth) in &script.truth {
        let at = history.at(*block);
        assert!(at.deployed);
        assert_eq!(
            at.sum.allowed(Set::ComposeHashes).copied().collect::<BTreeSet<_>>(),
            truth.compose_hashes,
            "block {block}"
        );
        assert_eq!(
            at.sum.allowed(Set::Devices).copied().collect::<BTreeSet<_>>(),
            truth.devices,
            "block {block}"
        );
        assert_eq!(at.allow_any_device.value(), Some(truth.any), "block {block}");
        assert_eq!(at.require_tcb_up_to_date.value(), Some(truth.tcb), "block {block}");
        assert_eq!(at.upgrades_disabled.value(), Some(truth.disabled), "block {block}");
        assert_eq!(at.owner.value(), Some(truth.owner), "block {block}");
        assert_eq!(at.implementation.value(), Some(truth.implementation), "block {block}");
        let held = match *block {
            edge if edge == deployed || edge == script.world.head() => Held::Complete,
            _ => Held::Between { from: deployed, to: script.world.head() },
        };
        assert_eq!(at.held, held, "block {block}");
        for (compose, device, tcb) in
            [(100, 200, true), (103, 201, true), (107, 203, false), (111, 202, true)]
        {
            let candidate = Candidate {
                compose_hash: word(compose),
                device: Some(word(device)),
                tcb_up_to_date: Some(tcb),
            };
            let expected = truth.compose_hashes.contains(&word(compose))
                && (truth.any || truth.devices.contains(&word(device)))
                && (!truth.tcb || tcb);
            let could = history.could_run(&candidate, *block, 0);
            assert_eq!(could, if expected { Could::Yes } else { Could::No }, "block {block}, {compose}");
            authorised += usize::from(expected);
        }
    }
    assert!(authorised > 100, "{authorised}");
    let before = history.at(deployed - 1);
    assert!(!before.deployed);
    let candidate =
        Candidate { compose_hash: word(100), device: Some(word(200)), tcb_up_to_date: Some(true) };
    assert_eq!(history.could_run(&candidate, deployed - 1, 0), Could::No);
}

#[test]
fn a_margin_covers_every_block_around_and_says_when_it_changed() {
    let script = script(300, false, 7);
    let history = history(&script, BTreeSet::from([first(&script)]));
    let mut seen = BTreeSet::new();
    for block in script.truth.keys() {
        for compose in 100..112 {
            let candidate = Candidate {
                compose_hash: word(compose),
                device: Some(word(200)),
                tcb_up_to_date: Some(true),
            };
            let around = script.truth.iter().filter(|(at, _)| at.abs_diff(*block) <= 5).map(|(_, truth)| {
                truth.compose_hashes.contains(&word(compose))
                    && (truth.any || truth.devices.contains(&word(200)))
            });
            let mut around: BTreeSet<bool> = around.collect();
            if block - first(&script) < 5 {
                around.insert(false);
            }
            let expected = match (around.contains(&true), around.contains(&false)) {
                (true, true) => Could::Changed,
                (true, false) => Could::Yes,
                _ => Could::No,
            };
            assert_eq!(history.could_run(&candidate, *block, 5), expected, "block {block}, {compose}");
            seen.insert(expected);
        }
    }
    assert_eq!(seen.len(), 3);
}

#[test]
fn without_a_proof_of_the_first_block_the_silent_flags_are_not_guessed() {
    let script = script(60, true, 3);
    let history = history(&script, BTreeSet::new());
    let at = history.at(first(&script));
    assert_eq!(at.allow_any_device, Past::Unknown);
    assert_eq!(at.upgrades_disabled, Past::Unknown);
    assert_eq!(at.held, Held::LogsOnly);
    assert_eq!(at.owner.value(), Some(script.truth[&first(&script)].owner), "an owner is always logged");
    // What was never authorised could not run whatever the flags were; of the rest it is not shown.
    let candidate =
        |seed| Candidate { compose_hash: word(seed), device: Some(word(77)), tcb_up_to_date: Some(true) };
    assert_eq!(history.could_run(&candidate(999), first(&script), 0), Could::No);
    assert_eq!(history.could_run(&candidate(100), first(&script), 0), Could::NotShown);
}

#[test]
fn flags_that_change_silently_are_right_or_named_as_changed_at_every_block() {
    let script = script(1_000, true, 5);
    assert!(script.silent.len() > 10);
    let head = script.world.head();
    let observed: BTreeSet<u64> =
        script.truth.keys().copied().filter(|block| block % 10 == 0 || *block == first(&script)).collect();
    let history = history(&script, observed.clone());
    let mut changed = 0;
    for (block, truth) in &script.truth {
        let from = observed.range(..=block).next_back().copied().unwrap();
        let to = observed.range(block..).next().copied().unwrap_or(head);
        match history.at(*block).allow_any_device {
            Past::Proven(value) => {
                assert!(observed.contains(block) || *block == head);
                assert_eq!(value, truth.any, "block {block}");
            }
            Past::Logged(value) => {
                assert_eq!(value, truth.any, "block {block}");
                assert!(!script.silent.iter().any(|at| (from + 1..=to).contains(at)), "block {block}");
            }
            Past::ChangedSilently { before, after, from: earlier, to: later } => {
                assert_eq!((earlier, later), (from, to), "block {block}");
                assert_ne!(before, after);
                assert!(script.silent.iter().any(|at| (from + 1..=to).contains(at)), "block {block}");
                changed += 1;
            }
            other => panic!("block {block}: {other:?}"),
        }
        // Everything that is logged stays right.
        assert_eq!(history.at(*block).require_tcb_up_to_date.value(), Some(truth.tcb));
    }
    assert!(changed > 50, "{changed}");
}

#[test]
fn a_member_that_a_contract_adds_without_a_log_disputes_the_stretch_before() {
    let mut script = script(40, false, 9);
    let slot = veritee_chain::layout::mapping(word(999), 0);
    let quiet = script.world.head();
    script.world.set_slot(script.app.address, slot, veritee_chain::U256::from(1));
    let seen = script.world.mine(1_800_000_000);
    script.world.set_slot(script.app.address, slot, veritee_chain::U256::ZERO);
    script.world.mine(1_800_000_002);
    let history = history(&script, BTreeSet::from([first(&script), seen]));
    assert_eq!(history.at(quiet).held, Held::Disputed { at: seen });
    assert_eq!(history.at(seen).held, Held::Disputed { at: seen });
    let candidate =
        Candidate { compose_hash: word(999), device: Some(word(200)), tcb_up_to_date: Some(true) };
    assert_eq!(history.could_run(&candidate, seen, 0), Could::NotShown);
    assert_eq!(history.could_run(&candidate, quiet, 0), Could::NotShown);
    assert_eq!(history.at(first(&script)).held, Held::Complete);
}
