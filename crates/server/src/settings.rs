//! How much is taken on, and how long anything may last.

use crate::Tokens;
use axum::body::Bytes;
use axum::http::HeaderValue;
use core::fmt;
use core::time::Duration;
use std::sync::Arc;

/// Bounds of everything that a client can make grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once. Beyond it the one that is silent longest is closed, and if none is, new ones wait.
    pub connections: usize,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Bytes of one line of a batch.
    pub line_bytes: usize,
    /// Bytes of a batch.
    pub batch_bytes: usize,
    /// Until a request's head is there; idle connections are closed after it too.
    pub head_time: Duration,
    /// Until a request's body is there; of a batch: between two pieces of it.
    pub body_time: Duration,
    /// Until a verdict is there, counted from when its turn comes.
    pub work_time: Duration,
    /// Verifications at once.
    pub jobs: usize,
    /// Requests that may wait for their turn.
    pub queue: usize,
    /// Batches at once.
    pub batches: usize,
    /// How long requests under way may go on after the server was asked to stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            body_bytes: 16 << 20,
            line_bytes: 16 << 20,
            batch_bytes: 1 << 30,
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(10),
            work_time: Duration::from_secs(30),
            jobs: 2,
            queue: 64,
            batches: 4,
            grace: Duration::from_secs(10),
        }
    }
}

/// Is told one line for each request, without anything of its content.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// A page that verifies in the visitor's browser.
#[derive(Debug, Clone)]
pub struct Page {
    pub(crate) html: Bytes,
    pub(crate) policy: HeaderValue,
}

impl Page {
    /// The HTML, and the content security policy that stands in it, which goes along as a header too: there it can also
    /// forbid that others frame the page. `None` where the policy cannot stand in a header.
    #[must_use]
    pub fn new(html: String, policy: &str) -> Option<Self> {
        let policy = HeaderValue::from_str(&format!("{policy}; frame-ancestors 'none'")).ok()?;
        Some(Self { html: html.into(), policy })
    }
}

/// Everything that a server is made from.
#[derive(Clone)]
pub struct Settings {
    /// Its bounds.
    pub limits: Limits,
    /// Who may ask; `None` for whoever reaches the address.
    pub tokens: Option<Tokens>,
    /// The page at `/`; without it a short one that says how to get it.
    pub page: Option<Page>,
    /// Where lines go.
    pub log: Option<Log>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("limits", &self.limits)
            .field("tokens", &self.tokens.is_some())
            .field("page", &self.page.is_some())
            .finish_non_exhaustive()
    }
}
