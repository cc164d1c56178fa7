//! The contract that says what an application may run.

use crate::abi::sol;
use crate::code::IS_APP_ALLOWED;
use crate::contract::{NotRecognised, Proxy, RecognisedBy, Shown, common_slots};
use crate::event::Set;
use crate::layout::{self, AppGeneration};
use crate::storage::{self, Explained};
use crate::timeline::{Sum, Timeline};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolCall;
use std::collections::{BTreeMap, BTreeSet};

/// An app contract at one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its address.
    pub address: Address,
    /// Its generation.
    pub generation: AppGeneration,
    /// How that is known.
    pub by: RecognisedBy,
    /// The storage is explained to the last slot: the sets below are exact.
    pub complete: bool,
    /// The implementation that runs.
    pub implementation: Address,
    /// Hash of its masked code.
    pub implementation_hash: B256,
    /// Whether its code has the function that a KMS asks.
    pub answers_kms: bool,
    /// The app's id, where the contract keeps one.
    pub app_id: Shown<Address>,
    /// Compose hashes that the logs say are allowed; exactly those where `complete`.
    pub compose_hashes: BTreeSet<B256>,
    /// Devices that the logs say are allowed; exactly those where `complete`.
    pub devices: BTreeSet<B256>,
    /// Members that were asked for by slot: whether they are allowed, proven even where the sets are not exact.
    pub asked: BTreeMap<(Set, B256), bool>,
    /// Whether the implementation can never be changed again.
    pub upgrades_disabled: Shown<bool>,
    /// Whether any machine may run it.
    pub allow_any_device: Shown<bool>,
    /// Whether only machines with an up-to-date TCB may.
    pub require_tcb_up_to_date: Shown<bool>,
    /// Who can change all of this; zero for nobody.
    pub owner: Address,
    /// Who can take ownership.
    pub pending_owner: Shown<Address>,
    /// Slots that are not zero, as far as they are explained.
    pub slots: usize,
}

/// What one wants to know of an app beside its flags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppInterest {
    /// Compose hashes.
    pub compose_hashes: BTreeSet<B256>,
    /// Devices.
    pub devices: BTreeSet<B256>,
}

/// Slots to ask `eth_getProof` for: those of every generation, with the members of interest.
#[must_use]
pub fn slots(interest: &AppInterest) -> Vec<B256> {
    let mut slots = common_slots();
    slots.extend((0..=3).map(layout::slot));
    for member in &interest.compose_hashes {
        slots.extend([0, 1].map(|number| layout::mapping(*member, number)));
    }
    for member in &interest.devices {
        slots.extend([2, 3].map(|number| layout::mapping(*member, number)));
    }
    slots
}

/// The generation that the implementation's functions show.
fn generation_of(proxy: &Proxy) -> Option<AppGeneration> {
    let answers = |selector| proxy.implementation.answers(selector);
    if !answers(sol::allowedComposeHashesCall::SELECTOR) || !answers(sol::allowAnyDeviceCall::SELECTOR) {
        return None;
    }
    let app_id = keccak256("appId()").as_slice().first_chunk::<4>().copied()?;
    Some(if answers(app_id) {
        AppGeneration::AppAuth
    } else if answers(sol::pendingOwnerCall::SELECTOR) {
        AppGeneration::DstackAppTwoStep
    } else if answers(sol::requireTcbUpToDateCall::SELECTOR) {
        AppGeneration::DstackAppTcb
    } else {
        AppGeneration::DstackApp
    })
}

/// Reads an app contract: its proxy with the slots of [`slots`], and its events up to the same block.
///
/// `known` names generations by the masked hash of an implementation's code, on the caller's word.
///
/// # Errors
/// When it is not recognised: neither does its rebuilt storage have the proven root, nor is its code known.
pub fn read(
    proxy: &Proxy,
    timeline: &Timeline,
    interest: &AppInterest,
    known: &BTreeMap<B256, AppGeneration>,
) -> Result<App, NotRecognised> {
    let implementation_hash = proxy.implementation.masked_hash();
    let sum = timeline.sum();
    let generation = generation_of(proxy).ok_or(NotRecognised::Code)?;
    let explained = explain(proxy, &sum, generation);
    let complete =
        explained.as_ref().is_some_and(|slots| slots.root() == proxy.account.proof().storage_root());
    let (generation, by) = match known.get(&implementation_hash) {
        _ if complete => (generation, RecognisedBy::StorageRoot),
        Some(known) => (*known, RecognisedBy::Code),
        None => return Err(NotRecognised::Storage),
    };
    let words = Words { proxy };
    let flags = words.slot(generation.flags()).and_then(storage::as_flags).ok_or(NotRecognised::Storage)?;
    let owner = words.address(layout::OWNER).ok_or(NotRecognised::Storage)?;
    Ok(App {
        address: proxy.account.proof().address(),
        generation,
        by,
        complete,
        implementation: proxy.implementation.proof().address(),
        implementation_hash,
        answers_kms: proxy.implementation.answers(IS_APP_ALLOWED),
        app_id: words.optional(generation.app_id().map(layout::slot), storage::as_address)?,
        compose_hashes: sum.allowed(Set::ComposeHashes).copied().collect(),
        devices: sum.allowed(Set::Devices).copied().collect(),
        asked: asked(proxy, generation, interest),
        upgrades_disabled: Shown::Proven(flags.0),
        allow_any_device: Shown::Proven(flags.1),
        require_tcb_up_to_date: words
            .optional(generation.require_tcb().map(layout::slot), storage::as_flag)?,
        owner,
        pending_owner: words
            .optional(generation.two_step().then_some(layout::PENDING_OWNER), storage::as_address)?,
        slots: explained.map_or(0, |slots| slots.len()),
    })
}

/// Proven words of the contract.
struct Words<'p> {
    proxy: &'p Proxy,
}

impl Words<'_> {
    fn slot(&self, number: u64) -> Option<U256> {
        self.proxy.account.proof().slot(layout::slot(number))
    }

    fn address(&self, slot: B256) -> Option<Address> {
        self.proxy.account.proof().slot(slot).and_then(storage::as_address)
    }

    /// A value that some generations have not. One that is there but is no such value is another layout.
    fn optional<T>(
        &self,
        slot: Option<B256>,
        read: impl FnOnce(U256) -> Option<T>,
    ) -> Result<Shown<T>, NotRecognised> {
        let Some(slot) = slot else { return Ok(Shown::NotInThisVersion) };
        match self.proxy.account.proof().slot(slot) {
            None => Ok(Shown::NotShown),
            Some(word) => read(word).map(Shown::Proven).ok_or(NotRecognised::Storage),
        }
    }
}

fn asked(proxy: &Proxy, generation: AppGeneration, interest: &AppInterest) -> BTreeMap<(Set, B256), bool> {
    let proof = proxy.account.proof();
    let composes = interest
        .compose_hashes
        .iter()
        .map(|member| (Set::ComposeHashes, member, generation.compose_hashes()));
    let devices = interest.devices.iter().map(|member| (Set::Devices, member, generation.devices()));
    composes
        .chain(devices)
        .filter_map(|(set, member, number)| {
            let value = proof.slot(layout::mapping(*member, number)).and_then(storage::as_flag)?;
            Some(((set, *member), value))
        })
        .collect()
}

/// The slots that events and proven words explain under a generation's layout. `None` where a word that this layout
/// demands is missing or is no value of its kind.
fn explain(proxy: &Proxy, sum: &Sum, generation: AppGeneration) -> Option<Explained> {
    let words = Words { proxy };
    let mut slots = Explained::default();
    let flags = words.slot(generation.flags())?;
    storage::as_flags(flags)?;
    slots.set(layout::slot(generation.flags()), flags);
    if let Some(number) = generation.require_tcb() {
        let word = words.slot(number)?;
        storage::as_flag(word)?;
        slots.set(layout::slot(number), word);
    }
    if let Some(number) = generation.app_id() {
        slots.address(layout::slot(number), storage::as_address(words.slot(number)?)?);
    }
    explain_common(proxy, generation.two_step(), &mut slots)?;
    slots.members(generation.compose_hashes(), sum.allowed(Set::ComposeHashes));
    slots.members(generation.devices(), sum.allowed(Set::Devices));
    Some(slots)
}

/// The slots that ERC-1967 and OpenZeppelin's contracts keep.
pub(crate) fn explain_common(proxy: &Proxy, two_step: bool, slots: &mut Explained) -> Option<()> {
    let proof = proxy.account.proof();
    slots.address(layout::IMPLEMENTATION, storage::as_address(proof.slot(layout::IMPLEMENTATION)?)?);
    slots.address(layout::OWNER, storage::as_address(proof.slot(layout::OWNER)?)?);
    if two_step {
        slots.address(layout::PENDING_OWNER, storage::as_address(proof.slot(layout::PENDING_OWNER)?)?);
    }
    let initialized = proof.slot(layout::INITIALIZABLE)?;
    // The version alone: byte 8 is the "initialising" flag, set inside a transaction only.
    storage::as_u64(initialized)?;
    slots.set(layout::INITIALIZABLE, initialized);
    Some(())
}
