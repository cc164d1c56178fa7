//! Why devices are no set, not as many as measured, or not wired as they say.

use crate::error::{Explanation, explained};
use crate::opaque::DeviceIdentity;
use veritee_model::Reason;

/// Why devices do not go together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetError {
    /// No device.
    Empty,
    /// One device stands for two.
    Repeated {
        /// Place of the first, from 0.
        first: usize,
        /// Place of the second.
        second: usize,
        /// Even the report is the same.
        same_report: bool,
    },
    /// Two nonces: not one request.
    Nonces {
        /// Place of the device, from 0.
        index: usize,
        /// Nonce of the first device.
        expected: [u8; 32],
        /// Nonce of this one.
        got: [u8; 32],
    },
    /// Two versions of the driver.
    Drivers {
        /// Place of the device, from 0.
        index: usize,
        /// Version of the first.
        expected: String,
        /// Version of this one.
        got: String,
    },
    /// Two modes.
    Modes {
        /// Place of the device, from 0.
        index: usize,
        /// Mode of the first.
        expected: String,
        /// Mode of this one.
        got: String,
    },
    /// Two families of GPU.
    Families {
        /// Place of the device, from 0.
        index: usize,
        /// Family of the first.
        expected: String,
        /// Family of this one.
        got: String,
    },
}

impl SetError {
    /// The error taken apart.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let at = |index: &usize| format!("device {index}");
        match self {
            Self::Empty => Explanation::new(Reason::GpuEvidenceAbsent, "there is no evidence of any device"),
            Self::Repeated { first, second, same_report } => Explanation::new(
                Reason::GpuDeviceRepeated,
                if *same_report {
                    format!("the report of device {first} was given twice")
                } else {
                    format!("device {first} was given twice, with two reports")
                },
            )
            .at(at(second))
            .expected("distinct devices, by the key of their own certificate"),
            Self::Nonces { index, expected, got } => Explanation::new(
                Reason::GpuNoncesDiffer,
                "the reports are over two nonces: they answer two requests",
            )
            .at(at(index))
            .expected(hex::encode(expected))
            .got(hex::encode(got)),
            Self::Drivers { index, expected, got } => {
                Explanation::new(Reason::GpuDriversDiffer, "the GPUs run two versions of the driver")
                    .at(at(index))
                    .expected(expected)
                    .got(got)
            }
            Self::Modes { index, expected, got } => {
                Explanation::new(Reason::GpuModesDiffer, "the GPUs are in two modes")
                    .at(at(index))
                    .expected(expected)
                    .got(got)
            }
            Self::Families { index, expected, got } => {
                Explanation::new(Reason::GpuModesDiffer, "the GPUs are of two families")
                    .at(at(index))
                    .expected(expected)
                    .got(got)
            }
        }
    }
}

explained!(SetError);

/// Why devices are not those that a machine was measured with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CountError {
    /// The machine has no GPU.
    OtherMachine {
        /// GPUs in the evidence.
        got: usize,
    },
    /// The machine has another number of GPUs.
    Gpus {
        /// GPUs measured.
        expected: u32,
        /// GPUs in the evidence.
        got: usize,
    },
    /// The machine has fewer switches.
    Switches {
        /// Switches measured.
        expected: u32,
        /// Switches in the evidence.
        got: usize,
    },
}

impl CountError {
    /// The error taken apart.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        match self {
            Self::OtherMachine { got } => Explanation::new(
                Reason::GpuOtherMachine,
                "this is the evidence of another machine: the measured one has no GPU",
            )
            .expected("no GPU")
            .got(got)
            .next("ask for the quote of the machine that has these GPUs"),
            Self::Gpus { expected, got } => Explanation::new(
                Reason::GpuCountOther,
                "the evidence has another number of GPUs than the measured machine",
            )
            .expected(expected)
            .got(got),
            Self::Switches { expected, got } => Explanation::new(
                Reason::GpuCountOther,
                "the evidence has more switches than the measured machine",
            )
            .expected(format_args!("at most {expected}"))
            .got(got),
        }
    }
}

explained!(CountError);

/// How GPUs and switches contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TopologyError {
    /// A switch does not name itself.
    Unnamed {
        /// Place among the switches, from 0.
        switch: usize,
    },
    /// A switch that no GPU names.
    SwitchNotNamed {
        /// Its identity.
        switch: DeviceIdentity,
    },
    /// A switch lists a GPU that was not attested.
    GpuNotAttested {
        /// Place among the switches, from 0.
        switch: usize,
        /// The GPU.
        gpu: DeviceIdentity,
    },
    /// A switch does not list an attested GPU.
    GpuNotListed {
        /// Place among the switches, from 0.
        switch: usize,
        /// The GPU.
        gpu: DeviceIdentity,
    },
    /// A GPU's certificate has no serial number of the known form, so that it cannot be found in a list.
    NoIdentity {
        /// Place among the GPUs, from 0.
        gpu: usize,
    },
    /// A switch is not locked.
    Unlocked {
        /// Place among the switches, from 0.
        switch: usize,
        /// Its lock.
        lock: u16,
    },
}

impl TopologyError {
    /// The error taken apart.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let new = |what: &str| Explanation::new(Reason::GpuTopology, what);
        match self {
            Self::Unnamed { switch } => new("a switch does not name itself").at(format_args!("switch {switch}")),
            Self::SwitchNotNamed { switch } => {
                new("no GPU names this switch").got(hex::encode(switch)).expected("a switch that a GPU is wired to")
            }
            Self::GpuNotAttested { switch, gpu } => new("a switch lists a GPU that is not in the evidence")
                .at(format_args!("switch {switch}"))
                .got(hex::encode(gpu)),
            Self::GpuNotListed { switch, gpu } => new("a switch does not list a GPU of the evidence")
                .at(format_args!("switch {switch}"))
                .expected(hex::encode(gpu)),
            Self::NoIdentity { gpu } => Explanation::new(
                Reason::GpuLayoutUnknown,
                "a GPU's certificate has a serial number of an unknown form, so switches cannot be compared with it",
            )
            .at(format_args!("GPU {gpu}")),
            Self::Unlocked { switch, lock } => {
                new("a switch is not locked").at(format_args!("switch {switch}")).expected(1).got(lock)
            }
        }
    }
}

explained!(TopologyError);
