use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-URL-006",
    title: "names are resolved in a way of its own",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Compose],
    remedy: "leave name resolution to the guest",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for key in ["extra_hosts", "dns", "dns_search", "dns_opt", "external_links"] {
            for (path, value) in service.below(key) {
                if value.raw.contains("host-gateway") {
                    continue;
                }
                let severity =
                    if value.provenance().is_settable() { Severity::High } else { Severity::Medium };
                let evidence = format!("{} {path}: {}", service.name, value.raw);
                sink.add(Note::fail(&value.place, evidence).severity(severity).about(key));
            }
        }
    }
    for (path, value) in &view.globals {
        if path.starts_with("networks.") && path.contains(".ipam.") {
            sink.add(Note::fail(&value.place, format!("{path}: {}", value.raw)).about("ipam"));
        }
    }
}
