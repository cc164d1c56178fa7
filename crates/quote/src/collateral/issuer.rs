//! Whether a chain reaches the root, and whether its CA has signed a list: for whoever puts together what came in pieces. Each
//! chain is asked once, and each list under one key once; trying every list under every chain would cost their product, and
//! anybody can write any number of either.

use super::items::{PckCa, Under, read_list, read_pck_ca, read_signer};
use crate::error::Source;
use crate::root::TrustRoot;
use core::fmt;
use veritee_base::Budget;

/// A CA of PCK certificates whose chain reaches the root. Dates and revocations are not looked at.
pub struct ListIssuer(PckCa);

impl fmt::Debug for ListIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ListIssuer").field(&self.0.kind).finish()
    }
}

impl ListIssuer {
    /// The CA of this chain, PEM; nothing where the chain is not genuine under the root. One signature, two where the chain
    /// has another certificate of the root.
    #[must_use]
    pub fn of_chain(chain: &str, root: &TrustRoot, budget: &Budget) -> Option<Self> {
        read_pck_ca(chain, Under { root, budget }).ok().map(Self)
    }

    /// Whether the list, DER, is this CA's: its name, its key identifier, its signature. One signature at most.
    #[must_use]
    pub fn has_signed(&self, list: &[u8], budget: &Budget) -> bool {
        list.len() <= budget.crl_bytes && read_list(Source::PckCrl, list, &self.0.issuer()).is_ok()
    }

    /// Whether two certificates are one issuer of lists: of one name and one key.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.public_key == other.0.public_key
            && self.0.subject == other.0.subject
            && self.0.subject_key == other.0.subject_key
    }
}

/// Whether this is the chain, PEM, of a signer of TCB info and QE identities that reaches the root. Dates and revocations are
/// not looked at. One signature, two where the chain has another certificate of the root.
#[must_use]
pub fn is_signer_chain(chain: &str, root: &TrustRoot, budget: &Budget) -> bool {
    read_signer(Source::TcbInfoIssuerChain, chain, Under { root, budget }).is_ok()
}
