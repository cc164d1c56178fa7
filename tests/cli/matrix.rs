//! The table of forms at every option that takes a document: each form is read there, or is refused by its name with the
//! options that read it. A form without a sample, and a pair without a stated answer, fail. The spellings in which people
//! hold a document are walked at every option too.

use crate::program::{AS_OF, Folder, Ran, machine};
use serde_json::{Value, json};
use std::io::Write as _;
use veritee_evidence::{Form, Slot, recognise};
use veritee_model::Budget;
use veritee_testkit::dstack::container;

const REVIEW: &str = "schema = \"veritee/review/v1\"\nreviewer = \"Jane Doe, Example Audits\"\n\
    compose_hash = \"1f3bfb8600000000000000000000000000000000000000000000000000000000\"\n\
    commit = \"dc0fc12000000000000000000000000000000000\"\nrule_set = \"00\"\n";

/// A document of every form, by a name for its file.
fn samples(folder: &Folder) -> Vec<(String, Vec<u8>)> {
    let forged = machine().forge();
    let quote = forged.platform.quote.clone();
    let answer: Value = serde_json::from_str(&folder.read("answer.json")).unwrap();
    let attestation =
        json!({ "attestation": hex::encode(container::scale(&quote, &forged.events, &machine())) });
    let cloud = json!({ "instances": [{ "quote": hex::encode(&quote), "eventlog": [{ "imr": 0 }] }] });
    let report = json!({ "gateway_attestation": { "intel_quote": hex::encode(&quote), "event_log": answer["event_log"] } });
    let quoted =
        json!({ "quote": hex::encode(&quote), "event_log": answer["event_log"], "report_data": "ab" });
    let acme = json!({ "account_uri": "https://acme.example/acct/1", "account_quote": quoted.to_string(), "quoted_hist_keys": [] });
    let set = json!({ "schema": "veritee/evidence-set/v1", "tool": { "name": "veritee", "version": "0.1.0" },
        "machines": [{ "label": "one", "evidence": serde_json::from_str::<Value>(&folder.read("evidence.json")).unwrap() }] });
    let signed = &forged.platform.collateral.tcb_info;
    let tcb = format!("{{\"tcbInfo\":{},\"signature\":\"{}\"}}", signed.text, hex::encode(&signed.signature));
    let mut ccel = vec![0_u8; 32];
    ccel.extend(b"Spec ID Event03\0");
    ccel.extend([0; 64]);
    let report_file = folder.verify("evidence.json", &["--format", "json"]).ends(0).out;
    let owned = |name: &str| std::fs::read(folder.file(name)).unwrap();
    let text = |value: &Value| value.to_string().into_bytes();
    let rows: Vec<(&str, Vec<u8>)> = vec![
        ("a-quote.bin", quote.clone()),
        ("a-answer.json", owned("answer.json")),
        ("a-attest.json", text(&attestation)),
        ("a-container.bin", container::scale(&quote, &forged.events, &machine())),
        (
            "a-request.json",
            text(&json!({ "quote": hex::encode(&quote), "event_log": answer["event_log"], "debug": false })),
        ),
        ("a-info.json", forged.info_json().into_bytes()),
        ("a-tcb-info.json", text(&forged.tcb_info())),
        ("a-page.html", forged.page_html().into_bytes()),
        ("a-cloud.json", text(&cloud)),
        ("a-chain.pem", owned("chain.pem")),
        ("a-inference.json", text(&report)),
        ("a-acme.json", text(&acme)),
        ("a-evidence.json", owned("evidence.json")),
        ("a-set.json", text(&set)),
        ("a-envelope.json", text(&json!({ "result": quoted }))),
        ("a-log.json", owned("event_log.json")),
        ("a-ccel.bin", ccel),
        ("a-collateral.json", owned("collateral.json")),
        ("a-tcb.json", tcb.into_bytes()),
        ("a-list.der", forged.platform.collateral.pck_crl.clone()),
        ("a-compose.json", owned("app-compose.json")),
        ("a-compose.yml", b"services:\n  web:\n    image: a\n".to_vec()),
        ("a-vm.json", br#"{"spec_version":1,"cpu_count":2,"memory_size":2147483648}"#.to_vec()),
        ("a-mr-config.json", br#"{"version":3,"compose_hash":"00"}"#.to_vec()),
        ("a-root.pem", owned("root.pem")),
        ("a-gpus.json", text(&json!({ "evidence_list": [], "nonce": "00", "arch": "HOPPER" }))),
        ("a-manifest.swidtag", b"<?xml version=\"1.0\"?><SoftwareIdentity/>".to_vec()),
        ("a-report.json", report_file.into_bytes()),
        ("a-policy.toml", owned("policy.toml")),
        ("a-review.toml", REVIEW.as_bytes().to_vec()),
        ("a-reads.json", br#"{"schema":"veritee/chain/v1"}"#.to_vec()),
        ("a-bundle.json", br#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}"#.to_vec()),
        (
            "a-trusted.json",
            br#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#.to_vec(),
        ),
        ("a-files.tar", [&[b'q'; 257][..], b"ustar\x0000", &[0; 300]].concat()),
    ];
    rows.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}

/// The program with this file at this option, and everything else as it has to be.
fn at(folder: &Folder, slot: Slot, file: &str) -> Ran {
    let mut arguments = vec!["verify"];
    match slot {
        Slot::Input => arguments.push(file),
        // It belongs to an input that has none.
        Slot::Quote => arguments.extend(["tcb_info.json", "--quote", file]),
        Slot::Bundle | Slot::TrustedRoot => {
            arguments.extend(["quote.bin", "--container-image", "image", slot.option(), file]);
        }
        _ => arguments.extend(["quote.bin", slot.option(), file]),
    }
    for (other, option, value) in
        [(Slot::Policy, "--policy", "policy.toml"), (Slot::Root, "--root", "root.pem")]
    {
        if slot != other {
            arguments.extend([option, value]);
        }
    }
    arguments.extend(["--as-of", AS_OF, "--offline"]);
    folder.run(&arguments)
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("tcb_info.json", machine().forge().tcb_info().to_string());
    // An image without layers: what a bundle speaks of is not asked here.
    std::fs::create_dir_all(folder.file("image/blobs/sha256")).unwrap();
    let config = br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    let blob = |bytes: &[u8]| {
        let digest = veritee_model::Sha256Digest::of(bytes).to_string();
        folder.write(&format!("image/blobs/sha256/{digest}"), bytes);
        digest
    };
    let media = "application/vnd.oci.image";
    let manifest = json!({ "schemaVersion": 2, "mediaType": format!("{media}.manifest.v1+json"), "layers": [],
        "config": { "mediaType": format!("{media}.config.v1+json"), "digest": format!("sha256:{}", blob(config)), "size": config.len() } })
    .to_string();
    let index = json!({ "schemaVersion": 2, "manifests": [{ "mediaType": format!("{media}.manifest.v1+json"),
        "digest": format!("sha256:{}", blob(manifest.as_bytes())), "size": manifest.len() }] });
    folder.write("image/index.json", index.to_string());
    folder.write("image/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    folder
}

#[test]
fn every_form_is_answered_at_every_option() {
    let folder = folder();
    let mut seen = Vec::new();
    let mut wrong = Vec::new();
    for (file, bytes) in samples(&folder) {
        folder.write(&file, &bytes);
        let form = recognise(&file, &bytes, &Budget::STANDARD).unwrap_or_else(|| panic!("{file}: no form"));
        seen.push(form);
        for slot in Slot::ALL.iter().copied() {
            let ran = at(&folder, slot, &file);
            if let Some(why) = unanswered(form, slot, &ran) {
                wrong.push(format!("{file} at {}: {why}: exit {} {}", slot.option(), ran.code, ran.err));
            }
        }
    }
    for form in Form::all() {
        // These come as folders.
        let is_folder =
            matches!(form.name(), "dstack-ingress evidences folder" | "folder with a file for each part");
        assert!(is_folder || seen.contains(&form), "{}: no sample", form.name());
    }
    assert!(wrong.is_empty(), "{} pairs:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is missing of a stated answer.
fn unanswered(form: Form, slot: Slot, ran: &Ran) -> Option<&'static str> {
    if ran.code == 1 || ran.err.contains("panicked") {
        return Some("no answer at all");
    }
    let refused = ran.code == 2 || ran.code == 3;
    if form.is_read_at(slot) {
        let misplaced = ran.err.contains("recognised as") && ran.err.contains("does not read");
        let lacks = [
            "which has no",
            "given twice",
            "missing",
            "several machines",
            "a part of collateral",
            "no image",
        ];
        return match () {
            () if misplaced => Some("refused where the table reads it"),
            () if refused && ran.err.lines().count() < 1 => Some("refused without a word"),
            // A sample that lacks the part, or that is cut to its mark: said in words of its own.
            () if ran.code == 2 && slot.is_part() && !lacks.iter().any(|word| ran.err.contains(word)) => {
                Some("refused as a usage")
            }
            () => None,
        };
    }
    if !refused {
        return Some("not refused");
    }
    // A certificate is told from a machine's by what it does not carry.
    let is_bare = ran.err.contains("carries neither a quote nor an attestation");
    if !ran.err.contains(form.name()) && !is_bare {
        return Some("not named");
    }
    let told = |option: &str| option == "INPUT" || ran.err.contains(option);
    if slot != Slot::Input && !form.slots().all(|slot| told(slot.option())) {
        return Some("the options that read it are not named");
    }
    ran.err.contains("help: ").then_some(()).map_or(Some("no next step"), |()| None)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn utf16(text: &str) -> Vec<u8> {
    [vec![0xff, 0xfe], text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat()
}

fn seen(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| if matches!(byte, 0x20..=0x7e) { char::from(*byte) } else { '.' }).collect()
}

fn in_groups(bytes: &[u8], size: usize) -> String {
    bytes.chunks(size).map(hex::encode).collect::<Vec<_>>().join(" ")
}

/// As `xxd` prints it.
fn xxd(bytes: &[u8]) -> Vec<u8> {
    let rows = bytes.chunks(16).enumerate();
    let row = |(index, row): (usize, &[u8])| {
        format!("{:08x}: {:<39}  {}\n", index * 16, in_groups(row, 2), seen(row))
    };
    rows.map(row).collect::<String>().into_bytes()
}

/// As `hexdump -C` prints it.
fn hexdump(bytes: &[u8]) -> Vec<u8> {
    let rows = bytes.chunks(16).enumerate();
    let row = |(index, row): (usize, &[u8])| {
        let (one, two) = row.split_at(row.len().min(8));
        let (first, second) = (in_groups(one, 1), in_groups(two, 1));
        format!("{:08x}  {first:<23}  {second:<23}  |{}|\n", index * 16, seen(row))
    };
    let rows: String = rows.map(row).collect();
    format!("{rows}{:08x}\n", bytes.len()).into_bytes()
}

/// Ways in which a text comes: printed by a program, in a block of Markdown, gzip, marks, wide letters, line ends of the other system.
fn spellings(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = vec![("gzip", gzip(bytes)), ("xxd", xxd(bytes)), ("hexdump", hexdump(bytes))];
    if let Ok(text) = std::str::from_utf8(bytes) {
        all.push(("fence", format!("```json\n{}\n```\n", text.trim_end()).into_bytes()));
        all.push(("mark", [b"\xef\xbb\xbf", bytes].concat()));
        all.push(("wide", utf16(text)));
        all.push(("returns", text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes()));
        all.push(("space", format!("\n {text}\n\n").into_bytes()));
    }
    if bytes.starts_with(b"-----BEGIN") {
        let text = std::str::from_utf8(bytes).unwrap();
        all.push(("one line", text.replace('\n', "").into_bytes()));
        all.push(("blanks", text.trim_end().replace('\n', " ").into_bytes()));
        all.push(("letters", text.replace('\n', "\\n").into_bytes()));
        all.push(("glued", text.replace("-----\n-----", "----------").into_bytes()));
    }
    all
}

#[test]
fn a_document_is_the_same_in_every_spelling_at_every_option() {
    let folder = Folder::new();
    let forged = machine().forge();
    folder.write("hex.txt", hex::encode(&forged.platform.quote));
    let files = [
        ("INPUT", "hex.txt"),
        ("--event-log", "event_log.json"),
        ("--certificate", "chain.pem"),
        ("--collateral", "collateral.json"),
        ("--policy", "policy.toml"),
        ("--root", "root.pem"),
    ];
    let run = |changed: &str, file: &str| {
        let mut arguments = vec!["verify"];
        let given = |option: &str, usual: &'static str| {
            if option == changed { file.to_owned() } else { usual.to_owned() }
        };
        let files: Vec<(&str, String)> =
            files.iter().map(|(option, usual)| (*option, given(option, usual))).collect();
        for (option, file) in &files {
            if *option != "INPUT" {
                arguments.push(option);
            }
            arguments.push(file);
        }
        arguments.extend([
            "--app-compose",
            "app-compose.json",
            "--as-of",
            AS_OF,
            "--offline",
            "--format",
            "json",
        ]);
        let ran = folder.run(&arguments);
        let report: Value = serde_json::from_str(&ran.out).unwrap_or_default();
        let checks = report["checks"].as_array().cloned().unwrap_or_default();
        let outcomes: Vec<String> =
            checks.iter().map(|check| format!("{} {}", check["id"], check["outcome"])).collect();
        (ran.code, outcomes, ran.err)
    };
    let (code, usual, err) = run("", "");
    assert_eq!(code, 0, "{err}");
    let mut wrong = Vec::new();
    let quote = &forged.platform.quote;
    for (spelling, bytes) in [
        ("dump", xxd(quote)),
        ("canonical", hexdump(quote)),
        ("pairs", in_groups(quote, 1).replace(' ', ":").into_bytes()),
        ("code", format!("```\n{}\n```", hex::encode(quote)).into_bytes()),
    ] {
        folder.write("spelled", bytes);
        let (code, outcomes, err) = run("INPUT", "spelled");
        if code != 0 || outcomes != usual {
            wrong.push(format!("INPUT {spelling}: {code} {err}"));
        }
    }
    for (option, file) in files {
        for (spelling, bytes) in spellings(&std::fs::read(folder.file(file)).unwrap()) {
            folder.write("spelled", bytes);
            let (code, outcomes, err) = run(option, "spelled");
            if code != 0 || outcomes != usual {
                wrong.push(format!("{option} {spelling}: {code} {err}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn answers_of_intel_s_service_are_the_same_in_every_spelling() {
    let folder = Folder::new();
    let forged = machine().forge().platform.collateral;
    let signed = |member: &str, document: &veritee_testkit::SignedJson| {
        format!("{{\"{member}\":{},\"signature\":\"{}\"}}", document.text, hex::encode(&document.signature))
            .into_bytes()
    };
    let lines = |bytes: &[u8]| {
        let digits = hex::encode(bytes);
        let lines: Vec<&str> =
            digits.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        lines.join("\r\n").into_bytes()
    };
    let base64 =
        |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes).into_bytes();
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("tcb.json", signed("tcbInfo", &forged.tcb_info)),
        ("identity.json", signed("enclaveIdentity", &forged.qe_identity)),
        ("root.crl", forged.root_ca_crl.clone()),
        ("pck.crl", forged.pck_crl.clone()),
        ("signer.pem", forged.tcb_info_issuer_chain.clone().into_bytes()),
        ("ca.pem", forged.pck_crl_issuer_chain.clone().into_bytes()),
    ];
    std::fs::create_dir(folder.file("c")).unwrap();
    let judged = || {
        let judge = ["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--offline"];
        folder.run(&[&["quote", "verify", "quote.bin", "--collateral", "c"][..], &judge].concat())
    };
    for (name, bytes) in &files {
        folder.write(&format!("c/{name}"), bytes);
    }
    judged().ends(0);
    let mut wrong = Vec::new();
    for (name, bytes) in &files {
        let mut all = spellings(bytes);
        if name.ends_with(".crl") {
            all = vec![
                ("gzip", gzip(bytes)),
                ("hex", hex::encode(bytes).into_bytes()),
                ("lines", lines(bytes)),
            ];
            all.push(("prefix", format!("0x{}", hex::encode(bytes)).into_bytes()));
            all.push(("base64", base64(bytes)));
        }
        for (spelling, spelled) in all {
            folder.write(&format!("c/{name}"), spelled);
            let ran = judged();
            if ran.code != 0 {
                wrong.push(format!("{name} {spelling}: {} {}", ran.code, ran.err));
            }
        }
        folder.write(&format!("c/{name}"), bytes);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
