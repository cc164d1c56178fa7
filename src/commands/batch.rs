//! `veritee batch`: many quotes, one line each.
//!
//! Lines are taken in portions, judged on all threads asked for and written in the order in which they came, so that
//! memory is bounded by a few portions however long the input is, and an interrupted run leaves whole lines only. A
//! portion is what is at hand: whoever feeds lines one at a time gets each answer before the next line is written.

mod apart;
mod followed;
mod inflate;
pub(crate) mod judge;
mod learning;
mod resume;
pub(crate) mod source;
mod tally;

use super::verify::Rules;
use crate::cli::{Batch, Engine, Format, Global};
use crate::failure::Failure;
use crate::output;
use followed::Followed;
use indicatif::{ProgressBar, ProgressStyle};
use judge::{Brought, Judge, Line};
use rayon::prelude::*;
use resume::Earlier;
use source::Source;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tally::Tally;
use veritee_model::ExitCode;

pub(crate) fn run(options: &Batch, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Jsonl], "batch")?;
    apart::apart(&options.input, global.output.as_deref(), options.resume.as_deref(), global.quiet)?;
    let mut rules = Rules::load(&options.judge, Engine::Native)?;
    let streams = !Source::can_be_read_twice(&options.input);
    let brought = Brought {
        collateral: &options.collateral,
        gpu_collateral: &options.gpu_collateral,
        store: options.store.as_deref(),
    };
    if streams && options.resume.is_some() {
        return Err(Failure::usage("--resume needs an input that can be read again: a file or a folder"));
    }
    let earlier = options.resume.as_deref().map(Earlier::read).transpose()?;
    if let Some(earlier) = &earlier {
        rules = at_its_time(rules, earlier, options, global)?;
    }
    let mut judge = Judge::new(rules, &brought, streams, global)?;
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs)
        .build()
        .map_err(|error| Failure::internal(format!("--jobs: {error}")))?;
    let stop = crate::interrupt::claim();
    let mut out = Out::open(global)?;
    let started = Instant::now();
    let mut tally = Tally::default();
    output::note(global, &policy_in_words(judge.rules()));
    let total = if streams { 0 } else { learn(&mut judge, &options.input, &threads, stop)? };
    judge.resume(earlier)?;
    let progress = progress(global, total);
    let mut source = Source::open(&options.input, threads.current_num_threads())?;
    let mut followed = Followed::new(&judge);
    while !stop.load(Ordering::Relaxed) {
        let portion = source.next_portion(stop)?;
        if portion.is_empty() {
            break;
        }
        if streams && threads.install(|| judge.learn(&portion)) {
            followed.revealed();
        }
        let judged = |entry| (!stop.load(Ordering::Relaxed)).then(|| judge.lines(entry));
        let lines: Vec<Option<Vec<Line>>> = threads.install(|| portion.par_iter().map(judged).collect());
        let answered = portion.iter().zip(lines.iter().map_while(Option::as_ref));
        for (entry, line) in answered.flat_map(|(entry, lines)| lines.iter().map(move |line| (entry, line))) {
            tally.count(line);
            if !out.line(line)? {
                return Err(left(&tally));
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
        tell(&tally, started.elapsed(), &judge, global);
        return Err(Failure::internal(words));
    }
    let corrections = followed.corrections(&judge);
    for line in &corrections.lines {
        tally.count(line);
        if !out.line(line)? {
            return Err(left(&tally));
        }
    }
    for note in &corrections.notes {
        tally.gravest = Some(tally.exit_code().graver(ExitCode::Incomplete));
        output::note(global, &format!("warning: {note}; judge the input again, as a file"));
    }
    out.finish()?;
    tell(&tally, started.elapsed(), &judge, global);
    Ok(tally.exit_code())
}

/// What it came to, and how much of that an earlier run has said.
fn tell(tally: &Tally, elapsed: Duration, judge: &Judge, global: &Global) {
    if let Some(at_hand) = judge.at_hand() {
        let taken = tally.known;
        let words = "answers of an earlier run were taken over as they stand there: nothing shows that nobody changed them";
        let fit = format!("{taken} of its {at_hand} fit an entry of the same name and bytes");
        output::note(global, &format!("note: {taken} {words}; {fit}"));
    }
    output::note(global, &tally.summary(elapsed, judge));
}

/// Who reads the output has closed it: what was not judged has no answer, so that no exit code stands for all of it.
fn left(tally: &Tally) -> Failure {
    Failure::internal(format!(
        "interrupted: whoever reads the output has gone after {} lines; those that follow were not judged",
        tally.lines
    ))
}

/// The rules at the time of the run that is resumed, where nobody has said another one: who repeats a command after a break
/// has the clock in it.
fn at_its_time(rules: Rules, earlier: &Earlier, options: &Batch, global: &Global) -> Result<Rules, Failure> {
    if options.judge.as_of.is_some() || rules.loaded.policy.as_of.is_some() {
        return Ok(rules);
    }
    let Some(time) = earlier.time(rules.as_of)? else { return Ok(rules) };
    output::note(
        global,
        &format!(
            "note: judged as of {time}, the time of the run that is resumed; without --resume it would be now"
        ),
    );
    Ok(rules.at(time))
}

/// What any entry says of revocations holds for all: it is gathered before the first is judged. How many there are.
fn learn(
    judge: &mut Judge,
    input: &Path,
    threads: &rayon::ThreadPool,
    stop: &AtomicBool,
) -> Result<u64, Failure> {
    let mut total = 0;
    let mut source = Source::open(input, threads.current_num_threads())?;
    while !stop.load(Ordering::Relaxed) {
        let portion = source.next_portion(stop)?;
        if portion.is_empty() {
            break;
        }
        total += portion.len() as u64;
        threads.install(|| judge.learn(&portion));
    }
    Ok(total)
}

/// Under which rules all of it is judged: said once.
fn policy_in_words(rules: &Rules) -> String {
    let policy = &rules.loaded.policy;
    let name = veritee_model::text::inert(&policy.name);
    let file = rules.loaded.sha256.map_or_else(|| "built in".to_owned(), |digest| format!("sha256 {digest}"));
    let mut words = format!("policy: {name} ({file}), as of {}", rules.as_of);
    for line in policy.loosened() {
        words.push_str(&format!("\nloosened: {}", veritee_model::text::inert(&line)));
    }
    words
}

/// A bar on a terminal, nothing elsewhere.
fn progress(global: &Global, total: u64) -> ProgressBar {
    if global.quiet || global.no_progress || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match total {
        0 => (ProgressBar::new_spinner(), "{spinner} {pos} judged, {per_sec}, {elapsed}"),
        total => (ProgressBar::new(total), "{bar:20} {pos} of {len} judged, {per_sec}, {eta} left"),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
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
        let text = line.to_json()? + "\n";
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
            Some(writer) if writer.get_ref().is_unfinished() => {
                "interrupted; nothing was written: with `> FILE` in place of `-o FILE` the lines so far stay, and --resume \
                 takes them up"
            }
            _ => "interrupted; the lines written are whole, those that follow were not judged",
        })
    }
}

fn failed(error: &std::io::Error) -> Failure {
    Failure::internal(format!("output: {error}"))
}
