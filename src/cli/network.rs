//! Options of the commands that may open a socket.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use veritee_model::{Fmspc, UnixTime};

/// How the network is reached, and where what came from it is kept.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct Network {
    /// Folder in which collateral is kept between runs. Default: veritee/collateral in the user's cache folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Ask this caching service for collateral instead of Intel's own.
    #[arg(long, value_name = "URL")]
    pub(crate) pccs: Option<String>,
    /// Version of that service's interface.
    #[arg(long, value_enum, default_value_t = PccsVersion::V4, requires = "pccs")]
    pub(crate) pccs_version: PccsVersion,
    /// Which of Intel's TCB evaluations: `standard`, `early`, a number, or `both` to show the early verdict too.
    #[arg(long, value_name = "WHICH", default_value = "standard")]
    pub(crate) evaluation: Evaluation,
    /// Certificates of further authorities that may vouch for servers, PEM: for a proxy that reads along.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_roots: Option<PathBuf>,
    /// Let requests go to private and loopback addresses.
    #[arg(long)]
    pub(crate) allow_local: bool,
}

/// Whom to ask about the chain, and at which block.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Chain")]
pub(crate) struct Chain {
    /// An endpoint that is asked about the chain (JSON-RPC over HTTPS). Repeat it: on one host's word nothing is called
    /// proven. With CHAINID= an endpoint of another chain is refused.
    #[arg(long, value_name = "[CHAINID=]URL")]
    pub(crate) rpc: Vec<Rpc>,
    /// The registry that the KMS obeys. Default: the one that is known for the KMS's root key.
    #[arg(long, value_name = "CHAINID:ADDRESS")]
    pub(crate) registry: Option<Registry>,
    /// Read at the block with this hash. Default: the lowest one that the endpoints call final.
    #[arg(long, value_name = "HASH")]
    pub(crate) block: Option<BlockHash>,
    /// The first block of the logs. Default: the one in which the registry was deployed.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) from_block: Option<u64>,
    /// For Base: an endpoint of Ethereum, which is asked for the block of Base that its contracts hold for final. That
    /// block is then read, a day to a week old. May be repeated.
    #[arg(long, value_name = "[CHAINID=]URL", requires = "rpc")]
    pub(crate) l1_rpc: Vec<Rpc>,
    /// Ask about the Ethereum block with this hash. Default: the lowest one that the endpoints of Ethereum call final.
    #[arg(long, value_name = "HASH")]
    pub(crate) l1_block: Option<BlockHash>,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rpc {
    pub(crate) chain_id: Option<u64>,
    pub(crate) url: veritee_client::Url,
}

impl std::str::FromStr for Rpc {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let named = text
            .split_once('=')
            .filter(|(id, _)| !id.is_empty() && id.bytes().all(|digit| digit.is_ascii_digit()));
        let (chain_id, url) = match named {
            Some((id, url)) => {
                (Some(id.parse().map_err(|_large| format!("chain id {id} is too large"))?), url)
            }
            None => (None, text),
        };
        let url =
            veritee_client::Url::parse(url).map_err(|error| format!("expected [CHAINID=]URL: {error}"))?;
        Ok(Self { chain_id, url })
    }
}

/// A contract on a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Registry {
    pub(crate) chain_id: u64,
    pub(crate) address: [u8; 20],
}

impl std::str::FromStr for Registry {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            "expected CHAINID:ADDRESS, for example 8453:0x2f83172A49584C017F2B256F0FB2Dca14126Ba9C".to_owned()
        };
        let (id, address) = text.split_once(':').ok_or_else(wrong)?;
        let address = veritee_chain::wire::address("registry", address).map_err(|_spelling| wrong())?;
        Ok(Self { chain_id: id.parse().map_err(|_digits| wrong())?, address: address.into() })
    }
}

/// The hash of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockHash(pub(crate) [u8; 32]);

impl std::str::FromStr for BlockHash {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let word = veritee_chain::wire::word("block", text).map_err(|error| error.to_string())?;
        Ok(Self(word.into()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PccsVersion {
    V3,
    V4,
}

/// Which of Intel's TCB evaluations is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evaluation {
    One(veritee_collateral::Evaluation),
    /// Standard for the verdict, early beside it.
    Both,
}

impl std::str::FromStr for Evaluation {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "both" => Ok(Self::Both),
            one => one
                .parse()
                .map(Self::One)
                .map_err(|error: veritee_collateral::EvaluationError| format!("{error}, or `both`")),
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  veritee fetch 2c0a0c96cb6dbd659bf1446e2f3fce58172ff91b@pha-prod7 -o evidence.json
  veritee fetch 2c0a0c96cb6dbd659bf1446e2f3fce58172ff91b --gateway dstack.example -o evidence.json
  veritee fetch 'https://app.example/attestation?nonce={nonce}' -o evidence.json
  veritee fetch app.example --resolver https://resolver.example/dns-query -o evidence.json
  veritee fetch ra-tls://kms.internal:8443 --allow-local -o evidence.json
  veritee verify evidence.json --all --offline

Nothing that was fetched is trusted more than a file: `veritee verify` judges it. Where several machines answer, the
file holds a set, each under a label of its own. docs/fetch.md lists every request.")]
pub(crate) struct Fetch {
    /// APP_ID@CLUSTER, APP_ID with --gateway, instance:ID, the address of a gateway, a URL, a domain, or
    /// ra-tls://HOST:PORT.
    #[arg(required_unless_present = "clusters")]
    pub(crate) target: Option<String>,
    /// List the clusters and resolvers known by name.
    #[arg(long, exclusive = true)]
    pub(crate) clusters: bool,
    /// The cluster of the app id.
    #[arg(long, value_name = "NAME", conflicts_with = "gateway", help_heading = "Target")]
    pub(crate) cluster: Option<String>,
    /// The domain of the gateway in front of the app id, with a port where that is not 443.
    #[arg(long, value_name = "DOMAIN", help_heading = "Target")]
    pub(crate) gateway: Option<String>,
    /// Host of the gateway's own pages, where it is not `gateway.` and its domain.
    #[arg(long, value_name = "HOST", help_heading = "Target")]
    pub(crate) gateway_host: Option<String>,
    /// The domain whose users reach the application: its ingress evidence is asked for too.
    #[arg(long, value_name = "DOMAIN", help_heading = "Target")]
    pub(crate) domain: Option<String>,
    /// Ask for a quote over this nonce, 32 bytes in hex, where the target has a place for one. Default: random bytes.
    #[arg(long, value_name = "HEX", value_parser = nonce, help_heading = "Target")]
    pub(crate) nonce: Option<Nonce>,
    /// Member of the URL's query that takes the nonce, where `{nonce}` does not stand in it.
    #[arg(long, value_name = "NAME", help_heading = "Target")]
    pub(crate) nonce_in: Option<String>,
    /// How often the application is asked, each time over a connection of its own, to see which machines answer.
    #[arg(long, value_name = "N", default_value_t = 4, help_heading = "Target",
          value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) replicas: u8,
    /// A resolver that is asked for CAA records over HTTPS (RFC 8484): a URL, or a name that --clusters lists. None
    /// is asked without this.
    #[arg(long, value_name = "URL|NAME", help_heading = "Target")]
    pub(crate) resolver: Option<String>,
    /// Where the list of running instances is asked: `known` for clusters known by name, `never`, or a URL with
    /// {app_id} in it.
    #[arg(long, value_name = "WHERE", default_value = "known", help_heading = "Target")]
    pub(crate) cloud: String,
    /// Do not ask the gateway for its own evidence.
    #[arg(long, help_heading = "Target")]
    pub(crate) no_gateway: bool,
    /// Leave collateral out of the evidence.
    #[arg(long, help_heading = "Target")]
    pub(crate) no_collateral: bool,
    /// Ask the registries of the images that the compose pins by digest too: manifests, configs and what speaks of them
    /// become part of the evidence, layers do not.
    #[arg(long, help_heading = "Target")]
    pub(crate) images: bool,
    /// List the requests that would be made, and make none.
    #[arg(long, help_heading = "Target")]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) chain: Chain,
    #[command(flatten)]
    pub(crate) at: StoreTime,
    #[command(flatten)]
    pub(crate) network: Network,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  veritee history d722c43a6f4f42d53dc7bc97ba04a1cb17ce3a34 --rpc 8453=https://rpc.example
  veritee history evidence.json --rpc https://rpc.example --save chain.json
  veritee history evidence.json --rpc https://rpc.example --l1-rpc https://l1.example
  veritee history chain.json --at 3 --margin 1
  veritee history --local watch.redb 2c0a0c96cb6dbd659bf1446e2f3fce58172ff91b

Everything but the hosts' word for the block is proven or called unproven; docs/chain.md says what each word means. The
exit code is 0 where the contract was read and nothing contradicts, 11 where something does, 13 where too little was
shown, 3 where nothing could be read. With --local it is that of the verdict that was recorded, 3 where there is none.")]
pub(crate) struct History {
    /// An app id (40 hex digits), or evidence or a document of chain reads that was saved; - for standard input. With
    /// --local an app id, or a target in the words that it was watched under.
    pub(crate) subject: String,
    /// Was it safe then? What `veritee watch` has seen of it at the time of --at or before, out of this database.
    #[arg(long, value_name = "DB", help_heading = "Question",
          conflicts_with_all = ["rpc", "registry", "block", "from_block", "l1_rpc", "l1_block", "save", "compose", "deployments", "margin"])]
    pub(crate) local: Option<PathBuf>,
    /// What could run at this block, or at the last block before this time (RFC 3339 or a date; needs --rpc). With
    /// --local a time; default: now.
    #[arg(long, value_name = "BLOCK|TIME", help_heading = "Question")]
    pub(crate) at: Option<Moment>,
    /// So many blocks around it count: a KMS asks at some head near the time of a boot.
    #[arg(long, value_name = "BLOCKS", default_value_t = 0, requires = "at", help_heading = "Question")]
    pub(crate) margin: u64,
    /// Composes that are known: app_compose files, saved reports, or folders of them. May be repeated.
    #[arg(long, value_name = "FILE|DIR", help_heading = "Question")]
    pub(crate) compose: Vec<PathBuf>,
    /// The operator's own list of deployments, to compare.
    #[arg(long, value_name = "FILE", help_heading = "Question")]
    pub(crate) deployments: Option<PathBuf>,
    /// Keep what the endpoints answered, for `veritee verify --chain` and for this command without a network.
    #[arg(long, value_name = "FILE", help_heading = "Chain")]
    pub(crate) save: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) chain: Chain,
    #[command(flatten)]
    pub(crate) reach: Reach,
}

/// How endpoints are reached.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct Reach {
    /// Certificates of further authorities that may vouch for servers, PEM: for a proxy that reads along.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_roots: Option<PathBuf>,
    /// Let requests go to private and loopback addresses.
    #[arg(long)]
    pub(crate) allow_local: bool,
}

/// A block, or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Block(u64),
    Time(UnixTime),
}

impl std::str::FromStr for Moment {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit()) {
            return text
                .parse()
                .map(Self::Block)
                .map_err(|_large| "a block number of up to 64 bits".to_owned());
        }
        match super::parse_as_of(text) {
            Ok(super::AsOf::At(time)) => Ok(Self::Time(time)),
            _ => Err("expected a block number, RFC 3339 or a date".to_owned()),
        }
    }
}

/// 32 bytes that nobody can know before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nonce(pub(crate) [u8; 32]);

fn nonce(text: &str) -> Result<Nonce, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let bytes = hex::decode(digits).map_err(|error| format!("not hex: {error}"))?;
    let length = bytes.len();
    bytes.try_into().map(Nonce).map_err(|_bytes| format!("expected 32 bytes, got {length}"))
}

/// Whose collateral.
#[derive(Debug, Args)]
#[command(next_help_heading = "Whose")]
pub(crate) struct Whose {
    /// For the platform of this quote or evidence; - for standard input.
    #[arg(value_name = "QUOTE", required_unless_present = "fmspc", conflicts_with_all = ["fmspc", "ca", "tee"])]
    pub(crate) quote: Option<PathBuf>,
    /// Which machine, where the file holds several.
    #[arg(long, value_name = "LABEL", requires = "quote")]
    pub(crate) select: Option<String>,
    /// For this processor family: 12 hex digits.
    #[arg(long, value_name = "HEX", requires = "ca", value_parser = fmspc)]
    pub(crate) fmspc: Option<Fmspc>,
    /// The CA that certifies its machines.
    #[arg(long, value_enum)]
    pub(crate) ca: Option<Ca>,
    /// TDX or SGX.
    #[arg(long, value_enum, default_value_t = TeeKind::Tdx)]
    pub(crate) tee: TeeKind,
    /// Ask NVIDIA too: for the manifests of the evidence's GPUs, and whether their certificates are revoked. Says to
    /// NVIDIA which devices are meant.
    #[arg(long, requires = "quote")]
    pub(crate) gpus: bool,
}

/// Whom to ask about GPUs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct GpuNetwork {
    /// Ask this service for manifests instead of NVIDIA's own: what stands before /v1/rim/.
    #[arg(long, value_name = "URL", requires = "gpus")]
    pub(crate) gpu_rim: Option<String>,
    /// Ask this OCSP responder instead of NVIDIA's own.
    #[arg(long, value_name = "URL", requires = "gpus")]
    pub(crate) gpu_ocsp: Option<String>,
    /// Ask for revocation lists here instead of at NVIDIA's own address: what stands before /crl/. They are asked for
    /// where the responder does not answer for a CA.
    #[arg(long, value_name = "URL", requires = "gpus")]
    pub(crate) gpu_crl: Option<String>,
}

fn fmspc(text: &str) -> Result<Fmspc, String> {
    Fmspc::from_hex(text).map_err(|error| error.to_string())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ca {
    Processor,
    Platform,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TeeKind {
    Tdx,
    Sgx,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Collateral {
    /// Fetch collateral into the store, and print it or write it to a file for an offline machine.
    #[command(after_help = "\
Examples:
  veritee collateral fetch quote.bin -o collateral.json
  veritee collateral fetch --fmspc 90c06f000000 --ca platform
  veritee collateral fetch evidence.json --gpus
  veritee collateral fetch quote.bin --pccs https://pccs.example --evaluation early")]
    Fetch {
        #[command(flatten)]
        whose: Box<Whose>,
        /// Ask even when the store has collateral in force.
        #[arg(long, help_heading = "Whose")]
        anew: bool,
        #[command(flatten)]
        at: StoreTime,
        #[command(flatten)]
        network: Network,
        #[command(flatten)]
        gpu_network: GpuNetwork,
    },
    /// List what the store holds: for whom, issued when, good until when.
    #[command(after_help = "Example:\n  veritee collateral show")]
    Show {
        #[command(flatten)]
        place: StorePlace,
        #[command(flatten)]
        at: StoreTime,
    },
    /// Verify every entry of the store down from the root, and say which has expired.
    #[command(after_help = "Example:\n  veritee collateral check --as-of 2026-03-15")]
    Check {
        #[command(flatten)]
        place: StorePlace,
        #[command(flatten)]
        at: StoreTime,
    },
    /// Drop what has expired, what nothing points at, and what an interrupted run left.
    #[command(after_help = "Example:\n  veritee collateral prune")]
    Prune {
        #[command(flatten)]
        place: StorePlace,
        #[command(flatten)]
        at: StoreTime,
    },
    /// Write the store's collateral to a folder, for `--collateral DIR` and `--gpu-collateral DIR` on an offline machine.
    #[command(after_help = "Example:\n  veritee collateral export snapshot/")]
    Export {
        /// The folder; made when it is not there.
        folder: PathBuf,
        #[command(flatten)]
        place: StorePlace,
        #[command(flatten)]
        at: StoreTime,
    },
    /// Take collateral files of a folder, and what NVIDIA says of GPUs, into the store. Each is verified first.
    #[command(after_help = "Example:\n  veritee collateral import collateral/ --as-of 2026-03-15")]
    Import {
        /// The folder, or one file of Intel's collateral.
        #[arg(value_name = "FOLDER|FILE")]
        folder: PathBuf,
        /// Evidence of the GPUs that answers and lists about revocation are about: they verify with a device's chain only.
        #[arg(long, value_name = "FILE")]
        gpus: Option<PathBuf>,
        #[command(flatten)]
        place: StorePlace,
        #[command(flatten)]
        at: StoreTime,
    },
}

/// Where the store is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Store")]
pub(crate) struct StorePlace {
    /// Folder of the store. Default: veritee/collateral in the user's cache folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
}

/// At which time, and down from which root.
#[derive(Debug, Args)]
#[command(next_help_heading = "Store")]
pub(crate) struct StoreTime {
    /// At which time: RFC 3339, a date, seconds since 1970, or `now`.
    #[arg(long, value_name = "TIME", value_parser = super::parse_as_of)]
    pub(crate) as_of: Option<super::AsOf>,
    /// Another trust root than Intel's, PEM or DER.
    #[arg(long, value_name = "FILE")]
    pub(crate) root: Option<PathBuf>,
}

impl StoreTime {
    /// The time given, or the clock's.
    pub(crate) fn time(&self) -> Result<UnixTime, crate::failure::Failure> {
        match self.as_of {
            Some(super::AsOf::At(time)) => Ok(time),
            Some(super::AsOf::Now) | None => crate::input::now(),
        }
    }
}
