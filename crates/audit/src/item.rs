//! What the checklists ask. A rule says which items it answers, and how; no checklist names a rule.
//!
//! Source: audit reference, section 5 (Quick Check, ERC-733, questions for a person).

use core::fmt;
use veritee_model::Severity;

/// An item of a checklist, or something else that is drawn from findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[rustfmt::skip]
#[allow(missing_docs, reason = "the items are those of the checklists, by their numbers")]
pub enum Item {
    /// The nine items of the Quick Check.
    Q1, Q2, Q3, Q4, Q5, Q6, Q7, Q8, Q9,
    /// The items of ERC-733's Stage 1.
    E1, E2, E3, E4, E5, E6, E7,
    /// The questions for a person.
    M1, M2, M3, M4, M5, M6, M7, M8, M9, M10,
    /// Whether the document can be read as far as its services: what is unknown there closes the stage.
    Readable,
    /// Whether a build takes in something that is not fixed.
    Inputs,
}

impl Item {
    /// The questions, in order.
    pub const QUESTIONS: [Self; 10] =
        [Self::M1, Self::M2, Self::M3, Self::M4, Self::M5, Self::M6, Self::M7, Self::M8, Self::M9, Self::M10];

    /// Its number: `Q1`.
    #[must_use]
    #[rustfmt::skip]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Q1 => "Q1", Self::Q2 => "Q2", Self::Q3 => "Q3", Self::Q4 => "Q4", Self::Q5 => "Q5",
            Self::Q6 => "Q6", Self::Q7 => "Q7", Self::Q8 => "Q8", Self::Q9 => "Q9",
            Self::E1 => "E1", Self::E2 => "E2", Self::E3 => "E3", Self::E4 => "E4", Self::E5 => "E5",
            Self::E6 => "E6", Self::E7 => "E7",
            Self::M1 => "M1", Self::M2 => "M2", Self::M3 => "M3", Self::M4 => "M4", Self::M5 => "M5",
            Self::M6 => "M6", Self::M7 => "M7", Self::M8 => "M8", Self::M9 => "M9", Self::M10 => "M10",
            Self::Readable => "readable", Self::Inputs => "inputs",
        }
    }

    /// A failure of the rule fails the item.
    #[must_use]
    pub const fn fails(self) -> Answer {
        Answer { item: self, how: How::Fails(Severity::Info) }
    }

    /// A failure that is at least this grave fails the item.
    #[must_use]
    pub const fn fails_from(self, severity: Severity) -> Answer {
        Answer { item: self, how: How::Fails(severity) }
    }

    /// A failure fails the item, and without a pass of the rule it is not shown.
    #[must_use]
    pub const fn shows(self) -> Answer {
        Answer { item: self, how: How::Shows }
    }

    /// Whatever the rule finds leaves the item to a person.
    #[must_use]
    pub const fn opens(self) -> Answer {
        Answer { item: self, how: How::Opens }
    }

    /// What the rule finds is evidence for the item.
    #[must_use]
    pub const fn tells(self) -> Answer {
        Answer { item: self, how: How::Tells }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a rule answers an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The item.
    pub item: Item,
    /// How.
    pub how: How,
}

/// What the findings of a rule mean for an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum How {
    /// A failure of at least this severity fails it.
    Fails(Severity),
    /// A failure fails it, and a pass is needed.
    Shows,
    /// Whatever is found is left to a person.
    Opens,
    /// It is evidence.
    Tells,
}
