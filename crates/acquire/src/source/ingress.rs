//! The evidences folder of dstack-ingress, served below the custom domain itself.
//!
//! `sha256sum.txt` names the other files. The names are the server's: each is held to the form of a plain file name
//! before a request is made from it, and one that is not spoils the list.

use super::Facts;
use crate::SourceProblem;
use std::collections::BTreeSet;
use veritee_evidence::Format;

pub(crate) const QUOTE: Facts = Facts {
    name: "ingress quote.json",
    gives: "a quote that binds sha256sum.txt, and its log",
    cap: 2 << 20,
    accept: "application/json, */*;q=0.5",
    types: &["application/json", "text/plain", "application/octet-stream"],
    formats: &[Format::IngressFolder, Format::GetQuote, Format::VerifierRequest, Format::Attest],
};

pub(crate) const SUMS: Facts = Facts {
    name: "ingress sha256sum.txt",
    gives: "digests of the ACME account and of the domain's certificates",
    cap: 64 << 10,
    accept: "text/plain, */*;q=0.5",
    types: &["text/plain", "application/octet-stream"],
    formats: &[],
};

pub(crate) const FILE: Facts = Facts {
    name: "file named by sha256sum.txt",
    gives: "the ACME account, or the certificate of one domain",
    cap: 256 << 10,
    accept: "*/*",
    // Only its digest counts.
    types: &[],
    formats: &[],
};

pub(crate) const QUOTE_NAME: &str = "quote.json";
pub(crate) const SUMS_NAME: &str = "sha256sum.txt";
pub(crate) const FOLDER: &str = "/evidences/";

/// Longest file name.
const NAME_BYTES: usize = 255;

/// The names in a `sha256sum.txt`, in order, each once.
pub(crate) fn names(sums: &[u8], limit: usize) -> Result<Vec<String>, SourceProblem> {
    let text =
        core::str::from_utf8(sums).map_err(|error| SourceProblem::SumsNotText { at: error.valid_up_to() })?;
    let (mut names, mut seen) = (Vec::new(), BTreeSet::new());
    for (index, line) in text.lines().enumerate() {
        let line_number = index.saturating_add(1);
        let malformed = || SourceProblem::SumsLine { line: line_number };
        let (_digest, name) = veritee_model::sums::entry(line).ok_or_else(malformed)?;
        let name = name.strip_prefix("./").unwrap_or(name);
        if !is_plain(name) {
            return Err(SourceProblem::FileName { line: line_number, name: name.to_owned() });
        }
        if seen.insert(name) {
            names.push(name.to_owned());
        }
        if names.len() > limit {
            return Err(SourceProblem::TooManyFiles { limit });
        }
    }
    Ok(names)
}

/// Letters, digits and `.`, `_`, `-`, `*`; no dot in front, and neither of the two files that were fetched already.
fn is_plain(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'*');
    !name.is_empty()
        && name.len() <= NAME_BYTES
        && name.bytes().all(allowed)
        && !name.starts_with('.')
        && !matches!(name, QUOTE_NAME | SUMS_NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names_: &[&str]) -> Vec<u8> {
        names_.iter().map(|name| format!("{}  {name}\n", "ab".repeat(32))).collect::<String>().into_bytes()
    }

    #[test]
    fn plain_names_are_taken_once_and_in_order() {
        let sums = list(&[
            "acme-account.json",
            "./cert-app.example.pem",
            "cert-*.app.example.pem",
            "acme-account.json",
        ]);
        let expected = ["acme-account.json", "cert-app.example.pem", "cert-*.app.example.pem"];
        assert_eq!(names(&sums, 32).unwrap(), expected);
        assert!(names(b"", 32).unwrap().is_empty());
    }

    #[test]
    fn no_name_leads_out_of_the_folder_or_to_another_place() {
        for name in [
            "../../x",
            "/etc/x",
            "..",
            ".",
            ".htaccess",
            "a/b",
            "a\\b",
            "a%2fb",
            "a?b",
            "a#b",
            "a b",
            "//evil.example/x",
            "https:x",
            "a\u{0}b",
            "\u{202e}a",
            "",
            "quote.json",
            "sha256sum.txt",
        ] {
            assert!(
                matches!(names(&list(&["good.pem", name]), 32), Err(SourceProblem::FileName { line: 2, .. })),
                "{name:?}"
            );
        }
        assert!(matches!(names(&list(&[&"a".repeat(256)]), 32), Err(SourceProblem::FileName { .. })));
    }

    #[test]
    fn a_list_that_is_none_is_refused_at_its_line() {
        for text in ["x", "abc  name\n", "zz", "\n"] {
            assert!(
                matches!(names(text.as_bytes(), 32), Err(SourceProblem::SumsLine { line: 1 })),
                "{text:?}"
            );
        }
        assert_eq!(names(b"ab\xff", 32), Err(SourceProblem::SumsNotText { at: 2 }));
    }

    #[test]
    fn more_names_than_allowed_are_an_error_and_not_a_cut() {
        let many: Vec<String> = (0..1000).map(|number| format!("file-{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(names(&list(&many), 32), Err(SourceProblem::TooManyFiles { limit: 32 }));
    }
}
