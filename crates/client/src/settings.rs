//! What a client may do and how long it waits.

use crate::Observer;
use core::fmt;
use core::time::Duration;
use std::sync::Arc;
use url::Url;

/// Everything a client is made from. There is no field that turns the verification of TLS off.
#[derive(Clone)]
pub struct Settings {
    /// Allows loopback, private and link-local addresses, and `http:` to a loopback address.
    pub allow_local: bool,
    /// Whose word is taken for the name of a server.
    pub roots: Roots,
    /// Which proxies are used.
    pub proxies: Proxies,
    /// Requests under way at once, all hosts together; at least 1. To one host at most 4 of them.
    pub connections: usize,
    /// How long one attempt may take.
    pub times: Times,
    /// How often and after how long an attempt is repeated.
    pub retries: Retries,
    /// `User-Agent` of every request; visible ASCII and spaces.
    pub user_agent: String,
    /// Is told of progress.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            allow_local: false,
            roots: Roots::Mozilla,
            proxies: Proxies::FromEnvironment,
            connections: 8,
            times: Times::default(),
            retries: Retries::default(),
            user_agent: concat!("veritee/", env!("CARGO_PKG_VERSION")).to_owned(),
            observer: None,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("allow_local", &self.allow_local)
            .field("roots", &self.roots)
            .field("proxies", &self.proxies)
            .field("connections", &self.connections)
            .field("times", &self.times)
            .field("retries", &self.retries)
            .field("user_agent", &self.user_agent)
            .finish_non_exhaustive()
    }
}

/// The certificate authorities that may vouch for the name of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// Mozilla's list as it was when the program was built.
    Mozilla,
    /// Mozilla's list and these certificates (DER).
    MozillaAnd(Vec<Vec<u8>>),
    /// These certificates (DER) and no others.
    Only(Vec<Vec<u8>>),
}

/// Which proxies are used.
#[derive(Clone, PartialEq, Eq)]
pub enum Proxies {
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in capitals or not.
    FromEnvironment,
    /// None, whatever the environment says.
    None,
    /// This one for every request (`http:` or `https:`; user name and password may stand in it).
    Fixed(Url),
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FromEnvironment => f.write_str("FromEnvironment"),
            Self::None => f.write_str("None"),
            Self::Fixed(url) => write!(f, "Fixed({})", crate::error::without_credentials(url)),
        }
    }
}

/// How long one attempt may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Until a connection stands: name resolution, TCP, a proxy's answer and the TLS handshake together.
    pub connect: Duration,
    /// Between two reads of the body, and inside a handshake. The head of an answer has this and `connect` together,
    /// counted from the start: it may not drip.
    pub stall: Duration,
    /// The attempt as a whole, redirects and body included.
    pub total: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            stall: Duration::from_secs(20),
            total: Duration::from_secs(120),
        }
    }
}

/// How often and after how long an attempt is repeated.
///
/// The wait doubles from `first_wait` each time. A server that says how long to wait (`Retry-After`) is obeyed up to
/// `longest_wait`; one that asks for more ends the attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// Attempts in all, the first included; 0 counts as 1.
    pub attempts: u32,
    /// Wait before the second attempt.
    pub first_wait: Duration,
    /// No wait is longer.
    pub longest_wait: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 3, first_wait: Duration::from_millis(500), longest_wait: Duration::from_secs(30) }
    }
}
