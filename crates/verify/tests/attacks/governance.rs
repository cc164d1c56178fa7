//! Chain reads beside a machine: what they prove, what they leave open, and every way in which they lie.

use crate::links::{aggregated, kms, of_kms, open, under};
use crate::support::{Case, NONCE, assert_failed, assert_verdict, attacks, find, machine};
use std::collections::BTreeSet;
use veritee_chain::l1;
use veritee_chain::rpc::{ChainReads, Endpoint, L1Reads, Question, RpcError};
use veritee_chain::survey::{Subject, survey};
use veritee_chain::{Address, B256, U256, keccak256, layout};
use veritee_model::{Budget, CheckId, Item, Outcome, Reason, Report, Severity, VerdictOutcome};
use veritee_testkit::chain::{AppForge, AppKind, Deployment, Info, KmsForge, KmsKind, L1Forge, World};
use veritee_testkit::dstack::report_data::Binding;
use veritee_testkit::dstack::{KeyProvider, Machine};

const CHECKS: [CheckId; 5] = [
    CheckId::GovernanceChain,
    CheckId::GovernanceRegistry,
    CheckId::GovernanceContract,
    CheckId::GovernanceComposeHash,
    CheckId::GovernanceHistory,
];

fn address(seed: u8) -> Address {
    Address::from_word(keccak256([seed]))
}

/// The chain that governs a machine.
struct Scene {
    machine: Machine,
    world: World,
    kms: KmsForge,
    app: AppForge,
    subject: Subject,
}

fn scene() -> Scene {
    scene_of(machine(), address(2))
}

/// The registry at `registry`, with the machine's own key provider, application and compose in it.
fn scene_of(machine: Machine, registry: Address) -> Scene {
    let payloads = machine.payloads();
    let (id, hash) = (Address::from(payloads.app_id), B256::from(payloads.compose_hash));
    let mut world = World::new(8453, 1_792_000_000);
    let kms = KmsForge::deploy(&mut world, registry, KmsKind::DstackKms, address(1));
    kms.set_info(&mut world, &info(&machine), true);
    let implementation = AppForge::implementation(&mut world, AppKind::DstackAppTcb, 1);
    kms.app_implementation(&mut world, implementation);
    kms.os_image(&mut world, B256::from(payloads.os_image_hash), true);
    world.mine(1_792_000_002);
    let with = Deployment {
        owner: address(1),
        compose_hash: hash,
        device: B256::repeat_byte(5),
        upgrades_disabled: false,
        allow_any_device: true,
        require_tcb: true,
    };
    let app = AppForge::deploy(&mut world, id, AppKind::DstackAppTcb, implementation, with);
    kms.register(&mut world, id, None);
    world.mine(1_792_000_004);
    let subject = Subject {
        chain_id: 8453,
        app: id,
        registry: Some(registry),
        block: world.head(),
        ..Subject::default()
    };
    Scene { machine, world, kms, app, subject }
}

fn info(machine: &Machine) -> Info {
    Info {
        k256: vec![2; 33],
        ca: hex::decode(&machine.key_provider.id).unwrap(),
        quote: vec![4; 500],
        event_log: b"[]".to_vec(),
        gateway: "any".to_owned(),
    }
}

/// Asks a world until nothing more is wanted, through what stands before it.
fn endpoint(
    world: &World,
    subject: &Subject,
    url: &str,
    through: &dyn Fn(&Question, String) -> Result<String, RpcError>,
) -> Endpoint {
    let mut endpoint = Endpoint::new(url.to_owned());
    for _ in 0..40 {
        let wanted = survey(&endpoint, subject, &Budget::STANDARD).wanted;
        if wanted.is_empty() {
            break;
        }
        for question in wanted {
            let answer = match world.answer(question.method(), &question.params()) {
                Ok(value) => through(&question, value.to_string()),
                Err(failure) => Err(RpcError { code: failure.code, message: failure.message }),
            };
            endpoint.add(question, answer);
        }
    }
    endpoint
}

fn honest(_question: &Question, answer: String) -> Result<String, RpcError> {
    Ok(answer)
}

/// What one endpoint of Ethereum says of Base's contracts at its last block.
fn scene_l1(ethereum: &World) -> Option<L1Reads> {
    let mut reads = L1Reads { block: ethereum.head(), ..L1Reads::default() };
    let mut endpoint = Endpoint::new("https://ethereum.example".to_owned());
    loop {
        let wanted = l1::survey(&endpoint, &reads, &l1::BASE, &Budget::STANDARD).wanted;
        if wanted.is_empty() {
            reads.endpoints.push(endpoint);
            return Some(reads);
        }
        for question in wanted {
            let answer = ethereum.answer(question.method(), &question.params()).unwrap().to_string();
            endpoint.add(question, Ok(answer));
        }
    }
}

const TWO: [&str; 2] = ["https://one.example", "https://two.example"];

impl Scene {
    fn reads(&self) -> ChainReads {
        let endpoints = TWO.map(|url| endpoint(&self.world, &self.subject, url, &honest));
        ChainReads { subject: self.subject.clone(), endpoints: endpoints.into(), l1: None }
    }

    /// A case with these reads, whose caller names the registry.
    fn case(&self, reads: &ChainReads) -> Case {
        Case::new(&self.machine).change(|case| {
            case.evidence.chain = Some(Item::new(reads.write().unwrap(), "chain.json"));
            case.chain.registry = Some((8453, self.kms.address.into()));
        })
    }

    fn judged(&self) -> Report {
        self.case(&self.reads()).judge()
    }

    /// One endpoint lies, the other does not.
    fn beside_a_liar(&self, lie: &dyn Fn(&Question, String) -> Result<String, RpcError>) -> Report {
        let mut reads = self.reads();
        reads.endpoints[1] = endpoint(&self.world, &self.subject, TWO[1], lie);
        self.case(&reads).judge()
    }
}

#[track_caller]
fn pass(report: &Report, ids: &[CheckId]) {
    for id in ids {
        let check = find(report, *id);
        assert_eq!(check.outcome, Outcome::Pass, "{check:?}");
    }
}

attacks! {
    fn a_machine_that_the_chain_authorises_passes_every_check() {
        let scene = scene();
        let report = scene.case(&scene.reads()).is_verified();
        pass(&report, &CHECKS);
        assert!(find(&report, CheckId::GovernanceChain).detail.contains("endpoints-agree(2)"));
        assert!(find(&report, CheckId::GovernanceContract).detail.contains("complete-now"));
        assert!(find(&report, CheckId::GovernanceComposeHash).detail.contains("exactly 1"));
        assert!(find(&report, CheckId::GovernanceHistory).detail.contains("one key changes everything"));
    }

    fn the_audit_asks_what_was_proven_and_nothing_that_was_not() {
        use veritee_model::FindingStatus::{Fail, Pass, Unknown};
        let known = veritee_audit::key_provider::KNOWN_KMS[1];
        let machine = Machine::new(1).change(|machine| {
            machine.key_provider = KeyProvider { name: "kms".to_owned(), id: known.ca_spki.to_owned() };
            machine.boot();
            machine.binding = Binding::Raw(NONCE.to_vec());
        });
        let scene = scene_of(machine, known.registry.unwrap().address.parse().unwrap());
        let judged = |reads: &ChainReads| {
            scene.case(reads).change(|case| case.evidence.certificates = None).judge()
        };
        let said = |report: &Report, rule: &str| {
            let found = report.findings.iter().find(|finding| finding.rule == rule);
            found.map(|finding| (finding.status, finding.severity))
        };
        let quick = |report: &Report, id: &str| {
            let items = &report.audit.as_ref().unwrap().quick_check;
            items.iter().find(|item| item.id == id).unwrap().status
        };
        let reads = scene.reads();
        let report = judged(&reads);
        for rule in ["DP-CHN-001", "DP-CHN-002", "DP-CHN-003", "DP-CHN-008", "DP-CHN-011"] {
            assert_eq!(said(&report, rule).map(|(status, _)| status), Some(Pass), "{rule}");
        }
        for rule in ["DP-CHN-004", "DP-CHN-005", "DP-KMS-006"] {
            assert_eq!(said(&report, rule), Some((Fail, Severity::High)), "{rule}");
        }
        assert_eq!(said(&report, "DP-CHN-009"), Some((Fail, Severity::Medium)));
        assert_eq!((quick(&report, "Q3"), quick(&report, "Q4")), (Pass, Pass));
        assert!(report.stage.to_string().contains("DP-CHN-004"), "one key can change it at once: {}", report.stage);
        // One endpoint: nothing of the contracts is said, and that is a finding of its own.
        let mut single = reads.clone();
        single.endpoints.truncate(1);
        let report = judged(&single);
        assert_eq!(said(&report, "DP-CHN-011"), Some((Fail, Severity::Medium)));
        for rule in ["DP-CHN-001", "DP-CHN-002", "DP-CHN-004", "DP-KMS-006"] {
            assert_eq!(said(&report, rule), None, "{rule}");
        }
        assert_eq!(quick(&report, "Q3"), Unknown);
    }

    fn without_reads_each_check_names_the_command() {
        let report = Case::new(&machine()).is_verified();
        for id in CHECKS {
            open(&report, id, Reason::GovernanceNotChecked);
            assert!(find(&report, id).explain.as_ref().unwrap().contains("veritee history"));
        }
    }

    fn a_single_endpoint_proves_nothing_until_the_block_is_given() {
        let scene = scene();
        let mut reads = scene.reads();
        reads.endpoints.truncate(1);
        let mut case = scene.case(&reads);
        let report = case.is_verified();
        for id in CHECKS {
            open(&report, id, Reason::ChainAnchorSingle);
        }
        case.chain.block = Some(scene.world.hash(scene.subject.block).into());
        let report = case.is_verified();
        pass(&report, &CHECKS);
        assert!(find(&report, CheckId::GovernanceChain).detail.contains("hash-given"));
        // Twice the same host is one voice, and a hash that the document itself names is its author's word.
        let mut twice = scene.reads();
        twice.endpoints[1].url = twice.endpoints[0].url.clone();
        twice.subject.given_hash = Some(scene.world.hash(scene.subject.block));
        open(&scene.case(&twice).judge(), CheckId::GovernanceChain, Reason::ChainAnchorSingle);
    }

    fn a_block_that_ethereum_holds_for_final_is_known_by_the_hash_of_an_ethereum_block() {
        let mut scene = scene();
        scene.world.withdrawals_root = B256::repeat_byte(0x5a);
        scene.subject.block = scene.world.mine(1_792_000_006);
        let mut ethereum = World::new(1, 1_792_000_000);
        L1Forge::deploy(&mut ethereum).anchor(&mut ethereum, &scene.world, scene.subject.block);
        ethereum.mine(1_792_000_030);
        let mut reads = scene.reads();
        reads.endpoints.truncate(1);
        reads.l1 = scene_l1(&ethereum);
        // On one endpoint's word of Ethereum it is one endpoint's word.
        let mut case = scene.case(&reads);
        open(&case.is_verified(), CheckId::GovernanceChain, Reason::ChainAnchorSingle);
        case.chain.l1_block = Some(ethereum.hash(ethereum.head()).into());
        let report = case.is_verified();
        pass(&report, &CHECKS);
        let detail = &find(&report, CheckId::GovernanceChain).detail;
        assert!(detail.contains("l1-anchored(1, 0 d 0 h)") && detail.contains("hash-given"), "{detail}");
        // Whoever gives an Ethereum block relies on it: two endpoints that agree are not what was asked for.
        let mut case = scene.case(&scene.reads());
        case.chain.l1_block = Some(ethereum.hash(ethereum.head()).into());
        open(&case.judge(), CheckId::GovernanceChain, Reason::ChainAnchorSingle);
        // An Ethereum block of after the as-of time says nothing for it.
        let mut later = ethereum.clone();
        later.mine(1_893_456_000);
        reads.l1 = scene_l1(&later);
        let mut case = scene.case(&reads);
        case.chain.l1_block = Some(later.hash(later.head()).into());
        let report = case.judge();
        assert_eq!(find(&report, CheckId::GovernanceChain).reason, Some(Reason::ChainBlockLater));
        // A Base of the same height that Ethereum does not hold for final is refused by name.
        let mut forged = scene_of(machine(), address(2));
        forged.world.withdrawals_root = B256::repeat_byte(0x5b);
        forged.subject.block = forged.world.mine(1_792_000_006);
        let mut lie = forged.reads();
        lie.l1 = scene_l1(&ethereum);
        let mut case = forged.case(&lie);
        case.chain.l1_block = Some(ethereum.hash(ethereum.head()).into());
        let report = case.judge();
        assert_eq!(find(&report, CheckId::GovernanceChain).reason, Some(Reason::ChainBlockOther));
        assert_eq!(find(&report, CheckId::GovernanceContract).outcome, Outcome::NotChecked);
    }

    fn a_consistent_chain_of_the_liar_s_own_is_caught_by_the_block_alone() {
        let scene = scene();
        // The liar's chain allows what the real one does not.
        let mut removed = scene_of(machine(), address(2));
        removed.app.compose_hash(&mut removed.world, B256::from(machine().payloads().compose_hash), false);
        removed.world.mine(1_792_000_006);
        let mut forged = removed.reads();
        let mut lie = removed.world.clone();
        removed.app.compose_hash(&mut lie, B256::from(machine().payloads().compose_hash), true);
        lie.mine(1_792_000_006);
        forged.subject.block = lie.head();
        forged.endpoints = TWO.map(|url| endpoint(&lie, &forged.subject, url, &honest)).into();
        // Both voices are the liar's: nothing in the answers shows it.
        pass(&scene.case(&forged).judge(), &CHECKS);
        let mut case = scene.case(&forged);
        case.chain.block = Some(removed.world.hash(removed.world.head()).into());
        assert_failed(&case.judge(), CheckId::GovernanceChain, Reason::ChainBlockOther);
    }

    fn a_registry_that_only_the_reads_name_proves_nothing_for_or_against() {
        let scene = scene();
        let mut case = scene.case(&scene.reads());
        case.chain.registry = None;
        let report = case.is_verified();
        pass(&report, &CHECKS[..1]);
        for id in &CHECKS[1..] {
            open(&report, *id, Reason::RegistryNotShown);
        }
        case.chain.registry = Some((1, scene.kms.address.into()));
        open(&case.judge(), CheckId::GovernanceRegistry, Reason::RegistryNotShown);
        // No registry at all.
        let mut scene = scene;
        scene.subject.registry = None;
        open(&scene.judged(), CheckId::GovernanceRegistry, Reason::RegistryNotShown);
    }

    fn a_known_root_key_names_its_registry() {
        let known = veritee_audit::key_provider::KNOWN_KMS[1];
        let registry = known.registry.unwrap();
        let machine = Machine::new(1).change(|machine| {
            machine.key_provider = KeyProvider { name: "kms".to_owned(), id: known.ca_spki.to_owned() };
            machine.boot();
            machine.binding = Binding::Raw(NONCE.to_vec());
        });
        for (at, shown) in [(registry.address.parse().unwrap(), true), (address(2), false)] {
            let scene = scene_of(machine.clone(), at);
            let mut case = scene.case(&scene.reads());
            case.evidence.certificates = None;
            case.chain.registry = None;
            let report = case.is_verified();
            let check = find(&report, CheckId::GovernanceRegistry);
            assert_eq!(check.outcome == Outcome::Pass, shown, "{check:?}");
        }
    }

    fn an_attested_kms_names_its_registry_and_another_is_not_it() {
        let compose = |contract: Address, network: &str| {
            let digest = "ab".repeat(32);
            let text = format!(
                "services:\\n  helios:\\n    image: helios:1\\n    command: [opstack, --network, {network}]\\n  auth:\\n    image: auth@sha256:{digest}\\n    environment:\\n      - ETH_RPC_URL=http://helios:8545\\n      - KMS_CONTRACT_ADDR={contract}\\n"
            );
            veritee_testkit::dstack::APP_COMPOSE.replace(
                "services:\\n  app:\\n    image: docker.io/library/nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000\\n",
                &text,
            )
        };
        let rows = [
            (address(2), "base", true),
            (address(3), "base", false),
            // At the same address of another chain, or of one that nobody names.
            (address(2), "sepolia", false),
            (address(2), "$NETWORK", false),
            (address(2), "mine", false),
        ];
        for (contract, network, shown) in rows {
            let kms = kms().app_compose(&compose(contract, network)).forge();
            let scene = scene_of(under(&aggregated(&kms)), address(2));
            let mut case = scene.case(&scene.reads());
            case.chain.registry = None;
            case.evidence.kms = Some(Box::new(of_kms(&kms)));
            let report = case.judge();
            pass(&report, &[CheckId::LinkKmsMachine, CheckId::LinkKmsKey, CheckId::LinkKmsMeasurement]);
            let check = find(&report, CheckId::GovernanceRegistry);
            assert_eq!(check.outcome == Outcome::Pass, shown, "{network}: {check:?}");
            if shown {
                assert!(check.detail.contains("http://helios:8545"), "{check:?}");
                assert!(check.detail.contains("can be moved: helios:1"), "{check:?}");
            }
            // What the KMS reads with is told without any chain reads too.
            case.evidence.chain = None;
            assert!(find(&case.judge(), CheckId::GovernanceHistory).detail.contains("helios:8545"));
        }
    }

    fn a_root_key_replaced_without_a_log_is_refused() {
        let mut scene = scene();
        let mut other = info(&scene.machine);
        other.ca = vec![9; 91];
        scene.kms.set_info(&mut scene.world, &other, false);
        scene.subject.block = scene.world.mine(1_792_000_006);
        let report = scene.judged();
        assert_failed(&report, CheckId::GovernanceRegistry, Reason::RegistryKeyOther);
        assert_verdict(&report, VerdictOutcome::Refused);
        assert!(!Reason::RegistryKeyOther.is_waivable());
    }

    fn a_compose_hash_that_was_removed_or_never_added_is_refused() {
        let mut scene = scene();
        let hash = B256::from(scene.machine.payloads().compose_hash);
        scene.app.compose_hash(&mut scene.world, hash, false);
        scene.subject.block = scene.world.mine(1_792_000_006);
        let report = scene.judged();
        assert_failed(&report, CheckId::GovernanceComposeHash, Reason::ComposeHashNotAllowed);
        assert_verdict(&report, VerdictOutcome::Refused);
    }

    fn an_application_that_is_not_registered_or_has_no_contract_is_refused() {
        let mut scene = scene();
        let slot = layout::mapping(layout::word(scene.app.address), 5);
        scene.world.set_slot(scene.kms.address, slot, U256::ZERO);
        scene.subject.block = scene.world.mine(1_792_000_006);
        // The log says that it is registered, the storage that it is not: the registry is not explained any more.
        open(&scene.judged(), CheckId::GovernanceRegistry, Reason::ContractNotRecognised);

        let mut world = World::new(8453, 1_792_000_000);
        scene.kms = KmsForge::deploy(&mut world, address(2), KmsKind::DstackKms, address(1));
        scene.kms.set_info(&mut world, &info(&scene.machine), true);
        let implementation = AppForge::implementation(&mut world, AppKind::DstackApp, 1);
        scene.kms.app_implementation(&mut world, implementation);
        world.mine(1_792_000_002);
        scene.world = world;
        scene.subject.block = 1;
        assert_failed(&scene.judged(), CheckId::GovernanceContract, Reason::AppNotServed);
        let id = scene.subject.app;
        scene.kms.register(&mut scene.world, id, None);
        scene.subject.block = scene.world.mine(1_792_000_004);
        let report = scene.judged();
        assert_failed(&report, CheckId::GovernanceContract, Reason::AppNotServed);
        assert!(find(&report, CheckId::GovernanceContract).detail.contains("no contract"));
    }

    fn a_hidden_log_leaves_storage_that_nothing_explains() {
        let scene = scene();
        let hide = |address: Address| move |question: &Question, answer: String| match question {
            Question::Logs { address: of, .. } if *of == address => {
                let mut logs: Vec<serde_json::Value> = serde_json::from_str(&answer).unwrap();
                let added = keccak256("ComposeHashAdded(bytes32)").to_string();
                let image = keccak256("OsImageHashAdded(bytes32)").to_string();
                logs.retain(|log| log["topics"][0] != added.as_str() && log["topics"][0] != image.as_str());
                Ok(serde_json::to_string(&logs).unwrap())
            }
            _ => Ok(answer),
        };
        for (of, check) in [
            (scene.app.address, CheckId::GovernanceContract),
            (scene.kms.address, CheckId::GovernanceRegistry),
        ] {
            let lie = hide(of);
            let mut reads = scene.reads();
            reads.endpoints = TWO.map(|url| endpoint(&scene.world, &scene.subject, url, &lie)).into();
            open(&scene.case(&reads).judge(), check, Reason::ContractNotRecognised);
            // Beside an honest endpoint the two say different things.
            assert_failed(&scene.beside_a_liar(&lie), CheckId::GovernanceChain, Reason::ChainEndpointsDisagree);
        }
    }

    fn an_answer_that_does_not_hold_is_named_with_its_endpoint_and_the_other_still_counts() {
        let scene = scene();
        let lie = |question: &Question, answer: String| match question {
            Question::Proof { .. } => Ok(answer.replacen("\"nonce\":\"0x1\"", "\"nonce\":\"0x2\"", 1)),
            _ => Ok(answer),
        };
        let report = scene.beside_a_liar(&lie);
        assert_failed(&report, CheckId::GovernanceChain, Reason::ChainAnswerRefused);
        assert!(find(&report, CheckId::GovernanceChain).detail.contains("two.example"));
        assert_verdict(&report, VerdictOutcome::Refused);
        // The honest one stands alone now.
        for id in &CHECKS[1..] {
            open(&report, *id, Reason::ChainAnchorSingle);
        }
    }

    fn another_chain_and_a_lost_endpoint() {
        let scene = scene();
        let other = |question: &Question, answer: String| match question {
            Question::ChainId => Ok("\"0x14a34\"".to_owned()),
            _ => Ok(answer),
        };
        assert_failed(&scene.beside_a_liar(&other), CheckId::GovernanceChain, Reason::ChainIdOther);
        let busy = |_: &Question, _: String| Err(RpcError { code: -32000, message: "busy".to_owned() });
        open(&scene.beside_a_liar(&busy), CheckId::GovernanceChain, Reason::ChainAnchorSingle);
        let mut reads = scene.reads();
        reads.endpoints = TWO.map(|url| endpoint(&scene.world, &scene.subject, url, &busy)).into();
        let report = scene.case(&reads).judge();
        for id in CHECKS {
            open(&report, id, Reason::ChainNotAnswered);
        }
        reads.endpoints.clear();
        open(&scene.case(&reads).judge(), CheckId::GovernanceChain, Reason::ChainNotAnswered);
    }

    fn a_document_that_cannot_be_read_or_is_about_another_application() {
        let scene = scene();
        let mut case = scene.case(&scene.reads());
        let good = case.evidence.chain.clone().unwrap().bytes;
        for bytes in [&b"{}"[..], b"", &good[..good.len() / 2], b"{\"schema\":\"veritee/chain/v2\"}"] {
            case.evidence.chain = Some(Item::new(bytes, "chain.json"));
            let report = case.is_verified();
            for id in CHECKS {
                open(&report, id, Reason::ChainReadsMalformed);
            }
        }
        let mut other = scene.reads();
        other.subject.app = address(77);
        open(&scene.case(&other).judge(), CheckId::GovernanceChain, Reason::ChainOtherApp);
    }

    fn a_block_from_after_the_as_of_time_proves_nothing_for_it() {
        let mut scene = scene();
        scene.subject.block = scene.world.mine(1_900_000_000);
        let report = scene.judged();
        assert_failed(&report, CheckId::GovernanceChain, Reason::ChainBlockLater);
        for id in &CHECKS[1..] {
            open(&report, *id, Reason::EarlierStepFailed);
        }
    }

    fn a_block_from_long_ago_proves_nothing_about_now() {
        let scene = scene();
        // The same machine and reads: the verdict on the chain is for the time of the block, or for none.
        for (days, old) in [(1, false), (13, false), (15, true), (400, true)] {
            let mut world = World::new(8453, 1_792_022_400 - days * 86_400);
            let kms = KmsForge::deploy(&mut world, scene.kms.address, KmsKind::DstackKms, address(1));
            kms.set_info(&mut world, &info(&scene.machine), true);
            world.mine(1_792_022_401 - days * 86_400);
            let subject = Subject { block: world.head(), ..scene.subject.clone() };
            let endpoints = TWO.map(|url| endpoint(&world, &subject, url, &honest));
            let report = scene.case(&ChainReads { subject, endpoints: endpoints.into(), l1: None }).judge();
            let check = find(&report, CheckId::GovernanceChain);
            assert_eq!(check.reason, old.then_some(Reason::ChainBlockOld), "{check:?}");
            if old {
                for id in &CHECKS[1..4] {
                    assert_eq!(find(&report, *id).outcome, Outcome::NotChecked, "{id}");
                }
            }
        }
    }

    fn an_owner_that_cannot_be_read_leaves_the_question_open() {
        let mut scene = scene();
        let safe = address(60);
        scene.world.set_code(safe, &[0x60, 0x80]);
        let singleton: Address = "0x41675C099F32341bf84BFc5382aF534df5C7461a".parse().unwrap();
        scene.world.set_slot(safe, layout::slot(0), U256::from_be_bytes(singleton.into_word().0));
        // A number of owners that no Safe has.
        scene.world.set_slot(safe, layout::slot(3), U256::MAX);
        scene.app.owner(&mut scene.world, safe);
        scene.subject.block = scene.world.mine(1_792_000_006);
        let report = scene.judged();
        pass(&report, &CHECKS[..4]);
        open(&report, CheckId::GovernanceHistory, Reason::OwnerNotShown);
    }

    fn a_machine_without_a_kms_has_no_registry() {
        let machine = kms().change(|machine| machine.binding = Binding::Raw(NONCE.to_vec()));
        let scene = scene_of(machine, address(2));
        let mut case = scene.case(&scene.reads());
        case.evidence.certificates = None;
        open(&case.is_verified(), CheckId::GovernanceRegistry, Reason::LinkNotApplicable);
    }

    fn a_policy_that_demands_the_chain_is_not_met_without_it() {
        let scene = scene();
        let mut case = scene.case(&scene.reads());
        case.head = "require = [\"governance.compose-hash\", \"governance.history\"]\n".to_owned();
        assert_verdict(&case.judge(), VerdictOutcome::Verified);
        case.evidence.chain = None;
        assert_verdict(&case.judge(), VerdictOutcome::Incomplete);
    }

    fn every_question_is_needed() {
        let scene = scene();
        let whole = scene.reads();
        let questions: BTreeSet<String> =
            whole.endpoints[0].asked().map(|(question, _)| question.to_string()).collect();
        for left_out in questions {
            let mut reads = whole.clone();
            for endpoint in &mut reads.endpoints {
                let mut less = Endpoint::new(endpoint.url.clone());
                for (question, answer) in endpoint.asked().filter(|(question, _)| question.to_string() != left_out) {
                    less.add(question.clone(), answer.clone());
                }
                *endpoint = less;
            }
            let report = scene.case(&reads).judge();
            open(&report, CheckId::GovernanceChain, Reason::ChainNotAnswered);
        }
    }
}
