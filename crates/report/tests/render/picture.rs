//! The picture of the page: no arrow is drawn as proven whose checks did not all pass, and every arrow leads somewhere.

use crate::samples;
use std::collections::BTreeSet;
use veritee_model::report::AuditFacts;
use veritee_model::{Check, CheckId, Outcome, Reason, Report, Severity};
use veritee_report::html;

/// Class and target of every arrow, from either drawing: both must draw the same.
fn arrows(page: &str) -> Vec<(String, String)> {
    let mut drawings = page.split("<svg ").skip(1).map(|drawing| {
        let drawing = drawing.split("</svg>").next().unwrap();
        let arrows = drawing.split("<a class=\"").skip(1).map(|arrow| {
            let (class, rest) = arrow.split_once("\" href=#").unwrap();
            // Where the label stands differs from drawing to drawing.
            let class = class.strip_suffix(" across").unwrap_or(class);
            (class.to_owned(), rest.split('>').next().unwrap().to_owned())
        });
        arrows.collect::<Vec<_>>()
    });
    let (wide, tall) = (drawings.next().unwrap(), drawings.next().unwrap());
    assert_eq!(wide, tall);
    assert_eq!(drawings.next(), None);
    wide
}

/// Everything passed and nothing was found: the most that a report can show.
fn flawless() -> Report {
    let mut report = samples::verified();
    report.findings.clear();
    report.audit = samples::test_root().audit.map(|audit| AuditFacts { attested: true, ..audit });
    report.checks = CheckId::ALL.iter().map(|id| Check::pass(*id, "as it should be")).collect();
    report
}

#[test]
fn every_arrow_with_checks_is_proven_where_all_of_them_passed() {
    for (class, target) in arrows(&html(&flawless())) {
        let expected = if target == "chain" { "not-checked" } else { "pass" };
        assert_eq!(class, expected, "{target}");
    }
}

#[test]
fn a_check_that_fails_is_missing_waived_or_not_made_leaves_no_arrow_behind_it_proven() {
    let whole = arrows(&html(&flawless()));
    let proven = |arrows: &[(String, String)]| arrows.iter().filter(|(class, _)| class == "pass").count();
    let mut behind = BTreeSet::new();
    for id in CheckId::ALL {
        let with = |change: &dyn Fn(&mut Vec<Check>, usize)| {
            let mut report = flawless();
            let at = report.checks.iter().position(|check| check.id == *id).unwrap();
            change(&mut report.checks, at);
            arrows(&html(&report))
        };
        let failed = with(&|checks, at| checks[at] = Check::fail(*id, Reason::QuoteSignature, "forged"));
        let absent = with(&|checks, at| drop(checks.remove(at)));
        let not_made = with(&|checks, at| {
            checks[at] = Check::not_checked(*id, Reason::EarlierStepFailed, "not made");
        });
        let waived = with(&|checks, at| {
            checks[at] = Check::not_checked(*id, Reason::EarlierStepFailed, "not made");
            checks[at].waived = Some("a reason".to_owned());
        });
        let again = with(&|checks, _| {
            let mut second = Check::pass(*id, "another machine");
            second.outcome = Outcome::Fail;
            second.reason = Some(Reason::QuoteSignature);
            checks.push(second);
        });
        if proven(&failed) < proven(&whole) {
            behind.insert(*id);
        }
        let fewer = usize::from(behind.contains(id));
        for (what, drawn) in [
            ("failed", failed),
            ("absent", absent),
            ("not made", not_made),
            ("waived", waived),
            ("again", again),
        ] {
            assert_eq!(proven(&drawn), proven(&whole) - fewer, "{id} {what}");
        }
    }
    for id in [CheckId::QuoteSignature, CheckId::PlatformRoot, CheckId::ComposeHash, CheckId::AuditRules] {
        assert!(behind.contains(&id), "{id} stands behind no arrow");
    }
}

#[test]
fn a_finding_that_counts_breaks_the_operators_arrow_and_an_allowed_one_is_no_proof() {
    let operator = |report: &Report| {
        arrows(&html(report)).into_iter().find(|(_, target)| target == "check-audit.rules").unwrap().0
    };
    let finding = samples::test_root().findings.into_iter().find(|one| one.rule == "ENV-001").unwrap();
    let mut report = flawless();
    assert_eq!(operator(&report), "pass");
    report.findings = vec![finding.clone()];
    assert_eq!(operator(&report), "fail");
    report.findings[0].severity = Severity::High;
    report.policy.fail_on = Severity::Critical;
    assert_eq!(operator(&report), "fail", "a threshold above high proves nothing");
    report.findings[0].allowed = Some("known".to_owned());
    assert_eq!(operator(&report), "waived");
    report.findings.clear();
    report.audit = None;
    assert_eq!(operator(&report), "not-checked");
}

#[test]
fn every_arrow_leads_to_a_row_of_the_page_and_no_name_is_given_twice() {
    for (name, report) in samples::shown() {
        let page = html(&report);
        if !page.contains("<svg ") {
            continue;
        }
        let listed: BTreeSet<&str> = report.checks.iter().map(|check| check.id.id()).collect();
        for (_, target) in arrows(&page) {
            let forms = [format!(" id={target}>"), format!(" id=\"{target}\"")];
            let there: usize = forms.iter().map(|form| page.matches(form).count()).sum();
            let check = target.strip_prefix("check-");
            assert_eq!(there, usize::from(check.is_none_or(|id| listed.contains(id))), "{name}: {target}");
        }
    }
}

#[test]
fn the_verdicts_look_different_in_shape_and_words_not_in_colour_alone() {
    let mut shapes = BTreeSet::new();
    for (name, report) in [
        ("verified", samples::verified()),
        ("refused", samples::refused()),
        ("not genuine", samples::not_genuine()),
        ("incomplete", samples::incomplete()),
    ] {
        let page = html(&report);
        let band = page.split("<header class=\"verdict ").nth(1).unwrap();
        let tone = band.split('"').next().unwrap().to_owned();
        let seal = band.split("aria-hidden=\"true\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
        assert!(shapes.insert((tone, seal)), "{name} looks like another");
    }
}

#[test]
fn every_code_leads_to_what_it_says_and_no_code_is_said_twice() {
    for (name, report) in samples::shown() {
        let page = html(&report);
        let said: Vec<&str> =
            page.split(" id=code-").skip(1).map(|rest| rest.split('>').next().unwrap()).collect();
        let unique: BTreeSet<&str> = said.iter().copied().collect();
        assert_eq!(unique.len(), said.len(), "{name}");
        for link in page.split("href=#code-").skip(1) {
            let code = link.split('>').next().unwrap();
            assert!(unique.contains(code), "{name}: {code} leads nowhere");
        }
        for code in &report.verdict.reasons {
            assert!(Reason::from_code(code).is_none() || unique.contains(code.as_str()), "{name}: {code}");
        }
    }
}
