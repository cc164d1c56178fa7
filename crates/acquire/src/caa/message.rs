//! One question and one answer in DNS's own form (RFC 1035).

use core::fmt;
use core::fmt::Write as _;
use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::CAA;
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable as _, BinDecoder};
use veritee_model::text::inert;

/// Aliases that are followed.
const ALIASES: usize = 16;

/// CAA records of one name. Real ones have 1 to 20.
const RECORDS: usize = 256;

/// Why an answer about CAA records is none.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaaProblem {
    /// The name cannot be asked for.
    Name {
        /// The name.
        name: String,
    },
    /// Not one DNS message and nothing more.
    Message {
        /// The name that was asked for.
        name: String,
        /// What the parser says.
        why: String,
    },
    /// A query, another operation, or another id than the one of DNS over HTTPS, which is 0.
    NotTheAnswer {
        /// The name that was asked for.
        name: String,
        /// What differs.
        what: &'static str,
    },
    /// The resolver cut its answer.
    Truncated {
        /// The name that was asked for.
        name: String,
    },
    /// The resolver could not find out: an empty answer would be a lie.
    Failed {
        /// The name that was asked for.
        name: String,
        /// The response code: 2 is SERVFAIL, 5 REFUSED.
        code: u16,
    },
    /// Aliases that lead in a circle, branch, or go on for too long.
    Aliases {
        /// The name that was asked for.
        name: String,
    },
    /// A CAA record of a name to which no alias leads.
    Owner {
        /// The name that was asked for.
        name: String,
        /// Whose record came.
        owner: String,
    },
    /// More records than any name has.
    TooMany {
        /// The name that was asked for.
        name: String,
        /// Records allowed.
        limit: usize,
    },
}

impl fmt::Display for CaaProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { name } => write!(f, "`{}` is no name that DNS can be asked for", inert(name)),
            Self::Message { name, why } => {
                write!(f, "the answer about {name} is not one DNS message: {}", inert(why))
            }
            Self::NotTheAnswer { name, what } => {
                write!(f, "what came is not the answer about {name}: {what}")
            }
            Self::Truncated { name } => write!(f, "the resolver cut its answer about {name}"),
            Self::Failed { name, code } => {
                write!(f, "the resolver could not find out about {name} (response code {code})")
            }
            Self::Aliases { name } => {
                write!(f, "the aliases of {name} branch, lead in a circle or are more than {ALIASES}")
            }
            Self::Owner { name, owner } => {
                write!(f, "the answer about {name} has a CAA record of {}", inert(owner))
            }
            Self::TooMany { name, limit } => {
                write!(f, "the answer about {name} has more than {limit} records")
            }
        }
    }
}

impl core::error::Error for CaaProblem {}

/// What was answered about one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameAnswer {
    pub(crate) name: String,
    pub(crate) records: Vec<CaaRecord>,
    exists: bool,
    authenticated: bool,
    alias: Option<String>,
}

impl NameAnswer {
    /// What the record itself has no place for.
    pub(crate) fn circumstances(&self) -> String {
        let mut out = self.name.clone();
        if let Some(alias) = &self.alias {
            let _ = write!(out, " is an alias of {}", inert(alias));
        }
        let found = match (self.records.is_empty(), self.exists) {
            (false, _) => "",
            (true, true) => ": no CAA record",
            (true, false) => ": no such name",
        };
        let authenticated = if self.authenticated { "AD bit set" } else { "AD bit not set" };
        let _ = write!(out, "{found}, {authenticated}");
        out
    }
}

/// One CAA record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CaaRecord {
    pub(crate) flags: u8,
    pub(crate) tag: String,
    pub(crate) value: String,
}

/// The question: CAA of a name, recursion wanted, AD bit wanted (RFC 6840, section 5.7), id 0 (RFC 8484, section 4.1).
pub(crate) fn question(name: &str) -> Result<Vec<u8>, CaaProblem> {
    let bad = || CaaProblem::Name { name: name.to_owned() };
    let mut message = Message::new(0, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.metadata.authentic_data = true;
    message.add_query(Query::query(dns_name(name)?, RecordType::CAA));
    message.to_vec().map_err(|_cannot_be_written| bad())
}

/// Reads the answer about a name. A name that does not exist, or has no CAA record, gives no records and no error.
pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<NameAnswer, CaaProblem> {
    let asked = dns_name(name)?;
    let broken = |why: String| CaaProblem::Message { name: name.to_owned(), why };
    let mut decoder = BinDecoder::new(bytes);
    let message = Message::read(&mut decoder).map_err(|error| broken(error.to_string()))?;
    if !decoder.is_empty() {
        return Err(broken("bytes after its end".to_owned()));
    }
    check_head(name, &asked, &message)?;
    let (end, aliased) = follow(name, &asked, &message.answers)?;
    let mut records = Vec::new();
    for record in &message.answers {
        let RData::CAA(caa) = &record.data else { continue };
        if record.name != end || record.dns_class != DNSClass::IN {
            return Err(CaaProblem::Owner { name: name.to_owned(), owner: record.name.to_ascii() });
        }
        if records.len() >= RECORDS {
            return Err(CaaProblem::TooMany { name: name.to_owned(), limit: RECORDS });
        }
        records.push(CaaRecord { flags: caa.flags(), tag: caa.tag.clone(), value: value_of(caa) });
    }
    Ok(NameAnswer {
        name: name.to_owned(),
        records,
        exists: message.metadata.response_code != ResponseCode::NXDomain,
        authenticated: message.metadata.authentic_data,
        alias: aliased.then(|| end.to_ascii()),
    })
}

fn check_head(name: &str, asked: &Name, message: &Message) -> Result<(), CaaProblem> {
    let not_the_answer = |what| Err(CaaProblem::NotTheAnswer { name: name.to_owned(), what });
    let head = &message.metadata;
    if head.message_type != MessageType::Response || head.op_code != OpCode::Query {
        return not_the_answer("it is no response to a query");
    }
    if head.id != 0 {
        return not_the_answer("its id is not 0");
    }
    let [query] = message.queries.as_slice() else {
        return not_the_answer("it does not repeat the one question");
    };
    if query.name() != asked || query.query_type() != RecordType::CAA || query.query_class() != DNSClass::IN {
        return not_the_answer("it repeats another question");
    }
    if head.truncation {
        return Err(CaaProblem::Truncated { name: name.to_owned() });
    }
    match head.response_code {
        ResponseCode::NoError | ResponseCode::NXDomain => Ok(()),
        code => Err(CaaProblem::Failed { name: name.to_owned(), code: code.into() }),
    }
}

/// Where the aliases lead from the name that was asked for.
fn follow(name: &str, asked: &Name, answers: &[Record]) -> Result<(Name, bool), CaaProblem> {
    let circle = || CaaProblem::Aliases { name: name.to_owned() };
    let mut current = asked.clone();
    for step in 0..=ALIASES {
        let mut targets =
            answers.iter().filter(|record| record.name == current).filter_map(|record| match &record.data {
                RData::CNAME(target) => Some(&target.0),
                _ => None,
            });
        match (targets.next(), targets.next()) {
            (None, _) => return Ok((current, step > 0)),
            (Some(_), Some(_)) => return Err(circle()),
            (Some(target), None) => current = target.clone(),
        }
    }
    Err(circle())
}

/// The name, absolute; comparison of names is without regard to case.
fn dns_name(name: &str) -> Result<Name, CaaProblem> {
    let bad = || CaaProblem::Name { name: name.to_owned() };
    let mut parsed = Name::from_ascii(name).map_err(|_not_a_name| bad())?;
    parsed.set_fqdn(true);
    Ok(parsed)
}

/// Visible ASCII and blanks stand for themselves; every other byte, and the backslash, is `\` and three decimal digits
/// (RFC 1035, section 5.1), so that no two values are written alike.
fn value_of(caa: &CAA) -> String {
    let mut out = String::with_capacity(caa.value.len());
    for byte in &caa.value {
        match byte {
            b'\\' => out.push_str("\\092"),
            0x20..=0x7e => out.push(char::from(*byte)),
            other => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\{other:03}");
            }
        }
    }
    out
}
