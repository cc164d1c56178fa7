//! `veritee history --local`: what was seen of an application at a time, and how old that is. Nothing is carried beyond it.

use super::super::watch::{age, change_in_words, failed, verdict_in_words};
use crate::cli::network::{History as Options, Moment};
use crate::cli::{Format, Global};
use crate::failure::Failure;
use crate::input::{self, shown};
use core::fmt::Write as _;
use serde_json::{Value, json};
use std::path::Path;
use veritee_model::text::{inert, inert_json, shortened};
use veritee_model::{ExitCode, UnixTime};
use veritee_watch::{Answer, Fact, Observation, Store, Written};

/// Values of a fact on the screen.
const VALUES: usize = 8;

pub(super) fn run(database: &Path, options: &Options, global: &Global) -> Result<ExitCode, Failure> {
    let at = match options.at {
        Some(Moment::Time(time)) => time,
        Some(Moment::Block(number)) => {
            return Err(Failure::usage(format!("--at {number}: observations have times and no blocks"))
                .help("give RFC 3339 or a date, for example 2026-03-15"));
        }
        None => input::now()?,
    };
    let subject = subject(&options.subject);
    let store = Store::read(database).map_err(|error| failed(database, &error))?;
    let answers = store.at(&subject, at).map_err(|error| failed(database, &error))?;
    if answers.is_empty() {
        let words = format!("{}: nothing was seen of {} at {at} or before", shown(database), inert(&subject));
        return Err(Failure::unobtainable(words)
            .help("`veritee watch export` lists the records with their targets and times"));
    }
    let text = match global.format {
        Format::Json => inert_json(&format!("{:#}\n", document(&subject, at, &answers))),
        Format::Jsonl => inert_json(&format!("{}\n", document(&subject, at, &answers))),
        _ => in_words(&subject, at, &answers),
    };
    crate::output::data(&text, global)?;
    let gravest = answers.iter().map(|answer| exit(&subject, &answer.last.observation));
    Ok(gravest.fold(ExitCode::Verified, ExitCode::graver))
}

/// An app id as the index has it; every other text as it is.
fn subject(text: &str) -> String {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let is_app = digits.len() == 40 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_app { digits.to_ascii_lowercase() } else { text.to_owned() }
}

/// The exit code of the verdict that was recorded; a verdict on another application is none on this one.
fn exit(subject: &str, record: &Observation) -> ExitCode {
    let known = ExitCode::ALL.iter().find(|(code, _)| code.code() == record.exit_code);
    let recorded = known.map_or(ExitCode::Unobtainable, |(code, _)| *code);
    if is_of(subject, record) { recorded } else { recorded.graver(ExitCode::Incomplete) }
}

/// Whether a look is one at the subject, or failed and says of nothing else.
fn is_of(subject: &str, record: &Observation) -> bool {
    record.failure.is_some() || record.subjects.contains(subject)
}

fn in_words(subject: &str, at: UnixTime, answers: &[Answer]) -> String {
    let mut text = String::new();
    for (number, answer) in answers.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        seen(&mut text, subject, at, answer);
    }
    text.push_str("Nothing is known of the time between two looks.\n");
    text
}

/// Writing to a String cannot fail.
fn seen(text: &mut String, subject: &str, at: UnixTime, answer: &Answer) {
    let record = &answer.last.observation;
    let _ = writeln!(text, "target   {}", inert(&record.target));
    let _ = writeln!(text, "asked    {at}");
    let _ = writeln!(
        text,
        "seen     {}, {} before that: record {}, {}",
        record.at,
        age(at, record.at),
        record.number,
        answer.last.hash
    );
    let _ = writeln!(text, "verdict  {}", verdict_in_words(record));
    if !is_of(subject, record) {
        text.push_str("note     the target showed another application than the one asked about\n");
    }
    if let Some(verdict) = &answer.verdict {
        let earlier = &verdict.observation;
        let _ = writeln!(
            text,
            "earlier  the last verdict is of {}, {} before that (record {}): {}",
            earlier.at,
            age(at, earlier.at),
            earlier.number,
            verdict_in_words(earlier)
        );
    }
    if record.as_of != record.at {
        let _ = writeln!(text, "as of    {}", record.as_of);
    }
    let policy = record.policy.map_or_else(|| "built in".to_owned(), |digest| format!("sha256 {digest}"));
    let _ = writeln!(text, "policy   {policy}");
    for block in &record.blocks {
        let _ = writeln!(text, "chain    {}", inert(block));
    }
    for (fact, values) in &record.facts {
        if matches!(fact, Fact::Outcome | Fact::Reached) {
            continue;
        }
        let mut words: Vec<String> =
            values.iter().take(VALUES).map(|value| inert(&shortened(value, 200))).collect();
        if values.len() > VALUES {
            words.push(format!("and {} more", values.len() - VALUES));
        }
        let words = if words.is_empty() { "none".to_owned() } else { words.join(", ") };
        let _ = writeln!(text, "  {:<24} {words}", fact.name());
    }
    for change in &record.changes {
        let _ = writeln!(text, "  CHANGED  {}", change_in_words(change));
    }
    for unshown in &record.unshown {
        let _ = writeln!(text, "  NOT SHOWN  {}: last in record {}", unshown.fact.name(), unshown.last);
    }
    match &answer.next {
        Some(next) => after(text, at, next),
        None => text.push_str("next     none was seen since\n"),
    }
}

fn after(text: &mut String, at: UnixTime, next: &Written) {
    let record = &next.observation;
    let _ = writeln!(
        text,
        "next     {}, {} later: record {}, {}",
        record.at,
        age(record.at, at),
        record.number,
        verdict_in_words(record)
    );
    for change in &record.changes {
        let _ = writeln!(text, "  CHANGED  {}", change_in_words(change));
    }
}

/// For programs, schema `veritee/local-history/v1`.
fn document(subject: &str, at: UnixTime, answers: &[Answer]) -> Value {
    let one = |written: &Written, seconds: u64| json!({"hash": written.hash.to_string(), "seconds": seconds, "record": written.observation});
    json!({
        "schema": "veritee/local-history/v1",
        "subject": subject,
        "at": at.to_string(),
        "answers": answers.iter().map(|answer| json!({
            "of_subject": is_of(subject, &answer.last.observation),
            "seen": one(&answer.last, at.since(answer.last.observation.at)),
            "last_verdict": answer.verdict.as_ref().map(|verdict| one(verdict, at.since(verdict.observation.at))),
            "next": answer.next.as_ref().map(|next| one(next, next.observation.at.since(at))),
        })).collect::<Vec<_>>(),
    })
}
