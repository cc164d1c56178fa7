//! Step 7: RA-TLS certificates of another key, another machine, another application or another KMS.

use crate::support::{Case, NONCE, attacks, find, machine, outcome_of, ra_tls};
use veritee_model::{CheckId, Item, Outcome, Reason, VerdictOutcome};
use veritee_testkit::certificate::{CertificateSpec, oids};
use veritee_testkit::dstack::Machine;
use veritee_testkit::dstack::config_id::MrConfig;
use veritee_testkit::dstack::event::Event;
use veritee_testkit::dstack::ra_tls::{ARC, RaTlsForm};
use veritee_testkit::dstack::report_data::Binding;
use veritee_testkit::pki::time;
use veritee_testkit::quote::TdReport;
use veritee_testkit::{Role, Shape, der};
use veritee_verify::Expected;

const NOT_GENUINE: VerdictOutcome = VerdictOutcome::NotGenuine;
const REFUSED: VerdictOutcome = VerdictOutcome::Refused;
const ID: CheckId = CheckId::BindingRaTls;

/// The genuine quote beside this chain.
fn presenting(chain: impl Into<Vec<u8>>) -> Case {
    Case::new(&machine()).change(|case| case.evidence.certificates = Some(Item::new(chain, "chain.pem")))
}

/// The genuine machine's chain with one certificate changed before it is signed.
fn chain(change: impl FnOnce(&mut Machine)) -> String {
    ra_tls(&machine().change(change))
}

fn blocks(chain: &str) -> Vec<String> {
    chain.split_inclusive("-----END CERTIFICATE-----\n").map(str::to_owned).collect()
}

fn extension(leaf: &mut CertificateSpec, number: u8) -> &mut veritee_testkit::Extension {
    leaf.extension_mut(&format!("{ARC}.{number}"))
}

/// The same, with the chain as the readers of evidence take it in.
fn reading(chain: &str) -> Case {
    Case::new(&machine()).change(|case| {
        case.evidence.certificates = None;
        let (slot, budget) = (veritee_evidence::Slot::Certificate, &veritee_model::Budget::STANDARD);
        veritee_evidence::parts::add(slot, &mut case.evidence, chain.as_bytes(), "chain.pem", budget)
            .unwrap();
    })
}

#[track_caller]
fn refused(chain: impl Into<Vec<u8>>, reason: Reason) {
    presenting(chain).is_refused(ID, reason, outcome_of(reason));
}

/// Genuine, and not to be relied on: what an honest operator can bring about.
#[track_caller]
fn not_accepted(chain: impl Into<Vec<u8>>, reason: Reason) {
    presenting(chain).is_refused(ID, reason, VerdictOutcome::Refused);
}

/// The genuine machine's chain whose quote differs from the judged one.
fn chain_of(change: impl FnOnce(&mut TdReport)) -> String {
    chain(|machine| change(machine.universe.quote.td()))
}

/// The log in the leaf, changed.
fn edit_log(leaf: &mut CertificateSpec, change: impl FnOnce(&mut Vec<serde_json::Value>)) {
    let value = &mut extension(leaf, 2).value;
    let begins = value.iter().position(|byte| *byte == b'[').unwrap();
    let mut events = serde_json::from_slice(&value[begins..]).unwrap();
    change(&mut events);
    *value = der::octet_string(&serde_json::to_vec(&events).unwrap());
}

attacks! {
    fn a_log_in_the_certificate_that_leaves_out_what_its_quote_measured() {
        type Edit = fn(&mut CertificateSpec);
        let edits: [Edit; 4] = [
            |leaf| edit_log(leaf, |events| drop(events.pop())),
            |leaf| edit_log(leaf, |events| events.truncate(events.len() - 3)),
            |leaf| edit_log(leaf, |events| events.retain(|event| event["imr"] != 3)),
            |leaf| edit_log(leaf, Vec::clear),
        ];
        for edit in edits {
            let chain = chain(|machine| machine.ra_tls.edit_leaf = Some(edit));
            reading(&chain).is_refused(ID, Reason::RaTlsOtherMachine, REFUSED);
            // As the machine's own answer, with the quote that the certificate has.
            let mut own = Machine::new(1);
            own.ra_tls.edit_leaf = Some(edit);
            let forged = own.forge();
            let case = Case::of(&forged, "").change(|case| {
                case.evidence.certificates = None;
                case.expected = Expected::Nothing;
                let (slot, budget) = (veritee_evidence::Slot::Certificate, &veritee_model::Budget::STANDARD);
                let pem = forged.ra_tls_pem.as_bytes();
                veritee_evidence::parts::add(slot, &mut case.evidence, pem, "chain.pem", budget).unwrap();
            });
            case.is_refused(ID, Reason::RaTlsOtherMachine, REFUSED);
        }
    }

    fn a_log_in_the_certificate_that_cannot_be_read() {
        let chain = chain(|machine| {
            machine.ra_tls.edit_leaf = Some(|leaf| extension(leaf, 2).value = der::octet_string(b"[1]"));
        });
        let case = Case::new(&machine()).change(|case| {
            case.evidence.certificates = Some(Item::new(chain, "chain.pem"));
            case.evidence.certificate_logs = vec![Item::new("[1]", "chain.pem, event-log")];
        });
        case.is_refused(ID, Reason::RaTlsMalformed, REFUSED);
    }

    /// A certificate is made earlier in the same boot than a quote for a nonce: its log ends where its quote does.
    fn the_log_of_an_earlier_certificate_is_told_as_such() {
        let later = machine().events(|events| events.push(Event::runtime("my-event", b"1")));
        for form in [
            RaTlsForm::Separate,
            RaTlsForm::SeparateCompressed,
            RaTlsForm::ContainerV0,
            RaTlsForm::ContainerV1,
        ] {
            let earlier = chain(|machine| machine.ra_tls.form = form);
            let case = Case::new(&later).change(|case| {
                case.evidence.certificates = None;
                let (slot, budget) = (veritee_evidence::Slot::Certificate, &veritee_model::Budget::STANDARD);
                veritee_evidence::parts::add(slot, &mut case.evidence, earlier.as_bytes(), "chain.pem", budget)
                    .unwrap();
                assert_eq!(case.evidence.certificate_logs.len(), 1, "{form:?}");
            });
            let report = case.is_verified();
            let detail = &find(&report, ID).detail;
            assert!(detail.contains("it was made earlier in the same boot"), "{form:?}: {detail}");
        }
        // One of the same moment needs no word.
        let report = reading(&ra_tls(&machine())).is_verified();
        assert!(!find(&report, ID).detail.contains("earlier"), "{}", find(&report, ID).detail);
    }

    fn a_certificate_whose_key_the_judged_quote_binds_passes() {
        let machine = Machine::new(1);
        let forged = machine.forge();
        let case = Case::of(&forged, &forged.ra_tls_pem).change(|case| case.expected = Expected::Nothing);
        let report = case.judge();
        let check = find(&report, ID);
        assert_eq!(check.outcome, Outcome::Pass, "{check:?}");
        assert!(check.detail.contains("the quote binds"), "{}", check.detail);
        assert!(check.detail.contains("3 certificates lead to the measured KMS"), "{}", check.detail);
    }

    fn a_certificate_with_another_key() {
        let mut other = machine();
        other.ra_tls.edit_leaf = Some(|leaf| leaf.key = Role::Stranger);
        refused(ra_tls(&other), Reason::RaTlsKeyMismatch);
    }

    fn a_certificate_with_another_key_and_no_quote_of_its_own() {
        let mut other = machine();
        other.ra_tls.edit_leaf = Some(|leaf| {
            leaf.key = Role::Stranger;
            leaf.remove_extension(&format!("{ARC}.1"));
        });
        not_accepted(ra_tls(&other), Reason::RaTlsUnbound);
    }

    fn a_certificate_that_carries_the_judged_quote_which_does_not_bind_its_key() {
        // The judged quote answers a nonce; a host puts it into a certificate of its own.
        refused(machine().forge().ra_tls_pem, Reason::RaTlsKeyMismatch);
    }

    fn the_chain_of_another_kms() {
        refused(
            chain(|machine| {
                machine.ra_tls.edit_app_ca = Some(|app_ca| app_ca.signed_by = Role::Stranger);
                machine.ra_tls.edit_kms_ca = Some(|kms_ca| {
                    kms_ca.key = Role::Stranger;
                    kms_ca.signed_by = Role::Stranger;
                });
            }),
            Reason::RaTlsIssuerMismatch,
        );
    }

    fn a_chain_that_the_leaf_signed_for_itself() {
        let chain = chain(|machine| {
            machine.ra_tls.edit_leaf = Some(|leaf| {
                leaf.signed_by = leaf.key;
                leaf.issuer = leaf.subject.clone();
            });
            machine.ra_tls.omit = 2;
        });
        refused(chain, Reason::RaTlsIssuerMismatch);
    }

    fn a_chain_cut_short_does_not_show_the_issuer() {
        for omit in [1, 2] {
            let chain = chain(|machine| machine.ra_tls.omit = omit);
            let report = presenting(chain).judge();
            let check = find(&report, ID);
            if omit == 1 {
                // The KMS's key is measured: the application's CA can be held against it all the same.
                assert_eq!(check.outcome, Outcome::Pass, "{check:?}");
            } else {
                assert_eq!((check.outcome, check.reason), (Outcome::NotChecked, Some(Reason::RaTlsMissing)));
            }
            assert_eq!(report.verdict.exit_code, 0);
        }
    }

    fn a_chain_of_another_kms_cut_short_does_not_pass() {
        for omit in [1, 2] {
            let chain = chain(|machine| {
                machine.ra_tls.edit_leaf = Some(|leaf| leaf.signed_by = Role::StrangerCa);
                machine.ra_tls.edit_app_ca = Some(|app_ca| {
                    app_ca.key = Role::StrangerCa;
                    app_ca.signed_by = Role::Stranger;
                });
                machine.ra_tls.omit = omit;
            });
            assert_ne!(find(&presenting(chain).judge(), ID).outcome, Outcome::Pass);
        }
    }

    fn the_quote_of_another_machine_inside() {
        // Of another platform, under the same collateral: another PPID.
        let mut other = machine().change(|machine| machine.binding = Binding::RaTls);
        other.universe = other.universe.sgx_extension(|extension| extension.ppid[0] ^= 1);
        not_accepted(other.forge().ra_tls_pem, Reason::RaTlsOtherMachine);
    }

    fn the_quote_of_another_operating_system_inside() {
        for register in 0..3 {
            let chain = chain(|machine| {
                let event = machine.events.iter_mut().find(|event| event.imr == register && event.name.is_empty());
                let event = event.unwrap();
                event.payload = b"other".to_vec();
                event.event_type = 6;
                event.digest = vec![7; 48];
            });
            not_accepted(chain, Reason::RaTlsOtherMachine);
        }
        let chain = chain(|machine| machine.universe.quote.td().mr_td[0] ^= 1);
        not_accepted(chain, Reason::RaTlsOtherMachine);
    }

    fn the_quote_of_another_application_inside() {
        let chain = chain(|machine| {
            machine.app_compose = br#"{"docker_compose_file":"services: {}"}"#.to_vec();
            machine.boot();
        });
        // The wrong file, and issued to another application than the measured one.
        not_accepted(chain, Reason::RaTlsOtherMachine);
    }

    fn a_debug_machine_s_quote_inside() {
        let chain = chain(|machine| machine.universe.quote.td().td_attributes[0] = 1);
        not_accepted(chain, Reason::RaTlsOtherMachine);
    }

    fn a_quote_from_before_an_event_of_the_application_is_of_the_same_machine() {
        let later = machine().events(|events| events.push(Event::runtime("my-event", b"1")));
        let forged = later.forge();
        Case::of(&forged, &ra_tls(&machine())).is_verified();
    }

    fn a_quote_from_before_the_boot_was_complete_is_not_of_the_same_machine() {
        let early = machine().events(|events| drop(events.pop()));
        not_accepted(ra_tls(&early), Reason::RaTlsOtherMachine);
    }

    fn a_forged_quote_inside() {
        let chain = chain(|machine| machine.universe.quote.signed_by = Role::Stranger);
        refused(chain, Reason::RaTlsQuote);
    }

    fn bytes_inside_that_are_no_quote() {
        refused(
            chain(|machine| {
                machine.ra_tls.edit_leaf = Some(|leaf| extension(leaf, 1).value = vec![4, 2, 4, 0]);
            }),
            Reason::RaTlsMalformed,
        );
    }

    fn a_leaf_with_another_app_id() {
        refused(chain(|machine| machine.ra_tls.app_id = Some(vec![7; 20])), Reason::RaTlsIssuerMismatch);
    }

    fn a_leaf_with_an_app_id_of_another_length() {
        refused(chain(|machine| machine.ra_tls.app_id = Some(vec![7; 19])), Reason::RaTlsMalformed);
    }

    fn a_broken_signature_in_the_chain() {
        let breaks: [fn(&mut Machine); 3] = [
            |machine| machine.ra_tls.edit_leaf = Some(|leaf| leaf.signed_by = Role::Stranger),
            |machine| machine.ra_tls.edit_app_ca = Some(|app_ca| app_ca.signed_by = Role::Stranger),
            |machine| machine.ra_tls.edit_leaf = Some(|leaf| leaf.edit_signature = Some(|bytes| bytes[10] ^= 1)),
        ];
        for change in breaks {
            refused(chain(change), Reason::RaTlsSignature);
        }
    }

    fn a_root_that_is_not_signed_by_itself() {
        refused(
            chain(|machine| machine.ra_tls.edit_kms_ca = Some(|kms_ca| kms_ca.signed_by = Role::Stranger)),
            Reason::RaTlsIssuerMismatch,
        );
    }

    fn a_certificate_that_names_another_issuer() {
        not_accepted(
            chain(|machine| machine.ra_tls.edit_leaf = Some(|leaf| leaf.issuer.set_common_name("Someone"))),
            Reason::RaTlsMalformed,
        );
    }

    fn issuers_in_any_order_are_a_chain_and_one_left_out_makes_none() {
        let [leaf, app_ca, kms_ca] = blocks(&ra_tls(&machine())).try_into().unwrap();
        let passes = |order: &[&String]| {
            let chain: String = order.iter().map(|block| block.as_str()).collect();
            let report = presenting(chain).is_verified();
            assert_eq!(find(&report, ID).outcome, Outcome::Pass);
        };
        passes(&[&leaf, &kms_ca, &app_ca]);
        passes(&[&leaf, &leaf, &app_ca, &kms_ca]);
        passes(&[&leaf, &app_ca, &app_ca, &kms_ca]);
        // Another one of the issuer's name, before the issuer itself and behind it.
        let strangers =
            blocks(&chain(|machine| machine.ra_tls.edit_app_ca = Some(|app_ca| app_ca.key = Role::Stranger)));
        passes(&[&leaf, &strangers[1], &app_ca, &kms_ca]);
        passes(&[&leaf, &kms_ca, &app_ca, &strangers[1]]);
        not_accepted([&*leaf, &kms_ca].concat(), Reason::RaTlsMalformed);
        // The first one is the one that the connection has.
        let report = presenting([&*app_ca, &leaf, &kms_ca].concat()).judge();
        assert_ne!(find(&report, ID).outcome, Outcome::Pass);
    }

    fn a_chain_that_is_none() {
        let genuine = ra_tls(&machine());
        let many = blocks(&genuine)[2].repeat(9);
        let rows = [
            String::new(),
            "not PEM".to_owned(),
            genuine.replace("CERTIFICATE", "PUBLIC KEY"),
            genuine.replacen("MII", "XXX", 1),
            many,
            "0".to_owned(),
        ];
        for row in rows {
            refused(row, Reason::RaTlsMalformed);
        }
        presenting(genuine).change(|case| case.budget.ra_tls_bytes = 100).is_refused(
            ID,
            Reason::RaTlsMalformed,
            REFUSED,
        );
    }

    fn an_extension_of_dstack_s_given_twice() {
        refused(
            chain(|machine| {
                machine.ra_tls.edit_leaf = Some(|leaf| {
                    let copy = extension(leaf, 3).clone();
                    leaf.extensions.push(copy);
                });
            }),
            Reason::RaTlsMalformed,
        );
    }

    fn a_certificate_of_a_machine_without_kms_is_bound_without_a_known_issuer() {
        let machine = machine().change(|machine| {
            machine.key_provider.name = "local-sgx".to_owned();
            machine.key_provider.id = "11".repeat(32);
            machine.boot();
        });
        let report = Case::new(&machine).is_verified();
        assert!(find(&report, ID).detail.contains("its issuer is not measured"));
    }

    fn a_quote_inside_an_attestation_container_is_not_taken_for_a_contradiction() {
        for form in [RaTlsForm::ContainerV0, RaTlsForm::ContainerV1] {
            let chain = chain(|machine| machine.ra_tls.form = form);
            let report = presenting(chain).judge();
            let check = find(&report, ID);
            assert_eq!((check.outcome, check.reason), (Outcome::NotChecked, Some(Reason::RaTlsMissing)), "{check:?}");
            assert_eq!(report.verdict.exit_code, 0);
        }
    }

    fn a_quote_inside_an_attestation_container_is_judged_in_full() {
        for form in [RaTlsForm::ContainerV0, RaTlsForm::ContainerV1] {
            let of = |change: fn(&mut Machine)| {
                reading(&chain(|machine| {
                    machine.ra_tls.form = form;
                    change(machine);
                }))
            };
            let report = of(|_| ()).is_verified();
            assert!(find(&report, ID).detail.contains("the quote inside the certificate"));
            of(|machine| machine.universe.quote.td().tee_tcb_svn[0] = 3).is_refused(ID, Reason::TcbOutOfDate, REFUSED);
            of(|machine| machine.universe.quote.td().mr_owner[0] ^= 1).is_refused(ID, Reason::RaTlsOtherMachine, REFUSED);
            of(|machine| machine.universe.quote.signed_by = Role::Stranger).is_refused(ID, Reason::RaTlsQuote, NOT_GENUINE);
            of(|machine| machine.ra_tls.edit_leaf = Some(|leaf| leaf.key = Role::Stranger))
                .is_refused(ID, Reason::RaTlsKeyMismatch, NOT_GENUINE);
        }
    }

    /// A revocation that a later line of a stream brings is held against both.
    fn a_host_is_known_by_the_quote_inside_as_well() {
        let again = machine().universe(|it| it.certificate(Role::Pck, |pck| pck.serial = vec![7, 7, 7]));
        let case = presenting(ra_tls(&again));
        let chains = case.pck_chains();
        let own = Case::new(&machine()).pck_chains();
        assert_eq!((own.len(), chains.len()), (1, 2));
        assert_eq!(own[0], chains[0]);
    }

    fn a_certificate_with_two_different_quotes() {
        let chain = chain(|machine| {
            machine.ra_tls.edit_leaf = Some(|leaf| {
                // An attestation container of version 0 with the leaf's own quote, but for one byte of its signature.
                let value = &extension(leaf, 1).value;
                let mut quote = value[4..].to_vec();
                let last = quote.len() - 1;
                quote[last] ^= 1;
                let length = u16::try_from((quote.len() << 2) | 1).unwrap();
                let container = [&[0, 0][..], &length.to_le_bytes(), &quote, &[0, 0], &[0; 64], &[0]].concat();
                let container = der::octet_string(&container);
                leaf.extensions.push(veritee_testkit::Extension::new(&format!("{ARC}.8"), false, container));
            });
        });
        reading(&chain).is_refused(ID, Reason::RaTlsMalformed, REFUSED);
    }

    /// The key is bound by the judged quote; that another machine has it too is a question all the same.
    fn a_second_quote_for_the_same_key_is_judged_as_well() {
        let presenting = |other: Machine| {
            let judged = Machine::new(1).forge();
            let mut case = Case::of(&judged, &ra_tls(&other));
            case.expected = Expected::Nothing;
            case
        };
        let changed = |change: fn(&mut TdReport)| machine().change(|machine| change(machine.universe.quote.td()));
        assert_eq!(presenting(machine()).judge().verdict.exit_code, 0);
        presenting(changed(|td| td.tee_tcb_svn[0] = 3)).is_refused(ID, Reason::TcbOutOfDate, REFUSED);
        presenting(changed(|td| td.mr_owner[0] ^= 1)).is_refused(ID, Reason::RaTlsOtherMachine, REFUSED);
        let forged = machine().change(|machine| machine.universe.quote.signed_by = Role::Stranger);
        presenting(forged).is_refused(ID, Reason::RaTlsQuote, NOT_GENUINE);
    }

    /// What users' trust in the key rests on is this quote: a platform that is refused may forge it.
    fn a_quote_inside_of_a_platform_that_the_policy_refuses() {
        not_accepted(chain_of(|td| td.tee_tcb_svn[0] = 3), Reason::TcbOutOfDate);
        let outdated = chain(|machine| {
            machine.universe = machine.universe.clone().sgx_extension(|extension| {
                (extension.components[0], extension.cpusvn[0]) = (3, 3);
            });
        });
        let report = presenting(outdated).is_refused(ID, Reason::TcbOutOfDate, VerdictOutcome::Refused);
        let detail = &find(&report, ID).detail;
        assert!(detail.contains("platform.tcb-status") && detail.contains("INTEL-SA-01036"), "{detail}");
    }

    fn a_policy_that_lets_the_platform_pass_lets_the_quote_inside_pass_too() {
        let case = presenting(chain_of(|td| td.tee_tcb_svn[0] = 3));
        let mut policy = "[[exception]]\ncode = \"tcb-out-of-date\"\nreason = \"made for a test\"\n".to_owned();
        for advisory in ["INTEL-SA-01036", "INTEL-SA-01099", "INTEL-SA-01192"] {
            policy.push_str(&format!(
                "[[exception]]\ncode = \"advisory-refused\"\nvalue = \"{advisory}\"\nreason = \"made for a test\"\n"
            ));
        }
        assert_eq!(find(&case.policy(&policy).judge(), ID).outcome, Outcome::Pass);
    }

    fn the_quote_of_an_older_module_inside() {
        let older = chain_of(|td| {
            td.mr_seam[0] ^= 1;
            td.tee_tcb_svn[2] = 5;
        });
        not_accepted(older, Reason::RaTlsOtherMachine);
        // Updated below the running machine: another measurement, nothing older.
        presenting(chain_of(|td| td.mr_seam[0] ^= 1)).is_verified();
    }

    fn the_quote_of_a_machine_with_another_owner_or_other_features_inside() {
        let rows: [fn(&mut TdReport); 3] = [
            |td| td.mr_owner[0] ^= 1,
            |td| td.mr_owner_config[47] ^= 1,
            |td| td.xfam[0] ^= 4,
        ];
        for change in rows {
            not_accepted(chain_of(change), Reason::RaTlsOtherMachine);
        }
        not_accepted(chain(|machine| machine.mr_config = MrConfig::Zero), Reason::RaTlsOtherMachine);
    }

    fn the_quote_of_a_machine_with_a_service_td_inside() {
        let td15 = Machine::with_shape(1, Shape::TdxV5Td15)
            .change(|machine| machine.binding = Binding::Raw(NONCE.to_vec()));
        Case::of(&td15.forge(), &ra_tls(&td15)).is_verified();
        let serviced = td15.clone().change(|machine| machine.universe.quote.td().mr_service_td[0] = 1);
        let report = Case::of(&td15.forge(), &ra_tls(&serviced)).is_refused(
            ID,
            Reason::RaTlsOtherMachine,
            VerdictOutcome::Refused,
        );
        assert!(find(&report, ID).detail.contains("MRSERVICETD"));
    }

    fn an_issuer_that_is_no_authority() {
        let rows: [fn(&mut CertificateSpec); 4] = [
            |ca| ca.set_basic_constraints(false, None),
            |ca| ca.remove_extension(oids::BASIC_CONSTRAINTS),
            // cRLSign, and digitalSignature with it.
            |ca| ca.set_key_usage(0x02),
            |ca| ca.set_key_usage(0x82),
        ];
        for row in rows {
            refused(chain(|machine| machine.ra_tls.edit_app_ca = Some(row)), Reason::RaTlsSignature);
            refused(chain(|machine| machine.ra_tls.edit_kms_ca = Some(row)), Reason::RaTlsSignature);
        }
        refused(
            chain(|machine| machine.ra_tls.edit_kms_ca = Some(|ca| ca.set_basic_constraints(true, Some(0)))),
            Reason::RaTlsSignature,
        );
    }

    fn an_authority_with_the_usage_of_one_or_without_any_passes() {
        let rows: [fn(&mut CertificateSpec); 3] = [
            |ca| ca.set_key_usage(0x04),
            |ca| ca.set_key_usage(0x86),
            |ca| ca.remove_extension(oids::KEY_USAGE),
        ];
        for row in rows {
            presenting(chain(|machine| machine.ra_tls.edit_app_ca = Some(row))).is_verified();
        }
    }

    fn the_authority_of_another_application_under_the_same_kms() {
        let other = chain(|machine| {
            machine.ra_tls.edit_app_ca = Some(|ca| extension(ca, 3).value = der::octet_string(&[7; 20]));
        });
        refused(other, Reason::RaTlsIssuerMismatch);
    }

    fn a_certificate_that_is_not_in_force() {
        let past: fn(&mut CertificateSpec) = |ca| ca.not_after = time("2026-10-14T00:00:00Z");
        let future: fn(&mut CertificateSpec) = |ca| ca.not_before = time("2026-10-16T00:00:00Z");
        for (edit, reason) in [(past, Reason::RaTlsExpired), (future, Reason::RaTlsNotYetValid)] {
            not_accepted(chain(|machine| machine.ra_tls.edit_leaf = Some(edit)), reason);
            not_accepted(chain(|machine| machine.ra_tls.edit_app_ca = Some(edit)), reason);
            not_accepted(chain(|machine| machine.ra_tls.edit_kms_ca = Some(edit)), reason);
        }
        let report = presenting(chain(|machine| machine.ra_tls.edit_leaf = Some(past))).judge();
        let check = find(&report, ID);
        assert_eq!(check.got.as_deref(), Some("2026-10-15T00:00:00Z"), "{check:?}");
        assert!(check.expected.as_deref().unwrap().contains("2026-10-14T00:00:00Z"), "{check:?}");
        // At the last second it is.
        let last: fn(&mut CertificateSpec) = |ca| ca.not_after = time("2026-10-15T00:00:00Z");
        presenting(chain(|machine| machine.ra_tls.edit_leaf = Some(last))).is_verified();
    }

    fn a_forged_quote_inside_is_said_before_a_date() {
        let chain = chain(|machine| {
            machine.universe.quote.signed_by = Role::Stranger;
            machine.ra_tls.edit_leaf = Some(|leaf| leaf.not_after = time("2026-10-14T00:00:00Z"));
        });
        let report = presenting(chain).is_refused(ID, Reason::RaTlsQuote, NOT_GENUINE);
        assert!(find(&report, ID).detail.contains("expired"));
    }
}
