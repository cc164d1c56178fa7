//! Why a quote or its collateral was refused: typed, with a stable reason, the stage, the place, and what to do.

mod chain;
mod collateral;
mod parse;
mod quote;

pub use chain::{CertificateRole, ChainError, ChainFault};
pub use collateral::{CollateralError, CrlFault, DocumentFault, Field, Source};
pub use parse::ParseError;
pub use quote::{Evaluated, QeField, QuoteError, Shortfall, SvnName, TcbPart};

use crate::reason::QuoteReason;
use core::fmt;
use serde::Serialize;

/// The stages of [`crate::PreparedCollateral::verify`]. When one fails, all before it have passed and none after
/// it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The quote is laid out as its version demands.
    Format,
    /// The collateral is genuine, in force, and speaks of this kind of platform.
    Collateral,
    /// The PCK certificate chain reaches the root, unrevoked and in force.
    Certificates,
    /// Intel's quoting enclave, certified by the PCK, vouches for the attestation key.
    Enclave,
    /// The attestation key signed the quote.
    Signature,
    /// The platform reaches a TCB level that is not revoked.
    TcbLevel,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 6] =
        [Self::Format, Self::Collateral, Self::Certificates, Self::Enclave, Self::Signature, Self::TcbLevel];
}

/// The parts of an error's text: what, where, expected, got.
#[derive(Debug, Default)]
pub(crate) struct Description {
    pub(crate) what: String,
    pub(crate) location: Option<String>,
    pub(crate) expected: Option<String>,
    pub(crate) got: Option<String>,
}

impl Description {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }

    pub(crate) fn at(mut self, location: impl fmt::Display) -> Self {
        self.location = Some(location.to_string());
        self
    }

    pub(crate) fn expected(mut self, value: impl fmt::Display) -> Self {
        self.expected = Some(value.to_string());
        self
    }

    pub(crate) fn got(mut self, value: impl fmt::Display) -> Self {
        self.got = Some(value.to_string());
        self
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.what)?;
        match (&self.expected, &self.got) {
            (Some(expected), Some(got)) => write!(f, ": expected {expected}, got {got}"),
            (Some(expected), None) => write!(f, ": expected {expected}"),
            (None, Some(got)) => write!(f, ": got {got}"),
            (None, None) => Ok(()),
        }
    }
}

/// Gives an error type its Display and the accessors that all errors of this crate share.
macro_rules! described {
    ($name:ident) => {
        impl $name {
            /// The value that would have passed.
            #[must_use]
            pub fn expected(&self) -> Option<String> {
                self.describe().expected
            }

            /// The value found.
            #[must_use]
            pub fn got(&self) -> Option<String> {
                self.describe().got
            }

            /// Where: a document and the byte offset or line in it.
            #[must_use]
            pub fn location(&self) -> Option<String> {
                self.describe().location
            }

            /// What to do next, where there is something to do.
            #[must_use]
            pub const fn next(&self) -> Option<&'static str> {
                $crate::error::advice(self.reason())
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(&self.describe(), f)
            }
        }

        impl core::error::Error for $name {}
    };
}
pub(crate) use described;

/// What to do about a reason of this crate.
pub(crate) const fn advice(reason: QuoteReason) -> Option<&'static str> {
    Some(match reason {
        QuoteReason::QuoteTrailingBytes => "pass the quote alone, without the log or JSON around it",
        QuoteReason::CertificateNotYetValid
        | QuoteReason::CrlNotYetValid
        | QuoteReason::TcbInfoNotYetValid
        | QuoteReason::QeIdentityNotYetValid => {
            "check the as-of time, or use collateral that was in force then"
        }
        QuoteReason::CertificateExpired
        | QuoteReason::CrlExpired
        | QuoteReason::TcbInfoExpired
        | QuoteReason::QeIdentityExpired => {
            "fetch the collateral again, or set the as-of time to when it was in force"
        }
        QuoteReason::CollateralMissing
        | QuoteReason::FmspcMismatch
        | QuoteReason::PceIdMismatch
        | QuoteReason::CrlIssuer => "fetch the collateral for this quote's FMSPC and CA",
        QuoteReason::CollateralKindMismatch => "fetch collateral for the quote's kind: TDX or SGX",
        QuoteReason::PckChainMissing => "add the platform's PCK certificate chain to the collateral",
        QuoteReason::TcbNotSupported
        | QuoteReason::TdxModuleTcbNotSupported
        | QuoteReason::QeTcbNotSupported => {
            "the operator must update the platform's firmware, TDX module or quoting enclave"
        }
        QuoteReason::TcbRevoked
        | QuoteReason::TdxModuleRevoked
        | QuoteReason::QeRevoked
        | QuoteReason::TcbCurrentRevoked => {
            "trust nothing that this machine holds; the operator must update it"
        }
        QuoteReason::PckRevoked
        | QuoteReason::CaRevoked
        | QuoteReason::SignerRevoked
        | QuoteReason::RootRevoked => "trust nothing that rests on this key",
        _ => return None,
    })
}
