//! What the tests share.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use veritee_client::{
    Answer, Client, Event, FetchError, Get, Observer, Post, Proxies, Resolver, Resolving, Retries, Roots,
    Settings, Times, Url,
};

pub(crate) const CAP: usize = 64 << 10;

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Local addresses allowed, no proxy, short times, one attempt.
pub(crate) fn settings() -> Settings {
    Settings {
        allow_local: true,
        proxies: Proxies::None,
        times: Times {
            connect: Duration::from_secs(5),
            stall: Duration::from_secs(5),
            total: Duration::from_secs(10),
        },
        retries: Retries {
            attempts: 1,
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_millis(1500),
        },
        ..Settings::default()
    }
}

pub(crate) fn trusting(root: Vec<u8>) -> Settings {
    Settings { roots: Roots::Only(vec![root]), ..settings() }
}

pub(crate) fn attempts(attempts: u32) -> Settings {
    let settings = settings();
    Settings { retries: Retries { attempts, ..settings.retries }, ..settings }
}

pub(crate) fn client(settings: &Settings) -> Client {
    Client::new(settings).unwrap()
}

pub(crate) fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

pub(crate) fn get_with(settings: &Settings, text: &str) -> Result<Answer, FetchError> {
    run(client(settings).get(&Get::any(url(text), CAP)))
}

pub(crate) fn get(text: &str) -> Result<Answer, FetchError> {
    get_with(&settings(), text)
}

pub(crate) fn post(text: &str, idempotent: bool) -> Post {
    let content_type = "application/json";
    Post {
        url: url(text),
        body: b"{}".to_vec(),
        content_type,
        cap: CAP,
        accept: "*/*",
        types: &[],
        idempotent,
    }
}

/// Answers from a list, one each time; the last one repeats. Counts how often it was asked.
pub(crate) struct Scripted {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    pub(crate) asked: AtomicUsize,
}

impl Scripted {
    pub(crate) fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parsed = answers
            .iter()
            .map(|answer| answer.iter().map(|address| address.parse().unwrap()).collect())
            .collect();
        Arc::new(Self { answers: Mutex::new(parsed), asked: AtomicUsize::new(0) })
    }
}

impl Resolver for Scripted {
    fn resolve(&self, _host: &str) -> Resolving {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        let result = answer.ok_or_else(|| io::Error::other("no such name"));
        Box::pin(async move { result })
    }
}

/// Keeps a line for each event.
#[derive(Default)]
pub(crate) struct Diary {
    lines: Mutex<Vec<String>>,
    most: AtomicUsize,
}

impl Diary {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    pub(crate) fn most_received(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

impl Observer for Diary {
    fn event(&self, event: &Event<'_>) {
        let line = match event {
            Event::Started { .. } => "started".to_owned(),
            Event::Received { bytes, .. } => {
                self.most.fetch_max(*bytes, Ordering::SeqCst);
                return;
            }
            Event::Waiting { seconds, why, .. } => format!("waiting {seconds} after {:?}", why.kind()),
            Event::Finished { bytes, .. } => format!("finished {bytes}"),
            Event::Failed { error, .. } => format!("failed {:?}", error.kind()),
            _ => "unknown".to_owned(),
        };
        self.lines.lock().unwrap().push(line);
    }
}

/// Waits, for a second at most, until something holds.
pub(crate) fn eventually(holds: impl Fn() -> bool) -> bool {
    for _ in 0..100 {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    holds()
}
