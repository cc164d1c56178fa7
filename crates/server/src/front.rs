//! What every request passes: a number, who asks, from where, and one line in the log.

use crate::activity::Activity;
use crate::body::Tracked;
use crate::metrics::{Metrics, word};
use crate::reply::{REQUEST_ID, problem};
use crate::work::Work;
use crate::{Settings, Verifier};
use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use axum::response::Response;
use core::convert::Infallible;
use core::sync::atomic::{AtomicU64, Ordering};
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Semaphore;
use veritee_model::VerdictOutcome;

/// Everything that requests share.
pub(crate) struct Shared {
    pub(crate) verifier: Arc<dyn Verifier>,
    pub(crate) settings: Settings,
    pub(crate) work: Work,
    pub(crate) batches: Arc<Semaphore>,
    pub(crate) metrics: Arc<Metrics>,
    numbers: AtomicU64,
}

/// The outcome of a single verdict, on its way to the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome(pub(crate) VerdictOutcome);

impl Shared {
    pub(crate) fn new(settings: Settings, verifier: Arc<dyn Verifier>) -> Self {
        Self {
            work: Work::new(&settings.limits),
            batches: Arc::new(Semaphore::new(settings.limits.batches)),
            metrics: Arc::new(Metrics::default()),
            numbers: AtomicU64::new(0),
            settings,
            verifier,
        }
    }

    /// One request from its head to the head of its answer.
    pub(crate) async fn answer(
        self: Arc<Self>,
        router: Router,
        activity: Activity,
        request: Request<Incoming>,
    ) -> Result<Response, Infallible> {
        let started = Instant::now();
        activity.busy(true);
        let number = self.numbers.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let route = crate::routes::label(request.uri().path());
        let method = request.method().clone();
        let mut response = match self.turned_away(&request, route) {
            Some(response) => response,
            None => {
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(activity.clone());
                let Ok(response) = TowerToHyperService::new(router).call(request).await;
                response
            }
        };
        if let Ok(number) = HeaderValue::from_str(&number.to_string()) {
            response.headers_mut().insert(REQUEST_ID, number);
        }
        let status = response.status();
        let elapsed = started.elapsed();
        self.metrics.answered(route, status.as_u16(), elapsed);
        let outcome = response.extensions().get::<Outcome>().map(|Outcome(outcome)| *outcome);
        if let Some(outcome) = outcome {
            self.metrics.verdict(outcome);
        }
        if let Some(log) = &self.settings.log {
            let outcome = outcome.map_or("-", word);
            let method = known(&method);
            log(&format!(
                "request {number} {method} {route} {} {} ms {outcome}",
                status.as_u16(),
                elapsed.as_millis()
            ));
        }
        Ok(response.map(|body| Body::new(Tracked::new(body, activity))))
    }

    /// Why a request is not even looked at.
    fn turned_away(&self, request: &Request<Incoming>, route: &'static str) -> Option<Response> {
        let headers = request.headers();
        if is_foreign(headers) {
            let message = "the request comes from a page of another origin";
            return Some(problem(StatusCode::FORBIDDEN, "origin", message, None));
        }
        // The page is the same for everybody, and a browser that opens it has no token.
        let page = route == "/" && self.settings.page.is_some();
        let open = page || matches!(route, "/health" | "/readyz");
        let tokens = self.settings.tokens.as_ref().filter(|_| !open)?;
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let (first, second) = (given.next(), given.next());
        if second.is_none() && tokens.admits(first.map(HeaderValue::as_bytes)) {
            return None;
        }
        let message = "expected `Authorization: Bearer TOKEN` with a token that is known here";
        Some(problem(StatusCode::UNAUTHORIZED, "token", message, None))
    }
}

/// A page elsewhere can make a browser send a body here, whatever its type: browsers then name the page's origin.
fn is_foreign(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let own = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let origin = origin.to_str().unwrap_or_default();
    let named = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    own.is_empty() || named != Some(own)
}

/// Methods that HTTP names; any other is a client's text.
const fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}
