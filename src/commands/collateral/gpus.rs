//! NVIDIA's manifests and answers: fetched when asked for, listed, carried.

use crate::cli::Global;
use crate::cli::network::GpuNetwork;
use crate::commands::supply;
use crate::failure::Failure;
use crate::{network, output};
use core::fmt::Write as _;
use ring::rand::SecureRandom as _;
use serde_json::{Value, json};
use std::path::Path;
use veritee_client::Client;
use veritee_collateral::{
    Fault, GpuAsk, GpuImported, GpuItem, GpuListed, GpuObtained, GpuService, Mode, Store,
};
use veritee_gpu::wanted::WantedManifest;
use veritee_gpu::{Memory, Roots, Wanted};
use veritee_model::text::inert;
use veritee_model::{ExitCode, Item, UnixTime};

/// What asking gave.
pub(super) struct Found {
    pub(super) text: String,
    pub(super) json: Value,
    pub(super) code: ExitCode,
}

/// Asks NVIDIA, or who was named instead, about the genuine devices of the evidence.
pub(super) fn fetch(
    gpus: &Item,
    client: &Client,
    store: &Store,
    (now, mode): (UnixTime, Mode),
    options: &GpuNetwork,
    global: &Global,
) -> Result<Found, Failure> {
    let rim = options.gpu_rim.as_deref().unwrap_or(veritee_collateral::NVIDIA_RIM);
    let ocsp = options.gpu_ocsp.as_deref().unwrap_or(veritee_collateral::NVIDIA_OCSP);
    let crl = options.gpu_crl.as_deref().unwrap_or(veritee_collateral::NVIDIA_CRL);
    let service = GpuService::at(rim, ocsp, crl).map_err(|error| Failure::usage(error.to_string()))?;
    let (mut genuine, mut refused) = (Vec::new(), 0);
    for (index, device) in supply::devices(gpus, now, &Memory::new()).into_iter().enumerate() {
        match device {
            Ok(device) => genuine.push(device),
            Err(error) => {
                refused += 1;
                output::note(global, &format!("warning: device {index} is not asked about: {error}"));
            }
        }
    }
    if genuine.is_empty() {
        return Err(Failure::unobtainable("no device of the evidence is genuine: nobody was asked")
            .help("`veritee gpu verify` says what is wrong with each"));
    }
    let (roots, random) = (Roots::nvidia(), random());
    let random = random.as_ref().map(|random| random as &dyn Fn() -> [u8; 32]);
    let ask = GpuAsk { store, roots: &roots, now, mode, nonce: random };
    let obtained = network::block_on(async {
        let obtained = veritee_collateral::obtain_gpus(client, &service, &genuine, &ask).await;
        obtained.map_err(|error| supply::unusable(&error))
    })?;
    for fault in &obtained.faults {
        output::note(global, &format!("fault: {fault}"));
    }
    Ok(told(&obtained, refused))
}

/// Random bytes for nonces, where the system has any: they only make an answer's freshness visible.
fn random() -> Option<impl Fn() -> [u8; 32]> {
    let system = ring::rand::SystemRandom::new();
    let draw = move || {
        let mut bytes = [0; 32];
        system.fill(&mut bytes).is_ok().then_some(bytes)
    };
    draw()?;
    Some(move || draw().unwrap_or_default())
}

fn told(obtained: &GpuObtained, refused: usize) -> Found {
    let mut text = String::new();
    for item in &obtained.items {
        let until = item.until.map_or_else(|| "for ever".to_owned(), |until| format!("until {until}"));
        let from = if item.from_store { "from the store" } else { "fetched" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}: {}, {until}, {from}", inert(&item.what), inert(&item.says));
    }
    for missing in &obtained.missing {
        let _ = writeln!(text, "missing: {missing}");
    }
    let (had, missing) = (obtained.items.len(), obtained.missing.len());
    let _ = writeln!(text, "about GPUs: {had} had, {missing} missing, {} requests", obtained.requests);
    let missing: Vec<Value> =
        obtained.missing.iter().map(|it| json!({ "what": it.what, "why": it.why })).collect();
    let items: Vec<Value> = obtained.items.iter().map(item_json).collect();
    let json = json!({ "schema": "veritee/gpu-collateral/v1", "items": items, "missing": missing });
    let whole = obtained.missing.is_empty() && refused == 0;
    Found { text, json, code: if whole { ExitCode::Verified } else { ExitCode::Unobtainable } }
}

fn item_json(item: &GpuItem) -> Value {
    json!({
        "what": item.what, "says": item.says, "until": item.until, "source": item.item.source,
        "obtained": item.item.obtained, "bytes": item.item.bytes.len(),
    })
}

/// What could be asked for, where nobody said that it should be.
pub(super) fn not_asked(gpus: &Item, now: UnixTime, global: &Global) {
    let genuine: Vec<_> = supply::devices(gpus, now, &Memory::new()).into_iter().flatten().collect();
    if genuine.is_empty() {
        return;
    }
    let wanted = Wanted::of(&genuine);
    let ids: Vec<&str> = wanted.manifests.iter().map(WantedManifest::id).collect();
    output::note(
        global,
        &format!(
            "note: NVIDIA was not asked about the GPUs; --gpus asks for {} and {} answers about revocation",
            inert(&ids.join(", ")),
            wanted.answers.len()
        ),
    );
}

pub(super) fn listed(store: &Store) -> Result<(Vec<GpuListed>, Vec<Fault>), Failure> {
    store.list_gpus(&Roots::nvidia()).map_err(|error| supply::unusable(&error))
}

pub(super) fn table(items: &[GpuListed], now: UnixTime) -> String {
    let mut out = String::new();
    for item in items {
        let state = match item.until {
            None => "holds for ever".to_owned(),
            Some(until) if until < now => format!("EXPIRED {until}"),
            Some(until) => format!("in force until {until}"),
        };
        let name: String = item.name.chars().take(64).collect();
        let _ = writeln!(
            out,
            "GPU {:<8} {}  {state}  {:>6} bytes  sha256 {:.16}  from {}",
            item.kind,
            inert(&name),
            item.bytes,
            item.sha256.to_string(),
            inert(&item.url)
        );
    }
    out
}

pub(super) fn json(item: &GpuListed, now: UnixTime) -> Value {
    json!({
        "kind": item.kind, "name": item.name, "url": item.url, "fetched": item.fetched, "next_update": item.until,
        "expired": item.until.is_some_and(|until| until < now), "bytes": item.bytes, "sha256": item.sha256,
    })
}

pub(super) fn export(store: &Store, folder: &Path, text: &mut String) -> Result<usize, Failure> {
    let files = veritee_collateral::export_gpus(store, &Roots::nvidia(), folder)
        .map_err(|error| supply::unobtainable(&error))?;
    for file in &files {
        let until = file.until.map_or_else(|| "for ever".to_owned(), |time| format!("until {time}"));
        let _ = writeln!(text, "{}  {} bytes  sha256 {}  {until}", file.name, file.bytes, file.sha256);
    }
    Ok(files.len())
}

pub(super) fn import(
    store: &Store,
    folder: &Path,
    (now, gpus): (UnixTime, Option<&Item>),
    text: &mut String,
    global: &Global,
) -> Result<GpuImported, Failure> {
    let mut genuine = Vec::new();
    let devices = gpus.map(|item| supply::devices(item, now, &Memory::new())).unwrap_or_default();
    for (index, device) in devices.into_iter().enumerate() {
        match device {
            Ok(device) => genuine.push(device),
            Err(error) => {
                output::note(global, &format!("warning: nothing is taken about device {index}: {error}"));
            }
        }
    }
    let roots = Roots::nvidia();
    let ask = GpuAsk { store, roots: &roots, now, mode: Mode::Offline, nonce: None };
    let imported = veritee_collateral::import_gpus(folder, &genuine, &ask)
        .map_err(|error| supply::unobtainable(&error))?;
    for what in imported.ids.iter().chain(&imported.statements) {
        let _ = writeln!(text, "taken: {}", inert(what));
    }
    for name in &imported.unknown {
        let why = if gpus.is_some() {
            "it is about no device of the evidence"
        } else {
            "which devices it is about, --gpus says"
        };
        let _ = writeln!(text, "not taken: {}: {why}", inert(name));
    }
    Ok(imported)
}
