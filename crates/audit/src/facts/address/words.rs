//! Addresses that are words of a command line or values of a directive: host and port apart, a host alone, a named
//! remote.

use super::{Address, Found, bare, is_host};
use crate::facts::words::{base, command_words, names_code};
use crate::field::list_of;
use crate::pattern::pattern;
use crate::view::Service;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use core::net::IpAddr;
use std::collections::BTreeSet;

/// Suffixes of public names that files and modules end in as well: such a word is an address only where something
/// beside it says so.
const ALSO_FILES: &[&str] = &[
    "py", "sh", "rs", "md", "pl", "so", "zip", "mov", "app", "cc", "ps", "ml", "mk", "gs", "bz", "in", "run",
    "dev", "prod", "test", "info", "name", "tools", "box", "lan", "home", "internal", "example", "invalid",
    "corp", "data", "java", "js", "ts", "main", "py3", "st", "sc", "mm", "tf", "vi", "la", "do", "web",
    "pub", "gdn", "ps1", "pm", "cat", "bar", "foo",
];

/// Programs whose operands are hosts.
const CLIENTS: &[&str] = &[
    "nc",
    "ncat",
    "netcat",
    "socat",
    "ssh",
    "autossh",
    "scp",
    "sftp",
    "rsync",
    "telnet",
    "ftp",
    "curl",
    "wget",
    "ping",
    "dig",
    "nslookup",
    "host",
    "nmap",
    "mosh",
    "lftp",
    "openssl",
    "mosquitto_pub",
    "mosquitto_sub",
    "psql",
    "mysql",
    "redis-cli",
    "mongosh",
    "iperf3",
    "rclone",
];

/// Programs that copy to and from remotes which their own settings name: `rclone sync /data remote:path`.
const COPIERS: &[&str] = &[
    "rclone",
    "rsync",
    "scp",
    "sftp",
    "restic",
    "borg",
    "kopia",
    "duplicity",
    "lsyncd",
    "unison",
    "syncoid",
];

pattern!(DEVICE, r"/dev/(?:tcp|udp)/([A-Za-z0-9._:-]+)/([0-9]{1,5})", ["/dev/tcp/", "/dev/udp/"]);

pattern!(
    DIRECTIVE,
    r#"(?im)(?:^|[\s{\[,;"'])(?:[a-z]*[_-])?(?:hosts?|address(?:es)?|addr|servers?|nameservers?|proxy|resolvers?|remote|endpoints?|upstreams?|target|forward|replicaof|slaveof|destination|peers?|relay|brokers?|hostname|url|uri)["']?[ \t]*[:=]?[ \t]*["'\[]*[ \t]*([A-Za-z0-9][A-Za-z0-9_.-]*)"#,
    [
        "host",
        "addr",
        "server",
        "proxy",
        "resolver",
        "remote",
        "endpoint",
        "upstream",
        "target",
        "forward",
        "replicaof",
        "slaveof",
        "destination",
        "peer",
        "relay",
        "broker",
        "url",
        "uri"
    ]
);

pattern!(
    SETTING,
    r"(?i)\b(?:host|hostaddr|server|data source|addr|address)\s*=\s*([A-Za-z0-9][A-Za-z0-9_.-]*)",
    ["host", "server", "data source", "addr"]
);

pattern!(QUOTED, r#"["']([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})["']"#, ["\"", "'"]);

/// Connections that a shell opens by the name of a device.
/// `hostaddr=203.0.113.5`, `(HOST=db.example.org)`: settings within a value.
pub(super) fn by_setting(text: &str) -> Vec<Address> {
    let hits = SETTING.captures_iter(text).filter_map(|groups| groups.get(1));
    hits.map(|host| host.as_str())
        .filter(|host| is_ip(host) || is_named(host))
        .map(|host| bare(host, host))
        .collect()
}

pub(super) fn by_device(text: &str) -> Vec<Address> {
    let hits = DEVICE.captures_iter(text);
    hits.filter_map(|groups| {
        let (whole, host) = (groups.get(0)?.as_str(), groups.get(1)?.as_str());
        Some(Address { scheme: "tcp".to_owned(), ..bare(whole, host) })
    })
    .collect()
}

/// Hosts among the texts of a document in JSON.
pub(super) fn quoted(text: &str) -> Vec<Address> {
    let hits = QUOTED.captures_iter(text).filter_map(|groups| groups.get(1));
    hits.map(|host| host.as_str()).filter(|host| is_named(host)).map(|host| bare(host, host)).collect()
}

/// A name with a public suffix that no file ends in. `0.8` is a number, though a resolver would take it for `0.0.0.8`.
fn is_named(word: &str) -> bool {
    if word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return false;
    }
    let last = word.trim_end_matches('.').rsplit('.').next().unwrap_or("").to_ascii_lowercase();
    is_host(word) && !ALSO_FILES.contains(&last.as_str())
}

fn is_ip(word: &str) -> bool {
    let address = word.parse::<IpAddr>();
    // A mask is no host.
    address
        .is_ok_and(|address| !address.is_multicast() && !word.starts_with("255.") && !word.starts_with("::"))
}

/// The text behind base64, where it is one.
pub(super) fn base64_text(text: &str) -> Option<String> {
    let digits = text.trim_end_matches('=');
    if digits.len() < 12 {
        return None;
    }
    let bytes = STANDARD_NO_PAD.decode(digits).or_else(|_standard| URL_SAFE_NO_PAD.decode(digits)).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let printable = text.chars().all(|c| !c.is_control() || c.is_whitespace());
    printable.then_some(text)
}

/// Addresses among the words of what a service runs.
pub(super) fn of_commands<'a>(service: &'a Service<'a>) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    let (mut list, mut program, mut before) = ("", String::new(), String::new());
    for (path, value) in service.run() {
        let own = list_of(path).unwrap_or(path);
        if own != list || list_of(path).is_none() {
            (list, program, before) = (own, String::new(), String::new());
        }
        let text = value.effective();
        let is_word = list_of(path).is_some() && !text.contains(char::is_whitespace);
        let words = if is_word { vec![text] } else { command_words(&text) };
        // A text of its own begins a command anew.
        let mut begins = !is_word || program.is_empty();
        for word in &words {
            let clean = word.trim_end_matches([';', ')']).trim_start_matches('(');
            if begins {
                program = base(clean).to_owned();
                begins = matches!(clean, "CMD" | "CMD-SHELL" | "exec" | "then" | "do" | "else" | "!" | "");
                before.clear();
                continue;
            }
            let links = of_word(&program, &before, clean);
            found.extend(links.into_iter().map(|link| (service, path.to_owned(), value, link)));
            begins =
                matches!(word.as_str(), ";" | "&&" | "||" | "|" | "&" | "then" | "do") || word.ends_with(';');
            before = clean.to_owned();
        }
    }
    found.extend(carried(service));
    found
}

/// Data that a program carries to the server that it alone names: `hf upload owner/name /data`.
fn carried<'a>(service: &'a Service<'a>) -> Vec<Found<'a>> {
    const HUBS: &[(&str, &[&str], &str)] = &[
        ("huggingface-cli", &["upload", "upload-large-folder"], "huggingface.co"),
        ("hf", &["upload", "upload-large-folder"], "huggingface.co"),
        ("wandb", &["sync", "artifact"], "api.wandb.ai"),
        ("kaggle", &["datasets", "kernels", "models"], "www.kaggle.com"),
        ("gh", &["release", "gist", "api"], "api.github.com"),
        ("gdown", &[], "drive.google.com"),
        ("gsutil", &["cp", "rsync", "mv"], "storage.googleapis.com"),
        ("wrangler", &["r2", "kv:key", "pages", "deploy"], "api.cloudflare.com"),
    ];
    let mut found = Vec::new();
    for program in &service.programs {
        for command in &program.commands {
            let verb = command.subcommand().unwrap_or("");
            let known = HUBS.iter().find(|(name, verbs, _)| {
                command.program() == *name && (verbs.is_empty() || verbs.contains(&verb))
            });
            let Some(((_, _, host), (path, value))) = known.zip(service.first_below(&program.path)) else {
                continue;
            };
            let link = Address { text: command.text(), ..bare(host, host) };
            found.push((service, path.to_owned(), value, link));
        }
    }
    found
}

/// The addresses that one word names.
fn of_word(program: &str, before: &str, word: &str) -> Vec<Address> {
    if word.contains("://") || word.starts_with('/') {
        return Vec::new();
    }
    if COPIERS.contains(&program)
        && let Some(link) = remote(word)
    {
        return vec![link];
    }
    if program == "socat" {
        return socket(word).into_iter().collect();
    }
    let operand = match word.split_once('=') {
        Some((name, operand)) if name.starts_with('-') => operand,
        _ if word.starts_with('-') => return Vec::new(),
        _ => word,
    };
    // How the service itself is called is no address that it speaks to.
    let name = if operand == word { before } else { word.split('=').next().unwrap_or("") };
    let own = ["domain", "domains", "name", "hostname", "email", "origin", "origins", "user"];
    if own.iter().any(|tail| name.to_ascii_lowercase().ends_with(tail))
        || name == "-d" && !CLIENTS.contains(&program)
    {
        return Vec::new();
    }
    let mut found = Vec::new();
    for part in operand.split([',', ';']) {
        let host = part.split('/').next().unwrap_or(part);
        let user = host.contains('@');
        let counts = is_ip(host)
            || CLIENTS.contains(&program) && is_host(host) && !host.contains([':', '@'])
            || user && host.contains(':') && is_host(host)
            || user && matches!(program, "ssh" | "autossh" | "mosh" | "sftp") && is_host(host)
            || name != "-m" && !host.contains([':', '@']) && is_named(host);
        if counts {
            found.push(bare(part, host));
        }
    }
    found
}

/// `user@host:path`, `sftp:user@host:/path`, `remote:path`.
fn remote(word: &str) -> Option<Address> {
    let word = word.strip_prefix("sftp:").or_else(|| word.strip_prefix("rclone:")).unwrap_or(word);
    let (name, _) = word.split_once(':')?;
    let host = name.rsplit('@').next().unwrap_or(name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let named = host.len() > 1 && !name.starts_with('-') && host.bytes().all(plain);
    named.then(|| Address { scheme: "remote".to_owned(), ..bare(word, host) })
}

/// `TCP:host:port`, `OPENSSL:host:port`.
fn socket(word: &str) -> Option<Address> {
    let mut parts = word.split([':', ',']);
    let (kind, host) = (parts.next()?.to_ascii_uppercase(), parts.next()?);
    let connects = [
        "TCP", "TCP4", "TCP6", "UDP", "UDP4", "UDP6", "OPENSSL", "SSL", "SOCKS", "SOCKS4", "SOCKS4A",
        "SOCKS5", "PROXY",
    ];
    let kind = kind.trim_end_matches("-CONNECT").trim_end_matches("-SENDTO");
    let is_host =
        connects.contains(&kind) && !host.is_empty() && !host.bytes().all(|byte| byte.is_ascii_digit());
    is_host.then(|| Address { scheme: "tcp".to_owned(), ..bare(word, host) })
}

/// Hosts behind directives in configs, whatever stands between the two.
pub(super) fn of_configs<'a>(service: &'a Service<'a>) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for (path, value) in &service.configs {
        let text = value.shape();
        let mut hosts: BTreeSet<&str> = BTreeSet::new();
        for host in DIRECTIVE.captures_iter(&text).filter_map(|groups| groups.get(1)) {
            let host = host.as_str();
            if is_ip(host) || is_named(host) {
                hosts.insert(host);
            }
        }
        if !is_code(service, path, &text) {
            hosts.extend(text.lines().flat_map(of_line));
            let told = text.contains("endpoint");
            hosts.extend(text.lines().filter_map(bucket).filter(|_| !told));
        }
        found.extend(hosts.into_iter().map(|host| (service, path.clone(), value, bare(host, host))));
    }
    found
}

/// A file of code: names with points in it are no hosts.
fn is_code(service: &Service<'_>, path: &str, text: &str) -> bool {
    let name =
        path.strip_prefix("configs.").and_then(|rest| rest.rsplit_once('.')).map_or("", |(name, _)| name);
    let mut mounts = service
        .entry
        .configs
        .iter()
        .filter(|mount| mount.source.as_ref().is_some_and(|source| source.text == name));
    let named = mounts.any(|mount| mount.target.as_ref().is_some_and(|target| names_code(&target.text)));
    named || text.starts_with("#!")
}

/// The hosts of a line of a configuration file, whatever directive they stand behind: a name that has a public suffix, or
/// an IP address. No key, no file, no address of mail, no network.
fn of_line(line: &str) -> Vec<&str> {
    let trimmed = line.trim_start();
    if trimmed.starts_with(['#', ';']) || trimmed.starts_with("//") {
        return Vec::new();
    }
    let lower = trimmed.to_ascii_lowercase();
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    // `address=/name/host` of dnsmasq.
    let slashes = lower.starts_with("address=/") || lower.starts_with("server=/");
    let mut found = Vec::new();
    let mut at = 0_usize;
    for piece in line.split(|c: char| !is_part(c)) {
        let start = at;
        let end = start.saturating_add(piece.len());
        let next = line.get(end..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        at = end.saturating_add(next);
        let host = piece.trim_matches(['.', '-']);
        let before = line.get(..start).unwrap_or("");
        let after = line.get(end..).unwrap_or("");
        let path = before.ends_with('/') && !before.ends_with("://") && !slashes;
        let mail = before.strip_suffix('@').is_some_and(|user| user.ends_with(is_part));
        let rest = after.trim_start_matches(['"', '\'']).trim_start();
        let port = rest.strip_prefix(':').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let key = rest.starts_with(['=', '(']) || rest.starts_with(':') && !port;
        let network =
            after.strip_prefix('/').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if path || mail || key || before.ends_with("://") {
            continue;
        }
        let counts = is_ip(host) && !network && !lower.contains("version") || is_named(host);
        if counts {
            found.push(host);
        }
    }
    found
}

/// The bucket of a store that is reached by its name alone.
fn bucket(line: &str) -> Option<&str> {
    let (key, name) = line.split_once([':', '='])?;
    let key = key.trim().trim_matches(['"', '\'', '-', ' ']);
    let name = name.trim().trim_matches(['"', '\'', ',']);
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    (key.eq_ignore_ascii_case("bucket") && !name.is_empty() && plain).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(program: &str, before: &str, word: &str) -> Vec<String> {
        of_word(program, before, word).into_iter().map(|link| link.host).collect()
    }

    #[test]
    fn a_host_is_found_wherever_it_stands_in_a_command_line() {
        for (program, before, word) in [
            ("redis-server", "--replicaof", "203.0.113.5"),
            ("nc", "", "collect.acme.io"),
            ("app", "", "collect.acme.io"),
            ("app", "", "--peer=collect.acme.io"),
            ("nc", "", "collect.py"),
            ("scp", "/data", "me@backup.acme.io:/x"),
            ("restic", "-r", "sftp:me@backup.acme.io:/x"),
            ("rclone", "/data", "acme:users"),
            ("socat", "-", "TCP:collect.acme.io:99"),
        ] {
            assert_eq!(hosts(program, before, word).len(), 1, "{program} {word}");
        }
        for (program, before, word) in [
            ("python", "", "main.py"),
            ("app", "", "v1.2.3"),
            ("gunicorn", "", "acme.app:app"),
            ("certbot", "--email", "ops@acme.io"),
            ("redis-server", "--maxmemory", "203113"),
            ("python", "-m", "acme.io"),
            ("socat", "-", "TCP-LISTEN:9000,fork"),
            ("rclone", "/data", "/copy"),
            ("app", "", "10.0.0.0/8"),
            ("java", "-jar", "/app/a.jar"),
        ] {
            let found: Vec<String> =
                hosts(program, before, word).into_iter().filter(|host| host != "10.0.0.0").collect();
            assert_eq!(found, Vec::<String>::new(), "{program} {word}");
        }
    }

    #[test]
    fn text_behind_base64_is_read_where_it_is_text() {
        assert_eq!(
            base64_text("aHR0cHM6Ly9pbi5hY21lLmlvL3YxL2luZ2VzdA==").as_deref(),
            Some("https://in.acme.io/v1/ingest")
        );
        assert_eq!(base64_text("AAECAwQFBgcICQoLDA0ODw"), None);
        assert_eq!(base64_text("short"), None);
    }
}
