//! How much goes on at once, and that it ends when nobody waits for it.

use crate::support::{CAP, client, eventually, run, settings, url};
use std::time::Duration;
use veritee_client::{Get, Settings};
use veritee_loopback::{Reply, Server};

async fn all(client: &veritee_client::Client, urls: &[String]) {
    let mut tasks = tokio::task::JoinSet::new();
    for text in urls {
        let (client, request) = (client.clone(), Get::any(url(text), CAP));
        tasks.spawn(async move { client.get(&request).await });
    }
    while let Some(answer) = tasks.join_next().await {
        assert!(answer.unwrap().is_ok());
    }
}

#[test]
fn one_host_is_asked_at_most_four_things_at_once() {
    let server = Server::http();
    server.on("/", Reply::json("{}").after(Duration::from_millis(200)));
    let urls = vec![server.url("/"); 12];
    run(all(&client(&settings()), &urls));
    assert_eq!(server.peak_requests(), 4);
    assert_eq!(server.count("/"), 12);
}

#[test]
fn all_hosts_together_share_the_limit_of_the_client_and_its_clones() {
    let server = Server::http();
    server.on("/", Reply::json("{}").after(Duration::from_millis(200)));
    let hosts = ["127.0.0.1", "127.0.0.1", "localhost", "a.localhost", "b.localhost", "c.localhost"];
    let urls: Vec<_> = hosts.iter().map(|host| server.url("/").replace("127.0.0.1", host)).collect();
    run(all(&client(&Settings { connections: 2, ..settings() }), &urls));
    assert_eq!(server.peak_requests(), 2);
    assert_eq!(server.count("/"), 6);
    run(all(&client(&settings()), &urls));
    assert!(server.peak_requests() > 4, "different hosts do not wait for each other");
}

#[test]
fn no_connections_counts_as_one() {
    let server = Server::http();
    server.on("/", Reply::json("{}"));
    run(all(&client(&Settings { connections: 0, ..settings() }), &[server.url("/"), server.url("/")]));
    assert_eq!(server.peak_requests(), 1);
}

#[test]
fn dropping_the_future_ends_the_request_and_frees_its_place() {
    let server = Server::http();
    server.on("/silent", Reply::silent()).on("/", Reply::json("{}"));
    let client = client(&Settings { connections: 1, ..settings() });
    run(async {
        let request = Get::any(url(&server.url("/silent")), CAP);
        let waited = tokio::time::timeout(Duration::from_millis(200), client.get(&request)).await;
        assert!(waited.is_err());
        assert_eq!(server.count("/silent"), 1);
        let request = Get::any(url(&server.url("/")), CAP);
        let next = tokio::time::timeout(Duration::from_secs(3), client.get(&request));
        assert!(next.await.unwrap().is_ok());
    });
    assert!(eventually(|| server.open_connections() == 0), "{}", server.open_connections());
}
