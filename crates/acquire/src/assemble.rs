//! Putting together what came: which answers are of one machine, and which part is taken from which.
//!
//! One answer of one machine is a unit; nothing is ever taken out of it and put to another quote unless both tell of
//! the same state by bytes: MRTD, RTMR0 to RTMR3, MRCONFIGID, and the processor's certificates in the quote. An answer
//! without a quote joins a machine only when it claims exactly the registers that the quote has. What fits nowhere
//! stays a machine, or a replica, of its own: mixing could only make two halves of evidence look like a contradiction,
//! or hide one of them.

mod machine;

use crate::acquired::{AcquireError, Acquired, Disagreement, Note};
use crate::plan::{Plan, Subject};
use crate::run::Collected;
use crate::source::Source;
use crate::unit::Unit;
use machine::Machine;
use std::collections::{BTreeMap, BTreeSet};
use veritee_evidence::{NamedEvidence, parts};
use veritee_model::evidence::Replica;

/// Values on which the machines of one application should agree.
const COMMON: [&str; 2] = ["app_id", "compose_hash"];

/// The machines of a run, with the record of what was asked and of each other.
pub(crate) fn assemble(plan: &Plan, collected: Collected) -> Result<Acquired, AcquireError> {
    let Collected { units, attempts, mut notes, caa, gateway, infos } = collected;
    let (of_application, of_gateway): (Vec<Unit>, Vec<Unit>) =
        units.into_iter().partition(|unit| unit.subject == Subject::Application);
    let mut labels = BTreeSet::new();
    let (mut machines, strays) = group(of_application);
    if machines.is_empty() {
        return Err(AcquireError::NoQuote { asked: plan.target().asked().to_owned(), attempts });
    }
    for machine in &mut machines {
        machine.label = label(&machine.values(), machine.source(), &mut labels);
    }
    let strays: Vec<(String, Unit)> =
        strays.into_iter().map(|unit| (label(&unit.values(), unit.source, &mut labels), unit)).collect();
    notes.extend(machines.iter_mut().flat_map(Machine::take_notes));
    notes.extend(
        strays.iter().map(|(label, unit)| Note::WithoutQuote { label: label.clone(), url: unit.url.clone() }),
    );
    notes.extend(about_target(plan, &machines));
    if machines.len() == 1 && strays.is_empty() && infos > 1 {
        notes.push(Note::OneMachine { asked: infos });
    }
    let seen = seen(&machines, &strays);
    let disagreements = disagreements(&seen);
    let fresh = machines.iter().filter(|machine| machine.nonce());
    let mut asked_with_nonce: Vec<String> = fresh.map(|machine| machine.label.clone()).collect();
    let mut out: Vec<NamedEvidence> =
        machines.into_iter().map(|machine| finish(machine, plan, &seen)).collect();
    let front = finish_gateway(of_gateway, plan, &mut labels, &mut notes);
    asked_with_nonce
        .extend(front.iter().filter(|(_, nonce)| *nonce).map(|(machine, _)| machine.label.clone()));
    let mut front: Vec<NamedEvidence> = front.into_iter().map(|(machine, _)| machine).collect();
    if let Some(served) = &gateway {
        parts::add_served(&mut front, served);
    }
    for (subject, answers) in caa {
        let machines = if subject == Subject::Gateway { &mut front } else { &mut out };
        for machine in machines {
            machine.evidence.caa = Some(answers.clone());
        }
    }
    out.append(&mut front);
    Ok(Acquired { machines: out, attempts, disagreements, notes, asked_with_nonce })
}

/// Units by machine, and those that are of none. Which unit gives a machine its quote is decided by its source's rank
/// and, within one source, by the order of arrival: never by what it says.
fn group(units: Vec<Unit>) -> (Vec<Machine>, Vec<Unit>) {
    let (mut quoted, rest): (Vec<Unit>, Vec<Unit>) =
        units.into_iter().partition(|unit| unit.quote().is_some());
    // A stable sort: within one source the order of arrival stays.
    quoted.sort_by_key(|unit| unit.source.rank());
    let mut machines: Vec<Machine> = Vec::new();
    let mut next_group = 0_usize;
    for unit in quoted {
        let same = machines.iter_mut().filter(|machine| machine.is_of(&unit));
        let mut group = None;
        let mut taken = false;
        for machine in same {
            group = Some(machine.group);
            // Content that only its own quote can bind makes a second entry of the same machine.
            if !unit.binds_content() || machine.has_quote_of(&unit) {
                machine.add(&unit);
                taken = true;
            } else {
                machine.lend(&unit);
            }
        }
        if taken {
            continue;
        }
        let group = group.unwrap_or_else(|| {
            next_group = next_group.saturating_add(1);
            next_group
        });
        let mut machine = Machine::new(unit, group);
        for other in machines.iter().filter(|other| other.group == group) {
            machine.borrow_from(other);
        }
        machines.push(machine);
    }
    let mut strays = Vec::new();
    for unit in rest {
        let mut found = false;
        for machine in machines.iter_mut().filter(|machine| machine.is_claimed_by(&unit)) {
            machine.add(&unit);
            found = true;
        }
        if !found {
            strays.push(unit);
        }
    }
    (machines, strays)
}

/// The claimed instance id where it is one and not taken, else the source and a number.
fn label(values: &BTreeMap<String, String>, source: Source, taken: &mut BTreeSet<String>) -> String {
    let is_id = |id: &&String| id.len() == 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let base = values.get("instance_id").filter(is_id).cloned().unwrap_or_else(|| source.slug().to_owned());
    unique(base, taken)
}

fn unique(base: String, taken: &mut BTreeSet<String>) -> String {
    let mut label = base.clone();
    let mut number = 2_usize;
    while !taken.insert(label.clone()) {
        label = format!("{base}-{number}");
        number = number.saturating_add(1);
    }
    label
}

/// A machine that was seen: its label, its group where a quote came, and what it says.
struct Seen {
    label: String,
    group: Option<usize>,
    values: BTreeMap<String, String>,
}

fn seen(machines: &[Machine], strays: &[(String, Unit)]) -> Vec<Seen> {
    let quoted = machines.iter().map(|machine| Seen {
        label: machine.label.clone(),
        group: Some(machine.group),
        values: machine.values(),
    });
    let others =
        strays.iter().map(|(label, unit)| Seen { label: label.clone(), group: None, values: unit.values() });
    quoted.chain(others).collect()
}

fn disagreements(seen: &[Seen]) -> Vec<Disagreement> {
    let mut out = Vec::new();
    for name in COMMON {
        let values: Vec<(String, String)> = seen
            .iter()
            .filter_map(|machine| {
                machine.values.get(name).map(|value| (machine.label.clone(), value.clone()))
            })
            .collect();
        let distinct: BTreeSet<&str> = values.iter().map(|(_, value)| value.as_str()).collect();
        if distinct.len() > 1 {
            out.push(Disagreement { name, values });
        }
    }
    out
}

fn about_target(plan: &Plan, machines: &[Machine]) -> Vec<Note> {
    let Some(application) = plan.target().application() else { return Vec::new() };
    let asked = application.id.to_string();
    let mut notes = Vec::new();
    for machine in machines {
        let values = machine.values();
        let says = |name: &str| values.get(name);
        let label = || machine.label.clone();
        if application.is_instance || says("app_id").is_none_or(|app_id| *app_id == asked) {
            continue;
        }
        if says("instance_id") == Some(&asked) {
            notes.push(Note::AskedForInstance { label: label() });
        } else if let Some(claimed) = says("app_id") {
            notes.push(Note::OtherApplication { label: label(), claimed: claimed.clone() });
        }
    }
    notes
}

/// The machine with the record of what was asked for and of the others.
fn finish(machine: Machine, plan: &Plan, seen: &[Seen]) -> NamedEvidence {
    let others = seen.iter().filter(|other| other.group != Some(machine.group));
    let replicas =
        others.map(|other| Replica { label: other.label.clone(), values: other.values.clone() }).collect();
    let (label, mut evidence) = machine.into_evidence();
    evidence.target = Some(plan.target().record());
    evidence.replicas = replicas;
    NamedEvidence { label, evidence }
}

/// The gateway's machines, each with whether the nonce went out for its quote. What was asked for is not about them, so that no app id is written there.
fn finish_gateway(
    units: Vec<Unit>,
    plan: &Plan,
    labels: &mut BTreeSet<String>,
    notes: &mut Vec<Note>,
) -> Vec<(NamedEvidence, bool)> {
    let pointers: BTreeMap<Vec<u8>, String> = units
        .iter()
        .filter_map(|unit| unit.quote().map(|quote| (quote.to_vec(), unit.pointer.clone())))
        .collect();
    let (machines, _told_without_a_quote) = group(units);
    let mut out = Vec::new();
    for mut machine in machines {
        let pointer = machine.quote().and_then(|quote| pointers.get(quote)).cloned().unwrap_or_default();
        machine.label = unique(format!("gateway{pointer}"), labels);
        notes.extend(machine.take_notes());
        let (source, nonce) = (machine.source(), machine.nonce());
        let (label, mut evidence) = machine.into_evidence();
        // Set afterwards for the machines whose quotes bind the key that was served.
        evidence.served = evidence.served.filter(|_| source == Source::Endpoint);
        let asked = plan.target().asked().to_owned();
        evidence.target = Some(veritee_model::evidence::Target { asked, ..Default::default() });
        out.push((NamedEvidence { label, evidence }, nonce));
    }
    out
}
