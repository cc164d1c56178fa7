//! From the compose to the source, arrow by arrow: proven, claimed or missing, and by what.

use crate::commit::{Claim, Rank};
use crate::gather::Said;
use crate::known::Known;
use serde::Serialize;
use veritee_audit::tags::commit_candidate;
use veritee_audit::{Recorded, TraceRung, Traced, claimed_for};
use veritee_compose::{Deployment, ImageReference, Pin, Service};
use veritee_source::{CommitLookup, SourceTree, changed_words};

/// How far an arrow holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// By digests, or by a verified signature.
    Proven,
    /// Somebody says so.
    Claimed,
    /// Nothing was given that tells.
    Missing,
    /// What was given says otherwise.
    Contradicted,
}

/// One arrow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Arrow {
    /// From what to what.
    pub name: &'static str,
    /// How far it holds.
    pub state: State,
    /// By what, or what to give.
    pub by: String,
}

/// The way of one image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ladder {
    /// The reference as it stands in the compose.
    pub reference: String,
    /// The services that name it.
    pub services: Vec<String>,
    /// The arrows, in order.
    pub arrows: Vec<Arrow>,
    /// The rung of the audit: `R0` to `R5`.
    pub rung: &'static str,
    /// The same as a value.
    #[serde(skip)]
    pub level: TraceRung,
    /// The strongest claim of a commit.
    pub commit: Option<Claim>,
    /// What is said, with every signature; `None` where no file of the image was given.
    pub said: Option<Said>,
    /// Digests that the source's records claim for an image that somebody chooses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recorded: Vec<Recorded>,
}

/// How the compose is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attested {
    /// A quote and a log that replays to it name its hash.
    Proven,
    /// Evidence says so; why it is not proven.
    Claimed(String),
    /// A document alone.
    Missing,
}

/// Names of the arrows.
const ARROWS: [&str; 4] = ["quote to compose", "compose to image", "image to commit", "commit to source"];

impl Ladder {
    /// Makes the ladder of an image of a compose, with the images whose files were read, and what the source's records
    /// name.
    #[must_use]
    pub fn new(
        reference: &ImageReference,
        services: Vec<String>,
        attested: &Attested,
        images: &[Known],
        source: Option<&dyn SourceTree>,
        recorded: &[Recorded],
    ) -> Self {
        let pin = reference.pin();
        let recorded: Vec<Recorded> = match &pin {
            Pin::Chosen(_) => {
                claimed_for(recorded, reference.repository.literal()).into_iter().cloned().collect()
            }
            _ => Vec::new(),
        };
        let of = |known: &&Known| {
            known.matches(&pin).is_some() || recorded.iter().any(|one| known.has_digest(&one.digest))
        };
        let found = images.iter().find(of);
        let to_image = match (&pin, recorded.as_slice()) {
            (Pin::Chosen(provenance), [first, rest @ ..]) => {
                claimed(&provenance.to_string(), first, rest.len())
            }
            _ => to_image(&pin, found, images, reference),
        };
        let (mut to_commit, commit) = match found {
            Some(known) => to_commit(known, source),
            None => (missing(2, "the image's file was not given: --image FILE"), None),
        };
        // A commit of an image that is not shown to be the deployed one is the commit of some image.
        if to_image.state != State::Proven && to_commit.state == State::Proven {
            to_commit.state = State::Claimed;
        }
        let to_source = to_source(commit.as_ref(), source);
        let rung = match rung(&to_image, &to_commit, found, commit.as_ref()) {
            TraceRung::Nothing if is_commit_tag(reference, source) => TraceRung::TagIsCommit,
            rung => rung,
        };
        Self {
            reference: reference.value.effective(),
            services,
            arrows: vec![to_compose(attested), to_image, to_commit, to_source],
            rung: rung_name(rung),
            level: rung,
            commit,
            said: found.map(|known| known.said.clone()),
            recorded,
        }
    }

    /// Whether an arrow says otherwise.
    #[must_use]
    pub fn is_contradicted(&self) -> bool {
        self.arrows.iter().any(|arrow| arrow.state == State::Contradicted)
    }

    /// Whether every arrow is proven; the last one only where a source was given.
    #[must_use]
    pub fn is_proven(&self, with_source: bool) -> bool {
        let mut arrows = self.arrows.iter().take(if with_source { 4 } else { 3 });
        arrows.all(|arrow| arrow.state == State::Proven)
    }
}

fn arrow(number: usize, state: State, by: impl Into<String>) -> Arrow {
    Arrow { name: ARROWS.get(number).copied().unwrap_or_default(), state, by: by.into() }
}

fn missing(number: usize, by: &str) -> Arrow {
    arrow(number, State::Missing, by)
}

fn to_compose(attested: &Attested) -> Arrow {
    match attested {
        Attested::Proven => {
            arrow(0, State::Proven, "the quote, and the log that replays to it, name its hash")
        }
        Attested::Claimed(why) => arrow(0, State::Claimed, why.clone()),
        Attested::Missing => missing(0, "a document alone: nothing shows that it is what runs"),
    }
}

/// An image that somebody chooses, and of which a record says which it is: nobody is held to that.
fn claimed(provenance: &str, first: &Recorded, more: usize) -> Arrow {
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let words = format!(
        "{} claims {}{more}; the compose names none: a part is chosen by {provenance}",
        first.place, first.digest
    );
    arrow(1, State::Claimed, words)
}

fn to_image(pin: &Pin, found: Option<&Known>, images: &[Known], reference: &ImageReference) -> Arrow {
    match (pin, found) {
        (Pin::Digest { .. }, Some(known)) => {
            let level = known.matches(pin).unwrap_or_default();
            arrow(1, State::Proven, format!("the given file's {level} has the digest that the compose pins"))
        }
        (Pin::Digest { .. }, None) => {
            missing(1, "no given file has the digest that the compose pins: --image FILE")
        }
        (Pin::Chosen(provenance), _) => arrow(
            1,
            State::Contradicted,
            format!("the compose does not name the image: a part is chosen by {provenance}"),
        ),
        (Pin::Tag(_) | Pin::Implicit, _) => match images.iter().any(|known| known.is_called(reference)) {
            true => arrow(
                1,
                State::Claimed,
                "a given file calls itself so; a tag is no pin, whoever owns the repository moves it",
            ),
            false => missing(1, "a tag is no pin: whoever owns the repository moves it"),
        },
        (Pin::MalformedDigest(_), _) => {
            arrow(1, State::Contradicted, "the digest in the compose is malformed and pins nothing")
        }
        (_, _) => arrow(1, State::Contradicted, "the reference is malformed: Docker refuses it"),
    }
}

fn to_commit(known: &Known, source: Option<&dyn SourceTree>) -> (Arrow, Option<Claim>) {
    let said = &known.said;
    if let Some(rung) = known.rebuilt
        && said.claims.disagreements().is_empty()
    {
        let words = format!(
            "the rebuilt image has the same content ({rung:?}); from which source is the word of who built it"
        );
        return (arrow(2, State::Proven, words), rebuilt_from(said, source));
    }
    let Some(claim) = said.claims.strongest() else {
        return (missing(2, "no certificate, statement, label or annotation names a commit"), None);
    };
    let claim = claim.clone();
    if let Some((one, other)) = said.claims.disagreements().into_iter().next() {
        let of = |claim: &Claim| {
            let repository =
                claim.repository.as_deref().map(|name| format!(" of {name}")).unwrap_or_default();
            format!("{} says {}{repository}", claim.rank.words(), claim.commit)
        };
        return (arrow(2, State::Contradicted, format!("{}; {}", of(one), of(other))), Some(claim));
    }
    let doubts: Vec<&str> = claim.doubts.iter().map(|doubt| doubt.words()).collect();
    let words = match doubts.is_empty() {
        true => claim.rank.words().to_owned(),
        false => format!("{}; {}", claim.rank.words(), doubts.join("; ")),
    };
    let state = match (claim.rank, doubts.is_empty()) {
        (Rank::Certificate, true) => State::Proven,
        _ => State::Claimed,
    };
    (arrow(2, state, format!("{words}: {}", claim.commit)), Some(claim))
}

/// The commit of a rebuilt image: what is said of it, else what the given tree is at.
fn rebuilt_from(said: &Said, source: Option<&dyn SourceTree>) -> Option<Claim> {
    let head = || {
        let commit = source?.head()?;
        Some(Claim { rank: Rank::Rebuilt, commit, repository: None, doubts: Vec::new() })
    };
    said.claims.strongest().cloned().or_else(head)
}

/// Whether the tag is a commit of the tree: whoever names the image chose it freely.
fn is_commit_tag(reference: &ImageReference, source: Option<&dyn SourceTree>) -> bool {
    let tag = reference.tag.as_ref().filter(|tag| tag.literal().is_some());
    let commit = tag.and_then(|tag| commit_candidate(&tag.text, None));
    let found = |commit: String| Some(matches!(source?.commit(&commit), CommitLookup::Found(_)));
    commit.and_then(found).unwrap_or(false)
}

fn to_source(commit: Option<&Claim>, source: Option<&dyn SourceTree>) -> Arrow {
    let Some(claim) = commit else { return missing(3, "no commit is known") };
    let Some(source) = source else { return missing(3, "no source tree was given: --source DIR") };
    let head = source.head();
    if let Some(head) = &head
        && head.starts_with(&claim.commit)
    {
        return arrow(
            3,
            State::Proven,
            format!("the tree is at {head}; uncommitted changes were not looked for"),
        );
    }
    let at = head.clone().unwrap_or_else(|| "a commit that is not known".to_owned());
    match source.commit(&claim.commit) {
        CommitLookup::Found(commit) => {
            let changes = head.and_then(|head| source.changes(&commit, &head));
            let changed =
                changes.map(|paths| format!("; between them {}", changed_words(&paths))).unwrap_or_default();
            arrow(
                3,
                State::Contradicted,
                format!("the tree is at {at}, the image is of {commit}: git checkout {commit}{changed}"),
            )
        }
        CommitLookup::Absent => {
            arrow(3, State::Contradicted, format!("the tree's history has no commit {}", claim.commit))
        }
        CommitLookup::Ambiguous => {
            arrow(3, State::Claimed, format!("several commits begin with {}", claim.commit))
        }
        CommitLookup::NoHistory => missing(3, "the tree has no history to look in"),
    }
}

/// The rung of the audit (DP-TRC-001).
fn rung(to_image: &Arrow, to_commit: &Arrow, known: Option<&Known>, commit: Option<&Claim>) -> TraceRung {
    let (State::Proven, Some(known)) = (to_image.state, known) else { return TraceRung::Nothing };
    match (to_commit.state, commit) {
        (State::Proven, _) if known.rebuilt.is_some() => TraceRung::Rebuilt,
        (State::Proven, _) => TraceRung::Provenance,
        // What contradicts itself ties to nothing, whoever signed it.
        (State::Contradicted, _) => TraceRung::Nothing,
        _ if known.said.signed => TraceRung::SignedIdentity,
        (_, Some(_)) => TraceRung::Labels,
        (_, None) => TraceRung::Nothing,
    }
}

const fn rung_name(rung: TraceRung) -> &'static str {
    match rung {
        TraceRung::TagIsCommit => "R1",
        TraceRung::Labels => "R2",
        TraceRung::SignedIdentity => "R3",
        TraceRung::Provenance => "R4",
        TraceRung::Rebuilt => "R5",
        _ => "R0",
    }
}

/// Images that services name, each once, with the services that may run it.
#[must_use]
pub fn named(deployment: &Deployment) -> Vec<(&ImageReference, Vec<String>)> {
    let mut out: Vec<(&ImageReference, Vec<String>)> = Vec::new();
    for service in deployment.services().iter().filter(|service| runs(service)) {
        let Some(image) = service.image.as_ref().filter(|_| service.build.is_none()) else { continue };
        match out.iter_mut().find(|(known, _)| known.value.effective() == image.value.effective()) {
            Some((_, services)) => services.push(service.name.clone()),
            None => out.push((image, vec![service.name.clone()])),
        }
    }
    out
}

/// Services whose image is built inside the machine: there is no image to trace.
#[must_use]
pub fn built(deployment: &Deployment) -> Vec<String> {
    let services = deployment.services().iter().filter(|service| runs(service));
    services.filter(|service| service.build.is_some()).map(|service| service.name.clone()).collect()
}

fn runs(service: &Service) -> bool {
    service.activity.can_run()
}

/// What the audit of a deployment is told of its images, with the files that were read. A reference of which no file was
/// given is left out: nothing is known of it.
#[must_use]
pub fn traced(deployment: &Deployment, images: &[Known], source: Option<&dyn SourceTree>) -> Traced {
    let mut traced = Traced::default();
    for (reference, services) in named(deployment) {
        let pin = reference.pin();
        let text = reference.value.effective();
        let known = images.iter().find(|known| known.matches(&pin).is_some() || known.is_called(reference));
        let tag = images.iter().find_map(|known| known.tag_seen(reference));
        if let Some(known) = known {
            let ladder = Ladder::new(reference, services, &Attested::Proven, images, source, &[]);
            traced.rungs.insert(text.clone(), ladder.level);
            let facts = veritee_audit::ImageFacts { tag, ..known.facts(reference) };
            traced.facts.insert(text, facts);
        }
    }
    traced
}

#[cfg(test)]
mod tests;
