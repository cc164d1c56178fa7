//! What 64 bytes of REPORTDATA can bind, by the conventions in use.
//!
//! Every convention below carries the bound content or a hash of it, so that accepting any of them for a nonce is as
//! strong as the weakest hash among them (SHA-256). Sources: dstack's attestation conventions
//! (`hash(tag || ":" || content)`, zero-padded), its KMS bootstrap form, and dstack-ingress's list of sums.

use core::fmt;
use sha2::Digest as _;
use veritee_model::ReportData;

/// How REPORTDATA carries a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceForm {
    /// The nonce, then zeros: what `GetQuote` makes of shorter data.
    Padded,
    /// `SHA-512("app-data:" || nonce)`.
    AppData,
    /// The nonce fills bytes 32 to 63; the first half binds something else (a signing address, say).
    SecondHalf,
}

impl fmt::Display for NonceForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Padded => "the nonce itself",
            Self::AppData => "sha512(\"app-data:\" || nonce)",
            Self::SecondHalf => "the nonce in bytes 32 to 63",
        })
    }
}

/// How `report_data` carries `nonce`, if it does. `nonce` is the verifier's own; 16 to 64 bytes.
///
/// A shorter nonce is never found: a few bytes can occur by chance or be tried out. Nor is one of zeros, which is in every
/// quote that answers nobody.
#[must_use]
pub fn find_nonce(report_data: &ReportData, nonce: &[u8]) -> Option<NonceForm> {
    const SHORTEST: usize = 16;
    // Zeros are what REPORTDATA holds where nobody asked for anything.
    let asks = nonce.iter().any(|byte| *byte != 0);
    if nonce.len() < SHORTEST || nonce.len() > ReportData::LEN || !asks {
        return None;
    }
    let bytes = report_data.as_bytes();
    if padded(nonce).is_some_and(|expected| expected == *bytes) {
        return Some(NonceForm::Padded);
    }
    if tagged("app-data", nonce, "sha512").is_some_and(|expected| expected == *report_data) {
        return Some(NonceForm::AppData);
    }
    let second = bytes.get(32..)?;
    (second == nonce).then_some(NonceForm::SecondHalf)
}

/// What of `expected` REPORTDATA has all the same, in words: for a person who looks for the reason.
#[must_use]
pub fn partial(report_data: &ReportData, expected: &[u8]) -> Option<String> {
    /// Fewer bytes are alike by chance.
    const TELLING: usize = 4;
    let bytes = report_data.as_bytes();
    let common = |one: &[u8]| one.iter().zip(expected).take_while(|(one, other)| one == other).count();
    let halves = [("begins with", 0_usize), ("has at byte 32", 32)];
    let found = halves.into_iter().filter_map(|(words, at)| Some((words, common(bytes.get(at..)?))));
    let (words, length) = found.max_by_key(|(_, length)| *length).filter(|(_, length)| *length >= TELLING)?;
    if length == expected.len() {
        return Some(format!(
            "it {words} all {length} bytes of the expected value, beside others that are not zero"
        ));
    }
    Some(format!("it {words} the first {length} of the {} expected bytes", expected.len()))
}

/// `content` followed by zeros; `None` when it is longer than 64 bytes.
fn padded(content: &[u8]) -> Option<[u8; ReportData::LEN]> {
    let mut out = [0_u8; ReportData::LEN];
    out.get_mut(..content.len())?.copy_from_slice(content);
    Some(out)
}

/// `hash(tag || ":" || content)`, zero-padded to 64 bytes. `None` for an algorithm that dstack does not have, or for
/// `raw` content of other than 64 bytes.
#[must_use]
pub fn tagged(tag: &str, content: &[u8], algorithm: &str) -> Option<ReportData> {
    if algorithm == "raw" {
        return ReportData::try_from(content).ok();
    }
    let mut message = Vec::with_capacity(tag.len().saturating_add(content.len()).saturating_add(1));
    message.extend_from_slice(tag.as_bytes());
    message.push(b':');
    message.extend_from_slice(content);
    let digest: Vec<u8> = match algorithm {
        "sha256" => sha2::Sha256::digest(&message).to_vec(),
        "sha384" => sha2::Sha384::digest(&message).to_vec(),
        "sha512" => sha2::Sha512::digest(&message).to_vec(),
        "sha3-256" => sha3::Sha3_256::digest(&message).to_vec(),
        "sha3-384" => sha3::Sha3_384::digest(&message).to_vec(),
        "sha3-512" => sha3::Sha3_512::digest(&message).to_vec(),
        "keccak256" => sha3::Keccak256::digest(&message).to_vec(),
        "keccak384" => sha3::Keccak384::digest(&message).to_vec(),
        "keccak512" => sha3::Keccak512::digest(&message).to_vec(),
        _ => return None,
    };
    padded(&digest).map(ReportData::new)
}

/// What REPORTDATA of a KMS bootstrap quote must be for these root keys.
///
/// `ca_spki` is the root CA's public key (SPKI, DER), `k256` the secp256k1 key (SEC1, compressed). The misspelling is
/// in the KMS's own string.
#[must_use]
pub fn kms_bootstrap(ca_spki: &[u8], k256: &[u8]) -> Option<ReportData> {
    let text = format!("dstack-kms-genereted-keys-v1:{};{};", hex::encode(ca_spki), hex::encode(k256));
    padded(&sha3::Keccak256::digest(text.as_bytes())).map(ReportData::new)
}

/// What REPORTDATA must be for a dstack-ingress list of sums.
#[must_use]
pub fn ingress(sums: &[u8]) -> Option<ReportData> {
    padded(&sha2::Sha256::digest(sums)).map(ReportData::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_app_data_vector_is_reproduced() {
        let expected = "7ea0b744ed5e9c0c83ff9f575668e1697652cd349f2027cdf26f918d4c53e8cd\
                        50b5ea9b449b4c3d50e20ae00ec29688d5a214e8daff8a10041f5d624dae8a01";
        assert_eq!(tagged("app-data", b"test content", "sha512").unwrap().to_string(), expected);
    }

    #[test]
    fn a_nonce_is_found_in_each_form_and_nowhere_else() {
        let nonce = [7_u8; 32];
        let half = {
            let mut bytes = [9_u8; 64];
            bytes[32..].copy_from_slice(&nonce);
            ReportData::new(bytes)
        };
        assert_eq!(find_nonce(&half, &nonce), Some(NonceForm::SecondHalf));
        assert_eq!(
            find_nonce(&tagged("app-data", &nonce, "sha512").unwrap(), &nonce),
            Some(NonceForm::AppData)
        );
        assert_eq!(find_nonce(&ReportData::new(padded(&nonce).unwrap()), &nonce), Some(NonceForm::Padded));
        assert_eq!(find_nonce(&half, &[8_u8; 32]), None);
        // In the first half, with something behind it, it is not bound by any convention.
        let mut first = [1_u8; 64];
        first[..32].copy_from_slice(&nonce);
        assert_eq!(find_nonce(&ReportData::new(first), &nonce), None);
    }

    #[test]
    fn what_a_wrong_value_has_in_common_is_said() {
        let mut bytes = [0_u8; 64];
        bytes[..20].copy_from_slice(&[7; 20]);
        let data = ReportData::new(bytes);
        assert_eq!(partial(&data, &[7; 32]).unwrap(), "it begins with the first 20 of the 32 expected bytes");
        assert!(partial(&data, &[7; 16]).unwrap().contains("all 16 bytes"));
        assert_eq!(partial(&data, &[8; 32]), None);
        assert_eq!(partial(&data, &[7, 7, 7, 8, 8]), None);
        bytes[32..48].copy_from_slice(&[9; 16]);
        assert!(partial(&ReportData::new(bytes), &[9; 32]).unwrap().contains("at byte 32"));
        assert_eq!(partial(&data, &[]), None);
    }

    #[test]
    fn a_short_or_empty_nonce_is_never_found() {
        assert_eq!(find_nonce(&ReportData::new([0; 64]), &[]), None);
        assert_eq!(find_nonce(&ReportData::new([0; 64]), &[0; 15]), None);
        for length in 16..=64 {
            assert_eq!(find_nonce(&ReportData::new([0; 64]), &vec![0; length]), None, "{length} zeros");
        }
    }

    #[test]
    fn an_unknown_algorithm_binds_nothing() {
        assert_eq!(tagged("app-data", b"x", "md5"), None);
        assert_eq!(tagged("app-data", b"x", "raw"), None);
    }

    #[test]
    fn tag_and_content_cannot_be_shifted_against_each_other() {
        assert_ne!(tagged("app", b"data:x", "sha512"), tagged("app:data", b"y", "sha512"));
        assert_ne!(tagged("app-data", b"x", "sha256"), tagged("app-data", b"x", "sha512"));
    }
}
