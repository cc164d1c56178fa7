//! One screen of text: the verdict, a row per step, what failed, what was let pass, what is not known.

mod audit;
mod facts;
mod screen;
mod shorten;

pub(crate) use facts::quote_fields;

use crate::summary::{
    NOT_ATTESTED, NOT_FRESH, Status, StepSummary, TEST_ROOT, code_to_explain, documents_alone, finding_word,
    fresh, not_attested, open, steps, test_root,
};
use core::cmp::Reverse;
use screen::{Screen, Style, columns as shown_columns};
use shorten::Shortener;
use std::collections::BTreeMap;
use veritee_model::{Check, Finding, FindingStatus, Reason, Report, Severity, VerdictOutcome};

/// How to print for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HumanOptions {
    /// Columns of the terminal; less than 40 is taken as 40.
    pub width: usize,
    /// Add ANSI colours. The words say the same without.
    pub colour: bool,
    /// 0: one screen, long hexadecimal values shortened. 1: every check and value in full. 2: every event too.
    pub verbose: u8,
}

impl Default for HumanOptions {
    fn default() -> Self {
        Self { width: 80, colour: false, verbose: 0 }
    }
}

/// The report as text: no line is longer than the width, no character of the report acts on the terminal.
///
/// The first line is the verdict, preceded only by the warning about a root that is not Intel's; the last line is
/// the exit status.
#[must_use]
pub fn human(report: &Report, options: &HumanOptions) -> String {
    let mut page = Page {
        screen: Screen::new(options.width.max(NARROWEST), options.colour),
        shorten: Shortener::new(options.verbose == 0),
        verbose: options.verbose,
        all_assumed: not_attested(report),
    };
    page.head(report);
    match options.verbose {
        // Documents alone: the steps of a machine were not asked, one line says so.
        _ if not_attested(report) => {}
        0 => page.steps(report),
        _ => page.checks(report),
    }
    page.facts(report);
    page.failed(report);
    page.findings(report);
    page.audit(report);
    page.waived(report);
    page.notices(report);
    page.missing(report);
    page.not_checked(report);
    page.compared(report);
    page.foot(report);
    page.screen.finish()
}

/// A section that can be shown in full by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Section {
    /// Findings, each with its place and remedy; those that are allowed too.
    Findings,
    /// Every check.
    Checks,
    /// The questions for a person.
    Questions,
    /// Values that can be chosen from outside.
    Inventory,
    /// Quote, platform, application.
    Facts,
    /// The same with the events of the log.
    Events,
    /// Remarks, what was not given, what was not checked.
    Notices,
    /// Rules, checklists, review.
    Audit,
}

/// The verdict, these sections in full, and the exit status; lines as with [`human`].
#[must_use]
pub fn human_sections(report: &Report, options: &HumanOptions, sections: &[Section]) -> String {
    let mut page = Page {
        screen: Screen::new(options.width.max(NARROWEST), options.colour),
        shorten: Shortener::new(false),
        verbose: options.verbose.max(1),
        all_assumed: not_attested(report),
    };
    page.head(report);
    for section in sections {
        page.section(report, *section);
    }
    page.foot(report);
    page.screen.finish()
}

/// Narrower than this nothing can be read.
const NARROWEST: usize = 40;
/// Column at which values stand beside their names.
const NAMES: usize = 14;
/// Places of one rule on the first screen of an audit.
const PLACES: usize = 2;
/// Lines of an audit's first screen after which findings are only counted: what follows them takes the rest of forty.
const WORST: usize = 20;
/// Column for a status with its symbol: the longest is "– not checked".
const STATUSES: usize = 15;

struct Page {
    screen: Screen,
    shorten: Shortener,
    verbose: u8,
    /// Everything that is said of the documents rests on an assumption: said once.
    all_assumed: bool,
}

impl Page {
    fn head(&mut self, report: &Report) {
        let mut headline = report.headline().to_owned();
        let mut style = match report.verdict.outcome {
            VerdictOutcome::Verified => Style::Good,
            VerdictOutcome::NotGenuine | VerdictOutcome::Refused => Style::Bad,
            VerdictOutcome::Findings | VerdictOutcome::Incomplete => Style::Caution,
        };
        if test_root(report) {
            self.screen.text(0, Style::Bad, TEST_ROOT);
            headline.push_str(" UNDER A TEST ROOT");
            style = Style::Bad;
        }
        let app = match &report.identity {
            Some(identity) => shorten::hex(&identity.app_id.to_string()),
            None => "unknown".to_owned(),
        };
        self.screen.text(0, style, &format!("{headline}  app {app} · as of {}", report.as_of));
        self.screen.text(0, Style::Plain, &self.shorten.text(&report.verdict.summary));
        if not_attested(report) {
            self.screen.text(0, Style::Bad, NOT_ATTESTED);
        } else if !fresh(report) {
            self.screen.text(0, Style::Caution, NOT_FRESH);
        }
        self.screen.text(
            0,
            Style::Caution,
            &format!("DevProof: {}", self.shorten.text(&report.stage.to_string())),
        );
        self.screen.blank();
    }

    fn section(&mut self, report: &Report, section: Section) {
        match (section, &report.audit) {
            (Section::Findings, _) => {
                if report.findings.is_empty() {
                    self.screen.text(0, Style::Plain, "no findings");
                }
                self.findings(report);
                self.waived(report);
            }
            (Section::Checks, _) => self.checks(report),
            (Section::Facts, _) => self.facts(report),
            (Section::Events, _) => {
                self.verbose = self.verbose.max(2);
                self.facts(report);
            }
            (Section::Notices, _) => {
                self.notices(report);
                self.missing(report);
                self.not_checked(report);
            }
            (Section::Questions | Section::Inventory | Section::Audit, None) => {
                self.screen.text(0, Style::Caution, "no audit was made: nothing is known of these");
            }
            (Section::Questions, Some(audit)) => self.questions(audit),
            (Section::Inventory, Some(audit)) => {
                if audit.data_flow.is_empty() {
                    self.screen.text(0, Style::Plain, "no value can be chosen from outside");
                }
                self.flows(&audit.data_flow);
            }
            (Section::Audit, Some(_)) => self.audit(report),
        }
    }

    fn steps(&mut self, report: &Report) {
        for summary in steps(report) {
            let said = format!("{:<10}  {}", summary.step.name(), self.step_text(&summary));
            self.status_row(summary.status, &said, 12);
        }
    }

    /// A status in its column, then text whose further lines stand `hanging` columns into it.
    fn status_row(&mut self, status: Status, text: &str, hanging: usize) {
        let label = format!("{} {}", status.symbol(), status.word());
        let (first, rest) = text.split_at_checked(hanging).unwrap_or((text, ""));
        let label = format!("{label:<STATUSES$}{first}");
        let column = STATUSES.saturating_add(hanging);
        self.screen.labelled(2, column, (style_of(status), label.trim_end()), rest);
    }

    fn step_text(&self, summary: &StepSummary<'_>) -> String {
        let Some(check) = summary.check else {
            return "the report lists no check of this step".to_owned();
        };
        let detail = self.shorten.row(&check.detail);
        let StepSummary { passed, total, .. } = *summary;
        // A step is shown as passed above checks that were not made only where those are optional.
        let optional = match summary.status {
            Status::Pass => true,
            Status::NotChecked => !check.required,
            Status::Waived | Status::Findings | Status::Fail => false,
        };
        let count = match (passed, optional) {
            _ if passed == total => format!(" ({passed}/{total})"),
            (0, true) => " (optional)".to_owned(),
            (0, false) => String::new(),
            (_, true) => format!(" ({passed}/{total} passed, the rest optional)"),
            (_, false) => format!(" ({passed}/{total} passed)"),
        };
        match &check.reason {
            Some(reason) if summary.status != Status::Pass => format!("{reason}: {detail}{count}"),
            _ => format!("{detail}{count}"),
        }
    }

    fn checks(&mut self, report: &Report) {
        for summary in steps(report) {
            self.screen.text(2, Style::Strong, summary.step.name());
            if summary.total == 0 {
                self.status_row(Status::NotChecked, "the report lists no check of this step", 0);
            }
            for check in report.checks.iter().filter(|check| check.step == summary.step) {
                self.status_row(Status::of(check), &name_and_reason(check), 0);
                self.answers(STATUSES.saturating_add(2), check);
            }
        }
    }

    /// What was found, where, and against what.
    fn answers(&mut self, indent: usize, check: &Check) {
        self.screen.text(indent, Style::Plain, &self.shorten.text(&check.detail));
        let (expected, got) = self.shorten.pair(check.expected.as_deref(), check.got.as_deref());
        let where_found = check.location.as_deref().map(|place| self.shorten.text(place));
        let waived = check.waived.as_deref().map(|words| format!("\"{}\"", self.shorten.text(words)));
        let next = check.explain.as_deref().map(|advice| self.shorten.text(advice));
        for (name, value) in [
            ("where", where_found),
            ("expected", expected),
            ("got", got),
            ("policy says", waived),
            ("next", next),
        ] {
            if let Some(value) = value {
                self.screen.labelled(indent, NAMES, (Style::Plain, name), &value);
            }
        }
    }

    fn failed(&mut self, report: &Report) {
        self.check_section(report, "FAILED", Status::Fail);
    }

    fn check_section(&mut self, report: &Report, heading: &str, status: Status) {
        let checks: Vec<&Check> = report.checks.iter().filter(|check| Status::of(check) == status).collect();
        if checks.is_empty() {
            return;
        }
        self.heading(heading);
        for check in checks {
            self.screen.text(2, style_of(status), &name_and_reason(check));
            self.answers(4, check);
        }
    }

    fn heading(&mut self, heading: &str) {
        self.screen.blank();
        self.screen.text(0, Style::Strong, heading);
    }

    fn findings(&mut self, report: &Report) {
        let fail_on = report.policy.fail_on;
        let shown: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|finding| self.verbose > 0 || open(finding) || finding.keeps_open(fail_on))
            .filter(|finding| finding.allowed.is_none())
            .collect();
        let asked = |finding: &&Finding| {
            finding.status == FindingStatus::Manual
                && finding.allowed.is_none()
                && !finding.keeps_open(fail_on)
        };
        let people = report.findings.iter().filter(asked).count();
        if shown.is_empty() && people == 0 {
            return;
        }
        self.heading("FINDINGS");
        if self.verbose == 0 && documents_alone(report) {
            self.findings_with_places(&shown);
        } else if self.verbose == 0 {
            self.findings_by_rule(&shown);
        } else {
            shown.iter().for_each(|finding| self.finding(finding));
        }
        if people > 0 && self.verbose == 0 {
            self.screen.text(
                2,
                Style::Plain,
                &format!("{people} more, milder, need a person to answer (-v lists them)"),
            );
        }
    }

    /// One line a rule for what is grave, a count for the rest: the first screen stays one screen.
    fn findings_by_rule(&mut self, findings: &[&Finding]) {
        let mut by_rule: BTreeMap<(Reverse<Severity>, &str), Vec<&Finding>> = BTreeMap::new();
        for finding in findings {
            by_rule.entry((Reverse(finding.severity), finding.rule.as_str())).or_default().push(finding);
        }
        let mut rest: BTreeMap<Reverse<Severity>, usize> = BTreeMap::new();
        for ((Reverse(severity), rule), found) in by_rule {
            let grave = severity >= Severity::High;
            let Some(first) = found.first().filter(|_| grave) else {
                let count = rest.entry(Reverse(severity)).or_default();
                *count = count.saturating_add(found.len());
                continue;
            };
            // What several have in common stands before the colon of their titles.
            let title = match found.len() {
                1 => first.title.clone(),
                count => {
                    let common = first.title.split(": ").next().unwrap_or_default();
                    format!("{common}, in {count} places")
                }
            };
            let proves = if found.iter().any(|finding| finding.blocks) { self.proves() } else { "" };
            let said = format!("{rule}  {}{proves}", self.shorten.text(&title));
            self.screen.labelled(2, 10, (Style::Caution, severity.name()), &said);
        }
        if !rest.is_empty() {
            let counts: Vec<String> =
                rest.iter().map(|(Reverse(severity), count)| format!("{count} {severity}")).collect();
            self.screen.text(
                2,
                Style::Plain,
                &format!("and {} (-v lists all, each with its place)", counts.join(", ")),
            );
        }
    }

    /// Of a document that nothing vouches for nothing is proven.
    const fn proves(&self) -> &'static str {
        if self.all_assumed { " [would prove Stage 0]" } else { " [proves Stage 0]" }
    }

    /// As many of the worst as one screen holds, each with what stands there and the remedy; then a count of the rest.
    fn findings_with_places(&mut self, findings: &[&Finding]) {
        let mut by_rule: BTreeMap<(Reverse<Severity>, &str), Vec<&Finding>> = BTreeMap::new();
        for finding in findings {
            by_rule.entry((Reverse(finding.severity), finding.rule.as_str())).or_default().push(finding);
        }
        let mut rest: BTreeMap<Reverse<Severity>, usize> = BTreeMap::new();
        for ((Reverse(severity), rule), found) in by_rule {
            let Some(first) = found.first() else { continue };
            if self.screen.height() >= WORST {
                let count = rest.entry(Reverse(severity)).or_default();
                *count = count.saturating_add(found.len());
                continue;
            }
            let alike = found.iter().all(|finding| finding.title == first.title);
            let title =
                if alike { first.title.as_str() } else { first.title.split(": ").next().unwrap_or("") };
            let proves = if found.iter().any(|finding| finding.blocks) { self.proves() } else { "" };
            let asks = if first.needs_a_person() {
                format!(" [{}]", finding_word(first.status))
            } else {
                String::new()
            };
            let said = format!("{rule}  {}{proves}{asks}", self.shorten.text(title));
            self.screen.labelled(2, 10, (Style::Caution, severity.name()), &said);
            for finding in found.iter().take(PLACES) {
                self.place(finding);
            }
            if found.len() > PLACES {
                let more = found.len().saturating_sub(PLACES);
                self.screen.text(12, Style::Plain, &format!("and {more} more (-v lists all)"));
            }
            if let Some(remedy) = &first.remedy {
                self.screen.text(12, Style::Plain, &format!("next: {}", self.shorten.row(remedy)));
            }
        }
        if !rest.is_empty() {
            let counts: Vec<String> =
                rest.iter().map(|(Reverse(severity), count)| format!("{count} {severity}")).collect();
            let said = format!("and {} (-v lists all, each with its place)", counts.join(", "));
            self.screen.text(2, Style::Plain, &said);
        }
    }

    /// Where it is, and what stands there with a caret below.
    fn place(&mut self, finding: &Finding) {
        let plain = finding.value.is_empty() || finding.value.starts_with("sha256:");
        let stands = if plain { &finding.evidence } else { &finding.value };
        let more = finding.places.len().saturating_sub(1);
        let more = if more > 0 { format!(" (and {more} places more)") } else { String::new() };
        let row = self.shorten.row(&format!("{}: {stands}{more}", finding.location));
        self.screen.text(12, Style::Plain, &row);
        let column = shown_columns(&finding.location).saturating_add(14);
        // Where the row goes on in a second line a caret would point at nothing.
        let one_line = self.screen.fits(12, &row);
        if !plain && one_line && row.contains(stands.as_str()) {
            self.screen.text(column, Style::Caution, "^");
        }
    }

    fn finding(&mut self, finding: &Finding) {
        let style = if open(finding) { Style::Caution } else { Style::Plain };
        let word = finding_word(finding.status);
        let mut headline = format!("{word} ({})  {}  {}", finding.severity, finding.rule, finding.title);
        if finding.blocks {
            headline.push_str(self.proves());
        }
        if finding.assumed && !self.all_assumed {
            headline.push_str(" [rests on an assumption]");
        }
        self.screen.text(2, style, &headline);
        self.screen.labelled(4, NAMES, (Style::Plain, "where"), &self.shorten.text(&finding.location));
        if self.verbose > 0 {
            self.screen.labelled(4, NAMES, (Style::Plain, "there"), &finding.evidence);
        }
        if let Some(allowed) = &finding.allowed {
            let words = format!("\"{}\"", self.shorten.text(allowed));
            self.screen.labelled(4, NAMES, (Style::Plain, "allowed by"), &words);
        }
        if let Some(remedy) = &finding.remedy {
            self.screen.labelled(4, NAMES, (Style::Plain, "next"), &self.shorten.text(remedy));
        }
    }

    fn waived(&mut self, report: &Report) {
        self.check_section(report, "WAIVED BY POLICY", Status::Waived);
        let allowed: Vec<&Finding> =
            report.findings.iter().filter(|finding| finding.allowed.is_some()).collect();
        if allowed.is_empty() {
            return;
        }
        self.heading("FINDINGS ALLOWED BY POLICY");
        if self.verbose == 0 {
            self.findings_by_rule(&allowed);
        } else {
            allowed.into_iter().for_each(|finding| self.finding(finding));
        }
    }

    fn notices(&mut self, report: &Report) {
        if report.notices.is_empty() {
            return;
        }
        self.heading("NOTICES");
        for notice in &report.notices {
            let mut said = format!("{}: {}", notice.reason, self.shorten.text(&notice.detail));
            if let Some(place) = &notice.location {
                said.push_str(&format!(" ({})", self.shorten.text(place)));
            }
            self.screen.text(2, Style::Plain, &said);
        }
    }

    fn missing(&mut self, report: &Report) {
        if report.missing.is_empty() {
            return;
        }
        self.heading("NOT GIVEN");
        for missing in &report.missing {
            let said = format!("{}: {}", missing.name, self.shorten.text(&missing.consequence));
            self.screen.text(2, Style::Plain, &said);
        }
    }

    /// Required checks with what is known of them, those of one answer together; the others by reason alone.
    fn not_checked(&mut self, report: &Report) {
        let open = || report.checks.iter().filter(|check| Status::of(check) == Status::NotChecked);
        if open().next().is_none() {
            return;
        }
        self.heading("NOT CHECKED");
        if not_attested(report) {
            let said = format!("{} checks of a machine; `veritee verify` makes them", open().count());
            self.screen.text(2, Style::Caution, &said);
            return;
        }
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut by_answer: BTreeMap<_, (&Check, Vec<&str>)> = BTreeMap::new();
        for (index, check) in open().enumerate() {
            if !check.required {
                by_reason.entry(reason_of(check)).or_default().push(check.id.id());
                continue;
            }
            let alone = check.expected.is_some() || check.got.is_some() || check.location.is_some();
            let number = if alone { index } else { usize::MAX };
            let answer = (reason_of(check), &check.detail, &check.explain, number);
            by_answer.entry(answer).or_insert_with(|| (check, Vec::new())).1.push(check.id.id());
        }
        for (check, names) in by_answer.into_values() {
            let said = format!("{} (required): {}", reason_of(check), names.join(", "));
            self.screen.text(2, Style::Caution, &said);
            self.answers(4, check);
        }
        for (reason, names) in by_reason {
            self.screen.text(2, Style::Plain, &format!("{reason}: {}", names.join(", ")));
        }
    }

    fn compared(&mut self, report: &Report) {
        for other in &report.compared {
            self.heading("JUDGED OTHERWISE");
            let words = other.outcome.headline().to_lowercase();
            let said = format!("{}, as of {}: {words} (exit {})", other.with, other.as_of, other.exit_code);
            self.screen.text(2, Style::Plain, &self.shorten.text(&said));
            if other.changes.is_empty() {
                self.screen.text(4, Style::Plain, "every check comes out as in this report");
            }
            for change in &other.changes {
                self.screen.text(4, Style::Plain, change.check.id());
                for (name, words) in [("there", &change.there), ("here", &change.here)] {
                    self.screen.labelled(6, NAMES, (Style::Plain, name), &self.shorten.text(words));
                }
            }
        }
    }

    fn foot(&mut self, report: &Report) {
        self.screen.blank();
        let policy = match &report.policy.sha256 {
            Some(digest) => {
                format!("{} (sha256 {})", report.policy.name, self.shorten.text(&digest.to_string()))
            }
            None => format!("{} (built in)", report.policy.name),
        };
        self.screen.labelled(0, NAMES, (Style::Strong, "policy"), &policy);
        for loosened in &report.policy.loosened {
            let words =
                if self.verbose == 0 { self.shorten.row(loosened) } else { self.shorten.text(loosened) };
            self.screen.labelled(0, NAMES, (Style::Caution, "loosened"), &words);
        }
        if let Some(needs) = crate::review::stage_one_needs(report) {
            let needs = format!("Stage 1 needs: {}", self.shorten.text(&needs));
            self.screen.text(0, Style::Plain, &needs);
        }
        if not_attested(report) {
            self.screen.text(0, Style::Bad, NOT_ATTESTED);
        }
        if test_root(report) {
            self.screen.text(0, Style::Bad, TEST_ROOT);
        }
        // Of documents alone the screen has no line to spare, and its counts name `-v`.
        if self.verbose == 0 && !not_attested(report) {
            self.screen.labelled(0, NAMES, (Style::Plain, "in full"), &in_full(report));
        }
        let code = code_to_explain(report).unwrap_or("CODE");
        let root = if test_root(report) { " · TEST ROOT" } else { "" };
        let exit = report.verdict.exit_code;
        self.screen.text(
            0,
            Style::Plain,
            &format!("help: `veritee explain {code}` · exit status {exit}{root}"),
        );
    }
}

/// Which sections there are between one screen and everything, with what each holds.
fn in_full(report: &Report) -> String {
    let audit = report.audit.as_ref();
    let counted = [
        ("findings", report.findings.len()),
        ("checks", report.checks.len()),
        ("questions", audit.map_or(0, |audit| audit.questions.len())),
        ("inventory", audit.map_or(0, |audit| audit.data_flow.len())),
        ("events", report.events.len()),
        ("notices", report.notices.len()),
    ];
    let counted = counted.iter().filter(|(_, count)| *count > 0);
    let named: Vec<String> = counted.map(|(name, count)| format!("{name} ({count})")).collect();
    format!("--show {}; -v shows all", named.join(", "))
}

fn reason_of(check: &Check) -> &str {
    check.reason.map_or("unknown", Reason::code)
}

fn name_and_reason(check: &Check) -> String {
    match &check.reason {
        Some(reason) => format!("{}  {reason}", check.id),
        None => check.id.to_string(),
    }
}

const fn style_of(status: Status) -> Style {
    match status {
        Status::Pass => Style::Good,
        Status::Fail | Status::Findings => Style::Bad,
        Status::NotChecked | Status::Waived => Style::Caution,
    }
}
