use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::{Service, Value};
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-002",
    title: "a container leaves its confinement",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Compose],
    remedy: "drop the privilege",
    check,
};

const GRAVE: &[&str] =
    &["ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "DAC_READ_SEARCH", "SYS_RAWIO", "SYS_BOOT", "BPF"];
const MILD: &[&str] = &["NET_ADMIN", "NET_RAW", "SYS_TIME", "SYS_CHROOT", "DAC_OVERRIDE"];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for (severity, what, value) in privileges(service) {
            let evidence = format!("{}: {what}", service.name);
            sink.add(Note::fail(&value.place, evidence).severity(severity).about(&service.name));
        }
    }
}

fn privileges(service: &Service) -> Vec<(Severity, String, &Value)> {
    let mut found = Vec::new();
    if let Some(value) = service.scalar("privileged").filter(|_| service.is_true("privileged")) {
        found.push((Severity::High, format!("privileged: {}", value.raw), value));
    }
    for (_, value) in service.below("cap_add") {
        let name = value.effective().to_ascii_uppercase();
        let name = name.strip_prefix("CAP_").unwrap_or(&name);
        if GRAVE.contains(&name) || value.provenance().is_settable() {
            found.push((Severity::High, format!("cap_add: {}", value.raw), value));
        } else if MILD.contains(&name) {
            found.push((Severity::Medium, format!("cap_add: {}", value.raw), value));
        }
    }
    for key in ["pid", "ipc", "userns_mode", "uts", "cgroup"] {
        if let Some(value) = service
            .scalar(key)
            .filter(|value| value.effective() == "host" || value.provenance().is_settable())
        {
            found.push((Severity::High, format!("{key}: {}", value.raw), value));
        }
    }
    for (_, value) in service.below("security_opt") {
        let text = value.effective();
        let lax =
            text.contains("unconfined") || text.contains("label:disable") || text.contains("label=disable");
        if lax || value.provenance().is_settable() {
            found.push((Severity::High, format!("security_opt: {}", value.raw), value));
        }
    }
    for key in ["devices", "device_cgroup_rules", "sysctls"] {
        if let Some((path, value)) = service.below(key).next() {
            found.push((Severity::Medium, format!("{path}: {}", value.raw), value));
        }
    }
    if let Some(value) =
        service.scalar("runtime").filter(|value| !matches!(value.effective().as_str(), "nvidia" | "runc"))
    {
        found.push((Severity::High, format!("runtime: {}", value.raw), value));
    }
    found
}
