//! Stable words for why a quote or its collateral was refused.

use core::fmt;
use serde::{Serialize, Serializer};

/// What kind of refusal a reason is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonClass {
    /// A signature or a chain contradicts the claim, as no honest operator of a genuine machine can cause.
    NotGenuine,
    /// Not to be relied on at this time; or of a kind that is not judged here; or damaged on its way, so that nothing
    /// can be said of it.
    Refused,
    /// What was given does not suffice for an answer.
    Undecided,
}

macro_rules! reasons {
    ($($name:ident $code:literal $class:ident $title:literal;)*) => {
        /// Why a quote, its collateral or a TD's attributes were refused: one word for each kind of fault, stable
        /// over versions. The errors say the rest.
        ///
        /// Every reason is listed, for ever: whoever has words of his own for them wants the compiler to say that one
        /// is missing, so a new one is a new version of this crate.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum QuoteReason { $(#[doc = $title] $name,)* }

        impl QuoteReason {
            /// All reasons, in the order of the checks.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code, in kebab-case.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What kind of refusal it is.
            #[must_use]
            pub const fn class(self) -> ReasonClass {
                match self { $(Self::$name => ReasonClass::$class,)* }
            }

            /// One line for people.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

reasons! {
    QuoteMalformed "quote-malformed" Refused "the quote is not laid out as its version demands";
    QuoteTooLarge "quote-too-large" Refused "the quote is larger than any genuine one";
    QuoteVersionUnsupported "quote-version-unsupported" Refused "the quote's version is not 3, 4 or 5";
    QuoteTeeTypeUnsupported "quote-tee-type-unsupported" Refused "the quote's TEE type does not fit its version or body";
    QuoteKeyTypeUnsupported "quote-key-type-unsupported" Refused "the attestation key is not ECDSA P-256";
    QuoteVendorUnknown "quote-vendor-unknown" Refused "the quoting enclave's vendor is not Intel";
    QuoteBodyTypeUnsupported "quote-body-type-unsupported" Refused "the body type of a version 5 quote is unknown or has the wrong size";
    QuoteCertificationUnsupported "quote-certification-unsupported" Refused "the certification data is of a type that cannot be verified";
    QuoteTrailingBytes "quote-trailing-bytes" Refused "there are bytes other than zero after the quote's signature data";
    PckChainMissing "pck-chain-missing" Undecided "the quote carries no PCK certificate chain and none was given";
    PckChainMalformed "pck-chain-malformed" Refused "the PCK certificate chain cannot be read";
    PckChainUntrusted "pck-chain-untrusted" NotGenuine "the PCK certificate chain does not reach the pinned root";
    PckChainSignature "pck-chain-signature" NotGenuine "a signature in the PCK certificate chain does not verify";
    PckChainRole "pck-chain-role" NotGenuine "a certificate of the PCK chain may not play its part";
    PckExtensionMalformed "pck-extension-malformed" Refused "Intel's SGX extension of the PCK certificate cannot be read";
    CertificateNotYetValid "certificate-not-yet-valid" Refused "a certificate is not valid yet at the as-of time";
    CertificateExpired "certificate-expired" Refused "a certificate has expired at the as-of time";
    PckRevoked "pck-revoked" NotGenuine "Intel has revoked the platform's PCK certificate";
    CaRevoked "ca-revoked" NotGenuine "Intel has revoked an intermediate CA certificate";
    RootRevoked "root-revoked" NotGenuine "the root's own revocation list names the root";
    CrlMalformed "crl-malformed" Refused "a certificate revocation list cannot be read";
    CrlSignature "crl-signature" Refused "a revocation list is not signed by the CA it speaks for";
    CrlIssuer "crl-issuer" Undecided "a revocation list speaks for another CA than the one needed";
    CrlNotYetValid "crl-not-yet-valid" Refused "a revocation list is from after the as-of time";
    CrlExpired "crl-expired" Refused "a revocation list has expired at the as-of time";
    CrlChainMalformed "crl-chain-malformed" Refused "the certificate chain of the PCK revocation list cannot be read";
    CrlChainUntrusted "crl-chain-untrusted" Refused "the certificate chain of the PCK revocation list does not reach the pinned root";
    CrlChainSignature "crl-chain-signature" Refused "a signature in the certificate chain of the PCK revocation list does not verify";
    CrlChainRole "crl-chain-role" Refused "a certificate in the chain of the PCK revocation list may not play its part";
    CollateralMissing "collateral-missing" Undecided "no collateral for this platform was given";
    CollateralMalformed "collateral-malformed" Undecided "the collateral file cannot be read";
    CollateralTooLarge "collateral-too-large" Undecided "a part of the collateral is larger than any genuine one";
    TrustRootMalformed "trust-root-malformed" Undecided "the given trust root is no self-signed CA certificate of Intel's form";
    SignerChainMalformed "signer-chain-malformed" Refused "the TCB signing certificate chain cannot be read";
    SignerChainUntrusted "signer-chain-untrusted" Refused "the TCB signing certificate does not reach the pinned root";
    SignerChainSignature "signer-chain-signature" Refused "a signature in the TCB signing certificate chain does not verify";
    SignerChainRole "signer-chain-role" Refused "the collateral is signed by a certificate that may not sign it";
    SignerRevoked "signer-revoked" Refused "Intel has revoked the TCB signing certificate";
    TcbInfoMalformed "tcb-info-malformed" Refused "the TCB info is not of Intel's form";
    TcbInfoSignature "tcb-info-signature" Refused "the TCB info's signature does not verify";
    TcbInfoNotYetValid "tcb-info-not-yet-valid" Refused "the TCB info is from after the as-of time";
    TcbInfoExpired "tcb-info-expired" Refused "the TCB info has expired at the as-of time";
    QeIdentityMalformed "qe-identity-malformed" Refused "the QE identity is not of Intel's form";
    QeIdentitySignature "qe-identity-signature" Refused "the QE identity's signature does not verify";
    QeIdentityNotYetValid "qe-identity-not-yet-valid" Refused "the QE identity is from after the as-of time";
    QeIdentityExpired "qe-identity-expired" Refused "the QE identity has expired at the as-of time";
    CollateralKindMismatch "collateral-kind-mismatch" Undecided "the collateral is for another kind of TEE than the quote";
    FmspcMismatch "fmspc-mismatch" Undecided "the collateral is for another processor family (FMSPC) than the quote";
    PceIdMismatch "pceid-mismatch" Undecided "the collateral is for another PCE than the quote";
    QeReportSignature "qe-report-signature" NotGenuine "the quoting enclave's report is not signed by the PCK";
    QeReportData "qe-report-data" NotGenuine "the quoting enclave's report does not vouch for the attestation key";
    QeDebug "qe-debug" NotGenuine "the quoting enclave runs in debug mode";
    QeIdentityMismatch "qe-identity-mismatch" NotGenuine "the quoting enclave is not the one Intel names";
    QuoteSignature "quote-signature" NotGenuine "the quote is not signed by its attestation key";
    TcbNotSupported "tcb-not-supported" Refused "the platform is below every TCB level that Intel lists";
    TdxModuleTcbNotSupported "tdx-module-tcb-not-supported" Refused "the TDX module is below every level that Intel lists";
    QeTcbNotSupported "qe-tcb-not-supported" Refused "the quoting enclave is below every level that Intel lists";
    TcbRevoked "tcb-revoked" Refused "Intel has revoked the platform's TCB level";
    TdxModuleRevoked "tdx-module-revoked" Refused "Intel has revoked the TDX module's level";
    QeRevoked "qe-revoked" Refused "Intel has revoked the quoting enclave's level";
    TcbCurrentRevoked "tcb-current-revoked" Refused "Intel has revoked the level that the running TDX module has now";
    TdxModuleMismatch "tdx-module-mismatch" NotGenuine "the TDX module is not one that Intel names";
    TdxModuleUnknown "tdx-module-unknown" Refused "Intel lists no TDX module of this version";
    TdDebug "td-debug" Refused "the TD runs in debug mode: its host can read it";
    TdAttributesReserved "td-attributes-reserved" Refused "the TD's attributes have reserved bits set";
    TdAttributesRefused "td-attributes-refused" Refused "the TD's attributes are not what the policy asks for";
    TdSeptVeDisableMissing "td-sept-ve-disable-missing" Refused "SEPT_VE_DISABLE is off: the host can inject exceptions";
    TdServiceTd "td-service-td" Refused "a service TD is bound to the TD";
}

impl QuoteReason {
    /// Whether it says that something has expired: what [`crate::Expiry::Report`] lets pass and lists.
    #[must_use]
    pub const fn is_expiry(self) -> bool {
        matches!(
            self,
            Self::CertificateExpired | Self::CrlExpired | Self::TcbInfoExpired | Self::QeIdentityExpired
        )
    }
}

impl fmt::Display for QuoteReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for QuoteReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
