//! What a clone's `.git` says of commits, without running git: references, and which objects are there.
//!
//! Everything in it is the audited party's. Read are HEAD, loose and packed references, the names of loose objects,
//! and the indexes of packs with the type that each entry's header gives. Nothing is unpacked but the first bytes of a
//! loose object and of an annotated tag, but where two commits are compared. A shallow clone, a partial one, alternates, or an unknown form leave the
//! question open: not found is then no answer.
//!
//! One account pays for all of it. A search never branches: a delta is followed inside its own pack, where git keeps
//! what it rests on (gitformat-pack(5)), and an entry that was met before ends it.

mod changes;
mod index;
mod objects;

use crate::files::{Files, Kind as FileKind};
use crate::notice::Notice;
use crate::reading::{Account, Meter, Reading};
use crate::tree::CommitLookup;
use index::Index;
use objects::{ObjectKind, Objects};
use std::collections::{BTreeMap, BTreeSet};

/// Longest file of packed references that is read.
const REFERENCES: u64 = 16 << 20;
/// Longest other text: HEAD, a loose reference, config.
const TEXT: u64 = 1 << 20;
/// Most references that are kept.
const MOST: usize = 200_000;
/// How far references of references, folders of references and tags of tags are followed.
const CHAIN: usize = 64;
/// Hex digits of an object's name.
const DIGITS: usize = 40;

/// The history of a clone as far as it can be told.
#[derive(Debug, Clone)]
pub(crate) struct History {
    account: Account,
    head: Option<String>,
    /// References by their full name, as they stand: an annotated tag names the tag.
    references: BTreeMap<String, String>,
    /// Commits behind annotated tags, where `packed-refs` tells them.
    peeled: BTreeMap<String, String>,
    objects: Objects,
    /// Objects may be missing here and still be in the repository.
    partial: bool,
    /// What was answered: several rules ask the same.
    answers: BTreeMap<String, CommitLookup>,
}

impl History {
    /// Reads the `.git` of the files: a folder, or the file of a worktree or submodule. `None` when there is none.
    pub(crate) fn open(files: &dyn Files, meter: Meter) -> Option<Self> {
        let mut account = Account::new(meter);
        if files.kind(".git") == FileKind::Absent {
            return None;
        }
        let mut reading = Reading { files, account: &mut account };
        let (references, peeled, head, objects, partial) = match folder(&mut reading) {
            None => (BTreeMap::new(), BTreeMap::new(), None, Objects::default(), true),
            Some(git) => {
                let common = match reading.text(&format!("{git}/commondir"), TEXT) {
                    Some(path) => join(&git, path.trim()),
                    None => git.clone(),
                };
                let mut references = References::default();
                references.packed(&mut reading, &format!("{common}/packed-refs"));
                references.loose(&mut reading, &common);
                let head = reading.text(&format!("{git}/HEAD"), TEXT);
                let head = head.and_then(|text| references.resolve(text.trim()));
                let partial = is_partial(&mut reading, &common);
                let objects = Objects::open(&mut reading, format!("{common}/objects"));
                (references.named, references.peeled, head, objects, partial)
            }
        };
        Some(Self { account, head, references, peeled, objects, partial, answers: BTreeMap::new() })
    }

    /// The commit of the files.
    pub(crate) fn head(&self) -> Option<String> {
        self.head.clone()
    }

    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.account.notices.iter().cloned().collect()
    }

    /// The commit that a tag of this name stands for.
    pub(crate) fn tag(&mut self, files: &dyn Files, name: &str) -> Option<String> {
        let reference = format!("refs/tags/{name}");
        let object = self.references.get(&reference)?.clone();
        let peeled = self.peeled.get(&reference).cloned();
        let mut reading = Reading { files, account: &mut self.account };
        match self.objects.kind(&mut reading, &object) {
            Some(ObjectKind::Tag) => peeled.or_else(|| self.objects.target(&mut reading, object)),
            // Where the object is not at hand, what `packed-refs` says counts; else the name itself.
            _ => Some(peeled.unwrap_or(object)),
        }
    }

    /// Looks a commit up by the beginning of its name. The second one that fits ends the search.
    pub(crate) fn commit(&mut self, files: &dyn Files, prefix: &str) -> CommitLookup {
        let prefix = prefix.to_ascii_lowercase();
        let hex = prefix.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !hex || prefix.len() < 4 || prefix.len() > DIGITS {
            return CommitLookup::Absent;
        }
        if let Some(answer) = self.answers.get(&prefix) {
            return answer.clone();
        }
        let named = self.head.iter().chain(self.peeled.values());
        let mut found: BTreeSet<String> =
            named.filter(|commit| commit.starts_with(&prefix)).take(2).cloned().collect();
        let mut reading = Reading { files, account: &mut self.account };
        let complete = self.objects.commits(&mut reading, &prefix, &mut found).is_some() && !self.partial;
        let mut commits = found.into_iter();
        let answer = match (commits.next(), commits.next()) {
            (Some(commit), None) => CommitLookup::Found(commit),
            (Some(_), Some(_)) => CommitLookup::Ambiguous,
            (None, _) if complete => CommitLookup::Absent,
            (None, _) => CommitLookup::NoHistory,
        };
        self.answers.insert(prefix, answer.clone());
        answer
    }

    /// Paths that differ between two commits, by their full names. It costs nothing of what other questions may cost: where
    /// there is too much, it is this answer that is not had.
    pub(crate) fn changes(&self, files: &dyn Files, from: &str, to: &str) -> Option<Vec<String>> {
        let mut account = self.account.clone();
        let mut reading = Reading { files, account: &mut account };
        self.objects.changes(&mut reading, from, to)
    }
}

#[derive(Default)]
struct References {
    named: BTreeMap<String, String>,
    peeled: BTreeMap<String, String>,
}

impl References {
    fn packed(&mut self, reading: &mut Reading<'_>, path: &str) {
        let Some(text) = reading.text(path, REFERENCES) else { return };
        let mut last: Option<&str> = None;
        for line in text.lines().take(MOST) {
            if let Some(commit) = line.strip_prefix('^') {
                if let Some(name) = last.filter(|_| is_name(commit)) {
                    self.peeled.insert(name.to_owned(), commit.to_owned());
                }
            } else if let Some((object, name)) = line.split_once(' ').filter(|(object, _)| is_name(object)) {
                self.named.insert(name.to_owned(), object.to_owned());
                last = Some(name);
            }
        }
    }

    /// A loose reference wins over a packed one, and over what that says of its tag.
    fn loose(&mut self, reading: &mut Reading<'_>, common: &str) {
        let mut open = vec![("refs".to_owned(), 0_usize)];
        while let Some((name, depth)) = open.pop() {
            let folder = format!("{common}/{name}");
            if !reading.is_folder(&folder) {
                continue;
            }
            for entry in reading.list(&folder, MOST).unwrap_or_default() {
                let path = format!("{name}/{}", entry.name);
                match entry.kind {
                    FileKind::Folder if depth < CHAIN => open.push((path, depth.saturating_add(1))),
                    FileKind::File(_) if self.named.len() < MOST => {
                        let text = reading.text(&format!("{common}/{path}"), TEXT);
                        if let Some(object) = text.filter(|text| is_name(text.trim())) {
                            self.peeled.remove(&path);
                            self.named.insert(path, object.trim().to_owned());
                        }
                    }
                    FileKind::Link | FileKind::Special => {
                        reading.note(Notice::NotRegular(format!("{common}/{path}")));
                    }
                    _ => {}
                }
            }
        }
    }

    /// What HEAD says: a commit, or the reference that holds one.
    fn resolve(&self, text: &str) -> Option<String> {
        let mut text = text;
        for _ in 0..CHAIN {
            match text.strip_prefix("ref: ") {
                Some(name) => text = self.named.get(name.trim())?,
                None => return is_name(text).then(|| text.to_owned()),
            }
        }
        None
    }
}

/// `.git` itself, or the folder that the file of this name points to.
fn folder(reading: &mut Reading<'_>) -> Option<String> {
    match reading.kind(".git")? {
        FileKind::Folder => Some(".git".to_owned()),
        FileKind::File(_) => {
            let text = reading.text(".git", TEXT)?;
            let Some(path) = text.strip_prefix("gitdir: ") else {
                reading.note(Notice::Unreadable(".git".to_owned()));
                return None;
            };
            let path = path.trim().trim_end_matches('/').to_owned();
            match reading.kind(&path)? {
                FileKind::Folder => Some(path),
                // The repository of a worktree that was copied without it.
                _ => {
                    reading.note(Notice::Unreadable(".git".to_owned()));
                    None
                }
            }
        }
        _ => {
            reading.note(Notice::NotRegular(".git".to_owned()));
            None
        }
    }
}

/// A path as it stands in a file of git: absolute, or from the folder of that file.
fn join(folder: &str, path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") }
}

/// Objects can be elsewhere: shallow and partial clones, alternates, names that are no SHA-1.
fn is_partial(reading: &mut Reading<'_>, common: &str) -> bool {
    let config = reading.text(&format!("{common}/config"), TEXT).unwrap_or_default().to_ascii_lowercase();
    let mut partial = false;
    let mut note = |reading: &mut Reading<'_>, holds: bool, notice: Notice| {
        if holds {
            reading.note(notice);
            partial = true;
        }
    };
    let words = |words: [&str; 2]| words.iter().any(|word| config.contains(word));
    note(reading, words(["promisor", "partialclone"]), Notice::Partial);
    note(reading, words(["objectformat", "refstorage"]), Notice::UnknownFormat);
    for (path, notice) in [("shallow", Notice::Shallow), ("objects/info/alternates", Notice::Alternates)] {
        match reading.kind(&format!("{common}/{path}")) {
            Some(FileKind::Absent) => {}
            Some(_) => note(reading, true, notice),
            // The search has ended, which is named: what is there is not known.
            None => return true,
        }
    }
    partial
}

fn is_name(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests;
