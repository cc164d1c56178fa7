//! One attempt: a request, its redirects, the answer within its limits.

mod failure;

pub(crate) use failure::{Failure, find, innermost, io_problem, tls_problem, unresolved, via_failed};

use crate::client::Core;
use crate::error::{milliseconds, said, shown};
use crate::proxy::Via;
use crate::scope::{Chain, Scope};
use crate::{Answer, Bearer, Event, FetchError, Get, Sink, TlsProblem, guard, retry};
use core::time::Duration;
use reqwest::Response;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    WWW_AUTHENTICATE,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use url::Url;

/// Redirects that are followed.
const REDIRECTS: usize = 3;
/// Bytes of a refused answer's body that are read, to show its start.
const START: usize = 512;
/// Room that is taken for a body before any of it came.
const ROOM: usize = 64 << 10;
/// Ways to authenticate that are kept of a refusal, and bytes of each.
const CHALLENGES: usize = 4;
const CHALLENGE: usize = 2048;

/// A request on its way.
pub(crate) struct Outgoing<'a> {
    pub(crate) url: &'a Url,
    /// Body and its media type.
    pub(crate) body: Option<(&'a [u8], &'static str)>,
    pub(crate) cap: usize,
    pub(crate) accept: &'static str,
    pub(crate) types: &'static [&'static str],
    pub(crate) repeatable: bool,
    pub(crate) bearer: Option<&'a Bearer>,
    pub(crate) elsewhere: bool,
}

impl<'a> Outgoing<'a> {
    pub(crate) fn get(request: &'a Get) -> Self {
        Self {
            url: &request.url,
            body: None,
            cap: request.cap,
            accept: request.accept,
            types: request.types,
            repeatable: true,
            bearer: request.bearer.as_ref(),
            elsewhere: request.elsewhere,
        }
    }
}

/// Where a body goes.
pub(crate) enum To<'s> {
    Memory,
    Sink(&'s mut dyn Sink),
}

impl To<'_> {
    /// The same place for another attempt.
    pub(crate) fn again(&mut self) -> To<'_> {
        match self {
            Self::Memory => To::Memory,
            Self::Sink(sink) => To::Sink(&mut **sink),
        }
    }
}

/// An exchange with one server.
struct Exchange<'a> {
    core: &'a Core,
    outgoing: &'a Outgoing<'a>,
    url: Url,
    via: Option<Via>,
    scope: Scope,
    received: &'a AtomicUsize,
    /// The token, where this is the server that it is for.
    bearer: Option<&'a Bearer>,
}

pub(crate) async fn once(
    core: &Core,
    outgoing: &Outgoing<'_>,
    received: &AtomicUsize,
    to: To<'_>,
) -> Result<Answer, Failure> {
    let mut url = outgoing.url.clone();
    let mut bearer = outgoing.bearer;
    for _step in 0..=REDIRECTS {
        guard::check(&url, core.settings.allow_local)?;
        let via = core.routes.via(&url);
        let exchange = Exchange { core, outgoing, url, via, scope: Scope::default(), received, bearer };
        let response = exchange.send().await?;
        let Some(next) = exchange.redirection(&response)? else { return exchange.answer(response, to).await };
        let is_elsewhere = !guard::same_server(&exchange.url, &next);
        if is_elsewhere {
            // Who was sent away once gets no token again, not even from where it came.
            bearer = None;
        }
        let is_safe = next.scheme() == "https" || exchange.url.scheme() == next.scheme();
        let is_followed = outgoing.elsewhere && is_safe;
        if is_elsewhere && !is_followed {
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
        if let Some(bearer) = self.bearer
            && let Ok(mut value) = HeaderValue::from_str(&bearer.header())
        {
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
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
    async fn answer(&self, response: Response, to: To<'_>) -> Result<Answer, Failure> {
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
        let body = self.body(response, to).await?;
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

    async fn body(&self, mut response: Response, mut to: To<'_>) -> Result<Vec<u8>, Failure> {
        let cap = self.outgoing.cap;
        let too_large = |announced| FetchError::TooLarge { url: shown(&self.url), cap, announced };
        let announced = response.content_length();
        if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > cap)) {
            return Err(too_large(announced).into());
        }
        let mut body = Vec::with_capacity(cap.min(ROOM));
        let shown = shown(&self.url);
        let kept = |kept: Result<(), String>| {
            kept.map_err(|why| FetchError::NotKept { url: shown.clone(), why: said(&why) })
        };
        let mut came = 0_usize;
        if let To::Sink(sink) = &mut to {
            kept(sink.begin())?;
        }
        while let Some(piece) = self.piece(&mut response).await? {
            if piece.len() > cap.saturating_sub(came) {
                return Err(too_large(None).into());
            }
            match &mut to {
                To::Memory => body.extend_from_slice(&piece),
                To::Sink(sink) => kept(sink.piece(&piece))?,
            }
            came = came.saturating_add(piece.len());
            self.received.store(came, Ordering::Relaxed);
            self.core.tell(&Event::Received { url: &shown, bytes: came });
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
                let challenges = if status == 401 { challenges(&response) } else { Vec::new() };
                let start = self.start(response).await;
                Failure { asked, ..Failure::from(FetchError::Status { url, status, start, challenges }) }
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

/// How a server wants to be spoken to that refuses access (RFC 9110, section 11.6.1).
fn challenges(response: &Response) -> Vec<String> {
    let all = response.headers().get_all(WWW_AUTHENTICATE).iter();
    let texts = all.filter_map(|value| value.to_str().ok()).filter(|text| text.len() <= CHALLENGE);
    texts.take(CHALLENGES).map(ToOwned::to_owned).collect()
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
