//! `veritee eventlog`

use super::gather;
use crate::cli::{EventLog as Options, Format, Global};
use crate::failure::Failure;
use crate::input::{self, shown};
use core::fmt::Write as _;
use std::path::Path;
use veritee_eventlog::{EventLog, Trace, fold, replay};
use veritee_evidence::parts;
use veritee_model::text::{inert, shortened};
use veritee_model::{Budget, Evidence, ExitCode, Reason, Rtmr, RtmrIndex};
use veritee_offline::{replay_comparison, replay_document};
use veritee_quote::Quote;

pub(crate) fn run(options: &Options, global: &Global) -> Result<ExitCode, Failure> {
    let Options::Replay { file, quote, select } = options;
    super::only(global, &[Format::Human, Format::Json, Format::Jsonl], "eventlog replay")?;
    let evidence = evidence(file, select.as_deref(), global)?;
    let Some(item) = &evidence.event_log else {
        return Err(Failure::unobtainable(format!("{}: has no event log", shown(file))));
    };
    let log = veritee_offline::event_log(item, &Budget::STANDARD)
        .map_err(|error| Failure::unobtainable(format!("{}: {error}", shown(file))))?;
    let quoted = quote.as_deref().map(|path| registers(path, global)).transpose()?;
    let trace = fold(&log);
    let text = match global.format {
        Format::Json => format!("{:#}\n", replay_document(&log, &trace, quoted.as_ref())),
        Format::Jsonl => format!("{}\n", replay_document(&log, &trace, quoted.as_ref())),
        _ => table(&log, &trace, quoted.as_ref(), global.verbose > 0),
    };
    crate::output::data(&veritee_model::text::inert_json(&text), global)?;
    // As `verify` says it: a log that was saved at another moment than the quote is no forgery.
    Ok(match quoted.map(|quoted| replay(&log, &quoted)) {
        None | Some(Ok(_)) => ExitCode::Verified,
        Some(Err(error)) if matches!(error.reason(), Reason::EventLogLater | Reason::EventLogEarlier) => {
            ExitCode::Refused
        }
        Some(Err(_)) => ExitCode::NotGenuine,
    })
}

/// The file as evidence, or, where it is a bare log, as that.
fn evidence(path: &Path, label: Option<&str>, global: &Global) -> Result<Evidence, Failure> {
    if path.is_dir() {
        return gather::single(path, label, global);
    }
    let source = input::read(path)?;
    let mut evidence = Evidence::default();
    if parts::add_event_log(&mut evidence, &source.bytes, &source.name, &Budget::STANDARD).is_ok() {
        return Ok(evidence);
    }
    gather::single_in(path, &source, label, global)
}

fn registers(path: &Path, global: &Global) -> Result<[Rtmr; 4], Failure> {
    let evidence = gather::single(path, None, global)?;
    let missing = || Failure::unobtainable(format!("{}: has no TDX quote", shown(path)));
    let item = evidence.quote.ok_or_else(missing)?;
    let quote = Quote::parse(&item.bytes)
        .map_err(|error| Failure::unobtainable(format!("{}: {error}", shown(path))))?;
    quote.td().map(|td| td.rtmrs).ok_or_else(missing)
}

fn table(log: &EventLog, trace: &Trace, quoted: Option<&[Rtmr; 4]>, full: bool) -> String {
    let mut out = String::from("Replay of a log. Nothing is verified: the registers are the log's own.\n\n");
    let hex = |text: String| if full { text } else { shortened(&text, 16) };
    for (event, after) in log.events().iter().zip(trace.after()) {
        let recomputed = if event.recomputed_digest().is_some() { "recomputed" } else { "as claimed" };
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "{:>4}  {}  {:28}  digest {} {recomputed}  -> {}",
            event.index(),
            event.register(),
            shortened(&inert(event.label()), 28),
            hex(event.effective_digest().to_string()),
            hex(after.to_string()),
        );
    }
    out.push('\n');
    for register in RtmrIndex::ALL {
        let _ = writeln!(out, "{register}  {}  ({} events)", trace.register(register), trace.count(register));
    }
    if let Some(quoted) = quoted {
        out.push_str("\nAgainst the quote (which was not verified):\n");
        for (register, words) in replay_comparison(log, quoted) {
            let _ = writeln!(out, "{register}  {words}");
        }
    }
    out
}
