//! `veritee verify-bundle`: one Sigstore bundle over one file or digest, offline. The options are those of the protocol of
//! sigstore-conformance (`docs/cli_protocol.md` there), so that its runner takes the program as it is.

use super::gather;
use crate::cli::{Format, Global, VerifyBundle as Options};
use crate::failure::Failure;
use crate::input::{self, shown};
use core::fmt::Write as _;
use std::path::Path;
use veritee_evidence::Slot;
use veritee_image::Digest;
use veritee_model::text::{inert, inert_json};
use veritee_model::{Budget, ExitCode};
use veritee_provenance::sigstore::{self, Subject};
use veritee_provenance::{Failure as Why, Root, Signed, Trust};

pub(crate) fn run(options: &Options, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Json, Format::Jsonl], "verify-bundle")?;
    let budget = &Budget::STANDARD;
    let trust = trust(options)?;
    let bundle = gather::document(&options.bundle, Slot::Bundle, ExitCode::Unobtainable)?;
    let found = match digest(&options.artifact) {
        Some(digest) => sigstore::verify(&bundle.bytes, Subject::Digest(&digest), &trust, budget),
        None => {
            let artifact = input::read(Path::new(&options.artifact))?;
            sigstore::verify(&bundle.bytes, Subject::Bytes(&artifact.bytes), &trust, budget)
        }
    };
    let judged = found.and_then(|signed| expected(&signed, options).map(|()| signed));
    let text = match global.format {
        Format::Json => inert_json(&format!("{:#}\n", document(&judged))),
        Format::Jsonl => inert_json(&format!("{}\n", document(&judged))),
        _ => words(&judged),
    };
    crate::output::data(&text, global)?;
    Ok(judged.map_or_else(|why| exit(&why), |_signed| ExitCode::Verified))
}

/// A digest, where the text is one and names no file.
fn digest(text: &str) -> Option<Digest> {
    Digest::parse(text).filter(|_| !Path::new(text).exists())
}

fn trust(options: &Options) -> Result<Trust, Failure> {
    let refused = |path: &Path, error: &dyn core::fmt::Display| {
        Failure::unobtainable(format!("{}: {error}", shown(path)))
    };
    let text = |path: &Path| -> Result<String, Failure> {
        String::from_utf8(input::pem(&input::read(path)?)).map_err(|error| refused(path, &error))
    };
    let mut trust = match &options.trusted_root {
        Some(path) => Trust::given(&text(path)?).map_err(|error| refused(path, &error))?,
        None => Trust::pinned().map_err(|error| Failure::internal(error.to_string()))?,
    };
    if let Some(path) = &options.key {
        trust.add_key(&text(path)?).map_err(|error| refused(path, &error))?;
    }
    Ok(trust)
}

/// Whether it is signed by whom the caller expects: letter by letter.
fn expected(signed: &Signed, options: &Options) -> Result<(), Why> {
    let wrong = |name, expected: &str, got: Option<&str>| Why {
        name,
        message: format!("expected {expected}, got {}", got.unwrap_or("none")),
    };
    if options.key.is_some() {
        let by_key = signed.root == Root::Key;
        return if by_key {
            Ok(())
        } else {
            Err(wrong("key-unknown", "a signature by the given key", Some("a certificate")))
        };
    }
    let signer = signed.signer.as_ref();
    let pairs = [
        ("identity", &options.certificate_identity, signer.and_then(|signer| signer.identity.as_deref())),
        ("issuer", &options.certificate_oidc_issuer, signer.and_then(|signer| signer.issuer.as_deref())),
    ];
    for (name, wanted, got) in pairs {
        // Without a key both are there: the command line asks for them.
        let wanted = wanted.as_deref().unwrap_or_default();
        if wanted.is_empty() || got != Some(wanted) {
            return Err(wrong(name, wanted, got));
        }
    }
    Ok(())
}

/// 3 for what cannot be read, 11 for another signer, 10 for a signature that shows nothing.
fn exit(why: &Why) -> ExitCode {
    match why.name {
        "bundle-malformed" | "bundle-unsupported" | "root-malformed" => ExitCode::Unobtainable,
        "identity" | "issuer" => ExitCode::Refused,
        _ => ExitCode::NotGenuine,
    }
}

fn document(judged: &Result<Signed, Why>) -> serde_json::Value {
    let mut value = match judged {
        Ok(signed) => serde_json::json!({
            "verified": true,
            "root": signed.root,
            "signer": signed.signer,
            "predicate_type": signed.statement.as_ref().map(|statement| &statement.predicate_type),
            "times": signed.times,
            "log": signed.log,
            "certificate_log": signed.certificate_log,
        }),
        Err(why) => serde_json::json!({ "verified": false, "failed": why.name, "message": why.message }),
    };
    value["schema"] = "veritee/bundle/v1".into();
    value
}

fn words(judged: &Result<Signed, Why>) -> String {
    let signed = match judged {
        Ok(signed) => signed,
        Err(why) => return format!("the bundle shows nothing ({}): {}\n", why.name, inert(&why.message)),
    };
    let signer = signed.signer.as_ref();
    let who = signer.and_then(|signer| signer.identity.as_deref()).unwrap_or("the given key");
    let mut out = format!("the bundle holds: signed by {}, under {}\n", inert(who), signed.root.words());
    // Writing to a String cannot fail.
    let _ = match &signed.statement {
        Some(statement) => writeln!(out, "  says      {}", inert(&statement.predicate_type)),
        None => writeln!(out, "  says      nothing beside the signature"),
    };
    if let Some(commit) = signer.and_then(|signer| signer.commit.as_deref()) {
        let of = signer
            .and_then(|signer| signer.repository.as_deref())
            .unwrap_or("a repository that is not named");
        let _ = writeln!(out, "  built     {} of {}", inert(commit), inert(of));
    }
    let _ = writeln!(out, "  log       {}", if signed.log { "has it" } else { "none has it" });
    out
}
