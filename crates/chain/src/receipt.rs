//! A block's receipts, and that they are those of its header.
//!
//! Source: EIP-2718 and EIP-658; for deposits of OP-stack chains (type 0x7e) the OP-stack specification, "Deposit
//! receipt". Each receipt is encoded anew from the fields of the node's JSON, its bloom recomputed from its logs; the
//! trie of all of them must have the header's root. What the root does not cover (`from`, `to`, `contractAddress`,
//! `effectiveGasPrice`) is not read.

use crate::header::{Header, accrue};
use crate::log::{Log, LogError, RpcLog};
use crate::trie;
use crate::wire::{self, SpellingError};
use alloy_primitives::{B256, Bytes};
use alloy_rlp::Encodable;
use core::fmt;
use serde::Deserialize;
use veritee_base::Budget;

/// Why answers to `eth_getBlockReceipts` are not the receipts of a header. All of it is the attacker's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiptError {
    /// Not an array of receipts.
    Json {
        /// The reader's words.
        problem: String,
    },
    /// More logs than the budget allows.
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// A member is not spelled as it has to be.
    Spelling {
        /// Which receipt, from 0.
        index: usize,
        /// What is wrong.
        error: SpellingError,
    },
    /// A receipt of a kind that cannot be encoded: an unknown type, no status, a bloom of another length.
    Kind {
        /// Which receipt, from 0.
        index: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// A log of a receipt cannot be read.
    Log {
        /// Which receipt, from 0.
        index: usize,
        /// What is wrong.
        error: LogError,
    },
    /// A value that follows from the others is another.
    Derived {
        /// Which receipt, from 0.
        index: usize,
        /// Which value.
        member: &'static str,
    },
    /// The receipts are not those that the header commits to.
    Root {
        /// The header's.
        expected: B256,
        /// Of the receipts given.
        got: B256,
    },
}

impl fmt::Display for ReceiptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { problem } => write!(f, "not a list of receipts: {problem}"),
            Self::TooMany { limit } => write!(f, "more than {limit} logs in one block"),
            Self::Spelling { index, error } => write!(f, "receipt {index}, {error}"),
            Self::Kind { index, problem } => write!(f, "receipt {index}: {problem}"),
            Self::Log { index, error } => write!(f, "receipt {index}: {error}"),
            Self::Derived { index, member } => {
                write!(f, "receipt {index}: `{member}` is not what follows from the block")
            }
            Self::Root { expected, got } => {
                write!(
                    f,
                    "receipts: expected the root {expected}, got {got}: one is missing, added or changed"
                )
            }
        }
    }
}

impl core::error::Error for ReceiptError {}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rpc<'a> {
    block_hash: String,
    block_number: String,
    transaction_hash: String,
    transaction_index: String,
    #[serde(rename = "type", default)]
    kind: Option<String>,
    status: Option<String>,
    cumulative_gas_used: String,
    gas_used: String,
    logs_bloom: String,
    #[serde(borrow)]
    logs: Vec<RpcLog<'a>>,
    deposit_nonce: Option<String>,
    deposit_receipt_version: Option<String>,
}

const DEPOSIT: u64 = 0x7e;

/// All logs of a block, proven by its receipts root, in their order.
///
/// The transaction hashes in them are claims, equal to those that the block's answer lists where it lists any.
///
/// # Errors
/// When the receipts are not exactly those of `header`.
pub fn logs(header: &Header, text: &str, budget: &Budget) -> Result<Vec<Log>, ReceiptError> {
    let receipts: Vec<Rpc<'_>> = serde_json::from_str(text)
        .map_err(|error| ReceiptError::Json { problem: error.to_string().chars().take(200).collect() })?;
    let mut encoded = Vec::with_capacity(receipts.len());
    let mut logs = Vec::new();
    let mut gas = 0_u64;
    for (index, receipt) in receipts.iter().enumerate() {
        let read = Read { header, index, first_log: logs.len() };
        let (bytes, own, cumulative) = read.receipt(receipt, gas)?;
        gas = cumulative;
        encoded.push(bytes);
        logs.extend(own);
        if logs.len() > budget.chain_logs {
            return Err(ReceiptError::TooMany { limit: budget.chain_logs });
        }
    }
    let got = trie::list_root(&encoded);
    if got != header.receipts_root() {
        return Err(ReceiptError::Root { expected: header.receipts_root(), got });
    }
    Ok(logs)
}

struct Read<'h> {
    header: &'h Header,
    index: usize,
    first_log: usize,
}

impl Read<'_> {
    fn spelled<T>(&self, value: Result<T, SpellingError>) -> Result<T, ReceiptError> {
        value.map_err(|error| ReceiptError::Spelling { index: self.index, error })
    }

    fn kind(&self, problem: &'static str) -> ReceiptError {
        ReceiptError::Kind { index: self.index, problem }
    }

    fn derived<T: PartialEq>(&self, member: &'static str, expected: &T, got: &T) -> Result<(), ReceiptError> {
        if expected == got { Ok(()) } else { Err(ReceiptError::Derived { index: self.index, member }) }
    }

    fn receipt(&self, rpc: &Rpc<'_>, gas_before: u64) -> Result<(Vec<u8>, Vec<Log>, u64), ReceiptError> {
        let hash = self.spelled(wire::word("transactionHash", &rpc.transaction_hash))?;
        self.place(rpc, hash)?;
        let cumulative = self.spelled(wire::quantity("cumulativeGasUsed", &rpc.cumulative_gas_used))?;
        let gas = self.spelled(wire::quantity("gasUsed", &rpc.gas_used))?;
        self.derived("gasUsed", &gas_before.checked_add(gas), &Some(cumulative))?;
        let logs = self.logs(rpc, hash)?;
        let bloom = self.bloom(rpc, &logs)?;
        let bytes = self.encode(rpc, cumulative, &bloom, &logs)?;
        Ok((bytes, logs, cumulative))
    }

    /// Where the receipt says that it stands.
    fn place(&self, rpc: &Rpc<'_>, hash: B256) -> Result<(), ReceiptError> {
        let index = self.spelled(wire::quantity("transactionIndex", &rpc.transaction_index))?;
        self.derived("transactionIndex", &u64::try_from(self.index).ok(), &Some(index))?;
        let block = self.spelled(wire::word("blockHash", &rpc.block_hash))?;
        self.derived("blockHash", &self.header.hash(), &block)?;
        let number = self.spelled(wire::quantity("blockNumber", &rpc.block_number))?;
        self.derived("blockNumber", &self.header.number(), &number)?;
        match self.header.claimed_transactions().get(self.index) {
            Some(listed) => self.derived("transactionHash", listed, &hash),
            None if self.header.claimed_transactions().is_empty() => Ok(()),
            None => Err(self.kind("more receipts than transactions")),
        }
    }

    fn logs(&self, rpc: &Rpc<'_>, hash: B256) -> Result<Vec<Log>, ReceiptError> {
        let mut logs = Vec::with_capacity(rpc.logs.len());
        for (offset, log) in rpc.logs.iter().enumerate() {
            let log = Log::read(log).map_err(|error| ReceiptError::Log { index: self.index, error })?;
            self.derived("logs[].blockHash", &self.header.hash(), &log.block_hash)?;
            self.derived("logs[].blockNumber", &self.header.number(), &log.block_number)?;
            self.derived("logs[].transactionHash", &hash, &log.transaction_hash)?;
            self.derived(
                "logs[].transactionIndex",
                &u64::try_from(self.index).ok(),
                &Some(log.transaction_index),
            )?;
            let position = u64::try_from(self.first_log.saturating_add(offset)).ok();
            self.derived("logs[].logIndex", &position, &Some(log.log_index))?;
            logs.push(log);
        }
        Ok(logs)
    }

    fn bloom(&self, rpc: &Rpc<'_>, logs: &[Log]) -> Result<Bytes, ReceiptError> {
        let mut bloom = [0_u8; 256];
        for log in logs {
            accrue(&mut bloom, log.address.as_slice());
            log.topics.iter().for_each(|topic| accrue(&mut bloom, topic.as_slice()));
        }
        let claimed = self.spelled(wire::bytes("logsBloom", &rpc.logs_bloom))?;
        self.derived("logsBloom", &bloom.as_slice(), &claimed.as_ref())?;
        Ok(claimed)
    }

    fn encode(&self, rpc: &Rpc<'_>, gas: u64, bloom: &Bytes, logs: &[Log]) -> Result<Vec<u8>, ReceiptError> {
        let kind = match rpc.kind.as_deref() {
            None => 0,
            Some(kind) => self.spelled(wire::quantity("type", kind))?,
        };
        let status = rpc.status.as_deref().ok_or_else(|| self.kind("no status: of before Byzantium"))?;
        let status = match self.spelled(wire::quantity("status", status))? {
            0 => false,
            1 => true,
            _ => return Err(self.kind("a status other than 0 and 1")),
        };
        let mut payload = Vec::with_capacity(512);
        status.encode(&mut payload);
        gas.encode(&mut payload);
        bloom.encode(&mut payload);
        let mut entries = Vec::new();
        logs.iter().for_each(|log| log.encode(&mut entries));
        payload.extend(trie::list(&entries));
        if kind == DEPOSIT {
            self.deposit(rpc, &mut payload)?;
        }
        let list = trie::list(&payload);
        Ok(match kind {
            0 => list,
            1..=4 | DEPOSIT => {
                let mut out = vec![u8::try_from(kind).unwrap_or_default()];
                out.extend(list);
                out
            }
            _ => return Err(self.kind("a transaction type that this version does not know")),
        })
    }

    fn deposit(&self, rpc: &Rpc<'_>, payload: &mut Vec<u8>) -> Result<(), ReceiptError> {
        if let Some(nonce) = &rpc.deposit_nonce {
            self.spelled(wire::quantity("depositNonce", nonce))?.encode(payload);
            if let Some(version) = &rpc.deposit_receipt_version {
                self.spelled(wire::quantity("depositReceiptVersion", version))?.encode(payload);
            }
        }
        Ok(())
    }
}
