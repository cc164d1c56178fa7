//! Registries that behave.

use crate::support::{LAYER, artifact, descriptor, fetch_from, forged, lines, outcomes};
use serde_json::{Value, json};
use veritee_acquire::registry::{Outcome, Problem};
use veritee_image::media;
use veritee_loopback::Reply;
use veritee_loopback::registry::digest;

#[test]
fn an_image_by_tag_is_kept_whole_and_what_the_tag_led_to_is_written_down_and_called_no_pin() {
    let forged = forged();
    let (fetched, kept) = forged.fetch(":1");
    let fetched = fetched.unwrap();
    for digest in [&forged.index, &forged.manifest, &forged.config, &forged.layer] {
        assert!(kept.blobs.contains_key(digest), "{digest}");
    }
    let transcript: Value = serde_json::from_str(&kept.files["veritee-fetch.json"]).unwrap();
    assert_eq!(transcript["digest"], json!(forged.index));
    assert_eq!((&transcript["pinned"], &transcript["incomplete"]), (&json!(false), &json!(false)));
    assert_eq!(transcript["at"], json!("2026-10-15T00:00:00Z"));
    assert_eq!(fetched.manifests[0].to_string(), forged.manifest);
    let index: Value = serde_json::from_str(&kept.files["index.json"]).unwrap();
    assert_eq!(index["manifests"][0]["digest"], json!(forged.index));
    let name = &index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"];
    assert_eq!(name, &json!(format!("{}:1", forged.registry.name())));
    // Both levels are asked about, by every way.
    assert_eq!(outcomes(&fetched, "referrers"), [Outcome::Absent; 2]);
    assert_eq!(outcomes(&fetched, "fallback tag of referrers"), [Outcome::Absent; 2]);
    assert_eq!(outcomes(&fetched, "tag of cosign"), [Outcome::Absent; 6]);
}

#[test]
fn a_digest_pins_at_either_level() {
    let forged = forged();
    let (by_index, _) = forged.fetch(&format!("@{}", forged.index));
    assert!(by_index.unwrap().transcript.pinned);
    let (by_manifest, kept) = forged.fetch(&format!(":moved@{}", forged.manifest));
    assert_eq!(by_manifest.unwrap().transcript.digest.to_string(), forged.manifest);
    assert!(!kept.blobs.contains_key(&forged.index));
}

#[test]
fn a_token_is_got_as_everybody_gets_it_and_goes_to_nobody_else() {
    let forged = forged();
    forged.registry.ask_for_token("hunter2");
    // An object store: the layer comes from elsewhere, and the token does not go there.
    let store = veritee_loopback::Server::http();
    store.on("/signed", Reply::bytes(LAYER));
    let blob = forged.path(&format!("blobs/{}", forged.layer));
    forged.registry.server().on(&blob, Reply::redirect(&store.url("/signed?x=1")));
    let (fetched, kept) = forged.fetch(":1");
    fetched.unwrap();
    assert!(kept.blobs.contains_key(&forged.layer));
    let asked = forged.registry.server().requests();
    let token = asked.iter().find(|request| request.path == "/token").unwrap();
    assert!(token.query.contains("scope=repository%3Ateam%2Fapp%3Apull"), "{}", token.query);
    assert_eq!(asked.iter().filter(|request| request.path == "/token").count(), 1);
    assert!(store.requests().iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn referrers_are_found_page_by_page_and_each_is_kept_once() {
    let forged = forged();
    let subject = descriptor(media::OCI_MANIFEST, &forged.manifest, 1);
    for number in 0..5 {
        let layer = format!("{{\"number\":{number}}}");
        let bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
        let found = artifact(&forged.registry, Some(&subject), bundle, layer.as_bytes());
        forged.registry.refer(&forged.manifest, &found.to_string(), 2);
        forged.registry.refer(&forged.index, &found.to_string(), 2);
    }
    let (fetched, kept) = forged.fetch(":1");
    let fetched = fetched.unwrap();
    assert_eq!((fetched.beside, outcomes(&fetched, "referrer").len()), (5, 5));
    assert!(kept.blobs.contains_key(&digest(b"{\"number\":4}")) && kept.blobs.contains_key(&digest(b"{}")));
    assert!(!fetched.transcript.incomplete);
}

#[test]
fn the_fallback_tag_and_the_tags_of_cosign_are_read_where_there_is_no_interface() {
    let forged = forged();
    let registry = &forged.registry;
    let found = artifact(registry, None, "application/vnd.dev.sigstore.bundle.v0.3+json", b"{\"a\":1}");
    let index = json!({ "schemaVersion": 2, "manifests": [found] }).to_string();
    let fallback = registry.manifest(media::OCI_INDEX, index.as_bytes());
    let hex = |digest: &str| digest.trim_start_matches("sha256:").to_owned();
    registry.tag(&format!("sha256-{}", hex(&forged.index)), &fallback);
    let signature = artifact(registry, None, media::SIMPLE_SIGNING, b"{\"critical\":{}}");
    registry.tag(&format!("sha256-{}.sig", hex(&forged.manifest)), signature["digest"].as_str().unwrap());
    // A list of parts is named and left where it is.
    let parts = artifact(registry, None, "application/spdx+json", b"parts");
    registry.tag(&format!("sha256-{}.sbom", hex(&forged.manifest)), parts["digest"].as_str().unwrap());
    let (fetched, kept) = forged.fetch(":1");
    let fetched = fetched.unwrap();
    assert_eq!(fetched.beside, 3);
    assert!(kept.blobs.contains_key(&digest(b"{\"a\":1}")));
    assert!(kept.blobs.contains_key(&digest(b"{\"critical\":{}}")));
    assert!(!kept.blobs.contains_key(&digest(b"parts")));
    assert_eq!(outcomes(&fetched, "beside the image"), [Outcome::LeftOut]);
}

#[test]
fn an_attestation_in_the_index_comes_along_with_its_statement() {
    let forged = forged();
    let registry = &forged.registry;
    let statement = artifact(registry, None, media::STATEMENT, b"{\"_type\":\"x\"}");
    let (_, manifest) = (0, descriptor(media::OCI_MANIFEST, &forged.manifest, size(&forged)));
    let mut image = manifest;
    image["platform"] = json!({ "os": "linux", "architecture": "amd64" });
    let mut attestation = statement;
    attestation["annotations"] = json!({
        "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": forged.manifest,
    });
    let mut foreign = descriptor(media::OCI_MANIFEST, &digest(b"another"), 7);
    foreign["annotations"] = json!({
        "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest(b"other"),
    });
    let index = json!({ "schemaVersion": 2, "manifests": [image, attestation, foreign] }).to_string();
    registry.tag("2", &registry.manifest(media::OCI_INDEX, index.as_bytes()));
    let (fetched, kept) = forged.fetch(":2");
    let fetched = fetched.unwrap();
    assert_eq!(
        lines(&fetched, "attestation in the index").len(),
        1,
        "that of another platform is not asked for"
    );
    assert!(kept.blobs.contains_key(&digest(b"{\"_type\":\"x\"}")));
    assert!(!fetched.transcript.incomplete);
}

fn size(forged: &crate::support::Forged) -> usize {
    let (_, kept) = forged.fetch(&format!("@{}", forged.manifest));
    kept.blobs[&forged.manifest].len()
}

#[test]
fn why_an_image_cannot_be_had_is_told_apart() {
    let forged = forged();
    let path = forged.path("manifests/1");
    let challenge = format!("Bearer realm=\"{}\"", forged.registry.server().url("/gone"));
    for (reply, expected) in [
        (Reply::status(401), "status 401"),
        (Reply::status(401).header("WWW-Authenticate", &challenge), "no token"),
        (Reply::status(403), "status 403"),
        (Reply::status(404), "status 404"),
        (Reply::status(429), "status 429"),
        (Reply::retry_after("3600"), "status 429"),
        (Reply::status(500), "got 500"),
    ] {
        forged.registry.server().replace(&path, reply);
        let (fetched, kept) = forged.fetch(":1");
        let problem = fetched.unwrap_err();
        assert!(problem.to_string().contains(expected), "{expected}: {problem}");
        assert!(!problem.next_step().is_empty() && kept.files.is_empty() && kept.blobs.is_empty());
    }
    let (fetched, _) = fetch_from(&format!("{}:1", forged.registry.name().replace("team/app", "team/other")));
    assert!(matches!(fetched, Err(Problem::Absent { .. })));
}
