//! Forgers for the forms that have no published sample, and access to the real ones.

use rmpv::Value as Msgpack;
use std::path::{Path, PathBuf};
use veritee_evidence::{ReadError, Readout};
use veritee_model::Budget;

pub(crate) const BUDGET: Budget = Budget::STANDARD;

pub(crate) fn read(bytes: &[u8]) -> Result<Readout, ReadError> {
    veritee_evidence::read("input", bytes, &BUDGET)
}

pub(crate) fn code(bytes: &[u8]) -> &'static str {
    read(bytes).unwrap_err().reason().code()
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn vector(path: &str) -> Vec<u8> {
    std::fs::read(repository().join("test-vectors").join(path)).unwrap()
}

/// The folder of real data beside the repository, where it exists.
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = repository().join("../shared");
    if !folder.is_dir() {
        eprintln!("skipped: ../shared is absent");
        return None;
    }
    Some(folder)
}

/// Bytes that begin as a TDX quote does and are none.
pub(crate) fn forged_quote() -> Vec<u8> {
    let mut quote = vec![4, 0, 2, 0, 0x81, 0, 0, 0];
    quote.extend((0..120_u8).map(|byte| byte.wrapping_mul(37)));
    quote
}

pub(crate) const VM_CONFIG: &str = r#"{"spec_version":1,"cpu_count":2,"memory_size":2147483648}"#;
pub(crate) const MR_CONFIG: &str = r#"{"version":3,"compose_hash":"00"}"#;

pub(crate) fn sys_config() -> String {
    sorted(&serde_json::json!({ "kms_urls": [], "vm_config": VM_CONFIG, "mr_config": MR_CONFIG }))
}

/// JSON with members in the order of their names, whatever features of serde_json a build turns on.
fn sorted(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Object(members) => {
            let ordered: std::collections::BTreeMap<_, _> = members.iter().collect();
            let text = |(name, value): (&String, &Value)| {
                format!("{}:{}", Value::from(name.as_str()), sorted(value))
            };
            format!("{{{}}}", ordered.into_iter().map(text).collect::<Vec<_>>().join(","))
        }
        Value::Array(entries) => format!("[{}]", entries.iter().map(sorted).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

fn compact(value: usize) -> Vec<u8> {
    match value {
        0..=63 => vec![(value << 2) as u8],
        64..=16383 => ((value << 2 | 1) as u16).to_le_bytes().to_vec(),
        _ => ((value << 2 | 2) as u32).to_le_bytes().to_vec(),
    }
}

pub(crate) fn scale_vector(bytes: &[u8]) -> Vec<u8> {
    [compact(bytes.len()), bytes.to_vec()].concat()
}

/// An attestation container of version 0 with one boot and one run-time event.
pub(crate) fn scale_container(config: &str) -> Vec<u8> {
    let event = |imr: u32, kind: u32, digest: &[u8], name: &str, payload: &[u8]| {
        [
            &imr.to_le_bytes()[..],
            &kind.to_le_bytes(),
            &scale_vector(digest),
            &scale_vector(name.as_bytes()),
            &scale_vector(payload),
        ]
        .concat()
    };
    [
        vec![0, 0],
        scale_vector(&forged_quote()),
        compact(2),
        event(0, 0x8000_000b, &[7; 48], "", b"ACPI DATA"),
        event(3, 0x0800_0001, &[], "app-id", &[1; 20]),
        compact(1),
        scale_vector(b"app-id"),
        scale_vector(&[1; 20]),
        vec![9; 64],
        scale_vector(config.as_bytes()),
    ]
    .concat()
}

pub(crate) fn map(fields: &[(&str, Msgpack)]) -> Msgpack {
    Msgpack::Map(fields.iter().map(|(key, value)| (Msgpack::from(*key), value.clone())).collect())
}

/// As `rmp-serde` writes a `Vec<u8>`.
pub(crate) fn integers(bytes: &[u8]) -> Msgpack {
    Msgpack::Array(bytes.iter().map(|byte| Msgpack::from(*byte)).collect())
}

/// The parts of an attestation container of version 1, to be changed before they are put together.
pub(crate) struct MsgpackContainer {
    pub(crate) version: u64,
    pub(crate) kind: &'static str,
    pub(crate) platform: Vec<(&'static str, Msgpack)>,
    pub(crate) stack_kind: &'static str,
    pub(crate) stack: Vec<(&'static str, Msgpack)>,
}

impl MsgpackContainer {
    pub(crate) fn new() -> Self {
        let boot = map(&[
            ("imr", 0.into()),
            ("event_type", 0x8000_000b_u32.into()),
            ("digest", Msgpack::Binary(vec![7; 48])),
            ("event", "".into()),
            ("event_payload", Msgpack::Binary(b"ACPI DATA".to_vec())),
        ]);
        let runtime = map(&[
            ("imr", 3.into()),
            ("event_type", 0x0800_0001_u32.into()),
            ("digest", Msgpack::Binary(Vec::new())),
            ("event", "app-id".into()),
            ("event_payload", Msgpack::Binary(vec![1; 20])),
            ("version", 2.into()),
            ("preimage", "7b7d".into()),
        ]);
        let listed = map(&[
            ("event", "app-id".into()),
            ("payload", "AQEBAQEBAQEBAQEBAQEBAQEBAQE=".into()),
            ("version", 2.into()),
        ]);
        Self {
            version: 1,
            kind: "tdx",
            platform: vec![
                ("quote", integers(&forged_quote())),
                ("event_log", Msgpack::Array(vec![boot, runtime])),
            ],
            stack_kind: "dstack",
            stack: vec![
                ("report_data", integers(&[9; 64])),
                ("runtime_events", Msgpack::Array(vec![listed])),
                ("config", VM_CONFIG.into()),
            ],
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let tagged =
            |kind: &str, data: &[(&str, Msgpack)]| map(&[("kind", kind.into()), ("data", map(data))]);
        let value = map(&[
            ("version", self.version.into()),
            ("platform", tagged(self.kind, &self.platform)),
            ("stack", tagged(self.stack_kind, &self.stack)),
        ]);
        let mut out = Vec::new();
        rmpv::encode::write_value(&mut out, &value).unwrap();
        out
    }
}

/// The extension of dstack with this last arc.
pub(crate) const QUOTE: u64 = 1;
pub(crate) const EVENT_LOG: u64 = 2;
pub(crate) const APP_ID: u64 = 3;
pub(crate) const ATTESTATION: u64 = 8;

pub(crate) fn octets(content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let header = match length {
        0..=127 => vec![4, length as u8],
        128..=65535 => [&[4, 0x82][..], &(length as u16).to_be_bytes()].concat(),
        _ => [&[4, 0x84][..], &(length as u32).to_be_bytes()].concat(),
    };
    [header, content.to_vec()].concat()
}

/// A self-signed certificate whose extensions hold these values; dstack wraps them in an octet string.
pub(crate) fn certificate(extensions: &[(u64, Vec<u8>)]) -> rcgen::Certificate {
    let wrapped: Vec<_> = extensions.iter().map(|(arc, value)| (*arc, octets(value))).collect();
    certificate_raw(&wrapped)
}

pub(crate) fn certificate_raw(extensions: &[(u64, Vec<u8>)]) -> rcgen::Certificate {
    let mut parameters = rcgen::CertificateParams::new(vec!["example.org".to_owned()]).unwrap();
    for (arc, value) in extensions {
        let oid = [1, 3, 6, 1, 4, 1, 62397, 1, *arc];
        parameters.custom_extensions.push(rcgen::CustomExtension::from_oid_content(&oid, value.clone()));
    }
    parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap()
}

pub(crate) fn compressed(log: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(b"ELGZv1".to_vec(), flate2::Compression::best());
    encoder.write_all(log).unwrap();
    encoder.finish().unwrap()
}

pub(crate) const LOG: &str = r#"[ {"imr":3, "event":"app-id"} ]"#;
/// What the attestation containers of these tests say, as dstack's JSON spells it.
pub(crate) fn full_log() -> String {
    let event = |imr: u32, digest: String, name: &str, payload: String| serde_json::json!({ "imr": imr, "event_type": 0, "digest": digest, "event": name, "event_payload": payload });
    serde_json::json!([
        event(0, "07".repeat(48), "", hex::encode("ACPI DATA")),
        event(3, String::new(), "app-id", "01".repeat(20)),
    ])
    .to_string()
}

pub(crate) const COMPOSE: &str = "{\n \"name\": \"a \\\"b\\\" \\u00e9 é\"}";

pub(crate) fn tcb_info() -> String {
    let log: serde_json::Value = serde_json::from_str(LOG).unwrap();
    let mut object = serde_json::json!({
        "mrtd": "aa", "rtmr0": "BB", "rtmr1": "cc", "rtmr2": "dd", "rtmr3": "ee",
        "compose_hash": "ff", "app_compose": COMPOSE, "event_log": log,
    });
    object["rtmr0"] = "0xBB".into();
    sorted(&object)
}

pub(crate) fn agent_page() -> String {
    let escaped: String = tcb_info().replace('&', "&amp;").replace('<', "&#60;").replace('"', "&#34;");
    format!(
        "<!DOCTYPE html>\n<html><style>textarea {{ width: 100% }}</style>\n<body><textarea readonly>{escaped}</textarea></body></html>\n"
    )
}

/// A gateway's answer to `/.dstack/acme-info` with a quote of its account and of two keys.
pub(crate) fn acme_info() -> serde_json::Value {
    let quoted = |last: u8| {
        let quote = [forged_quote(), vec![last]].concat();
        // A text inside a text: the order of its members is part of the bytes.
        format!(
            r#"{{"event_log":{},"quote":"{}","report_data":"ab","vm_config":{}}}"#,
            serde_json::Value::from(LOG),
            hex::encode(quote),
            serde_json::Value::from(VM_CONFIG)
        )
    };
    serde_json::json!({
        "account_uri": "https://acme.example/acct/1",
        "account_quote": quoted(0),
        "account_attestation": "",
        "quoted_hist_keys": [
            { "public_key": "0a0b", "quote": quoted(1), "attestation": "" },
            { "public_key": "0C0D", "quote": quoted(2) },
        ],
    })
}

/// One input of every form, with its name.
pub(crate) fn one_of_every_form() -> Vec<(&'static str, Vec<u8>)> {
    let quote = forged_quote();
    let hex = hex::encode(&quote);
    let certificate = certificate(&[
        (QUOTE, quote.clone()),
        (EVENT_LOG, compressed(LOG.as_bytes())),
        (APP_ID, vec![1; 20]),
    ]);
    let pem = certificate.pem();
    let answer =
        serde_json::json!({ "quote": hex, "event_log": LOG, "report_data": "00", "vm_config": VM_CONFIG });
    let info = serde_json::json!({ "app_id": "01", "tcb_info": tcb_info(), "app_cert": pem, "vm_config": VM_CONFIG });
    let cloud = serde_json::json!({ "app_id": "01", "instances": [
        { "quote": null, "eventlog": null }, { "quote": format!("0x{hex}"), "eventlog": [{"imr": 0}] },
        { "quote": hex, "tcb_info": serde_json::from_str::<serde_json::Value>(&tcb_info()).unwrap() },
    ]});
    let report = serde_json::json!({
        "gateway_attestation": { "intel_quote": hex, "event_log": LOG, "request_nonce": "00",
            "info": { "tcb_info": serde_json::from_str::<serde_json::Value>(&tcb_info()).unwrap(), "app_cert": pem } },
        "model_attestations": [{ "intel_quote": hex.replace("0400", "0500"), "event_log": [{"imr": 0}] }],
    });
    let evidence = super::document::full_evidence();
    let named = veritee_evidence::NamedEvidence { label: "one".to_owned(), evidence: evidence.clone() };
    vec![
        ("quote", quote.clone()),
        ("quote in hex", hex.clone().into_bytes()),
        (
            "quote in base64",
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &quote).into_bytes(),
        ),
        ("GetQuote", answer.to_string().into_bytes()),
        (
            "Attest",
            serde_json::json!({ "attestation": hex::encode(scale_container(VM_CONFIG)) })
                .to_string()
                .into_bytes(),
        ),
        ("container V0", scale_container(&sys_config())),
        ("container V1", MsgpackContainer::new().bytes()),
        (
            "verifier request",
            serde_json::json!({ "quote": hex, "event_log": LOG, "debug": true }).to_string().into_bytes(),
        ),
        ("Info", info.to_string().into_bytes()),
        ("tcb_info", tcb_info().into_bytes()),
        ("page", agent_page().into_bytes()),
        ("cloud", cloud.to_string().into_bytes()),
        ("certificate in PEM", pem.clone().into_bytes()),
        ("certificate in DER", certificate.der().to_vec()),
        ("report", report.to_string().into_bytes()),
        ("acme-info", acme_info().to_string().into_bytes()),
        ("veritee", veritee_evidence::to_json(&evidence, "0.1.0").into_bytes()),
        ("veritee set", veritee_evidence::set_to_json(&[named], "0.1.0").into_bytes()),
    ]
}
