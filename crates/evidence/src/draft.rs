//! Evidence in the making. The first copy of a part stays; a later one leaves a note.

use crate::certificate::{self, Leaf};
use crate::container::Container;
use crate::error::{CertificateProblem, ReadError};
use crate::json::{Origin, Value};
use crate::parts::event_log_format;
use crate::readout::{NamedEvidence, Note};
use crate::{encoding, json::Object};
use veritee_model::evidence::{BoundContent, Claim, EventLogFormat, EventLogItem};
use veritee_model::{Budget, Evidence, Item};

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

    pub(crate) fn quote(&mut self, bytes: Vec<u8>, origin: &Origin) {
        keep_first(&mut self.evidence.quote, Item::new(bytes, origin.source()), "quote", &mut self.notes);
    }

    /// A quote written as hex or base64; absent, null and empty are none.
    pub(crate) fn quote_member(&mut self, object: &Object<'_>, key: &str) -> Result<(), ReadError> {
        if let Some((text, origin)) = object.text(key)? {
            self.quote(encoding::decode(&text, &origin)?, &origin);
        }
        Ok(())
    }

    pub(crate) fn app_compose(&mut self, text: String, origin: &Origin) -> Result<(), ReadError> {
        if text.len() > self.budget.app_compose_bytes {
            let limit = self.budget.app_compose_bytes;
            return Err(ReadError::TooLarge { at: origin.place(), what: "bytes of app_compose", limit });
        }
        let item = Item::new(text, origin.source());
        keep_first(&mut self.evidence.app_compose, item, "app_compose", &mut self.notes);
        Ok(())
    }

    pub(crate) fn vm_config(&mut self, text: String, origin: &Origin) {
        let item = Item::new(text, origin.source());
        keep_first(&mut self.evidence.vm_config, item, "vm_config", &mut self.notes);
    }

    /// `vm_config` is a string; some tools unpack it, and then its slice of the document is what there is.
    pub(crate) fn vm_config_member(&mut self, object: &Object<'_>) -> Result<(), ReadError> {
        let Some(value) = object.get("vm_config").filter(|value| !value.is_null()) else { return Ok(()) };
        let text = if value.is_object() { value.raw().to_owned() } else { value.string()? };
        if !text.is_empty() {
            self.vm_config(text, &value.origin);
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
        keep_first(&mut self.evidence.gpus, item, "evidence of GPUs", &mut self.notes);
        Ok(())
    }

    /// An event log: an array, kept as it stands, or a string, whose content is kept.
    pub(crate) fn event_log_member(&mut self, object: &Object<'_>, key: &str) -> Result<(), ReadError> {
        let Some(value) = object.get(key).filter(|value| !value.is_null()) else { return Ok(()) };
        let (bytes, format) = if value.is_array() {
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
        let item = Item::new(bytes, origin.source());
        match &self.evidence.event_log {
            None => self.evidence.event_log = Some(EventLogItem { item, format }),
            Some(taken) => self.notes.push(second_copy("event log", &taken.item, &item)),
        }
        Ok(())
    }

    /// A certificate chain in PEM, with whatever its leaf carries. A chain that cannot be read is kept for the check
    /// of it to fail on; it is an error only where nothing else gives a quote.
    pub(crate) fn certificates(&mut self, pem: String, origin: &Origin) -> Result<(), ReadError> {
        match self.open_leaf(&pem, origin) {
            Ok((leaf, container)) => self.leaf(leaf, container, origin)?,
            Err(error) if self.evidence.quote.is_none() => return Err(error),
            Err(error) => self
                .notes
                .push(Note::CertificateUnreadable { place: origin.source(), cause: Box::new(error) }),
        }
        let item = Item::new(pem, origin.source());
        keep_first(&mut self.evidence.certificates, item, "certificate chain", &mut self.notes);
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
        if let Some(quote) = leaf.quote {
            let same = self.is_of(&quote);
            self.quote(quote, &extension(origin, "quote"));
            if let Some(log) = leaf.event_log.filter(|_| same) {
                self.event_log(log, EventLogFormat::DstackJson, &extension(origin, "event-log"))?;
            }
        }
        match container {
            Some(container) => self.container(container, &extension(origin, "attestation")),
            None => Ok(()),
        }
    }

    /// Whether this is the quote that was taken, or would be. What came with another quote is of another moment: its
    /// log may be longer, its REPORTDATA binds something else.
    fn is_of(&self, quote: &[u8]) -> bool {
        self.evidence.quote.as_ref().is_none_or(|taken| taken.bytes == quote)
    }

    /// Everything that an attestation container holds; nothing but a note when another quote was taken.
    pub(crate) fn container(&mut self, container: Container, origin: &Origin) -> Result<(), ReadError> {
        let same = self.is_of(&container.quote);
        self.quote(container.quote, &origin.member("quote"));
        if !same {
            return Ok(());
        }
        if let Some(log) = container.event_log {
            let origin = origin.member("event_log");
            self.notes.push(Note::Reserialised { place: origin.source(), part: "event log" });
            self.event_log(log, EventLogFormat::DstackJson, &origin)?;
        }
        if let Some(events) = container.runtime_events {
            let origin = origin.member("runtime_events");
            self.notes.push(Note::Reserialised { place: origin.source(), part: "list of run-time events" });
            let item = Item::new(events, origin.source());
            keep_first(&mut self.evidence.runtime_events, item, "list of run-time events", &mut self.notes);
        }
        self.claim("report_data", &hex::encode(container.report_data), &origin.member("report_data"))?;
        if let Some(content) = container.report_data_payload {
            let content = content.into_bytes();
            self.evidence.bound_content.get_or_insert(BoundContent {
                tag: "app-data".to_owned(),
                content,
                algorithm: "sha512".to_owned(),
            });
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
            None => self.vm_config(config.clone(), origin),
            Some(value) => {
                let text = value.string()?;
                if !text.is_empty() {
                    self.vm_config(text, &value.origin);
                }
            }
        }
        if let Some((document, origin)) = object.text("mr_config")? {
            let item = Item::new(document, origin.source());
            keep_first(&mut self.evidence.mr_config, item, "mr_config", &mut self.notes);
        }
        Ok(())
    }

    /// The registers and ids of an object that asserts them.
    pub(crate) fn claim_members(&mut self, object: &Object<'_>, names: &[&str]) -> Result<(), ReadError> {
        for name in names {
            if let Some((value, origin)) = object.text(name)? {
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
        match self.evidence.claims.values.get(name) {
            Some(first) if first.value != value => Err(ReadError::ClaimsDisagree {
                at: origin.place(),
                claim: name.to_owned(),
                first: first.value.clone(),
                first_source: first.source.clone(),
                second: value,
            }),
            Some(_) => Ok(()),
            None => {
                let claim = Claim { value, source: origin.source() };
                self.evidence.claims.values.insert(name.to_owned(), claim);
                Ok(())
            }
        }
    }
}

fn extension(origin: &Origin, name: &str) -> Origin {
    origin.member("extensions").member(name)
}

fn keep_first(slot: &mut Option<Item>, item: Item, part: &'static str, notes: &mut Vec<Note>) {
    match slot {
        None => *slot = Some(item),
        Some(taken) => notes.push(second_copy(part, taken, &item)),
    }
}

fn second_copy(part: &'static str, taken: &Item, other: &Item) -> Note {
    Note::SecondCopy {
        part,
        taken: taken.source.clone(),
        other: other.source.clone(),
        equal: taken.bytes == other.bytes,
    }
}
