//! app_compose and Docker Compose as a hashed tree that keeps spans, with the provenance of every value.
//!
//! Everything read here is attacker-controlled until [`bind`] has compared its bytes with the measured hash, and what
//! it *says* is attacker-chosen even then. Nothing is run, fetched or guessed at; size, depth and expansion are bounded
//! by the budget. How each step follows Docker Compose, and where it does not, is in `docs/compose-resolution.md`.
//!
//! # From bytes to a bound document
//! [`bind`] compares the exact bytes with the measured compose hash and is the only maker of a [`BoundCompose`].
//! [`UnboundCompose`] is the same document without that fact: every output about it says "not attested". A bound
//! document can still be one that two readers understand differently; then [`BoundCompose::document`] is an error.
//!
//! # From a document to a deployment
//! [`Deployment::from_bound`], [`Deployment::from_unbound`] and [`Deployment::from_compose_yaml`] give
//! * the fields of app_compose with their places ([`Manifest`]),
//! * the scripts as commands, assignments and file writes ([`Script`]),
//! * what every name stands for in the environment of `docker compose` ([`EnvironmentModel`]),
//! * the compose file: services and resources whose scalars are [`Value`]s, each a list of [`Part`]s with a
//!   [`Provenance`]; or why there is none ([`ComposeFileError`]), in which case nothing is looked for by pattern,
//! * everything that is not, or not wholly, modelled ([`Construct`]).
//!
//! ```
//! use veritee_compose::{Context, Deployment, Provenance};
//!
//! let yaml = b"services:\n  web:\n    image: example.org/web:1\n    environment:\n      - UPSTREAM=https://$HOST/v1\n";
//! let deployment = Deployment::from_compose_yaml(yaml, &Context::default())?;
//! let web = &deployment.services()[0];
//! let upstream = web.environment[0].value.as_ref().expect("it has a value");
//! assert_eq!(upstream.provenance(), Provenance::Operator);
//! assert!(upstream.is_assumed(), "allowed_envs is not known of a compose file alone");
//! let host = upstream.chosen_parts().next().expect("one part is chosen");
//! assert_eq!(host.source.as_deref(), Some("HOST"));
//! # Ok::<(), veritee_compose::DocumentError>(())
//! ```
//!
//! # Places
//! Spans of values are byte ranges of the YAML text; [`Deployment::locate`] turns them into lines and columns of that
//! text and of the app_compose that holds it as a JSON string.
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
mod extends;
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
