//! Protects connections from whoever stands in between.

use crate::facts::address::{self, Inside};
use crate::program::Program;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Service;
use veritee_compose::{Span, Value};
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-URL-008",
    title: "TLS certificates are not verified",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "verify the certificate",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let services = &Inside::of(view);
    for service in view.active() {
        for program in &service.programs {
            for text in insecure_commands(program, services) {
                sink.add(Note::fail(&program.place, format!("{} {}: {text}", service.name, program.path)));
            }
        }
        environment(service, services, sink);
    }
}

/// Downloads that accept any certificate, from hosts outside the machine.
fn insecure_commands(program: &Program, services: &Inside<'_>) -> Vec<String> {
    let commands = program.commands.iter();
    commands
        .filter(|command| match command.program() {
            "curl" => command.has_flag('k', "--insecure"),
            "wget" => command.has("--no-check-certificate"),
            _ => command.has("--tlsSkipVerify") || command.has("--insecure-skip-tls-verify"),
        })
        .map(|command| command.text())
        .filter(|command| {
            let found = address::of(&Value::literal_text(command, Span::default()), false);
            found.is_empty() || found.iter().any(|link| !link.is_internal(services))
        })
        .collect()
}

fn environment(service: &Service<'_>, services: &Inside<'_>, sink: &mut Sink<'_>) {
    for entry in &service.environment {
        let text = entry.value.effective();
        let off = match entry.name {
            "NODE_TLS_REJECT_UNAUTHORIZED" | "PYTHONHTTPSVERIFY" => text == "0",
            "GIT_SSL_NO_VERIFY" => !text.is_empty() && text != "false" && text != "0",
            _ => {
                let lax = ["sslmode=disable", "sslmode=prefer", "sslmode=allow", "tlsInsecure=true"]
                    .iter()
                    .any(|mark| text.contains(mark));
                lax && address::of(&entry.value, false)
                    .iter()
                    .any(|link| link.authority_settable || !link.is_internal(services))
            }
        };
        if off {
            let evidence = format!("{} environment.{}: {}", service.name, entry.name, entry.value.raw);
            sink.add(Note::fail(&entry.value.place, evidence).about(entry.name));
        }
    }
}
