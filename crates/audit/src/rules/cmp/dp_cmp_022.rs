//! Protects stored state: which of it a service sees, and over which of its files it lies.

use crate::facts::mounts::{self, Kind};
use crate::field::HOLE;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Service;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-022",
    title: "whoever deploys chooses which stored data a service gets, or where",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "write names, targets and subpaths of volumes literally",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        entries(service, sink);
    }
    for (path, value) in view.globals.iter().filter(|(_, value)| value.is_settable()) {
        let volume = path.starts_with("volumes.") && path.ends_with(".name");
        if volume || path == "name" {
            let what = if volume { "which volume it is" } else { "the project, and with it every volume" };
            let evidence = format!("{path}: {} ({what}: another state, an older one)", value.raw);
            sink.add(Note::fail(&value.place, evidence).severity(Severity::Medium));
        }
    }
}

fn entries(service: &Service<'_>, sink: &mut Sink<'_>) {
    let storage = |path: &str| {
        let entry = path.rsplit_once('.').map_or(path, |(entry, _)| entry);
        service.mounts.iter().any(|mount| {
            let own = mount.source.place.path.strip_suffix(".source").unwrap_or(&mount.source.place.path);
            own.ends_with(entry) && mounts::kind(mount) == Kind::Storage
        })
    };
    for (path, value) in service.below("volumes").chain(service.below("tmpfs")) {
        if !value.is_settable() {
            continue;
        }
        let last = path.rsplit('.').next().unwrap_or("");
        let why = match last {
            "subpath" => "which folder of the stored data it sees",
            "target" => "where it lies: over code as well",
            "type" | "source" if storage(path) => "which stored data it sees",
            // The short form: what stands behind the source is the target.
            _ if last.bytes().all(|byte| byte.is_ascii_digit()) => match short_form(&value.shape()) {
                Some(why) => why,
                None => continue,
            },
            _ if path.starts_with("tmpfs") => "where an empty folder lies: over code as well",
            _ => continue,
        };
        let evidence = format!("{} {path}: {} ({why})", service.name, value.raw);
        sink.add(Note::fail(&value.place, evidence).about(service.name));
    }
}

fn short_form(shape: &str) -> Option<&'static str> {
    let mut parts = shape.split(':');
    let (source, target) = (parts.next()?, parts.next());
    match target {
        Some(target) if target.contains(HOLE) => Some("where it lies: over code as well"),
        Some(_) if source.contains(HOLE) && !source.starts_with(['/', '.', '~']) => {
            Some("which stored data it sees")
        }
        None if source.contains(HOLE) => Some("where it lies: over code as well"),
        _ => None,
    }
}
