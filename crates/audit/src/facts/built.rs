//! What a Dockerfile that stands in the document puts into a service: the programs that it starts and the packages that
//! it installs. The same program named by `command` or by the image's name says the same.

use crate::facts::code;
use crate::facts::downloads::{fetches_code, is_checksum};
use crate::script::{Command, Input};
use crate::source::dockerfile::{Build, Step};
use crate::subject::Subject;
use crate::view::{Service, View};
use std::collections::BTreeSet;
use veritee_model::Place;

/// The Dockerfiles of the document, each with the service that is built from it.
pub(crate) fn inline<'s, 'a>(
    subject: &'s Subject<'a>,
    view: &'s View<'a>,
) -> impl Iterator<Item = (&'s Service<'a>, &'s Build)> {
    subject.live_builds().filter(|build| build.origin.in_machine).filter_map(move |build| {
        let path = build.origin.place.path.strip_suffix(".build.dockerfile_inline")?;
        let service = view.active_named(path.strip_prefix("services.")?)?;
        (service.entry.path == path).then_some((service, build))
    })
}

/// What the last stage starts: its own `ENTRYPOINT` and `CMD`.
pub(crate) fn started(build: &Build) -> impl Iterator<Item = (Place, &Command)> {
    let steps = build.stages().last().map_or(&[][..], |stage| &stage.steps);
    steps.iter().flat_map(move |step| match step {
        Step::Start { commands, offset, .. } => {
            commands.iter().map(|command| (build.place(*offset), command)).collect::<Vec<_>>()
        }
        _ => Vec::new(),
    })
}

/// Packages that the last stage installs by name, without versions.
pub(crate) fn installed(build: &Build) -> Vec<(Place, String)> {
    const VERBS: &[&str] = &["install", "add", "reinstall", "-S", "-Sy", "-Syu"];
    let mut found = Vec::new();
    for step in build.stages().last().map_or(&[][..], |stage| &stage.steps) {
        let Step::Run { commands, offset, .. } = step else { continue };
        for command in commands {
            let managed = matches!(
                command.program(),
                "apt-get" | "apt" | "apk" | "dnf" | "yum" | "microdnf" | "zypper" | "pacman"
            );
            if !managed || !VERBS.iter().any(|verb| command.has(verb)) {
                continue;
            }
            let words = command.arguments().iter();
            let packages = words.filter(|word| !word.starts_with('-') && !VERBS.contains(&word.as_str()));
            found.extend(packages.map(|word| {
                let name = word.split(['=', '~', '<', '>', ':']).next().unwrap_or(word);
                (build.place(*offset), name.to_owned())
            }));
        }
    }
    found
}

/// Programs of a build that take nothing in, or whose downloads rules about builds judge.
#[rustfmt::skip]
const UNDERSTOOD: &[&str] = &[
    ":", ".", "[", "[[", "adduser", "addgroup", "apk", "apt", "apt-get", "apt-mark", "basename", "bash", "bzip2", "cargo",
    "cat", "cd", "chgrp", "chmod", "chown", "chpasswd", "cmp", "cp", "curl", "cut", "date", "declare", "deluser", "df", "diff",
    "dirname", "dnf", "dpkg", "du", "echo", "egrep", "env", "exit", "export", "false", "fgrep", "file", "find", "gcc", "g++",
    "git", "go", "grep", "groupadd", "gunzip", "gzip", "head", "hostname", "id", "install", "ldconfig", "ln", "local",
    "locale-gen", "ls", "make", "microdnf", "mkdir", "mkfifo", "mktemp", "mv", "npm", "npx", "passwd", "patch", "pip", "pip3",
    "pnpm", "poetry", "printenv", "printf", "pwd", "read", "readlink", "readonly", "realpath", "return", "rm", "rmdir",
    "rustc", "sed", "set", "setcap", "sh", "sha256sum", "sha512sum", "shift", "sleep", "sort", "ssh-keygen", "stat", "strip",
    "su", "sync", "tail", "tar", "tee", "test", "touch", "tr", "trap", "true", "type", "tzdata", "umask", "uname", "uniq",
    "unset", "unxz", "unzip", "update-ca-certificates", "useradd", "usermod", "uv", "uvx", "wc", "wget", "which", "xargs",
    "xz", "yarn", "yum", "zip",
];

/// Programs whose downloads rules about builds judge by themselves.
#[rustfmt::skip]
const JUDGED: &[&str] = &[
    "apk", "apt", "apt-get", "bundle", "cargo", "curl", "dnf", "git", "microdnf", "npm", "npx", "pip", "pip3", "pnpm",
    "poetry", "uv", "uvx", "wget", "yarn", "yum",
];

/// The first step of a build of which it is not known what it takes in.
pub(crate) fn not_understood(build: &Build) -> Option<String> {
    for step in build.stages().iter().flat_map(|stage| &stage.steps) {
        let Step::Run { commands, text, .. } = step else { continue };
        if text.trim().is_empty() {
            continue;
        }
        let checked = commands.iter().any(is_checksum);
        let functions: BTreeSet<&str> = text
            .split("()")
            .filter_map(|before| {
                before.trim_end().rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()
            })
            .collect();
        for (index, command) in commands.iter().enumerate() {
            let program = command.program();
            let fetches = || {
                let next = commands.get(index.saturating_add(1));
                fetches_code(command, next, checked).is_some()
            };
            let asks = command
                .arguments()
                .iter()
                .all(|word| matches!(word.as_str(), "--version" | "-V" | "-v" | "version" | "--help"))
                && !command.arguments().is_empty();
            let effect = code::of_command(&command.words, None, &[]);
            let by_path = command.words.first().is_some_and(|word| word.starts_with('/'));
            let interpreted = code::of(&command.words).is_some() && effect.is_none();
            let known = UNDERSTOOD.contains(&program)
                || by_path
                || interpreted
                || asks
                || functions.contains(program);
            let piped_in = command.input == Input::Unread;
            if effect.is_some() || piped_in || !known || !JUDGED.contains(&program) && !asks && fetches() {
                return Some(command.text());
            }
            let straight = matches!(program, "curl" | "wget") && command.piped && fetches();
            if straight {
                return Some(command.text());
            }
        }
    }
    None
}
