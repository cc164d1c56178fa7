//! P-256 keys out of a seed, and signatures that are the same in every run (RFC 6979).

use crate::der;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey as EcdsaKey};
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    /// A universe is forged again for every case, and nearly all of its parts are the same bytes each time.
    static SIGNED: RefCell<HashMap<[u8; 32], [u8; 64]>> = RefCell::new(HashMap::new());
    /// Keys by seed and label: their public points are the dearest part of a new universe.
    static DERIVED: RefCell<HashMap<(u64, String), SigningKey>> = RefCell::new(HashMap::new());
}

/// How many signatures or keys a thread remembers before it starts afresh.
const MEMO_CAP: usize = 4096;

/// A P-256 key pair. Worthless as a secret: anybody can derive it from seed and label.
#[derive(Clone)]
pub struct SigningKey {
    key: EcdsaKey,
    scalar: [u8; 32],
    point: [u8; 64],
}

impl SigningKey {
    /// The key of `label` in the universe of `seed`.
    ///
    /// # Panics
    /// When 2^32 hashes in a row are no scalar of P-256.
    #[must_use]
    pub fn derive(seed: u64, label: &str) -> Self {
        let name = (seed, label.to_owned());
        if let Some(key) = DERIVED.with_borrow(|derived| derived.get(&name).cloned()) {
            return key;
        }
        let key = Self::hashed(seed, label);
        DERIVED.with_borrow_mut(|derived| {
            if derived.len() >= MEMO_CAP {
                derived.clear();
            }
            derived.insert(name, key.clone());
        });
        key
    }

    fn hashed(seed: u64, label: &str) -> Self {
        for counter in 0_u32.. {
            let mut hasher = Sha256::new();
            hasher.update(b"veritee testkit key\0");
            hasher.update(seed.to_be_bytes());
            hasher.update(counter.to_be_bytes());
            hasher.update(label.as_bytes());
            let scalar: [u8; 32] = hasher.finalize().into();
            if let Ok(key) = EcdsaKey::from_slice(&scalar) {
                let point = key.verifying_key().to_sec1_point(false);
                let point = point.as_bytes()[1..].try_into().expect("an uncompressed point has 65 bytes");
                return Self { key, scalar, point };
            }
        }
        unreachable!("some hash is a scalar");
    }

    /// The public point as `x || y`, 64 bytes: the form of an attestation key in a quote.
    #[must_use]
    pub const fn public_point(&self) -> [u8; 64] {
        self.point
    }

    /// SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn spki(&self) -> Vec<u8> {
        spki_of(&self.public_point())
    }

    /// ECDSA over SHA-256 of the message, as `r || s`: the form of quotes and collateral.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut hasher = Sha256::new();
        hasher.update(self.scalar);
        hasher.update(message);
        let memo: [u8; 32] = hasher.finalize().into();
        if let Some(signature) = SIGNED.with_borrow(|signed| signed.get(&memo).copied()) {
            return signature;
        }
        let signature: Signature = self.key.sign(message);
        let bytes: [u8; 64] = signature.to_bytes().into();
        SIGNED.with_borrow_mut(|signed| {
            if signed.len() >= MEMO_CAP {
                signed.clear();
            }
            signed.insert(memo, bytes);
        });
        bytes
    }

    /// The same signature in DER: the form of certificates and CRLs.
    #[must_use]
    pub fn sign_der(&self, message: &[u8]) -> Vec<u8> {
        let raw = self.sign(message);
        let (r, s) = raw.split_at(32);
        der::sequence(&[der::unsigned_integer(r), der::unsigned_integer(s)])
    }
}

/// SubjectPublicKeyInfo of a P-256 point `x || y`; whether it lies on the curve is not checked.
#[must_use]
pub fn spki_of(point: &[u8; 64]) -> Vec<u8> {
    der::sequence(&[
        der::sequence(&[der::oid("1.2.840.10045.2.1"), der::oid("1.2.840.10045.3.1.7")]),
        der::bit_string(0, &[&[4_u8][..], point].concat()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_independent_implementation_accepts_the_signatures() {
        let key = SigningKey::derive(7, "root");
        let point = [&[4_u8][..], &key.public_point()].concat();
        let fixed =
            ring::signature::UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_FIXED, &point);
        fixed.verify(b"message", &key.sign(b"message")).unwrap();
        fixed.verify(b"messagf", &key.sign(b"message")).unwrap_err();
        let asn1 = ring::signature::UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_ASN1, &point);
        asn1.verify(b"message", &key.sign_der(b"message")).unwrap();
    }

    #[test]
    fn the_same_seed_gives_the_same_key_and_another_label_another() {
        let key = |seed, label| SigningKey::derive(seed, label).public_point();
        assert_eq!(key(1, "root"), key(1, "root"));
        assert_ne!(key(1, "root"), key(2, "root"));
        assert_ne!(key(1, "root"), key(1, "pck"));
    }
}
