//! Honest nodes, as different as they are.

use crate::node::{address, ask, client, endpoint, found, node, read, scene, through, truthful, word};
use serde_json::Value;
use std::sync::Arc;
use veritee_acquire::chain::{ChainAsk, ChainReadError, block_at};
use veritee_chain::event::Set;
use veritee_chain::history::{Candidate, Could, Held};
use veritee_chain::survey::{Anchor, FaultKind};
use veritee_testkit::chain::{RpcFailure, World, recorded_registry};

fn failure(message: &str) -> RpcFailure {
    RpcFailure { code: -32000, message: message.to_owned() }
}

fn number(value: &Value) -> u64 {
    u64::from_str_radix(value.as_str().unwrap().strip_prefix("0x").unwrap(), 16).unwrap()
}

#[test]
fn two_nodes_of_one_chain_are_read_whole_at_one_block_and_agree() {
    let scene = scene();
    let world = Arc::new(scene.world.clone());
    let (one, two) = (node(&world), node(&world));
    let read = read(&[&one, &two], &ask(&scene)).unwrap();
    assert_eq!(read.notes, []);
    let found = found(&read);
    assert_eq!(found.faults, []);
    assert!(found.missing.is_empty() && found.disagreements.is_empty());
    assert_eq!((found.anchor, found.agreeing), (Anchor::EndpointsAgree(2), 2));
    let app = found.survey.app.unwrap().unwrap();
    assert!(app.complete && found.survey.registry.unwrap().unwrap().complete);
    assert_eq!(app.compose_hashes, [word(1), word(10), word(11)].into());
    assert_eq!(app.owner, address(7));
    // The block of the first log was observed too, so that the silent flags are known from the start.
    let history = found.survey.history.unwrap();
    let first = history.timeline().entries()[0].block;
    let then = history.at(first);
    assert_eq!((then.held, then.allow_any_device.value()), (Held::Complete, Some(true)));
    // A path can be a key: it is neither kept nor told.
    let bytes = String::from_utf8(read.reads.write().unwrap()).unwrap();
    assert!(!bytes.contains("secret-key") && bytes.contains("127.0.0.1"));
    assert!(read.reads.subject.from_block > 0, "the registry's deployment was looked for");
}

#[test]
fn one_application_takes_few_requests() {
    let scene = scene();
    let server = node(&Arc::new(scene.world.clone()));
    let mut ask = ask(&scene);
    ask.first_block = false;
    ask.subject.from_block = 1;
    let read = read(&[&server], &ask).unwrap();
    assert!(read.requests <= 12, "{} requests", read.requests);
    assert_eq!(server.requests().len(), read.requests);
    assert_eq!(found(&read).anchor, Anchor::EndpointsAgree(1));
}

#[test]
fn an_endpoint_that_takes_no_batches_is_asked_one_by_one() {
    let scene = scene();
    let world = Arc::new(scene.world.clone());
    let server = node(&world);
    let inner = node(&world);
    drop(inner);
    let single = veritee_loopback::Server::http();
    let shared = Arc::clone(&world);
    single.otherwise(move |request| {
        let question: Value = serde_json::from_slice(&request.body).unwrap();
        let reply = if question.is_array() {
            serde_json::json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": "no batches"}})
        } else {
            let method = question["method"].as_str().unwrap();
            match shared.answer(method, &question["params"]) {
                Ok(result) => serde_json::json!({"jsonrpc": "2.0", "id": question["id"], "result": result}),
                Err(error) => serde_json::json!({"jsonrpc": "2.0", "id": question["id"],
                    "error": {"code": error.code, "message": error.message}}),
            }
        };
        veritee_loopback::Reply::json(reply.to_string())
    });
    let read = read(&[&server, &single], &ask(&scene)).unwrap();
    assert_eq!(found(&read).agreeing, 2, "{:?}", read.notes);
}

#[test]
fn ranges_of_logs_are_halved_until_they_are_taken_and_none_is_left_out() {
    let mut scene = scene();
    for _ in 0..300 {
        scene.world.transaction();
        for _ in 0..34 {
            scene.app.compose_hash(&mut scene.world, word(77), true);
        }
        scene.world.mine(1_700_001_000);
    }
    let world = Arc::new(scene.world.clone());
    let limited = |limit: u64, logs: usize| {
        through(
            &world,
            Arc::new(move |world: &World, method: &str, params: &Value| {
                if method == "eth_getLogs" {
                    let filter = &params[0];
                    if number(&filter["toBlock"]) - number(&filter["fromBlock"]) >= limit {
                        return Err(failure("query exceeds the range"));
                    }
                    let answer = truthful(world, method, params)?;
                    if answer.as_array().unwrap().len() > logs {
                        return Err(failure("query returns more than the limit"));
                    }
                    return Ok(answer);
                }
                truthful(world, method, params)
            }),
        )
    };
    for (limit, logs) in [(u64::MAX, 1_000), (50, usize::MAX), (20, 100), (1, usize::MAX)] {
        let server = limited(limit, logs);
        let read = read(&[&server], &ask(&scene)).unwrap();
        let found = found(&read);
        assert_eq!(found.faults, [], "{limit} {logs}");
        let history = found.survey.history.unwrap();
        assert!(history.timeline().entries().len() > 10_000, "{limit} {logs}");
        assert!(found.survey.app.unwrap().unwrap().complete, "{limit} {logs}");
    }
    // One block is too much for it: an error, and no list without that block.
    let read = read(&[&limited(u64::MAX, 20)], &ask(&scene)).unwrap();
    let found = found(&read);
    assert!(found.faults.iter().any(|(_, fault)| fault.kind == FaultKind::Error), "{:?}", found.faults);
    assert!(found.survey.history.is_none());
}

#[test]
fn the_lowest_final_block_is_read_and_a_given_one_before_it() {
    let scene = scene();
    let world = Arc::new(scene.world.clone());
    let behind = through(
        &world,
        Arc::new(|world: &World, method: &str, params: &Value| {
            if method == "eth_getBlockByNumber" && params[0] == "finalized" {
                return truthful(world, method, &serde_json::json!(["0x7", false]));
            }
            truthful(world, method, params)
        }),
    );
    let ahead = node(&world);
    let read_at = read(&[&ahead, &behind], &ask(&scene)).unwrap();
    assert_eq!(read_at.reads.subject.block, 7);
    assert_eq!(found(&read_at).agreeing, 2);
    let mut ask = ask(&scene);
    ask.subject.given_hash = Some(scene.world.hash(5));
    let read_at = read(&[&ahead, &behind], &ask).unwrap();
    assert_eq!((read_at.reads.subject.block, found(&read_at).anchor), (5, Anchor::HashGiven));
    ask.subject.given_hash = Some(word(99));
    assert!(matches!(read(&[&ahead], &ask), Err(ChainReadError::GivenBlock { .. })));
}

#[test]
fn an_endpoint_that_calls_an_old_block_its_last_one_brings_nobody_there() {
    let mut scene = scene();
    // Withdrawn a few hours later: whoever stays behind does not see it.
    scene.world.transaction();
    scene.app.compose_hash(&mut scene.world, word(10), false);
    scene.world.mine(1_700_020_000);
    let world = Arc::new(scene.world.clone());
    let old = scene.world.head() - 1;
    let behind = through(
        &world,
        Arc::new(move |world: &World, method: &str, params: &Value| {
            if method == "eth_getBlockByNumber" && params[0] == "finalized" {
                return truthful(world, method, &serde_json::json!([format!("{old:#x}"), false]));
            }
            truthful(world, method, params)
        }),
    );
    let honest = node(&world);
    let read = read(&[&behind, &honest], &ask(&scene)).unwrap();
    assert!(read.notes.iter().any(|note| note.what.contains("left out")), "{:?}", read.notes);
    assert_eq!(read.reads.subject.block, scene.world.head());
    let found = found(&read);
    assert_eq!(found.anchor, Anchor::EndpointsAgree(1), "one voice is left, and counts as one");
    assert!(!found.survey.app.unwrap().unwrap().compose_hashes.contains(&word(10)));
}

#[test]
fn a_chain_other_than_expected_is_refused_before_anything_is_read() {
    let scene = scene();
    let mut other = scene.world.clone();
    other.chain_id = 84_532;
    let (here, there) = (node(&Arc::new(scene.world.clone())), node(&Arc::new(other)));
    for servers in [&[&here, &there][..], &[&there][..]] {
        let mut ask = ask(&scene);
        if servers.len() == 2 {
            ask.subject.chain_id = 0;
        }
        let mut endpoints: Vec<_> = servers.iter().map(|server| endpoint(server)).collect();
        endpoints[0].chain_id = Some(8453);
        let read = crate::node::block_on(veritee_acquire::chain::read_chain(
            &client(),
            &endpoints,
            &ask,
            crate::node::BUDGET,
        ));
        assert!(matches!(read, Err(ChainReadError::ChainId { expected: 8453, got: 84_532, .. })), "{read:?}");
    }
    assert!(there.requests().len() <= 2);
    assert!(matches!(read(&[], &ask(&scene)), Err(ChainReadError::NoEndpoint)));
}

#[test]
fn an_endpoint_without_old_states_is_read_now_and_says_what_it_lacks() {
    let scene = scene();
    let head = scene.world.head();
    let world = Arc::new(scene.world.clone());
    let pruned = through(
        &world,
        Arc::new(move |world: &World, method: &str, params: &Value| {
            let at = match method {
                "eth_getCode" => Some(&params[1]),
                "eth_getProof" => Some(&params[2]),
                _ => None,
            };
            if at.is_some_and(|at| number(at) < head) {
                return Err(failure("missing trie node"));
            }
            truthful(world, method, params)
        }),
    );
    let full = node(&world);
    let read = read(&[&full, &pruned], &ask(&scene)).unwrap();
    assert!(read.notes.iter().any(|note| note.what.contains("keeps no state")), "{:?}", read.notes);
    let found = found(&read);
    assert_eq!((found.agreeing, found.faults.len()), (2, 0));
    let app = found.survey.app.unwrap().unwrap();
    assert!(app.complete);
    // Of the past the logs alone tell.
    let history = found.survey.history.unwrap();
    let first = history.timeline().entries()[0].block;
    assert_eq!(history.at(first).held, Held::LogsOnly);
    assert!(history.at(first).sum.allows(Set::ComposeHashes, &word(1)));
}

#[test]
fn what_could_run_at_a_block_is_answered_from_what_was_kept() {
    let scene = scene();
    let server = node(&Arc::new(scene.world.clone()));
    let mut ask = ask(&scene);
    ask.observe.insert(5);
    let found = found(&read(&[&server], &ask).unwrap());
    let history = found.survey.history.unwrap();
    let could = |hash, block, margin| {
        let candidate = Candidate { compose_hash: hash, device: Some(word(2)), tcb_up_to_date: Some(true) };
        history.could_run(&candidate, block, margin)
    };
    let first = history.timeline().entries()[0].block;
    assert_eq!(could(word(1), first, 0), Could::Yes);
    assert_eq!(could(word(1), first + 2, 0), Could::No);
    assert_eq!(could(word(1), first + 2, 4), Could::Changed);
    assert_eq!(could(word(12), first + 4, 0), Could::Yes);
    assert_eq!(could(word(12), first + 5, 0), Could::No);
    assert_eq!(history.at(5).held, Held::Complete);
}

#[test]
fn the_last_block_before_a_time_is_found_by_bisection() {
    let scene = scene();
    let server = node(&Arc::new(scene.world.clone()));
    let at = |seconds| crate::node::block_on(block_at(&client(), &endpoint(&server), seconds)).unwrap();
    assert_eq!(at(1_700_000_004), 3);
    assert_eq!(at(1_700_000_007), 3);
    assert_eq!(at(1_700_000_008), 4);
    assert_eq!(at(u64::MAX), scene.world.head());
}

#[test]
fn an_ask_without_a_registry_reads_the_contract_alone() {
    let scene = scene();
    let server = node(&Arc::new(scene.world.clone()));
    let mut ask: ChainAsk = ask(&scene);
    ask.subject.registry = None;
    let found = found(&read(&[&server], &ask).unwrap());
    assert!(found.survey.registry.is_none());
    assert!(found.survey.app.unwrap().unwrap().complete);
}

#[test]
fn the_block_that_ethereum_holds_for_final_is_read_instead_of_the_last_one() {
    use veritee_acquire::chain::L1Ask;
    use veritee_testkit::chain::L1Forge;
    let mut scene = scene();
    scene.world.withdrawals_root = word(55);
    let anchored = scene.world.mine(1_700_000_100);
    let mut ethereum = World::new(1, 1_700_000_000);
    L1Forge::deploy(&mut ethereum).anchor(&mut ethereum, &scene.world, anchored);
    ethereum.mine(1_700_090_000);
    // A day later, and not anchored yet.
    scene.world.mine(1_700_080_000);
    let server = node(&Arc::new(scene.world.clone()));
    let ethereum = Arc::new(ethereum);
    let (one, two) = (node(&ethereum), node(&ethereum));
    let mut ask = ask(&scene);
    ask.l1 = L1Ask { endpoints: vec![endpoint(&one), endpoint(&two)], given_hash: None };
    let both = read(&[&server], &ask).unwrap();
    assert_eq!(both.notes, []);
    assert_eq!(both.reads.subject.block, anchored);
    let found = found(&both);
    assert_eq!((found.faults.len(), found.agreeing), (0, 1));
    assert_eq!(found.anchor, Anchor::L1 { block: 1, age: 89_900 });
    assert!(one.requests().len() <= 6, "{} requests", one.requests().len());
    // By its hash, one endpoint will do; a hash that nobody knows is told.
    ask.l1 = L1Ask { endpoints: vec![endpoint(&one)], given_hash: Some(ethereum.hash(1)) };
    assert_eq!(read(&[&server], &ask).unwrap().reads.l1.unwrap().given_hash, Some(ethereum.hash(1)));
    ask.l1.given_hash = Some(word(66));
    assert!(matches!(read(&[&server], &ask), Err(ChainReadError::GivenBlock { .. })));
    // Nobody of Ethereum's answers: told, and the endpoints' last block is read.
    let silent = through(&ethereum, Arc::new(|_: &World, _: &str, _: &Value| Err(failure("busy"))));
    ask.l1 = L1Ask { endpoints: vec![endpoint(&silent)], given_hash: None };
    let alone = read(&[&server], &ask).unwrap();
    assert!(!alone.notes.is_empty() && alone.reads.l1.is_none());
    assert_eq!(alone.reads.subject.block, scene.world.head());
    // A chain whose contracts elsewhere are not known.
    ask.subject.chain_id = 31_337;
    let mut other = scene.world.clone();
    other.chain_id = 31_337;
    ask.subject.registry = None;
    let server = node(&Arc::new(other));
    ask.l1 = L1Ask { endpoints: vec![endpoint(&one)], given_hash: None };
    assert!(matches!(read(&[&server], &ask), Err(ChainReadError::NoL1 { chain_id: 31_337 })));
}

#[test]
fn a_read_that_broke_off_goes_on_from_what_was_kept() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let scene = scene();
    let world = Arc::new(scene.world.clone());
    // Takes narrow ranges of logs alone, and is gone after a while.
    let answers = Arc::new(AtomicUsize::new(0));
    let (count, most) = (Arc::clone(&answers), Arc::new(AtomicUsize::new(30)));
    let limit = Arc::clone(&most);
    let server = through(
        &world,
        Arc::new(move |world: &World, method: &str, params: &Value| {
            if count.fetch_add(1, Ordering::SeqCst) >= limit.load(Ordering::SeqCst) {
                return Err(failure("try again later"));
            }
            if method == "eth_getLogs" && params[0]["fromBlock"] != params[0]["toBlock"] {
                return Err(failure("range too wide"));
            }
            truthful(world, method, params)
        }),
    );
    let mut ask = ask(&scene);
    ask.subject.from_block = 1;
    ask.first_block = false;
    let first = read(&[&server], &ask).unwrap();
    let half =
        veritee_chain::rpc::ChainReads::read(&first.reads.write().unwrap(), crate::node::BUDGET).unwrap();
    assert_eq!(found(&first).agreeing, 0, "it is not whole");
    let whole_costs = {
        most.store(usize::MAX, Ordering::SeqCst);
        answers.store(0, Ordering::SeqCst);
        let mut anew = ask.clone();
        anew.subject.block = half.subject.block;
        assert_eq!(found(&read(&[&server], &anew).unwrap()).agreeing, 1);
        answers.load(Ordering::SeqCst)
    };
    answers.store(0, Ordering::SeqCst);
    ask.subject = half.subject.clone();
    ask.kept = half.endpoints.clone();
    let second = read(&[&server], &ask).unwrap();
    assert_eq!((found(&second).agreeing, found(&second).faults.len()), (1, 0));
    assert!(found(&second).survey.app.unwrap().unwrap().complete);
    let cost = answers.load(Ordering::SeqCst);
    assert!(cost + 5 < whole_costs, "{cost} answers, {whole_costs} for all of it");
    // A block that was replaced meanwhile: nothing of before is used.
    let mut other = scene.world.clone();
    other.mine(1_700_500_000);
    let mut kept = half.clone();
    let question = veritee_chain::rpc::Question::BlockByNumber(kept.subject.block);
    let (_, replaced) = {
        let number = format!("{:#x}", other.head());
        (number.clone(), other.answer("eth_getBlockByNumber", &serde_json::json!([number, false])).unwrap())
    };
    let mut endpoint = veritee_chain::rpc::Endpoint::new(kept.endpoints[0].url.clone());
    endpoint.add(question, Ok(replaced.to_string()));
    kept.endpoints = vec![endpoint];
    ask.kept = kept.endpoints;
    let third = read(&[&server], &ask).unwrap();
    assert!(
        third.notes.iter().any(|note| note.what.contains("another one than before")),
        "{:?}",
        third.notes
    );
    assert_eq!((found(&third).agreeing, found(&third).faults.len()), (1, 0));
}

#[test]
fn a_given_block_below_the_anchored_one_is_read_with_the_way_down_to_it() {
    use veritee_acquire::chain::L1Ask;
    use veritee_chain::l1::Way;
    use veritee_testkit::chain::L1Forge;
    let mut scene = scene();
    scene.world.withdrawals_root = word(55);
    let wanted = scene.world.mine(1_700_000_100);
    scene.world.mine(1_700_000_102);
    scene.world.record_hash(wanted);
    let anchored = scene.world.mine(1_700_000_104);
    let mut ethereum = World::new(1, 1_700_000_000);
    L1Forge::deploy(&mut ethereum).anchor(&mut ethereum, &scene.world, anchored);
    ethereum.mine(1_700_090_000);
    let (base, ethereum) = (Arc::new(scene.world.clone()), Arc::new(ethereum));
    let (server, l1) = (node(&base), node(&ethereum));
    let mut ask = ask(&scene);
    ask.subject.given_hash = Some(base.hash(wanted));
    ask.l1 = L1Ask { endpoints: vec![endpoint(&l1)], given_hash: Some(ethereum.hash(1)) };
    let read = read(&[&server], &ask).unwrap();
    assert_eq!((read.notes.len(), read.reads.subject.block), (0, wanted));
    // Whoever has the document and Ethereum's hash needs no word about the block itself.
    let judged = |reads: &veritee_chain::rpc::ChainReads| {
        let bytes = reads.write().unwrap();
        let mut reads = veritee_chain::rpc::ChainReads::read(&bytes, crate::node::BUDGET).unwrap();
        reads.given(None, Some(ethereum.hash(1)));
        veritee_chain::survey::findings(&reads, crate::node::BUDGET)
    };
    let known = judged(&read.reads);
    assert_eq!((known.faults.len(), known.anchor), (0, Anchor::L1 { block: 1, age: 89_900 }));
    assert_eq!(known.l1.unwrap().way, Some(Way::Below(1)));
    // An endpoint that has that state no more: told, and the block is known by its word.
    let forgetful = through(
        &base,
        Arc::new(move |world: &World, method: &str, params: &Value| {
            if method == "eth_getProof" && params[2] == format!("{anchored:#x}") {
                return Err(failure("missing trie node"));
            }
            truthful(world, method, params)
        }),
    );
    let read = self::read(&[&forgetful], &ask).unwrap();
    assert!(read.notes[0].what.contains("does not show the way"), "{:?}", read.notes);
    let known = judged(&read.reads);
    assert_eq!((known.faults.len(), known.agreeing, known.anchor), (0, 1, Anchor::EndpointsAgree(1)));
}

#[test]
fn a_whole_registry_of_500_applications_takes_ten_requests() {
    let kept = veritee_chain::rpc::ChainReads::read(&recorded_registry(), crate::node::BUDGET).unwrap();
    let subject = kept.subject.clone();
    let block = subject.block;
    let answers: std::collections::BTreeMap<String, String> = kept.endpoints[0]
        .asked()
        .filter_map(|(asked, answer)| {
            Some((format!("{} {}", asked.method(), asked.params()), answer.clone().ok()?))
        })
        .collect();
    let server = through(
        &Arc::new(World::new(31_337, 0)),
        Arc::new(move |_: &World, method: &str, params: &Value| {
            let params = match params[0].as_str() {
                Some("finalized") => serde_json::json!([format!("{block:#x}"), false]),
                _ => params.clone(),
            };
            let answer = answers.get(&format!("{method} {params}")).ok_or_else(|| failure("not recorded"))?;
            Ok(serde_json::from_str(answer).unwrap())
        }),
    );
    let mut ask = ChainAsk { subject, ..ChainAsk::default() };
    (ask.subject.observed, ask.subject.block) = (std::collections::BTreeSet::new(), 0);
    let read = read(&[&server], &ask).unwrap();
    assert_eq!(read.notes, []);
    let kms = found(&read).survey.registry.unwrap().unwrap();
    assert_eq!((kms.complete, kms.apps.len()), (true, 500));
    assert!(found(&read).survey.app.unwrap().unwrap().complete);
    assert!(read.requests <= 10, "{} requests", read.requests);
    assert_eq!(server.requests().len(), read.requests);
}
