//! X.509 certificates, well formed by default and malformed on demand.

use crate::der;
use crate::key::SigningKey;
use crate::pki::Role;
use veritee_model::UnixTime;

/// Object identifiers of the extensions that Intel uses.
pub mod oids {
    /// Authority key identifier.
    pub const AKI: &str = "2.5.29.35";
    /// Subject key identifier.
    pub const SKI: &str = "2.5.29.14";
    /// CRL distribution points.
    pub const CRL_DISTRIBUTION: &str = "2.5.29.31";
    /// Key usage.
    pub const KEY_USAGE: &str = "2.5.29.15";
    /// Basic constraints.
    pub const BASIC_CONSTRAINTS: &str = "2.5.29.19";
    /// Extended key usage.
    pub const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
    /// CRL number.
    pub const CRL_NUMBER: &str = "2.5.29.20";
    /// Intel's SGX extension of the PCK certificate.
    pub const SGX: &str = "1.2.840.113741.1.13.1";
}

/// AlgorithmIdentifier in DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Algorithm(pub Vec<u8>);

impl Algorithm {
    /// ecdsa-with-SHA256: what Intel uses throughout.
    #[must_use]
    pub fn ecdsa_sha256() -> Self {
        Self(der::sequence(&[der::oid("1.2.840.10045.4.3.2")]))
    }

    /// ecdsa-with-SHA384.
    #[must_use]
    pub fn ecdsa_sha384() -> Self {
        Self(der::sequence(&[der::oid("1.2.840.10045.4.3.3")]))
    }

    /// sha256WithRSAEncryption.
    #[must_use]
    pub fn rsa_sha256() -> Self {
        Self(der::sequence(&[der::oid("1.2.840.113549.1.1.11"), der::null()]))
    }

    /// Ed25519.
    #[must_use]
    pub fn ed25519() -> Self {
        Self(der::sequence(&[der::oid("1.3.101.112")]))
    }
}

/// A distinguished name: attribute object identifiers and values, one per RDN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Attributes in order; country names are written as PrintableString, all else as UTF8String.
    pub attributes: Vec<(String, String)>,
    /// DER that is written in place of the attributes.
    pub raw: Option<Vec<u8>>,
}

impl Name {
    /// Intel's names: the common name, then organisation, locality, state and country.
    #[must_use]
    pub fn intel(common_name: &str) -> Self {
        let mut name = Self::common(common_name);
        name.attributes.extend(
            [
                ("2.5.4.10", "Intel Corporation"),
                ("2.5.4.7", "Santa Clara"),
                ("2.5.4.8", "CA"),
                ("2.5.4.6", "US"),
            ]
            .map(|(oid, value)| (oid.to_owned(), value.to_owned())),
        );
        name
    }

    /// Only a common name.
    #[must_use]
    pub fn common(common_name: &str) -> Self {
        Self { attributes: vec![("2.5.4.3".to_owned(), common_name.to_owned())], raw: None }
    }

    /// Replaces the common name.
    ///
    /// # Panics
    /// When the name has no attribute.
    pub fn set_common_name(&mut self, common_name: &str) {
        self.attributes[0].1 = common_name.to_owned();
    }

    /// The name in DER.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let rdn = |(oid, value): &(String, String)| {
            let text = if oid == "2.5.4.6" { der::printable(value) } else { der::utf8(value) };
            der::set(&[der::sequence(&[der::oid(oid), text])])
        };
        der::sequence(&self.attributes.iter().map(rdn).collect::<Vec<_>>())
    }
}

/// One extension of a certificate or CRL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Object identifier in dotted form.
    pub oid: String,
    /// The critical flag; written only when set.
    pub critical: bool,
    /// DER inside the OCTET STRING.
    pub value: Vec<u8>,
}

impl Extension {
    /// An extension.
    #[must_use]
    pub fn new(oid: &str, critical: bool, value: Vec<u8>) -> Self {
        Self { oid: oid.to_owned(), critical, value }
    }

    /// The extension in DER.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        let mut parts = vec![der::oid(&self.oid)];
        if self.critical {
            parts.push(der::boolean(true));
        }
        parts.push(der::octet_string(&self.value));
        der::sequence(&parts)
    }
}

/// Everything of a certificate. Public fields: a test changes one of them.
#[derive(Debug, Clone)]
pub struct CertificateSpec {
    /// Version field (2 is X.509 v3); `None` leaves it out, which means v1.
    pub version: Option<u8>,
    /// Content bytes of the serial number INTEGER.
    pub serial: Vec<u8>,
    /// Whose name stands as issuer.
    pub issuer: Name,
    /// The subject.
    pub subject: Name,
    /// Start of validity.
    pub not_before: UnixTime,
    /// End of validity.
    pub not_after: UnixTime,
    /// DER that is written in place of the validity.
    pub raw_validity: Option<Vec<u8>>,
    /// Whose public key is certified.
    pub key: Role,
    /// Whose private key signs.
    pub signed_by: Role,
    /// SubjectPublicKeyInfo in DER that replaces the one of [`Self::key`].
    pub spki: Option<Vec<u8>>,
    /// Extensions in order.
    pub extensions: Vec<Extension>,
    /// Algorithm named inside the signed part.
    pub inner_algorithm: Algorithm,
    /// Algorithm named beside the signature.
    pub outer_algorithm: Algorithm,
    /// Changes the signed part before it is signed.
    pub edit_tbs: Option<fn(&mut Vec<u8>)>,
    /// Changes the signature (DER) after signing.
    pub edit_signature: Option<fn(&mut Vec<u8>)>,
    /// Changes the finished certificate.
    pub edit_der: Option<fn(&mut Vec<u8>)>,
}

impl CertificateSpec {
    /// The extension with this identifier.
    ///
    /// # Panics
    /// When there is none.
    pub fn extension_mut(&mut self, oid: &str) -> &mut Extension {
        self.extensions.iter_mut().find(|extension| extension.oid == oid).expect("the extension is there")
    }

    /// Removes all extensions with this identifier.
    pub fn remove_extension(&mut self, oid: &str) {
        self.extensions.retain(|extension| extension.oid != oid);
    }

    /// Sets the value of basic constraints: CA flag (absent when false, as DER wants) and path length.
    pub fn set_basic_constraints(&mut self, ca: bool, path_length: Option<u8>) {
        self.extension_mut(oids::BASIC_CONSTRAINTS).value = basic_constraints(ca, path_length);
    }

    /// Sets key usage; bit 7 of the byte is digitalSignature, bit 2 keyCertSign, bit 1 cRLSign.
    pub fn set_key_usage(&mut self, bits: u8) {
        self.extension_mut(oids::KEY_USAGE).value = key_usage(bits);
    }

    /// The signed part in DER, before any signature.
    #[must_use]
    pub fn tbs(&self, spki: &[u8]) -> Vec<u8> {
        let mut parts = Vec::new();
        if let Some(version) = self.version {
            parts.push(der::element(0xa0, &der::integer(u64::from(version))));
        }
        parts.push(der::raw_integer(&self.serial));
        parts.push(self.inner_algorithm.0.clone());
        parts.push(self.issuer.der());
        parts.push(match &self.raw_validity {
            Some(raw) => raw.clone(),
            None => der::sequence(&[der::time(self.not_before), der::time(self.not_after)]),
        });
        parts.push(self.subject.der());
        parts.push(self.spki.clone().unwrap_or_else(|| spki.to_vec()));
        if !self.extensions.is_empty() {
            let extensions: Vec<_> = self.extensions.iter().map(Extension::der).collect();
            parts.push(der::element(0xa3, &der::sequence(&extensions)));
        }
        let mut tbs = der::sequence(&parts);
        if let Some(edit) = self.edit_tbs {
            edit(&mut tbs);
        }
        tbs
    }

    /// The certificate in DER: `subject_key` is certified, `issuer_key` signs.
    #[must_use]
    pub fn sign(&self, subject_key: &SigningKey, issuer_key: &SigningKey) -> Vec<u8> {
        let tbs = self.tbs(&subject_key.spki());
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

/// Value of a basic constraints extension.
#[must_use]
pub fn basic_constraints(ca: bool, path_length: Option<u8>) -> Vec<u8> {
    let mut parts = Vec::new();
    if ca {
        parts.push(der::boolean(true));
    }
    parts.extend(path_length.map(|length| der::integer(u64::from(length))));
    der::sequence(&parts)
}

/// Value of a key usage extension of one byte.
#[must_use]
pub fn key_usage(bits: u8) -> Vec<u8> {
    if bits == 0 {
        return der::bit_string(0, &[]);
    }
    der::bit_string(u8::try_from(bits.trailing_zeros()).expect("below 8"), &[bits])
}
