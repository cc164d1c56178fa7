//! What the entries of a batch say of revocations, gathered before they are judged.

use super::judge::Judge;
use super::source::Entry;
use rayon::prelude::*;
use serde_json::Value;
use std::borrow::Cow;
use std::io::Read as _;
use std::sync::Arc;
use veritee_evidence::parts;
use veritee_model::{Budget, Evidence, Memory, Sha256Digest};

/// Bytes of collateral, as it stands in entries, that are remembered for having been taken in.
const MEMORY: usize = 4 << 20;

/// Collateral of entries that was taken in, as it stands there.
pub(super) struct Learnt(Memory<String>);

impl Default for Learnt {
    fn default() -> Self {
        Self(Memory::new(MEMORY))
    }
}

/// What one entry has to say.
struct Heard {
    /// Digest of an entry that may hold collateral.
    digest: Option<Sha256Digest>,
    /// The machines of the entry, unless all of its collateral is known.
    machines: Vec<Evidence>,
    /// Its collateral as it stands there, where it can be read.
    carried: Vec<String>,
}

impl Learnt {
    fn holds(&self, raw: &str) -> bool {
        self.0.get(self.0.fingerprint(&[raw.as_bytes()]), |known| known == raw).is_some()
    }

    fn put(&self, raw: String) {
        let cost = raw.len();
        self.0.put(self.0.fingerprint(&[raw.as_bytes()]), Arc::new(raw), cost);
    }

    /// Reads an entry as far as anything new may be in it. What was taken in once from an entry that could be read says
    /// nothing new, whatever else stands around it.
    fn hear(&self, entry: &Entry, digests: bool) -> Option<Heard> {
        let bytes = bytes_that_may_carry_collateral(entry)?;
        let digest = digests.then(|| Sha256Digest::of(&bytes));
        let carried = veritee_evidence::carried(&bytes);
        if carried.as_ref().is_some_and(|all| all.iter().all(|raw| self.holds(raw))) {
            return Some(Heard { digest, machines: Vec::new(), carried: Vec::new() });
        }
        let budget = &Budget::STANDARD;
        let read = veritee_evidence::read(&entry.name(), &bytes, budget);
        let carried = carried.filter(|_| read.is_ok()).unwrap_or_default();
        let machines = match read {
            Ok(readout) => readout.machines.into_iter().map(|machine| machine.evidence).collect(),
            // An entry that is no evidence has no verdict; collateral in it revokes all the same.
            Err(_) => vec![collateral_in(&entry.name(), &bytes)],
        };
        Some(Heard { digest, machines, carried: carried.into_iter().map(str::to_owned).collect() })
    }
}

impl Judge {
    /// The same once it has taken this entry in: for who is asked line by line.
    pub(crate) fn after(&mut self, entry: &Entry) -> Self {
        self.learn(std::slice::from_ref(entry));
        self.at(self.rules().as_of)
    }

    /// Takes in what the collateral inside these entries says of revocations: it holds for every entry that is judged
    /// after. True when something was new. To be called on the threads that may read.
    pub(super) fn learn(&mut self, entries: &[Entry]) -> bool {
        // Whoever answers before all is known has named the run already.
        let digests = !self.streams();
        let heard: Vec<Option<Heard>> =
            entries.par_iter().map(|entry| self.learning().hear(entry, digests)).collect();
        let mut news = false;
        for Heard { digest, machines, carried } in heard.into_iter().flatten() {
            self.learnt(digest);
            for evidence in &machines {
                news |= self.learn_of(evidence);
            }
            carried.into_iter().for_each(|raw| self.learning().put(raw));
        }
        news
    }
}

/// The collateral in an entry that is no evidence: a document of it, or evidence that has a fault elsewhere.
fn collateral_in(name: &str, bytes: &[u8]) -> Evidence {
    let mut found = Evidence::default();
    let budget = &Budget::STANDARD;
    if parts::add_collateral(&mut found, bytes, name, budget).is_err()
        && let Ok(document) = serde_json::from_slice::<Value>(bytes)
    {
        // How deep it nests is bounded where it is read.
        let mut open = vec![&document];
        while let Some(value) = open.pop() {
            match value {
                Value::Array(entries) => open.extend(entries),
                Value::Object(members) => open.extend(members.values()),
                Value::String(text) if text.contains("\"pck_crl\"") => {
                    let _ = parts::add_collateral(&mut found, text.as_bytes(), name, budget);
                }
                _ => {}
            }
        }
    }
    found
}

/// The entry's bytes, where its collateral may be found in them: JSON that speaks of collateral, whatever its way has put
/// around it. Quotes are not read for it.
fn bytes_that_may_carry_collateral(entry: &Entry) -> Option<Cow<'_, [u8]>> {
    const MARKS: [&[u8]; 2] = [b"collateral", b"pck_crl"];
    if let Entry::File(path, _) = entry {
        let mut first = Vec::new();
        crate::input::open(path).and_then(|file| file.take(64).read_to_end(&mut first)).ok()?;
        if !begins_as_json(first.trim_ascii_start()) && !veritee_evidence::wraps(&first) {
            return None;
        }
    }
    let (bytes, _) = entry.content().ok()?;
    let bytes = if veritee_evidence::wraps(&bytes) {
        let opened = veritee_evidence::unwrapped(&entry.name(), &bytes, &Budget::STANDARD).ok()?;
        Cow::Owned(opened.into_owned())
    } else {
        bytes
    };
    let found = begins_as_json(bytes.trim_ascii_start())
        && MARKS.iter().any(|mark| memchr::memmem::find(&bytes, mark).is_some());
    found.then_some(bytes)
}

pub(super) fn begins_as_json(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(b'{' | b'['))
}
