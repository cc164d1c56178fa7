//! What lets a person work inside of a service.

use crate::facts::built;
use crate::script::Command;
use crate::source::dockerfile::Build;
use crate::view::Service;
use veritee_model::{Place, Severity};

/// Programs that give a shell, a desktop or a console that runs code: in an image's name, or as what runs.
const PROGRAMS: &[&str] = &[
    "sshd",
    "ssh",
    "openssh",
    "openssh-server",
    "dropbear",
    "tmate",
    "upterm",
    "teleport",
    "ttyd",
    "gotty",
    "wetty",
    "webshell",
    "webssh",
    "shellinabox",
    "sshwifty",
    "xterm",
    "jupyter",
    "jupyterlab",
    "jupyterhub",
    "notebook",
    "notebooks",
    "marimo",
    "zeppelin",
    "rstudio",
    "livebook",
    "pluto",
    "code-server",
    "openvscode-server",
    "vscode-server",
    "openvscode",
    "theia",
    "coder",
    "gitpod",
    "cloud9",
    "webide",
    "vnc",
    "novnc",
    "tigervnc",
    "x11vnc",
    "xvnc",
    "x0vncserver",
    "vncserver",
    "websockify",
    "kasmvnc",
    "kasmweb",
    "kasm",
    "webtop",
    "rdesktop",
    "xrdp",
    "neko",
    "guacamole",
    "guacd",
    "xpra",
    "k3s",
    "k0s",
    "kind",
    "minikube",
    "kube-apiserver",
    "microk8s",
    "portainer",
    "yacht",
    "dockge",
    "rancher",
    "cockpit",
    "webmin",
    "ajenti",
    "dind",
    "docker-in-docker",
    "n8n",
    "node-red",
    "nodered",
    "windmill",
    "rundeck",
    "jenkins",
    "awx",
    "semaphore",
    "activepieces",
    "huginn",
    "airflow",
    // Run what a repository elsewhere asks for.
    "actions-runner",
    "github-runner",
    "gitlab-runner",
    "act_runner",
    "act-runner",
    "forgejo-runner",
    "gitea-runner",
    "buildkite-agent",
    "drone-runner",
    "woodpecker-agent",
    "teamcity-agent",
    "azp-agent",
    "concourse",
    "flowise",
    "langflow",
    "debugpy",
    "gdbserver",
    "delve",
    "cloudcmd",
    "filebrowser",
    "filestash",
];

/// Consoles that show or change data and run no code of their own.
const CONSOLES: &[(&str, Severity)] = &[
    ("dozzle", Severity::High),
    ("redisinsight", Severity::High),
    ("redis-commander", Severity::High),
    ("mongo-express", Severity::High),
    ("cadvisor", Severity::Medium),
    ("adminer", Severity::Medium),
    ("pgadmin4", Severity::Medium),
    ("pgadmin", Severity::Medium),
    ("phpmyadmin", Severity::Medium),
    ("cloudbeaver", Severity::Medium),
    ("kafka-ui", Severity::Medium),
    ("logdy", Severity::Medium),
    ("mher/flower", Severity::High),
];

/// What gives interactive access to a service.
pub(crate) fn interactive(service: &Service<'_>) -> Option<(Place, String, Severity)> {
    if let Some(image) = service.image() {
        // The digest names nothing.
        let text = image.effective().to_ascii_lowercase();
        let name = text.split('@').next().unwrap_or(&text);
        let evidence = || format!("image: {}", image.raw);
        if PROGRAMS.iter().any(|program| has_word(name, program) && !is_worker(service, program)) {
            return Some((image.place.clone(), evidence(), Severity::Critical));
        }
        if let Some((_, severity)) = CONSOLES.iter().find(|(console, _)| has_word(name, console)) {
            return Some((image.place.clone(), evidence(), *severity));
        }
    }
    if let Some((place, evidence)) = desktop(service) {
        return Some((place, evidence, Severity::Critical));
    }
    for started in service.programs.iter().filter(|program| !program.path.starts_with("healthcheck")) {
        for command in &started.commands {
            let program = command.program().to_ascii_lowercase();
            if program != "ssh" && PROGRAMS.contains(&program.as_str()) {
                let evidence = format!("{}: {}", started.path, command.text());
                return Some((started.place.clone(), evidence, Severity::Critical));
            }
        }
    }
    None
}

/// First words of variables that only programs of a remote desktop or browser read.
const DESKTOP_VARIABLES: &[&str] =
    &["NEKO", "KASM", "VNC", "NOVNC", "XRDP", "WEBTOP", "GUACAMOLE", "SELKIES"];

/// Words of an image's name that say the same.
const DESKTOP_IMAGES: &[&str] = &["desktop", "websockify", "selkies"];

/// Ports of remote desktops: RFB, its way through a browser, RDP.
const DESKTOP_PORTS: &[&str] = &["5900", "5901", "6080", "6901", "3389"];

/// A screen and a keyboard from afar, under whatever name the image has.
fn desktop(service: &Service<'_>) -> Option<(Place, String)> {
    if let Some(image) = service.image() {
        let text = image.effective().to_ascii_lowercase();
        let name = text.split('@').next().unwrap_or(&text);
        if DESKTOP_IMAGES.iter().any(|word| has_word(name, word)) {
            return Some((image.place.clone(), format!("image: {}", image.raw)));
        }
    }
    let named = service.environment.iter().find(|entry| {
        let words = crate::names::words(entry.name);
        words.len() > 1 && words.first().is_some_and(|first| DESKTOP_VARIABLES.contains(&first.as_str()))
    });
    if let Some(entry) = named {
        return Some((entry.value.place.clone(), format!("environment.{}", entry.name)));
    }
    let port = service.ports.iter().find(|port| DESKTOP_PORTS.contains(&port.value.text.as_str()))?;
    Some((port.value.place.clone(), format!("ports: {}", port.value.raw)))
}

/// Programs with a part that takes jobs out of a queue and has no console: by the first word of its command.
const WORKERS: &[(&str, &[&str])] =
    &[("n8n", &["worker"]), ("airflow", &["worker", "scheduler", "triggerer"])];

/// Only that part is started, and no port leads to it.
fn is_worker(service: &Service<'_>, program: &str) -> bool {
    let Some((_, parts)) = WORKERS.iter().find(|(known, _)| *known == program) else { return false };
    let words: Vec<String> = service.below("command").map(|(_, value)| value.effective()).collect();
    let fixed = service.below("command").all(|(_, value)| !value.is_settable());
    let first = words.iter().flat_map(|text| text.split_whitespace()).find(|word| *word != program);
    let closed = service.ports.is_empty() && !service.has("network_mode") && !service.has("entrypoint");
    fixed && closed && first.is_some_and(|word| parts.contains(&word))
}

/// What lets a person work inside of what a Dockerfile builds: started, or installed to be.
pub(crate) fn built_in(build: &Build) -> Option<(Place, String, Severity)> {
    let started = built::started(build).find(|(_, command)| {
        let service = command.program() == "service" && command.has("start");
        gives_a_shell(command) || service && ["ssh", "sshd", "xrdp"].iter().any(|name| command.has(name))
    });
    if let Some((place, command)) = started {
        return Some((place, format!("starts {}", command.text()), Severity::Critical));
    }
    // A package of which the name means a client as well says nothing.
    let server = |name: &str| {
        PROGRAMS.contains(&name)
            && !matches!(name, "ssh" | "openssh" | "kind" | "coder" | "pluto" | "notebook")
    };
    let (place, name) = built::installed(build).into_iter().find(|(_, name)| server(name))?;
    Some((place, format!("installs {name}"), Severity::High))
}

/// A program that gives a shell, a desktop or a console that runs code.
pub(crate) fn gives_a_shell(command: &Command) -> bool {
    let program = command.program().to_ascii_lowercase();
    match program.as_str() {
        "ssh" | "kind" | "coder" | "pluto" | "semaphore" | "windmill" => false,
        "jupyter" => !matches!(command.subcommand(), Some("nbconvert" | "kernelspec" | "--version")),
        _ => PROGRAMS.contains(&program.as_str()),
    }
}

/// Whether a name has the words of a program one after the other: `acme/alpine-ttyd-bash` has `ttyd`.
fn has_word(name: &str, program: &str) -> bool {
    let is_word = |character: char| character.is_ascii_alphanumeric();
    name.match_indices(program).any(|(at, _)| {
        let before = name.get(..at).and_then(|before| before.chars().next_back());
        let after = name.get(at.saturating_add(program.len())..).and_then(|after| after.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_as_whole_words_of_an_image_name_only() {
        for (name, program) in [
            ("acme/alpine-ttyd-bash", "ttyd"),
            ("lscr.io/linuxserver/code-server", "code-server"),
            ("acme-ssh-jump", "ssh"),
            ("x/sshd:1", "sshd"),
            ("kasmweb/desktop", "kasmweb"),
        ] {
            assert!(has_word(name, program), "{name}");
        }
        for (name, program) in [("acme/kindly", "kind"), ("acme/pluton", "pluto"), ("acme/sshx", "ssh")] {
            assert!(!has_word(name, program), "{name}");
        }
    }
}
