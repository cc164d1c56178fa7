//! From arguments to evidence: one input, parts beside it, collateral from files and folders.

use crate::cli::{Global, Parts};
use crate::failure::Failure;
use crate::input::{self, Source, shown};
use crate::output;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use veritee_evidence::{Note, ReadError, Readout, parts};
use veritee_model::{Budget, Evidence, Reason};
use veritee_quote::{Collateral, Quote};

/// Reads the input and puts the parts given as files in place.
pub(crate) fn evidence(path: &Path, options: &Parts, global: &Global) -> Result<Evidence, Failure> {
    let mut evidence = single(path, options.select.as_deref(), global)?;
    let budget = &Budget::STANDARD;
    let mut notes = Vec::new();
    if let Some(path) = &options.app_compose {
        let source = input::read(path)?;
        notes
            .extend(taken(path, parts::add_app_compose(&mut evidence, &source.bytes, &source.name, budget))?);
    }
    if let Some(path) = &options.event_log {
        let source = input::read(path)?;
        notes.extend(taken(path, parts::add_event_log(&mut evidence, &source.bytes, &source.name, budget))?);
    }
    if let Some(path) = &options.vm_config {
        let source = input::read(path)?;
        notes.extend(taken(path, parts::add_vm_config(&mut evidence, &source.bytes, &source.name, budget))?);
    }
    if let Some(path) = &options.mr_config {
        let source = input::read(path)?;
        evidence.mr_config = Some(veritee_model::Item::new(source.bytes, source.name));
    }
    if let Some(path) = &options.certificate {
        let source = input::read(path)?;
        notes.extend(taken(
            path,
            parts::add_certificates(&mut evidence, &source.bytes, &source.name, budget),
        )?);
    }
    if let Some(folder) = &options.ingress {
        add_ingress(&mut evidence, folder)?;
    }
    if let Some(path) = &options.gpus {
        let source = input::read(path)?;
        evidence.gpus = Some(veritee_model::Item::new(source.bytes, source.name));
    }
    evidence.gpu_collateral.extend(gpu_collateral(&options.gpu_collateral)?);
    collateral(&mut evidence, &options.collateral)?;
    tell(&notes, global);
    Ok(evidence)
}

/// The evidence of the machine with this label, or of the only one.
pub(crate) fn single(path: &Path, label: Option<&str>, global: &Global) -> Result<Evidence, Failure> {
    chosen(path, read(path)?, label, global)
}

/// Every machine of the input, by its label.
pub(crate) fn every(path: &Path, global: &Global) -> Result<Vec<(String, Evidence)>, Failure> {
    let readout = read(path)?;
    tell(&readout.notes, global);
    Ok(readout.machines.into_iter().map(|machine| (machine.label, machine.evidence)).collect())
}

/// The same where the bytes are at hand: standard input and pipes can be read only once.
pub(crate) fn single_in(
    path: &Path,
    source: &Source,
    label: Option<&str>,
    global: &Global,
) -> Result<Evidence, Failure> {
    chosen(path, in_source(path, source)?, label, global)
}

fn chosen(path: &Path, readout: Readout, label: Option<&str>, global: &Global) -> Result<Evidence, Failure> {
    if global.verbose > 0 {
        output::note(global, &format!("{}: read as {}", shown(path), readout.format));
        tell(&readout.notes, global);
    }
    readout.select(label).map_err(|error| match error.reason() {
        Reason::EvidenceMachineNotChosen => Failure::unobtainable(format!("{}: {error}", shown(path)))
            .help("choose one with `--select LABEL`; `veritee verify --all` judges every machine"),
        _ => unreadable(path, &error),
    })
}

/// What a file, a folder of ingress evidences, or standard input holds.
pub(crate) fn read(path: &Path) -> Result<Readout, Failure> {
    let budget = &Budget::STANDARD;
    if path.is_dir() {
        let sources = input::read_folder(path)?.into_iter();
        let files: BTreeMap<String, Vec<u8>> = sources.map(|(name, source)| (name, source.bytes)).collect();
        return veritee_evidence::read_ingress(&input::last_component(path), &files, budget)
            .map_err(|error| unreadable(path, &error));
    }
    in_source(path, &input::read(path)?)
}

fn in_source(path: &Path, source: &Source) -> Result<Readout, Failure> {
    veritee_evidence::read(&source.name, &source.bytes, &Budget::STANDARD)
        .map_err(|error| unreadable(path, &error))
}

fn add_ingress(evidence: &mut Evidence, folder: &Path) -> Result<(), Failure> {
    let found = read(folder)?.select(None).map_err(|error| unreadable(folder, &error))?;
    evidence.ingress = found.ingress;
    evidence.quote = evidence.quote.take().or(found.quote);
    evidence.event_log = evidence.event_log.take().or(found.event_log);
    Ok(())
}

/// Adds collateral from files, and from folders what fits the quote's platform.
pub(crate) fn collateral(evidence: &mut Evidence, paths: &[PathBuf]) -> Result<(), Failure> {
    let quote = evidence.quote.as_ref().and_then(|item| Quote::parse(&item.bytes).ok());
    let wanted = |bytes: &[u8]| {
        quote.as_ref().is_none_or(|quote| Collateral::from_json(bytes).is_ok_and(|found| fits(quote, &found)))
    };
    for path in paths {
        let folder = path.is_dir();
        for Source { name, bytes } in input::read_all(path)? {
            let mut found = Evidence::default();
            match parts::add_collateral(&mut found, &bytes, &name, &Budget::STANDARD) {
                Ok(_) => {}
                // Other files may lie in a folder; a file that was named has to be collateral.
                Err(_) if folder => continue,
                Err(error) => return Err(unreadable(path, &error)),
            }
            found.collateral.retain(|item| !folder || wanted(&item.bytes));
            evidence.collateral.append(&mut found.collateral);
        }
    }
    Ok(())
}

/// What NVIDIA says of GPUs, as it stands in files and folders. What none of it is, is said where it is judged.
pub(crate) fn gpu_collateral(paths: &[PathBuf]) -> Result<Vec<veritee_model::Item>, Failure> {
    let mut items = Vec::new();
    for path in paths {
        let sources = input::read_all(path)?.into_iter();
        items.extend(sources.map(|source| veritee_model::Item::new(source.bytes, source.name)));
    }
    Ok(items)
}

/// Whether collateral is for the platform that the quote names. A choice, no check: the engine compares what is signed.
pub(crate) fn fits(quote: &Quote, collateral: &Collateral) -> bool {
    collateral.tee() == Some(quote.tee())
        && quote.pck_hint().is_none_or(|hint| {
            collateral.fmspc() == Some(hint.fmspc) && collateral.ca().is_none_or(|found| found == hint.ca)
        })
}

fn taken(path: &Path, note: Result<Option<Note>, ReadError>) -> Result<Option<Note>, Failure> {
    note.map_err(|error| unreadable(path, &error))
}

fn tell(notes: &[Note], global: &Global) {
    for note in notes {
        output::note(global, &format!("note: {note}"));
    }
}

pub(crate) fn unreadable(path: &Path, error: &ReadError) -> Failure {
    Failure::unobtainable(format!("{}: {error}", shown(path))).help(error.next_step())
}
