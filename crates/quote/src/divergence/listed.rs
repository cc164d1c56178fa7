//! Which row of `docs/divergences.md` a refusal falls under.

use super::Divergence;
use crate::der::DerFault;
use crate::error::{CertificateRole, ChainFault, CrlFault, DocumentFault, Field, Source};
use crate::{CollateralError, ParseError, QuoteError};

/// The row behind a refusal of ours where the peer verifies.
pub(super) fn of_refusal(error: &QuoteError) -> Option<Divergence> {
    match error {
        QuoteError::Parse(error) => match error {
            ParseError::TooLarge { .. } => Some(Divergence::QuoteSize),
            ParseError::Unread { .. } => Some(Divergence::UnreadBytes),
            ParseError::OuterCertification { .. } => Some(Divergence::OuterCertificationType),
            ParseError::TrailingBytes { .. } => Some(Divergence::TrailingBytes),
            _ => None,
        },
        QuoteError::PceId { .. } => Some(Divergence::PceId),
        QuoteError::PckExtension(error) => Some(of_sgx_extension(error.fault)),
        QuoteError::TdxModuleAttributes { .. } => Some(Divergence::SeamAttributes),
        QuoteError::QeIdentity { .. } => Some(Divergence::IdentityValueOutsideMask),
        QuoteError::Chain(error) => of_chain(error.source, error.role, &error.fault),
        QuoteError::Collateral(error) => of_collateral(error),
        _ => None,
    }
}

/// dcap-qvl's words for what it refuses by itself and ours leaves to the policy. Debugging and profiling are not among
/// them: it is asked to let those be, and says so of the quoting enclave alone.
const TD_ATTRIBUTES: &[&str] = &[
    "SEPT_VE_DISABLE is not enabled",
    "Reserved bits in TD attributes are set",
    "TD migration is enabled",
    "SERVTD_EXT is enabled",
];

/// dcap-qvl's words for what has expired.
const EXPIRED: &[&str] = &["TCBInfo expired", "QE Identity expired", "CertExpired", "CrlExpired"];

/// dcap-qvl's words for what it does not read and ours does.
const NOT_READ: &[(&str, Divergence)] = &[
    ("SGX TEE quote must have version 3", Divergence::SgxOfVersion4And5),
    ("Invalid QE auth data length", Divergence::QeAuthenticationLength),
    ("Certificate chain is too short in quote", Divergence::ChainOrder),
    ("CaUsedAsEndEntity", Divergence::ChainOrder),
    // Ours has found it: the peer looked at the chain that came with the collateral.
    ("Intel extension not found", Divergence::ChainInQuoteFirst),
    ("PceSvn length mismatch", Divergence::PceSvnForm),
    ("missing field `sgxtcbcomponents`", Divergence::TcbInfoVersion2),
];

/// The row behind a verdict of ours where the peer refuses in these words.
pub(super) fn of_their_refusal(words: &str, expired_allowed: bool) -> Option<Divergence> {
    let says = |list: &[&str]| list.iter().any(|known| words.contains(known));
    if says(TD_ATTRIBUTES) {
        return Some(Divergence::TdAttributesByPolicy);
    }
    if expired_allowed && says(EXPIRED) {
        return Some(Divergence::ExpiredByName);
    }
    NOT_READ.iter().find(|(known, _)| words.contains(known)).map(|(_, row)| *row)
}

fn of_collateral(error: &CollateralError) -> Option<Divergence> {
    match error {
        CollateralError::Chain(error) => of_chain(error.source, error.role, &error.fault),
        CollateralError::Crl { source, fault } => match fault {
            CrlFault::NotYetValid { .. } => Some(Divergence::CrlThisUpdate),
            // The peer looks for the list's issuer in the PCK chain, not in the list's own chain.
            CrlFault::Issuer { .. } if *source == Source::PckCrl => Some(Divergence::CrlIssuerChain),
            CrlFault::KeyIdentifier { .. } => Some(Divergence::KeyIdentifiers),
            CrlFault::Der(error) => of_list(error.fault),
            _ => None,
        },
        CollateralError::Document { source, fault } => match fault {
            DocumentFault::Depth { .. } => Some(Divergence::JsonDepth),
            DocumentFault::DuplicateLevel { .. } => Some(Divergence::DuplicateLevels),
            DocumentFault::Field { field, .. } => of_field(*source, *field),
            _ => None,
        },
        CollateralError::TrustRoot { .. } => Some(Divergence::TrustRoot),
        CollateralError::TooLarge { .. } => Some(Divergence::CollateralSize),
        _ => None,
    }
}

fn of_field(source: Source, field: Field) -> Option<Divergence> {
    match (source, field) {
        (Source::TcbInfo, Field::Version) => Some(Divergence::TcbInfoVersion),
        (Source::QeIdentity, Field::Version) => Some(Divergence::QeIdentityVersion),
        (Source::TcbInfo, Field::TcbType) => Some(Divergence::TcbType),
        (Source::TcbInfo, Field::PceId | Field::IssueDate | Field::NextUpdate | Field::TdxModule) => {
            Some(Divergence::TcbInfoForm)
        }
        (_, Field::TcbDate) => Some(Divergence::TcbInfoForm),
        (
            _,
            Field::TcbStatus
            | Field::ModuleId
            | Field::ModuleLevels
            | Field::SgxComponents
            | Field::TdxComponents
            | Field::NumberedComponents,
        ) => Some(Divergence::UnreachedLevel),
        _ => None,
    }
}

/// The peer reads neither a list's extensions nor its serial numbers but as bytes.
const fn of_list(fault: DerFault) -> Option<Divergence> {
    if is_about_serial_numbers(fault) {
        return Some(Divergence::SerialNumber);
    }
    match fault {
        DerFault::ExtensionOccursTwice
        | DerFault::ExtensionCritical
        | DerFault::ElementMissing
        | DerFault::AuthorityKeyIdentifierMissing
        | DerFault::CrlNumberMissing => Some(Divergence::CrlExtensions),
        _ => None,
    }
}

const fn is_about_serial_numbers(fault: DerFault) -> bool {
    matches!(
        fault,
        DerFault::SerialNumberExpected | DerFault::SerialNumberTooLong | DerFault::SerialNumberZero
    ) || is_an_odd_integer(fault)
}

const fn is_an_odd_integer(fault: DerFault) -> bool {
    matches!(fault, DerFault::IntegerNotMinimal | DerFault::IntegerNegative | DerFault::IntegerTooLarge)
}

const fn of_sgx_extension(fault: DerFault) -> Divergence {
    match fault {
        DerFault::TcbComponentMissing
        | DerFault::SecurityVersionNumberExpected
        | DerFault::SecurityVersionNumberTooLarge => Divergence::ComponentsNotCpusvn,
        _ if is_an_odd_integer(fault) => Divergence::PceSvnForm,
        _ => Divergence::SgxExtensionForm,
    }
}

/// A certificate that cannot be read here and can there.
const fn of_certificate(index: usize, fault: DerFault) -> Option<Divergence> {
    match fault {
        DerFault::NarrowingExtension => Some(Divergence::NarrowingExtensions),
        DerFault::CaConstraintsNotCritical => Some(Divergence::ExtensionCriticality),
        DerFault::KeyIdentifierExpected
        | DerFault::BytesAfterKeyIdentifier
        | DerFault::AuthorityKeyIdentifierExpected
        | DerFault::BytesAfterAuthorityKeyIdentifier
        | DerFault::AuthorityKeyIdentifierMissing
        | DerFault::AuthorityKeyWithMore
        | DerFault::ElementMissing
        | DerFault::ExtensionOccursTwice => Some(Divergence::KeyIdentifiers),
        DerFault::KeyUsageExpected
        | DerFault::BytesAfterKeyUsage
        | DerFault::KeyUsageForm
        | DerFault::DefaultWrittenOut
        | DerFault::PathLengthWithoutCa
        | DerFault::UnknownCriticalExtension
        | DerFault::UnknownCriticalOrPartial => Some(Divergence::ExtensionEncoding),
        _ if is_about_serial_numbers(fault) => Some(Divergence::SerialNumber),
        // The peer never reads the root in a chain, which stands anywhere but first.
        _ if index > 0 => Some(Divergence::RootInChain),
        _ => None,
    }
}

fn of_chain(source: Source, role: Option<CertificateRole>, fault: &ChainFault) -> Option<Divergence> {
    if source == Source::PckCrlIssuerChain {
        // The peer never reads this chain, revoked or not.
        return match (role, fault) {
            (Some(CertificateRole::Root), ChainFault::Revoked { .. }) => Some(Divergence::OlderRootRevoked),
            _ => Some(Divergence::CrlIssuerChain),
        };
    }
    match fault {
        ChainFault::Pem(_) => Some(Divergence::PemForm),
        ChainFault::TooLarge { .. } => Some(Divergence::CollateralSize),
        ChainFault::Count { .. } | ChainFault::Part => Some(Divergence::ChainLength),
        ChainFault::Der { index, error } => of_certificate(*index, error.fault),
        ChainFault::Revoked { .. } if role == Some(CertificateRole::Root) => {
            Some(Divergence::OlderRootRevoked)
        }
        _ if role == Some(CertificateRole::Root) => Some(Divergence::RootInChain),
        ChainFault::ExtensionMissing(_) => Some(Divergence::CertificateExtensions),
        ChainFault::KeyUsage(_) => Some(Divergence::KeyUsage),
        ChainFault::KeyIdentifier { .. } => Some(Divergence::KeyIdentifiers),
        ChainFault::Name { .. } => Some(Divergence::CertificateNames),
        ChainFault::Issuer { is_root: true, .. } => Some(Divergence::PckIssuer),
        _ => None,
    }
}
