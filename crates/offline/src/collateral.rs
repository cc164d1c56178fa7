//! Files of the judging side's collateral: whole sets, and Intel's answers in files of their own, put together whichever
//! order they come in. Nothing is verified by that.

mod loose;

use loose::Loose;
use veritee_evidence::{Form, Format, Note, ReadError, Recognised, Slot, parts};
use veritee_model::{Budget, Evidence, Item};
use veritee_quote::{Origin, Source, TrustRoot};
use veritee_verify::Grounds;

/// What a file of collateral holds.
#[derive(Debug)]
pub enum Given {
    /// A whole set.
    Set(Item),
    /// Lists without documents, of which only what they revoke counts.
    Lists(Item),
    /// An answer that makes no whole set, of which this kind counts.
    Lone(Item, Source),
    /// What cannot be read, and the kinds that it may have held.
    Unreadable(Item, Vec<Source>),
}

impl Given {
    /// Adds it to what verdicts rest on.
    pub fn give_to(self, grounds: &mut Grounds, origin: Origin) {
        match self {
            Self::Set(item) => grounds.give(item, origin),
            Self::Lists(item) => grounds.give_revocations(item, origin),
            Self::Lone(item, source) => grounds.give_only(item, &[source], origin),
            Self::Unreadable(item, kinds) => {
                for kind in kinds {
                    grounds.give_unreadable(&item, kind, origin);
                }
            }
        }
    }
}

/// What comes out of the files, as it comes.
#[derive(Debug)]
pub enum Found {
    /// Collateral.
    Given(Given),
    /// A file that was not used.
    PassedOver {
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
    /// About how a file was read.
    Note(Note),
}

/// A file that was named lacks those that belong to it, and nothing of it counts.
#[derive(Debug)]
pub struct Incomplete {
    /// The file.
    pub name: String,
    /// What is missing.
    pub why: String,
}

/// Bytes of a set up to which it is kept until its chain is asked for.
const KEPT: usize = 64 << 10;

/// Takes files one at a time: only what is collateral stays in memory.
pub struct Collector {
    budget: Budget,
    loose: Loose,
    named: Vec<String>,
    /// Sets whose chains nobody has asked for yet.
    sets: Vec<Vec<u8>>,
}

/// Whether a form may have collateral inside and is none.
const fn holds_more(form: Form) -> bool {
    match form {
        Form::Evidence(format) => !matches!(format, Format::RaTls),
        other => matches!(other, Form::Part(Recognised::Archive)),
    }
}

impl Collector {
    /// Nothing yet. The budget bounds each file.
    #[must_use]
    pub fn new(budget: &Budget) -> Self {
        Self { budget: *budget, loose: Loose::new(budget), named: Vec::new(), sets: Vec::new() }
    }

    /// The same under a root: certificates that do not reach it make no chains, and a list stands under those alone whose key
    /// has signed it. Without it, each list stands under each chain of its issuer's name.
    #[must_use]
    pub fn under(mut self, root: &TrustRoot) -> Self {
        self.loose.under(root);
        self
    }

    /// Knows the chains of a set that is kept elsewhere: a list alone is read under them.
    pub fn know(&mut self, set: &[u8]) {
        self.loose.know_chain(set);
    }

    /// Takes a file. In a folder other files may lie; one that was named has to be collateral.
    ///
    /// # Errors
    /// When the file was named and is no collateral.
    pub fn take(
        &mut self,
        name: &str,
        bytes: &[u8],
        named: bool,
        out: &mut dyn FnMut(Found),
    ) -> Result<(), ReadError> {
        let mut found = Evidence::default();
        // What its way added is taken off once, for the answers that come alone as for whole sets. A stream that is damaged
        // is what it says it is.
        let opened = veritee_evidence::unwrapped(name, bytes, &self.budget);
        let bytes = opened.as_deref().unwrap_or(bytes);
        match parts::add(Slot::Collateral, &mut found, bytes, name, &self.budget) {
            Ok(notes) => {
                notes.into_iter().map(Found::Note).for_each(&mut *out);
                for item in found.collateral {
                    // A set with a long revocation list does not stand in memory twice.
                    if item.bytes.len() > KEPT {
                        self.loose.know_chain(&item.bytes);
                    } else {
                        self.sets.push(item.bytes.clone());
                    }
                    out(Found::Given(Given::Set(item)));
                }
            }
            // A quote has a chain inside, and an archive whatever it has: neither is collateral by that where it was named.
            // What is made of certificates may be Intel's: whether they are is asked below.
            Err(error @ ReadError::Elsewhere { form, .. }) if named && holds_more(form) => return Err(error),
            Err(_) if self.loose.take(name, bytes) => {
                if named {
                    self.named.push(name.to_owned());
                }
            }
            Err(error) if named => return Err(error),
            Err(error) => {
                let counts = self.loose.take_unreadable(name, bytes);
                let more = "; it counts as given and damaged: nobody else's stands in its place";
                let why = format!("{error}{}", if counts { more } else { "" });
                out(Found::PassedOver { name: name.to_owned(), why });
            }
        }
        Ok(())
    }

    /// Puts together what came as answers by themselves.
    ///
    /// # Errors
    /// When an answer that was named makes no set with the others, and no list came with it. A list alone is of use: what
    /// it revokes counts.
    pub fn finish(mut self, out: &mut dyn FnMut(Found)) -> Result<(), Incomplete> {
        // The chains of sets are read for answers that came alone: mostly there are none.
        if !self.loose.is_empty() {
            self.sets.iter().for_each(|set| self.loose.know_chain(set));
        }
        let put_together = self.loose.put_together();
        let lists = !put_together.lists.is_empty();
        let given = put_together
            .sets
            .into_iter()
            .map(Given::Set)
            .chain(put_together.lists.into_iter().map(Given::Lists))
            .chain(put_together.lone.into_iter().map(|(item, kind)| Given::Lone(item, kind)))
            .chain(put_together.unreadable.into_iter().map(|(item, kinds)| Given::Unreadable(item, kinds)));
        given.map(Found::Given).for_each(&mut *out);
        for (name, why) in put_together.passed_over {
            if self.named.contains(&name) && !lists {
                return Err(Incomplete { name, why });
            }
            out(Found::PassedOver { name, why });
        }
        Ok(())
    }

    /// Whether a file is one of Intel's answers by itself.
    pub(crate) fn is_answer(name: &str, bytes: &[u8], budget: &Budget) -> bool {
        let mut loose = Loose::new(budget);
        loose.take(name, bytes) && loose.is_intel()
    }
}
