//! `veritee diff`

use super::audit::compose;
use crate::cli::{Diff as Options, Format, Global};
use crate::failure::Failure;
use crate::input::shown;
use core::fmt::Write as _;
use std::path::Path;
use veritee_audit::{Diff, Power};
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
    let mut out = String::from("NOT ATTESTED: nothing shows that these documents are what runs\n\n");
    let value = |text: Option<&String>| match text {
        Some(text) if full => inert(text),
        Some(text) => shortened(&inert(text), 100),
        None => "(absent)".to_owned(),
    };
    for change in &diff.changes {
        let power = match &change.power {
            Power::Grew(party) => format!("MORE POWER to {}", inert(&party.to_string())),
            Power::Shrank(party) => format!("less power to {}", inert(&party.to_string())),
            _ => "changed".to_owned(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}: {power}", inert(&change.path));
        let _ = writeln!(out, "  - {}\n  + {}", value(change.before.as_ref()), value(change.after.as_ref()));
    }
    if diff.changes.is_empty() {
        out.push_str("nothing changed\n");
    }
    let grew: Vec<String> = diff.grew().iter().map(|party| inert(&party.to_string())).collect();
    let _ = match grew.as_slice() {
        [] => writeln!(out, "\nnobody's power grew"),
        parties => writeln!(out, "\nPOWER GREW: {}", parties.join(", ")),
    };
    out
}
