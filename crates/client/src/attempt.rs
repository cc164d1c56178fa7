//! One attempt: a request, its redirects, the answer within its limits.

mod failure;

pub(crate) use failure::{Failure, find, innermost, io_problem, tls_problem, unresolved, via_failed};

use crate::client::Core;
use crate::error::{milliseconds, said, shown};
use crate::proxy::Via;
use crate::scope::{Chain, Scope};
use crate::{Answer, Event, FetchError, TlsProblem, guard, retry};
use core::time::Duration;
use reqwest::Response;
use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, LOCATION};
use std::sync::atomic::{AtomicUsize, Ordering};
use url::Url;

/// Redirects that are followed.
const REDIRECTS: usize = 3;
/// Bytes of a refused answer's body that are read, to show its start.
const START: usize = 512;
/// Room that is taken for a body before any of it came.
const ROOM: usize = 64 << 10;

/// A request on its way.
pub(crate) struct Outgoing<'a> {
    pub(crate) url: &'a Url,
    /// Body and its media type.
    pub(crate) body: Option<(&'a [u8], &'static str)>,
    pub(crate) cap: usize,
    pub(crate) accept: &'static str,
    pub(crate) types: &'static [&'static str],
    pub(crate) repeatable: bool,
}

/// An exchange with one server.
struct Exchange<'a> {
    core: &'a Core,
    outgoing: &'a Outgoing<'a>,
    url: Url,
    via: Option<Via>,
    scope: Scope,
    received: &'a AtomicUsize,
}

pub(crate) async fn once(
    core: &Core,
    outgoing: &Outgoing<'_>,
    received: &AtomicUsize,
) -> Result<Answer, Failure> {
    let mut url = outgoing.url.clone();
    for _step in 0..=REDIRECTS {
        guard::check(&url, core.settings.allow_local)?;
        let via = core.routes.via(&url);
        let exchange = Exchange { core, outgoing, url, via, scope: Scope::default(), received };
        let response = exchange.send().await?;
        let Some(next) = exchange.redirection(&response)? else { return exchange.answer(response).await };
        if !guard::same_server(&exchange.url, &next) {
            return Err(FetchError::RedirectElsewhere { url: shown(&exchange.url), to: shown(&next) }.into());
        }
        url = next;
    }
    Err(FetchError::TooManyRedirects { url: shown(outgoing.url), limit: REDIRECTS }.into())
}

impl Exchange<'_> {
    /// Sends the request; back with the head of the answer.
    async fn send(&self) -> Result<Response, Failure> {
        let times = &self.core.settings.times;
        let way = self.via.as_ref().and(self.core.proxied.as_ref()).unwrap_or(&self.core.direct);
        let mut request = match self.outgoing.body {
            None => way.get(self.url.clone()),
            Some((body, content_type)) => {
                way.post(self.url.clone()).header(CONTENT_TYPE, content_type).body(body.to_vec())
            }
        };
        request = request.header(ACCEPT, self.outgoing.accept);
        let limit = times.connect.saturating_add(times.stall);
        match tokio::time::timeout(limit, self.scope.run(request.send())).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => {
                Err(failure::sending(&error, &self.url, self.via.as_ref(), &self.scope, times.connect))
            }
            Err(_elapsed) => Err(self.stalled(limit)),
        }
    }

    /// Where a redirect leads; `None` for any other answer.
    fn redirection(&self, response: &Response) -> Result<Option<Url>, Failure> {
        let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
        if !is_redirect || self.outgoing.body.is_some() {
            return Ok(None);
        }
        let Some(location) = text(response, &LOCATION) else { return Ok(None) };
        match self.url.join(location) {
            Ok(next) => Ok(Some(next)),
            Err(_unreadable) => {
                Err(self.broken(format!("redirected to `{}`, which is not a url", said(location))))
            }
        }
    }

    /// Judges the head, then reads the body.
    async fn answer(&self, response: Response) -> Result<Answer, Failure> {
        let status = response.status().as_u16();
        if status != 200 {
            return Err(self.refused_status(status, response).await);
        }
        let encoding = response.headers().get(CONTENT_ENCODING);
        if encoding.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(self.broken("it is compressed, which was not asked for".to_owned()));
        }
        if !self.is_expected_type(&response) {
            let found = response.headers().get(CONTENT_TYPE);
            let found = found.map(|value| said(&String::from_utf8_lossy(value.as_bytes())));
            let (url, expected) = (shown(&self.url), self.outgoing.types);
            let start = self.start(response).await;
            return Err(FetchError::WrongType { url, found, expected, start }.into());
        }
        let headers = headers(&response);
        let body = self.body(response).await?;
        let served = self.served()?;
        Ok(Answer { url: self.url.clone(), status, body, headers, served })
    }

    /// The chain of this connection. It is there, or the answer is worth nothing.
    fn served(&self) -> Result<Option<Chain>, Failure> {
        if self.url.scheme() != "https" {
            return Ok(None);
        }
        let name = self.url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let lost = || {
            let problem = TlsProblem::Other("no chain was verified on this connection".to_owned());
            FetchError::Tls { url: shown(&self.url), problem }
        };
        Ok(Some(self.scope.chain(name).ok_or_else(lost)?))
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Failure> {
        let cap = self.outgoing.cap;
        let too_large = |announced| FetchError::TooLarge { url: shown(&self.url), cap, announced };
        let announced = response.content_length();
        if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > cap)) {
            return Err(too_large(announced).into());
        }
        let mut body = Vec::with_capacity(cap.min(ROOM));
        let shown = shown(&self.url);
        while let Some(piece) = self.piece(&mut response).await? {
            if piece.len() > cap.saturating_sub(body.len()) {
                return Err(too_large(None).into());
            }
            body.extend_from_slice(&piece);
            self.received.store(body.len(), Ordering::Relaxed);
            self.core.tell(&Event::Received { url: &shown, bytes: body.len() });
        }
        Ok(body)
    }

    /// The next part of the body, waited for no longer than [`crate::Times::stall`].
    async fn piece(
        &self,
        response: &mut Response,
    ) -> Result<Option<impl AsRef<[u8]> + core::ops::Deref<Target = [u8]> + use<>>, Failure> {
        let stall = self.core.settings.times.stall;
        match tokio::time::timeout(stall, response.chunk()).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(error)) => Err(failure::reading(&error, &self.url, self.received.load(Ordering::Relaxed))),
            Err(_elapsed) => Err(self.stalled(stall)),
        }
    }

    async fn refused_status(&self, status: u16, response: Response) -> Failure {
        let url = shown(&self.url);
        let retries = &self.core.settings.retries;
        let asked = if retry::is_passing(status) {
            let (after, date) = (HeaderName::from_static("retry-after"), HeaderName::from_static("date"));
            retry::asked(text(&response, &after), text(&response, &date))
        } else {
            None
        };
        match asked {
            Some(wait) if wait > retries.longest_wait => {
                let (seconds, longest) = (wait.as_secs(), retries.longest_wait.as_secs());
                FetchError::RetryAfterTooLong { url, status, seconds, longest }.into()
            }
            _ => {
                let start = self.start(response).await;
                Failure { asked, ..Failure::from(FetchError::Status { url, status, start }) }
            }
        }
    }

    /// The start of a refused answer's body, as far as it comes.
    async fn start(&self, mut response: Response) -> String {
        let mut start = Vec::new();
        while start.len() < START {
            let Ok(Some(piece)) = self.piece(&mut response).await else { break };
            start.extend(piece.iter().take(START));
        }
        said(&String::from_utf8_lossy(&start))
    }

    fn is_expected_type(&self, response: &Response) -> bool {
        let types = self.outgoing.types;
        let media_type =
            text(response, &CONTENT_TYPE).and_then(|value| value.split(';').next()).map(str::trim);
        types.is_empty()
            || media_type
                .is_some_and(|found| types.iter().any(|expected| expected.eq_ignore_ascii_case(found)))
    }

    fn stalled(&self, silence: Duration) -> Failure {
        let received = self.received.load(Ordering::Relaxed);
        FetchError::Stalled { url: shown(&self.url), milliseconds: milliseconds(silence), received }.into()
    }

    fn broken(&self, why: String) -> Failure {
        FetchError::Broken { url: shown(&self.url), why }.into()
    }
}

/// A header that came once, in visible ASCII.
fn text<'a>(response: &'a Response, name: &HeaderName) -> Option<&'a str> {
    let mut values = response.headers().get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() { None } else { first.to_str().ok() }
}

/// The headers in visible ASCII; one with another value is left out with all of its name.
fn headers(response: &Response) -> Vec<(String, String)> {
    let all = response.headers();
    let readable = |name: &HeaderName| all.get_all(name).iter().all(|value| value.to_str().is_ok());
    all.iter()
        .filter(|(name, _)| readable(name))
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect()
}
