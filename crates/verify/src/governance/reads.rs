//! Reads of a chain, proven and held against what was measured.

use super::CHECKS;
use super::contracts::Contracts;
use crate::links::KmsReading;
use crate::run::Run;
use veritee_audit::chain::ChainFacts;
use veritee_chain::l1::{Claim, L1Findings, Way};
use veritee_chain::rpc::ChainReads;
use veritee_chain::survey::{Anchor, Fault, FaultKind, Findings, chain_name, findings};
use veritee_eventlog::AppIdentity;
use veritee_model::text::{inert, shortened};
use veritee_model::{Check, CheckId, Item, Outcome, Reason, UnixTime};

/// Characters of an endpoint's words that a report quotes.
const QUOTED: usize = 300;

/// Records every check of the reads that were given.
pub(super) fn check(
    run: &mut Run<'_>,
    identity: &AppIdentity,
    kms: Option<&KmsReading>,
    item: &Item,
) -> Option<ChainFacts> {
    let mut reads = match ChainReads::read(&item.bytes, run.request.budget) {
        Ok(reads) => reads,
        Err(error) => {
            unread(run, Reason::ChainReadsMalformed, &error.to_string());
            return None;
        }
    };
    if reads.subject.app.as_slice() != identity.app_id().as_bytes() {
        let detail =
            format!("the chain reads are about {}, measured was {}", reads.subject.app, identity.app_id());
        unread(run, Reason::ChainOtherApp, &detail);
        return None;
    }
    // What the document says about a hash that was given is its author's word: only this verdict's caller counts.
    let given = run.request.chain;
    reads.given(given.block.map(Into::into), given.l1_block.map(Into::into));
    let found = findings(&reads, run.request.budget);
    // A caller who gives a hash means to rely on it, and on no agreement of endpoints instead.
    let known = found.anchor.is_known() && (given.l1_block.is_none() || found.anchor.is_by_hash());
    let chain = chain(&reads, &found, known, run.request.as_of);
    let open = open(&chain, &found, known, run.request.as_of);
    run.record(chain.unwrap_or_else(|check| check));
    if found.agreeing == 0 {
        for id in CHECKS.into_iter().skip(1) {
            run.record(Check::not_checked(
                id,
                Reason::ChainNotAnswered,
                "no endpoint answered everything that was asked",
            ));
        }
        return None;
    }
    let contracts = Contracts { identity, reads: &reads, found: &found, kms, given: run.request.chain };
    let checks = contracts.checks();
    // Rules are asked about what is proven, and about nothing else.
    let shown = open.is_none() && contracts.is_shown(&checks);
    let facts = contracts.facts(shown);
    for check in checks {
        run.record(match &open {
            Some(open) => open.weaken(check),
            None => check,
        });
    }
    Some(facts)
}

/// Why nothing that the contracts say is shown.
struct Open {
    reason: Reason,
    why: &'static str,
    /// A contradiction counts all the same.
    refusals_count: bool,
}

impl Open {
    fn weaken(&self, check: Check) -> Check {
        let stays = match check.outcome {
            Outcome::Pass => false,
            Outcome::Fail => self.refusals_count,
            Outcome::NotChecked => true,
        };
        if stays {
            return check;
        }
        let detail = format!("{}; as far as it counts: {}", self.why, check.detail);
        Check::not_checked(check.id, self.reason, detail)
    }
}

fn open(chain: &Result<Check, Check>, found: &Findings, known: bool, as_of: UnixTime) -> Option<Open> {
    let open = |reason, why, refusals_count| Some(Open { reason, why, refusals_count });
    let age = found.survey.header.as_ref().map(|header| Age::of(header.timestamp(), as_of));
    match (chain, age) {
        _ if !found.disagreements.is_empty() => {
            open(Reason::EarlierStepFailed, "endpoints say different things", false)
        }
        (_, Some(Age::After)) => {
            open(Reason::EarlierStepFailed, "the block is from after the as-of time", false)
        }
        (_, Some(Age::Old)) => open(Reason::ChainBlockOld, "the block is old", false),
        _ if !known => {
            open(Reason::ChainAnchorSingle, "no second voice and no known hash stand behind the block", true)
        }
        // One endpoint's answers were refused; the others stand by themselves.
        _ => None,
    }
}

/// A block beside the time of the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    After,
    Recent,
    Old,
}

/// Seconds after which a block says nothing of now: an endpoint that calls an old block its last one hides what came after.
/// Longer than the seven days that Base takes to be final on Ethereum.
const OLD: u64 = 14 * 86_400;

impl Age {
    const fn of(timestamp: u64, as_of: UnixTime) -> Self {
        match as_of.seconds().checked_sub(timestamp) {
            None => Self::After,
            Some(seconds) if seconds > OLD => Self::Old,
            Some(_) => Self::Recent,
        }
    }
}

fn unread(run: &mut Run<'_>, reason: Reason, detail: &str) {
    for id in CHECKS {
        run.record(Check::not_checked(id, reason, inert(&shortened(detail, QUOTED))));
    }
}

/// Every answer of every endpoint: that it holds, and that they say one thing.
fn chain(reads: &ChainReads, found: &Findings, known: bool, as_of: UnixTime) -> Result<Check, Check> {
    let id = CheckId::GovernanceChain;
    let (name, test) = chain_name(reads.subject.chain_id);
    let refused = found.faults.iter().filter_map(|(url, fault)| Some((url, fault, refusal(fault.kind)?)));
    if let Some((url, fault, reason)) = refused.min_by_key(|(_, fault, _)| fault.kind) {
        let others = found.faults.len().saturating_sub(1);
        let more =
            if others > 0 { format!("; {others} more of its kind or of others") } else { String::new() };
        let check = Check::fail(id, reason, format!("{}{more}", told(url, fault)));
        return Err(check.at(inert(url)).next("leave this endpoint out, and ask another one"));
    }
    if let Some(disagreement) = found.disagreements.first() {
        let (one, other) = (inert(&disagreement.first), inert(&disagreement.second));
        let detail = format!("{one} and {other} say different things about {}", disagreement.about);
        let check = Check::fail(id, Reason::ChainEndpointsDisagree, detail);
        return Err(check.next("ask a third endpoint; give the block's hash with --block where you know it"));
    }
    let Some(header) = found.survey.header.as_ref().filter(|_| found.agreeing > 0) else {
        let why = match (found.faults.first(), found.missing.first()) {
            (Some((url, fault)), _) => told(url, fault),
            (None, Some((url, question))) => {
                let question = shortened(&question.to_string(), QUOTED);
                format!("{} gave no answer to {}", inert(url), inert(&question))
            }
            (None, None) => "the chain reads have no endpoint".to_owned(),
        };
        return Err(
            Check::not_checked(id, Reason::ChainNotAnswered, why).next("ask again, or ask another endpoint")
        );
    };
    let time = UnixTime::from_seconds(header.timestamp());
    let block = format!("block {} of {name} at {time} ({})", header.number(), header.hash());
    if Age::of(header.timestamp(), as_of) == Age::After {
        let check = Check::fail(id, Reason::ChainBlockLater, format!("{block}: after the as-of time"));
        return Err(check.compared(as_of, time).next("read an earlier block, or judge for a later time"));
    }
    if Age::of(header.timestamp(), as_of) == Age::Old {
        let check =
            Check::not_checked(id, Reason::ChainBlockOld, format!("{block}: long before the as-of time"));
        return Err(check
            .compared(as_of, time)
            .next("read the chain again, or judge for the time of the block"));
    }
    if let Some(l1) = found.l1.as_ref().filter(|_| matches!(found.anchor, Anchor::L1 { .. }))
        && Age::of(l1.header.timestamp(), as_of) == Age::After
    {
        let (number, time) = (l1.header.number(), UnixTime::from_seconds(l1.header.timestamp()));
        let detail = format!("{block}: known by block {number} of Ethereum, which is after the as-of time");
        let check = Check::fail(id, Reason::ChainBlockLater, detail);
        return Err(check.compared(as_of, time).next("read at an earlier block, or judge for a later time"));
    }
    let test = if test { ", a network on which nothing of value stands" } else { "" };
    let silent = found.faults.iter().filter(|(_, fault)| refusal(fault.kind).is_none()).map(|(url, _)| url);
    let silent: std::collections::BTreeSet<&String> =
        silent.chain(found.missing.iter().map(|(url, _)| url)).collect();
    let silent = match silent.len() {
        0 => String::new(),
        count => format!("; {count} endpoints did not answer everything"),
    };
    let words = format!(
        "{block}{test}: {}{}{silent}",
        found.anchor,
        found.l1.as_ref().map_or_else(String::new, settled)
    );
    if known {
        return Ok(Check::pass(id, words));
    }
    let why = if found.anchor.is_known() {
        "no block of the chain that it settles on with the given hash anchors it"
    } else {
        "which is one endpoint's word"
    };
    let next = "ask a second endpoint (--rpc may be repeated), or give the block's hash with --block, or of Base an Ethereum \
                block's with --l1-block, where Ethereum was read too (--l1-rpc)";
    Err(Check::not_checked(id, Reason::ChainAnchorSingle, format!("{words}, {why}")).next(next))
}

/// What the chain that it settles on says of the block, and on whose word.
fn settled(l1: &L1Findings) -> String {
    let (number, known) = (l1.header.number(), l1.anchor);
    let at = format!("block {number} of the chain that it settles on ({known})");
    match &l1.claim {
        Err(none) => format!("; {at}: {none}"),
        Ok(Claim { block, portal, registry, .. }) => {
            let way = match l1.way {
                Some(Way::Anchor) | None => String::new(),
                Some(way) => format!(", this one {way}"),
            };
            format!(
                "; {at} holds block {block} for final{way}, in contracts that their administrators can replace (portal's code {}, registry's {})",
                portal.implementation, registry.implementation
            )
        }
    }
}

/// Whether an answer contradicts what it is held against; `None` where there is only no answer.
const fn refusal(kind: FaultKind) -> Option<Reason> {
    match kind {
        FaultKind::ChainId => Some(Reason::ChainIdOther),
        FaultKind::Block | FaultKind::Reorganised | FaultKind::Anchor => Some(Reason::ChainBlockOther),
        FaultKind::Error | FaultKind::Budget => None,
        _ => Some(Reason::ChainAnswerRefused),
    }
}

fn told(url: &str, fault: &Fault) -> String {
    inert(&shortened(&format!("{url}: {fault}"), QUOTED))
}
