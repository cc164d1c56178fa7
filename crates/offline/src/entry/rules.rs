//! Names for everything that an answer depends on beside its entry.

use veritee_model::{Sha256Digest, UnixTime};
use veritee_verify::Grounds;

/// What answers depend on, in the order in which a run's name has them.
const PARTS: [&str; 7] = [
    "the version of the program",
    "the policy",
    "the time",
    "the root",
    "the engines or --fail-on",
    "the collateral that was given",
    "the collateral inside the input",
];

/// The place of the time among them.
const TIME: usize = 2;

/// A name for everything that an answer depends on beside its entry: `engines` in words, and digests of all that was
/// learnt. One part for each, joined by `-`.
#[must_use]
pub fn run_name(
    version: &str,
    policy_sha256: Option<Sha256Digest>,
    as_of: UnixTime,
    engines: &str,
    grounds: &Grounds,
    learnt: &[Sha256Digest],
) -> String {
    let items: Vec<String> =
        grounds.items().iter().map(|(item, origin)| format!("{} {origin}", item.sha256())).collect();
    let learnt: Vec<String> = learnt.iter().map(ToString::to_string).collect();
    let parts = [
        version.to_owned(),
        policy_sha256.map(|digest| digest.to_string()).unwrap_or_default(),
        as_of.to_string(),
        grounds.root().spki_sha256().to_string(),
        engines.to_owned(),
        items.join("\n"),
        learnt.join("\n"),
    ];
    let short =
        |part: &String| Sha256Digest::of(part.as_bytes()).to_string().chars().take(16).collect::<String>();
    parts.iter().map(short).collect::<Vec<_>>().join("-")
}

/// In which parts two runs differ, in words; nothing where one of them is no name of this form.
#[must_use]
pub fn run_differs(one: &str, other: &str) -> Option<Vec<&'static str>> {
    let (one, other): (Vec<&str>, Vec<&str>) = (one.split('-').collect(), other.split('-').collect());
    if one.len() != PARTS.len() || other.len() != PARTS.len() {
        return None;
    }
    let pairs = one.iter().zip(&other).zip(PARTS);
    Some(pairs.filter(|((one, other), _)| one != other).map(|(_, part)| part).collect())
}

/// Whether the time is among these parts.
#[must_use]
pub fn is_time(parts: &[&str]) -> bool {
    PARTS.get(TIME).is_some_and(|time| parts.contains(time))
}

/// Whether these are nothing but collateral that stands inside the input.
#[must_use]
pub fn is_input_alone(parts: &[&str]) -> bool {
    matches!(parts, [part] if PARTS.last() == Some(part))
}
