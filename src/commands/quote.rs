//! `veritee quote`

use super::verify::{self, Rules};
use super::{gather, supply};
use crate::cli::{Engine, Format, Global, Quote as Options};
use crate::failure::Failure;
use crate::input::shown;
use core::fmt::Write as _;
use std::path::Path;
use veritee_model::report::Comparison;
use veritee_model::{Evidence, ExitCode, Kind};
use veritee_quote::Quote;
use veritee_verify::Expected;

pub(crate) fn run(options: &Options, global: &Global) -> Result<ExitCode, Failure> {
    match options {
        Options::Show { file } => show(file, global),
        Options::Verify { file, select, collateral, judge, network, .. } => {
            let gather::Selected { mut evidence, beside: others } =
                gather::selected(file, select.as_deref(), global)?;
            // One quote, nothing else: what came along with it is not judged here, and that is said.
            let quote = evidence.quote.take();
            if let Some(beside) = beside(&evidence) {
                crate::output::note(
                    global,
                    &format!("note: not judged here: {beside}; `veritee verify` does"),
                );
            }
            evidence.quote = quote;
            let gather::Selected { evidence: mut alone, beside: others } =
                alone(gather::Selected { evidence, beside: others });
            let rules = Rules { kind: Kind::Quote, ..Rules::load(judge, Engine::Both)? };
            let mut grounds = rules.grounds();
            gather::collateral(&mut grounds, collateral, global)?;
            grounds.learn(&others);
            let wanted =
                supply::Wanted { root: &rules.root, as_of: rules.as_of, offline: judge.offline, network };
            let early = supply::collateral(&alone, &mut grounds, &wanted, global)?;
            if supply::is_named(network) {
                // It is in the grounds, for its lists.
                alone.drop_collateral();
            }
            let mut report = rules.verdict(&alone, &grounds, &Expected::Nothing, None);
            if let Some(early) = early {
                alone.drop_collateral();
                let other = rules.verdict(&alone, &early, &Expected::Nothing, None);
                report.compared.push(Comparison::between(verify::EARLY, &other, &report));
            }
            crate::output::report(&report, global)?;
            Ok(report.verdict.outcome.exit_code())
        }
    }
}

/// Of evidence the quote and the collateral that came with it. Of the machines that it links to nothing is judged then; what
/// their lists revoke stands beside it, and holds all the same.
pub(crate) fn alone(selected: gather::Selected) -> gather::Selected {
    let gather::Selected { evidence, mut beside } = selected;
    let links = evidence.machines().skip(1);
    beside.collateral.extend(links.flat_map(|linked| linked.own_collateral().cloned()));
    let alone = Evidence {
        quote: evidence.quote,
        collateral: evidence.collateral,
        recorded_collateral: evidence.recorded_collateral,
        ..Evidence::default()
    };
    gather::Selected { evidence: alone, beside }
}

/// What evidence holds beside quote and collateral.
fn beside(evidence: &Evidence) -> Option<String> {
    let parts = [
        (evidence.event_log.is_some(), "event log"),
        (evidence.app_compose.is_some(), "app_compose"),
        (evidence.certificates.is_some(), "certificates"),
        (evidence.gpus.is_some(), "GPU evidence"),
        (evidence.ingress.is_some(), "ingress evidence"),
        (evidence.kms_keys.is_some(), "KMS keys"),
    ];
    let names: Vec<&str> = parts.into_iter().filter(|(there, _)| *there).map(|(_, name)| name).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn show(path: &Path, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Json, Format::Jsonl], "quote show")?;
    let evidence = gather::single(path, None, global)?;
    let item =
        evidence.quote.ok_or_else(|| Failure::unobtainable(format!("{}: has no quote", shown(path))))?;
    let quote = Quote::parse(&item.bytes)
        .map_err(|error| Failure::unobtainable(format!("{}: {error}", shown(path))))?;
    let document = serde_json::json!({
        "schema": "veritee/quote/v1",
        "verified": false,
        "bytes": item.bytes.len(),
        "padding": quote.padding(),
        "signed_sha256": quote.signed_sha256(),
        "header": quote.header(),
        "body": quote.body(),
        "qe_report": quote.qe_report(),
        "certification_type": quote.certification().kind().number(),
        "pck": quote.pck_hint(),
    });
    let text = match global.format {
        Format::Json => format!("{document:#}\n"),
        Format::Jsonl => format!("{document}\n"),
        _ => fields(&document, "a quote", "veritee quote verify"),
    };
    crate::output::data(&veritee_model::text::inert_json(&text), global)?;
    Ok(ExitCode::Verified)
}

/// One line a field, dotted names.
pub(super) fn fields(document: &serde_json::Value, of: &str, verifier: &str) -> String {
    let mut out = format!("Fields of {of}. NOT VERIFIED: anyone can write these bytes.\n\n");
    flatten(document, "", &mut out);
    out.push_str(&format!("\nNOT VERIFIED. `{verifier}` does that.\n"));
    out
}

fn flatten(value: &serde_json::Value, name: &str, out: &mut String) {
    let below = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    match value {
        serde_json::Value::Object(members) => {
            members.iter().for_each(|(key, value)| flatten(value, &below(key), out));
        }
        serde_json::Value::Array(entries) => {
            entries
                .iter()
                .enumerate()
                .for_each(|(index, value)| flatten(value, &below(&index.to_string()), out));
        }
        serde_json::Value::Null => {}
        serde_json::Value::String(text) => {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{name:36} {}", veritee_model::text::inert(text));
        }
        other => {
            let _ = writeln!(out, "{name:36} {other}");
        }
    }
}
