//! What app and KMS contracts have in common: a proxy, its implementation, and how far their storage is explained.

use crate::code::{self, CodeKind};
use crate::layout;
use crate::proof::ProvenAccount;
use crate::storage;
use alloy_primitives::{Address, B256, Bytes, keccak256};
use core::fmt;

/// Whether all of a contract's storage is known, and if not, on whose word the rest stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Completeness {
    /// The storage rebuilt from explained slots has the proven root: these members, and no other.
    CompleteNow,
    /// So many independent endpoints gave the same logs.
    EndpointsAgree(usize),
    /// One endpoint's word.
    SingleEndpoint,
}

impl fmt::Display for Completeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CompleteNow => f.write_str("complete-now"),
            Self::EndpointsAgree(endpoints) => write!(f, "endpoints-agree({endpoints})"),
            Self::SingleEndpoint => f.write_str("single-endpoint"),
        }
    }
}

/// A value of a contract, and whether it could be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Shown<T> {
    /// From the proven storage.
    Proven(T),
    /// This generation has no such value: neither false nor unknown.
    NotInThisVersion,
    /// Not shown.
    NotShown,
}

impl<T> Shown<T> {
    /// The proven value.
    #[must_use]
    pub const fn proven(&self) -> Option<&T> {
        match self {
            Self::Proven(value) => Some(value),
            Self::NotInThisVersion | Self::NotShown => None,
        }
    }
}

impl<T: fmt::Display> fmt::Display for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proven(value) => value.fmt(f),
            Self::NotInThisVersion => f.write_str("not in this version"),
            Self::NotShown => f.write_str("not shown"),
        }
    }
}

/// Why a contract is not one of the known generations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NotRecognised {
    /// There is no account at the address.
    Absent,
    /// The account has no code: it belongs to a key.
    NoCode,
    /// The account belongs to a key and borrows code (EIP-7702).
    Delegation {
        /// Whose code.
        to: Address,
    },
    /// Not a proxy of ERC-1967: no implementation in its slot.
    NoImplementation,
    /// A transparent or beacon proxy: somebody else than the owner can change its code.
    ForeignProxy,
    /// The implementation's code has none of the contract's functions.
    Code,
    /// The logs do not explain the storage under any known layout, and the code is not on the list of known ones.
    Storage,
}

impl fmt::Display for NotRecognised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("there is no account at this address"),
            Self::NoCode => f.write_str("the account has no code: it belongs to a key"),
            Self::Delegation { to } => {
                write!(
                    f,
                    "the account belongs to a key and borrows the code of {to}: it can change at any time, without a log"
                )
            }
            Self::NoImplementation => f.write_str("it is no proxy of ERC-1967"),
            Self::ForeignProxy => f.write_str("it is a proxy with an administrator of its own"),
            Self::Code => f.write_str("its code has not the functions of a known generation"),
            Self::Storage => f.write_str("its logs do not explain its storage under any known layout"),
        }
    }
}

/// How a generation was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RecognisedBy {
    /// The storage rebuilt under its layout has the proven root.
    StorageRoot,
    /// The implementation's masked code is on the caller's list.
    Code,
}

/// An account with its code, both proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coded {
    proof: ProvenAccount,
    code: Bytes,
}

/// Code that is not the account's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeHashError {
    /// Whose.
    pub address: Address,
    /// The proven hash.
    pub expected: B256,
    /// Of the code given.
    pub got: B256,
}

impl fmt::Display for CodeHashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, expected, got } = self;
        write!(f, "code of {address}: expected the hash {expected}, got {got}")
    }
}

impl core::error::Error for CodeHashError {}

impl Coded {
    /// Ties code to an account.
    ///
    /// # Errors
    /// When its hash is not the proven one.
    pub fn new(proof: ProvenAccount, code: Bytes) -> Result<Self, CodeHashError> {
        let (expected, got) = (proof.code_hash(), keccak256(&code));
        if expected == got {
            Ok(Self { proof, code })
        } else {
            Err(CodeHashError { address: proof.address(), expected, got })
        }
    }

    /// The account.
    #[must_use]
    pub const fn proof(&self) -> &ProvenAccount {
        &self.proof
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> &Bytes {
        &self.code
    }

    /// What kind of account it is.
    #[must_use]
    pub fn kind(&self) -> CodeKind {
        code::kind(&self.code)
    }

    /// The hash by which builds compare.
    #[must_use]
    pub fn masked_hash(&self) -> B256 {
        code::masked_hash(&self.code, self.proof.address())
    }

    /// Whether the code answers to a selector.
    #[must_use]
    pub fn answers(&self, selector: [u8; 4]) -> bool {
        code::has_selector(&self.code, selector)
    }
}

/// A contract's account, its code, and where its implementation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// The proxy itself.
    pub account: Coded,
    /// What runs.
    pub implementation: Coded,
}

/// The implementation's address in a proven account, if it is a proxy that only its own code can change.
///
/// # Errors
/// Why it is none. The caller has to have asked for the slots of ERC-1967.
pub fn implementation_of(account: &Coded) -> Result<Address, NotRecognised> {
    if account.proof().account().is_none() {
        return Err(NotRecognised::Absent);
    }
    match account.kind() {
        CodeKind::None => return Err(NotRecognised::NoCode),
        CodeKind::Delegation(to) => return Err(NotRecognised::Delegation { to }),
        CodeKind::Contract => {}
    }
    let admin = account.proof().slot(layout::PROXY_ADMIN).ok_or(NotRecognised::NoImplementation)?;
    if !admin.is_zero() {
        return Err(NotRecognised::ForeignProxy);
    }
    let word = account.proof().slot(layout::IMPLEMENTATION).ok_or(NotRecognised::NoImplementation)?;
    match storage::as_address(word) {
        Some(address) if !address.is_zero() => Ok(address),
        _ => Err(NotRecognised::NoImplementation),
    }
}

/// Slots that every contract is asked for.
#[must_use]
pub fn common_slots() -> Vec<B256> {
    vec![
        layout::IMPLEMENTATION,
        layout::PROXY_ADMIN,
        layout::OWNER,
        layout::PENDING_OWNER,
        layout::INITIALIZABLE,
    ]
}
