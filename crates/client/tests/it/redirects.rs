//! Redirects.

use crate::support::{get, get_with, post, run, settings, trusting};
use veritee_client::{Client, FailureKind, FetchError};
use veritee_loopback::{Authority, Reply, Server};

#[test]
fn a_redirect_on_the_same_server_is_followed_and_the_final_url_is_told() {
    let server = Server::http();
    server.on("/a", Reply::redirect("/b?x=1")).on("/b", Reply::json("{}"));
    let answer = get(&server.url("/a")).unwrap();
    assert_eq!(answer.url.as_str(), server.url("/b?x=1"));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_redirect_to_another_server_is_an_error_that_names_both() {
    let elsewhere = Server::http();
    elsewhere.on("/", Reply::json("{}"));
    let server = Server::http();
    server.on("/a", Reply::redirect(&elsewhere.url("/")));
    let error = get(&server.url("/a")).unwrap_err();
    assert_eq!(error, FetchError::RedirectElsewhere { url: server.url("/a"), to: elsewhere.url("/") });
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn a_redirect_may_not_change_the_scheme_the_port_or_the_spelling_of_the_host() {
    let authority = Authority::new();
    let server = Server::https(authority.identity(&["localhost", "127.0.0.1"]));
    let port = server.port();
    server.on("/b", Reply::json("{}"));
    for to in [
        format!("http://localhost:{port}/b"),
        "https://localhost/b".to_owned(),
        format!("https://127.0.0.1:{port}/b"),
        format!("//app.example:{port}/b"),
        "file:///etc/passwd".to_owned(),
        "https://169.254.169.254/latest/meta-data".to_owned(),
    ] {
        server.replace("/a", Reply::redirect(&to));
        let error = get_with(&trusting(authority.root()), &server.url("/a")).unwrap_err();
        assert_eq!(error.kind(), FailureKind::RedirectElsewhere, "{to}: {error}");
        let FetchError::RedirectElsewhere { to: named, .. } = error else { unreachable!() };
        assert!(named.ends_with(to.trim_start_matches("https:")), "{named} {to}");
    }
    assert_eq!((server.count("/a"), server.count("/b")), (6, 0));
}

#[test]
fn a_redirect_with_a_user_name_is_refused_without_showing_the_password() {
    let server = Server::http();
    let to = server.url("/b").replace("http://", "http://user:hunter2@");
    server.on("/a", Reply::redirect(&to)).on("/b", Reply::json("{}"));
    let error = get(&server.url("/a")).unwrap_err();
    assert_eq!(error.kind(), FailureKind::BadUrl);
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    assert_eq!(server.count("/b"), 0);
}

#[test]
fn three_redirects_are_followed_and_no_more() {
    let server = Server::http();
    server
        .on("/1", Reply::redirect("/2"))
        .on("/2", Reply::redirect("/3"))
        .on("/3", Reply::redirect("/4"))
        .on("/4", Reply::json("{}"))
        .on("/loop", Reply::redirect("/loop"));
    assert!(get(&server.url("/1")).is_ok());
    let error = get(&server.url("/loop")).unwrap_err();
    assert!(matches!(error, FetchError::TooManyRedirects { limit: 3, .. }), "{error}");
    assert_eq!(server.count("/loop"), 4);
}

#[test]
fn a_redirect_that_leads_nowhere_is_an_error() {
    let server = Server::http();
    server.on("/none", Reply::status(302)).on("/bad", Reply::redirect("https://[broken"));
    assert_eq!(get(&server.url("/none")).unwrap_err().status(), Some(302));
    assert_eq!(get(&server.url("/bad")).unwrap_err().kind(), FailureKind::Broken);
}

#[test]
fn what_was_posted_is_not_carried_to_another_url() {
    let server = Server::http();
    server.on("/a", Reply::status(307).header("Location", "/b")).on("/b", Reply::json("{}"));
    let client = Client::new(&settings()).unwrap();
    let error = run(client.post(&post(&server.url("/a"), true))).unwrap_err();
    assert_eq!(error.status(), Some(307));
    assert_eq!(server.count("/b"), 0);
}
