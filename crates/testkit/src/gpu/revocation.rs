//! OCSP answers and revocation lists.

use super::{GpuCertificate, GpuKey, key_id};
use crate::certificate::{Algorithm, Extension, oids};
use crate::der;
use sha2::{Digest as _, Sha384};
use veritee_model::UnixTime;

/// Status of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseStatus {
    /// Not revoked.
    Good,
    /// Revoked, with a reason code.
    Revoked(u8),
    /// Not known.
    Unknown,
}

/// An OCSP response with one answer.
#[derive(Debug, Clone)]
pub struct AnswerSpec {
    /// Seed of the universe.
    pub seed: u64,
    /// The certificate that is asked about.
    pub subject: GpuCertificate,
    /// Status.
    pub status: ResponseStatus,
    /// Start of the window.
    pub this_update: UnixTime,
    /// End of the window.
    pub next_update: Option<UnixTime>,
    /// The responder's certificate; without one the issuer answers itself.
    pub responder: Option<GpuCertificate>,
    /// Label of the key that signs.
    pub signed_by: String,
    /// Content bytes of the serial number that the answer names.
    pub serial: Vec<u8>,
    /// Algorithm that the response names.
    pub algorithm: Algorithm,
    /// The nonce that it repeats.
    pub nonce: Option<[u8; 32]>,
}

impl AnswerSpec {
    /// "Good", by a responder to whom the issuer delegated.
    #[must_use]
    pub fn good(seed: u64, subject: &GpuCertificate, as_of: UnixTime) -> Self {
        let name = crate::certificate::Name::common("NVIDIA OCSP responder");
        let label = format!("{} responder", subject.signed_by);
        let mut responder =
            GpuCertificate::new(seed, name, &label, subject.issuer.clone(), &subject.signed_by, false);
        let purpose = der::sequence(&[der::oid("1.3.6.1.5.5.7.3.9")]);
        responder.extensions.push(Extension::new(oids::EXTENDED_KEY_USAGE, false, purpose));
        Self {
            seed,
            subject: subject.clone(),
            status: ResponseStatus::Good,
            this_update: UnixTime::from_seconds(as_of.seconds() - 3600),
            next_update: Some(UnixTime::from_seconds(as_of.seconds() + 23 * 3600)),
            signed_by: label,
            responder: Some(responder),
            serial: subject.serial.clone(),
            algorithm: Algorithm::ecdsa_sha384(),
            nonce: None,
        }
    }

    /// The response in DER.
    #[must_use]
    pub fn forge(&self) -> Vec<u8> {
        let generalized = |time: UnixTime| {
            let digits: String = time.to_string().chars().filter(char::is_ascii_digit).collect();
            der::element(0x18, format!("{digits}Z").as_bytes())
        };
        let issuer_key = GpuKey::derive(self.seed, &self.subject.signed_by);
        let id = der::sequence(&[
            der::sequence(&[der::oid("2.16.840.1.101.3.4.2.2")]),
            der::octet_string(&Sha384::digest(self.subject.issuer.der())),
            der::octet_string(&Sha384::digest(issuer_key.point())),
            der::raw_integer(&self.serial),
        ]);
        let status = match self.status {
            ResponseStatus::Good => der::element(0x80, &[]),
            ResponseStatus::Unknown => der::element(0x82, &[]),
            ResponseStatus::Revoked(reason) => {
                let reason = der::element(0xa0, &der::enumerated(reason));
                der::element(0xa1, &[generalized(self.this_update), reason].concat())
            }
        };
        let mut single = vec![id, status, generalized(self.this_update)];
        single.extend(self.next_update.map(|time| der::element(0xa0, &generalized(time))));
        let mut data = vec![
            der::element(0xa2, &der::octet_string(&key_id(self.seed, &self.signed_by))),
            generalized(self.this_update),
            der::sequence(&[der::sequence(&single)]),
        ];
        data.extend(self.nonce.map(|nonce| {
            let nonce = Extension::new("1.3.6.1.5.5.7.48.1.2", false, der::octet_string(&nonce));
            der::element(0xa1, &der::sequence(&[nonce.der()]))
        }));
        let data = der::sequence(&data);
        let signature = GpuKey::derive(self.seed, &self.signed_by).sign_der(&data);
        let mut parts = vec![data, self.algorithm.0.clone(), der::bit_string(0, &signature)];
        parts.extend(
            self.responder.as_ref().map(|one| der::element(0xa0, &der::sequence(&[one.sign(self.seed)]))),
        );
        let basic =
            der::sequence(&[der::oid("1.3.6.1.5.5.7.48.1.1"), der::octet_string(&der::sequence(&parts))]);
        der::sequence(&[der::enumerated(0), der::element(0xa0, &basic)])
    }
}

/// A revocation list.
#[derive(Debug, Clone)]
pub struct ListSpec {
    /// Seed of the universe.
    pub seed: u64,
    /// Certificate of the issuer.
    pub issuer: GpuCertificate,
    /// Content bytes of the revoked serial numbers.
    pub revoked: Vec<Vec<u8>>,
    /// Start of the window.
    pub this_update: UnixTime,
    /// End of the window.
    pub next_update: UnixTime,
    /// Label of the key that signs.
    pub signed_by: String,
}

impl ListSpec {
    /// An empty list of this issuer, two years long.
    #[must_use]
    pub fn empty(seed: u64, issuer: &GpuCertificate, as_of: UnixTime) -> Self {
        Self {
            seed,
            issuer: issuer.clone(),
            revoked: Vec::new(),
            this_update: UnixTime::from_seconds(as_of.seconds() - 86_400),
            next_update: UnixTime::from_seconds(as_of.seconds() + 2 * 365 * 86_400),
            signed_by: issuer.key.clone(),
        }
    }

    /// The list in DER.
    #[must_use]
    pub fn forge(&self) -> Vec<u8> {
        let entry =
            |serial: &Vec<u8>| der::sequence(&[der::raw_integer(serial), der::time(self.this_update)]);
        let key = der::sequence(&[der::element(0x80, &key_id(self.seed, &self.issuer.key))]);
        let extensions = der::sequence(&[
            Extension::new(oids::AKI, false, key).der(),
            Extension::new(oids::CRL_NUMBER, false, der::integer(1)).der(),
        ]);
        let mut parts = vec![
            der::integer(1),
            Algorithm::ecdsa_sha384().0,
            self.issuer.subject.der(),
            der::time(self.this_update),
            der::time(self.next_update),
        ];
        if !self.revoked.is_empty() {
            parts.push(der::sequence(&self.revoked.iter().map(entry).collect::<Vec<_>>()));
        }
        parts.push(der::element(0xa0, &extensions));
        let tbs = der::sequence(&parts);
        let signature = GpuKey::derive(self.seed, &self.signed_by).sign_der(&tbs);
        der::sequence(&[tbs, Algorithm::ecdsa_sha384().0, der::bit_string(0, &signature)])
    }
}
