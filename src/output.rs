//! The one voice of the program: data to standard output or a file, all else to standard error.

use crate::cli::{Colour, Format, Global};
use crate::failure::Failure;
use crate::input::shown;
use anstream::ColorChoice;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;
use tempfile::NamedTempFile;
use veritee_model::Report;
use veritee_report::HumanOptions;

/// Prints a report in the form asked for.
pub(crate) fn report(report: &Report, global: &Global) -> Result<(), Failure> {
    if global.quiet && global.output.is_none() {
        return Ok(());
    }
    data(&rendered(report, global), global)
}

/// A report in the form asked for.
pub(crate) fn rendered(report: &Report, global: &Global) -> String {
    match global.format {
        Format::Human => {
            let options = HumanOptions { width: width(), colour: colour(global), verbose: global.verbose };
            veritee_report::human(report, &options)
        }
        Format::Json => veritee_report::json(report),
        Format::Jsonl => veritee_report::jsonl(report),
        Format::Sarif => veritee_report::sarif(report),
        Format::Markdown => veritee_report::markdown(report),
        Format::Html => veritee_report::html(report),
    }
}

/// Prints data that is not a report.
pub(crate) fn data(text: &str, global: &Global) -> Result<(), Failure> {
    match &global.output {
        Some(path) => write_whole(path, text.as_bytes()),
        None if global.quiet => Ok(()),
        None => standard_output(text),
    }
}

/// Writes a file whole or not at all.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = beside(path)?;
    file.write_all(bytes).map_err(|error| unwritable(path, &error))?;
    keep(file, path)
}

/// A temporary file in the folder of `path`, so that renaming it there is one step.
pub(crate) fn beside(path: &Path) -> Result<NamedTempFile, Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    NamedTempFile::new_in(folder).map_err(|error| unwritable(path, &error))
}

/// Gives a temporary file its name.
pub(crate) fn keep(file: NamedTempFile, path: &Path) -> Result<(), Failure> {
    file.as_file().sync_all().map_err(|error| unwritable(path, &error))?;
    readable_by_others(file.as_file()).map_err(|error| unwritable(path, &error))?;
    file.persist(path).map(|_file| ()).map_err(|error| unwritable(path, &error.error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::internal(format!("{}: {error}", shown(path)))
}

/// A temporary file is private; a report is written to be read.
#[cfg(unix)]
fn readable_by_others(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_others(_file: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

/// A reader that closes the pipe early has what it wanted.
fn standard_output(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::internal(format!("standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// A line for people, on standard error. Nothing can be done if even that fails.
pub(crate) fn note(global: &Global, text: &str) {
    if !global.quiet {
        say(text);
    }
}

/// The same where the caller has already asked whether to speak.
pub(crate) fn say(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// The failure that ended the run, on standard error; shown even with --quiet.
pub(crate) fn failure(failure: &Failure) {
    let _ = writeln!(anstream::stderr().lock(), "{failure}");
}

fn colour(global: &Global) -> bool {
    match global.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto if global.output.is_some() => false,
        Colour::Auto => anstream::AutoStream::choice(&std::io::stdout()) != ColorChoice::Never,
    }
}

fn width() -> usize {
    const NARROW: usize = 80;
    const WIDE: usize = 120;
    if !std::io::stdout().is_terminal() {
        return NARROW;
    }
    std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok())
        .map_or(NARROW, |columns: usize| columns.clamp(NARROW, WIDE))
}
