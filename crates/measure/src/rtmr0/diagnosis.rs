//! Why RTMR0 is not what the claim leads to: the first event that differs, and the nearest machine that would match.

use super::{DIAGNOSIS_BYTES, Effort, NotComputable, Question};
use crate::acpi::AcpiBlobs;
use crate::event::{EventKind, Rtmr0Events};
use crate::shape::{Hardware, HardwareCounts, Limits, QemuProfile, Shape};
use crate::td_hob::FirmwareMemory;
use core::fmt;
use veritee_model::Sha384Digest;

/// What the event log was good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogUse {
    /// There was none.
    NotGiven,
    /// It does not replay to the quoted RTMR0, so it says nothing.
    DoesNotReplay,
    /// It replays.
    Replays,
}

/// The first event that differs between the log and the closest candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// Position among RTMR0's events, from 0.
    pub index: usize,
    /// Which event is expected there; `None` beyond the last.
    pub kind: Option<EventKind>,
    /// Its digest for the closest candidate.
    pub expected: Option<Sha384Digest>,
    /// The digest in the log; `None` when the log has ended.
    pub got: Option<Sha384Digest>,
}

/// One count of the claim that would have to be another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The member of `vm_config`.
    pub field: &'static str,
    /// As claimed; flags count as 0 and 1.
    pub claimed: u64,
    /// As it would have to be.
    pub measured: u64,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} instead of {}", self.field, self.measured, self.claimed)
    }
}

/// A machine beyond the claim whose tables (and, unless `register` is false, whole RTMR0) are the measured ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearShape {
    /// The machine.
    pub shape: Shape,
    /// How it differs from the claim.
    pub changes: Vec<Change>,
    /// Its RTMR0 is the quoted one; otherwise only its ACPI events are those of the log.
    pub register: bool,
}

/// Why RTMR0 is of no machine that fits the claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// Shapes tried.
    pub tried: usize,
    /// What the log was good for.
    pub log: LogUse,
    /// The candidate with the most events in common; the claimed one where there is no log.
    pub closest: Shape,
    /// The first event that differs from it.
    pub first: Option<Difference>,
    /// All events that differ from it.
    pub differing: Vec<EventKind>,
    /// The nearest machine that would match.
    pub nearest: Option<NearShape>,
    /// Members of `vm_config` that this version does not know; they may describe what is missing here.
    pub unknown: Vec<String>,
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "none of {} shapes of the claimed machine has the quoted rtmr0", self.tried)?;
        match (self.log, &self.first) {
            (LogUse::NotGiven, _) => {
                f.write_str("; without an event log the event that differs is unknown")?;
            }
            (LogUse::DoesNotReplay, _) => f.write_str("; the event log does not replay to it")?,
            (LogUse::Replays, Some(first)) => {
                write!(f, "; closest is {}, first difference at event {}", self.closest, first.index)?;
                if let Some(kind) = first.kind {
                    write!(f, " {kind} ({})", kind.meaning())?;
                }
                if self.differing.len() > 1 {
                    let names: Vec<&str> = self.differing.iter().map(|kind| kind.name()).collect();
                    write!(f, ", all: {}", names.join(" "))?;
                }
            }
            (LogUse::Replays, None) => {}
        }
        if let Some(near) = &self.nearest {
            let changes: Vec<String> = near.changes.iter().map(Change::to_string).collect();
            let extent = if near.register { "rtmr0" } else { "acpi events" };
            write!(f, "; {extent} would match with {} ({})", changes.join(", "), near.shape)?;
        }
        if !self.unknown.is_empty() {
            let names: Vec<String> =
                self.unknown.iter().map(|name| veritee_model::text::inert(name)).collect();
            write!(f, "; not understood in vm_config: {}", names.join(" "))?;
        }
        Ok(())
    }
}

/// Recognises firmware that differs in nothing but what depends on the firmware alone.
pub(super) fn other_firmware(log: &[Sha384Digest], tried: &[(Shape, Rtmr0Events)]) -> Option<NotComputable> {
    if let Some(parts) = edk2_202505(log) {
        let shape = tried
            .iter()
            .find(|(_, events)| parts == [0, 8, 9, 10].map(|index| events.digests().get(index).copied()))
            .map(|(shape, _)| Box::new(*shape));
        return Some(NotComputable::Edk2_202505 { shape });
    }
    let (td_hob, rest) = log.split_first()?;
    let (shape, _) = tried.iter().find(|(_, events)| events.digests().get(1..) == Some(rest))?;
    if memory_of(td_hob, &FirmwareMemory::pre202505()).is_some() {
        // The firmware is a known one after all; it is the size of the RAM that was claimed wrongly.
        return None;
    }
    Some(NotComputable::OtherFirmwareMemory { shape: Box::new(*shape), td_hob: *td_hob })
}

/// TD HOB and ACPI digests of a log in the layout of edk2-stable202505, if it is one.
fn edk2_202505(log: &[Sha384Digest]) -> Option<[Option<Sha384Digest>; 4]> {
    if log.len() != 17 {
        return None;
    }
    let any = Sha384Digest::new([0; 48]);
    let acpi = crate::acpi::AcpiDigests { loader: any, rsdp: any, tables: any };
    let constants = Rtmr0Events::new(any, &acpi);
    let volume_and_variables = constants.digests().get(1..8)?;
    let (volume, variables) = volume_and_variables.split_first()?;
    let no_boot_menu = Sha384Digest::of(&[0, 0]);
    let boot_order = Sha384Digest::of(&[0, 0, 1, 0]);
    let fits = log.get(1) == Some(volume)
        && log.get(2) == Some(&no_boot_menu)
        && log.get(4..10) == Some(variables)
        && log.get(14) == Some(&boot_order);
    fits.then(|| [0, 10, 11, 12].map(|index| log.get(index).copied()))
}

/// Sizes of RAM that machines have: multiples of 256 MiB up to 64 GiB, of 1 GiB up to 4 TiB.
fn memory_sizes() -> impl Iterator<Item = u64> {
    (1..=256_u64).map(|quarter| quarter << 28).chain((65..=4096_u64).map(|gibibytes| gibibytes << 30))
}

fn memory_of(td_hob: &Sha384Digest, firmware: &FirmwareMemory) -> Option<u64> {
    memory_sizes().find(|memory| firmware.td_hob(*memory).is_ok_and(|hob| Sha384Digest::of(&hob) == *td_hob))
}

pub(super) fn diagnose(
    question: &Question<'_>,
    log: Option<&[Sha384Digest]>,
    tried: &[(Shape, Rtmr0Events)],
) -> Diagnosis {
    let log_use = match (question.log, log) {
        (None, _) => LogUse::NotGiven,
        (Some(_), None) => LogUse::DoesNotReplay,
        (Some(_), Some(_)) => LogUse::Replays,
    };
    let claimed = super::claimed_shape(question.config);
    let mut diagnosis = Diagnosis {
        tried: tried.len(),
        log: log_use,
        closest: claimed,
        first: None,
        differing: Vec::new(),
        nearest: None,
        unknown: question.config.unknown.clone(),
    };
    if let Some(log) = log {
        // The first of several that are equally close: candidates begin with the claimed shape.
        let mut closest: Option<(usize, &(Shape, Rtmr0Events))> = None;
        for candidate in tried {
            let common = common_events(log, &candidate.1);
            if closest.is_none_or(|(most, _)| common > most) {
                closest = Some((common, candidate));
            }
        }
        if let Some((_, (shape, events))) = closest {
            diagnosis.closest = *shape;
            diagnosis.first = first_difference(log, events);
            diagnosis.differing = events
                .iter()
                .enumerate()
                .filter(|(index, (_, digest))| log.get(*index) != Some(digest))
                .map(|(_, (kind, _))| kind)
                .collect();
        }
    }
    if question.effort == Effort::Diagnose {
        diagnosis.nearest = nearest(question, log, &diagnosis.closest);
    }
    diagnosis
}

fn common_events(log: &[Sha384Digest], events: &Rtmr0Events) -> usize {
    log.iter().zip(events.digests()).filter(|(got, expected)| got == expected).count()
}

fn first_difference(log: &[Sha384Digest], events: &Rtmr0Events) -> Option<Difference> {
    let length = log.len().max(events.digests().len());
    (0..length).find_map(|index| {
        let expected = events.digests().get(index).copied();
        let got = log.get(index).copied();
        let kind = EventKind::ALL.get(index).copied();
        (expected != got).then_some(Difference { index, kind, expected, got })
    })
}

/// Tries machines that differ from the claim in one count, and in the size of the RAM where the log shows it.
fn nearest(question: &Question<'_>, log: Option<&[Sha384Digest]>, closest: &Shape) -> Option<NearShape> {
    let claimed = question.config.hardware.counts();
    let measured_memory =
        log.and_then(|log| log.first()).and_then(|td_hob| memory_of(td_hob, question.firmware));
    let memory = measured_memory.unwrap_or(claimed.memory);
    let base = HardwareCounts { memory, ..claimed };
    let memory_change = (memory != claimed.memory).then_some(Change {
        field: "memory_size",
        claimed: claimed.memory,
        measured: memory,
    });
    let mut bytes_left = DIAGNOSIS_BYTES;
    for (profile, pic) in variants(closest) {
        for (change, counts) in neighbours(&base, measured_memory.is_none()) {
            let Ok(hardware) = Hardware::new(counts, &Limits::STANDARD) else { continue };
            let shape = Shape { hardware, profile, pic, ..*closest };
            let Ok(hob) = question.firmware.td_hob(counts.memory) else { continue };
            let blobs = AcpiBlobs::build(&shape);
            bytes_left = bytes_left.checked_sub(blobs.tables.len())?;
            let events = Rtmr0Events::new(Sha384Digest::of(&hob), &blobs.digests());
            let register = events.register() == *question.quoted;
            let acpi = log.is_some_and(|log| log.get(8..11) == events.digests().get(8..11));
            if register || acpi {
                let changes = memory_change.into_iter().chain(change).collect();
                return Some(NearShape { shape, changes, register });
            }
        }
    }
    None
}

/// The closest candidate's own QEMU and interrupt controller first, then the others.
fn variants(closest: &Shape) -> Vec<(QemuProfile, bool)> {
    super::profiles(closest.profile)
        .flat_map(|profile| [(profile, closest.pic), (profile, !closest.pic)])
        .collect()
}

/// The machine itself, then every machine that differs in one count within what is usual.
fn neighbours(base: &HardwareCounts, memory_open: bool) -> Vec<(Option<Change>, HardwareCounts)> {
    let mut out = vec![(None, *base)];
    let mut add = |field, claimed: u64, measured: u64, counts: HardwareCounts| {
        if claimed != measured {
            out.push((Some(Change { field, claimed, measured }), counts));
        }
    };
    for gpus in 0..=8 {
        add("num_gpus", base.gpus, gpus, HardwareCounts { gpus, ..*base });
    }
    for nvswitches in 0..=6 {
        add("num_nvswitches", base.nvswitches, nvswitches, HardwareCounts { nvswitches, ..*base });
    }
    for nics in 0..=4 {
        add("num_nics", base.nics, nics, HardwareCounts { nics, ..*base });
    }
    for verity_volumes in 0..=4 {
        let counts = HardwareCounts { verity_volumes, ..*base };
        add("num_verity_volumes", base.verity_volumes, verity_volumes, counts);
    }
    let hotplug = HardwareCounts { hotplug: !base.hotplug, ..*base };
    add("hotplug_off", u64::from(!base.hotplug), u64::from(base.hotplug), hotplug);
    let hugepages = HardwareCounts { hugepages: !base.hugepages, ..*base };
    add("hugepages", u64::from(base.hugepages), u64::from(!base.hugepages), hugepages);
    for pci_hole64 in core::iter::once(0).chain((38..=50).map(|bits| 1_u64 << bits)) {
        add("pci_hole64_size", base.pci_hole64, pci_hole64, HardwareCounts { pci_hole64, ..*base });
    }
    let usual =
        [1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256];
    for cpus in usual {
        add("cpu_count", base.cpus, cpus, HardwareCounts { cpus, ..*base });
    }
    if memory_open {
        let usual =
            [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048];
        for memory in usual.map(|gibibytes: u64| gibibytes << 30) {
            add("memory_size", base.memory, memory, HardwareCounts { memory, ..*base });
        }
    }
    out
}
