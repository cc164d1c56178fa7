//! Protects the link between the image and its source.

use crate::facts::commits::{Candidate, candidates};
use crate::image::Image;
use crate::image_facts::TraceRung;
use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::source::records::{Recorded, claimed_for, claims};
use crate::subject::Subject;
use veritee_model::Severity;
use veritee_source::CommitLookup;

pub(super) const RULE: Rule = Rule {
    id: "DP-TRC-001",
    title: "how far the image is traced to its source",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "publish provenance that names digest, repository and commit, or rebuild the image and compare digests",
    answers: &[Item::Q9.fails(), Item::E2.tells(), Item::M4.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let candidates = candidates(subject);
    let chosen = subject.images().iter().any(|image| image.settable);
    let recorded = subject.source.as_ref().filter(|_| chosen).map(claims).unwrap_or_default();
    for image in subject.images() {
        if let Some(words) = claim(image, &recorded) {
            sink.add(open(image, words).about(&*image.text));
            continue;
        }
        let known = subject.context.traces.get(&*image.text).copied();
        // A file that ties it to nothing leaves what the tag says.
        let best = known.filter(|rung| *rung > TraceRung::Nothing);
        let note = match best.or_else(|| tag_rung(subject, &candidates, image)).or(known) {
            Some(rung) if rung >= TraceRung::Provenance => Note::pass(&image.place, describe(image, rung)),
            Some(rung) if rung >= TraceRung::Labels => Note::warn(&image.place, describe(image, rung)),
            Some(rung) if known.is_some() => Note::fail(&image.place, describe(image, rung)),
            // Nothing offline can tell: a question for a person (M4), and open in the Quick Check (Q9).
            Some(rung) => open(image, format!("{}; the registry was not read", describe(image, rung))),
            None => open(image, format!("{}: the registry was not read", image.text)),
        };
        sink.add(note.about(&*image.text));
    }
}

/// What records claim of an image that somebody outside chooses: never more than a claim.
fn claim(image: &Image<'_>, recorded: &[Recorded]) -> Option<String> {
    if !image.settable {
        return None;
    }
    let name = image.name();
    let claimed = claimed_for(recorded, Some(&name).filter(|name| !name.contains('$')).map(String::as_str));
    let list: Vec<String> =
        claimed.iter().take(SHOWN).map(|one| format!("{} ({})", one.digest, one.place)).collect();
    (!list.is_empty()).then(|| {
        let list = list.join(", ");
        format!("{}: claimed, and nothing holds whoever chooses it to that: {list}", image.text)
    })
}

/// Digests that are shown at most.
const SHOWN: usize = 5;

fn open(image: &Image<'_>, evidence: String) -> Note {
    Note::manual(&image.place, evidence).severity(Severity::Info)
}

fn tag_rung(subject: &Subject<'_>, candidates: &[Candidate<'_>], image: &Image<'_>) -> Option<TraceRung> {
    let tree = subject.source.as_ref()?.tree;
    let mut own = candidates.iter().filter(|candidate| core::ptr::eq(candidate.image, image));
    let found = own.any(|candidate| matches!(tree.commit(&candidate.commit), CommitLookup::Found(_)));
    found.then_some(TraceRung::TagIsCommit)
}

fn describe(image: &Image<'_>, rung: TraceRung) -> String {
    let words = match rung {
        TraceRung::Nothing => "R0: nothing ties it to a commit",
        TraceRung::TagIsCommit => "R1: its tag or label is a commit of the repository",
        TraceRung::Labels => "R2: its labels name a revision; self-declared",
        TraceRung::SignedIdentity => "R3: signed by a known identity",
        TraceRung::Provenance => "R4: verified provenance names digest, repository and commit",
        TraceRung::Rebuilt => "R5: rebuilt bit for bit",
    };
    format!("{}: {words}", image.text)
}
