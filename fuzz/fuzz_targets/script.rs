//! Shell scripts inside an app_compose: no panic, places inside the script, and nothing unread that is not listed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_compose::script::{Role, read};
use veritee_compose::{Context, Deployment, UnboundCompose};
use veritee_fuzz::{assert_places, assert_script, audit_twice};
use veritee_model::Budget;

const COMPOSE: &str =
    "services:\n  web:\n    image: example.org/web:1\n    environment:\n      - A=$A\n      - B=${B:-b}\n";

fuzz_target!(|data: &[u8]| {
    let Ok(text) = core::str::from_utf8(data) else { return };
    for role in [Role::Init, Role::PreLaunch, Role::Bash] {
        let script = read(role, text, &Budget::STANDARD);
        assert_eq!(script.text, text);
        assert_script(&script);
        assert_eq!(script, read(role, text, &Budget::STANDARD));
    }
    let document = serde_json::json!({
        "manifest_version": 2,
        "name": "fuzz",
        "runner": "docker-compose",
        "docker_compose_file": COMPOSE,
        "allowed_envs": ["A"],
        "pre_launch_script": text,
    });
    let document = document.to_string();
    let Ok(document) = UnboundCompose::parse(document.as_bytes(), &Budget::STANDARD) else {
        assert!(text.contains('\0'), "only U+0000 cannot stand in a document");
        return;
    };
    let deployment = Deployment::from_unbound(&document, &Context::default());
    assert!(deployment.scripts.iter().any(|script| script.text == text) || text.is_empty());
    assert_places(&deployment);
    audit_twice(|context| veritee_audit::audit(&deployment, context));
});
