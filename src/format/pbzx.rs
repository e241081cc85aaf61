//! pbzx streams: chunks of 16 MiB, each an xz file or as it is. Payloads of
//! packages since 10.9 are cpio archives in such streams.
//!
//! No documentation is public; facts: the readers that others have published
//! (`pbzx` magic, then per chunk its unpacked and its stored length).

use crate::block::{Error, Result};
use std::io::{self, BufRead, Read, Take};

/// The stream's first bytes.
pub const MAGIC: &[u8; 4] = b"pbzx";
/// Chunks of more bytes than this are not believed; all known have 16 MiB.
const MAX_CHUNK: u64 = 1 << 30;
/// More memory than this is refused to an xz chunk: the greatest preset needs
/// 64 MiB and a little.
const XZ_MEMORY_KIB: u32 = 72 << 10;
/// What errors call it.
const CHUNK: &str = "pbzx chunk";

/// Decodes a stream as it is read. Memory is bounded by xz's own window,
/// whatever the chunks' lengths say.
pub struct Decoder<R: BufRead> {
    state: State<R>,
    full: u64,
    /// Bytes that the chunk says it has, and those that it has still to give.
    unpacked: u64,
    left: u64,
    last: bool,
    number: u64,
}

enum State<R: BufRead> {
    Between(R),
    Raw(Take<R>),
    Xz(Box<lzma_rust2::XzReader<Take<R>>>),
    /// An error ended the stream.
    Broken,
}

impl<R: BufRead> Decoder<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// `Corrupt` for another magic or a chunk length that cannot be.
    pub fn new(mut inner: R) -> Result<Self> {
        let mut magic = [0; 4];
        inner.read_exact(&mut magic)?;
        if magic != *MAGIC {
            let text = String::from_utf8_lossy(&magic).into_owned();
            return Err(Error::corrupt("pbzx header", "magic", text, "not `pbzx`"));
        }
        let full = number(&mut inner)?;
        if full == 0 || full > MAX_CHUNK {
            let rule = "not between 1 and 1 GiB";
            return Err(Error::corrupt("pbzx header", "chunk length", full, rule));
        }
        Ok(Self {
            state: State::Between(inner),
            full,
            unpacked: 0,
            left: 0,
            last: false,
            number: 0,
        })
    }

    /// Begins the next chunk; says whether there is one.
    fn advance(&mut self) -> Result<bool> {
        let State::Between(mut inner) = std::mem::replace(&mut self.state, State::Broken) else {
            return Err(Error::corrupt(CHUNK, "number", self.number, "it was found broken before"));
        };
        if self.last || inner.fill_buf()?.is_empty() {
            self.last = true;
            self.state = State::Between(inner);
            return Ok(false);
        }
        let (unpacked, stored) = (number(&mut inner)?, number(&mut inner)?);
        if unpacked == 0 || unpacked > self.full {
            let rule = "not between 1 and the stream's chunk length";
            return Err(Error::corrupt(CHUNK, "unpacked length", unpacked, rule));
        }
        if stored == 0 || stored > unpacked {
            let rule = "not between 1 and the unpacked length";
            return Err(Error::corrupt(CHUNK, "stored length", stored, rule));
        }
        (self.unpacked, self.left) = (unpacked, unpacked);
        (self.last, self.number) = (unpacked < self.full, self.number + 1);
        // A chunk that xz cannot make shorter is stored as it is.
        self.state = if stored == unpacked {
            State::Raw(inner.take(stored))
        } else {
            let limited =
                lzma_rust2::XzReader::new_mem_limit(inner.take(stored), false, XZ_MEMORY_KIB);
            State::Xz(Box::new(limited))
        };
        Ok(true)
    }

    /// Ends a chunk that has given all its bytes.
    fn end_chunk(&mut self) -> io::Result<()> {
        let mut rest = match std::mem::replace(&mut self.state, State::Broken) {
            State::Raw(raw) => raw,
            State::Xz(mut xz) => {
                // The index and footer behind the data are read, and checked, with this.
                if xz.read(&mut [0])? != 0 {
                    let rule = "its xz file holds more";
                    let error = Error::corrupt(CHUNK, "unpacked length", self.unpacked, rule);
                    return Err(error.into_io());
                }
                xz.into_inner()
            }
            State::Between(inner) => inner.take(0),
            State::Broken => return Ok(()),
        };
        io::copy(&mut rest, &mut io::sink())?;
        self.state = State::Between(rest.into_inner());
        Ok(())
    }
}

impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() || self.left == 0 && !self.advance().map_err(Error::into_io)? {
            return Ok(0);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buf.len());
        let got = match &mut self.state {
            State::Raw(raw) => raw.read(&mut buf[..most]),
            State::Xz(xz) => xz.read(&mut buf[..most]),
            State::Between(_) | State::Broken => Ok(0),
        };
        let got = match got {
            Ok(0) => {
                let rule = "it ends before all its bytes";
                Err(Error::corrupt(CHUNK, "number", self.number, rule).into_io())
            }
            other => other,
        };
        match got {
            Ok(got) => self.left -= got as u64,
            Err(_) => self.state = State::Broken,
        }
        if self.left == 0 {
            self.end_chunk()?;
        }
        got
    }
}

fn number(from: &mut impl Read) -> Result<u64> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            Error::corrupt(CHUNK, "header's length", 16u32, "the stream ends in it")
        }
        _ => Error::from(error),
    })?;
    Ok(u64::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::{assert_said, said};
    use std::io::Write;

    fn xz(data: &[u8]) -> Vec<u8> {
        let options = lzma_rust2::XzOptions::with_preset(1);
        let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
        writer.write_all(data).unwrap();
        writer.finish().unwrap()
    }

    fn stream(full: u64, chunks: &[(u64, Vec<u8>)]) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(full.to_be_bytes());
        for (unpacked, stored) in chunks {
            out.extend(unpacked.to_be_bytes());
            out.extend((stored.len() as u64).to_be_bytes());
            out.extend(stored);
        }
        out
    }

    fn read(stream: &[u8]) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        Decoder::new(stream)?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn chunks_are_xz_or_as_they_are() {
        let (one, two) = (vec![1; 300], (0..=255).chain(0..44).collect::<Vec<u8>>());
        let chunks = [(300, xz(&one)), (300, two.clone()), (100, xz(&one[..100]))];
        let made = stream(300, &chunks);
        assert_eq!(read(&made).unwrap(), [&one[..], &two, &one[..100]].concat());
        // A chunk that is not full is the last; what follows is not looked at.
        let more = [made.clone(), b"rest".to_vec()].concat();
        assert_eq!(read(&more).unwrap().len(), 700);
        // The last chunk may be full.
        assert_eq!(read(&stream(300, &chunks[..2])).unwrap().len(), 600);
        assert_eq!(read(&stream(300, &[])).unwrap(), b"");
    }

    #[test]
    fn broken_fields_are_named() {
        let good = xz(&[1; 300]);
        let unpacked = "not between 1 and the stream's chunk length";
        let stored = "not between 1 and the unpacked length";
        let mut cut = stream(300, &[(300, good.clone()), (300, vec![1; 300])]);
        cut.truncate(cut.len() - 9);
        let one = |unpacked, stored: &[u8]| stream(300, &[(unpacked, stored.to_vec())]);
        let rows = [
            (
                b"pbzy\0\0\0\0\0\0\0\x01".to_vec(),
                "header: magic is \"pbzy\": not `pbzx`".to_owned(),
            ),
            (stream(0, &[]), "header: chunk length is 0: not between 1 and 1 GiB".into()),
            (
                stream(1 << 40, &[]),
                "header: chunk length is 1099511627776: not between 1 and 1 GiB".into(),
            ),
            (one(0, &good), format!("chunk: unpacked length is 0: {unpacked}")),
            (one(301, &good), format!("chunk: unpacked length is 301: {unpacked}")),
            (one(299, &good), "chunk: unpacked length is 299: its xz file holds more".into()),
            (one(20, &good), format!("chunk: stored length is {}: {stored}", good.len())),
            (one(300, b""), format!("chunk: stored length is 0: {stored}")),
            (cut.clone(), "chunk: number is 2: it ends before all its bytes".into()),
            (
                cut[..cut.len() - 295].to_vec(),
                "chunk: header's length is 16: the stream ends in it".into(),
            ),
        ];
        assert_said(rows.map(|(stream, text)| (said(read(&stream)), format!("pbzx {text}"))));
        let made = one(299, &good);
        let mut decoder = Decoder::new(&made[..]).unwrap();
        assert!(decoder.read_to_end(&mut Vec::new()).is_err());
        let again = said(decoder.read(&mut [0; 9]));
        assert_eq!(again, "pbzx chunk: number is 1: it was found broken before");
    }
}
