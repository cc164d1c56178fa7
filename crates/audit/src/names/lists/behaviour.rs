//! Words of switches and of code.

#[rustfmt::skip]
pub(crate) const FLAG: &[&str] = &[
    "DEV", "DEVELOPMENT", "DEBUG", "MOCK", "FAKE", "STUB", "TEST", "STAGING", "SIMULATOR", "SIMULATE", "DEMO",
    "INSECURE", "UNSAFE", "SKIP", "DISABLE", "DISABLED", "BYPASS", "ENABLE", "ENABLED", "ALLOW", "ALLOWED",
    "REQUIRE", "REQUIRED", "VERIFY", "STRICT", "NO", "TRACE", "VERBOSE", "MODE", "ENV", "ENVIRONMENT", "LEVEL",
    "LOG", "TLS", "CHECK",
];

#[rustfmt::skip]
pub(crate) const FLAG_CRITICAL: &[&str] = &[
    "ATTESTATION", "VERIFY", "TLS", "REQUIRE", "REQUIRED", "INSECURE", "MOCK", "SIMULATOR", "BYPASS", "UNSAFE",
];

pub(crate) const FLAG_MILD: &[&str] = &["MODE", "ENV", "ENVIRONMENT", "LOG", "LEVEL", "VERBOSE"];

#[rustfmt::skip]
pub(crate) const FLAG_GRAVE: &[&str] = &[
    "DEV", "DEBUG", "FAKE", "STUB", "TEST", "SKIP", "DISABLE", "ALLOW", "TRACE",
];

/// Last words of a name that holds code, or says which code runs.
#[rustfmt::skip]
pub(crate) const CODE_LAST: &[&str] = &[
    "ARGS", "ARGUMENTS", "OPTS", "FLAGS", "COMMAND", "COMMANDS", "CMD", "SCRIPT", "SCRIPTS", "HOOK", "HOOKS",
    "PLUGIN", "PLUGINS", "ADDON", "ADDONS", "MODULES", "EXTENSIONS", "PRELOAD", "EXEC", "EVAL", "ENTRYPOINT",
    "PACKAGES", "WASM",
];

pub(crate) const CODE_NAMES: &[&str] = &["PIP_PACKAGES", "EXTRA_REQUIREMENTS", "INIT_SQL", "BOOTSTRAP_CODE"];
