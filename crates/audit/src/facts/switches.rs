//! What a literal switch does: a name and its value read together.

use crate::names::words;
use veritee_model::Severity;

/// A check of who or what is genuine, as a word of a name.
const CHECKS: &[&str] = &[
    "ATTESTATION",
    "ATTEST",
    "VERIFY",
    "VERIFICATION",
    "SIGNATURE",
    "SIGNATURES",
    "QUOTE",
    "QUOTES",
    "AUTH",
    "AUTHENTICATION",
    "AUTHORIZATION",
    "AUTHN",
    "AUTHZ",
];

/// Words after which the value is a switch, and that say nothing else.
const SWITCHES: &[&str] = &[
    "ENABLE",
    "ENABLED",
    "REQUIRE",
    "REQUIRED",
    "USE",
    "CHECK",
    "CHECKS",
    "CHECKING",
    "ACTIVE",
    "ON",
    "MODE",
    "IS",
    "ENFORCE",
    "ENFORCED",
    "STRICT",
    "SSL",
    "TLS",
    "CERT",
    "CERTS",
    "CERTIFICATE",
    "CERTIFICATES",
    "MUST",
    "REMOTE",
    "ALLOW",
];

/// Words that turn a switch round.
const AGAINST: &[&str] = &[
    "SKIP", "NO", "NOT", "DISABLE", "DISABLED", "BYPASS", "IGNORE", "WITHOUT", "OFF", "INSECURE", "UNSAFE",
    "NEVER",
];

/// What a machine's trust rests on: a stand-in for it proves nothing.
const MACHINE: &[&str] =
    &["TEE", "TDX", "SGX", "SEV", "DSTACK", "TAPPD", "ATTESTATION", "QUOTE", "ENCLAVE", "DCAP"];

/// Texts that users send, as words of a name that also speaks of a log.
const TEXTS: &[&str] = &[
    "PROMPT",
    "PROMPTS",
    "BODY",
    "BODIES",
    "PAYLOAD",
    "PAYLOADS",
    "QUERY",
    "QUERIES",
    "MESSAGES",
    "INPUTS",
    "OUTPUTS",
    "RESPONSES",
    "CONVERSATIONS",
];

/// How grave a literal is, and why; `None` for what switches nothing off and nothing on that matters.
pub(crate) fn judge(name: &str, text: &str) -> Option<(Severity, &'static str)> {
    let value = text.trim().to_ascii_lowercase();
    let on = matches!(value.as_str(), "1" | "true" | "yes" | "on" | "y" | "enabled");
    let off =
        matches!(value.as_str(), "0" | "false" | "no" | "off" | "n" | "disabled" | "none" | "never" | "skip");
    match name {
        "SSLKEYLOGFILE" => {
            return (!value.is_empty() && value != "/dev/null")
                .then_some((Severity::High, "the keys of every TLS connection are written there"));
        }
        "WERKZEUG_DEBUG_PIN" => return off.then_some((Severity::High, "the debugger asks nobody who he is")),
        "POSTGRES_HOST_AUTH_METHOD" => {
            return (value == "trust").then_some((Severity::Medium, "everybody who reaches it is let in"));
        }
        _ => {}
    }
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let stand_in = matches!(
        value.as_str(),
        "mock" | "mocked" | "fake" | "stub" | "simulator" | "simulated" | "simulation" | "sim" | "dummy"
    );
    if has(MACHINE)
        && (stand_in
            || has(&["MODE", "TYPE", "BACKEND", "PROVIDER"])
                && (off || matches!(value.as_str(), "dev" | "test")))
    {
        return Some((Severity::High, "a stand-in proves nothing"));
    }
    if let Some(found) = check_off(&words, on, off) {
        return Some(found);
    }
    if on && has(&["LOG", "LOGS", "LOGGING"]) && has(TEXTS) && !has(AGAINST) {
        return Some((Severity::Medium, "what users send goes to the log"));
    }
    let developing = has(&["PPROF", "PROFILER", "CONSOLE", "INSPECTOR", "REPL"])
        && has(&["ENABLE", "ENABLED"])
        || has(&["TEST", "DEMO", "STAGING"]) && has(&["MODE"]);
    if on && developing && !has(AGAINST) {
        return Some((Severity::Medium, "made for development"));
    }
    if name == "DEBUG" && value.contains('*') {
        return Some((Severity::Medium, "everything is logged"));
    }
    // `APP_ENV`, `ENV`, `SPRING_PROFILES_ACTIVE`.
    let stage = words.last().is_some_and(|last| matches!(last.as_str(), "ENV" | "ENVIRONMENT" | "STAGE"))
        || has(&["PROFILES", "PROFILE"]) && has(&["ACTIVE"]);
    let unfinished =
        matches!(value.as_str(), "development" | "dev" | "test" | "testing" | "local" | "debug" | "staging");
    (stage && unfinished).then_some((Severity::Medium, "made for development"))
}

/// A check that the literal turns off: `SKIP_VERIFY=true`, `TLS_VERIFY=false`, `AUTH_ENABLED=false`.
fn check_off(words: &[String], on: bool, off: bool) -> Option<(Severity, &'static str)> {
    let against = words.iter().any(|word| AGAINST.contains(&word.as_str()));
    if !(against && on || !against && off) {
        return None;
    }
    let rest: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| !SWITCHES.contains(word) && !AGAINST.contains(word))
        .collect();
    let last = rest.last().is_some_and(|last| CHECKS.contains(last));
    let all = rest.iter().any(|word| matches!(*word, "VERIFY" | "VERIFICATION"));
    // Of an address of mail or a number of a telephone another check speaks.
    let of_people = rest.iter().any(|word| matches!(*word, "EMAIL" | "PHONE" | "SMS" | "CAPTCHA" | "BASIC"));
    match (last, all, of_people) {
        (true, _, false) => Some((Severity::High, "a check of who or what is genuine is off")),
        (_, true, _) | (true, ..) => Some((Severity::Medium, "a check is off")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_judged_by_name_and_value_together() {
        for (name, value) in [
            ("SKIP_VERIFY", "true"),
            ("VERIFY_ATTESTATION", "false"),
            ("REQUIRE_ATTESTATION", "false"),
            ("VERIFY_QUOTES", "false"),
            ("TLS_VERIFY", "false"),
            ("ATTESTATION", "off"),
            ("SIGNATURE_CHECK", "off"),
            ("CHECK_SIGNATURES", "0"),
            ("DISABLE_AUTH", "true"),
            ("AUTH_ENABLED", "false"),
            ("TEE_MODE", "mock"),
            ("TEE_MODE", "none"),
            ("SSLKEYLOGFILE", "/proc/1/fd/1"),
            ("WERKZEUG_DEBUG_PIN", "off"),
        ] {
            assert_eq!(judge(name, value).map(|found| found.0), Some(Severity::High), "{name}={value}");
        }
        for (name, value) in [
            ("TEST_MODE", "1"),
            ("ENV", "dev"),
            ("APP_ENV", "staging"),
            ("SPRING_PROFILES_ACTIVE", "dev"),
            ("ENABLE_PPROF", "true"),
            ("ENABLE_CONSOLE", "true"),
            ("LOG_PROMPTS", "true"),
            ("DEBUG", "*"),
            ("EMAIL_VERIFICATION", "false"),
            ("POSTGRES_HOST_AUTH_METHOD", "trust"),
        ] {
            assert_eq!(judge(name, value).map(|found| found.0), Some(Severity::Medium), "{name}={value}");
        }
        for (name, value) in [
            ("SKIP_VERIFY", "false"),
            ("VERIFY_ATTESTATION", "true"),
            ("TLS_VERIFY", "1"),
            ("AUTH_ENABLED", "true"),
            ("TEE_MODE", "tdx"),
            ("SSLKEYLOGFILE", "/dev/null"),
            ("SSLKEYLOGFILE", ""),
            ("GF_AUTH_DISABLE_LOGIN_FORM", "true"),
            ("TLS_ENABLED", "false"),
            ("REDIS_TLS", "false"),
            ("DEBUG", "false"),
            ("ENV", "production"),
            ("LOG_BODY", "false"),
            ("DISABLE_AUTH", "false"),
            ("DISABLE_CONSOLE", "true"),
            ("AUTH_URL", "none"),
            ("LOG_QUERIES", "0"),
        ] {
            assert_eq!(judge(name, value), None, "{name}={value}");
        }
    }
}
