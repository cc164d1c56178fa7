//! `veritee image fetch`: asks a registry, keeps, and says what it saw. Judges nothing.

use crate::cli::{Format, Global, ImageFetch};
use crate::failure::Failure;
use crate::input::shown;
use crate::output::{self, Folder};
use crate::{input, network};
use core::fmt::Write as _;
use veritee_acquire::registry::{Fetched, Outcome, Place, Problem, Wanted, fetch};
use veritee_model::text::{inert, inert_json};
use veritee_model::{Budget, ExitCode};

pub(super) fn run(options: &ImageFetch, global: &Global) -> Result<ExitCode, Failure> {
    super::super::only(global, &[Format::Human, Format::Json, Format::Jsonl], "image fetch")?;
    let place = place(options)?;
    let Some(path) = &global.output else {
        return Err(Failure::usage("the image needs a place: --output FOLDER"));
    };
    let mut folder = Folder::begin(path)?;
    let client = network::reach(options.tls_roots.as_deref(), options.allow_local, global)?;
    let wanted = Wanted {
        place: &place,
        platform: (&options.platform.os, &options.platform.architecture),
        layers: options.layers,
        budget: &Budget::STANDARD,
    };
    let now = input::now()?;
    let fetched =
        network::block_on(async { fetch(&client, &wanted, &mut folder, now).await.map_err(failure) })?;
    folder.finish()?;
    let to_screen = global.to_screen();
    let text = match global.format {
        Format::Json => inert_json(&pretty(&fetched)),
        Format::Jsonl => inert_json(&format!("{}\n", serde_json::json!(fetched.transcript))),
        _ => words(&fetched, global.verbose > 0, &shown(path)),
    };
    output::data(&text, &to_screen)?;
    Ok(if fetched.transcript.incomplete { ExitCode::Incomplete } else { ExitCode::Verified })
}

/// Where the image is asked for: at the registry of the command line, else at the mirror of the policy, else at its own.
fn place(options: &ImageFetch) -> Result<Place, Failure> {
    let refused = |error: &dyn core::fmt::Display| Failure::usage(error.to_string());
    let parsed = |registry| {
        Place::parse(&options.reference, registry, options.allow_local).map_err(|error| refused(&error))
    };
    let policy = super::super::policy::load(options.policy.as_deref())?.policy;
    if let Some(registry) = &options.registry {
        return parsed(Some(registry));
    }
    let own = parsed(None)?;
    let (host, repository) = own.name.split_once('/').unwrap_or_default();
    match policy.images.mirror_of(host, repository) {
        None => Ok(own),
        Some(mirror) => {
            let url = veritee_client::Url::parse(&mirror.ask)
                .map_err(|error| refused(&format_args!("[[images.mirror]] `{}`: {error}", mirror.ask)))?;
            parsed(Some(&url))
        }
    }
}

fn pretty(fetched: &Fetched) -> String {
    format!("{:#}\n", serde_json::json!(fetched.transcript))
}

fn failure(problem: Problem) -> Failure {
    let next = problem.next_step();
    Failure::unobtainable(problem.to_string()).help(next)
}

fn words(fetched: &Fetched, full: bool, folder: &str) -> String {
    let transcript = &fetched.transcript;
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", inert(&transcript.reference));
    let _ = match transcript.pinned {
        true => writeln!(out, "  pinned     {}", transcript.digest),
        false => writeln!(
            out,
            "  led to     {} at {}; a tag is no pin: whoever owns the repository moves it",
            transcript.digest, transcript.at
        ),
    };
    let mirror = if transcript.mirror { ", in place of the one that it names" } else { "" };
    let _ = writeln!(out, "  asked      {}{mirror}", inert(&transcript.registry));
    for manifest in &fetched.manifests {
        let _ = writeln!(out, "  manifest   {manifest}");
    }
    let count = |outcome| transcript.lines.iter().filter(|line| line.outcome == outcome).count();
    let _ = writeln!(
        out,
        "  kept       {} answers; {} manifests beside the image; {} were left out",
        count(Outcome::Got),
        fetched.beside,
        count(Outcome::LeftOut)
    );
    for line in &transcript.lines {
        let is_said = line.outcome == Outcome::Failed || (full && line.outcome != Outcome::Got);
        if is_said {
            let why = line.why.as_deref().unwrap_or("not asked for");
            let _ = writeln!(out, "  {}: {}: {}", label(line.outcome), line.what, inert(why));
        }
    }
    if transcript.incomplete {
        let _ = writeln!(
            out,
            "  incomplete: something beside the image could not be had; what speaks for it may lack"
        );
    }
    let _ = writeln!(out, "next: veritee trace evidence.json --image {folder}");
    out
}

const fn label(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Got => "got",
        Outcome::Absent => "absent",
        Outcome::LeftOut => "left out",
        Outcome::Failed => "failed",
    }
}
