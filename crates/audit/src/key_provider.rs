//! Who gives the application its keys, from the replayed `key-provider` event.
//!
//! Its payload is read by `veritee-eventlog`, once; here is what the name and the id stand for. For `kms` the id is the KMS root CA's public key (SPKI
//! in DER, hex). It is part of RTMR3, so an operator cannot choose what it says; everything else that names a KMS
//! (a cluster name, an extension field, an API) is a claim.

use serde::{Deserialize, Serialize};

/// A KMS root CA whose facts are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownKms {
    /// Name for people.
    pub name: &'static str,
    /// Root CA public key, SPKI in DER, lower-case hex.
    pub ca_spki: &'static str,
    /// The registry contract that authorises it; absent where there is none.
    pub registry: Option<Registry>,
}

/// Where a KMS's authorisations are public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registry {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Name of the chain.
    pub chain: &'static str,
    /// Address of the `DstackKms` contract.
    pub address: &'static str,
}

/// The root CAs that were seen in attested event logs and whose operator is known.
pub const KNOWN_KMS: &[KnownKms] = &[
    KnownKms {
        name: "Pha KMS",
        ca_spki: "3059301306072a8648ce3d020106082a8648ce3d030107034200048844eb42ccdf8c52fd4f174f362fcb9bbd19c45fd48f1edec2d8f1ca23536ec1a74021b4cee610c074f8294d431b2b7fee2c39e5333fdaf0a4522d43fb159d9f",
        registry: None,
    },
    KnownKms {
        name: "Base KMS (base-prod7)",
        ca_spki: "3059301306072a8648ce3d020106082a8648ce3d030107034200048bf84f52911056474c207cb50b4e8010d984f8975ea57b8f0c8b17502181c283e93a68a9864ad19f629508cc699f125be3871ec2e26ab0597e5bca4e29b7425f",
        registry: Some(Registry {
            chain_id: 8453,
            chain: "Base",
            address: "0x2f83172A49584C017F2B256F0FB2Dca14126Ba9C",
        }),
    },
    KnownKms {
        name: "Base KMS (llm-04)",
        ca_spki: "3059301306072a8648ce3d020106082a8648ce3d03010703420004847995b2954126e6d3e1ac584a9ecbe1cbfdd2728ac4d9e39163af74bd85e3f420db2d35cd8f40c1f225cba198f580bc789fc6d125bf15c44fbe2f683af51e69",
        registry: Some(Registry {
            chain_id: 8453,
            chain: "Base",
            address: "0xbfD2d557118fc650EA25a0E7D85355d335f259D8",
        }),
    },
];

/// Who gives the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyProviderKind {
    /// A KMS that no public registry authorises: upgrades leave no public trace.
    HostedKms(&'static KnownKms),
    /// A KMS that a public registry authorises. The registry itself has to be read.
    OnChainKms(&'static KnownKms),
    /// A KMS whose root CA is not known.
    UnknownKms,
    /// Keys sealed to one machine: nobody authorises, nothing is recorded.
    Local,
    /// Keys from a TPM.
    Tpm,
    /// No key provider: keys are lost at every boot.
    None,
    /// A name that dstack does not document.
    Other,
}

/// The `key-provider` event as replayed from a log that matches the quote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyProvider {
    /// `kms`, `local-sgx`, `local`, `tpm` or `none`.
    pub name: String,
    /// For `kms`: root CA public key (SPKI, DER, hex). For `local-sgx`: MRENCLAVE.
    pub id: String,
}

impl KeyProvider {
    /// What kind of key provider it is.
    #[must_use]
    pub fn kind(&self) -> KeyProviderKind {
        match self.name.as_str() {
            "kms" => KNOWN_KMS.iter().find(|known| known.ca_spki.eq_ignore_ascii_case(&self.id)).map_or(
                KeyProviderKind::UnknownKms,
                |known| {
                    if known.registry.is_some() {
                        KeyProviderKind::OnChainKms(known)
                    } else {
                        KeyProviderKind::HostedKms(known)
                    }
                },
            ),
            "local-sgx" | "local" => KeyProviderKind::Local,
            "tpm" => KeyProviderKind::Tpm,
            "none" => KeyProviderKind::None,
            _ => KeyProviderKind::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kms(id: &str) -> KeyProvider {
        KeyProvider { name: "kms".to_owned(), id: id.to_owned() }
    }

    #[test]
    fn the_three_pinned_cas_are_told_apart() {
        let kinds: Vec<_> = KNOWN_KMS.iter().map(|known| kms(known.ca_spki).kind()).collect();
        assert!(matches!(kinds[0], KeyProviderKind::HostedKms(known) if known.name == "Pha KMS"));
        assert!(
            matches!(kinds[1], KeyProviderKind::OnChainKms(known) if known.registry.unwrap().address.starts_with("0x2f83172A"))
        );
        assert!(
            matches!(kinds[2], KeyProviderKind::OnChainKms(known) if known.registry.unwrap().address.starts_with("0xbfD2d557"))
        );
    }

    #[test]
    fn a_key_that_only_begins_like_a_known_one_is_unknown() {
        let mut id = KNOWN_KMS[1].ca_spki.to_owned();
        id.replace_range(id.len() - 1.., "0");
        assert_eq!(kms(&id).kind(), KeyProviderKind::UnknownKms);
        assert_eq!(kms(&KNOWN_KMS[1].ca_spki[..60]).kind(), KeyProviderKind::UnknownKms);
        assert_eq!(kms("").kind(), KeyProviderKind::UnknownKms);
    }

    #[test]
    fn a_local_provider_that_quotes_a_known_ca_is_still_local() {
        let provider = KeyProvider { name: "local-sgx".to_owned(), id: KNOWN_KMS[1].ca_spki.to_owned() };
        assert_eq!(provider.kind(), KeyProviderKind::Local);
    }
}
