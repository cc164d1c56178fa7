//! URLs and hosts inside values.

use super::{HOLE, Value};
use crate::pattern::pattern;

pattern!(
    URL,
    "(?i)\\b([a-z][a-z0-9+.-]{0,20})://([^\\s'\"`<>\\\\,;)\\]}]+)|([\u{fffc}]+)://([^\\s'\"`<>\\\\,;)\\]}]*)"
);

/// A URL in a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// The whole, with [`HOLE`]s where somebody outside chooses.
    pub(crate) text: String,
    pub(crate) scheme: String,
    /// Host without user, password and port.
    pub(crate) host: String,
    /// Somebody outside chooses part of scheme, user, host or port.
    pub(crate) authority_settable: bool,
    /// Somebody outside chooses part of path or query.
    pub(crate) path_settable: bool,
}

impl Link {
    /// Whether the host is this machine, another service, or a private address.
    pub(crate) fn is_internal(&self, services: &std::collections::BTreeSet<&str>) -> bool {
        is_internal(&self.host, services)
    }

    /// The last two labels, or three below a two-letter country with a short second label.
    pub(crate) fn registrable(&self) -> String {
        let labels: Vec<&str> = self.host.trim_end_matches('.').split('.').collect();
        let country = labels.last().is_some_and(|last| last.len() == 2)
            && labels.iter().rev().nth(1).is_some_and(|second| second.len() <= 3);
        let keep = if country { 3 } else { 2 };
        let start = labels.len().saturating_sub(keep);
        labels.get(start..).unwrap_or(&[]).join(".").to_ascii_lowercase()
    }

    pub(crate) fn is_plaintext(&self) -> bool {
        matches!(
            self.scheme.as_str(),
            "http" | "ws" | "tcp" | "ftp" | "redis" | "amqp" | "mqtt" | "smtp" | "ldap"
        )
    }
}

/// Whether a host is this machine, another service, or a private address.
pub(crate) fn is_internal(host: &str, services: &std::collections::BTreeSet<&str>) -> bool {
    let lower = host.trim_matches(['[', ']']).to_ascii_lowercase();
    if services.contains(host) || services.contains(lower.as_str()) {
        return true;
    }
    if matches!(
        lower.as_str(),
        "localhost"
            | "host.docker.internal"
            | "gateway.docker.internal"
            | "host-gateway"
            | "::1"
            | "0.0.0.0"
            | "dstack"
    ) {
        return true;
    }
    match lower.parse::<core::net::IpAddr>() {
        Ok(core::net::IpAddr::V4(address)) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
        }
        Ok(core::net::IpAddr::V6(address)) => address.is_loopback() || address.is_unspecified(),
        Err(_) => lower.ends_with(".localhost"),
    }
}

pattern!(OPTION, r"(?i)--[a-z-]*(?:url|uri|host|endpoint|addr|rpc|server|peer)[a-z-]*[= ]['\x22]?$");

/// Variables that feed an address in a value, each with whether it stands in a URL's authority. One pass over the
/// value, however many variables it has.
pub(crate) fn addresses(value: &Value) -> Vec<(String, bool)> {
    let mut shape = String::new();
    let mut holes: Vec<(usize, &str)> = Vec::new();
    for piece in &value.pieces {
        if piece.provenance.is_settable() {
            holes.extend(piece.variable.as_deref().map(|name| (shape.len(), name)));
            shape.push(HOLE);
        } else {
            shape.push_str(&piece.text);
        }
    }
    if holes.is_empty() {
        return Vec::new();
    }
    let authorities: Vec<core::ops::Range<usize>> = URL
        .captures_iter(&shape)
        .filter_map(|groups| {
            let whole = groups.get(0)?;
            let rest = groups.get(2).or_else(|| groups.get(4))?;
            let length = rest.as_str().find(['/', '?', '#']).unwrap_or(rest.as_str().len());
            Some(whole.start()..rest.start().saturating_add(length))
        })
        .collect();
    let mut found = Vec::new();
    for (at, name) in holes {
        let index = authorities.partition_point(|range| range.end <= at);
        let in_authority = authorities.get(index).is_some_and(|range| range.contains(&at));
        let mut from = at.saturating_sub(48);
        while !shape.is_char_boundary(from) {
            from = from.saturating_add(1);
        }
        if in_authority || OPTION.is_match(shape.get(from..at).unwrap_or("")) {
            found.push((name.to_owned(), in_authority));
        }
    }
    found
}

/// The URLs in a value.
pub(crate) fn links(value: &Value) -> Vec<Link> {
    let shape = value.shape();
    if !shape.contains("://") {
        return Vec::new();
    }
    URL.captures_iter(&shape)
        .filter_map(|groups| {
            let whole = groups.get(0)?.as_str();
            let scheme = groups.get(1).or_else(|| groups.get(3))?.as_str();
            let rest = groups.get(2).or_else(|| groups.get(4))?.as_str();
            let cut = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let (authority, path) = rest.split_at_checked(cut)?;
            let host_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            let host = match host_port.rsplit_once(':') {
                Some((host, port)) if !host.contains(':') || host.ends_with(']') || port.contains(HOLE) => {
                    host
                }
                _ => host_port,
            };
            Some(Link {
                text: whole.to_owned(),
                scheme: scheme.to_ascii_lowercase(),
                host: host.trim_end_matches('.').to_owned(),
                authority_settable: scheme.contains(HOLE) || authority.contains(HOLE),
                path_settable: path.contains(HOLE),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Piece, Provenance};
    use super::*;
    use veritee_model::Place;

    fn value(parts: &[(&str, Provenance)]) -> Value {
        let pieces = parts
            .iter()
            .map(|(text, provenance)| Piece {
                text: (*text).to_owned(),
                provenance: *provenance,
                variable: None,
                default: None,
                required: false,
            })
            .collect();
        Value { raw: String::new(), pieces, place: Place::default() }
    }

    #[test]
    fn the_component_that_somebody_outside_chooses_is_known() {
        use Provenance::{Literal, Operator};
        let host = links(&value(&[("https://", Literal), ("x", Operator), (".foo/v1", Literal)]));
        assert!(host[0].authority_settable && !host[0].path_settable);
        let path = links(&value(&[("https://foo/", Literal), ("x", Operator)]));
        assert!(!path[0].authority_settable && path[0].path_settable);
        let scheme = links(&value(&[("s", Operator), ("://foo/", Literal)]));
        assert!(scheme[0].authority_settable);
        let user = links(&value(&[("redis://:", Literal), ("p", Operator), ("@db:6379", Literal)]));
        assert!(user[0].authority_settable);
        assert_eq!(user[0].host, "db");
    }

    #[test]
    fn internal_hosts_are_services_loopback_and_private_addresses() {
        let services = std::collections::BTreeSet::from(["db"]);
        for host in ["db", "localhost", "127.0.0.1", "10.1.2.3", "[::1]", "host.docker.internal"] {
            assert!(is_internal(host, &services), "{host}");
        }
        for host in ["db.evil.com", "8.8.8.8", "localhost.evil.com", "other"] {
            assert!(!is_internal(host, &services), "{host}");
        }
    }

    #[test]
    fn the_registrable_domain_is_the_last_labels() {
        let link = links(&value(&[("https://a.b.example.co.uk/x", Provenance::Literal)])).remove(0);
        assert_eq!(link.registrable(), "example.co.uk");
    }
}
