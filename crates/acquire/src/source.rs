//! The places that are asked: which URL, which cap, which media types, and what each gives.
//!
//! | source | gives | never gives |
//! |---|---|---|
//! | [`Source::Info`], [`Source::LegacyInfo`] | quote and log inside the RA-TLS chain, compose, `vm_config`, claims | freshness |
//! | [`Source::AgentPage`] | compose, log, claims | a quote |
//! | [`Source::Cloud`] | quote, log, sometimes compose, of every running instance | freshness, keys |
//! | [`Source::Endpoint`] | whatever the application answers; a fresh quote where it takes a nonce | |
//! | [`Source::IngressQuote`] and its files | quote, log, what binds the domain's certificates | compose |
//! | [`Source::Handshake`] | the chain whose key the server holds, with quote and log in it | compose |
//! | [`Source::GatewayInfo`], [`Source::GatewayAcme`] | the gateway's own evidence; quotes of its account and keys | |
//! | [`Source::Caa`] | CAA records | proof: only what a resolver says |

pub(crate) mod agent;
pub(crate) mod cloud;
pub(crate) mod endpoint;
pub(crate) mod gateway;
pub(crate) mod handshake;
pub(crate) mod ingress;

use core::fmt;
use veritee_evidence::Format;

/// A place that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Source {
    /// The application's own quote endpoint.
    Endpoint,
    /// A TLS handshake with a server that shows its evidence in its certificate.
    Handshake,
    /// `/prpc/Info` of the guest agent.
    Info,
    /// `/prpc/Worker.Info`, as agents before 0.5 call it.
    LegacyInfo,
    /// The guest agent's page.
    AgentPage,
    /// Phala Cloud's list of running instances.
    Cloud,
    /// `quote.json` of dstack-ingress.
    IngressQuote,
    /// `sha256sum.txt` of dstack-ingress.
    IngressSums,
    /// A file that `sha256sum.txt` names.
    IngressFile,
    /// `/.dstack/app-info` of the gateway.
    GatewayInfo,
    /// `/.dstack/acme-info` of the gateway.
    GatewayAcme,
    /// CAA records.
    Caa,
}

/// What a source is.
pub(crate) struct Facts {
    pub(crate) name: &'static str,
    pub(crate) gives: &'static str,
    pub(crate) cap: usize,
    pub(crate) accept: &'static str,
    pub(crate) types: &'static [&'static str],
    pub(crate) formats: &'static [Format],
}

const JSON: &[&str] = &["application/json"];

impl Source {
    /// Every source, in the order in which their quotes are preferred.
    pub const ALL: &'static [Self] = &[
        Self::Endpoint,
        Self::Handshake,
        Self::IngressQuote,
        Self::IngressSums,
        Self::IngressFile,
        Self::Info,
        Self::LegacyInfo,
        Self::Cloud,
        Self::AgentPage,
        Self::GatewayInfo,
        Self::GatewayAcme,
        Self::Caa,
    ];

    /// What it is called, in a few words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// What an answer is good for.
    #[must_use]
    pub const fn gives(self) -> &'static str {
        self.facts().gives
    }

    /// Bytes of one answer at most.
    #[must_use]
    pub const fn cap(self) -> usize {
        self.facts().cap
    }

    /// Media types that are accepted; empty for any.
    #[must_use]
    pub const fn types(self) -> &'static [&'static str] {
        self.facts().types
    }

    pub(crate) const fn accept(self) -> &'static str {
        self.facts().accept
    }

    /// Forms in which an answer is read; empty where it is read in another way.
    pub(crate) const fn formats(self) -> &'static [Format] {
        self.facts().formats
    }

    /// Place in the order of preference: whose quote is taken when several are of one machine.
    pub(crate) fn rank(self) -> usize {
        Self::ALL.iter().position(|source| *source == self).unwrap_or(usize::MAX)
    }

    /// A short name for labels.
    pub(crate) const fn slug(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::Handshake => "ra-tls",
            Self::Info | Self::LegacyInfo => "info",
            Self::AgentPage => "page",
            Self::Cloud => "cloud",
            Self::IngressQuote | Self::IngressSums | Self::IngressFile => "ingress",
            Self::GatewayInfo | Self::GatewayAcme => "gateway",
            Self::Caa => "caa",
        }
    }

    const fn facts(self) -> Facts {
        match self {
            Self::Endpoint => endpoint::FACTS,
            Self::Handshake => handshake::FACTS,
            Self::Info => agent::INFO,
            Self::LegacyInfo => agent::LEGACY_INFO,
            Self::AgentPage => agent::PAGE,
            Self::Cloud => cloud::FACTS,
            Self::IngressQuote => ingress::QUOTE,
            Self::IngressSums => ingress::SUMS,
            Self::IngressFile => ingress::FILE,
            Self::GatewayInfo => gateway::INFO,
            Self::GatewayAcme => gateway::ACME,
            Self::Caa => crate::caa::FACTS,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
