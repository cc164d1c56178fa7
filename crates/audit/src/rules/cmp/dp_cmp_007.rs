use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Service;
use veritee_model::Place;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-007",
    title: "a person can work inside",
    severity: Severity::Critical,
    blocks: Blocks::Always,
    needs: &[Need::Compose],
    remedy: "leave interactive access out of production",
    check,
};

/// Programs that give a shell or a console: in an image's name, or as the program that runs.
const PROGRAMS: &[&str] = &[
    "sshd",
    "openssh-server",
    "openssh",
    "dropbear",
    "ttyd",
    "gotty",
    "wetty",
    "webshell",
    "shellinabox",
    "jupyter",
    "jupyter-lab",
    "jupyterhub",
    "code-server",
    "openvscode-server",
    "vnc",
    "novnc",
    "neko",
    "k3s",
    "kube-apiserver",
    "portainer",
    "dind",
    "guacamole",
    "wetty",
];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        if let Some((place, evidence, severity)) = interactive(service) {
            sink.add(
                Note::fail(&place, format!("{}: {evidence}", service.name))
                    .severity(severity)
                    .about(&service.name),
            );
        }
    }
}

/// What gives interactive access to a service.
pub(in crate::rules) fn interactive(service: &Service) -> Option<(Place, String, Severity)> {
    let image = service.image();
    if let Some(image) = image {
        let words: Vec<String> = image
            .effective()
            .to_ascii_lowercase()
            .split(['/', ':', '@', '_', '.'])
            .map(str::to_owned)
            .collect();
        let hit = words.iter().any(|word| {
            PROGRAMS.iter().any(|program| {
                word == program
                    || word.strip_prefix(program).is_some_and(|rest| rest.starts_with('-'))
                    || word.strip_suffix(program).is_some_and(|rest| rest.ends_with('-'))
            })
        });
        if hit {
            return Some((image.place.clone(), format!("image: {}", image.raw), Severity::Critical));
        }
        if words.iter().any(|word| word == "adminer" || word == "pgadmin4" || word == "phpmyadmin") {
            return Some((image.place.clone(), format!("image: {}", image.raw), Severity::Medium));
        }
    }
    for started in service.programs.iter().filter(|program| !program.path.starts_with("healthcheck")) {
        let path = &started.path;
        for command in &started.commands {
            let program = command.program().to_ascii_lowercase();
            if PROGRAMS.contains(&program.as_str()) {
                return Some((
                    started.place.clone(),
                    format!("{path}: {}", command.text()),
                    Severity::Critical,
                ));
            }
        }
    }
    None
}
