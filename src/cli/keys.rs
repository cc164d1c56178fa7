//! Keys as they stand on the command line.

/// Two public keys that a KMS's bootstrap quote binds. What they are, is the quote's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KmsRootKeys {
    pub(crate) ca_spki: Vec<u8>,
    pub(crate) k256: Vec<u8>,
}

impl std::str::FromStr for KmsRootKeys {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (ca, k256) = text.split_once(',').ok_or("expected two keys in hex with a comma between")?;
        let read = |name: &str, text: &str| {
            let digits = text.strip_prefix("0x").unwrap_or(text);
            hex::decode(digits).map_err(|error| format!("the {name} key is not hex: {error}"))
        };
        let (ca_spki, k256) = (read("CA", ca)?, read("secp256k1", k256)?);
        match k256.len() {
            33 if !ca_spki.is_empty() => Ok(Self { ca_spki, k256 }),
            length => Err(format!("the secp256k1 key has 33 bytes, got {length}")),
        }
    }
}
