//! Protects users from a record of deployments that tells another history than the chain.

use crate::chain::deployments::{Difference, Ledger};
use crate::facts::chain::app;
use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::source::records;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CHN-010",
    title: "the recorded deployments are not those of the chain",
    severity: Severity::Medium,
    needs: &[Need::Chain, Need::Source],
    remedy: "list every compose hash that the contract allowed, with the transaction that allowed it",
    answers: &[Item::Q4.fails()],
    check,
    ..Rule::PLAIN
};

/// Differences that are told one by one.
const MOST: usize = 20;

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let (Some(app), Some(source)) = (app(subject), &subject.source) else { return };
    let records = records::find(source);
    let Some(first) = records.first() else { return };
    let mut ledger = Ledger::new(&app.logged);
    let mut agrees = !app.logged.added.is_empty();
    for record in &records {
        let place = record.file.whole();
        for difference in ledger.hold(&record.file.text).into_iter().take(MOST) {
            agrees = false;
            let words = difference.to_string();
            sink.add(match difference {
                // A hash of another contract or of a block looks like it.
                Difference::NeverAllowed { .. } => Note::manual(&place, words),
                _ => Note::fail(&place, words),
            });
        }
    }
    // What one record leaves out another may list.
    let place = first.file.whole();
    for difference in ledger.left_out().into_iter().take(MOST) {
        agrees = false;
        sink.add(Note::fail(&place, difference.to_string()));
    }
    if agrees {
        sink.add(Note::pass(&place, "the records list what the contract allowed"));
    }
}
