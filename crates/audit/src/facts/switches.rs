//! What a literal switch does: a name and its value read together.

use crate::names::{self, words};
use veritee_model::Severity;

/// A check of who or what is genuine, as a word of a name: it protects while it is on.
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
    "MEASUREMENT",
    "MEASUREMENTS",
    "RTMR",
    "RTMRS",
    "TCB",
];

/// What takes the place of something genuine, or shows what is hidden: it does harm while it is on.
#[rustfmt::skip]
const HARMS: &[&str] = &[
    "MOCK", "MOCKED", "FAKE", "FAKED", "STUB", "DUMMY", "SIMULATED", "SIMULATION", "SIMULATOR", "UNVERIFIED", "UNSIGNED",
    "UNTRUSTED", "UNATTESTED", "UNAUTHENTICATED", "UNAUTHORIZED", "INSECURE", "UNSAFE", "ANONYMOUS", "PLAINTEXT",
    "ANY", "EXPIRED", "REVOKED", "OUTDATED", "SELFSIGNED",
];

/// Words after which the value is a switch, and that say nothing else: what they stand before is on with the value.
#[rustfmt::skip]
const SWITCHES: &[&str] = &[
    "ENABLE", "ENABLED", "REQUIRE", "REQUIRED", "USE", "CHECK", "CHECKS", "CHECKING", "ACTIVE", "ON", "MODE", "IS",
    "ENFORCE", "ENFORCED", "STRICT", "SSL", "TLS", "CERT", "CERTS", "CERTIFICATE", "CERTIFICATES", "MUST", "REMOTE",
    "ALLOW", "ALLOWED", "ACCEPT", "ACCEPTED", "TRUST", "TRUSTED", "PERMIT", "TOLERATE", "POLICY",
];

/// Words that turn a switch round: each once.
#[rustfmt::skip]
const AGAINST: &[&str] = &[
    "SKIP", "NO", "NOT", "NON", "DISABLE", "DISABLED", "DISALLOW", "BYPASS", "IGNORE", "WITHOUT", "OFF", "NEVER", "DENY",
    "REJECT", "REFUSE", "FORBID", "BLOCK", "PREVENT", "PROHIBIT", "FAIL",
];

/// Words that ask for something: off, nothing is asked for any more.
const DEMANDS: &[&str] = &["ENFORCE", "ENFORCED", "ENFORCEMENT"];

/// What a machine's trust rests on: a stand-in for it proves nothing.
const MACHINE: &[&str] = &[
    "TEE",
    "TDX",
    "SGX",
    "SEV",
    "SNP",
    "OE",
    "EGO",
    "EDG",
    "GRAMINE",
    "OCCLUM",
    "DSTACK",
    "TAPPD",
    "ATTESTATION",
    "QUOTE",
    "ENCLAVE",
    "DCAP",
];

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

/// Whether a value switches something on; in small letters.
pub(crate) fn is_on(value: &str) -> bool {
    matches!(value, "1" | "true" | "yes" | "on" | "y" | "enabled")
}

/// Whether a value switches something off; in small letters.
pub(crate) fn is_off(value: &str) -> bool {
    matches!(value, "0" | "false" | "no" | "off" | "n" | "disabled" | "none" | "never")
}

/// A stand-in for something genuine, as a value; in small letters.
fn stands_in(value: &str) -> bool {
    matches!(
        value,
        "mock"
            | "mocked"
            | "fake"
            | "stub"
            | "simulator"
            | "simulated"
            | "simulation"
            | "sim"
            | "dummy"
            | "sample"
    )
}

/// Whether the value puts a stand-in in the place of the machine that the name speaks of.
pub(crate) fn is_stand_in(words: &[String], value: &str) -> bool {
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let kind = has(&["MODE", "TYPE", "BACKEND", "PROVIDER", "PLATFORM", "KIND", "VENDOR", "DRIVER"]);
    has(MACHINE) && (stands_in(value) || kind && (value == "none" || value == "off"))
}

/// How grave a literal is, and why; `None` for what switches nothing off and nothing on that matters.
pub(crate) fn judge(name: &str, text: &str) -> Option<(Severity, &'static str)> {
    let value = text.trim().to_ascii_lowercase();
    let (on, off) = (is_on(&value), is_off(&value) || value == "skip");
    match name {
        "SSLKEYLOGFILE" => {
            return (!value.is_empty() && value != "/dev/null")
                .then_some((Severity::High, "the keys of every TLS connection are written there"));
        }
        "GRADIO_SHARE" => return on.then_some((Severity::High, "a tunnel of the maker makes it public")),
        "WERKZEUG_DEBUG_PIN" => return off.then_some((Severity::High, "the debugger asks nobody who he is")),
        "POSTGRES_HOST_AUTH_METHOD" => {
            return (value == "trust").then_some((Severity::Medium, "everybody who reaches it is let in"));
        }
        _ => {}
    }
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let stand_in = stands_in(&value);
    if has(MACHINE)
        && (stand_in
            || has(&["MODE", "TYPE", "BACKEND", "PROVIDER", "PLATFORM", "KIND", "VENDOR", "DRIVER"])
                && (off || matches!(value.as_str(), "dev" | "test")))
    {
        return Some((Severity::High, "a stand-in proves nothing"));
    }
    let platform = words.last().is_some_and(|last| last == "PLATFORM");
    let none = matches!(
        value.as_str(),
        "nontee" | "non-tee" | "non_tee" | "notee" | "no-tee" | "no_tee" | "insecure"
    );
    if (platform || has(MACHINE)) && none || platform && stand_in {
        return Some((Severity::High, "a stand-in proves nothing"));
    }
    if let Some(found) = check_off(&words, on, off).or_else(|| flags(&words, text)) {
        return Some(found);
    }
    if telemetry(&words, on, off) {
        return Some((Severity::Medium, "what is done inside is told to somebody outside"));
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

/// A check that the literal turns off, or a harm that it turns on: `SKIP_VERIFY=true`, `TLS_VERIFY=false`,
/// `ACCEPT_MOCK_QUOTES=1`. The value has a sign, and every word against turns it round: what is left says whether the
/// thing that the name speaks of is on.
fn check_off(words: &[String], on: bool, off: bool) -> Option<(Severity, &'static str)> {
    if !on && !off {
        return None;
    }
    let is = |list: &[&str], word: &str| list.contains(&word);
    // That a proxy says who calls is a way in, no check.
    let proxied = words.iter().any(|word| word == "PROXY")
        && words.iter().any(|word| matches!(word.as_str(), "AUTH" | "AUTHENTICATION"))
        && words.iter().any(|word| matches!(word.as_str(), "ENABLE" | "ENABLED" | "USE" | "TRUST"));
    if proxied {
        return None;
    }
    let turns = words.iter().filter(|word| is(AGAINST, word)).count();
    let stands = on == (turns % 2 == 0);
    let self_signed =
        words.windows(2).any(|pair| matches!(pair, [one, two] if one == "SELF" && two == "SIGNED"));
    let checks = words.iter().any(|word| is(CHECKS, word));
    // `INSECURE_SKIP_VERIFY`: how the check is left out, no thing of its own.
    let adverb =
        turns > 0 && words.iter().any(|word| matches!(word.as_str(), "VERIFY" | "VERIFICATION" | "AUTH"));
    let debug = words.iter().any(|word| word == "DEBUG")
        && words.iter().any(|word| is(MACHINE, word) || is(CHECKS, word));
    let harm = self_signed
        || debug
        || words.iter().any(|word| {
            is(HARMS, word)
                && !(adverb && matches!(word.as_str(), "INSECURE" | "UNSAFE"))
                // `ANY` of what is checked, not `ANY` alone.
                && (word != "ANY" || checks)
        });
    if harm {
        let genuine = checks || words.iter().any(|word| is(MACHINE, word)) || self_signed;
        return harmed(words, stands, genuine);
    }
    if stands {
        return None;
    }
    let rest: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| !is(SWITCHES, word) && !is(AGAINST, word) && !is(DEMANDS, word))
        .collect();
    // `ServerSignature` of a page of errors, `IndexSignature` of a type.
    let other = words
        .windows(2)
        .any(|pair| matches!(pair, [one, two] if two == "SIGNATURE" && (one == "SERVER" || one == "INDEX")));
    let last = !other && rest.last().is_some_and(|last| is(CHECKS, last));
    let all = rest.iter().any(|word| matches!(*word, "VERIFY" | "VERIFICATION"));
    // Of an address of mail or a number of a telephone another check speaks.
    let of_people = rest.iter().any(|word| matches!(*word, "EMAIL" | "PHONE" | "SMS" | "CAPTCHA" | "BASIC"));
    let demanded = words.iter().any(|word| is(DEMANDS, word)) && off;
    let machine = !rest.is_empty() && rest.iter().all(|word| is(MACHINE, word));
    match (last, all, of_people) {
        (true, _, false) => Some((Severity::High, "a check of who or what is genuine is off")),
        _ if machine => Some((Severity::High, "the machine that the trust rests on is not used")),
        _ if demanded && checks => Some((Severity::High, "a check of who or what is genuine is off")),
        (_, true, _) | (true, ..) => Some((Severity::Medium, "a check is off")),
        _ if demanded => Some((Severity::Medium, "what was asked for is not asked for any more")),
        _ => None,
    }
}

/// What a name says that speaks of a harm, where that harm stands; `genuine` says that it is one to what is genuine.
fn harmed(words: &[String], stands: bool, genuine: bool) -> Option<(Severity, &'static str)> {
    const COUNTS: &[&str] = &["UNVERIFIED", "UNSIGNED", "UNATTESTED", "UNTRUSTED"];
    #[rustfmt::skip]
    const PLAIN: &[&str] = &[
        "INSECURE", "UNSAFE", "UNAUTHORIZED", "UNAUTHENTICATED", "ANONYMOUS", "MOCK", "MOCKED", "FAKE",
    ];
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let severity = match (stands, genuine || has(COUNTS), has(PLAIN)) {
        (true, true, _) => Severity::High,
        (true, false, true) => Severity::Medium,
        _ => return None,
    };
    Some((severity, "what is not genuine is accepted"))
}

/// As [`judge`], of an option or of a line of a configuration file: only what turns a protection off.
pub(crate) fn protection(name: &str, text: &str) -> Option<(Severity, &'static str)> {
    let value = text.trim().to_ascii_lowercase();
    check_off(&words(name), is_on(&value), is_off(&value))
}

/// Lines of configuration files, by their key and value, that let in whoever comes or run what he says.
#[rustfmt::skip]
const OPEN: &[(&str, &[&str], &str)] = &[
    ("tls_reqcert", &["never", "allow"], "the certificate of the server is not checked"),
    ("ssl_verify_client", &["off", "optional_no_ca"], "who calls is not checked"),
    ("enable_script_checks", &["true"], "whoever reaches it runs programs"),
    ("enable_local_script_checks", &["true"], "whoever writes its settings runs programs"),
    ("org_role", &["admin", "editor"], "whoever comes may change everything"),
    ("requirepass", &[""], "everybody who reaches it is let in"),
    ("authenticator", &["allowallauthenticator"], "everybody who reaches it is let in"),
    ("authorizer", &["allowallauthorizer"], "everybody who reaches it may do everything"),
    ("xpack.security.enabled", &["false"], "everybody who reaches it is let in"),
];

/// What a line of a configuration file, below a heading, opens.
pub(crate) fn line(heading: &str, line: &str) -> Option<(Severity, &'static str)> {
    let line = line.trim().trim_start_matches("- ").trim_end_matches([',', ';']);
    if line.starts_with(['#', ';']) || line.len() > 300 {
        return None;
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    // `host all all 0.0.0.0/0 trust` of PostgreSQL.
    if matches!(words.first(), Some(&("host" | "hostssl" | "hostnossl")))
        && words.len() >= 5
        && words.last() == Some(&"trust")
    {
        return Some((Severity::High, "everybody who reaches it is let in"));
    }
    if line.starts_with("stats socket") && line.contains("level admin") && line.contains([':', '@']) {
        return Some((Severity::High, "whoever reaches it changes what runs"));
    }
    let end = line.find(['=', ':', ' ', '\t'])?;
    let key = line.get(..end)?.trim_matches(['"', '\'']);
    let rest = line.get(end..)?.trim_start_matches(['=', ':', ' ', '\t']);
    let value = rest.trim().trim_matches(['"', '\'', ',']).to_ascii_lowercase();
    if key.is_empty() || value.contains(char::is_whitespace) {
        return None;
    }
    let lower = key.to_ascii_lowercase();
    let open = OPEN.iter().find(|(known, values, _)| *known == lower && values.contains(&value.as_str()));
    if let Some((_, _, why)) = open {
        return Some((Severity::High, why));
    }
    // Of TLS another rule speaks.
    let tls = lower.contains("insecure") || lower.contains("ssl") || lower.contains("tls");
    let plain = matches!(lower.as_str(), "enabled" | "enable" | "on" | "active");
    let name = if plain { format!("{heading}_{key}") } else { key.to_owned() };
    protection(&name, &value).filter(|_| !tls)
}

/// Whether the words against in a name turn it round: an odd number of them.
pub(crate) fn is_turned(words: &[String]) -> bool {
    words.iter().filter(|word| AGAINST.contains(&word.as_str())).count() % 2 == 1
}

/// Switches in one value, each a name with its sign in front: `disable-email-verification enable-prepl-server`.
fn flags(words: &[String], text: &str) -> Option<(Severity, &'static str)> {
    let listed = words.last().is_some_and(|last| matches!(last.as_str(), "FLAGS" | "FEATURES" | "SWITCHES"));
    if !listed {
        return None;
    }
    let found = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).filter_map(|flag| {
        let words = names::words(flag.trim_start_matches('-'));
        let first = words.first()?.as_str();
        let (on, off) = (
            matches!(first, "ENABLE" | "WITH" | "USE" | "ALLOW"),
            matches!(first, "DISABLE" | "NO" | "WITHOUT" | "SKIP"),
        );
        if !on && !off {
            return None;
        }
        let rest = words.get(1..).unwrap_or(&[]);
        let session = rest.iter().any(|word| word == "SECURE") && off;
        let opened = on
            && rest.iter().any(|word| matches!(word.as_str(), "REPL" | "PREPL" | "DEBUGGER" | "INSPECTOR"));
        match () {
            () if opened => Some((Severity::High, "a person can work inside")),
            () if session => Some((Severity::Medium, "a protection is off")),
            () => check_off(rest, on, off),
        }
    });
    found.max_by_key(|(severity, _)| *severity)
}

/// Telemetry that the literal leaves on: what is done inside is told to somebody.
fn telemetry(words: &[String], on: bool, off: bool) -> bool {
    const TELLS: &[&str] = &["TELEMETRY", "ANALYTICS"];
    let named = words.iter().any(|word| TELLS.contains(&word.as_str()));
    let turned =
        words.iter().filter(|word| AGAINST.contains(&word.as_str()) || *word == "OPTOUT").count() % 2 == 1;
    let switch = words.iter().all(|word| {
        TELLS.contains(&word.as_str())
            || SWITCHES.contains(&word.as_str())
            || AGAINST.contains(&word.as_str())
    }) || words.last().is_some_and(|last| {
        TELLS.contains(&last.as_str()) || matches!(last.as_str(), "ENABLED" | "DISABLED" | "ENABLE")
    });
    named && switch && (if turned { off } else { on })
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
            ("TEE_PLATFORM", "none"),
            ("PLATFORM", "NONTEE"),
            ("RUNTIME_PLATFORM", "no-tee"),
            ("PLATFORM", "simulator"),
            ("TEE_ENABLED", "false"),
            ("DSTACK_ENABLED", "false"),
            ("ACCEPT_MOCK_ATTESTATION", "true"),
            ("MOCK_ATTESTATION", "true"),
            ("USE_MOCK_TEE", "true"),
            ("ACCEPT_ANY_QUOTE", "true"),
            ("TRUST_UNVERIFIED_QUOTES", "1"),
            ("DISABLE_ATTESTATION", "true"),
            ("DISABLE_MOCK_ATTESTATION", "false"),
            ("REJECT_UNVERIFIED_QUOTES", "false"),
            ("ALLOW_DEBUG_ENCLAVE", "1"),
            ("ACCEPT_SELF_SIGNED_CERTS", "true"),
            ("ENFORCE_MEASUREMENTS", "false"),
            ("ENFORCE_MEASUREMENT_POLICY", "false"),
            ("ATTESTATION_POLICY_ENFORCED", "false"),
            ("INSECURE_SKIP_VERIFY", "true"),
            ("APP_FLAGS", "disable-signature-verification"),
            ("APP_FLAGS", "disable-email-verification enable-prepl-server"),
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
            ("ENFORCE_POLICY", "false"),
            ("TELEMETRY_ENABLED", "true"),
            ("DISABLE_TELEMETRY", "false"),
            ("APP_FLAGS", "disable-secure-session-cookies"),
        ] {
            assert_eq!(judge(name, value).map(|found| found.0), Some(Severity::Medium), "{name}={value}");
        }
    }

    #[test]
    fn a_switch_that_protects_or_does_nothing_is_no_fault() {
        for (name, value) in [
            ("SKIP_VERIFY", "false"),
            ("ACCEPT_MOCK_ATTESTATION", "false"),
            ("ALLOW_MOCK_ATTESTATION", "false"),
            ("ALLOW_FAKE_SIGNATURES", "0"),
            ("TRUST_UNVERIFIED_QUOTES", "false"),
            ("DISABLE_MOCK_ATTESTATION", "true"),
            ("DISABLE_ATTESTATION_MOCK", "true"),
            ("ACCEPT_DEBUG_QUOTES", "0"),
            ("ACCEPT_SELF_SIGNED_CERTS", "false"),
            ("ALLOW_UNVERIFIED", "false"),
            ("ACCEPT_UNSIGNED", "false"),
            ("USE_MOCK_TEE", "false"),
            ("MOCK_ATTESTATION", "false"),
            ("SKIP_SIGNATURE_CHECK", "false"),
            ("REJECT_UNVERIFIED_QUOTES", "true"),
            ("INSECURE_SKIP_VERIFY", "false"),
            ("ENFORCE_POLICY", "true"),
            ("TEE_ENABLED", "true"),
            ("TELEMETRY_ENABLED", "false"),
            ("NEXT_TELEMETRY_DISABLED", "1"),
            ("APP_FLAGS", "enable-login enable-smtp"),
            ("APP_FLAGS", "enable-email-verification"),
            ("PLATFORM", "linux/amd64"),
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
