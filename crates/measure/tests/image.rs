//! Images are believed file by file, and only when they are the claimed one.

mod common;

use common::forge;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::io::Write as _;
use tar::{Builder, EntryType, Header};
use veritee_measure::PassOrder;
use veritee_measure::image::archive::{self, ArchiveError};
use veritee_measure::image::{
    BootComparison, FileError, ImageError, ImageFiles, ImageLimits, ImageMeasurement, MemoryImage, measure,
};
use veritee_measure::kernel::{self, KernelHeader};
use veritee_model::{Mrtd, Reason, Rtmr, Sha256Digest};

const MEMORY: u64 = 4 << 30;

fn measured(image: &MemoryImage) -> Result<ImageMeasurement, ImageError> {
    measure(image, None, MEMORY, &ImageLimits::STANDARD)
}

#[test]
fn an_image_is_measured_part_by_part() {
    let image = forge::image();
    let hash = forge::hash(&image);
    let measured = measure(&image, Some(&hash), MEMORY, &ImageLimits::STANDARD).unwrap();
    assert_eq!(*measured.hash(), hash);
    let kernel = measured.kernels()[0];
    assert_eq!(kernel.0, KernelHeader::Patched);
    let comparison = measured.compare(
        &measured.mrtd(PassOrder::TwoPass),
        &kernel::rtmr1(kernel.1),
        &kernel::rtmr2(*measured.command_line(), *measured.initrd()),
    );
    let expected = BootComparison {
        pass_order: Some(PassOrder::TwoPass),
        header: Some(KernelHeader::Patched),
        rtmr2: true,
    };
    assert_eq!(comparison, expected);
    assert!(comparison.complete());
}

#[test]
fn each_register_that_differs_is_named() {
    let measured = measured(&forge::image()).unwrap();
    let rtmr1 = kernel::rtmr1(measured.kernels()[1].1);
    let mrtd = measured.mrtd(PassOrder::SinglePass);
    let rtmr2 = measured.rtmr2();
    let first = |mrtd, rtmr1, rtmr2| {
        let comparison = measured.compare(&mrtd, &rtmr1, &rtmr2);
        assert!(!comparison.complete());
        comparison.first_difference().unwrap().0
    };
    assert_eq!(first(Mrtd::new([0; 48]), rtmr1, rtmr2), "mrtd");
    assert_eq!(first(mrtd, Rtmr::ZERO, rtmr2), "rtmr1");
    assert_eq!(first(mrtd, rtmr1, Rtmr::ZERO), "rtmr2");
    assert!(measured.compare(&mrtd, &rtmr1, &rtmr2).complete());
}

#[test]
fn an_appended_line_makes_another_image() {
    let mut image = forge::image();
    let claimed = forge::hash(&image);
    let mut lines = image.0["sha256sum.txt"].clone();
    lines.extend(format!("{}  extra\n", Sha256Digest::of(b"")).bytes());
    image.0.insert("sha256sum.txt".to_owned(), lines);
    image.0.insert("extra".to_owned(), Vec::new());
    let error = measure(&image, Some(&claimed), MEMORY, &ImageLimits::STANDARD).unwrap_err();
    assert_eq!(error, ImageError::Hash { expected: claimed, got: forge::hash(&image) });
    assert_eq!(error.reason(), Reason::OsImageOther);
}

#[test]
fn a_changed_file_is_refused_and_named() {
    for name in ["ovmf.fd", "bzImage", "initramfs.cpio.gz", "metadata.json"] {
        let mut image = forge::image();
        image.0.get_mut(name).unwrap()[3] ^= 1;
        let error = measured(&image).unwrap_err();
        assert!(matches!(&error, ImageError::FileHash { name: named, .. } if named == name), "{error}");
        assert_eq!(error.reason(), Reason::OsImageFileMismatch);
    }
}

#[test]
fn a_missing_file_is_refused_and_named() {
    for name in ["sha256sum.txt", "ovmf.fd", "bzImage", "initramfs.cpio.gz", "metadata.json"] {
        let mut image = forge::image();
        image.0.remove(name);
        let error = measured(&image).unwrap_err();
        assert_eq!(error, ImageError::Missing { name: name.to_owned() });
        assert_eq!(error.reason(), Reason::OsImageIncomplete);
    }
}

#[test]
fn a_file_that_is_not_listed_is_not_used() {
    let mut image = forge::image();
    image.0.insert("other.fd".to_owned(), forge::firmware());
    let mut metadata: serde_json::Value = serde_json::from_slice(&image.0["metadata.json"]).unwrap();
    metadata["bios"] = "other.fd".into();
    image.0.insert("metadata.json".to_owned(), metadata.to_string().into_bytes());
    let firmware = image.0.remove("other.fd").unwrap();
    forge::seal(&mut image);
    image.0.insert("other.fd".to_owned(), firmware);
    let error = measured(&image).unwrap_err();
    assert_eq!(error, ImageError::NotListed { name: "other.fd".to_owned() });
}

#[test]
fn a_listed_name_that_leaves_the_folder_is_never_opened() {
    /// Files of which only the checksum file may be asked for.
    struct Guarded(Vec<u8>);
    impl ImageFiles for Guarded {
        fn size(&self, name: &str) -> Result<Option<u64>, FileError> {
            assert_eq!(name, "sha256sum.txt");
            Ok(Some(u64::try_from(self.0.len()).unwrap()))
        }
        fn read(&self, _name: &str, _limit: u64) -> Result<Vec<u8>, FileError> {
            Ok(self.0.clone())
        }
    }
    for name in ["../../etc/shadow", "/etc/shadow", "a/../b"] {
        let line = format!("{}  {name}\n", Sha256Digest::of(b""));
        let error = measure(&Guarded(line.into_bytes()), None, MEMORY, &ImageLimits::STANDARD).unwrap_err();
        assert_eq!(error.reason(), Reason::OsImagePath);
    }
}

#[test]
fn a_file_of_ten_gigabytes_is_refused_before_it_is_read() {
    struct Huge(MemoryImage);
    impl ImageFiles for Huge {
        fn size(&self, name: &str) -> Result<Option<u64>, FileError> {
            if name == "bzImage" { Ok(Some(10 << 30)) } else { self.0.size(name) }
        }
        fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, FileError> {
            assert_ne!(name, "bzImage");
            self.0.read(name, limit)
        }
    }
    let error = measure(&Huge(forge::image()), None, MEMORY, &ImageLimits::STANDARD).unwrap_err();
    assert_eq!(error, ImageError::TooLarge { name: "bzImage".to_owned(), most: 512 << 20, got: 10 << 30 });
    assert_eq!(error.reason(), Reason::OsImageTooLarge);
}

#[test]
fn a_file_that_grows_while_it_is_read_is_refused() {
    struct Growing(MemoryImage);
    impl ImageFiles for Growing {
        fn size(&self, _name: &str) -> Result<Option<u64>, FileError> {
            Ok(Some(1))
        }
        fn read(&self, name: &str, _limit: u64) -> Result<Vec<u8>, FileError> {
            Ok(self.0.0[name].clone())
        }
    }
    let mut limits = forge::limits();
    limits.text_bytes = 16;
    let error = measure(&Growing(forge::image()), None, MEMORY, &limits).unwrap_err();
    assert!(matches!(error, ImageError::TooLarge { most: 16, .. }));
}

#[test]
fn all_files_together_have_a_limit() {
    let mut limits = forge::limits();
    limits.total_bytes = 0x3_2000;
    let error = measure(&forge::image(), None, MEMORY, &limits).unwrap_err();
    assert!(matches!(error, ImageError::TooLarge { .. }), "{error}");
}

#[test]
fn metadata_with_two_meanings_or_of_other_types_is_refused() {
    let with = |text: &str| {
        let mut image = forge::image();
        image.0.insert("metadata.json".to_owned(), text.as_bytes().to_vec());
        forge::seal(&mut image);
        measured(&image).unwrap_err().reason()
    };
    let good = r#""bios":"ovmf.fd","kernel":"bzImage","initrd":"initramfs.cpio.gz","cmdline":"a""#;
    for text in [
        format!(r#"{{{good},"is_dev":true,"is_dev":false}}"#),
        format!(r#"{{{good},"is_dev":"false"}}"#),
        format!(r#"{{{good},"is_dev":0}}"#),
        "[]".to_owned(),
        "{}".to_owned(),
        good.to_owned(),
        format!("{{{}}}", good.replace(r#""a""#, r#"" ""#)),
    ] {
        assert_eq!(with(&text), Reason::OsImageMalformed, "{text}");
    }
}

#[test]
fn a_kernel_or_firmware_that_is_none_is_refused_by_name() {
    for (name, part) in [("bzImage", "kernel"), ("ovmf.fd", "firmware")] {
        let mut image = forge::image();
        image.0.insert(name.to_owned(), vec![0; 0x2000]);
        forge::seal(&mut image);
        let error = measured(&image).unwrap_err();
        assert_eq!(error.reason(), Reason::OsImageMalformed);
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn a_normalized_kernel_is_measured_as_shipped() {
    let image = forge::image_with(&json!({ "kernel_header_normalized": true }));
    let measured = measured(&image).unwrap();
    let shipped = measured.kernels().iter().find(|(header, _)| *header == KernelHeader::AsShipped).unwrap().1;
    let comparison =
        measured.compare(&measured.mrtd(PassOrder::SinglePass), &kernel::rtmr1(shipped), &measured.rtmr2());
    assert_eq!(comparison.header, Some(KernelHeader::AsShipped));
}

// --- archives --------------------------------------------------------------------------------------------------

fn header(name: &str, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    // Written raw: the library refuses to set a path that leaves the folder.
    let place = &mut header.as_old_mut().name;
    place[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

fn archive_of(image: &MemoryImage, prefix: &str) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    if !prefix.is_empty() {
        builder.append(&header(prefix, EntryType::Directory, 0), &[][..]).unwrap();
    }
    for (name, bytes) in &image.0 {
        let size = u64::try_from(bytes.len()).unwrap();
        builder.append(&header(&format!("{prefix}{name}"), EntryType::Regular, size), &bytes[..]).unwrap();
    }
    builder.into_inner().unwrap()
}

fn read(bytes: &[u8]) -> Result<MemoryImage, ArchiveError> {
    let (start, rest) = bytes.split_at(bytes.len().min(4));
    archive::read(start, rest, &ImageLimits::STANDARD)
}

#[test]
fn an_archive_is_read_plain_and_compressed_with_and_without_the_current_folder() {
    let image = forge::image();
    for prefix in ["", "./"] {
        let plain = archive_of(&image, prefix);
        assert_eq!(read(&plain).unwrap(), image);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&plain).unwrap();
        assert_eq!(read(&encoder.finish().unwrap()).unwrap(), image);
    }
}

#[test]
fn links_devices_and_folders_are_refused() {
    let archive = |kind| {
        let mut builder = Builder::new(Vec::new());
        builder.append(&header("ovmf.fd", kind, 0), &[][..]).unwrap();
        read(&builder.into_inner().unwrap())
    };
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Fifo, EntryType::Char, EntryType::Block] {
        let error = archive(kind).unwrap_err();
        assert_eq!(error, ArchiveError::Kind { name: "ovmf.fd".to_owned() });
        assert_eq!(error.reason(), Reason::OsImagePath);
    }
    assert!(archive(EntryType::GNUSparse).is_err());
    assert!(matches!(archive(EntryType::Directory), Err(ArchiveError::Name { .. })));
    for name in ["../ovmf.fd", "/ovmf.fd", "dstack-0.5.5/ovmf.fd", ".//../ovmf.fd", "a\\b"] {
        let mut builder = Builder::new(Vec::new());
        builder.append(&header(name, EntryType::Regular, 1), &[0][..]).unwrap();
        let error = read(&builder.into_inner().unwrap()).unwrap_err();
        assert_eq!(error, ArchiveError::Name { name: name.to_owned() });
    }
}

#[test]
fn a_file_listed_twice_in_an_archive_is_refused() {
    let mut builder = Builder::new(Vec::new());
    for name in ["ovmf.fd", "./ovmf.fd"] {
        builder.append(&header(name, EntryType::Regular, 1), &[0][..]).unwrap();
    }
    assert!(matches!(read(&builder.into_inner().unwrap()), Err(ArchiveError::Duplicate { .. })));
}

#[test]
fn an_archive_that_announces_ten_gigabytes_is_refused_at_its_header() {
    let header = header("initramfs.cpio.gz", EntryType::Regular, 10 << 30);
    let error = read(header.as_bytes()).unwrap_err();
    assert_eq!(
        error,
        ArchiveError::TooLarge { name: "initramfs.cpio.gz".to_owned(), most: 512 << 20, got: 10 << 30 }
    );
}

#[test]
fn an_archive_that_inflates_without_end_is_refused() {
    let mut limits = forge::limits();
    limits.total_bytes = 1 << 20;
    limits.file_bytes = 1 << 20;
    let mut builder = Builder::new(Vec::new());
    for index in 0..4 {
        let name = format!("file{index}");
        builder.append(&header(&name, EntryType::Regular, 1 << 19), &vec![0; 1 << 19][..]).unwrap();
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&builder.into_inner().unwrap()).unwrap();
    let bytes = encoder.finish().unwrap();
    assert!(bytes.len() < 8192);
    let error = archive::read(&bytes, &[][..], &limits).unwrap_err();
    assert!(matches!(error, ArchiveError::TooLarge { .. }), "{error}");
}

#[test]
fn what_is_no_archive_is_refused() {
    assert!(read(b"").is_err());
    assert!(read(&[0x1f, 0x8b, 8, 0]).is_err());
    assert!(read(&[0x55; 2048]).is_err());
    let whole = archive_of(&forge::image(), "");
    assert!(read(&whole[..whole.len() / 2]).is_err());
    let mut many = Builder::new(Vec::new());
    for index in 0..65 {
        many.append(&header(&format!("f{index}"), EntryType::Regular, 0), &[][..]).unwrap();
    }
    assert_eq!(read(&many.into_inner().unwrap()), Err(ArchiveError::TooMany { most: 64 }));
}
