//! The items of ERC-733's Stage 1, as far as rules reach.

use super::{ChecklistItem, Ledger, cite_all};
use veritee_model::FindingStatus;

struct Item {
    id: &'static str,
    question: &'static str,
    rules: &'static [&'static str],
    person: &'static str,
}

const ITEMS: &[Item] = &[
    Item {
        id: "E1",
        question: "attested, and authorised on a public ledger",
        rules: &["DP-KMS-002", "DP-KMS-003", "DP-KMS-004", "DP-CHN-001", "DP-CHN-002", "DP-CHN-003"],
        person: "the KMS verifies the quote and the chain authorises the hash: no chain verifies the quote itself",
    },
    Item {
        id: "E2",
        question: "the code can be examined",
        rules: &["DP-DOC-004", "DP-OCI-005", "DP-OCI-008", "DP-TRC-001"],
        person: "is the source readable and complete?",
    },
    Item {
        id: "E3",
        question: "the measurement can be reproduced",
        rules: &["DP-META-001", "DP-SRC-001", "DP-SRC-006", "DP-SRC-007"],
        person: "run the rebuild and compare digests",
    },
    Item {
        id: "E4",
        question: "developers hold no secret of the application",
        rules: &[
            "DP-ENV-006",
            "DP-ENV-007",
            "DP-ENV-009",
            "DP-SRC-011",
            "DP-SRC-012",
            "DP-SRC-021",
            "DP-CMP-015",
            "DP-CMP-016",
            "DP-SCR-008",
        ],
        person: "which third-party accounts expose user data?",
    },
    Item {
        id: "E5",
        question: "upgrades give notice",
        rules: &["DP-CHN-004", "DP-CHN-005", "DP-CHN-012"],
        person: "is the delay long enough, and can users leave?",
    },
    Item {
        id: "E6",
        question: "no central service can break integrity or privacy",
        rules: &["DP-URL-002", "DP-URL-003", "DP-URL-007", "DP-CEN-001", "DP-CFG-009", "DP-NET-001"],
        person: "tell for each dependency: availability only, or privacy?",
    },
    Item {
        id: "E7",
        question: "no back door and no debugging",
        rules: &[
            "DP-CMP-001",
            "DP-CMP-002",
            "DP-CMP-003",
            "DP-CMP-007",
            "DP-CMP-019",
            "DP-CMP-021",
            "DP-ENV-001",
            "DP-ENV-005",
            "DP-ENV-007",
            "DP-SCR-003",
            "DP-SCR-004",
            "DP-SCR-006",
            "DP-SCR-018",
            "DP-SCR-019",
            "DP-META-009",
            "DP-SRC-024",
        ],
        person: "what do the administrative endpoints do?",
    },
];

/// All items. None passes without a person: each has a part that no rule decides.
pub(crate) fn items(ledger: &Ledger<'_>) -> Vec<ChecklistItem> {
    ITEMS
        .iter()
        .map(|item| {
            let failing = ledger.grave_fails(item.rules);
            let missing: Vec<&str> = item.rules.iter().copied().filter(|rule| !ledger.ran(&[rule])).collect();
            let (status, evidence) = if !failing.is_empty() {
                (FindingStatus::Fail, cite_all(&failing))
            } else if !missing.is_empty() {
                (FindingStatus::Unknown, vec![format!("not asked: {}", missing.join(", "))])
            } else {
                let mut rest = ledger.fails(item.rules);
                rest.extend(ledger.open(item.rules));
                (FindingStatus::Manual, cite_all(&rest))
            };
            ChecklistItem {
                id: item.id,
                question: item.question,
                status,
                rules: item.rules.to_vec(),
                evidence,
                person: Some(item.person),
            }
        })
        .collect()
}
