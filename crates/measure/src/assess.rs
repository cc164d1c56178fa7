//! Step 6 as a whole: climbs the ladder with what is there and answers in checks.
//!
//! | rung | check | needs | covers |
//! |---|---|---|---|
//! | (a) | `os.virtual-hardware` | `vm_config` | RTMR0 |
//! | (b) | `os.image` | the image | MRTD, RTMR1, RTMR2 |
//! | (c) | `os.lite` | a lite manifest whose image hash the relying party has listed | MRTD, RTMR1, RTMR2 |
//! | (d) | the policy's pinned registers | | whatever they pin |
//!
//! What was proven is in [`Assessment::proven`]; the sum (`os.measured`) is the policy's to make.

use crate::image::{BootComparison, ImageError, ImageFiles, ImageLimits, ImageMeasurement, measure};
use crate::lite::LiteManifest;
use crate::rtmr0::{Effort, ProvenHardware, Question, Rtmr0Outcome, claimed_shape, prove};
use crate::shape::{Limits, PassOrder};
use crate::td_hob::FirmwareMemory;
use crate::vm_config::{VmConfig, VmConfigError};
use veritee_model::report::Notice;
use veritee_model::text::{inert, shortened};
use veritee_model::{Check, CheckId, Mrtd, Reason, Rtmr, Sha256Digest, Sha384Digest};

/// The registers of a verified quote that step 6 is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotedRegisters {
    /// MRTD.
    pub mrtd: Mrtd,
    /// RTMR0.
    pub rtmr0: Rtmr,
    /// RTMR1.
    pub rtmr1: Rtmr,
    /// RTMR2.
    pub rtmr2: Rtmr,
}

/// The relying party's word on images.
#[derive(Debug, Clone, Copy, Default)]
pub struct ImagePolicy<'a> {
    /// Image hashes (`sha256(sha256sum.txt)`) whose lite manifest is believed.
    pub known: &'a [Sha256Digest],
    /// Image hashes that are development images.
    pub development: &'a [Sha256Digest],
    /// Let development images pass.
    pub allow_development: bool,
}

/// Everything that step 6 looks at.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The exact `vm_config`. A claim.
    pub vm_config: Option<&'a [u8]>,
    /// From a verified quote.
    pub quoted: QuotedRegisters,
    /// Digests of RTMR0's events from the log, in order. Explains a mismatch, proves nothing.
    pub rtmr0_log: Option<&'a [Sha384Digest]>,
    /// Payload of the `os-image-hash` event of a replayed log: what the key management service answered.
    pub image_hash_event: Option<Sha256Digest>,
    /// The image, brought by the relying party.
    pub image: Option<&'a dyn ImageFiles>,
    /// What the relying party says of images.
    pub policy: ImagePolicy<'a>,
    /// How much work to spend on explaining a mismatch of RTMR0.
    pub effort: Effort,
}

/// By which rung each register was proven, in words; `None` where it was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proven {
    /// MRTD.
    pub mrtd: Option<String>,
    /// RTMR0.
    pub rtmr0: Option<String>,
    /// RTMR1.
    pub rtmr1: Option<String>,
    /// RTMR2.
    pub rtmr2: Option<String>,
}

/// The answers of step 6.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// `os.virtual-hardware`, `os.image`, `os.lite`, `os.development`, in this order.
    pub checks: Vec<Check>,
    /// Remarks that do not change the verdict.
    pub notices: Vec<Notice>,
    proven: Proven,
    hardware: Option<Box<ProvenHardware>>,
    image: Option<Box<ImageMeasurement>>,
}

impl Assessment {
    /// By which rung each register was proven.
    #[must_use]
    pub const fn proven(&self) -> &Proven {
        &self.proven
    }

    /// The measured machine.
    #[must_use]
    pub fn hardware(&self) -> Option<&ProvenHardware> {
        self.hardware.as_deref()
    }

    /// The measured image, whether or not the registers are its.
    #[must_use]
    pub fn image(&self) -> Option<&ImageMeasurement> {
        self.image.as_deref()
    }
}

/// Climbs the ladder.
#[must_use]
pub fn assess(inputs: &Inputs<'_>) -> Assessment {
    let config = inputs.vm_config.map(|bytes| VmConfig::parse(bytes, &Limits::STANDARD));
    let mut climb = Climb {
        inputs,
        checks: Vec::with_capacity(4),
        notices: Vec::new(),
        proven: Proven::default(),
        hardware: None,
        image: None,
        image_runs: false,
    };
    climb.run(config);
    Assessment {
        checks: climb.checks,
        notices: climb.notices,
        proven: climb.proven,
        hardware: climb.hardware,
        image: climb.image.map(Box::new),
    }
}

struct Climb<'a> {
    inputs: &'a Inputs<'a>,
    checks: Vec<Check>,
    notices: Vec<Notice>,
    proven: Proven,
    hardware: Option<Box<ProvenHardware>>,
    image: Option<ImageMeasurement>,
    /// The image is the machine's: all that it covers was found in the quote.
    image_runs: bool,
}

const BRING_IMAGE: &str =
    "bring the image's folder or archive with --image, or pin the registers in the policy";

impl Climb<'_> {
    fn run(&mut self, config: Option<Result<VmConfig, VmConfigError>>) {
        let error = match &config {
            Some(Err(error)) => Some(error.clone()),
            _ => None,
        };
        let config = config.and_then(Result::ok);
        let config = config.as_ref();
        // An image or a listed manifest says which memory its firmware claims; so they come before RTMR0.
        let image = self.image(config);
        let (lite, listed) = self.lite(config);
        let hardware = match (&error, config) {
            (Some(error), _) => {
                Check::from_reason(CheckId::OsVirtualHardware, error.reason(), error.to_string())
            }
            (None, Some(config)) => self.hardware(config, listed.as_ref()),
            (None, None) => {
                let detail = "the machine's size and devices are not known";
                Check::not_checked(CheckId::OsVirtualHardware, Reason::VmConfigMissing, detail)
                    .next("bring it with --vm-config")
            }
        };
        let development = self.development(config);
        self.checks.extend([hardware, image, lite, development]);
        self.image_hash_event(config);
        if let Some(config) = config {
            for member in &config.unknown {
                self.notice(Reason::VmConfigUnknownMember, inert(member));
            }
            if let Some(text) = &config.unread_qemu {
                self.notice(
                    Reason::VmConfigWrong,
                    format!("qemu_version: `{}` names no release", inert(text)),
                );
            }
        }
    }

    fn notice(&mut self, reason: Reason, detail: String) {
        self.notices.push(Notice { reason, detail, location: None });
    }

    fn hardware(&mut self, config: &VmConfig, listed: Option<&LiteManifest>) -> Check {
        let id = CheckId::OsVirtualHardware;
        let known = FirmwareMemory::pre202505();
        // Only of firmware that runs in this machine: the listed manifest comes with its MRTD compared, too.
        let (firmware, source) = match (self.image.as_ref().filter(|_| self.image_runs), listed) {
            (Some(image), _) => (image.firmware(), "the image's firmware"),
            (None, Some(manifest)) => (manifest.firmware(), "the listed manifest's firmware"),
            (None, None) => (&known, "the known firmware"),
        };
        let question = Question {
            config,
            firmware,
            quoted: &self.inputs.quoted.rtmr0,
            log: self.inputs.rtmr0_log,
            effort: self.inputs.effort,
        };
        let (quoted, claimed) = (self.inputs.quoted.rtmr0, claimed_shape(config));
        match prove(&question) {
            Rtmr0Outcome::Proven(proven) => {
                let shape = *proven.shape();
                for discrepancy in proven.discrepancies() {
                    self.notice(Reason::VmConfigWrong, discrepancy.to_string());
                }
                self.hardware = Some(proven);
                self.proven.rtmr0 = Some(format!("recomputed for {shape}"));
                Check::pass(id, format!("rtmr0 is that of {shape}, with {source}"))
            }
            Rtmr0Outcome::NotComputable(why) => {
                let check = Check::from_reason(id, why.reason(), why.to_string()).next(BRING_IMAGE);
                check.at("rtmr0")
            }
            Rtmr0Outcome::Mismatch(diagnosis) => {
                let check = Check::fail(id, Reason::VirtualHardwareMismatch, diagnosis.to_string());
                let check = match diagnosis.first {
                    Some(first) => check.at(format!("rtmr0, event {}", first.index)),
                    None => check.at("rtmr0"),
                };
                let expected = crate::rtmr0::measure(&claimed, firmware).map(|events| events.register());
                match expected {
                    Ok(expected) => check.compared(expected, quoted),
                    Err(_) => check,
                }
                .next("ask the operator for the machine's true vm_config; another firmware or table is another machine")
            }
        }
    }

    fn image(&mut self, config: Option<&VmConfig>) -> Check {
        let id = CheckId::OsImage;
        let Some(files) = self.inputs.image else {
            let hash = config.and_then(|config| config.os_image_hash);
            let detail = match hash {
                Some(hash) => format!("no image was given; the machine says that it runs {hash}"),
                None => "no image was given".to_owned(),
            };
            return Check::not_checked(id, Reason::OsImageMissing, detail).next(BRING_IMAGE);
        };
        let claimed = config.and_then(|config| config.os_image_hash);
        // Without a size the patched kernel is measured for a large machine: the usual case.
        let memory = config.map_or(crate::shape::SPLIT_FROM, |config| config.hardware.memory());
        let image = match measure(files, claimed.as_ref(), memory, &ImageLimits::STANDARD) {
            Ok(image) => image,
            Err(error) => return image_error(id, &error),
        };
        let quoted = &self.inputs.quoted;
        let comparison = image.compare(&quoted.mrtd, &quoted.rtmr1, &quoted.rtmr2);
        let check = match comparison.first_difference() {
            None => {
                self.image_runs = true;
                self.cover(&comparison, &format!("recomputed from image {}", image.hash()));
                self.pass_order_notice(config, comparison.pass_order);
                Check::pass(id, words(&comparison, &format!("image {}", image.hash())))
            }
            Some((register, covers)) => {
                let (expected, got) = expected_and_got(register, &image, quoted);
                let detail = format!("{register} is not the image's: {covers} is another");
                Check::fail(id, Reason::OsImageMismatch, detail).at(register).compared(expected, got)
            }
        };
        self.image = Some(image);
        check
    }

    /// The check, and the manifest when the relying party has listed its hash and the quote has its MRTD.
    fn lite(&mut self, config: Option<&VmConfig>) -> (Check, Option<LiteManifest>) {
        let id = CheckId::OsLite;
        let Some((config, document)) = config.and_then(|config| Some((config, config.lite.as_ref()?))) else {
            let detail = "the vm_config has no lite manifest";
            return (Check::not_checked(id, Reason::LiteManifestMissing, detail), None);
        };
        let manifest = match LiteManifest::open(document, config.os_image_hash.as_ref()) {
            Ok(manifest) => manifest,
            Err(error) => return (Check::from_reason(id, error.reason(), error.to_string()), None),
        };
        let listed = self.inputs.policy.known.contains(manifest.hash());
        let quoted = &self.inputs.quoted;
        let comparison = manifest.compare(&quoted.mrtd, &quoted.rtmr1, &quoted.rtmr2);
        let name = format!("lite manifest of image {}", manifest.hash());
        let check = match comparison.first_difference() {
            None if listed => {
                self.cover(&comparison, &format!("that of the listed {name}"));
                self.pass_order_notice(Some(config), comparison.pass_order);
                Check::pass(id, words(&comparison, &format!("the listed {name}")))
            }
            None => Check::not_checked(
                id,
                Reason::LiteManifestProverSupplied,
                format!(
                    "{}; the manifest is prover-supplied: anyone can make one for any firmware",
                    words(&comparison, &name)
                ),
            )
            .next("reproduce the image, then list its hash in the policy under [os] image_hash"),
            Some(("rtmr1", _)) if !manifest.covers(config.hardware.memory()) => Check::not_checked(
                id,
                Reason::LiteManifestMemory,
                "the manifest's kernel digest holds for 2 GiB and for 2.75 GiB and more of ram",
            )
            .next(BRING_IMAGE),
            Some((register, covers)) => Check::fail(
                id,
                Reason::LiteManifestMismatch,
                format!("{register} is not the manifest's: {covers} is another"),
            )
            .at(register),
        };
        let runs = listed && comparison.pass_order.is_some();
        (check, runs.then_some(manifest))
    }

    fn cover(&mut self, comparison: &BootComparison, how: &str) {
        let boot = |covered: bool, detail: String| covered.then(|| format!("{how}{detail}"));
        let Proven { mrtd, rtmr1, rtmr2, .. } = &mut self.proven;
        if let Some(order) = comparison.pass_order.filter(|_| mrtd.is_none()) {
            *mrtd = boot(true, format!(" ({order})"));
        }
        if let Some(header) = comparison.header.filter(|_| rtmr1.is_none()) {
            *rtmr1 = boot(true, format!(" (kernel {header})"));
        }
        if rtmr2.is_none() {
            *rtmr2 = boot(comparison.rtmr2, String::new());
        }
    }

    fn pass_order_notice(&mut self, config: Option<&VmConfig>, measured: Option<PassOrder>) {
        let Some((config, measured)) = config.zip(measured) else { return };
        let claimed =
            config.pass_order.or_else(|| config.qemu.as_ref().map(|qemu| qemu.profile.default_pass_order()));
        if let Some(claimed) = claimed.filter(|claimed| *claimed != measured) {
            let detail = format!("qemu_single_pass_add_pages: claimed {claimed}, measured {measured}");
            if !self.notices.iter().any(|notice| notice.detail == detail) {
                self.notice(Reason::VmConfigWrong, detail);
            }
        }
    }

    fn development(&self, config: Option<&VmConfig>) -> Check {
        let id = CheckId::OsDevelopment;
        let policy = &self.inputs.policy;
        let claimed = config.and_then(|config| config.os_image_hash);
        let measured = self.image.as_ref().map(|image| *image.hash());
        let listed = measured.into_iter().chain(claimed).find(|hash| policy.development.contains(hash));
        let named = config.and_then(|config| config.image.as_deref()).filter(|name| says_development(name));
        let why = if self.image.as_ref().is_some_and(|image| image.metadata().is_dev) {
            Some("the image says so itself (is_dev)".to_owned())
        } else if let Some(hash) = listed {
            Some(format!("image {hash} is on the policy's list"))
        } else {
            named.map(|name| format!("the vm_config names it {}", inert(&shortened(name, 64))))
        };
        match (why, &self.image) {
            (Some(why), _) if policy.allow_development => {
                Check::pass(id, format!("a development image, which the policy allows: {why}"))
            }
            (Some(why), _) => Check::fail(id, Reason::OsImageDevelopment, why)
                .next("run the production image; on a development image the operator can enter the machine"),
            (None, Some(image)) if self.image_runs => {
                Check::pass(id, format!("image {} is not for development", image.hash()))
            }
            (None, _) => {
                let detail = "whether it is a development image is said in the image";
                Check::not_checked(id, Reason::OsImageMissing, detail).next(BRING_IMAGE)
            }
        }
    }

    /// The event is the KMS's answer to the machine, not a measurement: compared, never believed.
    fn image_hash_event(&mut self, config: Option<&VmConfig>) {
        let Some(event) = self.inputs.image_hash_event else { return };
        let measured = self.image.as_ref().filter(|_| self.image_runs).map(|image| *image.hash());
        let (other, whose) = match (measured, config.and_then(|config| config.os_image_hash)) {
            (Some(hash), _) => (hash, "measured"),
            (None, Some(hash)) => (hash, "claimed in vm_config"),
            (None, None) => return,
        };
        if other != event {
            let detail = format!("the os-image-hash event says {event}, {whose} is {other}");
            self.notice(Reason::OsImageHashEventDiffers, detail);
        }
    }
}

/// dstack names its development images `dstack-dev-…` and `dstack-nvidia-dev-…`.
fn says_development(name: &str) -> bool {
    name.split(['-', '_', '.', ' '])
        .any(|word| matches!(word.to_ascii_lowercase().as_str(), "dev" | "development"))
}

fn image_error(id: CheckId, error: &ImageError) -> Check {
    let check = Check::from_reason(id, error.reason(), error.to_string());
    match error {
        ImageError::Hash { expected, got } | ImageError::FileHash { expected, got, .. } => {
            check.compared(expected, got)
        }
        _ => check,
    }
}

fn words(comparison: &BootComparison, whose: &str) -> String {
    match (comparison.pass_order, comparison.header) {
        (Some(order), Some(header)) => {
            format!("mrtd ({order}), rtmr1 (kernel {header}) and rtmr2 are those of {whose}")
        }
        _ => format!("not all registers are those of {whose}"),
    }
}

fn expected_and_got(register: &str, image: &ImageMeasurement, quoted: &QuotedRegisters) -> (String, String) {
    match register {
        "mrtd" => {
            let [one, two] = PassOrder::ALL.map(|order| image.mrtd(order));
            (format!("{one} or {two}"), quoted.mrtd.to_string())
        }
        "rtmr1" => {
            let expected: Vec<String> =
                image.kernels().iter().map(|(_, digest)| crate::kernel::rtmr1(*digest).to_string()).collect();
            (expected.join(" or "), quoted.rtmr1.to_string())
        }
        _ => (image.rtmr2().to_string(), quoted.rtmr2.to_string()),
    }
}
