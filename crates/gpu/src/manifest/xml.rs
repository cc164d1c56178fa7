//! NVIDIA's profile of XML, and its canonical form (Canonical XML 1.1, inclusive, without comments).
//!
//! With no attribute of the `xml:` namespace Canonical XML 1.1 is that of 1.0. What the canonical form would have to
//! treat in a special way is refused before: document types, comments, processing instructions, CDATA, character
//! references, carriage returns, `xml:` attributes, an undeclared default namespace. So nothing is dropped or merged
//! between what is digested and what is read.

use super::error::{ManifestError, ManifestFault};
use roxmltree::{Document, Node, ParsingOptions};
use veritee_model::Budget;

/// Levels of elements; genuine manifests have five.
const DEPTH: usize = 16;
/// Namespace declarations of a document.
const DECLARATIONS: usize = 64;
/// Attributes of one element, counted by their equals signs.
const ATTRIBUTES: usize = 512;
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// A document inside the profile.
pub(super) struct Xml<'a> {
    pub(super) document: Document<'a>,
    text: &'a str,
}

impl<'a> Xml<'a> {
    pub(super) fn parse(bytes: &'a [u8], budget: &Budget) -> Result<Self, ManifestError> {
        let fault = ManifestError::new;
        if bytes.len() > budget.gpu_manifest_bytes {
            let (limit, got) = (budget.gpu_manifest_bytes, bytes.len());
            return Err(fault(ManifestFault::TooLarge { limit, got }));
        }
        let text = core::str::from_utf8(bytes)
            .map_err(|error| fault(ManifestFault::Xml { at: error.valid_up_to(), what: "not UTF-8" }))?;
        check_profile(text)?;
        let options = ParsingOptions { allow_dtd: false, nodes_limit: 8192, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text, options).map_err(|error| {
            let position = error.pos();
            fault(ManifestFault::Malformed { line: position.row, problem: error.to_string() })
        })?;
        Ok(Self { document, text })
    }

    /// Canonical form of an element with all namespaces that are in scope there, without the subtree `left_out`.
    pub(super) fn canonical(
        &self,
        apex: Node<'_, '_>,
        left_out: Option<Node<'_, '_>>,
    ) -> Result<String, ManifestError> {
        let mut out = String::with_capacity(self.text.len());
        self.element(apex, None, left_out, DEPTH, &mut out)?;
        Ok(out)
    }

    fn element(
        &self,
        node: Node<'_, '_>,
        parent: Option<Node<'_, '_>>,
        left_out: Option<Node<'_, '_>>,
        depth: usize,
        out: &mut String,
    ) -> Result<(), ManifestError> {
        let at = node.range().start;
        let deeper = depth
            .checked_sub(1)
            .ok_or_else(|| ManifestError::new(ManifestFault::Xml { at, what: "nested too deep" }))?;
        let name = self.qualified_name(node);
        out.push('<');
        out.push_str(name);
        for (prefix, uri) in new_namespaces(node, parent) {
            out.push_str(" xmlns");
            if !prefix.is_empty() {
                out.push(':');
                out.push_str(prefix);
            }
            out.push_str("=\"");
            escape_attribute(uri, out);
            out.push('"');
        }
        let mut attributes: Vec<_> = node.attributes().collect();
        attributes.sort_by_key(|attribute| (attribute.namespace().unwrap_or_default(), attribute.name()));
        for attribute in attributes {
            if attribute.namespace() == Some(XML) {
                return Err(ManifestError::new(ManifestFault::Xml {
                    at,
                    what: "an attribute of the xml namespace",
                }));
            }
            // Readers turn these into blanks or keep them: two documents for two readers.
            let raw = self.text.get(attribute.range_value()).unwrap_or_default();
            if raw.contains(['\n', '\t']) {
                return Err(ManifestError::new(ManifestFault::Xml {
                    at,
                    what: "a line end or tab inside an attribute",
                }));
            }
            out.push(' ');
            out.push_str(self.text.get(attribute.range_qname()).unwrap_or_default());
            out.push_str("=\"");
            escape_attribute(attribute.value(), out);
            out.push('"');
        }
        out.push('>');
        for child in node.children() {
            if Some(child) == left_out {
                continue;
            }
            if child.is_element() {
                self.element(child, Some(node), left_out, deeper, out)?;
            } else {
                escape_text(child.text().unwrap_or_default(), out);
            }
        }
        out.push_str("</");
        out.push_str(name);
        out.push('>');
        Ok(())
    }

    /// The name as it is written, prefix included.
    fn qualified_name(&self, node: Node<'_, '_>) -> &'a str {
        let start = node.range().start.saturating_add(1);
        let rest = self.text.get(start..).unwrap_or_default();
        let end =
            rest.find(|character: char| character.is_ascii_whitespace() || matches!(character, '/' | '>'));
        end.and_then(|end| rest.get(..end)).unwrap_or_default()
    }
}

/// Declarations that the parent does not have with the same value, in canonical order: by prefix, the default first.
fn new_namespaces<'n>(node: Node<'n, '_>, parent: Option<Node<'n, '_>>) -> Vec<(&'n str, &'n str)> {
    let scope = |node: Node<'n, '_>| -> Vec<(&'n str, &'n str)> {
        let all = node.namespaces().filter(|namespace| namespace.uri() != XML);
        all.map(|namespace| (namespace.name().unwrap_or_default(), namespace.uri())).collect()
    };
    let inherited = parent.map(scope).unwrap_or_default();
    let mut new: Vec<_> = scope(node).into_iter().filter(|pair| !inherited.contains(pair)).collect();
    new.sort_unstable();
    new
}

/// A `<` cannot stand in text or in a value, so these can only begin what the profile refuses.
fn check_profile(text: &str) -> Result<(), ManifestError> {
    let body = text.strip_prefix("<?xml ").unwrap_or(text);
    let skipped = text.len().saturating_sub(body.len());
    for (needle, what) in [
        ("<!", "a document type, comment or CDATA section"),
        ("<?", "a processing instruction"),
        ("&#", "a character reference"),
        ("\r", "a carriage return"),
        ("xmlns=\"\"", "a default namespace that is undeclared"),
        ("xmlns=''", "a default namespace that is undeclared"),
    ] {
        if let Some(at) = body.find(needle) {
            let at = at.saturating_add(skipped);
            return Err(ManifestError::new(ManifestFault::Xml { at, what }));
        }
    }
    check_cost(text)
}

/// Readers of XML compare the attributes of an element with each other and copy namespaces downwards: work that grows
/// with the square of their number. Genuine manifests have five declarations and about ten attributes.
fn check_cost(text: &str) -> Result<(), ManifestError> {
    if let Some((at, _)) = text.match_indices("xmlns").nth(DECLARATIONS) {
        return Err(ManifestError::new(ManifestFault::Xml { at, what: "too many namespace declarations" }));
    }
    let mut equals = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'<' => equals = 0,
            b'=' => equals = equals.saturating_add(1),
            _ => {}
        }
        if equals > ATTRIBUTES {
            return Err(ManifestError::new(ManifestFault::Xml { at, what: "too many attributes" }));
        }
    }
    Ok(())
}

fn escape_text(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
    }
}

fn escape_attribute(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(text: &str) -> Result<String, ManifestError> {
        let xml = Xml::parse(text.as_bytes(), &Budget::STANDARD)?;
        xml.canonical(xml.document.root_element(), None)
    }

    fn oracle(text: &str) -> String {
        let canonical =
            bergshamra_c14n::canonicalize::<&str>(text, bergshamra_c14n::C14nMode::Inclusive, None, &[])
                .unwrap();
        String::from_utf8(canonical).unwrap()
    }

    #[test]
    fn another_implementation_gives_the_same_form() {
        for text in [
            "<a/>",
            "<a  b = 'x\"y' a=\"1\" ></a>\n",
            "<a xmlns='urn:1' xmlns:p='urn:2'><p:b p:z='1' a='2' p:a='3'/><b xmlns:p='urn:3' p:c=''/></a>",
            "<z:a xmlns:z='urn:z' xmlns:b='urn:b' xmlns='urn:d'> <b b:y='' z:x='' w=''> t &amp; &gt; &lt; </b></z:a>",
            "<a xmlns='urn:1'><b xmlns='urn:1'><c xmlns='urn:2'/></b></a>",
            "<a xmlns:ns2='urn:2' xmlns:SHA='urn:2' ns2:b='&quot;&apos;&lt;&amp;&gt;'>é ü</a>",
        ] {
            assert_eq!(ours(text).unwrap(), oracle(text), "{text}");
        }
    }

    #[test]
    fn what_a_canonical_form_drops_or_expands_is_refused() {
        for text in [
            "<!DOCTYPE a><a/>",
            "<a><!-- c --></a>",
            "<a><![CDATA[x]]></a>",
            "<a><?p i?></a>",
            "<?p i?><a/>",
            "<a>&#65;</a>",
            "<a b='&#65;'/>",
            "<a>\r\n</a>",
            "<a xml:id='x'/>",
            "<a xml:lang='en'/>",
            "<a>&unknown;</a>",
            "<a xmlns='urn:1'><b xmlns=''/></a>",
            "<a xmlns:p='urn:1' xmlns:q='urn:1' p:b='' q:b=''/>",
            "<a b='' b=''/>",
            "<a b='1\n2'/>",
            "<a b='1\t2'/>",
            "<a></b>",
            "<a/><b/>",
            "",
        ] {
            assert!(ours(text).is_err(), "{text}");
        }
        assert!(ours(&("<a>".repeat(17) + &"</a>".repeat(17))).is_err());
    }

    #[test]
    fn a_declaration_of_xml_is_no_part_of_the_form() {
        assert_eq!(ours("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a/>").unwrap(), "<a></a>");
    }
}
