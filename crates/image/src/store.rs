//! Members of a layout by name, where they stand: in a folder, or inside a tar archive that is not unpacked.

use crate::digest::{Digest, Hasher};
use crate::error::{ImageError, LayerProblem};
use crate::layer::tar::{Input, Reader};
use std::collections::BTreeMap;
use std::io::{Error, Read};
use veritee_base::Budget;
use veritee_source::{Files, Kind};

/// A folder or an archive.
#[derive(Clone)]
pub struct Store<'f> {
    files: &'f (dyn Files + Sync),
    path: String,
    /// The members of an archive; `None` for a folder.
    members: Option<BTreeMap<String, Member>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Member {
    File {
        offset: u64,
        size: u64,
    },
    /// A link, by the name that it leads to; `docker save` before 25 writes layers that occur twice so.
    Link(String),
}

/// Links that are followed inside an archive.
const LINKS: usize = 4;

impl<'f> Store<'f> {
    /// Opens what stands at a path: a folder, or an archive whose members are listed here.
    ///
    /// # Errors
    /// It is neither, or the archive is malformed, compressed, too large a list, or names a member twice.
    pub fn open(files: &'f (dyn Files + Sync), path: &str, budget: &Budget) -> Result<Self, ImageError> {
        let store = Self { files, path: path.to_owned(), members: None };
        match files.kind(path) {
            Kind::Folder => Ok(store),
            Kind::File(size) => {
                let blob = Blob::new(files, path.to_owned(), 0, size);
                let members = Some(members(blob, budget)?);
                Ok(Self { members, ..store })
            }
            Kind::Absent => Err(ImageError::NoImage { found: "nothing" }),
            Kind::Link => Err(ImageError::NoImage { found: "a symbolic link, which is not followed" }),
            Kind::Special => Err(ImageError::NoImage { found: "a pipe or device" }),
        }
    }

    /// A member's bytes as a stream, with their number; `None` where there is no such member.
    pub(crate) fn blob(&self, name: &str) -> Option<Blob<'f>> {
        let Some(members) = &self.members else {
            let path = if self.path.is_empty() { name.to_owned() } else { format!("{}/{name}", self.path) };
            let Kind::File(size) = self.files.kind(&path) else { return None };
            return Some(Blob::new(self.files, path, 0, size));
        };
        let mut name = name;
        for _ in 0..LINKS {
            match members.get(name)? {
                Member::File { offset, size } => {
                    return Some(Blob::new(self.files, self.path.clone(), *offset, *size));
                }
                Member::Link(target) => name = target,
            }
        }
        None
    }

    /// A small member, whole.
    pub(crate) fn read(&self, name: &str, most: usize) -> Result<Option<Vec<u8>>, ImageError> {
        let Some(blob) = self.blob(name) else { return Ok(None) };
        let limit = u64::try_from(most).unwrap_or(u64::MAX);
        if blob.left > limit {
            return Err(ImageError::TooMuch { what: "bytes of a document", most: limit });
        }
        let mut bytes = Vec::new();
        let unreadable =
            |error: Error| ImageError::Unreadable { name: name.to_owned(), message: error.to_string() };
        { blob }.read_to_end(&mut bytes).map_err(unreadable)?;
        Ok(Some(bytes))
    }

    /// A small blob by its digest, which is computed anew.
    pub(crate) fn document(&self, digest: &Digest, most: usize) -> Result<Option<Vec<u8>>, ImageError> {
        let Some(bytes) = self.read(&blob_name(digest), most)? else { return Ok(None) };
        let mut hasher = Hasher::new(digest.algorithm());
        hasher.update(&bytes);
        let got = hasher.finish();
        if got == *digest {
            Ok(Some(bytes))
        } else {
            Err(ImageError::Digest { expected: digest.clone(), got })
        }
    }
}

impl core::fmt::Debug for Store<'_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let members = self.members.as_ref().map(BTreeMap::len);
        formatter.debug_struct("Store").field("path", &self.path).field("members", &members).finish()
    }
}

/// Where a layout keeps a blob.
pub(crate) fn blob_name(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

fn members(mut blob: Blob<'_>, budget: &Budget) -> Result<BTreeMap<String, Member>, ImageError> {
    let failed = |problem| ImageError::Layer { layer: None, problem };
    match blob.peek().as_slice() {
        [0x1f, 0x8b, ..] => return Err(failed(LayerProblem::Compression { name: "gzip as a whole" })),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            return Err(failed(LayerProblem::Compression { name: "zstd as a whole" }));
        }
        _ => {}
    }
    let mut members = BTreeMap::new();
    let mut reader = Reader::new(blob);
    while let Some(header) = reader.next().map_err(|problem| match problem {
        LayerProblem::Checksum { .. } | LayerProblem::Stream { .. } | LayerProblem::Number { .. }
            if members.is_empty() =>
        {
            ImageError::NoImage { found: "a file that is no tar archive" }
        }
        problem => failed(problem),
    })? {
        let name = String::from_utf8_lossy(&header.name);
        let name = name.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/').to_owned();
        let member = match header.flag {
            b'0' => Member::File { offset: reader.offset(), size: header.size },
            b'1' => Member::Link(String::from_utf8_lossy(&header.link).into_owned()),
            b'2' => Member::Link(beside(&name, &String::from_utf8_lossy(&header.link))),
            _ => continue,
        };
        if members.len() >= budget.image_members {
            let most = u64::try_from(budget.image_members).unwrap_or(u64::MAX);
            return Err(ImageError::TooMuch { what: "members of the archive", most });
        }
        if members.insert(name.clone(), member).is_some() {
            return Err(ImageError::Twice { name });
        }
    }
    Ok(members)
}

/// What a relative link beside a name leads to; what leads out of the archive names no member.
fn beside(name: &str, target: &str) -> String {
    let mut steps: Vec<&str> = name.split('/').collect();
    steps.pop();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.join("/")
}

/// A stretch of a file, read in pieces.
pub(crate) struct Blob<'f> {
    files: &'f dyn Files,
    path: String,
    offset: u64,
    pub(crate) left: u64,
    buffer: Vec<u8>,
    at: usize,
}

/// Read at a time.
const PIECE: usize = 256 << 10;

impl<'f> Blob<'f> {
    fn new(files: &'f dyn Files, path: String, offset: u64, left: u64) -> Self {
        Self { files, path, offset, left, buffer: Vec::new(), at: 0 }
    }

    /// The first four bytes, where they can be read.
    fn peek(&mut self) -> Vec<u8> {
        self.files.read(&self.path, self.offset, 4).unwrap_or_default()
    }
}

impl Read for Blob<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.at >= self.buffer.len() {
            let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(PIECE);
            if wanted == 0 || buffer.is_empty() {
                return Ok(0);
            }
            self.buffer = self.files.read(&self.path, self.offset, wanted).map_err(Error::other)?;
            self.buffer.truncate(wanted);
            if self.buffer.is_empty() {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let read = u64::try_from(self.buffer.len()).unwrap_or(u64::MAX);
            (self.at, self.offset) = (0, self.offset.saturating_add(read));
            self.left = self.left.saturating_sub(read);
        }
        let ready = self.buffer.get(self.at..).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), ready.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at = self.at.saturating_add(count);
        Ok(count)
    }
}

impl Input for Blob<'_> {
    fn skip(&mut self, count: u64) -> std::io::Result<()> {
        let ready = u64::try_from(self.buffer.len().saturating_sub(self.at)).unwrap_or(u64::MAX);
        if count <= ready {
            self.at = self.at.saturating_add(usize::try_from(count).unwrap_or(usize::MAX));
            return Ok(());
        }
        let beyond = count.saturating_sub(ready);
        (self.buffer, self.at) = (Vec::new(), 0);
        if beyond > self.left {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.offset = self.offset.saturating_add(beyond);
        self.left = self.left.saturating_sub(beyond);
        Ok(())
    }
}
