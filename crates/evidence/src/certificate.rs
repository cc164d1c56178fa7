//! RA-TLS certificates: what the leaf carries in dstack's extensions (`ra-tls/src/oids.rs`, arc 1.3.6.1.4.1.62397.1).
//!
//! Only the extensions are read here. Keys, signatures and validity are judged by a later step.

use crate::container::Container;
use crate::error::{BinaryProblem, CertificateProblem, ReadError};
use crate::json::Origin;
use crate::same::{one_boot, one_start, same_quote};
use base64::Engine as _;
use flate2::bufread::GzDecoder;
use std::io::Read as _;
use veritee_model::evidence::{EventLogFormat, EventLogItem};
use veritee_model::{Budget, Evidence, Item};
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
    /// What another certificate of the chain carries, which is not read.
    pub(crate) beside: Option<&'static str>,
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
    for (index, block) in Pem::iter_from_buffer(pem.as_bytes()).enumerate() {
        let block = block.map_err(|_unreadable| fail(0, CertificateProblem::Pem))?;
        let read = read_der(&block.contents, origin, budget)?;
        match &mut leaf {
            None => leaf = Some(read),
            Some(leaf) => leaf.beside = beside_leaf(leaf, &read, index, origin, budget)?.or(leaf.beside),
        }
    }
    leaf.ok_or_else(|| fail(0, CertificateProblem::Pem))
}

/// What a certificate carries: quotes, and logs of dstack's form.
struct Carried {
    quotes: Vec<Vec<u8>>,
    logs: Vec<EventLogItem>,
}

impl Carried {
    fn of(leaf: &Leaf, origin: &Origin, budget: &Budget) -> Result<Self, ReadError> {
        let bytes = leaf.attestation.as_ref();
        let container = bytes.map(|bytes| Container::read(bytes, origin, budget)).transpose()?;
        let mut quotes: Vec<Vec<u8>> = leaf.quote.iter().cloned().collect();
        let mut logs: Vec<Vec<u8>> = leaf.event_log.iter().cloned().collect();
        if let Some(container) = container {
            quotes.push(container.quote);
            logs.extend(container.event_log.or(container.runtime_events));
        }
        let log = |bytes| EventLogItem { item: Item::new(bytes, ""), format: EventLogFormat::DstackJson };
        Ok(Self { quotes, logs: logs.into_iter().map(log).collect() })
    }

    /// Every log of the one can be of the boot of every log of the other.
    fn one_boot(&self, other: &Self) -> bool {
        let pairs = self.logs.iter().flat_map(|log| other.logs.iter().map(move |other| (log, other)));
        pairs.into_iter().all(|(log, other)| one_boot(log, other).is_some())
    }
}

/// Holds what a further certificate carries against the leaf. A KMS is its own authority: the certificate of its CA
/// carries a quote of the same machine from earlier in its boot, which is named. What is of another machine is refused:
/// of two readers each could take another one.
fn beside_leaf(
    leaf: &Leaf,
    further: &Leaf,
    index: usize,
    origin: &Origin,
    budget: &Budget,
) -> Result<Option<&'static str>, ReadError> {
    let further = Carried::of(further, origin, budget)?;
    if further.quotes.is_empty() && further.logs.is_empty() {
        return Ok(None);
    }
    // A container of the leaf's that cannot be read is told of by whoever opens it.
    let none = Carried { quotes: leaf.quote.iter().cloned().collect(), logs: Vec::new() };
    let own = Carried::of(leaf, origin, budget).unwrap_or(none);
    let fail = |part| {
        let problem = CertificateProblem::BeyondLeaf { certificate: index.saturating_add(1), part };
        Err(ReadError::Certificate { at: origin.place(), problem })
    };
    let one_boot = own.one_boot(&further);
    let both_have_logs = !own.logs.is_empty() && !further.logs.is_empty();
    let mut said = "the leaf's quote once more, in another certificate";
    for quote in &further.quotes {
        if own.quotes.iter().any(|own| same_quote(own, quote)) {
            continue;
        }
        let start = own.quotes.iter().find_map(|own| one_start(own, quote));
        if !start.is_some_and(|same_rtmr3| one_boot && (same_rtmr3 || both_have_logs)) {
            return fail("quote");
        }
        said = "another quote of the same machine, in another certificate than the leaf";
    }
    if !one_boot || (further.quotes.is_empty() && own.logs.is_empty()) {
        return fail("event log");
    }
    Ok(Some(said))
}

/// That no certificate of a kept chain carries another quote than its leaf. What else is wrong with the chain, the check
/// of it says.
///
/// # Errors
/// Where one does.
pub(crate) fn one_quote(chain: Option<&Item>, budget: &Budget) -> Result<(), ReadError> {
    let Some(chain) = chain else { return Ok(()) };
    let Ok(pem) = core::str::from_utf8(&chain.bytes) else { return Ok(()) };
    match read_pem(pem, &Origin::new(&chain.source), budget) {
        Err(error) if is_second_quote(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Whether an error says that a chain carries two different quotes: it is of two machines, whatever else is there.
pub(crate) const fn is_second_quote(error: &ReadError) -> bool {
    matches!(
        error,
        ReadError::Certificate {
            problem: CertificateProblem::TwoQuotes | CertificateProblem::BeyondLeaf { .. },
            ..
        }
    )
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

/// That the log in a chain's leaf can be of the boot of the log beside it, where both are of one machine: two logs of which
/// each reader could take another one are refused, whichever is right. Of a certificate for another machine the check of it
/// says more, and a log that came with nothing is that check's to read.
///
/// # Errors
/// Where the logs contradict one another, or the leaf's is none.
pub(crate) fn one_log(evidence: &Evidence, budget: &Budget) -> Result<(), ReadError> {
    let (Some(chain), Some(log), Some(quote)) =
        (&evidence.certificates, &evidence.event_log, &evidence.quote)
    else {
        return Ok(());
    };
    let origin = Origin::new(&chain.source);
    let Some(leaf) =
        core::str::from_utf8(&chain.bytes).ok().and_then(|pem| read_pem(pem, &origin, budget).ok())
    else {
        return Ok(());
    };
    let none = Carried { quotes: leaf.quote.iter().cloned().collect(), logs: Vec::new() };
    let own = Carried::of(&leaf, &origin, budget).unwrap_or(none);
    let of_machine = |own: &Vec<u8>| same_quote(own, &quote.bytes) || one_start(own, &quote.bytes).is_some();
    if !own.quotes.iter().any(of_machine) {
        return Ok(());
    }
    // Logs of different forms cannot be held against one another here; each is replayed.
    let mut logs = own.logs.iter().filter(|_| log.format == EventLogFormat::DstackJson);
    match logs.find(|own| one_boot(log, own).is_none()) {
        Some(_) => {
            let origin = origin.member("extensions").member("event-log");
            Err(ReadError::TwoValues {
                at: origin.place(),
                part: "event log",
                first: log.item.source.clone(),
            })
        }
        None => Ok(()),
    }
}

/// What stands in a chain's leaf beside its key, for the check of it: the quote in its attestation container, and the logs.
/// Nothing of what is not there or cannot be read.
pub(crate) fn inside_leaf(chain: Option<&Item>, budget: &Budget) -> (Option<Item>, Vec<Item>) {
    let nothing = (None, Vec::new());
    let Some(chain) = chain.filter(|chain| may_carry(&chain.bytes)) else { return nothing };
    let origin = Origin::new(&chain.source).member("extensions");
    let Some(leaf) =
        core::str::from_utf8(&chain.bytes).ok().and_then(|pem| read_pem(pem, &origin, budget).ok())
    else {
        return nothing;
    };
    // What stands inside was obtained when the chain was.
    let inner = |bytes: Vec<u8>, origin: &Origin| Item {
        obtained: chain.obtained.clone(),
        ..Item::new(bytes, origin.source())
    };
    let mut logs: Vec<Item> =
        leaf.event_log.map(|bytes| inner(bytes, &origin.member("event-log"))).into_iter().collect();
    let origin = origin.member("attestation");
    let container = leaf.attestation.and_then(|bytes| Container::read(&bytes, &origin, budget).ok());
    let Some(container) = container else { return (None, logs) };
    let within = container.event_log.or(container.runtime_events);
    logs.extend(within.map(|bytes| inner(bytes, &origin.member("event_log"))));
    (Some(inner(container.quote, &origin.member("quote"))), logs)
}

/// Whether the extension of a container or of a log may stand in the first certificate: its identifier is a part of it then.
fn may_carry(pem: &[u8]) -> bool {
    /// 1.3.6.1.4.1.62397.1 in DER, without its length; what follows is 8 for a container, 2 for a log.
    const DSTACK: [u8; 9] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xe7, 0x3d, 0x01];
    match Pem::iter_from_buffer(pem).next() {
        Some(Ok(first)) => {
            let places = memchr::memmem::find_iter(&first.contents, &DSTACK);
            let follows = |at: usize| first.contents.get(at.saturating_add(DSTACK.len()));
            places.into_iter().any(|at| matches!(follows(at), Some(2 | 8)))
        }
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
