//! Servers on the web: certificates of a public authority, the files of an ingress, a gateway's answer, CAA answers.

use crate::support::{Case, NONCE, machine};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use veritee_model::evidence::{BoundContent, CaaAnswers, IngressEvidence, ServedCertificates};
use veritee_model::{Budget, Evidence, Item};
use veritee_testkit::certificate::{CertificateSpec, Extension, Name};
use veritee_testkit::dstack::Machine;
use veritee_testkit::dstack::report_data::Binding;
use veritee_testkit::{Role, SigningKey, der};
use veritee_verify::Expected;

const ALTERNATIVE_NAMES: &str = "2.5.29.17";

/// A certificate that a public authority issued.
#[derive(Clone)]
pub(crate) struct Web {
    pub(crate) key: SigningKey,
    /// Leaf and authority, PEM.
    pub(crate) chain: String,
    /// The authority's certificate alone.
    pub(crate) authority: String,
}

/// Whose key is certified, for which names, and the serial number: another one makes another certificate.
pub(crate) fn web(label: &str, names: &[&str], serial: u8) -> Web {
    web_with(label, names, serial, |_| ())
}

pub(crate) fn web_with(
    label: &str,
    names: &[&str],
    serial: u8,
    change: impl FnOnce(&mut CertificateSpec),
) -> Web {
    let (key, authority) = (SigningKey::derive(7, label), SigningKey::derive(7, "public authority"));
    let template = machine().universe.pki.certificate(Role::TcbSigner).clone();
    let names: Vec<Vec<u8>> = names.iter().map(|name| der::element(0x82, name.as_bytes())).collect();
    let mut leaf = CertificateSpec {
        serial: vec![serial],
        issuer: Name::common("Public CA"),
        subject: Name::common("site"),
        extensions: vec![Extension::new(ALTERNATIVE_NAMES, false, der::sequence(&names))],
        ..template.clone()
    };
    change(&mut leaf);
    let root = CertificateSpec {
        issuer: Name::common("Public CA"),
        subject: Name::common("Public CA"),
        extensions: Vec::new(),
        ..template
    };
    let pem = |der: &[u8]| der::pem("CERTIFICATE", der);
    let authority_pem = pem(&root.sign(&authority, &authority));
    let chain = format!("{}{authority_pem}", pem(&leaf.sign(&key, &authority)));
    Web { key, chain, authority: authority_pem }
}

pub(crate) fn served(server: &str, chain: impl Into<Vec<u8>>) -> Option<ServedCertificates> {
    Some(ServedCertificates { server: server.to_owned(), chain: Item::new(chain, "handshake") })
}

pub(crate) fn account_file(uri: &str) -> Vec<u8> {
    format!(r#"{{"body":{{}},"uri":"{uri}"}}"#).into_bytes()
}

/// The files of an ingress with its list of sums.
pub(crate) fn ingress(files: &[(&str, &[u8])]) -> IngressEvidence {
    let line = |(name, bytes): &(&str, &[u8])| format!("{}  {name}\n", hex::encode(Sha256::digest(bytes)));
    let sums: String = files.iter().map(line).collect();
    let item = |(name, bytes): &(&str, &[u8])| ((*name).to_owned(), Item::new(*bytes, "ingress"));
    IngressEvidence {
        sums: Item::new(sums, "sha256sum.txt"),
        files: files.iter().map(item).collect::<BTreeMap<_, _>>(),
    }
}

/// What REPORTDATA has to be for these files.
pub(crate) fn binding_of(ingress: &IngressEvidence) -> Binding {
    Binding::Raw(Sha256::digest(&ingress.sums.bytes).to_vec())
}

/// The evidence of a machine whose quote binds this instead of a nonce.
pub(crate) fn bound(machine: &Machine, binding: Binding, chain: &str) -> Case {
    let forged = machine.clone().change(|machine| machine.binding = binding).forge();
    let mut case = Case::of(&forged, chain);
    case.expected = Expected::Nothing;
    case
}

pub(crate) fn content(tag: &str, content: &[u8]) -> (Binding, Option<BoundContent>) {
    let bound =
        BoundContent { tag: tag.to_owned(), content: content.to_vec(), algorithm: "sha512".to_owned() };
    (Binding::Tagged { tag: tag.to_owned(), content: content.to_vec() }, Some(bound))
}

/// Flags, tag and value of the CAA records of one name.
pub(crate) type Records<'a> = &'a [(u8, &'a str, &'a str)];

/// CAA answers, for each name its records.
pub(crate) fn caa(domain: &str, answers: &[(&str, Records<'_>)]) -> Option<CaaAnswers> {
    let record = |(flags, tag, value): &(u8, &str, &str)| serde_json::json!({ "flags": flags, "tag": tag, "value": value });
    let answers: Vec<_> = answers
        .iter()
        .map(|(name, records)| {
            serde_json::json!({ "name": name, "records": records.iter().map(record).collect::<Vec<_>>() })
        })
        .collect();
    let answers = Item::new(serde_json::to_vec(&answers).unwrap(), "dns");
    Some(CaaAnswers { domain: domain.to_owned(), answers })
}

/// An application with a compose of its own and a TLS key of its own, on the platform of [`machine`].
pub(crate) struct App {
    pub(crate) machine: Machine,
    /// Its RA-TLS chain.
    pub(crate) ra_tls: String,
    pub(crate) domain: &'static str,
    pub(crate) web: Web,
    pub(crate) account: String,
}

impl App {
    /// `key` is that of its RA-TLS certificate.
    pub(crate) fn new(name: &'static str, domain: &'static str, key: Role) -> Self {
        let compose = veritee_testkit::dstack::APP_COMPOSE.replace("\"testkit\"", &format!("\"{name}\""));
        let mut machine = machine().app_compose(&compose);
        machine.ra_tls.edit_leaf = match key {
            Role::RaTls => None,
            Role::Stranger => Some(|leaf| leaf.key = Role::Stranger),
            other => panic!("{other:?} has no edit"),
        };
        let spki = machine.universe.pki.key(key).spki();
        let binding = Binding::Tagged { tag: "ratls-cert".to_owned(), content: spki };
        let ra_tls = machine.clone().change(|machine| machine.binding = binding).forge().ra_tls_pem;
        let account = format!("https://acme.example/acct/{name}");
        Self { machine, ra_tls, domain, web: web(name, &[domain], 1), account }
    }

    pub(crate) fn app_id(&self) -> String {
        hex::encode(self.machine.payloads().app_id)
    }

    pub(crate) fn server(&self) -> String {
        format!("{}:443", self.domain)
    }

    /// Reached directly: the server shows the RA-TLS chain, the quote answers the nonce.
    pub(crate) fn direct(&self) -> Case {
        let forged =
            self.machine.clone().change(|machine| machine.binding = Binding::Raw(NONCE.to_vec())).forge();
        let mut case = Case::of(&forged, &self.ra_tls);
        case.evidence.served = served(&self.server(), self.ra_tls.as_str());
        case
    }

    pub(crate) fn ingress_files(&self) -> IngressEvidence {
        let account = account_file(&self.account);
        ingress(&[
            ("acme-account.json", &account),
            (&format!("cert-{}.pem", self.domain), self.web.chain.as_bytes()),
        ])
    }

    /// Reached through its own ingress: the server shows a public certificate, the quote binds the ingress's files.
    pub(crate) fn behind_ingress(&self) -> Case {
        let files = self.ingress_files();
        let mut case = bound(&self.machine, binding_of(&files), &self.ra_tls);
        case.evidence.ingress = Some(files);
        case.evidence.served = served(&self.server(), self.web.chain.as_str());
        case
    }

    /// The answer to GetQuote, of a quote that binds `content` under `tag`.
    pub(crate) fn quoted(&self, tag: &str, bytes: &[u8]) -> String {
        let (binding, _) = content(tag, bytes);
        self.machine.clone().change(|machine| machine.binding = binding).forge().get_quote_json()
    }

    /// A gateway's answer to `/.dstack/acme-info`.
    pub(crate) fn acme_info(&self) -> serde_json::Value {
        let key = self.web.key.spki();
        serde_json::json!({
            "account_uri": self.account,
            "account_quote": self.quoted("acme-account", self.account.as_bytes()),
            "quoted_hist_keys": [{ "public_key": hex::encode(&key), "quote": self.quoted("zt-cert", &key) }],
        })
    }

    /// The machine with this label of a gateway's answer, with the gateway's compose and the collateral beside it.
    pub(crate) fn gateway(&self, answer: &serde_json::Value, label: &str) -> Case {
        let bytes = serde_json::to_vec(answer).unwrap();
        let read = veritee_evidence::convert("acme-info", &bytes, Some(label), &Budget::STANDARD).unwrap();
        let mut case = bound(&self.machine, Binding::Zero, &self.ra_tls);
        let parts = core::mem::take(&mut case.evidence);
        let Evidence { collateral, app_compose, .. } = parts;
        // The forged RTMR0 is made up: no virtual hardware has it.
        case.evidence = Evidence { collateral, app_compose, vm_config: None, ..read };
        case.evidence.served = served(&self.server(), self.web.chain.as_str());
        case
    }
}
