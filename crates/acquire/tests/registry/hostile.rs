//! Registries that lie. Each row: what is done, and what comes of it. A lie about the image ends the run with nothing kept
//! under a name; a lie about what stands beside it is written down, and the fetch says that it is incomplete.

use crate::support::{LAYER, artifact, descriptor, forged, lines, outcomes};
use serde_json::json;
use veritee_acquire::registry::{Outcome, PAGES};
use veritee_image::media;
use veritee_loopback::registry::digest;
use veritee_loopback::{Reply, Server};

const INDEX: &str = media::OCI_INDEX;

#[test]
fn a_lie_about_the_image_ends_the_run() {
    let large = format!("{{\"schemaVersion\":2,\"pad\":\"{}\"}}", "x".repeat(40 << 20));
    let deep = format!("{{\"schemaVersion\":2,\"manifests\":{}{}}}", "[".repeat(100), "]".repeat(100));
    let both = json!({ "schemaVersion": 2, "manifests": [], "config": descriptor("a", &digest(b""), 0), "layers": [] });
    let old = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    let tricks = json!({ "schemaVersion": 2, "manifests": [descriptor(media::OCI_MANIFEST, "sha256:../../../etc/x", 1)] });
    let elsewhere = Server::http();
    elsewhere.on("/m", Reply::ok(INDEX, "{}"));
    for (what, reply, expected) in [
        ("40 MiB", Reply::ok(INDEX, large), "expected at most 4194304 bytes"),
        ("endless", Reply::endless("x".repeat(1 << 16)), "expected at most 4194304 bytes"),
        ("truncated", Reply::ok(INDEX, "{").announcing(500), "cut short"),
        ("silent", Reply::silent(), "silence"),
        ("nested", Reply::ok(INDEX, deep), "nests deeper"),
        ("two things at once", Reply::ok(INDEX, both.to_string()), "index and a manifest in one"),
        ("schema 1", Reply::ok(old, r#"{"schemaVersion":1}"#), "schema 1"),
        (
            "schema 1 by its content",
            Reply::ok(INDEX, r#"{"schemaVersion":1,"fsLayers":[]}"#),
            "schemaVersion 2",
        ),
        (
            "another type",
            Reply::ok(media::OCI_MANIFEST, r#"{"schemaVersion":2,"manifests":[]}"#),
            "is called",
        ),
        ("a page", Reply::ok("text/html", "<html>"), "expected value"),
        ("paths for digests", Reply::ok(INDEX, tricks.to_string()), "is no digest"),
        (
            "no platform",
            Reply::ok(INDEX, r#"{"schemaVersion":2,"manifests":[]}"#),
            "no image for linux/amd64",
        ),
        ("compressed", Reply::ok(INDEX, "x").header("Content-Encoding", "gzip"), "compressed"),
        ("manifest elsewhere", Reply::redirect(&elsewhere.url("/m")), "redirected to another server"),
    ] {
        let forged = forged();
        forged.registry.server().on(&forged.path("manifests/1"), reply);
        let (fetched, kept) = forged.fetch(":1");
        let problem = fetched.expect_err(what).to_string();
        assert!(problem.contains(expected), "{what}: {problem}");
        assert!(kept.files.is_empty() && !kept.blobs.contains_key(&forged.manifest), "{what}");
    }
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn other_bytes_under_a_digest_end_the_run_wherever_they_come() {
    for (path, reply, expected) in [
        ("manifests/INDEX", Reply::ok(INDEX, r#"{"schemaVersion":2,"manifests":[]}"#), "have the digest"),
        ("manifests/MANIFEST", Reply::ok(media::OCI_MANIFEST, "{}"), "have the digest"),
        ("blobs/CONFIG", Reply::bytes("{}"), "has 2 bytes where"),
        ("blobs/LAYER", Reply::bytes("not looked into HERE"), "have the digest"),
        ("blobs/LAYER", Reply::bytes(LAYER[..5].to_vec()), "has 5 bytes where"),
        ("blobs/LAYER", Reply::bytes(LAYER[..5].to_vec()).announcing(20), "cut short"),
        ("blobs/LAYER", Reply::endless("x".repeat(1 << 16)), "expected at most 20 bytes"),
        ("blobs/LAYER", Reply::redirect("file:///etc/passwd"), "redirected"),
        ("blobs/LAYER", Reply::status(404), "status 404"),
    ] {
        let forged = forged();
        let path = path
            .replace("INDEX", &forged.index)
            .replace("MANIFEST", &forged.manifest)
            .replace("CONFIG", &forged.config)
            .replace("LAYER", &forged.layer);
        forged.registry.server().on(&forged.path(&path), reply);
        let (fetched, kept) = forged.fetch(&format!("@{}", forged.index));
        let problem = fetched.expect_err(expected).to_string();
        assert!(problem.contains(expected), "{path}: {problem}");
        assert!(kept.files.is_empty(), "{path}: no layout");
    }
}

#[test]
fn a_redirect_with_a_password_is_refused_and_the_password_is_not_shown() {
    // That none leads into a private network is among the client's own tests.
    let forged = forged();
    let with_password = forged.registry.server().url("/x").replace("http://", "http://user:hunter2@");
    let path = forged.path(&format!("blobs/{}", forged.layer));
    forged.registry.server().on(&path, Reply::redirect(&with_password));
    let (fetched, _) = forged.fetch(":1");
    let problem = fetched.unwrap_err().to_string();
    assert!(problem.contains("user name") && !problem.contains("hunter2"), "{problem}");
}

#[test]
fn a_token_that_is_never_accepted_is_asked_for_once() {
    let forged = forged();
    let server = forged.registry.server();
    let challenge = format!("Bearer realm=\"{}\",service=\"x\"", server.url("/token"));
    server.on(&forged.path("manifests/1"), Reply::status(401).header("WWW-Authenticate", &challenge));
    server.on("/token", Reply::json(r#"{"token":"hunter2"}"#));
    let (fetched, _) = forged.fetch(":1");
    let problem = fetched.unwrap_err().to_string();
    assert!(problem.contains("status 401") && !problem.contains("hunter2"), "{problem}");
    assert_eq!((server.count("/token"), server.count(&forged.path("manifests/1"))), (1, 2));
    for (answer, expected) in [
        (Reply::json("{}"), "neither"),
        (Reply::json("{\"token\":\"a\\r\\nX: y\"}"), "no header can carry it"),
        (Reply::json(format!("{{\"token\":\"{}\"}}", "x".repeat(100_000))), "at most 65536"),
        (Reply::redirect("https://elsewhere.example/token"), "redirected"),
        (Reply::status(403), "status 401"),
    ] {
        server.replace("/token", answer);
        let (fetched, _) = forged.fetch(":1");
        let problem = fetched.unwrap_err().to_string();
        assert!(problem.contains(expected), "{expected}: {problem}");
    }
}

#[test]
fn a_store_that_asks_for_a_token_gets_none() {
    let forged = forged();
    let store = Server::http();
    let challenge = format!("Bearer realm=\"{}\"", store.url("/token"));
    store.on("/x", Reply::status(401).header("WWW-Authenticate", &challenge));
    let path = forged.path(&format!("blobs/{}", forged.layer));
    forged.registry.server().on(&path, Reply::redirect(&store.url("/x")));
    let (fetched, _) = forged.fetch(":1");
    assert!(fetched.unwrap_err().to_string().contains("status 401"));
    assert_eq!(store.count("/token"), 0);
}

#[test]
fn a_lie_about_what_stands_beside_is_written_down_and_the_image_is_kept() {
    let many: Vec<_> =
        (0..1001).map(|n| descriptor(media::OCI_MANIFEST, &digest(&[n as u8, (n >> 8) as u8]), 1)).collect();
    let many = json!({ "schemaVersion": 2, "manifests": many }).to_string();
    let empty = r#"{"schemaVersion":2,"manifests":[]}"#;
    let absent =
        json!({ "schemaVersion": 2, "manifests": [descriptor(media::OCI_MANIFEST, &digest(b"z"), 1)] });
    let next = |to: &str| Reply::ok(INDEX, empty).header("Link", &format!("<{to}>; rel=\"next\""));
    for (what, reply, expected) in [
        ("more than 1000", Reply::ok(INDEX, many), "more than 1000"),
        ("a page elsewhere", next("https://elsewhere.example/x"), "no page of this list"),
        ("a page of another list", next("/v2/other/app/referrers/x?n=1"), "no page of this list"),
        ("the same page", next("?"), "no page of this list"),
        ("no index", Reply::ok(INDEX, "[]"), "expected"),
        ("forbidden", Reply::status(403), "status 403"),
        ("busy", Reply::status(429), "status 429"),
        ("named and not there", Reply::ok(INDEX, absent.to_string()), "status 404"),
    ] {
        let forged = forged();
        forged.registry.server().on(&forged.path(&format!("referrers/{}", forged.manifest)), reply);
        let (fetched, kept) = forged.fetch(":1");
        let fetched = fetched.expect(what);
        assert!(fetched.transcript.incomplete, "{what}");
        assert!(kept.blobs.contains_key(&forged.layer) && kept.files.len() == 3, "{what}");
        let why = fetched.transcript.lines.iter().filter_map(|line| line.why.as_deref());
        assert!(why.clone().any(|why| why.contains(expected)), "{what}: {:?}", why.collect::<Vec<_>>());
    }
}

#[test]
fn endless_pages_end() {
    let forged = forged();
    let path = forged.path(&format!("referrers/{}", forged.index));
    let (counter, own) = (std::sync::atomic::AtomicUsize::new(0), path.clone());
    forged.registry.server().otherwise(move |request| {
        let number = counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let reply = Reply::ok(INDEX, r#"{"schemaVersion":2,"manifests":[]}"#);
        match request.path == own {
            true => reply.header("Link", &format!("<{own}?n={number}>; rel=next")),
            false => Reply::status(404),
        }
    });
    // The scripts of the image itself stay.
    let image = crate::support::forged();
    for (rest, media_type, digest) in [
        (format!("manifests/{}", forged.index), INDEX, &image.index),
        (format!("manifests/{}", forged.manifest), media::OCI_MANIFEST, &image.manifest),
        (format!("blobs/{}", forged.config), "application/octet-stream", &image.config),
        (format!("blobs/{}", forged.layer), "application/octet-stream", &image.layer),
    ] {
        let (_, kept) = image.fetch(":1");
        forged.registry.server().on(&forged.path(&rest), Reply::ok(media_type, kept.blobs[digest].clone()));
    }
    let (fetched, _) = forged.fetch(&format!("@{}", forged.index));
    let fetched = fetched.unwrap();
    assert!(fetched.transcript.incomplete);
    assert_eq!(forged.registry.server().count(&path), PAGES);
}

#[test]
fn an_image_among_the_referrers_is_not_kept_for_it_would_stand_beside_the_one_that_is_meant() {
    let (forged, other) = (forged(), forged());
    let (_, kept) = other.fetch(":1");
    let manifest = String::from_utf8(kept.blobs[&other.manifest].clone()).unwrap().replace(": ", ":");
    // One byte more, so that it is another image.
    let bytes = format!("{manifest} ");
    let foreign = forged.registry.manifest(media::OCI_MANIFEST, bytes.as_bytes());
    let entry = descriptor(media::OCI_MANIFEST, &foreign, bytes.len());
    forged.registry.refer(&forged.manifest, &entry.to_string(), 10);
    let (fetched, kept) = forged.fetch(":1");
    let fetched = fetched.unwrap();
    assert_eq!((fetched.beside, outcomes(&fetched, "beside the image")), (0, vec![Outcome::LeftOut]));
    assert!(!kept.blobs.contains_key(&foreign));
}

#[test]
fn an_attestation_that_is_too_large_or_another_is_written_down() {
    let forged = forged();
    let registry = &forged.registry;
    let subject = descriptor(media::OCI_MANIFEST, &forged.manifest, 1);
    let bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
    let good = artifact(registry, Some(&subject), bundle, b"{\"good\":1}");
    let changed = artifact(registry, Some(&subject), bundle, b"{\"bad\":1}");
    for entry in [&good, &changed] {
        registry.refer(&forged.index, &entry.to_string(), 10);
    }
    registry
        .server()
        .on(&forged.path(&format!("blobs/{}", digest(b"{\"bad\":1}"))), Reply::bytes("{\"bad\":2}"));
    let huge = json!({
        "schemaVersion": 2, "config": descriptor("application/vnd.oci.empty.v1+json", &digest(b"{}"), 2),
        "layers": [descriptor(bundle, &digest(b"huge"), 1 << 40)],
    })
    .to_string();
    let entry =
        descriptor(media::OCI_MANIFEST, &registry.manifest(media::OCI_MANIFEST, huge.as_bytes()), huge.len());
    registry.refer(&forged.index, &entry.to_string(), 10);
    let (fetched, kept) = forged.fetch(":1");
    let fetched = fetched.unwrap();
    assert!(fetched.transcript.incomplete);
    assert!(
        kept.blobs.contains_key(&digest(b"{\"good\":1}"))
            && !kept.blobs.contains_key(&digest(b"{\"bad\":2}"))
    );
    let outcomes: Vec<_> = lines(&fetched, "statement").iter().map(|line| line.outcome).collect();
    assert_eq!(outcomes, [Outcome::Got, Outcome::Failed, Outcome::Failed]);
}
