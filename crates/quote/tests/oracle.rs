//! Every real quote at hand against what dcap-qvl 0.7.1 said of it.

#[path = "support/vectors.rs"]
mod common;

use common::{ours, shared};
use serde_json::Value;
use veritee_quote::td_attributes::{self, TdAttributeFault};
use veritee_quote::{QuoteError, TcbStatus, VerifiedQuote};
use veritee_quote::{QuoteReason, UnixTime};

#[test]
fn every_row_of_the_oracle_gives_its_status_and_advisories_or_the_matching_refusal() {
    let Some(root) = shared() else { return };
    let oracle: Value =
        serde_json::from_slice(&std::fs::read(root.join("dcap_oracle.json")).unwrap()).unwrap();
    let rows = oracle["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 62);
    for row in rows {
        let read = |key: &str| std::fs::read(root.join(row[key].as_str().unwrap())).unwrap();
        let as_of = UnixTime::from_seconds(row["now"].as_u64().unwrap());
        let got = ours(&read("quote"), &read("collateral"), as_of);
        let name = format!("{} under {} at {as_of}", row["quote"], row["collateral"]);
        match row["result"].get("error").and_then(Value::as_str) {
            None => assert_same_verdict(&name, &got.expect(&name), &row["result"]),
            Some(error) => assert_matching_refusal(&name, got, error),
        }
    }
}

fn assert_same_verdict(name: &str, got: &VerifiedQuote, oracle: &Value) {
    let tcb = got.tcb();
    let advisories = |value: &Value| -> Vec<String> { serde_json::from_value(value.clone()).unwrap() };
    assert_eq!(tcb.status.name(), oracle["status"], "{name}");
    assert_eq!(tcb.advisories, advisories(&oracle["advisory_ids"]), "{name}");
    assert_eq!(tcb.launch.quoting_enclave.status.name(), oracle["qe_status"]["status"], "{name}");
    assert_eq!(
        tcb.launch.quoting_enclave.advisories,
        advisories(&oracle["qe_status"]["advisory_ids"]),
        "{name}"
    );
    // Their platform status is the platform's and the TDX module's together.
    let module = tcb.launch.tdx_module.as_ref().map_or(TcbStatus::UpToDate, |module| module.status);
    assert_eq!(
        veritee_quote::converged(tcb.launch.platform.status, module).name(),
        oracle["platform_status"]["status"],
        "{name}"
    );
    assert!(td_attributes::examine(got.td().unwrap()).is_empty(), "{name}");
}

fn assert_matching_refusal(name: &str, got: Result<VerifiedQuote, QuoteError>, error: &str) {
    if error == "SEPT_VE_DISABLE is not enabled" {
        // Divergence `td-attributes-by-policy`: the engine reports, the policy refuses.
        let faults = td_attributes::examine(got.expect(name).td().unwrap());
        assert_eq!(faults, [TdAttributeFault::SeptVeDisableMissing], "{name}");
        return;
    }
    let expected = if error.contains("CertNotValidYet") {
        QuoteReason::CertificateNotYetValid
    } else if error.contains("UnknownIssuer") {
        QuoteReason::PckChainUntrusted
    } else {
        assert_eq!(error, "No matching TCB level found", "{name}");
        QuoteReason::TcbNotSupported
    };
    assert_eq!(got.expect_err(name).reason(), expected, "{name}");
}

#[test]
fn the_quote_with_two_changed_nibbles_is_refused_at_its_byte() {
    let Some(root) = shared() else { return };
    let quote = std::fs::read(root.join("dstack/kms-pha-prod7-bootstrap-corrupt/quote.bin")).unwrap();
    let collateral =
        std::fs::read(root.join("collateral/fmspc-20a06f000000__dcap-qvl-near-gas-test.json")).unwrap();
    let error = ours(&quote, &collateral, UnixTime::from_seconds(1_757_894_400)).unwrap_err();
    assert_eq!(error.reason(), QuoteReason::PckChainUntrusted);
    assert_eq!(error.location().as_deref(), Some("quote byte 3217"), "{error}");
}

#[test]
fn every_collateral_at_hand_verifies_while_it_is_in_force_and_not_a_second_outside() {
    use veritee_quote::{Collateral, Expiry, TrustRoot};
    let Some(root) = shared() else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(root.join("real")).unwrap() {
        for file in std::fs::read_dir(entry.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !name.starts_with("collateral") {
                continue;
            }
            let collateral = Collateral::from_json(&std::fs::read(&path).unwrap()).unwrap();
            let verify = |as_of| collateral.verify_at(&TrustRoot::intel(), as_of, Expiry::Enforce);
            let (from, until) = window(&collateral);
            if from >= until {
                // Parts of different months: never in force together.
                assert!(verify(from).is_err(), "{}", path.display());
                continue;
            }
            verify(from).unwrap();
            verify(until).unwrap();
            let before = UnixTime::from_seconds(from.seconds() - 1);
            let after = UnixTime::from_seconds(until.seconds() + 1);
            assert!(verify(before).unwrap_err().reason().code().ends_with("-not-yet-valid"));
            assert!(verify(after).unwrap_err().reason().code().ends_with("-expired"));
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen}");
}

/// First and last second at which all parts hold; revocation lists end a second earlier than they say.
fn window(collateral: &veritee_quote::Collateral) -> (UnixTime, UnixTime) {
    use veritee_quote::error::Source;
    use veritee_quote::{Expiry, TrustRoot};
    // Long after: expired, which is reported, and nothing is too early.
    let prepared = collateral
        .verify_at(&TrustRoot::intel(), UnixTime::parse("2048-01-01T00:00:00Z").unwrap(), Expiry::Report)
        .unwrap();
    let from = prepared.sources().iter().map(|dates| dates.latest_issued).max().unwrap();
    let until = prepared.sources().iter().map(|dates| match dates.source {
        Source::RootCaCrl | Source::PckCrl => UnixTime::from_seconds(dates.expires.seconds() - 1),
        _ => dates.expires,
    });
    (from, until.min().unwrap())
}
