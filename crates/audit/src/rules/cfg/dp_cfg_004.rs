//! Protects the application's keys: without a KMS nobody authorises who gets them.

use crate::item::Item;
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
    answers: &[Item::Q3.fails()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let Some(manifest) = view.manifest() else { return };
    // A document that is no dstack application has no key provider to judge.
    if view.get("runner").is_none() {
        return;
    }
    let provider = manifest.key_provider();
    // Source: dstack-types, `AppCompose::key_provider`, at 049be791: `features` is not looked at. Guests of its first
    // releases did: there the keys are the KMS's.
    if provider == "none" && manifest.has_feature("kms") {
        let evidence = "key provider: only features names kms, which guests since key_provider do not look at: none there";
        sink.add(Note::manual(&view.member("features"), evidence));
        return;
    }
    let why = match provider {
        "kms" => {
            sink.add(Note::pass(&view.place(), "key provider: kms"));
            return;
        }
        "local" => "no shared authority and no record of upgrades",
        "tpm" => "keys bound to the host's TPM",
        _ => "keys are lost at every boot, and anybody may claim the app id",
    };
    // Where it stands; an older member counts only where the newer one is absent.
    let members = ["key_provider", "kms_enabled", "local_key_provider_enabled"];
    let place = members
        .into_iter()
        .find(|key| view.get(key).is_some())
        .map_or_else(|| view.place(), |key| view.member(key));
    let over = view.get("key_provider").is_some() && view.flag("kms_enabled") == Some(true);
    let beside = if over { ", kms_enabled counts nothing beside it" } else { "" };
    sink.add(Note::fail(&place, format!("key provider: {provider} ({why}{beside})")));
}
