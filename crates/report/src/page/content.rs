//! Which sections a page has, and in which order.

use super::{Block, Inline, Page, audit, tables};
use crate::summary::{
    NOT_ATTESTED, NOT_FRESH, Status, TEST_ROOT, code_to_explain, documents_alone, fresh, not_attested,
    test_root,
};
use veritee_model::{Check, Reason, Report, VerdictOutcome};

/// The report as a page: verdict first, the way to repeat it last.
pub(crate) fn page(report: &Report) -> Page {
    let mut page = Page { test_root: test_root(report), title: report.headline(), blocks: Vec::new() };
    let alone = documents_alone(report);
    page.verdict(report, alone);
    if !alone {
        page.tables("Steps", Some(tables::steps(report)));
        page.tables("Failures", tables::with_status(report, Status::Fail));
    }
    audit::sections(&mut page, report);
    page.tables("Waived by policy", tables::with_status(report, Status::Waived));
    page.not_checked(report, alone);
    page.compared(report);
    page.notices(report);
    if !alone {
        page.tables("Checks", Some(tables::checks(report)));
    }
    page.tables("Application", report.identity.as_ref().map(tables::identity));
    page.tables("Platform TCB", report.tcb.as_ref().map(tables::tcb));
    page.tables("Quote", report.quote.as_ref().map(tables::quote));
    page.tables("Enclave", report.enclave.as_ref().map(tables::enclave));
    page.tables("Claimed, not verified", tables::claimed(report));
    page.tables("Run-time events", tables::events(report));
    page.policy(report);
    page.tables("Codes", tables::codes(report));
    page.inputs(report);
    page.repeat(report, alone);
    if not_attested(report) {
        page.blocks.push(Block::Alarm(NOT_ATTESTED));
    }
    if page.test_root {
        page.blocks.push(Block::Alarm(TEST_ROOT));
    }
    page
}

impl Page {
    fn verdict(&mut self, report: &Report, alone: bool) {
        if self.test_root {
            self.blocks.push(Block::Alarm(TEST_ROOT));
        }
        self.blocks.push(Block::Heading(1, self.title));
        self.blocks.push(Block::Paragraph(vec![Inline::text(&report.verdict.summary)]));
        let exit = match report.verdict.outcome {
            VerdictOutcome::Verified if alone => "no finding at or above the severity that counts",
            // The code's usual words say more than was shown.
            VerdictOutcome::Refused if self.title != VerdictOutcome::Refused.headline() => {
                "refused by policy, before the quote was shown to be genuine"
            }
            outcome => meaning(outcome),
        };
        let app = match &report.identity {
            Some(identity) => Inline::code(identity.app_id),
            None => Inline::Words("not shown"),
        };
        let mut facts = vec![
            vec![Inline::Words("Application: "), app],
            vec![Inline::Words("As of: "), Inline::code(report.as_of)],
            vec![Inline::Words("Trust root: "), root(report)],
            vec![Inline::Words("DevProof: "), Inline::text(&report.stage.to_string())],
            vec![
                Inline::Words("Exit code: "),
                Inline::Number(u64::from(report.verdict.exit_code)),
                Inline::Words(", "),
                Inline::Words(exit),
            ],
        ];
        if !report.verdict.reasons.is_empty() {
            let mut reasons = vec![Inline::Words("Reasons: ")];
            for (number, reason) in report.verdict.reasons.iter().enumerate() {
                if number > 0 {
                    reasons.push(Inline::Words(", "));
                }
                reasons.push(Reason::from_code(reason).map_or_else(|| Inline::code(reason), Inline::Reason));
            }
            facts.push(reasons);
        }
        self.blocks.push(Block::List(facts));
        if !fresh(report) && !alone {
            self.blocks.push(Block::Alarm(NOT_FRESH));
        }
        if not_attested(report) {
            self.blocks.push(Block::Alarm(NOT_ATTESTED));
        }
    }

    pub(super) fn tables(&mut self, heading: &'static str, table: Option<super::Table>) {
        if let Some(table) = table {
            self.blocks.push(Block::Heading(2, heading));
            self.blocks.push(Block::Table(table));
        }
    }

    fn not_checked(&mut self, report: &Report, alone: bool) {
        self.blocks.push(Block::Heading(2, "What was not checked"));
        if alone {
            let open = report.checks.iter().filter(|check| Status::of(check) == Status::NotChecked).count();
            self.blocks.push(Block::Paragraph(vec![
                Inline::count(open),
                Inline::Words(" checks of a machine: "),
                Inline::code("veritee verify"),
                Inline::Words(" makes them."),
            ]));
            return;
        }
        let open: Vec<&Check> =
            report.checks.iter().filter(|check| Status::of(check) == Status::NotChecked).collect();
        let mut items: Vec<Vec<Inline>> = Vec::new();
        for missing in &report.missing {
            items.push(vec![
                Inline::Words("not given: "),
                Inline::text(&missing.name),
                Inline::Words(": "),
                Inline::text(&missing.consequence),
            ]);
        }
        // What stays open for one and the same reason is said once.
        let mut open = open.as_slice();
        while let Some((check, rest)) = open.split_first() {
            let same = |other: &&&Check| {
                let all = |check: &Check| {
                    (check.required, check.reason, check.detail.clone(), check.explain.clone())
                };
                all(other) == all(check)
            };
            let alike = rest.iter().take_while(same).count();
            let mut item = vec![Inline::code(check.id.id())];
            for other in rest.iter().take(alike) {
                item.extend([Inline::Words(", "), Inline::code(other.id.id())]);
            }
            open = rest.get(alike..).unwrap_or_default();
            item.push(Inline::Words(if check.required { " (required): " } else { " (optional): " }));
            item.push(check.reason.map_or(Inline::Words("unknown"), Inline::Reason));
            item.push(Inline::Words(", "));
            item.push(Inline::text(&check.detail));
            if let Some(next) = &check.explain {
                item.push(Inline::Words("; next: "));
                item.push(Inline::text(next));
            }
            items.push(item);
        }
        for summary in crate::summary::steps(report).iter().filter(|summary| summary.total == 0) {
            items.push(vec![
                Inline::Words(summary.step.name()),
                Inline::Words(": the report lists no check of this step"),
            ]);
        }
        if items.is_empty() {
            self.blocks.push(Block::Paragraph(vec![Inline::Words("Every check of the report was made.")]));
        } else {
            self.blocks.push(Block::List(items));
        }
    }

    fn compared(&mut self, report: &Report) {
        for other in &report.compared {
            self.blocks.push(Block::Heading(2, "Judged otherwise"));
            self.blocks.push(Block::Paragraph(vec![
                Inline::text(&other.with),
                Inline::Words(", as of "),
                Inline::code(other.as_of),
                Inline::Words(": "),
                Inline::Words(meaning(other.outcome)),
                Inline::Words(" (exit code "),
                Inline::Number(u64::from(other.exit_code)),
                Inline::Words(")."),
            ]));
            match tables::changes(other) {
                Some(table) => self.blocks.push(Block::Table(table)),
                None => self
                    .blocks
                    .push(Block::Paragraph(vec![Inline::Words("Every check comes out as in this report.")])),
            }
        }
    }

    fn notices(&mut self, report: &Report) {
        if report.notices.is_empty() {
            return;
        }
        self.blocks.push(Block::Heading(2, "Notices"));
        let items = report.notices.iter().map(|notice| {
            let mut item =
                vec![Inline::Reason(notice.reason), Inline::Words(": "), Inline::text(&notice.detail)];
            if let Some(place) = &notice.location {
                item.push(Inline::Words(", at "));
                item.push(Inline::text(place));
            }
            item
        });
        self.blocks.push(Block::List(items.collect()));
    }

    fn policy(&mut self, report: &Report) {
        self.blocks.push(Block::Heading(2, "Policy"));
        let mut named = vec![Inline::Words("Policy "), Inline::text(&report.policy.name)];
        match &report.policy.sha256 {
            Some(digest) => named.extend([Inline::Words(", SHA-256 "), Inline::code(digest)]),
            None => named.push(Inline::Words(", built in")),
        }
        named.extend([Inline::Words("; findings count from "), Inline::code(report.policy.fail_on)]);
        self.blocks.push(Block::Paragraph(named));
        if report.policy.loosened.is_empty() {
            self.blocks
                .push(Block::Paragraph(vec![Inline::Words("Nowhere looser than the default policy.")]));
            return;
        }
        self.blocks.push(Block::Paragraph(vec![Inline::Words("Looser than the default policy in:")]));
        let items = report.policy.loosened.iter().map(|words| vec![Inline::text(words)]);
        self.blocks.push(Block::List(items.collect()));
    }

    fn inputs(&mut self, report: &Report) {
        if report.inputs.is_empty() {
            self.blocks.push(Block::Heading(2, "Inputs"));
            self.blocks.push(Block::Paragraph(vec![Inline::Words("Nothing was read.")]));
        } else {
            self.tables("Inputs", Some(tables::inputs(report)));
        }
    }

    fn repeat(&mut self, report: &Report, alone: bool) {
        self.blocks.push(Block::Heading(2, "Verify it yourself"));
        self.blocks.push(Block::Paragraph(vec![Inline::Words(
            "This page is worth what its file is worth. The same bytes, the same time and the same policy give the same \
             report: compare the inputs with the SHA-256 sums above, then run",
        )]));
        let policy = if report.policy.sha256.is_some() { " --policy policy.toml" } else { "" };
        let mut command = if alone {
            format!("veritee audit app-compose.json --as-of {}{policy} --format markdown", report.as_of)
        } else {
            format!("veritee verify evidence.json --as-of {}{policy} --offline", report.as_of)
        };
        if let Some(code) = code_to_explain(report) {
            command.push_str("\nveritee explain ");
            command.push_str(code);
        }
        self.blocks.push(Block::Command(command));
        let nonce = [
            Inline::Words("A nonce that was given is part of the question: give it again with "),
            Inline::code("--nonce"),
            Inline::Words(" or "),
            Inline::code("--report-data"),
            Inline::Words(". "),
        ];
        let mut made: Vec<Inline> = if alone { Vec::new() } else { nonce.into() };
        made.extend([
            Inline::Words("Made by "),
            Inline::text(&report.tool.name),
            Inline::Words(" "),
            Inline::text(&report.tool.version),
            Inline::Words(", schema "),
            Inline::code(&report.schema),
            Inline::Words("."),
        ]);
        self.blocks.push(Block::Paragraph(made));
    }
}

fn root(report: &Report) -> Inline {
    match &report.root {
        Some(root) if root.intel && !crate::summary::reached_root(report) => {
            Inline::Words("Intel SGX Root CA; no quote was shown to hang from it")
        }
        Some(root) if root.intel => Inline::Words("Intel SGX Root CA"),
        Some(root) => Inline::Text(format!("NOT INTEL'S: {} (key SHA-256 {})", root.name, root.spki_sha256)),
        None => Inline::Words("none was reached"),
    }
}

fn meaning(outcome: VerdictOutcome) -> &'static str {
    let code = outcome.exit_code();
    veritee_model::ExitCode::ALL.iter().find(|(other, _)| *other == code).map_or("", |(_, meaning)| meaning)
}
