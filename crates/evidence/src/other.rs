//! Attestations of other kinds: recognised by name, so that nobody looks for a fault where there is none. Not verified by
//! this version.

/// A token of an attestation service (Intel Trust Authority, Azure, Google, NVIDIA).
pub(crate) const TOKEN: &str = "a signed token (JWT) of an attestation service";

/// The platform whose binary attestation this is.
pub(crate) fn binary(bytes: &[u8]) -> Option<&'static str> {
    /// AMD's ATTESTATION_REPORT (SEV-SNP firmware ABI, table 23).
    const SNP_REPORT: usize = 0x4a0;
    let word = |at: usize| {
        let bytes = bytes.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    match bytes {
        // COSE_Sign1 whose protected header says ES384, with its tag or without.
        [0xd2, 0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, ..] | [0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, ..] => {
            Some("AWS Nitro Enclaves")
        }
        // TPM_GENERATED_VALUE.
        [0xff, b'T', b'C', b'G', ..] => Some("a TPM (vTPM quote)"),
        // ECDSA P-384 with SHA-384 is SIGNATURE_ALGO 1.
        _ if bytes.len() == SNP_REPORT
            && word(0).is_some_and(|version| (2..=5).contains(&version))
            && word(0x34) == Some(1) =>
        {
            Some("AMD SEV-SNP")
        }
        _ => None,
    }
}

/// Three parts in base64 with dots between them, the first a JSON object.
pub(crate) fn is_token(text: &str) -> bool {
    let text = text.trim();
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.starts_with("eyJ") && text.split('.').count() == 3 && text.split('.').all(part)
}
