//! Protects users from comparing a hash of something else.

use crate::pattern::pattern;
use crate::rule::{Need, Note, Rule, Sink};
use crate::source::kind::FileKind;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-DOC-003",
    title: "the documentation gives a wrong formula for the compose hash",
    severity: Severity::Low,
    needs: &[Need::Source],
    remedy: "the compose hash is SHA-256 over the exact bytes of app-compose.json, not over the docker compose file",
    check,
    ..Rule::PLAIN
};

pattern!(
    FORMULA,
    r"(?i)sha256(?:sum)?[ \t]*[( ][ \t]*[`'\x22]?[\w./-]*docker-compose[\w.-]*\.ya?ml|(?:compose[_ -]?hash|hash)[^\n.]{0,40}(?:of|over)[^\n.]{0,20}docker-compose\.ya?ml",
    ["docker-compose"]
);

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    for file in source
        .files
        .iter()
        .filter(|file| matches!(file.kind, FileKind::Document | FileKind::Shell | FileKind::Workflow))
    {
        for hit in FORMULA.find_iter(&file.text) {
            sink.add(Note::fail(&file.place(hit.start()), file.line_at(hit.start())));
        }
    }
}
