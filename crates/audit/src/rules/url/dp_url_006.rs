//! Protects names from leading elsewhere than they say.

use crate::facts::address;
use crate::field::Field;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Service;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-URL-006",
    title: "names are resolved in a way of its own",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "leave name resolution to the guest",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for key in ["extra_hosts", "dns", "dns_search", "dns_opt", "external_links"] {
            for (path, value) in service.below(key) {
                if value.raw.contains("host-gateway") {
                    continue;
                }
                let severity = if value.is_settable() { Severity::High } else { Severity::Medium };
                let evidence = format!("{} {path}: {}", service.name, value.raw);
                sink.add(Note::fail(&value.place, evidence).severity(severity).about(key));
            }
        }
    }
    for service in view.active() {
        own_names(service, sink);
    }
    for (path, value) in &view.globals {
        if path.starts_with("networks.") && path.contains(".ipam.") && leads_elsewhere(path, value) {
            sink.add(Note::fail(&value.place, format!("{path}: {}", value.raw)).about("ipam"));
        }
    }
}

/// Docker's own way of giving out private addresses leads nowhere else. A subnet of public addresses, or one that holds
/// the host's, makes an address mean a container here that means somebody else outside.
fn leads_elsewhere(path: &str, value: &Field<'_>) -> bool {
    let Some(text) = value.fixed() else { return true };
    match path.rsplit('.').next() {
        Some("driver") => text != "default",
        Some("subnet" | "ip_range") => !address::is_private_network(&text),
        // What stands in these lies in the subnet.
        Some("gateway") => false,
        _ => true,
    }
}

/// Names under which a service answers inside of the machine: one with a dot, or one that somebody chooses, can stand
/// for a host outside.
fn own_names(service: &Service<'_>, sink: &mut Sink<'_>) {
    let aliases = service.below("networks").filter(|(path, _)| path.contains(".aliases."));
    let names = ["container_name", "hostname", "domainname"].into_iter().flat_map(|key| service.below(key));
    for (path, value) in names.chain(aliases).chain(service.below("links")) {
        let name = value.effective();
        let name = name.rsplit(':').next().unwrap_or(&name);
        let chosen = value.is_settable();
        let outside = name.contains('.') && !name.ends_with(".internal") && !name.ends_with(".local");
        if chosen || outside {
            let evidence =
                format!("{} {path}: {} (other services find this one under it)", service.name, value.raw);
            let note = Note::fail(&value.place, evidence).about(path.split('.').next().unwrap_or(path));
            // Docker answers other services for names and aliases of containers, never for their host names.
            let own_only = !chosen && matches!(path, "hostname" | "domainname");
            sink.add(if own_only { note.severity(Severity::Low) } else { note });
        }
    }
}
