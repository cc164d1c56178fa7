//! `veritee policy init`: a commented file, or one that pins what a report saw.

use core::fmt::Write as _;
use veritee_model::text::inert;
use veritee_model::{CheckId, Outcome, Report};

/// A policy file in which every entry stands as a comment. Read as it is, it is the default under another name.
#[must_use]
pub const fn commented_template() -> &'static str {
    include_str!("template.toml")
}

/// What `template_from` pins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pins {
    /// Registers of the operating system.
    pub os: bool,
    /// Application, compose and key provider.
    pub identity: bool,
}

/// A policy file that pins what `report` saw, and of that only what the report's own checks verified: registers of a
/// quote whose signature passed, an identity from a log that replays. Nothing is loosened beyond that.
#[must_use]
pub fn template_from(report: &Report, pins: Pins) -> String {
    let passed =
        |id: CheckId| report.checks.iter().any(|check| check.id == id && check.outcome == Outcome::Pass);
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "# Pins what one report saw. Before you rely on it, find out where these values come from."
    );
    let _ = writeln!(
        out,
        "# Verdict of that report: {} (as of {}).",
        inert(&report.verdict.summary),
        report.as_of
    );
    let _ = writeln!(out, "schema = \"veritee/policy/v1\"\nname = \"pinned\"");
    if let (Some(tcb), true) = (&report.tcb, passed(CheckId::QuoteTcbLevel)) {
        let _ = writeln!(out, "\n[tcb]\nminimum_evaluation_number = {}", tcb.evaluation_number);
    }
    let measured = passed(CheckId::IdentityEvents) && passed(CheckId::EventLogRtmr3);
    if let (true, Some(identity)) = (pins.identity && measured, &report.identity) {
        let _ = writeln!(out, "\n[expect]\napp_id = [\"{}\"]", identity.app_id);
        let _ = writeln!(out, "compose_hash = [\"{}\"]", identity.compose_hash);
        if let (Some(name), Some(id)) = (&identity.key_provider, &identity.key_provider_id) {
            let _ = writeln!(out, "key_provider = [{{ name = {}, id = {} }}]", quoted(name), quoted(id));
        }
    }
    if let (true, Some(quote)) = (pins.os && passed(CheckId::QuoteSignature), &report.quote) {
        let _ = writeln!(out, "\n[[os.machine]]\nname = \"as seen\"");
        let _ = writeln!(
            out,
            "reason = \"seen in one report as of {}; not reproduced from source\"",
            report.as_of
        );
        let _ = writeln!(out, "mrtd = \"{}\"\nrtmr0 = \"{}\"", quote.mrtd, quote.rtmr0);
        let _ = writeln!(out, "rtmr1 = \"{}\"\nrtmr2 = \"{}\"", quote.rtmr1, quote.rtmr2);
    }
    out
}

/// A TOML basic string. Everything that is not printable ASCII is escaped.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            ' '..='~' => out.push(character),
            _ => {
                let _ = write!(out, "\\U{:08x}", u32::from(character));
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Policy;

    #[test]
    fn the_commented_template_is_the_default_under_another_name() {
        let read = Policy::parse(commented_template()).unwrap();
        assert_eq!(read, Policy { name: "my-policy".to_owned(), ..Policy::default() });
    }

    #[test]
    fn the_commented_template_is_right_when_uncommented() {
        // Every example line must be accepted by the reader once its `#` is taken away and its dots are filled in.
        let hex = |digits: usize| "ab".repeat(digits / 2);
        let text = commented_template()
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.starts_with('[') || rest.contains(" = ") => rest.to_owned(),
                _ => line.to_owned(),
            })
            .collect::<Vec<_>>()
            .join("\n")
            .replace("reason = \"...\"", "reason = \"an example of a reason\"")
            .replace("app_id = [\"...\"]", &format!("app_id = [\"{}\"]", hex(40)))
            .replace("instance_id = [\"...\"]", &format!("instance_id = [\"{}\"]", hex(40)))
            .replace("compose_hash = [\"...\"]", &format!("compose_hash = [\"{}\"]", hex(64)))
            .replace("image_hash = [\"...\"]", &format!("image_hash = [\"{}\"]", hex(64)))
            .replace("key_spki_sha256 = [\"...\"]", &format!("key_spki_sha256 = [\"{}\"]", hex(64)))
            .replace("trusted_root_sha256 = \"...\"", &format!("trusted_root_sha256 = \"{}\"", hex(64)))
            .replace("spki_sha256 = \"...\"", &format!("spki_sha256 = \"{}\"", hex(64)))
            // The reader refuses what is not hex, because it would never match: these dots are filled in as well.
            .replace("id = \"3059...\"", &format!("id = \"3059{}\"", hex(8)))
            .replace("mrenclave = [\"...\"]", &format!("mrenclave = [\"{}\"]", hex(64)))
            .replace("mrsigner = [\"...\"]", &format!("mrsigner = [\"{}\"]", hex(64)))
            .replace("config_id = \"...\"", &format!("config_id = \"{}\"", hex(128)))
            .replace("mrtd = \"...\"", &format!("mrtd = \"{}\"", hex(96)))
            .replace("rtmr0 = \"...\"", &format!("rtmr0 = \"{}\"", hex(96)))
            .replace("rtmr1 = \"...\"", &format!("rtmr1 = \"{}\"", hex(96)))
            .replace("rtmr2 = \"...\"", &format!("rtmr2 = \"{}\"", hex(96)));
        let policy = Policy::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(policy.os.machine.len(), 1);
        assert_eq!(policy.exception.len(), 1);
    }

    #[test]
    fn a_hostile_name_cannot_leave_its_string() {
        assert_eq!(quoted("a\"]\nname = \"x"), "\"a\\\"]\\U0000000aname = \\\"x\"");
    }
}
