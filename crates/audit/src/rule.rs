//! What a rule is, and how it reports.

use crate::item::{Answer, Item};
use crate::subject::Subject;
use crate::view::View;
use std::collections::BTreeSet;
use veritee_model::text::shortened;
use veritee_model::{Finding, FindingStatus, Place, Severity, Spot};

/// What a rule needs to be asked at all. A rule whose needs are not met is listed as not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Need {
    /// The app_compose as a JSON object.
    Manifest,
    /// The services of the compose file.
    Compose,
    /// The replayed boot events.
    Events,
    /// What a chain proves.
    Chain,
    /// A source tree.
    Source,
    /// A Dockerfile, from the source tree or inline in the compose file.
    Build,
    /// The file of an image that the compose names.
    Images,
    /// What is known of the guest: always there, if only to say that nothing is known.
    Guest,
}

impl Need {
    /// What is missing when the need is not met, in words.
    #[must_use]
    pub const fn missing(self) -> &'static str {
        match self {
            Self::Manifest => "no app_compose was given, or it could not be read",
            Self::Compose => "no compose file was given, or it could not be read",
            Self::Events => "no replayed event log was given",
            Self::Chain => "no chain was read: `veritee history`, then `verify --chain`",
            Self::Source => "no source tree was given",
            Self::Build => "no Dockerfile was given",
            Self::Images => "no image was given: `veritee image fetch`, then `verify --container-image`",
            Self::Guest => "nothing is known of the guest",
        }
    }

    pub(crate) fn is_met(self, subject: &Subject<'_>) -> bool {
        let view = subject.view.as_ref();
        match self {
            Self::Manifest => view.is_some_and(|view| view.manifest().is_some()),
            Self::Compose => view.is_some_and(View::has_services),
            Self::Events => subject.context.events.is_some(),
            Self::Chain => subject.context.chain.is_some(),
            Self::Source => subject.source.is_some(),
            Self::Build => subject.has_builds(),
            Self::Images => subject.context.images_given,
            Self::Guest => true,
        }
    }
}

/// When a finding of a rule proves DevProof Stage 0 by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Blocks {
    /// Never.
    Never,
    /// Whenever the rule is broken.
    Always,
    /// When the finding is at least this grave.
    From(Severity),
}

/// Whose power a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Whose {
    /// Whoever deploys.
    Operator,
    /// Whoever runs the host.
    Host,
    /// Whoever can push to the image's repository.
    Registry,
    /// Another machine.
    Remote,
    /// The service that the finding stands in.
    Service,
}

/// One rule. Declared once, in the file named after it.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Stable id: `DP-IMG-002`.
    pub id: &'static str,
    /// One line for people.
    pub title: &'static str,
    /// How bad a finding is unless the rule knows better.
    pub severity: Severity,
    /// When a finding proves Stage 0.
    pub blocks: Blocks,
    /// What it needs.
    pub needs: &'static [Need],
    /// What to do about a finding; empty where there is nothing to do.
    pub remedy: &'static str,
    /// The items of the checklists that it answers.
    pub answers: &'static [Answer],
    /// Whose power a finding is about, where it is not what the family is about.
    pub whose: Option<Whose>,
    /// It is asked when all others were, and may look at what they spoke of.
    pub(crate) after_others: bool,
    pub(crate) check: fn(&Subject<'_>, &mut Sink<'_>),
}

impl Rule {
    /// What most rules have: no finding proves Stage 0 by itself, and no checklist asks.
    pub(crate) const PLAIN: Self = Self {
        id: "",
        title: "",
        severity: Severity::Info,
        blocks: Blocks::Never,
        needs: &[],
        remedy: "",
        answers: &[],
        whose: None,
        after_others: false,
        check: |_, _| {},
    };

    /// Whether it answers an item, in any way.
    #[must_use]
    pub fn answers(&self, item: Item) -> bool {
        self.answers.iter().any(|answer| answer.item == item)
    }

    /// Whether it speaks of the document, not of the log, the guest or the source.
    pub(crate) fn is_about_document(&self) -> bool {
        self.needs.is_empty() || self.needs.iter().any(|need| matches!(need, Need::Manifest | Need::Compose))
    }

    /// Path of the page that explains the rule, inside the repository.
    #[must_use]
    pub fn page(&self) -> String {
        format!("docs/rules/{}.md", self.id)
    }
}

/// A finding in the making.
#[derive(Debug)]
pub(crate) struct Note {
    place: Place,
    evidence: String,
    status: FindingStatus,
    severity: Option<Severity>,
    about: Option<String>,
    assumed: bool,
    also: Vec<(Place, String)>,
}

impl Note {
    fn new(status: FindingStatus, place: &Place, evidence: impl Into<String>) -> Self {
        Self {
            place: place.clone(),
            evidence: evidence.into(),
            status,
            severity: None,
            about: None,
            assumed: false,
            also: Vec::new(),
        }
    }

    /// The same at another place, with the text that stands for it where the document has none of its own.
    pub(crate) fn also(mut self, place: &Place, text: impl Into<String>) -> Self {
        self.also.push((place.clone(), text.into()));
        self
    }

    pub(crate) fn fail(place: &Place, evidence: impl Into<String>) -> Self {
        Self::new(FindingStatus::Fail, place, evidence)
    }

    pub(crate) fn warn(place: &Place, evidence: impl Into<String>) -> Self {
        Self::new(FindingStatus::Warn, place, evidence)
    }

    pub(crate) fn manual(place: &Place, evidence: impl Into<String>) -> Self {
        Self::new(FindingStatus::Manual, place, evidence)
    }

    pub(crate) fn unknown(place: &Place, evidence: impl Into<String>) -> Self {
        Self::new(FindingStatus::Unknown, place, evidence)
    }

    pub(crate) fn pass(place: &Place, evidence: impl Into<String>) -> Self {
        Self::new(FindingStatus::Pass, place, evidence).severity(Severity::Info)
    }

    pub(crate) fn info(place: &Place, evidence: impl Into<String>) -> Self {
        Self::new(FindingStatus::Info, place, evidence).severity(Severity::Info)
    }

    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// What exactly, behind the rule's title.
    pub(crate) fn about(mut self, about: impl Into<String>) -> Self {
        self.about = Some(about.into());
        self
    }

    /// The finding rests on an assumption of its own.
    pub(crate) fn assumed(mut self, assumed: bool) -> Self {
        self.assumed |= assumed;
        self
    }
}

/// Longest evidence that is quoted, in characters.
pub(crate) const EVIDENCE: usize = 600;

/// Where a rule puts what it finds.
pub(crate) struct Sink<'a> {
    rule: &'a Rule,
    subject: &'a Subject<'a>,
    findings: &'a mut Vec<Finding>,
    /// Everything that this run says of the document rests on an assumption.
    assumed: bool,
    limit: usize,
    count: usize,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(
        rule: &'a Rule,
        subject: &'a Subject<'a>,
        findings: &'a mut Vec<Finding>,
        assumed: bool,
    ) -> Self {
        let limit = subject.context.budget.findings_per_rule;
        Self { rule, subject, findings, assumed, limit, count: 0 }
    }

    /// For facts that are drawn from a rule, of which none may be left out.
    pub(crate) fn without_limit(mut self) -> Self {
        self.limit = usize::MAX;
        self
    }

    /// Whether nothing that is added is listed any more.
    pub(crate) const fn is_full(&self) -> bool {
        self.count > self.limit
    }

    /// Adds a finding. Past the limit a single finding says that there are more, and stays open.
    pub(crate) fn add(&mut self, note: Note) {
        self.count = self.count.saturating_add(1);
        if self.count > self.limit {
            if self.count == self.limit.saturating_add(1) {
                let text = format!("more than {} findings of this rule: the rest is not listed", self.limit);
                let rest = self.finish(Note::unknown(&note.place, text));
                self.findings.push(rest);
            }
            return;
        }
        let finding = self.finish(note);
        self.findings.push(finding);
    }

    fn finish(&self, note: Note) -> Finding {
        let severity = note.severity.unwrap_or(self.rule.severity);
        let blocks = note.status == FindingStatus::Fail
            && match self.rule.blocks {
                Blocks::Never => false,
                Blocks::Always => true,
                Blocks::From(least) => severity >= least,
            };
        let title = match (note.status, note.about) {
            // A rule's title names the fault; where there is none, the evidence says what holds.
            (FindingStatus::Pass, _) => shortened(&note.evidence, 160),
            (_, None) => self.rule.title.to_owned(),
            (_, Some(about)) => format!("{}: {}", self.rule.title, shortened(&about, 160)),
        };
        let value = self.subject.stands_at(&note.place, &note.evidence);
        let mut places: Vec<Spot> = Vec::new();
        if !note.also.is_empty() {
            let own = (note.place.clone(), note.evidence.clone());
            let mut seen: BTreeSet<(Place, String)> = BTreeSet::new();
            for (place, text) in core::iter::once(own).chain(note.also) {
                let value = self.subject.stands_at(&place, &text);
                if seen.insert((place.clone(), value.clone())) {
                    places.push(Spot { place, value, allowed: None });
                }
            }
            if places.len() < 2 {
                places.clear();
            }
        }
        let needs_remedy = !matches!(note.status, FindingStatus::Pass | FindingStatus::Info);
        let remedy = (needs_remedy && !self.rule.remedy.is_empty()).then(|| self.rule.remedy.to_owned());
        Finding {
            rule: self.rule.id.to_owned(),
            severity,
            status: note.status,
            title,
            location: note.place.to_string(),
            place: Some(note.place),
            value,
            places,
            evidence: shortened(&note.evidence, EVIDENCE),
            remedy,
            assumed: self.assumed || note.assumed,
            blocks,
            allowed: None,
        }
    }
}
