//! `veritee gpu`

use super::verify::Rules;
use super::{gather, quote};
use crate::cli::{Engine, Format, Global, Gpu as Options};
use crate::failure::Failure;
use crate::input::{self, Source, shown};
use base64::Engine as _;
use serde_json::{Value, json};
use std::path::Path;
use veritee_gpu::container::{self, Collected, Device};
use veritee_gpu::{Family, Opaque, ParsedReport};
use veritee_model::{Budget, Evidence, ExitCode, Item, Kind};
use veritee_verify::Expected;

pub(crate) fn run(options: &Options, global: &Global) -> Result<ExitCode, Failure> {
    match options {
        Options::Show { file, select } => show(file, select.as_deref(), global),
        Options::Verify { file, select, certificate, gpu_collateral, gpu_nonce, judge, place, .. } => {
            let mut gpus = evidence(file, select.as_deref(), global)?;
            if let Some(path) = certificate {
                let chain = input::read(path)?;
                gpus.bytes = with_chain(&gpus.bytes, &chain.bytes, file)?;
            }
            let mut alone = Evidence {
                gpus: Some(gpus),
                gpu_collateral: gather::gpu_collateral(gpu_collateral)?,
                ..Evidence::default()
            };
            let mut rules = Rules { kind: Kind::Gpus, ..Rules::load(judge, Engine::Native)? };
            rules.gpu_nonce = gpu_nonce.map(|nonce| nonce.0);
            rules.gpus_of_store(&mut alone, place.store.as_deref(), global)?;
            let report = rules.verdict(&alone, &rules.grounds(), &Expected::Nothing, None);
            crate::output::report(&report, global)?;
            Ok(report.verdict.outcome.exit_code())
        }
    }
}

/// Evidence of GPUs: the input itself, or what it holds of them.
pub(crate) fn evidence(path: &Path, label: Option<&str>, global: &Global) -> Result<Item, Failure> {
    let source = input::read(path)?;
    if label.is_none() && container::read(&source.bytes, &Budget::STANDARD).is_ok() {
        let Source { name, bytes } = source;
        return Ok(Item::new(bytes, name));
    }
    let machine = gather::single_in(path, &source, label, global)?;
    machine.gpus.ok_or_else(|| Failure::unobtainable(format!("{}: has no evidence of GPUs", shown(path))))
}

/// A lone report and its chain, in the form in which both travel together.
fn with_chain(report: &[u8], chain: &[u8], path: &Path) -> Result<Vec<u8>, Failure> {
    let fault = || Failure::usage(format!("{}: --certificate belongs to one report alone", shown(path)));
    let collected = container::read(report, &Budget::STANDARD).map_err(|_unreadable| fault())?;
    let Collected::Devices { devices, .. } = collected else { return Err(fault()) };
    let [device] = devices.as_slice() else { return Err(fault()) };
    if !device.chain.is_empty() {
        return Err(fault());
    }
    let base64 = base64::engine::general_purpose::STANDARD;
    let entry = json!([{ "evidence": hex::encode(&device.report), "certificate": base64.encode(chain) }]);
    Ok(entry.to_string().into_bytes())
}

fn show(path: &Path, label: Option<&str>, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Json, Format::Jsonl], "gpu show")?;
    let item = evidence(path, label, global)?;
    let unreadable = |error| Failure::unobtainable(format!("{}: {error}", shown(path)));
    let (form, devices, said) = match container::read(&item.bytes, &Budget::STANDARD).map_err(unreadable)? {
        Collected::Devices { form, devices } => {
            (form.name(), devices.iter().map(device).collect::<Vec<_>>(), Vec::new())
        }
        Collected::Answer(answer) => {
            (answer.name(), Vec::new(), container::said(&item.bytes, &Budget::STANDARD))
        }
    };
    let mut document = json!({
        "schema": "veritee/gpu/v1",
        "verified": false,
        "not_shown": veritee_gpu::NOT_SHOWN,
        "form": form,
        "devices": devices,
    });
    if !said.is_empty() {
        let said = said.iter().map(|it| json!({ "place": it.place, "claim": it.claim, "value": it.value }));
        document["the_service_said"] = said.collect();
    }
    let text = match global.format {
        Format::Json => format!("{document:#}\n"),
        Format::Jsonl => format!("{document}\n"),
        _ => quote::fields(&document, "reports of GPUs", "veritee gpu verify"),
    };
    crate::output::data(&veritee_model::text::inert_json(&text), global)?;
    Ok(ExitCode::Verified)
}

/// Fields of one device as they stand there.
fn device(device: &Device) -> Value {
    let claims = &device.claims;
    let mut shown = json!({
        "place": device.place,
        "claimed": {
            "arch": claims.arch,
            "nonce": claims.nonce,
            "driver_version": claims.driver_version,
            "vbios_version": claims.vbios_version,
        },
        "certificate_bytes": device.chain.len(),
        "report_bytes": device.report.len(),
    });
    let report = match ParsedReport::parse(&device.report, &Budget::STANDARD) {
        Ok(report) => report,
        Err(error) => {
            shown["unreadable"] = Value::from(error.to_string());
            return shown;
        }
    };
    shown["nonce"] = Value::from(hex::encode(report.nonce()));
    shown["test_nonce"] = Value::from(veritee_gpu::binding::is_test_nonce(report.nonce()));
    shown["responder_nonce"] = Value::from(hex::encode(report.responder_nonce()));
    let family = Family::ALL
        .into_iter()
        .find(|family| claims.arch.as_deref().is_some_and(|arch| arch.eq_ignore_ascii_case(family.arch())))
        .unwrap_or(if report.blocks().len() == 31 { Family::Switch } else { Family::Hopper });
    match Opaque::parse(report.opaque(), report.opaque_at(), family) {
        Ok(opaque) => {
            shown["driver_version"] = Value::from(opaque.driver_version());
            shown["vbios_version"] = Value::from(opaque.vbios_version());
            shown["count_contradictions"] = Value::from(opaque.count_contradictions(report.blocks()));
            let entries = opaque.entries().iter().map(|entry| {
                json!({ "type": entry.kind, "name": entry.name(), "value_type": entry.value_type, "data": hex::encode(&entry.data) })
            });
            shown["opaque"] = entries.collect();
        }
        Err(error) => shown["opaque_unreadable"] = Value::from(error.to_string()),
    }
    shown["measurements"] = report.blocks().iter().map(|block| Value::from(block.to_string())).collect();
    shown
}
