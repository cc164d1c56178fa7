//! The two roots that NVIDIA signs under, pinned: devices, and reference manifests. They are not interchangeable.

use crate::certificate::{Certificate, CertificateError, PublicKey};
use crate::der::{DerError, DerFault};
use crate::pem;
use core::fmt;
use std::sync::{Arc, LazyLock};
use veritee_model::Sha256Digest;

/// `NVIDIA Device Identity CA`: its PEM file out of the package `nv-local-gpu-verifier`.
static DEVICE: LazyLock<Option<Anchor>> =
    LazyLock::new(|| Anchor::pinned(include_bytes!("../roots/nvidia-device-root.pem")));
/// `NVIDIA CoRIM signing Root CA`, out of the same package.
static MANIFEST: LazyLock<Option<Anchor>> =
    LazyLock::new(|| Anchor::pinned(include_bytes!("../roots/nvidia-manifest-root.pem")));

/// A pinned self-signed certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Anchor {
    pub(crate) der: Arc<[u8]>,
    pub(crate) subject: Arc<[u8]>,
    pub(crate) subject_key: Arc<[u8]>,
    pub(crate) public_key: PublicKey,
    pub(crate) name: Arc<str>,
}

impl Anchor {
    /// One that is a part of the program. It is trusted for being that: its signature of itself, which costs more than a
    /// whole run without GPUs, is verified by a test.
    fn pinned(text: &[u8]) -> Option<Self> {
        let chain = pem::decode_chain(text, 1).ok()?;
        Self::of(&Self::parse(chain.first()?).ok()?, chain.first()?).ok()
    }

    fn from_der(der: &[u8]) -> Result<Self, DerError> {
        let certificate = Self::parse(der)?;
        if !certificate.is_signed_by(&certificate.public_key) {
            return Err(DerError::new(0, DerFault::RootNotSelfSigned));
        }
        Self::of(&certificate, der)
    }

    fn parse(der: &[u8]) -> Result<Certificate<'_>, DerError> {
        Certificate::parse(der).map_err(|error| match error {
            CertificateError::Form(error) | CertificateError::Unsupported(error) => error,
        })
    }

    /// All but its signature.
    fn of(certificate: &Certificate<'_>, der: &[u8]) -> Result<Self, DerError> {
        let fault = |fault| DerError::new(0, fault);
        if certificate.issuer != certificate.subject {
            return Err(fault(DerFault::RootNotSelfSigned));
        }
        let is_ca = certificate.basic_constraints.is_some_and(|constraints| constraints.ca);
        if !is_ca || !certificate.key_usage.is_some_and(crate::x509::KeyUsage::key_cert_sign) {
            return Err(fault(DerFault::RootNotCa));
        }
        let subject_key = certificate.subject_key.ok_or(fault(DerFault::RootWithoutKeyIdentifier))?;
        Ok(Self {
            der: der.into(),
            subject: certificate.subject.into(),
            subject_key: subject_key.into(),
            public_key: certificate.public_key,
            name: crate::x509::shown_name(certificate.subject).into(),
        })
    }
}

/// Both roots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    pub(crate) device: Anchor,
    pub(crate) manifest: Anchor,
}

impl Roots {
    /// NVIDIA's.
    ///
    /// # Panics
    /// Never: both files are part of the program, and a test reads them.
    #[must_use]
    #[expect(clippy::expect_used, reason = "constant input, covered by a test")]
    pub fn nvidia() -> Self {
        Self {
            device: DEVICE.clone().expect("the pinned device root can be read"),
            manifest: MANIFEST.clone().expect("the pinned manifest root can be read"),
        }
    }

    /// Other roots, DER: for tests. Evidence under them proves nothing about real devices.
    ///
    /// # Errors
    /// When one of them is no self-signed CA certificate of NVIDIA's form.
    pub fn from_der(device: &[u8], manifest: &[u8]) -> Result<Self, DerError> {
        Ok(Self { device: Anchor::from_der(device)?, manifest: Anchor::from_der(manifest)? })
    }

    /// SHA-256 of the device root.
    #[must_use]
    pub fn device_sha256(&self) -> Sha256Digest {
        Sha256Digest::of(&self.device.der)
    }

    /// SHA-256 of the root of reference manifests.
    #[must_use]
    pub fn manifest_sha256(&self) -> Sha256Digest {
        Sha256Digest::of(&self.manifest.der)
    }
}

impl fmt::Display for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and {}", self.device.name, self.manifest.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_roots_are_those_that_nvidia_publishes() {
        let roots = Roots::nvidia();
        assert_eq!(
            roots.device_sha256().to_string(),
            "102bf659d5419614c9d8e6aecebc80454eb26b1df6a769ac720b9a690b167b48"
        );
        assert_eq!(
            roots.manifest_sha256().to_string(),
            "12977b5115acb0381179279fffeb5a8c4d264971ebb32298023a465fa41df5d1"
        );
    }

    #[test]
    fn the_pinned_roots_are_roots_by_their_signatures_too() {
        let roots = Roots::nvidia();
        assert_eq!(Roots::from_der(&roots.device.der, &roots.manifest.der), Ok(roots));
    }

    #[test]
    fn what_signs_nothing_is_no_root() {
        let roots = Roots::nvidia();
        assert!(Roots::from_der(&[], &roots.manifest.der).is_err());
        let mut damaged = roots.device.der.to_vec();
        *damaged.last_mut().unwrap() ^= 1;
        assert!(Roots::from_der(&damaged, &roots.manifest.der).is_err());
    }
}
