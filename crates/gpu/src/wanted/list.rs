//! Revocation lists of the CAs above devices: what answers where the responder does not, for CAs only.

use super::WantedAnswer;
use crate::DerError;
use crate::chain::Link;
use crate::crl::Crl;
use crate::memory::Memory;
use crate::revocation::{RevocationError, check_list};
use crate::x509::Serial;
use core::fmt;
use veritee_model::{Budget, Sha256Digest, UnixTime};

/// The list of one CA above devices. Of a device itself no list speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedList {
    issuer: Link,
    file: String,
    below: Vec<Serial>,
}

/// A verified list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListFound {
    /// How many certificates it revokes.
    pub revoked: usize,
    /// One of those that it was wanted for is among them.
    pub revokes: bool,
    /// In force from.
    pub from: UnixTime,
    /// In force until.
    pub until: UnixTime,
}

/// Why a list is not the wanted one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListRefused {
    /// It is no list that this program reads.
    Form(DerError),
    /// It is larger than any genuine one.
    TooLarge {
        /// Bytes allowed.
        limit: usize,
    },
    /// It is another CA's.
    Other,
    /// It is not signed by its CA, or not in force.
    Revocation(RevocationError),
}

impl WantedList {
    /// The two lists that speak of a device's chain, leaf first: below the root, and below the family's CA. Their
    /// addresses stand in the certificates that they are about; here is what they end in.
    pub(super) fn of(links: &[Link], identity_chip: &str) -> Vec<Self> {
        let [_, _, provisioner, identity, root] = links else { return Vec::new() };
        let list = |issuer: &Link, below: &Link, file: String| Self {
            issuer: issuer.clone(),
            file,
            below: vec![below.serial],
        };
        vec![
            list(root, identity, "l1-root.crl".to_owned()),
            list(identity, provisioner, format!("l2-{}.crl", identity_chip.to_ascii_lowercase())),
        ]
    }

    /// Another chain below the same CA.
    pub(super) fn join(&mut self, other: Self) {
        self.below.extend(other.below);
        self.below.sort_unstable();
        self.below.dedup();
    }

    /// The name of the file that NVIDIA publishes it as.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> String {
        format!("revocation list of {}", self.issuer.name)
    }

    /// SHA-256 over the CA's name and key, hex: the same for the same CA.
    #[must_use]
    pub fn key(&self) -> String {
        Sha256Digest::of(&[self.issuer.subject.as_slice(), &self.issuer.public_key].concat()).to_string()
    }

    /// Whether it speaks of the certificate that an answer is wanted for.
    #[must_use]
    pub fn covers(&self, answer: &WantedAnswer) -> bool {
        answer.issuer == self.issuer
    }

    /// Verifies that this is the CA's list, in force at `as_of`. A list that revokes one of the wanted certificates
    /// counts for ever.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(
        &self,
        bytes: &[u8],
        as_of: UnixTime,
        budget: &Budget,
        memory: &Memory,
    ) -> Result<ListFound, ListRefused> {
        if bytes.len() > budget.gpu_statement_bytes {
            return Err(ListRefused::TooLarge { limit: budget.gpu_statement_bytes });
        }
        let list = Crl::parse(bytes).map_err(ListRefused::Form)?;
        if list.issuer != self.issuer.subject || list.authority_key != self.issuer.subject_key {
            return Err(ListRefused::Other);
        }
        check_list(&list, &self.issuer, memory).map_err(ListRefused::Revocation)?;
        let revokes = self.below.iter().any(|serial| list.revoked.contains(serial));
        let (from, until) = (list.this_update, list.next_update);
        if as_of < from || (as_of > until && !revokes) {
            return Err(ListRefused::Revocation(RevocationError::Window { from, until, as_of }));
        }
        Ok(ListFound { revoked: list.revoked.len(), revokes, from, until })
    }
}

impl fmt::Display for ListFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.revokes, self.revoked) {
            (true, _) => f.write_str("REVOKES a CA of these devices"),
            (false, 0) => f.write_str("revokes nothing"),
            (false, count) => write!(f, "revokes none of these devices' CAs ({count} others)"),
        }
    }
}

impl fmt::Display for ListRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(error) => write!(f, "no revocation list: {error}"),
            Self::TooLarge { limit } => write!(f, "larger than any genuine list: more than {limit} bytes"),
            Self::Other => f.write_str("it is the list of another CA"),
            Self::Revocation(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ListRefused {}
