//! MRCONFIGID in dstack's three versions, and the document behind the third.

use crate::dstack::KeyProvider;
use crate::dstack::event::Payloads;
use sha2::{Digest as _, Sha256};
use sha3::Keccak256;

/// Which value MRCONFIGID has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MrConfig {
    /// No commitment.
    Zero,
    /// `01 || compose hash`.
    V1,
    /// `02 || keccak256(compose hash || app id || provider byte || provider id)`.
    V2,
    /// `03 || SHA-256("dstack-mr-config-v3:" || 00 || document)`.
    V3,
    /// Anything.
    Raw([u8; 48]),
}

impl MrConfig {
    /// The 48 bytes.
    #[must_use]
    pub fn value(&self, payloads: &Payloads, provider: &KeyProvider, document: &str) -> [u8; 48] {
        let mut out = [0_u8; 48];
        let (version, digest): (u8, [u8; 32]) = match self {
            Self::Zero => return out,
            Self::Raw(bytes) => return *bytes,
            Self::V1 => (1, payloads.compose_hash),
            Self::V2 => {
                let number = match provider.name.as_str() {
                    "none" => 0,
                    "local-sgx" => 1,
                    "kms" => 2,
                    _ => 3,
                };
                let mut hasher = Keccak256::new();
                hasher.update(payloads.compose_hash);
                hasher.update(payloads.app_id);
                hasher.update([number]);
                hasher.update(hex::decode(&provider.id).unwrap_or_default());
                (2, hasher.finalize().into())
            }
            Self::V3 => {
                let input = [&b"dstack-mr-config-v3:\0"[..], document.as_bytes()].concat();
                (3, Sha256::digest(input).into())
            }
        };
        out[0] = version;
        out[1..33].copy_from_slice(&digest);
        out
    }
}

/// The document of version 3 that commits to everything dstack can commit to, but for GPU and init scripts.
#[must_use]
pub fn document(payloads: &Payloads, provider: &KeyProvider) -> String {
    let kind = if provider.name == "local-sgx" { "local" } else { &provider.name };
    format!(
        r#"{{"app_id":"{}","compose_hash":"{}","instance_id":"{}","key_provider":"{kind}","key_provider_id":"{}","version":3}}"#,
        hex::encode(payloads.app_id),
        hex::encode(payloads.compose_hash),
        hex::encode(payloads.instance_id),
        provider.id
    )
}
