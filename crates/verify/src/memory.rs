//! What repeats from one evidence to the next, answered once.
//!
//! Nothing here decides anything. Every answer is one that the pipeline has made before, to the very same question: the
//! exact bytes, and everything else that the answer was made from, compared as a whole. How many bytes each kind may
//! take stands in [`Budget`]; what falls out is made again.
//!
//! | what is remembered | the question |
//! |---|---|
//! | hosts and quoting enclaves ([`Hosts`]) | the exact bytes of the quote they stand in; what is known, in which view |
//! | sets of collateral inside evidences | their exact bytes, in their order; what is known beside them |
//! | RA-TLS chains | their exact bytes; the limits |
//! | app_composes | their exact bytes; the measured hash; the limits |
//! | audits | the exact bytes of the app_compose; the whole [`Context`] |
//! | operating systems | `vm_config`, registers, log and everything else that [`assess`] is asked with |
//!
//! What is known of revocations is a part of the first two questions: whoever learns of one asks another question from
//! then on. Audits of source trees and measurements of images are not remembered: their files are read when they are
//! asked for.
//!
//! [`assess`]: veritee_measure::assess::assess

use crate::binding::certificate::{ChainError, RaTlsChain};
use crate::{Grounds, Request};
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use veritee_audit::{Context, Stage};
use veritee_compose::{BindError, BoundCompose};
use veritee_measure::assess::QuotedRegisters;
use veritee_model::report::{AuditFacts, Notice};
use veritee_model::{Budget, Check, ComposeHash, Finding, Item, Memory, Sha256Digest, Sha384Digest};
use veritee_policy::os::Proven;
use veritee_quote::{Hosts, Origin, Verifier};

/// What is remembered, shared by all that judge under [`crate::Grounds`] and their clones.
#[derive(Debug)]
pub(crate) struct Memories {
    pub(crate) hosts: Arc<Hosts>,
    sets: Memory<OwnSet>,
    chains: Memory<Chain>,
    composes: Memory<Compose>,
    pub(crate) audits: Memory<Audited>,
    pub(crate) systems: Memory<System>,
    next: AtomicU64,
}

impl Memories {
    pub(crate) fn new(budget: &Budget) -> Self {
        Self {
            hosts: Arc::new(Hosts::new(budget.memory_hosts_bytes)),
            sets: Memory::new(budget.memory_collateral_bytes),
            chains: Memory::new(budget.memory_chains_bytes),
            composes: Memory::new(budget.memory_composes_bytes),
            audits: Memory::new(budget.memory_audits_bytes),
            systems: Memory::new(budget.memory_systems_bytes),
            next: AtomicU64::new(0),
        }
    }

    /// A name for a state of knowledge that nothing had before.
    pub(crate) fn state(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Bytes that are occupied.
    pub(crate) fn bytes(&self) -> usize {
        let kinds = [
            self.hosts.bytes(),
            self.sets.bytes(),
            self.chains.bytes(),
            self.composes.bytes(),
            self.audits.bytes(),
            self.systems.bytes(),
        ];
        kinds.into_iter().fold(0, usize::saturating_add)
    }

    /// The RA-TLS chain in these bytes, its signatures verified.
    pub(crate) fn chain(&self, bytes: &[u8], budget: &Budget) -> Arc<Chain> {
        let place = self.chains.fingerprint(&[bytes]);
        let same = |known: &Chain| known.budget == *budget && known.bytes == bytes;
        self.chains.get(place, same).unwrap_or_else(|| {
            let read = RaTlsChain::read(bytes, budget);
            let chain = Arc::new(Chain { bytes: bytes.to_vec(), budget: *budget, read });
            // Its own bytes, and the quote, the log and the certificates taken out of them.
            self.chains.put(place, Arc::clone(&chain), bytes.len().saturating_mul(3));
            chain
        })
    }

    /// The app_compose in these bytes, where its hash is the measured one.
    pub(crate) fn bind(
        &self,
        bytes: &[u8],
        measured: &ComposeHash,
        budget: &Budget,
    ) -> Result<Arc<Compose>, BindError> {
        let place = self.composes.fingerprint(&[measured.as_bytes()]);
        let same = |known: &Compose| {
            known.budget == *budget && known.bound.hash() == measured && known.bound.raw() == bytes
        };
        if let Some(known) = self.composes.get(place, same) {
            return Ok(known);
        }
        let bound = veritee_compose::bind(bytes, measured, budget)?;
        let compose = Arc::new(Compose { bound, budget: *budget });
        // The bytes, and the document that was read from them.
        self.composes.put(place, Arc::clone(&compose), bytes.len().saturating_mul(6));
        Ok(compose)
    }
}

/// An RA-TLS chain as it was read.
#[derive(Debug)]
pub(crate) struct Chain {
    bytes: Vec<u8>,
    budget: Budget,
    pub(crate) read: Result<RaTlsChain, ChainError>,
}

/// The RA-TLS chain of the evidence, where there is one.
pub(crate) fn chain_of(request: &Request<'_>) -> Option<Arc<Chain>> {
    let item = request.evidence.certificates.as_ref()?;
    Some(request.grounds.memory().chain(&item.bytes, request.budget))
}

/// An app_compose that was bound.
#[derive(Debug)]
pub(crate) struct Compose {
    pub(crate) bound: BoundCompose,
    budget: Budget,
}

/// An audit with everything that it was asked with.
#[derive(Debug)]
pub(crate) struct Audited {
    pub(crate) compose: Vec<u8>,
    pub(crate) context: Context,
    pub(crate) notices: Vec<Notice>,
    pub(crate) stage: Stage,
    pub(crate) facts: AuditFacts,
    /// What `audit.rules` says.
    pub(crate) words: String,
    pub(crate) findings: Vec<Finding>,
}

impl Audited {
    /// What it takes, as far as it grows with the document and the log: texts count twice, for what lies around them.
    pub(crate) fn cost(&self) -> usize {
        /// The checklists and questions, whose words are the program's own.
        const FRAME: usize = 48 << 10;
        let text = |finding: &Finding| {
            let own = [&finding.title, &finding.location, &finding.value, &finding.evidence];
            let own: usize = own.into_iter().map(String::len).fold(0, usize::saturating_add);
            let places = finding.places.iter().map(|spot| spot.value.len().saturating_add(256));
            places.fold(own.saturating_add(512), usize::saturating_add)
        };
        let findings = self.findings.iter().map(text).fold(0, usize::saturating_add);
        let flows = self.facts.data_flow.iter().flat_map(|flow| &flow.sinks).count().saturating_mul(512);
        let answers = [&self.facts.quick_check, &self.facts.erc733].into_iter().flatten();
        let answers = answers.map(|item| item.evidence.len()).fold(0, usize::saturating_add);
        let events = self.context.events.as_ref().map_or(0, |events| events.names.len().saturating_mul(64));
        [findings, flows, answers, events, self.compose.len()]
            .into_iter()
            .fold(FRAME, |sum, part| sum.saturating_add(part.saturating_mul(2)))
    }
}

/// Everything that step 6 was asked with, but for an image.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) vm_config: Option<Vec<u8>>,
    pub(crate) quoted: QuotedRegisters,
    pub(crate) rtmr0_log: Option<Vec<Sha384Digest>>,
    pub(crate) image_hash_event: Option<Sha256Digest>,
    pub(crate) known: Vec<Sha256Digest>,
    pub(crate) development: Vec<Sha256Digest>,
    pub(crate) allow_development: bool,
}

/// What step 6 said.
#[derive(Debug)]
pub(crate) struct System {
    pub(crate) asked: Asked,
    pub(crate) checks: Vec<Check>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) proven: Proven,
    pub(crate) image_name: Option<String>,
    pub(crate) development: Option<bool>,
    pub(crate) devices: Option<(u32, u32)>,
}

impl System {
    pub(crate) fn cost(&self) -> usize {
        let lists = [&self.asked.known, &self.asked.development].into_iter().map(Vec::len);
        let lists = lists.fold(0, usize::saturating_add).saturating_mul(32);
        let config = self.asked.vm_config.as_ref().map_or(0, Vec::len);
        let log = self.asked.rtmr0_log.as_ref().map_or(0, |log| log.len().saturating_mul(48));
        let said = self.checks.iter().map(|check| check.detail.len().saturating_add(512));
        let said = said.fold(0, usize::saturating_add);
        [lists, config, log, said].into_iter().fold(2048, usize::saturating_add)
    }
}

/// What stands in an evidence, beside what was known when it was judged, verified.
///
/// What it is called is another matter: one set comes in a thousand evidences, each with a name for it. Items of the
/// judged party's bear their place among those names here, in the order of the names.
#[derive(Debug)]
struct OwnSet {
    state: u64,
    carried: Vec<(Vec<u8>, usize, Origin)>,
    verifier: Verifier,
}

/// All collateral that is known for one evidence.
pub(crate) struct Known<'a> {
    held: Held<'a>,
    names: Vec<&'a str>,
}

enum Held<'a> {
    /// The judging side's: nothing came with the evidence.
    Judges(&'a Verifier),
    Own(Arc<OwnSet>),
}

impl<'a> Known<'a> {
    pub(crate) const fn of_judge(verifier: &'a Verifier) -> Self {
        Self { held: Held::Judges(verifier), names: Vec::new() }
    }

    /// The judging side's with what stands in the evidence.
    pub(crate) fn with_carried(grounds: &Grounds, carried: &[(&'a Item, Origin)], state: u64) -> Self {
        let mut names: Vec<&str> = carried.iter().map(|(item, _)| item.source.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let ranked = carried.iter().map(|(item, origin)| {
            let rank = names.iter().position(|name| *name == item.source).unwrap_or(usize::MAX);
            (item.bytes.as_slice(), rank, *origin)
        });
        let ranked: Vec<(&[u8], usize, Origin)> = ranked.collect();
        let sets = &grounds.memory().sets;
        let state_bytes = state.to_le_bytes();
        let parts: Vec<&[u8]> =
            core::iter::once(&state_bytes[..]).chain(ranked.iter().map(|(bytes, ..)| *bytes)).collect();
        let place = sets.fingerprint(&parts);
        let same = |known: &OwnSet| {
            known.state == state
                && known.carried.len() == ranked.len()
                && known.carried.iter().zip(&ranked).all(|(known, (bytes, rank, origin))| {
                    (&*known.0, known.1, known.2) == (*bytes, *rank, *origin)
                })
        };
        let own = sets.get(place, same).unwrap_or_else(|| {
            let mut known = grounds.known().clone();
            let judges = known.items();
            for (bytes, rank, origin) in &ranked {
                known.add_json(bytes, *origin, &format!("{rank:08}"));
            }
            let verifier = crate::grounds::verifier(known, grounds.memory());
            let bytes = ranked.iter().map(|(bytes, ..)| bytes.len()).fold(0, usize::saturating_add);
            let carried =
                ranked.iter().map(|(bytes, rank, origin)| (bytes.to_vec(), *rank, *origin)).collect();
            let own = Arc::new(OwnSet { state, carried, verifier });
            // The bytes, their parts as they came, and the items read from them and chosen; the judging side's are pointed to.
            let cost = bytes.saturating_mul(6).saturating_add(judges.saturating_mul(128));
            sets.put(place, Arc::clone(&own), cost.saturating_add(8 << 10));
            own
        });
        Self { held: Held::Own(own), names }
    }

    pub(crate) fn verifier(&self) -> &Verifier {
        match &self.held {
            Held::Judges(verifier) => verifier,
            Held::Own(own) => &own.verifier,
        }
    }

    /// Whether something came with the evidence.
    pub(crate) const fn is_own(&self) -> bool {
        matches!(self.held, Held::Own(_))
    }

    /// What an item is called by whoever gave it.
    pub(crate) fn name<'n>(&'n self, origin: Origin, name: &'n str) -> &'n str {
        if !matches!(origin, Origin::Judged | Origin::Recorded) {
            return name;
        }
        let named = name.parse().ok().and_then(|rank: usize| self.names.get(rank));
        named.copied().unwrap_or(name)
    }
}
