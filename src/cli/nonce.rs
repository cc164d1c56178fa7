//! Nonces on the command line: hexadecimal, of the lengths that a quote and a GPU's report can bind.

const ZEROS: &str =
    "a nonce of zeros asks nothing: REPORTDATA is zeros where nobody asked; take random bytes";

/// Bytes that a caller asked to be bound. Shorter than 16 bytes proves nothing, so it is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Nonce(pub(crate) Vec<u8>);

impl std::str::FromStr for Nonce {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let bytes = hex::decode(digits).map_err(|error| format!("not hex: {error}"))?;
        match bytes.len() {
            // What REPORTDATA is where nothing was asked: it would be found in a quote that answers nobody.
            16..=64 if bytes.iter().all(|byte| *byte == 0) => Err(ZEROS.to_owned()),
            16..=64 => Ok(Self(bytes)),
            length => Err(format!("a nonce has 16 to 64 bytes, got {length}")),
        }
    }
}

/// The challenge that GPUs sign: exactly 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GpuNonce(pub(crate) [u8; 32]);

impl std::str::FromStr for GpuNonce {
    type Err = veritee_model::HexError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        veritee_model::bytes::decode_hex(text.strip_prefix("0x").unwrap_or(text)).map(Self)
    }
}
