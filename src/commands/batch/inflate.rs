//! Input as it is kept: plain, or compressed as logs are rotated.

use flate2::read::MultiGzDecoder;
use std::io::{Cursor, Read, Result};

/// The input itself, or what a gzip stream in it holds, all of its members. Nothing is kept of either: who reads bounds
/// what is read, line by line.
///
/// # Errors
/// Those of the input. A damaged stream, or one that ends early, is an error where it is reached.
pub(super) fn inflated<'r>(mut input: impl Read + Send + 'r) -> Result<Box<dyn Read + Send + 'r>> {
    const MAGIC: [u8; 2] = [0x1f, 0x8b];
    let mut head = Vec::new();
    input.by_ref().take(2).read_to_end(&mut head)?;
    let is_gzip = head == MAGIC;
    let whole = Cursor::new(head).chain(input);
    Ok(if is_gzip { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) })
}
