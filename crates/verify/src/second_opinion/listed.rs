//! Which differences from dcap-qvl 0.7.1 `docs/divergences.md` lists, found from what the two engines say.
//!
//! By the fault itself, never by its reason alone: what the peer checks as well is never listed. The tests of
//! `veritee-quote` hold this file against both engines, over single faults and over random damage.

use veritee_quote::error::{CertificateRole, ChainFault, CrlFault, DocumentFault, Source};
use veritee_quote::{CollateralError, ParseError, QuoteError};

/// The listed difference behind a refusal of ours where the peer verifies.
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
        QuoteError::PckExtension(error) => Some(of_sgx_extension(error.what)),
        QuoteError::TdxModuleAttributes { .. } => Some("seam-attributes"),
        QuoteError::QeIdentity { .. } => Some("identity-value-outside-mask"),
        QuoteError::Chain(error) => of_chain(error.source, error.role, &error.fault),
        QuoteError::Collateral(error) => of_collateral(error),
        _ => None,
    }
}

/// The listed difference behind a verdict of ours where the peer refuses in these words.
pub(crate) fn of_their_refusal(words: &str) -> Option<&'static str> {
    [
        ("SGX TEE quote must have version 3", "sgx-of-version-4-and-5"),
        ("Invalid QE auth data length", "qe-authentication-length"),
        ("Certificate chain is too short in quote", "chain-order"),
        ("CaUsedAsEndEntity", "chain-order"),
        // Ours has found it: the peer looked at the chain that came with the collateral.
        ("Intel extension not found", "chain-in-quote-first"),
        ("PceSvn length mismatch", "pcesvn-form"),
        ("missing field `sgxtcbcomponents`", "tcb-info-version-2"),
    ]
    .into_iter()
    .find_map(|(theirs, name)| words.contains(theirs).then_some(name))
}

fn of_collateral(error: &CollateralError) -> Option<&'static str> {
    match error {
        CollateralError::Chain(error) => of_chain(error.source, error.role, &error.fault),
        CollateralError::Crl { source, fault } => match fault {
            CrlFault::NotYetValid { .. } => Some("crl-this-update"),
            // The peer looks for the list's issuer in the PCK chain, not in the list's own chain.
            CrlFault::Issuer { .. } if *source == Source::PckCrl => Some("crl-issuer-chain"),
            CrlFault::KeyIdentifier { .. } => Some("key-identifiers"),
            CrlFault::Der(error) if is_about_serial_numbers(error.what) => Some("serial-number"),
            CrlFault::Der(error) if is_about_extensions(error.what) => Some("crl-extensions"),
            _ => None,
        },
        CollateralError::Document { source, fault } => match fault {
            DocumentFault::Depth { .. } => Some("json-depth"),
            DocumentFault::DuplicateLevel { .. } => Some("duplicate-levels"),
            DocumentFault::Field { field, .. } => of_field(*source, field),
            _ => None,
        },
        CollateralError::TrustRoot { .. } => Some("trust-root"),
        CollateralError::TooLarge { .. } => Some("collateral-size"),
        _ => None,
    }
}

fn of_field(source: Source, field: &str) -> Option<&'static str> {
    match (source, field) {
        (Source::TcbInfo, "version") => Some("tcb-info-version"),
        (Source::QeIdentity, "version") => Some("qe-identity-version"),
        (Source::TcbInfo, "tcbType") => Some("tcb-type"),
        (Source::TcbInfo, "pceId" | "issueDate" | "nextUpdate" | "tdxModule") => Some("tcb-info-form"),
        (_, "tcbStatus" | "tdxModuleIdentities id" | "tdxModuleIdentities tcbLevels") => {
            Some("unreached-level")
        }
        _ => None,
    }
}

fn is_about_extensions(what: &str) -> bool {
    ["extension occurs twice", "is missing", "must not be critical"].iter().any(|words| what.contains(words))
}

fn is_about_serial_numbers(what: &str) -> bool {
    what.contains("serial number") || what.contains("integer is")
}

fn of_sgx_extension(what: &str) -> &'static str {
    if what.contains("TCB component") || what.contains("security version number") {
        "components-not-cpusvn"
    } else if what.contains("integer is") {
        "pcesvn-form"
    } else {
        "sgx-extension-form"
    }
}

/// A certificate that cannot be read here and can there.
fn of_certificate(index: usize, what: &str) -> Option<&'static str> {
    let says = |words: &[&str]| words.iter().any(|words| what.contains(words));
    if says(&["narrows"]) {
        Some("narrowing-extensions")
    } else if says(&["of a CA are not critical"]) {
        Some("extension-criticality")
    } else if says(&["key identifier", "an element is missing", "extension occurs twice"]) {
        Some("key-identifiers")
    } else if says(&["key usage", "default value", "path length", "unknown critical extension"]) {
        Some("extension-encoding")
    } else if is_about_serial_numbers(what) {
        Some("serial-number")
    } else {
        // The peer never reads the root in a chain, which stands anywhere but first.
        (index > 0).then_some("root-in-chain")
    }
}

fn of_chain(source: Source, role: Option<CertificateRole>, fault: &ChainFault) -> Option<&'static str> {
    if source == Source::PckCrlIssuerChain {
        return Some("crl-issuer-chain");
    }
    match fault {
        ChainFault::Pem(_) => Some("pem-form"),
        ChainFault::TooLarge { .. } => Some("collateral-size"),
        ChainFault::Count { .. } | ChainFault::Part => Some("chain-length"),
        ChainFault::Der { index, error } => of_certificate(*index, error.what),
        _ if role == Some(CertificateRole::Root) => Some("root-in-chain"),
        ChainFault::ExtensionMissing(_) => Some("certificate-extensions"),
        ChainFault::KeyUsage(_) => Some("key-usage"),
        ChainFault::KeyIdentifier { .. } => Some("key-identifiers"),
        ChainFault::Name { .. } => Some("certificate-names"),
        ChainFault::Issuer { got, .. } if got == "Intel SGX Root CA" => Some("pck-issuer"),
        _ => None,
    }
}
