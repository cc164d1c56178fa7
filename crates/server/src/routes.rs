//! The routes.

use crate::activity::Activity;
use crate::batch::Batch;
use crate::front::{Outcome, Shared};
use crate::query::{self, Form};
use crate::reply::{HTML, JSON, TEXT, content, not_done, problem, refused};
use crate::verifier::Judged;
use crate::{Answer, OPENAPI, Refusal, body};
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use std::sync::Arc;
use veritee_model::text::inert_json;
use veritee_report::HumanOptions;

type Common = State<Arc<Shared>>;

/// Every route by the name that logs and counters know it by.
pub(crate) const ROUTES: [&str; 16] = [
    "/",
    "/verify",
    "/health",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/v1/verify",
    "/v1/quote",
    "/v1/audit",
    "/v1/batch",
    "/v1/collateral",
    "/v1/explain/{word}",
    "/v1/schemas",
    "/v1/schemas/{name}",
    "/v1/version",
    "other",
];

/// The route of a path. A client's words are never a label.
pub(crate) fn label(path: &str) -> &'static str {
    let within =
        |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && !rest.contains('/'));
    match path {
        _ if within("/v1/explain/") => "/v1/explain/{word}",
        _ if within("/v1/schemas/") => "/v1/schemas/{name}",
        path => ROUTES.iter().copied().find(|route| *route == path).unwrap_or("other"),
    }
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/verify", post(verify_as_dstack))
        .route("/health", get(health))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(|| async { content(JSON, OPENAPI) }))
        .route("/v1/verify", post(verify))
        .route("/v1/quote", post(quote))
        .route("/v1/audit", post(audit))
        .route("/v1/batch", post(batch))
        .route("/v1/collateral", get(collateral))
        .route("/v1/explain/{word}", get(explain))
        .route("/v1/schemas", get(schemas))
        .route("/v1/schemas/{name}", get(schema))
        .route("/v1/version", get(version))
        .fallback(|| async {
            problem(
                StatusCode::NOT_FOUND,
                "unknown",
                "there is nothing at this path",
                Some("GET /openapi.json lists the paths"),
            )
        })
        .method_not_allowed_fallback(|| async {
            problem(
                StatusCode::METHOD_NOT_ALLOWED,
                "method",
                "this path has no such method",
                Some("GET /openapi.json lists the methods"),
            )
        })
        .with_state(shared)
}

/// The body of a request, within the limits.
async fn taken(shared: &Shared, request: Request) -> Result<Vec<u8>, Response> {
    let limits = &shared.settings.limits;
    let activity = request.extensions().get::<Activity>().cloned().unwrap_or_else(Activity::new);
    body::read(request.into_body(), limits.body_bytes, limits.body_time, &activity).await
}

/// A report for a body, when its turn comes.
async fn judged(
    shared: &Arc<Shared>,
    request: Request,
    work: impl FnOnce(&Shared, &[u8]) -> Result<Judged, Refusal> + Send + 'static,
) -> Result<Result<Judged, Refusal>, Response> {
    // Before the body is read: whoever is turned away has not sent it in vain.
    if shared.work.is_full() {
        return Err(not_done(crate::work::NotDone::Busy));
    }
    let bytes = taken(shared, request).await?;
    let own = Arc::clone(shared);
    shared.work.run(move || work(&own, &bytes)).await.map_err(not_done)
}

fn shown(judged: &Result<Judged, Refusal>, form: Form) -> Response {
    let judged = match judged {
        Ok(judged) => judged,
        Err(refusal) => return refused(refusal),
    };
    let report = &judged.report;
    let mut response = match form {
        Form::Json => content(JSON, veritee_report::json(report)),
        Form::Markdown => content("text/markdown; charset=utf-8", veritee_report::markdown(report)),
        Form::Sarif => content("application/sarif+json", veritee_report::sarif(report)),
        Form::Human => content(TEXT, veritee_report::human(report, &HumanOptions::default())),
        Form::Html => {
            let mut response = content(HTML, veritee_report::html(report));
            // The page has no script; its style stands in it.
            let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
                          base-uri 'none'; frame-ancestors 'none'";
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
            response
        }
    };
    response.extensions_mut().insert(Outcome(report.verdict.outcome));
    response
}

async fn verify(State(shared): Common, uri: Uri, request: Request) -> Response {
    let (ask, form) = match query::verify(&uri) {
        Ok(asked) => asked,
        Err(refusal) => return refused(&refusal),
    };
    let judged = judged(&shared, request, move |shared, bytes| shared.verifier.verify(bytes, &ask)).await;
    judged.map_or_else(|response| response, |judged| shown(&judged, form))
}

async fn quote(State(shared): Common, uri: Uri, request: Request) -> Response {
    let form = match query::shown(&uri) {
        Ok(form) => form,
        Err(refusal) => return refused(&refusal),
    };
    let judged = judged(&shared, request, |shared, bytes| shared.verifier.quote(bytes)).await;
    judged.map_or_else(|response| response, |judged| shown(&judged, form))
}

async fn audit(State(shared): Common, uri: Uri, request: Request) -> Response {
    let form = match query::shown(&uri) {
        Ok(form) => form,
        Err(refusal) => return refused(&refusal),
    };
    let judged = judged(&shared, request, |shared, bytes| shared.verifier.audit(bytes)).await;
    judged.map_or_else(|response| response, |judged| shown(&judged, form))
}

/// dstack-verifier's own: any content type, and 200 for whatever is JSON.
async fn verify_as_dstack(State(shared): Common, request: Request) -> Response {
    let judged = judged(&shared, request, |shared, bytes| {
        // What is no JSON object is told apart before it is looked for evidence.
        type Members = std::collections::BTreeMap<String, serde::de::IgnoredAny>;
        match serde_json::from_slice::<Members>(bytes) {
            Ok(_) => shared.verifier.verify(bytes, &crate::Ask::default()),
            Err(error) => Err(Refusal::Unknown { message: format!("expected a JSON object: {error}") }),
        }
    });
    let (answer, outcome) = match judged.await {
        Ok(Ok(judged)) => (crate::answer(&judged), Some(judged.report.verdict.outcome)),
        Ok(Err(Refusal::Unknown { message })) => {
            let message = veritee_model::text::inert(&message);
            return problem(StatusCode::BAD_REQUEST, "request", &message, None);
        }
        Ok(Err(Refusal::Request { message, .. } | Refusal::Upstream { message })) => {
            (Answer::none(&message), None)
        }
        Ok(Err(refusal @ Refusal::Internal { .. })) => return refused(&refusal),
        Err(response) => return response,
    };
    let text = serde_json::to_string(&answer).unwrap_or_default();
    let mut response = content(JSON, inert_json(&text));
    if let Some(outcome) = outcome {
        response.extensions_mut().insert(Outcome(outcome));
    }
    response
}

async fn batch(State(shared): Common, uri: Uri, request: Request) -> Response {
    if let Err(refusal) = query::none(&uri) {
        return refused(&refusal);
    }
    let Ok(place) = Arc::clone(&shared.batches).try_acquire_owned() else {
        return not_done(crate::work::NotDone::Busy);
    };
    let batch = Batch {
        verifier: Arc::clone(&shared.verifier),
        work: shared.work.clone(),
        limits: shared.settings.limits,
        metrics: Arc::clone(&shared.metrics),
        activity: request.extensions().get::<Activity>().cloned().unwrap_or_else(Activity::new),
        place,
    };
    content("application/jsonl", batch.start(request.into_body()))
}

async fn collateral(State(shared): Common, uri: Uri) -> Response {
    let platform = match query::platform(&uri) {
        Ok(platform) => platform,
        Err(refusal) => return refused(&refusal),
    };
    let own = Arc::clone(&shared);
    match shared.work.run(move || own.verifier.collateral(&platform)).await {
        Ok(Ok(document)) => content(JSON, document),
        Ok(Err(refusal)) => refused(&refusal),
        Err(why) => not_done(why),
    }
}

async fn explain(State(shared): Common, Path(word): Path<String>) -> Response {
    match shared.verifier.explain(&word) {
        Ok(text) => content("text/markdown; charset=utf-8", text),
        Err(refusal) => refused(&refusal),
    }
}

async fn schemas(State(shared): Common) -> Response {
    content(JSON, serde_json::json!(shared.verifier.schemas()).to_string())
}

async fn schema(State(shared): Common, Path(name): Path<String>) -> Response {
    match shared.verifier.schema(&name) {
        Some(text) => content("application/schema+json", text),
        None => refused(&Refusal::Unknown { message: "no schema has this name".to_owned() }),
    }
}

async fn version() -> Response {
    content(JSON, serde_json::json!({"name": "veritee", "version": env!("CARGO_PKG_VERSION")}).to_string())
}

/// As dstack-verifier answers it: clients that wait for it compare.
async fn health() -> Response {
    content(JSON, r#"{"status":"ok","service":"dstack-verifier"}"#)
}

async fn ready(State(shared): Common) -> Response {
    if shared.work.is_full() {
        return not_done(crate::work::NotDone::Busy);
    }
    match shared.verifier.ready() {
        Ok(()) => content(JSON, r#"{"ready":true}"#),
        Err(why) => problem(StatusCode::SERVICE_UNAVAILABLE, "not-ready", &why, None),
    }
}

async fn metrics(State(shared): Common) -> Response {
    content("text/plain; version=0.0.4; charset=utf-8", shared.metrics.text(shared.work.load()))
}

const FRONT_PAGE: &str = include_str!("page.html");

async fn page(State(shared): Common) -> Response {
    match &shared.settings.page {
        Some(page) => {
            let mut response = content(HTML, page.html.clone());
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, page.policy.clone());
            response
        }
        None => {
            let mut response = content(HTML, FRONT_PAGE);
            let policy = "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
            response
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described_and_every_path_has_its_own_name() {
        let document: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
        let described = document["paths"].as_object().unwrap();
        for route in ROUTES {
            assert!(route == "other" || described.contains_key(route), "{route}");
        }
        for path in described.keys() {
            assert_eq!(label(&path.replace("{word}", "x").replace("{name}", "y")), path);
        }
        for path in ["/v1/explain/", "/v1/explain/a/b", "/v1", "/health/", "", "/v1/schemas/../x"] {
            assert_eq!(label(path), "other", "{path}");
        }
    }
}
