//! `veritee audit`

use super::gather;
use super::tracing::Images;
use super::verify::as_of;
use crate::cli::{Audit as Options, Global, Reviewing};
use crate::failure::Failure;
use crate::input::{self, Source, shown};
use crate::source_tree::{self, Folder};
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use veritee_audit::{Audit, BootEvents, Context, KeyProvider, Review, SourceTree, Survey};
use veritee_compose::{Deployment, DocumentError, UnboundCompose, deployment};
use veritee_eventlog::{AppIdentity, EventLog};
use veritee_evidence::{NamedEvidence, Slot};
use veritee_model::evidence::{EventLogFormat, EventLogItem};
use veritee_model::report::Input;
use veritee_model::{Budget, Evidence, ExitCode, Report, RtmrIndex, Sha256Digest};
use veritee_verify::audit::{Judged, Unattested, of_policy, report_with};

pub(crate) fn run(options: &Options, global: &Global) -> Result<ExitCode, Failure> {
    let loaded = super::policy::load(options.policy.as_deref())?;
    let as_of = as_of(options.as_of, &loaded.policy)?;
    let mut context = Context {
        as_of: Some(as_of),
        commit: options.commit.as_ref().map(|commit| commit.0.clone()),
        review: options.review.as_deref().map(review).transpose()?,
        budget: Budget::STANDARD,
        ..of_policy(&loaded.policy)
    };
    let mut inputs = Vec::new();
    let found = audit(options, &mut context, &mut inputs)?;
    let given = Unattested {
        policy: &loaded.policy,
        policy_sha256: loaded.sha256,
        fail_on: options.fail_on.map(Into::into),
        as_of,
        inputs: &inputs,
        tool_version: env!("CARGO_PKG_VERSION"),
    };
    let report = report_with(found.audit, &found.judged, &given);
    crate::output::report(&report, global)?;
    Ok(report.verdict.outcome.exit_code())
}

/// What `veritee verify` gives the audit beside the evidence.
#[derive(Clone, Default)]
pub(crate) struct Given {
    review: Option<Review>,
    source: Option<Folder>,
    commit: Option<String>,
    images: Option<Arc<Images>>,
}

impl Given {
    pub(crate) fn load(options: &Reviewing) -> Result<Self, Failure> {
        let source = options.source.as_deref();
        Ok(Self {
            review: options.review.as_deref().map(review).transpose()?,
            source: source.map(|folder| source_tree::open(folder, &Budget::STANDARD)).transpose()?,
            commit: options.commit.as_ref().map(|commit| commit.0.clone()),
            images: None,
        })
    }

    pub(crate) const fn source(&self) -> Option<&Folder> {
        self.source.as_ref()
    }

    /// Files of images that the compose names.
    pub(crate) fn trace_with(&mut self, images: Arc<Images>) {
        self.images = Some(images);
    }

    pub(crate) fn given(&self) -> veritee_verify::audit::Given<'_> {
        veritee_verify::audit::Given {
            review: self.review.as_ref(),
            source: self.source.as_deref().map(|folder| folder as &dyn SourceTree),
            commit: self.commit.as_deref(),
            images: self.images.as_deref().map(|images| images as &dyn veritee_audit::Tracer),
        }
    }
}

/// The audit of one document under the built-in policy, as a report.
pub(crate) fn unattested(path: &Path, source: &Source) -> Result<Report, Failure> {
    under_no_policy(path, read_document(&source.name, &source.bytes)?)
}

/// The same of a folder that holds the parts of a machine's evidence.
pub(crate) fn unattested_folder(path: &Path, global: &Global) -> Result<Report, Failure> {
    let evidence = gather::single(path, None, global)?;
    under_no_policy(path, of_evidence(&input::last_component(path), evidence)?)
}

fn under_no_policy(path: &Path, document: Document) -> Result<Report, Failure> {
    let policy = veritee_policy::Policy::default();
    let as_of = as_of(None, &policy)?;
    let context = Context {
        as_of: Some(as_of),
        budget: Budget::STANDARD,
        events: document.claimed,
        ..of_policy(&policy)
    };
    let deployment = document.deployment.map_err(|error| refused(path, &error))?;
    let given = Unattested {
        policy: &policy,
        policy_sha256: None,
        fail_on: None,
        as_of,
        inputs: &[document.input],
        tool_version: env!("CARGO_PKG_VERSION"),
    };
    Ok(report_with(veritee_audit::audit(&deployment, &context), &[], &given))
}

/// The compose of a document, which nothing vouches for.
pub(crate) fn deployment(path: &Path) -> Result<Deployment, Failure> {
    document(path)?.deployment.map_err(|error| refused(path, &error))
}

/// What was judged: all of it, and each document of a tree alone.
struct Findings {
    audit: Audit,
    judged: Vec<Judged>,
}

fn audit(options: &Options, context: &mut Context, inputs: &mut Vec<Input>) -> Result<Findings, Failure> {
    let document = if options.input.is_dir() {
        match evidence_folder(options) {
            Some(document) => document?,
            None => return tree(options, context, inputs),
        }
    } else {
        document(&options.input)?
    };
    inputs.push(document.input.clone());
    Ok(Findings { audit: document.audit(context), judged: Vec::new() })
}

/// The audit of one document under these rules, as `veritee audit FILE` makes it.
pub(crate) fn of_bytes(
    name: &str,
    bytes: &[u8],
    loaded: &super::policy::Loaded,
    as_of: veritee_model::UnixTime,
    fail_on: Option<veritee_model::Severity>,
) -> Result<Report, Failure> {
    let document = read_document(name, bytes)?;
    let mut context = Context { as_of: Some(as_of), budget: Budget::STANDARD, ..of_policy(&loaded.policy) };
    let audit = document.audit(&mut context);
    let given = Unattested {
        policy: &loaded.policy,
        policy_sha256: loaded.sha256,
        fail_on,
        as_of,
        inputs: &[document.input],
        tool_version: env!("CARGO_PKG_VERSION"),
    };
    Ok(report_with(audit, &[], &given))
}

/// A folder that is read as a machine's evidence; every other one is a source tree.
fn evidence_folder(options: &Options) -> Option<Result<Document, Failure>> {
    if options.compose.is_some() {
        return None;
    }
    // An app_compose among other files is a document of a tree.
    let has_quote = |machine: &NamedEvidence| machine.evidence.quote.is_some();
    let readout = gather::read(&options.input).ok().filter(|found| found.machines.iter().any(has_quote))?;
    let evidence = readout.select(None).map_err(|error| gather::unreadable(&options.input, &error));
    Some(evidence.and_then(|evidence| of_evidence(&input::last_component(&options.input), evidence)))
}

/// A tree: the document that is said to come from it, or else every document in it.
fn tree(options: &Options, context: &mut Context, inputs: &mut Vec<Input>) -> Result<Findings, Failure> {
    let tree = source_tree::open(&options.input, &context.budget)?;
    let survey = veritee_audit::survey(&*tree, &context.budget);
    if survey.recognised == 0 {
        return Err(Failure::unobtainable(format!(
            "{}: no file here is of a kind that is audited",
            shown(&options.input)
        ))
        .help("name the folder of a source tree, or the compose file itself"));
    }
    if let Some(path) = &options.compose {
        let document = document(path)?;
        inputs.push(document.input.clone());
        context.events.clone_from(&document.claimed);
        let deployment = document.deployment.map_err(|error| refused(path, &error))?;
        let audit = veritee_audit::audit_source(Some(&deployment), &*tree, context);
        return Ok(Findings { audit, judged: Vec::new() });
    }
    let documents = documents(&survey, inputs)?;
    context.judged = documents.iter().map(|(path, _)| path.clone()).collect();
    let joined = deployed(&documents);
    let mut judged = Vec::new();
    for (index, (path, document)) in documents.iter().enumerate() {
        let alone = Context { events: document.claimed.clone(), ..context.clone() };
        let audit = match &document.deployment {
            Ok(deployment) => veritee_audit::audit(deployment, &alone),
            Err(error) => veritee_audit::audit_document_error(error, &alone),
        };
        let sha256 = document.input.sha256;
        judged.push(Judged { path: path.clone(), sha256, audit, joined: joined == Some(index) });
    }
    let with = joined.and_then(|index| documents.get(index)).map(|(_, document)| document);
    context.events = with.and_then(|document| document.claimed.clone());
    let deployment = with.and_then(|document| document.deployment.as_ref().ok());
    let audit = veritee_audit::audit_source(deployment, &*tree, context);
    Ok(Findings { audit, judged })
}

/// The document that the source is judged with: the only one, or the only app_compose.
fn deployed(documents: &[(String, Document)]) -> Option<usize> {
    let readable = |(_, document): &&(String, Document)| document.deployment.is_ok();
    if let [only] = documents {
        return readable(&only).then_some(0);
    }
    let manifests = documents.iter().enumerate().filter(|(_, (_, document))| {
        document.deployment.as_ref().is_ok_and(|deployment| deployment.manifest.is_some())
    });
    let indices: Vec<usize> = manifests.map(|(index, _)| index).collect();
    if let [only] = indices.as_slice() { Some(*only) } else { None }
}

/// The documents of a tree that are no variants. What only looks like one by a word inside is passed by where no
/// reader takes it for one.
fn documents(survey: &Survey, inputs: &mut Vec<Input>) -> Result<Vec<(String, Document)>, Failure> {
    let mut documents = Vec::new();
    for found in survey.documents.iter().filter(|found| !found.variant) {
        let Ok(bytes) = &found.bytes else { continue };
        let document = match read_document(&found.path, bytes) {
            Ok(document) => document,
            Err(error) if found.named => return Err(error),
            Err(_) => continue,
        };
        if !found.named && !document.says_what_runs() {
            continue;
        }
        inputs.push(document.input.clone());
        documents.push((found.path.clone(), document));
    }
    Ok(documents)
}

fn refused(path: &Path, error: &DocumentError) -> Failure {
    Failure::unobtainable(format!("{}: {error}", shown(path)))
}

/// A document that says what is deployed.
struct Document {
    deployment: Result<Deployment, DocumentError>,
    /// Boot events of a log that came with it. No quote was checked: they are claims.
    claimed: Option<BootEvents>,
    input: Input,
}

impl Document {
    /// All rules, over the document or over why it cannot be read.
    fn audit(&self, context: &mut Context) -> Audit {
        context.events.clone_from(&self.claimed);
        match &self.deployment {
            Ok(deployment) => veritee_audit::audit(deployment, context),
            Err(error) => veritee_audit::audit_document_error(error, context),
        }
    }

    /// It has services, or is an app_compose by the key that only that has.
    fn says_what_runs(&self) -> bool {
        self.deployment.as_ref().is_ok_and(|deployment| deployment.compose_text().is_some())
    }
}

fn document(path: &Path) -> Result<Document, Failure> {
    let source = input::read(path)?;
    read_document(&source.name, &source.bytes)
}

/// A compose out of a file: an app_compose, a docker compose file, or evidence that holds an app_compose.
fn read_document(source: &str, bytes: &[u8]) -> Result<Document, Failure> {
    let resolving = resolving();
    // A mark of UTF-8 stays: it is part of what is measured, and two readers see two documents in it.
    let opened = match bytes {
        [0xef, 0xbb, 0xbf, ..] => Cow::Borrowed(bytes),
        _ => veritee_evidence::unwrapped(source, bytes, &resolving.budget)
            .map_err(|error| gather::unreadable(Path::new(source), &error))?,
    };
    let start = opened.trim_ascii_start();
    let is_json = start.starts_with(b"{");
    // A page, a list or binary data is no compose file: only evidence begins so. `<<` merges in YAML.
    let is_page = start.starts_with(b"<") && !start.starts_with(b"<<");
    if is_json || is_page || start.starts_with(b"[") || std::str::from_utf8(&opened).is_err() {
        match veritee_evidence::read(source, bytes, &resolving.budget) {
            Ok(readout) => {
                let evidence = readout.select(None);
                let evidence = evidence.map_err(|error| gather::unreadable(Path::new(source), &error))?;
                return of_evidence(source, evidence);
            }
            Err(error) if is_page => return Err(gather::unreadable(Path::new(source), &error)),
            Err(_) => {}
        }
    }
    let (name, deployment) = if is_json {
        ("app-compose", unbound(&opened, &resolving))
    } else {
        ("docker-compose", Deployment::from_compose_yaml(&opened, &resolving))
    };
    Ok(Document { deployment, claimed: None, input: named(source, name, &opened) })
}

fn resolving() -> deployment::Context {
    deployment::Context { budget: Budget::STANDARD, ..deployment::Context::default() }
}

fn named(source: &str, name: &str, bytes: &[u8]) -> Input {
    Input {
        name: name.to_owned(),
        sha256: Sha256Digest::of(bytes),
        bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        source: source.to_owned(),
    }
}

/// The app_compose of evidence, with what its log claims.
fn of_evidence(source: &str, evidence: Evidence) -> Result<Document, Failure> {
    let claimed = evidence.event_log.as_ref().and_then(claimed);
    let Some(item) = evidence.app_compose else {
        let source = veritee_model::text::inert(source);
        return Err(Failure::unobtainable(format!("{source}: the evidence has no app_compose")));
    };
    let input = named(source, "app-compose", &item.bytes);
    Ok(Document { deployment: unbound(&item.bytes, &resolving()), claimed, input })
}

fn unbound(bytes: &[u8], resolving: &deployment::Context) -> Result<Deployment, DocumentError> {
    UnboundCompose::parse(bytes, &resolving.budget)
        .map(|document| Deployment::from_unbound(&document, resolving))
}

/// What a log says of the boot, where it names one application. It is replayed to its own registers only, so that
/// nothing vouches for it.
fn claimed(item: &EventLogItem) -> Option<BootEvents> {
    let budget = Budget::STANDARD;
    let log = match item.format {
        EventLogFormat::DstackJson => EventLog::parse_json(&item.item.bytes, &budget),
        EventLogFormat::Ccel => EventLog::parse_ccel(&item.item.bytes, &budget),
    };
    let log = log.ok()?;
    let trace = veritee_eventlog::fold(&log);
    let registers = [RtmrIndex::Rtmr0, RtmrIndex::Rtmr1, RtmrIndex::Rtmr2, RtmrIndex::Rtmr3]
        .map(|index| trace.register(index));
    let replayed = veritee_eventlog::replay(&log, &registers).ok()?;
    let identity = AppIdentity::read(&replayed).ok()?;
    let boot = log.of_register(RtmrIndex::Rtmr3).take_while(|event| event.name() != "system-ready");
    Some(BootEvents {
        names: boot.filter(|event| event.is_runtime()).map(|event| event.name().to_owned()).collect(),
        key_provider: Some(KeyProvider {
            name: identity.key_provider().name().to_owned(),
            id: hex::encode(identity.key_provider().id()),
        }),
        os_image_hash: identity.os_image_hash_claimed().map(ToString::to_string),
    })
}

fn review(path: &Path) -> Result<Review, Failure> {
    let source = gather::document(path, Slot::Review, ExitCode::Usage)?;
    let opened = input::opened(&source);
    let text = std::str::from_utf8(&opened).map_err(|error| {
        Failure::usage(format!("{}: not UTF-8 at byte {}", shown(path), error.valid_up_to()))
    })?;
    Review::parse(text).map_err(|error| {
        Failure::usage(format!("{}: {error}", shown(path)))
            .help("`veritee review init` writes a commented file")
    })
}
