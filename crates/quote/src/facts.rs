//! What a verdict rests on: dates and numbers of the collateral.

use crate::collateral::Expiry;
use crate::error::{
    CertificateRole, ChainError, ChainFault, CollateralError, CrlFault, DocumentFault, Source,
};
use crate::x509::chain::Validity;
use serde::Serialize;
use veritee_base::UnixTime;

/// Dates of one source of a verdict. For a chain: over all its certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SourceDates {
    /// Which source.
    pub source: Source,
    /// Earliest notBefore, thisUpdate or issueDate.
    pub issued: UnixTime,
    /// Latest notBefore, thisUpdate or issueDate.
    pub latest_issued: UnixTime,
    /// Earliest notAfter or nextUpdate.
    pub expires: UnixTime,
}

impl SourceDates {
    pub(crate) fn of_chain(source: Source, validities: &[Validity]) -> Self {
        let zero = UnixTime::from_seconds(0);
        Self {
            source,
            issued: validities.iter().map(|validity| validity.not_before).min().unwrap_or(zero),
            latest_issued: validities.iter().map(|validity| validity.not_before).max().unwrap_or(zero),
            expires: validities.iter().map(|validity| validity.not_after).min().unwrap_or(zero),
        }
    }

    pub(crate) const fn of_document(source: Source, issued: UnixTime, expires: UnixTime) -> Self {
        Self { source, issued, latest_issued: issued, expires }
    }
}

/// Something that had expired and was let through because the caller asked for it ([`Expiry::Report`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExpiredItem {
    /// Where it stands.
    pub source: Source,
    /// The certificate, where it is one.
    pub role: Option<CertificateRole>,
    /// When it expired.
    pub until: UnixTime,
}

/// Dates and numbers of all that a verdict rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CollateralFacts {
    /// The eight sources: both revocation lists, the chains of the PCK list, the PCK, TCB info and QE identity,
    /// and the latter two themselves.
    pub sources: Vec<SourceDates>,
    /// CRLNumber of the root's list, hex. Intel's lists always say 1.
    pub root_ca_crl_number: String,
    /// CRLNumber of the PCK CA's list, hex.
    pub pck_crl_number: String,
    /// What had expired at the as-of time; empty unless the collateral was verified with [`Expiry::Report`].
    pub expired: Vec<ExpiredItem>,
}

impl CollateralFacts {
    /// Earliest issue of anything.
    #[must_use]
    pub fn earliest_issue(&self) -> Option<UnixTime> {
        self.sources.iter().map(|dates| dates.issued).min()
    }

    /// Latest issue of anything.
    #[must_use]
    pub fn latest_issue(&self) -> Option<UnixTime> {
        self.sources.iter().map(|dates| dates.latest_issued).max()
    }

    /// When the first of them expires.
    #[must_use]
    pub fn earliest_expiration(&self) -> Option<UnixTime> {
        self.sources.iter().map(|dates| dates.expires).min()
    }

    /// Dates of one source.
    #[must_use]
    pub fn dates(&self, source: Source) -> Option<&SourceDates> {
        self.sources.iter().find(|dates| dates.source == source)
    }
}

/// One thing with a beginning and an end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Window {
    Certificate { source: Source, validity: Validity },
    Crl { source: Source, from: UnixTime, until: UnixTime },
    Document { source: Source, from: UnixTime, until: UnixTime },
}

/// Whether something holds at a time. In the order of preference: what has expired was true once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Force {
    Future,
    Expired,
    Current,
}

impl Window {
    pub(crate) fn force(&self, as_of: UnixTime) -> Force {
        // RFC 5280 4.1.2.5: the last second belongs to a certificate. Intel's QVL refuses what has expired and never looks at
        // the beginning; what is not yet in force is refused here as well (RFC 5280 6.1.3 (a)(2)). A list ends when the next
        // one is due (RFC 5280 5.1.2.5).
        let (from, late) = match *self {
            Self::Certificate { validity, .. } => (validity.not_before, as_of > validity.not_after),
            Self::Crl { from, until, .. } => (from, as_of >= until),
            Self::Document { from, until, .. } => (from, as_of > until),
        };
        if as_of < from {
            Force::Future
        } else if late {
            Force::Expired
        } else {
            Force::Current
        }
    }

    /// The times at which [`Self::force`] changes: the first second of it, and the first second after it.
    pub(crate) fn turns(&self) -> [UnixTime; 2] {
        let after = |time: UnixTime| UnixTime::from_seconds(time.seconds().saturating_add(1));
        match *self {
            Self::Certificate { validity, .. } => [validity.not_before, after(validity.not_after)],
            Self::Crl { from, until, .. } => [from, until],
            Self::Document { from, until, .. } => [from, after(until)],
        }
    }

    /// Certificates and signed documents hold through their last second; a revocation list ends when the next
    /// one is due.
    pub(crate) fn check(
        &self,
        as_of: UnixTime,
        expiry: Expiry,
        expired: &mut Vec<ExpiredItem>,
    ) -> Result<(), CollateralError> {
        let (source, from, until, role) = match *self {
            Self::Certificate { source, validity } => {
                (source, validity.not_before, validity.not_after, Some(validity.role))
            }
            Self::Crl { source, from, until } | Self::Document { source, from, until } => {
                (source, from, until, None)
            }
        };
        let late = match self.force(as_of) {
            Force::Current => return Ok(()),
            Force::Expired => true,
            Force::Future => false,
        };
        if late && expiry == Expiry::Report {
            expired.push(ExpiredItem { source, role, until });
            return Ok(());
        }
        Err(match (self, late) {
            (Self::Certificate { .. }, false) => {
                ChainError::new(source, role, ChainFault::NotYetValid { from, as_of }).into()
            }
            (Self::Certificate { .. }, true) => {
                ChainError::new(source, role, ChainFault::Expired { until, as_of }).into()
            }
            (Self::Crl { .. }, false) => {
                CollateralError::Crl { source, fault: CrlFault::NotYetValid { from, as_of } }
            }
            (Self::Crl { .. }, true) => {
                CollateralError::Crl { source, fault: CrlFault::Expired { until, as_of } }
            }
            (Self::Document { .. }, false) => {
                CollateralError::Document { source, fault: DocumentFault::NotYetValid { from, as_of } }
            }
            (Self::Document { .. }, true) => {
                CollateralError::Document { source, fault: DocumentFault::Expired { until, as_of } }
            }
        })
    }
}
