//! What a variable's name suggests about its value.
//!
//! A name is a hint, never a proof: a rule shows the sink beside it, and a policy can re-classify a name. Order of
//! tests: the audit reference, section 2.4; the first match wins.
//!
//! The name is chosen by whoever wrote the document (attacker controlled); reading it costs time linear in its
//! length.

mod lists;

pub use veritee_model::NameClass;

use veritee_model::Severity;

/// Splits a name into upper-case words at `_`, `-`, `.` and camelCase humps.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut lower_before = false;
    for character in name.chars() {
        let separator = matches!(character, '_' | '-' | '.');
        let ends = separator || (character.is_ascii_uppercase() && lower_before);
        if ends && !word.is_empty() {
            words.push(core::mem::take(&mut word));
        }
        if !separator {
            word.push(character.to_ascii_uppercase());
        }
        lower_before = character.is_ascii_lowercase() || character.is_ascii_digit();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// How grave it is when somebody else may set this variable for the process that starts the application.
///
/// `None` for names that such a process does not look at. Exact names: `DOCKER_NETWORK` is harmless.
#[must_use]
pub fn process_control(name: &str, has_profiles: bool) -> Option<Severity> {
    if lists::PROCESS_CRITICAL.contains(&name)
        || name.starts_with("GIT_CONFIG")
        || name.starts_with("BASH_FUNC_")
    {
        return Some(Severity::Critical);
    }
    if name == "COMPOSE_PROFILES" {
        return Some(if has_profiles { Severity::Critical } else { Severity::High });
    }
    if lists::PROCESS_HIGH.contains(&name) || lists::PROXIES.contains(&name.to_ascii_uppercase().as_str()) {
        return Some(Severity::High);
    }
    // Read by interactive shells only.
    (name == "ENV").then_some(Severity::Info)
}

/// The class of a name.
#[must_use]
pub fn classify(name: &str) -> NameClass {
    let upper = name.to_ascii_uppercase();
    let words = words(name);
    let facts = Words { words: &words };
    if lists::RUNTIME_HOOKS.contains(&upper.as_str()) || lists::PROXIES.contains(&upper.as_str()) {
        return NameClass::RuntimeHook;
    }
    if is_root_access(&upper, &facts) {
        return NameClass::RootAccess;
    }
    if lists::REGISTRY.contains(&upper.as_str()) || upper.starts_with("DSTACK_AWS_") {
        return NameClass::Registry;
    }
    if facts.any(&["IMAGE", "IMAGES"]) {
        return NameClass::Image;
    }
    if lists::LABELS.contains(&upper.as_str()) {
        return NameClass::Tuning;
    }
    by_words(&upper, &facts)
}

fn by_words(upper: &str, facts: &Words<'_>) -> NameClass {
    let endpoint = lists::ENDPOINT_NAMES.contains(&upper)
        || lists::ENDPOINT_TAILS.iter().any(|tail| upper.ends_with(tail))
        || (facts.any(lists::ENDPOINT)
            && !facts.last_is(lists::CREDENTIAL)
            && !facts.last_is(lists::DESTINATION_LAST));
    if facts.last_is(lists::TUNING_LAST) && !lists::ENDPOINT_NAMES.contains(&upper) {
        return NameClass::Tuning;
    }
    if facts.starts_any(lists::TUNING_STEMS) && !endpoint && !facts.any(lists::CREDENTIAL) {
        return NameClass::Tuning;
    }
    if endpoint {
        return NameClass::Endpoint;
    }
    if let Some(class) = credential(facts) {
        return class;
    }
    if facts.any(lists::FLAG) {
        return NameClass::Flag;
    }
    if facts.any(lists::DESTINATION) || lists::DESTINATION_TAILS.iter().any(|tail| upper.ends_with(tail)) {
        return NameClass::Destination;
    }
    if facts.last_is(&["NAME"]) {
        return NameClass::Tuning;
    }
    NameClass::Unknown
}

fn is_root_access(upper: &str, facts: &Words<'_>) -> bool {
    lists::ROOT_ACCESS.contains(&upper)
        || (facts.any(&["SSH"]) && facts.any(&["KEY", "KEYS", "PUBKEY", "PASSWORD"]))
        || upper.contains("ROOT_PASS")
        || upper.starts_with("ROOT_PW")
        || upper.contains("AUTHORIZED_KEYS")
}

fn credential(facts: &Words<'_>) -> Option<NameClass> {
    // `APNS_KEY_ID` names a key, it is none; `AWS_ACCESS_KEY_ID` is half of one.
    if facts.last_is(&["ID", "IDS"]) && !facts.any(&["ACCESS"]) {
        return None;
    }
    if facts.any(&["PUBLISHABLE", "PUBLIC", "ANON", "PUBKEY"]) && facts.any(&["KEY", "TOKEN", "PUBKEY"]) {
        return Some(NameClass::PublishableKey);
    }
    if facts.any(lists::ADMIN) && facts.any(lists::ADMIN_SECRET) && !facts.any(lists::CRYPTOGRAPHIC) {
        return Some(NameClass::AdminCredential);
    }
    if facts.any(lists::IDENTITY_ALONE) {
        return Some(NameClass::IdentityKey);
    }
    let own = facts.any(lists::IDENTITY) && facts.any(lists::IDENTITY_SECRET);
    let plain_secret = facts.pair("SECRET", "KEY") && !facts.any(lists::VENDORS);
    if own || plain_secret {
        return Some(NameClass::IdentityKey);
    }
    let encoded_account =
        facts.any(&["JSON", "BASE64", "B64", "P8", "PEM"]) && facts.any(&["ACCOUNT", "KEY", "CERT"]);
    let tail = facts.any(lists::CREDENTIAL) || facts.last_is(&["USERNAME", "USER", "LOGIN"]);
    (tail || encoded_account).then_some(NameClass::ThirdPartyCredential)
}

/// Whether the name says outright that it holds an address; otherwise an endpoint is a disguised one.
#[must_use]
pub fn is_plain_endpoint(name: &str) -> bool {
    let words = words(name);
    Words { words: &words }.last_is(lists::PLAIN_ENDPOINT_LAST)
}

/// Whether the name says that a whole document stands in the variable: it can hold addresses, keys and switches that no
/// name tells.
#[must_use]
pub fn is_document(name: &str) -> bool {
    let words = words(name);
    Words { words: &words }.last_is(lists::DOCUMENT_LAST)
}

/// How grave a switch in somebody else's hand is.
#[must_use]
pub fn flag_severity(name: &str) -> Severity {
    let words = words(name);
    let facts = Words { words: &words };
    if facts.any(lists::FLAG_CRITICAL) {
        Severity::Critical
    } else if facts.any(lists::FLAG_MILD) && !facts.any(lists::FLAG_GRAVE) {
        Severity::Medium
    } else {
        Severity::High
    }
}

/// Whether the destination decides which rules of a ledger apply: a contract, a chain, a pool, a token.
#[must_use]
pub fn is_ledger_destination(name: &str) -> bool {
    let words = words(name);
    let facts = Words { words: &words };
    facts.any(&["CONTRACT", "CONTRACTS"])
        || facts.pair("CHAIN", "ID")
        || facts.pair("POOL", "ID")
        || facts.pair("NETWORK", "ID")
        || words.iter().any(|word| word.strip_prefix("TOKEN").is_some_and(|rest| !rest.is_empty()))
}

/// What an endpoint and the credential for it have in common: the name without the words that say what it holds.
///
/// Empty when nothing is left.
#[must_use]
pub fn stem(name: &str) -> String {
    let mut words = words(name);
    while words.last().is_some_and(|last| lists::STEM_TAIL.contains(&last.as_str())) {
        words.pop();
    }
    words.join("_")
}

struct Words<'a> {
    words: &'a [String],
}

impl Words<'_> {
    fn any(&self, list: &[&str]) -> bool {
        self.words.iter().any(|word| list.contains(&word.as_str()))
    }

    fn starts_any(&self, stems: &[&str]) -> bool {
        self.words.iter().any(|word| stems.iter().any(|stem| word.starts_with(stem)))
    }

    fn last_is(&self, list: &[&str]) -> bool {
        self.words.last().is_some_and(|word| list.contains(&word.as_str()))
    }

    fn pair(&self, first: &str, second: &str) -> bool {
        self.words.windows(2).any(|pair| matches!(pair, [one, two] if one == first && two == second))
    }
}

#[cfg(test)]
mod tests;
