//! Servers that cannot show who they are.

use crate::support::{CAP, client, get_with, run, settings, trusting, url};
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;
use veritee_client::{
    Client, ClientError, ConnectProblem, FailureKind, FetchError, Get, Roots, Settings, Times, TlsProblem,
};
use veritee_loopback::{Authority, Identity, Reply, Server};

fn problem(settings: &Settings, server: &Server) -> TlsProblem {
    let error = get_with(settings, &server.url("/")).unwrap_err();
    assert_eq!(error.kind(), FailureKind::Tls, "{error}");
    assert!(server.requests().is_empty(), "a request was sent to a server that was not accepted");
    let FetchError::Tls { problem, .. } = error else { unreachable!() };
    problem
}

#[test]
fn a_good_server_is_accepted_and_its_chain_is_kept() {
    let authority = Authority::new();
    let identity = authority.identity(&["localhost"]);
    for server in [Server::https(identity.clone()), Server::https_tls12(identity.clone())] {
        server.on("/", Reply::json("{}"));
        let answer = get_with(&trusting(authority.root()), &server.url("/")).unwrap();
        assert_eq!(answer.body, b"{}");
        assert_eq!(answer.served().unwrap(), identity.chain);
    }
}

#[test]
fn an_answer_over_http_has_no_chain() {
    let server = Server::http();
    server.on("/", Reply::json("{}"));
    assert_eq!(get_with(&settings(), &server.url("/")).unwrap().served(), None);
}

#[test]
fn an_authority_that_nobody_named_is_not_accepted() {
    let server = Server::https(Authority::new().identity(&["localhost"]));
    server.on("/", Reply::json("{}"));
    assert_eq!(problem(&settings(), &server), TlsProblem::UnknownIssuer);
    assert_eq!(problem(&trusting(Authority::new().root()), &server), TlsProblem::UnknownIssuer);
}

#[test]
fn an_authority_that_takes_the_name_of_another_is_not_accepted() {
    let server = Server::https(Authority::named("same").identity(&["localhost"]));
    server.on("/", Reply::json("{}"));
    let problem = problem(&trusting(Authority::named("same").root()), &server);
    assert!(matches!(problem, TlsProblem::BadCertificate(_)), "{problem}");
}

#[test]
fn a_root_of_ones_own_goes_beside_those_of_mozilla() {
    let authority = Authority::new();
    let server = Server::https(authority.identity(&["localhost"]));
    server.on("/", Reply::json("{}"));
    let settings = Settings { roots: Roots::MozillaAnd(vec![authority.root()]), ..settings() };
    assert!(get_with(&settings, &server.url("/")).is_ok());
}

#[test]
fn a_certificate_that_vouches_for_itself_is_not_accepted() {
    let server = Server::https(Identity::self_signed(&["localhost"]));
    server.on("/", Reply::json("{}"));
    assert_eq!(problem(&trusting(Authority::new().root()), &server), TlsProblem::UnknownIssuer);
}

#[test]
fn certificates_out_of_their_time_or_for_another_name_are_not_accepted() {
    let authority = Authority::new();
    for (identity, expected) in [
        (authority.expired(&["localhost"]), TlsProblem::Expired),
        (authority.not_yet_valid(&["localhost"]), TlsProblem::NotYetValid),
        (authority.identity(&["other.example"]), TlsProblem::WrongName),
        (authority.identity(&["127.0.0.1"]), TlsProblem::WrongName),
    ] {
        let server = Server::https(identity);
        server.on("/", Reply::json("{}"));
        assert_eq!(problem(&trusting(authority.root()), &server), expected);
    }
}

#[test]
fn a_good_chain_with_another_key_is_not_accepted() {
    let authority = Authority::new();
    let stolen =
        Identity::new(authority.identity(&["localhost"]).chain, authority.identity(&["localhost"]).key);
    for server in [Server::https(stolen.clone()), Server::https_tls12(stolen.clone())] {
        server.on("/", Reply::json("{}"));
        assert_eq!(problem(&trusting(authority.root()), &server), TlsProblem::KeyNotProven);
    }
}

#[test]
fn a_server_without_tls_is_not_accepted() {
    // It answers the greeting as web servers do.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").unwrap();
        let mut ignored = Vec::new();
        let _ = stream.read_to_end(&mut ignored);
    });
    let error = get_with(&settings(), &format!("https://127.0.0.1:{port}/")).unwrap_err();
    assert!(matches!(error, FetchError::Tls { problem: TlsProblem::Other(_), .. }), "{error}");
    server.join().unwrap();
}

#[test]
fn a_server_that_keeps_silent_in_the_handshake_holds_nobody() {
    // It waits for the end of a request that never comes.
    let server = Server::http();
    let short = Duration::from_millis(300);
    let settings = Settings { times: Times { connect: short, stall: short, total: short * 9 }, ..settings() };
    let error = get_with(&settings, &server.url("/").replace("http://", "https://")).unwrap_err();
    assert!(
        matches!(error, FetchError::Connect { problem: ConnectProblem::TimedOut { milliseconds: 300 }, .. }),
        "{error}"
    );
}

#[test]
fn each_answer_has_the_chain_of_its_own_connection_when_replicas_share_a_name() {
    let authority = Authority::new();
    let identities: Vec<_> = (0..3).map(|_| authority.identity(&["localhost"])).collect();
    let server = Server::https_replicas(&identities);
    server.otherwise(|request| Reply::text(request.connection.to_string()));
    let client = client(&trusting(authority.root()));
    let request = Arc::new(Get::any(url(&server.url("/")), CAP));
    run(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let (client, request) = (client.clone(), Arc::clone(&request));
            tasks.spawn(async move { client.get(&request).await });
        }
        let mut seen = 0;
        while let Some(answer) = tasks.join_next().await {
            let answer = answer.unwrap().unwrap();
            let connection: usize = String::from_utf8(answer.body.clone()).unwrap().parse().unwrap();
            assert_eq!(answer.served().unwrap(), identities[connection % 3].chain, "connection {connection}");
            seen += 1;
        }
        assert_eq!(seen, 12);
    });
}

#[test]
fn roots_that_are_none_make_no_client() {
    let with = |roots| Client::new(&Settings { roots, ..settings() }).unwrap_err();
    assert_eq!(with(Roots::Only(Vec::new())), ClientError::NoRoots);
    let good = Authority::new().root();
    let error = with(Roots::MozillaAnd(vec![good, b"not a certificate".to_vec()]));
    assert!(matches!(error, ClientError::Root { index: 1, .. }), "{error}");
}

#[test]
fn the_chain_is_found_for_servers_that_are_named_by_address() {
    let authority = Authority::new();
    let identity = authority.identity(&["127.0.0.1", "localhost"]);
    let server = Server::https(identity.clone());
    server.on("/", Reply::json("{}"));
    for host in ["127.0.0.1", "2130706433", "LOCALHOST"] {
        let text = server.url("/").replace("localhost", host);
        let answer = get_with(&trusting(authority.root()), &text).unwrap();
        assert_eq!(answer.served().unwrap(), identity.chain, "{host}");
    }
}
