//! Reading `veritee/evidence/v1`: nothing unknown, nothing twice, every digest checked.

use super::SCHEMA;
use crate::encoding::{self, Encoding};
use crate::error::{EncodingProblem, ReadError};
use crate::json::{Object, Value};
use crate::readout::{Format, Readout};
use veritee_model::evidence::{
    BoundContent, Claim, Claims, EventLogFormat, EventLogItem, IngressEvidence, KmsKeys,
};
use veritee_model::{Budget, Evidence, Item, Sha256Digest};

/// Reads the document whose `schema` is `schema`.
pub(crate) fn read_value(object: &Object<'_>, schema: &str, budget: &Budget) -> Result<Readout, ReadError> {
    if schema != SCHEMA {
        let at = object.place();
        return Err(ReadError::UnknownSchema { at, got: schema.to_owned() });
    }
    let mut document = object.with_format(Format::Veritee);
    document.take("schema");
    let mut tool = document.require("tool")?.object()?;
    tool.require_string("name")?;
    tool.require_string("version")?;
    tool.finish()?;
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
        certificates: item_member(&mut document, "certificates", budget.input_bytes)?,
        collateral: document
            .require("collateral")?
            .array()?
            .iter()
            .map(|value| item(value.object()?, budget.input_bytes))
            .collect::<Result<_, _>>()?,
        kms_keys: document.take("kms_keys").map(|value| kms_keys(&value)).transpose()?,
        ingress: document.take("ingress").map(|value| ingress(&value, budget)).transpose()?,
        bound_content: document.take("bound_content").map(|value| bound_content(&value)).transpose()?,
        claims: claims(document.require("claims")?.object()?)?,
        ..Evidence::default()
    };
    document.finish()?;
    Ok(Readout::one(Format::Veritee, evidence, Vec::new()))
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
