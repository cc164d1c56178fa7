//! What is known to be revoked: the union of every genuine list, whatever its age and whoever brought it.
//!
//! A revocation is never taken back (RFC 5280 5.3.1 has `removeFromCRL` for delta lists only, and those are refused),
//! so a newer list that lacks an entry does not undo it, and neither does a list's own expiry.

use crate::collateral::{PckListItem, RootListItem};
use crate::error::{CertificateRole, ChainError, Source};
use crate::facts::Window;
use crate::root::TrustRoot;
use crate::x509::chain::{self, Issuer};
use crate::x509::crl::RevokedSerials;
use crate::x509::{PublicKey, Serial};
use veritee_base::{Budget, UnixTime};

/// A verified revocation list, reduced to what is asked of it.
#[derive(Debug)]
pub(crate) struct RevocationList {
    pub(crate) serials: RevokedSerials,
    pub(crate) number: String,
    pub(crate) this_update: UnixTime,
    pub(crate) next_update: UnixTime,
}

impl RevocationList {
    pub(crate) const fn window(&self, source: Source) -> Window {
        Window::Crl { source, from: self.this_update, until: self.next_update }
    }
}

/// Every serial number that a genuine list has named, by issuer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Revocations {
    root: RevokedSerials,
    authorities: Vec<OfAuthority>,
}

/// A PCK CA is its name and key: two certificates of one key are one issuer of lists.
#[derive(Debug, Clone)]
struct OfAuthority {
    subject: Vec<u8>,
    public_key: PublicKey,
    serials: RevokedSerials,
}

impl Revocations {
    /// Adds a list of the root; true when it names something new.
    pub(crate) fn add_root_list(&mut self, item: &RootListItem) -> bool {
        self.root.take_in(&item.list.serials)
    }

    /// Adds a list of a PCK CA; true when it names something new.
    ///
    /// The list of a CA whose certificate is revoked counts all the same: it can refuse and never vouch.
    pub(crate) fn add_pck_list(&mut self, item: &PckListItem) -> bool {
        let known = self
            .authorities
            .iter_mut()
            .find(|known| known.public_key == item.ca.public_key && known.subject == item.ca.subject);
        match known {
            Some(known) => known.serials.take_in(&item.list.serials),
            None => {
                self.authorities.push(OfAuthority {
                    subject: item.ca.subject.clone(),
                    public_key: item.ca.public_key,
                    serials: item.list.serials.clone(),
                });
                !item.list.serials.is_empty()
            }
        }
    }

    /// Bytes of numbers that neither of these two holds already.
    pub(crate) fn bytes_beside(&self, root: &RevokedSerials, authority: &RevokedSerials) -> usize {
        let authorities = self.authorities.iter().map(|known| &known.serials);
        let own = authorities
            .chain([&self.root])
            .filter(|serials| !serials.is_shared_with(root) && !serials.is_shared_with(authority));
        own.map(RevokedSerials::bytes).fold(0, usize::saturating_add)
    }

    /// How many certificates are known to be revoked.
    pub(crate) fn len(&self) -> usize {
        let authorities = self.authorities.iter().map(|known| known.serials.len());
        authorities.fold(self.root.len(), usize::saturating_add)
    }

    /// The error when the root has revoked this certificate.
    pub(crate) fn by_root(
        &self,
        source: Source,
        role: CertificateRole,
        serial: &Serial,
    ) -> Option<ChainError> {
        self.root.contains(serial).then(|| chain::revoked(source, role, serial))
    }

    /// The error when a PCK CA has revoked this certificate.
    pub(crate) fn by_authority(
        &self,
        issuer: &Issuer<'_>,
        source: Source,
        serial: &Serial,
    ) -> Option<ChainError> {
        let named = self
            .authorities
            .iter()
            .filter(|known| known.public_key == *issuer.public_key && known.subject == issuer.subject)
            .any(|known| known.serials.contains(serial));
        named.then(|| chain::revoked(source, CertificateRole::Pck, serial))
    }

    /// The revocation of a PCK chain that otherwise reaches the root; nothing for one that does not, since a
    /// certificate that nobody signed is nobody's.
    pub(crate) fn of_pck_chain(
        &self,
        (source, text): (Source, &[u8]),
        root: &TrustRoot,
        budget: &Budget,
    ) -> Option<ChainError> {
        let decoded = chain::decode(source, text, 3, budget).ok()?;
        let walked = chain::walk_pck(source, &decoded, root).ok()?;
        let [pck, ca, in_chain] = &walked.serials;
        let issuer = Issuer { subject: &walked.subject, subject_key: &[], public_key: &walked.public_key };
        self.by_root(source, CertificateRole::Root, in_chain)
            .or_else(|| self.by_root(source, CertificateRole::PckCa, ca))
            .or_else(|| self.by_authority(&issuer, source, pck))
    }
}
