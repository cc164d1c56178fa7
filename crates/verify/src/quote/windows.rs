//! When the documents behind a verdict are in force: each by itself, and all of them together.

use veritee_model::UnixTime;
use veritee_quote::VerifiedQuote;

/// From when until when everything is in force. A revocation list ends when the next is due, all else after its last
/// second (see `docs/collateral.md`).
fn bounds(verified: &VerifiedQuote) -> Option<(UnixTime, UnixTime)> {
    let facts = verified.collateral();
    Some((facts.latest_issue()?, facts.earliest_expiration()?))
}

/// The interval in words, or that there is none.
pub(super) fn interval(verified: &VerifiedQuote) -> String {
    match bounds(verified) {
        Some((from, until)) if from < until => format!("all in force from {from} until {until}"),
        Some((from, until)) => {
            format!("at no time all in force: the newest is of {from}, the first ends at {until}")
        }
        None => "without dates".to_owned(),
    }
}

/// Every window, what has ended at this time, and what to fetch.
pub(super) fn all(verified: &VerifiedQuote, as_of: UnixTime) -> String {
    let sources = &verified.collateral().sources;
    let windows: Vec<String> = sources
        .iter()
        .map(|dates| {
            let ended = if as_of > dates.expires { " (ended)" } else { "" };
            format!("{} {} to {}{ended}", dates.source, dates.latest_issued, dates.expires)
        })
        .collect();
    let ended: Vec<String> =
        sources.iter().filter(|dates| as_of > dates.expires).map(|dates| dates.source.to_string()).collect();
    let fetch = match (bounds(verified), ended.is_empty()) {
        (Some((from, until)), _) if from >= until => "fetch all of them together",
        (_, false) => "fetch it anew, or judge at a time inside the interval with --as-of",
        (_, true) => "judge at a time inside the interval with --as-of",
    };
    let ended = if ended.is_empty() { String::new() } else { format!("; ended: {}", ended.join(", ")) };
    format!("windows: {}; {}{ended}; {fetch}", windows.join(", "), interval(verified))
}

/// The two evaluations, where they are not one.
pub(super) fn evaluations(verified: &VerifiedQuote) -> Option<String> {
    let tcb = verified.tcb();
    let (info, identity) = (tcb.tcb_info_evaluation_number, tcb.qe_identity_evaluation_number);
    (info != identity).then(|| format!("TCB info of evaluation {info}, QE identity of evaluation {identity}"))
}
