//! An application's own quote endpoint.

use super::{TargetError, host_and_port};
use core::fmt;
use url::Url;
use veritee_model::text::inert;

/// What stands for the nonce in a URL; 64 hex digits take its place.
pub const NONCE_PLACEHOLDER: &str = "{nonce}";

/// A URL, perhaps with a place for the nonce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    template: String,
}

impl Endpoint {
    /// Reads an `https:` URL; the host was checked before.
    pub(super) fn parse(text: &str) -> Result<Self, TargetError> {
        if let Some(at) = text.find('#') {
            return Err(TargetError::Fragment { at });
        }
        let after_scheme = text.split_once("://").map_or("", |(_, rest)| rest);
        let path = after_scheme.split('?').next().unwrap_or_default();
        for segment in path.split('/').skip(1) {
            let plain = segment.to_ascii_lowercase().replace("%2e", ".");
            if matches!(plain.as_str(), "." | "..") {
                return Err(TargetError::PathSegment { segment: segment.to_owned() });
            }
            // Servers differ in whether these separate segments.
            if ["%2f", "%5c", "%00"].iter().any(|hidden| plain.contains(hidden)) {
                return Err(TargetError::PathSegment { segment: segment.to_owned() });
            }
        }
        if text.matches(NONCE_PLACEHOLDER).count() > 1 {
            return Err(TargetError::SecondNonce);
        }
        let rest = text.replacen(NONCE_PLACEHOLDER, "", 1);
        if let Some(at) = rest.find(['{', '}']) {
            return Err(TargetError::Placeholder { at });
        }
        let authority = path.split('/').next().unwrap_or_default();
        host_and_port(authority)?;
        let endpoint = Self { template: text.to_owned() };
        endpoint.url(&[0; 32])?;
        Ok(endpoint)
    }

    pub(super) fn with_nonce_in(self, name: &str) -> Result<Self, TargetError> {
        if self.takes_nonce() {
            return Err(TargetError::SecondNonce);
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if let Some(at) = name.bytes().position(|byte| !allowed(byte)) {
            let character = name.get(at..).and_then(|rest| rest.chars().next()).unwrap_or_default();
            return Err(TargetError::Character { at, character });
        }
        let separator = if self.template.contains('?') { '&' } else { '?' };
        Ok(Self { template: format!("{}{separator}{name}={NONCE_PLACEHOLDER}", self.template) })
    }

    /// Whether there is a place for the nonce.
    #[must_use]
    pub fn takes_nonce(&self) -> bool {
        self.template.contains(NONCE_PLACEHOLDER)
    }

    /// The URL with the nonce in its place.
    pub(crate) fn url(&self, nonce: &[u8; 32]) -> Result<Url, TargetError> {
        let text = self.template.replacen(NONCE_PLACEHOLDER, &hex::encode(nonce), 1);
        Url::parse(&text).map_err(|error| TargetError::Url { why: error.to_string() })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&inert(&self.template))
    }
}
