//! What several targets assert of the same values.

use veritee_audit::{Audit, Context as AuditContext, Stage};
use veritee_compose::{Deployment, Script, Span, Text};

/// Every place of a deployment lies inside the text that it is said to lie in.
///
/// # Panics
/// When one does not.
pub fn assert_places(deployment: &Deployment) {
    for construct in &deployment.constructs {
        assert_span(deployment, construct.text, construct.span);
    }
    for service in deployment.services() {
        for entry in &service.environment {
            for part in entry.value.iter().flat_map(|value| &value.parts) {
                assert_span(deployment, Text::ComposeFile, part.span);
            }
        }
    }
    for script in deployment.scripts.iter() {
        assert_script(script);
        for command in &script.commands {
            let _ = script.is_unreachable(command, &deployment.environment);
            for word in &command.words {
                let _ = script.provenance_of(word, &deployment.environment);
            }
        }
    }
    let _ = deployment.compose_writes();
}

fn assert_span(deployment: &Deployment, text: Text, span: Span) {
    let place = deployment.locate(text, span);
    assert!(place.document.start <= place.document.end, "{place:?}");
    assert!(place.document.end <= deployment.document().len(), "{place:?}");
    assert!(place.inner.line >= 1 && place.inner.column >= 1, "{place:?}");
}

/// Every place of a script lies inside its text, and every index inside its list.
///
/// # Panics
/// When one does not.
pub fn assert_script(script: &Script) {
    let inside = |span: Span| assert!(script.text.get(span.range()).is_some(), "{span:?}");
    for command in &script.commands {
        inside(command.span);
        command.words.iter().for_each(|word| inside(word.span));
        assert!(command.guards.iter().all(|guard| *guard < script.guards.len()));
    }
    script.problems.iter().for_each(|problem| inside(problem.span));
}

/// An audit without facts: it attests nothing, claims no stage, and accounts for every rule.
///
/// # Panics
/// When it does not.
pub fn assert_audit(audit: &Audit) {
    assert!(!audit.attested, "nothing was attested");
    assert!(!matches!(audit.stage, Stage::Reviewed { .. }), "nobody reviewed: {}", audit.stage_line());
    let blocked = audit.findings.iter().any(|finding| {
        finding.blocks && !finding.assumed && finding.status == veritee_model::FindingStatus::Fail
    });
    assert!(!blocked || matches!(audit.stage, Stage::Proven(_)), "{}", audit.stage_line());
    for finding in &audit.findings {
        assert!(veritee_audit::find_rule(&finding.rule).is_some(), "{}", finding.rule);
        assert!(finding.allowed.is_none(), "no document may allow anything by itself");
        if let Some(place) = &finding.place {
            assert!(place.line.is_none_or(|line| line >= 1) && place.column.is_none_or(|column| column >= 1));
        }
    }
    assert!(audit.not_run.iter().all(|rule| !audit.findings.iter().any(|finding| finding.rule == rule.rule)));
}

/// Audits twice and asserts what holds of every audit.
///
/// # Panics
/// When the two differ, or as [`assert_audit`].
pub fn audit_twice(audit: impl Fn(&AuditContext) -> Audit) {
    let context = AuditContext::default();
    let (first, second) = (audit(&context), audit(&context));
    assert_eq!(first.findings, second.findings);
    assert_eq!(first.stage, second.stage);
    assert_audit(&first);
}
