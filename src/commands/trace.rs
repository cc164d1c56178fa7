//! `veritee trace`

use super::image::File;
use super::verify::Rules;
use super::{audit, gather};
use crate::cli::{Engine, Format, Global, Trace as Options};
use crate::failure::Failure;
use crate::input::{self, shown};
use crate::source_tree;
use core::fmt::Write as _;
use std::path::Path;
use veritee_compose::{Deployment, ImageReference, Service, UnboundCompose, deployment};
use veritee_image::Image;

use veritee_model::text::{inert, inert_json};
use veritee_model::{Budget, CheckId, ExitCode, Outcome};
use veritee_provenance::gather::{Bundle, SignatureLine};
use veritee_provenance::ladder::{Attested, Given};
use veritee_provenance::{Ladder, Said, State, Trust};
use veritee_source::SourceTree;
use veritee_verify::Expected;

pub(crate) fn run(options: &Options, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Json, Format::Jsonl], "trace")?;
    let (deployment, attested) = compose(options, global)?;
    let trust = trust(options)?;
    let bundles = options.bundle.iter().map(|path| bundle(path)).collect::<Result<Vec<_>, _>>()?;
    let files = options.image.iter().map(|path| File::at(path)).collect::<Result<Vec<_>, _>>()?;
    let images = files
        .iter()
        .map(|file| file.open(&options.platform, None, ""))
        .collect::<Result<Vec<Image<'_>>, _>>()?;
    let budget = &Budget::STANDARD;
    let told: Vec<Said> = images
        .iter()
        .map(|image| veritee_provenance::gather(image, &bundles, &trust, &options.allow_signer, budget))
        .collect();
    let given: Vec<Given<'_, '_>> =
        images.iter().zip(&told).map(|(image, said)| Given { image, said }).collect();
    let source = options.source.as_deref().map(|folder| source_tree::open(folder, budget)).transpose()?;
    let tree = source.as_deref().map(|folder| folder as &dyn SourceTree);
    let ladders: Vec<Ladder> = named(&deployment)
        .into_iter()
        .map(|(reference, services)| Ladder::new(reference, services, &attested, &given, tree))
        .collect();
    if ladders.is_empty() {
        return Err(Failure::unobtainable(format!("{}: the compose names no image", shown(&options.input))));
    }
    let built = built(&deployment);
    let text = match global.format {
        Format::Json => inert_json(&format!("{:#}\n", document(&ladders, &built))),
        Format::Jsonl => inert_json(&format!("{}\n", document(&ladders, &built))),
        _ => words(&ladders, &built, global.verbose > 0),
    };
    crate::output::data(&text, global)?;
    let with_source = options.source.is_some();
    Ok(if ladders.iter().any(Ladder::is_contradicted) {
        ExitCode::Findings
    } else if built.is_empty() && ladders.iter().all(|ladder| ladder.is_proven(with_source)) {
        ExitCode::Verified
    } else {
        ExitCode::Incomplete
    })
}

fn document(ladders: &[Ladder], built: &[String]) -> serde_json::Value {
    serde_json::json!({ "schema": "veritee/trace/v1", "images": ladders, "built_inside": built })
}

/// The compose, and how it is known. Evidence is verified as `verify` does it, with what is given and nothing fetched.
fn compose(options: &Options, global: &Global) -> Result<(Deployment, Attested), Failure> {
    let alone = || audit::deployment(&options.input).map(|deployment| (deployment, Attested::Missing));
    if !options.input.is_dir() {
        let source = input::read(&options.input)?;
        if veritee_evidence::read(&source.name, &source.bytes, &Budget::STANDARD).is_err() {
            return alone();
        }
    }
    let selected = gather::selected(&options.input, options.select.as_deref(), global)?;
    let Some(item) = &selected.evidence.app_compose else { return alone() };
    let failed =
        |error: &dyn core::fmt::Display| Failure::unobtainable(format!("{}: {error}", shown(&options.input)));
    let document = UnboundCompose::parse(&item.bytes, &Budget::STANDARD).map_err(|error| failed(&error))?;
    let resolving = deployment::Context { budget: Budget::STANDARD, ..deployment::Context::default() };
    let deployment = Deployment::from_unbound(&document, &resolving);
    Ok((deployment, attested(&selected, options, global)?))
}

/// What must have passed for a compose to be the one that a quote names.
const BINDING: [CheckId; 12] = [
    CheckId::QuoteFormat,
    CheckId::QuoteCollateral,
    CheckId::QuoteCertificates,
    CheckId::QuoteEnclave,
    CheckId::QuoteSignature,
    CheckId::PlatformRoot,
    CheckId::EventLogFormat,
    CheckId::EventLogDigests,
    CheckId::EventLogRtmr3,
    CheckId::IdentityEvents,
    CheckId::ComposeHash,
    CheckId::ComposeDocument,
];

fn attested(selected: &gather::Selected, options: &Options, global: &Global) -> Result<Attested, Failure> {
    let rules = Rules::load(&options.judge, Engine::Native)?;
    let mut grounds = rules.grounds();
    gather::collateral(&mut grounds, &options.collateral, global)?;
    grounds.learn(&selected.beside);
    let report = rules.verdict(&selected.evidence, &grounds, &Expected::Nothing, None);
    let passed =
        |id: &CheckId| report.checks.iter().any(|check| check.id == *id && check.outcome == Outcome::Pass);
    Ok(match BINDING.iter().find(|id| !passed(id)) {
        None => Attested::Proven,
        Some(id) => {
            Attested::Claimed(format!("the evidence says so, and {id} did not pass: see veritee verify"))
        }
    })
}

fn trust(options: &Options) -> Result<Trust, Failure> {
    let text = |path: &Path| -> Result<String, Failure> {
        let source = input::read(path)?;
        String::from_utf8(source.bytes).map_err(|error| Failure::usage(format!("{}: {error}", shown(path))))
    };
    let refused =
        |path: &Path, error: &dyn core::fmt::Display| Failure::usage(format!("{}: {error}", shown(path)));
    let mut trust = match &options.trusted_root {
        Some(path) => Trust::given(&text(path)?).map_err(|error| refused(path, &error))?,
        None => Trust::pinned().map_err(|error| Failure::internal(error.to_string()))?,
    };
    for path in &options.key {
        trust.add_key(&text(path)?).map_err(|error| refused(path, &error))?;
    }
    Ok(trust)
}

fn bundle(path: &Path) -> Result<Bundle, Failure> {
    let source = input::read(path)?;
    Ok((source.name, source.bytes))
}

/// Images that services name, each once, with the services that may run it.
fn named(deployment: &Deployment) -> Vec<(&ImageReference, Vec<String>)> {
    let mut out: Vec<(&ImageReference, Vec<String>)> = Vec::new();
    for service in deployment.services().iter().filter(|service| runs(service)) {
        let Some(image) = service.image.as_ref().filter(|_| service.build.is_none()) else { continue };
        match out.iter_mut().find(|(known, _)| known.value.effective() == image.value.effective()) {
            Some((_, services)) => services.push(service.name.clone()),
            None => out.push((image, vec![service.name.clone()])),
        }
    }
    out
}

/// Services whose image is built inside the machine: there is no image to trace.
fn built(deployment: &Deployment) -> Vec<String> {
    let services = deployment.services().iter().filter(|service| runs(service));
    services.filter(|service| service.build.is_some()).map(|service| service.name.clone()).collect()
}

fn runs(service: &Service) -> bool {
    service.activity.can_run()
}

const fn state(state: State) -> &'static str {
    match state {
        State::Proven => "proven",
        State::Claimed => "CLAIMED",
        State::Missing => "MISSING",
        State::Contradicted => "CONTRADICTED",
    }
}

fn words(ladders: &[Ladder], built: &[String], full: bool) -> String {
    let mut out = String::new();
    for ladder in ladders {
        let services = ladder.services.iter().map(|name| inert(name)).collect::<Vec<_>>().join(", ");
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}  {}\n    services: {services}", ladder.rung, inert(&ladder.reference));
        for arrow in &ladder.arrows {
            let _ = writeln!(out, "  {:16}  {:12}  {}", arrow.name, state(arrow.state), inert(&arrow.by));
        }
        if let Some(said) = &ladder.said {
            details(&mut out, said, full);
        }
        out.push('\n');
    }
    for service in built {
        let _ =
            writeln!(out, "not traced: {} is built inside the machine, so there is no image", inert(service));
    }
    out
}

fn details(out: &mut String, said: &Said, full: bool) {
    for SignatureLine { from, root, level, predicate_type, signer, failed, message } in &said.signatures {
        let what = predicate_type.as_deref().map_or_else(|| "a signature".to_owned(), inert);
        let _ = match (failed, root) {
            (Some(name), _) => {
                let message = message.as_deref().map(inert).unwrap_or_default();
                writeln!(out, "    signature FAILED ({name}): {}: {message}", inert(from))
            }
            (None, root) => {
                let who = signer
                    .as_ref()
                    .and_then(|signer| signer.identity.as_deref())
                    .map_or("a key".to_owned(), inert);
                let level = level.map_or("bytes", |level| level.words());
                writeln!(
                    out,
                    "    signed: {what} about {level}, by {who}, under {}",
                    root.unwrap_or("no root")
                )
            }
        };
    }
    if full {
        for claim in &said.claims.list {
            let _ = writeln!(out, "    {} says {}", claim.rank.words(), inert(&claim.commit));
        }
    }
    for notice in &said.notices {
        let _ = writeln!(out, "    note: {}", inert(notice));
    }
}
