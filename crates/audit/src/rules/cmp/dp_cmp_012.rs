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
            "driver" => !matches!(text.as_str(), "local" | "bridge" | "host" | "none" | "default" | ""),
            "type" if volume => {
                matches!(text.as_str(), "nfs" | "nfs4" | "cifs" | "smb3" | "ceph" | "glusterfs" | "fuse")
            }
            _ => false,
        };
        if remote || value.is_settable() && matches!(last, "driver" | "type" | "device" | "o") {
            sink.add(Note::fail(&value.place, format!("{path}: {}", value.raw)));
        } else if last == "external" && text == "true" {
            sink.add(Note::fail(&value.place, format!("{path}: {}", value.raw)).severity(Severity::Low));
        }
    }
}
