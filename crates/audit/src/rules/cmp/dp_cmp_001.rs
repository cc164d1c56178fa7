use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::rules::img::nested;
use crate::subject::Subject;
use crate::view::Service;
use veritee_model::Place;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-001",
    title: "a container commands the docker daemon",
    severity: Severity::High,
    blocks: Blocks::From(Severity::Critical),
    needs: &[Need::Compose],
    remedy: "remove the docker socket: whoever holds it can start anything, outside the measured file",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        let Some((place, how)) = docker_access(service).or_else(|| volume_access(subject, service)) else {
            continue;
        };
        let mut why = Vec::new();
        if super::runs_mutable_code(subject, service) {
            why.push("its own image is mutable");
        }
        if service.ports.iter().any(|port| !port.loopback) {
            why.push("it publishes a port");
        }
        if !nested(service).is_empty() {
            why.push("it names images to start");
        }
        let severity = if why.is_empty() { Severity::High } else { Severity::Critical };
        let reasons = if why.is_empty() { String::new() } else { format!(" ({})", why.join(", ")) };
        sink.add(
            Note::fail(&place, format!("{}: {how}{reasons}", service.name))
                .severity(severity)
                .about(&service.name),
        );
    }
}

/// Sockets of a container engine. A read-only mount of a socket commands it all the same.
const SOCKETS: &[&str] =
    &["/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock", "/run/containerd"];

/// How a service reaches a container engine, and where that stands.
pub(in crate::rules) fn docker_access(service: &Service) -> Option<(Place, String)> {
    for mount in &service.mounts {
        let Some(path) = mount.path() else { continue };
        if mount.source.provenance().is_settable() || covers_socket(&path) {
            return Some((mount.source.place.clone(), format!("volumes: {}", mount.source.raw)));
        }
    }
    if service.is_true("use_api_socket") {
        let place = service.scalar("use_api_socket")?.place.clone();
        return Some((place, "use_api_socket: true".to_owned()));
    }
    let host = service
        .variable("DOCKER_HOST")
        .filter(|entry| !entry.value.effective().is_empty() || entry.value.provenance().is_settable())?;
    Some((host.value.place.clone(), format!("DOCKER_HOST={}", host.value.raw)))
}

fn covers_socket(path: &str) -> bool {
    path == "/"
        || SOCKETS.iter().any(|socket| {
            *socket == path || socket.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
        })
}

/// A named volume whose driver binds the socket or a folder above it.
fn volume_access(subject: &Subject<'_>, service: &Service) -> Option<(Place, String)> {
    let view = subject.view.as_ref()?;
    service.mounts.iter().filter(|mount| !mount.host_path).find_map(|mount| {
        let key = format!("volumes.{}.driver_opts.device", mount.source.effective());
        let device = view.global(&key)?;
        let settable = device.provenance().is_settable();
        (settable || covers_socket(&crate::view::normalise(&device.effective())))
            .then(|| (device.place.clone(), format!("volume {} binds {}", mount.source.raw, device.raw)))
    })
}
