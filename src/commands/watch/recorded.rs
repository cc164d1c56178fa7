//! `veritee watch export` and `check`: what is in the database, and whether it fits together.

use super::failed;
use crate::cli::{Format, Global, Recorded};
use crate::failure::Failure;
use crate::input::shown;
use crate::output::Place;
use core::fmt::Write as _;
use serde_json::json;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use veritee_model::{ExitCode, Sha256Digest};
use veritee_watch::{Audit, Chain, RECORD_BYTES, Store, StoreError};

pub(super) fn run(recorded: &Recorded, global: &Global) -> Result<ExitCode, Failure> {
    match recorded {
        Recorded::Export { database, kept: None } => export(database, global),
        Recorded::Export { database, kept: Some(digest) } => kept(database, digest, global),
        Recorded::Check { file, head } => check(file, *head, global),
    }
}

fn opened(path: &Path) -> Result<Store, Failure> {
    Store::read(path).map_err(|error| failed(path, &error))
}

/// A place for bytes as they are.
fn place(global: &Global) -> Result<Option<crate::output::Open>, Failure> {
    match &global.output {
        None if global.quiet => Ok(None),
        None => Place::look(Path::new("-"))?.open().map(Some),
        Some(path) => Place::look(path)?.open().map(Some),
    }
}

fn unwritten(error: &std::io::Error) -> Failure {
    Failure::internal(format!("output: {error}"))
}

fn export(path: &Path, global: &Global) -> Result<ExitCode, Failure> {
    let store = opened(path)?;
    let Some(out) = place(global)? else { return Ok(ExitCode::Verified) };
    let mut out = std::io::BufWriter::new(out);
    let mut trouble = None;
    let followed = store.each(|bytes| {
        let written = out.write_all(bytes).and_then(|()| out.write_all(b"\n"));
        trouble = written.err();
        trouble.is_none() && !out.get_ref().reader_left()
    });
    if let Some(error) = trouble {
        return Err(unwritten(&error));
    }
    out.into_inner().map_err(|error| unwritten(error.error()))?.finish()?;
    followed.map_err(|error| failed(path, &error))?;
    Ok(ExitCode::Verified)
}

fn kept(path: &Path, digest: &Sha256Digest, global: &Global) -> Result<ExitCode, Failure> {
    let bytes = opened(path)?.kept(digest).map_err(|error| failed(path, &error))?;
    let bytes = bytes.ok_or_else(|| {
        Failure::unobtainable(format!("{}: keeps nothing under {digest}", shown(path)))
            .help("a record lists what is kept of it under `machines[].kept`")
    })?;
    let Some(mut out) = place(global)? else { return Ok(ExitCode::Verified) };
    out.write_all(&bytes).map_err(|error| unwritten(&error))?;
    out.finish()?;
    Ok(ExitCode::Verified)
}

/// What a check has to say.
struct Checked {
    chain: Chain,
    flaws: Vec<String>,
    flaw_count: usize,
    beside: String,
}

fn check(path: &Path, head: Option<Sha256Digest>, global: &Global) -> Result<ExitCode, Failure> {
    let mut checked = match Store::read(path) {
        Ok(store) => of_database(store.audit(head).map_err(|error| failed(path, &error))?),
        // An export is text.
        Err(error @ StoreError::NotADatabase { .. }) => match of_export(path, head)? {
            Some(checked) => checked,
            None => return Err(failed(path, &error)),
        },
        Err(error) => return Err(failed(path, &error)),
    };
    let whole = checked.flaws.is_empty();
    checked.flaws.iter_mut().for_each(|flaw| *flaw = veritee_model::text::inert(flaw));
    let text = match global.format {
        Format::Human => in_words(&checked),
        Format::Json => format!("{:#}\n", document(&checked)),
        _ => format!("{}\n", document(&checked)),
    };
    crate::output::data(&text, global)?;
    if whole {
        return Ok(ExitCode::Verified);
    }
    crate::output::note(
        global,
        "help: keep the file as it is, restore a copy, and compare its head with the last one that you kept",
    );
    Ok(ExitCode::Unobtainable)
}

fn of_database(audit: Audit) -> Checked {
    let mut flaws: Vec<String> = audit.flaws.iter().map(ToString::to_string).collect();
    let mut flaw_count = audit.flaw_count;
    if audit.has_head == Some(false) {
        flaws.push(NO_HEAD.to_owned());
        flaw_count += 1;
    }
    let beside =
        format!("{} targets, {} pieces kept, {} not announced", audit.targets, audit.kept, audit.pending);
    Checked { chain: audit.chain, flaws, flaw_count, beside }
}

const NO_HEAD: &str =
    "no record has the hash that was given: the end was cut off, or all of it was written anew";

/// Follows the lines of an export; nothing where its first line is no record.
fn of_export(path: &Path, head: Option<Sha256Digest>) -> Result<Option<Checked>, Failure> {
    let unreadable = |error: std::io::Error| Failure::unobtainable(format!("{}: {error}", shown(path)));
    let mut lines = BufReader::new(File::open(path).map_err(unreadable)?);
    let cap = u64::try_from(RECORD_BYTES).unwrap_or(u64::MAX).saturating_add(2);
    let mut chain = Chain::new();
    let mut flaws = Vec::new();
    let mut has_head = false;
    loop {
        let mut line = Vec::new();
        let read = lines.by_ref().take(cap).read_until(b'\n', &mut line).map_err(unreadable)?;
        if read == 0 {
            break;
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        if let Err(broken) = chain.take(&line) {
            if chain.length() == 0 && !line.starts_with(br#"{"schema":"veritee/observation/"#) {
                return Ok(None);
            }
            flaws.push(broken.to_string());
            break;
        }
        has_head |= head == Some(chain.head());
    }
    if head.is_some() && !has_head {
        flaws.push(NO_HEAD.to_owned());
    }
    Ok(Some(Checked { chain, flaw_count: flaws.len(), flaws, beside: "an export".to_owned() }))
}

fn in_words(checked: &Checked) -> String {
    let chain = &checked.chain;
    let mut text = String::new();
    // Writing to a String cannot fail.
    let fits = if checked.flaws.is_empty() { "UNBROKEN" } else { "BROKEN" };
    let _ = writeln!(text, "{fits}  {} records follow one another, {}", chain.length(), checked.beside);
    let _ = writeln!(text, "head    {}", chain.head());
    for flaw in &checked.flaws {
        let _ = writeln!(text, "  {flaw}");
    }
    if checked.flaw_count > checked.flaws.len() {
        let _ = writeln!(text, "  and {} more", checked.flaw_count - checked.flaws.len());
    }
    if let Some(first) = chain.backwards().first() {
        let count = chain.backwards().len();
        let _ = writeln!(
            text,
            "note: the clock was set back before {count} records, first before record {first}"
        );
    }
    text
}

fn document(checked: &Checked) -> serde_json::Value {
    json!({
        "schema": "veritee/watch-check/v1",
        "unbroken": checked.flaws.is_empty(),
        "records": checked.chain.length(),
        "head": checked.chain.head().to_string(),
        "flaws": checked.flaws,
        "flaw_count": checked.flaw_count,
        "clock_set_back_before": checked.chain.backwards(),
    })
}
