//! A proxy that tunnels (`CONNECT`), to loopback only.

use crate::server::lock;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// A proxy on 127.0.0.1 that answers `CONNECT host:port` with a tunnel to 127.0.0.1, whatever the host: to the port
/// of [`Self::route`], or to the port asked for. Ends when dropped.
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    routes: Mutex<HashMap<String, u16>>,
    heads: Mutex<Vec<String>>,
    sockets: Mutex<Vec<TcpStream>>,
    refusal: Option<u16>,
    ending: AtomicBool,
}

impl Proxy {
    /// A proxy that tunnels for everyone.
    #[must_use]
    pub fn start() -> Self {
        Self::serving(Shared::default())
    }

    /// A proxy that answers every `CONNECT` with this status.
    #[must_use]
    pub fn refusing(status: u16) -> Self {
        Self::serving(Shared { refusal: Some(status), ..Shared::default() })
    }

    /// Tunnels for `host:port` lead to this port of 127.0.0.1.
    pub fn route(&self, target: &str, port: u16) -> &Self {
        lock(&self.shared.routes).insert(target.to_owned(), port);
        self
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The `host:port` of every `CONNECT`, in order.
    #[must_use]
    pub fn targets(&self) -> Vec<String> {
        let heads = lock(&self.shared.heads);
        heads.iter().filter_map(|head| head.split(' ').nth(1)).map(ToOwned::to_owned).collect()
    }

    /// The head of every request, as it came.
    #[must_use]
    pub fn heads(&self) -> Vec<String> {
        lock(&self.shared.heads).clone()
    }

    fn serving(shared: Shared) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(shared);
        let accepting = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || accept(&listener, &shared))
        };
        Self { shared, address, accepting: Some(accepting) }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.end();
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

impl Shared {
    fn end(&self) {
        self.ending.store(true, Ordering::SeqCst);
        for socket in lock(&self.sockets).iter() {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    fn keep(&self, socket: &TcpStream) {
        if let Ok(handle) = socket.try_clone() {
            lock(&self.sockets).push(handle);
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut threads = Vec::new();
    for socket in listener.incoming() {
        if shared.ending.load(Ordering::SeqCst) {
            break;
        }
        let Ok(socket) = socket else { continue };
        shared.keep(&socket);
        let shared = Arc::clone(shared);
        threads.push(std::thread::spawn(move || {
            let _ = serve(&socket, &shared);
            let _ = socket.shutdown(Shutdown::Both);
        }));
    }
    shared.end();
    for thread in threads {
        let _ = thread.join();
    }
}

fn serve(mut client: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut one = [0_u8; 1];
    while !bytes.ends_with(b"\r\n\r\n") {
        if bytes.len() > 16 << 10 || client.read(&mut one)? == 0 {
            return Ok(());
        }
        bytes.push(one[0]);
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    lock(&shared.heads).push(head.clone());
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if let Some(status) = shared.refusal {
        return client.write_all(format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n").as_bytes());
    }
    let asked = target.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let routed = lock(&shared.routes).get(target).copied();
    let Some(port) = routed.or(asked).filter(|_| method == "CONNECT") else {
        return client.write_all(b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n");
    };
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
        return client.write_all(b"HTTP/1.1 502 Unreachable\r\nContent-Length: 0\r\n\r\n");
    };
    shared.keep(&server);
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
    std::thread::scope(|scope| {
        scope.spawn(|| relay(client, &server));
        relay(&server, client);
    });
    Ok(())
}

fn relay(mut from: &TcpStream, mut to: &TcpStream) {
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
