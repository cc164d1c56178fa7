//! The recorded history: every header, receipts root, proof and rebuilt root holds, and no single change to what they
//! cover is accepted.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use veritee_base::Budget;
use veritee_chain::contract::{Coded, NotRecognised, Proxy, Shown, implementation_of};
use veritee_chain::event::Set;
use veritee_chain::header::Header;
use veritee_chain::layout::{self, AppGeneration};
use veritee_chain::log::Log;
use veritee_chain::proof::ProvenAccount;
use veritee_chain::storage::{Explained, as_address, as_flag, as_flags};
use veritee_chain::timeline::{self, Timeline};
use veritee_chain::{Address, B256, U256, app, receipt};
use veritee_testkit::chain::World;

const RECORDED: &str = include_str!("../../../test-vectors/chain/govapp-hardhat-2.29.1.json");

struct History {
    app: Address,
    keys: Vec<B256>,
    hashes: BTreeMap<String, B256>,
    code: BTreeMap<Address, Vec<u8>>,
    steps: Vec<Value>,
    whole: Value,
}

fn history() -> History {
    let whole: Value = serde_json::from_str(RECORDED).unwrap();
    let word = |value: &Value| value.as_str().unwrap().parse::<B256>().unwrap();
    // The order of the recorded proofs, which is the order in which the keys were asked for.
    let slots = whole["steps"][0]["proof"]["storageProof"].as_array().unwrap();
    let hashes = whole["hashes"].as_object().unwrap().iter().map(|(name, value)| (name.clone(), word(value)));
    let code = whole["code"].as_object().unwrap().iter().map(|(address, code)| {
        let code = code.as_str().unwrap().strip_prefix("0x").unwrap();
        (address.parse().unwrap(), alloy_primitives::hex::decode(code).unwrap())
    });
    History {
        app: whole["app"].as_str().unwrap().parse().unwrap(),
        keys: slots.iter().map(|slot| word(&slot["key"])).collect(),
        hashes: hashes.collect(),
        code: code.collect(),
        steps: whole["steps"].as_array().unwrap().clone(),
        whole: whole.clone(),
    }
}

fn header(step: &Value) -> Header {
    Header::from_rpc(&step["block"].to_string()).unwrap()
}

fn proof(history: &History, step: &Value) -> ProvenAccount {
    ProvenAccount::from_rpc(&header(step), history.app, &history.keys, &step["proof"].to_string()).unwrap()
}

/// Everything that is known of a step, or why not. What a change must break.
fn step_holds(history: &History, step: &Value) -> Result<(), String> {
    let shown = |error: &dyn std::error::Error| error.to_string();
    let header = Header::from_rpc(&step["block"].to_string()).map_err(|error| shown(&error))?;
    let receipts = step["receipts"].to_string();
    let proven = receipt::logs(&header, &receipts, &Budget::STANDARD).map_err(|error| shown(&error))?;
    let logs = Log::list(&step["logs"].to_string()).map_err(|error| shown(&error))?;
    let number = header.number();
    timeline::check(&logs, &BTreeSet::from([history.app]), number, number).map_err(|error| shown(&error))?;
    let own: Vec<Log> = proven.into_iter().filter(|log| log.address == history.app).collect();
    if own != logs {
        return Err("the logs are not those of the receipts".to_owned());
    }
    ProvenAccount::from_rpc(&header, history.app, &history.keys, &step["proof"].to_string())
        .map_err(|error| shown(&error))?;
    Ok(())
}

#[test]
fn all_headers_receipt_roots_and_slot_proofs_hold() {
    let history = history();
    let (mut headers, mut roots, mut slots) = (0, 0, 0);
    for step in &history.steps {
        let header = header(step);
        headers += 1;
        receipt::logs(&header, &step["receipts"].to_string(), &Budget::STANDARD).unwrap();
        roots += 1;
        let proof = proof(&history, step);
        assert!(proof.account().is_some());
        slots += proof.slots().len();
        assert_eq!(step_holds(&history, step), Ok(()));
        assert!(header.may_have_logs_of(&history.app));
        assert!(!header.may_have_logs_of(&Address::repeat_byte(0x17)));
    }
    assert_eq!((headers, roots, slots), (20, 20, 260));
}

#[test]
fn all_storage_roots_are_rebuilt_from_the_logs_and_the_silent_words() {
    const SILENT: [B256; 4] =
        [layout::IMPLEMENTATION, layout::OWNER, layout::PENDING_OWNER, layout::INITIALIZABLE];
    let history = history();
    let mut logs = Vec::new();
    for (index, step) in history.steps.iter().enumerate() {
        logs.extend(Log::list(&step["logs"].to_string()).unwrap());
        let proof = proof(&history, step);
        let sum = Timeline::of(history.app, &logs).sum();
        let word = |slot: B256| proof.slot(slot).unwrap();
        let mut slots = Explained::default();
        for slot in [layout::slot(1), layout::slot(3)].into_iter().chain(SILENT) {
            slots.set(slot, word(slot));
        }
        slots.members(0, sum.allowed(Set::ComposeHashes));
        slots.members(2, sum.allowed(Set::Devices));
        assert_eq!(slots.root(), proof.storage_root(), "step {index}");

        // What the events say is what storage holds, wherever both speak.
        assert_eq!(sum.owner, as_address(word(layout::OWNER)));
        assert_eq!(sum.pending_owner.unwrap_or_default(), as_address(word(layout::PENDING_OWNER)).unwrap());
        assert_eq!(sum.implementation, as_address(word(layout::IMPLEMENTATION)));
        let flags = as_flags(word(layout::slot(1))).unwrap();
        assert_eq!(sum.upgrades_disabled.unwrap_or(false), flags.0);
        assert_eq!(sum.allow_any_device.unwrap_or(false), flags.1);
        // Set at deployment, without an event.
        assert_eq!(sum.require_tcb_up_to_date.unwrap_or(true), as_flag(word(layout::slot(3))).unwrap());

        // One member more or less, and the root is another.
        let mut more = slots.clone();
        more.members(0, [&history.hashes["never"]]);
        assert_ne!(more.root(), proof.storage_root());
        for slot in slots.slots().keys() {
            let mut less = slots.clone();
            less.set(*slot, U256::ZERO);
            assert_ne!(less.root(), proof.storage_root());
        }
    }
}

/// The recorded contract as a proxy at a step. The recording has no proof of the implementation's account: it is forged
/// from its recorded code.
fn proxy(history: &History, index: usize) -> Proxy {
    let proof = proof(history, &history.steps[index]);
    let implementation = as_address(proof.slot(layout::IMPLEMENTATION).unwrap()).unwrap();
    let account = Coded::new(proof, history.code[&history.app].clone().into()).unwrap();
    let mut world = World::new(31337, 1);
    world.set_code(implementation, &history.code[&implementation]);
    world.mine(2);
    let block = world.answer("eth_getBlockByNumber", &json!(["latest", false])).unwrap();
    let answer = world.answer("eth_getProof", &json!([implementation.to_string(), [], "latest"])).unwrap();
    let header = Header::from_rpc(&block.to_string()).unwrap();
    let proof = ProvenAccount::from_rpc(&header, implementation, &[], &answer.to_string()).unwrap();
    let implementation = Coded::new(proof, history.code[&implementation].clone().into()).unwrap();
    Proxy { account, implementation }
}

#[test]
fn an_absent_account_is_proven_absent_in_either_spelling() {
    let history = history();
    let header = header(history.steps.last().unwrap());
    let mut answer = history.whole["absent_account"].clone();
    let address: Address = answer["address"].as_str().unwrap().parse().unwrap();
    let slots = [B256::ZERO];
    let read = |answer: &Value| ProvenAccount::from_rpc(&header, address, &slots, &answer.to_string());
    let proof = read(&answer).unwrap();
    // The recording's "absent" account has a balance: hardhat pays fees to it. No code and no storage are proven.
    assert_eq!(proof.slot(B256::ZERO), Some(U256::ZERO));
    assert_eq!(proof.storage_root(), veritee_chain::trie::EMPTY_ROOT);
    let real = answer.clone();
    for member in ["codeHash", "storageHash"] {
        answer[member] = Value::from(B256::repeat_byte(1).to_string());
        assert!(read(&answer).is_err(), "{member}");
        answer = real.clone();
    }
    // The same nodes say nothing of an account that is there.
    let mut moved = real;
    moved["address"] = Value::from(history.app.to_string().to_lowercase());
    assert!(ProvenAccount::from_rpc(&header, history.app, &slots, &moved.to_string()).is_err());
}

#[test]
fn a_proxy_whose_administrator_slot_was_not_asked_for_is_none() {
    let history = history();
    assert_eq!(implementation_of(&proxy(&history, 0).account), Err(NotRecognised::NoImplementation));
}

#[test]
fn the_recorded_contract_is_recognised_by_its_rebuilt_storage_at_every_step() {
    let history = history();
    let mut logs = Vec::new();
    for (index, step) in history.steps.iter().enumerate() {
        logs.extend(Log::list(&step["logs"].to_string()).unwrap());
        let proxy = proxy(&history, index);
        let timeline = Timeline::of(history.app, &logs);
        let compose_hashes = history.hashes.values().copied().collect();
        let interest = app::AppInterest { compose_hashes, ..Default::default() };
        let known = BTreeMap::new();
        let app = app::read(&proxy, &timeline, &interest, &known).unwrap();
        assert!(app.complete);
        assert_eq!(app.generation, AppGeneration::DstackAppTwoStep);
        // The recorded contract has no `isAppAllowed`: no KMS can ask it.
        assert!(!app.answers_kms);
        assert_eq!(app.upgrades_disabled, Shown::Proven(index >= 18), "step {index}");
        assert_eq!(app.allow_any_device, Shown::Proven(index >= 8), "step {index}");
        assert_eq!(app.require_tcb_up_to_date, Shown::Proven(index < 9), "step {index}");
        assert_eq!(app.owner == Address::ZERO, index == 19, "step {index}");
        for (name, hash) in &history.hashes {
            let getter = step["getters"][format!("allowedComposeHashes({name})")].as_str().unwrap();
            let said = getter.ends_with('1');
            assert_eq!(app.compose_hashes.contains(hash), said, "step {index}, {name}");
            assert_eq!(app.asked[&(Set::ComposeHashes, *hash)], said, "step {index}, {name}");
        }
        // An endpoint that hides the logs of one allowed hash.
        let h1 = history.hashes["h1"];
        let hidden: Vec<Log> =
            logs.iter().filter(|log| log.data.as_ref() != h1.as_slice()).cloned().collect();
        let read = app::read(&proxy, &Timeline::of(history.app, &hidden), &interest, &known);
        assert_eq!(read, Err(NotRecognised::Storage));
        // Where the caller knows the code, what was asked by slot is proven all the same; the sets are not exact.
        let known = BTreeMap::from([(proxy.implementation.masked_hash(), AppGeneration::DstackAppTwoStep)]);
        let app = app::read(&proxy, &Timeline::of(history.app, &hidden), &interest, &known).unwrap();
        assert!(!app.complete && !app.compose_hashes.contains(&h1));
        assert!(app.asked[&(Set::ComposeHashes, h1)]);
    }
}

#[test]
fn the_two_recorded_implementations_compare_equal_once_their_own_address_is_masked() {
    let history = history();
    let (first, second) = (proxy(&history, 0), proxy(&history, 19));
    assert_ne!(first.implementation.proof().address(), second.implementation.proof().address());
    assert_ne!(first.implementation.proof().code_hash(), second.implementation.proof().code_hash());
    assert_eq!(first.implementation.masked_hash(), second.implementation.masked_hash());
}

/// Paths of everything that the header, the receipts root and the proofs cover, and that is read.
fn covered(step: &Value) -> Vec<String> {
    const HEADER: &str = "hash parentHash sha3Uncles stateRoot transactionsRoot receiptsRoot number gasUsed gasLimit logsBloom \
        timestamp difficulty mixHash nonce baseFeePerGas miner withdrawalsRoot blobGasUsed excessBlobGas parentBeaconBlockRoot \
        requestsHash extraData transactions/0";
    const RECEIPT: &str = "blockHash blockNumber transactionHash transactionIndex type cumulativeGasUsed gasUsed logsBloom status";
    const LOG: &str = "address data blockHash blockNumber transactionHash transactionIndex logIndex";
    const PROOF: &str = "address balance nonce codeHash storageHash";
    let under = |prefix: &str, names: &str| -> Vec<String> {
        names.split_whitespace().map(|name| format!("{prefix}/{name}")).collect()
    };
    let length = |pointer: &str| step.pointer(pointer).unwrap().as_array().unwrap().len();
    let mut paths = under("/block", HEADER);
    paths.extend(under("/receipts/0", RECEIPT));
    for list in ["/logs", "/receipts/0/logs"] {
        for index in 0..length(list) {
            paths.extend(under(&format!("{list}/{index}"), LOG));
            let topics = format!("{list}/{index}/topics");
            paths.extend((0..length(&topics)).map(|topic| format!("{topics}/{topic}")));
        }
    }
    paths.extend(under("/proof", PROOF));
    paths.extend((0..length("/proof/accountProof")).map(|node| format!("/proof/accountProof/{node}")));
    for index in 0..length("/proof/storageProof") {
        let slot = format!("/proof/storageProof/{index}");
        paths.extend(under(&slot, "key value"));
        paths.extend((0..length(&format!("{slot}/proof"))).map(|node| format!("{slot}/proof/{node}")));
    }
    paths
}

/// A small generator: the changes are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }
}

/// Another hex digit somewhere, or a digit pair more or less.
fn change(text: &str, dice: &mut Dice) -> String {
    let mut digits: Vec<u8> = text.strip_prefix("0x").unwrap().bytes().collect();
    match dice.roll(8) {
        0 => digits.extend(*b"00"),
        1 if digits.len() > 2 => digits.truncate(digits.len() - 2),
        _ if digits.is_empty() => digits.extend(*b"01"),
        _ => {
            let at = dice.roll(digits.len());
            let old = (digits[at] as char).to_digit(16).unwrap();
            let new = (old + 1 + dice.roll(15) as u32) % 16;
            digits[at] = char::from_digit(new, 16).unwrap() as u8;
        }
    }
    format!("0x{}", String::from_utf8(digits).unwrap())
}

#[test]
fn each_of_two_thousand_single_changes_is_refused() {
    let history = history();
    let mut dice = Dice(1);
    let mut made = 0;
    while made < 2_000 {
        let index = dice.roll(history.steps.len());
        let mut step = history.steps[index].clone();
        let paths = covered(&step);
        let path = &paths[dice.roll(paths.len())];
        let text = step.pointer(path).and_then(Value::as_str).unwrap().to_owned();
        let changed = change(&text, &mut dice);
        *step.pointer_mut(path).unwrap() = Value::from(changed.clone());
        assert!(step_holds(&history, &step).is_err(), "step {index}, {path}: {text} -> {changed}");
        made += 1;
    }
}

#[test]
fn what_is_left_out_repeated_moved_or_of_another_block_is_refused() {
    let history = history();
    let mut made = 0;
    let mut refused = |step: &Value, what: &str| {
        assert!(step_holds(&history, step).is_err(), "{what}");
        made += 1;
    };
    for (index, original) in history.steps.iter().enumerate() {
        let lists = ["/logs", "/receipts", "/receipts/0/logs", "/proof/accountProof", "/proof/storageProof"];
        let slots = (0..13).map(|slot| format!("/proof/storageProof/{slot}/proof"));
        for list in lists.iter().map(|list| (*list).to_owned()).chain(slots) {
            for at in 0..original.pointer(&list).unwrap().as_array().unwrap().len() {
                let mut step = original.clone();
                let removed = step.pointer_mut(&list).unwrap().as_array_mut().unwrap().remove(at);
                refused(&step, &format!("step {index}: {list}/{at} left out"));
                let entries = step.pointer_mut(&list).unwrap().as_array_mut().unwrap();
                entries.insert(at, removed.clone());
                entries.insert(at, removed);
                refused(&step, &format!("step {index}: {list}/{at} twice"));
                if at > 0 {
                    let mut step = original.clone();
                    step.pointer_mut(&list).unwrap().as_array_mut().unwrap().swap(at, at - 1);
                    refused(&step, &format!("step {index}: {list}/{at} moved"));
                }
            }
        }
        for field in ["withdrawalsRoot", "excessBlobGas", "requestsHash", "stateRoot", "hash"] {
            let mut step = original.clone();
            step["block"].as_object_mut().unwrap().remove(field);
            refused(&step, &format!("step {index}: header without {field}"));
        }
        for other in history.steps.iter().filter(|other| other["block"] != original["block"]) {
            for part in ["block", "receipts", "proof", "logs"] {
                let mut step = original.clone();
                step[part] = other[part].clone();
                refused(&step, &format!("step {index}: {part} of another block"));
            }
        }
        let mut step = original.clone();
        step["logs"][0]["removed"] = Value::Bool(true);
        refused(&step, "a log that was taken back");
    }
    assert!(made > 2_000, "{made}");
}
