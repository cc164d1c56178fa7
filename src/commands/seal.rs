//! `veritee sign` and `veritee verify-report`

use super::{gather, render};
use crate::cli::{AsOf, Format, Global, SealForm, Sign, VerifyReport};
use crate::failure::Failure;
use crate::input::{self, shown};
use core::fmt::Write as _;
use ring::rand::SystemRandom;
use std::io::Read as _;
use std::path::Path;
use veritee_model::{ExitCode, Report, Sha256Digest};
use veritee_seal::{PublicKey, SealError, SigningKey, Statement, Tool};

/// Signs a saved report. What contradicts itself is not signed.
pub(crate) fn sign(options: &Sign, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human], "sign")?;
    if options.form != SealForm::Ear && (options.issued.is_some() || options.expires.is_some()) {
        return Err(Failure::usage("--issued and --expires are of tokens: give them with --form ear"));
    }
    let source = input::read(&options.report)?;
    let report = render::parsed(&options.report, &source)?;
    let random = SystemRandom::new();
    let keys: Result<Vec<SigningKey>, Failure> =
        options.key.iter().map(|path| signing_key(path, &random)).collect();
    let keys = keys?;
    distinct(keys.iter().map(SigningKey::public))?;
    let statement = || Statement::of(&report, &source.bytes, tool());
    let signed = match options.form {
        SealForm::Sealed => veritee_seal::seal(&source.bytes, &statement(), &keys, &random),
        SealForm::Badge => veritee_seal::badge(&statement(), &keys, &random),
        SealForm::Ear => token(options, &report, &source.bytes, &keys, &random)?,
    };
    let text = signed.map_err(|error| Failure::internal(error.to_string()))?;
    crate::output::data(&text, global)?;
    Ok(ExitCode::Verified)
}

fn token(
    options: &Sign,
    report: &Report,
    bytes: &[u8],
    keys: &[SigningKey],
    random: &SystemRandom,
) -> Result<Result<String, SealError>, Failure> {
    let [key] = keys else {
        return Err(Failure::usage(format!("a token has one signature, {} keys were given", keys.len()))
            .help("sign it once for each key, each into a file of its own"));
    };
    let time = |given: AsOf| match given {
        AsOf::Now => input::now(),
        AsOf::At(time) => Ok(time),
    };
    let issued = time(options.issued.unwrap_or(AsOf::Now))?;
    let expires = options.expires.map(time).transpose()?;
    if expires.is_some_and(|expires| expires <= issued) {
        return Err(Failure::usage("the token would expire before it is issued"));
    }
    Ok(veritee_seal::ear(report, bytes, issued, expires, key, random))
}

/// Opens a sealed report or a badge. The exit code is that of the signed verdict.
pub(crate) fn verify(options: &VerifyReport, global: &Global) -> Result<ExitCode, Failure> {
    let source = input::read(&options.sealed)?;
    let keys: Result<Vec<PublicKey>, Failure> = options.key.iter().map(|path| public_key(path)).collect();
    let keys = keys?;
    distinct(keys.iter())?;
    let broken = |error: SealError| broken(&options.sealed, &error);
    if source.bytes.trim_ascii_start().starts_with(b"<svg") {
        let statement = veritee_seal::open_badge(&source.bytes, &keys).map_err(broken)?;
        return badge(options, &statement, &keys, global);
    }
    let sealed = veritee_seal::open(&source.bytes, &keys).map_err(broken)?;
    let report = veritee_report::parse(&sealed.report)
        .map_err(|error| Failure::unobtainable(format!("{}: {error}", shown(&options.sealed))))?;
    sealed.agrees(&report).map_err(broken)?;
    if let Some(path) = &options.evidence {
        let evidence = gather::single(path, options.select.as_deref(), global)?;
        veritee_seal::same_evidence(&report, &veritee_verify::inputs(&evidence)).map_err(broken)?;
    }
    if let Some(path) = &options.policy {
        let policy = input::read(path)?;
        veritee_seal::same_policy(&report, Sha256Digest::of(&policy.bytes)).map_err(broken)?;
    }
    crate::output::note(global, &vouched(&sealed.statement, &keys, options));
    crate::output::report(&report, global)?;
    Ok(report.verdict.outcome.exit_code())
}

fn badge(
    options: &VerifyReport,
    statement: &Statement,
    keys: &[PublicKey],
    global: &Global,
) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human], "verify-report BADGE")?;
    if options.evidence.is_some() || options.policy.is_some() {
        return Err(Failure::usage("a badge holds no report to compare evidence and policy with")
            .help("give the sealed report instead"));
    }
    let own = &statement.predicate.veritee;
    let mut text = format!("{}\nas of {}\n", own.headline, statement.predicate.time_verified);
    let mut list = |what: &str, words: Vec<String>| {
        for word in words {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{what}: {}", veritee_model::text::inert(&word));
        }
    };
    list("loosened", own.loosened.clone());
    list("not checked", own.not_checked.iter().map(ToString::to_string).collect());
    list("DevProof", vec![own.stage.to_string()]);
    list(
        "sha256 of",
        statement.subject.iter().map(|it| format!("{} {}", it.name, it.digest.sha256)).collect(),
    );
    crate::output::note(global, &vouched(statement, keys, options));
    crate::output::data(&text, global)?;
    Ok(own.outcome.exit_code())
}

/// Whose word it is, and that it is no more than that.
fn vouched(statement: &Statement, keys: &[PublicKey], options: &VerifyReport) -> String {
    let tool = &statement.predicate.veritee.tool;
    let program = tool.sha256.map_or_else(String::new, |sha256| format!(", program of SHA-256 {sha256}"));
    let names: Vec<String> = keys.iter().map(PublicKey::id).collect();
    let compared: Vec<&str> = [("evidence", &options.evidence), ("policy", &options.policy)]
        .into_iter()
        .filter_map(|(name, given)| given.is_some().then_some(name))
        .collect();
    let compared = match compared.as_slice() {
        [] => "; neither evidence nor policy was compared".to_owned(),
        names => format!("; the {} given is the report's", names.join(" and the ")),
    };
    format!(
        "seal: signed with veritee {}{program} by {}{compared}\n\
         note: the signers vouch for what follows; nothing was verified anew",
        veritee_model::text::inert(&tool.version),
        names.join(" and ")
    )
}

fn broken(path: &Path, error: &SealError) -> Failure {
    let code = error.reason().code();
    Failure::unobtainable(format!("{}: {error} ({code})", shown(path)))
        .help(format!("`veritee explain {code}` says what it means"))
}

fn distinct<'a>(keys: impl Iterator<Item = &'a PublicKey>) -> Result<(), Failure> {
    let mut ids: Vec<String> = keys.map(PublicKey::id).collect();
    let given = ids.len();
    ids.sort();
    ids.dedup();
    if ids.len() == given && given <= veritee_seal::MOST_KEYS {
        return Ok(());
    }
    Err(Failure::usage(format!("--key: expected up to {} different keys", veritee_seal::MOST_KEYS)))
}

fn signing_key(path: &Path, random: &SystemRandom) -> Result<SigningKey, Failure> {
    let der = pem(path, "PRIVATE KEY", "a private key as PKCS#8 in PEM, unencrypted")?;
    SigningKey::from_pkcs8(&der, random).map_err(|error| broken(path, &error))
}

fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    let der = pem(path, "PUBLIC KEY", "a public key in PEM")?;
    PublicKey::from_spki(&der).map_err(|error| broken(path, &error))
}

/// The one block of a PEM file.
fn pem(path: &Path, label: &str, expected: &str) -> Result<Vec<u8>, Failure> {
    let source = input::read(path)?;
    let blocks = input::pem(&source);
    let found = match x509_parser::pem::parse_x509_pem(&blocks) {
        Ok((rest, pem)) if pem.label == label && rest.trim_ascii().is_empty() => return Ok(pem.contents),
        Ok((_, pem)) if pem.label == label => "more than one block".to_owned(),
        Ok((_, pem)) => format!("`{}`", veritee_model::text::inert(&pem.label)),
        Err(_) => "no PEM".to_owned(),
    };
    let code = veritee_model::Reason::SealKeyUnusable.code();
    Err(Failure::unobtainable(format!("{}: expected {expected}, got {found} ({code})", shown(path)))
        .help(format!("`veritee explain {code}` says how keys are made")))
}

/// This program, by the digest of its file.
fn tool() -> Tool {
    let digest = || -> std::io::Result<Sha256Digest> {
        let mut file = std::fs::File::open(std::env::current_exe()?)?;
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                read => context.update(buffer.get(..read).unwrap_or_default()),
            }
        }
        let digest = <[u8; 32]>::try_from(context.finish().as_ref());
        digest.map(Sha256Digest::new).map_err(std::io::Error::other)
    };
    Tool { version: env!("CARGO_PKG_VERSION").to_owned(), sha256: digest().ok() }
}
