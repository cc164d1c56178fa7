//! Where entries come from: the files of a folder, or the lines of a file or of standard input.

use super::inflate::inflated;
use crate::commands::gather;
use crate::failure::Failure;
use crate::input::{self, shown};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use veritee_evidence::{Note, ReadError};
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
    /// An entry of an array that stands in a line: the line's number, its place there, and its text.
    Element(u64, usize, Vec<u8>),
    /// A line that is longer than any evidence.
    TooLong(u64),
}

impl Entry {
    /// The number of a line.
    pub(super) const fn number(&self) -> Option<u64> {
        match self {
            Self::Line(number, _) | Self::Element(number, ..) | Self::TooLong(number) => Some(*number),
            Self::File(..) | Self::Machine(..) | Self::Document(..) => None,
        }
    }

    /// How the output names it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Line(number, _) | Self::TooLong(number) => format!("line {number}"),
            Self::Element(number, place, _) => format!("line {number} /{place}"),
            Self::File(_, name) | Self::Machine(_, name) | Self::Document(name, _) => name.clone(),
        }
    }

    /// What is to be read, and what of a folder was passed over; or why nothing can be.
    pub(super) fn content(&self) -> Result<(Cow<'_, [u8]>, Vec<Note>), String> {
        let plain = |bytes| Ok((bytes, Vec::new()));
        match self {
            Self::Line(_, text) => plain(Cow::Borrowed(text.trim_ascii())),
            Self::Document(_, text) | Self::Element(_, _, text) => plain(Cow::Borrowed(text.as_slice())),
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

impl Entry {
    /// The entries of a line that is an array of them, as those of a file that is one; else the line itself.
    pub(crate) fn split(self) -> Vec<Self> {
        /// More than a document may have machines, and little beside what is held ahead.
        const MOST: usize = 1 << 16;
        let Self::Line(number, text) = &self else { return vec![self] };
        let Some(entries) = in_array(text.trim_ascii()).filter(|entries| entries.len() <= MOST) else {
            return vec![self];
        };
        let entry = |(place, entry): (usize, &&RawValue)| {
            Self::Element(*number, place, entry.get().as_bytes().to_vec())
        };
        entries.iter().enumerate().map(entry).collect()
    }

    /// Why it cannot be read, and what to do where it is a list in a place of one document.
    pub(super) fn advised(&self, error: &ReadError, bytes: &[u8]) -> String {
        let list = matches!(self, Self::File(..)) && is_list(bytes);
        let advice = if list { "; it has a document a line: give the file itself as the input" } else { "" };
        format!("{error}{advice}")
    }
}

/// Whether text has one document a line, as far as its first two show.
fn is_list(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let mut document = || {
        lines.next().is_some_and(|line| match line.trim_ascii() {
            line @ [b'{' | b'[' | b'"', ..] => is_json(line),
            line => line.len() > 500 && line.iter().all(u8::is_ascii_hexdigit),
        })
    };
    document() && document()
}

fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
}

/// The entries of an array of documents; an array of numbers is one quote.
fn in_array(text: &[u8]) -> Option<Vec<&RawValue>> {
    let entries: Vec<&RawValue> =
        text.starts_with(b"[").then(|| serde_json::from_slice(text).ok()).flatten()?;
    entries.iter().any(|entry| entry.get().starts_with(['{', '"', '['])).then_some(entries)
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
                let begun = match over_lines(&mut reader) {
                    Ok(Begun::Documents(piece)) => {
                        let nothing = Piece { entries: Vec::new(), bytes: 0 };
                        // Nobody listens any more once the run was interrupted.
                        let _ = sender.send(Ok(piece)).and_then(|()| sender.send(Ok(nothing)));
                        return;
                    }
                    Ok(Begun::Lines(text)) => text,
                    Err(error) => return drop(sender.send(Err(unread(&error)))),
                };
                let mut reader = BufReader::with_capacity(BUFFER, Cursor::new(begun).chain(reader));
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
    Failure::unobtainable(format!("input: {error}; what stands behind that was not judged"))
        .help("get the input again, whole; with `> FILE` the answers so far stay, and --resume takes them up")
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
    match first.trim_ascii() {
        [b'{', ..] if is_json(&first) => return Ok(None),
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
    Ok(in_text(&text, &input::last_component(path)))
}

/// The documents of a text that is one JSON text, or several behind each other.
fn in_text(text: &[u8], name: &str) -> Option<Vec<Entry>> {
    let Ok(value) = serde_json::from_slice::<&RawValue>(text) else {
        return one_behind_the_other(text);
    };
    let raw = value.get().as_bytes();
    let Some(entries) = in_array(raw) else {
        return Some(vec![Entry::Document(name.to_owned(), raw.to_vec())]);
    };
    let entry = |(index, entry): (usize, &&RawValue)| {
        Entry::Document(format!("/{index}"), entry.get().as_bytes().to_vec())
    };
    Some(entries.iter().enumerate().map(entry).collect())
}

/// Documents one behind the other, as tools print them that indent; nothing where it is not that from end to end.
fn one_behind_the_other(text: &[u8]) -> Option<Vec<Entry>> {
    let documents = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
    let documents: Vec<_> = documents.collect::<Result<_, _>>().ok()?;
    let all = documents.iter().all(|document| document.get().starts_with('{'));
    let entry = |(index, document): (usize, &&RawValue)| {
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

/// How an input begins that is no binary form.
enum Begun {
    /// All of it is a document over several lines, or some of them.
    Documents(Piece),
    /// It is lines, of which this was read.
    Lines(Vec<u8>),
}

/// Reads an input whose first line is the beginning of a JSON text and no more, for as long as its lines go on so. Of
/// one that has a document a line nothing is read, so that each has its answer before the next is written.
fn over_lines(reader: &mut impl BufRead) -> std::io::Result<Begun> {
    let first = reader.fill_buf()?;
    let opens = matches!(first.trim_ascii_start(), [b'{' | b'[', ..]);
    if !opens || !first.trim_ascii_start().contains(&b'\n') {
        return Ok(Begun::Lines(Vec::new()));
    }
    let limit = Budget::STANDARD.input_bytes;
    let (mut text, mut begun) = (Vec::new(), false);
    loop {
        let start = text.len();
        let left = u64::try_from((limit + 1).saturating_sub(start)).unwrap_or(0);
        let read = reader.by_ref().take(left).read_until(b'\n', &mut text)?;
        if read == 0 {
            break;
        }
        let line = &text[start..];
        let goes_on = match line {
            _ if line.trim_ascii().is_empty() => true,
            // The first ends where more is expected.
            _ if !begun => {
                begun = true;
                serde_json::from_slice::<serde::de::IgnoredAny>(line).is_err_and(|error| error.is_eof())
            }
            [b'{' | b'[', ..] => !is_json(line),
            [b'}' | b']' | b' ' | b'\t', ..] => true,
            _ => false,
        };
        if !goes_on || text.len() > limit {
            return Ok(Begun::Lines(text));
        }
    }
    Ok(match in_text(&text, "standard input") {
        Some(entries) => Begun::Documents(Piece { entries, bytes: text.len() }),
        None => Begun::Lines(text),
    })
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
        piece.entries.extend(entry.split());
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
