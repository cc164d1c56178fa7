//! What REPORTDATA binds.

use crate::pki::{Pki, Role};
use sha2::{Digest as _, Sha256, Sha512};
use sha3::Keccak256;

/// secp256k1 root key of the forged KMS, compressed: any 33 bytes will do, nothing is signed with it.
pub const KMS_K256: [u8; 33] = [0x02; 33];

/// Which convention REPORTDATA follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// All zero, as in `Info`.
    Zero,
    /// `sha512("ratls-cert:" || SPKI)` of the RA-TLS leaf.
    RaTls,
    /// `sha512(tag || ":" || content)`.
    Tagged {
        /// The tag, for example `app-data`.
        tag: String,
        /// The content.
        content: Vec<u8>,
    },
    /// The bytes themselves, zero-padded: a nonce.
    Raw(Vec<u8>),
    /// `keccak256("dstack-kms-genereted-keys-v1:{ca};{k256};")` (the spelling is dstack's).
    KmsBootstrap,
    /// SHA-256 of `sha256sum.txt`, zero-padded.
    Ingress,
}

impl Binding {
    /// The 64 bytes.
    #[must_use]
    pub fn report_data(&self, pki: &Pki, ingress: &[(String, Vec<u8>)]) -> [u8; 64] {
        match self {
            Self::Zero => [0; 64],
            Self::RaTls => tagged("ratls-cert", &pki.key(Role::RaTls).spki()),
            Self::Tagged { tag, content } => tagged(tag, content),
            Self::Raw(bytes) => padded(bytes),
            Self::KmsBootstrap => {
                let authority = hex::encode(pki.key(Role::KmsCa).spki());
                let text = format!("dstack-kms-genereted-keys-v1:{authority};{};", hex::encode(KMS_K256));
                padded(&Keccak256::digest(text.as_bytes()))
            }
            Self::Ingress => {
                let sums = ingress.iter().find(|(name, _)| name == "sha256sum.txt").expect("it is there");
                padded(&Sha256::digest(&sums.1))
            }
        }
    }
}

/// `sha512(tag || ":" || content)`.
#[must_use]
pub fn tagged(tag: &str, content: &[u8]) -> [u8; 64] {
    Sha512::digest([tag.as_bytes(), b":", content].concat()).into()
}

fn padded(bytes: &[u8]) -> [u8; 64] {
    let mut out = [0; 64];
    out[..bytes.len()].copy_from_slice(bytes);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tagged_form_is_dstack_s_published_example() {
        assert_eq!(
            hex::encode(tagged("app-data", b"test content")),
            "7ea0b744ed5e9c0c83ff9f575668e1697652cd349f2027cdf26f918d4c53e8cd\
             50b5ea9b449b4c3d50e20ae00ec29688d5a214e8daff8a10041f5d624dae8a01"
        );
    }
}
