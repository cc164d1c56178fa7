//! What was proven, by the exact bytes it was proven from, within a fixed number of bytes.

use crate::quote::{Quote, Tee};
use core::hash::BuildHasher as _;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::sync::{Arc, PoisonError, RwLock};

/// What an entry costs beside its bytes: the value, two pointers, its share of the table.
const ENTRY_OVERHEAD: usize = 768;
/// A chain's first certificate stands in its first bytes; what follows is the same for every host.
const HASHED_BYTES: usize = 2048;

/// Where to look; the bytes themselves are compared after.
pub(super) type Fingerprint = u64;

/// A map in two generations: when the young one has filled its half of the budget it becomes the old one, and what
/// was old and not asked for since is dropped.
#[derive(Debug)]
pub(super) struct Memo<V> {
    limit: usize,
    hasher: RandomState,
    generations: RwLock<Generations<V>>,
}

#[derive(Debug)]
struct Generations<V> {
    young: HashMap<(Tee, Fingerprint), Entry<V>>,
    old: HashMap<(Tee, Fingerprint), Entry<V>>,
    young_bytes: usize,
    old_bytes: usize,
}

#[derive(Debug)]
struct Entry<V> {
    bytes: Arc<[u8]>,
    value: Arc<V>,
}

impl<V> Entry<V> {
    fn cost(&self) -> usize {
        self.bytes.len().saturating_add(ENTRY_OVERHEAD)
    }
}

/// The first bytes of the PCK's signature over the enclave's report. Only what was proven is remembered, so two
/// that are alike cost one of them its place, and nothing else.
pub(super) fn fingerprint_of_enclave(quote: &Quote) -> Fingerprint {
    quote.qe_report_signature().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

impl<V> Memo<V> {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            hasher: RandomState::new(),
            generations: RwLock::new(Generations {
                young: HashMap::new(),
                old: HashMap::new(),
                young_bytes: 0,
                old_bytes: 0,
            }),
        }
    }

    pub(super) fn fingerprint(&self, bytes: &[u8]) -> Fingerprint {
        self.hasher.hash_one(bytes.get(..HASHED_BYTES).unwrap_or(bytes))
    }

    pub(super) fn get(&self, tee: Tee, fingerprint: Fingerprint, bytes: &[u8]) -> Option<Arc<V>> {
        let key = (tee, fingerprint);
        let found = {
            let generations = self.generations.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(entry) = generations.young.get(&key).filter(|entry| *entry.bytes == *bytes) {
                return Some(Arc::clone(&entry.value));
            }
            let entry = generations.old.get(&key).filter(|entry| *entry.bytes == *bytes)?;
            Entry { bytes: Arc::clone(&entry.bytes), value: Arc::clone(&entry.value) }
        };
        let value = Arc::clone(&found.value);
        self.insert(key, found);
        Some(value)
    }

    pub(super) fn put(&self, tee: Tee, fingerprint: Fingerprint, bytes: &[u8], value: V) {
        if bytes.len().saturating_add(ENTRY_OVERHEAD) <= self.limit / 2 {
            self.insert((tee, fingerprint), Entry { bytes: Arc::from(bytes), value: Arc::new(value) });
        }
    }

    fn insert(&self, key: (Tee, Fingerprint), entry: Entry<V>) {
        let mut generations = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        let cost = entry.cost();
        if generations.young_bytes.saturating_add(cost) > self.limit / 2 {
            let young = core::mem::take(&mut generations.young);
            generations.old = young;
            generations.old_bytes = generations.young_bytes;
            generations.young_bytes = 0;
        }
        if let Some(replaced) = generations.young.insert(key, entry) {
            generations.young_bytes = generations.young_bytes.saturating_sub(replaced.cost());
        }
        generations.young_bytes = generations.young_bytes.saturating_add(cost);
    }

    pub(super) fn clear(&mut self) {
        let limit = self.limit;
        *self = Self::new(limit);
    }

    pub(super) fn bytes(&self) -> usize {
        let generations = self.generations.read().unwrap_or_else(PoisonError::into_inner);
        generations.young_bytes.saturating_add(generations.old_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_differ_are_not_found_under_the_same_fingerprint() {
        let memo = Memo::new(1 << 20);
        memo.put(Tee::Tdx, 7, b"proven", 1);
        assert_eq!(memo.get(Tee::Tdx, 7, b"proven").as_deref(), Some(&1));
        assert_eq!(memo.get(Tee::Tdx, 7, b"forged"), None);
        assert_eq!(memo.get(Tee::Sgx, 7, b"proven"), None);
        assert_eq!(memo.get(Tee::Tdx, 8, b"proven"), None);
    }

    #[test]
    fn memory_stays_within_its_limit_and_what_is_asked_for_stays() {
        let limit = 64 * 1024;
        let memo = Memo::new(limit);
        memo.put(Tee::Tdx, 0, &[0; 100], 0_u64);
        for number in 1..10_000_u64 {
            memo.put(Tee::Tdx, number, &[1; 100], number);
            assert!(memo.bytes() <= limit, "{}", memo.bytes());
            assert_eq!(memo.get(Tee::Tdx, 0, &[0; 100]).as_deref(), Some(&0), "after {number}");
        }
        assert_eq!(memo.get(Tee::Tdx, 1, &[1; 100]), None);
    }

    #[test]
    fn nothing_is_remembered_without_memory() {
        let memo = Memo::new(0);
        memo.put(Tee::Tdx, 1, b"x", 1);
        assert_eq!(memo.get(Tee::Tdx, 1, b"x"), None);
        assert_eq!(memo.bytes(), 0);
    }
}
