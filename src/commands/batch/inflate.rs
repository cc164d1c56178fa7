//! Input as it is kept: plain, or compressed as logs are rotated; in UTF-8, or in UTF-16 as some shells write it.

use std::io::{BufReader, Cursor, Error, ErrorKind, Read, Result};
use veritee_evidence::gzip::{MAGIC, Members};
use veritee_model::Budget;

/// The input itself, or what a gzip stream in it holds, all of its members; without a byte order mark. Nothing is kept:
/// who reads bounds what is read, line by line. Only UTF-16 is taken in at once, up to the size of one input.
///
/// # Errors
/// Those of the input. A damaged stream, or one that ends early, is an error where it is reached.
pub(super) fn inflated<'r>(input: impl Read + Send + 'r) -> Result<Box<dyn Read + Send + 'r>> {
    let (head, input) = begin(Box::new(input), 2)?;
    if head == MAGIC {
        return in_utf8(Box::new(Members::new(BufReader::with_capacity(1 << 16, input))));
    }
    in_utf8(input)
}

type Input<'r> = Box<dyn Read + Send + 'r>;

/// The first bytes, and the whole.
fn begin(mut input: Input<'_>, length: u64) -> Result<(Vec<u8>, Input<'_>)> {
    let mut head = Vec::new();
    input.by_ref().take(length).read_to_end(&mut head)?;
    Ok((head.clone(), Box::new(Cursor::new(head).chain(input))))
}

fn in_utf8(input: Input<'_>) -> Result<Input<'_>> {
    let (head, mut input) = begin(input, 3)?;
    let unit: fn([u8; 2]) -> u16 = match head.as_slice() {
        [0xef, 0xbb, 0xbf] => {
            input.by_ref().take(3).read_to_end(&mut Vec::new())?;
            return Ok(input);
        }
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return Ok(input),
    };
    let limit = Budget::STANDARD.input_bytes;
    let mut bytes = Vec::new();
    input.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        let words = format!("UTF-16 of more than {limit} bytes: write it as UTF-8");
        return Err(Error::new(ErrorKind::InvalidData, words));
    }
    let pairs = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    // A half unit at the end is said by what stands for it, where it is read.
    let text: String = char::decode_utf16(pairs.skip(1)).map(|unit| unit.unwrap_or('\u{fffd}')).collect();
    Ok(Box::new(Cursor::new(text.into_bytes())))
}
