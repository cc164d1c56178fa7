//! The one voice of the program: data to standard output or a file, all else to standard error.

mod folder;
mod place;

use crate::cli::{Colour, Format, Global};
use crate::failure::Failure;
use anstream::ColorChoice;
pub(crate) use folder::Folder;
pub(crate) use place::{Open, Place};
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;
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
            let options =
                HumanOptions { width: width(global), colour: colour(global), verbose: global.verbose };
            match global.show.as_slice() {
                [] => veritee_report::human(report, &options),
                sections => veritee_report::human_sections(report, &options, sections),
            }
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

/// Writes a document that people fill in. One of its kind that says something else stays: it may be hours of their work.
pub(crate) fn to_fill_in(text: &str, schema: &str, global: &Global) -> Result<(), Failure> {
    let there = global.output.as_deref().filter(|path| path.is_file()).and_then(|path| {
        let filled = std::fs::read_to_string(path).ok()?;
        (filled.contains(schema) && filled != text).then(|| path.to_owned())
    });
    match there {
        None => data(text, global),
        Some(path) => {
            let path = crate::input::shown(&path);
            Err(Failure::usage(format!(
                "{path}: is there already and says something else; nothing was written"
            ))
            .help("name another file with -o, or move that one away"))
        }
    }
}

/// Writes a file; see [`Place`].
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    Place::look(path)?.write(bytes)
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
        Colour::Auto if global.output.as_deref().is_some_and(|path| path != Path::new("-")) => false,
        Colour::Auto => anstream::AutoStream::choice(&std::io::stdout()) != ColorChoice::Never,
    }
}

/// The terminal's width, where that is where the output goes.
fn width(global: &Global) -> usize {
    const NARROW: usize = 40;
    const USUAL: usize = 80;
    const WIDE: usize = 200;
    let elsewhere = global.output.as_deref().is_some_and(|path| path != Path::new("-"));
    if elsewhere || !std::io::stdout().is_terminal() {
        return USUAL;
    }
    let told = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let seen = || terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
    told.or_else(seen).filter(|columns| *columns > 0).map_or(USUAL, |columns| columns.clamp(NARROW, WIDE))
}
