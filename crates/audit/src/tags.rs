//! Commits that an image tag seems to name. Only candidates: a tag can be moved, and hex digits prove nothing.
//!
//! Source: audit reference, section 4.1.

use crate::pattern::pattern;

pattern!(BARE, r"^[0-9a-f]{7,40}$", hex 7);
pattern!(PREFIXED, r"^(?:sha|commit|git|g)[-_]?([0-9a-f]{7,40})$", ["g", "sha", "commit"]);
pattern!(DESCRIBED, r"^v?[0-9]+(?:\.[0-9]+){1,3}(?:[-_.][A-Za-z0-9]+)*?[-_.]g?([0-9a-f]{7,40})$", hex 7);
pattern!(LONG_AND_SHORT, r"([0-9a-f]{40})[-_][0-9a-f]{7}$", hex 40);
pattern!(BRANCH, r"^(?:main|master|release)[-_]([0-9a-f]{7,40})$", ["main", "master", "release"]);

/// The commit that a tag seems to name; `None` for dates, decimal numbers, versions, and a digest's own prefix.
///
/// `digest` is the hex part of the image's digest, where it has one.
#[must_use]
pub fn commit_candidate(tag: &str, digest: Option<&str>) -> Option<String> {
    // All forms end in seven digits of a hash: most tags are done with here.
    let ends = tag.len().checked_sub(7).and_then(|start| tag.as_bytes().get(start..));
    if !ends.is_some_and(|end| end.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))) {
        return None;
    }
    let found = if BARE.is_match(tag) {
        tag
    } else {
        [&PREFIXED, &LONG_AND_SHORT, &BRANCH, &DESCRIBED]
            .iter()
            .find_map(|pattern| pattern.captures(tag).and_then(|groups| groups.get(1)))?
            .as_str()
    };
    let decimal = found.bytes().all(|byte| byte.is_ascii_digit());
    if decimal && (found.len() < 12 || is_date(found)) {
        return None;
    }
    if digest.is_some_and(|digest| found.len() >= 7 && digest.starts_with(found)) {
        return None;
    }
    Some(found.to_owned())
}

fn is_date(text: &str) -> bool {
    let number = |range| text.get(range).and_then(|part: &str| part.parse::<u32>().ok());
    match (number(0..4), number(4..6), number(6..8)) {
        (Some(year), Some(month), Some(day)) => {
            (1990..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
        }
        _ => false,
    }
}

/// Tags that are meant to move.
const MOVING: &[&str] = &[
    "latest",
    "edge",
    "main",
    "master",
    "nightly",
    "stable",
    "dev",
    "develop",
    "staging",
    "prod",
    "production",
    "lts",
    "rolling",
    "beta",
    "alpha",
    "canary",
    "next",
    "release",
    "current",
    "trunk",
    "head",
    "snapshot",
];

/// Those of them that say it as a part of a tag as well.
const MOVING_WORDS: &[&str] = &["latest", "nightly", "rolling", "edge", "canary", "snapshot"];

/// Whether a tag is one that is meant to move.
#[must_use]
pub fn is_moving(tag: &str) -> bool {
    let tag = tag.to_ascii_lowercase();
    // `ingress-latest`: words that mean nothing else, wherever they stand. A date behind them holds the tag fast.
    let dated = tag
        .split(['-', '.', '_'])
        .any(|word| word.len() >= 6 && word.bytes().all(|byte| byte.is_ascii_digit()));
    let word = tag.split(['-', '.', '_']).any(|word| MOVING_WORDS.contains(&word));
    MOVING.contains(&tag.as_str()) || word && !dated && commit_candidate(&tag, None).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_name_a_commit_yield_it() {
        let long = "85f8e4e3a8a2e4cde3bd2f5bd2bd9f87a2d4c1ab";
        for (tag, commit) in [
            ("126d663", "126d663"),
            ("dc0fc12", "dc0fc12"),
            ("sha-126d663", "126d663"),
            ("v1.1.0-58ad3f2", "58ad3f2"),
            ("v1.2.0-12-gabc1234", "abc1234"),
            ("main-126d663", "126d663"),
        ] {
            assert_eq!(commit_candidate(tag, None).as_deref(), Some(commit), "{tag}");
        }
        assert_eq!(commit_candidate(&format!("x-{long}-85f8e4e"), None).as_deref(), Some(long));
    }

    #[test]
    fn dates_versions_and_decimals_are_no_commits() {
        for tag in [
            "20250929",
            "20251231-namecheap-fix",
            "1.2.3",
            "v0.0.14",
            "2.2",
            "1234567",
            "latest",
            "3.12-slim",
        ] {
            assert_eq!(commit_candidate(tag, None), None, "{tag}");
        }
    }

    #[test]
    fn a_tag_that_repeats_the_digest_names_no_commit() {
        assert_eq!(commit_candidate("5e3451633a1a", Some("5e3451633a1a428f")), None);
    }
}
