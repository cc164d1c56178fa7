use super::*;
use veritee_compose::{Context, UnboundCompose};
use veritee_model::Budget;

fn deployment(compose: &str, allowed: &[&str], more: serde_json::Value) -> Deployment {
    let mut document = serde_json::json!({
        "manifest_version": 2, "name": "a", "runner": "docker-compose", "docker_compose_file": compose,
        "allowed_envs": allowed, "kms_enabled": true,
    });
    for (key, value) in more.as_object().unwrap() {
        document[key] = value.clone();
    }
    let raw = serde_json::to_vec(&document).unwrap();
    Deployment::from_unbound(&UnboundCompose::parse(&raw, &Budget::STANDARD).unwrap(), &Context::default())
}

fn service(body: &str) -> String {
    format!("services:\n  web:\n    image: example/web@sha256:{}\n{body}", "ab".repeat(32))
}

fn between(one: &str, other: &str, before: &[&str], after: &[&str]) -> Diff {
    diff(&deployment(one, before, serde_json::json!({})), &deployment(other, after, serde_json::json!({})))
}

#[test]
fn nothing_changes_between_equals() {
    let text = service("    environment:\n      - A=1\n");
    assert_eq!(between(&text, &text, &[], &[]), Diff::default());
}

#[test]
fn a_literal_that_becomes_a_variable_gives_power_to_the_operator() {
    let one = service("    environment:\n      - URL=https://a.example.com\n");
    let other = service("    environment:\n      - URL=${URL}\n");
    let found = between(&one, &other, &[], &["URL"]);
    assert_eq!(found.grew(), [&Party::Operator, &Party::Host]);
    let change = found.changes.iter().find(|change| change.path == "services.web.environment.URL").unwrap();
    assert_eq!(change.power, Power::Grew(Party::Operator));
    // Back again, the operator and the host lose it, and the audit finds whoever has that fixed address: DP-URL-002.
    let back = between(&other, &one, &["URL"], &[]);
    assert_eq!(back.grew(), [&Party::Remote]);
    let grown = back.changes.iter().filter(|change| matches!(change.power, Power::Grew(_)));
    assert!(grown.clone().all(|change| change.path.starts_with("DP-URL-002 ")), "{back:?}");
    let change = back.changes.iter().find(|change| change.path == "services.web.environment.URL").unwrap();
    assert_eq!(change.power, Power::Shrank(Party::Operator));
}

#[test]
fn a_variable_that_becomes_a_literal_without_an_address_gives_power_to_nobody() {
    let one = service("    environment:\n      - QUILL=a\n");
    let other = service("    environment:\n      - QUILL=${QUILL}\n");
    assert_eq!(between(&one, &other, &[], &["QUILL"]).grew(), [&Party::Operator, &Party::Host]);
    assert_eq!(between(&other, &one, &["QUILL"], &[]).grew(), Vec::<&Party>::new());
}

#[test]
fn a_name_that_is_allowed_although_nothing_else_changes_gives_power_to_the_operator() {
    let text = service("    environment:\n      - URL=${URL:-https://a.example.com}\n");
    let found = between(&text, &text, &[], &["URL"]);
    assert!(found.grew().contains(&&Party::Operator));
    assert!(found.changes.iter().any(|change| change.path == "services.web.environment.URL"), "{found:?}");
}

#[test]
fn a_tag_instead_of_a_digest_gives_power_to_the_registry() {
    let other = "services:\n  web:\n    image: example/web:1\n";
    assert_eq!(between(&service(""), other, &[], &[]).grew(), [&Party::Registry]);
    assert!(between(other, &service(""), &[], &[]).grew().is_empty());
}

#[test]
fn privileges_and_mounts_give_power_to_the_service_and_ports_to_everybody() {
    let found = between(
        &service(""),
        &service("    privileged: true\n    volumes:\n      - /:/host\n    ports:\n      - \"80:80\"\n"),
        &[],
        &[],
    );
    assert_eq!(found.grew(), [&Party::Service("web".to_owned()), &Party::Public]);
}

#[test]
fn a_list_entry_that_moves_is_no_change() {
    let one = service("    cap_add: [NET_ADMIN, SYS_TIME]\n");
    let other = service("    cap_add: [SYS_TIME, NET_ADMIN]\n");
    assert!(between(&one, &other, &[], &[]).changes.is_empty());
}

#[test]
fn a_launch_token_that_disappears_gives_power_to_the_host() {
    let text = service("");
    let of = |version: serde_json::Value, hash: &str| {
        let requirements = serde_json::json!({ "launch_token_hash": hash });
        let more = serde_json::json!({ "manifest_version": version, "requirements": requirements });
        deployment(&text, &["A"], more)
    };
    let hash = "ab".repeat(32);
    let without = deployment(&text, &["A"], serde_json::json!({ "manifest_version": "3" }));
    assert_eq!(diff(&of("3".into(), &hash), &without).grew(), [&Party::Host]);
    // One that no guest enforces held nobody back: not a hash, a version under which it is ignored, no requirement.
    let beside = deployment(&text, &["A"], serde_json::json!({ "launch_token_hash": hash.as_str() }));
    for void in [of("3".into(), "00"), of(2.into(), &hash), beside] {
        assert!(!diff(&void, &without).grew().contains(&&Party::Host));
        assert!(diff(&of("3".into(), &hash), &void).grew().contains(&&Party::Host));
    }
}

#[test]
fn a_changed_script_is_shown() {
    let text = service("");
    let one = deployment(&text, &[], serde_json::json!({ "pre_launch_script": "true\n" }));
    let other = deployment(&text, &[], serde_json::json!({ "pre_launch_script": "curl x | sh\n" }));
    let found = diff(&one, &other);
    let paths: Vec<&str> = found.changes.iter().map(|change| change.path.as_str()).collect();
    // The text; that the one nobody read is another one now (gone and new); and what the audit finds in it.
    assert_eq!(
        paths,
        [
            "DP-SCR-001 pre_launch_script",
            "DP-SCR-001 pre_launch_script",
            "DP-SCR-003 pre_launch_script",
            "manifest.pre_launch_script",
        ]
    );
    assert_eq!(found.grew(), [&Party::Operator]);
}

#[test]
fn a_build_inside_the_machine_and_an_included_file_give_power_to_those_who_supply_them() {
    let built = "services:\n  web:\n    build:\n      context: .\n      dockerfile_inline: FROM scratch\n";
    assert_eq!(between(&service(""), built, &[], &[]).grew(), [&Party::Remote]);
    let included = format!("include: [more.yml]\n{}", service(""));
    let found = between(&service(""), &included, &[], &[]);
    assert_eq!(found.grew(), [&Party::Host]);
    assert_eq!(found.changes[0].why, Some("supplies a file that the hash does not cover"));
}

#[test]
fn a_script_that_takes_in_a_value_from_outside_gives_power_to_whoever_chooses_it() {
    let with = |script: &str| {
        deployment(&service(""), &["TOKEN"], serde_json::json!({ "pre_launch_script": script }))
    };
    let found = diff(&with("echo start\n"), &with("echo start\nlogin \"$TOKEN\"\n"));
    let change =
        found.changes.iter().find(|change| change.path == "manifest.pre_launch_script.$TOKEN").unwrap();
    assert_eq!(change.power, Power::Grew(Party::Operator));
    assert_eq!(change.after.as_deref(), Some("login \"$TOKEN\""));
    // Back again nobody's power grows: an unread script runs as root on both sides, and takes in less.
    let back = diff(&with("echo \"$TOKEN\"\n"), &with("echo\n"));
    let grown = back.changes.iter().filter(|change| matches!(change.power, Power::Grew(_)));
    let grown: Vec<&str> = grown.map(|change| change.path.as_str()).collect();
    assert_eq!(grown, [""; 0]);
    let change =
        back.changes.iter().find(|change| change.path == "manifest.pre_launch_script.$TOKEN").unwrap();
    assert_eq!(change.power, Power::Shrank(Party::Operator));
}

/// Two services, and what stands beside the services.
fn two(web: &str, other: &str, rest: &str) -> Deployment {
    let image = |name: &str| format!("    image: example/{name}@sha256:{}\n", "ab".repeat(32));
    let compose = format!("services:\n  web:\n{}{web}  db:\n{}{other}{rest}", image("web"), image("db"));
    deployment(&compose, &[], serde_json::json!({}))
}

const INNER: &str = "networks:\n  inner:\n    internal: true\n  more:\n    internal: true\n  outer: {}\n";

#[test]
fn a_service_that_comes_onto_a_network_reaches_what_is_there() {
    let on = |network: &str| two(&format!("    {network}\n"), "    networks: [more]\n", INNER);
    let inner = on("networks: [inner]");
    let grown =
        |other: &Deployment| -> Vec<Party> { diff(&inner, other).grew().into_iter().cloned().collect() };
    let web = || Party::Service("web".to_owned());
    for open in ["networks: [outer]", "networks: [inner, outer]", "network_mode: bridge", "restart: always"] {
        assert_eq!(grown(&on(open)), [web()], "{open}");
        assert_eq!(diff(&on(open), &inner).grew(), Vec::<&Party>::new(), "{open}");
    }
    // A second closed one has the other service on it: both can connect.
    let db = || Party::Service("db".to_owned());
    assert_eq!(grown(&on("networks: [inner, more]")), [db(), web()]);
    assert_eq!(grown(&on("network_mode: none")), Vec::<Party>::new());
    assert_eq!(diff(&on("network_mode: none"), &inner).grew(), Vec::<&Party>::new());
    // Another name for the same wiring is no change of power.
    let renamed = INNER.replace("inner", "quiet");
    let renamed = two("    networks: [quiet]\n", "    networks: [more]\n", &renamed);
    assert_eq!(grown(&renamed), Vec::<Party>::new());
    let unprotected = INNER.replace(
        "  inner:\n",
        "  inner:\n    driver_opts:\n      com.docker.network.bridge.gateway_mode_ipv4: nat-unprotected\n",
    );
    let unprotected = two("    networks: [inner]\n", "    networks: [more]\n", &unprotected);
    assert_eq!(grown(&unprotected), [Party::Public]);
}

const CONFINED: &str = "    user: \"1000:1000\"\n    read_only: true\n    cap_drop: [ALL]\n    \
    security_opt: [\"no-new-privileges:true\"]\n    networks: [inner]\n";

#[test]
fn what_does_not_run_reaches_nothing() {
    let inner = "networks:\n  inner:\n    internal: true\n";
    let named = |name: &str, more: &str| {
        let image = format!("example/web@sha256:{}", "ab".repeat(32));
        let compose = format!("services:\n  {name}:\n    image: {image}\n{CONFINED}{more}{inner}");
        deployment(&compose, &[], serde_json::json!({}))
    };
    let one = named("web", "");
    for off in ["    scale: 0\n", "    deploy:\n      replicas: 0\n", "    profiles: [x]\n"] {
        for (before, after) in [(&one, &named("web", off)), (&named("web", off), &one)] {
            let found = diff(before, after);
            assert!(found.changes.iter().all(|change| change.power == Power::Same), "{off} {found:?}");
        }
        // What it could do if it ran, it cannot.
        let privileged = format!("    privileged: true\n{off}");
        assert_eq!(diff(&named("web", off), &named("web", &privileged)).grew(), Vec::<&Party>::new());
    }
    assert_eq!(diff(&one, &named("other", "")).grew(), Vec::<&Party>::new());
    let both = two(CONFINED, CONFINED, inner);
    let alone = named("web", "");
    assert!(diff(&both, &alone).grew().is_empty());
    // One that is not confined is more power where it starts, under another name too.
    let soft = service("").replace("  web:", "  other:");
    assert_eq!(
        diff(&one, &deployment(&soft, &[], serde_json::json!({}))).grew(),
        [&Party::Service("other".to_owned())]
    );
    assert!(diff(&deployment(&soft, &[], serde_json::json!({})), &one).grew().is_empty());
}

#[test]
fn groups_volumes_and_profiles_of_files() {
    let web = Party::Service("web".to_owned());
    let of = |body: &str| deployment(&service(body), &[], serde_json::json!({}));
    for (before, after) in [
        ("    user: \"1000:1000\"\n", "    user: \"1000:0\"\n"),
        ("    user: \"1000:1000\"\n", "    user: \"1000:1000\"\n    group_add: [\"0\"]\n"),
        ("", "    device_cgroup_rules: [\"c 1:3 rwm\"]\n"),
    ] {
        assert_eq!(diff(&of(before), &of(after)).grew(), [&web], "{after}");
        assert!(diff(&of(after), &of(before)).grew().is_empty(), "{after}");
    }
    // Nobody saw the file: it has no direction.
    for profile in ["seccomp=./x.json", "apparmor=mine"] {
        let with = of(&format!("    security_opt: [\"{profile}\"]\n"));
        assert!(diff(&of(""), &with).grew().is_empty());
        assert!(diff(&with, &of("")).grew().is_empty());
    }
    let volumes = "volumes:\n  data: {}\n";
    let apart = two("    volumes: [\"data:/d\"]\n", "", volumes);
    let shared = two("    volumes: [\"data:/d\"]\n", "    volumes: [\"data:/d\"]\n", volumes);
    let db = Party::Service("db".to_owned());
    assert_eq!(diff(&apart, &shared).grew(), [&db, &web]);
    assert!(diff(&shared, &apart).grew().is_empty());
}

#[test]
fn the_gateway_has_three_names() {
    let with = |more: serde_json::Value| deployment(&service(""), &[], more);
    let names = [
        serde_json::json!({ "gateway_enabled": true }),
        serde_json::json!({ "tproxy_enabled": true }),
        serde_json::json!({ "features": ["kms", "tproxy-net"] }),
    ];
    for one in &names {
        for other in &names {
            assert!(diff(&with(one.clone()), &with(other.clone())).grew().is_empty(), "{one} {other}");
        }
        let none = with(serde_json::json!({}));
        assert_eq!(diff(&none, &with(one.clone())).grew(), [&Party::Public], "{one}");
        assert!(diff(&with(one.clone()), &none).grew().is_empty(), "{one}");
    }
}

/// What grew one way shrank the other; `tests/antisymmetric.rs` asks the same of the corpus.
#[test]
fn the_other_way_round_the_signs_are_exchanged() {
    let deployments = [
        two(CONFINED, "    network_mode: none\n", INNER),
        two("    scale: 0\n", CONFINED, INNER),
        two("    volumes: [\"d:/d\", \"/:/h:ro\"]\n", "    volumes: [\"d:/d:ro\"]\n", "volumes:\n  d: {}\n"),
        two("    security_opt: [\"seccomp=./x\"]\n", "    user: \"1000:0\"\n    cap_drop: [NET_RAW]\n", ""),
        two("    network_mode: service:db\n", "    privileged: true\n    networks: [more]\n", INNER),
        deployment(&service("    user: ${U}\n"), &["U"], serde_json::json!({ "features": ["tproxy-net"] })),
        deployment("services: [", &[], serde_json::json!({})),
    ];
    let told = |one: &Deployment, other: &Deployment, exchanged: bool| {
        let mut told: Vec<String> = diff(one, other)
            .changes
            .into_iter()
            .map(|change| {
                let power = match (change.power, exchanged) {
                    (Power::Grew(party), true) => Power::Shrank(party),
                    (Power::Shrank(party), true) => Power::Grew(party),
                    (power, _) => power,
                };
                format!("{} {power:?}", change.path)
            })
            .collect();
        told.sort();
        told
    };
    for one in &deployments {
        for other in &deployments {
            assert_eq!(told(one, other, false), told(other, one, true));
        }
    }
}
