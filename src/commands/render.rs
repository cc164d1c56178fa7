//! `veritee render`

use crate::cli::{Global, Render};
use crate::failure::Failure;
use crate::input::Source;
use veritee_evidence::{Form, Recognised};
use veritee_model::ExitCode;

/// Shows a saved report. The exit code is the saved one, so that a script can look at a report twice.
pub(crate) fn run(options: &Render, global: &Global) -> Result<ExitCode, Failure> {
    let report = saved(&options.report)?;
    crate::output::report(&report, global)?;
    Ok(report.verdict.outcome.exit_code())
}

/// Reads a saved report.
pub(crate) fn saved(path: &std::path::Path) -> Result<veritee_model::Report, Failure> {
    parsed(path, &crate::input::read_text(path)?)
}

/// The same where the bytes are at hand.
pub(crate) fn parsed(path: &std::path::Path, source: &Source) -> Result<veritee_model::Report, Failure> {
    veritee_report::parse(&source.bytes).map_err(|error| {
        let form = veritee_evidence::recognise(&source.name, &source.bytes, &veritee_model::Budget::STANDARD);
        let what = match form {
            Some(Form::Part(Recognised::Report)) | None => error.to_string(),
            Some(form) => format!("recognised as {}, expected a saved report", form.name()),
        };
        Failure::unobtainable(format!("{}: {what}", crate::input::shown(path)))
            .help("expected a report saved with `veritee verify ... --format json`")
    })
}
