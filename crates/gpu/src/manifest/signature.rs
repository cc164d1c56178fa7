//! The enveloped signature of a manifest: NVIDIA's one profile of XML-DSig.

use super::error::{ManifestError, ManifestFault};
use super::read::{child_elements, fault};
use super::xml::Xml;
use crate::certificate::verify_fixed;
use crate::chain::{self, ChainOf, Link};
use crate::memory::Memory;
use crate::root::Roots;
use crate::x509::shown_name;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA384, digest};
use roxmltree::Node;
use veritee_model::{Budget, UnixTime};

const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const C14N_11: &str = "http://www.w3.org/2006/12/xml-c14n11";
const ECDSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";
const SHA_384: &str = "http://www.w3.org/2001/04/xmldsig-more#sha384";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// Certificates of a signer's chain, root included.
const CHAIN_LENGTH: usize = 4;

/// What a verified signature tells.
pub(super) struct Signed {
    pub(super) signer: String,
    pub(super) not_before: UnixTime,
    pub(super) not_after: UnixTime,
    pub(super) chain: Vec<Link>,
}

pub(super) fn verify(
    xml: &Xml<'_>,
    roots: &Roots,
    as_of: UnixTime,
    budget: &Budget,
    memory: &Memory,
) -> Result<Signed, ManifestError> {
    let root = xml.document.root_element();
    let signature = only_signature(root)?;
    let parts = child_elements(signature);
    let &[info, value, key_info] = parts.as_slice() else {
        return Err(fault(signature, "ds:Signature", "SignedInfo, SignatureValue and KeyInfo expected"));
    };
    check_name(info, "SignedInfo", "ds:SignedInfo")?;
    check_name(value, "SignatureValue", "ds:SignatureValue")?;
    let digest_value = read_info(info)?;
    let document = xml.canonical(root, Some(signature))?;
    let actual = digest(&SHA384, document.as_bytes());
    if actual.as_ref() != digest_value {
        let (expected, got) = (hex::encode(digest_value), hex::encode(actual.as_ref()));
        return Err(ManifestError::new(ManifestFault::Digest { expected, got }));
    }
    let chain = read_chain(key_info, budget)?;
    let certificates = chain::parse(ChainOf::Manifest, &chain)?;
    let leaf = certificates.first().ok_or_else(|| fault(key_info, "ds:X509Data", "certificates expected"))?;
    let signature_value = <[u8; 96]>::try_from(bytes_of(value, "ds:SignatureValue")?)
        .map_err(|_length| fault(value, "ds:SignatureValue", "96 bytes expected"))?;
    memory.count();
    if !verify_fixed(&leaf.public_key, xml.canonical(info, None)?.as_bytes(), &signature_value) {
        return Err(ManifestError::new(ManifestFault::Signature));
    }
    chain::walk(ChainOf::Manifest, &certificates, &roots.manifest, as_of, memory)?;
    let not_before = certificates.iter().map(|certificate| certificate.not_before).max();
    let not_after = certificates.iter().map(|certificate| certificate.not_after).min();
    Ok(Signed {
        signer: shown_name(leaf.subject),
        not_before: not_before.unwrap_or(as_of),
        not_after: not_after.unwrap_or(as_of),
        chain: certificates.iter().map(Link::of).collect(),
    })
}

/// The one signature of the document, a child of the root.
fn only_signature<'a, 'input>(root: Node<'a, 'input>) -> Result<Node<'a, 'input>, ManifestError> {
    let mut all = root.descendants().filter(|node| node.has_tag_name((DSIG, "Signature")));
    match (all.next(), all.next()) {
        (Some(signature), None) if signature.parent() == Some(root) => {
            check_attributes(signature, "ds:Signature", &[])?;
            Ok(signature)
        }
        (Some(signature), None) => Err(fault(signature, "ds:Signature", "not directly below the root")),
        (Some(_), Some(second)) => Err(fault(second, "ds:Signature", "more than one")),
        (None, _) => Err(fault(root, "ds:Signature", "missing")),
    }
}

/// The digest that is signed, once all algorithms are those of the profile.
fn read_info(info: Node<'_, '_>) -> Result<Vec<u8>, ManifestError> {
    check_attributes(info, "ds:SignedInfo", &[])?;
    let parts = child_elements(info);
    let &[canonicalization, method, reference] = parts.as_slice() else {
        return Err(fault(info, "ds:SignedInfo", "one reference expected"));
    };
    check_algorithm(canonicalization, "CanonicalizationMethod", "ds:CanonicalizationMethod", C14N_11)?;
    check_algorithm(method, "SignatureMethod", "ds:SignatureMethod", ECDSA_SHA384)?;
    check_name(reference, "Reference", "ds:Reference")?;
    check_attributes(reference, "ds:Reference", &[("URI", "")])?;
    let parts = child_elements(reference);
    let &[transforms, digest_method, digest_value] = parts.as_slice() else {
        return Err(fault(reference, "ds:Reference", "transforms, digest method and digest value expected"));
    };
    check_name(transforms, "Transforms", "ds:Transforms")?;
    check_attributes(transforms, "ds:Transforms", &[])?;
    let parts = child_elements(transforms);
    let &[first, second] = parts.as_slice() else {
        return Err(fault(transforms, "ds:Transforms", "two transforms expected"));
    };
    check_algorithm(first, "Transform", "ds:Transform", ENVELOPED)?;
    check_algorithm(second, "Transform", "ds:Transform", C14N_11)?;
    check_algorithm(digest_method, "DigestMethod", "ds:DigestMethod", SHA_384)?;
    check_name(digest_value, "DigestValue", "ds:DigestValue")?;
    let digest = bytes_of(digest_value, "ds:DigestValue")?;
    if digest.len() == 48 {
        Ok(digest)
    } else {
        Err(fault(digest_value, "ds:DigestValue", "48 bytes expected"))
    }
}

fn read_chain(key_info: Node<'_, '_>, budget: &Budget) -> Result<Vec<Vec<u8>>, ManifestError> {
    check_name(key_info, "KeyInfo", "ds:KeyInfo")?;
    let parts = child_elements(key_info);
    let &[data] = parts.as_slice() else {
        return Err(fault(key_info, "ds:KeyInfo", "one ds:X509Data expected"));
    };
    check_name(data, "X509Data", "ds:X509Data")?;
    let certificates = child_elements(data);
    if certificates.len() != CHAIN_LENGTH.min(budget.certificates) {
        return Err(fault(data, "ds:X509Data", "four certificates expected"));
    }
    let read = |node: &Node<'_, '_>| {
        check_name(*node, "X509Certificate", "ds:X509Certificate")?;
        bytes_of(*node, "ds:X509Certificate")
    };
    certificates.iter().map(read).collect()
}

fn check_name(node: Node<'_, '_>, name: &str, shown: &'static str) -> Result<(), ManifestError> {
    if node.has_tag_name((DSIG, name)) { Ok(()) } else { Err(fault(node, shown, "expected here")) }
}

/// An element that only names an algorithm.
fn check_algorithm(
    node: Node<'_, '_>,
    name: &str,
    shown: &'static str,
    algorithm: &str,
) -> Result<(), ManifestError> {
    check_name(node, name, shown)?;
    check_attributes(node, shown, &[("Algorithm", algorithm)])?;
    if node.has_children() {
        Err(fault(node, shown, "parameters are not of NVIDIA's profile"))
    } else {
        Ok(())
    }
}

/// Exactly these attributes, without namespace.
fn check_attributes(
    node: Node<'_, '_>,
    shown: &'static str,
    expected: &[(&str, &str)],
) -> Result<(), ManifestError> {
    let found = node.attributes().len();
    let fits = expected.iter().all(|(name, value)| node.attribute(*name) == Some(*value));
    if found == expected.len() && fits {
        Ok(())
    } else {
        Err(fault(node, shown, "an attribute is not of NVIDIA's profile"))
    }
}

/// Base64 inside an element, with white space.
fn bytes_of(node: Node<'_, '_>, shown: &'static str) -> Result<Vec<u8>, ManifestError> {
    if node.children().any(|child| child.is_element()) {
        return Err(fault(node, shown, "only text expected"));
    }
    let text: String = node.text().unwrap_or_default().split_ascii_whitespace().collect();
    STANDARD.decode(text).map_err(|_error| fault(node, shown, "base64 is damaged"))
}

/// Used by the readers beside this one.
pub(super) fn is_signature(node: Node<'_, '_>) -> bool {
    node.has_tag_name((DSIG, "Signature"))
}
