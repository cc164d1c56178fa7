//! What is known of the guest operating system: whether it holds to `allowed_envs`, whether it is one for developers.

use crate::context::{Context, OsFacts};
use crate::view::View;

/// Whether the guest drops variables that allowed_envs does not name.
pub(crate) enum Enforcement {
    Present(String),
    Absent(String),
    Doubtful(String),
    /// Nothing speaks for or against it.
    NotAsked,
}

pub(crate) fn enforcement_of(context: &Context, view: Option<&View<'_>>) -> Enforcement {
    if let Some(version) = context.os.version.as_deref().and_then(version) {
        let text = context.os.version.as_deref().unwrap_or("");
        if version < (0, 4, 2) {
            return Enforcement::Absent(format!("guest version {text}: filtering came with 0.4.2"));
        }
        return Enforcement::Present(format!("guest version {text}"));
    }
    if let Some(events) = &context.events {
        let key_provider = events.count("key-provider") > 0;
        if events.count("ca-cert-hash") > 0 && !key_provider {
            return Enforcement::Absent(
                "the log has ca-cert-hash and no key-provider: a guest before 0.4.2".to_owned(),
            );
        }
        if key_provider {
            return Enforcement::Present("the log has a key-provider event".to_owned());
        }
    }
    let Some(view) = view.filter(|view| view.manifest().is_some()) else { return Enforcement::NotAsked };
    let legacy = ["tproxy_enabled", "docker_config"].iter().any(|key| view.get(key).is_some());
    if view.get("allowed_envs").is_none() && legacy && view.get("gateway_enabled").is_none() {
        return Enforcement::Doubtful(
            "keys of an early guest, no allowed_envs and no event log to tell".to_owned(),
        );
    }
    Enforcement::NotAsked
}

fn version(text: &str) -> Option<(u32, u32, u32)> {
    let core = text.trim_start_matches('v').split(['-', '+', ' ']).next()?;
    let mut parts = core.split('.').map(|part| part.parse::<u32>().ok());
    Some((parts.next()??, parts.next()??, parts.next().flatten().unwrap_or(0)))
}

/// Whether the guest is a development image, by measurement or by its own name.
pub(crate) fn is_development(os: &OsFacts) -> bool {
    let named = os
        .image_name
        .as_deref()
        .is_some_and(|name| name.split(['-', '_', '.', '/']).any(|part| part.eq_ignore_ascii_case("dev")));
    os.development == Some(true) || named
}
