//! `ports`: what is published.

use crate::position::Span;
use crate::tree::Tree;
use crate::value::Value;

/// An entry of `ports`.
#[derive(Debug, Clone, PartialEq)]
pub struct Port {
    /// Address on the CVM's side, if written.
    pub host_ip: Option<Value>,
    /// Port or range on the CVM's side, if written.
    pub published: Option<Value>,
    /// Port or range of the container.
    pub target: Option<Value>,
    /// `tcp` where it is not written.
    pub protocol: Option<Value>,
    /// Path of the entry.
    pub path: String,
    /// Where it stands in the YAML text.
    pub span: Span,
}

impl Port {
    /// Reads the short form `[[IP:]PUBLISHED:]TARGET[/PROTOCOL]` or the long form; `None` of anything else.
    #[must_use]
    pub fn read(tree: &Tree, path: String) -> Option<Self> {
        let span = tree.span();
        let Some(value) = tree.scalar() else {
            let field = |name: &str| tree.get(name).and_then(Tree::scalar).cloned();
            let (host_ip, published) = (field("host_ip"), field("published"));
            let port =
                Self { host_ip, published, target: field("target"), protocol: field("protocol"), path, span };
            return matches!(tree, Tree::Mapping(..)).then_some(port);
        };
        let (ports, protocol) = match value.split_once('/') {
            Some((ports, protocol)) => (ports, Some(protocol)),
            None => (value.clone(), None),
        };
        let mut pieces = ports.split(':');
        let target = pieces.pop();
        let published = pieces.pop();
        // What is left is the address; one of IPv6 has colons of its own.
        let host_ip = pieces.first().map(|first| {
            if pieces.len() == 1 {
                return first.clone();
            }
            let whole: Vec<_> = pieces.iter().map(|piece| piece.text.as_str()).collect();
            Value::literal_text(whole.join(":"), first.span)
        });
        Some(Self { host_ip, published, target, protocol, path, span })
    }

    /// Whether it is bound to the loopback address only.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host_ip.as_ref().and_then(|host| host.literal()).unwrap_or("");
        host.starts_with("127.") || matches!(host, "::1" | "[::1]" | "localhost")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_is_read_from_the_right() {
        let port = |text: &str| {
            let value = Value::literal_text(text, Span::default());
            Port::read(&Tree::Scalar(value), String::new()).unwrap()
        };
        let text = |value: &Option<Value>| value.as_ref().map(|value| value.text.clone());
        let full = port("127.0.0.1:80:8080/udp");
        assert!(full.is_loopback());
        assert_eq!((text(&full.published), text(&full.target)), (Some("80".into()), Some("8080".into())));
        assert_eq!(text(&full.protocol), Some("udp".into()));
        assert_eq!(text(&port("8080").published), None);
        assert_eq!(text(&port("[::1]:80:80").host_ip), Some("[::1]".into()));
        assert!(port("[::1]:80:80").is_loopback());
    }
}
