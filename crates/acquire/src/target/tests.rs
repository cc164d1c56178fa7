use super::*;

const ID: &str = "d722c43a6f4f42d53dc7bc97ba04a1cb17ce3a34";

fn parse(text: &str) -> Result<Target, TargetError> {
    Target::parse(text, None, None)
}

#[test]
fn every_way_to_name_an_application_means_the_same_one() {
    let host = format!("{ID}-8090.dstack-base-prod7.phala.network");
    let upper = ID.to_ascii_uppercase();
    for text in [
        format!("{ID}@base-prod7"),
        format!("0x{upper}@base-prod7"),
        format!("0X{ID}@dstack-base-prod7.phala.network"),
        format!("{upper}.DSTACK-base-prod7.phala.network"),
        host.clone(),
        format!("https://{host}/"),
        format!("https://{host}"),
        format!("https://{host}/prpc/Info"),
        format!("{ID}-3000.dstack-base-prod7.phala.network"),
    ] {
        let target = parse(&text).unwrap();
        let application = target.application().unwrap();
        assert_eq!(application.id.to_string(), ID, "{text}");
        assert_eq!(application.gateway.to_string(), "dstack-base-prod7.phala.network", "{text}");
        assert_eq!(target.record().app_id.as_deref(), Some(ID), "{text}");
        assert_eq!(target.asked(), text);
        assert!(target.endpoint().is_none() && target.domain().is_none(), "{text}");
    }
}

#[test]
fn a_cluster_or_a_gateway_completes_an_id_and_only_one_of_them() {
    let by_name = Target::parse(ID, Some("pha-prod7"), None).unwrap();
    assert_eq!(by_name.application().unwrap().gateway.to_string(), "dstack-pha-prod7.phala.network");
    let by_domain = Target::parse(ID, None, Some("apps.example:7777")).unwrap();
    assert_eq!(by_domain.application().unwrap().gateway.to_string(), "apps.example:7777");
    assert_eq!(Target::parse(ID, Some("pha-prod7"), Some("a.example")), Err(TargetError::TwoGateways));
    assert_eq!(Target::parse(&format!("{ID}@prod5"), Some("prod7"), None), Err(TargetError::TwoGateways));
    assert_eq!(Target::parse(&format!("{ID}.a.example"), Some("prod7"), None), Err(TargetError::TwoGateways));
    assert_eq!(Target::parse("app.example", Some("prod7"), None), Err(TargetError::GatewayUnused));
    assert_eq!(parse(ID), Err(TargetError::NoGateway { id: ID.into() }));
    assert!(parse(ID).unwrap_err().next_step().contains("base-prod7"));
    let unknown = parse(&format!("{ID}@prod99")).unwrap_err();
    assert_eq!(unknown, TargetError::UnknownCluster { name: "prod99".into() });
    // The example of dstack's own documentation.
    let documented = parse(&format!("{ID}-80.gateway.example.com")).unwrap();
    assert_eq!(documented.application().unwrap().gateway.to_string(), "gateway.example.com");
}

#[test]
fn an_instance_is_one_only_when_the_caller_says_so() {
    let target = parse(&format!("instance:{ID}@base-prod7")).unwrap();
    assert!(target.application().unwrap().is_instance);
    assert_eq!(target.record().app_id, None, "the id is no app id, and nothing an answer says makes it one");
    assert_eq!(target.record().instance_id.as_deref(), Some(ID));
    assert!(matches!(parse("instance:app.example"), Err(TargetError::NotAnInstance { .. })));
}

#[test]
fn a_passthrough_port_is_kept_for_a_handshake() {
    let port = |label: &str| {
        parse(&format!("{ID}{label}.apps.example")).map(|target| target.application().unwrap().passthrough)
    };
    assert_eq!(port("-5003s").unwrap(), Some(5003));
    assert_eq!(port("-s").unwrap(), Some(443));
    assert_eq!(port("-50051g").unwrap(), None);
    for bad in ["-", "-0", "-08090", "-65536", "-80gs", "-80sg", "-x", "-80-81"] {
        assert!(matches!(port(bad), Err(TargetError::GatewayPort { .. })), "{bad}");
    }
}

#[test]
fn urls_domains_and_handshakes_are_told_apart() {
    let endpoint = parse("https://app.example:8443/attest?nonce={nonce}&x=1").unwrap();
    assert!(endpoint.takes_nonce());
    let url = endpoint.endpoint().unwrap().url(&[0xab; 32]).unwrap();
    assert_eq!(url.as_str(), format!("https://app.example:8443/attest?nonce={}&x=1", "ab".repeat(32)));
    assert_eq!(parse("https://app.example/").unwrap().domain().unwrap().as_str(), "app.example");
    assert_eq!(parse("app.example").unwrap().record().domain.as_deref(), Some("app.example"));
    assert!(parse("https://app.example/evidences/quote.json").unwrap().domain().is_some());
    let (host, port) = parse("ra-tls://App.example:8443").map(|target| target.handshake.unwrap()).unwrap();
    assert_eq!((host.as_str(), port), ("app.example", 8443));
    let both = parse(&format!("https://{ID}-3000.apps.example/attest")).unwrap();
    assert!(both.endpoint().is_some() && both.application().is_some());
}

#[test]
fn a_query_name_makes_a_place_for_the_nonce_once() {
    let named = |text: &str, name: &str| parse(text).unwrap().with_nonce_in(name);
    let with = named("https://a.example/quote", "report_data").unwrap();
    assert_eq!(with.endpoint().unwrap().to_string(), "https://a.example/quote?report_data={nonce}");
    let second = named("https://a.example/quote?x=1", "n").unwrap();
    assert_eq!(second.endpoint().unwrap().to_string(), "https://a.example/quote?x=1&n={nonce}");
    assert_eq!(named("https://a.example/q?n={nonce}", "n"), Err(TargetError::SecondNonce));
    assert_eq!(named("app.example", "n"), Err(TargetError::NonceUnused));
    assert!(matches!(named("https://a.example/q", "a&b="), Err(TargetError::Character { at: 1, .. })));
}

#[test]
fn a_domain_is_added_to_an_application_once() {
    let target = parse(&format!("{ID}@prod5")).unwrap().with_domain("app.example").unwrap();
    assert_eq!(target.record().domain.as_deref(), Some("app.example"));
    assert_eq!(target.with_domain("b.example"), Err(TargetError::SecondDomain));
}

#[test]
fn names_in_other_scripts_are_refused_and_shown_both_ways() {
    // The first letter is Cyrillic.
    let error = parse("https://\u{430}pple.example/attest").unwrap_err().to_string();
    assert!(error.contains("\u{430}pple.example") && error.contains("xn--pple-43d.example"), "{error}");
    let encoded = parse("xn--pple-43d.example").unwrap();
    assert!(encoded.to_string().contains("\u{430}pple.example"), "{encoded}");
    assert!(encoded.to_string().contains("xn--pple-43d.example"), "{encoded}");
    assert!(matches!(parse("xn--a.example"), Err(TargetError::Host(HostError::Punycode { .. }))));
}

#[test]
fn what_another_program_could_read_differently_is_refused() {
    let host = |error: HostError| TargetError::Host(error);
    for (text, expected) in [
        ("", TargetError::Empty),
        (
            "https://good.example@evil.example/",
            TargetError::UserInfo { text: "good.example@evil.example".into() },
        ),
        ("user@app.example", TargetError::UserInfo { text: "user@app.example".into() }),
        ("https://a.example/x\u{202e}y", TargetError::Character { at: 19, character: '\u{202e}' }),
        ("https://a.example/\u{1b}[2J", TargetError::Character { at: 18, character: '\u{1b}' }),
        ("a.example ", TargetError::Character { at: 9, character: ' ' }),
        ("https://a.example\\@b.example/", TargetError::Character { at: 17, character: '\\' }),
        ("https://a..example/x", host(HostError::EmptyLabel { at: 2 })),
        ("a.example.", host(HostError::EmptyLabel { at: 10 })),
        (".a.example", host(HostError::EmptyLabel { at: 0 })),
        ("https:///x", host(HostError::Empty)),
        ("http://a.example/", TargetError::Scheme { got: "http".into() }),
        ("HTTPS://a.example/", TargetError::Scheme { got: "HTTPS".into() }),
        ("file:///etc/passwd", TargetError::Scheme { got: "file".into() }),
        ("a.example/attest", TargetError::NoScheme { text: "a.example/attest".into() }),
        ("https://a.example/x#y", TargetError::Fragment { at: 19 }),
        ("https://a.example/../x", TargetError::PathSegment { segment: "..".into() }),
        ("https://a.example/%2e%2E/x", TargetError::PathSegment { segment: "%2e%2E".into() }),
        ("https://a.example/x%2Fy", TargetError::PathSegment { segment: "x%2Fy".into() }),
        ("https://a.example/{x}", TargetError::Placeholder { at: 18 }),
        ("https://a.example/{nonce}/{nonce}", TargetError::SecondNonce),
        ("https://a.example:0/x", TargetError::Port { got: "0".into() }),
        ("https://a.example:65536/x", TargetError::Port { got: "65536".into() }),
        ("https://a.example:+80/x", TargetError::Port { got: "+80".into() }),
        ("https://a.example:/x", TargetError::Port { got: String::new() }),
        ("ra-tls://a.example", TargetError::NoPort),
        ("ra-tls://a.example:443/x", TargetError::Port { got: "443/x".into() }),
        ("app.example:8443", TargetError::PortOfDomain { port: 8443 }),
        ("localhost", TargetError::OneLabel { name: "localhost".into() }),
        ("https://a_b.example/x", host(HostError::Character { at: 1, character: '_' })),
        ("https://a%2eb.example/x", host(HostError::Character { at: 1, character: '%' })),
        ("-a.example", host(HostError::Hyphen { label: "-a".into() })),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error, expected, "{text}");
        assert!(error.to_string().chars().all(|character| !is_hazardous(character)), "{error}");
        assert!(!error.next_step().is_empty());
    }
}

#[test]
fn addresses_are_refused_in_every_form_that_some_program_reads() {
    for text in [
        "127.0.0.1",
        "https://127.1/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://a.0x7f/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]:80/x",
        "ra-tls://10.0.0.1:443",
    ] {
        assert!(matches!(parse(text), Err(TargetError::Host(HostError::Address { .. }))), "{text}");
    }
}

#[test]
fn an_id_of_the_wrong_length_is_said_to_be_one() {
    let short = ID.get(..38).unwrap();
    let error = parse(short).unwrap_err().to_string();
    assert!(error.contains("40 hex digits") && error.contains("got 38"), "{error}");
    assert!(matches!(parse(&format!("{ID}00")), Err(TargetError::Id { .. })));
    assert!(matches!(parse("0x12"), Err(TargetError::Id { .. })));
    let long = "a".repeat(3000);
    assert_eq!(parse(&long), Err(TargetError::TooLong { limit: 2048, got: 3000 }));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic_and_what_is_accepted_prints_inert(text in "(instance:|ra-tls://|https://)?[0-9a-f.@:/?#{}%\\\\-]{0,60}\\PC{0,40}") {
        if let Ok(target) = parse(&text) {
            proptest::prop_assert!(target.to_string().chars().all(|character| !is_hazardous(character)));
            let options = crate::Options { nonce: Some([0; 32]), ..crate::Options::default() };
            let plan = crate::Plan::new(target, &options);
            proptest::prop_assert!(plan.is_ok(), "{:?}", plan);
        }
    }
}
