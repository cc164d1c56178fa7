//! The form of SARIF 2.1.0 that the output must have, and what it must not say.

use crate::samples;
use serde_json::Value;
use std::sync::LazyLock;
use veritee_report::sarif;

/// The required structure of SARIF 2.1.0 for the parts that are written, with no other property allowed.
static FORM: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let form: Value = serde_json::from_str(include_str!("sarif-form.schema.json")).unwrap();
    jsonschema::validator_for(&form).unwrap()
});

/// Panics unless the log has the form and its references hold.
pub(crate) fn check(log: &Value) {
    let errors: Vec<String> =
        FORM.iter_errors(log).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for (index, rule) in rules.iter().enumerate() {
        assert!(!rules[..index].iter().any(|other| other["id"] == rule["id"]), "{} occurs twice", rule["id"]);
        assert!(rule.get("helpUri").is_none());
    }
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        // Section 3.27.10: only a failure has a level.
        assert_eq!(result["kind"] != "fail", result["level"] == "none");
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        relative(uri);
        assert!(!result["message"]["text"].as_str().unwrap().replace("\\](", "").contains("]("), "{result}");
    }
    for artifact in run["artifacts"].as_array().unwrap() {
        relative(artifact["location"]["uri"].as_str().unwrap());
    }
}

fn relative(uri: &str) {
    assert!(!uri.starts_with('/') && !uri.contains(':') && !uri.contains('\\'), "{uri}");
    assert!(uri.split('/').all(|part| !part.is_empty() && part != ".."), "{uri}");
}

fn log_of(name: &str) -> Value {
    let (_, report) = samples::all().into_iter().find(|(sample, _)| *sample == name).unwrap();
    serde_json::from_str(&sarif(&report)).unwrap()
}

fn rules_of<'a>(log: &'a Value, level: &str) -> Vec<&'a str> {
    let results = log["runs"][0]["results"].as_array().unwrap();
    results
        .iter()
        .filter(|result| result["level"] == level)
        .map(|result| result["ruleId"].as_str().unwrap())
        .collect()
}

#[test]
fn every_sample_has_the_form() {
    for (name, _) in samples::all() {
        check(&log_of(name));
    }
}

#[test]
fn the_form_refuses_what_is_not_of_it() {
    for change in ["version", "runs"] {
        let mut log = log_of("refused");
        log.as_object_mut().unwrap().remove(change);
        assert!(!FORM.is_valid(&log), "{change}");
    }
    let mut log = log_of("refused");
    log["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!FORM.is_valid(&log));
}

#[test]
fn a_good_verdict_has_no_results_and_a_refusal_has_its_reasons() {
    let verified = log_of("verified");
    assert_eq!(verified["runs"][0]["results"].as_array().unwrap().len(), 0);
    assert_eq!(verified["runs"][0]["invocations"][0]["exitCode"], 0);
    let refused = log_of("refused");
    assert_eq!(rules_of(&refused, "error"), ["tcb-out-of-date", "advisory-refused"]);
    assert_eq!(refused["runs"][0]["invocations"][0]["exitCode"], 11);
}

#[test]
fn required_checks_that_were_not_made_are_results() {
    let incomplete = log_of("incomplete");
    assert!(rules_of(&incomplete, "warning").contains(&"event-log-missing"));
    assert!(!rules_of(&incomplete, "warning").contains(&"freshness-not-shown"));
    let notes = incomplete["runs"][0]["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(notes.contains("FRESHNESS NOT SHOWN"));
}

#[test]
fn what_the_policy_waives_stays_with_its_words() {
    let log = log_of("test-root");
    let results = log["runs"][0]["results"].as_array().unwrap();
    let waived = results.iter().find(|result| result["ruleId"] == "td-sept-ve-disable-missing").unwrap();
    assert_eq!(waived["suppressions"][0]["justification"], "lab machine, no users; ends 2026-12-01");
    let allowed = results.iter().find(|result| result["ruleId"] == "IMG-003").unwrap();
    assert_eq!(allowed["suppressions"][0]["justification"], "rebuilt from source by us");
    let open = results.iter().find(|result| result["ruleId"] == "ENV-001").unwrap();
    assert!(open.get("suppressions").is_none());
    assert_eq!(open["locations"][0]["physicalLocation"]["region"]["startLine"], 12);
}

#[test]
fn a_test_root_is_an_error_of_its_own_and_in_every_message() {
    let log = log_of("test-root");
    assert_eq!(rules_of(&log, "error")[0], "root-not-intel");
    for result in log["runs"][0]["results"].as_array().unwrap() {
        assert!(result["message"]["text"].as_str().unwrap().starts_with("TEST ROOT, NOT INTEL'S: "));
    }
}
