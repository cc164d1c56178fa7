//! All devices of one piece of evidence: as many as they seem, of one request, of one driver and mode.

mod error;

pub use error::{CountError, SetError, TopologyError};

use crate::appraisal::AppraisedGpu;
use crate::binding::tagged_half;
use crate::opaque::{DeviceIdentity, Switched};
use std::collections::{BTreeMap, BTreeSet};

/// Distinct genuine devices of one request, GPUs of one driver and one mode. Only [`GpuSet::assemble`] makes one.
///
/// Does not say that they are in one machine, and never that they are in *this* one.
#[derive(Debug, Clone)]
pub struct GpuSet {
    gpus: Vec<AppraisedGpu>,
    switches: Vec<AppraisedGpu>,
    nonce: [u8; 32],
}

/// What GPUs and switches say of each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topology {
    /// No GPU names a switch and none was attested.
    NoSwitches,
    /// GPUs name switches that were not attested.
    NotAttested {
        /// All switches that GPUs name.
        named: usize,
        /// Those among them without evidence.
        missing: Vec<DeviceIdentity>,
        /// The GPUs say that switches belong to what is protected.
        protected: bool,
    },
    /// Switches without any GPU that could name them.
    WithoutGpus {
        /// The switches.
        switches: usize,
    },
    /// Every switch that a GPU names is attested, and every switch names exactly the attested GPUs.
    Complete {
        /// The switches.
        switches: usize,
    },
}

impl GpuSet {
    /// Puts devices together. All are over one nonce; but for GPUs beside switches over the two nonces that attestation-rs
    /// makes of one half of `report_data`, the REPORTDATA of a *verified* quote.
    ///
    /// # Errors
    /// When there is none, one occurs twice, or they differ in nonce, driver or mode.
    pub fn assemble(devices: Vec<AppraisedGpu>, report_data: Option<&[u8; 64]>) -> Result<Self, SetError> {
        let is_gpu = |device: &&AppraisedGpu| !device.signed().family().is_switch();
        let first = devices.iter().find(is_gpu).or(devices.first()).ok_or(SetError::Empty)?;
        let nonce = *first.signed().report().nonce();
        let half = |device: &AppraisedGpu| {
            let signed = device.signed();
            tagged_half(signed.report().nonce(), signed.family(), report_data?)
        };
        let of_set = half(first);
        let mut keys: BTreeMap<&[u8], usize> = BTreeMap::new();
        for (index, device) in devices.iter().enumerate() {
            if let Some(first) = keys.insert(device.signed().chain().device_key(), index) {
                let same_report = devices.get(first).is_some_and(|other| {
                    other.signed().report().signed() == device.signed().report().signed()
                });
                return Err(SetError::Repeated { first, second: index, same_report });
            }
        }
        for (index, device) in devices.iter().enumerate() {
            let got = *device.signed().report().nonce();
            let tagged = of_set.is_some() && half(device) == of_set;
            if got != nonce && !tagged {
                return Err(SetError::Nonces { index, expected: nonce, got });
            }
        }
        check_alike(&devices)?;
        let (switches, gpus) = devices.into_iter().partition(|device| device.signed().family().is_switch());
        Ok(Self { gpus, switches, nonce })
    }

    /// The GPUs.
    #[must_use]
    pub fn gpus(&self) -> &[AppraisedGpu] {
        &self.gpus
    }

    /// The switches.
    #[must_use]
    pub fn switches(&self) -> &[AppraisedGpu] {
        &self.switches
    }

    /// All devices, GPUs first.
    pub fn devices(&self) -> impl Iterator<Item = &AppraisedGpu> {
        self.gpus.iter().chain(&self.switches)
    }

    /// The one nonce of the GPUs' reports; of the switches' where there is no GPU.
    #[must_use]
    pub const fn nonce(&self) -> &[u8; 32] {
        &self.nonce
    }

    /// As many GPUs as a machine was *measured* with. Equal numbers are consistent, and bind nothing.
    ///
    /// # Errors
    /// When there are more or fewer; with none measured the evidence is of another machine.
    pub fn check_count(&self, gpus: u32, switches: u32) -> Result<(), CountError> {
        let (found, found_switches) = (self.gpus.len(), self.switches.len());
        if gpus == 0 && found > 0 {
            return Err(CountError::OtherMachine { got: found });
        }
        if usize::try_from(gpus).ok() != Some(found) {
            return Err(CountError::Gpus { expected: gpus, got: found });
        }
        if usize::try_from(switches).is_ok_and(|switches| found_switches > switches) {
            return Err(CountError::Switches { expected: switches, got: found_switches });
        }
        Ok(())
    }

    /// Compares what GPUs say of switches with what switches say of themselves and of GPUs.
    ///
    /// # Errors
    /// When they contradict each other.
    pub fn topology(&self) -> Result<Topology, TopologyError> {
        let mut named = BTreeSet::new();
        for gpu in &self.gpus {
            named.extend(gpu.signed().opaque().switches().unwrap_or_default());
        }
        let own = |device: &AppraisedGpu| device.signed().opaque().own_identity();
        let mut attested = BTreeSet::new();
        for (index, switch) in self.switches.iter().enumerate() {
            attested.insert(own(switch).ok_or(TopologyError::Unnamed { switch: index })?);
        }
        self.check_locks()?;
        if self.gpus.is_empty() && !attested.is_empty() {
            return Ok(Topology::WithoutGpus { switches: attested.len() });
        }
        let missing: Vec<_> = named.difference(&attested).copied().collect();
        if let Some(stranger) = attested.difference(&named).next() {
            return Err(TopologyError::SwitchNotNamed { switch: *stranger });
        }
        self.check_switches()?;
        if !missing.is_empty() {
            let protected =
                self.gpus.iter().any(|gpu| gpu.signed().opaque().protected_pcie() == Some(Switched::On));
            return Ok(Topology::NotAttested { named: named.len(), missing, protected });
        }
        Ok(if attested.is_empty() {
            Topology::NoSwitches
        } else {
            Topology::Complete { switches: attested.len() }
        })
    }

    fn check_locks(&self) -> Result<(), TopologyError> {
        for (index, switch) in self.switches.iter().enumerate() {
            if let Some(lock) = switch.signed().opaque().switch_lock().filter(|lock| *lock != 1) {
                return Err(TopologyError::Unlocked { switch: index, lock });
            }
        }
        Ok(())
    }

    /// Every switch lists exactly the attested GPUs. NVIDIA's own tools count that list only.
    fn check_switches(&self) -> Result<(), TopologyError> {
        if self.switches.is_empty() {
            return Ok(());
        }
        let mut gpus = BTreeSet::new();
        for (index, gpu) in self.gpus.iter().enumerate() {
            gpus.insert(gpu.signed().chain().identity().ok_or(TopologyError::NoIdentity { gpu: index })?);
        }
        for (index, switch) in self.switches.iter().enumerate() {
            let opaque = switch.signed().opaque();
            let listed: BTreeSet<_> = opaque.gpus().unwrap_or_default().into_iter().collect();
            if let Some(gpu) = listed.difference(&gpus).next() {
                return Err(TopologyError::GpuNotAttested { switch: index, gpu: *gpu });
            }
            if let Some(gpu) = gpus.difference(&listed).next() {
                return Err(TopologyError::GpuNotListed { switch: index, gpu: *gpu });
            }
        }
        Ok(())
    }
}

/// One driver and one mode among GPUs.
fn check_alike(devices: &[AppraisedGpu]) -> Result<(), SetError> {
    let mut gpus = devices.iter().enumerate().filter(|(_, device)| !device.signed().family().is_switch());
    let Some((_, first)) = gpus.next() else { return Ok(()) };
    let driver = |gpu: &AppraisedGpu| gpu.signed().opaque().driver_version().unwrap_or("none").to_owned();
    let mode = |gpu: &AppraisedGpu| {
        let opaque = gpu.signed().opaque();
        let status =
            opaque.protected_pcie().map_or_else(|| "not stated".to_owned(), |status| status.to_string());
        match opaque.feature_flag() {
            Some(flag) => format!("protected PCIe {status}, feature flag {flag}"),
            None => format!("protected PCIe {status}"),
        }
    };
    for (index, gpu) in gpus {
        if driver(gpu) != driver(first) {
            return Err(SetError::Drivers { index, expected: driver(first), got: driver(gpu) });
        }
        if mode(gpu) != mode(first) {
            return Err(SetError::Modes { index, expected: mode(first), got: mode(gpu) });
        }
        if gpu.signed().family() != first.signed().family() {
            let (expected, got) = (first.signed().family().to_string(), gpu.signed().family().to_string());
            return Err(SetError::Families { index, expected, got });
        }
    }
    Ok(())
}
