//! A device's report: SPDM 1.1 GET_MEASUREMENTS request and response (DSP0274 1.1.0), exactly as it is signed.
//!
//! Every byte is the attacker's until [`crate::SignedReport`] says otherwise.

use crate::error::{Explanation, explained};
use veritee_model::{Budget, Reason, Sha384Digest};

/// Bytes of the request, which is signed together with the response.
const REQUEST: usize = 37;
/// Bytes of one measurement block.
const BLOCK: usize = 55;
/// Bytes of a raw P-384 signature `r || s`.
pub const SIGNATURE: usize = 96;
const SPDM_1_1: u8 = 0x11;

/// Why a report could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportError {
    /// More bytes than any genuine report.
    TooLarge {
        /// Bytes allowed.
        limit: usize,
        /// Bytes given.
        got: usize,
    },
    /// It ends inside a field.
    CutOff {
        /// Byte at which the field begins.
        at: usize,
        /// The field.
        field: &'static str,
        /// Bytes that the field has.
        needed: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// A field has another value than SPDM and NVIDIA's devices give it.
    Field {
        /// Byte at which the field begins.
        at: usize,
        /// The field.
        field: &'static str,
        /// The value that belongs there.
        expected: u64,
        /// The value found.
        got: u64,
    },
    /// A version of SPDM that this program does not read.
    Version {
        /// Byte at which the version stands.
        at: usize,
        /// The version byte.
        got: u8,
    },
    /// Bytes behind the signature that are not zero.
    Trailing {
        /// Length that the fields add up to.
        expected: usize,
        /// Bytes given.
        got: usize,
    },
}

impl ReportError {
    /// The error taken apart.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let malformed = |what: String| Explanation::new(Reason::GpuReportMalformed, what);
        match self {
            Self::TooLarge { limit, got } => malformed("the report is larger than any genuine one".into())
                .expected(format_args!("at most {limit} bytes"))
                .got(format_args!("{got} bytes")),
            Self::CutOff { at, field, needed, left } => {
                malformed(format!("the report ends inside its {field}"))
                    .at(format_args!("report byte {at}"))
                    .expected(format_args!("{needed} bytes"))
                    .got(format_args!("{left} bytes"))
            }
            Self::Field { at, field, expected, got } => malformed(format!("the report's {field} is another"))
                .at(format_args!("report byte {at}"))
                .expected(expected)
                .got(got),
            Self::Version { at, got } => Explanation::new(
                Reason::GpuLayoutUnknown,
                "the report is of a version of SPDM that this program does not read",
            )
            .at(format_args!("report byte {at}"))
            .expected("0x11 (SPDM 1.1)")
            .got(format_args!("{got:#04x}")),
            Self::Trailing { expected, got } => {
                malformed("there are bytes behind the report's signature".into())
                    .expected(format_args!("{expected} bytes"))
                    .got(format_args!("{got} bytes"))
            }
        }
    }
}

explained!(ReportError);

/// A report that is laid out as it must be. Nothing in it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedReport {
    signed: Box<[u8]>,
    nonce: [u8; 32],
    responder_nonce: [u8; 32],
    blocks: Vec<Sha384Digest>,
    opaque: Vec<u8>,
    opaque_at: usize,
    signature: [u8; SIGNATURE],
}

impl ParsedReport {
    /// Reads a report, binary. Zero bytes may follow it, as tools write them that give away their whole buffer (CoCo's do).
    ///
    /// # Errors
    /// At the first field that is not what it must be.
    pub fn parse(bytes: &[u8], budget: &Budget) -> Result<Self, ReportError> {
        if bytes.len() > budget.gpu_report_bytes {
            return Err(ReportError::TooLarge { limit: budget.gpu_report_bytes, got: bytes.len() });
        }
        let mut reader = Reader { rest: bytes, at: 0 };
        reader.version()?;
        reader.byte("request code", 0xe0)?;
        reader.byte("request's first parameter (signature requested)", 1)?;
        reader.byte("request's second parameter (all blocks)", 0xff)?;
        let nonce = reader.array("requester nonce")?;
        reader.byte("slot", 0)?;
        debug_assert_eq!(reader.at, REQUEST, "DSP0274: the request has 37 bytes");
        reader.version()?;
        reader.byte("response code", 0x60)?;
        reader.byte("response's first parameter", 0)?;
        reader.byte("response's second parameter", 0)?;
        let [count] = reader.array::<1>("number of blocks")?;
        let blocks = reader.blocks(count)?;
        let responder_nonce = reader.array("responder nonce")?;
        let length = usize::from(u16::from_le_bytes(reader.array("opaque length")?));
        let opaque_at = reader.at;
        if length > budget.gpu_opaque_bytes {
            return Err(ReportError::TooLarge { limit: budget.gpu_opaque_bytes, got: length });
        }
        let opaque = reader.take("opaque data", length)?.to_vec();
        let signed = bytes.get(..reader.at).unwrap_or_default().into();
        let signature = reader.array("signature")?;
        // Nobody reads them and nothing signs them: with or without them it is the same report.
        if reader.rest.iter().any(|byte| *byte != 0) {
            return Err(ReportError::Trailing { expected: reader.at, got: bytes.len() });
        }
        Ok(Self { signed, nonce, responder_nonce, blocks, opaque, opaque_at, signature })
    }

    /// The requester's nonce: the challenge that the report answers.
    #[must_use]
    pub const fn nonce(&self) -> &[u8; 32] {
        &self.nonce
    }

    /// The device's own random number.
    #[must_use]
    pub const fn responder_nonce(&self) -> &[u8; 32] {
        &self.responder_nonce
    }

    /// Measurements in order; block `i` here is index `i` of a reference manifest and `i + 1` on the wire.
    #[must_use]
    pub fn blocks(&self) -> &[Sha384Digest] {
        &self.blocks
    }

    /// Opaque data.
    #[must_use]
    pub fn opaque(&self) -> &[u8] {
        &self.opaque
    }

    /// Byte of the report at which the opaque data begin.
    #[must_use]
    pub const fn opaque_at(&self) -> usize {
        self.opaque_at
    }

    /// What the signature covers: request and response up to the signature.
    #[must_use]
    pub fn signed(&self) -> &[u8] {
        &self.signed
    }

    /// `r || s`.
    #[must_use]
    pub const fn signature(&self) -> &[u8; SIGNATURE] {
        &self.signature
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, field: &'static str, needed: usize) -> Result<&'a [u8], ReportError> {
        let (taken, rest) = self.rest.split_at_checked(needed).ok_or(ReportError::CutOff {
            at: self.at,
            field,
            needed,
            left: self.rest.len(),
        })?;
        self.rest = rest;
        self.at = self.at.saturating_add(needed);
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], ReportError> {
        let (at, left) = (self.at, self.rest.len());
        <[u8; N]>::try_from(self.take(field, N)?).map_err(|_length| ReportError::CutOff {
            at,
            field,
            needed: N,
            left,
        })
    }

    fn byte(&mut self, field: &'static str, expected: u8) -> Result<(), ReportError> {
        let at = self.at;
        let [got] = self.array::<1>(field)?;
        same(at, field, u64::from(expected), u64::from(got))
    }

    fn word(&mut self, field: &'static str, expected: u64) -> Result<(), ReportError> {
        let at = self.at;
        let got = u64::from(u16::from_le_bytes(self.array(field)?));
        same(at, field, expected, got)
    }

    fn version(&mut self) -> Result<(), ReportError> {
        let at = self.at;
        match self.array::<1>("version")? {
            [SPDM_1_1] => Ok(()),
            [got] => Err(ReportError::Version { at, got }),
        }
    }

    /// The measurement record: its length, then blocks with ascending indexes from 1, each once.
    fn blocks(&mut self, count: u8) -> Result<Vec<Sha384Digest>, ReportError> {
        let at = self.at;
        let [a, b, c] = self.array("length of the measurement record")?;
        let length = u64::from(u32::from_le_bytes([a, b, c, 0]));
        let needed = usize::from(count).saturating_mul(BLOCK);
        same(at, "length of the measurement record", u64::try_from(needed).unwrap_or(u64::MAX), length)?;
        let mut blocks = Vec::with_capacity(usize::from(count));
        for index in 1..=count {
            self.byte("block index", index)?;
            self.byte("block's measurement specification", 1)?;
            self.word("block size", 51)?;
            self.byte("block's value type", 1)?;
            self.word("block's value size", 48)?;
            blocks.push(Sha384Digest::new(self.array("block value")?));
        }
        Ok(blocks)
    }
}

fn same(at: usize, field: &'static str, expected: u64, got: u64) -> Result<(), ReportError> {
    if expected == got { Ok(()) } else { Err(ReportError::Field { at, field, expected, got }) }
}
