//! Proxies.

use crate::support::{CAP, Scripted, get_with, run, settings, trusting, url};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use veritee_client::{Client, ClientError, FailureKind, FetchError, Get, Proxies, Settings, TlsProblem};
use veritee_loopback::{Authority, Identity, Proxy, Reply, Server};

const LOGIN: &str = "http://alice:hunter2@";

fn through(proxy: &str, settings: Settings) -> Settings {
    Settings { proxies: Proxies::Fixed(url(proxy)), ..settings }
}

fn silent_about_the_password(error: &FetchError) {
    let said = format!("{error} {error:?} {}", error.next_step());
    for secret in ["hunter2", "alice", "YWxpY2U6aHVudGVyMg"] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn a_proxy_tunnels_and_resolves_and_the_chain_is_still_the_servers() {
    let authority = Authority::new();
    let identities: Vec<_> = (0..2).map(|_| authority.identity(&["app.example"])).collect();
    let server = Server::https_replicas(&identities);
    server.otherwise(|request| Reply::text(request.connection.to_string()));
    let proxy = Proxy::start();
    proxy.route("app.example:443", server.port());
    // Local addresses are not allowed: the proxy may be local all the same.
    let settings = Settings { allow_local: false, ..trusting(authority.root()) };
    let settings = through(&proxy.url().replace("http://", LOGIN), settings);
    let resolver = Scripted::new(&[]);
    let client = Client::with_resolver(&settings, Arc::clone(&resolver) as Arc<_>).unwrap();
    let request = Get::any(url("https://app.example/"), CAP);
    for turn in 0..4 {
        let answer = run(client.get(&request)).unwrap();
        assert_eq!(answer.body, turn.to_string().as_bytes());
        assert_eq!(answer.served().unwrap(), identities[turn % 2].chain);
    }
    assert_eq!(proxy.targets(), ["app.example:443"; 4]);
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 0);
    assert!(proxy.heads()[0].to_lowercase().contains("proxy-authorization: basic ywxpy2u6ahvudgvymg=="));
    assert!(!format!("{settings:?} {client:?}").contains("hunter2"));
}

#[test]
fn tls_is_verified_through_a_proxy_too() {
    let server = Server::https(Identity::self_signed(&["app.example"]));
    let proxy = Proxy::start();
    proxy.route("app.example:443", server.port());
    let settings = through(&proxy.url().replace("http://", LOGIN), trusting(Authority::new().root()));
    let error = get_with(&settings, "https://app.example/").unwrap_err();
    assert!(matches!(error, FetchError::Tls { problem: TlsProblem::UnknownIssuer, .. }), "{error}");
    silent_about_the_password(&error);
}

#[test]
fn a_proxy_is_no_way_round_the_address_guard() {
    let proxy = Proxy::start();
    let settings = through(&proxy.url(), Settings { allow_local: false, ..settings() });
    for text in [
        "https://10.0.0.1/",
        "https://169.254.169.254/",
        "https://localhost/",
        "https://[::1]/",
        "https://2130706433/",
    ] {
        let error = get_with(&settings, text).unwrap_err();
        assert_eq!(error.kind(), FailureKind::RefusedAddress, "{text}: {error}");
    }
    assert!(proxy.heads().is_empty());
}

#[test]
fn a_proxy_that_refuses_or_is_gone_is_told_without_its_password() {
    let refusing = Proxy::refusing(407);
    let unwilling = Proxy::refusing(502);
    let gone = Proxy::start();
    let gone_url = gone.url();
    drop(gone);
    for (address, why) in [
        (refusing.url(), "authorization required"),
        (unwilling.url(), "refused to open a tunnel"),
        (gone_url, "connection refused"),
    ] {
        let settings = through(&address.replace("http://", LOGIN), settings());
        let error = get_with(&settings, "https://app.example/").unwrap_err();
        assert_eq!(error.kind(), FailureKind::Proxy, "{error}");
        assert!(error.to_string().contains(why), "{error}");
        assert!(error.to_string().contains(&address), "{error}");
        silent_about_the_password(&error);
    }
    assert_eq!(refusing.targets(), ["app.example:443"]);
}

#[test]
fn a_proxy_that_keeps_silent_is_told_as_the_proxy() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mut settings = through(&address, settings());
    settings.times.connect = std::time::Duration::from_millis(300);
    let error = get_with(&settings, "https://app.example/").unwrap_err();
    assert_eq!(error.kind(), FailureKind::Proxy, "{error}");
    let error = run(Client::new(&settings).unwrap().handshake("app.example", 443)).unwrap_err();
    assert_eq!(error.kind(), FailureKind::Proxy, "{error}");
    assert!(error.to_string().contains("no connection within 300 ms"), "{error}");
}

#[test]
fn a_wrong_password_is_tried_once() {
    let proxy = Proxy::refusing(407);
    let mut settings = through(&proxy.url().replace("http://", LOGIN), settings());
    settings.retries.attempts = 4;
    assert!(get_with(&settings, "https://app.example/").is_err());
    assert_eq!(proxy.targets().len(), 1);
}

#[test]
fn a_proxy_of_another_kind_makes_no_client() {
    for text in ["socks5://alice:hunter2@127.0.0.1:1080", "ftp://127.0.0.1/"] {
        let error = Client::new(&through(text, settings())).unwrap_err();
        assert!(matches!(error, ClientError::Proxy { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

/// Runs this test binary again: the environment of a process that runs cannot be changed safely.
#[test]
fn proxies_of_the_environment_are_used_and_no_proxy_is_heeded() {
    let authority = Authority::new();
    let server = Server::https(authority.identity(&["app.example", "localhost"]));
    server.on("/", Reply::json("{}"));
    let proxy = Proxy::start();
    proxy.route("app.example:443", server.port());
    let root: String = authority.root().iter().map(|byte| format!("{byte:02x}")).collect();
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "proxies::in_a_process_with_proxies", "--nocapture"])
        .env_clear()
        .env("HTTPS_PROXY", proxy.url())
        .env("NO_PROXY", "direct.example,localhost")
        .env("VERITEE_TEST_ROOT", root)
        .env("VERITEE_TEST_URL", server.url("/"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(proxy.targets(), ["app.example:443"]);
    assert_eq!(server.count("/"), 2);
}

#[test]
fn in_a_process_with_proxies() {
    let (Ok(root), Ok(direct)) = (std::env::var("VERITEE_TEST_ROOT"), std::env::var("VERITEE_TEST_URL"))
    else {
        return;
    };
    let root =
        (0..root.len()).step_by(2).map(|at| u8::from_str_radix(&root[at..at + 2], 16).unwrap()).collect();
    let settings = Settings { proxies: Proxies::FromEnvironment, ..trusting(root) };
    // Through the proxy; the resolver of the test knows no names.
    let resolver = Scripted::new(&[]);
    let client = Client::with_resolver(&settings, Arc::clone(&resolver) as Arc<_>).unwrap();
    run(client.get(&Get::any(url("https://app.example/"), CAP))).unwrap();
    // Directly, by NO_PROXY.
    run(client.get(&Get::any(url(&direct), CAP))).unwrap();
    let error = run(client.get(&Get::any(url("https://direct.example/"), CAP))).unwrap_err();
    assert_eq!(error.kind(), FailureKind::NotResolved);
}
