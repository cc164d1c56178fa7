//! Protects the domain's users from another certificate for it.

use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Service;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-NET-001",
    title: "another certificate for the domain can be had",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "set SET_CAA=true with an account URI, and watch certificate transparency",
    answers: &[Item::E6.tells(), Item::M9.tells()],
    check,
    ..Rule::PLAIN
};

const TOKENS: &[&str] = &[
    "CLOUDFLARE_API_TOKEN",
    "CF_API_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "LINODE_API_TOKEN",
    "NAMECHEAP_API_KEY",
    "DO_AUTH_TOKEN",
];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        let image = service.image().map(|image| image.raw.to_ascii_lowercase()).unwrap_or_default();
        let ingress = image.contains("ingress");
        if !ingress && !image.contains("certbot") && !image.contains("acme") && !image.contains("gateway") {
            continue;
        }
        let caa = service
            .variable("SET_CAA")
            .filter(|entry| entry.value.fixed().is_some_and(|text| text == "true"));
        if let Some(entry) = caa {
            sink.add(Note::pass(&entry.value.place, format!("{}: SET_CAA is true", service.name)));
        } else if ingress || holds_dns_token(service) {
            let evidence = format!(
                "{}: SET_CAA is not fixed to true; who controls the DNS account can have another certificate",
                service.name
            );
            sink.add(Note::fail(&service.place, evidence).about(service.name));
        }
    }
}

fn holds_dns_token(service: &Service<'_>) -> bool {
    let named = |text: &str| TOKENS.iter().any(|token| text.contains(token));
    service.environment.iter().any(|entry| named(entry.name) && entry.value.is_settable())
        || service
            .configs
            .iter()
            .any(|(_, value)| value.parts.iter().filter_map(|part| part.source.as_deref()).any(named))
}
