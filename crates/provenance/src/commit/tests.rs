use super::*;
use crate::sigstore::{Root, Signer};
use crate::statement::Statement;
use serde_json::json;
use veritee_base::Budget;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const OTHER: &str = "ffffffffffffffffffffffffffffffffffffffff";
const REPOSITORY: &str = "https://github.com/Org/app";

fn signer() -> Signer {
    Signer {
        identity: Some(format!("{REPOSITORY}/.github/workflows/release.yml@refs/tags/v1")),
        issuer: Some(GITHUB_ISSUER.to_owned()),
        repository: Some(REPOSITORY.to_owned()),
        commit: Some(COMMIT.to_owned()),
        runner: Some("github-hosted".to_owned()),
        trigger: Some("push".to_owned()),
        ..Signer::default()
    }
}

fn signed(signer: Option<Signer>, commit: &str) -> Signed {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/provenance/v1",
        "subject": [{ "name": "a", "digest": { "sha256": "ab".repeat(32) } }],
        "predicate": { "buildDefinition": {
            "externalParameters": { "workflow": {} },
            "resolvedDependencies": [{ "uri": "git+https://github.com/org/APP@refs/tags/v1", "digest": { "gitCommit": commit } }],
        } },
    });
    let statement = Statement::read(statement.to_string().as_bytes(), &Budget::STANDARD).unwrap();
    Signed {
        root: Root::PublicGood,
        signer,
        statement: Some(statement),
        level: None,
        times: Vec::new(),
        log: true,
        certificate_log: true,
    }
}

fn claims(signed: &Signed, signers: &[String]) -> Claims {
    let mut claims = Claims::default();
    claims.add_signed(signed, signers);
    claims
}

#[test]
fn the_certificate_counts_before_what_its_holder_signed() {
    let found = claims(&signed(Some(signer()), COMMIT), &[]);
    let ranks: Vec<Rank> = found.list.iter().map(|claim| claim.rank).collect();
    assert_eq!(ranks, [Rank::Certificate, Rank::Predicate]);
    assert!(found.list.iter().all(|claim| claim.doubts.is_empty()));
    assert!(found.disagreements().is_empty(), "names of repositories have no case");
    let lying = claims(&signed(Some(signer()), OTHER), &[]);
    assert_eq!(lying.strongest().unwrap().commit, COMMIT);
    assert_eq!(lying.disagreements().len(), 1);
}

#[test]
fn everything_that_weakens_a_signature_is_a_doubt_of_its_own() {
    let doubt = |change: &dyn Fn(&mut Signed)| {
        let mut signed = signed(Some(signer()), COMMIT);
        change(&mut signed);
        claims(&signed, &[]).list[0].doubts.clone()
    };
    fn of(signed: &mut Signed) -> &mut Signer {
        signed.signer.as_mut().unwrap()
    }
    assert_eq!(doubt(&|one| one.log = false), [Doubt::NoLog]);
    assert_eq!(doubt(&|one| of(one).runner = Some("self-hosted".to_owned())), [Doubt::SelfHosted]);
    assert_eq!(doubt(&|one| of(one).trigger = Some("pull_request_target".to_owned())), [Doubt::PullRequest]);
    let enterprise = "https://token.actions.githubusercontent.com/enterprise";
    assert_eq!(doubt(&|one| of(one).issuer = Some(enterprise.to_owned())), [Doubt::OtherIssuer]);
    assert_eq!(doubt(&|one| one.signer = None), [Doubt::NoLog, Doubt::KeyOnly][1..]);
    let stranger = "https://github.com/stranger/sign/.github/workflows/any.yml@refs/heads/main";
    assert_eq!(doubt(&|one| of(one).identity = Some(stranger.to_owned())), [Doubt::ForeignSigner]);
    // A repository whose name begins like the source's is another one.
    let twin = "https://github.com/Org/app-twin/.github/workflows/any.yml@refs/heads/main";
    assert_eq!(doubt(&|one| of(one).identity = Some(twin.to_owned())), [Doubt::ForeignSigner]);
}

#[test]
fn listed_generators_and_allowed_signers_are_no_strangers() {
    let by = |identity: &str, signers: &[String]| {
        let signer = Signer { identity: Some(identity.to_owned()), ..signer() };
        claims(&signed(Some(signer), COMMIT), signers).list[0].doubts.clone()
    };
    let generator = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.0.0";
    assert!(by(generator, &[]).is_empty());
    let other = "https://github.com/org/shared/.github/workflows/build.yml@refs/heads/main";
    assert_eq!(by(other, &[]), [Doubt::ForeignSigner]);
    assert!(by(other, &["https://github.com/org/shared/".to_owned()]).is_empty());
}

#[test]
fn local_files_are_worth_a_label_whoever_signed() {
    let mut claims = Claims::default();
    let local = Context::Local { repository: None, commit: Some(COMMIT.to_owned()) };
    claims.add_context(Rank::Predicate, &local, Vec::new());
    claims.add(Rank::Label, &format!("{COMMIT}-dirty"), None, Vec::new());
    assert_eq!(claims.list.len(), 1, "they say the same: {:?}", claims.list);
    assert_eq!(
        (claims.list[0].rank, claims.list[0].doubts.as_slice()),
        (Rank::Label, &[Doubt::LocalFiles][..])
    );
}

#[test]
fn only_commits_are_claims_and_short_ones_agree_with_what_they_begin() {
    let mut claims = Claims::default();
    for text in ["v1.2.3", "main", "123456", "", "zzzzzzzz", &"a".repeat(65)] {
        claims.add(Rank::Label, text, None, Vec::new());
    }
    assert!(claims.list.is_empty());
    claims.add(Rank::Label, &COMMIT.to_uppercase(), None, Vec::new());
    claims.add(Rank::Tag, &COMMIT[..8], None, Vec::new());
    assert!(claims.disagreements().is_empty());
    assert_eq!(claims.list[1].doubts, [Doubt::Short]);
    claims.add(Rank::Tag, "abcdef0", None, Vec::new());
    assert_eq!(claims.disagreements().len(), 2, "{:?}", claims.disagreements());
}
