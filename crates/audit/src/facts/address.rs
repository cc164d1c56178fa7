//! Addresses in values, in every form that resolves: with a scheme, as `host:port`, as an IPv4 address in all spellings
//! that `inet_aton` takes, as an IPv6 address.
//!
//! Inside is what stays in the machine: loopback, a service of this document, an address of a network that the document
//! declares. A private address is not inside: 10.0.2.2 is the host itself. Sources: RFC 3986 section 3.2.2, RFC 6761,
//! POSIX `inet_addr`, the public suffix list (crate `psl`).

use crate::field::{Field, HOLE};
use crate::names::{NameClass, classify};
use crate::pattern::pattern;
use crate::view::{Service, View};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::collections::BTreeSet;
use veritee_compose::Value;
use veritee_compose::url::urls;

/// An address in a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// As it stands, with references where somebody outside chooses.
    pub(crate) text: String,
    /// In lower case; empty where none stands there.
    pub(crate) scheme: String,
    /// Host without user, password and port; an IP address in its usual form.
    pub(crate) host: String,
    /// Somebody outside chooses part of scheme, user, host or port.
    pub(crate) authority_settable: bool,
    /// Somebody outside chooses part of path or query.
    pub(crate) path_settable: bool,
}

pub(crate) mod built;
mod words;

/// An address without a scheme.
fn bare(text: &str, host: &str) -> Address {
    Address {
        text: text.to_owned(),
        scheme: String::new(),
        host: host_of(host),
        authority_settable: false,
        path_settable: false,
    }
}

pattern!(
    HOST_PORT,
    r"(?i)(?:^|[\s,;=@'\x22(])((?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z]{2,}|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|0x[0-9a-f]{7,8}|[0-9]{8,10}|[0-9]{1,3}\.[0-9]{3,8}|\[[0-9a-f:.]+\]):([0-9]{1,5})(?:$|[\s,;/'\x22)])",
    [":0", ":1", ":2", ":3", ":4", ":5", ":6", ":7", ":8", ":9"]
);

/// The addresses in a value. `named` says that the variable or option speaks of an address: then a name without port
/// counts as well.
pub(crate) fn of(value: &Value, named: bool) -> Vec<Address> {
    let found: Vec<Address> = urls(value)
        .into_iter()
        .map(|url| Address {
            scheme: url.scheme.clone().unwrap_or_default(),
            host: host_of(&url.authority),
            authority_settable: url.is_destination_chosen(),
            path_settable: url.is_path_chosen(),
            text: url.text,
        })
        .collect();
    let mut found = found;
    let shape = value.masked(|part| part.provenance.is_settable().then_some(HOLE));
    if found.is_empty() {
        found = without_scheme(&shape, named);
        if found.is_empty() {
            found.extend(disguised(&shape));
        }
    } else {
        // An address with a scheme hides none without one beside it.
        let more = without_scheme(&shape, false).into_iter();
        let new: Vec<Address> =
            more.filter(|link| found.iter().all(|known| known.host != link.host)).collect();
        found.extend(new);
    }
    found.extend(words::by_device(&shape));
    let settings = words::by_setting(&shape).into_iter();
    let new: Vec<Address> =
        settings.filter(|link| found.iter().all(|known| known.host != link.host)).collect();
    found.extend(new);
    found
}

/// An address that is written otherwise: in per cent letters, in base64, without its scheme, as text in JSON.
fn disguised(shape: &str) -> Vec<Address> {
    let plain = shape.trim();
    if plain.contains(HOLE) || plain.len() > DISGUISED {
        return Vec::new();
    }
    let inner = |text: &str| {
        let value = Value::literal_text(text, veritee_compose::Span::default());
        let links = if text.contains("://") { of(&value, false) } else { Vec::new() };
        links.into_iter().map(|link| Address { text: plain.to_owned(), ..link }).collect::<Vec<_>>()
    };
    if plain.to_ascii_lowercase().contains("%3a%2f%2f") {
        return inner(&percent_decoded(plain));
    }
    if let Some(rest) = plain.strip_prefix("//") {
        return without_scheme(rest, true);
    }
    if plain.starts_with(['{', '[']) {
        return words::quoted(plain);
    }
    match words::base64_text(plain) {
        Some(text) => inner(&text),
        None => Vec::new(),
    }
}

/// Longest value that is looked at for an address written otherwise, in bytes.
const DISGUISED: usize = 4096;

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| core::str::from_utf8(digits).ok());
        let code = digits.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { after.get(2..).unwrap_or(&[]) } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn without_scheme(shape: &str, named: bool) -> Vec<Address> {
    if named {
        let parts = shape.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
        return parts
            .filter(|part| {
                let host = part.split('/').next().unwrap_or(part);
                is_host(host) || is_long_name(host) || is_single_label(host)
            })
            .map(|part| bare(part, part.split('/').next().unwrap_or(part)))
            .collect();
    }
    let hits = HOST_PORT.captures_iter(shape);
    hits.filter_map(|groups| {
        let (host, port) = (groups.get(1)?.as_str(), groups.get(2)?.as_str());
        // `app.js:80` is no host: its last label is no suffix of public names. `app.py:80` is one: `py` is Paraguay's,
        // and names below it resolve.
        (is_host(host) || is_long_name(&format!("{host}:{port}")))
            .then(|| bare(&format!("{host}:{port}"), host))
    })
    .collect()
}

/// Three labels and a port are a name, whatever list knows the last one.
fn is_long_name(text: &str) -> bool {
    let Some((host, port)) = text.split_once(':') else { return false };
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    host.split('.').count() > 2
        && host.split('.').all(is_label)
        && host.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_alphabetic()))
        && port.len() > 1
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && !text_file(host)
}

/// One label and a port: a service of the document, or whatever the network's search list makes of it.
fn is_single_label(text: &str) -> bool {
    let Some((host, port)) = text.split_once(':') else { return false };
    host.len() > 1
        && host.starts_with(|c: char| c.is_ascii_alphabetic())
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && (2..=5).contains(&port.len())
        && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// `main.test.js:80` is a line of a file.
fn text_file(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or("");
    matches!(
        last,
        "js" | "ts"
            | "mjs"
            | "json"
            | "yml"
            | "yaml"
            | "txt"
            | "conf"
            | "log"
            | "html"
            | "css"
            | "c"
            | "h"
            | "cpp"
            | "java"
    )
}

/// A name with a public suffix, or an IP address; with or without port.
fn is_host(text: &str) -> bool {
    if text.contains(HOLE) || text.is_empty() {
        return false;
    }
    let host = host_of(text);
    if host.parse::<IpAddr>().is_ok() {
        return text.contains(['.', ':']);
    }
    host.contains('.')
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
        && psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known() || is_reserved(&host))
        && !text.starts_with('/')
}

/// Names kept for documentation and tests (RFC 6761) have no public suffix and are addresses all the same.
fn is_reserved(host: &str) -> bool {
    ["example", "test", "invalid", "internal", "onion", "lan", "home", "corp"]
        .iter()
        .any(|last| host.rsplit('.').next() == Some(last))
}

/// The host of an authority: without user, password and port, an IP address in its usual form.
fn host_of(authority: &str) -> String {
    let host_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = if let Some(rest) = host_port.strip_prefix('[') {
        rest.split(']').next().unwrap_or(rest)
    } else if host_port.matches(':').count() > 1 && host_port.parse::<Ipv6Addr>().is_ok() {
        host_port
    } else {
        host_port.split(':').next().unwrap_or(host_port)
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    match ip(&host) {
        Some(address) => address.to_string(),
        None => host,
    }
}

/// An IP address in any spelling; IPv4 inside of IPv6 as IPv4.
pub(crate) fn ip(host: &str) -> Option<IpAddr> {
    if let Ok(address) = host.split('%').next().unwrap_or(host).parse::<Ipv6Addr>() {
        return Some(address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4));
    }
    legacy(host).map(IpAddr::V4)
}

/// One to four numbers, each decimal, octal (0...) or hexadecimal (0x...); the last fills what is left.
fn legacy(host: &str) -> Option<Ipv4Addr> {
    let parts: Vec<&str> = host.split('.').collect();
    if parts.len() > 4 || host.is_empty() {
        return None;
    }
    let mut value = 0_u64;
    let last = parts.len().checked_sub(1)?;
    for (index, part) in parts.iter().enumerate() {
        let number = number(part)?;
        let bytes = if index == last { 4_u32.checked_sub(u32::try_from(last).ok()?)? } else { 1 };
        let limit = 1_u64.checked_shl(bytes.checked_mul(8)?)?;
        if number >= limit {
            return None;
        }
        value = value.checked_mul(limit)?.checked_add(number)?;
    }
    // A lone small number is a number, not a host.
    if parts.len() == 1 && value < 0x0100_0000 {
        return None;
    }
    u32::try_from(value).ok().map(Ipv4Addr::from)
}

fn number(part: &str) -> Option<u64> {
    let (digits, radix) = if let Some(hex) = part.strip_prefix("0x").or_else(|| part.strip_prefix("0X")) {
        (hex, 16)
    } else if part.len() > 1 && part.starts_with('0') {
        (part, 8)
    } else {
        (part, 10)
    };
    if digits.is_empty() || digits.len() > 12 || digits.starts_with('+') {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

impl Address {
    /// Nothing of what is sent there leaves the machine.
    pub(crate) fn is_internal(&self, inside: &Inside<'_>) -> bool {
        inside.holds(&self.host)
    }

    /// Who owns the host: an IP address stands for itself, a name for what was registered below its public suffix.
    pub(crate) fn owner(&self) -> String {
        if self.host.parse::<IpAddr>().is_ok() {
            return self.host.clone();
        }
        let registered =
            psl::domain(self.host.as_bytes()).and_then(|domain| core::str::from_utf8(domain.as_bytes()).ok());
        registered.map_or_else(|| self.host.clone(), str::to_owned)
    }

    /// The host reads and changes what is sent; TLS is no part of the scheme.
    pub(crate) fn is_plaintext(&self) -> bool {
        const PLAIN: &[&str] = &[
            "http",
            "ws",
            "tcp",
            "ftp",
            "redis",
            "amqp",
            "mqtt",
            "smtp",
            "ldap",
            "nats",
            "grpc",
            "mysql",
            "memcached",
            "udp",
            "syslog",
            "statsd",
            "socks5",
            "socks4",
            "git",
            "telnet",
            "gopher",
        ];
        PLAIN.contains(&self.scheme.as_str())
    }
}

/// Leading bits of long or short addresses.
type Network = (bool, u32, u128);

/// What counts as inside of the machine for one document.
#[derive(Default)]
pub(crate) struct Inside<'a> {
    names: BTreeSet<&'a str>,
    /// Networks that the document declares.
    networks: BTreeSet<Network>,
    /// How many bits of an address say its network, in any of them.
    lengths: BTreeSet<u32>,
}

impl<'a> Inside<'a> {
    pub(crate) fn of(view: &'a View<'_>) -> Self {
        let mut inside = Self { names: view.service_names(), ..Self::default() };
        for service in &view.services {
            for (path, value) in &service.fields {
                let alias = path.starts_with("networks.") && path.contains(".aliases.");
                if (path == "container_name" || path == "hostname" || alias) && !value.raw.contains('.') {
                    inside.names.insert(value.raw);
                }
                if path.starts_with("links.") {
                    inside.names.insert(value.raw.rsplit(':').next().unwrap_or(value.raw));
                }
                let own = path.ends_with(".ipv4_address") || path.ends_with(".ipv6_address");
                if let Some(address) = value.fixed().filter(|_| own).and_then(|text| ip(&text)) {
                    inside.declare(address, 128);
                }
            }
        }
        for (path, value) in &view.globals {
            let subnet = path.starts_with("networks.") && path.ends_with(".subnet");
            if let Some((first, bits)) = value.fixed().filter(|_| subnet).as_deref().and_then(network) {
                inside.declare(first, bits);
            }
        }
        inside
    }

    fn declare(&mut self, first: IpAddr, bits: u32) {
        self.lengths.insert(bits.min(128));
        self.networks.insert(leading(first, bits));
    }

    fn holds(&self, host: &str) -> bool {
        let own = ["localhost", "host.docker.internal", "gateway.docker.internal", "host-gateway", "dstack"];
        if self.names.contains(host) || own.contains(&host) || host.ends_with(".localhost") {
            return true;
        }
        let Ok(address) = host.parse::<IpAddr>() else { return false };
        address.is_loopback()
            || address.is_unspecified()
            || self.lengths.iter().any(|bits| self.networks.contains(&leading(address, *bits)))
    }
}

fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = text.split_once('/')?;
    let bits: u32 = bits.parse().ok()?;
    // A network of the whole world declares nothing.
    (bits >= 8).then_some((ip(address)?, bits))
}

/// Whether a subnet holds private addresses only (RFC 1918, RFC 4193), and not the host's own, 10.0.2.2.
pub(crate) fn is_private_network(text: &str) -> bool {
    let Some((first, bits)) = network(text) else { return false };
    let below = |address: &str, least: u32| {
        bits >= least && ip(address).is_some_and(|network| within(first, network, least))
    };
    let private =
        below("10.0.0.0", 8) || below("172.16.0.0", 12) || below("192.168.0.0", 16) || below("fd00::", 8);
    private && !ip(HOST).is_some_and(|host| within(host, first, bits))
}

/// Whether it is an IP address of a private network, and not the host.
pub(crate) fn is_private_address(host: &str) -> bool {
    let bits = if host.contains(':') { 128 } else { 32 };
    is_private_network(&format!("{host}/{bits}"))
}

/// The host, as the guest sees it.
const HOST: &str = "10.0.2.2";

/// Whether an address lies in a network.
fn within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    leading(address, bits) == leading(network, bits)
}

/// The leading bits of an address, how many they are, and whether the address is a long one.
fn leading(address: IpAddr, bits: u32) -> Network {
    let (number, is_long, length) = match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), false, 32_u32),
        IpAddr::V6(address) => (u128::from(address), true, 128),
    };
    let bits = bits.min(length);
    (is_long, bits, number.checked_shr(length.saturating_sub(bits)).unwrap_or(0))
}

pattern!(
    ADDRESS,
    r"^(?i)(?:[a-z][a-z0-9+.-]*://|(?:[a-z0-9-]+\.)+[a-z]{2,}(?::[0-9]+)?(?:/|$)|[a-z0-9.-]*[a-z][a-z0-9.-]*:[0-9]{2,5}$|[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]+)?$|\[[0-9a-f:.]+\](?::[0-9]+)?$)",
    [".", ":", "["]
);

/// Whether a text is an address: it has a scheme, a name with a dot, or a host that is no number with a port.
pub(crate) fn is_address(text: &str) -> bool {
    ADDRESS.is_match(text)
}

/// A place in a service with an address: the path, the value, the address.
pub(crate) type Found<'a> = (&'a Service<'a>, String, &'a Field<'a>, Address);

pattern!(UPSTREAM, r"(?m)\bupstream\s+([A-Za-z0-9_.-]+)\s*\{", ["upstream"]);

/// Whether a text itself says what the host is: a group of servers that it lists, the name space of a type.
fn is_named_there(text: &str, link: &Address) -> bool {
    let grouped =
        || UPSTREAM.captures_iter(text).filter_map(|hit| hit.get(1)).any(|name| name.as_str() == link.host);
    let typed = link.host == "type.googleapis.com" && link.scheme.is_empty() && text.contains("@type");
    typed || !link.host.contains('.') && text.contains("upstream") && grouped()
}

/// Every address in what active services run, read and get.
pub(crate) fn all<'a>(view: &'a View<'_>) -> Vec<Found<'a>> {
    let mut found = everywhere(view);
    found.retain(|(_, path, value, link)| {
        let own = link.host == "type.googleapis.com" || !link.host.contains('.');
        !(path.starts_with("configs.") && own && is_named_there(&value.effective(), link))
    });
    found
}

fn everywhere<'a>(view: &'a View<'_>) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for service in view.active() {
        for entry in &service.environment {
            let named = classify(entry.name) == NameClass::Endpoint;
            if is_mail(entry.name, &entry.value) || built::is_source(service, entry) {
                continue;
            }
            let path = format!("environment.{}", entry.name);
            found.extend(
                of(&entry.value, named)
                    .into_iter()
                    .filter(|link| !is_version(entry.name, link))
                    .map(|address| (service, path.clone(), &entry.value, address)),
            );
        }
        found.extend(words::of_commands(service));
        found.extend(words::of_configs(service));
        let mut option_before = false;
        for (path, value) in service.executed() {
            let addresses = of(value, option_before && !value.raw.contains(char::is_whitespace));
            found.extend(addresses.into_iter().map(|address| (service, path.to_owned(), value, address)));
            option_before =
                value.raw.strip_prefix("--").is_some_and(|name| classify(name) == NameClass::Endpoint);
        }
    }
    found
}

/// `REDIS_VERSION=8.2.1` has the short form of an address under a name that speaks of a server, and is none. Four numbers
/// may be one.
fn is_version(name: &str, link: &Address) -> bool {
    const WORDS: &[&str] = &["VERSION", "MAJOR", "MINOR", "RELEASE"];
    link.text.matches('.').count() < 3
        && link.text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && crate::names::words(name).last().is_some_and(|last| WORDS.contains(&last.as_str()))
}

/// One address of mail under a name that speaks of mail: nothing is sent to its domain by itself.
fn is_mail(name: &str, value: &Value) -> bool {
    const WORDS: &[&str] = &["MAIL", "EMAIL", "FROM", "SENDER", "REPLY", "CONTACT", "SMTP"];
    let text = value.effective();
    let plain = |part: &str| !part.is_empty() && !part.contains([':', '/', '@', ' ', ',']);
    text.split_once('@').is_some_and(|(user, host)| plain(user) && plain(host))
        && crate::names::words(name).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// Addresses outside of the machine that nobody outside chooses. One that somebody chooses is another rule's.
pub(crate) fn external<'a>(view: &'a View<'_>) -> Vec<Found<'a>> {
    let inside = Inside::of(view);
    let outside = |address: &Address| {
        !address.authority_settable
            && !address.host.is_empty()
            && !address.is_internal(&inside)
            && is_network(address)
    };
    all(view).into_iter().filter(|(_, _, _, address)| outside(address)).collect()
}

/// Schemes that name something in the machine: a file, a socket, an image.
fn is_network(address: &Address) -> bool {
    !matches!(
        address.scheme.as_str(),
        "file" | "unix" | "data" | "docker-image" | "sqlite" | "jdbc" | "npipe" | "fd"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use veritee_compose::{Part, Provenance, ScalarKind, Span};

    fn value(text: &str) -> Value {
        Value::literal_text(text, Span::default())
    }

    fn hosts(text: &str, named: bool) -> Vec<String> {
        of(&value(text), named).into_iter().map(|address| address.host).collect()
    }

    #[test]
    fn every_spelling_of_an_ipv4_address_is_that_address() {
        for text in [
            "10.0.2.2",
            "10.0.514",
            "10.514",
            "167772674",
            "0x0a000202",
            "012.0.2.2",
            "0xa.0.0x202",
            "::ffff:10.0.2.2",
        ] {
            assert_eq!(ip(text), Some(IpAddr::V4(Ipv4Addr::new(10, 0, 2, 2))), "{text}");
        }
        for text in ["1.2.3", "8080", "1.2.3.4.5", "256.1.1.1", "0x", "a.b", "1.2.3.x"] {
            assert!(ip(text).is_none() || text == "1.2.3", "{text}");
        }
    }

    #[test]
    fn addresses_are_found_with_and_without_scheme() {
        assert_eq!(hosts("http://[2a00:1450:4001:830::200f]:8443/c", false), ["2a00:1450:4001:830::200f"]);
        assert_eq!(hosts("https://u:p@a.example.com:1/x", false), ["a.example.com"]);
        assert_eq!(hosts("http://0x0a000202/", false), ["10.0.2.2"]);
        assert_eq!(hosts("api.evil.example:443", false), ["api.evil.example"]);
        assert_eq!(
            hosts("b1.evil.example:9092,b2.evil.example:9092", true),
            ["b1.evil.example", "b2.evil.example"]
        );
        assert_eq!(hosts("collector.evil.example", true), ["collector.evil.example"]);
        assert_eq!(hosts("203.0.113.7:80", false), ["203.0.113.7"]);
        assert_eq!(hosts("node7:9000,node8:9000", true), ["node7", "node8"]);
        assert!(hosts("node7:9000", false).is_empty() && hosts("12:30", true).is_empty());
        // Until the public suffix list knew `py`, this was taken for a file; it resolves, so it is an address.
        assert_eq!(hosts("app.py:80", false), ["app.py"]);
        for text in ["v1.2.3", "app.js:80", "12:30", "nginx:1.25", "a.b.c", "/etc/a.conf:80"] {
            assert!(hosts(text, false).is_empty(), "{text}: {:?}", hosts(text, false));
        }
    }

    #[test]
    fn the_component_that_somebody_outside_chooses_is_known() {
        let chosen = |parts: &[&str]| {
            let parts = parts.iter().map(|part| match *part {
                "$" => Part {
                    known: false,
                    provenance: Provenance::Operator,
                    ..Part::literal("${X}", Span::default())
                },
                text => Part::literal(text, Span::default()),
            });
            let value = Value::of(parts.collect(), ScalarKind::String, Span::default());
            let found = of(&value, false).remove(0);
            (found.authority_settable, found.path_settable, found.host)
        };
        let (host, path, _) = chosen(&["https://", "$", ".foo/v1"]);
        assert!(host && !path);
        let (host, path, _) = chosen(&["https://foo/", "$"]);
        assert!(!host && path);
        assert!(chosen(&["s", "$", "://foo/"]).0);
        let (user, _, host) = chosen(&["redis://:", "$", "@db:6379"]);
        assert_eq!((user, host.as_str()), (true, "db"));
    }

    #[test]
    fn the_owner_of_a_host_is_whoever_registered_it() {
        let owner = |text: &str| of(&value(text), false).remove(0).owner();
        assert_eq!(owner("https://a.b.example.co.uk/x"), "example.co.uk");
        assert_eq!(owner("https://one.github.io"), "one.github.io");
        assert_eq!(owner("https://198.51.100.1/a"), "198.51.100.1");
        assert_eq!(owner("https://x.s3.amazonaws.com/a"), "x.s3.amazonaws.com");
    }

    #[test]
    fn private_is_not_inside_and_loopback_is() {
        let inside = Inside::default();
        for host in ["127.0.0.1", "127.8.8.8", "::1", "localhost", "a.localhost", "0.0.0.0"] {
            assert!(inside.holds(host), "{host}");
        }
        for host in [
            "10.0.2.2",
            "192.168.1.1",
            "172.17.0.1",
            "169.254.169.254",
            "fe80::1",
            "fd00::1",
            "8.8.8.8",
            "db",
        ] {
            assert!(!inside.holds(host), "{host}");
        }
    }

    #[test]
    fn numbers_with_a_colon_are_no_addresses() {
        for text in ["1000:1000", "12:30", "16:9", "v1.2.3", "0.5", "a:b", "INFO", "1.5.3"] {
            assert!(!is_address(text), "{text}");
        }
        for text in ["redis:6379", "https://a", "a.example", "10.0.2.2:80", "[::1]:80", "api.example.com/v1"]
        {
            assert!(is_address(text), "{text}");
        }
    }
}
