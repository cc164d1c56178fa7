//! What the libraries' errors mean.

use crate::error::{milliseconds, said, shown};
use crate::proxy::Via;
use crate::resolver::Unresolved;
use crate::scope::Scope;
use crate::tls::{ChainTooLarge, KeyNotProven};
use crate::{ConnectProblem, FetchError, TlsProblem};
use core::error::Error;
use core::time::Duration;
use rustls::CertificateError;
use std::io;
use url::Url;

/// Causes of an error that are looked at.
const CAUSES: usize = 16;

/// Why an attempt failed, and what matters for the next.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: FetchError,
    /// How long the server asked to wait.
    pub(crate) asked: Option<Duration>,
    /// The request may have reached the server.
    pub(crate) sent: bool,
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self { error, asked: None, sent: true }
    }
}

impl Failure {
    pub(crate) fn unsent(error: FetchError) -> Self {
        Self { error, asked: None, sent: false }
    }

    /// Whether another attempt may do better, and does no harm.
    pub(crate) fn is_worth_repeating(&self, repeatable: bool) -> bool {
        let harmless = repeatable || !self.sent;
        let passing = match &self.error {
            FetchError::Connect { .. } | FetchError::NotResolved { .. } | FetchError::Truncated { .. } => {
                true
            }
            FetchError::Status { status, .. } => crate::retry::is_passing(*status),
            _ => false,
        };
        harmless && passing
    }
}

/// No head of an answer came.
pub(super) fn sending(
    error: &reqwest::Error,
    url: &Url,
    via: Option<&Via>,
    scope: &Scope,
    connect: Duration,
) -> Failure {
    if let Some(why) = scope.why_unresolved() {
        return Failure::unsent(unresolved(why, &shown(url)));
    }
    let sent = !error.is_connect();
    let url_shown = shown(url);
    if let Some(problem) = find::<rustls::Error>(error).map(tls_problem) {
        // A proxy with TLS of its own that was not accepted never got to carry the server's handshake.
        let proxy = via.filter(|via| {
            let name = via.proxy.host_str().unwrap_or_default();
            via.proxy.scheme() == "https" && scope.chain(name).is_none()
        });
        let error = match proxy {
            Some(via) => via_failed(url_shown, via, problem.to_string()),
            None => FetchError::Tls { url: url_shown, problem },
        };
        return Failure { error, asked: None, sent };
    }
    if !sent {
        let problem = if error.is_timeout() {
            ConnectProblem::TimedOut { milliseconds: milliseconds(connect) }
        } else {
            find::<io::Error>(error)
                .map_or_else(|| ConnectProblem::Other(said(&innermost(error))), io_problem)
        };
        return Failure::unsent(match via {
            Some(via) => {
                let why =
                    if find::<io::Error>(error).is_some() { problem.to_string() } else { innermost(error) };
                via_failed(url_shown, via, why)
            }
            None => FetchError::Connect { url: url_shown, problem },
        });
    }
    let is_ended = find::<hyper::Error>(error)
        .is_some_and(|error| error.is_incomplete_message() || error.is_closed() || error.is_canceled());
    if is_ended || find::<io::Error>(error).is_some() {
        return FetchError::Connect { url: url_shown, problem: ConnectProblem::Closed }.into();
    }
    FetchError::Broken { url: url_shown, why: said(&innermost(error)) }.into()
}

/// The body did not come whole.
pub(super) fn reading(error: &reqwest::Error, url: &Url, received: usize) -> Failure {
    let url = shown(url);
    // hyper reports chunks that cannot be read as invalid input, and a connection that ended as anything else.
    let is_garbage = find::<io::Error>(error).is_some_and(|error| {
        matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData)
    });
    if is_garbage {
        FetchError::Broken { url, why: said(&innermost(error)) }.into()
    } else {
        FetchError::Truncated { url, received }.into()
    }
}

pub(crate) fn unresolved(why: Unresolved, url: &str) -> FetchError {
    let url = url.to_owned();
    match why {
        Unresolved::Refused(address, range) => {
            FetchError::RefusedAddress { url, address: Some(address), range }
        }
        Unresolved::NotFound(host, why) => FetchError::NotResolved { url, host: said(&host), why },
    }
}

pub(crate) fn via_failed(url: String, via: &Via, why: String) -> FetchError {
    // The words of hyper's tunnel.
    let why = match why.strip_prefix("tunnel error: ") {
        Some("unsuccessful") => "it refused to open a tunnel",
        Some(other) => other,
        None => &why,
    };
    FetchError::Proxy { url, proxy: shown(&via.proxy), why: said(why) }
}

pub(crate) fn io_problem(error: &io::Error) -> ConnectProblem {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ConnectProblem::Refused,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => ConnectProblem::Closed,
        _ => ConnectProblem::Other(said(&error.to_string())),
    }
}

pub(crate) fn tls_problem(error: &rustls::Error) -> TlsProblem {
    use CertificateError as Bad;
    use rustls::{Error as Tls, InvalidMessage};
    match error {
        Tls::InvalidCertificate(bad) => match bad {
            Bad::UnknownIssuer => TlsProblem::UnknownIssuer,
            Bad::Expired | Bad::ExpiredContext { .. } => TlsProblem::Expired,
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => TlsProblem::NotYetValid,
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => TlsProblem::WrongName,
            Bad::Other(other) if other.0.is::<KeyNotProven>() => TlsProblem::KeyNotProven,
            Bad::Other(other) if other.0.is::<ChainTooLarge>() => TlsProblem::ChainTooLarge,
            other => TlsProblem::BadCertificate(said(&other.to_string())),
        },
        Tls::InvalidMessage(
            InvalidMessage::HandshakePayloadTooLarge | InvalidMessage::CertificatePayloadTooLarge,
        ) => TlsProblem::ChainTooLarge,
        other => TlsProblem::Other(said(&other.to_string())),
    }
}

/// The outermost cause of a type.
pub(crate) fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref::<T>())
}

/// The words of the innermost cause: the outer ones repeat what the caller knows.
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().unwrap_or(error).to_string()
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    core::iter::successors(Some(error), |&error: &&'a (dyn Error + 'static)| {
        // What an I/O error wraps is not its source.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
    .take(CAUSES)
}
