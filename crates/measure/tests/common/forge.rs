//! A forged image: small, but with everything that the measured parts of a real one have.

use minicbor::Encoder;
use std::collections::BTreeMap;
use veritee_measure::image::{ImageLimits, MemoryImage};
use veritee_model::Sha256Digest;

/// Bytes that look like content: a different one for every seed.
fn content(seed: u8, length: usize) -> Vec<u8> {
    (0..length).map(|index| u8::try_from((index * 7 + usize::from(seed)) % 251).unwrap()).collect()
}

/// A section of the firmware's metadata.
struct Section {
    data: (u32, u32),
    memory: (u64, u64),
    kind: u32,
    attributes: u32,
}

/// A firmware in OVMF's form: configuration volume, boot volume, metadata, table of structures, reset vector.
pub(crate) fn firmware() -> Vec<u8> {
    let sections = [
        // Boot volume: loaded and measured.
        Section { data: (0x1000, 0x2000), memory: (0xffff_c000, 0x2000), kind: 0, attributes: 1 },
        // Configuration volume: measured at run time.
        Section { data: (0, 0x1000), memory: (0xffff_0000, 0x1000), kind: 1, attributes: 0 },
        Section { data: (0, 0), memory: (0x81_0000, 0x1_0000), kind: 3, attributes: 0 },
        Section { data: (0, 0), memory: (0x80_9000, 0x2000), kind: 2, attributes: 0 },
        Section { data: (0, 0), memory: (0x80_b000, 0x2000), kind: 3, attributes: 0 },
        Section { data: (0, 0), memory: (0x80_0000, 0x6000), kind: 3, attributes: 0 },
        // Memory that the machine accepts later: not added, so not in MRTD.
        Section { data: (0, 0), memory: (0x10_0000, 0x2000), kind: 4, attributes: 2 },
    ];
    let mut out = content(1, 0x1000);
    out.extend(content(2, 0x2000));
    let metadata = out.len();
    out.extend(b"TDVF");
    out.extend(u32::try_from(16 + 32 * sections.len()).unwrap().to_le_bytes());
    out.extend(1_u32.to_le_bytes());
    out.extend(u32::try_from(sections.len()).unwrap().to_le_bytes());
    for section in sections {
        for value in [section.data.0, section.data.1] {
            out.extend(value.to_le_bytes());
        }
        for value in [section.memory.0, section.memory.1] {
            out.extend(value.to_le_bytes());
        }
        for value in [section.kind, section.attributes] {
            out.extend(value.to_le_bytes());
        }
    }
    out.resize(0x4000 - 32 - 18 - 22 - 26, 0xff);
    // A structure that is of no interest, the one that points to the metadata, the footer.
    let mut table = content(3, 8);
    table.extend(26_u16.to_le_bytes());
    table.extend(content(4, 16));
    table.extend(u32::try_from(0x4000 - metadata).unwrap().to_le_bytes());
    table.extend(22_u16.to_le_bytes());
    table.extend(guid("e47a6535-984a-4798-865e-4685a7bf8ec2"));
    table.extend(u16::try_from(table.len() + 18).unwrap().to_le_bytes());
    table.extend(guid("96b582de-1fb2-45f7-baea-a366c55a082d"));
    out.extend(table);
    out.extend(content(5, 32));
    assert_eq!(out.len(), 0x4000);
    out
}

fn guid(text: &str) -> Vec<u8> {
    let bytes = hex::decode(text.replace('-', "")).unwrap();
    let mut out: Vec<u8> = bytes[..4].iter().rev().copied().collect();
    out.extend(bytes[4..6].iter().rev());
    out.extend(bytes[6..8].iter().rev());
    out.extend(&bytes[8..]);
    out
}

/// Length of the kernel's headers; its sections follow.
const HEADERS: usize = 0x1000;

/// A kernel in bzImage's form: setup header of boot protocol 2.15, PE32+ headers, two sections (listed out of order).
pub(crate) fn kernel() -> Vec<u8> {
    let mut out = content(6, HEADERS);
    let mut put = |offset: usize, value: &[u8]| out[offset..offset + value.len()].copy_from_slice(value);
    put(0, b"MZ");
    put(0x3c, &0x40_u32.to_le_bytes());
    put(0x40, b"PE\0\0");
    put(0x44, &0x8664_u16.to_le_bytes());
    put(0x46, &2_u16.to_le_bytes());
    put(0x48, &[0; 12]);
    put(0x54, &0xa0_u16.to_le_bytes());
    put(0x56, &0x0206_u16.to_le_bytes());
    let optional = 0x58;
    put(optional, &[0; 0xa0]);
    put(optional, &0x20b_u16.to_le_bytes());
    put(optional + 32, &0x1000_u32.to_le_bytes());
    put(optional + 36, &0x200_u32.to_le_bytes());
    put(optional + 56, &0x5000_u32.to_le_bytes());
    put(optional + 60, &u32::try_from(HEADERS).unwrap().to_le_bytes());
    put(optional + 64, &0x1234_5678_u32.to_le_bytes());
    put(optional + 68, &10_u16.to_le_bytes());
    put(optional + 108, &6_u32.to_le_bytes());
    let sections: [(&[u8; 8], u32, u32); 2] =
        [(b".data\0\0\0", 0x1800, 0x600), (b".text\0\0\0", 0x1000, 0x800)];
    for (index, (name, start, length)) in sections.into_iter().enumerate() {
        let entry = optional + 0xa0 + 40 * index;
        put(entry, name);
        put(entry + 8, &length.to_le_bytes());
        put(entry + 12, &(start + 0x1000).to_le_bytes());
        put(entry + 16, &length.to_le_bytes());
        put(entry + 20, &start.to_le_bytes());
        put(entry + 24, &[0; 12]);
        put(entry + 36, &0x6000_0020_u32.to_le_bytes());
    }
    put(0x1fe, &[0x55, 0xaa]);
    put(0x202, b"HdrS");
    put(0x206, &0x20f_u16.to_le_bytes());
    put(0x211, &[0x01]);
    put(0x218, &[0; 8]);
    put(0x224, &0x50a0_u16.to_le_bytes());
    put(0x236, &0x7f_u16.to_le_bytes());
    out.extend(content(7, 0x800));
    out.extend(content(8, 0x600));
    out
}

pub(crate) fn initrd() -> Vec<u8> {
    content(10, 0x3_1234)
}

pub(crate) const COMMAND_LINE: &str =
    "console=ttyS0 init=/init panic=1 dstack.rootfs_hash=00 dstack.rootfs_size=4096";

/// The forged image, sealed with its checksum file.
pub(crate) fn image() -> MemoryImage {
    image_with(&serde_json::json!({}))
}

/// The forged image with some members of its metadata changed.
pub(crate) fn image_with(changes: &serde_json::Value) -> MemoryImage {
    let mut metadata = serde_json::json!({
        "bios": "ovmf.fd", "kernel": "bzImage", "initrd": "initramfs.cpio.gz", "rootfs": "rootfs.img.verity",
        "cmdline": COMMAND_LINE, "version": "0.0.1", "is_dev": false, "git_revision": "unknown",
    });
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    let mut image = MemoryImage(BTreeMap::from([
        ("ovmf.fd".to_owned(), firmware()),
        ("bzImage".to_owned(), kernel()),
        ("initramfs.cpio.gz".to_owned(), initrd()),
        ("metadata.json".to_owned(), metadata.to_string().into_bytes()),
    ]));
    seal(&mut image);
    image
}

/// Writes the checksum file anew.
pub(crate) fn seal(image: &mut MemoryImage) {
    image.0.remove("sha256sum.txt");
    let lines: String =
        image.0.iter().map(|(name, bytes)| format!("{}  {name}\n", Sha256Digest::of(bytes))).collect();
    image.0.insert("sha256sum.txt".to_owned(), lines.into_bytes());
}

pub(crate) fn hash(image: &MemoryImage) -> Sha256Digest {
    Sha256Digest::of(&image.0["sha256sum.txt"])
}

/// Limits that let a test cross them.
pub(crate) fn limits() -> ImageLimits {
    ImageLimits::STANDARD
}

/// The parts of a lite manifest.
pub(crate) struct Lite {
    pub(crate) version: u64,
    pub(crate) command_line: Option<[u8; 48]>,
    pub(crate) kernel: [u8; 48],
    pub(crate) normalized: Option<bool>,
    pub(crate) initrd: [u8; 48],
    pub(crate) layout: &'static str,
    pub(crate) single_pass: [u8; 48],
    pub(crate) two_pass: [u8; 48],
    pub(crate) witness: Vec<u8>,
}

impl Lite {
    /// dstack's own encoding.
    pub(crate) fn cbor(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new());
        let members = if self.normalized.is_some() { 4 } else { 3 };
        encoder.map(3).unwrap().str("version").unwrap().u64(self.version).unwrap();
        encoder.str("image").unwrap().map(members).unwrap();
        match self.command_line {
            Some(digest) => encoder.str("cmdline_sha384").unwrap().bytes(&digest).unwrap(),
            None => encoder.str("cmdline").unwrap().str(COMMAND_LINE).unwrap(),
        };
        encoder.str("kernel_authenticode").unwrap().bytes(&self.kernel).unwrap();
        encoder.str("initrd_sha384").unwrap().bytes(&self.initrd).unwrap();
        if let Some(normalized) = self.normalized {
            encoder.str("kernel_header_normalized").unwrap().bool(normalized).unwrap();
        }
        encoder.str("tdvf").unwrap().map(3).unwrap().str("ovmf").unwrap().str(self.layout).unwrap();
        encoder.str("mrtd").unwrap().map(2).unwrap();
        encoder.str("single_pass").unwrap().bytes(&self.single_pass).unwrap();
        encoder.str("two_pass").unwrap().bytes(&self.two_pass).unwrap();
        encoder.str("td_hob").unwrap().bytes(&self.witness).unwrap();
        encoder.into_writer()
    }
}
