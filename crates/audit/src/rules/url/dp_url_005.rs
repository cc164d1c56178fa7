//! Protects the destination of a request from whoever chooses part of its address.

use crate::facts::address::all;
use crate::field::Field;
use crate::item::Item;
use crate::rule::{Blocks, EVIDENCE, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_compose::Provenance;
use veritee_model::Severity;
use veritee_model::text::shortened;

pub(super) const RULE: Rule = Rule {
    id: "DP-URL-005",
    title: "whoever deploys chooses part of a URL",
    severity: Severity::High,
    blocks: Blocks::From(Severity::High),
    needs: &[Need::Compose],
    remedy: "write scheme, host and port literally",
    answers: &[Item::Q1.fails_from(Severity::High), Item::M1.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    // A text may hold thousands of addresses, and is looked at once for all of them.
    let mut last: Option<(&Field<'_>, Option<String>)> = None;
    for (service, path, value, link) in all(view) {
        let severity = if link.authority_settable {
            Severity::High
        } else if link.path_settable {
            Severity::Low
        } else {
            continue;
        };
        let same = last.as_ref().filter(|(known, _)| core::ptr::eq(*known, value));
        let told = same.map(|(_, told)| told.clone()).unwrap_or_else(|| told(value));
        last = Some((value, told.clone()));
        let Some(told) = told else { continue };
        let evidence = format!("{} {path}: {told}", service.name);
        sink.add(Note::fail(&value.place, evidence).severity(severity).about(link.text));
    }
}

/// What stands there and who has a part in it; nothing where the host has, which is ENV-017's to judge.
fn told(value: &Field<'_>) -> Option<String> {
    if value.parts.iter().any(|part| part.provenance == Provenance::Host && part.source.is_some()) {
        return None;
    }
    let who: Vec<&str> = value.chosen_through().into_iter().collect();
    Some(shortened(&format!("{} ({})", value.raw, who.join(", ")), EVIDENCE))
}
