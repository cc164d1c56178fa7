//! The server.

use crate::Identity;
use crate::reply::{Manner, Reply};
use rustls::ServerConnection;
use std::collections::{HashMap, VecDeque};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

mod connection;

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// Path without query.
    pub path: String,
    /// What stood behind `?`; empty without.
    pub query: String,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The body, by `Content-Length`.
    pub body: Vec<u8>,
    /// Which connection it came over, counted from 0.
    pub connection: usize,
}

impl Request {
    /// The first value of a header; `name` in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A scripted server on 127.0.0.1. Ends when dropped.
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    secure: bool,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// A server without TLS.
    #[must_use]
    pub fn http() -> Self {
        Self::start(Vec::new())
    }

    /// A server with TLS 1.2 and 1.3 and this certificate chain. [`Self::url`] names it `localhost`.
    #[must_use]
    pub fn https(identity: Identity) -> Self {
        Self::start(vec![identity.server_config(None)])
    }

    /// As [`Self::https`], with TLS 1.2 only.
    #[must_use]
    pub fn https_tls12(identity: Identity) -> Self {
        Self::start(vec![identity.server_config(Some(&rustls::version::TLS12))])
    }

    /// As [`Self::https`], with the identities in turn: connection `n` has identity `n % identities.len()`, as behind
    /// a balancer with several replicas.
    #[must_use]
    pub fn https_replicas(identities: &[Identity]) -> Self {
        Self::start(identities.iter().map(|identity| identity.server_config(None)).collect())
    }

    /// Appends replies to the script of a target: a path, or a path with its query (which goes before the path
    /// alone). Each request takes the next; the last one repeats. Without a script the answer is 404.
    pub fn on(&self, target: &str, replies: impl Into<Vec<Reply>>) -> &Self {
        let mut scripts = lock(&self.shared.scripts);
        scripts.entry(target.to_owned()).or_default().extend(replies.into());
        drop(scripts);
        self
    }

    /// Drops the script of a target and begins another.
    pub fn replace(&self, target: &str, replies: impl Into<Vec<Reply>>) -> &Self {
        lock(&self.shared.scripts).remove(target);
        self.on(target, replies)
    }

    /// Answers whatever has no script.
    pub fn otherwise(&self, answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> &Self {
        *lock(&self.shared.otherwise) = Some(Arc::new(answer));
        self
    }

    /// `http://127.0.0.1:<port><target>` or `https://localhost:<port><target>`.
    #[must_use]
    pub fn url(&self, target: &str) -> String {
        let (scheme, host) = if self.secure { ("https", "localhost") } else { ("http", "127.0.0.1") };
        format!("{scheme}://{host}:{}{target}", self.port())
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// All requests so far, in the order they came.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// Requests for a path, whatever their query.
    #[must_use]
    pub fn count(&self, path: &str) -> usize {
        lock(&self.shared.requests).iter().filter(|request| request.path == path).count()
    }

    /// Connections that were accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// Connections that are open now.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.shared.open.now.load(Ordering::SeqCst)
    }

    /// The most connections that were open at once.
    #[must_use]
    pub fn peak_connections(&self) -> usize {
        self.shared.open.peak.load(Ordering::SeqCst)
    }

    /// The most requests that were being answered at once.
    #[must_use]
    pub fn peak_requests(&self) -> usize {
        self.shared.answering.peak.load(Ordering::SeqCst)
    }

    /// Bytes that were written so far, heads included, TLS not.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }

    fn start(tls: Vec<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let secure = !tls.is_empty();
        let accepting = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || accept(&listener, &shared, &tls))
        };
        Self { shared, address, secure, accepting: Some(accepting) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.end();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

type Answerer = Arc<dyn Fn(&Request) -> Reply + Send + Sync>;

#[derive(Default)]
struct Shared {
    scripts: Mutex<HashMap<String, VecDeque<Reply>>>,
    otherwise: Mutex<Option<Answerer>>,
    requests: Mutex<Vec<Request>>,
    sockets: Mutex<Vec<TcpStream>>,
    accepted: AtomicUsize,
    open: Gauge,
    answering: Gauge,
    sent: AtomicU64,
    ending: AtomicBool,
    sleepers: (Mutex<()>, Condvar),
}

impl Shared {
    /// The next reply of the request's script.
    fn reply(&self, request: &Request) -> Reply {
        let mut scripts = lock(&self.scripts);
        let with_query = format!("{}?{}", request.path, request.query);
        for target in [with_query.as_str(), request.path.as_str()] {
            if let Some(script) = scripts.get_mut(target).filter(|script| !script.is_empty()) {
                return if script.len() > 1 { script.pop_front().unwrap() } else { script[0].clone() };
            }
        }
        drop(scripts);
        let otherwise = lock(&self.otherwise).clone();
        otherwise.map_or_else(|| Reply::status(404), |answer| answer(request))
    }

    /// Sleeps, or returns true at once when the server ends.
    fn pause(&self, pause: Duration) -> bool {
        let guard = lock(&self.sleepers.0);
        let ending = |(): &mut ()| !self.ending.load(Ordering::SeqCst);
        drop(
            self.sleepers.1.wait_timeout_while(guard, pause, ending).unwrap_or_else(PoisonError::into_inner),
        );
        self.ending.load(Ordering::SeqCst)
    }

    fn end(&self) {
        let guard = lock(&self.sleepers.0);
        self.ending.store(true, Ordering::SeqCst);
        self.sleepers.1.notify_all();
        drop(guard);
        for socket in lock(&self.sockets).iter() {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

/// Counts what goes on now, and the most there ever was.
#[derive(Default)]
struct Gauge {
    now: AtomicUsize,
    peak: AtomicUsize,
}

impl Gauge {
    fn enter(&self) -> Inside<'_> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(now, Ordering::SeqCst);
        Inside(self)
    }
}

struct Inside<'a>(&'a Gauge);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, tls: &[Arc<rustls::ServerConfig>]) {
    let mut threads = Vec::new();
    for socket in listener.incoming() {
        if shared.ending.load(Ordering::SeqCst) {
            break;
        }
        let Ok(socket) = socket else { continue };
        let number = shared.accepted.fetch_add(1, Ordering::SeqCst);
        let Ok(handle) = socket.try_clone() else { continue };
        lock(&shared.sockets).push(handle);
        let (shared, tls) = (Arc::clone(shared), tls.get(number % tls.len().max(1)).cloned());
        threads.push(std::thread::spawn(move || {
            let inside = shared.open.enter();
            let _ = socket.set_nodelay(true);
            match tls {
                None => connection::serve(&socket, &shared, number),
                Some(config) => {
                    let Ok(session) = ServerConnection::new(config) else { return };
                    connection::serve(rustls::StreamOwned::new(session, &socket), &shared, number);
                }
            }
            let _ = socket.shutdown(Shutdown::Both);
            drop(inside);
        }));
    }
    // A connection that was accepted while `end` ran is closed here.
    shared.end();
    for thread in threads {
        let _ = thread.join();
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
