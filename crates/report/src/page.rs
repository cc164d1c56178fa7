//! The report as a document of headings, paragraphs and tables: what Markdown and HTML have in common.
//!
//! Own words are `&'static str`; text out of a report has types of its own ([`Inline::Text`], [`Inline::Code`]), so
//! that no string of an attacker can be taken for ours by mistake.

mod audit;
mod content;
mod tables;

pub(crate) use content::page;

use crate::summary::Status;
use veritee_model::Reason;

/// A whole page.
pub(crate) struct Page {
    /// Made under another root than Intel's: said at the top, in every heading, and at the bottom.
    pub(crate) test_root: bool,
    /// Words of the verdict.
    pub(crate) title: &'static str,
    pub(crate) blocks: Vec<Block>,
}

pub(crate) enum Block {
    /// Level 1 or 2.
    Heading(u8, &'static str),
    /// Level 3: one finding or question of a section.
    Section(Vec<Inline>),
    Paragraph(Vec<Inline>),
    /// Cannot be overlooked.
    Alarm(&'static str),
    List(Vec<Vec<Inline>>),
    Table(Table),
    /// A command line made of our own words, to copy.
    Command(String),
}

/// A table; the first cell of a row names it.
pub(crate) struct Table {
    pub(crate) head: &'static [&'static str],
    pub(crate) rows: Vec<Vec<Vec<Inline>>>,
}

/// A part of a line.
#[derive(Debug)]
pub(crate) enum Inline {
    /// Ours.
    Words(&'static str),
    Number(u64),
    Status(Status),
    /// A reason's code, which a list of its own says in words.
    Reason(Reason),
    /// A value or identifier out of the report.
    Code(String),
    /// A sentence out of the report.
    Text(String),
}

impl Inline {
    pub(crate) fn code(value: impl core::fmt::Display) -> Self {
        Self::Code(value.to_string())
    }

    pub(crate) fn text(value: &str) -> Self {
        Self::Text(value.to_owned())
    }

    pub(crate) fn count(value: usize) -> Self {
        Self::Number(u64::try_from(value).unwrap_or(u64::MAX))
    }
}
