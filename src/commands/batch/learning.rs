//! What the entries of a batch say of revocations, gathered before they are judged.

use super::judge::Judge;
use super::source::Entry;
use rayon::prelude::*;
use std::borrow::Cow;
use std::io::Read as _;
use veritee_model::{Budget, Sha256Digest};
use veritee_offline::entry::{Heard, Learnt, begins_as_json, may_carry_collateral};

/// What one entry has to say, and the digest of an entry that may hold collateral.
fn hear(learnt: &Learnt, entry: &Entry, digests: bool) -> Option<(Option<Sha256Digest>, Heard)> {
    let bytes = bytes_that_may_carry_collateral(entry)?;
    let digest = digests.then(|| Sha256Digest::of(&bytes));
    Some((digest, learnt.hear(&entry.name(), &bytes, &Budget::STANDARD)))
}

impl Judge {
    /// The same once it has taken the entries of a line in: for who is asked line by line.
    pub(crate) fn after(&mut self, entries: &[Entry]) -> Self {
        self.learn(entries);
        self.at(self.rules().as_of)
    }

    /// Takes in what the collateral inside these entries says of revocations: it holds for every entry that is judged
    /// after. True when something was new. To be called on the threads that may read.
    pub(super) fn learn(&mut self, entries: &[Entry]) -> bool {
        // Whoever answers before all is known has named the run already.
        let digests = !self.streams();
        let heard: Vec<Option<(Option<Sha256Digest>, Heard)>> =
            entries.par_iter().map(|entry| hear(self.learning(), entry, digests)).collect();
        let mut news = false;
        for (digest, Heard { machines, carried }) in heard.into_iter().flatten() {
            self.learnt(digest);
            for evidence in &machines {
                news |= self.learn_of(evidence);
            }
            carried.into_iter().for_each(|raw| self.learning().put(raw));
        }
        news
    }
}

/// The entry's bytes, where its collateral may be found in them: JSON that speaks of collateral, whatever its way has put
/// around it. Quotes are not read for it.
fn bytes_that_may_carry_collateral(entry: &Entry) -> Option<Cow<'_, [u8]>> {
    if let Entry::File(path, _) = entry {
        let mut first = Vec::new();
        crate::input::open(path).and_then(|file| file.take(64).read_to_end(&mut first)).ok()?;
        let is_blank = first.trim_ascii_start().is_empty();
        if !begins_as_json(&first) && !is_blank && !veritee_evidence::wraps(&first) {
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
    may_carry_collateral(&bytes).then_some(bytes)
}
