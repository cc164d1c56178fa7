//! Every file of the corpus, and the values that its hand answer key speaks of.
#![allow(clippy::print_stderr, clippy::arithmetic_side_effects)]

use std::path::PathBuf;
use veritee_compose::image::Pin;
use veritee_compose::service::{ContextKind, Flag, MountKind};
use veritee_compose::{
    ComposeFileError, ConstructKind, Context, Deployment, ImageComponent, Provenance, Service, Text,
    UnboundCompose, bind, url,
};
use veritee_model::{Budget, ComposeHash};

fn read(name: &str) -> Option<Vec<u8>> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/compose-corpus"));
    if !folder.exists() {
        eprintln!("skipped: ../shared is absent");
        return None;
    }
    Some(std::fs::read(folder.join(name)).unwrap())
}

fn deployment(name: &str) -> Option<Deployment> {
    let raw = read(name)?;
    let context = Context::default();
    if name.ends_with(".json") {
        let unbound = UnboundCompose::parse(&raw, &context.budget).unwrap();
        return Some(Deployment::from_unbound(&unbound, &context));
    }
    Some(Deployment::from_compose_yaml(&raw, &context).unwrap())
}

fn service<'a>(deployment: &'a Deployment, name: &str) -> &'a Service {
    deployment.services().iter().find(|service| service.name == name).unwrap()
}

/// Names of the entries of `environment` whose value has this provenance.
fn names(service: &Service, wanted: Provenance) -> Vec<&str> {
    let value = |entry: &veritee_compose::service::EnvironmentVariable| {
        entry.value.as_ref().map(veritee_compose::Value::provenance)
    };
    let entries = service.environment.iter().filter(|entry| value(entry) == Some(wanted));
    entries.map(|entry| entry.name.text.as_str()).collect()
}

fn value(service: &Service, name: &str) -> String {
    service.variables(name).next().unwrap().value.as_ref().unwrap().text.clone()
}

#[test]
fn hermes_bare_names_are_the_operators_only_where_allowed() {
    let Some(deployment) = deployment("01-hermes-2026-03-10.app-compose.json") else { return };
    let hermes = service(&deployment, "hermes");
    assert_eq!(
        names(hermes, Provenance::Operator),
        [
            "FIREBASE_SERVICE_ACCOUNT_BASE64",
            "ANTHROPIC_API_KEY",
            "SENDGRID_API_KEY",
            "SENDGRID_FROM_EMAIL",
            "TELEGRAM_BOT_TOKEN",
            "TELEGRAM_GROUP_CHAT_ID",
            "TELEGRAM_CHANNEL_MAP",
        ]
    );
    assert_eq!(
        names(hermes, Provenance::Unset),
        [
            "BASE_URL",
            "FIRECRAWL_API_KEY",
            "TELEGRAM_CHANNEL_ID",
            "TELEGRAM_BOT_SECRET_KEY",
            "TELEGRAM_BOT_HANDLE",
            "TELEGRAM_POST_MODE",
            "TELEGRAM_MAX_PER_HOUR",
            "TELEGRAM_COOLDOWN_MS",
        ]
    );
    assert_eq!(names(hermes, Provenance::Literal), ["PORT", "STAGING_DELAY_MS", "GIT_SHA", "IMAGE_DIGEST"]);
    for service in deployment.services() {
        assert!(matches!(service.image.as_ref().unwrap().pin(), Pin::Digest { decorative_tag: Some(_), .. }));
    }
    let ingress = service(&deployment, "dstack-ingress");
    let target = ingress.variables("TARGET_ENDPOINT").next().unwrap().value.as_ref().unwrap();
    assert_eq!(url::urls(target)[0].host.as_deref(), Some("hermes"));
    assert_eq!(ingress.depends_on, ["hermes"]);
}

#[test]
fn hermes_stock_script_is_known_and_wholly_read() {
    let Some(deployment) = deployment("01-hermes-2026-03-10.app-compose.json") else { return };
    let script = &deployment.scripts[0];
    assert_eq!(script.known.unwrap().version, "0.0.14 as deployed");
    assert_eq!(script.problems, []);
    assert_eq!(deployment.environment.opaque, None);
    let provenance = |name: &str| deployment.environment.lookup(name).provenance;
    assert_eq!(provenance("DSTACK_APP_ID"), Provenance::Attested);
    assert_eq!(provenance("DSTACK_GATEWAY_DOMAIN"), Provenance::Host);
    assert_eq!(provenance("DSTACK_APP_DOMAIN"), Provenance::Host);
    let find = |text: &str| {
        script.commands.iter().find(|command| script.text[command.span.range()].starts_with(text)).unwrap()
    };
    // Guarded by names that nothing can set.
    assert!(script.is_unreachable(find("curl \"https://awscli"), &deployment.environment));
    assert!(script.is_unreachable(find("export AWS_ACCESS_KEY_ID"), &deployment.environment));
    assert!(!script.is_unreachable(find("docker image prune"), &deployment.environment));
    assert!(!script.is_unreachable(find("jq -j '.ssh_authorized_keys'"), &deployment.environment));
    let writes = script.writes(&deployment.environment);
    let keys = writes.iter().filter(|write| write.path.as_deref() == Some("/home/root/.ssh/authorized_keys"));
    assert!(keys.clone().any(|write| write.provenance == Provenance::Host));
    assert!(deployment.compose_writes().is_empty());
}

#[test]
fn hermes_binds_to_its_measured_hash_and_not_to_another() {
    let (Some(raw), Some(info)) =
        (read("01-hermes-2026-03-10.app-compose.json"), read("01-hermes-2026-03-10.tcb_info.json"))
    else {
        return;
    };
    let info: serde_json::Value = serde_json::from_slice(&info).unwrap();
    let claimed = ComposeHash::from_hex(info["compose_hash"].as_str().unwrap()).unwrap();
    assert!(bind(&raw, &claimed, &Budget::STANDARD).unwrap().document().is_ok());
    assert!(bind(&raw[..raw.len() - 1], &claimed, &Budget::STANDARD).is_err());
}

#[test]
fn base_gateway_tells_operator_from_host_from_unset() {
    let Some(deployment) = deployment("03-base-gateway.app-compose.json") else { return };
    let gateway = service(&deployment, "gateway");
    assert_eq!(
        names(gateway, Provenance::Operator),
        [
            "WG_ENDPOINT",
            "SRV_DOMAIN",
            "CF_API_TOKEN",
            "CF_ZONE_ID",
            "MY_URL",
            "BOOTNODE_URL",
            "SUBNET_INDEX",
            "RPC_DOMAIN",
        ]
    );
    assert_eq!(names(gateway, Provenance::Host), ["PCCS_URL"]);
    assert_eq!(names(gateway, Provenance::Unset), ["ACME_STAGING"]);
    assert_eq!(gateway.flag("privileged"), Flag::On);
    assert!(gateway.is_host_network());
    assert!(gateway.mounts.iter().any(|mount| mount.host_path().as_deref() == Some("/dstack")));
    assert!(gateway.image.as_ref().unwrap().full_name().starts_with("docker.io/leechael/dstack-gateway"));
    assert!(deployment.manifest.as_ref().unwrap().unknown.iter().all(|field| field.is_known_extra));
    let script = &deployment.scripts[0];
    assert!(script.is_complete() && script.known.is_none());
    let expected =
        script.assignments.iter().find(|assignment| assignment.name == "EXPECTED_TOKEN_HASH").unwrap();
    assert_eq!(expected.provenance, Provenance::Measured);
    let actual = script.assignments.iter().find(|assignment| assignment.name == "ACTUAL_TOKEN_HASH").unwrap();
    assert_eq!(actual.provenance, Provenance::Operator);
}

#[test]
fn a_place_in_the_yaml_maps_to_its_line_in_the_app_compose() {
    let Some(deployment) = deployment("03-base-gateway.app-compose.json") else { return };
    let image = service(&deployment, "gateway").image.clone().unwrap();
    let location = deployment.locate(Text::ComposeFile, image.value.span);
    assert_eq!(location.inner.to_string(), "line 4 column 12");
    assert_eq!(location.outer.line, 5);
    assert_eq!(&deployment.document()[location.document.range()], image.value.text.as_bytes());
}

#[test]
fn the_llm04_gateway_is_built_in_the_machine() {
    let Some(deployment) = deployment("05-dstack-gateway-llm04.app-compose.json") else { return };
    let gateway = service(&deployment, "gateway");
    let build = gateway.build.as_ref().unwrap();
    assert_eq!(build.context_kind, ContextKind::Local);
    assert!(build.dockerfile_inline.as_ref().unwrap().text.contains("FROM rust:1.86.0@sha256:300ec56"));
    assert!(gateway.image.is_none());
    assert_eq!(value(gateway, "ACME_STAGING"), "no");
}

#[test]
fn the_notebook_has_no_tag_and_the_whole_machine() {
    let Some(deployment) = deployment("08-rtmr3-jupyter.app-compose.json") else { return };
    let jupyter = service(&deployment, "jupyter");
    assert_eq!(jupyter.image.as_ref().unwrap().pin(), Pin::Implicit);
    assert_eq!(jupyter.mounts[0].host_path().as_deref(), Some("/"));
    assert_eq!(deployment.environment.allowed.as_deref(), Some(&[][..]));
    assert_eq!(deployment.manifest.as_ref().unwrap().key_provider(), "kms");
}

#[test]
fn a_compose_file_that_was_escaped_twice_is_never_guessed_at() {
    let Some(deployment) = deployment("10-erc8004.app-compose.json") else { return };
    assert_eq!(deployment.compose, Err(ComposeFileError::EscapedTwice));
    assert!(deployment.services().is_empty());
}

#[test]
fn a_document_without_compose_file_says_so() {
    let Some(deployment) = deployment("11-trustee-not-dstack.app-compose.json") else { return };
    assert_eq!(deployment.compose, Err(ComposeFileError::Missing));
    let unknown: Vec<_> =
        deployment.manifest.as_ref().unwrap().unknown.iter().map(|field| field.key.as_str()).collect();
    assert_eq!(unknown, ["version", "services"]);
}

#[test]
fn a_mapping_alias_gives_the_logging_of_tee_totalled() {
    let Some(deployment) = deployment("12-tee-totalled.docker-compose.yml") else { return };
    let bot = service(&deployment, "bot");
    assert_eq!(bot.image.as_ref().unwrap().pin(), Pin::Tag("latest".to_owned()));
    assert_eq!(bot.logging.as_ref().unwrap().driver.as_ref().unwrap().text, "json-file");
    let token = bot.variables("TELEGRAM_BOT_TOKEN").next().unwrap().value.as_ref().unwrap();
    assert!(token.is_assumed() && token.provenance() == Provenance::Operator);
    assert!(bot.variables("LLM_BASE_URL").next().is_none());
}

#[test]
fn extension_fields_of_xordi_are_kept_and_claim_nothing() {
    let Some(deployment) = deployment("13-xordi-toy.docker-compose.yml") else { return };
    let compose = deployment.compose.as_ref().unwrap();
    assert_eq!(compose.extensions[0].key, "x-dstack");
    assert_eq!(compose.extensions[0].tree.get("kms").unwrap().scalar().unwrap().text, "base");
    assert_eq!(
        names(&compose.services[0], Provenance::Operator),
        ["MOCK_API_URL", "MOCK_API_TOKEN", "SIGNING_KEY"]
    );
}

#[test]
fn feedling_defaults_and_healthcheck() {
    let Some(deployment) = deployment("15-feedling.docker-compose.yaml") else { return };
    let backend = service(&deployment, "backend");
    assert_eq!(value(backend, "FEEDLING_API_KEY"), "");
    let key = backend.variables("APNS_KEY_P8_B64").next().unwrap().value.as_ref().unwrap();
    assert_eq!(key.provenance(), Provenance::Operator);
    assert_eq!(key.references[0].default.as_deref(), Some(""));
    let check = service(&deployment, "enclave").healthcheck.as_ref().unwrap();
    assert!(check.text().contains("curl -k -s") && !check.is_text);
    assert_eq!(service(&deployment, "enclave").image.as_ref().unwrap().pin(), Pin::Tag("b1e72a6".to_owned()));
    assert_eq!(deployment.constructs, []);
}

#[test]
fn lit_images_are_chosen_as_a_whole_and_scalar_aliases_resolve() {
    let Some(deployment) = deployment("16-lit-chipotle.docker-compose.yml") else { return };
    let api = service(&deployment, "lit-api-server");
    let image = api.image.as_ref().unwrap();
    assert_eq!(image.pin(), Pin::Chosen(Provenance::Operator));
    assert_eq!(image.chosen().map(|(component, _)| component).collect::<Vec<_>>(), [ImageComponent::Whole]);
    assert!(value(api, "RUST_LOG").starts_with("trace,h2=info"));
    let ingress = service(&deployment, "dstack-ingress");
    let gateway = ingress.variables("GATEWAY_DOMAIN").next().unwrap().value.as_ref().unwrap();
    assert_eq!(gateway.provenance(), Provenance::Host);
    assert_eq!(gateway.parts[0].text, "_.");
    assert_eq!(service(&deployment, "otel-collector").scalar("pid").unwrap().text, "host");
    assert!(service(&deployment, "otel-collector").mounts.iter().all(|mount| mount.read_only));
}

#[test]
fn nested_compose_files_and_braceless_names_of_the_private_image_example() {
    let Some(deployment) = deployment("19-private-image-nested.docker-compose.yml") else { return };
    let init = service(&deployment, "init");
    let script = &init.command.as_ref().unwrap().words[2];
    let names: Vec<&str> = script.references.iter().map(|reference| reference.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "DOCKER_USERNAME",
            "DOCKER_PASSWORD",
            "PRIVATE_REGISTRY_USERNAME",
            "PRIVATE_REGISTRY_PASSWORD",
            "PRIVATE_REGISTRY_URL",
        ]
    );
    let url = &script.references[4];
    assert_eq!(deployment.source(Text::ComposeFile, url.span), "$PRIVATE_REGISTRY_URL");
    assert_eq!(deployment.locate(Text::ComposeFile, url.span).inner.line, 21);
    assert!(init.mounts.iter().any(|mount| mount.host_path().as_deref() == Some("/run/docker.sock")));
    assert!(init.mounts.iter().all(|mount| mount.kind == MountKind::Bind));
}

#[test]
fn a_braceless_name_in_an_inline_config_is_an_interpolation() {
    let Some(deployment) = deployment("22-context7-mcp.docker-compose.yml") else { return };
    let config = &deployment.compose.as_ref().unwrap().configs[0];
    let content = config.content.as_ref().unwrap();
    assert_eq!(content.references[0].name, "BEARER_TOKEN");
    assert_eq!(content.provenance(), Provenance::Operator);
    assert!(service(&deployment, "app").ports.is_empty());
    assert_eq!(service(&deployment, "proxy").configs[0].source.as_ref().unwrap().text, "caddy_config");
}

#[test]
fn an_escaped_dollar_is_no_interpolation() {
    let Some(deployment) = deployment("24-lightclient.docker-compose.yml") else { return };
    let content = deployment.compose.as_ref().unwrap().configs[0].content.clone().unwrap();
    assert!(content.references.is_empty());
    assert!(content.literal().unwrap().contains("--execution-rpc ${ETH_RPC_URL}"));
    assert!(content.literal().unwrap().contains("HASH=$(sha256sum response.txt)"));
}

#[test]
fn the_solver_is_pinned_by_digest_whatever_its_tag() {
    let Some(deployment) = deployment("27-intents-amm-solver.excerpt.docker-compose.yml") else { return };
    let solver = &deployment.services()[0];
    assert!(matches!(
        solver.image.as_ref().unwrap().pin(),
        Pin::Digest { decorative_tag: Some(tag), .. } if tag == "latest"
    ));
    assert_eq!(names(solver, Provenance::Operator).len(), 7);
}

#[test]
fn every_file_of_the_corpus_is_read_without_gaps() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/compose-corpus"));
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: ../shared is absent");
        return;
    };
    let mut read = 0;
    for entry in entries {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        if !(name.ends_with(".app-compose.json") || name.contains("docker-compose.y")) {
            continue;
        }
        let deployment = deployment(&name).unwrap();
        let gaps: Vec<_> = deployment.gaps().collect();
        assert!(gaps.is_empty(), "{name}: {gaps:?}");
        assert!(deployment.compose.is_ok() || name.starts_with("10-") || name.starts_with("11-"), "{name}");
        assert_eq!(deployment.constructs_of(ConstructKind::MultipleDocuments).count(), 0);
        read += 1;
    }
    assert!(read >= 14, "only {read} files");
}
