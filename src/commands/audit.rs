//! `veritee audit`

use super::gather;
use super::verify::as_of;
use crate::cli::{Audit as Options, Global, Reviewing};
use crate::failure::Failure;
use crate::input::{self, shown};
use crate::source_tree::{self, Folder};
use std::path::Path;
use veritee_audit::{Audit, Context, Review, SourceTree};
use veritee_compose::{Deployment, DocumentError, UnboundCompose, deployment};
use veritee_model::report::Input;
use veritee_model::{Budget, ExitCode, Sha256Digest};
use veritee_verify::audit::{Unattested, of_policy, report};

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
    let audit = audit(options, &mut context, &mut inputs)?;
    let given = Unattested {
        policy: &loaded.policy,
        policy_sha256: loaded.sha256,
        fail_on: options.fail_on.map(Into::into),
        as_of,
        inputs: &inputs,
        tool_version: env!("CARGO_PKG_VERSION"),
    };
    let report = report(audit, &given);
    crate::output::report(&report, global)?;
    Ok(report.verdict.outcome.exit_code())
}

/// What `veritee verify` gives the audit beside the evidence.
#[derive(Clone, Default)]
pub(crate) struct Given {
    review: Option<Review>,
    source: Option<Folder>,
    commit: Option<String>,
}

impl Given {
    pub(crate) fn load(options: &Reviewing) -> Result<Self, Failure> {
        let source = options.source.as_deref();
        Ok(Self {
            review: options.review.as_deref().map(review).transpose()?,
            source: source.map(|folder| source_tree::open(folder, &Budget::STANDARD)).transpose()?,
            commit: options.commit.as_ref().map(|commit| commit.0.clone()),
        })
    }

    pub(crate) fn given(&self) -> veritee_verify::audit::Given<'_> {
        veritee_verify::audit::Given {
            review: self.review.as_ref(),
            source: self.source.as_deref().map(|folder| folder as &dyn SourceTree),
            commit: self.commit.as_deref(),
        }
    }
}

fn audit(options: &Options, context: &mut Context, inputs: &mut Vec<Input>) -> Result<Audit, Failure> {
    if !options.input.is_dir() {
        return match compose(&options.input, inputs)? {
            Ok(deployment) => Ok(veritee_audit::audit(&deployment, context)),
            Err(error) => Ok(veritee_audit::audit_document_error(&error, context)),
        };
    }
    let tree = source_tree::open(&options.input, &context.budget)?;
    let deployment = match &options.compose {
        Some(path) => Some(compose(path, inputs)?.map_err(|error| refused(path, &error))?),
        None => None,
    };
    Ok(veritee_audit::audit_source(deployment.as_ref(), &*tree, context))
}

fn refused(path: &Path, error: &DocumentError) -> Failure {
    Failure::unobtainable(format!("{}: {error}", shown(path)))
}

/// A compose out of a file: an app_compose, a docker compose file, or evidence that holds an app_compose.
pub(crate) fn compose(
    path: &Path,
    inputs: &mut Vec<Input>,
) -> Result<Result<Deployment, DocumentError>, Failure> {
    let source = input::read(path)?;
    let budget = Budget::STANDARD;
    let resolving = deployment::Context { budget, ..deployment::Context::default() };
    let mut note = |name: &str, bytes: &[u8]| {
        inputs.push(Input {
            name: name.to_owned(),
            sha256: Sha256Digest::of(bytes),
            bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            source: source.name.clone(),
        });
    };
    if !source.bytes.trim_ascii_start().starts_with(b"{") {
        note("docker-compose", &source.bytes);
        return Ok(Deployment::from_compose_yaml(&source.bytes, &resolving));
    }
    if let Some(app_compose) = inside_evidence(&source.name, &source.bytes)? {
        note("app-compose", &app_compose);
        return Ok(unbound(&app_compose, &resolving));
    }
    note("app-compose", &source.bytes);
    Ok(unbound(&source.bytes, &resolving))
}

fn unbound(bytes: &[u8], resolving: &deployment::Context) -> Result<Deployment, DocumentError> {
    UnboundCompose::parse(bytes, &resolving.budget)
        .map(|document| Deployment::from_unbound(&document, resolving))
}

/// The app_compose of evidence; `None` when the file is no evidence. Of several machines one has to be chosen first.
fn inside_evidence(name: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
    let Ok(readout) = veritee_evidence::read(name, bytes, &Budget::STANDARD) else { return Ok(None) };
    let evidence = readout.select(None).map_err(|error| gather::unreadable(Path::new(name), &error))?;
    match evidence.app_compose {
        Some(item) => Ok(Some(item.bytes)),
        None => Err(Failure::unobtainable(format!(
            "{}: the evidence has no app_compose",
            veritee_model::text::inert(name)
        ))),
    }
}

fn review(path: &Path) -> Result<Review, Failure> {
    let source = input::read(path)?;
    let text = std::str::from_utf8(&source.bytes).map_err(|error| {
        Failure::usage(format!("{}: not UTF-8 at byte {}", shown(path), error.valid_up_to()))
    })?;
    Review::parse(text).map_err(|error| Failure::usage(format!("{}: {error}", shown(path))))
}
