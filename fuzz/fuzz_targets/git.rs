//! The `.git` of a source tree: no panic, within the budget, the same answers twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_model::Budget;
use veritee_source::{Kind, MemoryFiles, SourceTree, Tree};

/// Where the pieces of an input go: behind each stands a byte that says how long it is, in steps of 32.
const PLACES: [&str; 9] = [
    ".git/HEAD",
    ".git/packed-refs",
    ".git/refs/tags/v1",
    ".git/objects/pack/a.idx",
    ".git/objects/pack/a.pack",
    ".git/objects/ab/cdef120000000000000000000000000000000000",
    ".git/config",
    ".git/commondir",
    ".git/objects/info/alternates",
];

fn files(data: &[u8]) -> MemoryFiles {
    let mut files = MemoryFiles::default();
    let mut rest = data;
    for place in PLACES {
        let Some((length, after)) = rest.split_first() else { break };
        if *length == 0xff {
            files.others.insert(place.to_owned(), Kind::Special);
            rest = after;
            continue;
        }
        let (piece, after) = after.split_at(after.len().min(usize::from(*length) * 32));
        files.files.insert(place.to_owned(), piece.to_vec());
        rest = after;
    }
    files
}

fuzz_target!(|data: &[u8]| {
    let mut budget = Budget::STANDARD;
    budget.git_steps = 5_000;
    let ask = || {
        let tree = Tree::open(files(data), &budget).expect("it lists");
        let answers: Vec<_> = ["abcdef12", "abcd", "0000000"].iter().map(|name| tree.commit(name)).collect();
        (tree.head(), tree.tag("v1"), answers, tree.notices())
    };
    assert_eq!(ask(), ask());
});
