//! Protects verification from being half done: words that say so stand beside it.

use super::CODE;
use crate::item::Item;
use crate::line_patterns::{SUBJECT_WORD, SURRENDER};
use crate::pattern::pattern;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-020",
    title: "words of surrender beside verification",
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

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    for file in source.live(CODE) {
        if !SUBJECT_WORD.is_in(&file.text, file.marks()) {
            continue;
        }
        let mut last = None;
        for at in SURRENDER.starts(&file.text, file.marks()) {
            let line = file.lines().index(at);
            // One finding per passage.
            if last.is_some_and(|last| line.saturating_sub(last) < 8) {
                continue;
            }
            let around = file.lines().around(&file.text, at, 8);
            if !VERIFICATION.is_match(around) {
                continue;
            }
            last = Some(line);
            let after = file.lines().around(&file.text, at, 4);
            let refuses = REFUSAL.is_match(&COMMENT.without(after));
            let severity = if refuses { Severity::Medium } else { Severity::High };
            sink.add(Note::manual(&file.place(at), file.line_at(at)).severity(severity));
        }
    }
}
