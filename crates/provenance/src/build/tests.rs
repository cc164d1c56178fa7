use super::*;
use serde_json::json;
use veritee_base::Budget;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn statement(kind: &str, predicate: &Value) -> Statement {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1", "predicateType": kind, "predicate": predicate,
        "subject": [{ "name": "a", "digest": { "sha256": "ab".repeat(32) } }],
    });
    Statement::read(statement.to_string().as_bytes(), &Budget::STANDARD).unwrap()
}

fn build(kind: &str, predicate: &Value) -> Build {
    Build::of(&statement(kind, predicate)).unwrap()
}

fn git(repository: &str) -> Context {
    Context::Git { repository: repository.to_owned(), commit: COMMIT.to_owned() }
}

#[test]
fn a_repository_that_buildkit_fetched_is_told_from_local_files() {
    let v02 = build(
        V02[0],
        &json!({
            "buildType": "https://mobyproject.org/buildkit@v1", "builder": { "id": "" },
            "invocation": {
                "configSource": { "uri": "https://example.invalid/org/app.git#refs/heads/main", "digest": { "sha1": COMMIT }, "entryPoint": "Dockerfile" },
                "parameters": { "args": { "build-arg:SOURCE_DATE_EPOCH": "1700000000" } },
            },
            "materials": [{ "uri": "pkg:docker/debian@12", "digest": { "sha256": "cd" } }],
            "metadata": { "completeness": { "materials": true } },
        }),
    );
    assert_eq!(v02.context, git("https://example.invalid/org/app"));
    assert!(v02.complete && v02.buildkit);
    assert_eq!(v02.materials["pkg:docker/debian@12"], ["sha256:cd"]);
    assert_eq!(v02.arguments["build-arg:SOURCE_DATE_EPOCH"], "1700000000");
    let local = build(
        V02[0],
        &json!({
            "buildType": "https://mobyproject.org/buildkit@v1",
            "invocation": { "configSource": { "entryPoint": "Dockerfile" } },
            "metadata": { "https://mobyproject.org/buildkit@v1#metadata": { "vcs": { "source": "https://example.invalid/org/app", "revision": COMMIT } } },
        }),
    );
    assert_eq!(
        local.context,
        Context::Local {
            repository: Some("https://example.invalid/org/app".to_owned()),
            commit: Some(COMMIT.to_owned())
        }
    );
    let v1 = build(
        V1,
        &json!({ "buildDefinition": {
            "buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
            "externalParameters": { "configSource": { "uri": "https://example.invalid/org/app.git#v1", "digest": { "sha1": COMMIT } } },
        } }),
    );
    assert_eq!(v1.context, git("https://example.invalid/org/app"));
}

#[test]
fn a_workflow_s_first_dependency_is_its_source() {
    let github = build(
        V1,
        &json!({
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": { "workflow": { "path": ".github/workflows/release.yml", "repository": "https://github.com/Org/app" } },
                "resolvedDependencies": [{ "uri": "git+https://github.com/Org/app@refs/tags/v1", "digest": { "gitCommit": COMMIT } }],
            },
            "runDetails": { "builder": { "id": "https://github.com/Org/app/.github/workflows/release.yml@refs/tags/v1" } },
        }),
    );
    assert_eq!(github.context, git("https://github.com/Org/app"));
    assert_eq!(github.entry.as_deref(), Some(".github/workflows/release.yml"));
    assert!(!github.buildkit && !github.complete);
}

#[test]
fn what_is_no_commit_or_no_provenance_says_nothing() {
    for digest in
        [json!({ "sha1": "main" }), json!({ "sha1": "0123456" }), json!({ "sha256": COMMIT }), json!({})]
    {
        let predicate =
            json!({ "invocation": { "configSource": { "uri": "https://a/b", "digest": digest } } });
        assert_eq!(build(V02[0], &predicate).context, Context::Unknown, "{digest}");
    }
    assert_eq!(Build::of(&statement("https://spdx.dev/Document", &json!({}))), None);
    assert_eq!(build(V1, &json!("text")).context, Context::Unknown);
}

#[test]
fn references_and_schemes_are_cut_from_repositories_and_users_are_not() {
    for (uri, expected) in [
        ("git+https://github.com/a/b@refs/heads/main", "https://github.com/a/b"),
        ("https://github.com/a/b.git#main:sub", "https://github.com/a/b"),
        ("ssh://git@host/a/b.git", "ssh://git@host/a/b"),
        ("https://github.com/a/b/", "https://github.com/a/b"),
        ("https://github.com/a/b@main@refs/tags/v1", "https://github.com/a/b@main"),
    ] {
        assert_eq!(repository(uri), expected);
    }
}
