//! That the servers do what tests believe of them.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use veritee_loopback::{Proxy, Reply, Server};

fn ask(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    // The connection is kept alive: what came until silence is the answer.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

fn get(server: &Server, target: &str) -> String {
    ask(server.port(), &format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n"))
}

#[test]
fn a_script_is_played_in_order_and_its_last_reply_repeats() {
    let server = Server::http();
    server.on("/a", [Reply::status(500), Reply::text("one")]).on("/a?q=2", Reply::text("query"));
    assert!(get(&server, "/a").starts_with("HTTP/1.1 500 "));
    for _ in 0..2 {
        assert_eq!(
            get(&server, "/a?q=1"),
            "HTTP/1.1 200 Scripted\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\none"
        );
    }
    assert!(get(&server, "/a?q=2").ends_with("query"));
    server.replace("/a", Reply::text("two"));
    assert!(get(&server, "/a").ends_with("two"));
    assert!(get(&server, "/b").starts_with("HTTP/1.1 404 "));
    assert_eq!((server.count("/a"), server.count("/b"), server.connections()), (5, 1, 6));
    assert_eq!(server.requests()[1].query, "q=1");
}

#[test]
fn one_connection_serves_several_requests_and_their_bodies() {
    let server = Server::http();
    server.otherwise(|request| Reply::text(format!("{}:{}", request.method, request.body.len())));
    let post = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
    let answer = ask(server.port(), &format!("{post}{post}"));
    assert_eq!(answer.matches("POST:5").count(), 2, "{answer}");
    assert_eq!((server.connections(), server.peak_connections(), server.peak_requests()), (1, 1, 1));
}

#[test]
fn misbehaviour_is_as_announced() {
    let server = Server::http();
    server
        .on("/close", Reply::close())
        .on("/short", Reply::bytes("12").announcing(3))
        .on("/stall", Reply::bytes("12").stalling())
        .on("/chunked", Reply::bytes("12").chunked())
        .on("/raw", Reply::raw("hello"));
    assert_eq!(get(&server, "/close"), "");
    assert!(
        get(&server, "/short").contains("Content-Length: 3\r\n") && get(&server, "/short").ends_with("12")
    );
    assert!(get(&server, "/stall").contains("Content-Length: 3\r\n"));
    assert!(get(&server, "/chunked").ends_with("\r\n\r\n2\r\n12\r\n0\r\n\r\n"));
    assert_eq!(get(&server, "/raw"), "hello");
}

#[test]
fn a_server_and_a_proxy_end_when_dropped_whatever_they_are_at() {
    let began = Instant::now();
    let server = Server::http();
    server
        .on("/silent", Reply::silent())
        .on("/slow", Reply::text("x").after(Duration::from_secs(60)))
        .on("/drip", Reply::text("x").dripping(Duration::from_secs(60)))
        .on("/endless", Reply::endless("x"));
    let mut streams = Vec::new();
    for path in ["/silent", "/slow", "/drip", "/endless"] {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes()).unwrap();
        streams.push(stream);
    }
    let proxy = Proxy::start();
    let mut through = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    through.write_all(format!("CONNECT any.example:{} HTTP/1.1\r\n\r\n", server.port()).as_bytes()).unwrap();
    let mut answer = [0; 12];
    through.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    drop(proxy);
    drop(server);
    assert!(began.elapsed() < Duration::from_secs(5));
}
