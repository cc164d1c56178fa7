//! Answers that are too long, too short, too slow or something else.

use crate::support::{CAP, Diary, client, get, run, settings, url};
use std::sync::Arc;
use std::time::{Duration, Instant};
use veritee_client::{Answer, FailureKind, FetchError, Get, Settings, Times};
use veritee_loopback::{Authority, Reply, Server};

const SHORT: Duration = Duration::from_millis(300);

fn answer(reply: Reply) -> Result<Answer, FetchError> {
    let server = Server::http();
    server.on("/", reply);
    get(&server.url("/"))
}

fn hurried(times: Times, reply: Reply) -> (FetchError, Duration) {
    let server = Server::http();
    server.on("/", reply);
    let client = client(&Settings { times, ..settings() });
    let began = Instant::now();
    let error = run(client.get(&Get::any(url(&server.url("/")), CAP))).unwrap_err();
    (error, began.elapsed())
}

fn kind(reply: Reply) -> FailureKind {
    answer(reply).unwrap_err().kind()
}

#[test]
fn a_body_of_exactly_the_cap_is_taken_however_it_is_framed() {
    let body = vec![b'x'; CAP];
    for reply in [Reply::bytes(&*body), Reply::bytes(&*body).chunked(), Reply::bytes(&*body).until_closed()] {
        assert_eq!(answer(reply).unwrap().body, body);
    }
    assert_eq!(answer(Reply::bytes("")).unwrap().body, b"");
}

#[test]
fn a_body_one_byte_over_the_cap_is_refused_however_it_is_framed() {
    let body = vec![b'x'; CAP + 1];
    let announced = answer(Reply::bytes(&*body)).unwrap_err();
    assert!(
        matches!(announced, FetchError::TooLarge { cap: CAP, announced: Some(65537), .. }),
        "{announced}"
    );
    for reply in [Reply::bytes(&*body).chunked(), Reply::bytes(&*body).until_closed()] {
        let error = answer(reply).unwrap_err();
        assert!(matches!(error, FetchError::TooLarge { cap: CAP, announced: None, .. }), "{error}");
    }
}

#[test]
fn an_announced_length_over_the_cap_is_refused_before_the_body() {
    assert_eq!(kind(Reply::bytes("x").announcing(u64::MAX >> 1)), FailureKind::TooLarge);
}

#[test]
fn an_endless_body_is_dropped_at_the_cap() {
    let server = Server::http();
    server.on("/", Reply::endless(vec![b'x'; 4096]));
    let diary = Arc::new(Diary::default());
    let settings = Settings { observer: Some(Arc::clone(&diary) as Arc<_>), ..settings() };
    let error = run(client(&settings).get(&Get::any(url(&server.url("/")), CAP))).unwrap_err();
    assert_eq!(error.kind(), FailureKind::TooLarge);
    assert!(diary.most_received() <= CAP, "{}", diary.most_received());
    // What the server wrote beyond that lies in the buffers of the two sockets.
    assert!(server.bytes_sent() < 16 << 20, "{}", server.bytes_sent());
    assert_eq!(diary.lines(), ["started", "failed TooLarge"]);
}

#[test]
fn a_body_shorter_than_announced_is_an_error() {
    let error = answer(Reply::bytes("0123456789").announcing(11)).unwrap_err();
    assert!(matches!(error, FetchError::Truncated { received: 10, .. }), "{error}");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    assert_eq!(kind(Reply::raw(chunked)), FailureKind::Truncated);
}

#[test]
fn a_body_over_tls_that_ends_without_goodbye_is_an_error() {
    let authority = Authority::new();
    let server = Server::https(authority.identity(&["localhost"]));
    server.on("/", Reply::bytes("hello").until_closed());
    let error = crate::support::get_with(&crate::support::trusting(authority.root()), &server.url("/"));
    assert_eq!(error.unwrap_err().kind(), FailureKind::Truncated);
}

#[test]
fn what_is_not_http_is_an_error() {
    for raw in [
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
    ] {
        assert_eq!(kind(Reply::raw(raw)), FailureKind::Broken, "{raw}");
    }
    let endless_head = format!("HTTP/1.1 200 OK\r\n{}", "X-Header: y\r\n".repeat(100_000));
    assert!(answer(Reply::raw(endless_head)).is_err());
}

#[test]
fn a_compressed_body_is_refused() {
    let bomb = Reply::bytes(vec![0; 100]).header("Content-Encoding", "gzip");
    assert_eq!(kind(bomb), FailureKind::Broken);
    assert!(answer(Reply::bytes("x").header("Content-Encoding", "identity")).is_ok());
}

#[test]
fn silence_ends_the_attempt_before_an_answer_and_inside_one() {
    let times = Times { connect: SHORT, stall: SHORT, total: Duration::from_secs(9) };
    let (error, took) = hurried(times, Reply::bytes("12345").stalling());
    assert!(matches!(error, FetchError::Stalled { received: 5, milliseconds: 300, .. }), "{error}");
    assert!(took < Duration::from_secs(3), "{took:?}");
    let (error, took) = hurried(times, Reply::silent());
    assert!(matches!(error, FetchError::Stalled { received: 0, .. }), "{error}");
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn a_drip_that_never_stalls_ends_with_the_total_time() {
    let times = Times { connect: SHORT, stall: SHORT, total: Duration::from_millis(600) };
    let drip = Reply::bytes(vec![b'x'; 10_000]).dripping(Duration::from_millis(20));
    let (error, took) = hurried(times, drip);
    let FetchError::TookTooLong { received, milliseconds: 600, .. } = error else { panic!("{error}") };
    assert!((1..200).contains(&received), "{received}");
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn a_head_that_drips_holds_nobody() {
    let times = Times { connect: SHORT, stall: SHORT, total: Duration::from_secs(9) };
    let (error, took) = hurried(times, Reply::bytes("x").dripping_head(Duration::from_millis(50)));
    assert_eq!(error.kind(), FailureKind::Stalled);
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn an_error_page_that_never_ends_does_not_hold_the_error() {
    let times = Times { connect: SHORT, stall: SHORT, total: Duration::from_secs(9) };
    let (error, _) = hurried(times, Reply::status(403).body("no entry").stalling());
    assert!(
        matches!(&error, FetchError::Status { status: 403, start, .. } if start == "no entry"),
        "{error}"
    );
    let endless = Reply::endless("<p>").header("X-Status", "403");
    assert_eq!(hurried(times, endless).0.kind(), FailureKind::TooLarge);
}

#[test]
fn a_media_type_that_was_not_asked_for_is_refused_with_an_inert_start() {
    let get = |reply: Reply| {
        let server = Server::http();
        server.on("/", reply);
        run(client(&settings()).get(&Get::json(url(&server.url("/")), CAP)))
    };
    let page = format!("<html>\u{1b}[2J\u{202e}{}", "x".repeat(5000));
    let error = get(Reply::ok("text/html; charset=utf-8", page)).unwrap_err();
    let FetchError::WrongType { found, expected, start, .. } = &error else { panic!("{error}") };
    assert_eq!(found.as_deref(), Some("text/html; charset=utf-8"));
    assert_eq!(*expected, ["application/json"]);
    assert!(start.starts_with("<html>\\u{1b}[2J\\u{202e}xx"), "{start}");
    assert!(start.chars().count() <= 121, "{start}");
    for good in ["application/json", "Application/JSON; charset=utf-8", "application/json;v=1"] {
        assert!(get(Reply::ok(good, "{}")).is_ok(), "{good}");
    }
    for bad in ["application/jsonp", "text/application/json", "", "application"] {
        assert_eq!(get(Reply::ok(bad, "{}")).unwrap_err().kind(), FailureKind::WrongType, "{bad}");
    }
    let without = Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    assert!(matches!(get(without), Err(FetchError::WrongType { found: None, .. })));
    let twice = Reply::json("{}").header("Content-Type", "text/html");
    assert_eq!(get(twice).unwrap_err().kind(), FailureKind::WrongType);
}

#[test]
fn headers_with_more_than_one_reading_are_not_handed_out() {
    let reply = Reply::json("{}")
        .header("X-Chain", "first")
        .header("x-chain", "second")
        .header("X-Same", "a")
        .header("X-Same", "a")
        .header("X-Odd", "caf\u{e9}")
        .header("X-Good", "yes");
    let answer = answer(reply).unwrap();
    assert_eq!(answer.header("x-chain"), None);
    assert_eq!(answer.header("x-odd"), None);
    assert_eq!(answer.header("X-SAME"), Some("a"));
    assert_eq!(answer.header("x-good"), Some("yes"));
    assert_eq!(answer.header("x-absent"), None);
    assert_eq!((answer.status, answer.url.path()), (200, "/"));
}

#[test]
fn only_status_200_is_an_answer() {
    for status in [201, 204, 206, 304, 400, 401, 404, 410, 451, 501] {
        let reply =
            if matches!(status, 204 | 304) { Reply::status(status).body("") } else { Reply::status(status) };
        let error = answer(reply).unwrap_err();
        assert_eq!(error.status(), Some(status), "{error}");
        assert!(!error.retryable(), "{status}");
    }
    let error = answer(Reply::status(404).body("no\u{1b} such thing")).unwrap_err();
    assert!(
        error.to_string().ends_with("expected status 200, got 404 with `no\\u{1b} such thing`"),
        "{error}"
    );
    assert_eq!(error.next_step(), "check the url: the server has nothing there");
}
