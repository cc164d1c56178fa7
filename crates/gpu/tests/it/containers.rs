//! The forms in which evidence travels.

use crate::world::{NONCE, SEED, one, read};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use veritee_gpu::container::{self, Collected, ContainerForm, ServiceAnswer};
use veritee_model::{Budget, Reason};
use veritee_testkit::gpu::{machine, payload};

fn form(bytes: &[u8]) -> ContainerForm {
    match container::read(bytes, &Budget::STANDARD) {
        Ok(Collected::Devices { form, .. }) => form,
        other => panic!("{other:?}"),
    }
}

fn entries() -> Vec<Value> {
    machine(SEED, NONCE, 2, 0).iter().map(veritee_testkit::gpu::DeviceSpec::entry).collect()
}

#[test]
fn every_form_gives_the_same_devices() {
    let plain = payload(&machine(SEED, NONCE, 2, 0));
    let devices = read(&plain);
    let inner = json!(entries()).to_string();
    let coco: Vec<_> = devices
        .iter()
        .map(|it| json!({"arch": "HOPPER", "uuid": "x", "evidence": hex::encode(&it.report), "certificate": STANDARD.encode(&it.chain)}))
        .collect();
    let rs: Vec<_> = devices
        .iter()
        .map(|it| json!({"arch": "HOPPER", "evidence_b64": STANDARD.encode(&it.report), "cert_chain_b64": STANDARD.encode(&it.chain)}))
        .collect();
    for (expected, bytes) in [
        (ContainerForm::NrasPayload, plain.clone()),
        (ContainerForm::NrasPayload, json!(String::from_utf8(plain.clone()).unwrap()).to_string().into_bytes()),
        (ContainerForm::Collected, inner.clone().into_bytes()),
        (ContainerForm::CollectedAnswer, json!({"evidences": entries(), "result_code": 0}).to_string().into_bytes()),
        (
            ContainerForm::DstackBundles,
            json!({"bundles": [{"vendor": "nvidia", "format": "nvidia-nvattest-collect-evidence-json-v1", "evidence": hex::encode(&inner)}]})
                .to_string()
                .into_bytes(),
        ),
        (
            ContainerForm::DstackBundles,
            json!({"bundles": [{"evidence": STANDARD.encode(&inner)}]}).to_string().into_bytes(),
        ),
        (ContainerForm::Coco, json!({"device_evidence_list": coco}).to_string().into_bytes()),
        (ContainerForm::AttestationRs, json!({"binding": {}, "devices": rs}).to_string().into_bytes()),
    ] {
        assert_eq!(form(&bytes), expected);
        let found = read(&bytes);
        let same = |(a, b): (&container::Device, &container::Device)| a.report == b.report && a.chain == b.chain;
        assert!(found.len() == 2 && found.iter().zip(&devices).all(same), "{expected}");
    }
}

#[test]
fn a_lone_report_is_read_as_bytes_and_as_hex_of_any_layout() {
    let report = one().report();
    let digits = hex::encode(&report);
    let lines: Vec<_> = digits.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    for text in
        [report.clone(), digits.clone().into_bytes(), format!("0x{}\n", lines.join("\n")).into_bytes()]
    {
        assert_eq!(form(&text), ContainerForm::Report);
        assert_eq!(read(&text)[0].report, report);
    }
}

#[test]
fn an_empty_list_is_no_device() {
    for text in [
        "{\"evidence_list\":[]}",
        "[]",
        "{\"bundles\":[]}",
        "\"{\\\"nonce\\\":\\\"\\\",\\\"evidence_list\\\":[]}\"",
    ] {
        assert_eq!(read(text.as_bytes()), []);
    }
}

#[test]
fn claims_of_the_container_stand_for_devices_that_have_none() {
    let mut entry = one().entry();
    entry.as_object_mut().unwrap().remove("arch");
    let text = json!({"nonce": "ab", "arch": "HOPPER", "evidence_list": [entry]}).to_string();
    let device = read(text.as_bytes()).remove(0);
    assert_eq!(device.claims.arch.as_deref(), Some("HOPPER"));
    assert_eq!(device.claims.nonce, Some(hex::encode(NONCE)));
    assert_eq!(device.place, "/evidence_list/0");
}

#[test]
fn what_stands_above_a_list_is_kept_for_each_device_whatever_its_own_entry_says() {
    let list = json!({"nonce": "cd", "evidence_list": entries()}).to_string();
    let outer =
        json!({"nonce": "ab", "arch": "X", "bundles": [{"nonce": "ef", "evidence": STANDARD.encode(&list)}]});
    for device in read(outer.to_string().as_bytes()) {
        assert_eq!(device.claims.nonce, Some(hex::encode(NONCE)));
        let above: Vec<_> = device.above.iter().map(|claims| claims.nonce.as_deref()).collect();
        assert_eq!(above, [Some("ab"), Some("ef"), Some("cd")]);
        assert_eq!(device.above[0].arch.as_deref(), Some("X"));
    }
}

#[test]
fn a_second_list_of_devices_is_refused_under_every_name() {
    let list = json!(entries());
    let payload = String::from_utf8(payload(&machine(SEED, NONCE, 1, 0))).unwrap();
    for second in [
        json!({"evidences": list, "evidence_list": list}),
        json!({"evidence_list": list, "devices": []}),
        json!({"evidence_list": list, "bundles": [{"evidence": "00"}]}),
        json!({"evidence_list": list, "nvidia_payload": payload}),
        json!({"evidence_list": list, "x": {"y": list}}),
        json!({"evidence_list": list, "x": json!(payload).to_string()}),
    ] {
        let error = container::read(second.to_string().as_bytes(), &Budget::STANDARD).unwrap_err();
        assert!(error.to_string().contains("a second list of devices"), "{error}");
        assert_eq!(error.reason(), Reason::GpuEvidenceMalformed);
    }
    let beside =
        json!({"evidence_list": list, "claims": [{"nonce": "a"}], "result_code": 0, "evidences": null});
    assert_eq!(read(beside.to_string().as_bytes()).len(), 2);
}

#[test]
fn what_a_service_said_is_recognised_and_has_no_device() {
    let token = "eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJ4In0.AAAA";
    for (expected, bytes) in [
        (ServiceAnswer::Token, token.as_bytes().to_vec()),
        (ServiceAnswer::Token, json!([["JWT", token], {"GPU-0": token}]).to_string().into_bytes()),
        (
            ServiceAnswer::Nvattest,
            json!({"result_code": 0, "claims": [], "detached_eat": [["JWT", "eyJhbGciOiJub25lIn0.e30."]]})
                .to_string()
                .into_bytes(),
        ),
        (ServiceAnswer::Cmw, json!(["application/eat+cwt", "AAAA"]).to_string().into_bytes()),
        (
            ServiceAnswer::Cmw,
            json!({"__cmwc_t": "tag:nvidia.com", "a": ["application/x", "AA"]}).to_string().into_bytes(),
        ),
        (ServiceAnswer::Corim, vec![0xd9, 0x01, 0xf5, 0xa0]),
    ] {
        assert_eq!(container::read(&bytes, &Budget::STANDARD), Ok(Collected::Answer(expected)));
    }
}

#[test]
fn containers_that_two_readers_could_see_in_two_ways_or_that_are_too_large_are_refused() {
    let entry = one().entry().to_string();
    let twice = format!("{{\"evidence_list\":[],\"evidence_list\":[{entry}]}}");
    let both = entry.replacen('{', "{\"evidence\":\"00\",", 1);
    let many = json!(vec![json!({"evidence": "00", "certificate": "00"}); 65]).to_string();
    let nested = (0..5).fold("[]".to_owned(), |text, _| json!(text).to_string());
    for text in [
        twice,
        format!("[{both}]"),
        many,
        nested,
        "[{\"evidence\":\"zz!\",\"certificate\":\"\"}]".to_owned(),
        "[{\"evidence\":\"00\"}]".to_owned(),
        "{}".to_owned(),
        "null".to_owned(),
        String::new(),
        "[1]".to_owned(),
        "[".repeat(100_000),
    ] {
        let error = container::read(text.as_bytes(), &Budget::STANDARD).unwrap_err();
        assert_eq!(error.reason(), Reason::GpuEvidenceMalformed, "{}", &text[..text.len().min(60)]);
    }
    let large = vec![b' '; (4 << 20) + 1];
    assert!(container::read(&large, &Budget::STANDARD).is_err());
}
