//! JSON-RPC's spellings of numbers and bytes, read strictly.
//!
//! Source: Ethereum execution API, "Hex value encoding". A quantity is `0x` and lower- or upper-case hex without
//! leading zeros (`0x0` for zero); data is `0x` and two digits a byte. Anything else (empty, decimal, JSON numbers,
//! underscores, `0X`) is refused: two readers of a lenient spelling can see two numbers.

use alloy_primitives::{Address, B256, Bytes, U256};
use core::fmt;

/// A value that is not spelled as the execution API demands. The attacker chose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpellingError {
    /// Member of the JSON object.
    pub member: &'static str,
    /// What it has to be.
    pub expected: &'static str,
    /// The first characters of what stands there.
    pub got: String,
}

impl fmt::Display for SpellingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: expected {}, got `{}`", self.member, self.expected, self.got)
    }
}

impl core::error::Error for SpellingError {}

const SHOWN: usize = 80;

fn refuse(member: &'static str, expected: &'static str, text: &str) -> SpellingError {
    SpellingError { member, expected, got: text.chars().take(SHOWN).collect() }
}

/// A quantity of up to 64 bits.
///
/// # Errors
/// When it is spelled otherwise, or larger.
pub fn quantity(member: &'static str, text: &str) -> Result<u64, SpellingError> {
    let expected = "a quantity of up to 64 bits";
    let digits = digits(text).ok_or_else(|| refuse(member, expected, text))?;
    u64::from_str_radix(digits, 16).map_err(|_larger| refuse(member, expected, text))
}

/// A quantity of up to 256 bits.
///
/// # Errors
/// When it is spelled otherwise, or larger.
pub fn wide_quantity(member: &'static str, text: &str) -> Result<U256, SpellingError> {
    let expected = "a quantity of up to 256 bits";
    let digits = digits(text).ok_or_else(|| refuse(member, expected, text))?;
    U256::from_str_radix(digits, 16).map_err(|_larger| refuse(member, expected, text))
}

fn digits(text: &str) -> Option<&str> {
    let digits = text.strip_prefix("0x")?;
    let hex = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    (hex && (digits == "0" || !digits.starts_with('0'))).then_some(digits)
}

/// Bytes of any length.
///
/// # Errors
/// When it is not `0x` and an even number of hex digits.
pub fn bytes(member: &'static str, text: &str) -> Result<Bytes, SpellingError> {
    decode(text).map(Bytes::from).ok_or_else(|| refuse(member, "0x and bytes in hex", text))
}

/// 32 bytes.
///
/// # Errors
/// When it is not `0x` and 64 hex digits.
pub fn word(member: &'static str, text: &str) -> Result<B256, SpellingError> {
    fixed(text).map(B256::new).ok_or_else(|| refuse(member, "0x and 32 bytes in hex", text))
}

/// 20 bytes. A checksum (EIP-55) is neither demanded nor checked: proofs are about the bytes.
///
/// # Errors
/// When it is not `0x` and 40 hex digits.
pub fn address(member: &'static str, text: &str) -> Result<Address, SpellingError> {
    fixed(text).map(Address::new).ok_or_else(|| refuse(member, "0x and 20 bytes in hex", text))
}

fn decode(text: &str) -> Option<Vec<u8>> {
    alloy_primitives::hex::decode(plain(text)?).ok()
}

/// Exactly so many bytes, without a buffer between: a registry's logs hold thousands of words.
fn fixed<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    alloy_primitives::hex::decode_to_slice(plain(text)?, &mut bytes).ok()?;
    Some(bytes)
}

/// The hex digits behind the prefix. The decoder would take a second prefix.
fn plain(text: &str) -> Option<&str> {
    let digits = text.strip_prefix("0x")?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lenient_spellings_of_a_quantity_are_refused() {
        assert_eq!(quantity("n", "0x0"), Ok(0));
        assert_eq!(quantity("n", "0xfF"), Ok(255));
        for text in
            ["", "0x", "0x00", "0x01", "10", "0b11", "0o7", "0x_1", "0X1", "0x1 ", "-0x1", "0x+1", "0xg"]
        {
            assert!(quantity("n", text).is_err(), "{text}");
            assert!(wide_quantity("n", text).is_err(), "{text}");
        }
        assert!(quantity("n", "0x10000000000000000").is_err());
        assert!(wide_quantity("n", &format!("0x1{}", "0".repeat(64))).is_err());
        assert_eq!(wide_quantity("n", &format!("0x{}", "f".repeat(64))), Ok(U256::MAX));
    }

    #[test]
    fn bytes_have_a_prefix_an_even_number_of_digits_and_their_length() {
        assert_eq!(bytes("b", "0x").unwrap().len(), 0);
        for text in ["", "00", "0x0", "0X00", "0x0x00", "0x 0", "0xzz"] {
            assert!(bytes("b", text).is_err(), "{text}");
        }
        assert!(word("w", &format!("0x{}", "0".repeat(62))).is_err());
        assert!(word("w", &format!("0x{}", "0".repeat(66))).is_err());
        assert!(address("a", &format!("0x{}", "0".repeat(40))).is_ok());
        assert!(address("a", &"0".repeat(40)).is_err());
        // As long as it has to be, with a second prefix or a sign in it.
        assert!(word("w", &format!("0x0x{}", "0".repeat(62))).is_err());
        assert!(word("w", &format!("0x0x{}", "0".repeat(64))).is_err());
        assert!(address("a", &format!("0x+{}", "0".repeat(39))).is_err());
        assert_eq!(word("w", &format!("0x{}", "aF".repeat(32))), Ok(B256::repeat_byte(0xaf)));
    }
}
