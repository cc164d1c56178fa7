//! The documents in which evidence travels: GetQuote, Info, tcb_info, the 8090 page, dstack-verifier's request,
//! dstack-ingress.

use crate::dstack::{ForgedMachine, event, registers};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

impl ForgedMachine {
    /// The answer of `/GetQuote`.
    #[must_use]
    pub fn get_quote_json(&self) -> String {
        json!({
            "quote": hex::encode(&self.platform.quote),
            "event_log": self.event_log_json(),
            "report_data": hex::encode(self.report_data),
            "vm_config": self.vm_config,
        })
        .to_string()
    }

    /// The request that dstack-verifier takes.
    #[must_use]
    pub fn verifier_request_json(&self) -> String {
        json!({
            "quote": hex::encode(&self.platform.quote),
            "event_log": self.event_log_json(),
            "vm_config": self.vm_config,
        })
        .to_string()
    }

    /// `tcb_info`: claims; they agree with the presented log, as an honest machine's do.
    #[must_use]
    pub fn tcb_info(&self) -> Value {
        let quoted = |range: core::ops::Range<usize>| hex::encode(&self.platform.quote[range]);
        let replayed = registers(&self.events);
        let log: Value = serde_json::from_str(&event::log_json(&self.events)).expect("JSON of our own");
        json!({
            "mrtd": quoted(self.body_offset() + 136..self.body_offset() + 184),
            "rtmr0": hex::encode(replayed[0]),
            "rtmr1": hex::encode(replayed[1]),
            "rtmr2": hex::encode(replayed[2]),
            "rtmr3": hex::encode(replayed[3]),
            "mr_aggregated": hex::encode(self.mr_aggregated()),
            "os_image_hash": "22".repeat(32),
            "compose_hash": hex::encode(Sha256::digest(&self.app_compose)),
            "device_id": hex::encode(Sha256::digest(b"")),
            "event_log": log,
            "app_compose": self.app_compose_text(),
        })
    }

    /// The answer of `Info`.
    #[must_use]
    pub fn info_json(&self) -> String {
        let payload = |name: &str| {
            let event = self.events.iter().find(|event| event.name == name);
            event.map(|event| event.payload.clone()).unwrap_or_default()
        };
        json!({
            "app_id": hex::encode(payload("app-id")),
            "instance_id": hex::encode(payload("instance-id")),
            "app_cert": self.ra_tls_pem,
            "tcb_info": serde_json::to_string_pretty(&self.tcb_info()).expect("JSON of our own"),
            "app_name": "testkit",
            "device_id": hex::encode(Sha256::digest(b"")),
            "mr_aggregated": hex::encode(self.mr_aggregated()),
            "os_image_hash": "22".repeat(32),
            "key_provider_info": String::from_utf8_lossy(&payload("key-provider")),
            "compose_hash": hex::encode(payload("compose-hash")),
            "vm_config": self.vm_config,
        })
        .to_string()
    }

    /// The page on port 8090: `tcb_info` in the one readonly textarea, escaped; no quote.
    #[must_use]
    pub fn page_html(&self) -> String {
        let text = serde_json::to_string_pretty(&self.tcb_info()).expect("JSON of our own");
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<title>Worker Information</title>\n<style>\n\
             textarea {{\n    width: 100%;\n}}\n</style>\n</head>\n<body>\n<h2>TCB Info</h2>\n\n\
             <textarea readonly>{}</textarea>\n</body>\n</html>\n",
            escape_html(&text)
        )
    }

    /// SHA-256 of MRTD, the registers, and the three owner fields when any is set (dstack's `mr_aggregated`).
    #[must_use]
    pub fn mr_aggregated(&self) -> [u8; 32] {
        let body = &self.platform.quote[self.body_offset()..];
        let mut hasher = Sha256::new();
        hasher.update(&body[136..184]);
        hasher.update(&body[328..520]);
        let owner = &body[184..328];
        if owner.iter().any(|byte| *byte != 0) {
            hasher.update(owner);
        }
        hasher.finalize().into()
    }

    fn body_offset(&self) -> usize {
        if self.platform.quote[0] == 5 { 54 } else { 48 }
    }
}

/// The evidences folder of dstack-ingress, without `quote.json`.
#[must_use]
pub fn ingress_files() -> Vec<(String, Vec<u8>)> {
    let files = [
        ("acme-account.json", &br#"{"uri":"https://acme.example/account/1"}"#[..]),
        ("cert-app.example.com.pem", &b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"[..]),
    ];
    let sums: String = files
        .iter()
        .map(|(name, bytes)| format!("{}  {name}\n", hex::encode(Sha256::digest(bytes))))
        .collect();
    let mut out: Vec<(String, Vec<u8>)> =
        files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
    out.push(("sha256sum.txt".to_owned(), sums.into_bytes()));
    out
}

/// Escapes as the guest agent's template engine does.
fn escape_html(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&#38;"),
            '<' => out.push_str("&#60;"),
            '>' => out.push_str("&#62;"),
            other => out.push(other),
        }
    }
    out
}
