use super::*;
use crate::testing::{Pack, gzip};

fn read(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let head: Vec<u8> = bytes.iter().copied().take(HEAD).collect();
    let compression = recognise(&head).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    Decompressor::new(compression, bytes).read_to_end(&mut out).map_err(|error| error.to_string())?;
    Ok(out)
}

#[test]
fn all_members_and_all_frames_are_read() {
    let data: Vec<u8> = (0..100_000_u32).flat_map(|number| (number / 7).to_le_bytes()).collect();
    for pack in Pack::ALL {
        assert!(read(&pack.pack(&data)).unwrap() == data, "{pack:?}");
    }
}

#[test]
fn what_is_cut_off_or_followed_by_garbage_is_refused() {
    let data = vec![7_u8; 100_000];
    for pack in [Pack::Gzip(6), Pack::Members, Pack::Zstd, Pack::Frames] {
        let packed = pack.pack(&data);
        assert!(read(&packed[..packed.len() - 3]).is_err(), "{pack:?}");
        for garbage in [&b"\0\0\0\0\0\0\0\0"[..], b"garbage."] {
            assert!(read(&[&packed[..], garbage].concat()).is_err(), "{pack:?}");
        }
    }
}

#[test]
fn other_compressions_are_named() {
    assert!(read(b"BZh91AY&SY").unwrap_err().contains("bzip2"));
    assert!(read(b"\xfd7zXZ\0\0\0\0\0").unwrap_err().contains("xz"));
}

#[test]
fn writers_are_told_by_their_first_bytes() {
    let head = |time: u32, system: u8| {
        let time = time.to_le_bytes();
        [0x1f, 0x8b, 8, 0, time[0], time[1], time[2], time[3], 0, system]
    };
    let writer = |time, system| recognise(&head(time, system)).unwrap().writer();
    assert_eq!(writer(0, 255), Some(Writer::Go));
    assert_eq!(writer(2_288_912_640, 255), Some(Writer::Pgzip));
    assert_eq!(writer(0, 3), Some(Writer::Unix));
    assert_eq!(writer(1_700_000_000, 3), Some(Writer::Timed));
    assert_eq!(recognise(&gzip(b"", 6)[..10]).unwrap().name(), "gzip");
}
