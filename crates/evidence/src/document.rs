//! veritee's own evidence JSON, `veritee/evidence/v1` (`docs/schemas/evidence-v1.schema.json`), and a set of such
//! documents for machines that were seen together, `veritee/evidence-set/v1`.
//!
//! Every byte string comes with its SHA-256, which is checked on reading: a file that was edited, cut or re-encoded is
//! refused with the item named. The digests are no signature; whoever can write the file can write them too.

mod read;

pub use read::carried;
pub(crate) use read::{read_set, read_value};

use crate::readout::NamedEvidence;
use base64::Engine as _;
use serde::Serialize;
use std::collections::BTreeMap;
use veritee_model::evidence::{EventLogFormat, ImageDocuments, RecordedBy};
use veritee_model::text::inert_json;
use veritee_model::{Evidence, Item, Sha256Digest};

/// The schema of one machine's evidence: what is written, and the only one that is read.
pub const SCHEMA: &str = "veritee/evidence/v1";

/// The schema of a set of machines: what is written, and the only one that is read.
pub const SET_SCHEMA: &str = "veritee/evidence-set/v1";

/// Writes evidence as one JSON document; the same evidence and version give the same bytes.
///
/// Text is kept as text where it is UTF-8, the quote and keys are hex, other bytes are base64. Characters that act on
/// a terminal are escaped, so the document can be shown.
#[must_use]
pub fn to_json(evidence: &Evidence, tool_version: &str) -> String {
    write(&Document::of(evidence, tool_version))
}

/// Writes the evidence of several machines as one JSON document; the same machines and version give the same bytes.
///
/// The labels have to differ: a document in which one occurs twice is refused when it is read.
#[must_use]
pub fn set_to_json(machines: &[NamedEvidence], tool_version: &str) -> String {
    let machines = machines.iter().map(|machine| Machine {
        label: &machine.label,
        evidence: Document::of(&machine.evidence, tool_version),
    });
    write(&Set { schema: SET_SCHEMA, tool: Tool::of(tool_version), machines: machines.collect() })
}

fn write(document: &impl Serialize) -> String {
    // Strings and maps with string keys can always be written; an empty text would not read back.
    let mut json = serde_json::to_string_pretty(document).unwrap_or_default();
    json.push('\n');
    inert_json(&json)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    tool: Tool<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quote: Option<Encoded<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_log: Option<EncodedLog<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runtime_events: Option<Encoded<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_compose: Option<Encoded<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vm_config: Option<Encoded<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mr_config: Option<Encoded<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificates: Option<Encoded<'a>>,
    collateral: Vec<Encoded<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recorded_collateral: Vec<EncodedRecord<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gpus: Option<Encoded<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gpu_collateral: Vec<Encoded<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_keys: Option<EncodedKeys>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ingress: Option<EncodedIngress<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bound_content: Option<EncodedBound<'a>>,
    claims: BTreeMap<&'a str, EncodedClaim<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    served: Option<EncodedServed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<EncodedTarget<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    replicas: Vec<EncodedReplica<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caa: Option<EncodedCaa<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<Encoded<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<EncodedImage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_bundles: Vec<Encoded<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms: Option<Box<Self>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<Box<Self>>,
}

impl<'a> Document<'a> {
    fn of(evidence: &'a Evidence, tool_version: &'a str) -> Self {
        Self {
            schema: SCHEMA,
            tool: Tool::of(tool_version),
            quote: evidence.quote.as_ref().map(|item| Encoded::item(item, Style::Hex)),
            event_log: evidence
                .event_log
                .as_ref()
                .map(|log| EncodedLog { format: log.format, item: Encoded::item(&log.item, Style::Text) }),
            runtime_events: evidence.runtime_events.as_ref().map(text),
            app_compose: evidence.app_compose.as_ref().map(text),
            vm_config: evidence.vm_config.as_ref().map(text),
            mr_config: evidence.mr_config.as_ref().map(text),
            certificates: evidence.certificates.as_ref().map(text),
            collateral: evidence.collateral.iter().map(text).collect(),
            recorded_collateral: evidence
                .recorded_collateral
                .iter()
                .map(|recorded| EncodedRecord { given_by: recorded.given_by, item: text(&recorded.item) })
                .collect(),
            gpus: evidence.gpus.as_ref().map(text),
            gpu_collateral: evidence.gpu_collateral.iter().map(text).collect(),
            kms_keys: evidence.kms_keys.as_ref().map(|keys| EncodedKeys {
                ca_spki: Encoded::bytes(&keys.ca_spki, Style::Hex),
                k256: Encoded::bytes(&keys.k256, Style::Hex),
            }),
            ingress: evidence.ingress.as_ref().map(|ingress| EncodedIngress {
                sums: text(&ingress.sums),
                files: ingress.files.iter().map(|(name, item)| (name.as_str(), text(item))).collect(),
            }),
            bound_content: evidence.bound_content.as_ref().map(|bound| EncodedBound {
                tag: &bound.tag,
                algorithm: &bound.algorithm,
                content: Encoded::bytes(&bound.content, Style::Text),
            }),
            claims: evidence
                .claims
                .values
                .iter()
                .map(|(name, claim)| {
                    (name.as_str(), EncodedClaim { value: &claim.value, source: &claim.source })
                })
                .collect(),
            served: evidence
                .served
                .as_ref()
                .map(|served| EncodedServed { server: &served.server, chain: text(&served.chain) }),
            target: evidence.target.as_ref().map(|target| EncodedTarget {
                asked: &target.asked,
                app_id: target.app_id.as_deref(),
                instance_id: target.instance_id.as_deref(),
                domain: target.domain.as_deref(),
            }),
            replicas: evidence
                .replicas
                .iter()
                .map(|replica| EncodedReplica { label: &replica.label, values: &replica.values })
                .collect(),
            caa: evidence
                .caa
                .as_ref()
                .map(|caa| EncodedCaa { domain: &caa.domain, answers: text(&caa.answers) }),
            chain: evidence.chain.as_ref().map(text),
            images: evidence.images.iter().map(EncodedImage::of).collect(),
            image_bundles: evidence.image_bundles.iter().map(text).collect(),
            kms: evidence.kms.as_deref().map(|linked| Box::new(Self::of(linked, tool_version))),
            gateway: evidence.gateway.as_deref().map(|linked| Box::new(Self::of(linked, tool_version))),
        }
    }
}

#[derive(Serialize)]
struct Set<'a> {
    schema: &'static str,
    tool: Tool<'a>,
    machines: Vec<Machine<'a>>,
}

#[derive(Serialize)]
struct Machine<'a> {
    label: &'a str,
    evidence: Document<'a>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'static str,
    version: &'a str,
}

impl<'a> Tool<'a> {
    const fn of(version: &'a str) -> Self {
        Self { name: "veritee", version }
    }
}

#[derive(Serialize)]
struct EncodedLog<'a> {
    format: EventLogFormat,
    #[serde(flatten)]
    item: Encoded<'a>,
}

#[derive(Serialize)]
struct EncodedRecord<'a> {
    given_by: RecordedBy,
    #[serde(flatten)]
    item: Encoded<'a>,
}

#[derive(Serialize)]
struct EncodedKeys {
    ca_spki: Encoded<'static>,
    k256: Encoded<'static>,
}

#[derive(Serialize)]
struct EncodedIngress<'a> {
    sums: Encoded<'a>,
    files: BTreeMap<&'a str, Encoded<'a>>,
}

#[derive(Serialize)]
struct EncodedImage<'a> {
    source: &'a str,
    files: BTreeMap<&'a str, Encoded<'static>>,
}

impl<'a> EncodedImage<'a> {
    fn of(image: &'a ImageDocuments) -> Self {
        let files = image.files.iter();
        let files = files.map(|(name, bytes)| (name.as_str(), Encoded::bytes(bytes, Style::Text)));
        Self { source: &image.source, files: files.collect() }
    }
}

#[derive(Serialize)]
struct EncodedBound<'a> {
    tag: &'a str,
    algorithm: &'a str,
    content: Encoded<'static>,
}

#[derive(Serialize)]
struct EncodedClaim<'a> {
    value: &'a str,
    source: &'a str,
}

#[derive(Serialize)]
struct EncodedServed<'a> {
    server: &'a str,
    chain: Encoded<'a>,
}

#[derive(Serialize)]
struct EncodedTarget<'a> {
    asked: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
}

#[derive(Serialize)]
struct EncodedReplica<'a> {
    label: &'a str,
    values: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct EncodedCaa<'a> {
    domain: &'a str,
    answers: Encoded<'a>,
}

/// Bytes as text, with their digest; an item's origin too.
#[derive(Serialize)]
struct Encoded<'a> {
    encoding: &'static str,
    value: String,
    sha256: Sha256Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    obtained: Option<&'a str>,
}

enum Style {
    Hex,
    Text,
}

fn text(item: &Item) -> Encoded<'_> {
    Encoded::item(item, Style::Text)
}

impl<'a> Encoded<'a> {
    fn item(item: &'a Item, style: Style) -> Self {
        let encoded = Encoded::bytes(&item.bytes, style);
        Self { source: Some(&item.source), obtained: item.obtained.as_deref(), ..encoded }
    }

    fn bytes(bytes: &[u8], style: Style) -> Self {
        let (encoding, value) = match (style, core::str::from_utf8(bytes)) {
            (Style::Hex, _) => ("hex", hex::encode(bytes)),
            (Style::Text, Ok(text)) => ("utf8", text.to_owned()),
            (Style::Text, Err(_)) => ("base64", base64::engine::general_purpose::STANDARD.encode(bytes)),
        };
        Self { encoding, value, sha256: Sha256Digest::of(bytes), source: None, obtained: None }
    }
}
