//! Collateral as Intel's provisioning certification service answers it: bodies and percent-encoded headers.

use crate::collateral::ForgedCollateral;
use core::fmt::Write as _;

/// The four answers that make collateral. Tests may damage any of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgedAnswers {
    /// Body of `/tcb`.
    pub tcb_info: Vec<u8>,
    /// Its chain as the header has it.
    pub tcb_info_chain: String,
    /// Body of `/qe/identity`.
    pub qe_identity: Vec<u8>,
    /// Its chain as the header has it.
    pub qe_identity_chain: String,
    /// Body of `/pckcrl?encoding=der`.
    pub pck_crl: Vec<u8>,
    /// Its chain as the header has it.
    pub pck_crl_chain: String,
    /// The root's revocation list, DER.
    pub root_ca_crl: Vec<u8>,
}

impl ForgedCollateral {
    /// The answers of Intel's service that bring this collateral.
    #[must_use]
    pub fn pcs(&self) -> ForgedAnswers {
        let body = |member: &str, text: &str, signature: &[u8]| {
            format!(r#"{{"{member}":{text},"signature":"{}"}}"#, hex::encode(signature)).into_bytes()
        };
        ForgedAnswers {
            tcb_info: body("tcbInfo", &self.tcb_info.text, &self.tcb_info.signature),
            tcb_info_chain: percent_encoded(&self.tcb_info_issuer_chain),
            qe_identity: body("enclaveIdentity", &self.qe_identity.text, &self.qe_identity.signature),
            qe_identity_chain: percent_encoded(&self.qe_identity_issuer_chain),
            pck_crl: self.pck_crl.clone(),
            pck_crl_chain: percent_encoded(&self.pck_crl_issuer_chain),
            root_ca_crl: self.root_ca_crl.clone(),
        }
    }
}

/// Coded for a header, as Intel's service does it: everything but letters, digits and `-_.~`.
///
/// # Panics
/// Never: writing to a string cannot fail.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a string");
        }
    }
    out
}
