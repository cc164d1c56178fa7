//! RA-TLS certificates: leaf with dstack's extensions, app CA, KMS CA.

use crate::certificate::{CertificateSpec, Extension, Name, basic_constraints, oids};
use crate::der;
use crate::dstack::event::Event;
use crate::dstack::{Machine, container, event};
use crate::pki::{Pki, Role, time};

/// dstack's extension arc.
pub const ARC: &str = "1.3.6.1.4.1.62397.1";

/// How the chain is written.
#[derive(Clone, Default)]
pub struct RaTls {
    /// Where quote and log stand.
    pub form: RaTlsForm,
    /// Changes the leaf before it is signed.
    pub edit_leaf: Option<fn(&mut CertificateSpec)>,
    /// Changes the app's CA before it is signed.
    pub edit_app_ca: Option<fn(&mut CertificateSpec)>,
    /// Changes the KMS's CA before it is signed.
    pub edit_kms_ca: Option<fn(&mut CertificateSpec)>,
    /// Another app id than the machine's in the certificates.
    pub app_id: Option<Vec<u8>>,
    /// Leaves out this many certificates at the end of the chain.
    pub omit: usize,
}

/// Where a certificate carries its evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RaTlsForm {
    /// `.1` quote and `.2` log.
    #[default]
    Separate,
    /// `.1` quote and `.2` log, the log as `ELGZv1` and a gzip stream.
    SeparateCompressed,
    /// `.8`, an attestation container of version 0.
    ContainerV0,
    /// `.8`, an attestation container of version 1.
    ContainerV1,
}

impl RaTls {
    /// The chain in PEM, leaf first.
    #[must_use]
    pub fn forge(
        &self,
        pki: &Pki,
        quote: &[u8],
        events: &[Event],
        app_id: &[u8; 20],
        machine: &Machine,
    ) -> String {
        let app_id = self.app_id.clone().unwrap_or_else(|| app_id.to_vec());
        let mut leaf = spec(pki, Role::RaTls, Role::AppCa);
        let mut app_ca = spec(pki, Role::AppCa, Role::KmsCa);
        let mut kms_ca = spec(pki, Role::KmsCa, Role::KmsCa);
        leaf.extensions.push(Extension::new(oids::EXTENDED_KEY_USAGE, false, client_authentication()));
        match self.form {
            RaTlsForm::Separate => {
                leaf.extensions.push(extension(1, quote));
                leaf.extensions.push(extension(2, event::log_json(events).as_bytes()));
            }
            RaTlsForm::SeparateCompressed => {
                leaf.extensions.push(extension(1, quote));
                leaf.extensions.push(extension(2, &compressed(event::log_json(events).as_bytes())));
            }
            RaTlsForm::ContainerV0 => {
                leaf.extensions.push(extension(8, &container::scale(quote, events, machine)));
            }
            RaTlsForm::ContainerV1 => {
                leaf.extensions.push(extension(8, &container::msgpack(quote, events, machine)));
            }
        }
        leaf.extensions.push(extension(3, &app_id));
        leaf.extensions.push(extension(4, b"app:custom"));
        for (authority, path_length) in [(&mut app_ca, 0), (&mut kms_ca, 1)] {
            let key_id = der::octet_string(&pki.key_id(authority.key));
            authority.extensions.push(Extension::new(oids::SKI, false, key_id));
            let constraints = basic_constraints(true, Some(path_length));
            authority.extensions.push(Extension::new(oids::BASIC_CONSTRAINTS, true, constraints));
        }
        app_ca.extensions.push(extension(3, &app_id));
        app_ca.extensions.push(extension(4, b"app:ca"));
        let edits = [self.edit_leaf, self.edit_app_ca, self.edit_kms_ca];
        let mut chain = [leaf, app_ca, kms_ca];
        for (spec, edit) in chain.iter_mut().zip(edits) {
            if let Some(edit) = edit {
                edit(spec);
            }
        }
        chain
            .iter()
            .take(chain.len().saturating_sub(self.omit))
            .map(|spec| der::pem("CERTIFICATE", &spec.sign(pki.key(spec.key), pki.key(spec.signed_by))))
            .collect()
    }
}

/// dstack writes key usage digitalSignature alone, in two bytes, even for its CAs.
fn spec(pki: &Pki, role: Role, issuer: Role) -> CertificateSpec {
    let template = pki.certificates.get(&Role::TcbSigner).expect("a template");
    CertificateSpec {
        serial: pki.key_id(role),
        issuer: name(issuer),
        subject: name(role),
        not_before: UNIX_EPOCH_OF_DSTACK,
        not_after: time("2035-09-01T15:53:16Z"),
        key: role,
        signed_by: issuer,
        extensions: vec![Extension::new(oids::KEY_USAGE, true, der::bit_string(7, &[0x80, 0]))],
        ..template.clone()
    }
}

/// 1975-01-01, where dstack's certificates start.
const UNIX_EPOCH_OF_DSTACK: veritee_model::UnixTime = veritee_model::UnixTime::from_seconds(157_766_400);

fn name(role: Role) -> Name {
    if role == Role::RaTls {
        return Name::common("demo-cert");
    }
    let common = if role == Role::AppCa { "Dstack App CA" } else { "Dstack KMS CA" };
    Name {
        attributes: [("2.5.4.10", "Dstack"), ("2.5.4.3", common)].map(|(o, v)| (o.into(), v.into())).to_vec(),
        raw: None,
    }
}

fn extension(number: u8, content: &[u8]) -> Extension {
    Extension::new(&format!("{ARC}.{number}"), false, der::octet_string(content))
}

/// dstack's compressed form of a log.
#[must_use]
pub fn compressed(log: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(b"ELGZv1".to_vec(), flate2::Compression::best());
    encoder.write_all(log).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}

fn client_authentication() -> Vec<u8> {
    der::sequence(&[der::oid("1.3.6.1.5.5.7.3.2")])
}
