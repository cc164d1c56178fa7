//! What was answered once, kept within a fixed number of bytes: one kind of memory for whatever repeats.
//!
//! A memory never decides. It gives back what was put there for the very same question, and whoever asks says what the
//! very same is: by equality of exact bytes and of everything else that the answer was made from. The fingerprint only
//! tells where to look. What is hostile can make it collide, and then one answer takes the place of another: that costs
//! work, and changes no answer.

use core::hash::BuildHasher as _;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::sync::{Arc, PoisonError, RwLock};

/// What an entry takes beside what its owner counts: two pointers and counts, its share of the table.
const ENTRY_OVERHEAD: usize = 128;

/// Where to look for an answer. Of one memory: another one counts differently.
pub type Fingerprint = u64;

/// Answers in two generations: when the young one has filled its half of the bytes it becomes the old one, and what was
/// old and not asked for since is dropped.
///
/// `Send` and `Sync` where the answers are; asking and putting take `&self`.
#[derive(Debug)]
pub struct Memory<T> {
    limit: usize,
    hasher: RandomState,
    generations: RwLock<Generations<T>>,
}

#[derive(Debug)]
struct Generations<T> {
    young: HashMap<Fingerprint, Entry<T>>,
    old: HashMap<Fingerprint, Entry<T>>,
    young_bytes: usize,
    old_bytes: usize,
}

#[derive(Debug)]
struct Entry<T> {
    answer: Arc<T>,
    cost: usize,
}

impl<T> Memory<T> {
    /// A memory that keeps at most this many bytes, by the costs that its owner counts; 0 remembers nothing.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let generations =
            Generations { young: HashMap::new(), old: HashMap::new(), young_bytes: 0, old_bytes: 0 };
        Self { limit, hasher: RandomState::new(), generations: RwLock::new(generations) }
    }

    /// How many bytes it keeps at most.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// Where the answer about these parts would be. Lengths count, so that no two lists of parts run into one another.
    #[must_use]
    pub fn fingerprint(&self, parts: &[&[u8]]) -> Fingerprint {
        let mut state = self.hasher.hash_one(parts.len());
        for part in parts {
            state = mixed(state, u64::try_from(part.len()).unwrap_or(u64::MAX));
            let (words, rest) = part.as_chunks::<8>();
            for word in words {
                state = mixed(state, u64::from_le_bytes(*word));
            }
            let mut last = [0; 8];
            for (to, from) in last.iter_mut().zip(rest) {
                *to = *from;
            }
            state = mixed(state, u64::from_le_bytes(last));
        }
        self.hasher.hash_one(state)
    }

    /// The answer that was put there, where it is the one to the very same question.
    pub fn get(&self, fingerprint: Fingerprint, is_same: impl Fn(&T) -> bool) -> Option<Arc<T>> {
        let (answer, cost) = {
            let generations = self.generations.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(entry) = generations.young.get(&fingerprint) {
                return is_same(&entry.answer).then(|| Arc::clone(&entry.answer));
            }
            let entry = generations.old.get(&fingerprint).filter(|entry| is_same(&entry.answer))?;
            (Arc::clone(&entry.answer), entry.cost)
        };
        self.insert(fingerprint, Entry { answer: Arc::clone(&answer), cost });
        Some(answer)
    }

    /// Keeps an answer, which takes so many bytes with the question that it is compared by. One that would take more than
    /// half of a generation is not kept.
    pub fn put(&self, fingerprint: Fingerprint, answer: Arc<T>, cost: usize) {
        let cost = cost.saturating_add(ENTRY_OVERHEAD);
        if cost <= self.limit / 4 {
            self.insert(fingerprint, Entry { answer, cost });
        }
    }

    fn insert(&self, fingerprint: Fingerprint, entry: Entry<T>) {
        let cost = entry.cost;
        let mut generations = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        let mut dropped = HashMap::new();
        if generations.young_bytes.saturating_add(cost) > self.limit / 2 {
            let young = core::mem::take(&mut generations.young);
            dropped = core::mem::replace(&mut generations.old, young);
            generations.old_bytes = generations.young_bytes;
            generations.young_bytes = 0;
        }
        let replaced = generations.young.insert(fingerprint, entry);
        let freed = replaced.as_ref().map_or(0, |entry| entry.cost);
        generations.young_bytes = generations.young_bytes.saturating_sub(freed).saturating_add(cost);
        drop(generations);
        // What falls out is taken down while nobody waits.
        drop((dropped, replaced));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::new(self.limit);
    }

    /// Bytes that are kept, by the costs that its owner counted.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let generations = self.generations.read().unwrap_or_else(PoisonError::into_inner);
        generations.young_bytes.saturating_add(generations.old_bytes)
    }
}

/// One step over one word. Not for anything that an attacker must not steer.
const fn mixed(state: u64, word: u64) -> u64 {
    (state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(memory: &Memory<(Vec<u8>, u64)>, fingerprint: Fingerprint, bytes: &[u8], answer: u64) {
        memory.put(fingerprint, Arc::new((bytes.to_vec(), answer)), bytes.len());
    }

    fn get(memory: &Memory<(Vec<u8>, u64)>, fingerprint: Fingerprint, bytes: &[u8]) -> Option<u64> {
        memory.get(fingerprint, |(known, _)| known == bytes).map(|found| found.1)
    }

    #[test]
    fn another_question_is_not_answered_under_the_same_fingerprint() {
        let memory = Memory::new(1 << 20);
        put(&memory, 7, b"proven", 1);
        assert_eq!(get(&memory, 7, b"proven"), Some(1));
        assert_eq!(get(&memory, 7, b"forged"), None);
        assert_eq!(get(&memory, 8, b"proven"), None);
    }

    #[test]
    fn memory_stays_within_its_limit_and_what_is_asked_for_stays() {
        let limit = 64 * 1024;
        let memory = Memory::new(limit);
        put(&memory, 0, &[0; 100], 0);
        for number in 1..10_000_u64 {
            put(&memory, number, &[1; 100], number);
            assert!(memory.bytes() <= limit, "{}", memory.bytes());
            assert_eq!(get(&memory, 0, &[0; 100]), Some(0), "after {number}");
        }
        assert_eq!(get(&memory, 1, &[1; 100]), None);
    }

    #[test]
    fn nothing_is_kept_without_memory_and_nothing_that_would_crowd_the_rest_out() {
        let memory = Memory::new(0);
        put(&memory, 1, b"x", 1);
        assert_eq!(get(&memory, 1, b"x"), None);
        assert_eq!(memory.bytes(), 0);
        let memory = Memory::new(4096);
        put(&memory, 1, &[0; 1024], 1);
        assert_eq!(get(&memory, 1, &[0; 1024]), None);
    }

    #[test]
    fn every_byte_length_and_border_of_the_parts_counts() {
        let memory: Memory<()> = Memory::new(0);
        let one = |parts: &[&[u8]]| memory.fingerprint(parts);
        let base = one(&[b"0123456789", b"abc"]);
        assert_eq!(base, one(&[b"0123456789", b"abc"]));
        for other in [
            &[&b"0123456788"[..], b"abc"][..],
            &[b"1123456789", b"abc"],
            &[b"012345678", b"9abc"],
            &[b"0123456789abc"],
            &[b"0123456789", b"abc\0"],
        ] {
            assert_ne!(base, one(other), "{other:?}");
        }
    }
}
