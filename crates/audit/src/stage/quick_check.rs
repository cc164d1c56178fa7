//! The nine items of the Quick Check. Failing any of them is Stage 0.

use super::{ChecklistItem, Ledger, cite_all};
use crate::item::{How, Item};
use crate::rules::{self, answering};
use veritee_model::{Finding, FindingStatus};

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
    let draft = |item, question| Draft::new(ledger, item, question);
    vec![
        draft(Item::Q1, "are all URLs fixed in the compose?")
            .judge("the compose file was not read", "no endpoint outside the machine"),
        digests(draft(Item::Q2, "are all images pinned by digest?")),
        kms(draft(Item::Q3, "are the keys under a public on-chain KMS?")),
        history(draft(Item::Q4, "is the history of deployments public?")),
        reproducible(draft(Item::Q5, "can the image be rebuilt bit for bit?")),
        draft(Item::Q6, "is verification free of known-issue comments?")
            .judge("no source was read", "no such words beside verification"),
        draft(Item::Q7, "is production free of development fallbacks?")
            .judge("compose file and source are both needed", "none found"),
        draft(Item::Q8, "is the reviewed commit the deployed one?")
            .judge("no commit ties the image to the tree", "the tree is at the commit that the image names"),
        trace(draft(Item::Q9, "is every own image traced to its source?")),
    ]
}

/// What is open beside a rule that passes or fails.
const OPEN: &[FindingStatus] = &[FindingStatus::Warn, FindingStatus::Manual, FindingStatus::Unknown];

/// An item with the rules that answer it.
struct Draft<'a, 'f> {
    ledger: &'a Ledger<'f>,
    item: Item,
    question: &'static str,
    answers: Vec<(&'static str, How)>,
}

impl<'a, 'f> Draft<'a, 'f> {
    fn new(ledger: &'a Ledger<'f>, item: Item, question: &'static str) -> Self {
        let answers = answering(item).map(|(id, answer)| (id, answer.how)).collect();
        Self { ledger, item, question, answers }
    }

    fn by(&self, wanted: impl Fn(How) -> bool) -> Vec<&'static str> {
        self.answers.iter().filter(|(_, how)| wanted(*how)).map(|(id, _)| *id).collect()
    }

    /// Findings that fail the item.
    fn failing(&self) -> Vec<&'f Finding> {
        let mut found = Vec::new();
        for (id, how) in &self.answers {
            match how {
                How::Fails(least) => {
                    let fails = self.ledger.fails(&[id]).into_iter();
                    found.extend(fails.filter(|finding| finding.severity >= *least));
                }
                How::Shows => found.extend(self.ledger.fails(&[id])),
                How::Opens | How::Tells => {}
            }
        }
        found
    }

    /// Findings that leave the item to a person.
    fn open(&self) -> Vec<&'f Finding> {
        let mut found = self.ledger.fails(&self.by(|how| how == How::Opens));
        let all: Vec<&str> = self.answers.iter().map(|(id, _)| *id).collect();
        found.extend(self.ledger.of(&all, OPEN));
        found
    }

    /// Rules whose pass is needed, and whether each passes.
    fn shown(&self) -> Vec<(&'static str, bool)> {
        self.by(|how| how == How::Shows).into_iter().map(|id| (id, self.ledger.passes(id))).collect()
    }

    /// All rules whose word is needed were asked.
    fn is_asked(&self) -> bool {
        self.ledger.ran(&self.by(|how| how != How::Tells))
    }

    /// Failed, not asked, left to a person, not shown, or passed; in this order.
    fn judge(self, unread: &str, holds: &str) -> ChecklistItem {
        let (failing, open) = (self.failing(), self.open());
        if !failing.is_empty() {
            self.cited(FindingStatus::Fail, &failing)
        } else if !self.is_asked() || self.shown().iter().any(|(_, passes)| !passes) {
            self.said(FindingStatus::Unknown, unread)
        } else if open.is_empty() {
            self.said(FindingStatus::Pass, holds)
        } else {
            self.cited(FindingStatus::Manual, &open)
        }
    }

    fn item(self, status: FindingStatus, evidence: Vec<String>) -> ChecklistItem {
        let id = self.item.name();
        let person = match status {
            FindingStatus::Manual => question_for(id).or(Some("see the findings")),
            _ => None,
        };
        let rules = self.by(|_| true);
        ChecklistItem { id, question: self.question, status, rules, evidence, person }
    }

    fn cited(self, status: FindingStatus, findings: &[&Finding]) -> ChecklistItem {
        self.item(status, cite_all(findings))
    }

    fn said(self, status: FindingStatus, why: &str) -> ChecklistItem {
        self.item(status, vec![why.to_owned()])
    }
}

fn digests(draft: Draft<'_, '_>) -> ChecklistItem {
    let pins = draft.by(|how| matches!(how, How::Fails(_)));
    if draft.failing().is_empty() && !draft.ledger.of(&pins, OPEN).is_empty() {
        return draft.said(FindingStatus::Unknown, "a template: the deployed images are not known");
    }
    draft.judge("the compose file was not read", "every image of an active service")
}

fn kms(draft: Draft<'_, '_>) -> ChecklistItem {
    let failing = draft.failing();
    if !failing.is_empty() {
        return draft.cited(FindingStatus::Fail, &failing);
    }
    let missing = draft.shown().into_iter().find(|(_, passes)| !passes);
    match missing {
        None => draft.said(
            FindingStatus::Pass,
            "the measured KMS is the registry's, and the registry authorises this compose",
        ),
        Some((id, _)) if rules::find(id).is_some() => {
            draft.said(FindingStatus::Unknown, "no replayed key-provider event of a known KMS")
        }
        Some(_) => draft.said(
            FindingStatus::Unknown,
            "the measured KMS is one that a registry authorises; the chain was not read",
        ),
    }
}

fn history(draft: Draft<'_, '_>) -> ChecklistItem {
    let failing = draft.failing();
    if !failing.is_empty() {
        return draft.cited(FindingStatus::Warn, &failing);
    }
    if draft.shown().iter().any(|(_, passes)| *passes) {
        return draft.said(FindingStatus::Pass, "this deployment is recorded");
    }
    let missing = draft.ledger.fails(&draft.by(|how| how == How::Opens));
    let chain: Vec<&str> =
        draft.by(|how| how == How::Shows).into_iter().filter(|id| rules::find(id).is_none()).collect();
    if !missing.is_empty() && draft.ledger.ran(&chain) {
        return draft.cited(FindingStatus::Fail, &missing);
    }
    draft.said(FindingStatus::Unknown, "neither the chain nor a record of this deployment was read")
}

fn reproducible(draft: Draft<'_, '_>) -> ChecklistItem {
    let rebuilt = draft.ledger.rebuilt;
    let item = draft.judge("no Dockerfile was read", "rebuilt to the same digest");
    if item.status == FindingStatus::Pass && !rebuilt {
        return ChecklistItem {
            status: FindingStatus::Manual,
            evidence: Vec::new(),
            person: question_for(item.id),
            ..item
        };
    }
    item
}

fn trace(draft: Draft<'_, '_>) -> ChecklistItem {
    let rules = draft.by(|_| true);
    let claimed = draft.ledger.of(&rules, &[FindingStatus::Warn]);
    let unknown = draft.ledger.of(&rules, &[FindingStatus::Unknown, FindingStatus::Manual]);
    if draft.failing().is_empty() && unknown.is_empty() && draft.is_asked() && !claimed.is_empty() {
        return draft.cited(FindingStatus::Warn, &claimed);
    }
    if draft.failing().is_empty() && !unknown.is_empty() {
        return draft.said(FindingStatus::Unknown, "the registry was not read");
    }
    draft.judge("the registry was not read", "provenance of every image verifies")
}
