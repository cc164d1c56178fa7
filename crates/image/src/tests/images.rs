//! Images for tests, made in memory.

use crate::{Digest, Image, ImageError, Selection, Store};
use serde_json::{Value, json};
use std::io::Write as _;
use veritee_base::Budget;
use veritee_source::MemoryFiles;

/// An entry of a layer that a test makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) path: String,
    pub(crate) flag: u8,
    pub(crate) content: Vec<u8>,
    pub(crate) link: String,
    pub(crate) mode: u32,
    pub(crate) time: u64,
    pub(crate) owner: u64,
    pub(crate) attributes: Vec<(String, Vec<u8>)>,
}

pub(crate) fn piece(path: &str, flag: u8, content: &[u8], link: &str) -> Piece {
    Piece {
        path: path.to_owned(),
        flag,
        content: content.to_vec(),
        link: link.to_owned(),
        mode: if flag == b'5' { 0o755 } else { 0o644 },
        time: 1_700_000_000,
        owner: 0,
        attributes: Vec::new(),
    }
}

pub(crate) fn file(path: &str, content: &[u8]) -> Piece {
    piece(path, b'0', content, "")
}

pub(crate) fn folder(path: &str) -> Piece {
    piece(path, b'5', b"", "")
}

/// A tar archive; names are written as they are, tricks included.
pub(crate) fn archive(pieces: &[Piece]) -> Vec<u8> {
    let mut out = Vec::new();
    for one in pieces {
        if !one.attributes.is_empty() {
            let mut records = Vec::new();
            for (name, value) in &one.attributes {
                records.extend(pax(&format!("SCHILY.xattr.{name}"), value));
            }
            out.extend(raw("PaxHeaders/x", b'x', &records, "", one));
        }
        if one.path.len() > 100 {
            out.extend(raw("././@LongLink", b'L', &[one.path.as_bytes(), b"\0"].concat(), "", one));
        }
        out.extend(raw(&one.path, one.flag, &one.content, &one.link, one));
    }
    out.extend([0; 1024]);
    out
}

/// A pax record: the length counts itself.
pub(crate) fn pax(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = [b" ", key.as_bytes(), b"=", value, b"\n"].concat();
    let mut length = rest.len() + 1;
    while length.to_string().len() + rest.len() != length {
        length = length.to_string().len() + rest.len();
    }
    [length.to_string().as_bytes(), &rest].concat()
}

/// A header with its content and padding.
pub(crate) fn raw(path: &str, flag: u8, content: &[u8], link: &str, of: &Piece) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    {
        let bytes = header.as_mut_bytes();
        let name = &path.as_bytes()[..path.len().min(100)];
        bytes[..name.len()].copy_from_slice(name);
        let link = &link.as_bytes()[..link.len().min(100)];
        bytes[157..157 + link.len()].copy_from_slice(link);
        bytes[156] = flag;
    }
    header.set_mode(of.mode);
    header.set_uid(of.owner);
    header.set_gid(of.owner);
    header.set_mtime(of.time);
    header.set_size(content.len() as u64);
    if flag == b'3' || flag == b'4' {
        header.set_device_major(1).unwrap();
        header.set_device_minor(3).unwrap();
    }
    header.set_cksum();
    let mut out = header.as_bytes().to_vec();
    out.extend(content);
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pack {
    None,
    Gzip(u32),
    /// Two members, the second of no more than the archive's end.
    Members,
    Zstd,
    /// A skippable frame, then two frames.
    Frames,
}

impl Pack {
    pub(crate) const ALL: [Self; 6] =
        [Self::None, Self::Gzip(1), Self::Gzip(9), Self::Members, Self::Zstd, Self::Frames];

    const fn media_type(self) -> &'static str {
        match self {
            Self::None => "application/vnd.oci.image.layer.v1.tar",
            Self::Gzip(_) | Self::Members => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Zstd | Self::Frames => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }

    pub(crate) fn pack(self, bytes: &[u8]) -> Vec<u8> {
        let half = bytes.len() / 2;
        let zstd = |bytes: &[u8]| {
            ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
        };
        match self {
            Self::None => bytes.to_vec(),
            Self::Gzip(level) => gzip(bytes, level),
            Self::Members => [gzip(&bytes[..half], 6), gzip(&bytes[half..], 6)].concat(),
            Self::Zstd => zstd(bytes),
            Self::Frames => {
                let skipped = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"any"].concat();
                [skipped, zstd(&bytes[..half]), zstd(&bytes[half..])].concat()
            }
        }
    }
}

pub(crate) fn gzip(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An image that a test makes.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) layers: Vec<Vec<u8>>,
    pub(crate) pack: Pack,
    pub(crate) created: String,
    pub(crate) run: Value,
}

impl Made {
    pub(crate) fn new(layers: &[Vec<Piece>]) -> Self {
        Self {
            layers: layers.iter().map(|layer| archive(layer)).collect(),
            pack: Pack::Gzip(6),
            created: "2023-11-14T22:13:20Z".to_owned(),
            run: json!({ "Env": ["PATH=/bin"], "Cmd": ["/app/run"] }),
        }
    }

    pub(crate) fn packed(self, pack: Pack) -> Self {
        Self { pack, ..self }
    }

    /// An OCI layout.
    pub(crate) fn layout(&self) -> MemoryFiles {
        let mut files = MemoryFiles::default();
        let put = |files: &mut MemoryFiles, bytes: Vec<u8>| {
            let digest = Digest::of(&bytes);
            let described = json!({ "digest": digest.to_string(), "size": bytes.len() });
            files.files.insert(format!("blobs/sha256/{}", digest.hex()), bytes);
            described
        };
        let typed = |mut descriptor: Value, media_type: &str| {
            descriptor["mediaType"] = media_type.into();
            descriptor
        };
        let diff_ids: Vec<String> = self.layers.iter().map(|layer| Digest::of(layer).to_string()).collect();
        let layers: Vec<Value> = self
            .layers
            .iter()
            .map(|layer| typed(put(&mut files, self.pack.pack(layer)), self.pack.media_type()))
            .collect();
        let config = json!({
            "architecture": "amd64", "os": "linux", "created": self.created, "config": self.run,
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        let config = put(&mut files, config.to_string().into_bytes());
        let manifest = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": typed(config, "application/vnd.oci.image.config.v1+json"), "layers": layers,
        });
        let manifest = put(&mut files, manifest.to_string().into_bytes());
        let index = json!({
            "schemaVersion": 2,
            "manifests": [typed(manifest, "application/vnd.oci.image.manifest.v1+json")],
        });
        files.files.insert("index.json".to_owned(), index.to_string().into_bytes());
        files.files.insert("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
        files
    }

    /// What `docker save` before 25 and skopeo's `docker-archive:` write.
    pub(crate) fn saved(&self) -> MemoryFiles {
        let mut files = MemoryFiles::default();
        let diff_ids: Vec<String> = self.layers.iter().map(|layer| Digest::of(layer).to_string()).collect();
        let config = json!({
            "architecture": "amd64", "os": "linux", "created": self.created, "config": self.run,
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        let config = config.to_string().into_bytes();
        let name = format!("{}.json", Digest::of(&config).hex());
        files.files.insert(name.clone(), config);
        let mut layers = Vec::new();
        for layer in &self.layers {
            let member = format!("{}/layer.tar", Digest::of(layer).hex());
            files.files.insert(member.clone(), layer.clone());
            layers.push(member);
        }
        let manifest = json!([{ "Config": name, "RepoTags": ["app:1"], "Layers": layers }]);
        files.files.insert("manifest.json".to_owned(), manifest.to_string().into_bytes());
        files
    }
}

/// The members of a layout as one archive at `image.tar`.
pub(crate) fn in_archive(files: &MemoryFiles) -> MemoryFiles {
    let pieces: Vec<Piece> = files.files.iter().map(|(path, bytes)| file(path, bytes)).collect();
    let mut out = MemoryFiles::default();
    out.files.insert("image.tar".to_owned(), archive(&pieces));
    out
}

pub(crate) fn open<'f>(files: &'f MemoryFiles, path: &str) -> Result<Image<'f>, ImageError> {
    let store = Store::open(files, path, &Budget::STANDARD)?;
    Image::open(store, &Selection::default(), &Budget::STANDARD)
}
