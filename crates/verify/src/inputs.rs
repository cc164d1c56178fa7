//! What was given, by digest, and what was not.

use crate::{Expected, Request};
use veritee_model::evidence::ImageDocuments;
use veritee_model::report::{Input, Missing};
use veritee_model::{Evidence, Item, Kind};

/// Every item of the evidence with its digest, and what the judging side has beside it.
pub(crate) fn list(request: &Request<'_>) -> Vec<Input> {
    of(request.evidence, request.grounds.inputs())
}

/// Every item of the evidence with its digest, as a report of it lists them; collateral that the judging side has is not
/// among them.
#[must_use]
pub fn inputs(evidence: &Evidence) -> Vec<Input> {
    of(evidence, &[])
}

fn of(evidence: &Evidence, given: &[Input]) -> Vec<Input> {
    let mut inputs = of_machine(evidence, given);
    for (name, linked) in [("kms", &evidence.kms), ("gateway", &evidence.gateway)] {
        let of_linked = linked.iter().flat_map(|linked| of_machine(linked, &[]));
        inputs.extend(of_linked.map(|input| Input { name: format!("{name}/{}", input.name), ..input }));
    }
    inputs
}

/// One machine's items, and collateral beside its own.
fn of_machine(evidence: &Evidence, given: &[Input]) -> Vec<Input> {
    let log = evidence.event_log.as_ref().map(|log| &log.item);
    let parts: [(&str, Option<&Item>); 7] = [
        ("quote", evidence.quote.as_ref()),
        ("event-log", log),
        ("runtime-events", evidence.runtime_events.as_ref()),
        ("app-compose", evidence.app_compose.as_ref()),
        ("vm-config", evidence.vm_config.as_ref()),
        ("mr-config", evidence.mr_config.as_ref()),
        ("certificates", evidence.certificates.as_ref()),
    ];
    let mut inputs: Vec<Input> =
        parts.into_iter().filter_map(|(name, item)| item.map(|item| input(name, item))).collect();
    inputs.extend(evidence.collateral.iter().map(|item| input("collateral", item)));
    inputs.extend(
        evidence.recorded_collateral.iter().map(|recorded| input("recorded-collateral", &recorded.item)),
    );
    inputs.extend(given.iter().cloned());
    inputs.extend(evidence.gpus.iter().map(|item| input("gpus", item)));
    inputs.extend(evidence.gpu_collateral.iter().map(|item| input("gpu-collateral", item)));
    if let Some(ingress) = &evidence.ingress {
        inputs.push(input("ingress-sums", &ingress.sums));
        inputs.extend(ingress.files.values().map(|item| input("ingress-file", item)));
    }
    inputs.extend(evidence.served.iter().map(|served| input("served-certificates", &served.chain)));
    inputs.extend(evidence.caa.iter().map(|caa| input("caa-answers", &caa.answers)));
    inputs.extend(evidence.chain.iter().map(|item| input("chain", item)));
    inputs.extend(evidence.images.iter().flat_map(of_image));
    inputs.extend(evidence.image_bundles.iter().map(|item| input("image-bundle", item)));
    inputs
}

/// What nothing else of an image's documents names; by its digests the index names the rest.
fn of_image(image: &ImageDocuments) -> impl Iterator<Item = Input> {
    ["index.json", "manifest.json", "veritee-fetch.json"].into_iter().filter_map(|name| {
        let bytes = image.files.get(name)?;
        Some(input("image", &Item::new(bytes.clone(), format!("{}/{name}", image.source))))
    })
}

pub(crate) fn input(name: &str, item: &Item) -> Input {
    Input {
        name: name.to_owned(),
        sha256: item.sha256(),
        bytes: u64::try_from(item.bytes.len()).unwrap_or(u64::MAX),
        source: item.source.clone(),
    }
}

/// What was not given, and what that leaves open.
pub(crate) fn missing(request: &Request<'_>) -> Vec<Missing> {
    let evidence = request.evidence;
    let absent = [
        (
            evidence.quote.is_none(),
            "quote",
            "nothing can be verified: bring the answer to GetQuote, the RA-TLS certificate, or the Info answer, as the input \
             or with --quote; `veritee audit` asks a compose meanwhile, not attested",
        ),
        (
            evidence.has_no_collateral() && request.grounds.items().is_empty(),
            "collateral",
            "the quote's signatures cannot be traced to Intel: leave out --offline, or bring it with --collateral",
        ),
        (
            evidence.event_log.is_none(),
            "event log",
            "app id, compose hash and key provider stay unknown: bring it with --event-log",
        ),
        (
            evidence.app_compose.is_none(),
            "app_compose",
            "what the machine runs stays unknown: bring its exact bytes with --app-compose",
        ),
        (
            evidence.vm_config.is_none(),
            "vm_config",
            "the virtual hardware cannot be recomputed: bring it with --vm-config",
        ),
        (
            evidence.certificates.is_none(),
            "RA-TLS certificate",
            "no TLS key is tied to the machine: bring its chain with --certificate",
        ),
        (
            *request.expected == Expected::Nothing,
            "nonce",
            "the quote may be a recording: ask the machine for a quote over your own nonce and give it with --nonce",
        ),
    ];
    absent
        .into_iter()
        .filter(|(absent, ..)| *absent)
        .filter(|(_, name, _)| match request.kind {
            Kind::Machine => true,
            Kind::Quote => matches!(*name, "quote" | "collateral"),
            Kind::Documents | Kind::Gpus => false,
        })
        .map(|(_, name, consequence)| Missing { name: name.to_owned(), consequence: consequence.to_owned() })
        .collect()
}
