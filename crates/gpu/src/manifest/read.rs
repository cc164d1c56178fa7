//! The values of a manifest, at their exact places.

use super::error::{ManifestError, ManifestFault};
use super::signature::is_signature;
use super::xml::Xml;
use super::{Content, GoldenRecord, SecurityFloor};
use roxmltree::Node;
use std::collections::{BTreeMap, BTreeSet};
use veritee_model::Sha384Digest;

const SWID: &str = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd";
/// Namespace of the attributes `Hash0`, `Hash1`...
const SHA384: &str = "http://www.w3.org/2001/04/xmlenc#sha384";
/// Namespace of `minSvn`.
const OPAQUE: &str = "https://docs.nvidia.com/attestation/specs/latest/opaque-data.html";
/// Measurements that a report can have, by index from 0.
const INDEXES: u32 = 64;
/// Indexes from here on are types of opaque entries.
const OPAQUE_FROM: u32 = 0x1000;
/// Alternatives of one measurement. Genuine manifests have up to six.
const ALTERNATIVES: usize = 256;

pub(super) fn fault(node: Node<'_, '_>, element: &'static str, what: &'static str) -> ManifestError {
    ManifestError::new(ManifestFault::Element { line: line_of(node), element, what })
}

fn value(node: Node<'_, '_>, what: &'static str, got: &str) -> ManifestError {
    ManifestError::new(ManifestFault::Value { line: line_of(node), what, got: got.to_owned() })
}

fn line_of(node: Node<'_, '_>) -> u32 {
    node.document().text_pos_at(node.range().start).row
}

pub(super) fn child_elements<'a, 'input>(node: Node<'a, 'input>) -> Vec<Node<'a, 'input>> {
    node.children().filter(Node::is_element).collect()
}

/// No text between the children.
fn only_blanks(node: Node<'_, '_>) -> bool {
    let mut texts = node.children().filter(|child| !child.is_element());
    texts.all(|child| child.text().unwrap_or_default().bytes().all(|byte| byte.is_ascii_whitespace()))
}

/// Entity, Meta and Payload of the root, each once, in this order, and the signature behind them.
fn parts<'a>(xml: &'a Xml<'_>) -> Result<[Node<'a, 'a>; 2], ManifestError> {
    let root = xml.document.root_element();
    if !root.has_tag_name((SWID, "SoftwareIdentity")) {
        return Err(fault(root, "SoftwareIdentity", "expected as the root"));
    }
    let children = child_elements(root);
    let is = |node: Node<'_, '_>, name: &str| node.has_tag_name((SWID, name));
    match *children.as_slice() {
        [entity, meta, payload, signature]
            if is(entity, "Entity")
                && is(meta, "Meta")
                && is(payload, "Payload")
                && is_signature(signature) =>
        {
            if only_blanks(root) && only_blanks(payload) && !meta.has_children() && !entity.has_children() {
                Ok([meta, payload])
            } else {
                Err(fault(root, "SoftwareIdentity", "text where none belongs"))
            }
        }
        _ => Err(fault(root, "SoftwareIdentity", "one Entity, Meta, Payload and ds:Signature expected")),
    }
}

/// Product, version and edition.
pub(super) fn meta(xml: &Xml<'_>) -> Result<(String, String, String), ManifestError> {
    let [meta, _payload] = parts(xml)?;
    let text = |name: &'static str| {
        let text = meta.attribute(name).unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
            Ok(text.to_owned())
        } else {
            Err(value(meta, "a product, version or edition is missing or no plain text", text))
        }
    };
    Ok((text("product")?, text("colloquialVersion")?, text("edition")?))
}

pub(super) fn content(xml: &Xml<'_>) -> Result<Content, ManifestError> {
    let (product, version, edition) = meta(xml)?;
    let [_meta, payload] = parts(xml)?;
    let mut content = Content { product, version, edition, golden: BTreeMap::new(), floors: BTreeMap::new() };
    let mut seen = BTreeSet::new();
    for resource in child_elements(payload) {
        if !resource.has_tag_name((SWID, "Resource")) || resource.has_children() {
            return Err(fault(resource, "Payload", "only empty Resource elements expected"));
        }
        let text = resource.attribute("index").unwrap_or_default();
        let index = decimal(text).ok_or_else(|| value(resource, "an index is no decimal number", text))?;
        if !seen.insert(index) {
            return Err(value(resource, "an index occurs twice", text));
        }
        let active = match resource.attribute("active") {
            Some("True") => true,
            Some("False") => false,
            other => {
                return Err(value(resource, "active is neither True nor False", other.unwrap_or_default()));
            }
        };
        if let Ok(measured) = u8::try_from(index)
            && index < INDEXES
        {
            let record = golden(resource)?;
            if active {
                content.golden.insert(measured, record);
            }
        } else if let Some(kind) = index.checked_sub(OPAQUE_FROM).and_then(|kind| u16::try_from(kind).ok()) {
            let floor = floor(resource)?;
            if active {
                content.floors.insert(kind, floor);
            }
        } else {
            return Err(value(resource, "an index is of no measurement and of no opaque entry", text));
        }
    }
    Ok(content)
}

/// One measurement's record, `Hash0` to `Hash(k-1)` and nothing else of that namespace.
fn golden(resource: Node<'_, '_>) -> Result<GoldenRecord, ManifestError> {
    const WITHOUT: [&str; 6] = ["type", "index", "active", "alternatives", "name", "size"];
    if resource.attribute("type") != Some("Measurement") || resource.attribute("size") != Some("48") {
        return Err(fault(resource, "Resource", "type Measurement and size 48 expected"));
    }
    let text = resource.attribute("alternatives").unwrap_or_default();
    let count = decimal(text).and_then(|count| usize::try_from(count).ok());
    let count = count.filter(|count| (1..=ALTERNATIVES).contains(count));
    let count = count.ok_or_else(|| value(resource, "a number of alternatives is out of range", text))?;
    let mut alternatives = Vec::with_capacity(count);
    for index in 0..count {
        let hash = resource.attribute((SHA384, format!("Hash{index}").as_str())).unwrap_or_default();
        let digest = Sha384Digest::from_hex(hash).map_err(|_error| {
            value(resource, "a reference value is missing or not of 48 bytes in hex", hash)
        })?;
        alternatives.push(digest);
    }
    let known = |namespace, name| match namespace {
        None => WITHOUT.contains(&name),
        Some(SHA384) => true,
        Some(_) => false,
    };
    let all = resource.attributes();
    if all.len() != count.saturating_add(WITHOUT.len())
        || !all.into_iter().all(|a| known(a.namespace(), a.name()))
    {
        return Err(fault(resource, "Resource", "it has other attributes than a measurement's"));
    }
    let name = resource.attribute("name").unwrap_or_default().to_owned();
    Ok(GoldenRecord { name: veritee_model::text::inert(&name), alternatives })
}

/// One opaque record: a lowest security version, no reference value.
fn floor(resource: Node<'_, '_>) -> Result<SecurityFloor, ManifestError> {
    if resource.attributes().any(|attribute| attribute.namespace() == Some(SHA384)) {
        return Err(fault(resource, "Resource", "an opaque record has a reference value"));
    }
    let text = resource.attribute((OPAQUE, "minSvn")).unwrap_or_default();
    let least = crate::der::decimal(text.as_bytes()).filter(|_| (1..=20).contains(&text.len()));
    let least =
        least.ok_or_else(|| value(resource, "a lowest security version is no decimal number", text))?;
    let name = resource.attribute("name").unwrap_or_default();
    if name.is_empty() {
        return Err(fault(resource, "Resource", "an opaque record has no name"));
    }
    Ok(SecurityFloor { name: veritee_model::text::inert(name), least })
}

/// Digits only, without leading zeros.
fn decimal(text: &str) -> Option<u32> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = (1..=9).contains(&text.len()) && canonical;
    digits.then(|| crate::der::decimal(text.as_bytes())).flatten().and_then(|value| u32::try_from(value).ok())
}
