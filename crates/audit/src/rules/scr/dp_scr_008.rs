//! A password or a key for root is a way in.

use crate::facts::guest::is_development;
use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script::{Script, ScriptCommand};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-008",
    title: "a script sets root's password or keys",
    severity: Severity::Low,
    blocks: Blocks::From(Severity::Critical),
    needs: &[Need::Manifest],
    remedy: "a production guest has no ssh daemon; on a development guest this is a way in",
    answers: &[Item::E4.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let usual = if is_development(&subject.context.os) { Severity::Critical } else { Severity::Low };
    for script in &view.scripts {
        let mut found: Option<(&ScriptCommand, bool)> = None;
        for item in script.commands().iter().filter(|item| sets(item, script)) {
            let literal = is_public(item, script);
            if found.is_none_or(|(_, known)| literal && !known) {
                found = Some((item, literal));
            }
        }
        let Some((item, literal)) = found else { continue };
        let severity = if literal { Severity::Critical } else { usual };
        let note = if literal { " (the password stands in the public document)" } else { "" };
        let evidence = format!("{}{note}", item.evidence(script));
        sink.add(Note::fail(&item.place(script), evidence).severity(severity));
    }
}

fn sets(item: &ScriptCommand, script: &Script<'_>) -> bool {
    let command = &item.command;
    let prints = matches!(command.program(), "echo" | "printf" | "logger" | ":");
    let redirections = item.source(script).into_iter().flat_map(|command| &command.redirections);
    let mut targets = redirections.map(|redirection| redirection.target.shown());
    matches!(command.program(), "chpasswd" | "passwd" | "usermod")
        || !prints && command.words.iter().any(|word| word.contains("authorized_keys"))
        || targets.any(|target| target.contains("authorized_keys") || target == "/etc/shadow")
}

/// Whether the password stands in the document.
fn is_public(item: &ScriptCommand, script: &Script<'_>) -> bool {
    let command = &item.command;
    let input = || script.source.input_text(item.index);
    let is_plain = |text: &str| !text.contains(['$', '`']);
    match command.program() {
        "chpasswd" => input().is_some_and(|text| {
            text.lines().any(|line| line.split_once(':').is_some_and(|(_, password)| !password.trim().is_empty()))
        }),
        "passwd" => input().is_some_and(|text| !text.trim().is_empty()) || command.has("-d"),
        "usermod" => command
            .words
            .windows(2)
            .any(|pair| matches!(pair, [option, value] if matches!(option.as_str(), "-p" | "--password") && is_plain(value))),
        _ => false,
    }
}
