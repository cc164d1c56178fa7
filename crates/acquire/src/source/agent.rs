//! dstack's guest agent, port 8090 of every machine: `Info` and the page (dstack, `guest-agent/src/http_routes.rs`).
//!
//! `Info` carries the quote inside `app_cert`, an RA-TLS chain that the agent made for itself when it started. Where an
//! application keeps its `tcb_info` to itself, compose and `vm_config` are empty and the chain is still there. The page
//! has the same `tcb_info` and never a quote.

use super::{Facts, JSON};
use crate::target::{AGENT_PORT, Application};
use veritee_evidence::Format;

/// Chain, log and compose together have 60 to 150 KiB.
const CAP: usize = 4 << 20;

pub(crate) const INFO: Facts = Facts {
    name: "guest agent Info",
    gives: "RA-TLS chain with quote and log, app_compose, vm_config, claims",
    cap: CAP,
    accept: "application/json",
    types: JSON,
    formats: &[Format::Info],
};

pub(crate) const LEGACY_INFO: Facts = Facts { name: "guest agent Worker.Info (before 0.5)", ..INFO };

pub(crate) const PAGE: Facts = Facts {
    name: "guest agent page",
    gives: "app_compose, event log, claims; no quote",
    cap: CAP,
    accept: "text/html",
    types: &["text/html"],
    formats: &[Format::AgentPage],
};

/// `https://<id>-8090.<gateway><path>`.
pub(crate) fn address(application: &Application, path: &str) -> String {
    format!("{}{path}", application.gateway.origin(&format!("{}-{AGENT_PORT}", application.id)))
}

pub(crate) const INFO_PATH: &str = "/prpc/Info";
pub(crate) const LEGACY_INFO_PATH: &str = "/prpc/Worker.Info";
pub(crate) const PAGE_PATH: &str = "/";
