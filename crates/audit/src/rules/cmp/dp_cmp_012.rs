//! Protects stored data and traffic from storage and networks of others.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-012",
    title: "storage or a network that others provide",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "keep data on the machine's own encrypted disk",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for (path, value) in &view.globals {
        let volume = path.starts_with("volumes.");
        if !volume && !path.starts_with("networks.") {
            continue;
        }
        let text = value.effective();
        let last = path.rsplit('.').next().unwrap_or("");
        let remote = match last {
            "driver" if volume => !matches!(text.as_str(), "local" | ""),
            "driver" => !matches!(text.as_str(), "bridge" | "none" | "default" | ""),
            // Memory, and folders of the machine, which another rule judges by their path.
            "type" if volume && path.contains(".driver_opts.") => {
                !matches!(text.as_str(), "tmpfs" | "ramfs" | "none" | "bind" | "")
            }
            // The machine's own network under the name that docker gives it.
            "name" if !volume => text == "host",
            "external" if path == "networks.host.external" && value.says_true() => {
                view.global("networks.host.name").is_none()
            }
            _ => false,
        };
        if remote || value.is_settable() && matches!(last, "driver" | "type" | "device" | "o") {
            sink.add(Note::fail(&value.place, format!("{path}: {}", value.raw)));
        } else if last == "external" && value.says_true() {
            sink.add(Note::fail(&value.place, format!("{path}: {}", value.raw)).severity(Severity::Low));
        }
    }
}
