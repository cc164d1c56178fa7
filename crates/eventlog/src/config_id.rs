//! MRCONFIGID: what the machine's creator committed to, compared with what RTMR3 measured.
//!
//! ```text
//! zero      no commitment
//! version 1 01 || compose hash || 15 zero bytes
//! version 2 02 || keccak256(compose hash || app id || provider byte || provider id) || 15 zero bytes
//! version 3 03 || SHA-256("dstack-mr-config-v3:" || 00 || document) || 15 zero bytes
//! ```
//! (dstack `dstack-types/src/mr_config.rs`; the guest makes the same comparison at boot and accepts zero.) The host
//! sets the value at launch, the quote signs it. The document of version 3 comes from whoever sends the evidence and
//! is bound by its hash.

mod document;

use crate::identity::AppIdentity;
use crate::json::JsonError;
use core::fmt;
pub use document::DocumentField;
use sha3::{Digest as _, Keccak256};
use veritee_model::{MrConfigId, Reason, Sha256Digest};

/// How MRCONFIGID compares with the measured identity.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigIdOutcome {
    /// The value is the one that the identity (and document) gives.
    Match {
        /// Version of the commitment, 1 to 3.
        version: u8,
        /// What it committed to beside the compose hash, which every version does.
        fields: Vec<DocumentField>,
    },
    /// Zero: no commitment was made.
    Zero,
    /// The value commits to something else, or has bytes after the commitment that are not zero.
    Mismatch {
        /// Version of the commitment, 1 to 3.
        version: u8,
        /// The value that would match.
        expected: MrConfigId,
        /// The quoted value.
        got: MrConfigId,
    },
    /// The document is the committed one, but names something else than RTMR3 does.
    FieldMismatch {
        /// The field.
        field: DocumentField,
        /// The measured value, as the document would write it.
        expected: String,
        /// The document's value.
        got: String,
    },
    /// The document is the committed one, but not one that dstack accepts.
    DocumentMalformed {
        /// What and where.
        error: JsonError,
    },
    /// Version 3, and no document was given.
    DocumentMissing,
    /// Version 2 with a key provider that has no byte there.
    KeyProviderUnknown,
    /// A first byte that dstack does not use.
    UnknownVersion {
        /// The first byte.
        version: u8,
    },
}

impl ConfigIdOutcome {
    /// The stable reason code, unless it matches.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Match { .. } => None,
            Self::Zero => Some(Reason::MrConfigIdZero),
            Self::Mismatch { .. } | Self::FieldMismatch { .. } => Some(Reason::MrConfigIdMismatch),
            Self::DocumentMalformed { .. } => Some(Reason::MrConfigDocumentMalformed),
            Self::DocumentMissing => Some(Reason::MrConfigDocumentMissing),
            Self::KeyProviderUnknown | Self::UnknownVersion { .. } => Some(Reason::MrConfigIdUnknown),
        }
    }

    /// Expected and got, where two values were compared.
    #[must_use]
    pub fn compared(&self) -> Option<(String, String)> {
        match self {
            Self::Mismatch { expected, got, .. } => Some((expected.to_string(), got.to_string())),
            Self::FieldMismatch { expected, got, .. } => Some((expected.clone(), got.clone())),
            _ => None,
        }
    }
}

impl fmt::Display for ConfigIdOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Match { version, fields } => {
                write!(f, "version {version} commits to compose hash")?;
                for field in fields {
                    write!(f, ", {}", field.words())?;
                }
                Ok(())
            }
            Self::Zero => write!(f, "zero, no commitment"),
            Self::Mismatch { version, expected, got } => {
                write!(f, "version {version}: expected {expected}, got {got}")
            }
            Self::FieldMismatch { field, expected, got } => {
                let got = veritee_model::text::inert(&veritee_model::text::shortened(got, 256));
                write!(f, "version 3: {} in the document: expected {expected}, got {got}", field.words())
            }
            Self::DocumentMalformed { error } => write!(f, "version 3: document: {error}"),
            Self::DocumentMissing => write!(f, "version 3, whose document was not given"),
            Self::KeyProviderUnknown => write!(f, "version 2 with a key provider that has no number"),
            Self::UnknownVersion { version } => write!(f, "first byte {version:#04x}, expected 0 to 3"),
        }
    }
}

/// Compares a quoted MRCONFIGID with the identity read from the same quote's RTMR3. `document` is that of version 3,
/// exactly as delivered (`mr_config` of the machine's `sys-config.json`); other versions ignore it.
#[must_use]
pub fn check(config_id: &MrConfigId, identity: &AppIdentity, document: Option<&[u8]>) -> ConfigIdOutcome {
    if config_id.is_zero() {
        return ConfigIdOutcome::Zero;
    }
    let compare = |version: u8, hash: &[u8; 32], fields: Vec<DocumentField>| {
        let expected = commitment(version, hash);
        if expected == *config_id {
            ConfigIdOutcome::Match { version, fields }
        } else {
            ConfigIdOutcome::Mismatch { version, expected, got: *config_id }
        }
    };
    match config_id.as_bytes() {
        [1, ..] => compare(1, identity.compose_hash().as_bytes(), Vec::new()),
        [2, ..] => match version_two(identity) {
            Some(hash) => {
                let fields = [DocumentField::AppId, DocumentField::KeyProvider, DocumentField::KeyProviderId];
                compare(2, &hash, fields.to_vec())
            }
            None => ConfigIdOutcome::KeyProviderUnknown,
        },
        [3, ..] => match document {
            Some(bytes) => match compare(3, &version_three(bytes), Vec::new()) {
                ConfigIdOutcome::Match { .. } => document::compare(bytes, identity),
                mismatch => mismatch,
            },
            None => ConfigIdOutcome::DocumentMissing,
        },
        [version, ..] => ConfigIdOutcome::UnknownVersion { version: *version },
    }
}

fn commitment(version: u8, hash: &[u8; 32]) -> MrConfigId {
    let mut bytes = [0_u8; 48];
    let source = core::iter::once(&version).chain(hash);
    for (target, byte) in bytes.iter_mut().zip(source) {
        *target = *byte;
    }
    MrConfigId::new(bytes)
}

fn version_two(identity: &AppIdentity) -> Option<[u8; 32]> {
    let mut hasher = Keccak256::new();
    hasher.update(identity.compose_hash());
    hasher.update(identity.app_id());
    hasher.update([identity.key_provider().kind().config_byte()?]);
    hasher.update(identity.key_provider().id());
    Some(hasher.finalize().into())
}

fn version_three(document: &[u8]) -> [u8; 32] {
    *Sha256Digest::of(&[b"dstack-mr-config-v3:\0", document].concat()).as_bytes()
}
