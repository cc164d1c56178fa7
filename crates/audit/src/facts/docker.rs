//! Which services command a container engine: whoever does can start anything, outside the measured file.

use crate::facts::mounts;
use crate::view::{Service, View};
use veritee_model::Place;

/// Sockets of a container engine. A read-only mount of a socket commands it all the same.
const SOCKETS: &[&str] =
    &["/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock", "/run/containerd"];

/// The same and everything above them, under every name that they have on the guest.
const REACHED: &[&str] = &[
    "/run/docker.sock",
    "/var/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/var/run/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/var/run/podman/podman.sock",
];

/// How a service reaches a container engine, and where that stands; the first of all ways.
pub(crate) fn access(service: &Service<'_>) -> Option<(Place, String)> {
    accesses(service).into_iter().next()
}

/// Every way in which a service reaches a container engine.
pub(crate) fn accesses(service: &Service<'_>) -> Vec<(Place, String)> {
    let mut found = Vec::new();
    for (mount, path) in mounts::paths(service) {
        if mount.source.is_settable() && mounts::can_become(&mount.source, REACHED) || covers_socket(&path) {
            found.push((mount.source.place.clone(), format!("volumes: {}", mount.source.raw)));
        }
    }
    if let Some(value) = service.scalar("use_api_socket").filter(|_| service.is_true("use_api_socket")) {
        found.push((value.place.clone(), "use_api_socket: true".to_owned()));
    }
    let host = service
        .variable("DOCKER_HOST")
        .filter(|entry| !entry.value.effective().is_empty() || entry.value.is_settable());
    if let Some(host) = host {
        found.push((host.value.place.clone(), format!("DOCKER_HOST={}", host.value.raw)));
    }
    found
}

/// Whether a path is such a socket, or a folder above one.
pub(crate) fn covers_socket(path: &str) -> bool {
    path == "/"
        || SOCKETS.iter().any(|socket| {
            *socket == path || socket.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
        })
}

/// Named volumes whose driver binds the socket or a folder above it.
pub(crate) fn volume_accesses(view: &View<'_>, service: &Service<'_>) -> Vec<(Place, String)> {
    let bound = mounts::bound(view, service).into_iter();
    bound
        .filter(|(_, device, path)| device.is_settable() || covers_socket(path))
        .map(|(mount, device, _)| {
            (device.place.clone(), format!("volume {} binds {}", mount.source.raw, device.raw))
        })
        .collect()
}
