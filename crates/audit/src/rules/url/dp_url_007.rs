//! Protects users' data from leaving with logs and telemetry.

use crate::facts::openings::{self, Kind};
use crate::item::Item;
use crate::names::{NameClass, classify};
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Service;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-URL-007",
    title: "telemetry or logs leave the machine",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "say what is sent, and show that no user data is in it",
    answers: &[Item::E6.tells(), Item::M6.tells()],
    check,
    ..Rule::PLAIN
};

/// Agents that collect or send.
const AGENTS: &[&str] = &[
    "datadog",
    "otel",
    "opentelemetry",
    "sentry",
    "posthog",
    "timberio/vector",
    "/vector",
    "fluent",
    "promtail",
    "grafana/agent",
    "grafana/alloy",
    "newrelic",
    "splunk",
    "logstash",
    "filebeat",
    "telegraf",
    "signoz",
    "honeycomb",
];

const DRIVERS: &[&str] =
    &["syslog", "fluentd", "gelf", "splunk", "awslogs", "gcplogs", "logentries", "etwlogs", "loki"];

/// Drivers that keep the log on the machine. Source: docs.docker.com, "Configure logging drivers".
const OWN_DRIVERS: &[&str] = &["", "none", "local", "json-file", "journald", "passthrough"];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        if let Some((place, evidence)) = agent(service) {
            let severity = if destination_settable(service) { Severity::High } else { Severity::Medium };
            sink.add(
                Note::fail(&place, format!("{}: {evidence}", service.name))
                    .severity(severity)
                    .about(service.name),
            );
        }
        for opening in openings::of_kind(view, service.name, Kind::Leaves) {
            let note = Note::fail(&opening.place, &opening.evidence).severity(opening.severity);
            sink.add(note.about(service.name));
        }
        if let Some(driver) = service.scalar("logging.driver") {
            let text = driver.effective();
            // What is not the daemon's own is a plug-in, which gets every line.
            let plugged = !OWN_DRIVERS.contains(&text.as_str());
            if driver.is_settable() || DRIVERS.iter().any(|known| text.starts_with(known)) || plugged {
                let settable = service.below("logging").any(|(_, value)| value.is_settable());
                let severity = if settable { Severity::High } else { Severity::Medium };
                let evidence = format!("{} logging.driver: {}", service.name, driver.raw);
                sink.add(Note::fail(&driver.place, evidence).severity(severity).about(text));
            }
        }
    }
}

fn agent(service: &Service<'_>) -> Option<(veritee_model::Place, String)> {
    let by_image = service.image().filter(|image| {
        let text = image.raw.to_ascii_lowercase();
        AGENTS.iter().any(|agent| text.contains(agent))
    });
    let by_name = AGENTS.iter().any(|agent| service.name.to_ascii_lowercase().contains(agent));
    if let Some(image) = by_image {
        return Some((image.place.clone(), format!("image: {}", image.raw)));
    }
    if by_name {
        return Some((service.place.clone(), "a collector by its name".to_owned()));
    }
    let logs = service
        .mounts
        .iter()
        .find(|mount| mount.path().is_some_and(|path| path.starts_with("/var/lib/docker/containers")))?;
    Some((logs.source.place.clone(), format!("reads the logs of all containers: {}", logs.source.raw)))
}

fn destination_settable(service: &Service<'_>) -> bool {
    service.environment.iter().any(|entry| {
        let destination =
            matches!(classify(entry.name), NameClass::Endpoint) && !entry.name.contains("HOSTNAME");
        destination && entry.value.is_settable()
    })
}
