//! A layer, read once from end to end: its bytes, what they unpack to, and the entries of the archive in them.

mod decompress;
pub(crate) mod tar;

use crate::digest::{Algorithm, Digest, Hasher};
use crate::entry::{Entry, EntryKind, Owner};
use crate::error::{ImageError, LayerProblem};
use crate::meter::Meter;
pub use decompress::{Compression, Writer};
use decompress::{Decompressor, HEAD, recognise};
use sha2::Digest as _;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use tar::{Header, Input, Reader, stream};

/// What is asked for the content of files while a layer is read.
pub trait Visitor {
    /// A regular file begins. Whether its content is wanted.
    fn file(&mut self, path: &[u8], size: u64) -> bool;

    /// Content of the file that was last wanted, in order, in pieces.
    fn content(&mut self, piece: &[u8]);

    /// The file that was last wanted ends. A digest that stands for it in comparisons beside its own, if there is one.
    fn end(&mut self) -> Option<[u8; 32]>;
}

/// What a layer is. Everything here was computed over what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Digest of the bytes as they are stored.
    pub digest: Digest,
    /// How many they are.
    pub size: u64,
    /// Digest of the uncompressed bytes.
    pub diff_id: Digest,
    /// How many those are.
    pub unpacked: u64,
    /// How they are packed.
    pub compression: Compression,
    /// The entries in the archive's order; empty where only the digests were asked for.
    pub entries: Vec<Entry>,
    /// Owners, by the number that entries have.
    pub owners: Vec<Owner>,
    /// Bytes that are not zero behind the archive's end. They count for the digest, and no runtime looks at them.
    pub trailing: u64,
}

/// What of a layer is asked for.
pub(crate) enum Depth<'v> {
    /// Its digests.
    Digests,
    /// Its entries too; the visitor sees the files' content.
    Entries(&'v mut dyn Visitor),
}

/// Reads a layer. `algorithm` is that of the digest that the manifest has for it.
pub(crate) fn read<R: Read>(
    input: R,
    algorithm: Algorithm,
    depth: Depth<'_>,
    meter: &mut Meter,
) -> Result<Layer, ImageError> {
    let failed = |problem| ImageError::Layer { layer: None, problem };
    let mut input = BufReader::with_capacity(BUFFER, Hashed::new(input, algorithm));
    let compression = head(&mut input).and_then(|head| recognise(&head)).map_err(failed)?;
    let mut unpacked = Unpacked {
        decompressor: Decompressor::new(compression, input),
        hasher: Hasher::new(Algorithm::Sha256),
        count: 0,
        meter: meter.clone(),
        problem: None,
    };
    let mut entries = Entries::default();
    let result = match depth {
        Depth::Digests => Ok(unpacked),
        Depth::Entries(visitor) => {
            let mut reader = Reader::new(unpacked);
            let result = entries.read(&mut reader, visitor);
            unpacked = reader.into_input();
            result.map(|()| unpacked)
        }
    };
    let mut unpacked = result?;
    let trailing = unpacked.drain().map_err(failed)?;
    let Unpacked { decompressor, hasher, count, meter: spent, .. } = unpacked;
    *meter = spent;
    let mut rest = decompressor.into_inner();
    // A decoder that ends early would leave bytes that nobody looked at; none of these does.
    std::io::copy(&mut rest, &mut std::io::sink()).map_err(|error| failed(stream(&error)))?;
    let (digest, size) = rest.into_inner().finish();
    Ok(Layer {
        digest,
        size,
        diff_id: hasher.finish(),
        unpacked: count,
        compression,
        entries: entries.list,
        owners: entries.owners.list,
        trailing,
    })
}

const BUFFER: usize = 256 << 10;

fn head<R: BufRead>(input: &mut R) -> Result<Vec<u8>, LayerProblem> {
    let buffer = input.fill_buf().map_err(|error| stream(&error))?;
    Ok(buffer.iter().copied().take(HEAD).collect())
}

/// Hashes what is read.
struct Hashed<R> {
    input: R,
    hasher: Hasher,
    count: u64,
}

impl<R: Read> Hashed<R> {
    fn new(input: R, algorithm: Algorithm) -> Self {
        Self { input, hasher: Hasher::new(algorithm), count: 0 }
    }

    fn finish(self) -> (Digest, u64) {
        (self.hasher.finish(), self.count)
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let got = self.input.read(buffer)?;
        self.hasher.update(buffer.get(..got).unwrap_or_default());
        self.count = self.count.saturating_add(u64::try_from(got).unwrap_or(u64::MAX));
        Ok(got)
    }
}

/// The uncompressed bytes, hashed and counted.
struct Unpacked<R: Read> {
    decompressor: Decompressor<BufReader<Hashed<R>>>,
    hasher: Hasher,
    count: u64,
    meter: Meter,
    problem: Option<LayerProblem>,
}

impl<R: Read> Unpacked<R> {
    /// Reads to the end; how many bytes were not zero.
    fn drain(&mut self) -> Result<u64, LayerProblem> {
        let mut buffer = vec![0_u8; BUFFER];
        let mut trailing = 0_u64;
        loop {
            let got = self.read(&mut buffer).map_err(|error| self.why(&error))?;
            let piece = buffer.get(..got).unwrap_or_default();
            if piece.is_empty() {
                return Ok(trailing);
            }
            let marked = piece.iter().filter(|byte| **byte != 0).count();
            trailing = trailing.saturating_add(u64::try_from(marked).unwrap_or(u64::MAX));
        }
    }

    fn why(&self, error: &std::io::Error) -> LayerProblem {
        self.problem.clone().unwrap_or_else(|| stream(error))
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let got = self.decompressor.read(buffer)?;
        self.hasher.update(buffer.get(..got).unwrap_or_default());
        let more = u64::try_from(got).unwrap_or(u64::MAX);
        self.count = self.count.saturating_add(more);
        let from = self.decompressor.get_ref().get_ref().count;
        if let Err(problem) = self.meter.unpacked(more, from, self.count) {
            self.problem = Some(problem.clone());
            return Err(std::io::Error::other(problem));
        }
        Ok(got)
    }
}

impl<R: Read> Input for Unpacked<R> {}

#[derive(Default)]
struct Entries {
    list: Vec<Entry>,
    owners: Owners,
}

#[derive(Default)]
struct Owners {
    list: Vec<Owner>,
    numbers: BTreeMap<Owner, u32>,
}

impl Owners {
    fn number(&mut self, owner: Owner) -> u32 {
        if let Some(number) = self.numbers.get(&owner) {
            return *number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(owner.clone());
        self.numbers.insert(owner, number);
        number
    }
}

impl Entries {
    fn read<R: Read>(
        &mut self,
        reader: &mut Reader<Unpacked<R>>,
        visitor: &mut dyn Visitor,
    ) -> Result<(), ImageError> {
        let mut buffer = vec![0_u8; BUFFER];
        loop {
            let next = reader.next();
            let Some(header) = next.map_err(|problem| reader.why(problem))? else { return Ok(()) };
            let entry = self.entry(header, reader, visitor, &mut buffer)?;
            self.list.push(entry);
        }
    }

    fn entry<R: Read>(
        &mut self,
        header: Header,
        reader: &mut Reader<Unpacked<R>>,
        visitor: &mut dyn Visitor,
        buffer: &mut [u8],
    ) -> Result<Entry, ImageError> {
        let failed = |problem| ImageError::Layer { layer: None, problem };
        let path = clean(&header.name).map_err(failed)?;
        let (kind, masked) = match header.flag {
            b'0' => content(&path, header.size, reader, visitor, buffer)?,
            b'1' => (EntryKind::HardLink(clean(&header.link).map_err(failed)?), None),
            b'2' => (EntryKind::Link(header.link.into()), None),
            b'3' => (EntryKind::Character { device: header.device }, None),
            b'4' => (EntryKind::Block { device: header.device }, None),
            b'5' => (EntryKind::Folder, None),
            b'6' => (EntryKind::Pipe, None),
            flag => return Err(failed(LayerProblem::Kind { name: lossy(&header.name), flag })),
        };
        let owner = Owner {
            user: header.user,
            group: header.group,
            user_name: header.user_name.into(),
            group_name: header.group_name.into(),
        };
        let link = match &kind {
            EntryKind::Link(target) | EntryKind::HardLink(target) => target.len(),
            _ => 0,
        };
        reader.meter().entry(path.len().saturating_add(link))?;
        Ok(Entry {
            path,
            kind,
            mode: header.mode,
            owner: self.owners.number(owner),
            seconds: header.seconds,
            nanos: header.nanos,
            attributes: attributes(&header.attributes),
            form: header.form,
            masked,
        })
    }
}

impl<R: Read> Reader<Unpacked<R>> {
    fn why(&self, problem: LayerProblem) -> ImageError {
        let problem = match problem {
            LayerProblem::Stream { .. } => self.input().problem.clone().unwrap_or(problem),
            other => other,
        };
        ImageError::Layer { layer: None, problem }
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.input_mut().meter
    }
}

type Content = (EntryKind, Option<Box<[u8; 32]>>);

fn content<R: Read>(
    path: &[u8],
    size: u64,
    reader: &mut Reader<Unpacked<R>>,
    visitor: &mut dyn Visitor,
    buffer: &mut [u8],
) -> Result<Content, ImageError> {
    let wanted = visitor.file(path, size);
    let mut hasher = sha2::Sha256::new();
    loop {
        let got = reader.read(buffer).map_err(|problem| reader.why(problem))?;
        let piece = buffer.get(..got).unwrap_or_default();
        if piece.is_empty() {
            break;
        }
        hasher.update(piece);
        if wanted {
            visitor.content(piece);
        }
    }
    let masked = if wanted { visitor.end().map(Box::new) } else { None };
    Ok((EntryKind::File { size, digest: hasher.finalize().into() }, masked))
}

fn attributes(attributes: &BTreeMap<Vec<u8>, Vec<u8>>) -> Option<Box<[u8; 32]>> {
    if attributes.is_empty() {
        return None;
    }
    let mut hasher = sha2::Sha256::new();
    for (name, value) in attributes {
        for part in [name, value] {
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part);
        }
    }
    Some(Box::new(hasher.finalize().into()))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A name without empty components and `.`; the root is empty. What leads out is refused, not cut to fit.
fn clean(name: &[u8]) -> Result<Box<[u8]>, LayerProblem> {
    let refused = |trick| Err(LayerProblem::Path { name: lossy(name), trick });
    if name.is_empty() {
        return refused("is empty");
    }
    if name.contains(&0) {
        return refused("holds a NUL");
    }
    if name.len() > 4096 {
        return refused("is longer than 4096 bytes");
    }
    let mut out = Vec::with_capacity(name.len());
    for component in name.split(|byte| *byte == b'/') {
        match component {
            b"" | b"." => continue,
            b".." => return refused("leads out of its folder (`..`)"),
            // As a whiteout these would take away the folder itself or the one above it.
            b".wh." | b".wh.." | b".wh..." => return refused("is a whiteout of no name, of `.` or of `..`"),
            _ if !out.is_empty() => out.push(b'/'),
            _ => {}
        }
        out.extend_from_slice(component);
    }
    Ok(out.into())
}

#[cfg(test)]
mod tests;
