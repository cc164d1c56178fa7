//! The table of forms, walked at every place: each form is read there, or is refused by its name with the places that
//! read it. A form without a sample, and a pair without an answer, fail.

use crate::support::*;
use serde_json::json;
use veritee_evidence::{Form, ReadError, Slot, parts, recognise};
use veritee_model::Evidence;

const LIST: &str = "-----BEGIN X509 CRL-----\nMIHn\n-----END X509 CRL-----\n";

/// One document of each part, by the name of its form.
fn parts_alone() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let mut ccel = vec![0_u8; 32];
    ccel.extend(b"Spec ID Event03\0");
    ccel.extend([0; 64]);
    vec![
        ("event log", text(r#"[{"imr":0,"digest":"","event":""}]"#)),
        ("CCEL", ccel),
        ("collateral", text(r#"{"tcb_info":"","tcb_info_signature":"","qe_identity":""}"#)),
        ("PCS answer", text(r#"{"tcbInfo":{},"signature":"00"}"#)),
        ("PCS answer", text(r#"{"enclaveIdentity":{},"signature":"00"}"#)),
        ("list", text(LIST)),
        ("app_compose", text(r#"{"manifest_version":2,"docker_compose_file":""}"#)),
        ("compose file", text("services:\n  web:\n    image: a\n")),
        ("vm_config", text(VM_CONFIG)),
        ("mr_config", text(MR_CONFIG)),
        ("certificates", certificate(&[]).pem().into_bytes()),
        ("gpus", json!({ "evidence_list": [], "nonce": "00", "arch": "HOPPER" }).to_string().into_bytes()),
        ("manifest", text("<?xml version=\"1.0\"?><SoftwareIdentity/>")),
        ("report", text(r#"{"schema":"veritee/report/v1"}"#)),
        ("policy", text("schema = \"veritee/policy/v1\"\nname = \"a\"\n")),
        ("review", text("reviewer = \"a\"\ncompose_hash = \"00\"\n")),
        ("chain reads", text(r#"{"schema":"veritee/chain/v1"}"#)),
        ("bundle", text(r#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}"#)),
        (
            "trusted root",
            text(r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#),
        ),
        ("tar", [&[b'q'; 257][..], b"ustar\x0000", &[0; 300]].concat()),
        ("zip", b"PK\x03\x04\x14\x00\x00\x00".to_vec()),
        ("zstd", vec![0x28, 0xb5, 0x2f, 0xfd, 4, 0]),
        ("xz", vec![0xfd, b'7', b'z', b'X', b'Z', 0, 0, 4]),
    ]
}

fn samples() -> Vec<(&'static str, Vec<u8>, Form)> {
    let machine = json!({ "quote": hex::encode(forged_quote()), "event_log": LOG });
    let envelope = ("envelope", json!({ "result": machine }).to_string().into_bytes());
    let all = one_of_every_form().into_iter().chain([envelope]).chain(parts_alone());
    all.map(|(name, bytes)| {
        let form = recognise(name, &bytes, &BUDGET).unwrap_or_else(|| panic!("{name}: no form"));
        (name, bytes, form)
    })
    .collect()
}

#[test]
fn every_form_has_a_sample_that_is_recognised() {
    let seen: Vec<Form> = samples().into_iter().map(|(.., form)| form).collect();
    for form in Form::all() {
        // These come as folders, which have no bytes.
        let folder =
            matches!(form.name(), "dstack-ingress evidences folder" | "folder with a file for each part");
        assert!(folder || seen.contains(&form), "{}: no sample", form.name());
    }
}

#[test]
fn every_form_is_answered_at_every_place() {
    for (name, bytes, form) in samples() {
        for slot in Slot::ALL.iter().copied().filter(|slot| slot.is_part()) {
            let mut evidence = Evidence::default();
            let added = parts::add(slot, &mut evidence, &bytes, name, &BUDGET);
            if !form.is_read_at(slot) {
                let error = added.expect_err(&format!("{name} at {}: read", slot.option()));
                assert!(matches!(error, ReadError::Elsewhere { .. }), "{name} at {}: {error}", slot.option());
                let text = format!("{error}\n{}", error.next_step());
                assert!(text.contains(form.name()), "{name} at {}: {text}", slot.option());
                for read in form.slots() {
                    assert!(text.contains(read.option()), "{name} at {}: {text}", slot.option());
                }
                assert_eq!(evidence, Evidence::default(), "{name} at {}", slot.option());
                continue;
            }
            match added {
                Ok(_) => assert_ne!(evidence, Evidence::default(), "{name} at {}: nothing", slot.option()),
                // A form that can hold the part, and a sample that does not.
                Err(ReadError::LacksPart { .. }) => {}
                // Several machines, or a part of collateral that is none by itself: said by name.
                Err(ReadError::SeveralMachines { .. }) => {}
                Err(
                    ReadError::OnlyAPart { .. } | ReadError::Unrecognised { .. } | ReadError::Json { .. },
                ) if slot == Slot::Collateral => {}
                Err(error) => panic!("{name} at {}: {error}", slot.option()),
            }
        }
    }
}

#[test]
fn an_attestation_of_another_platform_is_named_at_every_place() {
    let mut snp = vec![0_u8; 0x4a0];
    (snp[0], snp[0x34]) = (2, 1);
    for slot in Slot::ALL.iter().copied().filter(|slot| slot.is_part()) {
        let error = parts::add(slot, &mut Evidence::default(), &snp, "a", &BUDGET).unwrap_err().to_string();
        assert!(error.contains("SEV-SNP") && error.contains("not verified by this version"), "{error}");
    }
}

#[test]
fn a_folder_with_a_file_for_each_part_is_one_machine() {
    let files = [
        ("a-quote.bin", forged_quote()),
        ("b.json", LOG.replace("\"event\"", "\"digest\":\"\",\"event\"").into_bytes()),
        ("app.json", br#"{"manifest_version":2,"docker_compose_file":""}"#.to_vec()),
        ("vm.json", VM_CONFIG.as_bytes().to_vec()),
        ("chain.pem", certificate(&[(QUOTE, [forged_quote(), vec![7]].concat())]).pem().into_bytes()),
        ("notes.txt", b"hello there, nothing of this is evidence".to_vec()),
    ];
    let files = files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect();
    let readout = veritee_evidence::read_folder("f", &files, &BUDGET).unwrap();
    let evidence = &readout.machines[0].evidence;
    assert_eq!(evidence.quote.as_ref().unwrap().bytes, forged_quote());
    assert!(evidence.event_log.is_some() && evidence.vm_config.is_some() && evidence.certificates.is_some());
    assert_eq!(evidence.app_compose.as_ref().unwrap().source, "f/app.json");
    let notes: Vec<String> = readout.notes.iter().map(ToString::to_string).collect();
    assert!(notes.iter().any(|note| note.contains("1 files") && note.contains("notes.txt")), "{notes:?}");
    // Two quotes are two machines.
    let mut two = files.clone();
    two.insert("z.bin".to_owned(), [forged_quote(), vec![1]].concat());
    assert!(veritee_evidence::read_folder("f", &two, &BUDGET).is_err());
    let nothing = [("a.txt".to_owned(), b"hello".to_vec())].into();
    assert!(veritee_evidence::read_folder("f", &nothing, &BUDGET).is_err());
}

#[test]
fn collateral_and_gpus_beside_a_quote_are_kept_or_named() {
    let set = json!({ "tcb_info": "{}", "qe_identity": "{}", "pck_crl": "" });
    let near = json!({ "tee_participant_info": { "Dstack": {
        "quote": forged_quote(), "collateral": set, "tcb_info": serde_json::from_str::<serde_json::Value>(&tcb_info()).unwrap(),
    } } });
    let evidence = read(near.to_string().as_bytes()).unwrap().machines.remove(0).evidence;
    assert_eq!(evidence.collateral.len(), 1);
    assert!(evidence.event_log.is_some());
    let answer = json!({ "quote": hex::encode(forged_quote()), "nvidia_payload": { "evidence_list": [] }, "collateral": "gone" });
    let mut readout = read(answer.to_string().as_bytes()).unwrap();
    assert!(readout.notes.iter().any(|note| note.to_string().contains("collateral of an unknown form")));
    assert!(readout.machines.remove(0).evidence.gpus.is_some());
}
