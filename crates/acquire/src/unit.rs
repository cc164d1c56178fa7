//! One answer's evidence of one machine, before it is put together with others.

use crate::plan::Subject;
use crate::source::Source;
use serde_json::Value;
use std::collections::BTreeMap;
use veritee_evidence::NamedEvidence;
use veritee_model::evidence::{EventLogFormat, ServedCertificates};
use veritee_model::{Budget, ComposeHash, Evidence, Item, Sha256Digest, UnixTime};
use veritee_quote::Quote;

/// The registers that a claim can be compared with.
const REGISTERS: [&str; 5] = ["mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3"];

/// Events of dstack's log whose payload says who the machine is.
const EVENTS: [(&str, &str); 3] =
    [("app-id", "app_id"), ("compose-hash", "compose_hash"), ("instance-id", "instance_id")];

/// What one answer says about one machine. Everything in it came over one connection.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    pub(crate) source: Source,
    pub(crate) subject: Subject,
    pub(crate) url: String,
    /// JSON pointer inside the answer.
    pub(crate) pointer: String,
    pub(crate) evidence: Evidence,
    pub(crate) served: Option<ServedCertificates>,
    /// Whether the question carried the nonce.
    pub(crate) nonce: bool,
    pub(crate) state: Option<State>,
    /// Events of a log that are looked at.
    most_events: usize,
}

/// What a quote says of the state of a machine, and which processor made it. Two quotes with the same state are of the
/// same machine, or of two that nothing could tell apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct State {
    /// MRTD and RTMR0 to RTMR3, lower-case hex.
    registers: [String; 5],
    mr_config_id: String,
    /// Of the certificates in the quote: another processor is another machine.
    certification: Sha256Digest,
}

impl State {
    /// The state that a TDX quote tells of. Unverified.
    fn of(quote: &[u8], budget: &Budget) -> Option<Self> {
        let quote = Quote::parse_within(quote, budget).ok()?;
        let td = quote.td()?;
        let [rtmr0, rtmr1, rtmr2, rtmr3] = td.rtmrs.map(|rtmr| rtmr.to_string());
        Some(Self {
            registers: [td.mrtd.to_string(), rtmr0, rtmr1, rtmr2, rtmr3],
            mr_config_id: td.mr_config_id.to_string(),
            certification: Sha256Digest::of(quote.certification_data()),
        })
    }

    /// The compose hash that MRCONFIGID of version 1 commits to: `01`, the hash, zeros.
    fn compose_hash(&self) -> Option<String> {
        let rest = self.mr_config_id.strip_prefix("01")?;
        let (hash, zeros) = rest.split_at_checked(64)?;
        zeros.bytes().all(|digit| digit == b'0').then(|| hash.to_owned())
    }
}

impl Unit {
    pub(crate) fn new(
        source: Source,
        subject: Subject,
        url: &str,
        machine: NamedEvidence,
        now: UnixTime,
        budget: &Budget,
    ) -> Self {
        let mut evidence = machine.evidence;
        let obtained = now.to_string();
        for_each_item(&mut evidence, |item| item.obtained = Some(obtained.clone()));
        // Records of somebody else's fetching: no reader of a source makes them, and none is to be believed.
        (evidence.served, evidence.target, evidence.caa) = (None, None, None);
        (evidence.chain, evidence.kms, evidence.gateway) = (None, None, None);
        evidence.replicas.clear();
        let state = evidence.quote.as_ref().and_then(|quote| State::of(&quote.bytes, budget));
        let (url, pointer) = (url.to_owned(), machine.label);
        let most_events = budget.events;
        Self { source, subject, url, pointer, evidence, served: None, nonce: false, state, most_events }
    }

    pub(crate) fn quote(&self) -> Option<&[u8]> {
        self.evidence.quote.as_ref().map(|item| item.bytes.as_slice())
    }

    /// Whether it has content that only its own quote's REPORTDATA can bind, certificates aside: those carry a quote of
    /// their own.
    pub(crate) const fn binds_content(&self) -> bool {
        self.evidence.ingress.is_some()
            || self.evidence.bound_content.is_some()
            || self.evidence.kms_keys.is_some()
    }

    /// Whether all registers are claimed and are those of this state.
    pub(crate) fn claims_state(&self, state: &State) -> bool {
        let claimed = |name: &str| self.evidence.claims.values.get(name).map(|claim| claim.value.as_str());
        REGISTERS.iter().zip(&state.registers).all(|(name, register)| claimed(name) == Some(register))
    }

    /// What it says about who it is, all of it unverified: what the quote says goes before the log, the log before what
    /// is merely claimed, so that a lie has to be told in the place where the verifier looks.
    pub(crate) fn values(&self) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        let mut put = |name: &str, value: String| {
            values.entry(name.to_owned()).or_insert(value);
        };
        if let Some(state) = &self.state {
            for (name, register) in REGISTERS.iter().zip(&state.registers) {
                put(name, register.clone());
            }
            if let Some(hash) = state.compose_hash() {
                put("compose_hash", hash);
            }
        }
        for (name, value) in self.logged() {
            put(name, value);
        }
        for name in ["app_id", "compose_hash", "instance_id"].into_iter().chain(REGISTERS) {
            if let Some(claim) = self.evidence.claims.values.get(name) {
                put(name, claim.value.clone());
            }
        }
        if let Some(compose) = &self.evidence.app_compose {
            put("compose_hash", ComposeHash::of(&compose.bytes).to_string());
        }
        values
    }

    /// Payloads of the first events of these names. A log that cannot be read says nothing here; the verifier says why.
    fn logged(&self) -> Vec<(&'static str, String)> {
        let Some(log) = &self.evidence.event_log else { return Vec::new() };
        if log.format != EventLogFormat::DstackJson {
            return Vec::new();
        }
        let Ok(events) = serde_json::from_slice::<Vec<Value>>(&log.item.bytes) else { return Vec::new() };
        let payload = |wanted: &str| {
            let is_it = |event: &&Value| event.get("event").and_then(Value::as_str) == Some(wanted);
            let event = events.iter().take(self.most_events).find(is_it)?;
            let text = event.get("event_payload").and_then(Value::as_str)?;
            (!text.is_empty() && text.len() <= 64).then(|| text.to_ascii_lowercase())
        };
        EVENTS.iter().filter_map(|(event, name)| payload(event).map(|value| (*name, value))).collect()
    }
}

fn for_each_item(evidence: &mut Evidence, mut change: impl FnMut(&mut Item)) {
    let Evidence {
        quote,
        event_log,
        runtime_events,
        app_compose,
        vm_config,
        mr_config,
        certificates,
        certificate_quote,
        certificate_logs,
        collateral,
        recorded_collateral,
        ingress,
        ..
    } = evidence;
    let logs = event_log.iter_mut().map(|log| &mut log.item);
    let recorded = recorded_collateral.iter_mut().map(|recorded| &mut recorded.item);
    let single = [quote, runtime_events, app_compose, vm_config, mr_config, certificates, certificate_quote];
    single
        .into_iter()
        .flatten()
        .chain(logs)
        .chain(certificate_logs)
        .chain(collateral)
        .chain(recorded)
        .for_each(&mut change);
    if let Some(ingress) = ingress {
        change(&mut ingress.sums);
        ingress.files.values_mut().for_each(change);
    }
}
