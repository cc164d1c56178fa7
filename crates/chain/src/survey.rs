//! From one endpoint's answers to what they prove: which contracts say what, who owns them, and what is still to ask.
//!
//! The function is run again after each round of answers until it wants nothing more. It asks for nothing that it can
//! prove from what is there, and believes nothing that it cannot.

mod read;

use crate::app::{self, App, AppInterest};
use crate::contract::{NotRecognised, Proxy, implementation_of};
use crate::header::Header;
use crate::history::History;
use crate::kms::{self, Kms, KmsInfo, KmsInterest};
use crate::l1::{self, Gathered, L1Findings};
use crate::layout::{AppGeneration, KmsGeneration};
use crate::owner::Owner;
use crate::rpc::{ChainReads, Endpoint, Question};
use crate::timeline::Timeline;
use alloy_primitives::{Address, B256};
use core::fmt;
pub(crate) use read::Reader;
use std::collections::{BTreeMap, BTreeSet};
use veritee_base::Budget;

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The app id.
    pub app: Address,
    /// The registry.
    pub registry: Option<Address>,
    /// First block of the logs.
    pub from_block: u64,
    /// The block to read at.
    pub block: u64,
    /// Its hash, where the caller gave it.
    pub given_hash: Option<B256>,
    /// Other blocks at which to observe the app contract.
    pub observed: BTreeSet<u64>,
    /// Compose hashes and devices of interest.
    pub interest: AppInterest,
    /// OS images of interest.
    pub os_images: BTreeSet<B256>,
    /// Aggregated measurements of KMS instances of interest.
    pub aggregated_mrs: BTreeSet<B256>,
    /// App implementations that the caller knows, by masked hash.
    pub known_apps: BTreeMap<B256, AppGeneration>,
    /// Registry implementations that the caller knows, by masked hash.
    pub known_registries: BTreeMap<B256, KmsGeneration>,
}

/// Why an answer proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// The endpoint serves another chain than was asked for.
    ChainId,
    /// The answer about a block is no header, or its fields do not hash to its hash.
    Header,
    /// The block is another one than was asked for.
    Block,
    /// The block is not there (any more), or was replaced while it was read.
    Reorganised,
    /// An account or storage proof does not hold.
    Proof,
    /// Code is not the account's.
    Code,
    /// Logs are malformed, of others, out of order or repeated.
    Logs,
    /// A getter's answer is not canonical.
    Call,
    /// The endpoint answered with an error: it says nothing, least of all "none".
    Error,
    /// More than the budget allows.
    Budget,
    /// The block is another one than the chain that it settles on holds for final.
    Anchor,
}

/// One answer that proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// In what way.
    pub kind: FaultKind,
    /// What was asked.
    pub question: String,
    /// What is wrong with the answer.
    pub detail: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.question, self.detail)
    }
}

/// What one endpoint's answers show.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// The block that everything was read at.
    pub header: Option<Header>,
    /// The registry.
    pub registry: Option<Result<Kms, NotRecognised>>,
    /// Its events.
    pub registry_timeline: Option<Timeline>,
    /// The app contract.
    pub app: Option<Result<App, NotRecognised>>,
    /// Its address, where it is not the app id.
    pub controller: Option<Address>,
    /// Its events, held against every block at which it was observed.
    pub history: Option<History>,
    /// Headers of the observed blocks.
    pub observed: BTreeMap<u64, Header>,
    /// Who owns the app contract.
    pub app_owner: Option<Owner>,
    /// Who owns the registry.
    pub registry_owner: Option<Owner>,
    /// What is still to ask.
    pub wanted: Vec<Question>,
    /// What proves nothing.
    pub faults: Vec<Fault>,
}

/// Reads what an endpoint answered.
#[must_use]
pub fn survey(endpoint: &Endpoint, subject: &Subject, budget: &Budget) -> Survey {
    let mut reader = Reader::new(endpoint, subject, budget);
    let mut survey = Survey::default();
    fill(&mut reader, subject, &mut survey);
    let (wanted, faults) = reader.into_parts();
    survey.wanted = wanted;
    survey.faults = faults;
    survey
}

fn fill(reader: &mut Reader<'_>, subject: &Subject, survey: &mut Survey) {
    reader.chain_id();
    let Some(header) = reader.pinned() else { return };
    survey.header = Some(header.clone());
    let mut contract = subject.app;
    if let Some(address) = subject.registry {
        registry(reader, subject, &header, address, survey);
        match &survey.registry {
            Some(Ok(kms)) if kms.generation.has_controllers() => {
                let by_log = kms.apps.get(&subject.app).copied().flatten();
                let by_slot =
                    kms.asked_app.and_then(|(registered, controller)| controller.filter(|_| registered));
                let Some(controller) = by_slot.or(by_log) else { return };
                survey.controller = Some(controller);
                contract = controller;
            }
            // Whose contract it is cannot be known before the registry is read.
            None => return,
            Some(_) => {}
        }
    }
    app_contract(reader, subject, &header, contract, survey);
}

fn registry(
    reader: &mut Reader<'_>,
    subject: &Subject,
    header: &Header,
    address: Address,
    survey: &mut Survey,
) {
    let interest = KmsInterest {
        app: Some(subject.app),
        os_images: subject.os_images.clone(),
        aggregated_mrs: subject.aggregated_mrs.clone(),
    };
    let logs = reader.logs(address, header);
    let info = info(reader, header, address);
    let Some(proxy) = proxy(reader, header, address, kms::slots(&interest)) else { return };
    let (Some(timeline), Some(info)) = (logs, info) else { return };
    let read =
        proxy.and_then(|proxy| kms::read(&proxy, &timeline, info, &interest, &subject.known_registries));
    survey.registry_timeline = Some(timeline);
    if let Ok(kms) = &read {
        survey.registry_owner = Some(reader.owner(header, kms.owner));
    }
    survey.registry = Some(read);
}

fn info(reader: &mut Reader<'_>, header: &Header, address: Address) -> Option<KmsInfo> {
    use crate::abi::sol::{gatewayAppIdCall, kmsInfoCall};
    let info = reader.call(header, address, kmsInfoCall {});
    let gateway = reader.call(header, address, gatewayAppIdCall {});
    let (info, gateway_app_id) = (info?, gateway?);
    Some(KmsInfo {
        k256: info.k256Pubkey,
        ca: info.caPubkey,
        quote: info.quote,
        event_log: info.eventlog,
        gateway_app_id,
    })
}

fn app_contract(
    reader: &mut Reader<'_>,
    subject: &Subject,
    header: &Header,
    address: Address,
    survey: &mut Survey,
) {
    let timeline = reader.logs(address, header);
    let slots = app::slots(&subject.interest);
    let now = proxy(reader, header, address, slots.clone());
    let read = |proxy: Result<Proxy, NotRecognised>, timeline: &Timeline| {
        proxy.and_then(|proxy| app::read(&proxy, timeline, &subject.interest, &subject.known_apps))
    };
    let logs = timeline.as_ref().map_or(0, |timeline| timeline.entries().len());
    if !reader.affords(subject.observed.len().saturating_mul(logs), address, header.number()) {
        return;
    }
    let mut before = Vec::new();
    for block in subject.observed.iter().filter(|block| **block < subject.block) {
        let Some(header) = reader.header(*block) else { continue };
        let then = proxy(reader, &header, address, slots.clone());
        survey.observed.insert(*block, header);
        before.extend(then.map(|then| (*block, then)));
    }
    let (Some(timeline), Some(now)) = (timeline, now) else { return };
    let mut history = History::new(timeline.clone());
    for (block, then) in before {
        history.observe(block, read(then, &timeline.cut(block)));
    }
    let now = read(now, &timeline);
    history.observe(header.number(), now.clone());
    if let Ok(app) = &now {
        survey.app_owner = Some(reader.owner(header, app.owner));
    }
    survey.history = Some(history);
    survey.app = Some(now);
}

/// A contract with its implementation, or why it is none; `None` where something is still to ask or proves nothing.
fn proxy(
    reader: &mut Reader<'_>,
    header: &Header,
    address: Address,
    slots: Vec<B256>,
) -> Option<Result<Proxy, NotRecognised>> {
    let account = reader.coded(header, address, slots)?;
    let at = match implementation_of(&account) {
        Ok(at) => at,
        Err(none) => return Some(Err(none)),
    };
    let implementation = reader.coded(header, at, Vec::new())?;
    Some(Ok(Proxy { account, implementation }))
}

/// How the pinned block is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Anchor {
    /// The caller gave its hash.
    HashGiven,
    /// So many endpoints name the same block at this height. One is one endpoint's word.
    EndpointsAgree(usize),
    /// The contracts of the chain that it settles on hold the block for final ([`crate::l1`]).
    L1 {
        /// Number of the block of that chain, known by its given hash or by several endpoints.
        block: u64,
        /// Seconds by which the anchored block is older than that one.
        age: u64,
    },
}

impl Anchor {
    /// Whether more stands behind the block than one endpoint's word.
    #[must_use]
    pub const fn is_known(self) -> bool {
        match self {
            Self::EndpointsAgree(endpoints) => endpoints >= 2,
            by_hash => by_hash.is_by_hash(),
        }
    }

    /// Whether a hash stands behind it, the block's own or that of a block of the chain that it settles on.
    #[must_use]
    pub const fn is_by_hash(self) -> bool {
        matches!(self, Self::HashGiven | Self::L1 { .. })
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HashGiven => f.write_str("hash-given"),
            Self::EndpointsAgree(endpoints) => write!(f, "endpoints-agree({endpoints})"),
            Self::L1 { block, age } => {
                let (days, hours) = (age / 86_400, age % 86_400 / 3_600);
                write!(f, "l1-anchored({block}, {days} d {hours} h)")
            }
        }
    }
}

/// What all endpoints of a document show together.
#[derive(Debug, Clone)]
pub struct Findings {
    /// How the block is known.
    pub anchor: Anchor,
    /// What the chain that it settles on says, where that was read.
    pub l1: Option<L1Findings>,
    /// The first survey that is whole; the others agree with it, or are listed.
    pub survey: Survey,
    /// Endpoints that gave a whole survey equal to it, itself included.
    pub agreeing: usize,
    /// What endpoints answered that proves nothing: the endpoint and the fault.
    pub faults: Vec<(String, Fault)>,
    /// Questions without an answer: the endpoint and the question.
    pub missing: Vec<(String, Question)>,
    /// Endpoints that prove or say something else.
    pub disagreements: Vec<Disagreement>,
}

/// Two endpoints say two things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// One.
    pub first: String,
    /// The other.
    pub second: String,
    /// About what.
    pub about: &'static str,
}

/// Reads a whole document.
#[must_use]
pub fn findings(reads: &ChainReads, budget: &Budget) -> Findings {
    let subject = &reads.subject;
    let mut gathered = Gathered::default();
    let l1 = reads.l1.as_ref().zip(l1::rollup(subject.chain_id));
    let mut l1 = l1.and_then(|(reads, rollup)| l1::findings(reads, rollup, budget, &mut gathered));
    let mut surveys: Vec<(&Endpoint, Survey)> =
        reads.endpoints.iter().map(|endpoint| (endpoint, survey(endpoint, subject, budget))).collect();
    let mut ways = Vec::new();
    for (endpoint, survey) in &mut surveys {
        let way = l1.as_ref().and_then(|l1| {
            let descent = l1.descent(endpoint, subject, survey.header.as_ref()?, budget);
            contradicted(l1, endpoint, survey, descent.faults, &mut gathered.disagreements);
            descent.way
        });
        ways.extend(survey.header.clone().zip(way));
        gathered.faults.extend(survey.faults.iter().map(|fault| (endpoint.url.clone(), fault.clone())));
        gathered
            .missing
            .extend(survey.wanted.iter().map(|question| (endpoint.url.clone(), question.clone())));
    }
    let whole = |survey: &Survey| survey.wanted.is_empty() && survey.faults.is_empty();
    let base = surveys.iter().position(|(_, survey)| whole(survey)).unwrap_or_default();
    let Gathered { faults, missing, mut disagreements } = gathered;
    let mut agreeing = 0_usize;
    let Some((first, chosen)) = surveys.get(base).map(|(endpoint, survey)| (*endpoint, survey.clone()))
    else {
        let survey = Survey::default();
        let anchor = Anchor::EndpointsAgree(0);
        return Findings { anchor, l1, survey, agreeing, faults, missing, disagreements };
    };
    let mut urls = BTreeSet::new();
    for (endpoint, survey) in &surveys {
        match difference(&chosen, survey) {
            // The same endpoint twice is one voice.
            None if whole(survey) && urls.insert(endpoint.url.as_str()) => {
                agreeing = agreeing.saturating_add(1);
            }
            None => {}
            Some(about) => disagreements.push(Disagreement {
                first: first.url.clone(),
                second: endpoint.url.clone(),
                about,
            }),
        }
    }
    let anchored = l1.as_mut().zip(chosen.header.as_ref()).and_then(|(l1, header)| {
        // Whoever shows the way: it leads to one block.
        l1.way = ways.iter().find(|(shown, _)| shown == header).map(|(_, way)| *way);
        l1.anchors(header)
    });
    let anchor = match subject.given_hash {
        Some(_) => Anchor::HashGiven,
        None => anchored.unwrap_or(Anchor::EndpointsAgree(agreeing)),
    };
    Findings { anchor, l1, survey: chosen, agreeing, faults, missing, disagreements }
}

/// Keeps what contradicts the block that the chain that it settles on holds for final, or is no proof of the way to it.
fn contradicted(
    l1: &L1Findings,
    endpoint: &Endpoint,
    survey: &mut Survey,
    faults: Vec<Fault>,
    disagreements: &mut Vec<Disagreement>,
) {
    for fault in faults {
        if l1.anchor.is_known() || fault.kind != FaultKind::Anchor {
            survey.faults.push(fault);
        } else {
            // One host's word against another's: which of them lies is not shown.
            disagreements.push(Disagreement {
                first: l1.url.clone(),
                second: endpoint.url.clone(),
                about: "the block that the chain that it settles on holds for final",
            });
        }
    }
}

/// What two surveys say differently, as far as both speak.
fn difference(one: &Survey, other: &Survey) -> Option<&'static str> {
    fn differ<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
        matches!((one, other), (Some(one), Some(other)) if one != other)
    }
    if differ(one.header.as_ref(), other.header.as_ref()) {
        return Some("the block");
    }
    if differ(one.registry_timeline.as_ref(), other.registry_timeline.as_ref()) {
        return Some("the registry's logs");
    }
    if differ(one.history.as_ref().map(History::timeline), other.history.as_ref().map(History::timeline)) {
        return Some("the app contract's logs");
    }
    if differ(one.registry.as_ref(), other.registry.as_ref()) {
        return Some("the registry");
    }
    if differ(one.app.as_ref(), other.app.as_ref()) {
        return Some("the app contract");
    }
    if one.observed.iter().any(|(block, header)| other.observed.get(block).is_some_and(|seen| seen != header))
    {
        return Some("an earlier block");
    }
    None
}

/// The name of a chain, and whether it is one on which nothing of value stands.
#[must_use]
pub fn chain_name(chain_id: u64) -> (&'static str, bool) {
    match chain_id {
        1 => ("Ethereum", false),
        8453 => ("Base", false),
        11_155_111 => ("Sepolia (test network)", true),
        17_000 => ("Holesky (test network)", true),
        560_048 => ("Hoodi (test network)", true),
        84_532 => ("Base Sepolia (test network)", true),
        1337 | 31_337 => ("a development chain", true),
        _ => ("a chain that this version does not know", false),
    }
}
