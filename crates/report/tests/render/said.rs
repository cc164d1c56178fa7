//! What no output may leave out.

use crate::samples;
use veritee_model::{Check, CheckId, Reason, Report};
use veritee_report::{HumanOptions, html, human, markdown, sarif};

const TEST_ROOT: &str = "TEST ROOT, NOT INTEL'S: this report proves nothing about real hardware";

fn first_screen(report: &Report) -> String {
    human(report, &HumanOptions::default())
}

/// The report with one check exchanged.
fn with(mut report: Report, check: Check) -> Report {
    let slot = report.checks.iter_mut().find(|slot| slot.id == check.id).unwrap();
    *slot = check;
    report
}

#[test]
fn a_test_root_is_shouted_first_and_last_in_every_format() {
    let report = samples::test_root();
    for verbose in 0..3 {
        let text = human(&report, &HumanOptions { verbose, ..HumanOptions::default() });
        assert!(text.starts_with(TEST_ROOT), "{text}");
        assert!(text.lines().rev().take(2).any(|line| line == TEST_ROOT), "{text}");
        assert!(text.lines().last().unwrap().ends_with("TEST ROOT"), "{text}");
        assert!(text.lines().nth(1).unwrap().contains("UNDER A TEST ROOT"), "{text}");
    }
    let page = markdown(&report);
    assert!(
        page.starts_with(&format!("> **{TEST_ROOT}**")) && page.ends_with(&format!("> **{TEST_ROOT}**\n"))
    );
    let headings: Vec<&str> = page.lines().filter(|line| line.starts_with('#')).collect();
    assert!(
        headings.len() > 10 && headings.iter().all(|heading| heading.ends_with("(TEST ROOT)")),
        "{headings:?}"
    );
    let escaped = TEST_ROOT.replace('\'', "&#39;");
    let page = html(&report);
    assert_eq!(page.matches(&escaped).count(), 2);
    assert!(page.find(&escaped) < page.find("<h1>") && page.rfind(&escaped) > page.rfind("</table>"));
    assert!(page.contains("<title>TEST ROOT"));
    assert!(sarif(&report).contains("\"testRoot\": true"));
}

#[test]
fn intels_root_is_not_shouted() {
    let report = samples::verified();
    for output in [first_screen(&report), markdown(&report), html(&report)] {
        assert!(!output.contains("TEST ROOT"));
    }
}

#[test]
fn freshness_is_said_to_be_missing_unless_the_nonce_passed() {
    let fresh = samples::verified();
    let id = CheckId::BindingNonce;
    let mut waived = Check::not_checked(id, Reason::FreshnessNotShown, "");
    waived.waived = Some("we do not mind".to_owned());
    let stale = [
        with(fresh.clone(), Check::not_checked(id, Reason::FreshnessNotShown, "")),
        with(fresh.clone(), Check::fail(id, Reason::ReportDataMismatch, "")),
        with(fresh.clone(), waived),
        {
            let mut report = fresh.clone();
            report.checks.retain(|check| check.id != id);
            report
        },
        {
            let mut report = fresh.clone();
            report.checks.push(Check::not_checked(id, Reason::FreshnessNotShown, ""));
            report
        },
    ];
    for report in &stale {
        for output in [first_screen(report), markdown(report), html(report), sarif(report)] {
            assert!(output.contains("FRESHNESS NOT SHOWN"), "{output}");
        }
        assert!(first_screen(report).lines().take(4).any(|line| line.starts_with("FRESHNESS NOT SHOWN")));
    }
    for output in [first_screen(&fresh), markdown(&fresh), html(&fresh)] {
        assert!(!output.contains("FRESHNESS NOT SHOWN"));
    }
}

#[test]
fn a_step_passes_only_when_nothing_that_is_required_is_open_and_nothing_failed() {
    let row = |report: &Report, step: &str| {
        let text = first_screen(report);
        let rows = text.lines().skip_while(|line| !line.contains(&format!(" {step} ")));
        rows.take_while(|line| !line.is_empty()).map(str::trim_start).collect::<Vec<_>>().join(" ")
    };
    let not_checked = |id, reason| Check::not_checked(id, reason, "detail");
    let report = samples::verified();
    assert!(row(&report, "compose").starts_with("✓ pass "));
    assert!(row(&report, "compose").contains("(4/4)"));

    // The sum of the step is required and passed: the optional check that was not made is counted, no more.
    let optional = with(report.clone(), not_checked(CheckId::ComposeConfigId, Reason::MrConfigIdZero));
    assert!(row(&optional, "compose").starts_with("✓ pass "));
    assert!(row(&optional, "compose").contains("(3/4 passed, the rest optional)"));

    let required = with(optional.clone(), not_checked(CheckId::ComposeDocument, Reason::EarlierStepFailed));
    assert!(row(&required, "compose").starts_with("– not checked "));
    let lead = with(optional.clone(), not_checked(CheckId::ComposeHash, Reason::ComposeMissing));
    assert!(row(&lead, "compose").starts_with("– not checked "));

    let failed =
        with(optional.clone(), Check::fail(CheckId::ComposeConfigId, Reason::MrConfigIdMismatch, ""));
    assert!(row(&failed, "compose").starts_with("✗ FAIL "));
    let mut waived = Check::fail(CheckId::ComposeExpected, Reason::ComposeHashUnexpected, "");
    waived.waived = Some("for now".to_owned());
    assert!(row(&with(optional.clone(), waived), "compose").starts_with("! waived "));

    // No optional binding stands for the others.
    assert!(row(&report, "binding").starts_with("– not checked "));
    let mut none = optional;
    none.checks.retain(|check| check.step != veritee_model::Step::Compose);
    assert!(row(&none, "compose").starts_with("– not checked "), "{}", row(&none, "compose"));
}

#[test]
fn the_gravest_failure_of_a_step_speaks_for_it() {
    let report =
        with(samples::verified(), Check::fail(CheckId::ComposeExpected, Reason::ComposeHashUnexpected, ""));
    let report = with(report, Check::fail(CheckId::ComposeConfigId, Reason::MrConfigIdMismatch, ""));
    let text = first_screen(&report);
    assert!(text.lines().any(|line| line.contains("compose     mrconfigid-mismatch")), "{text}");
}

#[test]
fn a_waiver_of_what_is_not_genuine_is_shown_as_a_failure() {
    for reason in [Some(Reason::RtmrMismatch), None] {
        let mut check = Check::fail(CheckId::EventLogRtmr3, Reason::RtmrMismatch, "");
        check.reason = reason;
        check.waived = Some("because".to_owned());
        let text = first_screen(&with(samples::verified(), check));
        assert!(text.contains("✗ FAIL         event-log"), "{text}");
        assert!(!text.contains("WAIVED"), "{text}");
    }
}

#[test]
fn no_reason_code_is_ever_broken() {
    for reason in Reason::ALL {
        let report =
            with(samples::verified(), Check::fail(CheckId::GovernanceHistory, *reason, "what was found"));
        for verbose in [0, 1] {
            let text = human(&report, &HumanOptions { verbose, ..HumanOptions::default() });
            let whole =
                text.lines().filter(|line| line.split([' ', ':', '`']).any(|word| word == reason.code()));
            assert!(whole.count() >= 2, "{reason}\n{text}");
        }
    }
}

#[test]
fn the_exit_status_stands_last_and_the_code_to_explain_beside_it() {
    for (name, report) in samples::all() {
        let last = first_screen(&report).lines().last().unwrap().to_owned();
        assert!(last.contains(&format!("exit status {}", report.verdict.exit_code)), "{name}: {last}");
        if let Some(reason) = report.verdict.reasons.first() {
            assert!(last.contains(&format!("veritee explain {reason}")), "{name}: {last}");
        }
    }
}

#[test]
fn what_is_shortened_on_the_first_screen_is_whole_in_the_full_text() {
    let report = samples::not_genuine();
    let check = report.checks.iter().find(|check| check.expected.is_some()).unwrap();
    let expected = check.expected.clone().unwrap();
    let full = human(&report, &HumanOptions { verbose: 1, ..HumanOptions::default() });
    assert!(!first_screen(&report).contains(&expected[..32]));
    assert!(full.replace(['\n', ' '], "").contains(&expected));
}

#[test]
fn an_audit_of_unattested_bytes_says_so_at_the_top_and_at_the_bottom() {
    const NOT_ATTESTED: &str = "NOT ATTESTED: nothing shows that the audited document is the one that runs";
    let mut report = samples::test_root();
    for output in [first_screen(&report), markdown(&report), html(&report)] {
        assert!(output.matches(NOT_ATTESTED).count() >= 2, "{output}");
    }
    let log: serde_json::Value = serde_json::from_str(&sarif(&report)).unwrap();
    let about_findings = log["runs"][0]["results"].as_array().unwrap().iter().filter(|result| {
        result["ruleId"]
            .as_str()
            .is_some_and(|rule| rule.starts_with(|first: char| first.is_ascii_uppercase()))
    });
    let messages: Vec<&str> =
        about_findings.map(|result| result["message"]["text"].as_str().unwrap()).collect();
    assert!(
        messages.len() > 3 && messages.iter().all(|message| message.contains(NOT_ATTESTED)),
        "{messages:?}"
    );
    report.audit.as_mut().unwrap().attested = true;
    for output in [first_screen(&report), markdown(&report), html(&report), sarif(&report)] {
        assert!(!output.contains("NOT ATTESTED"), "{output}");
    }
}

#[test]
fn what_the_audit_could_not_ask_is_counted_and_listed() {
    let report = samples::test_root();
    assert!(first_screen(&report).contains("71 asked, 1 not asked"));
    let full = human(&report, &HumanOptions { verbose: 1, ..HumanOptions::default() });
    for output in [full, markdown(&report), html(&report), sarif(&report)] {
        assert!(output.contains("SRC-002") && output.contains("no source tree was given"), "{output}");
    }
}

#[test]
fn a_refusal_before_the_quote_was_shown_to_be_genuine_is_not_called_genuine_anywhere() {
    let mut report = samples::refused();
    report.checks.retain(|check| check.id != CheckId::QuoteSignature);
    report.verdict.summary = "refused, not shown to be genuine".to_owned();
    for page in [html(&report), markdown(&report)] {
        assert!(page.contains("REFUSED, NOT SHOWN TO BE GENUINE"), "{page}");
        assert!(!page.contains("genuine, refused by policy"), "{page}");
    }
    assert!(html(&samples::refused()).contains("Exit code: 11, genuine, refused by policy"));
}
