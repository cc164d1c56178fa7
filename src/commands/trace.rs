//! `veritee trace`

use super::tracing::{Images, Reading};
use super::verify::Rules;
use super::{audit, gather};
use crate::cli::{Engine, Format, Global, Trace as Options};
use crate::failure::Failure;
use crate::input::{self, shown};
use crate::source_tree;
use core::fmt::Write as _;
use veritee_compose::{Deployment, UnboundCompose, deployment};
use veritee_model::text::{inert, inert_json};
use veritee_model::{Budget, CheckId, Evidence, ExitCode, Outcome, Report};
use veritee_provenance::gather::SignatureLine;
use veritee_provenance::ladder::{Attested, built, named};
use veritee_provenance::{Ladder, Recipe, Said, State};
use veritee_verify::Expected;

pub(crate) fn run(options: &Options, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Json, Format::Jsonl], "trace")?;
    let rules = Rules::load(&options.judge, Engine::Native)?;
    let Compose { deployment, attested, system, mut evidence } = compose(options, &rules, global)?;
    let source =
        options.source.as_deref().map(|folder| source_tree::open(folder, &Budget::STANDARD)).transpose()?;
    let reading = Reading {
        files: &options.image,
        options: &options.tracing,
        policy: &rules.loaded.policy.images,
        look_inside: false,
    };
    let images = reading.read(&mut evidence, source)?;
    let recorded =
        images.tree().map(|tree| veritee_audit::recorded(tree, &Budget::STANDARD)).unwrap_or_default();
    let ladders: Vec<Ladder> = named(&deployment)
        .into_iter()
        .map(|(reference, services)| {
            Ladder::new(reference, services, &attested, &images.known, images.tree(), &recorded)
        })
        .collect();
    if ladders.is_empty() {
        return Err(Failure::unobtainable(format!("{}: the compose names no image", shown(&options.input))));
    }
    let built = built(&deployment);
    let recipes = if options.recipe { recipes(&deployment, &ladders, &images, options) } else { Vec::new() };
    let loosened = [rules.loosened(), images.loosened.clone()].concat();
    let traced = Traced { ladders: &ladders, built: &built, system: &system, recipes: &recipes, loosened };
    let text = match global.format {
        Format::Json => inert_json(&format!("{:#}\n", traced.document())),
        Format::Jsonl => inert_json(&format!("{}\n", traced.document())),
        _ => traced.words(global.verbose > 0),
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

/// What is said.
struct Traced<'t> {
    ladders: &'t [Ladder],
    built: &'t [String],
    system: &'t System,
    recipes: &'t [Recipe],
    /// In which ways policy and command line are looser than the default.
    loosened: Vec<String>,
}

impl Traced<'_> {
    fn document(&self) -> serde_json::Value {
        let mut value = serde_json::json!({
            "schema": "veritee/trace/v1",
            "operating_system": { "state": self.system.state, "by": self.system.by },
            "images": self.ladders,
            "built_inside": self.built,
        });
        if !self.recipes.is_empty() {
            value["recipes"] = serde_json::json!(self.recipes);
        }
        if !self.loosened.is_empty() {
            value["loosened"] = serde_json::json!(self.loosened);
        }
        value
    }

    fn words(&self, full: bool) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        for line in &self.loosened {
            let _ = writeln!(out, "loosened: {}", inert(line));
        }
        let (row, by) = (state(self.system.state), inert(&self.system.by));
        let _ = writeln!(out, "operating system    {row:12}  {by}\n");
        for one in self.ladders {
            ladder(&mut out, one, full);
        }
        for service in self.built {
            let _ = writeln!(
                out,
                "not traced: {} is built inside the machine, so there is no image",
                inert(service)
            );
        }
        for one in self.recipes {
            recipe(&mut out, one);
        }
        out
    }
}

/// How to build each image again whose file was read.
fn recipes(deployment: &Deployment, ladders: &[Ladder], images: &Images, options: &Options) -> Vec<Recipe> {
    let platform = format!("{}/{}", options.tracing.platform.os, options.tracing.platform.architecture);
    let named = named(deployment).into_iter().zip(ladders);
    let recipe = |(reference, ladder): ((&veritee_compose::ImageReference, Vec<String>), &Ladder)| {
        let pin = reference.0.pin();
        let known = images.known.iter().find(|known| known.matches(&pin).is_some())?;
        Some(Recipe::new(reference.0, known, ladder.commit.as_ref(), &platform))
    };
    named.filter_map(recipe).collect()
}

/// The compose of the input, how it is known, and what is known of the system that it runs on.
struct Compose {
    deployment: Deployment,
    attested: Attested,
    system: System,
    evidence: Evidence,
}

/// The row of the operating system.
struct System {
    state: State,
    by: String,
}

/// The compose, and how it is known. Evidence is verified as `verify` does it, with what is given and nothing fetched.
fn compose(options: &Options, rules: &Rules, global: &Global) -> Result<Compose, Failure> {
    let alone = || {
        let system = System { state: State::Missing, by: "no evidence of a machine was given".to_owned() };
        audit::deployment(&options.input).map(|deployment| Compose {
            deployment,
            attested: Attested::Missing,
            system,
            evidence: Evidence::default(),
        })
    };
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
    let (attested, system) = attested(&selected, options, rules, global)?;
    Ok(Compose { deployment, attested, system, evidence: selected.evidence })
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

fn attested(
    selected: &gather::Selected,
    options: &Options,
    rules: &Rules,
    global: &Global,
) -> Result<(Attested, System), Failure> {
    let image = options.os_image.as_deref().map(crate::image::open).transpose()?;
    let mut grounds = rules.grounds();
    gather::collateral(&mut grounds, &options.collateral, global)?;
    grounds.learn(&selected.beside);
    let report = rules.verdict(&selected.evidence, &grounds, &Expected::Nothing, image.as_deref());
    let passed =
        |id: &CheckId| report.checks.iter().any(|check| check.id == *id && check.outcome == Outcome::Pass);
    let attested = match BINDING.iter().find(|id| !passed(id)) {
        None => Attested::Proven,
        Some(id) => {
            Attested::Claimed(format!("the evidence says so, and {id} did not pass: see veritee verify"))
        }
    };
    let system = system(&report, attested == Attested::Proven);
    Ok((attested, system))
}

/// The system that the quote measures, as `verify` judges it with what is given here.
fn system(report: &Report, is_bound: bool) -> System {
    let measured = report.checks.iter().find(|check| check.id == CheckId::OsMeasured);
    let claimed = report.identity.as_ref().and_then(|identity| identity.os_image_hash_claimed.as_deref());
    match measured.map(|check| check.outcome) {
        Some(Outcome::Pass) if is_bound => System {
            state: State::Proven,
            by: "the quoted registers are those of an accepted system".to_owned(),
        },
        Some(Outcome::Fail) => System {
            state: State::Contradicted,
            by: "the quoted registers are those of another system: see veritee verify".to_owned(),
        },
        _ => match claimed {
            Some(hash) => System {
                state: State::Claimed,
                by: format!(
                    "the log names image {hash}, which the KMS answered; --os-image measures it{}",
                    registry(report)
                ),
            },
            None => System {
                state: State::Missing,
                by: "not measured: list it in the policy, or give its image with --os-image".to_owned(),
            },
        },
    }
}

/// What the KMS's contract says of the image, where the evidence has the chain's answers and they hold.
fn registry(report: &Report) -> String {
    let check = report.checks.iter().find(|check| check.id == CheckId::GovernanceRegistry);
    let passed = check.filter(|check| check.outcome == Outcome::Pass);
    passed.map(|check| format!("; the registry: {}", check.detail)).unwrap_or_default()
}

const fn state(state: State) -> &'static str {
    match state {
        State::Proven => "proven",
        State::Claimed => "CLAIMED",
        State::Missing => "MISSING",
        State::Contradicted => "CONTRADICTED",
    }
}

fn ladder(out: &mut String, ladder: &Ladder, full: bool) {
    let services = ladder.services.iter().map(|name| inert(name)).collect::<Vec<_>>().join(", ");
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}  {}\n    services: {services}", ladder.rung, inert(&ladder.reference));
    for arrow in &ladder.arrows {
        let _ = writeln!(out, "  {:16}  {:12}  {}", arrow.name, state(arrow.state), inert(&arrow.by));
    }
    for one in ladder.recorded.iter().skip(1) {
        let _ = writeln!(out, "    {} claims {}", inert(&one.place), one.digest);
    }
    if let Some(said) = &ladder.said {
        details(out, said, full);
    }
    out.push('\n');
}

fn recipe(out: &mut String, recipe: &Recipe) {
    let _ = writeln!(out, "how to build {} again, as far as it is known:", inert(&recipe.reference));
    for command in &recipe.commands {
        let _ = writeln!(out, "    {}", inert(command));
    }
    let lists = [("with", &recipe.inputs), ("by", &recipe.builder), ("question:", &recipe.questions)];
    for (name, list) in lists {
        for line in list {
            let _ = writeln!(out, "  {name} {}", inert(line));
        }
    }
    out.push('\n');
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
