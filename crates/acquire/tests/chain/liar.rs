//! A node that lies about one thing at a time, through the network and into the document that a verifier reads.
//!
//! Each kind is caught by name ([`Caught::Fault`]), or leaves storage that nothing explains ([`Caught::Storage`]: only
//! completeness sees it), or contradicts an honest second voice alone ([`Caught::Second`]: it leaves no trace in the
//! present state), or is seen in the past that was observed ([`Caught::Past`]). What lies about everything consistently
//! is caught by the block's hash alone ([`a_consistent_liar_is_caught_by_the_anchor_alone`]).

use crate::node::{Scene, ask, found, node, read, scene, through, truthful, word};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use veritee_acquire::chain::ChainReadError;
use veritee_chain::contract::NotRecognised;
use veritee_chain::history::Past;
use veritee_chain::keccak256;
use veritee_chain::survey::{Anchor, FaultKind};
use veritee_testkit::chain::World;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caught {
    /// By name.
    Fault(FaultKind),
    /// The rebuilt storage has not the proven root.
    Storage,
    /// Two blocks at which the contract was proven do not fit what the logs say between them.
    Past,
    /// An honest endpoint says otherwise.
    Second,
}
use Caught::{Fault, Past as InThePast, Second, Storage};

/// What is changed: the method, and the answer.
type Lie = Box<dyn Fn(&World, &Value, &mut Value) + Send + Sync>;

struct Kind {
    name: String,
    method: &'static str,
    lie: Lie,
    caught: Caught,
}

fn kind(
    name: impl Into<String>,
    method: &'static str,
    caught: Caught,
    lie: impl Fn(&World, &Value, &mut Value) + Send + Sync + 'static,
) -> Kind {
    Kind { name: name.into(), method, lie: Box::new(lie), caught }
}

/// Another digit in the middle of a hex text.
fn flip(value: &mut Value) {
    let text = value.as_str().unwrap_or_default().to_owned();
    let middle = text.len().div_ceil(2).max(2);
    let digit = if text.as_bytes().get(middle) == Some(&b'1') { "2" } else { "1" };
    if middle < text.len() {
        *value = json!(format!("{}{digit}{}", &text[..middle], &text[middle + 1..]));
    }
}

const HEADER: &str = "eth_getBlockByNumber";
const PROOF: &str = "eth_getProof";
const LOGS: &str = "eth_getLogs";
const CALL: &str = "eth_call";
const CODE: &str = "eth_getCode";

fn headers() -> Vec<Kind> {
    let fields = [
        "hash",
        "parentHash",
        "sha3Uncles",
        "miner",
        "stateRoot",
        "transactionsRoot",
        "receiptsRoot",
        "logsBloom",
        "number",
        "gasLimit",
        "timestamp",
        "extraData",
        "mixHash",
        "baseFeePerGas",
        "withdrawalsRoot",
        "parentBeaconBlockRoot",
    ];
    let mut kinds: Vec<Kind> = fields
        .into_iter()
        .map(|field| {
            kind(format!("header: another {field}"), HEADER, Fault(FaultKind::Header), move |_, _, answer| {
                match field {
                    "number" | "gasLimit" | "timestamp" | "baseFeePerGas" => {
                        answer[field] = json!("0x1234567");
                    }
                    _ => flip(&mut answer[field]),
                }
            })
        })
        .collect();
    kinds.push(kind("header: a field left out", HEADER, Fault(FaultKind::Header), |_, _, answer| {
        drop(answer.as_object_mut().unwrap().remove("parentBeaconBlockRoot"));
    }));
    kinds.push(kind(
        "header: a quantity with zeros in front",
        HEADER,
        Fault(FaultKind::Header),
        |_, _, answer| {
            answer["gasUsed"] = json!("0x00");
        },
    ));
    kinds.push(kind("header: the block before", HEADER, Fault(FaultKind::Block), |world, params, answer| {
        let number = u64::from_str_radix(params[0].as_str().unwrap().trim_start_matches("0x"), 16);
        if let Ok(number) = number {
            *answer = world.answer(HEADER, &json!([format!("{:#x}", number - 1), false])).unwrap();
        }
    }));
    kinds.push(kind("header: none", HEADER, Fault(FaultKind::Reorganised), |_, params, answer| {
        if params[0] != "finalized" {
            *answer = Value::Null;
        }
    }));
    kinds
}

fn proofs() -> Vec<Kind> {
    let caught = Fault(FaultKind::Proof);
    let mut kinds = vec![
        kind("proof: another balance", PROOF, caught, |_, _, answer| answer["balance"] = json!("0x1")),
        kind("proof: another nonce", PROOF, caught, |_, _, answer| answer["nonce"] = json!("0x7")),
        kind("proof: another code hash", PROOF, caught, |_, _, answer| flip(&mut answer["codeHash"])),
        kind("proof: another storage hash", PROOF, caught, |_, _, answer| flip(&mut answer["storageHash"])),
        kind("proof: the account's nodes reversed", PROOF, caught, |_, _, answer| {
            answer["accountProof"].as_array_mut().unwrap().reverse();
        }),
        kind("proof: a node of the account left out", PROOF, caught, |_, _, answer| {
            drop(answer["accountProof"].as_array_mut().unwrap().remove(0));
        }),
        kind("proof: the account's last node left out", PROOF, caught, |_, _, answer| {
            drop(answer["accountProof"].as_array_mut().unwrap().pop());
        }),
        kind("proof: a node of the account twice", PROOF, caught, |_, _, answer| {
            let nodes = answer["accountProof"].as_array_mut().unwrap();
            let first = nodes[0].clone();
            nodes.insert(0, first);
        }),
        kind("proof: a node behind the account's", PROOF, caught, |_, _, answer| {
            answer["accountProof"].as_array_mut().unwrap().push(json!("0x80"));
        }),
        kind("proof: another byte in a node of the account", PROOF, caught, |_, _, answer| {
            flip(&mut answer["accountProof"][0]);
        }),
        kind("proof: of another address", PROOF, caught, |_, _, answer| flip(&mut answer["address"])),
        kind("proof: slots left out", PROOF, caught, |_, _, answer| {
            let slots = answer["storageProof"].as_array_mut().unwrap();
            slots.truncate(slots.len() / 2);
        }),
        kind("proof: slots in another order", PROOF, caught, |_, _, answer| {
            answer["storageProof"].as_array_mut().unwrap().reverse();
        }),
        kind("proof: one slot for another", PROOF, caught, |_, _, answer| {
            let slots = answer["storageProof"].as_array_mut().unwrap();
            if slots.len() > 2 {
                slots[0] = slots[1].clone();
            }
        }),
        kind("proof: the state of the block before", PROOF, caught, |world, params, answer| {
            let block =
                u64::from_str_radix(params[2].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
            let then = json!([params[0], params[1], format!("{:#x}", block - 3)]);
            *answer = world.answer(PROOF, &then).unwrap();
        }),
    ];
    // Slots of every contract and owner: whichever word is lied about, and whichever node.
    for slot in [0, 2, 5] {
        kinds.push(kind(
            format!("proof: another value of slot {slot}"),
            PROOF,
            caught,
            move |_, _, answer| {
                if let Some(slot) = answer["storageProof"].get_mut(slot) {
                    slot["value"] = json!("0x99");
                }
            },
        ));
        kinds.push(kind(
            format!("proof: another byte in a node of slot {slot}"),
            PROOF,
            caught,
            move |_, _, answer| {
                if let Some(node) =
                    answer["storageProof"].get_mut(slot).and_then(|slot| slot["proof"].get_mut(0))
                {
                    flip(node);
                }
            },
        ));
    }
    kinds
}

/// The logs of a contract in one answer, by the event's signature.
fn find(answer: &Value, signature: &str) -> Vec<usize> {
    let topic = keccak256(signature).to_string();
    let logs = answer.as_array().unwrap().iter().enumerate();
    logs.filter(|(_, log)| log["topics"][0] == topic.as_str()).map(|(index, _)| index).collect()
}

fn hide(signature: &'static str, which: usize, caught: Caught) -> Kind {
    kind(format!("logs: {signature} number {which} hidden"), LOGS, caught, move |_, _, answer| {
        if let Some(index) = find(answer, signature).get(which) {
            drop(answer.as_array_mut().unwrap().remove(*index));
        }
    })
}

#[allow(clippy::too_many_lines, reason = "a table")]
fn logs() -> Vec<Kind> {
    let caught = Fault(FaultKind::Logs);
    vec![
        // What leaves a slot.
        hide("ComposeHashAdded(bytes32)", 1, Storage),
        hide("ComposeHashAdded(bytes32)", 2, Storage),
        hide("DeviceAdded(bytes32)", 0, Storage),
        hide("OsImageHashAdded(bytes32)", 0, Storage),
        hide("KmsAggregatedMrAdded(bytes32)", 0, Storage),
        hide("AppRegistered(address)", 0, Storage),
        // Removed and not shown: the logs then say more than the storage.
        hide("ComposeHashRemoved(bytes32)", 1, Storage),
        // What leaves none, but does not fit the blocks at which the contract was proven.
        hide("OwnershipTransferred(address,address)", 1, InThePast),
        hide("AllowAnyDeviceSet(bool)", 0, InThePast),
        // What came and went leaves no trace at all.
        kind("logs: both logs of a hash that came and went hidden", LOGS, Second, |_, _, answer| {
            let gone = word(12).to_string();
            answer.as_array_mut().unwrap().retain(|log| log["data"] != gone.as_str());
        }),
        kind("logs: a removal and what came before it hidden", LOGS, Second, |_, _, answer| {
            // The hash was allowed at deployment, removed, and allowed again: without the two it looks uninterrupted.
            let hash = word(1).to_string();
            let logs = answer.as_array_mut().unwrap();
            let own: Vec<usize> =
                (0..logs.len()).filter(|index| logs[*index]["data"] == hash.as_str()).collect();
            if let [_, removed, added] = own[..] {
                logs.remove(added);
                logs.remove(removed);
            }
        }),
        kind("logs: all hidden", LOGS, Storage, |_, _, answer| *answer = json!([])),
        kind("logs: the last half hidden", LOGS, Storage, |_, _, answer| {
            let logs = answer.as_array_mut().unwrap();
            logs.truncate(logs.len() / 2);
        }),
        kind("logs: null", LOGS, caught, |_, _, answer| *answer = Value::Null),
        kind("logs: an object", LOGS, caught, |_, _, answer| *answer = json!({})),
        kind("logs: two in another order", LOGS, caught, |_, _, answer| {
            answer.as_array_mut().unwrap().swap(0, 1);
        }),
        kind("logs: reversed", LOGS, caught, |_, _, answer| answer.as_array_mut().unwrap().reverse()),
        kind("logs: one twice", LOGS, caught, |_, _, answer| {
            let logs = answer.as_array_mut().unwrap();
            let last = logs.last().unwrap().clone();
            logs.push(last);
        }),
        kind("logs: all twice", LOGS, caught, |_, _, answer| {
            let logs = answer.as_array_mut().unwrap();
            logs.extend(logs.clone());
        }),
        kind("logs: one of another contract", LOGS, caught, |_, _, answer| flip(&mut answer[0]["address"])),
        kind("logs: one of a block beyond", LOGS, caught, |_, _, answer| {
            let last = answer.as_array_mut().unwrap().last_mut().unwrap();
            last["blockNumber"] = json!("0xffffff");
        }),
        kind("logs: one marked as removed", LOGS, caught, |_, _, answer| answer[0]["removed"] = json!(true)),
        kind("logs: one without a block", LOGS, caught, |_, _, answer| answer[0]["blockHash"] = Value::Null),
        kind("logs: two blocks at one height", LOGS, caught, |_, _, answer| {
            flip(&mut answer[0]["blockHash"]);
        }),
        kind("logs: a number with zeros in front", LOGS, caught, |_, _, answer| {
            answer[0]["logIndex"] = json!("0x00");
        }),
        kind("logs: five topics", LOGS, caught, |_, _, answer| {
            let topic = answer[0]["topics"][0].clone();
            answer[0]["topics"] = json!([topic, topic, topic, topic, topic]);
        }),
        kind("logs: another member", LOGS, Storage, |_, _, answer| {
            for index in find(answer, "ComposeHashAdded(bytes32)") {
                flip(&mut answer[index]["data"]);
            }
        }),
        kind("logs: an addition told as a removal", LOGS, Storage, |_, _, answer| {
            let removed = keccak256("ComposeHashRemoved(bytes32)").to_string();
            if let Some(index) = find(answer, "ComposeHashAdded(bytes32)").get(1) {
                answer[*index]["topics"][0] = json!(removed);
            }
        }),
        kind("logs: an event by another name", LOGS, Storage, |_, _, answer| {
            for index in find(answer, "ComposeHashAdded(bytes32)") {
                answer[index]["topics"][0] =
                    json!(keccak256("Transfer(address,address,uint256)").to_string());
            }
        }),
        kind("logs: data behind the member", LOGS, Storage, |_, _, answer| {
            for index in find(answer, "ComposeHashAdded(bytes32)") {
                let data = format!("{}{}", answer[index]["data"].as_str().unwrap(), "00".repeat(32));
                answer[index]["data"] = json!(data);
            }
        }),
        kind("logs: one that was never emitted", LOGS, Storage, |_, _, answer| {
            let logs = answer.as_array_mut().unwrap();
            let mut made = logs.last().unwrap().clone();
            let next =
                u64::from_str_radix(made["logIndex"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
            made["logIndex"] = json!(format!("{:#x}", next + 1));
            made["topics"] = json!([keccak256("ComposeHashAdded(bytes32)").to_string()]);
            made["data"] = json!(word(66).to_string());
            logs.push(made);
        }),
        kind("logs: another transaction", LOGS, Second, |_, _, answer| {
            flip(&mut answer[0]["transactionHash"]);
        }),
    ]
}

fn others() -> Vec<Kind> {
    let caught = Fault(FaultKind::Code);
    let call = Fault(FaultKind::Call);
    vec![
        kind("code: another byte", CODE, caught, |_, _, answer| flip(answer)),
        kind("code: one byte more", CODE, caught, |_, _, answer| {
            *answer = json!(format!("{}00", answer.as_str().unwrap()));
        }),
        kind("code: null", CODE, caught, |_, _, answer| *answer = Value::Null),
        kind("call: another value", CALL, Storage, |_, _, answer| {
            // A byte of the keys or of the quote, where the encoding stays as it has to be.
            let text = answer.as_str().unwrap().replacen("0404", "0405", 1).replacen("3535", "3536", 1);
            *answer = json!(text);
        }),
        kind("call: a word behind", CALL, call, |_, _, answer| {
            *answer = json!(format!("{}{}", answer.as_str().unwrap(), "00".repeat(32)));
        }),
        kind("call: a word too few", CALL, call, |_, _, answer| {
            let text = answer.as_str().unwrap();
            *answer = json!(&text[..text.len().saturating_sub(64).max(2)]);
        }),
        kind("call: nothing", CALL, call, |_, _, answer| *answer = json!("0x")),
        kind("call: an offset of zero", CALL, call, |_, _, answer| {
            let text = answer.as_str().unwrap();
            *answer = json!(format!("0x{}{}", "00".repeat(32), &text[66..]));
        }),
        kind("call: null", CALL, call, |_, _, answer| *answer = Value::Null),
    ]
}

fn kinds() -> Vec<Kind> {
    headers().into_iter().chain(proofs()).chain(logs()).chain(others()).collect()
}

/// The second endpoint tells this lie, the first is honest; or both tell it.
fn told(
    scene: &Scene,
    world: &Arc<World>,
    kind: &Arc<Kind>,
    alone: bool,
) -> Result<veritee_chain::survey::Findings, ChainReadError> {
    let lie = Arc::clone(kind);
    let liar = through(
        world,
        Arc::new(move |world: &World, method: &str, params: &Value| {
            let mut answer = truthful(world, method, params)?;
            if method == lie.method && params[0] != "finalized" {
                (lie.lie)(world, params, &mut answer);
            }
            Ok(answer)
        }),
    );
    let mut ask = ask(scene);
    ask.subject.from_block = 1;
    if alone {
        return read(&[&liar], &ask).map(|read| found(&read));
    }
    let honest = node(world);
    read(&[&honest, &liar], &ask).map(|read| found(&read))
}

fn unexplained(found: &veritee_chain::survey::Findings) -> bool {
    let storage = Some(NotRecognised::Storage);
    let app = found.survey.app.as_ref().and_then(|app| app.as_ref().err().copied());
    let registry = found.survey.registry.as_ref().and_then(|kms| kms.as_ref().err().copied());
    app == storage || registry == storage
}

fn changed_silently(found: &veritee_chain::survey::Findings, scene: &Scene) -> bool {
    let Some(history) = &found.survey.history else { return false };
    (0..scene.world.head()).any(|block| {
        let at = history.at(block);
        matches!(at.owner, Past::ChangedSilently { .. })
            || matches!(at.allow_any_device, Past::ChangedSilently { .. })
    })
}

#[test]
fn every_kind_of_lie_is_caught_as_the_table_says() {
    let scene = scene();
    let world = Arc::new(scene.world.clone());
    let kinds = kinds();
    assert!(kinds.len() >= 60, "{}", kinds.len());
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for kind in kinds {
        let kind = Arc::new(kind);
        let name = kind.name.clone();
        let found = match told(&scene, &world, &kind, true) {
            Ok(found) => found,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        let named = found.faults.iter().map(|(_, fault)| fault.kind).collect::<Vec<_>>();
        let (word, caught) = match kind.caught {
            Fault(wanted) => ("by name", named.contains(&wanted)),
            Storage => ("by completeness", named.is_empty() && unexplained(&found)),
            InThePast => (
                "in the observed past",
                named.is_empty() && !unexplained(&found) && changed_silently(&found, &scene),
            ),
            Second => (
                "by a second voice",
                named.is_empty() && !unexplained(&found) && !changed_silently(&found, &scene),
            ),
        };
        if !caught {
            wrong.push(format!(
                "{name}: {:?}, got {named:?}, unexplained {}, silent {}",
                kind.caught,
                unexplained(&found),
                changed_silently(&found, &scene)
            ));
        }
        // Beside an honest endpoint each is a fault or a disagreement, and the honest one's answer stands.
        match told(&scene, &world, &kind, false) {
            Ok(found) => {
                if found.faults.is_empty() && found.disagreements.is_empty() {
                    wrong.push(format!("{name}: beside an honest endpoint nothing is said"));
                }
                let app =
                    found.survey.app.as_ref().is_some_and(|app| app.as_ref().is_ok_and(|app| app.complete));
                if !app && found.disagreements.is_empty() {
                    wrong.push(format!("{name}: the honest endpoint's answer is lost"));
                }
            }
            Err(error) => wrong.push(format!("{name}, beside an honest endpoint: {error}")),
        }
        *tally.entry(word).or_default() += 1;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    eprintln!("{tally:?}");
    assert!(tally["by name"] >= 50 && tally["by completeness"] >= 10, "{tally:?}");
}

#[test]
fn a_consistent_liar_is_caught_by_the_anchor_alone() {
    let scene = scene();
    // A chain of the liar's own: one more compose hash, with its log, its slot, its roots and its headers.
    let mut forged = scene.world.clone();
    forged.transaction();
    scene.app.compose_hash(&mut forged, word(66), true);
    forged.mine(1_700_001_000);
    let mut real = scene.world.clone();
    real.mine(1_700_001_000);
    let (one, two) = (node(&Arc::new(forged.clone())), node(&Arc::new(forged)));
    let honest = node(&Arc::new(real.clone()));
    let ask = ask(&scene);
    let alone = found(&read(&[&one, &two], &ask).unwrap());
    assert!(alone.faults.is_empty() && alone.disagreements.is_empty());
    assert_eq!(alone.anchor, Anchor::EndpointsAgree(2));
    assert!(
        alone.survey.app.unwrap().unwrap().compose_hashes.contains(&word(66)),
        "nothing in the answers shows it"
    );
    // A second voice of somebody else's, or the hash of the block.
    let beside = found(&read(&[&one, &honest], &ask).unwrap());
    assert_eq!(beside.disagreements.len(), 1);
    let mut given = ask.clone();
    given.subject.given_hash = Some(real.hash(real.head()));
    assert!(matches!(read(&[&one], &given), Err(ChainReadError::GivenBlock { .. })));
    let found = found(&read(&[&honest, &one], &given).unwrap());
    assert!(found.faults.iter().any(|(_, fault)| fault.kind == FaultKind::Block), "{:?}", found.faults);
    assert!(!found.survey.app.unwrap().unwrap().compose_hashes.contains(&word(66)));
}

#[test]
fn a_chain_that_is_replaced_while_it_is_read_is_named() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let scene = scene();
    let mut other = scene.world.clone();
    other.mine(1_700_009_000);
    let mut replaced = World::new(8453, 1_600_000_000);
    for _ in 0..scene.world.head() {
        replaced.mine(1_700_009_001);
    }
    for after in 2..12 {
        let asked = AtomicUsize::new(0);
        let (before, then) = (scene.world.clone(), replaced.clone());
        let server = through(
            &Arc::new(before),
            Arc::new(move |world: &World, method: &str, params: &Value| {
                let world = if asked.fetch_add(1, Ordering::SeqCst) < after { world } else { &then };
                truthful(world, method, params)
            }),
        );
        let mut ask = ask(&scene);
        ask.subject.from_block = 1;
        ask.first_block = false;
        let Ok(read) = read(&[&server], &ask) else { continue };
        let found = found(&read);
        let whole = found.agreeing == 1 && found.survey.app.as_ref().is_some_and(Result::is_ok);
        assert!(!whole, "after {after} answers: a state of two chains was taken for one");
    }
}
