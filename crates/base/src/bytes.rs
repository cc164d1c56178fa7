//! Fixed-size byte strings with a meaning each, so that an MRTD cannot be compared with an RTMR by mistake.
//!
//! All of them print as full lower-case hex, read hex of either case, and serialise as hex strings.

use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::Digest as _;

/// Why a hex string is not a value of the wanted type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HexError {
    /// The string has another number of hex digits than the type needs.
    Length {
        /// Digits that the type needs.
        expected: usize,
        /// Digits (bytes of the string) found.
        got: usize,
    },
    /// The string has a character that is no hex digit.
    Digit {
        /// Byte offset of the first such character.
        at: usize,
    },
}

impl fmt::Display for HexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { expected, got } => write!(f, "expected {expected} hex digits, got {got}"),
            Self::Digit { at } => write!(f, "not a hex digit at offset {at}"),
        }
    }
}

impl core::error::Error for HexError {}

/// Decodes exactly `N` bytes of hex, either case, no prefix.
///
/// # Errors
/// When the length differs or a character is no hex digit.
pub fn decode_hex<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let mut out = [0_u8; N];
    let expected = N.saturating_mul(2);
    if text.len() != expected {
        return Err(HexError::Length { expected, got: text.len() });
    }
    hex::decode_to_slice(text, &mut out).map_err(|error| match error {
        hex::FromHexError::InvalidHexCharacter { index, .. } => HexError::Digit { at: index },
        hex::FromHexError::OddLength | hex::FromHexError::InvalidStringLength => {
            HexError::Length { expected, got: text.len() }
        }
    })?;
    Ok(out)
}

macro_rules! fixed_bytes {
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

            /// All bytes are zero.
            #[must_use]
            pub fn is_zero(&self) -> bool {
                self.0.iter().all(|byte| *byte == 0)
            }

            /// Reads hex of either case, without prefix.
            ///
            /// # Errors
            /// When the length differs or a character is no hex digit.
            pub fn from_hex(text: &str) -> Result<Self, HexError> {
                decode_hex(text).map(Self)
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

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl From<[u8; $len]> for $name {
            fn from(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = core::array::TryFromSliceError;
            fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
                <[u8; $len]>::try_from(bytes).map(Self)
            }
        }

        impl FromStr for $name {
            type Err = HexError;
            fn from_str(text: &str) -> Result<Self, HexError> {
                Self::from_hex(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::from_hex(&text).map_err(de::Error::custom)
            }
        }
    )*};
}

fixed_bytes! {
    /// A SHA-256 digest.
    Sha256Digest[32];
    /// A SHA-384 digest: what TDX registers are extended with.
    Sha384Digest[48];
    /// MRTD: the build-time measurement of the TD (Intel TDX Module Base Specification).
    Mrtd[48];
    /// A run-time measurement register, RTMR0 to RTMR3.
    Rtmr[48];
    /// MRCONFIGID: configuration of the TD, set by its creator (dstack: a commitment to the compose).
    MrConfigId[48];
    /// MROWNER: owner of the TD, set by its creator.
    MrOwner[48];
    /// MROWNERCONFIG: owner-defined configuration, set by the TD's creator.
    MrOwnerConfig[48];
    /// MRSEAM: measurement of the TDX module.
    MrSeam[48];
    /// MRSIGNERSEAM: signer of the TDX module; zero for Intel's own.
    MrSignerSeam[48];
    /// MRSERVICETD: measurement of bound service TDs (TDX 1.5).
    MrServiceTd[48];
    /// REPORTDATA: 64 bytes chosen by the attested software.
    ReportData[64];
    /// TD attributes, little-endian bit field.
    TdAttributes[8];
    /// XFAM: extended features available to the TD.
    Xfam[8];
    /// TEE_TCB_SVN: security version numbers of the TDX module and its parts.
    TeeTcbSvn[16];
    /// FMSPC: family, model, stepping, platform type and custom SKU of the processor.
    Fmspc[6];
    /// PPID: provisioning identifier of the platform.
    Ppid[16];
    /// SHA-256 of the exact bytes of app-compose.json.
    ComposeHash[32];
    /// dstack application identifier.
    AppId[20];
    /// dstack instance identifier.
    InstanceId[20];
}

/// Attribute bits whose meaning the ABI defines; all others must be zero.
///
/// 0 DEBUG, 4 HGS_PLUS_PROF, 5 PERF_PROF, 6 PMT_PROF, 16 ICSSD, 17 SERVTD_EXT, 18 to 22 assigned, 27 LASS,
/// 28 SEPT_VE_DISABLE, 29 MIGRATABLE, 30 PKS, 31 KL, 62 TPA, 63 PERFMON.
const ATTRIBUTES_DEFINED: u64 = 1 | 0b111 << 4 | 0b111_1111 << 16 | 0b1_1111 << 27 | 0b11 << 62;
/// Bits that open a TD where they are set: DEBUG, the three of profiling, SERVTD_EXT, MIGRATABLE.
const ATTRIBUTES_OPENING: u64 = 1 | 0b111 << 4 | 1 << 17 | 1 << 29;

impl TdAttributes {
    /// SEPT_VE_DISABLE: without it the host can inject exceptions.
    pub const SEPT_VE_DISABLE: u8 = 28;

    /// Bits that stand otherwise than in a TD that is closed to its host, lowest first (Intel TDX Module 1.5 ABI
    /// Reference, table "TD ATTRIBUTES").
    pub fn open_bits(self) -> impl Iterator<Item = u8> {
        let bits = u64::from_le_bytes(self.0);
        let wrong =
            bits & (ATTRIBUTES_OPENING | !ATTRIBUTES_DEFINED) | !bits & (1_u64 << Self::SEPT_VE_DISABLE);
        (0..64_u8).filter(move |bit| wrong & (1_u64 << bit) != 0)
    }
}

/// Bits of XFAM that the TDX module demands: x87 and SSE (Intel TDX Module 1.5 Base Architecture, XFAM).
const XFAM_FIXED_1: u64 = 0b11;
/// Bits of XFAM that it lets a TD have: x87, SSE, AVX, AVX-512, PT, PKU, CET, ULI, LBR, AMX, APX's successors not among
/// them. All real quotes at hand stay inside.
const XFAM_ALLOWED: u64 = 0x6_DBE7;

impl Xfam {
    /// Whether a TDX module starts a TD with it.
    #[must_use]
    pub const fn can_start(self) -> bool {
        let bits = u64::from_le_bytes(self.0);
        bits & XFAM_FIXED_1 == XFAM_FIXED_1 && bits & !XFAM_ALLOWED == 0
    }
}

impl Sha256Digest {
    /// SHA-256 of `data`.
    #[must_use]
    pub fn of(data: &[u8]) -> Self {
        Self(sha2::Sha256::digest(data).into())
    }
}

impl Sha384Digest {
    /// SHA-384 of `data`.
    #[must_use]
    pub fn of(data: &[u8]) -> Self {
        Self(sha2::Sha384::digest(data).into())
    }
}

impl ComposeHash {
    /// The hash of an app-compose document: SHA-256 over its bytes exactly as measured, never re-serialised.
    #[must_use]
    pub fn of(app_compose: &[u8]) -> Self {
        Self(*Sha256Digest::of(app_compose).as_bytes())
    }
}

impl Rtmr {
    /// The value of every run-time register before the first event.
    pub const ZERO: Self = Self([0; 48]);

    /// Folds one event into the register: `SHA-384(old || digest)` (TDX Module Base Specification, TDG.MR.RTMR.EXTEND).
    ///
    /// `digest` comes from a log and is attacker-controlled until the final value equals the quote's.
    #[must_use]
    pub fn extend(&self, digest: &Sha384Digest) -> Self {
        let mut hasher = sha2::Sha384::new();
        hasher.update(self.0);
        hasher.update(digest.as_bytes());
        Self(hasher.finalize().into())
    }
}

/// Which run-time register: the `imr` of dstack's logs, 0-based.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RtmrIndex {
    /// Virtual firmware data: TD HOB, configuration volume, secure-boot variables, ACPI tables.
    Rtmr0,
    /// Kernel and boot services.
    Rtmr1,
    /// Kernel command line and initrd.
    Rtmr2,
    /// Run-time events of dstack: compose hash, app id, key provider.
    Rtmr3,
}

impl RtmrIndex {
    /// All four, in order.
    pub const ALL: [Self; 4] = [Self::Rtmr0, Self::Rtmr1, Self::Rtmr2, Self::Rtmr3];

    /// The register for a 0-based index, if there is one.
    #[must_use]
    pub const fn from_index(index: u32) -> Option<Self> {
        match index {
            0 => Some(Self::Rtmr0),
            1 => Some(Self::Rtmr1),
            2 => Some(Self::Rtmr2),
            3 => Some(Self::Rtmr3),
            _ => None,
        }
    }

    /// The 0-based index.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Rtmr0 => 0,
            Self::Rtmr1 => 1,
            Self::Rtmr2 => 2,
            Self::Rtmr3 => 3,
        }
    }
}

impl fmt::Display for RtmrIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rtmr{}", self.index())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_of_the_wrong_length_names_both_lengths() {
        assert_eq!(Mrtd::from_hex("00"), Err(HexError::Length { expected: 96, got: 2 }));
    }

    #[test]
    fn a_character_that_is_no_hex_digit_is_named_by_its_offset() {
        assert_eq!(Fmspc::from_hex("90c06z000000"), Err(HexError::Digit { at: 5 }));
    }

    #[test]
    fn upper_case_hex_reads_and_prints_lower_case() {
        assert_eq!(Fmspc::from_hex("90C06F000000").unwrap().to_string(), "90c06f000000");
    }

    #[test]
    fn extending_the_zero_register_hashes_ninety_six_bytes() {
        let digest = Sha384Digest::of(b"event");
        let mut joined = [0_u8; 96];
        joined[48..].copy_from_slice(digest.as_bytes());
        assert_eq!(Rtmr::ZERO.extend(&digest).as_bytes(), Sha384Digest::of(&joined).as_bytes());
    }
}
