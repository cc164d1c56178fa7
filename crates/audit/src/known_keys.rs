//! Secrets that everybody knows, and what shows that a text or a name is one.

use crate::names::{NameClass, classify, words};
use crate::pattern::pattern;
use veritee_model::Sha256Digest;

/// SHA-256 over the lower-case hex digits of the ten keys that the development chains Anvil and Hardhat hand out
/// (BIP-32 path m/44'/60'/0'/0/0 to 9 of their test mnemonic). Digests, so that no scanner takes this file for a leak.
const DEVELOPMENT_KEYS: [&str; 10] = [
    "bc1a50966c9e6486bc4ebf880b51611a2a97fcb8e7a6976e9b81a9e3e8ca0e3c",
    "8335c55334821eefd4334369ff9c04a8594f161013cf9d87f58802d87297837e",
    "b26ab6529d20ebebb4192256f202984754f785481c64b1a1aed58cac93b3617e",
    "64034b44c579b335ab5e85debbfe72789e970138cc8d296799c3833a2a8525fb",
    "4d3e46eec8244d1d106f866ee48994f6176705298aee1b8426b2ad2529eb454b",
    "0aedba9d586f34f95cf1f0d54926f62e8a078ce2ca593be73ab27a87d3ff9c5d",
    "28e543d3753fc9d14c658ebef20b76a3b5f8e7d78667baf27832ceb3bea01bdf",
    "f070994a8599478580678f2b9482c5f02bb3de0647281e8efae183669425808a",
    "38e69fdd19aefeb4adf56312f10e62c30274997835173c7006308323ad7db506",
    "967f21586cdf1248a862f2cfb330099701c942c2c7a7537c54f7ec48f8556505",
];

pattern!(HEX64, r"(?:0x)?[0-9a-fA-F]{64,}", hex 64);
pattern!(MNEMONIC, r"(?i)\b(?:test[ \t]+){11}junk\b", ["junk"]);
pattern!(PEM, r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----", ["private key-----"]);

/// What kind of well-known or written-out secret a text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KnownSecret {
    /// One of the development chains' keys.
    DevelopmentKey(usize),
    /// Their mnemonic.
    DevelopmentMnemonic,
    /// A private key in PEM.
    PemPrivateKey,
}

impl KnownSecret {
    pub(crate) fn describe(self) -> String {
        match self {
            Self::DevelopmentKey(index) => format!("development chain key #{index}"),
            Self::DevelopmentMnemonic => "development chain mnemonic".to_owned(),
            Self::PemPrivateKey => "PEM private key".to_owned(),
        }
    }
}

/// The secrets in a text with the byte offset of each.
pub(crate) fn find(text: &str) -> Vec<(usize, KnownSecret)> {
    let mut found = Vec::new();
    for candidate in HEX64.find_iter(text) {
        let digits = candidate.as_str().strip_prefix("0x").unwrap_or(candidate.as_str());
        if let Some(index) = development_key(digits) {
            found.push((candidate.start(), KnownSecret::DevelopmentKey(index)));
        }
    }
    found.extend(MNEMONIC.find_iter(text).map(|hit| (hit.start(), KnownSecret::DevelopmentMnemonic)));
    found.extend(PEM.find_iter(text).map(|hit| (hit.start(), KnownSecret::PemPrivateKey)));
    found.sort_unstable();
    found
}

fn development_key(digits: &str) -> Option<usize> {
    if digits.len() != 64 {
        return None;
    }
    let digest = Sha256Digest::of(digits.to_ascii_lowercase().as_bytes()).to_string();
    DEVELOPMENT_KEYS.iter().position(|known| *known == digest)
}

pattern!(
    VENDOR,
    r"\b(?:sk-[A-Za-z0-9_-]{20,}|sk_live_[A-Za-z0-9]{16,}|ghp_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16}|xox[baprs]-[A-Za-z0-9-]{20,}|AIza[0-9A-Za-z_-]{30,})",
    ["sk-", "sk_live_", "ghp_", "akia", "xox", "aiza"]
);

/// Whether a text holds a key in a vendor's form.
pub(crate) fn has_vendor_key(text: &str) -> bool {
    VENDOR.is_match(text)
}

/// The last word says that a credential stands there, not something about one.
pub(crate) fn names_credential(name: &str) -> bool {
    let words = words(name);
    let last = words.iter().rev().find(|word| !word.bytes().all(|byte| byte.is_ascii_digit()));
    !last.is_some_and(|last| {
        [
            "ISSUER", "AUDIENCE", "TYPE", "ADDRESS", "SYMBOL", "ID", "IDS", "DECIMALS", "PREFIX", "HEADER",
            "SCOPE", "REALM",
        ]
        .contains(&last.as_str())
    })
}

/// A literal under a secret's name that is no path, address or reference.
pub(crate) fn is_literal_secret(name: &str, value: &str) -> bool {
    let class = classify(name);
    let secret = matches!(
        class,
        NameClass::IdentityKey | NameClass::AdminCredential | NameClass::ThirdPartyCredential
    );
    let upper = name.to_ascii_uppercase();
    let told = ["FILE", "PATH", "DIR", "USER", "USERNAME", "LOGIN", "NAME", "URL", "TTL", "ALGORITHM"];
    secret
        && !value.trim().is_empty()
        && !value.starts_with(['/', '.', '$'])
        && !value.contains("${")
        && !value.contains("://")
        && !matches!(value.to_ascii_lowercase().as_str(), "true" | "false" | "none" | "null" | "0" | "1")
        && !told.iter().any(|tail| upper.ends_with(tail))
        && (class != NameClass::ThirdPartyCredential || names_credential(&upper))
        && !is_public_fingerprint(name, value)
}

/// Fingerprints or numbers of public OpenPGP keys, by which packages are checked (RFC 9580, section 5.5.4): 40 or 16
/// hexadecimal digits each, under a name that says so. Of a name that speaks of the private key none is taken for one, nor
/// are 64 digits, which are as long as a key.
pub(crate) fn is_public_fingerprint(name: &str, value: &str) -> bool {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let speaks = has(&["GPG", "PGP", "OPENPGP"]) && !has(&["PRIVATE", "SECRET", "PASSPHRASE", "PASSWORD"]);
    let is_one = |text: &str| {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        [16, 40].contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let mut list = value.split([' ', '\t', ',']).filter(|text| !text.is_empty()).peekable();
    speaks && list.peek().is_some() && list.all(is_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_of_a_public_key_is_no_secret_and_a_key_by_a_like_name_is_one() {
        let print = "7C1E4F0A93B85D26E1F4087A5C3D92B60E8F1A47";
        for (name, value) in [
            ("GPG_KEY", print.to_owned()),
            ("GPG_KEYS", format!("{print} {print}")),
            ("RABBITMQ_PGP_KEY_ID", format!("0x{print}")),
            ("GPG_KEY", print[..16].to_owned()),
        ] {
            assert!(
                is_public_fingerprint(name, &value) && !is_literal_secret(name, &value),
                "{name}: {value}"
            );
        }
        for (name, value) in [
            ("SIGNING_KEY", print.to_owned()),
            ("GPG_PRIVATE_KEY", print.to_owned()),
            ("GPG_PASSPHRASE", print.to_owned()),
            ("GPG_KEY", format!("{print}{}", &print[..24])),
            ("GPG_KEY", format!("{print} hunter2hunter2")),
            ("GPG_KEY", "hunter2hunter2".to_owned()),
            ("GPG_KEY", String::new()),
        ] {
            assert!(!is_public_fingerprint(name, &value), "{name}: {value}");
        }
        assert!(is_literal_secret("GPG_KEY", "hunter2hunter2"));
    }

    /// Account 0 of the development chains, in two pieces.
    fn key_zero() -> String {
        ["ac0974bec39a17e36ba4a6b4d238ff94", "4bacb478cbed5efcae784d7bf4f2ff80"].concat()
    }

    #[test]
    fn a_development_key_is_found_with_and_without_prefix_and_in_capitals() {
        for text in
            [key_zero(), format!("private-key: ${{PRIVATE_KEY:0x{}}}", key_zero()), key_zero().to_uppercase()]
        {
            assert_eq!(find(&text).first().map(|hit| hit.1), Some(KnownSecret::DevelopmentKey(0)), "{text}");
        }
    }

    #[test]
    fn another_key_of_the_same_length_and_a_longer_number_are_not() {
        assert!(find(&"ab".repeat(32)).is_empty());
        assert!(find(&format!("{}00", key_zero())).is_empty());
    }

    #[test]
    fn the_development_mnemonic_and_pem_keys_are_found() {
        let mnemonic = format!("{}junk", "test ".repeat(11));
        assert_eq!(find(&mnemonic)[0].1, KnownSecret::DevelopmentMnemonic);
        let pem = ["-----BEGIN RSA PRIVATE", " KEY-----"].concat();
        assert_eq!(find(&pem)[0].1, KnownSecret::PemPrivateKey);
        assert!(find("-----BEGIN PUBLIC KEY-----").is_empty());
    }
}
