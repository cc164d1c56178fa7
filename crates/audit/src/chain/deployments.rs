//! An operator's own list of deployments (`DEPLOYMENTS.md`) beside what the chain logged.
//!
//! The list is text for people, often a table: a compose hash, and a transaction that is a hash, "pending" or nothing. It
//! is read line by line, by its hashes alone. All of it is the operator's word; the logs are the chain's.

use crate::event::{Event, Set};
use crate::timeline::Timeline;
use alloy_primitives::B256;
use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

/// Lines that are looked at.
const LINES: usize = 20_000;

/// Where list and chain tell different things.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The list names a compose hash that no log ever named.
    NeverAllowed {
        /// 1-based line.
        line: usize,
        /// The hash; of a line with several hashes each that no log names.
        hash: B256,
    },
    /// The list calls a deployment pending, which the chain has since this block.
    NotPending {
        /// 1-based line.
        line: usize,
        /// The compose hash.
        hash: B256,
        /// Block of its first log.
        since: u64,
    },
    /// The list names another transaction than those that the compose hash was logged in.
    OtherTransaction {
        /// 1-based line.
        line: usize,
        /// The compose hash.
        hash: B256,
        /// The transaction that the list names.
        named: B256,
    },
    /// The chain allowed a compose hash that the list does not name.
    NotListed {
        /// The compose hash.
        hash: B256,
        /// Block of its first log.
        since: u64,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverAllowed { line, hash } => {
                write!(
                    f,
                    "line {line}: {hash} was never allowed by the contract, and is no transaction of its logs"
                )
            }
            Self::NotPending { line, hash, since } => {
                write!(f, "line {line}: {hash} is called pending, the chain has it since block {since}")
            }
            Self::OtherTransaction { line, hash, named } => {
                write!(f, "line {line}: {hash} was not allowed in transaction {named}")
            }
            Self::NotListed { hash, since } => {
                write!(f, "{hash}, allowed since block {since}, is not in the list")
            }
        }
    }
}

/// Compares. Neither order nor case of the list matters.
#[must_use]
pub fn compare(list: &str, timeline: &Timeline) -> Vec<Difference> {
    let mut added: BTreeMap<B256, (u64, BTreeSet<B256>)> = BTreeMap::new();
    let mut transactions = BTreeSet::new();
    for entry in timeline.entries() {
        transactions.insert(entry.transaction);
        if let Event::Member { set: Set::ComposeHashes, member, allowed: true } = &entry.event {
            let known = added.entry(*member).or_insert_with(|| (entry.block, BTreeSet::new()));
            known.1.insert(entry.transaction);
        }
    }
    let mut listed = BTreeSet::new();
    let mut differences = Vec::new();
    for (line, text) in (1_usize..).zip(list.lines().take(LINES)) {
        let hashes = hashes(text);
        let is_compose = |hash: &B256| added.contains_key(hash);
        let composes: Vec<B256> = hashes.iter().map(|(hash, _)| *hash).filter(is_compose).collect();
        // A digest of an image or of a file is none of the chain's: only what is written as a chain writes it counts.
        let others = hashes.iter().filter(|(hash, prefixed)| *prefixed && !is_compose(hash));
        let others: Vec<B256> = others.map(|(hash, _)| *hash).collect();
        listed.extend(composes.iter().copied());
        let pending = text.to_ascii_lowercase().contains("pending");
        for hash in &composes {
            let Some((since, own)) = added.get(hash) else { continue };
            if pending && others.is_empty() {
                differences.push(Difference::NotPending { line, hash: *hash, since: *since });
            }
            for named in others.iter().filter(|other| !own.contains(*other)) {
                differences.push(Difference::OtherTransaction { line, hash: *hash, named: *named });
            }
        }
        if composes.is_empty() && !pending {
            let unknown = others.into_iter().filter(|other| !transactions.contains(other));
            differences.extend(unknown.map(|hash| Difference::NeverAllowed { line, hash }));
        }
    }
    let unlisted = added.into_iter().filter(|(hash, _)| !listed.contains(hash));
    differences.extend(unlisted.map(|(hash, (since, _))| Difference::NotListed { hash, since }));
    differences
}

/// Words of 64 hex digits, and whether `0x` stands before them.
fn hashes(text: &str) -> Vec<(B256, bool)> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric());
    let digits = words.map(|word| word.strip_prefix("0x").map_or((word, false), |digits| (digits, true)));
    let whole = digits.filter(|(word, _)| word.len() == 64);
    whole.filter_map(|(word, prefixed)| Some((word.parse().ok()?, prefixed))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Log;
    use crate::timeline::Timeline;
    use alloy_primitives::{Address, Bytes, keccak256};

    fn added(block: u64, hash: B256) -> Log {
        Log {
            address: Address::ZERO,
            topics: vec![keccak256("ComposeHashAdded(bytes32)")],
            data: Bytes::copy_from_slice(hash.as_slice()),
            block_number: block,
            block_hash: B256::ZERO,
            transaction_hash: transaction(block),
            transaction_index: 0,
            log_index: 0,
        }
    }

    fn transaction(block: u64) -> B256 {
        keccak256(block.to_be_bytes())
    }

    fn word(seed: u8) -> B256 {
        B256::repeat_byte(seed)
    }

    #[test]
    fn a_list_that_tells_what_the_chain_tells_has_no_difference() {
        let timeline = Timeline::of(Address::ZERO, &[added(5, word(1)), added(9, word(2))]);
        let list = format!(
            "# Deployments\n| compose | tx | commit |\n| {} | {} | abc |\n| {:x} | | def |\n| 0x{} | pending | |\nsha256:{} of the image\n",
            word(1),
            transaction(5),
            word(2),
            "77".repeat(32),
            "88".repeat(32)
        );
        assert_eq!(compare(&list, &timeline), []);
    }

    #[test]
    fn each_difference_is_named_with_its_line() {
        let timeline =
            Timeline::of(Address::ZERO, &[added(5, word(1)), added(9, word(2)), added(11, word(3))]);
        let list = format!("{} pending\n{} {}\n{}\n", word(1), word(2), transaction(5), word(9));
        assert_eq!(
            compare(&list, &timeline),
            [
                Difference::NotPending { line: 1, hash: word(1), since: 5 },
                Difference::OtherTransaction { line: 2, hash: word(2), named: transaction(5) },
                Difference::NeverAllowed { line: 3, hash: word(9) },
                Difference::NotListed { hash: word(3), since: 11 },
            ]
        );
    }
}
