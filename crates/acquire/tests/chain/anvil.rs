//! A node of somebody else's on loopback: anvil, as `./test.sh` installs it. For calls, logs, finality, reorganisation,
//! disagreement, timeouts and many events in ranges; never for storage proofs, since its trie keeps cleared slots and is
//! not Ethereum's.
//!
//! Where it is not installed these tests say so and do nothing; `VERITEE_ANVIL` names another place, which has to be there.

use crate::node::{BUDGET, client};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use veritee_acquire::chain::{ChainAsk, ChainEndpoint, ChainRead, ChainReadError, read_chain};
use veritee_chain::event::{Event, Set};
use veritee_chain::log::Log;
use veritee_chain::rpc::{Endpoint, Question};
use veritee_chain::survey::{FaultKind, Findings, Subject, findings};
use veritee_chain::timeline::Timeline;
use veritee_chain::{Address, B256, Bytes, keccak256};
use veritee_client::Url;
use veritee_loopback::{Reply, Server};

const INSTALLED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../target/tools/anvil/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
);

#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("VERITEE_ANVIL") {
        let named = PathBuf::from(named);
        assert!(named.is_file(), "VERITEE_ANVIL names {}, which is no file", named.display());
        return Some(named);
    }
    let installed = Path::new(INSTALLED);
    if !installed.is_file() {
        eprintln!("skipped: anvil is not installed (./test.sh does that where npm is there)");
    }
    installed.is_file().then(|| installed.to_owned())
}

/// A running node. It ends with the test.
struct Anvil {
    child: Child,
    url: Url,
    _home: tempfile::TempDir,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // A stopped process takes a kill too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Anvil {
    fn start(program: &Path) -> Self {
        let home = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(program)
            .args(["--host", "127.0.0.1", "--silent", "--prune-history", "5000", "--slots-in-an-epoch", "1"])
            .args(["--chain-id", "31337", "--timestamp", "1700000000", "--port", &port.to_string()])
            .env("HOME", home.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        let node = Self { child, url, _home: home };
        let started = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "anvil does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        node
    }

    fn ask(&self, method: &str, params: Value) -> Value {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let reply: Value = serde_json::from_slice(&posted(&self.url, body.as_bytes())).unwrap();
        assert!(reply["error"].is_null(), "{method}: {}", reply["error"]);
        reply["result"].clone()
    }

    fn head(&self) -> u64 {
        number(&self.ask("eth_blockNumber", json!([])))
    }

    fn mine(&self, blocks: u64) {
        self.ask("anvil_mine", json!([format!("{blocks:#x}")]));
    }

    /// Sends a transaction, and waits for the block that it is in.
    fn send(&self, to: Address, data: &Bytes) -> u64 {
        let from = self.ask("eth_accounts", json!([]))[0].clone();
        let hash = self.ask(
            "eth_sendTransaction",
            json!([{"from": from, "to": to.to_string(), "data": data.to_string(), "gas": "0x1c9c380"}]),
        );
        let started = Instant::now();
        loop {
            let receipt = self.ask("eth_getTransactionReceipt", json!([hash]));
            if !receipt.is_null() {
                assert_eq!(receipt["status"], "0x1", "{receipt}");
                return number(&receipt["blockNumber"]);
            }
            assert!(started.elapsed() < Duration::from_secs(60), "the transaction is in no block");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn endpoint(&self) -> ChainEndpoint {
        ChainEndpoint { url: self.url.clone(), chain_id: Some(31_337) }
    }
}

/// A request of HTTP/1.1 over a connection of its own.
fn posted(url: &Url, body: &[u8]) -> Vec<u8> {
    use std::io::{Read as _, Write as _};
    let address = (url.host_str().unwrap(), url.port().unwrap());
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "POST / HTTP/1.0\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        address.0,
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    let at = reply.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    reply.split_off(at + 4)
}

fn number(value: &Value) -> u64 {
    u64::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

/// What stands before a node: sees each question and may answer in its place.
fn before(node: &Anvil, answers: impl Fn(&Value) -> Option<Value> + Send + Sync + 'static) -> Server {
    let (server, url) = (Server::http(), node.url.clone());
    server.otherwise(move |request| {
        let asked: Value = serde_json::from_slice(&request.body).unwrap();
        let one = |question: &Value| {
            let own = answers(question).map(|mut reply| {
                reply["id"] = question["id"].clone();
                reply
            });
            own.unwrap_or_else(|| {
                serde_json::from_slice(&posted(&url, question.to_string().as_bytes())).unwrap()
            })
        };
        let reply = match &asked {
            Value::Array(all) => Value::Array(all.iter().map(one).collect()),
            single => one(single),
        };
        Reply::json(reply.to_string())
    });
    server
}

fn through(server: &Server) -> ChainEndpoint {
    ChainEndpoint { url: Url::parse(&server.url("/")).unwrap(), chain_id: Some(31_337) }
}

fn contract() -> Address {
    Address::repeat_byte(0x42)
}

/// A contract that logs as many added compose hashes as the one word of a call says, counting down to 1, and answers every
/// other call with the text `any`. Written by hand:
/// `if calldatasize != 32 { return "any" } n = calldata[0]; do { log1(n, topic); n -= 1 } while n != 0`.
fn logger() -> Bytes {
    let mut code = from_hex("3660201461003b57602060005260036020527f");
    code.extend(b"any");
    code.extend([0; 29]);
    code.extend(from_hex("60405260606000f35b6000355b806000527f"));
    code.extend(keccak256("ComposeHashAdded(bytes32)"));
    code.extend(from_hex("60206000a16001900380"));
    code.extend(from_hex("61003f5700"));
    code.into()
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn many(count: u64) -> Bytes {
    let mut word = [0_u8; 32];
    word[24..].copy_from_slice(&count.to_be_bytes());
    Bytes::copy_from_slice(&word)
}

fn started() -> Option<Anvil> {
    let node = Anvil::start(&program()?);
    node.ask("anvil_setCode", json!([contract().to_string(), logger().to_string()]));
    Some(node)
}

fn ask() -> ChainAsk {
    let subject = Subject { chain_id: 31_337, app: contract(), from_block: 1, ..Subject::default() };
    ChainAsk { subject, ..ChainAsk::default() }
}

fn read(endpoints: &[ChainEndpoint], ask: &ChainAsk) -> Result<ChainRead, ChainReadError> {
    crate::node::block_on(read_chain(&client(), endpoints, ask, BUDGET))
}

fn found(read: &ChainRead) -> Findings {
    findings(&read.reads, BUDGET)
}

/// All logs that an endpoint gave, whatever its proofs are worth.
fn logs(endpoint: &Endpoint) -> Vec<Log> {
    let of = endpoint.asked().filter(|(question, _)| matches!(question, Question::Logs { .. }));
    let mut logs: Vec<Log> =
        of.flat_map(|(_, answer)| Log::list(answer.as_ref().unwrap()).unwrap()).collect();
    logs.sort_by_key(|log| (log.block_number, log.log_index));
    logs
}

#[test]
fn the_final_block_is_read_and_what_comes_after_it_is_not() {
    let Some(node) = started() else { return };
    let first = node.send(contract(), &many(2));
    node.mine(4);
    let late = node.send(contract(), &many(1));
    let read = read(&[node.endpoint()], &ask()).unwrap();
    let head = node.head();
    assert_eq!((read.reads.subject.block, late), (head - 2, head), "an epoch of one slot is final after two");
    let logs = logs(&read.reads.endpoints[0]);
    assert_eq!(logs.iter().map(|log| log.block_number).collect::<BTreeSet<_>>(), [first].into());
    assert_eq!(logs.len(), 2);
    let timeline = Timeline::of(contract(), &logs);
    let members: Vec<_> = timeline.entries().iter().map(|entry| entry.event.clone()).collect();
    let added = |number: u64| Event::Member {
        set: Set::ComposeHashes,
        member: B256::from_slice(&many(number)),
        allowed: true,
    };
    assert_eq!(members, [added(2), added(1)]);
    let header = found(&read).survey.header.unwrap();
    assert_eq!((header.number(), header.may_have_logs_of(&contract())), (head - 2, false));
}

#[test]
fn ten_thousand_events_come_in_ranges_whole_and_in_order() {
    let Some(node) = started() else { return };
    for _ in 0..20 {
        node.send(contract(), &many(500));
    }
    node.mine(3);
    let refused = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&refused);
    let server = before(&node, move |question| {
        let filter = &question["params"][0];
        let wide = question["method"] == "eth_getLogs"
            && number(&filter["toBlock"]) - number(&filter["fromBlock"]) >= 3;
        wide.then(|| {
            counted.fetch_add(1, Ordering::SeqCst);
            json!({"jsonrpc": "2.0", "error": {"code": -32005, "message": "query exceeds the range"}})
        })
    });
    let read = read(&[through(&server), node.endpoint()], &ask()).unwrap();
    assert!(refused.load(Ordering::SeqCst) > 0);
    let (ranged, whole) = (logs(&read.reads.endpoints[0]), logs(&read.reads.endpoints[1]));
    assert_eq!(ranged.len(), 10_000);
    assert_eq!(ranged, whole);
    let ranges =
        read.reads.endpoints[0].asked().filter(|(question, _)| matches!(question, Question::Logs { .. }));
    assert!(ranges.count() >= 6);
}

#[test]
fn a_call_is_answered_at_the_block_that_it_is_asked_at() {
    let Some(node) = started() else { return };
    node.mine(3);
    let mut ask = ask();
    ask.subject.registry = Some(contract());
    let read = read(&[node.endpoint()], &ask).unwrap();
    let block = found(&read).survey.header.unwrap().hash();
    let selector = |signature: &str| Bytes::copy_from_slice(&keccak256(signature)[..4]);
    let call = |signature| Question::Call { to: contract(), data: selector(signature), block };
    let answer = |signature| read.reads.endpoints[0].answer(&call(signature)).unwrap().clone().unwrap();
    let any = format!("\"0x{:064x}{:064x}{:0<64}\"", 32, 3, "616e79");
    assert_eq!(answer("gatewayAppId()"), any);
    // The same answer is none to the other getter, and refused as that.
    assert_eq!(answer("kmsInfo()"), any);
    let refused: Vec<String> = found(&read)
        .faults
        .iter()
        .filter(|(_, fault)| fault.kind == FaultKind::Call)
        .map(|(_, fault)| fault.question.clone())
        .collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(refused[0].contains(&selector("kmsInfo()").to_string()), "{refused:?}");
}

#[test]
fn a_block_that_is_replaced_is_not_read_as_if_it_were_there() {
    let Some(node) = started() else { return };
    node.mine(4);
    node.send(contract(), &many(1));
    let head = node.head();
    let block = node.ask("eth_getBlockByNumber", json!([format!("{head:#x}"), false]));
    let mut given = ask();
    given.subject.given_hash = Some(block["hash"].as_str().unwrap().parse().unwrap());
    // While it stands it is read by its hash.
    let whole = read(&[node.endpoint()], &given).unwrap();
    assert_eq!(whole.reads.subject.block, head);
    // Replaced between its header and the rest: named, whatever the node says of its logs.
    let done = Arc::new(AtomicBool::new(false));
    let server = {
        let (done, url) = (Arc::clone(&done), node.url.clone());
        before(&node, move |question| {
            let rest = ["eth_getProof", "eth_getLogs", "eth_getCode"];
            if rest.iter().any(|method| question["method"] == *method) && !done.swap(true, Ordering::SeqCst) {
                let body = json!({"jsonrpc": "2.0", "id": 1, "method": "anvil_reorg", "params": [3, []]})
                    .to_string();
                posted(&url, body.as_bytes());
            }
            None
        })
    };
    let torn = read(&[through(&server)], &given).unwrap();
    assert!(done.load(Ordering::SeqCst));
    let found = found(&torn);
    assert!(found.agreeing == 0 || found.survey.history.is_none(), "{:?}", found.faults);
    // Afterwards nobody has it.
    let gone = read(&[node.endpoint()], &given);
    assert!(matches!(gone, Err(ChainReadError::GivenBlock { .. })), "{gone:?}");
}

#[test]
fn two_nodes_of_two_chains_disagree() {
    let (Some(one), Some(two)) = (started(), started()) else { return };
    for (node, count) in [(&one, 1), (&two, 2)] {
        node.send(contract(), &many(count));
        node.mine(4);
    }
    let found = found(&read(&[one.endpoint(), two.endpoint()], &ask()).unwrap());
    // Ports of one host are two names here.
    assert!(!found.disagreements.is_empty(), "{:?}", found.faults);
    assert!(found.agreeing <= 1);
}

#[test]
fn a_node_that_stops_answering_is_told_and_the_other_one_stands() {
    let (Some(dead), Some(alive)) = (started(), started()) else { return };
    for node in [&dead, &alive] {
        node.mine(4);
    }
    let stopped = Command::new("kill").args(["-STOP", &dead.child.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    // All of its threads have to stop; on a busy machine that takes a while.
    let (place, begun) = (format!("/proc/{}/stat", dead.child.id()), Instant::now());
    let state = |stat: String| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'));
    while !std::fs::read_to_string(&place).is_ok_and(state) {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not stop");
        std::thread::sleep(Duration::from_millis(5));
    }
    let read = read(&[dead.endpoint(), alive.endpoint()], &ask()).unwrap();
    assert!(!read.notes.is_empty(), "a silent endpoint is told");
    let kept: Vec<_> = read.reads.endpoints[0].asked().collect();
    assert!(kept.is_empty(), "what was not answered is not kept: {kept:?}");
    assert!(found(&read).survey.header.is_some());
}
