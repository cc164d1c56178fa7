//! Stable reason codes: why a check failed, was not made, or deserves a remark.
//!
//! A code is kebab-case, never renamed and never reused. Each has a page under `docs/reasons/` (printed by
//! `veritee explain CODE`) and at least one test vector that produces it.

use crate::TcbStatus;
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize};

/// What a reason does to the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A signature, chain, replay or binding contradicts the claim: exit code 10. No policy can waive it.
    NotGenuine,
    /// Genuine, but not acceptable under the policy: exit code 11.
    Refused,
    /// The question could not be answered from what was given: exit code 13 when the check is required.
    Undecided,
    /// A remark. Never changes the verdict.
    Notice,
}

macro_rules! reasons {
    ($($(#[$section:meta])* $name:ident $code:literal $class:ident $title:literal;)*) => {
        /// Every reason that veritee can give.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$section])* #[doc = $title] $name,)*
        }

        impl Reason {
            /// All reasons, in the order of the pipeline.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What it does to the verdict.
            #[must_use]
            pub const fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)* }
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
    // --- step 1: quote structure -------------------------------------------------------------------------
    QuoteMissing "quote-missing" Undecided "the evidence has no quote";
    QuoteMalformed "quote-malformed" Refused "the quote is not laid out as its version demands";
    QuoteTooLarge "quote-too-large" Refused "the quote is larger than any genuine one";
    QuoteVersionUnsupported "quote-version-unsupported" Refused "the quote's version is not 3, 4 or 5";
    QuoteTeeTypeUnsupported "quote-tee-type-unsupported" Refused "the quote's TEE type does not fit its version or body";
    QuoteKeyTypeUnsupported "quote-key-type-unsupported" Refused "the attestation key is not ECDSA P-256";
    QuoteVendorUnknown "quote-vendor-unknown" Refused "the quoting enclave's vendor is not Intel";
    QuoteBodyTypeUnsupported "quote-body-type-unsupported" Refused "the body type of a version 5 quote is unknown or has the wrong size";
    QuoteCertificationUnsupported "quote-certification-unsupported" Refused "the certification data is of a type that cannot be verified";
    QuoteTrailingBytes "quote-trailing-bytes" Refused "there are bytes other than zero after the quote's signature data";
    QuoteNotTdx "quote-not-tdx" Refused "the quote is of an SGX enclave, not of a TDX machine";

    // --- step 1: PCK certificate chain and revocation ----------------------------------------------------
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

    // --- step 1: collateral ------------------------------------------------------------------------------
    RevocationsLost "revocations-lost" Undecided "the store has lost revocation lists that it had kept";
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
    CollateralItemUnusable "collateral-item-unusable" Notice "a part of the collateral is not genuine and was passed over";

    // --- step 1: quoting enclave, quote signature, TCB level ---------------------------------------------
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
    EvaluationsDiffer "evaluations-differ" Notice "TCB info and QE identity are of different TCB evaluations";
    EnginesDisagree "engines-disagree" Refused "the second verification engine came to another result";
    SecondEngineNotRun "second-engine-not-run" Undecided "the second verification engine was switched off";

    // --- step 2: platform policy -------------------------------------------------------------------------
    TcbOutOfDate "tcb-out-of-date" Refused "the platform's TCB is out of date";
    TcbOutOfDateConfigurationNeeded "tcb-out-of-date-configuration-needed" Refused "the platform's TCB is out of date and needs configuration";
    TcbConfigurationNeeded "tcb-configuration-needed" Refused "the platform needs configuration";
    TcbSwHardeningNeeded "tcb-sw-hardening-needed" Refused "the platform needs software hardening";
    TcbConfigurationAndSwHardeningNeeded "tcb-configuration-and-sw-hardening-needed" Refused "the platform needs configuration and software hardening";
    TcbRelaunchAdvised "tcb-relaunch-advised" Refused "the TD was launched under an out-of-date TDX module";
    TcbRelaunchAdvisedConfigurationNeeded "tcb-relaunch-advised-configuration-needed" Refused "the TD was launched under an out-of-date TDX module and the platform needs configuration";
    AdvisoryRefused "advisory-refused" Refused "a security advisory applies that the policy does not allow";
    EvaluationNumberTooLow "evaluation-number-too-low" Refused "the TCB evaluation data number is below the policy's minimum";
    TcbDateTooOld "tcb-date-too-old" Refused "the date of the platform's TCB level is before the policy's minimum";
    CollateralTooOld "collateral-too-old" Refused "a collateral item is older than the policy allows";
    TdDebug "td-debug" Refused "the TD runs in debug mode: its host can read it";
    TdAttributesReserved "td-attributes-reserved" Refused "the TD's attributes have reserved bits set";
    TdAttributesRefused "td-attributes-refused" Refused "the TD's attributes are not what the policy asks for";
    TdSeptVeDisableMissing "td-sept-ve-disable-missing" Refused "SEPT_VE_DISABLE is off: the host can inject exceptions";
    TdXfamRefused "td-xfam-refused" Refused "XFAM is one that no TDX module starts a TD with, or not the one that the policy asks for";
    TdFieldRefused "td-field-refused" Refused "a field of the quote is not what the policy asks for";
    TdServiceTd "td-service-td" Refused "a service TD is bound to the TD";
    RootNotIntel "root-not-intel" Notice "the trust root is not Intel's: this proves nothing about real hardware";
    RootNotAccepted "root-not-accepted" Refused "another trust root was given than the policy names";
    FmspcRefused "fmspc-refused" Refused "the processor family is not one that the policy names";

    // --- step 3: event log -------------------------------------------------------------------------------
    EventLogMissing "event-log-missing" Undecided "the evidence has no event log";
    EventLogMalformed "event-log-malformed" Refused "the event log cannot be read";
    EventLogTooLong "event-log-too-long" Refused "the event log has more events or bytes than any genuine one";
    EventDigestMismatch "event-digest-mismatch" NotGenuine "an event's digest is not the digest of its payload";
    EventDigestAlgorithm "event-digest-algorithm" Refused "an event's digest is not of SHA-384";
    EventRegisterUnknown "event-register-unknown" Refused "an event names a register other than RTMR0 to RTMR3";
    EventRegisterWrong "event-register-wrong" NotGenuine "a run-time event is outside RTMR3, or a boot event in it";
    RtmrMismatch "rtmr-mismatch" NotGenuine "the log does not replay to the quoted register";
    EventLogLater "event-log-later" Refused "the log was taken after the quote: it goes on behind the quoted moment";
    EventLogEarlier "event-log-earlier" Refused "the log ends before the boot does: the quote was made later";
    EventLogStripped "event-log-stripped" Undecided "the log has no events for this register";
    EventsAfterSystemReady "events-after-system-ready" Notice "the application added events after boot; they prove nothing about it";
    ReservedEventAfterSystemReady "reserved-event-after-system-ready" Notice "the application added an event with a reserved name after boot; it is ignored";
    RuntimeListsDisagree "runtime-lists-disagree" NotGenuine "the two event lists of the attestation differ";

    // --- step 4: identity --------------------------------------------------------------------------------
    IdentityEventMissing "identity-event-missing" Refused "a required boot event is missing";
    BootIncomplete "boot-incomplete" Refused "the quote was made before the machine had booted";
    IdentityEventDuplicate "identity-event-duplicate" Refused "a boot event occurs more than once";
    IdentityEventOrder "identity-event-order" Refused "the boot events are not in dstack's order";
    IdentityEventLength "identity-event-length" Refused "a boot event's payload has the wrong length or form";
    IdentityEventAmbiguous "identity-event-ambiguous" NotGenuine "a boot event's name has a colon, so its digest fits another name and payload too";
    IdentityEventUnknown "identity-event-unknown" Notice "a boot event is not one that dstack documents";
    KeyProviderUnknown "key-provider-unknown" Notice "the measured key provider is not one that dstack documents";
    ClaimContradictsQuote "claim-contradicts-quote" NotGenuine "a value that came with the evidence differs from the quoted or measured one";
    AppIdUnexpected "app-id-unexpected" Refused "the app id is not the expected one";
    KeyProviderUnexpected "key-provider-unexpected" Refused "the key provider is not the expected one";
    InstanceIdUnexpected "instance-id-unexpected" Refused "the instance id is not the expected one";
    TargetOtherApp "target-other-app" Refused "the machine runs another app than the one that was asked for";
    ReplicasDisagree "replicas-disagree" Refused "another machine of the application claims another app or compose";

    // --- step 5: compose ---------------------------------------------------------------------------------
    ComposeMissing "compose-missing" Undecided "the evidence has no app_compose";
    ComposeHashMismatch "compose-hash-mismatch" Refused "the app_compose is not the measured one";
    ComposeMalformed "compose-malformed" Refused "the app_compose is not a JSON object in UTF-8";
    ComposeDuplicateKey "compose-duplicate-key" Refused "the app_compose has a duplicate key: two readers can see two documents";
    ComposeTrailingData "compose-trailing-data" Refused "there is data after the app_compose's end";
    ComposeTooLarge "compose-too-large" Refused "the app_compose is larger than allowed";
    ComposeFileMissing "compose-file-missing" Undecided "the app_compose has no docker_compose_file that could be read";
    ComposeFileMalformed "compose-file-malformed" Undecided "the docker_compose_file cannot be read as Docker Compose reads it";
    ComposeFileTooLarge "compose-file-too-large" Undecided "the docker_compose_file is larger, deeper or has more aliases than allowed";
    MrConfigIdMismatch "mrconfigid-mismatch" NotGenuine "MRCONFIGID commits to another compose";
    MrConfigDocumentMalformed "mrconfig-document-malformed" Refused "the document behind MRCONFIGID is not one that dstack accepts";
    MrConfigDocumentMissing "mrconfig-document-missing" Undecided "the document behind MRCONFIGID was not given";
    MrConfigIdUnknown "mrconfigid-unknown" Undecided "MRCONFIGID is of a form that could not be recomputed";
    MrConfigIdZero "mrconfigid-zero" Undecided "MRCONFIGID is zero: the machine's creator made no commitment";
    ComposeHashUnexpected "compose-hash-unexpected" Refused "the compose hash is not one that the policy names";

    // --- step 6: operating system ------------------------------------------------------------------------
    OsNotMeasured "os-not-measured" Undecided "the operating system was not recomputed and is not pinned";
    OsRegisterUnexpected "os-register-unexpected" Refused "an operating system register is not one that the policy names";
    VmConfigMissing "vm-config-missing" Undecided "the evidence has no vm_config";
    VmConfigMalformed "vm-config-malformed" Undecided "the vm_config is not the object that dstack writes";
    VmConfigOutOfRange "vm-config-out-of-range" Undecided "the vm_config describes a machine that cannot exist or is larger than any real one";
    VmConfigWrong "vm-config-wrong" Notice "the vm_config differs from the measured machine";
    VmConfigUnknownMember "vm-config-unknown-member" Notice "the vm_config has a member that this version does not know";
    VirtualHardwareMismatch "virtual-hardware-mismatch" Refused "RTMR0 is not that of the claimed virtual hardware";
    VirtualHardwareUnsupported "virtual-hardware-unsupported" Undecided "the claimed virtual hardware cannot be recomputed";
    FirmwareLayoutUnknown "firmware-layout-unknown" Undecided "the firmware measures itself in a way that needs its image to be recomputed";
    OsImageMissing "os-image-missing" Undecided "no OS image was given to recompute MRTD, RTMR1 and RTMR2 from";
    OsImageIncomplete "os-image-incomplete" Refused "a file of the OS image is missing or cannot be read";
    OsImageMalformed "os-image-malformed" Refused "the OS image is not of dstack's form";
    OsImageTooLarge "os-image-too-large" Refused "the OS image, or what it claims to be, is larger than any real one";
    OsImagePath "os-image-path" Refused "a name in the OS image leads out of its folder";
    OsImageOther "os-image-other" Refused "the OS image or manifest is not the one that the vm_config names";
    OsImageFileMismatch "os-image-file-mismatch" Refused "a file of the OS image is not the one that its checksum file lists";
    OsImageMismatch "os-image-mismatch" Refused "MRTD, RTMR1 or RTMR2 is not the OS image's";
    OsImageDevelopment "os-image-development" Refused "the OS image is for development: its operator can enter";
    OsImageHashEventDiffers "os-image-hash-event-differs" Notice "the key management service named another OS image than the one measured";
    LiteManifestMissing "lite-manifest-missing" Undecided "the vm_config has no lite manifest";
    LiteManifestMalformed "lite-manifest-malformed" Refused "the lite manifest is not of dstack's form";
    LiteManifestMismatch "lite-manifest-mismatch" Refused "MRTD, RTMR1 or RTMR2 is not the lite manifest's";
    LiteManifestProverSupplied "lite-manifest-prover-supplied" Undecided "the registers match a manifest that the prover supplied, which proves nothing until its hash is on a list";
    LiteManifestMemory "lite-manifest-memory" Undecided "the lite manifest does not cover a machine with this much RAM";

    // --- step 7: bindings --------------------------------------------------------------------------------
    FreshnessNotShown "freshness-not-shown" Undecided "no nonce was given: the quote may be a recording";
    ReportDataMismatch "report-data-mismatch" Refused "the quote does not answer this request: REPORTDATA is not the expected one";
    RaTlsMissing "ra-tls-missing" Undecided "the evidence has no RA-TLS certificate for this quote";
    RaTlsMalformed "ra-tls-malformed" Refused "the RA-TLS certificate cannot be read";
    RaTlsUnbound "ra-tls-unbound" Refused "no quote binds the certificate's key, and the certificate carries none";
    RaTlsKeyMismatch "ra-tls-key-mismatch" NotGenuine "REPORTDATA does not bind the certificate's key";
    RaTlsSignature "ra-tls-signature" NotGenuine "the RA-TLS certificate chain does not verify";
    RaTlsIssuerMismatch "ra-tls-issuer-mismatch" NotGenuine "the RA-TLS certificate is not issued under the measured key provider";
    RaTlsQuote "ra-tls-quote" NotGenuine "the quote inside the RA-TLS certificate does not verify";
    RaTlsExpired "ra-tls-expired" Refused "a certificate of the RA-TLS chain has expired at the as-of time";
    RaTlsNotYetValid "ra-tls-not-yet-valid" Refused "a certificate of the RA-TLS chain is not valid yet at the as-of time";
    RaTlsOtherMachine "ra-tls-other-machine" Refused "the quote inside the RA-TLS certificate is of another machine or application";
    BindingNotGiven "binding-not-given" Undecided "the evidence has nothing to check this binding with";
    BindingMismatch "binding-mismatch" NotGenuine "REPORTDATA does not bind the given content";
    IngressFileMismatch "ingress-file-mismatch" NotGenuine "a file of the ingress evidence is not the one its list names";
    IngressListMalformed "ingress-list-malformed" Refused "the list that the quote binds is not one of files and their digests";
    IngressFileUnlisted "ingress-file-unlisted" Notice "a file beside the ingress evidence is not in its list: nothing binds it";
    IngressCertificateExpired "ingress-certificate-expired" Refused "a certificate of the ingress evidence has expired at the as-of time";
    IngressCertificateNotYetValid "ingress-certificate-not-yet-valid" Refused "a certificate of the ingress evidence is not valid yet at the as-of time";
    ServedOtherName "served-other-name" Undecided "the handshake was with another server than the one asked about";
    ServedCertificateMalformed "served-certificate-malformed" Refused "the certificate chain that the server showed cannot be read";
    ServedCertificateOther "served-certificate-other" Refused "the server showed a certificate that the quote does not bind";
    ServedCertificateExpired "served-certificate-expired" Refused "the certificate that the server showed has expired at the as-of time";
    ServedCertificateNotYetValid "served-certificate-not-yet-valid" Refused "the certificate that the server showed is not valid yet at the as-of time";
    ServedCertificateUnbound "served-certificate-unbound" Undecided "nothing in the evidence binds the certificate that the server showed";
    CaaMissing "caa-missing" Refused "no CAA record restricts who may get certificates for the domain";
    CaaOpen "caa-open" Refused "the CAA records let others than one named account get certificates for the domain";
    CaaAccountOther "caa-account-other" Refused "the CAA records name another account than the one that the quote binds";
    CaaUndecided "caa-undecided" Undecided "the CAA answers do not tell who may get certificates for the domain";

    // --- GPUs ----------------------------------------------------------------------------------------------
    GpuEvidenceAbsent "gpu-evidence-absent" Undecided "the measured machine has GPUs and there is no evidence of them";
    GpuNotGiven "gpu-not-given" Undecided "there is no evidence of GPUs that this could be checked with";
    GpuNotShown "gpu-not-shown" Notice "nothing shows that the GPUs are in the quoted machine, or in which mode they are";
    GpuEvidenceMalformed "gpu-evidence-malformed" Undecided "the evidence of GPUs cannot be read";
    GpuServiceAnswer "gpu-service-answer" Undecided "there is only what a service or a tool said of the GPUs, no report of theirs";
    GpuReportMalformed "gpu-report-malformed" NotGenuine "a GPU's report is not laid out as SPDM demands";
    GpuLayoutUnknown "gpu-layout-unknown" Undecided "a GPU's report is of a layout that this version does not know";
    GpuFamilyUnknown "gpu-family-unknown" Undecided "the device is of a family that this version does not know";
    GpuAlgorithmUnsupported "gpu-algorithm-unsupported" Refused "a key or signature is of a kind that this version does not verify";
    GpuReportSignature "gpu-report-signature" NotGenuine "a GPU's report is not signed by the key of its certificate chain";
    GpuChainMalformed "gpu-chain-malformed" Refused "a GPU's certificate chain cannot be read";
    GpuChainUntrusted "gpu-chain-untrusted" NotGenuine "a GPU's certificate chain does not reach NVIDIA's device root";
    GpuChainSignature "gpu-chain-signature" NotGenuine "a signature in a GPU's certificate chain does not verify";
    GpuChainRole "gpu-chain-role" NotGenuine "a certificate of a GPU's chain may not play its part";
    GpuClaimOther "gpu-claim-other" Refused "what came beside a GPU's report says something else than the report";
    GpuFwidMismatch "gpu-fwid-mismatch" NotGenuine "a report was made by another firmware than its certificate was issued for";
    GpuFwidKeyOther "gpu-fwid-key-other" NotGenuine "a report key is bound to another device than its chain says";
    GpuFwidAbsent "gpu-fwid-absent" Undecided "a report does not name the firmware that made it";
    GpuRevocationNotChecked "gpu-revocation-not-checked" Undecided "no usable answer says whether NVIDIA has revoked a GPU's certificates";
    GpuRevocationSignature "gpu-revocation-signature" Refused "an answer about a GPU's revocation is forged";
    GpuRevoked "gpu-revoked" Refused "NVIDIA has revoked a GPU's certificate";
    GpuOnHold "gpu-on-hold" Refused "NVIDIA has put a GPU's certificate on hold";
    GpuRimMissing "gpu-rim-missing" Undecided "the reference manifest for a GPU's driver or VBIOS was not given";
    GpuRimMalformed "gpu-rim-malformed" Refused "a reference manifest is not of NVIDIA's form";
    GpuRimSignature "gpu-rim-signature" Refused "a reference manifest is not as NVIDIA signed it";
    GpuRimUntrusted "gpu-rim-untrusted" Refused "a reference manifest's signer does not reach NVIDIA's root of manifests";
    GpuRimExpired "gpu-rim-expired" Undecided "a reference manifest's signer has expired at the as-of time";
    GpuRimNotYetValid "gpu-rim-not-yet-valid" Undecided "a reference manifest's signer is not valid yet at the as-of time";
    GpuRimConflict "gpu-rim-conflict" Refused "two genuine reference manifests speak of the same measurement";
    GpuMeasurementMismatch "gpu-measurement-mismatch" Refused "a GPU's measurement is none of NVIDIA's reference values";
    GpuSvnTooLow "gpu-svn-too-low" Refused "a part of a GPU's firmware is below the lowest version that NVIDIA accepts";
    GpuDeviceRepeated "gpu-device-repeated" Refused "one GPU stands for two";
    GpuNoncesDiffer "gpu-nonces-differ" Refused "the GPUs' reports are over more than one nonce";
    GpuDriversDiffer "gpu-drivers-differ" Refused "the GPUs run more than one version of the driver";
    GpuModesDiffer "gpu-modes-differ" Refused "the GPUs are in more than one mode or of more than one family";
    GpuOtherMachine "gpu-other-machine" Refused "the evidence is of GPUs of another machine: the measured one has none";
    GpuCountOther "gpu-count-other" Refused "the measured machine has another number of GPUs or switches";
    GpuCountNotMeasured "gpu-count-not-measured" Undecided "the number of the machine's GPUs could not be measured";
    GpuTopology "gpu-topology" Refused "GPUs and switches contradict each other";
    GpuSwitchesNotAttested "gpu-switches-not-attested" Undecided "GPUs name switches that there is no evidence of";
    GpuNonceMismatch "gpu-nonce-mismatch" Refused "a GPU's report is over another nonce than the one expected";
    GpuNonceNotBound "gpu-nonce-not-bound" Undecided "nothing ties the nonce of the GPUs' reports to the quote: they may be recordings";
    GpuTestNonce "gpu-test-nonce" Undecided "the GPUs' reports are over a nonce of NVIDIA's samples and test mode: they are never fresh";
    GpuVersionRefused "gpu-version-refused" Refused "a GPU's driver or VBIOS is not one that the policy accepts";
    GpuBootGateAbsent "gpu-boot-gate-absent" Undecided "no measured event says that the guest examined its GPUs before it started the application";
    GpuBootGateMalformed "gpu-boot-gate-malformed" Undecided "the measured event about GPUs is of a form that this version does not know";
    GpuDevelopmentMode "gpu-development-mode" Refused "the measured guest code saw GPUs in development mode";

    // --- steps 8 and 9 -----------------------------------------------------------------------------------
    ReviewMalformed "review-malformed" Undecided "the review file cannot be read";
    ReviewExpired "review-expired" Notice "the review is of another compose, commit or rule set, or its time is over: it was not applied";
    LinkNotGiven "link-not-given" Undecided "no evidence of the linked machine was given";
    LinkNotApplicable "link-not-applicable" Undecided "the measured key provider is no KMS, so there is no such machine";
    LinkMachineNotGenuine "link-machine-not-genuine" NotGenuine "the evidence of the linked machine is forged, or put together from two machines";
    LinkMachineRefused "link-machine-refused" Refused "the linked machine is refused by the policy";
    LinkMachineIncomplete "link-machine-incomplete" Undecided "what was given of the linked machine does not show what it runs";
    LinkKmsKeyNotBound "link-kms-key-not-bound" Undecided "nothing shows that the KMS's own quote binds its root key";
    LinkKmsKeyOther "link-kms-key-other" Refused "the measured key provider is another key than the one that the KMS's quote binds";
    LinkKmsOther "link-kms-other" Undecided "the KMS that gave the keys, as measured, is another one than the given: it is not shown";
    LinkGatewayKeysOther "link-gateway-keys-other" Refused "the gateway has its keys from another KMS than the application";
    GovernanceNotChecked "governance-not-checked" Undecided "no on-chain history was given";
    ChainReadsMalformed "chain-reads-malformed" Undecided "the chain reads cannot be read";
    ChainOtherApp "chain-other-app" Undecided "the chain reads are about another application";
    ChainNotAnswered "chain-not-answered" Undecided "no endpoint answered everything that was asked";
    ChainAnswerRefused "chain-answer-refused" Refused "an endpoint's answer does not hold against its block";
    ChainBlockOther "chain-block-other" Refused "an endpoint answered about another block than the one that is read";
    ChainIdOther "chain-id-other" Refused "an endpoint serves another chain";
    ChainEndpointsDisagree "chain-endpoints-disagree" Refused "two endpoints say different things about one block";
    ChainBlockLater "chain-block-later" Refused "the block is from after the as-of time";
    ChainBlockOld "chain-block-old" Undecided "the block is from long before the as-of time: it says nothing of what was changed since";
    ChainAnchorSingle "chain-anchor-single" Undecided "one endpoint's word alone says that the block is part of the chain";
    RegistryNotShown "registry-not-shown" Undecided "nothing shows that the application's KMS obeys this registry";
    RegistryKeyOther "registry-key-other" Refused "the registry keeps another root key than the measured key provider";
    ContractNotRecognised "contract-not-recognised" Undecided "a contract is of no known generation, or its storage is not explained";
    AppNotServed "app-not-served" Refused "the registry does not serve the application, or it has no contract";
    ComposeHashNotAllowed "compose-hash-not-allowed" Refused "the contract does not allow the measured compose hash";
    OwnerNotShown "owner-not-shown" Undecided "who can change the contracts was not read to the end";

    // --- policy ------------------------------------------------------------------------------------------
    PolicyClaimAbsent "policy-claim-absent" Refused "the policy speaks of a value that the evidence does not have";
    PolicyExceptionUnmatched "policy-exception-unmatched" Notice "an exception of the policy matched nothing";
    PolicyExceptionExpired "policy-exception-expired" Notice "an exception of the policy has expired and was not applied";
    NotAsked "not-asked" Undecided "the command does not make this check";
    EarlierStepFailed "earlier-step-failed" Undecided "an earlier step failed, so this one has nothing to stand on";

    // --- saved reports -----------------------------------------------------------------------------------
    ReportMalformed "report-malformed" Undecided "the file is not a saved report";
    ReportSchemaUnknown "report-schema-unknown" Undecided "the saved report is of another schema or version";
    ReportContradictory "report-contradictory" Undecided "the saved report's verdict does not follow from its own checks";

    // --- sealed reports ----------------------------------------------------------------------------------
    SealMalformed "seal-malformed" Undecided "the file is not a sealed report, or one of its envelopes is not laid out as DSSE demands";
    SealDuplicateMember "seal-duplicate-member" Undecided "an envelope has a member twice: two readers can see two envelopes";
    SealTrailingData "seal-trailing-data" Undecided "something follows an envelope, or the last one, where nothing may";
    SealEncoding "seal-encoding" Undecided "a payload or a signature is not base64 in one of its two alphabets";
    SealPayloadType "seal-payload-type" Undecided "an envelope's payload is of another type than belongs in its place";
    SealSignature "seal-signature" Undecided "a signature that names the key does not fit what it is said to sign";
    SealKeyAbsent "seal-key-absent" Undecided "no signature is by a key that was given";
    SealKeyUnusable "seal-key-unusable" Undecided "the key is of no kind that is used, or none was given";
    SealStatementMismatch "seal-statement-mismatch" Undecided "the signed statement does not follow from the report beside it";
    SealEvidenceMismatch "seal-evidence-mismatch" Undecided "the sealed report rests on other evidence than was given";
    SealPolicyMismatch "seal-policy-mismatch" Undecided "the sealed report was made under another policy than was given";
    SealBadgeMismatch "seal-badge-mismatch" Undecided "the badge is not the picture that its signed data draws";

    // --- input -------------------------------------------------------------------------------------------
    EvidenceUnrecognised "evidence-unrecognised" Undecided "the input is in none of the known forms of evidence";
    EvidenceMalformed "evidence-malformed" Undecided "the evidence is not laid out as its form demands";
    EvidenceTooLarge "evidence-too-large" Undecided "the evidence is larger than any genuine one";
    EvidenceDuplicateKey "evidence-duplicate-key" Undecided "the evidence has a key twice: two readers can see two documents";
    EvidenceContradictory "evidence-contradictory" Undecided "the evidence gives one claim or one part with two values";
    EvidenceDigestMismatch "evidence-digest-mismatch" Undecided "an item of the evidence does not have the digest that is given for it";
    EvidenceSchemaUnknown "evidence-schema-unknown" Undecided "the evidence is of a schema that this version cannot read";
    EvidencePlatformUnsupported "evidence-platform-unsupported" Undecided "the attestation is of another platform than Intel TDX";
    EvidenceNotPublic "evidence-not-public" Undecided "the application does not publish its evidence";
    EvidenceNoMachine "evidence-no-machine" Undecided "the evidence has no running machine";
    EvidenceMachineNotChosen "evidence-machine-not-chosen" Undecided "the evidence has several machines and none of them was chosen";
}

impl Reason {
    /// Whether it says that something has expired. One check speaks of all that has, so these are let pass together,
    /// by an entry of their own, or not at all.
    #[must_use]
    pub const fn is_expiry(self) -> bool {
        matches!(
            self,
            Self::CertificateExpired | Self::CrlExpired | Self::TcbInfoExpired | Self::QeIdentityExpired
        )
    }

    /// Whether an exception of a policy may let it pass: only refusals, and of those not what Intel has revoked, nor
    /// what has expired, nor evidence that is not about what was asked: of another app, machine, request or document.
    /// An honest mistake can be the cause of these, and whoever lets them pass has no verdict about anything.
    #[must_use]
    pub const fn is_waivable(self) -> bool {
        matches!(self.class(), Class::Refused)
            && !self.is_expiry()
            && !matches!(
                self,
                Self::TcbRevoked
                    | Self::TdxModuleRevoked
                    | Self::QeRevoked
                    | Self::TcbCurrentRevoked
                    | Self::TargetOtherApp
                    | Self::LinkMachineRefused
                    | Self::LinkKmsKeyOther
                    | Self::LinkGatewayKeysOther
                    | Self::RegistryKeyOther
                    | Self::ChainIdOther
                    | Self::GpuRevoked
                    | Self::GpuOtherMachine
                    // Nothing was verified: to let it pass would be to call unverified bytes genuine.
                    | Self::GpuAlgorithmUnsupported
                    | Self::GpuChainMalformed
                    | Self::GpuRimMalformed
                    | Self::GpuRimSignature
                    | Self::GpuRimUntrusted
                    | Self::GpuRevocationSignature
                    | Self::QuoteNotTdx
                    | Self::TdxModuleUnknown
                    | Self::EnginesDisagree
                    | Self::BootIncomplete
                    | Self::IdentityEventMissing
                    | Self::IdentityEventDuplicate
                    | Self::IdentityEventOrder
                    | Self::IdentityEventLength
                    | Self::EventLogMalformed
                    | Self::EventLogTooLong
                    | Self::EventDigestAlgorithm
                    | Self::EventRegisterUnknown
                    // What cannot be read may be a damaged copy; nothing was verified of it either way.
                    | Self::QuoteMalformed
                    | Self::QuoteTooLarge
                    | Self::QuoteTeeTypeUnsupported
                    | Self::PckChainMalformed
                    | Self::PckExtensionMalformed
                    | Self::CrlMalformed
                    | Self::CrlChainMalformed
                    | Self::SignerChainMalformed
                    | Self::TcbInfoMalformed
                    | Self::QeIdentityMalformed
                    // Whose signature does not verify may have been written anew by whoever kept it; it says nothing of
                    // the machine, and without it nothing is known.
                    | Self::CrlSignature
                    | Self::CrlChainUntrusted
                    | Self::CrlChainSignature
                    | Self::CrlChainRole
                    | Self::SignerChainUntrusted
                    | Self::SignerChainSignature
                    | Self::SignerChainRole
                    | Self::SignerRevoked
                    | Self::TcbInfoSignature
                    | Self::QeIdentitySignature
                    | Self::EventLogLater
                    | Self::EventLogEarlier
                    | Self::IngressListMalformed
                    | Self::QuoteVersionUnsupported
                    | Self::QuoteKeyTypeUnsupported
                    | Self::QuoteVendorUnknown
                    | Self::QuoteBodyTypeUnsupported
                    | Self::QuoteCertificationUnsupported
                    | Self::QuoteTrailingBytes
                    | Self::RaTlsMalformed
                    | Self::ServedCertificateMalformed
                    | Self::ComposeHashMismatch
                    | Self::MrConfigDocumentMalformed
                    | Self::ReportDataMismatch
                    | Self::RaTlsUnbound
                    | Self::RaTlsOtherMachine
                    | Self::ServedCertificateOther
                    // Another root is named under [root], and then shouted on every page.
                    | Self::RootNotAccepted
            )
    }

    /// Whether it speaks of one value among many (an advisory, a register, an application): an exception then names
    /// the value, so that it lets this fault pass and not the next one of its kind.
    #[must_use]
    pub const fn carries_value(self) -> bool {
        matches!(
            self,
            Self::AdvisoryRefused
                | Self::EvaluationNumberTooLow
                | Self::TcbDateTooOld
                | Self::CollateralTooOld
                | Self::FmspcRefused
                | Self::TdAttributesReserved
                | Self::TdAttributesRefused
                | Self::TdServiceTd
                | Self::TdXfamRefused
                | Self::TdFieldRefused
                | Self::AppIdUnexpected
                | Self::InstanceIdUnexpected
                | Self::KeyProviderUnexpected
                | Self::ComposeHashUnexpected
                | Self::OsRegisterUnexpected
        )
    }

    /// The reason that a policy gives for refusing a TCB of this status; none for up to date.
    #[must_use]
    pub const fn of_tcb_status(status: TcbStatus) -> Option<Self> {
        match status {
            TcbStatus::UpToDate => None,
            TcbStatus::SwHardeningNeeded => Some(Self::TcbSwHardeningNeeded),
            TcbStatus::ConfigurationNeeded => Some(Self::TcbConfigurationNeeded),
            TcbStatus::ConfigurationAndSwHardeningNeeded => Some(Self::TcbConfigurationAndSwHardeningNeeded),
            TcbStatus::OutOfDate => Some(Self::TcbOutOfDate),
            TcbStatus::OutOfDateConfigurationNeeded => Some(Self::TcbOutOfDateConfigurationNeeded),
            TcbStatus::Revoked => Some(Self::TcbRevoked),
            TcbStatus::TdRelaunchAdvised => Some(Self::TcbRelaunchAdvised),
            TcbStatus::TdRelaunchAdvisedConfigurationNeeded => {
                Some(Self::TcbRelaunchAdvisedConfigurationNeeded)
            }
        }
    }

    /// The reason with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::word::read(deserializer, "reason code that this version knows", Self::from_code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_kebab_case_and_found_again() {
        let mut seen = BTreeSet::new();
        for reason in Reason::ALL {
            let code = reason.code();
            assert!(seen.insert(code), "{code} occurs twice");
            assert!(
                code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{code}"
            );
            assert_eq!(Reason::from_code(code), Some(*reason));
        }
    }
}
