//! `eth_getProof`: an account and slots of its storage, proven against a header's state root.
//!
//! Source: EIP-1186. The answer's own `balance`, `nonce`, `codeHash`, `storageHash` and `value` are claims; the nodes
//! decide, and a claim that differs from them is refused by name. Whether an account exists follows from the walk
//! alone: nodes answer an absent one with zero hashes or with the hashes of nothing.

use crate::header::Header;
use crate::trie::{self, EMPTY_ROOT, ProofError};
use crate::wire::{self, SpellingError};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use alloy_rlp::{Decodable, Encodable};
use core::fmt;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Storage keys of one answer.
const KEYS: usize = 4096;

/// An account as the state trie holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Transactions sent, or contracts made.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Root of its storage.
    pub storage_root: B256,
    /// Keccak-256 of its code.
    pub code_hash: B256,
}

/// A proven account with proven slots. Made by [`ProvenAccount::from_rpc`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenAccount {
    address: Address,
    state_root: B256,
    account: Option<Account>,
    slots: BTreeMap<B256, U256>,
}

/// Why an answer to `eth_getProof` proves nothing. All of it is the attacker's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountProofError {
    /// Not an answer to `eth_getProof`.
    Json {
        /// The reader's words.
        problem: String,
    },
    /// A member is not spelled as it has to be.
    Spelling(SpellingError),
    /// It is about another account than was asked for.
    Address {
        /// Asked for.
        expected: Address,
        /// Answered.
        got: Address,
    },
    /// The account's nodes do not lead from the state root to the account.
    Account(ProofError),
    /// The account's entry is no RLP list of its four fields.
    AccountValue,
    /// The answer's own word differs from what its nodes prove.
    Claim {
        /// Which member.
        member: &'static str,
        /// What the nodes prove.
        proven: String,
        /// What the answer says.
        claimed: String,
    },
    /// Another set of storage keys than was asked for, or another order.
    Keys {
        /// How many were asked for.
        expected: usize,
        /// How many came.
        got: usize,
    },
    /// The nodes of a slot do not lead from the storage root to it.
    Slot {
        /// The slot.
        slot: B256,
        /// What is wrong.
        error: ProofError,
    },
    /// A slot's entry is no canonical number, or zero: a zero slot is no entry.
    SlotValue {
        /// The slot.
        slot: B256,
    },
}

impl fmt::Display for AccountProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { problem } => write!(f, "not an account proof: {problem}"),
            Self::Spelling(error) => write!(f, "account proof, {error}"),
            Self::Address { expected, got } => write!(f, "account proof: expected {expected}, got {got}"),
            Self::Account(error) => write!(f, "account proof: {error}"),
            Self::AccountValue => write!(f, "account proof: the entry is no account"),
            Self::Claim { member, proven, claimed } => {
                write!(f, "account proof: `{member}` says {claimed}, its own nodes prove {proven}")
            }
            Self::Keys { expected, got } => {
                write!(
                    f,
                    "account proof: expected the {expected} storage keys that were asked for, got {got} or others"
                )
            }
            Self::Slot { slot, error } => write!(f, "storage slot {slot}: {error}"),
            Self::SlotValue { slot } => {
                write!(f, "storage slot {slot}: the entry is no canonical number other than zero")
            }
        }
    }
}

impl core::error::Error for AccountProofError {}

impl From<SpellingError> for AccountProofError {
    fn from(error: SpellingError) -> Self {
        Self::Spelling(error)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rpc {
    address: String,
    balance: String,
    nonce: String,
    code_hash: String,
    storage_hash: String,
    account_proof: Vec<String>,
    storage_proof: Vec<RpcSlot>,
}

#[derive(Deserialize)]
struct RpcSlot {
    key: String,
    value: String,
    proof: Vec<String>,
}

impl ProvenAccount {
    /// Reads the answer to `eth_getProof(address, slots, block of header)`.
    ///
    /// # Errors
    /// When it is about something else, when a node does not hash to its parent's reference, when a node is missing
    /// or too many, or when the answer's own words differ from its nodes.
    pub fn from_rpc(
        header: &Header,
        address: Address,
        slots: &[B256],
        text: &str,
    ) -> Result<Self, AccountProofError> {
        let rpc: Rpc = serde_json::from_str(text).map_err(|error| AccountProofError::Json {
            problem: error.to_string().chars().take(200).collect(),
        })?;
        let got = wire::address("address", &rpc.address)?;
        if got != address {
            return Err(AccountProofError::Address { expected: address, got });
        }
        let nodes = nodes("accountProof", &rpc.account_proof)?;
        let entry = trie::prove(header.state_root(), keccak256(address), &nodes)
            .map_err(AccountProofError::Account)?;
        let account = entry.map(|entry| read_account(&entry)).transpose()?;
        compare_account(account.as_ref(), &rpc)?;
        let root = account.as_ref().map_or(EMPTY_ROOT, |account| account.storage_root);
        let slots = read_slots(root, slots, &rpc.storage_proof)?;
        Ok(Self { address, state_root: header.state_root(), account, slots })
    }

    /// Whose it is.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// The state root that it was proven against.
    #[must_use]
    pub const fn state_root(&self) -> B256 {
        self.state_root
    }

    /// The account; `None` where the trie has none: proven absent.
    #[must_use]
    pub const fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    /// Keccak-256 of its code; that of nothing for an absent account.
    #[must_use]
    pub fn code_hash(&self) -> B256 {
        self.account.as_ref().map_or(KECCAK256_EMPTY, |account| account.code_hash)
    }

    /// Root of its storage.
    #[must_use]
    pub fn storage_root(&self) -> B256 {
        self.account.as_ref().map_or(EMPTY_ROOT, |account| account.storage_root)
    }

    /// The proven value of a slot; `None` for one that was not asked for.
    #[must_use]
    pub fn slot(&self, slot: B256) -> Option<U256> {
        self.slots.get(&slot).copied()
    }

    /// All proven slots.
    #[must_use]
    pub const fn slots(&self) -> &BTreeMap<B256, U256> {
        &self.slots
    }
}

fn nodes(member: &'static str, texts: &[String]) -> Result<Vec<Bytes>, SpellingError> {
    // 64 nibbles and a leaf: no proof has more nodes; the walk refuses what is left over.
    texts.iter().take(66).map(|text| wire::bytes(member, text)).collect()
}

fn read_account(entry: &[u8]) -> Result<Account, AccountProofError> {
    let mut rest = entry;
    let read = |rest: &mut &[u8]| -> alloy_rlp::Result<Account> {
        let header = alloy_rlp::Header::decode(rest)?;
        if !header.list || header.payload_length != rest.len() {
            return Err(alloy_rlp::Error::UnexpectedLength);
        }
        Ok(Account {
            nonce: u64::decode(rest)?,
            balance: U256::decode(rest)?,
            storage_root: B256::decode(rest)?,
            code_hash: B256::decode(rest)?,
        })
    };
    match read(&mut rest) {
        Ok(account) if rest.is_empty() => Ok(account),
        _ => Err(AccountProofError::AccountValue),
    }
}

fn compare_account(account: Option<&Account>, rpc: &Rpc) -> Result<(), AccountProofError> {
    let code_hash = wire::word("codeHash", &rpc.code_hash)?;
    let storage_hash = wire::word("storageHash", &rpc.storage_hash)?;
    let nonce = wire::quantity("nonce", &rpc.nonce)?;
    let balance = wire::wide_quantity("balance", &rpc.balance)?;
    let Some(account) = account else {
        claim("nonce", &0, &nonce)?;
        claim("balance", &U256::ZERO, &balance)?;
        // Both spellings of "none" are in use (execution API; geth 1.13.4 changed it).
        if code_hash != B256::ZERO {
            claim("codeHash", &KECCAK256_EMPTY, &code_hash)?;
        }
        if storage_hash != B256::ZERO {
            claim("storageHash", &EMPTY_ROOT, &storage_hash)?;
        }
        return Ok(());
    };
    claim("nonce", &account.nonce, &nonce)?;
    claim("balance", &account.balance, &balance)?;
    claim("codeHash", &account.code_hash, &code_hash)?;
    claim("storageHash", &account.storage_root, &storage_hash)
}

fn claim<T: PartialEq + fmt::Display>(
    member: &'static str,
    proven: &T,
    claimed: &T,
) -> Result<(), AccountProofError> {
    if proven == claimed {
        return Ok(());
    }
    let (proven, claimed) = (proven.to_string(), claimed.to_string());
    Err(AccountProofError::Claim { member, proven, claimed })
}

fn read_slots(
    root: B256,
    asked: &[B256],
    given: &[RpcSlot],
) -> Result<BTreeMap<B256, U256>, AccountProofError> {
    let keys = AccountProofError::Keys { expected: asked.len(), got: given.len() };
    if asked.len() != given.len() || asked.len() > KEYS {
        return Err(keys);
    }
    let mut slots = BTreeMap::new();
    for (slot, rpc) in asked.iter().zip(given) {
        if key(&rpc.key)? != *slot {
            return Err(keys);
        }
        let value = read_slot(root, *slot, rpc)?;
        slots.insert(*slot, value);
    }
    Ok(slots)
}

/// A key comes back as it was asked (32 bytes) or, from some nodes, as a quantity.
fn key(text: &str) -> Result<B256, SpellingError> {
    wire::word("storageProof[].key", text)
        .or_else(|_not_whole| wire::wide_quantity("storageProof[].key", text).map(B256::from))
}

fn read_slot(root: B256, slot: B256, rpc: &RpcSlot) -> Result<U256, AccountProofError> {
    let nodes = nodes("storageProof[].proof", &rpc.proof)?;
    let entry = trie::prove(root, keccak256(slot), &nodes)
        .map_err(|error| AccountProofError::Slot { slot, error })?;
    let value = match entry {
        None => U256::ZERO,
        Some(entry) => {
            let mut rest = entry.as_slice();
            match U256::decode(&mut rest) {
                // A node that keeps cleared slots as entries of zero has a trie that is not Ethereum's.
                Ok(value) if rest.is_empty() && value != U256::ZERO => value,
                _ => return Err(AccountProofError::SlotValue { slot }),
            }
        }
    };
    let claimed = wire::wide_quantity("storageProof[].value", &rpc.value)?;
    claim("storageProof[].value", &value, &claimed)?;
    Ok(value)
}

/// The storage root of exactly these slots; those of zero are no entries.
#[must_use]
pub fn storage_root(slots: &BTreeMap<B256, U256>) -> B256 {
    let entries = slots
        .iter()
        .filter(|(_, value)| !value.is_zero())
        .map(|(slot, value)| {
            let mut entry = Vec::with_capacity(33);
            value.encode(&mut entry);
            (keccak256(slot), entry)
        })
        .collect();
    trie::root(&entries)
}
