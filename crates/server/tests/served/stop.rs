//! Stopping: what is under way is finished, nothing new is begun.

use crate::client::answer;
use crate::started;
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn requests_under_way_are_answered_and_silent_connections_do_not_hold_it_up() {
    let mut server = started();
    let _idle: Vec<_> = (0..8).map(|_| server.connect()).collect();
    let mut under_way = server.begin("/v1/verify", b"sleep:800");
    std::thread::sleep(Duration::from_millis(200));
    server.ask_to_stop();
    std::thread::sleep(Duration::from_millis(200));
    assert!(TcpStream::connect(server.address).is_err(), "nobody listens any more");
    assert_eq!(answer(&mut under_way).unwrap().status, 200);
    let begun = Instant::now();
    server.stop();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[test]
fn a_request_that_does_not_end_holds_it_up_for_the_grace_and_no_longer() {
    let mut server = crate::Server::start(crate::settings(veritee_server::Limits {
        grace: Duration::from_millis(300),
        body_time: Duration::from_secs(30),
        ..crate::limits()
    }));
    let _never = server.begin("/v1/verify", b"");
    let mut stream = server.connect();
    let head = crate::client::request(&server.address, "/v1/verify", "", 10);
    std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let begun = Instant::now();
    server.ask_to_stop();
    server.stop();
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}
