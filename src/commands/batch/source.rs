//! Where entries come from: the files of a folder, or the lines of a file or of standard input.

use crate::failure::Failure;
use crate::input::{self, shown};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use veritee_model::Budget;

/// One thing to judge.
pub(super) enum Entry {
    /// A line's number and text.
    Line(u64, Vec<u8>),
    /// A file, read when it is judged.
    File(PathBuf),
    /// A line that is longer than any evidence.
    TooLong(u64),
}

impl Entry {
    /// How the output names it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Line(number, _) | Self::TooLong(number) => format!("line {number}"),
            Self::File(path) => input::last_component(path),
        }
    }
}

/// The input, entry by entry.
pub(super) enum Source {
    Files(std::vec::IntoIter<PathBuf>),
    Lines { reader: Box<dyn BufRead>, number: u64 },
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::unobtainable(format!("{}: {error}", shown(path)));
        if path == Path::new("-") {
            return Ok(Self::Lines { reader: Box::new(BufReader::new(std::io::stdin())), number: 0 });
        }
        if !path.is_dir() {
            return Ok(Self::Lines {
                reader: Box::new(BufReader::new(File::open(path).map_err(failed)?)),
                number: 0,
            });
        }
        let mut files = Vec::new();
        for entry in std::fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_type().map_err(failed)?.is_file() {
                files.push(entry.path());
            }
        }
        files.sort();
        Ok(Self::Files(files.into_iter()))
    }

    /// The next entries, fewer at the end, none after it. Empty lines are passed over.
    pub(super) fn next_portion(&mut self, most: usize) -> Result<Vec<Entry>, Failure> {
        match self {
            Self::Files(files) => Ok(files.take(most).map(Entry::File).collect()),
            Self::Lines { reader, number } => {
                /// Text of one portion: lines of evidence are longer than lines of quotes.
                const MOST_BYTES: usize = 64 << 20;
                let mut portion = Vec::new();
                let mut bytes = 0;
                while portion.len() < most && bytes < MOST_BYTES {
                    let Some(entry) = next_line(reader, number)? else { break };
                    if let Entry::Line(_, text) = &entry {
                        bytes += text.len();
                        if text.iter().all(u8::is_ascii_whitespace) {
                            continue;
                        }
                    }
                    portion.push(entry);
                }
                Ok(portion)
            }
        }
    }
}

/// One line without its end. Of a line beyond the limit nothing is kept.
fn next_line(reader: &mut Box<dyn BufRead>, number: &mut u64) -> Result<Option<Entry>, Failure> {
    let failed = |error: std::io::Error| Failure::unobtainable(format!("input: {error}"));
    let limit = Budget::STANDARD.event_log_bytes;
    let mut line = Vec::new();
    let cap = u64::try_from(limit).unwrap_or(u64::MAX);
    let read = reader.by_ref().take(cap).read_until(b'\n', &mut line).map_err(failed)?;
    if read == 0 {
        return Ok(None);
    }
    *number += 1;
    if line.last() != Some(&b'\n') && read >= limit {
        skip_line(reader).map_err(failed)?;
        return Ok(Some(Entry::TooLong(*number)));
    }
    Ok(Some(Entry::Line(*number, line)))
}

fn skip_line(reader: &mut Box<dyn BufRead>) -> std::io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(length);
        if end.is_some() {
            return Ok(());
        }
    }
}
