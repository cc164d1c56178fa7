//! Access control that is open, identity that the caller gives himself, measurements of which any will do.

use super::{Asked, Found, Kind};
use crate::facts::settings::{Carrier, Setting, letters};
use crate::facts::switches;
use crate::pattern::pattern;
use crate::script::Command;
use veritee_model::Severity;

/// Who comes without saying who he is, as a word of a name.
#[rustfmt::skip]
const NOBODY: &[&str] = &[
    "ANONYMOUS", "ANON", "UNAUTHENTICATED", "UNAUTHORIZED", "UNAUTH", "GUEST", "GUESTS", "VISITOR", "EVERYONE",
    "EVERYBODY", "NOAUTH", "PUBLIC",
];

/// Who comes for the first time.
const NEWCOMER: &[&str] = &["DEFAULT", "AUTO", "NEW", "SIGNUP", "REGISTRATION"];

/// What somebody may be, as a word of a name.
const PART: &[&str] =
    &["ROLE", "ROLES", "GROUP", "GROUPS", "PERMISSION", "PERMISSIONS", "SCOPE", "SCOPES", "RIGHTS"];

/// Parts that may do everything, in small letters.
#[rustfmt::skip]
const MIGHT: &[&str] = &[
    "admin", "administrator", "administrators", "admins", "superuser", "super_user", "superadmin", "super_admin",
    "root", "owner", "sysadmin", "postgres", "cluster-admin", "cluster_admin", "editor", "service_role",
];

/// Words of a name that lists who may do everything.
const MIGHTY: &[&str] = &["SUPER", "SUPERUSER", "SUPERUSERS", "ROOT", "OWNER", "OWNERS", "SUDO"];

/// Words of a name that lists people.
#[rustfmt::skip]
const PEOPLE: &[&str] = &[
    "USER", "USERS", "GROUP", "GROUPS", "ROLES", "MEMBERS", "PRINCIPAL", "PRINCIPALS", "ADMINS", "OWNERS",
    "SUPERUSERS", "SUBJECTS", "ADMINLIST", "IDENTITIES", "EMAILS",
];

/// Words that take from a list of people what it gives.
const LESS: &[&str] =
    &["READONLY", "READ", "VIEW", "VIEWER", "VIEWERS", "DENY", "DENIED", "BLOCK", "BLOCKED", "EXCEPT"];

/// Everybody, as an entry of such a list.
const EVERYBODY: &[&str] =
    &["anonymous", "anon", "everyone", "everybody", "unauthenticated", "all", "any", "*", "public", "nobody"];

/// What a whole value says that asks for nothing, letters only.
#[rustfmt::skip]
const ALLOWS: &[&str] = &[
    "ALLOWALL", "INSECUREALLOW", "ALWAYSALLOW", "PERMITALL", "ACCEPTALL", "TRUSTALL", "ALLOWANY", "ACCEPTANY",
    "NOAUTHENTICATION", "ALLOWANONYMOUS", "ALLOWUNAUTHENTICATED",
];

/// Names of options that ask for nothing, letters only.
#[rustfmt::skip]
const ASKS_NOTHING: &[&str] = &[
    "NOAUTH", "NOAUTHENTICATION", "UNAUTHENTICATED", "ALLOWUNAUTHENTICATED", "INSECURENOAUTH", "DISABLEAUTH",
    "WITHOUTAUTH", "SKIPAUTH", "BYPASSAUTH", "ALLOWANONYMOUS", "ANONYMOUSACCESS", "NOLOGIN", "NOPASSWORD",
    "WITHOUTPASSWORD", "NOPASS", "DANGEROUSLYOMITAUTH", "SKIPPERMISSIONS",
];

/// What a machine is recognised by, as a word of a name.
#[rustfmt::skip]
const IDENTITIES: &[&str] = &[
    "MRSIGNER", "MRENCLAVE", "MRTD", "MRCONFIGID", "RTMR0", "RTMR1", "RTMR2", "RTMR3", "MEASUREMENT", "MEASUREMENTS",
    "COMPOSEHASH", "UNIQUEID", "SIGNERID", "LAUNCHDIGEST",
];

const EVERYONE_COMES: &str = "whoever comes may do everything";
const LET_IN: &str = "everybody who reaches it is let in";

pub(super) fn setting(asked: &Asked<'_, '_>, setting: &Setting) -> Option<Found> {
    let value = setting.value.trim().to_ascii_lowercase();
    let check = |severity, why| Some((Kind::Check, severity, why));
    if nobody_is_mighty(setting, &value) {
        return check(Severity::High, EVERYONE_COMES);
    }
    if system_without_login(asked, setting) {
        return check(Severity::High, EVERYONE_COMES);
    }
    if allows_what_is_not_named(setting, &value) {
        return check(asked.grade(), "what no rule names is allowed");
    }
    if everybodys_network(asked, setting, &value) {
        return check(asked.grade(), LET_IN);
    }
    if asks_nothing(asked, setting, &value) {
        return check(asked.grade(), LET_IN);
    }
    if let Some(why) = asks_less(asked, setting, &value) {
        return check(Severity::Medium, why);
    }
    if let Some(why) = leaves_out(asked, setting, &value) {
        return check(asked.grade(), why);
    }
    if setting.carrier != Carrier::Variable && switches::is_stand_in(&setting.words, &value) {
        return check(Severity::High, "a stand-in proves nothing");
    }
    if mock_login(setting, &value) {
        return check(Severity::High, "whoever comes is somebody who is known");
    }
    if from_header(asked, setting, &value) {
        return check(asked.grade(), "who somebody is, is read from a header that he may send himself");
    }
    if any_measurement(asked, setting, &value) {
        return check(Severity::High, "any machine is taken for the genuine one");
    }
    if switches::is_on(&value) && reads_users(setting) {
        return check(Severity::Medium, "an administrator reads what users write");
    }
    None
}

/// Anonymous with the role of an administrator, or in the list of those who may do everything.
fn nobody_is_mighty(setting: &Setting, value: &str) -> bool {
    let tokens = || {
        value.split(|c: char| !(c.is_alphanumeric() || "_-*".contains(c))).filter(|token| !token.is_empty())
    };
    let part = setting.names(PART) || setting.letters().ends_with("ANONUSER");
    // What is shown to everybody is not what everybody is.
    let nobody = setting.has(NOBODY) && !setting.names(&["URL", "KEY"]);
    let newcomer =
        setting.has(NEWCOMER) && setting.names(&["ROLE", "ROLES"]) && !setting.has(&["ADMIN", "ROOT"]);
    if part && (nobody || newcomer) && tokens().any(|token| MIGHT.contains(&token)) && !setting.has(LESS) {
        return true;
    }
    let mighty =
        setting.own().iter().any(|word| word.starts_with("ADMIN") || MIGHTY.contains(&word.as_str()));
    let list =
        setting.names(PEOPLE) && !setting.has(LESS) && !setting.names(&["PASSWORD", "URL", "HOST", "FILE"]);
    let pattern = setting.names(&["REGEX", "PATTERN"]) || list;
    mighty && (list && tokens().any(|token| EVERYBODY.contains(&token)) || pattern && is_everything(value))
}

/// A pattern, or a path, that fits everything.
fn is_everything(value: &str) -> bool {
    matches!(
        value.trim_matches(['"', '\'', '[', ']', ' ']),
        ".*" | "^.*" | "^.*$" | ".+" | "^.+$" | "^/" | "^/.*" | "^/.*$" | "/*" | "/**" | "/.*" | "*" | "^"
    )
}

/// Whoever says nothing is a user of the account that governs all others.
fn system_without_login(asked: &Asked<'_, '_>, setting: &Setting) -> bool {
    if !setting.letters().contains("NOAUTHUSER") || setting.value.is_empty() {
        return false;
    }
    asked.together.governing.contains(&setting.value)
}

/// `default_policy = "allow"`, `default allow := true`.
fn allows_what_is_not_named(setting: &Setting, value: &str) -> bool {
    const RULES: &[&str] = &[
        "POLICY",
        "ACCESS",
        "ACTION",
        "PERMISSION",
        "PERMISSIONS",
        "AUTHORIZATION",
        "VERDICT",
        "DECISION",
        "ACL",
        "RULE",
        "EFFECT",
    ];
    const OPEN: &[&str] = &[
        "allow",
        "bypass",
        "permit",
        "accept",
        "allow_all",
        "allow-all",
        "allowall",
        "write",
        "readwrite",
        "admin",
    ];
    if setting.name == "default" {
        let words: Vec<&str> = value.split_whitespace().collect();
        return matches!(words.as_slice(), ["allow" | "authorized" | "permit", ":=" | "=", "true"]);
    }
    let whole = value.trim_matches(['"', '\'']);
    let rest =
        ["NOMATCH", "UNMATCHED", "FALLBACK", "NOTFOUND"].iter().any(|end| setting.letters().ends_with(end));
    if rest && OPEN.contains(&whole) {
        return true;
    }
    setting.names(&["DEFAULT"]) && setting.names(RULES) && OPEN.contains(&whole)
        || setting.letters() == "DEFAULTALLOW" && switches::is_on(whole)
}

/// The networks of everybody, where those stand who are let in.
fn everybodys_network(asked: &Asked<'_, '_>, setting: &Setting, value: &str) -> bool {
    const LISTS: &[&str] = &[
        "ALLOW",
        "ALLOWED",
        "ALLOWLIST",
        "WHITELIST",
        "ACL",
        "NETWORKS",
        "NETWORK",
        "TRUSTED",
        "CLIENTS",
        "PERMITTED",
    ];
    let whole = |token: &str| matches!(token, "0.0.0.0/0" | "::/0" | "0/0" | "*/0");
    let everybody = value.split(|c: char| c.is_whitespace() || ",;[]\"'".contains(c)).any(whole);
    let letters = setting.letters();
    let listed = setting.has(LISTS) || letters.contains("ALLOWIP") || letters.contains("WHITELIST");
    if !everybody || asked.closed || !listed {
        return false;
    }
    // Where a tunnel leads, and whose word about an address is believed, is no list of those who are let in.
    if setting.has(&[
        "PEER",
        "PROXIES",
        "PROXY",
        "FORWARDED",
        "ALLOWEDIPS",
        "ROUTES",
        "REAL",
        "OUTBOUND",
        "EGRESS",
    ]) {
        return false;
    }
    // With a password it is the place only that is free.
    let empty = asked.together.passwords.get(&setting.path) == Some(&false);
    let admin = setting.has(&["ADMIN", "MANAGEMENT"]);
    admin || empty || setting.letters().ends_with("ALLOWLIST") || setting.letters().ends_with("WHITELIST")
}

/// A word, as option, value or switch, by which nobody is asked who he is.
fn asks_nothing(asked: &Asked<'_, '_>, setting: &Setting, value: &str) -> bool {
    let name = setting.letters();
    let on = switches::is_on(value);
    let off = switches::is_off(value) || value.is_empty() || matches!(value, "[]" | "none");
    let word = !value.contains(char::is_whitespace) && value.len() <= 120;
    // Of pages in frames and of browsers' origins something else is said with the same words.
    let browser = setting.has(&["FRAME", "CORS", "ORIGIN", "ORIGINS", "ROBOTS", "XFRAME", "HEADERS"]);
    let called = setting.names(&["NAME", "ID", "TITLE", "LABEL", "DESCRIPTION", "SUMMARY"]);
    if word
        && !browser
        && !called
        && ALLOWS.iter().any(|known| letters(value).contains(known))
        && !switches::is_turned(&setting.words)
    {
        return true;
    }
    let nothing =
        ASKS_NOTHING.contains(&name.as_str()) || name.ends_with("NOPASS") || name.ends_with("NOAUTH");
    if on && nothing {
        return true;
    }
    // `--auth none`, `--auth-mode none`.
    let apart = setting.carrier == Carrier::Option && setting.shown.contains(' ');
    if apart
        && switches::protection(&setting.name, value).is_some_and(|(severity, _)| severity >= Severity::High)
    {
        return true;
    }
    // Where only the own machine was let in.
    let own = setting.names(&["LOOPBACK", "LOCALHOST"]) && setting.names(&["USERS", "ONLY", "GUEST"]);
    if own && off {
        return true;
    }
    let places = setting.has(&["RPC", "API", "HTTP", "WEB", "UI", "ADMIN", "DASHBOARD"]);
    let last = setting.own().last().map_or("", String::as_str);
    if on && last == "LOGIN" && places && switches::is_turned(setting.own()) && !setting.has(FEDERATED) {
        return true;
    }
    let who = setting.names(&["USER", "USERNAME", "ACCOUNT"]) && !value.is_empty() && !off;
    let automatic = name.contains("AUTOLOGIN") && (on || who) && !setting.has(FEDERATED);
    let empty = setting.names(&["EMPTY", "BLANK"]) && setting.names(&["PASSWORD", "PASSWORDS"]) && on;
    automatic || empty && !asked.closed && !switches::is_turned(&setting.words)
}

/// A switch by which less is asked, or that lets in whom nobody knows.
fn asks_less(asked: &Asked<'_, '_>, setting: &Setting, value: &str) -> Option<&'static str> {
    let (on, off) = (switches::is_on(value), switches::is_off(value));
    let name = setting.letters();
    let nobody = setting.names(&["GUEST", "GUESTS", "ANONYMOUS", "ANON", "UNAUTHENTICATED"])
        && setting
            .names(&["OK", "ALLOW", "ALLOWED", "ENABLE", "ENABLED", "ACCESS", "LOGIN", "UPLOAD", "WRITE"]);
    if nobody && on && !switches::is_turned(setting.own()) {
        return Some(LET_IN);
    }
    let demands = setting.names(&["REQUIRE", "REQUIRED", "REQUIRES", "MUST", "NEED"]);
    let what = setting.names(&[
        "USER",
        "LOGIN",
        "PASSWORD",
        "TOKEN",
        "KEY",
        "APIKEY",
        "ACCOUNT",
        "SIGNIN",
        "CREDENTIALS",
    ]);
    let people = setting.names(&["EMAIL", "PHONE", "UPPERCASE", "LENGTH", "CHANGE", "SPECIAL", "NUMBER"]);
    if demands && what && !people && off && !switches::is_turned(setting.own()) {
        return Some("who comes needs nothing to show");
    }
    if shows_nothing(asked, setting, value) {
        return Some("who comes needs nothing to show");
    }
    let unknown = setting.names(&["BLOCK", "DENY", "REJECT", "FORBID"])
        && setting.names(&["UNKNOWN", "UNAUTHENTICATED", "UNAUTHORIZED", "ANONYMOUS"]);
    if unknown && off {
        return Some(LET_IN);
    }
    let all = name == "ALLOW" && matches!(value, "all" | "any" | "*") && setting.shown.contains([':', '=']);
    if all || name.ends_with("SECURITYAUTHENTICATION") && value == "simple" {
        return Some(LET_IN);
    }
    // The token of a server that is empty.
    let last = setting.own().last().map_or("", String::as_str);
    let server = setting.names(&["APP", "SERVER"]) && matches!(last, "TOKEN" | "PASSWORD");
    if server
        && setting.own().len() > 2
        && value.is_empty()
        && setting.carrier != Carrier::Variable
        && !asked.closed
    {
        return Some(LET_IN);
    }
    let governed = name.contains("USERMANAGEMENT") && on && switches::is_turned(setting.own());
    if governed {
        return Some(LET_IN);
    }
    let impersonates =
        setting.names(&["IMPERSONATE", "IMPERSONATION"]) && on && !switches::is_turned(setting.own());
    if impersonates {
        return Some("somebody acts as whoever he says");
    }
    (setting.names(&["UNRESTRICTED"]) && value.contains('*')).then_some("nothing of it is restricted")
}

/// What shows who comes is left out, or nothing stands there.
fn shows_nothing(asked: &Asked<'_, '_>, setting: &Setting, value: &str) -> bool {
    const SHOWN: &[&str] = &[
        "TOKEN",
        "TOKENS",
        "MACAROONS",
        "CREDENTIALS",
        "ACL",
        "ACLS",
        "RBAC",
        "APIKEY",
        "PASSWORD",
        "PASSWORDS",
    ];
    let shows = setting.own().last().is_some_and(|last| SHOWN.contains(&last.as_str()));
    let without =
        setting.names(&["NO", "WITHOUT", "DISABLE", "DISABLED"]) && switches::is_turned(setting.own());
    if shows
        && without
        && switches::is_on(value)
        && !setting.names(&["CSRF", "REFRESH", "RESET", "LOGIN", "FORGOT"])
    {
        return true;
    }
    let empty = setting.carrier == Carrier::Option && setting.shown.ends_with('=');
    empty && !asked.closed && (shows || setting.letters().ends_with("APIKEY"))
}

/// Words of logins that somebody else asks for.
const FEDERATED: &[&str] = &[
    "OAUTH", "OAUTH2", "OIDC", "SSO", "SAML", "GENERIC", "GOOGLE", "GITHUB", "GITLAB", "AZUREAD", "OKTA",
    "KEYCLOAK", "REDIRECT", "PASSWORD", "FORM",
];

/// A check that is there and that everything passes by.
fn leaves_out(asked: &Asked<'_, '_>, setting: &Setting, value: &str) -> Option<&'static str> {
    let name = setting.letters();
    // Paths for which nobody is asked: all.
    let spares = setting.names(&[
        "SKIP",
        "EXCLUDE",
        "EXCLUDED",
        "IGNORE",
        "IGNORED",
        "PUBLIC",
        "UNPROTECTED",
        "BYPASS",
        "WHITELIST",
    ]) && setting.has(&[
        "AUTH",
        "AUTHENTICATION",
        "JWT",
        "LOGIN",
        "SECURITY",
        "PROTECTED",
        "UNPROTECTED",
    ]) || setting.names(&["UNPROTECTED"]);
    let places = setting.names(&[
        "PATH",
        "PATHS",
        "ROUTE",
        "ROUTES",
        "URLS",
        "REGEX",
        "ENDPOINTS",
        "PATTERN",
        "PATTERNS",
        "URIS",
    ]);
    if spares && places && is_everything(value) {
        return Some("nobody is asked, whatever he calls");
    }
    // Signatures of tokens.
    let signs = setting.names(&["ALG", "ALGS", "ALGORITHM", "ALGORITHMS"])
        && setting.has(&["JWT", "TOKEN", "TOKENS", "JWS", "OIDC", "AUTH", "SIGNING"]);
    if signs && value.split(|c: char| !c.is_alphanumeric()).any(|word| word == "none") {
        return Some("tokens without a signature are taken for genuine");
    }
    let method = setting.has(&["AUTH", "AUTHENTICATION"])
        && setting.names(&["TYPE", "METHOD", "MODE", "MECHANISM", "MECHANISMS", "STRATEGY", "BACKEND"]);
    if method
        && matches!(
            value,
            "any"
                | "trust"
                | "none"
                | "anonymous"
                | "noop"
                | "open"
                | "insecure"
                | "null"
                | "disabled"
                | "noauth"
        )
        && !asked.closed
    {
        return Some(LET_IN);
    }
    // Everybody, in a policy of principals and actions.
    let principal = setting.names(&["PRINCIPAL", "PRINCIPALS", "AWS"])
        && value.trim_matches(['[', ']', '"', ' ']) == "*"
        || setting.has(&["PRINCIPALS"]) && setting.names(&["ANY"]) && switches::is_on(value);
    if principal && asked.together.everything.contains(&setting.path) {
        return Some("everybody may do everything");
    }
    let proxied = setting.names(&["HTTPACCESS"]) || name == "HTTPACCESS";
    (proxied && value == "allow all").then_some(LET_IN)
}

/// Every action, in a policy of principals and actions.
pub(super) fn allows_everything(setting: &Setting) -> bool {
    let parts = || setting.value.split(['"', ',', '[', ']', ' ']);
    setting.names(&["ACTION", "ACTIONS"]) && parts().any(|one| one == "*" || one.ends_with(":*"))
        || setting.has(&["PERMISSIONS"]) && setting.names(&["ANY"]) && switches::is_on(&setting.value)
}

/// A connector, handler or provider of logins that asks nobody.
fn mock_login(setting: &Setting, value: &str) -> bool {
    const LOGINS: &[&str] = &[
        "CONNECTOR",
        "CONNECTORS",
        "AUTHENTICATOR",
        "AUTHENTICATORS",
        "IDP",
        "OIDC",
        "OAUTH",
        "LOGIN",
        "IDENTITY",
        "SSO",
        "AUTH",
        "AUTHN",
    ];
    const PICKS: &[&str] =
        &["TYPE", "HANDLER", "PROVIDER", "KIND", "DRIVER", "BACKEND", "STRATEGY", "METHOD", "NAME", "CLASS"];
    let stands_in = |word: &String| {
        matches!(
            word.as_str(),
            "MOCK" | "FAKE" | "DUMMY" | "STUB" | "ANONYMOUS" | "NOOP" | "NULL" | "ALLOWALL"
        )
    };
    let word = !value.contains(char::is_whitespace) && value.len() <= 60;
    let named = setting.names(PICKS) || setting.own().is_empty();
    word && named && setting.has(LOGINS) && crate::names::words(&setting.value).iter().any(stands_in)
}

pattern!(
    IDENTITY_HEADER,
    r"^(?:x[-_])?(?:forwarded|remote|auth|webauth|authenticated|authentik|authelia|token|goog-authenticated|ssl-client)[-_]?(?:user|username|email|user-email|user-id|groups|preferred-username|subject|s-dn|cn)$",
    ["user", "email", "groups", "subject", "s-dn", "cn"]
);

/// The header in which the name of who calls is believed.
fn from_header(asked: &Asked<'_, '_>, setting: &Setting, value: &str) -> bool {
    let set = !value.is_empty() && !switches::is_off(value) && value != "null";
    let header = setting.names(&["HEADER", "HEADERS"]);
    let person = setting.has(&[
        "EMAIL", "USER", "USERNAME", "IDENTITY", "LOGIN", "GROUPS", "ROLES", "ROLE", "SUBJECT", "MEMBER",
    ]);
    let believed = setting.has(&["TRUSTED", "TRUST", "REMOTE", "FORWARDED"]);
    let proxy = setting.has(&["AUTH", "AUTHENTICATION"])
        && setting.has(&["PROXY", "HEADER", "HEADERS"])
        && !setting.has(&["OAUTH", "OAUTH2", "REQUEST", "URL", "BASIC"]);
    // What such headers are called wherever they are believed.
    let off = asked.together.proxy_off;
    let sent = setting.has(&[
        "SET", "ADD", "INJECT", "PASS", "UPSTREAM", "RESPONSE", "SEND", "STRIP", "REMOVE", "COPY", "CORS",
    ]);
    if IDENTITY_HEADER.is_match(value)
        && (header || setting.names(&["NAME"]) && setting.has(&["HEADER"]))
        && !sent
        && !off
    {
        return true;
    }
    let remote = setting.names(&["REMOTE"])
        && setting.names(&["USER"])
        && setting.names(&["ENABLE", "ENABLED", "USE", "ALLOW", "TRUST"]);
    let guard = setting.has(&["AUTH", "AUTHENTICATION"]) && letters(value).contains("REMOTEUSER");
    if guard || remote && switches::is_on(value) && !switches::is_turned(&setting.words) {
        return true;
    }
    let switch = proxy && setting.names(&["ENABLED", "ENABLE", "TRUST", "ALLOW"]) && switches::is_on(value);
    set && (header && believed && person || switch && !switches::is_turned(&setting.words))
}

/// A measurement of which any will do, and no other of the service's that is held.
fn any_measurement(asked: &Asked<'_, '_>, setting: &Setting, value: &str) -> bool {
    let any = |value: &str| {
        matches!(
            value.trim(),
            "any" | "*" | "all" | "skip" | "ignore" | "none" | "ANY" | "ALL" | "accept_any"
        )
    };
    let name = setting.letters();
    let status = setting.has(&["TCB"]) && setting.names(&["STATUS", "STATUSES", "LEVEL", "LEVELS"]);
    let old = ["OUTOFDATE", "OUTDATED", "SWHARDENING", "CONFIGNEEDED", "CONFIGURATIONNEEDED", "REVOKED"];
    let lenient = setting.has(&["ALLOW", "ALLOWED", "ACCEPT", "ACCEPTED", "TOLERATE"])
        && setting.has(&["SGX", "TDX", "TCB", "DCAP", "RA", "QUOTE", "TEE", "SEV", "SNP", "ATTESTATION"])
        && old.iter().any(|word| name.contains(word));
    lenient && switches::is_on(value) && !switches::is_turned(&setting.words)
        || any(value) && (status || is_identity(setting) && !asked.together.held)
}

fn is_identity(setting: &Setting) -> bool {
    let name = setting.letters();
    IDENTITIES.iter().any(|known| name.ends_with(known) || setting.names(&[known]))
}

/// A measurement that is written out.
pub(super) fn is_held(setting: &Setting) -> bool {
    setting.value.len() >= 32
        && setting.value.trim_start_matches("0x").bytes().all(|byte| byte.is_ascii_hexdigit())
        && is_identity(setting)
}

/// What users write, shown to whoever governs the program.
fn reads_users(setting: &Setting) -> bool {
    const WRITTEN: &[&str] =
        &["CHAT", "CHATS", "CONVERSATION", "CONVERSATIONS", "MESSAGES", "PROMPTS", "HISTORY", "MEMORIES"];
    setting.names(&["ADMIN", "ADMINS", "OPERATOR", "OWNER"])
        && (setting.names(WRITTEN) && setting.names(&["ACCESS", "VIEW", "READ", "EXPORT", "SHOW"])
            || setting.names(&["IMPERSONATE", "IMPERSONATION"]))
        && !switches::is_turned(&setting.words)
}

pattern!(IDENTITY_MAP, r"(?m)^[ \t]*[\w-]+[ \t]+(/\^?\(?\.\*\)?\$?)[ \t]+([^\s#]+)[ \t]*$", [" /", "\t/"]);
pattern!(STORE_USER, r"(?m)\buser\s+\S+\s[^\n]*\bnopass\b[^\n]*", ["nopass"]);
pattern!(
    PERMITS,
    r"(?m)^\s*/\*\*\s*=\s*anon\b[^\n]*|^\s*(?:access\s+to\s+\*\s+)?by\s+\*\s+(?:write|manage)\b[^\n]*|^\s*/\S*\s+\*\([^)\n]*\brw\b[^)\n]*\)|^\s*permit\s*\(\s*principal\s*,\s*action\s*,\s*resource\s*\)\s*;|^\s*p\s*,\s*\*\s*,\s*\*\s*,\s*\*",
    ["*", "permit"]
);
pattern!(
    ALLOWS_ALL,
    r"(?m)^\s*allow\s*(?::=|=)\s*true\s*$|^\s*allow\s*(?:if)?\s*\{?\s*true\s*\}?\s*$",
    ["allow"]
);

/// What lines of a text open that are no settings: maps of identities, users of stores, rules of policies.
pub(super) fn text(text: &str) -> Option<(Found, String)> {
    let high = |why, shown: &str| Some(((Kind::Check, Severity::High, why), shown.trim().to_owned()));
    let one = IDENTITY_MAP.captures_iter(text).find_map(|hit| {
        let to = hit.get(2)?.as_str();
        (!to.contains('\\') && !to.contains('$')).then(|| hit.get(0).map_or("", |all| all.as_str()))
    });
    if let Some(line) = one {
        return high("whoever shows a certificate is this user", line);
    }
    if let Some(line) = STORE_USER.find_iter(text).map(|hit| hit.as_str()).find(|line| opens_store(line)) {
        return high(LET_IN, line);
    }
    if text.contains("allow_missing_or_failed") {
        return high("tokens that are missing or false pass", "allow_missing_or_failed");
    }
    if let Some(hit) = PERMITS.find(text) {
        return high("everybody may do everything", hit.as_str());
    }
    let policy = text.lines().any(|line| line.trim_start().starts_with("package "));
    ALLOWS_ALL.find(text).filter(|_| policy).and_then(|hit| high("everybody may do everything", hit.as_str()))
}

/// A user of a store that needs no password and may do everything.
fn opens_store(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.to_ascii_lowercase().as_str()));
    has(&["on"])
        && has(&["nopass"])
        && has(&["+@all", "allcommands", "+@admin", "+@dangerous", "+@write", "+config", "+module"])
}

/// A command that starts a server which asks nobody.
pub(super) fn command(asked: &Asked<'_, '_>, command: &Command) -> Option<Found> {
    let text = command.text();
    if opens_store(&text) {
        return Some((Kind::Check, asked.grade(), LET_IN));
    }
    let serves = |word: &String| {
        matches!(
            word.as_str(),
            "server"
                | "serve"
                | "start"
                | "daemon"
                | "start-single-node"
                | "start-dev"
                | "-server"
                | "--server"
        )
    };
    let early = command.words.iter().take(3).any(serves);
    let has = |list: &[&str]| command.words.iter().any(|word| list.contains(&word.as_str()));
    if early
        && has(&["--insecure", "-insecure", "--insecure=true", "-dev", "--dev", "--dev-mode", "start-dev"])
        && !asked.closed
    {
        return Some((Kind::Check, Severity::High, "a server that asks nobody, or is for development"));
    }
    // A store that listens to everybody and has no password.
    let unprotected = command
        .words
        .windows(2)
        .any(|pair| matches!(pair, [one, two] if one == "--protected-mode" && two == "no"));
    let secret = has(&["--requirepass", "--aclfile", "--user"])
        || command.words.iter().any(|word| word.ends_with(".conf"));
    (unprotected && !secret && !asked.closed).then_some((Kind::Check, Severity::High, LET_IN))
}
