//! From a block of Ethereum to the block of a rollup that Ethereum's own contracts take for final.
//!
//! ```text
//! Ethereum block's hash (given by the caller, or named by several endpoints)
//!   header -> state root
//!   account and storage of the rollup's portal            -> AnchorStateRegistry
//!   account and storage of that registry                  -> the game that is the anchor, or the root of the beginning
//!   account of the game, and its code with its arguments  -> an output root and the number of a block of the rollup
//! rollup's header of that number, hashed                  -> state root, root of the message passer, block hash
//!   keccak-256 of 32 zero bytes and these three           == the output root
//! ```
//!
//! From there other blocks can be reached: [`Way`].
//!
//! Sources: OP-stack specification, "Proposals" (output root, version 0) and "Isthmus" (the header's withdrawals root is
//! the storage root of the message passer); base/contracts, storage layouts of `OptimismPortal2` and
//! `AnchorStateRegistry`, arguments of `AggregateVerifier`. Written from these; no real block was seen.
//!
//! Everything that is read here is the attacker's but the hash that the caller gives. Not checked: that the games were
//! judged rightly (Ethereum's contracts did that, and who administers them can replace their code), and that the Ethereum
//! block is final. An anchored block is a day to a week old.

mod below;

pub use below::{Descent, Way, descent};

use crate::contract::Coded;
use crate::header::Header;
use crate::layout;
use crate::proof::ProvenAccount;
use crate::rpc::{Endpoint, L1Reads, Question};
use crate::storage;
use crate::survey::{Anchor, Disagreement, Fault, Reader, Subject};
use crate::trie::EMPTY_ROOT;
use alloy_primitives::{Address, B256, U256, address, keccak256};
use core::fmt;
use std::collections::BTreeSet;
use veritee_base::Budget;

/// A rollup whose final state is kept by contracts of another chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rollup {
    /// Its own EIP-155 chain id.
    pub chain_id: u64,
    /// The chain that it settles on.
    pub l1: u64,
    /// Its portal there (`OptimismPortal2`), a proxy.
    pub portal: Address,
}

/// Base. The portal's address: superchain-registry, `OptimismPortalProxy`.
pub const BASE: Rollup =
    Rollup { chain_id: 8453, l1: 1, portal: address!("49048044D57e1C92A77f79988d21Fa8fAF74E97e") };

/// The rollup with this chain id, where its contracts are known.
#[must_use]
pub const fn rollup(chain_id: u64) -> Option<&'static Rollup> {
    if chain_id == BASE.chain_id { Some(&BASE) } else { None }
}

/// `OptimismPortal2.anchorStateRegistry`.
const PORTAL_REGISTRY: u64 = 62;
/// `AnchorStateRegistry.anchorGame`.
const ANCHOR_GAME: u64 = 2;
/// `AnchorStateRegistry.startingAnchorRoot.root`, which counts while there is no anchor game.
const STARTING_ROOT: u64 = 3;
/// `AnchorStateRegistry.startingAnchorRoot.l2SequenceNumber`.
const STARTING_BLOCK: u64 = 4;

/// A contract whose code somebody can replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaceable {
    /// Where it is.
    pub address: Address,
    /// The code that runs (ERC-1967); zero for none.
    pub implementation: Address,
    /// Who can replace it; zero for nobody by ERC-1967.
    pub admin: Address,
}

/// What Ethereum's contracts say of the rollup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Number of the rollup's block.
    pub block: u64,
    /// Its output root.
    pub output_root: B256,
    /// The game in which it was judged; `None` for the root that the registry began with.
    pub game: Option<Address>,
    /// Output roots of blocks before it that the game holds as well, and that were judged with it. Of which blocks is
    /// told by the roots themselves: each covers a block's hash, and that its number.
    pub between: Vec<B256>,
    /// The portal.
    pub portal: Replaceable,
    /// The registry of anchors.
    pub registry: Replaceable,
}

/// Why the contracts say nothing: they are not as this version knows them. No lie, and no anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoClaim {
    /// There is no account at the address.
    Absent(Address),
    /// A word of a contract's storage is not what it has to be.
    Word {
        /// The contract.
        address: Address,
        /// The slot.
        slot: u64,
    },
    /// The game's code does not end in the arguments that are known.
    Game {
        /// The game.
        address: Address,
        /// In what way.
        problem: &'static str,
    },
}

impl fmt::Display for NoClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(address) => write!(f, "there is no contract at {address}"),
            Self::Word { address, slot } => write!(f, "slot {slot} of {address} is not of the known layout"),
            Self::Game { address, problem } => {
                write!(f, "the game {address} is not of the known kind: {problem}")
            }
        }
    }
}

/// What one endpoint of the settling chain shows.
#[derive(Debug, Clone, Default)]
pub struct L1Survey {
    /// The block that everything was read at.
    pub header: Option<Header>,
    /// What its contracts say.
    pub claim: Option<Result<Claim, NoClaim>>,
    /// What is still to ask.
    pub wanted: Vec<Question>,
    /// What proves nothing.
    pub faults: Vec<Fault>,
}

/// What all of them show together.
#[derive(Debug, Clone)]
pub struct L1Findings {
    /// How the settling chain's block is known: its hash was given, or so many hosts name it.
    pub anchor: Anchor,
    /// That block.
    pub header: Header,
    /// What its contracts say.
    pub claim: Result<Claim, NoClaim>,
    /// The endpoint that said so first.
    pub url: String,
    /// By what the rollup's block that was read is shown to be its own.
    pub way: Option<Way>,
}

/// Reads what an endpoint of the settling chain answered.
#[must_use]
pub fn survey(endpoint: &Endpoint, reads: &L1Reads, rollup: &Rollup, budget: &Budget) -> L1Survey {
    let subject = Subject {
        chain_id: rollup.l1,
        block: reads.block,
        given_hash: reads.given_hash,
        ..Subject::default()
    };
    let mut reader = Reader::new(endpoint, &subject, budget);
    let mut survey = L1Survey::default();
    reader.chain_id();
    if let Some(header) = reader.pinned() {
        survey.claim = claim(&mut reader, &header, rollup);
        survey.header = Some(header);
    }
    (survey.wanted, survey.faults) = reader.into_parts();
    survey
}

fn claim(reader: &mut Reader<'_>, header: &Header, rollup: &Rollup) -> Option<Result<Claim, NoClaim>> {
    let slots = |own: &[u64]| {
        let mut slots: Vec<B256> = own.iter().copied().map(layout::slot).collect();
        slots.extend([layout::IMPLEMENTATION, layout::PROXY_ADMIN]);
        slots
    };
    let account = reader.account(header, rollup.portal, slots(&[PORTAL_REGISTRY]))?;
    let (portal, at) =
        match replaceable(&account).and_then(|portal| Ok((portal, named(&account, PORTAL_REGISTRY)?))) {
            Ok(read) => read,
            Err(none) => return Some(Err(none)),
        };
    let account = reader.account(header, at, slots(&[ANCHOR_GAME, STARTING_ROOT, STARTING_BLOCK]))?;
    let (registry, game) =
        match replaceable(&account).and_then(|registry| Ok((registry, word(&account, ANCHOR_GAME)?))) {
            Ok(read) => read,
            Err(none) => return Some(Err(none)),
        };
    let (judgement, game) = if game.is_zero() {
        match beginning(&account) {
            Ok((output_root, block)) => (Judgement { output_root, block, between: Vec::new() }, None),
            Err(none) => return Some(Err(none)),
        }
    } else {
        let Ok(game) = named(&account, ANCHOR_GAME) else {
            return Some(Err(NoClaim::Word { address: at, slot: ANCHOR_GAME }));
        };
        let coded = reader.coded(header, game, Vec::new())?;
        match judged(&coded) {
            Ok(judgement) => (judgement, Some(game)),
            Err(problem) => return Some(Err(NoClaim::Game { address: game, problem })),
        }
    };
    let Judgement { output_root, block, between } = judgement;
    Some(Ok(Claim { block, output_root, game, between, portal, registry }))
}

fn replaceable(account: &ProvenAccount) -> Result<Replaceable, NoClaim> {
    if account.account().is_none() {
        return Err(NoClaim::Absent(account.address()));
    }
    let at = |slot: B256| account.slot(slot).and_then(storage::as_address).unwrap_or_default();
    Ok(Replaceable {
        address: account.address(),
        implementation: at(layout::IMPLEMENTATION),
        admin: at(layout::PROXY_ADMIN),
    })
}

fn word(account: &ProvenAccount, slot: u64) -> Result<U256, NoClaim> {
    account.slot(layout::slot(slot)).ok_or(NoClaim::Word { address: account.address(), slot })
}

/// The address in a slot, which may not be zero.
fn named(account: &ProvenAccount, slot: u64) -> Result<Address, NoClaim> {
    let address = storage::as_address(word(account, slot)?).filter(|address| !address.is_zero());
    address.ok_or(NoClaim::Word { address: account.address(), slot })
}

/// The root that a registry without games holds.
fn beginning(account: &ProvenAccount) -> Result<(B256, u64), NoClaim> {
    let root = word(account, STARTING_ROOT)?;
    let block = storage::as_u64(word(account, STARTING_BLOCK)?).filter(|block| *block > 0);
    match block {
        Some(block) if !root.is_zero() => Ok((B256::from(root), block)),
        _ => Err(NoClaim::Word { address: account.address(), slot: STARTING_BLOCK }),
    }
}

/// Creator, root, Ethereum's head and the block's number, and the parent game; then output roots between, each a word.
const ARGUMENTS: usize = 136;
const WORD: usize = 32;
/// The arguments' length, itself included, ends the code.
const LENGTH: usize = 2;

/// What a game holds.
struct Judgement {
    output_root: B256,
    block: u64,
    between: Vec<B256>,
}

/// Output root, block number and the roots between out of a game's code: a clone that ends in its arguments.
///
/// A factory with arguments of its own for all games of a kind puts four bytes before the number; such a game is not
/// recognised rather than read wrongly.
fn judged(game: &Coded) -> Result<Judgement, &'static str> {
    let code = game.code();
    let (rest, length) = code.split_last_chunk::<LENGTH>().ok_or("it has no code")?;
    let length = usize::from(u16::from_be_bytes(*length));
    let arguments = length.checked_sub(LENGTH).ok_or("its code does not end in the length of arguments")?;
    let at = rest.len().checked_sub(arguments).filter(|at| *at > 0);
    let at = at.ok_or("its arguments are longer than its code")?;
    let arguments = rest.get(at..).unwrap_or_default();
    let (head, roots) = arguments.split_at_checked(ARGUMENTS).ok_or("its arguments are too short")?;
    let (roots, rest) = roots.as_chunks::<WORD>();
    if !rest.is_empty() {
        return Err("its arguments are not of whole words");
    }
    let word = |from: usize| head.get(from..)?.first_chunk::<WORD>();
    let (Some(root), Some(number)) = (word(20), word(84)) else { return Err("its arguments are too short") };
    let output_root = B256::from(*root);
    let mut between: Vec<B256> = roots.iter().copied().map(B256::from).collect();
    // The contract takes no game whose last root is not its own: one that has another is of a kind that is not known.
    if between.pop().is_some_and(|last| last != output_root) {
        return Err("its last root is not the one that it was judged for");
    }
    let block = storage::as_u64(U256::from_be_bytes(*number)).filter(|block| *block > 0);
    Ok(Judgement { output_root, block: block.ok_or("its arguments hold no block number")?, between })
}

/// Version 0 of an output root.
#[must_use]
pub fn output_root(state_root: B256, message_passer_root: B256, block_hash: B256) -> B256 {
    let mut joined = [0_u8; 128];
    let parts = [B256::ZERO, state_root, message_passer_root, block_hash];
    joined.chunks_exact_mut(WORD).zip(&parts).for_each(|(to, part)| to.copy_from_slice(part.as_slice()));
    keccak256(joined)
}

impl Claim {
    /// Whether a header of the rollup is one of the blocks that are meant. `None` where it cannot be told: another block,
    /// or a header of before Isthmus, which does not hold the message passer's root.
    ///
    /// # Errors
    /// The output root that it has, where it has the anchored number and another root.
    pub fn holds(&self, header: &Header) -> Option<Result<Way, B256>> {
        let passer = header.withdrawals_root().filter(|root| *root != EMPTY_ROOT)?;
        let got = output_root(header.state_root(), passer, header.hash());
        if header.number() == self.block {
            return Some(if got == self.output_root { Ok(Way::Anchor) } else { Err(got) });
        }
        (header.number() < self.block && self.between.contains(&got)).then_some(Ok(Way::Between))
    }
}

/// What the endpoints of the settling chain show together, and what they answer that proves nothing.
pub(crate) fn findings(
    reads: &L1Reads,
    rollup: &Rollup,
    budget: &Budget,
    out: &mut Gathered,
) -> Option<L1Findings> {
    let mut chosen: Option<(String, Header, Result<Claim, NoClaim>)> = None;
    let mut agreeing = BTreeSet::new();
    for endpoint in &reads.endpoints {
        let survey = survey(endpoint, reads, rollup, budget);
        let whole = survey.wanted.is_empty() && survey.faults.is_empty();
        out.faults.extend(survey.faults.into_iter().map(|fault| (endpoint.url.clone(), fault)));
        out.missing.extend(survey.wanted.into_iter().map(|question| (endpoint.url.clone(), question)));
        let (Some(header), Some(claim), true) = (survey.header, survey.claim, whole) else { continue };
        match &chosen {
            // One state root proves one claim: endpoints differ about the block or not at all.
            Some((first, known, _)) if known.hash() != header.hash() => {
                out.disagreements.push(Disagreement {
                    first: first.clone(),
                    second: endpoint.url.clone(),
                    about: "the block of the chain that it settles on",
                });
            }
            Some(_) => drop(agreeing.insert(endpoint.url.clone())),
            None => {
                agreeing.insert(endpoint.url.clone());
                chosen = Some((endpoint.url.clone(), header, claim));
            }
        }
    }
    let (url, header, claim) = chosen?;
    let anchor = match reads.given_hash {
        Some(_) => Anchor::HashGiven,
        None => Anchor::EndpointsAgree(agreeing.len()),
    };
    Some(L1Findings { anchor, header, claim, url, way: None })
}

/// Where findings put what proves nothing.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) faults: Vec<(String, Fault)>,
    pub(crate) missing: Vec<(String, Question)>,
    pub(crate) disagreements: Vec<Disagreement>,
}

impl L1Findings {
    /// What an endpoint of the rollup shows of the way from the anchored block to the one that was read.
    pub(crate) fn descent(
        &self,
        endpoint: &Endpoint,
        subject: &Subject,
        header: &Header,
        budget: &Budget,
    ) -> Descent {
        match &self.claim {
            Ok(claim) => descent(endpoint, subject, claim, header, budget),
            Err(_) => Descent::default(),
        }
    }

    /// How a header of the rollup is known by this: its block and its age, where a way leads to it and the settling
    /// chain's block is known itself.
    #[must_use]
    pub fn anchors(&self, header: &Header) -> Option<Anchor> {
        self.way?;
        let age = self.header.timestamp().checked_sub(header.timestamp())?;
        self.anchor.is_known().then_some(Anchor::L1 { block: self.header.number(), age })
    }
}
