//! `veritee diff`

use super::gather;
use crate::cli::{Diff as Options, Format, Global};
use crate::failure::Failure;
use crate::input::{self, shown};
use core::fmt::Write as _;
use std::collections::BTreeMap;
use std::path::Path;
use veritee_audit::{Change, Power};
use veritee_compose::{Deployment, UnboundCompose, deployment};
use veritee_evidence::{ReadError, Recognised, parts};
use veritee_model::text::{inert, shortened};
use veritee_model::{Budget, Evidence, ExitCode};
use veritee_verify::compare::{Difference, Side, compare};

/// Exit code 12 when somebody's power grew, 3 when there is nothing to compare or something could not be read, else 0.
pub(crate) fn run(options: &Options, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Json, Format::Jsonl], "diff")?;
    if options.before == Path::new("-") && options.after == Path::new("-") {
        return Err(Failure::usage("standard input can be one of the two only"));
    }
    let select = options.select.as_deref();
    let before = read(&options.before, select, global)?;
    let after = read(&options.after, select, global)?;
    let diff = compare(&before, &after);
    if diff.compared.is_empty() {
        return Err(nothing(options, &before, &after));
    }
    let text = match global.format {
        Format::Json => veritee_model::text::inert_json(&format!("{:#}\n", document(&diff))),
        Format::Jsonl => veritee_model::text::inert_json(&format!("{}\n", document(&diff))),
        _ => words(&diff, global.verbose > 0),
    };
    crate::output::data(&text, global)?;
    Ok(match (diff.grew().is_empty(), diff.problems.is_empty()) {
        (false, _) => ExitCode::Findings,
        (true, false) => ExitCode::Unobtainable,
        (true, true) => ExitCode::Verified,
    })
}

fn document(diff: &Difference) -> serde_json::Value {
    let one_sided: Vec<_> = diff
        .one_sided
        .iter()
        .map(|(topic, first)| serde_json::json!({ "topic": topic.name(), "only_in": if *first { "before" } else { "after" } }))
        .collect();
    serde_json::json!({
        "schema": "veritee/diff/v1",
        "attested": false,
        "grew": diff.grew(),
        "changes": diff.changes,
        "compared": diff.compared.iter().map(|topic| topic.name()).collect::<Vec<_>>(),
        "not_compared": one_sided,
        "problems": diff.problems,
    })
}

/// Why two documents cannot be compared: neither says anything, or they speak of different things.
fn nothing(options: &Options, before: &Side, after: &Side) -> Failure {
    let problems: Vec<&str> = before.problems().iter().chain(after.problems()).map(String::as_str).collect();
    let (one, other) = (shown(&options.before), shown(&options.after));
    let message = match (before.is_empty(), after.is_empty()) {
        (true, true) => format!("{one} and {other} have nothing that could be compared"),
        (true, false) => format!("{one} has nothing that could be compared"),
        (false, true) => format!("{other} has nothing that could be compared"),
        (false, false) => format!("{one} and {other} speak of different things: there is nothing to compare"),
    };
    let message = problems.iter().fold(message, |text, problem| format!("{text}; {}", inert(problem)));
    Failure::unobtainable(message).help(COMPARED)
}

const COMPARED: &str =
    "give two composes, two of a machine's evidences, or two reports saved with --format json";

/// Anything that can be read: a report, evidence, a part of it, a compose.
fn read(path: &Path, select: Option<&str>, global: &Global) -> Result<Side, Failure> {
    let budget = &Budget::STANDARD;
    if path.is_dir() {
        return Ok(Side::of_evidence(&gather::single(path, select, global)?, budget));
    }
    let mut source = input::read(path)?;
    // What is no evidence is looked at without what its way added, as evidence is.
    if !source.bytes.starts_with(&[0xef, 0xbb, 0xbf])
        && let Ok(std::borrow::Cow::Owned(opened)) =
            veritee_evidence::unwrapped(&source.name, &source.bytes, budget)
    {
        source.bytes = opened;
    }
    match veritee_evidence::read(&source.name, &source.bytes, budget) {
        Ok(_) => Ok(Side::of_evidence(&gather::single_in(path, &source, select, global)?, budget)),
        Err(ReadError::OnlyAPart { part: Recognised::Report, .. }) => {
            let report = veritee_report::parse(&source.bytes)
                .map_err(|error| Failure::unobtainable(format!("{}: {error}", shown(path))))?;
            Ok(Side::of_report(&report))
        }
        Err(ReadError::OnlyAPart { part: Recognised::AppCompose, .. }) => {
            let document = UnboundCompose::parse(&source.bytes, budget)
                .map_err(|error| Failure::unobtainable(format!("{}: {error}", shown(path))))?;
            Ok(Side::of_compose(Deployment::from_unbound(&document, &resolving()), &source.name))
        }
        Err(error @ ReadError::OnlyAPart { part: Recognised::ComposeFile, .. }) => {
            compose_file(&source).ok_or_else(|| gather::unreadable(path, &error))
        }
        Err(error @ ReadError::OnlyAPart { .. }) => {
            // Where else it is read is no help here.
            part(&source, &error).ok_or_else(|| gather::unreadable(path, &error).help(COMPARED))
        }
        Err(error) => {
            let compose =
                matches!(error, ReadError::Unrecognised { .. }).then(|| compose_file(&source)).flatten();
            let known = || gather::verdicts(path, &source);
            compose.ok_or_else(|| known().unwrap_or_else(|| gather::unreadable(path, &error)))
        }
    }
}

fn resolving() -> deployment::Context {
    deployment::Context { budget: Budget::STANDARD, ..deployment::Context::default() }
}

/// A log or a configuration by itself says something about a machine too.
fn part(source: &input::Source, error: &ReadError) -> Option<Side> {
    let ReadError::OnlyAPart { part, .. } = error else { return None };
    let (mut evidence, budget) = (Evidence::default(), &Budget::STANDARD);
    match part {
        Recognised::EventLog | Recognised::Ccel => {
            parts::add_event_log(&mut evidence, &source.bytes, &source.name, budget).ok()?;
        }
        Recognised::VmConfig => {
            parts::add_vm_config(&mut evidence, &source.bytes, &source.name, budget).ok()?;
        }
        Recognised::Gpus => {
            parts::add_gpus(&mut evidence, &source.bytes, &source.name, budget).ok()?;
        }
        _ => return None,
    }
    Some(Side::of_evidence(&evidence, budget))
}

/// A docker compose file, which no mark tells from other YAML but that it has services.
fn compose_file(source: &input::Source) -> Option<Side> {
    let deployment = Deployment::from_compose_yaml(&source.bytes, &resolving()).ok()?;
    deployment.compose.is_ok().then(|| Side::of_compose(deployment, &source.name))
}

fn words(diff: &Difference, full: bool) -> String {
    let mut out = String::from("NOT ATTESTED: nothing shows that these documents are what runs\n");
    let headings = ["MORE POWER", "LESS POWER", "CHANGED, NOBODY REACHES FURTHER"];
    for (number, heading) in headings.into_iter().enumerate() {
        let belongs = |change: &&Change| section(&change.power) == number;
        let changes: Vec<&Change> = diff.changes.iter().filter(belongs).collect();
        if changes.is_empty() {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(out, "\n{heading}");
        changes.into_iter().for_each(|change| describe(&mut out, change, full));
    }
    if diff.changes.is_empty() {
        let read = if diff.problems.is_empty() { "" } else { "; what could not be read is not among it" };
        let _ = writeln!(out, "\nnothing changed in what was compared{read}");
    }
    let names: Vec<&str> = diff.compared.iter().map(|topic| topic.name()).collect();
    let _ = writeln!(out, "\ncompared: {}", names.join(", "));
    for (first, side) in [(true, "first"), (false, "second")] {
        let only: Vec<&str> =
            diff.one_sided.iter().filter(|(_, of)| *of == first).map(|(topic, _)| topic.name()).collect();
        if !only.is_empty() {
            let _ = writeln!(out, "not compared: {} ({} document only)", only.join(", "), side);
        }
    }
    for problem in &diff.problems {
        let _ = writeln!(out, "not read: {}", inert(problem));
    }
    let grew: Vec<String> = diff.grew().iter().map(|party| inert(&party.to_string())).collect();
    let _ = match (grew.as_slice(), diff.problems.len()) {
        ([], 0) => writeln!(out, "\nnobody's power grew; other code can still do other things"),
        ([], _) => {
            writeln!(out, "\nNO ANSWER: something could not be read, and whose power grew by it is not known")
        }
        (parties, 0) => writeln!(out, "\nPOWER GREW: {}", parties.join(", ")),
        (parties, _) => writeln!(
            out,
            "\nPOWER GREW: {}; something could not be read, and whose power grew by it is not known",
            parties.join(", ")
        ),
    };
    out
}

/// Which of the headings a change stands under.
const fn section(power: &Power) -> usize {
    match power {
        Power::Grew(_) => 0,
        Power::Shrank(_) => 1,
        _ => 2,
    }
}

fn describe(out: &mut String, change: &Change, full: bool) {
    let path = inert(&change.path);
    let who = match &change.power {
        Power::Grew(party) | Power::Shrank(party) => inert(&party.to_string()),
        _ => String::new(),
    };
    let past = if matches!(change.power, Power::Shrank(_)) { "no longer: " } else { "" };
    let _ = match change.why {
        Some(why) => writeln!(out, "  {path}: {who}, {past}{why}"),
        None if who.is_empty() => writeln!(out, "  {path}"),
        None => writeln!(out, "  {path}: {who}"),
    };
    let (before, after) = (change.before.as_deref(), change.after.as_deref());
    match (before, after) {
        // The lines that differ say more than the beginning of two long texts.
        (Some(before), Some(after)) if before.contains('\n') || after.contains('\n') => {
            lines(out, before, after, full);
        }
        _ => {
            let _ = writeln!(out, "    - {}\n    + {}", value(before, full), value(after, full));
        }
    }
}

fn value(text: Option<&str>, full: bool) -> String {
    match text {
        Some(text) if full => inert(text),
        Some(text) => shortened(&inert(text), 100),
        None => "(absent)".to_owned(),
    }
}

/// Lines that are in one text and not in the other, as often as they are more often there; the order is not looked at.
fn lines(out: &mut String, before: &str, after: &str, full: bool) {
    let limit = if full { usize::MAX } else { 8 };
    let mut written = 0_usize;
    for (mark, one, other) in [('-', before, after), ('+', after, before)] {
        let mut left: BTreeMap<&str, usize> = BTreeMap::new();
        for line in other.lines() {
            let count = left.entry(line).or_default();
            *count = count.saturating_add(1);
        }
        let mut rest = 0_usize;
        for (number, line) in one.lines().enumerate() {
            match left.get_mut(line).filter(|count| **count > 0) {
                Some(count) => *count = count.saturating_sub(1),
                None if rest < limit => {
                    let number = number.saturating_add(1);
                    let _ = writeln!(out, "    {mark} {number}: {}", value(Some(line.trim_end()), full));
                    rest = rest.saturating_add(1);
                }
                None => rest = rest.saturating_add(1),
            }
        }
        if rest > limit {
            let _ = writeln!(out, "    {mark} and {} more lines (-v lists them)", rest.saturating_sub(limit));
        }
        written = written.saturating_add(rest);
    }
    if written == 0 {
        out.push_str("    the same lines in another order, or other line ends\n");
    }
}
