//! Faults of a quote's layout.

use super::{Description, described};
use crate::quote::Tee;
use crate::reason::QuoteReason;

/// The first field of a quote that is not as its version demands. Offsets count from the quote's first byte.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// More bytes than any genuine quote.
    TooLarge {
        /// Bytes allowed.
        limit: usize,
        /// Bytes given.
        got: usize,
    },
    /// A field is cut off, or a length points behind the end.
    Truncated {
        /// Offset of the field.
        at: usize,
        /// The field.
        field: &'static str,
        /// Bytes that it needs.
        needed: usize,
        /// Bytes that are left.
        available: usize,
    },
    /// A length field leaves bytes over that belong to nothing.
    Unread {
        /// Offset of the first such byte.
        at: usize,
        /// The part they stand in.
        field: &'static str,
        /// How many.
        left: usize,
    },
    /// Not version 3, 4 or 5.
    Version {
        /// Offset.
        at: usize,
        /// Version found.
        got: u16,
    },
    /// Not an ECDSA P-256 attestation key.
    KeyType {
        /// Offset.
        at: usize,
        /// Type found.
        got: u16,
    },
    /// A TEE type that is unknown or that the version does not have.
    TeeType {
        /// Offset.
        at: usize,
        /// Version of the quote.
        version: u16,
        /// Type found.
        got: u32,
    },
    /// Not Intel's quoting enclave.
    Vendor {
        /// Offset.
        at: usize,
        /// Vendor id found.
        got: [u8; 16],
    },
    /// An unknown body type in version 5.
    BodyType {
        /// Offset.
        at: usize,
        /// Type found.
        got: u16,
    },
    /// A body size that its type does not have.
    BodySize {
        /// Offset.
        at: usize,
        /// Size of the type.
        expected: usize,
        /// Size found.
        got: u32,
    },
    /// A body type that the TEE type does not have.
    BodyTee {
        /// Offset.
        at: usize,
        /// TEE of the header.
        tee: Tee,
        /// Body type found.
        got: u16,
    },
    /// The certification data of version 4 or 5 is not a QE report structure (type 6).
    OuterCertification {
        /// Offset.
        at: usize,
        /// Type found.
        got: u16,
    },
    /// The PCK is named in a way other than types 1 to 5.
    InnerCertification {
        /// Offset.
        at: usize,
        /// Type found.
        got: u16,
    },
    /// A byte other than zero behind the quote.
    TrailingBytes {
        /// Offset of the first such byte.
        at: usize,
    },
}

impl ParseError {
    /// The stable reason.
    #[must_use]
    pub const fn reason(&self) -> QuoteReason {
        match self {
            Self::TooLarge { .. } => QuoteReason::QuoteTooLarge,
            Self::Truncated { .. } | Self::Unread { .. } => QuoteReason::QuoteMalformed,
            Self::Version { .. } => QuoteReason::QuoteVersionUnsupported,
            Self::KeyType { .. } => QuoteReason::QuoteKeyTypeUnsupported,
            Self::TeeType { .. } | Self::BodyTee { .. } => QuoteReason::QuoteTeeTypeUnsupported,
            Self::Vendor { .. } => QuoteReason::QuoteVendorUnknown,
            Self::BodyType { .. } | Self::BodySize { .. } => QuoteReason::QuoteBodyTypeUnsupported,
            Self::OuterCertification { .. } | Self::InnerCertification { .. } => {
                QuoteReason::QuoteCertificationUnsupported
            }
            Self::TrailingBytes { .. } => QuoteReason::QuoteTrailingBytes,
        }
    }

    /// Byte offset of the fault.
    #[must_use]
    pub const fn offset(&self) -> usize {
        match self {
            Self::TooLarge { limit, .. } => *limit,
            Self::Truncated { at, .. }
            | Self::Unread { at, .. }
            | Self::Version { at, .. }
            | Self::KeyType { at, .. }
            | Self::TeeType { at, .. }
            | Self::Vendor { at, .. }
            | Self::BodyType { at, .. }
            | Self::BodySize { at, .. }
            | Self::BodyTee { at, .. }
            | Self::OuterCertification { at, .. }
            | Self::InnerCertification { at, .. }
            | Self::TrailingBytes { at } => *at,
        }
    }

    pub(crate) fn describe(&self) -> Description {
        let description = match self {
            Self::TooLarge { limit, got } => Description::new("the quote is too large")
                .expected(format_args!("at most {limit} bytes"))
                .got(format_args!("{got} bytes")),
            Self::Truncated { field, needed, available, .. } => {
                Description::new(format!("{field} is cut off"))
                    .expected(format_args!("{needed} bytes"))
                    .got(format_args!("{available} bytes"))
            }
            Self::Unread { field, left, .. } => Description::new(format!("bytes are left over in {field}"))
                .expected("none")
                .got(format_args!("{left} bytes")),
            Self::Version { got, .. } => {
                Description::new("the quote's version is not supported").expected("3, 4 or 5").got(got)
            }
            Self::KeyType { got, .. } => Description::new("the attestation key's type is not supported")
                .expected("2 (ECDSA P-256)")
                .got(got),
            Self::TeeType { version, got, .. } => {
                Description::new(format!("the TEE type does not fit version {version}"))
                    .expected(if *version == 3 { "0x0 (SGX)" } else { "0x0 (SGX) or 0x81 (TDX)" })
                    .got(format_args!("{got:#x}"))
            }
            Self::Vendor { got, .. } => Description::new("the quoting enclave's vendor is not Intel")
                .expected(hex::encode(crate::quote::INTEL_QE_VENDOR_ID))
                .got(hex::encode(got)),
            Self::BodyType { got, .. } => {
                Description::new("the body type is unknown").expected("1 to 4").got(got)
            }
            Self::BodySize { expected, got, .. } => {
                Description::new("the body size is not that of its type").expected(expected).got(got)
            }
            Self::BodyTee { tee, got, .. } => {
                Description::new(format!("the body type does not fit the TEE type {tee}"))
                    .expected(match tee {
                        Tee::Sgx => "1",
                        Tee::Tdx => "2, 3 or 4",
                    })
                    .got(got)
            }
            Self::OuterCertification { got, .. } => {
                Description::new("the certification data is not a QE report").expected("type 6").got(got)
            }
            Self::InnerCertification { got, .. } => {
                Description::new("the PCK certification data is of an unknown type")
                    .expected("type 1 to 5")
                    .got(got)
            }
            Self::TrailingBytes { .. } => {
                Description::new("a byte other than zero follows the quote").expected("zero bytes or none")
            }
        };
        description.at(format_args!("quote byte {}", self.offset()))
    }
}

described!(ParseError);
