//! What a TD's attributes give away: the engine reports, a policy decides.
//!
//! Source: Intel TDX Module 1.5 ABI Reference (348551), table "TD ATTRIBUTES".

use crate::quote::TdReport;
use crate::reason::QuoteReason;
use core::fmt;
use serde::Serialize;
use veritee_base::TdAttributes;

const SERVICE_TD_EXTENSION: u8 = 17;
const SEPT_VE_DISABLE: u8 = TdAttributes::SEPT_VE_DISABLE;
const MIGRATABLE: u8 = 29;

/// One way in which a TD is open to its host or its operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[non_exhaustive]
pub enum TdAttributeFault {
    /// Bit 0: the host can read and change the TD.
    Debug,
    /// Bits 4 to 6: the host can profile the TD.
    Profiling {
        /// The bit.
        bit: u8,
    },
    /// A bit that the ABI reserves.
    Reserved {
        /// The bit.
        bit: u8,
    },
    /// Bit 17: service TDs can be bound in the extended way.
    ServiceTdExtension,
    /// Bit 28 is off: the host can inject exceptions by taking pages away.
    SeptVeDisableMissing,
    /// Bit 29: the TD can be moved to another machine.
    Migratable,
    /// MRSERVICETD is not zero: a service TD is bound.
    ServiceTd,
}

impl TdAttributeFault {
    /// The stable reason.
    #[must_use]
    pub const fn reason(self) -> QuoteReason {
        match self {
            Self::Debug => QuoteReason::TdDebug,
            Self::Profiling { .. } | Self::Migratable => QuoteReason::TdAttributesRefused,
            Self::Reserved { .. } => QuoteReason::TdAttributesReserved,
            Self::ServiceTdExtension | Self::ServiceTd => QuoteReason::TdServiceTd,
            Self::SeptVeDisableMissing => QuoteReason::TdSeptVeDisableMissing,
        }
    }

    /// The attribute bit, unless the fault stands elsewhere.
    #[must_use]
    pub const fn bit(self) -> Option<u8> {
        match self {
            Self::Debug => Some(0),
            Self::Profiling { bit } | Self::Reserved { bit } => Some(bit),
            Self::ServiceTdExtension => Some(SERVICE_TD_EXTENSION),
            Self::SeptVeDisableMissing => Some(SEPT_VE_DISABLE),
            Self::Migratable => Some(MIGRATABLE),
            Self::ServiceTd => None,
        }
    }
}

impl fmt::Display for TdAttributeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Debug => f.write_str("TDATTRIBUTES bit 0 (DEBUG) is set"),
            Self::Profiling { bit } => write!(f, "TDATTRIBUTES bit {bit} (profiling) is set"),
            Self::Reserved { bit } => write!(f, "TDATTRIBUTES bit {bit} (reserved) is set"),
            Self::ServiceTdExtension => f.write_str("TDATTRIBUTES bit 17 (SERVTD_EXT) is set"),
            Self::SeptVeDisableMissing => f.write_str("TDATTRIBUTES bit 28 (SEPT_VE_DISABLE) is not set"),
            Self::Migratable => f.write_str("TDATTRIBUTES bit 29 (MIGRATABLE) is set"),
            Self::ServiceTd => f.write_str("MRSERVICETD is not zero"),
        }
    }
}

/// Everything in a TD report that opens the TD, lowest bit first. Empty when it is closed.
#[must_use]
pub fn examine(report: &TdReport) -> Vec<TdAttributeFault> {
    let mut faults = examine_bits(&report.td_attributes);
    // A service TD, a migration TD among them, can reach into the TD it is bound to.
    if report.mr_service_td.is_some_and(|value| !value.is_zero()) {
        faults.push(TdAttributeFault::ServiceTd);
    }
    faults
}

// Debug and profiling give the host the TD's memory or its traces; a TD that can migrate runs where nobody measured;
// without SEPT_VE_DISABLE the host injects #VE. A reserved bit means what a later ABI says.
fn examine_bits(attributes: &TdAttributes) -> Vec<TdAttributeFault> {
    let named = |bit| match bit {
        0 => TdAttributeFault::Debug,
        4..=6 => TdAttributeFault::Profiling { bit },
        SERVICE_TD_EXTENSION => TdAttributeFault::ServiceTdExtension,
        SEPT_VE_DISABLE => TdAttributeFault::SeptVeDisableMissing,
        MIGRATABLE => TdAttributeFault::Migratable,
        bit => TdAttributeFault::Reserved { bit },
    };
    attributes.open_bits().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the ABI, bit by bit, as the peers have it.
    #[test]
    fn every_one_of_the_64_bits_is_judged_as_the_abi_says() {
        for bit in 0..64_u8 {
            let value = (1_u64 << SEPT_VE_DISABLE) | (1 << bit);
            let faults = examine_bits(&TdAttributes::new(value.to_le_bytes()));
            let expected = match bit {
                0 => vec![TdAttributeFault::Debug],
                1..=3 | 7..=15 | 23..=26 | 32..=61 => vec![TdAttributeFault::Reserved { bit }],
                4..=6 => vec![TdAttributeFault::Profiling { bit }],
                17 => vec![TdAttributeFault::ServiceTdExtension],
                29 => vec![TdAttributeFault::Migratable],
                _ => vec![],
            };
            assert_eq!(faults, expected, "bit {bit}");
        }
    }

    #[test]
    fn a_td_without_sept_ve_disable_is_named() {
        let faults = examine_bits(&TdAttributes::new([0; 8]));
        assert_eq!(faults, [TdAttributeFault::SeptVeDisableMissing]);
    }
}
