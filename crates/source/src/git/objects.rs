//! Which objects are there and of which type: loose ones by the first bytes, packed ones by the header of their entry.

use super::{CHAIN, DIGITS, Index, is_name};
use crate::files::Kind;
use crate::notice::Notice;
use crate::reading::Reading;
use flate2::read::ZlibDecoder;
use std::collections::BTreeSet;
use std::io::Read;

/// Most packs of a repository, and most loose objects whose names share the first byte.
const ENTRIES: usize = 20_000;
/// Compressed bytes that are read of an object: tables of codes included, they give its first line.
const START: usize = 1024;
/// Bytes that are unpacked: the header and the first line.
const FIRST_LINE: usize = 128;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ObjectKind {
    Commit,
    Tag,
    Other,
}

impl ObjectKind {
    fn of_word(word: &[u8]) -> Option<Self> {
        match word {
            b"commit" => Some(Self::Commit),
            b"tag" => Some(Self::Tag),
            b"tree" | b"blob" => Some(Self::Other),
            _ => None,
        }
    }
}

/// The object store.
#[derive(Debug, Clone, Default)]
pub(super) struct Objects {
    folder: String,
    packs: Vec<Index>,
    /// Something that could hold objects could not be read.
    incomplete: bool,
}

/// An entry of a pack behind its header.
struct Packed {
    kind: Option<ObjectKind>,
    /// Where its compressed bytes begin, when it is no delta.
    body: Option<(String, u64)>,
}

impl Objects {
    pub(super) fn open(reading: &mut Reading<'_>, folder: String) -> Self {
        let mut objects = Self { folder, packs: Vec::new(), incomplete: false };
        if !reading.is_folder(&objects.folder) {
            objects.incomplete = true;
            return objects;
        }
        let folder = format!("{}/pack", objects.folder);
        if reading.kind(&folder) == Some(Kind::Absent) {
            return objects;
        }
        let entries = if reading.is_folder(&folder) { reading.list(&folder, ENTRIES) } else { None };
        objects.incomplete |= entries.is_none();
        for entry in entries.unwrap_or_default().iter().filter(|entry| entry.name.ends_with(".idx")) {
            match Index::open(reading, &format!("{folder}/{}", entry.name)) {
                Some(index) => objects.packs.push(index),
                None => objects.incomplete = true,
            }
        }
        objects
    }

    /// The commits whose names begin so, until there are two. `None` when something could not be read.
    pub(super) fn commits(
        &self,
        reading: &mut Reading<'_>,
        prefix: &str,
        found: &mut BTreeSet<String>,
    ) -> Option<()> {
        let mut complete = !self.incomplete;
        for object in self.loose(reading, prefix)? {
            if found.len() > 1 {
                return Some(());
            }
            match self.loose_start(reading, &object).and_then(|start| kind_of(&start)) {
                Some(ObjectKind::Commit) => {
                    found.insert(object);
                }
                Some(_) => {}
                None => complete = false,
            }
        }
        for pack in &self.packs {
            let mut position = pack.lower_bound(reading, prefix)?;
            loop {
                let name = pack.name(reading, position)?;
                if found.len() > 1 || !name.starts_with(prefix) {
                    break;
                }
                let offset = pack.offset(reading, position)?;
                match packed(reading, pack, offset).kind {
                    Some(ObjectKind::Commit) => {
                        found.insert(name);
                    }
                    Some(_) => {}
                    None => complete = false,
                }
                position = position.checked_add(1)?;
            }
        }
        complete.then_some(())
    }

    fn loose(&self, reading: &mut Reading<'_>, prefix: &str) -> Option<Vec<String>> {
        let (byte, rest) = prefix.split_at_checked(2)?;
        let folder = format!("{}/{byte}", self.folder);
        if reading.kind(&folder)? == Kind::Absent {
            return Some(Vec::new());
        }
        if !reading.is_folder(&folder) {
            return None;
        }
        let entries = reading.list(&folder, ENTRIES)?;
        let fitting = entries.into_iter().filter(|entry| entry.name.starts_with(rest));
        Some(fitting.map(|entry| format!("{byte}{}", entry.name)).filter(|name| is_name(name)).collect())
    }

    /// What an object is; `None` where it is not at hand or cannot be read.
    pub(super) fn kind(&self, reading: &mut Reading<'_>, object: &str) -> Option<ObjectKind> {
        if let Some(start) = self.loose_start(reading, object) {
            return kind_of(&start);
        }
        self.entry(reading, object)?.kind
    }

    fn entry(&self, reading: &mut Reading<'_>, object: &str) -> Option<Packed> {
        for pack in &self.packs {
            if let Some(offset) = pack.find(reading, object)? {
                return Some(packed(reading, pack, offset));
            }
        }
        None
    }

    /// The commit that an annotated tag names, through tags of tags.
    pub(super) fn target(&self, reading: &mut Reading<'_>, tag: String) -> Option<String> {
        let mut tag = tag;
        for _ in 0..CHAIN {
            let start = match self.loose_start(reading, &tag) {
                Some(start) => start.split(|byte| *byte == 0).nth(1).map(<[u8]>::to_vec)?,
                None => {
                    let (pack, body) = self.entry(reading, &tag)?.body?;
                    let compressed = reading.range(&pack, body, START)?;
                    unpacked(&compressed)?
                }
            };
            let text = String::from_utf8_lossy(&start).into_owned();
            let object = text.strip_prefix("object ")?.get(..DIGITS).filter(|name| is_name(name))?.to_owned();
            match self.kind(reading, &object)? {
                ObjectKind::Commit => return Some(object),
                ObjectKind::Tag => tag = object,
                ObjectKind::Other => return None,
            }
        }
        None
    }

    pub(super) fn packs(&self) -> &[Index] {
        &self.packs
    }

    /// Where a loose object would stand.
    pub(super) fn loose_path(&self, object: &str) -> Option<String> {
        let (byte, rest) = object.split_at_checked(2)?;
        Some(format!("{}/{byte}/{rest}", self.folder))
    }

    /// The first bytes of a loose object, header included.
    fn loose_start(&self, reading: &mut Reading<'_>, object: &str) -> Option<Vec<u8>> {
        let path = self.loose_path(object)?;
        reading.size(&path)?;
        let compressed = reading.range(&path, 0, START)?;
        let start = unpacked(&compressed).filter(|start| kind_of(start).is_some());
        if start.is_none() {
            reading.note(Notice::Unreadable(path));
        }
        start
    }
}

fn kind_of(start: &[u8]) -> Option<ObjectKind> {
    ObjectKind::of_word(start.split(|byte| *byte == b' ').next()?)
}

/// The first bytes of what zlib packed.
fn unpacked(compressed: &[u8]) -> Option<Vec<u8>> {
    let mut start = vec![0; FIRST_LINE];
    let mut filled = 0_usize;
    let mut reader = ZlibDecoder::new(compressed);
    while let Some(rest) = start.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => filled = filled.saturating_add(count),
            // The piece that was read may end within the object.
            Err(_) if filled > 0 => break,
            Err(_) => return None,
        }
    }
    start.truncate(filled);
    Some(start)
}

/// The type in an entry's header; of a delta the type of what it rests on, in the same pack. Deltas are followed in a
/// line, each entry once.
fn packed(reading: &mut Reading<'_>, index: &Index, offset: u64) -> Packed {
    let nothing = Packed { kind: None, body: None };
    let path = index.pack();
    if reading.size(&path).is_none() {
        reading.note(Notice::Unreadable(path));
        return nothing;
    }
    let mut seen = BTreeSet::new();
    let mut at = offset;
    loop {
        if !seen.insert(at) {
            reading.note(Notice::DeltaCycle(path));
            return nothing;
        }
        let Some(start) = reading.range(&path, at, 64) else { return nothing };
        match header(&start) {
            Some((Header::Whole(kind), length)) => {
                let body = u64::try_from(length).ok().and_then(|length| at.checked_add(length));
                // Of a delta it is the type that counts; its bytes are not those of what it rests on.
                let body = body.filter(|_| at == offset).map(|body| (path, body));
                return Packed { kind: Some(kind), body };
            }
            Some((Header::Back(back), _)) if back > 0 && back < at => at = at.saturating_sub(back),
            Some((Header::Named(base), _)) => match index.find(reading, &base) {
                Some(Some(found)) => at = found,
                _ => {
                    reading.note(Notice::Unreadable(path));
                    return nothing;
                }
            },
            _ => {
                reading.note(Notice::Unreadable(path));
                return nothing;
            }
        }
    }
}

pub(super) enum Header {
    Whole(ObjectKind),
    /// A delta on what stands so many bytes before.
    Back(u64),
    /// A delta on the object of this name.
    Named(String),
}

/// The header of an entry and its length: type and size, then what a delta rests on.
pub(super) fn header(start: &[u8]) -> Option<(Header, usize)> {
    let mut bytes = start.iter().copied();
    let first = bytes.next()?;
    let mut more = first;
    while more & 0x80 != 0 {
        more = bytes.next()?;
    }
    let found = match (first >> 4) & 7 {
        1 => Header::Whole(ObjectKind::Commit),
        2 | 3 => Header::Whole(ObjectKind::Other),
        4 => Header::Whole(ObjectKind::Tag),
        6 => {
            let mut byte = bytes.next()?;
            let mut back = u64::from(byte & 0x7f);
            while byte & 0x80 != 0 {
                byte = bytes.next()?;
                back = back.checked_add(1)?.checked_mul(128)?.checked_add(u64::from(byte & 0x7f))?;
            }
            Header::Back(back)
        }
        7 => {
            let name: Vec<u8> = bytes.by_ref().take(DIGITS / 2).collect();
            Header::Named(Some(hex::encode(name)).filter(|name| is_name(name))?)
        }
        _ => return None,
    };
    Some((found, start.len().checked_sub(bytes.len())?))
}

/// The size in an entry's header: four bits in the first byte, seven in each that follows, the lowest first.
pub(super) fn size_of(start: &[u8]) -> Option<u64> {
    let mut bytes = start.iter().copied();
    let first = bytes.next()?;
    let (mut size, mut shift, mut more) = (u64::from(first & 15), 4_u32, first);
    while more & 0x80 != 0 {
        more = bytes.next()?;
        size |= u64::from(more & 0x7f).checked_shl(shift)?;
        shift = shift.checked_add(7).filter(|shift| *shift < 60)?;
    }
    Some(size)
}
