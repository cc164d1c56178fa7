//! Tar headers as the runtime's reader takes them (Go's `archive/tar`): v7, ustar, pax, GNU long names, base-256
//! numbers. One header at a time; what a header may be long is bounded before it is read.
//!
//! The `tar` crate is not used here: it reads long names and pax records into memory whatever length they claim, and
//! takes `mtime` from the ustar field where a pax record says otherwise.

use crate::entry::Form;
use crate::error::LayerProblem;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};

const BLOCK: usize = 512;
/// A path. Linux takes 4,096 bytes with the NUL.
const NAME_BYTES: u64 = 4096;
/// All records of one pax header. Extended attributes of a file are at most 64 KiB on ext4 and XFS.
const RECORDS_BYTES: u64 = 1 << 20;

/// A header, with the records before it applied.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    /// As it is written.
    pub(crate) name: Vec<u8>,
    /// The type flag; `0` for a file and `5` for a folder in every spelling.
    pub(crate) flag: u8,
    pub(crate) mode: u32,
    pub(crate) user: u64,
    pub(crate) group: u64,
    pub(crate) user_name: Vec<u8>,
    pub(crate) group_name: Vec<u8>,
    pub(crate) seconds: i64,
    pub(crate) nanos: u32,
    pub(crate) size: u64,
    pub(crate) link: Vec<u8>,
    pub(crate) device: (u64, u64),
    pub(crate) attributes: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) form: Form,
}

/// Bytes that can be passed over.
pub(crate) trait Input: Read {
    /// Passes over so many bytes.
    fn skip(&mut self, count: u64) -> std::io::Result<()> {
        let mut left = count;
        let mut buffer = [0_u8; 16 << 10];
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            match self.read(buffer.get_mut(..most).unwrap_or_default()) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(got) => left = left.saturating_sub(u64::try_from(got).unwrap_or(u64::MAX)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// An archive that is being read.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    input: R,
    offset: u64,
    /// Bytes of the current entry's content that were not read yet.
    left: u64,
    padding: u64,
}

impl<R: Input> Reader<R> {
    pub(crate) const fn new(input: R) -> Self {
        Self { input, offset: 0, left: 0, padding: 0 }
    }

    /// Bytes read and passed over so far.
    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) const fn input(&self) -> &R {
        &self.input
    }

    pub(crate) const fn input_mut(&mut self) -> &mut R {
        &mut self.input
    }

    pub(crate) fn into_input(self) -> R {
        self.input
    }

    /// Passes over what is left of the current entry, and reads the next header; `None` at the archive's end.
    pub(crate) fn next(&mut self) -> Result<Option<Header>, LayerProblem> {
        let mut records = Records::default();
        loop {
            self.skip(self.left.saturating_add(self.padding))?;
            (self.left, self.padding) = (0, 0);
            let offset = self.offset;
            let Some(block) = self.block()? else { return Ok(None) };
            let raw = Raw { block: &block, offset };
            let form = raw.form()?;
            let flag = block.get(156).copied().unwrap_or_default();
            let size = raw.number(124..136, "size")?;
            match flag {
                b'x' => records.pax(&self.extra(offset, size, RECORDS_BYTES)?, offset)?,
                // Go's reader hands it to the runtime, which passes over it.
                b'g' => drop(self.extra(offset, size, RECORDS_BYTES)?),
                b'L' => records.name = Some(text(&self.extra(offset, size, NAME_BYTES)?).to_vec()),
                b'K' => records.link = Some(text(&self.extra(offset, size, NAME_BYTES)?).to_vec()),
                _ => {
                    let header = raw.header(form, flag, size, records)?;
                    // Links, devices, folders and pipes have no content whatever size they claim.
                    let bare = matches!(header.flag, b'1'..=b'6');
                    self.left = if bare { 0 } else { header.size };
                    self.padding = padding(self.left);
                    return Ok(Some(header));
                }
            }
        }
    }

    /// Reads the current entry's content; 0 at its end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, LayerProblem> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let wanted = buffer.get_mut(..most).unwrap_or_default();
        let got = self.input.read(wanted).map_err(|error| stream(&error))?;
        if got == 0 {
            return Err(stream(&ErrorKind::UnexpectedEof.into()));
        }
        let read = u64::try_from(got).unwrap_or(u64::MAX);
        self.left = self.left.saturating_sub(read);
        self.offset = self.offset.saturating_add(read);
        Ok(got)
    }

    fn skip(&mut self, count: u64) -> Result<(), LayerProblem> {
        self.offset = self.offset.saturating_add(count);
        if count == 0 { Ok(()) } else { self.input.skip(count).map_err(|error| stream(&error)) }
    }

    /// A block; `None` where the archive ends: at two blocks of zeros, or where the bytes end at a block.
    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, LayerProblem> {
        let mut block = [0_u8; BLOCK];
        let first = self.fill(&mut block)?;
        if first == 0 {
            return Ok(None);
        }
        if block.iter().any(|byte| *byte != 0) {
            return Ok(Some(block));
        }
        let offset = self.offset;
        let second = self.fill(&mut block)?;
        if second == 0 || block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        // One block of zeros between entries: some readers end here, some go on.
        Err(LayerProblem::Checksum { offset })
    }

    fn fill(&mut self, block: &mut [u8; BLOCK]) -> Result<usize, LayerProblem> {
        let mut filled = 0_usize;
        while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.input.read(rest) {
                Ok(0) => break,
                Ok(count) => filled = filled.saturating_add(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(stream(&error)),
            }
        }
        self.offset = self.offset.saturating_add(u64::try_from(filled).unwrap_or(u64::MAX));
        if filled == 0 || filled == BLOCK {
            Ok(filled)
        } else {
            Err(stream(&ErrorKind::UnexpectedEof.into()))
        }
    }

    /// The content of a header that extends the next one.
    fn extra(&mut self, offset: u64, size: u64, most: u64) -> Result<Vec<u8>, LayerProblem> {
        if size > most {
            return Err(LayerProblem::Long { offset, most });
        }
        let mut bytes = Vec::new();
        self.input.by_ref().take(size).read_to_end(&mut bytes).map_err(|error| stream(&error))?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) < size {
            return Err(stream(&ErrorKind::UnexpectedEof.into()));
        }
        self.offset = self.offset.saturating_add(size);
        self.skip(padding(size))?;
        Ok(bytes)
    }
}

pub(crate) fn stream(error: &std::io::Error) -> LayerProblem {
    let message = match error.kind() {
        ErrorKind::UnexpectedEof => "the bytes end early".to_owned(),
        _ => error.to_string(),
    };
    LayerProblem::Stream { message }
}

const fn padding(size: u64) -> u64 {
    size.wrapping_neg() & 511
}

/// Up to the first NUL.
fn text(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or_default()
}

struct Raw<'a> {
    block: &'a [u8; BLOCK],
    offset: u64,
}

impl Raw<'_> {
    fn field(&self, range: core::ops::Range<usize>) -> &[u8] {
        self.block.get(range).unwrap_or_default()
    }

    /// The form by the magic number, once the checksum holds: of unsigned bytes, or of signed ones as old Suns wrote.
    fn form(&self) -> Result<Form, LayerProblem> {
        let wrong = LayerProblem::Checksum { offset: self.offset };
        let claimed = self.number(148..156, "checksum").or(Err(wrong.clone()))?;
        let (mut unsigned, mut signed) = (0_u64, 0_i64);
        for (at, byte) in self.block.iter().enumerate() {
            let byte = if (148..156).contains(&at) { b' ' } else { *byte };
            unsigned = unsigned.saturating_add(u64::from(byte));
            signed = signed.saturating_add(i64::from(byte.cast_signed()));
        }
        if claimed != unsigned && i64::try_from(claimed) != Ok(signed) {
            return Err(wrong);
        }
        Ok(match (self.field(257..263), self.field(263..265)) {
            (b"ustar\0", _) => Form::Ustar,
            (b"ustar ", b" \0") => Form::Gnu,
            _ => Form::V7,
        })
    }

    /// Octal digits between blanks and NULs, or base 256 where the first bit is set; negative ones are refused.
    fn number(&self, range: core::ops::Range<usize>, field: &'static str) -> Result<u64, LayerProblem> {
        let problem = LayerProblem::Number { offset: self.offset, field };
        let bytes = self.field(range);
        match bytes.split_first() {
            Some((0x80, rest)) => rest
                .iter()
                .try_fold(0_u64, |sum, byte| sum.checked_mul(256)?.checked_add(u64::from(*byte)))
                .ok_or(problem),
            Some((first, _)) if first & 0x80 != 0 => Err(problem),
            _ => octal(bytes).ok_or(problem),
        }
    }

    /// A time, which base 256 can make negative.
    fn time(&self) -> Result<i64, LayerProblem> {
        let bytes = self.field(136..148);
        match bytes.split_first() {
            Some((0xff, rest)) => rest
                .iter()
                .try_fold(-1_i64, |sum, byte| sum.checked_mul(256)?.checked_add(i64::from(*byte)))
                .ok_or(LayerProblem::Number { offset: self.offset, field: "mtime" }),
            _ => self.number(136..148, "mtime").map(|time| i64::try_from(time).unwrap_or(i64::MAX)),
        }
    }

    fn header(&self, form: Form, flag: u8, size: u64, records: Records) -> Result<Header, LayerProblem> {
        let mut name = text(self.field(0..100)).to_vec();
        if form == Form::Ustar {
            // The tar of J. Schilling has two times behind a shorter prefix.
            let prefix = text(self.field(if self.field(508..512) == b"tar\0" { 345..476 } else { 345..500 }));
            if !prefix.is_empty() {
                name = [prefix, b"/", &name].concat();
            }
        }
        let named = form != Form::V7;
        let names = |range| if named { text(self.field(range)).to_vec() } else { Vec::new() };
        let device = if named && matches!(flag, b'3' | b'4') {
            (self.number(329..337, "device number")?, self.number(337..345, "device number")?)
        } else {
            (0, 0)
        };
        // The permission bits; the rest says the kind once more.
        let mode = self.number(100..108, "mode")? & 0o7777;
        let mut header = Header {
            name,
            flag,
            mode: u32::try_from(mode).unwrap_or_default(),
            user: self.number(108..116, "uid")?,
            group: self.number(116..124, "gid")?,
            user_name: names(265..297),
            group_name: names(297..329),
            seconds: self.time()?,
            nanos: 0,
            size,
            link: text(self.field(157..257)).to_vec(),
            device,
            attributes: BTreeMap::new(),
            form,
        };
        records.apply(&mut header)?;
        header.flag = match flag {
            // Old archives have folders as files whose name ends with a slash.
            0 if header.name.ends_with(b"/") => b'5',
            0 => b'0',
            other => other,
        };
        Ok(header)
    }
}

fn octal(bytes: &[u8]) -> Option<u64> {
    let blank = |byte: &u8| matches!(byte, b' ' | 0);
    let start = bytes.iter().position(|byte| !blank(byte)).unwrap_or(bytes.len());
    let digits = bytes.get(start..)?;
    let end = digits.iter().position(blank).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at_checked(end)?;
    if !rest.iter().all(blank) {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, byte| match byte {
        b'0'..=b'7' => sum.checked_mul(8)?.checked_add(u64::from(byte.saturating_sub(b'0'))),
        _ => None,
    })
}

/// What headers before an entry say of it.
#[derive(Debug, Default)]
struct Records {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    pax: BTreeMap<Vec<u8>, Vec<u8>>,
    seen: bool,
    offset: u64,
}

impl Records {
    /// `LENGTH KEY=VALUE\n`, any number of them.
    fn pax(&mut self, mut bytes: &[u8], offset: u64) -> Result<(), LayerProblem> {
        (self.seen, self.offset) = (true, offset);
        let problem = LayerProblem::Extended { offset };
        while !bytes.is_empty() {
            let (key, value, rest) = record(bytes).ok_or_else(|| problem.clone())?;
            self.pax.insert(key.to_vec(), value.to_vec());
            bytes = rest;
        }
        Ok(())
    }

    fn apply(self, header: &mut Header) -> Result<(), LayerProblem> {
        if let Some(name) = self.name {
            (header.name, header.form) = (name, Form::Gnu);
        }
        if let Some(link) = self.link {
            (header.link, header.form) = (link, Form::Gnu);
        }
        if self.seen {
            header.form = Form::Pax;
        }
        let malformed = LayerProblem::Extended { offset: self.offset };
        let number = |value: &[u8]| decimal(value).ok_or_else(|| malformed.clone());
        for (key, value) in self.pax {
            // An empty value takes the record back.
            let is_empty = value.is_empty();
            match key.as_slice() {
                b"path" if !is_empty => header.name = value,
                b"linkpath" if !is_empty => header.link = value,
                b"uname" if !is_empty => header.user_name = value,
                b"gname" if !is_empty => header.group_name = value,
                b"size" if !is_empty => header.size = number(&value)?,
                b"uid" if !is_empty => header.user = number(&value)?,
                b"gid" if !is_empty => header.group = number(&value)?,
                b"mtime" if !is_empty => {
                    (header.seconds, header.nanos) = time(&value).ok_or_else(|| malformed.clone())?;
                }
                _ if key.starts_with(b"GNU.sparse.") => {
                    return Err(LayerProblem::Kind {
                        name: String::from_utf8_lossy(&header.name).into_owned(),
                        flag: b'S',
                    });
                }
                _ => {
                    if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                        header.attributes.insert(name.to_vec(), value);
                    }
                }
            }
        }
        Ok(())
    }
}

fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = bytes.iter().take(20).position(|byte| *byte == b' ')?;
    let length = usize::try_from(decimal(bytes.get(..blank)?)?).ok()?;
    let (line, rest) = bytes.split_at_checked(length)?;
    let pair = line.get(blank.checked_add(1)?..)?.strip_suffix(b"\n")?;
    let equals = pair.iter().position(|byte| *byte == b'=')?;
    let (key, value) = (pair.get(..equals)?, pair.get(equals.checked_add(1)?..)?);
    // An attribute's value is binary; a NUL in any other would end it for a reader in C.
    let text = !matches!(key, b"path" | b"linkpath" | b"uname" | b"gname") || !value.contains(&0);
    (!key.is_empty() && text).then_some((key, value, rest))
}

fn decimal(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() {
        return None;
    }
    bytes.iter().try_fold(0_u64, |sum, byte| match byte {
        b'0'..=b'9' => sum.checked_mul(10)?.checked_add(u64::from(byte.saturating_sub(b'0'))),
        _ => None,
    })
}

/// `-?DIGITS(.DIGITS)?` seconds; what is finer than a nanosecond is cut.
fn time(bytes: &[u8]) -> Option<(i64, u32)> {
    const DIGITS: usize = 9;
    let (negative, bytes) = bytes.strip_prefix(b"-").map_or((false, bytes), |rest| (true, rest));
    let dot = bytes.iter().position(|byte| *byte == b'.').unwrap_or(bytes.len());
    let (whole, fraction) = (bytes.get(..dot)?, bytes.get(dot..)?);
    let seconds = i64::try_from(decimal(whole)?).ok()?;
    let digits: Vec<u8> =
        fraction.iter().skip(1).copied().chain(core::iter::repeat(b'0')).take(DIGITS).collect();
    if !fraction.iter().skip(1).all(u8::is_ascii_digit) {
        return None;
    }
    let nanos = u32::try_from(decimal(&digits)?).ok()?;
    match (negative, nanos) {
        (false, nanos) => Some((seconds, nanos)),
        (true, 0) => Some((seconds.checked_neg()?, 0)),
        (true, nanos) => {
            Some((seconds.checked_neg()?.checked_sub(1)?, 1_000_000_000_u32.checked_sub(nanos)?))
        }
    }
}

#[cfg(test)]
mod tests;
