//! Protects the one way in: a tunnel or private network opens a second one beside the gateway, routed from outside.

use crate::facts::built;
use crate::facts::words::{base, command_words};
use crate::field::Field;
use crate::names::words;
use crate::rule::{Need, Note, Rule, Sink};
use crate::script::Command;
use crate::source::dockerfile::Build;
use crate::subject::Subject;
use crate::view::Service;
use veritee_model::{Place, Severity};

pub(super) const RULE: Rule = Rule {
    id: "DP-NET-002",
    title: "a second way in beside the gateway",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "reach the application through the gateway or its own published port only",
    check,
    ..Rule::PLAIN
};

/// Programs that carry connections from elsewhere to services of the machine.
const TUNNELS: &[&str] = &[
    "cloudflared",
    "tailscale",
    "tailscaled",
    "ngrok",
    "frpc",
    "frps",
    "frp",
    "chisel",
    "bore",
    "inlets",
    "zerotier",
    "netbird",
    "netmaker",
    "netclient",
    "headscale",
    "rathole",
    "localtunnel",
    "pagekite",
    "autossh",
    "openvpn",
    "ligolo",
    "nebula",
    "boringproxy",
    "sish",
    "zrok",
    "twingate",
    "gost",
    "wireproxy",
    "pritunl",
    "firezone",
    "tor",
    "onion",
    "wstunnel",
    "serveo",
    "expose",
    "playit",
    "pangolin",
    "newt",
    "gsocket",
    "revsocks",
    "teleport",
    "dumbpipe",
    "sendme",
    "holesail",
    "hypertele",
    "portal-tunnel",
    "telebit",
    "jprq",
    "tunnelto",
];

/// Words that name such a network wherever they stand: in an image's name, a container's name, a variable, a package.
const NETWORKS: &[&str] =
    &["wireguard", "openvpn", "tailscale", "zerotier", "netbird", "ngrok", "cloudflared"];

/// Folders of their settings and keys.
const FOLDERS: &[&str] =
    &["/etc/wireguard", "/etc/openvpn", "/etc/cloudflared", "/var/lib/tailscale", "/var/lib/tor"];

/// Ports that only they listen on.
const PORTS: &[&str] = &["51820/udp", "1194/udp", "41641/udp", "9993/udp"];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for (service, build) in built::inline(subject, view) {
        if let Some((place, evidence)) = built_in(build) {
            sink.add(Note::fail(&place, format!("{}: {evidence}", service.name)).about(service.name));
        }
    }
    for (path, value) in view.globals_below("networks").filter(|(path, _)| path.contains(".driver_opts.")) {
        if let Some(opened) = opened(path, value) {
            sink.add(opened);
        }
    }
    for service in view.active() {
        let Some((value, evidence)) = tunnel(service) else {
            if let Some((place, evidence)) = by_signs(service) {
                sink.add(Note::fail(&place, format!("{}: {evidence}", service.name)).about(service.name));
            }
            continue;
        };
        let mut note = Note::fail(&value.place, format!("{}: {evidence}", service.name)).about(service.name);
        // What the image's program is told stands in its command.
        for (path, value) in service.below("command") {
            note = note.also(&value.place, format!("{path}: {}", value.raw));
        }
        sink.add(note);
    }
}

/// Options of a bridge on which nothing but names and sizes hangs, or that close it further.
/// Source: docs.docker.com, "Bridge network driver", options.
const PLAIN_OPTIONS: &[&str] = &[
    "com.docker.network.bridge.name",
    "com.docker.network.bridge.enable_icc",
    "com.docker.network.bridge.enable_ip_masquerade",
    "com.docker.network.bridge.inhibit_ipv4",
    "com.docker.network.bridge.trusted_host_interfaces",
    "com.docker.network.container_iface_prefix",
    "com.docker.network.driver.mtu",
];

/// What an option of a network lets in: a mode in which ports that nobody published are reached from outside of the
/// machine, or an option that this list does not know.
fn opened(path: &str, value: &Field<'_>) -> Option<Note> {
    let (_, option) = path.split_once(".driver_opts.")?;
    let evidence = format!("{path}: {}", value.raw);
    if value.is_settable() {
        return Some(Note::fail(&value.place, evidence));
    }
    let text = value.effective();
    match option {
        "com.docker.network.bridge.gateway_mode_ipv4" | "com.docker.network.bridge.gateway_mode_ipv6" => {
            match text.as_str() {
                "nat" | "isolated" => None,
                "nat-unprotected" | "routed" => Some(Note::fail(&value.place, evidence)),
                _ => Some(Note::unknown(&value.place, evidence)),
            }
        }
        // Where published ports listen: nothing that was not published.
        "com.docker.network.bridge.host_binding_ipv4" => None,
        _ if PLAIN_OPTIONS.contains(&option) => None,
        _ => Some(Note::unknown(&value.place, evidence).severity(Severity::Medium)),
    }
}

/// By what a Dockerfile of the document starts, or installs to be started.
fn built_in(build: &Build) -> Option<(Place, String)> {
    let named = |word: &String| TUNNELS.contains(&base(word)) || NETWORKS.contains(&base(word));
    let quick = |command: &Command| matches!(command.program(), "wg-quick" | "wg" | "boringtun");
    let started =
        built::started(build).find(|(_, command)| command.words.iter().any(named) || quick(command));
    if let Some((place, command)) = started {
        return Some((place, format!("starts {}", command.text())));
    }
    let (place, name) = built::installed(build)
        .into_iter()
        .find(|(_, name)| matches!(name.as_str(), "wireguard-tools" | "tor") || named(name))?;
    Some((place, format!("installs {name}")))
}

/// By its settings, where the image has a name of its own: the folder of its keys, its port, its variables, the name of
/// its container.
fn by_signs(service: &Service<'_>) -> Option<(Place, String)> {
    let folder = service.mounts.iter().find(|mount| {
        let target = mount.target.trim_end_matches('/');
        FOLDERS.iter().any(|folder| {
            target.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    });
    if let Some(mount) = folder {
        return Some((mount.source.place.clone(), format!("volumes: {}", mount.target)));
    }
    let port = service.ports.iter().find(|port| {
        let protocol = port.protocol.unwrap_or("tcp");
        PORTS.contains(&format!("{}/{protocol}", port.value.text).as_str())
    });
    if let Some(port) = port {
        return Some((port.value.place.clone(), format!("ports: {}", port.value.raw)));
    }
    let named =
        |text: &str| words(text).iter().any(|word| NETWORKS.contains(&word.to_ascii_lowercase().as_str()));
    let keys = service.environment.iter().find(|entry| {
        let last = words(entry.name).pop().unwrap_or_default();
        named(entry.name)
            && matches!(last.as_str(), "KEY" | "AUTHKEY" | "TOKEN" | "AUTHTOKEN" | "CONFIG" | "CONF")
    });
    if let Some(entry) = keys {
        return Some((entry.value.place.clone(), format!("environment.{}", entry.name)));
    }
    let container = service.scalar("container_name").filter(|name| named(&name.effective()))?;
    Some((container.place.clone(), format!("container_name: {}", container.raw)))
}

/// Tells something, or listens to its own machine only.
fn is_idle(service: &Service<'_>, key: &str) -> bool {
    const TELLS: &[&str] = &["help", "--help", "-h", "version", "--version", "-V", "--lookup"];
    let texts = service.below(key).flat_map(|(_, value)| command_words(&value.effective()));
    let words: Vec<String> = texts.collect();
    let listens: Vec<&str> = words
        .windows(2)
        .filter_map(|pair| match pair {
            [option, address] if option == "-L" => Some(address.as_str()),
            _ => None,
        })
        .collect();
    let own = |address: &&str| {
        let host = address.split_once("://").map_or(*address, |(_, host)| host);
        host.starts_with("127.") || host.starts_with("localhost:") || host.starts_with("[::1]")
    };
    words.iter().skip(1).take(2).any(|word| TELLS.contains(&word.as_str()))
        || !listens.is_empty() && listens.iter().all(own) && !words.iter().any(|word| word == "-F")
}

/// By what runs, or by the image's name.
fn tunnel<'s>(service: &'s Service<'_>) -> Option<(&'s Field<'s>, String)> {
    for key in ["command", "entrypoint"] {
        for (path, value) in service.below(key) {
            let words = command_words(&value.effective());
            let named = words.iter().any(|word| TUNNELS.contains(&base(word))) && !is_idle(service, key);
            let reverse = words.iter().any(|word| base(word) == "ssh")
                && words.iter().any(|word| word == "-R" || word.starts_with("-R"));
            if named || reverse {
                return Some((value, format!("{path}: {}", value.raw)));
            }
        }
    }
    let image = service.image()?;
    let text = image.effective().to_ascii_lowercase();
    let name = text.split('@').next().unwrap_or(&text);
    let mut words = name.split(|character: char| !character.is_ascii_alphanumeric());
    words
        .any(|word| TUNNELS.contains(&word) || NETWORKS.contains(&word))
        .then(|| (image, format!("image: {}", image.raw)))
}
