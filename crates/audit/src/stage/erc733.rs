//! The items of ERC-733's Stage 1, as far as rules reach.

use super::{ChecklistItem, Ledger, cite_all};
use crate::item::Item;
use crate::rules::answering;
use veritee_model::FindingStatus;

/// What is asked, and what a person has to do.
const ITEMS: &[(Item, &str, &str)] = &[
    (
        Item::E1,
        "attested, and authorised on a public ledger",
        "the KMS verifies the quote and the chain authorises the hash: no chain verifies the quote itself",
    ),
    (Item::E2, "the code can be examined", "is the source readable and complete?"),
    (Item::E3, "the measurement can be reproduced", "run the rebuild and compare digests"),
    (
        Item::E4,
        "developers hold no secret of the application",
        "which third-party accounts expose user data?",
    ),
    (Item::E5, "upgrades give notice", "is the delay long enough, and can users leave?"),
    (
        Item::E6,
        "no central service can break integrity or privacy",
        "tell for each dependency: availability only, or privacy?",
    ),
    (Item::E7, "no back door and no debugging", "what do the administrative endpoints do?"),
];

/// All items. None passes without a person: each has a part that no rule decides.
pub(crate) fn items(ledger: &Ledger<'_>) -> Vec<ChecklistItem> {
    let items = ITEMS.iter();
    items
        .map(|(item, question, person)| {
            let rules: Vec<&'static str> = answering(*item).map(|(id, _)| id).collect();
            let failing = ledger.grave_fails(&rules);
            let missing: Vec<&str> = rules.iter().copied().filter(|rule| !ledger.ran(&[rule])).collect();
            let (status, evidence) = if !failing.is_empty() {
                (FindingStatus::Fail, cite_all(&failing))
            } else if !missing.is_empty() {
                (FindingStatus::Unknown, vec![format!("not asked: {}", missing.join(", "))])
            } else {
                let mut rest = ledger.fails(&rules);
                rest.extend(ledger.open(&rules));
                (FindingStatus::Manual, cite_all(&rest))
            };
            ChecklistItem { id: item.name(), question, status, rules, evidence, person: Some(person) }
        })
        .collect()
}
