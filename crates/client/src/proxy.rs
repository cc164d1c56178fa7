//! Which way a request takes.
//!
//! The rules are those of the library that reqwest uses, read from the same place at the same moment; they are asked
//! here too, because a name is resolved by us on the direct way and by the proxy on the other.

use crate::error::without_credentials;
use crate::{ClientError, Proxies};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
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
    /// For a proxy that is neither `http:` nor `https:`.
    pub(crate) fn new(proxies: &Proxies) -> Result<Self, ClientError> {
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

fn address(intercept: &Intercept) -> Option<Url> {
    Url::parse(&intercept.uri().to_string()).ok()
}
