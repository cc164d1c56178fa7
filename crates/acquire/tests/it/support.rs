//! Servers under any name, behind a proxy that leads them all to loopback.

use std::collections::HashMap;
use std::time::Duration;
use veritee_acquire::{
    AcquireError, Acquired, Attempt, Cloud, Options, Outcome, Plan, Source, SourceProblem, Target, acquire,
};
use veritee_client::{Client, Proxies, Retries, Roots, Settings, Times, Url};
use veritee_loopback::{Authority, Identity, Proxy, Reply, Server};
use veritee_model::UnixTime;
use veritee_testkit::dstack::{ForgedMachine, Machine};

pub(crate) const GATEWAY: &str = "apps.example";
pub(crate) const CLOUD: &str = "cloud.example";
pub(crate) const INFO: &str = "/prpc/Info";
pub(crate) const LEGACY: &str = "/prpc/Worker.Info";
pub(crate) const NONCE: [u8; 32] = [0x5a; 32];

pub(crate) fn now() -> UnixTime {
    UnixTime::parse("2026-10-15T00:00:00Z").unwrap()
}

/// A small internet.
pub(crate) struct World {
    authority: Authority,
    proxy: Proxy,
    servers: HashMap<String, Server>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { authority: Authority::new(), proxy: Proxy::start(), servers: HashMap::new() }
    }

    /// The server of a name at port 443.
    pub(crate) fn server(&mut self, name: &str) -> &Server {
        if !self.servers.contains_key(name) {
            let server = Server::https(self.authority.identity(&[name]));
            self.proxy.route(&format!("{name}:443"), server.port());
            self.servers.insert(name.to_owned(), server);
        }
        &self.servers[name]
    }

    /// The guest agent of an application.
    pub(crate) fn agent(&mut self, id: &str) -> &Server {
        self.server(&agent_name(id))
    }

    /// A server with certificates of its own at any port.
    pub(crate) fn ra_tls(&mut self, name: &str, port: u16, identities: &[Identity]) {
        let server = Server::https_replicas(identities);
        let name = format!("{name}:{port}");
        self.proxy.route(&name, server.port());
        self.servers.insert(name, server);
    }

    pub(crate) fn count(&self, name: &str, path: &str) -> usize {
        self.servers.get(name).map_or(0, |server| server.count(path))
    }

    /// Requests that reached any server.
    pub(crate) fn requests(&self) -> usize {
        self.servers.values().map(|server| server.requests().len()).sum()
    }

    /// Every host and port that a connection was asked for to.
    pub(crate) fn connections(&self) -> Vec<String> {
        self.proxy.targets()
    }

    pub(crate) fn client(&self) -> Client {
        let settings = Settings {
            allow_local: true,
            roots: Roots::Only(vec![self.authority.root()]),
            proxies: Proxies::Fixed(Url::parse(&self.proxy.url()).unwrap()),
            times: Times {
                connect: Duration::from_secs(5),
                stall: Duration::from_millis(700),
                total: Duration::from_millis(2100),
            },
            retries: Retries {
                attempts: 1,
                first_wait: Duration::from_millis(1),
                longest_wait: Duration::from_millis(2),
            },
            ..Settings::default()
        };
        Client::new(&settings).unwrap()
    }

    pub(crate) fn fetch(&self, target: &str, options: &Options) -> Result<Acquired, AcquireError> {
        self.fetch_target(Target::parse(target, None, None).unwrap(), options)
    }

    pub(crate) fn fetch_target(&self, target: Target, options: &Options) -> Result<Acquired, AcquireError> {
        let plan = Plan::new(target, options).unwrap();
        let client = self.client();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let result = runtime.block_on(acquire(&client, &plan, options, now()));
        if let Ok(acquired) = &result {
            let mut labels: Vec<_> = acquired.machines.iter().map(|machine| &machine.label).collect();
            labels.sort();
            labels.dedup();
            assert_eq!(labels.len(), acquired.machines.len(), "every machine has a label of its own");
        }
        result
    }
}

/// No gateway, no cloud.
pub(crate) fn plain() -> Options {
    Options { gateway: false, cloud: Cloud::Never, ..Options::default() }
}

/// Phala Cloud's list, at a test's own address.
pub(crate) fn with_cloud() -> Options {
    Options { cloud: Cloud::At(format!("https://{CLOUD}/apps/{{app_id}}/attestations")), ..plain() }
}

pub(crate) fn agent_name(id: &str) -> String {
    format!("{id}-8090.{GATEWAY}")
}

pub(crate) fn target(id: &str) -> String {
    format!("{id}@{GATEWAY}")
}

pub(crate) fn app_id(machine: &Machine) -> String {
    hex::encode(machine.payloads().app_id)
}

pub(crate) fn instance_id(machine: &Machine) -> String {
    hex::encode(machine.payloads().instance_id)
}

/// `Info` with these members replaced.
pub(crate) fn info_with(machine: &ForgedMachine, members: &[(&str, &str)]) -> String {
    let mut info: serde_json::Value = serde_json::from_str(&machine.info_json()).unwrap();
    for (name, value) in members {
        info[*name] = (*value).into();
    }
    info.to_string()
}

pub(crate) fn html(body: impl Into<Vec<u8>>) -> Reply {
    Reply::ok("text/html; charset=utf-8", body)
}

/// What became of the requests to a source.
pub(crate) fn outcomes(attempts: &[Attempt], source: Source) -> Vec<&Outcome> {
    attempts.iter().filter(|attempt| attempt.source == source).map(|attempt| &attempt.outcome).collect()
}

pub(crate) fn problem(outcome: &Outcome) -> &SourceProblem {
    match outcome {
        Outcome::Refused(problem) => problem,
        other => panic!("expected a refusal, got {other:?}"),
    }
}
