//! Every claim of the commit that an image was built from, by what stands behind it.

use crate::build::{Build, Context, repository};
use crate::sigstore::Signed;
use serde::Serialize;

/// What stands behind a claim, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rank {
    /// The text of a tag, which anybody chooses.
    Tag,
    /// A label or annotation, which whoever built the image wrote.
    Label,
    /// BuildKit's unsigned statement about a repository that it fetched itself.
    BuildKit,
    /// A predicate that somebody signed.
    Predicate,
    /// The certificate of a build: the issuer read it from the token of the build's platform.
    Certificate,
    /// An image that the caller built from this commit has the same content.
    Rebuilt,
}

impl Rank {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Tag => "the text of the tag",
            Self::Label => "a label or annotation",
            Self::BuildKit => "BuildKit's unsigned statement",
            Self::Predicate => "a signed predicate",
            Self::Certificate => "the certificate of the build",
            Self::Rebuilt => "the rebuilt image",
        }
    }
}

/// What weakens a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// The files came from the machine that asked for the build; they may have been changed.
    LocalFiles,
    /// The runner is the repository's own machine.
    SelfHosted,
    /// A pull request started the build: the code may be a stranger's.
    PullRequest,
    /// No transparency log has the signature.
    NoLog,
    /// The signing workflow is neither the source's own nor an allowed generator: it can write any commit.
    ForeignSigner,
    /// The tokens' issuer is not GitHub's public one.
    OtherIssuer,
    /// Signed by a key without a certificate: who holds it is not said.
    KeyOnly,
    /// It is not the whole commit.
    Short,
}

impl Doubt {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::LocalFiles => "the build took local files: uncommitted changes leave the commit as it is",
            Self::SelfHosted => "built on a self-hosted runner, whose owner can change the build",
            Self::PullRequest => "built for a pull request: the code may be anybody's",
            Self::NoLog => "not in a transparency log: a signature that nobody can find",
            Self::ForeignSigner => "signed by a workflow of another repository that is not on the list",
            Self::OtherIssuer => "the issuer is not GitHub's public one",
            Self::KeyOnly => "signed by a key: who holds it is not said",
            Self::Short => "an abbreviated commit",
        }
    }
}

/// A claim of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// What stands behind it.
    pub rank: Rank,
    /// The commit, lower-case hex; abbreviated where it was written so.
    pub commit: String,
    /// The repository, where it is said.
    pub repository: Option<String>,
    /// What weakens it.
    pub doubts: Vec<Doubt>,
}

/// All claims.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// The strongest first.
    pub list: Vec<Claim>,
}

/// Workflows that sign for other repositories and take the commit from the token, not from their caller.
pub const GENERATORS: [&str; 1] = ["https://github.com/slsa-framework/slsa-github-generator/"];

/// The issuer of tokens of public GitHub.
pub const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";

impl Claims {
    /// Adds the claims of a signed statement: of its certificate, and of its predicate. `signers` are beginnings of signers'
    /// identities, by whole parts, that are allowed beside the source repository's own workflows and [`GENERATORS`].
    pub fn add_signed(&mut self, signed: &Signed, signers: &[String]) {
        let doubts = doubts(signed, signers);
        if let Some(signer) = &signed.signer
            && let Some(commit) = &signer.commit
        {
            let repository = signer.repository.as_deref().map(repository);
            self.add(Rank::Certificate, commit, repository, doubts.clone());
        }
        if let Some(build) = signed.statement.as_ref().and_then(Build::of) {
            self.add_context(Rank::Predicate, &build.context, doubts);
        }
    }

    /// Adds the claim of an unsigned statement of BuildKit.
    pub fn add_unsigned(&mut self, build: &Build) {
        self.add_context(Rank::BuildKit, &build.context, Vec::new());
    }

    fn add_context(&mut self, rank: Rank, context: &Context, mut doubts: Vec<Doubt>) {
        match context {
            Context::Git { repository, commit } => self.add(rank, commit, Some(repository.clone()), doubts),
            // What a dirty work tree says is worth what a label is worth.
            Context::Local { repository: source, commit: Some(commit) } => {
                doubts.push(Doubt::LocalFiles);
                self.add(rank.min(Rank::Label), commit, source.as_deref().map(repository), doubts);
            }
            Context::Local { .. } | Context::Unknown => {}
        }
    }

    /// Adds a claim where the text is a commit: hex of 7 to 64 digits, `-dirty` cut off as a doubt.
    pub fn add(&mut self, rank: Rank, text: &str, repository: Option<String>, mut doubts: Vec<Doubt>) {
        let (commit, is_dirty) = text.strip_suffix("-dirty").map_or((text, false), |commit| (commit, true));
        let fits = (7..=64).contains(&commit.len()) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !fits {
            return;
        }
        if is_dirty && !doubts.contains(&Doubt::LocalFiles) {
            doubts.push(Doubt::LocalFiles);
        }
        if commit.len() < 40 {
            doubts.push(Doubt::Short);
        }
        doubts.sort_unstable();
        doubts.dedup();
        let claim = Claim { rank, commit: commit.to_ascii_lowercase(), repository, doubts };
        if !self.list.contains(&claim) {
            self.list.push(claim);
        }
        // Of one rank the claim with fewer doubts counts.
        self.list
            .sort_by(|one, other| other.rank.cmp(&one.rank).then(one.doubts.len().cmp(&other.doubts.len())));
    }

    /// The strongest claim.
    #[must_use]
    pub fn strongest(&self) -> Option<&Claim> {
        self.list.first()
    }

    /// Pairs of claims of which at most one is true: commits of which neither begins with the other, or repositories that
    /// differ.
    #[must_use]
    pub fn disagreements(&self) -> Vec<(&Claim, &Claim)> {
        let mut out = Vec::new();
        for (at, one) in self.list.iter().enumerate() {
            for other in self.list.iter().skip(at.saturating_add(1)) {
                let same_commit =
                    one.commit.starts_with(&other.commit) || other.commit.starts_with(&one.commit);
                let same_repository = match (&one.repository, &other.repository) {
                    (Some(one), Some(other)) => same_repository(one, other),
                    _ => true,
                };
                if !same_commit || !same_repository {
                    out.push((one, other));
                }
            }
        }
        out
    }
}

/// GitHub reads names of owners and repositories whatever their case.
#[must_use]
pub fn same_repository(one: &str, other: &str) -> bool {
    let bare = |text: &str| {
        let text = repository(text).to_ascii_lowercase();
        text.strip_prefix("https://").or_else(|| text.strip_prefix("ssh://git@")).unwrap_or(&text).to_owned()
    };
    bare(one) == bare(other)
}

fn doubts(signed: &Signed, signers: &[String]) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if !signed.log {
        doubts.push(Doubt::NoLog);
    }
    let Some(signer) = &signed.signer else {
        doubts.push(Doubt::KeyOnly);
        return doubts;
    };
    if signer.runner.as_deref() == Some("self-hosted") {
        doubts.push(Doubt::SelfHosted);
    }
    if signer.trigger.as_deref().is_some_and(|trigger| trigger.starts_with("pull_request")) {
        doubts.push(Doubt::PullRequest);
    }
    if signer.issuer.as_deref() != Some(GITHUB_ISSUER) {
        doubts.push(Doubt::OtherIssuer);
    }
    let own =
        signer.repository.as_deref().zip(signer.identity.as_deref()).is_some_and(|(source, identity)| {
            let prefix = format!("{}/", source.trim_end_matches('/'));
            identity.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(&prefix))
        });
    let listed = signer.identity.as_deref().is_some_and(|identity| {
        let mut listed = GENERATORS.into_iter().chain(signers.iter().map(String::as_str));
        listed.any(|prefix| begins(identity, prefix))
    });
    if !own && !listed {
        doubts.push(Doubt::ForeignSigner);
    }
    doubts
}

/// Whether an identity is a listed one or lies below it, by whole parts: `org/app` is not the beginning of `org/app-other`.
/// What stands behind `@` is the reference of a workflow, or the domain of a person.
fn begins(identity: &str, listed: &str) -> bool {
    identity.strip_prefix(listed).is_some_and(|rest| {
        rest.is_empty()
            || listed.ends_with('/')
            || rest.starts_with('/')
            || listed.contains("://") && rest.starts_with('@')
    })
}

#[cfg(test)]
mod tests;
