//! One machine while its parts come together.

use crate::acquired::Note;
use crate::source::Source;
use crate::unit::{State, Unit};
use std::collections::BTreeMap;
use veritee_model::Evidence;

/// A machine: the unit whose quote is kept, with what others of the same state add.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) label: String,
    /// Entries of the same machine have the same number.
    pub(super) group: usize,
    notes: Vec<Note>,
    unit: Unit,
}

impl Machine {
    pub(super) fn new(unit: Unit, group: usize) -> Self {
        Self { label: String::new(), group, notes: Vec::new(), unit }
    }

    pub(super) const fn source(&self) -> Source {
        self.unit.source
    }

    pub(super) const fn nonce(&self) -> bool {
        self.unit.nonce
    }

    pub(super) fn quote(&self) -> Option<&[u8]> {
        self.unit.quote()
    }

    pub(super) fn values(&self) -> BTreeMap<String, String> {
        self.unit.values()
    }

    pub(super) fn has_quote_of(&self, unit: &Unit) -> bool {
        self.unit.quote() == unit.quote()
    }

    /// Whether a unit with a quote is of this machine: the same quote, or one of the same state.
    pub(super) fn is_of(&self, unit: &Unit) -> bool {
        self.has_quote_of(unit) || (self.unit.state.is_some() && self.unit.state == unit.state)
    }

    /// Whether a unit without a quote claims exactly this machine's registers.
    pub(super) fn is_claimed_by(&self, unit: &Unit) -> bool {
        self.state().is_some_and(|state| unit.claims_state(state))
    }

    const fn state(&self) -> Option<&State> {
        self.unit.state.as_ref()
    }

    /// Adds what another unit of the same machine has and this one has not.
    pub(super) fn add(&mut self, unit: &Unit) {
        let same_quote = self.has_quote_of(unit);
        if let (false, Some(kept), Some(dropped)) =
            (same_quote, &self.unit.evidence.quote, &unit.evidence.quote)
        {
            let (kept, dropped) = (kept.source.clone(), dropped.source.clone());
            self.notes.push(Note::AnotherQuote { label: String::new(), kept, dropped });
        }
        if same_quote {
            let (mine, other) = (&mut self.unit.evidence, &unit.evidence);
            fill(&mut mine.ingress, &other.ingress);
            fill(&mut mine.bound_content, &other.bound_content);
            fill(&mut mine.kms_keys, &other.kms_keys);
            self.unit.nonce = self.unit.nonce || unit.nonce;
        }
        self.lend(unit);
        self.claims(unit, same_quote);
    }

    /// Adds what is of the state and not of the quote. A certificate chain has a quote of its own, which the verifier
    /// holds against this one.
    pub(super) fn lend(&mut self, unit: &Unit) {
        take_parts(&mut self.unit.evidence, &unit.evidence, &mut self.notes);
    }

    /// The same from an entry of this machine that was made before.
    pub(super) fn borrow_from(&mut self, other: &Self) {
        take_parts(&mut self.unit.evidence, &other.unit.evidence, &mut self.notes);
    }

    pub(super) fn into_evidence(self) -> (String, Evidence) {
        let Unit { mut evidence, served, .. } = self.unit;
        evidence.served = served;
        (self.label, evidence)
    }

    /// The notes, with the label that the machine has by now.
    pub(super) fn take_notes(&mut self) -> Vec<Note> {
        let mut notes = core::mem::take(&mut self.notes);
        for note in &mut notes {
            if let Note::AnotherQuote { label, .. }
            | Note::PartsDiffer { label, .. }
            | Note::ClaimsDiffer { label, .. } = note
            {
                label.clone_from(&self.label);
            }
        }
        notes
    }

    fn claims(&mut self, unit: &Unit, same_quote: bool) {
        for (name, claim) in &unit.evidence.claims.values {
            // REPORTDATA and the nonce are of one quote only.
            if !same_quote && matches!(name.as_str(), "report_data" | "request_nonce") {
                continue;
            }
            match self.unit.evidence.claims.values.get(name) {
                None => {
                    self.unit.evidence.claims.values.insert(name.clone(), claim.clone());
                }
                Some(first) if first.value != claim.value => {
                    let (kept, dropped) = (first.value.clone(), claim.value.clone());
                    let (label, name) = (String::new(), name.clone());
                    self.notes.push(Note::ClaimsDiffer { label, name, kept, dropped });
                }
                Some(_) => {}
            }
        }
    }
}

/// Parts that are of a state of the machine: the log is replayed to the quote's registers, the compose is bound by its
/// hash, the rest is measured. Each is taken whole, and only where there is none; a second one of other bytes is told.
fn take_parts(mine: &mut Evidence, other: &Evidence, notes: &mut Vec<Note>) {
    let logs = |evidence: &Evidence| evidence.event_log.as_ref().map(|log| log.item.clone());
    for (part, kept, dropped) in [
        ("event logs", logs(mine), logs(other)),
        ("lists of run-time events", mine.runtime_events.clone(), other.runtime_events.clone()),
        ("app_composes", mine.app_compose.clone(), other.app_compose.clone()),
        ("vm_configs", mine.vm_config.clone(), other.vm_config.clone()),
        ("mr_configs", mine.mr_config.clone(), other.mr_config.clone()),
    ] {
        if let (Some(kept), Some(dropped)) = (kept, dropped)
            && kept.bytes != dropped.bytes
        {
            let note =
                Note::PartsDiffer { label: String::new(), part, kept: kept.source, dropped: dropped.source };
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    fill(&mut mine.event_log, &other.event_log);
    fill(&mut mine.runtime_events, &other.runtime_events);
    fill(&mut mine.app_compose, &other.app_compose);
    fill(&mut mine.vm_config, &other.vm_config);
    fill(&mut mine.mr_config, &other.mr_config);
    if mine.certificates.is_none() {
        mine.certificate_quote.clone_from(&other.certificate_quote);
        mine.certificate_logs.clone_from(&other.certificate_logs);
    }
    fill(&mut mine.certificates, &other.certificates);
}

fn fill<T: Clone>(slot: &mut Option<T>, other: &Option<T>) {
    if slot.is_none() {
        slot.clone_from(other);
    }
}
