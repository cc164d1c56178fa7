//! Sigstore bundles 0.1 to 0.3, verified offline: certificate chain, times, log, signature, subject.
//!
//! The cryptography of the format is `sigstore-verify`'s. Here is which root may be used how, what a bundle must say of
//! the image, and a name of its own for every failure.

use crate::json;
use crate::provider;
use crate::statement::{Level, Statement, Subjects};
use core::fmt;
use serde::Serialize;
use sigstore_verify::crypto::VerificationKey;
use sigstore_verify::trust_root::{
    SIGSTORE_GITHUB_TRUSTED_ROOT, SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot,
};
use sigstore_verify::types::{Bundle, DerPublicKey, Sha256Hash, SignatureContent};
use sigstore_verify::{
    CertificateError, Error, PublicKeyVerificationPolicy, SubjectAltName, TimestampError,
    TransparencyLogError, VerificationPolicy, VerificationResult, Verifier,
};
use veritee_base::Budget;
use veritee_image::{Algorithm, Digest};

/// Whose root a signature was verified under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Root {
    /// Sigstore's public-good instance: log and certificate transparency are required.
    PublicGood,
    /// GitHub's own, for private repositories: it has neither, only time stamps.
    GitHub,
    /// One that the caller gave.
    Given,
    /// None: the caller gave a key.
    Key,
}

impl Root {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::PublicGood => "Sigstore's public-good root",
            Self::GitHub => "GitHub's root for private repositories",
            Self::Given => "the given root",
            Self::Key => "the given key",
        }
    }
}

/// Roots that are trusted, ready for use.
pub struct Trust {
    roots: Vec<(Root, Verifier)>,
    keys: Vec<DerPublicKey>,
}

impl fmt::Debug for Trust {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roots: Vec<Root> = self.roots.iter().map(|(root, _)| *root).collect();
        formatter.debug_struct("Trust").field("roots", &roots).field("keys", &self.keys.len()).finish()
    }
}

/// Who signed, by the certificate. Extensions of Fulcio: the issuer took them from the token of the build.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Signer {
    /// The subject's alternative name: the workflow that signed, with its reference, or a person.
    pub identity: Option<String>,
    /// Who gave the token (OID 8, else 1).
    pub issuer: Option<String>,
    /// The repository that was built (OID 12).
    pub repository: Option<String>,
    /// Its number, which a renamed one keeps (OID 15).
    pub repository_id: Option<String>,
    /// The commit that was built (OID 13).
    pub commit: Option<String>,
    /// The reference that was built (OID 14).
    pub reference: Option<String>,
    /// `github-hosted` or `self-hosted` (OID 11).
    pub runner: Option<String>,
    /// What started the build (OID 20).
    pub trigger: Option<String>,
    /// The run (OID 21).
    pub run: Option<String>,
    /// `public` or not (OID 22).
    pub visibility: Option<String>,
}

/// What a bundle shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Signed {
    /// Whose root it was verified under.
    pub root: Root,
    /// Who signed; `None` with a key.
    pub signer: Option<Signer>,
    /// What is said; `None` where bytes were signed and no statement.
    pub statement: Option<Statement>,
    /// At which level it speaks of the image; `None` where bytes were signed.
    pub level: Option<Level>,
    /// Times that somebody vouches for, seconds since 1970.
    pub times: Vec<i64>,
    /// Whether a log has it, shown by an inclusion proof or a promise.
    pub log: bool,
    /// Whether the certificate is in a log of certificates.
    pub certificate_log: bool,
}

/// Why a bundle shows nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its name, kebab-case and stable.
    pub name: &'static str,
    /// What was found.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.name, self.message)
    }
}

impl std::error::Error for Failure {}

fn failure(name: &'static str, message: impl Into<String>) -> Failure {
    Failure { name, message: message.into() }
}

/// A bundle is at most an attestation and its certificate chain.
const BUNDLE_SLACK: usize = 1 << 20;

impl Trust {
    /// The two roots that are pinned here, as the release of `sigstore-trust-root` has them.
    ///
    /// # Errors
    /// A root is malformed.
    pub fn pinned() -> Result<Self, Failure> {
        provider::install();
        let roots = [
            (Root::PublicGood, SIGSTORE_PRODUCTION_TRUSTED_ROOT),
            (Root::GitHub, SIGSTORE_GITHUB_TRUSTED_ROOT),
        ];
        let roots =
            roots.into_iter().map(|(root, json)| Ok((root, verifier(json)?))).collect::<Result<_, _>>()?;
        Ok(Self { roots, keys: Vec::new() })
    }

    /// One root of the caller's (`trusted_root.json`), and no other.
    ///
    /// # Errors
    /// It is malformed.
    pub fn given(json: &str) -> Result<Self, Failure> {
        provider::install();
        Ok(Self { roots: vec![(Root::Given, verifier(json)?)], keys: Vec::new() })
    }

    /// Adds a public key in PEM: bundles that name no certificate may be signed by it. Returns the key in DER (SPKI).
    ///
    /// # Errors
    /// It is no public key.
    pub fn add_key(&mut self, pem: &str) -> Result<Vec<u8>, Failure> {
        let key = DerPublicKey::from_pem(pem).map_err(|error| failure("key-malformed", error.to_string()))?;
        let der = key.as_bytes().to_vec();
        self.keys.push(key);
        Ok(der)
    }
}

fn verifier(json: &str) -> Result<Verifier, Failure> {
    let malformed = |error: &dyn fmt::Display| failure("root-malformed", error.to_string());
    let root = TrustedRoot::from_json(json).map_err(|error| malformed(&error))?;
    Verifier::new(&root).map_err(|error| malformed(&error))
}

/// What a bundle is held against.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// An image: the signed statement must have one of its digests as a subject.
    Image(&'a Subjects),
    /// These bytes, or a statement about them.
    Bytes(&'a [u8]),
    /// What has this digest.
    Digest(&'a Digest),
}

/// Verifies a bundle. Whether its signer may speak of the image is not asked here: see
/// [`Claims`](crate::commit::Claims).
///
/// # Errors
/// By the name of what failed; where several roots were tried, that of the first whose authority the certificate has.
pub fn verify(
    bundle: &[u8],
    subject: Subject<'_>,
    trust: &Trust,
    budget: &Budget,
) -> Result<Signed, Failure> {
    let most = budget.image_attestation_bytes.saturating_mul(2).saturating_add(BUNDLE_SLACK);
    let document =
        json::read(bundle, most, budget).map_err(|message| failure("bundle-malformed", message))?;
    one_of_each(&document)?;
    let text =
        core::str::from_utf8(bundle).map_err(|error| failure("bundle-malformed", error.to_string()))?;
    let bundle = Bundle::from_json(text).map_err(|error| failure("bundle-malformed", error.to_string()))?;
    let statement = match &bundle.content {
        SignatureContent::DsseEnvelope(envelope) => Some(
            Statement::read(envelope.payload.as_bytes(), budget)
                .map_err(|error| failure("statement-malformed", error.to_string()))?,
        ),
        _ => None,
    };
    let (input, level) = input(subject, statement.as_ref())?;
    if bundle.signing_certificate().is_none() && is_bare(&bundle) {
        by_key_alone(&bundle, level, trust)?;
        let (times, log, certificate_log) = (Vec::new(), false, false);
        return Ok(Signed { root: Root::Key, signer: None, statement, level, times, log, certificate_log });
    }
    let found = if bundle.signing_certificate().is_some() {
        by_certificate(&bundle, &input, trust)
    } else {
        by_key(&bundle, &input, trust)
    };
    let (root, result) = found?;
    Ok(Signed {
        root,
        signer: signer(&result),
        statement,
        level,
        times: result.verified_timestamps().iter().map(|time| time.as_second()).collect(),
        log: result.tlog_verified() && !bundle.verification_material.tlog_entries.is_empty(),
        certificate_log: result.sct_verified(),
    })
}

/// The bundle's protobuf has one kind of content and one kind of key in a `oneof` each. Of a document with two of them one
/// reader takes this and another that, and only one of them is verified.
fn one_of_each(bundle: &serde_json::Value) -> Result<(), Failure> {
    const CONTENT: [&str; 4] = ["messageSignature", "message_signature", "dsseEnvelope", "dsse_envelope"];
    const KEY: [&str; 5] =
        ["publicKey", "public_key", "x509CertificateChain", "x509_certificate_chain", "certificate"];
    let material = bundle.get("verificationMaterial").or_else(|| bundle.get("verification_material"));
    for (object, names) in [(Some(bundle), &CONTENT[..]), (material, &KEY[..])] {
        let present =
            |name: &&&str| object.and_then(|it| it.get(**name)).is_some_and(|value| !value.is_null());
        let given: Vec<&str> = names.iter().filter(present).copied().collect();
        if let [one, other, ..] = given.as_slice() {
            return Err(failure(
                "bundle-malformed",
                format!("has both {one} and {other}, expected one of them"),
            ));
        }
    }
    Ok(())
}

/// What the verifier takes: bytes, or a digest.
enum Input<'a> {
    Bytes(&'a [u8]),
    Sha256(Sha256Hash),
    Other(sigstore_verify::types::ArtifactDigest),
}

fn input<'a>(
    subject: Subject<'a>,
    statement: Option<&Statement>,
) -> Result<(Input<'a>, Option<Level>), Failure> {
    match subject {
        Subject::Bytes(bytes) => Ok((Input::Bytes(bytes), None)),
        Subject::Digest(digest) => Ok((of_digest(digest)?, None)),
        Subject::Image(image) => {
            let statement = statement
                .ok_or_else(|| failure("no-statement", "bytes are signed and no statement about an image"))?;
            let level = statement.level(image).ok_or_else(|| {
                failure(
                    "subject-mismatch",
                    "no subject of the statement is the index or platform manifest of this image",
                )
            })?;
            let digest =
                image.at(level).ok_or_else(|| failure("subject-mismatch", "the image has no such digest"))?;
            Ok((of_digest(digest)?, Some(level)))
        }
    }
}

fn of_digest(digest: &Digest) -> Result<Input<'static>, Failure> {
    use sigstore_verify::types::{ArtifactDigest, DigestBytes, HashAlgorithm};
    let malformed = |error: &dyn fmt::Display| failure("subject-mismatch", error.to_string());
    match digest.algorithm() {
        Algorithm::Sha256 => {
            Sha256Hash::from_hex(digest.hex()).map(Input::Sha256).map_err(|error| malformed(&error))
        }
        Algorithm::Sha512 => {
            let bytes = DigestBytes::from_hex(digest.hex()).map_err(|error| malformed(&error))?;
            ArtifactDigest::new(HashAlgorithm::Sha2512, bytes)
                .map(Input::Other)
                .map_err(|error| malformed(&error))
        }
        Algorithm::Sha384 => {
            Err(failure("subject-mismatch", "digests of SHA-384 are not matched with statements"))
        }
    }
}

fn run(
    verifier: &Verifier,
    input: &Input<'_>,
    bundle: &Bundle,
    policy: &(impl sigstore_verify::Policy + ?Sized),
) -> Result<VerificationResult, Error> {
    match input {
        Input::Bytes(bytes) => verifier.verify(*bytes, bundle, policy),
        Input::Sha256(digest) => verifier.verify(*digest, bundle, policy),
        Input::Other(digest) => verifier.verify(digest.clone(), bundle, policy),
    }
}

fn by_certificate(
    bundle: &Bundle,
    input: &Input<'_>,
    trust: &Trust,
) -> Result<(Root, VerificationResult), Failure> {
    let mut first: Option<Failure> = None;
    for (root, verifier) in &trust.roots {
        let policy = match root {
            // GitHub's root has no logs at all: time stamps and chain are what there is. Under no other root is this done.
            Root::GitHub if bundle.verification_material.tlog_entries.is_empty() => {
                VerificationPolicy::any_identity().skip_tlog_unsafe().skip_sct()
            }
            Root::GitHub => continue,
            _ => VerificationPolicy::any_identity(),
        };
        match run(verifier, input, bundle, &policy) {
            Ok(result) => return Ok((*root, result)),
            Err(error) => {
                let named = named(&error);
                // A root that does not know the certificate says nothing about the rest.
                let foreign =
                    |one: &Failure| matches!(one.name, "certificate-chain" | "time-stamp" | "no-time");
                if first.as_ref().is_none_or(|earlier| foreign(earlier) && !foreign(&named)) {
                    first = Some(named);
                }
            }
        }
    }
    Err(first.unwrap_or_else(|| failure("no-root", "no root is trusted for bundles with a certificate")))
}

fn by_key(bundle: &Bundle, input: &Input<'_>, trust: &Trust) -> Result<(Root, VerificationResult), Failure> {
    let Some((_, verifier)) = trust.roots.first() else {
        return Err(failure("no-root", "no root is given"));
    };
    let mut last = failure("key-unknown", "signed by a key, and none is given");
    for key in &trust.keys {
        let policy = PublicKeyVerificationPolicy::new(key.clone());
        match run(verifier, input, bundle, &policy) {
            Ok(result) => return Ok((Root::Key, result)),
            Err(error) => last = named(&error),
        }
    }
    Err(last)
}

/// Neither an entry of a log nor a time stamp.
fn is_bare(bundle: &Bundle) -> bool {
    let material = &bundle.verification_material;
    material.tlog_entries.is_empty() && material.timestamp_verification_data.rfc3161_timestamps.is_empty()
}

/// A statement about an image that a key signed and no log has. `sigstore-verify` takes no such bundle; what is left of the
/// format is one signature over the envelope.
fn by_key_alone(bundle: &Bundle, level: Option<Level>, trust: &Trust) -> Result<(), Failure> {
    let bare = || failure("no-time", "neither an entry of a log nor a time stamp");
    let SignatureContent::DsseEnvelope(envelope) = &bundle.content else { return Err(bare()) };
    if level.is_none() || envelope.payload_type != "application/vnd.in-toto+json" {
        return Err(bare());
    }
    if trust.keys.is_empty() {
        return Err(failure("key-unknown", "signed by a key, and none is given"));
    }
    let message = envelope.pae();
    let holds = |key: &DerPublicKey| {
        VerificationKey::from_spki(key).and_then(|key| key.verify(&message, &envelope.signature.sig)).is_ok()
    };
    match trust.keys.iter().any(holds) {
        true => Ok(()),
        false => Err(failure("signature-invalid", "no given key has made the signature")),
    }
}

fn signer(result: &VerificationResult) -> Option<Signer> {
    let certificate = result.certificate()?;
    let claims = &certificate.ci_claims;
    let old = &claims.deprecated_github;
    Some(Signer {
        identity: result.identity().map(SubjectAltName::as_str).map(str::to_owned),
        issuer: result.issuer().map(str::to_owned),
        repository: claims
            .source_repository_uri
            .clone()
            .or_else(|| old.workflow_repository.as_ref().map(|name| format!("https://github.com/{name}"))),
        repository_id: claims.source_repository_identifier.clone(),
        commit: claims.source_repository_digest.clone().or_else(|| old.workflow_sha.clone()),
        reference: claims.source_repository_ref.clone(),
        runner: claims.runner_environment.clone(),
        trigger: claims.build_trigger.clone().or_else(|| old.workflow_trigger.clone()),
        run: claims.run_invocation_uri.clone(),
        visibility: claims.source_repository_visibility_at_signing.clone(),
    })
}

/// A name for each failure; the words are the verifier's.
fn named(error: &Error) -> Failure {
    let name = match error {
        Error::IdentityMismatch { .. } => "identity",
        Error::IssuerMismatch { .. } => "issuer",
        Error::SignatureInvalid(_) => "signature-invalid",
        Error::ArtifactMismatch(_) => "subject-mismatch",
        Error::UnsupportedArtifact(_) => "digest-only",
        Error::Certificate(error) => match error {
            CertificateError::Malformed(_) => "certificate-malformed",
            CertificateError::ChainInvalid(_) => "certificate-chain",
            CertificateError::NoValidAuthority { .. } => "certificate-chain",
            CertificateError::NotYetValid { .. } => "certificate-not-yet-valid",
            CertificateError::Expired { .. } => "certificate-expired",
            CertificateError::Sct(_) => "certificate-log",
            _ => "certificate",
        },
        Error::TransparencyLog(error) => match error {
            TransparencyLogError::UnknownLog { .. } => "log-unknown",
            TransparencyLogError::InclusionProof(_) => "log-inclusion",
            TransparencyLogError::Checkpoint(_) => "log-checkpoint",
            TransparencyLogError::InclusionPromise(_) => "log-promise",
            TransparencyLogError::EntryMismatch(_) => "log-entry-mismatch",
            TransparencyLogError::IntegratedTime(_) => "log-time",
            TransparencyLogError::MalformedEntry(_) => "log-entry-malformed",
            _ => "log",
        },
        Error::Timestamp(TimestampError::NoVerifiedTimestamp(_)) => "no-time",
        Error::Timestamp(_) => "time-stamp",
        Error::UnsupportedBundle(_) => "bundle-unsupported",
        Error::Crypto(_) => "signature-invalid",
        Error::InvalidTrustRoot(_) | Error::TrustRoot(_) | Error::TrustedCertificate(_) => "root-malformed",
        _ => "bundle-malformed",
    };
    failure(name, error.to_string())
}

#[cfg(test)]
mod tests;
