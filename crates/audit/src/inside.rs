//! What must not stand in an image: keys that everybody knows, secrets written out, defaults for secrets, settings that are
//! meant for development.
//!
//! Text and names are the audited party's. A secret is never repeated: what is said of it is its name and length.

use crate::known_keys::{self, KnownSecret, has_vendor_key, is_literal_secret};
use crate::pattern::pattern;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InsideKind {
    /// A key or mnemonic that everybody has: of the development chains.
    DefaultKey,
    /// A private key in PEM.
    PrivateKey,
    /// A key in a vendor's form.
    VendorKey,
    /// A literal under a secret's name.
    Password,
    /// A default for a secret that nobody has to set.
    DefaultSecret,
    /// A setting that is meant for development.
    DevelopmentSetting,
}

/// Something that must not stand there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct InsideHit {
    /// What kind.
    pub kind: InsideKind,
    /// The line, from 1.
    pub line: usize,
    /// What it is, without the secret.
    pub what: String,
    /// The variable whose value counts in its place, where one is written beside it (`${NAME:default}`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
}

// `NAME=value`, `name: value`, `"name": "value",` and `export NAME=value`.
pattern!(
    SETTING,
    r#"^\s*(?:export\s+|ENV\s+|-\s+)?["']?([A-Za-z_][A-Za-z0-9_.-]{0,99})["']?\s*[:=]\s*(\S.*?)\s*,?\s*$"#,
    [":", "="]
);
// `${NAME:default}` of Spring, `${NAME:-default}` and `${NAME:=default}` of shells and Compose.
pattern!(DEFAULT, r"\$\{([A-Za-z_][A-Za-z0-9_.-]*):[-=]?([^}]+)\}", ["${"]);

/// Names, as words joined by `_`, with the beginnings of values that belong to a developer's machine.
const DEVELOPMENT: [(&str, &[&str]); 12] = [
    ("NODE_ENV", &["dev", "test"]),
    ("RAILS_ENV", &["dev", "test"]),
    ("RACK_ENV", &["dev", "test"]),
    ("APP_ENV", &["dev", "local", "test"]),
    ("APP_DEBUG", &["true", "1"]),
    ("DJANGO_DEBUG", &["true", "1"]),
    ("FLASK_DEBUG", &["true", "1"]),
    ("FLASK_ENV", &["dev"]),
    ("ASPNETCORE_ENVIRONMENT", &["dev"]),
    ("DOTNET_ENVIRONMENT", &["dev"]),
    ("SPRING_PROFILES_ACTIVE", &["dev", "local", "test"]),
    ("DSTACK_SIMULATOR_ENDPOINT", &["http", "unix", "/"]),
];

/// Looks at one setting, on a line.
#[must_use]
pub fn inside_setting(name: &str, value: &str, line: usize) -> Option<InsideHit> {
    let value = value.trim().trim_matches(['"', '\'']);
    let words = name.replace(['.', '-'], "_");
    let hit = |kind, what| InsideHit { kind, line, what, variable: None };
    if has_vendor_key(value) {
        return Some(hit(InsideKind::VendorKey, format!("{name} has a key in a vendor's form")));
    }
    for default in DEFAULT.captures_iter(value) {
        let (of, text) = (default.get(1)?.as_str(), default.get(2)?.as_str());
        if is_literal_secret(&of.replace(['.', '-'], "_"), text) || is_literal_secret(&words, text) {
            let length = text.chars().count();
            let what = format!("{name} falls back to a literal of {length} characters ({of})");
            return Some(InsideHit { variable: Some(of.to_owned()), ..hit(InsideKind::DefaultSecret, what) });
        }
    }
    if is_literal_secret(&words, value) {
        let what = format!("{name} is a literal of {} characters", value.chars().count());
        return Some(hit(InsideKind::Password, what));
    }
    let (upper, lower) = (words.to_ascii_uppercase(), value.to_ascii_lowercase());
    let develops = DEVELOPMENT
        .iter()
        .any(|(known, values)| *known == upper && values.iter().any(|start| lower.starts_with(start)));
    develops.then(|| hit(InsideKind::DevelopmentSetting, format!("{name} is {value}")))
}

/// The variable for which a line has a default, where it is one.
fn default_of(line: &str) -> Option<String> {
    // What stands on one line with megabytes is no setting.
    let line = (line.len() <= 4096).then_some(line)?;
    Some(DEFAULT.captures(line)?.get(1)?.as_str().to_owned())
}

/// Files of settings, by their names. In code and prose a word before a colon sets nothing.
fn has_settings(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let ends = [".env", ".properties", ".yml", ".yaml", ".json", ".toml", ".ini", ".conf", ".cfg", ".sh"];
    name.starts_with(".env") || ends.iter().any(|end| name.ends_with(end))
}

/// Looks at a text file of an image, at most `most` findings.
#[must_use]
pub fn inside_text(path: &str, text: &str, most: usize) -> Vec<InsideHit> {
    let mut hits = Vec::new();
    for (offset, secret) in known_keys::find(text) {
        let kind = match secret {
            KnownSecret::PemPrivateKey => InsideKind::PrivateKey,
            _ => InsideKind::DefaultKey,
        };
        let before = text.get(..offset).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count().saturating_add(1);
        let rest = text.get(before.rfind('\n').map_or(0, |at| at.saturating_add(1))..).unwrap_or_default();
        let variable = rest.lines().next().and_then(default_of);
        hits.push(InsideHit { kind, line, what: secret.describe(), variable });
        if hits.len() >= most {
            return hits;
        }
    }
    if !has_settings(path) {
        return hits;
    }
    for (number, line) in text.lines().enumerate() {
        // A line of a bundle is no setting.
        if line.len() > 4096 {
            continue;
        }
        let Some(setting) = SETTING.captures(line) else { continue };
        let (Some(name), Some(value)) = (setting.get(1), setting.get(2)) else { continue };
        let line = number.saturating_add(1);
        if let Some(hit) = inside_setting(name.as_str(), value.as_str(), line) {
            // A default key under a secret's name is one finding.
            if !hits.iter().any(|hit| hit.line == line) {
                hits.push(hit);
            }
        }
        if hits.len() >= most {
            break;
        }
    }
    hits.sort_by_key(|hit| hit.line);
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(path: &str, text: &str) -> Vec<(InsideKind, usize)> {
        inside_text(path, text, 100).into_iter().map(|hit| (hit.kind, hit.line)).collect()
    }

    #[test]
    fn keys_passwords_defaults_and_development_settings_are_told_by_line() {
        let key = ["ac0974bec39a17e36ba4a6b4d238ff94", "4bacb478cbed5efcae784d7bf4f2ff80"].concat();
        let text = format!(
            "server:\n  port: 8080\nprivate-key: ${{PRIVATE_KEY:0x{key}}}\ndb.password: hunter2hunter\nadmin.password: ${{ADMIN_PASSWORD:changeit}}\nspring.profiles.active: dev\n"
        );
        assert_eq!(
            kinds("app/application.yml", &text),
            [
                (InsideKind::DefaultKey, 3),
                (InsideKind::Password, 4),
                (InsideKind::DefaultSecret, 5),
                (InsideKind::DevelopmentSetting, 6)
            ]
        );
        let shown = format!("{:?}", inside_text("app/application.yml", &text, 100));
        assert!(
            !shown.contains("hunter2") && !shown.contains("changeit") && !shown.contains(&key),
            "{shown}"
        );
    }

    #[test]
    fn references_empty_values_and_prose_are_no_secrets() {
        for (path, text) in [
            (
                "app/.env",
                "DB_PASSWORD=\nDB_PASSWORD=${DB_PASSWORD}\nDB_PASSWORD_FILE=/run/secrets/db\nNODE_ENV=production\n",
            ),
            ("usr/share/doc/x", "password: the secret word\n"),
            ("app/main.py", "password = prompt()\n"),
        ] {
            assert_eq!(kinds(path, text), [], "{path}");
        }
    }

    #[test]
    fn a_private_key_is_found_in_any_text_and_the_number_of_findings_is_bounded() {
        let pem = ["-----BEGIN PRIVATE", " KEY-----\n"].concat();
        assert_eq!(kinds("etc/ssl/x", &pem), [(InsideKind::PrivateKey, 1)]);
        assert_eq!(inside_text("x", &pem.repeat(50), 7).len(), 7);
    }
}
