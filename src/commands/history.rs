//! `veritee history`: what the chain proves about an application, now and at a block.

mod local;
mod words;

use super::chain::{self, Claimed};
use crate::cli::network::{History as Options, Moment};
use crate::cli::{Format, Global};
use crate::failure::Failure;
use crate::input::{self, shown};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use veritee_acquire::chain::{ChainAsk, block_at};
use veritee_audit::chain::deployments::{Difference, compare};
use veritee_chain::contract::NotRecognised;
use veritee_chain::event::{Event, Set};
use veritee_chain::history::{AtBlock, Candidate, Could};
use veritee_chain::rpc::{ChainReads, Endpoint};
use veritee_chain::survey::{Findings, Subject, findings};
use veritee_chain::{Address, B256, wire};
use veritee_model::text::inert;
use veritee_model::{Budget, ExitCode, Item, Sha256Digest};

/// Everything that is told.
struct Told {
    reads: ChainReads,
    found: Findings,
    /// The caller means to rely on a block of the chain that it settles on.
    l1_given: bool,
    /// The caller named the registry that was read, now and not only in the document.
    registry_given: bool,
    /// The question about a block.
    at: Option<Asked>,
    composes: BTreeMap<B256, Known>,
    differences: Option<Vec<Difference>>,
}

/// What could run at a block.
struct Asked {
    margin: u64,
    state: AtBlock,
    /// Each compose hash that was ever allowed, on an up-to-date machine of an allowed device.
    could: Vec<(B256, Could)>,
}

/// A compose whose hash somebody knows.
struct Known {
    /// Its file.
    name: String,
    /// The verdict of a saved report.
    judged: Option<String>,
}

pub(crate) fn run(options: &Options, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Json, Format::Jsonl], "history")?;
    if let Some(database) = &options.local {
        return local::run(database, options, global);
    }
    if let Some(path) = &options.save {
        crate::output::Place::look(path)?;
    }
    let bytes = if options.chain.rpc.is_empty() { kept(options)? } else { asked(options, global)? };
    let budget = &Budget::STANDARD;
    let mut reads =
        ChainReads::read(&bytes, budget).map_err(|error| Failure::unobtainable(error.to_string()))?;
    // Only who asks now knows which block was meant.
    let given = |block: Option<crate::cli::network::BlockHash>| block.map(|block| block.0.into());
    reads.given(given(options.chain.block), given(options.chain.l1_block));
    let found = findings(&reads, budget);
    let told = Told {
        l1_given: options.chain.l1_block.is_some(),
        registry_given: options.chain.registry.is_some_and(|named| {
            let address = Address::from(named.address);
            (named.chain_id, Some(address)) == (reads.subject.chain_id, reads.subject.registry)
        }),
        at: at(options, &found)?,
        composes: known(&options.compose)?,
        differences: differences(options, &found)?,
        reads,
        found,
    };
    let text = match global.format {
        Format::Json => veritee_model::text::inert_json(&format!("{:#}\n", words::document(&told))),
        Format::Jsonl => veritee_model::text::inert_json(&format!("{}\n", words::document(&told))),
        _ => words::people(&told),
    };
    crate::output::data(&text, global)?;
    Ok(exit(&told))
}

/// 3 where nothing was read, 11 where something contradicts, 13 where too little is shown.
fn exit(told: &Told) -> ExitCode {
    let found = &told.found;
    let refused = |kind| {
        use veritee_chain::survey::FaultKind;
        !matches!(kind, FaultKind::Error | FaultKind::Budget)
    };
    let absent = matches!(found.survey.app, Some(Err(NotRecognised::Absent | NotRecognised::NoCode)));
    if !found.disagreements.is_empty() || found.faults.iter().any(|(_, fault)| refused(fault.kind)) || absent
    {
        return ExitCode::Refused;
    }
    if found.agreeing == 0 {
        return ExitCode::Unobtainable;
    }
    let complete = found.survey.app.as_ref().is_some_and(|app| app.as_ref().is_ok_and(|app| app.complete));
    let shown = |could: &Could| *could != Could::NotShown;
    let answered = told.at.as_ref().is_none_or(|at| at.could.iter().all(|(_, could)| shown(could)));
    let known = found.anchor.is_known() && (!told.l1_given || found.anchor.is_by_hash());
    if known && complete && answered { ExitCode::Verified } else { ExitCode::Incomplete }
}

/// The schema that a document names.
#[derive(serde::Deserialize)]
struct Named {
    schema: String,
}

/// Looks at the schema alone: the rest is read once, by its own reader.
fn is_reads(bytes: &[u8]) -> bool {
    serde_json::from_slice::<Named>(bytes).is_ok_and(|named| named.schema == veritee_chain::rpc::SCHEMA)
}

/// A document that was saved, or the one inside evidence.
fn kept(options: &Options) -> Result<Vec<u8>, Failure> {
    if app_id(&options.subject).is_some() {
        return Err(Failure::usage("an app id alone says nothing of the chain")
            .help("name endpoints with --rpc URL, or give a document that `veritee history --save` wrote"));
    }
    let path = Path::new(&options.subject);
    let source = input::read_text(path)?;
    if is_reads(&source.bytes) {
        return Ok(source.bytes);
    }
    let readout = veritee_evidence::read(&source.name, &source.bytes, &Budget::STANDARD)
        .map_err(|error| super::gather::unreadable(path, &error))?;
    let evidence = readout.select(None).map_err(|error| super::gather::unreadable(path, &error))?;
    let claimed = Claimed::by(&evidence).app;
    let chain = evidence.chain.ok_or_else(|| {
        Failure::unobtainable(format!("{}: the evidence has no chain reads", shown(path)))
            .help("add --rpc URL to read the chain for its application")
    })?;
    // Whoever asks about evidence asks about its application, not about one whose contract is in better order.
    let reads = ChainReads::read(&chain.bytes, &Budget::STANDARD).ok();
    if let (Some(app), Some(reads)) = (claimed, reads)
        && app != reads.subject.app
    {
        let (path, read) = (shown(path), reads.subject.app);
        let words = format!("{path}: says app id {app}, and its chain reads are about {read}");
        return Err(Failure::unobtainable(words)
            .help("add --rpc URL to read the chain for its application, or give the chain reads as a file"));
    }
    Ok(chain.bytes)
}

/// Asks the endpoints, and keeps the answers where the caller wants them.
fn asked(options: &Options, global: &Global) -> Result<Vec<u8>, Failure> {
    let kept = broken_off(options)?;
    let known = app_id(&options.subject).or_else(|| kept.as_ref().map(|kept| kept.subject.app));
    let (claimed, app) = match known {
        Some(app) => (Claimed::default(), app),
        None => {
            let path = Path::new(&options.subject);
            let claimed = Claimed::by(&super::gather::single(path, None, global)?);
            let app = claimed.app.ok_or_else(|| {
                Failure::unobtainable(format!("{}: says no app id to read the chain for", shown(path)))
            })?;
            (claimed, app)
        }
    };
    let mut subject = chain::subject(&claimed, app, &options.chain);
    let mut before = Vec::new();
    if let Some(kept) = kept {
        (subject, before) = goes_on(kept, subject, options)?;
    }
    if subject.registry.is_none() {
        let words = "note: no registry is known: only the application's own contract is read (--registry CHAINID:ADDRESS names one)";
        crate::output::note(global, words);
    }
    let now = input::now()?;
    let client =
        crate::network::reach(options.reach.tls_roots.as_deref(), options.reach.allow_local, global)?;
    let item: Item = crate::network::block_on(async {
        let l1 = chain::l1(&options.chain);
        let mut ask = ChainAsk { subject, first_block: true, observe: BTreeSet::new(), l1, kept: before };
        match options.at {
            Some(Moment::Block(block)) => drop(ask.observe.insert(block)),
            Some(Moment::Time(time)) => {
                let endpoints = chain::endpoints(&options.chain, None);
                let first = endpoints.first().ok_or_else(|| Failure::usage("--rpc names no endpoint"))?;
                let block = block_at(&client, first, time.seconds())
                    .await
                    .map_err(|error| Failure::unobtainable(error.to_string()))?;
                ask.observe.insert(block);
            }
            None => {}
        }
        let read = chain::read(&client, ask, &options.chain, global).await?;
        if let (false, Some(path)) = (read.notes.is_empty(), &options.save) {
            let path = shown(path);
            let words = format!(
                "note: `veritee history {path} --rpc URL` goes on where an endpoint broke off, at the same block"
            );
            crate::output::note(global, &words);
        }
        chain::item(&read, now)
    })?;
    if let Some(path) = &options.save {
        crate::output::write_whole(path, &item.bytes)?;
    }
    Ok(item.bytes)
}

/// The document of an earlier read, where the subject is one: endpoints are asked for what it lacks.
fn broken_off(options: &Options) -> Result<Option<ChainReads>, Failure> {
    // Standard input can be read once; what else is no text is evidence in some other form.
    if options.subject == "-" || app_id(&options.subject).is_some() {
        return Ok(None);
    }
    let source = input::read_text(Path::new(&options.subject)).ok();
    let Some(source) = source.filter(|source| is_reads(&source.bytes)) else { return Ok(None) };
    let reads = ChainReads::read(&source.bytes, &Budget::STANDARD);
    reads.map(Some).map_err(|error| Failure::unobtainable(error.to_string()))
}

/// What the earlier read looked for, with the caller's word for the block, and what was answered.
fn goes_on(kept: ChainReads, asked: Subject, options: &Options) -> Result<(Subject, Vec<Endpoint>), Failure> {
    if options.chain.registry.is_some() && asked.registry != kept.subject.registry {
        return Err(Failure::usage("the earlier read was of another registry")
            .help("name the application instead of the file to read it anew"));
    }
    let from_block = options.chain.from_block.unwrap_or(kept.subject.from_block);
    Ok((Subject { given_hash: asked.given_hash, from_block, ..kept.subject }, kept.endpoints))
}

fn app_id(text: &str) -> Option<Address> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    wire::address("app id", &format!("0x{digits}")).ok()
}

fn at(options: &Options, found: &Findings) -> Result<Option<Asked>, Failure> {
    let Some(history) = found.survey.history.as_ref() else { return Ok(None) };
    let block = match options.at {
        None => return Ok(None),
        Some(Moment::Block(block)) => block,
        Some(Moment::Time(time)) => {
            // The block was asked for when the chain was read: it is the last one observed at or before the time.
            let mut before =
                found.survey.observed.values().filter(|header| header.timestamp() <= time.seconds());
            let found = before.next_back().ok_or_else(|| {
                Failure::unobtainable("the chain reads hold no block before this time")
                    .help("give a block number, or read the chain anew with --rpc")
            })?;
            found.number()
        }
    };
    let last = found.survey.header.as_ref().map_or(0, veritee_chain::header::Header::number);
    if block > last {
        return Err(Failure::usage(format!(
            "block {block} is after block {last}, at which the chain was read"
        )));
    }
    let state = history.at(block);
    let mut ever = BTreeSet::new();
    for entry in history.timeline().entries() {
        if let Event::Member { set: Set::ComposeHashes, member, allowed: true } = &entry.event {
            ever.insert(*member);
        }
    }
    let device = state.sum.allowed(Set::Devices).next().copied();
    let candidate = |hash: &B256| Candidate { compose_hash: *hash, device, tcb_up_to_date: Some(true) };
    let candidates: Vec<Candidate> = ever.iter().map(candidate).collect();
    let answers = history.could_each_run(&candidates, block, options.margin);
    Ok(Some(Asked { margin: options.margin, could: ever.into_iter().zip(answers).collect(), state }))
}

/// Composes by their hashes: of a saved report the one that it judged, of every other file its own.
fn known(paths: &[PathBuf]) -> Result<BTreeMap<B256, Known>, Failure> {
    let mut known = BTreeMap::new();
    for path in paths {
        for source in input::read_all(path, |_| ())? {
            let source = source?;
            let name = inert(&source.name);
            match veritee_report::parse(&source.bytes) {
                Ok(report) => {
                    let Some(identity) = &report.identity else { continue };
                    let judged = Some(report.verdict.outcome.headline().to_owned());
                    known.insert(B256::from_slice(identity.compose_hash.as_bytes()), Known { name, judged });
                }
                Err(_) => {
                    let hash = B256::from_slice(Sha256Digest::of(&source.bytes).as_bytes());
                    known.entry(hash).or_insert(Known { name, judged: None });
                }
            }
        }
    }
    Ok(known)
}

fn differences(options: &Options, found: &Findings) -> Result<Option<Vec<Difference>>, Failure> {
    let Some(path) = &options.deployments else { return Ok(None) };
    let source = input::read_text(path)?;
    let Some(history) = &found.survey.history else { return Ok(None) };
    Ok(Some(compare(&String::from_utf8_lossy(&source.bytes), &veritee_verify::logged(history.timeline()))))
}
