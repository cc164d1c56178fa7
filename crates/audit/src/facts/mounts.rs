//! What services mount: of which kind each entry is, and which path of the machine it really is.
//!
//! The kinds are those of the compose specification. One that is not in the table is said to be unknown.

use crate::field::{Field, HOLE};
use crate::view::{Mount, Service, View, of_the_guest};
use veritee_compose::Tree;
use veritee_compose::service::absolute_path;

/// What an entry of `volumes` brings in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A path of the machine, or what may be one.
    Path,
    /// A named or anonymous volume, or memory.
    Storage,
    /// The content of an image.
    Image,
    /// A kind that no rule knows.
    Unknown,
}

/// The `type` that an entry names; the short form names none.
pub(crate) fn kind(mount: &Mount<'_>) -> Kind {
    match mount.entry.tree.get("type").and_then(Tree::scalar) {
        None if mount.host_path => Kind::Path,
        None => Kind::Storage,
        Some(value) if value.is_settable() => Kind::Unknown,
        Some(value) => match value.effective().as_str() {
            "bind" => Kind::Path,
            "volume" | "tmpfs" => Kind::Storage,
            "image" => Kind::Image,
            _ => Kind::Unknown,
        },
    }
}

/// The source of an entry, where it stands: in the long form below a key of its own.
pub(crate) fn source<'s, 'd>(service: &'s Service<'d>, mount: &'s Mount<'d>) -> &'s Field<'d> {
    let path = mount.entry.path.strip_prefix(&service.entry.path).unwrap_or("").trim_start_matches('.');
    service.scalar(&format!("{path}.source")).unwrap_or(&mount.source)
}

/// Mounts of paths of the machine.
pub(crate) fn paths<'s, 'd>(service: &'s Service<'d>) -> impl Iterator<Item = (&'s Mount<'d>, String)> {
    service
        .mounts
        .iter()
        .filter(|mount| matches!(kind(mount), Kind::Path | Kind::Unknown))
        .filter_map(|mount| Some((mount, real(&mount.path()?))))
}

/// Named volumes of a service whose driver binds a path of the machine, with that value and path.
pub(crate) fn bound<'s>(
    view: &'s View<'_>,
    service: &'s Service<'_>,
) -> Vec<(&'s Mount<'s>, &'s Field<'s>, String)> {
    let named = service.mounts.iter().filter(|mount| !mount.host_path);
    named
        .filter_map(|mount| {
            let device = view.global(&format!("volumes.{}.driver_opts.device", mount.source.effective()))?;
            Some((mount, device, real(&absolute_path(&of_the_guest(device.value)))))
        })
        .collect()
}

/// The same place under the name that rules know it by: /dstack is a link into /var/volatile on the guest, and the root
/// of its processes is the guest's own.
pub(crate) fn real(path: &str) -> String {
    let path = behind_processes(path);
    for (alias, name) in
        [("/var/volatile/dstack", "/dstack"), ("/var/volatile/tapp", "/tapp"), ("/mnt/dstack", "/dstack")]
    {
        if let Some(rest) = path.strip_prefix(alias)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return format!("{name}{rest}");
        }
    }
    path
}

/// What stands behind `/proc/PID/root` and `/proc/PID/cwd`, however often: the guest's processes run at its root.
fn behind_processes(path: &str) -> String {
    let mut path = path.to_owned();
    while let Some(rest) = path.strip_prefix("/proc/") {
        let mut steps = rest.splitn(3, '/');
        let (process, link, rest) = (steps.next(), steps.next(), steps.next().unwrap_or(""));
        let task = process.zip(rest.split_once('/')).filter(|_| link == Some("task"));
        match (link, task) {
            (Some("root" | "cwd"), _) => path = absolute_path(&format!("/{rest}")),
            // A thread has the same links.
            (_, Some((process, (_, rest)))) => path = format!("/proc/{process}/{rest}"),
            _ => break,
        }
    }
    path
}

/// Whether whoever chooses the open part of a source can make it one of `paths` or a folder above one.
///
/// What stands behind the open part stays: `${X}/data` is never the docker socket, whatever X is.
pub(crate) fn can_become(source: &Field<'_>, paths: &[&str]) -> bool {
    let shape = source.shape();
    let tail = shape.rsplit(HOLE).next().unwrap_or("").split(':').next().unwrap_or("").trim_end_matches('/');
    // Steps up or in place lead anywhere.
    if tail.is_empty() || tail.split('/').any(|step| matches!(step, "." | "..")) {
        return true;
    }
    let folders = |path: &str| {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.filter_map(|end| path.get(..end).map(str::to_owned)).collect::<Vec<_>>()
    };
    paths.iter().any(|path| folders(path).iter().any(|folder| folder.ends_with(tail)))
}

/// Files that the host writes and nothing measures.
pub(crate) fn is_hosts_file(path: &str) -> bool {
    matches!(
        path,
        "/dstack/user_config"
            | "/dstack/.host-shared/.user-config"
            | "/dstack/.host-shared/.sys-config.json"
            | "/dstack/.sys-config.json"
            | "/tapp/user_config"
            | "/tapp/.host-shared/.user-config"
            | "/tapp/.host-shared/.sys-config.json"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_of_the_guest_is_followed_by_whole_segments() {
        assert_eq!(real("/var/volatile/dstack/.host-shared"), "/dstack/.host-shared");
        assert_eq!(real("/var/volatile/dstack"), "/dstack");
        assert_eq!(real("/var/volatile/dstacks"), "/var/volatile/dstacks");
    }

    #[test]
    fn the_root_of_a_process_is_the_root_of_the_guest() {
        assert_eq!(real("/proc/1/root/run/docker.sock"), "/run/docker.sock");
        assert_eq!(real("/proc/self/root/proc/1/cwd/var/run/docker.sock"), "/run/docker.sock");
        assert_eq!(real("/proc/1/task/1/root/var/volatile/dstack"), "/dstack");
        assert_eq!(real("/proc/1/root"), "/");
        assert_eq!(real("/proc/stat"), "/proc/stat");
    }
}
