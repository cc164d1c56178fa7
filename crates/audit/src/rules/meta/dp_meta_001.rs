//! Protects everything else that is said: of the measured document, or of none.

use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-META-001",
    title: "the document is not shown to be the measured one",
    severity: Severity::Critical,
    blocks: Blocks::Always,
    needs: &[Need::Manifest],
    remedy: "verify the quote and bring the exact bytes of app-compose.json",
    answers: &[Item::E3.tells()],
    check,
    ..Rule::PLAIN
};

/// The comparison itself is made where the document is bound; a document that failed it never gets here as attested.
fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let hash = subject.compose_hash().unwrap_or_else(|| "unknown".to_owned());
    if subject.is_attested() {
        sink.add(Note::pass(
            &view.place(),
            format!("sha256 of the exact bytes is the measured compose hash {hash}"),
        ));
    } else {
        let evidence = format!("not attested: sha256 of the bytes is {hash}; no quote vouches for it");
        sink.add(Note::unknown(&view.place(), evidence).severity(Severity::Info));
    }
}
