//! What a server answers.

use core::time::Duration;

/// One answer, well-behaved or not. Nothing stands in it that the test did not ask for, but `Content-Length` and
/// `Content-Type`.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) manner: Manner,
}

/// How an answer is sent.
#[derive(Debug, Clone)]
pub(crate) enum Manner {
    /// Head with the right length, then the body.
    Whole,
    /// Chunked, without a length.
    Chunked,
    /// No length: the body ends with the connection.
    UntilClosed,
    /// Byte by byte, with a pause before each.
    Drip(Duration),
    /// As [`Manner::Drip`], the head too.
    DripHead(Duration),
    /// The head and the body, of which more is announced, and then silence.
    Stall,
    /// Silence from the start.
    Silent,
    /// The body over and over, chunked, without end.
    Endless,
    /// More is announced than comes, then the connection ends.
    Announce(u64),
    /// The connection ends without an answer.
    Close,
    /// The body is the whole answer, head included.
    Raw,
    /// A good answer after a pause.
    After(Duration),
}

impl Reply {
    /// Status 200, a media type and a body.
    #[must_use]
    pub fn ok(media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), media_type.to_owned())];
        Self { status: 200, headers, body: body.into(), manner: Manner::Whole }
    }

    /// `application/json`.
    #[must_use]
    pub fn json(body: impl Into<Vec<u8>>) -> Self {
        Self::ok("application/json", body)
    }

    /// `text/plain`.
    #[must_use]
    pub fn text(body: impl Into<Vec<u8>>) -> Self {
        Self::ok("text/plain", body)
    }

    /// `application/octet-stream`.
    #[must_use]
    pub fn bytes(body: impl Into<Vec<u8>>) -> Self {
        Self::ok("application/octet-stream", body)
    }

    /// A status with its number as text.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::text(format!("status {status}")) }
    }

    /// 302 with a `Location`, relative or absolute.
    #[must_use]
    pub fn redirect(location: &str) -> Self {
        Self::status(302).header("Location", location)
    }

    /// 429 with a `Retry-After`: seconds or an HTTP date.
    #[must_use]
    pub fn retry_after(value: &str) -> Self {
        Self::status(429).header("Retry-After", value)
    }

    /// The connection ends without an answer.
    #[must_use]
    pub fn close() -> Self {
        Self::text("").with(Manner::Close)
    }

    /// Nothing is ever said; the connection stays open.
    #[must_use]
    pub fn silent() -> Self {
        Self::text("").with(Manner::Silent)
    }

    /// These bytes over and over, chunked, until the client hangs up.
    #[must_use]
    pub fn endless(piece: impl Into<Vec<u8>>) -> Self {
        Self::bytes(piece).with(Manner::Endless)
    }

    /// These bytes as they are: status line, headers and body are the test's. The connection ends after them.
    #[must_use]
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::bytes(bytes).with(Manner::Raw)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Changes the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends the body chunked, without a length.
    #[must_use]
    pub fn chunked(self) -> Self {
        self.with(Manner::Chunked)
    }

    /// Sends the body without a length: it ends with the connection.
    #[must_use]
    pub fn until_closed(self) -> Self {
        self.with(Manner::UntilClosed)
    }

    /// Sends the body byte by byte with a pause before each.
    #[must_use]
    pub fn dripping(self, pause: Duration) -> Self {
        self.with(Manner::Drip(pause))
    }

    /// Sends head and body byte by byte with a pause before each.
    #[must_use]
    pub fn dripping_head(self, pause: Duration) -> Self {
        self.with(Manner::DripHead(pause))
    }

    /// Announces one byte more than the body, sends the body, then says nothing more.
    #[must_use]
    pub fn stalling(self) -> Self {
        self.with(Manner::Stall)
    }

    /// Announces this many bytes, sends the body and hangs up.
    #[must_use]
    pub fn announcing(self, bytes: u64) -> Self {
        self.with(Manner::Announce(bytes))
    }

    /// Waits before it answers.
    #[must_use]
    pub fn after(self, pause: Duration) -> Self {
        self.with(Manner::After(pause))
    }

    fn with(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }
}

impl From<Reply> for Vec<Reply> {
    fn from(reply: Reply) -> Self {
        vec![reply]
    }
}
