//! The part of a page that an auditor publishes: summary, findings, what can be chosen from outside, questions.

use super::{Block, Inline, Page, Table};
use crate::summary::{finding_word, not_attested, open, tally};
use core::cmp::Reverse;
use std::collections::BTreeMap;
use veritee_model::report::{AuditFacts, ChecklistFact, FlowFact, QuestionFact, RuleNotAsked};
use veritee_model::{Finding, FindingStatus, Report, Severity};

type Cell = Vec<Inline>;

/// Everything that the audit says, in the order in which it is read.
pub(super) fn sections(page: &mut Page, report: &Report) {
    let groups = groups(report);
    page.tables("Summary of the audit", report.audit.as_ref().map(|audit| summary(audit, report)));
    if let Some(audit) = &report.audit {
        page.tables("Documents of the tree", documents(audit));
        page.tables("Quick Check", checklist(&audit.quick_check));
    }
    page.tables("Findings", overview(&groups, not_attested(report)));
    for group in &groups {
        details(page, group, not_attested(report));
    }
    let Some(audit) = &report.audit else { return };
    page.tables("Values that can be chosen from outside", flows(&audit.data_flow));
    page.tables("ERC-733", checklist(&audit.erc733));
    questions(page, &audit.questions);
    page.tables("Comments that ask for an allowance", inline_allows(audit));
    page.tables("Rules that were not asked", not_asked(&audit.not_asked));
}

/// Findings of one rule with one standing.
struct Group<'a> {
    first: &'a Finding,
    all: Vec<&'a Finding>,
}

/// The gravest that are open first, then those for a person, those allowed, and remarks.
fn groups(report: &Report) -> Vec<Group<'_>> {
    let standing = |finding: &Finding| match finding.status {
        _ if open(finding) => 0,
        FindingStatus::Manual => 1,
        FindingStatus::Fail | FindingStatus::Warn | FindingStatus::Unknown => 2,
        FindingStatus::Info => 3,
        FindingStatus::Pass => 4,
    };
    let mut by_rule: BTreeMap<_, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        let key = (
            standing(finding),
            Reverse(finding.severity),
            finding.rule.as_str(),
            finding_word(finding.status),
            finding.allowed.as_deref(),
        );
        by_rule.entry(key).or_default().push(finding);
    }
    by_rule.into_values().filter_map(|all| all.first().copied().map(|first| Group { first, all })).collect()
}

/// What the titles of a group have in common; whole where they are the same.
fn common_title<'a>(group: &Group<'a>) -> &'a str {
    let mut common = group.first.title.as_str();
    let mut differ = false;
    for finding in &group.all {
        let shared = common
            .char_indices()
            .zip(finding.title.chars())
            .take_while(|((_, one), other)| one == other)
            .last()
            .map_or(0, |((at, character), _)| at.saturating_add(character.len_utf8()));
        differ |= finding.title != group.first.title;
        common = common.get(..shared).unwrap_or("");
    }
    // The title of a rule ends at a colon; beyond it stands what the finding is about.
    match common.rfind(": ").filter(|_| differ) {
        Some(colon) => common.get(..colon).unwrap_or(common),
        None => common,
    }
}

fn overview(groups: &[Group<'_>], all_assumed: bool) -> Option<Table> {
    let rows: Vec<Vec<Cell>> = groups
        .iter()
        .map(|group| {
            let finding = group.first;
            vec![
                vec![Inline::code(&finding.rule)],
                vec![Inline::Words(finding.severity.name())],
                standing(finding, all_assumed),
                vec![Inline::text(common_title(group))],
                vec![Inline::count(group.all.len())],
            ]
        })
        .collect();
    let head = &["Rule", "Severity", "Status", "Finding", "Places"];
    (!rows.is_empty()).then_some(Table { head, rows })
}

fn standing(finding: &Finding, all_assumed: bool) -> Cell {
    let mut cell = vec![Inline::Words(finding_word(finding.status))];
    if finding.blocks {
        // Of a document that nothing vouches for nothing is proven.
        cell.push(Inline::Words(if all_assumed { ", would prove Stage 0" } else { ", proves Stage 0" }));
    }
    if let Some(allowed) = &finding.allowed {
        cell.push(Inline::Words(", allowed: "));
        cell.push(Inline::text(allowed));
    }
    cell
}

/// Where an audit of documents alone assumes something, it says so once, not beside every finding.
fn details(page: &mut Page, group: &Group<'_>, all_assumed: bool) {
    let finding = group.first;
    let title = common_title(group);
    page.blocks.push(Block::Section(vec![
        Inline::code(&finding.rule),
        Inline::Words(" "),
        Inline::Words(finding.severity.name()),
        Inline::Words(": "),
        Inline::text(title),
    ]));
    let mut standing = standing(finding, all_assumed);
    if let Some(remedy) = &finding.remedy {
        standing.extend([Inline::Words(". Remedy: "), Inline::text(remedy)]);
    }
    page.blocks.push(Block::Paragraph(standing));
    let rows = group.all.iter().map(|finding| {
        let about = finding.title.strip_prefix(title).unwrap_or("");
        let about = about.strip_prefix(": ").unwrap_or(about);
        let mut what: Cell = Vec::new();
        if !about.is_empty() {
            what.push(Inline::code(about));
        }
        if finding.assumed && !all_assumed {
            what.push(Inline::Words(" (rests on an assumption)"));
        }
        vec![vec![Inline::code(&finding.location)], what, vec![Inline::code(&finding.evidence)]]
    });
    page.blocks.push(Block::Table(Table { head: &["Where", "What", "There"], rows: rows.collect() }));
}

fn summary(audit: &AuditFacts, report: &Report) -> Table {
    let attested = if audit.attested { "attested: its hash is the measured one" } else { "NOT ATTESTED" };
    let row = |name: &'static str, value: Cell| vec![vec![Inline::Words(name)], value];
    let mut rows = vec![
        row("verdict", vec![Inline::Words(report.headline())]),
        row("DevProof", vec![Inline::text(&report.stage.to_string())]),
        row("document", vec![Inline::Words(attested)]),
        row("open findings", open_findings(report)),
        row("Quick Check", vec![Inline::Text(tally(audit.quick_check.iter().map(|item| item.status)))]),
        row("ERC-733", vec![Inline::Text(tally(audit.erc733.iter().map(|item| item.status)))]),
        row("values chosen from outside", vec![Inline::count(audit.data_flow.len())]),
        row(
            "rules",
            vec![
                Inline::Number(audit.rules_asked),
                Inline::Words(" asked, "),
                Inline::count(audit.not_asked.len()),
                Inline::Words(" not asked"),
            ],
        ),
    ];
    rows.extend(audit.assumptions.iter().map(|words| row("assumed", vec![Inline::text(words)])));
    if let Some(review) = &audit.review {
        let mut words = vec![
            Inline::Words("by "),
            Inline::text(&review.reviewer),
            Inline::Words(", of compose "),
            Inline::code(review.compose_hash),
            Inline::Words(" and commit "),
            Inline::code(&review.commit),
        ];
        if let Some(expires) = review.expires {
            words.extend([Inline::Words(", until "), Inline::code(expires)]);
        }
        rows.push(row("review", words));
    }
    if let Some(why) = &audit.review_refused {
        rows.push(row("review not applied", vec![Inline::text(why)]));
    }
    Table { head: &["Audit", "Value"], rows }
}

fn open_findings(report: &Report) -> Cell {
    let severities = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
    let mut cell: Cell = Vec::new();
    for severity in severities {
        let of = |finding: &&Finding| open(finding) && finding.severity == severity;
        let count = report.findings.iter().filter(of).count();
        if count > 0 {
            if !cell.is_empty() {
                cell.push(Inline::Words(", "));
            }
            cell.extend([Inline::count(count), Inline::Words(" "), Inline::Words(severity.name())]);
        }
    }
    if cell.is_empty() { vec![Inline::Words("none")] } else { cell }
}

fn flows(flows: &[FlowFact]) -> Option<Table> {
    let rows: Vec<Vec<Cell>> = flows
        .iter()
        .map(|flow| {
            let mut arrives: Cell = Vec::new();
            for sink in &flow.sinks {
                if !arrives.is_empty() {
                    arrives.push(Inline::Words("; "));
                }
                arrives.extend([
                    Inline::code(&sink.sink),
                    Inline::Words(", "),
                    Inline::text(&sink.feeds),
                    Inline::Words(", at "),
                    Inline::code(&sink.location),
                    Inline::Words(": "),
                    Inline::code(&sink.text),
                ]);
            }
            vec![
                vec![Inline::code(&flow.name)],
                vec![Inline::text(&flow.provenance)],
                texts(&flow.from),
                arrives,
                texts(&flow.power),
                codes(&flow.rules),
            ]
        })
        .collect();
    let head = &["Value", "Chosen by", "Through", "Arrives at", "Whoever chooses it", "Rules"];
    (!rows.is_empty()).then_some(Table { head, rows })
}

fn checklist(items: &[ChecklistFact]) -> Option<Table> {
    let rows: Vec<Vec<Cell>> = items
        .iter()
        .map(|item| {
            vec![
                vec![Inline::code(&item.id)],
                vec![Inline::Words(finding_word(item.status))],
                vec![Inline::text(&item.question)],
                codes(&item.evidence),
                item.person.as_deref().map(Inline::text).into_iter().collect(),
            ]
        })
        .collect();
    let head = &["Item", "Status", "Question", "Because", "For a person"];
    (!rows.is_empty()).then_some(Table { head, rows })
}

fn questions(page: &mut Page, questions: &[QuestionFact]) {
    if questions.is_empty() {
        return;
    }
    page.blocks.push(Block::Heading(2, "Questions for a person"));
    for question in questions {
        page.blocks.push(Block::Section(vec![
            Inline::code(&question.id),
            Inline::Words(" "),
            Inline::text(&question.question),
        ]));
        let mut items = vec![
            vec![Inline::Words("Status: "), Inline::code(question.status.name())],
            vec![Inline::Words("Why: "), Inline::text(&question.why)],
        ];
        items.extend(
            question.evidence.iter().map(|found| vec![Inline::Words("Found: "), Inline::code(found)]),
        );
        items.extend(question.commands.iter().map(|run| vec![Inline::Words("Try: "), Inline::code(run)]));
        items.extend(
            question.answer.iter().map(|answer| vec![Inline::Words("Answer: "), Inline::text(answer)]),
        );
        page.blocks.push(Block::List(items));
    }
}

/// Each document that was judged with its own verdict.
fn documents(audit: &AuditFacts) -> Option<Table> {
    let rows: Vec<Vec<Cell>> = audit
        .documents
        .iter()
        .map(|document| {
            vec![
                vec![Inline::code(&document.path)],
                vec![Inline::text(&document.exit_code.to_string())],
                vec![Inline::text(&document.summary)],
                vec![Inline::code(document.sha256.to_string())],
            ]
        })
        .collect();
    (!rows.is_empty()).then_some(Table { head: &["Document", "Exit code alone", "Verdict", "SHA-256"], rows })
}

fn inline_allows(audit: &AuditFacts) -> Option<Table> {
    let rows: Vec<Vec<Cell>> = audit
        .inline_allows
        .iter()
        .map(|allow| {
            let counted = if allow.applied { "counted: the policy honours it" } else { "ignored" };
            vec![
                vec![Inline::code(&allow.rule)],
                vec![Inline::Words(counted)],
                vec![Inline::code(&allow.location)],
                vec![Inline::text(&allow.reason)],
            ]
        })
        .collect();
    (!rows.is_empty()).then_some(Table { head: &["Rule", "Effect", "Where", "Words"], rows })
}

fn not_asked(rules: &[RuleNotAsked]) -> Option<Table> {
    // Of one reason together: the list is long, the reasons are few.
    let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for rule in rules {
        by_reason.entry(&rule.why).or_default().push(rule.rule.clone());
    }
    let rows: Vec<Vec<Cell>> =
        by_reason.into_iter().map(|(why, rules)| vec![vec![Inline::text(why)], codes(&rules)]).collect();
    (!rows.is_empty()).then_some(Table { head: &["Why", "Rules"], rows })
}

fn codes(items: &[String]) -> Cell {
    joined(items, |item| Inline::code(item))
}

fn texts(items: &[String]) -> Cell {
    joined(items, |item| Inline::text(item))
}

fn joined(items: &[String], inline: impl Fn(&String) -> Inline) -> Cell {
    let mut cell = Vec::new();
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            cell.push(Inline::Words("; "));
        }
        cell.push(inline(item));
    }
    cell
}
