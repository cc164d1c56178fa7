//! Certificate revocation lists (RFC 5280 section 5), complete lists of version 2 only.
//!
//! Reading checks no signature; which algorithm and key are acceptable belongs to the crates that verify.

use crate::der::{
    BIT_STRING, Der, DerError, DerFault, Element, GENERALIZED_TIME, INTEGER, SEQUENCE, UTC_TIME,
};
use crate::{
    AUTHORITY_KEY_IDENTIFIER, CRL_NUMBER, Extension, SERIAL_LENGTH, Serial, read_authority_key, read_serial,
};
use std::sync::Arc;
use veritee_base::UnixTime;

/// Reason for a list's entry (RFC 5280 5.3.1).
const REASON_CODE: &[u8] = &[0x55, 0x1d, 0x15];
const INVALIDITY_DATE: &[u8] = &[0x55, 0x1d, 0x18];
/// A delta list, a list of some certificates only, an entry of another issuer's: always critical where a writer obeys
/// RFC 5280 (5.2.4, 5.2.5, 5.3.3), and refused where one does not.
const PARTIAL: [&[u8]; 3] = [&[0x55, 0x1d, 0x1b], &[0x55, 0x1d, 0x1c], &[0x55, 0x1d, 0x1d]];

/// A list that can be read. No signature is checked by reading it.
#[derive(Debug, Clone)]
pub struct Crl<'a> {
    /// What the issuer signs.
    pub tbs: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
    /// Algorithm of the signature, named twice and alike.
    pub algorithm: Element<'a>,
    /// Issuer, DER.
    pub issuer: &'a [u8],
    /// Key identifier of the issuer.
    pub authority_key: &'a [u8],
    /// Start of its validity.
    pub this_update: UnixTime,
    /// End of its validity.
    pub next_update: UnixTime,
    /// CRLNumber, in hex; Intel's lists all say 1.
    pub number: String,
    /// The serial numbers.
    pub revoked: RevokedSerials,
}

/// Revoked serial numbers, sorted: 20 bytes each. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct RevokedSerials(Arc<[Serial]>);

impl RevokedSerials {
    /// Whether this one is revoked. Takes time logarithmic in the length of the list.
    #[must_use]
    pub fn contains(&self, serial: &Serial) -> bool {
        self.0.binary_search(serial).is_ok()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes that they occupy.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val::<[Serial]>(&self.0)
    }

    /// The same numbers in the same place: what is shared is counted once.
    #[must_use]
    pub fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Takes in the other list's numbers; true when one of them was new. Most lists of one issuer are those before
    /// it and a few more, so nothing is built anew for a list that adds nothing.
    pub fn take_in(&mut self, other: &Self) -> bool {
        if self.0.is_empty() {
            self.0 = Arc::clone(&other.0);
            return !other.0.is_empty();
        }
        if other.0.iter().all(|serial| self.contains(serial)) {
            return false;
        }
        let mut merged = Vec::with_capacity(self.0.len().saturating_add(other.0.len()));
        merged.extend_from_slice(&self.0);
        merged.extend_from_slice(&other.0);
        merged.sort_unstable();
        merged.dedup();
        self.0 = Arc::from(merged);
        true
    }
}

impl<'a> Crl<'a> {
    /// Reads a list, DER, whatever its algorithm.
    ///
    /// # Errors
    /// When it is not of DER, not complete, or names two algorithms.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DerError> {
        Self::parse_signed(bytes, |_any| Ok(()))
    }

    /// [`Self::parse`] with a question to both places that name the algorithm (RFC 5280 5.1.1.2, 5.1.2.2).
    ///
    /// # Errors
    /// As there, and what `check_algorithm` says.
    pub fn parse_signed(
        bytes: &'a [u8],
        check_algorithm: impl Fn(&Element<'a>) -> Result<(), DerError>,
    ) -> Result<Self, DerError> {
        let mut outer = Der::new(bytes);
        let whole = outer.expect(SEQUENCE, DerFault::RevocationListExpected)?;
        // One list: entries behind its end would be of nobody.
        outer.finish(DerFault::BytesAfterRevocationList)?;
        let mut parts = whole.inner();
        let tbs = parts.expect(SEQUENCE, DerFault::TbsCertListExpected)?;
        let algorithm = parts.expect(SEQUENCE, DerFault::SignatureAlgorithmExpected)?;
        check_algorithm(&algorithm)?;
        let signature = parts.expect(BIT_STRING, DerFault::SignatureExpected)?;
        parts.finish(DerFault::BytesAfterSignature)?;
        let mut fields = tbs.inner();
        let version = fields.expect(INTEGER, DerFault::Version2Expected)?;
        // RFC 5280 5.1.2.1: lists with extensions are of version 2, and without CRLNumber no list is newer than another.
        if version.value != [1] {
            return Err(version.error(DerFault::Version2Expected));
        }
        let inner = fields.expect(SEQUENCE, DerFault::SignatureAlgorithmExpected)?;
        check_algorithm(&inner)?;
        // RFC 5280 5.1.1.2: the field outside repeats the signed one, or the signature is of another algorithm.
        if inner.whole != algorithm.whole {
            return Err(inner.error(DerFault::TwoSignatureAlgorithms));
        }
        let issuer = fields.expect(SEQUENCE, DerFault::IssuerExpected)?;
        let this_update = fields.any()?.time()?;
        // Without nextUpdate a list would be in force for ever.
        let next_update = fields.any()?.time()?;
        let revoked = match fields.optional(SEQUENCE)? {
            Some(list) => read_entries(&list)?,
            None => RevokedSerials::default(),
        };
        let wrapper = fields.expect(0xa0, DerFault::ExtensionsExpected)?;
        // RFC 5280 5.1.2.7: extensions are the last field.
        fields.finish(DerFault::BytesAfterExtensions)?;
        let (authority_key, number) = read_list_extensions(&wrapper)?;
        Ok(Self {
            tbs: tbs.whole,
            signature: signature.octets_of_bits()?,
            algorithm,
            issuer: issuer.whole,
            authority_key,
            this_update,
            next_update,
            number,
            revoked,
        })
    }
}

fn read_entries(list: &Element<'_>) -> Result<RevokedSerials, DerError> {
    let mut entries = list.inner();
    let mut serials = Vec::new();
    while !entries.is_empty() {
        let mut entry = entries.sequence(DerFault::EntryExpected)?;
        serials.push(read_serial(&entry.expect(INTEGER, DerFault::SerialNumberExpected)?)?);
        // RFC 5280 5.1.2.6: every entry has its date. It decides nothing: what is revoked was so for whoever asks now.
        let date = entry.any()?;
        if !matches!(date.tag, UTC_TIME | GENERALIZED_TIME) {
            return Err(date.error(DerFault::RevocationDateExpected));
        }
        date.time()?;
        if let Some(extensions) = entry.optional(SEQUENCE)? {
            check_entry_extensions(&extensions)?;
        }
        entry.finish(DerFault::BytesAfterEntry)?;
    }
    serials.sort_unstable();
    serials.dedup();
    Ok(RevokedSerials(Arc::from(serials)))
}

/// Whatever an entry says of its reason, the certificate counts as revoked; but an entry that may not concern
/// this issuer at all (certificateIssuer, always critical) is more than these lists can say.
fn check_entry_extensions(extensions: &Element<'_>) -> Result<(), DerError> {
    let mut list = extensions.inner();
    let mut seen: [Option<&[u8]>; 2] = [None; 2];
    while !list.is_empty() {
        let extension = Extension::read(&mut list)?;
        // RFC 5280 4.2, by 5.3 for entries too: an extension occurs once. Of two, two readers obey different ones.
        if seen.contains(&Some(extension.oid)) {
            return Err(extension.element.error(DerFault::ExtensionOccursTwice));
        }
        let known = matches!(extension.oid, REASON_CODE | INVALIDITY_DATE);
        // RFC 5280 5.3: an entry with a critical extension that is not understood makes the list unusable.
        let partial = PARTIAL.contains(&extension.oid);
        if partial || (extension.critical && !known) {
            return Err(extension.element.error(DerFault::UnknownCriticalExtension));
        }
        if let Some(slot) = seen.iter_mut().find(|slot| known && slot.is_none()) {
            *slot = Some(extension.oid);
        }
    }
    Ok(())
}

/// Authority key identifier and CRL number.
fn read_list_extensions<'a>(wrapper: &Element<'a>) -> Result<(&'a [u8], String), DerError> {
    let mut outer = wrapper.inner();
    let mut list = outer.sequence(DerFault::ExtensionsExpected)?;
    outer.finish(DerFault::BytesAfterExtensions)?;
    let (mut authority_key, mut number) = (None, None);
    let mut seen: Vec<&[u8]> = Vec::with_capacity(4);
    while !list.is_empty() {
        let extension = Extension::read(&mut list)?;
        // RFC 5280 5.2, as 4.2: an extension occurs once.
        if seen.contains(&extension.oid) {
            return Err(extension.element.error(DerFault::ExtensionOccursTwice));
        }
        seen.push(extension.oid);
        match extension.oid {
            AUTHORITY_KEY_IDENTIFIER => {
                extension.refuse_critical()?;
                authority_key = Some(read_authority_key(&extension.element)?);
            }
            CRL_NUMBER => {
                extension.refuse_critical()?;
                let mut inner = extension.element.inner();
                let value = inner.expect(INTEGER, DerFault::CrlNumberExpected)?;
                inner.finish(DerFault::BytesAfterCrlNumber)?;
                let magnitude = value.magnitude()?;
                // RFC 5280 5.2.3: at most 20 octets; lists are ordered by it.
                if magnitude.len() > SERIAL_LENGTH {
                    return Err(value.error(DerFault::CrlNumberTooLong));
                }
                number = Some(if magnitude.is_empty() { "00".to_owned() } else { hex::encode(magnitude) });
            }
            // RFC 5280 5.2: a list with a critical extension that is not understood must not be used. A list of some
            // certificates only would show the others as not revoked.
            oid if extension.critical || PARTIAL.contains(&oid) => {
                return Err(extension.element.error(DerFault::UnknownCriticalOrPartial));
            }
            _ => {}
        }
    }
    // RFC 5280 5.2.1 and 5.2.3: every list has both. Intel's QVL asks for them too.
    Ok((
        authority_key.ok_or_else(|| wrapper.error(DerFault::AuthorityKeyIdentifierMissing))?,
        number.ok_or_else(|| wrapper.error(DerFault::CrlNumberMissing))?,
    ))
}
