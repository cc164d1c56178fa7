//! What a virtual machine looks like from inside: everything that its firmware measures into RTMR0.

use core::fmt;
use serde::Serialize;

/// Where RAM is split: machines with at least this much have the rest above 4 GiB (QEMU `q35`).
pub const SPLIT_FROM: u64 = 0xb000_0000;
/// RAM below 4 GiB of a machine that is split.
pub const SPLIT_AT: u64 = 0x8000_0000;
/// Start of RAM above 4 GiB.
pub const HIGH_MEMORY: u64 = 0x1_0000_0000;

/// QEMU releases that build different ACPI tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum QemuProfile {
    /// 8.x.
    #[serde(rename = "8.x")]
    V8,
    /// 9.0 and 9.1: the tables of 8.x with other defaults.
    #[serde(rename = "9.0-9.1")]
    V9,
    /// 9.2.
    #[serde(rename = "9.2")]
    V9_2,
    /// 10.x.
    #[serde(rename = "10.x")]
    V10,
    /// 11.0.
    #[serde(rename = "11.0")]
    V11_0,
    /// 11.1 and, until something newer is known, everything after it.
    #[serde(rename = "11.1+")]
    V11_1,
}

impl QemuProfile {
    /// All profiles, oldest first.
    pub const ALL: [Self; 6] = [Self::V8, Self::V9, Self::V9_2, Self::V10, Self::V11_0, Self::V11_1];

    /// Profiles whose tables differ from each other's: 9.0 and 9.1 build those of 8.x.
    pub const DISTINCT: [Self; 5] = [Self::V8, Self::V9_2, Self::V10, Self::V11_0, Self::V11_1];

    /// The profile of a release, if one of 8.0 or later.
    #[must_use]
    pub const fn of_version(major: u32, minor: u32) -> Option<Self> {
        Some(match (major, minor) {
            (0..=7, _) => return None,
            (8, _) => Self::V8,
            (9, 0 | 1) => Self::V9,
            (9, _) => Self::V9_2,
            (10, _) => Self::V10,
            (11, 0) => Self::V11_0,
            _ => Self::V11_1,
        })
    }

    /// Whether both build the same tables.
    #[must_use]
    pub fn same_tables(self, other: Self) -> bool {
        let canonical = |profile| if profile == Self::V9 { Self::V8 } else { profile };
        canonical(self) == canonical(other)
    }

    /// Whether dstack starts this release with the 8259 interrupt controller.
    #[must_use]
    pub const fn default_pic(self) -> bool {
        matches!(self, Self::V8)
    }

    /// The order in which dstack's build of this release measures firmware pages.
    #[must_use]
    pub const fn default_pass_order(self) -> PassOrder {
        match self {
            Self::V8 => PassOrder::TwoPass,
            _ => PassOrder::SinglePass,
        }
    }
}

impl fmt::Display for QemuProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V8 => "8.x",
            Self::V9 => "9.0-9.1",
            Self::V9_2 => "9.2",
            Self::V10 => "10.x",
            Self::V11_0 => "11.0",
            Self::V11_1 => "11.1+",
        })
    }
}

/// In which order QEMU adds and measures the pages of the firmware. Decides MRTD, nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PassOrder {
    /// Each page is added and measured before the next.
    SinglePass,
    /// All pages of a section are added, then all are measured.
    TwoPass,
}

impl PassOrder {
    /// Both.
    pub const ALL: [Self; 2] = [Self::SinglePass, Self::TwoPass];
}

impl fmt::Display for PassOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SinglePass => "single-pass",
            Self::TwoPass => "two-pass",
        })
    }
}

/// The virtual hardware. Its only constructor checks it against [`Limits`], so that generating tables for a value
/// of this type costs a bounded amount of time and memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Hardware {
    cpus: u32,
    memory: u64,
    hugepages: bool,
    gpus: u32,
    nvswitches: u32,
    nics: u32,
    verity_volumes: u32,
    root_verity: bool,
    hotplug: bool,
    pci_hole64: u64,
}

/// The counts that make up a machine, unchecked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HardwareCounts {
    /// Virtual CPUs.
    pub cpus: u64,
    /// RAM in bytes.
    pub memory: u64,
    /// RAM from huge pages: gives the machine a NUMA node and, with GPUs, a PCI expander bus.
    pub hugepages: bool,
    /// GPUs passed through.
    pub gpus: u64,
    /// NVSwitches passed through.
    pub nvswitches: u64,
    /// Network interfaces.
    pub nics: u64,
    /// Disks with verity hashes, besides the root.
    pub verity_volumes: u64,
    /// The root file system is a disk of its own (every image since 0.5.3).
    pub root_verity: bool,
    /// PCI devices may be plugged while the machine runs.
    pub hotplug: bool,
    /// Size of the 64-bit PCI window in bytes; zero for QEMU's default.
    pub pci_hole64: u64,
}

/// What is accepted before anything is generated. All counts come from the party under examination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Virtual CPUs: what QEMU's `q35` allows.
    pub cpus: u32,
    /// RAM in bytes: 52 bits of physical address.
    pub memory: u64,
    /// PCI slots on the root bus: 0 to 30, slot 31 holds the chipset.
    pub slots: u32,
    /// Devices of one kind. Behind an expander bus GPUs take no slot of the root bus.
    pub devices: u32,
    /// 64-bit PCI window in bytes.
    pub pci_hole64: u64,
}

impl Limits {
    /// The limits that the program uses.
    pub const STANDARD: Self =
        Self { cpus: 4096, memory: 1 << 52, slots: 31, devices: 32, pci_hole64: 1 << 52 };
}

/// A machine that cannot exist, or is larger than any that is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HardwareError {
    /// A count is outside of its range.
    OutOfRange {
        /// Name of the field in `vm_config`.
        field: &'static str,
        /// Smallest accepted value.
        least: u64,
        /// Largest accepted value.
        most: u64,
        /// The value.
        got: u64,
    },
    /// The devices need more PCI slots than there are.
    TooManyDevices {
        /// Slots that there are.
        most: u64,
        /// Slots needed.
        got: u64,
    },
}

impl fmt::Display for HardwareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { field, least, most, got } => {
                write!(f, "{field}: expected {least} to {most}, got {got}")
            }
            Self::TooManyDevices { most, got } => {
                write!(f, "the devices need {got} pci slots, expected at most {most}")
            }
        }
    }
}

impl core::error::Error for HardwareError {}

/// Fixed devices on the root bus of a dstack machine before the disks: host bridge, console, vsock and the like.
const FIXED_SLOTS: u32 = 4;
/// The slot at which the PCI expander bus sits.
pub(crate) const EXPANDER_SLOT: u32 = 0x10;

impl Hardware {
    /// Checks the counts.
    ///
    /// # Errors
    /// When a count is out of range or the devices do not fit on the bus.
    pub fn new(counts: HardwareCounts, limits: &Limits) -> Result<Self, HardwareError> {
        let within = |field, got: u64, least: u64, most: u64| {
            if (least..=most).contains(&got) {
                Ok(got)
            } else {
                Err(HardwareError::OutOfRange { field, least, most, got })
            }
        };
        let count = |field, got: u64, least: u64, most: u32| {
            within(field, got, least, u64::from(most)).map(|value| u32::try_from(value).unwrap_or(most))
        };
        let hardware = Self {
            cpus: count("cpu_count", counts.cpus, 1, limits.cpus)?,
            memory: within("memory_size", counts.memory, 1 << 20, limits.memory)?,
            hugepages: counts.hugepages,
            gpus: count("num_gpus", counts.gpus, 0, limits.devices)?,
            nvswitches: count("num_nvswitches", counts.nvswitches, 0, limits.devices)?,
            nics: count("num_nics", counts.nics, 0, limits.devices)?,
            verity_volumes: count("num_verity_volumes", counts.verity_volumes, 0, limits.devices)?,
            root_verity: counts.root_verity,
            hotplug: counts.hotplug,
            pci_hole64: within("pci_hole64_size", counts.pci_hole64, 0, limits.pci_hole64)?,
        };
        // With an expander bus the plain devices must end below its slot, and its slot is one more.
        let (needed, most) = if hardware.has_expander_bus() {
            let plain = hardware.plain_slots();
            if plain > EXPANDER_SLOT {
                (plain, EXPANDER_SLOT)
            } else {
                (plain.saturating_add(hardware.root_ports()).saturating_add(1), limits.slots)
            }
        } else {
            (hardware.plain_slots().saturating_add(hardware.root_ports()), limits.slots)
        };
        if needed > most {
            return Err(HardwareError::TooManyDevices { most: u64::from(most), got: u64::from(needed) });
        }
        Ok(hardware)
    }

    /// The counts again, to derive a neighbouring machine from.
    #[must_use]
    pub fn counts(&self) -> HardwareCounts {
        HardwareCounts {
            cpus: u64::from(self.cpus),
            memory: self.memory,
            hugepages: self.hugepages,
            gpus: u64::from(self.gpus),
            nvswitches: u64::from(self.nvswitches),
            nics: u64::from(self.nics),
            verity_volumes: u64::from(self.verity_volumes),
            root_verity: self.root_verity,
            hotplug: self.hotplug,
            pci_hole64: self.pci_hole64,
        }
    }

    /// Virtual CPUs.
    #[must_use]
    pub const fn cpus(&self) -> u32 {
        self.cpus
    }

    /// RAM in bytes.
    #[must_use]
    pub const fn memory(&self) -> u64 {
        self.memory
    }

    /// RAM from huge pages.
    #[must_use]
    pub const fn hugepages(&self) -> bool {
        self.hugepages
    }

    /// GPUs passed through.
    #[must_use]
    pub const fn gpus(&self) -> u32 {
        self.gpus
    }

    /// NVSwitches passed through.
    #[must_use]
    pub const fn nvswitches(&self) -> u32 {
        self.nvswitches
    }

    /// PCI devices may be plugged while the machine runs.
    #[must_use]
    pub const fn hotplug(&self) -> bool {
        self.hotplug
    }

    /// Size of the 64-bit PCI window in bytes; zero for QEMU's default.
    #[must_use]
    pub const fn pci_hole64(&self) -> u64 {
        self.pci_hole64
    }

    /// RAM below 4 GiB in bytes.
    #[must_use]
    pub const fn low_memory(&self) -> u64 {
        if self.memory >= SPLIT_FROM { SPLIT_AT } else { self.memory }
    }

    /// GPUs sit behind a PCI expander bus of their own NUMA node.
    #[must_use]
    pub const fn has_expander_bus(&self) -> bool {
        self.hugepages && self.gpus > 0
    }

    /// Slots of the root bus taken by devices that have no port of their own.
    #[must_use]
    pub const fn plain_slots(&self) -> u32 {
        let disks = if self.root_verity { 1 } else { 0 };
        FIXED_SLOTS.saturating_add(disks).saturating_add(self.nics).saturating_add(self.verity_volumes)
    }

    /// PCI Express root ports on the root bus.
    #[must_use]
    pub const fn root_ports(&self) -> u32 {
        if self.has_expander_bus() { self.nvswitches } else { self.gpus.saturating_add(self.nvswitches) }
    }
}

impl fmt::Display for Hardware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mebibytes = self.memory >> 20;
        write!(
            f,
            "{} vCPU, {mebibytes} MiB, {} GPU, {} NVSwitch, {} NIC",
            self.cpus, self.gpus, self.nvswitches, self.nics
        )?;
        if self.verity_volumes > 0 {
            write!(f, ", {} volumes", self.verity_volumes)?;
        }
        if !self.root_verity {
            f.write_str(", no root disk")?;
        }
        if self.hugepages {
            f.write_str(", huge pages")?;
        }
        f.write_str(if self.hotplug { ", hotplug" } else { ", no hotplug" })?;
        if self.pci_hole64 != 0 {
            write!(f, ", pci hole {:#x}", self.pci_hole64)?;
        }
        Ok(())
    }
}

/// Where the SRAT says that RAM above 4 GiB starts. Only machines with huge pages have that table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HighMemoryBase {
    /// At 4 GiB: Intel processors.
    FourGiB,
    /// At 1 TiB: what QEMU does for an AMD processor model (dstack's measuring tool runs with one) when RAM and the
    /// PCI window together reach AMD's reserved addresses below 1 TiB.
    OneTiB,
}

/// A machine as QEMU presents it: the hardware and the few things that depend on how QEMU was built and started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Shape {
    /// The virtual hardware.
    pub hardware: Hardware,
    /// Which tables QEMU builds.
    pub profile: QemuProfile,
    /// The 8259 interrupt controller is present.
    pub pic: bool,
    /// Where the SRAT puts high memory.
    pub high_memory: HighMemoryBase,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QEMU {}, pic {}, {}", self.profile, if self.pic { "on" } else { "off" }, self.hardware)?;
        if self.high_memory == HighMemoryBase::OneTiB {
            f.write_str(", high memory at 1 TiB")?;
        }
        Ok(())
    }
}
