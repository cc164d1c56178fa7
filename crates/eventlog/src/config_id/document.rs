//! The document behind MRCONFIGID version 3 (dstack `MrConfigV3`).

use super::ConfigIdOutcome;
use crate::identity::AppIdentity;
use crate::json::{JsonError, JsonProblem, Object, Value};
use veritee_model::Sha256Digest;

/// What MRCONFIGID can commit to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DocumentField {
    /// `version`, always 3.
    Version,
    /// `compose_hash`, mandatory.
    ComposeHash,
    /// `app_id`.
    AppId,
    /// `instance_id`.
    InstanceId,
    /// `key_provider`, mandatory.
    KeyProvider,
    /// `key_provider_id`.
    KeyProviderId,
    /// `gpu_policy_hash`.
    GpuPolicyHash,
    /// `init_script_hashes`.
    InitScriptHashes,
}

impl DocumentField {
    const ALL: [Self; 8] = [
        Self::Version,
        Self::ComposeHash,
        Self::AppId,
        Self::InstanceId,
        Self::KeyProvider,
        Self::KeyProviderId,
        Self::GpuPolicyHash,
        Self::InitScriptHashes,
    ];

    /// The member's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::ComposeHash => "compose_hash",
            Self::AppId => "app_id",
            Self::InstanceId => "instance_id",
            Self::KeyProvider => "key_provider",
            Self::KeyProviderId => "key_provider_id",
            Self::GpuPolicyHash => "gpu_policy_hash",
            Self::InitScriptHashes => "init_script_hashes",
        }
    }

    /// Its name in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::ComposeHash => "compose hash",
            Self::AppId => "app id",
            Self::InstanceId => "instance id",
            Self::KeyProvider => "kind of key provider",
            Self::KeyProviderId => "key provider id",
            Self::GpuPolicyHash => "gpu policy hash",
            Self::InitScriptHashes => "init script hashes",
        }
    }
}

/// More init scripts than dstack runs cannot match anything.
const INIT_SCRIPTS: usize = 5;

/// Compares a document, whose hash is the committed one, with the identity.
pub(super) fn compare(bytes: &[u8], identity: &AppIdentity) -> ConfigIdOutcome {
    match fields(bytes) {
        Err(error) => ConfigIdOutcome::DocumentMalformed { error },
        Ok(fields) => {
            let difference = fields.iter().find_map(|(field, got)| {
                let expected = measured(*field, identity);
                let nothing = || "nothing measured".to_owned();
                (expected.as_ref() != Some(got))
                    .then(|| (*field, expected.unwrap_or_else(nothing), got.clone()))
            });
            if let Some((field, expected, got)) = difference {
                return ConfigIdOutcome::FieldMismatch { field, expected, got };
            }
            let committed = fields.into_iter().map(|(field, _)| field);
            let beside =
                |field: &DocumentField| !matches!(field, DocumentField::Version | DocumentField::ComposeHash);
            ConfigIdOutcome::Match { version: 3, fields: committed.filter(beside).collect() }
        }
    }
}

/// The fields that the document has, as lower-case text.
fn fields(bytes: &[u8]) -> Result<Vec<(DocumentField, String)>, JsonError> {
    let object = Value::document(bytes, 2)?.object()?;
    object.only(&DocumentField::ALL.map(DocumentField::name))?;
    object.require(DocumentField::ComposeHash.name())?;
    object.require(DocumentField::KeyProvider.name())?;
    let mut fields = Vec::new();
    for field in DocumentField::ALL {
        if let Some(text) = text(field, &object)? {
            fields.push((field, text));
        }
    }
    Ok(fields)
}

fn text(field: DocumentField, object: &Object<'_>) -> Result<Option<String>, JsonError> {
    let Some(value) = object.get(field.name()) else { return Ok(None) };
    Ok(Some(match field {
        DocumentField::Version => value.u32()?.to_string(),
        DocumentField::KeyProvider => value.string()?,
        DocumentField::InitScriptHashes => {
            let mut scripts = Vec::new();
            for script in value.array(INIT_SCRIPTS)? {
                scripts.push(hex_string(script)?);
            }
            scripts.join(",")
        }
        DocumentField::ComposeHash
        | DocumentField::AppId
        | DocumentField::InstanceId
        | DocumentField::KeyProviderId
        | DocumentField::GpuPolicyHash => hex_string(value)?,
    }))
}

fn hex_string(value: Value<'_>) -> Result<String, JsonError> {
    let at = value.at;
    let not_hex = |_| JsonError { at, problem: JsonProblem::WrongType { expected: "a string of hex" } };
    hex::decode(value.string()?).map(hex::encode).map_err(not_hex)
}

fn measured(field: DocumentField, identity: &AppIdentity) -> Option<String> {
    let provider = identity.key_provider();
    Some(match field {
        DocumentField::Version => "3".to_owned(),
        DocumentField::ComposeHash => identity.compose_hash().to_string(),
        DocumentField::AppId => identity.app_id().to_string(),
        DocumentField::InstanceId => identity.instance_id().map(ToString::to_string).unwrap_or_default(),
        DocumentField::KeyProvider => provider.kind().config_name()?.to_owned(),
        DocumentField::KeyProviderId => hex::encode(provider.id()),
        DocumentField::GpuPolicyHash => identity.gpu_policy_hash()?.to_string(),
        DocumentField::InitScriptHashes => {
            let scripts: Vec<String> =
                identity.init_script_hashes().iter().map(Sha256Digest::to_string).collect();
            scripts.join(",")
        }
    })
}
