//! The app_compose: hashed as the bytes it is, read as the one document that every reader sees.
//!
//! `compose_hash` is SHA-256 over the exact bytes (dstack, `dstack-types`); nothing here ever re-serialises to hash.
//! The bytes are attacker-controlled until [`bind`] has compared them with the measured hash. A document whose hash
//! matches can still be one that two readers understand differently: then it is bound, and
//! [`BoundCompose::document`] is an error. Both facts are kept apart.

mod normalisation;

pub use crate::json::DocumentError;
pub use normalisation::Normalisation;

use crate::json::{self, JsonMember, JsonNode};
use core::fmt;
use veritee_model::{Budget, ComposeHash, Reason};

/// An app_compose as one unambiguous JSON object.
///
/// What is not checked here: whether it has dstack's fields and of which types.
#[derive(Debug, Clone, PartialEq)]
pub struct AppCompose {
    root: JsonNode,
}

impl AppCompose {
    /// Reads the document. Bounded by `app_compose_bytes` and `json_depth` of the budget.
    ///
    /// # Errors
    /// When the bytes are not UTF-8, not JSON, no object, too large or too deep, or when readers could differ:
    /// duplicate keys at any depth, data after the end, a byte order mark, U+0000.
    pub fn parse(raw: &[u8], budget: &Budget) -> Result<Self, DocumentError> {
        let root = json::read(raw, budget)?;
        if root.members().is_none() {
            return Err(DocumentError::NotAnObject { got: root.kind() });
        }
        Ok(Self { root })
    }

    /// The whole object.
    #[must_use]
    pub const fn root(&self) -> &JsonNode {
        &self.root
    }

    /// The top-level members, in document order.
    #[must_use]
    pub fn members(&self) -> &[JsonMember] {
        self.root.members().unwrap_or(&[])
    }

    /// A top-level value.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&JsonNode> {
        self.root.get(key)
    }
}

/// An app_compose whose SHA-256 is the measured compose hash. Only [`bind`] makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundCompose {
    raw: Vec<u8>,
    hash: ComposeHash,
    document: Result<AppCompose, DocumentError>,
}

impl BoundCompose {
    /// The measured bytes.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Their hash, which is the measured one.
    #[must_use]
    pub const fn hash(&self) -> &ComposeHash {
        &self.hash
    }

    /// The document.
    ///
    /// # Errors
    /// When the measured bytes are malformed, or such that two readers can see two documents.
    pub const fn document(&self) -> Result<&AppCompose, &DocumentError> {
        self.document.as_ref()
    }
}

/// Binds `raw` to the compose hash that was measured into RTMR3 (or that a policy pins).
///
/// The comparison is over the exact bytes. On a mismatch the error says which normalisation, if any, would give the
/// measured hash; that is a diagnosis, never accepted.
///
/// # Errors
/// When the hash of the bytes is another one.
pub fn bind(raw: &[u8], measured: &ComposeHash, budget: &Budget) -> Result<BoundCompose, BindError> {
    let got = ComposeHash::of(raw);
    if got != *measured {
        let hint = normalisation::explain(raw, measured, budget);
        return Err(BindError { expected: *measured, got, bytes: raw.len(), hint });
    }
    Ok(BoundCompose { raw: raw.to_vec(), hash: got, document: AppCompose::parse(raw, budget) })
}

/// The app_compose is not the measured one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindError {
    /// The measured hash.
    pub expected: ComposeHash,
    /// The hash of the bytes that were given.
    pub got: ComposeHash,
    /// How many bytes were given.
    pub bytes: usize,
    /// What was probably done to the bytes on their way. A diagnosis, never a reason to accept.
    pub hint: Option<Normalisation>,
}

impl BindError {
    /// The stable reason.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        Reason::ComposeHashMismatch
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, got, bytes, hint } = self;
        write!(
            f,
            "the app_compose ({bytes} bytes) is not the measured one: expected sha256 {expected}, got {got}"
        )?;
        hint.map_or(Ok(()), |hint| write!(f, "; it would match {hint}"))
    }
}

impl core::error::Error for BindError {}

/// An app_compose that nothing vouches for: for `veritee audit FILE`. Every output about it says "not attested".
#[derive(Debug, Clone, PartialEq)]
pub struct UnboundCompose {
    raw: Vec<u8>,
    hash: ComposeHash,
    document: AppCompose,
}

impl UnboundCompose {
    /// Reads the document.
    ///
    /// # Errors
    /// As [`AppCompose::parse`].
    pub fn parse(raw: &[u8], budget: &Budget) -> Result<Self, DocumentError> {
        let document = AppCompose::parse(raw, budget)?;
        Ok(Self { raw: raw.to_vec(), hash: ComposeHash::of(raw), document })
    }

    /// The bytes as they were given.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Their hash: what the compose hash would be if exactly these bytes were deployed.
    #[must_use]
    pub const fn hash(&self) -> &ComposeHash {
        &self.hash
    }

    /// The document.
    #[must_use]
    pub const fn document(&self) -> &AppCompose {
        &self.document
    }
}
