//! Renders a saved [`Report`](veritee_model::Report) for people and machines: human, JSON, SARIF, Markdown, HTML.
//!
//! Takes no decision: every word of a verdict comes out of the report, every format of one report says the same,
//! and the exit code does not depend on the format. What this crate does check is that the text it prints can do
//! nothing: every string of a report may come from an attacker, so terminal controls, text direction overrides,
//! HTML and Markdown are made inert in every format ([`veritee_model::text`]).
//!
//! A rendered report is worth what its file is worth: [`parse`] refuses a report whose verdict does not follow from
//! its own checks, but only verifying the evidence again shows that the checks are true.
//!
//! - [`json`], [`jsonl`], [`parse`]: the saved form and back; the same report is the same bytes.
//! - [`human`]: one screen of text.
//! - [`markdown`], [`html`]: a page to publish.
//! - [`sarif`]: findings and failed checks for code scanning.
//!
//! Pure: a report in, text out.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

mod html;
mod human;
mod json;
mod links;
mod markdown;
mod page;
mod review;
mod sarif;
mod summary;

pub use html::{html, html_style};
pub use human::{HumanOptions, Section, human, human_sections};
pub use json::{ParseError, json, jsonl, parse};
pub use markdown::markdown;
pub use review::{ReviewFor, review_template};
pub use sarif::sarif;
