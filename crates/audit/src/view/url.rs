//! URLs and hosts inside values.

use super::{HOLE, Value};
use crate::pattern::pattern;

pattern!(
    URL,
    "(?i)\\b([a-z][a-z0-9+.-]{0,20})://([^\\s'\"`<>\\\\,;)\\]}]+)|([\u{fffc}]+)://([^\\s'\"`<>\\\\,;)\\]}]*)"
);

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
