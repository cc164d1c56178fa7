//! Options of watching.

use super::{Judge, network};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;
use veritee_client::Url;
use veritee_model::Sha256Digest;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
Examples:
  veritee watch --database watch.redb app.example --rpc https://rpc.example --once
  veritee watch --database watch.redb --evidence evidence.json --once --policy policy.toml

Each look is a record, compared with what was last shown of its target, in the database when its line is printed. The
exit code is that of the gravest: 10, then 14 where something changed, then as everywhere; 3 where a target gave nothing.
docs/watch.md describes the records.")]
pub(crate) struct Watch {
    #[command(subcommand)]
    pub(crate) command: Option<Recorded>,
    /// What to watch: as `veritee fetch` takes it. May be repeated.
    #[arg(value_name = "TARGET", required_unless_present = "evidence")]
    pub(crate) targets: Vec<String>,
    /// The database; made where there is none. One process writes to it at a time.
    #[arg(long, value_name = "DB", required = true)]
    pub(crate) database: Option<PathBuf>,
    /// Evidence that is looked at anew in each round, in any form; asks nobody. May be repeated.
    #[arg(long, value_name = "FILE", help_heading = "Target")]
    pub(crate) evidence: Vec<PathBuf>,
    /// The domain of the gateway in front of every app id that names no cluster.
    #[arg(long, value_name = "DOMAIN", help_heading = "Target")]
    pub(crate) gateway: Option<String>,
    /// How often each application is asked in a round, to see which machines answer.
    #[arg(long, value_name = "N", default_value_t = 4, help_heading = "Target",
          value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) replicas: u8,
    /// From the beginning of a round to that of the next: 30s, 10m, 1h, 1d.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = interval, help_heading = "Rounds")]
    pub(crate) interval: Duration,
    /// One round, and no more.
    #[arg(long, conflicts_with = "interval", help_heading = "Rounds")]
    pub(crate) once: bool,
    /// Where records with a change are sent, by POST: https, or http on loopback with --allow-local. What could not be
    /// sent is sent after the next round.
    #[arg(long, value_name = "URL", value_parser = url, help_heading = "Rounds")]
    pub(crate) webhook: Option<Url>,
    /// What is kept beside the records; chain reads with their proofs always are.
    #[arg(long, value_enum, help_heading = "Rounds")]
    pub(crate) keep: Option<Keep>,
    #[command(flatten)]
    pub(crate) chain: network::Chain,
    #[command(flatten)]
    pub(crate) judge: Judge,
    #[command(flatten)]
    pub(crate) network: network::Network,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Keep {
    /// All evidence, with the collateral that decided: every verdict can be repeated.
    Evidence,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Recorded {
    /// Print the records, each with its exact bytes on a line of its own, or bytes that were kept.
    #[command(after_help = "\
Example:
  veritee watch export watch.redb > observations.jsonl

The SHA-256 of a line, without its end, is what the next one names as `previous`.")]
    Export {
        /// The database.
        database: PathBuf,
        /// Print the bytes that are kept under this digest instead.
        #[arg(long, value_name = "SHA256")]
        kept: Option<Sha256Digest>,
    },
    /// Check the chain: that no record was changed, moved, added or taken out, and where it breaks.
    #[command(after_help = "\
Example:
  veritee watch check watch.redb

Keep the head that it prints elsewhere: only who knows it sees that the end was cut off, or all of it written anew.")]
    Check {
        /// The database, or an export.
        file: PathBuf,
        /// One of the records must have this hash: a head that was kept.
        #[arg(long, value_name = "SHA256")]
        head: Option<Sha256Digest>,
    },
}

fn interval(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a number and s, m, h or d, for example 10m".to_owned();
    let (digits, factor) = match text.split_at_checked(text.len().saturating_sub(1)) {
        Some((digits, "s")) => (digits, 1),
        Some((digits, "m")) => (digits, 60),
        Some((digits, "h")) => (digits, 3600),
        Some((digits, "d")) => (digits, 86_400),
        _ => return Err(wrong()),
    };
    let number: u32 = digits.parse().map_err(|_digits| wrong())?;
    match u64::from(number).saturating_mul(factor) {
        0 => Err("expected at least 1s".to_owned()),
        seconds => Ok(Duration::from_secs(seconds)),
    }
}

fn url(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|error| error.to_string())
}
