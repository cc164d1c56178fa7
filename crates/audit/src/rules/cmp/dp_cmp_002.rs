//! Protects the machine from its containers: privileges, devices and namespaces that reach beyond their own.

use crate::field::Field;
use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Service;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-002",
    title: "a container leaves its confinement",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "drop the privilege",
    answers: &[Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

const GRAVE: &[&str] =
    &["ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "DAC_READ_SEARCH", "SYS_RAWIO", "SYS_BOOT", "BPF"];
const MILD: &[&str] = &["NET_ADMIN", "NET_RAW", "SYS_TIME", "SYS_CHROOT", "DAC_OVERRIDE"];

/// Keys that confine or free a container: whoever chooses their value chooses how far it reaches.
const CONFINING: &[&str] = &[
    "privileged",
    "cap_add",
    "pid",
    "ipc",
    "userns_mode",
    "uts",
    "cgroup",
    "cgroup_parent",
    "security_opt",
    "devices",
    "device_cgroup_rules",
    "sysctls",
    "runtime",
    "group_add",
    "user",
    "network_mode",
    "cap_drop",
    "read_only",
];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for key in CONFINING {
            for (path, value) in service.below(key) {
                let judged =
                    if value.is_settable() { Some(Severity::High) } else { severity(service, key, value) };
                let Some(severity) = judged else { continue };
                let chosen = if value.is_settable() { " (whoever deploys chooses it)" } else { "" };
                let evidence = format!("{}: {path}: {}{chosen}", service.name, value.raw);
                sink.add(Note::fail(&value.place, evidence).severity(severity).about(service.name));
            }
        }
    }
}

/// How grave a fixed value is; `None` where it frees nothing.
fn severity(service: &Service<'_>, key: &str, value: &Field<'_>) -> Option<Severity> {
    let text = value.effective();
    match key {
        "privileged" => service.is_true("privileged").then_some(Severity::High),
        "cap_add" => {
            let name = text.to_ascii_uppercase();
            let name = name.strip_prefix("CAP_").unwrap_or(&name);
            if GRAVE.contains(&name) {
                Some(Severity::High)
            } else {
                MILD.contains(&name).then_some(Severity::Medium)
            }
        }
        "pid" | "ipc" | "userns_mode" | "uts" | "cgroup" => namespace(&text),
        // The host's network is another rule's.
        "network_mode" => text.starts_with("container:").then_some(Severity::High),
        "security_opt" => {
            let lax = [
                "unconfined",
                "label:disable",
                "label=disable",
                "no-new-privileges:false",
                "no-new-privileges=false",
            ];
            lax.iter().any(|word| text.contains(word)).then_some(Severity::High)
        }
        "devices" | "device_cgroup_rules" => device(&text),
        "sysctls" => Some(Severity::Medium),
        "runtime" => (!matches!(text.as_str(), "nvidia" | "runc")).then_some(Severity::High),
        _ => None,
    }
}

/// How much a device gives: nothing of the machine where every container has it anyway (`/dev/null` and its like, by name
/// or as the kernel's numbers: admin-guide/devices.txt), all of it where a rule names every disk.
fn device(text: &str) -> Option<Severity> {
    const EVERYWHERE: &[&str] = &["null", "zero", "full", "random", "urandom", "tty"];
    const NUMBERS: &[&str] = &["1:3", "1:5", "1:7", "1:8", "1:9", "5:0"];
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["c", numbers, _] if NUMBERS.contains(numbers) => None,
        ["b" | "a", numbers, rights] if numbers.contains('*') && rights.contains(['r', 'w']) => {
            Some(Severity::High)
        }
        _ => {
            let source = text.split(':').next().unwrap_or(text);
            let plain = source.strip_prefix("/dev/").is_some_and(|name| EVERYWHERE.contains(&name));
            (!plain).then_some(Severity::Medium)
        }
    }
}

/// A namespace shared with the machine or with a container outside of the document; with another service it is milder.
fn namespace(text: &str) -> Option<Severity> {
    if text == "host" || text.starts_with("container:") {
        Some(Severity::High)
    } else {
        text.starts_with("service:").then_some(Severity::Medium)
    }
}
