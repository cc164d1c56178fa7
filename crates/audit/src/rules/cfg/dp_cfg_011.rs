//! Protects what a GPU computes: it has to be attested and closed.

use crate::facts::protection;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_compose::json::JsonNode;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CFG-011",
    title: "the GPU is let in unattested or open",
    severity: Severity::High,
    needs: &[Need::Manifest],
    remedy: "attest the GPU and allow no debug, devtools or insecure boot",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let Some(policy) = view.get("requirements").and_then(|requirements| requirements.get("gpu_policy"))
    else {
        return;
    };
    for key in ["allow_debug", "allow_devtools", "allow_insecure_boot"] {
        if policy.get(key).and_then(JsonNode::as_bool) == Some(true) {
            sink.add(Note::fail(&view.member("requirements"), format!("gpu_policy.{key}: true")).about(key));
        }
    }
    if let Err(why) = protection::requirements(view) {
        let evidence = format!("gpu_policy counts nothing: {why}");
        sink.add(
            Note::fail(&view.member("requirements"), evidence).severity(Severity::Medium).about("gpu_policy"),
        );
    }
    if let Some(rego) = policy.get("rego").filter(|rego| !rego.is_null()) {
        let evidence = format!("gpu_policy.rego is the application's own: {}", rego.shown());
        sink.add(Note::manual(&view.member("requirements"), evidence).about("rego"));
    }
    if policy.get("attest_gpu").and_then(JsonNode::as_bool) == Some(false) {
        sink.add(
            Note::fail(&view.member("requirements"), "gpu_policy.attest_gpu: false").about("attest_gpu"),
        );
    }
}
