//! The testkit's dstack formulas against real machines, and its machines against independent readers.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use veritee_testkit::Shape;
use veritee_testkit::dstack::event::{self, Event, RUNTIME_EVENT};
use veritee_testkit::dstack::ra_tls::RaTlsForm;
use veritee_testkit::dstack::report_data::{Binding, tagged};
use veritee_testkit::dstack::{Machine, registers};

/// The folders of real machines, or nothing where they are absent.
fn real_machines() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/dstack");
    let Ok(entries) = std::fs::read_dir(root) else {
        eprintln!("skipped: ../shared is absent");
        return Vec::new();
    };
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn real_events(folder: &Path) -> Vec<Event> {
    let text = std::fs::read(folder.join("event_log.json")).unwrap();
    let log: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let bytes = |event: &Value, name: &str| hex::decode(event[name].as_str().unwrap()).unwrap();
    log.iter()
        .map(|event| Event {
            imr: u32::try_from(event["imr"].as_u64().unwrap()).unwrap(),
            event_type: u32::try_from(event["event_type"].as_u64().unwrap()).unwrap(),
            digest: bytes(event, "digest"),
            name: event["event"].as_str().unwrap().to_owned(),
            payload: bytes(event, "event_payload"),
            version: 1,
            preimage: false,
        })
        .collect()
}

#[test]
fn real_logs_replay_to_real_registers() {
    for folder in real_machines() {
        let events = real_events(&folder);
        let quote = std::fs::read(folder.join("quote.bin")).unwrap();
        for (index, register) in registers(&events).iter().enumerate() {
            let at = 48 + 328 + 48 * index;
            assert_eq!(hex::encode(register), hex::encode(&quote[at..at + 48]), "{}", folder.display());
        }
        for event in events.iter().filter(|event| event.event_type == RUNTIME_EVENT) {
            assert_eq!(event.computed().to_vec(), event.digest, "{} {}", folder.display(), event.name);
        }
    }
}

#[test]
fn forged_boot_logs_have_the_event_types_of_a_real_one_in_the_same_order() {
    let Some(folder) = real_machines().into_iter().find(|folder| folder.ends_with("base-prod7-app")) else {
        return;
    };
    let shape = |events: &[Event]| -> Vec<(u32, u32)> {
        events.iter().filter(|event| event.imr < 3).map(|event| (event.imr, event.event_type)).collect()
    };
    assert_eq!(shape(&Machine::new(1).events), shape(&real_events(&folder)));
}

#[test]
fn a_forged_machine_verifies_in_dcap_qvl_with_its_registers() {
    for shape in [Shape::TdxV4, Shape::TdxV5Td10, Shape::TdxV5Td15, Shape::TdxV5Td15Ex] {
        let machine = Machine::with_shape(2, shape).forge();
        let platform = &machine.platform;
        let collateral: dcap_qvl::QuoteCollateralV3 =
            serde_json::from_str(&platform.collateral_json()).unwrap();
        let report = dcap_qvl::verify::QuoteVerifier::new(platform.root_der.clone())
            .verify(&platform.quote, &collateral, platform.as_of.seconds())
            .unwrap();
        let quoted = report.report.as_td10().unwrap();
        let replayed = registers(&machine.events);
        assert_eq!([quoted.rt_mr0, quoted.rt_mr1, quoted.rt_mr2, quoted.rt_mr3], replayed, "{shape:?}");
        assert_eq!(quoted.report_data, machine.report_data);
        assert_eq!(quoted.mr_config_id[0], 1);
    }
}

#[test]
fn the_ra_tls_chain_is_signed_up_to_the_measured_key_provider() {
    for form in
        [RaTlsForm::Separate, RaTlsForm::SeparateCompressed, RaTlsForm::ContainerV0, RaTlsForm::ContainerV1]
    {
        let machine = Machine::new(2).change(|machine| machine.ra_tls.form = form);
        let forged = machine.forge();
        let pems: Vec<_> = x509_parser::pem::Pem::iter_from_buffer(forged.ra_tls_pem.as_bytes())
            .map(Result::unwrap)
            .collect();
        let chain: Vec<_> = pems.iter().map(|pem| pem.parse_x509().unwrap()).collect();
        let [leaf, app_ca, kms_ca] = &chain[..] else { panic!("three certificates") };
        for (subject, issuer) in [(leaf, app_ca), (app_ca, kms_ca), (kms_ca, kms_ca)] {
            let point = [&[4][..], &issuer.public_key().subject_public_key.data[1..]].concat();
            ring::signature::UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_ASN1, point)
                .verify(subject.tbs_certificate.as_ref(), &subject.signature_value.data)
                .unwrap();
        }
        assert_eq!(forged.report_data, tagged("ratls-cert", leaf.public_key().raw));
        assert_eq!(hex::encode(kms_ca.public_key().raw), machine.key_provider.id);
    }
}

#[test]
fn version_2_events_measure_canonical_json() {
    let event = Event::runtime_v2("compose-hash", &[0xab, 0xcd], true);
    assert_eq!(event.digest_input(), br#"{"name":"compose-hash","payload":"abcd","type":134217729}"#);
    assert_ne!(event.digest, Event::runtime("compose-hash", &[0xab, 0xcd]).digest);
    assert!(event.json().contains(r#""version":2,"preimage":"7b22"#));
}

#[test]
fn a_lying_host_changes_the_log_and_not_the_quote() {
    let honest = Machine::new(4).forge();
    let mut lying = honest.clone();
    lying.events.retain(|event| event.name != "compose-hash");
    assert_eq!(honest.platform.quote, lying.platform.quote);
    assert_ne!(honest.event_log_json(), lying.event_log_json());
}

#[test]
fn every_document_form_carries_the_same_quote_log_and_compose() {
    let forged = Machine::new(4).forge();
    let answer: Value = serde_json::from_str(&forged.get_quote_json()).unwrap();
    assert_eq!(answer["quote"], hex::encode(&forged.platform.quote));
    assert_eq!(answer["event_log"], forged.event_log_json());
    let info: Value = serde_json::from_str(&forged.info_json()).unwrap();
    let tcb_info: Value = serde_json::from_str(info["tcb_info"].as_str().unwrap()).unwrap();
    assert_eq!(tcb_info["app_compose"], forged.app_compose_text());
    assert_eq!(forged.page_html().matches("<textarea readonly>").count(), 1);
}

#[test]
fn the_kms_binding_is_the_formula_of_a_real_bootstrap_quote() {
    let Some(folder) = real_machines().into_iter().find(|folder| folder.ends_with("kms-pha-prod7-bootstrap"))
    else {
        return;
    };
    let quote = std::fs::read(folder.join("quote.bin")).unwrap();
    // The same text around the real keys, which that folder's description gives.
    let text = "dstack-kms-genereted-keys-v1:3059301306072a8648ce3d020106082a8648ce3d030107034200048844eb42ccdf8c52fd4f174f362fcb9bbd19c45fd48f1edec2d8f1ca23536ec1a74021b4cee610c074f8294d431b2b7fee2c39e5333fdaf0a4522d43fb159d9f;0334c76e0c3f52ec64cbf9bbf5c910c272330166fd656c0a86bb330963e46910e1;";
    use sha3::Digest as _;
    assert_eq!(quote[568..600], sha3::Keccak256::digest(text)[..]);
    let machine = Machine::new(4).change(|machine| machine.binding = Binding::KmsBootstrap);
    let spki = hex::encode(machine.universe.pki.key(veritee_testkit::Role::KmsCa).spki());
    let own = format!("dstack-kms-genereted-keys-v1:{spki};{};", "02".repeat(33));
    assert_eq!(machine.forge().report_data[..32], sha3::Keccak256::digest(own)[..]);
}

#[test]
fn all_names_of_dstack_s_history_occur_in_its_order() {
    let payloads = Machine::new(1).payloads();
    let names: Vec<String> =
        event::all_runtime_events(&payloads).into_iter().map(|event| event.name).collect();
    assert_eq!(
        names,
        [
            "system-preparing",
            "app-id",
            "compose-hash",
            "init-script-hash",
            "gpu-policy-hash",
            "gpu-attestation",
            "instance-id",
            "boot-mr-done",
            "mr-kms",
            "os-image-hash",
            "key-provider",
            "storage-fs",
            "system-ready"
        ]
    );
}
