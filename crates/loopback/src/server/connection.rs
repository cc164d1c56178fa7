//! One connection: requests in, replies out, by the letter of the script.

use super::{Inside, Manner, Read, Reply, Request, Shared, Write, lock};
use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

const HEAD_CAP: usize = 64 << 10;
const BODY_CAP: usize = 4 << 20;

/// Whether the connection serves another request.
#[derive(PartialEq)]
enum Then {
    Next,
    Close,
}

pub(super) fn serve(mut stream: impl Read + Write, shared: &Shared, number: usize) {
    while let Ok(Some(request)) = read_request(&mut stream, number) {
        let inside = shared.answering.enter();
        lock(&shared.requests).push(request.clone());
        let reply = shared.reply(&request);
        let mut out = Counted { stream: &mut stream, shared };
        let then = send(&mut out, &reply, shared, inside);
        if !matches!(then, Ok(Then::Next)) {
            break;
        }
    }
}

/// A whole answer counts as given before it is written: whoever has it can ask again before this thread runs on, and
/// would be counted twice.
fn send<S: Read + Write>(
    out: &mut Counted<'_, S>,
    reply: &Reply,
    shared: &Shared,
    inside: Inside<'_>,
) -> io::Result<Then> {
    let length = reply.body.len();
    match reply.manner {
        Manner::Whole => {
            drop(inside);
            out.say(&head(reply, Some(length)), &reply.body)
        }
        Manner::After(pause) => {
            if shared.pause(pause) {
                return Ok(Then::Close);
            }
            drop(inside);
            out.say(&head(reply, Some(length)), &reply.body)
        }
        Manner::Chunked => {
            let mut framed = format!("{length:x}\r\n").into_bytes();
            framed.extend_from_slice(&reply.body);
            framed.extend_from_slice(if length == 0 { b"\r\n" } else { b"\r\n0\r\n\r\n" });
            out.say(&head(reply, None), &framed)
        }
        Manner::UntilClosed => {
            out.say(head(reply, None).replace("Transfer-Encoding: chunked\r\n", "").as_str(), &reply.body)?;
            Ok(Then::Close)
        }
        Manner::Drip(pause) => {
            out.say(&head(reply, Some(length)), b"")?;
            drip(out, &reply.body, pause, shared)
        }
        Manner::DripHead(pause) => {
            let mut all = head(reply, Some(length)).into_bytes();
            all.extend_from_slice(&reply.body);
            drip(out, &all, pause, shared)
        }
        Manner::Stall => {
            out.say(&head(reply, Some(length + 1)), &reply.body)?;
            out.until_hung_up()
        }
        Manner::Silent => out.until_hung_up(),
        Manner::Endless => endless(out, reply, shared),
        Manner::Announce(bytes) => {
            let announced = usize::try_from(bytes).map_err(io::Error::other)?;
            out.say(&head(reply, Some(announced)), &reply.body)?;
            Ok(Then::Close)
        }
        Manner::Close => Ok(Then::Close),
        Manner::Raw => {
            out.say("", &reply.body)?;
            Ok(Then::Close)
        }
    }
}

fn head(reply: &Reply, length: Option<usize>) -> String {
    let mut text = format!("HTTP/1.1 {} Scripted\r\n", reply.status);
    match length {
        Some(length) => text.push_str(&format!("Content-Length: {length}\r\n")),
        None => text.push_str("Transfer-Encoding: chunked\r\n"),
    }
    for (name, value) in &reply.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text
}

fn drip<S: Read + Write>(
    out: &mut Counted<'_, S>,
    bytes: &[u8],
    pause: Duration,
    shared: &Shared,
) -> io::Result<Then> {
    for byte in bytes.chunks(1) {
        if shared.pause(pause) {
            return Ok(Then::Close);
        }
        out.say("", byte)?;
    }
    Ok(Then::Next)
}

fn endless<S: Read + Write>(out: &mut Counted<'_, S>, reply: &Reply, shared: &Shared) -> io::Result<Then> {
    let mut chunk = format!("{:x}\r\n", reply.body.len()).into_bytes();
    chunk.extend_from_slice(&reply.body);
    chunk.extend_from_slice(b"\r\n");
    out.say(&head(reply, None), b"")?;
    while !shared.ending.load(Ordering::SeqCst) {
        out.say("", &chunk)?;
    }
    Ok(Then::Close)
}

/// Counts what was written.
struct Counted<'a, S> {
    stream: &'a mut S,
    shared: &'a Shared,
}

impl<S: Read + Write> Counted<'_, S> {
    fn say(&mut self, head: &str, body: &[u8]) -> io::Result<Then> {
        let mut all = head.as_bytes().to_vec();
        all.extend_from_slice(body);
        self.stream.write_all(&all)?;
        self.stream.flush()?;
        self.shared.sent.fetch_add(all.len() as u64, Ordering::SeqCst);
        Ok(Then::Next)
    }

    /// Waits in silence; the end of the server closes the socket too.
    fn until_hung_up(&mut self) -> io::Result<Then> {
        let mut ignored = [0_u8; 512];
        while self.stream.read(&mut ignored)? > 0 {}
        Ok(Then::Close)
    }
}

/// `None` when the client hung up between requests.
fn read_request(stream: &mut impl Read, connection: usize) -> io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    let mut one = [0_u8; 1];
    while !bytes.ends_with(b"\r\n\r\n") {
        if bytes.len() > HEAD_CAP || stream.read(&mut one)? == 0 {
            return Ok(None);
        }
        bytes.push(one[0]);
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let (path, query) = (path.to_owned(), query.to_owned());
    let mut request = Request { method, path, query, headers, body: Vec::new(), connection };
    let length: usize = request.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    request.body = vec![0; length.min(BODY_CAP)];
    stream.read_exact(&mut request.body)?;
    Ok(Some(request))
}
