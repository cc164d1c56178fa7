//! From arguments to evidence: one input, parts beside it, collateral from files and folders.

use crate::cli::{Global, Parts};
use crate::failure::Failure;
use crate::input::{self, Source as File, shown};
use crate::output;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use veritee_evidence::{Note, ReadError, Readout, Slot, parts};
use veritee_model::evidence::{KmsKeys, RecordedBy};
use veritee_model::{Budget, Evidence, ExitCode, Reason};
use veritee_offline::collateral::{Collector, Found, Given, Incomplete};
use veritee_quote::{Origin, Source, TrustRoot};
use veritee_verify::Grounds;

/// The evidence of one machine of an input.
pub(crate) struct Selected {
    pub(crate) evidence: Evidence,
    /// The collateral of the other machines of the input, and of evidence that was given for another part of it. What its
    /// lists revoke holds for this machine too.
    pub(crate) beside: Evidence,
}

impl Selected {
    /// The machine that is chosen, with what is said beside it.
    pub(crate) fn of<E>(
        readout: Readout,
        choose: impl FnOnce(Readout) -> Result<Evidence, E>,
    ) -> Result<Self, E> {
        let machines = readout.machines.iter();
        let everything: Vec<veritee_model::Item> =
            machines.flat_map(|machine| machine.evidence.all_collateral().cloned()).collect();
        let mut selected = Self { evidence: choose(readout)?, beside: Evidence::default() };
        selected.keep(everything);
        Ok(selected)
    }

    /// Keeps collateral that stands beside the machine's own.
    fn keep(&mut self, everything: impl IntoIterator<Item = veritee_model::Item>) {
        for item in everything {
            let known = |beside: &[veritee_model::Item]| {
                self.evidence.all_collateral().chain(beside).any(|known| known.bytes == item.bytes)
            };
            if !known(&self.beside.collateral) {
                self.beside.collateral.push(item);
            }
        }
    }

    /// Keeps the collateral of a document that was given for another part of it: a revocation that is known counts,
    /// whichever option has brought it.
    fn keep_of(&mut self, bytes: &[u8], name: &str) {
        let mut found = Evidence::default();
        if parts::add_collateral(&mut found, bytes, name, &Budget::STANDARD).is_ok() {
            self.keep(found.collateral);
        }
    }
}

impl Selected {
    /// Keeps the revocation lists that lie in a machine's folder as files of their own: no part of the evidence, and what a
    /// genuine one revokes counts all the same. Whatever else lies there the readers of evidence have told.
    fn keep_lists_in(&mut self, folder: &Path) -> Result<(), Failure> {
        let mut collector = Collector::new(&Budget::STANDARD);
        self.evidence.all_collateral().for_each(|set| collector.know(&set.bytes));
        let mut lists = Vec::new();
        let mut found = |found| match found {
            Found::Given(Given::Lists(item)) => {
                lists.push(veritee_verify::lists_only(&item, &Budget::STANDARD));
            }
            Found::Given(Given::Lone(item, source @ (Source::PckCrl | Source::RootCaCrl))) => {
                lists.push(veritee_verify::only(&[source], &item, &Budget::STANDARD));
            }
            _ => {}
        };
        for source in input::read_all(folder, |_| ())? {
            let File { name, bytes } = source?;
            // A document that this reader cannot take is no list.
            let _ = collector.take(&name, &bytes, false, &mut found);
        }
        // Neither is a set that is not whole.
        let _ = collector.finish(&mut found);
        self.keep(lists);
        Ok(())
    }
}

/// Reads the input and puts the parts given as files in place.
pub(crate) fn evidence(path: &Path, options: &Parts, global: &Global) -> Result<Selected, Failure> {
    let mut selected = selected(path, options.select.as_deref(), global)?;
    let budget = &Budget::STANDARD;
    let mut notes = Vec::new();
    for (slot, path) in [
        (Slot::Quote, &options.quote),
        (Slot::AppCompose, &options.app_compose),
        (Slot::EventLog, &options.event_log),
        (Slot::VmConfig, &options.vm_config),
        (Slot::MrConfig, &options.mr_config),
        (Slot::Certificate, &options.certificate),
        (Slot::Gpus, &options.gpus),
        (Slot::Chain, &options.chain),
    ] {
        let Some(path) = path else { continue };
        let source = input::read(path)?;
        let added = parts::add(slot, &mut selected.evidence, &source.bytes, &source.name, budget);
        notes.extend(added.map_err(|error| unreadable(path, &error))?);
        if let (Slot::Chain, Some(item)) = (slot, &selected.evidence.chain) {
            // What the machine's own evidence brings may be damaged; what was named to be read is read or refused.
            veritee_chain::rpc::ChainReads::read(&item.bytes, budget).map_err(|error| {
                Failure::unobtainable(format!("{}: no reads of a chain: {error}", shown(path)))
                    .help("`veritee history APP --rpc URL --save FILE` writes what endpoints answered")
            })?;
        }
        selected.keep_of(&source.bytes, &source.name);
    }
    let about_gpus = gpu_collateral(&options.gpu_collateral)?;
    about_gpus.iter().for_each(|item| selected.keep_of(&item.bytes, &item.source));
    let evidence = &mut selected.evidence;
    if let Some(folder) = &options.ingress {
        notes.extend(add_ingress(evidence, folder)?);
    }
    evidence.gpu_collateral.extend(about_gpus);
    if let Some(path) = &options.kms {
        let mut kms = linked(path, Slot::Kms, global)?;
        if let Some(keys) = &options.kms_keys {
            kms.kms_keys = Some(KmsKeys { ca_spki: keys.ca_spki.clone(), k256: keys.k256.clone() });
        }
        evidence.kms = Some(Box::new(kms));
    }
    if let Some(path) = &options.gateway {
        evidence.gateway = Some(Box::new(linked(path, Slot::Gateway, global)?));
    }
    tell(&notes, global);
    Ok(selected)
}

/// The evidence of the machine with this label, or of the only one, with what the others' says of revocations.
pub(crate) fn selected(path: &Path, label: Option<&str>, global: &Global) -> Result<Selected, Failure> {
    let readout = read(path)?;
    let mut selected = Selected::of(readout, |readout| chosen(path, readout, label, global))?;
    if path.is_dir() {
        selected.keep_lists_in(path)?;
    }
    Ok(selected)
}

/// The evidence of the machine with this label, or of the only one.
pub(crate) fn single(path: &Path, label: Option<&str>, global: &Global) -> Result<Evidence, Failure> {
    chosen(path, read(path)?, label, global)
}

/// Every machine of the input, by its label, and whether something stands among them that is none.
pub(crate) fn every(path: &Path, global: &Global) -> Result<(Vec<(String, Evidence)>, bool), Failure> {
    let readout = read(path)?;
    tell(&readout.notes, global);
    let without = readout.notes.iter().any(|note| matches!(note, Note::NoMachine { .. }));
    Ok((readout.machines.into_iter().map(|machine| (machine.label, machine.evidence)).collect(), without))
}

/// The same where the bytes are at hand: standard input and pipes can be read only once.
pub(crate) fn single_in(
    path: &Path,
    source: &File,
    label: Option<&str>,
    global: &Global,
) -> Result<Evidence, Failure> {
    chosen(path, in_source(path, source)?, label, global)
}

fn chosen(path: &Path, readout: Readout, label: Option<&str>, global: &Global) -> Result<Evidence, Failure> {
    if global.verbose > 0 {
        output::note(global, &format!("{}: read as {}", shown(path), readout.format));
        tell(&readout.notes, global);
    } else {
        tell_losses(&readout.notes, global);
    }
    readout.select(label).map_err(|error| match error.reason() {
        Reason::EvidenceMachineNotChosen => Failure::unobtainable(format!("{}: {error}", shown(path)))
            .help("choose one with `--select LABEL`; `veritee verify --all` judges every machine"),
        _ => unreadable(path, &error),
    })
}

/// What a file, a folder, or standard input holds.
pub(crate) fn read(path: &Path) -> Result<Readout, Failure> {
    let budget = &Budget::STANDARD;
    if path.is_dir() {
        let (sources, passed_over) = input::read_folder(path)?;
        let sources = sources.into_iter();
        let files: BTreeMap<String, Vec<u8>> = sources.map(|(name, source)| (name, source.bytes)).collect();
        let folder = input::last_component(path);
        let mut readout = veritee_evidence::read_folder(&folder, &files, budget)
            .map_err(|error| unreadable(path, &error))?;
        let passed_over = passed_over.map(|names| format!("{folder} ({names})"));
        readout.notes.extend(
            passed_over.map(|place| Note::NotRead { place, what: "entries that are no plain files" }),
        );
        return Ok(readout);
    }
    in_source(path, &input::read(path)?)
}

fn in_source(path: &Path, source: &File) -> Result<Readout, Failure> {
    veritee_evidence::read(&source.name, &source.bytes, &Budget::STANDARD)
        .map_err(|error| verdicts(path, source).unwrap_or_else(|| unreadable(path, &error)))
}

/// That a file is what `veritee batch` wrote, where it is that: there is nothing in it to verify or to compare.
pub(crate) fn verdicts(path: &Path, source: &File) -> Option<Failure> {
    #[derive(serde::Deserialize)]
    #[expect(dead_code, reason = "that they are there says which form it is")]
    struct Line {
        input: String,
        outcome: String,
        exit_code: u8,
        reasons: Vec<String>,
    }
    let first = source.bytes.split(|byte| *byte == b'\n').next()?;
    serde_json::from_slice::<Line>(first).ok()?;
    let words = "holds lines of `veritee batch`, which are verdicts, expected evidence";
    let help =
        "give the evidence that they are about; two runs are compared line by line, for instance with jq";
    Some(Failure::unobtainable(format!("{}: {words}", shown(path))).help(help))
}

fn add_ingress(evidence: &mut Evidence, path: &Path) -> Result<Vec<Note>, Failure> {
    let found = if path.is_dir() {
        read(path)?
    } else {
        in_source(path, &document(path, Slot::Ingress, ExitCode::Unobtainable)?)?
    };
    parts::add_ingress(evidence, found, &input::last_component(path))
        .map_err(|error| unreadable(path, &error))
}

/// The collateral of the judging side: every file given, and every file of the folders given, whatever platform it is
/// for. Which of it decides is the engine's to say, and a list that names a machine may stand in any of them.
pub(crate) fn collateral(grounds: &mut Grounds, paths: &[PathBuf], global: &Global) -> Result<(), Failure> {
    let root = grounds.root().clone();
    for_each_collateral(paths, (&[], Some(&root)), global, |given| given.give_to(grounds, Origin::Caller))?;
    for damaged in grounds.damaged() {
        let name = veritee_model::text::inert(&damaged.name);
        output::note(global, &format!("note: collateral {name}: passed over: {}", damaged.error));
    }
    Ok(())
}

/// What NVIDIA says of GPUs, as it stands in files and folders. Of a folder, what is none of it is said where it is judged; a
/// file that was named and is something else is refused by its name.
pub(crate) fn gpu_collateral(paths: &[PathBuf]) -> Result<Vec<veritee_model::Item>, Failure> {
    let mut items = Vec::new();
    for path in paths {
        let (named, before) = (!path.is_dir(), items.len());
        // What NVIDIA says is asked for by name, and what is not there is missing.
        for source in input::read_all(path, |_| ())? {
            let source = source?;
            let other = elsewhere(&source, Slot::GpuCollateral).filter(|_| named);
            if let Some(error) = other {
                return Err(unreadable(path, &error));
            }
            let bytes = input::opened(&source).into_owned();
            if named && !veritee_gpu::is_collateral(&bytes, &Budget::STANDARD) {
                let wanted = "a reference manifest (XML, or the service's answer around one), an OCSP answer or a \
                              revocation list (DER)";
                let message = format!("{}: expected {wanted}, got {}", shown(path), begins(&bytes));
                return Err(Failure::unobtainable(message).help(
                    "`veritee collateral fetch --gpus EVIDENCE -o FOLDER` writes what a machine's GPUs need",
                ));
            }
            items.push(veritee_model::Item::new(bytes, source.name));
        }
        if items.len() == before {
            return Err(input::nothing_in(path));
        }
    }
    Ok(items)
}

/// A file that was named as collateral and is none. What it would be as evidence is no help to whoever meant collateral.
fn no_collateral(path: &Path, bytes: &[u8], error: &ReadError) -> Failure {
    if !matches!(error, ReadError::Unrecognised { .. }) {
        return unreadable(path, error);
    }
    let wanted = "expected collateral for quotes (a set in one JSON document, Intel's answers as they came, or revocation \
                  lists in DER or PEM)";
    Failure::unobtainable(format!("{}: {wanted}, got {}", shown(path), begins(bytes)))
        .help("`veritee collateral fetch QUOTE -o FILE` writes a set; docs/collateral.md lists the forms")
}

/// How a file begins, for whoever named the wrong one.
fn begins(bytes: &[u8]) -> String {
    let first = bytes.get(..24).unwrap_or(bytes);
    format!(
        "{} bytes that begin {}",
        bytes.len(),
        veritee_model::text::inert(&String::from_utf8_lossy(first))
    )
}

/// The same, put into evidence that is written and not judged.
pub(crate) fn collateral_into(
    evidence: &mut Evidence,
    paths: &[PathBuf],
    global: &Global,
) -> Result<(), Failure> {
    let mut record = |item| evidence.record(RecordedBy::Judge, item);
    for_each_collateral(paths, (&[], None), global, |given| match given {
        Given::Set(item) => record(item),
        Given::Lists(item) => record(veritee_verify::lists_only(&item, &Budget::STANDARD)),
        Given::Lone(item, source) => record(veritee_verify::only(&[source], &item, &Budget::STANDARD)),
        Given::Unreadable(item, kinds) => {
            kinds.iter().for_each(|kind| record(veritee_verify::unreadable(*kind, &item)));
        }
    })
}

/// One file at a time: of a large folder only what is collateral stays in memory. Answers of Intel's service that came in
/// files of their own are put together, whichever paths they came by; a list alone is read under the chains of `known` sets
/// too.
pub(crate) fn for_each_collateral(
    paths: &[PathBuf],
    (known, root): (&[veritee_model::Item], Option<&TrustRoot>),
    global: &Global,
    mut take: impl FnMut(Given),
) -> Result<(), Failure> {
    let mut collector = Collector::new(&Budget::STANDARD);
    if let Some(root) = root {
        collector = collector.under(root);
    }
    known.iter().for_each(|set| collector.know(&set.bytes));
    let passed_over = |name: &str, why: &dyn core::fmt::Display| {
        output::note(global, &format!("note: {}: passed over: {why}", veritee_model::text::inert(name)));
    };
    let mut found = |found| match found {
        Found::Given(given) => take(given),
        Found::PassedOver { name, why } => passed_over(&name, &why),
        Found::Note(note) => tell_losses(&[note], global),
    };
    for path in paths {
        let named = !path.is_dir();
        let skipped = |path: &Path| passed_over(&shown(path), &"neither a file nor a folder");
        let mut sources = input::read_all(path, skipped)?.peekable();
        if sources.peek().is_none() {
            passed_over(&shown(path), &"there is no file in this folder");
        }
        for source in sources {
            let File { name, bytes } = source?;
            collector
                .take(&name, &bytes, named, &mut found)
                .map_err(|error| no_collateral(path, &bytes, &error))?;
        }
    }
    collector.finish(&mut found).map_err(|Incomplete { name, why }| {
        Failure::unobtainable(format!("{}: {why}", veritee_model::text::inert(&name)))
            .help("give all answers of Intel's service, or the folder that holds them")
    })
}

/// What of the input is not judged is said unasked.
fn tell_losses(notes: &[Note], global: &Global) {
    for note in notes.iter().filter(|note| note.is_loss()) {
        output::note(global, &format!("note: {note}"));
    }
}

fn tell(notes: &[Note], global: &Global) {
    for note in notes {
        output::note(global, &format!("note: {note}"));
    }
}

/// Said of HTML that is not what a guest agent serves.
const NO_PAGE: &str =
    "it is HTML and no page of a guest agent: most often the login or error page of what stands before it";

/// The files of an operating system's image.
pub(crate) fn image(path: &Path) -> Result<Box<dyn veritee_measure::image::ImageFiles>, Failure> {
    crate::image::open(path).map_err(|fault| misplaced_at(path, Slot::Image, fault))
}

/// That a file is of a form which is not read at this option, with the options that read it.
fn elsewhere(source: &File, slot: Slot) -> Option<ReadError> {
    let form = veritee_evidence::recognise(&source.name, &source.bytes, &Budget::STANDARD);
    let form = form.filter(|form| !form.is_read_at(slot))?;
    let place = veritee_evidence::Place { input: source.name.clone(), ..veritee_evidence::Place::default() };
    Some(ReadError::Elsewhere { at: Box::new(place), form, slot })
}

/// Reads a document for an option; one of a form that belongs elsewhere is refused by its name, with this exit code.
pub(crate) fn document(path: &Path, slot: Slot, refused: ExitCode) -> Result<File, Failure> {
    let source = input::read(path)?;
    match elsewhere(&source, slot) {
        Some(error) => Err(unreadable(path, &error).ending_with(refused)),
        None => Ok(source),
    }
}

/// Evidence of a machine that this one depends on.
fn linked(path: &Path, slot: Slot, global: &Global) -> Result<Evidence, Failure> {
    if path.is_dir() {
        return single(path, None, global);
    }
    let source = document(path, slot, ExitCode::Unobtainable)?;
    single_in(path, &source, None, global)
}

/// What an option says of a file that it cannot read: its form and where that is read, where it is of another one, else the
/// fault.
pub(crate) fn misplaced(path: &Path, source: &File, slot: Slot, fault: Failure) -> Failure {
    match elsewhere(source, slot) {
        Some(error) => unreadable(path, &error).ending_with(fault.exit),
        None => fault,
    }
}

/// The same of a file that is read piece by piece. What cannot be looked at keeps its fault.
pub(crate) fn misplaced_at(path: &Path, slot: Slot, fault: Failure) -> Failure {
    match path.is_file().then(|| input::read(path)) {
        Some(Ok(source)) => misplaced(path, &source, slot, fault),
        _ => fault,
    }
}

pub(crate) fn unreadable(path: &Path, error: &ReadError) -> Failure {
    // Errors begin with the name that reports know the file by, which is the last of its path.
    let (words, name) = (error.to_string(), input::last_component(path));
    let told = words.strip_prefix(&name).filter(|rest| rest.starts_with([':', ',', ' ', '#', '/']));
    let words = told.map_or_else(|| format!(": {words}"), str::to_owned);
    if let ReadError::Page { .. } = error {
        return Failure::unobtainable(format!("{}{words}; {NO_PAGE}", shown(path))).help(
            "fetch it from the machine itself, past whatever asks for a login, or with `veritee fetch`",
        );
    }
    Failure::unobtainable(format!("{}{words}", shown(path))).help(error.next_step())
}
