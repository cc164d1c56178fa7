//! What changed between two documents about machines, and whose power grew: evidence, composes, saved reports.
//!
//! Nothing is verified: both sides are what somebody sent, and everything is compared as it stands there. What stands on
//! both sides is compared topic by topic; a topic that only one side has is named, because its absence says nothing.

mod evidence;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use veritee_audit::{Change, Fact, Party, Power, Reach};
use veritee_compose::Deployment;
use veritee_compose::compose_file::ComposeFileError;
use veritee_compose::deployment::Origin;
use veritee_model::Finding;

/// What facts are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Topic {
    /// Registers and attributes of the machine.
    Registers,
    /// The platform's security versions, its status and advisories.
    Platform,
    /// Application, compose hash, key provider.
    Identity,
    /// Boot events beside these.
    Events,
    /// What keys and content the quote is said to bind.
    Bindings,
    /// GPUs.
    Gpus,
    /// The virtual machine's configuration, as claimed.
    VmConfig,
    /// What the machine runs.
    Compose,
    /// What the audit found.
    Findings,
    /// Verdicts, checks and policies of saved reports.
    Verdict,
}

impl Topic {
    /// All topics, in the order in which they are told.
    pub const ALL: [Self; 10] = [
        Self::Registers,
        Self::Platform,
        Self::Identity,
        Self::Events,
        Self::Bindings,
        Self::Gpus,
        Self::VmConfig,
        Self::Compose,
        Self::Findings,
        Self::Verdict,
    ];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registers => "registers",
            Self::Platform => "platform",
            Self::Identity => "identity",
            Self::Events => "events",
            Self::Bindings => "bindings",
            Self::Gpus => "gpus",
            Self::VmConfig => "vm_config",
            Self::Compose => "compose",
            Self::Findings => "findings",
            Self::Verdict => "verdict",
        }
    }
}

/// One document, as far as it can be compared.
#[derive(Debug, Clone, Default)]
pub struct Side {
    facts: BTreeMap<Topic, BTreeMap<String, Fact>>,
    deployment: Option<Deployment>,
    findings: Option<Found>,
    problems: Vec<String>,
}

/// Findings, the rules that were not asked, and what can be chosen from outside.
#[derive(Debug, Clone)]
struct Found {
    findings: Vec<Finding>,
    not_asked: BTreeSet<String>,
    flows: BTreeMap<String, Fact>,
}

impl Found {
    fn add_flow(&mut self, name: &str, provenance: &str, power: &[String]) {
        let party = match provenance {
            "operator" => Party::Operator,
            "remote" => Party::Remote,
            _ => Party::Host,
        };
        let text = if power.is_empty() { "chooses it".to_owned() } else { power.join("; ") };
        let fact = Fact::reaching(text, [Reach::new(party, "chooses the value")]);
        self.flows.insert(format!("data_flow.{name}"), fact);
    }
}

/// How two documents differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// The changes, by topic and path.
    pub changes: Vec<Change>,
    /// What stands on both sides.
    pub compared: Vec<Topic>,
    /// What stands on one side only: the topic, and whether it is the first.
    pub one_sided: Vec<(Topic, bool)>,
    /// What of them could not be read, and so not be compared: whatever stands in [`Self::changes`] is about the rest.
    pub problems: Vec<String>,
}

impl Difference {
    /// Everybody whose power grew, each once.
    #[must_use]
    pub fn grew(&self) -> Vec<&Party> {
        let grown = self.changes.iter().filter_map(|change| match &change.power {
            Power::Grew(party) => Some(party),
            _ => None,
        });
        grown.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl Side {
    /// A compose alone; `name` is what messages call it.
    #[must_use]
    pub fn of_compose(deployment: Deployment, name: &str) -> Self {
        let mut side = Self::default();
        side.take(deployment, name);
        side
    }

    /// A compose that cannot be read has no services that could have gone.
    fn take(&mut self, deployment: Deployment, name: &str) {
        if let Origin::Unbound(hash) | Origin::Bound(hash) = deployment.origin {
            self.claimed(Topic::Identity, "compose_hash", &hash.to_string());
        }
        match &deployment.compose {
            // A machine may run scripts and no containers.
            Ok(_) | Err(ComposeFileError::Missing) => self.deployment = Some(deployment),
            Err(error) => self.problems.push(format!("{name}: the compose file cannot be compared: {error}")),
        }
    }

    /// Whether there is nothing in it that could be compared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.topics().is_empty()
    }

    /// What of it could not be read.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    fn add(&mut self, topic: Topic, name: impl Into<String>, fact: Fact) {
        self.facts.entry(topic).or_default().insert(name.into(), fact);
    }

    fn plain(&mut self, topic: Topic, name: impl Into<String>, text: impl Into<String>) {
        self.add(topic, name, Fact::plain(text));
    }

    /// The same, where nothing stands there yet.
    fn claimed(&mut self, topic: Topic, name: &str, text: &str) {
        let facts = self.facts.entry(topic).or_default();
        facts.entry(name.to_owned()).or_insert_with(|| Fact::plain(text));
    }

    fn topics(&self) -> BTreeSet<Topic> {
        let mut topics: BTreeSet<Topic> =
            self.facts.iter().filter(|(_, facts)| !facts.is_empty()).map(|(topic, _)| *topic).collect();
        if self.deployment.is_some() {
            topics.insert(Topic::Compose);
        }
        // A compose can be audited, so that there is something to hold against the findings of a report.
        if self.deployment.is_some() || self.findings.is_some() {
            topics.insert(Topic::Findings);
        }
        topics
    }

    /// Its findings; of a compose those of an audit under no policy.
    fn found(&self) -> Option<Found> {
        self.findings.clone().or_else(|| {
            let audit = veritee_audit::audit(self.deployment.as_ref()?, &veritee_audit::Context::default());
            let not_asked = audit.not_run.iter().map(|rule| rule.rule.to_owned()).collect();
            let mut found = Found { findings: audit.findings, not_asked, flows: BTreeMap::new() };
            for flow in &audit.flows {
                found.add_flow(&flow.name, flow.provenance, &flow.power);
            }
            Some(found)
        })
    }
}

/// Compares two documents; `before` is the older one. The other way round the same changes are told, and whoever grew
/// has shrunk.
#[must_use]
pub fn compare(before: &Side, after: &Side) -> Difference {
    let (old, new) = (before.topics(), after.topics());
    let mut difference = Difference::default();
    for topic in Topic::ALL {
        match (old.contains(&topic), new.contains(&topic)) {
            (true, true) => {
                difference.compared.push(topic);
                difference.changes.extend(changes(topic, before, after));
            }
            (true, false) => difference.one_sided.push((topic, true)),
            (false, true) => difference.one_sided.push((topic, false)),
            (false, false) => {}
        }
    }
    difference.problems = before.problems.iter().chain(&after.problems).cloned().collect();
    difference
}

fn changes(topic: Topic, before: &Side, after: &Side) -> Vec<Change> {
    match (topic, &before.deployment, &after.deployment) {
        (Topic::Compose, Some(one), Some(other)) => veritee_audit::diff(one, other).changes,
        (Topic::Compose, ..) => Vec::new(),
        // Told with the composes.
        (Topic::Findings, Some(_), Some(_)) => Vec::new(),
        (Topic::Findings, ..) => match (before.found(), after.found()) {
            (Some(old), Some(new)) => findings(old, new),
            _ => Vec::new(),
        },
        _ => {
            let groups = |side: &Side| -> BTreeSet<String> {
                side.facts.get(&topic).into_iter().flatten().map(|(name, _)| group(name).to_owned()).collect()
            };
            let both: BTreeSet<String> = groups(before).intersection(&groups(after)).cloned().collect();
            let of = |side: &Side| -> BTreeMap<String, Fact> {
                let facts = side.facts.get(&topic).into_iter().flatten();
                let known = facts.filter(|(name, _)| both.contains(group(name)));
                known.map(|(name, fact)| (format!("{}.{name}", topic.name()), fact.clone())).collect()
            };
            veritee_audit::fact_changes(&of(before), &of(after))
        }
    }
}

/// What is absent of a group says something only where the group itself is there: a machine without advisories is another
/// thing than a document that does not speak of them.
fn group(name: &str) -> &str {
    name.split(['.', '[']).next().unwrap_or(name)
}

/// Of rules that both sides have asked.
fn findings(mut old: Found, mut new: Found) -> Vec<Change> {
    let unasked: BTreeSet<String> = old.not_asked.union(&new.not_asked).cloned().collect();
    for found in [&mut old.findings, &mut new.findings] {
        found.retain(|finding| !unasked.contains(&finding.rule));
    }
    let mut changes = veritee_audit::fact_changes(&old.flows, &new.flows);
    changes.extend(veritee_audit::finding_changes(&old.findings, &new.findings, &changes));
    changes
}
