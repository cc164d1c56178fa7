use super::*;
use crate::git::History;
use crate::memory::MemoryFiles;
use crate::reading::Meter;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write as _;
use veritee_base::Budget;

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A name of forty digits out of two.
fn name(start: &str) -> String {
    format!("{start}{}", "0".repeat(40 - start.len()))
}

/// `100644 a` and so on, each with an object.
fn folder(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (entry, object) in entries {
        out.extend(format!("{entry}\0").bytes());
        out.extend(hex::decode(name(object)).unwrap());
    }
    out
}

fn commit(tree: &str) -> Vec<u8> {
    format!("tree {}\nauthor nobody\n", name(tree)).into_bytes()
}

#[derive(Default)]
struct Repository(MemoryFiles);

impl Repository {
    fn new() -> Self {
        let mut clone = Self::default();
        clone.0.files.insert(".git/HEAD".to_owned(), b"ref: refs/heads/main\n".to_vec());
        clone.0.files.insert(".git/objects/pack/.keep".to_owned(), Vec::new());
        clone
    }

    fn loose(mut self, object: &str, kind: &str, content: &[u8]) -> Self {
        let whole = [format!("{kind} {}\0", content.len()).as_bytes(), content].concat();
        let object = name(object);
        self.0.files.insert(format!(".git/objects/{}/{}", &object[..2], &object[2..]), zlib(&whole));
        self
    }

    /// A pack of entries: name, type, what a delta rests on as it is written, content.
    fn pack(mut self, entries: &[(&str, u8, &[u8], &[u8])]) -> Self {
        let mut pack = b"PACK\0\0\0\x02\0\0\0\0".to_vec();
        let mut offsets = Vec::new();
        for (object, kind, base, content) in entries {
            offsets.push((name(object), pack.len()));
            // Back to what stands before it, where that is asked for.
            let back = offsets.len().checked_sub(2).map(|before| pack.len() - offsets[before].1);
            let size = content.len();
            pack.push((kind << 4) | u8::try_from(size & 15).unwrap() | if size > 15 { 0x80 } else { 0 });
            let mut rest = size >> 4;
            while rest > 0 {
                pack.push(u8::try_from(rest & 0x7f).unwrap() | if rest > 0x7f { 0x80 } else { 0 });
                rest >>= 7;
            }
            match *base {
                b"back" => pack.push(u8::try_from(back.unwrap()).unwrap()),
                base => pack.extend(base),
            }
            pack.extend(zlib(content));
        }
        offsets.sort();
        let mut index = b"\xfftOc\0\0\0\x02".to_vec();
        for byte in 0..=255_u8 {
            let below =
                offsets.iter().filter(|(name, _)| hex::decode(&name[..2]).unwrap()[0] <= byte).count();
            index.extend_from_slice(&u32::try_from(below).unwrap().to_be_bytes());
        }
        offsets.iter().for_each(|(name, _)| index.extend(hex::decode(name).unwrap()));
        offsets.iter().for_each(|_| index.extend_from_slice(&[0; 4]));
        for (_, offset) in &offsets {
            index.extend_from_slice(&u32::try_from(*offset).unwrap().to_be_bytes());
        }
        self.0.files.insert(".git/objects/pack/pack-1.pack".to_owned(), pack);
        self.0.files.insert(".git/objects/pack/pack-1.idx".to_owned(), index);
        self
    }

    fn changes(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let history = History::open(&self.0, Meter::new(&Budget::STANDARD)).unwrap();
        history.changes(&self.0, &name(from), &name(to))
    }
}

/// Commits c1 and c2, whose trees differ in a file, in one below a folder, and in one more.
fn clone() -> Repository {
    Repository::new()
        .loose("c1", "commit", &commit("a1"))
        .loose("c2", "commit", &commit("a2"))
        .loose("a1", "tree", &folder(&[("100644 a", "f1"), ("40000 lib", "b1"), ("100644 same", "f3")]))
        .loose(
            "a2",
            "tree",
            &folder(&[("100644 a", "f2"), ("40000 lib", "b2"), ("100755 new", "f5"), ("100644 same", "f3")]),
        )
        .loose("b1", "tree", &folder(&[("100644 x", "f1"), ("100644 y", "f3")]))
        .loose("b2", "tree", &folder(&[("100644 x", "f2"), ("100644 y", "f3")]))
}

#[test]
fn files_that_differ_are_named_wherever_they_stand_and_no_file_is_read() {
    let clone = clone();
    let expected = ["a", "lib/x", "new"].map(str::to_owned).to_vec();
    assert_eq!(clone.changes("c1", "c2"), Some(expected.clone()));
    assert_eq!(clone.changes("c2", "c1"), Some(expected));
    assert_eq!(clone.changes("c1", "c1"), Some(Vec::new()));
}

#[test]
fn a_file_in_the_place_of_a_folder_and_another_mode_are_changes() {
    let clone = clone().loose("c3", "commit", &commit("a3")).loose(
        "a3",
        "tree",
        &folder(&[("100755 a", "f1"), ("100644 lib", "f9"), ("100644 same", "f3")]),
    );
    let paths = clone.changes("c1", "c3").unwrap();
    assert_eq!(paths, ["a", "lib", "lib/x", "lib/y"]);
}

#[test]
fn packed_objects_and_deltas_are_read_as_git_writes_them() {
    let first = folder(&[("100644 a", "f1"), ("100644 b", "f2")]);
    let second = folder(&[("100644 a", "f1"), ("100644 b", "f7")]);
    let (length, tail) = (u8::try_from(first.len()).unwrap(), second[second.len() - 20..].to_vec());
    // A copy of all but the last twenty bytes, then twenty of its own.
    let delta = [&[length, length, 0x90, length - 20, 20], &tail[..]].concat();
    let (commits, base) = ([commit("a1"), commit("a2")], hex::decode(name("a1")).unwrap());
    for (kind, on) in [(6, b"back".to_vec()), (7, base)] {
        let clone = Repository::new().pack(&[
            ("c1", 1, b"", &commits[0]),
            ("c2", 1, b"", &commits[1]),
            ("a1", 2, b"", &first),
            ("a2", kind, &on, &delta),
        ]);
        assert_eq!(clone.changes("c1", "c2"), Some(vec!["b".to_owned()]), "{kind}");
    }
}

#[test]
fn what_is_missing_broken_or_too_much_leaves_the_question_open() {
    let broken = |change: &dyn Fn(Repository) -> Repository| change(clone()).changes("c1", "c2");
    assert!(broken(&|clone| clone).is_some());
    let without = |object: &str| {
        let mut clone = clone();
        let object = name(object);
        clone.0.files.remove(&format!(".git/objects/{}/{}", &object[..2], &object[2..]));
        clone.changes("c1", "c2")
    };
    for object in ["c1", "c2", "a1", "b2"] {
        assert_eq!(without(object), None, "{object}");
    }
    // A folder that is the same on both sides is not asked for.
    assert!(clone().loose("c4", "commit", &commit("a1")).changes("c1", "c4").is_some());
    assert_eq!(broken(&|clone| clone.loose("a2", "tree", b"100644 a\0short")), None);
    assert_eq!(broken(&|clone| clone.loose("a2", "tree", b"100644")), None);
    assert_eq!(broken(&|clone| clone.loose("c2", "commit", b"tree short")), None);
    let long = format!("100644 {}", "x".repeat(PATH + 1));
    assert_eq!(broken(&|clone| clone.loose("a2", "tree", &folder(&[(&long, "f1")]))), None);
    // A tree that holds itself beside another never ends, and is given up.
    let round = |own: &str| folder(&[("100644 a", own), ("40000 in", own)]);
    assert_eq!(
        broken(&|clone| clone.loose("a1", "tree", &round("a1")).loose("a2", "tree", &round("a2"))),
        None
    );
    // Deltas in a ring, deltas that copy what is not there, sizes that are none.
    let ring = hex::decode(name("a2")).unwrap();
    let missing = [4, 4, 0x90, 200];
    for delta in [&b"\x04\x04\x90\x04"[..], &missing, b"\x04\x04\x00", b"\x04", b""] {
        let commits = [commit("a1"), commit("a2")];
        let clone = Repository::new().pack(&[
            ("c1", 1, b"", &commits[0]),
            ("c2", 1, b"", &commits[1]),
            ("a1", 2, b"", b"abcd"),
            ("a2", 7, &ring, delta),
        ]);
        assert_eq!(clone.changes("c1", "c2"), None, "{delta:?}");
    }
}
