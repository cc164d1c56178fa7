//! A Sigstore of our own: an authority for certificates of builds, its log of certificates, a transparency log, and the
//! bundles that a build signs under them.
//!
//! [`Signing::new`] is sound in every part: a certificate of ten minutes with the claims of a build, its time stamp of
//! the certificate log, a DSSE envelope over an in-toto statement, and an entry of the log with promise, inclusion proof
//! and checkpoint. A test changes one thing with [`Signing::change`], or the finished JSON with [`Signing::edit`].
//!
//! Source: Sigstore bundle 0.3 and trusted root 0.1 (protobuf-specs), Fulcio's extensions (`1.3.6.1.4.1.57264.1`),
//! RFC 6962 for the certificate log, Rekor's `dsse` entries 0.0.1, RFC 9162 for inclusion proofs, C2SP's signed notes.

use crate::certificate::{Algorithm, CertificateSpec, Extension, Name, basic_constraints, key_usage, oids};
use crate::der;
use crate::key::SigningKey;
use crate::pki::{Role, time};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use veritee_model::UnixTime;

/// Key labels of the authority, of the log of certificates and of the transparency log. Any other label is a stranger's.
pub const AUTHORITY: &str = "sigstore authority";
/// See [`AUTHORITY`].
pub const CERTIFICATE_LOG: &str = "sigstore certificate log";
/// See [`AUTHORITY`].
pub const LOG: &str = "sigstore log";

/// The issuer of tokens of GitHub's hosted builds.
pub const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// One signature of a build. Public fields: a test changes one of them.
#[derive(Debug, Clone)]
pub struct Signing {
    /// Seed of all keys.
    pub seed: u64,
    /// The alternative name of the certificate: the workflow that signs.
    pub identity: String,
    /// Fulcio's extensions by the last number of their identifier; from 8 on they are UTF8String.
    pub claims: BTreeMap<u8, String>,
    /// What is signed.
    pub statement: Value,
    /// Whose key issues the certificate.
    pub issued_by: &'static str,
    /// Whose key stamps it for the log of certificates; `None` leaves the stamp out.
    pub stamped_by: Option<&'static str>,
    /// Whose key signs what the transparency log says; `None` leaves the entry out.
    pub logged_by: Option<&'static str>,
    /// Whether the log promises to include the entry, with a time.
    pub promised: bool,
    /// Whether the log proves that it has included it.
    pub proven: bool,
    /// When the log took it. The certificate holds from one minute earlier to nine minutes later.
    pub at: UnixTime,
}

/// A statement of SLSA v1 as GitHub's workflows write it: this subject (`sha256:HEX`), of this commit.
#[must_use]
pub fn provenance(subject: &str, repository: &str, commit: &str) -> Value {
    let (algorithm, hex) = subject.split_once(':').expect("a digest with its algorithm");
    let uri = format!("git+{repository}@refs/heads/main");
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "app", "digest": { algorithm: hex } }],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": {
                    "workflow": { "ref": "refs/heads/main", "repository": repository, "path": ".github/workflows/build.yml" },
                },
                "resolvedDependencies": [{ "uri": uri, "digest": { "gitCommit": commit } }],
            },
            "runDetails": { "builder": { "id": format!("{repository}/.github/workflows/build.yml@refs/heads/main") } },
        },
    })
}

impl Signing {
    /// A hosted build of the main branch of `repository` at `commit`, which made what has the digest `subject`.
    #[must_use]
    pub fn new(seed: u64, subject: &str, repository: &str, commit: &str) -> Self {
        let workflow = format!("{repository}/.github/workflows/build.yml@refs/heads/main");
        let claims = [
            (1, ISSUER),
            (8, ISSUER),
            (9, &workflow),
            (10, commit),
            (11, "github-hosted"),
            (12, repository),
            (13, commit),
            (14, "refs/heads/main"),
            (15, "1"),
            (18, &workflow),
            (19, commit),
            (20, "push"),
            (22, "public"),
        ];
        Self {
            seed,
            identity: workflow.clone(),
            claims: claims.map(|(number, value)| (number, value.to_owned())).into(),
            statement: provenance(subject, repository, commit),
            issued_by: AUTHORITY,
            stamped_by: Some(CERTIFICATE_LOG),
            logged_by: Some(LOG),
            promised: true,
            proven: true,
            at: time("2025-06-01T12:00:00Z"),
        }
    }

    /// The same with something changed before anything is signed.
    #[must_use]
    pub fn change(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The bundle, changed after everything was signed.
    #[must_use]
    pub fn edit(&self, edit: impl FnOnce(&mut Value)) -> String {
        let mut bundle = self.value();
        edit(&mut bundle);
        bundle.to_string()
    }

    /// The bundle, version 0.3.
    #[must_use]
    pub fn bundle(&self) -> String {
        self.value().to_string()
    }

    fn value(&self) -> Value {
        let certificate = self.certificate();
        let payload = self.statement.to_string();
        let kind = "application/vnd.in-toto+json";
        let signed = format!("DSSEv1 {} {kind} {} {payload}", kind.len(), payload.len());
        let signature = BASE64.encode(self.key("sigstore leaf").sign_der(signed.as_bytes()));
        let envelope = json!({
            "payload": BASE64.encode(&payload), "payloadType": kind, "signatures": [{ "sig": signature }],
        });
        let entries: Vec<Value> = self
            .logged_by
            .map(|log| self.entry(log, &certificate, &payload, &envelope, &signature))
            .into_iter()
            .collect();
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": { "rawBytes": BASE64.encode(&certificate) },
                "tlogEntries": entries,
                "timestampVerificationData": { "rfc3161Timestamps": [] },
            },
            "dsseEnvelope": envelope,
        })
    }

    fn key(&self, label: &str) -> SigningKey {
        SigningKey::derive(self.seed, label)
    }

    fn certificate(&self) -> Vec<u8> {
        let (subject, issuer) = (self.key("sigstore leaf"), self.key(self.issued_by));
        let uri = der::element(0x86, self.identity.as_bytes());
        let mut extensions = vec![
            Extension::new(oids::KEY_USAGE, true, key_usage(0x80)),
            Extension::new(oids::EXTENDED_KEY_USAGE, false, der::sequence(&[der::oid("1.3.6.1.5.5.7.3.3")])),
            Extension::new("2.5.29.17", true, der::sequence(&[uri])),
        ];
        extensions.extend(self.claims.iter().map(|(number, value)| {
            let value = if *number < 8 { value.as_bytes().to_vec() } else { der::utf8(value) };
            Extension::new(&format!("1.3.6.1.4.1.57264.1.{number}"), false, value)
        }));
        let at = self.at.seconds();
        let mut spec = CertificateSpec {
            subject: Name { attributes: Vec::new(), raw: None },
            not_before: UnixTime::from_seconds(at - 60),
            not_after: UnixTime::from_seconds(at + 540),
            extensions,
            ..authority()
        };
        if let Some(log) = self.stamped_by {
            let stamp = self.stamp(&self.key(log), &issuer, &spec.tbs(&subject.spki()));
            spec.extensions.push(Extension::new("1.3.6.1.4.1.11129.2.4.2", false, der::octet_string(&stamp)));
        }
        spec.sign(&subject, &issuer)
    }

    /// The list of one signed certificate time stamp over the certificate without it (RFC 6962, sections 3.2 and 3.3).
    fn stamp(&self, log: &SigningKey, issuer: &SigningKey, certificate: &[u8]) -> Vec<u8> {
        let milliseconds = (self.at.seconds() - 30) * 1000;
        let length = u32::try_from(certificate.len()).expect("a certificate is small").to_be_bytes();
        let signed = [
            &[0, 0],
            &milliseconds.to_be_bytes()[..],
            &[0, 1],
            &Sha256::digest(issuer.spki()),
            &length[1..],
            certificate,
            &[0, 0],
        ]
        .concat();
        let head = [&[0][..], &Sha256::digest(log.spki()), &milliseconds.to_be_bytes(), &[0, 0], &[4, 3]];
        prefixed(&prefixed(&[head.concat(), prefixed(&log.sign_der(&signed))].concat()))
    }

    /// The entry of the transparency log: second of three leaves.
    fn entry(
        &self,
        log: &str,
        certificate: &[u8],
        payload: &str,
        envelope: &Value,
        signature: &str,
    ) -> Value {
        let log = self.key(log);
        let sha256 =
            |bytes: &[u8]| json!({ "algorithm": "sha256", "value": hex::encode(Sha256::digest(bytes)) });
        let verifier = BASE64.encode(der::pem("CERTIFICATE", certificate));
        let body = json!({
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": sha256(envelope.to_string().as_bytes()),
                "payloadHash": sha256(payload.as_bytes()),
                "signatures": [{ "signature": signature, "verifier": verifier }],
            },
        })
        .to_string();
        let (id, index, at) = (Sha256::digest(log.spki()), 7_000_001, self.at.seconds());
        let mut entry = json!({
            "logIndex": index.to_string(),
            "logId": { "keyId": BASE64.encode(id) },
            "kindVersion": { "kind": "dsse", "version": "0.0.1" },
            "integratedTime": at.to_string(),
            "canonicalizedBody": BASE64.encode(&body),
        });
        if self.promised {
            // RFC 8785: members in the order of their names.
            let promise = format!(
                r#"{{"body":"{}","integratedTime":{at},"logID":"{}","logIndex":{index}}}"#,
                BASE64.encode(&body),
                hex::encode(id)
            );
            let stamp = BASE64.encode(log.sign_der(promise.as_bytes()));
            entry["inclusionPromise"] = json!({ "signedEntryTimestamp": stamp });
        }
        if self.proven {
            entry["inclusionProof"] = proof(&log, body.as_bytes());
        }
        entry
    }
}

/// Inclusion of the second of three leaves, and the log's checkpoint.
fn proof(log: &SigningKey, leaf: &[u8]) -> Value {
    let hashed = |kind: u8, parts: &[&[u8]]| -> Vec<u8> {
        Sha256::digest([&[kind][..], &parts.concat()].concat()).to_vec()
    };
    let (first, third) = (hashed(0, &[b"first"]), hashed(0, &[b"third"]));
    let pair = hashed(1, &[&first, &hashed(0, &[leaf])]);
    let root = BASE64.encode(hashed(1, &[&pair, &third]));
    let origin = "log.invalid - 1";
    let note = format!("{origin}\n3\n{root}\n");
    let signature = [&Sha256::digest(log.spki())[..4], &log.sign_der(note.as_bytes())].concat();
    json!({
        "logIndex": "1",
        "rootHash": root,
        "treeSize": "3",
        "hashes": [BASE64.encode(first), BASE64.encode(third)],
        "checkpoint": { "envelope": format!("{note}\n\u{2014} log.invalid {}\n", BASE64.encode(signature)) },
    })
}

/// `trusted_root.json` of the universe of this seed: one authority, one log of each kind, no time-stamp authority.
#[must_use]
pub fn trusted_root(seed: u64) -> String {
    let key = |label| SigningKey::derive(seed, label);
    let since = json!({ "start": "2020-01-01T00:00:00Z" });
    let log = |label, url: &str| {
        let spki = key(label).spki();
        json!({
            "baseUrl": url,
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": BASE64.encode(&spki), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": since,
            },
            "logId": { "keyId": BASE64.encode(Sha256::digest(&spki)) },
        })
    };
    let certificate = authority().sign(&key(AUTHORITY), &key(AUTHORITY));
    json!({
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [log(LOG, "https://log.invalid")],
        "certificateAuthorities": [{
            "subject": { "organization": "forged", "commonName": "forged authority" },
            "uri": "https://authority.invalid",
            "certChain": { "certificates": [{ "rawBytes": BASE64.encode(certificate) }] },
            "validFor": since,
        }],
        "ctlogs": [log(CERTIFICATE_LOG, "https://certificates.invalid")],
        "timestampAuthorities": [],
    })
    .to_string()
}

/// The authority's own certificate. Roles are those of Intel's hierarchy: the keys are given where it is signed.
fn authority() -> CertificateSpec {
    CertificateSpec {
        version: Some(2),
        serial: vec![0x2a],
        issuer: Name::common("forged authority"),
        subject: Name::common("forged authority"),
        not_before: time("2020-01-01T00:00:00Z"),
        not_after: time("2040-01-01T00:00:00Z"),
        raw_validity: None,
        key: Role::Stranger,
        signed_by: Role::Stranger,
        spki: None,
        extensions: vec![
            Extension::new(oids::KEY_USAGE, true, key_usage(0x06)),
            Extension::new(oids::BASIC_CONSTRAINTS, true, basic_constraints(true, None)),
        ],
        inner_algorithm: Algorithm::ecdsa_sha256(),
        outer_algorithm: Algorithm::ecdsa_sha256(),
        edit_tbs: None,
        edit_signature: None,
        edit_der: None,
    }
}

/// With a length of two bytes before it (TLS presentation language).
fn prefixed(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).expect("below 64 KiB").to_be_bytes(), bytes].concat()
}
