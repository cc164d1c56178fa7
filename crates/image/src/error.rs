//! Why an image is not read.

use crate::digest::Digest;
use core::fmt;
use veritee_base::text::inert;

/// Why a file or folder cannot be read as an image. Names are those of members of the layout or archive.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageError {
    /// The system cannot read it.
    Unreadable {
        /// Its name.
        name: String,
        /// The system's words.
        message: String,
    },
    /// It is neither a layout nor an archive of images.
    NoImage {
        /// What was found instead.
        found: &'static str,
    },
    /// A member that another names is not there.
    Missing {
        /// Its name.
        name: String,
    },
    /// Two members of an archive have one name: two readers could take different ones.
    Twice {
        /// The name.
        name: String,
    },
    /// A cap of the budget is passed.
    TooMuch {
        /// Of what.
        what: &'static str,
        /// The cap.
        most: u64,
    },
    /// A document is not of its form.
    Document {
        /// Its name.
        name: String,
        /// Where, and what was expected.
        message: String,
    },
    /// A document claims a digest that is none.
    NoDigest {
        /// The document.
        name: String,
        /// The text.
        text: String,
    },
    /// The bytes have another digest than the one they are named by.
    Digest {
        /// What they are named by.
        expected: Digest,
        /// What they have.
        got: Digest,
    },
    /// The bytes are more or fewer than the descriptor says.
    Size {
        /// The descriptor's digest.
        digest: Digest,
        /// The descriptor's size.
        expected: u64,
        /// The size.
        got: u64,
    },
    /// A layer's uncompressed bytes have another digest than the config says: no runtime takes such an image.
    DiffId {
        /// The number of the layer, from 0.
        layer: usize,
        /// What the config says.
        expected: Digest,
        /// What it is.
        got: Digest,
    },
    /// Config and manifest disagree about how many layers there are.
    LayerCount {
        /// In the manifest.
        manifest: usize,
        /// In the config.
        config: usize,
    },
    /// No image of this platform is in the index.
    Platform {
        /// Which was asked for.
        wanted: String,
        /// Which there are.
        found: Vec<String>,
    },
    /// It holds several images and it is not said which.
    Several {
        /// What they are called.
        names: Vec<String>,
    },
    /// None of the images has this name or digest.
    NotNamed {
        /// What was asked for.
        wanted: String,
        /// What they are called.
        names: Vec<String>,
    },
    /// A layer, or the archive itself (`layer` is `None`), is malformed or refused.
    Layer {
        /// The number of the layer, from 0.
        layer: Option<usize>,
        /// What is wrong, and where.
        problem: LayerProblem,
    },
}

/// What is wrong with a layer or with a tar archive. Offsets are into the uncompressed bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayerProblem {
    /// The bytes end early, the compression is broken, or they cannot be read.
    Stream {
        /// The reader's words.
        message: String,
    },
    /// Compressed in a way that no image specification has.
    Compression {
        /// Which.
        name: &'static str,
    },
    /// It grows beyond all proportion.
    Bomb {
        /// Compressed bytes so far.
        from: u64,
        /// Uncompressed bytes so far.
        to: u64,
    },
    /// A header's checksum is wrong: no tar archive, or a damaged one.
    Checksum {
        /// Where the header begins.
        offset: u64,
    },
    /// A number of a header is none.
    Number {
        /// Where the header begins.
        offset: u64,
        /// Which field.
        field: &'static str,
    },
    /// An extended header's records are not of their form.
    Extended {
        /// Where the header begins.
        offset: u64,
    },
    /// A name or extended header is longer than any real one.
    Long {
        /// Where the header begins.
        offset: u64,
        /// The cap.
        most: u64,
    },
    /// An entry is of a kind that is not read: sparse files and kinds of vendors.
    Kind {
        /// Its name.
        name: String,
        /// The type flag.
        flag: u8,
    },
    /// An entry's name leads out of the image (`..`), is empty, or holds a NUL.
    Path {
        /// The name.
        name: String,
        /// What it does.
        trick: &'static str,
    },
}

impl fmt::Display for ImageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { name, message } => write!(formatter, "{}: {}", inert(name), inert(message)),
            Self::NoImage { found } => write!(
                formatter,
                "no image: expected an OCI layout (index.json) or an archive of `docker save` (manifest.json), found {found}"
            ),
            Self::Missing { name } => write!(formatter, "{} is named and is not there", inert(name)),
            Self::Twice { name } => write!(formatter, "the archive has two members called {}", inert(name)),
            Self::TooMuch { what, most } => write!(formatter, "more than {most} {what}"),
            Self::Document { name, message } => write!(formatter, "{}: {}", inert(name), inert(message)),
            Self::NoDigest { name, text } => {
                write!(
                    formatter,
                    "{}: `{}` is no digest (expected sha256: and 64 lower-case hex digits)",
                    inert(name),
                    inert(text)
                )
            }
            Self::Digest { expected, got } => {
                write!(
                    formatter,
                    "the bytes named {expected} have the digest {got}: changed or cut off on their way"
                )
            }
            Self::Size { digest, expected, got } => {
                write!(formatter, "{digest} has {got} bytes where its descriptor says {expected}")
            }
            Self::DiffId { layer, expected, got } => write!(
                formatter,
                "layer {layer} unpacks to {got} where the config says {expected}: no runtime takes such an image"
            ),
            Self::LayerCount { manifest, config } => {
                write!(formatter, "the manifest has {manifest} layers, the config {config} diff_ids")
            }
            Self::Platform { wanted, found } => {
                write!(formatter, "no image for {}; there are: {}", inert(wanted), listed(found))
            }
            Self::Several { names } => write!(formatter, "holds several images: {}", listed(names)),
            Self::NotNamed { wanted, names } => {
                write!(formatter, "no image is called {}; there are: {}", inert(wanted), listed(names))
            }
            Self::Layer { layer: Some(layer), problem } => write!(formatter, "layer {layer}: {problem}"),
            Self::Layer { layer: None, problem } => write!(formatter, "the archive: {problem}"),
        }
    }
}

fn listed(names: &[String]) -> String {
    const MOST: usize = 20;
    let mut out = names.iter().take(MOST).map(|name| inert(name)).collect::<Vec<_>>().join(", ");
    if names.len() > MOST {
        out.push_str(", …");
    }
    if out.is_empty() { "none".to_owned() } else { out }
}

impl fmt::Display for LayerProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream { message } => formatter.write_str(&inert(message)),
            Self::Compression { name } => {
                write!(formatter, "compressed with {name}: expected gzip, zstd or none")
            }
            Self::Bomb { from, to } => {
                write!(formatter, "{from} compressed bytes grew to {to}: refused as a decompression bomb")
            }
            Self::Checksum { offset } => {
                write!(formatter, "at byte {offset}: a tar header was expected, its checksum is wrong")
            }
            Self::Number { offset, field } => {
                write!(formatter, "at byte {offset}: the tar header's {field} is no number")
            }
            Self::Extended { offset } => {
                write!(formatter, "at byte {offset}: the extended header's records are malformed")
            }
            Self::Long { offset, most } => {
                write!(formatter, "at byte {offset}: a name or extended header of more than {most} bytes")
            }
            Self::Kind { name, flag } => write!(
                formatter,
                "{}: an entry of kind {:?}, which is not read (sparse files and vendors' kinds)",
                inert(name),
                char::from(*flag)
            ),
            Self::Path { name, trick } => write!(formatter, "{}: the name {trick}", inert(name)),
        }
    }
}

impl std::error::Error for ImageError {}
impl std::error::Error for LayerProblem {}
