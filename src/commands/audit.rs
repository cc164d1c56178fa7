//! `veritee audit`

use super::gather;
use super::tracing::Images;
use super::verify::as_of;
use crate::cli::{Audit as Options, Global, Reviewing};
use crate::failure::Failure;
use crate::input::{self, Source, shown};
use crate::source_tree::{self, Folder};
use std::path::Path;
use std::sync::Arc;
use veritee_audit::{Audit, Context, Review, SourceTree, Survey};
use veritee_compose::{Deployment, DocumentError};
use veritee_evidence::{NamedEvidence, Slot};
use veritee_model::report::Input;
use veritee_model::{Budget, Evidence, ExitCode, Report};
use veritee_offline::Document;
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

/// A commit that is named is one that something is held against: a review that is bound to it, or a tree that is at it. A
/// tree that is at another one is not what was named.
fn commit_asks(commit: Option<&str>, has_review: bool, tree: Option<&dyn SourceTree>) -> Result<(), Failure> {
    let Some(commit) = commit else { return Ok(()) };
    match tree.map(SourceTree::head) {
        None if !has_review => Err(Failure::usage(
            "--commit names what was reviewed, and nothing here is held against it: it needs a review or a source tree",
        )),
        Some(Some(head)) if !head.eq_ignore_ascii_case(commit) => Err(Failure::usage(format!(
            "--commit names {commit}, and the source tree is at {head}"
        ))
        .help("check that commit out, or leave --commit out: the tree's own commit is read from its .git")),
        _ => Ok(()),
    }
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
        let given = Self {
            review: options.review.as_deref().map(review).transpose()?,
            source: source.map(|folder| source_tree::open(folder, &Budget::STANDARD)).transpose()?,
            commit: options.commit.as_ref().map(|commit| commit.0.clone()),
            images: None,
        };
        let tree = given.source.as_deref().map(|folder| folder as &dyn SourceTree);
        commit_asks(given.commit.as_deref(), given.review.is_some(), tree)?;
        Ok(given)
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
    document(path, None)?.deployment.map_err(|error| refused(path, &error))
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
        document(&options.input, options.select.as_deref())?
    };
    commit_asks(context.commit.as_deref(), context.review.is_some(), None)?;
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
    veritee_offline::audit(name, bytes, (&loaded.policy, loaded.sha256), as_of, fail_on, &Budget::STANDARD)
        .map_err(|error| unread(name, &error))
}

/// A folder that is read as a machine's evidence; every other one is a source tree.
fn evidence_folder(options: &Options) -> Option<Result<Document, Failure>> {
    if options.compose.is_some() {
        return None;
    }
    // An app_compose among other files is a document of a tree.
    let has_quote = |machine: &NamedEvidence| machine.evidence.quote.is_some();
    let readout = gather::read(&options.input).ok().filter(|found| found.machines.iter().any(has_quote))?;
    let label = options.select.as_deref();
    let evidence = readout.select(label).map_err(|error| gather::unreadable(&options.input, &error));
    Some(evidence.and_then(|evidence| of_evidence(&input::last_component(&options.input), evidence)))
}

/// A tree: the document that is said to come from it, or else every document in it.
fn tree(options: &Options, context: &mut Context, inputs: &mut Vec<Input>) -> Result<Findings, Failure> {
    let tree = source_tree::open(&options.input, &context.budget)?;
    commit_asks(context.commit.as_deref(), context.review.is_some(), Some(&*tree))?;
    let survey = veritee_audit::survey(&*tree, &context.budget);
    if survey.recognised == 0 {
        return Err(Failure::unobtainable(format!(
            "{}: no file here is of a kind that is audited",
            shown(&options.input)
        ))
        .help("name the folder of a source tree, or the compose file itself"));
    }
    if let Some(path) = &options.compose {
        let document = document(path, options.select.as_deref())?;
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

fn document(path: &Path, label: Option<&str>) -> Result<Document, Failure> {
    let source = input::read(path)?;
    Document::named(&source.name, &source.bytes, label, &Budget::STANDARD)
        .map_err(|error| unread_at(path, &error))
}

/// A compose out of a file: an app_compose, a docker compose file, or evidence that holds an app_compose.
fn read_document(source: &str, bytes: &[u8]) -> Result<Document, Failure> {
    Document::read(source, bytes, &Budget::STANDARD).map_err(|error| unread(source, &error))
}

/// The app_compose of evidence, with what its log claims.
fn of_evidence(source: &str, evidence: Evidence) -> Result<Document, Failure> {
    Document::of_evidence(source, evidence, &Budget::STANDARD).map_err(|error| unread(source, &error))
}

fn unread(source: &str, error: &veritee_offline::Error) -> Failure {
    unread_at(Path::new(source), error)
}

fn unread_at(path: &Path, error: &veritee_offline::Error) -> Failure {
    match error {
        veritee_offline::Error::Read(error) => gather::unreadable(path, error),
        other => Failure::unobtainable(other.to_string()).help(other.next_step()),
    }
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
