//! JSON-RPC 2.0 over HTTP, for questions about a chain.
//!
//! Source: JSON-RPC 2.0 specification, sections 4 to 6. Several questions go in one batch, whose answers may come in any
//! order: they are told apart by their ids, each of which has to occur once. `null` is a result; an error is none.

use core::fmt;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use serde_json::value::RawValue;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use url::Url;
use veritee_chain::rpc::{Answer, Question, RpcError};
use veritee_client::{Client, FetchError, Post};

/// Bytes of one answer. 10,000 logs are 5.6 MB.
const CAP: usize = 24 << 20;

/// Questions of one batch. Public endpoints take 10 to 100.
const BATCH: usize = 10;

/// Characters of an error's words that are kept.
const WORDS: usize = 200;

/// Why an endpoint's reply answers nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolProblem {
    /// The request failed.
    Fetch(String),
    /// Not JSON-RPC 2.0.
    Json(String),
    /// An answer to a question that was not asked, or a second one to the same.
    Id(u64),
    /// A question of the batch has no answer.
    Missing(u64),
    /// Neither result nor error, or both.
    Shape(u64),
}

impl fmt::Display for ProtocolProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch(why) => f.write_str(why),
            Self::Json(why) => write!(f, "the reply is not JSON-RPC 2.0: {why}"),
            Self::Id(id) => {
                write!(f, "the reply answers question {id}, which was not asked or answered before")
            }
            Self::Missing(id) => write!(f, "the reply has no answer to question {id}"),
            Self::Shape(id) => {
                write!(f, "the answer to question {id} has not exactly one of result and error")
            }
        }
    }
}

impl core::error::Error for ProtocolProblem {}

/// An endpoint that is asked.
pub(super) struct Rpc<'a> {
    client: &'a Client,
    url: &'a Url,
    /// It refused a batch once: from then on one question at a time.
    single: AtomicBool,
    requests: AtomicUsize,
}

#[derive(Deserialize)]
struct Reply<'a> {
    jsonrpc: String,
    #[serde(default)]
    id: Option<u64>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    code: i64,
    #[serde(default)]
    message: String,
}

/// A result of `null` is a result.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'a> Rpc<'a> {
    pub(super) const fn new(client: &'a Client, url: &'a Url) -> Self {
        Self { client, url, single: AtomicBool::new(false), requests: AtomicUsize::new(0) }
    }

    /// HTTP requests that were made.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// The answers, in the order of the questions.
    pub(super) async fn ask(&self, questions: &[Question]) -> Result<Vec<Answer>, ProtocolProblem> {
        let mut answers = Vec::with_capacity(questions.len());
        for batch in questions.chunks(BATCH) {
            if batch.len() > 1 && !self.single.load(Ordering::Relaxed) {
                match self.batch(batch).await {
                    Ok(several) => {
                        answers.extend(several);
                        continue;
                    }
                    // A single object in reply to a batch: the endpoint takes none.
                    Err(None) => self.single.store(true, Ordering::Relaxed),
                    Err(Some(problem)) => return Err(problem),
                }
            }
            for question in batch {
                answers.push(self.one(question).await?);
            }
        }
        Ok(answers)
    }

    async fn one(&self, question: &Question) -> Result<Answer, ProtocolProblem> {
        let body = request(0, question).to_string();
        let reply = self.post(body).await?;
        let reply: Reply<'_> = serde_json::from_slice(&reply).map_err(|error| not_json(&error))?;
        if reply.id.is_none() && reply.error.is_some() {
            return read(0, &reply);
        }
        match reply.id {
            Some(0) => read(0, &reply),
            other => Err(ProtocolProblem::Id(other.unwrap_or(u64::MAX))),
        }
    }

    /// `Err(None)` where the endpoint takes no batches.
    async fn batch(&self, questions: &[Question]) -> Result<Vec<Answer>, Option<ProtocolProblem>> {
        let requests: Vec<serde_json::Value> =
            (0_u64..).zip(questions).map(|(id, question)| request(id, question)).collect();
        let reply = match self.post(serde_json::Value::Array(requests).to_string()).await {
            Ok(reply) => reply,
            Err(problem) => return Err(Some(problem)),
        };
        if reply.trim_ascii_start().first() == Some(&b'{') {
            return Err(None);
        }
        let replies: Vec<Reply<'_>> =
            serde_json::from_slice(&reply).map_err(|error| Some(not_json(&error)))?;
        let mut answers: Vec<Option<Answer>> = vec![None; questions.len()];
        for reply in &replies {
            let id = reply.id.ok_or(Some(ProtocolProblem::Id(u64::MAX)))?;
            let place = usize::try_from(id).ok().and_then(|index| answers.get_mut(index));
            match place {
                Some(place @ None) => *place = Some(read(id, reply).map_err(Some)?),
                _ => return Err(Some(ProtocolProblem::Id(id))),
            }
        }
        let numbered = (0_u64..).zip(answers);
        numbered.map(|(id, answer)| answer.ok_or(Some(ProtocolProblem::Missing(id)))).collect()
    }

    async fn post(&self, body: String) -> Result<Vec<u8>, ProtocolProblem> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let post = Post {
            url: self.url.clone(),
            body: body.into_bytes(),
            content_type: "application/json",
            cap: CAP,
            accept: "application/json",
            types: &["application/json"],
            // Questions change nothing.
            idempotent: true,
        };
        match self.client.post(&post).await {
            Ok(answer) => Ok(answer.body),
            Err(error) => Err(ProtocolProblem::Fetch(self.shown(&error))),
        }
    }

    /// The error's words with the address cut to its origin: a path may be a key.
    fn shown(&self, error: &FetchError) -> String {
        let (text, origin) = (error.to_string(), self.url.origin().ascii_serialization());
        let Some((before, rest)) = text.split_once(&origin) else { return text };
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (path, after) = rest.split_at(end);
        let colon = if path.ends_with(':') { ":" } else { "" };
        format!("{before}{origin}/{colon}{after}")
    }
}

fn request(id: u64, question: &Question) -> serde_json::Value {
    json!({"jsonrpc": "2.0", "id": id, "method": question.method(), "params": question.params()})
}

fn not_json(error: &serde_json::Error) -> ProtocolProblem {
    ProtocolProblem::Json(error.to_string().chars().take(WORDS).collect())
}

fn read(id: u64, reply: &Reply<'_>) -> Result<Answer, ProtocolProblem> {
    if reply.jsonrpc != "2.0" {
        return Err(ProtocolProblem::Json("another version".to_owned()));
    }
    match (reply.result, &reply.error) {
        (Some(result), None) => Ok(Ok(result.get().to_owned())),
        (None, Some(error)) => {
            let message = error.message.chars().take(WORDS).collect();
            Ok(Err(RpcError { code: error.code, message }))
        }
        // Some endpoints write a null beside an error.
        (Some(result), Some(error)) if result.get() == "null" => {
            Ok(Err(RpcError { code: error.code, message: error.message.chars().take(WORDS).collect() }))
        }
        _ => Err(ProtocolProblem::Shape(id)),
    }
}
