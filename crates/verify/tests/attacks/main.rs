//! The attack corpus: each test forges a universe under a test root, changes one thing, and expects one refusal.
//!
//! The policy of every test names that root and pins the machine's registers, so that nothing but the attacked thing
//! differs from evidence that is verified ([`genuine`]). Every report made here is checked for completeness.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]
#![cfg_attr(
    not(feature = "chain"),
    allow(dead_code, reason = "the list of all attacks is asked for with every feature")
)]

mod bindings;
mod caa;
mod collateral;
mod compose;
#[cfg(feature = "chain")]
mod coverage;
mod engines;
mod event_log;
mod genuine;
#[cfg(feature = "chain")]
mod governance;
mod gpu;
mod gpu_policy;
mod gpu_table;
mod hostile;
mod identity;
mod levers;
mod links;
mod platform;
mod quote;
mod ra_tls;
mod readers;
mod removal;
mod review;
mod served;
mod support;
mod together;
mod web;
