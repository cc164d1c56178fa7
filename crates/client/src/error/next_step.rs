//! What a person can do about an error.

use super::{FetchError, TlsProblem};

impl FetchError {
    /// What to do next: one line, without full stop.
    #[must_use]
    pub fn next_step(&self) -> String {
        match self {
            Self::BadUrl { .. } => {
                "give an https url with a host and without user name or password".to_owned()
            }
            Self::NotHttps { .. } => "use https; http is accepted for a loopback address only, where local \
                                      addresses are allowed"
                .to_owned(),
            Self::RefusedAddress { .. } => {
                "give a host on the public internet, or allow local addresses if this one is meant".to_owned()
            }
            Self::NotResolved { .. } => "check the name and this machine's DNS".to_owned(),
            Self::Connect { .. } => {
                "check that the server is up, and whether a firewall or proxy (HTTPS_PROXY) stands between"
                    .to_owned()
            }
            Self::Tls { problem, .. } => tls(problem).to_owned(),
            Self::Proxy { .. } => "check HTTPS_PROXY, its user name and password, and NO_PROXY".to_owned(),
            Self::RedirectElsewhere { to, .. } => {
                format!("look whether the service moved; if {to} is to be trusted, ask it directly")
            }
            Self::TooManyRedirects { .. } => "ask the url at the end of the redirects".to_owned(),
            Self::TooLarge { .. } => {
                "check that the url is right: what it serves is never this large".to_owned()
            }
            Self::Truncated { .. } | Self::Stalled { .. } | Self::TookTooLong { .. } => {
                "try again; if it happens again, the server or the way to it is at fault".to_owned()
            }
            Self::Status { status: 401 | 403, .. } => {
                "the server refuses access: check the url, and whether it asks for a key".to_owned()
            }
            Self::Status { status: 404 | 410, .. } => {
                "check the url: the server has nothing there".to_owned()
            }
            Self::Status { .. } if self.retryable() => "try again later".to_owned(),
            Self::Status { .. } => "check the url and what the server says".to_owned(),
            Self::RetryAfterTooLong { seconds, .. } => format!("try again in {seconds} s"),
            Self::WrongType { .. } => {
                "check that the url is that of the service, not of a page about it".to_owned()
            }
            Self::NotKept { .. } => "check the disk and the folder that is written to".to_owned(),
            Self::Broken { .. } => "check that the port speaks HTTP over TLS, then try again".to_owned(),
        }
    }
}

const fn tls(problem: &TlsProblem) -> &'static str {
    match problem {
        TlsProblem::UnknownIssuer => {
            "if the server has an authority of its own, name its root; behind a proxy that opens TLS, that proxy's"
        }
        TlsProblem::Expired | TlsProblem::NotYetValid => {
            "check this machine's clock; if it is right, the server must renew its certificate"
        }
        TlsProblem::WrongName => "check the host name: another server answers for it",
        TlsProblem::KeyNotProven => "do not use this server: somebody else's certificate is shown",
        _ => "check that the port speaks TLS 1.2 or 1.3",
    }
}
