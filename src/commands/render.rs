//! `veritee render`

use crate::cli::{Global, Render};
use crate::failure::Failure;
use veritee_model::ExitCode;

/// Shows a saved report. The exit code is the saved one, so that a script can look at a report twice.
pub(crate) fn run(options: &Render, global: &Global) -> Result<ExitCode, Failure> {
    let report = saved(&options.report)?;
    crate::output::report(&report, global)?;
    Ok(report.verdict.outcome.exit_code())
}

/// Reads a saved report.
pub(crate) fn saved(path: &std::path::Path) -> Result<veritee_model::Report, Failure> {
    let source = crate::input::read(path)?;
    veritee_report::parse(&source.bytes).map_err(|error| {
        Failure::unobtainable(format!("{}: {error}", crate::input::shown(path)))
            .help("expected a report saved with `veritee verify ... --format json`")
    })
}
