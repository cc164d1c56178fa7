//! Why a text is no target, and what to write instead.

use crate::Directory;
use core::fmt;
use veritee_model::HexError;
use veritee_model::text::{inert, shortened};

/// Why a text is not the name of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostError {
    /// Nothing there.
    Empty,
    /// A name in another script, or with look-alikes of Latin letters.
    NotAscii {
        /// The name.
        text: String,
        /// Its form in ASCII, where it has one.
        ascii: Option<String>,
    },
    /// An `xn--` label that is no encoded name.
    Punycode {
        /// The name.
        text: String,
    },
    /// An IP address, in any form that some program takes for one.
    Address {
        /// The text.
        text: String,
    },
    /// Two dots in a row, or one at either end.
    EmptyLabel {
        /// Byte offset in the name.
        at: usize,
    },
    /// A character that no host name has.
    Character {
        /// Byte offset in the name.
        at: usize,
        /// The character.
        character: char,
    },
    /// A hyphen at either end of a label.
    Hyphen {
        /// The label.
        label: String,
    },
    /// More bytes than DNS allows.
    TooLong {
        /// `name` or `label`.
        what: &'static str,
        /// Bytes allowed.
        limit: usize,
        /// Bytes found.
        got: usize,
    },
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("expected a host name, got nothing"),
            Self::NotAscii { text, ascii: Some(ascii) } => write!(
                f,
                "expected a host name in ASCII, got `{}`, which is the name `{}`: give that if you mean it",
                quoted(text),
                quoted(ascii)
            ),
            Self::NotAscii { text, ascii: None } => {
                write!(f, "expected a host name in ASCII, got `{}`, which is no name at all", quoted(text))
            }
            Self::Punycode { text } => {
                write!(f, "the host name `{}` has an `xn--` label that encodes no name", quoted(text))
            }
            Self::Address { text } => write!(
                f,
                "expected a host name, got the IP address `{}`: certificates and CAA records speak of names",
                quoted(text)
            ),
            Self::EmptyLabel { at } => write!(f, "the host name has an empty label at byte {at}"),
            Self::Character { at, character } => {
                write!(
                    f,
                    "the host name has {character:?} at byte {at}, expected a letter, a digit or a hyphen"
                )
            }
            Self::Hyphen { label } => {
                write!(f, "the label `{}` of the host name begins or ends with a hyphen", quoted(label))
            }
            Self::TooLong { what, limit, got } => {
                write!(f, "the host name has a {what} of {got} bytes, {limit} are allowed")
            }
        }
    }
}

impl core::error::Error for HostError {}

/// Why a text is no target. What the text said is made inert in `Display`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TargetError {
    /// Nothing there.
    Empty,
    /// Longer than any target.
    TooLong {
        /// Bytes allowed.
        limit: usize,
        /// Bytes found.
        got: usize,
    },
    /// White space, a control or invisible character, or one that ends an address elsewhere.
    Character {
        /// Byte offset.
        at: usize,
        /// The character.
        character: char,
    },
    /// Not an id.
    Id {
        /// The text.
        text: String,
        /// What is wrong with its digits.
        error: HexError,
    },
    /// An id with neither cluster nor gateway.
    NoGateway {
        /// The id.
        id: String,
    },
    /// A cluster that is not in the built-in list.
    UnknownCluster {
        /// The name.
        name: String,
    },
    /// A gateway is named twice.
    TwoGateways,
    /// A gateway is named for a target that is not behind one.
    GatewayUnused,
    /// What stands behind the id is no port that dstack's gateway takes.
    GatewayPort {
        /// The text.
        got: String,
    },
    /// `instance:` before something that is not behind a gateway.
    NotAnInstance {
        /// The text.
        text: String,
    },
    /// An `@` with something other than an id before it.
    UserInfo {
        /// The text.
        text: String,
    },
    /// Another scheme than `https` and `ra-tls`.
    Scheme {
        /// The scheme.
        got: String,
    },
    /// A path without a scheme.
    NoScheme {
        /// The text.
        text: String,
    },
    /// `ra-tls://` without a port.
    NoPort,
    /// Not a port.
    Port {
        /// The text.
        got: String,
    },
    /// A domain with a port.
    PortOfDomain {
        /// The port.
        port: u16,
    },
    /// A name without a dot where a domain is expected.
    OneLabel {
        /// The name.
        name: String,
    },
    /// A second domain.
    SecondDomain,
    /// A `#` in a URL.
    Fragment {
        /// Byte offset.
        at: usize,
    },
    /// A segment of a path that leads elsewhere, or that servers read differently.
    PathSegment {
        /// The segment.
        segment: String,
    },
    /// A brace that is not part of `{nonce}`.
    Placeholder {
        /// Byte offset in the URL without its `{nonce}`.
        at: usize,
    },
    /// A second place for the nonce.
    SecondNonce,
    /// A place for the nonce in a target that has no endpoint.
    NonceUnused,
    /// Not the name of a host.
    Host(HostError),
    /// Not a URL.
    Url {
        /// What the parser says.
        why: String,
    },
}

impl From<HostError> for TargetError {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}

impl TargetError {
    /// What to write instead.
    #[must_use]
    pub fn next_step(&self) -> String {
        let forms = "an app id with @cluster, a gateway's address of it, a domain, an https:// URL or ra-tls://host:port";
        match self {
            Self::NoGateway { .. } | Self::UnknownCluster { .. } => {
                let clusters = Directory::built_in().clusters.iter();
                let names: Vec<&str> = clusters.map(|cluster| cluster.name.as_str()).collect();
                format!("name a cluster ({}), or any gateway with --gateway DOMAIN", names.join(", "))
            }
            Self::UserInfo { .. } => {
                "write <app id>@<cluster>; a URL with a user name in it leads to another host than it seems"
                    .to_owned()
            }
            Self::Scheme { .. } => "write https://, or ra-tls:// for a bare handshake".to_owned(),
            Self::NoScheme { .. } => "write https:// before it".to_owned(),
            Self::PortOfDomain { .. } => {
                "write an https:// URL with a path, or ra-tls://host:port".to_owned()
            }
            Self::TwoGateways => "name the gateway once: with @, --cluster or --gateway".to_owned(),
            Self::GatewayUnused => {
                "leave --cluster and --gateway away, or give the app id instead".to_owned()
            }
            Self::NonceUnused => "give the https:// URL of an endpoint that takes a nonce".to_owned(),
            _ => format!("give {forms}"),
        }
    }
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("expected a target, got nothing"),
            Self::TooLong { limit, got } => write!(f, "the target has {got} bytes, {limit} are allowed"),
            Self::Character { at, character } => {
                write!(
                    f,
                    "the target has the character {} at byte {at}, which no address has",
                    shown(*character)
                )
            }
            Self::Id { text, error } => {
                write!(f, "expected an id of 40 hex digits, got `{}`: {error}", quoted(text))
            }
            Self::NoGateway { id } => {
                write!(f, "the id {id} came without the cluster or gateway that leads to it")
            }
            Self::UnknownCluster { name } => write!(f, "there is no cluster `{}` in the list", quoted(name)),
            Self::TwoGateways => f.write_str("the gateway is named twice"),
            Self::GatewayUnused => f.write_str("a gateway is named for a target that is not behind one"),
            Self::GatewayPort { got } => {
                write!(
                    f,
                    "expected a port, with `s` or `g` behind it or not, after the id, got `{}`",
                    quoted(got)
                )
            }
            Self::NotAnInstance { text } => {
                write!(
                    f,
                    "`instance:` stands before `{}`, which names no instance behind a gateway",
                    quoted(text)
                )
            }
            Self::UserInfo { text } => write!(f, "`{}` has an `@` that follows no id", quoted(text)),
            Self::Scheme { got } => write!(f, "expected the scheme https or ra-tls, got `{}`", quoted(got)),
            Self::NoScheme { text } => write!(f, "`{}` has a path and no scheme", quoted(text)),
            Self::NoPort => f.write_str("ra-tls:// needs a port, as in ra-tls://host:443"),
            Self::Port { got } => write!(f, "expected a port from 1 to 65535, got `{}`", quoted(got)),
            Self::PortOfDomain { port } => write!(f, "a domain is reached at port 443, got port {port}"),
            Self::OneLabel { name } => write!(f, "expected a domain, got the bare name `{name}`"),
            Self::SecondDomain => f.write_str("the target names a domain already"),
            Self::Fragment { at } => {
                write!(f, "the URL has a `#` at byte {at}: nothing behind it reaches a server")
            }
            Self::PathSegment { segment } => {
                write!(
                    f,
                    "the URL has the path segment `{}`, which servers read differently",
                    quoted(segment)
                )
            }
            Self::Placeholder { at } => {
                write!(f, "the URL has a brace at byte {at} that is not part of {{nonce}}")
            }
            Self::SecondNonce => f.write_str("the URL has two places for the nonce"),
            Self::NonceUnused => f.write_str("a place for the nonce is named, but the target is no URL"),
            Self::Host(error) => error.fmt(f),
            Self::Url { why } => write!(f, "not a URL: {}", inert(why)),
        }
    }
}

impl core::error::Error for TargetError {}

fn quoted(text: &str) -> String {
    inert(&shortened(text, 96))
}

fn shown(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}
