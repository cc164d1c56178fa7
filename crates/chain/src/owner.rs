//! Who can change a contract: the account behind `owner()`, three levels deep.
//!
//! Sources: OpenZeppelin 5, `TimelockController` and `AccessControl`; Safe 1.3.0 and 1.4.1 (`OwnerManager`,
//! `ModuleManager`, `GuardManager`); EIP-7702. Everything but the holders of a timelock's roles is proven from storage;
//! a holder is proven once a log names it, and logs that are hidden hide holders.

use crate::abi::sol;
use crate::code::CodeKind;
use crate::header::Header;
use crate::layout;
use crate::log::Log;
use crate::proof::ProvenAccount;
use crate::storage;
use crate::survey::Reader;
use alloy_primitives::{Address, B256, U256, address, b256, keccak256};
use alloy_sol_types::SolCall;
use core::fmt;
use std::collections::BTreeSet;

/// Levels that are followed.
pub const DEPTH: u8 = 3;
/// Owners that are looked at in all.
pub const MOST: usize = 64;
/// Members of a Safe's lists.
const MEMBERS: usize = 32;

/// Who stands behind an address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Owner {
    /// The zero address: nobody, for good.
    Nobody,
    /// An account of one key: a change needs one signature and takes effect at once.
    Key {
        /// Its address.
        address: Address,
    },
    /// An account of one key that borrows code (EIP-7702): still one key.
    Delegated {
        /// Its address.
        address: Address,
        /// Whose code.
        to: Address,
    },
    /// A Safe: as many of its owners as `threshold` act together; any module acts alone.
    Safe(Box<Safe>),
    /// A timelock.
    Timelock(Box<Timelock>),
    /// A contract that is none of these.
    Contract {
        /// Its address.
        address: Address,
        /// Hash of its code, without metadata and own address.
        masked_hash: B256,
        /// Its own owner, where it keeps one in the place of OpenZeppelin's Ownable.
        owner: Option<Box<Self>>,
    },
    /// Further down than is followed.
    NotFollowed {
        /// Its address.
        address: Address,
    },
    /// Not read: an answer is missing or proves nothing.
    NotRead {
        /// Its address.
        address: Address,
    },
}

/// A Safe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Safe {
    /// Its address.
    pub address: Address,
    /// The code it borrows: one of the published singletons.
    pub singleton: Address,
    /// Signatures that a transaction needs.
    pub threshold: u64,
    /// Owners.
    pub owners: Vec<Owner>,
    /// Modules: each can act without any signature.
    pub modules: Vec<Address>,
    /// A contract that can forbid transactions; zero for none.
    pub guard: Address,
}

/// A timelock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timelock {
    /// Its address.
    pub address: Address,
    /// Seconds between a proposal and its execution.
    pub min_delay: u64,
    /// Who may propose.
    pub proposers: Vec<Owner>,
    /// Who may execute; with the zero address anybody may.
    pub executors: Vec<Address>,
    /// Who may take a proposal back.
    pub cancellers: Vec<Address>,
    /// Who may give out roles without delay; a timelock that governs itself names itself.
    pub admins: Vec<Address>,
}

impl Owner {
    /// Whether one key alone changes everything at once.
    #[must_use]
    pub fn is_one_key(&self) -> bool {
        match self {
            Self::Key { .. } | Self::Delegated { .. } => true,
            Self::Safe(safe) => safe.threshold <= 1 || safe.owners.len() <= 1,
            Self::Contract { owner: Some(owner), .. } => owner.is_one_key(),
            _ => false,
        }
    }

    /// Seconds that pass between the announcement of a change and its effect, by this owner's own code; `None` where
    /// no delay is shown.
    #[must_use]
    pub fn delay(&self) -> Option<u64> {
        match self {
            Self::Nobody => Some(u64::MAX),
            // Whoever holds the administrator's role from outside can go around the delay.
            Self::Timelock(timelock) if timelock.admins.iter().all(|admin| *admin == timelock.address) => {
                Some(timelock.min_delay)
            }
            _ => None,
        }
    }

    /// Whether everything about it was read.
    #[must_use]
    pub fn is_read(&self) -> bool {
        match self {
            Self::NotRead { .. } => false,
            Self::Safe(safe) => safe.owners.iter().all(Self::is_read),
            Self::Timelock(timelock) => timelock.proposers.iter().all(Self::is_read),
            Self::Contract { owner: Some(owner), .. } => owner.is_read(),
            _ => true,
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody: ownership was renounced"),
            Self::Key { address } => write!(f, "{address}, an account of one key"),
            Self::Delegated { address, to } => {
                write!(f, "{address}, an account of one key that borrows the code of {to}")
            }
            Self::Safe(safe) => {
                write!(f, "{}, a Safe: {} of {} owners", safe.address, safe.threshold, safe.owners.len())?;
                if !safe.modules.is_empty() {
                    write!(f, ", {} modules that act alone", safe.modules.len())?;
                }
                if !safe.guard.is_zero() {
                    write!(f, ", guard {}", safe.guard)?;
                }
                Ok(())
            }
            Self::Timelock(timelock) => {
                write!(f, "{}, a timelock of {} seconds", timelock.address, timelock.min_delay)?;
                if timelock.executors.contains(&Address::ZERO) {
                    f.write_str(", anybody executes")?;
                }
                match timelock.admins.iter().find(|admin| **admin != timelock.address) {
                    Some(admin) => write!(f, ", {admin} gives out roles without delay"),
                    None => Ok(()),
                }
            }
            Self::Contract { address, owner: None, .. } => write!(f, "{address}, a contract of unknown code"),
            Self::Contract { address, owner: Some(owner), .. } => {
                write!(f, "{address}, a contract of unknown code, owned by {owner}")
            }
            Self::NotFollowed { address } => write!(f, "{address}, not followed further"),
            Self::NotRead { address } => write!(f, "{address}, not read"),
        }
    }
}

/// Singletons of Safe 1.3.0 and 1.4.1, with and without events, on every chain where Safe deploys.
const SINGLETONS: [Address; 5] = [
    address!("d9Db270c1B5E3Bd161E8c8503c55cEABeE709552"),
    address!("3E5c63644E683549055b9Be8653de26E0B4CD36E"),
    address!("fb1bffC9d739B8D520DaF37dF666da4C687191EA"),
    address!("41675C099F32341bf84BFc5382aF534df5C7461a"),
    address!("29fcB43b46531BcA003ddC8FCB67FFE91900C762"),
];
const GUARD: B256 = b256!("4a204f620c8c5ccdca3fd54d003badd85ba500436a431f0cbda4f558c93c34c8");
/// ERC-7201 namespaces of the upgradeable timelock: roles, and behind the timestamps the delay.
const ROLES: B256 = b256!("02dd7bc7dec4dceedda775e58dd541e08a116c6c53815c0bd028192f7b626800");
const DELAY: B256 = b256!("9a37c2aa9d186a0969ff8a8267bf4e07e864c2f2768f5040949e28a624fb3601");
/// Both ends of a Safe's linked lists.
const SENTINEL: Address = address!("0000000000000000000000000000000000000001");

pub(crate) fn classify(reader: &mut Reader<'_>, header: &Header, address: Address, depth: u8) -> Owner {
    if address.is_zero() {
        return Owner::Nobody;
    }
    let Some(deeper) = depth.checked_sub(1) else { return Owner::NotFollowed { address } };
    if !reader.one_more_owner() {
        return Owner::NotFollowed { address };
    }
    let slots = vec![
        layout::slot(0),
        layout::slot(2),
        layout::slot(3),
        layout::slot(4),
        GUARD,
        DELAY,
        layout::OWNER,
        layout::mapping(layout::word(SENTINEL), 1),
        layout::mapping(layout::word(SENTINEL), 2),
    ];
    let Some(account) = reader.coded(header, address, slots) else { return Owner::NotRead { address } };
    match account.kind() {
        CodeKind::None => return Owner::Key { address },
        CodeKind::Delegation(to) => return Owner::Delegated { address, to },
        CodeKind::Contract => {}
    }
    let proof = account.proof();
    let singleton = proof.slot(layout::slot(0)).and_then(storage::as_address);
    if let Some(singleton) = singleton.filter(|singleton| SINGLETONS.contains(singleton)) {
        return safe(reader, header, proof, singleton, deeper);
    }
    if account.answers(sol::getMinDelayCall::SELECTOR) {
        return timelock(reader, header, proof, deeper);
    }
    let own = proof.slot(layout::OWNER).and_then(storage::as_address).filter(|owner| !owner.is_zero());
    let owner = own.map(|owner| Box::new(classify(reader, header, owner, deeper)));
    Owner::Contract { address, masked_hash: account.masked_hash(), owner }
}

fn safe(
    reader: &mut Reader<'_>,
    header: &Header,
    proof: &ProvenAccount,
    singleton: Address,
    deeper: u8,
) -> Owner {
    let address = proof.address();
    let number = |slot: u64| proof.slot(layout::slot(slot)).and_then(storage::as_u64);
    let (Some(count), Some(threshold)) = (number(3), number(4)) else { return Owner::NotRead { address } };
    let owners = walk(reader, header, proof, 2);
    let modules = walk(reader, header, proof, 1);
    let (Some(owners), Some(modules)) = (owners, modules) else { return Owner::NotRead { address } };
    if u64::try_from(owners.len()) != Ok(count) || threshold == 0 || threshold > count {
        return Owner::Contract { address, masked_hash: B256::ZERO, owner: None };
    }
    let guard = proof.slot(GUARD).and_then(storage::as_address).unwrap_or_default();
    let owners = owners.into_iter().map(|owner| classify(reader, header, owner, deeper)).collect();
    Owner::Safe(Box::new(Safe { address, singleton, threshold, owners, modules, guard }))
}

/// The members of a linked list: each slot names the next, the last one the beginning.
fn walk(reader: &mut Reader<'_>, header: &Header, proof: &ProvenAccount, list: u64) -> Option<Vec<Address>> {
    let slot = |member: Address| layout::mapping(layout::word(member), list);
    let mut next = storage::as_address(proof.slot(slot(SENTINEL))?)?;
    let mut members = Vec::new();
    while next != SENTINEL && !next.is_zero() {
        if members.contains(&next) || members.len() >= MEMBERS {
            return None;
        }
        members.push(next);
        let account = reader.account(header, proof.address(), vec![slot(next)])?;
        next = storage::as_address(account.slot(slot(next))?)?;
    }
    Some(members)
}

fn timelock(reader: &mut Reader<'_>, header: &Header, proof: &ProvenAccount, deeper: u8) -> Owner {
    let address = proof.address();
    // The plain contract keeps the delay in slot 2, the upgradeable one in its namespace; the getter tells which.
    let said = reader.call(header, address, sol::getMinDelayCall {});
    let logs = reader.logs_of(address, header);
    let (Some(said), Some(logs)) = (said, logs) else { return Owner::NotRead { address } };
    let plain = proof.slot(layout::slot(2)) == Some(said) && proof.slot(DELAY) == Some(U256::ZERO);
    if !plain && proof.slot(DELAY) != Some(said) {
        return Owner::Contract { address, masked_hash: B256::ZERO, owner: None };
    }
    let base = if plain { layout::slot(0) } else { ROLES };
    let mut holders = |role: B256| holders(reader, header, address, base, role, &logs);
    let proposers = holders(keccak256("PROPOSER_ROLE"));
    let executors = holders(keccak256("EXECUTOR_ROLE"));
    let cancellers = holders(keccak256("CANCELLER_ROLE"));
    let admins = holders(B256::ZERO);
    let (Some(proposers), Some(executors), Some(cancellers), Some(admins)) =
        (proposers, executors, cancellers, admins)
    else {
        return Owner::NotRead { address };
    };
    let min_delay = storage::as_u64(said).unwrap_or(u64::MAX);
    let proposers = proposers.into_iter().map(|owner| classify(reader, header, owner, deeper)).collect();
    Owner::Timelock(Box::new(Timelock { address, min_delay, proposers, executors, cancellers, admins }))
}

/// Who holds a role: candidates by the logs, each proven by its slot.
fn holders(
    reader: &mut Reader<'_>,
    header: &Header,
    timelock: Address,
    base: B256,
    role: B256,
    logs: &[Log],
) -> Option<Vec<Address>> {
    let granted = keccak256("RoleGranted(bytes32,address,address)");
    let named = logs.iter().filter_map(|log| match log.topics.as_slice() {
        [event, of, account, _] if *event == granted && *of == role => {
            storage::as_address(U256::from_be_bytes(account.0))
        }
        _ => None,
    });
    let candidates: BTreeSet<Address> = named.take(MEMBERS).collect();
    let nested = |key: B256, base: B256| keccak256([key.as_slice(), base.as_slice()].concat());
    let members = nested(role, base);
    let slots: Vec<B256> = candidates.iter().map(|account| nested(layout::word(*account), members)).collect();
    if slots.is_empty() {
        return Some(Vec::new());
    }
    let account = reader.account(header, timelock, slots.clone())?;
    let held = candidates.into_iter().zip(slots);
    Some(held.filter(|(_, slot)| account.slot(*slot) == Some(U256::ONE)).map(|(holder, _)| holder).collect())
}
