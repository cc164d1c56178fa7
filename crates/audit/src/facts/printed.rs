//! Commands that print what is secret.

use crate::names::{NameClass, classify};
use crate::pattern::pattern;
use crate::script::Command;
use std::collections::BTreeSet;

pattern!(VARIABLE, r"\$\{?([A-Za-z_][A-Za-z0-9_]*)", ["$"]);
pattern!(LOOP, r"\bfor[ \t]+([A-Za-z_][A-Za-z0-9_]*)[ \t]+in[ \t]+([^;\n]+)", ["for ", "for\t"]);

/// Variables of loops that run over files with secrets: `for f in */wallet.json`.
pub(crate) fn loops(text: &str) -> Vec<String> {
    let found = LOOP.captures_iter(text).filter_map(|groups| Some((groups.get(1)?, groups.get(2)?)));
    found
        .filter(|(_, list)| list.as_str().split_whitespace().any(names_secret))
        .map(|(name, _)| name.as_str().to_owned())
        .collect()
}

pattern!(
    DECODES,
    r"(?i)\bbase64[ \t]+(?:-d|-D|--decode)\b|\bopenssl\b[^|;\n]*[ \t]-d\b|\bgpg2?\b[^|;\n]*(?:[ \t]-d\b|--decrypt)|\bage[ \t]+(?:-d|--decrypt)\b|\bdecrypt|/GetKey\b|/DeriveKey\b",
    ["base64", "openssl", "gpg", "age ", "age\t", "decrypt", "/getkey", "/derivekey"]
);

/// Variables that hold what was decrypted or derived: by what gives them their value, or by saying so.
pub(crate) fn revealed<'a>(assignments: impl Iterator<Item = (&'a str, String)>) -> Vec<String> {
    let says = |name: &str| {
        let words = crate::names::words(name);
        words.iter().any(|word| matches!(word.as_str(), "DECRYPTED" | "PLAINTEXT" | "CLEARTEXT"))
            && !words.last().is_some_and(|last| {
                matches!(last.as_str(), "FILE" | "PATH" | "DIR" | "COUNT" | "NAME" | "NAMES")
            })
    };
    let found =
        assignments.filter(|(name, value)| value.contains('$') && (says(name) || DECODES.is_match(value)));
    found.map(|(name, _)| name.to_owned()).collect()
}

/// Whether a path is one of a file that holds keys.
fn names_secret(word: &str) -> bool {
    const MARKS: &[&str] = &[
        "decrypted-env",
        "appkeys",
        ".pem",
        "private",
        "secret",
        "credentials",
        "id_rsa",
        "id_ed25519",
        "wallet",
        "keystore",
        "mnemonic",
        "seed.",
        "/seed",
        ".key",
        "key.json",
        "keys.json",
        "keyfile",
        ".p12",
        ".pfx",
        "shadow",
    ];
    let lower = word.to_ascii_lowercase();
    MARKS.iter().any(|mark| lower.contains(mark))
}

/// `echo $SECRET`, `cat key-file`, `env`: to the log unless it goes on somewhere.
pub(crate) fn prints_secret(
    command: &Command,
    looped: &BTreeSet<String>,
    revealed: &BTreeSet<String>,
) -> bool {
    if command.piped || command.redirected {
        return false;
    }
    match command.program() {
        "env" | "printenv" => command.arguments().iter().all(|word| is_secret_name(word)),
        "echo" | "printf" => command.arguments().iter().any(|word| {
            VARIABLE
                .captures_iter(word)
                .filter_map(|groups| groups.get(1))
                .any(|name| is_secret_name(name.as_str()) || revealed.contains(name.as_str()))
        }),
        "cat" | "head" | "tail" | "base64" | "xxd" | "hexdump" => command.arguments().iter().any(|word| {
            let variables = || VARIABLE.captures_iter(word).filter_map(|groups| groups.get(1));
            names_secret(word) || variables().any(|name| looped.contains(name.as_str()))
        }),
        _ => false,
    }
}

fn is_secret_name(name: &str) -> bool {
    matches!(
        classify(name),
        NameClass::IdentityKey
            | NameClass::AdminCredential
            | NameClass::ThirdPartyCredential
            | NameClass::RootAccess
    )
}
