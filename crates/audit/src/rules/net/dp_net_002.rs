//! Protects the one way in: a tunnel or private network opens a second one beside the gateway, routed from outside.

use crate::facts::words::{base, command_words};
use crate::field::Field;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Service;
use veritee_model::Severity;

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
];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        let Some((value, evidence)) = tunnel(service) else { continue };
        let mut note = Note::fail(&value.place, format!("{}: {evidence}", service.name)).about(service.name);
        // What the image's program is told stands in its command.
        for (path, value) in service.below("command") {
            note = note.also(&value.place, format!("{path}: {}", value.raw));
        }
        sink.add(note);
    }
}

/// By what runs, or by the image's name.
fn tunnel<'s>(service: &'s Service<'_>) -> Option<(&'s Field<'s>, String)> {
    for key in ["command", "entrypoint"] {
        for (path, value) in service.below(key) {
            let words = command_words(&value.effective());
            let named = words.iter().any(|word| TUNNELS.contains(&base(word)));
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
    words.any(|word| TUNNELS.contains(&word)).then(|| (image, format!("image: {}", image.raw)))
}
