use super::*;
use crate::testing::{Pack, archive, file, folder, piece};
use veritee_base::Budget;

struct Nobody;

impl Visitor for Nobody {
    fn file(&mut self, _: &[u8], _: u64) -> bool {
        false
    }
    fn content(&mut self, _: &[u8]) {}
    fn end(&mut self) -> Option<[u8; 32]> {
        None
    }
}

fn read_layer(bytes: &[u8]) -> Result<Layer, ImageError> {
    read(bytes, Algorithm::Sha256, Depth::Entries(&mut Nobody), &mut Meter::new(&Budget::STANDARD))
}

#[test]
fn both_digests_are_over_all_bytes_however_they_are_packed() {
    let tar = archive(&[folder("a/"), file("a/b", &[3; 70_000])]);
    for pack in Pack::ALL {
        let packed = pack.pack(&tar);
        let layer = read_layer(&packed).unwrap();
        assert_eq!((layer.digest, layer.size), (Digest::of(&packed), packed.len() as u64), "{pack:?}");
        assert_eq!((layer.diff_id, layer.unpacked), (Digest::of(&tar), tar.len() as u64));
        let shallow =
            read(&packed[..], Algorithm::Sha256, Depth::Digests, &mut Meter::new(&Budget::STANDARD));
        assert_eq!(shallow.unwrap().diff_id, Digest::of(&tar));
        let expected: [u8; 32] = sha2::Sha256::digest([3; 70_000]).into();
        assert_eq!(layer.entries[1].kind, EntryKind::File { size: 70_000, digest: expected });
    }
}

#[test]
fn bytes_behind_the_end_count_for_the_digest_and_are_told() {
    let mut tar = archive(&[file("a", b"x")]);
    tar.extend([0, 5, 0, 6]);
    let layer = read_layer(&tar).unwrap();
    assert_eq!((layer.diff_id, layer.trailing), (Digest::of(&tar), 2));
    assert_eq!(layer.entries.len(), 1);
}

#[test]
fn tricks_with_paths_are_refused_by_name() {
    for (entry, words) in [
        (file("../etc/passwd", b""), "leads out"),
        (file("a/../../b", b""), "leads out"),
        (piece("l", b'1', b"", "../x"), "leads out"),
        (piece("l", b'1', b"", ""), "is empty"),
        (file("a/.wh...", b""), "whiteout"),
        (file("a/.wh..", b""), "whiteout"),
        (file("a/.wh.", b""), "whiteout"),
        (piece("s", b'S', b"", ""), "kind"),
        (piece("v", b'V', b"", ""), "kind"),
        (piece("c", b'7', b"", ""), "kind"),
    ] {
        let error = read_layer(&archive(std::slice::from_ref(&entry))).unwrap_err().to_string();
        assert!(error.contains(words), "{entry:?}: {error}");
    }
    // Both unpack below the root, and so they are read.
    for path in ["/etc/passwd", "./etc//passwd"] {
        assert_eq!(&read_layer(&archive(&[file(path, b"")])).unwrap().entries[0].path[..], b"etc/passwd");
    }
}

#[test]
fn a_link_with_dots_is_kept_as_it_is_written() {
    let layer = read_layer(&archive(&[piece("l", b'2', b"", "../../etc/x")])).unwrap();
    assert_eq!(layer.entries[0].kind, EntryKind::Link(b"../../etc/x".as_slice().into()));
}

#[test]
fn more_entries_names_or_bytes_than_the_budget_has_are_refused() {
    let tar = archive(&[file("aa", b""), file("bb", b""), file("cc", b"")]);
    let within = |change: fn(&mut Budget)| {
        let mut budget = Budget::STANDARD;
        change(&mut budget);
        let mut meter = Meter::new(&budget);
        read(&tar[..], Algorithm::Sha256, Depth::Entries(&mut Nobody), &mut meter)
            .map_err(|error| error.to_string())
    };
    assert!(within(|_| ()).is_ok());
    assert!(within(|budget| budget.image_entries = 2).unwrap_err().contains("more than 2 entries"));
    assert!(within(|budget| budget.image_name_bytes = 5).unwrap_err().contains("bytes of names"));
    assert!(within(|budget| budget.image_unpacked_bytes = 600).unwrap_err().contains("bomb"));
}

/// Zeros, as many as asked for.
struct Zeros(u64);

impl Read for Zeros {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = usize::try_from(self.0).unwrap_or(usize::MAX).min(buffer.len());
        buffer[..count].fill(0);
        self.0 -= count as u64;
        Ok(count)
    }
}

#[test]
fn a_decompression_bomb_is_refused_while_it_grows() {
    let mut budget = Budget::STANDARD;
    budget.image_unpacked_bytes = 64 << 20;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::copy(&mut Zeros(80 << 20), &mut encoder).unwrap();
    let packed = encoder.finish().unwrap();
    let result = read(&packed[..], Algorithm::Sha256, Depth::Digests, &mut Meter::new(&budget));
    match result {
        Err(ImageError::Layer { problem: LayerProblem::Bomb { to, .. }, .. }) => {
            assert!(to < (65 << 20), "{to}");
        }
        other => panic!("{other:?}"),
    }
}
