//! What is judged: untrusted bytes, each with its origin.
//!
//! Nothing here is a fact. The quote is a claim until it is verified, the log until it is replayed, the compose
//! until its hash is found in the log; [`Claims`] never become facts at all, they are only compared with some.

use crate::bytes::Sha256Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bytes with their origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The bytes, exactly as they came.
    pub bytes: Vec<u8>,
    /// Where they came from: a file name and the path inside it, or a URL. For people, never trusted.
    pub source: String,
    /// When they were obtained (RFC 3339), where that was recorded. For people, never trusted.
    pub obtained: Option<String>,
}

impl Item {
    /// Bytes from a named source.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>, source: impl Into<String>) -> Self {
        Self { bytes: bytes.into(), source: source.into(), obtained: None }
    }

    /// SHA-256 of the bytes.
    #[must_use]
    pub fn sha256(&self) -> Sha256Digest {
        Sha256Digest::of(&self.bytes)
    }
}

/// In which form an event log came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventLogFormat {
    /// dstack's JSON array of events.
    DstackJson,
    /// The raw CCEL area (TCG PC Client event log, SHA-384).
    Ccel,
}

/// An event log with its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLogItem {
    /// The bytes.
    pub item: Item,
    /// Their form.
    pub format: EventLogFormat,
}

/// What the KMS says REPORTDATA of its bootstrap quote binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsKeys {
    /// Root CA public key, SPKI in DER.
    pub ca_spki: Vec<u8>,
    /// Root secp256k1 public key, SEC1 compressed.
    pub k256: Vec<u8>,
}

/// Evidence of dstack-ingress: a list of SHA-256 sums and the files that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngressEvidence {
    /// `sha256sum.txt`, exactly.
    pub sums: Item,
    /// The files beside it, by name.
    pub files: BTreeMap<String, Item>,
}

/// Content that REPORTDATA is said to bind under a dstack tag: `hash(tag || ":" || content)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundContent {
    /// The tag, for example `app-data`.
    pub tag: String,
    /// The content.
    pub content: Vec<u8>,
    /// Hash algorithm as dstack names it: `sha512`, `sha384`, `sha256`, `sha3-256`, `sha3-384`, `sha3-512`,
    /// `keccak256`, `keccak384`, `keccak512`, `raw`.
    pub algorithm: String,
}

/// Values that came along unauthenticated (`tcb_info`, `Info`, an API): compared, never used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// Claimed values by name, as text: `mrtd`, `rtmr0` to `rtmr3`, `report_data`, `app_id`, `instance_id`,
    /// `compose_hash`, `device_id`, `mr_aggregated`, `os_image_hash`, `key_provider_info`, `mr_config_id`. Hex in lower case.
    pub values: BTreeMap<String, Claim>,
}

/// One claimed value and its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The value as text.
    pub value: String,
    /// Where it was found.
    pub source: String,
}

impl Claim {
    /// What a guest agent gives as `device_id` as long as it does not know the PPID: SHA-256 of nothing.
    const DEVICE_UNKNOWN: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// Whether the claim of this name says no more than that its maker does not know: it contradicts nothing.
    #[must_use]
    pub fn says_nothing(&self, name: &str) -> bool {
        name == "device_id" && self.value.eq_ignore_ascii_case(Self::DEVICE_UNKNOWN)
    }
}

/// What a server showed in a TLS handshake. A record made by whoever fetched: good to compare with what the quote
/// binds, worth nothing by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedCertificates {
    /// Name and port that were asked for, `host:port`.
    pub server: String,
    /// The chain as it came, PEM, leaf first.
    pub chain: Item,
}

/// What the evidence was fetched for. The verdict is about whatever answered; this says what should have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// The words of the caller: an app id, a URL or a domain.
    pub asked: String,
    /// The app id asked for, 40 hex digits in lower case, where the target names one.
    pub app_id: Option<String>,
    /// The instance id asked for, 40 hex digits in lower case, where the target names one machine.
    pub instance_id: Option<String>,
    /// The domain whose users reach the application, where the target names one.
    pub domain: Option<String>,
}

impl Target {
    /// The name that was asked for: the domain, or, where only the caller's words tell and they name no application, the
    /// host in them. Handshakes and CAA answers for another name say nothing of it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        if let Some(domain) = &self.domain {
            return Some(domain);
        }
        if self.app_id.is_some() || self.instance_id.is_some() {
            return None;
        }
        let asked = self.asked.trim();
        let (is_url, rest) = asked.split_once("://").map_or((false, asked), |(_scheme, rest)| (true, rest));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_user, host)| host);
        let host = match host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => host,
        };
        (!host.is_empty() && (is_url || host.contains('.'))).then_some(host)
    }
}

/// What another machine of the same application said about itself when this one was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    /// Its label among the machines that were fetched together.
    pub label: String,
    /// Values that it claims, by name as in [`Claims`]: `app_id`, `compose_hash`, `instance_id`, `mrtd`, `rtmr0`...
    pub values: BTreeMap<String, String>,
}

/// CAA answers of the domain name system (RFC 8659), for a domain and the names above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaaAnswers {
    /// The domain that was asked about.
    pub domain: String,
    /// The answers, JSON: `[{"name": "a.example", "records": [{"flags": 0, "tag": "issue", "value": "..."}]}, ...]`,
    /// one entry for each name that was asked, from the domain upwards.
    pub answers: Item,
}

/// Documents of an image, by the names that they have in an OCI layout: index, manifests, config, signatures, statements.
/// Layers are not among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageDocuments {
    /// Where they come from, for people.
    pub source: String,
    /// Bytes by name.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Who had an item of [`RecordedCollateral`] in the run that saved it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordedBy {
    /// The judging side: whoever asked, the store, a service.
    Judge,
    /// The evidence of another machine of that run, of which only revocations count.
    Bystander,
    /// Nobody any more: the judging side's store had kept it for what it revoked, and has lost it. The item says which in
    /// words; it is no collateral.
    Lost,
}

/// Collateral that decided, or could have, when evidence was judged and saved: what the machine had not brought itself. An
/// attacker who writes evidence can write this too; it stands before [`Evidence::collateral`] of the same evidence and
/// before nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedCollateral {
    /// Who had it.
    pub given_by: RecordedBy,
    /// A JSON object in dcap-qvl's form, where it is one. What was not looked at then is left out of it: an empty object for
    /// a document, an empty text for a list.
    pub item: Item,
}

/// Everything known of one machine. Every part may be missing; the report then says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The quote.
    pub quote: Option<Item>,
    /// The event log.
    pub event_log: Option<EventLogItem>,
    /// A second list of run-time events, where an attestation container carries one (dstack JSON).
    pub runtime_events: Option<Item>,
    /// `app_compose`: the exact string.
    pub app_compose: Option<Item>,
    /// `vm_config`: the exact string.
    pub vm_config: Option<Item>,
    /// The document behind MRCONFIGID version 3, where one was delivered.
    pub mr_config: Option<Item>,
    /// RA-TLS certificate chain, PEM, leaf first.
    pub certificates: Option<Item>,
    /// The quote in the attestation container of the chain's leaf, where it has one that can be read. It stands in the
    /// chain already, so that no document has it beside: whoever reads the chain reads it out.
    pub certificate_quote: Option<Item>,
    /// The event logs that the chain's leaf carries (dstack JSON), likewise read out of the chain: one of its own, one in its
    /// attestation container.
    pub certificate_logs: Vec<Item>,
    /// Collateral documents that came from whoever is judged, each a JSON object in dcap-qvl's form.
    pub collateral: Vec<Item>,
    /// Collateral that others had when this evidence was saved.
    pub recorded_collateral: Vec<RecordedCollateral>,
    /// Evidence of GPUs, in whatever container it came.
    pub gpus: Option<Item>,
    /// NVIDIA's reference manifests (XML), OCSP answers and revocation lists (DER), in any order.
    pub gpu_collateral: Vec<Item>,
    /// Keys of a KMS bootstrap quote.
    pub kms_keys: Option<KmsKeys>,
    /// Evidence of dstack-ingress.
    pub ingress: Option<IngressEvidence>,
    /// Content that REPORTDATA is said to bind.
    pub bound_content: Option<BoundContent>,
    /// Unauthenticated values to compare.
    pub claims: Claims,
    /// What the server showed in the TLS handshake.
    pub served: Option<ServedCertificates>,
    /// What the evidence was fetched for.
    pub target: Option<Target>,
    /// The other machines that were seen at the same time.
    pub replicas: Vec<Replica>,
    /// CAA answers for the target's domain.
    pub caa: Option<CaaAnswers>,
    /// What endpoints of a chain answered, `veritee/chain/v1`.
    pub chain: Option<Item>,
    /// Documents of images that its compose names. `veritee verify` and `veritee trace` read them.
    pub images: Vec<ImageDocuments>,
    /// Sigstore bundles about such images.
    pub image_bundles: Vec<Item>,
    /// The KMS that is said to have given the machine its keys: evidence of another machine, judged like any.
    pub kms: Option<Box<Self>>,
    /// The gateway that is said to stand in front of it, likewise.
    pub gateway: Option<Box<Self>>,
}

impl Evidence {
    /// This machine and every machine that its evidence has inside, at any depth: the KMS and the gateway, and theirs.
    pub fn machines(&self) -> impl Iterator<Item = &Self> {
        let mut open = vec![self];
        core::iter::from_fn(move || {
            let next = open.pop()?;
            open.extend([&next.gateway, &next.kms].into_iter().flatten().map(|linked| &**linked));
            Some(next)
        })
    }

    /// The collateral of all of them. What any of it revokes holds for every machine of a run.
    pub fn all_collateral(&self) -> impl Iterator<Item = &Item> {
        self.machines().flat_map(Self::own_collateral)
    }

    /// This machine's, marked and not.
    pub fn own_collateral(&self) -> impl Iterator<Item = &Item> {
        let recorded = self.recorded_collateral.iter();
        let there = recorded.filter(|recorded| recorded.given_by != RecordedBy::Lost);
        self.collateral.iter().chain(there.map(|recorded| &recorded.item))
    }

    /// What the store of whoever saved this evidence had kept of revocations and had lost.
    pub fn lost_collateral(&self) -> impl Iterator<Item = &Item> {
        let recorded = self.recorded_collateral.iter();
        recorded.filter(|recorded| recorded.given_by == RecordedBy::Lost).map(|recorded| &recorded.item)
    }

    /// Whether none came with this machine.
    #[must_use]
    pub const fn has_no_collateral(&self) -> bool {
        self.collateral.is_empty() && self.recorded_collateral.is_empty()
    }

    /// Leaves all of it out.
    pub fn drop_collateral(&mut self) {
        self.collateral.clear();
        self.recorded_collateral.clear();
    }

    /// Marks an item as somebody else's than the judged party's, once; the same item unmarked is then no other.
    pub fn record(&mut self, given_by: RecordedBy, item: Item) {
        if given_by == RecordedBy::Judge {
            self.collateral.retain(|own| own.bytes != item.bytes);
        }
        match self.recorded_collateral.iter_mut().find(|known| known.item.bytes == item.bytes) {
            Some(known) => known.given_by = known.given_by.min(given_by),
            None => self.recorded_collateral.push(RecordedCollateral { given_by, item }),
        }
    }
}
