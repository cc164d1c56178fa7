//! Protects verification from being half done: a check whose failure has no effect, or words that say so beside it.

use super::CODE;
use crate::item::Item;
use crate::line_patterns::{SUBJECT_WORD, SURRENDER};
use crate::pattern::pattern;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::source::SourceFile;
use crate::source::grammar::Grammar;
use crate::subject::Subject;
use crate::syntax::checks;
use std::collections::BTreeSet;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-020",
    title: "a check whose failure has no effect, or words of surrender beside one",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "refuse on every mismatch; a person has to read the branch",
    answers: &[Item::Q6.opens(), Item::M3.tells()],
    check,
    ..Rule::PLAIN
};

pattern!(
    VERIFICATION,
    r"(?i)hash|signature|verif|attest|quote|report_?data|measurement|mrtd|rtmr",
    ["hash", "signature", "verif", "attest", "quote", "report", "measurement", "mrtd", "rtmr"]
);
pattern!(
    REFUSAL,
    r"\b(?:raise|throw|panic|bail!|anyhow!|Err\(|return[ \t]+(?:false|False|Err|null|None|nil|err)|exit\(|process\.exit|abort|reject|assert|ensure!)"
);
pattern!(COMMENT, r"(?m)(?:#|//|/\*|\*|--).*$");
// A comment that says that a check is not done: the verb, and what it is about close behind it.
pattern!(
    SURRENDERED,
    r"(?i)(?:#|//|/\*|^[ \t]*\*)[ \t]*(?:(?:we|just|simply|for now,?|temporarily)[ \t]+)*(?:(?:skip(?:ping|ped)?|ignor(?:e|es|ing)|bypass(?:es|ing)?|disabl(?:e|ed|ing)|don't|do not|without)[ \t]+(?:the[ \t]+|any[ \t]+|all[ \t]+)?(?:\w+[ \t]+){0,3}?(?:verif\w*|attestation|validation|mismatch(?:es)?)\b|(?:todo|fixme)\b[^\n]{0,24}\b(?:verify|attest|check the (?:quote|signature|measurement|attestation)|validate the (?:quote|signature|attestation|certificate))\b)"
);
pattern!(SPOKEN, r"\b(?:echo|print\w*|log\w*|console)\b");
// What such a comment has to say of itself to be a question of the first rank.
pattern!(
    FOR_NOW,
    r"(?i)for now|temporar|until|not (?:yet )?(?:implemented|done)|later|todo|fixme|known (?:issue|bug)"
);

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    for file in source.live(CODE) {
        let mut told = BTreeSet::new();
        if let Grammar::Read(language, tree) = &file.grammar {
            for hit in checks::hits(tree, *language, &source.defined) {
                let line = file.lines().index(hit.at);
                told.extend(line.saturating_sub(3)..=line.saturating_add(3));
                let words = SURRENDER.starts(&file.text, file.marks()).find(|at| {
                    let there = file.lines().index(*at);
                    (line..=line.saturating_add(2)).contains(&there)
                });
                let beside = words.map(|at| format!("; beside it: {}", file.line_at(at))).unwrap_or_default();
                let evidence = format!("{} ({}{beside})", file.line_at(hit.at), hit.why);
                sink.add(Note::manual(&file.place(hit.at), evidence).severity(hit.severity));
            }
        }
        if SUBJECT_WORD.is_in(&file.text, file.marks()) {
            words(file, &told, sink);
        }
    }
}

/// Words alone: a question, and of the first rank only where they say of themselves that a check is left out.
fn words(file: &SourceFile, told: &BTreeSet<usize>, sink: &mut Sink<'_>) {
    let mut last = None;
    for at in SURRENDER.starts(&file.text, file.marks()) {
        let line = file.lines().index(at);
        // One finding per passage, and none where the grammar has said it.
        if last.is_some_and(|last| line.saturating_sub(last) < 8) || told.contains(&line) {
            continue;
        }
        let around = file.lines().around(&file.text, at, 8);
        if !VERIFICATION.is_match(around) {
            continue;
        }
        let here = file.line_at(at);
        let severity = if file.is_parsed() {
            // Code is judged by what it does, above; here comments speak.
            if !SURRENDERED.is_match(here) {
                continue;
            }
            if FOR_NOW.is_match(here) { Severity::High } else { Severity::Medium }
        } else {
            let after = file.lines().around(&file.text, at, 4);
            // What a line prints is no surrender.
            let speaks = COMMENT.is_match(here) && !SPOKEN.is_match(here);
            let refuses = REFUSAL.is_match(&COMMENT.without(after));
            if refuses || !speaks { Severity::Medium } else { Severity::High }
        };
        last = Some(line);
        sink.add(Note::manual(&file.place(at), here).severity(severity));
    }
}
