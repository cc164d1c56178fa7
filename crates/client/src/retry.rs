//! When an attempt is repeated.

/// Whether a status speaks of trouble of the moment.
pub(crate) const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}
