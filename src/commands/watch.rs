//! `veritee watch`: rounds of looks, each a record. Judges by `verify`, asks by `fetch`.

mod facts;
mod hook;
mod recorded;

use super::verify::Rules;
use super::{fetch, gather};
use crate::cli::network::{Fetch, StoreTime};
use crate::cli::{Engine, Format, Global, Keep, Watch};
use crate::failure::Failure;
use crate::input::{self, shown};
use crate::output::{self, Open, Place};
use core::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use veritee_model::text::{inert, shortened};
use veritee_model::{Evidence, ExitCode, UnixTime};
use veritee_verify::{ChainGiven, Expected};
use veritee_watch::{Change, Draft, Fact, Observation, Store, StoreError, Written};

/// Characters of a failure's words in a record.
const FAILURE: usize = 400;

pub(crate) fn run(options: &Watch, global: &Global) -> Result<ExitCode, Failure> {
    if let Some(recorded) = &options.command {
        return recorded::run(recorded, global);
    }
    super::only(global, &[Format::Human, Format::Jsonl], "watch")?;
    let path = options.database.as_deref().ok_or_else(|| Failure::usage("--database names no file"))?;
    let sources = sources(options)?;
    hook::check(options)?;
    let mut rules = Rules::load(&options.judge, Engine::Both)?;
    rules.chain = ChainGiven {
        registry: options.chain.registry.map(|registry| (registry.chain_id, registry.address)),
        block: options.chain.block.map(|block| block.0),
        l1_block: options.chain.l1_block.map(|block| block.0),
    };
    let mut watcher = Watcher {
        store: Store::open(path).map_err(|error| failed(path, &error))?,
        lines: Lines::open(global)?,
        rules,
        options,
        global,
    };
    let stop = crate::interrupt::claim();
    let mut gravest = ExitCode::Verified;
    loop {
        let began = Instant::now();
        for source in &sources {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            gravest = gravest.graver(watcher.look(source)?);
        }
        hook::tell(&mut watcher.store, path, options, global)?;
        if options.once || !waited(began, options.interval, stop) {
            break;
        }
    }
    watcher.lines.finish()?;
    Ok(gravest)
}

/// Where a look comes from.
enum Source {
    File(PathBuf),
    Asked(Box<Fetch>),
}

impl Source {
    /// The target's words in records.
    fn target(&self) -> String {
        match self {
            // As it was typed: evidence of two machines has the same name in two folders.
            Self::File(path) => {
                let path = path.strip_prefix(".").unwrap_or(path);
                path.to_str().map_or_else(
                    || path.as_os_str().as_encoded_bytes().escape_ascii().to_string(),
                    str::to_owned,
                )
            }
            Self::Asked(fetch) => fetch.target.clone().unwrap_or_default(),
        }
    }
}

/// Every source, once it is known to be one.
fn sources(options: &Watch) -> Result<Vec<Source>, Failure> {
    if options.judge.offline && !options.targets.is_empty() {
        return Err(Failure::usage("--offline asks nobody, and a target has to be asked")
            .help("look at evidence with --evidence FILE"));
    }
    let mut sources: Vec<Source> = options.evidence.iter().cloned().map(Source::File).collect();
    for target in &options.targets {
        let fetch = asked(target, options);
        fetch::watchable(&fetch)?;
        sources.push(Source::Asked(Box::new(fetch)));
    }
    let mut names: Vec<String> = sources.iter().map(Source::target).collect();
    names.sort();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Failure::usage(format!(
            "two targets are called {}: their records would be compared",
            inert(&pair[0])
        ))
        .help("name each target once")),
        None => Ok(sources),
    }
}

/// A target as `veritee fetch` would be asked for it. The gateway is an application of its own: whoever depends on it
/// watches it by its address.
fn asked(target: &str, options: &Watch) -> Fetch {
    let names_place = target.contains(['@', '.', ':', '/']);
    Fetch {
        target: Some(target.to_owned()),
        clusters: false,
        cluster: None,
        gateway: options.gateway.clone().filter(|_| !names_place),
        gateway_host: None,
        domain: None,
        nonce: None,
        nonce_in: None,
        replicas: options.replicas,
        resolver: None,
        cloud: "known".to_owned(),
        no_gateway: true,
        // Verification brings it, for the time of the verdict.
        no_collateral: true,
        // Nothing of a look rests on them.
        images: false,
        dry_run: false,
        chain: options.chain.clone(),
        at: StoreTime { as_of: options.judge.as_of, root: options.judge.root.clone() },
        network: options.network.clone(),
    }
}

/// A round at work.
struct Watcher<'a> {
    store: Store,
    lines: Lines,
    rules: Rules,
    options: &'a Watch,
    global: &'a Global,
}

impl Watcher<'_> {
    /// One look: in the database before its line is printed. What could not be had is a record too.
    fn look(&mut self, source: &Source) -> Result<ExitCode, Failure> {
        let now = input::now()?;
        let as_of = super::verify::as_of(self.options.judge.as_of, &self.rules.loaded.policy)?;
        let rules = self.rules.at(as_of);
        let mut draft = Draft::new(source.target(), now, env!("CARGO_PKG_VERSION"));
        draft.as_of = as_of;
        draft.policy = rules.loaded.sha256;
        facts::name(&mut draft, source.target().split('@').next().unwrap_or_default());
        let verdict = match self.judged(source, &rules, &mut draft) {
            Ok(verdict) => verdict,
            Err(failure) if failure.exit == ExitCode::Unobtainable => {
                draft = nothing(&draft, failure.message());
                ExitCode::Unobtainable
            }
            Err(failure) => return Err(failure),
        };
        draft.exit_code = verdict.code();
        let announce = self.options.webhook.is_some();
        let path = self.store.path().to_owned();
        let written = self.store.append(&[draft], announce).map_err(|error| failed(&path, &error))?;
        let mut exit = verdict;
        for written in &written {
            self.lines.line(written, self.global)?;
            let observation = &written.observation;
            if !observation.changes.is_empty() {
                exit = exit.graver(ExitCode::Changed);
            }
            // Something that was shown before is withheld: never a pass.
            if !observation.unshown.is_empty() {
                exit = exit.graver(ExitCode::Incomplete);
            }
        }
        Ok(exit)
    }

    /// Asks, judges, and puts down what was shown.
    fn judged(&self, source: &Source, rules: &Rules, draft: &mut Draft) -> Result<ExitCode, Failure> {
        let (machines, without) = match source {
            Source::File(path) => {
                let (machines, without) = gather::every(path, &self.global.silent())?;
                let unasked =
                    machines.into_iter().map(|(label, evidence)| (label, evidence, Expected::Nothing));
                (unasked.collect(), without)
            }
            Source::Asked(fetch) => (self.fetched(fetch)?, false),
        };
        draft.show(Fact::Reached, ["yes"]);
        // What stands among machines and is none has no verdict.
        let mut gravest = if without { ExitCode::Unobtainable } else { ExitCode::Verified };
        for (label, evidence, expected) in machines {
            let with = (&self.options.judge, &self.options.network);
            let (report, whole) = super::verify::watched(evidence, rules, &expected, with, self.global)?;
            gravest = gravest.graver(report.verdict.outcome.exit_code());
            let keep = self.options.keep == Some(Keep::Evidence);
            facts::machine(draft, label, &report, &whole, keep);
            if let Some(chain) = &whole.chain {
                let asked = whole.target.as_ref().filter(|_| matches!(source, Source::Asked(_)));
                let of = facts::applications(&report, asked.and_then(|target| target.app_id.as_deref()));
                facts::chain(draft, &chain.bytes, rules.chain, &of);
            }
        }
        Ok(gravest)
    }

    fn fetched(&self, fetch: &Fetch) -> Result<Vec<(String, Evidence, Expected)>, Failure> {
        let (acquired, nonce) = fetch::watched(fetch, self.global)?;
        let with_nonce = acquired.asked_with_nonce;
        let expected = |label: &String| match nonce {
            Some(nonce) if with_nonce.contains(label) => Expected::Nonce(nonce.to_vec()),
            _ => Expected::Nothing,
        };
        let machines = acquired.machines.into_iter();
        Ok(machines
            .map(|machine| (machine.label.clone(), machine.evidence, expected(&machine.label)))
            .collect())
    }
}

/// The record of a look that reached no verdict: nothing half seen stands in it.
fn nothing(draft: &Draft, why: &str) -> Draft {
    let mut empty = Draft::new(draft.target.clone(), draft.at, draft.tool.clone());
    empty.subjects.clone_from(&draft.subjects);
    empty.as_of = draft.as_of;
    empty.policy = draft.policy;
    // One line: what is made harmless here would be made so once more where it is printed.
    let why: Vec<&str> = why.lines().map(str::trim).collect();
    empty.failure = Some(inert(&shortened(&why.join("; "), FAILURE)));
    empty.show(Fact::Reached, ["no"]);
    empty
}

/// Waits for the next round; false when it was told to stop.
fn waited(began: Instant, interval: Duration, stop: &AtomicBool) -> bool {
    const STEP: Duration = Duration::from_millis(100);
    while !stop.load(Ordering::Relaxed) {
        let left = interval.saturating_sub(began.elapsed());
        if left.is_zero() {
            return true;
        }
        std::thread::sleep(left.min(STEP));
    }
    false
}

/// The database cannot be used: where, and what next.
pub(crate) fn failed(path: &Path, error: &StoreError) -> Failure {
    Failure::unobtainable(format!("{}: {error}", shown(path))).help(error.next_step())
}

/// Where lines go: standard output, or a file that appears when it is whole.
struct Lines(Option<Open>);

impl Lines {
    fn open(global: &Global) -> Result<Self, Failure> {
        match &global.output {
            None if global.quiet => Ok(Self(None)),
            None => Ok(Self(Some(Place::look(Path::new("-"))?.open()?))),
            Some(path) => Ok(Self(Some(Place::look(path)?.open()?))),
        }
    }

    /// Each at once: it acknowledges a record.
    fn line(&mut self, written: &Written, global: &Global) -> Result<(), Failure> {
        let Some(out) = &mut self.0 else { return Ok(()) };
        let mut line = match global.format {
            Format::Jsonl => written.bytes.clone(),
            _ => in_words(&written.observation).into_bytes(),
        };
        line.push(b'\n');
        out.write_all(&line)
            .and_then(|()| out.flush())
            .map_err(|error| Failure::internal(format!("output: {error}")))
    }

    fn finish(self) -> Result<(), Failure> {
        self.0.map_or(Ok(()), Open::finish)
    }
}

/// A record in a line, and one for each change.
fn in_words(record: &Observation) -> String {
    let mut text = format!("{}  record {}  {}  ", record.at, record.number, inert(&record.target));
    text.push_str(&verdict_in_words(record));
    for change in &record.changes {
        let _ = write!(text, "\n  CHANGED  {}", change_in_words(change));
    }
    for unshown in &record.unshown {
        let _ = write!(text, "\n  NOT SHOWN  {}: last in record {}", unshown.fact.name(), unshown.last);
    }
    text
}

/// What it came to.
pub(crate) fn verdict_in_words(record: &Observation) -> String {
    if let Some(why) = &record.failure {
        return format!("NO VERDICT (exit code {}): {}", record.exit_code, inert(why));
    }
    let outcomes: Vec<String> =
        record.facts.get(&Fact::Outcome).into_iter().flatten().map(|one| inert(one)).collect();
    let machines = record.machines.len();
    let mut text = format!("{} (exit code {}), {machines} machines", outcomes.join(", "), record.exit_code);
    // Findings of rules are many, and seldom what a verdict turns on.
    let of_rules = |reason: &&String| reason.starts_with("DP-");
    let reasons = record.facts.get(&Fact::Reasons).into_iter().flatten();
    let (rules, mut gravest): (Vec<&String>, Vec<&String>) = reasons.partition(of_rules);
    gravest.extend(rules);
    if !gravest.is_empty() {
        text.push_str(&format!(": {}", some(&gravest, "")));
    }
    text
}

/// A few of the values.
fn some(values: &[&String], none: &str) -> String {
    const MOST: usize = 3;
    let mut words: Vec<String> =
        values.iter().take(MOST).map(|value| inert(&shortened(value, 100))).collect();
    if values.len() > MOST {
        words.push(format!("and {} more", values.len() - MOST));
    }
    if words.is_empty() { none.to_owned() } else { words.join(", ") }
}

/// A change in a line.
pub(crate) fn change_in_words(change: &Change) -> String {
    let all =
        |values: &std::collections::BTreeSet<String>| some(&values.iter().collect::<Vec<_>>(), "nothing");
    let (removed, added) = (all(&change.removed), all(&change.added));
    format!("{}: {removed} -> {added} (since record {})", change.fact.name(), change.since)
}

/// How long ago, in words.
pub(crate) fn age(later: UnixTime, earlier: UnixTime) -> String {
    let seconds = later.since(earlier);
    match (seconds / 86_400, seconds % 86_400 / 3600, seconds % 3600 / 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// Says something to people beside the lines.
fn note(global: &Global, text: &str) {
    output::note(global, text);
}
