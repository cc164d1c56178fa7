//! gzip (RFC 1952) as `gzip -d` reads it: all members of a stream, one behind the other, are one content.
//!
//! Whoever stops at the first member judges a part, and says nothing of the rest. Behind the last member may stand zero bytes,
//! with which tapes and block devices pad; anything else there is an error.

use flate2::bufread::GzDecoder;
use std::io::{BufRead, Error, ErrorKind, Read, Result};

/// How a gzip stream begins.
pub const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Members that every stream may have, and the bytes of content for each further one: an empty member takes 20 bytes and as much
/// work as a table of 32 KiB. Writers that cut a stream into members do so every 64 KiB.
const MEMBERS: u64 = 1 << 14;
const BYTES_OF_A_MEMBER: u64 = 256;

/// The content of a gzip stream. Nothing of it is kept, and nothing bounds its length: who reads does.
///
/// Errors are those of the source, and `InvalidData` or `UnexpectedEof` where a member is damaged or cut off, where other bytes
/// than zeros follow the last one, and where there are far more members than content.
pub struct Members<R> {
    state: State<R>,
    members: u64,
    content: u64,
}

enum State<R> {
    Member(Box<GzDecoder<R>>),
    Padding(R),
    End,
}

impl<R: BufRead> Members<R> {
    /// Reads from the first member's first byte on.
    pub fn new(source: R) -> Self {
        Self { state: State::Member(Box::new(GzDecoder::new(source))), members: 1, content: 0 }
    }

    /// What comes behind a member: another, padding, or nothing.
    fn next(&mut self, mut source: R) -> Result<State<R>> {
        let head = source.fill_buf()?.first().copied();
        Ok(match head {
            None => State::End,
            Some(0) => State::Padding(source),
            Some(first) if first == MAGIC[0] => {
                self.members = self.members.saturating_add(1);
                if self.members > MEMBERS.saturating_add(self.content / BYTES_OF_A_MEMBER) {
                    return Err(damaged("gzip: far more members than content"));
                }
                State::Member(Box::new(GzDecoder::new(source)))
            }
            Some(_) => return Err(damaged("gzip: other bytes follow the last member")),
        })
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            // An error ends it: what is read after one is nothing.
            match std::mem::replace(&mut self.state, State::End) {
                State::End => return Ok(0),
                State::Member(mut decoder) => match decoder.read(buffer)? {
                    0 => self.state = self.next(decoder.into_inner())?,
                    length => {
                        self.content = self.content.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
                        self.state = State::Member(decoder);
                        return Ok(length);
                    }
                },
                State::Padding(mut source) => {
                    let (length, zeros) = {
                        let bytes = source.fill_buf()?;
                        (bytes.len(), bytes.iter().all(|byte| *byte == 0))
                    };
                    if !zeros {
                        return Err(damaged("gzip: other bytes than zeros follow the last member"));
                    }
                    source.consume(length);
                    self.state = if length == 0 { State::End } else { State::Padding(source) };
                }
            }
        }
    }
}

fn damaged(words: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::{BufReader, Write as _};

    fn member(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn read(stream: &[u8], piece: usize) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        Members::new(BufReader::with_capacity(piece, stream)).read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn all_members_are_one_content_however_the_bytes_arrive() {
        let two = [member(b"one "), member(b""), member(b"two")].concat();
        for piece in [1, 2, 7, 4096] {
            assert_eq!(read(&two, piece).unwrap(), b"one two", "{piece}");
            assert_eq!(read(&[two.as_slice(), &[0; 512]].concat(), piece).unwrap(), b"one two", "{piece}");
        }
    }

    #[test]
    fn what_follows_and_is_no_member_is_an_error() {
        let one = member(b"one");
        let cut = member(b"another one")[..12].to_vec();
        let late = [vec![0; 16], member(b"two")].concat();
        for (name, tail) in [
            ("text", b"two".to_vec()),
            ("a line end", b"\n".to_vec()),
            ("half a magic", vec![0x1f]),
            ("a magic", MAGIC.to_vec()),
            ("half a member", cut),
            ("a member behind zeros", late),
        ] {
            for piece in [1, 7, 4096] {
                assert!(
                    read(&[one.as_slice(), &tail].concat(), piece).is_err(),
                    "{name} in pieces of {piece}"
                );
            }
        }
        let mut sum = one;
        let last = sum.len() - 5;
        sum[last] ^= 1;
        assert!(read(&sum, 4096).is_err());
    }

    #[test]
    fn members_without_content_are_bounded() {
        let empty = member(b"").repeat(usize::try_from(MEMBERS).unwrap() + 1);
        assert!(read(&empty, 4096).is_err());
        let full = member(&[7; 512]).repeat(usize::try_from(MEMBERS).unwrap() + 1);
        assert_eq!(read(&full, 4096).unwrap().len(), 512 * (usize::try_from(MEMBERS).unwrap() + 1));
    }
}
