//! Which slots of a contract's storage are explained, and whether they are all there are.
//!
//! Source: Solidity, "Layout of State Variables in Storage". A storage trie rebuilt from the explained slots that has
//! the proven root is the whole storage: nothing else is set. No other reading of logs gives that.

use crate::layout;
use crate::proof;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use std::collections::BTreeMap;

/// Slots and their values, each explained by a log, a getter or a proof. Values of zero are no entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explained {
    slots: BTreeMap<B256, U256>,
}

impl Explained {
    /// Sets a slot.
    pub fn set(&mut self, slot: B256, value: U256) {
        if value.is_zero() {
            self.slots.remove(&slot);
        } else {
            self.slots.insert(slot, value);
        }
    }

    /// Sets an address.
    pub fn address(&mut self, slot: B256, value: Address) {
        self.set(slot, U256::from_be_bytes(value.into_word().0));
    }

    /// Sets the members of a `mapping(bytes32 => bool)` in slot `number`.
    pub fn members<'k>(&mut self, number: u64, members: impl IntoIterator<Item = &'k B256>) {
        for member in members {
            self.set(layout::mapping(*member, number), U256::ONE);
        }
    }

    /// Sets a `bytes` or `string` in slot `number`: in place up to 31 bytes, elsewhere beyond.
    pub fn bytes(&mut self, number: u64, value: &Bytes) {
        let slot = layout::slot(number);
        if value.len() <= 31 {
            let mut word = [0_u8; 32];
            word.iter_mut().zip(value.iter()).for_each(|(to, from)| *to = *from);
            let length = U256::from(value.len()).saturating_mul(U256::from(2));
            self.set(slot, U256::from_be_bytes(word) | length);
            return;
        }
        self.set(slot, U256::from(value.len()).saturating_mul(U256::from(2)).saturating_add(U256::ONE));
        let mut place = U256::from_be_bytes(keccak256(slot).0);
        for chunk in value.chunks(32) {
            let mut word = [0_u8; 32];
            word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            self.set(B256::from(place), U256::from_be_bytes(word));
            place = place.wrapping_add(U256::ONE);
        }
    }

    /// Slots that are not zero.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether no slot is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The storage root if these are all slots.
    #[must_use]
    pub fn root(&self) -> B256 {
        proof::storage_root(&self.slots)
    }

    /// The slots.
    #[must_use]
    pub const fn slots(&self) -> &BTreeMap<B256, U256> {
        &self.slots
    }
}

/// The address in a word; `None` where the word has more than an address.
#[must_use]
pub fn as_address(value: U256) -> Option<Address> {
    let word = B256::from(value);
    let (high, low) = word.as_slice().split_at_checked(12)?;
    if high.iter().any(|byte| *byte != 0) {
        return None;
    }
    Address::try_from(low).ok()
}

/// The number in a word, where it fits 64 bits.
#[must_use]
pub fn as_u64(value: U256) -> Option<u64> {
    u64::try_from(value).ok()
}

/// The two flags that share a word: `_upgradesDisabled` (byte 0) and `allowAnyDevice` (byte 1). `None` where any other
/// bit is set: then the word is not these flags.
#[must_use]
pub fn as_flags(value: U256) -> Option<(bool, bool)> {
    match as_u64(value)? {
        0 => Some((false, false)),
        0x1 => Some((true, false)),
        0x100 => Some((false, true)),
        0x101 => Some((true, true)),
        _ => None,
    }
}

/// A flag with a word of its own. `None` for other values than 0 and 1.
#[must_use]
pub fn as_flag(value: U256) -> Option<bool> {
    match as_u64(value)? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// The word of a flag pair.
#[must_use]
pub fn flags(upgrades_disabled: bool, allow_any_device: bool) -> U256 {
    U256::from(u64::from(upgrades_disabled) | (u64::from(allow_any_device) << 8))
}
