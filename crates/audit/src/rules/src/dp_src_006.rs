//! Protects the code that is built from dependencies that an index can replace.

use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script::Command;
use crate::source::Source;
use crate::source::dockerfile::{Build, Step};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-006",
    title: "dependencies installed without a lock",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Build],
    remedy: "install from a committed lock file: npm ci, pip --require-hashes, uv sync --locked, cargo --locked",
    answers: &[
        Item::Q5.fails_from(Severity::Medium),
        Item::E3.tells(),
        Item::M4.tells(),
        Item::Inputs.fails(),
    ],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for build in subject.live_builds() {
        let fixed_tree = build.checks_out_commit();
        for step in build.stages().iter().flat_map(|stage| &stage.steps) {
            let Step::Run { commands, offset, .. } = step else { continue };
            for command in commands {
                let Some(fault) = judge(command, subject.source.as_ref(), build) else { continue };
                // The lock file comes from a fixed commit; the tool may still rewrite it.
                let severity =
                    if fixed_tree && fault.lock_may_count { Severity::Medium } else { fault.severity };
                let evidence = format!("{} ({})", command.text(), fault.why);
                sink.add(
                    Note::fail(&build.place(*offset), evidence).severity(severity).about(command.program()),
                );
            }
        }
    }
}

struct Fault {
    why: &'static str,
    severity: Severity,
    /// A lock file in the tree is used as long as it fits.
    lock_may_count: bool,
}

const fn fault(why: &'static str) -> Option<Fault> {
    Some(Fault { why, severity: Severity::High, lock_may_count: false })
}

fn judge(command: &Command, source: Option<&Source<'_>>, build: &Build) -> Option<Fault> {
    // Inside the machine the context is no repository: a lock file there is not the reviewed one.
    let tree = source.filter(|_| !build.origin.in_machine);
    let without = |names: &[&str]| tree.is_some_and(|tree| !tree.has_file(names));
    let verb = command.subcommand();
    match command.program() {
        "npm" => match verb {
            Some("ci") if without(&["package-lock.json", "npm-shrinkwrap.json"]) => {
                fault("no lock file in the repository")
            }
            Some("install" | "i" | "add" | "update") => fault("install may resolve anew; ci does not"),
            _ => None,
        },
        "npx" | "bunx" | "uvx" | "pipx" => fault("fetches and runs what the registry has today"),
        "yarn" if matches!(verb, None | Some("install" | "add")) => {
            let frozen = command.has("--frozen-lockfile") || command.has("--immutable");
            if frozen && !without(&["yarn.lock"]) {
                None
            } else {
                fault("not frozen to a committed yarn.lock")
            }
        }
        "pnpm" | "bun" if matches!(verb, Some("install" | "i" | "add")) => {
            let locks = ["pnpm-lock.yaml", "bun.lock", "bun.lockb"];
            if command.has("--frozen-lockfile") && !without(&locks) {
                None
            } else {
                fault("not frozen to a committed lock file")
            }
        }
        "cargo"
            if matches!(verb, Some("build" | "install" | "run" | "test" | "b" | "chef" | "auditable")) =>
        {
            cargo(command, without(&["Cargo.lock"]))
        }
        "go" if verb == Some("install") && command.words.iter().any(|word| word.contains("@latest")) => {
            fault("installs the latest version")
        }
        "go" if matches!(verb, Some("build" | "install" | "mod")) && without(&["go.sum"]) => {
            fault("no go.sum in the repository")
        }
        "poetry" if verb == Some("install") && without(&["poetry.lock"]) => {
            fault("no poetry.lock in the repository")
        }
        "bundle" if verb == Some("install") && without(&["Gemfile.lock"]) => {
            fault("no Gemfile.lock in the repository")
        }
        "uv" => uv(command, without(&["uv.lock"])),
        _ => pip(command),
    }
}

fn cargo(command: &Command, no_lock: bool) -> Option<Fault> {
    if command.subcommand() == Some("chef") && !command.has("cook") {
        return None;
    }
    if command.has("--locked") || command.has("--frozen") {
        return if no_lock { fault("no Cargo.lock in the repository") } else { None };
    }
    Some(Fault { why: "without --locked", severity: Severity::High, lock_may_count: true })
}

fn uv(command: &Command, no_lock: bool) -> Option<Fault> {
    match command.subcommand() {
        Some("sync" | "run") if command.has("--locked") || command.has("--frozen") => {
            if no_lock {
                fault("no uv.lock in the repository")
            } else {
                None
            }
        }
        Some("sync" | "run") => {
            Some(Fault { why: "without --locked", severity: Severity::High, lock_may_count: true })
        }
        Some("pip") if command.has("install") || command.has("sync") => pip_arguments(command),
        Some("tool") => fault("installs what the index has today"),
        _ => None,
    }
}

fn pip(command: &Command) -> Option<Fault> {
    let module = command.program().starts_with("python")
        && command.words.windows(2).any(|pair| matches!(pair, [m, p] if m == "-m" && p == "pip"));
    let pip = command.program().starts_with("pip") && command.program() != "pipx" || module;
    if pip && command.has("install") { pip_arguments(command) } else { None }
}

fn pip_arguments(command: &Command) -> Option<Fault> {
    if command.has("--require-hashes") || command.has("--no-index") {
        return None;
    }
    let position = command.words.iter().position(|word| word == "install" || word == "sync")?;
    let rest = command.words.get(position.saturating_add(1)..).unwrap_or(&[]);
    let mut packages = rest.iter().filter(|word| !word.starts_with('-')).peekable();
    let pinned = packages.peek().is_some() && packages.all(|package| package.contains("=="));
    let from_file = rest.iter().any(|word| word == "-r" || word == "-e" || word.starts_with("--requirement"));
    if pinned && !from_file {
        return Some(Fault {
            why: "a version without hashes: the index can replace the file",
            severity: Severity::Low,
            lock_may_count: false,
        });
    }
    fault("without --require-hashes")
}
