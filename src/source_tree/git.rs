//! What a clone's `.git` says of commits, without running git: references, and which objects are there.
//!
//! Everything in it is the audited party's. Read are HEAD, loose and packed references, the names of loose objects,
//! and the indexes of packs with the type that each entry's header gives. Nothing is unpacked but the first bytes of a
//! loose object and of an annotated tag. A shallow clone, a partial one, alternates, or an unknown form leave the
//! question open: not found is then no answer.
//!
//! Source: gitrepository-layout(5), gitformat-pack(5).

use flate2::read::ZlibDecoder;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use veritee_audit::CommitLookup;

/// Longest file of references that is read.
const REFERENCES: u64 = 16 << 20;
/// Most references that are kept.
const MOST: usize = 200_000;
/// How far deltas and tags of tags are followed.
const CHAIN: usize = 64;
/// Hex digits of an object's name.
const DIGITS: usize = 40;

/// The history of a clone as far as it can be told.
#[derive(Clone)]
pub(super) struct History {
    head: Option<String>,
    /// References by their full name, as they stand: an annotated tag names the tag.
    references: BTreeMap<String, String>,
    /// Commits behind annotated tags, where `packed-refs` tells them.
    peeled: BTreeMap<String, String>,
    objects: PathBuf,
    packs: Vec<PathBuf>,
    /// Objects may be missing here and still be in the repository.
    partial: bool,
}

impl History {
    /// Reads the `.git` of a folder: a folder, or the file of a worktree or submodule.
    pub(super) fn open(root: &Path) -> Option<Self> {
        let git = folder(&root.join(".git"))?;
        let common = match read(&git.join("commondir")) {
            Some(path) => git.join(path.trim()),
            None => git.clone(),
        };
        let mut history = Self {
            head: None,
            references: BTreeMap::new(),
            peeled: BTreeMap::new(),
            objects: common.join("objects"),
            packs: packs(&common.join("objects/pack")),
            partial: is_partial(&common),
        };
        history.packed(&common.join("packed-refs"));
        history.loose(&common, "refs", 0);
        history.head = history.resolve(read(&git.join("HEAD"))?.trim(), 0);
        Some(history)
    }

    /// The commit of the files.
    pub(super) fn head(&self) -> Option<String> {
        self.head.clone()
    }

    /// The commit that a tag of this name stands for.
    pub(super) fn tag(&self, name: &str) -> Option<String> {
        let reference = format!("refs/tags/{name}");
        let object = self.references.get(&reference)?;
        match self.kind(object, 0) {
            Some(Kind::Tag) => self.peeled.get(&reference).cloned().or_else(|| self.target(object, 0)),
            // Where the object is not at hand, what `packed-refs` says counts; else the name itself.
            _ => Some(self.peeled.get(&reference).unwrap_or(object).clone()),
        }
    }

    /// Looks a commit up by the beginning of its name.
    pub(super) fn commit(&self, prefix: &str) -> CommitLookup {
        let prefix = prefix.to_ascii_lowercase();
        let hex = prefix.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !hex || prefix.len() < 4 || prefix.len() > DIGITS {
            return CommitLookup::Absent;
        }
        let mut found: BTreeSet<String> = BTreeSet::new();
        let named = self.head.iter().chain(self.peeled.values());
        found.extend(named.filter(|commit| commit.starts_with(&prefix)).cloned());
        let mut complete = !self.partial;
        let mut known = BTreeSet::new();
        complete &= self.loose_objects(&prefix, &mut known).is_some();
        for pack in &self.packs {
            complete &=
                Index::open(pack).and_then(|mut index| index.beginning_with(&prefix, &mut known)).is_some();
        }
        for object in known {
            match self.kind(&object, 0) {
                Some(Kind::Commit) => {
                    found.insert(object);
                }
                Some(_) => {}
                None => complete = false,
            }
        }
        let mut commits = found.into_iter();
        match (commits.next(), commits.next()) {
            (Some(commit), None) => CommitLookup::Found(commit),
            (Some(_), Some(_)) => CommitLookup::Ambiguous,
            (None, _) if complete => CommitLookup::Absent,
            (None, _) => CommitLookup::NoHistory,
        }
    }

    fn packed(&mut self, path: &Path) {
        let Some(text) = read(path) else { return };
        let mut last: Option<&str> = None;
        for line in text.lines().take(MOST) {
            if let Some(commit) = line.strip_prefix('^') {
                if let Some(name) = last.filter(|_| is_name(commit)) {
                    self.peeled.insert(name.to_owned(), commit.to_owned());
                }
            } else if let Some((object, name)) = line.split_once(' ').filter(|(object, _)| is_name(object)) {
                self.references.insert(name.to_owned(), object.to_owned());
                last = Some(name);
            }
        }
    }

    /// A loose reference wins over a packed one, and over what that says of its tag.
    fn loose(&mut self, common: &Path, name: &str, depth: usize) {
        let Ok(entries) = std::fs::read_dir(common.join(name)) else { return };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let path = format!("{name}/{}", entry.file_name().to_string_lossy());
            if kind.is_dir() && depth < CHAIN {
                self.loose(common, &path, depth.saturating_add(1));
            } else if kind.is_file()
                && self.references.len() < MOST
                && let Some(object) = read(&entry.path()).filter(|text| is_name(text.trim()))
            {
                self.peeled.remove(&path);
                self.references.insert(path, object.trim().to_owned());
            }
        }
    }

    /// What HEAD says: a commit, or the reference that holds one.
    fn resolve(&self, text: &str, depth: usize) -> Option<String> {
        match text.strip_prefix("ref: ") {
            Some(name) if depth < CHAIN => {
                self.resolve(self.references.get(name.trim())?, depth.saturating_add(1))
            }
            Some(_) => None,
            None => is_name(text).then(|| text.to_owned()),
        }
    }

    fn loose_objects(&self, prefix: &str, found: &mut BTreeSet<String>) -> Option<()> {
        let (folder, rest) = prefix.split_at_checked(2)?;
        let entries = match std::fs::read_dir(self.objects.join(folder)) {
            Ok(entries) => entries,
            Err(error) => return (error.kind() == std::io::ErrorKind::NotFound).then_some(()),
        };
        for entry in entries {
            let name = entry.ok()?.file_name().to_string_lossy().into_owned();
            let object = format!("{folder}{name}");
            if name.starts_with(rest) && is_name(&object) {
                found.insert(object);
            }
        }
        Some(())
    }

    /// What an object is; `None` where it is not at hand or cannot be read.
    fn kind(&self, object: &str, depth: usize) -> Option<Kind> {
        if let Some(start) = self.unpack(object) {
            let word = start.split(|byte| *byte == b' ').next()?;
            return Kind::of_word(word);
        }
        self.packs.iter().find_map(|pack| {
            let offset = Index::open(pack)?.offset(object)?;
            self.packed_kind(pack, offset, depth)
        })
    }

    /// The type in an entry's header; of a delta the type of what it rests on.
    fn packed_kind(&self, index: &Path, offset: u64, depth: usize) -> Option<Kind> {
        if depth > CHAIN {
            return None;
        }
        let mut pack = File::open(index.with_extension("pack")).ok()?;
        pack.seek(SeekFrom::Start(offset)).ok()?;
        let mut start = Vec::new();
        pack.take(64).read_to_end(&mut start).ok()?;
        let mut bytes = start.iter().copied();
        let first = bytes.next()?;
        let mut more = first;
        while more & 0x80 != 0 {
            more = bytes.next()?;
        }
        let deeper = depth.saturating_add(1);
        match (first >> 4) & 7 {
            1 => Some(Kind::Commit),
            2 | 3 => Some(Kind::Other),
            4 => Some(Kind::Tag),
            6 => {
                let mut byte = bytes.next()?;
                let mut back = u64::from(byte & 0x7f);
                while byte & 0x80 != 0 {
                    byte = bytes.next()?;
                    back = back.checked_add(1)?.checked_mul(128)?.checked_add(u64::from(byte & 0x7f))?;
                }
                self.packed_kind(index, offset.checked_sub(back).filter(|base| *base < offset)?, deeper)
            }
            7 => {
                let base: Vec<u8> = bytes.take(DIGITS / 2).collect();
                let base = Some(hex::encode(base)).filter(|base| is_name(base))?;
                self.kind(&base, deeper)
            }
            _ => None,
        }
    }

    /// The object that an annotated tag names, where it is loose.
    fn target(&self, tag: &str, depth: usize) -> Option<String> {
        let start = String::from_utf8_lossy(&self.unpack(tag)?).into_owned();
        let (_, body) = start.split_once('\0')?;
        let object = body.strip_prefix("object ")?.get(..DIGITS).filter(|name| is_name(name))?;
        match self.kind(object, 0)? {
            Kind::Commit => Some(object.to_owned()),
            Kind::Tag if depth < CHAIN => self.target(object, depth.saturating_add(1)),
            _ => None,
        }
    }

    /// The first bytes of a loose object, header included.
    fn unpack(&self, object: &str) -> Option<Vec<u8>> {
        let (folder, rest) = object.split_at_checked(2)?;
        let file = File::open(self.objects.join(folder).join(rest)).ok()?;
        let mut start = vec![0; 128];
        let mut filled = 0;
        let mut reader = ZlibDecoder::new(file);
        while let Some(rest) = start.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match reader.read(rest) {
                Ok(0) => break,
                Ok(count) => filled = filled.saturating_add(count),
                Err(_) => return None,
            }
        }
        start.truncate(filled);
        Some(start)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Commit,
    Tag,
    Other,
}

impl Kind {
    fn of_word(word: &[u8]) -> Option<Self> {
        match word {
            b"commit" => Some(Self::Commit),
            b"tag" => Some(Self::Tag),
            b"tree" | b"blob" => Some(Self::Other),
            _ => None,
        }
    }
}

/// The index of a pack, version 2, read where it is needed.
struct Index {
    file: File,
    /// How many names begin with a byte no greater than this one.
    fanout: Vec<u32>,
    total: u64,
}

/// Bytes before the names: magic, version, fanout.
const BEFORE_NAMES: u64 = 8 + 256 * 4;

impl Index {
    fn open(path: &Path) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        let mut head = vec![0; usize::try_from(BEFORE_NAMES).ok()?];
        file.read_exact(&mut head).ok()?;
        let fanout = head.strip_prefix(b"\xfftOc\0\0\0\x02")?;
        let fanout: Vec<u32> =
            fanout.chunks_exact(4).filter_map(|word| word.try_into().ok().map(u32::from_be_bytes)).collect();
        let sorted = fanout.windows(2).all(|pair| matches!(pair, [one, other] if one <= other));
        let total = u64::from(*fanout.last().filter(|_| sorted)?);
        Some(Self { file, fanout, total })
    }

    /// The names in the bucket of a first byte, with the position of the first.
    fn bucket(&mut self, first: u8) -> Option<(u64, Vec<String>)> {
        let before = match first.checked_sub(1) {
            Some(byte) => u64::from(*self.fanout.get(usize::from(byte))?),
            None => 0,
        };
        let count = u64::from(*self.fanout.get(usize::from(first))?).checked_sub(before)?;
        self.file.seek(SeekFrom::Start(before.checked_mul(20)?.checked_add(BEFORE_NAMES)?)).ok()?;
        let mut names = Vec::new();
        Read::by_ref(&mut self.file).take(count.checked_mul(20)?).read_to_end(&mut names).ok()?;
        let names: Vec<String> = names.chunks_exact(20).map(hex::encode).collect();
        (u64::try_from(names.len()).ok()? == count).then_some((before, names))
    }

    fn beginning_with(&mut self, prefix: &str, found: &mut BTreeSet<String>) -> Option<()> {
        let (_, names) = self.bucket(u8::from_str_radix(prefix.get(..2)?, 16).ok()?)?;
        found.extend(names.into_iter().filter(|name| name.starts_with(prefix)));
        Some(())
    }

    /// Where an object's entry begins in the pack.
    fn offset(&mut self, object: &str) -> Option<u64> {
        let (before, names) = self.bucket(u8::from_str_radix(object.get(..2)?, 16).ok()?)?;
        let within = names.iter().position(|name| name == object)?;
        let position = before.checked_add(u64::try_from(within).ok()?)?;
        // Behind the names stand a checksum of four bytes and an offset of four bytes for each.
        let offsets = self.total.checked_mul(24)?.checked_add(BEFORE_NAMES)?;
        let small = self.word(offsets.checked_add(position.checked_mul(4)?)?)?;
        if small & 0x8000_0000 == 0 {
            return Some(u64::from(small));
        }
        let large = self.total.checked_mul(28)?.checked_add(BEFORE_NAMES)?;
        let at = large.checked_add(u64::from(small & 0x7fff_ffff).checked_mul(8)?)?;
        let high = u64::from(self.word(at)?);
        let low = u64::from(self.word(at.checked_add(4)?)?);
        Some((high << 32) | low)
    }

    fn word(&mut self, at: u64) -> Option<u32> {
        let mut word = [0; 4];
        self.file.seek(SeekFrom::Start(at)).ok()?;
        self.file.read_exact(&mut word).ok()?;
        Some(u32::from_be_bytes(word))
    }
}

/// `.git` itself, or the folder that the file of this name points to.
fn folder(git: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.to_owned());
    }
    let text = read(git)?;
    let path = text.strip_prefix("gitdir: ")?.trim();
    Some(git.parent()?.join(path)).filter(|path| path.is_dir())
}

/// Objects can be elsewhere: shallow and partial clones, alternates, names that are no SHA-1.
fn is_partial(common: &Path) -> bool {
    let config = read(&common.join("config")).unwrap_or_default().to_ascii_lowercase();
    common.join("shallow").exists()
        || common.join("objects/info/alternates").exists()
        || ["promisor", "partialclone", "objectformat"].iter().any(|word| config.contains(word))
}

fn packs(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut packs: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "idx"))
        .collect();
    packs.sort();
    packs
}

fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(REFERENCES).read_to_string(&mut text).ok()?;
    Some(text)
}

fn is_name(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests;
