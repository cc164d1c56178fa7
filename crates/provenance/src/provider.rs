//! The cryptography that `sigstore-verify` asks for, by ring. Signing is not offered.

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use sigstore_verify::crypto::{
    CryptoProvider, Error, HashContext, Result, SigningScheme, install_default_provider,
};
use sigstore_verify::types::HashAlgorithm;
use std::sync::Once;

#[derive(Debug)]
struct Ring;

static RING: Ring = Ring;

/// Makes ring the provider. Another one that the process has installed before stays.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = install_default_provider(&RING);
    });
}

struct Context(ring::digest::Context);

impl HashContext for Context {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finalize(self: Box<Self>) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}

fn unsupported(what: &impl core::fmt::Debug) -> Error {
    Error::UnsupportedAlgorithm(format!("{what:?} is not offered"))
}

fn algorithm(scheme: SigningScheme) -> Result<&'static dyn VerificationAlgorithm> {
    Ok(match scheme {
        SigningScheme::EcdsaP256Sha256 => &signature::ECDSA_P256_SHA256_ASN1,
        SigningScheme::EcdsaP256Sha384 => &signature::ECDSA_P256_SHA384_ASN1,
        SigningScheme::EcdsaP384Sha256 => &signature::ECDSA_P384_SHA256_ASN1,
        SigningScheme::EcdsaP384Sha384 => &signature::ECDSA_P384_SHA384_ASN1,
        SigningScheme::Ed25519 => &signature::ED25519,
        SigningScheme::RsaPssSha256 => &signature::RSA_PSS_2048_8192_SHA256,
        SigningScheme::RsaPssSha384 => &signature::RSA_PSS_2048_8192_SHA384,
        SigningScheme::RsaPssSha512 => &signature::RSA_PSS_2048_8192_SHA512,
        SigningScheme::RsaPkcs1Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        SigningScheme::RsaPkcs1Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        SigningScheme::RsaPkcs1Sha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        other => return Err(unsupported(&other)),
    })
}

impl CryptoProvider for Ring {
    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>> {
        let algorithm = match algorithm {
            HashAlgorithm::Sha2256 => &ring::digest::SHA256,
            HashAlgorithm::Sha2384 => &ring::digest::SHA384,
            HashAlgorithm::Sha2512 => &ring::digest::SHA512,
            other => return Err(unsupported(&other)),
        };
        Ok(Box::new(Context(ring::digest::Context::new(algorithm))))
    }

    fn verify_raw(&self, scheme: SigningScheme, key: &[u8], data: &[u8], signature: &[u8]) -> Result<()> {
        UnparsedPublicKey::new(algorithm(scheme)?, key)
            .verify(data, signature)
            .map_err(|_error| Error::Verification(format!("{} signature invalid", scheme.name())))
    }

    /// ring takes no digest in place of a message; signatures over bytes and not over a statement are verified so, because
    /// the bytes need not be at hand. For the curves that Fulcio certifies; no other scheme is offered.
    fn verify_prehashed(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        digest: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
        let wrong = || Error::Verification(format!("{} signature invalid", scheme.name()));
        let length = match scheme {
            SigningScheme::EcdsaP256Sha256 | SigningScheme::EcdsaP384Sha256 => 32,
            SigningScheme::EcdsaP256Sha384 | SigningScheme::EcdsaP384Sha384 => 48,
            other => return Err(unsupported(&format!("{other:?} over a digest in place of the bytes"))),
        };
        if digest.len() != length {
            return Err(wrong());
        }
        let verified = match scheme {
            SigningScheme::EcdsaP256Sha256 | SigningScheme::EcdsaP256Sha384 => {
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).map_err(|_error| wrong())?;
                let signature = p256::ecdsa::Signature::from_der(signature).map_err(|_error| wrong())?;
                key.verify_prehash(digest, &signature)
            }
            _ => {
                let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key).map_err(|_error| wrong())?;
                let signature = p384::ecdsa::Signature::from_der(signature).map_err(|_error| wrong())?;
                key.verify_prehash(digest, &signature)
            }
        };
        verified.map_err(|_error| wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _};

    /// What ring signs over bytes holds over their digest, and over no other.
    #[test]
    fn a_signature_over_bytes_holds_over_their_digest_and_over_no_other() {
        let cases: [(SigningScheme, &EcdsaSigningAlgorithm, &ring::digest::Algorithm); 2] = [
            (
                SigningScheme::EcdsaP256Sha256,
                &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
                &ring::digest::SHA256,
            ),
            (
                SigningScheme::EcdsaP384Sha384,
                &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
                &ring::digest::SHA384,
            ),
        ];
        let random = SystemRandom::new();
        for (scheme, signing, hash) in cases {
            let pair = EcdsaKeyPair::generate_pkcs8(signing, &random).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(signing, pair.as_ref(), &random).unwrap();
            let signature = pair.sign(&random, b"message").unwrap();
            let key = pair.public_key().as_ref();
            let holds = |digest: &[u8], signature: &[u8]| {
                RING.verify_prehashed(scheme, key, digest, signature).is_ok()
            };
            let digest = ring::digest::digest(hash, b"message");
            assert!(holds(digest.as_ref(), signature.as_ref()), "{scheme:?}");
            assert!(!holds(ring::digest::digest(hash, b"massage").as_ref(), signature.as_ref()));
            assert!(!holds(&digest.as_ref()[1..], signature.as_ref()));
            assert!(!holds(digest.as_ref(), &signature.as_ref()[1..]));
            assert!(RING.verify_raw(scheme, key, b"message", signature.as_ref()).is_ok());
        }
        assert!(RING.verify_prehashed(SigningScheme::Ed25519, &[0; 32], &[0; 32], &[0; 64]).is_err());
    }
}
