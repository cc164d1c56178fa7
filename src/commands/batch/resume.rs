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
use serde_json::value::RawValue;
use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use veritee_model::{Class, Reason, Sha256Digest, UnixTime, VerdictOutcome};
use veritee_offline::entry;
use veritee_verify::Grounds;

/// A name for everything that an answer depends on beside its entry.
pub(super) fn run_name(rules: &Rules, grounds: &Grounds, learnt: &[Sha256Digest]) -> String {
    let engines = format!("{:?} {:?}", rules.engine, rules.fail_on);
    let version = env!("CARGO_PKG_VERSION");
    entry::run_name(version, rules.loaded.sha256, rules.as_of, &engines, grounds, learnt)
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
    raw: Box<RawValue>,
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
    #[serde(default)]
    as_of: Option<UnixTime>,
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

/// The output of an earlier run, whatever its rules were.
pub(super) struct Earlier {
    path: PathBuf,
    answers: Vec<(Head, Box<RawValue>)>,
    /// Lines that are none of batch's.
    foreign: usize,
}

impl Earlier {
    /// How old answers may be whose time is taken over unasked: a break is hours long. Who resumes every day what was judged
    /// the day before would otherwise judge as of the first day for ever.
    const LONGEST_BREAK: u64 = 24 * 60 * 60;

    /// Lines that name no entry, or that were cut off in the middle, are judged again.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::unobtainable(format!("{}: {error}", shown(path)));
        let file = crate::input::open(path).map_err(failed)?;
        let mut lines = BufReader::new(super::inflate::inflated(file).map_err(failed)?);
        let mut earlier = Self { path: path.to_owned(), answers: Vec::new(), foreign: 0 };
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).map_err(failed)? > 0 {
            if let Ok(head) = serde_json::from_slice::<Head>(&line)
                && let Ok(raw) = serde_json::from_slice::<Box<RawValue>>(&line)
            {
                earlier.answers.push((head, raw));
            } else if (line.ends_with(b"\n") || is_json(&line)) && !is_of_batch(&line) {
                earlier.foreign += 1;
            }
            line.clear();
        }
        Ok(earlier)
    }

    /// The time that the run is to be judged at, where neither the command line nor the policy says one: that of the run
    /// which is resumed. Nothing where it has no answers.
    pub(super) fn time(&self, now: UnixTime) -> Result<Option<UnixTime>, Failure> {
        let path = shown(&self.path);
        let times: BTreeSet<UnixTime> = self.answers.iter().filter_map(|(head, _)| head.as_of).collect();
        let mut times = times.into_iter();
        let (Some(first), more) = (times.next(), times.next_back()) else { return Ok(None) };
        let refused = |words: String| {
            let words = format!("{path}: was made under other rules: {words}");
            let help = format!("add `--as-of {first}` to take its answers up, or judge everything anew");
            Err(Failure::usage(words).help(help))
        };
        let age = now.seconds().saturating_sub(first.seconds());
        match more {
            Some(last) => refused(format!("its answers are of several times, {first} to {last}")),
            None if first > now => refused(format!("the time, {first}, which is still to come")),
            None if age > Self::LONGEST_BREAK => {
                refused(format!("the time, {first}, {} hours ago", age / (60 * 60)))
            }
            None => Ok(Some(first)),
        }
    }

    /// What of it was answered under the rules of this name.
    pub(super) fn under(self, run: &str) -> Result<Resumed, Failure> {
        let Self { path, answers, foreign } = self;
        let (mut known, mut other) = (HashMap::new(), None);
        for (head, raw) in answers {
            if head.run == run && head.follows() {
                let reason = head.reasons.into_iter().next();
                known.insert((head.input, head.sha256), Known { outcome: head.outcome, reason, raw });
            } else {
                other = Some(head);
            }
        }
        let is_empty = known.is_empty();
        match other {
            Some(other) if is_empty => Err(other.refused(&path, run)),
            None if is_empty && foreign > 0 => {
                Err(Failure::usage(format!("{}: no line of it is an answer of batch", shown(&path)))
                    .help("--resume takes the output of an earlier run, not its input"))
            }
            _ => Ok(Resumed(known)),
        }
    }
}

impl Head {
    /// Why this answer is not one of this run: which rules differ, and what would make them the same.
    fn refused(&self, path: &Path, run: &str) -> Failure {
        let path = shown(path);
        let Some(parts) = entry::run_differs(&self.run, run) else {
            let words = "was made under other rules: another version of the program";
            return Failure::usage(format!("{path}: {words}")).help("judge everything anew");
        };
        if parts.is_empty() {
            return Failure::usage(format!(
                "{path}: its answers contradict themselves, somebody has changed them"
            ))
            .help("judge everything anew");
        }
        let help = match self.as_of {
            Some(time) if entry::is_time(&parts) => {
                format!("give the same options, `--as-of {time}` among them, or judge everything anew")
            }
            _ if entry::is_input_alone(&parts) => {
                "the options are the same, but entries that carry collateral came, went or changed: what it revokes holds \
                 for every entry. Judge everything anew, or what is new by itself"
                    .to_owned()
            }
            _ => "give the same options, or judge everything anew".to_owned(),
        };
        Failure::usage(format!("{path}: was made under other rules: not the same is {}", parts.join(", ")))
            .help(help)
    }
}

impl Resumed {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn line(&self, input: &str, sha256: &Sha256Digest) -> Option<Known> {
        self.0.get(&(input.to_owned(), *sha256)).cloned()
    }
}
