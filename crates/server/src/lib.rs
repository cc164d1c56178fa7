//! Verification over HTTP.
//!
//! This crate owns connections, limits, tokens, routes and shapes of answers. It verifies nothing: whoever starts it gives a
//! [`Verifier`], which is asked on threads of its own, a bounded number at a time.
//!
//! Whoever can open a connection may be an attacker, and so may every byte of a request. What it holds to:
//!
//! - [`Limits`] bounds connections, bytes, times, work under way and work that waits. What is over a limit is answered by a
//!   status that says which, or closed; nothing waits without an end. Where all places for connections are taken, the one
//!   that has been silent longest makes room.
//! - A verdict, whichever, is status 200. 4xx is for requests that are none, 503 for "not now", 504 for work that took too
//!   long. Nothing that a request holds makes a 500.
//! - A line of the log has number, method, route, status, bytes, time and outcome: nothing of what was sent, no address and
//!   no token.
//! - With [`Settings::tokens`] every route but `/health` and `/readyz` asks for one of them (RFC 6750). Their digests are
//!   compared.
//! - A page of another origin cannot use a visitor's browser to ask: a request with a foreign `Origin` is refused.
//!
//! TLS is not here: on anything but loopback it belongs in front of it.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

mod accept;
mod activity;
mod batch;
mod body;
mod compat;
mod front;
mod metrics;
mod query;
mod reply;
mod routes;
mod settings;
mod tokens;
mod verifier;
mod work;

pub use accept::serve;
pub use compat::{Answer, Details, answer};
pub use settings::{Limits, Log, Page, Settings};
pub use tokens::{TokenError, Tokens};
pub use verifier::{Ask, Binding, Claimed, JudgeOfLines, Judged, Platform, Refusal, Verifier};

/// The description of the interface, OpenAPI 3.1. Written by hand: what is left out and what is null is a part of the
/// contract, and the schema of reports exists already. The tests hold routes and answers against it.
pub const OPENAPI: &str = include_str!("../openapi.json");
