//! Layers as they are packed: gzip with all members, zstd with all frames, or plain. What it is is told by its first
//! bytes, as runtimes do; the media type is a claim.

use crate::error::LayerProblem;
use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{BufRead, Error, Read};

/// How a layer is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, RFC 1952.
    Gzip(Writer),
    /// Zstandard, RFC 8878.
    Zstd,
}

impl Compression {
    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip(_) => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// Whose compressor it looks like.
    #[must_use]
    pub const fn writer(self) -> Option<Writer> {
        match self {
            Self::Gzip(writer) => Some(writer),
            _ => None,
        }
    }
}

/// Who wrote a gzip stream, by its first ten bytes. A guess: anyone can write them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// Time 0, system 255: Go's compress/gzip as BuildKit, containerd and dockerd use it.
    Go,
    /// Go's zero time cut to 32 bits, system 255: klauspost/pgzip, as skopeo, buildah, umoci and podman use it.
    Pgzip,
    /// Time 0, system 3: gzip -n, pigz -n, Python.
    Unix,
    /// A time is in it: gzip without -n, and others.
    Timed,
    /// None of these.
    Unknown,
}

impl Writer {
    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Go => "BuildKit, containerd or dockerd (Go's gzip)",
            Self::Pgzip => "skopeo, buildah, podman or umoci (pgzip)",
            Self::Unix => "gzip -n, pigz -n or Python",
            Self::Timed => "a compressor that writes the time (gzip without -n)",
            Self::Unknown => "an unknown compressor",
        }
    }

    /// klauspost/pgzip writes Go's zero time, -62135596800, cut to 32 bits.
    const ZERO_TIME_OF_GO: u32 = 2_288_912_640;

    fn of(head: &[u8]) -> Self {
        let time = head.get(4..8).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
        match (time, head.get(9)) {
            (Some(0), Some(255)) => Self::Go,
            (Some(Self::ZERO_TIME_OF_GO), Some(255)) => Self::Pgzip,
            (Some(0), Some(3)) => Self::Unix,
            (Some(time), Some(_)) if time != 0 => Self::Timed,
            _ => Self::Unknown,
        }
    }
}

/// Bytes that tell how a layer is packed: those of a gzip header.
pub(crate) const HEAD: usize = 10;

/// Tells by the first [`HEAD`] bytes.
pub(crate) fn recognise(head: &[u8]) -> Result<Compression, LayerProblem> {
    let other = |name| Err(LayerProblem::Compression { name });
    match head {
        [0x1f, 0x8b, 8, ..] => Ok(Compression::Gzip(Writer::of(head))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Ok(Compression::Zstd),
        // A skippable frame, with which zstd:chunked may begin.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Ok(Compression::Zstd),
        [b'B', b'Z', b'h', ..] => other("bzip2"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => other("xz"),
        _ => Ok(Compression::None),
    }
}

/// The uncompressed bytes.
pub(crate) enum Decompressor<R> {
    None(R),
    Gzip(Box<MultiGzDecoder<R>>),
    Zstd(Box<Frames<R>>),
}

impl<R: BufRead> Decompressor<R> {
    pub(crate) fn new(compression: Compression, input: R) -> Self {
        match compression {
            Compression::None => Self::None(input),
            Compression::Gzip(_) => Self::Gzip(Box::new(MultiGzDecoder::new(input))),
            Compression::Zstd => Self::Zstd(Box::new(Frames::new(input))),
        }
    }

    pub(crate) fn get_ref(&self) -> &R {
        match self {
            Self::None(input) => input,
            Self::Gzip(decoder) => decoder.get_ref(),
            Self::Zstd(frames) => &frames.input,
        }
    }

    pub(crate) fn into_inner(self) -> R {
        match self {
            Self::None(input) => input,
            Self::Gzip(decoder) => decoder.into_inner(),
            Self::Zstd(frames) => frames.input,
        }
    }
}

impl<R: BufRead> Read for Decompressor<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::None(input) => input.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Zstd(frames) => frames.read(buffer),
        }
    }
}

/// All frames of a zstd stream, one after the other. `ruzstd`'s own reader ends with the first.
pub(crate) struct Frames<R> {
    input: R,
    decoder: FrameDecoder,
    in_frame: bool,
}

/// What is decoded at a time.
const STEP: usize = 128 << 10;

impl<R: BufRead> Frames<R> {
    fn new(input: R) -> Self {
        Self { input, decoder: FrameDecoder::new(), in_frame: false }
    }

    /// Begins the next frame, skippable ones passed over; `false` where the input ends.
    fn begin(&mut self) -> std::io::Result<bool> {
        loop {
            if self.input.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.input) {
                Ok(()) => {
                    self.in_frame = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    let passed = std::io::copy(&mut self.input.by_ref().take(length), &mut std::io::sink())?;
                    if passed < length {
                        return Err(std::io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(Error::other(format!("zstd: {error}"))),
            }
        }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.in_frame && !self.begin()? {
                return Ok(0);
            }
            if self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.input, BlockDecodingStrategy::UptoBytes(STEP))
                    .map_err(|error| Error::other(format!("zstd: {error}")))?;
            }
            let count = self.decoder.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            if self.decoder.is_finished() {
                self.in_frame = false;
            }
        }
    }
}

#[cfg(test)]
mod tests;
