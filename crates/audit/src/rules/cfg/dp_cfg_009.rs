//! Protects what users send from the gateway that would see it in the clear.

use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CFG-009",
    title: "a port may be served in the clear behind the gateway",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "terminate TLS inside the machine; tell users to reach only that port",
    answers: &[Item::E6.tells(), Item::M9.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    if view.manifest().is_some_and(|manifest| !manifest.gateway_enabled()) {
        return;
    }
    for service in view.active() {
        let image = service.image().map(|image| image.raw.to_ascii_lowercase()).unwrap_or_default();
        let ingress = image.contains("ingress");
        for port in service.ports.iter().filter(|port| !port.loopback) {
            if ingress && matches!(port.value.text.as_str(), "443" | "8443") {
                continue;
            }
            // The gateway carries TLS and HTTP; what is sent by datagram does not come through it.
            if port.protocol.is_some_and(|protocol| protocol.eq_ignore_ascii_case("udp")) {
                continue;
            }
            let evidence = format!(
                "{} ports: {} (the gateway serves it on a plain route: it sees the traffic)",
                service.name, port.value.raw
            );
            sink.add(
                Note::manual(&port.value.place, evidence)
                    .about(format!("{} port {}", service.name, port.value.text)),
            );
        }
    }
}
