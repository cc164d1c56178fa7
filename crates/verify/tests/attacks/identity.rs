//! Steps 4 and the claims: a log that replays and still names no application, or another one.

use crate::support::{Case, assert_notice, attacks, find, machine, outcome_of};
use veritee_model::evidence::Claim;
use veritee_model::{CheckId, Outcome, Reason, VerdictOutcome};
use veritee_testkit::dstack::Machine;
use veritee_testkit::dstack::event::Event;

const NOT_GENUINE: VerdictOutcome = VerdictOutcome::NotGenuine;

/// A machine that really measured this: quote and log agree.
fn measured(change: impl FnOnce(&mut Vec<Event>)) -> Case {
    Case::new(&machine().events(change))
}

fn at(events: &[Event], name: &str) -> usize {
    events.iter().position(|event| event.name == name).unwrap()
}

#[track_caller]
fn refused(case: &Case, reason: Reason) {
    let report = case.is_refused(CheckId::IdentityEvents, reason, outcome_of(reason));
    assert!(report.identity.is_none(), "no identity may be printed");
    assert_ne!(find(&report, CheckId::ComposeHash).outcome, Outcome::Pass);
}

fn claiming(name: &str, value: &str) -> Case {
    Case::new(&machine()).change(|case| {
        let claim = Claim { value: value.to_owned(), source: "info.json".to_owned() };
        case.evidence.claims.values.insert(name.to_owned(), claim);
    })
}

attacks! {
    fn a_second_compose_hash_in_the_boot() {
        refused(&measured(|events| {
            let first = at(events, "compose-hash");
            events.insert(first + 1, Event::runtime("compose-hash", &[7; 32]));
        }), Reason::IdentityEventDuplicate);
    }

    fn a_second_one_of_every_event_that_names_the_application() {
        for name in ["app-id", "compose-hash", "instance-id", "boot-mr-done", "key-provider", "os-image-hash", "storage-fs"] {
            refused(&measured(|events| {
                let first = at(events, name);
                events.insert(first + 1, events[first].clone());
            }), Reason::IdentityEventDuplicate);
        }
    }

    fn a_reserved_name_after_system_ready_is_ignored_and_reported() {
        let genuine = machine();
        for name in ["app-id", "compose-hash", "key-provider", "os-image-hash", "system-ready"] {
            let report = measured(|events| events.push(Event::runtime(name, &[7; 32]))).is_verified();
            assert_notice(&report, Reason::ReservedEventAfterSystemReady);
            let identity = report.identity.as_ref().unwrap();
            assert_eq!(identity.compose_hash.as_bytes(), &genuine.compose_hash());
            assert_eq!(identity.app_id.as_bytes(), &genuine.payloads().app_id);
            let last = report.events.last().unwrap();
            assert!(last.after_system_ready && last.name == name);
        }
    }

    fn an_event_of_the_application_s_own_is_reported() {
        let report = measured(|events| events.push(Event::runtime("my-event", b"hello"))).is_verified();
        assert_notice(&report, Reason::EventsAfterSystemReady);
    }

    fn a_mandatory_event_that_is_missing() {
        for name in ["app-id", "compose-hash", "instance-id", "boot-mr-done", "key-provider"] {
            refused(&measured(|events| events.retain(|event| event.name != name)), Reason::IdentityEventMissing);
        }
    }

    /// Genuine: agent and KMS ask for quotes while the machine boots.
    fn a_quote_from_before_the_end_of_the_boot() {
        for last in ["boot-mr-done", "key-provider", "compose-hash", "app-id"] {
            let early = measured(|events| {
                let end = at(events, last) + 1;
                events.truncate(end);
            });
            early.is_refused(CheckId::IdentityEvents, Reason::BootIncomplete, VerdictOutcome::Refused);
        }
        // A boot that left something out is none.
        for (last, name) in [("key-provider", "app-id"), ("boot-mr-done", "compose-hash")] {
            refused(&measured(|events| {
                let end = at(events, last) + 1;
                events.truncate(end);
                events.retain(|event| event.name != name);
            }), Reason::IdentityEventMissing);
        }
    }

    fn an_app_id_that_comes_only_after_system_ready() {
        refused(&measured(|events| {
            let event = events.remove(at(events, "app-id"));
            events.push(event);
        }), Reason::IdentityEventMissing);
    }

    fn a_payload_of_the_wrong_length() {
        let rows: [(&str, &[usize]); 9] = [
            ("system-preparing", &[1]),
            ("app-id", &[0, 19, 21, 32]),
            ("compose-hash", &[0, 20, 31, 33, 64]),
            ("instance-id", &[1, 19, 21, 32]),
            ("boot-mr-done", &[1]),
            ("os-image-hash", &[0, 31, 33]),
            ("key-provider", &[0, 4097]),
            ("storage-fs", &[0, 65]),
            ("system-ready", &[1]),
        ];
        for (name, lengths) in rows {
            for length in lengths {
                refused(&measured(|events| {
                    let index = at(events, name);
                    events[index] = Event::runtime(name, &vec![b'a'; *length]);
                }), Reason::IdentityEventLength);
            }
        }
    }

    fn events_in_another_order() {
        for (name, before) in [("compose-hash", "app-id"), ("key-provider", "boot-mr-done"), ("instance-id", "app-id")] {
            refused(&measured(|events| {
                let event = events.remove(at(events, name));
                events.insert(at(events, before), event);
            }), Reason::IdentityEventOrder);
        }
    }

    fn a_name_with_a_colon_whose_digest_fits_two_readings() {
        // Version 1: `compose-hash` with the payload `x:..` and `compose-hash:x` with `..` have one digest.
        refused(&measured(|events| {
            let index = at(events, "compose-hash");
            events.insert(index, Event::runtime("compose-hash:x", &[7; 30]));
        }), Reason::IdentityEventAmbiguous);
    }

    fn a_reserved_event_shown_under_a_longer_name_after_the_boot() {
        let report = measured(|events| events.push(Event::runtime("compose-hash:x", &[7; 30]))).is_verified();
        assert_notice(&report, Reason::ReservedEventAfterSystemReady);
    }

    fn a_boot_event_that_nobody_documents_is_reported() {
        let report = measured(|events| {
            let ready = at(events, "system-ready");
            events.insert(ready, Event::runtime("something-new", b"1"));
        }).is_verified();
        assert_notice(&report, Reason::IdentityEventUnknown);
    }

    fn a_key_provider_that_nobody_documents_is_reported() {
        let machine = machine().change(|machine| {
            machine.key_provider.name = "vault".to_owned();
            machine.boot();
        });
        let report = Case::new(&machine).is_verified();
        assert_notice(&report, Reason::KeyProviderUnknown);
        assert_eq!(report.identity.unwrap().key_provider.as_deref(), Some("vault"));
    }

    fn a_key_provider_with_two_names() {
        for payload in [
            &br#"{"name":"kms","id":"00","name":"none"}"#[..],
            br#"{"name":"kms","id":"00"} x"#,
            br#"{"name":"kms","id":"zz"}"#,
            br#"{"name":"none","id":"00"}"#,
            b"kms",
        ] {
            refused(&measured(|events| {
                let index = at(events, "key-provider");
                events[index] = Event::runtime("key-provider", payload);
            }), Reason::IdentityEventLength);
        }
    }

    fn a_storage_fs_that_is_no_word() {
        refused(&measured(|events| {
            let index = at(events, "storage-fs");
            events[index] = Event::runtime("storage-fs", b"zfs\x1b[2J");
        }), Reason::IdentityEventLength);
    }

    fn a_claimed_register_that_differs_from_the_quote() {
        for name in ["mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "mr_config_id"] {
            let report = claiming(name, &"ab".repeat(48)).is_refused(
                CheckId::IdentityClaims,
                Reason::ClaimContradictsQuote,
                NOT_GENUINE,
            );
            let check = find(&report, CheckId::IdentityClaims);
            assert_eq!(check.location.as_deref(), Some(&*format!("{name} in info.json")));
            assert_eq!(check.got.as_deref(), Some(&*"ab".repeat(48)));
        }
    }

    fn a_claimed_identity_that_differs_from_the_measured_one() {
        for (name, length) in [
            ("app_id", 20), ("instance_id", 20), ("compose_hash", 32), ("os_image_hash", 32),
            ("mr_aggregated", 32), ("device_id", 32), ("report_data", 64),
        ] {
            claiming(name, &"ab".repeat(length)).is_refused(
                CheckId::IdentityClaims,
                Reason::ClaimContradictsQuote,
                NOT_GENUINE,
            );
        }
        claiming("key_provider_info", r#"{"name":"none","id":""}"#).is_refused(
            CheckId::IdentityClaims,
            Reason::ClaimContradictsQuote,
            NOT_GENUINE,
        );
    }

    fn a_claim_of_another_form_contradicts_as_well() {
        for value in ["", "zz", "AB", "\u{1b}[2J", &"0".repeat(10_000)] {
            claiming("mrtd", value).is_refused(
                CheckId::IdentityClaims,
                Reason::ClaimContradictsQuote,
                NOT_GENUINE,
            );
        }
    }

    fn a_claim_that_was_written_anew_says_the_same() {
        let value: serde_json::Value = serde_json::from_str(&machine().payloads().key_provider).unwrap();
        let report = claiming("key_provider_info", &serde_json::to_string_pretty(&value).unwrap()).judge();
        let check = find(&report, CheckId::IdentityClaims);
        assert_eq!(check.outcome, Outcome::Pass, "{}", check.detail);
    }

    fn claims_that_agree_are_compared_and_pass() {
        let genuine = machine();
        let payloads = genuine.payloads();
        let mut case = claiming("app_id", &hex::encode(payloads.app_id));
        for (name, value) in [
            ("compose_hash", hex::encode_upper(payloads.compose_hash)),
            ("key_provider_info", payloads.key_provider.clone()),
            ("device_id", hex::encode(veritee_model::Sha256Digest::of(b"").as_bytes())),
            ("app_name", "testkit".to_owned()),
        ] {
            case.evidence.claims.values.insert(name.to_owned(), Claim { value, source: "info.json".to_owned() });
        }
        let report = case.is_verified();
        assert_eq!(find(&report, CheckId::IdentityClaims).outcome, Outcome::Pass);
    }

    fn a_claim_is_never_used_where_the_log_is_missing() {
        let payloads = machine().payloads();
        let report = claiming("compose_hash", &hex::encode(payloads.compose_hash))
            .change(|case| case.evidence.event_log = None)
            .judge();
        assert!(report.identity.is_none());
        assert_eq!(find(&report, CheckId::ComposeHash).outcome, Outcome::NotChecked);
        assert_eq!(report.verdict.exit_code, 13);
    }

    fn an_instance_id_that_is_switched_off_is_no_fault() {
        let report = measured(|events| {
            let index = at(events, "instance-id");
            events[index] = Event::runtime("instance-id", b"");
        }).is_verified();
        assert_eq!(report.identity.unwrap().instance_id, None);
    }

    fn an_app_id_that_is_not_the_start_of_the_compose_hash_is_no_fault() {
        let machine: Machine = machine().events(|events| {
            let index = at(events, "app-id");
            events[index] = Event::runtime("app-id", &[9; 20]);
        }).change(|machine| machine.ra_tls.app_id = Some(vec![9; 20]));
        let report = Case::new(&machine).is_verified();
        assert_eq!(report.identity.unwrap().app_id.as_bytes(), &[9; 20]);
    }
}
