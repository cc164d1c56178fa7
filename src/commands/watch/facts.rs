//! From reports and chain reads to the facts of a record. Repeats what they say; decides nothing.

use std::collections::BTreeSet;
use veritee_chain::app::App;
use veritee_chain::contract::Shown;
use veritee_chain::kms::Kms;
use veritee_chain::owner::Owner;
use veritee_chain::rpc::ChainReads;
use veritee_chain::survey::{FaultKind, Findings, chain_name, findings};
use veritee_model::report::IdentityFacts;
use veritee_model::text::shortened;
use veritee_model::{
    Budget, CheckId, Evidence, Finding, FindingStatus, Outcome, Report, Sha256Digest, UnixTime,
    VerdictOutcome,
};
use veritee_verify::ChainGiven;
use veritee_watch::{Draft, Fact, Kept, Machine};

/// Characters of somebody's text in a fact.
const MOST: usize = 400;

/// Lets a record be asked for by an app id.
pub(super) fn name(draft: &mut Draft, text: &str) {
    let digits = text.strip_prefix("0x").unwrap_or(text).to_ascii_lowercase();
    if digits.len() == 40 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        draft.subjects.insert(digits);
    }
}

/// The word that a value has in reports.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => "not known".to_owned(),
    }
}

/// A machine with its verdict.
pub(super) fn machine(draft: &mut Draft, label: String, report: &Report, evidence: &Evidence, keep: bool) {
    let verdict = &report.verdict;
    let bytes = veritee_evidence::to_json(evidence, env!("CARGO_PKG_VERSION")).into_bytes();
    let mut kept = Vec::new();
    let mut keeping = |name: &str, bytes: Vec<u8>| {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        kept.push(Kept { name: name.to_owned(), sha256: Sha256Digest::of(&bytes), bytes: length });
        draft.kept.push(bytes);
    };
    if let Some(chain) = &evidence.chain {
        keeping("chain", chain.bytes.clone());
    }
    let digest = Sha256Digest::of(&bytes);
    if keep {
        keeping("evidence", bytes);
    }
    draft.machines.push(Machine {
        label,
        outcome: word(&verdict.outcome),
        exit_code: verdict.exit_code,
        summary: shortened(&verdict.summary, MOST),
        quote: report.quote.as_ref().map(|quote| quote.signed_sha256),
        evidence: digest,
        kept,
    });
    draft.show(Fact::Outcome, [word(&verdict.outcome)]);
    draft.show(Fact::Reasons, verdict.reasons.iter().cloned());
    if let Some(app) = evidence.target.as_ref().and_then(|target| target.app_id.as_deref()) {
        name(draft, app);
    }
    if !is_genuine(report) {
        return;
    }
    if let Some(quote) = &report.quote {
        draft.show(Fact::Mrtd, [quote.mrtd.to_string()]);
    }
    if let Some(tcb) = &report.tcb {
        draft.show(Fact::TcbStatus, [word(&tcb.status)]);
        draft.show(Fact::Advisories, tcb.advisories.iter().cloned());
    }
    if let Some(identity) = &report.identity {
        measured(draft, identity);
    }
    if report.audit.is_some() {
        draft.show(Fact::Findings, report.findings.iter().filter_map(finding));
        draft.show(Fact::Stage, [shortened(&word(&report.stage), MOST)]);
    }
}

/// What no genuine quote stands behind is somebody's words: it neither changes what is known nor gives it a name.
fn is_genuine(report: &Report) -> bool {
    let mut checks = report.checks.iter();
    let signed = checks.any(|check| check.id == CheckId::QuoteSignature && check.outcome == Outcome::Pass);
    signed && report.verdict.outcome != VerdictOutcome::NotGenuine
}

/// Applications of which this machine's chain reads can tell something: the one that it measured, and the one that was
/// asked for. A document of reads about somebody else's contract comes with any evidence that a file holds.
pub(super) fn applications(report: &Report, asked: Option<&str>) -> BTreeSet<String> {
    let measured = report.identity.as_ref().filter(|_| is_genuine(report));
    let measured = measured.map(|identity| identity.app_id.to_string());
    let asked = asked.map(|app| app.strip_prefix("0x").unwrap_or(app).to_ascii_lowercase());
    measured.into_iter().chain(asked).collect()
}

fn measured(draft: &mut Draft, identity: &IdentityFacts) {
    let app = identity.app_id.to_string();
    name(draft, &app);
    draft.show(Fact::AppId, [app]);
    draft.show(Fact::ComposeHash, [identity.compose_hash.to_string()]);
    draft.show(Fact::KeyProvider, identity.key_provider.iter().map(|name| shortened(name, MOST)));
    draft.show(Fact::CaKey, identity.key_provider_id.iter().map(|id| shortened(id, MOST)));
}

/// A finding without its place: that moves with every line of the compose, whose hash is a fact of its own.
fn finding(finding: &Finding) -> Option<String> {
    if matches!(finding.status, FindingStatus::Pass | FindingStatus::Info) {
        return None;
    }
    let allowed = if finding.allowed.is_some() { " allowed" } else { "" };
    Some(format!("{} {} {}{allowed}", finding.rule, finding.severity, word(&finding.status)))
}

/// What the chain shows of the contracts of one of these applications, at the block that the reads are of.
pub(super) fn chain(draft: &mut Draft, bytes: &[u8], given: ChainGiven, of: &BTreeSet<String>) {
    let budget = &Budget::STANDARD;
    let mut reads = match ChainReads::read(bytes, budget) {
        Ok(reads) => reads,
        Err(error) => return draft.show(Fact::ChainFaults, [shortened(&error.to_string(), MOST)]),
    };
    let app = reads.subject.app;
    if !of.contains(&format!("{app:x}")) {
        let words = format!("read for application {app}, which this machine is not shown to be");
        return draft.show(Fact::ChainFaults, [words]);
    }
    reads.given(given.block.map(Into::into), given.l1_block.map(Into::into));
    let found = findings(&reads, budget);
    let refused =
        found.faults.iter().filter(|(_, fault)| !matches!(fault.kind, FaultKind::Error | FaultKind::Budget));
    draft.show(Fact::ChainFaults, refused.map(|(url, fault)| shortened(&format!("{url}: {fault}"), MOST)));
    let apart = found.disagreements.iter();
    draft
        .show(Fact::ChainFaults, apart.map(|one| format!("{} and {}: {}", one.first, one.second, one.about)));
    if found.agreeing == 0 {
        // Nobody gave a whole answer: nothing of it is shown.
        return;
    }
    if let Some(header) = &found.survey.header {
        let (name, _) = chain_name(reads.subject.chain_id);
        let time = UnixTime::from_seconds(header.timestamp());
        let words = format!("{name} block {} {} at {time}, {}", header.number(), header.hash(), found.anchor);
        if !draft.blocks.contains(&words) {
            draft.blocks.push(words);
        }
    }
    match &found.survey.app {
        Some(Ok(app)) => contract(draft, &found, app),
        Some(Err(why)) => draft.show(Fact::Contract, [why.to_string()]),
        None => {}
    }
    match &found.survey.registry {
        Some(Ok(kms)) => registry(draft, &found, kms),
        Some(Err(why)) => draft.show(Fact::Registry, [why.to_string()]),
        None => {}
    }
}

/// A value that the storage proves, or that this version has not; what is not shown is not put down.
fn proven<T: core::fmt::Display>(draft: &mut Draft, fact: Fact, value: &Shown<T>) {
    if !matches!(value, Shown::NotShown) {
        draft.show(fact, [value.to_string()]);
    }
}

fn contract(draft: &mut Draft, found: &Findings, app: &App) {
    draft.show(Fact::Contract, [format!("{} {}", app.address, app.generation.name())]);
    let words = super::super::chain::completeness(found, app.complete);
    draft.show(Fact::Completeness, [format!("contract {words}")]);
    if let Some(owner) = found.survey.app_owner.as_ref().filter(|owner| owner.is_read()) {
        draft.show(Fact::Owner, owners(owner));
    }
    proven(draft, Fact::PendingOwner, &app.pending_owner);
    draft.show(Fact::Implementation, [app.implementation.to_string()]);
    draft.show(Fact::AllowedComposeHashes, app.compose_hashes.iter().map(ToString::to_string));
    draft.show(Fact::AllowedDevices, app.devices.iter().map(ToString::to_string));
    proven(draft, Fact::AllowAnyDevice, &app.allow_any_device);
    proven(draft, Fact::RequireTcbUpToDate, &app.require_tcb_up_to_date);
    proven(draft, Fact::UpgradesDisabled, &app.upgrades_disabled);
}

fn registry(draft: &mut Draft, found: &Findings, kms: &Kms) {
    draft.show(Fact::Registry, [format!("{} {}", kms.address, kms.generation.name())]);
    let words = super::super::chain::completeness(found, kms.complete);
    draft.show(Fact::Completeness, [format!("registry {words}")]);
    if let Some(owner) = found.survey.registry_owner.as_ref().filter(|owner| owner.is_read()) {
        draft.show(Fact::RegistryOwner, owners(owner));
    }
    draft.show(Fact::RegistryImplementation, [kms.implementation.to_string()]);
    let proven = if kms.ca_proven { "proven" } else { "not proven" };
    draft.show(Fact::RegistryCaKey, [format!("{} ({proven})", kms.info.ca)]);
    draft.show(Fact::RegistryOsImages, kms.os_images.iter().map(ToString::to_string));
    draft.show(Fact::RegistryKms, kms.aggregated_mrs.iter().map(ToString::to_string));
    draft.show(Fact::GatewayAppId, [shortened(&kms.info.gateway_app_id, MOST)]);
}

/// An owner and everybody who can act for it: a Safe whose signers change has another owner, whatever its address.
fn owners(owner: &Owner) -> BTreeSet<String> {
    let mut all = BTreeSet::from([owner.to_string()]);
    match owner {
        Owner::Safe(safe) => {
            all.extend(safe.owners.iter().flat_map(owners).map(|signer| format!("signer {signer}")));
            all.extend(safe.modules.iter().map(|module| format!("module {module}")));
        }
        Owner::Timelock(timelock) => {
            all.extend(timelock.proposers.iter().flat_map(owners).map(|one| format!("proposer {one}")));
            all.extend(timelock.executors.iter().map(|one| format!("executor {one}")));
            all.extend(timelock.cancellers.iter().map(|one| format!("canceller {one}")));
            all.extend(timelock.admins.iter().map(|one| format!("administrator {one}")));
        }
        Owner::Contract { owner: Some(owner), .. } => all.extend(owners(owner)),
        _ => {}
    }
    all
}
