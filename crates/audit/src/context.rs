//! What is known beside the documents: facts from the verified quote and log, and the policy's words.

use crate::allow::Allow;
use crate::chain::ChainFacts;
use crate::image_facts::{ImageFacts, TraceRung};
use crate::key_provider::KeyProvider;
use crate::names::NameClass;
use crate::review::Review;
use std::collections::{BTreeMap, BTreeSet};
use veritee_model::{AppId, Budget, ComposeHash, Finding, UnixTime};

/// Boot events of a log that replays to the quoted RTMR3; only those before `system-ready`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BootEvents {
    /// Their names, in order.
    pub names: Vec<String>,
    /// The `key-provider` event, where there is exactly one and it can be read.
    pub key_provider: Option<KeyProvider>,
    /// Payload of the `os-image-hash` event, lower-case hex: what the KMS answered, no measurement.
    pub os_image_hash: Option<String>,
}

impl BootEvents {
    /// How often an event occurs.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.names.iter().filter(|event| event.as_str() == name).count()
    }
}

/// What is known of the guest operating system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OsFacts {
    /// Image name, for example `dstack-0.5.5` or `dstack-dev-0.5.3`.
    pub image_name: Option<String>,
    /// Version.
    pub version: Option<String>,
    /// Whether it is a development image (ssh daemon, root), where that was matched by measurement.
    pub development: Option<bool>,
}

/// A policy's word on a variable's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameOverride {
    /// The class that counts instead of the guessed one.
    pub class: Option<NameClass>,
    /// User data reaches what the variable names.
    pub user_data: bool,
}

/// Everything beside the documents. `Context::default()` knows nothing and attests nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// The time for which the audit is made: decides which allowances have expired.
    pub as_of: Option<UnixTime>,
    /// A quote was verified, and a log that replays to it names the compose hash. The document counts as attested
    /// only if it was also bound to that hash.
    pub attested: bool,
    /// The measured compose hash.
    pub compose_hash: Option<ComposeHash>,
    /// The measured application id.
    pub app_id: Option<AppId>,
    /// The replayed boot events; `None` when there is no log.
    pub events: Option<BootEvents>,
    /// What a chain proves of the application; `None` when none was read.
    pub chain: Option<ChainFacts>,
    /// The guest operating system.
    pub os: OsFacts,
    /// The commit that the source tree is at, and that a review speaks of.
    pub commit: Option<String>,
    /// Images whose source was traced by a registry reader, by the reference as it stands in the compose file.
    pub traces: BTreeMap<String, TraceRung>,
    /// Files of images were given.
    pub images_given: bool,
    /// What was read of them, by the reference as it stands in the compose file.
    pub images: BTreeMap<String, ImageFacts>,
    /// Compose files with placeholders are templates that a deployment fills in: judge them as such.
    pub template: bool,
    /// Policy's words on names.
    pub names: BTreeMap<String, NameOverride>,
    /// Policy's allowances.
    pub allows: Vec<Allow>,
    /// Whether `# veritee: allow` comments in the documents count. They are written by the audited party: off unless
    /// the policy of that same party turns it on for its own checks.
    pub honour_inline_allows: bool,
    /// Findings of other steps (chain, registry) that the checklists refer to.
    pub other_findings: Vec<Finding>,
    /// Documents of the source tree, by path, that have a judgement of their own beside this one.
    pub judged: BTreeSet<String>,
    /// A reviewer's answers.
    pub review: Option<Review>,
    /// Limits.
    pub budget: Budget,
}
