//! `governance.*`: who may put another compose into the application, and what the chain proves about it.
//!
//! Everything here rests on a document of chain reads: answers of endpoints, bytes that nobody signed, recorded by whoever
//! fetched. `veritee-chain` proves them against one block's header. How that block is known is said beside every answer:
//! `hash-given` where the caller of this verdict gave its hash, else `endpoints-agree(n)` where so many hosts name it. On
//! one host's word nothing is called proven: a host that lies consistently about everything makes a chain of its own.
//!
//! No contract is believed to be the right one because the reads name it. The application's contract follows from the
//! measured app id; the registry from the KMS (its attested compose), from a root key whose registry is known, or from the
//! caller. A copy of a registry with the same keys in it is easily made.
//!
//! Without the feature `chain` no reads are proven: whoever takes this crate without it gets every check as not made.
//!
//! Not checked here: that the block is final on Ethereum, and what was allowed before it (`veritee history`).

#[cfg(feature = "chain")]
mod contracts;
#[cfg(feature = "chain")]
mod reads;

#[cfg(feature = "chain")]
pub use contracts::logged;

use crate::links::KmsReading;
use crate::run::Run;
use veritee_audit::chain::ChainFacts;
use veritee_eventlog::AppIdentity;
use veritee_model::{Check, CheckId, Reason};

const CHECKS: [CheckId; 5] = [
    CheckId::GovernanceChain,
    CheckId::GovernanceRegistry,
    CheckId::GovernanceContract,
    CheckId::GovernanceComposeHash,
    CheckId::GovernanceHistory,
];

/// Records every check, and gives what the audit may ask about.
pub(crate) fn check(
    run: &mut Run<'_>,
    identity: Option<&AppIdentity>,
    kms: Option<&KmsReading>,
) -> Option<ChainFacts> {
    let identity = identity?;
    let Some(item) = &run.request.evidence.chain else {
        let detail = match kms {
            Some(kms) => format!("no chain reads were given; {}", kms.words()),
            None => "no chain reads were given: nothing shows who may authorise another compose".to_owned(),
        };
        let next = format!(
            "veritee history {} --rpc URL --rpc URL --save chain.json, then verify again with --chain chain.json",
            identity.app_id()
        );
        for id in CHECKS {
            run.record(
                Check::not_checked(id, Reason::GovernanceNotChecked, detail.clone()).next(next.clone()),
            );
        }
        return None;
    };
    proven(run, identity, kms, item)
}

#[cfg(feature = "chain")]
use reads::check as proven;

#[cfg(not(feature = "chain"))]
fn proven(
    run: &mut Run<'_>,
    _identity: &AppIdentity,
    _kms: Option<&KmsReading>,
    item: &veritee_model::Item,
) -> Option<ChainFacts> {
    let bytes = item.bytes.len();
    let detail = format!("chain reads of {bytes} bytes were given; veritee-verify was built without `chain`");
    for id in CHECKS {
        run.record(Check::not_checked(id, Reason::GovernanceNotChecked, detail.clone()));
    }
    None
}
