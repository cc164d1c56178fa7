//! Evidence in the making. The first copy of a part stays; a later one that says the same leaves a note, and one that
//! says something else is an error: of two readers, each could take another one, and judge another machine.

use crate::certificate::{self, Leaf};
use crate::container::Container;
use crate::error::{CertificateProblem, ReadError};
use crate::json::{Origin, Value};
use crate::parts::event_log_format;
use crate::readout::{NamedEvidence, Note};
use crate::same::{
    Fuller, one_boot, same_bytes, same_document, same_events, same_quote, same_text, written_plainly,
};
use crate::{encoding, json::Object, other};
use std::collections::BTreeMap;
use veritee_model::evidence::{BoundContent, Claim, Claims, EventLogFormat, EventLogItem};
use veritee_model::{Budget, Evidence, Item, Sha256Digest};

/// Claims whose values are hex: compared in lower case and without `0x`.
const HEX_CLAIMS: &[&str] = &[
    "mrtd",
    "rtmr0",
    "rtmr1",
    "rtmr2",
    "rtmr3",
    "report_data",
    "app_id",
    "instance_id",
    "compose_hash",
    "device_id",
    "mr_aggregated",
    "os_image_hash",
    "mr_config_id",
    "request_nonce",
];

const QUOTE: &str = "quote";

pub(crate) struct Draft<'b> {
    pub(crate) evidence: Evidence,
    pub(crate) notes: Vec<Note>,
    pub(crate) budget: &'b Budget,
}

impl<'b> Draft<'b> {
    pub(crate) fn new(budget: &'b Budget) -> Self {
        Self { evidence: Evidence::default(), notes: Vec::new(), budget }
    }

    pub(crate) fn named(self, label: &str, notes: &mut Vec<Note>) -> NamedEvidence {
        notes.extend(self.notes);
        NamedEvidence { label: label.to_owned(), evidence: self.evidence }
    }

    pub(crate) fn quote(&mut self, bytes: Vec<u8>, origin: &Origin) -> Result<(), ReadError> {
        let item = Item::new(bytes, origin.source());
        keep_first(&mut self.evidence.quote, item, QUOTE, origin, same_quote, &mut self.notes)
    }

    /// The quote in a certificate. A key is bound at another moment than a nonce: beside the quote that is judged it is
    /// a second one by nature, which stays in the chain and is judged there (`binding.ra-tls`).
    fn quote_of_certificate(&mut self, bytes: Vec<u8>, origin: &Origin) {
        let item = Item::new(bytes, origin.source());
        match &self.evidence.quote {
            None => self.evidence.quote = Some(item),
            Some(taken) => self.notes.push(second_copy(QUOTE, taken, &item)),
        }
    }

    /// A quote written as hex or base64, or as an array of its bytes; absent, null and empty are none.
    pub(crate) fn quote_member(&mut self, object: &Object<'_>, key: &str) -> Result<(), ReadError> {
        let Some(value) = object.get(key).filter(|value| !value.is_null()) else { return Ok(()) };
        let bytes = match value.sole_bytes() {
            Some(bytes) => bytes,
            None => match value.string()? {
                text if text.is_empty() => return Ok(()),
                text => encoding::decode(&text, &value.origin)?,
            },
        };
        if bytes.is_empty() {
            return Ok(());
        }
        // Services of several platforms give their answers under one name.
        match other::binary(&bytes) {
            Some(platform) => Err(ReadError::PlatformUnsupported { at: value.place(), platform }),
            None => self.quote(bytes, &value.origin),
        }
    }

    pub(crate) fn app_compose(&mut self, text: String, origin: &Origin) -> Result<(), ReadError> {
        if text.len() > self.budget.app_compose_bytes {
            let limit = self.budget.app_compose_bytes;
            return Err(ReadError::TooLarge { at: origin.place(), what: "bytes of app_compose", limit });
        }
        let item = Item::new(text, origin.source());
        keep_first(&mut self.evidence.app_compose, item, "app_compose", origin, same_bytes, &mut self.notes)
    }

    pub(crate) fn vm_config(&mut self, text: String, origin: &Origin) -> Result<(), ReadError> {
        let item = Item::new(text, origin.source());
        keep_first(&mut self.evidence.vm_config, item, "vm_config", origin, same_document, &mut self.notes)
    }

    /// `vm_config` is a string; some tools unpack it, and then its slice of the document is what there is.
    pub(crate) fn vm_config_member(&mut self, object: &Object<'_>) -> Result<(), ReadError> {
        for key in ["vm_config", "vmConfig"] {
            let Some(value) = object.get(key).filter(|value| !value.is_null()) else { continue };
            let text = if value.is_object() { value.raw().to_owned() } else { value.string()? };
            if !text.is_empty() {
                self.vm_config(text, &value.origin)?;
            }
        }
        Ok(())
    }

    /// Evidence of GPUs: a document inside a string, or in place. What it is, the check of it finds out.
    pub(crate) fn gpus_member(&mut self, object: &Object<'_>, key: &str) -> Result<(), ReadError> {
        let Some(value) = object.get(key).filter(|value| !value.is_null()) else { return Ok(()) };
        let structured = value.is_object() || value.is_array();
        let text = if structured { value.raw().to_owned() } else { value.string()? };
        if text.is_empty() {
            return Ok(());
        }
        if text.len() > self.budget.gpu_container_bytes {
            let (at, limit) = (value.origin.place(), self.budget.gpu_container_bytes);
            return Err(ReadError::TooLarge { at, what: "bytes of GPU evidence", limit });
        }
        let item = Item::new(text, value.origin.source());
        let slot = &mut self.evidence.gpus;
        keep_first(slot, item, "evidence of GPUs", &value.origin, same_document, &mut self.notes)
    }

    /// Collateral that stands beside a quote, in an object or as the text of one. What cannot be read is named: the quote is
    /// not the worse for it.
    pub(crate) fn collateral_member(&mut self, object: &Object<'_>, key: &str) {
        let Some(value) = object.get(key).filter(|value| !value.is_null()) else { return };
        let place = value.origin.source();
        let nested = value.nested().ok().flatten();
        let whole = nested.as_ref().and_then(|nested| nested.value(self.budget).ok());
        let is_set = |value: &&Value<'_>| {
            value.object().is_ok_and(|object| object.has("tcb_info") && object.has("qe_identity"))
        };
        match whole.as_ref().filter(is_set) {
            Some(set) => self.evidence.collateral.push(Item::new(set.raw(), place)),
            None => self.notes.push(Note::NotRead { place, what: "collateral of an unknown form" }),
        }
    }

    /// An event log: an array, kept as it stands, or a string, whose content is kept.
    pub(crate) fn event_log_member(&mut self, object: &Object<'_>, key: &str) -> Result<(), ReadError> {
        let Some(value) = object.get(key).filter(|value| !value.is_null()) else { return Ok(()) };
        let (bytes, format) = if value.holds_numbers() {
            let bytes = value.bytes().unwrap_or_else(|| value.raw().as_bytes().to_vec());
            event_log_format(bytes, &value.origin, self.budget)?
        } else if value.is_array() {
            (value.raw().as_bytes().to_vec(), EventLogFormat::DstackJson)
        } else {
            let text = value.string()?;
            if text.is_empty() {
                return Ok(());
            }
            event_log_format(text.into_bytes(), &value.origin, self.budget)?
        };
        self.event_log(bytes, format, &value.origin)
    }

    pub(crate) fn event_log(
        &mut self,
        bytes: Vec<u8>,
        format: EventLogFormat,
        origin: &Origin,
    ) -> Result<(), ReadError> {
        if bytes.len() > self.budget.event_log_bytes {
            let limit = self.budget.event_log_bytes;
            return Err(ReadError::TooLarge { at: origin.place(), what: "bytes of event log", limit });
        }
        let log = EventLogItem { item: Item::new(bytes, origin.source()), format };
        let Some(taken) = &self.evidence.event_log else {
            self.evidence.event_log = Some(log);
            return Ok(());
        };
        let same = one_boot(taken, &log).ok_or_else(|| two_values("event log", &taken.item, origin))?;
        self.notes.push(second_copy("event log", &taken.item, &log.item));
        if same == Fuller::Second {
            self.evidence.event_log = Some(log);
        }
        Ok(())
    }

    /// A certificate chain in PEM, with whatever its leaf carries. A chain that cannot be read is kept for the check
    /// of it to fail on; it is an error only where nothing else gives a quote.
    pub(crate) fn certificates(&mut self, pem: String, origin: &Origin) -> Result<(), ReadError> {
        let pem = veritee_model::pem::with_line_ends(&pem).into_owned();
        match self.open_leaf(&pem, origin) {
            Ok((leaf, container)) => self.leaf(leaf, container, origin)?,
            Err(error) if self.evidence.quote.is_none() || certificate::is_second_quote(&error) => {
                return Err(error);
            }
            Err(error) => self
                .notes
                .push(Note::CertificateUnreadable { place: origin.source(), cause: Box::new(error) }),
        }
        let item = Item::new(pem, origin.source());
        let slot = &mut self.evidence.certificates;
        keep_first(slot, item, "certificate chain", origin, same_text, &mut self.notes)?;
        let chain = self.evidence.certificates.as_ref();
        (self.evidence.certificate_quote, self.evidence.certificate_logs) =
            certificate::inside_leaf(chain, self.budget);
        Ok(())
    }

    /// The leaf, and the container in it if it has one.
    fn open_leaf(&self, pem: &str, origin: &Origin) -> Result<(Leaf, Option<Container>), ReadError> {
        let mut leaf = certificate::read_pem(pem, origin, self.budget)?;
        let Some(bytes) = leaf.attestation.take() else { return Ok((leaf, None)) };
        let container = Container::read(&bytes, &extension(origin, "attestation"), self.budget)?;
        if leaf.quote.as_ref().is_some_and(|quote| *quote != container.quote) {
            // dstack reads the attestation and ignores the quote; another reader may do it the other way round.
            let problem = CertificateProblem::TwoQuotes;
            return Err(ReadError::Certificate { at: origin.place(), problem });
        }
        Ok((leaf, Some(container)))
    }

    fn leaf(&mut self, leaf: Leaf, container: Option<Container>, origin: &Origin) -> Result<(), ReadError> {
        if let Some(what) = leaf.beside {
            self.notes.push(Note::NotRead { place: origin.source(), what });
        }
        if let Some(quote) = leaf.quote {
            let same = self.is_of(&quote);
            self.quote_of_certificate(quote, &extension(origin, "quote"));
            if let Some(log) = leaf.event_log.filter(|_| same) {
                self.event_log(log, EventLogFormat::DstackJson, &extension(origin, "event-log"))?;
            }
        }
        match container {
            Some(container) if self.is_of(&container.quote) => {
                self.container(container, &extension(origin, "attestation"))
            }
            Some(container) => {
                self.quote_of_certificate(container.quote, &extension(origin, "attestation").member("quote"));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Whether this is the quote that was taken, or would be. What came with another quote is of another moment: its
    /// log may be longer, its REPORTDATA binds something else.
    fn is_of(&self, quote: &[u8]) -> bool {
        self.evidence.quote.as_ref().is_none_or(|taken| taken.bytes == quote)
    }

    /// Everything that an attestation container holds.
    pub(crate) fn container(&mut self, container: Container, origin: &Origin) -> Result<(), ReadError> {
        self.quote(container.quote, &origin.member("quote"))?;
        // Where the list of boot events was left out, the run-time events are the log.
        let (log, runtime) = match (container.event_log, container.runtime_events) {
            (None, Some(runtime)) => (Some((runtime, "runtime_events")), None),
            (log, runtime) => (log.map(|log| (log, "event_log")), runtime),
        };
        if let Some((log, member)) = log {
            let origin = origin.member(member);
            self.notes.push(Note::Reserialised { place: origin.source(), part: "event log" });
            self.event_log(log, EventLogFormat::DstackJson, &origin)?;
        }
        if let Some(events) = runtime {
            let origin = origin.member("runtime_events");
            self.notes.push(Note::Reserialised { place: origin.source(), part: "list of run-time events" });
            let item = Item::new(events, origin.source());
            let slot = &mut self.evidence.runtime_events;
            keep_first(slot, item, "list of run-time events", &origin, same_events, &mut self.notes)?;
        }
        self.claim("report_data", &hex::encode(container.report_data), &origin.member("report_data"))?;
        if let Some(content) = container.report_data_payload {
            let content = content.into_bytes();
            let (tag, algorithm) = ("app-data".to_owned(), "sha512".to_owned());
            let bound = BoundContent { tag, content, algorithm };
            let place = || origin.member("report_data_payload").source();
            match &self.evidence.bound_content {
                None => self.evidence.bound_content = Some(bound),
                Some(taken) if *taken == bound => {}
                // REPORTDATA is one of the two at most, and the other one was asked about.
                Some(_) => {
                    self.notes.push(Note::NotRead { place: place(), what: "other content to be bound" });
                }
            }
        }
        self.container_config(container.config, &origin.member("config"))
    }

    /// `config` is a VmConfig, or a SysConfig that has the VmConfig and the MRCONFIGID document in strings.
    fn container_config(&mut self, config: String, origin: &Origin) -> Result<(), ReadError> {
        if config.is_empty() {
            return Ok(());
        }
        let object = Value::parse(&config, origin.content(), self.budget)?.object()?;
        match object.get("vm_config") {
            None => self.vm_config(config.clone(), origin)?,
            Some(value) => {
                let text = value.string()?;
                if !text.is_empty() {
                    self.vm_config(text, &value.origin)?;
                }
            }
        }
        if let Some((document, origin)) = object.text("mr_config")? {
            let item = Item::new(document, origin.source());
            let slot = &mut self.evidence.mr_config;
            keep_first(slot, item, "mr_config", &origin, same_document, &mut self.notes)?;
        }
        Ok(())
    }

    /// The registers and ids of an object that asserts them.
    pub(crate) fn claim_members(&mut self, object: &Object<'_>, names: &[&str]) -> Result<(), ReadError> {
        for name in names {
            // A document that a service has unpacked.
            if let Some(value) = object.get(name).filter(|value| value.is_object()) {
                self.claim(name, value.raw(), &value.origin)?;
            } else if let Some((value, origin)) = object.text(name)? {
                self.claim(name, &value, &origin)?;
            }
        }
        Ok(())
    }

    pub(crate) fn claim(&mut self, name: &str, value: &str, origin: &Origin) -> Result<(), ReadError> {
        if value.is_empty() {
            return Ok(());
        }
        let value = if HEX_CLAIMS.contains(&name) {
            let lower = value.to_ascii_lowercase();
            lower.strip_prefix("0x").map_or(lower.clone(), str::to_owned)
        } else {
            value.to_owned()
        };
        let claim = Claim { value, source: origin.source() };
        put_claim(&mut self.evidence.claims, name, claim, origin)
    }
}

fn extension(origin: &Origin, name: &str) -> Origin {
    origin.member("extensions").member(name)
}

/// Adds a machine of a list. Lists name one machine twice, as when a report stands in its own list; what is said of one
/// quote is said of one machine, and has to be the same.
pub(crate) fn add_entry(
    entry: NamedEvidence,
    known: &mut BTreeMap<Sha256Digest, usize>,
    machines: &mut Vec<NamedEvidence>,
    notes: &mut Vec<Note>,
) -> Result<(), ReadError> {
    let quote = quote_digest(&entry);
    match known.get(&quote).and_then(|index| machines.get_mut(*index)) {
        Some(first) => merge(&mut first.evidence, entry.evidence, notes),
        None => {
            known.insert(quote, machines.len());
            machines.push(entry);
            Ok(())
        }
    }
}

/// One statement under two certifications is two entries, each of which is judged.
fn quote_digest(machine: &NamedEvidence) -> Sha256Digest {
    let quote = machine.evidence.quote.as_ref().map_or(&[][..], |quote| quote.bytes.as_slice());
    Sha256Digest::of(&written_plainly(quote))
}

/// Where a part belongs, the second one given, its name, and when two say the same.
type Slot<'a> = (&'a mut Option<Item>, Option<Item>, &'static str, fn(&[u8], &[u8]) -> bool);

/// Adds what a second entry about the same quote says: the same, or what the first one left out.
pub(crate) fn merge(first: &mut Evidence, second: Evidence, notes: &mut Vec<Note>) -> Result<(), ReadError> {
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
        gpus,
        collateral,
        recorded_collateral,
        gpu_collateral,
        kms_keys,
        ingress,
        bound_content,
        claims,
        served,
        target,
        replicas,
        caa,
        chain,
        images,
        image_bundles,
        kms,
        gateway,
    } = second;
    let slots: [Slot<'_>; 8] = [
        (&mut first.quote, quote, QUOTE, same_quote),
        (&mut first.runtime_events, runtime_events, "list of run-time events", same_events),
        (&mut first.app_compose, app_compose, "app_compose", same_bytes),
        (&mut first.vm_config, vm_config, "vm_config", same_document),
        (&mut first.mr_config, mr_config, "mr_config", same_document),
        (&mut first.certificates, certificates, "certificate chain", same_text),
        (&mut first.certificate_quote, certificate_quote, "quote in the certificate", same_quote),
        (&mut first.gpus, gpus, "GPU evidence", same_document),
    ];
    for (slot, item, part, same) in slots {
        if let Some(item) = item {
            let origin = place(&item);
            keep_first(slot, item, part, &origin, same, notes)?;
        }
    }
    if let Some(log) = event_log {
        match &first.event_log {
            None => first.event_log = Some(log),
            Some(taken) if one_boot(taken, &log).is_some() => {}
            Some(taken) => return Err(two_values("event log", &taken.item, &place(&log.item))),
        }
    }
    add_new(&mut first.certificate_logs, certificate_logs);
    merge_claims(first, claims)?;
    // What came along is kept.
    add_new(&mut first.collateral, collateral);
    add_new(&mut first.gpu_collateral, gpu_collateral);
    add_new(&mut first.image_bundles, image_bundles);
    for image in images {
        if first.images.iter().all(|known| known.files != image.files) {
            first.images.push(image);
        }
    }
    // In the same evidence a mark stands: an item that either of them marks is marked.
    let before = core::mem::take(&mut first.recorded_collateral);
    for recorded in before.into_iter().chain(recorded_collateral) {
        first.record(recorded.given_by, recorded.item);
    }
    macro_rules! keep {
        ($($part:ident),*) => { $(first.$part = first.$part.take().or($part);)* };
    }
    keep!(kms_keys, ingress, bound_content, served, target, caa, chain, kms, gateway);
    if first.replicas.is_empty() {
        first.replicas = replicas;
    }
    Ok(())
}

/// Where an item came from.
fn place(item: &Item) -> Origin {
    let (input, pointer) = item.source.split_once('#').unwrap_or((&item.source, ""));
    Origin { pointer: pointer.to_owned(), ..Origin::new(input) }
}

/// Claims that the first one does not make; those that both make have to agree.
fn merge_claims(first: &mut Evidence, claims: Claims) -> Result<(), ReadError> {
    for (name, claim) in claims.values {
        let origin = place(&Item::new(Vec::new(), claim.source.clone()));
        put_claim(&mut first.claims, &name, claim, &origin)?;
    }
    Ok(())
}

/// The first claim of a name stays, and the next has to agree. One that only says that its maker does not know gives way.
fn put_claim(claims: &mut Claims, name: &str, claim: Claim, origin: &Origin) -> Result<(), ReadError> {
    match claims.values.get(name) {
        Some(first) if first.value == claim.value || claim.says_nothing(name) => Ok(()),
        Some(first) if !first.says_nothing(name) => Err(ReadError::ClaimsDisagree {
            at: origin.place(),
            claim: name.to_owned(),
            first: first.value.clone(),
            first_source: first.source.clone(),
            second: claim.value,
        }),
        _ => {
            claims.values.insert(name.to_owned(), claim);
            Ok(())
        }
    }
}

/// Adds those that are not there yet, by their bytes.
fn add_new(all: &mut Vec<Item>, more: Vec<Item>) {
    for item in more {
        if all.iter().all(|known| known.bytes != item.bytes) {
            all.push(item);
        }
    }
}

/// Takes the first, or compares: what says the same leaves a note.
fn keep_first(
    slot: &mut Option<Item>,
    item: Item,
    part: &'static str,
    origin: &Origin,
    same: fn(&[u8], &[u8]) -> bool,
    notes: &mut Vec<Note>,
) -> Result<(), ReadError> {
    let Some(taken) = slot else {
        *slot = Some(item);
        return Ok(());
    };
    if !same(&taken.bytes, &item.bytes) {
        return Err(two_values(part, taken, origin));
    }
    notes.push(second_copy(part, taken, &item));
    Ok(())
}

pub(crate) fn two_values(part: &'static str, first: &Item, origin: &Origin) -> ReadError {
    ReadError::TwoValues { at: origin.place(), part, first: first.source.clone() }
}

fn second_copy(part: &'static str, taken: &Item, other: &Item) -> Note {
    Note::SecondCopy {
        part,
        taken: taken.source.clone(),
        other: other.source.clone(),
        equal: taken.bytes == other.bytes,
    }
}
