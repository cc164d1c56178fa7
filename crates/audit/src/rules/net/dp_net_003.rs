//! Protects TLS: which authorities a program believes must be fixed by the image or the document.

use crate::names::words;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::EnvironmentEntry;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-NET-003",
    title: "trust anchors that the document does not fix",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "put the certificates into the image, or into a config of the document",
    check,
    ..Rule::PLAIN
};

const VARIABLES: &[&str] = &[
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "PIP_CERT",
    "DENO_CERT",
    "CARGO_HTTP_CAINFO",
    "NIX_SSL_CERT_FILE",
    "PGSSLROOTCERT",
];

/// Where images keep what they were built with.
const OF_IMAGE: &[&str] =
    &["/etc/ssl/", "/etc/pki/", "/usr/", "/opt/", "/app/", "/nix/store/", "/run/configs/"];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for entry in service.environment.iter().filter(|entry| names_anchors(entry)) {
            let Some(path) = entry.value.fixed().filter(|path| path.starts_with('/')) else { continue };
            let inline = service
                .below("configs")
                .any(|(key, target)| key.ends_with(".target") && target.effective() == path);
            let mounted = service.mounts.iter().any(|mount| {
                !mount.target.is_empty() && path.starts_with(mount.target.trim_end_matches('/'))
            });
            let of_image = OF_IMAGE.iter().any(|folder| path.starts_with(folder));
            if !inline && (mounted || !of_image) {
                let evidence = format!("{} environment.{}: {path}", service.name, entry.name);
                sink.add(Note::fail(&entry.value.place, evidence).about(entry.name));
            }
        }
    }
}

fn names_anchors(entry: &EnvironmentEntry<'_>) -> bool {
    let upper = entry.name.to_ascii_uppercase();
    let words = words(&upper);
    let authority =
        words.iter().any(|word| matches!(word.as_str(), "CA" | "CACERT" | "CACERTS" | "TRUSTSTORE"));
    let file = words.last().is_some_and(|last| {
        matches!(
            last.as_str(),
            "FILE" | "PATH" | "BUNDLE" | "CERT" | "CERTS" | "DIR" | "CA" | "CACERT" | "TRUSTSTORE"
        )
    });
    VARIABLES.contains(&upper.as_str()) || authority && file
}
