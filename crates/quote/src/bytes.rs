//! Byte strings of SGX that the common vocabulary does not have, and a reader that knows where it stands.

use crate::error::ParseError;
use core::fmt;
use serde::{Serialize, Serializer};

macro_rules! sgx_bytes {
    ($($(#[$doc:meta])* $name:ident[$len:literal];)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// Wraps the bytes; says nothing about where they came from.
            #[must_use]
            pub const fn new(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl From<[u8; $len]> for $name {
            fn from(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}

sgx_bytes! {
    /// CPUSVN: security version of the processor, opaque as a whole.
    CpuSvn[16];
    /// PCEID: which provisioning certification enclave made the PCK.
    PceId[2];
    /// MRENCLAVE: measurement of an SGX enclave.
    MrEnclave[32];
    /// MRSIGNER: hash of the key that signed an SGX enclave.
    MrSigner[32];
    /// ATTRIBUTES of an SGX enclave: flags (8 bytes) and XFRM (8 bytes), little-endian.
    EnclaveAttributes[16];
    /// Platform instance id of a Platform CA's PCK certificate.
    PlatformInstanceId[16];
    /// SEAMATTRIBUTES: attributes of the TDX module.
    SeamAttributes[8];
    /// Identifier of a TD (TDX 1.5 extended body).
    TdId[32];
}

/// Reads a quote from front to back and names the field and offset of whatever is missing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn take(&mut self, needed: usize, field: &'static str) -> Result<&'a [u8], ParseError> {
        let Some((head, tail)) = self.bytes.split_at_checked(needed) else {
            let available = self.bytes.len();
            return Err(ParseError::Truncated { at: self.at, field, needed, available });
        };
        self.bytes = tail;
        self.at = self.at.saturating_add(needed);
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], ParseError> {
        let at = self.at;
        let bytes = self.take(N, field)?;
        <[u8; N]>::try_from(bytes).map_err(|_length| ParseError::Truncated {
            at,
            field,
            needed: N,
            available: bytes.len(),
        })
    }

    pub(crate) fn u16(&mut self, field: &'static str) -> Result<u16, ParseError> {
        self.array(field).map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, ParseError> {
        self.array(field).map(u32::from_le_bytes)
    }

    /// A length field and the bytes it speaks of.
    pub(crate) fn sized(&mut self, length: u32, field: &'static str) -> Result<Self, ParseError> {
        let at = self.at;
        let needed = usize::try_from(length).unwrap_or(usize::MAX);
        self.take(needed, field).map(|bytes| Reader { bytes, at })
    }

    /// Nothing may be left of a part whose length was given.
    pub(crate) const fn finish(&self, field: &'static str) -> Result<(), ParseError> {
        if self.bytes.is_empty() {
            Ok(())
        } else {
            Err(ParseError::Unread { at: self.at, field, left: self.bytes.len() })
        }
    }
}
