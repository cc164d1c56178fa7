//! What can be wrong with each kind of text and bytes.

use core::fmt;

/// A known document that is not evidence of a machine by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recognised {
    /// An event log, JSON or CCEL.
    EventLog,
    /// Collateral in dcap-qvl's form.
    Collateral,
    /// An `app_compose` document.
    AppCompose,
    /// A `vm_config` document.
    VmConfig,
    /// A report that veritee wrote.
    Report,
}

impl Recognised {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::EventLog => "an event log",
            Self::Collateral => "collateral",
            Self::AppCompose => "an app_compose",
            Self::VmConfig => "a vm_config",
            Self::Report => "a report of veritee",
        }
    }

    pub(super) const fn next_step(self) -> &'static str {
        match self {
            Self::EventLog => "give the quote as the input and this file with --event-log",
            Self::Collateral => "give the quote as the input and this file with --collateral",
            Self::AppCompose => {
                "give the quote as the input and this file with --app-compose, or audit it unattested"
            }
            Self::VmConfig => "give the quote as the input and this file with --vm-config",
            Self::Report => {
                "a saved report can be rendered, not verified: verify the evidence that it was made from"
            }
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
}

impl fmt::Display for EncodingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Character => "a character does not belong to the encoding",
            Self::OddLength => "the number of hex digits is odd",
            Self::Padding => "the length or padding of the base64 text does not fit",
            Self::Unknown => "the encoding is none of utf8, hex and base64",
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
    /// Not a gzip stream, or its checksum does not fit.
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
            Self::Gzip => f.write_str("the compressed event log is not a gzip stream"),
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
