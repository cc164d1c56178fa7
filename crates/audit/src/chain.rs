//! What a chain proves of the application, as far as rules ask about it. Made by whoever verified the proofs.

pub mod deployments;

use deployments::Logged;

/// What was read of a chain, at one block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChainFacts {
    /// The block, and how it is known, in words.
    pub block: String,
    /// Hosts that say the same. With one of them, and without the block's hash, nothing is proven.
    pub endpoints: usize,
    /// The caller of the verdict gave the block's hash, or the chain that it settles on holds the block for final.
    pub by_hash: bool,
    /// The chain's name, where nothing of value stands on it.
    pub test_network: Option<String>,
    /// What the contracts say; `None` unless the block is known and the registry is the one that the KMS obeys.
    pub contracts: Option<Contracts>,
}

/// The contracts that govern the application, proven.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contracts {
    /// Address of the registry.
    pub registry: String,
    /// Who can change the registry and its code.
    pub registry_owner: Owner,
    /// The code that runs for the registry.
    pub registry_code: Code,
    /// The registry takes every gateway.
    pub any_gateway: bool,
    /// The application's own contract; `None` where the registry does not serve it, or there is none.
    pub app: Option<AppContract>,
}

/// The application's contract, explained to the last slot of its storage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppContract {
    /// Its address.
    pub address: String,
    /// The measured compose hash is allowed.
    pub allows_this: bool,
    /// Other compose hashes that are allowed.
    pub others: Vec<String>,
    /// Who can change it.
    pub owner: Owner,
    /// Who can take ownership, where somebody can.
    pub pending_owner: Option<String>,
    /// The code that runs for it.
    pub code: Code,
    /// Its code can never be replaced.
    pub code_fixed: bool,
    /// Any machine may run it.
    pub any_device: bool,
    /// Only machines with an up-to-date TCB may; `false` too where the contract has no such rule.
    pub tcb_up_to_date: bool,
    /// What its logs say.
    pub logged: Logged,
}

/// Code of a contract.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Code {
    /// Hash without the compiler's metadata and with its own address as zeros.
    pub hash: String,
    /// The released source that builds to it, where that is known.
    pub source: Option<String>,
}

/// Who can change a contract.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owner {
    /// In words.
    pub words: String,
    /// How quickly.
    pub power: Power,
}

/// How quickly an owner changes a contract.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Power {
    /// Not read, or code of which nothing is known.
    #[default]
    Unknown,
    /// One key, at once.
    OneKey,
    /// Several keys together, at once.
    Several,
    /// Announced so many seconds before.
    After(u64),
    /// Nobody.
    Nobody,
}
