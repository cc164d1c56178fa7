//! `veritee review`

use super::audit::{unattested, unattested_folder};
use crate::cli::{AsOf, Global, Review as Options};
use crate::failure::Failure;
use crate::input::{self, shown};
use crate::source_tree;
use std::path::Path;
use veritee_audit::SourceTree as _;
use veritee_audit::rule_set;
use veritee_model::{Budget, ComposeHash, ExitCode, Report, Sha256Digest};
use veritee_report::{ReviewFor, review_template};

pub(crate) fn run(options: &Options, global: &Global) -> Result<ExitCode, Failure> {
    let Options::Init { input, source, commit, expires } = options;
    let report = report(input, global)?;
    let compose_hash = compose_hash(&report).ok_or_else(|| {
        Failure::unobtainable(format!("{}: no compose was audited: there is nothing to review", shown(input)))
            .help("give a report of `veritee verify` or `veritee audit`, evidence, or an app_compose")
    })?;
    let found = source.as_deref().map(commit_of).transpose()?.flatten();
    let commit = commit.as_ref().map(|commit| commit.0.clone()).or(found);
    let rule_set = rule_set();
    let expires = match expires {
        Some(AsOf::At(time)) => Some(*time),
        Some(AsOf::Now) => return Err(Failure::usage("--expires now: the answers would never count")),
        None => None,
    };
    let review = ReviewFor { compose_hash, commit: commit.as_deref(), rule_set: &rule_set, expires };
    crate::output::to_fill_in(&review_template(&report, &review), "veritee/review/", global)?;
    Ok(ExitCode::Verified)
}

/// A saved report; of anything else its audit, without a policy.
fn report(path: &Path, global: &Global) -> Result<Report, Failure> {
    if path.is_dir() {
        return unattested_folder(path, global);
    }
    let source = input::read(path)?;
    let opened = veritee_evidence::unwrapped(&source.name, &source.bytes, &Budget::STANDARD);
    if let Some(report) = opened.ok().and_then(|bytes| veritee_report::parse(&bytes).ok()) {
        return Ok(report);
    }
    unattested(path, &source)
}

fn compose_hash(report: &Report) -> Option<ComposeHash> {
    report.audit.as_ref()?;
    let measured = report.identity.as_ref().map(|identity| identity.compose_hash);
    measured.or_else(|| {
        let input = report.inputs.iter().find(|input| input.name == "app-compose")?;
        let bytes: [u8; Sha256Digest::LEN] = *input.sha256.as_bytes();
        Some(ComposeHash::new(bytes))
    })
}

fn commit_of(folder: &Path) -> Result<Option<String>, Failure> {
    let tree = source_tree::open(folder, &Budget::STANDARD)?;
    Ok(tree.head())
}
