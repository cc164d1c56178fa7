//! Lists of files as GNU `sha256sum` writes them: of OS images, and of dstack-ingress.

use veritee_base::Sha256Digest;

/// What a line says: a digest and a name. Digest, blank, blank or `*`, name; nothing for a line of another form.
///
/// Digest and name are whatever the writer chose: which names are allowed is for each reader to say before it uses one.
#[must_use]
pub fn entry(line: &str) -> Option<(Sha256Digest, &str)> {
    let (digest, rest) = line.split_at_checked(Sha256Digest::LEN.saturating_mul(2))?;
    let name = rest.strip_prefix("  ").or_else(|| rest.strip_prefix(" *"))?;
    Some((Sha256Digest::from_hex(digest).ok()?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_binary_mode_are_read_and_nothing_else() {
        let digest = "ab".repeat(32);
        for (line, name) in [
            (format!("{digest}  a.pem"), Some("a.pem")),
            (format!("{digest} *a.pem"), Some("a.pem")),
            (format!("{digest}    a"), Some("  a")),
            (format!("{digest} a.pem"), None),
            (format!("{digest}\ta.pem"), None),
            (format!("\\{digest}  a"), None),
            (format!("{}  a", &digest[1..]), None),
            (format!("{}é  a", &digest[2..]), None),
            (String::new(), None),
        ] {
            assert_eq!(entry(&line).map(|(_, name)| name), name, "{line:?}");
        }
    }
}
