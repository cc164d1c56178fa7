//! URLs inside of values: which component each chosen part feeds.

use crate::value::{Part, Value};
use core::ops::Range;

/// A component of a URL (RFC 3986).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UrlComponent {
    /// All of the value: whoever chooses it chooses the scheme and the host too.
    Whole,
    /// The scheme.
    Scheme,
    /// User information. Whoever chooses it can end the authority and so choose the host.
    UserInfo,
    /// The host.
    Host,
    /// The port. Whoever chooses it can turn what stands before into user information.
    Port,
    /// The path: the host is fixed.
    Path,
    /// The query: the host is fixed.
    Query,
    /// The fragment: the host is fixed.
    Fragment,
}

impl UrlComponent {
    /// Whether whoever chooses it chooses where the data goes.
    #[must_use]
    pub const fn decides_destination(self) -> bool {
        !matches!(self, Self::Path | Self::Query | Self::Fragment)
    }
}

/// A URL found in a value. Ranges are of the value's `text`.
#[derive(Debug, Clone, PartialEq)]
pub struct UrlView<'a> {
    /// The scheme, lower case, if it is known.
    pub scheme: Option<String>,
    /// User, host and port as they stand in the text.
    pub authority: String,
    /// The host, lower case, without brackets, if all of it is known.
    pub host: Option<String>,
    /// The port, if it is written and known.
    pub port: Option<String>,
    /// The whole URL as it stands in the text.
    pub text: String,
    /// The parts of the URL that somebody can choose, with the component each feeds.
    pub chosen: Vec<(UrlComponent, &'a Part)>,
}

impl UrlView<'_> {
    /// Whether somebody chooses part of scheme, user, host or port, and so where the data goes.
    #[must_use]
    pub fn is_destination_chosen(&self) -> bool {
        self.chosen.iter().any(|(component, _)| component.decides_destination())
    }

    /// Whether somebody chooses part of path, query or fragment.
    #[must_use]
    pub fn is_path_chosen(&self) -> bool {
        self.chosen.iter().any(|(component, _)| !component.decides_destination())
    }
}

/// The URLs in a value: every stretch around a `://` in known text, up to white space, quotes or brackets.
#[must_use]
pub fn urls(value: &Value) -> Vec<UrlView<'_>> {
    let scan = Scan { text: &value.text, ranges: value.ranges().collect() };
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(colon) =
        scan.text.get(from..).and_then(|rest| rest.find("://")).map(|at| from.saturating_add(at))
    {
        from = colon.saturating_add(3);
        if scan.is_known(colon) {
            let start = scan.start_of_scheme(colon);
            let end = scan.end_of_url(from);
            found.push(scan.view(start, colon, end));
            from = end.max(from);
        }
    }
    found
}

/// The component of a URL that a part of the value feeds, or the whole where the value is that part alone.
#[must_use]
pub fn component_of(value: &Value, part: &Part) -> Option<UrlComponent> {
    let found = urls(value);
    let named = found.iter().flat_map(|url| &url.chosen).find(|(_, chosen)| core::ptr::eq(*chosen, part));
    named.map(|(component, _)| *component).or_else(|| (value.parts.len() == 1).then_some(UrlComponent::Whole))
}

struct Scan<'a> {
    text: &'a str,
    ranges: Vec<(Range<usize>, &'a Part)>,
}

impl<'a> Scan<'a> {
    fn is_known(&self, at: usize) -> bool {
        let index = self.ranges.partition_point(|(range, _)| range.end <= at);
        self.ranges.get(index).is_none_or(|(_, part)| part.known)
    }

    fn overlapping(&self, from: usize, to: usize) -> &[(Range<usize>, &'a Part)] {
        let first = self.ranges.partition_point(|(range, _)| range.end <= from);
        let last = self.ranges.partition_point(|(range, _)| range.start < to);
        self.ranges.get(first..last).unwrap_or(&[])
    }

    /// The text of a stretch, lower case, if all of it is known.
    fn known_text(&self, from: usize, to: usize) -> Option<String> {
        let text = self.text.get(from..to).filter(|text| !text.is_empty())?;
        self.overlapping(from, to).iter().all(|(_, part)| part.known).then(|| text.to_ascii_lowercase())
    }

    fn find(&self, from: usize, to: usize, wanted: impl Fn(char) -> bool) -> Option<usize> {
        let stretch = self.text.get(from..to).unwrap_or("");
        let mut hits =
            stretch.char_indices().filter(|(_, c)| wanted(*c)).map(|(at, _)| from.saturating_add(at));
        hits.find(|at| self.is_known(*at))
    }

    fn start_of_scheme(&self, colon: usize) -> usize {
        let before = self.text.get(..colon).unwrap_or("");
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let stop = before.char_indices().rev().find(|(at, c)| !is_scheme(*c) && self.is_known(*at));
        stop.map_or(0, |(at, c)| at.saturating_add(c.len_utf8()))
    }

    fn end_of_url(&self, from: usize) -> usize {
        let ends = |c: char| {
            c.is_whitespace()
                || matches!(c, '"' | '\'' | '`' | '<' | '>' | ',' | ';' | ')' | '}' | '|' | '\\')
        };
        self.find(from, self.text.len(), ends).unwrap_or(self.text.len())
    }

    fn view(&self, start: usize, colon: usize, end: usize) -> UrlView<'a> {
        let authority_start = colon.saturating_add(3);
        let authority_end =
            self.find(authority_start, end, |c| matches!(c, '/' | '?' | '#' | '\\')).unwrap_or(end);
        let query = self.find(authority_end, end, |c| c == '?').unwrap_or(end);
        let fragment = self.find(authority_end, end, |c| c == '#').unwrap_or(end);
        let mut host_start = authority_start;
        while let Some(at) = self.find(host_start, authority_end, |c| c == '@') {
            host_start = at.saturating_add(1);
        }
        let bracket = self.find(host_start, authority_end, |c| c == ']').unwrap_or(host_start);
        let port_colon = self.find(bracket, authority_end, |c| c == ':');
        let host_end = port_colon.unwrap_or(authority_end);
        let component = |at: usize| match at {
            at if at < colon => UrlComponent::Scheme,
            at if at < host_start => UrlComponent::UserInfo,
            at if at < host_end => UrlComponent::Host,
            at if at < authority_end => UrlComponent::Port,
            at if at >= fragment => UrlComponent::Fragment,
            at if at >= query => UrlComponent::Query,
            _ => UrlComponent::Path,
        };
        // A part at the very end of the authority still decides where it ends.
        let place = |at: usize| if at >= end { end.saturating_sub(1) } else { at };
        let chosen = self
            .overlapping(start, end)
            .iter()
            .filter(|(_, part)| !part.provenance.is_fixed())
            .map(|(range, part)| (component(place(range.start.max(start))), *part))
            .collect();
        let host = self.known_text(host_start, host_end).map(|host| host.trim_matches(['[', ']']).to_owned());
        let port = port_colon.and_then(|at| self.known_text(at.saturating_add(1), authority_end));
        let text = self.text.get(start..end).unwrap_or("").to_owned();
        let authority = self.text.get(authority_start..authority_end).unwrap_or("").to_owned();
        UrlView { scheme: self.known_text(start, colon), authority, host, port, text, chosen }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::Span;
    use crate::provenance::Provenance;
    use crate::value::ScalarKind;

    fn value(pieces: &[(&str, bool)]) -> Value {
        let parts = pieces.iter().map(|(text, known)| {
            let literal = Part::literal(*text, Span::default());
            if *known { literal } else { Part { known: false, provenance: Provenance::Operator, ..literal } }
        });
        Value::of(parts.collect(), ScalarKind::String, Span::default())
    }

    fn components(pieces: &[(&str, bool)]) -> Vec<UrlComponent> {
        let value = value(pieces);
        value.parts.iter().filter(|part| !part.known).filter_map(|part| component_of(&value, part)).collect()
    }

    #[test]
    fn each_chosen_part_is_named_with_the_component_it_feeds() {
        assert_eq!(components(&[("${X}", false)]), [UrlComponent::Whole]);
        assert_eq!(components(&[("${X}", false), ("://a.b/c", true)]), [UrlComponent::Scheme]);
        assert_eq!(
            components(&[("https://", true), ("${X}", false), (".a.b/c", true)]),
            [UrlComponent::Host]
        );
        assert_eq!(
            components(&[("https://u:", true), ("${X}", false), ("@a.b", true)]),
            [UrlComponent::UserInfo]
        );
        assert_eq!(components(&[("https://a.b:", true), ("${X}", false)]), [UrlComponent::Port]);
        assert_eq!(components(&[("https://a.b", true), ("${X}", false)]), [UrlComponent::Host]);
        assert_eq!(components(&[("https://a.b/", true), ("${X}", false)]), [UrlComponent::Path]);
        assert_eq!(components(&[("https://a.b/c?d=", true), ("${X}", false)]), [UrlComponent::Query]);
        assert_eq!(components(&[("https://a.b#", true), ("${X}", false)]), [UrlComponent::Fragment]);
        assert_eq!(components(&[("--rpc https://a.b/ ", true), ("${X}", false)]), []);
    }

    #[test]
    fn a_slash_inside_of_a_default_does_not_end_the_authority() {
        let pieces = [("https://", true), ("${X:-http://evil/}", false), ("/path", true)];
        assert_eq!(components(&pieces), [UrlComponent::Host]);
        let value = value(&pieces);
        assert_eq!(urls(&value).len(), 1);
        assert_eq!(urls(&value)[0].host, None);
    }

    #[test]
    fn known_urls_give_scheme_host_and_port() {
        let value = value(&[("curl -k 'HTTPS://User@[::1]:8443/x' http://Hermes:3000,https://a.b?c", true)]);
        let found = urls(&value);
        let fields: Vec<_> = found
            .iter()
            .map(|url| (url.scheme.as_deref(), url.host.as_deref(), url.port.as_deref()))
            .collect();
        assert_eq!(
            fields,
            [
                (Some("https"), Some("::1"), Some("8443")),
                (Some("http"), Some("hermes"), Some("3000")),
                (Some("https"), Some("a.b"), None),
            ]
        );
    }
}
