//! The contract that says which apps, images and KMS instances a KMS serves: the registry.

use crate::abi::sol;
use crate::app::explain_common;
use crate::contract::{NotRecognised, Proxy, RecognisedBy, Shown, common_slots};
use crate::event::Set;
use crate::layout::{self, KmsGeneration, kms as place};
use crate::storage::{self, Explained};
use crate::timeline::{Sum, Timeline};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use std::collections::{BTreeMap, BTreeSet};

/// What `kmsInfo()` and `gatewayAppId()` answer: an endpoint's word until the rebuilt storage or a slot shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KmsInfo {
    /// secp256k1 key, SEC1.
    pub k256: Bytes,
    /// Root CA key, SPKI in DER.
    pub ca: Bytes,
    /// Bootstrap quote.
    pub quote: Bytes,
    /// Its event log.
    pub event_log: Bytes,
    /// The gateway's app id.
    pub gateway_app_id: String,
}

/// A registry at one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kms {
    /// Its address.
    pub address: Address,
    /// Its generation.
    pub generation: KmsGeneration,
    /// How that is known.
    pub by: RecognisedBy,
    /// The storage is explained to the last slot: the sets below are exact and [`Kms::info`] is proven.
    pub complete: bool,
    /// The implementation that runs. Its owner can replace it: registries have no switch against that.
    pub implementation: Address,
    /// Hash of its masked code.
    pub implementation_hash: B256,
    /// Keys, quote, gateway. Proven where `complete`; otherwise only what [`Kms::ca_proven`] says.
    pub info: KmsInfo,
    /// The root CA key is proven, by the rebuilt storage or by its slots.
    pub ca_proven: bool,
    /// Apps that the logs say are registered, with their contracts where they have another address.
    pub apps: BTreeMap<Address, Option<Address>>,
    /// Aggregated measurements of KMS instances that may get the keys.
    pub aggregated_mrs: BTreeSet<B256>,
    /// Devices of KMS instances.
    pub devices: BTreeSet<B256>,
    /// OS images that apps may run.
    pub os_images: BTreeSet<B256>,
    /// Members that were asked for by slot, proven even where the sets are not exact.
    pub asked: BTreeMap<(Set, B256), bool>,
    /// Registration of the app of interest by slot: whether it is registered, and its contract.
    pub asked_app: Option<(bool, Option<Address>)>,
    /// The implementation that new apps get.
    pub app_implementation: Shown<Address>,
    /// Who can change all of this, its code included; zero for nobody.
    pub owner: Address,
    /// Who can take ownership.
    pub pending_owner: Shown<Address>,
    /// Slots that are not zero, as far as they are explained.
    pub slots: usize,
}

/// What one wants to know of a registry beside its keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KmsInterest {
    /// The app.
    pub app: Option<Address>,
    /// OS images.
    pub os_images: BTreeSet<B256>,
    /// Aggregated measurements of KMS instances.
    pub aggregated_mrs: BTreeSet<B256>,
}

/// Words of a CA key of 91 bytes, the SPKI of P-256.
const CA_WORDS: u64 = 3;

/// Slots to ask `eth_getProof` for: those of every generation, the CA key, and what is of interest.
#[must_use]
pub fn slots(interest: &KmsInterest) -> Vec<B256> {
    let mut slots = common_slots();
    slots.extend((0..=10).filter(|number| !(5..=8).contains(number)).map(layout::slot));
    slots.extend(ca_words());
    slots.extend(interest.app.map(|app| layout::mapping(layout::word(app), place::APPS)));
    slots.extend(interest.os_images.iter().map(|image| layout::mapping(*image, place::OS_IMAGES)));
    slots.extend(interest.aggregated_mrs.iter().map(|mr| layout::mapping(*mr, place::AGGREGATED_MRS)));
    slots
}

fn ca_words() -> impl Iterator<Item = B256> {
    let first = U256::from_be_bytes(keccak256(layout::slot(place::CA)).0);
    (0..CA_WORDS).map(move |offset| B256::from(first.wrapping_add(U256::from(offset))))
}

fn generation_of(proxy: &Proxy) -> Option<KmsGeneration> {
    let answers = |selector| proxy.implementation.answers(selector);
    if !answers(sol::kmsInfoCall::SELECTOR) {
        return None;
    }
    let selector = |signature: &str| keccak256(signature).as_slice().first_chunk::<4>().copied();
    if answers(sol::appsCall::SELECTOR) {
        let images = answers(selector("appAllowedSystemMrs(bytes32)")?);
        return Some(if images { KmsGeneration::KmsAuthImages } else { KmsGeneration::KmsAuth });
    }
    if !answers(sol::registeredAppsCall::SELECTOR) {
        return None;
    }
    let two_step = answers(sol::pendingOwnerCall::SELECTOR);
    Some(if two_step { KmsGeneration::DstackKmsTwoStep } else { KmsGeneration::DstackKms })
}

/// Reads a registry: its proxy with the slots of [`slots`], its events up to the same block, and what its getters
/// answered there.
///
/// # Errors
/// When it is not recognised: neither does its rebuilt storage have the proven root, nor is its code known.
pub fn read(
    proxy: &Proxy,
    timeline: &Timeline,
    info: KmsInfo,
    interest: &KmsInterest,
    known: &BTreeMap<B256, KmsGeneration>,
) -> Result<Kms, NotRecognised> {
    let implementation_hash = proxy.implementation.masked_hash();
    let sum = timeline.sum();
    let generation = generation_of(proxy).ok_or(NotRecognised::Code)?;
    let explained = explain(proxy, &sum, &info, generation);
    let complete =
        explained.as_ref().is_some_and(|slots| slots.root() == proxy.account.proof().storage_root());
    let (generation, by) = match known.get(&implementation_hash) {
        _ if complete => (generation, RecognisedBy::StorageRoot),
        Some(known) => (*known, RecognisedBy::Code),
        None => return Err(NotRecognised::Storage),
    };
    let proof = proxy.account.proof();
    let address = |slot: B256| proof.slot(slot).and_then(storage::as_address).ok_or(NotRecognised::Storage);
    let optional = |slot: Option<B256>| match slot {
        None => Ok(Shown::NotInThisVersion),
        Some(slot) => address(slot).map(Shown::Proven),
    };
    let ca_proven = complete || ca_by_slots(proxy).is_some_and(|shown| shown == info.ca);
    Ok(Kms {
        address: proof.address(),
        generation,
        by,
        complete,
        implementation: proxy.implementation.proof().address(),
        implementation_hash,
        ca_proven,
        info,
        aggregated_mrs: sum.allowed(Set::KmsAggregatedMrs).copied().collect(),
        devices: sum.allowed(Set::KmsDevices).copied().collect(),
        os_images: sum.allowed(Set::OsImages).copied().collect(),
        asked: asked(proxy, interest),
        asked_app: interest.app.and_then(|app| asked_app(proxy, app, generation)),
        app_implementation: optional(generation.app_implementation().map(layout::slot))?,
        owner: address(layout::OWNER)?,
        pending_owner: optional(generation.two_step().then_some(layout::PENDING_OWNER))?,
        slots: explained.map_or(0, |slots| slots.len()),
        apps: sum.apps,
    })
}

/// The CA key as its slots prove it, without any getter.
fn ca_by_slots(proxy: &Proxy) -> Option<Bytes> {
    let proof = proxy.account.proof();
    let length = storage::as_u64(proof.slot(layout::slot(place::CA))?)?;
    let length = usize::try_from(length.checked_sub(1)?).ok()?;
    if length % 2 != 0 {
        return None;
    }
    let mut bytes = Vec::with_capacity(96);
    for slot in ca_words() {
        bytes.extend(B256::from(proof.slot(slot)?));
    }
    bytes.get(..length / 2).filter(|key| key.len() > 31).map(Bytes::copy_from_slice)
}

fn asked(proxy: &Proxy, interest: &KmsInterest) -> BTreeMap<(Set, B256), bool> {
    let proof = proxy.account.proof();
    let images = interest.os_images.iter().map(|member| (Set::OsImages, member, place::OS_IMAGES));
    let mrs =
        interest.aggregated_mrs.iter().map(|member| (Set::KmsAggregatedMrs, member, place::AGGREGATED_MRS));
    images
        .chain(mrs)
        .filter_map(|(set, member, number)| {
            let value = proof.slot(layout::mapping(*member, number)).and_then(storage::as_flag)?;
            Some(((set, *member), value))
        })
        .collect()
}

/// `registeredApps[app]`, or `apps[app]`: a flag in byte 0 and the controller above it.
fn asked_app(proxy: &Proxy, app: Address, generation: KmsGeneration) -> Option<(bool, Option<Address>)> {
    let word = proxy.account.proof().slot(layout::mapping(layout::word(app), place::APPS))?;
    if !generation.has_controllers() {
        return storage::as_flag(word).map(|registered| (registered, None));
    }
    let (flag, controller) = (word & U256::from(0xff), word.wrapping_shr(8));
    Some((storage::as_flag(flag)?, storage::as_address(controller)))
}

/// The word of `apps[..]` for a registered app with this controller.
fn controlled(controller: Address) -> U256 {
    U256::from_be_bytes(controller.into_word().0).wrapping_shl(8) | U256::ONE
}

fn explain(proxy: &Proxy, sum: &Sum, info: &KmsInfo, generation: KmsGeneration) -> Option<Explained> {
    let proof = proxy.account.proof();
    let mut slots = Explained::default();
    for (number, value) in [
        (place::K256, &info.k256),
        (place::CA, &info.ca),
        (place::QUOTE, &info.quote),
        (place::EVENT_LOG, &info.event_log),
        (place::GATEWAY, &Bytes::from(info.gateway_app_id.clone().into_bytes())),
    ] {
        slots.bytes(number, value);
    }
    explain_common(proxy, generation.two_step(), &mut slots)?;
    if let Some(number) = generation.app_implementation() {
        slots.address(layout::slot(number), storage::as_address(proof.slot(layout::slot(number))?)?);
    }
    for (app, controller) in &sum.apps {
        let slot = layout::mapping(layout::word(*app), place::APPS);
        // A registration by hand does not log its controller; where it was asked for, its slot shows it.
        let word = match (generation.has_controllers(), controller) {
            (false, _) => U256::ONE,
            (true, Some(controller)) => controlled(*controller),
            (true, None) => proof.slot(slot)?,
        };
        slots.set(slot, word);
    }
    if let Some(number) = generation.next_sequence() {
        for (deployer, apps) in &sum.deployers {
            slots.set(layout::mapping(layout::word(*deployer), number), U256::from(*apps));
        }
    }
    if let Some(number) = generation.app_system_mrs() {
        slots.members(number, sum.allowed(Set::AppSystemMrs));
    }
    slots.members(place::AGGREGATED_MRS, sum.allowed(Set::KmsAggregatedMrs));
    slots.members(place::DEVICES, sum.allowed(Set::KmsDevices));
    slots.members(place::OS_IMAGES, sum.allowed(Set::OsImages));
    Some(slots)
}
