//! Protects the running application from an endpoint that was made for its developers.

use super::{CODE, scan};
use crate::item::Item;
use crate::line_patterns::ADMIN;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-024",
    title: "endpoint for administration or debugging",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "leave it out of the deployed image, or show that it cannot reach user data",
    answers: &[Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    scan(subject, sink, CODE, &ADMIN, |file, offset| {
        Some(Note::manual(&file.place(offset), file.line_at(offset)))
    });
}
