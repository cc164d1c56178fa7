//! Options of what is signed.

use super::{AsOf, Showing, parse_as_of};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  veritee verify evidence.json --policy policy.toml --format json -o report.json
  veritee sign report.json --key key.pem -o report.sealed
  veritee sign report.json --key key.pem --form badge -o badge.svg
  veritee sign report.json --key key.pem --form ear --issued 2026-03-15 -o report.jwt

A key is Ed25519 or P-256: `openssl genpkey -algorithm ed25519 -out key.pem`, and for those who check
`openssl pkey -in key.pem -pubout -out public.pem`. The seal is over the exact bytes of the report, and binds the digests
of its evidence, its policy and this program.")]
pub(crate) struct Sign {
    /// A report saved with --format json; - for standard input.
    pub(crate) report: PathBuf,
    /// The private key: PKCS#8 in PEM, unencrypted. May be repeated: each signs.
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) key: Vec<PathBuf>,
    /// What is made of it.
    #[arg(long, value_enum, default_value_t = SealForm::Sealed)]
    pub(crate) form: SealForm,
    /// When a token says that it was issued: RFC 3339, a date, seconds since 1970, or `now`. Default: now.
    #[arg(long, value_name = "TIME", value_parser = parse_as_of)]
    pub(crate) issued: Option<AsOf>,
    /// From when on a token counts no more.
    #[arg(long, value_name = "TIME", value_parser = parse_as_of)]
    pub(crate) expires: Option<AsOf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SealForm {
    /// Two DSSE envelopes, one a line: the report, and an in-toto statement about it.
    Sealed,
    /// An EAT Attestation Result: a JWT for readers of RATS.
    Ear,
    /// A picture with verdict, date and what was not checked, its signed data inside.
    Badge,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  veritee verify-report report.sealed --key public.pem
  veritee verify-report report.sealed --key public.pem --evidence evidence.json --policy policy.toml
  veritee verify-report badge.svg --key public.pem

Every key given has to have signed. The exit code is that of the signed verdict, 3 where the seal does not hold. A seal
says who vouches for a report: whether its checks are true shows only `veritee verify`.")]
pub(crate) struct VerifyReport {
    /// What `veritee sign` wrote: a sealed report or a badge; - for standard input.
    pub(crate) sealed: PathBuf,
    /// The public key of a signer, PEM. May be repeated: each has to have signed.
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) key: Vec<PathBuf>,
    /// The report has to rest on this evidence, item by item, collateral aside.
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Option<PathBuf>,
    /// Which machine, where the evidence holds several.
    #[arg(long, value_name = "LABEL", requires = "evidence")]
    pub(crate) select: Option<String>,
    /// The report has to be made under this policy file.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) showing: Showing,
}
