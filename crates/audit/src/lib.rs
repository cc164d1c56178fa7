//! Rules over an attested compose: can the operator still cheat?
//!
//! One rule is one file below `rules/`, with one id and one page under `docs/rules/`. A rule looks at values
//! together with who can choose them without changing the compose hash (resolved by `veritee-compose`), at source
//! trees given as a [`SourceTree`], and at facts from a verified log ([`Context`]); it returns
//! [`Finding`](veritee_model::Finding)s. A construct that no rule understands is a finding of status `unknown`,
//! never silence, and a rule whose inputs were not given is listed as not run.
//!
//! Documents, source and scripts are attacker controlled; everything found in them is quoted unescaped in findings,
//! and shortened: renderers escape it. The [`Context`] is trusted as far as its maker verified it.
//!
//! Not decided here: whether the document is the measured one, and what a chain or a registry says.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod allow;
mod audit;
pub mod chain;
pub mod context;
mod diff;
mod facts;
mod field;
mod flow;
mod image;
mod image_facts;
mod inside;
mod item;
mod judged;
pub mod key_provider;
mod known_keys;
mod line_pattern;
mod line_patterns;
pub mod names;
mod opening;
mod pattern;
mod program;
pub mod review;
mod review_file;
mod rule;
mod rules;
mod scan;
mod script;
mod source;
pub mod stage;
mod subject;
mod syntax;
pub mod tags;
mod text;
mod told;
mod uses;
mod view;

pub use allow::{Allow, AllowOutcome, InlineAllow};
pub use audit::{Audit, NotRun, audit, audit_document_error, audit_facts, audit_source, enforcement};
pub use context::{BootEvents, Context, NameOverride, OsFacts};
pub use diff::{Change, Diff, Fact, Party, Power, Reach, diff, fact_changes, finding_changes};
pub use flow::{Flow, FlowSink};
pub use image_facts::{ImageCommit, ImageFacts, ImageHit, ImageRun, TagSeen, TraceRung, Traced, Tracer};
pub use inside::{InsideHit, InsideKind, inside_setting, inside_text};
pub use item::{Answer as RuleAnswer, How, Item};
pub use key_provider::{KeyProvider, KeyProviderKind};
pub use names::NameClass;
pub use review::{Answer, FindingAnswer, Review, ReviewError};
pub use review_file::rule_set;
pub use rule::{Blocks, Need, Rule, Whose};
pub use rules::{ELSEWHERE, Elsewhere, all as rules, find as find_rule};
pub use source::records::{Recorded, claimed_for, recorded};
pub use source::survey::{Survey, TreeDocument, survey};
pub use stage::{ChecklistItem, Question, QuestionStatus, Stage};
pub use veritee_source::{CommitLookup, MemoryTree, SourceTree};
