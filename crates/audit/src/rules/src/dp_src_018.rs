//! Protects keys from whoever asks for them.

use super::ask;
use crate::rule::{Blocks, Need, Rule, Sink};
use crate::subject::Subject;
use crate::syntax::remote;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-018",
    title: "an endpoint hands a private key out",
    severity: Severity::Critical,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "use the key inside the machine; hand out signatures, never the key",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    ask(subject, sink, |tree| remote::hits(tree).keys);
}
