use super::*;
use crate::sigstore::Trust;
use serde_json::json;
use veritee_base::Budget;
use veritee_compose::{Span, Value};
use veritee_image::{Digest, Image, Selection, Store};
use veritee_source::{MemoryFiles, MemoryTree};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const OTHER: &str = "ffffffffffffffffffffffffffffffffffffffff";

/// A layout of one image without layers, with these labels, and a statement of BuildKit's about it where one is given.
fn layout(labels: &serde_json::Value, predicate: Option<serde_json::Value>) -> (MemoryFiles, String) {
    let mut files = MemoryFiles::default();
    let mut put = |value: &serde_json::Value, media_type: &str| {
        let bytes = value.to_string().into_bytes();
        let digest = Digest::of(&bytes);
        let described = json!({ "mediaType": media_type, "digest": digest.to_string(), "size": bytes.len() });
        files.files.insert(format!("blobs/sha256/{}", digest.hex()), bytes);
        described
    };
    let config = json!({ "os": "linux", "architecture": "amd64", "config": { "Labels": labels }, "rootfs": { "diff_ids": [] } });
    let config = put(&config, "application/vnd.oci.image.config.v1+json");
    let image = put(
        &json!({ "schemaVersion": 2, "config": config, "layers": [] }),
        "application/vnd.oci.image.manifest.v1+json",
    );
    let digest = image["digest"].as_str().unwrap().to_owned();
    let mut manifests = vec![image];
    if let Some(predicate) = predicate {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://slsa.dev/provenance/v0.2",
            "subject": [{ "name": "a", "digest": { "sha256": digest.trim_start_matches("sha256:") } }], "predicate": predicate,
        });
        let statement = put(&statement, "application/vnd.in-toto+json");
        let empty = put(&json!({}), "application/vnd.oci.image.config.v1+json");
        let mut manifest = put(&json!({ "schemaVersion": 2, "config": empty, "layers": [statement] }), "x");
        manifest["annotations"] = json!({ "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest });
        manifests.push(manifest);
    }
    let index = json!({ "schemaVersion": 2, "manifests": manifests });
    files.files.insert("index.json".to_owned(), index.to_string().into_bytes());
    (files, digest)
}

fn git(commit: &str) -> serde_json::Value {
    json!({
        "buildType": "https://mobyproject.org/buildkit@v1",
        "invocation": { "configSource": { "uri": "https://example.invalid/org/app.git", "digest": { "sha1": commit } } },
    })
}

fn reference(text: &str) -> ImageReference {
    ImageReference::parse(Value::literal_text(text, Span::default()), String::new())
}

fn ladder(files: &MemoryFiles, text: &str, source: Option<&MemoryTree>) -> Ladder {
    let budget = &Budget::STANDARD;
    let store = Store::open(files, "", budget).unwrap();
    let image = Image::open(store, &Selection::default(), budget).unwrap();
    let given = [Known::of(&image, &[], &Trust::pinned().unwrap(), &[], true, budget).unwrap()];
    let source = source.map(|tree| tree as &dyn SourceTree);
    Ladder::new(&reference(text), vec!["web".to_owned()], &Attested::Proven, &given, source, &[])
}

fn states(ladder: &Ladder) -> Vec<State> {
    ladder.arrows.iter().map(|arrow| arrow.state).collect()
}

fn at(head: &str, commits: &[&str]) -> MemoryTree {
    MemoryTree {
        head: Some(head.to_owned()),
        commits: Some(commits.iter().map(|commit| (*commit).to_owned()).collect()),
        ..MemoryTree::default()
    }
}

use State::{Claimed, Contradicted, Missing, Proven};

#[test]
fn a_label_is_a_claim_however_the_image_is_pinned() {
    let labels = json!({ "org.opencontainers.image.revision": COMMIT });
    let (files, digest) = layout(&labels, None);
    let found = ladder(&files, &format!("example.invalid/app@{digest}"), Some(&at(COMMIT, &[COMMIT])));
    assert_eq!(states(&found), [Proven, Proven, Claimed, Proven]);
    assert_eq!((found.rung, found.is_contradicted(), found.is_proven(true)), ("R2", false, false));
}

#[test]
fn an_unsigned_statement_is_a_claim_and_counts_before_the_label() {
    let (files, digest) = layout(&json!({}), Some(git(COMMIT)));
    let found = ladder(&files, &format!("example.invalid/app@{digest}"), None);
    assert_eq!(states(&found), [Proven, Proven, Claimed, Missing]);
    assert_eq!(found.commit.as_ref().map(|claim| claim.rank), Some(Rank::BuildKit));
    let labels = json!({ "org.opencontainers.image.revision": OTHER });
    let (files, digest) = layout(&labels, Some(git(COMMIT)));
    let lying = ladder(&files, &format!("example.invalid/app@{digest}"), None);
    assert_eq!(states(&lying), [Proven, Proven, Contradicted, Missing]);
    assert_eq!(lying.rung, "R0");
}

#[test]
fn each_arrow_breaks_by_itself() {
    let labels = json!({ "org.opencontainers.image.revision": COMMIT });
    let (files, digest) = layout(&labels, None);
    let pinned = format!("example.invalid/app@{digest}");
    // Another digest: the given file is another image.
    let other = ladder(&files, &format!("example.invalid/app@sha256:{}", "0".repeat(64)), None);
    assert_eq!(states(&other), [Proven, Missing, Missing, Missing]);
    assert_eq!(other.rung, "R0");
    // A tag pins nothing.
    assert_eq!(states(&ladder(&files, "example.invalid/app:1", None)), [Proven, Missing, Missing, Missing]);
    // The tree stands elsewhere, or has no such commit.
    let elsewhere = ladder(&files, &pinned, Some(&at(OTHER, &[OTHER, COMMIT])));
    assert_eq!(states(&elsewhere), [Proven, Proven, Claimed, Contradicted]);
    assert!(elsewhere.arrows[3].by.contains(&format!("git checkout {COMMIT}")));
    let stranger = ladder(&files, &pinned, Some(&at(OTHER, &[OTHER])));
    assert_eq!(states(&stranger), [Proven, Proven, Claimed, Contradicted]);
    // A malformed digest is no pin.
    let malformed = ladder(&files, "example.invalid/app@sha256:00", None);
    assert_eq!(malformed.arrows[1].state, Contradicted);
}

#[test]
fn a_statement_in_the_index_about_another_image_is_told_and_not_believed() {
    let (files, digest) = layout(&json!({}), Some(git(COMMIT)));
    let (mut other, other_digest) = layout(&json!({ "x": "y" }), None);
    // The attestation of the first image beside the second one.
    let index: serde_json::Value = serde_json::from_slice(&files.files["index.json"]).unwrap();
    let mut own: serde_json::Value = serde_json::from_slice(&other.files["index.json"]).unwrap();
    own["manifests"].as_array_mut().unwrap().push(index["manifests"][1].clone());
    other.files.extend(files.files.into_iter().filter(|(name, _)| name != "index.json"));
    other.files.insert("index.json".to_owned(), own.to_string().into_bytes());
    assert_ne!(digest, other_digest);
    let found = ladder(&other, &format!("example.invalid/app@{other_digest}"), None);
    assert_eq!(found.arrows[2].state, Missing);
    assert!(found.said.unwrap().notices[0].contains("about another image"));
}

#[test]
fn a_verified_certificate_proves_the_commit_and_every_doubt_takes_that_back() {
    use crate::commit::{Claims, Doubt};
    use crate::gather::Said;
    let said = |doubts: Vec<Doubt>, others: &[&str]| {
        let mut claims = Claims::default();
        claims.add(Rank::Certificate, COMMIT, None, doubts);
        for other in others {
            claims.add(Rank::Label, other, None, Vec::new());
        }
        Said { claims, signed: true, ..Said::default() }
    };
    let run = |said: &Said, text: &str, files: &MemoryFiles| {
        let store = Store::open(files, "", &Budget::STANDARD).unwrap();
        let image = Image::open(store, &Selection::default(), &Budget::STANDARD).unwrap();
        let mut known =
            Known::of(&image, &[], &Trust::pinned().unwrap(), &[], false, &Budget::STANDARD).unwrap();
        known.said = said.clone();
        let given = [known];
        Ladder::new(&reference(text), Vec::new(), &Attested::Proven, &given, None, &[])
    };
    let (files, digest) = layout(&json!({}), None);
    let pinned = format!("example.invalid/app@{digest}");
    let sound = run(&said(Vec::new(), &[COMMIT]), &pinned, &files);
    assert_eq!((sound.rung, sound.is_proven(false)), ("R4", true));
    for doubt in
        [Doubt::SelfHosted, Doubt::PullRequest, Doubt::NoLog, Doubt::ForeignSigner, Doubt::OtherIssuer]
    {
        let doubted = run(&said(vec![doubt], &[]), &pinned, &files);
        assert_eq!((doubted.rung, doubted.arrows[2].state), ("R3", Claimed), "{doubt:?}");
    }
    let lying = run(&said(Vec::new(), &[OTHER]), &pinned, &files);
    assert_eq!((lying.rung, lying.arrows[2].state), ("R0", Contradicted));
    let unpinned = run(&said(Vec::new(), &[]), "example.invalid/app:1", &files);
    assert_eq!((unpinned.rung, unpinned.is_proven(false)), ("R0", false));
}

#[test]
fn a_rebuilt_image_proves_the_content_and_a_tag_that_is_a_commit_is_no_more_than_a_tag() {
    let (files, digest) = layout(&json!({}), None);
    let store = Store::open(&files, "", &Budget::STANDARD).unwrap();
    let image = Image::open(store, &Selection::default(), &Budget::STANDARD).unwrap();
    let mut known = Known::of(&image, &[], &Trust::pinned().unwrap(), &[], true, &Budget::STANDARD).unwrap();
    let tree = at(COMMIT, &[COMMIT]);
    let run = |known: &Known, text: &str| {
        Ladder::new(
            &reference(text),
            Vec::new(),
            &Attested::Proven,
            core::slice::from_ref(known),
            Some(&tree),
            &[],
        )
    };
    let tagged = format!("example.invalid/app:{}@{digest}", &COMMIT[..12]);
    assert_eq!(run(&known, &tagged).rung, "R1");
    assert_eq!(run(&known, "example.invalid/app:fffffff").rung, "R0");
    known.rebuilt = Some(veritee_image::compare::Rung::S4);
    let rebuilt = run(&known, &tagged);
    assert_eq!((rebuilt.rung, states(&rebuilt)), ("R5", vec![Proven, Proven, Proven, Proven]));
    // Another image than the deployed one may be rebuilt as often as one likes.
    assert_eq!(run(&known, &format!("example.invalid/app@sha256:{}", "0".repeat(64))).rung, "R0");
    known.said.claims.add(Rank::Label, OTHER, None, Vec::new());
    known.said.claims.add(Rank::Certificate, COMMIT, None, Vec::new());
    assert_eq!(run(&known, &tagged).rung, "R1", "what contradicts itself ties to nothing but its tag");
}
