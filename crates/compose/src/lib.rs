//! app_compose and Docker Compose as a hashed tree that keeps spans, with the provenance of every value.
//!
//! # From bytes to a bound document
//! [`app_compose::bind`] compares the exact bytes with the measured compose hash and is the only maker of a
//! [`BoundCompose`]. [`UnboundCompose`] is the same document without that fact, for audits of plain files.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod app_compose;
pub mod compose_file;
pub mod construct;
pub mod deployment;
pub mod environment;
pub mod image;
pub mod interpolation;
pub mod json;
mod merge;
pub mod position;
pub mod provenance;
pub mod script;
pub mod service;
pub mod tree;
pub mod url;
pub mod value;
pub mod yaml;

pub use app_compose::{
    AppCompose, BindError, BoundCompose, DocumentError, Normalisation, UnboundCompose, bind,
};
pub use compose_file::{ComposeFile, ComposeFileError, Resource};
pub use construct::{Construct, ConstructKind, Text};
pub use deployment::{Context, Deployment, Location, Manifest, Origin};
pub use environment::{AllowedName, Definition, Enforcement, EnvironmentModel, Lookup};
pub use image::{ImageComponent, ImageReference, Pin};
pub use merge::MergeError;
pub use position::{LineColumn, LineIndex, Span};
pub use provenance::Provenance;
pub use script::Script;
pub use service::Service;
pub use tree::{Tree, TreeEntry};
pub use url::{UrlComponent, UrlView};
pub use value::{Part, Reference, ReferenceForm, ScalarKind, Value};
