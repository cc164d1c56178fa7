//! Intel's statements about platforms, as they come: untrusted until [`Collateral::verify_at`].

mod forms;
mod issuer;
mod items;
mod verify;

pub(crate) use forms::position;
pub use forms::{CollateralParts, PcsAnswers};
pub use issuer::{ListIssuer, is_signer_chain};
pub(crate) use items::{Chains, Item, Number, PckListItem, QeIdentityItem, RootListItem, TcbInfoItem, Under};
pub(crate) use verify::kinds_differ;

use crate::error::CollateralError;
use crate::pck::CaKind;
use crate::prepared::PreparedCollateral;
use crate::quote::Tee;
use crate::root::TrustRoot;
use crate::x509::{Certificate, pem};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use veritee_base::{Budget, Fmspc, UnixTime};

/// What to do with collateral that was in force once and no longer is.
///
/// What is not in force yet is refused either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expiry {
    /// Refuse it.
    Enforce,
    /// Let it through and list it in [`crate::CollateralFacts::expired`]. A loosening: whoever kept old
    /// collateral can hide a revocation or a newer, worse TCB level.
    Report,
}

/// TCB info, QE identity and revocation lists with their certificate chains. Nothing in it is verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Collateral {
    parts: CollateralParts,
}

impl core::fmt::Debug for Collateral {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Collateral")
            .field("tee", &self.tee())
            .field("fmspc", &self.fmspc())
            .field("ca", &self.ca())
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Peek<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    fmspc: Option<Cow<'a, str>>,
}

impl Collateral {
    /// Collateral from its parts as they are.
    #[must_use]
    pub const fn from_parts(parts: CollateralParts) -> Self {
        Self { parts }
    }

    /// Reads the JSON object that dcap-qvl writes: strings `tcb_info`, `tcb_info_issuer_chain`,
    /// `tcb_info_signature` (hex or base64), the same for `qe_identity`, `pck_crl_issuer_chain`, `root_ca_crl` and
    /// `pck_crl` (hex, base64 or PEM), and optionally `pck_certificate_chain`. Lists and signatures may be arrays of
    /// numbers too. Unknown fields are ignored.
    ///
    /// # Errors
    /// When the JSON is of another form, a list can be decoded in no way, or a part is too large.
    pub fn from_json(json: &[u8]) -> Result<Self, CollateralError> {
        Self::from_json_within(json, &Budget::default())
    }

    /// [`Self::from_json`] with other limits.
    ///
    /// # Errors
    /// As [`Self::from_json`].
    pub fn from_json_within(json: &[u8], budget: &Budget) -> Result<Self, CollateralError> {
        forms::from_json(json, budget).map(Self::from_parts)
    }

    /// The lists of a JSON object that [`Self::from_json`] refuses, because a member of it is missing or cannot be decoded:
    /// what a genuine list in it revokes is revoked all the same. Nothing else stands in it; `None` where there is no list.
    #[must_use]
    pub fn lists_from_json_within(json: &[u8], budget: &Budget) -> Option<Self> {
        forms::lists_from_json(json, budget).map(Self::from_parts)
    }

    /// Collateral from the answers of Intel's provisioning certification service (or a PCCS) as they are. The
    /// signed members are cut out of the bodies, never written anew.
    ///
    /// # Errors
    /// When a body is of another form or a list can be decoded in no way.
    pub fn from_pcs(answers: &PcsAnswers<'_>) -> Result<Self, CollateralError> {
        Self::from_pcs_within(answers, &Budget::default())
    }

    /// [`Self::from_pcs`] with other limits.
    ///
    /// # Errors
    /// As [`Self::from_pcs`].
    pub fn from_pcs_within(answers: &PcsAnswers<'_>, budget: &Budget) -> Result<Self, CollateralError> {
        forms::from_pcs(answers, budget).map(Self::from_parts)
    }

    /// The parts.
    #[must_use]
    pub const fn parts(&self) -> &CollateralParts {
        &self.parts
    }

    /// The JSON object that [`Self::from_json`] reads.
    #[must_use]
    pub fn to_json(&self) -> String {
        forms::to_json(&self.parts)
    }

    /// FMSPC of the TCB info, unverified: good for choosing, for nothing else.
    #[must_use]
    pub fn fmspc(&self) -> Option<Fmspc> {
        self.peek().and_then(|peek| Fmspc::from_hex(&peek.fmspc?).ok())
    }

    /// Kind of TEE of the TCB info, unverified. Version 2 has no `id` and speaks of SGX.
    #[must_use]
    pub fn tee(&self) -> Option<Tee> {
        match self.peek()?.id.as_deref() {
            Some("TDX") => Some(Tee::Tdx),
            Some("SGX") | None => Some(Tee::Sgx),
            Some(_) => None,
        }
    }

    /// The CA that issued the PCK revocation list, unverified.
    #[must_use]
    pub fn ca(&self) -> Option<CaKind> {
        let chain = pem::decode_glued_chain(self.parts.pck_crl_issuer_chain.as_bytes(), 2);
        chain.ok().filter(|chain| chain.len() == 2)?.iter().find_map(|der| {
            let certificate = Certificate::parse(der).ok()?;
            CaKind::from_name(certificate.subject_common_name()?)
        })
    }

    fn peek(&self) -> Option<Peek<'_>> {
        serde_json::from_str(&self.parts.tcb_info).ok()
    }

    /// Checks everything that can be checked without a quote: both signing chains, the PCK CA, both revocation
    /// lists, TCB info and QE identity, each down from `root` and in force at `as_of`. Six signatures.
    ///
    /// # Errors
    /// The first fault found; authenticity comes before dates.
    pub fn verify_at(
        &self,
        root: &TrustRoot,
        as_of: UnixTime,
        expiry: Expiry,
    ) -> Result<PreparedCollateral, CollateralError> {
        self.verify_within(root, as_of, expiry, &Budget::default())
    }

    /// [`Self::verify_at`] with other limits.
    ///
    /// # Errors
    /// As [`Self::verify_at`].
    pub fn verify_within(
        &self,
        root: &TrustRoot,
        as_of: UnixTime,
        expiry: Expiry,
        budget: &Budget,
    ) -> Result<PreparedCollateral, CollateralError> {
        verify::verify(&self.parts, root, as_of, expiry, budget)
    }
}
