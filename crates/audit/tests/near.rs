//! The two composes of a published report, every finding of weight compared with their text by hand.
#![allow(missing_docs, clippy::print_stderr)]

mod common;

use common::*;
use veritee_audit::{Audit, Context};
use veritee_model::{FindingStatus, Severity};

fn report(pointer: &str) -> Option<Audit> {
    let file = format!("{}/../../test-vectors/source/near_report.json", env!("CARGO_MANIFEST_DIR"));
    let Ok(bytes) = std::fs::read(&file) else {
        eprintln!("skipped: near_report.json is absent");
        return None;
    };
    let report: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let raw = report.pointer(pointer).unwrap().as_str().unwrap();
    Some(attested(raw.as_bytes(), Context { events: Some(events(kms(1))), ..Context::default() }))
}

fn model() -> Option<Audit> {
    report("/model_attestations/0/info/tcb_info/app_compose")
}

fn gateway() -> Option<Audit> {
    report("/gateway_attestation/info/tcb_info/app_compose")
}

#[track_caller]
fn names(audit: &Audit, rule: &str, expected: &[&str]) {
    let mut expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
    expected.sort();
    assert_eq!(subjects(audit, rule), expected, "{rule}");
}

#[test]
fn the_model_machine_is_run_by_a_deployer_that_holds_the_docker_socket() {
    let Some(audit) = model() else { return };
    names(&audit, "DP-CMP-001", &["datadog-agent", "compose-manager", "compose-manager-launcher"]);
    assert_eq!(severities(&audit, "DP-CMP-001"), [Severity::Critical, Severity::Critical, Severity::High]);
    // pid: host, SYS_ADMIN, SYS_PTRACE of compose-manager.
    assert_eq!(severities(&audit, "DP-CMP-002"), [Severity::High; 3]);
    names(&audit, "DP-IMG-008", &["nearaidev/compose-manager"]);
    assert_eq!(open(&audit, "DP-ENV-012").len(), 2, "both mounts of .decrypted-env");
    assert!(
        subjects(&audit, "DP-URL-002").contains(&"github.com".to_owned()),
        "it fetches compose files from there"
    );
}

#[test]
fn an_image_default_that_nobody_can_replace_is_a_literal() {
    let Some(audit) = model() else { return };
    // COMPOSE_MANAGER_IMAGE is not in allowed_envs.
    for rule in ["DP-IMG-001", "DP-IMG-002", "DP-IMG-003", "DP-IMG-004"] {
        assert!(open(&audit, rule).is_empty(), "{rule}");
    }
    assert_eq!(passes(&audit, "DP-IMG-005").len(), 5);
}

#[test]
fn the_models_operator_chooses_two_addresses_and_one_that_only_comes_with_the_whole_environment() {
    let Some(audit) = model() else { return };
    // HOSTNAME is part of a domain, SLACK_WEBHOOK_URL is a URL; DD_HOSTNAME is a label of the agent's.
    names(&audit, "DP-ENV-002", &["HOSTNAME", "SLACK_WEBHOOK_URL"]);
    names(&audit, "DP-ENV-003", &["HOST_IP"]);
    assert!(open(&audit, "DP-ENV-003")[0].assumed, "no text shows that anything reads it");
    names(&audit, "DP-ENV-007", &["BEARER_TOKEN"]);
    names(&audit, "DP-ENV-014", &["LAUNCHER_CHANNEL"]);
    assert_eq!(audit.stage_line(), "Stage 0 - proven by DP-ENV-002, DP-CMP-001");
}

#[test]
fn the_gateways_model_discovery_is_the_operators_together_with_its_credential() {
    let Some(audit) = gateway() else { return };
    names(&audit, "DP-ENV-002", &["CLOUD_UI_BASE_URL", "CVM_HOST", "MODEL_DISCOVERY_SERVER_URL"]);
    let discovery = open(&audit, "DP-ENV-002")
        .into_iter()
        .find(|finding| finding.title.ends_with("MODEL_DISCOVERY_SERVER_URL"))
        .unwrap();
    assert_eq!((discovery.severity, discovery.status), (Severity::Critical, FindingStatus::Fail));
    assert_eq!(discovery.place.as_ref().unwrap().line, Some(155));
    names(&audit, "DP-ENV-006", &["AUTH_ENCODING_KEY"]);
    names(&audit, "DP-ENV-003", &["AUTH_ADMIN_DOMAINS", "CORS_ALLOWED_ORIGINS", "HOST_IP"]);
}

#[test]
fn the_gateways_switches_that_are_not_allowed_keep_their_defaults() {
    let Some(audit) = gateway() else { return };
    // ENABLE_CHUTES, CHUTES_* have defaults and are not in allowed_envs.
    for rule in ["DP-ENV-005", "DP-ENV-008", "DP-ENV-013", "DP-ENV-014"] {
        assert!(!subjects(&audit, rule).iter().any(|name| name.contains("CHUTES")), "{rule}");
    }
    names(&audit, "DP-ENV-005", &["ENV", "INVITATION_EMAIL_ENABLED"]);
}

#[test]
fn the_gateways_containers_reach_the_machine() {
    let Some(audit) = gateway() else { return };
    names(&audit, "DP-CMP-001", &["datadog-agent", "dstack-service-mesh", "dstack-vpc-client"]);
    let paths = subjects(&audit, "DP-CMP-003");
    for path in ["/dstack", "/run", "/var/lib/docker/containers", "/proc"] {
        assert!(paths.contains(&path.to_owned()), "{path}: {paths:?}");
    }
    // /var/run of dstack-vpc-client holds the agent's socket as well.
    assert!(subjects(&audit, "DP-CMP-005").contains(&"dstack-vpc-client".to_owned()));
    names(
        &audit,
        "DP-URL-003",
        &[
            "c5f76292a3df94d50056b08e57fc30fe1081ad40",
            "dstack.internal",
            "e78c12915ad57900317b97bd16f59ae13f86f148",
        ],
    );
    names(&audit, "DP-URL-007", &["datadog-agent", "otelcol-contrib"]);
    assert!(open(&audit, "DP-URL-004").is_empty(), "http between services and to this machine is internal");
    names(&audit, "DP-NET-001", &["ingress"]);
}
