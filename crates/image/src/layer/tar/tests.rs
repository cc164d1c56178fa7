use super::*;
use crate::testing::{archive, file, folder, pax, piece, raw};
use std::io::Cursor;

impl Input for Cursor<Vec<u8>> {}

fn headers(bytes: Vec<u8>) -> Result<Vec<Header>, LayerProblem> {
    let mut reader = Reader::new(Cursor::new(bytes));
    let mut all = Vec::new();
    while let Some(header) = reader.next()? {
        all.push(header);
    }
    Ok(all)
}

/// A pax header before an entry.
fn extended(records: &[u8], entry: &crate::testing::Piece) -> Vec<u8> {
    let mut bytes = raw("PaxHeaders/x", b'x', records, "", entry);
    bytes.extend(archive(std::slice::from_ref(entry)));
    bytes
}

#[test]
fn what_other_writers_write_is_read_as_they_meant_it() {
    let mut builder = tar::Builder::new(Vec::new());
    let long = format!("{}/name", "folder".repeat(30));
    for (path, content) in [("a", "1"), (long.as_str(), "22")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o100_755);
        header.set_uid(0o7_777_777 + 1);
        header.set_mtime(7);
        builder.append_data(&mut header, path, content.as_bytes()).unwrap();
    }
    let read = headers(builder.into_inner().unwrap()).unwrap();
    let seen: Vec<_> = read
        .iter()
        .map(|one| (String::from_utf8_lossy(&one.name).into_owned(), one.size, one.mode, one.user))
        .collect();
    assert_eq!(seen, [("a".to_owned(), 1, 0o755, 0o10_000_000), (long, 2, 0o755, 0o10_000_000)]);
    assert_eq!(read[1].form, Form::Gnu);
}

#[test]
fn records_of_pax_count_over_the_header() {
    let mut records = pax("mtime", b"1700000000.25");
    records.extend(pax("path", b"other/name"));
    records.extend(pax("uid", b"4000000000"));
    records.extend(pax("SCHILY.xattr.security.capability", b"\x01\x00\n="));
    let read = headers(extended(&records, &file("name", b"abc"))).unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!((read[0].seconds, read[0].nanos), (1_700_000_000, 250_000_000));
    assert_eq!(
        (read[0].name.as_slice(), read[0].user, read[0].form),
        (&b"other/name"[..], 4_000_000_000, Form::Pax)
    );
    assert_eq!(read[0].attributes.values().collect::<Vec<_>>(), [&b"\x01\x00\n=".to_vec()]);
}

#[test]
fn a_size_in_a_record_decides_where_the_next_header_begins() {
    let mut entry = file("a", b"");
    entry.content = Vec::new();
    let mut bytes = raw("PaxHeaders/x", b'x', &pax("size", b"600"), "", &entry);
    bytes.extend(raw("a", b'0', b"", "", &entry));
    bytes.extend([7; 600]);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes.extend(archive(&[file("b", b"x")]));
    let read = headers(bytes).unwrap();
    let seen: Vec<_> = read.iter().map(|one| (one.name.as_slice(), one.size)).collect();
    assert_eq!(seen, [(&b"a"[..], 600), (b"b", 1)]);
}

#[test]
fn times_before_1970_and_finer_than_a_second_are_read() {
    assert_eq!(time(b"-1.5"), Some((-2, 500_000_000)));
    assert_eq!(time(b"-3"), Some((-3, 0)));
    assert_eq!(time(b"0.123456789012"), Some((0, 123_456_789)));
    for text in [&b""[..], b".", b"1.x", b"--1", b"1e3"] {
        assert_eq!(time(text), None, "{text:?}");
    }
}

#[test]
fn folders_links_and_devices_have_no_content_whatever_they_claim() {
    let mut entries = vec![folder("d/"), piece("l", b'2', b"", "t"), piece("n", b'3', b"", "")];
    entries.push(file("f", b"x"));
    let mut bytes = archive(&entries);
    // The size of the symbolic link: a reader that believes it loses the entries behind it.
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes().copy_from_slice(&bytes[512..1024]);
    header.set_size(4096);
    header.set_cksum();
    bytes[512..1024].copy_from_slice(header.as_bytes());
    let names: Vec<Vec<u8>> = headers(bytes).unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(names, [&b"d/"[..], b"l", b"n", b"f"]);
}

#[test]
fn what_is_malformed_is_refused_by_name() {
    let sound = archive(&[file("a", b"abc"), file("b", b"")]);
    let mut changed = sound.clone();
    changed[0] ^= 1;
    assert_eq!(headers(changed).unwrap_err(), LayerProblem::Checksum { offset: 0 });
    let cut = sound[..700].to_vec();
    assert!(matches!(headers(cut).unwrap_err(), LayerProblem::Stream { .. }));
    let one_block = [&sound[..1024], &[0; 512], &sound[1024..]].concat();
    assert!(matches!(headers(one_block).unwrap_err(), LayerProblem::Checksum { .. }));
    for records in [&b"x"[..], b"5 a=b\n", b"99 a=b\n", b"0 a=b\n", b"8 path=\0"] {
        let error = headers(extended(records, &file("a", b"")));
        assert!(matches!(error, Err(LayerProblem::Extended { .. })), "{records:?}: {error:?}");
    }
    let nul = headers(extended(&pax("path", b"a\0b"), &file("a", b"")));
    assert!(matches!(nul, Err(LayerProblem::Extended { .. })));
    let sparse = headers(extended(&pax("GNU.sparse.major", b"1"), &file("a", b"")));
    assert!(matches!(sparse, Err(LayerProblem::Kind { flag: b'S', .. })));
}

#[test]
fn a_name_that_claims_gigabytes_costs_nothing() {
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes()[156] = b'L';
    header.set_size(8 << 30);
    header.set_mode(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_cksum();
    assert_eq!(
        headers(header.as_bytes().to_vec()).unwrap_err(),
        LayerProblem::Long { offset: 0, most: NAME_BYTES }
    );
}

#[test]
fn every_number_field_that_is_none_is_named() {
    let sound = archive(&[file("a", b"")]);
    for (at, field) in [(100, "mode"), (108, "uid"), (116, "gid"), (124, "size"), (136, "mtime")] {
        let mut bytes = sound.clone();
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes().copy_from_slice(&bytes[..512]);
        header.as_mut_bytes()[at] = b'z';
        header.set_cksum();
        bytes[..512].copy_from_slice(header.as_bytes());
        assert_eq!(headers(bytes).unwrap_err(), LayerProblem::Number { offset: 0, field });
    }
}
