//! An entry: which stored answers make the collateral of one need, and where and when they came from.

use super::folder::{OBJECTS, Reading};
use crate::answers::{Answers, Received};
use crate::error::{Fault, FaultKind};
use crate::need::Need;
use crate::service::{ItemKind, ServiceKind};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use veritee_model::{Budget, Sha256Digest, UnixTime};

const VERSION: u32 = 1;

/// What an entry is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Key digest of the root that it verified under: what a test root vouches for never meets Intel's.
    pub(super) root: Sha256Digest,
    pub(super) service: ServiceKind,
    pub(super) need: Need,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    version: u32,
    root: Sha256Digest,
    service: String,
    tee: String,
    fmspc: String,
    ca: String,
    evaluation: String,
    items: Vec<EntryItem>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryItem {
    item: String,
    url: String,
    fetched: UnixTime,
    pub(super) body: Sha256Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) chain: Option<Sha256Digest>,
}

impl Key {
    /// Hex only: nothing of a need can walk through folders.
    pub(super) fn file_name(&self) -> String {
        let text = format!("veritee collateral entry 1\n{}\n{}\n{}\n", self.root, self.service, self.need);
        Sha256Digest::of(text.as_bytes()).to_string()
    }
}

impl Entry {
    pub(super) fn new(key: &Key, items: Vec<EntryItem>) -> Self {
        Self {
            version: VERSION,
            root: key.root,
            service: key.service.name().to_owned(),
            tee: crate::need::tee_name(key.need.tee).to_owned(),
            fmspc: key.need.fmspc.to_string(),
            ca: key.need.ca.name().to_owned(),
            evaluation: key.need.evaluation.to_string(),
            items,
        }
    }

    pub(super) fn key(&self) -> Result<Key, FaultKind> {
        if self.version != VERSION {
            return Err(FaultKind::Form(format!("version {}", self.version)));
        }
        let need = Need::parse(&self.tee, &self.fmspc, &self.ca, &self.evaluation)
            .map_err(|error| FaultKind::Form(error.to_string()))?;
        let service = ServiceKind::from_name(&self.service)
            .ok_or_else(|| FaultKind::Form("an unknown service".to_owned()))?;
        Ok(Key { root: self.root, service, need })
    }

    pub(super) fn objects(&self) -> impl Iterator<Item = Sha256Digest> {
        self.items.iter().flat_map(EntryItem::objects)
    }

    /// The answers, each object held to its name.
    pub(super) fn answers(&self, reading: &Reading<'_>, budget: &Budget) -> Result<Answers, Fault> {
        let mut received = Vec::with_capacity(4);
        for item in &self.items {
            received.push(item.load(reading, budget)?);
        }
        Answers::new(received).map_err(|fault| Fault {
            file: super::folder::INDEX.to_owned(),
            what: FaultKind::Form(fault.to_string()),
        })
    }
}

impl EntryItem {
    pub(super) fn new(received: &Received, body: Sha256Digest, chain: Option<Sha256Digest>) -> Self {
        Self {
            item: received.item.name().to_owned(),
            url: received.url.clone(),
            fetched: received.fetched,
            body,
            chain,
        }
    }

    pub(super) fn objects(&self) -> impl Iterator<Item = Sha256Digest> {
        [Some(self.body), self.chain].into_iter().flatten()
    }

    pub(super) fn load(&self, reading: &Reading<'_>, budget: &Budget) -> Result<Received, Fault> {
        let item = ItemKind::from_name(&self.item).ok_or_else(|| Fault {
            file: super::folder::INDEX.to_owned(),
            what: FaultKind::Form("an unknown item".to_owned()),
        })?;
        let cap = budget.crl_bytes.saturating_mul(2).max(budget.collateral_json_bytes);
        let body = load_object(reading, self.body, cap)?;
        let chain = match self.chain {
            None => None,
            Some(digest) => {
                let bytes = load_object(reading, digest, chain_cap(budget))?;
                let text = String::from_utf8(bytes).map_err(|_utf8| Fault {
                    file: object_path(digest),
                    what: FaultKind::Form("a chain that is no text".to_owned()),
                })?;
                Some(Arc::from(text))
            }
        };
        Ok(Received { item, url: self.url.clone(), fetched: self.fetched, body: Arc::from(body), chain })
    }
}

/// Percent-encoding makes a chain at most three times as long.
pub(crate) const fn chain_cap(budget: &Budget) -> usize {
    budget.certificate_chain_bytes.saturating_mul(3)
}

pub(super) fn object_path(digest: Sha256Digest) -> String {
    format!("{OBJECTS}/{digest}")
}

/// An object's bytes, if they still are what they were when they got their name.
pub(super) fn load_object(reading: &Reading<'_>, digest: Sha256Digest, cap: usize) -> Result<Vec<u8>, Fault> {
    let fault = |what| Fault { file: object_path(digest), what };
    let bytes = reading.read(OBJECTS, &digest.to_string(), cap).map_err(fault)?;
    if Sha256Digest::of(&bytes) == digest { Ok(bytes) } else { Err(fault(FaultKind::Damaged)) }
}
