//! What is repeated, and what is not.

use crate::support::{Diary, Scripted, attempts, client, get, get_with, post, run};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use veritee_client::{Client, ConnectProblem, FailureKind, FetchError, Get, Settings};
use veritee_loopback::{Reply, Server};

#[test]
fn trouble_of_the_moment_is_repeated_until_it_is_over() {
    for trouble in [
        Reply::status(408),
        Reply::status(429),
        Reply::status(500),
        Reply::status(502),
        Reply::status(503),
        Reply::status(504),
        Reply::close(),
        Reply::bytes("12").announcing(3),
        Reply::retry_after("0"),
    ] {
        let server = Server::http();
        server.on("/", [trouble.clone(), trouble, Reply::json("{}")]);
        assert!(get_with(&attempts(3), &server.url("/")).is_ok());
        assert_eq!(server.count("/"), 3);
    }
}

#[test]
fn refusals_are_not_repeated() {
    for refusal in [
        Reply::status(400),
        Reply::status(403),
        Reply::status(404),
        Reply::status(501),
        Reply::redirect("//x.example/"),
        Reply::raw("SSH-2.0\r\n\r\n"),
        Reply::bytes(vec![0; 70_000]),
    ] {
        let server = Server::http();
        server.on("/", refusal);
        assert!(get_with(&attempts(3), &server.url("/")).is_err());
        assert_eq!(server.count("/"), 1);
    }
}

#[test]
fn attempts_are_bounded_and_told_of() {
    let server = Server::http();
    server.on("/", Reply::status(503));
    let diary = Arc::new(Diary::default());
    let settings = Settings { observer: Some(Arc::clone(&diary) as Arc<_>), ..attempts(3) };
    let error = get_with(&settings, &server.url("/")).unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert!(error.retryable());
    assert_eq!(server.count("/"), 3);
    assert_eq!(
        diary.lines(),
        [
            "started",
            "waiting 1 after Status",
            "started",
            "waiting 1 after Status",
            "started",
            "failed Status"
        ]
    );
}

#[test]
fn a_server_that_asks_to_wait_is_obeyed() {
    let server = Server::http();
    server.on("/", [Reply::retry_after("1"), Reply::json("{}")]);
    let began = Instant::now();
    assert!(get_with(&attempts(2), &server.url("/")).is_ok());
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_date_to_wait_for_is_taken_against_the_servers_own_clock() {
    let server = Server::http();
    let reply =
        Reply::retry_after("Sun, 06 Nov 1994 08:51:37 GMT").header("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
    server.on("/", reply);
    let error = get_with(&attempts(3), &server.url("/")).unwrap_err();
    assert!(matches!(error, FetchError::RetryAfterTooLong { seconds: 120, status: 429, .. }), "{error}");
}

#[test]
fn a_server_that_asks_for_too_long_ends_the_attempts_and_the_error_says_how_long() {
    for (value, seconds) in [("3600", 3600), ("99999999999999999999999999", u64::MAX)] {
        let server = Server::http();
        server.on("/", Reply::retry_after(value));
        let error = get_with(&attempts(5), &server.url("/")).unwrap_err();
        assert_eq!(error.status(), Some(429));
        assert!(error.to_string().contains(&format!("asks to wait {seconds} s")), "{error}");
        assert_eq!(error.next_step(), format!("try again in {seconds} s"));
        assert_eq!(server.count("/"), 1);
    }
}

#[test]
fn a_request_that_does_something_is_sent_once() {
    for trouble in [Reply::status(500), Reply::status(429), Reply::close(), Reply::bytes("12").announcing(3)]
    {
        let server = Server::http();
        server.on("/", trouble);
        assert!(run(client(&attempts(3)).post(&post(&server.url("/"), false))).is_err());
        assert_eq!(server.count("/"), 1);
        assert!(run(client(&attempts(3)).post(&post(&server.url("/"), true))).is_err());
        assert_eq!(server.count("/"), 1 + 3);
    }
}

#[test]
fn a_post_carries_its_json() {
    let server = Server::http();
    server.on("/", Reply::json("[]"));
    assert_eq!(run(client(&attempts(1)).post(&post(&server.url("/"), false))).unwrap().body, b"[]");
    let requests = server.requests();
    assert_eq!((requests[0].method.as_str(), requests[0].body.as_slice()), ("POST", b"{}".as_slice()));
    assert_eq!(requests[0].header("content-type"), Some("application/json"));
}

#[test]
fn a_connection_that_was_never_made_is_tried_again_even_for_such_a_request() {
    let server = Server::http();
    let text = server.url("/").replace("127.0.0.1", "app.localhost");
    drop(server);
    let diary = Arc::new(Diary::default());
    let settings = Settings { observer: Some(Arc::clone(&diary) as Arc<_>), ..attempts(3) };
    let error = run(client(&settings).post(&post(&text, false))).unwrap_err();
    assert!(matches!(error, FetchError::Connect { problem: ConnectProblem::Refused, .. }), "{error}");
    assert_eq!(diary.lines().iter().filter(|line| *line == "started").count(), 3);
}

#[test]
fn a_name_that_is_not_found_is_looked_up_again() {
    let resolver = Scripted::new(&[]);
    let client = Client::with_resolver(&attempts(3), Arc::clone(&resolver) as Arc<_>).unwrap();
    let error = run(client.get(&Get::any(crate::support::url("https://nowhere.example/"), 10))).unwrap_err();
    assert_eq!(error.kind(), FailureKind::NotResolved);
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 3);
}

#[test]
fn hanging_up_at_once_is_told_as_what_it_is() {
    let server = Server::http();
    server.on("/", Reply::close());
    let error = get(&server.url("/")).unwrap_err();
    assert!(matches!(error, FetchError::Connect { problem: ConnectProblem::Closed, .. }), "{error}");
}
