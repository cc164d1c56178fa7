//! What can be wrong with a DER document of Intel's or NVIDIA's, each with its words.

use core::fmt;

macro_rules! der_faults {
    ($($name:ident $words:literal;)*) => {
        /// What was wrong or missing in a DER document. Others decide by the fault, never by its words.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum DerFault { $(#[doc = $words] $name,)* }

        impl DerFault {
            /// In words.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }
        }
    };
}

der_faults! {
    UnusedBits "bit string with unused bits";
    EmptyInteger "empty integer";
    IntegerNotMinimal "integer is not minimal";
    IntegerNegative "integer is negative";
    IntegerTooLarge "integer is too large";
    BooleanForm "boolean is not of DER";
    TimeForm "time is not of RFC 5280's form";
    ElementMissing "an element is missing";
    LongTag "tag of several bytes";
    LengthOverflows "length overflows";
    CutOff "element is cut off";
    LengthForm "length is not minimal, indefinite or cut off";
    SgxExtensionExpected "SGX extension expected";
    BytesAfterSgxExtension "bytes after the SGX extension";
    UnknownSgxPart "unknown part of the SGX extension";
    SgxPartTwice "part of the SGX extension occurs twice";
    TcbMissing "TCB is missing";
    SgxTypeMissing "SGX type is missing";
    InstanceWithoutConfiguration "platform instance without configuration, or the reverse";
    PpidMissing "PPID is missing";
    PceidMissing "PCEID is missing";
    FmspcMissing "FMSPC is missing";
    PairExpected "identifier and value expected";
    IdentifierExpected "identifier expected";
    BytesAfterValue "bytes after the value";
    ForeignIdentifier "identifier is not of the SGX extension";
    OctetStringExpected "octet string expected";
    OctetStringLength "octet string of another length expected";
    TcbSequenceExpected "TCB sequence expected";
    UnknownTcbPart "unknown part of the TCB";
    TcbPartTwice "part of the TCB occurs twice";
    TcbComponentMissing "a TCB component is missing";
    PcesvnMissing "PCESVN is missing";
    CpusvnMissing "CPUSVN is missing";
    SecurityVersionNumberExpected "security version number expected";
    SecurityVersionNumberTooLarge "security version number is too large";
    SgxTypeExpected "SGX type expected";
    UnknownSgxType "unknown SGX type";
    ConfigurationSequenceExpected "configuration sequence expected";
    BooleanExpected "boolean expected";
    UnknownConfigurationPart "unknown part of the configuration";
    ConfigurationPartTwice "part of the configuration occurs twice";
    CertificateExpected "certificate expected";
    BytesAfterCertificate "bytes after the certificate";
    TbsCertificateExpected "TBSCertificate expected";
    SignatureAlgorithmExpected "signature algorithm expected";
    SignatureExpected "signature expected";
    BytesAfterSignature "bytes after the signature";
    SerialNumberExpected "serial number expected";
    IssuerExpected "issuer expected";
    ValidityExpected "validity expected";
    BytesAfterValidity "bytes after the validity";
    SubjectExpected "subject expected";
    SubjectPublicKeyExpected "subject public key expected";
    ExtensionsExpected "extensions expected";
    BytesAfterExtensions "bytes after the extensions";
    OtherSignatureAlgorithm "signature algorithm other than ECDSA with SHA-256";
    Version3Expected "version 3 expected";
    VersionExpected "version expected";
    BytesAfterVersion "bytes after the version";
    SerialNumberTooLong "serial number of more than 20 bytes";
    SerialNumberZero "serial number is zero";
    PublicKeyAlgorithmExpected "public key algorithm expected";
    OtherCurve "public key is not on P-256";
    PublicKeyExpected "public key expected";
    BytesAfterPublicKey "bytes after the public key";
    PointForm "public key is not an uncompressed P-256 point";
    ExtensionOccursTwice "extension occurs twice";
    ExtensionExpected "extension expected";
    ExtensionIdentifierExpected "extension identifier expected";
    DefaultWrittenOut "default value is written out";
    ExtensionValueExpected "extension value expected";
    BytesAfterExtension "bytes after the extension";
    ExtensionCritical "extension must not be critical";
    CaConstraintsNotCritical "basic constraints of a CA are not critical";
    KeyIdentifierExpected "key identifier expected";
    BytesAfterKeyIdentifier "bytes after the key identifier";
    NarrowingExtension "extension that narrows what the certificate is for";
    UnknownCriticalExtension "unknown critical extension";
    BasicConstraintsExpected "basic constraints expected";
    BytesAfterBasicConstraints "bytes after the basic constraints";
    PathLengthWithoutCa "path length without CA";
    KeyUsageExpected "key usage expected";
    BytesAfterKeyUsage "bytes after the key usage";
    KeyUsageForm "key usage is not of DER";
    AuthorityKeyIdentifierExpected "authority key identifier expected";
    BytesAfterAuthorityKeyIdentifier "bytes after the authority key identifier";
    AuthorityKeyWithMore "authority key identifier with more than a key identifier";
    NameExpected "name expected";
    RelativeNameExpected "relative name expected";
    AttributeExpected "attribute expected";
    AttributeTypeExpected "attribute type expected";
    RevocationListExpected "revocation list expected";
    BytesAfterRevocationList "bytes after the revocation list";
    TbsCertListExpected "TBSCertList expected";
    Version2Expected "version 2 expected";
    EntryExpected "entry expected";
    RevocationDateExpected "revocation date expected";
    BytesAfterEntry "bytes after the entry";
    CrlNumberExpected "CRL number expected";
    BytesAfterCrlNumber "bytes after the CRL number";
    CrlNumberTooLong "CRL number of more than 20 bytes";
    UnknownCriticalOrPartial "unknown critical extension, or a list that is not complete";
    AuthorityKeyIdentifierMissing "authority key identifier is missing";
    CrlNumberMissing "CRL number is missing";
    BytesAfterExtensionValue "bytes after the extension value";
    // NVIDIA's certificates (TCG DICE Attestation Architecture) and answers about their revocation (RFC 6960).
    TwoSignatureAlgorithms "two signature algorithms are named";
    ExtensionTwiceOrTooMany "extension occurs twice, or there are too many";
    OtherSignatureAlgorithm384 "signature algorithm other than ECDSA with SHA-384";
    OtherCurve384 "public key is not on P-384";
    PointForm384 "public key is not an uncompressed P-384 point";
    AlternativeNamesExpected "alternative names expected";
    BytesAfterAlternativeNames "bytes after the alternative names";
    OtherNameTypeExpected "name's identifier expected";
    OtherNameValueExpected "name's value expected";
    BytesAfterName "bytes after the name";
    DeviceNameExpected "device name expected";
    BytesAfterDeviceName "bytes after the device name";
    DeviceNameForm "device name is not UTF-8";
    TwoDeviceNames "two device names";
    PurposesExpected "purposes expected";
    BytesAfterPurposes "bytes after the purposes";
    PurposeExpected "purpose expected";
    FirmwareIdentityExpected "firmware identity expected";
    BytesAfterFirmwareIdentity "bytes after the firmware identity";
    FirmwareVersionExpected "firmware identity's version expected";
    FirmwareVersionOther "firmware identity of version 1 expected";
    FirmwareKeyExpected "firmware identity's key expected";
    FirmwareDigestExpected "firmware digest expected";
    BytesAfterFirmwareDigest "bytes after the firmware digest";
    DigestAlgorithmExpected "digest algorithm expected";
    FirmwareDigestAlgorithm "firmware digest of SHA-384 expected";
    FirmwareDigestLength "firmware digest of 48 bytes expected";
    DiceTcbInfoExpected "DiceTcbInfo expected";
    BytesAfterDiceTcbInfo "bytes after DiceTcbInfo";
    DiceOutOfOrder "DiceTcbInfo's parts are out of order";
    DiceWithoutDigest "DiceTcbInfo without firmware digest";
    OcspResponseExpected "OCSP response expected";
    BytesAfterOcspResponse "bytes after the OCSP response";
    ResponseStatusExpected "response status expected";
    NoAnswer "the responder gave no answer";
    ResponseBytesExpected "response bytes expected";
    BytesAfterResponse "bytes after the response";
    ResponseTypeExpected "response type expected";
    OcspTypeOther "basic OCSP response expected";
    ResponseExpected "response expected";
    BasicResponseExpected "basic response expected";
    BytesAfterBasicResponse "bytes after the basic response";
    ResponseDataExpected "response data expected";
    CertificatesExpected "certificates expected";
    BytesAfterCertificates "bytes after the certificates";
    TooManyCertificates "too many certificates";
    VersionWrittenOut "default value is written out, or another version";
    ResponderExpected "responder expected";
    AnswerTimeExpected "time of the answer expected";
    AnswersExpected "answers expected";
    BytesAfterAnswers "bytes after the answers";
    AnswerExpected "answer expected";
    TooManyAnswers "too many answers";
    CertificateIdExpected "certificate id expected";
    UnknownDigestAlgorithm "unknown digest algorithm";
    IssuerNameExpected "issuer's name expected";
    IssuerKeyExpected "issuer's key expected";
    BytesAfterCertificateId "bytes after the certificate id";
    StartOfValidityExpected "start of validity expected";
    EndOfValidityExpected "end of validity expected";
    BytesAfterEndOfValidity "bytes after the end of validity";
    BytesAfterAnswer "bytes after the answer";
    TimeOfRevocationExpected "time of revocation expected";
    ReasonExpected "reason expected";
    BytesAfterReason "bytes after the reason";
    BytesAfterRevocation "bytes after the revocation";
    StatusExpected "status expected";
    NonceTwice "nonce occurs twice";
    RootNotSelfSigned "a root signs itself";
    RootNotCa "a root is a CA that signs certificates";
    RootWithoutKeyIdentifier "a root has a subject key identifier";
}

impl fmt::Display for DerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}
