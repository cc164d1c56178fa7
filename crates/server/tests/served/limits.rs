//! Every limit is met, and meeting it costs nobody else anything.

use crate::client::{Server, answer, request};
use crate::{limits, settings, started, with_tokens};
use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use veritee_server::{Limits, Settings};

#[test]
fn a_body_that_is_too_large_is_413_whether_its_length_is_told_or_not() {
    let server = started();
    let body = vec![b'x'; (1 << 20) + 1];
    let told = server.post("/v1/verify", "", &body);
    assert_eq!((told.status, told.error().as_str()), (413, "too-large"));
    let chunk = format!("{:x}\r\n{}\r\n0\r\n\r\n", body.len(), "x".repeat(body.len()));
    let head =
        "POST /v1/verify HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    let untold = server.raw(format!("{head}{chunk}").as_bytes());
    assert_eq!((untold.status, untold.error().as_str()), (413, "too-large"));
    let whole = server.post("/v1/verify", "", &body[1..]);
    assert_eq!(whole.status, 200);
    for (length, status) in [("1099511627776", 413), ("18446744073709551615", 431)] {
        let head = format!("POST /verify HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
        assert_eq!(server.raw(head.as_bytes()).status, status);
    }
    server.serves();
}

#[test]
fn a_body_that_drips_is_408_and_others_are_served_meanwhile() {
    let server = started();
    let mut slow: Vec<_> = (0..8)
        .map(|_| {
            let mut stream = server.connect();
            stream.write_all(request(&server.address, "/v1/verify", "", 1000).as_bytes()).unwrap();
            stream
        })
        .collect();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(2500) {
        for stream in &mut slow {
            let _ = stream.write_all(b"x");
        }
        let asked = Instant::now();
        server.serves();
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        std::thread::sleep(Duration::from_millis(100));
    }
    for stream in &mut slow {
        let answer = answer(stream).unwrap();
        assert_eq!((answer.status, answer.error().as_str()), (408, "body-time"));
    }
}

#[test]
fn a_body_that_ends_early_is_told_and_a_head_that_drips_is_closed() {
    let server = started();
    let mut cut = server.connect();
    cut.write_all(request(&server.address, "/v1/verify", "", 1000).as_bytes()).unwrap();
    cut.write_all(b"some").unwrap();
    cut.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(answer(&mut cut).is_none_or(|answer| answer.status == 400));
    let mut head = server.connect();
    let begun = Instant::now();
    head.write_all(b"POST /v1/verify HTT").unwrap();
    let mut rest = Vec::new();
    let _ = head.read_to_end(&mut rest);
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    server.serves();
}

#[test]
fn silent_connections_make_room_for_whoever_asks() {
    // Longer than the test: only room that is made lets others in.
    let time = Duration::from_secs(60);
    let server = Server::start(settings(Limits { head_time: time, ..limits() }));
    let mut idle: Vec<_> = (0..40).map(|_| server.connect()).collect();
    let mut begun = server.connect();
    begun.write_all(b"GET /health HT").unwrap();
    for _ in 0..20 {
        let asked = Instant::now();
        server.serves();
        assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    }
    // The oldest had to go, those that came last stay.
    let mut byte = [0];
    assert_eq!(idle[0].read(&mut byte).unwrap_or(0), 0);
    let metrics = server.get("/metrics").body;
    assert!(!metrics.contains("veritee_connections_evicted_total 0"), "{metrics}");
}

#[test]
fn what_waits_beyond_the_queue_is_503_and_told_to_come_again() {
    let server = started();
    // Two at work, two waiting.
    let mut under_way: Vec<_> = (0..4)
        .map(|_| {
            let stream = server.begin("/v1/verify", b"sleep:1200");
            std::thread::sleep(Duration::from_millis(60));
            stream
        })
        .collect();
    let busy = server.post("/v1/verify", "", b"evidence");
    assert_eq!((busy.status, busy.error().as_str()), (503, "busy"));
    assert_eq!(busy.header("retry-after").as_deref(), Some("1"));
    assert_eq!(server.post("/verify", "", b"{}").status, 503);
    assert_eq!(server.get("/readyz").status, 503);
    assert_eq!(server.get("/health").status, 200, "who is busy is not dead");
    let metrics = server.get("/metrics").body;
    assert!(metrics.contains("veritee_waiting 2") && metrics.contains("veritee_under_way 2"), "{metrics}");
    for stream in &mut under_way {
        assert_eq!(answer(stream).unwrap().status, 200);
    }
    server.serves();
    assert_eq!(server.get("/readyz").status, 200);
}

#[test]
fn a_verdict_that_takes_too_long_is_504_and_keeps_its_place_until_it_is_done() {
    let server = Server::start(settings(Limits {
        work_time: Duration::from_millis(300),
        jobs: 1,
        queue: 0,
        ..limits()
    }));
    let late = server.post("/v1/verify", "", b"sleep:1500");
    assert_eq!((late.status, late.error().as_str()), (504, "too-long"));
    // Its thread still computes: a second one is not begun beside it.
    assert_eq!(server.post("/v1/verify", "", b"evidence").status, 503);
    std::thread::sleep(Duration::from_millis(1600));
    server.serves();
}

#[test]
fn a_verification_that_comes_to_grief_is_one_answer_and_no_more() {
    let server = started();
    for _ in 0..4 {
        assert_eq!(server.post("/v1/verify", "", b"panic").status, 500);
    }
    server.serves();
}

#[test]
fn malformed_requests_are_answered_or_closed_and_leave_others_served() {
    let server = started();
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000));
    let many: String = (0..2000).map(|at| format!("X-{at}: {at}\r\n")).collect();
    let many = format!("GET /health HTTP/1.1\r\n{many}\r\n");
    let bad: [&[u8]; 9] = [
        b"\r\n\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /verify HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /verify HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST /verify HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        long.as_bytes(),
        many.as_bytes(),
    ];
    for bytes in bad {
        let mut stream = server.connect();
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        if let Some(answer) = answer(&mut stream) {
            assert!((400..500).contains(&answer.status), "{answer:?}");
        }
        server.serves();
    }
}

#[test]
fn without_a_token_nothing_is_answered_but_health_and_readiness() {
    let server = with_tokens("0123456789abcdef\nanother-token-of-ours\n");
    assert_eq!(server.get("/health").status, 200);
    assert_eq!(server.get("/readyz").status, 200);
    let with = |value: &str| server.post("/v1/verify", &format!("Authorization: {value}\r\n"), b"evidence");
    for bad in ["Bearer 0123456789abcde", "Bearer x", "Basic 0123456789abcdef", "0123456789abcdef", "Bearer"]
    {
        let answer = with(bad);
        assert_eq!((answer.status, answer.error().as_str()), (401, "token"), "{bad}");
        assert_eq!(answer.header("www-authenticate").as_deref(), Some("Bearer"));
    }
    for path in ["/", "/metrics", "/openapi.json", "/v1/explain/known", "/nothing", "/verify"] {
        assert_eq!(server.get(path).status, 401, "{path}");
    }
    assert_eq!(with("Bearer 0123456789abcdef").status, 200);
    assert_eq!(with("bearer another-token-of-ours").status, 200);
    let twice = "Bearer x\r\nAuthorization: Bearer 0123456789abcdef";
    assert_eq!(with(twice).status, 401, "two headers, two readers");
}

#[test]
fn a_page_of_another_origin_cannot_ask_by_a_visitors_browser() {
    let server = started();
    let from = |origin: &str| {
        server.post("/verify", &format!("Origin: {origin}\r\nContent-Type: text/plain\r\n"), b"{}").status
    };
    assert_eq!(from("https://elsewhere.example"), 403);
    assert_eq!(from("null"), 403);
    assert_eq!(from(&format!("http://{}", server.address)), 200);
}

#[test]
fn the_log_has_a_line_for_each_request_and_nothing_of_what_was_sent() {
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&lines);
    let log: veritee_server::Log = Arc::new(move |line: &str| kept.lock().unwrap().push(line.to_owned()));
    let server = Server::start(Settings { log: Some(log), ..settings(limits()) });
    server.post(
        "/v1/verify?nonce=secretsecret",
        "Authorization: Bearer secretsecret\r\n",
        b"secret evidence",
    );
    server.post("/v1/verify", "X-Request-Id: secret\r\n", b"secret evidence");
    server.get("/v1/explain/secret");
    server.get("/secret/path");
    server.raw(b"SECRET /health HTTP/1.1\r\nHost: secret\r\nConnection: close\r\n\r\n");
    let lines = lines.lock().unwrap().clone();
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(!lines.join("\n").to_lowercase().contains("secret"), "{lines:?}");
    assert!(
        lines[1].starts_with("request 2 POST /v1/verify 200 ") && lines[1].ends_with(" ms verified"),
        "{lines:?}"
    );
    let metrics = server.get("/metrics").body;
    assert!(
        !metrics.contains("secret") && metrics.contains("route=\"other\",status=\"404\"} 1"),
        "{metrics}"
    );
}
