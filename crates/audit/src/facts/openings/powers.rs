//! Powers that a literal setting gives: whose word is believed, what passes when a check fails, who reads or writes what,
//! what is fetched at the start.
//!
//! Each is a recogniser of meaning: words of a name with what they stand for, and the value. Names of products stand only
//! in tables, where their documentation is the one place that says what a name means.

use super::{Asked, Found, Kind};
use crate::facts::settings::{Carrier, Setting, letters};
use crate::facts::switches;
use crate::pattern::{Hit, pattern};
use crate::script::Command;
use veritee_model::Severity;

const LET_IN: &str = "everybody who reaches it is let in";
const BELIEVED: &str = "who somebody is, is read from what he may send himself";
const FAILS_OPEN: &str = "what the check does not answer passes";
const RUNS: &str = "whoever reaches it runs code";
const CHANGES: &str = "whoever reaches it changes what runs";
const READS: &str = "an administrator reads what users write";
const WRITES: &str = "an administrator writes code";
const SEAL: &str = "the key that opens everything is in somebody's account at a cloud";

pub(super) fn setting(asked: &Asked<'_, '_>, setting: &Setting) -> Option<Found> {
    let value = setting.value.trim().to_ascii_lowercase();
    let read = Read {
        setting,
        name: setting.letters(),
        on: switches::is_on(&value),
        off: switches::is_off(&value),
        turned: switches::is_turned(setting.own()),
        value,
    };
    trusts(asked, &read)
        .or_else(|| fails_open(asked, &read))
        .or_else(|| asks_nobody(asked, &read))
        .or_else(|| runs(asked, &read))
        .or_else(|| governs(asked, &read))
        .or_else(|| people(&read))
        .or_else(|| fetches(&read))
}

/// A setting with what its value says.
struct Read<'s> {
    setting: &'s Setting,
    /// Letters and digits of its own name, in capitals.
    name: String,
    value: String,
    on: bool,
    off: bool,
    /// An odd number of words turns it round.
    turned: bool,
}

impl Read<'_> {
    fn names(&self, list: &[&str]) -> bool {
        self.setting.names(list)
    }

    /// What the name speaks of stands.
    fn stands(&self) -> bool {
        self.on && !self.turned || self.off && self.turned
    }

    /// What it speaks of is taken away.
    fn falls(&self) -> bool {
        self.off && !self.turned || self.on && self.turned
    }

    fn entries(&self) -> impl Iterator<Item = &str> {
        self.value
            .split(|c: char| c.is_whitespace() || ",;[]\"'".contains(c))
            .filter(|entry| !entry.is_empty())
    }

    fn is_empty(&self) -> bool {
        matches!(self.value.trim_matches(['"', '\'', ' ']), "" | "[]" | "{}" | "null" | "none")
    }
}

/// Networks of everybody where those stand whose word is believed.
fn trusts(asked: &Asked<'_, '_>, read: &Read<'_>) -> Option<Found> {
    let everybody = read.entries().any(|entry| matches!(entry, "0.0.0.0/0" | "::/0" | "0/0"));
    let address = read.names(&["REAL", "FORWARDED", "REALIP"]) && !read.names(&["EGRESS", "OUTBOUND"]);
    if everybody && address {
        return Some((Kind::Check, Severity::Medium, BELIEVED));
    }
    // Who stands there needs no login; a proxy's list says only where a header may come from.
    let listed = read.names(&["TRUSTED", "TRUST"]) || read.names(&["ALLOWED"]) && read.names(&["NETWORKS"]);
    let places =
        read.names(&["IP", "IPS", "NETWORK", "NETWORKS", "CIDR", "CIDRS", "RANGES", "HOSTS", "SUBNETS"]);
    if everybody && listed && places && !read.names(&["PROXY", "PROXIES", "ORIGIN", "ORIGINS"]) {
        return Some((Kind::Check, asked.grade(), LET_IN));
    }
    // `forwardedHeaders.insecure`: headers of anybody.
    let headers =
        read.name.contains("FORWARDEDHEADERSINSECURE") || read.name.contains("PROXYPROTOCOLINSECURE");
    (headers && read.on).then_some((Kind::Check, Severity::Medium, BELIEVED))
}

/// A check that everything passes when it fails, or that only tells.
fn fails_open(asked: &Asked<'_, '_>, read: &Read<'_>) -> Option<Found> {
    let open = read.name.contains("FAILOPEN") || read.name.contains("FAILUREMODEALLOW");
    let tells = read.name.ends_with("RULEENGINE") && read.value == "detectiononly";
    // The level of a verification that is named so that nothing is verified.
    let above = letters(&read.setting.context);
    let level = read.name == "LEVEL" && (above.contains("VERIFICATION") || above.contains("SIGNATURE"));
    if level && matches!(read.value.as_str(), "skip" | "audit" | "permissive") {
        return Some((Kind::Check, Severity::High, FAILS_OPEN));
    }
    (open && read.on || tells).then_some((Kind::Check, asked.grade(), FAILS_OPEN))
}

/// Nobody is asked who he is, or for what he may.
fn asks_nobody(asked: &Asked<'_, '_>, read: &Read<'_>) -> Option<Found> {
    const NAMES: &[&str] =
        &["SKIPGRANTTABLES", "TRANSITIONTOAUTH", "SKIPACL", "ALLOWSASLFAILEDCLIENTS", "SKIPAUTHORIZATION"];
    let skipped = read.on && NAMES.iter().any(|known| read.name.ends_with(known));
    let bypassed = read.name == "POLICY" && read.value == "bypass";
    // The console of one person, and its login.
    let off = read.off && (read.name.ends_with("BASICAUTH") || read.name.ends_with("CONFIGSERVERMODE"));
    let listed = read.name == "ACL" && matches!(read.value.as_str(), "public-read" | "public-read-write");
    // The session of users goes to every host below a domain.
    let cookie = read.names(&["COOKIE", "COOKIES"]) && read.names(&["DOMAIN"]);
    if cookie && read.value.split_whitespace().next_back().is_some_and(|domain| domain.starts_with('.')) {
        return Some((Kind::Check, Severity::Medium, "every host below the domain gets the users' session"));
    }
    (skipped || bypassed || off || listed).then_some((Kind::Check, asked.grade(), LET_IN))
}

/// A request carries code, or commands.
fn runs(asked: &Asked<'_, '_>, read: &Read<'_>) -> Option<Found> {
    let commands = read.names(&["ACCEPT", "ALLOW", "ENABLE"])
        && (read.names(&["COMMANDS"])
            || read.names(&["COMMAND"]) && read.names(&["SUBSTITUTION", "ARGUMENTS"]));
    let blamed = read.name.starts_with("DONTBLAME");
    let scripts = read.names(&["SCRIPT", "SCRIPTS"])
        && read.names(&["ALLOW", "ENABLE", "ENABLED"])
        && read.names(&["CREATION", "UPLOAD", "UPLOADS"]);
    let accepts = read.names(&["ACCEPT"]) && read.names(&["CONFIG"]);
    let keys = read.name.ends_with("ALLOWKEY") && read.value.contains("system.run");
    let switched = read.on && !read.turned && (commands || blamed || scripts || accepts);
    (switched || keys).then_some((Kind::Door, asked.grade(), RUNS))
}

/// An interface that governs the program, hands out its keys, or leads further in.
fn governs(asked: &Asked<'_, '_>, read: &Read<'_>) -> Option<Found> {
    let found = |why| Some((Kind::Door, asked.grade(), why));
    let stands = read.on && !read.turned;
    let export = read.names(&["KEYSTORE", "KEYSTORES", "KEYS"])
        && read.names(&["EXPORT"])
        && read.names(&["ALLOW", "ENABLE", "ENABLED"]);
    let manager = read.name.contains("KEYMANAGERAPIENABLE");
    if stands && (export || manager) {
        return found("whoever reaches it gets keys, or changes them");
    }
    let remote = read.names(&["REMOTE"]) && read.names(&["MANAGEMENT", "ADMINISTRATION"]);
    let raw = read.names(&["RAW"]) && read.names(&["STORAGE"]) && read.names(&["ENDPOINT"]);
    let update = read.name == "DNSUPDATE";
    if stands && (remote || raw || update) {
        return found(CHANGES);
    }
    let above = letters(read.setting.context.rsplit('.').next().unwrap_or(""));
    if above == "ALLOWUPDATE" && matches!(read.name.as_str(), "ANY") {
        return found(CHANGES);
    }
    let everywhere = matches!(read.value.split_whitespace().next(), Some("0.0.0.0" | "::" | "*"));
    if read.name == "MANAGEMENT" && everywhere && read.value.contains(' ') {
        return found(CHANGES);
    }
    if read.names(&["LOOPBACK"]) && read.names(&["PEERS"]) && read.names(&["ALLOW"]) && stands {
        return Some((Kind::Door, Severity::High, "whoever relays through it reaches the own machine"));
    }
    if read.name == "HIDDENSERVICEPORT" && !read.is_empty() {
        return Some((Kind::Door, Severity::High, "a way in that passes by the gateway"));
    }
    let debugger = read.name.ends_with("XDEBUGMODE") && read.value.contains("debug");
    debugger.then_some((Kind::Door, asked.grade(), "a debugger connects to whoever asks"))
}

/// What those who administer may do with what users write, or put before them.
fn people(read: &Read<'_>) -> Option<Found> {
    let check = |why| Some((Kind::Check, Severity::Medium, why));
    let exports = read.names(&["EXPORT"]) && read.names(&["ADMIN", "ADMINS"])
        || read.name.ends_with("ENABLEEXPORT")
        || read.name.contains("COMPLIANCE") && read.name.ends_with("ENABLE");
    if exports && read.stands() {
        return check(READS);
    }
    let masters = read.name.ends_with("MASTERUSERSEPARATOR") || read.name == "PROXYSERVERS";
    if masters && !read.is_empty() {
        return check(READS);
    }
    let parts = read.setting.own().last().is_some_and(|last| matches!(last.as_str(), "FEATURES" | "FEATURE"));
    if parts && read.entries().any(|entry| entry == "impersonation" || entry == "impersonation:enabled") {
        return check("an administrator acts as whoever he says");
    }
    // What is on unless a word against it says otherwise: `DISABLE_GIT_HOOKS=false`.
    let hooks = read.names(&["GIT"]) && read.names(&["HOOKS"]);
    let files = read.names(&["FILE"]) && read.names(&["MODS", "EDIT"]);
    let uploads = read.names(&["PLUGIN", "PLUGINS", "PLUGINSETTINGS"]) && read.name.contains("UPLOAD");
    if (hooks || files) && read.off && read.turned || (uploads || hooks) && read.stands() && !read.turned {
        return check(WRITES);
    }
    let sanitised = read.names(&["SANITIZE", "SANITISE"]) && read.names(&["HTML"]) && read.falls();
    sanitised.then_some((Kind::Check, Severity::Medium, "scripts are put into users' pages"))
}

/// What comes at the start without an address.
fn fetches(read: &Read<'_>) -> Option<Found> {
    let found = |severity, why| Some((Kind::Fetch, severity, why));
    let update =
        read.names(&["AUTO"]) && read.names(&["UPDATE", "UPDATES", "UPGRADE"]) && !read.names(&["STATUS"]);
    if update && read.on && !read.turned {
        return found(Severity::Medium, "the program replaces itself while it runs");
    }
    let variable = read.setting.carrier == Carrier::Variable;
    // Layers and plug-ins by name. Sources: docs.linuxserver.io, "Container customisation"; docs of itzg's images.
    let layers = read.name == "DOCKERMODS" || read.name.ends_with("MODRINTHPROJECTS");
    if variable && layers && !read.is_empty() {
        return found(Severity::High, "installed at the start");
    }
    // A tag manager and its like hand a script to every page. Sources: their makers' documentation.
    const TAGS: &[&str] = &["GTM", "INTERCOM", "HOTJAR", "FULLSTORY", "CRISP", "DRIFT", "CLARITY"];
    let tag = read.names(TAGS) && read.setting.own().last().is_some_and(|last| last == "ID");
    (tag && !read.is_empty()).then_some((
        Kind::Fetch,
        Severity::Medium,
        "a script of a third party reads the users' pages",
    ))
}

pattern!(
    SEALED,
    r#"(?m)^\s*seal\s+"(?:awskms|gcpckms|azurekeyvault|alicloudkms|ocikms)"\s*\{[^}]*"#,
    ["awskms", "gcpckms", "azurekeyvault", "alicloudkms", "ocikms"]
);
pattern!(
    STORE_HASH,
    r"(?m)^\s*(?:user\s+\S+\s+on\s[^\n]*#[0-9a-f]{64}[^\n]*(?:\+@all|allcommands)[^\n]*)",
    ["+@all", "allcommands"]
);
pattern!(
    BROKER_HASH,
    r#"(?m)^[\w.-]+:\$(?:7|6)\$[^\s:]+$|"password_hash"[^{}]*"tags"\s*:\s*\[?\s*"[^"\]]*administrator"#,
    [":$7$", ":$6$", "password_hash"]
);
pattern!(OWN_ADDRESS, r"(?m)^\s*acl\s+\S+\s+hdr_ip\([^\n]*", ["hdr_ip("]);
pattern!(OPEN_PROXY, r"(?m)^\s*socks\s+pass\s*\{[^}]*from:\s*0(?:\.0\.0\.0)?/0[^}]*\}", ["socks"]);
pattern!(FOREIGN_SCRIPT, r#"<script[^>]{0,80}\ssrc=\\?["']//[^"'\s]+"#, ["<script"]);

/// The same in texts whose statements are no settings.
pub(super) fn text(asked: &Asked<'_, '_>, text: &str) -> Option<(Found, String)> {
    let found = |kind, severity, why, shown: &str| Some(((kind, severity, why), shown.trim().to_owned()));
    if let Some(hit) = SEALED.find(text) {
        return found(Kind::Check, Severity::High, SEAL, hit.as_str().lines().next().unwrap_or(""));
    }
    let known = STORE_HASH.find(text).or_else(|| BROKER_HASH.find(text));
    if let Some(hit) = known.or_else(|| database_hash(text)) {
        let name = hit.as_str().split(['#', '$', '<', '{']).next().unwrap_or("");
        return found(
            Kind::Check,
            asked.grade(),
            "whoever wrote the hash knows the password of a user with rights",
            name,
        );
    }
    if let Some(hit) = OWN_ADDRESS.find(text) {
        return found(Kind::Check, Severity::Medium, BELIEVED, hit.as_str());
    }
    if let Some(hit) = OPEN_PROXY.find(text) {
        return found(
            Kind::Door,
            asked.grade(),
            "whoever reaches it is passed on to everywhere",
            hit.as_str(),
        );
    }
    let hit = FOREIGN_SCRIPT.find(text)?;
    found(Kind::Fetch, Severity::High, "a script of another server runs in the users' pages", hit.as_str())
}

pattern!(
    DATABASE_HASH,
    r"(?s)<(password_(?:sha256|double_sha1)_hex)>[0-9a-fA-F]{40,}</.{0,2000}?<ip>::/0</ip>",
    ["<ip>::/0</ip>"]
);

fn database_hash(text: &str) -> Option<Hit<'_>> {
    DATABASE_HASH.find(text)
}

/// Commands that give rights away, print what passes, or get something at the start.
pub(super) fn command(asked: &Asked<'_, '_>, command: &Command) -> Option<Found> {
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let pair =
        |one: &str, two: &str| words.windows(2).any(|pair| matches!(pair, [a, b] if *a == one && *b == two));
    let flag = |letters: &[char]| {
        let short = words.iter().skip(1).filter(|word| word.starts_with('-') && !word.starts_with("--"));
        short.into_iter().any(|word| word.contains(letters))
    };
    let opens = pair("anonymous", "set") && has(&["download", "upload", "public"])
        || pair("bucket", "website") && has(&["--allow"])
        || has(&["public-read", "public-read-write"]) && has(&["--acl"]);
    if opens {
        return Some((Kind::Check, asked.grade(), LET_IN));
    }
    // Sources: the manual pages of these programs.
    let prints = match command.program() {
        "tcpdump" => flag(&['A', 'X', 'x']),
        "tshark" => flag(&['V', 'x']),
        "ngrep" => !flag(&['V', 'h', 'q']),
        _ => false,
    };
    if prints {
        return Some((Kind::Log, Severity::Medium, "what passes the network goes to the log"));
    }
    let renews = words.iter().any(|word| {
        matches!(*word, "self-update" | "selfupdate" | "--self-update" | "-update-templates" | "-self-update")
            || word.ends_with(":install")
    }) || command.program() == "yt-dlp" && has(&["-U", "--update"]);
    if renews {
        return Some((Kind::Fetch, Severity::High, "installed at the start"));
    }
    if command.program() == "playwright" && has(&["run-server"]) && has(&["0.0.0.0", "::"]) && !asked.closed {
        return Some((Kind::Door, Severity::High, RUNS));
    }
    let stream = pair("p2p", "listen") && has(&["ipfs"]);
    let host = command.program() == "vsock-proxy" || words.iter().any(|word| word.starts_with("VSOCK-"));
    (stream || host).then_some((Kind::Door, Severity::High, "a way in that passes by the gateway"))
}
