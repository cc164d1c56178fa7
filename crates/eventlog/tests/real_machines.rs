//! Every real machine at hand: its log replays to its quote, and names what its notes say.

mod support;

use serde_json::Value;
use support::{TdReport, machines, shared};
use veritee_eventlog::{
    AppIdentity, ConfigIdOutcome, EventLog, KeyProviderKind, RegisterStatus, config_id, derived, replay,
};
use veritee_model::{Budget, Ppid, Rtmr, RtmrIndex};

fn parse(name: &str, bytes: &[u8]) -> EventLog {
    EventLog::parse_json(bytes, &Budget::STANDARD).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_machine_replays_and_names_the_events_of_its_notes() {
    for machine in machines() {
        let name = &machine.name;
        let registers = TdReport(&machine.quote).registers();
        let replayed = replay(&parse(name, &machine.log), &registers).expect(name);
        for register in RtmrIndex::ALL {
            let status = replayed.status(register);
            assert!(matches!(status, RegisterStatus::Match { events } if events > 0), "{name} {register}");
        }
        let identity = AppIdentity::read(&replayed).unwrap_or_else(|error| panic!("{name}: {error}"));
        let unknown = KeyProviderKind::Unknown;
        assert_ne!(identity.key_provider().kind(), unknown, "{name}");
        let Some(events) = machine.meta.get("runtime_events") else { continue };
        assert_eq!(events["app-id"], identity.app_id().to_string(), "{name}");
        assert_eq!(events["compose-hash"], identity.compose_hash().to_string(), "{name}");
        let instance = identity.instance_id().map(ToString::to_string).unwrap_or_default();
        assert_eq!(events["instance-id"], instance, "{name}");
        let provider = std::str::from_utf8(identity.key_provider().payload()).unwrap();
        assert_eq!(events["key-provider"], provider, "{name}");
        let optional = |name: &str| events.get(name).and_then(Value::as_str).map(str::to_owned);
        assert_eq!(optional("mr-kms"), identity.mr_kms().map(ToString::to_string), "{name}");
        let image = identity.os_image_hash_claimed().map(ToString::to_string);
        assert_eq!(optional("os-image-hash"), image, "{name}");
    }
}

#[test]
fn every_boot_digest_that_a_payload_allows_is_recomputed() {
    for machine in machines() {
        let log = parse(&machine.name, &machine.log);
        let boot = log.events().iter().filter(|event| !event.is_runtime());
        let recomputed = boot.filter(|event| event.recomputed_digest().is_some()).count();
        assert!(recomputed >= 12, "{}: {recomputed}", machine.name);
        let labels: Vec<&str> =
            log.events().iter().filter_map(|event| event.acpi()).map(|blob| blob.name()).collect();
        assert_eq!(labels, ["acpi-loader", "acpi-rsdp", "acpi-tables"], "{}", machine.name);
    }
}

#[test]
fn the_log_of_one_machine_never_replays_to_the_quote_of_another() {
    let machines = machines();
    for one in &machines {
        let log = parse(&one.name, &one.log);
        for other in &machines {
            let same = TdReport(&one.quote).registers() == TdReport(&other.quote).registers();
            let replays = replay(&log, &TdReport(&other.quote).registers()).is_ok();
            assert_eq!(replays, same, "{} on {}", one.name, other.name);
        }
    }
}

#[test]
fn mrconfigid_commits_to_the_measured_compose_on_every_machine_that_has_one() {
    let (mut zero, mut first, mut second) = (0, 0, 0);
    for machine in machines() {
        let report = TdReport(&machine.quote);
        let replayed = replay(&parse(&machine.name, &machine.log), &report.registers()).unwrap();
        let identity = AppIdentity::read(&replayed).unwrap();
        match config_id::check(&report.config_id(), &identity, None) {
            ConfigIdOutcome::Zero => zero += 1,
            ConfigIdOutcome::Match { version: 1, .. } => first += 1,
            ConfigIdOutcome::Match { version: 2, .. } => second += 1,
            other => panic!("{}: {other}", machine.name),
        }
    }
    if shared().is_some() {
        assert_eq!((zero, first, second), (3, 22, 1));
    }
}

#[test]
fn derived_identifiers_are_the_ones_that_dstack_reports() {
    let (mut aggregates, mut devices) = (0, 0);
    for machine in machines() {
        let report = TdReport(&machine.quote);
        let aggregated = derived::mr_aggregated(
            &report.mrtd(),
            &report.registers(),
            &report.config_id(),
            &report.owner(),
            &report.owner_config(),
        );
        if let Some(expected) = machine.meta["checks"]["mr_aggregated"].as_str() {
            assert_eq!(aggregated.to_string(), expected, "{}", machine.name);
            aggregates += 1;
        }
        let Ok(info) = std::fs::read(machine.folder.join("info.raw.json")) else { continue };
        let info: Value = serde_json::from_slice(&info).unwrap();
        assert_eq!(info["mr_aggregated"], aggregated.to_string(), "{}", machine.name);
        let header = derived::device_id_of_header(machine.quote[28..48].try_into().unwrap());
        assert_eq!(info["device_id"], header.to_string(), "{}", machine.name);
        assert_ne!(info["device_id"], derived::device_id(&ppid(&machine.quote)).to_string());
        devices += 1;
    }
    if shared().is_some() {
        assert_eq!((aggregates, devices), (11, 7));
    }
}

/// The PPID out of the PCK certificate in the quote: OCTET STRING after OID 1.2.840.113741.1.13.1.1.
fn ppid(quote: &[u8]) -> Ppid {
    let text = String::from_utf8_lossy(quote);
    let begin = "-----BEGIN CERTIFICATE-----";
    let body = text.split(begin).nth(1).unwrap().split("-----END").next().unwrap();
    let mut der = Vec::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for symbol in body.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let value = alphabet.iter().position(|known| *known == symbol).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            der.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    let oid = b"\x06\x0a\x2a\x86\x48\x86\xf8\x4d\x01\x0d\x01\x01\x04\x10";
    let at = der.windows(oid.len()).position(|window| window == oid).unwrap() + oid.len();
    Ppid::try_from(&der[at..at + 16]).unwrap()
}

#[test]
fn the_firmware_log_of_a_machine_without_dstack_replays_and_names_no_application() {
    let Some(shared) = shared() else { return };
    let log = std::fs::read(shared.join("vectors/ccel/ccel_data.dat")).unwrap();
    let quote = std::fs::read(shared.join("vectors/ccel/cos-113-tdx-quote.dat")).unwrap();
    let log = EventLog::parse_ccel(&log, &Budget::STANDARD).unwrap();
    assert_eq!(log.events().len(), 43);
    let replayed = replay(&log, &TdReport(&quote).registers()).unwrap();
    let counts = RtmrIndex::ALL.map(|register| replayed.status(register));
    let matches = |events| RegisterStatus::Match { events };
    assert_eq!(counts, [matches(16), matches(7), matches(20), matches(0)]);
    assert!(replayed.trace().register(RtmrIndex::Rtmr3).is_zero());
    assert!(AppIdentity::read(&replayed).is_err());
}

#[test]
fn the_log_of_an_unquoted_answer_replays_to_the_registers_beside_it() {
    let Some(shared) = shared() else { return };
    let answer = std::fs::read(shared.join("compose-corpus/01-hermes-2026-03-10.tcb_info.json")).unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let log = parse("hermes", answer["event_log"].to_string().as_bytes());
    let registers = ["rtmr0", "rtmr1", "rtmr2", "rtmr3"]
        .map(|name| Rtmr::from_hex(answer[name].as_str().unwrap()).unwrap());
    let identity = AppIdentity::read(&replay(&log, &registers).unwrap()).unwrap();
    assert_eq!(answer["compose_hash"], identity.compose_hash().to_string());
    assert_eq!(answer["os_image_hash"], identity.os_image_hash_claimed().unwrap().to_string());
}
