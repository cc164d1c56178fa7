//! A container image out of a registry: manifests, config, layers, and everything that stands beside it about who built it.
//!
//! ```text
//! Place      a reference as the daemon reads it, and whom to ask             registry/place.rs
//! Session    requests, the token flow, failures by name                     registry/session.rs
//! fetch      what is asked, in which order, what is kept                    registry/fetch.rs
//! evidence   referrers, their fallback tag, tags of cosign, pages           registry/evidence.rs
//! Transcript what was asked and what came of it                             registry/transcript.rs
//! ```
//!
//! # What is believed
//!
//! Nothing. The registry may be the attacker. Every digest is computed over the bytes; an index, a manifest, a config and
//! a layer are kept only under the digest by which something names them. A tag is resolved once, and what it was resolved
//! to is written down with the time: that is never a pin.
//!
//! What it may cost: a manifest has `image_manifest_bytes`, an attestation `image_attestation_bytes` (in an envelope twice
//! that), a layer what the manifest says; [`REQUESTS`], [`PAGES`] and [`EVIDENCE_BYTES`] bound the rest. More is a failure
//! of what was asked for, never a cut.
//!
//! # Tokens and redirects
//!
//! Nobody's password is known here: who can be asked is who answers everybody. A token is asked for after a 401 of the
//! registry itself, where its challenge says, and goes back to the registry alone. Blobs may be sent by another server
//! (an object store), without the token; manifests may not.
//!
//! Nothing is decompressed, and nothing that a registry says becomes part of a file's name but the digits of a digest.
//!
//! Source: OCI distribution specification 1.1; `docs/images.md` has every request.

mod evidence;
mod fetch;
mod place;
mod problem;
mod session;
mod transcript;

pub use fetch::{Fetched, Keep, Wanted, fetch};
pub use place::{Place, PlaceError};
pub use problem::Problem;
pub use transcript::{Line, Outcome, Transcript};

/// Requests of one image at most, those for tokens included.
pub const REQUESTS: usize = 4000;
/// Pages of one list of referrers at most.
pub const PAGES: usize = 100;
/// Bytes of everything but config and layers, in all.
pub const EVIDENCE_BYTES: usize = 256 << 20;
