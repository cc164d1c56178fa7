//! Keys: Ed25519 (RFC 8410) and P-256 (RFC 5480), in the one DER form that each has.

use crate::SealError;
use core::fmt;
use ring::rand::SecureRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519,
    EcdsaKeyPair, Ed25519KeyPair, KeyPair, UnparsedPublicKey,
};
use veritee_model::Sha256Digest;

/// SubjectPublicKeyInfo of an Ed25519 key, up to its 32 bytes.
const ED25519_SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const ED25519_LENGTH: usize = 32;
/// SubjectPublicKeyInfo of an uncompressed P-256 key, up to its point of 65 bytes.
const P256_SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const P256_LENGTH: usize = 65;
/// How an uncompressed point begins.
const UNCOMPRESSED: u8 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Ed25519,
    P256,
}

/// A key whose signatures the caller believes. Whose it is, the caller has to know.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: Algorithm,
    /// The 32 bytes, or the uncompressed point.
    bytes: Vec<u8>,
}

impl PublicKey {
    /// A key from its SubjectPublicKeyInfo, DER. That a point lies on the curve is seen when a signature is verified.
    ///
    /// # Errors
    /// For keys of other kinds, compressed points, and anything before or behind the one form of DER.
    pub fn from_spki(der: &[u8]) -> Result<Self, SealError> {
        if let Some(bytes) = der.strip_prefix(&ED25519_SPKI)
            && bytes.len() == ED25519_LENGTH
        {
            return Ok(Self { algorithm: Algorithm::Ed25519, bytes: bytes.to_vec() });
        }
        if let Some(bytes) = der.strip_prefix(&P256_SPKI)
            && bytes.len() == P256_LENGTH
            && bytes.first() == Some(&UNCOMPRESSED)
        {
            return Ok(Self { algorithm: Algorithm::P256, bytes: bytes.to_vec() });
        }
        Err(SealError::Key { what: "expected the public key of Ed25519 or of P-256, uncompressed" })
    }

    /// Its SubjectPublicKeyInfo, DER.
    #[must_use]
    pub fn spki(&self) -> Vec<u8> {
        let head: &[u8] = match self.algorithm {
            Algorithm::Ed25519 => &ED25519_SPKI,
            Algorithm::P256 => &P256_SPKI,
        };
        [head, &self.bytes].concat()
    }

    /// Its name in envelopes: SHA-256 of its SubjectPublicKeyInfo, in hex.
    #[must_use]
    pub fn id(&self) -> String {
        Sha256Digest::of(&self.spki()).to_string()
    }

    /// Whether the signature is by this key: over the bytes for Ed25519, as ASN.1 for P-256.
    #[must_use]
    pub fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        let key = &self.bytes;
        match self.algorithm {
            Algorithm::Ed25519 => UnparsedPublicKey::new(&ED25519, key).verify(signed, signature).is_ok(),
            Algorithm::P256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(signed, signature).is_ok()
            }
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?}, {})", self.algorithm, self.id())
    }
}

/// A key that signs. Never printed.
pub struct SigningKey {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    /// For envelopes, and for tokens, which have the signature in another form.
    P256(Box<BothForms>),
}

struct BothForms {
    asn1: EcdsaKeyPair,
    fixed: EcdsaKeyPair,
}

impl SigningKey {
    /// A key from PKCS#8, DER, unencrypted, version 1 or 2.
    ///
    /// # Errors
    /// For keys of other kinds, and for P-256 keys without their public half.
    pub fn from_pkcs8(der: &[u8], random: &dyn SecureRandom) -> Result<Self, SealError> {
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            let bytes = pair.public_key().as_ref().to_vec();
            return Ok(Self {
                public: PublicKey { algorithm: Algorithm::Ed25519, bytes },
                pair: Pair::Ed25519(pair),
            });
        }
        let asn1 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der, random);
        let fixed = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, random);
        match (asn1, fixed) {
            (Ok(asn1), Ok(fixed)) => {
                let bytes = asn1.public_key().as_ref().to_vec();
                let public = PublicKey { algorithm: Algorithm::P256, bytes };
                Ok(Self { public, pair: Pair::P256(Box::new(BothForms { asn1, fixed })) })
            }
            _ => Err(SealError::Key {
                what: "expected a private key of Ed25519 or P-256 as PKCS#8, unencrypted, P-256 with its public half",
            }),
        }
    }

    /// The half that others verify with.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs as envelopes have it.
    pub(crate) fn sign(&self, bytes: &[u8], random: &dyn SecureRandom) -> Result<Vec<u8>, SealError> {
        match &self.pair {
            Pair::Ed25519(pair) => Ok(pair.sign(bytes).as_ref().to_vec()),
            Pair::P256(pair) => signed(&pair.asn1, bytes, random),
        }
    }

    /// Signs as tokens have it (RFC 7518 section 3.4), and the name of the algorithm there.
    pub(crate) fn sign_token(&self, bytes: &[u8], random: &dyn SecureRandom) -> Result<Vec<u8>, SealError> {
        match &self.pair {
            Pair::Ed25519(pair) => Ok(pair.sign(bytes).as_ref().to_vec()),
            Pair::P256(pair) => signed(&pair.fixed, bytes, random),
        }
    }

    /// The algorithm's name in tokens.
    pub(crate) const fn token_algorithm(&self) -> &'static str {
        match self.public.algorithm {
            Algorithm::Ed25519 => "EdDSA",
            Algorithm::P256 => "ES256",
        }
    }
}

fn signed(pair: &EcdsaKeyPair, bytes: &[u8], random: &dyn SecureRandom) -> Result<Vec<u8>, SealError> {
    match pair.sign(random, bytes) {
        Ok(signature) => Ok(signature.as_ref().to_vec()),
        Err(ring::error::Unspecified) => Err(SealError::CannotSign),
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey of {:?}", self.public)
    }
}
