//! Protects a running application from other code after a restart.

use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script;
use crate::subject::Subject;
use crate::view::Value;
use std::collections::BTreeMap;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-007",
    title: "a mutable image is fetched anew",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Compose],
    remedy: "pin the image by digest; then fetching it again changes nothing",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let pulls = view.scripts.iter().find(|script| script::pulls(script, view));
    let policies: BTreeMap<&str, &Value> = view
        .active()
        .filter_map(|service| Some((service.name.as_str(), service.scalar("pull_policy")?)))
        .collect();
    for image in subject.images().iter().filter(|image| image.is_mutable()) {
        let policy = policies.get(image.service.as_str());
        if let Some(policy) = policy.filter(|policy| refetches(&policy.effective())) {
            let evidence = format!("{}: {} with pull_policy {}", image.service, image.text, policy.raw);
            sink.add(Note::fail(&policy.place, evidence));
        } else if let Some(script) = pulls {
            let evidence =
                format!("{}: {}, and {} pulls at every boot", image.service, image.text, script.key);
            sink.add(Note::fail(&image.place, evidence));
        }
    }
}

fn refetches(policy: &str) -> bool {
    matches!(policy, "always" | "daily" | "weekly") || policy.starts_with("every_")
}
