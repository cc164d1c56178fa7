//! Entry points for fuzzing: parsers that stand behind a signature check, which no mutated input passes.
//!
//! Only with the feature `fuzzing`, which no other crate turns on. Nothing that is returned here is verified, and
//! nothing that verifies takes it.

use crate::der::{Der, DerError, DerFault, OCTET_STRING};
use crate::error::DocumentFault;
use crate::pck::PckExtension;
use crate::qe_identity::QeIdentity;
use crate::tcb_info::TcbInfo;
use crate::x509::Certificate;
use crate::x509::crl::Crl;
use veritee_base::Budget;

/// Reads a TCB info.
///
/// # Errors
/// As behind the signature check.
pub fn tcb_info(text: &str) -> Result<TcbInfo, DocumentFault> {
    TcbInfo::parse(text, &Budget::default())
}

/// Reads a QE identity.
///
/// # Errors
/// As behind the signature check.
pub fn qe_identity(text: &str) -> Result<QeIdentity, DocumentFault> {
    QeIdentity::parse(text, &Budget::default())
}

/// Reads the value of a PCK certificate's SGX extension: an OCTET STRING and nothing behind it.
///
/// # Errors
/// As inside a certificate.
pub fn pck_extension(bytes: &[u8]) -> Result<PckExtension, DerError> {
    let mut reader = Der::new(bytes);
    let extension = reader.expect(OCTET_STRING, DerFault::ExtensionValueExpected)?;
    reader.finish(DerFault::BytesAfterExtensionValue)?;
    PckExtension::parse(extension)
}

/// Reads a certificate, with its SGX extension where it has one. Returns whether it does.
///
/// # Errors
/// As inside a chain.
pub fn certificate(bytes: &[u8]) -> Result<bool, DerError> {
    let certificate = Certificate::parse(bytes)?;
    let _ = (certificate.subject_common_name(), certificate.issuer_common_name());
    let extension = certificate.sgx_extension();
    extension.map(PckExtension::parse).transpose().map(|extension| extension.is_some())
}

/// Reads a revocation list and counts its serial numbers.
///
/// # Errors
/// As in collateral.
pub fn crl(bytes: &[u8]) -> Result<usize, DerError> {
    Crl::parse(bytes).map(|list| list.revoked.len())
}
