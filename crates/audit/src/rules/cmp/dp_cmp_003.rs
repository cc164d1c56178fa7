//! Protects the guest's own files: its keys, its decrypted environment, other containers' data.

use crate::facts::{docker, mounts};
use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::{View, of_the_guest};
use veritee_compose::service::absolute_path;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-003",
    title: "a path of the machine is mounted",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "use a named volume; mount nothing of the guest",
    answers: &[Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

/// Devices that every container has: over themselves they change nothing.
const EVERYWHERE: &[&str] = &["null", "zero", "full", "random", "urandom", "tty"];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for (mount, path) in mounts::paths(service) {
            if mounts::is_hosts_file(&path) {
                continue;
            }
            if path.strip_prefix("/dev/").is_some_and(|name| EVERYWHERE.contains(&name))
                && path == mount.target
            {
                continue;
            }
            let mode = if mount.read_only { " (read-only)" } else { "" };
            let evidence =
                format!("{} volumes: {} -> {}{mode}", service.name, mount.source.raw, mount.target);
            if mount.source.is_settable() {
                let note = Note::fail(&mount.source.place, evidence).severity(Severity::Critical);
                sink.add(note.about("whoever deploys chooses the path"));
            } else if let Some(severity) = severity(&path, mount.read_only, mount.source.raw.starts_with('/'))
            {
                sink.add(Note::fail(&mount.source.place, evidence).severity(severity).about(path));
            }
        }
        for (path, value) in service
            .below("secrets")
            .chain(service.below("configs"))
            .filter(|(path, _)| path.ends_with(".file"))
        {
            let evidence = format!("{} {path}: {}", service.name, value.raw);
            sink.add(Note::fail(&value.place, evidence).severity(Severity::Low).about(path));
        }
    }
    layers(view, sink);
    for (path, value) in view.globals_below("volumes") {
        let Some(volume) =
            path.strip_prefix("volumes.").and_then(|rest| rest.strip_suffix(".driver_opts.device"))
        else {
            continue;
        };
        let device = mounts::real(&absolute_path(&of_the_guest(value.value)));
        let severity =
            if value.is_settable() { Some(Severity::Critical) } else { severity(&device, false, true) };
        if let Some(severity) = severity.filter(|_| value.raw.starts_with(['/', '$', '.'])) {
            sink.add(
                Note::fail(&value.place, format!("volume {volume} binds {}", value.raw))
                    .severity(severity)
                    .about(device),
            );
        }
    }
}

/// The folders that a volume of type `overlay` lays over each other: each is seen whole.
fn layers(view: &View<'_>, sink: &mut Sink<'_>) {
    for (path, value) in view.globals_below("volumes").filter(|(path, _)| path.ends_with(".driver_opts.o")) {
        let text = value.effective();
        let options = text.split(',').filter_map(|option| option.split_once('='));
        let folders = options.filter(|(name, _)| matches!(*name, "lowerdir" | "upperdir" | "workdir"));
        for folder in folders.flat_map(|(_, folders)| folders.split(':')).filter(|folder| !folder.is_empty())
        {
            let folder = mounts::real(&absolute_path(folder));
            if let Some(severity) = severity(&folder, false, true) {
                let evidence = format!("{path}: {} (lays {folder} below)", value.raw);
                sink.add(Note::fail(&value.place, evidence).severity(severity).about(folder));
            }
        }
    }
}

/// How grave a path is; `None` for the sockets that other rules judge.
fn severity(path: &str, read_only: bool, absolute: bool) -> Option<Severity> {
    let under =
        |root: &str| path == root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
    // A socket that the other rule would not know stays this one's.
    if docker::covers_socket(path) && path.ends_with(".sock")
        || path == "/run/dstack"
        || path.ends_with("/dstack.sock")
        || path.ends_with("/tappd.sock")
    {
        return None;
    }
    // Each of these starts or builds whatever it is told, as root.
    if matches!(path, "/run/systemd/private" | "/run/dbus/system_bus_socket" | "/run/buildkit/buildkitd.sock")
    {
        return Some(Severity::High);
    }
    // Reading them is all that is needed.
    if path.contains("/.decrypted-env") || path.contains("/.appkeys") {
        return Some(Severity::Critical);
    }
    let shared = under("/dstack/.host-shared") || under("/tapp/.host-shared");
    if matches!(path, "/" | "/dstack" | "/tapp") || shared {
        return Some(if read_only { Severity::High } else { Severity::Critical });
    }
    if matches!(path, "/run" | "/var" | "/root" | "/boot" | "/usr" | "/lib")
        || under("/var/lib/docker")
        || under("/etc")
        || under("/root")
    {
        return Some(Severity::High);
    }
    if under("/proc") || under("/sys") || under("/dev") {
        return Some(if read_only { Severity::Medium } else { Severity::High });
    }
    if under("/run") {
        return Some(Severity::Medium);
    }
    Some(if absolute && !under("/dstack") { Severity::Medium } else { Severity::Low })
}
