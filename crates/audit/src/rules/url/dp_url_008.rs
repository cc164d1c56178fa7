//! Protects connections from whoever stands in between.

use crate::facts::address::{self, Inside};
use crate::facts::openings::{self, Kind};
use crate::pattern::pattern;
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

// Directives of configs after which any certificate will do.
pattern!(
    OFF,
    r#"(?i)\binsecure_?skip_?verify["']?\s*[:=]\s*["']?true|\bproxy_ssl_verify\s+off|\btls_insecure_skip_verify\b|\bverify_?(?:ssl|tls|certs?|certificates?)["']?\s*[:=]\s*["']?(?:false|no|off|0)\b|\b(?:tls|ssl)[._]?verify["']?\s*[:=]?\s*["']?(?:false|no|off)\b"#,
    ["verify"]
);

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
        for opening in openings::of_kind(view, service.name, Kind::Tls) {
            let note = Note::fail(&opening.place, &opening.evidence).severity(opening.severity);
            sink.add(note.about(service.name));
        }
        for (path, value) in &service.configs {
            if let Some(hit) = OFF.find(&value.effective()) {
                let note = Note::fail(&value.place, format!("{path}: {}", hit.as_str()));
                sink.add(note.severity(Severity::Medium).about(service.name));
            }
        }
    }
}

/// Options by which a program leaves TLS or its checks out.
fn turns_off(word: &str) -> bool {
    let (name, value) = word.split_once('=').unwrap_or((word, "true"));
    let off = matches!(value, "false" | "0" | "no" | "off");
    match name {
        // Of these the value says for which host.
        "--insecure-registry" | "--insecure-registries" => true,
        "--tlsSkipVerify"
        | "--insecure-skip-tls-verify"
        | "--insecure-skip-verify"
        | "--skip-tls-verify"
        | "--skip-verify-tls"
        | "--no-check-certificate"
        | "--tls-skip-verify"
        | "--no-tls"
        | "--disable-tls" => !off,
        "--tls" | "--tlsverify" | "--tls-verify" | "--verify-tls" | "--ssl-verify" => off,
        _ => false,
    }
}

/// Downloads that accept any certificate, from hosts outside the machine.
fn insecure_commands(program: &Program, services: &Inside<'_>) -> Vec<String> {
    let commands = program.commands.iter();
    commands
        .filter(|command| match command.program() {
            "curl" => command.has_flag('k', "--insecure"),
            "wget" => command.has("--no-check-certificate"),
            // An option alone is the whole command, where the program is the image's.
            _ => command.words.iter().any(|word| turns_off(word)),
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
            // Emptied: the daemon makes no certificates, and listens to everybody.
            "DOCKER_TLS_CERTDIR" => text.is_empty() && !entry.bare && !entry.value.is_settable(),
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
