//! Which differences from dcap-qvl 0.7.1 are listed, found from what the engines say.

use crate::judge::Answer;
use veritee_quote::error::{CertificateRole, ChainFault, CrlFault, DocumentFault, Source};
use veritee_quote::{CollateralError, ParseError, QuoteError};

/// The listed difference behind a refusal of ours where the peer verifies.
///
/// By the fault itself, never by the reason alone: a fault that the peer checks as well is never listed.
pub(crate) fn of_refusal(error: &QuoteError) -> Option<&'static str> {
    match error {
        QuoteError::Parse(error) => match error {
            ParseError::TooLarge { .. } => Some("quote-size"),
            ParseError::Unread { .. } => Some("unread-bytes"),
            ParseError::OuterCertification { .. } => Some("outer-certification-type"),
            ParseError::TrailingBytes { .. } => Some("trailing-bytes"),
            _ => None,
        },
        QuoteError::PceId { .. } => Some("pceid"),
        QuoteError::PckExtension(_) => Some("sgx-extension-form"),
        QuoteError::TdxModuleAttributes { .. } => Some("seam-attributes"),
        QuoteError::QeIdentity { .. } => Some("identity-value-outside-mask"),
        QuoteError::Chain(error) => of_chain(error.source, error.role, &error.fault),
        QuoteError::Collateral(error) => of_collateral(error),
        _ => None,
    }
}

fn of_collateral(error: &CollateralError) -> Option<&'static str> {
    match error {
        CollateralError::Chain(error) => of_chain(error.source, error.role, &error.fault),
        CollateralError::Crl { source, fault } => match fault {
            CrlFault::NotYetValid { .. } => Some("crl-this-update"),
            // The peer looks for the list's issuer in the PCK chain, not in the list's own chain.
            CrlFault::Issuer { .. } if *source == Source::PckCrl => Some("crl-issuer-chain"),
            CrlFault::KeyIdentifier { .. } => Some("key-identifiers"),
            CrlFault::Der(error) if error.what.contains("serial number") => Some("serial-number"),
            CrlFault::Der(error) if is_about_extensions(error.what) => Some("crl-extensions"),
            _ => None,
        },
        CollateralError::Document { fault, .. } => match fault {
            DocumentFault::Depth { .. } => Some("json-depth"),
            DocumentFault::DuplicateLevel { .. } => Some("duplicate-levels"),
            DocumentFault::Field { field: "version", .. } => Some("document-version"),
            DocumentFault::Field { field: "tcbType", .. } => Some("tcb-type"),
            DocumentFault::Field { field: "tcbStatus", .. } => Some("unreached-level"),
            _ => None,
        },
        _ => None,
    }
}

fn is_about_extensions(what: &str) -> bool {
    what.contains("extension occurs twice") || what.contains("is missing")
}

fn of_chain(source: Source, role: Option<CertificateRole>, fault: &ChainFault) -> Option<&'static str> {
    if source == Source::PckCrlIssuerChain {
        return Some("crl-issuer-chain");
    }
    match fault {
        ChainFault::Pem(_) => Some("pem-form"),
        ChainFault::Count { .. } | ChainFault::Part => Some("chain-length"),
        // A byte that only the certificate in the chain has, and the peer never reads.
        ChainFault::Der { .. } => Some("root-in-chain"),
        _ if role == Some(CertificateRole::Root) => Some("root-in-chain"),
        ChainFault::ExtensionMissing(_) => Some("certificate-extensions"),
        ChainFault::KeyUsage(_) => Some("key-usage"),
        ChainFault::KeyIdentifier { .. } => Some("key-identifiers"),
        ChainFault::Name { .. } => Some("certificate-names"),
        _ => None,
    }
}

/// The difference behind a verdict of ours where the peer refuses, from its words.
pub(crate) fn of_their_refusal(answer: &Answer) -> Option<&'static str> {
    let Answer::Refused(words) = answer else { return None };
    [
        ("SGX TEE quote must have version 3", "sgx-of-version-4-and-5"),
        ("Invalid QE auth data length", "qe-authentication-length"),
        ("Certificate chain is too short in quote", "chain-order"),
    ]
    .into_iter()
    .find_map(|(their_words, name)| words.contains(their_words).then_some(name))
}
