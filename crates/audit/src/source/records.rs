//! Deployment records in a repository: what its authors say they deployed, and when.

use super::kind::FileKind;
use super::{Source, SourceFile};
use crate::pattern::pattern;
use std::collections::BTreeSet;

pattern!(DIGEST, r"sha256:([0-9a-f]{64})", ["sha256:"]);
pattern!(HEX64, r"\b(?:0x)?([0-9a-f]{64})\b", hex 64);
pattern!(
    NAME,
    r"(?i)^(?:deployments?|deployment[-_]?(?:log|history|records?)|release[-_]?log|transparency[-_]?log|deploy[-_]?info)",
    ["deploy", "release", "transparency"]
);

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
