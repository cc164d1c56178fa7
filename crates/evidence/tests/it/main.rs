//! Reading evidence: real inputs, every form, hostile inputs, and veritee's own document.
#![allow(
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod acme_info;
mod document;
mod forms;
mod hostile;
mod quickstart;
mod real;
mod support;
mod table;
mod twice;
mod wrapped;
