//! Whether NVIDIA has revoked a device, as far as one was told: OCSP answers (RFC 6960) and revocation lists
//! (RFC 5280), brought along and in force at the as-of time.
//!
//! "Good" says *not revoked*, no more: NVIDIA answers so for any serial number under a device issuer, issued or not. No
//! revocation list covers the two certificates of a device itself, so lists alone never answer for one device. The
//! nonce of an OCSP answer cannot be checked by who did not ask; its window is what counts.

mod error;
pub(crate) mod ocsp;

pub use error::RevocationError;

use crate::certificate::{ECDSA_WITH_SHA256, ECDSA_WITH_SHA384, PublicKey};
use crate::chain::{DeviceChain, Link};
use crate::crl::Crl;
use crate::manifest::Manifest;
use crate::memory::{Memory, Signed};
use ocsp::{Answer, Status};
use ring::signature::{
    ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, EcdsaVerificationAlgorithm, UnparsedPublicKey,
};
use veritee_model::{Budget, UnixTime};

/// For how long an OCSP answer without end is taken: one hour, as NVIDIA's tools do.
pub(crate) const WITHOUT_END: u64 = 3600;
/// Answers, and lists, about one certificate that are looked at.
const STATEMENTS: usize = 8;
/// The certificates of a device's chain that can be asked about; NVIDIA's responder does not answer for the leaf.
pub(crate) const OF_DEVICE: [usize; 3] = [1, 2, 3];
/// Those of a manifest's signer: all but the root.
pub(crate) const OF_SIGNER: [usize; 3] = [0, 1, 2];

/// What is known of a device's revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocation {
    /// Not everything was answered.
    NotChecked {
        /// Certificates without a usable answer, with their serial numbers.
        open: Vec<String>,
        /// Answers that were given and could not be used.
        unusable: Vec<RevocationError>,
    },
    /// None of the certificates was revoked.
    NotRevoked {
        /// Until when all answers hold.
        until: UnixTime,
    },
    /// A certificate is revoked.
    Revoked {
        /// Which one, with its serial number.
        certificate: String,
        /// On hold: NVIDIA may lift it.
        hold: bool,
        /// Certificates without a usable answer beside it.
        open: Vec<String>,
    },
    /// An answer is forged: it is about this device and not signed by who may answer.
    Forged(RevocationError),
}

/// Answers and lists as they came, read but not verified.
#[derive(Debug, Default)]
pub struct Statements<'a> {
    answers: Vec<Answer<'a>>,
    lists: Vec<Crl<'a>>,
}

impl<'a> Statements<'a> {
    /// Reads DER of either kind; what is neither is given back as unread.
    pub fn read(items: impl IntoIterator<Item = &'a [u8]>, budget: &Budget) -> (Self, usize) {
        let mut statements = Self::default();
        let mut unread = 0_usize;
        for item in items.into_iter().take(budget.gpu_statements) {
            if item.len() > budget.gpu_statement_bytes {
                unread = unread.saturating_add(1);
            } else if let Ok(answers) = ocsp::read(item) {
                statements.answers.extend(answers);
            } else if let Ok(list) = Crl::parse(item) {
                statements.lists.push(list);
            } else {
                unread = unread.saturating_add(1);
            }
        }
        (statements, unread)
    }

    /// What the statements say of a device's certificates at this time.
    #[must_use]
    pub fn of(&self, chain: &DeviceChain, as_of: UnixTime, memory: &Memory) -> Revocation {
        self.of_links(&chain.links, OF_DEVICE, as_of, memory)
    }

    /// What the statements say of the certificates of a manifest's signer.
    #[must_use]
    pub fn of_signer(&self, manifest: &Manifest, as_of: UnixTime, memory: &Memory) -> Revocation {
        self.of_links(&manifest.chain, OF_SIGNER, as_of, memory)
    }

    /// The gravest of what is said of any of these certificates: a forgery, a revocation, a hold, nothing.
    fn of_links(&self, links: &[Link], asked: [usize; 3], as_of: UnixTime, memory: &Memory) -> Revocation {
        let (mut open, mut unusable, mut until) = (Vec::new(), Vec::new(), UnixTime::MAX);
        let (mut forged, mut revoked) = (None, None);
        for index in asked {
            let (Some(link), Some(issuer)) = (links.get(index), links.get(index.saturating_add(1))) else {
                continue;
            };
            match self.of_link(link, issuer, as_of, memory, &mut unusable) {
                Ok(Found::Good(end)) => until = until.min(end),
                Ok(Found::Revoked { hold }) => {
                    if revoked.as_ref().is_none_or(|(_, held)| *held && !hold) {
                        revoked = Some((named(link), hold));
                    }
                }
                Ok(Found::Nothing) => open.push(named(link)),
                Err(error) => forged = forged.or(Some(error)),
            }
        }
        match (forged, revoked) {
            (Some(error), _) => Revocation::Forged(error),
            (None, Some((certificate, hold))) => Revocation::Revoked { certificate, hold, open },
            (None, None) if open.is_empty() => Revocation::NotRevoked { until },
            (None, None) => Revocation::NotChecked { open, unusable },
        }
    }

    /// A revocation counts more than any other answer, a forgery more than that.
    fn of_link(
        &self,
        link: &Link,
        issuer: &Link,
        as_of: UnixTime,
        memory: &Memory,
        unusable: &mut Vec<RevocationError>,
    ) -> Result<Found, RevocationError> {
        let mut found = Found::Nothing;
        let about = self.answers.iter().filter(|answer| answer.is_about(link, issuer));
        for answer in about.take(STATEMENTS) {
            let signer_until = match answer.check_signer(issuer, memory) {
                Ok(until) => until,
                Err(error) if error.is_forged() => return Err(error),
                Err(error) => {
                    unusable.push(error);
                    continue;
                }
            };
            let end = answer.next_update.unwrap_or_else(|| after(answer.this_update, WITHOUT_END));
            let end = end.min(signer_until);
            let early = as_of < answer.this_update;
            let in_window = !early && as_of <= end;
            match answer.status {
                Status::Revoked { hold: false } if !early => found = Found::Revoked { hold: false },
                Status::Revoked { hold: true } if in_window => found = found.or_hold(),
                Status::Good if in_window => found = found.or_good(end),
                Status::Unknown if in_window => {
                    unusable.push(RevocationError::Unknown { certificate: named(link) });
                }
                _ => unusable.push(RevocationError::Window { from: answer.this_update, until: end, as_of }),
            }
        }
        // Another key of the same name signed its own lists: they are about other certificates.
        let of_issuer =
            |list: &&Crl<'_>| list.issuer == issuer.subject && list.authority_key == issuer.subject_key;
        for list in self.lists.iter().filter(of_issuer).take(STATEMENTS) {
            match check_list(list, issuer, memory) {
                Ok(()) => {}
                Err(error) if error.is_forged() => return Err(error),
                Err(error) => {
                    unusable.push(error);
                    continue;
                }
            }
            if list.revoked.contains(&link.serial) && as_of >= list.this_update {
                found = Found::Revoked { hold: false };
            }
            if as_of < list.this_update || as_of > list.next_update {
                let (from, until) = (list.this_update, list.next_update);
                unusable.push(RevocationError::Window { from, until, as_of });
            } else {
                found = found.or_good(list.next_update);
            }
        }
        Ok(found)
    }
}

#[derive(Clone, Copy)]
enum Found {
    Nothing,
    Good(UnixTime),
    Revoked { hold: bool },
}

impl Found {
    fn or_good(self, end: UnixTime) -> Self {
        match self {
            Self::Nothing => Self::Good(end),
            Self::Good(other) => Self::Good(other.max(end)),
            Self::Revoked { .. } => self,
        }
    }

    const fn or_hold(self) -> Self {
        match self {
            Self::Revoked { .. } => self,
            Self::Nothing | Self::Good(_) => Self::Revoked { hold: true },
        }
    }
}

pub(crate) fn check_list(list: &Crl<'_>, issuer: &Link, memory: &Memory) -> Result<(), RevocationError> {
    let of = || issuer.name.clone();
    if algorithm(list.algorithm.whole).is_none() {
        return Err(RevocationError::Unsupported { issuer: of(), what: "the list's signature" });
    }
    if verify(list.algorithm.whole, &issuer.public_key, list.tbs, list.signature, memory) {
        Ok(())
    } else {
        Err(RevocationError::List { issuer: of() })
    }
}

/// ECDSA on P-384 with either digest that NVIDIA uses.
fn algorithm(named: &[u8]) -> Option<&'static EcdsaVerificationAlgorithm> {
    match named {
        ECDSA_WITH_SHA384 => Some(&ECDSA_P384_SHA384_ASN1),
        ECDSA_WITH_SHA256 => Some(&ECDSA_P384_SHA256_ASN1),
        _ => None,
    }
}

fn verify(named: &[u8], key: &PublicKey, message: &[u8], signature: &[u8], memory: &Memory) -> bool {
    let Some(with) = algorithm(named) else { return false };
    memory.is_signed(Signed::Statement, key, &[named, message, signature], || {
        UnparsedPublicKey::new(with, key).verify(message, signature).is_ok()
    })
}

fn after(time: UnixTime, seconds: u64) -> UnixTime {
    UnixTime::from_seconds(time.seconds().saturating_add(seconds))
}

pub(crate) fn named(link: &Link) -> String {
    let serial = hex::encode(link.serial);
    format!("{} (serial {})", link.name, serial.trim_start_matches('0'))
}
