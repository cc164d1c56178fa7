//! The same answer for people and for programs.

use super::{Asked, Told};
use core::fmt::Write as _;
use serde_json::{Value, json};
use veritee_chain::app::App;
use veritee_chain::contract::{Completeness, Shown};
use veritee_chain::event::{Event, Set};
use veritee_chain::history::{Could, Held, Past};
use veritee_chain::l1::{L1Findings, Way};
use veritee_chain::survey::chain_name;
use veritee_chain::timeline::Timeline;
use veritee_chain::{Address, B256};
use veritee_model::UnixTime;
use veritee_model::text::{inert, shortened};

const MOST: usize = 300;

fn quoted(text: &str) -> String {
    inert(&shortened(text, MOST))
}

fn completeness(told: &Told, complete: bool) -> Completeness {
    super::chain::completeness(&told.found, complete)
}

pub(super) const fn could(could: Could) -> &'static str {
    match could {
        Could::Yes => "could run",
        Could::No => "could not run",
        Could::Changed => "changed within the margin",
        Could::NotShown => "not shown",
        _ => "not known to this version",
    }
}

fn past<T: core::fmt::Display + Copy>(value: &Past<T>) -> String {
    match value {
        Past::Proven(value) => format!("{value} (proven)"),
        Past::Logged(value) => format!("{value} (by the logs)"),
        Past::ChangedSilently { before, after, from, to } => {
            format!("{before} or {after}: changed without a log between blocks {from} and {to}")
        }
        _ => "not shown".to_owned(),
    }
}

fn held(held: Held) -> String {
    match held {
        Held::Complete => "exact: the storage of this block was rebuilt".to_owned(),
        Held::Between { from, to } => format!("by the logs, with storage rebuilt at blocks {from} and {to}"),
        Held::Disputed { at } => format!("NOT by the logs: they do not explain the storage of block {at}"),
        _ => "by the logs alone".to_owned(),
    }
}

/// How a compose is known.
fn compose(told: &Told, hash: &B256) -> String {
    match told.composes.get(hash) {
        Some(known) => match &known.judged {
            Some(judged) => format!("known: {}, judged {judged}", known.name),
            None => format!("known: {}, not judged", known.name),
        },
        None => "not known: what it runs cannot be told".to_owned(),
    }
}

/// Each event with who had the authority when it happened: the owner before it, as far as the logs say.
fn entries(timeline: &Timeline) -> impl Iterator<Item = (&veritee_chain::timeline::Entry, Option<Address>)> {
    let mut owner = None;
    timeline.entries().iter().map(move |entry| {
        let before = owner;
        if let Event::Owner { next, .. } = &entry.event {
            owner = Some(*next);
        }
        (entry, before)
    })
}

/// For people. Writing to a String cannot fail.
/// What the chain that it settles on holds for final.
fn settled(l1: &L1Findings) -> String {
    match &l1.claim {
        Ok(claim) => format!(
            "holds block {} for final{}, in contracts whose code can be replaced (portal {} by {}, registry {} by {})",
            claim.block,
            match l1.way {
                Some(Way::Anchor) | None => String::new(),
                Some(way) => format!(", this one {way}"),
            },
            claim.portal.address,
            claim.portal.admin,
            claim.registry.address,
            claim.registry.admin
        ),
        Err(none) => none.to_string(),
    }
}

pub(super) fn people(told: &Told) -> String {
    let (found, subject) = (&told.found, &told.reads.subject);
    let mut text = String::new();
    let (name, test) = chain_name(subject.chain_id);
    let _ = writeln!(text, "application  {}", subject.app);
    let _ = writeln!(
        text,
        "chain        {} {name}{}",
        subject.chain_id,
        if test { ": nothing of value" } else { "" }
    );
    if let Some(header) = &found.survey.header {
        let time = UnixTime::from_seconds(header.timestamp());
        let _ = writeln!(text, "block        {} {} at {time}", header.number(), header.hash());
    }
    let _ = writeln!(text, "block known  {}", found.anchor);
    if told.l1_given && !found.anchor.is_by_hash() {
        text.push_str(
            "             no block of the chain that it settles on with the given hash anchors it\n",
        );
    }
    if let Some(l1) = &found.l1 {
        let (number, hash, known) = (l1.header.number(), l1.header.hash(), l1.anchor);
        let _ = writeln!(text, "settles on   block {number} {hash}, {known}: {}", settled(l1));
    }
    for (url, fault) in &found.faults {
        let _ = writeln!(text, "REFUSED      {}", quoted(&format!("{url}: {fault}")));
    }
    for disagreement in &found.disagreements {
        let words = format!("{} and {}: {}", disagreement.first, disagreement.second, disagreement.about);
        let _ = writeln!(text, "DISAGREE     {}", quoted(&words));
    }
    for (url, question) in found.missing.iter().take(3) {
        let _ = writeln!(text, "no answer    {}", quoted(&format!("{url}: {question}")));
    }
    registry(told, &mut text);
    match &found.survey.app {
        Some(Ok(app)) => contract(told, app, &mut text),
        Some(Err(why)) => {
            let _ = writeln!(text, "contract     {why}");
        }
        None => {}
    }
    if let Some(at) = &told.at {
        block(told, at, &mut text);
    }
    if let Some(history) = &found.survey.history {
        let _ = writeln!(text, "\nlog ({} entries)", history.timeline().entries().len());
        for (entry, owner) in entries(history.timeline()) {
            let by = owner.map_or_else(|| "at deployment".to_owned(), |owner| format!("owner {owner}"));
            let _ =
                writeln!(text, "  {:>10}  {}  ({by}, tx {})", entry.block, entry.event, entry.transaction);
        }
        for (topic, count) in history.timeline().unknown() {
            let topic = topic.map_or_else(|| "without topic".to_owned(), |topic| topic.to_string());
            let _ = writeln!(text, "  {count} logs of another kind: {topic}");
        }
    }
    if let Some(differences) = &told.differences {
        let _ = writeln!(text, "\nlist of deployments: {} differences", differences.len());
        for difference in differences {
            let _ = writeln!(text, "  {difference}");
        }
    }
    text
}

fn registry(told: &Told, text: &mut String) {
    let survey = &told.found.survey;
    let Some(address) = told.reads.subject.registry else {
        let _ = writeln!(text, "registry     none named");
        return;
    };
    match &survey.registry {
        Some(Ok(kms)) => {
            let words = completeness(told, kms.complete);
            let whose = if told.registry_given {
                "as the caller named it"
            } else {
                "a claim until the KMS or the caller says the same"
            };
            let _ = writeln!(text, "registry     {address}, {}, {words}: {whose}", kms.generation.name());
            if let Some(owner) = &survey.registry_owner {
                let _ = writeln!(text, "  owner      {owner}");
            }
            let _ = writeln!(
                text,
                "  serves     {} applications, {} OS images, {} KMS measurements",
                kms.apps.len(),
                kms.os_images.len(),
                kms.aggregated_mrs.len()
            );
            let key = if kms.ca_proven { "proven" } else { "not proven" };
            let _ = writeln!(text, "  root key   {} ({key})", kms.info.ca);
            let _ = writeln!(text, "  gateway    {}", quoted(&kms.info.gateway_app_id));
        }
        Some(Err(why)) => {
            let _ = writeln!(text, "registry     {address}: {why}");
        }
        None => {
            let _ = writeln!(text, "registry     {address}: not read");
        }
    }
}

fn contract(told: &Told, app: &App, text: &mut String) {
    let words = completeness(told, app.complete);
    let _ = writeln!(text, "contract     {}, {}, {words}", app.address, app.generation.name());
    if let Some(owner) = &told.found.survey.app_owner {
        let _ = writeln!(text, "  owner      {owner}");
    }
    let pending = match &app.pending_owner {
        Shown::Proven(owner) if owner.is_zero() => "nobody".to_owned(),
        shown => shown.to_string(),
    };
    let _ = writeln!(text, "  pending    {pending}");
    let _ = writeln!(text, "  code       {} (fixed for good: {})", app.implementation, app.upgrades_disabled);
    let _ = writeln!(text, "  any device {}", app.allow_any_device);
    let _ = writeln!(text, "  TCB rule   {}", app.require_tcb_up_to_date);
    let exactly = if app.complete { "exactly these and no other" } else { "at least these" };
    let _ = writeln!(text, "  allowed    {} compose hashes, {exactly}", app.compose_hashes.len());
    for hash in &app.compose_hashes {
        let _ = writeln!(text, "    {hash}  {}", compose(told, hash));
    }
    for device in &app.devices {
        let _ = writeln!(text, "    device {device}");
    }
}

fn block(told: &Told, at: &Asked, text: &mut String) {
    let state = &at.state;
    let _ = writeln!(text, "\nat block {} (margin {})", state.block, at.margin);
    if !state.deployed {
        let _ = writeln!(text, "  the contract was not there");
        return;
    }
    let _ = writeln!(text, "  sets       {}", held(state.held));
    let _ = writeln!(text, "  owner      {}", past(&state.owner));
    let _ = writeln!(text, "  code       {}", past(&state.implementation));
    let _ = writeln!(text, "  any device {}", past(&state.allow_any_device));
    let _ = writeln!(text, "  TCB rule   {}", past(&state.require_tcb_up_to_date));
    let _ = writeln!(text, "  fixed      {}", past(&state.upgrades_disabled));
    for (hash, answer) in &at.could {
        let _ = writeln!(text, "  {hash}  {}; {}", could(*answer), compose(told, hash));
    }
    let _ = writeln!(text, "  A hash that was removed keeps the keys that it had got.");
}

/// For programs, schema `veritee/history/v1`.
pub(super) fn document(told: &Told) -> Value {
    let (found, subject) = (&told.found, &told.reads.subject);
    let survey = &found.survey;
    let (name, test) = chain_name(subject.chain_id);
    let contract = match &survey.app {
        Some(Ok(app)) => json!({
            "address": app.address.to_string(), "generation": app.generation.name(),
            "completeness": completeness(told, app.complete).to_string(),
            "owner": survey.app_owner.as_ref().map(ToString::to_string),
            "pending_owner": app.pending_owner.to_string(), "implementation": app.implementation.to_string(),
            "upgrades_disabled": app.upgrades_disabled.to_string(), "allow_any_device": app.allow_any_device.to_string(),
            "require_tcb_up_to_date": app.require_tcb_up_to_date.to_string(),
            "compose_hashes": app.compose_hashes.iter().map(|hash| json!({"hash": hash.to_string(), "compose": compose(told, hash)})).collect::<Vec<_>>(),
            "devices": app.devices.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }),
        Some(Err(why)) => json!({"not_recognised": why.to_string()}),
        None => Value::Null,
    };
    let registry = match &survey.registry {
        Some(Ok(kms)) => json!({
            "address": kms.address.to_string(), "generation": kms.generation.name(),
            "completeness": completeness(told, kms.complete).to_string(),
            "owner": survey.registry_owner.as_ref().map(ToString::to_string),
            "root_key": kms.info.ca.to_string(), "root_key_proven": kms.ca_proven,
            "gateway_app_id": quoted(&kms.info.gateway_app_id),
        }),
        Some(Err(why)) => json!({"not_recognised": why.to_string()}),
        None => Value::Null,
    };
    let timeline: Vec<Value> = survey.history.iter().flat_map(|history| entries(history.timeline())).map(|(entry, owner)| {
        json!({
            "block": entry.block, "transaction_index": entry.transaction_index, "log_index": entry.log_index,
            "transaction": entry.transaction.to_string(), "event": entry.event.to_string(),
            "owner": owner.map(|owner| owner.to_string()),
        })
    }).collect();
    json!({
        "schema": "veritee/history/v1",
        "application": subject.app.to_string(),
        "chain": {"id": subject.chain_id, "name": name, "test": test},
        "block": survey.header.as_ref().map(|header| json!({
            "number": header.number(), "hash": header.hash().to_string(),
            "time": UnixTime::from_seconds(header.timestamp()).to_string(), "known": found.anchor.to_string(),
        })),
        "settles_on": found.l1.as_ref().map(|l1| json!({
            "number": l1.header.number(), "hash": l1.header.hash().to_string(),
            "time": UnixTime::from_seconds(l1.header.timestamp()).to_string(), "known": l1.anchor.to_string(), "holds": settled(l1),
        })),
        "refused": found.faults.iter().map(|(url, fault)| quoted(&format!("{url}: {fault}"))).collect::<Vec<_>>(),
        "disagreements": found.disagreements.iter().map(|one| json!({"first": quoted(&one.first), "second": quoted(&one.second), "about": one.about})).collect::<Vec<_>>(),
        "unanswered": found.missing.len(),
        "registry": registry,
        "contract": contract,
        "at": told.at.as_ref().map(|at| json!({
            "block": at.state.block, "margin": at.margin, "deployed": at.state.deployed, "sets": held(at.state.held),
            "owner": past(&at.state.owner), "implementation": past(&at.state.implementation),
            "allow_any_device": past(&at.state.allow_any_device),
            "require_tcb_up_to_date": past(&at.state.require_tcb_up_to_date),
            "upgrades_disabled": past(&at.state.upgrades_disabled),
            "allowed": at.state.sum.allowed(Set::ComposeHashes).map(ToString::to_string).collect::<Vec<_>>(),
            "could_run": at.could.iter().map(|(hash, answer)| json!({"hash": hash.to_string(), "answer": could(*answer), "compose": compose(told, hash)})).collect::<Vec<_>>(),
        })),
        "timeline": timeline,
        "deployments": told.differences.as_ref().map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>()),
    })
}
