//! The fixed questions. They are closed until a person opens them: no answer counts as a bad one.

use super::{Ledger, Question, QuestionStatus, cite_all};
use crate::item::Item;
use crate::review::Review;
use crate::rules::answering;
use veritee_model::FindingStatus;

struct Entry {
    item: Item,
    question: &'static str,
    why: &'static str,
    /// It has to be answered even where the rules found nothing.
    always: bool,
    commands: &'static [&'static str],
}

const ENTRIES: &[Entry] = &[
    Entry {
        item: Item::M1,
        question: "for each endpoint: does user data or a credential reach it, and who controls the host?",
        why: "a fixed address cannot be moved unseen; who stands behind it can still read",
        always: false,
        commands: &["veritee audit app-compose.json --format markdown"],
    },
    Entry {
        item: Item::M2,
        question: "for each credential at a third party: what can the account's owner see of the users?",
        why: "whoever owns the account reads what is sent to it",
        always: false,
        commands: &[],
    },
    Entry {
        item: Item::M3,
        question: "for each passage: can it be reached in production?",
        why: "a check that is skipped, or a fallback that is taken, undoes the attestation",
        always: false,
        commands: &["git log -p -- FILE"],
    },
    Entry {
        item: Item::M4,
        question: "what digest does a rebuild give?",
        why: "only a rebuild shows that the image is made of the reviewed source",
        always: true,
        commands: &[
            "git checkout COMMIT",
            "SOURCE_DATE_EPOCH=0 docker buildx build --no-cache --output type=oci,dest=image.tar,rewrite-timestamp=true .",
            "sha256sum of the manifest against the digest in the compose file",
        ],
    },
    Entry {
        item: Item::M5,
        question: "is the notice period long enough, and can users leave within it?",
        why: "an upgrade without notice is a promise that can be broken over night",
        always: true,
        commands: &["cast call APP_CONTRACT 'owner()(address)'", "cast call OWNER 'getMinDelay()(uint256)'"],
    },
    Entry {
        item: Item::M6,
        question: "for each central dependency: can it break integrity or privacy, or only availability?",
        why: "a single company that can read or change is a back door with a contract",
        always: false,
        commands: &[],
    },
    Entry {
        item: Item::M7,
        question: "does the application verify the attestation of its backends?",
        why: "what is sent to an unverified backend leaves the machine's protection",
        always: false,
        commands: &["veritee verify BACKEND_EVIDENCE.json --collateral COLLATERAL.json"],
    },
    Entry {
        item: Item::M8,
        question: "can a database or remote configuration change where data goes while the machine runs?",
        why: "such a setting is in no compose file and in no hash",
        always: true,
        commands: &["grep -rn -i 'config' --include='*.py' --include='*.ts' ."],
    },
    Entry {
        item: Item::M9,
        question: "does TLS of the users end inside this machine?",
        why: "whoever ends TLS reads everything",
        always: true,
        commands: &["openssl s_client -connect DOMAIN:443 -showcerts", "veritee verify evidence.json"],
    },
    Entry {
        item: Item::M10,
        question: "were the older authorised compose hashes reviewed as well?",
        why: "every authorised hash can boot and get the same keys",
        always: true,
        commands: &["cast logs --address APP_CONTRACT 'ComposeHashAdded(bytes32)'"],
    },
];

/// What is asked, word for word.
pub(crate) fn texts() -> impl Iterator<Item = String> {
    ENTRIES.iter().map(|entry| format!("{} {} {}", entry.item.name(), entry.question, entry.why))
}

/// All questions with their evidence, and with the reviewer's answers where the review is of this compose and commit.
///
/// `review` is one that is bound to this compose and commit.
pub(crate) fn questions(ledger: &Ledger<'_>, review: Option<&Review>) -> Vec<Question> {
    ENTRIES
        .iter()
        .map(|entry| {
            let rules: Vec<&str> = answering(entry.item).map(|(id, _)| id).collect();
            let found = ledger.of(
                &rules,
                &[FindingStatus::Fail, FindingStatus::Warn, FindingStatus::Manual, FindingStatus::Unknown],
            );
            let answer = review.and_then(|review| review.answer(entry.item.name()));
            let status = match answer {
                Some(answer) if answer.accepted => QuestionStatus::Accepted,
                Some(_) => QuestionStatus::Rejected,
                None if found.is_empty() && !entry.always && ledger.ran(&rules) => {
                    QuestionStatus::NothingFound
                }
                None => QuestionStatus::Open,
            };
            Question {
                id: entry.item.name(),
                question: entry.question,
                why: entry.why,
                evidence: cite_all(&found),
                commands: entry.commands.iter().map(|command| (*command).to_owned()).collect(),
                status,
                answer: answer.map(|answer| answer.words.clone()),
            }
        })
        .collect()
}
