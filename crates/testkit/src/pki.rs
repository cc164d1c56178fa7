//! Intel's certificate topology: root -> {TCB signer; Platform CA, Processor CA -> PCK}, and strangers beside it.

use crate::certificate::{Algorithm, CertificateSpec, Extension, Name, basic_constraints, key_usage, oids};
use crate::crl::CrlSpec;
use crate::der;
use crate::key::SigningKey;
use crate::sgx_extension::SgxExtension;
use std::collections::BTreeMap;
use veritee_model::UnixTime;

/// Who owns a key, and mostly a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The trust anchor.
    Root,
    /// CA of PCK certificates of multi-package platforms: what TDX machines have.
    PlatformCa,
    /// CA of PCK certificates of single-package platforms.
    ProcessorCa,
    /// Signs TCB info and QE identity.
    TcbSigner,
    /// The platform's PCK.
    Pck,
    /// The quoting enclave's attestation key; it has no certificate.
    AttestationKey,
    /// A self-signed root with the names of [`Self::Root`] and another key.
    Stranger,
    /// A TCB signer under [`Self::Stranger`].
    StrangerSigner,
    /// A Platform CA under [`Self::Stranger`].
    StrangerCa,
    /// Another genuine certificate of the root's: the root's own key and name with other dates, as Intel's
    /// 2018-2033 root beside its 2018-2049 one.
    OlderRoot,
    /// A well-formed intermediate CA under the Platform CA, which Intel's path length forbids.
    SubordinateCa,
    /// dstack: root CA of the KMS.
    KmsCa,
    /// dstack: the app's CA, issued by the KMS.
    AppCa,
    /// dstack: the app's RA-TLS certificate.
    RaTls,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 14] = [
        Self::Root,
        Self::PlatformCa,
        Self::ProcessorCa,
        Self::TcbSigner,
        Self::Pck,
        Self::AttestationKey,
        Self::Stranger,
        Self::StrangerSigner,
        Self::StrangerCa,
        Self::OlderRoot,
        Self::SubordinateCa,
        Self::KmsCa,
        Self::AppCa,
        Self::RaTls,
    ];

    /// The key label; roles with one label share a key.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Root | Self::OlderRoot => "root",
            Self::PlatformCa => "platform-ca",
            Self::ProcessorCa => "processor-ca",
            Self::TcbSigner => "tcb-signer",
            Self::Pck => "pck",
            Self::AttestationKey => "attestation-key",
            Self::Stranger => "stranger",
            Self::StrangerSigner => "stranger-signer",
            Self::StrangerCa => "stranger-ca",
            Self::SubordinateCa => "subordinate-ca",
            Self::KmsCa => "kms-ca",
            Self::AppCa => "app-ca",
            Self::RaTls => "ra-tls",
        }
    }
}

/// Keys and certificates of a universe.
#[derive(Clone)]
pub struct Pki {
    seed: u64,
    keys: BTreeMap<&'static str, SigningKey>,
    /// What each role's certificate says. Remove, change or replace entries.
    pub certificates: BTreeMap<Role, CertificateSpec>,
    /// The SGX extension that goes into the PCK certificate.
    pub sgx_extension: SgxExtension,
    /// How many copies of the SGX extension the PCK certificate has (1 is right).
    pub sgx_extension_copies: usize,
}

impl Pki {
    /// Genuine certificates; the PCK is issued by `pck_ca`.
    #[must_use]
    pub fn new(seed: u64, pck_ca: Role, sgx_extension: SgxExtension) -> Self {
        let keys =
            Role::ALL.iter().map(|role| (role.label(), SigningKey::derive(seed, role.label()))).collect();
        let mut pki =
            Self { seed, keys, certificates: BTreeMap::new(), sgx_extension, sgx_extension_copies: 1 };
        pki.add_roots();
        pki.add_authorities();
        pki.add_leaves(pck_ca);
        pki
    }

    /// The key of a role.
    ///
    /// # Panics
    /// Never: every label has a key.
    #[must_use]
    pub fn key(&self, role: Role) -> &SigningKey {
        self.keys.get(role.label()).expect("every role has a key")
    }

    /// Gives a role another key, in its own certificate too: another host's PCK, say. What it has signed before is
    /// signed with the new key when it is forged; certificates that name the old one keep naming it.
    pub fn replace_key(&mut self, role: Role, key: SigningKey) {
        self.keys.insert(role.label(), key);
        let key_id = self.key_id(role);
        if let Some(spec) = self.certificates.get_mut(&role) {
            spec.serial.clone_from(&key_id);
            spec.extension_mut(oids::SKI).value = der::octet_string(&key_id);
        }
    }

    /// The seed that the keys come from.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The certificate of a role, to change it.
    ///
    /// # Panics
    /// When the role has no certificate.
    pub fn certificate(&mut self, role: Role) -> &mut CertificateSpec {
        self.certificates.get_mut(&role).expect("the role has a certificate")
    }

    /// The certificate of a role in DER.
    ///
    /// # Panics
    /// When the role has no certificate.
    #[must_use]
    pub fn der(&self, role: Role) -> Vec<u8> {
        let spec = self.certificates.get(&role).expect("the role has a certificate");
        let mut spec = spec.clone();
        if role == Role::Pck {
            for _copy in 0..self.sgx_extension_copies {
                spec.extensions.push(Extension::new(oids::SGX, false, self.sgx_extension.der()));
            }
        }
        spec.sign(self.key(spec.key), self.key(spec.signed_by))
    }

    /// The certificates of the roles in PEM, one after the other.
    #[must_use]
    pub fn pem(&self, chain: &[Role]) -> String {
        chain.iter().map(|role| der::pem("CERTIFICATE", &self.der(*role))).collect()
    }

    /// The serial number bytes of a role's certificate.
    ///
    /// # Panics
    /// When the role has no certificate.
    #[must_use]
    pub fn serial(&self, role: Role) -> Vec<u8> {
        self.certificates.get(&role).expect("the role has a certificate").serial.clone()
    }

    /// A CRL of this CA with Intel's extensions and no entries.
    #[must_use]
    pub fn crl(&self, issuer: Role, this_update: UnixTime, next_update: UnixTime) -> CrlSpec {
        let name = self.certificates.get(&issuer).expect("the role has a certificate").subject.clone();
        CrlSpec {
            version: Some(1),
            issuer: name,
            this_update,
            next_update: Some(next_update),
            revoked: Vec::new(),
            raw_entries: Vec::new(),
            extensions: vec![
                Extension::new(oids::CRL_NUMBER, false, der::integer(1)),
                Extension::new(oids::AKI, false, authority_key_id(&self.key_id(issuer))),
            ],
            signed_by: issuer,
            inner_algorithm: Algorithm::ecdsa_sha256(),
            outer_algorithm: Algorithm::ecdsa_sha256(),
            edit_signature: None,
            edit_der: None,
        }
    }

    /// Key identifier: like Intel's, 20 bytes that also serve as serial number.
    #[must_use]
    pub fn key_id(&self, role: Role) -> Vec<u8> {
        let digest = veritee_model::Sha256Digest::of(&self.key(role).public_point());
        let mut id = digest.as_bytes()[..20].to_vec();
        // A serial number has to be positive and minimal.
        id[0] = (id[0] & 0x3f) | 0x40;
        id
    }

    fn add_roots(&mut self) {
        let mut root = self.authority(Role::Root, Role::Root, "Intel SGX Root CA", Some(1));
        root.not_after = time("2049-12-31T23:59:59Z");
        let mut older = root.clone();
        older.not_after = time("2033-05-21T10:45:10Z");
        older.serial[1] ^= 1;
        self.certificates.insert(Role::Root, root);
        self.certificates.insert(Role::OlderRoot, older);
        let mut stranger = self.authority(Role::Stranger, Role::Stranger, "Intel SGX Root CA", Some(1));
        stranger.not_after = time("2049-12-31T23:59:59Z");
        self.certificates.insert(Role::Stranger, stranger);
    }

    fn add_authorities(&mut self) {
        for (role, issuer, name) in [
            (Role::PlatformCa, Role::Root, "Intel SGX PCK Platform CA"),
            (Role::ProcessorCa, Role::Root, "Intel SGX PCK Processor CA"),
            (Role::StrangerCa, Role::Stranger, "Intel SGX PCK Platform CA"),
            (Role::SubordinateCa, Role::PlatformCa, "Intel SGX PCK Platform CA 2"),
        ] {
            let spec = self.authority(role, issuer, name, Some(0));
            self.certificates.insert(role, spec);
        }
    }

    fn add_leaves(&mut self, pck_ca: Role) {
        for (role, issuer, name) in [
            (Role::TcbSigner, Role::Root, "Intel SGX TCB Signing"),
            (Role::StrangerSigner, Role::Stranger, "Intel SGX TCB Signing"),
            (Role::Pck, pck_ca, "Intel SGX PCK Certificate"),
        ] {
            let spec = self.leaf(role, issuer, name);
            self.certificates.insert(role, spec);
        }
    }

    fn authority(&self, role: Role, issuer: Role, name: &str, path_length: Option<u8>) -> CertificateSpec {
        let mut spec = self.leaf(role, issuer, name);
        spec.not_before = time("2018-05-21T10:50:10Z");
        spec.not_after = time("2033-05-21T10:50:10Z");
        spec.set_key_usage(0x06);
        spec.set_basic_constraints(true, path_length);
        spec
    }

    fn leaf(&self, role: Role, issuer: Role, name: &str) -> CertificateSpec {
        let subject = Name::intel(name);
        let issuer_name = match self.certificates.get(&issuer) {
            Some(spec) => spec.subject.clone(),
            None => subject.clone(),
        };
        CertificateSpec {
            version: Some(2),
            serial: self.key_id(role),
            issuer: issuer_name,
            subject,
            not_before: time("2025-02-06T23:25:51Z"),
            not_after: time("2032-02-06T23:25:51Z"),
            raw_validity: None,
            key: role,
            signed_by: issuer,
            spki: None,
            extensions: vec![
                Extension::new(oids::AKI, false, authority_key_id(&self.key_id(issuer))),
                Extension::new(
                    oids::CRL_DISTRIBUTION,
                    false,
                    distribution_point("https://crl.example/list.der"),
                ),
                Extension::new(oids::SKI, false, der::octet_string(&self.key_id(role))),
                Extension::new(oids::KEY_USAGE, true, key_usage(0xc0)),
                Extension::new(oids::BASIC_CONSTRAINTS, true, basic_constraints(false, None)),
            ],
            inner_algorithm: Algorithm::ecdsa_sha256(),
            outer_algorithm: Algorithm::ecdsa_sha256(),
            edit_tbs: None,
            edit_signature: None,
            edit_der: None,
        }
    }
}

/// Value of an authority key identifier extension with a key identifier only.
#[must_use]
pub fn authority_key_id(key_id: &[u8]) -> Vec<u8> {
    der::sequence(&[der::element(0x80, key_id)])
}

fn distribution_point(uri: &str) -> Vec<u8> {
    let name = der::element(0xa0, &der::element(0x86, uri.as_bytes()));
    der::sequence(&[der::sequence(&[der::element(0xa0, &name)])])
}

/// A time from RFC 3339 text.
///
/// # Panics
/// When the text is no time.
#[must_use]
pub fn time(text: &str) -> UnixTime {
    UnixTime::parse(text).expect("a time in RFC 3339")
}
