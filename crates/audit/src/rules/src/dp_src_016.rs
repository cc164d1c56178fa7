//! Protects the code that runs from what another machine hands out while it runs.

use super::ask;
use crate::rule::{Blocks, Need, Rule, Sink};
use crate::subject::Subject;
use crate::syntax::remote;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-016",
    title: "code from the network is run",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "put the code into the image, or check it by a hash that stands in the source",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    ask(subject, sink, |tree| remote::hits(tree).code);
}
