//! Sections of a report.

use clap::{Args, ValueEnum};

/// What of a report is shown in full.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Showing {
    /// Show these sections in full instead of one screen, comma separated (human form only).
    #[arg(long, value_enum, value_name = "SECTION", value_delimiter = ',')]
    pub(crate) show: Vec<Show>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Show {
    /// What the audit found, each with its place and remedy.
    Findings,
    /// Every check with what was expected and found.
    Checks,
    /// The questions for a person, with what helps to answer them.
    Questions,
    /// Every value that can be chosen from outside, and where it arrives.
    Inventory,
    /// Quote, platform and application.
    Facts,
    /// The events of the log.
    Events,
    /// Remarks, and what was not given.
    Notices,
    /// The audit's checklists and what was not asked.
    Audit,
}
