//! All rows of the oracle through the pipeline, with both engines.

use crate::vectors::{Row, find, judge, rows, shared};
use veritee_model::{CheckId, Evidence, Item, Outcome, Reason, Report};
use veritee_verify::Engine;

fn report(row: &Row) -> Report {
    let root = shared().unwrap();
    let item = |path: &str| Item::new(std::fs::read(root.join(path)).unwrap(), path);
    let evidence = Evidence {
        quote: Some(item(&row.quote)),
        collateral: vec![item(&row.collateral)],
        ..Evidence::default()
    };
    judge(&evidence, row.now, Engine::Both)
}

/// What corresponds to the oracle's error.
fn refusal(error: &str) -> (CheckId, &'static [Reason]) {
    let known: [(&str, CheckId, &'static [Reason]); 4] = [
        // Two nibbles of the PCK certificate are wrong: which of its checks fails first is not the point.
        (
            "UnknownIssuer",
            CheckId::QuoteCertificates,
            &[Reason::PckChainMalformed, Reason::PckChainUntrusted],
        ),
        ("CertNotValidYet", CheckId::QuoteCertificates, &[Reason::CertificateNotYetValid]),
        (
            "No matching TCB level found",
            CheckId::QuoteTcbLevel,
            &[Reason::TcbNotSupported, Reason::TdxModuleTcbNotSupported],
        ),
        ("SEPT_VE_DISABLE is not enabled", CheckId::PlatformTdAttributes, &[Reason::TdSeptVeDisableMissing]),
    ];
    let (_, id, reasons) =
        known.into_iter().find(|(words, ..)| error.contains(words)).unwrap_or_else(|| panic!("{error}"));
    (id, reasons)
}

#[test]
fn every_row_has_the_oracle_s_outcome_and_no_unlisted_difference() {
    let rows = rows();
    let mut refused = 0;
    for row in &rows {
        let name = format!("{} at {}", row.quote, row.now);
        let report = report(row);
        let second = find(&report, CheckId::QuoteSecondOpinion);
        assert_eq!(second.outcome, Outcome::Pass, "{name}: {second:?}");
        if let Some(error) = row.result["error"].as_str() {
            let (id, reasons) = refusal(error);
            let check = find(&report, id);
            assert_eq!(check.outcome, Outcome::Fail, "{name}: {check:?}");
            assert!(reasons.contains(&check.reason().unwrap()), "{name}: {check:?}");
            assert!(matches!(report.verdict.exit_code, 10 | 11), "{name}: {:?}", report.verdict);
            refused += 1;
            continue;
        }
        let tcb = report.tcb.as_ref().unwrap_or_else(|| panic!("{name}: {:?}", report.verdict));
        assert_eq!(tcb.status, row.result["status"].as_str().unwrap(), "{name}");
        assert_eq!(tcb.platform, row.result["platform_status"]["status"].as_str().unwrap(), "{name}");
        assert_eq!(tcb.qe, row.result["qe_status"]["status"].as_str().unwrap(), "{name}");
        let mut wanted: Vec<&str> =
            row.result["advisory_ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        let mut got: Vec<&str> = tcb.advisories.iter().map(String::as_str).collect();
        wanted.sort_unstable();
        got.sort_unstable();
        assert_eq!(got, wanted, "{name}");
        let status = find(&report, CheckId::PlatformTcbStatus);
        assert_eq!(status.outcome == Outcome::Pass, tcb.status == "UpToDate", "{name}");
    }
    if !rows.is_empty() {
        assert_eq!((rows.len(), refused), (62, 12));
    }
}

#[test]
fn the_corrupt_quote_is_refused_at_its_byte() {
    for row in rows().iter().filter(|row| row.quote.contains("corrupt")) {
        let report = report(row);
        let check = find(&report, CheckId::QuoteCertificates);
        assert_eq!(check.reason(), Some(Reason::PckChainMalformed), "{check:?}");
        // Hex digits 6435 and 6509 of the quote differ from the genuine one: bytes 3217 and 3254, both in the PEM of
        // the PCK certificate, which begins at byte 1258.
        let place = format!("{} {}", check.location.as_deref().unwrap_or_default(), check.detail);
        let byte =
            place.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse::<usize>().ok());
        assert!(byte.into_iter().any(|byte| byte > 0), "no place in: {place}");
        eprintln!("{place}");
        assert_eq!(report.verdict.exit_code, 10);
    }
}
