//! Protects the machine from commands that come with a request.

use super::ask;
use crate::rule::{Blocks, Need, Rule, Sink};
use crate::subject::Subject;
use crate::syntax::remote;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-017",
    title: "a request brings the command that is run",
    severity: Severity::Critical,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "leave the endpoint out of the image that is deployed",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    ask(subject, sink, |tree| remote::hits(tree).commands);
}
