//! The layout of a quote, read without believing any of it.
//!
//! Source: Intel SGX ECDSA QuoteLibReference and Intel TDX DCAP Quoting Library API, appendix "Quote Format";
//! body types 3 and 4 of version 5 from the TDX 1.5 ABI. All integers are little-endian.

mod body;
mod certification;

pub use body::{Body, BodyType, EnclaveReport, TdExtension, TdReport};
pub use certification::{Certification, CertificationType, PckHint};

use crate::bytes::Reader;
use crate::error::ParseError;
use core::ops::Range;
use serde::Serialize;
use std::sync::Arc;
use veritee_base::{Budget, Sha256Digest};

/// Vendor id of Intel's quoting enclaves.
pub const INTEL_QE_VENDOR_ID: [u8; 16] =
    [0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07];
const ECDSA_P256: u16 = 2;
const TEE_SGX: u32 = 0;
const TEE_TDX: u32 = 0x81;
const HEADER_LENGTH: usize = 48;
/// Certification data type of the structure that holds the QE report in versions 4 and 5.
const QE_REPORT_CERTIFICATION: u16 = 6;

/// Which kind of trusted execution environment a quote or collateral speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tee {
    /// An SGX enclave.
    Sgx,
    /// A TDX virtual machine.
    Tdx,
}

impl core::fmt::Display for Tee {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Sgx => "SGX",
            Self::Tdx => "TDX",
        })
    }
}

/// The first 48 bytes. Signed, but by a key that is not yet vouched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Header {
    /// 3, 4 or 5.
    pub version: u16,
    /// Kind of environment (offset 4).
    pub tee: Tee,
    /// Bytes 8 to 11: QE SVN and PCE SVN in version 3, reserved later. No verifier uses them.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub reserved: [u8; 4],
    /// User data of the quoting enclave (offset 28); its first 16 bytes are usually a platform identifier.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub user_data: [u8; 20],
}

/// A quote that is laid out as its version demands. Nothing in it is verified.
///
/// Cheap to clone: the bytes are shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    bytes: Arc<[u8]>,
    padding: usize,
    header: Header,
    body: Body,
    layout: Layout,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Layout {
    signed: Range<usize>,
    signature: [u8; 64],
    attestation_key: [u8; 64],
    enclave: Range<usize>,
    qe_report_bytes: Range<usize>,
    qe_report: EnclaveReport,
    qe_signature: [u8; 64],
    qe_authentication: Range<usize>,
    certification: Certification,
}

impl Quote {
    /// Reads a quote of version 3 (SGX), 4 (SGX, TDX) or 5 (SGX, TD 1.0, TD 1.5, TD 1.5 extended).
    ///
    /// Every length field must be used up exactly; after the signature data only zero bytes may stand.
    /// No certificate is decoded.
    ///
    /// # Errors
    /// The first field, with its byte offset, that is not as the version demands.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::parse_within(bytes, &Budget::default())
    }

    /// [`Self::parse`] with other limits.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_within(bytes: &[u8], budget: &Budget) -> Result<Self, ParseError> {
        // Sizes inside are 32 bits wide and the sender's to choose.
        if bytes.len() > budget.quote_bytes {
            return Err(ParseError::TooLarge { limit: budget.quote_bytes, got: bytes.len() });
        }
        let mut reader = Reader::new(bytes);
        let header = read_header(&mut reader)?;
        let body_type = read_body_type(&header, &mut reader)?;
        let body = Body::read(body_type, &mut reader)?;
        let signed = 0..reader.at();
        let length = reader.u32("signature data size")?;
        let mut inner = reader.sized(length, "signature data")?;
        let layout = read_signature_data(&header, signed, &mut inner)?;
        inner.finish("signature data")?;
        // Intel's QVL lets any bytes follow. Zero bytes are what buffers of fixed size leave; anything else is a second content.
        if let Some(offset) = reader.rest().iter().position(|byte| *byte != 0) {
            return Err(ParseError::TrailingBytes { at: reader.at().saturating_add(offset) });
        }
        let (kept, padding) = bytes.split_at_checked(reader.at()).unwrap_or((bytes, &[]));
        Ok(Self { bytes: Arc::from(kept), padding: padding.len(), header, body, layout })
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The report that the quote is about.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.body
    }

    /// The TD report, when the quote is of a TDX machine. Unverified: prefer `VerifiedQuote::td`.
    #[must_use]
    pub const fn td(&self) -> Option<&TdReport> {
        match &self.body {
            Body::Td(report) => Some(report),
            Body::Sgx(_) => None,
        }
    }

    /// Kind of environment.
    #[must_use]
    pub const fn tee(&self) -> Tee {
        self.header.tee
    }

    /// The quote without the zero bytes behind it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Zero bytes that followed the quote.
    #[must_use]
    pub const fn padding(&self) -> usize {
        self.padding
    }

    /// What the attestation key signs: header, body descriptor (version 5) and body.
    #[must_use]
    pub fn signed_bytes(&self) -> &[u8] {
        self.slice(&self.layout.signed)
    }

    /// SHA-256 of [`Self::signed_bytes`]: the only identity of a quote that nobody can vary.
    ///
    /// The rest can be varied without changing the verdict (padding, form of the PEM, `s` and `n - s`), so a hash
    /// over the whole file must not serve as "seen before".
    #[must_use]
    pub fn signed_sha256(&self) -> Sha256Digest {
        Sha256Digest::of(self.signed_bytes())
    }

    /// The signature over [`Self::signed_bytes`], `r || s`.
    #[must_use]
    pub const fn signature(&self) -> &[u8; 64] {
        &self.layout.signature
    }

    /// The attestation key, `x || y`.
    #[must_use]
    pub const fn attestation_key(&self) -> &[u8; 64] {
        &self.layout.attestation_key
    }

    /// The quoting enclave's report.
    #[must_use]
    pub const fn qe_report(&self) -> &EnclaveReport {
        &self.layout.qe_report
    }

    /// The bytes of the quoting enclave's report, which the PCK signs.
    #[must_use]
    pub fn qe_report_bytes(&self) -> &[u8] {
        self.slice(&self.layout.qe_report_bytes)
    }

    /// The PCK's signature over the quoting enclave's report, `r || s`.
    #[must_use]
    pub const fn qe_report_signature(&self) -> &[u8; 64] {
        &self.layout.qe_signature
    }

    /// Authentication data of the quoting enclave; hashed with the attestation key into its report.
    #[must_use]
    pub fn qe_authentication_data(&self) -> &[u8] {
        self.slice(&self.layout.qe_authentication)
    }

    /// How the PCK is named: a chain, a certificate, or a platform identifier.
    #[must_use]
    pub const fn certification(&self) -> &Certification {
        &self.layout.certification
    }

    /// The certification data, undecoded.
    #[must_use]
    pub fn certification_data(&self) -> &[u8] {
        self.slice(self.layout.certification.range())
    }

    /// FMSPC and CA of the PCK certificate in the quote, for choosing collateral. Unverified.
    ///
    /// `None` when the quote carries no certificate chain or it cannot be read.
    #[must_use]
    pub fn pck_hint(&self) -> Option<PckHint> {
        PckHint::read(self)
    }

    /// Everything between the quote's signature and the padding, attestation key included: what a remembered
    /// enclave is looked up by.
    pub(crate) fn enclave_bytes(&self) -> &[u8] {
        self.slice(&self.layout.enclave)
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        // The ranges were taken from these very bytes.
        self.bytes.get(range.clone()).unwrap_or_default()
    }
}

fn read_header(reader: &mut Reader<'_>) -> Result<Header, ParseError> {
    let version = reader.u16("version")?;
    // Intel's QVL 1.27 reads 3, 4 and 5; each says which body follows.
    if !(3..=5).contains(&version) {
        return Err(ParseError::Version { at: 0, got: version });
    }
    let key_type = reader.u16("attestation key type")?;
    // Intel's QVL knows this one alone; a signature of another algorithm is verified by nothing here.
    if key_type != ECDSA_P256 {
        return Err(ParseError::KeyType { at: 2, got: key_type });
    }
    let tee_type = reader.u32("TEE type")?;
    // TDX from version 4 on, as in Intel's QVL: the body's layout depends on it.
    let tee = match (tee_type, version) {
        (TEE_SGX, _) => Tee::Sgx,
        (TEE_TDX, 4 | 5) => Tee::Tdx,
        _ => return Err(ParseError::TeeType { at: 4, version, got: tee_type }),
    };
    let reserved = reader.array("reserved")?;
    let vendor = reader.array("QE vendor id")?;
    // Another vendor's enclave is not certified by Intel's PCK.
    if vendor != INTEL_QE_VENDOR_ID {
        return Err(ParseError::Vendor { at: 12, got: vendor });
    }
    let user_data = reader.array("user data")?;
    debug_assert_eq!(reader.at(), HEADER_LENGTH);
    Ok(Header { version, tee, reserved, user_data })
}

fn read_body_type(header: &Header, reader: &mut Reader<'_>) -> Result<BodyType, ParseError> {
    if header.version < 5 {
        return Ok(match header.tee {
            Tee::Sgx => BodyType::Enclave,
            Tee::Tdx => BodyType::Td10,
        });
    }
    let at = reader.at();
    let number = reader.u16("body type")?;
    let size_at = reader.at();
    let size = reader.u32("body size")?;
    let body_type = BodyType::from_number(number).ok_or(ParseError::BodyType { at, got: number })?;
    // Intel's QVL: the size is the type's, exactly. What is signed would otherwise end elsewhere than what is read.
    if usize::try_from(size) != Ok(body_type.size()) {
        return Err(ParseError::BodySize { at: size_at, expected: body_type.size(), got: size });
    }
    // Or an enclave's report would be judged as a machine's.
    if (body_type == BodyType::Enclave) != (header.tee == Tee::Sgx) {
        return Err(ParseError::BodyTee { at, tee: header.tee, got: number });
    }
    Ok(body_type)
}

fn read_signature_data(
    header: &Header,
    signed: Range<usize>,
    reader: &mut Reader<'_>,
) -> Result<Layout, ParseError> {
    let signature = reader.array("signature")?;
    let enclave_start = reader.at();
    let attestation_key = reader.array("attestation key")?;
    if header.version == 3 {
        return read_qe_part(signed, signature, enclave_start, attestation_key, reader);
    }
    let at = reader.at();
    let outer = reader.u16("certification data type")?;
    // Versions 4 and 5 wrap the enclave's report in type 6; nothing else holds one.
    if outer != QE_REPORT_CERTIFICATION {
        return Err(ParseError::OuterCertification { at, got: outer });
    }
    let length = reader.u32("certification data size")?;
    let mut inner = reader.sized(length, "certification data")?;
    let layout = read_qe_part(signed, signature, enclave_start, attestation_key, &mut inner)?;
    inner.finish("certification data")?;
    Ok(layout)
}

fn read_qe_part(
    signed: Range<usize>,
    signature: [u8; 64],
    enclave_start: usize,
    attestation_key: [u8; 64],
    reader: &mut Reader<'_>,
) -> Result<Layout, ParseError> {
    let report_start = reader.at();
    let qe_report = EnclaveReport::read(reader)?;
    let qe_report_bytes = report_start..reader.at();
    let qe_signature = reader.array("QE report signature")?;
    let length = reader.u16("QE authentication data size")?;
    let authentication_start = reader.at();
    reader.take(usize::from(length), "QE authentication data")?;
    let qe_authentication = authentication_start..reader.at();
    let certification = Certification::read(reader)?;
    Ok(Layout {
        signed,
        signature,
        attestation_key,
        enclave: enclave_start..reader.at(),
        qe_report_bytes,
        qe_report,
        qe_signature,
        qe_authentication,
        certification,
    })
}
