//! RA-TLS certificates: what the leaf carries in dstack's extensions (`ra-tls/src/oids.rs`, arc 1.3.6.1.4.1.62397.1).
//!
//! Only the extensions are read here. Keys, signatures and validity are judged by a later step.

use crate::container::Container;
use crate::error::{BinaryProblem, CertificateProblem, ReadError};
use crate::json::Origin;
use base64::Engine as _;
use flate2::bufread::GzDecoder;
use std::io::Read as _;
use veritee_model::{Budget, Item};
use x509_parser::asn1_rs::{FromDer as _, OctetString};
use x509_parser::pem::Pem;
use x509_parser::prelude::X509Certificate;

const QUOTE: &str = "1.3.6.1.4.1.62397.1.1";
const EVENT_LOG: &str = "1.3.6.1.4.1.62397.1.2";
const APP_ID: &str = "1.3.6.1.4.1.62397.1.3";
const ATTESTATION: &str = "1.3.6.1.4.1.62397.1.8";
const COMPRESSED: &[u8] = b"ELGZv1";
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// What dstack's extensions of a leaf hold.
#[derive(Debug, Default)]
pub(crate) struct Leaf {
    pub(crate) quote: Option<Vec<u8>>,
    pub(crate) event_log: Option<Vec<u8>>,
    pub(crate) app_id: Option<Vec<u8>>,
    pub(crate) attestation: Option<Vec<u8>>,
}

/// A chain with the line ends between its certificates that some writers leave out. The text is signed by nobody.
pub(crate) fn with_line_ends(pem: &str) -> String {
    const GLUED: &str = "-----END CERTIFICATE----------BEGIN CERTIFICATE-----";
    pem.replace(GLUED, "-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----")
}

/// Reads a PEM chain, leaf first.
pub(crate) fn read_pem(pem: &str, origin: &Origin, budget: &Budget) -> Result<Leaf, ReadError> {
    if pem.len() > budget.ra_tls_bytes {
        let limit = budget.ra_tls_bytes;
        return Err(ReadError::TooLarge { at: origin.place(), what: "bytes of certificate chain", limit });
    }
    let fail = |offset, problem| ReadError::Certificate { at: origin.at(offset), problem };
    check_blocks(pem, budget.certificates).map_err(|(offset, problem)| fail(offset, problem))?;
    let mut leaf = None;
    for block in Pem::iter_from_buffer(pem.as_bytes()) {
        let block = block.map_err(|_unreadable| fail(0, CertificateProblem::Pem))?;
        let read = read_der(&block.contents, origin, budget)?;
        leaf.get_or_insert(read);
    }
    leaf.ok_or_else(|| fail(0, CertificateProblem::Pem))
}

/// Every line belongs to a certificate block: nothing hides between them, no private key travels along.
fn check_blocks(pem: &str, limit: usize) -> Result<(), (usize, CertificateProblem)> {
    let (mut offset, mut inside, mut count) = (0_usize, false, 0_usize);
    for line in pem.split_inclusive('\n') {
        let text = line.trim();
        let label = |prefix| text.strip_prefix(prefix).map(|rest: &str| rest == "CERTIFICATE-----");
        match (inside, label(BEGIN), label(END)) {
            (false, Some(true), None) => {
                inside = true;
                count = count.saturating_add(1);
            }
            (true, None, Some(true)) => inside = false,
            (_, Some(false), _) | (_, _, Some(false)) => {
                return Err((offset, CertificateProblem::OtherPemBlock));
            }
            (true, None, None) => {}
            (false, None, None) if text.is_empty() => {}
            (false, None, None) => return Err((offset, CertificateProblem::TextOutside)),
            _ => return Err((offset, CertificateProblem::Pem)),
        }
        if count > limit {
            return Err((offset, CertificateProblem::TooMany { limit }));
        }
        offset = offset.saturating_add(line.len());
    }
    if inside { Err((pem.len(), CertificateProblem::Pem)) } else { Ok(()) }
}

/// Reads one certificate in DER; nothing may follow it.
pub(crate) fn read_der(der: &[u8], origin: &Origin, budget: &Budget) -> Result<Leaf, ReadError> {
    let fail = |problem| ReadError::Certificate { at: origin.place(), problem };
    if der.len() > budget.ra_tls_bytes {
        let limit = budget.ra_tls_bytes;
        return Err(ReadError::TooLarge { at: origin.place(), what: "bytes of certificate", limit });
    }
    let (rest, certificate) =
        X509Certificate::from_der(der).map_err(|_unreadable| fail(CertificateProblem::Der))?;
    if !rest.is_empty() {
        return Err(fail(CertificateProblem::Der));
    }
    let mut leaf = Leaf::default();
    for extension in certificate.extensions() {
        let oid = extension.oid.to_id_string();
        let slot = match oid.as_str() {
            QUOTE => &mut leaf.quote,
            EVENT_LOG => &mut leaf.event_log,
            APP_ID => &mut leaf.app_id,
            ATTESTATION => &mut leaf.attestation,
            _ => continue,
        };
        let (rest, value) = OctetString::from_der(extension.value)
            .map_err(|_unreadable| fail(CertificateProblem::ExtensionValue))?;
        if !rest.is_empty() {
            return Err(fail(CertificateProblem::ExtensionValue));
        }
        if slot.replace(value.as_ref().to_vec()).is_some() {
            return Err(fail(CertificateProblem::DuplicateExtension));
        }
    }
    if let Some(log) = leaf.event_log.take() {
        leaf.event_log = Some(inflate(log, origin, budget)?);
    }
    Ok(leaf)
}

/// Undoes the compression of the event log extension, up to the budget.
fn inflate(log: Vec<u8>, origin: &Origin, budget: &Budget) -> Result<Vec<u8>, ReadError> {
    let Some(compressed) = log.strip_prefix(COMPRESSED) else { return Ok(log) };
    let origin = origin.member("extensions").member("event-log");
    let fail = |problem| ReadError::Binary { at: origin.place(), problem };
    let limit = budget.inflated_bytes;
    let allowed = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut decoder = GzDecoder::new(compressed).take(allowed);
    let mut out = Vec::new();
    decoder.read_to_end(&mut out).map_err(|_unreadable| fail(BinaryProblem::Gzip))?;
    if out.len() > limit {
        return Err(ReadError::TooLarge { at: origin.place(), what: "bytes of inflated event log", limit });
    }
    let rest = decoder.into_inner().into_inner();
    if rest.is_empty() { Ok(out) } else { Err(fail(BinaryProblem::TrailingBytes { count: rest.len() })) }
}

/// The quote in the attestation container of a chain's leaf; nothing where there is none, or none that can be read.
pub(crate) fn quote_in_container(chain: Option<&Item>, budget: &Budget) -> Option<Item> {
    let chain = chain?;
    if !may_have_container(&chain.bytes) {
        return None;
    }
    let origin = Origin::new(&chain.source).member("extensions").member("attestation");
    let leaf = read_pem(core::str::from_utf8(&chain.bytes).ok()?, &origin, budget).ok()?;
    let container = Container::read(&leaf.attestation?, &origin, budget).ok()?;
    Some(Item::new(container.quote, origin.member("quote").source()))
}

/// Whether the extension of a container may stand in the first certificate: its identifier is a part of it then.
fn may_have_container(pem: &[u8]) -> bool {
    /// 1.3.6.1.4.1.62397.1.8 in DER.
    const ATTESTATION_DER: [u8; 12] =
        [0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xe7, 0x3d, 0x01, 0x08];
    match Pem::iter_from_buffer(pem).next() {
        Some(Ok(first)) => memchr::memmem::find(&first.contents, &ATTESTATION_DER).is_some(),
        _ => true,
    }
}

/// The public key (SPKI, DER) of the first certificate of a PEM chain.
pub(crate) fn leaf_key(pem: &[u8]) -> Option<Vec<u8>> {
    let block = Pem::iter_from_buffer(pem).next()?.ok()?;
    let (_, certificate) = X509Certificate::from_der(&block.contents).ok()?;
    Some(certificate.public_key().raw.to_vec())
}

/// PEM of one certificate, lines of 64 characters (RFC 7468).
pub(crate) fn to_pem(der: &[u8]) -> String {
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let mut out = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        // Base64 is ASCII: every index is a boundary.
        let (line, tail) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = tail;
    }
    out.push_str("-----END CERTIFICATE-----\n");
    out
}
