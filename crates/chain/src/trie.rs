//! Merkle-Patricia tries: a proof walked node by node, and a root built from all of its entries.
//!
//! Source: yellow paper, appendix D. Tries here are "secure": keys are keccak-256 hashes, so all have 64 nibbles and
//! no branch carries a value. A proof is accepted only whole: every node hashes to what its parent says, the last one
//! decides, and none comes after it. Absence is a decision like presence, never the lack of an answer.

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_rlp::Encodable;
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, Nibbles};
use core::fmt;
use std::collections::BTreeMap;

/// Root of a trie without entries.
pub const EMPTY_ROOT: B256 = EMPTY_ROOT_HASH;

/// Nibbles of a hashed key.
const KEY_NIBBLES: usize = 64;
/// A branch of 16 hashes has 532 bytes; a leaf with an account about 150.
const NODE_BYTES: usize = 1024;

/// Why a list of nodes proves nothing. The nodes are the attacker's; `index` counts them from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// A node does not hash to what its parent (or the root) says.
    Hash {
        /// Which node.
        index: usize,
        /// What its parent says.
        expected: B256,
        /// What it hashes to.
        got: B256,
    },
    /// The list ends before the key is decided.
    Short {
        /// Nodes given.
        nodes: usize,
        /// Hash of the one that is missing.
        wanted: B256,
    },
    /// Nodes follow the one that decides.
    Extra {
        /// Nodes given.
        nodes: usize,
        /// Nodes used.
        used: usize,
    },
    /// A node is no canonical RLP, or no node of such a trie.
    Structure {
        /// Which node.
        index: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hash { index, expected, got } => {
                write!(f, "proof node {index}: expected a node that hashes to {expected}, got {got}")
            }
            Self::Short { nodes, wanted } => {
                write!(f, "the proof ends after {nodes} nodes; {wanted} is missing")
            }
            Self::Extra { nodes, used } => {
                write!(f, "{used} of {nodes} proof nodes decide; the rest belongs elsewhere")
            }
            Self::Structure { index, problem } => write!(f, "proof node {index}: {problem}"),
        }
    }
}

impl core::error::Error for ProofError {}

/// The value under `key` (already hashed) in the trie with `root`, or `None` where the trie has no such key.
///
/// # Errors
/// When the nodes do not decide it, or are not exactly those that do.
pub fn prove(root: B256, key: B256, nodes: &[Bytes]) -> Result<Option<Vec<u8>>, ProofError> {
    if root == EMPTY_ROOT {
        return match nodes {
            [] => Ok(None),
            [node] if node.as_ref() == [alloy_rlp::EMPTY_STRING_CODE] => Ok(None),
            _ => Err(ProofError::Extra { nodes: nodes.len(), used: 0 }),
        };
    }
    let path = nibbles(key.as_slice());
    let mut walk = Walk { nodes, used: 0 };
    let mut rest: &[u8] = &path;
    let mut next = Reference::Hash(root);
    loop {
        let (index, node) = walk.node(&next)?;
        match step(index, &node, rest)? {
            Step::Down(deeper, reference) => {
                rest = deeper;
                next = reference;
            }
            Step::Decided(value) => return walk.end(value),
        }
    }
}

/// Where a node points to.
enum Reference {
    Hash(B256),
    Inline(Vec<u8>),
}

enum Step<'k> {
    Down(&'k [u8], Reference),
    Decided(Option<Vec<u8>>),
}

struct Walk<'n> {
    nodes: &'n [Bytes],
    used: usize,
}

impl Walk<'_> {
    fn node(&mut self, reference: &Reference) -> Result<(usize, Vec<u8>), ProofError> {
        let expected = match reference {
            Reference::Inline(bytes) => return Ok((self.used.saturating_sub(1), bytes.clone())),
            Reference::Hash(hash) => *hash,
        };
        let index = self.used;
        let node =
            self.nodes.get(index).ok_or(ProofError::Short { nodes: self.nodes.len(), wanted: expected })?;
        if node.len() > NODE_BYTES {
            return Err(ProofError::Structure { index, problem: "larger than any node" });
        }
        let got = keccak256(node);
        if got != expected {
            return Err(ProofError::Hash { index, expected, got });
        }
        self.used = index.saturating_add(1);
        Ok((index, node.to_vec()))
    }

    fn end(&self, value: Option<Vec<u8>>) -> Result<Option<Vec<u8>>, ProofError> {
        if self.used == self.nodes.len() {
            Ok(value)
        } else {
            Err(ProofError::Extra { nodes: self.nodes.len(), used: self.used })
        }
    }
}

/// One node: down to a child, or a decision. `rest` is what of the key is left.
fn step<'k>(index: usize, node: &[u8], rest: &'k [u8]) -> Result<Step<'k>, ProofError> {
    let structure = |problem| ProofError::Structure { index, problem };
    let items = split(node).ok_or(structure("no canonical RLP list"))?;
    match items.as_slice() {
        [path, target] => {
            let path = path.string().ok_or(structure("a path that is a list"))?;
            let (leaf, path) = compact(path).ok_or(structure("a path without a valid prefix"))?;
            if leaf {
                if path.len() != rest.len() {
                    return Err(structure("a leaf at another depth than its key ends"));
                }
                let value = target.string().ok_or(structure("a leaf whose value is a list"))?;
                return Ok(Step::Decided((path == rest).then(|| value.to_vec())));
            }
            if path.is_empty() {
                return Err(structure("an extension without path"));
            }
            match rest.strip_prefix(path.as_slice()) {
                None => Ok(Step::Decided(None)),
                Some(deeper) => match child(target).ok_or(structure("no reference to a node"))? {
                    Some(reference) => Ok(Step::Down(deeper, reference)),
                    None => Err(structure("an extension that leads nowhere")),
                },
            }
        }
        branch if branch.len() == 17 => {
            let (nibble, deeper) =
                rest.split_first().ok_or(structure("a branch below the end of the key"))?;
            if branch.last().and_then(Item::string) != Some(&[]) {
                return Err(structure("a branch with a value"));
            }
            let target = branch.get(usize::from(*nibble)).ok_or(structure("a nibble above 15"))?;
            match child(target).ok_or(structure("no reference to a node"))? {
                Some(reference) => Ok(Step::Down(deeper, reference)),
                None => Ok(Step::Decided(None)),
            }
        }
        _ => Err(structure("neither 2 nor 17 items")),
    }
}

/// A child: a hash, a node of fewer than 32 bytes, or none. `None` for anything else.
fn child(item: &Item<'_>) -> Option<Option<Reference>> {
    match item.string() {
        Some([]) => Some(None),
        Some(hash) => B256::try_from(hash).ok().map(|hash| Some(Reference::Hash(hash))),
        None if item.raw.len() < 32 => Some(Some(Reference::Inline(item.raw.to_vec()))),
        None => None,
    }
}

/// Hex-prefix decoding: whether it is a leaf, and the nibbles.
fn compact(bytes: &[u8]) -> Option<(bool, Vec<u8>)> {
    let (first, rest) = bytes.split_first()?;
    let (leaf, odd) = match first >> 4 {
        0 => (false, false),
        1 => (false, true),
        2 => (true, false),
        3 => (true, true),
        _ => return None,
    };
    let mut path = Vec::with_capacity(KEY_NIBBLES);
    if odd {
        path.push(first & 15);
    } else if first & 15 != 0 {
        return None;
    }
    path.extend(nibbles(rest));
    (path.len() <= KEY_NIBBLES).then_some((leaf, path))
}

fn nibbles(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect()
}

/// One item of an RLP list.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    /// With its prefix.
    raw: &'a [u8],
    payload: &'a [u8],
    list: bool,
}

impl<'a> Item<'a> {
    /// Its bytes, unless it is a list.
    pub(crate) const fn string(&self) -> Option<&'a [u8]> {
        if self.list { None } else { Some(self.payload) }
    }
}

/// The items of the list that `bytes` is, whole and canonical. One level.
pub(crate) fn split(bytes: &[u8]) -> Option<Vec<Item<'_>>> {
    let mut rest = bytes;
    let outer = take(&mut rest)?;
    if !outer.list || !rest.is_empty() {
        return None;
    }
    let mut items = Vec::with_capacity(17);
    let mut payload = outer.payload;
    while !payload.is_empty() {
        items.push(take(&mut payload)?);
    }
    Some(items)
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<Item<'a>> {
    let start = *rest;
    let header = alloy_rlp::Header::decode(rest).ok()?;
    let payload = rest.get(..header.payload_length)?;
    *rest = rest.get(header.payload_length..)?;
    let raw = start.get(..start.len().checked_sub(rest.len())?)?;
    Some(Item { raw, payload, list: header.list })
}

/// An RLP list with this payload.
pub(crate) fn list(payload: &[u8]) -> Vec<u8> {
    let header = alloy_rlp::Header { list: true, payload_length: payload.len() };
    let mut out = Vec::with_capacity(payload.len().saturating_add(header.length()));
    header.encode(&mut out);
    out.extend_from_slice(payload);
    out
}

/// The root of the trie with exactly these entries: hashed key to RLP of the value.
#[must_use]
pub fn root(entries: &BTreeMap<B256, Vec<u8>>) -> B256 {
    let mut builder = HashBuilder::default();
    for (key, value) in entries {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    builder.root()
}

/// The root of the trie that holds a list: RLP of the index to the value (transactions, receipts).
#[must_use]
pub fn list_root(values: &[Vec<u8>]) -> B256 {
    let keyed: BTreeMap<Vec<u8>, &Vec<u8>> = values
        .iter()
        .enumerate()
        .map(|(index, value)| {
            let mut key = Vec::with_capacity(9);
            u64::try_from(index).unwrap_or(u64::MAX).encode(&mut key);
            (key, value)
        })
        .collect();
    let mut builder = HashBuilder::default();
    for (key, value) in keyed {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    builder.root()
}
