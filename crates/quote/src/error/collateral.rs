//! Faults of collateral.

use super::{ChainError, Description, described};
use crate::der::DerError;
use crate::quote::Tee;
use crate::reason::QuoteReason;
use core::fmt;
use serde::Serialize;
use veritee_base::UnixTime;

/// A document that a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Revocation list of the root.
    RootCaCrl,
    /// Revocation list of the PCK CA.
    PckCrl,
    /// PCK CA and root.
    PckCrlIssuerChain,
    /// PCK, PCK CA and root, from the quote.
    PckChainInQuote,
    /// PCK, PCK CA and root, from the collateral.
    PckChainInCollateral,
    /// TCB signer and root.
    TcbInfoIssuerChain,
    /// TCB signer and root.
    QeIdentityIssuerChain,
    /// TCB info.
    TcbInfo,
    /// QE identity.
    QeIdentity,
}

impl Source {
    /// Name, as the fields of collateral are called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RootCaCrl => "root_ca_crl",
            Self::PckCrl => "pck_crl",
            Self::PckCrlIssuerChain => "pck_crl_issuer_chain",
            Self::PckChainInQuote => "quote certification data",
            Self::PckChainInCollateral => "pck_certificate_chain",
            Self::TcbInfoIssuerChain => "tcb_info_issuer_chain",
            Self::QeIdentityIssuerChain => "qe_identity_issuer_chain",
            Self::TcbInfo => "tcb_info",
            Self::QeIdentity => "qe_identity",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is wrong with a revocation list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrlFault {
    /// It cannot be read.
    Der(DerError),
    /// Its issuer is another CA.
    Issuer {
        /// The CA that it had to speak for.
        expected: String,
        /// The CA that it speaks for.
        got: String,
    },
    /// Its authority key identifier names another key.
    KeyIdentifier {
        /// Subject key identifier of the CA.
        expected: String,
        /// Identifier found.
        got: String,
    },
    /// Its signature does not verify.
    Signature,
    /// thisUpdate lies after the as-of time.
    NotYetValid {
        /// thisUpdate.
        from: UnixTime,
        /// As-of time.
        as_of: UnixTime,
    },
    /// nextUpdate has come.
    Expired {
        /// nextUpdate.
        until: UnixTime,
        /// As-of time.
        as_of: UnixTime,
    },
}

macro_rules! fields {
    ($($name:ident $words:literal;)*) => {
        /// A field of TCB info or QE identity. Others decide by the field, never by its name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Field { $(#[doc = $words] $name,)* }

        impl Field {
            /// Its name in the document.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }
        }
    };
}

fields! {
    Version "version";
    Id "id";
    TcbType "tcbType";
    IssueDate "issueDate";
    NextUpdate "nextUpdate";
    Fmspc "fmspc";
    PceId "pceId";
    TdxModule "tdxModule";
    TdxModuleIdentities "tdxModuleIdentities";
    AttributesMask "attributesMask";
    MrSigner "mrsigner";
    Attributes "attributes";
    ModuleId "tdxModuleIdentities id";
    ModuleLevels "tdxModuleIdentities tcbLevels";
    Levels "tcbLevels";
    SgxComponents "sgxtcbcomponents";
    TdxComponents "tdxtcbcomponents";
    PceSvn "pcesvn";
    TcbStatus "tcbStatus";
    NumberedComponents "sgxtcbcomp01svn to 16";
    IsvSvn "isvsvn";
    TcbDate "tcbDate";
    MiscSelect "miscselect";
    MiscSelectMask "miscselectMask";
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is wrong with TCB info or QE identity.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocumentFault {
    /// Not JSON of Intel's shape.
    Json {
        /// 1-based line.
        line: usize,
        /// 1-based column.
        column: usize,
        /// The JSON reader's words.
        message: String,
    },
    /// Nested deeper than any genuine document.
    Depth {
        /// Levels allowed.
        limit: usize,
        /// 1-based line.
        line: usize,
        /// 1-based column.
        column: usize,
    },
    /// A field has a value that Intel's form does not allow.
    Field {
        /// The field.
        field: Field,
        /// What is allowed.
        expected: &'static str,
        /// What was found.
        got: String,
    },
    /// Two levels demand the same.
    DuplicateLevel {
        /// Where they stand.
        list: Field,
    },
    /// The signature is not 64 bytes of hex.
    SignatureForm,
    /// The signature does not verify over the raw bytes.
    Signature,
    /// issueDate lies after the as-of time.
    NotYetValid {
        /// issueDate.
        from: UnixTime,
        /// As-of time.
        as_of: UnixTime,
    },
    /// nextUpdate has passed.
    Expired {
        /// nextUpdate.
        until: UnixTime,
        /// As-of time.
        as_of: UnixTime,
    },
}

/// Collateral was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CollateralError {
    /// The container is not JSON of a known shape.
    Container {
        /// 1-based line.
        line: usize,
        /// 1-based column.
        column: usize,
        /// The JSON reader's words.
        message: String,
    },
    /// A part is neither hex, base64, PEM nor DER.
    Encoding {
        /// The part.
        source: Source,
    },
    /// A part is larger than any genuine one.
    TooLarge {
        /// The part.
        source: Source,
        /// Bytes allowed.
        limit: usize,
        /// Bytes given.
        got: usize,
    },
    /// A certificate chain was refused.
    Chain(ChainError),
    /// A revocation list was refused.
    Crl {
        /// Which.
        source: Source,
        /// Why.
        fault: CrlFault,
    },
    /// TCB info or QE identity was refused.
    Document {
        /// Which.
        source: Source,
        /// Why.
        fault: DocumentFault,
    },
    /// TCB info is for one kind of TEE and QE identity for the other.
    KindsDiffer {
        /// Kind of the TCB info.
        tcb_info: Tee,
        /// Identifier in the QE identity.
        qe_identity: &'static str,
    },
    /// The trust root is no self-signed CA certificate of Intel's form.
    TrustRoot {
        /// Why.
        what: &'static str,
        /// Byte offset in the certificate.
        at: usize,
    },
}

impl From<ChainError> for CollateralError {
    fn from(error: ChainError) -> Self {
        Self::Chain(error)
    }
}

impl CollateralError {
    /// The stable reason.
    #[must_use]
    pub const fn reason(&self) -> QuoteReason {
        match self {
            Self::Container { .. } | Self::Encoding { .. } => QuoteReason::CollateralMalformed,
            Self::TooLarge { .. } => QuoteReason::CollateralTooLarge,
            Self::Chain(error) => error.reason(),
            Self::Crl { fault, .. } => match fault {
                CrlFault::Der(_) => QuoteReason::CrlMalformed,
                CrlFault::Issuer { .. } | CrlFault::KeyIdentifier { .. } => QuoteReason::CrlIssuer,
                CrlFault::Signature => QuoteReason::CrlSignature,
                CrlFault::NotYetValid { .. } => QuoteReason::CrlNotYetValid,
                CrlFault::Expired { .. } => QuoteReason::CrlExpired,
            },
            Self::Document { source, fault } => document_reason(*source, fault),
            Self::KindsDiffer { .. } => QuoteReason::CollateralKindMismatch,
            Self::TrustRoot { .. } => QuoteReason::TrustRootMalformed,
        }
    }

    /// Always [`super::Stage::Collateral`].
    #[must_use]
    pub const fn stage(&self) -> super::Stage {
        super::Stage::Collateral
    }

    pub(crate) fn describe(&self) -> Description {
        match self {
            Self::Container { line, column, message } => {
                Description::new(format!("the collateral cannot be read: {message}"))
                    .at(format_args!("collateral line {line} column {column}"))
            }
            Self::Encoding { source } => {
                Description::new("the part cannot be decoded").at(source).expected("hex, base64, PEM or DER")
            }
            Self::TooLarge { source, limit, got } => Description::new("the part is too large")
                .at(source)
                .expected(format_args!("at most {limit} bytes"))
                .got(format_args!("{got} bytes")),
            Self::Chain(error) => error.describe(),
            Self::Crl { source, fault } => describe_crl(*source, fault),
            Self::Document { source, fault } => describe_document(*source, fault),
            Self::KindsDiffer { tcb_info, qe_identity } => {
                Description::new("TCB info and QE identity are for different kinds of TEE")
                    .at(Source::QeIdentity)
                    .expected(format_args!("an identity for {tcb_info}"))
                    .got(qe_identity)
            }
            Self::TrustRoot { what, at } => {
                Description::new(format!("the trust root cannot be used: {what}"))
                    .at(format_args!("trust root byte {at}"))
            }
        }
    }
}

const fn document_reason(source: Source, fault: &DocumentFault) -> QuoteReason {
    let (malformed, signature, early, late) = match source {
        Source::QeIdentity => (
            QuoteReason::QeIdentityMalformed,
            QuoteReason::QeIdentitySignature,
            QuoteReason::QeIdentityNotYetValid,
            QuoteReason::QeIdentityExpired,
        ),
        _ => (
            QuoteReason::TcbInfoMalformed,
            QuoteReason::TcbInfoSignature,
            QuoteReason::TcbInfoNotYetValid,
            QuoteReason::TcbInfoExpired,
        ),
    };
    match fault {
        DocumentFault::Json { .. }
        | DocumentFault::Depth { .. }
        | DocumentFault::Field { .. }
        | DocumentFault::DuplicateLevel { .. }
        | DocumentFault::SignatureForm => malformed,
        DocumentFault::Signature => signature,
        DocumentFault::NotYetValid { .. } => early,
        DocumentFault::Expired { .. } => late,
    }
}

fn describe_crl(source: Source, fault: &CrlFault) -> Description {
    let description = match fault {
        CrlFault::Der(error) => {
            return Description::new(format!("the revocation list cannot be read: {}", error.fault))
                .at(format_args!("{source} byte {}", error.at));
        }
        CrlFault::Issuer { expected, got } => {
            Description::new("the revocation list speaks for another CA").expected(expected).got(got)
        }
        CrlFault::KeyIdentifier { expected, got } => {
            Description::new("the revocation list names another key").expected(expected).got(got)
        }
        CrlFault::Signature => Description::new("the revocation list's signature does not verify"),
        CrlFault::NotYetValid { from, as_of } => Description::new("the revocation list is not valid yet")
            .expected(format_args!("as-of time from {from}"))
            .got(as_of),
        CrlFault::Expired { until, as_of } => Description::new("the revocation list has expired")
            .expected(format_args!("as-of time before {until}"))
            .got(as_of),
    };
    description.at(source)
}

fn describe_document(source: Source, fault: &DocumentFault) -> Description {
    let description = match fault {
        DocumentFault::Json { line, column, message } => {
            return Description::new(format!("not JSON of Intel's form: {message}"))
                .at(format_args!("{source} line {line} column {column}"));
        }
        DocumentFault::Depth { limit, line, column } => {
            return Description::new("nested too deep")
                .at(format_args!("{source} line {line} column {column}"))
                .expected(format_args!("at most {limit} levels"));
        }
        DocumentFault::Field { field, expected, got } => {
            return Description::new("a value is not of Intel's form")
                .at(format_args!("{source} {field}"))
                .expected(expected)
                .got(veritee_base::text::inert(got));
        }
        DocumentFault::DuplicateLevel { list } => {
            return Description::new("two levels demand the same").at(format_args!("{source} {list}"));
        }
        DocumentFault::SignatureForm => {
            Description::new("the signature cannot be read").expected("128 hex digits")
        }
        DocumentFault::Signature => Description::new("the signature does not verify over the raw bytes"),
        DocumentFault::NotYetValid { from, as_of } => {
            Description::new("not valid yet").expected(format_args!("as-of time from {from}")).got(as_of)
        }
        DocumentFault::Expired { until, as_of } => {
            Description::new("expired").expected(format_args!("as-of time until {until}")).got(as_of)
        }
    };
    description.at(source)
}

described!(CollateralError);
