//! Status of a TCB in Intel's words, and how those of parts and moments merge.
//!
//! Source: Intel QVL 1.27, converge and relaunch tables.

use core::fmt;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Status of a TCB in Intel's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TcbStatus {
    /// Nothing to do.
    UpToDate,
    /// Software inside must defend itself against a flaw of the hardware.
    SwHardeningNeeded,
    /// The platform must be configured otherwise.
    ConfigurationNeeded,
    /// Both.
    ConfigurationAndSwHardeningNeeded,
    /// The platform lacks security updates.
    OutOfDate,
    /// It lacks updates and must be configured otherwise.
    OutOfDateConfigurationNeeded,
    /// Keys of this TCB are compromised. Never part of a verified quote.
    Revoked,
    /// The TD was launched under an out-of-date TCB that has been updated since.
    TdRelaunchAdvised,
    /// The same, and the platform must be configured otherwise.
    TdRelaunchAdvisedConfigurationNeeded,
}

impl TcbStatus {
    /// All statuses.
    pub const ALL: [Self; 9] = [
        Self::UpToDate,
        Self::SwHardeningNeeded,
        Self::ConfigurationNeeded,
        Self::ConfigurationAndSwHardeningNeeded,
        Self::OutOfDate,
        Self::OutOfDateConfigurationNeeded,
        Self::Revoked,
        Self::TdRelaunchAdvised,
        Self::TdRelaunchAdvisedConfigurationNeeded,
    ];

    /// Intel's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UpToDate => "UpToDate",
            Self::SwHardeningNeeded => "SWHardeningNeeded",
            Self::ConfigurationNeeded => "ConfigurationNeeded",
            Self::ConfigurationAndSwHardeningNeeded => "ConfigurationAndSWHardeningNeeded",
            Self::OutOfDate => "OutOfDate",
            Self::OutOfDateConfigurationNeeded => "OutOfDateConfigurationNeeded",
            Self::Revoked => "Revoked",
            Self::TdRelaunchAdvised => "TDRelaunchAdvised",
            Self::TdRelaunchAdvisedConfigurationNeeded => "TDRelaunchAdvisedConfigurationNeeded",
        }
    }

    /// The status with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// Intel's converge table: what a part's status does to the platform's.
///
/// Intel's QVL lets a quoting enclave that needs configuration pass as if it were up to date. No identity ever
/// said so; should one, it counts here.
#[must_use]
pub const fn converged(platform: TcbStatus, part: TcbStatus) -> TcbStatus {
    match part {
        TcbStatus::Revoked => TcbStatus::Revoked,
        TcbStatus::OutOfDate => out_of_date(platform),
        TcbStatus::ConfigurationNeeded => configuration_needed(platform),
        TcbStatus::OutOfDateConfigurationNeeded => configuration_needed(out_of_date(platform)),
        TcbStatus::UpToDate
        | TcbStatus::SwHardeningNeeded
        | TcbStatus::ConfigurationAndSwHardeningNeeded
        | TcbStatus::TdRelaunchAdvised
        | TcbStatus::TdRelaunchAdvisedConfigurationNeeded => platform,
    }
}

const fn out_of_date(platform: TcbStatus) -> TcbStatus {
    match platform {
        TcbStatus::UpToDate | TcbStatus::SwHardeningNeeded => TcbStatus::OutOfDate,
        TcbStatus::ConfigurationNeeded | TcbStatus::ConfigurationAndSwHardeningNeeded => {
            TcbStatus::OutOfDateConfigurationNeeded
        }
        other => other,
    }
}

const fn configuration_needed(platform: TcbStatus) -> TcbStatus {
    match platform {
        TcbStatus::UpToDate => TcbStatus::ConfigurationNeeded,
        TcbStatus::SwHardeningNeeded => TcbStatus::ConfigurationAndSwHardeningNeeded,
        TcbStatus::OutOfDate => TcbStatus::OutOfDateConfigurationNeeded,
        other => other,
    }
}

/// Intel's relaunch table: the status when the TD was launched, and the one that the same platform has now.
#[must_use]
pub const fn relaunched(launch: TcbStatus, current: TcbStatus) -> TcbStatus {
    match (launch, current) {
        (TcbStatus::OutOfDate, TcbStatus::UpToDate | TcbStatus::SwHardeningNeeded) => {
            TcbStatus::TdRelaunchAdvised
        }
        (
            TcbStatus::OutOfDate,
            TcbStatus::ConfigurationNeeded | TcbStatus::ConfigurationAndSwHardeningNeeded,
        )
        | (
            TcbStatus::OutOfDateConfigurationNeeded,
            TcbStatus::UpToDate
            | TcbStatus::SwHardeningNeeded
            | TcbStatus::ConfigurationNeeded
            | TcbStatus::ConfigurationAndSwHardeningNeeded,
        ) => TcbStatus::TdRelaunchAdvisedConfigurationNeeded,
        (launch, _) => launch,
    }
}

impl fmt::Display for TcbStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for TcbStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for TcbStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Self::from_name(&word).ok_or_else(|| {
            let word = crate::text::inert(&crate::text::shortened(&word, 80));
            let all = Self::ALL.map(Self::name).join(", ");
            D::Error::custom(format_args!("`{word}` is no TCB status of Intel's: {all}"))
        })
    }
}
