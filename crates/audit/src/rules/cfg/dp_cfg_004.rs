use super::key_provider;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CFG-004",
    title: "no KMS gives the keys",
    severity: Severity::High,
    blocks: Blocks::Always,
    needs: &[Need::Manifest],
    remedy: "set key_provider to kms",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    // A document that is no dstack application has no key provider to judge.
    if view.get("runner").is_none() {
        return;
    }
    let provider = key_provider(view);
    let why = match provider.as_str() {
        "kms" => {
            sink.add(Note::pass(&view.place(), "key provider: kms"));
            return;
        }
        "local" => "no shared authority and no record of upgrades",
        "tpm" => "keys bound to the host's TPM",
        _ => "keys are lost at every boot, and anybody may claim the app id",
    };
    sink.add(Note::fail(&view.place(), format!("key provider: {provider} ({why})")));
}
