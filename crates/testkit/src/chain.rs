//! A chain in memory: accounts with storage and code, transactions with logs, blocks that hash, and the answers that a
//! node would give. Written from the specifications, not from the code under test.

mod app;
mod kms;
mod l1;
mod node;

pub use app::{AppForge, AppKind, Deployment};
pub use kms::{Info, KmsForge, KmsKind};
pub use l1::L1Forge;
pub use node::RpcFailure;

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, address, keccak256};
use alloy_rlp::Encodable;
use alloy_trie::proof::ProofRetainer;
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, Nibbles};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An account.
#[derive(Debug, Clone, Default)]
pub struct AccountState {
    /// Transactions sent.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Code.
    pub code: Bytes,
    /// Slots that are not zero.
    pub storage: BTreeMap<B256, U256>,
    /// What calls with this data return. Others revert.
    pub calls: BTreeMap<Bytes, Bytes>,
}

impl AccountState {
    fn entry(&self) -> Vec<u8> {
        let code = if self.code.is_empty() { KECCAK256_EMPTY } else { keccak256(&self.code) };
        let mut payload = Vec::new();
        self.nonce.encode(&mut payload);
        self.balance.encode(&mut payload);
        self.storage_root().encode(&mut payload);
        code.encode(&mut payload);
        rlp_list(&payload)
    }

    /// Root of the storage.
    #[must_use]
    pub fn storage_root(&self) -> B256 {
        trie(&self.storage_entries(), &[]).0
    }

    fn storage_entries(&self) -> BTreeMap<B256, Vec<u8>> {
        let mut entries = BTreeMap::new();
        for (slot, value) in &self.storage {
            let mut entry = Vec::new();
            value.encode(&mut entry);
            entries.insert(keccak256(slot), entry);
        }
        entries
    }
}

/// A log that was emitted.
#[derive(Debug, Clone)]
pub struct EmittedLog {
    /// By whom.
    pub address: Address,
    /// Topics.
    pub topics: Vec<B256>,
    /// Data.
    pub data: Bytes,
}

/// A block with the state after it.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) number: u64,
    pub(crate) header: serde_json::Value,
    pub(crate) hash: B256,
    pub(crate) transactions: Vec<Vec<EmittedLog>>,
    pub(crate) state: BTreeMap<Address, Arc<AccountState>>,
}

/// The chain.
#[derive(Debug, Clone)]
pub struct World {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The withdrawals root of the blocks to come: on a rollup, the storage root of its message passer.
    pub withdrawals_root: B256,
    state: BTreeMap<Address, Arc<AccountState>>,
    open: Vec<Vec<EmittedLog>>,
    blocks: Vec<Block>,
}

impl World {
    /// A chain with an empty block 0 at the time `timestamp`.
    #[must_use]
    pub fn new(chain_id: u64, timestamp: u64) -> Self {
        let (state, open, blocks) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut world = Self { chain_id, withdrawals_root: EMPTY_ROOT_HASH, state, open, blocks };
        world.mine(timestamp);
        world
    }

    /// The account, to be changed.
    pub fn account(&mut self, address: Address) -> &mut AccountState {
        Arc::make_mut(self.state.entry(address).or_default())
    }

    /// Gives an account code.
    pub fn set_code(&mut self, address: Address, code: &[u8]) {
        let account = self.account(address);
        account.code = Bytes::copy_from_slice(code);
        account.nonce = 1;
    }

    /// Sets a slot, as silently as a contract can.
    pub fn set_slot(&mut self, address: Address, slot: B256, value: U256) {
        let storage = &mut self.account(address).storage;
        if value.is_zero() {
            storage.remove(&slot);
        } else {
            storage.insert(slot, value);
        }
    }

    /// A slot's value.
    #[must_use]
    pub fn slot(&self, address: Address, slot: B256) -> U256 {
        self.state.get(&address).and_then(|account| account.storage.get(&slot)).copied().unwrap_or_default()
    }

    /// Begins a transaction; logs go into the one begun last.
    pub fn transaction(&mut self) {
        self.open.push(Vec::new());
    }

    /// Emits a log.
    pub fn emit(&mut self, address: Address, topics: Vec<B256>, data: Vec<u8>) {
        if self.open.is_empty() {
            self.transaction();
        }
        let log = EmittedLog { address, topics, data: data.into() };
        self.open.last_mut().expect("a transaction was begun").push(log);
    }

    /// Emits an event of words: indexed ones, then the others.
    pub fn emit_words(&mut self, address: Address, signature: &str, indexed: &[B256], data: &[B256]) {
        let topics = [&[keccak256(signature)], indexed].concat();
        self.emit(address, topics, data.concat());
    }

    /// Closes a block over the open transactions, and gives its number.
    pub fn mine(&mut self, timestamp: u64) -> u64 {
        let transactions = std::mem::take(&mut self.open);
        let number = self.blocks.len() as u64;
        let parent = self.blocks.last().map_or(B256::ZERO, |block| block.hash);
        let entries =
            self.state.iter().map(|(address, account)| (keccak256(address), account.entry())).collect();
        let state_root = trie(&entries, &[]).0;
        let (header, hash) =
            node::header(number, timestamp, parent, [state_root, self.withdrawals_root], &transactions);
        let state = self.state.clone();
        self.blocks.push(Block { number, header, hash, transactions, state });
        number
    }

    /// Puts the hash of an earlier block where the next one's record of block hashes has it (EIP-2935). A real chain does
    /// so at each block for the one before; here it is done for those that a test goes by.
    pub fn record_hash(&mut self, number: u64) {
        let record = address!("0000F90827F1C53a10cb7A02335B175320002935");
        self.account(record).nonce = 1;
        self.set_slot(record, B256::from(U256::from(number % 8_191)), self.hash(number).into());
    }

    /// The number of the last block.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.blocks.len() as u64 - 1
    }

    /// Root of the accounts after a block.
    #[must_use]
    pub fn state_root(&self, number: u64) -> B256 {
        self.blocks[number as usize].header["stateRoot"].as_str().expect("a text").parse().expect("a hash")
    }

    /// Hash of a block.
    #[must_use]
    pub fn hash(&self, number: u64) -> B256 {
        self.blocks[number as usize].hash
    }
}

/// Chain reads of a registry with 500 applications, recorded once from hardhat 2.29.1
/// (`test-vectors/chain/kms500.mjs`): the document that `veritee history --save` wrote.
#[must_use]
pub fn recorded_registry() -> Vec<u8> {
    use std::io::Read as _;
    let packed: &[u8] = include_bytes!("../../../test-vectors/chain/kms500-hardhat-2.29.1.json.gz");
    let mut document = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut document).expect("the recording unpacks");
    document
}

/// RLP of a list.
pub(crate) fn rlp_list(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut out);
    out.extend_from_slice(payload);
    out
}

/// Root of a trie, and for each target the nodes that decide it.
pub(crate) fn trie(entries: &BTreeMap<B256, Vec<u8>>, targets: &[B256]) -> (B256, Vec<Vec<Bytes>>) {
    let paths: Vec<Nibbles> = targets.iter().map(|target| Nibbles::unpack(target)).collect();
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::new(paths.clone()));
    for (key, value) in entries {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    let root = builder.root();
    let nodes = builder.take_proof_nodes();
    let proofs = paths.iter().map(|path| {
        if root == EMPTY_ROOT_HASH {
            return Vec::new();
        }
        nodes.matching_nodes_sorted(path).into_iter().map(|(_, node)| node).collect()
    });
    (root, proofs.collect())
}
