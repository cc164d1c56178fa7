//! Protects the code that runs: what is built inside the machine is whatever the network and the folder hold that day.

use crate::facts::built;
use crate::field::Field;
use crate::image::Image;
use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::source::dockerfile::Build;
use crate::subject::Subject;
use crate::view::Service;
use std::collections::BTreeMap;
use veritee_compose::service::ContextKind;
use veritee_model::{Place, Severity};

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-009",
    title: "built inside the machine",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "build outside, reproducibly, and pin the image by digest",
    answers: &[Item::Q2.opens(), Item::M4.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let builds: BTreeMap<&str, &Build> =
        built::inline(subject, view).map(|(service, build)| (service.name, build)).collect();
    for service in view.active() {
        let Some((_, first)) = service.below("build").next() else { continue };
        let (severity, why) = judge(subject, service, builds.get(service.name).copied());
        let evidence = format!("{} build: {why}", service.name);
        let place = service.scalar("build.dockerfile_inline").unwrap_or(first).place.clone();
        sink.add(Note::fail(&place, evidence).severity(severity).about(service.name));
        for (path, value) in service.below("build") {
            if let Some((severity, why)) = input(path, value) {
                let evidence = format!("{} {path}: {} ({why})", service.name, value.raw);
                sink.add(Note::fail(&value.place, evidence).severity(severity).about(service.name));
            }
        }
    }
}

/// An entry of the build that brings in something, or opens the build to the machine.
fn input(path: &str, value: &Field<'_>) -> Option<(Severity, &'static str)> {
    let text = value.effective();
    if value.is_settable() {
        return Some((Severity::Critical, "whoever deploys chooses it"));
    }
    let key = path.strip_prefix("build.")?.split('.').next()?;
    match key {
        // The program that reads the Dockerfile: what it makes of it is in its code.
        "args" => {
            let frontend = match path.strip_prefix("build.args.BUILDKIT_SYNTAX") {
                Some("") => text.as_str(),
                _ => text.strip_prefix("BUILDKIT_SYNTAX=")?,
            };
            let fixed = is_pinned(frontend) || frontend.is_empty();
            (!fixed)
                .then_some((Severity::High, "an image by tag reads the Dockerfile, and builds what it likes"))
        }
        "additional_contexts" => {
            // `name=docker-image://reference` of a list, or the reference alone of a mapping.
            let source = text.split_once("=").map_or(text.as_str(), |(_, source)| source);
            match source.strip_prefix("docker-image://") {
                Some(image) if is_pinned(image) => None,
                Some(_) => Some((Severity::High, "an image by tag becomes part of what is built")),
                None if source.contains("://") => {
                    Some((Severity::High, "another source becomes part of what is built"))
                }
                None => Some((Severity::Medium, "files that the document does not hold")),
            }
        }
        "cache_from" => {
            let pinned = is_pinned(text.rsplit("ref=").next().unwrap_or(&text));
            (!pinned).then_some((Severity::Medium, "layers come from a cache that others can fill"))
        }
        "entitlements" if text.contains("security.insecure") => {
            Some((Severity::High, "steps run unconfined"))
        }
        "entitlements" => Some((Severity::Medium, "steps reach the machine's network")),
        "privileged" if value.says_true() => Some((Severity::High, "steps run unconfined")),
        "network" if text == "host" => Some((Severity::Medium, "steps reach the machine's network")),
        "ssh" => Some((Severity::Medium, "steps use keys of the machine")),
        "extra_hosts" => Some((Severity::Medium, "names lead elsewhere during the build")),
        _ => None,
    }
}

fn is_pinned(image: &str) -> bool {
    Image::parse(image, Place::default()).is_pinned()
}

fn judge(subject: &Subject<'_>, service: &Service<'_>, build: Option<&Build>) -> (Severity, String) {
    let context = service
        .scalar("build.context")
        .or_else(|| service.scalar("build"))
        .map_or_else(|| ".".to_owned(), |value| value.effective());
    let kind = service.entry.build.as_ref().map_or(&ContextKind::Local, |build| &build.context_kind);
    let remote = match kind {
        ContextKind::Git { commit: Some(_) } => Some("a fixed commit, built anew at every boot"),
        ContextKind::Git { commit: None } => Some("a branch or tag of a repository"),
        ContextKind::Http => Some("an archive that a server hands out"),
        _ => None,
    };
    if let Some(why) = remote {
        return (Severity::High, format!("{context} ({why})"));
    }
    let Some(inline) = service.scalar("build.dockerfile_inline") else {
        return (Severity::High, format!("context {context}: files that the document does not hold"));
    };
    let text = inline.effective();
    let copies = text.lines().any(|line| {
        let mut words = line.split_whitespace();
        let verb = words.next().unwrap_or("").to_ascii_uppercase();
        (verb == "COPY" || verb == "ADD") && words.any(|word| word == "." || word == "./")
    });
    if copies {
        return (Severity::High, "copies the context, which is /dstack with its secrets".to_owned());
    }
    let place = (inline.place.file.clone(), inline.place.path.clone());
    if subject.open_inputs().is_none_or(|open| open.contains(&place)) {
        (Severity::High, "inline Dockerfile that takes what the network has today".to_owned())
    } else if let Some(what) = build.and_then(built::not_understood) {
        (
            Severity::High,
            format!("inline Dockerfile with a step of which it is not known what it takes in: {what}"),
        )
    } else {
        (Severity::Medium, "inline Dockerfile with pinned inputs".to_owned())
    }
}
