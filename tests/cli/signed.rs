//! "Stage 1" by a signed provenance in place of a rebuild: quote, compose, image, signature, commit, reviewed tree; and none
//! in which one link of the signature is broken.

use crate::stage::{Application, COMMIT, INDEX, image, open};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use veritee_testkit::der;
use veritee_testkit::key::SigningKey;
use veritee_testkit::sigstore::{Signing, provenance, trusted_root};

/// As `repro-1.tar` calls its source.
const REPOSITORY: &str = "https://example.invalid/org/app";

fn signing() -> Signing {
    Signing::new(1, INDEX, REPOSITORY, COMMIT)
}

/// The complete application, whose image is signed and not rebuilt.
fn application() -> Application {
    let mut application = Application::new();
    application.options = application.with("--rebuilt", None);
    application.options = application.with("--bundle", Some("bundle.json"));
    application.options = application.with("--trusted-root", Some("trusted_root.json"));
    application.folder.write("trusted_root.json", trusted_root(1));
    application.folder.write("bundle.json", signing().bundle());
    application
}

fn stage(report: &Value) -> &str {
    report["stage"].as_str().unwrap()
}

/// What DP-TRC-001 says.
fn rung(report: &Value) -> String {
    let findings = report["findings"].as_array().unwrap();
    let of = findings.iter().find(|finding| finding["rule"] == "DP-TRC-001").unwrap();
    of["evidence"].as_str().unwrap().to_owned()
}

#[test]
fn a_signed_build_of_the_reviewed_commit_reaches_stage_1() {
    let application = application();
    let report = application.judge("evidence.json", &application.options);
    assert!(
        stage(&report).starts_with("Stage 1 (reviewer: Jane Doe"),
        "{}\n{}",
        stage(&report),
        open(&report)
    );
    assert!(rung(&report).contains("R4: "), "{}", rung(&report));
    let words: Vec<&str> = application.options.iter().map(String::as_str).collect();
    let page = application.folder.verify("evidence.json", &[&["--offline"], &words[..]].concat()).ends(0).out;
    assert!(page.contains("Stage 1") && page.contains("TEST ROOT, NOT INTEL'S"), "{page}");
}

#[test]
fn no_application_reaches_stage_1_with_one_link_of_its_signature_broken() {
    let application = application();
    let refused = |what: &str, options: &[String]| {
        let report = application.judge("evidence.json", options);
        assert!(!stage(&report).starts_with("Stage 1"), "{what}: {}", stage(&report));
        assert!(!rung(&report).contains("R4") && !rung(&report).contains("R5"), "{what}: {}", rung(&report));
    };
    let other = "f".repeat(40);
    let claimed = |number: u8, value: &'static str| {
        signing().change(|it| drop(it.claims.insert(number, value.to_owned()))).bundle()
    };
    let changed = |change: fn(&mut Signing)| signing().change(change).bundle();
    let cases = [
        (
            "about another image",
            Signing::new(1, &format!("sha256:{}", "0".repeat(64)), REPOSITORY, COMMIT).bundle(),
        ),
        ("of another universe", Signing::new(2, INDEX, REPOSITORY, COMMIT).bundle()),
        ("of another authority", changed(|it| it.issued_by = "stranger")),
        ("in no log of certificates", changed(|it| it.stamped_by = None)),
        ("in no log", changed(|it| it.logged_by = None)),
        ("in another log", changed(|it| it.logged_by = Some("stranger"))),
        ("promised and not included", changed(|it| it.proven = false)),
        ("of another commit", Signing::new(1, INDEX, REPOSITORY, &other).bundle()),
        (
            "of another repository",
            Signing::new(1, INDEX, "https://example.invalid/other/app", COMMIT).bundle(),
        ),
        (
            "predicate of another commit",
            signing().change(|it| it.statement = provenance(INDEX, REPOSITORY, &other)).bundle(),
        ),
        (
            "by a stranger's workflow",
            changed(|it| {
                it.identity = "https://example.invalid/x/y/.github/workflows/z.yml@refs/heads/main".into();
            }),
        ),
        ("by a self-hosted runner", claimed(11, "self-hosted")),
        ("for a pull request", claimed(20, "pull_request")),
        ("under another issuer", claimed(8, "https://issuer.invalid")),
        (
            "with another statement in the envelope",
            signing().edit(|bundle| {
                let other: Value =
                    serde_json::from_str(&Signing::new(1, INDEX, REPOSITORY, &other).bundle()).unwrap();
                bundle["dsseEnvelope"]["payload"] = other["dsseEnvelope"]["payload"].clone();
            }),
        ),
    ];
    for (what, bundle) in cases {
        application.folder.write("broken.json", bundle);
        refused(what, &application.with("--bundle", Some("broken.json")));
    }
    // The certificate's commit alone: whoever signs for a commit that is not named has said nothing of it.
    application.folder.write(
        "broken.json",
        signing().change(|it| it.claims.retain(|number, _| ![3, 13].contains(number))).bundle(),
    );
    refused("certificate without a commit", &application.with("--bundle", Some("broken.json")));
    // Nothing signed: what BuildKit says in the index is a claim.
    refused("unsigned", &application.with("--bundle", None));
    // Under the pinned roots, and under another root of this kind.
    refused("pinned roots", &application.with("--trusted-root", None));
    application.folder.write("other_root.json", trusted_root(2));
    refused("another root", &application.with("--trusted-root", Some("other_root.json")));
    // A sound signature over an image that does not run, given beside it.
    let differs = image("content-differs.tar");
    let report = application.judge("evidence.json", &application.with("--container-image", Some(&differs)));
    assert!(!stage(&report).starts_with("Stage 1"), "{}", stage(&report));
    // A tree at another commit than the signed one.
    application.folder.write("app/.git/HEAD", format!("{other}\n"));
    let report = application.judge("evidence.json", &application.options);
    assert!(!stage(&report).starts_with("Stage 1"), "{}", stage(&report));
    application.folder.write("app/.git/HEAD", format!("{COMMIT}\n"));
    // And a stranger's workflow once the caller lists it.
    let foreign = "https://example.invalid/x/y/";
    application.folder.write(
        "listed.json",
        changed(|it| {
            it.identity = "https://example.invalid/x/y/.github/workflows/z.yml@refs/heads/main".into();
        }),
    );
    let mut options = application.with("--bundle", Some("listed.json"));
    options.extend(["--allow-signer".to_owned(), foreign.to_owned()]);
    let report = application.judge("evidence.json", &options);
    assert!(stage(&report).starts_with("Stage 1"), "{}\n{}", stage(&report), open(&report));
}

/// A statement about the image that a key signed, in no log: what `cosign attest --key` leaves beside an image.
fn by_key(key: &SigningKey) -> String {
    let statement = provenance(INDEX, REPOSITORY, COMMIT).to_string();
    let kind = "application/vnd.in-toto+json";
    let message = format!("DSSEv1 {} {kind} {} {statement}", kind.len(), statement.len());
    let base64 = |bytes: &[u8]| BASE64.encode(bytes);
    let bundle = serde_json::json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": { "publicKey": { "hint": "release" } },
        "dsseEnvelope": {
            "payload": base64(statement.as_bytes()), "payloadType": kind,
            "signatures": [{ "sig": base64(&key.sign_der(message.as_bytes())) }],
        },
    });
    bundle.to_string()
}

#[test]
fn a_key_speaks_for_an_image_where_it_is_given_and_where_a_policy_lists_keys_only_a_listed_one() {
    let compose = format!("services:\n  app:\n    image: example.invalid/app@{INDEX}\n");
    let folder = crate::carried::running(&compose, &[]);
    let (own_key, stranger) = (SigningKey::derive(9, "release"), SigningKey::derive(9, "stranger"));
    folder.write("key.pem", der::pem("PUBLIC KEY", &own_key.spki()));
    folder.write("bundle.json", by_key(&own_key));
    folder.write("stranger.json", by_key(&stranger));
    let saved = image("repro-1.tar");
    let (key, bundle) = ("key.pem", "bundle.json");
    let given = ["--container-image", &saved, "--bundle", bundle];
    let with_key = [&given[..], &["--key", key]].concat();
    let judged = |more: &[&str]| crate::carried::judged(&folder, "evidence.json", more).1;
    let loosened = |report: &Value| report["policy"]["loosened"].to_string();
    assert!(!rung(&judged(&given)).contains("R3"), "a key that nobody gave");
    let other = ["--container-image", &saved, "--bundle", "stranger.json", "--key", key];
    assert!(!rung(&judged(&other)).contains("R3"), "a signature of another key");
    let by_line = judged(&with_key);
    assert!(rung(&by_line).contains("R3"), "{}", rung(&by_line));
    assert!(loosened(&by_line).contains("by the key") && loosened(&by_line).contains("command line"));
    // By policy: the digest is over the key's DER.
    let digest = veritee_model::Sha256Digest::of(&own_key.spki()).to_string();
    let own = folder.read("policy.toml");
    let images = |list: &str| {
        format!("{own}\n[images]\nkey_spki_sha256 = {list}\nreason = \"the key of our releases\"\n")
    };
    folder.write("policy.toml", images(&format!("[\"{}\", \"{digest}\"]", "0".repeat(64))));
    let by_policy = judged(&with_key);
    assert!(rung(&by_policy).contains("R3"), "{}", rung(&by_policy));
    let said = loosened(&by_policy);
    assert!(said.contains("the key of our releases") && !said.contains("command line"), "{said}");
    // A listed key that is not given signs nothing: a list of digests is no list of keys.
    assert!(!rung(&judged(&given)).contains("R3"));
    // Another key than the listed ones ends the run, in verify and in trace.
    folder.write("policy.toml", images(&format!("[\"{}\"]", "0".repeat(64))));
    let ran = folder.verify("evidence.json", &[&["--offline"], &with_key[..]].concat()).ends(2);
    assert!(ran.err.contains(&digest) && ran.err.contains("does not list"), "{}", ran.err);
    let trace = ["trace", "evidence.json", "--image", &saved, "--bundle", bundle, "--key", key];
    let ran = folder.run(&[&trace[..], &["--policy", "policy.toml", "--root", "root.pem"]].concat()).ends(2);
    assert!(ran.err.contains("does not list"), "{}", ran.err);
    // What is no list of digests is no policy.
    for wrong in ["[]", "[\"ab\"]", "\"x\"", &format!("[\"{}\"]", "g".repeat(64))] {
        folder.write("wrong.toml", images(wrong));
        folder.run(&["policy", "check", "wrong.toml"]).ends(2);
    }
    folder.write("wrong.toml", format!("{own}\n[images]\nkey_spki_sha256 = [\"{digest}\"]\n"));
    assert!(folder.run(&["policy", "check", "wrong.toml"]).ends(2).err.contains("reason"));
}
