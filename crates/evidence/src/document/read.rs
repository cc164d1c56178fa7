//! Reading `veritee/evidence/v1` and sets of it: nothing unknown, nothing twice, every digest checked.

use super::{SCHEMA, SET_SCHEMA};
use crate::certificate;
use crate::encoding::{self, Encoding};
use crate::error::{EncodingProblem, ReadError};
use crate::json::{Object, Value, parts};
use crate::readout::{Format, NamedEvidence, Readout};
use std::collections::{BTreeMap, BTreeSet};
use veritee_model::evidence::{
    BoundContent, CaaAnswers, Claim, Claims, EventLogFormat, EventLogItem, ImageDocuments, IngressEvidence,
    KmsKeys, RecordedBy, RecordedCollateral, Replica, ServedCertificates, Target,
};
use veritee_model::{AppId, Budget, Evidence, Item, Sha256Digest};

/// The collateral of a document in this form as it stands there, and that of the machines it links to, where the document
/// can be read: a look at its outermost members. Whoever has read one document whole knows by it whether another one
/// carries the same. Of a text that is no such document it says nothing that could be relied upon.
#[must_use]
pub fn carried(bytes: &[u8]) -> Option<Vec<&str>> {
    let (mut open, mut carried) = (vec![core::str::from_utf8(bytes).ok()?], Vec::new());
    while let Some(text) = open.pop() {
        let (mut schema, mut collateral, mut recorded) = (None, None, None);
        for (key, raw) in parts(text.trim_ascii())? {
            match key? {
                "\"schema\"" => schema = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')),
                "\"collateral\"" => collateral = Some(raw),
                "\"recorded_collateral\"" => recorded = Some(raw),
                "\"kms\"" | "\"gateway\"" => open.push(raw),
                // Another spelling of one of these, perhaps.
                key if key.contains('\\') => return None,
                _ => {}
            }
        }
        // Each is looked at as often as it lies deep: no more of them than a reader would go into.
        if schema? != SCHEMA || carried.len() >= MOST_LINKED {
            return None;
        }
        carried.push(collateral?);
        carried.extend(recorded);
    }
    Some(carried)
}

/// Machines in one document that [`carried`] looks at.
const MOST_LINKED: usize = 16;

/// Reads the document whose `schema` is `schema`.
pub(crate) fn read_value(object: &Object<'_>, schema: &str, budget: &Budget) -> Result<Readout, ReadError> {
    is_schema(object, schema, SCHEMA)?;
    let evidence = machine(object.with_format(Format::Veritee), budget)?;
    Ok(Readout::one(Format::Veritee, evidence, Vec::new()))
}

/// Reads the set of machines whose `schema` is `schema`. Every machine has a label of its own.
pub(crate) fn read_set(object: &Object<'_>, schema: &str, budget: &Budget) -> Result<Readout, ReadError> {
    is_schema(object, schema, SET_SCHEMA)?;
    let mut document = object.with_format(Format::VeriteeSet);
    let place = document.place();
    document.take("schema");
    tool(&mut document)?;
    let (mut machines, mut labels) = (Vec::new(), BTreeSet::new());
    for entry in document.require("machines")?.array()? {
        let mut entry = entry.object()?;
        let name = entry.require("label")?;
        let label = name.string()?;
        let evidence = nested(&entry.require("evidence")?, budget)?;
        entry.finish()?;
        if !labels.insert(label.clone()) {
            return Err(ReadError::DuplicateKey { at: name.place(), key: label });
        }
        machines.push(NamedEvidence { label, evidence });
    }
    document.finish()?;
    if machines.is_empty() {
        return Err(ReadError::NoMachine { at: place });
    }
    Ok(Readout { format: Format::VeriteeSet, machines, notes: Vec::new() })
}

fn is_schema(object: &Object<'_>, schema: &str, wanted: &str) -> Result<(), ReadError> {
    if schema == wanted {
        return Ok(());
    }
    Err(ReadError::UnknownSchema { at: object.place(), got: schema.to_owned() })
}

fn tool(document: &mut Object<'_>) -> Result<(), ReadError> {
    let mut tool = document.require("tool")?.object()?;
    tool.require_string("name")?;
    tool.require_string("version")?;
    tool.finish()
}

fn machine(mut document: Object<'_>, budget: &Budget) -> Result<Evidence, ReadError> {
    document.take("schema");
    // What its keeper calls it: nothing rests upon it.
    for name in ["id", "name"] {
        if let Some(value) = document.take(name)
            && !value.raw().starts_with(|first: char| first == '"' || first.is_ascii_digit())
        {
            return Err(value.wrong_type("a string or a number"));
        }
    }
    tool(&mut document)?;
    let certificates = item_member(&mut document, "certificates", budget.input_bytes)?;
    certificate::one_quote(certificates.as_ref(), budget)?;
    let (certificate_quote, certificate_logs) = certificate::inside_leaf(certificates.as_ref(), budget);
    let evidence = Evidence {
        quote: item_member(&mut document, "quote", budget.input_bytes)?,
        event_log: match document.take("event_log") {
            Some(value) => Some(event_log(&value, budget)?),
            None => None,
        },
        runtime_events: item_member(&mut document, "runtime_events", budget.input_bytes)?,
        app_compose: item_member(&mut document, "app_compose", budget.app_compose_bytes)?,
        vm_config: item_member(&mut document, "vm_config", budget.input_bytes)?,
        mr_config: item_member(&mut document, "mr_config", budget.input_bytes)?,
        certificate_quote,
        certificate_logs,
        certificates,
        collateral: document
            .require("collateral")?
            .array()?
            .iter()
            .map(|value| item(value.object()?, budget.input_bytes))
            .collect::<Result<_, _>>()?,
        recorded_collateral: match document.take("recorded_collateral") {
            Some(value) => {
                value.array()?.iter().map(|value| recorded(value, budget)).collect::<Result<_, _>>()?
            }
            None => Vec::new(),
        },
        gpus: item_member(&mut document, "gpus", budget.gpu_container_bytes)?,
        gpu_collateral: match document.take("gpu_collateral") {
            Some(value) => value
                .array()?
                .iter()
                .map(|value| item(value.object()?, budget.gpu_manifest_bytes))
                .collect::<Result<_, _>>()?,
            None => Vec::new(),
        },
        kms_keys: document.take("kms_keys").map(|value| kms_keys(&value)).transpose()?,
        ingress: document.take("ingress").map(|value| ingress(&value, budget)).transpose()?,
        bound_content: document.take("bound_content").map(|value| bound_content(&value)).transpose()?,
        claims: claims(document.require("claims")?.object()?)?,
        served: document.take("served").map(|value| served(&value, budget)).transpose()?,
        target: document.take("target").map(|value| target(&value)).transpose()?,
        replicas: match document.take("replicas") {
            Some(value) => value.array()?.iter().map(replica).collect::<Result<_, _>>()?,
            None => Vec::new(),
        },
        caa: document.take("caa").map(|value| caa(&value, budget)).transpose()?,
        chain: item_member(&mut document, "chain", budget.chain_bytes)?,
        images: match document.take("images") {
            Some(value) => images(&value, budget)?,
            None => Vec::new(),
        },
        image_bundles: match document.take("image_bundles") {
            Some(value) => value
                .array()?
                .iter()
                .map(|value| item(value.object()?, budget.image_attestation_bytes.saturating_mul(2)))
                .collect::<Result<_, _>>()?,
            None => Vec::new(),
        },
        kms: document.take("kms").map(|value| linked(&value, budget)).transpose()?,
        gateway: document.take("gateway").map(|value| linked(&value, budget)).transpose()?,
    };
    document.finish()?;
    certificate::one_log(&evidence, budget)?;
    Ok(evidence)
}

/// A document inside of another one.
fn nested(value: &Value<'_>, budget: &Budget) -> Result<Evidence, ReadError> {
    let object = value.object()?;
    let schema = object
        .get("schema")
        .ok_or_else(|| ReadError::MissingField { at: object.place(), field: "schema" })?
        .string()?;
    is_schema(&object, &schema, SCHEMA)?;
    machine(object, budget)
}

/// The document of a linked machine. How deep they nest is bounded with all nesting (`Budget::json_depth`).
fn linked(value: &Value<'_>, budget: &Budget) -> Result<Box<Evidence>, ReadError> {
    nested(value, budget).map(Box::new)
}

fn item_member(object: &mut Object<'_>, key: &str, limit: usize) -> Result<Option<Item>, ReadError> {
    object.take(key).map(|value| item(value.object()?, limit)).transpose()
}

fn event_log(value: &Value<'_>, budget: &Budget) -> Result<EventLogItem, ReadError> {
    let mut object = value.object()?;
    let name = object.require("format")?;
    let format = match name.string()?.as_str() {
        "dstack-json" => EventLogFormat::DstackJson,
        "ccel" => EventLogFormat::Ccel,
        _ => return Err(name.wrong_type("`dstack-json` or `ccel`")),
    };
    Ok(EventLogItem { item: item(object, budget.event_log_bytes)?, format })
}

fn kms_keys(value: &Value<'_>) -> Result<KmsKeys, ReadError> {
    let mut object = value.object()?;
    let ca_spki = bare(&object.require("ca_spki")?)?;
    let k256 = bare(&object.require("k256")?)?;
    object.finish()?;
    Ok(KmsKeys { ca_spki, k256 })
}

fn ingress(value: &Value<'_>, budget: &Budget) -> Result<IngressEvidence, ReadError> {
    let mut object = value.object()?;
    let sums = item(object.require("sums")?.object()?, budget.input_bytes)?;
    let files = object.require("files")?.object()?.into_members();
    object.finish()?;
    let files = files
        .into_iter()
        .map(|(name, value)| Ok((name, item(value.object()?, budget.input_bytes)?)))
        .collect::<Result<_, ReadError>>()?;
    Ok(IngressEvidence { sums, files })
}

fn bound_content(value: &Value<'_>) -> Result<BoundContent, ReadError> {
    let mut object = value.object()?;
    let tag = object.require_string("tag")?;
    let algorithm = object.require_string("algorithm")?;
    let content = bare(&object.require("content")?)?;
    object.finish()?;
    Ok(BoundContent { tag, content, algorithm })
}

fn claims(object: Object<'_>) -> Result<Claims, ReadError> {
    let mut claims = Claims::default();
    for (name, value) in object.into_members() {
        let mut object = value.object()?;
        let value = object.require_string("value")?;
        let source = object.require_string("source")?;
        object.finish()?;
        claims.values.insert(name, Claim { value, source });
    }
    Ok(claims)
}

/// Documents of images. Nothing but the files of a layout has a place there, and layers have none: whatever reads them
/// computes every digest anew.
fn images(value: &Value<'_>, budget: &Budget) -> Result<Vec<ImageDocuments>, ReadError> {
    let mut left = budget.image_descriptors;
    let mut image = |value: &Value<'_>| {
        let mut object = value.object()?;
        let source = object.require_string("source")?;
        let members = object.require("files")?.object()?.into_members();
        object.finish()?;
        let mut files = BTreeMap::new();
        for (name, value) in members {
            let too_many = || ReadError::TooLarge {
                at: value.place(),
                what: "files of images",
                limit: budget.image_descriptors,
            };
            left = left.checked_sub(1).ok_or_else(too_many)?;
            files.insert(name, bare(&value)?);
        }
        Ok(ImageDocuments { source, files })
    };
    value.array()?.iter().map(&mut image).collect()
}

fn served(value: &Value<'_>, budget: &Budget) -> Result<ServedCertificates, ReadError> {
    let mut object = value.object()?;
    let server = object.require_string("server")?;
    let chain = item(object.require("chain")?.object()?, budget.ra_tls_bytes)?;
    object.finish()?;
    Ok(ServedCertificates { server, chain })
}

fn target(value: &Value<'_>) -> Result<Target, ReadError> {
    let mut object = value.object()?;
    let asked = object.require_string("asked")?;
    let app_id = object.take("app_id").map(|value| plain_id(&value)).transpose()?;
    let instance_id = object.take("instance_id").map(|value| plain_id(&value)).transpose()?;
    let domain = object.take("domain").map(|value| value.string()).transpose()?;
    object.finish()?;
    Ok(Target { asked, app_id, instance_id, domain })
}

/// In one spelling, so that two documents about one target are alike.
fn plain_id(value: &Value<'_>) -> Result<String, ReadError> {
    let text = value.string()?;
    match AppId::from_hex(&text) {
        Ok(id) if id.to_string() == text => Ok(text),
        _ => Err(value.wrong_type("40 hex digits in lower case")),
    }
}

fn replica(value: &Value<'_>) -> Result<Replica, ReadError> {
    let mut object = value.object()?;
    let label = object.require_string("label")?;
    let values = object.require("values")?.object()?.into_members();
    object.finish()?;
    let values = values.into_iter().map(|(name, value)| Ok((name, value.string()?)));
    Ok(Replica { label, values: values.collect::<Result<_, ReadError>>()? })
}

fn caa(value: &Value<'_>, budget: &Budget) -> Result<CaaAnswers, ReadError> {
    let mut object = value.object()?;
    let domain = object.require_string("domain")?;
    let answers = item(object.require("answers")?.object()?, budget.collateral_json_bytes)?;
    object.finish()?;
    Ok(CaaAnswers { domain, answers })
}

fn item(mut object: Object<'_>, limit: usize) -> Result<Item, ReadError> {
    let bytes = bytes(&mut object)?;
    if bytes.len() > limit {
        return Err(ReadError::TooLarge { at: object.place(), what: "bytes of the item", limit });
    }
    let source = object.require_string("source")?;
    let obtained = object.take("obtained").map(|value| value.string()).transpose()?;
    object.finish()?;
    Ok(Item { bytes, source, obtained })
}

fn recorded(value: &Value<'_>, budget: &Budget) -> Result<RecordedCollateral, ReadError> {
    let mut object = value.object()?;
    let word = object.require("given_by")?;
    let given_by = match word.string()?.as_str() {
        "judge" => RecordedBy::Judge,
        "bystander" => RecordedBy::Bystander,
        "lost" => RecordedBy::Lost,
        _ => return Err(word.wrong_type("\"judge\", \"bystander\" or \"lost\"")),
    };
    Ok(RecordedCollateral { given_by, item: item(object, budget.input_bytes)? })
}

fn bare(value: &Value<'_>) -> Result<Vec<u8>, ReadError> {
    let mut object = value.object()?;
    let bytes = bytes(&mut object)?;
    object.finish()?;
    Ok(bytes)
}

/// `encoding`, `value` and `sha256`, which must fit together.
fn bytes(object: &mut Object<'_>) -> Result<Vec<u8>, ReadError> {
    let encoding = object.require("encoding")?;
    let value = object.require("value")?;
    let text = value.string()?;
    let bytes = match encoding.string()?.as_str() {
        "utf8" => text.into_bytes(),
        "hex" => encoding::decode_strict(&text, Encoding::Hex, &value.origin)?,
        "base64" => encoding::decode_strict(&text, Encoding::Base64, &value.origin)?,
        _ => {
            let problem = EncodingProblem::Unknown;
            return Err(ReadError::Encoding { at: encoding.place(), encoding: "an encoding", problem });
        }
    };
    let digest = object.require("sha256")?;
    let expected = Sha256Digest::from_hex(&digest.string()?)
        .map_err(|_not_a_digest| digest.wrong_type("64 hex digits"))?;
    let got = Sha256Digest::of(&bytes);
    if expected != got {
        return Err(ReadError::DigestMismatch { at: object.place(), expected, got });
    }
    Ok(bytes)
}
