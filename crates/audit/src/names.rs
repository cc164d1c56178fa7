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

/// Splits a name into upper-case words at `_`, `-`, `.` and camelCase humps, and joined words at what they end in:
/// `PGHOST` is `PG` and `HOST`.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    separated(name).into_iter().flat_map(apart).collect()
}

/// A word that ends in another one as the two; any other as it is.
fn apart(word: String) -> Vec<String> {
    let head_of = |tail: &str| word.strip_suffix(tail).filter(|head| head.len() >= 2).map(str::to_owned);
    if lists::WHOLE.contains(&word.as_str()) {
        return vec![word];
    }
    for tail in lists::JOINED_TAILS {
        if let Some(head) = head_of(tail) {
            return vec![head, (*tail).to_owned()];
        }
    }
    for tail in lists::JOINED_AFTER_KNOWN {
        if let Some(head) = head_of(tail).filter(|head| lists::JOINED_HEADS.contains(&head.as_str())) {
            return vec![head, (*tail).to_owned()];
        }
    }
    vec![word]
}

fn separated(name: &str) -> Vec<String> {
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
    // A framework's own word: it says where the value is used, not what it is. `NEXT_PRIVATE_KEY` is a key.
    let name = match name.strip_prefix("NEXT_PRIVATE_").filter(|rest| rest.contains('_')) {
        Some(rest) => rest,
        None => name,
    };
    let upper = name.to_ascii_uppercase().replace('-', "_");
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
    if lists::LABELS.contains(&upper.as_str()) {
        return NameClass::Tuning;
    }
    by_words(&upper, &facts)
}

fn by_words(upper: &str, facts: &Words<'_>) -> NameClass {
    if lists::HARMLESS_NAMES.iter().any(|(known, _)| *known == upper) {
        return NameClass::Tuning;
    }
    let endpoint = is_endpoint(upper, facts);
    // A threshold of trust or money is no tuning: MIN_SIGNERS, MAX_WITHDRAWAL.
    let threshold = facts.any(lists::WEIGHED);
    let bounded = facts.any(lists::BOUNDS);
    let number = facts.last_is(lists::TUNING_LAST)
        || facts.is_rate()
        || bounded && !endpoint && !facts.any(lists::CREDENTIAL)
        || bounded && facts.last_is(lists::COUNTED);
    if number && !lists::ENDPOINT_NAMES.contains(&upper) && !threshold {
        // A number of what the program handles is harmless; one of what it checks, keeps or lets in is not known to be.
        // How often somebody may try is a gate.
        let gate = facts.pair("RATE", "LIMIT");
        // With how few others a program is content: none of them is its own.
        let content = facts.any(&["MIN", "MINIMUM"]) && facts.last_is(lists::OTHERS_COUNTED);
        // From below a limit holds up what hangs on it: how long is waited, how many come together, how much is asked for.
        let floor = facts.any(&["MIN", "MINIMUM"]) && !facts.any(lists::KEPT_READY);
        // How often something may be tried is a gate, unless it is a connection that is tried again.
        let tries = facts.any(&["ATTEMPT", "ATTEMPTS", "TRIES"]) && !facts.any(lists::TRIED_AGAIN);
        // A time of which no word says what waits can be a lock; a `pool` alone names its kind.
        let bare = facts.all(&[lists::TIMES]) && facts.any(lists::BARE_TIMES) || upper == "POOL";
        return if !gate
            && !content
            && !floor
            && !tries
            && !bare
            && facts.all(&[lists::TUNING_LAST, lists::BOUNDS, lists::HANDLED, lists::ENDPOINT])
        {
            NameClass::Tuning
        } else {
            NameClass::Unknown
        };
    }
    if is_trust(upper, facts) {
        return NameClass::Trust;
    }
    if endpoint {
        return NameClass::Endpoint;
    }
    if let Some(class) = credential(upper, facts) {
        return class;
    }
    if facts.any(&["IMAGE", "IMAGES"]) {
        return NameClass::Image;
    }
    // Of a repository: which of its states runs. `GIT_COMMIT` alone is a label.
    let state = facts.last_is(&["COMMIT"]) && facts.any(&["REPO", "REPOSITORY"]);
    if state || facts.last_is(lists::CODE_LAST) || lists::CODE_NAMES.contains(&upper) {
        return NameClass::Code;
    }
    if facts.any(lists::FLAG) {
        return NameClass::Flag;
    }
    if facts.any(lists::DESTINATION)
        || facts.last_is(lists::DESTINATION_ONLY_LAST)
        || facts.any(lists::MAIL) && facts.last_is(lists::SENDER_LAST)
        || lists::DESTINATION_TAILS.iter().any(|tail| upper.ends_with(tail))
    {
        return NameClass::Destination;
    }
    NameClass::Unknown
}

fn is_endpoint(upper: &str, facts: &Words<'_>) -> bool {
    if lists::ENDPOINT_NAMES.contains(&upper)
        || lists::ENDPOINT_TAILS.iter().any(|tail| upper.ends_with(tail))
    {
        return true;
    }
    // What is reached stands in the name, and behind it which part of that is meant: `POSTGRES_DB`, `SMTP_FROM`.
    let part_of_reached = facts.last_is(lists::OF_REACHED_LAST);
    let address =
        |word: &String| is_in(lists::ENDPOINT, word) && !(part_of_reached && is_in(lists::REACHED, word));
    facts.words.iter().any(address)
        // Under which name mail is signed.
        && !facts.any(&["DKIM"])
        && !facts.last_is(lists::CREDENTIAL)
        && !facts.last_is(lists::DESTINATION_LAST)
}

/// Why nothing that matters hangs on a variable of this name, for the names of which that is known.
///
/// The list is closed: a name that is not on it, and of no class that a rule judges, counts as unknown.
#[must_use]
pub fn harmless(name: &str) -> Option<&'static str> {
    if classify(name) != NameClass::Tuning {
        return None;
    }
    let upper = name.to_ascii_uppercase().replace('-', "_");
    let known = lists::HARMLESS_NAMES.iter().find(|(known, _)| *known == upper);
    Some(known.map_or("a number, a limit or a time of the program itself", |(_, why)| *why))
}

/// Whether a variable of this name holds a number, whatever hangs on it: `MIN_TAG_AGE_HOURS` is no tag.
pub(crate) fn holds_number(name: &str) -> bool {
    let words = words(name);
    let facts = Words { words: &words };
    facts.last_is(lists::TUNING_LAST) || facts.any(lists::BOUNDS)
}

/// How grave it is when somebody else chooses this address.
///
/// Addresses that are only shown to a person, or that say how the application itself is reached, are known by name;
/// every other one may be where data goes.
#[must_use]
pub fn endpoint_severity(name: &str) -> Severity {
    let upper = name.to_ascii_uppercase().replace('-', "_");
    let listed = |list: &[&str]| list.contains(&upper.as_str());
    let ends = |list: &[&str]| list.iter().any(|tail| upper.ends_with(tail));
    if listed(lists::SHOWN_LINKS) {
        Severity::Info
    } else if listed(lists::BROWSER_ORIGINS) || ends(lists::SHOWN_LINK_TAILS) {
        Severity::Low
    } else if listed(lists::OWN_ADDRESSES) || ends(lists::OWN_ADDRESS_TAILS) {
        Severity::Medium
    } else {
        Severity::High
    }
}

/// Who is administrator, who is trusted, paid, or recognised as genuine.
fn is_trust(upper: &str, facts: &Words<'_>) -> bool {
    if facts.last_is(lists::TRUST_NEVER_LAST) || facts.any(&["CORS"]) {
        return false;
    }
    // `NEXT_PUBLIC_X_KEY` is shown to browsers; the public half of a pair for messages or of a project lets nobody in.
    let public = facts.pair("PUBLIC", "KEY") || facts.pair("PUBLIC", "KEYS");
    let shown = facts.any(&["VAPID", "PROJECT", "RECAPTCHA", "TURNSTILE"]);
    let public_key = facts.any(&["PUBKEY", "PUBKEYS"])
        || public && !shown
        || facts.any(&["VERIFY", "VERIFYING", "VERIFICATION"]) && facts.last_is(&["KEY", "KEYS"]);
    let named = facts.any(lists::TRUST_ALONE) || lists::TRUST_TAILS.iter().any(|tail| upper.ends_with(tail));
    let listed = facts.any(lists::ADMITTED) && facts.any(lists::ADMITTED_WHOM);
    let administrator = facts.names_administrator() && facts.last_is(lists::PEOPLE_LAST);
    let secret = facts.last_is(lists::ADMIN_SECRET) || facts.last_is(lists::CREDENTIAL);
    (!secret && (named || listed || administrator))
        || public_key && !facts.any(lists::VENDORS) && !facts.any(&["PUBLISHABLE", "ANON"])
}

fn is_root_access(upper: &str, facts: &Words<'_>) -> bool {
    lists::ROOT_ACCESS.contains(&upper)
        || (facts.any(&["SSH"]) && facts.any(&["KEY", "KEYS", "PUBKEY", "PASSWORD"]))
        || is_roots_password(upper, facts)
        || upper.contains("AUTHORIZED_KEYS")
}

/// Root of the machine or of a container; not of a database, and not of somebody who is expressly not root.
fn is_roots_password(upper: &str, facts: &Words<'_>) -> bool {
    (upper.contains("ROOT_PASS") || upper.starts_with("ROOT_PW"))
        && facts.names_administrator()
        && !facts.any(lists::STORES)
}

fn credential(upper: &str, facts: &Words<'_>) -> Option<NameClass> {
    // `APNS_KEY_ID` names a key, it is none; `AWS_ACCESS_KEY_ID` is half of one.
    if facts.last_is(&["ID", "IDS"]) && !facts.any(&["ACCESS"]) {
        return None;
    }
    if facts.any(&["PUBLISHABLE", "PUBLIC", "ANON", "PUBKEY"]) && facts.any(&["KEY", "TOKEN", "PUBKEY"]) {
        return Some(NameClass::PublishableKey);
    }
    if facts.names_administrator() && facts.any(lists::ADMIN_SECRET) && !facts.any(lists::CRYPTOGRAPHIC) {
        return Some(NameClass::AdminCredential);
    }
    if lists::ADMIN_NAMES.contains(&upper) || facts.last_is(lists::ADMIN_LAST) {
        return Some(NameClass::AdminCredential);
    }
    let vendor = facts.any(lists::VENDORS);
    if !vendor && facts.any(lists::JOINED_WITH) && facts.last_is(&["TOKEN", "SECRET"]) {
        return Some(NameClass::AdminCredential);
    }
    if lists::IDENTITY_NAMES.contains(&upper)
        || facts.any(lists::IDENTITY_ALONE)
        || !vendor && facts.last_is(lists::IDENTITY_LAST)
    {
        return Some(NameClass::IdentityKey);
    }
    let given_out = vendor || facts.any(lists::GIVEN_OUT);
    let of_a_part = !given_out && facts.any(lists::OWN_PARTS) && facts.last_is(lists::IDENTITY_SECRET);
    let master = facts.last_is(&["HMAC"]) || facts.last_is(&["MASTER"]) && facts.any(lists::MASTER_OF);
    let own = facts.any(lists::IDENTITY) && facts.any(lists::IDENTITY_SECRET) || of_a_part || master;
    let of_itself = facts.last_is(&["SECRET", "SECRETS"]) && facts.any(lists::OF_ITSELF);
    let plain_secret = facts.pair("SECRET", "KEY") || facts.pair("SECRET", "STORE") || of_itself;
    if own || plain_secret && !vendor {
        return Some(NameClass::IdentityKey);
    }
    let encoded_account =
        facts.any(&["JSON", "BASE64", "B64", "P8", "PEM"]) && facts.any(&["ACCOUNT", "KEY", "CERT"]);
    let tail = facts.any(lists::CREDENTIAL) || facts.last_is(lists::CREDENTIAL_LAST);
    (tail || encoded_account).then_some(NameClass::ThirdPartyCredential)
}

/// Whether the name is that of an account in a database or queue: without its password it opens nothing.
#[must_use]
pub fn is_account_name(name: &str) -> bool {
    let words = words(name);
    let facts = Words { words: &words };
    facts.any(lists::STORES) && facts.last_is(&["USER", "USERNAME", "LOGIN"])
}

/// Whether the name speaks of a database or queue.
#[must_use]
pub fn is_of_store(name: &str) -> bool {
    let words = words(name);
    Words { words: &words }.any(lists::STORES)
}

/// Whether the name is that of a password of a database or queue.
#[must_use]
pub fn is_store_password(name: &str) -> bool {
    let words = words(name);
    let facts = Words { words: &words };
    facts.any(lists::STORES) && facts.last_is(&["PASSWORD", "PASSWD", "PASS", "PW"])
}

/// Whether a destination is only whom mail names as its sender, or whom an authority tells of a certificate.
#[must_use]
pub fn is_contact(name: &str) -> bool {
    let words = words(name);
    let facts = Words { words: &words };
    let of_mail = facts.any(lists::MAIL) && facts.last_is(lists::SENDER_LAST);
    let contact = of_mail || facts.last_is(&["EMAIL", "MAIL"]) && facts.any(lists::CONTACT_WORDS);
    // Beside a company's name it says which of the accounts there is used.
    contact && !facts.any(lists::VENDORS)
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
    /// A number behind a word changes nothing: `HOST2` is `HOST`.
    fn any(&self, list: &[&str]) -> bool {
        self.words.iter().any(|word| is_in(list, word))
    }

    /// Every word stands in one of the lists, or is a number.
    fn all(&self, lists: &[&[&str]]) -> bool {
        let numeric = |word: &String| word.bytes().all(|byte| byte.is_ascii_digit());
        self.words.iter().all(|word| numeric(word) || lists.iter().any(|list| is_in(list, word)))
    }

    /// Speaks of an administrator, and not of one who is expressly none: `NON_ROOT`.
    fn names_administrator(&self) -> bool {
        let mut before = "";
        self.words.iter().any(|word| {
            let negated = matches!(core::mem::replace(&mut before, word), "NON" | "NOT");
            is_in(lists::ADMIN, word) && !negated
        })
    }

    /// `PER_HOUR`.
    fn is_rate(&self) -> bool {
        matches!(self.words, [.., per, unit] if per == "PER" && is_in(lists::RATES, unit))
    }

    fn last_is(&self, list: &[&str]) -> bool {
        // `HOST_2` is `HOST`, and `SECRET_PREV` is a secret.
        let counts = |word: &&String| {
            !word.bytes().all(|byte| byte.is_ascii_digit()) && !lists::GENERATIONS.contains(&word.as_str())
        };
        self.words.iter().rev().find(counts).is_some_and(|word| is_in(list, word))
    }

    fn pair(&self, first: &str, second: &str) -> bool {
        self.words.windows(2).any(|pair| matches!(pair, [one, two] if one == first && two == second))
    }
}

fn is_in(list: &[&str], word: &str) -> bool {
    let plain = word.trim_end_matches(|last: char| last.is_ascii_digit());
    list.contains(&word) || plain.len() < word.len() && list.contains(&plain)
}

#[cfg(test)]
mod tests;
