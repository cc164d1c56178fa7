//! NVIDIA's statements about GPUs: reference manifests from its manifest service, answers about revocation from its OCSP
//! responder, and revocation lists where that gives no answer about a CA. Asked for by what genuine devices signed, verified before anything is kept, and again where it is used.
//!
//! Asking the responder tells NVIDIA which devices somebody verifies: nothing here is asked unless the caller says so.

mod carry;
mod lists;

pub use carry::{CarriedFile, GpuImported, export_gpus, import_gpus};

use crate::error::{Fault, StoreError};
use crate::obtain::Mode;
use crate::pcs::all;
use crate::service::{ServiceError, address, base_address};
use crate::store::{GpuKept, GpuPlace, Store};
use core::fmt;
use std::sync::Arc;
use url::Url;
use veritee_client::{Client, FetchError, Get, Post};
use veritee_gpu::wanted::{AnswerStatus, ManifestFound, WantedAnswer, WantedManifest};
use veritee_gpu::{Manifest, Memory, Roots, SignedReport, Wanted};
use veritee_model::{Item, UnixTime};

/// NVIDIA's service of reference manifests.
pub const NVIDIA_RIM: &str = "https://rim.attestation.nvidia.com";
/// NVIDIA's OCSP responder.
pub const NVIDIA_OCSP: &str = "https://ocsp.ndis.nvidia.com";
/// Where NVIDIA publishes revocation lists: what stands before `/crl/`. Its certificates name it with `http`, which is not
/// asked in the clear.
pub const NVIDIA_CRL: &str = "https://crl.ndis.nvidia.com";

/// Who is asked about GPUs. Everything that counts is signed by NVIDIA: a service can withhold and replay, never forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuService {
    rim: Url,
    ocsp: Url,
    crl: Url,
}

impl GpuService {
    /// NVIDIA's own.
    ///
    /// # Panics
    /// Never: its addresses are constants that a test reads.
    #[must_use]
    pub fn nvidia() -> Self {
        #[expect(clippy::expect_used, reason = "constants of this file; a test reads them")]
        Self::at(NVIDIA_RIM, NVIDIA_OCSP, NVIDIA_CRL).expect("the constants are addresses")
    }

    /// The same interfaces at other addresses: a mirror, a test.
    ///
    /// # Errors
    /// When an address is no URL.
    pub fn at(rim: &str, ocsp: &str, crl: &str) -> Result<Self, ServiceError> {
        Ok(Self { rim: base_address(rim)?, ocsp: address(ocsp)?, crl: base_address(crl)? })
    }

    /// Where a manifest is asked for: `/v1/rim/<id>`. Identifiers hold letters, digits, dots, dashes and underscores.
    #[must_use]
    pub fn manifest(&self, id: &str) -> Url {
        below(&self.rim, &format!("v1/rim/{id}"))
    }

    /// Where a revocation list is asked for: `/crl/<file>`.
    #[must_use]
    pub fn list(&self, file: &str) -> Url {
        below(&self.crl, &format!("crl/{file}"))
    }

    /// Where answers about revocation are asked for.
    #[must_use]
    pub const fn responder(&self) -> &Url {
        &self.ocsp
    }
}

fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

/// Something that was had.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GpuItem {
    /// Identifier of the manifest, the certificate's name with its serial number, or whose list it is.
    pub what: String,
    /// A manifest in XML, an answer or a list in DER, with its address and when it was fetched.
    pub item: Item,
    /// What it says, for people.
    pub says: String,
    /// In force until; `None` for what holds for ever.
    pub until: Option<UnixTime>,
    /// It was in the store.
    pub from_store: bool,
}

/// Something that could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuMissing {
    /// Identifier of the manifest, the certificate's name with its serial number, or whose list it is.
    pub what: String,
    /// Why.
    pub why: String,
}

impl fmt::Display for GpuMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", veritee_model::text::inert(&self.what), veritee_model::text::inert(&self.why))
    }
}

/// What was had for the devices of one piece of evidence.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct GpuObtained {
    /// What was had, manifests first.
    pub items: Vec<GpuItem>,
    /// What could not be had.
    pub missing: Vec<GpuMissing>,
    /// Requests that were made.
    pub requests: usize,
    /// What of the store could not be used.
    pub faults: Vec<Fault>,
}

/// Under which roots, at which time, out of which store, and whether anybody is asked.
#[derive(Clone, Copy)]
pub struct GpuAsk<'a> {
    /// Where what was fetched is kept.
    pub store: &'a Store,
    /// NVIDIA's roots, or those of a test.
    pub roots: &'a Roots,
    /// The time.
    pub now: UnixTime,
    /// Whether the service is asked.
    pub mode: Mode,
    /// Gives 32 random bytes for a request, where its answer shall be shown to be fresh.
    pub nonce: Option<&'a dyn Fn() -> [u8; 32]>,
}

/// Manifests and answers for genuine devices.
///
/// One request for each manifest and for each certificate that the store has nothing in force for; certificates that
/// devices share are asked about once. Where the responder does not answer for a CA, the list that speaks of it is asked
/// for. What cannot be had is named in the answer and keeps nothing else from being had.
///
/// # Errors
/// When the store cannot be used.
pub async fn obtain_gpus(
    client: &Client,
    service: &GpuService,
    devices: &[Arc<SignedReport>],
    ask: &GpuAsk<'_>,
) -> Result<GpuObtained, StoreError> {
    if ask.mode == Mode::Offline {
        return offline_gpus(devices, ask);
    }
    let memory = Memory::new();
    let mut wanted = Wanted::of(devices);
    let mut obtained = GpuObtained::default();
    let mut fetched = Vec::new();
    let mut signers: Vec<Arc<Manifest>> = Vec::new();
    for manifest in &wanted.manifests {
        let stored = ask.stored_manifests(manifest, &memory, &mut obtained)?;
        if stored.is_empty() || ask.mode == Mode::Refresh {
            fetched.push(get_manifest(client, service, manifest, ask, &memory));
        }
        signers.extend(stored);
    }
    obtained.requests = obtained.requests.saturating_add(fetched.len());
    for (manifest, answer) in all(fetched).await {
        match answer {
            Ok((bytes, url, found)) => {
                signers.extend(found.manifest.clone());
                let item = ask.keep_manifest(manifest, &bytes, &url, &found)?;
                obtained.take(item);
            }
            Err(why) => obtained.missing.push(GpuMissing { what: manifest.id().to_owned(), why }),
        }
    }
    for manifest in &signers {
        wanted.add_signer(manifest);
    }
    let open = answers(client, service, &wanted.answers, ask, &memory, &mut obtained).await?;
    lists::obtain(client, service, (&wanted.lists, &open), ask, &memory, &mut obtained).await?;
    Ok(obtained)
}

/// The same out of the store alone: nobody is asked.
///
/// # Errors
/// When the store cannot be used.
pub fn offline_gpus(devices: &[Arc<SignedReport>], ask: &GpuAsk<'_>) -> Result<GpuObtained, StoreError> {
    let (memory, mut obtained) = (Memory::new(), GpuObtained::default());
    let mut wanted = Wanted::of(devices);
    let mut signers = Vec::new();
    for manifest in &wanted.manifests {
        let stored = ask.stored_manifests(manifest, &memory, &mut obtained)?;
        if stored.is_empty() {
            obtained.missing.push(absent(manifest.id()));
        }
        signers.extend(stored);
    }
    for manifest in &signers {
        wanted.add_signer(manifest);
    }
    for answer in &wanted.answers {
        if !ask.stored_answers(answer, &memory, &mut obtained)? {
            obtained.missing.push(absent(&answer.name()));
        }
    }
    for list in &wanted.lists {
        // One that is lacking leaves nothing open that an answer does not leave open.
        lists::stored(list, ask, &memory, &mut obtained)?;
    }
    Ok(obtained)
}

/// Gives back what there is no answer for.
async fn answers<'a>(
    client: &Client,
    service: &GpuService,
    wanted: &'a [WantedAnswer],
    ask: &GpuAsk<'_>,
    memory: &Memory,
    obtained: &mut GpuObtained,
) -> Result<Vec<&'a WantedAnswer>, StoreError> {
    let (mut fetched, mut open) = (Vec::new(), Vec::new());
    for answer in wanted {
        let stored = ask.stored_answers(answer, memory, obtained)?;
        if ask.mode == Mode::Refresh || !stored {
            fetched.push(post_answer(client, service, answer, ask, memory));
        }
    }
    obtained.requests = obtained.requests.saturating_add(fetched.len());
    for (answer, got) in all(fetched).await {
        match got {
            Ok((bytes, status, until)) => {
                if status == AnswerStatus::Unknown {
                    open.push(answer);
                }
                let until = (status != AnswerStatus::Revoked).then_some(until);
                let url = service.ocsp.to_string();
                let kept = GpuKept { bytes, url, fetched: ask.now, until };
                ask.store.keep_gpu(ask.roots, &GpuPlace::Answer(answer.key()), &kept)?;
                obtained.take(item_of(answer.name(), kept, status.to_string(), false));
            }
            Err(why) => {
                open.push(answer);
                obtained.missing.push(GpuMissing { what: answer.name(), why });
            }
        }
    }
    Ok(open)
}

fn absent(what: &str) -> GpuMissing {
    GpuMissing { what: what.to_owned(), why: "the store has none in force, and nobody was asked".to_owned() }
}

fn item_of(what: String, kept: GpuKept, says: String, from_store: bool) -> GpuItem {
    let mut item = Item::new(kept.bytes, kept.url);
    item.obtained = Some(kept.fetched.to_string());
    GpuItem { what, item, says, until: kept.until, from_store }
}

impl GpuObtained {
    /// What came replaces what the store had of the same bytes.
    fn take(&mut self, new: GpuItem) {
        self.items.retain(|known| known.item.bytes != new.item.bytes);
        self.items.push(new);
    }
}

impl GpuAsk<'_> {
    /// Manifests of the store, all of them; gives back those in force.
    fn stored_manifests(
        &self,
        wanted: &WantedManifest,
        memory: &Memory,
        obtained: &mut GpuObtained,
    ) -> Result<Vec<Arc<Manifest>>, StoreError> {
        let (kept, faults) = self.store.gpu_kept(self.roots, &GpuPlace::Manifest(wanted.id().to_owned()))?;
        obtained.faults.extend(faults);
        let mut in_force = Vec::new();
        for kept in kept {
            let found = wanted.check(&kept.bytes, self.roots, self.now, self.store.budget(), memory);
            let Ok(found) = found else { continue };
            obtained.items.push(item_of(wanted.id().to_owned(), kept, says(&found), true));
            in_force.extend(found.manifest);
        }
        Ok(in_force)
    }

    fn keep_manifest(
        &self,
        wanted: &WantedManifest,
        bytes: &[u8],
        url: &str,
        found: &ManifestFound,
    ) -> Result<GpuItem, StoreError> {
        let until = found.manifest.as_ref().map_or(self.now, |manifest| manifest.not_after());
        let kept =
            GpuKept { bytes: bytes.to_vec(), url: url.to_owned(), fetched: self.now, until: Some(until) };
        self.store.keep_gpu(self.roots, &GpuPlace::Manifest(wanted.id().to_owned()), &kept)?;
        Ok(item_of(wanted.id().to_owned(), kept, says(found), false))
    }

    /// Answers of the store that count at this time; whether one of them spares asking.
    fn stored_answers(
        &self,
        wanted: &WantedAnswer,
        memory: &Memory,
        obtained: &mut GpuObtained,
    ) -> Result<bool, StoreError> {
        let (kept, faults) = self.store.gpu_kept(self.roots, &GpuPlace::Answer(wanted.key()))?;
        obtained.faults.extend(faults);
        let mut answered = false;
        for kept in kept {
            let found = wanted.check(&kept.bytes, None, self.now, self.store.budget(), memory);
            let Ok(found) = found else { continue };
            answered |= found.status != AnswerStatus::Unknown;
            obtained.items.push(item_of(wanted.name(), kept, found.status.to_string(), true));
        }
        Ok(answered)
    }
}

fn says(found: &ManifestFound) -> String {
    match (&found.manifest, &found.not_in_force) {
        (Some(manifest), _) => {
            format!("{} reference values, signed by {}", manifest.golden().len(), manifest.signer())
        }
        (None, Some(error)) => format!("NOT IN FORCE: {error}"),
        (None, None) => "not in force".to_owned(),
    }
}

type Fetched<'a, W, T> = (&'a W, Result<T, String>);

async fn get_manifest<'a>(
    client: &Client,
    service: &GpuService,
    wanted: &'a WantedManifest,
    ask: &GpuAsk<'_>,
    memory: &Memory,
) -> Fetched<'a, WantedManifest, (Vec<u8>, String, ManifestFound)> {
    let url = service.manifest(wanted.id());
    let budget = ask.store.budget();
    // JSON with the manifest in base64.
    let cap = budget.gpu_manifest_bytes.saturating_mul(2);
    let answer = client.get(&Get::any(url.clone(), cap)).await;
    let got = answer.map_err(|error| not_served(&error)).and_then(|answer| {
        let bytes = veritee_gpu::manifest::from_service(&answer.body).into_owned();
        let found = wanted.check(&bytes, ask.roots, ask.now, budget, memory);
        found.map(|found| (bytes, url.to_string(), found)).map_err(|error| format!("{url}: refused: {error}"))
    });
    (wanted, got)
}

async fn post_answer<'a>(
    client: &Client,
    service: &GpuService,
    wanted: &'a WantedAnswer,
    ask: &GpuAsk<'_>,
    memory: &Memory,
) -> Fetched<'a, WantedAnswer, (Vec<u8>, AnswerStatus, UnixTime)> {
    let nonce = ask.nonce.map(|nonce| nonce());
    let budget = ask.store.budget();
    let request = Post {
        url: service.ocsp.clone(),
        body: wanted.request(nonce.as_ref()),
        content_type: "application/ocsp-request",
        cap: budget.gpu_statement_bytes,
        accept: "application/ocsp-response",
        types: &["application/ocsp-response"],
        idempotent: true,
    };
    let answer = client.post(&request).await;
    let got = answer.map_err(|error| not_served(&error)).and_then(|answer| {
        let found = wanted.check(&answer.body, nonce.as_ref(), ask.now, budget, memory);
        match found {
            Ok(found) => Ok((answer.body, found.status, found.until)),
            Err(error) => Err(format!("{}: refused: {error}", service.ocsp)),
        }
    });
    (wanted, got)
}

/// A missing manifest is common; one that asks for a key is a service of another kind.
fn not_served(error: &FetchError) -> String {
    match error.status() {
        Some(404) => format!("{}: NVIDIA's service does not have it (404)", error.url()),
        Some(status @ (401 | 403)) => {
            format!("{}: the service wants a key, which this version does not send ({status})", error.url())
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nvidia_s_addresses_can_be_read_and_an_identifier_stays_one_segment() {
        let service = GpuService::nvidia();
        assert_eq!(
            service.manifest("NV_GPU_DRIVER_GH100_570.172.08").as_str(),
            "https://rim.attestation.nvidia.com/v1/rim/NV_GPU_DRIVER_GH100_570.172.08"
        );
        assert_eq!(service.responder().as_str(), "https://ocsp.ndis.nvidia.com/");
        assert_eq!(service.list("l1-root.crl").as_str(), "https://crl.ndis.nvidia.com/crl/l1-root.crl");
        let at = GpuService::at;
        let mirror = at("https://h.example/a/", "https://h.example/ocsp", "https://h.example/b").unwrap();
        assert_eq!(mirror.manifest("X").as_str(), "https://h.example/a/v1/rim/X");
        assert_eq!(mirror.list("X.crl").as_str(), "https://h.example/b/crl/X.crl");
        assert!(at("h.example", NVIDIA_OCSP, NVIDIA_CRL).is_err());
        assert!(at(NVIDIA_RIM, "https://name:secret@h.example", NVIDIA_CRL).is_err());
        assert!(at(NVIDIA_RIM, NVIDIA_OCSP, "ftp://h.example").is_err());
    }
}
