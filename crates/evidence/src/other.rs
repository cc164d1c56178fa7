//! Attestations of other kinds: recognised by name, so that nobody looks for a fault where there is none. Not verified by
//! this version.

use crate::json::Object;

/// A token of an attestation service (Intel Trust Authority, Azure, Google, NVIDIA).
pub(crate) const TOKEN: &str = "a signed token (JWT) of an attestation service";

const NITRO: &str = "AWS Nitro Enclaves";
const TPM: &str = "a TPM (vTPM quote)";
const SNP: &str = "AMD SEV-SNP";

/// Whether a text begins as one of these does in hex or base64. Most texts are told by it, and not decoded.
pub(crate) fn begins(text: &str) -> bool {
    const BEGINS: [&str; 14] = [
        "d28444a1", "8444a1", "0oRE", "hESh", "ff544347", "/1RDR", "_1RDR", "02000000", "03000000",
        "05000000", "AgAAA", "AwAAA", "BQAAA", "0x",
    ];
    let text = text.get(..16).unwrap_or(text);
    let lower = text.to_ascii_lowercase();
    BEGINS.iter().any(|begin| text.starts_with(begin) || lower.starts_with(begin))
}

/// The platform whose attestation this is, written out member by member as services do.
pub(crate) fn object(object: &Object<'_>) -> Option<&'static str> {
    let all = |names: &[&str]| names.iter().all(|name| object.has(name));
    // ATTESTATION_REPORT as the sev crate and its callers write it.
    if all(&["measurement", "chip_id", "report_data", "guest_svn"]) {
        return Some(SNP);
    }
    // What Azure's guests and Trustee's agents call their vTPM's answer.
    let tpm = all(&["tpm_quote"])
        || all(&["hcl_report"])
        || all(&["ak_pub", "quotes"])
        || all(&["akPub", "quotes"]);
    tpm.then_some(TPM)
}

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
            Some(NITRO)
        }
        // TPM_GENERATED_VALUE.
        [0xff, b'T', b'C', b'G', ..] => Some(TPM),
        // ECDSA P-384 with SHA-384 is SIGNATURE_ALGO 1.
        _ if bytes.len() == SNP_REPORT
            && word(0).is_some_and(|version| (2..=5).contains(&version))
            && word(0x34) == Some(1) =>
        {
            Some(SNP)
        }
        _ => None,
    }
}

/// Whether this is an archive, or a file that is compressed in another way than gzip: tar (POSIX.1-1988 and GNU), zip, xz,
/// zstd, bzip2, 7z. What stands inside is not looked for: whoever has it unpacks it.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    const MAGIC_OF_TAR: (usize, &[u8]) = (257, b"ustar");
    let (at, magic) = MAGIC_OF_TAR;
    bytes.get(at..).is_some_and(|rest| rest.starts_with(magic))
        || matches!(
            bytes,
            [b'P', b'K', 3, 4, ..]
                | [b'P', b'K', 5, 6, ..]
                | [0xfd, b'7', b'z', b'X', b'Z', 0, ..]
                | [0x28, 0xb5, 0x2f, 0xfd, ..]
                | [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', ..]
                | [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..]
        )
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
