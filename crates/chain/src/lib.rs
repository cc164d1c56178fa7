//! What an Ethereum chain proves about who may change a dstack application. Pure: bytes in, values out.
//!
//! ```text
//! answers of endpoints (untrusted bytes)
//!   header     the fields hash to the block's hash                          -> Header
//!   proofs     nodes from the state root to an account and its slots        -> ProvenAccount
//!   receipts   all of a block's receipts have the header's root             -> logs of that block
//!   logs       one contract's events in the chain's order                   -> Timeline
//!   contract   the slots that events and words explain have the storage root -> App, Kms: complete-now
//! ```
//!
//! The last line is what no number of endpoints gives: a storage trie rebuilt from the explained slots that has the
//! proven root holds these members and no other, and an endpoint that hides one log is caught. Nothing here is proven
//! beyond the header that it is proven against; how that header is known is the caller's to say
//! ([`Anchor`](survey::Anchor)), or follows from a block of the chain that it settles on ([`l1`]).
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used
    )
)]

mod abi;
pub mod app;
pub mod builds;
pub mod code;
pub mod contract;
pub mod event;
pub mod header;
pub mod history;
pub mod kms;
pub mod l1;
pub mod layout;
pub mod log;
pub mod owner;
pub mod proof;
pub mod receipt;
pub mod rpc;
pub mod storage;
pub mod survey;
pub mod timeline;
pub mod trie;
pub mod wire;

pub use abi::AbiError;
pub use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
