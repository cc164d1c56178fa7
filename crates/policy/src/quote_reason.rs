//! The quote engine's reasons in the words of the vocabulary: the one place where the two meet.

use veritee_model::Reason;
use veritee_quote::QuoteReason;

/// The vocabulary's reason for one of the quote engine's. Code and class are the same.
#[must_use]
#[rustfmt::skip]
pub const fn reason_of(reason: QuoteReason) -> Reason {
    match reason {
        QuoteReason::QuoteMalformed => Reason::QuoteMalformed,
        QuoteReason::QuoteTooLarge => Reason::QuoteTooLarge,
        QuoteReason::QuoteVersionUnsupported => Reason::QuoteVersionUnsupported,
        QuoteReason::QuoteTeeTypeUnsupported => Reason::QuoteTeeTypeUnsupported,
        QuoteReason::QuoteKeyTypeUnsupported => Reason::QuoteKeyTypeUnsupported,
        QuoteReason::QuoteVendorUnknown => Reason::QuoteVendorUnknown,
        QuoteReason::QuoteBodyTypeUnsupported => Reason::QuoteBodyTypeUnsupported,
        QuoteReason::QuoteCertificationUnsupported => Reason::QuoteCertificationUnsupported,
        QuoteReason::QuoteTrailingBytes => Reason::QuoteTrailingBytes,
        QuoteReason::PckChainMissing => Reason::PckChainMissing,
        QuoteReason::PckChainMalformed => Reason::PckChainMalformed,
        QuoteReason::PckChainUntrusted => Reason::PckChainUntrusted,
        QuoteReason::PckChainSignature => Reason::PckChainSignature,
        QuoteReason::PckChainRole => Reason::PckChainRole,
        QuoteReason::PckExtensionMalformed => Reason::PckExtensionMalformed,
        QuoteReason::CertificateNotYetValid => Reason::CertificateNotYetValid,
        QuoteReason::CertificateExpired => Reason::CertificateExpired,
        QuoteReason::PckRevoked => Reason::PckRevoked,
        QuoteReason::CaRevoked => Reason::CaRevoked,
        QuoteReason::RootRevoked => Reason::RootRevoked,
        QuoteReason::CrlMalformed => Reason::CrlMalformed,
        QuoteReason::CrlSignature => Reason::CrlSignature,
        QuoteReason::CrlIssuer => Reason::CrlIssuer,
        QuoteReason::CrlNotYetValid => Reason::CrlNotYetValid,
        QuoteReason::CrlExpired => Reason::CrlExpired,
        QuoteReason::CrlChainMalformed => Reason::CrlChainMalformed,
        QuoteReason::CrlChainUntrusted => Reason::CrlChainUntrusted,
        QuoteReason::CrlChainSignature => Reason::CrlChainSignature,
        QuoteReason::CrlChainRole => Reason::CrlChainRole,
        QuoteReason::CollateralMissing => Reason::CollateralMissing,
        QuoteReason::CollateralMalformed => Reason::CollateralMalformed,
        QuoteReason::CollateralTooLarge => Reason::CollateralTooLarge,
        QuoteReason::TrustRootMalformed => Reason::TrustRootMalformed,
        QuoteReason::SignerChainMalformed => Reason::SignerChainMalformed,
        QuoteReason::SignerChainUntrusted => Reason::SignerChainUntrusted,
        QuoteReason::SignerChainSignature => Reason::SignerChainSignature,
        QuoteReason::SignerChainRole => Reason::SignerChainRole,
        QuoteReason::SignerRevoked => Reason::SignerRevoked,
        QuoteReason::TcbInfoMalformed => Reason::TcbInfoMalformed,
        QuoteReason::TcbInfoSignature => Reason::TcbInfoSignature,
        QuoteReason::TcbInfoNotYetValid => Reason::TcbInfoNotYetValid,
        QuoteReason::TcbInfoExpired => Reason::TcbInfoExpired,
        QuoteReason::QeIdentityMalformed => Reason::QeIdentityMalformed,
        QuoteReason::QeIdentitySignature => Reason::QeIdentitySignature,
        QuoteReason::QeIdentityNotYetValid => Reason::QeIdentityNotYetValid,
        QuoteReason::QeIdentityExpired => Reason::QeIdentityExpired,
        QuoteReason::CollateralKindMismatch => Reason::CollateralKindMismatch,
        QuoteReason::FmspcMismatch => Reason::FmspcMismatch,
        QuoteReason::PceIdMismatch => Reason::PceIdMismatch,
        QuoteReason::QeReportSignature => Reason::QeReportSignature,
        QuoteReason::QeReportData => Reason::QeReportData,
        QuoteReason::QeDebug => Reason::QeDebug,
        QuoteReason::QeIdentityMismatch => Reason::QeIdentityMismatch,
        QuoteReason::QuoteSignature => Reason::QuoteSignature,
        QuoteReason::TcbNotSupported => Reason::TcbNotSupported,
        QuoteReason::TdxModuleTcbNotSupported => Reason::TdxModuleTcbNotSupported,
        QuoteReason::QeTcbNotSupported => Reason::QeTcbNotSupported,
        QuoteReason::TcbRevoked => Reason::TcbRevoked,
        QuoteReason::TdxModuleRevoked => Reason::TdxModuleRevoked,
        QuoteReason::QeRevoked => Reason::QeRevoked,
        QuoteReason::TcbCurrentRevoked => Reason::TcbCurrentRevoked,
        QuoteReason::TdxModuleMismatch => Reason::TdxModuleMismatch,
        QuoteReason::TdxModuleUnknown => Reason::TdxModuleUnknown,
        QuoteReason::TdDebug => Reason::TdDebug,
        QuoteReason::TdAttributesReserved => Reason::TdAttributesReserved,
        QuoteReason::TdAttributesRefused => Reason::TdAttributesRefused,
        QuoteReason::TdSeptVeDisableMissing => Reason::TdSeptVeDisableMissing,
        QuoteReason::TdServiceTd => Reason::TdServiceTd,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use veritee_model::Class;
    use veritee_quote::ReasonClass;

    #[test]
    fn code_and_class_and_title_are_those_of_the_vocabulary() {
        for reason in QuoteReason::ALL {
            let ours = reason_of(*reason);
            let class = match reason.class() {
                ReasonClass::NotGenuine => Class::NotGenuine,
                ReasonClass::Refused => Class::Refused,
                ReasonClass::Undecided => Class::Undecided,
            };
            assert_eq!((reason.code(), class, reason.title()), (ours.code(), ours.class(), ours.title()));
            assert_eq!(reason.is_expiry(), ours.is_expiry(), "{reason}");
        }
    }
}
