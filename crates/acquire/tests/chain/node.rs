//! A node on loopback, and the client that asks it.

use serde_json::Value;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use veritee_acquire::chain::{ChainAsk, ChainEndpoint, ChainRead, ChainReadError, read_chain};
use veritee_chain::rpc::ChainReads;
use veritee_chain::survey::{Findings, Subject, findings};
use veritee_chain::{Address, B256, keccak256};
use veritee_client::{Client, Proxies, Retries, Settings, Times, Url};
use veritee_loopback::{Reply, Server};
use veritee_model::Budget;
use veritee_testkit::chain::{AppForge, AppKind, Deployment, Info, KmsForge, KmsKind, RpcFailure, World};

pub(crate) const BUDGET: &Budget = &Budget::STANDARD;

/// What stands between a world and who asks.
pub(crate) type Answerer = dyn Fn(&World, &str, &Value) -> Result<Value, RpcFailure> + Send + Sync;

pub(crate) fn truthful(world: &World, method: &str, params: &Value) -> Result<Value, RpcFailure> {
    world.answer(method, params)
}

/// A node of this world.
pub(crate) fn node(world: &Arc<World>) -> Server {
    through(world, Arc::new(truthful))
}

/// A node whose answers pass through somebody.
pub(crate) fn through(world: &Arc<World>, answerer: Arc<Answerer>) -> Server {
    let world = Arc::clone(world);
    let server = Server::http();
    server.otherwise(move |request| Reply::json(world.reply(&request.body, &*answerer)));
    server
}

pub(crate) fn address(seed: u8) -> Address {
    Address::from_word(keccak256([seed]))
}

pub(crate) fn word(seed: u16) -> B256 {
    keccak256(seed.to_be_bytes())
}

/// An application with a past: added, removed, added again, handed over.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) app: AppForge,
    pub(crate) kms: KmsForge,
}

pub(crate) fn scene() -> Scene {
    let mut world = World::new(8453, 1_700_000_000);
    world.mine(1_700_000_001);
    let kms = KmsForge::deploy(&mut world, address(2), KmsKind::DstackKms, address(1));
    let info = Info {
        k256: vec![2; 33],
        ca: (0..91).collect(),
        quote: vec![4; 700],
        event_log: b"[{}]".repeat(100),
        gateway: "55760b065a3f1eabdb1a4d7abb94950f31b91a84".to_owned(),
    };
    kms.set_info(&mut world, &info, true);
    let implementation = AppForge::implementation(&mut world, AppKind::DstackAppTwoStep, 1);
    kms.app_implementation(&mut world, implementation);
    kms.os_image(&mut world, word(3), true);
    kms.aggregated_mr(&mut world, word(4), true);
    world.mine(1_700_000_002);
    let with = Deployment {
        owner: address(1),
        compose_hash: word(1),
        device: word(2),
        upgrades_disabled: false,
        allow_any_device: true,
        require_tcb: true,
    };
    let app = AppForge::deploy(&mut world, address(3), AppKind::DstackAppTwoStep, implementation, with);
    kms.register(&mut world, app.address, None);
    world.mine(1_700_000_004);
    let mut at = 1_700_000_006;
    let mut step = |world: &mut World, change: &dyn Fn(&mut World)| {
        world.transaction();
        change(world);
        at += 2;
        world.mine(at);
    };
    step(&mut world, &|world| app.compose_hash(world, word(10), true));
    step(&mut world, &|world| app.compose_hash(world, word(1), false));
    step(&mut world, &|world| app.compose_hash(world, word(11), true));
    // Came and went: no slot is left of it.
    step(&mut world, &|world| app.compose_hash(world, word(12), true));
    step(&mut world, &|world| app.compose_hash(world, word(12), false));
    step(&mut world, &|world| {
        app.compose_hash(world, word(1), true);
        app.owner(world, address(7));
        app.allow_any_device(world, false);
    });
    step(&mut world, &|_| {});
    Scene { world, app, kms }
}

impl Scene {
    pub(crate) fn subject(&self) -> Subject {
        Subject {
            chain_id: 8453,
            app: self.app.address,
            registry: Some(self.kms.address),
            ..Subject::default()
        }
    }
}

pub(crate) fn client() -> Client {
    let wait = Duration::from_millis(5);
    Client::new(&Settings {
        allow_local: true,
        proxies: Proxies::None,
        retries: Retries { attempts: 2, first_wait: wait, longest_wait: wait },
        times: Times {
            connect: Duration::from_secs(5),
            stall: Duration::from_millis(400),
            total: Duration::from_secs(20),
        },
        ..Settings::default()
    })
    .unwrap()
}

pub(crate) fn endpoint(server: &Server) -> ChainEndpoint {
    ChainEndpoint { url: Url::parse(&server.url("/v2/secret-key")).unwrap(), chain_id: None }
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

pub(crate) fn read(servers: &[&Server], ask: &ChainAsk) -> Result<ChainRead, ChainReadError> {
    let endpoints: Vec<ChainEndpoint> = servers.iter().map(|server| endpoint(server)).collect();
    block_on(read_chain(&client(), &endpoints, ask, BUDGET))
}

/// What a verifier finds in the bytes that were kept.
pub(crate) fn found(read: &ChainRead) -> Findings {
    let bytes = read.reads.write().unwrap();
    findings(&ChainReads::read(&bytes, BUDGET).unwrap(), BUDGET)
}

pub(crate) fn ask(scene: &Scene) -> ChainAsk {
    ChainAsk { subject: scene.subject(), first_block: true, ..ChainAsk::default() }
}
