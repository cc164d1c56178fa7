//! Blocks of the rollup that are not the anchored one: those whose output roots the game holds between its parent and its
//! own, and those below, down which the chain's own record of block hashes leads.
//!
//! ```text
//! state of block n   -> account and one word of the record      -> hash of a block from n - 8191 to n - 1
//! header of that block, hashed                                  == that hash
//! ```
//!
//! Sources: base/contracts, `AggregateVerifier` (intermediate output roots, judged with the game's own; the last is the
//! game's); EIP-2935 (the record's address, slot `n mod 8191`, written by the system before a block's transactions).
//! Nobody but whoever made the record's only transaction can put code at its address, so its code is not looked at.
//! Everything here is the attacker's but what [`super::Claim`] holds.

use super::Claim;
use crate::header::Header;
use crate::layout;
use crate::rpc::{Endpoint, Question};
use crate::survey::{Fault, FaultKind, Reader, Subject};
use alloy_primitives::{Address, B256, address};
use core::fmt;
use veritee_base::Budget;

/// The record of block hashes (EIP-2935).
const RECORD: Address = address!("0000F90827F1C53a10cb7A02335B175320002935");
/// Blocks that it goes back.
const REACH: u64 = 8_191;
/// Steps that are taken: 12 days of Base, where an endpoint still has those states.
const STEPS: usize = 64;

/// By what a block is shown to be the rollup's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// It is the block that the contracts hold for final.
    Anchor,
    /// The game that is the anchor holds its output root too, between its parent's and its own.
    Between,
    /// It is that many steps below the anchored block, each by the rollup's record of block hashes.
    Below(usize),
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anchor => f.write_str("the anchored block itself"),
            Self::Between => f.write_str("a block whose output root the anchoring game holds as well"),
            Self::Below(1) => f.write_str("below the anchored block, by its record of block hashes"),
            Self::Below(steps) => {
                write!(f, "below the anchored block, by {steps} steps along its record of block hashes")
            }
        }
    }
}

/// What an endpoint of the rollup shows of the way to a block.
#[derive(Debug, Clone, Default)]
pub struct Descent {
    /// The way, where there is one.
    pub way: Option<Way>,
    /// What is still to ask.
    pub wanted: Vec<Question>,
    /// What proves nothing, or contradicts the anchored block.
    pub faults: Vec<Fault>,
}

/// Whether a block is the rollup's, by the anchored one and what an endpoint of the rollup answers. A block that is too far
/// below, or above, is neither shown nor contradicted, and nothing is asked for it.
#[must_use]
pub fn descent(
    endpoint: &Endpoint,
    subject: &Subject,
    claim: &Claim,
    header: &Header,
    budget: &Budget,
) -> Descent {
    match claim.holds(header) {
        Some(Ok(way)) => return Descent { way: Some(way), ..Descent::default() },
        Some(Err(got)) => {
            let faults = vec![other(claim, header.number(), got)];
            return Descent { faults, ..Descent::default() };
        }
        None => {}
    }
    let Some(stations) = stations(claim.block, header.number()) else { return Descent::default() };
    let mut reader = Reader::new(endpoint, subject, budget);
    let walked = walk(&mut reader, claim, header, &stations);
    let (wanted, mut faults) = reader.into_parts();
    // That an endpoint has not the state any more is no lie: the block is then known as it would be without this.
    faults.retain(|fault| fault.kind != FaultKind::Error);
    let way = match walked {
        Some(Ok(())) => Some(Way::Below(stations.len())),
        Some(Err(fault)) => {
            faults.push(fault);
            None
        }
        None => None,
    };
    Descent { way, wanted, faults }
}

/// Numbers of the blocks on the way from the anchored one down, which is left out, to the wanted one.
fn stations(anchored: u64, wanted: u64) -> Option<Vec<u64>> {
    let mut stations = Vec::new();
    let mut at = anchored;
    while at > wanted && stations.len() < STEPS {
        at = at.saturating_sub(REACH).max(wanted);
        stations.push(at);
    }
    (at == wanted && !stations.is_empty()).then_some(stations)
}

/// `None` where an answer is missing or proves nothing, or where the record does not go back so far.
fn walk(
    reader: &mut Reader<'_>,
    claim: &Claim,
    wanted: &Header,
    stations: &[u64],
) -> Option<Result<(), Fault>> {
    let mut above = reader.header(claim.block)?;
    if let Err(got) = claim.holds(&above)? {
        return Some(Err(other(claim, claim.block, got)));
    }
    for number in stations {
        let slot = layout::slot(number.checked_rem(REACH)?);
        let record = reader.account(&above, RECORD, vec![slot]);
        let next = if *number == wanted.number() { Some(wanted.clone()) } else { reader.header(*number) };
        let (record, next) = (record?, next?);
        // A record that does not exist, or not yet for this block, says nothing.
        let hash = record.slot(slot).map(B256::from).filter(|hash| !hash.is_zero())?;
        if hash != next.hash() {
            let detail = format!(
                "its hash is {}; the record of block hashes in block {} holds {hash}",
                next.hash(),
                above.number()
            );
            let question = Question::BlockByNumber(*number).to_string();
            return Some(Err(Fault { kind: FaultKind::Anchor, question, detail }));
        }
        above = next;
    }
    Some(Ok(()))
}

/// What is wrong with a block that has the anchored number and another output root.
fn other(claim: &Claim, number: u64, got: B256) -> Fault {
    let detail = format!(
        "its output root is {got}; the contracts of the chain that it settles on hold {}",
        claim.output_root
    );
    Fault { kind: FaultKind::Anchor, question: Question::BlockByNumber(number).to_string(), detail }
}
