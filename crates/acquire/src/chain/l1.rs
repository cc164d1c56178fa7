//! Reading the chain that a rollup settles on, before the rollup: it says which of its blocks is final.

use super::{
    ChainEndpoint, ChainNote, ChainReadError, Voice, chain_id, finalized, given_block, header,
    until_nothing_is_wanted, voices,
};
use veritee_chain::B256;
use veritee_chain::header::Header;
use veritee_chain::l1::{Claim, Rollup, descent, survey};
use veritee_chain::rpc::{Endpoint, L1Reads, Question};
use veritee_chain::survey::Subject;
use veritee_client::Client;
use veritee_model::Budget;

/// Whom to ask about the chain that a rollup settles on.
#[derive(Debug, Clone, Default)]
pub struct L1Ask {
    /// The endpoints.
    pub endpoints: Vec<ChainEndpoint>,
    /// The hash of the block to read at, where the caller knows one. Otherwise the lowest that they call final is read.
    pub given_hash: Option<B256>,
}

/// What was read of it.
pub(super) struct L1Read {
    pub(super) reads: L1Reads,
    /// Which block of the rollup its contracts hold for final, as the first endpoint shows it.
    pub(super) claim: Option<Claim>,
    pub(super) requests: usize,
}

/// Asks every endpoint what the rollup's contracts say.
pub(super) async fn read(
    client: &Client,
    ask: &L1Ask,
    rollup: &Rollup,
    budget: &Budget,
    notes: &mut Vec<ChainNote>,
) -> Result<L1Read, ChainReadError> {
    let mut voices: Vec<Voice<'_>> = voices(client, &ask.endpoints);
    chain_id(&mut voices, &ask.endpoints, Some(rollup.l1), notes).await?;
    let block = match ask.given_hash {
        Some(hash) => given_block(&mut voices, hash, notes).await?,
        None => finalized(&mut voices, notes).await?,
    };
    let mut reads = L1Reads { block, given_hash: ask.given_hash, endpoints: Vec::new() };
    let mut claimed: Option<Claim> = None;
    for voice in voices.iter_mut().filter(|voice| !voice.lost) {
        until_nothing_is_wanted(voice, budget, notes, |endpoint| {
            survey(endpoint, &reads, rollup, budget).wanted
        })
        .await;
        let found = survey(&voice.endpoint, &reads, rollup, budget);
        match found.claim {
            Some(Ok(claim)) => claimed = claimed.or(Some(claim)),
            Some(Err(none)) => voice.note(none.to_string(), notes),
            None => found.faults.iter().for_each(|fault| voice.note(fault.to_string(), notes)),
        }
    }
    let requests = voices.iter().map(|voice| voice.rpc.requests()).sum();
    reads.endpoints = voices.into_iter().map(|voice| voice.endpoint).collect();
    Ok(L1Read { reads, claim: claimed, requests })
}

/// Asks the rollup's endpoints for the way from the anchored block down to the one that was read. An endpoint that has
/// not those states any more leaves the block known as it would be without them.
pub(super) async fn way(
    voices: &mut [Voice<'_>],
    subject: &Subject,
    claim: &Claim,
    budget: &Budget,
    notes: &mut Vec<ChainNote>,
) {
    for voice in voices.iter_mut().filter(|voice| !voice.lost) {
        let Some(header) = read_at(&voice.endpoint, subject) else { continue };
        until_nothing_is_wanted(voice, budget, notes, |endpoint| {
            descent(endpoint, subject, claim, &header, budget).wanted
        })
        .await;
        let shown = descent(&voice.endpoint, subject, claim, &header, budget);
        if shown.way.is_none() && header.number() < claim.block {
            let words = format!(
                "does not show the way from block {}, which Ethereum holds for final, down to block {}",
                claim.block,
                header.number()
            );
            voice.note(words, notes);
        }
    }
}

/// The block that an endpoint was read at.
fn read_at(endpoint: &Endpoint, subject: &Subject) -> Option<Header> {
    let answer = endpoint.answer(&Question::BlockByNumber(subject.block))?;
    header(answer).ok()
}
