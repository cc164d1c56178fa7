//! What a service answered, kept as it came, and how it becomes collateral.

use crate::error::AnswerFault;
use crate::need::Need;
use crate::service::ItemKind;
use crate::{Error, Evaluation};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;
use veritee_model::{Budget, Sha256Digest, UnixTime, text};
use veritee_quote::error::Source;
use veritee_quote::{
    Collateral, CollateralError, CollateralParts, Expiry, PcsAnswers, PreparedCollateral, TrustRoot,
};

/// One answer, exactly as it came. Nothing in it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// What it is said to be.
    pub item: ItemKind,
    /// Who gave it, for people.
    pub url: String,
    /// When.
    pub fetched: UnixTime,
    /// The body's bytes.
    pub body: Arc<[u8]>,
    /// The header with its certificate chain, still percent-encoded; the root's list has none.
    pub chain: Option<Arc<str>>,
}

/// The four answers that make collateral. Nothing in them is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    pub(crate) tcb_info: Received,
    pub(crate) qe_identity: Received,
    pub(crate) pck_crl: Received,
    pub(crate) root_ca_crl: Received,
}

/// Collateral whose signatures, dates and subject were checked against what was needed.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The collateral.
    pub collateral: Collateral,
    /// The same, verified under the root. Expired parts are let through and listed by
    /// [`PreparedCollateral::check_windows`].
    pub prepared: PreparedCollateral,
    /// Evaluation data numbers of TCB info and QE identity.
    pub numbers: (u32, u32),
    /// The time that they were verified at.
    pub verified_at: UnixTime,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default, rename = "tcbInfo")]
    tcb_info: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "enclaveIdentity")]
    enclave_identity: Option<&'a RawValue>,
    signature: Option<&'a RawValue>,
}

impl Received {
    /// The body is of the form that this item has, and the chain came with it. No signature is checked.
    ///
    /// # Errors
    /// What is missing or what came instead.
    pub fn check_form(&self) -> Result<(), AnswerFault> {
        let headers = self.item.chain_headers();
        if let (None, Some(header)) = (&self.chain, headers.first()) {
            return Err(AnswerFault::ChainMissing { header });
        }
        match self.item {
            ItemKind::TcbInfo => self.check_json("tcbInfo", |body| body.tcb_info),
            ItemKind::QeIdentity => self.check_json("enclaveIdentity", |body| body.enclave_identity),
            ItemKind::PckCrl | ItemKind::RootCaCrl if self.body.is_empty() => Err(AnswerFault::Empty),
            ItemKind::PckCrl | ItemKind::RootCaCrl => Ok(()),
        }
    }

    fn check_json<'a>(
        &'a self,
        member: &'static str,
        pick: impl FnOnce(&Body<'a>) -> Option<&'a RawValue>,
    ) -> Result<(), AnswerFault> {
        if self.body.is_empty() {
            return Err(AnswerFault::Empty);
        }
        let body: Body<'a> = serde_json::from_slice(&self.body).map_err(|error| AnswerFault::Form {
            expected: member,
            line: error.line(),
            column: error.column(),
            begins: beginning(&self.body),
        })?;
        let missing = if pick(&body).is_none() {
            Some(member)
        } else if body.signature.is_none() {
            Some("signature")
        } else {
            None
        };
        missing.map_or(Ok(()), |member| {
            Err(AnswerFault::MemberMissing { member, begins: beginning(&self.body) })
        })
    }

    /// SHA-256 of the body.
    #[must_use]
    pub fn sha256(&self) -> Sha256Digest {
        Sha256Digest::of(&self.body)
    }
}

/// The first bytes of a body, safe to print: mostly it is the page of a proxy.
fn beginning(body: &[u8]) -> String {
    let start = body.get(..80).unwrap_or(body);
    text::inert(String::from_utf8_lossy(start).trim())
}

impl Answers {
    /// Puts four answers together.
    ///
    /// # Errors
    /// [`AnswerFault::NotFour`] when one of the four is missing or there twice.
    pub fn new(received: impl IntoIterator<Item = Received>) -> Result<Self, AnswerFault> {
        let (mut tcb_info, mut qe_identity, mut pck_crl, mut root_ca_crl) = (None, None, None, None);
        for answer in received {
            let item = answer.item;
            let slot = match item {
                ItemKind::TcbInfo => &mut tcb_info,
                ItemKind::QeIdentity => &mut qe_identity,
                ItemKind::PckCrl => &mut pck_crl,
                ItemKind::RootCaCrl => &mut root_ca_crl,
            };
            if slot.replace(answer).is_some() {
                return Err(AnswerFault::NotFour { item });
            }
        }
        let missing = |item| AnswerFault::NotFour { item };
        Ok(Self {
            tcb_info: tcb_info.ok_or_else(|| missing(ItemKind::TcbInfo))?,
            qe_identity: qe_identity.ok_or_else(|| missing(ItemKind::QeIdentity))?,
            pck_crl: pck_crl.ok_or_else(|| missing(ItemKind::PckCrl))?,
            root_ca_crl: root_ca_crl.ok_or_else(|| missing(ItemKind::RootCaCrl))?,
        })
    }

    /// Answers that hold the same signed bytes as finished collateral does: how files of a snapshot are kept.
    ///
    /// # Errors
    /// When the parts cannot stand in an answer unchanged; genuine ones always can.
    pub fn from_collateral(
        collateral: &Collateral,
        source: &str,
        fetched: UnixTime,
        budget: &Budget,
    ) -> Result<Self, AnswerFault> {
        let parts = collateral.parts();
        let signed = |member: &str, document: &str, signature: &str| -> Arc<[u8]> {
            // The document goes in as it is: what is signed is never written anew.
            format!("{{\"{member}\":{document},\"signature\":\"{signature}\"}}").into_bytes().into()
        };
        let received = |item, body: Arc<[u8]>, chain: Option<&str>| Received {
            item,
            url: source.to_owned(),
            fetched,
            body,
            chain: chain.map(Arc::from),
        };
        let answers = Self {
            tcb_info: received(
                ItemKind::TcbInfo,
                signed("tcbInfo", &parts.tcb_info, &parts.tcb_info_signature),
                Some(&parts.tcb_info_issuer_chain),
            ),
            qe_identity: received(
                ItemKind::QeIdentity,
                signed("enclaveIdentity", &parts.qe_identity, &parts.qe_identity_signature),
                Some(&parts.qe_identity_issuer_chain),
            ),
            pck_crl: received(
                ItemKind::PckCrl,
                parts.pck_crl.as_slice().into(),
                Some(&parts.pck_crl_issuer_chain),
            ),
            root_ca_crl: received(ItemKind::RootCaCrl, parts.root_ca_crl.as_slice().into(), None),
        };
        let without_pck = CollateralParts { pck_certificate_chain: None, ..parts.clone() };
        let same = answers.collateral(budget).is_ok_and(|read| *read.parts() == without_pck);
        if same { Ok(answers) } else { Err(AnswerFault::NotRepresentable) }
    }

    /// All four, in the order of [`ItemKind::ALL`].
    #[must_use]
    pub const fn all(&self) -> [&Received; 4] {
        [&self.tcb_info, &self.qe_identity, &self.pck_crl, &self.root_ca_crl]
    }

    pub(crate) fn into_all(self) -> [Received; 4] {
        [self.tcb_info, self.qe_identity, self.pck_crl, self.root_ca_crl]
    }

    /// When the oldest of them was fetched.
    #[must_use]
    pub fn fetched(&self) -> UnixTime {
        let [first, rest @ ..] = self.all().map(|answer| answer.fetched);
        rest.into_iter().fold(first, Ord::min)
    }

    /// The collateral in them, unverified.
    ///
    /// # Errors
    /// When a body is of another form or a list can be decoded in no way.
    pub fn collateral(&self, budget: &Budget) -> Result<Collateral, CollateralError> {
        let answers = PcsAnswers {
            tcb_info_body: &self.tcb_info.body,
            tcb_info_issuer_chain: self.tcb_info.chain.as_deref().unwrap_or_default(),
            qe_identity_body: &self.qe_identity.body,
            qe_identity_issuer_chain: self.qe_identity.chain.as_deref().unwrap_or_default(),
            pck_crl: &self.pck_crl.body,
            pck_crl_issuer_chain: self.pck_crl.chain.as_deref().unwrap_or_default(),
            root_ca_crl: &self.root_ca_crl.body,
            pck_certificate_chain: None,
        };
        Collateral::from_pcs_within(&answers, budget)
    }

    /// Verifies the answers under `root` at `now` and holds them to what was needed. Expired parts pass.
    ///
    /// A service is trusted no more than a file: it can answer with genuine collateral of another platform, of
    /// another CA or of another data set.
    ///
    /// # Errors
    /// [`Error::Refused`] with the address of the answer that is to blame.
    pub fn check(
        &self,
        need: &Need,
        root: &TrustRoot,
        now: UnixTime,
        budget: &Budget,
    ) -> Result<Checked, Error> {
        for answer in self.all() {
            answer.check_form().map_err(|fault| self.refused(answer.item, fault))?;
        }
        let refused = |error: CollateralError| {
            let item = blamed(&error);
            self.refused(item, AnswerFault::Collateral(Box::new(error)))
        };
        let collateral = self.collateral(budget).map_err(refused)?;
        let prepared = collateral.verify_within(root, now, Expiry::Report, budget).map_err(refused)?;
        let numbers = (prepared.tcb_info().evaluation_number, prepared.qe_identity().evaluation_number);
        self.check_subject(need, &prepared, numbers)?;
        Ok(Checked { collateral, prepared, numbers, verified_at: now })
    }

    fn check_subject(
        &self,
        need: &Need,
        prepared: &PreparedCollateral,
        numbers: (u32, u32),
    ) -> Result<(), Error> {
        if prepared.tee() != need.tee {
            let fault = AnswerFault::Tee { expected: need.tee, got: prepared.tee() };
            return Err(self.refused(ItemKind::TcbInfo, fault));
        }
        if prepared.fmspc() != need.fmspc {
            let fault = AnswerFault::Fmspc { expected: need.fmspc, got: prepared.fmspc() };
            return Err(self.refused(ItemKind::TcbInfo, fault));
        }
        if prepared.ca() != need.ca {
            let fault = AnswerFault::Ca { expected: need.ca, got: prepared.ca() };
            return Err(self.refused(ItemKind::PckCrl, fault));
        }
        if let Evaluation::Number(expected) = need.evaluation {
            for (item, got) in [(ItemKind::TcbInfo, numbers.0), (ItemKind::QeIdentity, numbers.1)] {
                if got != expected {
                    return Err(self.refused(item, AnswerFault::Number { expected, got }));
                }
            }
        }
        Ok(())
    }

    fn refused(&self, item: ItemKind, fault: AnswerFault) -> Error {
        let [tcb_info, qe_identity, pck_crl, root_ca_crl] = self.all();
        let answer = match item {
            ItemKind::TcbInfo => tcb_info,
            ItemKind::QeIdentity => qe_identity,
            ItemKind::PckCrl => pck_crl,
            ItemKind::RootCaCrl => root_ca_crl,
        };
        Error::Refused { item: item.title(), url: answer.url.clone(), fault }
    }
}

/// The answer in which a source of collateral stands.
pub(crate) const fn item_of(source: Source) -> ItemKind {
    match source {
        Source::QeIdentity | Source::QeIdentityIssuerChain => ItemKind::QeIdentity,
        Source::PckCrl | Source::PckCrlIssuerChain => ItemKind::PckCrl,
        Source::RootCaCrl => ItemKind::RootCaCrl,
        Source::TcbInfo
        | Source::TcbInfoIssuerChain
        | Source::PckChainInQuote
        | Source::PckChainInCollateral => ItemKind::TcbInfo,
    }
}

fn blamed(error: &CollateralError) -> ItemKind {
    match error {
        CollateralError::Encoding { source }
        | CollateralError::TooLarge { source, .. }
        | CollateralError::Crl { source, .. }
        | CollateralError::Document { source, .. } => item_of(*source),
        CollateralError::Chain(error) => item_of(error.source),
        CollateralError::KindsDiffer { .. } => ItemKind::QeIdentity,
        _ => ItemKind::TcbInfo,
    }
}
