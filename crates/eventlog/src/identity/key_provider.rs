//! The key-provider event: who gave the application its keys.

use crate::json::{JsonError, Value};
use core::fmt;

/// The kinds of key provider (dstack `KeyProviderKind`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyProviderKind {
    /// `none`: keys live in the machine's memory only.
    None,
    /// `local-sgx`: a sealing enclave on the same host; the id is its MRENCLAVE.
    LocalSgx,
    /// `kms`: a KMS; the id is the SPKI of its root CA, DER.
    Kms,
    /// `tpm`: a virtual TPM; no id.
    Tpm,
    /// A name that dstack does not document.
    Unknown,
}

impl KeyProviderKind {
    const fn of(name: &str) -> Self {
        match name.as_bytes() {
            b"none" => Self::None,
            b"local-sgx" => Self::LocalSgx,
            b"kms" => Self::Kms,
            b"tpm" => Self::Tpm,
            _ => Self::Unknown,
        }
    }

    /// The name in the document behind MRCONFIGID version 3.
    #[must_use]
    pub const fn config_name(self) -> Option<&'static str> {
        match self {
            Self::None => Some("none"),
            Self::LocalSgx => Some("local"),
            Self::Kms => Some("kms"),
            Self::Tpm => Some("tpm"),
            Self::Unknown => None,
        }
    }

    /// The byte in MRCONFIGID version 2.
    #[must_use]
    pub const fn config_byte(self) -> Option<u8> {
        match self {
            Self::None => Some(0),
            Self::LocalSgx => Some(1),
            Self::Kms => Some(2),
            Self::Tpm => Some(3),
            Self::Unknown => None,
        }
    }
}

/// The measured key provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyProvider {
    kind: KeyProviderKind,
    name: String,
    id: Vec<u8>,
    payload: Vec<u8>,
}

/// Why a key-provider payload is not dstack's `{"name":"..","id":"<hex>"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyProviderProblem {
    /// Not that JSON object, with those two members once each and no other.
    Json(JsonError),
    /// The id is not hex.
    IdNotHex,
    /// The id's length does not fit the kind: 32 bytes for `local-sgx`, some for `kms`, none for the others.
    IdLength {
        /// Bytes found.
        got: usize,
    },
}

impl fmt::Display for KeyProviderProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "{error} of the payload"),
            Self::IdNotHex => write!(f, "id is not hex"),
            Self::IdLength { got } => write!(f, "id of {got} bytes does not fit the kind of provider"),
        }
    }
}

impl core::error::Error for KeyProviderProblem {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            Self::IdNotHex | Self::IdLength { .. } => None,
        }
    }
}

impl KeyProvider {
    pub(super) fn parse(payload: &[u8]) -> Result<Self, KeyProviderProblem> {
        let (name, id) = members(payload).map_err(KeyProviderProblem::Json)?;
        let kind = KeyProviderKind::of(&name);
        let id = hex::decode(&id).map_err(|_not_hex| KeyProviderProblem::IdNotHex)?;
        let fits = match kind {
            KeyProviderKind::LocalSgx => id.len() == 32,
            KeyProviderKind::Kms => !id.is_empty(),
            KeyProviderKind::None | KeyProviderKind::Tpm => id.is_empty(),
            KeyProviderKind::Unknown => true,
        };
        if !fits {
            return Err(KeyProviderProblem::IdLength { got: id.len() });
        }
        Ok(Self { kind, name, id, payload: payload.to_vec() })
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> KeyProviderKind {
        self.kind
    }

    /// The name as measured.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id: DER of the KMS's root key, MRENCLAVE of the sealing enclave, or empty.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// The event's payload, exactly as measured.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}

fn members(payload: &[u8]) -> Result<(String, String), JsonError> {
    let object = Value::document(payload, 1)?.object()?;
    object.only(&["name", "id"])?;
    Ok((object.require("name")?.string()?, object.require("id")?.string()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::JsonProblem;

    fn refused(payload: &str) -> KeyProviderProblem {
        KeyProvider::parse(payload.as_bytes()).expect_err(payload)
    }

    #[test]
    fn two_readings_of_the_payload_are_refused() {
        let duplicate = refused(r#"{"name":"kms","id":"00","name":"none"}"#);
        assert!(
            matches!(&duplicate, KeyProviderProblem::Json(JsonError { at: 31, problem: JsonProblem::DuplicateMember { name } }) if name == "name"),
            "{duplicate}"
        );
        assert!(matches!(refused(r#"{"name":"kms","id":"00"} {}"#), KeyProviderProblem::Json(_)));
        assert!(matches!(refused(r#"{"name":"kms","id":"00","x":1}"#), KeyProviderProblem::Json(_)));
        assert!(matches!(refused(r#"{"name":"kms"}"#), KeyProviderProblem::Json(_)));
        assert!(matches!(refused(r#"{"name":{"kms":1},"id":"00"}"#), KeyProviderProblem::Json(_)));
    }

    #[test]
    fn an_id_that_does_not_fit_the_kind_is_refused() {
        assert_eq!(refused(r#"{"name":"kms","id":""}"#), KeyProviderProblem::IdLength { got: 0 });
        assert_eq!(refused(r#"{"name":"local-sgx","id":"00"}"#), KeyProviderProblem::IdLength { got: 1 });
        assert_eq!(refused(r#"{"name":"none","id":"00"}"#), KeyProviderProblem::IdLength { got: 1 });
        assert_eq!(refused(r#"{"name":"kms","id":"0x"}"#), KeyProviderProblem::IdNotHex);
    }
}
