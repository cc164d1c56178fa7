mod forged;

use super::*;
use crate::commit::{Claims, Doubt, Rank};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

fn vector(name: &str) -> Vec<u8> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/provenance");
    std::fs::read(root.join(name)).unwrap()
}

fn image(digest: &str) -> Subjects {
    Subjects { index: None, manifest: Some(Digest::parse(digest).unwrap()) }
}

fn checked(bundle: &[u8], digest: &str) -> Result<Signed, Failure> {
    verify(bundle, Subject::Image(&image(digest)), &Trust::pinned().unwrap(), &Budget::STANDARD)
}

const CONDA: &str = "sha256:54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f";
const NPM: &str = "sha512:46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c";
const PRIVATE: &str = "sha256:76f1fe8593bf227cca2c089e3c16dc95014a8d3e89c5dd220530469ca043c428";

fn edited(name: &str, edit: impl Fn(&mut Value)) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(&vector(name)).unwrap();
    edit(&mut value);
    serde_json::to_vec(&value).unwrap()
}

#[test]
fn bundles_of_two_versions_verify_offline() {
    for (name, digest) in
        [("conda-attestation.sigstore.json", CONDA), ("sigstore.js@2.0.0-provenance.sigstore.json", NPM)]
    {
        let signed = checked(&vector(name), digest).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            (signed.root, signed.log, signed.certificate_log),
            (Root::PublicGood, true, true),
            "{name}"
        );
        assert_eq!(signed.level, Some(Level::Platform));
        assert!(!signed.times.is_empty() && signed.signer.unwrap().issuer.is_some(), "{name}");
    }
}

#[test]
fn the_second_generation_of_the_log_verifies_under_the_root_that_has_it_and_under_no_other() {
    use sigstore_verify::trust_root::SIGSTORE_STAGING_TRUSTED_ROOT;
    let bundle = vector("conda-attestation-rekor2.sigstore.json");
    assert_eq!(checked(&bundle, CONDA).unwrap_err().name, "time-stamp");
    let staging = Trust::given(SIGSTORE_STAGING_TRUSTED_ROOT).unwrap();
    let signed = verify(&bundle, Subject::Image(&image(CONDA)), &staging, &Budget::STANDARD).unwrap();
    assert_eq!((signed.root, signed.log, signed.certificate_log), (Root::Given, true, true));
}

#[test]
fn signer_and_source_are_read_from_the_certificate() {
    let signed = checked(&vector("sigstore.js@2.0.0-provenance.sigstore.json"), NPM).unwrap();
    let signer = signed.signer.clone().unwrap();
    assert_eq!(signer.commit.as_deref(), Some("f0b49a04e5a62250e0f60fb128004a73110fe311"));
    assert_eq!(signer.repository.as_deref(), Some("https://github.com/sigstore/sigstore-js"));
    assert_eq!(signer.runner.as_deref(), Some("github-hosted"));
    let mut claims = Claims::default();
    claims.add_signed(&signed, &[]);
    let ranks: Vec<Rank> = claims.list.iter().map(|claim| claim.rank).collect();
    assert_eq!(ranks, [Rank::Certificate, Rank::Predicate]);
    assert!(claims.disagreements().is_empty() && claims.list[0].doubts.is_empty(), "{claims:?}");
}

#[test]
fn githubs_root_is_for_bundles_without_log_and_says_so() {
    let signed = checked(&vector("github-private-attestation.sigstore.json"), PRIVATE).unwrap();
    assert_eq!((signed.root, signed.log, signed.certificate_log), (Root::GitHub, false, false));
    let mut claims = Claims::default();
    claims.add_signed(&signed, &[]);
    assert!(claims.list.iter().all(|claim| claim.doubts.contains(&Doubt::NoLog)), "{claims:?}");
}

#[test]
fn a_bundle_with_two_kinds_of_content_or_of_key_is_refused_whichever_is_read_first() {
    let name = "conda-attestation.sigstore.json";
    let digest = json!({ "algorithm": "SHA2_256", "digest": "AAAA" });
    let message = json!({ "messageDigest": digest, "signature": "AAAA" });
    let edits: [(&str, &str, Value); 4] = [
        ("", "messageSignature", message.clone()),
        ("", "message_signature", message),
        ("verificationMaterial", "publicKey", json!({ "hint": "key" })),
        ("verificationMaterial", "x509CertificateChain", json!({ "certificates": [] })),
    ];
    for (object, member, value) in edits {
        let both = edited(name, |bundle| {
            let object = if object.is_empty() { bundle } else { &mut bundle[object] };
            object[member] = value.clone();
        });
        let refused = checked(&both, CONDA).unwrap_err();
        assert_eq!(refused.name, "bundle-malformed", "{member}: {refused}");
        assert!(refused.to_string().contains("both"), "{member}: {refused}");
    }
}

#[test]
fn every_edit_of_a_sound_bundle_fails_by_its_own_name() {
    let name = "conda-attestation.sigstore.json";
    let entry = |value: &mut Value| value["verificationMaterial"]["tlogEntries"][0].take();
    let flip = |value: &mut Value| {
        let text = value.as_str().unwrap();
        let (at, other) = (text.len() / 2, if text.as_bytes()[text.len() / 2] == b'A' { "B" } else { "A" });
        *value = format!("{}{other}{}", &text[..at], &text[at + 1..]).into();
    };
    let failed = |edit: &dyn Fn(&mut Value)| checked(&edited(name, edit), CONDA).unwrap_err();
    // Without its log entry a bundle has no time, and GitHub's root does not know its certificate.
    let without = failed(&|value| value["verificationMaterial"]["tlogEntries"] = json!([]));
    assert!(["no-time", "bundle-malformed", "certificate-chain"].contains(&without.name), "{without}");
    let signature = failed(&|value| flip(&mut value["dsseEnvelope"]["signatures"][0]["sig"]));
    assert!(
        ["signature-invalid", "log-entry-mismatch", "bundle-malformed", "time-stamp"]
            .contains(&signature.name),
        "{signature}"
    );
    let certificate = failed(&|value| flip(&mut value["verificationMaterial"]["certificate"]["rawBytes"]));
    assert!(
        certificate.name.starts_with("certificate") || certificate.name == "bundle-malformed",
        "{certificate}"
    );
    let promise = failed(&|value| {
        flip(
            &mut value["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"]["signedEntryTimestamp"],
        );
    });
    assert!(["log-promise", "no-time"].contains(&promise.name), "{promise}");
    let root_hash = failed(&|value| {
        flip(&mut value["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["rootHash"]);
    });
    assert!(root_hash.name.starts_with("log-") || root_hash.name == "bundle-malformed", "{root_hash}");
    let foreign = failed(&|value| {
        let mut other: Value =
            serde_json::from_slice(&vector("sigstore.js@2.0.0-provenance.sigstore.json")).unwrap();
        value["verificationMaterial"]["tlogEntries"] = json!([entry(&mut other)]);
    });
    assert!(foreign.name.starts_with("log-") || foreign.name.starts_with("certificate"), "{foreign}");
    let two = checked(&vector("dsse-2sigs.sigstore.json"), &format!("sha512:{}", "bb".repeat(64)));
    assert!(two.is_err());
    let version =
        failed(&|value| value["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.9+json".into());
    assert_eq!(version.name, "bundle-malformed");
}

#[test]
fn a_member_that_stands_twice_makes_a_statement_malformed_wherever_it_stands() {
    let name = "conda-attestation.sigstore.json";
    let bundle: Value = serde_json::from_slice(&vector(name)).unwrap();
    let payload = BASE64.decode(bundle["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap();
    let text = String::from_utf8(payload).unwrap();
    let statement: Value = serde_json::from_str(&text).unwrap();
    let tail = |member: &str| {
        format!("{},\"{member}\":{}}}", text.trim_end().strip_suffix('}').unwrap(), statement[member])
    };
    for doubled in [
        tail("subject"),
        tail("predicateType"),
        tail("_type"),
        tail("predicate"),
        // Spelled otherwise, and deeper.
        tail("subject").replacen("\"subject\"", "\"\\u0073ubject\"", 1),
        text.replacen("\"sha256\":", "\"sha256\":\"00\",\"sha256\":", 1),
        text.replacen("\"predicate\":{", "\"predicate\":{\"a\":[{\"b\":1,\"b\":1}],", 1),
    ] {
        assert_ne!(doubled, text);
        let changed = edited(name, |value| value["dsseEnvelope"]["payload"] = BASE64.encode(&doubled).into());
        let error = checked(&changed, CONDA).unwrap_err();
        assert_eq!(error.name, "statement-malformed", "{error}: {doubled:.200}");
        assert!(error.message.contains("twice"), "{error}");
    }
    // The bundle itself likewise.
    let whole = String::from_utf8(vector(name)).unwrap();
    let twice = whole.replacen('{', "{\"mediaType\":\"x\",", 1);
    assert_eq!(checked(twice.as_bytes(), CONDA).unwrap_err().name, "bundle-malformed");
}

#[test]
fn a_statement_about_another_image_is_no_statement_about_this_one() {
    let other = format!("sha256:{}", "0".repeat(64));
    let error = checked(&vector("conda-attestation.sigstore.json"), &other).unwrap_err();
    assert_eq!(error.name, "subject-mismatch");
    let at_index = Subjects { index: Digest::parse(CONDA), manifest: Digest::parse(&other) };
    let trust = Trust::pinned().unwrap();
    let bundle = vector("conda-attestation.sigstore.json");
    let signed = verify(&bundle, Subject::Image(&at_index), &trust, &Budget::STANDARD).unwrap();
    assert_eq!(signed.level, Some(Level::Index));
}

#[test]
fn a_key_verifies_what_it_signed_and_nothing_else() {
    let name = "cosign/bundle-2fedd04a43b0685ed702263e61d835b6272df5fc7a683ad2840281fd66c50cca.json";
    let image = image("sha256:2c7aad77081721a8598aea193624e5bf6df075fd03115053b28fb2254c84be69");
    let mut trust = Trust::pinned().unwrap();
    let run = |bundle: &[u8], trust: &Trust| verify(bundle, Subject::Image(&image), trust, &Budget::STANDARD);
    assert_eq!(run(&vector(name), &trust).unwrap_err().name, "key-unknown");
    trust.add_key(core::str::from_utf8(&vector("cosign/cosign.pub")).unwrap()).unwrap();
    let signed = run(&vector(name), &trust).unwrap();
    assert_eq!((signed.root, signed.signer.as_ref(), signed.log), (Root::Key, None, false));
    let mut claims = Claims::default();
    claims.add_signed(&signed, &[]);
    assert_eq!(claims.list.len(), 1);
    assert_eq!(
        (claims.list[0].rank, claims.list[0].doubts.as_slice()),
        (Rank::Predicate, &[Doubt::NoLog, Doubt::KeyOnly][..])
    );
    // The signature of the other bundle over this payload.
    let other = "cosign/bundle-2426064017bbe7ff071e4ce395c3a0f7be24f76af12fb57a54d14eb89093a868.json";
    let other: Value = serde_json::from_slice(&vector(other)).unwrap();
    let swapped = edited(name, |value| {
        value["dsseEnvelope"]["signatures"] = other["dsseEnvelope"]["signatures"].clone();
    });
    assert_eq!(run(&swapped, &trust).unwrap_err().name, "signature-invalid");
}

#[test]
fn what_is_no_bundle_is_refused_and_never_panics() {
    for bytes in [&b""[..], b"{}", b"[]", b"null", b"\xff", b"{\"mediaType\":1}"] {
        assert_eq!(checked(bytes, CONDA).unwrap_err().name, "bundle-malformed");
    }
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    assert!(checked(deep.as_bytes(), CONDA).unwrap_err().message.contains("deeper"));
    assert_eq!(Trust::given("{}").unwrap_err().name, "root-malformed");
}

/// What cosign 2 would have kept beside the layer for this signature, which cosign 3 has made: certificate and signature,
/// and of the log's entry the promise alone.
fn annotations() -> std::collections::BTreeMap<String, String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let bundle: Value = serde_json::from_slice(&vector("cosign-v3-blob.sigstore.json")).unwrap();
    let material = &bundle["verificationMaterial"];
    let entry = &material["tlogEntries"][0];
    let number = |name: &str| entry[name].as_str().unwrap().parse::<i64>().unwrap();
    let log = STANDARD.decode(entry["logId"]["keyId"].as_str().unwrap()).unwrap();
    let log: String = log.iter().map(|byte| format!("{byte:02x}")).collect();
    let kept = json!({
        "SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
        "Payload": {
            "body": entry["canonicalizedBody"], "integratedTime": number("integratedTime"),
            "logIndex": number("logIndex"), "logID": log,
        },
    });
    let certificate = material["certificate"]["rawBytes"].as_str().unwrap();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n");
    let signature = bundle["messageSignature"]["signature"].as_str().unwrap().to_owned();
    [
        ("dev.sigstore.cosign/certificate", pem),
        ("dev.sigstore.cosign/bundle", kept.to_string()),
        ("dev.cosignproject.cosign/signature", signature),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

#[test]
fn a_published_signature_verifies_out_of_the_annotations_of_cosign_2_and_each_part_of_it_counts() {
    let layer = vector("cosign-v3-blob.txt");
    let run = |layer: &[u8], annotations: &std::collections::BTreeMap<String, String>| {
        let media_type = veritee_image::media::SIMPLE_SIGNING;
        let bundle = crate::cosign::bundle(layer, media_type, annotations, &Budget::STANDARD).unwrap();
        verify(&bundle, Subject::Bytes(layer), &Trust::pinned().unwrap(), &Budget::STANDARD)
    };
    let own = annotations();
    let signed = run(&layer, &own).unwrap();
    assert_eq!((signed.root, signed.log, signed.certificate_log), (Root::PublicGood, true, true));
    assert!(signed.statement.is_none() && signed.level.is_none());
    assert_eq!(signed.signer.unwrap().issuer.as_deref(), Some("https://github.com/login/oauth"));
    // Other bytes, and every annotation changed once.
    assert!(run(b"test content for cosigm\n", &own).is_err());
    let kept = &own["dev.sigstore.cosign/bundle"];
    for (from, to) in [("\"integratedTime\":1", "\"integratedTime\":2"), ("\"logIndex\":7", "\"logIndex\":8")]
    {
        let mut changed = own.clone();
        let text = kept.replacen(from, to, 1);
        assert_ne!(text, *kept, "{from}");
        changed.insert("dev.sigstore.cosign/bundle".to_owned(), text);
        assert!(run(&layer, &changed).unwrap_err().name.starts_with("log"), "{from}");
    }
    let mut changed = own.clone();
    // A signature by the same form over something else: that of the log.
    let promise: Value = serde_json::from_str(kept).unwrap();
    let other = promise["SignedEntryTimestamp"].as_str().unwrap().to_owned();
    changed.insert("dev.cosignproject.cosign/signature".to_owned(), other);
    assert!(matches!(run(&layer, &changed).unwrap_err().name, "signature-invalid" | "log-entry-mismatch"));
    // Bytes that a key signed over a digest alone hold as well.
    let digest = Digest::of(&layer);
    let bundle = vector("cosign-v3-blob.sigstore.json");
    let trust = Trust::pinned().unwrap();
    assert!(verify(&bundle, Subject::Digest(&digest), &trust, &Budget::STANDARD).is_ok());
    let other = Digest::of(b"");
    assert!(verify(&bundle, Subject::Digest(&other), &trust, &Budget::STANDARD).is_err());
}
