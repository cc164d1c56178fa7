//! What a Dockerfile that stands in the document puts into a service: the programs that it starts and the packages that
//! it installs. The same program named by `command` or by the image's name says the same.

use crate::script::Command;
use crate::source::dockerfile::{Build, Step};
use crate::subject::Subject;
use crate::view::{Service, View};
use veritee_model::Place;

/// The Dockerfiles of the document, each with the service that is built from it.
pub(crate) fn inline<'s, 'a>(
    subject: &'s Subject<'a>,
    view: &'s View<'a>,
) -> impl Iterator<Item = (&'s Service<'a>, &'s Build)> {
    subject.live_builds().filter(|build| build.origin.in_machine).filter_map(move |build| {
        let path = build.origin.place.path.strip_suffix(".build.dockerfile_inline")?;
        let service = view.active_named(path.strip_prefix("services.")?)?;
        (service.entry.path == path).then_some((service, build))
    })
}

/// What the last stage starts: its own `ENTRYPOINT` and `CMD`.
pub(crate) fn started(build: &Build) -> impl Iterator<Item = (Place, &Command)> {
    let steps = build.stages().last().map_or(&[][..], |stage| &stage.steps);
    steps.iter().flat_map(move |step| match step {
        Step::Start { commands, offset, .. } => {
            commands.iter().map(|command| (build.place(*offset), command)).collect::<Vec<_>>()
        }
        _ => Vec::new(),
    })
}

/// Packages that the last stage installs by name, without versions.
pub(crate) fn installed(build: &Build) -> Vec<(Place, String)> {
    const VERBS: &[&str] = &["install", "add", "reinstall", "-S", "-Sy", "-Syu"];
    let mut found = Vec::new();
    for step in build.stages().last().map_or(&[][..], |stage| &stage.steps) {
        let Step::Run { commands, offset, .. } = step else { continue };
        for command in commands {
            let managed = matches!(
                command.program(),
                "apt-get" | "apt" | "apk" | "dnf" | "yum" | "microdnf" | "zypper" | "pacman"
            );
            if !managed || !VERBS.iter().any(|verb| command.has(verb)) {
                continue;
            }
            let words = command.arguments().iter();
            let packages = words.filter(|word| !word.starts_with('-') && !VERBS.contains(&word.as_str()));
            found.extend(packages.map(|word| {
                let name = word.split(['=', '~', '<', '>', ':']).next().unwrap_or(word);
                (build.place(*offset), name.to_owned())
            }));
        }
    }
    found
}
