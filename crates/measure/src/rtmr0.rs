//! RTMR0: is the virtual hardware the claimed one?
//!
//! Rung (a) of the ladder. Needs no image: all events follow from the machine's shape and constants of dstack's
//! firmware. The claim says where to look first; since every candidate is built by us from the same few parts, a
//! match under another QEMU release is as good a proof, and the difference to the claim is reported.

mod diagnosis;

pub use diagnosis::{Change, Diagnosis, Difference, LogUse, NearShape};

use crate::acpi::AcpiBlobs;
use crate::event::{Rtmr0Events, replay};
use crate::shape::{HighMemoryBase, PassOrder, QemuProfile, Shape};
use crate::td_hob::{FirmwareMemory, TdHobError};
use crate::vm_config::VmConfig;
use core::fmt;
use veritee_model::{Reason, Rtmr, Sha256Digest, Sha384Digest};

/// How much work to spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Try the shapes that the claim allows, nothing else.
    Search,
    /// On a mismatch also look for the nearest machine that would match. Bounded by [`DIAGNOSIS_BYTES`].
    Diagnose,
}

/// Bytes of tables that a diagnosis generates and hashes at most.
pub const DIAGNOSIS_BYTES: usize = 24 << 20;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The claim.
    pub config: &'a VmConfig,
    /// The firmware's memory: [`FirmwareMemory::pre202505`], or what an image or lite manifest says.
    pub firmware: &'a FirmwareMemory,
    /// RTMR0 of a verified quote.
    pub quoted: &'a Rtmr,
    /// The digests of RTMR0's events from a log, in order. Untrusted: used only to explain, after they were replayed.
    pub log: Option<&'a [Sha384Digest]>,
    /// How much work to spend on a mismatch.
    pub effort: Effort,
}

/// How the measured machine differs from what `vm_config` says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Discrepancy {
    /// Another release of QEMU built the tables.
    Qemu {
        /// As claimed.
        claimed: String,
        /// As measured.
        measured: QemuProfile,
    },
    /// The interrupt controller's presence.
    Pic {
        /// As claimed, or implied by the claimed release.
        claimed: bool,
        /// As measured.
        measured: bool,
    },
    /// A software TPM was claimed, but the tables have none.
    SoftwareTpm,
    /// Another firmware layout was claimed than the one measured.
    OvmfVariant {
        /// As claimed.
        claimed: String,
    },
}

impl fmt::Display for Discrepancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inert = veritee_model::text::inert;
        match self {
            Self::Qemu { claimed, measured } => {
                write!(f, "qemu_version: claimed {}, measured {measured}", inert(claimed))
            }
            Self::Pic { claimed, measured } => write!(f, "pic: claimed {claimed}, measured {measured}"),
            Self::SoftwareTpm => f.write_str("swtpm: claimed, measured without one"),
            Self::OvmfVariant { claimed } => {
                write!(f, "ovmf_variant: claimed {}, measured pre202505", inert(claimed))
            }
        }
    }
}

/// A machine whose RTMR0 equals the quoted one. Only [`prove`] makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenHardware {
    shape: Shape,
    events: Rtmr0Events,
    discrepancies: Vec<Discrepancy>,
}

impl ProvenHardware {
    /// The measured machine. QEMU 8.x and 9.0-9.1 build the same tables; the claimed one of them is named.
    #[must_use]
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Its events.
    #[must_use]
    pub const fn events(&self) -> &Rtmr0Events {
        &self.events
    }

    /// Where the claim is wrong.
    #[must_use]
    pub fn discrepancies(&self) -> &[Discrepancy] {
        &self.discrepancies
    }
}

/// Why RTMR0 cannot be recomputed from the claim.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotComputable {
    /// The RAM ends inside the firmware's memory.
    Memory(TdHobError),
    /// Everything is as computed, except that the firmware claims other memory than the known builds do.
    OtherFirmwareMemory {
        /// The machine that all other events show.
        shape: Box<Shape>,
        /// The measured digest of the TD HOB.
        td_hob: Sha384Digest,
    },
    /// The claimed image is known to have a firmware with other memory, and there is no log to show the rest by.
    KnownOtherFirmware {
        /// Name of the image.
        image: &'static str,
    },
    /// The log is of the layout that edk2-stable202505 introduced; four of its events cannot be computed.
    Edk2_202505 {
        /// The machine that the TD HOB and ACPI events show, if they are as computed.
        shape: Option<Box<Shape>>,
    },
    /// The claim names a firmware layout that this version does not know.
    OvmfVariant {
        /// As claimed.
        claimed: String,
    },
    /// The claim says that a software TPM is attached, which changes the tables.
    SoftwareTpm,
}

impl NotComputable {
    /// The stable reason code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Memory(_) | Self::SoftwareTpm => Reason::VirtualHardwareUnsupported,
            Self::OtherFirmwareMemory { .. }
            | Self::KnownOtherFirmware { .. }
            | Self::Edk2_202505 { .. }
            | Self::OvmfVariant { .. } => Reason::FirmwareLayoutUnknown,
        }
    }
}

impl fmt::Display for NotComputable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(error) => write!(f, "{error}"),
            Self::OtherFirmwareMemory { shape, td_hob } => write!(
                f,
                "all events are those of {shape}, but the td hob {td_hob} is of a firmware with other memory; \
                 only its image can show which (dstack 0.5.1 is such a one)"
            ),
            Self::KnownOtherFirmware { image } => {
                write!(f, "{image} has a firmware with other memory: expected its image or an event log")
            }
            Self::Edk2_202505 { shape: Some(shape) } => write!(
                f,
                "the log is of the edk2-stable202505 layout; td hob and acpi tables are those of {shape}, but boot \
                 order, smbios tables and boot options cannot be computed"
            ),
            Self::Edk2_202505 { shape: None } => f.write_str(
                "the log is of the edk2-stable202505 layout, and its td hob or acpi tables are not those of the claim",
            ),
            Self::OvmfVariant { claimed } => {
                write!(f, "firmware layout: expected pre202505, got {}", veritee_model::text::inert(claimed))
            }
            Self::SoftwareTpm => f.write_str("the tables of a machine with a software tpm are not known"),
        }
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rtmr0Outcome {
    /// RTMR0 is that of this machine.
    Proven(Box<ProvenHardware>),
    /// The question cannot be answered for this machine.
    NotComputable(NotComputable),
    /// RTMR0 is of no machine that fits the claim.
    Mismatch(Box<Diagnosis>),
}

/// SHA-256 of the checksum files of images whose firmware claims other memory than [`FirmwareMemory::pre202505`].
const OTHER_FIRMWARE: [(&str, &str); 1] =
    [("4ed916a047daceeba658948c7a249d0faf26dd82608ff028bd3e9b4b67ff8cae", "dstack 0.5.1")];

/// The events of one machine.
///
/// # Errors
/// When the RAM ends inside the firmware's memory.
pub fn measure(shape: &Shape, firmware: &FirmwareMemory) -> Result<Rtmr0Events, TdHobError> {
    let td_hob = Sha384Digest::of(&firmware.td_hob(shape.hardware.memory())?);
    Ok(Rtmr0Events::new(td_hob, &AcpiBlobs::build(shape).digests()))
}

/// The shape that the claim names; defaults of dstack's builds where it is silent.
#[must_use]
pub fn claimed_shape(config: &VmConfig) -> Shape {
    // Configurations without a release are of 8.x or 9.x builds. Only 8.x starts with the interrupt controller and
    // adds the firmware's pages in two passes.
    let old = config.pic.unwrap_or(config.pass_order == Some(PassOrder::TwoPass));
    let silent = if old { QemuProfile::V8 } else { QemuProfile::V9_2 };
    let profile = config.qemu.as_ref().map_or(silent, |qemu| qemu.profile);
    Shape {
        hardware: config.hardware,
        profile,
        pic: config.pic.unwrap_or_else(|| profile.default_pic()),
        high_memory: HighMemoryBase::FourGiB,
    }
}

/// All shapes that are tried for a claim, the claimed one first: QEMU profile, interrupt controller, and for machines
/// with huge pages the place of high memory. At most 20.
#[must_use]
pub fn candidates(config: &VmConfig) -> Vec<Shape> {
    let claimed = claimed_shape(config);
    let mut shapes = Vec::with_capacity(20);
    let has_high_memory = config.hardware.memory() > config.hardware.low_memory();
    let bases: &[HighMemoryBase] = if config.hardware.hugepages() && has_high_memory {
        &[HighMemoryBase::FourGiB, HighMemoryBase::OneTiB]
    } else {
        &[HighMemoryBase::FourGiB]
    };
    for profile in profiles(claimed.profile) {
        for pic in [claimed.pic, !claimed.pic] {
            // 8.x and 9.0-9.1 build the same tables. Where neither is claimed, dstack's defaults tell them apart.
            let profile = match profile {
                QemuProfile::V8 if !claimed.profile.same_tables(profile) && !pic => QemuProfile::V9,
                other => other,
            };
            shapes.extend(bases.iter().map(|base| Shape { profile, pic, high_memory: *base, ..claimed }));
        }
    }
    shapes
}

/// `first`, then one profile for every other set of tables.
fn profiles(first: QemuProfile) -> impl Iterator<Item = QemuProfile> {
    let others = QemuProfile::DISTINCT.into_iter().filter(move |profile| !profile.same_tables(first));
    core::iter::once(first).chain(others)
}

fn discrepancies(config: &VmConfig, shape: &Shape) -> Vec<Discrepancy> {
    let claimed = claimed_shape(config);
    let mut out = Vec::new();
    if let Some(qemu) = config.qemu.as_ref().filter(|qemu| !qemu.profile.same_tables(shape.profile)) {
        out.push(Discrepancy::Qemu { claimed: qemu.text.clone(), measured: shape.profile });
    }
    let claims_pic = config.pic.is_some() || config.qemu.is_some();
    if claims_pic && claimed.pic != shape.pic {
        out.push(Discrepancy::Pic { claimed: claimed.pic, measured: shape.pic });
    }
    if config.software_tpm {
        out.push(Discrepancy::SoftwareTpm);
    }
    if let Some(claimed) = config.ovmf_variant.as_ref().filter(|variant| *variant != "pre202505") {
        out.push(Discrepancy::OvmfVariant { claimed: claimed.clone() });
    }
    out
}

/// Looks for a machine that fits the claim and has the quoted RTMR0.
///
/// The log explains a mismatch, and is used for nothing else: a wrong log cannot make a machine proven, and cannot
/// prevent it either.
#[must_use]
pub fn prove(question: &Question<'_>) -> Rtmr0Outcome {
    let config = question.config;
    let hob = match question.firmware.td_hob(config.hardware.memory()) {
        Ok(hob) => hob,
        Err(error) => return Rtmr0Outcome::NotComputable(NotComputable::Memory(error)),
    };
    let td_hob = Sha384Digest::of(&hob);
    let mut tried = Vec::with_capacity(20);
    for shape in candidates(config) {
        let events = Rtmr0Events::new(td_hob, &AcpiBlobs::build(&shape).digests());
        if events.register() == *question.quoted {
            let discrepancies = discrepancies(config, &shape);
            return Rtmr0Outcome::Proven(Box::new(ProvenHardware { shape, events, discrepancies }));
        }
        tried.push((shape, events));
    }
    explain(question, &tried)
}

/// What can be said of a quoted RTMR0 that no candidate has.
fn explain(question: &Question<'_>, tried: &[(Shape, Rtmr0Events)]) -> Rtmr0Outcome {
    let log = question.log.filter(|log| replay(log) == *question.quoted);
    let not_computable = match log {
        Some(log) => diagnosis::other_firmware(log, tried),
        None => without_log(question.config),
    };
    match not_computable {
        Some(why) => Rtmr0Outcome::NotComputable(why),
        None if question.config.software_tpm => Rtmr0Outcome::NotComputable(NotComputable::SoftwareTpm),
        None => Rtmr0Outcome::Mismatch(Box::new(diagnosis::diagnose(question, log, tried))),
    }
}

fn without_log(config: &VmConfig) -> Option<NotComputable> {
    if let Some(claimed) = config.ovmf_variant.as_ref().filter(|variant| *variant != "pre202505") {
        return Some(NotComputable::OvmfVariant { claimed: claimed.clone() });
    }
    let hash = config.os_image_hash?;
    OTHER_FIRMWARE
        .iter()
        .find(|(known, _)| Sha256Digest::from_hex(known) == Ok(hash))
        .map(|(_, image)| NotComputable::KnownOtherFirmware { image })
}
