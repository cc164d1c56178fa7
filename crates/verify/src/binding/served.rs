//! `binding.served-certificate`: the certificate that a server showed is one that the quote binds.
//!
//! That a certificate is valid for its name says only that somebody persuaded a public authority. What counts is
//! whether the key is bound: as the RA-TLS key, as a certificate of dstack-ingress, or as a gateway's key (tag
//! `zt-cert`). Where none of these came along the question stays open: TLS then ends in front of the machine, and
//! what ends it has to prove itself with evidence of its own.
//!
//! Where a domain was asked about, a handshake with any other name says nothing of it.
//!
//! The record of the handshake is made by whoever fetched; the server's proof that it holds the key was checked there
//! and cannot be checked again. Not checked here: revocation, the path to a public authority, dates of authorities (old
//! ones are served along for old clients).

use super::Shown;
use super::certificate::{self, ChainError};
use crate::Request;
use veritee_eventlog::AppIdentity;
use veritee_model::evidence::{ServedCertificates, Target};
use veritee_model::text::{inert, shortened};
use veritee_model::{Budget, Check, CheckId, Evidence, Reason, Sha256Digest, UnixTime};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

const ID: CheckId = CheckId::BindingServedCertificate;

pub(crate) fn check(request: &Request<'_>, shown: &Shown, identity: Option<&AppIdentity>) -> Check {
    let Some(served) = &request.evidence.served else {
        return Check::not_checked(ID, Reason::BindingNotGiven, "no record of a TLS handshake came along");
    };
    let leaf = match Leaf::read(&served.chain.bytes, request.budget) {
        Ok(leaf) => leaf,
        Err(error) => return Check::fail(ID, Reason::ServedCertificateMalformed, error.to_string()),
    };
    let asked = request.evidence.target.as_ref().and_then(Target::name);
    if let Some(asked) = asked.filter(|asked| !same_name(asked, host(served))) {
        let (server, asked) = (inert(&shortened(&served.server, 256)), inert(&shortened(asked, 256)));
        let detail = format!("the handshake was with {server}, asked about was {asked}");
        return Check::not_checked(ID, Reason::ServedOtherName, detail)
            .next("fetch the evidence with the domain whose users reach the application");
    }
    let bound = Bound::of(request, shown);
    let server = inert(&shortened(&served.server, 256));
    let Some(Match { words, for_names }) = bound.names(&leaf) else {
        return unbound(&server, &bound, &leaf, identity);
    };
    let mut faults = Vec::new();
    if for_names && !leaf.covers(host(served)) {
        let detail = format!("{server} showed a bound certificate that is for other names");
        faults.push(
            Check::fail(ID, Reason::ServedCertificateOther, detail)
                .compared(shortened(host(served), 256), shortened(&leaf.names.join(", "), 256))
                .next(
                    "no client that checks names would accept it there: ask the server whose names it bears",
                ),
        );
    }
    let reasons = (ID, Reason::ServedCertificateExpired, Reason::ServedCertificateNotYetValid);
    faults.extend(super::out_of_force(reasons, "the server's certificate", leaf.validity, request.as_of));
    if faults.is_empty() {
        return Check::pass(ID, format!("{server} showed {words}"));
    }
    super::gravest(ID, faults)
}

/// The server's certificate is none that the quote binds: a contradiction, or a question for somebody else's evidence.
fn unbound(server: &str, bound: &Bound, leaf: &Leaf, identity: Option<&AppIdentity>) -> Check {
    let comparable = !bound.ingress.is_empty() || bound.gateway.is_some() || {
        bound.ra_tls.is_some() && leaf.stands_for_a_machine(identity)
    };
    if comparable {
        return Check::fail(ID, Reason::ServedCertificateOther, format!("{server} showed a certificate that the quote does not bind"))
            .compared(bound.keys(), Sha256Digest::of(&leaf.spki))
            .at("SHA-256 of the public key")
            .next("somebody else answers there, or the certificate was renewed after the evidence was made: fetch both anew");
    }
    let issuer = inert(&shortened(&leaf.issuer, 256));
    let detail = if bound.ra_tls.is_some() {
        format!("{server} is vouched for by {issuer} alone: TLS ends in front of the machine")
    } else {
        format!("{server} is vouched for by {issuer} alone: the quote binds no certificate")
    };
    Check::not_checked(ID, Reason::ServedCertificateUnbound, detail)
        .next("judge the gateway that ends TLS by its own evidence: its answer to /.dstack/acme-info, with the same handshake")
}

/// What was shown to be bound and can be held against a server's certificate.
struct Bound {
    /// Key of the RA-TLS leaf.
    ra_tls: Option<Vec<u8>>,
    /// Leaves of dstack-ingress by file.
    ingress: Vec<(String, Vec<u8>, Vec<u8>)>,
    /// A gateway's key.
    gateway: Option<Vec<u8>>,
}

struct Match {
    words: String,
    /// The certificate is one for names, so it has to be for the server's.
    for_names: bool,
}

impl Bound {
    fn of(request: &Request<'_>, shown: &Shown) -> Self {
        let evidence = request.evidence;
        let chain = crate::memory::chain_of(request).filter(|_| shown.ra_tls);
        let chain = chain.as_ref().and_then(|chain| chain.read.as_ref().ok());
        let content = shown.content(evidence, "zt-cert");
        Self {
            ra_tls: chain.map(|chain| chain.leaf_spki.clone()),
            ingress: ingress_leaves(evidence, shown, request.budget)
                .map(|(name, leaf)| (name, leaf.der, leaf.spki))
                .collect(),
            gateway: content.map(<[u8]>::to_vec),
        }
    }

    fn names(&self, leaf: &Leaf) -> Option<Match> {
        if self.ra_tls.as_ref() == Some(&leaf.spki) {
            return Some(Match { words: "the RA-TLS key that the quote binds".to_owned(), for_names: false });
        }
        let exact = self.ingress.iter().find(|(_, der, _)| *der == leaf.der);
        if let Some((file, ..)) = exact {
            let words = format!("the certificate of {}, which the quote binds", inert(file));
            return Some(Match { words, for_names: true });
        }
        if let Some((file, ..)) = self.ingress.iter().find(|(_, _, spki)| *spki == leaf.spki) {
            let words = format!("the key of {}, which the quote binds, in another certificate", inert(file));
            return Some(Match { words, for_names: true });
        }
        (self.gateway.as_ref() == Some(&leaf.spki)).then(|| Match {
            words: "the gateway's key that the quote binds; the quote is as old as the key and shows where it was made"
                .to_owned(),
            for_names: true,
        })
    }

    /// SHA-256 of the first few bound keys.
    fn keys(&self) -> String {
        let ingress = self.ingress.iter().map(|(_, _, spki)| spki);
        let keys = self.ra_tls.iter().chain(ingress).chain(&self.gateway).take(4);
        keys.map(|spki| Sha256Digest::of(spki).to_string()).collect::<Vec<_>>().join(", ")
    }
}

/// Whether dstack-ingress gives this name to the certificate of a domain.
pub(super) fn is_certificate(name: &str) -> bool {
    name.starts_with("cert-") && name.ends_with(".pem")
}

/// The first certificate of every bound `cert-*.pem`. Only a leaf counts: the authorities behind it serve nobody.
fn ingress_leaves<'a>(
    evidence: &'a Evidence,
    shown: &'a Shown,
    budget: &Budget,
) -> impl Iterator<Item = (String, Leaf)> {
    let files = shown.ingress_files(evidence).filter(|(name, _)| is_certificate(name));
    files.filter_map(move |(name, item)| Some((name.to_owned(), Leaf::read(&item.bytes, budget).ok()?)))
}

/// Names of the certificates that the quote binds.
pub(super) fn bound_names(evidence: &Evidence, shown: &Shown, budget: &Budget) -> Vec<String> {
    ingress_leaves(evidence, shown, budget).flat_map(|(_, leaf)| leaf.certified()).collect()
}

/// The leaf of a chain in PEM.
pub(super) struct Leaf {
    der: Vec<u8>,
    spki: Vec<u8>,
    issuer: String,
    self_issued: bool,
    /// It has a quote or an attestation container of dstack.
    attested: bool,
    app_id: Option<Vec<u8>>,
    /// From when and until when it is valid.
    pub(super) validity: (UnixTime, UnixTime),
    /// DNS names, in lower case.
    pub(super) names: Vec<String>,
    /// The common name where it is a wildcard, in lower case: some clients still take it for a name.
    common_wildcard: Option<String>,
}

impl Leaf {
    pub(super) fn read(bytes: &[u8], budget: &Budget) -> Result<Self, ChainError> {
        let malformed = |what| ChainError::Malformed { certificate: 0, what };
        let der = certificate::split(bytes, budget)?.into_iter().next().unwrap_or_default();
        let Ok(([], parsed)) = X509Certificate::from_der(&der) else {
            return Err(malformed("not an X.509 certificate"));
        };
        let names = match parsed.subject_alternative_name() {
            Ok(Some(names)) => names.value.general_names.iter().filter_map(dns_name).collect(),
            Ok(None) => Vec::new(),
            Err(_) => return Err(malformed("subject alternative names that cannot be read")),
        };
        let common = parsed.subject().iter_common_name().filter_map(|name| name.as_str().ok());
        let common_wildcard = common.map(str::to_ascii_lowercase).find(|name| name.starts_with("*."));
        let quote = certificate::extension(&parsed, certificate::QUOTE)?;
        let attestation = certificate::extension(&parsed, certificate::ATTESTATION)?;
        Ok(Self {
            spki: parsed.public_key().raw.to_vec(),
            issuer: parsed.issuer().to_string(),
            self_issued: parsed.issuer().as_raw() == parsed.subject().as_raw(),
            attested: quote.is_some() || attestation.is_some(),
            app_id: certificate::extension(&parsed, certificate::APP_ID)?,
            validity: certificate::validity(&parsed),
            names,
            common_wildcard,
            der,
        })
    }

    /// Names that an authority has certified: the DNS names, and a wildcard that stands as the common name alone.
    pub(super) fn certified(self) -> Vec<String> {
        self.names.into_iter().chain(self.common_wildcard).collect()
    }

    /// Whether it can only be a machine's own, so that the bound RA-TLS key contradicts it: it carries evidence, no
    /// authority vouches for it, or it was issued to another application.
    fn stands_for_a_machine(&self, identity: Option<&AppIdentity>) -> bool {
        let measured = identity.map(|identity| identity.app_id().as_bytes().as_slice());
        let other_app = self.app_id.as_deref().is_some_and(|app_id| Some(app_id) != measured);
        self.attested || self.self_issued || other_app
    }

    /// Whether one of its DNS names is this host's (RFC 9525: a wildcard stands for one whole label).
    pub(super) fn covers(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        self.names.iter().any(|name| match name.strip_prefix("*.") {
            None => *name == host,
            Some(above) => {
                host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == above)
            }
        })
    }
}

fn dns_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    }
}

/// Names of hosts are compared without regard to case and the dot of the root.
fn same_name(first: &str, second: &str) -> bool {
    let plain = |name: &str| name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    plain(first) == plain(second)
}

/// The name in `host:port`.
pub(super) fn host(served: &ServedCertificates) -> &str {
    served.server.rsplit_once(':').map_or(served.server.as_str(), |(host, _)| host)
}
