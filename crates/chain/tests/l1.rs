//! A forged Ethereum and a forged Base: the block that Ethereum's contracts hold for final, and each step to it broken.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

use serde_json::{Value, json};
use veritee_base::Budget;
use veritee_chain::l1::{self, BASE, NoClaim, Way};
use veritee_chain::rpc::{ChainReads, Endpoint, L1Reads, Question, RpcError};
use veritee_chain::survey::{Anchor, FaultKind, Findings, Subject, findings, survey};
use veritee_chain::{Address, B256, U256, keccak256};
use veritee_testkit::chain::{AppForge, AppKind, Deployment, L1Forge, World};

const BUDGET: &Budget = &Budget::STANDARD;
const DAY: u64 = 86_400;

type Lie<'a> = &'a dyn Fn(&Question, &mut Value);

struct Scene {
    base: World,
    ethereum: World,
    forge: L1Forge,
    app: Address,
    anchored: u64,
}

fn at(seed: u8) -> Address {
    Address::from_word(keccak256([seed]))
}

/// Base anchors its second block; Ethereum says so three days later.
fn scene() -> Scene {
    let mut base = World::new(8453, 1_700_000_000);
    base.withdrawals_root = keccak256("the message passer's storage");
    let implementation = AppForge::implementation(&mut base, AppKind::DstackAppTcb, 1);
    let with = Deployment {
        owner: at(1),
        compose_hash: keccak256("compose"),
        device: keccak256("device"),
        upgrades_disabled: false,
        allow_any_device: true,
        require_tcb: true,
    };
    let app = AppForge::deploy(&mut base, at(3), AppKind::DstackAppTcb, implementation, with).address;
    let anchored = base.mine(1_700_000_002);
    base.mine(1_700_000_004);
    let mut ethereum = World::new(1, 1_700_000_000);
    let forge = L1Forge::deploy(&mut ethereum);
    ethereum.mine(1_700_000_012);
    forge.anchor(&mut ethereum, &base, anchored);
    ethereum.mine(1_700_000_002 + 3 * DAY + 7_200);
    Scene { base, ethereum, forge, app, anchored }
}

fn answered(world: &World, url: &str, lie: Lie<'_>, wanted: impl Fn(&Endpoint) -> Vec<Question>) -> Endpoint {
    let mut endpoint = Endpoint::new(url.to_owned());
    for _ in 0..40 {
        let wanted = wanted(&endpoint);
        if wanted.is_empty() {
            return endpoint;
        }
        for question in wanted {
            let answer = match world.answer(question.method(), &question.params()) {
                Ok(mut value) => {
                    lie(&question, &mut value);
                    Ok(value.to_string())
                }
                Err(error) => Err(RpcError { code: error.code, message: error.message }),
            };
            endpoint.add(question, answer);
        }
    }
    panic!("it never ends");
}

fn truth(_question: &Question, _answer: &mut Value) {}

impl Scene {
    /// What one endpoint of Base and these of Ethereum answer.
    fn reads(&self, l1: &[Lie<'_>], l2: Lie<'_>) -> ChainReads {
        let subject = Subject { chain_id: 8453, app: self.app, block: self.anchored, ..Subject::default() };
        let endpoint = answered(&self.base, "https://base.example", l2, |endpoint| {
            survey(endpoint, &subject, BUDGET).wanted
        });
        let mut reads = L1Reads { block: self.ethereum.head(), ..L1Reads::default() };
        for (index, lie) in l1.iter().enumerate() {
            let url = format!("https://ethereum-{index}.example");
            let endpoint = answered(&self.ethereum, &url, *lie, |endpoint| {
                l1::survey(endpoint, &reads, &BASE, BUDGET).wanted
            });
            reads.endpoints.push(endpoint);
        }
        ChainReads { subject, endpoints: vec![endpoint], l1: Some(reads) }
    }

    /// The same, judged by somebody who knows Ethereum's block, out of the document's bytes.
    fn known(&self, l1: Lie<'_>, l2: Lie<'_>) -> Findings {
        let bytes = self.reads(&[l1], l2).write().unwrap();
        let mut reads = ChainReads::read(&bytes, BUDGET).unwrap();
        assert_eq!(reads.write().unwrap(), bytes);
        reads.given(None, Some(self.ethereum.hash(self.ethereum.head())));
        findings(&reads, BUDGET)
    }
}

fn anchored(found: &Findings) -> bool {
    found.faults.is_empty() && found.agreeing == 1 && matches!(found.anchor, Anchor::L1 { .. })
}

#[test]
fn a_block_that_ethereum_holds_for_final_is_anchored_by_the_hash_of_one_ethereum_block() {
    let scene = scene();
    let found = scene.known(&truth, &truth);
    assert!(anchored(&found), "{found:?}");
    assert_eq!(found.anchor.to_string(), "l1-anchored(2, 3 d 2 h)");
    let l1 = found.l1.unwrap();
    assert_eq!(l1.anchor, Anchor::HashGiven);
    let claim = l1.claim.unwrap();
    assert_eq!((claim.block, claim.game), (scene.anchored, Some(scene.forge.game)));
    assert_ne!((claim.portal.admin, claim.registry.implementation), (Address::ZERO, Address::ZERO));
    assert!(found.survey.app.unwrap().unwrap().complete);
}

#[test]
fn one_endpoint_of_ethereum_anchors_nothing_and_two_do() {
    let scene = scene();
    let one = findings(&scene.reads(&[&truth], &truth), BUDGET);
    assert_eq!((one.anchor, one.faults.len()), (Anchor::EndpointsAgree(1), 0));
    assert!(!one.anchor.is_known());
    let two = findings(&scene.reads(&[&truth, &truth], &truth), BUDGET);
    assert!(anchored(&two));
    assert_eq!(two.l1.unwrap().anchor, Anchor::EndpointsAgree(2));
    // The same host twice is one voice.
    let mut echo = scene.reads(&[&truth, &truth], &truth);
    let endpoints = &mut echo.l1.as_mut().unwrap().endpoints;
    endpoints[1].url = endpoints[0].url.clone();
    assert_eq!(findings(&echo, BUDGET).anchor, Anchor::EndpointsAgree(1));
}

#[test]
fn what_the_document_says_of_a_given_hash_is_not_the_callers_word() {
    let scene = scene();
    let mut reads = scene.reads(&[&truth], &truth);
    reads.l1.as_mut().unwrap().given_hash = Some(scene.ethereum.hash(scene.ethereum.head()));
    let mut again = ChainReads::read(&reads.write().unwrap(), BUDGET).unwrap();
    again.given(None, None);
    assert_eq!(findings(&again, BUDGET).anchor, Anchor::EndpointsAgree(1));
}

#[test]
fn a_registry_without_games_anchors_the_block_that_it_began_with() {
    let mut scene = scene();
    scene.forge.begin(&mut scene.ethereum, &scene.base, scene.anchored);
    scene.ethereum.mine(1_700_000_002 + 4 * DAY);
    let found = scene.known(&truth, &truth);
    assert!(anchored(&found), "{found:?}");
    assert_eq!(found.l1.unwrap().claim.unwrap().game, None);
}

/// Another digit near the end of a hex text.
fn flip(value: &mut Value) {
    let mut text = value.as_str().unwrap().to_owned();
    let last = text.pop().unwrap();
    text.push(if last == '1' { '2' } else { '1' });
    *value = json!(text);
}

/// Another value of a header's field.
fn header(field: &'static str) -> impl Fn(&Question, &mut Value) {
    move |question, answer| {
        if matches!(question, Question::BlockByNumber(_)) {
            flip(&mut answer[field]);
        }
    }
}

#[test]
fn each_step_from_ethereum_to_base_is_refused_by_name_when_it_is_broken() {
    let scene = scene();
    let (portal, registry, game) = (scene.forge.portal, scene.forge.registry, scene.forge.game);
    let of = move |who: Address, change: fn(&mut Value)| {
        move |question: &Question, answer: &mut Value| {
            if matches!(question, Question::Proof { address, .. } if *address == who) {
                change(answer);
            }
        }
    };
    let node: fn(&mut Value) =
        |answer| flip(answer["accountProof"].as_array_mut().unwrap().last_mut().unwrap());
    let slot: fn(&mut Value) = |answer| answer["storageProof"][0]["value"] = json!("0x5");
    let storage: fn(&mut Value) =
        |answer| flip(answer["storageProof"][0]["proof"].as_array_mut().unwrap().last_mut().unwrap());
    let code_hash: fn(&mut Value) = |answer| flip(&mut answer["codeHash"]);
    let code = |question: &Question, answer: &mut Value| {
        if matches!(question, Question::Code { .. }) {
            flip(answer);
        }
    };
    let chain_id = |question: &Question, answer: &mut Value| {
        if *question == Question::ChainId {
            *answer = json!("0x2105");
        }
    };
    let ethereum = scene.ethereum.clone();
    let earlier = |question: &Question, answer: &mut Value| {
        if matches!(question, Question::BlockByNumber(_)) {
            *answer = ethereum.answer("eth_getBlockByNumber", &json!(["0x1", false])).unwrap();
        }
    };
    let on_ethereum: [(&str, Lie<'_>, FaultKind); 14] = [
        ("another chain", &chain_id, FaultKind::ChainId),
        ("header: another state root", &header("stateRoot"), FaultKind::Header),
        ("header: another hash", &header("hash"), FaultKind::Header),
        ("an earlier block", &earlier, FaultKind::Block),
        ("portal: another account", &of(portal, node), FaultKind::Proof),
        ("portal: another word", &of(portal, slot), FaultKind::Proof),
        ("portal: another slot's node", &of(portal, storage), FaultKind::Proof),
        ("registry: another account", &of(registry, node), FaultKind::Proof),
        ("registry: another word", &of(registry, slot), FaultKind::Proof),
        ("registry: another slot's node", &of(registry, storage), FaultKind::Proof),
        ("game: another account", &of(game, node), FaultKind::Proof),
        ("game: another code hash", &of(game, code_hash), FaultKind::Proof),
        ("game: another code", &code, FaultKind::Code),
        (
            "game: another account's proof",
            &of(game, |answer| answer["address"] = json!(Address::ZERO.to_string())),
            FaultKind::Proof,
        ),
    ];
    for (name, lie, kind) in on_ethereum {
        let found = scene.known(lie, &truth);
        assert!(!anchored(&found), "{name}");
        assert!(
            found.faults.iter().any(|(url, fault)| url.contains("ethereum") && fault.kind == kind),
            "{name}: {:?}",
            found.faults
        );
    }
}

#[test]
fn a_header_of_base_that_is_changed_is_refused_by_name() {
    let scene = scene();
    let base = scene.base.clone();
    let another = |question: &Question, answer: &mut Value| {
        if matches!(question, Question::BlockByNumber(_)) {
            *answer = base.answer("eth_getBlockByNumber", &json!(["0x2", false])).unwrap();
        }
    };
    let on_base: [(&str, Lie<'_>, FaultKind); 3] = [
        ("header: another message passer", &header("withdrawalsRoot"), FaultKind::Header),
        ("header: another state root", &header("stateRoot"), FaultKind::Header),
        ("the next block", &another, FaultKind::Block),
    ];
    for (name, lie, kind) in on_base {
        let found = scene.known(&truth, lie);
        assert!(!anchored(&found), "{name}");
        assert!(found.faults.iter().any(|(_, fault)| fault.kind == kind), "{name}: {:?}", found.faults);
    }
}

/// A name, and what makes it wrong.
type Part = (&'static str, fn(&mut Scene));

#[test]
fn a_base_that_is_not_the_anchored_one_is_refused_whatever_it_says_of_itself() {
    let scene = scene();
    // A liar's Base: whole, consistent, of the same height, with an owner of its own.
    let parts: [Part; 3] = [
        ("another state", |other| other.base.set_slot(at(9), B256::ZERO, U256::from(1))),
        ("another message passer", |other| other.base.withdrawals_root = keccak256("another")),
        ("another time", |_| {}),
    ];
    for (name, part) in parts {
        let mut other = self::scene();
        let mut base = World::new(8453, 1_700_000_000);
        base.withdrawals_root = scene.base.withdrawals_root;
        std::mem::swap(&mut base, &mut other.base);
        part(&mut other);
        other.base.mine(if name == "another time" { 1_700_000_003 } else { 1_700_000_002 });
        let mut found = other.known(&truth, &truth);
        found.faults.retain(|(_, fault)| fault.kind == FaultKind::Anchor);
        assert_eq!(found.faults.len(), 1, "{name}: {:?}", found.anchor);
        assert_eq!((found.agreeing, found.anchor.is_known()), (0, false), "{name}");
    }
    // On one endpoint's word of Ethereum it is a disagreement: which of the two lies is not shown.
    let mut reads = scene.reads(&[&truth], &truth);
    let mut ethereum = scene.ethereum.clone();
    scene.forge.claim(&mut ethereum, keccak256("another"), scene.anchored);
    ethereum.mine(1_700_000_002 + 4 * DAY);
    let liar = Scene { ethereum, ..self::scene() };
    reads.l1 = liar.reads(&[&truth], &truth).l1;
    let found = findings(&reads, BUDGET);
    assert_eq!((found.faults.len(), found.disagreements.len()), (0, 1));
}

#[test]
fn endpoints_of_ethereum_that_name_two_blocks_are_a_disagreement() {
    let scene = scene();
    let mut other = self::scene();
    let mut ethereum = World::new(1, 1_700_000_000);
    let forge = L1Forge::deploy(&mut ethereum);
    ethereum.mine(1_700_000_012);
    forge.anchor(&mut ethereum, &other.base, other.anchored);
    ethereum.mine(1_700_000_002 + 3 * DAY);
    other.ethereum = ethereum;
    let mut reads = scene.reads(&[&truth], &truth);
    let mut second = other.reads(&[&truth], &truth).l1.unwrap().endpoints.remove(0);
    second.url = "https://other.example".to_owned();
    reads.l1.as_mut().unwrap().endpoints.push(second);
    let found = findings(&reads, BUDGET);
    assert_eq!(found.disagreements.len(), 1);
    assert_eq!(found.anchor, Anchor::EndpointsAgree(1));
}

#[test]
fn contracts_that_are_not_as_this_version_knows_them_anchor_nothing_and_are_no_lie() {
    let slot = |number: u64| B256::from(U256::from(number));
    let root = keccak256("a root");
    let mut shifted = L1Forge::game_code(root, 7);
    // A factory with arguments of its own puts the game's type before the number.
    let at_type = shifted.len() - 2 - 20 * 32 - 20 - 32;
    shifted.splice(at_type..at_type, [0, 0, 0, 1]);
    let length = u16::from_be_bytes([shifted[shifted.len() - 2], shifted[shifted.len() - 1]]) + 4;
    let end = shifted.len() - 2;
    shifted[end..].copy_from_slice(&length.to_be_bytes());
    let mut long = L1Forge::game_code(root, 7);
    let end = long.len() - 2;
    long[end..].copy_from_slice(&u16::MAX.to_be_bytes());
    let game = |code: Vec<u8>| {
        move |scene: &mut Scene| {
            let game = scene.forge.game;
            scene.ethereum.set_code(game, &code);
        }
    };
    type Change = Box<dyn Fn(&mut Scene)>;
    let changes: Vec<(&str, Change)> = vec![
        ("no game there", Box::new(game(Vec::new()))),
        ("a number beyond 64 bits", Box::new(game(shifted))),
        ("arguments longer than the code", Box::new(game(long))),
        ("two bytes of code", Box::new(game(vec![0, 2]))),
        ("block 0", Box::new(game(L1Forge::game_code(root, 0)))),
        (
            "no registry",
            Box::new(move |scene| scene.ethereum.set_slot(scene.forge.portal, slot(62), U256::ZERO)),
        ),
        (
            "more than an address",
            Box::new(move |scene| scene.ethereum.set_slot(scene.forge.registry, slot(2), U256::MAX)),
        ),
        (
            "nothing at the beginning",
            Box::new(move |scene| scene.ethereum.set_slot(scene.forge.registry, slot(2), U256::ZERO)),
        ),
        (
            "a registry that is not there",
            Box::new(move |scene| {
                scene.ethereum.set_slot(scene.forge.portal, slot(62), at(99).into_word().into());
            }),
        ),
    ];
    for (name, change) in changes {
        let mut scene = scene();
        change(&mut scene);
        scene.ethereum.mine(1_700_000_002 + 4 * DAY);
        let found = scene.known(&truth, &truth);
        assert_eq!((found.faults.len(), found.agreeing), (0, 1), "{name}: {:?}", found.faults);
        assert_eq!(found.anchor, Anchor::EndpointsAgree(1), "{name}");
        let claim = found.l1.unwrap().claim;
        assert!(
            matches!(claim, Err(NoClaim::Absent(_) | NoClaim::Word { .. } | NoClaim::Game { .. })),
            "{name}"
        );
    }
    // Another block than the anchored one is known by the endpoints that name it.
    let scene = scene();
    let mut reads = scene.reads(&[&truth, &truth], &truth);
    let subject = Subject { block: scene.base.head(), ..reads.subject.clone() };
    reads.endpoints = vec![answered(&scene.base, "https://base.example", &truth, |endpoint| {
        survey(endpoint, &subject, BUDGET).wanted
    })];
    reads.subject = subject;
    let found = findings(&reads, BUDGET);
    assert_eq!((found.anchor, found.faults.len()), (Anchor::EndpointsAgree(1), 0));
    // A header of before Isthmus does not hold the message passer's root.
    let mut old = self::scene();
    old.base.withdrawals_root = veritee_chain::trie::EMPTY_ROOT;
    old.base.mine(1_700_000_006);
    let head = old.base.head();
    old.anchored = head;
    let forge = old.forge.clone();
    forge.claim(&mut old.ethereum, root, head);
    old.ethereum.mine(1_700_000_002 + 4 * DAY);
    let found = old.known(&truth, &truth);
    assert_eq!((found.anchor, found.faults.len()), (Anchor::EndpointsAgree(1), 0));
}

/// Ethereum anchors the last block of Base in a game that holds the second block's output root too; the reads are of
/// `block`. `record` says which hashes Base's record has in which block.
fn below(blocks: u64, block: u64, record: &[(u64, u64)]) -> Scene {
    let mut base = World::new(8453, 1_700_000_000);
    base.withdrawals_root = keccak256("the message passer's storage");
    let implementation = AppForge::implementation(&mut base, AppKind::DstackAppTcb, 1);
    let with = Deployment {
        owner: at(1),
        compose_hash: keccak256("compose"),
        device: keccak256("device"),
        upgrades_disabled: false,
        allow_any_device: true,
        require_tcb: true,
    };
    let app = AppForge::deploy(&mut base, at(3), AppKind::DstackAppTcb, implementation, with).address;
    for number in 1..=blocks {
        record.iter().filter(|(within, _)| *within == number).for_each(|(_, of)| base.record_hash(*of));
        base.mine(1_700_000_000 + 2 * number);
    }
    let mut ethereum = World::new(1, 1_700_000_000);
    let forge = L1Forge::deploy(&mut ethereum);
    forge.anchor_with(&mut ethereum, &base, blocks, 2);
    ethereum.mine(1_700_000_000 + 2 * blocks + 3 * DAY);
    Scene { base, ethereum, forge, app, anchored: block }
}

impl Scene {
    /// As [`Self::known`], with the way to a block below asked for as well.
    fn descended(&self, l2: Lie<'_>) -> Findings {
        let mut reads = self.reads(&[&truth], &truth);
        let subject = reads.subject.clone();
        let l1 =
            l1::survey(&reads.l1.as_ref().unwrap().endpoints[0], reads.l1.as_ref().unwrap(), &BASE, BUDGET);
        let claim = l1.claim.unwrap().unwrap();
        reads.endpoints = vec![answered(&self.base, "https://base.example", l2, |endpoint| {
            let survey = survey(endpoint, &subject, BUDGET);
            let way = survey.header.map(|header| l1::descent(endpoint, &subject, &claim, &header, BUDGET));
            [survey.wanted, way.unwrap_or_default().wanted].concat()
        })];
        let mut reads = ChainReads::read(&reads.write().unwrap(), BUDGET).unwrap();
        reads.given(None, Some(self.ethereum.hash(self.ethereum.head())));
        findings(&reads, BUDGET)
    }
}

#[test]
fn a_block_whose_output_root_the_game_holds_between_is_anchored_without_another_proof() {
    let scene = below(5, 2, &[]);
    let found = scene.known(&truth, &truth);
    assert!(anchored(&found), "{found:?}");
    let l1 = found.l1.unwrap();
    assert_eq!((l1.way, l1.claim.unwrap().between.len()), (Some(Way::Between), 19));
    // Its neighbour is not among them, and nothing leads down to it: known by the endpoint's word, and no lie.
    let found = below(5, 3, &[]).known(&truth, &truth);
    assert_eq!(
        (found.anchor, found.faults.len(), found.l1.unwrap().way),
        (Anchor::EndpointsAgree(1), 0, None)
    );
    // A block of the same number and another content is not it.
    let mut other = below(5, 2, &[]);
    let mut liar = World::new(8453, 1_700_000_000);
    liar.withdrawals_root = other.base.withdrawals_root;
    for number in 1..=5 {
        liar.mine(1_700_000_001 + 2 * number);
    }
    other.base = liar;
    let found = other.known(&truth, &truth);
    assert_eq!((found.anchor, found.l1.unwrap().way), (Anchor::EndpointsAgree(1), None));
}

#[test]
fn a_game_whose_last_root_is_not_its_own_is_not_recognised() {
    let mut scene = scene();
    let mut code = L1Forge::game_code(L1Forge::output_root(&scene.base, scene.anchored), scene.anchored);
    let last = code.len() - 3;
    code[last] ^= 1;
    scene.ethereum.set_code(scene.forge.game, &code);
    scene.ethereum.mine(1_700_000_002 + 4 * DAY);
    let found = scene.known(&truth, &truth);
    assert_eq!((found.anchor, found.faults.len()), (Anchor::EndpointsAgree(1), 0));
    assert!(matches!(found.l1.unwrap().claim, Err(NoClaim::Game { .. })));
}

#[test]
fn a_block_below_the_anchored_one_is_known_by_the_record_of_block_hashes() {
    let scene = below(6, 3, &[(6, 3)]);
    let found = scene.descended(&truth);
    assert!(anchored(&found), "{:?} {:?}", found.faults, found.anchor);
    assert_eq!(found.l1.as_ref().unwrap().way, Some(Way::Below(1)));
    assert_eq!(found.anchor.to_string(), "l1-anchored(1, 3 d 0 h)");
    // Not asked for, not there, or an error: known as it would be without it, and no lie.
    let found = scene.known(&truth, &truth);
    assert_eq!((found.anchor, found.faults.len(), found.missing.len()), (Anchor::EndpointsAgree(1), 0, 0));
    let found = below(6, 3, &[]).descended(&truth);
    assert_eq!((found.anchor, found.faults.len()), (Anchor::EndpointsAgree(1), 0));
}

#[test]
fn each_step_below_the_anchored_block_is_refused_by_name_when_it_is_broken() {
    let scene = below(6, 3, &[(6, 3)]);
    let record = |question: &Question| matches!(question, Question::Proof { address, .. } if address.to_string().starts_with("0x0000F908"));
    let value = |question: &Question, answer: &mut Value| {
        if record(question) {
            flip(&mut answer["storageProof"][0]["value"]);
        }
    };
    let node = |question: &Question, answer: &mut Value| {
        if record(question) {
            flip(answer["storageProof"][0]["proof"].as_array_mut().unwrap().last_mut().unwrap());
        }
    };
    let account = |question: &Question, answer: &mut Value| {
        if record(question) {
            flip(answer["accountProof"].as_array_mut().unwrap().last_mut().unwrap());
        }
    };
    let slot = |question: &Question, answer: &mut Value| {
        if record(question) {
            answer["storageProof"][0]["key"] = json!(B256::repeat_byte(4).to_string());
        }
    };
    let above = |question: &Question, answer: &mut Value| {
        if *question == Question::BlockByNumber(6) {
            flip(&mut answer["stateRoot"]);
        }
    };
    // A whole block of the liar's own where the anchored one has to be.
    let mut forged = scene.base.clone();
    forged.mine(1_700_009_000);
    let elsewhere = |question: &Question, answer: &mut Value| {
        if *question == Question::BlockByNumber(6) {
            *answer = forged.answer("eth_getBlockByNumber", &json!(["0x7", false])).unwrap();
        }
    };
    let lies: [(&str, Lie<'_>, FaultKind); 6] = [
        ("another word", &value, FaultKind::Proof),
        ("another node of the word", &node, FaultKind::Proof),
        ("another account", &account, FaultKind::Proof),
        ("another slot", &slot, FaultKind::Proof),
        ("another state of the anchored block", &above, FaultKind::Header),
        ("another block for the anchored one", &elsewhere, FaultKind::Block),
    ];
    for (name, lie, kind) in lies {
        let found = scene.descended(lie);
        assert!(!anchored(&found), "{name}");
        assert!(found.faults.iter().any(|(_, fault)| fault.kind == kind), "{name}: {:?}", found.faults);
    }
    // A record that names another block at that height: the block that was read is not of the anchored chain.
    let mut liar = World::new(8453, 1_700_000_000);
    liar.withdrawals_root = scene.base.withdrawals_root;
    for number in 1..=3 {
        liar.mine(1_700_000_001 + 2 * number);
    }
    let block = liar.answer("eth_getBlockByNumber", &json!(["0x3", false])).unwrap();
    let instead = |question: &Question, answer: &mut Value| {
        if *question == Question::BlockByNumber(3) {
            *answer = block.clone();
        }
    };
    let found = scene.descended(&instead);
    assert!(found.faults.iter().any(|(_, fault)| fault.kind == FaultKind::Anchor), "{:?}", found.faults);
    assert_eq!((found.agreeing, found.anchor.is_known()), (0, false));
}

#[test]
fn the_record_reaches_8191_blocks_and_a_second_step_goes_on_from_there() {
    const LAST: u64 = 8_300;
    let mut scene = below(LAST, 3, &[(LAST, LAST - 8_191), (LAST - 8_191, 3)]);
    let found = scene.descended(&truth);
    assert!(anchored(&found), "{:?} {:?}", found.faults, found.anchor);
    assert_eq!(found.l1.unwrap().way, Some(Way::Below(2)));
    // As far as it reaches, in one step.
    scene.anchored = LAST - 8_191;
    assert_eq!(scene.descended(&truth).l1.unwrap().way, Some(Way::Below(1)));
    // A record that has nothing of the second step.
    scene.anchored = 4;
    let found = scene.descended(&truth);
    assert_eq!((found.anchor, found.faults.len()), (Anchor::EndpointsAgree(1), 0));
}
