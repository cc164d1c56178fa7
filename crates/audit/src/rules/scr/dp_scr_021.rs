//! The guest that was measured must be the guest that runs: its kernel, its clock, its protections, its disks.

use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::script::{Command, Script, ScriptCommand};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-021",
    title: "a script changes the guest itself",
    severity: Severity::High,
    needs: &[Need::Manifest],
    remedy: "leave kernel, clock, protections, disks and working folder of the guest as they are",
    answers: &[Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

/// Files below /proc and /sys in which a program stands that the kernel runs as root.
const RUN_BY_KERNEL: &[&str] = &[
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/kernel/hotplug",
    "/proc/sys/kernel/poweroff_cmd",
    "/sys/kernel/uevent_helper",
];

/// Sockets by which whoever may write to them commands what runs, or asks for keys.
const SOCKETS: &[&str] =
    &["docker.sock", "containerd.sock", "podman.sock", "dstack.sock", "tappd.sock", "/run/docker"];

const KERNEL: &str = "code of the kernel that nothing measured";
const CLOCK: &str = "the clock says what the script says: expiry and locks of time end when it likes";
const SHIELD: &str = "a protection of the guest is taken off";
const DISK: &str = "who opens the disk, or which state it holds, is no longer the guest's to say";
const DAEMON: &str = "who may command the daemon or ask for keys is changed";
const HOSTS: &str =
    "a folder of the host: what is read there nothing measures, what is written there the host reads";
const FOLDER: &str = "the guest looks for the compose file in the folder that the script leaves it in";

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for write in subject.writes() {
        if RUN_BY_KERNEL.contains(&write.path().as_str()) {
            let evidence = format!("{} ({KERNEL})", write.evidence());
            sink.add(Note::fail(&write.place(), evidence).severity(Severity::Critical));
        }
    }
    for (script, item) in subject.commands().filter(|(_, item)| item.reachable) {
        if let Some((severity, why)) = changes(&item.command) {
            let evidence = format!("{} ({why})", item.evidence(script));
            sink.add(Note::fail(&item.place(script), evidence).severity(severity));
        }
    }
    for script in view.scripts.iter().filter(|script| script.is_pre_launch()) {
        if let Some(item) = leaves_folder(script) {
            let evidence = format!("{} ({FOLDER})", item.evidence(script));
            sink.add(Note::fail(&item.place(script), evidence).severity(Severity::Critical));
        }
    }
}

/// What a program is known to do to the guest; sources: the manual pages of these programs.
fn changes(command: &Command) -> Option<(Severity, &'static str)> {
    let words = command.arguments();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let names = |list: &[&str]| words.iter().any(|word| list.iter().any(|part| word.contains(part)));
    let first = command.subcommand().unwrap_or("");
    let high = |why| Some((Severity::High, why));
    match command.program() {
        "insmod" | "kpatch" => Some((Severity::Critical, KERNEL)),
        "modprobe" if has(&["-d", "--dirname", "-C", "--config"]) => Some((Severity::Critical, KERNEL)),
        "kexec" if !has(&["-u", "--unload", "-S", "--status", "-h", "--help", "-v", "--version"]) => {
            Some((Severity::Critical, KERNEL))
        }
        "sysctl" if names(&["kernel.core_pattern=", "kernel.modprobe=", "kernel.hotplug="]) => {
            Some((Severity::Critical, KERNEL))
        }
        "date" if has(&["-s", "--set"]) || names(&["--set="]) => high(CLOCK),
        "timedatectl" if matches!(first, "set-time" | "set-ntp") => high(CLOCK),
        "hwclock" if has(&["--set", "-s", "--hctosys", "-w", "--systohc"]) => high(CLOCK),
        "nft" if has(&["flush"]) || has(&["delete"]) && has(&["table", "chain"]) => high(SHIELD),
        "iptables" | "ip6tables" | "iptables-legacy" | "iptables-nft" | "ebtables"
            if has(&["-F", "--flush", "-X", "--delete-chain"]) =>
        {
            high(SHIELD)
        }
        "setenforce" if has(&["0", "Permissive"]) => high(SHIELD),
        "mount" if remounts(words) => high(SHIELD),
        "mount" if shares(words) => high(HOSTS),
        "mount.9p" | "mount.virtiofs" | "virtiofsd" => high(HOSTS),
        "cryptsetup"
            if matches!(
                first,
                "luksAddKey" | "luksChangeKey" | "luksFormat" | "reencrypt" | "luksConvertKey"
            ) =>
        {
            high(DISK)
        }
        "zfs" if matches!(first, "change-key" | "rollback" | "receive" | "recv") => high(DISK),
        "chmod" | "chown" | "chgrp" | "setfacl" if names(SOCKETS) => high(DAEMON),
        "usermod" | "gpasswd" | "adduser" if has(&["docker"]) => high(DAEMON),
        "set" if has(&["-n", "noexec"]) && !names(&["+o"]) => {
            high("what the guest's shell has to do next is not done")
        }
        "tar" | "cp" | "rsync" | "mv" | "unzip" | "cpio" if writes_storage(command) => {
            high("what containers store or run is replaced")
        }
        _ => None,
    }
}

/// `mount -o remount,rw /`.
fn remounts(words: &[String]) -> bool {
    words.iter().any(|word| {
        let mut options = word.trim_start_matches("-o").split(',');
        let options: Vec<&str> = options.by_ref().collect();
        options.contains(&"remount")
            && options.iter().any(|option| matches!(*option, "rw" | "exec" | "suid" | "dev"))
    })
}

/// A kind of file system that the host hands in.
fn shares(words: &[String]) -> bool {
    let kind = |kind: &str| matches!(kind, "9p" | "virtiofs");
    words.windows(2).any(|pair| matches!(pair, [option, of] if option == "-t" && kind(of)))
        || words.iter().any(|word| word.strip_prefix("-t").is_some_and(kind))
}

/// Files are put where docker keeps volumes and layers.
fn writes_storage(command: &Command) -> bool {
    let words = command.arguments();
    let stored =
        |word: &String| word.starts_with("/var/lib/docker/") || word.starts_with("/var/lib/containerd/");
    match command.program() {
        "tar" => {
            let reads = words.first().is_some_and(|word| !word.contains('x'));
            !reads && words.iter().any(stored)
        }
        "unzip" | "cpio" => words.iter().any(stored),
        _ => words.last().is_some_and(stored),
    }
}

/// The last change of the working folder of the guest's own shell, where it leads away from the guest's.
fn leaves_folder<'s>(script: &'s Script<'_>) -> Option<&'s ScriptCommand> {
    let mut depth: Vec<&ScriptCommand> = Vec::new();
    let mut away: Option<&ScriptCommand> = None;
    for item in script.commands().iter().filter(|item| item.reachable) {
        let own = item.source(script).is_some_and(|command| {
            !command.in_subshell
                && command.nesting == 0
                && command.substitution_depth == 0
                && command.function.is_none()
        });
        if !own {
            continue;
        }
        let to = item.command.subcommand().unwrap_or("");
        match item.command.program() {
            "cd" => {
                let own = matches!(to, "/dstack" | "/dstack/" | "/tapp" | "/tapp/");
                let back = item.command.words.get(1).is_some_and(|word| word == "-");
                away = (!own && !back).then_some(item);
            }
            "pushd" => depth.push(item),
            "popd" => {
                depth.pop();
            }
            _ => {}
        }
    }
    away.or_else(|| depth.last().copied())
}
