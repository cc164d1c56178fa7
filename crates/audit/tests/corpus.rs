//! The hand answer key of the compose corpus: every line, the lines about what must not be said above all.
#![allow(missing_docs, clippy::print_stderr)]

mod common;

use common::*;
use veritee_audit::{Audit, Context, MemoryTree, audit_source};
use veritee_model::{FindingStatus, Severity};

const C: Severity = Severity::Critical;
const H: Severity = Severity::High;
const M: Severity = Severity::Medium;
const L: Severity = Severity::Low;
const I: Severity = Severity::Info;

/// The named findings of a rule stand there with this severity, and the rule says nothing else.
#[track_caller]
fn exactly(audit: &Audit, rule: &str, severity: Severity, names: &[&str]) {
    let mut expected: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    expected.sort();
    assert_eq!(subjects(audit, rule), expected, "{rule}\n{}", listing(audit));
    assert!(severities(audit, rule).iter().all(|found| *found == severity), "{rule}\n{}", listing(audit));
}

#[track_caller]
fn count(audit: &Audit, rule: &str, severity: Severity, number: usize) {
    let found = severities(audit, rule).iter().filter(|found| **found == severity).count();
    assert_eq!(found, number, "{rule} {severity}\n{}", listing(audit));
}

#[track_caller]
fn silent(audit: &Audit, rules: &[&str]) {
    for rule in rules {
        assert!(open(audit, rule).is_empty(), "{rule} must not fire\n{}", listing(audit));
    }
}

#[track_caller]
fn never_about(audit: &Audit, rule: &str, name: &str) {
    assert!(!subjects(audit, rule).iter().any(|about| about.contains(name)), "{rule} must not name {name}");
}

fn hermes(raw: &[u8]) -> (Audit, Context) {
    let context = Context { events: Some(events(kms(0))), ..Context::default() };
    let context = Context {
        app_id: Some(veritee_model::AppId::from_hex("db82f581256a3c9244c4d7129a67336990d08cdf").unwrap()),
        ..context
    };
    (attested(raw, context.clone()), context)
}

#[test]
fn hermes_is_stage_0_by_its_kms_and_by_nothing_else() {
    let Some(raw) = corpus("01-hermes-2026-03-10.app-compose.json") else { return };
    let (audit, _) = hermes(&raw);
    assert_eq!(audit.stage_line(), "Stage 0 - proven by DP-KMS-002");
    assert_eq!(passes(&audit, "DP-META-001").len(), 1);
    count(&audit, "DP-META-007", I, 1);
    count(&audit, "DP-KMS-002", H, 1);
    assert_eq!(passes(&audit, "DP-IMG-005").len(), 2);
    silent(&audit, &["DP-IMG-002", "DP-IMG-004"]);
}

#[test]
fn hermes_bare_names_are_the_operators_where_allowed_and_unset_where_not() {
    let Some(raw) = corpus("01-hermes-2026-03-10.app-compose.json") else { return };
    let (audit, _) = hermes(&raw);
    let credentials = [
        "ANTHROPIC_API_KEY",
        "CLOUDFLARE_API_TOKEN",
        "FIREBASE_SERVICE_ACCOUNT_BASE64",
        "SENDGRID_API_KEY",
        "TELEGRAM_BOT_TOKEN",
    ];
    exactly(&audit, "DP-ENV-008", M, &credentials);
    exactly(
        &audit,
        "DP-ENV-020",
        M,
        &["SENDGRID_FROM_EMAIL", "TELEGRAM_GROUP_CHAT_ID", "TELEGRAM_CHANNEL_MAP"],
    );
    let unset = [
        "BASE_URL",
        "FIRECRAWL_API_KEY",
        "TELEGRAM_BOT_HANDLE",
        "TELEGRAM_BOT_SECRET_KEY",
        "TELEGRAM_CHANNEL_ID",
        "TELEGRAM_COOLDOWN_MS",
        "TELEGRAM_MAX_PER_HOUR",
        "TELEGRAM_POST_MODE",
    ];
    exactly(&audit, "DP-ENV-013", I, &unset);
    silent(&audit, &["DP-ENV-002", "DP-ENV-003", "DP-ENV-011", "DP-ENV-001"]);
    count(&audit, "DP-ENV-018", M, 1);
}

#[test]
fn hermes_script_is_a_published_one_whose_branches_are_judged_by_who_can_reach_them() {
    let Some(raw) = corpus("01-hermes-2026-03-10.app-compose.json") else { return };
    let (audit, _) = hermes(&raw);
    assert_eq!(passes(&audit, "DP-SCR-001").len(), 1);
    count(&audit, "DP-SCR-007", L, 1);
    count(&audit, "DP-SCR-008", L, 1);
    count(&audit, "DP-SCR-003", L, 1);
    silent(&audit, &["DP-SCR-010", "DP-SCR-004", "DP-SCR-006", "DP-SCR-015"]);
    let mut context = hermes(&raw).1;
    context.os.image_name = Some("dstack-dev-0.5.5".to_owned());
    let development = attested(&raw, context);
    count(&development, "DP-SCR-008", C, 1);
    count(&development, "DP-META-009", C, 1);
}

#[test]
fn hermes_flags_and_addresses() {
    let Some(raw) = corpus("01-hermes-2026-03-10.app-compose.json") else { return };
    let (audit, _) = hermes(&raw);
    count(&audit, "DP-CFG-001", L, 1);
    count(&audit, "DP-CFG-005", L, 1);
    count(&audit, "DP-CFG-007", L, 1);
    let ports = open(&audit, "DP-CFG-009");
    assert!(
        ports.len() == 1 && ports[0].status == FindingStatus::Manual && ports[0].evidence.contains("3000")
    );
    assert_eq!(passes(&audit, "DP-NET-001").len(), 1);
    silent(&audit, &["DP-NET-001", "DP-URL-004", "DP-URL-008"]);
}

/// The repository of the case, as far as the answer key speaks of it.
fn hermes_tree(record: Vec<u8>) -> MemoryTree {
    let code = "export const secret = process.env.JWT_SECRET || 'a-default-that-everybody-reads';\n";
    let mut tree = MemoryTree::new([
        ("evidences/2026-03-10/deploy-info.json", record),
        ("server/src/http.ts", code.as_bytes().to_vec()),
    ]);
    tree.commits = Some(vec!["eed1070aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".to_owned()]);
    tree.head = tree.commits.as_ref().map(|commits| commits[0].clone());
    tree
}

#[test]
fn hermes_traces_to_a_commit_that_its_own_record_contradicts() {
    let Some(raw) = corpus("01-hermes-2026-03-10.app-compose.json") else { return };
    let Some(record) = corpus("01-hermes-2026-03-10.deploy-info.json") else { return };
    let audit = audit_source(Some(&deployment(&raw)), &hermes_tree(record), &Context::default());
    assert_eq!(passes(&audit, "DP-TRC-002").len(), 1);
    count(&audit, "DP-TRC-004", M, 1);
    let secret = open(&audit, "DP-SRC-011");
    assert!(secret.len() == 1 && secret[0].severity == H && secret[0].status == FindingStatus::Fail);
    assert_eq!(secret[0].place.as_ref().unwrap().file, "server/src/http.ts");
}

#[test]
fn base_gateway_leaves_its_machine_open_and_its_endpoints_to_the_operator() {
    let Some(raw) = corpus("03-base-gateway.app-compose.json") else { return };
    let audit = unattested(&raw);
    assert!(audit.stage_line().starts_with("Stage 0 - not shown otherwise: "), "{}", audit.stage_line());
    assert_eq!(passes(&attested(&raw, Context::default()), "DP-META-001").len(), 1);
    assert_eq!(passes(&audit, "DP-IMG-005").len(), 1);
    silent(&audit, &["DP-IMG-001", "DP-IMG-002", "DP-IMG-003", "DP-IMG-004", "DP-ENV-011"]);
    count(&audit, "DP-CMP-002", H, 1);
    count(&audit, "DP-CMP-004", M, 1);
    count(&audit, "DP-CMP-003", C, 1);
    count(&audit, "DP-ENV-012", H, 1);
    exactly(&audit, "DP-ENV-002", H, &["WG_ENDPOINT", "SRV_DOMAIN", "MY_URL", "BOOTNODE_URL", "RPC_DOMAIN"]);
    exactly(&audit, "DP-ENV-008", M, &["CF_API_TOKEN"]);
    exactly(&audit, "DP-ENV-020", M, &["CF_ZONE_ID"]);
    exactly(&audit, "DP-ENV-019", I, &["SUBNET_INDEX"]);
    exactly(&audit, "DP-ENV-017", M, &["PCCS_URL"]);
    exactly(&audit, "DP-ENV-013", I, &["ACME_STAGING"]);
    never_about(&audit, "DP-ENV-011", "APP_LAUNCH_TOKEN");
    assert_eq!(passes(&audit, "DP-ENV-018").len(), 1);
    count(&audit, "DP-SCR-011", M, 1);
    exactly(&audit, "DP-META-006", I, &["launch_token_hash"]);
}

#[test]
fn base_gateway_is_under_an_on_chain_kms_by_its_event_log() {
    let Some(raw) = corpus("03-base-gateway.app-compose.json") else { return };
    let audit = attested(&raw, Context { events: Some(events(kms(1))), ..Context::default() });
    let kms = passes(&audit, "DP-KMS-003");
    assert!(kms.len() == 1 && kms[0].evidence.contains("0x2f83172A49584C017F2B256F0FB2Dca14126Ba9C"));
    silent(&audit, &["DP-KMS-002", "DP-KMS-004", "DP-KMS-005"]);
    let item = &audit.quick_check[2];
    assert_eq!(item.status, FindingStatus::Unknown, "the chain was not read");
}

#[test]
fn llm04_gateway_builds_inside_the_machine() {
    let Some(raw) = corpus("05-dstack-gateway-llm04.app-compose.json") else { return };
    let audit = unattested(&raw);
    count(&audit, "DP-IMG-009", H, 1);
    assert_eq!(passes(&audit, "DP-SRC-001").len(), 1);
    silent(&audit, &["DP-SRC-001", "DP-SRC-007", "DP-ENV-013"]);
    count(&audit, "DP-SRC-004", M, 1);
    count(&audit, "DP-SRC-006", M, 1);
    exactly(&audit, "DP-ENV-002", H, &["WG_ENDPOINT", "SRV_DOMAIN", "MY_URL", "BOOTNODE_URL", "RPC_DOMAIN"]);
    count(&audit, "DP-CMP-003", C, 1);
    count(&audit, "DP-SCR-011", M, 1);
}

#[test]
fn jupyter_opens_everything() {
    let Some(raw) = corpus("08-rtmr3-jupyter.app-compose.json") else { return };
    let audit = unattested(&raw);
    count(&audit, "DP-IMG-003", C, 1);
    count(&audit, "DP-CMP-007", C, 1);
    count(&audit, "DP-CMP-003", C, 1);
    count(&audit, "DP-CMP-002", H, 1);
    count(&audit, "DP-CMP-004", M, 1);
    let enforcement = open(&audit, "DP-META-008");
    assert!(enforcement.len() == 1 && enforcement[0].status == FindingStatus::Unknown);
}

#[test]
fn a_doubly_escaped_compose_file_is_incomplete_and_nothing_is_guessed_from_its_text() {
    let Some(raw) = corpus("10-erc8004.app-compose.json") else { return };
    let audit = unattested(&raw);
    assert_eq!(audit.stage_line(), "incomplete");
    let found = open(&audit, "DP-META-003");
    assert!(
        found.len() == 1 && found[0].severity == H && found[0].evidence.contains("\\n"),
        "{}",
        listing(&audit)
    );
    let compose_rules = audit.findings.iter().filter(|finding| {
        ["DP-IMG", "DP-CMP", "DP-URL"].iter().any(|family| finding.rule.starts_with(family))
    });
    assert_eq!(compose_rules.count(), 0, "no rule may speak of text that is no YAML");
    assert!(audit.not_run.iter().any(|rule| rule.rule == "DP-IMG-002"));
    assert_eq!(audit.quick_check[1].status, FindingStatus::Unknown);
}

#[test]
fn a_document_that_is_no_dstack_application_is_incomplete() {
    let Some(raw) = corpus("11-trustee-not-dstack.app-compose.json") else { return };
    let audit = unattested(&raw);
    assert_eq!(audit.stage_line(), "incomplete");
    for key in ["docker_compose_file", "runner", "manifest_version"] {
        assert!(subjects(&audit, "DP-META-003").contains(&key.to_owned()), "{key}");
    }
}

#[test]
fn tee_totalled_fails_by_its_tag_and_not_by_a_url_that_never_arrives() {
    let Some(raw) = corpus("12-tee-totalled.docker-compose.yml") else { return };
    let audit = bare(&raw);
    assert!(audit.stage_line().starts_with("Stage 0 - not shown otherwise: "), "{}", audit.stage_line());
    count(&audit, "DP-IMG-003", C, 1);
    exactly(&audit, "DP-ENV-008", M, &["TELEGRAM_BOT_TOKEN", "REDPILL_API_KEY"]);
    silent(&audit, &["DP-ENV-002", "DP-ENV-003", "DP-ENV-005"]);
    assert!(
        audit
            .findings
            .iter()
            .filter(|finding| finding.rule.starts_with("DP-ENV"))
            .all(|finding| finding.assumed)
    );
}

#[test]
fn tee_totalled_source_shapes_are_found_in_a_tree_of_the_same_form() {
    let Some(raw) = corpus("12-tee-totalled.docker-compose.yml") else { return };
    let tree = MemoryTree::new([
        ("Dockerfile", vector("source/tee-totalled-like/Dockerfile")),
        (".github/workflows/docker.yml", vector("source/tee-totalled-like/docker.yml")),
        ("src/config.py", vector("source/tee-totalled-like/config.py.txt")),
        ("src/verification.py", vector("source/tee-totalled-like/verification.py.txt")),
        ("src/attestation.py", vector("source/tee-totalled-like/attestation.py.txt")),
    ]);
    let audit = audit_source(Some(&bare_deployment(&raw)), &tree, &Context::default());
    exactly(&audit, "DP-SRC-010", L, &["LLM_BASE_URL"]);
    count(&audit, "DP-SRC-001", H, 1);
    count(&audit, "DP-SRC-003", M, 1);
    count(&audit, "DP-SRC-004", M, 1);
    count(&audit, "DP-SRC-006", H, 2);
    assert!(open(&audit, "DP-SRC-008").iter().any(|finding| finding.severity == M), "{}", listing(&audit));
    let known = open(&audit, "DP-SRC-020");
    assert!(known.len() == 1 && known[0].severity == H && known[0].evidence.contains("Known issue"));
    assert!(severities(&audit, "DP-SRC-021").contains(&M), "{}", listing(&audit));
    silent(&audit, &["DP-ENV-002"]);
}

#[test]
fn xordi_toy_sends_a_bearer_token_to_an_address_that_the_operator_chooses() {
    let Some(raw) = corpus("13-xordi-toy.docker-compose.yml") else { return };
    let audit = bare(&raw);
    count(&audit, "DP-IMG-003", C, 1);
    exactly(&audit, "DP-ENV-002", C, &["MOCK_API_URL"]);
    exactly(&audit, "DP-ENV-008", M, &["MOCK_API_TOKEN"]);
    exactly(&audit, "DP-ENV-006", H, &["SIGNING_KEY"]);
    silent(&audit, &["DP-ENV-005"]);
    assert!(subjects(&audit, "DP-META-010").contains(&"x-dstack.kms".to_owned()));
    assert_eq!(
        audit.quick_check[2].status,
        FindingStatus::Unknown,
        "an extension field is no evidence of a KMS"
    );
}

#[test]
fn xordi_toy_as_deployed_is_proven_stage_0() {
    let Some(raw) = corpus("13-xordi-toy.docker-compose.yml") else { return };
    let text = String::from_utf8(raw).unwrap();
    let deployed = text.replace(
        "ghcr.io/xordi/toy-example-enclave:latest",
        "ghcr.io/account-link/toy-example-enclave:dc0fc12",
    );
    let allowed = [
        "MOCK_API_URL",
        "MOCK_API_TOKEN",
        "SIGNING_KEY",
        "ENVIRONMENT",
        "DSTACK_DOCKER_REGISTRY",
        "DSTACK_DOCKER_USERNAME",
        "DSTACK_DOCKER_PASSWORD",
    ];
    let audit = attested(
        &app_compose(&deployed, &allowed),
        Context { events: Some(events(kms(1))), ..Context::default() },
    );
    count(&audit, "DP-IMG-004", H, 1);
    let line = audit.stage_line();
    assert!(line.starts_with("Stage 0 - proven by "), "{line}");
    for rule in ["DP-ENV-002", "DP-ENV-006", "DP-IMG-004"] {
        assert!(line.contains(rule), "{line}");
    }
    assert!(!line.contains("KMS"), "{line}");
}

#[test]
fn feedling_is_pinned_by_tags_that_look_like_commits() {
    let Some(raw) = corpus("15-feedling.docker-compose.yaml") else { return };
    let audit = bare(&raw);
    count(&audit, "DP-IMG-004", H, 3);
    assert_eq!(passes(&audit, "DP-IMG-005").len(), 1);
    exactly(&audit, "DP-ENV-008", M, &["CF_API_TOKEN", "APNS_KEY_P8_B64"]);
    exactly(&audit, "DP-ENV-019", I, &["APNS_KEY_ID", "APNS_TEAM_ID"]);
    silent(&audit, &["DP-URL-008", "DP-URL-004", "DP-CMP-015"]);
    let ports: String = open(&audit, "DP-CFG-009").iter().map(|finding| finding.evidence.as_str()).collect();
    assert!(ports.contains("5001") && ports.contains("9998") && !ports.contains("443:443"));
    let tree = MemoryTree::new([("DEPLOYMENTS.md", "| date | compose hash |\n| 2026-03-10 | pending |\n")]);
    let with_record = audit_source(Some(&bare_deployment(&raw)), &tree, &Context::default());
    assert_eq!(passes(&with_record, "DP-DOC-001").len(), 1);
}

#[test]
fn lit_chipotle_is_a_template_whose_images_come_at_deployment() {
    let Some(raw) = corpus("16-lit-chipotle.docker-compose.yml") else { return };
    let deployment = bare_deployment(&raw);
    let audit = veritee_audit::audit(&deployment, &Context { template: true, ..Context::default() });
    count(&audit, "DP-IMG-001", M, 3);
    assert!(
        open(&audit, "DP-IMG-001")
            .iter()
            .all(|finding| finding.evidence.contains("template") && !finding.blocks)
    );
    exactly(&audit, "DP-ENV-003", H, &["BASE_CHAIN_RPC"]);
    exactly(&audit, "DP-ENV-002", H, &["CERTBOT_DOMAIN"]);
    exactly(&audit, "DP-ENV-017", M, &["DSTACK_GATEWAY_DOMAIN"]);
    exactly(&audit, "DP-ENV-020", M, &["GCP_PROJECT_ID", "CERTBOT_AWS_ROLE_ARN", "CERTBOT_AWS_REGION"]);
    let credentials = [
        "STRIPE_SECRET_KEY",
        "GCP_SERVICE_ACCOUNT_JSON",
        "CERTBOT_AWS_ACCESS_KEY_ID",
        "CERTBOT_AWS_SECRET_ACCESS_KEY",
        "STRIPE_PUBLISHABLE_KEY",
    ];
    let mut expected = credentials.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(subjects(&audit, "DP-ENV-008"), expected);
    count(&audit, "DP-ENV-008", M, 4);
    count(&audit, "DP-ENV-008", L, 1);
    count(&audit, "DP-CMP-002", H, 1);
    count(&audit, "DP-CMP-003", M, 2);
    exactly(&audit, "DP-URL-007", M, &["otel-collector"]);
    count(&audit, "DP-CMP-019", M, 2);
}

#[test]
fn lit_chipotle_as_attested_is_pinned() {
    let Some(raw) = corpus("16-lit-chipotle.docker-compose.yml") else { return };
    let mut text = String::from_utf8(raw).unwrap();
    for name in ["DOCKER_IMAGE_LIT_ACTIONS", "DOCKER_IMAGE_LIT_API_SERVER", "DOCKER_IMAGE_OTEL_COLLECTOR"] {
        text = text.replace(
            &format!("image: ${{{name}}}"),
            &format!("image: example/image@sha256:{}", "ab".repeat(32)),
        );
    }
    let audit = attested(&app_compose(&text, &[]), Context::default());
    silent(&audit, &["DP-IMG-001", "DP-IMG-002", "DP-IMG-003"]);
    assert_eq!(passes(&audit, "DP-IMG-005").len(), 4);
}

#[test]
fn lit_chipotle_dockerfile_shape_is_found() {
    let tree = MemoryTree::new([
        ("Dockerfile.lit-api-server", vector("source/lit-like/Dockerfile")),
        ("Cargo.lock", String::new()),
    ]);
    let audit = audit_source(None, &tree, &Context::default());
    count(&audit, "DP-SRC-001", H, 2);
    count(&audit, "DP-SRC-004", M, 1);
    count(&audit, "DP-SRC-006", H, 1);
}

#[test]
fn private_images_are_started_from_inside_a_container() {
    let Some(raw) = corpus("19-private-image-nested.docker-compose.yml") else { return };
    let audit = bare(&raw);
    count(&audit, "DP-IMG-003", C, 1);
    count(&audit, "DP-CMP-001", C, 1);
    count(&audit, "DP-CMP-003", C, 1);
    exactly(
        &audit,
        "DP-IMG-008",
        H,
        &["0xii/httpbin:latest", "your-private-registry.com/0xii/httpbin:latest"],
    );
    exactly(&audit, "DP-ENV-002", H, &["PRIVATE_REGISTRY_URL"]);
    let credentials =
        ["DOCKER_PASSWORD", "DOCKER_USERNAME", "PRIVATE_REGISTRY_PASSWORD", "PRIVATE_REGISTRY_USERNAME"];
    exactly(&audit, "DP-ENV-008", M, &credentials);
    count(&audit, "DP-CMP-018", M, 1);
}

#[test]
fn context7_interpolates_its_token_without_braces() {
    let Some(raw) = corpus("22-context7-mcp.docker-compose.yml") else { return };
    let audit = bare(&raw);
    count(&audit, "DP-IMG-002", H, 2);
    exactly(&audit, "DP-ENV-007", H, &["BEARER_TOKEN"]);
    count(&audit, "DP-CMP-011", M, 1);
    assert!(
        !open(&audit, "DP-CMP-004").iter().any(|finding| finding.title.ends_with("app")),
        "its ports are a comment"
    );
}

#[test]
fn lightclient_downloads_without_checksum_and_never_gets_the_escaped_variable() {
    let Some(raw) = corpus("24-lightclient.docker-compose.yml") else { return };
    let audit = bare(&raw);
    count(&audit, "DP-IMG-009", H, 1);
    count(&audit, "DP-SRC-007", H, 2);
    exactly(&audit, "DP-URL-004", M, &["testing.holesky.beacon-api.nimbus.team"]);
    silent(&audit, &["DP-ENV-002", "DP-ENV-003", "DP-URL-005"]);
}

#[test]
fn an_old_guest_enforces_no_list_so_every_name_is_the_operators() {
    let Some(raw) = corpus("27-intents-amm-solver.excerpt.docker-compose.yml") else { return };
    let document = app_compose(&String::from_utf8(raw).unwrap(), &[]);
    let mut log = events(kms(1));
    log.names.retain(|name| name != "key-provider");
    log.names.push("ca-cert-hash".to_owned());
    log.key_provider = None;
    let audit = attested(&document, Context { events: Some(log), ..Context::default() });
    count(&audit, "DP-META-008", C, 1);
    exactly(&audit, "DP-ENV-002", H, &["NEAR_NODE_URL"]);
    let destinations =
        ["INTENTS_CONTRACT", "SOLVER_REGISTRY_CONTRACT", "SOLVER_POOL_ID", "AMM_TOKEN1_ID", "AMM_TOKEN2_ID"];
    for name in destinations {
        assert!(subjects(&audit, "DP-ENV-020").contains(&name.to_owned()), "{name}\n{}", listing(&audit));
    }
    assert!(severities(&audit, "DP-ENV-020").iter().all(|severity| *severity == H));
    silent(&audit, &["DP-ENV-013", "DP-IMG-003"]);
    assert_eq!(passes(&audit, "DP-IMG-005").len(), 1);
    assert!(audit.stage_line().contains("DP-META-008"), "{}", audit.stage_line());
}

#[test]
fn the_same_document_on_a_current_guest_leaves_all_of_them_unset() {
    let Some(raw) = corpus("27-intents-amm-solver.excerpt.docker-compose.yml") else { return };
    let document = app_compose(&String::from_utf8(raw).unwrap(), &[]);
    let audit = attested(&document, Context { events: Some(events(kms(1))), ..Context::default() });
    count(&audit, "DP-ENV-013", I, 7);
    silent(&audit, &["DP-ENV-002", "DP-ENV-020", "DP-META-008"]);
}
