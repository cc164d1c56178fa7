//! A universe of GPUs under roots of its own: devices, reports, manifests, answers about revocation. Everything is well
//! formed until a test changes one thing.

mod key;
mod manifest;
mod report;
mod revocation;

pub use key::GpuKey;
pub use manifest::{ManifestSpec, ResourceSpec};
pub use report::{DRIVER, DeviceSpec, OpaqueSpec, ReportSpec, SWITCH_BIOS, VBIOS, block, machine, payload};
pub use revocation::{AnswerSpec, ListSpec, ResponseStatus};

use crate::certificate::{Algorithm, Extension, Name, basic_constraints, key_usage, oids};
use crate::der;
use sha2::{Digest as _, Sha256};
use veritee_model::UnixTime;

/// Kinds of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GpuKind {
    /// GH100.
    Hopper,
    /// GB100.
    Blackwell,
    /// LS10.
    Switch,
}

impl GpuKind {
    /// The chip as certificates name it.
    #[must_use]
    pub const fn chip(self) -> &'static str {
        match self {
            Self::Hopper => "GH100",
            Self::Blackwell => "GB100",
            Self::Switch => "LS_10",
        }
    }

    const fn identity_chip(self) -> &'static str {
        match self {
            Self::Hopper | Self::Switch => "GH100",
            Self::Blackwell => "GB100",
        }
    }

    const fn processor(self) -> &'static str {
        match self {
            Self::Switch => "FSP",
            Self::Hopper | Self::Blackwell => "GSP",
        }
    }
}

/// Everything of a certificate on P-384. A test changes one field.
#[derive(Debug, Clone)]
pub struct GpuCertificate {
    /// Content bytes of the serial number.
    pub serial: Vec<u8>,
    /// Whose name stands as issuer.
    pub issuer: Name,
    /// The subject.
    pub subject: Name,
    /// Start of validity.
    pub not_before: UnixTime,
    /// End of validity.
    pub not_after: UnixTime,
    /// Label of the key that is certified.
    pub key: String,
    /// Label of the key that signs.
    pub signed_by: String,
    /// Extensions in order.
    pub extensions: Vec<Extension>,
    /// Algorithm named inside the signed part and beside the signature.
    pub algorithm: Algorithm,
    /// Another public key, DER, in place of the labelled one's.
    pub spki: Option<Vec<u8>>,
}

impl GpuCertificate {
    /// A CA's certificate, or an end certificate, with key identifiers of both keys.
    #[must_use]
    pub fn new(seed: u64, subject: Name, key: &str, issuer: Name, signed_by: &str, ca: bool) -> Self {
        let mut extensions = vec![
            Extension::new(oids::KEY_USAGE, true, key_usage(if ca { 0x06 } else { 0x80 })),
            Extension::new(oids::SKI, false, der::octet_string(&key_id(seed, key))),
            Extension::new(oids::AKI, false, der::sequence(&[der::element(0x80, &key_id(seed, signed_by))])),
        ];
        if ca {
            extensions
                .insert(0, Extension::new(oids::BASIC_CONSTRAINTS, true, basic_constraints(true, None)));
        }
        Self {
            serial: [&[0x41][..], &key_id(seed, key)[..8]].concat(),
            issuer,
            subject,
            not_before: UnixTime::from_seconds(1_600_000_000),
            not_after: UnixTime::MAX,
            key: key.to_owned(),
            signed_by: signed_by.to_owned(),
            extensions,
            algorithm: Algorithm::ecdsa_sha384(),
            spki: None,
        }
    }

    /// The extension with this identifier.
    ///
    /// # Panics
    /// When there is none.
    pub fn extension_mut(&mut self, oid: &str) -> &mut Extension {
        self.extensions.iter_mut().find(|extension| extension.oid == oid).expect("the extension is there")
    }

    /// The certificate in DER.
    #[must_use]
    pub fn sign(&self, seed: u64) -> Vec<u8> {
        let extensions: Vec<_> = self.extensions.iter().map(Extension::der).collect();
        let tbs = der::sequence(&[
            der::element(0xa0, &der::integer(2)),
            der::raw_integer(&self.serial),
            self.algorithm.0.clone(),
            self.issuer.der(),
            der::sequence(&[der::time(self.not_before), der::time(self.not_after)]),
            self.subject.der(),
            self.spki.clone().unwrap_or_else(|| GpuKey::derive(seed, &self.key).spki()),
            der::element(0xa3, &der::sequence(&extensions)),
        ]);
        let signature = GpuKey::derive(seed, &self.signed_by).sign_der(&tbs);
        der::sequence(&[tbs, self.algorithm.0.clone(), der::bit_string(0, &signature)])
    }
}

/// A public key of RSA, as no certificate of NVIDIA's devices has one.
#[must_use]
pub fn rsa_spki() -> Vec<u8> {
    let key = der::sequence(&[der::raw_integer(&[0x7f; 256]), der::integer(65_537)]);
    let algorithm = der::sequence(&[der::oid("1.2.840.113549.1.1.1"), der::null()]);
    der::sequence(&[algorithm, der::bit_string(0, &key)])
}

/// Key identifier of a labelled key: 20 bytes.
#[must_use]
pub fn key_id(seed: u64, label: &str) -> [u8; 20] {
    let digest: [u8; 32] = Sha256::digest(GpuKey::derive(seed, label).point()).into();
    digest[..20].try_into().expect("20 of 32 bytes")
}

fn name(common_name: &str) -> Name {
    let mut name = Name::common(common_name);
    name.attributes.push(("2.5.4.10".to_owned(), "NVIDIA Corporation".to_owned()));
    name
}

/// The root of devices: self-signed.
#[must_use]
pub fn device_root(seed: u64) -> GpuCertificate {
    let name = name("NVIDIA Device Identity CA");
    GpuCertificate::new(seed, name.clone(), "device root", name, "device root", true)
}

/// The root of manifests: self-signed.
#[must_use]
pub fn manifest_root(seed: u64) -> GpuCertificate {
    let name = name("NVIDIA CoRIM signing Root CA");
    GpuCertificate::new(seed, name.clone(), "manifest root", name, "manifest root", true)
}

/// A device's five certificates, leaf first. `device` tells devices apart; CAs are shared.
#[must_use]
pub fn device_chain(seed: u64, kind: GpuKind, device: &str, firmware_id: [u8; 48]) -> Vec<GpuCertificate> {
    let (chip, processor) = (kind.chip(), kind.processor());
    let names = [
        name(&format!("{chip} A01 {processor} FMC LF")),
        name(&format!("{chip} A01 {processor} BROM")),
        name(&format!("NVIDIA {chip} Provisioner ICA 1")),
        name(&format!("NVIDIA {} Identity", kind.identity_chip())),
        name("NVIDIA Device Identity CA"),
    ];
    let keys = [
        format!("{device} leaf"),
        format!("{device} device"),
        format!("{chip} provisioner"),
        format!("{} identity", kind.identity_chip()),
        "device root".to_owned(),
    ];
    let mut chain: Vec<_> = (0..4)
        .map(|at| {
            GpuCertificate::new(
                seed,
                names[at].clone(),
                &keys[at],
                names[at + 1].clone(),
                &keys[at + 1],
                at > 0,
            )
        })
        .collect();
    let lead = if kind == GpuKind::Switch { 0x50 } else { 0x41 };
    chain[1].serial = [&[lead][..], &identity(seed, device)].concat();
    let device_name = der::sequence(&[
        der::oid("1.3.6.1.4.1.412.274.1"),
        der::element(
            0xa0,
            &der::utf8(&format!("NVIDIA:{chip}:{}", hex::encode_upper(identity(seed, device)))),
        ),
    ]);
    let alternative = der::element(0xa0, &device_name[2..]);
    chain[0].extensions.push(Extension::new("2.5.29.17", false, der::sequence(&[alternative])));
    let digest = der::sequence(&[der::oid("2.16.840.1.101.3.4.2.2"), der::octet_string(&firmware_id)]);
    chain[0].extensions.push(if kind == GpuKind::Blackwell {
        let info = der::sequence(&[
            der::element(0x80, b"NVIDIA"),
            der::element(0x81, b"GB100 A01 GSP"),
            der::element(0xa6, &digest),
            der::element(0x87, &[0, 0x80, 0, 0, 0]),
        ]);
        Extension::new("2.23.133.5.4.1.1", false, info)
    } else {
        let spki = GpuKey::derive(seed, &keys[1]).spki();
        Extension::new("2.23.133.5.4.1", false, der::sequence(&[der::integer(1), spki, digest]))
    });
    chain.push(device_root(seed));
    chain
}

/// A device's public identity: eight bytes.
#[must_use]
pub fn identity(seed: u64, device: &str) -> [u8; 8] {
    key_id(seed, &format!("{device} device"))[..8].try_into().expect("8 of 20 bytes")
}

/// A manifest signer's four certificates, leaf first.
#[must_use]
pub fn manifest_chain(seed: u64) -> Vec<GpuCertificate> {
    let names = [
        name("HCC RIM L4 Signer"),
        name("NVIDIA Reference Value L3 GH100 001"),
        name("NVIDIA Reference Value GH100 CA"),
        name("NVIDIA CoRIM signing Root CA"),
    ];
    let keys = ["manifest signer", "manifest intermediate", "manifest ca", "manifest root"];
    let mut chain: Vec<_> = (0..3)
        .map(|at| {
            GpuCertificate::new(
                seed,
                names[at].clone(),
                keys[at],
                names[at + 1].clone(),
                keys[at + 1],
                at > 0,
            )
        })
        .collect();
    chain.push(manifest_root(seed));
    chain
}

/// PEM of a chain, leaf first.
#[must_use]
pub fn pem(seed: u64, chain: &[GpuCertificate]) -> String {
    chain.iter().map(|certificate| der::pem("CERTIFICATE", &certificate.sign(seed))).collect()
}
