//! P-384 keys out of a seed, and signatures that are the same in every run (RFC 6979).

use crate::der;
use p384::ecdsa::signature::Signer as _;
use p384::ecdsa::{Signature, SigningKey as EcdsaKey};
use sha2::{Digest as _, Sha384};
use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    static DERIVED: RefCell<HashMap<(u64, String), GpuKey>> = RefCell::new(HashMap::new());
    /// Signatures by key and message: most of a universe is the same bytes in every case.
    static SIGNED: RefCell<HashMap<[u8; 48], [u8; 96]>> = RefCell::new(HashMap::new());
}

/// A P-384 key pair. Worthless as a secret: anybody can derive it from seed and label.
#[derive(Clone)]
pub struct GpuKey {
    key: EcdsaKey,
    scalar: [u8; 48],
    point: [u8; 97],
}

impl GpuKey {
    /// The key of `label` in the universe of `seed`.
    ///
    /// # Panics
    /// When 2^32 hashes in a row are no scalar of P-384.
    #[must_use]
    pub fn derive(seed: u64, label: &str) -> Self {
        let name = (seed, label.to_owned());
        if let Some(key) = DERIVED.with_borrow(|derived| derived.get(&name).cloned()) {
            return key;
        }
        let key = Self::hashed(seed, label);
        DERIVED.with_borrow_mut(|derived| derived.insert(name, key.clone()));
        key
    }

    fn hashed(seed: u64, label: &str) -> Self {
        for counter in 0_u32.. {
            let mut hasher = Sha384::new();
            hasher.update(b"veritee testkit gpu key\0");
            hasher.update(seed.to_be_bytes());
            hasher.update(counter.to_be_bytes());
            hasher.update(label.as_bytes());
            let scalar: [u8; 48] = hasher.finalize().into();
            if let Ok(key) = EcdsaKey::from_slice(&scalar) {
                let point = key.verifying_key().to_sec1_point(false);
                let point = point.as_bytes().try_into().expect("an uncompressed point has 97 bytes");
                return Self { key, scalar, point };
            }
        }
        unreachable!("some hash is a scalar");
    }

    /// The public point, uncompressed.
    #[must_use]
    pub const fn point(&self) -> &[u8; 97] {
        &self.point
    }

    /// SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn spki(&self) -> Vec<u8> {
        der::sequence(&[
            der::sequence(&[der::oid("1.2.840.10045.2.1"), der::oid("1.3.132.0.34")]),
            der::bit_string(0, &self.point),
        ])
    }

    /// ECDSA over SHA-384 of the message, as `r || s`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 96] {
        let mut hasher = Sha384::new();
        hasher.update(self.scalar);
        hasher.update(message);
        let memo: [u8; 48] = hasher.finalize().into();
        if let Some(signature) = SIGNED.with_borrow(|signed| signed.get(&memo).copied()) {
            return signature;
        }
        let signature: Signature = self.key.sign(message);
        let bytes: [u8; 96] = signature.to_bytes().into();
        SIGNED.with_borrow_mut(|signed| signed.insert(memo, bytes));
        bytes
    }

    /// The same signature in DER.
    #[must_use]
    pub fn sign_der(&self, message: &[u8]) -> Vec<u8> {
        let raw = self.sign(message);
        let (r, s) = raw.split_at(48);
        der::sequence(&[der::unsigned_integer(r), der::unsigned_integer(s)])
    }
}
