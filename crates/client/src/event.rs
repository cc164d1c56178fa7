//! Progress, for those who show it.

use crate::FetchError;

/// Is told of progress. Called from the task that makes the request: it must return at once.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn event(&self, event: &Event<'_>);
}

/// A step of one request. Urls are safe to print.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An attempt begins.
    Started {
        /// Where.
        url: &'a str,
    },
    /// Part of the body came.
    Received {
        /// Where.
        url: &'a str,
        /// Bytes of body so far.
        bytes: usize,
    },
    /// The next attempt waits.
    Waiting {
        /// Where.
        url: &'a str,
        /// How long, rounded up to seconds.
        seconds: u64,
        /// Why the last attempt failed.
        why: &'a FetchError,
    },
    /// The answer is whole.
    Finished {
        /// Where.
        url: &'a str,
        /// Bytes of body.
        bytes: usize,
    },
    /// No further attempt is made.
    Failed {
        /// Where.
        url: &'a str,
        /// Why.
        error: &'a FetchError,
    },
}
