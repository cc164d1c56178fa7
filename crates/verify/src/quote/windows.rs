//! When the documents behind a verdict are in force: each by itself, and all of them together.

use veritee_model::UnixTime;
use veritee_quote::error::Source;
use veritee_quote::{SourceDates, VerifiedQuote};

/// From when until when everything is in force. A revocation list ends when the next is due, all else after its last
/// second (see `docs/collateral.md`).
fn bounds(dates: &[SourceDates]) -> Option<(UnixTime, UnixTime)> {
    let from = dates.iter().map(|dates| dates.latest_issued).max()?;
    let until = dates.iter().map(|dates| dates.expires).min()?;
    Some((from, until))
}

/// The interval in words, or that there is none.
pub(super) fn interval(dates: &[SourceDates]) -> String {
    match bounds(dates) {
        Some((from, until)) if from < until => format!("all in force from {from} until {until}"),
        Some((from, until)) => {
            format!("at no time all in force: the newest is of {from}, the first ends at {until}")
        }
        None => "without dates".to_owned(),
    }
}

fn has_ended(dates: &SourceDates, as_of: UnixTime) -> bool {
    let is_list = matches!(dates.source, Source::RootCaCrl | Source::PckCrl);
    as_of > dates.expires || (is_list && as_of == dates.expires)
}

/// Every window, what has ended or not begun at this time, and what to fetch.
pub(super) fn all(dates: &[SourceDates], as_of: UnixTime) -> String {
    let is_early = |dates: &SourceDates| as_of < dates.latest_issued;
    let windows: Vec<String> = dates
        .iter()
        .map(|dates| {
            let now = match (has_ended(dates, as_of), is_early(dates)) {
                (true, _) => " (ended)",
                (false, true) => " (not begun)",
                (false, false) => "",
            };
            format!("{} {} to {}{now}", dates.source, dates.latest_issued, dates.expires)
        })
        .collect();
    let named = |of: &dyn Fn(&SourceDates) -> bool| -> Vec<String> {
        dates.iter().filter(|dates| of(dates)).map(|dates| dates.source.to_string()).collect()
    };
    let (ended, early) = (named(&|dates| has_ended(dates, as_of)), named(&is_early));
    let fetch = match (bounds(dates), ended.as_slice(), early.as_slice()) {
        (Some((from, until)), ..) if from >= until => "fetch all of them together",
        (_, [], _) => "judge at a time inside the interval with --as-of",
        (_, _, []) => "fetch it anew, or judge at a time inside the interval with --as-of",
        (..) => "fetch all of them anew, or judge at a time inside the interval with --as-of",
    };
    let list = |word: &str, names: &[String]| match names {
        [] => String::new(),
        names => format!("; {word}: {}", names.join(", ")),
    };
    let (ended, early) = (list("ended", &ended), list("not begun", &early));
    format!("{}{ended}{early}; {fetch}; windows: {}", interval(dates), windows.join(", "))
}

/// The two evaluations, where they are not one.
pub(super) fn evaluations(verified: &VerifiedQuote) -> Option<String> {
    let tcb = verified.tcb();
    let (info, identity) = (tcb.tcb_info_evaluation_number, tcb.qe_identity_evaluation_number);
    (info != identity).then(|| format!("TCB info of evaluation {info}, QE identity of evaluation {identity}"))
}
