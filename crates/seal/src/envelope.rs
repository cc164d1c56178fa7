//! One DSSE envelope: what is signed, how it is written, how it is read.

use crate::{MOST_KEYS, PublicKey, SealError, SigningKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use core::fmt;
use ring::rand::SecureRandom;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// What is signed (DSSE's pre-authentication encoding): type and payload, each with its length in bytes, so that neither
/// can be taken for a part of the other.
fn signed_bytes(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

#[derive(Serialize)]
struct Written<'a> {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: &'a str,
    signatures: Vec<WrittenSignature>,
}

#[derive(Serialize)]
struct WrittenSignature {
    keyid: String,
    sig: String,
}

/// The envelope as JSON in one line, without a line break.
pub(crate) fn write(
    payload_type: &str,
    payload: &[u8],
    keys: &[SigningKey],
    random: &dyn SecureRandom,
) -> Result<String, SealError> {
    let bytes = signed_bytes(payload_type, payload);
    let signatures: Result<Vec<_>, SealError> = keys
        .iter()
        .map(|key| {
            let sig = STANDARD.encode(key.sign(&bytes, random)?);
            Ok(WrittenSignature { keyid: key.public().id(), sig })
        })
        .collect();
    let written = Written { payload: STANDARD.encode(payload), payload_type, signatures: signatures? };
    Ok(crate::statement::document(&written))
}

/// An envelope that has been read, and of which nothing is verified.
pub(crate) struct Envelope {
    payload_type: String,
    payload: Vec<u8>,
    signatures: Vec<(String, Vec<u8>)>,
}

impl Envelope {
    /// Reads one line. Members that DSSE does not name are passed over: nothing of an envelope but type and payload is
    /// signed, and nothing else is used.
    pub(crate) fn read(place: &str, line: &[u8]) -> Result<Self, SealError> {
        let members = members(place, line)?;
        let payload_type: String = member(place, &members, "payloadType")?;
        let payload: String = member(place, &members, "payload")?;
        let signatures: Vec<Box<RawValue>> = member(place, &members, "signatures")?;
        if signatures.is_empty() || signatures.len() > MOST_KEYS {
            let what = format!("expected 1 to {MOST_KEYS} signatures, got {}", signatures.len());
            return Err(SealError::Malformed { place: place.to_owned(), what });
        }
        let signatures: Result<Vec<_>, SealError> = signatures
            .iter()
            .enumerate()
            .map(|(at, signature)| {
                let place = format!("{place}: signature {}", at.saturating_add(1));
                let found = self::members(&place, signature.get().as_bytes())?;
                // Optional in DSSE, and a hint only.
                let named = found.iter().any(|(name, _)| name == "keyid");
                let key: Option<String> = if named { member(&place, &found, "keyid")? } else { None };
                let sig: String = member(&place, &found, "sig")?;
                Ok((key.unwrap_or_default(), decoded(&place, &sig)?))
            })
            .collect();
        let payload = decoded(&format!("{place}: payload"), &payload)?;
        Ok(Self { payload_type, payload, signatures: signatures? })
    }

    /// As this program writes it: with nothing in it but base64, hexadecimal and constants. `None` where a name of a key is
    /// no digest, for names are anybody's text.
    pub(crate) fn plain(&self) -> Option<String> {
        let is_digest = |name: &str| {
            name.len() == 64
                && name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        };
        if !self.signatures.iter().all(|(name, _)| is_digest(name)) {
            return None;
        }
        let signatures = self
            .signatures
            .iter()
            .map(|(keyid, sig)| WrittenSignature { keyid: keyid.clone(), sig: STANDARD.encode(sig) });
        Some(crate::statement::document(&Written {
            payload: STANDARD.encode(&self.payload),
            payload_type: &self.payload_type,
            signatures: signatures.collect(),
        }))
    }

    /// The payload, if it is of this type and every one of the keys has signed it.
    ///
    /// Signatures by other keys are passed over: nobody was asked to believe them.
    pub(crate) fn verify(
        self,
        place: &str,
        payload_type: &'static str,
        keys: &[PublicKey],
    ) -> Result<Vec<u8>, SealError> {
        let place = place.to_owned();
        if self.payload_type != payload_type {
            return Err(SealError::PayloadType { place, expected: payload_type, got: self.payload_type });
        }
        let bytes = signed_bytes(payload_type, &self.payload);
        for key in keys {
            let id = key.id();
            if self.signatures.iter().any(|(_, signature)| key.verifies(&bytes, signature)) {
                continue;
            }
            if self.signatures.iter().any(|(named, _)| *named == id) {
                return Err(SealError::Signature { place, key: id });
            }
            let named = self.signatures.iter().map(|(named, _)| named).filter(|named| !named.is_empty());
            let named =
                named.map(|name| veritee_model::text::inert(&veritee_model::text::shortened(name, 80)));
            return Err(SealError::KeyAbsent { place, key: id, named: named.collect() });
        }
        Ok(self.payload)
    }
}

/// Both alphabets are allowed, and each alone; the padding belongs to them, and so do the bits behind the last byte.
fn decoded(place: &str, text: &str) -> Result<Vec<u8>, SealError> {
    let url_safe = text.contains(['-', '_']);
    let engine = if url_safe { &URL_SAFE } else { &STANDARD };
    engine
        .decode(text)
        .map_err(|error| SealError::Encoding { place: place.to_owned(), what: error.to_string() })
}

type Members = Vec<(String, Box<RawValue>)>;

/// The members of an object, each once, and nothing behind it.
fn members(place: &str, text: &[u8]) -> Result<Members, SealError> {
    let malformed = |what: String| SealError::Malformed { place: place.to_owned(), what };
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let Object(members) = Object::deserialize(&mut deserializer)
        .map_err(|error| malformed(format!("expected a JSON object: {}", inert(&error))))?;
    deserializer.end().map_err(|error| SealError::TrailingData {
        place: place.to_owned(),
        what: format!("expected nothing behind the object: {}", inert(&error)),
    })?;
    for (at, (name, _)) in members.iter().enumerate() {
        if members.iter().skip(at.saturating_add(1)).any(|(other, _)| other == name) {
            return Err(SealError::DuplicateMember { place: place.to_owned(), member: name.clone() });
        }
    }
    Ok(members)
}

fn member<'a, T: Deserialize<'a>>(place: &str, members: &'a Members, name: &str) -> Result<T, SealError> {
    let malformed = |what: String| SealError::Malformed { place: place.to_owned(), what };
    let found = members.iter().find(|(known, _)| known == name);
    let (_, value) = found.ok_or_else(|| malformed(format!("has no member `{name}`")))?;
    serde_json::from_str(value.get())
        .map_err(|error| malformed(format!("member `{name}`: {}", inert(&error))))
}

fn inert(error: &serde_json::Error) -> String {
    veritee_model::text::inert(&veritee_model::text::shortened(&error.to_string(), 200))
}

/// More members than any envelope has are not kept.
const MOST_MEMBERS: usize = 64;

struct Object(Members);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut members = Vec::new();
        while let Some(entry) = map.next_entry()? {
            members.push(entry);
            if members.len() > MOST_MEMBERS {
                return Err(A::Error::custom("more members than any envelope has"));
            }
        }
        Ok(Object(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _list: A) -> Result<Object, A::Error> {
        Err(A::Error::custom("a list"))
    }
}
