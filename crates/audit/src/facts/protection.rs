//! What the document asks the guest to enforce, and whether a guest that runs it does.
//!
//! A protection counts only where it holds: the member is there, its value is of its form, and the guest of that
//! manifest version and runner reads it. Source: dstack-types `AppCompose` and `Requirements`, dstack-util
//! `system_setup.rs` (312dc605): `requirements` is read by guests from 0.6 on, which refuse it under any other
//! `manifest_version` than the text "3"; older guests ignore it.

use crate::view::{Service, View};
use veritee_compose::json::JsonNode;

/// How far a protection goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Protection {
    /// The document does not ask for it.
    Absent,
    /// It is enforced, by what.
    Holds(String),
    /// It is asked for, and no guest that runs this document enforces it; why.
    Void(String),
}

/// `requirements`, where a guest that runs the document reads it; else why not.
pub(crate) fn requirements<'d>(view: &View<'d>) -> Result<Option<&'d JsonNode>, String> {
    let Some(requirements) = view.get("requirements").filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    if requirements.members().is_none() {
        return Err("requirements is no object".to_owned());
    }
    let version = view.get("manifest_version");
    if version
        .and_then(JsonNode::as_str)
        .and_then(|text| text.parse().ok())
        .is_some_and(|text: u32| text >= 3)
    {
        return Ok(Some(requirements));
    }
    let written = version.map_or_else(|| "absent".to_owned(), ToString::to_string);
    Err(format!(
        "manifest_version {written}: guests before 0.6 ignore `requirements`, later ones read it under \"3\" only"
    ))
}

/// Whether the environment is checked against the hash of a launch token.
pub(crate) fn launch_token(view: &View<'_>) -> Protection {
    let member = view.get("requirements").and_then(|requirements| requirements.get("launch_token_hash"));
    let required = match member.filter(|hash| !hash.is_null()) {
        None => Protection::Absent,
        Some(hash) => match (requirements(view), hash.as_str().is_some_and(is_hash)) {
            (Err(why), _) => Protection::Void(why),
            (Ok(_), false) => Protection::Void(format!("launch_token_hash {hash} is not 32 bytes in hex")),
            (Ok(_), true) => Protection::Holds("requirements.launch_token_hash is set".to_owned()),
        },
    };
    if let Protection::Holds(_) = required {
        return required;
    }
    // Older than the guest's own: a script of the application compares it.
    let customary = view.text_of("launch_token_hash").filter(|hash| !hash.is_empty());
    match customary {
        Some(hash) if !is_hash(hash) => {
            Protection::Void(format!("launch_token_hash \"{hash}\" is not 32 bytes in hex"))
        }
        Some(_) if view.scripts.iter().any(|script| script.text().contains("launch_token_hash")) => {
            Protection::Holds("launch_token_hash is set, and a script compares it".to_owned())
        }
        Some(_) if required == Protection::Absent => Protection::Void(
            "launch_token_hash stands beside `requirements`, and no script reads it".to_owned(),
        ),
        _ => required,
    }
}

/// Which ports the gateway forwards.
pub(crate) fn port_policy(view: &View<'_>) -> Protection {
    let Some(policy) = view.get("port_policy").filter(|value| !value.is_null()) else {
        return Protection::Absent;
    };
    match (policy.members().is_some(), policy.get("restrict_mode").and_then(JsonNode::as_bool)) {
        (false, _) => Protection::Void("port_policy is no object".to_owned()),
        (_, Some(true)) => Protection::Holds("the gateway forwards the listed ports only".to_owned()),
        (_, Some(false)) => {
            Protection::Void("port_policy.restrict_mode is false: the gateway forwards every port".to_owned())
        }
        (_, None) => {
            Protection::Void("port_policy without restrict_mode: the gateway forwards every port".to_owned())
        }
    }
}

/// Whether a GPU that was not attested, or that is open, is kept out.
pub(crate) fn gpu_policy(view: &View<'_>) -> Protection {
    let policy = match requirements(view) {
        Ok(requirements) => requirements.and_then(|requirements| requirements.get("gpu_policy")),
        Err(why) => {
            let asked =
                view.get("requirements").is_some_and(|requirements| requirements.get("gpu_policy").is_some());
            return if asked { Protection::Void(why) } else { Protection::Absent };
        }
    };
    let Some(policy) = policy.filter(|policy| policy.members().is_some()) else { return Protection::Absent };
    let flag = |key: &str| policy.get(key).and_then(JsonNode::as_bool);
    let open = ["allow_debug", "allow_devtools", "allow_insecure_boot"]
        .into_iter()
        .find(|key| flag(key) == Some(true));
    match (flag("attest_gpu"), open) {
        (Some(false), _) => Protection::Void("gpu_policy.attest_gpu is false".to_owned()),
        (_, Some(key)) => Protection::Void(format!("gpu_policy.{key} is true")),
        _ => Protection::Holds("a GPU has to be attested and closed".to_owned()),
    }
}

/// Confinements of a service, each only where nothing beside it undoes it.
pub(crate) fn of_service(service: &Service<'_>) -> Vec<(String, String, &'static str)> {
    let mut found = Vec::new();
    if service.is_true("privileged") {
        return found;
    }
    if service.scalar("read_only").is_some_and(|value| value.fixed().as_deref() == Some("true")) {
        found.push(("read_only".to_owned(), "read_only: true".to_owned(), "writes to its own files"));
    }
    for (_, value) in service.below("security_opt") {
        let Some(text) = value.fixed() else { continue };
        if matches!(text.as_str(), "no-new-privileges" | "no-new-privileges:true" | "no-new-privileges=true")
        {
            found.push((
                "no-new-privileges".to_owned(),
                text,
                "gains privileges through programs of its image",
            ));
        } else if !text.contains("unconfined")
            && (text.starts_with("seccomp") || text.starts_with("apparmor"))
        {
            let name = text.split([':', '=']).next().unwrap_or("").to_owned();
            found.push((name, text, "calls what the profile forbade"));
        }
    }
    for (_, value) in service.below("cap_drop") {
        if let Some(text) = value.fixed() {
            found.push((format!("cap_drop.{}", text.to_ascii_uppercase()), text, "keeps a capability"));
        }
    }
    let user = service.scalar("user").and_then(|user| user.fixed());
    if let Some(user) = user.filter(|user| !matches!(user.split(':').next(), Some("root" | "0" | "") | None))
    {
        found.push(("user".to_owned(), format!("user: {user}"), "runs as root inside of its container"));
    }
    found
}

/// 32 bytes in hex.
fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
