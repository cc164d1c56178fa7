//! Protects connections from whoever stands in between.

use super::{CODE, scan};
use crate::line_patterns::TLS_OFF;
use crate::pattern::pattern;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-023",
    title: "TLS certificates are not verified",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "verify the certificate, or pin the peer's attested key",
    check,
    ..Rule::PLAIN
};

pattern!(OWN, r"localhost|127\.0\.0\.1|\[::1\]", ["localhost", "127.0.0.1", "[::1]"]);

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    scan(subject, sink, CODE, &TLS_OFF, |file, offset| {
        let line = file.line_at(offset);
        (!OWN.is_match(line)).then(|| Note::fail(&file.place(offset), line))
    });
}
