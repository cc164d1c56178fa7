//! The trust anchor.

use crate::error::CollateralError;
use crate::x509::{Certificate, PublicKey, shown_name};
use core::fmt;
use std::sync::{Arc, LazyLock};
use veritee_base::{Sha256Digest, UnixTime};

/// Intel SGX Root CA, valid 2018-05-21 to 2049-12-31. SHA-256
/// `44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3`.
const INTEL_SGX_ROOT_CA: &[u8] = include_bytes!("../data/intel-sgx-root-ca.der");

static INTEL: LazyLock<TrustRoot> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the bytes are part of this crate and a test reads them")]
    TrustRoot::from_der(INTEL_SGX_ROOT_CA).expect("the pinned root is a root certificate")
});

/// The root certificate that every chain must end in.
///
/// A verdict under another root than [`TrustRoot::intel`] says nothing about real hardware; [`Self::is_intel`]
/// tells them apart and [`crate::VerifiedQuote::root`] carries it on.
#[derive(Clone)]
pub struct TrustRoot(Arc<Anchor>);

struct Anchor {
    der: Vec<u8>,
    subject: Vec<u8>,
    spki_sha256: Sha256Digest,
    public_key: PublicKey,
    subject_key: Vec<u8>,
    serial: crate::x509::Serial,
    not_before: UnixTime,
    not_after: UnixTime,
}

impl TrustRoot {
    /// The pinned Intel SGX Root CA.
    #[must_use]
    pub fn intel() -> Self {
        INTEL.clone()
    }

    /// Another root, for tests with a key infrastructure of one's own.
    ///
    /// The certificate must be self-signed, a CA, and allowed to sign certificates and revocation lists.
    ///
    /// # Errors
    /// When the bytes are no such certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, CollateralError> {
        let fault = |what| CollateralError::TrustRoot { what, at: 0 };
        let certificate = Certificate::parse(der)
            .map_err(|error| CollateralError::TrustRoot { what: error.fault.words(), at: error.at })?;
        // Intel's QVL, status 17. A root that somebody else signed is somebody else's to revoke.
        if !certificate.is_self_issued() || !certificate.is_signed_by(&certificate.public_key) {
            return Err(fault("it is not self-signed"));
        }
        // RFC 5280 6.1.1 (d) leaves the anchor to whoever trusts it. It is held to what its uses demand all the same.
        if !certificate.basic_constraints().is_some_and(|constraints| constraints.ca) {
            return Err(fault("it is no CA certificate"));
        }
        if !certificate.key_usage().is_some_and(|usage| usage.key_cert_sign() && usage.crl_sign()) {
            return Err(fault("it may not sign certificates and revocation lists"));
        }
        let subject_key =
            certificate.subject_key().ok_or_else(|| fault("it has no subject key identifier"))?;
        Ok(Self(Arc::new(Anchor {
            der: der.to_vec(),
            subject: certificate.subject.to_vec(),
            spki_sha256: Sha256Digest::of(certificate.spki),
            public_key: certificate.public_key,
            subject_key: subject_key.to_vec(),
            serial: certificate.serial,
            not_before: certificate.not_before,
            not_after: certificate.not_after,
        })))
    }

    /// It is the pinned Intel SGX Root CA.
    #[must_use]
    pub fn is_intel(&self) -> bool {
        self.0.der == INTEL_SGX_ROOT_CA
    }

    /// Its common name, safe to print.
    #[must_use]
    pub fn name(&self) -> String {
        shown_name(&self.0.subject)
    }

    /// SHA-256 of its SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki_sha256(&self) -> Sha256Digest {
        self.0.spki_sha256
    }

    /// The certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// From when to when the certificate is valid.
    #[must_use]
    pub fn validity(&self) -> (UnixTime, UnixTime) {
        (self.0.not_before, self.0.not_after)
    }

    pub(crate) fn subject(&self) -> &[u8] {
        &self.0.subject
    }

    pub(crate) fn public_key(&self) -> &PublicKey {
        &self.0.public_key
    }

    pub(crate) fn subject_key(&self) -> &[u8] {
        &self.0.subject_key
    }

    pub(crate) fn serial(&self) -> &crate::x509::Serial {
        &self.0.serial
    }
}

impl PartialEq for TrustRoot {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for TrustRoot {}

impl fmt::Debug for TrustRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustRoot({}, spki sha256 {})", self.name(), self.spki_sha256())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_root_has_the_published_fingerprint() {
        let root = TrustRoot::intel();
        assert!(root.is_intel());
        assert_eq!(root.name(), "Intel SGX Root CA");
        assert_eq!(
            Sha256Digest::of(root.der()).to_string(),
            "44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3"
        );
        assert_eq!(root.validity().1, UnixTime::parse("2049-12-31T23:59:59Z").unwrap());
    }

    #[test]
    fn a_root_with_one_bit_flipped_is_refused() {
        for bit in 0..INTEL_SGX_ROOT_CA.len() * 8 {
            let mut der = INTEL_SGX_ROOT_CA.to_vec();
            der[bit / 8] ^= 1 << (bit % 8);
            assert!(TrustRoot::from_der(&der).is_err(), "bit {bit}");
        }
    }
}
