//! Each form gives the parts that it has, exactly, with their places.

use crate::support::*;
use rmpv::Value as Msgpack;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use veritee_evidence::{Format, NamedEvidence, Note, Readout, parts, read_ingress};
use veritee_model::Evidence;
use veritee_model::evidence::EventLogFormat;

fn one(bytes: &[u8], format: Format) -> Evidence {
    let readout = read(bytes).unwrap();
    assert_eq!(readout.format, format);
    let [NamedEvidence { label, evidence }] = readout.machines.try_into().unwrap();
    assert_eq!(label, "");
    evidence
}

fn log(evidence: &Evidence) -> Value {
    serde_json::from_slice(&evidence.event_log.as_ref().unwrap().item.bytes).unwrap()
}

fn claim<'a>(evidence: &'a Evidence, name: &str) -> &'a str {
    &evidence.claims.values[name].value
}

#[test]
fn every_form_is_recognised() {
    for (name, bytes) in one_of_every_form() {
        let readout = read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!readout.machines.is_empty(), "{name}");
    }
}

/// It is for the engine to say that it knows no such version: a form that nobody knows would be another answer.
#[test]
fn a_quote_of_any_version_is_a_quote() {
    for version in [1_u16, 2, 6, 0x0104, u16::MAX] {
        let mut quote = forged_quote();
        quote[..2].copy_from_slice(&version.to_le_bytes());
        quote[12..28].copy_from_slice(&hex::decode("939a7233f79c4ca9940a0db3957f0607").unwrap());
        for bytes in [quote.clone(), hex::encode(&quote).into_bytes()] {
            assert_eq!(one(&bytes, Format::Quote).quote.unwrap().bytes, quote, "version {version}");
        }
        // Bytes that name another vendor are not taken for one.
        quote[12] ^= 1;
        assert!(read(&quote).is_err(), "version {version}");
    }
}

#[test]
fn a_get_quote_answer_keeps_the_log_string_exactly() {
    let answer = json!({ "quote": hex::encode(forged_quote()), "event_log": LOG, "report_data": "0xAB",
        "vm_config": VM_CONFIG, "attestation": "" });
    let evidence = one(answer.to_string().as_bytes(), Format::GetQuote);
    assert_eq!(evidence.quote.as_ref().unwrap().bytes, forged_quote());
    assert_eq!(evidence.event_log.as_ref().unwrap().item.bytes, LOG.as_bytes());
    assert_eq!(evidence.vm_config.as_ref().unwrap().bytes, VM_CONFIG.as_bytes());
    assert_eq!(claim(&evidence, "report_data"), "ab");
    assert!(evidence.certificates.is_none() && evidence.app_compose.is_none());
}

#[test]
fn an_event_log_array_is_kept_as_it_stands_in_the_document() {
    let text =
        format!(r#"{{"quote": "{}", "event_log": {LOG}, "debug": false}}"#, hex::encode(forged_quote()));
    let evidence = one(text.as_bytes(), Format::VerifierRequest);
    let log = evidence.event_log.unwrap();
    assert_eq!((log.item.bytes, log.format), (LOG.as_bytes().to_vec(), EventLogFormat::DstackJson));
    assert_eq!(log.item.source, "input#/event_log");
}

#[test]
fn the_top_level_copy_is_taken_and_a_note_says_that_there_is_another() {
    let request = json!({ "quote": hex::encode(forged_quote()), "event_log": full_log(), "vm_config": VM_CONFIG,
        "attestation": hex::encode(scale_container(VM_CONFIG)), "debug": true });
    let readout = read(request.to_string().as_bytes()).unwrap();
    let evidence = &readout.machines[0].evidence;
    assert_eq!(evidence.event_log.as_ref().unwrap().item.bytes, full_log().as_bytes());
    let note = Note::SecondCopy {
        part: "quote",
        taken: "input#/quote".into(),
        other: "input#/attestation/quote".into(),
        equal: true,
    };
    assert!(readout.notes.contains(&note), "{:?}", readout.notes);
    let copies = readout.notes.iter().filter(|note| matches!(note, Note::SecondCopy { .. })).count();
    assert_eq!(copies, 3);
    assert!(evidence.runtime_events.is_some());
}

#[test]
fn nothing_is_taken_from_a_certificate_that_belongs_to_another_quote() {
    let other = [forged_quote(), vec![1]].concat();
    for extensions in [
        vec![(ATTESTATION, scale_container(VM_CONFIG))],
        vec![(QUOTE, forged_quote()), (EVENT_LOG, LOG.as_bytes().to_vec())],
    ] {
        let pem = certificate(&extensions).pem();
        let report =
            json!({ "intel_quote": hex::encode(&other), "report_data": "aa", "info": { "app_cert": pem } });
        let readout = read(report.to_string().as_bytes()).unwrap();
        let evidence = &readout.machines[0].evidence;
        assert_eq!(evidence.quote.as_ref().unwrap().bytes, other);
        assert_eq!(claim(evidence, "report_data"), "aa");
        assert!(
            evidence.event_log.is_none() && evidence.runtime_events.is_none() && evidence.vm_config.is_none()
        );
        assert_eq!(evidence.certificates.as_ref().unwrap().bytes, pem.as_bytes());
        assert!(
            matches!(readout.notes[..], [Note::SecondCopy { part: "quote", equal: false, .. }]),
            "{:?}",
            readout.notes
        );
    }
}

#[test]
fn an_info_answer_whose_certificate_has_no_quote_has_no_quote() {
    let pem = certificate(&[(APP_ID, vec![1; 20])]).pem();
    let info = json!({ "app_id": "01", "tcb_info": tcb_info(), "app_cert": pem });
    let evidence = one(info.to_string().as_bytes(), Format::Info);
    assert!(evidence.quote.is_none());
    assert_eq!(evidence.certificates.unwrap().bytes, pem.as_bytes());
    assert_eq!(evidence.app_compose.unwrap().bytes, COMPOSE.as_bytes());
}

#[test]
fn a_scale_container_gives_its_fields_and_the_nested_configs() {
    let answer =
        json!({ "attestation": format!("0x{}", hex::encode(scale_container(&sys_config()))) }).to_string();
    let bare = scale_container(&sys_config());
    for (bytes, format) in [
        (answer.into_bytes(), Format::Attest),
        (bare.clone(), Format::Container),
        (hex::encode(&bare).into_bytes(), Format::Container),
    ] {
        let evidence = one(&bytes, format);
        assert_eq!(evidence.quote.as_ref().unwrap().bytes, forged_quote());
        assert_eq!(
            log(&evidence),
            json!([
                { "imr": 0, "event_type": 0x8000_000b_u32, "digest": "07".repeat(48), "event": "",
                  "event_payload": hex::encode("ACPI DATA") },
                { "imr": 3, "event_type": 0x0800_0001, "digest": "", "event": "app-id", "event_payload": "01".repeat(20) },
            ])
        );
        let runtime: Value =
            serde_json::from_slice(&evidence.runtime_events.as_ref().unwrap().bytes).unwrap();
        assert_eq!(
            runtime,
            json!([{ "imr": 3, "event_type": 0x0800_0001, "digest": "", "event": "app-id", "event_payload": "01".repeat(20) }])
        );
        assert_eq!(evidence.vm_config.as_ref().unwrap().bytes, VM_CONFIG.as_bytes());
        assert_eq!(evidence.mr_config.as_ref().unwrap().bytes, MR_CONFIG.as_bytes());
        assert_eq!(claim(&evidence, "report_data"), "09".repeat(64));
        assert!(evidence.bound_content.is_none());
    }
}

#[test]
fn a_msgpack_container_keeps_versions_and_preimages_of_events() {
    let evidence = one(&MsgpackContainer::new().bytes(), Format::Container);
    assert_eq!(evidence.quote.as_ref().unwrap().bytes, forged_quote());
    let events = log(&evidence);
    assert_eq!(events[1]["version"], 2);
    assert_eq!(events[1]["preimage"], "7b7d");
    assert_eq!(events[0].get("version"), None);
    let runtime: Value = serde_json::from_slice(&evidence.runtime_events.as_ref().unwrap().bytes).unwrap();
    assert_eq!(runtime[0]["event_payload"], "01".repeat(20));
    assert_eq!(runtime[0]["version"], 2);
    assert_eq!(evidence.vm_config.as_ref().unwrap().bytes, VM_CONFIG.as_bytes());
}

#[test]
fn a_pod_container_gives_the_content_that_reportdata_binds() {
    let mut container = MsgpackContainer::new();
    container.stack_kind = "dstack-pod";
    container.stack.push(("report_data_payload", "the payload".into()));
    let bound = one(&container.bytes(), Format::Container).bound_content.unwrap();
    assert_eq!((bound.tag.as_str(), bound.algorithm.as_str()), ("app-data", "sha512"));
    assert_eq!(bound.content, b"the payload");
}

#[test]
fn bytes_may_be_integers_or_binary_and_payloads_base64_in_a_msgpack_container() {
    let mut container = MsgpackContainer::new();
    container.platform[0].1 = Msgpack::Binary(forged_quote());
    container.stack[0].1 = Msgpack::Binary(vec![9; 64]);
    container.stack[1].1 =
        Msgpack::Array(vec![map(&[("event", "app-id".into()), ("payload", Msgpack::Binary(vec![1; 20]))])]);
    let evidence = one(&container.bytes(), Format::Container);
    assert_eq!(evidence.quote.unwrap().bytes, forged_quote());
    let runtime: Value = serde_json::from_slice(&evidence.runtime_events.unwrap().bytes).unwrap();
    assert_eq!(runtime[0]["event_payload"], "01".repeat(20));
}

#[test]
fn other_platforms_are_named_not_guessed() {
    for (index, name) in
        ["gcp-tdx", "nitro-enclave", "sev-snp", "aws-nitro-tpm", "unknown"].iter().enumerate()
    {
        let mut scale = scale_container(VM_CONFIG);
        scale[1] = index as u8 + 1;
        let error = read(&scale).unwrap_err();
        assert_eq!(error.reason().code(), "evidence-platform-unsupported");
        assert!(error.to_string().contains(name), "{error}");
        let kind = if *name == "unknown" { "new" } else { name };
        let container = MsgpackContainer { kind, ..MsgpackContainer::new() };
        let error = read(&container.bytes()).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn info_takes_the_quote_from_its_certificate_and_the_log_from_tcb_info() {
    let pem =
        certificate(&[(QUOTE, forged_quote()), (EVENT_LOG, b"[ ]".to_vec()), (APP_ID, vec![2; 20])]).pem();
    let as_string =
        json!({ "app_id": "0101", "tcb_info": tcb_info(), "app_cert": pem, "vm_config": VM_CONFIG });
    let mut as_object = as_string.clone();
    as_object["tcb_info"] = serde_json::from_str(&tcb_info()).unwrap();
    for info in [as_string, as_object] {
        let readout = read(info.to_string().as_bytes()).unwrap();
        let evidence = one(info.to_string().as_bytes(), Format::Info);
        assert_eq!(evidence.quote.as_ref().unwrap().source, "input#/app_cert/extensions/quote");
        assert_eq!(evidence.quote.as_ref().unwrap().bytes, forged_quote());
        assert_eq!(evidence.certificates.as_ref().unwrap().bytes, pem.as_bytes());
        assert_eq!(evidence.app_compose.as_ref().unwrap().bytes, COMPOSE.as_bytes());
        assert_eq!(log(&evidence), serde_json::from_str::<Value>(LOG).unwrap());
        assert_eq!(claim(&evidence, "rtmr0"), "bb");
        // The certificate's own app id is for the check of the certificate.
        assert_eq!(claim(&evidence, "app_id"), "0101");
        assert!(
            readout
                .notes
                .iter()
                .any(|note| matches!(note, Note::SecondCopy { part: "event log", equal: false, .. }))
        );
    }
}

#[test]
fn an_info_answer_of_a_private_application_has_its_quote_alone() {
    let pem = certificate(&[(QUOTE, forged_quote()), (EVENT_LOG, LOG.as_bytes().to_vec())]).pem();
    let info = json!({ "app_id": "01", "tcb_info": "", "vm_config": "", "app_cert": pem });
    let evidence = one(info.to_string().as_bytes(), Format::Info);
    assert_eq!(evidence.quote.unwrap().bytes, forged_quote());
    assert_eq!(evidence.event_log.unwrap().item.bytes, LOG.as_bytes());
    assert!(evidence.app_compose.is_none() && evidence.vm_config.is_none());
}

#[test]
fn claims_are_kept_as_claims_and_nothing_else_is_made_of_them() {
    let evidence = one(tcb_info().as_bytes(), Format::TcbInfo);
    assert!(evidence.quote.is_none());
    assert_eq!(evidence.claims.values["compose_hash"].source, "input#/compose_hash");
    assert_eq!(evidence.app_compose.unwrap().bytes, COMPOSE.as_bytes());
}

#[test]
fn the_agent_page_is_decoded_once() {
    let evidence = one(agent_page().as_bytes(), Format::AgentPage);
    assert_eq!(evidence.app_compose.unwrap().bytes, COMPOSE.as_bytes());
    let twice = agent_page().replace("\\\\u00e9", "&amp;lt;");
    let compose = one(twice.as_bytes(), Format::AgentPage).app_compose.unwrap();
    assert_eq!(compose.bytes, COMPOSE.replace("\\u00e9", "&lt;").as_bytes());
}

#[test]
fn cloud_instances_become_machines_and_stopped_ones_are_noted() {
    let cloud = one_of_every_form().into_iter().find(|(name, _)| *name == "cloud").unwrap().1;
    let Readout { format, machines, notes } = read(&cloud).unwrap();
    assert_eq!(format, Format::CloudAttestations);
    let labels: Vec<_> = machines.iter().map(|machine| machine.label.as_str()).collect();
    assert_eq!(labels, ["/instances/1", "/instances/2"]);
    assert_eq!(notes, [Note::WithoutQuote { places: vec!["input#/instances/0".into()], count: 1, of: 3 }]);
    assert!(notes[0].is_loss() && notes[0].to_string().starts_with("1 of 3 instances have no quote"));
    assert_eq!(machines[0].evidence.event_log.as_ref().unwrap().item.bytes, b"[{\"imr\":0}]");
    assert_eq!(machines[1].evidence.app_compose.as_ref().unwrap().bytes, COMPOSE.as_bytes());
    assert_eq!(claim(&machines[1].evidence, "app_id"), "01");
}

#[test]
fn a_cloud_application_without_running_instance_has_no_machine() {
    for instances in [json!([]), json!([null, { "quote": null }]), json!(null)] {
        let cloud = json!({ "app_id": "01", "instances": instances });
        let wanted = if cloud["instances"].is_null() { "evidence-malformed" } else { "evidence-no-machine" };
        assert_eq!(code(cloud.to_string().as_bytes()), wanted);
    }
}

#[test]
fn a_report_listed_in_itself_is_one_machine() {
    let hex = hex::encode(forged_quote());
    let own = json!({ "intel_quote": hex, "event_log": LOG });
    let mut report = own.clone();
    report["all_attestations"] = json!([own, { "intel_quote": hex.replace("0400", "0500") }, null]);
    let readout = read(report.to_string().as_bytes()).unwrap();
    let labels: Vec<_> = readout.machines.iter().map(|machine| machine.label.as_str()).collect();
    assert_eq!(labels, ["", "/all_attestations/1"]);
    let places = vec!["input#/all_attestations/2".into()];
    assert!(readout.notes.contains(&Note::WithoutQuote { places, count: 1, of: 3 }), "{:?}", readout.notes);
}

#[test]
fn an_ra_tls_certificate_gives_quote_log_and_app_id() {
    let certificate = certificate(&[
        (QUOTE, forged_quote()),
        (EVENT_LOG, compressed(LOG.as_bytes())),
        (APP_ID, vec![1; 20]),
    ]);
    let chain = format!("{}{}", certificate.pem(), certificate_raw(&[]).pem());
    for bytes in [certificate.pem().into_bytes(), certificate.der().to_vec(), chain.into_bytes()] {
        let evidence = one(&bytes, Format::RaTls);
        assert_eq!(evidence.quote.as_ref().unwrap().bytes, forged_quote());
        assert_eq!(evidence.event_log.as_ref().unwrap().item.bytes, LOG.as_bytes());
        assert_eq!(claim(&evidence, "app_id"), "01".repeat(20));
        let pem = evidence.certificates.unwrap().bytes;
        assert!(pem.starts_with(b"-----BEGIN CERTIFICATE-----"));
        assert_eq!(one(&pem, Format::RaTls).quote.unwrap().bytes, forged_quote());
    }
}

#[test]
fn an_ra_tls_certificate_may_carry_an_attestation_container() {
    for container in [scale_container(VM_CONFIG), MsgpackContainer::new().bytes()] {
        let evidence = one(certificate(&[(ATTESTATION, container.clone())]).pem().as_bytes(), Format::RaTls);
        assert_eq!(evidence.quote.unwrap().bytes, forged_quote());
        assert_eq!(evidence.vm_config.unwrap().bytes, VM_CONFIG.as_bytes());
        let both = certificate(&[(QUOTE, forged_quote()), (ATTESTATION, container)]);
        assert_eq!(one(both.der(), Format::RaTls).quote.unwrap().bytes, forged_quote());
    }
}

#[test]
fn an_unreadable_certificate_beside_a_quote_is_kept_to_fail_on() {
    let report = json!({ "intel_quote": hex::encode(forged_quote()), "info": { "app_cert": "-----BEGIN CERTIFICATE-----" } });
    let readout = read(report.to_string().as_bytes()).unwrap();
    assert_eq!(
        readout.machines[0].evidence.certificates.as_ref().unwrap().bytes,
        b"-----BEGIN CERTIFICATE-----"
    );
    assert!(matches!(readout.notes[..], [Note::CertificateUnreadable { .. }]));
}

#[test]
fn an_ingress_folder_keeps_its_files_by_name() {
    let answer =
        json!({ "quote": hex::encode(forged_quote()), "event_log": LOG, "report_data": "" }).to_string();
    let mut files: BTreeMap<String, Vec<u8>> = [
        ("quote.json", answer.as_bytes()),
        ("sha256sum.txt", b"00  acme-account.json\n"),
        ("acme-account.json", b"{}"),
        ("cert-a.example.pem", b"\xff"),
    ]
    .map(|(name, bytes)| (name.to_owned(), bytes.to_vec()))
    .into();
    let readout = read_ingress("evidences", &files, &BUDGET).unwrap();
    assert_eq!(readout.format, Format::IngressFolder);
    let evidence = &readout.machines[0].evidence;
    assert_eq!(evidence.quote.as_ref().unwrap().source, "evidences/quote.json#/quote");
    let ingress = evidence.ingress.as_ref().unwrap();
    assert_eq!(ingress.sums.bytes, b"00  acme-account.json\n");
    assert_eq!(ingress.files.keys().collect::<Vec<_>>(), ["acme-account.json", "cert-a.example.pem"]);
    assert_eq!(ingress.files["cert-a.example.pem"].bytes, b"\xff");
    files.insert("quote.json".into(), b"{\"quote\": \"\"}".to_vec());
    assert_eq!(read_ingress("e", &files, &BUDGET).unwrap_err().reason().code(), "evidence-malformed");
    for name in ["quote.json", "sha256sum.txt"] {
        let mut files = files.clone();
        files.remove(name);
        let error = read_ingress("e", &files, &BUDGET).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    let many = (0..300).map(|index| (index.to_string(), Vec::new())).collect();
    assert_eq!(read_ingress("e", &many, &BUDGET).unwrap_err().reason().code(), "evidence-too-large");
}

#[test]
fn parts_alone_are_named_with_the_flag_that_takes_them() {
    for (text, flag) in [
        (r#"[{"imr":0,"digest":"","event":""}]"#, "--event-log"),
        (r#"{"manifest_version":2,"docker_compose_file":""}"#, "--app-compose"),
        (VM_CONFIG, "--vm-config"),
        (r#"{"tcb_info":"","tcb_info_signature":"","qe_identity":""}"#, "--collateral"),
        (r#"{"schema":"veritee/report/v1"}"#, "render"),
    ] {
        let error = read(text.as_bytes()).unwrap_err();
        assert_eq!(error.reason().code(), "evidence-unrecognised", "{text}");
        assert!(error.next_step().contains(flag), "{text}: {}", error.next_step());
    }
}

#[test]
fn an_unknown_input_is_answered_with_what_was_looked_for() {
    for bytes in [
        &b""[..],
        b"hello",
        b"{}",
        b"{\"git_sha\":\"a\"}",
        b"[]",
        b"[1]",
        b"\xff\xfe",
        b"beefdead",
        b"\x1b[2J",
        b"null",
    ] {
        let error = read(bytes).unwrap_err();
        assert_eq!(error.reason().code(), "evidence-unrecognised", "{bytes:?}");
        let text = error.to_string();
        assert!(text.contains("GetQuote answer") && text.contains("RA-TLS"), "{text}");
        assert!(!text.contains('\u{1b}'));
    }
}

#[test]
fn a_part_given_by_itself_joins_what_came_along() {
    let mut evidence = one(tcb_info().as_bytes(), Format::TcbInfo);
    let note = parts::add_app_compose(&mut evidence, COMPOSE.as_bytes(), "file", &BUDGET).unwrap().unwrap();
    assert!(matches!(note, Note::Replaced { part: "app_compose", equal: true, .. }), "{note}");
    assert_eq!(evidence.app_compose.as_ref().unwrap().source, "file");
    assert_eq!(
        parts::add_quote(&mut evidence, hex::encode(forged_quote()).as_bytes(), "q", &BUDGET).unwrap(),
        None
    );
    assert_eq!(evidence.quote.as_ref().unwrap().bytes, forged_quote());
    let pem = certificate(&[(QUOTE, forged_quote())]).pem();
    assert_eq!(parts::add_certificates(&mut evidence, pem.as_bytes(), "c", &BUDGET).unwrap(), None);
    assert_eq!(evidence.certificates.as_ref().unwrap().bytes, pem.as_bytes());
    let bare = certificate(&[]);
    assert!(parts::add_certificates(&mut evidence, bare.der(), "c", &BUDGET).unwrap().is_some());
    assert_ne!(evidence.certificates.as_ref().unwrap().bytes, pem.as_bytes());
    let config = serde_json::to_string(VM_CONFIG).unwrap();
    parts::add_vm_config(&mut evidence, config.as_bytes(), "v", &BUDGET).unwrap();
    assert_eq!(evidence.vm_config.as_ref().unwrap().bytes, VM_CONFIG.as_bytes());
}

#[test]
fn an_event_log_may_be_json_a_string_hex_or_base64_of_it() {
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, LOG);
    for form in [LOG.to_owned(), serde_json::to_string(LOG).unwrap(), hex::encode(LOG), base64] {
        let mut evidence = Evidence::default();
        parts::add_event_log(&mut evidence, form.as_bytes(), "log", &BUDGET).unwrap();
        assert_eq!(evidence.event_log.unwrap().item.bytes, LOG.as_bytes());
    }
    for bad in ["", "{}", "\"\\\"\\\\\\\"a\\\\\\\"\\\"\"", "no log at all"] {
        assert!(
            parts::add_event_log(&mut Evidence::default(), bad.as_bytes(), "log", &BUDGET).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn collateral_is_found_where_it_is_nested_and_kept_as_it_stands() {
    let collateral = r#"{ "tcb_info": "a", "qe_identity": "b" }"#;
    for (form, count) in [
        (collateral.to_owned(), 1),
        (format!(r#"{{"quote": "00", "collateral": {collateral}}}"#), 1),
        (format!(r#"[{collateral}, {{"x": [{collateral}]}}]"#), 2),
    ] {
        let mut evidence = Evidence::default();
        assert_eq!(parts::add_collateral(&mut evidence, form.as_bytes(), "c", &BUDGET), Ok(count));
        assert!(evidence.collateral.iter().all(|item| item.bytes == collateral.as_bytes()), "{form}");
    }
    let document = veritee_evidence::to_json(&super::document::full_evidence(), "1");
    let mut evidence = Evidence::default();
    assert_eq!(parts::add_collateral(&mut evidence, document.as_bytes(), "c", &BUDGET), Ok(2));
    for none in ["{}", "[]", "{\"tcb_info\": \"\"}"] {
        let error = parts::add_collateral(&mut evidence, none.as_bytes(), "c", &BUDGET).unwrap_err();
        assert_eq!(error.reason().code(), "evidence-unrecognised");
    }
}

/// The committed samples are what the forgers make; `test-vectors/evidence/README.md` says how.
#[test]
fn the_committed_samples_are_the_forged_ones() {
    for (file, bytes) in samples() {
        let committed = vector(&format!("evidence/{file}"));
        // The order of members depends on features of serde_json that other packages of a build may turn on.
        let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
        match json(&bytes) {
            Some(made) => assert_eq!(json(&committed), Some(made), "{file}"),
            None => assert_eq!(committed, bytes, "{file}"),
        }
        assert!(read(&bytes).is_ok(), "{file}");
    }
}

#[test]
#[ignore = "writes the samples anew after a deliberate change"]
fn write_the_samples() {
    for (file, bytes) in samples() {
        std::fs::write(repository().join("test-vectors/evidence").join(file), bytes).unwrap();
    }
}

fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let forms = one_of_every_form();
    let form = |wanted: &str| forms.iter().find(|(name, _)| *name == wanted).unwrap().1.clone();
    vec![
        ("quote-header.bin", form("quote")),
        ("get-quote.json", form("GetQuote")),
        ("attest.json", form("Attest")),
        ("container-v0.bin", form("container V0")),
        ("container-v1.bin", form("container V1")),
        ("verifier-request.json", form("verifier request")),
        ("tcb-info.json", form("tcb_info")),
        ("agent-page.html", form("page")),
        ("cloud-attestations.json", form("cloud")),
        ("acme-info.json", form("acme-info")),
        ("evidence-v1.json", form("veritee")),
        ("evidence-set-v1.json", form("veritee set")),
    ]
}
