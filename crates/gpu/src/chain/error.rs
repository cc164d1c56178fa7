//! Faults of certificate chains.

use crate::der::DerError;
use crate::error::{Explanation, explained};
use crate::pem::PemError;
use core::fmt;
use veritee_model::{Reason, Sha256Digest, UnixTime};

/// Whose chain it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainOf {
    /// A device's.
    Device,
    /// The signer's of a reference manifest.
    Manifest,
}

impl fmt::Display for ChainOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Device => "device certificate chain",
            Self::Manifest => "manifest's certificate chain",
        })
    }
}

/// What is wrong with a chain. Certificates are counted from 0, the leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainFault {
    /// More bytes than any genuine chain.
    TooLarge {
        /// Bytes allowed.
        limit: usize,
        /// Bytes given.
        got: usize,
    },
    /// Nothing was given.
    Missing,
    /// No PEM, or something else between the certificates.
    Pem(PemError),
    /// Another number of certificates.
    Count {
        /// Certificates that belong here.
        expected: usize,
        /// Certificates found.
        got: usize,
    },
    /// The certificates of one chain, in another order.
    Order,
    /// A certificate is not of NVIDIA's form.
    Der {
        /// The certificate.
        index: usize,
        /// Why.
        error: DerError,
    },
    /// A key or signature of a kind that this program does not verify.
    Unsupported {
        /// The certificate.
        index: usize,
        /// Which.
        error: DerError,
    },
    /// The last certificate is not the pinned root.
    Root {
        /// The name it gives itself.
        name: String,
        /// SHA-256 of the pinned root.
        expected: Sha256Digest,
        /// SHA-256 of the certificate found.
        got: Sha256Digest,
    },
    /// A certificate may not play its part.
    Part {
        /// The certificate.
        index: usize,
        /// What it had to have.
        what: &'static str,
    },
    /// The issuer's name is not the subject of the certificate behind.
    Issuer {
        /// The certificate.
        index: usize,
        /// Subject of the certificate behind.
        expected: String,
        /// Issuer found.
        got: String,
    },
    /// The authority key identifier is not the subject key identifier of the certificate behind.
    KeyIdentifier {
        /// The certificate.
        index: usize,
        /// Subject key identifier behind.
        expected: String,
        /// Authority key identifier found.
        got: String,
    },
    /// The signature does not verify.
    Signature {
        /// The certificate.
        index: usize,
    },
    /// Not in force yet.
    NotYetValid {
        /// The certificate.
        index: usize,
        /// Its name.
        name: String,
        /// In force from.
        from: UnixTime,
        /// As-of time.
        as_of: UnixTime,
    },
    /// No longer in force.
    Expired {
        /// The certificate.
        index: usize,
        /// Its name.
        name: String,
        /// In force until.
        until: UnixTime,
        /// As-of time.
        as_of: UnixTime,
    },
    /// The names speak of a family that this program does not know.
    FamilyUnknown {
        /// Name of the provisioner.
        name: String,
    },
    /// The names speak of two families.
    Family {
        /// The certificate.
        index: usize,
        /// The family of the provisioner.
        expected: String,
        /// The name found.
        got: String,
    },
    /// The key inside the leaf's firmware identity is not the device's.
    FirmwareKey,
}

/// A certificate chain was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainError {
    /// Whose chain.
    pub of: ChainOf,
    /// What is wrong.
    pub fault: ChainFault,
}

impl ChainError {
    fn code(&self) -> Reason {
        let (malformed, untrusted, signature, part) = match self.of {
            ChainOf::Device => (
                Reason::GpuChainMalformed,
                Reason::GpuChainUntrusted,
                Reason::GpuChainSignature,
                Reason::GpuChainRole,
            ),
            ChainOf::Manifest => (
                Reason::GpuRimMalformed,
                Reason::GpuRimUntrusted,
                Reason::GpuRimSignature,
                Reason::GpuRimUntrusted,
            ),
        };
        match (&self.fault, self.of) {
            (ChainFault::Missing, _) => Reason::GpuEvidenceMalformed,
            (ChainFault::Unsupported { .. }, _) => Reason::GpuAlgorithmUnsupported,
            (
                ChainFault::TooLarge { .. }
                | ChainFault::Pem(_)
                | ChainFault::Count { .. }
                | ChainFault::Order
                | ChainFault::Der { .. },
                _,
            ) => malformed,
            (ChainFault::Root { .. } | ChainFault::Issuer { .. } | ChainFault::KeyIdentifier { .. }, _) => {
                untrusted
            }
            (ChainFault::Signature { .. }, _) => signature,
            (ChainFault::Part { .. } | ChainFault::Family { .. }, _) => part,
            (ChainFault::NotYetValid { .. }, ChainOf::Device) => Reason::CertificateNotYetValid,
            (ChainFault::NotYetValid { .. }, ChainOf::Manifest) => Reason::GpuRimNotYetValid,
            (ChainFault::Expired { .. }, ChainOf::Device) => Reason::CertificateExpired,
            (ChainFault::Expired { .. }, ChainOf::Manifest) => Reason::GpuRimExpired,
            (ChainFault::FamilyUnknown { .. }, _) => Reason::GpuFamilyUnknown,
            (ChainFault::FirmwareKey, _) => Reason::GpuFwidKeyOther,
        }
    }

    /// The error taken apart.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let of = self.of;
        let new = |what: String| Explanation::new(self.code(), what);
        let place = |index: &usize| format!("{of}, certificate {index}");
        match &self.fault {
            ChainFault::TooLarge { limit, got } => new("the chain is larger than any genuine one".into())
                .at(of)
                .expected(format_args!("at most {limit} bytes"))
                .got(format_args!("{got} bytes")),
            ChainFault::Missing => new("no certificate chain came with the report".into())
                .at(of)
                .next("give the chain of the device with the report"),
            ChainFault::Pem(error) => new(format!("the chain is not PEM: {}", error.what))
                .at(format_args!("{of}, byte {}", error.at)),
            ChainFault::Count { expected, got } => {
                new("the chain has another number of certificates".into()).at(of).expected(expected).got(got)
            }
            ChainFault::Order => new("the certificates are in another order".into())
                .at(of)
                .expected("the leaf first, each followed by its issuer, the root last"),
            ChainFault::Der { index, error } => {
                new(format!("the certificate is not of NVIDIA's form: {}", error.fault))
                    .at(format_args!("{of}, certificate {index}, byte {}", error.at))
            }
            ChainFault::Unsupported { index, error } => new(format!(
                "the certificate is of a kind that this version does not verify: {}",
                error.fault
            ))
            .at(format_args!("{of}, certificate {index}, byte {}", error.at))
            .next("a newer version of veritee may verify it"),
            ChainFault::Root { name, expected, got } => {
                new(format!("the chain ends in another root than NVIDIA's; it calls itself {name}"))
                    .at(of)
                    .expected(format_args!("SHA-256 {expected}"))
                    .got(format_args!("SHA-256 {got}"))
            }
            ChainFault::Part { index, what } => {
                new("the certificate may not play its part".into()).at(place(index)).expected(what)
            }
            ChainFault::Issuer { index, expected, got } => {
                new("the certificate names another issuer than the one behind it".into())
                    .at(place(index))
                    .expected(expected)
                    .got(got)
            }
            ChainFault::KeyIdentifier { index, expected, got } => {
                new("the certificate names another issuer key than the one behind it".into())
                    .at(place(index))
                    .expected(expected)
                    .got(got)
            }
            ChainFault::Signature { index } => {
                new("the certificate is not signed by the one behind it".into()).at(place(index))
            }
            ChainFault::NotYetValid { index, name, from, as_of } => new(format!("{name} is not valid yet"))
                .at(place(index))
                .expected(format_args!("as-of time from {from}"))
                .got(as_of)
                .next("check the as-of time"),
            ChainFault::Expired { index, name, until, as_of } => new(format!("{name} expired on {until}"))
                .at(place(index))
                .expected(format_args!("as-of time until {until}"))
                .got(as_of)
                .next("bring a newer one, or set the as-of time to when it was in force"),
            ChainFault::FamilyUnknown { name } => {
                new("the device is of a family that this program does not know".into())
                    .at(of)
                    .got(name)
                    .next("a newer version of veritee may know it")
            }
            ChainFault::Family { index, expected, got } => {
                new("the names of the chain speak of two kinds of device".into())
                    .at(place(index))
                    .expected(expected)
                    .got(got)
            }
            ChainFault::FirmwareKey => {
                new("the firmware identity of the report key is bound to another device's key".into())
                    .at(place(&0))
            }
        }
    }
}

explained!(ChainError);
