//! Small JSON files that begin with the digest of the rest, so that damage shows.

use crate::error::FaultKind;
use serde::Serialize;
use serde::de::DeserializeOwned;
use veritee_model::{Sha256Digest, text};

/// Longest file of this form that is read.
pub(super) const CAP: usize = 4 << 20;

pub(super) fn write<T: Serialize>(value: &T) -> Vec<u8> {
    // Strings and numbers under string keys always serialise.
    let json = serde_json::to_string_pretty(value).unwrap_or_default();
    format!("{}\n{json}\n", Sha256Digest::of(format!("{json}\n").as_bytes())).into_bytes()
}

pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FaultKind> {
    let (digest, json) = bytes.split_at_checked(65).ok_or(FaultKind::Damaged)?;
    if digest != format!("{}\n", Sha256Digest::of(json)).as_bytes() {
        return Err(FaultKind::Damaged);
    }
    serde_json::from_slice(json)
        .map_err(|error| FaultKind::Form(text::inert(&text::shortened(&error.to_string(), 160))))
}
