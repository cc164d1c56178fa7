//! A strict reader of DER: definite, minimal lengths, one-byte tags, minimal integers; every fault has its offset.
//!
//! Source: ITU-T X.690. Certificates and revocation lists are read in place, without copies, so that a list of
//! 600,000 entries costs one pass; no library gives offsets for what it refuses.

mod fault;

use core::fmt;
pub use fault::DerFault;
use veritee_base::UnixTime;

/// Tag of BOOLEAN.
pub const BOOLEAN: u8 = 0x01;
/// Tag of INTEGER.
pub const INTEGER: u8 = 0x02;
/// Tag of BIT STRING.
pub const BIT_STRING: u8 = 0x03;
/// Tag of OCTET STRING.
pub const OCTET_STRING: u8 = 0x04;
/// Tag of OBJECT IDENTIFIER.
pub const OID: u8 = 0x06;
/// Tag of ENUMERATED.
pub const ENUMERATED: u8 = 0x0a;
/// Tag of UTF8String.
pub const UTF8_STRING: u8 = 0x0c;
/// Tag of PrintableString.
pub const PRINTABLE_STRING: u8 = 0x13;
/// Tag of UTCTime.
pub const UTC_TIME: u8 = 0x17;
/// Tag of GeneralizedTime.
pub const GENERALIZED_TIME: u8 = 0x18;
/// Tag of SEQUENCE.
pub const SEQUENCE: u8 = 0x30;
/// Tag of SET.
pub const SET: u8 = 0x31;

/// Why a DER document was refused, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DerError {
    /// Byte offset in the document.
    pub at: usize,
    /// What was wrong or missing there.
    pub fault: DerFault,
}

impl DerError {
    /// A fault at this byte.
    #[must_use]
    pub const fn new(at: usize, fault: DerFault) -> Self {
        Self { at, fault }
    }
}

impl fmt::Display for DerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.fault, self.at)
    }
}

impl core::error::Error for DerError {}

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The tag.
    pub tag: u8,
    /// Contents.
    pub value: &'a [u8],
    /// Tag, length and contents.
    pub whole: &'a [u8],
    /// Offset of the tag.
    pub at: usize,
    value_at: usize,
}

impl<'a> Element<'a> {
    /// An error at the next byte.
    #[must_use]
    pub const fn error(&self, fault: DerFault) -> DerError {
        DerError { at: self.at, fault }
    }

    /// Reads the contents as further elements.
    #[must_use]
    pub const fn inner(&self) -> Der<'a> {
        Der { bytes: self.value, at: self.value_at }
    }

    /// Contents of a BIT STRING without unused bits.
    ///
    /// # Errors
    /// When there are unused bits, or not even their count.
    pub fn octets_of_bits(&self) -> Result<&'a [u8], DerError> {
        // X.690 8.6.2.2: the first octet counts unused bits. Keys and signatures are octets; with bits left over one value
        // would have several forms.
        match self.value.split_first() {
            Some((0, octets)) => Ok(octets),
            _ => Err(self.error(DerFault::UnusedBits)),
        }
    }

    /// Magnitude of a non-negative INTEGER, without the sign byte.
    ///
    /// # Errors
    /// When it is negative, empty or padded.
    pub fn magnitude(&self) -> Result<&'a [u8], DerError> {
        // X.690 8.3.1 and 8.3.2: at least one octet, and the fewest. A serial number that can be written in two ways could
        // be revoked in one and used in the other.
        match self.value {
            [] => Err(self.error(DerFault::EmptyInteger)),
            [0] => Ok(&[]),
            [0, next, ..] if *next < 0x80 => Err(self.error(DerFault::IntegerNotMinimal)),
            [0, magnitude @ ..] => Ok(magnitude),
            [first, ..] if *first >= 0x80 => Err(self.error(DerFault::IntegerNegative)),
            magnitude => Ok(magnitude),
        }
    }

    /// A non-negative INTEGER or ENUMERATED below 2^32.
    ///
    /// # Errors
    /// When it is negative, padded or larger.
    pub fn small(&self) -> Result<u32, DerError> {
        let magnitude = self.magnitude()?;
        // Path lengths, versions, security version numbers: none that is honest is larger, and none is cut off.
        if magnitude.len() > 4 {
            return Err(self.error(DerFault::IntegerTooLarge));
        }
        Ok(magnitude.iter().fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte)))
    }

    /// A BOOLEAN.
    ///
    /// # Errors
    /// When it is neither 0x00 nor 0xff.
    pub fn boolean(&self) -> Result<bool, DerError> {
        // X.690 11.1: true is all ones in DER; BER would take any octet but zero.
        match self.value {
            [0x00] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(self.error(DerFault::BooleanForm)),
        }
    }

    /// UTCTime or GeneralizedTime in the forms that RFC 5280 allows.
    ///
    /// # Errors
    /// When it is of another form, names no date, or lies before 1970.
    pub fn time(&self) -> Result<UnixTime, DerError> {
        let fault = || self.error(DerFault::TimeForm);
        // RFC 5280 4.1.2.5.1 and 4.1.2.5.2: seconds and Z, no fraction, no offset; two digits from 50 on are of the last
        // century. A time that two readers take differently is in force for one of them.
        let (year, rest) = match (self.tag, self.value.len()) {
            (UTC_TIME, 13) => {
                let (head, rest) = self.value.split_at_checked(2).ok_or_else(fault)?;
                let short = decimal(head).ok_or_else(fault)?;
                (if short >= 50 { short.saturating_add(1900) } else { short.saturating_add(2000) }, rest)
            }
            (GENERALIZED_TIME, 15) => {
                let (head, rest) = self.value.split_at_checked(4).ok_or_else(fault)?;
                (decimal(head).ok_or_else(fault)?, rest)
            }
            _ => return Err(fault()),
        };
        let [mo0, mo1, d0, d1, h0, h1, mi0, mi1, s0, s1, b'Z'] = rest else { return Err(fault()) };
        let pair = |a: &u8, b: &u8| decimal(&[*a, *b]);
        (|| civil(year, pair(mo0, mo1)?, pair(d0, d1)?, pair(h0, h1)?, pair(mi0, mi1)?, pair(s0, s1)?))()
            .ok_or_else(fault)
    }
}

/// Digits only, no sign.
#[must_use]
pub fn decimal(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// A date and time of the Gregorian calendar in UTC, from 1970 to 9999; no leap seconds.
#[expect(clippy::arithmetic_side_effects, reason = "every operand is range-checked first")]
#[must_use]
pub fn civil(year: u64, month: u64, day: u64, hour: u64, minute: u64, second: u64) -> Option<UnixTime> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days_in_month = match month {
        2 => 28 + u64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let in_range = (1970..=9999).contains(&year) && (1..=days_in_month).contains(&day);
    if !in_range || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Years that begin in March put the leap day last.
    let march_year = if month <= 2 { year - 1 } else { year };
    let march_month = (month + 9) % 12;
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    let days = march_year * 365 + march_year / 4 - march_year / 100 + march_year / 400 + day_of_year;
    // Days from 1 March of year 0 to 1 January 1970.
    let since_1970 = days - 719_468;
    Some(UnixTime::from_seconds(((since_1970 * 24 + hour) * 60 + minute) * 60 + second))
}

/// Reads elements one after another.
#[derive(Debug, Clone, Copy)]
pub struct Der<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Der<'a> {
    /// From the first byte.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// An error at the next byte.
    #[must_use]
    pub const fn error(&self, fault: DerFault) -> DerError {
        DerError { at: self.at, fault }
    }

    /// The next element, whatever its tag.
    ///
    /// # Errors
    /// When it is cut off, has a tag of several bytes or a length that is not minimal.
    pub fn any(&mut self) -> Result<Element<'a>, DerError> {
        let (tag, after_tag) = self.bytes.split_first().ok_or(self.error(DerFault::ElementMissing))?;
        // X.690 8.1.2.4: tags above 30 take several octets; no certificate or list has one.
        if tag & 0x1f == 0x1f {
            return Err(self.error(DerFault::LongTag));
        }
        let (length, header) = self.length(after_tag)?;
        let end = header.checked_add(length).ok_or(self.error(DerFault::LengthOverflows))?;
        let (whole, rest) = self.bytes.split_at_checked(end).ok_or(self.error(DerFault::CutOff))?;
        let value = whole.get(header..).unwrap_or_default();
        let element =
            Element { tag: *tag, value, whole, at: self.at, value_at: self.at.saturating_add(header) };
        self.bytes = rest;
        self.at = self.at.saturating_add(end);
        Ok(element)
    }

    /// Length of the contents and of the header before them.
    fn length(&self, after_tag: &[u8]) -> Result<(usize, usize), DerError> {
        // X.690 10.1: definite and in the fewest octets. What is signed must have one form only.
        match *after_tag {
            [short @ 0..=0x7f, ..] => Ok((usize::from(short), 2)),
            [0x81, a @ 0x80..=0xff, ..] => Ok((usize::from(a), 3)),
            [0x82, a @ 1..=0xff, b, ..] => Ok((usize::from(u16::from_be_bytes([a, b])), 4)),
            [0x83, a @ 1..=0xff, b, c, ..] => self.long_length([0, a, b, c], 5),
            [0x84, a @ 1..=0xff, b, c, d, ..] => self.long_length([a, b, c, d], 6),
            _ => Err(self.error(DerFault::LengthForm)),
        }
    }

    fn long_length(&self, bytes: [u8; 4], header: usize) -> Result<(usize, usize), DerError> {
        match usize::try_from(u32::from_be_bytes(bytes)) {
            Ok(length) => Ok((length, header)),
            Err(_too_large) => Err(self.error(DerFault::LengthOverflows)),
        }
    }

    /// The next element, which must have this tag.
    ///
    /// # Errors
    /// With `fault`, when it has another; and as [`Self::any`].
    pub fn expect(&mut self, tag: u8, fault: DerFault) -> Result<Element<'a>, DerError> {
        let here = self.error(fault);
        match self.any()? {
            element if element.tag == tag => Ok(element),
            _ => Err(here),
        }
    }

    /// The next element, if it has this tag.
    ///
    /// # Errors
    /// As [`Self::any`].
    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, DerError> {
        match self.bytes.first() {
            Some(next) if *next == tag => self.any().map(Some),
            _ => Ok(None),
        }
    }

    /// Contents of the next element, which must be a SEQUENCE.
    ///
    /// # Errors
    /// As [`Self::expect`].
    pub fn sequence(&mut self, fault: DerFault) -> Result<Self, DerError> {
        self.expect(SEQUENCE, fault).map(|element| element.inner())
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// With `fault`, when something is.
    pub const fn finish(&self, fault: DerFault) -> Result<(), DerError> {
        // What stands behind the last part is signed and read by nobody, or read by somebody else.
        if self.bytes.is_empty() { Ok(()) } else { Err(self.error(fault)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_are_not_minimal_or_indefinite_are_refused() {
        for bytes in [
            &[0x30, 0x80, 0, 0][..],
            &[0x04, 0x81, 0x01, 0x00],
            &[0x04, 0x82, 0x00, 0x80],
            &[0x04, 0x83, 0x00, 0x01, 0x00],
            &[0x04, 0x85, 0x01, 0, 0, 0, 0],
            &[0x04, 0x02, 0x00],
            &[0x1f, 0x81, 0x00],
            &[],
        ] {
            assert!(Der::new(bytes).any().is_err(), "{bytes:02x?}");
        }
    }

    #[test]
    fn integers_that_are_negative_or_padded_are_refused() {
        let magnitude = |bytes: &'static [u8]| Der::new(bytes).any().unwrap().magnitude();
        assert!(magnitude(&[2, 1, 0x80]).is_err());
        assert!(magnitude(&[2, 2, 0, 0x7f]).is_err());
        assert!(magnitude(&[2, 0]).is_err());
        assert_eq!(magnitude(&[2, 2, 0, 0x80]), Ok(&[0x80][..]));
        assert_eq!(magnitude(&[2, 1, 0]), Ok(&[][..]));
    }

    #[test]
    fn dates_agree_with_a_calendar_library_over_eight_thousand_years() {
        for (text, unix) in [
            ("19700101000000Z", 0),
            ("20000229235959Z", 951_868_799),
            ("20491231235959Z", 2_524_607_999),
            ("21000301000000Z", 4_107_542_400),
        ] {
            let mut der = vec![GENERALIZED_TIME, 15];
            der.extend(text.as_bytes());
            assert_eq!(Der::new(&der).any().unwrap().time(), Ok(UnixTime::from_seconds(unix)), "{text}");
        }
        for year in 1970..9999_u64 {
            for (month, day) in [(1, 1), (2, 28), (3, 1), (12, 31)] {
                let text = format!("{year:04}-{month:02}-{day:02}T12:34:56Z");
                assert_eq!(civil(year, month, day, 12, 34, 56).unwrap(), UnixTime::parse(&text).unwrap());
            }
        }
    }

    #[test]
    fn dates_that_no_calendar_has_are_refused() {
        assert_eq!(civil(2023, 2, 29, 0, 0, 0), None);
        assert_eq!(civil(2100, 2, 29, 0, 0, 0), None);
        assert_eq!(civil(2024, 13, 1, 0, 0, 0), None);
        assert_eq!(civil(2024, 4, 31, 0, 0, 0), None);
        assert_eq!(civil(2024, 1, 0, 0, 0, 0), None);
        assert_eq!(civil(2024, 1, 1, 24, 0, 0), None);
        assert_eq!(civil(2024, 1, 1, 0, 60, 0), None);
        assert_eq!(civil(2024, 12, 31, 23, 59, 60), None);
        assert_eq!(civil(1969, 12, 31, 23, 59, 59), None);
    }
}
