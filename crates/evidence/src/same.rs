//! Whether two copies of a part say the same. Answers and documents carry many parts twice, in other spellings; what
//! differs in content is of another machine or moment, and is never passed over.

use serde::Deserialize;
use std::collections::BTreeMap;
use veritee_model::evidence::{EventLogFormat, EventLogItem};

/// Which of two logs of one boot has more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fuller {
    /// The first, or neither.
    First,
    /// The second.
    Second,
}

pub(crate) fn same_bytes(first: &[u8], second: &[u8]) -> bool {
    first == second
}

/// White space around a text is no part of it: PEM, as some tools trim it.
pub(crate) fn same_text(first: &[u8], second: &[u8]) -> bool {
    let words =
        |bytes: &[u8]| bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<u8>>();
    first == second || words(first) == words(second)
}

/// The same JSON document, whatever the order of its members and the space between them.
pub(crate) fn same_document(first: &[u8], second: &[u8]) -> bool {
    let read = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
    first == second || read(first).is_some_and(|first| read(second) == Some(first))
}

/// The same quote: statement, signatures and the chain that certifies them. Zero bytes behind the quote and the line
/// breaks of a PEM chain are no part of it. One statement can be signed on two hosts, and only one of them be revoked,
/// so that a statement that is certified otherwise is another quote.
pub(crate) fn same_quote(first: &[u8], second: &[u8]) -> bool {
    first == second || written_plainly(first) == written_plainly(second)
}

/// A quote without what its writer is free in; other bytes, and a quote whose lengths do not add up, as they are (Intel
/// TDX DCAP quoting library, appendix A.3; ECDSA signature data of SGX quotes likewise).
pub(crate) fn written_plainly(quote: &[u8]) -> Vec<u8> {
    plain_parts(quote).unwrap_or_else(|| quote.to_vec())
}

fn plain_parts(quote: &[u8]) -> Option<Vec<u8>> {
    const SIGNATURE_AND_KEY: usize = 128;
    const QE_REPORT_AND_SIGNATURE: usize = 448;
    const PCK_CHAIN: usize = 5;
    let mut rest = Rest(quote);
    let mut plain = rest.take(statement_length(quote)?)?.to_vec();
    let length = rest.number(4)?;
    let mut data = Rest(rest.take(length)?);
    if rest.0.iter().any(|byte| *byte != 0) {
        return None;
    }
    plain.extend(data.take(SIGNATURE_AND_KEY)?);
    if !quote.starts_with(&[3]) {
        let (kind, length) = (data.take(2)?, data.number(4)?);
        plain.extend(kind);
        data = Rest((data.0.len() == length).then_some(data.0)?);
    }
    plain.extend(data.take(QE_REPORT_AND_SIGNATURE)?);
    let length = data.number(2)?;
    plain.extend(length.to_le_bytes());
    plain.extend(data.take(length)?);
    let kind = data.number(2)?;
    plain.extend(kind.to_le_bytes());
    let length = data.number(4)?;
    let certification = (data.0.len() == length).then_some(data.0)?;
    let counts = |byte: &&u8| kind != PCK_CHAIN || !(byte.is_ascii_whitespace() || **byte == 0);
    plain.extend(certification.iter().filter(counts));
    Some(plain)
}

/// How long a quote is by its own lengths; nothing where too little of it is there to tell.
pub(crate) fn own_length(quote: &[u8]) -> Option<usize> {
    let statement = statement_length(quote)?;
    let signatures = Rest(quote.get(statement..)?).number(4)?;
    statement.checked_add(4)?.checked_add(signatures)
}

/// Bytes that are not read yet.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of up to four bytes, the lowest first.
    fn number(&mut self, length: usize) -> Option<usize> {
        let mut bytes = [0; 4];
        bytes.get_mut(..length)?.copy_from_slice(self.take(length)?);
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    }
}

/// What a quote's signature is over: header and body (Intel TDX DCAP quoting library, appendix A.3).
pub(crate) fn statement(quote: &[u8]) -> Option<&[u8]> {
    quote.get(..statement_length(quote)?)
}

/// What the asker put into a quote of a TD (Intel TDX DCAP quoting library, appendix A.3.2).
pub(crate) fn report_data(quote: &[u8]) -> Option<&[u8]> {
    let body = match quote {
        [4, 0, ..] => quote.get(48..)?,
        [5, 0, ..] => quote.get(54..)?,
        _ => return None,
    };
    body.get(520..584)
}

/// Whether two quotes are over one TD as it started: attributes, XFAM, MRTD, the configuration registers and RTMR0 to
/// RTMR2 (Intel TDX DCAP quoting library, appendix A.3.2). Whether RTMR3 is equal too.
pub(crate) fn one_start(first: &[u8], second: &[u8]) -> Option<bool> {
    let (first, second) = (of_start(first)?, of_start(second)?);
    (first.0 == second.0).then_some(first.1 == second.1)
}

fn of_start(quote: &[u8]) -> Option<(&[u8], &[u8])> {
    let body = match quote {
        [4, 0, ..] => quote.get(48..statement_length(quote)?)?,
        [5, 0, ..] => quote.get(54..statement_length(quote)?)?,
        _ => return None,
    };
    // TDATTRIBUTES to RTMR2, then RTMR3. An enclave's report is shorter.
    Some((body.get(120..472)?, body.get(472..520)?))
}

fn statement_length(quote: &[u8]) -> Option<usize> {
    const HEADER: usize = 48;
    const SGX: usize = 384;
    const TD: usize = 584;
    let word = |at: usize| Rest(quote.get(at..)?).number(4);
    match quote {
        [3, 0, ..] => HEADER.checked_add(SGX),
        [4, 0, ..] if word(4)? == 0 => HEADER.checked_add(SGX),
        [4, 0, ..] => HEADER.checked_add(TD),
        // Body type and size stand before the body.
        [5, 0, ..] => word(50)?.checked_add(54),
        _ => None,
    }
}

/// An event as far as it counts for what a log says. The digest of a run-time event is derived from name and payload,
/// and some writers leave it out; the payload of a boot event is no part of its digest.
#[derive(Debug, Deserialize)]
struct Event {
    imr: u32,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    event: String,
    #[serde(default)]
    event_payload: String,
}

impl Event {
    fn says(&self) -> (String, String) {
        match self.imr {
            3 => (self.event.clone(), self.event_payload.to_ascii_lowercase()),
            _ => (self.digest.to_ascii_lowercase(), String::new()),
        }
    }
}

type Registers = BTreeMap<u32, Vec<(String, String)>>;

fn registers(json: &[u8]) -> Option<Registers> {
    let mut registers = Registers::new();
    for event in serde_json::from_slice::<Vec<Event>>(json).ok()? {
        registers.entry(event.imr).or_default().push(event.says());
    }
    Some(registers)
}

/// Two lists of run-time events that say the same.
pub(crate) fn same_events(first: &[u8], second: &[u8]) -> bool {
    first == second || registers(first).is_some_and(|first| registers(second) == Some(first))
}

/// Whether two logs can be of one boot, and which has more of it: dstack strips boot events where space is short, and
/// an application adds events to RTMR3 later. Nothing when an event of one contradicts the other.
pub(crate) fn one_boot(first: &EventLogItem, second: &EventLogItem) -> Option<Fuller> {
    if first.item.bytes == second.item.bytes && first.format == second.format {
        return Some(Fuller::First);
    }
    if first.format != EventLogFormat::DstackJson || second.format != EventLogFormat::DstackJson {
        return None;
    }
    let (first, second) = (registers(&first.item.bytes)?, registers(&second.item.bytes)?);
    let empty = Vec::new();
    let mut fuller = Fuller::First;
    for register in first.keys().chain(second.keys()) {
        let one = first.get(register).unwrap_or(&empty);
        let other = second.get(register).unwrap_or(&empty);
        let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
        let agrees = if *register == 3 { long.starts_with(short) } else { is_subsequence(short, long) };
        if !agrees {
            return None;
        }
        if *register != 3 && other.len() > one.len() {
            fuller = Fuller::Second;
        }
    }
    // The log that was taken says how far RTMR3 went when the quote was made.
    let runtime = |registers: &Registers| registers.get(&3).map_or(0, Vec::len);
    Some(if runtime(&first) == runtime(&second) || runtime(&first) == 0 { fuller } else { Fuller::First })
}

fn is_subsequence(short: &[(String, String)], long: &[(String, String)]) -> bool {
    let mut rest = long.iter();
    short.iter().all(|wanted| rest.any(|event| event == wanted))
}
