//! Certificate revocation lists.

use crate::certificate::{Algorithm, Extension, Name, oids};
use crate::der;
use crate::key::SigningKey;
use crate::pki::Role;
use veritee_model::UnixTime;

/// One revoked certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Content bytes of the serial number INTEGER.
    pub serial: Vec<u8>,
    /// Revocation date.
    pub date: UnixTime,
    /// CRLReason; Intel writes 1, keyCompromise.
    pub reason: Option<u8>,
}

/// Everything of a CRL. Public fields: a test changes one of them.
#[derive(Debug, Clone)]
pub struct CrlSpec {
    /// Version field (1 is CRL v2).
    pub version: Option<u8>,
    /// Whose name stands as issuer.
    pub issuer: Name,
    /// thisUpdate.
    pub this_update: UnixTime,
    /// nextUpdate; RFC 5280 lets writers leave it out, Intel never does.
    pub next_update: Option<UnixTime>,
    /// The list.
    pub revoked: Vec<Revoked>,
    /// Entries in DER that are written after the list as they stand.
    pub raw_entries: Vec<Vec<u8>>,
    /// Extensions in order.
    pub extensions: Vec<Extension>,
    /// Whose private key signs.
    pub signed_by: Role,
    /// Algorithm named inside the signed part.
    pub inner_algorithm: Algorithm,
    /// Algorithm named beside the signature.
    pub outer_algorithm: Algorithm,
    /// Changes the signature (DER) after signing.
    pub edit_signature: Option<fn(&mut Vec<u8>)>,
    /// Changes the finished CRL.
    pub edit_der: Option<fn(&mut Vec<u8>)>,
}

impl CrlSpec {
    /// Adds a serial number with Intel's usual reason.
    pub fn revoke(&mut self, serial: &[u8]) {
        self.revoked.push(Revoked { serial: serial.to_vec(), date: self.this_update, reason: Some(1) });
    }

    /// Sets CRLNumber.
    pub fn set_number(&mut self, number: u64) {
        for extension in &mut self.extensions {
            if extension.oid == oids::CRL_NUMBER {
                extension.value = der::integer(number);
            }
        }
    }

    /// The CRL in DER.
    #[must_use]
    pub fn sign(&self, issuer_key: &SigningKey) -> Vec<u8> {
        let mut parts: Vec<Vec<u8>> =
            self.version.map(|version| der::integer(u64::from(version))).into_iter().collect();
        parts.push(self.inner_algorithm.0.clone());
        parts.push(self.issuer.der());
        parts.push(der::time(self.this_update));
        parts.extend(self.next_update.map(der::time));
        let mut entries: Vec<_> = self.revoked.iter().map(Revoked::der).collect();
        entries.extend(self.raw_entries.iter().cloned());
        if !entries.is_empty() {
            parts.push(der::sequence(&entries));
        }
        if !self.extensions.is_empty() {
            let extensions: Vec<_> = self.extensions.iter().map(Extension::der).collect();
            parts.push(der::element(0xa0, &der::sequence(&extensions)));
        }
        let tbs = der::sequence(&parts);
        let mut signature = issuer_key.sign_der(&tbs);
        if let Some(edit) = self.edit_signature {
            edit(&mut signature);
        }
        let mut out = der::sequence(&[tbs, self.outer_algorithm.0.clone(), der::bit_string(0, &signature)]);
        if let Some(edit) = self.edit_der {
            edit(&mut out);
        }
        out
    }
}

impl Revoked {
    fn der(&self) -> Vec<u8> {
        let mut parts = vec![der::raw_integer(&self.serial), der::time(self.date)];
        if let Some(reason) = self.reason {
            let extension = Extension::new("2.5.29.21", false, der::enumerated(reason));
            parts.push(der::sequence(&[extension.der()]));
        }
        der::sequence(&parts)
    }
}
