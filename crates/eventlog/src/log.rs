//! The log as somebody sent it: dstack's JSON, or the bytes of the CCEL.

use crate::error::{EventLogError, FieldProblem};
use crate::event::{AcpiBlob, Event, EventVersion, RUNTIME_EVENT_TYPE, boot_digests, type_name};
use crate::json::{JsonError, JsonProblem, Object, Value};
use core::fmt;
use veritee_model::{Budget, Reason, RtmrIndex, Sha384Digest, text};

/// A parsed log whose digests agree with its payloads. Nothing in it is a fact before [`crate::replay()`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLog {
    events: Vec<Event>,
}

impl EventLog {
    /// Reads dstack's JSON: an array of
    /// `{imr, event_type, digest, event, event_payload, version?, preimage?}`.
    ///
    /// Hex of either case without prefix. A `digest` that is missing, null or empty was stripped; a boot event needs
    /// one. `event` and `event_payload` may be missing at boot events only. Other members are ignored, duplicate ones
    /// are refused. All of it is chosen by whoever sends the log. A JSON string that contains the array is not
    /// unwrapped here.
    ///
    /// # Errors
    /// When the JSON is not of that form, a cap of the budget is passed, an event names a wrong register, or a digest
    /// or preimage is not the one of the payload.
    pub fn parse_json(bytes: &[u8], budget: &Budget) -> Result<Self, EventLogError> {
        limit_size(bytes, budget)?;
        let array = Value::document(bytes, budget.json_depth)
            .and_then(|document| document.array(budget.events))
            .map_err(|error| match error {
                JsonError { at, problem: JsonProblem::TooMany { limit } } => {
                    EventLogError::TooManyEvents { limit, at }
                }
                error => EventLogError::Json { index: None, error },
            })?;
        let mut events = Vec::with_capacity(array.len());
        for (index, value) in array.into_iter().enumerate() {
            let object = value.object().map_err(|error| EventLogError::Json { index: Some(index), error })?;
            events.push(read_event(&Fields { index, object }, budget)?);
        }
        Ok(Self::new(events))
    }

    /// Reads the bytes of the CCEL area: the TCG's crypto-agile log with SHA-384 (see [`crate::ccel`]).
    ///
    /// # Errors
    /// When it breaks off, is not of that form, a cap of the budget is passed, or a digest is not the one of the
    /// payload.
    pub fn parse_ccel(bytes: &[u8], budget: &Budget) -> Result<Self, EventLogError> {
        limit_size(bytes, budget)?;
        crate::ccel::read(bytes, budget).map(Self::new)
    }

    fn new(mut events: Vec<Event>) -> Self {
        let data = events.iter_mut().filter(|event| event.may_be_acpi_data());
        for (event, blob) in data.zip(AcpiBlob::ALL) {
            event.acpi = Some(blob);
        }
        Self { events }
    }

    /// The events, in the order of the log.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The events of one register, in their order.
    pub fn of_register(&self, register: RtmrIndex) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |event| event.register == register)
    }

    /// Compares the run-time events with those of a second list: an attestation container carries both, and a reader
    /// that verifies one and shows the other can be deceived. Version and digest follow from what is compared.
    ///
    /// # Errors
    /// At the first difference in name, payload, version or number.
    pub fn agrees_with(&self, second: &Self) -> Result<(), RuntimeListsDisagree> {
        let (mut mine, mut theirs) =
            (self.of_register(RtmrIndex::Rtmr3), second.of_register(RtmrIndex::Rtmr3));
        let mut position = 0_usize;
        loop {
            let (first, other) = (mine.next(), theirs.next());
            if first.is_none() && other.is_none() {
                return Ok(());
            }
            let digest = |event: Option<&Event>| event.map(|event| *event.effective_digest());
            if first.map(content) != other.map(content) {
                return Err(RuntimeListsDisagree { position, first: digest(first), second: digest(other) });
            }
            position = position.saturating_add(1);
        }
    }
}

fn content(event: &Event) -> (&str, &[u8], Option<EventVersion>) {
    (&event.name, &event.payload, event.version)
}

/// Two lists of run-time events differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeListsDisagree {
    /// Place among the run-time events, from 0.
    pub position: usize,
    /// Digest of the event there in the first list, if it has one.
    pub first: Option<Sha384Digest>,
    /// Digest of the event there in the second list, if it has one.
    pub second: Option<Sha384Digest>,
}

impl RuntimeListsDisagree {
    /// The stable reason code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        Reason::RuntimeListsDisagree
    }
}

impl fmt::Display for RuntimeListsDisagree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |digest: Option<Sha384Digest>| digest.map_or("nothing".to_owned(), |d| d.to_string());
        write!(f, "run-time event {}: ", self.position)?;
        write!(f, "the first list has {}, the second {}", shown(self.first), shown(self.second))
    }
}

impl core::error::Error for RuntimeListsDisagree {}

fn limit_size(bytes: &[u8], budget: &Budget) -> Result<(), EventLogError> {
    let (limit, got) = (budget.event_log_bytes, bytes.len());
    if got > limit { Err(EventLogError::TooLarge { limit, got }) } else { Ok(()) }
}

fn read_event(fields: &Fields<'_>, budget: &Budget) -> Result<Event, EventLogError> {
    let Fields { index, object } = fields;
    let (index, offset) = (*index, object.at);
    let imr = fields.u32("imr")?;
    let event_type = fields.u32("event_type")?;
    let register =
        RtmrIndex::from_index(imr).ok_or(EventLogError::RegisterUnknown { index, at: offset, imr })?;
    let runtime = event_type == RUNTIME_EVENT_TYPE;
    if runtime != (register == RtmrIndex::Rtmr3) {
        return Err(EventLogError::RegisterWrong { index, at: offset, register, event_type });
    }
    let name = fields.string("event")?;
    let payload = fields.bytes("event_payload")?;
    let claimed = fields.digest()?;
    if let Some(payload) = &payload
        && payload.len() > budget.event_payload_bytes
    {
        let (limit, got) = (budget.event_payload_bytes, payload.len());
        return Err(EventLogError::PayloadTooLarge { index, at: fields.at("event_payload"), limit, got });
    }
    if !runtime {
        for field in ["version", "preimage"] {
            if object.get(field).is_some() {
                return Err(fields.problem(field, FieldProblem::OnlyForRuntimeEvents));
            }
        }
        let claimed = claimed.ok_or_else(|| fields.problem("digest", FieldProblem::Missing))?;
        let place = Place { index, offset, digest_at: fields.at("digest"), register };
        return boot_event(&place, event_type, claimed, payload.unwrap_or_default());
    }
    let name = name.ok_or_else(|| fields.problem("event", FieldProblem::Missing))?;
    let payload = payload.ok_or_else(|| fields.problem("event_payload", FieldProblem::Missing))?;
    runtime_event(fields, register, name, payload, claimed)
}

/// Where an event stands.
pub(crate) struct Place {
    pub(crate) index: usize,
    pub(crate) offset: usize,
    pub(crate) digest_at: usize,
    pub(crate) register: RtmrIndex,
}

/// A boot event: its digest is what was hashed; where the type says what of the payload it hashes, that has to fit.
pub(crate) fn boot_event(
    place: &Place,
    event_type: u32,
    claimed: Sha384Digest,
    payload: Vec<u8>,
) -> Result<Event, EventLogError> {
    let possible = boot_digests(event_type, &payload);
    if let Some(first) = possible.first()
        && !possible.contains(&claimed)
    {
        return Err(EventLogError::DigestMismatch {
            index: place.index,
            at: place.digest_at,
            register: place.register,
            label: type_name(event_type).unwrap_or_default().to_owned(),
            recomputed: Box::new(*first),
            claimed: Box::new(claimed),
            fits_version: None,
        });
    }
    Ok(Event {
        index: place.index,
        offset: place.offset,
        register: place.register,
        event_type,
        name: String::new(),
        payload,
        version: None,
        acpi: None,
        claimed: Some(claimed),
        recomputed: (!possible.is_empty()).then_some(claimed),
        effective: claimed,
    })
}

fn runtime_event(
    fields: &Fields<'_>,
    register: RtmrIndex,
    name: String,
    payload: Vec<u8>,
    claimed: Option<Sha384Digest>,
) -> Result<Event, EventLogError> {
    let version = fields.version()?;
    let expected = version.preimage(&name, &payload);
    let recomputed = Sha384Digest::of(&expected);
    if let Some(claimed) = claimed
        && claimed != recomputed
    {
        let other = version.other();
        return Err(EventLogError::DigestMismatch {
            index: fields.index,
            at: fields.at("digest"),
            register,
            recomputed: Box::new(recomputed),
            claimed: Box::new(claimed),
            fits_version: (other.digest(&name, &payload) == claimed).then_some(other),
            label: name,
        });
    }
    if let Some(got) = fields.bytes("preimage")?
        && got != expected
    {
        let at = fields.at("preimage");
        return Err(EventLogError::PreimageMismatch { index: fields.index, at, label: name, expected, got });
    }
    Ok(Event {
        index: fields.index,
        offset: fields.object.at,
        register,
        event_type: RUNTIME_EVENT_TYPE,
        name,
        payload,
        version: Some(version),
        acpi: None,
        claimed,
        recomputed: Some(recomputed),
        effective: recomputed,
    })
}

struct Fields<'a> {
    index: usize,
    object: Object<'a>,
}

impl Fields<'_> {
    fn at(&self, field: &str) -> usize {
        self.object.get(field).map_or(self.object.at, |value| value.at)
    }

    fn problem(&self, field: &'static str, problem: FieldProblem) -> EventLogError {
        EventLogError::Field { index: self.index, field, at: self.at(field), problem }
    }

    fn typed<T>(&self, field: &'static str, read: Result<T, JsonError>) -> Result<T, EventLogError> {
        read.map_err(|error| match error.problem {
            JsonProblem::WrongType { expected } => self.problem(field, FieldProblem::WrongType { expected }),
            _ => EventLogError::Json { index: Some(self.index), error },
        })
    }

    fn u32(&self, field: &'static str) -> Result<u32, EventLogError> {
        let value = self.object.get(field).ok_or_else(|| self.problem(field, FieldProblem::Missing))?;
        self.typed(field, value.u32())
    }

    fn string(&self, field: &'static str) -> Result<Option<String>, EventLogError> {
        self.object.get(field).map(|value| self.typed(field, value.string())).transpose()
    }

    fn bytes(&self, field: &'static str) -> Result<Option<Vec<u8>>, EventLogError> {
        let Some(digits) = self.string(field)? else { return Ok(None) };
        hex::decode(&digits).map(Some).map_err(|error| {
            let problem = match error {
                hex::FromHexError::InvalidHexCharacter { index, .. } => FieldProblem::NotHex { at: index },
                hex::FromHexError::OddLength | hex::FromHexError::InvalidStringLength => {
                    FieldProblem::OddLength { got: digits.len() }
                }
            };
            self.problem(field, problem)
        })
    }

    fn digest(&self) -> Result<Option<Sha384Digest>, EventLogError> {
        if self.object.get("digest").is_some_and(Value::is_null) {
            return Ok(None);
        }
        let Some(bytes) = self.bytes("digest")?.filter(|bytes| !bytes.is_empty()) else { return Ok(None) };
        let digest = Sha384Digest::try_from(bytes.as_slice());
        digest
            .map(Some)
            .map_err(|_wrong_length| self.problem("digest", FieldProblem::DigestLength { got: bytes.len() }))
    }

    fn version(&self) -> Result<EventVersion, EventLogError> {
        if self.object.get("version").is_none() {
            return Ok(EventVersion::V1);
        }
        match self.u32("version")? {
            1 => Ok(EventVersion::V1),
            2 => Ok(EventVersion::V2),
            got => Err(self.problem("version", FieldProblem::UnknownVersion { got })),
        }
    }
}

impl fmt::Display for EventLog {
    /// One line per event: index, register, label, digest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for event in &self.events {
            let label = text::inert(event.label());
            writeln!(f, "{} {} {label} {}", event.index, event.register, event.effective_digest())?;
        }
        Ok(())
    }
}
