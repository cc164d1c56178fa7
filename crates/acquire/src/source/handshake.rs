//! A TLS handshake with a server whose certificate no public authority vouches for.
//!
//! The client verifies that the server holds the leaf's key. Whether a quote binds that key is checked later.

use super::Facts;
use veritee_evidence::Format;

pub(crate) const FACTS: Facts = Facts {
    name: "RA-TLS handshake",
    gives: "the chain whose key the server holds, with quote and log in it",
    // As much as the chain of one handshake may have; a leaf with quote and log has 20 to 40 KiB.
    cap: 1 << 20,
    accept: "",
    types: &[],
    formats: &[Format::RaTls],
};

/// `tls://host:port`, for messages and sources.
pub(crate) fn address(host: &str, port: u16) -> String {
    format!("tls://{host}:{port}")
}
