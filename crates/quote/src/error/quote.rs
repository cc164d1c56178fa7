//! Faults of a quote under genuine collateral.

use super::{ChainError, CollateralError, Description, ParseError, Stage, described};
use crate::der::DerError;
use crate::pck::CaKind;
use crate::quote::{Quote, Tee};
use crate::reason::QuoteReason;
use core::fmt;
use serde::Serialize;
use veritee_base::Fmspc;

/// A security version number by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SvnName {
    /// SGX TCB component, 0 to 15.
    Sgx(u8),
    /// PCESVN.
    Pce,
    /// TDX TCB component, 0 to 15 (byte of TEE_TCB_SVN).
    Tdx(u8),
    /// ISVSVN of the TDX module (TEE_TCB_SVN byte 0, under a module identity).
    TdxModule,
    /// ISVSVN of the quoting enclave.
    QuotingEnclave,
}

impl fmt::Display for SvnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sgx(index) => write!(f, "sgx-component-{index}"),
            Self::Pce => f.write_str("pcesvn"),
            Self::Tdx(index) => write!(f, "tdx-component-{index}"),
            Self::TdxModule => f.write_str("tdx-module-isvsvn"),
            Self::QuotingEnclave => f.write_str("qe-isvsvn"),
        }
    }
}

impl Serialize for SvnName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A security version number below what a level demands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Shortfall {
    /// Which number.
    pub svn: SvnName,
    /// What the platform has.
    pub has: u16,
    /// What the level demands.
    pub needs: u16,
    /// Which update raises it, in the words of the TCB info (`OS/VMM, SEAMLDR ACM`), where that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<String>,
}

impl Shortfall {
    /// Where the number stands.
    fn place(&self) -> String {
        match self.svn {
            SvnName::Sgx(index) => {
                format!("PCK certificate, SGX TCB component {} (index {index})", index.saturating_add(1))
            }
            SvnName::Pce => "PCK certificate, PCESVN".to_owned(),
            SvnName::Tdx(index) => format!("quote TEE_TCB_SVN, byte {index}"),
            SvnName::TdxModule => "quote TEE_TCB_SVN, byte 0".to_owned(),
            SvnName::QuotingEnclave => "quote QE report ISVSVN".to_owned(),
        }
    }
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} of {}", self.svn, self.has, self.needs)?;
        match &self.update {
            Some(update) => write!(f, " (raised by: {update})"),
            None => Ok(()),
        }
    }
}

/// Which set of security versions was evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evaluated {
    /// TEE_TCB_SVN: when the TD was launched. The only one for SGX and TDX 1.0.
    Launch,
    /// TEE_TCB_SVN2: now.
    Current,
}

impl fmt::Display for Evaluated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Launch => "TEE_TCB_SVN",
            Self::Current => "TEE_TCB_SVN2",
        })
    }
}

/// A part of the platform that has a TCB status of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TcbPart {
    /// Processor, microcode and PCE.
    Platform,
    /// The TDX module.
    TdxModule,
    /// The quoting enclave.
    QuotingEnclave,
}

impl fmt::Display for TcbPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Platform => "platform",
            Self::TdxModule => "TDX module",
            Self::QuotingEnclave => "quoting enclave",
        })
    }
}

/// A field of the quoting enclave's report that Intel's identity fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum QeField {
    /// MISCSELECT.
    MiscSelect,
    /// ATTRIBUTES.
    Attributes,
    /// MRSIGNER.
    MrSigner,
    /// ISVPRODID.
    IsvProductId,
}

impl fmt::Display for QeField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MiscSelect => "MISCSELECT",
            Self::Attributes => "ATTRIBUTES",
            Self::MrSigner => "MRSIGNER",
            Self::IsvProductId => "ISVPRODID",
        })
    }
}

/// A quote was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum QuoteError {
    /// It cannot be read.
    Parse(ParseError),
    /// The collateral is not in force at this as-of time.
    Collateral(CollateralError),
    /// No collateral for this platform was given.
    CollateralMissing {
        /// Kind of the quote.
        tee: Tee,
        /// What the quote's PCK certificate says of its platform, where it can be read.
        wanted: Option<(Fmspc, CaKind)>,
    },
    /// The collateral is for the other kind of TEE.
    Kind {
        /// Kind of the quote.
        expected: Tee,
        /// Kind of the collateral.
        got: Tee,
    },
    /// The collateral is for another processor family.
    Fmspc {
        /// FMSPC of the PCK certificate.
        expected: Fmspc,
        /// FMSPC of the TCB info.
        got: Fmspc,
    },
    /// The collateral is for another PCE.
    PceId {
        /// PCEID of the PCK certificate.
        expected: String,
        /// PCEID of the TCB info.
        got: String,
    },
    /// The collateral's revocation list is of the other PCK CA.
    Ca {
        /// CA of the revocation list.
        expected: String,
        /// CA of the PCK certificate.
        got: String,
    },
    /// Neither the quote nor the collateral has a PCK certificate chain.
    PckChainMissing {
        /// Certification data type of the quote.
        certification: u16,
    },
    /// The PCK certificate chain was refused.
    Chain(ChainError),
    /// Intel's SGX extension of the PCK certificate cannot be read.
    PckExtension(DerError),
    /// The PCK did not sign the quoting enclave's report.
    QeReportSignature,
    /// The quoting enclave's report does not hold the hash of the attestation key.
    QeReportData {
        /// SHA-256 of attestation key and authentication data.
        expected: String,
        /// First half of the report's REPORTDATA.
        got: String,
    },
    /// The quoting enclave runs in debug mode.
    QeDebug,
    /// The quoting enclave is not the one that Intel names.
    QeIdentity {
        /// The field that differs.
        field: QeField,
        /// Its value by the identity, under the mask.
        expected: String,
        /// Its value in the report, under the mask.
        got: String,
    },
    /// The attestation key did not sign the quote.
    QuoteSignature,
    /// Intel lists no TDX module of this version.
    TdxModuleUnknown {
        /// Identifier looked for.
        id: String,
        /// Which versions name it.
        evaluated: Evaluated,
    },
    /// The TDX module has another signer.
    TdxModuleSigner {
        /// MRSIGNERSEAM by the TCB info.
        expected: String,
        /// MRSIGNERSEAM in the quote.
        got: String,
    },
    /// The TDX module has other attributes.
    TdxModuleAttributes {
        /// SEAMATTRIBUTES by the TCB info.
        expected: String,
        /// SEAMATTRIBUTES in the quote.
        got: String,
    },
    /// A part is below every level that Intel lists.
    TcbNotSupported {
        /// The part.
        part: TcbPart,
        /// Which versions.
        evaluated: Evaluated,
        /// What is missing to the lowest level.
        shortfalls: Vec<Shortfall>,
    },
    /// A part is at a level that Intel has revoked.
    TcbRevoked {
        /// The part.
        part: TcbPart,
        /// Which versions.
        evaluated: Evaluated,
    },
}

impl QuoteError {
    /// The updates that would raise what falls short, where Intel names them.
    #[must_use]
    pub fn updates(&self) -> Vec<&str> {
        let Self::TcbNotSupported { shortfalls, .. } = self else { return Vec::new() };
        let mut updates: Vec<&str> = shortfalls.iter().filter_map(|short| short.update.as_deref()).collect();
        updates.dedup();
        updates
    }
}

impl From<ParseError> for QuoteError {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}

impl From<CollateralError> for QuoteError {
    fn from(error: CollateralError) -> Self {
        Self::Collateral(error)
    }
}

impl From<ChainError> for QuoteError {
    fn from(error: ChainError) -> Self {
        Self::Chain(error)
    }
}

impl QuoteError {
    /// The stable reason.
    #[must_use]
    pub const fn reason(&self) -> QuoteReason {
        match self {
            Self::Parse(error) => error.reason(),
            Self::Collateral(error) => error.reason(),
            Self::CollateralMissing { .. } => QuoteReason::CollateralMissing,
            Self::Kind { .. } => QuoteReason::CollateralKindMismatch,
            Self::Fmspc { .. } => QuoteReason::FmspcMismatch,
            Self::PceId { .. } => QuoteReason::PceIdMismatch,
            Self::Ca { .. } => QuoteReason::CrlIssuer,
            Self::PckChainMissing { .. } => QuoteReason::PckChainMissing,
            Self::Chain(error) => error.reason(),
            Self::PckExtension(_) => QuoteReason::PckExtensionMalformed,
            Self::QeReportSignature => QuoteReason::QeReportSignature,
            Self::QeReportData { .. } => QuoteReason::QeReportData,
            Self::QeDebug => QuoteReason::QeDebug,
            Self::QeIdentity { .. } => QuoteReason::QeIdentityMismatch,
            Self::QuoteSignature => QuoteReason::QuoteSignature,
            Self::TdxModuleUnknown { .. } => QuoteReason::TdxModuleUnknown,
            Self::TdxModuleSigner { .. } | Self::TdxModuleAttributes { .. } => QuoteReason::TdxModuleMismatch,
            Self::TcbNotSupported { part, .. } => match part {
                TcbPart::Platform => QuoteReason::TcbNotSupported,
                TcbPart::TdxModule => QuoteReason::TdxModuleTcbNotSupported,
                TcbPart::QuotingEnclave => QuoteReason::QeTcbNotSupported,
            },
            Self::TcbRevoked { evaluated: Evaluated::Current, .. } => QuoteReason::TcbCurrentRevoked,
            Self::TcbRevoked { part, .. } => match part {
                TcbPart::Platform => QuoteReason::TcbRevoked,
                TcbPart::TdxModule => QuoteReason::TdxModuleRevoked,
                TcbPart::QuotingEnclave => QuoteReason::QeRevoked,
            },
        }
    }

    /// The stage that failed.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Parse(_) => Stage::Format,
            Self::Collateral(_)
            | Self::CollateralMissing { .. }
            | Self::Kind { .. }
            | Self::Fmspc { .. }
            | Self::PceId { .. }
            | Self::Ca { .. } => Stage::Collateral,
            Self::PckChainMissing { .. } | Self::Chain(_) | Self::PckExtension(_) => Stage::Certificates,
            Self::QeReportSignature | Self::QeReportData { .. } | Self::QeDebug | Self::QeIdentity { .. } => {
                Stage::Enclave
            }
            Self::QuoteSignature => Stage::Signature,
            Self::TdxModuleUnknown { .. }
            | Self::TdxModuleSigner { .. }
            | Self::TdxModuleAttributes { .. }
            | Self::TcbNotSupported { .. }
            | Self::TcbRevoked { .. } => Stage::TcbLevel,
        }
    }

    /// Finds the place of a chain's fault in the quote that carries the chain.
    pub(crate) fn placed(self, quote: &Quote) -> Self {
        match self {
            Self::Chain(error) => {
                Self::Chain(error.placed(quote.certification_data(), quote.certification().offset()))
            }
            other => other,
        }
    }

    pub(crate) fn describe(&self) -> Description {
        match self {
            Self::Parse(error) => error.describe(),
            Self::Collateral(error) => error.describe(),
            Self::Chain(error) => error.describe(),
            Self::CollateralMissing { .. }
            | Self::Kind { .. }
            | Self::Fmspc { .. }
            | Self::PceId { .. }
            | Self::Ca { .. } => self.describe_collateral(),
            Self::PckChainMissing { .. }
            | Self::PckExtension(_)
            | Self::QeReportSignature
            | Self::QeReportData { .. }
            | Self::QeDebug
            | Self::QeIdentity { .. }
            | Self::QuoteSignature => self.describe_quote(),
            _ => self.describe_tcb(),
        }
    }

    fn describe_collateral(&self) -> Description {
        match self {
            Self::CollateralMissing { tee, wanted: Some((fmspc, ca)) } => {
                Description::new(format!("no {tee} collateral for fmspc {fmspc} and the {ca} CA was given"))
            }
            Self::CollateralMissing { tee, wanted: None } => {
                Description::new(format!("no {tee} collateral for this quote can be chosen"))
                    .at("quote certification data")
            }
            Self::Kind { expected, got } => Description::new("the collateral is for another kind of TEE")
                .at("tcb_info id")
                .expected(expected)
                .got(got),
            Self::Fmspc { expected, got } => {
                Description::new("the collateral is for another processor family")
                    .at("tcb_info fmspc")
                    .expected(expected)
                    .got(got)
            }
            Self::PceId { expected, got } => Description::new("the collateral is for another PCE")
                .at("tcb_info pceId")
                .expected(expected)
                .got(got),
            Self::Ca { expected, got } => Description::new("the revocation list speaks for another CA")
                .at("PCK certificate issuer")
                .expected(expected)
                .got(got),
            _ => Description::default(),
        }
    }

    fn describe_quote(&self) -> Description {
        match self {
            Self::PckChainMissing { certification } => Description::new(format!(
                "certification data of type {certification} has no PCK certificate chain"
            ))
            .at("quote certification data"),
            Self::PckExtension(error) => Description::new(format!(
                "the PCK certificate's SGX extension cannot be read: {}",
                error.fault
            ))
            .at(format_args!("PCK certificate byte {}", error.at)),
            Self::QeReportSignature => Description::new("the PCK did not sign the quoting enclave's report")
                .at("quote QE report signature"),
            Self::QeReportData { expected, got } => {
                Description::new("the quoting enclave's report does not vouch for the attestation key")
                    .at("quote QE report REPORTDATA")
                    .expected(expected)
                    .got(got)
            }
            Self::QeDebug => {
                Description::new("the quoting enclave runs in debug mode").at("quote QE report ATTRIBUTES")
            }
            Self::QeIdentity { field, expected, got } => {
                Description::new("the quoting enclave is not the one that Intel names")
                    .at(format_args!("quote QE report {field}"))
                    .expected(expected)
                    .got(got)
            }
            _ => Description::new("the attestation key did not sign the quote").at("quote signature"),
        }
    }

    fn describe_tcb(&self) -> Description {
        match self {
            Self::TdxModuleUnknown { id, evaluated } => Description::new("Intel lists no such TDX module")
                .at(format_args!("quote {evaluated}"))
                .got(id),
            Self::TdxModuleSigner { expected, got } => Description::new("the TDX module has another signer")
                .at("quote MRSIGNERSEAM")
                .expected(expected)
                .got(got),
            Self::TdxModuleAttributes { expected, got } => {
                Description::new("the TDX module has other attributes")
                    .at("quote SEAMATTRIBUTES")
                    .expected(expected)
                    .got(got)
            }
            Self::TcbNotSupported { part, evaluated, shortfalls } => {
                let missing: Vec<String> = shortfalls.iter().map(ToString::to_string).collect();
                Description::new(format!("the {part} is below every TCB level that Intel lists"))
                    .at(shortfalls.first().map_or_else(|| format!("quote {evaluated}"), Shortfall::place))
                    .got(if missing.is_empty() { "no level".to_owned() } else { missing.join(", ") })
            }
            Self::TcbRevoked { part, evaluated } => {
                Description::new(format!("Intel has revoked the TCB level of the {part}"))
                    .at(format_args!("quote {evaluated}"))
            }
            _ => Description::default(),
        }
    }
}

described!(QuoteError);
