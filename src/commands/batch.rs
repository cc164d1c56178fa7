//! `veritee batch`: many quotes, one line each.
//!
//! Lines are taken in portions, judged on all threads asked for and written in the order in which they came, so that
//! memory is bounded by a few portions however long the input is, and an interrupted run leaves whole lines only. A
//! portion is what is at hand: whoever feeds lines one at a time gets each answer before the next line is written.

mod followed;
mod judge;
mod source;

use super::verify::Rules;
use crate::cli::{Batch, Engine, Format, Global};
use crate::failure::Failure;
use crate::output;
use followed::Followed;
use indicatif::{ProgressBar, ProgressStyle};
use judge::{Judge, Line};
use rayon::prelude::*;
use source::Source;
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use veritee_model::ExitCode;

pub(crate) fn run(options: &Batch, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Jsonl], "batch")?;
    let rules = Rules::load(&options.judge, Engine::Native)?;
    let streams = !Source::can_be_read_twice(&options.input);
    let mut judge = Judge::new(rules, options, streams, global)?;
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs)
        .build()
        .map_err(|error| Failure::internal(format!("--jobs: {error}")))?;
    let stop = crate::interrupt::claim();
    let mut out = Out::open(global)?;
    let progress = progress(global);
    let started = Instant::now();
    let mut tally = Tally::default();
    if !streams {
        // What any of them says of revocations holds for all: it is gathered before the first is judged.
        let mut source = Source::open(&options.input)?;
        while !stop.load(Ordering::Relaxed) {
            let portion = source.next_portion(stop)?;
            if portion.is_empty() {
                break;
            }
            judge.learn(&portion);
        }
    }
    let mut source = Source::open(&options.input)?;
    let mut followed = Followed::new(&judge);
    while !stop.load(Ordering::Relaxed) {
        let portion = source.next_portion(stop)?;
        if portion.is_empty() {
            break;
        }
        if streams && judge.learn(&portion) {
            followed.revealed();
        }
        let judged = |entry| (!stop.load(Ordering::Relaxed)).then(|| judge.line(entry));
        let lines: Vec<Option<Line>> = threads.install(|| portion.par_iter().map(judged).collect());
        for (entry, line) in portion.iter().zip(lines.iter().map_while(Option::as_ref)) {
            tally.count(line);
            if !out.line(line)? {
                return Ok(tally.exit_code());
            }
            if let (true, Some(number)) = (streams, entry.number()) {
                followed.answered(number, line);
            }
        }
        out.flush()?;
        progress.set_position(tally.lines);
    }
    progress.finish_and_clear();
    if stop.load(Ordering::Relaxed) {
        let words = out.interrupted()?;
        output::note(global, &tally.summary(started.elapsed(), &judge));
        return Err(Failure::internal(words));
    }
    let corrections = followed.corrections(&judge);
    for line in &corrections.lines {
        tally.count(line);
        if !out.line(line)? {
            return Ok(tally.exit_code());
        }
    }
    for note in &corrections.notes {
        tally.gravest = Some(tally.exit_code().graver(ExitCode::Incomplete));
        output::note(global, &format!("warning: {note}; judge the input again, as a file"));
    }
    out.finish()?;
    output::note(global, &tally.summary(started.elapsed(), &judge));
    Ok(tally.exit_code())
}

/// A bar on a terminal, nothing elsewhere.
fn progress(global: &Global) -> ProgressBar {
    if global.quiet || global.no_progress || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} judged, {per_sec}, {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

/// Where lines go: standard output, or a file that appears when it is whole.
struct Out(Option<std::io::BufWriter<output::Open>>);

impl Out {
    fn open(global: &Global) -> Result<Self, Failure> {
        let path = match &global.output {
            None if global.quiet => return Ok(Self(None)),
            None => Path::new("-"),
            Some(path) => path,
        };
        Ok(Self(Some(std::io::BufWriter::new(output::Place::look(path)?.open()?))))
    }

    /// False when the reader has closed the pipe: it has what it wanted.
    fn line(&mut self, line: &Line) -> Result<bool, Failure> {
        let Some(writer) = &mut self.0 else { return Ok(true) };
        let text = serde_json::to_string(line).map_err(|error| Failure::internal(error.to_string()))?;
        let text = veritee_model::text::inert_json(&text) + "\n";
        writer.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
        Ok(!writer.get_ref().reader_left())
    }

    /// Hands on what was written so far.
    fn flush(&mut self) -> Result<(), Failure> {
        self.0.as_mut().map_or(Ok(()), Write::flush).map_err(|error| failed(&error))
    }

    fn finish(self) -> Result<(), Failure> {
        let Some(writer) = self.0 else { return Ok(()) };
        writer.into_inner().map_err(|error| failed(error.error()))?.finish()
    }

    /// Ends early. A file does not get its name: whoever reads it could take the part for the whole.
    fn interrupted(mut self) -> Result<&'static str, Failure> {
        self.flush()?;
        Ok(match &self.0 {
            Some(writer) if writer.get_ref().is_unfinished() => "interrupted; nothing was written",
            _ => "interrupted; the lines written are whole, those that follow were not judged",
        })
    }
}

fn failed(error: &std::io::Error) -> Failure {
    Failure::internal(format!("output: {error}"))
}

/// What the lines came to.
#[derive(Default)]
struct Tally {
    lines: u64,
    by_outcome: BTreeMap<&'static str, u64>,
    gravest: Option<ExitCode>,
}

impl Tally {
    fn count(&mut self, line: &Line) {
        self.lines += u64::from(!matches!(line, Line::Corrected { .. }));
        *self.by_outcome.entry(line.word()).or_default() += 1;
        let exit = line.exit_code();
        self.gravest = Some(self.gravest.map_or(exit, |known| known.graver(exit)));
    }

    fn exit_code(&self) -> ExitCode {
        self.gravest.unwrap_or(ExitCode::Unobtainable)
    }

    fn summary(&self, elapsed: Duration, judge: &Judge) -> String {
        let counts: Vec<String> =
            self.by_outcome.iter().map(|(word, count)| format!("{count} {word}")).collect();
        let seconds = elapsed.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = if seconds > 0.0 { self.lines as f64 / seconds } else { 0.0 };
        let known = judge.statistics();
        format!(
            "{} judged: {}; {rate:.0} a second; remembered: {} enclaves, {} certificates, {} new hosts",
            self.lines,
            if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") },
            known.enclave_known,
            known.pck_known,
            known.unknown,
        )
    }
}
