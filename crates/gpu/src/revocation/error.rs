//! Why a statement about revocation could not be used.

use crate::error::{Explanation, explained};
use veritee_model::{Reason, UnixTime};

/// Why an OCSP answer or a revocation list does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevocationError {
    /// Outside of its window.
    Window {
        /// In force from.
        from: UnixTime,
        /// In force until.
        until: UnixTime,
        /// As-of time.
        as_of: UnixTime,
    },
    /// The responder does not know the certificate.
    Unknown {
        /// The certificate.
        certificate: String,
    },
    /// The responder's certificate is not one that the issuer delegated answers to. Says nothing against the device.
    Delegation {
        /// The issuer.
        issuer: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The answer or the list is signed in a way that this program does not verify.
    Unsupported {
        /// The issuer.
        issuer: String,
        /// What is not verified.
        what: &'static str,
    },
    /// The responder's certificate says that the issuer delegated answers to it, and the issuer did not sign it.
    Responder {
        /// The issuer.
        issuer: String,
    },
    /// The answer's signature does not verify.
    Answer {
        /// The issuer.
        issuer: String,
    },
    /// The list's signature does not verify under the issuer that it names.
    List {
        /// The issuer.
        issuer: String,
    },
}

impl RevocationError {
    /// A signature does not verify. Everything else only keeps the statement from being used.
    #[must_use]
    pub const fn is_forged(&self) -> bool {
        matches!(self, Self::Responder { .. } | Self::Answer { .. } | Self::List { .. })
    }

    /// The error taken apart.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let forged = |what: String| Explanation::new(Reason::GpuRevocationSignature, what);
        let unusable = |what: String| Explanation::new(Reason::GpuRevocationNotChecked, what);
        match self {
            Self::Window { from, until, as_of } => unusable(
                "an answer about revocation is not in force at the as-of time".into(),
            )
            .expected(format_args!("as-of time from {from} until {until}"))
            .got(as_of),
            Self::Unknown { certificate } => unusable(format!("the responder does not know {certificate}")),
            Self::Delegation { issuer, what } => unusable(format!(
                "the OCSP answer is of a responder that may not answer for {issuer}: {what}"
            )),
            Self::Unsupported { issuer, what } => unusable(format!(
                "a statement about certificates of {issuer} is signed in a way that this version does not verify: {what}"
            ))
            .next("a newer version of veritee may verify it"),
            Self::Responder { issuer } => {
                forged(format!("the certificate of the OCSP responder is not signed by {issuer}, which it names"))
            }
            Self::Answer { issuer } => forged(format!(
                "the OCSP answer about a certificate of {issuer} is not signed by its responder"
            )),
            Self::List { issuer } => {
                forged(format!("the revocation list in the name of {issuer} is not signed by it"))
            }
        }
    }
}

explained!(RevocationError);
