//! The contracts as one block proves them: the registry, the application's own, and who can change both.

use crate::ChainGiven;
use crate::links::KmsReading;
use veritee_audit::chain::deployments::{Added, Logged};
use veritee_audit::chain::{self, ChainFacts, Power};
use veritee_audit::key_provider::{KNOWN_KMS, Registry};
use veritee_chain::app::App;
use veritee_chain::builds;
use veritee_chain::contract::{Completeness, NotRecognised, Shown};
use veritee_chain::event::{Event, Set};
use veritee_chain::kms::Kms;
use veritee_chain::owner::Owner;
use veritee_chain::rpc::ChainReads;
use veritee_chain::survey::{Findings, chain_name};
use veritee_chain::timeline::Timeline;
use veritee_chain::{Address, B256};
use veritee_eventlog::{AppIdentity, KeyProviderKind};
use veritee_model::{Check, CheckId, Outcome, Reason};

/// What the checks are made from.
pub(super) struct Contracts<'a> {
    pub(super) identity: &'a AppIdentity,
    pub(super) reads: &'a ChainReads,
    pub(super) found: &'a Findings,
    pub(super) kms: Option<&'a KmsReading>,
    pub(super) given: ChainGiven,
}

/// By what the registry is known to be the one that the KMS obeys.
enum Known {
    Caller,
    Kms,
    Key(&'static str),
}

impl Contracts<'_> {
    /// Every check behind the first, as if the block were known.
    pub(super) fn checks(&self) -> Vec<Check> {
        let registry = self.registry();
        let shown = registry.reason.is_none();
        let contract = unless(shown, self.contract());
        let served = contract.reason.is_none();
        vec![registry, contract, unless(shown, self.compose_hash()), unless(served, self.history())]
    }

    /// Whether the registry is shown to be the one that counts, and all of it and of the application's contract is
    /// explained; or that there is no such contract.
    pub(super) fn is_shown(&self, checks: &[Check]) -> bool {
        let shown = |id: CheckId| checks.iter().find(|check| check.id == id);
        let registry = shown(CheckId::GovernanceRegistry).is_some_and(|check| check.reason.is_none());
        let contract =
            shown(CheckId::GovernanceContract).is_some_and(|check| check.outcome != Outcome::NotChecked);
        registry && contract
    }

    /// What the audit's rules ask about.
    pub(super) fn facts(&self, shown: bool) -> ChainFacts {
        let (name, test) = chain_name(self.reads.subject.chain_id);
        let number = self.reads.subject.block;
        ChainFacts {
            block: format!("block {number} of {name}, {}", self.found.anchor),
            endpoints: self.found.agreeing,
            by_hash: self.found.anchor.is_by_hash(),
            test_network: test.then(|| name.to_owned()),
            contracts: self.kms().filter(|_| shown).map(|kms| chain::Contracts {
                registry: kms.address.to_string(),
                registry_owner: self.owner(self.found.survey.registry_owner.as_ref(), kms.owner),
                registry_code: code(kms.implementation_hash),
                any_gateway: kms.info.gateway_app_id == "any",
                app: self
                    .app()
                    .filter(|_| self.contract().outcome == Outcome::Pass)
                    .map(|app| self.app_facts(app)),
            }),
        }
    }

    fn app_facts(&self, app: &App) -> chain::AppContract {
        let measured = B256::from_slice(self.identity.compose_hash().as_bytes());
        let others = app.compose_hashes.iter().filter(|hash| **hash != measured);
        let on = |shown: Shown<bool>| shown == Shown::Proven(true);
        chain::AppContract {
            address: app.address.to_string(),
            allows_this: app.compose_hashes.contains(&measured),
            others: others.map(ToString::to_string).collect(),
            owner: self.owner(self.found.survey.app_owner.as_ref(), app.owner),
            pending_owner: app
                .pending_owner
                .proven()
                .filter(|pending| !pending.is_zero())
                .map(ToString::to_string),
            code: code(app.implementation_hash),
            code_fixed: on(app.upgrades_disabled),
            any_device: on(app.allow_any_device),
            tcb_up_to_date: on(app.require_tcb_up_to_date),
            logged: self
                .found
                .survey
                .history
                .as_ref()
                .map(|history| logged(history.timeline()))
                .unwrap_or_default(),
        }
    }

    fn owner(&self, owner: Option<&Owner>, address: Address) -> chain::Owner {
        let words = owner.map_or_else(|| address.to_string(), ToString::to_string);
        let power = match owner {
            Some(owner) if !owner.is_read() => Power::Unknown,
            Some(Owner::Nobody) => Power::Nobody,
            Some(owner) if owner.is_one_key() => Power::OneKey,
            Some(Owner::Safe(_)) => Power::Several,
            Some(owner) => owner.delay().map_or(Power::Unknown, Power::After),
            None => Power::Unknown,
        };
        chain::Owner { words, power }
    }

    fn kms(&self) -> Option<&Kms> {
        self.found.survey.registry.as_ref()?.as_ref().ok()
    }

    fn app(&self) -> Option<&App> {
        self.found.survey.app.as_ref()?.as_ref().ok()
    }

    /// How far what is not rebuilt from storage can be believed.
    const fn without_storage(&self) -> Completeness {
        match self.found.agreeing {
            0 | 1 => Completeness::SingleEndpoint,
            several => Completeness::EndpointsAgree(several),
        }
    }

    fn registry(&self) -> Check {
        let id = CheckId::GovernanceRegistry;
        let provider = self.identity.key_provider();
        if provider.kind() != KeyProviderKind::Kms {
            let detail = "the measured key provider is no KMS: no registry authorises it";
            return Check::not_checked(id, Reason::LinkNotApplicable, detail);
        }
        let Some(address) = self.reads.subject.registry else {
            let detail = "the chain reads name no registry";
            return Check::not_checked(id, Reason::RegistryNotShown, detail)
                .next("read again with --registry CHAIN:ADDRESS, as the KMS's compose names it");
        };
        let kms = match &self.found.survey.registry {
            Some(Ok(kms)) => kms,
            Some(Err(why)) => return self.not_recognised(id, "registry", address, *why),
            None => return Check::not_checked(id, Reason::ChainNotAnswered, "the registry was not read"),
        };
        if !kms.ca_proven {
            let detail = format!("{address}: its root key is not proven");
            return Check::not_checked(id, Reason::RegistryNotShown, detail);
        }
        let same = kms.info.ca == *provider.id();
        let known = match self.known(address) {
            Ok(known) => known,
            Err(detail) => {
                return Check::not_checked(id, Reason::RegistryNotShown, detail).next(
                    "a copy with the same key in it is easily made: confirm the registry with --registry CHAIN:ADDRESS, \
                     or bring the KMS's evidence with --kms",
                );
            }
        };
        if !same {
            let detail = format!("{address} keeps another root key than the measured key provider");
            return Check::fail(id, Reason::RegistryKeyOther, detail)
                .compared(hex::encode(provider.id()), hex::encode(&kms.info.ca))
                .next(
                    "its root key was replaced, or the machine's keys come from elsewhere: ask who runs it",
                );
        }
        let by = match known {
            Known::Caller => "named by the caller".to_owned(),
            Known::Kms => "named by the KMS's attested compose".to_owned(),
            Known::Key(name) => format!("known for the root key of {name}"),
        };
        let kms_words = self.kms.map_or_else(String::new, |kms| format!("; {}", kms.words()));
        let detail = format!(
            "{address}, {}, {}: {by}, keeps the measured root key; {}{kms_words}",
            kms.generation.name(),
            self.completeness(kms.complete),
            self.beside(kms),
        );
        Check::pass(id, detail)
    }

    /// What the registry says of the OS image and the KMS that the log names.
    fn beside(&self, kms: &Kms) -> String {
        let allowed = |allowed: bool| if allowed { "allowed" } else { "NOT allowed" };
        let image = self.identity.os_image_hash_claimed().map(|image| B256::from_slice(image.as_bytes()));
        let image = match image {
            Some(image) => format!("OS image of the log {}", allowed(kms.os_images.contains(&image))),
            None => "the log names no OS image".to_owned(),
        };
        let instance = match self.identity.mr_kms().map(|mr| B256::from_slice(mr.as_bytes())) {
            Some(mr) => format!(", the KMS that gave the keys {}", allowed(kms.aggregated_mrs.contains(&mr))),
            None => String::new(),
        };
        format!(
            "{image}{instance}; {} OS images, {} KMS measurements",
            kms.os_images.len(),
            kms.aggregated_mrs.len()
        )
    }

    fn known(&self, address: Address) -> Result<Known, String> {
        let here = (self.reads.subject.chain_id, address);
        let named = |chain_id: u64, other: &str| (chain_id, other.parse().unwrap_or(Address::ZERO)) == here;
        if let Some((chain_id, given)) = self.given.registry {
            let given = Address::from(given);
            return if (chain_id, given) == here {
                Ok(Known::Caller)
            } else {
                Err(format!(
                    "the reads are of {address} on chain {}, the caller names {given} on chain {chain_id}",
                    here.0
                ))
            };
        }
        let own = hex::encode(self.identity.key_provider().id());
        let known = KNOWN_KMS.iter().find(|known| known.ca_spki == own);
        if let Some((known, Registry { chain_id, address: of_key, .. })) =
            known.and_then(|known| Some((known, known.registry.as_ref()?)))
        {
            return if named(*chain_id, of_key) {
                Ok(Known::Key(known.name))
            } else {
                Err(format!("the reads are of {address}, the registry of {} is {of_key}", known.name))
            };
        }
        match self.kms.and_then(|kms| Some((kms.registry.as_deref()?, kms.chain_id))) {
            Some((of_kms, Some(chain_id))) if named(chain_id, of_kms) => Ok(Known::Kms),
            // Whoever deployed the registry can deploy it at the same address of another chain.
            Some((of_kms, None)) if named(here.0, of_kms) => {
                Err(format!("the KMS's attested compose names {address}, and not on which chain"))
            }
            Some((of_kms, _)) => {
                let of_kms = veritee_model::text::inert(&veritee_model::text::shortened(of_kms, 64));
                Err(format!(
                    "the reads are of {address} on chain {}, the KMS's attested compose names {of_kms} of its own",
                    here.0
                ))
            }
            None => Err(format!("{address} is named by the chain reads alone")),
        }
    }

    fn contract(&self) -> Check {
        let id = CheckId::GovernanceContract;
        let app_id = self.reads.subject.app;
        if let Some(kms) = self.kms() {
            let by_slot = kms.asked_app.map(|(registered, _)| registered);
            let registered = if kms.complete { Some(kms.apps.contains_key(&app_id)) } else { by_slot };
            match registered {
                Some(true) => {}
                Some(false) => {
                    let detail =
                        format!("{} does not serve {app_id}: it is not registered there", kms.address);
                    return Check::fail(id, Reason::AppNotServed, detail)
                        .next("the machine got its keys by other means, or before this block: ask how");
                }
                None => {
                    let detail = format!("whether {} serves {app_id} is not proven", kms.address);
                    return Check::not_checked(id, Reason::RegistryNotShown, detail);
                }
            }
        }
        let at = self.found.survey.controller.unwrap_or(app_id);
        let app = match &self.found.survey.app {
            Some(Ok(app)) => app,
            Some(Err(NotRecognised::Absent | NotRecognised::NoCode)) => {
                let detail = format!("there is no contract at {at}");
                return Check::fail(id, Reason::AppNotServed, detail)
                    .next("an app id without a contract is authorised by nobody: the KMS is another one");
            }
            Some(Err(why)) => return self.not_recognised(id, "application's contract", at, *why),
            None => {
                return Check::not_checked(
                    id,
                    Reason::ChainNotAnswered,
                    "the application's contract was not read",
                );
            }
        };
        if !app.answers_kms {
            let detail = format!("{at} has no function that a KMS could ask");
            return Check::not_checked(id, Reason::ContractNotRecognised, detail);
        }
        if app.app_id.proven().is_some_and(|own| *own != app_id) {
            let detail = format!("{at} keeps another app id than {app_id}");
            return Check::fail(id, Reason::AppNotServed, detail);
        }
        let detail = format!(
            "{at}, {}, {}: {} compose hashes, {}; {}",
            app.generation.name(),
            self.completeness(app.complete),
            app.compose_hashes.len(),
            devices(app),
            rules(app)
        );
        Check::pass(id, detail)
    }

    fn completeness(&self, complete: bool) -> Completeness {
        if complete { Completeness::CompleteNow } else { self.without_storage() }
    }

    fn compose_hash(&self) -> Check {
        let id = CheckId::GovernanceComposeHash;
        let Some(app) = self.app() else {
            let detail = "the application's contract is not known (governance.contract)";
            return Check::not_checked(id, Reason::ContractNotRecognised, detail);
        };
        let measured = B256::from_slice(self.identity.compose_hash().as_bytes());
        let total = app.compose_hashes.len();
        let allowed = if app.complete {
            app.compose_hashes.contains(&measured)
        } else {
            app.asked.get(&(Set::ComposeHashes, measured)).copied().unwrap_or(false)
        };
        if !allowed {
            let detail = format!("{} does not allow the measured compose hash at this block", app.address);
            return Check::fail(id, Reason::ComposeHashNotAllowed, detail)
                .compared(format!("one of {total} allowed"), self.identity.compose_hash())
                .next("it was removed, or the machine booted by other means: `veritee history` says when it was allowed");
        }
        let exactly = if app.complete { "exactly" } else { "at least" };
        let detail = format!(
            "allowed by {}, one of {exactly} {total} that can get the application's keys",
            app.address
        );
        Check::pass(id, detail)
    }

    fn history(&self) -> Check {
        let id = CheckId::GovernanceHistory;
        let survey = &self.found.survey;
        let (Some(app), Some(kms)) = (self.app(), self.kms()) else {
            let detail = "registry or contract are not known: who can change the application is not shown";
            return Check::not_checked(id, Reason::ContractNotRecognised, detail);
        };
        let (Some(of_app), Some(of_kms)) = (&survey.app_owner, &survey.registry_owner) else {
            return Check::not_checked(id, Reason::OwnerNotShown, "the owners were not read");
        };
        let changes = survey.history.as_ref().map_or(0, |history| history.timeline().entries().len());
        let detail = format!(
            "{changes} changes on record; application: {}; its code {}; registry: {}; its code can be replaced by its owner",
            owner(of_app, app.owner),
            match app.upgrades_disabled {
                Shown::Proven(true) => "is fixed",
                _ => "can be replaced by its owner",
            },
            owner(of_kms, kms.owner),
        );
        if !of_app.is_read() || !of_kms.is_read() {
            return Check::not_checked(id, Reason::OwnerNotShown, detail);
        }
        if !app.complete || !kms.complete {
            let why = format!("by the logs of {} alone", self.without_storage());
            return Check::not_checked(id, Reason::ContractNotRecognised, format!("{why}: {detail}"));
        }
        Check::pass(id, detail)
    }

    fn not_recognised(&self, id: CheckId, what: &str, at: Address, why: NotRecognised) -> Check {
        let detail = format!("{what} {at}: {why}; its logs are {} and nothing more", self.without_storage());
        Check::not_checked(id, Reason::ContractNotRecognised, detail).next(
            "an endpoint that hides a log looks like this too: ask another one, from the first block on",
        )
    }
}

/// What a contract says, where it is not shown that the KMS asks it: neither for nor against the machine.
fn unless(shown: bool, check: Check) -> Check {
    if shown || check.outcome == Outcome::NotChecked {
        return check;
    }
    let detail =
        format!("not shown to be the contract that the KMS asks (governance.registry); {}", check.detail);
    Check::not_checked(check.id, Reason::RegistryNotShown, detail)
}

fn owner(owner: &Owner, address: Address) -> String {
    let urgent = if owner.is_one_key() { " (one key changes everything at once)" } else { "" };
    match owner {
        Owner::NotRead { .. } => format!("{address}, which was not read"),
        owner => format!("{owner}{urgent}"),
    }
}

fn devices(app: &App) -> String {
    match (app.allow_any_device, app.devices.len()) {
        (Shown::Proven(true), _) => "any device".to_owned(),
        (Shown::Proven(false), count) => format!("{count} devices"),
        (other, _) => format!("any device: {other}"),
    }
}

fn rules(app: &App) -> String {
    let tcb = match app.require_tcb_up_to_date {
        Shown::Proven(true) => "an up-to-date TCB is demanded".to_owned(),
        Shown::Proven(false) => "an outdated TCB is accepted".to_owned(),
        other => format!("a demand for an up-to-date TCB is {other}"),
    };
    let upgrades = match app.upgrades_disabled {
        Shown::Proven(true) => "its code is fixed",
        _ => "its code can be replaced",
    };
    format!("{tcb}; {upgrades}")
}

fn code(hash: B256) -> chain::Code {
    let source = builds::find(hash).map(|build| format!("{} of {}", build.contract, build.tags));
    chain::Code { hash: hash.to_string(), source }
}

/// What a contract's logs say of compose hashes, to be held against an operator's own list.
#[must_use]
pub fn logged(timeline: &Timeline) -> Logged {
    let mut logged = Logged::default();
    for entry in timeline.entries() {
        let transaction = hex::encode(entry.transaction);
        if let Event::Member { set: Set::ComposeHashes, member, allowed: true } = &entry.event {
            let (hash, block) = (hex::encode(member), entry.block);
            logged.added.push(Added { hash, block, transaction: transaction.clone() });
        }
        logged.transactions.insert(transaction);
    }
    logged
}
