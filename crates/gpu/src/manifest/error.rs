//! Why a reference manifest was refused.

use crate::chain::ChainError;
use crate::error::{Explanation, explained};
use veritee_model::{Reason, Sha256Digest};

/// What is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManifestFault {
    /// More bytes than any genuine manifest.
    TooLarge {
        /// Bytes allowed.
        limit: usize,
        /// Bytes given.
        got: usize,
    },
    /// Outside of NVIDIA's profile of XML.
    Xml {
        /// Byte of the document.
        at: usize,
        /// What stands there.
        what: &'static str,
    },
    /// Not well-formed.
    Malformed {
        /// Line of the document.
        line: u32,
        /// What the reader says.
        problem: String,
    },
    /// An element is missing, repeated, at another place, or has other content than the profile wants.
    Element {
        /// Line of the document.
        line: u32,
        /// The element.
        element: &'static str,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A reference value is not what it must be.
    Value {
        /// Line of the document.
        line: u32,
        /// What is wrong with it.
        what: &'static str,
        /// The value.
        got: String,
    },
    /// The digest in the signature is not that of the document.
    Digest {
        /// What the signature says, hex.
        expected: String,
        /// SHA-384 of the canonical document, hex.
        got: String,
    },
    /// The signature does not verify.
    Signature,
    /// The signer's chain is refused.
    Chain(ChainError),
    /// NVIDIA has revoked a certificate of the signer.
    Revoked {
        /// Which, with its serial number.
        certificate: String,
        /// On hold: NVIDIA may lift it.
        hold: bool,
    },
}

/// A reference manifest was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ManifestError {
    /// What is wrong.
    pub fault: ManifestFault,
    /// SHA-256 of the manifest's bytes, once it is known which manifest it is.
    pub sha256: Option<Sha256Digest>,
}

impl ManifestError {
    pub(crate) const fn new(fault: ManifestFault) -> Self {
        Self { fault, sha256: None }
    }

    /// The error taken apart.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let malformed = |what: String| Explanation::new(Reason::GpuRimMalformed, what);
        let mut explanation = match &self.fault {
            ManifestFault::TooLarge { limit, got } => {
                malformed("the manifest is larger than any genuine one".into())
                    .expected(format_args!("at most {limit} bytes"))
                    .got(format_args!("{got} bytes"))
            }
            ManifestFault::Xml { at, what } => {
                malformed(format!("the manifest is outside of NVIDIA's profile of XML: {what}"))
                    .at(format_args!("manifest byte {at}"))
            }
            ManifestFault::Malformed { line, problem } => malformed(format!(
                "the manifest is not well-formed XML: {}",
                veritee_model::text::inert(problem)
            ))
            .at(format_args!("manifest line {line}")),
            ManifestFault::Element { line, element, what } => {
                malformed(format!("{element}: {what}")).at(format_args!("manifest line {line}"))
            }
            ManifestFault::Value { line, what, got } => malformed((*what).to_owned())
                .at(format_args!("manifest line {line}"))
                .got(veritee_model::text::inert(&veritee_model::text::shortened(got, 100))),
            ManifestFault::Digest { expected, got } => Explanation::new(
                Reason::GpuRimSignature,
                "the manifest was changed after it was signed: its digest is another",
            )
            .expected(expected)
            .got(got),
            ManifestFault::Signature => {
                Explanation::new(Reason::GpuRimSignature, "the manifest's signature does not verify")
            }
            ManifestFault::Chain(error) => error.explain(),
            ManifestFault::Revoked { certificate, hold } => {
                let (reason, what) =
                    if *hold { (Reason::GpuOnHold, "put on hold") } else { (Reason::GpuRevoked, "revoked") };
                Explanation::new(reason, format!("NVIDIA has {what} the manifest's signer: {certificate}"))
            }
        };
        if let Some(sha256) = &self.sha256 {
            explanation.what = format!("{} (manifest of SHA-256 {sha256})", explanation.what);
        }
        explanation
    }
}

impl From<ChainError> for ManifestError {
    fn from(error: ChainError) -> Self {
        Self::new(ManifestFault::Chain(error))
    }
}

explained!(ManifestError);
