//! What the reader of policy files accepts and refuses.

use veritee_model::TcbStatus;
use veritee_policy::{Policy, PolicyError};

const HEAD: &str = "schema = \"veritee/policy/v1\"\nname = \"test\"\n";

fn parse(body: &str) -> Result<Policy, PolicyError> {
    Policy::parse(&format!("{HEAD}{body}"))
}

#[test]
fn the_shortest_policy_is_the_default_by_another_name() {
    assert_eq!(parse("").unwrap(), Policy { name: "test".to_owned(), ..Policy::default() });
}

#[test]
fn a_misspelt_key_is_an_error_at_its_place() {
    let error = parse("[tcb]\nminimum_evaluation_nunber = 18\n").unwrap_err();
    let PolicyError::Syntax { line: Some(line), message, .. } = error else { panic!("{error}") };
    assert_eq!(line, 4);
    assert!(message.contains("minimum_evaluation_nunber"), "{message}");
}

#[test]
fn a_misspelt_table_is_an_error() {
    assert!(matches!(parse("[advisory]\nallow = []\n"), Err(PolicyError::Syntax { .. })));
}

#[test]
fn another_schema_is_refused() {
    let error = Policy::parse("schema = \"veritee/policy/v2\"\nname = \"x\"\n").unwrap_err();
    assert_eq!(error, PolicyError::Schema { got: "veritee/policy/v2".to_owned() });
}

#[test]
fn a_looser_status_needs_a_reason() {
    let body = "[tcb]\naccept = [\"UpToDate\", \"OutOfDate\"]\n";
    assert_eq!(parse(body), Err(PolicyError::ReasonMissing { entry: "[tcb] accept".to_owned() }));
    let policy = parse(&format!("{body}reason = \"until the firmware update in April\"\n")).unwrap();
    assert_eq!(policy.tcb.accept, [TcbStatus::UpToDate, TcbStatus::OutOfDate]);
    assert!(policy.loosened()[0].contains("until the firmware update"));
}

#[test]
fn a_reason_of_a_few_letters_or_blanks_is_none() {
    for reason in ["ok", "          "] {
        let body = format!("[td]\nallow = [\"debug\"]\nreason = \"{reason}\"\n");
        assert!(matches!(parse(&body), Err(PolicyError::ReasonMissing { .. })), "{reason}");
    }
}

#[test]
fn every_table_that_loosens_asks_for_its_reason() {
    let zeros = "00".repeat(32);
    for body in [
        "[as_of]\ntime = \"2026-03-15T00:00:00Z\"\n".to_owned(),
        "[advisories]\nallow = [\"INTEL-SA-01192\"]\n".to_owned(),
        "[advisories]\nothers = \"allow\"\n".to_owned(),
        "[collateral]\nallow_expired = true\n".to_owned(),
        "[os]\nallow_development = true\n".to_owned(),
        format!("[os]\nimage_hash = [\"{zeros}\"]\n"),
        format!("[root]\nspki_sha256 = \"{zeros}\"\n"),
        format!("[[os.machine]]\nname = \"m\"\nmrtd = \"{}\"\n", "00".repeat(48)),
        "[[waive]]\ncheck = \"os.measured\"\n".to_owned(),
        "[[exception]]\ncode = \"tcb-out-of-date\"\n".to_owned(),
        "[[audit.allow]]\nrule = \"DP-IMG-002\"\n".to_owned(),
    ] {
        assert!(matches!(parse(&body), Err(PolicyError::ReasonMissing { .. })), "{body}");
    }
}

#[test]
fn revoked_cannot_be_accepted_in_any_way() {
    assert!(parse("[tcb]\naccept = [\"Revoked\"]\nreason = \"because we really want to\"\n").is_err());
    for code in ["tcb-revoked", "tdx-module-revoked", "qe-revoked", "tcb-current-revoked"] {
        let body = format!("[[exception]]\ncode = \"{code}\"\nreason = \"because we really want to\"\n");
        assert_eq!(parse(&body), Err(PolicyError::NotWaivable { code }));
    }
}

#[test]
fn what_is_not_genuine_or_not_checked_cannot_be_excepted() {
    for code in
        ["rtmr-mismatch", "quote-signature", "compose-hash-mismatch", "os-not-measured", "root-not-intel"]
    {
        let body = format!("[[exception]]\ncode = \"{code}\"\nreason = \"because we really want to\"\n");
        assert_eq!(parse(&body), Err(PolicyError::NotWaivable { code }));
    }
}

#[test]
fn the_quotes_own_checks_cannot_be_waived() {
    for check in ["quote.signature", "quote.collateral", "quote.certificates", "quote.format"] {
        let body = format!("[[waive]]\ncheck = \"{check}\"\nreason = \"because we really want to\"\n");
        assert_eq!(parse(&body), Err(PolicyError::NotWaivable { code: check }));
    }
    assert!(parse("[[waive]]\ncheck = \"quote.second-opinion\"\nreason = \"made for a test\"\n").is_ok());
}

#[test]
fn an_expiry_is_let_pass_by_its_own_entry_only() {
    for code in ["certificate-expired", "crl-expired", "tcb-info-expired", "qe-identity-expired"] {
        let body = format!("[[exception]]\ncode = \"{code}\"\nreason = \"because we really want to\"\n");
        assert_eq!(parse(&body), Err(PolicyError::ExpiryExcepted { code }));
    }
}

#[test]
fn names_that_do_not_exist_are_errors() {
    for body in [
        "require = [\"os.mesured\"]\n",
        "[[waive]]\ncheck = \"os.mesured\"\nreason = \"not published yet\"\n",
        "[[exception]]\ncode = \"tcb-outofdate\"\nreason = \"not published yet\"\n",
        "[[exception]]\ncode = \"tcb-out-of-date\"\ncheck = \"x\"\nreason = \"not published yet\"\n",
    ] {
        assert!(
            matches!(parse(body), Err(PolicyError::Syntax { line: Some(_), column: Some(_), .. })),
            "{body}"
        );
    }
}

#[test]
fn contradictions_are_errors() {
    for body in [
        "[tcb]\naccept = []\n",
        "[advisories]\nallow = [\"A\"]\nrefuse = [\"A\"]\nreason = \"made for a test\"\n",
        "require = [\"os.measured\"]\n[[waive]]\ncheck = \"os.measured\"\nreason = \"made for a test\"\n",
        "[[os.machine]]\nname = \"empty\"\nreason = \"made for a test\"\n",
    ] {
        assert!(matches!(parse(body), Err(PolicyError::Contradiction { .. })), "{body}");
    }
}

#[test]
fn a_hash_of_the_wrong_length_is_an_error_at_its_place() {
    let error = parse("[expect]\ncompose_hash = [\"abcd\"]\n").unwrap_err();
    assert!(error.to_string().contains("expected 64 hex digits, got 4"), "{error}");
}

#[test]
fn hostile_text_in_a_policy_does_not_reach_the_terminal() {
    let error = parse("[[waive]]\ncheck = \"\\u001b[2J\"\nreason = \"made for a test\"\n").unwrap_err();
    assert!(!error.to_string().contains('\u{1b}'), "{error}");
}

#[test]
fn honouring_comments_of_the_audited_party_and_other_classes_ask_for_reasons_and_are_told() {
    for body in [
        "[audit]\nhonour_inline_allows = true\n",
        "[[audit.variable]]\nname = \"BACKEND\"\nclass = \"tuning\"\n",
    ] {
        assert!(matches!(parse(body), Err(PolicyError::ReasonMissing { .. })), "{body}");
        let policy = parse(&format!("{body}reason = \"our own repository\"\n")).unwrap();
        assert_eq!(policy.loosened().len(), 1, "{body}");
        assert!(policy.loosened()[0].contains("our own repository"), "{:?}", policy.loosened());
    }
    // Stricter than guessing: no reason is asked, nothing is loosened.
    let policy = parse("[[audit.variable]]\nname = \"BACKEND\"\nuser_data = true\n").unwrap();
    assert_eq!(policy.loosened(), Vec::<String>::new());
    for body in [
        "[[audit.variable]]\nname = \"A\"\nclass = \"harmless\"\nreason = \"our own repository\"\n",
        "[[audit.variable]]\nname = \"A\"\nuser_date = true\n",
        "[[audit.variable]]\nuser_data = true\n",
    ] {
        assert!(matches!(parse(body), Err(PolicyError::Syntax { .. })), "{body}");
    }
    let twice = "[[audit.variable]]\nname = \"A\"\n[[audit.variable]]\nname = \"A\"\n";
    assert!(matches!(parse(twice), Err(PolicyError::Contradiction { .. })));
}
