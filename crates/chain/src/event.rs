//! Logs as events of dstack's contracts.

use crate::abi::{self, AbiError, sol};
use crate::log::Log;
use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolEvent;
use core::fmt;

/// A set of the contracts that members are added to and removed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Set {
    /// Compose hashes that an app allows.
    ComposeHashes,
    /// Devices that an app allows.
    Devices,
    /// Aggregated measurements of KMS instances.
    KmsAggregatedMrs,
    /// Devices of KMS instances.
    KmsDevices,
    /// OS images (called "app image" before v0.5.1).
    OsImages,
    /// System measurements of apps, before v0.5.1.
    AppSystemMrs,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A member of a set was allowed (`true`) or disallowed. Adding twice and removing what was never there are events
    /// too: the last one counts, not their number.
    Member {
        /// Which set.
        set: Set,
        /// Which member.
        member: B256,
        /// Whether it is in the set from here on.
        allowed: bool,
    },
    /// `allowAnyDevice` was set. Its first value is set without an event.
    AllowAnyDevice(bool),
    /// `requireTcbUpToDate` was set. Its first value is set without an event.
    RequireTcbUpToDate(bool),
    /// Upgrades were disabled, for good. Disabled at deployment, there is no event.
    UpgradesDisabled,
    /// The proxy points to this implementation from here on.
    Upgraded(Address),
    /// The owner changed; zero for none.
    Owner {
        /// Before.
        previous: Address,
        /// After.
        next: Address,
    },
    /// Ownership was offered; zero takes an offer back.
    Offered(Address),
    /// An initialiser ran.
    Initialized(u64),
    /// An app was registered.
    Registered(Address),
    /// An app was deployed by the factory of v0.5.5 and later.
    Deployed {
        /// Its id and address.
        app: Address,
        /// Who called the factory.
        deployer: Address,
    },
    /// An app was deployed by the factory of v0.5.2 and v0.5.3.
    DeployedWithController {
        /// Its id.
        app: Address,
        /// Address of its contract.
        controller: Address,
        /// Who called the factory.
        deployer: Address,
    },
    /// The KMS's keys were set; the event names one of the two only.
    KmsKeys {
        /// The secp256k1 key.
        k256: Bytes,
    },
    /// The gateway's app id was set.
    GatewayAppId(String),
    /// The implementation that new apps get was set.
    AppImplementation(Address),
    /// The second, later log of a change that has a log of its own already.
    Audit {
        /// Keccak-256 of the policy's name.
        policy: B256,
        /// The value.
        value: B256,
        /// Allowed, or set.
        enabled: bool,
    },
}

impl Set {
    /// One member, for people.
    #[must_use]
    pub const fn member(self) -> &'static str {
        match self {
            Self::ComposeHashes => "compose hash",
            Self::Devices => "device",
            Self::KmsAggregatedMrs => "KMS measurement",
            Self::KmsDevices => "KMS device",
            Self::OsImages => "OS image",
            Self::AppSystemMrs => "system measurement",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member { set, member, allowed: true } => write!(f, "{} {member} allowed", set.member()),
            Self::Member { set, member, allowed: false } => write!(f, "{} {member} removed", set.member()),
            Self::AllowAnyDevice(true) => f.write_str("any device allowed"),
            Self::AllowAnyDevice(false) => f.write_str("only listed devices allowed"),
            Self::RequireTcbUpToDate(true) => f.write_str("an up-to-date TCB demanded"),
            Self::RequireTcbUpToDate(false) => f.write_str("an outdated TCB accepted"),
            Self::UpgradesDisabled => f.write_str("upgrades of the code disabled for good"),
            Self::Upgraded(to) => write!(f, "code is that of {to}"),
            Self::Owner { next, .. } if next.is_zero() => f.write_str("ownership renounced"),
            Self::Owner { next, .. } => write!(f, "owner is {next}"),
            Self::Offered(to) if to.is_zero() => f.write_str("the offer of ownership taken back"),
            Self::Offered(to) => write!(f, "ownership offered to {to}"),
            Self::Initialized(version) => write!(f, "initialiser {version} ran"),
            Self::Registered(app) => write!(f, "application {app} registered"),
            Self::Deployed { app, deployer } => write!(f, "application {app} deployed by {deployer}"),
            Self::DeployedWithController { app, controller, deployer } => {
                write!(f, "application {app} deployed by {deployer} with the contract {controller}")
            }
            Self::KmsKeys { k256 } => write!(f, "root keys set, secp256k1 {k256}; the CA key is not logged"),
            Self::GatewayAppId(id) => {
                write!(f, "gateway is {}", veritee_base::text::inert(&veritee_base::text::shortened(id, 80)))
            }
            Self::AppImplementation(to) => write!(f, "new applications get the code of {to}"),
            Self::Audit { policy, value, enabled } => {
                let state = if *enabled { "on" } else { "off" };
                write!(f, "policy {policy} of {value} is {state}")
            }
        }
    }
}

/// What a log says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reading {
    /// An event of the contracts.
    Event(Event),
    /// An event that they do not have; the first topic, or none.
    Unknown(Option<B256>),
    /// The topic of one of theirs, with other contents.
    Malformed(AbiError),
}

/// Reads a log. What it means depends on the contract that emitted it, which the caller has to look at.
#[must_use]
pub fn read(log: &Log) -> Reading {
    let Some(topic) = log.topics.first() else { return Reading::Unknown(None) };
    let Some(reader) = READERS.iter().find(|(known, _)| known == topic) else {
        return Reading::Unknown(Some(*topic));
    };
    match (reader.1)(&log.topics, &log.data) {
        Ok(event) => Reading::Event(event),
        Err(error) => Reading::Malformed(error),
    }
}

type Reader = fn(&[B256], &Bytes) -> Result<Event, AbiError>;

macro_rules! member {
    ($event:ident $set:ident $allowed:literal $field:ident) => {
        (sol::$event::SIGNATURE_HASH, |topics, data| {
            let event = abi::event::<sol::$event>(topics, data)?;
            Ok(Event::Member { set: Set::$set, member: event.$field, allowed: $allowed })
        })
    };
    ($event:ident $set:ident $allowed:literal $field:ident or indexed) => {
        (sol::$event::SIGNATURE_HASH, |topics, data| {
            let member = match abi::event::<sol::$event>(topics, data) {
                Ok(event) => event.$field,
                Err(error) if topics.len() < 2 => return Err(error),
                Err(_unindexed) => abi::event::<sol::indexed::$event>(topics, data)?.$field,
            };
            Ok(Event::Member { set: Set::$set, member, allowed: $allowed })
        })
    };
}

const READERS: [(B256, Reader); 29] = [
    member!(ComposeHashAdded ComposeHashes true composeHash or indexed),
    member!(ComposeHashRemoved ComposeHashes false composeHash or indexed),
    member!(DeviceAdded Devices true deviceId or indexed),
    member!(DeviceRemoved Devices false deviceId or indexed),
    member!(KmsAggregatedMrAdded KmsAggregatedMrs true mrAggregated),
    member!(KmsAggregatedMrRemoved KmsAggregatedMrs false mrAggregated),
    member!(KmsDeviceAdded KmsDevices true deviceId),
    member!(KmsDeviceRemoved KmsDevices false deviceId),
    member!(OsImageHashAdded OsImages true osImageHash),
    member!(OsImageHashRemoved OsImages false osImageHash),
    member!(AppImageMrAdded OsImages true mrImage),
    member!(AppImageMrRemoved OsImages false mrImage),
    member!(AppSystemMrAdded AppSystemMrs true mrSystem),
    member!(AppSystemMrRemoved AppSystemMrs false mrSystem),
    (sol::AllowAnyDeviceSet::SIGNATURE_HASH, |topics, data| {
        Ok(Event::AllowAnyDevice(abi::event::<sol::AllowAnyDeviceSet>(topics, data)?.allowAny))
    }),
    (sol::RequireTcbUpToDateSet::SIGNATURE_HASH, |topics, data| {
        Ok(Event::RequireTcbUpToDate(abi::event::<sol::RequireTcbUpToDateSet>(topics, data)?.requireUpToDate))
    }),
    (sol::UpgradesDisabled::SIGNATURE_HASH, |topics, data| {
        abi::event::<sol::UpgradesDisabled>(topics, data).map(|_no_fields| Event::UpgradesDisabled)
    }),
    (sol::Upgraded::SIGNATURE_HASH, |topics, data| {
        Ok(Event::Upgraded(abi::event::<sol::Upgraded>(topics, data)?.implementation))
    }),
    (sol::OwnershipTransferred::SIGNATURE_HASH, |topics, data| {
        let event = abi::event::<sol::OwnershipTransferred>(topics, data)?;
        Ok(Event::Owner { previous: event.previousOwner, next: event.newOwner })
    }),
    (sol::OwnershipTransferStarted::SIGNATURE_HASH, |topics, data| {
        Ok(Event::Offered(abi::event::<sol::OwnershipTransferStarted>(topics, data)?.newOwner))
    }),
    (sol::Initialized::SIGNATURE_HASH, |topics, data| {
        Ok(Event::Initialized(abi::event::<sol::Initialized>(topics, data)?.version))
    }),
    (sol::AppRegistered::SIGNATURE_HASH, |topics, data| {
        let app = match abi::event::<sol::AppRegistered>(topics, data) {
            Ok(event) => event.appId,
            Err(error) if topics.len() < 2 => return Err(error),
            Err(_unindexed) => abi::event::<sol::indexed::AppRegistered>(topics, data)?.appId,
        };
        Ok(Event::Registered(app))
    }),
    (sol::AppDeployedViaFactory::SIGNATURE_HASH, |topics, data| {
        let event = abi::event::<sol::AppDeployedViaFactory>(topics, data)?;
        Ok(Event::Deployed { app: event.appId, deployer: event.deployer })
    }),
    (sol::old::AppDeployedViaFactory::SIGNATURE_HASH, |topics, data| {
        let event = abi::event::<sol::old::AppDeployedViaFactory>(topics, data)?;
        let (app, controller, deployer) = (event.appId, event.proxyAddress, event.deployer);
        Ok(Event::DeployedWithController { app, controller, deployer })
    }),
    (sol::KmsInfoSet::SIGNATURE_HASH, |topics, data| {
        Ok(Event::KmsKeys { k256: abi::event::<sol::KmsInfoSet>(topics, data)?.k256Pubkey })
    }),
    (sol::GatewayAppIdSet::SIGNATURE_HASH, |topics, data| {
        Ok(Event::GatewayAppId(abi::event::<sol::GatewayAppIdSet>(topics, data)?.gatewayAppId))
    }),
    (sol::AppImplementationSet::SIGNATURE_HASH, |topics, data| {
        Ok(Event::AppImplementation(abi::event::<sol::AppImplementationSet>(topics, data)?.implementation))
    }),
    (sol::AppAuthImplementationSet::SIGNATURE_HASH, |topics, data| {
        Ok(Event::AppImplementation(
            abi::event::<sol::AppAuthImplementationSet>(topics, data)?.implementation,
        ))
    }),
    (sol::PolicyChanged::SIGNATURE_HASH, |topics, data| {
        let event = abi::event::<sol::PolicyChanged>(topics, data)?;
        Ok(Event::Audit { policy: event.policy, value: event.value, enabled: event.enabled })
    }),
];
