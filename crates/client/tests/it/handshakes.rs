//! RA-TLS servers.

use crate::support::{Diary, Scripted, client, run, settings};
use std::sync::Arc;
use std::time::{Duration, Instant};
use veritee_client::{
    AddressRange, Client, ConnectProblem, FailureKind, FetchError, Proxies, Settings, Times, TlsProblem, Url,
    UrlProblem,
};
use veritee_loopback::{Authority, Identity, Proxy, Server};

fn shake(settings: &Settings, host: &str, port: u16) -> Result<Vec<Vec<u8>>, FetchError> {
    run(client(settings).handshake(host, port))
}

#[test]
fn the_chain_of_a_server_that_nobody_vouches_for_comes_back_as_it_was_shown() {
    let authority = Authority::new();
    for identity in [
        Identity::self_signed(&["ra-tls.example"]),
        authority.identity(&["other.example"]),
        authority.expired(&["localhost"]),
    ] {
        for server in [Server::https(identity.clone()), Server::https_tls12(identity.clone())] {
            for host in ["localhost", "127.0.0.1"] {
                assert_eq!(shake(&settings(), host, server.port()).unwrap(), identity.chain, "{host}");
            }
            assert!(server.requests().is_empty());
        }
    }
}

#[test]
fn a_server_that_does_not_hold_the_key_is_refused() {
    let theirs = Identity::self_signed(&["localhost"]);
    let ours = Identity::self_signed(&["localhost"]);
    let stolen = Identity::new(theirs.chain, ours.key);
    for server in [Server::https(stolen.clone()), Server::https_tls12(stolen.clone())] {
        let error = shake(&settings(), "localhost", server.port()).unwrap_err();
        assert!(matches!(error, FetchError::Tls { problem: TlsProblem::KeyNotProven, .. }), "{error}");
        assert!(error.next_step().contains("do not use this server"));
    }
}

#[test]
fn a_leaf_that_is_not_a_certificate_is_refused() {
    let good = Identity::self_signed(&["localhost"]);
    let server = Server::https(Identity::new(vec![b"not a certificate".to_vec()], good.key));
    assert_eq!(shake(&settings(), "localhost", server.port()).unwrap_err().kind(), FailureKind::Tls);
}

#[test]
fn a_chain_of_too_many_certificates_or_bytes_is_refused() {
    let identity = Identity::self_signed(&["localhost"]);
    let leaf = identity.chain[0].clone();
    let with = |extra: Vec<Vec<u8>>| {
        let chain = core::iter::once(leaf.clone()).chain(extra).collect();
        let server = Server::https(Identity::new(chain, identity.key.clone()));
        shake(&settings(), "localhost", server.port())
    };
    assert_eq!(with(vec![leaf.clone(); 7]).unwrap().len(), 8);
    for extra in [vec![leaf.clone(); 8], vec![vec![0; 30_000]; 3]] {
        let error = with(extra).unwrap_err();
        assert!(matches!(error, FetchError::Tls { problem: TlsProblem::ChainTooLarge, .. }), "{error}");
    }
    // An RA-TLS certificate with quote and log inside is large, and is taken.
    assert_eq!(with(vec![vec![0; 55_000]]).unwrap().len(), 2);
}

#[test]
fn addresses_are_guarded() {
    let server = Server::https(Identity::self_signed(&["localhost"]));
    let public_only = Settings { allow_local: false, ..settings() };
    for host in ["localhost", "127.0.0.1", "::1", "[::1]", "2130706433", "::ffff:127.0.0.1"] {
        let error = shake(&public_only, host, server.port()).unwrap_err();
        assert!(
            matches!(error, FetchError::RefusedAddress { range: AddressRange::Loopback, .. }),
            "{host}: {error}"
        );
    }
    let resolver = Scripted::new(&[&["192.168.7.7"]]);
    let client = Client::with_resolver(&public_only, resolver).unwrap();
    let error = run(client.handshake("inside.example", server.port())).unwrap_err();
    assert!(matches!(
        error,
        FetchError::RefusedAddress { address: Some(_), range: AddressRange::Private, .. }
    ));
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_host_that_is_none_is_refused() {
    for host in ["", "a b", "host/path", "user@host", "host:1", "a\r\nb", "[::1"] {
        let error = shake(&settings(), host, 443).unwrap_err();
        assert!(
            matches!(error, FetchError::BadUrl { problem: UrlProblem::Unreadable, .. }),
            "{host}: {error}"
        );
    }
    let error = shake(&settings(), "localhost", 0).unwrap_err();
    assert!(matches!(error, FetchError::BadUrl { problem: UrlProblem::Port, .. }), "{error}");
}

#[test]
fn a_server_without_tls_or_without_words_holds_nobody() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let short = Duration::from_millis(300);
    let settings = Settings {
        times: Times { connect: short, stall: short, total: Duration::from_secs(5) },
        ..settings()
    };
    let began = Instant::now();
    let error = shake(&settings, "127.0.0.1", port).unwrap_err();
    assert_eq!(error.kind(), FailureKind::Stalled, "{error}");
    assert!(began.elapsed() < Duration::from_secs(3));
    drop(listener);
    let error = shake(&settings, "127.0.0.1", port).unwrap_err();
    assert!(matches!(error, FetchError::Connect { problem: ConnectProblem::Refused, .. }), "{error}");
}

#[test]
fn a_proxy_tunnels_the_handshake() {
    let identity = Identity::self_signed(&["ra-tls.example"]);
    let server = Server::https(identity.clone());
    let proxy = Proxy::start();
    proxy.route("ra-tls.example:8443", server.port());
    let proxied = proxy.url().replace("http://", "http://alice:hunter2@");
    let with = |url: &str| Settings { proxies: Proxies::Fixed(Url::parse(url).unwrap()), ..settings() };
    assert_eq!(shake(&with(&proxied), "ra-tls.example", 8443).unwrap(), identity.chain);
    assert_eq!(proxy.targets(), ["ra-tls.example:8443"]);
    assert!(proxy.heads()[0].contains("Proxy-Authorization: Basic YWxpY2U6aHVudGVyMg=="));
    let refusing = Proxy::refusing(403);
    let error = shake(&with(&refusing.url()), "ra-tls.example", 8443).unwrap_err();
    assert_eq!(error.kind(), FailureKind::Proxy);
    assert!(error.to_string().contains("403"), "{error}");
}

#[test]
fn progress_is_told() {
    let identity = Identity::self_signed(&["localhost"]);
    let server = Server::https(identity.clone());
    let diary = Arc::new(Diary::default());
    let settings = Settings { observer: Some(Arc::clone(&diary) as Arc<_>), ..settings() };
    shake(&settings, "localhost", server.port()).unwrap();
    assert_eq!(diary.lines(), ["started".to_owned(), format!("finished {}", identity.chain[0].len())]);
}
