//! SLSA provenance, v0.2 and v1, of BuildKit, GitHub's workflows and others: from what and with what it was built.

use crate::json::{at, text};
use crate::statement::Statement;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a predicate says of a build. A claim of whoever made the statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Build {
    /// Whether BuildKit wrote it.
    pub buildkit: bool,
    /// Whether it is said in SLSA v1; else in v0.2.
    pub slsa_v1: bool,
    /// Whether the statement around it is in-toto v1; else v0.1.
    pub statement_v1: bool,
    /// Who is said to have built; empty with a plain Docker daemon.
    pub builder: String,
    /// From where the build took its files.
    pub context: Context,
    /// The Dockerfile or workflow.
    pub entry: Option<String>,
    /// What else went in, base images among it, by URI with digests.
    pub materials: BTreeMap<String, Vec<String>>,
    /// Arguments of the build, where they are said (`mode=max`).
    pub arguments: BTreeMap<String, String>,
    /// Whether the builder vouches that `materials` is all of it.
    pub complete: bool,
}

/// From where a build took its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Context {
    /// A repository, which the builder fetched itself.
    Git {
        /// The repository.
        repository: String,
        /// The commit.
        commit: String,
    },
    /// Files of the machine that asked for the build. The commit beside them is the one that was checked out there,
    /// whatever was changed since: it proves nothing.
    Local {
        /// `vcs.source`.
        repository: Option<String>,
        /// `vcs.revision`.
        commit: Option<String>,
    },
    /// Nothing that is understood.
    Unknown,
}

const V02: [&str; 2] = ["https://slsa.dev/provenance/v0.2", "https://slsa.dev/provenance/v0.1"];
const V1: &str = "https://slsa.dev/provenance/v1";

impl Build {
    /// What a statement says of a build; `None` where it is about something else.
    #[must_use]
    pub fn of(statement: &Statement) -> Option<Self> {
        let predicate = &statement.predicate;
        match statement.predicate_type.as_str() {
            kind if V02.contains(&kind) => Some(Self { statement_v1: statement.v1, ..first(predicate) }),
            V1 => Some(Self { statement_v1: statement.v1, ..second(predicate) }),
            _ => None,
        }
    }

    /// Which versions of BuildKit write so by themselves (its releases 0.28, 0.31 and 0.32 changed it).
    #[must_use]
    pub const fn versions(&self) -> &'static str {
        match (self.slsa_v1, self.statement_v1) {
            (false, _) => "up to 0.27, or a later one that was told to write SLSA v0.2",
            (true, false) => "0.28 to 0.30, or an earlier one that was told to write SLSA v1",
            (true, true) => "0.31 or later",
        }
    }
}

/// v0.2.
fn first(predicate: &Value) -> Build {
    let buildkit = is_buildkit(text(predicate, &["buildType"]));
    let source = at(predicate, &["invocation", "configSource"]);
    let vcs = at(predicate, &["metadata", "https://mobyproject.org/buildkit@v1#metadata", "vcs"]);
    let materials = materials(predicate.get("materials"));
    Build {
        buildkit,
        slsa_v1: false,
        statement_v1: false,
        builder: text(predicate, &["builder", "id"]).unwrap_or_default().to_owned(),
        context: context(buildkit, source, vcs),
        entry: source.and_then(|source| text(source, &["entryPoint"])).map(str::to_owned),
        materials,
        arguments: arguments(at(predicate, &["invocation", "parameters", "args"])),
        complete: at(predicate, &["metadata", "completeness", "materials"]).and_then(Value::as_bool)
            == Some(true),
    }
}

/// v1.
fn second(predicate: &Value) -> Build {
    let definition = predicate.get("buildDefinition").unwrap_or(&Value::Null);
    let buildkit = is_buildkit(text(definition, &["buildType"]));
    let source = at(definition, &["externalParameters", "configSource"]);
    let metadata = at(predicate, &["runDetails", "metadata", "buildkit_metadata"]);
    let dependencies = definition.get("resolvedDependencies");
    let workflow = at(definition, &["externalParameters", "workflow"]);
    let context = match workflow {
        // A workflow's own repository is the first dependency (the build type of GitHub's workflows).
        Some(_) => first_dependency(dependencies),
        None => match context(buildkit, source, metadata.and_then(|metadata| metadata.get("vcs"))) {
            Context::Unknown if !buildkit => first_dependency(dependencies),
            context => context,
        },
    };
    let completeness = metadata.and_then(|metadata| at(metadata, &["completeness", "resolvedDependencies"]));
    let completeness = completeness.or_else(|| {
        at(predicate, &["runDetails", "metadata", "buildkit_completeness", "resolvedDependencies"])
    });
    Build {
        buildkit,
        slsa_v1: true,
        statement_v1: false,
        builder: text(predicate, &["runDetails", "builder", "id"]).unwrap_or_default().to_owned(),
        context,
        entry: source
            .and_then(|source| text(source, &["path"]))
            .or_else(|| workflow.and_then(|workflow| text(workflow, &["path"])))
            .map(str::to_owned),
        materials: materials(dependencies),
        arguments: arguments(at(definition, &["externalParameters", "request", "args"])),
        complete: completeness.and_then(Value::as_bool) == Some(true),
    }
}

fn is_buildkit(build_type: Option<&str>) -> bool {
    build_type.is_some_and(|kind| {
        kind.starts_with("https://mobyproject.org/buildkit@")
            || kind.starts_with("https://github.com/moby/buildkit/")
    })
}

fn context(buildkit: bool, source: Option<&Value>, vcs: Option<&Value>) -> Context {
    let uri = source.and_then(|source| text(source, &["uri"]));
    let commit = source.and_then(commit_of);
    match (uri, commit) {
        (Some(uri), Some(commit)) => Context::Git { repository: repository(uri), commit },
        _ if buildkit => Context::Local {
            repository: vcs.and_then(|vcs| text(vcs, &["source"])).map(str::to_owned),
            commit: vcs.and_then(|vcs| text(vcs, &["revision"])).map(str::to_owned),
        },
        _ => Context::Unknown,
    }
}

fn first_dependency(dependencies: Option<&Value>) -> Context {
    let first = dependencies.and_then(Value::as_array).and_then(|list| list.first());
    let found = first.and_then(|first| Some((text(first, &["uri"])?, commit_of(first)?)));
    match found {
        Some((uri, commit)) => Context::Git { repository: repository(uri), commit },
        None => Context::Unknown,
    }
}

/// `sha1` of BuildKit and v0.2, `gitCommit` of v1.
fn commit_of(value: &Value) -> Option<String> {
    let commit = text(value, &["digest", "gitCommit"]).or_else(|| text(value, &["digest", "sha1"]))?;
    let is_hex = matches!(commit.len(), 40 | 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| commit.to_ascii_lowercase())
}

/// A repository without the scheme's prefix, the reference and `.git`.
pub(crate) fn repository(uri: &str) -> String {
    let uri = uri.strip_prefix("git+").unwrap_or(uri);
    let uri = uri.split('#').next().unwrap_or(uri);
    // A reference stands behind the last `@` of the path; one before the path belongs to a user name.
    let host = uri.find("://").map_or(0, |at| at.saturating_add(3));
    let path = uri.get(host..).and_then(|rest| rest.find('/')).map(|at| host.saturating_add(at));
    let uri = match (path, uri.rfind('@')) {
        (Some(path), Some(end)) if end > path => uri.get(..end).unwrap_or(uri),
        _ => uri,
    };
    let uri = uri.trim_end_matches('/');
    uri.strip_suffix(".git").unwrap_or(uri).to_owned()
}

fn materials(list: Option<&Value>) -> BTreeMap<String, Vec<String>> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    let one = |value: &Value| {
        let digests = value.get("digest")?.as_object()?;
        let digests = digests.iter().filter_map(|(name, hex)| Some(format!("{name}:{}", hex.as_str()?)));
        Some((text(value, &["uri"])?.to_owned(), digests.collect()))
    };
    list.filter_map(one).collect()
}

fn arguments(args: Option<&Value>) -> BTreeMap<String, String> {
    let args = args.and_then(Value::as_object).into_iter().flatten();
    let text = args.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    text.collect()
}

#[cfg(test)]
mod tests;
