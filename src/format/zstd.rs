//! Zstandard, frame by frame, with each frame's checksum compared.
//!
//! Not supported: dictionaries, and windows of more than 64 MiB (`zstd --ultra`
//! with `--long=27` or more makes such). Facts: RFC 8878.

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::error::Error;
use std::io::{self, BufRead, Read};

/// `Magic_Number` of a frame.
pub(super) const MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// The most that a frame may ask to be kept in memory.
const MAX_WINDOW: u64 = 64 << 20;

/// Decodes frames, one behind the other; skippable ones are skipped.
pub(super) struct Frames<R> {
    inner: R,
    decoder: FrameDecoder,
    is_inside: bool,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(inner: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Self { inner, decoder, is_inside: false }
    }

    /// Begins the next frame; false at the end of the stream.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.inner.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.inner) {
                Ok(()) => {
                    self.is_inside = true;
                    return Ok(true);
                }
                Err(error) => match skipped(&error) {
                    Some(len) => self.skip(len)?,
                    None => return Err(told(&error)),
                },
            }
        }
        Ok(false)
    }

    fn skip(&mut self, len: u64) -> io::Result<()> {
        if io::copy(&mut (&mut self.inner).take(len), &mut io::sink())? == len {
            return Ok(());
        }
        Err(invalid("a skippable frame is cut off"))
    }

    /// Compares the checksum of a frame that has been read whole.
    fn end(&mut self) -> io::Result<()> {
        self.is_inside = false;
        let stored = self.decoder.get_checksum_from_data();
        if stored.is_some() && stored != self.decoder.get_calculated_checksum() {
            return Err(invalid("a frame's Content_Checksum is not that of its bytes"));
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.is_inside && !self.begin()? {
                return Ok(0);
            }
            let got = self.decoder.read(buf)?;
            if got > 0 {
                return Ok(got);
            }
            if self.decoder.is_finished() {
                self.end()?;
                continue;
            }
            let blocks = BlockDecodingStrategy::UptoBlocks(1);
            self.decoder.decode_blocks(&mut self.inner, blocks).map_err(|error| told(&error))?;
        }
    }
}

/// The length of a frame that is to be skipped.
fn skipped(error: &FrameDecoderError) -> Option<u64> {
    match error {
        FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
            length, ..
        }) => Some((*length).into()),
        _ => None,
    }
}

fn told(error: &FrameDecoderError) -> io::Error {
    if let Some(code) = of_the_medium(error) {
        return io::Error::from_raw_os_error(code);
    }
    match error {
        FrameDecoderError::WindowSizeTooBig { requested, max } => {
            invalid(&format!("a frame wants {requested} bytes of memory, and {max} are allowed"))
        }
        other => invalid(&other.to_string()),
    }
}

/// What the host reported, below what the decoder made of it.
fn of_the_medium(error: &(dyn Error + 'static)) -> Option<i32> {
    let own = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
    own.or_else(|| of_the_medium(error.source()?))
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    fn frame(data: &[u8]) -> Vec<u8> {
        compress_to_vec(data, CompressionLevel::Fastest)
    }

    fn unpacked(stream: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Frames::new(stream).read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn frames_follow_frames_and_some_are_skipped() {
        let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"any"].concat();
        let stream = [skippable.clone(), frame(b"one "), skippable, frame(b"two")].concat();
        assert_eq!(unpacked(&stream).unwrap(), b"one two");
        let cut = unpacked(&stream[..10]).unwrap_err();
        assert_eq!(cut.to_string(), "a skippable frame is cut off");
        let behind = [frame(b"one"), b"rubbish".to_vec()].concat();
        assert!(unpacked(&behind).is_err(), "what follows is no frame");
    }

    #[test]
    fn a_flipped_bit_of_the_checksum_is_found() {
        let mut stream = frame(&b"lion ".repeat(50_000));
        assert_eq!(unpacked(&stream).unwrap().len(), 250_000);
        *stream.last_mut().unwrap() ^= 1;
        let error = unpacked(&stream).unwrap_err();
        assert_eq!(error.to_string(), "a frame's Content_Checksum is not that of its bytes");
    }

    #[test]
    fn more_memory_than_is_allowed_is_refused() {
        // Window_Descriptor with an exponent of 17 is 128 MiB.
        let stream = [MAGIC, &[0x00, 17 << 3, 1, 0, 0]].concat();
        let error = unpacked(&stream).unwrap_err().to_string();
        assert_eq!(error, "a frame wants 134217728 bytes of memory, and 67108864 are allowed");
    }
}
