//! Images and certificates must come from whom the measured system trusts.

use crate::pattern::pattern;
use crate::rule::{Need, Note, Rule, Sink};
use crate::script::Command;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-017",
    title: "a script changes whom the machine trusts for images or certificates",
    severity: Severity::High,
    needs: &[Need::Manifest],
    remedy: "leave registries, mirrors and trust anchors of the guest as they are",
    check,
    ..Rule::PLAIN
};

pattern!(
    PLACE,
    r"^/etc/(?:docker/(?:daemon\.json$|certs\.d/)|containers/|containerd/|crio/|rancher/|ssl/|pki/|ca-certificates|apt/|apk/|yum|pip\.conf)|^/usr/(?:local/)?share/ca-certificates/|/containers/(?:registries|policy)|\.docker/(?:daemon\.json|trust/)",
    ["/etc/", "ca-certificates", "/containers/", ".docker/"]
);
pattern!(
    TRUST,
    r"mirror|insecure|hosts|runtime|proxy|proxies|ca\b|tls|features|authorization|data-root|exec-root|host|plugin|registry|registries"
);

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for write in subject.writes() {
        let path = veritee_compose::service::absolute_path(&write.path());
        if !PLACE.is_match(&path) {
            continue;
        }
        // Logging and the like in daemon.json change nobody's trust.
        let is_plain = path.ends_with("daemon.json")
            && write.write.content.as_ref().is_some_and(|text| !TRUST.is_match(text));
        if !is_plain {
            sink.add(Note::fail(&write.place(), write.evidence()));
        }
    }
    for (script, item) in subject.commands() {
        if trusts(&item.command) {
            sink.add(Note::fail(&item.place(script), item.evidence(script)));
        }
    }
}

fn trusts(command: &Command) -> bool {
    let has = |word: &str| command.words.iter().any(|other| other == word);
    match command.program() {
        "update-ca-certificates" | "update-ca-trust" => true,
        "trust" => has("anchor"),
        "dockerd" => command
            .words
            .iter()
            .any(|word| word.contains("insecure-registr") || word.contains("registry-mirror")),
        "git" => {
            has("config")
                && command.words.iter().any(|word| word.contains("insteadOf") || word.contains("sslVerify"))
        }
        _ => false,
    }
}
