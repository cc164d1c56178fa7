//! The kernel as the firmware gets it: RTMR1.
//!
//! QEMU up to 10.1 fills in the fields of the Linux setup header that belong to a boot loader before it hands the
//! kernel over, and the firmware measures the result. From 10.2 on it leaves the header of confidential machines
//! alone. Images whose firmware undoes the changes (`kernel_header_normalized`) are measured as shipped in both.
//! Source: Linux, "The Linux/x86 Boot Protocol"; QEMU's choice of addresses as described in `docs/measurement.md`.

use crate::authenticode::{self, PeError};
use crate::bytes::{put, u16_at, u32_at};
use crate::event::{replay, separator};
use crate::shape::{SPLIT_AT, SPLIT_FROM};
use core::fmt;
use serde::Serialize;
use veritee_model::{Rtmr, Sha384Digest};

/// What QEMU keeps free below the end of low memory for ACPI tables.
const ACPI_DATA: u64 = 0x2_8000;
/// Where QEMU puts the command line, and the end of the heap relative to the setup code at 0x10000.
const COMMAND_LINE: u32 = 0x2_0000;
const HEAP_END: u32 = 0xfe00;
/// Where initrds may end for kernels that do not say, or that need them below 1 GiB.
const DEFAULT_INITRD_MAX: u64 = 0x37ff_ffff;

/// Which bytes of the kernel were measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KernelHeader {
    /// The header as QEMU up to 10.1 rewrites it.
    Patched,
    /// The file as shipped: QEMU from 10.2 on, or firmware that normalizes the header.
    AsShipped,
}

impl KernelHeader {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Patched, Self::AsShipped];
}

impl fmt::Display for KernelHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Patched => "patched by qemu",
            Self::AsShipped => "as shipped",
        })
    }
}

/// Why a kernel cannot be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KernelError {
    /// The file is shorter than a setup header, or has none.
    NoHeader,
    /// Its boot protocol is older than 2.2, of 1999.
    TooOld {
        /// The protocol's version.
        protocol: u16,
    },
    /// It asks to be loaded below 1 MiB, where QEMU's choices depend on more than is known here.
    LoadedLow,
    /// The initrd does not fit into the machine's low memory.
    InitrdTooLarge {
        /// Bytes that fit.
        most: u64,
        /// Bytes of the initrd.
        got: u64,
    },
    /// It is no PE image.
    Pe(PeError),
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHeader => f.write_str("kernel, offset 514: expected a linux setup header"),
            Self::TooOld { protocol } => {
                write!(f, "kernel, offset 518: expected boot protocol 0x0202 or later, got {protocol:#06x}")
            }
            Self::LoadedLow => f.write_str("kernel, offset 529: expected a kernel that is loaded at 1 mib"),
            Self::InitrdTooLarge { most, got } => {
                write!(f, "initrd: expected at most {most} bytes for this machine, got {got}")
            }
            Self::Pe(error) => write!(f, "kernel: {error}"),
        }
    }
}

impl core::error::Error for KernelError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Pe(error) => Some(error),
            _ => None,
        }
    }
}

/// The kernel with the fields that QEMU up to 10.1 fills in.
///
/// # Errors
/// When the file is no Linux kernel, or the initrd does not fit.
pub fn patched(kernel: &[u8], initrd_size: u64, memory: u64) -> Result<Vec<u8>, KernelError> {
    if kernel.len() < 0x1000 || kernel.get(0x202..0x206) != Some(b"HdrS".as_slice()) {
        return Err(KernelError::NoHeader);
    }
    let protocol = u16_at(kernel, 0x206).ok_or(KernelError::NoHeader)?;
    if protocol < 0x202 {
        return Err(KernelError::TooOld { protocol });
    }
    let flags = *kernel.get(0x211).ok_or(KernelError::NoHeader)?;
    if flags & 1 == 0 {
        return Err(KernelError::LoadedLow);
    }
    let mut out = kernel.to_vec();
    let mut write = |offset, value: &[u8]| put(&mut out, offset, value).ok_or(KernelError::NoHeader);
    // Type of loader, CAN_USE_HEAP, end of the heap (32 bits wide, though the field has 16), command line.
    write(0x210, &[0xb0])?;
    write(0x211, &[flags | 0x80])?;
    write(0x224, &HEAP_END.to_le_bytes())?;
    write(0x228, &COMMAND_LINE.to_le_bytes())?;
    if initrd_size > 0 {
        let (address, size) = initrd_place(kernel, protocol, initrd_size, memory)?;
        write(0x218, &address.to_le_bytes())?;
        write(0x21c, &size.to_le_bytes())?;
    }
    Ok(out)
}

/// Where QEMU puts the initrd: as high as kernel and low memory allow, on a page.
fn initrd_place(kernel: &[u8], protocol: u16, size: u64, memory: u64) -> Result<(u32, u32), KernelError> {
    let kernel_max = match protocol {
        0x20c.. => {
            let loadable_above_4g = u16_at(kernel, 0x236).unwrap_or(0) & 2 != 0;
            if loadable_above_4g { u64::from(u32::MAX) } else { DEFAULT_INITRD_MAX }
        }
        0x203..0x20c => match u32_at(kernel, 0x22c).unwrap_or(0) {
            0 => DEFAULT_INITRD_MAX,
            max => u64::from(max),
        },
        _ => DEFAULT_INITRD_MAX,
    };
    let low = if memory < SPLIT_FROM { memory } else { SPLIT_AT };
    let free = low.saturating_sub(ACPI_DATA);
    let max = kernel_max.min(free.saturating_sub(1));
    let error = KernelError::InitrdTooLarge { most: max.saturating_sub(1), got: size };
    let address = max.checked_sub(size).filter(|left| *left > 0).ok_or(error)? & !0xfff;
    match (u32::try_from(address), u32::try_from(size)) {
        (Ok(address), Ok(size)) => Ok((address, size)),
        _ => Err(error),
    }
}

/// The patched header is the same for all machines of exactly 2 GiB and of 2.75 GiB and more.
#[must_use]
pub const fn patched_header_is_independent_of(memory: u64) -> bool {
    memory == SPLIT_AT || memory >= SPLIT_FROM
}

/// Digest of the kernel as measured: the first event of RTMR1.
///
/// # Errors
/// When the file is no Linux kernel with a PE header, or the initrd does not fit.
pub fn digest(
    kernel: &[u8],
    header: KernelHeader,
    initrd_size: u64,
    memory: u64,
) -> Result<Sha384Digest, KernelError> {
    match header {
        KernelHeader::Patched => authenticode::sha384(&patched(kernel, initrd_size, memory)?),
        KernelHeader::AsShipped => authenticode::sha384(kernel),
    }
    .map_err(KernelError::Pe)
}

/// The events of RTMR1, from the digest of the kernel.
#[must_use]
pub fn rtmr1_events(kernel: Sha384Digest) -> [Sha384Digest; 5] {
    [
        kernel,
        Sha384Digest::of(b"Calling EFI Application from Boot Option"),
        separator(),
        Sha384Digest::of(b"Exit Boot Services Invocation"),
        Sha384Digest::of(b"Exit Boot Services Returned with Success"),
    ]
}

/// RTMR1 of a machine that boots the kernel with this digest.
#[must_use]
pub fn rtmr1(kernel: Sha384Digest) -> Rtmr {
    replay(&rtmr1_events(kernel))
}

/// Digest of the command line as measured: the image's own, with what QEMU's loader appends, in UTF-16 and with a NUL.
#[must_use]
pub fn command_line_digest(command_line: &str) -> Sha384Digest {
    let measured = format!("{command_line} initrd=initrd\0");
    let bytes: Vec<u8> = measured.encode_utf16().flat_map(u16::to_le_bytes).collect();
    Sha384Digest::of(&bytes)
}

/// RTMR2 of a machine that boots with this command line and initrd.
#[must_use]
pub fn rtmr2(command_line: Sha384Digest, initrd: Sha384Digest) -> Rtmr {
    replay(&[command_line, initrd])
}
