//! A forged universe, a loopback server that answers for it, and a store in a folder of its own.

use std::future::Future;
use std::time::Duration;
use tempfile::TempDir;
use veritee_client::{Client, Proxies, Retries, Settings, Times};
use veritee_collateral::{Error, Evaluation, Mode, Need, Obtained, PccsVersion, Service, Store, obtain};
use veritee_loopback::{Reply, Server};
use veritee_model::{Budget, UnixTime};
use veritee_quote::TrustRoot;
use veritee_testkit::{ForgedAnswers, Shape, Universe};

/// The same universe in every test; SGX needs another shape.
pub(crate) const SEED: u64 = 41;

pub(crate) fn universe() -> Universe {
    Universe::new(SEED)
}

pub(crate) fn now() -> UnixTime {
    universe().as_of
}

pub(crate) fn at(text: &str) -> UnixTime {
    UnixTime::parse(text).unwrap()
}

pub(crate) fn root() -> TrustRoot {
    TrustRoot::from_der(&universe().forge().root_der).unwrap()
}

pub(crate) fn need() -> Need {
    Need::parse("tdx", "70A06D070000", "platform", "standard").unwrap()
}

pub(crate) fn sgx_need() -> Need {
    Need::parse("sgx", "70A06D070000", "platform", "standard").unwrap()
}

pub(crate) fn answers(universe: &Universe) -> ForgedAnswers {
    universe.forge().collateral.pcs()
}

pub(crate) fn sgx_universe() -> Universe {
    Universe::with_shape(SEED, Shape::SgxV3)
}

/// A server, a service that means it, a client and an empty store.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) service: Service,
    pub(crate) client: Client,
    pub(crate) store: Store,
    pub(crate) folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let server = Server::http();
        let service = Service::intel_at(&server.url(""), &server.url("/root.der")).unwrap();
        Self::with(server, service)
    }

    pub(crate) fn pccs(version: PccsVersion) -> Self {
        let server = Server::http();
        let service = Service::pccs(&server.url(""), version).unwrap();
        Self::with(server, service)
    }

    fn with(server: Server, service: Service) -> Self {
        let folder = TempDir::new().unwrap();
        let store = Store::open(&folder.path().join("store"), &root(), &Budget::STANDARD).unwrap();
        Self { server, service, client: client(), store, folder }
    }

    /// Intel's service for one universe and data set.
    pub(crate) fn serve(&self, need: &Need, answers: &ForgedAnswers) -> &Self {
        self.serve_set(need, answers).serve_lists(need, answers)
    }

    pub(crate) fn serve_set(&self, need: &Need, answers: &ForgedAnswers) -> &Self {
        self.server.on(&tcb_target(need), [tcb_reply(answers)]);
        self.server.on(&identity_target(need), [identity_reply(answers)]);
        self
    }

    pub(crate) fn serve_lists(&self, need: &Need, answers: &ForgedAnswers) -> &Self {
        self.server.on(&list_target(need), [list_reply(answers)]);
        self.server.on("/root.der", [Reply::bytes(answers.root_ca_crl.clone())]);
        self
    }

    pub(crate) fn obtain(&self, need: &Need, now: UnixTime, mode: Mode) -> Result<Obtained, Error> {
        run(obtain(&self.client, &self.service, &self.store, need, now, mode))
    }

    pub(crate) fn asked(&self) -> usize {
        self.server.requests().len()
    }
}

pub(crate) fn tcb_target(need: &Need) -> String {
    let tee = need.tee.to_string().to_lowercase();
    format!("/{tee}/certification/v4/tcb?fmspc={}&{}", need.fmspc, need.evaluation.query())
}

pub(crate) fn identity_target(need: &Need) -> String {
    let tee = need.tee.to_string().to_lowercase();
    format!("/{tee}/certification/v4/qe/identity?{}", need.evaluation.query())
}

pub(crate) fn list_target(need: &Need) -> String {
    format!("/sgx/certification/v4/pckcrl?ca={}&encoding=der", need.ca)
}

pub(crate) fn tcb_reply(answers: &ForgedAnswers) -> Reply {
    Reply::json(answers.tcb_info.clone()).header("TCB-Info-Issuer-Chain", &answers.tcb_info_chain)
}

pub(crate) fn identity_reply(answers: &ForgedAnswers) -> Reply {
    Reply::json(answers.qe_identity.clone())
        .header("SGX-Enclave-Identity-Issuer-Chain", &answers.qe_identity_chain)
}

pub(crate) fn list_reply(answers: &ForgedAnswers) -> Reply {
    Reply::ok("application/pkix-crl", answers.pck_crl.clone())
        .header("SGX-PCK-CRL-Issuer-Chain", &answers.pck_crl_chain)
}

pub(crate) fn client() -> Client {
    Client::new(&Settings {
        allow_local: true,
        proxies: Proxies::None,
        times: Times {
            connect: Duration::from_secs(5),
            stall: Duration::from_secs(5),
            total: Duration::from_secs(20),
        },
        retries: Retries {
            attempts: 2,
            first_wait: Duration::from_millis(5),
            longest_wait: Duration::from_secs(2),
        },
        ..Settings::default()
    })
    .unwrap()
}

pub(crate) fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub(crate) fn number(number: u32) -> Need {
    need().with(Evaluation::Number(number))
}
