//! The token: a JWS that verifies, and a status that is never better than the report.

use crate::{ed25519, p256, sample, verified};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};
use serde_json::Value;
use veritee_model::{Kind, Report, Sha256Digest, TcbStatus, UnixTime};
use veritee_seal::{SigningKey, ear};

const ISSUED: UnixTime = UnixTime::from_seconds(1_800_000_000);

fn parts(token: &str) -> Vec<Vec<u8>> {
    token.trim_end().split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect()
}

fn claims_by(report: &Report, key: &SigningKey) -> Value {
    let token = ear(report, b"report", ISSUED, None, key, &SystemRandom::new()).unwrap();
    serde_json::from_slice(&parts(&token)[1]).unwrap()
}

fn appraisal(report: &Report) -> Value {
    claims_by(report, &ed25519())["submods"]["dstack"].clone()
}

#[test]
fn the_signature_is_over_header_and_claims_by_the_algorithm_that_the_header_names() {
    let (bytes, report) = sample("verified");
    for (key, name, algorithm) in [
        (ed25519(), "EdDSA", &ED25519 as &dyn ring::signature::VerificationAlgorithm),
        (p256(), "ES256", &ECDSA_P256_SHA256_FIXED),
    ] {
        let later = Some(UnixTime::from_seconds(ISSUED.seconds() + 60));
        let token = ear(&report, &bytes, ISSUED, later, &key, &SystemRandom::new()).unwrap();
        let [header, claims, signature] = parts(&token).try_into().unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        assert_eq!((header["alg"].as_str(), header["typ"].as_str()), (Some(name), Some("JWT")));
        assert_eq!(header["kid"], key.public().id());
        let (signed, _) = token.trim_end().rsplit_once('.').unwrap();
        let spki = key.public().spki();
        let raw = &spki[spki.len() - if name == "EdDSA" { 32 } else { 65 }..];
        UnparsedPublicKey::new(algorithm, raw).verify(signed.as_bytes(), &signature).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["eat_profile"], "tag:ietf.org,2026:rats/ear#04");
        assert_eq!(
            (claims["iat"].as_u64(), claims["exp"].as_u64()),
            (Some(1_800_000_000), Some(1_800_000_060))
        );
        let own = &claims["submods"]["dstack"]["ear_verifier_claims"];
        assert_eq!(own["report_sha256"], Sha256Digest::of(&bytes).to_string());
    }
}

#[test]
fn only_a_verified_report_that_loosens_nothing_is_affirming() {
    let mut report = verified();
    let clean = appraisal(&report);
    assert_eq!(clean["ear_status"], "affirming", "{clean}");
    report.policy.loosened = vec!["lets something pass".to_owned()];
    assert_eq!(appraisal(&report)["ear_status"], "warning");
    for (name, status) in
        [("refused", "contraindicated"), ("not-genuine", "contraindicated"), ("incomplete", "warning")]
    {
        assert_eq!(appraisal(&sample(name).1)["ear_status"], status, "{name}");
    }
    // Nothing is attested of documents, whatever the audit says of them.
    let mut documents = verified();
    documents.kind = Kind::Documents;
    let told = appraisal(&documents);
    assert_eq!(told["ear_status"], "none");
    assert!(told.get("ear_trustworthiness_vector").is_none());
}

#[test]
fn a_status_is_never_better_than_the_hardware_that_it_rests_on() {
    let mut report = verified();
    if let Some(tcb) = &mut report.tcb {
        tcb.status = TcbStatus::OutOfDate;
    }
    let old = appraisal(&report);
    assert_eq!(old["ear_trustworthiness_vector"]["hardware"], 32);
    assert_eq!(old["ear_status"], "warning");
    let mut other = verified();
    other.root.as_mut().unwrap().intel = false;
    let other = appraisal(&other);
    assert_eq!(other["ear_trustworthiness_vector"]["hardware"], 97);
    assert_eq!(other["ear_status"], "contraindicated");
}

#[test]
fn nothing_is_claimed_of_a_step_with_a_check_that_did_not_pass() {
    let mut report = verified();
    let claimed = |report: &Report| appraisal(report)["ear_trustworthiness_vector"].clone();
    let before = claimed(&report);
    assert_eq!((&before["hardware"], &before["executables"]), (&2.into(), &3.into()), "{before}");
    // A list that lacks a check is no list in which it passed.
    let mut shorter = report.clone();
    shorter.checks.retain(|check| check.id != veritee_model::CheckId::QuoteFormat);
    assert!(claimed(&shorter).is_null());
    for check in &mut report.checks {
        if check.id == veritee_model::CheckId::QuoteFormat {
            check.outcome = veritee_model::Outcome::NotChecked;
        }
    }
    assert!(claimed(&report).is_null());
}
