//! Services that fetch code by themselves: a repository in their variables, and which revision of it.

use crate::field::{Field, HOLE};
use crate::names::{self, words};
use crate::view::{EnvironmentEntry, Service};

/// Variables from outside that say which revision of a repository runs.
pub(crate) fn chosen_revisions<'s>(
    service: &'s Service<'_>,
) -> Vec<(&'s EnvironmentEntry<'s>, &'static str)> {
    if repositories(service).next().is_none() {
        return Vec::new();
    }
    let revisions = service.environment.iter().filter(|entry| is_revision(entry.name));
    revisions
        .filter(|entry| entry.value.is_settable())
        .map(|entry| (entry, "beside a repository: which of its commits runs"))
        .collect()
}

/// Fixed revisions that can move: a branch, a tag, an abbreviated commit, or none at all.
pub(crate) fn moving_revisions<'s>(service: &'s Service<'_>) -> Vec<(&'s EnvironmentEntry<'s>, String)> {
    let Some(repository) = repositories(service).next() else { return Vec::new() };
    let revisions: Vec<&EnvironmentEntry<'_>> =
        service.environment.iter().filter(|entry| is_revision(entry.name)).collect();
    revisions
        .into_iter()
        .filter_map(|entry| {
            let text = entry.value.fixed()?;
            let commit = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            (!commit && !text.is_empty())
                .then(|| (entry, format!("{} at {text}: not a full commit", repository.value.raw)))
        })
        .collect()
}

/// Variables that name a repository to fetch code from.
fn repositories<'s>(service: &'s Service<'_>) -> impl Iterator<Item = &'s EnvironmentEntry<'s>> {
    service.environment.iter().filter(|entry| {
        let text = entry.value.effective();
        let named =
            words(entry.name).iter().any(|word| matches!(word.as_str(), "REPO" | "REPOSITORY" | "GIT"));
        let host = ["github.com/", "gitlab.com/", "bitbucket.org/", "codeberg.org/"];
        text.ends_with(".git")
            || text.starts_with("git@")
            || text.starts_with("git://")
            || named && (text.contains("://") || host.iter().any(|host| text.contains(host)))
    })
}

/// Whether a settings file names a repository and leaves which of its commits to whoever deploys.
pub(crate) fn is_commit_chosen(text: &Field<'_>) -> bool {
    let shape = text.shape();
    let assigned = |line: &&str| line.split_once(['=', ':']).is_some_and(|(_, value)| value.contains(HOLE));
    let chosen = shape.lines().filter(assigned).any(|line| {
        let name = line.split(['=', ':']).next().unwrap_or("").trim();
        words(name)
            .iter()
            .any(|word| matches!(word.as_str(), "COMMIT" | "REVISION" | "REF" | "BRANCH" | "TAG"))
    });
    chosen && shape.lines().any(|line| line.contains(".git") || line.contains("github.com/"))
}

fn is_revision(name: &str) -> bool {
    if names::holds_number(name) {
        return false;
    }
    let words = words(name);
    words.iter().any(|word| {
        matches!(
            word.as_str(),
            "COMMIT" | "REVISION" | "REF" | "BRANCH" | "TAG" | "SHA" | "VERSION" | "REV" | "CHECKOUT"
        )
    })
}
