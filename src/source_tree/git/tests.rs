use super::*;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write as _;
use tempfile::TempDir;

const COMMIT: &str = "dc0fc120aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "dc0fc12bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const TAG: &str = "7a90000000000000000000000000000000000007";
const TREE: &str = "77ee000000000000000000000000000000000000";

/// A folder with a `.git` in which HEAD is on branch main.
struct Clone(TempDir);

impl Clone {
    fn new() -> Self {
        let clone = Self(tempfile::tempdir().unwrap());
        clone.write("HEAD", "ref: refs/heads/main\n");
        clone.write("objects/pack/.keep", "");
        clone
    }

    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.0.path().join(".git").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn object(&self, name: &str, content: &str) {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content.as_bytes()).unwrap();
        self.write(&format!("objects/{}/{}", &name[..2], &name[2..]), encoder.finish().unwrap());
    }

    fn commit(&self, name: &str) {
        self.object(name, "commit 200\0tree 77ee000000000000000000000000000000000000\n");
    }

    /// A pack that holds entries of which only the headers are sound, which is all that is read.
    fn pack(&self, entries: &[(&str, &[u8])]) {
        let mut pack = b"PACK\0\0\0\x02\0\0\0\0".to_vec();
        let mut offsets = Vec::new();
        for (name, header) in entries {
            offsets.push(((*name).to_owned(), pack.len()));
            pack.extend_from_slice(header);
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
        self.write("objects/pack/pack-1.pack", pack);
        self.write("objects/pack/pack-1.idx", index);
    }

    fn history(&self) -> History {
        History::open(self.0.path()).unwrap()
    }
}

fn found(commit: &str) -> CommitLookup {
    CommitLookup::Found(commit.to_owned())
}

#[test]
fn head_is_found_on_a_branch_packed_loose_or_detached() {
    let clone = Clone::new();
    assert_eq!(clone.history().head(), None);
    clone.write("packed-refs", format!("# pack-refs with: peeled\n{OTHER} refs/heads/main\n"));
    assert_eq!(clone.history().head().as_deref(), Some(OTHER));
    clone.write("refs/heads/main", format!("{COMMIT}\n"));
    assert_eq!(clone.history().head().as_deref(), Some(COMMIT));
    clone.write("HEAD", format!("{OTHER}\n"));
    assert_eq!(clone.history().head().as_deref(), Some(OTHER));
    clone.write("HEAD", "ref: ../../secret\n");
    assert_eq!(clone.history().head(), None);
}

#[test]
fn the_file_of_a_worktree_leads_to_the_repository_that_it_belongs_to() {
    let clone = Clone::new();
    clone.write("refs/heads/side", COMMIT);
    clone.commit(COMMIT);
    clone.write("worktrees/side/HEAD", "ref: refs/heads/side\n");
    clone.write("worktrees/side/commondir", "../..\n");
    let worktree = tempfile::tempdir().unwrap();
    let git = clone.0.path().join(".git/worktrees/side");
    std::fs::write(worktree.path().join(".git"), format!("gitdir: {}\n", git.display())).unwrap();
    let history = History::open(worktree.path()).unwrap();
    assert_eq!(history.head().as_deref(), Some(COMMIT));
    assert_eq!(history.commit("dc0fc12"), found(COMMIT));
}

#[test]
fn tags_stand_for_commits_whether_annotated_or_not() {
    let clone = Clone::new();
    clone.write("refs/heads/main", COMMIT);
    clone.commit(COMMIT);
    clone.write("refs/tags/light", COMMIT);
    clone.write("refs/tags/v1.2.3", TAG);
    clone.object(TAG, &format!("tag 180\0object {COMMIT}\ntype commit\ntag v1.2.3\n"));
    let packed = format!("{TAG} refs/tags/v1.0.0\n^{OTHER}\n{COMMIT} refs/tags/release/one\n");
    clone.write("packed-refs", packed);
    let history = clone.history();
    assert_eq!(history.tag("light").as_deref(), Some(COMMIT));
    assert_eq!(history.tag("v1.2.3").as_deref(), Some(COMMIT));
    assert_eq!(history.tag("v1.0.0").as_deref(), Some(OTHER));
    assert_eq!(history.tag("release/one").as_deref(), Some(COMMIT));
    assert_eq!(history.tag("v9"), None);
    // A tag that was moved since it was packed no longer means what the packed entry says.
    clone.write("refs/tags/v1.0.0", COMMIT);
    assert_eq!(clone.history().tag("v1.0.0").as_deref(), Some(COMMIT));
}

#[test]
fn a_short_name_is_a_commit_only_if_exactly_one_commit_begins_so() {
    let clone = Clone::new();
    clone.commit(COMMIT);
    clone.object(&format!("dc0fc12c{}", "0".repeat(32)), "blob 3\0abc");
    assert_eq!(clone.history().commit("dc0fc12"), found(COMMIT));
    assert_eq!(clone.history().commit("DC0FC12"), found(COMMIT));
    assert_eq!(clone.history().commit(COMMIT), found(COMMIT));
    assert_eq!(clone.history().commit("abcdef0"), CommitLookup::Absent);
    assert_eq!(clone.history().commit("dc0fc12c"), CommitLookup::Absent);
    clone.commit(OTHER);
    assert_eq!(clone.history().commit("dc0fc12"), CommitLookup::Ambiguous);
    assert_eq!(clone.history().commit("dc0fc120"), found(COMMIT));
}

#[test]
fn packed_objects_count_by_the_type_in_their_header_through_deltas_too() {
    let base = "1111111111111111111111111111111111111111";
    let by_offset = "2222222222222222222222222222222222222222";
    let by_name = "3333333333333333333333333333333333333333";
    let clone = Clone::new();
    let mut named = vec![0x70];
    named.extend(hex::decode(base).unwrap());
    clone.pack(&[
        (base, &[0x95, 0x01]),
        (TREE, &[0x25]),
        // Offset 4 minus 1: back over its own predecessor and the tree to the commit.
        (by_offset, &[0x65, 0x03]),
        (by_name, &named),
    ]);
    let history = clone.history();
    for commit in [base, by_offset, by_name] {
        assert_eq!(history.commit(&commit[..7]), found(commit));
    }
    assert_eq!(history.commit(&TREE[..7]), CommitLookup::Absent);
}

#[test]
fn where_objects_may_be_elsewhere_not_found_is_no_answer() {
    let clone = Clone::new();
    clone.commit(COMMIT);
    for (path, text) in [
        ("shallow", COMMIT),
        ("objects/info/alternates", "/elsewhere\n"),
        ("config", "[remote \"origin\"]\n\tpromisor = true\n"),
    ] {
        assert_eq!(clone.history().commit("abcdef0"), CommitLookup::Absent, "before {path}");
        clone.write(path, text);
        assert_eq!(clone.history().commit("abcdef0"), CommitLookup::NoHistory, "{path}");
        assert_eq!(clone.history().commit("dc0fc12"), found(COMMIT), "{path}");
        std::fs::remove_file(clone.0.path().join(".git").join(path)).unwrap();
    }
    clone.write("objects/pack/pack-2.idx", "no index");
    assert_eq!(clone.history().commit("abcdef0"), CommitLookup::NoHistory);
}

#[test]
fn hostile_files_end_without_panic_and_show_nothing() {
    let clone = Clone::new();
    clone.write("refs/heads/main", COMMIT);
    clone.write("objects/dc/0fc120aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", [0x78, 0x9c, 0xff, 0xff]);
    // The reference still names it, so it is known; what it is cannot be told, so nothing else is.
    assert_eq!(clone.history().commit("dc0fc12"), found(COMMIT));
    let object = "4444444444444444444444444444444444444444";
    for header in [
        &[0x60, 0x80][..],
        &[0x60, 0x00],
        &[0x60, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        &[0xf0; 64],
        &[0x50],
        &[0x70, 0x44],
        &[],
    ] {
        clone.pack(&[(object, header)]);
        assert_eq!(clone.history().commit("4444444"), CommitLookup::NoHistory, "{header:?}");
    }
    // A delta on itself.
    let mut own = vec![0x70];
    own.extend(hex::decode(object).unwrap());
    clone.pack(&[(object, &own)]);
    assert_eq!(clone.history().commit("4444444"), CommitLookup::NoHistory);
    for prefix in ["", "d", "../..", "zz", "dc0fc120aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        assert_eq!(clone.history().commit(prefix), CommitLookup::Absent, "{prefix}");
    }
}
