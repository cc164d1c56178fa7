//! An operator's own list of deployments (`DEPLOYMENTS.md`) beside what the chain logged.
//!
//! The list is text for people, often a table: a compose hash, and a transaction that is a hash, "pending" or nothing. It
//! is read line by line, by its hashes alone. All of it is the operator's word; the logs are the chain's.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

/// A compose hash that the contract's logs allow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Added {
    /// The hash, 64 hex digits.
    pub hash: String,
    /// The block.
    pub block: u64,
    /// The transaction, 64 hex digits.
    pub transaction: String,
}

/// What the logs of the application's contract say, in the chain's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logged {
    /// Compose hashes that were ever allowed.
    pub added: Vec<Added>,
    /// Transactions of all its logs, 64 hex digits each.
    pub transactions: BTreeSet<String>,
}

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
        hash: String,
    },
    /// The list calls a deployment pending, which the chain has since this block.
    NotPending {
        /// 1-based line.
        line: usize,
        /// The compose hash.
        hash: String,
        /// Block of its first log.
        since: u64,
    },
    /// The list names another transaction than those that the compose hash was logged in.
    OtherTransaction {
        /// 1-based line.
        line: usize,
        /// The compose hash.
        hash: String,
        /// The transaction that the list names.
        named: String,
    },
    /// The chain allowed a compose hash that the list does not name.
    NotListed {
        /// The compose hash.
        hash: String,
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
                    "line {line}: 0x{hash} was never allowed by the contract, and is no transaction of its logs"
                )
            }
            Self::NotPending { line, hash, since } => {
                write!(f, "line {line}: 0x{hash} is called pending, the chain has it since block {since}")
            }
            Self::OtherTransaction { line, hash, named } => {
                write!(f, "line {line}: 0x{hash} was not allowed in transaction 0x{named}")
            }
            Self::NotListed { hash, since } => {
                write!(f, "0x{hash}, allowed since block {since}, is not in the list")
            }
        }
    }
}

/// Compares one list. Neither order nor case of the list matters.
#[must_use]
pub fn compare(list: &str, logged: &Logged) -> Vec<Difference> {
    let mut ledger = Ledger::new(logged);
    let mut differences = ledger.hold(list);
    differences.extend(ledger.left_out());
    differences
}

/// What the chain logged, with what lists have named of it so far.
#[derive(Debug)]
pub struct Ledger<'a> {
    /// Compose hash, block of its first log, and its transactions.
    added: BTreeMap<&'a str, (u64, BTreeSet<&'a str>)>,
    transactions: &'a BTreeSet<String>,
    listed: BTreeSet<String>,
}

impl<'a> Ledger<'a> {
    /// Nothing is listed yet.
    #[must_use]
    pub fn new(logged: &'a Logged) -> Self {
        let mut added: BTreeMap<&str, (u64, BTreeSet<&str>)> = BTreeMap::new();
        for entry in &logged.added {
            let known = added.entry(&entry.hash).or_insert_with(|| (entry.block, BTreeSet::new()));
            known.1.insert(&entry.transaction);
        }
        Self { added, transactions: &logged.transactions, listed: BTreeSet::new() }
    }

    /// Holds a list against it, line by line.
    pub fn hold(&mut self, list: &str) -> Vec<Difference> {
        let mut differences = Vec::new();
        for (line, text) in (1_usize..).zip(list.lines().take(LINES)) {
            let hashes = hashes(text);
            let is_compose = |hash: &String| self.added.contains_key(hash.as_str());
            let (composes, others): (Vec<_>, Vec<_>) =
                hashes.into_iter().partition(|(hash, _)| is_compose(hash));
            // A digest of an image or of a file is none of the chain's: only what is written as a chain writes it counts.
            let others: Vec<String> =
                others.into_iter().filter(|(_, prefixed)| *prefixed).map(|(hash, _)| hash).collect();
            let pending = text.to_ascii_lowercase().contains("pending");
            for (hash, _) in &composes {
                let Some((since, own)) = self.added.get(hash.as_str()) else { continue };
                if pending && others.is_empty() {
                    differences.push(Difference::NotPending { line, hash: hash.clone(), since: *since });
                }
                for named in others.iter().filter(|other| !own.contains(other.as_str())) {
                    let (hash, named) = (hash.clone(), named.clone());
                    differences.push(Difference::OtherTransaction { line, hash, named });
                }
            }
            if composes.is_empty() && !pending {
                let unknown = others.into_iter().filter(|other| !self.transactions.contains(other));
                differences.extend(unknown.map(|hash| Difference::NeverAllowed { line, hash }));
            }
            self.listed.extend(composes.into_iter().map(|(hash, _)| hash));
        }
        differences
    }

    /// What no list has named.
    #[must_use]
    pub fn left_out(&self) -> Vec<Difference> {
        let unlisted = self.added.iter().filter(|(hash, _)| !self.listed.contains(**hash));
        unlisted
            .map(|(hash, (since, _))| Difference::NotListed { hash: (*hash).to_owned(), since: *since })
            .collect()
    }
}

/// Words of 64 hex digits in lower case, and whether `0x` stands before them.
fn hashes(text: &str) -> Vec<(String, bool)> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric());
    let digits = words.map(|word| word.strip_prefix("0x").map_or((word, false), |digits| (digits, true)));
    let whole =
        digits.filter(|(word, _)| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()));
    whole.map(|(word, prefixed)| (word.to_ascii_lowercase(), prefixed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(entries: &[(u64, u8)]) -> Logged {
        let added: Vec<Added> = entries
            .iter()
            .map(|(block, seed)| Added { hash: word(*seed), block: *block, transaction: transaction(*block) })
            .collect();
        let transactions = added.iter().map(|entry| entry.transaction.clone()).collect();
        Logged { added, transactions }
    }

    fn transaction(block: u64) -> String {
        format!("{block:064x}")
    }

    fn word(seed: u8) -> String {
        format!("{seed:02x}").repeat(32)
    }

    #[test]
    fn a_list_that_tells_what_the_chain_tells_has_no_difference() {
        let logged = logged(&[(5, 1), (9, 2), (11, 0xab)]);
        let list = format!(
            "# Deployments\n| compose | tx | commit |\n| 0x{} | 0x{} | abc |\n| {} | | def |\n| 0x{} | pending | |\n| {} | |\nsha256:{} of the image\n",
            word(1),
            transaction(5),
            word(2),
            "77".repeat(32),
            word(0xab).to_uppercase(),
            "88".repeat(32)
        );
        assert_eq!(compare(&list, &logged), []);
    }

    #[test]
    fn each_difference_is_named_with_its_line() {
        let logged = logged(&[(5, 1), (9, 2), (11, 3)]);
        let list = format!("{} pending\n{} 0x{}\n0x{}\n", word(1), word(2), transaction(5), word(9));
        assert_eq!(
            compare(&list, &logged),
            [
                Difference::NotPending { line: 1, hash: word(1), since: 5 },
                Difference::OtherTransaction { line: 2, hash: word(2), named: transaction(5) },
                Difference::NeverAllowed { line: 3, hash: word(9) },
                Difference::NotListed { hash: word(3), since: 11 },
            ]
        );
    }
}
