//! Bodies: read within a size and a time, and written piece by piece.

use crate::activity::Activity;
use crate::reply::problem;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use http_body_util::BodyExt as _;
use hyper::body::{Body as HttpBody, Bytes, Frame};
use tokio::sync::mpsc;

/// How much, and how long, is read and thrown away of a body that is too large, so that the answer is not lost.
const DRAIN_BYTES: usize = 64 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// The whole body, or the answer that says why not.
pub(crate) async fn read(
    mut body: Body,
    limit: usize,
    time: Duration,
    activity: &Activity,
) -> Result<Vec<u8>, Response> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(too_large(body, limit).await);
    }
    let mut bytes = Vec::with_capacity(announced.min(1 << 20));
    let reading = async {
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return Err(Broken::Cut) };
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len().saturating_add(data.len()) > limit {
                return Err(Broken::TooLarge);
            }
            bytes.extend_from_slice(&data);
            activity.moved();
        }
        Ok(())
    };
    match tokio::time::timeout(time, reading).await {
        Ok(Ok(())) => Ok(bytes),
        Ok(Err(Broken::TooLarge)) => Err(too_large(body, limit).await),
        Ok(Err(Broken::Cut)) => {
            Err(problem(StatusCode::BAD_REQUEST, "body", "the body ended before its length", None))
        }
        Err(_elapsed) => {
            let message = format!("the body was not there after {} s", time.as_secs());
            Err(problem(StatusCode::REQUEST_TIMEOUT, "body-time", &message, None))
        }
    }
}

enum Broken {
    TooLarge,
    Cut,
}

async fn too_large(mut body: Body, limit: usize) -> Response {
    let mut left = DRAIN_BYTES;
    let drain = async {
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                break;
            }
        }
    };
    // Whether all of it came or not, the answer is the same.
    let _ = tokio::time::timeout(DRAIN_TIME, drain).await;
    let message = format!("the body is larger than {limit} bytes");
    problem(StatusCode::PAYLOAD_TOO_LARGE, "too-large", &message, None)
}

/// Pieces as they are made.
pub(crate) struct Pieces(pub(crate) mpsc::Receiver<Bytes>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

/// The body of an answer, which keeps its connection busy until it is gone.
pub(crate) struct Tracked {
    body: Body,
    activity: Activity,
}

impl Tracked {
    pub(crate) const fn new(body: Body, activity: Activity) -> Self {
        Self { body, activity }
    }
}

impl HttpBody for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if polled.is_ready() {
            self.activity.moved();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.activity.busy(false);
    }
}
