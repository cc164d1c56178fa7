//! All rows of the oracle through the pipeline, with both engines.

use crate::vectors::{Row, find, judge, rows, shared};
use veritee_model::{CheckId, Evidence, Item, Outcome, Reason, Report};
use veritee_second_opinion::DcapQvl;
use veritee_verify::Engine;

fn report(row: &Row) -> Report {
    let root = shared().unwrap();
    let item = |path: &str| Item::new(std::fs::read(root.join(path)).unwrap(), path);
    let evidence = Evidence {
        quote: Some(item(&row.quote)),
        collateral: vec![item(&row.collateral)],
        ..Evidence::default()
    };
    judge(&evidence, row.now, Engine::Both(&DcapQvl))
}

/// What corresponds to the oracle's error: reasons that say the same, and the check that may give them, where it is one.
fn refusal(error: &str) -> &'static [Reason] {
    let known: [(&str, &[Reason]); 4] = [
        // Two nibbles of the chain are wrong; which fault is found first is a matter of order.
        ("UnknownIssuer", &[Reason::PckChainUntrusted]),
        // Where the collateral is not in force either, that is said first.
        (
            "CertNotValidYet",
            &[
                Reason::CertificateNotYetValid,
                Reason::CrlNotYetValid,
                Reason::TcbInfoNotYetValid,
                Reason::QeIdentityNotYetValid,
            ],
        ),
        ("No matching TCB level found", &[Reason::TcbNotSupported, Reason::TdxModuleTcbNotSupported]),
        ("SEPT_VE_DISABLE is not enabled", &[Reason::TdSeptVeDisableMissing]),
    ];
    let found = known.into_iter().find(|(words, _)| error.contains(words));
    found.unwrap_or_else(|| panic!("{error}")).1
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
            let reasons = refusal(error);
            let failed = report.checks.iter().filter(|check| check.outcome == Outcome::Fail);
            let codes: Vec<Reason> = failed.map(|check| check.reason.unwrap()).collect();
            assert!(codes.iter().any(|code| reasons.contains(code)), "{name}: {codes:?}");
            assert!(matches!(report.verdict.exit_code, 10 | 11), "{name}: {:?}", report.verdict);
            refused += 1;
            continue;
        }
        let tcb = report.tcb.as_ref().unwrap_or_else(|| panic!("{name}: {:?}", report.verdict));
        assert_eq!(tcb.status.name(), row.result["status"].as_str().unwrap(), "{name}");
        assert_eq!(tcb.platform.name(), row.result["platform_status"]["status"].as_str().unwrap(), "{name}");
        assert_eq!(tcb.qe.name(), row.result["qe_status"]["status"].as_str().unwrap(), "{name}");
        let mut wanted: Vec<&str> =
            row.result["advisory_ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        let mut got: Vec<&str> = tcb.advisories.iter().map(String::as_str).collect();
        wanted.sort_unstable();
        got.sort_unstable();
        assert_eq!(got, wanted, "{name}");
        let status = find(&report, CheckId::PlatformTcbStatus);
        assert_eq!(
            status.outcome == Outcome::Pass,
            tcb.status == veritee_model::TcbStatus::UpToDate,
            "{name}"
        );
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
        assert_eq!(check.reason, Some(Reason::PckChainUntrusted), "{check:?}");
        // Hex digits 6435 and 6509 differ from the genuine quote's: byte 3217 is the first of the two.
        assert_eq!(check.location.as_deref(), Some("quote byte 3217"), "{check:?}");
        assert_eq!(report.verdict.exit_code, 10);
    }
}
