//! Answers that are no verdict, and the headers of all.

use crate::Refusal;
use crate::work::NotDone;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;
use veritee_model::text::inert_json;

/// The number of a request, on every answer.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(crate) const JSON: &str = "application/json";
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";
pub(crate) const HTML: &str = "text/html; charset=utf-8";

#[derive(Serialize)]
struct Problem<'a> {
    error: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
}

/// Why a request gets no verdict: a word that does not change, and a sentence that may.
pub(crate) fn problem(
    status: StatusCode,
    error: &'static str,
    message: &str,
    help: Option<&str>,
) -> Response {
    let problem = Problem { error, message, help };
    let text = serde_json::to_string(&problem).unwrap_or_default();
    let mut response = content(JSON, format!("{}\n", inert_json(&text)));
    *response.status_mut() = status;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// 200 with this text.
pub(crate) fn content(kind: &'static str, text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    response
}

pub(crate) fn refused(refusal: &Refusal) -> Response {
    match refusal {
        Refusal::Request { message, help } => {
            problem(StatusCode::BAD_REQUEST, "request", message, help.as_deref())
        }
        Refusal::Unknown { message } => problem(StatusCode::NOT_FOUND, "unknown", message, None),
        Refusal::Upstream { message } => problem(StatusCode::BAD_GATEWAY, "upstream", message, None),
        Refusal::Internal { message } => {
            problem(StatusCode::INTERNAL_SERVER_ERROR, "internal", message, None)
        }
    }
}

pub(crate) fn not_done(why: NotDone) -> Response {
    match why {
        NotDone::Busy => problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "too many requests wait already",
            Some("ask again later"),
        ),
        NotDone::TooLong => problem(
            StatusCode::GATEWAY_TIMEOUT,
            "too-long",
            "there was no verdict within the time for one",
            Some("`veritee verify` has no such limit"),
        ),
        NotDone::Failed => {
            problem(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the verification came to grief", None)
        }
    }
}
