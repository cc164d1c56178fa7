//! The nine items of the Quick Check. Failing any of them is Stage 0.

use super::{ChecklistItem, Ledger, cite_all};
use veritee_model::{Finding, FindingStatus, Severity};

/// The question that a person answers where an item is left to a person.
pub(super) fn question_for(item: &str) -> Option<&'static str> {
    match item {
        "Q1" => Some("M1"),
        "Q5" => Some("M4"),
        "Q6" | "Q7" => Some("M3"),
        _ => None,
    }
}

/// All items, in order.
pub(crate) fn items(ledger: &Ledger<'_>) -> Vec<ChecklistItem> {
    vec![
        urls(ledger),
        digests(ledger),
        kms(ledger),
        history(ledger),
        reproducible(ledger),
        known_issues(ledger),
        fallbacks(ledger),
        reviewed_commit(ledger),
        trace(ledger),
    ]
}

struct Draft {
    id: &'static str,
    question: &'static str,
    rules: Vec<&'static str>,
}

impl Draft {
    fn item(self, status: FindingStatus, evidence: Vec<String>) -> ChecklistItem {
        let person = match status {
            FindingStatus::Manual => question_for(self.id).or(Some("see the findings")),
            _ => None,
        };
        ChecklistItem { id: self.id, question: self.question, status, rules: self.rules, evidence, person }
    }

    fn fail(self, findings: &[&Finding]) -> ChecklistItem {
        let evidence = cite_all(findings);
        self.item(FindingStatus::Fail, evidence)
    }

    fn manual(self, findings: &[&Finding]) -> ChecklistItem {
        let evidence = cite_all(findings);
        self.item(FindingStatus::Manual, evidence)
    }

    fn unknown(self, why: &str) -> ChecklistItem {
        self.item(FindingStatus::Unknown, vec![why.to_owned()])
    }

    fn pass(self, why: &str) -> ChecklistItem {
        self.item(FindingStatus::Pass, vec![why.to_owned()])
    }
}

fn urls(ledger: &Ledger<'_>) -> ChecklistItem {
    let always = ["DP-ENV-002", "DP-ENV-003", "DP-ENV-015", "DP-ENV-016"];
    let draft = Draft {
        id: "Q1",
        question: "are all URLs fixed in the compose?",
        rules: vec!["DP-ENV-002", "DP-ENV-003", "DP-ENV-015", "DP-ENV-016", "DP-ENV-017", "DP-URL-005"],
    };
    let mut failing = ledger.fails(&always);
    failing.extend(ledger.grave_fails(&["DP-ENV-017", "DP-URL-005"]));
    if !failing.is_empty() {
        return draft.fail(&failing);
    }
    if !ledger.ran(&always) {
        return draft.unknown("the compose file was not read");
    }
    let mut literal = ledger.of(&["DP-URL-002", "DP-URL-003"], &[FindingStatus::Manual]);
    literal.extend(ledger.open(&always));
    if literal.is_empty() { draft.pass("no endpoint outside the machine") } else { draft.manual(&literal) }
}

fn digests(ledger: &Ledger<'_>) -> ChecklistItem {
    let pins = ["DP-IMG-001", "DP-IMG-002", "DP-IMG-003", "DP-IMG-004", "DP-IMG-006"];
    let draft = Draft {
        id: "Q2",
        question: "are all images pinned by digest?",
        rules: pins.iter().copied().chain(["DP-IMG-008", "DP-IMG-009"]).collect(),
    };
    let failing = ledger.fails(&pins);
    if !failing.is_empty() {
        return draft.fail(&failing);
    }
    if !ledger.ran(&pins) {
        return draft.unknown("the compose file was not read");
    }
    if !ledger.open(&pins).is_empty() {
        return draft.unknown("a template: the deployed images are not known");
    }
    let other = ledger.fails(&["DP-IMG-008", "DP-IMG-009"]);
    if other.is_empty() { draft.pass("every image of an active service") } else { draft.manual(&other) }
}

fn kms(ledger: &Ledger<'_>) -> ChecklistItem {
    let draft = Draft {
        id: "Q3",
        question: "are the keys under a public on-chain KMS?",
        rules: vec!["DP-KMS-002", "DP-KMS-003", "DP-KMS-004", "DP-CFG-004", "DP-CHN-001", "DP-CHN-002"],
    };
    let failing = ledger.fails(&["DP-KMS-002", "DP-KMS-004", "DP-CFG-004", "DP-CHN-001", "DP-CHN-002"]);
    if !failing.is_empty() {
        return draft.fail(&failing);
    }
    if !ledger.passes("DP-KMS-003") {
        return draft.unknown("no replayed key-provider event of a known KMS");
    }
    if ledger.passes("DP-CHN-001") && ledger.passes("DP-CHN-002") {
        return draft.pass("the measured KMS is the registry's, and the registry authorises this compose");
    }
    draft.unknown("the measured KMS is one that a registry authorises; the chain was not read")
}

fn history(ledger: &Ledger<'_>) -> ChecklistItem {
    let draft = Draft {
        id: "Q4",
        question: "is the history of deployments public?",
        rules: vec!["DP-DOC-001", "DP-TRC-004", "DP-CHN-002", "DP-CHN-010"],
    };
    let recorded = ledger.passes("DP-TRC-004");
    let chain = ledger.passes("DP-CHN-002");
    let failing = ledger.fails(&["DP-TRC-004", "DP-CHN-010"]);
    if !failing.is_empty() {
        let evidence = cite_all(&failing);
        return draft.item(FindingStatus::Warn, evidence);
    }
    if chain || recorded {
        return draft.pass("this deployment is recorded");
    }
    let missing = ledger.fails(&["DP-DOC-001"]);
    if !missing.is_empty() && ledger.ran(&["DP-CHN-002"]) {
        return draft.fail(&missing);
    }
    draft.unknown("neither the chain nor a record of this deployment was read")
}

fn reproducible(ledger: &Ledger<'_>) -> ChecklistItem {
    let hard = ["DP-SRC-001", "DP-SRC-006", "DP-SRC-007"];
    let draft = Draft {
        id: "Q5",
        question: "can the image be rebuilt bit for bit?",
        rules: vec!["DP-SRC-001", "DP-SRC-003", "DP-SRC-004", "DP-SRC-006", "DP-SRC-007", "DP-SRC-008"],
    };
    let failing: Vec<&Finding> =
        ledger.fails(&hard).into_iter().filter(|finding| finding.severity >= Severity::Medium).collect();
    if !failing.is_empty() {
        return draft.fail(&failing);
    }
    if !ledger.ran(&hard) {
        return draft.unknown("no Dockerfile was read");
    }
    let rest = ledger.fails(&["DP-SRC-003", "DP-SRC-004", "DP-SRC-008"]);
    if !rest.is_empty() || !ledger.open(&hard).is_empty() {
        let mut all = rest;
        all.extend(ledger.open(&hard));
        return draft.manual(&all);
    }
    let rebuilt = ledger
        .of(&["DP-TRC-001"], &[FindingStatus::Pass])
        .iter()
        .any(|finding| finding.evidence.contains("R5"));
    if rebuilt { draft.pass("rebuilt to the same digest") } else { draft.manual(&[]) }
}

fn known_issues(ledger: &Ledger<'_>) -> ChecklistItem {
    let draft = Draft {
        id: "Q6",
        question: "is verification free of known-issue comments?",
        rules: vec!["DP-SRC-020"],
    };
    let found = ledger.of(&["DP-SRC-020"], &[FindingStatus::Manual, FindingStatus::Fail]);
    if !ledger.ran(&["DP-SRC-020"]) {
        draft.unknown("no source was read")
    } else if found.is_empty() {
        draft.pass("no such words beside verification")
    } else {
        draft.manual(&found)
    }
}

fn fallbacks(ledger: &Ledger<'_>) -> ChecklistItem {
    let draft = Draft {
        id: "Q7",
        question: "is production free of development fallbacks?",
        rules: vec!["DP-ENV-005", "DP-SRC-011", "DP-SRC-021", "DP-CMP-019"],
    };
    let mut failing = ledger.grave_fails(&["DP-ENV-005"]);
    failing.extend(ledger.fails(&["DP-SRC-011"]));
    if !failing.is_empty() {
        return draft.fail(&failing);
    }
    if !ledger.ran(&["DP-ENV-005", "DP-SRC-011", "DP-SRC-021"]) {
        return draft.unknown("compose file and source are both needed");
    }
    let mut open = ledger.open(&["DP-SRC-021", "DP-SRC-011"]);
    open.extend(ledger.fails(&["DP-CMP-019"]));
    if open.is_empty() { draft.pass("none found") } else { draft.manual(&open) }
}

fn reviewed_commit(ledger: &Ledger<'_>) -> ChecklistItem {
    let draft = Draft {
        id: "Q8",
        question: "is the reviewed commit the deployed one?",
        rules: vec!["DP-TRC-002", "DP-TRC-003"],
    };
    let failing = ledger.fails(&["DP-TRC-002", "DP-TRC-003"]);
    if !failing.is_empty() {
        draft.fail(&failing)
    } else if ledger.passes("DP-TRC-002") && ledger.passes("DP-TRC-003") {
        draft.pass("the tree is at the commit that the image names")
    } else {
        draft.unknown("no commit ties the image to the tree")
    }
}

fn trace(ledger: &Ledger<'_>) -> ChecklistItem {
    let draft =
        Draft { id: "Q9", question: "is every own image traced to its source?", rules: vec!["DP-TRC-001"] };
    let failing = ledger.fails(&["DP-TRC-001"]);
    if !failing.is_empty() {
        return draft.fail(&failing);
    }
    let claimed = ledger.of(&["DP-TRC-001"], &[FindingStatus::Warn]);
    let unknown = ledger.of(&["DP-TRC-001"], &[FindingStatus::Unknown, FindingStatus::Manual]);
    if !unknown.is_empty() || !ledger.ran(&["DP-TRC-001"]) {
        draft.unknown("the registry was not read")
    } else if claimed.is_empty() {
        draft.pass("provenance of every image verifies")
    } else {
        let evidence = cite_all(&claimed);
        draft.item(FindingStatus::Warn, evidence)
    }
}
