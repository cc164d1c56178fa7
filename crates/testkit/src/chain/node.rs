//! The node: JSON-RPC answers about a [`World`].

use super::{AccountState, Block, EmittedLog, World, rlp_list, trie};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use alloy_rlp::Encodable;
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, Nibbles};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const GAS: u64 = 21_000;
const NO_OMMERS: &str = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";

fn transaction_hash(block: u64, index: usize) -> B256 {
    keccak256(format!("transaction {index} of block {block}"))
}

fn bloom(logs: &[EmittedLog]) -> [u8; 256] {
    let mut bloom = [0_u8; 256];
    let mut add = |item: &[u8]| {
        let hash = keccak256(item);
        for pair in 0..3 {
            let bit = usize::from(u16::from_be_bytes([hash[2 * pair], hash[2 * pair + 1]]) % 2048);
            bloom[255 - bit / 8] |= 1 << (bit % 8);
        }
    };
    for log in logs {
        add(log.address.as_slice());
        log.topics.iter().for_each(|topic| add(topic.as_slice()));
    }
    bloom
}

fn receipt_bytes(index: usize, logs: &[EmittedLog]) -> Vec<u8> {
    let mut payload = Vec::new();
    true.encode(&mut payload);
    (GAS * (index as u64 + 1)).encode(&mut payload);
    bloom(logs).as_slice().encode(&mut payload);
    let mut entries = Vec::new();
    for log in logs {
        let mut entry = Vec::new();
        log.address.encode(&mut entry);
        let mut topics = Vec::new();
        log.topics.iter().for_each(|topic| topic.encode(&mut topics));
        entry.extend(rlp_list(&topics));
        log.data.encode(&mut entry);
        entries.extend(rlp_list(&entry));
    }
    payload.extend(rlp_list(&entries));
    [vec![2], rlp_list(&payload)].concat()
}

fn receipts_root(transactions: &[Vec<EmittedLog>]) -> B256 {
    let mut entries = BTreeMap::new();
    for (index, logs) in transactions.iter().enumerate() {
        let mut key = Vec::new();
        (index as u64).encode(&mut key);
        entries.insert(key, receipt_bytes(index, logs));
    }
    let mut builder = HashBuilder::default();
    entries.iter().for_each(|(key, value)| builder.add_leaf(Nibbles::unpack(key), value));
    builder.root()
}

/// The header of a Cancun block, as JSON and its hash.
pub(super) fn header(
    number: u64,
    timestamp: u64,
    parent: B256,
    [state_root, withdrawals_root]: [B256; 2],
    transactions: &[Vec<EmittedLog>],
) -> (Value, B256) {
    let all: Vec<EmittedLog> = transactions.iter().flatten().cloned().collect();
    let (bloom, receipts) = (bloom(&all), receipts_root(transactions));
    let gas = GAS * transactions.len() as u64;
    let no_ommers: B256 = NO_OMMERS.parse().expect("a hash");
    let mut payload = Vec::new();
    parent.encode(&mut payload);
    no_ommers.encode(&mut payload);
    Address::ZERO.encode(&mut payload);
    state_root.encode(&mut payload);
    EMPTY_ROOT_HASH.encode(&mut payload);
    receipts.encode(&mut payload);
    bloom.as_slice().encode(&mut payload);
    U256::ZERO.encode(&mut payload);
    number.encode(&mut payload);
    30_000_000_u64.encode(&mut payload);
    gas.encode(&mut payload);
    timestamp.encode(&mut payload);
    b"forged".as_slice().encode(&mut payload);
    B256::repeat_byte(7).encode(&mut payload);
    [0_u8; 8].as_slice().encode(&mut payload);
    7_u64.encode(&mut payload);
    withdrawals_root.encode(&mut payload);
    0_u64.encode(&mut payload);
    0_u64.encode(&mut payload);
    B256::repeat_byte(9).encode(&mut payload);
    let hash = keccak256(rlp_list(&payload));
    let hex = |bytes: &[u8]| alloy_primitives::hex::encode_prefixed(bytes);
    let transactions: Vec<String> =
        (0..transactions.len()).map(|index| text(transaction_hash(number, index))).collect();
    let json = json!({
        "hash": text(hash), "parentHash": text(parent), "sha3Uncles": NO_OMMERS, "miner": text(Address::ZERO), "stateRoot": text(state_root),
        "transactionsRoot": text(EMPTY_ROOT_HASH), "receiptsRoot": text(receipts), "logsBloom": hex(&bloom), "difficulty": "0x0",
        "number": quantity(number), "gasLimit": quantity(30_000_000), "gasUsed": quantity(gas), "timestamp": quantity(timestamp),
        "extraData": hex(b"forged"), "mixHash": text(B256::repeat_byte(7)), "nonce": "0x0000000000000000", "baseFeePerGas": "0x7",
        "withdrawalsRoot": text(withdrawals_root), "blobGasUsed": "0x0", "excessBlobGas": "0x0",
        "parentBeaconBlockRoot": text(B256::repeat_byte(9)), "size": "0x200", "totalDifficulty": "0x0", "uncles": [], "withdrawals": [],
        "transactions": transactions,
    });
    (json, hash)
}

fn text(value: impl core::fmt::Display) -> String {
    value.to_string()
}

fn quantity(number: u64) -> String {
    format!("{number:#x}")
}

/// Why a node answers with an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcFailure {
    /// JSON-RPC error code.
    pub code: i64,
    /// Its words.
    pub message: String,
}

fn failure(code: i64, message: &str) -> RpcFailure {
    RpcFailure { code, message: message.to_owned() }
}

impl World {
    /// The reply to a body of JSON-RPC 2.0, one question or a batch, each answered by `answerer`. A batch comes in another
    /// order than it was asked, as it may.
    #[must_use]
    pub fn reply(
        &self,
        body: &[u8],
        answerer: &dyn Fn(&Self, &str, &Value) -> Result<Value, RpcFailure>,
    ) -> String {
        let one = |question: &Value| {
            let (id, method) = (&question["id"], question["method"].as_str().unwrap_or_default());
            match answerer(self, method, &question["params"]) {
                Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
                Err(RpcFailure { code, message }) => {
                    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
                }
            }
        };
        let reply = match serde_json::from_slice(body) {
            Ok(Value::Array(questions)) => Value::Array(questions.iter().rev().map(one).collect()),
            Ok(question) => one(&question),
            Err(_) => {
                json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "parse error"}})
            }
        };
        reply.to_string()
    }

    /// What a node of this chain answers.
    ///
    /// # Errors
    /// As a node does: unknown methods, unknown blocks, calls that revert.
    pub fn answer(&self, method: &str, params: &Value) -> Result<Value, RpcFailure> {
        let param = |index: usize| params.get(index).cloned().unwrap_or(Value::Null);
        match method {
            "eth_chainId" => Ok(json!(quantity(self.chain_id))),
            "eth_blockNumber" => Ok(json!(quantity(self.head()))),
            "eth_getBlockByNumber" | "eth_getBlockByHash" => {
                Ok(self.find(&param(0)).map_or(Value::Null, |block| block.header.clone()))
            }
            "eth_getCode" => {
                let account =
                    self.known(&param(1))?.state.get(&address(&param(0))?).cloned().unwrap_or_default();
                Ok(json!(text(&account.code)))
            }
            "eth_getProof" => self.proof(&param(0), &param(1), &param(2)),
            "eth_getLogs" => self.logs(&param(0)),
            "eth_getBlockReceipts" => Ok(self.find(&param(0)).map_or(Value::Null, receipts)),
            "eth_call" => self.call(&param(0), &param(1)),
            _ => Err(failure(-32601, "the method does not exist")),
        }
    }

    fn find(&self, tag: &Value) -> Option<&Block> {
        let text = match tag {
            Value::Object(members) => members.get("blockHash")?.as_str()?,
            other => other.as_str()?,
        };
        match text {
            "latest" | "safe" | "finalized" => self.blocks.last(),
            hash if hash.len() == 66 => self.blocks.iter().find(|block| block.hash.to_string() == hash),
            number => self.blocks.get(usize::from_str_radix(number.strip_prefix("0x")?, 16).ok()?),
        }
    }

    fn known(&self, tag: &Value) -> Result<&Block, RpcFailure> {
        self.find(tag).ok_or_else(|| failure(-32000, "header not found"))
    }

    fn proof(&self, of: &Value, keys: &Value, tag: &Value) -> Result<Value, RpcFailure> {
        let block = self.known(tag)?;
        let address = address(of)?;
        let slots: Vec<B256> =
            keys.as_array().into_iter().flatten().filter_map(|key| key.as_str()?.parse().ok()).collect();
        let entries =
            block.state.iter().map(|(address, account)| (keccak256(address), account.entry())).collect();
        let (_, nodes) = trie(&entries, &[keccak256(address)]);
        let account = block.state.get(&address);
        let absent = account.is_none();
        let account = account.map_or_else(AccountState::default, |account| (**account).clone());
        let targets: Vec<B256> = slots.iter().map(keccak256).collect();
        let (root, proofs) = trie(&account.storage_entries(), &targets);
        let storage: Vec<Value> = slots
            .iter()
            .zip(proofs)
            .map(|(slot, proof)| {
                let value = account.storage.get(slot).copied().unwrap_or_default();
                json!({"key": text(slot), "value": format!("{value:#x}"), "proof": texts(&proof)})
            })
            .collect();
        let code = if account.code.is_empty() { KECCAK256_EMPTY } else { keccak256(&account.code) };
        Ok(json!({
            "address": text(address), "balance": format!("{:#x}", account.balance), "nonce": quantity(account.nonce),
            "codeHash": text(if absent { B256::ZERO } else { code }),
            "storageHash": text(if absent { B256::ZERO } else { root }),
            "accountProof": texts(&nodes.into_iter().next().unwrap_or_default()), "storageProof": storage,
        }))
    }

    fn logs(&self, filter: &Value) -> Result<Value, RpcFailure> {
        let addresses: Vec<Address> = match &filter["address"] {
            Value::Array(all) => all.iter().map(address).collect::<Result<_, _>>()?,
            Value::Null => Vec::new(),
            one => vec![address(one)?],
        };
        let blocks: Vec<&Block> = if filter["blockHash"].is_string() {
            vec![self.known(&filter["blockHash"])?]
        } else {
            let (from, to) =
                (self.known(&filter["fromBlock"])?.number, self.known(&filter["toBlock"])?.number);
            if from > to {
                return Err(failure(-32602, "invalid block range"));
            }
            self.blocks.iter().filter(|block| (from..=to).contains(&block.number)).collect()
        };
        let topic = filter["topics"][0].as_str().map(str::to_owned);
        let mut found = Vec::new();
        for block in blocks {
            for log in block_logs(block).into_iter().flatten() {
                let by = address(&log["address"])?;
                let fits = topic.as_ref().is_none_or(|topic| log["topics"][0].as_str() == Some(topic));
                if fits && (addresses.is_empty() || addresses.contains(&by)) {
                    found.push(log);
                }
            }
        }
        Ok(Value::Array(found))
    }

    fn call(&self, call: &Value, tag: &Value) -> Result<Value, RpcFailure> {
        let block = self.known(tag)?;
        let data: Bytes = call["data"].as_str().and_then(|data| data.parse().ok()).unwrap_or_default();
        let account = block.state.get(&address(&call["to"])?).cloned().unwrap_or_default();
        if account.code.is_empty() {
            return Ok(json!("0x"));
        }
        let answer = account.calls.get(&data).ok_or_else(|| failure(3, "execution reverted"))?;
        Ok(json!(text(answer)))
    }
}

fn texts(nodes: &[Bytes]) -> Vec<String> {
    nodes.iter().map(text).collect()
}

fn address(value: &Value) -> Result<Address, RpcFailure> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| failure(-32602, "invalid address"))
}

/// The logs of a block by transaction.
fn block_logs(block: &Block) -> Vec<Vec<Value>> {
    let mut position = 0_u64;
    let mut all = Vec::new();
    for (index, logs) in block.transactions.iter().enumerate() {
        let mut own = Vec::new();
        for log in logs {
            own.push(json!({
                "address": text(log.address), "topics": log.topics.iter().map(text).collect::<Vec<_>>(), "data": text(&log.data), "blockNumber": quantity(block.number),
                "blockHash": text(block.hash), "transactionHash": text(transaction_hash(block.number, index)),
                "transactionIndex": quantity(index as u64), "logIndex": quantity(position), "removed": false,
            }));
            position += 1;
        }
        all.push(own);
    }
    all
}

fn receipts(block: &Block) -> Value {
    let logs = block_logs(block);
    let receipts = block.transactions.iter().zip(logs).enumerate().map(|(index, (emitted, logs))| {
        json!({
            "blockHash": text(block.hash), "blockNumber": quantity(block.number),
            "transactionHash": text(transaction_hash(block.number, index)),
            "transactionIndex": quantity(index as u64), "type": "0x2", "status": "0x1", "from": text(Address::ZERO), "to": text(Address::ZERO),
            "cumulativeGasUsed": quantity(GAS * (index as u64 + 1)), "gasUsed": quantity(GAS), "effectiveGasPrice": "0x7",
            "logsBloom": alloy_primitives::hex::encode_prefixed(bloom(emitted)), "logs": logs, "contractAddress": null,
        })
    });
    Value::Array(receipts.collect())
}
