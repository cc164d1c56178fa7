//! What the lines of a batch came to.

use super::judge::{Judge, Line};
use std::collections::BTreeMap;
use std::time::Duration;
use veritee_model::ExitCode;
use veritee_offline::entry::Lacks;

/// Reasons that are named for one outcome; the rest are counted.
const NAMED: usize = 6;

/// Processor families that are counted: quotes that nobody has verified name them.
const MOST_FAMILIES: usize = 64;

#[derive(Default)]
pub(super) struct Tally {
    pub(super) lines: u64,
    /// Lines of an earlier run among them.
    pub(super) known: u64,
    /// Whose collateral is missing, and for how many lines.
    lacks: BTreeMap<Lacks, u64>,
    /// How often, by outcome and by its gravest reason.
    by_outcome: BTreeMap<&'static str, BTreeMap<String, u64>>,
    pub(super) gravest: Option<ExitCode>,
}

impl Tally {
    pub(super) fn count(&mut self, line: &Line) {
        self.lines += u64::from(!matches!(line, Line::Corrected { .. }));
        self.known += u64::from(matches!(line, Line::Known(_)));
        let reasons = self.by_outcome.entry(line.word()).or_default();
        *reasons.entry(line.reason().unwrap_or_default().to_owned()).or_default() += 1;
        if let Line::Judged(judged) = line
            && let Some(lacks) = &judged.lacks
            && (self.lacks.len() < MOST_FAMILIES || self.lacks.contains_key(lacks))
        {
            *self.lacks.entry(lacks.clone()).or_default() += 1;
        }
        let exit = line.exit_code();
        self.gravest = Some(self.gravest.map_or(exit, |known| known.graver(exit)));
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        self.gravest.unwrap_or(ExitCode::Unobtainable)
    }

    pub(super) fn summary(&self, elapsed: Duration, judge: &Judge) -> String {
        let counts: Vec<String> = self
            .by_outcome
            .iter()
            .map(|(word, reasons)| format!("{} {word}", reasons.values().sum::<u64>()))
            .collect();
        let seconds = elapsed.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = if seconds > 0.0 { self.lines as f64 / seconds } else { 0.0 };
        let known = judge.statistics();
        let mut summary = format!(
            "{} judged: {}; {rate:.0} a second; remembered: {} enclaves, {} certificates, {} new hosts",
            self.lines,
            if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") },
            known.enclave_known,
            known.pck_known,
            known.unknown,
        );
        for (word, reasons) in &self.by_outcome {
            summary.push_str(&because(word, reasons));
        }
        for (Lacks { tee, fmspc, ca }, count) in self.lacks.iter().take(NAMED) {
            summary.push_str(&format!(
                "\n  collateral for {count}: veritee collateral fetch --tee {tee} --fmspc {fmspc} --ca {ca} -o FILE"
            ));
        }
        if self.lacks.len() > NAMED {
            summary.push_str("\n  collateral for others: `lacks` in their lines says whose");
        }
        summary
    }
}

/// A line for an outcome with its reasons, the most frequent first.
fn because(word: &str, reasons: &BTreeMap<String, u64>) -> String {
    let mut named: Vec<(&String, &u64)> = reasons.iter().filter(|(reason, _)| !reason.is_empty()).collect();
    if named.is_empty() {
        return String::new();
    }
    named.sort_by_key(|(_, count)| core::cmp::Reverse(**count));
    let rest: u64 = named.iter().skip(NAMED).map(|(_, count)| **count).sum();
    let words: Vec<String> =
        named.iter().take(NAMED).map(|(reason, count)| format!("{count} {reason}")).collect();
    let rest = if rest > 0 { format!(", {rest} for other reasons") } else { String::new() };
    format!("\n  {word}: {}{rest}", words.join(", "))
}
