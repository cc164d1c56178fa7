//! Every reason that veritee can give is produced by some test.
//!
//! Most are seen in the reports of this suite. The others belong to readers and tools outside the pipeline: for each
//! the table names the test file that produces it, and that file has to speak of it.

use crate::support::seen;
use std::path::Path;
use veritee_model::Reason;

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

#[test]
fn every_reason_is_produced_by_some_test() {
    let families: [&[fn()]; 19] = [
        crate::bindings::ALL,
        crate::caa::ALL,
        crate::collateral::ALL,
        crate::compose::ALL,
        crate::engines::ALL,
        crate::event_log::ALL,
        crate::genuine::ALL,
        crate::governance::ALL,
        crate::gpu::ALL,
        crate::hostile::ALL,
        crate::identity::ALL,
        crate::levers::ALL,
        crate::links::ALL,
        crate::platform::ALL,
        crate::quote::ALL,
        crate::ra_tls::ALL,
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
    // What is called a forgery is shown as one, in a report of this suite.
    let unshown = ELSEWHERE.iter().filter(|(reason, _)| reason.class() == veritee_model::Class::NotGenuine);
    missing.extend(unshown.map(|(reason, _)| format!("{reason}: ends with 10, and no attack shows it")));
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
