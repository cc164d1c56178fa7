//! What the reader of policy files accepts and refuses.

use veritee_model::TcbStatus;
use veritee_policy::{Policy, PolicyError, PolicyFault};

const HEAD: &str = "schema = \"veritee/policy/v1\"\nname = \"test\"\n";

/// Every fault has its place in the file.
fn parse(body: &str) -> Result<Policy, PolicyFault> {
    read(body).map_err(|error| {
        assert!(error.place.is_some(), "{error}\n{body}");
        error.fault
    })
}

fn read(body: &str) -> Result<Policy, PolicyError> {
    Policy::parse(&format!("{HEAD}{body}"))
}

#[test]
fn the_shortest_policy_is_the_default_by_another_name() {
    assert_eq!(parse("").unwrap(), Policy { name: "test".to_owned(), ..Policy::default() });
}

#[test]
fn a_misspelt_key_is_an_error_at_its_place() {
    let error = read("[tcb]\nminimum_evaluation_nunber = 18\n").unwrap_err();
    let PolicyFault::Syntax { message } = error.fault else { panic!("{error}") };
    assert_eq!(error.place.unwrap().0, 4);
    assert!(message.contains("minimum_evaluation_nunber"), "{message}");
}

#[test]
fn a_misspelt_table_is_an_error() {
    assert!(matches!(parse("[advisory]\nallow = []\n"), Err(PolicyFault::Syntax { .. })));
}

#[test]
fn another_schema_is_refused() {
    let error = Policy::parse("schema = \"veritee/policy/v2\"\nname = \"x\"\n").unwrap_err();
    assert_eq!(error.fault, PolicyFault::Schema { got: "veritee/policy/v2".to_owned() });
}

#[test]
fn a_looser_status_needs_a_reason() {
    let body = "[tcb]\naccept = [\"UpToDate\", \"OutOfDate\"]\n";
    assert_eq!(parse(body), Err(PolicyFault::ReasonMissing { entry: "[tcb] accept".to_owned() }));
    let policy = parse(&format!("{body}reason = \"until the firmware update in April\"\n")).unwrap();
    assert_eq!(policy.tcb.accept, [TcbStatus::UpToDate, TcbStatus::OutOfDate]);
    assert!(policy.loosened()[0].contains("until the firmware update"));
}

#[test]
fn a_reason_of_a_few_letters_or_blanks_is_none() {
    for reason in ["ok", "          "] {
        let body = format!("[td]\nallow = [\"debug\"]\nreason = \"{reason}\"\n");
        assert!(matches!(parse(&body), Err(PolicyFault::ReasonMissing { .. })), "{reason}");
    }
}

#[test]
fn a_reason_that_nobody_can_read_is_none_in_every_table() {
    let zeros = "00".repeat(32);
    let tables = [
        "[tcb]\naccept = [\"UpToDate\", \"OutOfDate\"]\n".to_owned(),
        "[advisories]\nothers = \"allow\"\n".to_owned(),
        format!("[root]\nspki_sha256 = \"{zeros}\"\n"),
        "[[waive]]\ncheck = \"os.measured\"\n".to_owned(),
        "[[exception]]\ncode = \"tcb-out-of-date\"\n".to_owned(),
        "[[audit.allow]]\nrule = \"DP-IMG-002\"\n".to_owned(),
        "[[gpu.allow_mismatch]]\nindex = 3\n".to_owned(),
    ];
    for body in &tables {
        for unread in
            ["\u{200b}", "\u{3164}", "\u{2800}", "\u{e0041}", "\u{ad}", "1", ".", "-", "\\u0000", "\\t"]
        {
            let given = format!("{body}reason = \"{}\"\n", unread.repeat(20));
            assert!(matches!(parse(&given), Err(PolicyFault::ReasonMissing { .. })), "{given}");
        }
        let seven = format!("{body}reason = \"seven ab 12345678 \u{3164}\u{3164}\u{3164}\"\n");
        assert!(matches!(parse(&seven), Err(PolicyFault::ReasonMissing { .. })), "{seven}");
        assert!(parse(&format!("{body}reason = \"seen by us\"\n")).is_ok(), "{body}");
    }
}

/// What an empty list means, for every list that a policy can have.
enum Empty {
    /// What is accepted: nothing or anything, by who reads it. It is an error.
    Refused,
    /// It loosens and demands nothing, as if it were not there.
    Nothing(Box<Policy>),
}

#[test]
fn every_list_has_an_answer_to_being_empty() {
    use Empty::{Nothing, Refused};
    let none = || Nothing(Box::new(Policy { name: "test".to_owned(), ..Policy::default() }));
    let answers = [
        ("tcb", "accept", Refused),
        ("advisories", "allow", none()),
        ("advisories", "refuse", none()),
        ("td", "allow", none()),
        ("td", "mr_seam", Refused),
        ("sgx", "mrenclave", Refused),
        ("sgx", "mrsigner", Refused),
        ("expect", "app_id", Refused),
        ("expect", "instance_id", Refused),
        ("expect", "compose_hash", Refused),
        ("expect", "key_provider", Refused),
        ("expect", "fmspc", Refused),
        ("os", "machine", Refused),
        ("os", "image_hash", Refused),
        ("os", "development_image_hash", none()),
        ("gpu", "drivers", Refused),
        ("gpu", "vbios", Refused),
        ("gpu", "allow_mismatch", none()),
        ("audit", "allow", none()),
        ("audit", "variable", none()),
        ("", "require", none()),
        ("", "waive", none()),
        ("", "exception", none()),
    ];
    for (table, key, answer) in &answers {
        let head = if table.is_empty() { String::new() } else { format!("[{table}]\n") };
        let body = format!("{head}{key} = []\n");
        match answer {
            Refused => {
                let error = read(&body).unwrap_err();
                let lines = body.lines().count() + HEAD.lines().count();
                assert_eq!(error.place.map(|(line, _)| line), Some(lines), "{body}: {error}");
                assert!(error.to_string().contains("the list is empty"), "{body}: {error}");
            }
            Nothing(policy) => assert_eq!(parse(&body).as_ref(), Ok(&**policy), "{body}"),
        }
    }
    // Every list of the format is in the table: `pub KEY: Vec<` in what is read.
    let format = [include_str!("../src/file.rs"), include_str!("../src/gpu.rs")].concat();
    let lists: Vec<&str> = format
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(": Vec<"))
        .map(|(key, _)| key)
        .collect();
    assert_eq!(lists.len(), answers.len(), "a list without an answer: {lists:?}");
    for key in lists {
        assert!(answers.iter().any(|(_, known, _)| *known == key), "{key}");
    }
}

#[test]
fn an_allowance_for_a_place_without_a_name_is_an_error() {
    for place in ["", " ", "\\t", "\u{200b}", "\u{3164}"] {
        let body = format!(
            "[[audit.allow]]\nrule = \"DP-IMG-002\"\nreason = \"this was looked at\"\nplace = \"{place}\"\n"
        );
        let error = read(&body).unwrap_err();
        assert_eq!(error.place.map(|(line, _)| line), Some(6), "{place:?}: {error}");
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
        assert!(matches!(parse(&body), Err(PolicyFault::ReasonMissing { .. })), "{body}");
    }
}

#[test]
fn revoked_cannot_be_accepted_in_any_way() {
    assert!(parse("[tcb]\naccept = [\"Revoked\"]\nreason = \"because we really want to\"\n").is_err());
    for code in ["tcb-revoked", "tdx-module-revoked", "qe-revoked", "tcb-current-revoked"] {
        let body = format!("[[exception]]\ncode = \"{code}\"\nreason = \"because we really want to\"\n");
        assert_eq!(parse(&body), Err(PolicyFault::NotWaivable { code }));
    }
}

#[test]
fn what_is_not_genuine_or_not_checked_cannot_be_excepted() {
    for code in
        ["rtmr-mismatch", "quote-signature", "compose-hash-mismatch", "os-not-measured", "root-not-intel"]
    {
        let body = format!("[[exception]]\ncode = \"{code}\"\nreason = \"because we really want to\"\n");
        assert_eq!(parse(&body), Err(PolicyFault::NotWaivable { code }));
    }
}

#[test]
fn the_quotes_own_checks_cannot_be_waived() {
    for check in ["quote.signature", "quote.collateral", "quote.certificates", "quote.format"] {
        let body = format!("[[waive]]\ncheck = \"{check}\"\nreason = \"because we really want to\"\n");
        assert_eq!(parse(&body), Err(PolicyFault::NotWaivable { code: check }));
    }
    assert!(parse("[[waive]]\ncheck = \"quote.second-opinion\"\nreason = \"made for a test\"\n").is_ok());
}

#[test]
fn an_expiry_is_let_pass_by_its_own_entry_only() {
    for code in ["certificate-expired", "crl-expired", "tcb-info-expired", "qe-identity-expired"] {
        let body = format!("[[exception]]\ncode = \"{code}\"\nreason = \"because we really want to\"\n");
        assert_eq!(parse(&body), Err(PolicyFault::ExpiryExcepted { code }));
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
        assert!(matches!(parse(body), Err(PolicyFault::Syntax { .. })), "{body}");
    }
}

#[test]
fn contradictions_are_errors() {
    for body in [
        "[advisories]\nallow = [\"INTEL-SA-00001\"]\nrefuse = [\"INTEL-SA-00001\"]\nreason = \"made for a test\"\n",
        "require = [\"os.measured\"]\n[[waive]]\ncheck = \"os.measured\"\nreason = \"made for a test\"\n",
        "[[os.machine]]\nname = \"empty\"\nreason = \"made for a test\"\n",
    ] {
        assert!(matches!(parse(body), Err(PolicyFault::Contradiction { .. })), "{body}");
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
        assert!(matches!(parse(body), Err(PolicyFault::ReasonMissing { .. })), "{body}");
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
        assert!(matches!(parse(body), Err(PolicyFault::Syntax { .. })), "{body}");
    }
    let twice = "[[audit.variable]]\nname = \"A\"\n[[audit.variable]]\nname = \"A\"\n";
    assert!(matches!(parse(twice), Err(PolicyFault::Contradiction { .. })));
}

/// What would silently not bind is an error at its place.
#[test]
fn entries_that_could_never_bind_are_errors() {
    let reason = "reason = \"made for a test\"\n";
    let zeros = "00".repeat(32);
    for body in [
        // Advisories have one spelling.
        format!("[advisories]\nothers = \"allow\"\nrefuse = [\"intel-sa-01999\"]\n{reason}"),
        format!("[advisories]\nothers = \"allow\"\nrefuse = [\"INTEL-SA-01999 \"]\n{reason}"),
        format!("[advisories]\nothers = \"allow\"\nrefuse = [\"INTEL-SA-1999\"]\n{reason}"),
        format!("[advisories]\nallow = [\"CVE-2024-0001\"]\n{reason}"),
        // Digits are no date.
        "[tcb]\nminimum_date = \"20250814\"\n".to_owned(),
        "[tcb]\nminimum_date = \"1755129600\"\n".to_owned(),
        format!("[as_of]\ntime = \"20250814\"\n{reason}"),
        format!("[[waive]]\ncheck = \"os.measured\"\nexpires = \"20270101\"\n{reason}"),
        // An empty list is not "any".
        "[tcb]\naccept = []\n".to_owned(),
        "[expect]\napp_id = []\n".to_owned(),
        "[expect]\ncompose_hash = []\n".to_owned(),
        "[expect]\nfmspc = []\n".to_owned(),
        "[expect]\nkey_provider = []\n".to_owned(),
        "[td]\nmr_seam = []\n".to_owned(),
        // Names that nothing has.
        "[expect]\nkey_provider = [{ name = \"kms\", id = \"xyz\" }]\n".to_owned(),
        "[expect]\nkey_provider = [{ name = \" kms\", id = \"00\" }]\n".to_owned(),
        "[[audit.variable]]\nname = \"A B\"\nuser_data = true\n".to_owned(),
    ] {
        assert!(matches!(parse(&body), Err(PolicyFault::Syntax { .. })), "{body}");
    }
    for body in [
        // A fault of many values, and a value of a fault that has none.
        format!("[[exception]]\ncode = \"advisory-refused\"\n{reason}"),
        format!("[[exception]]\ncode = \"advisory-refused\"\nvalue = \"intel-sa-1\"\n{reason}"),
        format!("[[exception]]\ncode = \"app-id-unexpected\"\n{reason}"),
        format!("[[exception]]\ncode = \"td-attributes-reserved\"\n{reason}"),
        format!("[[exception]]\ncode = \"tcb-out-of-date\"\nvalue = \"x\"\n{reason}"),
    ] {
        assert!(matches!(parse(&body), Err(PolicyFault::Value { .. })), "{body}");
    }
    for body in [
        format!("[expect]\ncompose_hash = [\"{zeros}\"]\n[[waive]]\ncheck = \"compose.expected\"\n{reason}"),
        format!(
            "[os]\ndevelopment_image_hash = [\"{zeros}\"]\n[[waive]]\ncheck = \"os.development\"\n{reason}"
        ),
        format!("[os]\ndevelopment_image_hash = [\"{zeros}\"]\nallow_development = true\n{reason}"),
    ] {
        assert!(matches!(parse(&body), Err(PolicyFault::Contradiction { .. })), "{body}");
    }
    assert!(matches!(parse("[audit]\nfail_on = \"critical\"\n"), Err(PolicyFault::ReasonMissing { .. })));
    let root = format!("[[exception]]\ncode = \"root-not-accepted\"\n{reason}");
    assert!(matches!(parse(&root), Err(PolicyFault::NotWaivable { .. })));
}

#[test]
fn errors_between_entries_stand_at_the_entry() {
    let error = read("[td]\n\nallow = [\"debug\"]\n").unwrap_err();
    assert_eq!(error.place, Some((5, 9)));
    let error = read("[[waive]]\ncheck = \"os.measured\"\nreason = \"made for a test\"\n[[waive]]\ncheck = \"quote.format\"\n").unwrap_err();
    assert_eq!(error.place, Some((7, 9)));
    let text = format!("{HEAD}[[audit.allow]]\nrule = \"DP-XXX-001\"\nreason = \"made for a test\"\n");
    let policy = Policy::parse(&text).unwrap();
    assert_eq!(policy.rules_exist(&text, |_| true), Ok(()));
    let error = policy.rules_exist(&text, |_| false).unwrap_err();
    assert_eq!(
        (error.place, error.fault),
        (Some((4, 8)), PolicyFault::UnknownRule { rule: "DP-XXX-001".into() })
    );
}
