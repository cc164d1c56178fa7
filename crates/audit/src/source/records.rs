//! Deployment records in a repository: what its authors say they deployed, and when.

use super::kind::FileKind;
use super::{Source, SourceFile};
use crate::pattern::pattern;
use std::collections::BTreeSet;
use veritee_model::Budget;
use veritee_source::SourceTree;

pattern!(DIGEST, r"sha256:([0-9a-f]{64})", ["sha256:"]);
pattern!(HEX64, r"\b(?:0x)?([0-9a-f]{64})\b", hex 64);
pattern!(
    NAME,
    r"(?i)^(?:deployments?|deployment[-_]?(?:log|history|records?)|release[-_]?log|transparency[-_]?log|deploy[-_]?info)",
    ["deploy", "release", "transparency"]
);

// Notes of releases: no records of what runs, but what they name by digest is a claim as well.
pattern!(RELEASE, r"(?i)^(?:releases?|release[-_]?notes|change[-_]?log|changes|history)(?:[-_.]|$)");

// What an entry of a record has: a date, a hash, a transaction. A text that only tells how to deploy has none.
pattern!(
    ENTRY,
    r"(?im)\b20[0-9]{2}-[01][0-9]-[0-3][0-9]\b|\bsha256:|\b(?:0x)?[0-9a-f]{40,}\b|^[ \t|*-]*(?:date|tx|transaction|compose[ _-]?hash|digest|commit)[*` \t]*[:|]"
);

/// One record.
pub(crate) struct Record<'a> {
    pub(crate) file: &'a SourceFile,
    /// Image digests that it names, hex.
    pub(crate) digests: BTreeSet<String>,
    /// Other SHA-256 values: compose hashes among them.
    pub(crate) hashes: BTreeSet<String>,
}

/// Whether a file is a deployment record by its name or folder.
fn is_record(file: &SourceFile) -> bool {
    let textual = matches!(file.kind, FileKind::Document | FileKind::Json);
    let folder = file.path.split('/').rev().skip(1).any(|part| {
        matches!(
            part.to_ascii_lowercase().as_str(),
            "evidence" | "evidences" | "deployments" | "attestations"
        )
    });
    textual && (folder || NAME.is_match(file.name()) && ENTRY.is_match(&file.text))
}

/// The records of a tree.
pub(crate) fn find<'a>(source: &'a Source<'_>) -> Vec<Record<'a>> {
    source
        .files
        .iter()
        .filter(|file| is_record(file))
        .map(|file| {
            let digests: BTreeSet<String> = DIGEST
                .captures_iter(&file.text)
                .filter_map(|groups| groups.get(1).map(|hex| hex.as_str().to_owned()))
                .collect();
            let hashes = HEX64
                .captures_iter(&file.text)
                .filter_map(|groups| groups.get(1).map(|hex| hex.as_str().to_owned()))
                .filter(|hex| !digests.contains(hex))
                .collect();
            Record { file, digests, hashes }
        })
        .collect()
}

/// Digests that are listed at most.
const RECORDED: usize = 100;

/// A digest that a repository's records or notes of releases name. Its authors wrote it; nothing holds a machine to it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Recorded {
    /// `sha256:` and 64 digits.
    pub digest: String,
    /// The file and the line.
    pub place: String,
    /// The line, or the piece of a long one.
    #[serde(skip)]
    line: String,
    #[serde(skip)]
    is_record: bool,
}

/// Reads the records of a tree, and notes of releases: every image digest with its place.
#[must_use]
pub fn recorded(tree: &dyn SourceTree, budget: &Budget) -> Vec<Recorded> {
    claims(&Source::load(tree, budget))
}

pub(crate) fn claims(source: &Source<'_>) -> Vec<Recorded> {
    let mut out = Vec::new();
    for file in &source.files {
        let is_record = is_record(file);
        if !(is_record || file.kind == FileKind::Document && RELEASE.is_match(file.name())) {
            continue;
        }
        for found in DIGEST.find_iter(&file.text) {
            if out.len() == RECORDED {
                return out;
            }
            let line = file.place(found.start()).line.unwrap_or_default();
            out.push(Recorded {
                digest: found.as_str().to_owned(),
                place: format!("{}:{line}", file.path),
                line: file.line_at(found.start()).to_owned(),
                is_record,
            });
        }
    }
    out
}

/// Those that are claimed for an image: of the lines that name its repository; where none does, or its name is not known,
/// all of the records.
#[must_use]
pub fn claimed_for<'r>(recorded: &'r [Recorded], repository: Option<&str>) -> Vec<&'r Recorded> {
    let name =
        repository.and_then(|repository| repository.rsplit('/').next()).filter(|name| !name.is_empty());
    let names = |one: &&Recorded| name.is_some_and(|name| has_name(&one.line, name));
    let named: Vec<&Recorded> = recorded.iter().filter(names).collect();
    match named.is_empty() {
        true => recorded.iter().filter(|one| one.is_record).collect(),
        false => named,
    }
}

/// Whether a line has a name as a whole word: `app` stands in `org/app@sha256:` and not in `mapper`.
fn has_name(line: &str, name: &str) -> bool {
    let joins = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_');
    line.match_indices(name).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at.saturating_add(name.len())..).and_then(|text| text.chars().next());
        !before.is_some_and(joins) && !after.is_some_and(joins)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use veritee_source::MemoryTree;

    #[test]
    fn digests_of_records_and_releases_are_claims_and_those_on_lines_of_the_image_go_first() {
        let (one, other) = (format!("sha256:{}", "a1".repeat(32)), format!("sha256:{}", "b2".repeat(32)));
        let files = [
            ("DEPLOYMENTS.md", format!("# log\n2026-01-02 org/app@{one}\n2026-01-02 org/mapper@{other}\n")),
            ("CHANGELOG.md", format!("image {other}\n")),
            ("README.md", format!("image {}\n", one.replace("a1", "c3"))),
        ];
        let files = files.into_iter().map(|(path, text)| (path.to_owned(), text.into_bytes()));
        let tree = MemoryTree::new(files.collect::<Vec<_>>());
        let found = recorded(&tree, &Budget::STANDARD);
        let places: Vec<&str> = found.iter().map(|one| one.place.as_str()).collect();
        assert_eq!(places, ["CHANGELOG.md:1", "DEPLOYMENTS.md:2", "DEPLOYMENTS.md:3"]);
        let of = |name| claimed_for(&found, name).iter().map(|one| one.place.as_str()).collect::<Vec<_>>();
        assert_eq!(of(Some("registry.example/org/app")), ["DEPLOYMENTS.md:2"]);
        assert_eq!(of(None), ["DEPLOYMENTS.md:2", "DEPLOYMENTS.md:3"]);
        assert_eq!(of(Some("org/nothing")), ["DEPLOYMENTS.md:2", "DEPLOYMENTS.md:3"]);
    }
}
