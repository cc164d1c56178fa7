//! Container images as files: what they hold, and how two of them differ. Pure: files come through the trait
//! [`Files`](veritee_source::Files), nothing else is touched.
//!
//! ```text
//! a folder or an archive (untrusted bytes)
//!   registry   what a registry says: documents, challenges, pages                   -> Given
//!   store      members by name, in place: nothing is unpacked                       -> Store
//!   layout     OCI layout, `docker save` of every age: index, manifest, config      -> Image
//!   layer      blob digest, decompression, diffID, tar entries: each recomputed     -> Layer
//!   tree       the layers on each other, whiteouts applied                          -> Tree
//!   compare    six rungs of sameness, every difference by its cause                 -> Comparison
//! ```
//!
//! Every byte is chosen by whoever made the file: names, sizes, digests, compression, paths. A digest that is shown was
//! computed here over what was read. Nothing is written, no link is followed, and what it costs is bounded by the
//! caller's [`Budget`](veritee_base::Budget): layers stream, and what is kept is a line an entry.
//!
//! Not decided here: who built an image and from what. That two images are the same says nothing about either.
//!
//! Source: OCI image specification 1.1 (image layout, manifest, config, layer), moby `image/spec/v1.2`, POSIX.1-2024
//! pax, the layer reader of containerd (`pkg/archive`), whose reading of a layer is the one that runs.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used
    )
)]

mod carry;
pub mod compare;
mod digest;
mod document;
mod entry;
mod error;
mod layer;
mod layout;
pub mod media;
mod meter;
pub mod registry;
mod store;
#[cfg(test)]
#[path = "tests/images.rs"]
mod testing;
mod tree;

pub use carry::{documents, is_carried};
pub use digest::{Algorithm, Digest, Hasher};
pub use document::{Config, Descriptor, Document, Index, Manifest, Platform, nests_deeper};
pub use entry::{Entry, EntryKind, Form, Owner};
pub use error::{ImageError, LayerProblem};
pub use layer::{Compression, Layer, Visitor, Writer};
pub use layout::{Attestation, Image, LayerReference, Origin, Selection, is_attestation};
pub use meter::Meter;
pub use store::Store;
pub use tree::{Node, Place, Tree, TreeProblem};
