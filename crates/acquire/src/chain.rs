//! Reading a chain: asks endpoints what [`veritee_chain::survey`] wants to know, until it wants no more.
//!
//! An endpoint is believed nothing. Its answers are kept as they came, beside its name, and judged offline by the same
//! code that decided what to ask. What is seen to here is that everything is asked at one block, that an error or a lost
//! connection is never kept as an answer, that a range of logs is halved and not skipped, and that the work has an end.
//!
//! Endpoints are named by scheme, host and port alone: a path can be somebody's key. So two addresses of one host are one
//! voice, as they should be.

mod kept;
mod l1;
mod rpc;

pub use l1::L1Ask;
pub use rpc::ProtocolProblem;
use rpc::Rpc;

use core::fmt;
use std::collections::BTreeSet;
use url::Url;
use veritee_chain::header::Header;
use veritee_chain::l1::rollup;
use veritee_chain::rpc::{Answer, ChainReads, Endpoint, Question, RpcError};
use veritee_chain::survey::{Subject, Survey, survey};
use veritee_chain::{Address, B256};
use veritee_client::Client;
use veritee_model::Budget;

/// Rounds of questions: owners three levels deep, lists that are walked. Real contracts take five.
const ROUNDS: usize = 128;

/// Requests for logs that may fail one after the other before an endpoint is given up: a range that is too wide can look
/// like a lost connection.
const FAILURES: usize = 3;

/// Blocks that one request for logs may span at first. Refused, it is halved.
const WIDEST: u64 = 1 << 32;

/// An endpoint.
#[derive(Debug, Clone)]
pub struct ChainEndpoint {
    /// Where it is asked. May hold the caller's key, so it is never shown.
    pub url: Url,
    /// The chain that the caller says it serves.
    pub chain_id: Option<u64>,
}

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct ChainAsk {
    /// What is looked for. Chain id and block are filled in; a first block of 0 is looked for.
    pub subject: Subject,
    /// Observe the app contract at the block of its first log as well, where every endpoint still has that state.
    pub first_block: bool,
    /// Observe it at these blocks too, likewise.
    pub observe: BTreeSet<u64>,
    /// The chain that a rollup settles on: without endpoints it is not asked. Where no block of the rollup is given, the
    /// one is read that its contracts there hold for final.
    pub l1: L1Ask,
    /// What endpoints answered in an earlier read that did not come to its end, at the subject's block: that is not asked
    /// again of them. Whoever wrote it down is believed that they did; what it proves is judged like everything.
    pub kept: Vec<Endpoint>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct ChainRead {
    /// Everything that was answered.
    pub reads: ChainReads,
    /// What went wrong at which endpoint.
    pub notes: Vec<ChainNote>,
    /// Requests that were made, batches counted once.
    pub requests: usize,
}

/// Something that went wrong and is in no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainNote {
    /// The endpoint.
    pub endpoint: String,
    /// What.
    pub what: String,
}

impl fmt::Display for ChainNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}",
            veritee_model::text::inert(&self.endpoint),
            veritee_model::text::inert(&self.what)
        )
    }
}

/// Why nothing was read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainReadError {
    /// No endpoint was named.
    NoEndpoint,
    /// The endpoints serve different chains, or others than the caller says.
    ChainId {
        /// The endpoint.
        endpoint: String,
        /// Expected.
        expected: u64,
        /// Said.
        got: u64,
    },
    /// No endpoint named a block to read at.
    NoBlock {
        /// What each of them answered.
        notes: Vec<ChainNote>,
    },
    /// The chain settles on no other, or its contracts there are not known.
    NoL1 {
        /// EIP-155 chain id.
        chain_id: u64,
    },
    /// The given block is not the chain's, or not there.
    GivenBlock {
        /// The endpoint.
        endpoint: String,
        /// What is wrong.
        what: String,
    },
}

impl fmt::Display for ChainReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &str| veritee_model::text::inert(text);
        match self {
            Self::NoEndpoint => f.write_str("no endpoint was named"),
            Self::ChainId { endpoint, expected, got } => {
                write!(f, "{}: expected chain {expected}, it serves chain {got}", shown(endpoint))
            }
            Self::NoBlock { notes } => {
                f.write_str("no endpoint names a block to read at")?;
                notes.iter().try_for_each(|note| write!(f, "; {note}"))
            }
            Self::NoL1 { chain_id } => {
                write!(
                    f,
                    "chain {chain_id}: no contracts are known by which another chain holds its blocks for final"
                )
            }
            Self::GivenBlock { endpoint, what } => {
                write!(f, "{}: the given block: {}", shown(endpoint), shown(what))
            }
        }
    }
}

impl core::error::Error for ChainReadError {}

/// One endpoint while it is read.
struct Voice<'a> {
    rpc: Rpc<'a>,
    endpoint: Endpoint,
    /// It failed in a way after which nothing more is asked of it.
    lost: bool,
    /// Blocks that a request for logs spanned when it last worked.
    span: u64,
    /// Bytes of its answers that are kept.
    bytes: usize,
}

/// Reads what the subject asks for, at one block, from every endpoint.
///
/// # Errors
/// When there is no endpoint, none tells a block, or they serve another chain than expected. Everything else that goes
/// wrong is a note, and a question that stays open.
pub async fn read_chain(
    client: &Client,
    endpoints: &[ChainEndpoint],
    ask: &ChainAsk,
    budget: &Budget,
) -> Result<ChainRead, ChainReadError> {
    let mut voices = voices(client, endpoints);
    let mut notes = Vec::new();
    let mut subject = ask.subject.clone();
    let said = endpoints.iter().find_map(|endpoint| endpoint.chain_id);
    subject.chain_id = chain_id(&mut voices, endpoints, said, &mut notes).await?;
    let l1 = if ask.l1.endpoints.is_empty() {
        None
    } else {
        let chain_id = subject.chain_id;
        let rollup = rollup(chain_id).ok_or(ChainReadError::NoL1 { chain_id })?;
        match l1::read(client, &ask.l1, rollup, budget, &mut notes).await {
            Ok(read) => Some(read),
            // Nobody there answers: the notes say so, and the endpoints' word stands alone.
            Err(ChainReadError::NoBlock { .. }) => None,
            Err(error) => return Err(error),
        }
    };
    let claim = l1.as_ref().and_then(|l1| l1.claim.as_ref());
    subject.block = match (subject.given_hash, claim.map(|claim| claim.block)) {
        (Some(hash), _) => given_block(&mut voices, hash, &mut notes).await?,
        (None, _) if subject.block > 0 => subject.block,
        (None, Some(anchored)) => anchored,
        (None, None) => finalized(&mut voices, &mut notes).await?,
    };
    if subject.block == ask.subject.block {
        kept::resume(&mut voices, &ask.kept, subject.block, &mut notes).await;
    }
    let oldest = subject.registry.unwrap_or(subject.app);
    if subject.from_block == 0
        && let Some(voice) = voices.iter_mut().find(|voice| !voice.lost)
    {
        subject.from_block = deployed(voice, oldest, subject.block, &mut notes).await;
    }
    for voice in voices.iter_mut().filter(|voice| !voice.lost) {
        fill(voice, &subject, budget, &mut notes).await;
    }
    if let Some(claim) = claim {
        l1::way(&mut voices, &subject, claim, budget, &mut notes).await;
    }
    let mut observe = ask.observe.clone();
    observe.extend(if ask.first_block { first_log(&voices, &subject, budget) } else { None });
    observe.retain(|block| *block < subject.block);
    for block in observe {
        observe_at(&mut voices, block, &mut subject, budget, &mut notes).await;
    }
    let requests = voices.iter().map(|voice| voice.rpc.requests()).sum::<usize>();
    let requests = requests.saturating_add(l1.as_ref().map_or(0, |l1| l1.requests));
    let endpoints = voices.into_iter().map(|voice| voice.endpoint).collect();
    let reads = ChainReads { subject, endpoints, l1: l1.map(|l1| l1.reads) };
    Ok(ChainRead { reads, notes, requests })
}

fn voices<'a>(client: &'a Client, endpoints: &'a [ChainEndpoint]) -> Vec<Voice<'a>> {
    let voice = |endpoint: &'a ChainEndpoint| Voice {
        rpc: Rpc::new(client, &endpoint.url),
        endpoint: Endpoint::new(endpoint.url.origin().ascii_serialization()),
        lost: false,
        span: WIDEST,
        bytes: 0,
    };
    endpoints.iter().map(voice).collect()
}

impl Voice<'_> {
    /// Asks; what is no answer is a note, and ends this endpoint.
    async fn ask(&mut self, questions: &[Question], notes: &mut Vec<ChainNote>) -> Option<Vec<Answer>> {
        match self.rpc.ask(questions).await {
            Ok(answers) => Some(answers),
            Err(problem) => {
                self.lost = true;
                self.note(problem.to_string(), notes);
                None
            }
        }
    }

    /// Keeps an answer. More than a document may hold ends this endpoint: nobody would read it.
    fn keep(&mut self, question: Question, answer: Answer, budget: &Budget, notes: &mut Vec<ChainNote>) {
        let bytes = answer.as_ref().map_or(0, String::len);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > budget.chain_bytes {
            self.lost = true;
            self.note(format!("its answers are more than {} bytes", budget.chain_bytes), notes);
            return;
        }
        self.endpoint.add(question, answer);
    }

    async fn one(&mut self, question: &Question, notes: &mut Vec<ChainNote>) -> Option<Answer> {
        self.ask(core::slice::from_ref(question), notes).await?.into_iter().next()
    }

    fn note(&self, what: String, notes: &mut Vec<ChainNote>) {
        notes.push(ChainNote { endpoint: self.endpoint.url.clone(), what });
    }
}

/// The chain that all endpoints serve. Checked before anything is read, so that no answer of another chain is kept.
async fn chain_id(
    voices: &mut [Voice<'_>],
    endpoints: &[ChainEndpoint],
    said: Option<u64>,
    notes: &mut Vec<ChainNote>,
) -> Result<u64, ChainReadError> {
    let mut expected = said;
    for (voice, endpoint) in voices.iter_mut().zip(endpoints) {
        let question = Question::ChainId;
        let Some(answer) = voice.one(&question, notes).await else { continue };
        let got = answer.as_ref().ok().and_then(|text| {
            let text: String = serde_json::from_str(text).ok()?;
            veritee_chain::wire::quantity("chainId", &text).ok()
        });
        let Some(got) = got else {
            voice.lost = true;
            voice.note("does not say which chain it serves".to_owned(), notes);
            continue;
        };
        let wanted = endpoint.chain_id.or(expected).unwrap_or(got);
        if got != wanted {
            return Err(ChainReadError::ChainId {
                endpoint: voice.endpoint.url.clone(),
                expected: wanted,
                got,
            });
        }
        expected = Some(wanted);
        voice.endpoint.add(question, answer);
    }
    match expected {
        _ if voices.is_empty() => Err(ChainReadError::NoEndpoint),
        Some(id) if voices.iter().any(|voice| !voice.lost) => Ok(id),
        _ => Err(ChainReadError::NoBlock { notes: notes.clone() }),
    }
}

/// Seconds that one endpoint's final block may lie behind another's.
const BEHIND: u64 = 7_200;

/// The lowest block that endpoints call final: all of them have it. One that is far behind is left out, so that no single
/// endpoint chooses an old state for all; one that is far ahead leaves itself alone.
async fn finalized(voices: &mut [Voice<'_>], notes: &mut Vec<ChainNote>) -> Result<u64, ChainReadError> {
    let mut finals: Vec<(usize, Header)> = Vec::new();
    for (index, voice) in voices.iter_mut().enumerate().filter(|(_, voice)| !voice.lost) {
        let Some(answer) = voice.one(&Question::Finalized, notes).await else { continue };
        match header(&answer) {
            Ok(header) => finals.push((index, header)),
            Err(what) => {
                voice.lost = true;
                voice.note(format!("names no final block: {what}"), notes);
            }
        }
    }
    let newest = finals.iter().map(|(_, header)| header.timestamp()).max().unwrap_or_default();
    let mut lowest: Option<u64> = None;
    for (index, header) in finals {
        let behind = newest.saturating_sub(header.timestamp());
        if behind <= BEHIND {
            lowest = Some(lowest.map_or(header.number(), |low| low.min(header.number())));
        } else if let Some(voice) = voices.get_mut(index) {
            voice.lost = true;
            let number = header.number();
            voice.note(
                format!("its final block {number} is {behind} seconds behind another's: left out"),
                notes,
            );
        }
    }
    lowest.ok_or_else(|| ChainReadError::NoBlock { notes: notes.clone() })
}

async fn given_block(
    voices: &mut [Voice<'_>],
    hash: B256,
    notes: &mut Vec<ChainNote>,
) -> Result<u64, ChainReadError> {
    let mut wrong = None;
    for voice in voices.iter_mut().filter(|voice| !voice.lost) {
        let Some(answer) = voice.one(&Question::BlockByHash(hash), notes).await else { continue };
        match header(&answer) {
            Ok(header) if header.hash() == hash => return Ok(header.number()),
            Ok(header) => wrong = Some((voice, format!("expected {hash}, got {}", header.hash()))),
            Err(what) => wrong = Some((voice, what)),
        }
    }
    match wrong {
        Some((voice, what)) => Err(ChainReadError::GivenBlock { endpoint: voice.endpoint.url.clone(), what }),
        None => Err(ChainReadError::NoBlock { notes: notes.clone() }),
    }
}

fn header(answer: &Answer) -> Result<Header, String> {
    match answer {
        Ok(text) if text.trim() == "null" => Err("there is no such block".to_owned()),
        Ok(text) => Header::from_rpc(text).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// The first block in which an address has code, by bisection; 0 where the endpoint has no old states. A hint alone: a
/// first block that is too late leaves storage that no log explains, and then nothing is called complete.
async fn deployed(voice: &mut Voice<'_>, address: Address, last: u64, notes: &mut Vec<ChainNote>) -> u64 {
    let (mut low, mut high) = (0_u64, last);
    while low < high {
        let middle = low.saturating_add(high.saturating_sub(low) / 2);
        let question = Question::Code { address, block: middle };
        match voice
            .rpc
            .ask(core::slice::from_ref(&question))
            .await
            .ok()
            .and_then(|all| all.into_iter().next())
        {
            Some(Ok(code)) if code == "\"0x\"" => low = middle.saturating_add(1),
            Some(Ok(_)) => high = middle,
            Some(Err(_)) | None => {
                voice.note(
                    "keeps no old states: logs are asked from the first block on (--from-block spares that)"
                        .to_owned(),
                    notes,
                );
                return 0;
            }
        }
    }
    low
}

/// Asks one endpoint until its survey wants no more.
async fn fill(
    voice: &mut Voice<'_>,
    subject: &Subject,
    budget: &Budget,
    notes: &mut Vec<ChainNote>,
) -> Survey {
    let wanted = |endpoint: &Endpoint| survey(endpoint, subject, budget).wanted;
    until_nothing_is_wanted(voice, budget, notes, wanted).await;
    survey(&voice.endpoint, subject, budget)
}

/// Asks one endpoint what its answers leave open, round by round.
async fn until_nothing_is_wanted(
    voice: &mut Voice<'_>,
    budget: &Budget,
    notes: &mut Vec<ChainNote>,
    wanted: impl Fn(&Endpoint) -> Vec<Question>,
) {
    for _round in 0..ROUNDS {
        let wanted = wanted(&voice.endpoint);
        if wanted.is_empty() || voice.lost {
            return;
        }
        if voice.endpoint.len().saturating_add(wanted.len()) > budget.chain_answers {
            voice.note(format!("more than {} answers would be needed", budget.chain_answers), notes);
            return;
        }
        let (logs, plain): (Vec<Question>, Vec<Question>) =
            wanted.into_iter().partition(|question| matches!(question, Question::Logs { .. }));
        if let Some(answers) = voice.ask(&plain, notes).await {
            for (question, answer) in plain.into_iter().zip(answers) {
                voice.keep(question, answer, budget, notes);
            }
        }
        for question in logs {
            logs_of(voice, &question, budget, notes).await;
        }
    }
    voice.note(format!("still has questions after {ROUNDS} rounds"), notes);
}

/// All logs of one wanted range, in as many parts as the endpoint needs. A part that fails is halved; a single block that
/// fails is the endpoint's answer to the whole.
async fn logs_of(voice: &mut Voice<'_>, wanted: &Question, budget: &Budget, notes: &mut Vec<ChainNote>) {
    let Question::Logs { address, from, to } = *wanted else { return };
    let (mut next, mut failures) = (from, 0_usize);
    while next <= to && !voice.lost && voice.endpoint.len() < budget.chain_answers {
        let last = next.saturating_add(voice.span.saturating_sub(1)).min(to);
        let part = Question::Logs { address, from: next, to: last };
        let answer = voice.rpc.ask(core::slice::from_ref(&part)).await;
        failures = if answer.is_err() { failures.saturating_add(1) } else { 0 };
        match (answer.map(|answers| answers.into_iter().next()), part.halves()) {
            (Err(problem), _) if failures >= FAILURES => {
                voice.lost = true;
                voice.note(problem.to_string(), notes);
            }
            (Ok(Some(Ok(text))), _) => {
                voice.keep(part, Ok(text), budget, notes);
                next = last.saturating_add(1);
                if last == u64::MAX {
                    return;
                }
            }
            (_, Some([Question::Logs { from: first, to: middle, .. }, _])) => {
                voice.span = middle.saturating_sub(first).saturating_add(1);
            }
            (Ok(Some(Err(error))), _) => {
                voice.endpoint.add(wanted.clone(), Err(error));
                return;
            }
            (Ok(None), _) => {
                let error = RpcError { code: 0, message: "no answer".to_owned() };
                voice.endpoint.add(wanted.clone(), Err(error));
                return;
            }
            (Err(problem), _) => {
                voice.lost = true;
                voice.note(problem.to_string(), notes);
            }
        }
    }
}

/// The block of the app contract's first log.
fn first_log(voices: &[Voice<'_>], subject: &Subject, budget: &Budget) -> Option<u64> {
    let mut read =
        voices.iter().filter(|voice| !voice.lost).map(|voice| survey(&voice.endpoint, subject, budget));
    read.find_map(|read| read.history?.timeline().entries().first().map(|entry| entry.block))
}

/// Observes the app contract at an earlier block, where all endpoints have that state.
async fn observe_at(
    voices: &mut [Voice<'_>],
    block: u64,
    subject: &mut Subject,
    budget: &Budget,
    notes: &mut Vec<ChainNote>,
) {
    let mut with = subject.clone();
    with.observed.insert(block);
    let before: Vec<Endpoint> = voices.iter().map(|voice| voice.endpoint.clone()).collect();
    for index in 0..voices.len() {
        let Some(voice) = voices.get_mut(index).filter(|voice| !voice.lost) else { continue };
        let known = survey(&voice.endpoint, subject, budget).faults.len();
        let read = fill(voice, &with, budget, notes).await;
        if read.faults.len() > known || !read.wanted.is_empty() {
            voice.note(format!("keeps no state of block {block}: it is known by its logs alone"), notes);
            for (voice, endpoint) in voices.iter_mut().zip(before) {
                voice.endpoint = endpoint;
            }
            return;
        }
    }
    *subject = with;
}

/// The last block before or at a time (seconds since 1970), by one endpoint's headers. Each hashes to its hash; that they
/// are of the chain is the endpoint's word.
///
/// # Errors
/// When a header cannot be had, or the time is before the first block.
pub async fn block_at(
    client: &Client,
    endpoint: &ChainEndpoint,
    seconds: u64,
) -> Result<u64, ChainReadError> {
    let mut notes = Vec::new();
    let mut voices = voices(client, core::slice::from_ref(endpoint));
    let last = finalized(&mut voices, &mut notes).await?;
    let Some(voice) = voices.first_mut() else { return Err(ChainReadError::NoEndpoint) };
    let (mut low, mut high) = (0_u64, last);
    while low < high {
        // The upper middle: `low` stays at or before the time.
        let middle = high.saturating_sub(high.saturating_sub(low) / 2);
        let time =
            match voice.one(&Question::BlockByNumber(middle), &mut notes).await.map(|answer| header(&answer))
            {
                Some(Ok(header)) if header.number() == middle => header.timestamp(),
                Some(Ok(_)) | Some(Err(_)) | None => return Err(ChainReadError::NoBlock { notes }),
            };
        if time <= seconds {
            low = middle;
        } else {
            high = middle.saturating_sub(1);
        }
    }
    Ok(low)
}
