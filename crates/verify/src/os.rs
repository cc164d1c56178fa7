//! Step 6: the operating system, rung by rung.
//!
//! (a) RTMR0 follows from the virtual hardware, recomputed natively. (b) MRTD, RTMR1 and RTMR2 follow from the image's
//! files. (c) They are those of a manifest that came along, which counts when the policy lists its hash. (d) The
//! policy pins values. `os.measured` passes when each of the four registers is covered by one of these. RTMR0 alone
//! proves little: only a known MRTD says that the firmware measured honestly.

use crate::run::Run;
use veritee_eventlog::{AppIdentity, ReplayedLog};
use veritee_measure::image::{self, BootComparison, ImageLimits, ImageMeasurement};
use veritee_measure::lite::LiteManifest;
use veritee_measure::rtmr0::{self, Effort, Question, Rtmr0Outcome};
use veritee_measure::td_hob::FirmwareMemory;
use veritee_measure::{Limits, VmConfig};
use veritee_model::{Check, CheckId, Reason, RtmrIndex, Sha384Digest};
use veritee_policy::os::{OsRegisters, Proven};
use veritee_quote::VerifiedQuote;

pub(crate) fn check(
    run: &mut Run<'_>,
    verified: Option<&VerifiedQuote>,
    log: Option<&ReplayedLog>,
    identity: Option<&AppIdentity>,
) {
    let Some(td) = verified.and_then(VerifiedQuote::td) else { return };
    let [rtmr0, rtmr1, rtmr2, _] = td.rtmrs;
    let quoted = OsRegisters { mrtd: td.mrtd, rtmr0, rtmr1, rtmr2 };
    let mut proven = Proven::default();
    let config = vm_config(run);
    let config = config.as_ref();
    let image = from_image(run, config, &quoted, &mut proven);
    let lite = from_manifest(run, config, &quoted, &mut proven);
    if let Some(config) = config {
        let firmware = image
            .as_ref()
            .map(ImageMeasurement::firmware)
            .or_else(|| lite.as_ref().map(LiteManifest::firmware))
            .cloned()
            .unwrap_or_else(FirmwareMemory::pre202505);
        let digests: Option<Vec<Sha384Digest>> = log.map(|log| {
            log.log().of_register(RtmrIndex::Rtmr0).map(|event| *event.effective_digest()).collect()
        });
        let effort = Effort::Diagnose;
        let question =
            Question { config, firmware: &firmware, quoted: &quoted.rtmr0, log: digests.as_deref(), effort };
        virtual_hardware(run, &question, &mut proven);
    }
    let known = lite.as_ref().filter(|_| proven.mrtd.is_some()).map(LiteManifest::hash);
    compare_with_event(run, image.as_ref().map(ImageMeasurement::hash).or(known), identity);
    development(run, config, image.as_ref(), identity);
    run.record(veritee_policy::os::judge(run.request.policy, &quoted, &proven));
}

/// The claimed machine; a claim that cannot be read fails the rung that rests on it.
fn vm_config(run: &mut Run<'_>) -> Option<VmConfig> {
    let id = CheckId::OsVirtualHardware;
    let Some(item) = &run.request.evidence.vm_config else {
        run.record(Check::not_checked(id, Reason::VmConfigMissing, "no vm_config was given"));
        return None;
    };
    match VmConfig::parse(&item.bytes, &Limits::STANDARD) {
        Ok(config) => {
            for name in &config.unknown {
                let name = veritee_model::text::shortened(&veritee_model::text::inert(name), 64);
                run.notice(
                    Reason::VmConfigUnknownMember,
                    format!("vm_config has `{name}`, which is not understood"),
                    None,
                );
            }
            Some(config)
        }
        Err(error) => {
            run.record(Check::from_reason(id, error.reason(), error.to_string()));
            None
        }
    }
}

/// Rung (a).
fn virtual_hardware(run: &mut Run<'_>, question: &Question<'_>, proven: &mut Proven) {
    let id = CheckId::OsVirtualHardware;
    let check = match rtmr0::prove(question) {
        Rtmr0Outcome::Proven(hardware) => {
            for discrepancy in hardware.discrepancies() {
                run.notice(Reason::VmConfigWrong, discrepancy.to_string(), Some(&"vm_config"));
            }
            proven.rtmr0 = Some("recomputed from the virtual hardware".to_owned());
            Check::pass(id, format!("RTMR0 is that of {}", hardware.shape()))
        }
        Rtmr0Outcome::NotComputable(why) => Check::from_reason(id, why.reason(), why.to_string())
            .next("bring the image (`--image`), or pin RTMR0 in the policy"),
        Rtmr0Outcome::Mismatch(diagnosis) => {
            Check::fail(id, Reason::VirtualHardwareMismatch, diagnosis.to_string())
                .at("RTMR0")
                .next("the machine has other virtual hardware or firmware than its vm_config says")
        }
    };
    run.record(check);
}

/// Rung (b).
fn from_image(
    run: &mut Run<'_>,
    config: Option<&VmConfig>,
    quoted: &OsRegisters,
    proven: &mut Proven,
) -> Option<ImageMeasurement> {
    let id = CheckId::OsImage;
    let Some(files) = run.request.image else {
        run.record(
            Check::not_checked(id, Reason::OsImageMissing, "no image was given")
                .next("download the image that vm_config names, and give its folder or tarball with --image"),
        );
        return None;
    };
    let Some(config) = config else {
        run.record(Check::not_checked(id, Reason::VmConfigMissing, "the size of the memory is not known"));
        return None;
    };
    let memory = config.hardware.memory();
    let measured = match image::measure(files, config.os_image_hash.as_ref(), memory, &ImageLimits::STANDARD)
    {
        Ok(measured) => measured,
        Err(error) => {
            run.record(Check::from_reason(id, error.reason(), error.to_string()).at("image"));
            return None;
        }
    };
    let compared = measured.compare(&quoted.mrtd, &quoted.rtmr1, &quoted.rtmr2);
    take(&compared, "recomputed from the image", proven);
    run.record(match compared.first_difference() {
        None => Check::pass(id, format!("MRTD, RTMR1 and RTMR2 are those of image {}", measured.hash())),
        Some((register, covers)) => Check::fail(
            id,
            Reason::OsImageMismatch,
            format!("{register} is not that of image {}: it covers {covers}", measured.hash()),
        )
        .at(register)
        .next("the machine runs another system than this image"),
    });
    Some(measured)
}

/// Rung (c). A manifest that the prover supplied proves nothing until the policy lists its hash.
fn from_manifest(
    run: &mut Run<'_>,
    config: Option<&VmConfig>,
    quoted: &OsRegisters,
    proven: &mut Proven,
) -> Option<LiteManifest> {
    let id = CheckId::OsLite;
    let Some((config, document)) =
        config.and_then(|config| config.lite.as_ref().map(|document| (config, document)))
    else {
        run.record(Check::not_checked(id, Reason::LiteManifestMissing, "the vm_config has no manifest"));
        return None;
    };
    let manifest = match LiteManifest::open(document, config.os_image_hash.as_ref()) {
        Ok(manifest) => manifest,
        Err(error) => {
            run.record(Check::from_reason(id, error.reason(), error.to_string()));
            return None;
        }
    };
    if !manifest.covers(config.hardware.memory()) {
        let detail = "the manifest's kernel digest does not hold for this much memory";
        run.record(Check::not_checked(id, Reason::LiteManifestMemory, detail));
        return None;
    }
    let compared = manifest.compare(&quoted.mrtd, &quoted.rtmr1, &quoted.rtmr2);
    let listed = run.request.policy.os.image_hash.contains(manifest.hash());
    run.record(match compared.first_difference() {
        Some((register, covers)) => Check::fail(
            id,
            Reason::LiteManifestMismatch,
            format!("{register} is not the manifest's: it covers {covers}"),
        )
        .at(register),
        None if listed => {
            take(&compared, "as in the manifest that the policy lists", proven);
            Check::pass(
                id,
                format!("MRTD, RTMR1 and RTMR2 are those of the listed manifest {}", manifest.hash()),
            )
        }
        None => Check::not_checked(
            id,
            Reason::LiteManifestProverSupplied,
            format!(
                "MRTD, RTMR1 and RTMR2 are those of manifest {}, which the prover supplied",
                manifest.hash()
            ),
        )
        .next("find out who published this image hash; list it in the policy under [os] image_hash"),
    });
    Some(manifest)
}

fn take(compared: &BootComparison, words: &str, proven: &mut Proven) {
    let fill = |slot: &mut Option<String>, equal: bool| {
        if equal && slot.is_none() {
            *slot = Some(words.to_owned());
        }
    };
    // The three describe one image only together: a firmware of one and a kernel of another are nobody's image.
    let complete = compared.complete();
    fill(&mut proven.mrtd, complete);
    fill(&mut proven.rtmr1, complete);
    fill(&mut proven.rtmr2, complete);
}

/// The `os-image-hash` event is the KMS's answer, so a difference is a remark, and agreement proves nothing.
fn compare_with_event(
    run: &mut Run<'_>,
    measured: Option<&veritee_model::Sha256Digest>,
    identity: Option<&AppIdentity>,
) {
    if let (Some(measured), Some(event)) = (measured, identity.and_then(AppIdentity::os_image_hash_claimed))
        && measured != event
    {
        let detail = format!("the KMS named image {event}, measured was {measured}");
        run.notice(Reason::OsImageHashEventDiffers, detail, Some(&"event os-image-hash"));
    }
}

/// Whoever runs a development image can log in to it. That one is claimed is enough to refuse; that none is claimed
/// proves nothing, only the image's own metadata does.
fn development(
    run: &mut Run<'_>,
    config: Option<&VmConfig>,
    image: Option<&ImageMeasurement>,
    identity: Option<&AppIdentity>,
) {
    let id = CheckId::OsDevelopment;
    let policy = &run.request.policy.os;
    let hashes = [
        image.map(ImageMeasurement::hash),
        config.and_then(|config| config.os_image_hash.as_ref()),
        identity.and_then(AppIdentity::os_image_hash_claimed),
    ];
    let listed = hashes.into_iter().flatten().find(|hash| policy.development_image_hash.contains(hash));
    let named = config.and_then(|config| config.image.as_deref()).filter(|name| is_development_name(name));
    let why = match (image, listed, named) {
        (Some(image), _, _) if image.metadata().is_dev => {
            Some("the image says that it is for development".to_owned())
        }
        (_, Some(hash), _) => Some(format!("the policy lists {hash} as a development image")),
        (_, _, Some(name)) => Some(format!("its name is `{}`", veritee_model::text::inert(name))),
        _ => None,
    };
    run.record(match why {
        Some(why) if policy.allow_development => Check::pass(id, format!("{why}; let pass by the policy")),
        Some(why) => Check::fail(id, Reason::OsImageDevelopment, why)
            .next("do not hand secrets to this machine: its operator can log in"),
        None if image.is_some() => Check::pass(id, "the image says that it is for production"),
        None => Check::not_checked(
            id,
            Reason::OsImageMissing,
            "only the image itself says whether it is for production",
        ),
    });
}

/// `dstack-dev-0.5.5`, `dstack-nvidia-dev-0.5.5`.
fn is_development_name(name: &str) -> bool {
    name.split(['-', '_', '.']).any(|part| part.eq_ignore_ascii_case("dev"))
}

#[cfg(test)]
mod tests {
    use super::is_development_name;

    #[test]
    fn development_images_are_known_by_name() {
        assert!(is_development_name("dstack-dev-0.5.5"));
        assert!(is_development_name("dstack-nvidia-dev-0.5.3"));
        assert!(!is_development_name("dstack-nvidia-0.5.5"));
        assert!(!is_development_name("dstack-device-0.5.5"));
    }
}
