//! The gateway's own pages (dstack, `gateway/src/proxy/tls_terminate.rs`): it is where TLS ends for its applications.
//!
//! `app-info` is the `Info` of the machine that answered. `acme-info` has a quote of the ACME account and of each TLS
//! key, made when these were: the gateway may have been replaced since.

use super::{Facts, JSON};
use crate::PlanError;
use crate::target::{Gateway, Host};
use url::Url;
use veritee_evidence::Format;

pub(crate) const INFO: Facts = Facts {
    name: "gateway app-info",
    gives: "the gateway's RA-TLS chain with quote and log, app_compose, vm_config, claims",
    cap: 4 << 20,
    accept: "application/json",
    types: JSON,
    formats: &[Format::Info],
};

pub(crate) const ACME: Facts = Facts {
    name: "gateway acme-info",
    gives: "quotes that bind the gateway's ACME account and TLS keys",
    // A quote with its log in hex and JSON has 60 KiB; 64 of them.
    cap: 8 << 20,
    accept: "application/json",
    types: JSON,
    formats: &[Format::AcmeInfo],
};

pub(crate) const INFO_PATH: &str = "/.dstack/app-info";
pub(crate) const ACME_PATH: &str = "/.dstack/acme-info";

/// `https://gateway.<domain><path>`, or the same path at the host that the caller named.
pub(crate) fn address(gateway: &Gateway, host: Option<&str>, path: &str) -> Result<Url, PlanError> {
    let origin = match host {
        None => gateway.origin("gateway"),
        Some(text) => {
            let bad = || PlanError::GatewayHost { text: text.to_owned() };
            let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
            let name = Host::parse(name).map_err(|_not_a_host| bad())?;
            match port {
                None => format!("https://{name}"),
                Some(port) => {
                    let port: u16 = port.parse().map_err(|_not_a_port| bad())?;
                    format!("https://{name}:{port}")
                }
            }
        }
    };
    crate::plan::url(&format!("{origin}{path}"))
}
