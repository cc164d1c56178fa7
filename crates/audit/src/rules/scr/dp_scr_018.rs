//! Nobody may work inside the machine beside the measured application.

use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script::{Command, Script};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-018",
    title: "a script opens a way into the machine",
    severity: Severity::Critical,
    blocks: Blocks::From(Severity::Critical),
    needs: &[Need::Manifest],
    remedy: "start no console, shell or remote access in the guest",
    answers: &[Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

/// Programs that give a shell or a console to somebody outside.
const CONSOLES: &[&str] = &[
    "sshd",
    "dropbear",
    "ttyd",
    "gotty",
    "wetty",
    "telnetd",
    "in.telnetd",
    "utelnetd",
    "getty",
    "agetty",
    "mingetty",
    "shellinaboxd",
    "tmate",
    "sshx",
    "code-server",
    "jupyter",
    "jupyter-lab",
    "x11vnc",
    "vncserver",
    "xrdp",
    "cockpit-ws",
    "upterm",
    "teleconsole",
    "gsocket",
    "gs-netcat",
];

/// Words in the names of units that give one.
const UNITS: &[&str] = &[
    "getty",
    "sshd",
    "ssh.service",
    "ssh.socket",
    "dropbear",
    "telnet",
    "debug-shell",
    "ttyd",
    "rescue",
    "emergency",
    "cockpit",
    "xrdp",
    "vnc",
];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for (script, item) in subject.commands() {
        let command = &item.command;
        let source = item.source(script);
        let targets = source.into_iter().flat_map(|command| &command.redirections);
        let to_network =
            targets.map(|redirection| redirection.target.shown()).any(|target| is_network(&target));
        let shell = matches!(command.program(), "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh" | "exec");
        let pairs = piped_with_network(item.index, script) && shell && command.program() != "exec";
        if opens(command) || shell && to_network || pairs {
            sink.add(Note::fail(&item.place(script), item.evidence(script)));
        }
    }
}

fn is_network(target: &str) -> bool {
    target.starts_with("/dev/tcp/") || target.starts_with("/dev/udp/")
}

/// `nc … | sh | nc …`: a shell whose neighbours are connections.
fn piped_with_network(index: usize, script: &Script<'_>) -> bool {
    let source = script.source;
    let Some(command) = source.commands.get(index) else { return false };
    let start = index.saturating_sub(NEAR);
    let near = source.commands.iter().skip(start).take(NEAR.saturating_mul(2));
    near.filter(|other| other.pipeline == command.pipeline)
        .any(|other| matches!(other.program(), Some("nc" | "ncat" | "netcat" | "socat" | "telnet")))
}

/// Commands before and after one in which its pipeline is looked for.
const NEAR: usize = 32;

fn opens(command: &Command) -> bool {
    let words = &command.words;
    let program = command.program();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let unit =
        || words.iter().skip(1).any(|word| UNITS.iter().any(|unit| word.contains(unit)) || word == "ssh");
    match program {
        "nc" | "ncat" | "netcat" => {
            has(&["--exec", "--sh-exec"])
                || command.has_flag('e', "--exec")
                || command.has_flag('c', "--sh-exec")
        }
        "socat" => words.iter().any(|word| {
            let upper = word.to_ascii_uppercase();
            ["EXEC:", "SYSTEM:", "SHELL:"].iter().any(|address| upper.starts_with(address))
        }),
        "systemctl" => has(&["start", "enable", "restart", "unmask", "reenable"]) && unit(),
        "service" | "rc-service" => has(&["start", "restart"]) && unit(),
        "rc-update" => has(&["add"]) && unit(),
        "tailscale" => command.has("--ssh"),
        "ssh" => {
            words.iter().any(|word| word.starts_with("-R"))
                || words.windows(2).any(|pair| {
                    pair.first().is_some_and(|word| {
                        word.starts_with('-') && !word.starts_with("--") && word.contains('R')
                    })
                })
        }
        "ngrok" | "cloudflared" | "frpc" | "chisel" | "bore" | "rathole" => !has(&["--version", "version"]),
        _ => CONSOLES.contains(&program),
    }
}
