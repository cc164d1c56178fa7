//! What the entries of a run say of revocations, gathered before they are judged.

use memchr::memmem;
use serde_json::Value;
use std::sync::Arc;
use veritee_evidence::parts;
use veritee_model::{Budget, Evidence, Memory};

/// Bytes of collateral, as it stands in entries, that are remembered for having been taken in.
const MEMORY: usize = 4 << 20;

/// Collateral of entries that was taken in, as it stands there.
#[derive(Debug)]
pub struct Learnt(Memory<String>);

impl Default for Learnt {
    fn default() -> Self {
        Self(Memory::new(MEMORY))
    }
}

/// What one entry has to say.
#[derive(Debug)]
pub struct Heard {
    /// The machines of the entry, unless all of its collateral is known.
    pub machines: Vec<Evidence>,
    /// Its collateral as it stands there, where it can be read.
    pub carried: Vec<String>,
}

impl Learnt {
    fn holds(&self, raw: &str) -> bool {
        self.0.get(self.0.fingerprint(&[raw.as_bytes()]), |known| known == raw).is_some()
    }

    /// Keeps that this was taken in.
    pub fn put(&self, raw: String) {
        let cost = raw.len();
        self.0.put(self.0.fingerprint(&[raw.as_bytes()]), Arc::new(raw), cost);
    }

    /// Reads an entry as far as anything new may be in it. What was taken in once from an entry that could be read says
    /// nothing new, whatever else stands around it. To be asked of entries that [`may_carry_collateral`].
    #[must_use]
    pub fn hear(&self, name: &str, bytes: &[u8], budget: &Budget) -> Heard {
        let carried = veritee_evidence::carried(bytes);
        if carried.as_ref().is_some_and(|all| all.iter().all(|raw| self.holds(raw))) {
            return Heard { machines: Vec::new(), carried: Vec::new() };
        }
        let read = veritee_evidence::read(name, bytes, budget);
        let carried = carried.filter(|_| read.is_ok()).unwrap_or_default();
        let machines = match read {
            Ok(readout) => readout.machines.into_iter().map(|machine| machine.evidence).collect(),
            // An entry that is no evidence has no verdict; collateral in it revokes all the same.
            Err(_) => vec![collateral_in(name, bytes, budget)],
        };
        Heard { machines, carried: carried.into_iter().map(str::to_owned).collect() }
    }
}

/// The collateral in an entry that is no evidence: a document of it, or evidence that has a fault elsewhere.
fn collateral_in(name: &str, bytes: &[u8], budget: &Budget) -> Evidence {
    let mut found = Evidence::default();
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

/// Whether collateral may be found in an entry's bytes: JSON that speaks of it. Quotes are not read for it.
#[must_use]
pub fn may_carry_collateral(bytes: &[u8]) -> bool {
    const MARKS: [&[u8]; 2] = [b"collateral", b"pck_crl"];
    begins_as_json(bytes) && MARKS.iter().any(|mark| memmem::find(bytes, mark).is_some())
}

/// Whether the first byte that is no white space opens an object or an array.
#[must_use]
pub const fn begins_as_json(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start(), [b'{' | b'[', ..])
}
