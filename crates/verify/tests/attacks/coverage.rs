//! Every reason that veritee can give is produced by some test.
//!
//! Most are seen in the reports of this suite. The others belong to readers and tools outside the pipeline: for each
//! the table names the test file that produces it, and that file has to speak of it.

use crate::support::{seen, taken_as_forged};
use crate::{bindings, collateral, compose, event_log, gpu, identity, links, quote, ra_tls};
use std::path::Path;
use veritee_model::{Class, Reason};

/// Reasons that no report of this suite can give: where they are produced instead.
const ELSEWHERE: &[(Reason, &str)] = &[
    (Reason::TrustRootMalformed, "crates/quote/tests/conformance/signers.rs"),
    (Reason::ComposeFileMissing, "crates/compose/tests/resolution.rs"),
    (Reason::ComposeFileMalformed, "crates/compose/tests/resolution.rs"),
    (Reason::ComposeFileTooLarge, "crates/compose/tests/hostile.rs"),
    (Reason::VmConfigMalformed, "crates/measure/tests/assess.rs"),
    (Reason::VmConfigOutOfRange, "crates/measure/tests/assess.rs"),
    (Reason::VmConfigWrong, "crates/measure/tests/assess.rs"),
    (Reason::VmConfigUnknownMember, "crates/measure/tests/assess.rs"),
    (Reason::OsImageMismatch, "crates/measure/tests/assess.rs"),
    (Reason::OsImageDevelopment, "crates/measure/tests/assess.rs"),
    (Reason::OsImageHashEventDiffers, "crates/measure/tests/assess.rs"),
    (Reason::LiteManifestMismatch, "crates/measure/tests/assess.rs"),
    (Reason::LiteManifestProverSupplied, "crates/measure/tests/assess.rs"),
    (Reason::LiteManifestMemory, "crates/measure/tests/assess.rs"),
    (Reason::VirtualHardwareUnsupported, "crates/measure/tests/rtmr0.rs"),
    (Reason::FirmwareLayoutUnknown, "crates/measure/tests/rtmr0.rs"),
    (Reason::OsImageIncomplete, "crates/measure/tests/image.rs"),
    (Reason::OsImageMalformed, "crates/measure/tests/image.rs"),
    (Reason::OsImageTooLarge, "crates/measure/tests/image.rs"),
    (Reason::OsImagePath, "crates/measure/tests/image.rs"),
    (Reason::OsImageOther, "crates/measure/tests/image.rs"),
    (Reason::OsImageFileMismatch, "crates/measure/tests/image.rs"),
    (Reason::LiteManifestMalformed, "crates/measure/tests/lite.rs"),
    (Reason::ReviewMalformed, "crates/audit/tests/stage.rs"),
    (Reason::ReviewExpired, "crates/audit/tests/stage.rs"),
    (Reason::ReportMalformed, "crates/report/tests/render/saved.rs"),
    (Reason::ReportSchemaUnknown, "crates/report/tests/render/saved.rs"),
    (Reason::ReportContradictory, "crates/report/tests/render/saved.rs"),
    (Reason::SealMalformed, "crates/seal/tests/seal/main.rs"),
    (Reason::SealDuplicateMember, "crates/seal/tests/seal/main.rs"),
    (Reason::SealTrailingData, "crates/seal/tests/seal/main.rs"),
    (Reason::SealEncoding, "crates/seal/tests/seal/main.rs"),
    (Reason::SealPayloadType, "crates/seal/tests/seal/main.rs"),
    (Reason::SealSignature, "crates/seal/tests/seal/main.rs"),
    (Reason::SealKeyAbsent, "crates/seal/tests/seal/main.rs"),
    (Reason::SealKeyUnusable, "crates/seal/tests/seal/main.rs"),
    (Reason::SealStatementMismatch, "crates/seal/tests/seal/main.rs"),
    (Reason::SealEvidenceMismatch, "crates/seal/tests/seal/main.rs"),
    (Reason::SealPolicyMismatch, "crates/seal/tests/seal/main.rs"),
    (Reason::SealBadgeMismatch, "crates/seal/tests/seal/badge.rs"),
    (Reason::EvidenceUnrecognised, "crates/evidence/tests/it/forms.rs"),
    (Reason::EvidencePlatformUnsupported, "crates/evidence/tests/it/forms.rs"),
    (Reason::EvidenceNoMachine, "crates/evidence/tests/it/forms.rs"),
    (Reason::EvidenceTooLarge, "crates/evidence/tests/it/forms.rs"),
    (Reason::EvidenceMalformed, "crates/evidence/tests/it/document.rs"),
    (Reason::EvidenceDuplicateKey, "crates/evidence/tests/it/document.rs"),
    (Reason::EvidenceDigestMismatch, "crates/evidence/tests/it/document.rs"),
    (Reason::EvidenceSchemaUnknown, "crates/evidence/tests/it/document.rs"),
    (Reason::EvidenceContradictory, "crates/evidence/tests/it/hostile.rs"),
    (Reason::EvidenceNotPublic, "crates/evidence/tests/it/hostile.rs"),
    (Reason::EvidenceMachineNotChosen, "crates/evidence/tests/it/quickstart.rs"),
];

/// Every reason that ends with 10, the attack that shows it, and what is forged in it: each by itself is called a forgery for
/// that reason.
const FORGERIES: &[(Reason, fn(), &str)] = &[
    (Reason::PckChainUntrusted, quote::a_pck_chain_under_a_root_of_the_attacker_s_own, "a root of one's own"),
    (
        Reason::PckChainSignature,
        quote::a_pck_chain_that_cannot_be_read_or_does_not_fit_together,
        "a certificate that its issuer did not sign",
    ),
    (
        Reason::PckChainRole,
        quote::a_pck_chain_that_cannot_be_read_or_does_not_fit_together,
        "a certificate that plays an authority",
    ),
    (
        Reason::PckRevoked,
        quote::a_revoked_pck_certificate,
        "a key that Intel has withdrawn, used all the same",
    ),
    (Reason::CaRevoked, collateral::what_the_root_has_revoked, "an authority that Intel has withdrawn"),
    (Reason::RootRevoked, collateral::what_the_root_has_revoked, "a root that has withdrawn itself"),
    (
        Reason::QeReportSignature,
        quote::an_enclave_report_that_the_pck_did_not_sign,
        "a report of the quoting enclave",
    ),
    (Reason::QeReportData, quote::an_attestation_key_of_the_attacker_s_own, "an attestation key"),
    (Reason::QeDebug, quote::a_quoting_enclave_in_debug_mode, "an enclave that its host can write into"),
    (
        Reason::QeIdentityMismatch,
        quote::a_quoting_enclave_of_another_signer,
        "an enclave in the place of Intel's",
    ),
    (Reason::QuoteSignature, quote::a_quote_signed_by_someone_else, "the quote"),
    (
        Reason::TdxModuleMismatch,
        quote::a_tdx_module_that_intel_does_not_name,
        "a TDX module in the place of Intel's",
    ),
    (
        Reason::EventDigestMismatch,
        event_log::a_changed_payload_under_its_old_digest,
        "the payload of an event",
    ),
    (
        Reason::EventRegisterWrong,
        event_log::a_run_time_event_moved_to_another_register,
        "the register of an event",
    ),
    (Reason::RtmrMismatch, event_log::a_changed_payload_with_a_digest_to_match, "an event with its digest"),
    (
        Reason::RuntimeListsDisagree,
        event_log::two_lists_of_one_container_that_differ,
        "one of two lists of events",
    ),
    (
        Reason::IdentityEventAmbiguous,
        identity::a_name_with_a_colon_whose_digest_fits_two_readings,
        "a name under the digest of another",
    ),
    (
        Reason::ClaimContradictsQuote,
        identity::a_claimed_register_that_differs_from_the_quote,
        "what is said beside the quote",
    ),
    (Reason::MrConfigIdMismatch, compose::mrconfigid_of_another_compose, "the compose behind MRCONFIGID"),
    (Reason::RaTlsKeyMismatch, ra_tls::a_certificate_with_another_key, "the key of a certificate"),
    (Reason::RaTlsSignature, ra_tls::a_broken_signature_in_the_chain, "a certificate of the chain"),
    (Reason::RaTlsIssuerMismatch, ra_tls::the_chain_of_another_kms, "the issuer of a certificate"),
    (Reason::RaTlsQuote, ra_tls::a_forged_quote_inside, "the quote inside a certificate"),
    (
        Reason::BindingMismatch,
        bindings::content_changed_tag_shifted_or_algorithm_swapped,
        "the content that REPORTDATA binds",
    ),
    (Reason::IngressFileMismatch, bindings::an_ingress_file_changed, "a file under a bound list"),
    (Reason::GpuReportMalformed, gpu::a_report_of_another_layout, "the layout of a signed report"),
    (Reason::GpuReportSignature, gpu::a_signature_that_does_not_verify, "a device's report"),
    (Reason::GpuChainUntrusted, gpu::chains_that_are_not_nvidia_s, "a root of one's own"),
    (
        Reason::GpuChainSignature,
        gpu::chains_that_are_not_nvidia_s,
        "a certificate that its issuer did not sign",
    ),
    (Reason::GpuChainRole, gpu::chains_that_are_not_nvidia_s, "a certificate that plays an authority"),
    (
        Reason::GpuFwidMismatch,
        gpu::firmware_of_another_identity,
        "firmware in the place of the certified one",
    ),
    (
        Reason::GpuFwidKeyOther,
        gpu::a_report_key_that_is_bound_to_another_device,
        "the device of a report key",
    ),
    (
        Reason::LinkMachineNotGenuine,
        links::a_forged_kms_is_refused_whatever_it_says_of_its_keys,
        "a linked machine",
    ),
];

/// The table is the code's own list: a reason that ends with 10 and has no forgery fails, and so does a forgery that is
/// called something else.
#[test]
fn every_reason_that_ends_with_10_is_shown_by_a_forgery() {
    let mut wrong = Vec::new();
    for reason in Reason::ALL.iter().filter(|reason| reason.class() == Class::NotGenuine) {
        if FORGERIES.iter().filter(|(known, ..)| known == reason).count() != 1 {
            wrong.push(format!("{reason}: not once in the table"));
        }
    }
    for (reason, attack, forged) in FORGERIES {
        taken_as_forged();
        attack();
        if !taken_as_forged().contains(reason) {
            wrong.push(format!("{reason}: not what {forged} is called"));
        }
        if reason.class() != Class::NotGenuine {
            wrong.push(format!("{reason}: does not end with 10"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_reason_is_produced_by_some_test() {
    let families: [&[fn()]; 19] = [
        bindings::ALL,
        crate::caa::ALL,
        collateral::ALL,
        compose::ALL,
        crate::engines::ALL,
        event_log::ALL,
        crate::genuine::ALL,
        crate::governance::ALL,
        gpu::ALL,
        crate::hostile::ALL,
        identity::ALL,
        crate::levers::ALL,
        links::ALL,
        crate::platform::ALL,
        quote::ALL,
        ra_tls::ALL,
        crate::readers::ALL,
        crate::served::ALL,
        crate::together::ALL,
    ];
    families.iter().flat_map(|family| family.iter()).for_each(|attack| attack());
    let seen = seen();
    let mut missing = Vec::new();
    for reason in Reason::ALL {
        match ELSEWHERE.iter().find(|(known, _)| known == reason) {
            None if seen.contains(reason) => {}
            None => missing.push(format!("{reason}: produced nowhere")),
            Some((_, file)) if seen.contains(reason) => {
                missing.push(format!("{reason}: produced here as well, drop {file}"));
            }
            Some((_, file)) => missing.extend(speaks_of(file, *reason).err()),
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The test file names the code or the variant.
fn speaks_of(file: &str, reason: Reason) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{reason}: {file}: {error}"))?;
    let (variant, code) = (format!("Reason::{reason:?}"), format!("\"{}\"", reason.code()));
    if text.contains(&variant) || text.contains(&code) {
        return Ok(());
    }
    Err(format!("{reason}: {file} does not speak of it"))
}
