//! Places where a container or a file gets every variable at once.

use crate::facts::mounts;
use crate::pattern::pattern;
use crate::text::Lines;
use crate::view::View;
use veritee_model::Place;

pattern!(
    DUMP,
    r"(?m)(?:^|[;&|(]|\bdo\b|\bthen\b)[ \t]*(?:env|printenv|export[ \t]+-p|declare[ \t]+-x)[ \t]*>+|\bset[ \t]+-(?:a|o[ \t]+allexport)\b|decrypted-env",
    [">", "-a", "allexport", "decrypted-env"]
);

/// Everything that the guest shares with the host lies below these.
const SHARED: [&str; 4] = [
    "/dstack/.host-shared",
    "/dstack/.host-shared/.decrypted-env",
    "/dstack/.host-shared/.decrypted-env.json",
    "/tapp/.host-shared",
];

/// The same under every name that they have on the guest.
const NAMED: [&str; 6] = [
    "/dstack/.host-shared/.decrypted-env",
    "/dstack/.host-shared/.decrypted-env.json",
    "/tapp/.host-shared/.decrypted-env",
    "/tapp/.host-shared/.decrypted-env.json",
    "/var/volatile/dstack/.host-shared/.decrypted-env",
    "/mnt/dstack/.host-shared/.decrypted-env.json",
];

/// Places where a container or a file gets every variable at once.
pub(crate) fn exposures(view: &View<'_>) -> Vec<(Place, String)> {
    let mut found = Vec::new();
    for service in view.active() {
        for (_, file) in service.below("env_file") {
            if file.raw.contains("decrypted-env") || file.is_settable() {
                found.push((file.place.clone(), format!("{} env_file: {}", service.name, file.raw)));
            }
        }
        for (mount, path) in mounts::paths(service) {
            if mount.source.is_settable() && mounts::can_become(&mount.source, &NAMED) || covers(&path) {
                let evidence = format!(
                    "{} volumes: {} (holds the decrypted environment)",
                    service.name, mount.source.raw
                );
                found.push((mount.source.place.clone(), evidence));
            }
        }
    }
    for script in &view.scripts {
        let lines = Lines::new(script.text());
        for hit in DUMP.find_iter(script.text()) {
            // The match may begin with the line break before it.
            let line = lines.index(hit.end().saturating_sub(1));
            let text = lines.line(script.text(), line).trim();
            if !text.starts_with('#') {
                let number = u32::try_from(line.saturating_add(1)).unwrap_or(u32::MAX);
                found.push((script.at_line(number), script.quote(number, text)));
            }
        }
    }
    found
}

fn covers(path: &str) -> bool {
    let below = SHARED
        .iter()
        .any(|shared| *shared == path || shared.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')));
    path == "/" || path == "/tapp" || below
}
