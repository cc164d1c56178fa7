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
    /// The responder's certificate is not one that the issuer delegated answers to.
    Delegation {
        /// The issuer.
        issuer: String,
        /// What is wrong with it.
        what: &'static str,
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
    /// The error taken apart.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let forged = |what: String| Explanation::new(Reason::GpuRevocationSignature, what);
        match self {
            Self::Window { from, until, as_of } => Explanation::new(
                Reason::GpuRevocationNotChecked,
                "an answer about revocation is not in force at the as-of time",
            )
            .expected(format_args!("as-of time from {from} until {until}"))
            .got(as_of),
            Self::Unknown { certificate } => Explanation::new(
                Reason::GpuRevocationNotChecked,
                format!("the responder does not know {certificate}"),
            ),
            Self::Delegation { issuer, what } => {
                forged(format!("the OCSP answer is of a responder that may not answer for {issuer}: {what}"))
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
