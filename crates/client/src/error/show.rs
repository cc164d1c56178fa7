//! Errors as text.

use super::{ClientError, FetchError};
use core::fmt;
use core::time::Duration;
use url::Url;
use veritee_model::text::{inert, shortened};

/// Characters of a url that are shown.
const URL_SHOWN: usize = 300;
/// Characters of a server's or library's words that are shown.
const SAID_SHOWN: usize = 120;

/// A url for people: inert, cut, without user name and password.
pub(crate) fn shown(url: &Url) -> String {
    shortened(&inert(&without_credentials(url)), URL_SHOWN)
}

/// What a library or a server said, for people: inert and cut.
pub(crate) fn said(text: &str) -> String {
    shortened(&inert(text.trim()), SAID_SHOWN)
}

/// A time as it is shown.
pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A url without user name and password.
pub(crate) fn without_credentials(url: &Url) -> String {
    if url.username().is_empty() && url.password().is_none() {
        return url.as_str().to_owned();
    }
    let mut bare = url.clone();
    if bare.set_username("").is_err() || bare.set_password(None).is_err() {
        return format!("{}:", url.scheme());
    }
    bare.into()
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.url())?;
        match self {
            Self::BadUrl { problem, .. } => write!(f, "the url cannot be used: {problem}"),
            Self::NotHttps { .. } => f.write_str("expected https, found http"),
            Self::RefusedAddress { address: Some(address), range, .. } => {
                write!(f, "expected a public address, found {address} ({range})")
            }
            Self::RefusedAddress { range, .. } => {
                write!(f, "expected a public host, found a name for a {range} address")
            }
            Self::NotResolved { host, why, .. } => write!(f, "no address found for {host}: {why}"),
            Self::Connect { problem, .. } => write!(f, "{problem}"),
            Self::Tls { problem, .. } => write!(f, "the server is not accepted: {problem}"),
            Self::Proxy { proxy, why, .. } => write!(f, "the proxy {proxy} failed: {why}"),
            Self::RedirectElsewhere { to, .. } => write!(f, "redirected to another server, {to}"),
            Self::TooManyRedirects { limit, .. } => write!(f, "more than {limit} redirects"),
            Self::TooLarge { cap, announced: Some(announced), .. } => {
                write!(f, "expected at most {cap} bytes, {announced} are announced")
            }
            Self::TooLarge { cap, .. } => write!(f, "expected at most {cap} bytes, more came"),
            Self::Truncated { received, .. } => {
                write!(f, "the answer is cut short after {received} bytes of body")
            }
            Self::Stalled { milliseconds, received, .. } => {
                write!(f, "silence for {milliseconds} ms after {received} bytes of body")
            }
            Self::TookTooLong { milliseconds, received, .. } => {
                write!(f, "not complete after {milliseconds} ms; {received} bytes of body came")
            }
            Self::Status { status, start, .. } if start.is_empty() => {
                write!(f, "expected status 200, got {status}")
            }
            Self::Status { status, start, .. } => {
                write!(f, "expected status 200, got {status} with `{start}`")
            }
            Self::RetryAfterTooLong { status, seconds, longest, .. } => write!(
                f,
                "status {status}: the server asks to wait {seconds} s, longer than the {longest} s allowed"
            ),
            Self::WrongType { found, expected, start, .. } => {
                let found = found.as_deref().unwrap_or("none");
                write!(f, "expected content type {}, got {found} with `{start}`", expected.join(" or "))
            }
            Self::Broken { why, .. } => write!(f, "not a whole HTTP answer: {why}"),
            Self::NotKept { why, .. } => write!(f, "what came could not be kept: {why}"),
        }
    }
}

impl core::error::Error for FetchError {}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root { index, why } => write!(f, "root {index} is not a certificate: {why}"),
            Self::NoRoots => f.write_str("no root certificate is given, so that no server could be accepted"),
            Self::ProxyUnreadable { name } => {
                write!(
                    f,
                    "{name} names no proxy that can be used: expected http://host:port or https://host:port"
                )
            }
            Self::Proxy { proxy } => {
                write!(f, "the proxy {proxy} cannot be used: expected http://host:port or https://host:port")
            }
            Self::UserAgent => f.write_str("the user agent is not visible ASCII"),
            Self::Library { why } => write!(f, "no client could be set up: {why}"),
        }
    }
}

impl core::error::Error for ClientError {}
