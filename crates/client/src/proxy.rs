//! Which way a request takes.
//!
//! The rules are those of the library that reqwest uses, read from the same place at the same moment; they are asked
//! here too, because a name is resolved by us on the direct way and by the proxy on the other.

use crate::error::without_credentials;
use crate::{ClientError, Proxies};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use std::ffi::OsString;
use url::Url;

pub(crate) struct Routes {
    matcher: Matcher,
}

/// A proxy on the way.
pub(crate) struct Via {
    /// Scheme, host and port.
    pub(crate) proxy: Url,
    /// `Proxy-Authorization`, if it wants one.
    pub(crate) authorization: Option<Vec<u8>>,
}

impl Routes {
    /// # Errors
    /// For a proxy that is neither `http:` nor `https:`, or that cannot be read.
    pub(crate) fn new(proxies: &Proxies) -> Result<Self, ClientError> {
        if *proxies == Proxies::FromEnvironment {
            environment(|name| std::env::var_os(name))?;
        }
        let matcher = match proxies {
            Proxies::None => Matcher::builder().build(),
            Proxies::FromEnvironment => Matcher::from_system(),
            Proxies::Fixed(url) => Matcher::builder().all(url.as_str()).build(),
        };
        let routes = Self { matcher };
        for proxy in routes.proxies() {
            if !matches!(proxy.scheme(), "http" | "https") {
                return Err(ClientError::Proxy { proxy: without_credentials(&proxy) });
            }
        }
        if let (Proxies::Fixed(url), true) = (proxies, routes.proxies().is_empty()) {
            return Err(ClientError::Proxy { proxy: without_credentials(url) });
        }
        Ok(routes)
    }

    /// The proxy for a url; `None` for the direct way.
    pub(crate) fn via(&self, url: &Url) -> Option<Via> {
        // The type is named by what `intercept` takes.
        let target = url.as_str().parse().ok()?;
        let intercept = self.matcher.intercept(&target)?;
        Some(Via {
            proxy: address(&intercept)?,
            authorization: intercept.basic_auth().map(|value| value.as_bytes().to_vec()),
        })
    }

    /// Every proxy that some url may take.
    pub(crate) fn proxies(&self) -> Vec<Url> {
        let probes = ["https://proxied.invalid/", "http://proxied.invalid/"];
        probes
            .iter()
            .filter_map(|probe| self.matcher.intercept(&probe.parse().ok()?))
            .filter_map(|intercept| address(&intercept))
            .collect()
    }
}

/// That every proxy which the environment names can be used. The library passes over one that it cannot read, and the
/// request would go out directly, which nobody wants who names a proxy.
fn environment(value: impl Fn(&str) -> Option<OsString>) -> Result<(), ClientError> {
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        let Some(value) = value(name).filter(|value| !value.is_empty()) else { continue };
        // Read as the library reads it: what it cannot read it passes over.
        let read = |text: &str| {
            let probe = "https://proxied.invalid/".parse().ok()?;
            address(&Matcher::builder().all(text).build().intercept(&probe)?)
        };
        // `http:` is a scheme without a host, which the library reads as the host `http` without a port.
        let named = value.to_str().filter(|text| !text.trim_end_matches('/').ends_with(':'));
        let proxy = named.and_then(read);
        let usable = proxy.is_some_and(|proxy| matches!(proxy.scheme(), "http" | "https"));
        if !usable {
            return Err(ClientError::ProxyUnreadable { name: name.to_owned() });
        }
    }
    Ok(())
}

fn address(intercept: &Intercept) -> Option<Url> {
    Url::parse(&intercept.uri().to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &'static str, value: &'static str) -> Result<(), ClientError> {
        environment(|asked| (asked == name).then(|| OsString::from(value)))
    }

    #[test]
    fn a_proxy_of_the_environment_that_cannot_be_used_is_an_error_and_never_passed_over() {
        for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            for value in
                ["garbage://", "socks5://127.0.0.1:1", "ftp://a/", "http://", "/", "a b", "http://[", "http:"]
            {
                let error = set(name, value).unwrap_err();
                assert_eq!(error, ClientError::ProxyUnreadable { name: name.to_owned() }, "{value}");
            }
            for value in
                ["", "http://127.0.0.1:8080", "https://u:p@proxy.example", "proxy.example:3128", "proxy"]
            {
                assert_eq!(set(name, value), Ok(()), "{name} {value}");
            }
        }
    }

    #[test]
    fn a_proxy_whose_name_is_no_text_is_an_error() {
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStringExt as _;
            let value = || Some(OsString::from_vec(vec![0xff]));
            assert!(environment(|name| if name == "HTTPS_PROXY" { value() } else { None }).is_err());
        }
    }
}
