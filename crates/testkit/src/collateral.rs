//! Collateral in the JSON form of dcap-qvl (`QuoteCollateralV3`), and its parts.

use crate::crl::CrlSpec;
use crate::pki::{Pki, Role};

/// Which certificates stand where in the collateral. CRLs are lists of their own.
#[derive(Debug, Clone)]
pub struct CollateralSpec {
    /// The root CA's CRL.
    pub root_crl: CrlSpec,
    /// The PCK CA's CRL.
    pub pck_crl: CrlSpec,
    /// `pck_crl_issuer_chain`.
    pub pck_crl_issuer_chain: Vec<Role>,
    /// `tcb_info_issuer_chain`.
    pub tcb_info_issuer_chain: Vec<Role>,
    /// `qe_identity_issuer_chain`.
    pub qe_identity_issuer_chain: Vec<Role>,
    /// `pck_certificate_chain`, when the collateral is to carry one.
    pub pck_certificate_chain: Option<Vec<Role>>,
}

/// A signed JSON text: exactly these bytes are signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedJson {
    /// The text.
    pub text: String,
    /// `r || s`.
    pub signature: Vec<u8>,
}

/// Finished collateral. Tests may still damage any part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgedCollateral {
    /// PEM.
    pub pck_crl_issuer_chain: String,
    /// DER.
    pub root_ca_crl: Vec<u8>,
    /// DER.
    pub pck_crl: Vec<u8>,
    /// PEM.
    pub tcb_info_issuer_chain: String,
    /// TCB info and its signature.
    pub tcb_info: SignedJson,
    /// PEM.
    pub qe_identity_issuer_chain: String,
    /// QE identity and its signature.
    pub qe_identity: SignedJson,
    /// PEM; present when the collateral belongs to one platform.
    pub pck_certificate_chain: Option<String>,
}

impl CollateralSpec {
    /// Writes and signs everything.
    #[must_use]
    pub fn forge(&self, pki: &Pki, tcb_info: SignedJson, qe_identity: SignedJson) -> ForgedCollateral {
        ForgedCollateral {
            pck_crl_issuer_chain: pki.pem(&self.pck_crl_issuer_chain),
            root_ca_crl: self.root_crl.sign(pki.key(self.root_crl.signed_by)),
            pck_crl: self.pck_crl.sign(pki.key(self.pck_crl.signed_by)),
            tcb_info_issuer_chain: pki.pem(&self.tcb_info_issuer_chain),
            tcb_info,
            qe_identity_issuer_chain: pki.pem(&self.qe_identity_issuer_chain),
            qe_identity,
            pck_certificate_chain: self.pck_certificate_chain.as_ref().map(|chain| pki.pem(chain)),
        }
    }
}

impl ForgedCollateral {
    /// dcap-qvl's JSON form: CRLs and signatures in hex, signed texts as strings.
    ///
    /// # Panics
    /// Never: strings always serialise.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut fields = vec![
            ("pck_crl_issuer_chain", self.pck_crl_issuer_chain.clone()),
            ("root_ca_crl", hex::encode(&self.root_ca_crl)),
            ("pck_crl", hex::encode(&self.pck_crl)),
            ("tcb_info_issuer_chain", self.tcb_info_issuer_chain.clone()),
            ("tcb_info", self.tcb_info.text.clone()),
            ("tcb_info_signature", hex::encode(&self.tcb_info.signature)),
            ("qe_identity_issuer_chain", self.qe_identity_issuer_chain.clone()),
            ("qe_identity", self.qe_identity.text.clone()),
            ("qe_identity_signature", hex::encode(&self.qe_identity.signature)),
        ];
        fields.extend(self.pck_certificate_chain.clone().map(|chain| ("pck_certificate_chain", chain)));
        let members: Vec<String> = fields
            .into_iter()
            .map(|(name, value)| {
                format!("\"{name}\":{}", serde_json::to_string(&value).expect("strings serialise"))
            })
            .collect();
        format!("{{{}}}", members.join(","))
    }
}
