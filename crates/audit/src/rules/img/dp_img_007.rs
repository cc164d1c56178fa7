//! Protects a running application from other code after a restart.

use crate::field::Field;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use std::collections::BTreeMap;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-007",
    title: "a mutable image is fetched anew",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "pin the image by digest; then fetching it again changes nothing",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let pulls = view.scripts.iter().find(|script| script.pulls());
    let policies: BTreeMap<&str, &Field<'_>> =
        view.active().filter_map(|service| Some((service.name, service.scalar("pull_policy")?))).collect();
    for image in subject.images().iter().filter(|image| image.is_mutable()) {
        let policy = policies.get(image.service);
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
