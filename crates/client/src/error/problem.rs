//! What can be wrong with urls, addresses, connections and handshakes.

use core::fmt;

/// What is wrong with a url.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlProblem {
    /// Neither `https:` nor `http:`.
    Scheme,
    /// No host.
    NoHost,
    /// A user name or password in it.
    Credentials,
    /// More than [`crate::URL_CAP`] bytes.
    TooLong,
    /// Port 0.
    Port,
    /// Not a url or not a host name.
    Unreadable,
}

impl fmt::Display for UrlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "its scheme is neither https nor http",
            Self::NoHost => "it has no host",
            Self::Credentials => "it holds a user name or password",
            Self::TooLong => "it is longer than 8192 bytes",
            Self::Port => "port 0 cannot be connected to",
            Self::Unreadable => "it is not a url with a host name",
        })
    }
}

/// Why an address is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressRange {
    /// This machine: 127.0.0.0/8, `::1`, `localhost`.
    Loopback,
    /// 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 (RFC 1918).
    Private,
    /// 169.254.0.0/16, `fe80::/10`: cloud metadata services live here.
    LinkLocal,
    /// 100.64.0.0/10 (RFC 6598).
    CarrierGradeNat,
    /// `fc00::/7` (RFC 4193).
    UniqueLocal,
    /// 0.0.0.0/8, `::`.
    Unspecified,
    /// 224.0.0.0/4, `ff00::/8`.
    Multicast,
    /// 255.255.255.255.
    Broadcast,
    /// Set aside for documentation or benchmarks.
    Documentation,
    /// Set aside for protocols or never given out.
    Reserved,
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::CarrierGradeNat => "carrier-grade NAT",
            Self::UniqueLocal => "unique local",
            Self::Unspecified => "unspecified",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Documentation => "documentation or benchmark",
            Self::Reserved => "reserved",
        })
    }
}

/// Why no connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectProblem {
    /// Nobody listens.
    Refused,
    /// No connection within [`crate::Times::connect`].
    TimedOut {
        /// Milliseconds allowed.
        milliseconds: u64,
    },
    /// The other side ended the connection before it stood.
    Closed,
    /// Something else, as the system said it.
    Other(String),
}

impl fmt::Display for ConnectProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::TimedOut { milliseconds } => write!(f, "no connection within {milliseconds} ms"),
            Self::Closed => f.write_str("the connection ended before it stood"),
            Self::Other(why) => f.write_str(why),
        }
    }
}

/// Why a server could not show who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsProblem {
    /// No authority that we know vouches for it.
    UnknownIssuer,
    /// Its certificate has expired.
    Expired,
    /// Its certificate is not valid yet.
    NotYetValid,
    /// Its certificate is for another name.
    WrongName,
    /// Its certificate is not for servers, or is malformed, or is signed badly.
    BadCertificate(String),
    /// It could not sign with the key of its certificate.
    KeyNotProven,
    /// Its chain is longer than we read.
    ChainTooLarge,
    /// The handshake failed otherwise.
    Other(String),
}

impl fmt::Display for TlsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer => f.write_str("no known authority vouches for its certificate"),
            Self::Expired => f.write_str("its certificate has expired"),
            Self::NotYetValid => f.write_str("its certificate is not valid yet"),
            Self::WrongName => f.write_str("its certificate is for another name"),
            Self::BadCertificate(why) => write!(f, "its certificate is bad: {why}"),
            Self::KeyNotProven => f.write_str("it did not prove that it holds the key of its certificate"),
            Self::ChainTooLarge => f.write_str("its certificate chain is too large"),
            Self::Other(why) => write!(f, "the TLS handshake failed: {why}"),
        }
    }
}
