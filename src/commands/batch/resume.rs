//! Answers of an earlier run that are taken over.
//!
//! An answer holds for the same entry under the same rules: policy, time, root, engines, collateral, and everything that
//! the input says of revocations. Each line of output carries the digest of its entry and a name for all of these.
//!
//! What a line says beside that is believed: nothing signs it, and whoever can write the file can write another verdict into
//! it. A line that contradicts itself is judged anew, and the caller is told that the others were taken over as they stand.

use crate::commands::verify::Rules;
use crate::failure::Failure;
use crate::input::shown;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use veritee_model::{Class, Reason, Sha256Digest, VerdictOutcome};
use veritee_verify::Grounds;

/// A name for everything that an answer depends on beside its entry.
pub(super) fn run_name(rules: &Rules, grounds: &Grounds, learnt: &[Sha256Digest]) -> String {
    let engines = format!("{:?} {:?}", rules.engine, rules.fail_on);
    let version = env!("CARGO_PKG_VERSION");
    veritee_offline::entry::run_name(version, rules.loaded.sha256, rules.as_of, &engines, grounds, learnt)
}

fn is_json(line: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
}

/// A line that batch writes about what it could not judge, or a correction: no answer to take over, and no foreign line.
fn is_of_batch(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Named {
        input: String,
        #[serde(flatten)]
        rest: serde_json::Map<String, serde_json::Value>,
    }
    serde_json::from_slice::<Named>(line).is_ok_and(|line| {
        !line.input.is_empty() && ["error", "outcome"].iter().any(|key| line.rest.contains_key(*key))
    })
}

/// A line of an earlier run, exactly.
#[derive(Clone)]
pub(crate) struct Known {
    pub(super) outcome: VerdictOutcome,
    pub(super) reason: Option<String>,
    raw: Box<serde_json::value::RawValue>,
}

impl Serialize for Known {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw.serialize(serializer)
    }
}

/// Lines by the name and digest of their entries.
pub(super) struct Resumed(HashMap<(String, Sha256Digest), Known>);

#[derive(Deserialize)]
struct Head {
    input: String,
    sha256: Sha256Digest,
    run: String,
    outcome: VerdictOutcome,
    exit_code: u8,
    #[serde(default)]
    reasons: Vec<String>,
}

impl Head {
    /// Exit code and reasons are those of the outcome: else somebody has changed one of them.
    fn follows(&self) -> bool {
        let gravest = self.reasons.first();
        let class =
            |code: &String| Reason::ALL.iter().find(|reason| reason.code() == code).map(|it| it.class());
        let by_reasons = match self.outcome {
            VerdictOutcome::Verified => gravest.is_none(),
            VerdictOutcome::NotGenuine => gravest.and_then(class) == Some(Class::NotGenuine),
            VerdictOutcome::Refused => gravest.and_then(class) == Some(Class::Refused),
            _ => gravest.and_then(class) != Some(Class::NotGenuine),
        };
        by_reasons && self.outcome.exit_code().code() == self.exit_code
    }
}

impl Resumed {
    /// Lines that name no entry, or that were cut off in the middle, are judged again.
    pub(super) fn read(path: &Path, run: &str) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::unobtainable(format!("{}: {error}", shown(path)));
        let file = crate::input::open(path).map_err(failed)?;
        let mut lines = BufReader::new(super::inflate::inflated(file).map_err(failed)?);
        let (mut known, mut others, mut foreign) = (HashMap::new(), 0_usize, 0_usize);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).map_err(failed)? > 0 {
            if let Ok(head) = serde_json::from_slice::<Head>(&line)
                && let Ok(raw) = serde_json::from_slice::<Box<serde_json::value::RawValue>>(&line)
            {
                if head.run == run && head.follows() {
                    let reason = head.reasons.into_iter().next();
                    known.insert((head.input, head.sha256), Known { outcome: head.outcome, reason, raw });
                } else {
                    others += 1;
                }
            } else if (line.ends_with(b"\n") || is_json(&line)) && !is_of_batch(&line) {
                foreign += 1;
            }
            line.clear();
        }
        if known.is_empty() && others > 0 {
            return Err(Failure::usage(format!(
                "{}: was made under other rules: another policy, time, root or collateral",
                shown(path)
            ))
            .help("give the same options, --as-of among them, or judge everything anew"));
        }
        if known.is_empty() && foreign > 0 {
            return Err(Failure::usage(format!("{}: no line of it is an answer of batch", shown(path)))
                .help("--resume takes the output of an earlier run, not its input"));
        }
        Ok(Self(known))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn line(&self, input: &str, sha256: &Sha256Digest) -> Option<Known> {
        self.0.get(&(input.to_owned(), *sha256)).cloned()
    }
}
