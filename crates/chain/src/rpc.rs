//! Questions to endpoints, and their answers as they were recorded.
//!
//! A document of chain reads holds, for each endpoint, what was asked and the bytes that came back. Live and offline
//! are the same code: whoever has the network asks the questions that [`crate::survey`] wants, adds the answers, and
//! runs it again; whoever has the document runs it once.

use crate::app::AppInterest;
use crate::survey::Subject;
use crate::wire::{self, SpellingError};
use alloy_primitives::{Address, B256, Bytes};
use core::fmt;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use veritee_base::Budget;

/// The schema of a document of chain reads.
pub const SCHEMA: &str = "veritee/chain/v1";

/// Endpoints of one document.
const ENDPOINTS: usize = 16;

/// Blocks of one document at which the contract is observed.
const OBSERVED: usize = 1024;

/// What an endpoint is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Question {
    /// `eth_chainId`.
    ChainId,
    /// `eth_getBlockByNumber` with `finalized`.
    Finalized,
    /// `eth_getBlockByNumber`.
    BlockByNumber(u64),
    /// `eth_getBlockByHash`.
    BlockByHash(B256),
    /// `eth_getProof` at a block's number.
    Proof {
        /// Account.
        address: Address,
        /// Slots.
        slots: Vec<B256>,
        /// Block.
        block: u64,
    },
    /// `eth_getCode` at a block's number.
    Code {
        /// Account.
        address: Address,
        /// Block.
        block: u64,
    },
    /// `eth_call` at a block's hash.
    Call {
        /// Contract.
        to: Address,
        /// Call data.
        data: Bytes,
        /// Block.
        block: B256,
    },
    /// `eth_getLogs` of a range.
    Logs {
        /// Contract.
        address: Address,
        /// First block.
        from: u64,
        /// Last block.
        to: u64,
    },
    /// `eth_getBlockReceipts`.
    Receipts(B256),
}

fn quantity(number: u64) -> String {
    format!("{number:#x}")
}

fn small(address: &Address) -> String {
    format!("{address:?}").to_ascii_lowercase()
}

impl Question {
    /// The JSON-RPC method.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        match self {
            Self::ChainId => "eth_chainId",
            Self::Finalized | Self::BlockByNumber(_) => "eth_getBlockByNumber",
            Self::BlockByHash(_) => "eth_getBlockByHash",
            Self::Proof { .. } => "eth_getProof",
            Self::Code { .. } => "eth_getCode",
            Self::Call { .. } => "eth_call",
            Self::Logs { .. } => "eth_getLogs",
            Self::Receipts(_) => "eth_getBlockReceipts",
        }
    }

    /// Its parameters.
    #[must_use]
    pub fn params(&self) -> Value {
        match self {
            Self::ChainId => json!([]),
            Self::Finalized => json!(["finalized", false]),
            Self::BlockByNumber(number) => json!([quantity(*number), false]),
            Self::BlockByHash(hash) => json!([hash.to_string(), false]),
            Self::Proof { address, slots, block } => {
                let slots: Vec<String> = slots.iter().map(ToString::to_string).collect();
                json!([small(address), slots, quantity(*block)])
            }
            Self::Code { address, block } => json!([small(address), quantity(*block)]),
            Self::Call { to, data, block } => json!([
                {"to": small(to), "data": data.to_string()},
                {"blockHash": block.to_string(), "requireCanonical": true},
            ]),
            Self::Logs { address, from, to } => {
                json!([{"address": small(address), "fromBlock": quantity(*from), "toBlock": quantity(*to)}])
            }
            Self::Receipts(hash) => json!([hash.to_string()]),
        }
    }

    /// The two halves of a range of logs, for an endpoint that refuses the whole. `None` for one block and for all
    /// other questions.
    #[must_use]
    pub fn halves(&self) -> Option<[Self; 2]> {
        let Self::Logs { address, from, to } = self else { return None };
        let middle = from.checked_add(to.checked_sub(*from).filter(|length| *length > 0)? / 2)?;
        let half = |from, to| Self::Logs { address: *address, from, to };
        Some([half(*from, middle), half(middle.saturating_add(1), *to)])
    }

    fn key(&self) -> String {
        format!("{} {}", self.method(), self.params())
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proof { address, slots, block } => {
                write!(f, "eth_getProof of {address}, {} slots, block {block}", slots.len())
            }
            Self::Logs { address, from, to } => write!(f, "eth_getLogs of {address}, blocks {from} to {to}"),
            Self::Code { address, block } => write!(f, "eth_getCode of {address}, block {block}"),
            Self::Call { to, data, .. } => write!(f, "eth_call of {to}, {data}"),
            other => write!(f, "{} {}", other.method(), other.params()),
        }
    }
}

/// An endpoint's error: never "none", always "not answered".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RpcError {
    /// JSON-RPC code.
    pub code: i64,
    /// Its words.
    pub message: String,
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {}: {}", self.code, veritee_base::text::inert(&self.message))
    }
}

/// An answer: the JSON of `result` exactly as it came, or an error.
pub type Answer = Result<String, RpcError>;

/// One endpoint and everything that it answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// Its address, without user name, password and query.
    pub url: String,
    answers: BTreeMap<String, (Question, Answer)>,
}

impl Endpoint {
    /// An endpoint that was not asked yet.
    #[must_use]
    pub const fn new(url: String) -> Self {
        Self { url, answers: BTreeMap::new() }
    }

    /// Keeps an answer. The first one stays.
    pub fn add(&mut self, question: Question, answer: Answer) {
        self.answers.entry(question.key()).or_insert((question, answer));
    }

    /// What it answered.
    #[must_use]
    pub fn answer(&self, question: &Question) -> Option<&Answer> {
        self.answers.get(&question.key()).map(|(_, answer)| answer)
    }

    /// Everything that was asked, in the order of the document.
    pub fn asked(&self) -> impl Iterator<Item = (&Question, &Answer)> {
        self.answers.values().map(|(question, answer)| (question, answer))
    }

    /// Questions answered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether nothing was asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }
}

/// A document of chain reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReads {
    /// What was looked for: a claim until the quote, the log, a known key or the caller says the same.
    pub subject: Subject,
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
    /// What was read of the chain that this one settles on.
    pub l1: Option<L1Reads>,
}

/// Reads of the chain that a rollup settles on, for [`crate::l1`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct L1Reads {
    /// The block to read at.
    pub block: u64,
    /// Its hash, where the caller gave it.
    pub given_hash: Option<B256>,
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// Why bytes are no document of chain reads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadsError {
    /// More bytes than the budget allows.
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// Not the document, or with unknown or repeated members.
    Json {
        /// The reader's words.
        problem: String,
    },
    /// Another schema.
    Schema {
        /// What it says.
        got: String,
    },
    /// More endpoints or answers than are taken.
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// An entry that is no question of this version.
    Question {
        /// Which entry of which endpoint.
        place: String,
        /// Its method.
        method: String,
    },
    /// The same question twice at one endpoint.
    Repeated {
        /// Which entry of which endpoint.
        place: String,
    },
}

impl fmt::Display for ReadsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "chain reads: more than {limit} bytes"),
            Self::Json { problem } => write!(f, "chain reads: {problem}"),
            Self::Schema { got } => {
                write!(f, "chain reads: expected the schema {SCHEMA}, got {}", veritee_base::text::inert(got))
            }
            Self::TooMany { what, limit } => write!(f, "chain reads: more than {limit} {what}"),
            Self::Question { place, method } => {
                write!(
                    f,
                    "chain reads, {place}: `{}` is no question of this version",
                    veritee_base::text::inert(method)
                )
            }
            Self::Repeated { place } => write!(f, "chain reads, {place}: the same question a second time"),
        }
    }
}

impl core::error::Error for ReadsError {}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    schema: String,
    chain_id: u64,
    app: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registry: Option<String>,
    from_block: u64,
    block: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    given_hash: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    observed: BTreeSet<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    compose_hashes: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    devices: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    os_images: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    aggregated_mrs: Vec<String>,
    #[serde(borrow)]
    endpoints: Vec<DocumentEndpoint<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    l1: Option<DocumentL1<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentL1<'a> {
    block: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    given_hash: Option<String>,
    #[serde(borrow)]
    endpoints: Vec<DocumentEndpoint<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentEndpoint<'a> {
    url: String,
    #[serde(borrow)]
    answers: Vec<DocumentAnswer<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentAnswer<'a> {
    method: String,
    params: Value,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<RpcError>,
}

/// A result of `null` is a result.
fn present<'de: 'a, 'a, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl ChainReads {
    /// Reads a document. All of it is the attacker's; nothing in it is believed here.
    ///
    /// # Errors
    /// When it is too large, not of the schema, or holds what this version would not ask.
    pub fn read(bytes: &[u8], budget: &Budget) -> Result<Self, ReadsError> {
        if bytes.len() > budget.chain_bytes {
            return Err(ReadsError::TooLarge { limit: budget.chain_bytes });
        }
        let json = |problem: String| ReadsError::Json { problem: problem.chars().take(200).collect() };
        let document: Document<'_> =
            serde_json::from_slice(bytes).map_err(|error| json(error.to_string()))?;
        if document.schema != SCHEMA {
            return Err(ReadsError::Schema { got: document.schema.chars().take(80).collect() });
        }
        if document.endpoints.len() > ENDPOINTS || document.observed.len() > OBSERVED {
            return Err(ReadsError::TooMany { what: "endpoints or observations", limit: ENDPOINTS });
        }
        let subject = read_subject(&document).map_err(|error| json(error.to_string()))?;
        let endpoints = read_endpoints("", document.endpoints, budget)?;
        let l1 = match document.l1 {
            Some(l1) if l1.endpoints.len() > ENDPOINTS => {
                return Err(ReadsError::TooMany {
                    what: "endpoints of the chain that it settles on",
                    limit: ENDPOINTS,
                });
            }
            Some(l1) => Some(L1Reads {
                block: l1.block,
                given_hash: hash_of(l1.given_hash.as_deref()).map_err(|error| json(error.to_string()))?,
                endpoints: read_endpoints("l1 ", l1.endpoints, budget)?,
            }),
            None => None,
        };
        Ok(Self { subject, endpoints, l1 })
    }

    /// Forgets what the document says of given hashes, which is its author's word, and takes the caller's: of the block,
    /// and of the block of the chain that it settles on.
    pub fn given(&mut self, block: Option<B256>, l1_block: Option<B256>) {
        self.subject.given_hash = block;
        if let Some(l1) = &mut self.l1 {
            l1.given_hash = l1_block;
        }
    }

    /// Writes the document; the same reads give the same bytes.
    ///
    /// # Errors
    /// When an answer is no JSON.
    pub fn write(&self) -> Result<Vec<u8>, ReadsError> {
        let json = |error: serde_json::Error| ReadsError::Json { problem: error.to_string() };
        let endpoints = written(&self.endpoints).map_err(json)?;
        let l1 = match &self.l1 {
            Some(l1) => Some(DocumentL1 {
                block: l1.block,
                given_hash: l1.given_hash.map(|hash| hash.to_string()),
                endpoints: written(&l1.endpoints).map_err(json)?,
            }),
            None => None,
        };
        let subject = &self.subject;
        let words = |words: &BTreeSet<B256>| words.iter().map(ToString::to_string).collect();
        let document = Document {
            schema: SCHEMA.to_owned(),
            chain_id: subject.chain_id,
            app: small(&subject.app),
            registry: subject.registry.as_ref().map(small),
            from_block: subject.from_block,
            block: subject.block,
            given_hash: subject.given_hash.map(|hash| hash.to_string()),
            observed: subject.observed.clone(),
            compose_hashes: words(&subject.interest.compose_hashes),
            devices: words(&subject.interest.devices),
            os_images: words(&subject.os_images),
            aggregated_mrs: words(&subject.aggregated_mrs),
            endpoints,
            l1,
        };
        serde_json::to_vec(&document).map_err(json)
    }
}

fn written(endpoints: &[Endpoint]) -> Result<Vec<DocumentEndpoint<'_>>, serde_json::Error> {
    let mut documents = Vec::with_capacity(endpoints.len());
    for endpoint in endpoints {
        let mut answers = Vec::with_capacity(endpoint.len());
        for (question, answer) in endpoint.asked() {
            let (result, error) = match answer {
                Ok(text) => (Some(serde_json::from_str(text)?), None),
                Err(error) => (None, Some(error.clone())),
            };
            let method = question.method().to_owned();
            answers.push(DocumentAnswer { method, params: question.params(), result, error });
        }
        documents.push(DocumentEndpoint { url: endpoint.url.clone(), answers });
    }
    Ok(documents)
}

fn hash_of(text: Option<&str>) -> Result<Option<B256>, SpellingError> {
    text.map(|text| wire::word("given_hash", text)).transpose()
}

fn read_subject(document: &Document<'_>) -> Result<Subject, SpellingError> {
    let words = |member, texts: &[String]| {
        texts.iter().map(|text| wire::word(member, text)).collect::<Result<_, _>>()
    };
    Ok(Subject {
        chain_id: document.chain_id,
        app: wire::address("app", &document.app)?,
        registry: document.registry.as_deref().map(|text| wire::address("registry", text)).transpose()?,
        from_block: document.from_block,
        block: document.block,
        given_hash: hash_of(document.given_hash.as_deref())?,
        observed: document.observed.clone(),
        interest: AppInterest {
            compose_hashes: words("compose_hashes", &document.compose_hashes)?,
            devices: words("devices", &document.devices)?,
        },
        os_images: words("os_images", &document.os_images)?,
        aggregated_mrs: words("aggregated_mrs", &document.aggregated_mrs)?,
        ..Subject::default()
    })
}

fn read_endpoints(
    of: &str,
    endpoints: Vec<DocumentEndpoint<'_>>,
    budget: &Budget,
) -> Result<Vec<Endpoint>, ReadsError> {
    let numbered = endpoints.into_iter().enumerate();
    numbered
        .map(|(index, endpoint)| read_endpoint(&format!("{of}endpoint {index}"), endpoint, budget))
        .collect()
}

fn read_endpoint(at: &str, endpoint: DocumentEndpoint<'_>, budget: &Budget) -> Result<Endpoint, ReadsError> {
    if endpoint.answers.len() > budget.chain_answers {
        return Err(ReadsError::TooMany { what: "answers of one endpoint", limit: budget.chain_answers });
    }
    let mut read = Endpoint::new(endpoint.url);
    for (entry, answer) in endpoint.answers.into_iter().enumerate() {
        let place = || format!("{at}, answer {entry}");
        let question = parse(&answer.method, &answer.params).ok_or_else(|| ReadsError::Question {
            place: place(),
            method: answer.method.chars().take(40).collect(),
        })?;
        let given = match (answer.result, answer.error) {
            (Some(result), None) => Ok(result.get().to_owned()),
            (None, Some(error)) => Err(error),
            _ => {
                let problem = format!("{}: not exactly one of result and error", place());
                return Err(ReadsError::Json { problem });
            }
        };
        if read.answer(&question).is_some() {
            return Err(ReadsError::Repeated { place: place() });
        }
        read.add(question, given);
    }
    Ok(read)
}

/// The question with these parameters, spelled exactly as this version spells them.
fn parse(method: &str, params: &Value) -> Option<Question> {
    let text = |index: usize| params.get(index).and_then(Value::as_str);
    let number = |text: &str| wire::quantity("params", text).ok();
    let word = |text: &str| wire::word("params", text).ok();
    let address = |text: &str| wire::address("params", text).ok();
    let question = match method {
        "eth_chainId" => Question::ChainId,
        "eth_getBlockByNumber" if text(0)? == "finalized" => Question::Finalized,
        "eth_getBlockByNumber" => Question::BlockByNumber(number(text(0)?)?),
        "eth_getBlockByHash" => Question::BlockByHash(word(text(0)?)?),
        "eth_getBlockReceipts" => Question::Receipts(word(text(0)?)?),
        "eth_getCode" => Question::Code { address: address(text(0)?)?, block: number(text(1)?)? },
        "eth_getProof" => {
            let slots = params.get(1)?.as_array()?.iter().map(|slot| slot.as_str().and_then(word));
            Question::Proof {
                address: address(text(0)?)?,
                slots: slots.collect::<Option<_>>()?,
                block: number(text(2)?)?,
            }
        }
        "eth_call" => {
            let (call, tag) = (params.get(0)?, params.get(1)?);
            let member = |object: &Value, name: &str| object.get(name)?.as_str().map(str::to_owned);
            Question::Call {
                to: address(&member(call, "to")?)?,
                data: wire::bytes("params", &member(call, "data")?).ok()?,
                block: word(&member(tag, "blockHash")?)?,
            }
        }
        "eth_getLogs" => {
            let filter = params.get(0)?;
            let member = |name: &str| filter.get(name).and_then(Value::as_str);
            Question::Logs {
                address: address(member("address")?)?,
                from: number(member("fromBlock")?)?,
                to: number(member("toBlock")?)?,
            }
        }
        _ => return None,
    };
    (question.params() == *params).then_some(question)
}
