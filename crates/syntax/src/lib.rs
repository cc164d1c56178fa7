//! Source files of several languages, read by their grammars into one small tree, so that a rule is written once.
//!
//! [`read`] takes a text whose every byte is attacker controlled. Its work is bounded before a parser sees it: by bytes,
//! by tokens, and by nesting; a parser runs on a stack that is large enough for as many tokens as are let in. What is
//! beyond a bound, broken, or of no known language is [`Unread`], with the reason; nothing is guessed.
//!
//! Not done here: names are not resolved, types are not known, nothing is run, and what macros expand to is not seen.
//! The tree itself is [`veritee_source::syntax`], so that who asks it needs no parser.
//!
//! Sources: ECMAScript and TypeScript by oxc, the Python reference by ruff's parser, the Rust reference by syn, the Go
//! specification by gosyn.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod go;
mod lower;
mod nesting;
mod python;
mod rust;
mod script;

use veritee_source::syntax as tree;
use veritee_source::syntax::{Language, Limits, Stmt, Unread};

/// The name of the threads that parsers run on. A panic there ends in [`veritee_source::syntax::Unread::Failed`].
pub const THREAD: &str = "grammar";

/// Reads a text.
///
/// # Errors
///
/// Says why there is no tree.
pub fn read(language: Language, text: &str, limits: &Limits) -> Result<Vec<Stmt>, Unread> {
    nesting::guarded(language, text, limits)
}
