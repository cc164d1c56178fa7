//! Tokens go to the server that they are for, and bodies that are too large for memory go on as they come.

use crate::support::{CAP, attempts, client, run, settings, trusting, url};
use veritee_client::{Answer, Bearer, FailureKind, FetchError, Get, Proxies, Settings, Sink};
use veritee_loopback::{Authority, Proxy, Reply, Server};

const TOKEN: &str = "hunter2.aGVsbG8";

fn request(text: &str) -> Get {
    Get { bearer: Bearer::new(TOKEN), elsewhere: true, ..Get::any(url(text), CAP) }
}

fn ask(settings: &Settings, text: &str) -> Result<Answer, FetchError> {
    run(client(settings).get(&request(text)))
}

fn tokens(server: &Server) -> Vec<Option<String>> {
    server.requests().iter().map(|request| request.header("authorization").map(ToOwned::to_owned)).collect()
}

#[test]
fn a_token_goes_along_on_the_same_server_and_nowhere_else() {
    let (server, store) = (Server::http(), Server::http());
    server.on("/a", Reply::redirect("/b")).on("/b", Reply::redirect(&store.url("/c")));
    store.on("/c", Reply::redirect(&server.url("/d")));
    server.on("/d", Reply::bytes("body"));
    assert_eq!(ask(&settings(), &server.url("/a")).unwrap().body, b"body");
    let sent = Some(format!("Bearer {TOKEN}"));
    assert_eq!(tokens(&server), [sent.clone(), sent, None], "who was sent away has lost it");
    assert_eq!(tokens(&store), [None]);
}

#[test]
fn a_redirect_elsewhere_leads_neither_from_https_to_http_nor_into_a_private_network() {
    let authority = Authority::new();
    let server = Server::https(authority.identity(&["localhost"]));
    let plain = Server::http();
    plain.on("/b", Reply::bytes("body"));
    server.on("/a", Reply::redirect(&plain.url("/b")));
    let error = ask(&trusting(authority.root()), &server.url("/a")).unwrap_err();
    assert_eq!(error.kind(), FailureKind::RedirectElsewhere, "{error}");
    assert_eq!(plain.count("/b"), 0);
    let (server, proxy) = (Server::https(authority.identity(&["app.example"])), Proxy::start());
    proxy.route("app.example:443", server.port());
    for to in [
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://localhost/",
    ] {
        server.replace("/a", Reply::redirect(to));
        let settings = Settings {
            allow_local: false,
            proxies: Proxies::Fixed(url(&proxy.url())),
            ..trusting(authority.root())
        };
        let error = ask(&settings, "https://app.example/a").unwrap_err();
        assert_eq!(error.kind(), FailureKind::RefusedAddress, "{to}: {error}");
    }
    assert_eq!(proxy.targets(), ["app.example:443"; 4]);
}

#[test]
fn a_refusal_says_how_the_server_wants_to_be_spoken_to() {
    let server = Server::http();
    let challenge = "Bearer realm=\"https://auth.example/token\",service=\"s\"";
    server.on(
        "/a",
        Reply::status(401).header("WWW-Authenticate", challenge).header("WWW-Authenticate", "Basic"),
    );
    server.on("/b", Reply::status(403).header("WWW-Authenticate", challenge));
    let FetchError::Status { challenges, .. } = ask(&settings(), &server.url("/a")).unwrap_err() else {
        panic!("a status was expected")
    };
    assert_eq!(challenges, [challenge, "Basic"]);
    let error = ask(&settings(), &server.url("/b")).unwrap_err();
    assert!(matches!(&error, FetchError::Status { challenges, .. } if challenges.is_empty()), "{error}");
    assert!(!format!("{:?} {error:?}", request(&server.url("/a"))).contains("hunter2"));
}

#[test]
fn what_no_header_can_carry_is_no_token() {
    for text in ["", "a b", "a\r\nX: y", "ä", &"x".repeat(20_000)] {
        assert_eq!(Bearer::new(text), None);
    }
}

#[derive(Default)]
struct Pieces {
    begun: usize,
    bytes: Vec<u8>,
    full_at: Option<usize>,
}

impl Sink for Pieces {
    fn begin(&mut self) -> Result<(), String> {
        self.begun += 1;
        self.bytes.clear();
        Ok(())
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.bytes.extend_from_slice(bytes);
        match self.full_at.is_some_and(|most| self.bytes.len() > most) {
            true => Err("the disk\u{1b}[1m is full".to_owned()),
            false => Ok(()),
        }
    }
}

#[test]
fn a_stream_is_handed_on_whole_begins_anew_after_a_cut_and_stops_where_nothing_can_be_kept() {
    let server = Server::http();
    let body = vec![b'x'; CAP];
    server.on("/a", [Reply::bytes(&*body).announcing(CAP as u64 + 5), Reply::bytes(&*body)]);
    let mut sink = Pieces::default();
    let answer = run(client(&attempts(2)).stream(&request(&server.url("/a")), &mut sink));
    // More was announced than the cap: nothing of it was taken.
    assert_eq!(answer.unwrap_err().kind(), FailureKind::TooLarge);
    assert_eq!(sink.begun, 0);
    let half = Reply::bytes(&body[..100]).announcing(CAP as u64);
    server.replace("/a", [half, Reply::bytes(&*body)]);
    let answer = run(client(&attempts(2)).stream(&request(&server.url("/a")), &mut sink)).unwrap();
    assert_eq!((sink.begun, sink.bytes.len(), answer.body.len()), (2, CAP, 0));
    let mut sink = Pieces { full_at: Some(10), ..Pieces::default() };
    let error = run(client(&settings()).stream(&request(&server.url("/a")), &mut sink)).unwrap_err();
    assert_eq!(error.kind(), FailureKind::NotKept);
    assert!(error.to_string().contains("the disk") && !error.to_string().contains('\u{1b}'), "{error}");
}
