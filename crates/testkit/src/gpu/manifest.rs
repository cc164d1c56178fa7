//! Reference manifests: SWID tags with an enveloped signature, written in canonical form.

use super::report::{DRIVER, SWITCH_BIOS, VBIOS, block};
use super::{GpuCertificate, GpuKey, manifest_chain};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt::Write as _;
use sha2::{Digest as _, Sha384};

const SWID: &str = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd";
const NS2: &str = "http://www.w3.org/2001/04/xmlenc#sha384";
const NS3: &str = "https://docs.nvidia.com/attestation/specs/latest/opaque-data.html";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// One Resource.
#[derive(Debug, Clone)]
pub struct ResourceSpec {
    /// `index` as it is written.
    pub index: String,
    /// `active` as it is written.
    pub active: String,
    /// `alternatives` as it is written.
    pub alternatives: String,
    /// Hash0, Hash1..., hex.
    pub hashes: Vec<String>,
    /// `ns3:minSvn`; makes it an opaque record.
    pub min_svn: Option<String>,
    /// `name`.
    pub name: String,
    /// `size`.
    pub size: String,
    /// `type`.
    pub kind: String,
}

/// Everything of a manifest. A test changes one field.
#[derive(Debug, Clone)]
pub struct ManifestSpec {
    /// Seed of the universe.
    pub seed: u64,
    /// `product`.
    pub product: String,
    /// `colloquialVersion`.
    pub version: String,
    /// `edition`.
    pub edition: String,
    /// Resources in order.
    pub resources: Vec<ResourceSpec>,
    /// The signer's chain, leaf first.
    pub chain: Vec<GpuCertificate>,
    /// Label of the key that signs.
    pub signed_by: String,
    /// `URI` of the reference.
    pub uri: String,
    /// Algorithms: canonicalisation, signature, first and second transform, digest.
    pub algorithms: [String; 5],
    /// Changes the document (without its signature) before it is digested.
    pub edit_unsigned: Option<fn(&mut String)>,
    /// Changes the finished document.
    pub edit_signed: Option<fn(&mut String)>,
}

impl ResourceSpec {
    fn new(index: usize, active: bool) -> Self {
        let value = if active { block(index) } else { [0; 48] };
        Self {
            index: index.to_string(),
            active: if active { "True" } else { "False" }.to_owned(),
            alternatives: "1".to_owned(),
            hashes: vec![hex::encode(value)],
            min_svn: None,
            name: format!("Measurement_{index}"),
            size: "48".to_owned(),
            kind: "Measurement".to_owned(),
        }
    }

    /// An opaque record of this type with a lowest version.
    #[must_use]
    pub fn floor(kind: u16, least: u64) -> Self {
        Self {
            index: (0x1000 + u32::from(kind)).to_string(),
            hashes: Vec::new(),
            min_svn: Some(least.to_string()),
            name: format!("Svn_{kind}"),
            ..Self::new(0, true)
        }
    }

    /// Canonical: attributes without namespace by name, then those of `ns2` or `ns3`.
    fn write(&self, out: &mut String) {
        let Self { index, active, alternatives, name, size, kind, .. } = self;
        write!(out, "        <ns0:Resource active=\"{active}\"").expect("a String takes it");
        if self.min_svn.is_none() {
            write!(out, " alternatives=\"{alternatives}\"").expect("a String takes it");
        }
        write!(out, " index=\"{index}\" name=\"{name}\" size=\"{size}\" type=\"{kind}\"")
            .expect("a String takes it");
        let mut hashes: Vec<_> = self.hashes.iter().enumerate().collect();
        hashes.sort_by_key(|(at, _)| format!("Hash{at}"));
        for (at, hash) in hashes {
            write!(out, " ns2:Hash{at}=\"{hash}\"").expect("a String takes it");
        }
        if let Some(least) = &self.min_svn {
            write!(out, " ns3:minSvn=\"{least}\"").expect("a String takes it");
        }
        out.push_str("></ns0:Resource>\n");
    }
}

impl ManifestSpec {
    /// For the driver of the forged GPUs: measurements 7 and 21 to 41.
    #[must_use]
    pub fn driver(seed: u64) -> Self {
        Self::new(seed, "GH100", DRIVER, "GPU", |index| index == 7 || (21..=41).contains(&index))
    }

    /// For their VBIOS: measurements 0 to 6 and 8 to 12.
    #[must_use]
    pub fn vbios(seed: u64) -> Self {
        Self::new(seed, "GH100", VBIOS, "GPU", |index| index < 7 || (8..=12).contains(&index))
    }

    /// For the BIOS of the forged switches: all 31.
    #[must_use]
    pub fn switch(seed: u64) -> Self {
        Self::new(seed, "LS10", SWITCH_BIOS, "SWITCH", |index| index < 31)
    }

    fn new(seed: u64, product: &str, version: &str, edition: &str, active: fn(usize) -> bool) -> Self {
        Self {
            seed,
            product: product.to_owned(),
            version: version.to_owned(),
            edition: edition.to_owned(),
            resources: (0..64).map(|index| ResourceSpec::new(index, active(index))).collect(),
            chain: manifest_chain(seed),
            signed_by: "manifest signer".to_owned(),
            uri: String::new(),
            algorithms: [
                "http://www.w3.org/2006/12/xml-c14n11",
                "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
                "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
                "http://www.w3.org/2006/12/xml-c14n11",
                "http://www.w3.org/2001/04/xmldsig-more#sha384",
            ]
            .map(str::to_owned),
            edit_unsigned: None,
            edit_signed: None,
        }
    }

    /// Head and tail of the document, between which the signature stands.
    fn document(&self) -> (String, String) {
        let mut head = format!(
            "<SoftwareIdentity xmlns=\"{SWID}\" xmlns:ns0=\"{SWID}\" xmlns:ns2=\"{NS2}\" xmlns:ns3=\"{NS3}\" corpus=\"false\" name=\"{}\">\n    \
             <ns0:Entity name=\"NVIDIA Corporation\" role=\"softwareCreator tagCreator\"></ns0:Entity>\n    \
             <ns0:Meta colloquialVersion=\"{}\" edition=\"{}\" product=\"{}\" revision=\"r1\"></ns0:Meta>\n    <ns0:Payload>\n",
            self.product, self.version, self.edition, self.product
        );
        for resource in &self.resources {
            resource.write(&mut head);
        }
        head.push_str("    </ns0:Payload>\n");
        (head, "</SoftwareIdentity>".to_owned())
    }

    /// The manifest, signed.
    ///
    /// # Panics
    /// When the document was edited so that it has no end.
    #[must_use]
    pub fn forge(&self) -> Vec<u8> {
        let (head, tail) = self.document();
        let mut document = head + &tail;
        if let Some(edit) = self.edit_unsigned {
            edit(&mut document);
        }
        let digest = STANDARD.encode(Sha384::digest(document.as_bytes()));
        let [canonicalization, method, first, second, hash] = &self.algorithms;
        let info = format!(
            "<ds:CanonicalizationMethod Algorithm=\"{canonicalization}\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"{method}\"></ds:SignatureMethod>\
             <ds:Reference URI=\"{}\"><ds:Transforms><ds:Transform Algorithm=\"{first}\"></ds:Transform>\
             <ds:Transform Algorithm=\"{second}\"></ds:Transform></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{hash}\"></ds:DigestMethod>\
             <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>",
            self.uri
        );
        let signed = format!(
            "<ds:SignedInfo xmlns=\"{SWID}\" xmlns:ds=\"{DSIG}\" xmlns:ns0=\"{SWID}\" xmlns:ns2=\"{NS2}\" xmlns:ns3=\"{NS3}\">{info}"
        );
        let value = STANDARD.encode(GpuKey::derive(self.seed, &self.signed_by).sign(signed.as_bytes()));
        let certificates: String = self
            .chain
            .iter()
            .map(|one| {
                format!("<ds:X509Certificate>{}\n</ds:X509Certificate>", STANDARD.encode(one.sign(self.seed)))
            })
            .collect();
        let signature = format!(
            "<ds:Signature xmlns:ds=\"{DSIG}\"><ds:SignedInfo>{info}<ds:SignatureValue>{value}</ds:SignatureValue>\
             <ds:KeyInfo><ds:X509Data>{certificates}</ds:X509Data></ds:KeyInfo></ds:Signature>"
        );
        let end = document.rfind("</SoftwareIdentity>").expect("the document has an end");
        document.insert_str(end, &signature);
        if let Some(edit) = self.edit_signed {
            edit(&mut document);
        }
        document.into_bytes()
    }
}
