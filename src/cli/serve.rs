//! Options of the service.

use super::{Judge, network};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  veritee serve --collateral collateral/ --policy policy.toml
  veritee serve --listen 127.0.0.1:8080 --image dstack-0.5.5/ --jobs 2
  veritee serve --allow-fetch api.trustedservices.intel.com,certificates.trustedservices.intel.com
  veritee serve --listen 0.0.0.0:8080 --tokens tokens.txt
  veritee serve --site site/index.html

POST /verify takes what dstack-verifier takes and answers in its shape; POST /v1/verify takes evidence in any form and
answers with the report. GET /openapi.json describes all of it, docs/serve.md what differs. A verdict is status 200,
whichever it is. SIGTERM and Ctrl-C let requests under way finish.")]
pub(crate) struct Serve {
    /// The address and port; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// Who may ask: a file with a bearer token a line. Needed where the address is not loopback.
    #[arg(long, value_name = "FILE")]
    pub(crate) tokens: Option<PathBuf>,
    /// Let everybody ask who can reach the address, whatever address it is.
    #[arg(long, conflicts_with = "tokens")]
    pub(crate) open: bool,
    /// The page at `/` that verifies in the visitor's browser: the file that `veritee site` wrote. Without it `/` says how.
    #[arg(long, value_name = "FILE")]
    pub(crate) site: Option<PathBuf>,
    /// Hosts that may be asked for collateral that is lacking, comma separated: all that the service which is asked
    /// has. Without this no request is made.
    #[arg(
        long,
        value_name = "HOST",
        value_delimiter = ',',
        conflicts_with = "offline",
        help_heading = "Network"
    )]
    pub(crate) allow_fetch: Vec<String>,
    /// Collateral: a file, or a folder of files. May be repeated.
    #[arg(long, value_name = "FILE|DIR", help_heading = "Evidence")]
    pub(crate) collateral: Vec<PathBuf>,
    /// NVIDIA's reference manifests, OCSP answers and revocation lists: files or folders. May be repeated.
    #[arg(long, value_name = "FILE|DIR", help_heading = "Evidence")]
    pub(crate) gpu_collateral: Vec<PathBuf>,
    /// An operating system's image, folder or tarball. May be repeated: the one whose hash the evidence claims is taken.
    #[arg(long, value_name = "DIR|TAR", help_heading = "Evidence")]
    pub(crate) image: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) judge: Judge,
    #[command(flatten)]
    pub(crate) network: network::Network,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
}

/// How much is taken on.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Bounds {
    /// Verifications at once; 0 for one a core.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) jobs: usize,
    /// Requests that may wait for their turn; others are answered 503.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub(crate) queue: usize,
    /// Batches at once; others are answered 503.
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) batches: usize,
    /// Connections at once. Beyond it the one that is silent longest is closed.
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = at_least_one)]
    pub(crate) connections: usize,
    /// Bytes of a body, and of a line of a batch; others are answered 413.
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20, value_parser = at_least_one)]
    pub(crate) body_bytes: usize,
    /// Seconds until a body is there (408), a head is there, or a silent connection is closed.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) body_time: u64,
    /// Seconds that a request may wait for its turn (503), and then for its verdict (504).
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) work_time: u64,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("expected at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{error}")),
    }
}

/// Names are not resolved: which address is listened on is said, not looked up.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_syntax| "expected an IP address and a port, for example 127.0.0.1:8080".to_owned())
}
