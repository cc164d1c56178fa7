//! Every value from outside, wherever it stands and whatever the option, the variable or the label is called, ends as a
//! finding, as an unknown effect, or in a place of the closed list of harmless ones.
#![allow(missing_docs)]

mod common;

use common::*;
use veritee_audit::Audit;
use veritee_model::{Finding, FindingStatus, Severity};

/// Words of every class that a name can have, some that mean code, some that are harmless, and one without a meaning.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "url", "image", "command", "sshCommand", "exec", "script", "hook", "plugin", "path", "key", "token", "admin", "user", "ca",
    "port", "timeout", "level", "debug", "repo", "bucket", "trusted", "preload", "args", "config", "version", "registry", "eval",
    "title", "tz", "workers", "cmd", "extra-args", "zzz",
];

/// Places of a service in which a word and a value stand: `K` and `V`.
const PLACES: &[&str] = &[
    "command: [serve, '--K=V']",
    "command: [serve, --K, 'V']",
    "command: [serve, -c, 'a.K=V']",
    "command: [serve, -o, 'K=V']",
    "command: [serve, -e, 'K=V']",
    "command: [serve, 'K=V']",
    "command: [serve, 'x-K-V']",
    "command: [mongosh, --eval, \"K='V'\"]",
    "command: [make, 'K=V']",
    "command: 'serve --K=V'",
    "entrypoint: [serve, --K, 'V']",
    "entrypoint: 'serve --K V'",
    "healthcheck: {test: [CMD, probe, '--K=V']}",
    "healthcheck: {test: [CMD-SHELL, 'probe --K=V']}",
    "healthcheck: {test: 'probe --K=V'}",
    "environment: {K: 'V'}",
    "environment: {X_K: 'a-V'}",
    "labels: {ofelia.job-exec.a.K: 'V'}",
    "labels: {com.centurylinklabs.watchtower.lifecycle.K: 'V'}",
    "labels: {docker-volume-backup.K: 'sh -c V'}",
    "labels: ['traefik.http.K=V']",
    "volumes: ['data:/K:V']",
    "volumes: ['V:/K']",
    "volumes: ['data:V']",
    "image: 'V'",
    "working_dir: '/K/V'",
    "user: 'V'",
    "annotations: {run.oci.K: 'V'}",
    "gpus: [{driver: 'V'}]",
    "post_start: [{command: [serve, '--K=V']}]",
    "use_api_socket: V",
    "runtime: 'V'",
    "networks: {default: {aliases: ['V']}}",
];

/// Names of variables: none with a meaning, and some with one that must not lower what a place makes of the value.
const NAMES: &[&str] = &["QUILL", "TZ", "IMAGE", "START_COMMAND", "LOG_LEVEL", "TIMEOUT"];

fn document(place: &str, word: &str, name: &str) -> Vec<u8> {
    with(&place.replace('K', "\u{1}").replace('V', "\u{2}").replace('\u{1}', word), name)
}

/// The value stands for a `\u{2}`.
fn with(keys: &str, name: &str) -> Vec<u8> {
    let place = keys;
    let keys = keys.replace('\u{2}', &format!("${{{name}}}"));
    let image = format!("image: ghcr.io/acme/app@sha256:{}", "3f".repeat(32));
    let image = if place.starts_with("image:") { String::new() } else { format!("    {image}\n") };
    let text = format!("services:\n  app:\n{image}    {keys}\nvolumes: {{data: {{}}}}\n");
    app_compose(&text, &[name])
}

fn names(finding: &Finding, name: &str) -> bool {
    finding.title.ends_with(name) || finding.evidence.contains(name)
}

/// Whether it counts: a finding at medium or above at the place, or a low one that says so itself.
fn counts(audit: &Audit, name: &str) -> bool {
    const GENERAL: &[&str] = &["DP-ENV-018", "DP-ENV-011", "DP-CFG-009", "DP-ENV-014", "DP-ENV-013"];
    audit.findings.iter().any(|finding| {
        !matches!(finding.status, FindingStatus::Pass | FindingStatus::Info)
            && !GENERAL.contains(&finding.rule.as_str())
            && names(finding, name)
    })
}

/// Whether it stands among the settings of which it is known that nothing hangs on them.
fn is_harmless(audit: &Audit, name: &str) -> bool {
    audit.of("DP-ENV-019").any(|finding| finding.severity == Severity::Info && names(finding, name))
}

#[test]
fn no_value_is_lost_between_a_recogniser_and_a_rule() {
    let mut lost = Vec::new();
    for place in PLACES {
        for (at, word) in WORDS.iter().enumerate().take(if place.contains('K') { WORDS.len() } else { 1 }) {
            // Every word beside one of the names, so that each name stands beside many.
            for name in NAMES.iter().cycle().skip(at).take(1) {
                let audit = unattested(&document(place, word, name));
                if !counts(&audit, name) && !is_harmless(&audit, name) {
                    lost.push(format!("{place}  K={word}  V=${{{name}}}"));
                }
            }
        }
    }
    assert!(lost.is_empty(), "{} lost:\n{}", lost.len(), lost.join("\n"));
}

#[test]
fn a_word_that_means_code_counts_under_every_name() {
    const CODE: &[&str] = &["command", "sshCommand", "exec", "script", "hook", "plugin", "preload", "args"];
    let mut quiet = Vec::new();
    for place in PLACES.iter().filter(|place| place.contains("--K") || place.contains("a.K")) {
        for word in CODE {
            for name in NAMES {
                if !counts(&unattested(&document(place, word, name)), name) {
                    quiet.push(format!("{place}  K={word}  V=${{{name}}}"));
                }
            }
        }
    }
    assert!(quiet.is_empty(), "{} are quiet:\n{}", quiet.len(), quiet.join("\n"));
}

#[test]
fn values_of_a_program_text_count_whatever_stands_before_them() {
    for keys in [
        "command: [mongosh, --quiet, --eval, \"tz='V'\"]",
        "command: [gnuplot, -e, \"tz='V'\", /p.gp]",
        "command: [env, -S, 'TZ=V serve']",
        "command: [jq, '.tz=\"V\"', /f.json]",
        "command: [ansible, all, -m, shell, -a, 'TZ=V serve']",
        "command: [make, serve, 'WORKERS=V']",
        "healthcheck: {test: [CMD, env, -S, 'TZ=V probe']}",
        "command: [mount, -o, 'size=V', -t, tmpfs, t, /t]",
        "command: [celery, worker, '--pool=V']",
    ] {
        for name in ["TZ", "WORKERS", "LOG_LEVEL"] {
            let audit = unattested(&with(&keys.replace('V', "\u{2}"), name));
            let open = audit.of("DP-ENV-021").chain(audit.of("DP-CMP-021"));
            assert!(open.into_iter().any(|finding| names(finding, name)), "{keys} {name}");
        }
    }
    for keys in [
        "command: [env, 'TZ=V', serve]",
        "command: [serve, '--workers=V']",
        "command: [jq, --arg, z, V, '.tz=$$z', /f]",
    ] {
        let audit = unattested(&with(&keys.replace('V', "\u{2}"), "WORKERS"));
        assert!(!counts(&audit, "WORKERS"), "{keys}: {:#?}", audit.of("DP-ENV-021").collect::<Vec<_>>());
    }
}

#[test]
fn a_number_on_which_a_protection_hangs_is_no_tuning() {
    let document = |name: &str| document("environment: {K: 'V'}", name, name);
    for name in [
        "MAX_ATTEMPTS",
        "MIN_DELAY",
        "MIN_BATCH_SIZE",
        "DELAY",
        "GRACE_PERIOD",
        "LOGIN_MAX_ATTEMPTS",
        "MIN_SIGNERS",
    ] {
        assert!(counts(&unattested(&document(name)), name), "{name}");
    }
    for name in [
        "MIN_POOL_SIZE",
        "RETRY_MAX_ATTEMPTS",
        "RETRY_DELAY",
        "POLL_INTERVAL",
        "SHUTDOWN_GRACE_PERIOD",
        "BATCH_SIZE",
    ] {
        assert!(!counts(&unattested(&document(name)), name), "{name}");
    }
}
