//! Which files differ between two commits: trees are read, no file's content is.
//!
//! Objects are read whole here, unlike elsewhere in this module, so each has a limit, and so have the deltas that a tree
//! rests on and the trees of one question. What is beyond them, or not at hand (a shallow clone, a partial one), leaves the
//! question open. Nothing is checked against an object's name: it is the audited party's clone, and the answer is a hint
//! where to look.
//! Source: gitformat-pack(5), git-cat-file(1).

use super::objects::{Header, Objects, header, size_of};
use super::{DIGITS, Index, is_name};
use crate::reading::Reading;
use flate2::read::ZlibDecoder;
use std::collections::BTreeMap;
use std::io::Read as _;

/// Bytes of one object, unpacked: a folder of ten thousand files has some 400 KB.
const OBJECT: usize = 4 << 20;
/// Deltas under one object: git makes chains of 50, 250 in old packs.
const DELTAS: usize = 256;
/// Pairs of folders that are compared.
const FOLDERS: usize = 20_000;
/// Paths that are listed.
const PATHS: usize = 10_000;
/// Bytes of one path.
const PATH: usize = 4096;

/// What a folder has under a name: mode and object.
type Entries = BTreeMap<Vec<u8>, (Vec<u8>, String)>;

impl Objects {
    /// Paths that differ between two commits, sorted; `None` where an object cannot be read or there is too much.
    pub(super) fn changes(&self, reading: &mut Reading<'_>, from: &str, to: &str) -> Option<Vec<String>> {
        let mut open = vec![(String::new(), Some(self.root(reading, from)?), Some(self.root(reading, to)?))];
        let (mut paths, mut folders) = (Vec::new(), 0_usize);
        while let Some((path, one, other)) = open.pop() {
            folders = folders.checked_add(1)?;
            if folders > FOLDERS || paths.len() > PATHS {
                return None;
            }
            let [one, other] = [one, other].map(|tree| match tree {
                Some(tree) => self.folder(reading, &tree),
                None => Some(Entries::new()),
            });
            let (one, other) = (one?, other?);
            let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
            for name in names {
                let (left, right) = (one.get(name), other.get(name));
                if left == right {
                    continue;
                }
                let path = format!("{path}{}", String::from_utf8_lossy(name));
                if path.len() > PATH {
                    return None;
                }
                let tree = |entry: Option<&(Vec<u8>, String)>| {
                    entry.filter(|(mode, _)| mode == b"40000").map(|(_, object)| object.clone())
                };
                let (before, after) = (tree(left), tree(right));
                // A file, or a folder in the place of one.
                if left.is_some() && before.is_none() || right.is_some() && after.is_none() {
                    paths.push(path.clone());
                }
                if before.is_some() || after.is_some() {
                    open.push((format!("{path}/"), before, after));
                }
            }
        }
        paths.sort_unstable();
        Some(paths)
    }

    /// The tree of a commit.
    fn root(&self, reading: &mut Reading<'_>, commit: &str) -> Option<String> {
        let content = self.content(reading, commit)?;
        let text = core::str::from_utf8(content.get(..DIGITS.checked_add(5)?)?).ok()?;
        text.strip_prefix("tree ").filter(|name| is_name(name)).map(str::to_owned)
    }

    fn folder(&self, reading: &mut Reading<'_>, tree: &str) -> Option<Entries> {
        let content = self.content(reading, tree)?;
        let (mut rest, mut entries) = (content.as_slice(), Entries::new());
        while !rest.is_empty() {
            let space = rest.iter().position(|byte| *byte == b' ')?;
            let (mode, after) = rest.split_at_checked(space)?;
            let after = after.get(1..)?;
            let end = after.iter().position(|byte| *byte == 0)?;
            let (name, after) = after.split_at_checked(end)?;
            let (object, after) = after.get(1..)?.split_at_checked(DIGITS / 2)?;
            entries.insert(name.to_vec(), (mode.to_vec(), hex::encode(object)));
            rest = after;
        }
        Some(entries)
    }

    /// An object's content, without its header.
    fn content(&self, reading: &mut Reading<'_>, object: &str) -> Option<Vec<u8>> {
        if let Some(loose) = self.loose_whole(reading, object) {
            let end = loose.iter().position(|byte| *byte == 0)?;
            return loose.get(end.checked_add(1)?..).map(<[u8]>::to_vec);
        }
        for pack in self.packs() {
            if let Some(offset) = pack.find(reading, object)? {
                return packed(reading, pack, offset);
            }
        }
        None
    }

    fn loose_whole(&self, reading: &mut Reading<'_>, object: &str) -> Option<Vec<u8>> {
        let path = self.loose_path(object)?;
        let size = usize::try_from(reading.size(&path)?).ok().filter(|size| *size <= OBJECT)?;
        let whole = inflated(&reading.range(&path, 0, size)?, OBJECT)?;
        reading.account.spend(u64::try_from(whole.len()).ok()?)?;
        Some(whole)
    }
}

/// What zlib packed, of at most so many bytes.
fn inflated(compressed: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let limit = u64::try_from(most.checked_add(1)?).ok()?;
    ZlibDecoder::new(compressed).take(limit).read_to_end(&mut out).ok()?;
    (out.len() <= most).then_some(out)
}

/// An entry of a pack, with the deltas between it and what it rests on applied, the last one first.
fn packed(reading: &mut Reading<'_>, index: &Index, offset: u64) -> Option<Vec<u8>> {
    let path = index.pack();
    let (mut at, mut deltas): (u64, Vec<Vec<u8>>) = (offset, Vec::new());
    reading.size(&path)?;
    loop {
        let start = reading.range(&path, at, 64)?;
        let (kind, length) = header(&start)?;
        let size = usize::try_from(size_of(&start)?).ok().filter(|size| *size <= OBJECT)?;
        // zlib makes nothing longer than by a thousandth and a few bytes.
        let compressed = size.checked_add(size / 512)?.checked_add(64)?;
        let body = at.checked_add(u64::try_from(length).ok()?)?;
        let content = inflated(&reading.range(&path, body, compressed)?, OBJECT)?;
        if content.len() != size {
            return None;
        }
        at = match kind {
            Header::Whole(_) => {
                let mut whole = content;
                while let Some(delta) = deltas.pop() {
                    whole = applied(&whole, &delta)?;
                }
                return Some(whole);
            }
            Header::Back(back) if back > 0 => at.checked_sub(back)?,
            Header::Back(_) => return None,
            Header::Named(base) => index.find(reading, &base)??,
        };
        deltas.push(content);
        if deltas.len() > DELTAS {
            return None;
        }
    }
}

/// A number of seven bits a byte, the lowest first.
fn number(delta: &mut &[u8]) -> Option<usize> {
    let (mut value, mut shift) = (0_usize, 0_u32);
    loop {
        let (byte, rest) = delta.split_first()?;
        *delta = rest;
        value |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
        shift = shift.checked_add(7).filter(|shift| *shift < 35)?;
    }
}

/// What a delta makes of its base: copies of pieces of it, and bytes of its own.
fn applied(base: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let mut delta = delta;
    let (from, to) = (number(&mut delta)?, number(&mut delta)?);
    if from != base.len() || to > OBJECT {
        return None;
    }
    let mut out = Vec::new();
    while let Some((command, rest)) = delta.split_first() {
        delta = rest;
        if command & 0x80 == 0 {
            let (piece, rest) = delta.split_at_checked(usize::from(*command))?;
            if piece.is_empty() {
                return None;
            }
            out.extend_from_slice(piece);
            delta = rest;
        } else {
            let mut field = |bits: core::ops::Range<u32>| {
                let mut value = 0_usize;
                for (place, bit) in bits.enumerate() {
                    if command.checked_shr(bit)? & 1 == 1 {
                        let (byte, rest) = delta.split_first()?;
                        delta = rest;
                        let shift = u32::try_from(place).ok()?.checked_mul(8)?;
                        value |= usize::from(*byte).checked_shl(shift)?;
                    }
                }
                Some(value)
            };
            let (offset, size) = (field(0..4)?, field(4..7)?);
            let size = if size == 0 { 0x1_0000 } else { size };
            out.extend_from_slice(base.get(offset..offset.checked_add(size)?)?);
        }
        if out.len() > to {
            return None;
        }
    }
    (out.len() == to).then_some(out)
}

#[cfg(test)]
mod tests;
