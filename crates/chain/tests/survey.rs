//! Forged chains: every generation recognised and read whole, every owner told apart, a past of a thousand changes
//! right at every block, and a document of reads that gives the same answer again.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

use std::collections::BTreeSet;
use veritee_base::Budget;
use veritee_chain::app::AppInterest;
use veritee_chain::contract::{NotRecognised, Shown};
use veritee_chain::event::Set;
use veritee_chain::layout::{AppGeneration, KmsGeneration};
use veritee_chain::owner::Owner;
use veritee_chain::rpc::{ChainReads, Endpoint, Question, RpcError};
use veritee_chain::survey::{Anchor, FaultKind, Findings, Subject, Survey, findings, survey};
use veritee_chain::{Address, B256, Bytes, U256, keccak256};
use veritee_testkit::chain::{AppForge, AppKind, Deployment, Info, KmsForge, KmsKind, World};

const BUDGET: &Budget = &Budget::STANDARD;

fn address(seed: u8) -> Address {
    Address::from_word(keccak256([seed]))
}

fn word(seed: u16) -> B256 {
    keccak256(seed.to_be_bytes())
}

/// Asks a world until nothing more is wanted.
fn ask(world: &World, subject: &Subject, url: &str) -> (Endpoint, Survey) {
    let mut endpoint = Endpoint::new(url.to_owned());
    for _ in 0..40 {
        let read = survey(&endpoint, subject, BUDGET);
        if read.wanted.is_empty() {
            return (endpoint, read);
        }
        for question in read.wanted {
            let answer = world.answer(question.method(), &question.params());
            let answer = answer.map(|value| value.to_string());
            endpoint
                .add(question, answer.map_err(|error| RpcError { code: error.code, message: error.message }));
        }
    }
    panic!("the survey never ends");
}

struct Scene {
    world: World,
    app: AppForge,
    kms: KmsForge,
    owner: Address,
}

const COMPOSE: u16 = 1;
const DEVICE: u16 = 2;
const IMAGE: u16 = 3;

fn scene(app_kind: AppKind, kms_kind: KmsKind) -> Scene {
    let mut world = World::new(8453, 1_700_000_000);
    let owner = address(1);
    let kms = KmsForge::deploy(&mut world, address(2), kms_kind, owner);
    let info = Info {
        k256: vec![2; 33],
        ca: (0..91).collect(),
        quote: vec![4; 5000],
        event_log: b"[{}]".repeat(300),
        gateway: "55760b065a3f1eabdb1a4d7abb94950f31b91a84".to_owned(),
    };
    kms.set_info(&mut world, &info, true);
    let implementation = AppForge::implementation(&mut world, app_kind, 1);
    if kms_kind != KmsKind::KmsAuthImages {
        kms.app_implementation(&mut world, implementation);
    }
    kms.os_image(&mut world, word(IMAGE), true);
    kms.os_image(&mut world, word(30), true);
    kms.os_image(&mut world, word(30), false);
    kms.aggregated_mr(&mut world, word(4), true);
    kms.device(&mut world, word(5), true);
    world.mine(1_700_000_002);
    let with = Deployment {
        owner,
        compose_hash: word(COMPOSE),
        device: word(DEVICE),
        upgrades_disabled: false,
        allow_any_device: true,
        require_tcb: true,
    };
    let app = AppForge::deploy(&mut world, address(3), app_kind, implementation, with);
    let old = matches!(kms_kind, KmsKind::KmsAuth | KmsKind::KmsAuthImages);
    let id = if old { address(4) } else { app.address };
    kms.register(&mut world, id, old.then_some((app.address, address(5))));
    world.mine(1_700_000_004);
    Scene { world, app, kms, owner }
}

fn subject(scene: &Scene) -> Subject {
    let old = matches!(scene.kms.kind, KmsKind::KmsAuth | KmsKind::KmsAuthImages);
    Subject {
        chain_id: 8453,
        app: if old { address(4) } else { scene.app.address },
        registry: Some(scene.kms.address),
        block: scene.world.head(),
        interest: AppInterest {
            compose_hashes: BTreeSet::from([word(COMPOSE)]),
            devices: BTreeSet::from([word(DEVICE)]),
        },
        os_images: BTreeSet::from([word(IMAGE)]),
        aggregated_mrs: BTreeSet::from([word(4)]),
        ..Subject::default()
    }
}

const PAIRS: [(AppKind, AppGeneration, KmsKind, KmsGeneration); 5] = [
    (AppKind::AppAuth, AppGeneration::AppAuth, KmsKind::KmsAuthImages, KmsGeneration::KmsAuthImages),
    (AppKind::AppAuth, AppGeneration::AppAuth, KmsKind::KmsAuth, KmsGeneration::KmsAuth),
    (AppKind::DstackApp, AppGeneration::DstackApp, KmsKind::DstackKms, KmsGeneration::DstackKms),
    (AppKind::DstackAppTcb, AppGeneration::DstackAppTcb, KmsKind::DstackKms, KmsGeneration::DstackKms),
    (
        AppKind::DstackAppTwoStep,
        AppGeneration::DstackAppTwoStep,
        KmsKind::DstackKmsTwoStep,
        KmsGeneration::DstackKmsTwoStep,
    ),
];

#[test]
fn every_generation_is_recognised_and_complete_with_its_silent_flags() {
    for (app_kind, app_generation, kms_kind, kms_generation) in PAIRS {
        let scene = scene(app_kind, kms_kind);
        let subject = subject(&scene);
        let (endpoint, read) = ask(&scene.world, &subject, "https://one.example/");
        assert_eq!(read.faults, [], "{app_kind:?}");
        let kms = read.registry.unwrap().unwrap();
        assert_eq!(
            (kms.generation, kms.complete, kms.ca_proven),
            (kms_generation, true, true),
            "{kms_kind:?}"
        );
        assert_eq!(kms.os_images, BTreeSet::from([word(IMAGE)]));
        assert!(kms.asked[&(Set::OsImages, word(IMAGE))]);
        assert!(kms.asked_app.unwrap().0);
        assert_eq!(kms.info.ca.len(), 91);
        let app = read.app.unwrap().unwrap();
        assert_eq!(
            (app.generation, app.complete, app.answers_kms),
            (app_generation, true, true),
            "{app_kind:?}"
        );
        assert_eq!(app.compose_hashes, BTreeSet::from([word(COMPOSE)]));
        assert_eq!(app.allow_any_device, Shown::Proven(true), "set without an event");
        assert_eq!(app.upgrades_disabled, Shown::Proven(false));
        let tcb = match app_kind {
            AppKind::AppAuth | AppKind::DstackApp => Shown::NotInThisVersion,
            _ => Shown::Proven(true),
        };
        assert_eq!(app.require_tcb_up_to_date, tcb, "{app_kind:?}");
        let pending = match app_kind {
            AppKind::DstackAppTwoStep => Shown::Proven(Address::ZERO),
            _ => Shown::NotInThisVersion,
        };
        assert_eq!(app.pending_owner, pending);
        assert_eq!(app.owner, scene.owner);
        assert_eq!(read.app_owner, Some(Owner::Key { address: scene.owner }));
        assert_eq!(read.controller.is_some(), app_kind == AppKind::AppAuth);
        assert!(endpoint.len() <= 16, "{} answers", endpoint.len());
    }
}

#[test]
fn a_document_of_reads_gives_the_same_findings_again_and_the_same_bytes() {
    let scene = scene(AppKind::DstackAppTwoStep, KmsKind::DstackKmsTwoStep);
    let mut subject = subject(&scene);
    subject.observed = BTreeSet::from([2]);
    let (one, _) = ask(&scene.world, &subject, "https://one.example/");
    let (two, _) = ask(&scene.world, &subject, "https://two.example/");
    let reads = ChainReads { subject: subject.clone(), endpoints: vec![one, two], l1: None };
    let bytes = reads.write().unwrap();
    let again = ChainReads::read(&bytes, BUDGET).unwrap();
    assert_eq!(again, reads);
    assert_eq!(again.write().unwrap(), bytes);
    let found = findings(&again, BUDGET);
    assert!(found.faults.is_empty() && found.missing.is_empty() && found.disagreements.is_empty());
    assert_eq!((found.anchor, found.agreeing), (Anchor::EndpointsAgree(2), 2));
    assert!(found.survey.app.unwrap().unwrap().complete);

    // The same endpoint twice is one voice.
    let mut echoed = reads.clone();
    echoed.endpoints[1].url = echoed.endpoints[0].url.clone();
    assert_eq!(findings(&echoed, BUDGET).anchor, Anchor::EndpointsAgree(1));
    // The caller's hash is compared.
    let mut given = reads.clone();
    given.subject.given_hash = Some(scene.world.hash(subject.block));
    assert_eq!(findings(&given, BUDGET).anchor, Anchor::HashGiven);
    given.subject.given_hash = Some(B256::repeat_byte(1));
    let found = findings(&given, BUDGET);
    assert!(found.faults.iter().all(|(_, fault)| fault.kind == FaultKind::Block) && !found.faults.is_empty());
}

fn one(scene: &Scene, endpoint: Endpoint) -> Findings {
    findings(&ChainReads { subject: subject(scene), endpoints: vec![endpoint], l1: None }, BUDGET)
}

/// Every answer of an honest endpoint with `change` applied to those of one method.
fn with_change(
    scene: &Scene,
    method: &str,
    change: impl Fn(&Question, String) -> Result<String, RpcError>,
) -> Findings {
    let (honest, _) = ask(&scene.world, &subject(scene), "https://liar.example/");
    let mut liar = Endpoint::new("https://liar.example/".to_owned());
    for (question, answer) in honest.asked() {
        let answer = answer.clone().unwrap();
        let answer = if question.method() == method { change(question, answer) } else { Ok(answer) };
        liar.add(question.clone(), answer);
    }
    one(scene, liar)
}

#[test]
fn an_error_is_never_none_and_a_missing_answer_is_wanted() {
    let scene = scene(AppKind::DstackApp, KmsKind::DstackKms);
    for method in
        ["eth_getLogs", "eth_getProof", "eth_getCode", "eth_call", "eth_chainId", "eth_getBlockByNumber"]
    {
        let error = RpcError { code: -32000, message: "busy".to_owned() };
        let found = with_change(&scene, method, |_, _| Err(error.clone()));
        assert!(found.faults.iter().any(|(_, fault)| fault.kind == FaultKind::Error), "{method}");
        assert_eq!(found.agreeing, 0, "{method}");
        if method != "eth_chainId" {
            assert!(
                !matches!(&found.survey.app, Some(Ok(app)) if found.survey.registry.is_some() && app.complete),
                "{method}"
            );
        }
        let (honest, _) = ask(&scene.world, &subject(&scene), "https://one.example/");
        let mut silent = Endpoint::new("https://silent.example/".to_owned());
        for (question, answer) in honest.asked().filter(|(question, _)| question.method() != method) {
            silent.add(question.clone(), answer.clone());
        }
        assert!(!one(&scene, silent).missing.is_empty(), "{method}");
    }
}

#[test]
fn an_endpoint_that_hides_any_one_log_that_matters_is_caught_by_the_storage() {
    let scene = scene(AppKind::DstackAppTcb, KmsKind::DstackKms);
    let mut caught = 0;
    for index in 0..16 {
        let found = with_change(&scene, "eth_getLogs", |_, text| {
            let mut logs: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
            if index < logs.len() {
                logs.remove(index);
            }
            Ok(serde_json::to_string(&logs).unwrap())
        });
        assert!(found.faults.is_empty());
        let broken = |state: Option<bool>| state == Some(false);
        let app = broken(found.survey.app.as_ref().map(Result::is_ok));
        let kms = broken(found.survey.registry.as_ref().map(Result::is_ok));
        caught += usize::from(app) + usize::from(kms);
    }
    // App: device, compose hash. Registry: image, the two of the image that came and went leave no slot but for the
    // removal, aggregated measurement, device, registration.
    assert_eq!(caught, 2 + 5);
}

#[test]
fn what_is_no_contract_of_ours_is_named() {
    let mut scene = scene(AppKind::DstackApp, KmsKind::DstackKms);
    let at = scene.app.address;
    let state = |scene: &Scene| ask(&scene.world, &subject(scene), "https://one.example/").1.app.unwrap();
    let genuine = scene.world.clone();
    let mut become_ = |code: &[u8]| {
        scene.world = genuine.clone();
        scene.world.set_code(at, code);
        scene.world.mine(1_700_000_006);
        state(&scene)
    };
    assert_eq!(become_(&[]), Err(NotRecognised::NoCode));
    let delegation = [&[0xef, 1, 0], address(9).as_slice()].concat();
    assert_eq!(become_(&delegation), Err(NotRecognised::Delegation { to: address(9) }));

    scene.world = genuine.clone();
    scene.world.set_slot(at, veritee_chain::layout::PROXY_ADMIN, U256::from(7));
    scene.world.mine(1_700_000_006);
    assert_eq!(state(&scene), Err(NotRecognised::ForeignProxy));

    scene.world = genuine.clone();
    scene.world.set_slot(at, veritee_chain::layout::IMPLEMENTATION, U256::ZERO);
    scene.world.mine(1_700_000_006);
    assert_eq!(state(&scene), Err(NotRecognised::NoImplementation));

    // One more bit in the word of the flags, one more slot: the layout is not this one.
    for (slot, value) in [(1, 2_u64), (1, 0x1_0000), (7, 1), (0, 1)] {
        scene.world = genuine.clone();
        scene.world.set_slot(at, veritee_chain::layout::slot(slot), U256::from(value));
        scene.world.mine(1_700_000_006);
        assert_eq!(state(&scene), Err(NotRecognised::Storage), "slot {slot}");
    }

    // An id under which there is nothing.
    scene.world = genuine.clone();
    scene.app.address = address(77);
    assert_eq!(state(&scene), Err(NotRecognised::Absent));
}

#[test]
fn a_ca_key_replaced_without_a_log_is_seen() {
    let mut scene = scene(AppKind::DstackApp, KmsKind::DstackKms);
    let before = ask(&scene.world, &subject(&scene), "https://one.example/").1.registry.unwrap().unwrap();
    let info = Info {
        k256: before.info.k256.to_vec(),
        ca: vec![9; 91],
        quote: before.info.quote.to_vec(),
        event_log: before.info.event_log.to_vec(),
        gateway: before.info.gateway_app_id.clone(),
    };
    scene.kms.set_info(&mut scene.world, &info, false);
    scene.world.mine(1_700_000_006);
    let after = ask(&scene.world, &subject(&scene), "https://one.example/").1;
    let kms = after.registry.unwrap().unwrap();
    assert!(kms.complete);
    assert_ne!(kms.info.ca, before.info.ca);
    // An endpoint that keeps telling the old key: the storage says otherwise.
    let old = ask(&scene.world, &subject(&scene), "https://one.example/").0;
    let mut liar = Endpoint::new("https://liar.example/".to_owned());
    for (question, answer) in old.asked() {
        let answer = answer.clone().map(|text| text.replace(&"09".repeat(64), &"03".repeat(64)));
        liar.add(question.clone(), answer);
    }
    let found = one(&scene, liar);
    assert_eq!(found.survey.registry, Some(Err(NotRecognised::Storage)));
}

fn safe_at(world: &mut World, at: Address, owners: &[Address], modules: &[Address], threshold: u64) {
    use veritee_chain::layout::{mapping, slot, word};
    let sentinel: Address = "0x0000000000000000000000000000000000000001".parse().unwrap();
    world.set_code(at, &[0x60, 0x80, 0x60, 0x40]);
    let singleton: Address = "0x41675C099F32341bf84BFc5382aF534df5C7461a".parse().unwrap();
    let value = |address: Address| U256::from_be_bytes(address.into_word().0);
    world.set_slot(at, slot(0), value(singleton));
    for (number, members) in [(2, owners), (1, modules)] {
        let mut previous = sentinel;
        for member in members {
            world.set_slot(at, mapping(word(previous), number), value(*member));
            previous = *member;
        }
        world.set_slot(at, mapping(word(previous), number), value(sentinel));
    }
    world.set_slot(at, slot(3), U256::from(owners.len()));
    world.set_slot(at, slot(4), U256::from(threshold));
}

#[test]
fn owners_are_told_apart_three_levels_deep() {
    let mut scene = scene(AppKind::DstackApp, KmsKind::DstackKms);
    let owner = address(20);
    scene.app.owner(&mut scene.world, owner);
    scene.world.mine(1_700_000_006);
    let genuine = scene.world.clone();
    let read = |scene: &mut Scene| {
        scene.world.mine(1_700_000_008);
        let read = ask(&scene.world, &subject(scene), "https://one.example/").1;
        assert_eq!(read.faults, []);
        scene.world = genuine.clone();
        read.app_owner.unwrap()
    };
    assert_eq!(read(&mut scene), Owner::Key { address: owner });

    scene.world.set_code(owner, &[&[0xef, 1, 0], address(21).as_slice()].concat());
    assert_eq!(read(&mut scene), Owner::Delegated { address: owner, to: address(21) });

    safe_at(&mut scene.world, owner, &[address(22), address(23), address(24)], &[address(25)], 2);
    let Owner::Safe(safe) = read(&mut scene) else { panic!("no Safe") };
    assert_eq!((safe.threshold, safe.owners.len(), safe.modules.as_slice()), (2, 3, &[address(25)][..]));
    assert_eq!(safe.owners[0], Owner::Key { address: address(22) });

    // A Safe of Safes of Safes of Safes ends at the third level.
    let mut at = owner;
    for seed in 30..34 {
        safe_at(&mut scene.world, at, &[address(seed)], &[], 1);
        at = address(seed);
    }
    let mut found = read(&mut scene);
    let mut levels = 0;
    while let Owner::Safe(safe) = found {
        found = safe.owners[0].clone();
        levels += 1;
    }
    assert_eq!((levels, found), (3, Owner::NotFollowed { address: address(32) }));

    // A count that is not the list's length: somebody's lookalike.
    safe_at(&mut scene.world, owner, &[address(22), address(23)], &[], 1);
    scene.world.set_slot(owner, veritee_chain::layout::slot(3), U256::from(5));
    assert!(matches!(read(&mut scene), Owner::Contract { .. }));

    // A timelock: the delay in slot 2, roles proven where logs name them.
    let get_min_delay: [u8; 4] = keccak256("getMinDelay()")[..4].try_into().unwrap();
    let code = [&[0x63], get_min_delay.as_slice(), &[0x14]].concat();
    scene.world.set_code(owner, &code);
    scene.world.set_slot(owner, veritee_chain::layout::slot(2), U256::from(172_800));
    let calls = &mut scene.world.account(owner).calls;
    calls.insert(
        Bytes::copy_from_slice(&get_min_delay),
        Bytes::copy_from_slice(&U256::from(172_800).to_be_bytes::<32>()),
    );
    let nested = |key: B256, base: B256| keccak256([key.as_slice(), base.as_slice()].concat());
    let mut grant = |role: B256, to: Address, really: bool| {
        if really {
            let slot = nested(to.into_word(), nested(role, B256::ZERO));
            scene.world.set_slot(owner, slot, U256::from(1));
        }
        let topics = [role, to.into_word(), address(1).into_word()];
        scene.world.emit_words(owner, "RoleGranted(bytes32,address,address)", &topics, &[]);
    };
    grant(keccak256("PROPOSER_ROLE"), address(40), true);
    grant(keccak256("PROPOSER_ROLE"), address(41), false);
    grant(keccak256("EXECUTOR_ROLE"), Address::ZERO, true);
    grant(B256::ZERO, owner, true);
    let found = read(&mut scene);
    assert_eq!(found.delay(), Some(172_800));
    let Owner::Timelock(timelock) = found else { panic!("no timelock") };
    assert_eq!(timelock.proposers, [Owner::Key { address: address(40) }]);
    assert_eq!(timelock.executors, [Address::ZERO]);
    assert_eq!(timelock.admins, [owner]);

    scene.app.owner(&mut scene.world, Address::ZERO);
    assert_eq!(read(&mut scene), Owner::Nobody);
}

#[test]
fn ranges_of_logs_are_put_together_without_gap() {
    let scene = scene(AppKind::DstackApp, KmsKind::DstackKms);
    let subject = subject(&scene);
    let mut endpoint = Endpoint::new("https://one.example/".to_owned());
    // An endpoint that gives one block at a time.
    for _ in 0..40 {
        let wanted = survey(&endpoint, &subject, BUDGET).wanted;
        for mut question in wanted {
            while let Some([first, _]) = question.halves() {
                question = first;
            }
            let answer = scene.world.answer(question.method(), &question.params()).unwrap().to_string();
            endpoint.add(question, Ok(answer));
        }
    }
    let read = survey(&endpoint, &subject, BUDGET);
    assert!(read.wanted.is_empty() && read.faults.is_empty());
    assert!(read.app.unwrap().unwrap().complete);
    assert!(read.registry.unwrap().unwrap().complete);
}

#[test]
fn a_registry_of_500_apps_is_proven_complete_in_few_calls() {
    let mut scene = scene(AppKind::DstackApp, KmsKind::DstackKms);
    for app in 0..500_u16 {
        scene.world.transaction();
        scene.kms.register(&mut scene.world, Address::from_word(word(1_000 + app)), None);
        scene.kms.os_image(&mut scene.world, word(2_000 + app), app % 3 == 0);
    }
    scene.world.mine(1_700_000_006);
    let (endpoint, read) = ask(&scene.world, &subject(&scene), "https://one.example/");
    let kms = read.registry.unwrap().unwrap();
    assert!(kms.complete);
    assert_eq!((kms.apps.len(), kms.os_images.len()), (501, 168));
    let registry: Vec<&Question> = endpoint
        .asked()
        .map(|(question, _)| question)
        .filter(|question| match question {
            Question::Proof { address, .. }
            | Question::Code { address, .. }
            | Question::Logs { address, .. } => *address == scene.kms.address,
            Question::Call { to, .. } => *to == scene.kms.address,
            _ => true,
        })
        .collect();
    assert!(registry.len() <= 10, "{registry:?}");
    assert!(endpoint.len() <= 16, "{} calls with the app contract and both owners", endpoint.len());
}

/// The seed of the fuzz target `chain_reads`.
#[test]
#[ignore = "writes the seed anew after a deliberate change"]
fn write_the_seed() {
    let scene = scene(AppKind::DstackAppTwoStep, KmsKind::DstackKmsTwoStep);
    let mut subject = subject(&scene);
    subject.observed = BTreeSet::from([2]);
    let endpoint = ask(&scene.world, &subject, "https://one.example").0;
    let bytes = ChainReads { subject, endpoints: vec![endpoint], l1: None }.write().unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/chain_reads");
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(format!("{folder}/two-contracts.json"), bytes).unwrap();
}

#[test]
fn a_document_that_would_cost_too_many_steps_is_a_fault_and_no_answer() {
    let scene = scene(AppKind::DstackApp, KmsKind::DstackKms);
    let mut subject = subject(&scene);
    subject.observed = BTreeSet::from([0, 1]);
    let (endpoint, _) = ask(&scene.world, &subject, "https://one.example");
    let mut small = Budget::STANDARD;
    small.chain_steps = 3;
    let read = survey(&endpoint, &subject, &small);
    assert!(read.faults.iter().any(|fault| fault.kind == FaultKind::Budget), "{:?}", read.faults);
    assert!(read.app.is_none() && read.history.is_none());
}
