//! One contract's events in the order of the chain, and what they add up to.

use crate::event::{self, Event, Reading, Set};
use crate::log::Log;
use alloy_primitives::{Address, B256, Bytes};
use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

/// An event with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Number of its block.
    pub block: u64,
    /// Place of its transaction in the block.
    pub transaction_index: u64,
    /// Place of the log in the block.
    pub log_index: u64,
    /// Hash of the transaction, a claim. Its sender need not be who had the authority: that is the owner.
    pub transaction: B256,
    /// What happened.
    pub event: Event,
}

/// The events of one contract, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    entries: Vec<Entry>,
    unknown: BTreeMap<Option<B256>, usize>,
    malformed: usize,
}

/// Why a list of logs is no timeline: an honest endpoint answers none of these.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimelineError {
    /// A log of another contract than was asked for.
    Address {
        /// Whose it is.
        got: Address,
    },
    /// A log outside the blocks that were asked for.
    Range {
        /// Its block.
        block: u64,
        /// First block asked for.
        from: u64,
        /// Last block asked for.
        to: u64,
    },
    /// A log that does not come after the one before it: repeated, or out of order.
    Order {
        /// Its block.
        block: u64,
        /// Its place in the block.
        log_index: u64,
    },
    /// Two logs of one block number name two block hashes.
    BlockHash {
        /// The block.
        block: u64,
    },
}

impl fmt::Display for TimelineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { got } => write!(f, "a log of {got}, which was not asked for"),
            Self::Range { block, from, to } => {
                write!(f, "a log of block {block}; blocks {from} to {to} were asked for")
            }
            Self::Order { block, log_index } => {
                write!(f, "log {log_index} of block {block} comes twice or out of order")
            }
            Self::BlockHash { block } => write!(f, "logs of block {block} name two different blocks"),
        }
    }
}

impl core::error::Error for TimelineError {}

/// Checks that logs are an answer to "logs of `addresses` from block `from` to block `to`" as a chain has them.
///
/// # Errors
/// When one is not of these contracts or blocks, comes twice, or is out of order.
pub fn check(logs: &[Log], addresses: &BTreeSet<Address>, from: u64, to: u64) -> Result<(), TimelineError> {
    let mut last: Option<&Log> = None;
    for log in logs {
        let block = log.block_number;
        if !addresses.contains(&log.address) {
            return Err(TimelineError::Address { got: log.address });
        }
        if block < from || block > to {
            return Err(TimelineError::Range { block, from, to });
        }
        if let Some(last) = last {
            if last.place() >= log.place() {
                return Err(TimelineError::Order { block, log_index: log.log_index });
            }
            if last.block_number == block && last.block_hash != log.block_hash {
                return Err(TimelineError::BlockHash { block });
            }
        }
        last = Some(log);
    }
    Ok(())
}

impl Timeline {
    /// The events of `address` among logs that [`check`] accepted.
    #[must_use]
    pub fn of(address: Address, logs: &[Log]) -> Self {
        let mut timeline = Self::default();
        for log in logs.iter().filter(|log| log.address == address) {
            match event::read(log) {
                Reading::Event(event) => timeline.entries.push(Entry {
                    block: log.block_number,
                    transaction_index: log.transaction_index,
                    log_index: log.log_index,
                    transaction: log.transaction_hash,
                    event,
                }),
                Reading::Unknown(topic) => {
                    let count = timeline.unknown.entry(topic).or_default();
                    *count = count.saturating_add(1);
                }
                Reading::Malformed(_) => timeline.malformed = timeline.malformed.saturating_add(1),
            }
        }
        timeline
    }

    /// All events, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Logs whose event is none of dstack's contracts: first topic and number.
    #[must_use]
    pub const fn unknown(&self) -> &BTreeMap<Option<B256>, usize> {
        &self.unknown
    }

    /// Logs with the topic of a known event and other contents.
    #[must_use]
    pub const fn malformed(&self) -> usize {
        self.malformed
    }

    /// The events up to the end of `block`.
    #[must_use]
    pub fn cut(&self, block: u64) -> Self {
        let entries = self.entries.iter().take_while(|entry| entry.block <= block).cloned().collect();
        Self { entries, unknown: self.unknown.clone(), malformed: self.malformed }
    }

    /// What the events up to the end of `block` add up to.
    #[must_use]
    pub fn until(&self, block: u64) -> Sum {
        let mut sum = Sum::default();
        self.entries
            .iter()
            .take_while(|entry| entry.block <= block)
            .for_each(|entry| sum.apply(&entry.event));
        sum
    }

    /// What all events add up to.
    #[must_use]
    pub fn sum(&self) -> Sum {
        self.until(u64::MAX)
    }
}

/// What events add up to. The last event of a member wins; how often it was added means nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sum {
    members: BTreeMap<Set, BTreeMap<B256, bool>>,
    /// Set by an event; before the first one the value is not in the logs.
    pub allow_any_device: Option<bool>,
    /// As above.
    pub require_tcb_up_to_date: Option<bool>,
    /// `Some(true)` after the event. Disabled at deployment, there is none.
    pub upgrades_disabled: Option<bool>,
    /// Implementation of the proxy.
    pub implementation: Option<Address>,
    /// Owner; zero after renouncing.
    pub owner: Option<Address>,
    /// Whom ownership is offered to; taken back by any change of the owner.
    pub pending_owner: Option<Address>,
    /// Version of the last initialiser.
    pub initialized: Option<u64>,
    /// Registered apps; with the address of the contract where a log tells it.
    pub apps: BTreeMap<Address, Option<Address>>,
    /// Who called the factory, and how often.
    pub deployers: BTreeMap<Address, u64>,
    /// The secp256k1 key of the KMS.
    pub k256: Option<Bytes>,
    /// The gateway's app id.
    pub gateway_app_id: Option<String>,
    /// The implementation that new apps get.
    pub app_implementation: Option<Address>,
}

impl Sum {
    /// Takes one more event into account.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Member { set, member, allowed } => {
                self.members.entry(*set).or_default().insert(*member, *allowed);
            }
            Event::AllowAnyDevice(value) => self.allow_any_device = Some(*value),
            Event::RequireTcbUpToDate(value) => self.require_tcb_up_to_date = Some(*value),
            Event::UpgradesDisabled => self.upgrades_disabled = Some(true),
            Event::Upgraded(implementation) => self.implementation = Some(*implementation),
            Event::Owner { next, .. } => {
                self.owner = Some(*next);
                self.pending_owner = None;
            }
            Event::Offered(Address::ZERO) => self.pending_owner = None,
            Event::Offered(address) => self.pending_owner = Some(*address),
            Event::Initialized(version) => self.initialized = Some(*version),
            Event::Registered(app) => {
                self.apps.entry(*app).or_default();
            }
            Event::Deployed { app, deployer } => {
                self.apps.entry(*app).or_default();
                self.deployed_by(*deployer);
            }
            Event::DeployedWithController { app, controller, deployer } => {
                self.apps.insert(*app, Some(*controller));
                self.deployed_by(*deployer);
            }
            Event::KmsKeys { k256 } => self.k256 = Some(k256.clone()),
            Event::GatewayAppId(id) => self.gateway_app_id = Some(id.clone()),
            Event::AppImplementation(implementation) => self.app_implementation = Some(*implementation),
            Event::Audit { .. } => {}
        }
    }

    fn deployed_by(&mut self, deployer: Address) {
        let count = self.deployers.entry(deployer).or_default();
        *count = count.saturating_add(1);
    }

    /// The members of a set that are allowed.
    pub fn allowed(&self, set: Set) -> impl Iterator<Item = &B256> {
        let members = self.members.get(&set).into_iter().flatten();
        members.filter(|(_, allowed)| **allowed).map(|(member, _)| member)
    }

    /// Whether a member is allowed; `false` too for one that no log ever named.
    #[must_use]
    pub fn allows(&self, set: Set, member: &B256) -> bool {
        self.members.get(&set).and_then(|members| members.get(member)).copied().unwrap_or(false)
    }
}
