//! What the caller decides beside the target.

use url::Url;
use veritee_model::Budget;

/// How evidence is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Whether the list of instances of Phala Cloud is asked.
    pub cloud: Cloud,
    /// How often an application is asked for `Info`, or a server for a handshake, each time over a connection of its
    /// own, to see its replicas; at least 1.
    pub info_requests: usize,
    /// Whether the gateway is asked for its own evidence, which is that of the place where TLS ends.
    pub gateway: bool,
    /// Host of the gateway's own pages, with a port where that is not 443; `gateway.` and its domain otherwise.
    pub gateway_host: Option<String>,
    /// Resolver that is asked for CAA records (RFC 8484). Without one nobody is.
    pub resolver: Option<Url>,
    /// 32 bytes that no one can know before: they go where the target has a place for them.
    pub nonce: Option<[u8; 32]>,
    /// What may come in.
    pub limits: Limits,
    /// What reading it may cost.
    pub budget: Budget,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cloud: Cloud::OfKnownClusters,
            info_requests: 4,
            gateway: true,
            gateway_host: None,
            resolver: None,
            nonce: None,
            limits: Limits::default(),
            budget: Budget::default(),
        }
    }
}

/// Whether the list of instances of Phala Cloud is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cloud {
    /// For applications behind a gateway of the built-in list.
    OfKnownClusters,
    /// Never.
    Never,
    /// Always, at this URL with `{app_id}` in it.
    At(String),
}

/// What may come in. More is an error of the source that gives it, never a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of all answers together. A whole application has below 2 MiB.
    pub total_bytes: usize,
    /// Machines of one run.
    pub machines: usize,
    /// Files that the list of dstack-ingress names: an account and a certificate for each domain.
    pub ingress_files: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { total_bytes: 64 << 20, machines: 64, ingress_files: 32 }
    }
}
