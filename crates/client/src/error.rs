//! Why nothing usable came back: where, what came, what to do next.

mod next_step;
mod problem;
mod show;

pub use problem::{AddressRange, ConnectProblem, TlsProblem, UrlProblem};
pub(crate) use show::{milliseconds, said, shown, without_credentials};

use core::net::IpAddr;

/// Why a request failed.
///
/// Everything that a server said is cut and made inert before it is stored, so that an error can be printed as it is.
/// Urls keep their query and never hold a user name or password.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchError {
    /// The url cannot be asked.
    BadUrl {
        /// Where.
        url: String,
        /// What is wrong with it.
        problem: UrlProblem,
    },
    /// `http:` where only `https:` will do.
    NotHttps {
        /// Where.
        url: String,
    },
    /// The host is, or resolves only to, an address that is not on the public internet.
    RefusedAddress {
        /// Where.
        url: String,
        /// The address; `None` for a name that always means this machine.
        address: Option<IpAddr>,
        /// What kind of address it is.
        range: AddressRange,
    },
    /// No address is known for the name.
    NotResolved {
        /// Where.
        url: String,
        /// The name.
        host: String,
        /// What the resolver said.
        why: String,
    },
    /// No connection to the server.
    Connect {
        /// Where.
        url: String,
        /// Why.
        problem: ConnectProblem,
    },
    /// The server could not show who it is.
    Tls {
        /// Where.
        url: String,
        /// Why.
        problem: TlsProblem,
    },
    /// The proxy did not let the request through, or could not be reached.
    Proxy {
        /// Where.
        url: String,
        /// The proxy, without user name and password.
        proxy: String,
        /// Why.
        why: String,
    },
    /// The server sends us to another scheme, host or port.
    RedirectElsewhere {
        /// Where.
        url: String,
        /// Where to.
        to: String,
    },
    /// One redirect after another.
    TooManyRedirects {
        /// Where.
        url: String,
        /// How many are followed.
        limit: usize,
    },
    /// More body than the cap.
    TooLarge {
        /// Where.
        url: String,
        /// Bytes allowed.
        cap: usize,
        /// Bytes announced by `Content-Length`; `None` when the body itself went over.
        announced: Option<u64>,
    },
    /// The connection ended inside the body.
    Truncated {
        /// Where.
        url: String,
        /// Bytes of body that came.
        received: usize,
    },
    /// Silence for longer than [`crate::Times::stall`].
    Stalled {
        /// Where.
        url: String,
        /// Milliseconds of silence.
        milliseconds: u64,
        /// Bytes of body that came.
        received: usize,
    },
    /// The attempt took longer than [`crate::Times::total`].
    TookTooLong {
        /// Where.
        url: String,
        /// Milliseconds allowed.
        milliseconds: u64,
        /// Bytes of body that came.
        received: usize,
    },
    /// A status other than 200.
    Status {
        /// Where.
        url: String,
        /// The status.
        status: u16,
        /// The start of the body, inert.
        start: String,
        /// With 401: the values of `WWW-Authenticate`, visible ASCII, cut to a few.
        challenges: Vec<String>,
    },
    /// The server asks to wait longer than [`crate::Retries::longest_wait`].
    RetryAfterTooLong {
        /// Where.
        url: String,
        /// The status.
        status: u16,
        /// Seconds asked for.
        seconds: u64,
        /// Seconds that we would wait.
        longest: u64,
    },
    /// A media type that was not asked for.
    WrongType {
        /// Where.
        url: String,
        /// The `Content-Type`, inert; `None` without one.
        found: Option<String>,
        /// The media types that would do.
        expected: &'static [&'static str],
        /// The start of the body, inert.
        start: String,
    },
    /// What came is not an HTTP answer, or the connection ended before one.
    Broken {
        /// Where.
        url: String,
        /// What is wrong, inert.
        why: String,
    },
    /// What came could not be kept.
    NotKept {
        /// Where.
        url: String,
        /// What the [`crate::Sink`] said, inert.
        why: String,
    },
}

/// The kinds of [`FetchError`], for those who only sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// [`FetchError::BadUrl`].
    BadUrl,
    /// [`FetchError::NotHttps`].
    NotHttps,
    /// [`FetchError::RefusedAddress`].
    RefusedAddress,
    /// [`FetchError::NotResolved`].
    NotResolved,
    /// [`FetchError::Connect`].
    Connect,
    /// [`FetchError::Tls`].
    Tls,
    /// [`FetchError::Proxy`].
    Proxy,
    /// [`FetchError::RedirectElsewhere`].
    RedirectElsewhere,
    /// [`FetchError::TooManyRedirects`].
    TooManyRedirects,
    /// [`FetchError::TooLarge`].
    TooLarge,
    /// [`FetchError::Truncated`].
    Truncated,
    /// [`FetchError::Stalled`].
    Stalled,
    /// [`FetchError::TookTooLong`].
    TookTooLong,
    /// [`FetchError::Status`].
    Status,
    /// [`FetchError::RetryAfterTooLong`].
    RetryAfterTooLong,
    /// [`FetchError::WrongType`].
    WrongType,
    /// [`FetchError::Broken`].
    Broken,
    /// [`FetchError::NotKept`].
    NotKept,
}

impl FetchError {
    /// Where the request went. Safe to print.
    #[must_use]
    pub fn url(&self) -> &str {
        match self {
            Self::BadUrl { url, .. }
            | Self::NotHttps { url }
            | Self::RefusedAddress { url, .. }
            | Self::NotResolved { url, .. }
            | Self::Connect { url, .. }
            | Self::Tls { url, .. }
            | Self::Proxy { url, .. }
            | Self::RedirectElsewhere { url, .. }
            | Self::TooManyRedirects { url, .. }
            | Self::TooLarge { url, .. }
            | Self::Truncated { url, .. }
            | Self::Stalled { url, .. }
            | Self::TookTooLong { url, .. }
            | Self::Status { url, .. }
            | Self::RetryAfterTooLong { url, .. }
            | Self::WrongType { url, .. }
            | Self::Broken { url, .. }
            | Self::NotKept { url, .. } => url,
        }
    }

    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        match self {
            Self::BadUrl { .. } => FailureKind::BadUrl,
            Self::NotHttps { .. } => FailureKind::NotHttps,
            Self::RefusedAddress { .. } => FailureKind::RefusedAddress,
            Self::NotResolved { .. } => FailureKind::NotResolved,
            Self::Connect { .. } => FailureKind::Connect,
            Self::Tls { .. } => FailureKind::Tls,
            Self::Proxy { .. } => FailureKind::Proxy,
            Self::RedirectElsewhere { .. } => FailureKind::RedirectElsewhere,
            Self::TooManyRedirects { .. } => FailureKind::TooManyRedirects,
            Self::TooLarge { .. } => FailureKind::TooLarge,
            Self::Truncated { .. } => FailureKind::Truncated,
            Self::Stalled { .. } => FailureKind::Stalled,
            Self::TookTooLong { .. } => FailureKind::TookTooLong,
            Self::Status { .. } => FailureKind::Status,
            Self::RetryAfterTooLong { .. } => FailureKind::RetryAfterTooLong,
            Self::WrongType { .. } => FailureKind::WrongType,
            Self::Broken { .. } => FailureKind::Broken,
            Self::NotKept { .. } => FailureKind::NotKept,
        }
    }

    /// The status of the answer, where it is why the request failed.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } | Self::RetryAfterTooLong { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the same request may succeed later: trouble of the moment, not a refusal. The client has already
    /// repeated those of them that it repeats by itself (see [`crate::Client::get`]).
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::NotResolved { .. }
            | Self::Connect { .. }
            | Self::Proxy { .. }
            | Self::Truncated { .. }
            | Self::Stalled { .. }
            | Self::TookTooLong { .. }
            | Self::RetryAfterTooLong { .. } => true,
            Self::Status { status, .. } => crate::retry::is_passing(*status),
            _ => false,
        }
    }
}

/// Why no client could be made from the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientError {
    /// An extra root is not a certificate.
    Root {
        /// Which of them, from 0.
        index: usize,
        /// What is wrong.
        why: String,
    },
    /// No root at all: every server would be refused.
    NoRoots,
    /// A proxy of the environment cannot be read, or is of a kind that is not supported.
    ProxyUnreadable {
        /// The variable. Its value may hold a password.
        name: String,
    },
    /// The proxy's url cannot be used.
    Proxy {
        /// The proxy, without user name and password.
        proxy: String,
    },
    /// The user agent is not visible ASCII.
    UserAgent,
    /// The TLS or HTTP library refused the settings.
    Library {
        /// What it said.
        why: String,
    },
}
