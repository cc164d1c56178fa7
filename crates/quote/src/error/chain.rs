//! Faults of certificate chains.

use super::{Description, Source, described};
use crate::der::DerError;
use crate::reason::QuoteReason;
use crate::x509::pem::{self, PemError};
use core::fmt;
use serde::Serialize;
use veritee_base::UnixTime;

/// The part that a certificate plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateRole {
    /// The self-signed root.
    Root,
    /// The Platform or Processor CA.
    PckCa,
    /// The platform's own certificate.
    Pck,
    /// The signer of TCB info and QE identity.
    TcbSigner,
}

impl fmt::Display for CertificateRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Root => "root certificate",
            Self::PckCa => "PCK CA certificate",
            Self::Pck => "PCK certificate",
            Self::TcbSigner => "TCB signing certificate",
        })
    }
}

/// What is wrong with a chain.
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
    /// No PEM.
    Pem(PemError),
    /// Another number of certificates.
    Count {
        /// Certificates that belong here.
        expected: usize,
        /// Certificates found.
        got: usize,
    },
    /// A certificate cannot be read.
    Der {
        /// Its 0-based place in the chain.
        index: usize,
        /// Why.
        error: DerError,
    },
    /// No certificate plays this part, or two do.
    Part,
    /// A required extension is absent.
    ExtensionMissing(&'static str),
    /// A CA's certificate does not say CA, or an end certificate does.
    Ca {
        /// Whether it had to be a CA.
        expected: bool,
    },
    /// The CA allows fewer certificates below it than there are.
    PathLength {
        /// Certificates that it must allow.
        needed: u32,
        /// Certificates that it allows.
        got: u32,
    },
    /// keyUsage lacks a bit that the part needs.
    KeyUsage(&'static str),
    /// The common name is another.
    Name {
        /// The name of this part.
        expected: &'static str,
        /// The name found.
        got: String,
    },
    /// The issuer's name is not the subject of the certificate above.
    Issuer {
        /// Subject of the certificate above.
        expected: String,
        /// Issuer found.
        got: String,
        /// It is named as the root of Intel's certificates is.
        is_root: bool,
        /// Byte of the certificate where the two names part.
        at: usize,
    },
    /// The authority key identifier is not the subject key identifier of the certificate above.
    KeyIdentifier {
        /// Subject key identifier above.
        expected: String,
        /// Authority key identifier found.
        got: String,
    },
    /// The root has another name or key than the pinned one.
    Root {
        /// `name` or `public key`.
        what: &'static str,
    },
    /// The signature does not verify.
    Signature,
    /// Not in force yet.
    NotYetValid {
        /// In force from.
        from: UnixTime,
        /// As-of time.
        as_of: UnixTime,
    },
    /// No longer in force.
    Expired {
        /// In force until.
        until: UnixTime,
        /// As-of time.
        as_of: UnixTime,
    },
    /// Listed in the revocation list of its issuer.
    Revoked {
        /// Serial number.
        serial: String,
    },
}

/// A certificate chain was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainError {
    /// Where the chain stands.
    pub source: Source,
    /// The certificate, where one is to blame.
    pub role: Option<CertificateRole>,
    /// What is wrong.
    pub fault: ChainFault,
    /// Byte of the quote at which the fault stands, where the chain is the quote's and the fault has a place.
    pub quote_byte: Option<usize>,
    /// The certificate's bytes, until its place in the chain is looked up.
    certificate: Option<Box<[u8]>>,
}

impl ChainError {
    pub(crate) const fn new(source: Source, role: Option<CertificateRole>, fault: ChainFault) -> Self {
        Self { source, role, fault, quote_byte: None, certificate: None }
    }

    /// The fault has a place in this certificate.
    pub(crate) fn on(mut self, certificate: &[u8]) -> Self {
        self.certificate = Some(certificate.into());
        self
    }

    /// Finds the fault's place in the quote: `text` is the chain, which begins at `offset`.
    pub(crate) fn placed(mut self, text: &[u8], offset: usize) -> Self {
        let certificate = self.certificate.take();
        if self.source != Source::PckChainInQuote {
            return self;
        }
        let index = |der: &[u8]| {
            let chain = pem::decode_glued_chain(text, 8).ok()?;
            chain.iter().position(|other| other.as_slice() == der)
        };
        let within = match &self.fault {
            ChainFault::Pem(error) => Some(error.at),
            ChainFault::Der { index, error } => pem::text_offset(text, *index, error.at),
            ChainFault::Issuer { at, .. } => {
                certificate.as_deref().and_then(index).and_then(|index| pem::text_offset(text, index, *at))
            }
            _ => None,
        };
        self.quote_byte = within.map(|within| offset.saturating_add(within));
        self
    }

    /// The stable reason.
    #[must_use]
    pub const fn reason(&self) -> QuoteReason {
        match &self.fault {
            ChainFault::NotYetValid { .. } => QuoteReason::CertificateNotYetValid,
            ChainFault::Expired { .. } => QuoteReason::CertificateExpired,
            ChainFault::Revoked { .. } => match self.role {
                Some(CertificateRole::Root) => QuoteReason::RootRevoked,
                Some(CertificateRole::PckCa) => QuoteReason::CaRevoked,
                Some(CertificateRole::TcbSigner) => QuoteReason::SignerRevoked,
                Some(CertificateRole::Pck) | None => QuoteReason::PckRevoked,
            },
            ChainFault::TooLarge { .. }
            | ChainFault::Pem(_)
            | ChainFault::Count { .. }
            | ChainFault::Der { .. } => self.by_chain(
                QuoteReason::PckChainMalformed,
                QuoteReason::CrlChainMalformed,
                QuoteReason::SignerChainMalformed,
            ),
            ChainFault::Part
            | ChainFault::ExtensionMissing(_)
            | ChainFault::Ca { .. }
            | ChainFault::PathLength { .. }
            | ChainFault::KeyUsage(_)
            | ChainFault::Name { .. } => self.by_chain(
                QuoteReason::PckChainRole,
                QuoteReason::CrlChainRole,
                QuoteReason::SignerChainRole,
            ),
            ChainFault::Issuer { .. } | ChainFault::KeyIdentifier { .. } | ChainFault::Root { .. } => self
                .by_chain(
                    QuoteReason::PckChainUntrusted,
                    QuoteReason::CrlChainUntrusted,
                    QuoteReason::SignerChainUntrusted,
                ),
            ChainFault::Signature => self.by_chain(
                QuoteReason::PckChainSignature,
                QuoteReason::CrlChainSignature,
                QuoteReason::SignerChainSignature,
            ),
        }
    }

    const fn by_chain(&self, pck: QuoteReason, crl: QuoteReason, signer: QuoteReason) -> QuoteReason {
        match self.source {
            Source::TcbInfoIssuerChain | Source::QeIdentityIssuerChain => signer,
            Source::PckCrlIssuerChain => crl,
            _ => pck,
        }
    }

    pub(crate) fn describe(&self) -> Description {
        let description = self.describe_in_chain();
        match self.quote_byte {
            Some(byte) => description.at(format_args!("quote byte {byte}")),
            None => description,
        }
    }

    fn describe_in_chain(&self) -> Description {
        let subject = self.role.map_or_else(|| "the chain".to_owned(), |role| format!("the {role}"));
        let description = match &self.fault {
            ChainFault::TooLarge { limit, got } => Description::new("the chain is too large")
                .expected(format_args!("at most {limit} bytes"))
                .got(format_args!("{got} bytes")),
            ChainFault::Pem(error) => {
                return Description::new(format!("the chain is not PEM: {}", error.what))
                    .at(format_args!("{} byte {}", self.source, error.at));
            }
            ChainFault::Count { expected, got } => {
                Description::new("the chain has another number of certificates").expected(expected).got(got)
            }
            ChainFault::Der { index, error } => {
                return Description::new(format!("a certificate cannot be read: {}", error.fault))
                    .at(format_args!("{} certificate {index} byte {}", self.source, error.at));
            }
            ChainFault::Part => {
                Description::new(format!("not exactly one certificate can be {subject}")).expected("one")
            }
            ChainFault::ExtensionMissing(name) => {
                Description::new(format!("{subject} lacks an extension")).expected(name)
            }
            ChainFault::Ca { expected } => Description::new(format!("{subject} plays the wrong part"))
                .expected(if *expected { "a CA" } else { "no CA" })
                .got(if *expected { "no CA" } else { "a CA" }),
            ChainFault::PathLength { needed, got } => {
                Description::new(format!("{subject} allows too short a path"))
                    .expected(format_args!("at least {needed}"))
                    .got(got)
            }
            ChainFault::KeyUsage(bit) => {
                Description::new(format!("{subject} may not use its key for this")).expected(bit)
            }
            ChainFault::Name { expected, got } => {
                Description::new(format!("{subject} has another name")).expected(expected).got(got)
            }
            ChainFault::Issuer { expected, got, .. } => {
                Description::new(format!("{subject} names another issuer")).expected(expected).got(got)
            }
            ChainFault::KeyIdentifier { expected, got } => {
                Description::new(format!("{subject} names another issuer key")).expected(expected).got(got)
            }
            ChainFault::Root { what } => {
                Description::new(format!("{subject} has another {what} than the pinned root"))
            }
            ChainFault::Signature => Description::new(format!("the signature of {subject} does not verify")),
            ChainFault::NotYetValid { from, as_of } => {
                Description::new(format!("{subject} is not valid yet"))
                    .expected(format_args!("as-of time from {from}"))
                    .got(as_of)
            }
            ChainFault::Expired { until, as_of } => Description::new(format!("{subject} has expired"))
                .expected(format_args!("as-of time until {until}"))
                .got(as_of),
            ChainFault::Revoked { serial } => {
                Description::new(format!("{subject} is revoked")).got(format_args!("serial {serial}"))
            }
        };
        description.at(self.source)
    }
}

described!(ChainError);
