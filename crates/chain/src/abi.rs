//! The contracts' events and getters, read exactly.
//!
//! An answer counts only if encoding the decoded value gives the same bytes again: decoders take trailing words, dirty
//! padding and shifted offsets, and then two readers see two values.

use alloy_primitives::{B256, Bytes};
use alloy_sol_types::{SolCall, SolEvent};
use core::fmt;

/// The declarations. Sources: dstack's `AppAuth`, `KmsAuth`, `DstackApp` and `DstackKms`, v0.4.2 to 2026-08;
/// OpenZeppelin 5 (ERC-1967, Ownable, Ownable2Step, Initializable, TimelockController); Safe 1.4.
#[allow(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    unreachable_pub,
    unused_qualifications
)]
pub(crate) mod sol {
    alloy_sol_types::sol! {
        event ComposeHashAdded(bytes32 composeHash);
        event ComposeHashRemoved(bytes32 composeHash);
        event DeviceAdded(bytes32 deviceId);
        event DeviceRemoved(bytes32 deviceId);
        event AllowAnyDeviceSet(bool allowAny);
        event RequireTcbUpToDateSet(bool requireUpToDate);
        event UpgradesDisabled();

        event AppRegistered(address appId);
        event KmsInfoSet(bytes k256Pubkey);
        event KmsAggregatedMrAdded(bytes32 mrAggregated);
        event KmsAggregatedMrRemoved(bytes32 mrAggregated);
        event KmsDeviceAdded(bytes32 deviceId);
        event KmsDeviceRemoved(bytes32 deviceId);
        event OsImageHashAdded(bytes32 osImageHash);
        event OsImageHashRemoved(bytes32 osImageHash);
        event AppImageMrAdded(bytes32 mrImage);
        event AppImageMrRemoved(bytes32 mrImage);
        event AppSystemMrAdded(bytes32 mrSystem);
        event AppSystemMrRemoved(bytes32 mrSystem);
        event GatewayAppIdSet(string gatewayAppId);
        event AppImplementationSet(address implementation);
        event AppAuthImplementationSet(address implementation);
        event AppDeployedViaFactory(address indexed appId, address indexed deployer);
        event PolicyChanged(address indexed actor, bytes32 indexed policy, bytes32 indexed value, bool enabled);

        event Upgraded(address indexed implementation);
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
        event OwnershipTransferStarted(address indexed previousOwner, address indexed newOwner);
        event Initialized(uint64 version);

        function kmsInfo() external view returns (bytes k256Pubkey, bytes caPubkey, bytes quote, bytes eventlog);
        function gatewayAppId() external view returns (string);
        function allowedComposeHashes(bytes32 hash) external view returns (bool);
        function allowedDeviceIds(bytes32 id) external view returns (bool);
        function allowAnyDevice() external view returns (bool);
        function requireTcbUpToDate() external view returns (bool);
        function owner() external view returns (address);
        function pendingOwner() external view returns (address);
        function version() external view returns (uint256);
        function registeredApps(address app) external view returns (bool);
        function apps(address app) external view returns (bool isRegistered, address controller);
        function getMinDelay() external view returns (uint256);
        function getOwners() external view returns (address[]);
        function getThreshold() external view returns (uint256);
    }

    /// The factory event of v0.5.2 and v0.5.3, with three indexed addresses.
    pub(crate) mod old {
        alloy_sol_types::sol! {
            event AppDeployedViaFactory(address indexed appId, address indexed proxyAddress, address indexed deployer);
        }
    }

    /// The same name and types with the value in a topic: the topic of the event is the same.
    pub(crate) mod indexed {
        alloy_sol_types::sol! {
            event ComposeHashAdded(bytes32 indexed composeHash);
            event ComposeHashRemoved(bytes32 indexed composeHash);
            event DeviceAdded(bytes32 indexed deviceId);
            event DeviceRemoved(bytes32 indexed deviceId);
            event AppRegistered(address indexed appId);
        }
    }

    /// `initialize` of the app contracts and the calls that make them: silent flags stand in their arguments.
    pub(crate) mod making {
        alloy_sol_types::sol! {
            function initialize(address initialOwner, bool disableUpgrades, bool allowAnyDevice, bytes32 initialDeviceId, bytes32 initialComposeHash) external;
        }
    }
}

/// Bytes that are no canonical encoding of what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AbiError {
    /// They cannot be decoded.
    Undecodable {
        /// The getter or event, as Solidity writes it.
        signature: &'static str,
        /// Bytes given.
        bytes: usize,
    },
    /// They decode, but the value encodes to other bytes.
    NotCanonical {
        /// The getter or event.
        signature: &'static str,
    },
}

impl fmt::Display for AbiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undecodable { signature, bytes } => write!(f, "{bytes} bytes are no answer of {signature}"),
            Self::NotCanonical { signature } => {
                write!(f, "{signature}: the bytes are not the one encoding of the value that they decode to")
            }
        }
    }
}

impl core::error::Error for AbiError {}

/// The value that a getter returned.
pub(crate) fn returned<C: SolCall>(bytes: &[u8]) -> Result<C::Return, AbiError> {
    let signature = C::SIGNATURE;
    let value = C::abi_decode_returns_validate(bytes)
        .map_err(|_any| AbiError::Undecodable { signature, bytes: bytes.len() })?;
    if C::abi_encode_returns(&value) == bytes { Ok(value) } else { Err(AbiError::NotCanonical { signature }) }
}

/// The event that topics and data spell, exactly.
pub(crate) fn event<E: SolEvent>(topics: &[B256], data: &Bytes) -> Result<E, AbiError> {
    let signature = E::SIGNATURE;
    let event = E::decode_raw_log_validate(topics, data)
        .map_err(|_any| AbiError::Undecodable { signature, bytes: data.len() })?;
    let again = event.encode_log_data();
    if again.topics() == topics && again.data == *data {
        Ok(event)
    } else {
        Err(AbiError::NotCanonical { signature })
    }
}
