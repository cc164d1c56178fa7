//! The saved form: what goes out comes back, what was tampered with does not.

use crate::samples;
use veritee_model::{Reason, Report, Step, VerdictOutcome};
use veritee_report::{HumanOptions, ParseError, human, json, jsonl, parse};

fn tampered(report: &Report, change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let mut document: serde_json::Value = serde_json::from_str(&json(report)).unwrap();
    change(&mut document);
    serde_json::to_vec(&document).unwrap()
}

#[test]
fn a_parsed_report_is_the_report_and_renders_the_same() {
    for (name, report) in samples::all() {
        for text in [json(&report), jsonl(&report)] {
            let parsed = parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(parsed, report, "{name}");
            assert_eq!(json(&parsed), json(&report), "{name}");
            for verbose in 0..3 {
                let options = HumanOptions { verbose, ..HumanOptions::default() };
                assert_eq!(human(&parsed, &options), human(&report, &options), "{name}");
            }
        }
    }
}

#[test]
fn json_lines_are_one_line_each() {
    for (name, report) in samples::all() {
        assert_eq!(jsonl(&report).matches('\n').count(), 1, "{name}");
        assert!(jsonl(&report).ends_with("}\n"), "{name}");
        assert!(json(&report).ends_with("}\n"), "{name}");
    }
}

#[test]
fn a_field_of_a_later_version_is_ignored() {
    let bytes =
        tampered(&samples::verified(), |document| document["new_field"] = serde_json::json!({"a": [1]}));
    assert_eq!(parse(&bytes).unwrap(), samples::verified());
}

#[test]
fn another_schema_is_named_even_where_its_fields_differ() {
    let bytes = tampered(&samples::verified(), |document| document["schema"] = "veritee/report/v2".into());
    let error = parse(&bytes).unwrap_err();
    assert_eq!(error.reason(), Reason::ReportSchemaUnknown);
    assert_eq!(
        error.to_string(),
        "the document's schema is `veritee/report/v2`, expected `veritee/report/v1`"
    );
    let evidence = br#"{"schema":"veritee/evidence/v1\u001b[2J"}"#;
    let error = parse(evidence).unwrap_err();
    assert!(matches!(error, ParseError::SchemaUnknown { .. }));
    assert!(error.to_string().contains("veritee/evidence/v1\\u{1b}[2J"), "{error}");
    assert!(matches!(parse(b"{}").unwrap_err(), ParseError::SchemaMissing));
    assert!(matches!(parse(b"[1]").unwrap_err(), ParseError::SchemaMissing));
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    let text = json(&samples::verified());
    let cut = parse(&text.as_bytes()[..text.len() / 2]).unwrap_err();
    assert_eq!(cut.reason(), Reason::ReportMalformed);
    assert!(cut.to_string().starts_with("the report is not JSON: line "), "{cut}");
    let twice = parse(format!("{text}{text}").as_bytes()).unwrap_err();
    let line = text.lines().count() + 1;
    assert_eq!(
        twice.to_string(),
        format!("the report is not JSON: line {line} column 1: trailing characters")
    );
    assert_eq!(parse(b"").unwrap_err().reason(), Reason::ReportMalformed);
    assert_eq!(parse(b"\xff").unwrap_err().reason(), Reason::ReportMalformed);
    assert_eq!(parse("[".repeat(100_000).as_bytes()).unwrap_err().reason(), Reason::ReportMalformed);
}

#[test]
fn a_missing_or_repeated_field_is_refused_by_name() {
    let missing = tampered(&samples::verified(), |document| {
        document.as_object_mut().unwrap().remove("verdict");
    });
    let error = parse(&missing).unwrap_err();
    assert!(error.to_string().contains("missing field `verdict`"), "{error}");
    assert_eq!(error.reason(), Reason::ReportMalformed);
    let text = json(&samples::refused());
    let repeated = text.replacen("\"exit_code\": 11", "\"exit_code\": 11, \"exit_code\": 0", 1);
    assert!(parse(repeated.as_bytes()).unwrap_err().to_string().contains("duplicate field `exit_code`"));
}

#[test]
fn a_refusal_rewritten_as_verified_is_refused() {
    for report in [samples::refused(), samples::not_genuine(), samples::incomplete(), samples::test_root()] {
        let bytes = tampered(&report, |document| {
            document["verdict"]["outcome"] = "verified".into();
            document["verdict"]["exit_code"] = 0.into();
        });
        let error = parse(&bytes).unwrap_err();
        assert_eq!(error.reason(), Reason::ReportContradictory, "{error}");
    }
}

#[test]
fn an_exit_code_of_another_outcome_is_refused() {
    let bytes = tampered(&samples::refused(), |document| document["verdict"]["exit_code"] = 0.into());
    let error = parse(&bytes).unwrap_err();
    assert!(matches!(
        error,
        ParseError::VerdictContradicts {
            stated: VerdictOutcome::Refused,
            exit_code: 0,
            computed: VerdictOutcome::Refused
        }
    ));
    assert_eq!(
        error.to_string(),
        "the report says `genuine, refused by policy` with exit code 0, its checks add up to `genuine, refused by \
         policy` with exit code 11"
    );
}

#[test]
fn what_a_check_or_reason_of_a_later_version_adds_up_to_is_not_guessed() {
    let future = |outcome: &str, code: u8| {
        tampered(&samples::refused(), |document| {
            let checks = document["checks"].as_array_mut().unwrap();
            for check in checks.iter_mut().filter(|check| check["outcome"] == "fail") {
                check["reason"] = "reason-of-the-future".into();
                check["waived"] = "because".into();
            }
            document["verdict"]["outcome"] = outcome.into();
            document["verdict"]["exit_code"] = code.into();
        })
    };
    let check = tampered(&samples::refused(), |document| document["checks"][3]["id"] = "quote.dreams".into());
    let notice = tampered(&samples::refused(), |document| {
        document["notices"] = serde_json::json!([{ "reason": "reason-of-the-future", "detail": "" }]);
    });
    for bytes in [future("refused", 11), future("verified", 0), future("not-genuine", 10), check, notice] {
        let error = parse(&bytes).unwrap_err();
        assert_eq!(error.reason(), Reason::ReportSchemaUnknown);
        assert!(error.to_string().contains("show the report with the version that made it"), "{error}");
    }
}

#[test]
fn more_checks_or_findings_than_any_report_has_are_refused() {
    for (list, limit) in [("checks", 1024), ("findings", 16_384)] {
        let bytes = tampered(&samples::test_root(), |document| {
            let items = document[list].as_array_mut().unwrap();
            let item = items[0].clone();
            items.resize(limit + 1, item);
        });
        let error = parse(&bytes).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the report has {} {list}, expected at most {limit}", limit + 1)
        );
    }
}

#[test]
fn a_refusal_without_the_checks_that_failed_is_not_a_verified_report() {
    for step in Step::ALL {
        let bytes = tampered(&samples::verified(), |document| {
            document["checks"].as_array_mut().unwrap().retain(|check| check["step"] != step.name());
        });
        let error = parse(&bytes).unwrap_err();
        assert_eq!(error.reason(), Reason::ReportContradictory);
    }
    let bytes = tampered(&samples::verified(), |document| document["checks"] = serde_json::json!([]));
    assert_eq!(parse(&bytes).unwrap_err().reason(), Reason::ReportContradictory);
}

#[test]
fn a_verified_report_without_its_root_is_refused() {
    let bytes = tampered(&samples::verified(), |document| {
        document.as_object_mut().unwrap().remove("root");
    });
    assert!(matches!(parse(&bytes).unwrap_err(), ParseError::Inconsistent { .. }));
}

#[track_caller]
fn contradicts(report: &Report, change: impl FnOnce(&mut serde_json::Value)) {
    let error = parse(&tampered(report, change)).expect_err("edited");
    assert!(matches!(error, ParseError::Inconsistent { .. }), "{error}");
}

#[test]
fn facts_that_say_otherwise_than_the_checks_are_refused() {
    let report = samples::verified();
    let times = [("2030-01-01T00:00:00Z", "as_of"), ("2020-01-01T00:00:00Z", "as_of")];
    for (time, member) in times {
        contradicts(&report, |document| document[member] = time.into());
    }
    contradicts(&report, |document| document["tcb"]["collateral_issued"] = "2030-01-01T00:00:00Z".into());
    contradicts(&report, |document| document["tcb"]["collateral_expires"] = "2020-01-01T00:00:00Z".into());
    for part in ["platform", "module", "qe", "status"] {
        for status in ["OutOfDate", "Revoked", "OutOfDateConfigurationNeeded"] {
            contradicts(&report, |document| document["tcb"][part] = status.into());
        }
    }
    contradicts(&report, |document| document["tcb"]["platform"] = "SWHardeningNeeded".into());
    for attributes in
        ["0100001000000000", "1000001000000000", "0000000000000000", "0000003000000000", "0200001000000000"]
    {
        contradicts(&report, |document| document["quote"]["td_attributes"] = attributes.into());
    }
    for xfam in ["0000000000000000", "e702060000000080"] {
        contradicts(&report, |document| document["quote"]["xfam"] = xfam.into());
    }
    contradicts(&report, |document| document["quote"]["mr_service_td"] = "01".repeat(48).into());
    // As the policy's record lets them be.
    let open = |bits: &'static str, line: &'static str| {
        tampered(&report, |document| {
            document["quote"]["td_attributes"] = bits.into();
            document["policy"]["loosened"].as_array_mut().unwrap().push(line.into());
        })
    };
    parse(&open("0100001000000000", "allows TD properties Debug: a test")).unwrap();
    assert!(parse(&open("0100001000000000", "allows TD properties Profiling: Debug")).is_err());
    let expired = tampered(&report, |document| {
        document["as_of"] = "2030-01-01T00:00:00Z".into();
        document["policy"]["loosened"]
            .as_array_mut()
            .unwrap()
            .push("allows expired collateral: a test".into());
    });
    parse(&expired).unwrap();
}

#[test]
fn what_is_let_pass_without_a_word_in_the_policys_record_is_refused() {
    let report = samples::test_root();
    let line = "allows findings of IMG-003: rebuilt from source by us";
    contradicts(&report, |document| {
        document["policy"]["loosened"].as_array_mut().unwrap().retain(|known| known != line);
    });
    let at = report.findings.iter().position(|finding| finding.allowed.is_some()).unwrap();
    for words in ["rebuilt", "inline: rebuilt from source by us", "reviewed by somebody: seen"] {
        contradicts(&report, |document| document["findings"][at]["allowed"] = words.into());
    }
    contradicts(&report, |document| document["findings"][at]["rule"] = "IMG-004".into());
    // No policy can do without a check of the quote.
    let report = samples::verified();
    contradicts(&report, |document| {
        let checks = document["checks"].as_array_mut().unwrap();
        let check = checks.iter_mut().find(|check| check["id"] == "quote.signature").unwrap();
        check["outcome"] = "not-checked".into();
        check["reason"] = "earlier-step-failed".into();
        check["required"] = false.into();
        check["waived"] = "not needed".into();
        let line = "does not require quote.signature: not needed";
        document["policy"]["loosened"].as_array_mut().unwrap().push(line.into());
    });
}

/// Edits of one fact each, as somebody makes them who wants another machine, another compose or no finding in a report.
type Edit = (&'static str, fn(&mut serde_json::Value));

fn event<'d>(document: &'d mut serde_json::Value, name: &str) -> &'d mut serde_json::Value {
    let events = document["events"].as_array_mut().unwrap();
    events.iter_mut().find(|event| event["name"] == name).unwrap()
}

const OF_A_MACHINE: &[Edit] = &[
    ("no quote", |document| drop(document.as_object_mut().unwrap().remove("quote"))),
    ("no audit", |document| drop(document.as_object_mut().unwrap().remove("audit"))),
    ("no events", |document| document["events"] = serde_json::json!([])),
    ("no identity", |document| drop(document.as_object_mut().unwrap().remove("identity"))),
    ("app id", |document| document["identity"]["app_id"] = "77".repeat(20).into()),
    ("app id in its event", |document| event(document, "app-id")["payload"] = "77".repeat(20).into()),
    ("compose hash", |document| document["identity"]["compose_hash"] = "77".repeat(32).into()),
    ("compose hash in its event", |document| {
        event(document, "compose-hash")["payload"] = "77".repeat(32).into();
    }),
    ("instance id", |document| document["identity"]["instance_id"] = "77".repeat(20).into()),
    ("no instance id", |document| document["identity"]["instance_id"] = serde_json::Value::Null),
    ("key provider", |document| document["identity"]["key_provider"] = "local-sgx".into()),
    ("key provider id", |document| document["identity"]["key_provider_id"] = "00".into()),
    ("os image", |document| document["identity"]["os_image_hash_claimed"] = "77".repeat(32).into()),
    ("aggregate", |document| document["identity"]["mr_aggregated"] = "77".repeat(32).into()),
    ("mrtd", |document| document["quote"]["mrtd"] = "77".repeat(48).into()),
    ("rtmr0", |document| document["quote"]["rtmr0"] = "77".repeat(48).into()),
    ("rtmr3", |document| document["quote"]["rtmr3"] = "77".repeat(48).into()),
    ("digest", |document| event(document, "app-id")["digest"] = "77".repeat(48).into()),
    ("rtmr3 on the way", |document| event(document, "app-id")["rtmr3"] = "77".repeat(48).into()),
    ("side of system-ready", |document| event(document, "own-event")["after_system_ready"] = false.into()),
    ("name of an event", |document| event(document, "own-event")["name"] = "app-id".into()),
    ("order", |document| document["events"].as_array_mut().unwrap().swap(1, 2)),
    ("one event less", |document| drop(document["events"].as_array_mut().unwrap().pop())),
    ("compose among the inputs", |document| document["inputs"][2]["sha256"] = "77".repeat(32).into()),
    ("no compose among the inputs", |document| drop(document["inputs"].as_array_mut().unwrap().remove(2))),
    ("nonce not given", |document| {
        document["missing"] = serde_json::json!([{ "name": "nonce", "consequence": "a recording" }]);
    }),
    ("compose not given", |document| {
        document["missing"] = serde_json::json!([{ "name": "app_compose", "consequence": "unknown" }]);
    }),
    ("words of the verdict", |document| document["verdict"]["summary"] = "verified by Intel".into()),
    ("no words of the verdict", |document| document["verdict"]["summary"] = "".into()),
    ("Stage 0 without a finding", |document| document["stage"] = "Stage 0 - proven by DP-KMS-004".into()),
    ("app id in the check", |document| {
        let checks = document["checks"].as_array_mut().unwrap();
        let check = checks.iter_mut().find(|check| check["id"] == "identity.events").unwrap();
        check["detail"] = format!("app id {}", "77".repeat(20)).into();
    }),
];

/// Of a report whose findings prove Stage 0.
const OF_AN_AUDIT: &[Edit] = &[
    ("no finding", |document| document["findings"] = serde_json::json!([])),
    ("the proof removed", |document| drop(document["findings"].as_array_mut().unwrap().remove(0))),
    ("a finding that proves nothing removed", |document| {
        drop(document["findings"].as_array_mut().unwrap().remove(1));
    }),
    ("the proof called low", |document| document["findings"][0]["severity"] = "low".into()),
    ("the proof called a pass", |document| document["findings"][0]["status"] = "pass".into()),
    ("the proof assumed", |document| document["findings"][0]["assumed"] = true.into()),
    ("the proof no proof", |document| document["findings"][0]["blocks"] = false.into()),
    ("another rule", |document| document["findings"][0]["rule"] = "ENV-002".into()),
    ("another DevProof line", |document| {
        document["stage"] = "Stage 0 - not shown otherwise: 1 check open".into();
    }),
    ("a rule more", |document| document["stage"] = "Stage 0 - proven by ENV-001, ENV-002".into()),
];

#[test]
fn facts_that_say_otherwise_than_each_other_are_refused() {
    let conclude = |document: &mut serde_json::Value| {
        // Whoever edits the findings edits what they add up to.
        let parsed: Result<Report, _> = serde_json::from_value(document.clone());
        if let Ok(report) = parsed {
            let policy = report.policy.fail_on;
            let verdict =
                veritee_model::Verdict::conclude(report.kind, &report.checks, &report.findings, policy);
            document["verdict"] = serde_json::to_value(verdict).unwrap();
        }
    };
    for (name, edit) in OF_A_MACHINE {
        let error = parse(&tampered(&samples::verified(), edit)).expect_err(name);
        assert_eq!(error.reason(), Reason::ReportContradictory, "{name}: {error}");
    }
    for (name, edit) in OF_AN_AUDIT {
        let bytes = tampered(&samples::test_root(), |document| {
            edit(document);
            conclude(document);
        });
        let error = parse(&bytes).expect_err(name);
        assert_eq!(error.reason(), Reason::ReportContradictory, "{name}: {error}");
    }
}
