//! A source tree, its git history and what its code says by its grammar, pure: files come through the trait [`Files`], nothing else is touched.
//!
//! Names, sizes and bytes are the audited party's, the `.git` folder included. Read are regular files only; links,
//! pipes and devices are named, never opened. Everything that the history costs is counted by one [`Meter`] over the
//! life of a [`Tree`], however often it is asked: where it is used up the search ends, and a [`Notice`] says so.
//!
//! Not decided here: what the files mean (`veritee-audit`), and whether the commit they are said to be of is the one
//! that was built.
//!
//! Source: gitrepository-layout(5), gitformat-pack(5).
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions, clippy::indexing_slicing))]

mod changed;
mod files;
mod git;
mod memory;
mod notice;
mod reading;
pub mod syntax;
mod tree;

pub use changed::changed_words;
pub use files::{Entry, Files, FilesError, Kind};
pub use memory::{MemoryFiles, MemoryTree};
pub use notice::Notice;
pub use reading::Meter;
pub use tree::{CommitLookup, OpenError, SKIPPED, SourceTree, Tree};
