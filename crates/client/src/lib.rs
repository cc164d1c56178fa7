//! A client worth trusting.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

mod answer;
mod client;
mod error;
mod event;
mod request;
mod retry;
mod settings;

pub use answer::Answer;
pub use client::Client;
pub use error::{AddressRange, ClientError, ConnectProblem, FailureKind, FetchError, TlsProblem, UrlProblem};
pub use event::{Event, Observer};
pub use request::{Get, Post};
pub use settings::{Proxies, Retries, Roots, Settings, Times};
pub use url::Url;

/// Bytes of a url at most.
pub const URL_CAP: usize = 8192;
