//! The application's keys leave the machine only for whoever may have them, and never by a script.

use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script::{Script, ScriptCommand};
use crate::subject::Subject;
use std::collections::BTreeSet;
use veritee_compose::script::{Executions, Origins};
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-019",
    title: "a script sends the application's keys away",
    severity: Severity::Critical,
    blocks: Blocks::Always,
    needs: &[Need::Manifest],
    remedy: "use keys inside the machine only",
    answers: &[Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let mut executions = view.origins();
    let mut seen = BTreeSet::new();
    for script in &view.scripts {
        let gives = |item: &&ScriptCommand| item.reachable && (sends(item) || shows_host(script, item));
        for item in script.commands().iter().filter(gives) {
            if carries_key(script, item, &mut executions) && seen.insert((script.index, item.line)) {
                sink.add(Note::fail(&item.place(script), item.evidence(script)));
            }
        }
    }
}

/// Programs that send what they are given to another machine.
fn sends(item: &ScriptCommand) -> bool {
    let command = &item.command;
    let own = ["localhost", "127.0.0.1", "[::1]"];
    let urls = || command.words.iter().filter(|word| word.contains("://"));
    let is_own = || {
        urls().count() > 0
            && urls().all(|url| {
                own.iter().any(|own| url.split("://").nth(1).is_some_and(|rest| rest.starts_with(own)))
            })
    };
    match command.program() {
        "curl" | "wget" | "http" | "https" | "xh" => !command.has("--unix-socket") && !is_own(),
        "nc" | "ncat" | "netcat" | "socat" | "telnet" | "scp" | "rsync" | "sftp" | "ftp" | "tftp" | "ssh"
        | "rclone" | "mail" | "sendmail" | "mutt" | "logger" | "mosquitto_pub" | "redis-cli" | "psql"
        | "mysql" | "gsutil" | "s3cmd" | "mc" | "ipfs" | "notify" | "nslookup" | "dig" | "host" => true,
        "aws" => command.has("s3") || command.has("s3api") || command.has("sqs") || command.has("sns"),
        "dstack-util" => command.has("notify-host"),
        _ => false,
    }
}

/// Devices and files of the machine that the host sees: consoles, the kernel's log, ports of the hypervisor.
fn is_hosts(path: &str) -> bool {
    const BEGIN: &[&str] = &[
        "/dev/tty",
        "/dev/hvc",
        "/dev/console",
        "/dev/kmsg",
        "/dev/vport",
        "/dev/virtio-ports/",
        "/dev/vsock",
        "/dev/ttyS",
    ];
    BEGIN.iter().any(|begin| path.starts_with(begin)) && path != "/dev/tty"
}

/// Its output goes to such a device.
fn shows_host(script: &Script<'_>, item: &ScriptCommand) -> bool {
    let source = item.source(script).into_iter();
    let mut targets = source.flat_map(|command| &command.redirections).filter(|to| to.operator.contains('>'));
    targets.any(|to| is_hosts(&to.target.shown()))
        || item.command.program() == "dd"
            && item.command.arguments().iter().any(|word| word.strip_prefix("of=").is_some_and(is_hosts))
        || item.command.program() == "tee" && item.command.arguments().iter().any(|word| is_hosts(word))
}

fn carries_key(script: &Script<'_>, item: &ScriptCommand, executions: &mut Executions<'_>) -> bool {
    let Some(source) = item.source(script) else { return false };
    let mut all = executions.input(script.index, item.index);
    for word in &source.words {
        all = all.join(executions.word(script.index, word));
    }
    if all.contains(Origins::KEY) {
        return true;
    }
    // Files are named by themselves, behind `@`, and behind `name=@`.
    item.command.arguments().iter().any(|word| {
        let name = word.rsplit(['@', '=', ':']).next().unwrap_or(word);
        name.contains(['/', '.']) && !word.contains("://") && executions.file(name).contains(Origins::KEY)
    })
}
