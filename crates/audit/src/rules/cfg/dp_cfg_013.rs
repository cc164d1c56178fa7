//! Protects the guest's own files from volumes that bring others over them.

use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use std::collections::BTreeSet;
use veritee_compose::json::JsonNode;
use veritee_compose::service::absolute_path;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CFG-013",
    title: "a volume lies over files of the guest",
    severity: Severity::Medium,
    needs: &[Need::Manifest],
    remedy: "mount verity volumes below a folder of their own, and publish what is in them",
    check,
    ..Rule::PLAIN
};

/// Folders that the guest runs from, keeps its keys in or reads its settings from.
const OWN: &[&str] = &[
    "/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/dstack", "/tapp", "/run", "/root", "/boot", "/opt",
];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let place = view.member("verity_volumes");
    let mut targets = BTreeSet::new();
    for volume in view.get("verity_volumes").and_then(JsonNode::elements).into_iter().flatten() {
        let text = |key: &str| volume.get(key).and_then(JsonNode::as_str).unwrap_or("");
        let (target, root) = (absolute_path(text("target")), text("verity_root"));
        let target = crate::facts::mounts::real(&target);
        let over = OWN.iter().any(|own| {
            target == *own
                || target.strip_prefix(own).is_some_and(|rest| rest.starts_with('/'))
                || target == "/"
        });
        if over {
            let evidence = format!(
                "verity volume {} over {target}: its root hash {root} is all that is known",
                text("source")
            );
            sink.add(Note::fail(&place, evidence).about(&target));
        }
        if root.len() != 64 || !root.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let evidence =
                format!("verity volume {}: verity_root \"{root}\" is not 32 bytes in hex", text("source"));
            sink.add(Note::unknown(&place, evidence).severity(Severity::High).about(&target));
        }
        if !targets.insert(target.clone()) {
            let evidence = format!("two verity volumes on {target}: the guest refuses the document");
            sink.add(Note::unknown(&place, evidence).severity(Severity::High).about(&target));
        }
    }
}
