//! What is asked.

use core::fmt;
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
    /// A token for the server of `url`, and for no other.
    pub bearer: Option<Bearer>,
    /// Whether redirects to other servers are followed: to https where `url` is, to public addresses as everywhere, and
    /// without the token. For bytes whose digest is known; whoever sends them is then nobody's concern.
    pub elsewhere: bool,
}

/// A bearer token (RFC 6750). It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer(String);

/// Bytes of a token at most. The largest that registries give have 4 KiB.
const TOKEN_CAP: usize = 16 << 10;

impl Bearer {
    /// A token; `None` for what no header can carry.
    #[must_use]
    pub fn new(token: &str) -> Option<Self> {
        let fits = !token.is_empty()
            && token.len() <= TOKEN_CAP
            && token.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(token.to_owned()))
    }

    pub(crate) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(..)")
    }
}

/// Where a body goes that is too large for memory.
pub trait Sink: Send {
    /// A body begins. Called again where an attempt is repeated: what came before counts for nothing.
    ///
    /// # Errors
    /// Why nothing can be kept, for people.
    fn begin(&mut self) -> Result<(), String>;

    /// The next bytes.
    ///
    /// # Errors
    /// Why they cannot be kept, for people.
    fn piece(&mut self, bytes: &[u8]) -> Result<(), String>;
}

impl Get {
    /// A request for anything of up to `cap` bytes.
    #[must_use]
    pub const fn any(url: Url, cap: usize) -> Self {
        Self { url, cap, accept: "*/*", types: &[], bearer: None, elsewhere: false }
    }

    /// A request for JSON of up to `cap` bytes.
    #[must_use]
    pub const fn json(url: Url, cap: usize) -> Self {
        Self {
            url,
            cap,
            accept: "application/json",
            types: &["application/json"],
            bearer: None,
            elsewhere: false,
        }
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
