//! The command line. Stable: scripts outside this repository call it.

mod commit;
mod forms;
mod image;
mod keys;
pub(crate) mod network;
mod nonce;
mod seal;
mod serve;
mod showing;
mod site;
mod watch;

pub(crate) use commit::Commit;
pub(crate) use forms::{command, parse};
pub(crate) use image::{
    Carrying, Compare as ImageCompare, Fetch as ImageFetch, Image, Inspect as ImageInspect,
    Platform as ImagePlatform, Trace, Tracing, VerifyBundle,
};
pub(crate) use keys::KmsRootKeys;
pub(crate) use nonce::{GpuNonce, Nonce};
pub(crate) use seal::{SealForm, Sign, VerifyReport};
pub(crate) use serve::Serve;
pub(crate) use showing::{Show, Showing};
pub(crate) use site::Site;
pub(crate) use watch::{Keep, Recorded, Watch};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use veritee_model::{ReportData, UnixTime};

/// Checks, offline and from first principles, whether a dstack application in an Intel TDX machine is what it claims
/// to be, and whether its operator could still cheat its users.
#[derive(Debug, Parser)]
#[command(
    name = "veritee",
    version,
    arg_required_else_help = true,
    propagate_version = true,
    max_term_width = 100
)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

impl Global {
    /// The same with standard output for data, where the place that was named is a folder.
    pub(crate) fn to_screen(&self) -> Self {
        Self { output: None, ..self.clone() }
    }

    /// The same, and nothing is said.
    pub(crate) fn silent(&self) -> Self {
        Self { quiet: true, verbose: 0, ..self.clone() }
    }
}

const EXIT_CODES: &str = "\
Exit codes, the same for every --format:
   0  every required check passed         10  not genuine
   1  no verdict: output or program       11  genuine, refused by policy
   2  usage                               12  audit findings at or above --fail-on
   3  evidence could not be obtained      13  incomplete: a required check was not run
                                          14  changed since it was last seen (`watch`)";

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Global {
    /// Form of the output. Default: the one that the name of --output ends with, else human.
    #[arg(id = "format", long = "format", global = true, value_enum)]
    asked: Option<Format>,
    /// The form that counts: set once the command is known.
    #[arg(skip)]
    pub(crate) format: Format,
    /// Sections that are shown in full, of commands that make reports.
    #[arg(skip)]
    pub(crate) show: Vec<veritee_report::Section>,
    /// Write the output to this file instead of standard output (written whole or not at all); - is standard output.
    #[arg(long, short = 'o', global = true, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Print nothing: the exit code is the answer.
    #[arg(long, short = 'q', global = true)]
    pub(crate) quiet: bool,
    /// Say more; twice for everything.
    #[arg(long, short = 'v', global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Colour on the terminal; NO_COLOR and CLICOLOR_FORCE are honoured.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
    /// Show no progress on standard error.
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One screen for people.
    #[default]
    Human,
    /// One document, schema veritee/report/v1.
    Json,
    /// The same on one line.
    Jsonl,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// A page as auditors publish it.
    Markdown,
    /// One self-contained page.
    Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Verify a machine: from evidence to a verdict.
    Verify(Box<Verify>),
    /// Look at one quote, without dstack.
    #[command(subcommand)]
    Quote(Quote),
    /// Judge many quotes or evidences: JSON lines out, in the order of the input.
    Batch(Batch),
    /// Fetch the evidence of an application: everything that `verify` needs, in one file. Judges nothing.
    Fetch(Box<network::Fetch>),
    /// What the chain proves about an application: what may run, what could run at a block, who can change it.
    History(Box<network::History>),
    /// Watch applications: look at them on an interval, keep what was seen in one hash chain, tell what changed.
    Watch(Box<Watch>),
    /// Intel's collateral: fetch it once, keep it, carry it to a machine without network.
    #[command(subcommand)]
    Collateral(network::Collateral),
    /// Evidence of GPUs alone: whose reports, whose firmware. Never says where the GPUs are.
    #[command(subcommand)]
    Gpu(Gpu),
    /// Event logs.
    #[command(subcommand, name = "eventlog")]
    EventLog(EventLog),
    /// Compute the registers that a machine must have, and compare them with a quote.
    Measure(Measure),
    /// Audit a compose or a source tree: can the operator cheat? Says "not attested": nothing vouches for files.
    Audit(Audit),
    /// What changed between two composes, evidences or reports, and whose power grew.
    Diff(Diff),
    /// From the compose to its images, their commits and the source: each arrow proven, claimed or missing, by what.
    Trace(Box<Trace>),
    /// Verify one Sigstore bundle over a file or a digest, offline.
    VerifyBundle(VerifyBundle),
    /// Container images: fetched, compared, looked into.
    #[command(subcommand)]
    Image(Image),
    /// Evidence files.
    #[command(subcommand)]
    Evidence(Evidence),
    /// Show a saved report again, in any form. Nothing is verified anew.
    Render(Render),
    /// Sign a saved report, so that others can check whose word it is.
    Sign(Sign),
    /// Check the seal of a signed report or badge, and show it. Nothing is verified anew.
    VerifyReport(VerifyReport),
    /// Verify over HTTP, on loopback and offline unless told otherwise.
    Serve(Box<Serve>),
    /// Write the page that verifies in the visitor's browser: one HTML file, which can send nothing anywhere.
    Site(Site),
    /// Explain a reason code, a check, a rule of the audit, or a word of the screen.
    Explain(Explain),
    /// The way to Stage 1: questions that only a person can answer.
    #[command(subcommand)]
    Review(Review),
    /// Policy files.
    #[command(subcommand)]
    Policy(Policy),
    /// Print a completion script for a shell.
    #[command(after_help = "Example:\n  veritee completions bash -o veritee.bash")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print a manual page.
    #[command(after_help = "Examples:\n  veritee man -o veritee.1\n  veritee man batch -o veritee-batch.1")]
    Man {
        /// Of which command; of the program where none is named.
        #[arg(value_name = "COMMAND")]
        command: Vec<String>,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  veritee verify evidence.json --policy policy.toml
  veritee verify evidence.json --policy policy.toml --nonce $NONCE
  veritee verify quote.bin --event-log log.json --collateral collateral/ --as-of 2026-03-15
  veritee verify info.json --quote quote.bin --collateral collateral/ --policy policy.toml
  veritee verify evidence.json --policy policy.toml --chain chain.json
  veritee verify evidence.json --policy policy.toml --container-image deployed.tar --source app/
  veritee verify evidence.json --policy policy.toml --show findings,questions
  veritee verify evidence.json --policy policy.toml --format json > report.json")]
pub(crate) struct Verify {
    /// Evidence in any form that `veritee evidence forms` lists; - for standard input.
    pub(crate) input: PathBuf,
    #[command(flatten)]
    pub(crate) parts: Parts,
    /// Judge every machine that the input holds; the gravest verdict decides the exit code.
    #[arg(long, help_heading = "Evidence", conflicts_with_all = ["select", "quote", "app_compose", "event_log", "vm_config",
          "mr_config", "certificate", "ingress", "kms", "gateway", "chain", "save_evidence", "nonce", "report_data"])]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) judge: Judge,
    #[command(flatten)]
    pub(crate) network: network::Network,
    /// The quote must answer this request: hex, 16 to 64 bytes.
    #[arg(long, value_name = "HEX", conflicts_with = "report_data", help_heading = "Binding")]
    pub(crate) nonce: Option<Nonce>,
    /// REPORTDATA must be exactly this: hex, 64 bytes.
    #[arg(long, value_name = "HEX", help_heading = "Binding")]
    pub(crate) report_data: Option<ReportData>,
    /// The GPUs' reports must be over this nonce: hex, 32 bytes.
    #[arg(long, value_name = "HEX", help_heading = "Binding")]
    pub(crate) gpu_nonce: Option<GpuNonce>,
    /// The registry that the application's KMS obeys: who names it here takes it from elsewhere than the evidence.
    #[arg(long, value_name = "CHAINID:ADDRESS", help_heading = "Binding")]
    pub(crate) registry: Option<network::Registry>,
    /// The block that the chain was read at must have this hash.
    #[arg(long, value_name = "HASH", help_heading = "Binding")]
    pub(crate) block: Option<network::BlockHash>,
    /// The Ethereum block by which the chain's is known must have this hash.
    #[arg(long, value_name = "HASH", help_heading = "Binding")]
    pub(crate) l1_block: Option<network::BlockHash>,
    /// The operating system's image: its folder or tarball, with sha256sum.txt.
    #[arg(long, value_name = "DIR|TAR", help_heading = "Evidence")]
    pub(crate) image: Option<PathBuf>,
    /// The file of an image that the compose names: a layout, or what `docker save` writes. May be repeated.
    #[arg(long, value_name = "FILE|DIR", help_heading = "Images")]
    pub(crate) container_image: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) tracing: Tracing,
    #[command(flatten)]
    pub(crate) review: Reviewing,
    #[command(flatten)]
    pub(crate) showing: Showing,
    /// Save all evidence that was used, collateral included, to one file.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) save_evidence: Option<PathBuf>,
}

/// What the audit of an attested compose is given beside it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Audit")]
pub(crate) struct Reviewing {
    /// The source tree that the application is said to be made from.
    #[arg(long, value_name = "DIR")]
    pub(crate) source: Option<PathBuf>,
    /// A reviewer's answers (review.toml), bound to compose hash and commit. Without them never Stage 1.
    #[arg(long, value_name = "FILE")]
    pub(crate) review: Option<PathBuf>,
    /// The commit that was reviewed, 40 hex digits; read from the source tree's .git where it has one.
    #[arg(long, value_name = "HEX")]
    pub(crate) commit: Option<Commit>,
}

/// Parts of the evidence as files of their own.
#[derive(Debug, Args)]
#[command(next_help_heading = "Evidence")]
pub(crate) struct Parts {
    /// Which machine, where the input holds several: its label, for example /model_attestations/0.
    #[arg(long, value_name = "LABEL")]
    pub(crate) select: Option<String>,
    /// The quote, where the input has none (a `tcb_info`, the page of port 8090): any form that holds one.
    #[arg(long, value_name = "FILE")]
    pub(crate) quote: Option<PathBuf>,
    /// The app_compose, exactly as measured, or any form that holds it.
    #[arg(long, value_name = "FILE")]
    pub(crate) app_compose: Option<PathBuf>,
    /// The event log: JSON or CCEL, or any form that holds it.
    #[arg(long, value_name = "FILE")]
    pub(crate) event_log: Option<PathBuf>,
    /// The vm_config, or any form that holds it.
    #[arg(long, value_name = "FILE")]
    pub(crate) vm_config: Option<PathBuf>,
    /// The document behind MRCONFIGID version 3.
    #[arg(long, value_name = "FILE")]
    pub(crate) mr_config: Option<PathBuf>,
    /// RA-TLS certificate chain, PEM or DER.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
    /// Folder with the evidences of dstack-ingress.
    #[arg(long, value_name = "DIR")]
    pub(crate) ingress: Option<PathBuf>,
    /// Collateral: a file, or a folder from which the fitting ones are taken. May be repeated.
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) collateral: Vec<PathBuf>,
    /// Evidence of the KMS that gave the keys, in any form. Its bootstrap quote binds the root keys given with --kms-keys.
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) kms: Option<PathBuf>,
    /// The KMS's root keys, hex: the CA key (SPKI, DER) and the secp256k1 key (SEC1, compressed), with a comma between.
    #[arg(long, value_name = "CA,K256", requires = "kms")]
    pub(crate) kms_keys: Option<KmsRootKeys>,
    /// Evidence of the gateway in front of the machine, in any form.
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) gateway: Option<PathBuf>,
    /// What endpoints of a chain answered, as `veritee history --save` keeps it.
    #[arg(long, value_name = "FILE")]
    pub(crate) chain: Option<PathBuf>,
    /// Evidence of the machine's GPUs, in any form.
    #[arg(long, value_name = "FILE")]
    pub(crate) gpus: Option<PathBuf>,
    /// NVIDIA's reference manifests, OCSP answers and revocation lists: files or folders. May be repeated.
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) gpu_collateral: Vec<PathBuf>,
}

/// Under which rules.
#[derive(Debug, Args)]
#[command(next_help_heading = "Verdict")]
pub(crate) struct Judge {
    /// The policy file; without it the strict built-in one.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// The time of the verdict: RFC 3339, a date (its first second, UTC), seconds since 1970, or `now`. Default: the policy's `[as_of]`, else now.
    #[arg(long, value_name = "TIME", value_parser = parse_as_of)]
    pub(crate) as_of: Option<AsOf>,
    /// Open no socket. Without this, `verify` and `quote verify` fetch collateral that was not given and is not in
    /// the store; no other command but `fetch`, `history`, `watch`, `image fetch`, `collateral fetch` and `serve` opens
    /// one.
    #[arg(long)]
    pub(crate) offline: bool,
    /// `both` asks dcap-qvl for a second opinion and refuses when the two disagree.
    /// Default: both; for `batch` native.
    #[arg(long, value_enum)]
    pub(crate) engine: Option<Engine>,
    /// Audit findings at or above this severity decide the exit code; overrides the policy's `fail_on`.
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<Severity>,
    /// Another trust root than Intel's, PEM or DER. The policy must name it; every page will say so.
    #[arg(long, value_name = "FILE")]
    pub(crate) root: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    Both,
    Native,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl From<Severity> for veritee_model::Severity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Low => Self::Low,
            Severity::Medium => Self::Medium,
            Severity::High => Self::High,
            Severity::Critical => Self::Critical,
        }
    }
}

/// A time given, or the clock's, read once at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AsOf {
    Now,
    At(UnixTime),
}

fn parse_as_of(text: &str) -> Result<AsOf, veritee_model::TimeError> {
    match text {
        "now" => Ok(AsOf::Now),
        // The report prints the time in full.
        text => UnixTime::parse_written(text).map(AsOf::At),
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Gpu {
    /// Print what reports say. Nothing is verified.
    #[command(after_help = "Example:\n  veritee gpu show gpus.json")]
    Show {
        /// Evidence of GPUs in any form, or evidence of a machine that holds some; - for standard input.
        file: PathBuf,
        /// Which machine, where the input holds several.
        #[arg(long, value_name = "LABEL")]
        select: Option<String>,
    },
    /// Verify reports down from NVIDIA's root, and compare them with the manifests that are given.
    #[command(after_help = "\
Examples:
  veritee gpu verify gpus.json --gpu-collateral manifests/ --gpu-nonce $NONCE
  veritee gpu verify report.txt --certificate gpu-chain.pem --as-of 2024-06-01T00:00:00Z")]
    Verify {
        /// Evidence of GPUs in any form, or evidence of a machine that holds some; - for standard input.
        file: PathBuf,
        /// Which machine, where the input holds several.
        #[arg(long, value_name = "LABEL")]
        select: Option<String>,
        /// The certificate chain of a report that came alone, PEM.
        #[arg(long, value_name = "FILE")]
        certificate: Option<PathBuf>,
        /// NVIDIA's reference manifests, OCSP answers and revocation lists: files or folders. May be repeated.
        #[arg(long, value_name = "FILE|DIR")]
        gpu_collateral: Vec<PathBuf>,
        /// The reports must be over this nonce: hex, 32 bytes.
        #[arg(long, value_name = "HEX")]
        gpu_nonce: Option<GpuNonce>,
        #[command(flatten)]
        judge: Box<Judge>,
        #[command(flatten)]
        place: network::StorePlace,
        #[command(flatten)]
        showing: Showing,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Quote {
    /// Print the fields of a quote. Nothing is verified.
    #[command(after_help = "Examples:\n  veritee quote show quote.bin\n  veritee quote show - < quote.bin")]
    Show {
        /// The quote in any form that `veritee evidence forms` lists; - for standard input.
        file: PathBuf,
    },
    /// Verify a quote against collateral: steps 1 and 2 of the pipeline.
    #[command(
        after_help = "Example:\n  veritee quote verify quote.bin --collateral collateral.json --as-of 2026-03-15"
    )]
    Verify {
        /// The quote in any form that `veritee evidence forms` lists; - for standard input.
        file: PathBuf,
        /// Which machine, where the input holds several.
        #[arg(long, value_name = "LABEL")]
        select: Option<String>,
        /// Collateral: a file, or a folder from which the fitting ones are taken. May be repeated.
        #[arg(long, value_name = "FILE|DIR")]
        collateral: Vec<PathBuf>,
        #[command(flatten)]
        judge: Box<Judge>,
        #[command(flatten)]
        network: network::Network,
        #[command(flatten)]
        showing: Showing,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  veritee batch quotes/ --collateral collateral/ --as-of 2026-03-15
  veritee batch quotes.hex --collateral collateral/ --as-of 2026-03-15 --jobs 2 > verdicts.jsonl
  veritee batch machines/ --as-of 2026-03-15 --resume verdicts.jsonl > all.jsonl
  veritee batch evidences.jsonl.gz --collateral collateral/ --policy policy.toml

A line is a quote (hex or base64) or any JSON form of evidence; a file may also be one JSON document, or an array of
them; gzip is read through. Folders are walked. A quote alone is judged by steps 1 and 2; evidence with an event log goes through the whole
pipeline. Entries that cannot be read are reported and passed over. The exit code is that of the gravest line: 10 before
11, 13, 3 for lines that could not be read, and 12. docs/formats.md describes the lines.")]
pub(crate) struct Batch {
    /// A folder of quotes or evidences, walked; a file with one a line, or an array of them; - for standard input.
    pub(crate) input: PathBuf,
    /// Collateral: a file, or a folder of files. May be repeated.
    #[arg(long, value_name = "FILE|DIR", help_heading = "Evidence")]
    pub(crate) collateral: Vec<PathBuf>,
    /// NVIDIA's reference manifests, OCSP answers and revocation lists: files or folders. May be repeated.
    #[arg(long, value_name = "FILE|DIR", help_heading = "Evidence")]
    pub(crate) gpu_collateral: Vec<PathBuf>,
    /// Folder of the collateral store, which is read and never asked to fetch. Default where no collateral is given:
    /// veritee/collateral in the user's cache folder.
    #[arg(long, value_name = "DIR", help_heading = "Evidence")]
    pub(crate) store: Option<PathBuf>,
    /// Threads, at most 1024; 0 for one a core.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = jobs)]
    pub(crate) jobs: usize,
    /// The output of an earlier run under the same rules, written with `> FILE`: its answers are taken over as they stand
    /// there, and its time for a day where none is given. Keep it where nobody else can write.
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) judge: Judge,
}

/// More threads than there are cores make nothing faster, and very many are refused by the system after long.
fn jobs(text: &str) -> Result<usize, String> {
    const MOST: usize = 1024;
    let wrong = || format!("expected a number from 0 to {MOST}");
    text.parse().ok().filter(|number| *number <= MOST).ok_or_else(wrong)
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventLog {
    /// Replay a log event by event, register by register.
    #[command(
        after_help = "Examples:\n  veritee eventlog replay event_log.json\n  veritee eventlog replay ccel.bin --quote quote.bin"
    )]
    Replay {
        /// The log (dstack JSON or CCEL), or evidence that holds one; - for standard input.
        file: PathBuf,
        /// Compare the result with the registers of this quote. The quote itself is not verified.
        #[arg(long, value_name = "FILE")]
        quote: Option<PathBuf>,
        /// Which machine, where the input holds several.
        #[arg(long, value_name = "LABEL")]
        select: Option<String>,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  veritee measure --vm-config vm_config.json
  veritee measure --vm-config vm_config.json --image dstack-0.5.5/ --quote quote.bin
  veritee measure --quote evidence.json --format json")]
pub(crate) struct Measure {
    /// The vm_config; without it the one in the evidence given with --quote.
    #[arg(long, value_name = "FILE", required_unless_present = "quote")]
    pub(crate) vm_config: Option<PathBuf>,
    /// The operating system's image: its folder or tarball, with sha256sum.txt.
    #[arg(long, value_name = "DIR|TAR")]
    pub(crate) image: Option<PathBuf>,
    /// Compare with the registers of this quote or evidence. The quote itself is not verified.
    #[arg(long, value_name = "FILE")]
    pub(crate) quote: Option<PathBuf>,
    /// Which machine, where the file holds several.
    #[arg(long, value_name = "LABEL")]
    pub(crate) select: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  veritee audit app-compose.json
  veritee audit app-compose.json --show findings,questions
  veritee audit docker-compose.yml --fail-on medium
  veritee audit . --compose app-compose.json --format sarif -o findings.sarif

Of a bare docker compose it is not known which variables the operator may set: every name counts as the operator's,
by assumption.")]
pub(crate) struct Audit {
    /// An app_compose, a docker compose file, evidence, or the folder of a source tree; - for standard input.
    pub(crate) input: PathBuf,
    /// The compose that is said to be made from the source tree.
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    pub(crate) compose: Option<PathBuf>,
    /// Which machine, where evidence holds several.
    #[arg(long, value_name = "LABEL", help_heading = "Evidence")]
    pub(crate) select: Option<String>,
    /// The commit that the source tree is at, 40 hex digits; read from its .git where it has one.
    #[arg(long, value_name = "HEX", help_heading = "Evidence")]
    pub(crate) commit: Option<Commit>,
    /// A reviewer's answers (review.toml), bound to compose hash and commit.
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    pub(crate) review: Option<PathBuf>,
    /// The policy file; of it `[audit]` counts.
    #[arg(long, value_name = "FILE", help_heading = "Verdict")]
    pub(crate) policy: Option<PathBuf>,
    /// The time for which allowances are in force: RFC 3339, a date, seconds since 1970, or `now`.
    #[arg(long, value_name = "TIME", value_parser = parse_as_of, help_heading = "Verdict")]
    pub(crate) as_of: Option<AsOf>,
    /// Findings at or above this severity decide the exit code; overrides the policy's `fail_on`.
    #[arg(long, value_enum, value_name = "SEVERITY", help_heading = "Verdict")]
    pub(crate) fail_on: Option<Severity>,
    #[command(flatten)]
    pub(crate) showing: Showing,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  veritee diff old-app-compose.json new-app-compose.json
  veritee diff last-week.json today.json --format json

Compares what both have: composes with effect (who can do what now), registers, security versions, key provider, KMS,
image digests, bindings, findings. The exit code is 12 where somebody's power grew, 3 where there is nothing to compare,
else 0. Nothing is verified: both documents count as they stand there.")]
pub(crate) struct Diff {
    /// The older one: an app_compose, a docker compose file, evidence in any form, or a saved report; - for standard input.
    pub(crate) before: PathBuf,
    /// The newer one.
    pub(crate) after: PathBuf,
    /// Which machine, where a document holds several.
    #[arg(long, value_name = "LABEL")]
    pub(crate) select: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Evidence {
    /// Make an evidence file out of any form, with all parts in one document.
    #[command(
        after_help = "Example:\n  veritee evidence convert info.json --quote quote.bin --collateral collateral.json -o evidence.json"
    )]
    Convert {
        /// Evidence in any form; - for standard input.
        input: PathBuf,
        #[command(flatten)]
        parts: Box<Parts>,
        #[command(flatten)]
        images: Carrying,
    },
    /// List the forms of evidence that are read, and how each is recognised.
    #[command(after_help = "Example:\n  veritee evidence forms")]
    Forms,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  veritee render report.json --format markdown > report.md")]
pub(crate) struct Render {
    /// A report saved with --format json; - for standard input.
    pub(crate) report: PathBuf,
    #[command(flatten)]
    pub(crate) showing: Showing,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Review {
    /// Write review.toml: the ten questions, and every open finding that needs a person, each with what was found and how
    /// to look.
    #[command(after_help = "\
Examples:
  veritee review init report.json -o review.toml
  veritee review init evidence.json --source app/ -o review.toml
  veritee verify evidence.json --review review.toml --source app/ --policy policy.toml

An answer counts with words that say what was looked at. All of them lapse when the compose, the commit or the rules
change, and at `expires`.")]
    Init {
        /// A report saved with --format json, or evidence or an app_compose, which is audited first; - for standard input.
        input: PathBuf,
        /// The source tree that will be reviewed: its commit is read from .git.
        #[arg(long, value_name = "DIR")]
        source: Option<PathBuf>,
        /// The commit that will be reviewed, 40 hex digits.
        #[arg(long, value_name = "HEX")]
        commit: Option<Commit>,
        /// From when on the answers count no more: RFC 3339 or a date.
        #[arg(long, value_name = "TIME", value_parser = parse_as_of)]
        expires: Option<AsOf>,
    },
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  veritee explain tcb-out-of-date\n  veritee explain DP-IMG-002\n  veritee explain 'Stage 1'\n  veritee explain --list"
)]
pub(crate) struct Explain {
    /// A reason code, a check, a rule of the audit, or a word of the screen.
    #[arg(required_unless_present = "list")]
    pub(crate) code: Option<String>,
    /// List all codes.
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Write a commented policy file, or one that pins what a report saw.
    #[command(
        after_help = "Examples:\n  veritee policy init > policy.toml\n  veritee policy init --from report.json -o policy.toml"
    )]
    Init {
        /// A report saved with --format json.
        #[arg(long, value_name = "REPORT.json")]
        from: Option<PathBuf>,
    },
    /// Check a policy file, and say in words what it demands and what it lets pass.
    #[command(after_help = "Example:\n  veritee policy check policy.toml")]
    Check {
        /// The policy file; - for standard input.
        file: PathBuf,
    },
    /// List all checks and which of them the default requires.
    #[command(after_help = "Example:\n  veritee policy checks")]
    Checks,
}
