//! Where the generations of the contracts keep what.
//!
//! Sources: tags v0.4.2 to v0.5.11 and main (2026-08) of dstack's `kms/auth-eth/contracts`; Solidity, "Layout of State
//! Variables in Storage"; ERC-1967; ERC-7201 namespaces of OpenZeppelin 5. The contracts are not upgradeable in place
//! between generations without leaving old values behind: those are then slots that nothing explains.

use alloy_primitives::{Address, B256, U256, b256, keccak256};

/// ERC-1967: address of the implementation.
pub const IMPLEMENTATION: B256 = b256!("360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc");
/// ERC-1967: administrator of a transparent proxy. dstack's proxies have none.
pub const PROXY_ADMIN: B256 = b256!("b53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103");
/// ERC-7201 `openzeppelin.storage.Ownable`: the owner.
pub const OWNER: B256 = b256!("9016d09d72d40fdae2fd8ceac6b6234c7706214fd39c1cd1e609a0528c199300");
/// ERC-7201 `openzeppelin.storage.Ownable2Step`: the pending owner.
pub const PENDING_OWNER: B256 = b256!("237e158222e3e6968b72b9db0d8043aacf074ad9f650f0d1606b4d82ee432c00");
/// ERC-7201 `openzeppelin.storage.Initializable`: version in the low 8 bytes.
pub const INITIALIZABLE: B256 = b256!("f0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00");

/// A plain slot.
#[must_use]
pub fn slot(number: u64) -> B256 {
    B256::from(U256::from(number))
}

/// Slot of a mapping's value.
#[must_use]
pub fn mapping(key: B256, number: u64) -> B256 {
    let mut joined = [0_u8; 64];
    let (first, second) = joined.split_at_mut(32);
    first.copy_from_slice(key.as_slice());
    second.copy_from_slice(slot(number).as_slice());
    keccak256(joined)
}

/// An address as a mapping's key or a word.
#[must_use]
pub fn word(address: Address) -> B256 {
    address.into_word()
}

/// Generations of the contract that says what an app may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AppGeneration {
    /// `AppAuth`, v0.4.2 to v0.5.3: keeps its app id, which is not its address.
    AppAuth,
    /// `DstackApp`, v0.5.5 to v0.5.8: the address is the app id.
    DstackApp,
    /// `DstackApp`, v0.5.9 to v0.5.11: with `requireTcbUpToDate` and `version()`.
    DstackAppTcb,
    /// `DstackApp` of 2026-05-31 and later: ownership moves in two steps.
    DstackAppTwoStep,
}

impl AppGeneration {
    /// All, oldest first.
    pub const ALL: [Self; 4] = [Self::AppAuth, Self::DstackApp, Self::DstackAppTcb, Self::DstackAppTwoStep];

    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppAuth => "AppAuth (dstack v0.4.2 to v0.5.3)",
            Self::DstackApp => "DstackApp (dstack v0.5.5 to v0.5.8)",
            Self::DstackAppTcb => "DstackApp (dstack v0.5.9 to v0.5.11)",
            Self::DstackAppTwoStep => "DstackApp (dstack after 2026-05-31)",
        }
    }

    /// Slot of the app's own id, where it is kept.
    #[must_use]
    pub const fn app_id(self) -> Option<u64> {
        match self {
            Self::AppAuth => Some(0),
            _ => None,
        }
    }

    /// Slot of the mapping of compose hashes.
    #[must_use]
    pub const fn compose_hashes(self) -> u64 {
        match self {
            Self::AppAuth => 1,
            _ => 0,
        }
    }

    /// Slot of `_upgradesDisabled` (byte 0) and `allowAnyDevice` (byte 1).
    #[must_use]
    pub const fn flags(self) -> u64 {
        match self {
            Self::AppAuth => 2,
            _ => 1,
        }
    }

    /// Slot of the mapping of devices.
    #[must_use]
    pub const fn devices(self) -> u64 {
        match self {
            Self::AppAuth => 3,
            _ => 2,
        }
    }

    /// Slot of `requireTcbUpToDate`, where there is such a rule.
    #[must_use]
    pub const fn require_tcb(self) -> Option<u64> {
        match self {
            Self::DstackAppTcb | Self::DstackAppTwoStep => Some(3),
            _ => None,
        }
    }

    /// Whether ownership has to be accepted.
    #[must_use]
    pub const fn two_step(self) -> bool {
        matches!(self, Self::DstackAppTwoStep)
    }
}

/// Generations of the contract that says which apps and OS images a KMS serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KmsGeneration {
    /// `KmsAuth`, v0.4.2 to v0.5.0: images and system measurements; apps have controllers.
    KmsAuthImages,
    /// `KmsAuth`, v0.5.1 to v0.5.3: OS images; apps have controllers.
    KmsAuth,
    /// `DstackKms`, v0.5.5 to v0.5.11: apps are their addresses.
    DstackKms,
    /// `DstackKms` of 2026-05-31 and later: ownership moves in two steps.
    DstackKmsTwoStep,
}

impl KmsGeneration {
    /// All, oldest first.
    pub const ALL: [Self; 4] = [Self::KmsAuthImages, Self::KmsAuth, Self::DstackKms, Self::DstackKmsTwoStep];

    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KmsAuthImages => "KmsAuth (dstack v0.4.2 to v0.5.0)",
            Self::KmsAuth => "KmsAuth (dstack v0.5.1 to v0.5.3)",
            Self::DstackKms => "DstackKms (dstack v0.5.5 to v0.5.11)",
            Self::DstackKmsTwoStep => "DstackKms (dstack after 2026-05-31)",
        }
    }

    /// Whether apps are registered with a controller of another address.
    #[must_use]
    pub const fn has_controllers(self) -> bool {
        matches!(self, Self::KmsAuthImages | Self::KmsAuth)
    }

    /// Slot of the mapping of system measurements of apps.
    #[must_use]
    pub const fn app_system_mrs(self) -> Option<u64> {
        match self {
            Self::KmsAuthImages => Some(9),
            _ => None,
        }
    }

    /// Slot of the mapping from registrants to their number of apps.
    #[must_use]
    pub const fn next_sequence(self) -> Option<u64> {
        match self {
            Self::KmsAuthImages => Some(10),
            Self::KmsAuth => Some(9),
            _ => None,
        }
    }

    /// Slot of the implementation that new apps get.
    #[must_use]
    pub const fn app_implementation(self) -> Option<u64> {
        match self {
            Self::KmsAuthImages => None,
            Self::KmsAuth => Some(10),
            Self::DstackKms | Self::DstackKmsTwoStep => Some(9),
        }
    }

    /// Whether ownership has to be accepted.
    #[must_use]
    pub const fn two_step(self) -> bool {
        matches!(self, Self::DstackKmsTwoStep)
    }
}

/// Slots that all generations of the KMS contract share.
pub mod kms {
    /// `kmsInfo.k256Pubkey`.
    pub const K256: u64 = 0;
    /// `kmsInfo.caPubkey`.
    pub const CA: u64 = 1;
    /// `kmsInfo.quote`.
    pub const QUOTE: u64 = 2;
    /// `kmsInfo.eventlog`.
    pub const EVENT_LOG: u64 = 3;
    /// `gatewayAppId`.
    pub const GATEWAY: u64 = 4;
    /// `apps` or `registeredApps`.
    pub const APPS: u64 = 5;
    /// `kmsAllowedAggregatedMrs`.
    pub const AGGREGATED_MRS: u64 = 6;
    /// `kmsAllowedDeviceIds`.
    pub const DEVICES: u64 = 7;
    /// `allowedOsImages` or `appAllowedImages`.
    pub const OS_IMAGES: u64 = 8;
}
