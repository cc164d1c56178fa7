//! Block headers: the fields as a node tells them, and the hash that they really have.
//!
//! Source: Ethereum execution specifications, London to Prague. The header is the RLP list of its fields in their
//! order; its hash is keccak-256 of that. A node's `hash` is a claim until the fields hash to it. A header of a later
//! fork has fields that this version does not know, so its hash never comes out: it is refused, which is right.

use crate::wire::{self, SpellingError};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rlp::Encodable;
use core::fmt;
use serde::Deserialize;

const BLOOM: usize = 256;
const NONCE: usize = 8;
/// Clique and some layer 2 chains put up to a few hundred bytes here; mainnet 32.
const EXTRA_DATA: usize = 1024;

/// A header whose fields hash to [`Header::hash`].
///
/// Made by [`Header::from_rpc`] only. That its block is part of the chain is not shown by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    hash: B256,
    number: u64,
    timestamp: u64,
    parent_hash: B256,
    state_root: B256,
    receipts_root: B256,
    logs_bloom: Bytes,
    withdrawals_root: Option<B256>,
    transactions: Vec<B256>,
}

/// Why the answer to `eth_getBlockBy…` is no header.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// Not a JSON object with these members once each.
    Json {
        /// The reader's words.
        problem: String,
    },
    /// A member is not spelled as it has to be.
    Spelling(SpellingError),
    /// A member has the wrong number of bytes.
    Length {
        /// Which.
        member: &'static str,
        /// Bytes that it may have.
        expected: usize,
        /// Bytes found.
        got: usize,
    },
    /// A field is missing although one of a later fork is there.
    Gap {
        /// The missing one.
        missing: &'static str,
    },
    /// A field of proof-of-work times has a value that it cannot have since the merge.
    ProofOfWork {
        /// Which.
        member: &'static str,
    },
    /// The fields do not hash to the claimed hash.
    Hash {
        /// Claimed.
        expected: B256,
        /// Of the fields.
        got: B256,
    },
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { problem } => write!(f, "not a block: {problem}"),
            Self::Spelling(error) => write!(f, "block header, {error}"),
            Self::Length { member, expected, got } => {
                write!(f, "block header, `{member}`: expected {expected} bytes, got {got}")
            }
            Self::Gap { missing } => {
                write!(f, "block header: `{missing}` is missing before a field of a later fork")
            }
            Self::ProofOfWork { member } => write!(f, "block header: `{member}` is of before the merge"),
            Self::Hash { expected, got } => write!(
                f,
                "the header's fields hash to {got}, not to {expected}: a field was changed, or it has fields that this version does not know"
            ),
        }
    }
}

impl core::error::Error for HeaderError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Spelling(error) => Some(error),
            _ => None,
        }
    }
}

impl From<SpellingError> for HeaderError {
    fn from(error: SpellingError) -> Self {
        Self::Spelling(error)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rpc {
    hash: String,
    parent_hash: String,
    #[serde(rename = "sha3Uncles")]
    ommers_hash: String,
    miner: String,
    state_root: String,
    transactions_root: String,
    receipts_root: String,
    logs_bloom: String,
    difficulty: String,
    number: String,
    gas_limit: String,
    gas_used: String,
    timestamp: String,
    extra_data: String,
    mix_hash: String,
    nonce: String,
    base_fee_per_gas: String,
    withdrawals_root: Option<String>,
    blob_gas_used: Option<String>,
    excess_blob_gas: Option<String>,
    parent_beacon_block_root: Option<String>,
    requests_hash: Option<String>,
    #[serde(default)]
    transactions: Vec<serde_json::Value>,
}

/// Keccak-256 of the empty list: no ommers.
const NO_OMMERS: B256 =
    alloy_primitives::b256!("1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347");

impl Header {
    /// Reads the answer to `eth_getBlockByHash` or `eth_getBlockByNumber` (with or without whole transactions).
    ///
    /// `text` is the attacker's. Members that are no part of the header (`size`, `totalDifficulty`, ...) are not read.
    ///
    /// # Errors
    /// When a field is missing or misspelled, or when the fields do not hash to the claimed `hash`.
    pub fn from_rpc(text: &str) -> Result<Self, HeaderError> {
        let rpc: Rpc = serde_json::from_str(text)
            .map_err(|error| HeaderError::Json { problem: error.to_string().chars().take(200).collect() })?;
        let fields = Fields::read(&rpc)?;
        let expected = wire::word("hash", &rpc.hash)?;
        let got = fields.hash();
        if got != expected {
            return Err(HeaderError::Hash { expected, got });
        }
        let transactions = rpc.transactions.iter().map(transaction_hash).collect::<Result<_, _>>()?;
        Ok(Self {
            hash: got,
            number: fields.number,
            timestamp: fields.timestamp,
            parent_hash: fields.parent_hash,
            state_root: fields.state_root,
            receipts_root: fields.receipts_root,
            logs_bloom: fields.logs_bloom,
            withdrawals_root: fields.withdrawals_root,
            transactions,
        })
    }

    /// Keccak-256 of the header.
    #[must_use]
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// The block's number.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Seconds since 1970, as the block's maker wrote them.
    #[must_use]
    pub const fn timestamp(&self) -> u64 {
        self.timestamp
    }

    /// Hash of the block before.
    #[must_use]
    pub const fn parent_hash(&self) -> B256 {
        self.parent_hash
    }

    /// Root of the trie of accounts after this block.
    #[must_use]
    pub const fn state_root(&self) -> B256 {
        self.state_root
    }

    /// Root of the trie of this block's receipts.
    #[must_use]
    pub const fn receipts_root(&self) -> B256 {
        self.receipts_root
    }

    /// Bloom filter over the addresses and topics of this block's logs.
    #[must_use]
    pub const fn logs_bloom(&self) -> &Bytes {
        &self.logs_bloom
    }

    /// Root of the withdrawals; on an OP-stack chain since Isthmus, the storage root of its message passer.
    #[must_use]
    pub const fn withdrawals_root(&self) -> Option<B256> {
        self.withdrawals_root
    }

    /// Hashes of the block's transactions as the node tells them. A claim: the header commits to the transactions
    /// themselves, which are not read.
    #[must_use]
    pub fn claimed_transactions(&self) -> &[B256] {
        &self.transactions
    }

    /// Whether a log of this address can be in the block; `false` is certain, `true` is not.
    #[must_use]
    pub fn may_have_logs_of(&self, address: &Address) -> bool {
        let mut bloom = [0_u8; BLOOM];
        accrue(&mut bloom, address.as_slice());
        bloom.iter().zip(self.logs_bloom.iter()).all(|(wanted, have)| wanted & have == *wanted)
    }
}

/// Sets the three bits of an item (yellow paper, section 4.3.1).
pub(crate) fn accrue(bloom: &mut [u8; BLOOM], item: &[u8]) {
    let hash = keccak256(item);
    for pair in hash.as_slice().chunks_exact(2).take(3) {
        if let [high, low] = pair {
            let bit = usize::from(u16::from_be_bytes([*high, *low]) & 2047);
            let byte = BLOOM.saturating_sub(1).saturating_sub(bit / 8);
            if let Some(slot) = bloom.get_mut(byte) {
                *slot |= 1_u8 << (bit % 8);
            }
        }
    }
}

fn transaction_hash(value: &serde_json::Value) -> Result<B256, HeaderError> {
    let text = value.as_str().or_else(|| value.get("hash").and_then(serde_json::Value::as_str));
    let text = text.ok_or(HeaderError::Json { problem: "a transaction without hash".to_owned() })?;
    Ok(wire::word("transactions", text)?)
}

/// The fields in the order in which they are hashed.
struct Fields {
    parent_hash: B256,
    beneficiary: Address,
    state_root: B256,
    transactions_root: B256,
    receipts_root: B256,
    logs_bloom: Bytes,
    number: u64,
    gas_limit: u64,
    gas_used: u64,
    timestamp: u64,
    extra_data: Bytes,
    mix_hash: B256,
    nonce: Bytes,
    base_fee_per_gas: U256,
    withdrawals_root: Option<B256>,
    blob_gas_used: Option<u64>,
    excess_blob_gas: Option<u64>,
    parent_beacon_block_root: Option<B256>,
    requests_hash: Option<B256>,
}

impl Fields {
    fn read(rpc: &Rpc) -> Result<Self, HeaderError> {
        if wire::wide_quantity("difficulty", &rpc.difficulty)? != U256::ZERO {
            return Err(HeaderError::ProofOfWork { member: "difficulty" });
        }
        if wire::word("sha3Uncles", &rpc.ommers_hash)? != NO_OMMERS {
            return Err(HeaderError::ProofOfWork { member: "sha3Uncles" });
        }
        let fields = Self {
            parent_hash: wire::word("parentHash", &rpc.parent_hash)?,
            beneficiary: wire::address("miner", &rpc.miner)?,
            state_root: wire::word("stateRoot", &rpc.state_root)?,
            transactions_root: wire::word("transactionsRoot", &rpc.transactions_root)?,
            receipts_root: wire::word("receiptsRoot", &rpc.receipts_root)?,
            logs_bloom: sized("logsBloom", &rpc.logs_bloom, BLOOM)?,
            number: wire::quantity("number", &rpc.number)?,
            gas_limit: wire::quantity("gasLimit", &rpc.gas_limit)?,
            gas_used: wire::quantity("gasUsed", &rpc.gas_used)?,
            timestamp: wire::quantity("timestamp", &rpc.timestamp)?,
            extra_data: wire::bytes("extraData", &rpc.extra_data)?,
            mix_hash: wire::word("mixHash", &rpc.mix_hash)?,
            nonce: sized("nonce", &rpc.nonce, NONCE)?,
            base_fee_per_gas: wire::wide_quantity("baseFeePerGas", &rpc.base_fee_per_gas)?,
            withdrawals_root: optional(rpc.withdrawals_root.as_deref(), |text| {
                wire::word("withdrawalsRoot", text)
            })?,
            blob_gas_used: optional(rpc.blob_gas_used.as_deref(), |text| {
                wire::quantity("blobGasUsed", text)
            })?,
            excess_blob_gas: optional(rpc.excess_blob_gas.as_deref(), |text| {
                wire::quantity("excessBlobGas", text)
            })?,
            parent_beacon_block_root: optional(rpc.parent_beacon_block_root.as_deref(), |text| {
                wire::word("parentBeaconBlockRoot", text)
            })?,
            requests_hash: optional(rpc.requests_hash.as_deref(), |text| wire::word("requestsHash", text))?,
        };
        if fields.extra_data.len() > EXTRA_DATA {
            let got = fields.extra_data.len();
            return Err(HeaderError::Length { member: "extraData", expected: EXTRA_DATA, got });
        }
        fields.no_gap()?;
        Ok(fields)
    }

    /// Optional fields are a prefix of their list: one that is missing ends it.
    fn no_gap(&self) -> Result<(), HeaderError> {
        let present = [
            ("withdrawalsRoot", self.withdrawals_root.is_some()),
            ("blobGasUsed", self.blob_gas_used.is_some()),
            ("excessBlobGas", self.excess_blob_gas.is_some()),
            ("parentBeaconBlockRoot", self.parent_beacon_block_root.is_some()),
            ("requestsHash", self.requests_hash.is_some()),
        ];
        let last = present.iter().rposition(|(_, there)| *there);
        let before = present.iter().take(last.unwrap_or_default());
        match before.into_iter().find(|(_, there)| !there) {
            Some((missing, _)) => Err(HeaderError::Gap { missing }),
            None => Ok(()),
        }
    }

    fn hash(&self) -> B256 {
        let mut payload = Vec::with_capacity(700);
        let out = &mut payload;
        self.parent_hash.encode(out);
        NO_OMMERS.encode(out);
        self.beneficiary.encode(out);
        self.state_root.encode(out);
        self.transactions_root.encode(out);
        self.receipts_root.encode(out);
        self.logs_bloom.encode(out);
        U256::ZERO.encode(out);
        self.number.encode(out);
        self.gas_limit.encode(out);
        self.gas_used.encode(out);
        self.timestamp.encode(out);
        self.extra_data.encode(out);
        self.mix_hash.encode(out);
        self.nonce.encode(out);
        self.base_fee_per_gas.encode(out);
        encode_some(self.withdrawals_root.as_ref(), out);
        encode_some(self.blob_gas_used.as_ref(), out);
        encode_some(self.excess_blob_gas.as_ref(), out);
        encode_some(self.parent_beacon_block_root.as_ref(), out);
        encode_some(self.requests_hash.as_ref(), out);
        keccak256(crate::trie::list(&payload))
    }
}

fn encode_some<T: Encodable>(field: Option<&T>, out: &mut Vec<u8>) {
    if let Some(field) = field {
        field.encode(out);
    }
}

fn optional<T>(
    text: Option<&str>,
    read: impl FnOnce(&str) -> Result<T, SpellingError>,
) -> Result<Option<T>, SpellingError> {
    text.map(read).transpose()
}

fn sized(member: &'static str, text: &str, expected: usize) -> Result<Bytes, HeaderError> {
    let bytes = wire::bytes(member, text)?;
    if bytes.len() == expected {
        Ok(bytes)
    } else {
        Err(HeaderError::Length { member, expected, got: bytes.len() })
    }
}
