use crate::{Context, audit};
use veritee_compose::{Deployment, UnboundCompose};
use veritee_model::Budget;

fn flows(compose: &str, allowed: &[&str], script: &str) -> Vec<super::Flow> {
    let document = serde_json::json!({
        "manifest_version": 2,
        "name": "x",
        "runner": "docker-compose",
        "docker_compose_file": compose,
        "pre_launch_script": script,
        "allowed_envs": allowed,
    });
    let parsed = UnboundCompose::parse(document.to_string().as_bytes(), &Budget::STANDARD).unwrap();
    let deployment = Deployment::from_unbound(&parsed, &veritee_compose::Context::default());
    audit(&deployment, &Context::default()).flows
}

fn named<'a>(flows: &'a [super::Flow], name: &str) -> &'a super::Flow {
    flows.iter().find(|flow| flow.name == name).unwrap_or_else(|| panic!("{name}: {flows:#?}"))
}

#[test]
fn every_value_from_outside_is_listed_with_its_way_and_its_power() {
    let flows = flows(
        "services:\n  web:\n    image: example/web:${TAG}\n    environment:\n      - API=https://${HOST_PART}/v1\n      - SIGNING_KEY\n      - OTHER=${OTHER:-x}\n      - PCCS_URL=${PCCS_URL}\n",
        &["TAG", "HOST_PART", "SIGNING_KEY", "BASH_ENV", "UNUSED"],
        "echo \"$UNUSED_TOO\"\ncurl \"https://example.org/$TAG\"\n",
    );
    let tag = named(&flows, "TAG");
    assert_eq!(tag.provenance, "operator");
    assert_eq!(tag.from, ["allowed_envs"]);
    assert_eq!(tag.sinks[0].feeds, "part of the image reference");
    assert_eq!(tag.power, ["decides which code web runs", "enters a script that runs as root"]);
    assert_eq!((tag.sinks[1].sink.as_str(), tag.sinks[1].place.line), ("pre_launch_script", Some(2)));
    assert!(tag.rules.iter().any(|rule| rule == "DP-IMG-001"), "{tag:?}");

    let host = named(&flows, "HOST_PART");
    assert_eq!(host.sinks[0].feeds, "scheme, user, host or port of an address");
    assert_eq!(host.power, ["decides where web sends or fetches data"]);
    assert_eq!(named(&flows, "SIGNING_KEY").power, ["knows a key of web: can sign or decrypt in its name"]);
    assert_eq!(named(&flows, "BASH_ENV").power, ["controls what the start-up of the machine runs or trusts"]);
    assert_eq!(named(&flows, "UNUSED").power, ["nothing that was read takes it"]);
    assert_eq!(named(&flows, "PCCS_URL").provenance, "host");
    assert!(!flows.iter().any(|flow| flow.name == "OTHER" || flow.name == "UNUSED_TOO"), "{flows:#?}");
}

#[test]
fn a_value_that_nobody_can_choose_is_not_listed() {
    let listed =
        flows("services:\n  web:\n    image: example/web:${TAG:-1}\n    environment: [A=1, B]\n", &[], "");
    assert_eq!(listed, []);
}

#[test]
fn the_whole_environment_counts_as_a_way_of_its_own() {
    let compose = "services:\n  web:\n    image: a\n    volumes: [\"/dstack:/dstack\"]\n";
    let flows = flows(compose, &["SECRET_TOKEN"], "");
    let token = named(&flows, "SECRET_TOKEN");
    assert_eq!(token.power, ["is handed over with the whole environment"]);
    assert_eq!(token.sinks[0].sink, "whole environment");
}

#[test]
fn a_name_in_ten_thousand_places_is_listed_with_how_many_were_left_out() {
    let mut compose = String::from("services:\n");
    for number in 0..200 {
        compose.push_str(&format!("  s{number}:\n    image: a\n    environment: [URL]\n"));
    }
    let flows = flows(&compose, &["URL"], "");
    let url = named(&flows, "URL");
    assert_eq!(url.sinks.len(), 20);
    assert_eq!(url.power.last().unwrap(), "and 180 more places");
}
