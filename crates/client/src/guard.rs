//! What is refused before anything is sent.

use crate::error::shown;
use crate::{AddressRange, FetchError, URL_CAP, UrlProblem, address};
use core::net::IpAddr;
use url::{Host, Url};

/// Refuses a url that must not be asked. Names are judged again when they are resolved.
///
/// # Errors
/// [`FetchError::BadUrl`], [`FetchError::NotHttps`], or the range of an address that is refused.
pub fn check(url: &Url, allow_local: bool) -> Result<(), FetchError> {
    let bad = |problem| Err(FetchError::BadUrl { url: shown(url), problem });
    if url.as_str().len() > URL_CAP {
        return bad(UrlProblem::TooLong);
    }
    if !matches!(url.scheme(), "https" | "http") {
        return bad(UrlProblem::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return bad(UrlProblem::Credentials);
    }
    if url.port() == Some(0) {
        return bad(UrlProblem::Port);
    }
    let Some(host) = url.host() else { return bad(UrlProblem::NoHost) };
    if url.scheme() == "http" && !(allow_local && is_this_machine(&host)) {
        return Err(FetchError::NotHttps { url: shown(url) });
    }
    check_host(&host, allow_local, &shown(url))
}

/// Refuses a host that is known not to be public without asking anyone.
pub(crate) fn check_host<S: AsRef<str>>(
    host: &Host<S>,
    allow_local: bool,
    url: &str,
) -> Result<(), FetchError> {
    let (address, range) = match host {
        Host::Domain(name) if is_localhost(name.as_ref()) => {
            (None, (!allow_local).then_some(AddressRange::Loopback))
        }
        Host::Domain(_) => return Ok(()),
        Host::Ipv4(v4) => (Some(IpAddr::V4(*v4)), address::refused(IpAddr::V4(*v4), allow_local)),
        Host::Ipv6(v6) => (Some(IpAddr::V6(*v6)), address::refused(IpAddr::V6(*v6), allow_local)),
    };
    match range {
        Some(range) => Err(FetchError::RefusedAddress { url: url.to_owned(), address, range }),
        None => Ok(()),
    }
}

/// `localhost` and the names below it, which mean this machine whatever a resolver says (RFC 6761, section 6.3).
pub(crate) fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or(name);
    last.eq_ignore_ascii_case("localhost")
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => is_localhost(name),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Whether two urls lead to the same server: scheme, host and port.
pub(crate) fn same_server(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
}
