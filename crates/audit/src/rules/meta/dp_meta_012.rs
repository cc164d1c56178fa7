//! Protects against silence: a part of the document that this program does not understand is said, and counts.

use crate::facts::built;
use crate::facts::code::{self, Effect};
use crate::facts::downloads::{fetches_code, is_checksum};
use crate::facts::mounts::{self, Kind};
use crate::rule::{Note, Rule, Sink};
use crate::script::{Command, Input};
use crate::source::dockerfile::Step;
use crate::subject::Subject;
use crate::view::{FaultKind, Service};
use std::collections::BTreeSet;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-META-012",
    title: "a part of the document that is not understood",
    severity: Severity::High,
    needs: &[],
    remedy: "say it in a way that is understood; or say what it does, in a review or with [[audit.allow]]",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for fault in view.faults.iter().filter(|fault| fault.kind == FaultKind::NotModelled) {
        sink.add(Note::unknown(&fault.place, &fault.what));
    }
    let inside: Vec<&str> = view.services.iter().map(|service| service.name).collect();
    for (service, build) in built::inline(subject, view) {
        for step in build.stages().last().map_or(&[][..], |stage| &stage.steps) {
            let (Step::Start { commands, offset, .. } | Step::Check { commands, offset }) = step else {
                continue;
            };
            for why in unread(commands, &inside) {
                let evidence = format!("{} build.dockerfile_inline: {why}", service.name);
                sink.add(Note::unknown(&build.place(*offset), evidence).about(service.name));
            }
        }
    }
    for service in view.active() {
        let mut said: BTreeSet<String> = BTreeSet::new();
        for program in &service.programs {
            for why in unread(&program.commands, &inside) {
                let evidence = format!("{} {}: {why}", service.name, program.path);
                if said.insert(evidence.clone()) {
                    sink.add(Note::unknown(&program.place, evidence).about(service.name));
                }
            }
        }
        for (path, value) in service.configs.iter().filter(|(_, value)| !value.effective().starts_with("#!"))
        {
            let text = value.effective();
            if let Some(line) = text.lines().find(|line| names_shell(line)) {
                let evidence =
                    format!("{path}: {} (a shell that whoever reads the file may start)", line.trim());
                sink.add(Note::unknown(&value.place, evidence).about(service.name));
            }
        }
        mount_kinds(service, sink);
        foreign_mounts(service, sink);
        for (key, known) in KINDS {
            for value in service.scalar(key).into_iter().filter(|value| !value.is_settable()) {
                let text = value.effective();
                let listed = known.iter().any(|kind| match kind.strip_suffix('*') {
                    Some(prefix) => text.starts_with(prefix),
                    None => text == *kind,
                });
                if !listed && !text.is_empty() {
                    let evidence = format!("{} {key}: {}", service.name, value.raw);
                    sink.add(Note::unknown(&value.place, evidence).about(*key));
                }
            }
        }
    }
}

/// Files and devices whose content the host chooses, and nothing measures.
fn by_host(word: &str) -> bool {
    #[rustfmt::skip]
    const FILES: &[&str] = &[
        "/proc/cmdline", "/sys/class/dmi", "/sys/devices/virtual/dmi", "/sys/block", "/sys/firmware", "/sys/hypervisor",
        "/dev/vd", "/dev/sd", "/dev/hvc", "/dev/vsock", "/dev/fw_cfg", "/dev/virtio", "/dev/disk", "/dev/nvme", "/dev/sr0",
    ];
    FILES.iter().any(|file| word.contains(file))
}

/// A line of a configuration file that names a shell: whoever reads the file may start it.
fn names_shell(line: &str) -> bool {
    let line = line.trim();
    let comment = line.starts_with(['#', ';']);
    let words: Vec<&str> =
        line.split(|c: char| c.is_whitespace() || matches!(c, '=' | '"' | '\'' | ',')).collect();
    let shell = words
        .iter()
        .any(|word| matches!(*word, "/bin/sh" | "/bin/bash" | "/bin/ash" | "/bin/dash" | "/usr/bin/bash"));
    let setting = line.to_ascii_uppercase().starts_with("SHELL") || line.starts_with("#!");
    shell && !comment && !setting
}

/// Texts of other languages, and inputs of interpreters, of which it is not known that they are harmless.
fn unread(commands: &[Command], inside: &[&str]) -> Vec<String> {
    let checked = commands.iter().any(is_checksum);
    let of = |(index, command): (usize, &Command)| {
        let before = index.checked_sub(1).and_then(|at| commands.get(at));
        let input = match &command.input {
            Input::Text(text) => Some(text.as_str()),
            Input::None | Input::Unread => None,
        };
        let text = code::of_command(&command.words, input, inside) == Some(Effect::Unknown);
        // What is downloaded into it is said by another rule.
        let said = before.is_some_and(|before| fetches_code(before, Some(command), checked).is_some());
        let computed = command.input == Input::Unread && !said;
        let prints = matches!(command.program(), "echo" | "printf");
        let host =
            command.words.iter().find(|word| !prints && !word.contains(char::is_whitespace) && by_host(word));
        if host.is_some() {
            return Some(format!("{} (reads what the host chooses)", command.text()));
        }
        match (text, computed) {
            (true, _) => Some(format!(
                "{} (the text of a program: not all of it is known to be harmless)",
                command.text()
            )),
            (_, true) => Some(format!("{} (runs what it reads, and that is not known)", command.text())),
            _ => None,
        }
    };
    commands.iter().enumerate().filter_map(of).collect()
}

/// Keys whose value picks a kind, with the kinds of the compose specification. `*` stands for any ending.
const KINDS: &[(&str, &[&str])] = &[
    ("network_mode", &["bridge", "none", "host", "default", "service:*", "container:*"]),
    ("pid", &["host", "private", "service:*", "container:*"]),
    ("ipc", &["host", "private", "shareable", "none", "service:*", "container:*"]),
    ("uts", &["host", "private"]),
    ("userns_mode", &["host"]),
    ("cgroup", &["host", "private"]),
    ("isolation", &["default"]),
    ("pull_policy", &["always", "never", "missing", "if_not_present", "build", "daily", "weekly", "every_*"]),
    ("restart", &["no", "always", "on-failure*", "unless-stopped", "false"]),
    ("deploy.mode", &["replicated", "global"]),
];

/// Mounts of a container of which nothing stands in the document.
fn foreign_mounts(service: &Service<'_>, sink: &mut Sink<'_>) {
    for (path, value) in
        service.below("volumes_from").filter(|(_, value)| value.raw.starts_with("container:"))
    {
        let evidence = format!("{} {path}: {} (what it mounts is not known)", service.name, value.raw);
        sink.add(Note::unknown(&value.place, evidence).about("volumes_from"));
    }
}

fn mount_kinds(service: &Service<'_>, sink: &mut Sink<'_>) {
    for mount in service.mounts.iter().filter(|mount| mounts::kind(mount) == Kind::Unknown) {
        let evidence = format!("{} volumes: a mount of an unknown type: {}", service.name, mount.source.raw);
        sink.add(Note::unknown(&mount.source.place, evidence).about("volumes"));
    }
}
