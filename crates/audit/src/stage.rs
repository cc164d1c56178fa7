//! DevProof stage: the nine-item Quick Check, the ERC-733 items, the questions for a person, and the line that they
//! add up to.
//!
//! The line never says Stage 1 by itself: a reviewer's answers, bound to this compose hash and commit, have to
//! cover every question (audit reference, section 5).

use crate::review::Review;
use serde::Serialize;
use std::collections::BTreeSet;
use veritee_model::{Finding, FindingStatus, Severity};
pub use veritee_model::{QuestionStatus, Stage};

mod erc733;
pub(crate) mod questions;
mod quick_check;

pub(crate) use erc733::items as erc733_items;
pub(crate) use questions::questions;
pub(crate) use quick_check::items as quick_check_items;

/// One item of a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChecklistItem {
    /// `Q1` to `Q9`, `E1` to `E7`.
    pub id: &'static str,
    /// What is asked.
    pub question: &'static str,
    /// How it came out. `Manual` and `Unknown` never count as pass.
    pub status: FindingStatus,
    /// The rules that decide it.
    pub rules: Vec<&'static str>,
    /// What speaks for the status: rule and place of findings, or why it is not known.
    pub evidence: Vec<String>,
    /// What a person still has to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<&'static str>,
}

/// A question that no rule can answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Question {
    /// `M1` to `M10`.
    pub id: &'static str,
    /// What is asked.
    pub question: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What the rules found that belongs to it.
    pub evidence: Vec<String>,
    /// Commands that help to answer it.
    pub commands: Vec<String>,
    /// How far it has come.
    pub status: QuestionStatus,
    /// The reviewer's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// Findings and the rules that were asked.
pub(crate) struct Ledger<'a> {
    pub(crate) findings: Vec<&'a Finding>,
    pub(crate) ran: BTreeSet<&'a str>,
    /// An image was rebuilt bit for bit.
    pub(crate) rebuilt: bool,
}

impl<'a> Ledger<'a> {
    /// Findings of some rules with some status.
    pub(crate) fn of(&self, rules: &[&str], statuses: &[FindingStatus]) -> Vec<&'a Finding> {
        self.findings
            .iter()
            .filter(|finding| rules.contains(&finding.rule.as_str()) && statuses.contains(&finding.status))
            .copied()
            .collect()
    }

    pub(crate) fn fails(&self, rules: &[&str]) -> Vec<&'a Finding> {
        self.of(rules, &[FindingStatus::Fail])
    }

    pub(crate) fn grave_fails(&self, rules: &[&str]) -> Vec<&'a Finding> {
        self.fails(rules).into_iter().filter(|finding| finding.severity >= Severity::High).collect()
    }

    pub(crate) fn open(&self, rules: &[&str]) -> Vec<&'a Finding> {
        self.of(rules, &[FindingStatus::Warn, FindingStatus::Manual, FindingStatus::Unknown])
    }

    pub(crate) fn passes(&self, rule: &str) -> bool {
        !self.of(&[rule], &[FindingStatus::Pass]).is_empty()
            && self.fails(&[rule]).is_empty()
            && self.open(&[rule]).is_empty()
    }

    pub(crate) fn ran(&self, rules: &[&str]) -> bool {
        rules.iter().all(|rule| self.ran.contains(rule))
    }
}

/// The text by which a checklist points at a finding.
pub(crate) fn cite(finding: &Finding) -> String {
    format!("{} {} ({})", finding.rule, finding.location, finding.evidence)
}

/// At most so many citations.
pub(crate) fn cite_all(findings: &[&Finding]) -> Vec<String> {
    const LIMIT: usize = 10;
    let mut list: Vec<String> = findings.iter().take(LIMIT).map(|finding| cite(finding)).collect();
    if findings.len() > LIMIT {
        list.push(format!("and {} more", findings.len().saturating_sub(LIMIT)));
    }
    list
}

/// What everything adds up to.
pub(crate) fn conclude(
    ledger: &Ledger<'_>,
    readable: bool,
    quick_check: &[ChecklistItem],
    questions: &[Question],
    review: Option<&Review>,
) -> Stage {
    let mut proven: Vec<String> = Vec::new();
    for finding in ledger
        .findings
        .iter()
        .filter(|finding| finding.blocks && !finding.assumed && finding.status == FindingStatus::Fail)
    {
        if !proven.contains(&finding.rule) {
            proven.push(finding.rule.clone());
        }
    }
    if !proven.is_empty() {
        return Stage::Proven(proven);
    }
    if !readable {
        return Stage::Incomplete;
    }
    if let Some(stage) = review.and_then(|review| reviewed(ledger, quick_check, questions, review)) {
        return stage;
    }
    let open_questions = questions.iter().filter(|question| !is_settled(question)).count();
    let open_items = quick_check
        .iter()
        .filter(|item| {
            !matches!(item.status, FindingStatus::Pass | FindingStatus::Fail | FindingStatus::Info)
        })
        .count();
    Stage::NotShownOtherwise(open_questions.saturating_add(open_items))
}

fn is_settled(question: &Question) -> bool {
    matches!(question.status, QuestionStatus::Accepted | QuestionStatus::NothingFound)
}

/// `review` is one that is bound to this compose and commit, of an attested document.
fn reviewed(
    ledger: &Ledger<'_>,
    quick_check: &[ChecklistItem],
    questions: &[Question],
    review: &Review,
) -> Option<Stage> {
    let grave = ledger.findings.iter().any(|finding| {
        let open =
            matches!(finding.status, FindingStatus::Fail | FindingStatus::Warn | FindingStatus::Unknown);
        open && (finding.severity >= Severity::High || finding.status == FindingStatus::Unknown)
    });
    let items = quick_check.iter().all(|item| match item.status {
        FindingStatus::Pass => true,
        FindingStatus::Manual => quick_check::question_for(item.id).is_some_and(|id| {
            questions.iter().any(|question| question.id == id && question.status == QuestionStatus::Accepted)
        }),
        _ => false,
    });
    // That rules found nothing is no answer of a person: all of the questions have to be answered.
    if grave || !items || !questions.iter().all(|question| question.status == QuestionStatus::Accepted) {
        return None;
    }
    Some(Stage::Reviewed { reviewer: review.reviewer.clone(), compose_hash: review.compose_hash.to_string() })
}
