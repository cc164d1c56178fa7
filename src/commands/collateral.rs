//! `veritee collateral`

mod gpus;

use super::gather;
use super::supply;
use crate::cli::network::{
    Ca, Collateral, Evaluation, GpuNetwork, Network, StorePlace, StoreTime, TeeKind, Whose,
};
use crate::cli::{Format, Global};
use crate::failure::Failure;
use crate::input::{self, shown};
use crate::{network, output};
use core::fmt::Write as _;
use serde_json::{Value, json};
use std::path::Path;
use veritee_collateral::{
    At, Evaluation as By, Fault, FaultKind, GpuImported, Listed, Mode, Need, Obtained, Offered, Store,
};
use veritee_model::text::inert;
use veritee_model::{Budget, Evidence, ExitCode, Item, UnixTime};
use veritee_offline::collateral::Given;
use veritee_quote::{CaKind, Quote, Source, Tee};

pub(crate) fn run(options: &Collateral, global: &Global) -> Result<ExitCode, Failure> {
    match options {
        Collateral::Fetch { whose, anew, at, network, gpu_network } => {
            fetch(whose, *anew, at, (network, gpu_network), global)
        }
        Collateral::Show { place, at } => show(place, at, global),
        Collateral::Check { place, at } => check(place, at, global),
        Collateral::Prune { place, at } => prune(place, at, global),
        Collateral::Export { folder, place, at } => export(folder, place, at, global),
        Collateral::Import { folder, gpus, place, at } => import(folder, gpus.as_deref(), place, at, global),
    }
}

/// Without `-o` it is kept in the store and described; with it, it is a file too.
fn fetch(
    whose: &Whose,
    anew: bool,
    at: &StoreTime,
    (options, gpu_network): (&Network, &GpuNetwork),
    global: &Global,
) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Json], "collateral fetch")?;
    let evaluations: &[By] = match options.evaluation {
        Evaluation::Both if global.output.is_some() => {
            return Err(Failure::usage("`--evaluation both` makes two documents, `-o` takes one")
                .help("leave out -o and `veritee collateral export DIR`"));
        }
        Evaluation::Both => &[By::Standard, By::Early],
        Evaluation::One(ref one) => std::slice::from_ref(one),
    };
    // What is kept bears the time of the run, whatever time it is wanted for.
    let now = At { as_of: at.time()?, clock: input::now()? };
    let store = open(options.store.as_deref(), at)?;
    let client = network::client(options, global)?;
    let service = supply::service(options)?;
    let mode = if anew { Mode::Refresh } else { Mode::Cached };
    let (subject, gpus) = Subject::of(whose, global)?;
    if subject.is_none() && global.output.is_some() {
        return Err(Failure::usage("there is no quote, and what NVIDIA says of GPUs is many files")
            .help("leave out -o and `veritee collateral export DIR`"));
    }
    let obtained = network::block_on(async {
        let mut all = Vec::new();
        for evaluation in evaluations {
            let Some(subject) = &subject else { continue };
            let one = match subject {
                Subject::Quote(quote) => {
                    veritee_collateral::obtain_for_quote(
                        &client,
                        &service,
                        &store,
                        quote,
                        *evaluation,
                        now,
                        mode,
                    )
                    .await
                }
                Subject::Platform(need) => {
                    let need = need.with(*evaluation);
                    veritee_collateral::obtain(&client, &service, &store, &need, now, mode).await
                }
            };
            all.push(one.map_err(|error| supply::unobtainable(&error))?);
        }
        Ok(all)
    })?;
    let mut text = described(&obtained, global);
    let about_gpus = match (&gpus, whose.gpus) {
        (Some(item), true) => {
            Some(gpus::fetch(item, &client, &store, (now.as_of, mode), gpu_network, global)?)
        }
        (Some(item), false) => {
            gpus::not_asked(item, now.as_of, global);
            None
        }
        (None, _) => None,
    };
    text.extend(about_gpus.iter().map(|found| found.text.as_str()));
    let documents = obtained.iter().map(|one| String::from_utf8_lossy(&one.item.bytes));
    match (&global.output, global.format) {
        (Some(_), _) | (None, Format::Json) => {
            let mut lines: Vec<String> = documents.map(|document| format!("{document}\n")).collect();
            if global.output.is_none() {
                lines.extend(about_gpus.iter().map(|found| format!("{}\n", found.json)));
            }
            output::data(&lines.concat(), global)?;
            if global.output.is_some() {
                output::note(global, text.trim_end());
            }
        }
        (None, _) => output::data(&text, global)?,
    }
    Ok(about_gpus.map_or(ExitCode::Verified, |found| found.code))
}

fn described(obtained: &[Obtained], global: &Global) -> String {
    let mut text = String::new();
    for one in obtained {
        supply::told(one, global);
        let (number, _) = one.numbers;
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{}: TCB evaluation {number}, fetched {}, {}",
            one.need,
            one.fetched,
            match one.requests {
                0 => "from the store".to_owned(),
                requests => format!("{requests} requests"),
            }
        );
    }
    text
}

/// Whose collateral is asked for.
enum Subject {
    Quote(Box<Quote>),
    Platform(Need),
}

impl Subject {
    /// And the evidence of GPUs that lies beside the quote. One of both is there.
    fn of(whose: &Whose, global: &Global) -> Result<(Option<Self>, Option<Item>), Failure> {
        if let (None, Some(fmspc), Some(ca)) = (&whose.quote, whose.fmspc, whose.ca) {
            let tee = match whose.tee {
                TeeKind::Tdx => Tee::Tdx,
                TeeKind::Sgx => Tee::Sgx,
            };
            let ca = match ca {
                Ca::Processor => CaKind::Processor,
                Ca::Platform => CaKind::Platform,
            };
            return Ok((Some(Self::Platform(Need { tee, fmspc, ca, evaluation: By::Standard })), None));
        }
        let path = whose
            .quote
            .as_deref()
            .ok_or_else(|| Failure::usage("a quote, or --fmspc and --ca, say whose collateral is meant"))?;
        let evidence = evidence(path, whose, global)?;
        let unobtainable = |what: &str| Failure::unobtainable(format!("{}: {what}", shown(path)));
        let quote = match &evidence.quote {
            Some(item) => Quote::parse(&item.bytes).map_err(|error| unobtainable(&error.to_string()))?,
            None if whose.gpus && evidence.gpus.is_some() => return Ok((None, evidence.gpus)),
            None => return Err(unobtainable("has no quote")),
        };
        if whose.gpus && evidence.gpus.is_none() {
            return Err(unobtainable("has no evidence of GPUs"));
        }
        Ok((Some(Self::Quote(Box::new(quote))), evidence.gpus))
    }
}

/// Evidence of a machine, or of GPUs alone.
fn evidence(path: &Path, whose: &Whose, global: &Global) -> Result<Evidence, Failure> {
    let label = whose.select.as_deref();
    if path.is_dir() {
        return gather::single(path, label, global);
    }
    let source = input::read(path)?;
    let container = veritee_gpu::container::read(&source.bytes, &Budget::STANDARD);
    if whose.gpus && label.is_none() && container.is_ok() {
        let gpus = Some(Item::new(source.bytes, source.name));
        return Ok(Evidence { gpus, ..Evidence::default() });
    }
    gather::single_in(path, &source, label, global)
}

fn show(place: &StorePlace, at: &StoreTime, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Json, Format::Jsonl], "collateral show")?;
    let (store, now) = (existing(place.store.as_deref(), at)?, at.time()?);
    let mut inventory = store.list(now).map_err(|error| supply::unusable(&error))?;
    let (about_gpus, damaged) = gpus::listed(&store)?;
    inventory.faults.extend(damaged);
    let text = match global.format {
        Format::Jsonl => {
            let entries = inventory.entries.iter().map(entry_json);
            let all = entries.chain(about_gpus.iter().map(|item| gpus::json(item, now)));
            all.map(|entry| format!("{entry}\n")).collect()
        }
        Format::Json => {
            let entries: Vec<Value> = inventory.entries.iter().map(entry_json).collect();
            let gpus: Vec<Value> = about_gpus.iter().map(|item| gpus::json(item, now)).collect();
            let mut document = json!({ "schema": "veritee/store/v1", "as_of": now, "entries": entries });
            if !gpus.is_empty() {
                document["gpus"] = gpus.into();
            }
            format!("{document:#}\n")
        }
        _ => table(&inventory.entries, &store, now) + &gpus::table(&about_gpus, now),
    };
    output::data(&text, global)?;
    faults(&inventory.faults, global);
    Ok(if inventory.faults.is_empty() { ExitCode::Verified } else { ExitCode::Unobtainable })
}

fn table(entries: &[Listed], store: &Store, now: UnixTime) -> String {
    if entries.is_empty() {
        return format!("nothing for this root in {}\n", shown(store.folder()));
    }
    let mut out = String::new();
    for entry in entries {
        let state = if entry.expired.is_empty() { "in force until" } else { "EXPIRED" };
        let evaluations = if entry.number == entry.qe_identity_number {
            entry.number.to_string()
        } else {
            format!("{}, of the QE identity {}", entry.number, entry.qe_identity_number)
        };
        let _ = writeln!(
            out,
            "{}  TCB evaluation {evaluations}  {state} {}  from {}",
            entry.need, entry.expires, entry.service
        );
        for item in &entry.items {
            let _ = writeln!(
                out,
                "  {:<14} issued {}  next update {}  {:>8} bytes  sha256 {:.16}",
                item.item.to_string(),
                item.issued,
                item.expires,
                item.bytes,
                item.sha256.to_string()
            );
        }
        let _ = writeln!(
            out,
            "  CRL numbers    PCK {}  root {}",
            inert(&entry.pck_crl_number),
            inert(&entry.root_ca_crl_number)
        );
    }
    let expired = entries.iter().filter(|entry| !entry.expired.is_empty()).count();
    let _ = writeln!(out, "{} entries, {expired} expired at {now}", entries.len());
    out
}

fn entry_json(entry: &Listed) -> Value {
    let items: Vec<Value> = entry
        .items
        .iter()
        .map(|item| {
            json!({
                "item": item.item.to_string(), "url": item.url, "fetched": item.fetched, "issued": item.issued,
                "next_update": item.expires, "bytes": item.bytes, "sha256": item.sha256,
            })
        })
        .collect();
    json!({
        "for": entry.need.to_string(), "service": entry.service.to_string(), "evaluation_number": entry.number,
        "qe_identity_evaluation_number": entry.qe_identity_number, "pck_crl_number": entry.pck_crl_number,
        "root_ca_crl_number": entry.root_ca_crl_number, "expires": entry.expires,
        "expired": !entry.expired.is_empty(), "items": items,
    })
}

fn check(place: &StorePlace, at: &StoreTime, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Json, Format::Jsonl], "collateral check")?;
    let (store, now) = (existing(place.store.as_deref(), at)?, at.time()?);
    let found = store.check(now).map_err(|error| supply::unusable(&error))?;
    let listed = store.list(now).map_err(|error| supply::unusable(&error))?;
    let (expired, differ): (Vec<&Listed>, Vec<&Listed>) = (
        listed.entries.iter().filter(|entry| !entry.expired.is_empty()).collect(),
        listed.entries.iter().filter(|entry| entry.number != entry.qe_identity_number).collect(),
    );
    if global.format != Format::Human {
        let brief = |entry: &&Listed| json!({ "for": entry.need.to_string(), "expires": entry.expires });
        let document = json!({
            "schema": "veritee/store-check/v1", "as_of": now, "entries": found.entries, "objects": found.objects,
            "expired": expired.iter().map(brief).collect::<Vec<_>>(),
            "evaluations_differ": differ.iter().map(brief).collect::<Vec<_>>(),
            "faults": found.faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
        });
        let text =
            if global.format == Format::Json { format!("{document:#}\n") } else { format!("{document}\n") };
        output::data(&veritee_model::text::inert_json(&text), global)?;
        return Ok(checked(&found.faults, global));
    }
    let mut text = format!("{} entries verified, {} objects read\n", found.entries, found.objects);
    for entry in expired {
        let _ = writeln!(text, "expired: {} on {}", entry.need, entry.expires);
    }
    for entry in differ {
        let (info, identity) = (entry.number, entry.qe_identity_number);
        let _ = writeln!(
            text,
            "evaluations-differ: {}: TCB info of evaluation {info}, QE identity of evaluation {identity}",
            entry.need
        );
    }
    output::data(&text, global)?;
    Ok(checked(&found.faults, global))
}

/// What has expired is no fault of the store: whoever watches it asks for JSON.
fn checked(found: &[Fault], global: &Global) -> ExitCode {
    faults(found, global);
    if found.is_empty() { ExitCode::Verified } else { ExitCode::Unobtainable }
}

fn prune(place: &StorePlace, at: &StoreTime, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human], "collateral prune")?;
    let (store, now) = (existing(place.store.as_deref(), at)?, at.time()?);
    let pruned = store.prune(now, 0).map_err(|error| supply::unusable(&error))?;
    let mut text = String::new();
    for need in &pruned.expired {
        let _ = writeln!(text, "dropped, expired: {need}");
    }
    for fault in &pruned.broken {
        let _ = writeln!(text, "dropped, broken: {fault}");
    }
    for fault in &pruned.lists_lost {
        let _ = writeln!(text, "let go of, and with it what it alone revoked: {fault}");
    }
    for need in &pruned.lists_kept {
        let _ = writeln!(text, "kept, its revocation lists name what no other does: {need}");
    }
    let _ = writeln!(
        text,
        "{} entries, {} items about GPUs, {} objects ({} bytes) and {} leftovers dropped",
        pruned.expired.len() + pruned.broken.len(),
        pruned.gpus,
        pruned.objects,
        pruned.bytes,
        pruned.temporaries
    );
    output::data(&text, global)?;
    faults(&pruned.unknown, global);
    Ok(ExitCode::Verified)
}

fn export(folder: &Path, place: &StorePlace, at: &StoreTime, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human], "collateral export")?;
    let (store, now) = (existing(place.store.as_deref(), at)?, at.time()?);
    let snapshot = veritee_collateral::snapshot(&store, None, folder, now)
        .map_err(|error| supply::unobtainable(&error))?;
    let mut text = String::new();
    for file in &snapshot.written {
        let until = file.expires.map_or_else(|| "unknown".to_owned(), |time| time.to_string());
        let _ = writeln!(text, "{}  {} bytes  sha256 {}  until {until}", file.name, file.bytes, file.sha256);
    }
    let about_gpus = gpus::export(&store, folder, &mut text)?;
    let written = snapshot.written.len() + about_gpus;
    let _ = writeln!(text, "{written} files in {}", shown(folder));
    output::data(&text, global)?;
    faults(&snapshot.faults, global);
    tell_others(folder, written, global);
    if written == 0 {
        output::note(global, &format!("note: {} holds nothing that could be written", shown(store.folder())));
    }
    let whole = snapshot.faults.is_empty() && written > 0;
    Ok(if whole { ExitCode::Verified } else { ExitCode::Unobtainable })
}

/// What an older snapshot left in the folder is taken by whoever reads it.
fn tell_others(folder: &Path, written: usize, global: &Global) {
    let others = input::list(folder).map_or(0, |listing| listing.files.len()).saturating_sub(written);
    if others > 0 {
        let words =
            "were there before and are no part of this snapshot: who imports the folder takes them too";
        output::note(global, &format!("note: {others} other files of {} {words}", shown(folder)));
    }
}

fn import(
    folder: &Path,
    gpus: Option<&Path>,
    place: &StorePlace,
    at: &StoreTime,
    global: &Global,
) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human], "collateral import")?;
    let (store, now) = (open(place.store.as_deref(), at)?, at.time()?);
    let gpus = gpus.map(|path| super::gpu::evidence(path, None, global)).transpose()?;
    let mut given = Vec::new();
    let mut unreadable = Vec::new();
    // A list may come alone: the store has the chain of its CA.
    let held = store.holdings(now).map_err(|error| supply::unusable(&error))?.held;
    let held: Vec<Item> = held.into_iter().map(|held| held.item).collect();
    gather::for_each_collateral(
        &[folder.to_owned()],
        (&held, Some(store.root())),
        global,
        |found| match found {
            Given::Set(item) => given.push(Offered::Set(item)),
            Given::Lists(item) => given.push(Offered::Lists(item)),
            // Nothing shows whose it is, and so nothing that it revokes could be kept.
            Given::Lone(item, Source::PckCrl) => {
                let why = "a revocation list without the chain of its CA, here or in the store: what it revokes is not kept";
                unreadable.push(Fault { file: item.source, what: FaultKind::Form(why.to_owned()) });
            }
            // What stands by itself makes no set, and its lists are among those above.
            Given::Lone(..) => {}
            // NVIDIA's answers lie beside it and are taken below.
            Given::Unreadable(item, _) if veritee_gpu::wanted::is_answer(&item.bytes, &Budget::STANDARD) => {}
            Given::Unreadable(item, _) => {
                let what = FaultKind::Form("cannot be read as collateral".to_owned());
                unreadable.push(Fault { file: item.source, what });
            }
        },
    )?;
    let at = At { as_of: now, clock: input::now()? };
    let offered = given.len();
    let mut imported =
        veritee_collateral::import_all(&store, given, at).map_err(|error| supply::unobtainable(&error))?;
    imported.refused.extend(unreadable);
    let mut text = String::new();
    for need in &imported.needs {
        let _ = writeln!(text, "taken: {need}");
    }
    for name in &imported.revoking {
        let _ = writeln!(text, "kept for what its lists revoke: {}", inert(name));
    }
    let about_gpus = if folder.is_dir() {
        gpus::import(&store, folder, (now, gpus.as_ref()), &mut text, global)?
    } else {
        // A file was named for what it is; what NVIDIA says of a machine's GPUs are several that belong together.
        GpuImported::default()
    };
    imported.refused.extend(about_gpus.refused);
    let taken = imported.needs.len() + about_gpus.ids.len() + about_gpus.statements.len();
    let _ = writeln!(text, "{taken} taken, {} refused", imported.refused.len());
    output::data(&text, global)?;
    for rollback in &imported.rollbacks {
        output::note(global, &format!("warning: {rollback}"));
    }
    if !imported.rollbacks.is_empty() {
        output::note(
            global,
            "note: of each item the store keeps the newer in force, and whatever either revokes",
        );
    }
    faults(&imported.refused, global);
    // What the store has already is nothing new, and no failure.
    let nothing = taken == 0 && offered == 0;
    if nothing && imported.refused.is_empty() {
        output::note(global, &format!("note: {} holds no collateral", shown(folder)));
    }
    Ok(if imported.refused.is_empty() && !nothing { ExitCode::Verified } else { ExitCode::Unobtainable })
}

fn open(folder: Option<&Path>, at: &StoreTime) -> Result<Store, Failure> {
    let root = super::verify::trust_root(at.root.as_deref())?;
    Store::open(&network::store_folder(folder)?, &root, &Budget::STANDARD)
        .map_err(|error| supply::unusable(&error))
}

/// A store that is there: to look into one that was mistyped would make it, and it would be silent from then on.
fn existing(folder: Option<&Path>, at: &StoreTime) -> Result<Store, Failure> {
    let place = network::store_folder(folder)?;
    if std::fs::metadata(&place).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Err(Failure::unobtainable(format!("there is no store at {}", shown(&place))).help(
            "name the store that is meant with --store DIR; `veritee collateral fetch` and `import` make one",
        ));
    }
    open(folder, at)
}

fn faults(faults: &[Fault], global: &Global) {
    for fault in faults {
        output::note(global, &format!("fault: {fault}"));
    }
}
