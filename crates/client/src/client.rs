//! The client: settings in, answers out.

use crate::attempt::{self, Failure, Outgoing, To};
use crate::limits::Limits;
use crate::proxy::Routes;
use crate::resolver::{Guarded, ProxyNames, Resolver, SystemResolver};
use crate::{
    Answer, ClientError, Event, FetchError, Get, Post, Settings, Sink, error, guard, handshake, retry, tls,
};
use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use url::Url;

/// A client. Cheap to clone; clones share their limits.
///
/// Needs a tokio runtime with timers and sockets enabled; one thread will do. Dropping the future of a request ends
/// it and its connection. Only the operating system's resolver cannot be stopped: a runtime that is dropped waits for
/// it, unless it is shut down in the background.
#[derive(Clone)]
pub struct Client {
    core: Arc<Core>,
}

/// What the requests of a client share.
pub(crate) struct Core {
    pub(crate) settings: Settings,
    /// The way without proxy: every name is resolved by us, and judged.
    pub(crate) direct: reqwest::Client,
    /// The way through a proxy, which resolves names by itself.
    pub(crate) proxied: Option<reqwest::Client>,
    pub(crate) routes: Routes,
    pub(crate) guarded: Guarded,
    pub(crate) verified: Arc<rustls::ClientConfig>,
    pub(crate) handshake_only: Arc<rustls::ClientConfig>,
    limits: Limits,
}

impl core::fmt::Debug for Client {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Client").field("settings", &self.core.settings).finish_non_exhaustive()
    }
}

impl Client {
    /// A client with these settings.
    ///
    /// # Errors
    /// When a root is not a certificate, or the proxy or the user agent cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, ClientError> {
        Self::with_resolver(settings, Arc::new(SystemResolver))
    }

    /// As [`Self::new`], with names resolved by `resolver`; what it answers is judged all the same.
    ///
    /// # Errors
    /// As [`Self::new`].
    #[doc(hidden)]
    pub fn with_resolver(settings: &Settings, resolver: Arc<dyn Resolver>) -> Result<Self, ClientError> {
        let routes = Routes::new(&settings.proxies)?;
        let config = tls::verified(&settings.roots)?;
        let guarded = Guarded { resolver: Arc::clone(&resolver), allow_local: settings.allow_local };
        let direct = http(settings, &config)?.no_proxy().dns_resolver(guarded.clone());
        let proxies = routes.proxies();
        let proxied = if proxies.is_empty() {
            None
        } else {
            let names = proxies.iter().filter_map(Url::host_str).map(ToOwned::to_owned).collect();
            let builder = http(settings, &config)?.dns_resolver(ProxyNames { resolver, names });
            Some(build(proxy(builder, settings)?)?)
        };
        Ok(Self {
            core: Arc::new(Core {
                settings: settings.clone(),
                direct: build(direct)?,
                proxied,
                routes,
                guarded,
                verified: Arc::new(config),
                handshake_only: Arc::new(tls::handshake_only()?),
                limits: Limits::new(settings.connections),
            }),
        })
    }

    /// Asks for what is at a url.
    ///
    /// Follows up to 3 redirects within the same scheme, host and port. Repeats, within [`crate::Retries`], after
    /// status 408, 429, 500, 502, 503 and 504, when no connection can be made or it ends early, and when a name is
    /// not resolved; after nothing else.
    ///
    /// # Errors
    /// [`FetchError`]: for every answer but a whole one with status 200 within the caps.
    pub async fn get(&self, request: &Get) -> Result<Answer, FetchError> {
        self.ask(&Outgoing::get(request), To::Memory, self.core.settings.times.total).await
    }

    /// As [`Self::get`], with the body handed on as it comes; the answer's own is then empty.
    ///
    /// Beyond [`crate::Times::total`] it may take a second for each 64 KiB of the cap: a server that drips ends it all
    /// the same, and a slow line does not.
    ///
    /// # Errors
    /// As [`Self::get`], and what the sink says.
    pub async fn stream(&self, request: &Get, sink: &mut dyn Sink) -> Result<Answer, FetchError> {
        let seconds = u64::try_from(request.cap >> 16).unwrap_or(u64::MAX);
        let total = self.core.settings.times.total.saturating_add(Duration::from_secs(seconds));
        self.ask(&Outgoing::get(request), To::Sink(sink), total).await
    }

    /// Sends a body to a url. Follows no redirect. Repeats as [`Self::get`] if the request is idempotent; otherwise
    /// only where nothing was sent, because no connection could be made.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post(&self, request: &Post) -> Result<Answer, FetchError> {
        let outgoing = Outgoing {
            url: &request.url,
            body: Some((&request.body, request.content_type)),
            cap: request.cap,
            accept: request.accept,
            types: request.types,
            repeatable: request.idempotent,
            bearer: None,
            elsewhere: false,
        };
        self.ask(&outgoing, To::Memory, self.core.settings.times.total).await
    }

    /// The certificate chain (DER, leaf first) of an RA-TLS server, for which no public authority vouches.
    ///
    /// Verified is that the server holds the key of the leaf: it signed this handshake (TLS 1.2 or 1.3) with it. The
    /// chain is not judged: not its names, not its times, not its issuers. Addresses are judged as everywhere. A
    /// chain has up to 8 certificates and up to 64 KiB, which is what rustls reads.
    ///
    /// `host` is a name or an IP address; a name is sent as SNI. Errors show `https://host:port/`.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn handshake(&self, host: &str, port: u16) -> Result<Vec<Vec<u8>>, FetchError> {
        let target = handshake::Target::parse(host, port)?;
        guard::check(&target.url, self.core.settings.allow_local)?;
        let mut course = Course::new(&target.url, true);
        loop {
            let received = AtomicUsize::new(0);
            let shake = handshake::shake(&self.core, &target, &received);
            let total = self.core.settings.times.total;
            let result = self.limited(&course, &received, shake, total).await;
            if let Some(chain) = self.settle(&mut course, &received, result).await? {
                return Ok(chain);
            }
        }
    }

    async fn ask(
        &self,
        outgoing: &Outgoing<'_>,
        mut to: To<'_>,
        total: Duration,
    ) -> Result<Answer, FetchError> {
        guard::check(outgoing.url, self.core.settings.allow_local)?;
        let mut course = Course::new(outgoing.url, outgoing.repeatable);
        loop {
            let received = AtomicUsize::new(0);
            let once = attempt::once(&self.core, outgoing, &received, to.again());
            let result = self.limited(&course, &received, once, total).await;
            if let Some(answer) = self.settle(&mut course, &received, result).await? {
                return Ok(answer);
            }
        }
    }

    /// One attempt, with leave to make it and within its time. Waiting for leave takes none of that time.
    async fn limited<T>(
        &self,
        course: &Course<'_>,
        received: &AtomicUsize,
        attempt: impl Future<Output = Result<T, Failure>>,
        total: Duration,
    ) -> Result<T, Failure> {
        let _permit = self.core.limits.permit(course.url.host_str().unwrap_or_default()).await;
        self.core.tell(&Event::Started { url: &course.shown });
        tokio::time::timeout(total, attempt).await.unwrap_or_else(|_elapsed| {
            Err(Failure::from(FetchError::TookTooLong {
                url: course.shown.clone(),
                milliseconds: error::milliseconds(total),
                received: received.load(Ordering::Relaxed),
            }))
        })
    }

    /// What an attempt came to: an answer, an error, or `None` after the wait before the next attempt.
    async fn settle<T>(
        &self,
        course: &mut Course<'_>,
        received: &AtomicUsize,
        result: Result<T, Failure>,
    ) -> Result<Option<T>, FetchError> {
        let url = course.shown.as_str();
        let retries = &self.core.settings.retries;
        let failure = match result {
            Ok(answer) => {
                self.core.tell(&Event::Finished { url, bytes: received.load(Ordering::Relaxed) });
                return Ok(Some(answer));
            }
            Err(failure) => failure,
        };
        course.made = course.made.saturating_add(1);
        if course.made >= retry::attempts(retries) || !failure.is_worth_repeating(course.repeatable) {
            self.core.tell(&Event::Failed { url, error: &failure.error });
            return Err(failure.error);
        }
        let wait = retry::wait(retries, course.made, failure.asked);
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
        self.core.tell(&Event::Waiting { url, seconds, why: &failure.error });
        tokio::time::sleep(wait).await;
        Ok(None)
    }
}

/// A request and the attempts at it.
struct Course<'a> {
    url: &'a Url,
    shown: String,
    repeatable: bool,
    made: u32,
}

impl<'a> Course<'a> {
    fn new(url: &'a Url, repeatable: bool) -> Self {
        Self { url, shown: error::shown(url), repeatable, made: 0 }
    }
}

impl Core {
    pub(crate) fn tell(&self, event: &Event<'_>) {
        if let Some(observer) = &self.settings.observer {
            observer.event(event);
        }
    }
}

/// What both ways have in common.
fn http(settings: &Settings, config: &rustls::ClientConfig) -> Result<reqwest::ClientBuilder, ClientError> {
    if settings.user_agent.is_empty() || !settings.user_agent.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    {
        return Err(ClientError::UserAgent);
    }
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(config.clone())
        .https_only(!settings.allow_local)
        .http1_only()
        // One connection for each request: see `scope`. It also leaves none behind that ends unnoticed.
        .pool_max_idle_per_host(0)
        // Redirects and repetitions are ours, so that each step is judged.
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(settings.times.connect)
        .user_agent(settings.user_agent.as_str()))
}

fn proxy(
    builder: reqwest::ClientBuilder,
    settings: &Settings,
) -> Result<reqwest::ClientBuilder, ClientError> {
    match &settings.proxies {
        crate::Proxies::Fixed(url) => {
            let proxy = reqwest::Proxy::all(url.as_str())
                .map_err(|_unusable| ClientError::Proxy { proxy: error::without_credentials(url) })?;
            Ok(builder.proxy(proxy))
        }
        // The environment is what reqwest looks at by itself.
        crate::Proxies::FromEnvironment => Ok(builder),
        crate::Proxies::None => Ok(builder.no_proxy()),
    }
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, ClientError> {
    builder.build().map_err(|error| ClientError::Library { why: error::said(&attempt::innermost(&error)) })
}
