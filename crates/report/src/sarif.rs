//! SARIF 2.1.0 for code scanning: failed checks, required checks that were not made, and findings.

mod model;

use crate::json::document;
use crate::summary::{
    NOT_ATTESTED, NOT_FRESH, Status, TEST_ROOT, fresh, is_plain_code, not_attested, test_root,
};
use model::{
    Artifact, ArtifactLocation, Configuration, Driver, Fingerprints, Hashes, Invocation, Kind, Level,
    Location, Log, LogicalLocation, Message, Notification, PhysicalLocation, Region, Rule, Run,
    RunProperties, SarifResult, Suppression, Tool,
};
use std::collections::BTreeMap;
use veritee_model::text::inert;
use veritee_model::{
    Check, Finding, FindingStatus, Outcome, Place, Reason, Report, Severity, Sha256Digest, Step,
};

/// The report as a SARIF 2.1.0 log with one run, indented, a line break at the end.
///
/// Results are failed checks, required checks that were not made (an empty list must not look like a good verdict)
/// and findings; what the policy waives is there with a suppression that carries the policy's words. Optional checks
/// that were not made and notices are notifications of the invocation. Locations are names of inputs or paths inside
/// the audited tree, always relative. `invocations[0].exitCode` is the program's exit code, as in every format.
#[must_use]
pub fn sarif(report: &Report) -> String {
    let mut rules = Rules {
        test_root: test_root(report),
        not_attested: not_attested(report),
        rules: Vec::new(),
        indices: BTreeMap::new(),
    };
    let mut results = Vec::new();
    if rules.test_root {
        results.push(rules.test_root_result());
    }
    results.extend(report.checks.iter().filter_map(|check| rules.check(check)));
    results.extend(report.findings.iter().filter_map(|finding| rules.finding(finding)));
    let log = Log {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: inert(&report.tool.name),
                    version: inert(&report.tool.version),
                    rules: rules.rules,
                },
            },
            invocations: [invocation(report)],
            artifacts: report.inputs.iter().map(artifact).collect(),
            results,
            column_kind: "unicodeCodePoints",
            properties: RunProperties {
                as_of: report.as_of.to_string(),
                verdict: report.headline(),
                stage: inert(&report.stage.to_string()),
                policy: inert(&report.policy.name),
                test_root: test_root(report),
                freshness_shown: fresh(report),
                attested: report.audit.as_ref().map(|audit| audit.attested),
            },
        }],
    };
    document(serde_json::to_string_pretty(&log))
}

fn invocation(report: &Report) -> Invocation {
    let mut notifications = Vec::new();
    let mut notify =
        |level, text: String| notifications.push(Notification { level, message: message(&text) });
    if test_root(report) {
        notify(Level::Error, TEST_ROOT.to_owned());
    }
    if !fresh(report) {
        notify(Level::Warning, NOT_FRESH.to_owned());
    }
    if let Some(audit) = &report.audit {
        if !audit.attested {
            notify(Level::Warning, NOT_ATTESTED.to_owned());
        }
        for rule in &audit.not_asked {
            notify(Level::Note, format!("not asked: {}: {}", rule.rule, rule.why));
        }
        if let Some(why) = &audit.review_refused {
            notify(Level::Warning, format!("the review was not applied: {why}"));
        }
    }
    for check in
        report.checks.iter().filter(|check| Status::of(check) == Status::NotChecked && !check.required)
    {
        notify(Level::Note, format!("not checked: {}: {}: {}", check.id, reason_of(check), check.detail));
    }
    for missing in &report.missing {
        notify(Level::Note, format!("not given: {}: {}", missing.name, missing.consequence));
    }
    for notice in &report.notices {
        notify(Level::Note, format!("{}: {}", notice.reason, notice.detail));
    }
    for loosened in &report.policy.loosened {
        notify(Level::Warning, format!("the policy is looser than the default: {loosened}"));
    }
    Invocation {
        execution_successful: true,
        exit_code: report.verdict.exit_code,
        exit_code_description: inert(&report.verdict.summary),
        tool_execution_notifications: notifications,
    }
}

fn artifact(input: &veritee_model::report::Input) -> Artifact {
    Artifact {
        location: ArtifactLocation { uri: relative_uri(&input.name) },
        length: input.bytes,
        hashes: Hashes { sha_256: input.sha256.to_string() },
    }
}

/// The rules that results speak of, each once, in the order of their first result.
struct Rules {
    test_root: bool,
    not_attested: bool,
    rules: Vec<Rule>,
    indices: BTreeMap<String, usize>,
}

impl Rules {
    fn index(&mut self, id: &str, title: &str, level: Level) -> usize {
        let id = inert(id);
        if let Some(index) = self.indices.get(&id) {
            return *index;
        }
        let index = self.rules.len();
        let code = if is_plain_code(&id) { &id } else { "CODE" };
        self.rules.push(Rule {
            help: Message {
                text: format!("`veritee explain {code}` prints what it means and what to do about it"),
            },
            id: id.clone(),
            short_description: message(title),
            default_configuration: Configuration { level },
        });
        self.indices.insert(id, index);
        index
    }

    fn result(
        &mut self,
        what: Named<'_>,
        (kind, level): (Kind, Level),
        place: &Place,
        waived: Option<&str>,
    ) -> SarifResult {
        let rule_index = self.index(what.rule, what.title, level);
        let said = if self.test_root { format!("{TEST_ROOT}. {}", what.said) } else { what.said };
        let fingerprint = format!("{}\n{place}", what.rule);
        SarifResult {
            rule_id: inert(what.rule),
            rule_index,
            kind,
            level,
            message: message(&said),
            locations: [location(place)],
            partial_fingerprints: Fingerprints {
                rule_and_place: Sha256Digest::of(fingerprint.as_bytes()).to_string(),
            },
            suppressions: waived
                .map(|words| Suppression {
                    kind: "external",
                    status: "accepted",
                    justification: inert(words),
                })
                .into_iter()
                .collect(),
        }
    }

    fn test_root_result(&mut self) -> SarifResult {
        let reason = Reason::RootNotIntel;
        let what = Named { rule: reason.code(), title: reason.title(), said: reason.title().to_owned() };
        self.result(what, (Kind::Fail, Level::Error), &in_document(Step::Quote, ""), None)
    }

    /// Failed checks and required ones that were not made, waived or not.
    fn check(&mut self, check: &Check) -> Option<SarifResult> {
        let level = match check.outcome {
            Outcome::Fail => Level::Error,
            Outcome::NotChecked if check.required => Level::Warning,
            Outcome::NotChecked | Outcome::Pass => return None,
        };
        let status = Status::of(check);
        let title = check.reason.map_or("a failure without a reason", Reason::title);
        let mut said = format!("{}: {}: {}", status.word(), check.id, check.detail);
        for (name, value) in [
            ("expected", &check.expected),
            ("got", &check.got),
            ("where", &check.location),
            ("next", &check.explain),
        ] {
            if let Some(value) = value {
                said.push_str(&format!("; {name} {value}"));
            }
        }
        let waived = if status == Status::Waived { check.waived.as_deref() } else { None };
        let place = in_document(check.step, check.id.id());
        let what = Named { rule: reason_of(check), title, said };
        Some(self.result(what, (Kind::Fail, level), &place, waived))
    }

    fn finding(&mut self, finding: &Finding) -> Option<SarifResult> {
        let severity = match finding.severity {
            Severity::Critical | Severity::High => Level::Error,
            Severity::Medium => Level::Warning,
            Severity::Low | Severity::Info => Level::Note,
        };
        let judged = match finding.status {
            FindingStatus::Fail => (Kind::Fail, severity),
            FindingStatus::Warn | FindingStatus::Unknown => (Kind::Fail, severity.min(Level::Warning)),
            FindingStatus::Manual => (Kind::Review, Level::None),
            FindingStatus::Info => (Kind::Informational, Level::None),
            FindingStatus::Pass => return None,
        };
        let mut said = format!("{} ({}): {}", finding.title, finding.location, finding.evidence);
        if self.not_attested {
            said = format!("{NOT_ATTESTED}. {said}");
        }
        if finding.assumed {
            said.push_str("; rests on an assumption");
        }
        if let Some(remedy) = &finding.remedy {
            said.push_str("; next ");
            said.push_str(remedy);
        }
        let place = finding.place.clone().unwrap_or_else(|| in_document(Step::Audit, &finding.location));
        let what = Named { rule: &finding.rule, title: &finding.title, said };
        Some(self.result(what, judged, &place, finding.allowed.as_deref()))
    }
}

/// What a result is about.
struct Named<'a> {
    rule: &'a str,
    title: &'a str,
    said: String,
}

fn reason_of(check: &Check) -> &str {
    check.reason.map_or("unknown", Reason::code)
}

/// The input that a step speaks of.
fn in_document(step: Step, path: &str) -> Place {
    let file = match step {
        Step::Quote | Step::Binding | Step::Os => "quote",
        Step::Platform => "collateral",
        Step::EventLog | Step::Identity => "event-log",
        Step::Compose | Step::Audit => "app-compose",
        Step::Governance => "chain",
    };
    Place { file: file.to_owned(), line: None, column: None, path: path.to_owned() }
}

fn location(place: &Place) -> Location {
    // `app-compose.json: docker_compose_file`: a text within a file. The file is the artifact; lines of the text are none of
    // the file's, and are left to the message.
    let (file, inner) = match place.file.split_once(": ") {
        Some((file, inner)) => (file, Some(inner)),
        None => (place.file.as_str(), None),
    };
    let region = place
        .line
        .filter(|line| *line > 0 && inner.is_none())
        .map(|start_line| Region { start_line, start_column: place.column.filter(|column| *column > 0) });
    let parts: Vec<&str> =
        inner.into_iter().chain([place.path.as_str()]).filter(|part| !part.is_empty()).collect();
    let logical_locations = if parts.is_empty() {
        Vec::new()
    } else {
        vec![LogicalLocation { fully_qualified_name: inert(&parts.join(".")) }]
    };
    Location {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri: relative_uri(file) },
            region,
        },
        logical_locations,
    }
}

/// A relative reference (RFC 3986) without `..`, scheme or authority, whatever the name was.
///
/// Of an absolute path only the last part is kept: where a file lies on someone's machine is nobody's business.
fn relative_uri(name: &str) -> String {
    let absolute =
        name.starts_with(['/', '\\']) || name.get(1..3).is_some_and(|drive| drive == ":\\" || drive == ":/");
    let parts: Vec<&str> =
        name.split(['/', '\\']).filter(|part| !part.is_empty() && *part != "." && *part != "..").collect();
    let from = if absolute { parts.len().saturating_sub(1) } else { 0 };
    let kept: Vec<String> = parts.iter().skip(from).map(|part| percent_encoded(part)).collect();
    if kept.is_empty() { "unknown".to_owned() } else { kept.join("/") }
}

fn percent_encoded(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A plain text message (section 3.11): no embedded link, no placeholder, no control character.
fn message(text: &str) -> Message {
    let text = inert(text).replace("](", "\\](");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        match (digits, after.get(..digits), after.get(digits..).and_then(|tail| tail.strip_prefix('}'))) {
            (1.., Some(number), Some(tail)) => {
                out.push_str(&format!("{{{{{number}}}}}"));
                rest = tail;
            }
            _ => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Message { text: out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_becomes_an_absolute_or_climbing_reference() {
        for (name, uri) in [
            ("docker/compose.yaml", "docker/compose.yaml"),
            ("/home/someone/secret/compose.yaml", "compose.yaml"),
            ("C:\\Users\\someone\\compose.yaml", "compose.yaml"),
            ("../../etc/passwd", "etc/passwd"),
            ("https://example.org/x", "https%3A/example.org/x"),
            ("//example.org/x", "x"),
            ("javascript:alert(1)", "javascript%3Aalert%281%29"),
            ("a b#c?d", "a%20b%23c%3Fd"),
            ("", "unknown"),
            ("..", "unknown"),
        ] {
            assert_eq!(relative_uri(name), uri, "{name}");
        }
    }

    #[test]
    fn a_message_has_neither_links_nor_placeholders() {
        assert_eq!(
            message("[click](https://example.org) {0} ${IMAGE}").text,
            "[click\\](https://example.org) {{0}} ${IMAGE}"
        );
    }
}
