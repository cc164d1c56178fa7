//! Every trap by its number: what it is in a sentence, and the test that a careless audit would fail.

use super::*;
use std::collections::BTreeMap;
use veritee_audit::{BootEvents, NameClass, NameOverride};

/// Alarms that must not be raised.
const FALSE_ALARMS: &[(u8, &str, fn())] = &[
    (1, "a name is allowed and nothing uses it", an_allowed_name_whose_literal_wins_is_unused_and_harmless),
    (
        2,
        "a name is used and not allowed",
        a_name_that_is_not_allowed_is_unset_and_no_endpoint_of_the_operator,
    ),
    (
        3,
        "a default stands beside a name that is not allowed",
        a_default_of_a_name_that_is_not_allowed_is_a_literal,
    ),
    (4, "only a label or a log tag takes the value", labels_container_names_and_log_tags_are_cosmetic),
    (5, "the line is a comment", commented_lines_say_nothing),
    (6, "a tag stands before a digest", a_tag_before_a_digest_is_decoration),
    (7, "a date looks like a commit", a_date_is_no_commit),
    (8, "a dollar is escaped, or there is none", escaped_dollars_and_plain_braces_are_no_interpolation),
    (9, "the address is inside the machine", internal_addresses_and_loopback_are_not_outside),
    (10, "a port or a limit behind an endpoint word", tuning_after_an_endpoint_word_is_tuning),
    (11, "a name begins like one that controls the start-up", a_name_that_only_begins_like_a_control_is_none),
    (
        12,
        "the address is the application's own name",
        the_policy_can_say_that_an_address_is_the_applications_own,
    ),
    (
        13,
        "a build stage is named like an image",
        one_pinned_stage_does_not_pin_the_others_and_stage_names_are_no_images,
    ),
    (
        14,
        "a branch of a script that nobody can enter",
        a_branch_behind_a_variable_that_nobody_can_set_is_out_of_reach,
    ),
    (
        15,
        "tests, examples, development variants",
        test_files_examples_and_development_variants_are_not_what_runs,
    ),
    (16, "a template that a deployment fills in", a_template_is_judged_as_one),
    (
        17,
        "a service that no profile starts",
        a_service_under_a_profile_that_nobody_can_switch_on_is_not_judged_as_running,
    ),
    (
        18,
        "code has a default for a name that the compose never passes on",
        a_default_in_code_is_no_choice_of_the_operator,
    ),
    (19, "only a script uses the name", a_name_that_only_the_pre_launch_script_reads_is_used),
    (20, "the key is meant to be public", a_publishable_key_is_not_a_secret_of_weight),
];

/// What must not be missed.
const MISSED: &[(u8, &str, fn())] = &[
    (1, "names without a dollar", bare_names_in_lists_and_empty_values_in_maps_come_from_outside),
    (2, "a later entry replaces a literal", a_later_bare_entry_replaces_an_earlier_literal),
    (3, "addresses under innocent names", innocent_names_of_addresses_are_found),
    (4, "a variable without braces", a_variable_without_braces_is_one),
    (
        5,
        "interpolation outside of the environment",
        interpolation_is_found_in_configs_dockerfiles_commands_and_health_checks,
    ),
    (6, "part of a value from outside", part_of_an_image_or_of_an_address_from_outside_is_enough),
    (7, "one pinned image among others", one_pinned_image_does_not_pin_the_next),
    (8, "documents, merge keys, includes", documents_merge_keys_and_other_files_are_followed_or_reported),
    (9, "scripts that write or export", scripts_that_write_compose_or_environment_files_are_critical),
    (
        10,
        "files and mounts that hold every variable",
        the_whole_environment_is_used_where_a_file_or_mount_hands_it_over,
    ),
    (11, "the docker socket in disguise", the_docker_socket_is_found_behind_every_disguise),
    (12, "images inside of commands", images_inside_commands_and_beside_the_socket_are_judged),
    (13, "a pull at every boot", a_pull_at_boot_with_a_tag_changes_the_code_at_every_restart),
    (14, "a build inside the machine", builds_inside_the_machine_are_judged_by_their_context),
    (15, "a literal on the operator's own domain", a_literal_on_the_operators_own_domain_is_left_to_a_person),
    (16, "a pinned image that is a shell", a_pinned_image_that_is_a_shell_is_a_shell),
    (17, "names that control the start-up", names_that_control_the_start_up_are_critical_even_when_unused),
    (
        18,
        "what the host chooses without being allowed to",
        values_that_the_host_chooses_are_not_taken_for_unset,
    ),
    (19, "a guest that holds to no list", an_old_guest_gives_every_name_to_the_operator),
    (20, "two members of one name", a_duplicate_key_in_the_document_is_two_documents),
    (21, "a digest that pins nothing", a_digest_in_an_environment_variable_pins_nothing),
    (22, "defaults inside the image", what_only_the_registry_knows_is_listed_as_not_asked),
    (23, "settings in a database", settings_that_no_document_holds_are_a_question_for_a_person),
    (
        24,
        "a variable that is absent lets a bad default in",
        a_secret_in_the_code_is_in_force_where_the_compose_gives_none,
    ),
    (25, "a claim that nothing reads", a_claim_about_the_kms_is_no_evidence),
    (26, "a count out of a shared registry", what_only_the_chain_knows_is_listed_as_not_asked),
    (27, "other hashes that are authorised", what_only_the_chain_knows_is_listed_as_not_asked),
    (28, "logs that leave the machine", log_drivers_send_everything_elsewhere),
    (29, "a whole document inside of one variable", a_document_inside_of_one_variable_is_the_operators),
    (30, "a hidden service behind a profile", profiles_that_can_be_switched_on_hide_nothing),
];

#[test]
fn every_trap_of_the_catalogue_has_a_test() {
    for (list, count) in [(FALSE_ALARMS, 20), (MISSED, 30)] {
        let numbers: Vec<u8> = list.iter().map(|(number, _, _)| *number).collect();
        assert_eq!(numbers, (1..=count).collect::<Vec<u8>>());
        for (number, words, test) in list {
            eprintln!("trap {number}: {words}");
            test();
        }
    }
}

#[test]
fn a_name_that_is_not_allowed_is_unset_and_no_endpoint_of_the_operator() {
    let audit = of(&environment(&["BASE_URL", "API_URL=${API_URL}"]), &[]);
    assert_eq!(subjects(&audit, "DP-ENV-013"), ["API_URL", "BASE_URL"]);
    silent(&audit, &["DP-ENV-002"]);
}

#[test]
fn a_tag_before_a_digest_is_decoration() {
    let digest = "ab".repeat(32);
    for tag in ["latest", "dc0fc12", "main", "2.8"] {
        let audit = of(&format!("services:\n  app:\n    image: example/app:{tag}@sha256:{digest}\n"), &[]);
        silent(&audit, &["DP-IMG-001", "DP-IMG-002", "DP-IMG-003", "DP-IMG-004"]);
        assert_eq!(passes(&audit, "DP-IMG-005").len(), 1);
    }
}

#[test]
fn a_date_is_no_commit() {
    for tag in ["20250929", "20251231-fix"] {
        let audit = of(&format!("services:\n  app:\n    image: example/app:{tag}\n"), &[]);
        silent(&audit, &["DP-IMG-004"]);
        fires(&audit, "DP-IMG-002", Severity::High);
    }
    fires(&of("services:\n  app:\n    image: example/app:dc0fc12\n", &[]), "DP-IMG-004", Severity::High);
}

#[test]
fn a_name_that_only_begins_like_a_control_is_none() {
    let names = ["DOCKER_NETWORK", "GIT_SHA", "LD_SDK_KEY", "COMPOSE_COLOUR", "PATHS"];
    silent(&of(&service(""), &names), &["DP-ENV-001"]);
}

#[test]
fn the_policy_can_say_that_an_address_is_the_applications_own() {
    let compose = environment(&["BASE_URL=${BASE_URL}"]);
    fires(&of(&compose, &["BASE_URL"]), "DP-ENV-002", Severity::High);
    let word = NameOverride { class: Some(NameClass::Destination), user_data: false };
    let context = Context { names: BTreeMap::from([("BASE_URL".to_owned(), word)]), ..Context::default() };
    let audit = attested(&app_compose(&compose, &["BASE_URL"]), context);
    silent(&audit, &["DP-ENV-002"]);
    fires(&audit, "DP-ENV-020", Severity::Medium);
    // And the other way: what a name hides.
    let word = NameOverride { class: Some(NameClass::Endpoint), user_data: true };
    let context = Context { names: BTreeMap::from([("UPLINK_URL".to_owned(), word)]), ..Context::default() };
    let audit = attested(&app_compose(&environment(&["UPLINK_URL"]), &["UPLINK_URL"]), context);
    fires(&audit, "DP-ENV-002", Severity::Critical);
}

#[test]
fn a_branch_behind_a_variable_that_nobody_can_set_is_out_of_reach() {
    let script = "if [[ -n \"$FETCH_TOKEN\" ]]; then\n  curl -s https://example.com/tool.sh | sh\nfi\n";
    let script = serde_json::json!({ "pre_launch_script": script });
    let out_of_reach = severities(&with(&service(""), &[], script.clone()), "DP-SCR-003");
    assert_eq!(out_of_reach, [Severity::Low]);
    let in_reach = severities(&with(&service(""), &["FETCH_TOKEN"], script), "DP-SCR-003");
    assert_eq!(in_reach, [Severity::Critical]);
}

#[test]
fn a_template_is_judged_as_one() {
    let compose = "services:\n  app:\n    image: ${APP_IMAGE}\n";
    fires(&of(compose, &["APP_IMAGE"]), "DP-IMG-001", Severity::Critical);
    let context = Context { template: true, ..Context::default() };
    let audit = veritee_audit::audit(&bare_deployment(compose.as_bytes()), &context);
    assert_eq!(severities(&audit, "DP-IMG-001"), [Severity::Medium]);
}

#[test]
fn a_default_in_code_is_no_choice_of_the_operator() {
    let raw = app_compose(&service(""), &["LLM_BASE_URL"]);
    let tree =
        MemoryTree::new([("app.py", "url = os.getenv(\"LLM_BASE_URL\", \"https://llm.example.com\")\n")]);
    let context = Context { attested: true, ..Context::default() };
    let audit = audit_source(Some(&deployment(&raw)), &tree, &context);
    silent(&audit, &["DP-ENV-002"]);
    fires(&audit, "DP-SRC-010", Severity::Low);
}

#[test]
fn a_variable_without_braces_is_one() {
    let audit = of(&environment(&["API_URL=$WHERE_URL"]), &["WHERE_URL"]);
    assert_eq!(subjects(&audit, "DP-ENV-002"), ["WHERE_URL"]);
    fires(
        &of("services:\n  app:\n    image: example/app:$TAG\n", &["TAG"]),
        "DP-IMG-001",
        Severity::Critical,
    );
}

#[test]
fn documents_merge_keys_and_other_files_are_followed_or_reported() {
    a_second_document_counts_and_is_reported();
    merge_keys_and_anchors_are_followed();
    extends_and_include_are_outside_the_hash();
    a_service_that_another_extends_is_taken_over();
}

#[test]
fn a_service_that_another_extends_is_taken_over() {
    let compose = format!(
        "services:\n  base:\n    image: {PIN}\n    profiles: [never]\n    privileged: true\n    environment: [API_URL]\n  app:\n    extends: base\n    profiles: !override []\n"
    );
    let audit = of(&compose, &["API_URL"]);
    assert!(
        open(&audit, "DP-CMP-002").iter().any(|finding| finding.evidence.contains("app")),
        "{}",
        listing(&audit)
    );
    assert_eq!(subjects(&audit, "DP-ENV-002"), ["API_URL"]);
    silent(&audit, &["DP-CMP-008"]);
    // What cannot be followed stays, whatever its form.
    for extends in ["{service: \"${WHICH}\"}", "{file: \"${WHERE}\", service: b}", "nobody"] {
        let audit = of(&service(&format!("    extends: {extends}\n")), &["WHICH", "WHERE"]);
        fires(&audit, "DP-CMP-008", Severity::High);
        assert!(audit.flows.iter().any(|flow| flow.provenance == "unknown"), "{:?}", audit.flows);
    }
}

#[test]
fn an_old_guest_gives_every_name_to_the_operator() {
    let raw = app_compose(&environment(&["API_URL"]), &[]);
    let names = ["compose-hash", "ca-cert-hash", "system-ready"].map(str::to_owned).to_vec();
    let log = BootEvents { names, ..BootEvents::default() };
    let audit = attested(&raw, Context { events: Some(log), ..Context::default() });
    fires(&audit, "DP-META-008", Severity::Critical);
    assert_eq!(subjects(&audit, "DP-ENV-002"), ["API_URL"]);
    assert!(audit.stage_line().contains("DP-META-008"));
}

#[test]
fn what_only_the_registry_knows_is_listed_as_not_asked() {
    let audit = of(&service(""), &[]);
    for id in ["DP-OCI-006", "DP-OCI-008"] {
        assert!(audit.not_run.iter().any(|rule| rule.rule == id && rule.why.contains("image fetch")), "{id}");
    }
    let trace = audit.quick_check.iter().find(|item| item.id == "Q9").unwrap();
    assert_eq!(trace.status, FindingStatus::Unknown);
}

#[test]
fn settings_that_no_document_holds_are_a_question_for_a_person() {
    let audit = of(&service(""), &[]);
    let question = audit.questions.iter().find(|question| question.id == "M8").unwrap();
    assert_eq!(question.status, veritee_audit::QuestionStatus::Open);
}

#[test]
fn a_secret_in_the_code_is_in_force_where_the_compose_gives_none() {
    let code = "const secret = process.env.JWT_SECRET || 'change-me-in-production-please';\n";
    let tree = MemoryTree::new([("src/auth.ts", code)]);
    let context = Context { attested: true, ..Context::default() };
    let judge = |compose: &str| {
        audit_source(Some(&deployment(&app_compose(compose, &["JWT_SECRET"]))), &tree, &context)
    };
    let audit = judge(&service(""));
    assert!(
        severities(&audit, "DP-SRC-011").iter().any(|severity| *severity >= Severity::High),
        "{}",
        listing(&audit)
    );
    // Where the operator gives it, it is the operator's; the default is not in force.
    let given = judge(&environment(&["JWT_SECRET"]));
    assert!(
        severities(&given, "DP-SRC-011").iter().all(|severity| *severity < Severity::High),
        "{}",
        listing(&given)
    );
    assert_eq!(subjects(&given, "DP-ENV-006"), ["JWT_SECRET"]);
}

#[test]
fn a_claim_about_the_kms_is_no_evidence() {
    let audit = of(&format!("x-dstack:\n  kms: base\n{}", service("")), &[]);
    assert!(audit.of("DP-META-010").next().is_some());
    let item = audit.quick_check.iter().find(|item| item.id == "Q3").unwrap();
    assert_eq!(item.status, FindingStatus::Unknown);
}

#[test]
fn what_only_the_chain_knows_is_listed_as_not_asked() {
    let audit = of(&service(""), &[]);
    for id in
        ["DP-CHN-001", "DP-CHN-002", "DP-CHN-003", "DP-CHN-006", "DP-CHN-010", "DP-CHN-012", "DP-KMS-006"]
    {
        let left = audit.not_run.iter().find(|rule| rule.rule == id);
        assert!(left.is_some_and(|rule| rule.why.contains("chain")), "{id}");
    }
    let question = audit.questions.iter().find(|question| question.id == "M10").unwrap();
    assert_eq!(question.status, veritee_audit::QuestionStatus::Open);
}

#[test]
fn a_document_inside_of_one_variable_is_the_operators() {
    for name in ["CONFIG_JSON", "ROUTING_MAP", "UPSTREAM_MAP"] {
        let audit = of(&environment(&[&format!("{name}=${{{name}}}")]), &[name]);
        assert!(audit.flows.iter().any(|flow| flow.name == name && flow.provenance == "operator"));
        let about = audit.findings.iter().filter(|finding| finding.rule.starts_with("DP-ENV-"));
        let named =
            about.filter(|finding| finding.title.contains(name) && finding.severity >= Severity::Medium);
        assert!(named.count() > 0, "{name}\n{}", listing(&audit));
    }
}
