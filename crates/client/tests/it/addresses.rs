//! Addresses that must not be reached, however they are written.

use crate::support::{CAP, Scripted, get_with, run, settings, trusting, url};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use veritee_client::{AddressRange, Client, FailureKind, FetchError, Get, Settings};
use veritee_loopback::{Authority, Reply, Server};

fn public_only() -> Settings {
    Settings { allow_local: false, ..settings() }
}

fn ask(settings: &Settings, resolver: &Arc<Scripted>, text: &str) -> Result<Vec<u8>, FetchError> {
    let client = Client::with_resolver(settings, Arc::clone(resolver) as Arc<_>).unwrap();
    run(client.get(&Get::any(url(text), CAP))).map(|answer| answer.body)
}

#[test]
fn this_machine_is_refused_in_every_spelling() {
    let authority = Authority::new();
    let server = Server::https(authority.identity(&["localhost", "127.0.0.1"]));
    server.on("/", Reply::json("{}"));
    let settings = Settings { allow_local: false, ..trusting(authority.root()) };
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "0177.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "localhost",
        "LocalHost.",
        "a.localhost",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
    ] {
        let error = get_with(&settings, &format!("https://{host}:{}/", server.port())).unwrap_err();
        assert!(
            matches!(error, FetchError::RefusedAddress { range: AddressRange::Loopback, .. }),
            "{host}: {error}"
        );
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn other_addresses_off_the_public_internet_are_refused() {
    for (host, range) in [
        ("10.0.0.1", AddressRange::Private),
        ("192.168.1.1", AddressRange::Private),
        ("169.254.169.254", AddressRange::LinkLocal),
        ("2852039166", AddressRange::LinkLocal),
        ("100.64.0.1", AddressRange::CarrierGradeNat),
        ("0", AddressRange::Unspecified),
        ("255.255.255.255", AddressRange::Broadcast),
        ("[fd00:ec2::254]", AddressRange::UniqueLocal),
        ("[fe80::1]", AddressRange::LinkLocal),
        ("[ff02::1]", AddressRange::Multicast),
    ] {
        let error = get_with(&public_only(), &format!("https://{host}/latest/meta-data")).unwrap_err();
        assert!(
            matches!(&error, FetchError::RefusedAddress { range: found, address: Some(_), .. } if *found == range),
            "{host}: {error}"
        );
        assert!(error.next_step().contains("allow local addresses"));
    }
}

#[test]
fn a_name_that_leads_only_to_private_addresses_is_refused_with_the_address() {
    let resolver = Scripted::new(&[&["10.1.2.3", "fd00::1", "::1"]]);
    let error = ask(&public_only(), &resolver, "https://inside.example/").unwrap_err();
    assert_eq!(
        error,
        FetchError::RefusedAddress {
            url: "https://inside.example/".to_owned(),
            address: Some("10.1.2.3".parse().unwrap()),
            range: AddressRange::Private,
        }
    );
    assert!(error.to_string().contains("10.1.2.3 (private)"), "{error}");
}

#[test]
fn of_good_and_refused_addresses_only_the_good_ones_are_connected_to() {
    let authority = Authority::new();
    let server = Server::https(authority.identity(&["app.example"]));
    server.on("/", Reply::json("{}"));
    let text = format!("https://app.example:{}/", server.port());
    // 0.0.0.0 leads to this machine too; it is refused even where local addresses are allowed.
    let mixed = Scripted::new(&[&["0.0.0.0", "192.0.2.1", "127.0.0.1", "224.0.0.1"]]);
    assert_eq!(ask(&trusting(authority.root()), &mixed, &text).unwrap(), b"{}");
    let refused = Scripted::new(&[&["0.0.0.0", "192.0.2.1", "224.0.0.1"]]);
    let error = ask(&trusting(authority.root()), &refused, &text).unwrap_err();
    assert!(matches!(error, FetchError::RefusedAddress { range: AddressRange::Unspecified, .. }), "{error}");
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_name_whose_answer_changes_after_the_check_gains_nothing() {
    let authority = Authority::new();
    let server = Server::https(authority.identity(&["rebind.example"]));
    server.on("/", Reply::json("{}"));
    let text = format!("https://rebind.example:{}/", server.port());
    let settings = trusting(authority.root());
    // Good when it is judged, refused ever after: the connection goes to what was judged, without asking again.
    let rebinding = Scripted::new(&[&["127.0.0.1"], &["0.0.0.0"]]);
    let client = Client::with_resolver(&settings, Arc::clone(&rebinding) as Arc<_>).unwrap();
    let request = Get::any(url(&text), CAP);
    run(async {
        assert!(client.get(&request).await.is_ok());
        assert_eq!(rebinding.asked.load(Ordering::SeqCst), 1);
        // The next connection is judged anew.
        assert_eq!(client.get(&request).await.unwrap_err().kind(), FailureKind::RefusedAddress);
        assert_eq!(rebinding.asked.load(Ordering::SeqCst), 2);
    });
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_refusal_is_not_repeated() {
    let resolver = Scripted::new(&[&["10.0.0.1"]]);
    let mut settings = public_only();
    settings.retries.attempts = 5;
    assert!(ask(&settings, &resolver, "https://inside.example/").is_err());
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 1);
}

#[test]
fn a_name_without_address_says_so() {
    for resolver in [Scripted::new(&[]), Scripted::new(&[&[]])] {
        let error = ask(&public_only(), &resolver, "https://nowhere.example/").unwrap_err();
        assert!(
            matches!(&error, FetchError::NotResolved { host, .. } if host == "nowhere.example"),
            "{error}"
        );
    }
}

#[test]
fn localhost_is_this_machine_whatever_a_resolver_says() {
    let server = Server::http();
    server.on("/", Reply::json("{}"));
    let resolver = Scripted::new(&[&["192.0.2.1"]]);
    let text = format!("http://localhost:{}/", server.port());
    assert_eq!(ask(&settings(), &resolver, &text).unwrap(), b"{}");
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 0);
}
