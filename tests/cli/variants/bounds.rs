//! Work beyond the input, of our own making: indexes of packs.

use super::Variant;
use crate::program::Folder;
use std::fs::File;

const TAG: &str = "abcdef12";

fn name(number: u32) -> [u8; 20] {
    let mut name = [0; 20];
    name[..4].copy_from_slice(&[0xab, 0xcd, 0xef, 0x12]);
    name[16..].copy_from_slice(&number.to_be_bytes());
    name
}

/// An index of these names that claims this many (gitformat-pack, version 2).
fn index(names: &[[u8; 20]], claimed: u32) -> Vec<u8> {
    let mut bytes = b"\xfftOc\0\0\0\x02".to_vec();
    for byte in 0..=255_u8 {
        bytes.extend((if byte >= 0xab { claimed } else { 0 }).to_be_bytes());
    }
    names.iter().for_each(|name| bytes.extend(name));
    names.iter().for_each(|_| bytes.extend([0; 4]));
    names.iter().for_each(|_| bytes.extend(12_u32.to_be_bytes()));
    bytes
}

/// A tree with a git folder, and a compose whose images bear tags that look like commits.
fn tree(images: usize) -> Folder {
    let folder = Folder::empty();
    std::fs::create_dir_all(folder.file("tree/.git/objects/pack")).unwrap();
    folder.write("tree/.git/HEAD", "ref: refs/heads/main\n");
    folder.write("tree/Dockerfile", "FROM scratch\n");
    let services: String =
        (0..images).map(|at| format!("  s{at}:\n    image: \"x/y{at}:{TAG}\"\n")).collect();
    folder.write("compose.yml", format!("services:\n{services}"));
    folder
}

fn audit(folder: &Folder) {
    crate::bounds::bounded(folder, &["audit", "tree", "--compose", "compose.yml"]);
}

fn holed(folder: &Folder, name: &str, length: u64) {
    let file = File::options().write(true).create(true).truncate(false).open(folder.file(name)).unwrap();
    if file.set_len(length).is_err() {
        eprintln!("skipped: this file system keeps no holes");
    }
}

pub(super) const BOUNDS: &[Variant] = &[
    ("bounds/git-index-quadratic", "many names that begin like the tag, asked for by many images", || {
        let folder = tree(40);
        let names: Vec<[u8; 20]> = (0..20_000).map(name).collect();
        folder.write("tree/.git/objects/pack/a.idx", index(&names, 20_000));
        folder.write("tree/.git/objects/pack/a.pack", b"PACK\0\0\0\x02\0\0\0\0");
        audit(&folder);
    }),
    ("bounds/git-index-quadratic", "the same names in many indexes", || {
        let folder = tree(1);
        let names: Vec<[u8; 20]> = (0..5_000).map(name).collect();
        for at in 0..12 {
            folder.write(&format!("tree/.git/objects/pack/a{at}.idx"), index(&names, 5_000));
            folder.write(&format!("tree/.git/objects/pack/a{at}.pack"), b"PACK\0\0\0\x02\0\0\0\0");
        }
        audit(&folder);
    }),
    ("bounds/git-index-quadratic", "one name thousands of times", || {
        let folder = tree(1);
        folder.write("tree/.git/objects/pack/a.idx", index(&vec![name(1); 40_000], 40_000));
        folder.write("tree/.git/objects/pack/a.pack", b"PACK\0\0\0\x02\0\0\0\0");
        audit(&folder);
    }),
    ("bounds/git-index-sparse-memory", "an index that is a hole", || {
        let folder = tree(1);
        folder.write("tree/.git/objects/pack/a.idx", index(&[], 150_000_000));
        holed(&folder, "tree/.git/objects/pack/a.idx", 1032 + 150_000_000 * 28);
        folder.write("tree/.git/objects/pack/a.pack", "PACK");
        audit(&folder);
    }),
    ("bounds/git-index-sparse-memory", "an index that claims more than it has", || {
        let folder = tree(1);
        folder.write("tree/.git/objects/pack/a.idx", index(&[name(1)], u32::MAX));
        folder.write("tree/.git/objects/pack/a.pack", "PACK");
        audit(&folder);
    }),
    ("bounds/git-index-sparse-memory", "a pack that is a hole", || {
        let folder = tree(1);
        folder.write("tree/.git/objects/pack/a.idx", index(&[name(1)], 1));
        folder.write("tree/.git/objects/pack/a.pack", b"PACK\0\0\0\x02\0\0\0\x01\x95\x0a");
        holed(&folder, "tree/.git/objects/pack/a.pack", 8 << 30);
        audit(&folder);
    }),
];
