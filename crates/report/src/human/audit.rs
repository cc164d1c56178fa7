//! What the audit asked, what came out, and what is left for a person.

use super::{NAMES, Page, Style};
use crate::summary::{finding_word, tally};
use std::collections::BTreeMap;
use veritee_model::report::{AuditFacts, ChecklistFact, FlowFact, InlineAllowFact, QuestionFact};
use veritee_model::{FindingStatus, QuestionStatus, Report};

impl Page {
    pub(super) fn audit(&mut self, report: &Report) {
        let Some(audit) = &report.audit else { return };
        self.heading("AUDIT");
        let mut rules = format!("{} asked, {} not asked", audit.rules_asked, audit.not_asked.len());
        if self.verbose == 0 && !audit.not_asked.is_empty() {
            rules.push_str(" (-v lists them)");
        }
        for assumed in &audit.assumptions {
            self.audited("assumed", &self.shorten.text(assumed));
        }
        self.audited("rules", &rules);
        if self.verbose > 0 {
            for rule in &audit.not_asked {
                self.screen.text(4, Style::Caution, &format!("{}  not asked: {}", rule.rule, rule.why));
            }
        }
        for document in &audit.documents {
            let words = format!(
                "{}: {} (alone: exit {})",
                self.shorten.text(&document.path),
                self.shorten.text(&document.summary),
                document.exit_code
            );
            self.audited("document", &words);
            if self.verbose > 0 {
                self.screen.text(4, Style::Plain, &format!("sha256 {}  {}", document.sha256, document.stage));
            }
        }
        self.checklist("quick check", &audit.quick_check);
        self.checklist("ERC-733", &audit.erc733);
        self.flows(&audit.data_flow);
        self.questions(audit);
        self.inline_allows(&audit.inline_allows);
        if let Some(review) = &audit.review {
            let commit = self.shorten.text(&review.commit);
            let words =
                format!("by {}, of this compose and commit {commit}", self.shorten.text(&review.reviewer));
            self.audited("review", &words);
        }
        if let Some(why) = &audit.review_refused {
            self.audited("review", &format!("not applied: {}", self.shorten.text(why)));
        }
    }

    fn audited(&mut self, name: &str, value: &str) {
        self.screen.labelled(2, NAMES, (Style::Plain, name), value);
    }

    /// The items with `-v`; else how many came out how.
    fn checklist(&mut self, name: &str, items: &[ChecklistFact]) {
        if items.is_empty() {
            return;
        }
        self.audited(name, &tally(items.iter().map(|item| item.status)));
        if self.verbose == 0 {
            return;
        }
        for item in items {
            let style = if went_wrong(item.status) { Style::Caution } else { Style::Plain };
            self.screen.text(
                4,
                style,
                &format!("{}  {}  {}", item.id, finding_word(item.status), item.question),
            );
            self.listed("because", &item.evidence);
            if let Some(person) = &item.person {
                self.screen.labelled(6, NAMES, (Style::Plain, "to do"), person);
            }
        }
    }

    /// How many, and with `-v` each: who chooses it, where it arrives, what that lets them do.
    pub(super) fn flows(&mut self, flows: &[FlowFact]) {
        if flows.is_empty() {
            return;
        }
        let mut by_party: BTreeMap<&str, usize> = BTreeMap::new();
        for flow in flows {
            let count = by_party.entry(&flow.provenance).or_default();
            *count = count.saturating_add(1);
        }
        let counts: Vec<String> =
            by_party.iter().map(|(party, count)| format!("{count} by {party}")).collect();
        let more = if self.verbose == 0 { " (-v lists them)" } else { "" };
        let said = format!("{} from outside: {}{more}", flows.len(), self.shorten.text(&counts.join(", ")));
        self.audited("values", &said);
        if self.verbose == 0 {
            return;
        }
        for flow in flows {
            let said = format!("{}  {}, through {}", flow.name, flow.provenance, flow.from.join(", "));
            self.screen.text(4, Style::Plain, &said);
            for sink in &flow.sinks {
                let said = format!("{} ({}), {}: {}", sink.sink, sink.feeds, sink.location, sink.text);
                self.screen.labelled(6, NAMES, (Style::Plain, "arrives at"), &said);
            }
            self.listed("chooser", &flow.power);
        }
    }

    fn inline_allows(&mut self, allows: &[InlineAllowFact]) {
        for allow in allows {
            let effect = if allow.applied { "counted: the policy honours it" } else { "ignored" };
            let words = format!("{} at {}, {effect}: \"{}\"", allow.rule, allow.location, allow.reason);
            self.audited("comment", &self.shorten.text(&words));
        }
    }

    pub(super) fn questions(&mut self, audit: &AuditFacts) {
        if audit.questions.is_empty() {
            return;
        }
        let open = audit.questions.iter().filter(|question| is_open(question)).count();
        self.audited("for a person", &format!("{open} of {} questions open", audit.questions.len()));
        let answered = |question: &&QuestionFact| self.verbose > 0 || question.answer.is_some();
        for question in audit.questions.iter().filter(answered).collect::<Vec<_>>() {
            let style = if is_open(question) { Style::Caution } else { Style::Plain };
            let said = format!(
                "{}  {}  {}",
                question.id,
                question.status.name(),
                self.shorten.text(&question.question)
            );
            self.screen.text(4, style, &said);
            if self.verbose > 0 {
                self.screen.labelled(6, NAMES, (Style::Plain, "why"), &question.why);
                self.listed("found", &question.evidence);
                self.listed("try", &question.commands);
            }
            if let Some(answer) = &question.answer {
                let words = format!("\"{}\"", self.shorten.text(answer));
                self.screen.labelled(6, NAMES, (Style::Plain, "answer"), &words);
            }
        }
    }

    fn listed(&mut self, name: &str, items: &[String]) {
        for item in items {
            self.screen.labelled(6, NAMES, (Style::Plain, name), &self.shorten.text(item));
        }
    }
}

const fn went_wrong(status: FindingStatus) -> bool {
    matches!(status, FindingStatus::Fail | FindingStatus::Warn | FindingStatus::Unknown)
}

/// Only `accepted` and `rejected` are answers; what was not found by rules was not looked at by a person.
fn is_open(question: &QuestionFact) -> bool {
    !matches!(question.status, QuestionStatus::Accepted | QuestionStatus::Rejected)
}
