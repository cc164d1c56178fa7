//! Protects users of a backend whose attestation is fetched and that nobody verifies.

use super::CODE;
use crate::item::Item;
use crate::line_patterns::FETCH;
use crate::pattern::pattern;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-022",
    title: "attestation is fetched; nothing here verifies it",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "verify the quote, replay the log and compare the measurements before the first secret is sent",
    answers: &[Item::M3.tells(), Item::M7.tells()],
    check,
    ..Rule::PLAIN
};

pattern!(
    REQUEST,
    r"(?i)\b(?:fetch|axios|requests?|reqwest|httpx|http|client|aiohttp|got|urllib)\b",
    ["fetch", "axios", "request", "reqwest", "http", "client", "got", "urllib"]
);
pattern!(
    VERIFY,
    r"(?i)verify_?(?:quote|attestation|report)|dcap|qvl|report_?data|verify_?tdx|replay|mrtd|rtmr",
    ["verify", "dcap", "qvl", "report", "replay", "mrtd", "rtmr"]
);

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    for file in source.live(CODE) {
        // The path of a package that is imported is no address.
        let imported = |at: &usize| {
            let line = file.line_at(*at);
            file.path.ends_with(".go") && line.ends_with('"') && !line.contains('(')
        };
        let Some(at) = FETCH.starts(&file.text, file.marks()).find(|at| !imported(at)) else { continue };
        let around = file.lines().around(&file.text, at, 3);
        if REQUEST.is_match(around) && !VERIFY.is_match(&file.text) {
            sink.add(Note::manual(&file.place(at), file.line_at(at)));
        }
    }
}
