//! The traps of resolution: what a careless reader takes for harmless, or for dangerous.

use veritee_compose::image::Pin;
use veritee_compose::service::{Activity, EnvironmentVariable, Flag};
use veritee_compose::{
    ComposeFileError, ConstructKind, Context, Deployment, DocumentError, Enforcement, Origin, Provenance,
    ReferenceForm, Service, Text, UnboundCompose, Value, bind, url,
};
use veritee_model::{Budget, ComposeHash, Reason};

/// An app_compose around a compose file.
fn document(yaml: &str, allowed: &[&str], extra: &str) -> Vec<u8> {
    let yaml = serde_json::to_string(yaml).unwrap();
    let allowed = serde_json::to_string(allowed).unwrap();
    format!(
        r#"{{"manifest_version":2,"name":"t","runner":"docker-compose","allowed_envs":{allowed},"docker_compose_file":{yaml}{extra}}}"#
    )
    .into_bytes()
}

fn deployed(yaml: &str, allowed: &[&str]) -> Deployment {
    with(yaml, allowed, "")
}

fn with(yaml: &str, allowed: &[&str], extra: &str) -> Deployment {
    let raw = document(yaml, allowed, extra);
    let unbound = UnboundCompose::parse(&raw, &Budget::STANDARD).unwrap();
    Deployment::from_unbound(&unbound, &Context::default())
}

fn script(text: &str) -> String {
    format!(r#","pre_launch_script":{}"#, serde_json::to_string(text).unwrap())
}

fn service(deployment: &Deployment) -> &Service {
    let compose = deployment.compose.as_ref().unwrap();
    &compose.services[0]
}

fn entry<'a>(service: &'a Service, name: &'a str) -> &'a EnvironmentVariable {
    service.variables(name).next().unwrap()
}

fn provenance(deployment: &Deployment, name: &str) -> Provenance {
    entry(service(deployment), name).value.as_ref().map_or(Provenance::Unset, Value::provenance)
}

fn kinds(deployment: &Deployment) -> Vec<ConstructKind> {
    deployment.constructs.iter().map(|construct| construct.kind).collect()
}

fn environment(lines: &str) -> String {
    format!("services:\n  s:\n    image: i\n    environment:\n{lines}")
}

#[test]
fn a_later_bare_entry_beats_an_earlier_literal() {
    let deployment = deployed(&environment("      - U=https://ok\n      - U\n"), &["U"]);
    let service = service(&deployment);
    let effective = entry(service, "U");
    assert!(effective.bare);
    assert_eq!(effective.value.as_ref().unwrap().provenance(), Provenance::Operator);
    assert_eq!(service.environment.len(), 1);
    assert_eq!(service.replaced_environment[0].value.as_ref().unwrap().literal(), Some("https://ok"));
}

#[test]
fn a_later_literal_beats_an_earlier_bare_entry() {
    let deployment = deployed(&environment("      - U\n      - U=https://ok\n"), &["U"]);
    assert_eq!(provenance(&deployment, "U"), Provenance::Literal);
}

#[test]
fn an_interpolated_name_is_not_taken_for_a_known_one() {
    let deployment = deployed(&environment("      - ${X}\n      - ${X}=y\n      - A${X}=y\n"), &["X"]);
    let service = service(&deployment);
    assert_eq!(service.environment.len(), 3);
    assert!(service.environment.iter().all(|entry| entry.name.literal().is_none()));
    let first = service.environment[0].value.as_ref().unwrap();
    assert_eq!(first.provenance(), Provenance::Operator);
}

#[test]
fn null_map_values_are_bare_names() {
    let deployment =
        deployed(&environment("      A:\n      B: ~\n      C: ''\n      D: 010\n      E: yes\n"), &["A"]);
    assert_eq!(provenance(&deployment, "A"), Provenance::Operator);
    assert_eq!(provenance(&deployment, "B"), Provenance::Unset);
    let text =
        |name: &str| entry(service(&deployment), name).value.as_ref().unwrap().literal().unwrap().to_owned();
    assert_eq!((text("C"), text("D"), text("E")), (String::new(), "8".to_owned(), "yes".to_owned()));
}

#[test]
fn a_default_counts_as_literal_only_where_nobody_can_set_the_name() {
    let yaml = environment("      - A=${N:-https://ok}\n      - B=${N-x}\n      - C=${N:+x}\n      - D=$N\n");
    let fixed = deployed(&yaml, &[]);
    let literal =
        |name: &str| entry(service(&fixed), name).value.as_ref().unwrap().literal().map(str::to_owned);
    assert_eq!(literal("A").as_deref(), Some("https://ok"));
    assert_eq!(literal("B").as_deref(), Some("x"));
    assert_eq!(literal("C").as_deref(), Some(""));
    assert_eq!(literal("D").as_deref(), Some(""));
    assert_eq!(provenance(&fixed, "D"), Provenance::Unset);
    let chosen = deployed(&yaml, &["N"]);
    for name in ["A", "B", "C", "D"] {
        assert_eq!(provenance(&chosen, name), Provenance::Operator, "{name}");
    }
    let a = entry(service(&chosen), "A").value.as_ref().unwrap().clone();
    assert_eq!(a.references[0].default.as_deref(), Some("https://ok"));
    assert_eq!(a.literal(), None);
}

#[test]
fn nested_defaults_mention_every_name() {
    let deployment = deployed(&environment("      - A=${N:-${M:-$K}}\n"), &["M"]);
    let value = entry(service(&deployment), "A").value.as_ref().unwrap();
    let names: Vec<_> = value.references.iter().map(|reference| reference.name.as_str()).collect();
    assert_eq!(names, ["N", "M", "K"]);
    assert_eq!(value.provenance(), Provenance::Operator);
}

#[test]
fn escaped_dollars_and_shell_syntax_are_text() {
    let deployment = deployed(&environment("      - A=$$N $$(id) $1 {N}\n"), &["N"]);
    let value = entry(service(&deployment), "A").value.as_ref().unwrap();
    assert_eq!(value.literal(), Some("$N $(id) $1 {N}"));
    assert!(value.references.is_empty());
}

#[test]
fn names_are_case_sensitive() {
    let deployment = deployed(&environment("      - A=${n}\n"), &["N"]);
    assert_eq!(provenance(&deployment, "A"), Provenance::Unset);
}

#[test]
fn commented_lines_do_not_count() {
    let yaml = "services:\n  s:\n    #image: evil@sha256:00\n    image: i:1 # ${X}\n    # ports: ['80']\n";
    let deployment = deployed(yaml, &["X"]);
    assert_eq!(service(&deployment).image.as_ref().unwrap().pin(), Pin::Tag("1".to_owned()));
    assert!(service(&deployment).ports.is_empty());
    let comments: Vec<_> =
        deployment.compose.as_ref().unwrap().comments.iter().map(|(_, text)| text.trim()).collect();
    assert_eq!(comments, ["image: evil@sha256:00", "${X}", "ports: ['80']"]);
}

#[test]
fn configs_secrets_and_build_arguments_read_the_environment_without_a_dollar() {
    let yaml = "services:\n  s:\n    build:\n      context: .\n      args: [TOKEN, FIXED=1]\nconfigs:\n  c:\n    environment: TOKEN\nsecrets:\n  k:\n    environment: TOKEN\n";
    let deployment = deployed(yaml, &["TOKEN"]);
    let args = &service(&deployment).build.as_ref().unwrap().args;
    assert_eq!(args[0].value.as_ref().unwrap().provenance(), Provenance::Operator);
    assert_eq!(args[0].value.as_ref().unwrap().references[0].form, ReferenceForm::Bare);
    assert_eq!(args[1].value.as_ref().unwrap().literal(), Some("1"));
    let compose = deployment.compose.as_ref().unwrap();
    for resource in [&compose.configs[0], &compose.secrets[0]] {
        assert_eq!(resource.environment_value.as_ref().unwrap().provenance(), Provenance::Operator);
    }
}

#[test]
fn interpolation_reaches_every_value() {
    let yaml = "services:\n  s:\n    image: i\n    command: [\"$X\"]\n    entrypoint: a $X\n    labels: {k: $X}\n    healthcheck: {test: [CMD, $X]}\n    build: {context: ., dockerfile_inline: \"FROM $X\"}\nconfigs:\n  c: {content: \"a $X\"}\nx-y: $X\n";
    let deployment = deployed(yaml, &["X"]);
    let mut chosen = Vec::new();
    deployment.compose.as_ref().unwrap().tree.scalars("", &mut |path, value| {
        if value.provenance() == Provenance::Operator {
            chosen.push(path.to_owned());
        }
    });
    assert_eq!(
        chosen,
        [
            "services.s.command.0",
            "services.s.entrypoint",
            "services.s.labels.k",
            "services.s.healthcheck.test.1",
            "services.s.build.dockerfile_inline",
            "configs.c.content",
            "x-y",
        ]
    );
}

#[test]
fn keys_are_never_interpolated() {
    let deployment = deployed(&environment("      $X: y\n"), &["X"]);
    assert_eq!(service(&deployment).environment[0].name.literal(), Some("$X"));
}

#[test]
fn merge_keys_and_aliases_give_the_resolved_services() {
    let yaml = "x-a: &a\n  image: evil\n  privileged: true\nx-b: &b {privileged: false, restart: always}\nservices:\n  s:\n    <<: [*a, *b]\n    image: good:1\n";
    let deployment = deployed(yaml, &[]);
    let service = service(&deployment);
    assert_eq!(service.image.as_ref().unwrap().value.text, "good:1");
    assert_eq!(service.flag("privileged"), Flag::On);
    assert_eq!(service.scalar("restart").unwrap().text, "always");
    let privileged = service.scalar("privileged").unwrap();
    assert_eq!(deployment.source(Text::ComposeFile, privileged.span), "true");
    assert_eq!(deployment.source(Text::ComposeFile, privileged.alias.unwrap()), "*a");
}

#[test]
fn a_second_document_overrides_the_first_and_is_reported() {
    let yaml = "services:\n  s:\n    image: good@sha256:1\n    environment: {U: ok, V: ok}\n    command: [a]\n---\nservices:\n  s:\n    image: evil\n    environment: [U]\n    command: [b]\n    volumes: ['/:/host']\n";
    let deployment = deployed(yaml, &["U"]);
    let service = service(&deployment);
    assert_eq!(service.image.as_ref().unwrap().value.text, "evil");
    assert_eq!(provenance(&deployment, "U"), Provenance::Operator);
    assert_eq!(provenance(&deployment, "V"), Provenance::Literal);
    assert_eq!(service.command.as_ref().unwrap().text(), "b");
    assert_eq!(service.mounts[0].host_path().as_deref(), Some("/"));
    assert_eq!(kinds(&deployment), [ConstructKind::MultipleDocuments]);
    assert_eq!(deployment.compose.as_ref().unwrap().documents, 2);
}

#[test]
fn reset_and_override_drop_what_came_before() {
    let yaml = "services:\n  s:\n    image: i\n    cap_drop: [ALL]\n    volumes: ['/a:/a']\n---\nservices:\n  s:\n    cap_drop: !reset []\n    volumes: !override ['/b:/b']\n";
    let deployment = deployed(yaml, &[]);
    let service = service(&deployment);
    assert!(service.list("cap_drop").is_empty());
    let mounts: Vec<_> = service.mounts.iter().map(|mount| mount.host_path().unwrap()).collect();
    assert_eq!(mounts, ["/b"]);
    assert_eq!(kinds(&deployment).iter().filter(|kind| **kind == ConstructKind::MergeTag).count(), 2);
}

#[test]
fn of_two_mounts_on_one_target_the_later_counts() {
    let yaml = "services:\n  s:\n    image: i\n    volumes: ['data:/x', '/var/run/docker.sock:/x']\n";
    let deployment = deployed(yaml, &[]);
    assert_eq!(service(&deployment).mounts.len(), 1);
    assert_eq!(service(&deployment).mounts[0].host_path().as_deref(), Some("/run/docker.sock"));
}

#[test]
fn profiles_and_replicas_make_a_service_inactive_unless_somebody_can_start_it() {
    let yaml = "services:\n  a: {image: i, profiles: [debug]}\n  b: {image: i, deploy: {replicas: 0}}\n  c: {image: i, scale: 0}\n  d: {image: i, depends_on: [e]}\n  e: {image: i, profiles: [x]}\n  f: {image: i, deploy: {replicas: \"${N}\"}}\n";
    let activity = |deployment: &Deployment, name: &str| {
        deployment.services().iter().find(|service| service.name == name).unwrap().activity.clone()
    };
    let fixed = deployed(yaml, &["N"]);
    assert_eq!(activity(&fixed, "a"), Activity::Profiles(vec!["debug".to_owned()]));
    assert_eq!(activity(&fixed, "b"), Activity::NoReplicas);
    assert_eq!(activity(&fixed, "c"), Activity::NoReplicas);
    assert_eq!(activity(&fixed, "d"), Activity::Active);
    assert_eq!(activity(&fixed, "e"), Activity::Active);
    let through = |activity: Activity| match activity {
        Activity::Chosen { provenance: Provenance::Operator, through, .. } => through,
        other => panic!("{other:?}"),
    };
    assert_eq!(through(activity(&fixed, "f")), "deploy.replicas");
    let settable = deployed(yaml, &["COMPOSE_PROFILES"]);
    assert_eq!(through(activity(&settable, "a")), "COMPOSE_PROFILES");
    let exported = with(yaml, &[], &script("export COMPOSE_PROFILES=other,debug\n"));
    assert_eq!(activity(&exported, "a"), Activity::Active);
}

#[test]
fn an_env_file_of_decrypted_variables_is_the_operators() {
    let yaml = "services:\n  s:\n    image: i\n    env_file:\n      - .host-shared/.decrypted-env\n      - path: ./other\n        required: false\n      - ../dstack/user_config\n";
    let deployment = deployed(yaml, &[]);
    let contents: Vec<_> = service(&deployment).env_files.iter().map(|file| file.content).collect();
    assert_eq!(contents, [Provenance::Operator, Provenance::Unknown, Provenance::Host]);
}

#[test]
fn an_image_with_a_chosen_part_is_no_pinned_image() {
    for (image, pinned) in [
        ("${REG}/app@sha256:69f1a94f8c2725523087083139f925aae588ffaa76efd08d7ba06529451c31ed", false),
        ("a/b:${TAG:-1@sha256:69f1a94f8c2725523087083139f925aae588ffaa76efd08d7ba06529451c31ed}", false),
        ("a/b:${UNSET:-1@sha256:69f1a94f8c2725523087083139f925aae588ffaa76efd08d7ba06529451c31ed}", true),
        ("a/b${UNSET}@sha256:69f1a94f8c2725523087083139f925aae588ffaa76efd08d7ba06529451c31ed", true),
        ("$PCCS_URL/b@sha256:69f1a94f8c2725523087083139f925aae588ffaa76efd08d7ba06529451c31ed", false),
    ] {
        let deployment = deployed(&format!("services:\n  s:\n    image: '{image}'\n"), &["REG", "TAG"]);
        let pin = service(&deployment).image.as_ref().unwrap().pin();
        assert_eq!(matches!(pin, Pin::Digest { .. }), pinned, "{image}: {pin:?}");
        assert!(pinned || matches!(pin, Pin::Chosen(_)), "{image}: {pin:?}");
    }
}

#[test]
fn an_old_guest_hands_every_name_to_the_operator() {
    let raw = document(&environment("      - A=${B:-ok}\n"), &[], "");
    let context = Context { enforcement: Enforcement::NotEnforced, ..Context::default() };
    let bound = bind(&raw, &ComposeHash::of(&raw), &context.budget).unwrap();
    let deployment = Deployment::from_bound(&bound, &context).unwrap();
    assert_eq!(provenance(&deployment, "A"), Provenance::Operator);
    assert!(deployment.origin.is_attested());
}

#[test]
fn a_bound_document_with_two_readings_gives_no_deployment() {
    let raw = br#"{"docker_compose_file":"services: {s: {image: i}}","docker_compose_file":"x"}"#;
    let bound = bind(raw, &ComposeHash::of(raw), &Budget::STANDARD).unwrap();
    let error = Deployment::from_bound(&bound, &Context::default()).unwrap_err();
    assert_eq!(error.reason(), Reason::ComposeDuplicateKey);
}

#[test]
fn a_file_that_cannot_be_read_as_compose_reads_it_gives_no_services() {
    let cases: [(&str, Reason); 16] = [
        ("[MASKED]", Reason::ComposeFileMissing),
        ("services:\\n  s:\\n    image: i", Reason::ComposeFileMalformed),
        ("", Reason::ComposeFileMalformed),
        ("# nothing\n", Reason::ComposeFileMalformed),
        ("- a\n", Reason::ComposeFileMalformed),
        ("services: {s: {image: i}}\n---\n", Reason::ComposeFileMalformed),
        ("services:\n  s: {image: a}\n  s: {image: b}\n", Reason::ComposeFileMalformed),
        ("services:\n  s:\n    image: a\n    image: b\n", Reason::ComposeFileMalformed),
        ("services:\n  1: {image: a}\n", Reason::ComposeFileMalformed),
        ("services:\n\ts: {image: a}\n", Reason::ComposeFileMalformed),
        ("services: &a\n  s: *a\n", Reason::ComposeFileMalformed),
        ("services: {s: {image: '${}'}}\n", Reason::ComposeFileMalformed),
        ("services: {s: {image: a}} # c\u{2028}    x: y\n", Reason::ComposeFileMalformed),
        ("services: {s: {image: a\u{85}b}}\n", Reason::ComposeFileMalformed),
        ("services: {s: {image: i, privileged: &a:true}}\n", Reason::ComposeFileMalformed),
        ("services: {s: {image: i, environment: {A:, B: c}}}\n", Reason::ComposeFileMalformed),
    ];
    for (yaml, reason) in cases {
        let deployment = deployed(yaml, &[]);
        let error = deployment.compose.as_ref().unwrap_err();
        assert_eq!(error.reason(), reason, "{yaml:?}: {error}");
        assert!(deployment.services().is_empty());
        assert!(!error.to_string().ends_with('.'));
    }
    let missing = UnboundCompose::parse(b"{}", &Budget::STANDARD).unwrap();
    let missing = Deployment::from_unbound(&missing, &Context::default());
    assert_eq!(missing.compose, Err(ComposeFileError::Missing));
    let number = UnboundCompose::parse(br#"{"docker_compose_file":1}"#, &Budget::STANDARD).unwrap();
    let number = Deployment::from_unbound(&number, &Context::default());
    assert!(matches!(number.compose, Err(ComposeFileError::NotAString { .. })));
}

#[test]
fn a_duplicate_key_in_yaml_names_both_places() {
    let deployment = deployed("services:\n  s:\n    image: a\n    \"image\": b\n", &[]);
    let text = deployment.compose.unwrap_err().to_string();
    assert_eq!(text, "key \"image\" stands at line 3 column 5 and again at line 4 column 5");
}

#[test]
fn what_is_not_modelled_is_listed() {
    let yaml = "include: [oci://x]\nservises: {}\nservices:\n  s:\n    image: !custom i\n    develop: {watch: []}\n    provider: {type: x}\n    extends: {file: other.yml, service: t}\n    use_api_socket: true\n    privilegd: true\n    ports: '80'\nvolumes:\n  v: {driver: local, drivr_opts: {}}\n";
    let deployment = deployed(yaml, &[]);
    let listed: Vec<_> = deployment.constructs.iter().map(|c| (c.kind, c.path.as_str())).collect();
    for wanted in [
        (ConstructKind::Include, "include"),
        (ConstructKind::UnknownComposeKey, "servises"),
        (ConstructKind::ForeignTag, ""),
        (ConstructKind::Extends, "services.s.extends"),
        (ConstructKind::UnknownComposeKey, "services.s.privilegd"),
        (ConstructKind::ComposeType, "services.s.ports"),
        (ConstructKind::UnknownComposeKey, "volumes.v.drivr_opts"),
    ] {
        assert!(listed.contains(&wanted), "{wanted:?} is missing from {listed:?}");
    }
    assert_eq!(listed.len(), 7, "{listed:?}");
    assert_eq!(service(&deployment).flag("use_api_socket"), Flag::On);
}

#[test]
fn unknown_fields_and_wrong_types_of_the_manifest_are_listed() {
    let raw = br#"{"allowed_envs":["A",1],"public_logs":"yes","salt":"x","backdoor":true,"init_script":["a",2],"docker_compose_file":"services: {s: {image: i}}"}"#;
    let unbound = UnboundCompose::parse(raw, &Budget::STANDARD).unwrap();
    let deployment = Deployment::from_unbound(&unbound, &Context::default());
    let listed: Vec<_> = deployment.constructs.iter().map(|c| (c.kind, c.path.as_str())).collect();
    assert_eq!(
        listed,
        [
            (ConstructKind::ManifestType, "allowed_envs.1"),
            (ConstructKind::ManifestType, "init_script.1"),
            (ConstructKind::UnknownManifestKey, "salt"),
            (ConstructKind::UnknownManifestKey, "backdoor"),
            (ConstructKind::ManifestType, "public_logs"),
        ]
    );
    let manifest = deployment.manifest.as_ref().unwrap();
    assert_eq!(manifest.flag("public_logs"), None);
    assert_eq!(manifest.flag("secure_time"), Some(true));
    assert_eq!(manifest.flag("no_instance_id"), Some(false));
}

#[test]
fn a_url_says_which_component_the_operator_feeds() {
    let deployment = deployed(
        &environment("      - A=https://${X}.foo/v1\n      - B=https://foo/$X\n      - C=$X\n"),
        &["X"],
    );
    let component = |name: &str| {
        let value = entry(service(&deployment), name).value.as_ref().unwrap();
        let part = value.chosen_parts().next().unwrap();
        url::component_of(value, part).unwrap().decides_destination()
    };
    assert_eq!((component("A"), component("B"), component("C")), (true, false, true));
}

#[test]
fn a_compose_file_alone_is_not_attested() {
    let context = Context::default();
    let deployment = Deployment::from_compose_yaml(b"services: {s: {image: '$X'}}", &context).unwrap();
    assert!(matches!(deployment.origin, Origin::ComposeFile(_)));
    let image = service(&deployment).image.as_ref().unwrap();
    assert!(image.value.is_assumed());
    let location = deployment.locate(Text::ComposeFile, image.value.span);
    assert_eq!((location.inner, location.document), (location.outer, image.value.span));
    assert!(matches!(
        Deployment::from_compose_yaml(b"\xff", &context),
        Err(DocumentError::NotUtf8 { at: 0 })
    ));
}

#[test]
fn a_block_scalar_at_the_very_end_has_no_line_break_of_its_own() {
    let content = |yaml: &str| {
        let deployment = deployed(yaml, &[]);
        deployment.compose.unwrap().configs[0].content.as_ref().unwrap().text.clone()
    };
    let yaml = "services: {s: {image: i}}\nconfigs:\n  c:\n    content: |\n      x\n      y";
    assert_eq!(content(yaml), "x\ny");
    assert_eq!(content(&format!("{yaml}\n")), "x\ny\n");
}

#[test]
fn a_required_variable_that_is_unset_is_told_apart() {
    let deployment = deployed(&environment("      - A=${X:?must be set}\n"), &[]);
    let value = entry(service(&deployment), "A").value.as_ref().unwrap();
    let ReferenceForm::Operator(operator) = value.references[0].form else { panic!() };
    assert!(operator.is_required());
    assert_eq!(value.references[0].provenance, Provenance::Unset);
}

// --- extends ------------------------------------------------------------------------------------------------

#[test]
fn extends_of_another_file_and_of_a_name_that_is_not_known_stay_and_are_listed() {
    for extends in
        ["{file: base.yml, service: b}", "{service: \"${WHICH}\"}", "{file: \"${WHERE}\", service: b}"]
    {
        let yaml = format!("services:\n  b: {{image: i}}\n  s:\n    image: j\n    extends: {extends}\n");
        let deployment = deployed(&yaml, &["WHICH", "WHERE"]);
        let listed: Vec<_> = deployment.constructs_of(ConstructKind::Extends).collect();
        assert_eq!(listed.len(), 1, "{extends}: {:?}", deployment.constructs);
        assert!(deployment.services()[1].get("extends").is_some());
    }
}

#[test]
fn a_service_that_extends_itself_or_nobody_is_refused_by_compose() {
    for extends in ["s", "{service: s}", "nobody", "t"] {
        let yaml = format!(
            "services:\n  s:\n    image: i\n    extends: {extends}\n  t:\n    image: i\n    extends: s\n"
        );
        let deployment = deployed(&yaml, &[]);
        let refused: Vec<_> = deployment.constructs_of(ConstructKind::ComposeRefuses).collect();
        assert_eq!(refused.len(), 1, "{extends}: {:?}", deployment.constructs);
    }
}

#[test]
fn a_chain_of_services_is_bounded_however_long_it_is_and_wherever_it_leads() {
    for end in ["s0", "nobody", "s7"] {
        let mut yaml = String::from("services:\n");
        for number in 0..6_000 {
            let base = if number == 0 { end.to_owned() } else { format!("s{}", number - 1) };
            yaml.push_str(&format!("  s{number}: {{image: i, extends: {base}}}\n"));
        }
        let started = std::time::Instant::now();
        assert_eq!(deployed(&yaml, &[]).services().len(), 6_000);
        assert!(started.elapsed().as_secs() < 20, "{end}: {:?}", started.elapsed());
    }
    // Each takes over all that the ones before it say.
    let mut yaml = String::from("services:\n  s0: {image: i}\n");
    for number in 1..3_000 {
        yaml.push_str(&format!("  s{number}: {{extends: s{}, cap_add: [A{number}]}}\n", number - 1));
    }
    let deployment = deployed(&yaml, &[]);
    let error = deployment.compose.as_ref().unwrap_err();
    assert_eq!(error.reason(), Reason::ComposeFileTooLarge);
    assert!(error.to_string().contains("extend each other"), "{error}");
}
