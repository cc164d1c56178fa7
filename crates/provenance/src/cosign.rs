//! What cosign up to 2.x keeps beside an image: a signature or an envelope in a layer, certificate and log entry in the
//! layer's annotations. It is put into a bundle of version 0.1, which says the same.
//!
//! Such an entry has a promise of the log and no proof that it kept it.

use crate::json::{self, text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use veritee_base::Budget;
use veritee_image::Digest;

pub use veritee_image::media::{ENVELOPE, SIMPLE_SIGNING};

/// Makes a bundle of a layer's bytes and its annotations. For [`SIMPLE_SIGNING`] the bundle is over the layer's bytes.
///
/// # Errors
/// What is missing or malformed, in words. A layer without a certificate was signed by a key and has no bundle to make.
pub fn bundle(
    layer: &[u8],
    media_type: &str,
    annotations: &BTreeMap<String, String>,
    budget: &Budget,
) -> Result<Vec<u8>, String> {
    let annotation = |name: &str| annotations.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let certificate = annotation("dev.sigstore.cosign/certificate")
        .ok_or("no certificate: signed by a key, or not by cosign")?;
    let entry =
        annotation("dev.sigstore.cosign/bundle").ok_or("no entry of a log (dev.sigstore.cosign/bundle)")?;
    let mut certificates = certificates(certificate)?;
    if let Some(chain) = annotation("dev.sigstore.cosign/chain") {
        certificates.extend(self::certificates(chain)?);
    }
    let material = json!({
        "x509CertificateChain": { "certificates": certificates },
        "tlogEntries": [log_entry(entry, budget)?],
    });
    let (member, content) = match media_type {
        SIMPLE_SIGNING => {
            let signature = annotation("dev.cosignproject.cosign/signature").ok_or("no signature")?;
            let digest = bytes_of(Digest::of(layer).hex()).ok_or("no digest")?;
            let content = json!({
                "messageDigest": { "algorithm": "SHA2_256", "digest": BASE64.encode(digest) },
                "signature": signature,
            });
            ("messageSignature", content)
        }
        ENVELOPE => {
            let most = budget.image_attestation_bytes.saturating_mul(2);
            ("dsseEnvelope", json::read(layer, most, budget)?)
        }
        other => return Err(format!("neither a signature nor an envelope of cosign: {other}")),
    };
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1",
        "verificationMaterial": material,
        member: content,
    });
    serde_json::to_vec(&bundle).map_err(|error| error.to_string())
}

/// PEM certificates as the bundle writes them.
fn certificates(pem: &str) -> Result<Vec<Value>, String> {
    let mut out = Vec::new();
    for block in pem.split("-----BEGIN CERTIFICATE-----").skip(1) {
        let (body, _) =
            block.split_once("-----END CERTIFICATE-----").ok_or("a certificate without its end")?;
        let body: String = body.split_whitespace().collect();
        BASE64.decode(&body).map_err(|error| format!("a certificate: {error}"))?;
        out.push(json!({ "rawBytes": body }));
    }
    if out.is_empty() { Err("no certificate in PEM".to_owned()) } else { Ok(out) }
}

/// Bytes of hex digits.
fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

fn log_entry(entry: &str, budget: &Budget) -> Result<Value, String> {
    let entry = json::read(entry.as_bytes(), 1 << 20, budget)?;
    let missing = |what: &str| format!("the log's entry has no {what}");
    let promise = text(&entry, &["SignedEntryTimestamp"]).ok_or_else(|| missing("promise"))?;
    let payload = entry.get("Payload").ok_or_else(|| missing("payload"))?;
    let body = text(payload, &["body"]).ok_or_else(|| missing("body"))?;
    let decoded = BASE64.decode(body).map_err(|error| format!("the log's entry: {error}"))?;
    let kind = json::read(&decoded, 1 << 20, budget)?;
    let number = |name: &str| payload.get(name).and_then(Value::as_i64).ok_or_else(|| missing(name));
    let log = text(payload, &["logID"]).ok_or_else(|| missing("log"))?;
    let log = bytes_of(log).ok_or_else(|| missing("log"))?;
    Ok(json!({
        "logIndex": number("logIndex")?.to_string(),
        "logId": { "keyId": BASE64.encode(log) },
        "kindVersion": {
            "kind": text(&kind, &["kind"]).ok_or_else(|| missing("kind"))?,
            "version": text(&kind, &["apiVersion"]).ok_or_else(|| missing("version"))?,
        },
        "integratedTime": number("integratedTime")?.to_string(),
        "inclusionPromise": { "signedEntryTimestamp": promise },
        "canonicalizedBody": body,
    }))
}

/// The digest of the image that a simple signing payload is about.
///
/// # Errors
/// It is no such payload.
pub fn signed_digest(payload: &[u8], budget: &Budget) -> Result<Digest, String> {
    let payload = json::read(payload, 1 << 20, budget)?;
    let digest = text(&payload, &["critical", "image", "docker-manifest-digest"])
        .ok_or("no critical.image.docker-manifest-digest")?;
    Digest::parse(digest).ok_or_else(|| format!("`{digest}` is no digest"))
}
