//! Protects secrets from standing in a layer that everybody who pulls the image has.

use crate::known_keys::{has_vendor_key, is_literal_secret};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script::Command;
use crate::source::dockerfile::{Build, Step};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-013",
    title: "a secret is in a layer of the image",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Build],
    remedy: "make or derive the secret inside the machine (dstack getKey); give build secrets by RUN --mount=type=secret",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for build in subject.live_builds() {
        for step in build.stages().iter().flat_map(|stage| &stage.steps) {
            match step {
                Step::Setting { values, offset, .. } => settings(build, values, *offset, sink),
                Step::Run { commands, text, offset, .. } => run(build, commands, text, *offset, sink),
                Step::Copy { from: None, sources, offset } => copied(build, sources, *offset, sink),
                _ => {}
            }
        }
    }
}

fn settings(build: &Build, values: &[(String, String)], offset: usize, sink: &mut Sink<'_>) {
    // What an ARG holds is in the history of the image, but not in its environment.
    let argument = build.line_at(offset).get(..3).is_some_and(|start| start.eq_ignore_ascii_case("arg"));
    for (name, value) in values {
        let vendor = has_vendor_key(value);
        if !vendor && !is_literal_secret(name, value) {
            continue;
        }
        let severity = if argument && !vendor { Severity::Medium } else { Severity::High };
        // The secret itself is not repeated in reports.
        let evidence = format!("{name} is a literal of {} characters", value.chars().count());
        sink.add(Note::fail(&build.place(offset), evidence).severity(severity).about(name));
    }
}

fn run(build: &Build, commands: &[Command], text: &str, offset: usize, sink: &mut Sink<'_>) {
    for command in commands {
        if let Some(why) = makes_key(command) {
            let evidence = format!("{} ({why})", command.text());
            sink.add(Note::fail(&build.place(offset), evidence).about(command.program()));
        }
    }
    let names_password = commands.iter().any(|command| sets_password(command, commands));
    if names_password {
        let evidence = "a password is set to a literal";
        sink.add(Note::fail(&build.place(offset), evidence).about("password of an account"));
    }
    if has_vendor_key(text) {
        sink.add(Note::fail(&build.place(offset), "a key in a vendor's form").about("a vendor's key"));
    }
}

/// Programs that make a private key: at build time the key is a layer.
fn makes_key(command: &Command) -> Option<&'static str> {
    const WHY: &str =
        "the key that is made here is the same in every container, and whoever pulls the image has it";
    let has = |words: &[&str]| command.arguments().iter().any(|word| words.contains(&word.as_str()));
    let made = match command.program() {
        "openssl" => match command.subcommand() {
            Some("genrsa" | "genpkey" | "gendsa") => true,
            Some("ecparam") => has(&["-genkey"]),
            Some("req") => has(&["-newkey", "-nodes", "-noenc"]) && !has(&["-key"]),
            Some("rand") => command.redirected || has(&["-out"]),
            _ => false,
        },
        "ssh-keygen" => !has(&["-l", "-y", "-R", "-F", "-i", "-e", "-B"]),
        "keytool" => has(&["-genkey", "-genkeypair", "-genseckey"]),
        "wg" => has(&["genkey", "genpsk"]),
        "gpg" | "gpg2" => {
            command.words.iter().any(|word| word.contains("gen-key") || word.contains("generate-key"))
        }
        "age-keygen" | "mkcert" | "make-ssl-cert" | "dropbearkey" => true,
        "certtool" => has(&["--generate-privkey", "-p"]),
        "cosign" => has(&["generate-key-pair"]),
        "minisign" => has(&["-G"]),
        "step" => has(&["create"]) && has(&["certificate", "crypto"]),
        "solana-keygen" => has(&["new", "grind"]),
        "cast" => has(&["wallet"]) && has(&["new", "new-mnemonic"]),
        "geth" | "ethkey" => has(&["new", "generate"]),
        "easyrsa" => command.words.iter().any(|word| word.starts_with("build-") || word == "gen-req"),
        "cfssl" => has(&["gencert", "genkey", "selfsign"]),
        _ => false,
    };
    made.then_some(WHY)
}

/// `echo root:root | chpasswd`, `useradd -p HASH`, `passwd -d root`.
fn sets_password(command: &Command, all: &[Command]) -> bool {
    match command.program() {
        "chpasswd" => all.iter().any(|source| {
            matches!(source.program(), "echo" | "printf")
                && source.piped
                && source.arguments().iter().any(|word| word.contains(':') && !word.contains('$'))
        }),
        "useradd" | "usermod" | "adduser" => command
            .words
            .windows(2)
            .any(|pair| matches!(pair, [flag, value] if flag == "-p" && !value.starts_with('$'))),
        "passwd" => command.has("-d") || command.has("--delete"),
        _ => false,
    }
}

/// Files whose name says that they hold a private key.
fn copied(build: &Build, sources: &[String], offset: usize, sink: &mut Sink<'_>) {
    for source in sources {
        let name = source.rsplit('/').next().unwrap_or(source).to_ascii_lowercase();
        let public = name.contains("pub") || name.contains("cert") || name.ends_with(".crt");
        let key = !public
            && (["id_rsa", "id_ed25519", "id_ecdsa", "id_dsa"].contains(&name.as_str())
                || [".key", ".p12", ".pfx", ".jks", ".keystore"].iter().any(|tail| name.ends_with(tail))
                || name.ends_with(".pem") && ["key", "priv"].iter().any(|word| name.contains(word)));
        let environment = name == ".env" || name == ".env.production" || name == ".env.prod";
        let wallet = ["wallet.json", "mnemonic.txt", "credentials.json", "service-account.json"];
        if key || environment || wallet.contains(&name.as_str()) {
            let severity = if environment { Severity::Medium } else { Severity::High };
            let evidence = format!("{} goes into the image", source);
            sink.add(Note::fail(&build.place(offset), evidence).severity(severity).about(source));
        }
    }
}
