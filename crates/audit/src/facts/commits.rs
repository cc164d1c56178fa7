//! Commits that deployed images seem to be made of.

use crate::image::Image;
use crate::subject::Subject;
use crate::tags::commit_candidate;

/// A commit that a deployed image seems to be made of. Only a candidate: tags and labels are chosen freely.
pub(crate) struct Candidate<'a> {
    pub(crate) image: &'a Image<'a>,
    /// The commit, abbreviated where the tag is.
    pub(crate) commit: String,
    /// What names it, for people.
    pub(crate) by: String,
    /// Whoever names the image chose it freely: it is no more than a word.
    pub(crate) chosen: bool,
}

/// Candidates of active services: a tag that looks like a commit, a tag of the repository of the same name, what the
/// image's own file says, and the revision that a label of the service claims.
pub(crate) fn candidates<'a>(subject: &'a Subject<'_>) -> Vec<Candidate<'a>> {
    let mut found = Vec::new();
    for image in subject.images() {
        if let Some(tag) = image.tag() {
            if let Some(commit) = commit_candidate(tag, image.digest_hex()) {
                found.push(Candidate { image, by: format!("tag `{commit}`"), commit, chosen: true });
            } else if let Some((name, commit)) = tagged(subject, image, tag) {
                found.push(Candidate {
                    image,
                    by: format!("tag `{tag}` (the repository's `{name}`)"),
                    commit,
                    chosen: true,
                });
            }
        }
        // What the image's own file shows counts before what its name looks like.
        if let Some(known) = subject.facts_of(image).filter(|facts| facts.matched.is_some()) {
            let own = known.commit.as_ref().map(|known| (known.by.clone(), known.commit.clone()));
            found.extend(own.map(|(by, commit)| Candidate { image, commit, by, chosen: false }));
        }
        if let Some(commit) = label(subject, image.service) {
            found.push(Candidate { image, by: format!("label `{REVISION}`"), commit, chosen: true });
        }
    }
    found
}

/// A tag of the repository by the name of the image's tag, with or without its `v`. Images of nobody's name space
/// (`redis:7.2`) are other people's: a tag that happens to be called so means nothing.
fn tagged(subject: &Subject<'_>, image: &Image<'_>, tag: &str) -> Option<(String, String)> {
    if !image.name().contains('/') || crate::tags::is_moving(tag) {
        return None;
    }
    let tree = subject.source.as_ref()?.tree;
    let other = match tag.strip_prefix('v') {
        Some(rest) => rest.to_owned(),
        None => format!("v{tag}"),
    };
    [tag.to_owned(), other].into_iter().find_map(|name| tree.tag(&name).map(|commit| (name, commit)))
}

const REVISION: &str = "org.opencontainers.image.revision";

/// The commit that a service's label claims.
fn label(subject: &Subject<'_>, service: &str) -> Option<String> {
    let service = subject.view.as_ref()?.active_named(service)?;
    let labels = ["labels", "deploy.labels", "build.labels"].into_iter().flat_map(|key| service.below(key));
    for (path, value) in labels {
        let Some(text) = value.fixed() else { continue };
        let revision = if path.ends_with(REVISION) {
            Some(text.as_str())
        } else {
            text.split_once('=').filter(|(key, _)| key.trim() == REVISION).map(|(_, revision)| revision)
        };
        if let Some(commit) = revision.map(str::trim).and_then(|text| commit_candidate(text, None)) {
            return Some(commit);
        }
    }
    None
}
