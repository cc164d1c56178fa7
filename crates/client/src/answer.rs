//! What came back.

use std::sync::Arc;
use url::Url;

/// An answer with status 200 that kept every limit. Its content is the server's word.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answer {
    /// Where it came from in the end: after redirects.
    pub url: Url,
    /// The status; 200.
    pub status: u16,
    /// The body as it was sent.
    pub body: Vec<u8>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) served: Option<Arc<Vec<Vec<u8>>>>,
}

impl Answer {
    /// The value of a header, without regard to case.
    ///
    /// `None` too for a value with bytes other than visible ASCII, space and tab, and for a header that came twice
    /// with different values: it has no one reading.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let (_, first) = values.next()?;
        values.all(|(_, value)| value == first).then_some(first.as_str())
    }

    /// The certificate chain (DER, leaf first) that the server showed on the connection this answer came over, and
    /// that was verified for its name. `None` for `http:`.
    #[must_use]
    pub fn served(&self) -> Option<&[Vec<u8>]> {
        self.served.as_ref().map(|chain| chain.as_slice())
    }
}
