//! CAA records (RFC 8659) by DNS over HTTPS (RFC 8484).
//!
//! One question for the domain and, while there is no record, one for each name above it; the root is not asked. A
//! resolver follows aliases and answers with all of them; the records at the end of that chain are those of the name
//! that was asked. The climb goes up from the name itself, never from where an alias leads (RFC 8659, section 3).
//!
//! An answer is the resolver's word: DNSSEC is not validated here. Whether the resolver says that it did (the AD bit)
//! is written into the source of the answers.

mod message;

pub use message::CaaProblem;
pub(crate) use message::{NameAnswer, question, read};

use crate::source::Facts;
use crate::target::Host;
use serde::Serialize;
use url::Url;
use veritee_model::evidence::CaaAnswers;
use veritee_model::{Item, UnixTime};

/// The media type of both directions.
const MEDIA_TYPE: &[&str] = &["application/dns-message"];

pub(crate) const FACTS: Facts = Facts {
    name: "CAA records by DNS over HTTPS",
    gives: "which CAs, and which ACME accounts, may issue for the domain, as the resolver tells it",
    // A DNS message is not longer.
    cap: 65_535,
    accept: "application/dns-message",
    types: MEDIA_TYPE,
    formats: &[],
};

/// The domain and the names above it, without the root.
pub(crate) fn names(domain: &Host) -> Vec<String> {
    let labels: Vec<&str> = domain.as_str().split('.').collect();
    (0..labels.len())
        .map(|skipped| labels.iter().skip(skipped).copied().collect::<Vec<_>>().join("."))
        .collect()
}

/// The address of the question about one name.
pub(crate) fn address(resolver: &Url, name: &str) -> Result<Url, CaaProblem> {
    use base64::Engine as _;
    let message = question(name)?;
    let mut url = resolver.clone();
    // Base64url has no character that a query would have to escape.
    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(message);
    url.set_query(Some(&format!("dns={text}")));
    Ok(url)
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    records: Vec<EntryRecord<'a>>,
}

#[derive(Serialize)]
struct EntryRecord<'a> {
    flags: u8,
    tag: &'a str,
    value: &'a str,
}

/// What goes into the evidence: an entry for each name that was asked, in order.
pub(crate) fn record(domain: &Host, resolver: &Url, answers: &[NameAnswer], now: UnixTime) -> CaaAnswers {
    let entries: Vec<Entry<'_>> = answers
        .iter()
        .map(|answer| Entry {
            name: &answer.name,
            records: answer
                .records
                .iter()
                .map(|record| EntryRecord { flags: record.flags, tag: &record.tag, value: &record.value })
                .collect(),
        })
        .collect();
    // Strings and numbers can always be written; an empty text would not be read as answers.
    let json = serde_json::to_vec(&entries).unwrap_or_default();
    let facts: Vec<String> = answers.iter().map(NameAnswer::circumstances).collect();
    let source = format!("{resolver} (DNS over HTTPS; {})", facts.join("; "));
    let item = Item { obtained: Some(now.to_string()), ..Item::new(json, source) };
    CaaAnswers { domain: domain.as_str().to_owned(), answers: item }
}

#[cfg(test)]
mod tests;
