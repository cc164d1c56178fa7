//! ACPI Machine Language: the few encodings that a QEMU machine's DSDT uses.
//!
//! Source: ACPI Specification 6.5, chapter 20 (AML) and section 6.4 (resource descriptors). Each function is one
//! ASL operator and returns its bytes; nesting the calls spells the ASL. Lengths are always minimal, as QEMU's are.

/// One or more encoded AML terms, or a resource descriptor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Aml(Vec<u8>);

impl Aml {
    /// The encoded bytes.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Starts a term. Most are short, so one allocation usually does.
    fn op(opcode: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(32);
        bytes.extend_from_slice(opcode);
        Self(bytes)
    }

    fn then(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn with(self, operand: &Self) -> Self {
        self.then(&operand.0)
    }
}

impl FromIterator<Self> for Aml {
    fn from_iter<T: IntoIterator<Item = Self>>(terms: T) -> Self {
        Self(terms.into_iter().flat_map(|term| term.0).collect())
    }
}

impl<const N: usize> From<[Self; N]> for Aml {
    fn from(terms: [Self; N]) -> Self {
        Self(terms.map(|term| term.0).concat())
    }
}

impl From<Vec<Self>> for Aml {
    fn from(terms: Vec<Self>) -> Self {
        let mut bytes = Vec::with_capacity(terms.iter().map(|term| term.0.len()).sum());
        for term in terms {
            bytes.extend_from_slice(&term.0);
        }
        Self(bytes)
    }
}

/// The terms when `condition` holds, else nothing.
pub(super) fn when(condition: bool, terms: impl FnOnce() -> Aml) -> Aml {
    if condition { terms() } else { Aml::default() }
}

// --- lengths and names -----------------------------------------------------------------------------------------

/// Encodes `value` as `PkgLength` in `width` bytes: six bits alone, or four bits and one to three further bytes.
fn length_bytes(value: usize, width: usize) -> Vec<u8> {
    let low = |shift: u32| u8::try_from((value >> shift) & 0xff).unwrap_or(0);
    match width {
        1 => vec![low(0) & 0x3f],
        2 => vec![0x40 | (low(0) & 0x0f), low(4)],
        3 => vec![0x80 | (low(0) & 0x0f), low(4), low(12)],
        _ => vec![0xc0 | (low(0) & 0x0f), low(4), low(12), low(20)],
    }
}

const fn length_width(value: usize) -> usize {
    match value {
        0..=0x3f => 1,
        0x40..=0xfff => 2,
        0x1000..=0xf_ffff => 3,
        _ => 4,
    }
}

/// A term with a body: opcode, `PkgLength` that counts itself, body.
fn package(opcode: &[u8], body: &Aml) -> Aml {
    let width =
        (1..=4_usize).find(|width| length_width(body.0.len().saturating_add(*width)) <= *width).unwrap_or(4);
    let length = length_bytes(body.0.len().saturating_add(width), width);
    let mut out = Vec::with_capacity(opcode.len().saturating_add(length.len()).saturating_add(body.0.len()));
    out.extend_from_slice(opcode);
    out.extend_from_slice(&length);
    out.extend_from_slice(&body.0);
    Aml(out)
}

/// `NameString`: `\` for the root or `^` for the parent, segments separated by dots, each padded to four characters with `_`.
pub(super) fn path(text: &str) -> Aml {
    let rest = text.trim_start_matches(['\\', '^']);
    let segments: Vec<&str> = rest.split('.').filter(|segment| !segment.is_empty()).collect();
    let mut out = Aml::op(text.strip_suffix(rest).unwrap_or_default().as_bytes());
    out = match segments.len() {
        0 => out.then(&[0]),
        1 => out,
        2 => out.then(&[0x2e]),
        count => out.then(&[0x2f, u8::try_from(count).unwrap_or(u8::MAX)]),
    };
    for segment in segments {
        let mut padded = [b'_'; 4];
        for (place, byte) in padded.iter_mut().zip(segment.bytes()) {
            *place = byte;
        }
        out = out.then(&padded);
    }
    out
}

// --- data ------------------------------------------------------------------------------------------------------

/// An integer in its shortest form.
pub(super) fn integer(value: u64) -> Aml {
    let bytes = value.to_le_bytes();
    let (opcode, width): (&[u8], usize) = match value {
        0 => (&[0x00], 0),
        1 => (&[0x01], 0),
        2..=0xff => (&[0x0a], 1),
        0x100..=0xffff => (&[0x0b], 2),
        0x1_0000..=0xffff_ffff => (&[0x0c], 4),
        _ => (&[0x0e], 8),
    };
    Aml::op(opcode).then(bytes.get(..width).unwrap_or_default())
}

pub(super) fn string(text: &str) -> Aml {
    Aml::op(&[0x0d]).then(text.as_bytes()).then(&[0])
}

pub(super) fn buffer(bytes: &[u8]) -> Aml {
    package(&[0x11], &integer(u64::try_from(bytes.len()).unwrap_or(u64::MAX)).then(bytes))
}

/// `Package(count) { elements }`.
pub(super) fn package_of(count: u8, elements: impl Into<Aml>) -> Aml {
    package(&[0x12], &Aml::op(&[count]).with(&elements.into()))
}

/// `EisaId`: three letters of five bits and four hex digits, as a big-endian double word.
pub(super) fn eisa_id(text: &str) -> Aml {
    let mut value = 0_u32;
    for (position, character) in text.chars().enumerate() {
        let (bits, width) = if position < 3 {
            (u32::from(character).saturating_sub(0x40) & 0x1f, 5)
        } else {
            (character.to_digit(16).unwrap_or(0), 4)
        };
        value = (value << width) | bits;
    }
    Aml::op(&[0x0c]).then(&value.to_be_bytes())
}

/// `ToUUID`: the first three groups little-endian, the others as written.
pub(super) fn uuid(text: &str) -> Aml {
    let digits: String = text.chars().filter(|character| *character != '-').collect();
    let value = u128::from_str_radix(&digits, 16).unwrap_or(0);
    let [a, b, c, d, e, f, g, h, rest @ ..] = value.to_be_bytes();
    let mut bytes = vec![d, c, b, a, f, e, h, g];
    bytes.extend_from_slice(&rest);
    buffer(&bytes)
}

// --- named objects ---------------------------------------------------------------------------------------------

pub(super) fn name(at: &str, value: Aml) -> Aml {
    Aml::op(&[0x08]).with(&path(at)).with(&value)
}

pub(super) fn scope(at: &str, body: impl Into<Aml>) -> Aml {
    package(&[0x10], &path(at).with(&body.into()))
}

pub(super) fn device(at: &str, body: impl Into<Aml>) -> Aml {
    package(&[0x5b, 0x82], &path(at).with(&body.into()))
}

/// `Processor` without a register block.
pub(super) fn processor(at: &str, id: u8, body: impl Into<Aml>) -> Aml {
    package(&[0x5b, 0x83], &path(at).then(&[id, 0, 0, 0, 0, 0]).with(&body.into()))
}

/// `Method(at, arguments, NotSerialized)`.
pub(super) fn method(at: &str, arguments: u8, body: impl Into<Aml>) -> Aml {
    package(&[0x14], &path(at).then(&[arguments]).with(&body.into()))
}

/// `Method(at, arguments, Serialized)`.
pub(super) fn serialized_method(at: &str, arguments: u8, body: impl Into<Aml>) -> Aml {
    method(at, arguments | 0x08, body)
}

pub(super) fn mutex(at: &str) -> Aml {
    Aml::op(&[0x5b, 0x01]).with(&path(at)).then(&[0])
}

/// Address space of an operation region.
#[derive(Debug, Clone, Copy)]
pub(super) enum Space {
    SystemIo,
    PciConfig,
}

pub(super) fn operation_region(at: &str, space: Space, offset: u64, length: u64) -> Aml {
    let space = match space {
        Space::SystemIo => 1,
        Space::PciConfig => 2,
    };
    Aml::op(&[0x5b, 0x80]).with(&path(at)).then(&[space]).with(&integer(offset)).with(&integer(length))
}

/// How a field is accessed: the low bits of its flags.
#[derive(Debug, Clone, Copy)]
pub(super) enum Access {
    /// `ByteAcc, NoLock, Preserve`.
    Byte,
    /// `ByteAcc, NoLock, WriteAsZeros`.
    ByteZeros,
    /// `DWordAcc, NoLock, Preserve`.
    DWord,
    /// `DWordAcc, NoLock, WriteAsZeros`.
    DWordZeros,
}

/// `Field` over `region`; an entry without a name skips its bits.
pub(super) fn field(region: &str, access: Access, entries: &[(&str, usize)]) -> Aml {
    let flags = match access {
        Access::Byte => 0x01,
        Access::ByteZeros => 0x41,
        Access::DWord => 0x03,
        Access::DWordZeros => 0x43,
    };
    let mut body = path(region).then(&[flags]);
    for (unit, bits) in entries {
        body = if unit.is_empty() { body.then(&[0]) } else { body.with(&path(unit)) };
        body = body.then(&length_bytes(*bits, length_width(*bits)));
    }
    package(&[0x5b, 0x81], &body)
}

pub(super) fn create_dword_field(source: &Aml, index: u64, at: &str) -> Aml {
    Aml::op(&[0x8a]).with(source).with(&integer(index)).with(&path(at))
}

// --- values ----------------------------------------------------------------------------------------------------

/// `Local0` to `Local7`.
pub(super) fn local(index: u8) -> Aml {
    Aml::op(&[0x60_u8.saturating_add(index)])
}

/// `Arg0` to `Arg6`.
pub(super) fn argument(index: u8) -> Aml {
    Aml::op(&[0x68_u8.saturating_add(index)])
}

/// The `Debug` object.
pub(super) fn debug() -> Aml {
    Aml::op(&[0x5b, 0x31])
}

/// A call, or any name followed by operands.
pub(super) fn call<const N: usize>(at: &str, arguments: [Aml; N]) -> Aml {
    path(at).with(&Aml::from(arguments))
}

pub(super) fn equal(left: Aml, right: Aml) -> Aml {
    Aml::op(&[0x93]).with(&left).with(&right)
}

pub(super) fn less(left: Aml, right: Aml) -> Aml {
    Aml::op(&[0x95]).with(&left).with(&right)
}

pub(super) fn not(value: Aml) -> Aml {
    Aml::op(&[0x92]).with(&value)
}

pub(super) fn logical_and(left: Aml, right: Aml) -> Aml {
    Aml::op(&[0x90]).with(&left).with(&right)
}

pub(super) fn logical_or(left: Aml, right: Aml) -> Aml {
    Aml::op(&[0x91]).with(&left).with(&right)
}

/// Bitwise `And` without a target.
pub(super) fn and(left: Aml, right: Aml) -> Aml {
    Aml::op(&[0x7b]).with(&left).with(&right).then(&[0])
}

/// Bitwise `Or` without a target.
pub(super) fn or(left: Aml, right: Aml) -> Aml {
    Aml::op(&[0x7d]).with(&left).with(&right).then(&[0])
}

pub(super) fn shift_left(value: Aml, count: Aml) -> Aml {
    Aml::op(&[0x79]).with(&value).with(&count).then(&[0])
}

pub(super) fn size_of(value: Aml) -> Aml {
    Aml::op(&[0x87]).with(&value)
}

/// `Index(source, position)`: an element, to be stored to or dereferenced.
pub(super) fn element(source: Aml, position: Aml) -> Aml {
    Aml::op(&[0x88]).with(&source).with(&position).then(&[0])
}

/// `DerefOf(Index(source, position))`.
pub(super) fn element_value(source: Aml, position: Aml) -> Aml {
    Aml::op(&[0x83]).with(&element(source, position))
}

// --- statements ------------------------------------------------------------------------------------------------

/// `target = value`.
pub(super) fn store(target: Aml, value: Aml) -> Aml {
    Aml::op(&[0x70]).with(&value).with(&target)
}

/// `target = target | value`.
pub(super) fn or_into(target: Aml, value: Aml) -> Aml {
    Aml::op(&[0x7d]).with(&target).with(&value).with(&target)
}

/// `target = target & value`.
pub(super) fn and_into(target: Aml, value: Aml) -> Aml {
    Aml::op(&[0x7b]).with(&target).with(&value).with(&target)
}

/// `target = left - right`.
pub(super) fn subtract_into(target: Aml, left: Aml, right: Aml) -> Aml {
    Aml::op(&[0x74]).with(&left).with(&right).with(&target)
}

/// `target = ToHexString(value)`.
pub(super) fn to_hex_string_into(target: Aml, value: Aml) -> Aml {
    Aml::op(&[0x98]).with(&value).with(&target)
}

/// `target = ToBuffer(value)`.
pub(super) fn to_buffer_into(target: Aml, value: Aml) -> Aml {
    Aml::op(&[0x96]).with(&value).with(&target)
}

pub(super) fn increment(target: Aml) -> Aml {
    Aml::op(&[0x75]).with(&target)
}

pub(super) fn notify(at: &str, value: Aml) -> Aml {
    Aml::op(&[0x86]).with(&path(at)).with(&value)
}

/// `Acquire` without a time limit.
pub(super) fn acquire(at: &str) -> Aml {
    Aml::op(&[0x5b, 0x23]).with(&path(at)).then(&[0xff, 0xff])
}

pub(super) fn release(at: &str) -> Aml {
    Aml::op(&[0x5b, 0x27]).with(&path(at))
}

pub(super) fn if_then(condition: Aml, body: impl Into<Aml>) -> Aml {
    package(&[0xa0], &condition.with(&body.into()))
}

pub(super) fn otherwise(body: impl Into<Aml>) -> Aml {
    package(&[0xa1], &body.into())
}

pub(super) fn while_true(condition: Aml, body: impl Into<Aml>) -> Aml {
    package(&[0xa2], &condition.with(&body.into()))
}

pub(super) fn return_value(value: Aml) -> Aml {
    Aml::op(&[0xa4]).with(&value)
}

pub(super) fn break_loop() -> Aml {
    Aml::op(&[0xa5])
}

// --- resources -------------------------------------------------------------------------------------------------

/// A resource template: descriptors, end tag, checksum byte zero ("not checked").
pub(super) fn resources(descriptors: impl Into<Aml>) -> Aml {
    buffer(&descriptors.into().then(&[0x79, 0x00]).0)
}

/// `IO (Decode16, base, base, alignment, length)`.
pub(super) fn io(base: u16, alignment: u8, length: u8) -> Aml {
    Aml::op(&[0x47, 0x01]).then(&base.to_le_bytes()).then(&base.to_le_bytes()).then(&[alignment, length])
}

/// `IRQNoFlags { line }`.
pub(super) fn irq_no_flags(line: u8) -> Aml {
    let mask = 1_u16.checked_shl(u32::from(line)).unwrap_or(0);
    Aml::op(&[0x22]).then(&mask.to_le_bytes())
}

/// `IRQ (Level, ActiveLow, Shared) { line }`.
pub(super) fn irq_level_low_shared(line: u8) -> Aml {
    let mask = 1_u16.checked_shl(u32::from(line)).unwrap_or(0);
    Aml::op(&[0x23]).then(&mask.to_le_bytes()).then(&[0x18])
}

/// `Interrupt (ResourceConsumer, …, ActiveHigh, Shared) { lines }`.
pub(super) fn interrupts(edge: bool, lines: &[u32]) -> Aml {
    let count = u8::try_from(lines.len()).unwrap_or(u8::MAX);
    let length = 2_u16.saturating_add(u16::from(count).saturating_mul(4));
    let flags = if edge { 0x0b } else { 0x09 };
    let mut out = Aml::op(&[0x89]).then(&length.to_le_bytes()).then(&[flags, count]);
    for line in lines {
        out = out.then(&line.to_le_bytes());
    }
    out
}

/// What an address descriptor is about: resource type and type-specific flags.
#[derive(Debug, Clone, Copy)]
pub(super) enum Window {
    /// Bus numbers.
    Bus,
    /// Ports, the entire range.
    Ports,
    /// Memory, read-write, not cacheable.
    Memory,
    /// Memory, read-write, cacheable.
    CacheableMemory,
}

impl Window {
    const fn flags(self) -> [u8; 3] {
        match self {
            Self::Bus => [2, 0x0c, 0],
            Self::Ports => [1, 0x0c, 3],
            Self::Memory => [0, 0x0c, 1],
            Self::CacheableMemory => [0, 0x0c, 3],
        }
    }
}

/// A word address descriptor over `first..=last`.
pub(super) fn word_window(window: Window, first: u16, last: u16) -> Aml {
    let length = last.wrapping_sub(first).wrapping_add(1);
    [0, first, last, 0, length]
        .into_iter()
        .fold(Aml::op(&[0x88, 0x0d, 0x00]).then(&window.flags()), |out, value| out.then(&value.to_le_bytes()))
}

/// A double-word address descriptor over `first..=last`.
pub(super) fn dword_window(window: Window, first: u32, last: u32) -> Aml {
    let length = last.wrapping_sub(first).wrapping_add(1);
    [0, first, last, 0, length]
        .into_iter()
        .fold(Aml::op(&[0x87, 0x17, 0x00]).then(&window.flags()), |out, value| out.then(&value.to_le_bytes()))
}

/// A quad-word address descriptor over `length` bytes from `first`.
pub(super) fn qword_window(window: Window, first: u64, length: u64) -> Aml {
    let last = first.wrapping_add(length).wrapping_sub(1);
    [0, first, last, 0, length]
        .into_iter()
        .fold(Aml::op(&[0x8a, 0x2b, 0x00]).then(&window.flags()), |out, value| out.then(&value.to_le_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_lengths_grow_exactly_where_the_encoding_demands_it() {
        for (body, head) in [
            (0_usize, vec![0x01_u8]),
            (62, vec![0x3f]),
            (63, vec![0x41, 0x04]),
            (4093, vec![0x4f, 0xff]),
            (4094, vec![0x81, 0x00, 0x01]),
            (0xf_fffc, vec![0x8f, 0xff, 0xff]),
            (0xf_fffd, vec![0xc1, 0x00, 0x00, 0x01]),
        ] {
            let out = package(&[0xa1], &Aml(vec![0; body])).into_bytes();
            assert_eq!(out[1..=head.len()], head, "{body}");
            assert_eq!(out.len(), 1 + head.len() + body);
        }
    }

    #[test]
    fn integers_take_their_shortest_form() {
        for (value, bytes) in [
            (0, vec![0_u8]),
            (1, vec![1]),
            (2, vec![0x0a, 2]),
            (0x100, vec![0x0b, 0, 1]),
            (0x1_0000, vec![0x0c, 0, 0, 1, 0]),
            (0x1_0000_0000, vec![0x0e, 0, 0, 0, 0, 1, 0, 0, 0]),
        ] {
            assert_eq!(integer(value).into_bytes(), bytes, "{value}");
        }
    }

    #[test]
    fn names_are_padded_and_prefixed_by_their_number_of_segments() {
        assert_eq!(path("\\").into_bytes(), b"\\\0");
        assert_eq!(path("_SB").into_bytes(), b"_SB_");
        assert_eq!(path("\\_SB.PCI0").into_bytes(), b"\\\x2e_SB_PCI0");
        assert_eq!(path("PCI0.SF8.PIRQ").into_bytes(), b"\x2f\x03PCI0SF8_PIRQ");
    }

    #[test]
    fn an_eisa_identifier_is_the_one_of_the_specification() {
        // ACPI 6.5, section 19.6.36: EISAID("PNP0C09") is 0x090CD041 in memory order D0 41 reversed by bytes.
        assert_eq!(eisa_id("PNP0C09").into_bytes(), [0x0c, 0x41, 0xd0, 0x0c, 0x09]);
    }

    #[test]
    fn a_uuid_has_its_first_three_groups_reversed() {
        let bytes = uuid("33db4d5b-1ff7-401c-9657-7441c03dd766").into_bytes();
        assert_eq!(hex::encode(&bytes[4..]), "5b4ddb33f71f1c4096577441c03dd766");
    }
}
