//! Logs as a node answers them.

use crate::trie;
use crate::wire::{self, SpellingError};
use alloy_primitives::{Address, B256, Bytes};
use alloy_rlp::Encodable;
use core::fmt;
use serde::Deserialize;
use std::borrow::Cow;

/// One log. Proven where it came out of [`crate::receipt::logs`]; otherwise one endpoint's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The contract that emitted it.
    pub address: Address,
    /// Up to four topics; the first names the event.
    pub topics: Vec<B256>,
    /// What is not indexed.
    pub data: Bytes,
    /// Number of its block.
    pub block_number: u64,
    /// Hash of its block.
    pub block_hash: B256,
    /// Hash of its transaction: a claim always.
    pub transaction_hash: B256,
    /// Place of the transaction in the block.
    pub transaction_index: u64,
    /// Place of the log in the block.
    pub log_index: u64,
}

/// Why a log cannot be used. All of it is the attacker's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogError {
    /// Not an array of logs.
    Json {
        /// The reader's words.
        problem: String,
    },
    /// A member is not spelled as it has to be.
    Spelling(SpellingError),
    /// More than four topics.
    Topics {
        /// How many.
        got: usize,
    },
    /// The node says that the log was taken back by a reorganisation.
    Removed {
        /// Number of its block.
        block: u64,
    },
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { problem } => write!(f, "not a list of logs: {problem}"),
            Self::Spelling(error) => write!(f, "log, {error}"),
            Self::Topics { got } => write!(f, "log: {got} topics, at most 4 are possible"),
            Self::Removed { block } => {
                write!(
                    f,
                    "log of block {block}: marked as removed: the chain was reorganised while it was read"
                )
            }
        }
    }
}

impl core::error::Error for LogError {}

impl From<SpellingError> for LogError {
    fn from(error: SpellingError) -> Self {
        Self::Spelling(error)
    }
}

/// A text of the answer, in place where nothing in it is escaped: a registry has thousands.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RpcLog<'a> {
    #[serde(borrow)]
    address: Text<'a>,
    #[serde(borrow)]
    topics: Vec<Text<'a>>,
    #[serde(borrow)]
    data: Text<'a>,
    #[serde(borrow)]
    block_number: Text<'a>,
    #[serde(borrow)]
    block_hash: Text<'a>,
    #[serde(borrow)]
    transaction_hash: Text<'a>,
    #[serde(borrow)]
    transaction_index: Text<'a>,
    #[serde(borrow)]
    log_index: Text<'a>,
    #[serde(default)]
    removed: bool,
}

impl Log {
    /// Reads the answer to `eth_getLogs`.
    ///
    /// # Errors
    /// When it is no list of logs, one is misspelled, or one is marked as removed.
    pub fn list(text: &str) -> Result<Vec<Self>, LogError> {
        let logs: Vec<RpcLog<'_>> = serde_json::from_str(text)
            .map_err(|error| LogError::Json { problem: error.to_string().chars().take(200).collect() })?;
        logs.iter().map(Self::read).collect()
    }

    pub(crate) fn read(rpc: &RpcLog<'_>) -> Result<Self, LogError> {
        if rpc.topics.len() > 4 {
            return Err(LogError::Topics { got: rpc.topics.len() });
        }
        let block_number = wire::quantity("blockNumber", &rpc.block_number.0)?;
        if rpc.removed {
            return Err(LogError::Removed { block: block_number });
        }
        Ok(Self {
            address: wire::address("address", &rpc.address.0)?,
            topics: rpc
                .topics
                .iter()
                .map(|topic| wire::word("topics", &topic.0))
                .collect::<Result<_, _>>()?,
            data: wire::bytes("data", &rpc.data.0)?,
            block_number,
            block_hash: wire::word("blockHash", &rpc.block_hash.0)?,
            transaction_hash: wire::word("transactionHash", &rpc.transaction_hash.0)?,
            transaction_index: wire::quantity("transactionIndex", &rpc.transaction_index.0)?,
            log_index: wire::quantity("logIndex", &rpc.log_index.0)?,
        })
    }

    /// Its place in the chain: logs are in this order, whatever order an endpoint gives them in.
    #[must_use]
    pub const fn place(&self) -> (u64, u64, u64) {
        (self.block_number, self.transaction_index, self.log_index)
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let mut payload = Vec::with_capacity(256);
        self.address.encode(&mut payload);
        let mut topics = Vec::with_capacity(132);
        self.topics.iter().for_each(|topic| topic.encode(&mut topics));
        payload.extend(trie::list(&topics));
        self.data.encode(&mut payload);
        out.extend(trie::list(&payload));
    }
}
