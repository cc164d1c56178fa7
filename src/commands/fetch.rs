//! `veritee fetch`: asks, keeps, and says what it saw. Judges nothing.

mod images;

use super::supply;
use crate::cli::network::{Evaluation, Fetch};
use crate::cli::{Format, Global};
use crate::failure::Failure;
use crate::{network, output};
use core::fmt::Write as _;
use ring::rand::SecureRandom as _;
use std::collections::BTreeMap;
use veritee_acquire::{Acquired, Cloud, Directory, Options, Plan, Target};
use veritee_client::{Client, Url};
use veritee_collateral::{At, Evaluation as By, Mode, Need, Platform, Store};
use veritee_evidence::{set_to_json, to_json};
use veritee_model::evidence::RecordedBy;
use veritee_model::text::inert;
use veritee_model::{Budget, ExitCode, Item};
use veritee_quote::Quote;

pub(crate) fn run(options: &Fetch, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Json], "fetch")?;
    let Some(text) = &options.target else { return clusters(global) };
    let target = target(text, options)?;
    let asked = asked(&target, options)?;
    let plan = Plan::new(target, &asked).map_err(|error| Failure::usage(error.to_string()))?;
    if options.dry_run {
        let total = plan.requests();
        let chain = super::chain::planned(&options.chain);
        let images = if options.images {
            "GET  the registry of each image that the compose pins: as `veritee image fetch` asks, without layers\n"
        } else {
            ""
        };
        output::data(&format!("{plan}{chain}{images}at most {total} in all, collateral aside\n"), global)?;
        return Ok(ExitCode::Verified);
    }
    let mut acquired = acquired(&plan, &asked, options, global)?;
    output::data(&document(&mut acquired), global)?;
    told(&acquired, &asked, options, global);
    Ok(ExitCode::Verified)
}

/// The same for a target that is watched: what was acquired, and the nonce that was asked with.
pub(crate) fn watched(options: &Fetch, global: &Global) -> Result<(Acquired, Option<[u8; 32]>), Failure> {
    let (plan, asked) = watchable(options)?;
    let acquired = acquired(&plan, &asked, options, global)?;
    for disagreement in &acquired.disagreements {
        output::note(global, &format!("warning: {disagreement}"));
    }
    Ok((acquired, asked.nonce))
}

/// Whom a target that is watched would be asked of; an error where it is none.
pub(crate) fn watchable(options: &Fetch) -> Result<(Plan, Options), Failure> {
    let target = target(options.target.as_deref().unwrap_or_default(), options)?;
    let asked = asked(&target, options)?;
    let plan = Plan::new(target, &asked).map_err(|error| Failure::usage(error.to_string()))?;
    Ok((plan, asked))
}

fn acquired(plan: &Plan, asked: &Options, options: &Fetch, global: &Global) -> Result<Acquired, Failure> {
    // Items bear the time of the run, whatever time the verdict will be for.
    let (now, as_of) = (crate::input::now()?, options.at.time()?);
    let client = network::client(&options.network, global)?;
    network::block_on(async {
        let mut acquired = veritee_acquire::acquire(&client, plan, asked, now)
            .await
            .map_err(|error| Failure::unobtainable(error.to_string()))?;
        if !options.no_collateral {
            collateral(&client, &mut acquired, options, At { as_of, clock: now }, global).await?;
        }
        let mut asked_images = images::Asked::new();
        for machine in &mut acquired.machines {
            super::chain::add(&client, machine, &options.chain, now, global).await;
            if options.images {
                images::add(&client, machine, options, (&mut asked_images, now), global).await;
            }
        }
        Ok(acquired)
    })
}

fn target(text: &str, options: &Fetch) -> Result<Target, Failure> {
    let wrong = |error: veritee_acquire::TargetError| {
        let next = error.next_step();
        Failure::usage(error.to_string()).help(next)
    };
    let mut target =
        Target::parse(text, options.cluster.as_deref(), options.gateway.as_deref()).map_err(wrong)?;
    if let Some(domain) = &options.domain {
        target = target.with_domain(domain).map_err(wrong)?;
    }
    if let Some(name) = &options.nonce_in {
        target = target.with_nonce_in(name).map_err(wrong)?;
    }
    if options.nonce.is_some() && !target.takes_nonce() {
        return Err(Failure::usage("this target has no place for a nonce, so nothing would show that it was answered")
            .help("write {nonce} into the URL of the application's quote endpoint, or name the query member with --nonce-in"));
    }
    Ok(target)
}

fn asked(target: &Target, options: &Fetch) -> Result<Options, Failure> {
    let cloud = match options.cloud.as_str() {
        "known" => Cloud::OfKnownClusters,
        "never" => Cloud::Never,
        url if url.contains("{app_id}") => Cloud::At(url.to_owned()),
        other => {
            return Err(Failure::usage(format!(
                "--cloud {}: expected `known`, `never` or a URL with {{app_id}} in it",
                inert(other)
            )));
        }
    };
    let resolver = options.resolver.as_deref().map(resolver).transpose()?;
    let nonce = match options.nonce {
        Some(nonce) => Some(nonce.0),
        None if target.takes_nonce() => Some(random()?),
        None => None,
    };
    Ok(Options {
        cloud,
        info_requests: usize::from(options.replicas),
        gateway: !options.no_gateway,
        gateway_host: options.gateway_host.clone(),
        resolver,
        nonce,
        ..Options::default()
    })
}

fn resolver(text: &str) -> Result<Url, Failure> {
    let known = Directory::built_in().resolver(text).map(|resolver| resolver.url.as_str());
    Url::parse(known.unwrap_or(text)).map_err(|error| {
        Failure::usage(format!("--resolver {}: {error}", inert(text)))
            .help("give a URL, or a name that `veritee fetch --clusters` lists")
    })
}

fn random() -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    ring::rand::SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|error| Failure::internal(format!("no random bytes for a nonce: {error}")))?;
    Ok(bytes)
}

/// Collateral for every machine, each platform's once. Of both evaluations the standard one goes into the evidence and
/// the early one stays in the store: of two sets in one file the newer would decide. A machine whose collateral cannot be had keeps its evidence.
async fn collateral(
    client: &Client,
    acquired: &mut Acquired,
    options: &Fetch,
    at: At,
    global: &Global,
) -> Result<(), Failure> {
    let root = super::verify::trust_root(options.at.root.as_deref())?;
    let folder = network::store_folder(options.network.store.as_deref())?;
    let store = Store::open(&folder, &root, &Budget::STANDARD).map_err(|error| supply::unusable(&error))?;
    let evaluations: &[By] = match &options.network.evaluation {
        Evaluation::Both => &[By::Standard, By::Early],
        Evaluation::One(one) => std::slice::from_ref(one),
    };
    let mut known: BTreeMap<String, Option<Item>> = BTreeMap::new();
    for machine in &mut acquired.machines {
        let quote = machine.evidence.quote.as_ref().and_then(|item| Quote::parse(&item.bytes).ok());
        let Some(quote) = quote else { continue };
        for evaluation in evaluations {
            let key = match (Need::of_quote(&quote, *evaluation), Platform::of_quote(&quote)) {
                (Some(need), _) => need.to_string(),
                (None, Some(platform)) => format!("{} {evaluation}", platform.digest()),
                (None, None) => continue,
            };
            if !known.contains_key(&key) {
                let got = supply::for_quote(
                    client,
                    &store,
                    &quote,
                    *evaluation,
                    &options.network,
                    at,
                    Mode::Cached,
                )
                .await;
                let item = match got {
                    Ok(obtained) => {
                        supply::told(&obtained, global);
                        Some(obtained.item)
                    }
                    Err(failure) => {
                        output::note(global, &format!("warning: {}: {failure}", inert(&machine.label)));
                        None
                    }
                };
                known.insert(key.clone(), item);
            }
            if Some(evaluation) == evaluations.first()
                && let Some(item) = known.get(&key).cloned().flatten()
            {
                machine.evidence.record(RecordedBy::Judge, item);
            }
        }
    }
    Ok(())
}

/// One machine is a document of its own, several are a set.
fn document(acquired: &mut Acquired) -> String {
    let version = env!("CARGO_PKG_VERSION");
    match acquired.machines.as_slice() {
        [machine] => to_json(&machine.evidence, version),
        machines => set_to_json(machines, version),
    }
}

/// What was seen, on standard error.
fn told(acquired: &Acquired, asked: &Options, options: &Fetch, global: &Global) {
    for attempt in &acquired.attempts {
        if attempt.outcome.is_failure() || global.verbose > 0 {
            output::note(global, &format!("note: {attempt}"));
        }
    }
    for note in &acquired.notes {
        output::note(global, &format!("note: {note}"));
    }
    for disagreement in &acquired.disagreements {
        output::note(global, &format!("warning: {disagreement}"));
    }
    let mut said = String::new();
    for machine in &acquired.machines {
        let item = |given: bool| if given { "yes" } else { "NO" };
        // Writing to a String cannot fail.
        let _ = writeln!(
            said,
            "{}: quote {}, event log {}, app_compose {}, collateral {}",
            inert(&machine.label),
            item(machine.evidence.quote.is_some()),
            item(machine.evidence.event_log.is_some()),
            item(machine.evidence.app_compose.is_some()),
            item(!machine.evidence.has_no_collateral()),
        );
    }
    output::note(global, said.trim_end());
    let file = global.output.as_deref().map_or_else(|| "evidence.json".to_owned(), crate::input::shown);
    let several = acquired.machines.len() > 1;
    let chosen = match (&asked.nonce, acquired.asked_with_nonce.first()) {
        (Some(nonce), Some(label)) if several => {
            format!(" --select {} --nonce {}", inert(label), hex::encode(nonce))
        }
        (Some(nonce), Some(_)) => format!(" --nonce {}", hex::encode(nonce)),
        _ if several => " --all".to_owned(),
        _ => String::new(),
    };
    let root = if options.at.root.is_some() { " --root ROOT" } else { "" };
    output::note(global, &format!("next: veritee verify {file}{chosen}{root} --offline"));
}

fn clusters(global: &Global) -> Result<ExitCode, Failure> {
    let directory = Directory::built_in();
    let mut text = String::new();
    for cluster in &directory.clusters {
        let _ = writeln!(text, "cluster   {:<12} {:<36} {}", cluster.name, cluster.gateway, cluster.seen);
    }
    for resolver in &directory.resolvers {
        let _ = writeln!(text, "resolver  {:<12} {:<36} {}", resolver.name, resolver.url, resolver.seen);
    }
    output::data(&text, global)?;
    Ok(ExitCode::Verified)
}
