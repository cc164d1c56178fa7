//! What is asked.

use url::Url;

/// A GET request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Get {
    /// Where. `https:`, without user name and password.
    pub url: Url,
    /// Bytes of body at most; a larger one is an error, never cut.
    pub cap: usize,
    /// The `Accept` header.
    pub accept: &'static str,
    /// Media types (lower case, without parameters) of which the answer must have one; empty for any.
    pub types: &'static [&'static str],
}

impl Get {
    /// A request for anything of up to `cap` bytes.
    #[must_use]
    pub const fn any(url: Url, cap: usize) -> Self {
        Self { url, cap, accept: "*/*", types: &[] }
    }

    /// A request for JSON of up to `cap` bytes.
    #[must_use]
    pub const fn json(url: Url, cap: usize) -> Self {
        Self { url, cap, accept: "application/json", types: &["application/json"] }
    }
}

/// A POST request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Where. `https:`, without user name and password.
    pub url: Url,
    /// The body.
    pub body: Vec<u8>,
    /// Its media type, for example `application/json`.
    pub content_type: &'static str,
    /// Bytes of the answer's body at most.
    pub cap: usize,
    /// The `Accept` header.
    pub accept: &'static str,
    /// Media types (lower case, without parameters) of which the answer must have one; empty for any.
    pub types: &'static [&'static str],
    /// Sending it twice does no harm: it is repeated like a GET. Otherwise only a connection that was never made is
    /// tried again.
    pub idempotent: bool,
}
