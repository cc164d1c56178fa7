//! Reading within one budget, and saying what was not read.

use crate::files::{Entry, Files, Kind};
use crate::notice::Notice;
use std::collections::BTreeSet;
use veritee_base::Budget;

/// What is left of the work that a history may cost. There is one for each tree, over all questions: a counter for
/// each branch of a search bounds nothing, because the branches multiply.
#[derive(Debug, Clone)]
pub struct Meter {
    bytes: u64,
    steps: u64,
}

impl Meter {
    /// The whole of a budget.
    #[must_use]
    pub fn new(budget: &Budget) -> Self {
        Self { bytes: budget.git_bytes, steps: budget.git_steps }
    }

    /// Takes one step that may read so many bytes; `None` when that is more than what is left, and from then on.
    pub(crate) fn take(&mut self, bytes: u64) -> Option<()> {
        match (self.steps.checked_sub(1), self.bytes.checked_sub(bytes)) {
            (Some(steps), Some(bytes)) => {
                self.steps = steps;
                self.bytes = bytes;
                Some(())
            }
            _ => {
                self.steps = 0;
                None
            }
        }
    }
}

/// What reading a history spends and says.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    meter: Meter,
    pub(crate) notices: BTreeSet<Notice>,
}

/// Most notices that are kept: one stands for many.
const NOTICES: usize = 32;

impl Account {
    pub(crate) const fn new(meter: Meter) -> Self {
        Self { meter, notices: BTreeSet::new() }
    }

    pub(crate) fn note(&mut self, notice: Notice) {
        if self.notices.len() < NOTICES {
            self.notices.insert(notice);
        }
    }

    /// One step of the search.
    pub(crate) fn spend(&mut self, bytes: u64) -> Option<()> {
        let taken = self.meter.take(bytes);
        if taken.is_none() {
            self.notices.insert(Notice::HistoryTooCostly);
        }
        taken
    }
}

/// Files, and the account that pays for them.
pub(crate) struct Reading<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) account: &'a mut Account,
}

impl Reading<'_> {
    pub(crate) fn note(&mut self, notice: Notice) {
        self.account.note(notice);
    }

    fn unreadable<T>(&mut self, path: &str) -> Option<T> {
        self.note(Notice::Unreadable(path.to_owned()));
        None
    }

    pub(crate) fn kind(&mut self, path: &str) -> Option<Kind> {
        self.account.spend(0)?;
        Some(self.files.kind(path))
    }

    /// A folder that is one: a link is named and not followed.
    pub(crate) fn is_folder(&mut self, path: &str) -> bool {
        match self.kind(path) {
            Some(Kind::Folder) => true,
            Some(Kind::Absent) | None => false,
            Some(_) => {
                self.note(Notice::NotRegular(path.to_owned()));
                false
            }
        }
    }

    /// Size of a regular file; what is none is named.
    pub(crate) fn size(&mut self, path: &str) -> Option<u64> {
        match self.kind(path)? {
            Kind::File(bytes) => Some(bytes),
            Kind::Absent => None,
            _ => {
                self.note(Notice::NotRegular(path.to_owned()));
                None
            }
        }
    }

    /// A whole text of at most `most` bytes.
    pub(crate) fn text(&mut self, path: &str, most: u64) -> Option<String> {
        let size = self.size(path)?;
        if size > most {
            self.note(Notice::TooLarge(path.to_owned()));
            return None;
        }
        let bytes = self.range(path, 0, usize::try_from(size).ok()?)?;
        // References are bytes to git; what is not UTF-8 names no tag that an image could have.
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// At most `length` bytes; fewer only at the end. The caller has asked for the size before: only regular files.
    pub(crate) fn range(&mut self, path: &str, offset: u64, length: usize) -> Option<Vec<u8>> {
        self.account.spend(u64::try_from(length).ok()?)?;
        match self.files.read(path, offset, length) {
            Ok(bytes) => Some(bytes),
            Err(_) => self.unreadable(path),
        }
    }

    /// The entries of a folder, sorted. Each is a step.
    pub(crate) fn list(&mut self, folder: &str, most: usize) -> Option<Vec<Entry>> {
        self.account.spend(0)?;
        let Ok(mut entries) = self.files.list(folder, most) else { return self.unreadable(folder) };
        if entries.len() > most {
            self.account.notices.insert(Notice::HistoryTooCostly);
            return None;
        }
        for _ in &entries {
            self.account.spend(0)?;
        }
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Some(entries)
    }
}
