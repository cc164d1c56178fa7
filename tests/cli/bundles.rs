//! `veritee verify-bundle`: who signed what, by the exit code.

use crate::program::Folder;
use serde_json::Value;

const SIGNER: &str =
    "https://github.com/prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
const SIGNED: &str = "sha256:54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f";

fn vector(name: &str) -> String {
    format!("{}/test-vectors/provenance/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn verify(folder: &Folder, bundle: &str, who: &[&str], of: &str) -> (i32, Value) {
    let arguments = [&["verify-bundle", "--bundle", bundle], who, &[of, "--format", "json"]].concat();
    let ran = folder.run(&arguments);
    (ran.code, serde_json::from_str(&ran.out).unwrap_or(Value::Null))
}

#[test]
fn a_bundle_holds_for_its_signer_and_its_subject_alone() {
    let folder = Folder::empty();
    let bundle = vector("conda-attestation.sigstore.json");
    let who = ["--certificate-identity", SIGNER, "--certificate-oidc-issuer", ISSUER];
    let (code, value) = verify(&folder, &bundle, &who, SIGNED);
    assert_eq!((code, &value["verified"]), (0, &Value::from(true)), "{value}");
    for (identity, issuer, failed) in [
        ("https://github.com/prefix-dev/sigstore-example/", ISSUER, "identity"),
        ("", ISSUER, "identity"),
        (SIGNER, "https://token.actions.githubusercontent.com/", "issuer"),
    ] {
        let who = ["--certificate-identity", identity, "--certificate-oidc-issuer", issuer];
        let (code, value) = verify(&folder, &bundle, &who, SIGNED);
        assert_eq!((code, value["failed"].as_str()), (11, Some(failed)), "{value}");
    }
    let other = SIGNED.replace("5430", "5431");
    assert_eq!(verify(&folder, &bundle, &who, &other).0, 10);
    // A file of that name goes before the digest.
    folder.write(SIGNED, "x");
    assert_eq!(verify(&folder, &bundle, &who, SIGNED).0, 10);
    folder.write("no.json", "{}");
    assert_eq!(verify(&folder, "no.json", &who, &other).0, 3);
    assert_eq!(verify(&folder, "absent.json", &who, &other).0, 3);
    assert_eq!(verify(&folder, &bundle, &["--certificate-identity", SIGNER], SIGNED).0, 2);
}

#[test]
fn bytes_and_digest_are_one_and_a_key_is_no_certificate() {
    let folder = Folder::empty();
    let (bundle, text) = (vector("cosign-v3-blob.sigstore.json"), vector("cosign-v3-blob.txt"));
    let digest = format!("sha256:{}", veritee_model::Sha256Digest::of(&std::fs::read(&text).unwrap()));
    // Whose it is, by its own certificate: a refusal names it.
    let nobody = ["--certificate-identity", "nobody", "--certificate-oidc-issuer", "x"];
    let (_, refused) = verify(&folder, &bundle, &nobody, &digest);
    let identity = refused["message"].as_str().unwrap().rsplit_once("got ").unwrap().1.to_owned();
    let who = |issuer| ["--certificate-identity", identity.as_str(), "--certificate-oidc-issuer", issuer];
    for of in [&text, &digest] {
        assert_eq!(verify(&folder, &bundle, &who("https://github.com/login/oauth"), of).0, 0, "{of}");
        assert_eq!(verify(&folder, &bundle, &who("https://accounts.example"), of).0, 11, "{of}");
        // Whoever gives a key wants that key's signature, and no other.
        let (code, value) = verify(&folder, &bundle, &["--key", &vector("cosign/cosign.pub")], of);
        assert_eq!((code, value["failed"].as_str()), (10, Some("key-unknown")));
    }
    folder.write("other.txt", "test content for nobody\n");
    assert_eq!(verify(&folder, &bundle, &who("https://github.com/login/oauth"), "other.txt").0, 10);
}
