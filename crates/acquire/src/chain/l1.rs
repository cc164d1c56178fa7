//! Reading the chain that a rollup settles on, before the rollup: it says which of its blocks is final.

use super::{
    ChainEndpoint, ChainNote, ChainReadError, Voice, chain_id, finalized, given_block,
    until_nothing_is_wanted, voices,
};
use veritee_chain::B256;
use veritee_chain::l1::{Claim, Rollup, survey};
use veritee_chain::rpc::L1Reads;
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
    /// The block of the rollup that its contracts hold for final, as the first endpoint shows it.
    pub(super) block: Option<u64>,
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
    Ok(L1Read { reads, block: claimed.map(|claim| claim.block), requests })
}
