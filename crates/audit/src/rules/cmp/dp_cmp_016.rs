use crate::names::{NameClass, classify};
use crate::pattern::pattern;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script::Command;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-016",
    title: "a secret goes to the log",
    severity: Severity::High,
    blocks: Blocks::From(Severity::Critical),
    needs: &[Need::Compose],
    remedy: "never print secrets; keep public_logs off",
    check,
};

pattern!(VARIABLE, r"\$\{?([A-Za-z_][A-Za-z0-9_]*)");

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let public = view.flag("public_logs") == Some(true);
    let severity = if public { Severity::Critical } else { Severity::High };
    for service in view.active() {
        for program in &service.programs {
            let path = &program.path;
            for command in &program.commands {
                if prints_secret(command) {
                    let evidence = format!("{} {path}: {}", service.name, command.text());
                    sink.add(Note::fail(&program.place, evidence).severity(severity).about(&service.name));
                }
            }
        }
    }
}

/// `echo $SECRET`, `cat key-file`, `env`: to the log unless it goes on somewhere.
pub(in crate::rules) fn prints_secret(command: &Command) -> bool {
    if command.piped || command.redirected {
        return false;
    }
    match command.program() {
        "env" | "printenv" => command.arguments().iter().all(|word| is_secret_name(word)),
        "echo" | "printf" => command.arguments().iter().any(|word| {
            VARIABLE
                .captures_iter(word)
                .any(|groups| groups.get(1).is_some_and(|name| is_secret_name(name.as_str())))
        }),
        "cat" => command.arguments().iter().any(|word| {
            ["decrypted-env", "appkeys", ".pem", "private", "secret", "credentials", "id_rsa"]
                .iter()
                .any(|mark| word.contains(mark))
        }),
        _ => false,
    }
}

fn is_secret_name(name: &str) -> bool {
    matches!(
        classify(name),
        NameClass::IdentityKey
            | NameClass::AdminCredential
            | NameClass::ThirdPartyCredential
            | NameClass::RootAccess
    )
}
