//! The crate against genuine evidence, and against a forged universe with one fault at a time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::type_complexity, reason = "tables of named changes read best where they are used")]

mod chains;
mod containers;
mod genuine;
mod manifests;
mod mutation;
mod reports;
mod revocation;
mod sets;
mod world;
