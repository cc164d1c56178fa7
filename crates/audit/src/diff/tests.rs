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
