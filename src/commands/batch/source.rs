//! Where entries come from: the files of a folder, or the lines of a file or of standard input.

use super::inflate::inflated;
use crate::commands::gather;
use crate::failure::Failure;
use crate::input::{self, shown};
use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use veritee_evidence::Note;
use veritee_model::{Budget, Item};

/// One thing to judge.
pub(crate) enum Entry {
    /// A line's number and text.
    Line(u64, Vec<u8>),
    /// A file, read when it is judged, and its name below the folder.
    File(PathBuf, String),
    /// A folder with the parts of one machine's evidence, read when it is judged, and its name below the folder.
    Machine(PathBuf, String),
    /// A document inside a file that is one JSON text: its place, and its text.
    Document(String, Vec<u8>),
    /// A line that is longer than any evidence.
    TooLong(u64),
}

impl Entry {
    /// The number of a line.
    pub(super) const fn number(&self) -> Option<u64> {
        match self {
            Self::Line(number, _) | Self::TooLong(number) => Some(*number),
            Self::File(..) | Self::Machine(..) | Self::Document(..) => None,
        }
    }

    /// How the output names it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Line(number, _) | Self::TooLong(number) => format!("line {number}"),
            Self::File(_, name) | Self::Machine(_, name) | Self::Document(name, _) => name.clone(),
        }
    }

    /// What is to be read, and what of a folder was passed over; or why nothing can be.
    pub(super) fn content(&self) -> Result<(Cow<'_, [u8]>, Vec<Note>), String> {
        let plain = |bytes| Ok((bytes, Vec::new()));
        match self {
            Self::Line(_, text) => plain(Cow::Borrowed(text.trim_ascii())),
            Self::Document(_, text) => plain(Cow::Borrowed(text.as_slice())),
            Self::File(path, _) => match input::read(path) {
                Ok(source) => plain(Cow::Owned(source.bytes)),
                Err(failure) => Err(failure.message().to_owned()),
            },
            Self::Machine(path, _) => {
                let readout = gather::read(path).map_err(|failure| failure.message().to_owned())?;
                let notes = readout.notes.clone();
                let evidence = readout.select(None).map_err(|error| error.to_string())?;
                let text = veritee_evidence::to_json(&evidence, env!("CARGO_PKG_VERSION"));
                Ok((Cow::Owned(text.into_bytes()), notes))
            }
            Self::TooLong(_) => {
                Err(format!("the line is longer than {} bytes", Budget::STANDARD.input_bytes))
            }
        }
    }
}

/// The input, portion by portion.
pub(super) enum Source {
    Entries(std::vec::IntoIter<Entry>),
    /// Pieces of lines, and the text of one portion.
    Lines(Receiver<Result<Piece, Failure>>, usize),
}

/// Lines that could be read without waiting for more, and their length.
pub(super) struct Piece {
    entries: Vec<Entry>,
    bytes: usize,
}

/// Entries in one portion, and in pieces ahead of it.
const PORTION: usize = 1024;
/// Text of one portion for each thread: lines of evidence are longer than lines of quotes. Enough that the last line of a
/// portion keeps the others waiting for a small part of it.
const PORTION_BYTES: usize = 2 << 20;
/// Pieces that the reader may be ahead of the judges: each a megabyte, or a line that is longer.
const AHEAD: usize = 2;

impl Source {
    /// Whether what is read from it once can be read again: a folder or a regular file.
    pub(super) fn can_be_read_twice(path: &Path) -> bool {
        path != Path::new("-") && std::fs::metadata(path).is_ok_and(|it| it.is_dir() || it.is_file())
    }

    pub(super) fn open(path: &Path, threads: usize) -> Result<Self, Failure> {
        let most = PORTION_BYTES * threads.max(2);
        let failed = |error: std::io::Error| Failure::unobtainable(format!("{}: {error}", shown(path)));
        if path == Path::new("-") {
            return Self::lines(std::io::stdin(), most);
        }
        if !path.is_dir() {
            return match documents(path)? {
                Some(entries) => Ok(Self::Entries(entries.into_iter())),
                None => Self::lines(input::open(path).map_err(failed)?, most),
            };
        }
        let mut entries = Vec::new();
        walk(path, "", 0, &mut entries)?;
        entries.sort_by_key(Entry::name);
        Ok(Self::Entries(entries.into_iter()))
    }

    /// A thread of its own reads: a writer that pauses must hold up neither the answers to the lines it has already
    /// written nor Ctrl-C.
    fn lines(input: impl Read + Send + 'static, most: usize) -> Result<Self, Failure> {
        const BUFFER: usize = 1 << 20;
        let (sender, receiver) = std::sync::mpsc::sync_channel(AHEAD);
        std::thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || {
                // Nobody listens any more once the run was interrupted.
                let reader = match inflated(input) {
                    Ok(reader) => reader,
                    Err(error) => return drop(sender.send(Err(unread(&error)))),
                };
                let mut reader = BufReader::with_capacity(BUFFER, reader);
                let mut at = At::default();
                if let Some(piece) = binary(&mut reader) {
                    let nothing = Piece { entries: Vec::new(), bytes: 0 };
                    // Nobody listens any more once the run was interrupted.
                    let _ = sender.send(piece).and_then(|()| sender.send(Ok(nothing)));
                    return;
                }
                loop {
                    let piece = next_piece(&mut reader, &mut at);
                    let last = !matches!(&piece, Ok(piece) if !piece.entries.is_empty());
                    // Nobody listens any more once the run was interrupted.
                    if sender.send(piece).is_err() || last {
                        break;
                    }
                }
            })
            .map_err(|error| Failure::internal(format!("a thread for the input: {error}")))?;
        Ok(Self::Lines(receiver, most))
    }

    /// The next entries: at least one, unless the input is at its end or `stop` was set.
    pub(super) fn next_portion(&mut self, stop: &AtomicBool) -> Result<Vec<Entry>, Failure> {
        match self {
            Self::Entries(entries) => Ok(entries.take(PORTION).collect()),
            Self::Lines(receiver, most) => portion(receiver, *most, stop),
        }
    }
}

/// An input that cannot be read on: a broken pipe, a damaged gzip stream.
fn unread(error: &std::io::Error) -> Failure {
    Failure::unobtainable(format!("input: {error}"))
}

/// Every file below a folder, by its name below it. Links to files are followed, links to folders are not: they could lead
/// in a circle. What is no file gets a line too: why it cannot be judged.
fn walk(folder: &Path, prefix: &str, depth: usize, entries: &mut Vec<Entry>) -> Result<(), Failure> {
    const MOST: usize = 1 << 20;
    let input::Listing { files, skipped } = input::list(folder)?;
    if is_one_machine(folder, files.len()) {
        let name = if prefix.is_empty() { input::last_component(folder) } else { prefix.to_owned() };
        entries.push(Entry::Machine(folder.to_owned(), name));
        for path in skipped {
            let name = input::last_component(&path);
            let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            deeper(path, name, depth, entries)?;
        }
        return Ok(());
    }
    let below = |path: &Path| {
        let name = input::last_component(path);
        if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
    };
    for file in files {
        let name = below(&file);
        entries.push(Entry::File(file, name));
    }
    for path in skipped {
        let name = below(&path);
        deeper(path, name, depth, entries)?;
    }
    if entries.len() > MOST {
        return Err(Failure::unobtainable(format!("{}: more than {MOST} entries", shown(folder))));
    }
    Ok(())
}

fn deeper(path: PathBuf, name: String, depth: usize, entries: &mut Vec<Entry>) -> Result<(), Failure> {
    const DEEPEST: usize = 16;
    let is_folder = std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir());
    if is_folder && depth < DEEPEST {
        return walk(&path, &name, depth + 1, entries);
    }
    entries.push(Entry::File(path, name));
    Ok(())
}

/// Whether a folder is one machine's evidence in parts, as `veritee verify FOLDER` reads it: one quote, and beside it, in
/// another file, what a quote does not hold.
fn is_one_machine(folder: &Path, files: usize) -> bool {
    /// More than there are parts.
    const MOST: usize = 64;
    if !(2..=MOST).contains(&files) {
        return false;
    }
    let Ok(Ok(evidence)) = gather::read(folder).map(|readout| readout.select(None)) else { return false };
    let file = |item: &Item| item.source.split('#').next().unwrap_or_default().to_owned();
    let log = evidence.event_log.as_ref().map(|log| &log.item);
    let beside =
        [log, evidence.app_compose.as_ref(), evidence.vm_config.as_ref(), evidence.certificates.as_ref()];
    let quote = evidence.quote.as_ref().map(file);
    quote.is_some_and(|quote| beside.into_iter().flatten().any(|item| file(item) != quote))
}

/// The documents of a file that is one JSON text over several lines, or an array: it has no document a line. Nothing where
/// the first line is a whole document, or no JSON.
fn documents(path: &Path) -> Result<Option<Vec<Entry>>, Failure> {
    let failed = |error: std::io::Error| Failure::unobtainable(format!("{}: {error}", shown(path)));
    let metadata = std::fs::metadata(path).map_err(failed)?;
    let limit = u64::try_from(Budget::STANDARD.input_bytes).unwrap_or(u64::MAX);
    if !metadata.is_file() || metadata.len() > limit {
        return Ok(None);
    }
    let mut reader = BufReader::new(inflated(File::open(path).map_err(failed)?).map_err(failed)?);
    let mut first = Vec::new();
    Blank::default().skip(&mut reader).map_err(failed)?;
    if reader.by_ref().take(limit).read_until(b'\n', &mut first).map_err(failed)? == 0 {
        return Ok(None);
    }
    let one_line = |text: &[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok();
    match first.trim_ascii() {
        [b'{', ..] if one_line(&first) => return Ok(None),
        [b'{' | b'[', ..] => {}
        line => {
            return Ok(is_one_document(path, line)?
                .then(|| vec![Entry::File(path.to_owned(), input::last_component(path))]));
        }
    }
    let mut text = first;
    reader.take(limit.saturating_add(1)).read_to_end(&mut text).map_err(failed)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > limit {
        return Ok(None);
    }
    let Ok(value) = serde_json::from_slice::<&serde_json::value::RawValue>(&text) else {
        return Ok(one_behind_the_other(&text));
    };
    let raw = value.get().as_bytes().to_vec();
    match serde_json::from_slice::<Vec<&serde_json::value::RawValue>>(&raw) {
        // An array of numbers is one quote.
        Ok(entries) if entries.iter().any(|entry| entry.get().starts_with(['{', '"', '['])) => {
            let entry = |(index, entry): (usize, &&serde_json::value::RawValue)| {
                Entry::Document(format!("/{index}"), entry.get().as_bytes().to_vec())
            };
            Ok(Some(entries.iter().enumerate().map(entry).collect()))
        }
        _ => Ok(Some(vec![Entry::Document(input::last_component(path), raw)])),
    }
}

/// Documents one behind the other, as tools print them that indent; nothing where it is not that from end to end.
fn one_behind_the_other(text: &[u8]) -> Option<Vec<Entry>> {
    let documents = serde_json::Deserializer::from_slice(text).into_iter::<&serde_json::value::RawValue>();
    let documents: Vec<_> = documents.collect::<Result<_, _>>().ok()?;
    let all = documents.iter().all(|document| document.get().starts_with('{'));
    let entry = |(index, document): (usize, &&serde_json::value::RawValue)| {
        Entry::Document(format!("document {}", index + 1), document.get().as_bytes().to_vec())
    };
    all.then(|| documents.iter().enumerate().map(entry).collect())
}

/// Whether bytes begin as a binary form does, or compressed: what looks like lines in them are none.
const fn begins_binary(bytes: &[u8]) -> bool {
    matches!(bytes, [1..=15, 0, ..] | [0x30, 0x80..=0xff, ..] | [0x1f, 0x8b, ..] | [0, ..])
}

/// Whether a file that is no JSON is one document and no list of lines: a binary form, a page, certificates, or a quote
/// that was broken into lines.
fn is_one_document(path: &Path, first: &[u8]) -> Result<bool, Failure> {
    /// A shorter line holds no quote.
    const SHORTEST: usize = 576;
    if begins_binary(first) {
        return Ok(true);
    }
    if first.len() >= SHORTEST {
        return Ok(false);
    }
    let source = input::read(path)?;
    let form = veritee_evidence::recognise(&source.name, &source.bytes, &Budget::STANDARD);
    Ok(matches!(form, Some(veritee_evidence::Form::Evidence(_))))
}

/// All of a binary input as one document; nothing where it begins as text.
fn binary(reader: &mut BufReader<impl Read>) -> Option<Result<Piece, Failure>> {
    match reader.fill_buf() {
        Ok(head) if begins_binary(head) => {}
        _ => return None,
    }
    let limit = u64::try_from(Budget::STANDARD.input_bytes).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let read = reader.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| unread(&error));
    Some(read.map(|length| Piece {
        entries: vec![Entry::Document("standard input".to_owned(), bytes)],
        bytes: length,
    }))
}

/// Waits for one piece, then takes what else is there.
fn portion(
    receiver: &Receiver<Result<Piece, Failure>>,
    most: usize,
    stop: &AtomicBool,
) -> Result<Vec<Entry>, Failure> {
    const LOOK_UP: Duration = Duration::from_millis(100);
    let mut portion = loop {
        match receiver.recv_timeout(LOOK_UP) {
            Ok(piece) => break piece?,
            Err(RecvTimeoutError::Timeout) if !stop.load(Ordering::Relaxed) => {}
            Err(_) => return Ok(Vec::new()),
        }
    };
    while portion.entries.len() < PORTION && portion.bytes < most && !portion.entries.is_empty() {
        match receiver.try_recv() {
            Ok(Ok(piece)) if piece.entries.is_empty() => break,
            Ok(piece) => {
                let piece = piece?;
                portion.entries.extend(piece.entries);
                portion.bytes += piece.bytes;
            }
            Err(_) => break,
        }
    }
    Ok(portion.entries)
}

/// How far a reader of lines is.
#[derive(Default)]
struct At {
    /// Lines so far.
    number: u64,
    blank: Blank,
}

/// Blank lines, passed over.
#[derive(Default)]
struct Blank {
    /// Their bytes so far, in all.
    bytes: u64,
}

impl Blank {
    /// Passes over blanks and empty lines; how many line ends were among them. A compressed stream of nothing else is a
    /// thousandth of its length, so there is a bound.
    fn skip(&mut self, reader: &mut impl BufRead) -> std::io::Result<u64> {
        let mut lines = 0;
        loop {
            let (length, ended) = self.count(reader.fill_buf()?, &mut lines)?;
            reader.consume(length);
            if ended {
                return Ok(lines);
            }
        }
    }

    /// The same within what is at hand, without waiting for more: so that answers are not held up.
    fn skip_at_hand(&mut self, reader: &mut BufReader<impl Read>) -> std::io::Result<u64> {
        let mut lines = 0;
        let (length, _) = self.count(reader.buffer(), &mut lines)?;
        reader.consume(length);
        Ok(lines)
    }

    /// How many bytes are blank, and whether something else, or nothing, follows them.
    fn count(&mut self, buffer: &[u8], lines: &mut u64) -> std::io::Result<(usize, bool)> {
        let text = buffer.iter().position(|byte| !byte.is_ascii_whitespace());
        let blanks = &buffer[..text.unwrap_or(buffer.len())];
        self.bytes += blanks.len() as u64;
        let limit = Budget::STANDARD.input_bytes;
        if self.bytes > limit as u64 {
            let words = format!("more than {limit} bytes of blanks and empty lines: take them out");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, words));
        }
        *lines += memchr::memchr_iter(b'\n', blanks).count() as u64;
        Ok((blanks.len(), text.is_some() || buffer.is_empty()))
    }
}

/// One line, and those that follow as far as they are at hand. Empty lines are passed over; nothing at the end.
fn next_piece(reader: &mut BufReader<impl Read>, at: &mut At) -> Result<Piece, Failure> {
    let mut piece = Piece { entries: Vec::new(), bytes: 0 };
    at.number += at.blank.skip(reader).map_err(|error| unread(&error))?;
    while piece.entries.is_empty() || (piece.entries.len() < PORTION && reader.buffer().contains(&b'\n')) {
        let Some(entry) = next_line(reader, &mut at.number)? else { break };
        if let Entry::Line(_, text) = &entry {
            piece.bytes += text.len();
        }
        piece.entries.push(entry);
        at.number += at.blank.skip_at_hand(reader).map_err(|error| unread(&error))?;
    }
    Ok(piece)
}

/// One line without its end, as long as `verify` takes a document. Of a line beyond the limit nothing is kept.
fn next_line(reader: &mut impl BufRead, number: &mut u64) -> Result<Option<Entry>, Failure> {
    let limit = Budget::STANDARD.input_bytes;
    let mut line = Vec::new();
    let cap = u64::try_from(limit).unwrap_or(u64::MAX);
    let read = reader.by_ref().take(cap).read_until(b'\n', &mut line).map_err(|error| unread(&error))?;
    if read == 0 {
        return Ok(None);
    }
    *number += 1;
    if line.last() != Some(&b'\n') && read >= limit {
        skip_line(reader).map_err(|error| unread(&error))?;
        return Ok(Some(Entry::TooLong(*number)));
    }
    Ok(Some(Entry::Line(*number, line)))
}

fn skip_line(reader: &mut impl BufRead) -> std::io::Result<()> {
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
