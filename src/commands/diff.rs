//! `veritee diff`

use super::audit::compose;
use crate::cli::{Diff as Options, Format, Global};
use crate::failure::Failure;
use crate::input::shown;
use core::fmt::Write as _;
use std::collections::BTreeMap;
use std::path::Path;
use veritee_audit::{Change, Diff, Power};
use veritee_compose::Deployment;
use veritee_model::ExitCode;
use veritee_model::text::{inert, shortened};

/// Exit code 0 when nobody's power grew, 12 when somebody's did.
pub(crate) fn run(options: &Options, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Json, Format::Jsonl], "diff")?;
    let diff = veritee_audit::diff(&read(&options.before)?, &read(&options.after)?);
    let document = serde_json::json!({
        "schema": "veritee/diff/v1",
        "attested": false,
        "grew": diff.grew(),
        "changes": diff.changes,
    });
    let text = match global.format {
        Format::Json => veritee_model::text::inert_json(&format!("{document:#}\n")),
        Format::Jsonl => veritee_model::text::inert_json(&format!("{document}\n")),
        _ => words(&diff, global.verbose > 0),
    };
    crate::output::data(&text, global)?;
    Ok(if diff.grew().is_empty() { ExitCode::Verified } else { ExitCode::Findings })
}

fn read(path: &Path) -> Result<Deployment, Failure> {
    compose(path, &mut Vec::new())?
        .map_err(|error| Failure::unobtainable(format!("{}: {error}", shown(path))))
}

fn words(diff: &Diff, full: bool) -> String {
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
        out.push_str("\nnothing changed\n");
    }
    let grew: Vec<String> = diff.grew().iter().map(|party| inert(&party.to_string())).collect();
    let _ = match grew.as_slice() {
        [] => writeln!(out, "\nnobody's power grew; other code can still do other things"),
        parties => writeln!(out, "\nPOWER GREW: {}", parties.join(", ")),
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
