//! A handshake with a server that no public authority vouches for.

use crate::attempt::{Failure, find, io_problem, tls_problem, unresolved, via_failed};
use crate::client::Core;
use crate::error::{milliseconds, shown};
use crate::proxy::Via;
use crate::{ConnectProblem, FetchError, TlsProblem, UrlProblem};
use core::net::{IpAddr, SocketAddr};
use rustls::pki_types::ServerName;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// Bytes of a proxy's answer at most.
const PROXY_HEAD: usize = 8 << 10;

/// A byte stream, whatever it runs over.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Whom to shake hands with.
pub(crate) struct Target {
    /// `https://host:port/`.
    pub(crate) url: Url,
    host: Host<String>,
    port: u16,
}

impl Target {
    pub(crate) fn parse(host: &str, port: u16) -> Result<Self, FetchError> {
        let bad = |problem| FetchError::BadUrl {
            url: crate::error::said(&format!("https://{host}:{port}/")),
            problem,
        };
        if port == 0 {
            return Err(bad(UrlProblem::Port));
        }
        let parsed = match host.parse() {
            Ok(address) => Host::Ipv6(address),
            Err(_not_ipv6) => Host::parse(host).map_err(|_unreadable| bad(UrlProblem::Unreadable))?,
        };
        let url = Url::parse(&format!("https://{parsed}:{port}/"))
            .map_err(|_unreadable| bad(UrlProblem::Unreadable))?;
        Ok(Self { url, host: parsed, port })
    }

    fn server_name(&self) -> Option<ServerName<'static>> {
        match &self.host {
            Host::Domain(name) => ServerName::try_from(name.clone()).ok(),
            Host::Ipv4(address) => Some(ServerName::from(IpAddr::V4(*address))),
            Host::Ipv6(address) => Some(ServerName::from(IpAddr::V6(*address))),
        }
    }
}

/// The chain that the target showed, and whose leaf's key it holds.
pub(crate) async fn shake(
    core: &Core,
    target: &Target,
    received: &AtomicUsize,
) -> Result<Vec<Vec<u8>>, Failure> {
    let url = shown(&target.url);
    let times = &core.settings.times;
    let bad = || FetchError::BadUrl { url: url.clone(), problem: UrlProblem::Unreadable };
    let name = target.server_name().ok_or_else(bad)?;
    let dialled = tokio::time::timeout(times.connect, dial(core, target)).await;
    let stream = dialled.unwrap_or_else(|_elapsed| {
        let problem = ConnectProblem::TimedOut { milliseconds: milliseconds(times.connect) };
        Err(Failure::unsent(match core.routes.via(&target.url) {
            Some(via) => via_failed(url.clone(), &via, problem.to_string()),
            None => FetchError::Connect { url: url.clone(), problem },
        }))
    })?;
    let connector = TlsConnector::from(Arc::clone(&core.handshake_only));
    let mut session = match tokio::time::timeout(times.stall, connector.connect(name, stream)).await {
        Ok(Ok(session)) => session,
        Ok(Err(error)) => return Err(Failure::unsent(secured(&error, url))),
        Err(_elapsed) => {
            return Err(
                FetchError::Stalled { url, milliseconds: milliseconds(times.stall), received: 0 }.into()
            );
        }
    };
    let chain: Option<Vec<_>> = session
        .get_ref()
        .1
        .peer_certificates()
        .map(|certificates| certificates.iter().map(|der| der.to_vec()).collect());
    // The server is told that this is the end; what it makes of that is its own affair.
    let _ = tokio::time::timeout(times.stall, session.shutdown()).await;
    let none = || FetchError::Tls { url, problem: TlsProblem::Other("no certificate was shown".to_owned()) };
    let chain = chain.filter(|chain| !chain.is_empty()).ok_or_else(none)?;
    received.store(chain.iter().map(Vec::len).sum(), Ordering::Relaxed);
    Ok(chain)
}

fn secured(error: &io::Error, url: String) -> FetchError {
    match find::<rustls::Error>(error) {
        Some(error) => FetchError::Tls { url, problem: tls_problem(error) },
        None => FetchError::Connect { url, problem: io_problem(error) },
    }
}

async fn dial(core: &Core, target: &Target) -> Result<Box<dyn Stream>, Failure> {
    let url = shown(&target.url);
    if let Some(via) = core.routes.via(&target.url) {
        return tunnel(core, target, &via).await.map_err(|why| Failure::unsent(via_failed(url, &via, why)));
    }
    let addresses = match &target.host {
        // Judged with the url.
        Host::Ipv4(address) => vec![IpAddr::V4(*address)],
        Host::Ipv6(address) => vec![IpAddr::V6(*address)],
        Host::Domain(name) => {
            core.guarded.permitted(name).await.map_err(|why| Failure::unsent(unresolved(why, &url)))?
        }
    };
    let stream = connect(&addresses, target.port)
        .await
        .map_err(|error| Failure::unsent(FetchError::Connect { url, problem: io_problem(&error) }))?;
    Ok(Box::new(stream))
}

/// The first of the addresses that answers.
async fn connect(addresses: &[IpAddr], port: u16) -> io::Result<TcpStream> {
    let sockets: Vec<_> = addresses.iter().map(|address| SocketAddr::new(*address, port)).collect();
    TcpStream::connect(sockets.as_slice()).await
}

/// A way through a proxy (`CONNECT`, RFC 9110, section 9.3.6).
async fn tunnel(core: &Core, target: &Target, via: &Via) -> Result<Box<dyn Stream>, String> {
    let said = |error: io::Error| io_problem(&error).to_string();
    let mut stream = reach(core, via).await?;
    let authority = format!("{}:{}", target.host, target.port);
    let mut head = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n").into_bytes();
    if let Some(authorization) = &via.authorization {
        head.extend_from_slice(b"Proxy-Authorization: ");
        head.extend_from_slice(authorization);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    stream.write_all(&head).await.map_err(said)?;
    stream.flush().await.map_err(said)?;
    // Byte by byte: what follows the head belongs to the server.
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= PROXY_HEAD {
            return Err("its answer is too long".to_owned());
        }
        answer.push(stream.read_u8().await.map_err(said)?);
    }
    let text = String::from_utf8_lossy(&answer);
    let mut words = text.split(' ');
    let is_http = words.next().is_some_and(|version| version.starts_with("HTTP/1."));
    match words.next() {
        Some("200") if is_http => Ok(stream),
        Some("407") if is_http => Err("proxy authorization required".to_owned()),
        _ => Err(format!("it answered `{}`", text.lines().next().unwrap_or_default())),
    }
}

async fn reach(core: &Core, via: &Via) -> Result<Box<dyn Stream>, String> {
    let host = via.proxy.host_str().unwrap_or_default();
    let port = via.proxy.port_or_known_default().unwrap_or(80);
    let addresses = match via.proxy.host() {
        Some(Host::Ipv4(address)) => vec![IpAddr::V4(address)],
        Some(Host::Ipv6(address)) => vec![IpAddr::V6(address)],
        _ => core.guarded.resolver.resolve(host).await.map_err(|error| error.to_string())?,
    };
    let stream = connect(&addresses, port).await.map_err(|error| io_problem(&error).to_string())?;
    if via.proxy.scheme() != "https" {
        return Ok(Box::new(stream));
    }
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(name).map_err(|error| error.to_string())?;
    let session = TlsConnector::from(Arc::clone(&core.verified)).connect(name, stream).await;
    let session = session.map_err(|error| {
        find::<rustls::Error>(&error)
            .map_or_else(|| error.to_string(), |error| tls_problem(error).to_string())
    })?;
    Ok(Box::new(session))
}
