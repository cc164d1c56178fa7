//! Real machines: what is read is, byte for byte, what was extracted from them by other means.

use crate::support::{BUDGET, read, shared};
use base64::Engine as _;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use veritee_evidence::{Format, parts};
use veritee_model::evidence::EventLogFormat;
use veritee_model::{ComposeHash, Evidence};

fn folders(kind: &str) -> Vec<PathBuf> {
    let Some(shared) = shared() else { return Vec::new() };
    let mut found: Vec<PathBuf> = std::fs::read_dir(shared.join("vectors").join(kind))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

fn file(folder: &Path, name: &str) -> Option<Vec<u8>> {
    std::fs::read(folder.join(name)).ok()
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn only(bytes: &[u8], format: Format) -> Evidence {
    let readout = read(bytes).unwrap();
    assert_eq!(readout.format, format);
    assert_eq!(readout.machines.len(), 1);
    readout.machines[0].evidence.clone()
}

#[test]
fn every_real_quote_reads_alike_as_binary_hex_and_base64() {
    let mut count = 0;
    for folder in folders("dstack").into_iter().chain(folders("real")) {
        let quote = file(&folder, "quote.bin").unwrap();
        let hex = hex::encode(&quote);
        let base64 = base64::engine::general_purpose::STANDARD.encode(&quote);
        let forms = [
            quote.clone(),
            hex.clone().into_bytes(),
            format!(" 0x{}\n", hex.to_uppercase()).into_bytes(),
            format!("\"{hex}\"\n").into_bytes(),
            base64.clone().into_bytes(),
            base64.as_bytes().chunks(64).collect::<Vec<_>>().join(&b"\r\n"[..]),
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&quote).into_bytes(),
        ];
        for form in forms {
            assert_eq!(only(&form, Format::Quote).quote.unwrap().bytes, quote, "{folder:?}");
        }
        count += 1;
    }
    assert!(count == 0 || count == 39, "{count}");
}

#[test]
fn a_real_info_answer_gives_the_exact_compose_config_log_and_the_quote_of_its_certificate() {
    let mut count = 0;
    for folder in folders("dstack") {
        let Some(info) = file(&folder, "info.raw.json") else { continue };
        let evidence = only(&info, Format::Info);
        let meta = json(&file(&folder, "meta.json").unwrap());
        let compose = evidence.app_compose.unwrap();
        assert_eq!(Some(&compose.bytes), file(&folder, "app_compose.json").as_ref(), "{folder:?}");
        let measured = &meta["runtime_events"]["compose-hash"];
        assert_eq!(ComposeHash::of(&compose.bytes).to_string(), *measured, "{folder:?}");
        assert_eq!(evidence.claims.values["compose_hash"].value, *measured);
        assert_eq!(Some(evidence.vm_config.unwrap().bytes), file(&folder, "vm_config.json"), "{folder:?}");
        assert_eq!(Some(&evidence.quote.unwrap().bytes), file(&folder, "app_cert_quote.bin").as_ref());
        assert_eq!(Some(evidence.certificates.unwrap().bytes), file(&folder, "app_cert.pem"), "{folder:?}");
        let log = evidence.event_log.unwrap();
        assert_eq!(log.format, EventLogFormat::DstackJson);
        assert_eq!(json(&log.item.bytes), json(&file(&folder, "event_log.json").unwrap()), "{folder:?}");
        assert_eq!(log.item.source, "input#/tcb_info#/event_log");
        assert_eq!(evidence.claims.values["mrtd"].value, meta["quote"]["mr_td"], "{folder:?}");
        count += 1;
    }
    assert!(count == 0 || count == 7, "{count}");
}

#[test]
fn a_real_ra_tls_chain_gives_its_quote_and_log_in_pem_and_in_der() {
    let mut count = 0;
    for folder in folders("dstack") {
        let Some(pem) = file(&folder, "app_cert.pem") else { continue };
        let evidence = only(&pem, Format::RaTls);
        let quote = evidence.quote.unwrap().bytes;
        assert_eq!(Some(&quote), file(&folder, "app_cert_quote.bin").as_ref(), "{folder:?}");
        assert_eq!(evidence.certificates.unwrap().bytes, pem);
        // The log in the certificate is the one of the machine.
        let log = json(&evidence.event_log.unwrap().item.bytes);
        let runtime = |log: &Value| {
            let events = log.as_array().unwrap().iter().filter(|event| event["imr"] == 3).cloned();
            events.map(|event| (event["event"].clone(), event["event_payload"].clone())).collect::<Vec<_>>()
        };
        assert_eq!(runtime(&log), runtime(&json(&file(&folder, "event_log.json").unwrap())), "{folder:?}");
        let block = String::from_utf8(pem).unwrap();
        let block = block.split("-----").nth(2).unwrap().replace(['\n', '\r'], "");
        let der = base64::engine::general_purpose::STANDARD.decode(block).unwrap();
        assert_eq!(only(&der, Format::RaTls).quote.unwrap().bytes, quote, "{folder:?}");
        count += 1;
    }
    assert!(count == 0 || count == 8, "{count}");
}

#[test]
fn a_web_servers_certificate_is_no_evidence_and_the_error_says_why() {
    let Some(shared) = shared() else { return };
    let pem = file(&shared.join("vectors/dstack/base-prod7-gateway"), "gateway_tls_cert.pem").unwrap();
    let error = read(&pem).unwrap_err();
    assert_eq!(error.reason().code(), "evidence-malformed");
    assert!(error.to_string().contains("neither a quote nor an attestation"), "{error}");
    assert!(error.next_step().contains("leaf first"));
}

#[test]
fn parts_in_files_of_their_own_are_kept_exactly() {
    let mut count = 0;
    for folder in folders("dstack").into_iter().chain(folders("real")) {
        let mut evidence = only(&file(&folder, "quote.bin").unwrap(), Format::Quote);
        if let Some(compose) = file(&folder, "app_compose.json") {
            let meta = json(&file(&folder, "meta.json").unwrap());
            assert_eq!(parts::add_app_compose(&mut evidence, &compose, "compose", &BUDGET), Ok(None));
            let kept = evidence.app_compose.as_ref().unwrap();
            assert_eq!(kept.bytes, compose);
            let hash = ComposeHash::of(&kept.bytes).to_string();
            if let Some(commitment) = meta["mrconfigid"].as_str().filter(|hex| hex.starts_with("01")) {
                assert_eq!(commitment[2..66], hash, "{folder:?}");
            }
            count += 1;
        }
        if let Some(log) = file(&folder, "event_log.json") {
            assert_eq!(parts::add_event_log(&mut evidence, &log, "log", &BUDGET), Ok(None));
            let quoted = serde_json::to_string(std::str::from_utf8(&log).unwrap()).unwrap();
            let note =
                parts::add_event_log(&mut evidence, quoted.as_bytes(), "log 2", &BUDGET).unwrap().unwrap();
            assert!(note.to_string().ends_with("which has the same bytes"), "{note}");
            assert_eq!(evidence.event_log.as_ref().unwrap().item.bytes, log);
        }
        if let Some(config) = file(&folder, "vm_config.json") {
            assert_eq!(parts::add_vm_config(&mut evidence, &config, "vm", &BUDGET), Ok(None));
            assert_eq!(evidence.vm_config.as_ref().unwrap().bytes, config);
        }
        if let Some(collateral) = file(&folder, "collateral.json") {
            assert_eq!(parts::add_collateral(&mut evidence, &collateral, "collateral", &BUDGET), Ok(1));
            assert_eq!(json(&evidence.collateral[0].bytes), json(&collateral));
            let error = read(&collateral).unwrap_err();
            assert!(error.next_step().contains("--collateral"), "{error}");
        }
    }
    assert!(count == 0 || count >= 20, "{count}");
}

#[test]
fn the_page_of_port_8090_reads_as_the_tcb_info_that_it_shows() {
    let Some(shared) = shared() else { return };
    let corpus = shared.join("compose-corpus");
    let page = only(&file(&corpus, "01-hermes-2026-03-10.8090.html").unwrap(), Format::AgentPage);
    let info = file(&corpus, "01-hermes-2026-03-10.tcb_info.json").unwrap();
    let direct = only(&info, Format::TcbInfo);
    let compose = page.app_compose.unwrap();
    assert_eq!(compose.bytes, direct.app_compose.unwrap().bytes);
    assert_eq!(Some(&compose.bytes), file(&corpus, "01-hermes-2026-03-10.app-compose.json").as_ref());
    assert_eq!(ComposeHash::of(&compose.bytes).to_string(), page.claims.values["compose_hash"].value);
    let values = |evidence: &BTreeMap<String, veritee_model::evidence::Claim>| {
        evidence.iter().map(|(name, claim)| (name.clone(), claim.value.clone())).collect::<Vec<_>>()
    };
    assert_eq!(values(&page.claims.values), values(&direct.claims.values));
    assert_eq!(json(&page.event_log.unwrap().item.bytes), json(&info)["event_log"]);
    assert!(page.quote.is_none() && page.certificates.is_none());
}

#[test]
fn a_real_ccel_area_is_known_as_an_event_log() {
    let Some(shared) = shared() else { return };
    let ccel = file(&shared.join("vectors/ccel"), "ccel_data.dat").unwrap();
    let quote = file(&shared.join("vectors/ccel"), "cos-113-tdx-quote.dat").unwrap();
    assert!(read(&ccel).unwrap_err().next_step().contains("--event-log"));
    let mut evidence = only(&quote, Format::Quote);
    for form in [ccel.clone(), hex::encode(&ccel).into_bytes()] {
        parts::add_event_log(&mut evidence, &form, "ccel", &BUDGET).unwrap();
        let log = evidence.event_log.clone().unwrap();
        assert_eq!((log.format, log.item.bytes), (EventLogFormat::Ccel, ccel.clone()));
    }
}
