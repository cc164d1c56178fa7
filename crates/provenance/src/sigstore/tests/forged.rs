//! A Sigstore of our own: every link of a sound signature, each broken once.

use super::super::*;
use crate::commit::{Claims, Doubt, Rank};
use serde_json::Value;
use veritee_testkit::sigstore::{AUTHORITY, Signing, provenance, trusted_root};

const IMAGE: &str = "sha256:54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f";
const REPOSITORY: &str = "https://github.com/example/app";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn sound() -> Signing {
    Signing::new(1, IMAGE, REPOSITORY, COMMIT)
}

fn checked(bundle: &str, root: &str) -> Result<Signed, Failure> {
    let image = Subjects { index: Digest::parse(IMAGE), manifest: None };
    let trust = Trust::given(root).unwrap();
    verify(bundle.as_bytes(), Subject::Image(&image), &trust, &Budget::STANDARD)
}

fn claims(signing: &Signing, signers: &[String]) -> Claims {
    let mut claims = Claims::default();
    claims.add_signed(&checked(&signing.bundle(), &trusted_root(1)).unwrap(), signers);
    claims
}

#[test]
fn a_forged_build_is_sound_under_its_own_root_and_a_stranger_under_every_other() {
    let signed = checked(&sound().bundle(), &trusted_root(1)).unwrap();
    assert_eq!((signed.root, signed.log, signed.certificate_log), (Root::Given, true, true));
    assert_eq!((signed.level, signed.times.as_slice()), (Some(Level::Index), &[1_748_779_200][..]));
    let signer = signed.signer.clone().unwrap();
    assert_eq!(signer.commit.as_deref(), Some(COMMIT));
    assert_eq!(signer.repository.as_deref(), Some(REPOSITORY));
    let list = claims(&sound(), &[]).list;
    let ranks: Vec<(Rank, bool)> = list.iter().map(|claim| (claim.rank, claim.doubts.is_empty())).collect();
    assert_eq!(ranks, [(Rank::Certificate, true), (Rank::Predicate, true)]);
    let stranger = checked(&sound().bundle(), &trusted_root(2)).unwrap_err();
    assert!(["log-promise", "log-unknown"].contains(&stranger.name), "{stranger}");
    let image = Subjects { index: Digest::parse(IMAGE), manifest: None };
    let bundle = sound().bundle();
    let pinned = Trust::pinned().unwrap();
    assert!(verify(bundle.as_bytes(), Subject::Image(&image), &pinned, &Budget::STANDARD).is_err());
}

#[test]
fn each_link_that_is_broken_fails_by_its_own_name() {
    let changed = |change: fn(&mut Signing)| sound().change(change).bundle();
    let entry = |value: &mut Value| value["verificationMaterial"]["tlogEntries"][0].take();
    let logged_elsewhere = sound().edit(|bundle| {
        let other = sound().change(|other| other.statement = provenance(IMAGE, REPOSITORY, &"f".repeat(40)));
        let mut other: Value = serde_json::from_str(&other.bundle()).unwrap();
        bundle["verificationMaterial"]["tlogEntries"][0] = entry(&mut other);
    });
    let statement_swapped = sound().edit(|bundle| {
        let other = sound().change(|other| other.statement = provenance(IMAGE, REPOSITORY, &"f".repeat(40)));
        let other: Value = serde_json::from_str(&other.bundle()).unwrap();
        bundle["dsseEnvelope"]["payload"] = other["dsseEnvelope"]["payload"].clone();
    });
    let in_proof = |name: &'static str, value: Value| {
        sound().edit(move |bundle| {
            bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"][name] = value;
        })
    };
    let other_hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let cases: [(&str, String, &[&str]); 14] = [
        ("another authority", changed(|it| it.issued_by = "stranger"), &["certificate-chain"]),
        ("no certificate log", changed(|it| it.stamped_by = None), &["certificate-log"]),
        ("another certificate log", changed(|it| it.stamped_by = Some("stranger")), &["certificate-log"]),
        ("no log", changed(|it| it.logged_by = None), &["no-time", "bundle-malformed"]),
        ("another log", changed(|it| it.logged_by = Some("stranger")), &["log-promise", "log-unknown"]),
        ("the authority as log", changed(|it| it.logged_by = Some(AUTHORITY)), &["log-promise"]),
        ("promise alone", changed(|it| it.proven = false), &["bundle-malformed"]),
        ("proof alone", changed(|it| it.promised = false), &["no-time"]),
        ("another path", in_proof("hashes", serde_json::json!([other_hash, other_hash])), &["log-inclusion"]),
        ("another place", in_proof("logIndex", "0".into()), &["log-inclusion"]),
        ("another root", in_proof("rootHash", other_hash.into()), &["bundle-malformed", "log-checkpoint"]),
        ("logged elsewhere", logged_elsewhere, &["log-entry-mismatch"]),
        ("another statement", statement_swapped, &["signature-invalid"]),
        (
            "another time",
            sound().edit(|bundle| {
                bundle["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = "1748779201".into();
            }),
            &["log-promise"],
        ),
    ];
    for (what, bundle, names) in cases {
        match checked(&bundle, &trusted_root(1)) {
            Err(error) => assert!(names.contains(&error.name), "{what}: {error}"),
            Ok(signed) => panic!("{what}: {signed:?}"),
        }
    }
    // About another image, in whatever other way it is sound.
    let other = format!("sha256:{}", "0".repeat(64));
    let about = Signing::new(1, &other, REPOSITORY, COMMIT).bundle();
    assert_eq!(checked(&about, &trusted_root(1)).unwrap_err().name, "subject-mismatch");
}

#[test]
fn what_a_certificate_says_of_the_build_weakens_its_claim() {
    let of = |change: fn(&mut Signing)| claims(&sound().change(change), &[]).list.remove(0).doubts;
    let claim = |number: u8, value: &str| {
        let claims = claims(&sound().change(|it| drop(it.claims.insert(number, value.to_owned()))), &[]);
        claims.list[0].doubts.clone()
    };
    assert_eq!(claim(11, "self-hosted"), [Doubt::SelfHosted]);
    assert_eq!(claim(20, "pull_request_target"), [Doubt::PullRequest]);
    assert_eq!(claim(8, "https://token.actions.githubusercontent.com/someone"), [Doubt::OtherIssuer]);
    let foreign = |it: &mut Signing| {
        it.identity =
            "https://github.com/stranger/build/.github/workflows/sign.yml@refs/heads/main".to_owned();
    };
    assert_eq!(of(foreign), [Doubt::ForeignSigner]);
    let listed = claims(&sound().change(foreign), &["https://github.com/stranger/build/".to_owned()]);
    assert!(listed.list[0].doubts.is_empty());
    // A name that merely begins as the repository's own does.
    let beside = |it: &mut Signing| {
        it.identity = format!("{REPOSITORY}-evil/.github/workflows/build.yml@refs/heads/main");
    };
    assert_eq!(of(beside), [Doubt::ForeignSigner]);
}

#[test]
fn certificate_and_predicate_that_disagree_are_found() {
    let signing = sound().change(|it| it.statement = provenance(IMAGE, REPOSITORY, &"f".repeat(40)));
    assert_eq!(claims(&signing, &[]).disagreements().len(), 1);
    let elsewhere =
        sound().change(|it| it.statement = provenance(IMAGE, "https://github.com/other/app", COMMIT));
    assert_eq!(claims(&elsewhere, &[]).disagreements().len(), 1);
    // A certificate without a commit leaves what the workflow says.
    let without = sound().change(|it| it.claims.retain(|number, _| ![3, 13].contains(number)));
    assert_eq!(claims(&without, &[]).strongest().map(|claim| claim.rank), Some(Rank::Predicate));
}
