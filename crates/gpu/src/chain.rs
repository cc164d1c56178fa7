//! Certificate chains: exactly five certificates from a device's report key to the pinned device root, and the walk
//! that manifests share.

mod error;

pub use error::{ChainError, ChainFault, ChainOf};

use crate::certificate::{Certificate, CertificateError, PublicKey};
use crate::family::Family;
use crate::memory::Memory;
use crate::opaque::DeviceIdentity;
use crate::pem;
use crate::root::{Anchor, Roots};
use crate::x509::{KeyUsage, Serial, shown_name};
use veritee_model::{Budget, Sha256Digest, UnixTime};

/// Certificates of a device's chain, root included.
pub const DEVICE_CHAIN_LENGTH: usize = 5;
/// First byte of the serial number of a device's certificate: a GPU or a switch; its public identity follows.
const GPU_SERIAL: u8 = 0x41;
const SWITCH_SERIAL: u8 = 0x50;

/// A certificate that another question needs: revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) serial: Serial,
    pub(crate) subject: Vec<u8>,
    pub(crate) public_key: PublicKey,
    pub(crate) subject_key: Vec<u8>,
}

impl Link {
    pub(crate) fn of(certificate: &Certificate<'_>) -> Self {
        Self {
            name: shown_name(certificate.subject),
            serial: certificate.serial,
            subject: certificate.subject.to_vec(),
            public_key: certificate.public_key,
            subject_key: certificate.subject_key.unwrap_or_default().to_vec(),
        }
    }
}

/// The key with which a device signs its reports, vouched for by NVIDIA's device root at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceChain {
    family: Family,
    sha256: Sha256Digest,
    report_key: PublicKey,
    model: String,
    device_name: Option<String>,
    firmware_id: Option<[u8; 48]>,
    firmware_flags: Option<String>,
    pub(crate) links: Vec<Link>,
}

impl DeviceChain {
    /// Verifies a chain in PEM, leaf first; zero bytes may follow it, as NVIDIA's tools write them.
    ///
    /// Checked: five certificates in order, the last the pinned root; names, key identifiers, signatures, parts, key
    /// usage, dates at `as_of`; that all names speak of one family; that the key which the leaf's firmware identity
    /// repeats is the device's. Not checked: revocation, and whether the device is where the quote is.
    ///
    /// # Errors
    /// With the first fault.
    pub fn verify(
        text: &[u8],
        roots: &Roots,
        as_of: UnixTime,
        budget: &Budget,
        memory: &Memory,
    ) -> Result<Self, ChainError> {
        let fault = |fault| ChainError { of: ChainOf::Device, fault };
        if text.len() > budget.certificate_chain_bytes {
            let (limit, got) = (budget.certificate_chain_bytes, text.len());
            return Err(fault(ChainFault::TooLarge { limit, got }));
        }
        let end = text.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
        let chain = pem::decode_chain(text.get(..end).unwrap_or_default(), budget.certificates)
            .map_err(|error| fault(ChainFault::Pem(error)))?;
        if chain.is_empty() {
            return Err(fault(ChainFault::Missing));
        }
        if chain.len() != DEVICE_CHAIN_LENGTH {
            return Err(fault(ChainFault::Count { expected: DEVICE_CHAIN_LENGTH, got: chain.len() }));
        }
        let certificates = parse(ChainOf::Device, &chain)?;
        walk(ChainOf::Device, &certificates, &roots.device, as_of, memory)?;
        let [leaf, device, provisioner, identity, _root] = certificates.as_slice() else {
            return Err(fault(ChainFault::Count { expected: DEVICE_CHAIN_LENGTH, got: certificates.len() }));
        };
        let family = family_of([leaf, device, provisioner, identity])?;
        if leaf
            .firmware
            .as_ref()
            .and_then(|firmware| firmware.issuer_spki)
            .is_some_and(|key| key != device.spki)
        {
            return Err(fault(ChainFault::FirmwareKey));
        }
        Ok(Self {
            family,
            sha256: Sha256Digest::of(&chain.concat()),
            report_key: leaf.public_key,
            model: device.common_name().unwrap_or_default().to_owned(),
            device_name: leaf.device_name.map(str::to_owned),
            firmware_id: leaf.firmware.as_ref().map(|firmware| firmware.digest),
            firmware_flags: leaf.firmware.as_ref().and_then(|firmware| firmware.flags.clone()),
            links: certificates.iter().map(Link::of).collect(),
        })
    }

    /// The family that every name of the chain agrees on.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// SHA-256 of the certificates, DER, leaf first.
    #[must_use]
    pub const fn sha256(&self) -> Sha256Digest {
        self.sha256
    }

    pub(crate) const fn report_key(&self) -> &PublicKey {
        &self.report_key
    }

    /// Public key of the device's own certificate: what tells two devices apart. The report key changes with the
    /// firmware, this one does not.
    #[must_use]
    pub fn device_key(&self) -> &[u8; 97] {
        self.links.get(1).map_or(&self.report_key, |link| &link.public_key)
    }

    /// Common name of the device's own certificate, for example `GH100 A01 GSP BROM`.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The name that the leaf gives the device, for example `NVIDIA:GH100:48B02D520D39DA96`.
    #[must_use]
    pub fn device_name(&self) -> Option<&str> {
        self.device_name.as_deref()
    }

    /// The digest of the firmware that holds the report key, as the certificate has it.
    #[must_use]
    pub const fn firmware_id(&self) -> Option<&[u8; 48]> {
        self.firmware_id.as_ref()
    }

    /// Flags of the firmware identity (Blackwell), hex. What they must be for a production part is not known.
    #[must_use]
    pub fn firmware_flags(&self) -> Option<&str> {
        self.firmware_flags.as_deref()
    }

    /// The device's public identity, out of its certificate's serial number. NVIDIA documents no such rule, so it is
    /// only compared.
    #[must_use]
    pub fn identity(&self) -> Option<DeviceIdentity> {
        let serial = &self.links.get(1)?.serial;
        let (head, tail) = serial.split_last_chunk::<8>()?;
        let lead = if self.family.is_switch() { SWITCH_SERIAL } else { GPU_SERIAL };
        match head.split_last() {
            Some((first, padding)) if *first == lead && padding.iter().all(|byte| *byte == 0) => Some(*tail),
            _ => None,
        }
    }
}

pub(crate) fn parse(of: ChainOf, chain: &[Vec<u8>]) -> Result<Vec<Certificate<'_>>, ChainError> {
    let read = |(index, der)| {
        Certificate::parse(der).map_err(|error| ChainError {
            of,
            fault: match error {
                CertificateError::Form(error) => ChainFault::Der { index, error },
                CertificateError::Unsupported(error) => ChainFault::Unsupported { index, error },
            },
        })
    };
    chain.iter().map(Vec::as_slice).enumerate().map(read).collect()
}

/// Every certificate is signed by the one behind it, the last is the anchor, and each may play its part.
pub(crate) fn walk(
    of: ChainOf,
    chain: &[Certificate<'_>],
    anchor: &Anchor,
    as_of: UnixTime,
    memory: &Memory,
) -> Result<(), ChainError> {
    let fault = |fault| ChainError { of, fault };
    let Some((root, below)) = chain.split_last() else {
        return Err(fault(ChainFault::Count { expected: 1, got: 0 }));
    };
    if is_shuffled(chain, anchor) {
        return Err(fault(ChainFault::Order));
    }
    if root.der != anchor.der.as_ref() {
        let (expected, got) = (Sha256Digest::of(&anchor.der), Sha256Digest::of(root.der));
        return Err(fault(ChainFault::Root { name: shown_name(root.subject), expected, got }));
    }
    for (index, certificate) in below.iter().enumerate() {
        let Some(issuer) = chain.get(index.saturating_add(1)) else { continue };
        check_part(index, certificate).map_err(fault)?;
        check_issuer(index, certificate, issuer).map_err(fault)?;
        if !memory.is_signed_by(certificate, &issuer.public_key) {
            return Err(fault(ChainFault::Signature { index }));
        }
    }
    for (index, certificate) in chain.iter().enumerate() {
        check_dates(index, certificate, as_of).map_err(fault)?;
    }
    Ok(())
}

/// All that belongs to a chain is there, in another order. Whoever packs evidence can cause that (root first, say), so it
/// is no forgery; nothing of it was verified.
fn is_shuffled(chain: &[Certificate<'_>], anchor: &Anchor) -> bool {
    let is_anchor = |certificate: &Certificate<'_>| certificate.der == anchor.der.as_ref();
    let is_below = |certificate: &Certificate<'_>, issuer: &Certificate<'_>| {
        certificate.issuer == issuer.subject
            && certificate.authority_key.is_some()
            && certificate.authority_key == issuer.subject_key
    };
    let mut pairs = chain.iter().zip(chain.iter().skip(1));
    let in_order = pairs.all(|(certificate, issuer)| is_below(certificate, issuer));
    let all_there = chain.iter().all(|certificate| {
        is_anchor(certificate) || chain.iter().any(|issuer| is_below(certificate, issuer))
    });
    !in_order && all_there && chain.iter().any(is_anchor)
}

/// The first certificate signs data, all others certificates; no key may do both.
fn check_part(index: usize, certificate: &Certificate<'_>) -> Result<(), ChainFault> {
    let usage = certificate.key_usage.ok_or(ChainFault::Part { index, what: "key usage" })?;
    let constraints = certificate.basic_constraints;
    if certificate.ocsp_signing {
        return Err(ChainFault::Part { index, what: "no extended key usage" });
    }
    if index == 0 {
        if constraints.is_some_and(|constraints| constraints.ca) || KeyUsage::key_cert_sign(usage) {
            return Err(ChainFault::Part { index, what: "no CA" });
        }
        return if usage.digital_signature() {
            Ok(())
        } else {
            Err(ChainFault::Part { index, what: "key usage digitalSignature" })
        };
    }
    let Some(constraints) = constraints.filter(|constraints| constraints.ca) else {
        return Err(ChainFault::Part { index, what: "a CA" });
    };
    if !usage.key_cert_sign() {
        return Err(ChainFault::Part { index, what: "key usage keyCertSign" });
    }
    // CAs between this one and the leaf.
    let below = u32::try_from(index.saturating_sub(1)).unwrap_or(u32::MAX);
    if constraints.path_length.is_some_and(|length| length < below) {
        return Err(ChainFault::Part { index, what: "a longer path length" });
    }
    Ok(())
}

fn check_issuer(
    index: usize,
    certificate: &Certificate<'_>,
    issuer: &Certificate<'_>,
) -> Result<(), ChainFault> {
    if certificate.issuer != issuer.subject {
        let (expected, got) = (shown_name(issuer.subject), shown_name(certificate.issuer));
        return Err(ChainFault::Issuer { index, expected, got });
    }
    match (certificate.authority_key, issuer.subject_key) {
        (Some(authority), Some(subject)) if authority == subject => Ok(()),
        (authority, subject) => Err(ChainFault::KeyIdentifier {
            index,
            expected: hex::encode(subject.unwrap_or_default()),
            got: hex::encode(authority.unwrap_or_default()),
        }),
    }
}

fn check_dates(index: usize, certificate: &Certificate<'_>, as_of: UnixTime) -> Result<(), ChainFault> {
    let name = || shown_name(certificate.subject);
    if as_of < certificate.not_before {
        return Err(ChainFault::NotYetValid { index, name: name(), from: certificate.not_before, as_of });
    }
    if as_of > certificate.not_after {
        return Err(ChainFault::Expired { index, name: name(), until: certificate.not_after, as_of });
    }
    Ok(())
}

/// One chip in all names: leaf, device, provisioner, identity CA, and the leaf's device name.
fn family_of(below: [&Certificate<'_>; 4]) -> Result<Family, ChainError> {
    let fault = |fault| ChainError { of: ChainOf::Device, fault };
    let [leaf, device, provisioner, identity] = below;
    let name = |certificate: &Certificate<'_>| certificate.common_name().unwrap_or_default().to_owned();
    let provisioned = name(provisioner);
    let chip = provisioned.strip_prefix("NVIDIA ").and_then(|rest| rest.split_once(" Provisioner ICA "));
    let Some((chip, _number)) = chip else {
        return Err(fault(ChainFault::FamilyUnknown { name: veritee_model::text::inert(&provisioned) }));
    };
    let Some(family) = Family::of_chip(chip) else {
        return Err(fault(ChainFault::FamilyUnknown { name: veritee_model::text::inert(&provisioned) }));
    };
    let expected = format!("NVIDIA {} Identity", family.identity_chip());
    let processor = if family.is_switch() { "FSP" } else { "GSP" };
    let is_part = |name: &str, role: &str| {
        let rest = name.strip_prefix(chip).and_then(|rest| rest.strip_prefix(' '));
        rest.and_then(|rest| rest.split_once(' '))
            .is_some_and(|(_stepping, part)| part == format!("{processor} {role}"))
    };
    let plain = chip.replace('_', "");
    let names_device = |text: &str| {
        let mut parts = text.split(':');
        parts.next() == Some("NVIDIA") && parts.next().is_some_and(|of| of == chip || of == plain)
    };
    let checks = [
        (3, name(identity) == expected, name(identity)),
        (1, is_part(&name(device), "BROM"), name(device)),
        (0, is_part(&name(leaf), "FMC LF"), name(leaf)),
        (0, leaf.device_name.is_none_or(names_device), leaf.device_name.unwrap_or_default().to_owned()),
    ];
    for (index, agrees, got) in checks {
        if !agrees {
            let got = veritee_model::text::inert(&got);
            return Err(fault(ChainFault::Family { index, expected: family.to_string(), got }));
        }
    }
    Ok(family)
}
