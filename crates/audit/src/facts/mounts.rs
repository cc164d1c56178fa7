//! What services mount: of which kind each entry is, and which path of the machine it really is.
//!
//! The kinds are those of the compose specification. One that is not in the table is said to be unknown.

use crate::view::{Mount, Service, Value, View, normalise};

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
pub(crate) fn kind(service: &Service, mount: &Mount) -> Kind {
    match field(service, mount, "type") {
        None if mount.host_path => Kind::Path,
        None => Kind::Storage,
        Some(value) if value.provenance().is_settable() => Kind::Unknown,
        Some(value) => match value.effective().as_str() {
            "bind" => Kind::Path,
            "volume" | "tmpfs" => Kind::Storage,
            "image" => Kind::Image,
            _ => Kind::Unknown,
        },
    }
}

/// A field of an entry in the long form.
pub(crate) fn field<'a>(service: &'a Service, mount: &Mount, name: &str) -> Option<&'a Value> {
    let path = &mount.source.place.path;
    let entry = path.strip_suffix(".source").unwrap_or(path);
    let start = entry.find(".volumes.").map_or(0, |at| at.saturating_add(1));
    service.scalar(&format!("{}.{name}", entry.get(start..).unwrap_or(entry)))
}

/// Mounts of paths of the machine.
pub(crate) fn paths(service: &Service) -> impl Iterator<Item = (&Mount, String)> {
    service
        .mounts
        .iter()
        .filter(|mount| matches!(kind(service, mount), Kind::Path | Kind::Unknown))
        .filter_map(|mount| Some((mount, real(&mount.path()?))))
}

/// Named volumes of a service whose driver binds a path of the machine, with that value and path.
pub(crate) fn bound<'a>(view: &'a View, service: &'a Service) -> Vec<(&'a Mount, &'a Value, String)> {
    let named = service.mounts.iter().filter(|mount| !mount.host_path);
    named
        .filter_map(|mount| {
            let device = view.global(&format!("volumes.{}.driver_opts.device", mount.source.effective()))?;
            Some((mount, device, real(&normalise(&device.effective()))))
        })
        .collect()
}

/// The same place under the name that rules know it by: /dstack is a link into /var/volatile on the guest.
pub(crate) fn real(path: &str) -> String {
    for (alias, name) in
        [("/var/volatile/dstack", "/dstack"), ("/var/volatile/tapp", "/tapp"), ("/mnt/dstack", "/dstack")]
    {
        if let Some(rest) = path.strip_prefix(alias)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return format!("{name}{rest}");
        }
    }
    path.to_owned()
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
}
