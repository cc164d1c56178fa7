//! `veritee measure`

use super::gather;
use crate::cli::{Format, Global, Measure};
use crate::failure::Failure;
use crate::input::{self, shown};
use core::fmt::Write as _;
use serde_json::json;
use veritee_measure::expected::{Expected, ExpectedRegister, expect};
use veritee_measure::image::{self, ImageLimits, ImageMeasurement};
use veritee_measure::rtmr0::{self, Effort, Question, Rtmr0Outcome};
use veritee_measure::td_hob::FirmwareMemory;
use veritee_measure::{Limits, VmConfig};
use veritee_model::text::inert;
use veritee_model::{Budget, Evidence, ExitCode, Mrtd, Rtmr, RtmrIndex, Sha384Digest};
use veritee_quote::Quote;

pub(crate) fn run(options: &Measure, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Json, Format::Jsonl], "measure")?;
    let select = options.select.as_deref();
    let evidence = options.quote.as_deref().map(|path| gather::single(path, select, global)).transpose()?;
    let config = config(options, evidence.as_ref())?;
    let image = options.image.as_deref().map(|path| measured_image(path, &config)).transpose()?;
    let firmware = image.as_ref().map_or_else(FirmwareMemory::pre202505, |image| image.firmware().clone());
    let expected = expect(&rtmr0::claimed_shape(&config), image.as_ref()).map_err(|error| {
        Failure::unobtainable(format!("the virtual hardware cannot be measured: {error}"))
    })?;
    let compared = evidence
        .as_ref()
        .map(|evidence| compare(evidence, &config, &firmware, image.as_ref()))
        .transpose()?;
    let text = match global.format {
        Format::Json => format!("{:#}\n", document(&expected, compared.as_ref())),
        Format::Jsonl => format!("{}\n", document(&expected, compared.as_ref())),
        _ => table(&expected, compared.as_ref()),
    };
    crate::output::data(&veritee_model::text::inert_json(&text), global)?;
    let differs = compared.is_some_and(|rows| rows.iter().any(|row| row.equal == Some(false)));
    Ok(if differs { ExitCode::Refused } else { ExitCode::Verified })
}

/// One register against a quote. `equal` is `None` where nothing was computed to compare with.
struct Row {
    register: &'static str,
    equal: Option<bool>,
    words: String,
}

fn config(options: &Measure, evidence: Option<&Evidence>) -> Result<VmConfig, Failure> {
    let (name, bytes) = match (&options.vm_config, evidence.and_then(|evidence| evidence.vm_config.as_ref()))
    {
        (Some(path), _) => {
            let source = input::read_text(path)?;
            (shown(path), source.bytes)
        }
        (None, Some(item)) => (inert(&item.source), item.bytes.clone()),
        (None, None) => {
            return Err(
                Failure::unobtainable("the evidence has no vm_config").help("give it with --vm-config")
            );
        }
    };
    VmConfig::parse(&bytes, &Limits::STANDARD)
        .map_err(|error| Failure::unobtainable(format!("{name}: {error}")))
}

fn measured_image(path: &std::path::Path, config: &VmConfig) -> Result<ImageMeasurement, Failure> {
    let files = gather::image(path)?;
    let memory = config.hardware.memory();
    image::measure(&*files, config.os_image_hash.as_ref(), memory, &ImageLimits::STANDARD)
        .map_err(|error| Failure::unobtainable(format!("{}: {error}", shown(path))))
}

fn compare(
    evidence: &Evidence,
    config: &VmConfig,
    firmware: &FirmwareMemory,
    image: Option<&ImageMeasurement>,
) -> Result<Vec<Row>, Failure> {
    let missing = || Failure::unobtainable("the file has no TDX quote");
    let item = evidence.quote.as_ref().ok_or_else(missing)?;
    let quote = Quote::parse(&item.bytes).map_err(|error| Failure::unobtainable(error.to_string()))?;
    let td = quote.td().ok_or_else(missing)?;
    let [rtmr0, rtmr1, rtmr2, _] = &td.rtmrs;
    let log = digests(evidence);
    let question =
        Question { config, firmware, quoted: rtmr0, log: log.as_deref(), effort: Effort::Diagnose };
    let hardware = match rtmr0::prove(&question) {
        Rtmr0Outcome::Proven(hardware) => {
            let wrong: Vec<String> = hardware.discrepancies().iter().map(ToString::to_string).collect();
            let wrong = if wrong.is_empty() { String::new() } else { format!("; but {}", wrong.join(", ")) };
            Row { register: "RTMR0", equal: Some(true), words: format!("{}{wrong}", hardware.shape()) }
        }
        Rtmr0Outcome::NotComputable(why) => Row { register: "RTMR0", equal: None, words: why.to_string() },
        Rtmr0Outcome::Mismatch(diagnosis) => {
            Row { register: "RTMR0", equal: Some(false), words: diagnosis.to_string() }
        }
    };
    let boot = boot_rows(image, &td.mrtd, rtmr1, rtmr2);
    Ok(std::iter::once(hardware).chain(boot).collect())
}

fn boot_rows(image: Option<&ImageMeasurement>, mrtd: &Mrtd, rtmr1: &Rtmr, rtmr2: &Rtmr) -> Vec<Row> {
    let Some(image) = image else {
        let words = "no image was given";
        return ["MRTD", "RTMR1", "RTMR2"]
            .map(|register| Row { register, equal: None, words: words.to_owned() })
            .into();
    };
    let compared = image.compare(mrtd, rtmr1, rtmr2);
    let row = |register, found: Option<String>| Row {
        register,
        equal: Some(found.is_some()),
        words: found.unwrap_or_else(|| "is not the image's".to_owned()),
    };
    vec![
        row("MRTD", compared.pass_order.map(|order| format!("the image's firmware, {order}"))),
        row("RTMR1", compared.header.map(|header| format!("the image's kernel, {header}"))),
        row("RTMR2", compared.rtmr2.then(|| "the image's command line and initrd".to_owned())),
    ]
}

/// Digests of the log's RTMR0 events. They only explain a difference.
fn digests(evidence: &Evidence) -> Option<Vec<Sha384Digest>> {
    let item = evidence.event_log.as_ref()?;
    let log = veritee_offline::event_log(item, &Budget::STANDARD);
    Some(log.ok()?.of_register(RtmrIndex::Rtmr0).map(|event| *event.effective_digest()).collect())
}

fn table(expected: &Expected, compared: Option<&Vec<Row>>) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "Machine as claimed: {}", expected.shape);
    register(&mut out, "rtmr0", &expected.rtmr0);
    for mrtd in &expected.mrtd {
        let _ = writeln!(out, "\nmrtd   {}  ({})", mrtd.value, mrtd.pass_order);
    }
    for rtmr1 in &expected.rtmr1 {
        register(&mut out, "rtmr1", rtmr1);
    }
    if let Some(rtmr2) = &expected.rtmr2 {
        register(&mut out, "rtmr2", rtmr2);
    }
    if let Some(rows) = compared {
        out.push_str("\nAgainst the quote (which was not verified):\n");
        for row in rows {
            let equal = match row.equal {
                Some(true) => "equal",
                Some(false) => "DIFFERS",
                None => "not compared",
            };
            let _ = writeln!(out, "{:6} {equal:13} {}", row.register, row.words);
        }
    }
    out
}

fn register(out: &mut String, name: &str, register: &ExpectedRegister) {
    let header = register.kernel_header.map_or_else(String::new, |header| format!("  ({header})"));
    let _ = writeln!(out, "\n{name}  {}{header}", register.value);
    for event in &register.events {
        let _ =
            writeln!(out, "{:>4}  {:22} {}\n      {}", event.index, event.name, event.digest, event.covers);
    }
}

fn document(expected: &Expected, compared: Option<&Vec<Row>>) -> serde_json::Value {
    let row = |row: &Row| json!({ "register": row.register, "equal": row.equal, "detail": row.words });
    veritee_offline::measure_document(expected, compared.map(|rows| rows.iter().map(row).collect()))
}
