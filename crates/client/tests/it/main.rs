//! The client against servers that misbehave, each with the outcome that is documented. Loopback only.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::arithmetic_side_effects)]

mod addresses;
mod bodies;
mod handshakes;
mod limits;
mod proxies;
mod redirects;
mod retries;
mod support;
mod tls;
mod tokens;
mod urls;
