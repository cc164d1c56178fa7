//! Names to addresses, once for each connection.
//!
//! The addresses that are judged here are the ones connected to: nothing resolves the name again between the check
//! and the connection, so that a name whose answer changes (DNS rebinding) gains nothing.

use crate::scope::Scope;
use crate::{AddressRange, address, guard};
use core::future::Future;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::pin::Pin;
use std::io;
use std::sync::Arc;

/// Addresses of one name that are tried at most.
const ADDRESSES: usize = 16;

/// The answer of a resolver.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Finds the addresses of a name.
pub trait Resolver: Send + Sync {
    /// All addresses of a name.
    fn resolve(&self, host: &str) -> Resolving;
}

/// The resolver of the operating system.
pub(crate) struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: &str) -> Resolving {
        let host = host.to_owned();
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((host, 0)).await?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }
}

/// Why a name led nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unresolved {
    /// Every address is refused; this is the first.
    Refused(IpAddr, AddressRange),
    /// No address, and what the resolver said.
    NotFound(String, String),
}

impl core::fmt::Display for Unresolved {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Refused(address, range) => write!(f, "{address} is {range}"),
            Self::NotFound(host, why) => write!(f, "no address for {host}: {why}"),
        }
    }
}

impl core::error::Error for Unresolved {}

/// Whose names are resolved.
#[derive(Clone)]
pub(crate) struct Guarded {
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) allow_local: bool,
}

impl Guarded {
    /// The addresses of a name that may be connected to: at least one.
    pub(crate) async fn permitted(&self, host: &str) -> Result<Vec<IpAddr>, Unresolved> {
        let all = if guard::is_localhost(host) {
            vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
        } else {
            all_addresses(&*self.resolver, host).await?
        };
        let mut first_refused = None;
        let mut permitted = Vec::new();
        for address in all {
            match address::refused(address, self.allow_local) {
                Some(range) => first_refused = first_refused.or(Some((address, range))),
                None => permitted.push(address),
            }
        }
        match first_refused {
            Some((address, range)) if permitted.is_empty() => Err(Unresolved::Refused(address, range)),
            _ if permitted.is_empty() => {
                Err(Unresolved::NotFound(host.to_owned(), "the answer is empty".to_owned()))
            }
            _ => Ok(permitted),
        }
    }
}

async fn all_addresses(resolver: &dyn Resolver, host: &str) -> Result<Vec<IpAddr>, Unresolved> {
    let mut addresses = resolver
        .resolve(host)
        .await
        .map_err(|error| Unresolved::NotFound(host.to_owned(), crate::error::said(&error.to_string())))?;
    addresses.truncate(ADDRESSES);
    Ok(addresses)
}

impl reqwest::dns::Resolve for Guarded {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let (guarded, scope) = (self.clone(), Scope::current());
        Box::pin(async move {
            match guarded.permitted(name.as_str()).await {
                Ok(addresses) => Ok(sockets(addresses)),
                Err(why) => {
                    scope.unresolved(&why);
                    Err(why.into())
                }
            }
        })
    }
}

/// Resolves the names of proxies, which whoever set them may keep on a private network, and nothing else.
pub(crate) struct ProxyNames {
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) names: Vec<String>,
}

impl reqwest::dns::Resolve for ProxyNames {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let known = self.names.iter().any(|known| known.eq_ignore_ascii_case(name.as_str()));
        let resolver = Arc::clone(&self.resolver);
        Box::pin(async move {
            if !known {
                let why = "a proxy resolves this name".to_owned();
                return Err(Unresolved::NotFound(name.as_str().to_owned(), why).into());
            }
            Ok(sockets(all_addresses(&*resolver, name.as_str()).await?))
        })
    }
}

/// Port 0 stands for the one of the url.
fn sockets(addresses: Vec<IpAddr>) -> reqwest::dns::Addrs {
    Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(&'static [&'static str]);

    impl Resolver for Fixed {
        fn resolve(&self, _host: &str) -> Resolving {
            let addresses = self.0.iter().map(|address| address.parse().unwrap()).collect();
            Box::pin(async move { Ok(addresses) })
        }
    }

    fn permitted(answer: &'static [&'static str]) -> Result<Vec<IpAddr>, Unresolved> {
        let guarded = Guarded { resolver: Arc::new(Fixed(answer)), allow_local: false };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(guarded.permitted("app.example"))
    }

    #[test]
    fn private_addresses_among_public_ones_are_dropped() {
        let found =
            permitted(&["10.0.0.1", "8.8.8.8", "::1", "2001:4860:4860::8888", "::ffff:127.0.0.1"]).unwrap();
        let expected: [IpAddr; 2] = ["8.8.8.8".parse().unwrap(), "2001:4860:4860::8888".parse().unwrap()];
        assert_eq!(found, expected);
    }

    #[test]
    fn only_private_addresses_are_an_error_with_the_first_of_them() {
        let error = permitted(&["169.254.169.254", "10.0.0.1"]).unwrap_err();
        assert_eq!(error, Unresolved::Refused("169.254.169.254".parse().unwrap(), AddressRange::LinkLocal));
        assert!(matches!(permitted(&[]), Err(Unresolved::NotFound(..))));
    }

    #[test]
    fn beside_a_proxy_only_the_name_of_the_proxy_is_resolved() {
        use reqwest::dns::Resolve as _;
        let names =
            ProxyNames { resolver: Arc::new(Fixed(&["10.0.0.9"])), names: vec!["proxy.corp".to_owned()] };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let resolve = |name: &str| runtime.block_on(names.resolve(name.parse().unwrap()));
        assert_eq!(resolve("Proxy.Corp").ok().unwrap().count(), 1);
        assert!(resolve("app.example").is_err());
    }
}
