//! Urls that are not asked.

use crate::support::{get, get_with, settings};
use veritee_client::{Client, ClientError, FailureKind, FetchError, Settings, UrlProblem};
use veritee_loopback::{Reply, Server};

#[test]
fn http_is_for_loopback_only_and_only_when_local_addresses_are_allowed() {
    let public_only = Settings { allow_local: false, ..settings() };
    let server = Server::http();
    server.on("/", Reply::json("{}"));
    assert_eq!(get_with(&public_only, &server.url("/")).unwrap_err().kind(), FailureKind::NotHttps);
    assert!(get_with(&settings(), &server.url("/")).is_ok());
    assert!(get_with(&settings(), &server.url("/").replace("127.0.0.1", "localhost")).is_ok());
    for text in ["http://pcs.example/", "http://10.0.0.1/", "http://8.8.8.8/", "http://localhost.example/"] {
        assert_eq!(get(text).unwrap_err().kind(), FailureKind::NotHttps, "{text}");
    }
    assert_eq!(server.count("/"), 2);
}

#[test]
fn urls_that_hide_something_are_refused_without_showing_it() {
    let long = format!("https://pcs.example/{}", "a".repeat(9000));
    for (text, expected) in [
        ("https://pcs.example@127.0.0.1/", UrlProblem::Credentials),
        ("https://user:hunter2@pcs.example/", UrlProblem::Credentials),
        ("https://:hunter2@pcs.example/", UrlProblem::Credentials),
        ("ftp://pcs.example/", UrlProblem::Scheme),
        ("file:///etc/passwd", UrlProblem::Scheme),
        ("data:text/plain,hello", UrlProblem::Scheme),
        ("https://pcs.example:0/", UrlProblem::Port),
        (&long, UrlProblem::TooLong),
    ] {
        let error = get(text).unwrap_err();
        assert!(
            matches!(&error, FetchError::BadUrl { problem, .. } if *problem == expected),
            "{text}: {error}"
        );
        let said = format!("{error} {error:?} {}", error.next_step());
        assert!(!said.contains("hunter2") && said.len() < 1200, "{said}");
    }
}

#[test]
fn a_user_agent_that_would_break_the_head_makes_no_client() {
    for user_agent in ["", "a\r\nX-Injected: b", "caf\u{e9}"] {
        let settings = Settings { user_agent: user_agent.to_owned(), ..settings() };
        assert_eq!(Client::new(&settings).unwrap_err(), ClientError::UserAgent, "{user_agent:?}");
    }
}

#[test]
fn a_request_says_what_it_was_told_to_say_and_no_more() {
    let server = Server::http();
    server.on("/", Reply::json("{}"));
    get(&server.url("/?a=b")).unwrap();
    let requests = server.requests();
    let [request] = requests.as_slice() else { panic!("one request") };
    let mut names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "host", "user-agent"]);
    assert_eq!((request.method.as_str(), request.query.as_str()), ("GET", "a=b"));
    assert!(request.header("user-agent").unwrap().starts_with("veritee/"));
}
