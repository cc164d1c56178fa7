//! What can be wrong with each kind of text and bytes.

use crate::forms::Slot;
use core::fmt;

/// A known document that is not evidence of a machine by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recognised {
    /// An event log in JSON.
    EventLog,
    /// A CCEL area.
    Ccel,
    /// Collateral in dcap-qvl's form.
    Collateral,
    /// One answer of Intel's service: TCB info or an enclave's identity.
    PcsAnswer,
    /// A certificate revocation list.
    RevocationList,
    /// An `app_compose` document.
    AppCompose,
    /// A docker compose file.
    ComposeFile,
    /// A `vm_config` document.
    VmConfig,
    /// The document behind MRCONFIGID.
    MrConfig,
    /// Certificates without a quote.
    Certificates,
    /// Evidence of GPUs.
    Gpus,
    /// A reference manifest of NVIDIA's.
    GpuManifest,
    /// A report that veritee wrote.
    Report,
    /// A policy file.
    Policy,
    /// A reviewer's answers.
    Review,
    /// What endpoints of a chain answered.
    ChainReads,
    /// A Sigstore bundle.
    Bundle,
    /// Sigstore's trusted root.
    TrustedRoot,
    /// A tar or zip archive, or a file compressed in another way than gzip.
    Archive,
}

impl Recognised {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::EventLog,
        Self::Ccel,
        Self::Collateral,
        Self::PcsAnswer,
        Self::RevocationList,
        Self::AppCompose,
        Self::ComposeFile,
        Self::VmConfig,
        Self::MrConfig,
        Self::Certificates,
        Self::Gpus,
        Self::GpuManifest,
        Self::Report,
        Self::Policy,
        Self::Review,
        Self::ChainReads,
        Self::Bundle,
        Self::TrustedRoot,
        Self::Archive,
    ];

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EventLog => "an event log",
            Self::Ccel => "an event log (CCEL)",
            Self::Collateral => "collateral",
            Self::PcsAnswer => "an answer of Intel's service",
            Self::RevocationList => "a certificate revocation list",
            Self::AppCompose => "an app_compose",
            Self::ComposeFile => "a docker compose file",
            Self::VmConfig => "a vm_config",
            Self::MrConfig => "a document behind MRCONFIGID",
            Self::Certificates => "certificates without a quote",
            Self::Gpus => "evidence of GPUs",
            Self::GpuManifest => "a reference manifest for GPUs",
            Self::Report => "a report of veritee",
            Self::Policy => "a policy file",
            Self::Review => "a reviewer's answers",
            Self::ChainReads => "answers of a chain's endpoints",
            Self::Bundle => "a Sigstore bundle",
            Self::TrustedRoot => "a trusted root of Sigstore's",
            Self::Archive => "an archive (tar, zip, xz, zstd, bzip2, 7z)",
        }
    }

    /// The places that read it.
    pub(crate) const fn slots(self) -> &'static [Slot] {
        match self {
            Self::EventLog | Self::Ccel => &[Slot::EventLog],
            Self::Collateral | Self::PcsAnswer => &[Slot::Collateral],
            Self::RevocationList => &[Slot::Collateral, Slot::GpuCollateral],
            Self::AppCompose => &[Slot::AppCompose],
            Self::VmConfig => &[Slot::VmConfig],
            Self::MrConfig => &[Slot::MrConfig],
            Self::Certificates => &[Slot::Certificate, Slot::Collateral, Slot::Root],
            Self::Gpus => &[Slot::Gpus],
            Self::GpuManifest => &[Slot::GpuCollateral],
            Self::Policy => &[Slot::Policy],
            Self::Review => &[Slot::Review],
            Self::ChainReads => &[Slot::Chain],
            Self::Bundle => &[Slot::Bundle],
            Self::TrustedRoot => &[Slot::TrustedRoot],
            Self::Archive => &[Slot::Image, Slot::ContainerImage],
            Self::ComposeFile | Self::Report => &[],
        }
    }

    pub(super) const fn next_step(self) -> &'static str {
        match self {
            Self::EventLog | Self::Ccel => "give the quote as the input and this file with --event-log",
            Self::Collateral => "give the quote as the input and this file with --collateral",
            Self::PcsAnswer | Self::RevocationList => {
                "it is a part of collateral: put all answers of Intel's service into one folder and give that with --collateral"
            }
            Self::AppCompose => {
                "give the quote as the input and this file with --app-compose, or audit it unattested: `veritee audit`"
            }
            Self::ComposeFile => {
                "what is measured is the app_compose around it (--app-compose); `veritee audit` reads the file unattested"
            }
            Self::VmConfig => "give the quote as the input and this file with --vm-config",
            Self::MrConfig => "give the quote as the input and this file with --mr-config",
            Self::Certificates => {
                "give the quote as the input and this file with --certificate; a web server's certificate carries no quote"
            }
            Self::Gpus => {
                "give the quote as the input and this file with --gpus; `veritee gpu verify` judges it alone"
            }
            Self::GpuManifest => "give it with --gpu-collateral",
            Self::Report => {
                "a saved report can be rendered (`veritee render`) or compared (`veritee diff`), not verified: verify the evidence that it was made from"
            }
            Self::Policy => "give it with --policy",
            Self::Review => "give it with --review",
            Self::ChainReads => {
                "give the evidence as the input and this file with --chain; `veritee history` reads it alone"
            }
            Self::Bundle => "give it with --bundle; `veritee verify-bundle` judges it alone",
            Self::TrustedRoot => "give it with --trusted-root",
            Self::Archive => "unpack it (`tar -xf`, `unzip`) and give the folder that it holds, or the file",
        }
    }
}

/// What is wrong with a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonProblem {
    /// It is not JSON from here on.
    Syntax,
    /// It ends too early.
    Truncated,
    /// There is data after its end.
    TrailingData,
    /// It is nested more deeply than allowed.
    TooDeep {
        /// Levels that are allowed.
        limit: usize,
    },
    /// A string is no sequence of characters: a surrogate stands alone.
    BrokenString,
}

impl fmt::Display for JsonProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => f.write_str("the text is not JSON from here on"),
            Self::Truncated => f.write_str("the JSON text ends too early"),
            Self::TrailingData => f.write_str("there is data after the end of the JSON text"),
            Self::TooDeep { limit } => write!(f, "the JSON text is nested deeper than {limit} levels"),
            Self::BrokenString => f.write_str("the JSON string has a surrogate that stands alone"),
        }
    }
}

/// What is wrong with bytes written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodingProblem {
    /// A character that the encoding does not have.
    Character,
    /// Hex with an odd number of digits.
    OddLength,
    /// Base64 whose length, padding or last bits do not fit.
    Padding,
    /// No such encoding: `utf8`, `hex` and `base64` are known.
    Unknown,
    /// A row of a dump whose offset or characters are not those of its bytes.
    Row,
    /// A dump of words: the order of their bytes is that of the machine that printed them.
    Words,
}

impl fmt::Display for EncodingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Character => "a character does not belong to the encoding",
            Self::OddLength => "the number of hex digits is odd",
            Self::Padding => "the length or padding of the base64 text does not fit",
            Self::Unknown => "the encoding is none of utf8, hex and base64",
            Self::Row => "the offset or the characters of this row are not those of its bytes",
            Self::Words => {
                "groups of two bytes or more, which most machines print turned round; print it byte by byte"
            }
        })
    }
}

/// What is wrong with a binary attestation container or a compressed event log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BinaryProblem {
    /// A field reaches beyond the end of the bytes.
    Truncated {
        /// Bytes that the field needs.
        needed: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// There are bytes after the end.
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// A compact length is not written in its shortest form, or is beyond 32 bits.
    CompactLength,
    /// More events than allowed.
    TooManyEvents {
        /// How many are allowed.
        limit: usize,
    },
    /// A string is not UTF-8.
    NotUtf8,
    /// Not msgpack, or nested too deeply.
    Msgpack,
    /// A field is not of the type that dstack writes.
    FieldType {
        /// The field.
        field: &'static str,
    },
    /// A field is missing.
    FieldMissing {
        /// The field.
        field: &'static str,
    },
    /// A field that dstack does not have, or one given twice.
    FieldUnexpected,
    /// The version is not 1.
    Version,
    /// Not a gzip stream, its checksum does not fit, or something else than another member or zeros follows it.
    Gzip,
}

impl fmt::Display for BinaryProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { needed, left } => write!(f, "a field needs {needed} bytes, {left} are left"),
            Self::TrailingBytes { count } => write!(f, "{count} bytes follow after the end"),
            Self::CompactLength => f.write_str("a compact length is not in its shortest form or too large"),
            Self::TooManyEvents { limit } => write!(f, "there are more than {limit} events"),
            Self::NotUtf8 => f.write_str("a string is not UTF-8"),
            Self::Msgpack => f.write_str("the bytes are not one msgpack value of allowed depth"),
            Self::FieldType { field } => write!(f, "the field {field} is not of the type that dstack writes"),
            Self::FieldMissing { field } => write!(f, "the field {field} is missing"),
            Self::FieldUnexpected => f.write_str("a field is unknown or occurs twice"),
            Self::Version => f.write_str("the container's version is not 1"),
            Self::Gzip => f.write_str(
                "what is compressed is no whole gzip stream, is one inside another, or has bytes behind it that are no gzip",
            ),
        }
    }
}

/// What is wrong with an RA-TLS certificate chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// The PEM text cannot be read.
    Pem,
    /// A PEM block is something else than a certificate, a private key for example.
    OtherPemBlock,
    /// There is text outside of the PEM blocks.
    TextOutside,
    /// A certificate is not X.509 in DER, or bytes follow after it.
    Der,
    /// More certificates than allowed.
    TooMany {
        /// How many are allowed.
        limit: usize,
    },
    /// An extension of dstack occurs twice in the leaf.
    DuplicateExtension,
    /// The leaf carries one quote by itself and another one in its attestation.
    TwoQuotes,
    /// A certificate behind the leaf carries a quote or log that is not the leaf's.
    BeyondLeaf {
        /// Which one, counted from the leaf, which is 1.
        certificate: usize,
        /// What it carries.
        part: &'static str,
    },
    /// An extension of dstack is not a DER octet string.
    ExtensionValue,
    /// The leaf, which comes first, carries neither a quote nor an attestation.
    NoQuote,
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pem => f.write_str("the PEM text cannot be read"),
            Self::OtherPemBlock => f.write_str("a PEM block is not a certificate"),
            Self::TextOutside => f.write_str("there is text outside of the PEM blocks"),
            Self::Der => f.write_str("a certificate is not X.509 in DER"),
            Self::TooMany { limit } => write!(f, "there are more than {limit} certificates"),
            Self::DuplicateExtension => f.write_str("an extension of dstack occurs twice in the leaf"),
            Self::TwoQuotes => f.write_str("the leaf carries two different quotes"),
            Self::BeyondLeaf { certificate, part } => {
                write!(
                    f,
                    "certificate {certificate} carries another {part} than the leaf: two different quotes"
                )
            }
            Self::ExtensionValue => f.write_str("an extension of dstack is not a DER octet string"),
            Self::NoQuote => f.write_str("the first certificate carries neither a quote nor an attestation"),
        }
    }
}

/// What is wrong with a guest agent page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageProblem {
    /// The page has another number of text areas than one.
    TextAreas {
        /// How many it has.
        count: usize,
    },
    /// The text area can be edited: it is not the agent's.
    NotReadOnly,
    /// The text area has no end.
    Unclosed,
    /// A character reference that the agent's template does not write.
    Reference,
}

impl fmt::Display for PageProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TextAreas { count } => write!(f, "expected exactly one text area, got {count}"),
            Self::NotReadOnly => f.write_str("the text area is not read-only"),
            Self::Unclosed => f.write_str("the text area is not closed"),
            Self::Reference => f.write_str("a character reference cannot be decoded"),
        }
    }
}
