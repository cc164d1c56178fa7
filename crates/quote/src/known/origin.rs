//! Who gave an item, and in which views a verdict is made.

use core::fmt;
use serde::Serialize;

/// Who gave an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Whoever asks for the verdict, by file or argument.
    Caller,
    /// The store on disk.
    Store,
    /// A service that was asked in this run.
    Service,
    /// The judging side of an earlier run, as the evidence says that was saved then. Anybody can write that: towards this
    /// run's judging side it is the judged party's.
    Recorded,
    /// Whoever is judged: what came inside the evidence.
    Judged,
    /// The evidence of somebody else in the same run. Its revocations count, and nothing else of it.
    Bystander,
}

impl Origin {
    /// Whether it is one of the judging side's.
    #[must_use]
    pub const fn is_judge(self) -> bool {
        matches!(self, Self::Caller | Self::Store | Self::Service)
    }

    /// Whether it came inside the evidence that is judged.
    #[must_use]
    pub const fn is_of_evidence(self) -> bool {
        matches!(self, Self::Recorded | Self::Judged)
    }

    /// Of whom it is, from the judge outwards.
    pub(crate) const fn side(self) -> Side {
        match self {
            Self::Caller | Self::Store | Self::Service => Side::Judge,
            Self::Recorded => Side::Recorded,
            Self::Judged => Side::Judged,
            Self::Bystander => Side::Bystander,
        }
    }

    /// One word for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Store => "store",
            Self::Service => "service",
            Self::Recorded => "recorded in the evidence",
            Self::Judged => "judged party",
            Self::Bystander => "other evidence of this run",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who stands before whom where items of one kind are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Judge,
    Recorded,
    Judged,
    Bystander,
}

/// Under which items a verdict is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// The judging side's; where there is a gap what is recorded, and then the judged party's.
    Judge,
    /// Everybody's.
    All,
    /// As [`Self::Judge`], but no item is gone because of a list that only those gave who stand behind who gave the item.
    Own,
}
