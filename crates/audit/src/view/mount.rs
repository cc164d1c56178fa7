//! What a service gets from the machine, and what it opens to the outside.

use super::Value;

/// A volume entry, in either spelling.
#[derive(Debug, Clone)]
pub(crate) struct Mount {
    pub(crate) source: Value,
    pub(crate) target: String,
    pub(crate) read_only: bool,
    /// The source is a path of the machine, not the name of a volume.
    pub(crate) host_path: bool,
}

impl Mount {
    /// The path on the machine with relative parts resolved; `None` for a named volume.
    pub(crate) fn path(&self) -> Option<String> {
        self.host_path.then(|| normalise(&self.source.effective()))
    }
}

/// An absolute path without `.` and `..`; relative ones are below /dstack, where dstack runs compose.
pub(crate) fn normalise(path: &str) -> String {
    let absolute = if let Some(home) = path.strip_prefix('~') {
        format!("/root/{home}")
    } else if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/dstack/{path}")
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in absolute.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let joined = format!("/{}", parts.join("/"));
    // /var/run is a link to /run.
    match joined.strip_prefix("/var/run") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/run{rest}"),
        _ => joined,
    }
}

/// A published port.
#[derive(Debug, Clone)]
pub(crate) struct Port {
    pub(crate) value: Value,
    /// Bound to the loopback interface only.
    pub(crate) loopback: bool,
    /// Port inside the container, as text.
    pub(crate) target: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_absolute_without_detours() {
        for (path, expected) in [
            ("/var/run/docker.sock", "/run/docker.sock"),
            ("/dstack/../var/run/", "/run"),
            ("./data", "/dstack/data"),
            ("../", "/"),
            ("/", "/"),
            ("~/.ssh", "/root/.ssh"),
            ("/var/running", "/var/running"),
        ] {
            assert_eq!(normalise(path), expected, "{path}");
        }
    }
}
