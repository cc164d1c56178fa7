//! The machines behind the machine: each link as it should be, and each broken once.

use crate::support::{Case, NONCE, assert_failed, assert_verdict, attacks, find, log_item};
use crate::web::{Web, caa, content, served, web};
use veritee_model::evidence::{KmsKeys, Target};
use veritee_model::{CheckId, Evidence, Item, Outcome, Reason, Report, VerdictOutcome};
use veritee_testkit::dstack::event::Event;
use veritee_testkit::dstack::report_data::{Binding, KMS_K256};
use veritee_testkit::dstack::{ForgedMachine, KeyProvider, Machine};
use veritee_testkit::pki::time;
use veritee_testkit::{Role, SigningKey};

const LINKS: [CheckId; 5] = [
    CheckId::LinkKmsMachine,
    CheckId::LinkKmsKey,
    CheckId::LinkKmsMeasurement,
    CheckId::LinkGatewayMachine,
    CheckId::LinkGatewayKeys,
];

/// A KMS: its keys are sealed to its host, and its bootstrap quote binds the root keys.
pub(crate) fn kms() -> Machine {
    Machine::new(1).change(|machine| {
        machine.binding = Binding::KmsBootstrap;
        machine.key_provider = KeyProvider { name: "local-sgx".to_owned(), id: "1b".repeat(32) };
        machine.boot();
    })
}

/// A machine whose `mr-kms` event names this measurement.
pub(crate) fn under(mr_kms: &str) -> Machine {
    let measured = hex::decode(mr_kms).unwrap();
    Machine::new(1)
        .events(|events| {
            let at = events.iter().position(|event| event.name == "boot-mr-done").unwrap() + 1;
            events.insert(at, Event::runtime("mr-kms", &measured));
        })
        .change(|machine| machine.binding = Binding::Raw(NONCE.to_vec()))
}

fn evidence(forged: &ForgedMachine) -> Evidence {
    let mut evidence = Evidence {
        quote: Some(Item::new(forged.platform.quote.clone(), "quote.bin")),
        event_log: Some(log_item(forged.event_log_json())),
        app_compose: Some(Item::new(forged.app_compose.clone(), "app-compose.json")),
        ..Evidence::default()
    };
    evidence.collateral.push(Item::new(forged.platform.collateral_json(), "collateral.json"));
    evidence
}

/// The evidence of a KMS with its root keys.
pub(crate) fn of_kms(forged: &ForgedMachine) -> Evidence {
    let keys = KmsKeys { ca_spki: forged.kms_ca_spki.clone(), k256: KMS_K256.to_vec() };
    Evidence { kms_keys: Some(keys), ..evidence(forged) }
}

/// mr_aggregated as the pipeline measures it.
pub(crate) fn aggregated(forged: &ForgedMachine) -> String {
    let report = Case::of(forged, &forged.ra_tls_pem).change(|case| case.evidence = of_kms(forged)).judge();
    report.identity.unwrap().mr_aggregated.to_string()
}

/// An application, its KMS, and a gateway under the same KMS.
fn linked() -> Case {
    let kms = kms().forge();
    let mr_kms = aggregated(&kms);
    let gateway = under(&mr_kms).change(|machine| machine.binding = Binding::RaTls).forge();
    Case::new(&under(&mr_kms)).change(|case| {
        case.evidence.kms = Some(Box::new(of_kms(&kms)));
        case.evidence.gateway = Some(Box::new(evidence(&gateway)));
    })
}

#[track_caller]
pub(crate) fn open(report: &Report, id: CheckId, reason: Reason) {
    let check = find(report, id);
    assert_eq!((check.outcome, check.reason), (Outcome::NotChecked, Some(reason)), "{check:?}");
}

fn flipped(bytes: &mut [u8]) {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
}

attacks! {
    fn an_application_its_kms_and_its_gateway_that_belong_together_pass_every_link() {
        let report = linked().is_verified();
        for id in LINKS {
            let check = find(&report, id);
            assert_eq!(check.outcome, Outcome::Pass, "{check:?}");
        }
        assert!(report.inputs.iter().any(|input| input.name == "kms/quote"));
        assert!(report.inputs.iter().any(|input| input.name == "gateway/event-log"));
    }

    fn a_machine_is_no_link_of_its_own() {
        let own = |kms: bool, gateway: bool| {
            linked().change(|case| {
                let itself = Evidence { kms: None, gateway: None, ..case.evidence.clone() };
                let keys = case.evidence.kms.as_ref().and_then(|kms| kms.kms_keys.clone());
                if kms {
                    case.evidence.kms = Some(Box::new(Evidence { kms_keys: keys, ..itself.clone() }));
                }
                if gateway {
                    case.evidence.gateway = Some(Box::new(itself));
                }
            })
        };
        for (kms, gateway, ids) in [
            (true, false, &LINKS[..3]),
            (false, true, &LINKS[3..]),
            (true, true, &LINKS[..]),
        ] {
            let report = own(kms, gateway).judge();
            for id in ids {
                open(&report, *id, Reason::LinkNotGiven);
                assert!(find(&report, *id).detail.contains("itself"), "{:?}", find(&report, *id));
            }
        }
    }

    fn what_was_not_given_is_not_checked_and_changes_nothing() {
        let case = linked();
        for (kms, gateway) in [(false, false), (true, false), (false, true)] {
            let report = case.clone().change(|case| {
                case.evidence.kms = case.evidence.kms.take().filter(|_| kms);
                case.evidence.gateway = case.evidence.gateway.take().filter(|_| gateway);
            })
            .is_verified();
            for id in LINKS {
                let given = if id.id().starts_with("link.kms") { kms } else { gateway };
                if given {
                    assert_eq!(find(&report, id).outcome, Outcome::Pass, "{id}");
                } else {
                    open(&report, id, Reason::LinkNotGiven);
                }
            }
        }
    }

    fn a_policy_that_demands_a_link_is_not_met_without_it() {
        let mut case = linked();
        case.head = "require = [\"link.kms-machine\", \"link.kms-key\", \"link.kms-measurement\"]\n".to_owned();
        assert_verdict(&case.clone().judge(), VerdictOutcome::Verified);
        case.evidence.kms = None;
        assert_verdict(&case.judge(), VerdictOutcome::Incomplete);
    }

    fn a_forged_kms_is_refused_whatever_it_says_of_its_keys() {
        type Forgery = fn(&mut Evidence);
        let forgeries: [Forgery; 5] = [
            |kms| flipped(&mut kms.quote.as_mut().unwrap().bytes[..600]),
            |kms| kms.kms_keys.as_mut().unwrap().k256[3] ^= 1,
            |kms| kms.kms_keys.as_mut().unwrap().ca_spki[40] ^= 1,
            |kms| {
                let log = &mut kms.event_log.as_mut().unwrap().item.bytes;
                *log = String::from_utf8_lossy(log).replacen("31623162", "31633162", 1).into_bytes();
            },
            |kms| {
                let log = &mut kms.event_log.as_mut().unwrap().item.bytes;
                *log = String::from_utf8_lossy(log).replacen("system-ready", "system-busy", 1).into_bytes();
            },
        ];
        for (row, forgery) in forgeries.iter().enumerate() {
            let mut case = linked();
            case.evidence.gateway = None;
            forgery(case.evidence.kms.as_mut().unwrap());
            let report = case.judge();
            assert_failed(&report, CheckId::LinkKmsMachine, Reason::LinkMachineNotGenuine);
            assert_verdict(&report, VerdictOutcome::NotGenuine);
            assert_ne!(find(&report, CheckId::LinkKmsKey).outcome, Outcome::Pass, "{row}");
            assert_ne!(find(&report, CheckId::LinkKmsMeasurement).outcome, Outcome::Pass, "{row}");
        }
    }

    fn what_the_evidence_of_one_machine_reveals_is_held_against_all_that_are_linked() {
        let elsewhere = |machine: Machine, label| {
            machine.universe(|it| it.pki(|pki| pki.replace_key(Role::Pck, SigningKey::derive(7, label))))
        };
        let naming = |machine: Machine, serial: Vec<u8>| {
            machine.universe(|it| it.pck_crl(|list| {
                list.this_update = time("2026-10-10T00:00:00Z");
                list.revoke(&serial);
            }))
        };
        let host = Machine::new(1).universe.pki.serial(Role::Pck);
        let other = elsewhere(Machine::new(1), "kms").universe.pki.serial(Role::Pck);
        let reveals = of_kms(&naming(elsewhere(kms(), "kms"), host).forge());
        let innocent = || of_kms(&elsewhere(kms(), "kms").forge());
        let behind = |kms: Evidence| Evidence { kms: Some(Box::new(kms)), ..innocent() };
        let app = || Case::new(&under(&"09".repeat(32)));
        let honest = app().change(|case| case.evidence.kms = Some(Box::new(innocent())));
        assert_verdict(&honest.judge(), VerdictOutcome::Verified);
        // Next to it, behind the gateway, and deeper than machines are followed.
        for (is_kms, linked) in [
            (true, reveals.clone()),
            (false, reveals.clone()),
            (false, behind(reveals.clone())),
            (true, behind(behind(behind(reveals)))),
        ] {
            let case = app().change(|case| {
                let place = if is_kms { &mut case.evidence.kms } else { &mut case.evidence.gateway };
                *place = Some(Box::new(linked));
            });
            let report = case.judge();
            assert_failed(&report, CheckId::QuoteCertificates, Reason::PckRevoked);
            assert_verdict(&report, VerdictOutcome::NotGenuine);
        }
        // The other way: the application's own collateral names the host of its KMS, and of the gateway's.
        let naming_app = naming(under(&"09".repeat(32)), other);
        for (id, gateway) in [(CheckId::LinkKmsMachine, false), (CheckId::LinkGatewayMachine, true)] {
            let report = Case::new(&naming_app).change(|case| {
                let place = if gateway { &mut case.evidence.gateway } else { &mut case.evidence.kms };
                *place = Some(Box::new(innocent()));
            })
            .judge();
            assert_failed(&report, id, Reason::LinkMachineNotGenuine);
            assert_verdict(&report, VerdictOutcome::NotGenuine);
        }
        // What a verdict may rest on names the hosts of the machines that are followed.
        let chains = app().change(|case| case.evidence.gateway = Some(Box::new(behind(innocent())))).pck_chains();
        assert_eq!(chains.len(), 2, "the host, and the other of both machines behind it");
    }

    fn a_forged_gateway_is_refused() {
        let mut case = linked();
        flipped(&mut case.evidence.gateway.as_mut().unwrap().quote.as_mut().unwrap().bytes[..600]);
        let report = case.judge();
        assert_failed(&report, CheckId::LinkGatewayMachine, Reason::LinkMachineNotGenuine);
        assert_verdict(&report, VerdictOutcome::NotGenuine);
        assert_ne!(find(&report, CheckId::LinkGatewayKeys).outcome, Outcome::Pass);
    }

    fn a_kms_that_the_policy_refuses_is_refused_as_a_link() {
        let debug = kms().universe(|universe| {
            universe.quote(|quote| quote.td().td_attributes[0] |= 1)
        });
        let mut case = linked();
        case.evidence.kms = Some(Box::new(of_kms(&debug.forge())));
        case.evidence.gateway = None;
        let report = case.judge();
        assert_failed(&report, CheckId::LinkKmsMachine, Reason::LinkMachineRefused);
        assert_verdict(&report, VerdictOutcome::Refused);
        open(&report, CheckId::LinkKmsKey, Reason::LinkKmsKeyNotBound);
    }

    fn a_genuine_kms_of_somebody_else_is_named_as_another() {
        // Its quote binds other root keys, as it should: both machines are genuine and do not belong together.
        let other = Machine::new(1).change(|machine| {
            let mut text = b"dstack-kms-genereted-keys-v1:".to_vec();
            text.extend(format!("{};{};", hex::encode([9_u8; 91]), hex::encode(KMS_K256)).into_bytes());
            let digest = keccak256_and_zeros(&text);
            machine.binding = Binding::Raw(digest);
            machine.key_provider = KeyProvider { name: "local-sgx".to_owned(), id: "1b".repeat(32) };
            machine.boot();
        });
        let mut theirs = of_kms(&other.forge());
        theirs.kms_keys.as_mut().unwrap().ca_spki = vec![9; 91];
        let mut case = linked();
        case.evidence.kms = Some(Box::new(theirs));
        case.evidence.gateway = None;
        let report = case.judge();
        assert_failed(&report, CheckId::LinkKmsKey, Reason::LinkKmsKeyOther);
        assert_verdict(&report, VerdictOutcome::Refused);
        assert!(!Reason::LinkKmsKeyOther.is_waivable());
    }

    fn another_replica_of_the_kms_is_unproven_and_no_forgery() {
        let mut case = linked();
        // The same root keys in a machine with another key provider: other registers, another measurement.
        let replica = kms().change(|machine| {
            machine.key_provider.id = "2c".repeat(32);
            machine.boot();
        });
        case.evidence.kms = Some(Box::new(of_kms(&replica.forge())));
        let report = case.is_verified();
        open(&report, CheckId::LinkKmsMeasurement, Reason::LinkKmsOther);
        assert_eq!(find(&report, CheckId::LinkKmsKey).outcome, Outcome::Pass);
    }

    fn a_kms_without_its_keys_or_with_a_quote_that_binds_something_else_proves_no_key() {
        let mut case = linked();
        case.evidence.kms.as_mut().unwrap().kms_keys = None;
        let report = case.is_verified();
        open(&report, CheckId::LinkKmsKey, Reason::LinkKmsKeyNotBound);
        assert_eq!(find(&report, CheckId::LinkKmsMeasurement).outcome, Outcome::Pass);
    }

    fn a_kms_of_which_too_little_was_given_proves_nothing() {
        type Without = fn(&mut Evidence);
        let rows: [Without; 3] =
            [|kms| kms.app_compose = None, |kms| kms.event_log = None, |kms| kms.quote = None];
        for without in rows {
            let mut case = linked();
            without(case.evidence.kms.as_mut().unwrap());
            case.evidence.gateway = None;
            let report = case.is_verified();
            open(&report, CheckId::LinkKmsMachine, Reason::LinkMachineIncomplete);
            open(&report, CheckId::LinkKmsKey, Reason::LinkKmsKeyNotBound);
            open(&report, CheckId::LinkKmsMeasurement, Reason::LinkKmsOther);
        }
    }

    fn a_gateway_of_another_cluster_is_named() {
        let other = Machine::new(1).change(|machine| {
            machine.key_provider.id = hex::encode([7_u8; 91]);
            machine.boot();
            machine.binding = Binding::Raw(NONCE.to_vec());
        });
        let mut case = linked();
        let gateway = evidence(&other.forge());
        case.evidence.gateway = Some(Box::new(gateway));
        let report = case.judge();
        assert_failed(&report, CheckId::LinkGatewayKeys, Reason::LinkGatewayKeysOther);
        // The gateway's own link to that KMS is broken as well, so that it is refused itself.
        assert_failed(&report, CheckId::LinkGatewayMachine, Reason::LinkMachineRefused);
        assert_verdict(&report, VerdictOutcome::Refused);
    }

    fn what_a_gateway_binds_of_its_keys_and_its_account_is_held_against_it() {
        const ACCOUNT: &str = "https://acme.example/acct/12";
        // One gateway's quote binds the key of its certificate, another one's the account that may get certificates.
        let quoted = |tag: &str, bytes: &[u8]| {
            let (binding, content) = content(tag, bytes);
            let gateway = under(&aggregated(&kms().forge())).change(|machine| machine.binding = binding);
            Evidence { bound_content: content, ..evidence(&gateway.forge()) }
        };
        let (own, other) = (web("gateway", &["*.gateway.example"], 1), web("other", &["*.gateway.example"], 1));
        let with_key = |shown: &Web| Evidence {
            served: served("app-8080.gateway.example:443", shown.chain.clone()),
            ..quoted("zt-cert", &own.key.spki())
        };
        let with_account = |record: &str| Evidence {
            caa: caa("gateway.example", &[("gateway.example", &[(0, "issue", record)])]),
            target: Some(Target {
                asked: "gateway.example".to_owned(),
                domain: Some("gateway.example".to_owned()),
                ..Target::default()
            }),
            ..quoted("acme-account", ACCOUNT.as_bytes())
        };
        let judged = |gateway: Evidence| {
            linked().change(|case| case.evidence.gateway = Some(Box::new(gateway))).judge()
        };
        let ours = format!("ca.example; accounturi={ACCOUNT}");
        for (gateway, words) in [
            (with_key(&own), "the certificate that it showed"),
            (with_account(&ours), "the only account that may get certificates"),
        ] {
            let report = judged(gateway);
            assert_verdict(&report, VerdictOutcome::Verified);
            let check = find(&report, CheckId::LinkGatewayKeys);
            assert_eq!(check.outcome, Outcome::Pass, "{check:?}");
            assert!(check.detail.contains(words), "{}", check.detail);
        }
        let genuine = [
            (with_key(&other), "served-certificate-other"),
            (with_account("ca.example; accounturi=https://acme.example/acct/13"), "caa-account-other"),
            (with_account("ca.example"), "caa-open"),
        ];
        for (gateway, reason) in genuine {
            let report = judged(gateway);
            assert_failed(&report, CheckId::LinkGatewayMachine, Reason::LinkMachineRefused);
            let check = find(&report, CheckId::LinkGatewayMachine);
            assert!(check.detail.contains(reason), "{}", check.detail);
            assert_ne!(find(&report, CheckId::LinkGatewayKeys).outcome, Outcome::Pass);
        }
        // A key or an account that its quote does not bind is no gateway's.
        for mut gateway in [with_key(&own), with_account(&ours)] {
            flipped(&mut gateway.bound_content.as_mut().unwrap().content);
            let report = judged(gateway);
            assert_failed(&report, CheckId::LinkGatewayMachine, Reason::LinkMachineNotGenuine);
            let check = find(&report, CheckId::LinkGatewayMachine);
            assert!(check.detail.contains("binding.content"), "{}", check.detail);
        }
    }

    fn a_machine_with_sealed_keys_has_no_kms_and_none_is_looked_at() {
        let machine = kms().change(|machine| machine.binding = Binding::Raw(NONCE.to_vec()));
        let mut case = Case::new(&machine);
        case.evidence.certificates = None;
        // It would not even be read as evidence.
        case.evidence.kms = Some(Box::default());
        let report = case.is_verified();
        for id in &LINKS[..3] {
            open(&report, *id, Reason::LinkNotApplicable);
        }
    }

    fn links_are_followed_two_machines_deep() {
        let mut case = linked();
        let inner = case.evidence.clone();
        let mut gateway = *case.evidence.gateway.take().unwrap();
        for _ in 0..20 {
            let within = Some(Box::new(gateway.clone()));
            gateway.gateway = within;
        }
        gateway.gateway.as_mut().unwrap().gateway = Some(Box::new(inner));
        case.evidence.gateway = Some(Box::new(gateway));
        let report = case.is_verified();
        assert_eq!(find(&report, CheckId::LinkGatewayMachine).outcome, Outcome::Pass);
    }
}

/// Keccak-256 with zeros behind.
fn keccak256_and_zeros(text: &[u8]) -> Vec<u8> {
    use sha3::Digest as _;
    let mut bytes = sha3::Keccak256::digest(text).to_vec();
    bytes.resize(64, 0);
    bytes
}
