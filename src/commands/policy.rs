//! `veritee policy`

use crate::cli::{Format, Global, Policy};
use crate::failure::Failure;
use core::fmt::Write as _;
use std::path::Path;
use veritee_evidence::Slot;
use veritee_model::{CheckId, ExitCode, Outcome, Sha256Digest, Step, VerdictOutcome};
use veritee_offline::PolicyProblem;

pub(crate) fn run(options: &Policy, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human], "policy")?;
    let text = match options {
        Policy::Init { from: None } => veritee_policy::commented_template().to_owned(),
        Policy::Init { from: Some(path) } => from_report(path)?,
        Policy::Check { file } => describe(&read(file)?),
        Policy::Checks => checks(),
    };
    match options {
        Policy::Init { .. } => crate::output::to_fill_in(&text, "veritee/policy/", global)?,
        Policy::Check { .. } | Policy::Checks => crate::output::data(&text, global)?,
    }
    Ok(ExitCode::Verified)
}

/// A policy and the digest of the file it came from.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) policy: veritee_policy::Policy,
    pub(crate) sha256: Option<Sha256Digest>,
}

/// Reads a policy file; the built-in one where none is given.
pub(crate) fn load(path: Option<&Path>) -> Result<Loaded, Failure> {
    path.map_or_else(|| Ok(Loaded { policy: veritee_policy::Policy::default(), sha256: None }), read)
}

fn read(path: &Path) -> Result<Loaded, Failure> {
    let source = super::gather::document(path, Slot::Policy, ExitCode::Usage)?;
    let shown = crate::input::shown(path);
    let opened = crate::input::opened(&source);
    let (policy, _) = veritee_offline::read_policy(&opened).map_err(|problem| {
        if let PolicyProblem::NoText { .. } = problem {
            return Failure::usage(format!("{shown}: {problem}"));
        }
        Failure::usage(format!("{shown}: {problem}")).help("`veritee policy init` writes a commented file")
    })?;
    // A report names the file as it lies there.
    Ok(Loaded { policy, sha256: Some(Sha256Digest::of(&source.bytes)) })
}

fn from_report(path: &Path) -> Result<String, Failure> {
    let report = super::render::saved(path)?;
    if report.verdict.outcome == VerdictOutcome::NotGenuine {
        return Err(Failure::usage(format!("{}: the report says `not genuine`", crate::input::shown(path)))
            .help("there is nothing in it worth pinning"));
    }
    // Anybody can write the registers of a quote that nothing has verified.
    let open = report.checks.iter().find(|check| {
        check.step == Step::Quote && check.id != CheckId::QuoteSecondOpinion && check.outcome != Outcome::Pass
    });
    if let Some(check) = open {
        return Err(Failure::usage(format!(
            "{}: {} did not pass in the report",
            crate::input::shown(path),
            check.id
        ))
        .help("verify the quote first: only what was verified is worth pinning"));
    }
    Ok(veritee_policy::template_from(&report, veritee_policy::Pins { os: true, identity: true }))
}

fn describe(loaded: &Loaded) -> String {
    let policy = &loaded.policy;
    let mut out = format!("policy `{}` can be read\n", veritee_model::text::inert(&policy.name));
    let loosened = policy.loosened();
    if loosened.is_empty() {
        out.push_str("it loosens nothing\n");
    }
    for line in loosened {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "loosened: {}", veritee_model::text::inert(&line));
    }
    for mirror in &policy.images.mirror {
        let (of, ask) = (veritee_model::text::inert(&mirror.of), veritee_model::text::inert(&mirror.ask));
        let because = mirror.reason.as_deref().map(veritee_model::text::inert).unwrap_or_default();
        let _ = writeln!(out, "images: asks {ask} in place of {of}; its tags are no pins: {because}");
    }
    for id in &policy.require {
        let _ = writeln!(out, "required beyond the default: {}", id);
    }
    out
}

fn checks() -> String {
    let mut out = String::new();
    for check in CheckId::ALL {
        let required = if check.required_by_default() { "required" } else { "" };
        let _ = writeln!(out, "{:28} {required:9} {}", check.id(), check.question());
    }
    out
}
