//! From options to chain reads: whom to ask, about which contracts, and where the answers go.

use crate::cli::Global;
use crate::cli::network::{Chain, Rpc};
use crate::failure::Failure;
use crate::output;
use veritee_acquire::chain::{ChainAsk, ChainEndpoint, ChainRead, L1Ask, read_chain};
use veritee_audit::key_provider::KNOWN_KMS;
use veritee_chain::app::AppInterest;
use veritee_chain::contract::Completeness;
use veritee_chain::survey::{Findings, Subject, chain_name};
use veritee_chain::{Address, B256, wire};
use veritee_client::Client;
use veritee_eventlog::EventLog;
use veritee_evidence::NamedEvidence;
use veritee_model::evidence::EventLogFormat;
use veritee_model::text::inert;
use veritee_model::{Budget, Evidence, Item, UnixTime};

/// What a machine says of itself. Claims: they say what to ask about, and nothing more.
#[derive(Debug, Default)]
pub(crate) struct Claimed {
    pub(crate) app: Option<Address>,
    compose_hash: Option<B256>,
    os_image: Option<B256>,
    mr_kms: Option<B256>,
    /// Root key of the KMS, hex.
    root_key: Option<String>,
}

impl Claimed {
    /// The log's last word before `system-ready`, else what came beside it.
    pub(crate) fn by(evidence: &Evidence) -> Self {
        let mut claimed = Self::default();
        if let Some(log) = &evidence.event_log
            && log.format == EventLogFormat::DstackJson
            && let Ok(log) = EventLog::parse_json(&log.item.bytes, &Budget::STANDARD)
        {
            for event in log.events().iter().filter(|event| event.is_runtime()) {
                let word = || B256::try_from(event.payload()).ok();
                match event.name() {
                    "app-id" => claimed.app = Address::try_from(event.payload()).ok(),
                    "compose-hash" => claimed.compose_hash = word(),
                    "os-image-hash" => claimed.os_image = word(),
                    "mr-kms" => claimed.mr_kms = word(),
                    "key-provider" => claimed.root_key = root_key(event.payload()),
                    "system-ready" => break,
                    _ => {}
                }
            }
        }
        let told = |name: &str| evidence.claims.values.get(name).map(|claim| format!("0x{}", claim.value));
        let word = |name: &'static str| wire::word(name, &told(name)?).ok();
        claimed.app = claimed.app.or_else(|| {
            let target = evidence.target.as_ref().and_then(|target| target.app_id.clone());
            let text = told("app_id").or_else(|| target.map(|id| format!("0x{id}")))?;
            wire::address("app_id", &text).ok()
        });
        claimed.compose_hash = claimed.compose_hash.or_else(|| word("compose_hash"));
        claimed.os_image = claimed.os_image.or_else(|| word("os_image_hash"));
        claimed.root_key = claimed
            .root_key
            .or_else(|| root_key(evidence.claims.values.get("key_provider_info")?.value.as_bytes()));
        claimed
    }
}

fn root_key(payload: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(payload).ok()?;
    Some(value.get("id")?.as_str()?.to_ascii_lowercase())
}

/// The chain and registry to ask about: what the caller names, else what is known for the root key.
pub(crate) fn subject(claimed: &Claimed, app: Address, options: &Chain) -> Subject {
    let known = claimed.root_key.as_ref().and_then(|key| {
        let known = KNOWN_KMS.iter().find(|known| known.ca_spki == key)?.registry?;
        Some((known.chain_id, known.address.parse().ok()?))
    });
    let named = options.registry.map(|registry| (registry.chain_id, Address::from(registry.address)));
    let registry = named.or(known);
    Subject {
        chain_id: registry.map_or(0, |(chain_id, _)| chain_id),
        app,
        registry: registry.map(|(_, address)| address),
        from_block: options.from_block.unwrap_or_default(),
        given_hash: options.block.map(|block| block.0.into()),
        interest: AppInterest {
            compose_hashes: claimed.compose_hash.into_iter().collect(),
            ..AppInterest::default()
        },
        os_images: claimed.os_image.into_iter().collect(),
        aggregated_mrs: claimed.mr_kms.into_iter().collect(),
        ..Subject::default()
    }
}

/// The endpoints, each with the chain that it has to serve.
pub(crate) fn endpoints(options: &Chain, expected: Option<u64>) -> Vec<ChainEndpoint> {
    let endpoint = |rpc: &Rpc| ChainEndpoint { url: rpc.url.clone(), chain_id: rpc.chain_id.or(expected) };
    options.rpc.iter().map(endpoint).collect()
}

/// Whom to ask about the chain that it settles on.
pub(crate) fn l1(options: &Chain) -> L1Ask {
    let endpoint = |rpc: &Rpc| ChainEndpoint { url: rpc.url.clone(), chain_id: rpc.chain_id };
    L1Ask {
        endpoints: options.l1_rpc.iter().map(endpoint).collect(),
        given_hash: options.l1_block.map(|block| block.0.into()),
    }
}

/// Asks the endpoints.
pub(crate) async fn read(
    client: &Client,
    ask: ChainAsk,
    options: &Chain,
    global: &Global,
) -> Result<ChainRead, Failure> {
    let expected = Some(ask.subject.chain_id).filter(|id| *id != 0);
    let read = read_chain(client, &endpoints(options, expected), &ask, &Budget::STANDARD)
        .await
        .map_err(|error| Failure::unobtainable(error.to_string()))?;
    for note in &read.notes {
        output::note(global, &format!("warning: {note}"));
    }
    let subject = &read.reads.subject;
    let (name, _) = chain_name(subject.chain_id);
    let (hosts, requests) = (read.reads.endpoints.len(), read.requests);
    output::note(
        global,
        &format!("read block {} of {name} from {hosts} endpoints with {requests} requests", subject.block),
    );
    if hosts == 1 && subject.given_hash.is_none() && read.reads.l1.is_none() {
        output::note(global, "warning: one endpoint's word alone stands behind the block: repeat --rpc");
    }
    Ok(read)
}

/// How far a contract's storage is known.
pub(crate) fn completeness(found: &Findings, complete: bool) -> Completeness {
    match found.agreeing {
        _ if complete => Completeness::CompleteNow,
        0 | 1 => Completeness::SingleEndpoint,
        several => Completeness::EndpointsAgree(several),
    }
}

/// The answers as a part of evidence.
pub(crate) fn item(read: &ChainRead, now: UnixTime) -> Result<Item, Failure> {
    let bytes = read.reads.write().map_err(|error| Failure::unobtainable(error.to_string()))?;
    let hosts: Vec<&str> = read.reads.endpoints.iter().map(|endpoint| endpoint.url.as_str()).collect();
    Ok(Item { obtained: Some(now.to_string()), ..Item::new(bytes, hosts.join(", ")) })
}

/// Adds chain reads to a machine that was fetched. What cannot be read is told, and the evidence goes without it.
pub(crate) async fn add(
    client: &Client,
    machine: &mut NamedEvidence,
    options: &Chain,
    now: UnixTime,
    global: &Global,
) {
    if options.rpc.is_empty() {
        return;
    }
    let claimed = Claimed::by(&machine.evidence);
    let label = inert(&machine.label);
    let Some(app) = claimed.app else {
        output::note(global, &format!("warning: {label}: says no app id to read the chain for"));
        return;
    };
    let subject = subject(&claimed, app, options);
    if subject.registry.is_none() {
        output::note(
            global,
            &format!(
                "warning: {label}: no registry is known for its KMS: name it with --registry CHAINID:ADDRESS"
            ),
        );
    }
    let ask = ChainAsk { subject, first_block: true, l1: l1(options), ..ChainAsk::default() };
    match read(client, ask, options, global).await.and_then(|read| item(&read, now)) {
        Ok(item) => machine.evidence.chain = Some(item),
        Err(failure) => output::note(global, &format!("warning: {label}: chain: {}", failure.message())),
    }
}

/// What would be asked, for a dry run.
pub(crate) fn planned(options: &Chain) -> String {
    let both = options.rpc.iter().chain(&options.l1_rpc);
    both.map(|rpc| {
        format!("POST {} JSON-RPC: as many as the contracts need\n", rpc.url.origin().ascii_serialization())
    })
    .collect()
}
