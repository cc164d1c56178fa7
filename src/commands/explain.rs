//! `veritee explain`

use crate::cli::{Explain, Format, Global};
use crate::failure::Failure;
use core::fmt::Write as _;
use include_dir::{Dir, include_dir};
use veritee_model::{CheckId, ExitCode, Reason};

static PAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/docs/reasons");

pub(crate) fn run(options: &Explain, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human], "explain")?;
    let text = match &options.code {
        _ if options.list => list(),
        Some(code) => page(code)?,
        None => list(),
    };
    crate::output::data(&text, global)?;
    Ok(ExitCode::Verified)
}

fn page(code: &str) -> Result<String, Failure> {
    if let Some(reason) = Reason::from_code(code) {
        let file = PAGES.get_file(format!("{code}.md"));
        return file
            .and_then(|file| file.contents_utf8())
            .map(str::to_owned)
            .ok_or_else(|| Failure::internal(format!("`{reason}` has no page: please report this")));
    }
    if let Some(check) = CheckId::from_id(code) {
        return Ok(check_page(check));
    }
    let known =
        Reason::ALL.iter().map(|reason| reason.code()).chain(CheckId::ALL.iter().map(|check| check.id()));
    let near: Vec<&str> =
        known.filter(|known| known.contains(code) || code.contains(known)).take(5).collect();
    let help = if near.is_empty() {
        "`veritee explain --list` lists all".to_owned()
    } else {
        format!("did you mean {}?", near.join(", "))
    };
    let shown = veritee_model::text::shortened(&veritee_model::text::inert(code), 60);
    Err(Failure::usage(format!("`{shown}` is neither a reason code nor a check")).help(help))
}

fn check_page(check: CheckId) -> String {
    let required =
        if check.required_by_default() { "required by default" } else { "not required by default" };
    format!(
        "# {check}\n\nStep: {}\nQuestion: {}\nIt is {required}; a policy can say otherwise.\n",
        check.step(),
        check.question()
    )
}

fn list() -> String {
    let mut out = String::from("Reason codes\n");
    for reason in Reason::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {:44} {}", reason.code(), reason.title());
    }
    out.push_str("\nChecks\n");
    for check in CheckId::ALL {
        let _ = writeln!(out, "  {:44} {}", check.id(), check.question());
    }
    out
}
