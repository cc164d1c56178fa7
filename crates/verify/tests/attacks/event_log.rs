//! Step 3: a log that is not the quoted one.

use crate::support::{Case, assert_failed, attacks, machine, ra_tls};
use veritee_model::evidence::EventLogFormat;
use veritee_model::{CheckId, Item, Reason, VerdictOutcome};
use veritee_testkit::dstack::event::{self, Event, RUNTIME_EVENT};
use veritee_testkit::dstack::{ForgedMachine, Machine};

const NOT_GENUINE: VerdictOutcome = VerdictOutcome::NotGenuine;
const REFUSED: VerdictOutcome = VerdictOutcome::Refused;
const ALL_REGISTERS: [CheckId; 4] =
    [CheckId::EventLogRtmr0, CheckId::EventLogRtmr1, CheckId::EventLogRtmr2, CheckId::EventLogRtmr3];

/// A lying host: what it presents is changed after the machine was measured and quoted.
fn lying(change: impl FnOnce(&mut ForgedMachine)) -> Case {
    let mut forged = machine().forge();
    change(&mut forged);
    Case::of(&forged, &ra_tls(&machine()))
}

fn named<'a>(forged: &'a mut ForgedMachine, name: &str) -> &'a mut Event {
    forged.events.iter_mut().find(|event| event.name == name).unwrap()
}

attacks! {
    fn a_changed_payload_under_its_old_digest() {
        let report = lying(|forged| named(forged, "compose-hash").payload = vec![7; 32]).is_refused(
            CheckId::EventLogDigests,
            Reason::EventDigestMismatch,
            NOT_GENUINE,
        );
        let check = &report.checks.iter().find(|check| check.id == CheckId::EventLogDigests).unwrap();
        assert!(check.expected.is_some() && check.got.is_some());
        assert!(check.location.as_deref().unwrap().starts_with("event "));
        assert!(report.identity.is_none() && report.events.is_empty());
    }

    fn a_changed_payload_of_a_boot_event_whose_digest_is_that_of_its_payload() {
        lying(|forged| {
            let separator = forged.events.iter_mut().find(|event| event.event_type == 4).unwrap();
            separator.payload = vec![1; 4];
        })
        .is_refused(CheckId::EventLogDigests, Reason::EventDigestMismatch, NOT_GENUINE);
    }

    fn a_changed_payload_with_its_digest_left_out() {
        lying(|forged| {
            let event = named(forged, "compose-hash");
            event.payload = vec![7; 32];
            event.digest.clear();
        })
        .is_refused(CheckId::EventLogRtmr3, Reason::RtmrMismatch, NOT_GENUINE);
    }

    fn a_changed_payload_with_a_digest_to_match() {
        lying(|forged| *named(forged, "compose-hash") = Event::runtime("compose-hash", &[7; 32])).is_refused(
            CheckId::EventLogRtmr3,
            Reason::RtmrMismatch,
            NOT_GENUINE,
        );
    }

    fn a_changed_payload_under_a_version_2_digest_to_match() {
        lying(|forged| *named(forged, "compose-hash") = Event::runtime_v2("compose-hash", &[7; 32], true))
            .is_refused(CheckId::EventLogRtmr3, Reason::RtmrMismatch, NOT_GENUINE);
    }

    fn a_preimage_of_another_event() {
        lying(|forged| {
            let json = forged.event_log_json();
            assert!(!json.contains("preimage"));
            *named(forged, "storage-fs") = Event::runtime_v2("storage-fs", b"ext4", true);
        })
        .change(|case| {
            let log = case.evidence.event_log.as_mut().unwrap();
            let text = String::from_utf8(log.item.bytes.clone()).unwrap();
            let preimage = hex::encode(Event::runtime_v2("storage-fs", b"ext4", true).digest_input());
            let other = hex::encode(Event::runtime_v2("storage-fs", b"zfsx", true).digest_input());
            log.item.bytes = text.replace(&preimage, &other).into_bytes();
        })
        .is_refused(CheckId::EventLogDigests, Reason::EventDigestMismatch, NOT_GENUINE);
    }

    fn an_extra_event_in_register_7() {
        lying(|forged| {
            let mut event = Event::runtime("compose-hash", &[7; 32]);
            event.imr = 7;
            forged.events.insert(0, event);
        })
        .is_refused(CheckId::EventLogFormat, Reason::EventRegisterUnknown, REFUSED);
    }

    fn an_extra_event_in_register_4() {
        lying(|forged| forged.events.push(Event::boot(4, 6, [1; 48], b""))).is_refused(
            CheckId::EventLogFormat,
            Reason::EventRegisterUnknown,
            REFUSED,
        );
    }

    fn the_events_of_another_machine() {
        lying(|forged| forged.events = Machine::new(2).forge().events).is_refused_with(
            CheckId::EventLogRtmr3,
            Reason::RtmrMismatch,
            NOT_GENUINE,
            &ALL_REGISTERS[..3],
        );
    }

    fn the_run_time_events_of_another_boot() {
        lying(|forged| {
            forged.events.retain(|event| event.imr != 3);
            forged.events.extend(Machine::new(2).forge().events.into_iter().filter(|event| event.imr == 3));
        })
        .is_refused(CheckId::EventLogRtmr3, Reason::RtmrMismatch, NOT_GENUINE);
    }

    fn the_quote_of_another_machine() {
        let other = Case::new(&Machine::new(2));
        let case = Case::new(&machine()).change(|case| {
            // Root, collateral and pins of the other one too: only that the log is not its own differs.
            case.evidence.quote = other.evidence.quote.clone();
            case.evidence.collateral = other.evidence.collateral.clone();
            case.evidence.certificates = None;
            (case.policy, case.root) = (other.policy.clone(), other.root.clone());
            case.expected = veritee_verify::Expected::Nothing;
        });
        case.is_refused_with(CheckId::EventLogRtmr3, Reason::RtmrMismatch, NOT_GENUINE, &ALL_REGISTERS[..3]);
    }

    fn a_run_time_event_moved_to_another_register() {
        lying(|forged| named(forged, "storage-fs").imr = 2).is_refused(
            CheckId::EventLogFormat,
            Reason::EventRegisterWrong,
            NOT_GENUINE,
        );
    }

    fn a_boot_event_moved_into_rtmr3() {
        lying(|forged| forged.events[0].imr = 3).is_refused(
            CheckId::EventLogFormat,
            Reason::EventRegisterWrong,
            NOT_GENUINE,
        );
    }

    fn a_boot_event_moved_from_rtmr0_to_rtmr1() {
        lying(|forged| forged.events[0].imr = 1).is_refused_with(
            CheckId::EventLogRtmr0,
            Reason::RtmrMismatch,
            NOT_GENUINE,
            &[CheckId::EventLogRtmr1],
        );
    }

    fn a_boot_event_dressed_up_as_a_run_time_event() {
        lying(|forged| {
            let event = forged.events.iter_mut().find(|event| event.imr == 2).unwrap();
            event.event_type = RUNTIME_EVENT;
        })
        .is_refused(CheckId::EventLogFormat, Reason::EventRegisterWrong, NOT_GENUINE);
    }

    fn two_events_of_one_register_swapped() {
        lying(|forged| {
            let last = forged.events.len() - 1;
            forged.events.swap(last - 1, last - 2);
        })
        .is_refused(CheckId::EventLogRtmr3, Reason::RtmrMismatch, NOT_GENUINE);
    }

    fn an_event_left_out() {
        lying(|forged| forged.events.retain(|event| event.name != "storage-fs")).is_refused(
            CheckId::EventLogRtmr3,
            Reason::RtmrMismatch,
            NOT_GENUINE,
        );
    }

    fn an_event_that_was_never_measured_before_the_boot_ends() {
        lying(|forged| {
            let at = forged.events.iter().position(|event| event.name == "compose-hash").unwrap();
            forged.events.insert(at, Event::runtime("compose-hash", &[7; 32]));
        })
        .is_refused(CheckId::EventLogRtmr3, Reason::RtmrMismatch, NOT_GENUINE);
    }

    fn a_log_that_goes_on_behind_the_quoted_moment_is_refused_and_no_forgery() {
        let with = |names: &[&str]| {
            lying(|forged| forged.events.extend(names.iter().map(|name| Event::runtime(name, b"later"))))
        };
        for names in [&["my-event"][..], &["my-event", "my-event"]] {
            let report = with(names).is_refused(CheckId::EventLogRtmr3, Reason::EventLogLater, REFUSED);
            assert!(report.identity.is_none() && report.events.is_empty());
        }
        // Nobody honest boots twice in one log.
        for names in [&["my-event", "compose-hash"][..], &["system-ready"], &["compose-hash:x"]] {
            with(names).is_refused(CheckId::EventLogRtmr3, Reason::RtmrMismatch, NOT_GENUINE);
        }
        // Other registers are not added to after the boot, and one event in the wrong place is no later log.
        lying(|forged| {
            let place = forged.events.iter().rposition(|event| event.imr == 2).unwrap();
            let copy = forged.events[place].clone();
            forged.events.insert(place + 1, copy);
        })
        .is_refused(CheckId::EventLogRtmr2, Reason::RtmrMismatch, NOT_GENUINE);
    }

    fn a_log_that_ends_before_the_boot_does_is_refused_and_no_forgery() {
        // What a script saves that runs before the boot has ended, cut at every event of it.
        let names: Vec<String> = machine()
            .forge()
            .events
            .iter()
            .filter(|event| event.imr == 3)
            .map(|event| event.name.clone())
            .collect();
        let ready = names.iter().position(|name| name == "system-ready").unwrap();
        for kept in 0..=ready {
            let cut = |forged: &mut ForgedMachine| {
                let mut left = kept;
                forged.events.retain(|event| event.imr != 3 || { let keep = left > 0; left = left.saturating_sub(1); keep });
            };
            let report = lying(cut).is_refused(CheckId::EventLogRtmr3, Reason::EventLogEarlier, REFUSED);
            assert!(report.identity.is_none() && report.events.is_empty());
        }
        // What its events say is never read, so that a change in them gains nothing.
        lying(|forged| {
            forged.events.retain(|event| event.name != "system-ready");
            *named(forged, "compose-hash") = Event::runtime("compose-hash", &[7; 32]);
        })
        .is_refused(CheckId::EventLogRtmr3, Reason::EventLogEarlier, REFUSED);
        // What claims to be whole, or is no beginning of a boot, is a contradiction.
        for name in ["storage-fs", "key-provider", "app-id", "system-preparing"] {
            lying(|forged| forged.events.retain(|event| event.name != name)).is_refused(
                CheckId::EventLogRtmr3,
                Reason::RtmrMismatch,
                NOT_GENUINE,
            );
        }
        lying(|forged| forged.events.retain(|event| !matches!(event.name.as_str(), "system-ready" | "app-id")))
            .is_refused(CheckId::EventLogRtmr3, Reason::RtmrMismatch, NOT_GENUINE);
        // Another register that differs is a contradiction beside it.
        lying(|forged| {
            forged.events.retain(|event| event.imr != 3);
            let at = forged.events.iter().position(|event| event.imr == 2).unwrap();
            forged.events.remove(at);
        })
        .is_refused_with(CheckId::EventLogRtmr2, Reason::RtmrMismatch, NOT_GENUINE, &[CheckId::EventLogRtmr3]);
    }

    fn claims_from_before_the_end_of_the_boot_contradict_nothing() {
        let short = |forged: &mut ForgedMachine| forged.events.retain(|event| event.name != "system-ready");
        let mut forged = machine().forge();
        short(&mut forged);
        let claimed = hex::encode(veritee_testkit::dstack::registers(&forged.events)[3]);
        let claim = |value: String| veritee_model::evidence::Claim { value, source: "info.json".to_owned() };
        let mut case = lying(short);
        case.evidence.claims.values.insert("rtmr3".to_owned(), claim(claimed));
        case.evidence.claims.values.insert("mr_aggregated".to_owned(), claim("ab".repeat(32)));
        case.is_refused(CheckId::EventLogRtmr3, Reason::EventLogEarlier, REFUSED);
    }

    fn rtmr3_is_never_taken_for_stripped() {
        lying(|forged| forged.events.retain(|event| event.imr != 3)).is_refused(
            CheckId::EventLogRtmr3,
            Reason::EventLogEarlier,
            REFUSED,
        );
    }

    fn one_boot_event_left_out_is_no_stripped_register() {
        lying(|forged| {
            let at = forged.events.iter().position(|event| event.imr == 2).unwrap();
            forged.events.remove(at);
        })
        .is_refused(CheckId::EventLogRtmr2, Reason::RtmrMismatch, NOT_GENUINE);
    }

    fn a_log_that_is_no_log() {
        for text in ["", "{}", "null", "[{}]", "[1]", "[[]]", "not json", "[]x", "[{\"imr\":3}]"] {
            Case::new(&machine()).event_log(text).is_refused(
                CheckId::EventLogFormat,
                Reason::EventLogMalformed,
                REFUSED,
            );
        }
    }

    fn a_log_with_a_member_twice() {
        Case::new(&machine())
            .change(|case| {
                let log = case.evidence.event_log.as_mut().unwrap();
                let text = String::from_utf8(log.item.bytes.clone()).unwrap();
                log.item.bytes = text.replacen("\"imr\":3", "\"imr\":2,\"imr\":3", 1).into_bytes();
            })
            .is_refused(CheckId::EventLogFormat, Reason::EventLogMalformed, REFUSED);
    }

    fn an_empty_log() {
        // Stripped as far as RTMR0 to RTMR2 go; RTMR3 is not zero.
        Case::new(&machine()).event_log("[]").is_refused(
            CheckId::EventLogRtmr3,
            Reason::EventLogEarlier,
            REFUSED,
        );
    }

    fn a_log_beyond_the_budget() {
        for limit in [|case: &mut Case| case.budget.events = 5, |case: &mut Case| case.budget.event_log_bytes = 99] {
            Case::new(&machine()).change(limit).is_refused(
                CheckId::EventLogFormat,
                Reason::EventLogTooLong,
                REFUSED,
            );
        }
        let long = Event::runtime("system-preparing", &vec![0; 2 << 20]);
        Case::new(&machine()).event_log(event::log_json(&[long])).is_refused(
            CheckId::EventLogFormat,
            Reason::EventLogTooLong,
            REFUSED,
        );
    }

    fn a_digest_of_another_length() {
        lying(|forged| forged.events[0].digest.truncate(32)).is_refused(
            CheckId::EventLogFormat,
            Reason::EventLogMalformed,
            REFUSED,
        );
    }

    fn a_ccel_area_with_sha1_digests() {
        let mut case = Case::new(&machine());
        case.evidence.event_log.as_mut().unwrap().format = EventLogFormat::Ccel;
        case.evidence.event_log.as_mut().unwrap().item.bytes = ccel(4, 20);
        case.is_refused(CheckId::EventLogFormat, Reason::EventDigestAlgorithm, REFUSED);
    }

    fn a_ccel_area_that_is_none() {
        let mut case = Case::new(&machine());
        case.evidence.event_log.as_mut().unwrap().format = EventLogFormat::Ccel;
        case.is_refused(CheckId::EventLogFormat, Reason::EventLogMalformed, REFUSED);
    }

    fn a_ccel_area_of_another_machine() {
        let mut case = Case::new(&machine());
        case.evidence.event_log.as_mut().unwrap().format = EventLogFormat::Ccel;
        case.evidence.event_log.as_mut().unwrap().item.bytes = ccel(0xc, 48);
        let report = case.judge();
        assert_failed(&report, CheckId::EventLogRtmr2, Reason::RtmrMismatch);
        // Of RTMR3 such a log has nothing: that it contradicts, the other registers show.
        assert_failed(&report, CheckId::EventLogRtmr3, Reason::EventLogEarlier);
        assert_eq!(report.verdict.exit_code, 10);
    }

    fn two_lists_of_one_container_that_differ() {
        let forged = machine().forge();
        let runtime: Vec<Event> = forged.events.iter().filter(|event| event.imr == 3).cloned().collect();
        let changes: [fn(&mut Vec<Event>); 4] = [
            |events| events[2].payload[0] ^= 1,
            |events| drop(events.pop()),
            |events| events.swap(1, 2),
            |events| events.push(Event::runtime("extra", b"")),
        ];
        for change in changes {
            let mut second = runtime.clone();
            change(&mut second);
            second.iter_mut().for_each(|event| event.digest.clear());
            let mut case = Case::of(&forged, &ra_tls(&machine()));
            case.evidence.runtime_events = Some(Item::new(event::log_json(&second), "runtime_events"));
            case.is_refused(CheckId::EventLogFormat, Reason::RuntimeListsDisagree, NOT_GENUINE);
        }
    }

    fn a_second_list_that_cannot_be_read() {
        let mut case = Case::new(&machine());
        case.evidence.runtime_events = Some(Item::new("[{}]", "runtime_events"));
        case.is_refused(CheckId::EventLogFormat, Reason::EventLogMalformed, REFUSED);
    }

    fn a_log_given_without_a_quote_proves_nothing() {
        let mut case = Case::new(&machine());
        case.evidence.quote = None;
        let report = case.judge();
        assert!(report.identity.is_none());
        assert_eq!(report.verdict.exit_code, 13);
    }
}

/// A CCEL area with one event of this algorithm in RTMR3.
fn ccel(algorithm: u16, length: usize) -> Vec<u8> {
    let mut body = b"Spec ID Event03\0".to_vec();
    body.extend([0, 0, 0, 0, 0, 2, 0, 2]);
    body.extend(1_u32.to_le_bytes());
    body.extend([0xc, 0, 48, 0]);
    body.push(0);
    let mut area = [0_u32.to_le_bytes(), 3_u32.to_le_bytes()].concat();
    area.extend([0; 20]);
    area.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    area.extend(body);
    area.extend(3_u32.to_le_bytes());
    area.extend(6_u32.to_le_bytes());
    area.extend(1_u32.to_le_bytes());
    area.extend(algorithm.to_le_bytes());
    area.extend(vec![1; length]);
    area.extend(0_u32.to_le_bytes());
    area.extend([0xff; 4]);
    area
}
