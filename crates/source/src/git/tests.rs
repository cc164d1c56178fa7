use super::*;
use crate::files::Kind;
use crate::memory::MemoryFiles;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write as _;
use veritee_base::Budget;

const COMMIT: &str = "dc0fc120aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "dc0fc12bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const TAG: &str = "7a90000000000000000000000000000000000007";
const TREE: &str = "77ee000000000000000000000000000000000000";

/// A folder with a `.git` in which HEAD is on branch main.
#[derive(Clone)]
struct Repository(MemoryFiles);

/// A history with the files that it is asked about.
struct Asked(MemoryFiles, History);

impl Asked {
    fn head(&self) -> Option<String> {
        self.1.head()
    }

    fn tag(&mut self, name: &str) -> Option<String> {
        self.1.tag(&self.0, name)
    }

    fn commit(&mut self, prefix: &str) -> CommitLookup {
        self.1.commit(&self.0, prefix)
    }

    fn names(&self) -> Vec<&'static str> {
        self.1.notices().iter().map(Notice::name).collect()
    }
}

impl Repository {
    fn new() -> Self {
        let mut repository = Self(MemoryFiles::default());
        repository.write("HEAD", "ref: refs/heads/main\n");
        repository.write("objects/pack/.keep", "");
        repository
    }

    fn write(&mut self, path: &str, bytes: impl AsRef<[u8]>) {
        self.0.files.insert(format!(".git/{path}"), bytes.as_ref().to_vec());
    }

    fn object(&mut self, name: &str, content: &str) {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content.as_bytes()).unwrap();
        self.write(&format!("objects/{}/{}", &name[..2], &name[2..]), encoder.finish().unwrap());
    }

    fn commit(&mut self, name: &str) {
        self.object(name, "commit 200\0tree 77ee000000000000000000000000000000000000\n");
    }

    /// A pack that holds entries of which only the headers are sound, which is all that is read.
    fn pack(&mut self, entries: &[(&str, &[u8])]) {
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

    fn history(&self) -> Asked {
        self.within(&Budget::STANDARD)
    }

    fn within(&self, budget: &Budget) -> Asked {
        Asked(self.0.clone(), History::open(&self.0, Meter::new(budget)).unwrap())
    }
}

fn found(commit: &str) -> CommitLookup {
    CommitLookup::Found(commit.to_owned())
}

#[test]
fn head_is_found_on_a_branch_packed_loose_or_detached() {
    let mut clone = Repository::new();
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
    let mut clone = Repository::new();
    clone.write("refs/heads/side", COMMIT);
    clone.commit(COMMIT);
    clone.write("worktrees/side/HEAD", "ref: refs/heads/side\n");
    clone.write("worktrees/side/commondir", "../..\n");
    // The same files as they are seen from the worktree: the repository stands beside it.
    let mut worktree = MemoryFiles::default();
    for (path, bytes) in &clone.0.files {
        worktree.files.insert(format!("/repository/{path}"), bytes.clone());
        worktree.files.insert(format!("/repository/.git/worktrees/side/../../{}", &path[5..]), bytes.clone());
    }
    worktree.files.insert(".git".to_owned(), b"gitdir: /repository/.git/worktrees/side\n".to_vec());
    let mut history =
        Asked(worktree.clone(), History::open(&worktree, Meter::new(&Budget::STANDARD)).unwrap());
    assert_eq!(history.head().as_deref(), Some(COMMIT));
    assert_eq!(history.commit("dc0fc12"), found(COMMIT));
    worktree.files.insert(".git".to_owned(), b"gitdir: /gone\n".to_vec());
    let mut history =
        Asked(worktree.clone(), History::open(&worktree, Meter::new(&Budget::STANDARD)).unwrap());
    assert_eq!(history.commit("dc0fc12"), CommitLookup::NoHistory);
    assert_eq!(history.names(), ["git-objects-unreadable"]);
}

#[test]
fn tags_stand_for_commits_whether_annotated_or_not() {
    let mut clone = Repository::new();
    clone.write("refs/heads/main", COMMIT);
    clone.commit(COMMIT);
    clone.write("refs/tags/light", COMMIT);
    clone.write("refs/tags/v1.2.3", TAG);
    clone.object(TAG, &format!("tag 180\0object {COMMIT}\ntype commit\ntag v1.2.3\n"));
    let packed = format!("{TAG} refs/tags/v1.0.0\n^{OTHER}\n{COMMIT} refs/tags/release/one\n");
    clone.write("packed-refs", packed);
    let mut history = clone.history();
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
    let mut clone = Repository::new();
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
    let mut clone = Repository::new();
    let mut named = vec![0x70];
    named.extend(hex::decode(base).unwrap());
    clone.pack(&[
        (base, &[0x95, 0x01]),
        (TREE, &[0x25]),
        // Offset 4 minus 1: back over its own predecessor and the tree to the commit.
        (by_offset, &[0x65, 0x03]),
        (by_name, &named),
    ]);
    let mut history = clone.history();
    for commit in [base, by_offset, by_name] {
        assert_eq!(history.commit(&commit[..7]), found(commit));
    }
    assert_eq!(history.commit(&TREE[..7]), CommitLookup::Absent);
}

#[test]
fn where_objects_may_be_elsewhere_not_found_is_no_answer() {
    let mut clone = Repository::new();
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
        clone.0.files.remove(&format!(".git/{path}"));
    }
    clone.write("objects/pack/pack-2.idx", "no index");
    assert_eq!(clone.history().commit("abcdef0"), CommitLookup::NoHistory);
}

#[test]
fn hostile_files_end_without_panic_and_show_nothing() {
    let mut clone = Repository::new();
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

/// The index and the pack of one entry, a delta on itself by name.
fn pack_on_itself(clone: &mut Repository, file: &str, object: &str) {
    let mut own = vec![0x70];
    own.extend(hex::decode(object).unwrap());
    clone.pack(&[(object, &own)]);
    for extension in ["idx", "pack"] {
        let bytes = clone.0.files.remove(&format!(".git/objects/pack/pack-1.{extension}")).unwrap();
        clone.write(&format!("objects/pack/{file}.{extension}"), bytes);
    }
}

#[test]
fn packs_of_deltas_on_themselves_end_at_once_however_many_there_are() {
    let object = "abc1234000000000000000000000000000000000";
    for count in [1, 2, 64, 1000] {
        let mut clone = Repository::new();
        for number in 0..count {
            pack_on_itself(&mut clone, &format!("p{number}"), object);
        }
        let mut history = clone.history();
        assert_eq!(history.commit("abc1234"), CommitLookup::NoHistory, "{count}");
        assert_eq!(history.names().first(), Some(&"git-delta-cycle"), "{count}");
    }
}

#[test]
fn circles_of_deltas_through_others_are_named_and_long_chains_are_followed() {
    let name = |number: usize| format!("{number:040x}");
    let headers: Vec<(String, Vec<u8>)> = (0..300)
        .map(|number| {
            let mut header = vec![0x70];
            header.extend(hex::decode(name((number + 1) % 300)).unwrap());
            (name(number), header)
        })
        .collect();
    let entries: Vec<(&str, &[u8])> =
        headers.iter().map(|(name, header)| (name.as_str(), &header[..])).collect();
    let mut clone = Repository::new();
    clone.pack(&entries);
    let mut history = clone.history();
    assert_eq!(history.commit(&name(7)), CommitLookup::NoHistory);
    assert_eq!(history.names(), ["git-delta-cycle"]);
    let mut ended = headers.clone();
    ended[299].1 = vec![0x15];
    let entries: Vec<(&str, &[u8])> =
        ended.iter().map(|(name, header)| (name.as_str(), &header[..])).collect();
    let mut clone = Repository::new();
    clone.pack(&entries);
    assert_eq!(clone.history().commit(&name(7)), found(&name(7)));
    assert!(clone.history().names().is_empty());
}

#[test]
fn an_index_of_thousands_of_names_that_begin_alike_costs_steps_and_no_square() {
    let mut clone = Repository::new();
    let names: Vec<String> = (0..4000).map(|number| format!("abcdef12{number:032x}")).collect();
    let blobs: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &[0x35][..])).collect();
    clone.pack(&blobs);
    assert_eq!(clone.history().commit("abcdef12"), CommitLookup::Absent);
    let commits: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &[0x15][..])).collect();
    clone.pack(&commits);
    // Two commits are enough to answer.
    let mut budget = Budget::STANDARD;
    budget.git_steps = 100;
    assert_eq!(clone.within(&budget).commit("abcdef12"), CommitLookup::Ambiguous);
    // All questions together have one budget.
    clone.pack(&blobs);
    budget.git_steps = 20_000;
    let mut history = clone.within(&budget);
    for _ in 0..2 {
        history.commit("abcdef12");
        history.commit("abcdef1");
    }
    assert_eq!(history.names(), ["git-history-too-costly"]);
    assert_eq!(history.commit("abcdef12000"), CommitLookup::NoHistory);
}

#[test]
fn an_index_with_a_hole_is_read_in_pieces() {
    let mut clone = Repository::new();
    let names: u32 = 200_000_000;
    let mut head = b"\xfftOc\0\0\0\x02".to_vec();
    for byte in 0..256 {
        head.extend((if byte >= 0xab { names } else { 0 }).to_be_bytes());
    }
    clone.write("objects/pack/a.idx", &head);
    clone.write("objects/pack/a.pack", "PACK");
    // As large as it says, but for a hole.
    let size = 8 + 1024 + u64::from(names) * 28;
    clone.0.others.insert(".git/objects/pack/a.idx".to_owned(), Kind::File(size));
    let mut budget = Budget::STANDARD;
    budget.git_bytes = 10_000;
    assert_eq!(clone.within(&budget).commit("abcdef12"), CommitLookup::Absent);
    // Smaller than what it says.
    clone.0.others.insert(".git/objects/pack/a.idx".to_owned(), Kind::File(140 << 20));
    let mut history = clone.within(&budget);
    assert_eq!(history.commit("abcdef12"), CommitLookup::NoHistory);
    assert_eq!(history.names(), ["git-objects-unreadable"]);
}

#[test]
fn pipes_links_and_devices_are_named_and_never_opened() {
    for kind in [Kind::Special, Kind::Link] {
        for path in
            [".git/HEAD", ".git/refs", ".git/refs/heads/x", ".git/packed-refs", ".git/config", ".git/objects"]
        {
            let mut clone = Repository::new();
            clone.0.files.retain(|known, _| known != path && !known.starts_with(&format!("{path}/")));
            clone.0.others.insert(path.to_owned(), kind);
            let mut history = clone.history();
            history.commit("abcdef0");
            assert_eq!(history.names(), ["git-not-a-regular-file"], "{path}");
        }
        for path in [".git/objects/ab", ".git/objects/pack", ".git/objects/pack/x.idx"] {
            let mut clone = Repository::new();
            clone.0.files.remove(".git/objects/pack/.keep");
            clone.write("objects/info/x", "");
            clone.0.others.insert(path.to_owned(), kind);
            let mut history = clone.history();
            assert_eq!(history.commit("abcdef0"), CommitLookup::NoHistory, "{path}");
            assert_eq!(history.names(), ["git-not-a-regular-file"], "{path}");
        }
        let mut only = MemoryFiles::default();
        only.others.insert(".git".to_owned(), kind);
        let history = History::open(&only, Meter::new(&Budget::STANDARD)).unwrap();
        assert_eq!(history.notices(), [Notice::NotRegular(".git".to_owned())]);
    }
}

#[test]
fn references_beyond_their_size_and_folders_beyond_their_number_are_named() {
    let mut clone = Repository::new();
    clone.0.others.insert(".git/packed-refs".to_owned(), Kind::File(1 << 40));
    assert_eq!(clone.history().names(), ["git-file-too-large"]);
    let mut clone = Repository::new();
    for number in 0..500 {
        clone.write(&format!("refs/heads/{number}"), COMMIT);
    }
    let mut budget = Budget::STANDARD;
    budget.git_steps = 300;
    assert_eq!(clone.within(&budget).names(), ["git-history-too-costly"]);
}

#[test]
fn a_packed_annotated_tag_stands_for_its_commit() {
    let mut encoder = ZlibEncoder::new(vec![0xc5, 0x05], Compression::default());
    encoder.write_all(format!("object {COMMIT}\ntype commit\ntag v3\n").as_bytes()).unwrap();
    let body = encoder.finish().unwrap();
    let mut clone = Repository::new();
    clone.pack(&[(COMMIT, &[0x15]), (TAG, &body)]);
    clone.write("refs/tags/v3", TAG);
    assert_eq!(clone.history().tag("v3").as_deref(), Some(COMMIT));
}

proptest::proptest! {
    #[test]
    fn any_bytes_in_any_place_end_within_the_budget(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2000),
        place in 0_usize..7,
    ) {
        let mut clone = Repository::new();
        clone.pack(&[(COMMIT, &[0x15]), (TAG, &[0x45])]);
        let paths = ["HEAD", "packed-refs", "objects/pack/pack-1.idx", "objects/pack/pack-1.pack", "config",
            "refs/tags/x", "objects/dc/0fc120aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"];
        clone.write(paths[place], bytes);
        let mut history = clone.history();
        for prefix in ["dc0fc12", "7a90", "0000"] {
            history.commit(prefix);
        }
        history.tag("x");
    }
}
