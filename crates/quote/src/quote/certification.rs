//! How a quote names the PCK that certified its quoting enclave.

use super::Quote;
use crate::bytes::Reader;
use crate::error::ParseError;
use crate::pck::{CaKind, PckExtension};
use crate::x509::{Certificate, pem};
use core::ops::Range;
use serde::Serialize;
use veritee_base::Fmspc;

/// Certification data types of Intel's quote format that a quote may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificationType {
    /// 1: PPID in plain text, with CPUSVN, PCESVN and PCEID.
    Ppid,
    /// 2: PPID encrypted with RSA-2048, with CPUSVN, PCESVN and PCEID.
    PpidRsa2048,
    /// 3: PPID encrypted with RSA-3072, with CPUSVN, PCESVN and PCEID.
    PpidRsa3072,
    /// 4: the PCK certificate alone.
    PckCertificate,
    /// 5: the PCK certificate chain in PEM.
    PckChain,
}

impl CertificationType {
    /// The type with this number.
    #[must_use]
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::Ppid),
            2 => Some(Self::PpidRsa2048),
            3 => Some(Self::PpidRsa3072),
            4 => Some(Self::PckCertificate),
            5 => Some(Self::PckChain),
            _ => None,
        }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Ppid => 1,
            Self::PpidRsa2048 => 2,
            Self::PpidRsa3072 => 3,
            Self::PckCertificate => 4,
            Self::PckChain => 5,
        }
    }
}

/// Type and place of the certification data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certification {
    kind: CertificationType,
    range: Range<usize>,
}

impl Certification {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        let at = reader.at();
        let number = reader.u16("PCK certification data type")?;
        // Types 1 to 5 of Intel's format. Only the chain of type 5 proves anything by itself; to the others collateral has to
        // bring the chain.
        let kind = CertificationType::from_number(number)
            .ok_or(ParseError::InnerCertification { at, got: number })?;
        let length = reader.u32("PCK certification data size")?;
        let data = reader.sized(length, "PCK certification data")?;
        Ok(Self { kind, range: data.at()..data.at().saturating_add(data.rest().len()) })
    }

    /// The type.
    #[must_use]
    pub const fn kind(&self) -> CertificationType {
        self.kind
    }

    /// Byte offset of the data in the quote.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.range.start
    }

    pub(super) const fn range(&self) -> &Range<usize> {
        &self.range
    }
}

/// What an unverified PCK certificate says of its platform: good for choosing collateral, for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct PckHint {
    /// Processor family.
    pub fmspc: Fmspc,
    /// The CA that issued the certificate.
    pub ca: CaKind,
}

impl PckHint {
    pub(super) fn read(quote: &Quote) -> Option<Self> {
        if quote.certification().kind() != CertificationType::PckChain {
            return None;
        }
        Self::of_chain(quote.certification_data())
    }

    /// The same of a PEM chain that did not come with the quote.
    #[must_use]
    pub fn of_chain(chain: &[u8]) -> Option<Self> {
        // The chain may stand in any order, so every certificate is asked.
        let chain = pem::decode_glued_chain(chain, 3).ok()?;
        chain.iter().find_map(|der| {
            let certificate = Certificate::parse(der).ok()?;
            let ca = CaKind::from_name(certificate.issuer_common_name()?)?;
            let extension = PckExtension::parse(certificate.sgx_extension()?).ok()?;
            Some(Self { fmspc: extension.fmspc, ca })
        })
    }
}
