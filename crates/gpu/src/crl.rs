//! Certificate revocation lists (RFC 5280 section 5), complete lists of version 2 only.
//!
//! Reading checks no signature; which algorithm and key are acceptable belongs to the crates that verify.

use crate::der::{BIT_STRING, Der, DerError, Element, GENERALIZED_TIME, INTEGER, SEQUENCE, UTC_TIME};
use crate::x509::{
    AUTHORITY_KEY_IDENTIFIER, CRL_NUMBER, Extension, PARTIAL, SERIAL_LENGTH, Serial, read_authority_key,
    read_serial,
};
use veritee_model::UnixTime;

/// Reason for a list's entry (RFC 5280 5.3.1).
const REASON_CODE: &[u8] = &[0x55, 0x1d, 0x15];
const INVALIDITY_DATE: &[u8] = &[0x55, 0x1d, 0x18];

/// A list that can be read. No signature is checked by reading it.
#[derive(Debug, Clone)]
pub(crate) struct Crl<'a> {
    /// What the issuer signs.
    pub(crate) tbs: &'a [u8],
    /// The signature.
    pub(crate) signature: &'a [u8],
    /// Algorithm of the signature, named twice and alike.
    pub(crate) algorithm: Element<'a>,
    /// Issuer, DER.
    pub(crate) issuer: &'a [u8],
    /// Key identifier of the issuer.
    pub(crate) authority_key: &'a [u8],
    /// Start of its validity.
    pub(crate) this_update: UnixTime,
    /// End of its validity.
    pub(crate) next_update: UnixTime,
    /// The serial numbers.
    pub(crate) revoked: RevokedSerials,
}

/// Revoked serial numbers, sorted: 20 bytes each.
#[derive(Debug, Clone, Default)]
pub(crate) struct RevokedSerials(Box<[Serial]>);

impl RevokedSerials {
    /// Whether this one is revoked. Takes time logarithmic in the length of the list.
    #[must_use]
    pub(crate) fn contains(&self, serial: &Serial) -> bool {
        self.0.binary_search(serial).is_ok()
    }
}

impl<'a> Crl<'a> {
    /// Reads a list, DER.
    ///
    /// # Errors
    /// When it is not of DER, not complete, or names two algorithms.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, DerError> {
        let mut outer = Der::new(bytes);
        let whole = outer.expect(SEQUENCE, "revocation list expected")?;
        outer.finish("bytes after the revocation list")?;
        let mut parts = whole.inner();
        let tbs = parts.expect(SEQUENCE, "TBSCertList expected")?;
        let algorithm = parts.expect(SEQUENCE, "signature algorithm expected")?;
        let signature = parts.expect(BIT_STRING, "signature expected")?;
        parts.finish("bytes after the signature")?;
        let mut fields = tbs.inner();
        let version = fields.expect(INTEGER, "version 2 expected")?;
        if version.value != [1] {
            return Err(version.error("version 2 expected"));
        }
        let inner = fields.expect(SEQUENCE, "signature algorithm expected")?;
        if inner.whole != algorithm.whole {
            return Err(inner.error("two signature algorithms are named"));
        }
        let issuer = fields.expect(SEQUENCE, "issuer expected")?;
        let this_update = fields.any()?.time()?;
        // Without nextUpdate a list would be in force for ever.
        let next_update = fields.any()?.time()?;
        let revoked = match fields.optional(SEQUENCE)? {
            Some(list) => read_entries(&list)?,
            None => RevokedSerials::default(),
        };
        let wrapper = fields.expect(0xa0, "extensions expected")?;
        fields.finish("bytes after the extensions")?;
        let authority_key = read_list_extensions(&wrapper)?;
        Ok(Self {
            tbs: tbs.whole,
            signature: signature.octets_of_bits()?,
            algorithm,
            issuer: issuer.whole,
            authority_key,
            this_update,
            next_update,
            revoked,
        })
    }
}

fn read_entries(list: &Element<'_>) -> Result<RevokedSerials, DerError> {
    let mut entries = list.inner();
    let mut serials = Vec::new();
    while !entries.is_empty() {
        let mut entry = entries.sequence("entry expected")?;
        serials.push(read_serial(&entry.expect(INTEGER, "serial number expected")?)?);
        let date = entry.any()?;
        if !matches!(date.tag, UTC_TIME | GENERALIZED_TIME) {
            return Err(date.error("revocation date expected"));
        }
        date.time()?;
        if let Some(extensions) = entry.optional(SEQUENCE)? {
            check_entry_extensions(&extensions)?;
        }
        entry.finish("bytes after the entry")?;
    }
    serials.sort_unstable();
    serials.dedup();
    Ok(RevokedSerials(serials.into_boxed_slice()))
}

/// Whatever an entry says of its reason, the certificate counts as revoked; but an entry that may not concern
/// this issuer at all (certificateIssuer, always critical) is more than these lists can say.
fn check_entry_extensions(extensions: &Element<'_>) -> Result<(), DerError> {
    let mut list = extensions.inner();
    let mut seen: [Option<&[u8]>; 2] = [None; 2];
    while !list.is_empty() {
        let extension = Extension::read(&mut list)?;
        if seen.contains(&Some(extension.oid)) {
            return Err(extension.element.error("extension occurs twice"));
        }
        let known = matches!(extension.oid, REASON_CODE | INVALIDITY_DATE);
        let partial = PARTIAL.contains(&extension.oid);
        if partial || (extension.critical && !known) {
            return Err(extension.element.error("unknown critical extension"));
        }
        if let Some(slot) = seen.iter_mut().find(|slot| known && slot.is_none()) {
            *slot = Some(extension.oid);
        }
    }
    Ok(())
}

/// Authority key identifier. A number has to be there, as RFC 5280 5.2.3 wants it; nothing is made of it here.
fn read_list_extensions<'a>(wrapper: &Element<'a>) -> Result<&'a [u8], DerError> {
    let mut outer = wrapper.inner();
    let mut list = outer.sequence("extensions expected")?;
    outer.finish("bytes after the extensions")?;
    let (mut authority_key, mut numbered) = (None, false);
    let mut seen: Vec<&[u8]> = Vec::with_capacity(4);
    while !list.is_empty() {
        let extension = Extension::read(&mut list)?;
        if seen.contains(&extension.oid) {
            return Err(extension.element.error("extension occurs twice"));
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
                let value = inner.expect(INTEGER, "CRL number expected")?;
                inner.finish("bytes after the CRL number")?;
                let magnitude = value.magnitude()?;
                if magnitude.len() > SERIAL_LENGTH {
                    return Err(value.error("CRL number of more than 20 bytes"));
                }
                numbered = true;
            }
            oid if extension.critical || PARTIAL.contains(&oid) => {
                return Err(extension
                    .element
                    .error("unknown critical extension, or a list that is not complete"));
            }
            _ => {}
        }
    }
    if !numbered {
        return Err(wrapper.error("CRL number is missing"));
    }
    authority_key.ok_or_else(|| wrapper.error("authority key identifier is missing"))
}
