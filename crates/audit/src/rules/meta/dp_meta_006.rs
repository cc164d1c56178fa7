//! Protects the reader from keys that look like settings and are read by nothing.

use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-META-006",
    title: "top-level key that dstack does not read",
    severity: Severity::Info,
    blocks: Blocks::Never,
    needs: &[Need::Manifest],
    remedy: "",
    check,
};

/// Read by the guest.
const KNOWN: &[&str] = &[
    "manifest_version",
    "name",
    "features",
    "runner",
    "snapshotter",
    "docker_compose_file",
    "init_script",
    "public_logs",
    "public_sysinfo",
    "public_tcbinfo",
    "kms_enabled",
    "gateway_enabled",
    "tproxy_enabled",
    "local_key_provider_enabled",
    "key_provider",
    "key_provider_id",
    "allowed_envs",
    "no_instance_id",
    "secure_time",
    "storage_fs",
    "swap_size",
    "event_log_version",
    "port_policy",
    "requirements",
    "verity_volumes",
    "pre_launch_script",
    "bash_script",
    "default_gateway_domain",
];

/// Not read by the guest of today, but met in the field.
const CUSTOMARY: &[&str] = &["launch_token_hash", "docker_config", "salt"];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for key in view.manifest.iter().flat_map(|manifest| manifest.keys()) {
        if KNOWN.contains(&key.as_str()) {
            continue;
        }
        let known =
            if CUSTOMARY.contains(&key.as_str()) { "a convention of applications" } else { "unknown" };
        sink.add(Note::info(&view.member(key), format!("{key}: {known}")).about(key));
    }
}
