//! Compressed streams, told by their first bytes, decoded as they are read.
//!
//! What comes out is limited: a stream of a few bytes that unpacks to
//! terabytes ends at a limit that its error names. Facts: RFC 1952 (gzip), RFC
//! 1950 (zlib), RFC 8878 (zstd), the bzip2 and xz file formats' own specifications.

use crate::block::{Error, Result};
use crate::format::{pbzx, zstd};
use flate2::bufread::GzDecoder;
use std::io::{self, BufRead, Read};

/// More memory than this is refused to an xz stream.
const XZ_MEMORY_KIB: u32 = 72 << 10;

/// How a stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// gzip, of any number of members.
    Gzip,
    /// zlib.
    Zlib,
    /// bzip2, of any number of streams.
    Bzip2,
    /// xz, of any number of streams.
    Xz,
    /// pbzx.
    Pbzx,
    /// Zstandard, of any number of frames.
    Zstd,
}

impl Codec {
    /// The codec of a stream that begins with these bytes.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        let zlib = |head: &[u8]| {
            // CM is 8, CINFO at most 7, no FDICT, and both bytes a multiple of 31.
            let [cmf, flags] = [*head.first()?, *head.get(1)?];
            let check = (u16::from(cmf) << 8 | u16::from(flags)) % 31 == 0;
            (cmf & 0x8f == 8 && flags & 0x20 == 0 && check).then_some(Self::Zlib)
        };
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Self::Bzip2),
            _ if head.starts_with(b"\xfd7zXZ\0") => Some(Self::Xz),
            _ if head.starts_with(pbzx::MAGIC) => Some(Self::Pbzx),
            _ if head.starts_with(zstd::MAGIC) => Some(Self::Zstd),
            _ => zlib(head),
        }
    }

    /// What errors call a stream of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip stream",
            Self::Zlib => "zlib stream",
            Self::Bzip2 => "bzip2 stream",
            Self::Xz => "xz stream",
            Self::Pbzx => "pbzx stream",
            Self::Zstd => "zstd stream",
        }
    }
}

/// The most bytes that so many compressed ones are unpacked to: 256 for each
/// and 1 GiB, and never over 256 GiB.
#[must_use]
pub fn limit_for(compressed: u64) -> u64 {
    compressed.saturating_mul(256).saturating_add(1 << 30).min(256 << 30)
}

/// Decodes a stream as it is read, up to `limit` bytes.
///
/// # Errors
/// `Corrupt` for a header that is broken. Later, reading reports what is
/// broken, and `Unsupported` behind the limit.
pub fn decode<'r>(
    codec: Codec,
    inner: impl BufRead + Send + 'r,
    limit: u64,
) -> Result<Box<dyn Read + Send + 'r>> {
    let inner: Box<dyn Read + Send + 'r> = match codec {
        Codec::Gzip => Box::new(Members::new(inner)),
        Codec::Zlib => Box::new(flate2::bufread::ZlibDecoder::new(inner)),
        Codec::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(inner)),
        Codec::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(inner, true, XZ_MEMORY_KIB)),
        Codec::Pbzx => Box::new(pbzx::Decoder::new(inner)?),
        Codec::Zstd => Box::new(zstd::Frames::new(inner)),
    };
    Ok(Box::new(Limited { inner, codec, limit, left: limit }))
}

/// A decoder's errors in our words, and its end at the limit.
struct Limited<R> {
    inner: R,
    codec: Codec,
    limit: u64,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        // One more than allowed tells that there is more.
        let most = usize::try_from(self.left).map_or(usize::MAX, |left| left.saturating_add(1));
        let most = most.min(buf.len());
        let got = self.inner.read(&mut buf[..most]).map_err(|error| self.told(error))?;
        self.left = self.left.checked_sub(got as u64).ok_or_else(|| {
            let what = "a compressed stream that unpacks to far too much";
            let hint = "if you trust it, unpack it with another program first";
            Error::unsupported(what, "the limit in bytes", self.limit, hint).into_io()
        })?;
        Ok(got)
    }
}

impl<R> Limited<R> {
    /// What a medium reports stays; what a decoder says is wrong with the stream.
    fn told(&self, error: io::Error) -> io::Error {
        use io::ErrorKind::{InvalidData, InvalidInput, Other, OutOfMemory, UnexpectedEof};
        let theirs = [InvalidData, InvalidInput, Other, OutOfMemory, UnexpectedEof];
        let ours = error.get_ref().is_some_and(|inner| inner.is::<Error>());
        if ours || error.raw_os_error().is_some() || !theirs.contains(&error.kind()) {
            return error;
        }
        Error::complaint(self.codec.name(), error, "it cannot be unpacked").into_io()
    }
}

/// gzip members, one behind the other. Other bytes behind the last are left
/// alone, as gzip(1) does.
struct Members<R: BufRead> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    fn new(inner: R) -> Self {
        Self { member: Some(GzDecoder::new(inner)) }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            let got = member.read(buf)?;
            if got > 0 {
                return Ok(got);
            }
            let Some(mut inner) = self.member.take().map(GzDecoder::into_inner) else { break };
            let more = inner.fill_buf()?.starts_with(&[0x1f, 0x8b]);
            self.member = more.then(|| GzDecoder::new(inner));
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::saying::said;
    use std::io::Write;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(data).unwrap();
        writer.finish().unwrap()
    }

    fn packed(data: &[u8]) -> Vec<(Codec, Vec<u8>)> {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        zlib.write_all(data).unwrap();
        let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        bzip2.write_all(data).unwrap();
        let options = lzma_rust2::XzOptions::with_preset(1);
        let mut xz = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
        xz.write_all(data).unwrap();
        let xz = xz.finish().unwrap();
        let mut pbzx = pbzx::MAGIC.to_vec();
        let lens = [1 << 24, data.len() as u64, xz.len() as u64];
        lens.iter().for_each(|len| pbzx.extend(len.to_be_bytes()));
        pbzx.extend(&xz);
        let fast = ruzstd::encoding::CompressionLevel::Fastest;
        let zstd = ruzstd::encoding::compress_to_vec(data, fast);
        vec![
            (Codec::Gzip, gzip(data)),
            (Codec::Zlib, zlib.finish().unwrap()),
            (Codec::Bzip2, bzip2.finish().unwrap()),
            (Codec::Xz, xz),
            (Codec::Pbzx, pbzx),
            (Codec::Zstd, zstd),
        ]
    }

    fn unpacked(codec: Codec, stream: &[u8], limit: u64) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        decode(codec, stream, limit)?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn every_codec_is_told_and_decoded() {
        let data = b"lion ".repeat(2000);
        for (codec, stream) in packed(&data) {
            assert_eq!(Codec::of(&stream), Some(codec));
            assert_eq!(unpacked(codec, &stream, 10_000).unwrap(), data);
        }
        assert_eq!(Codec::of(b"BZh0"), None);
        assert_eq!(Codec::of(b"070707"), None);
        assert_eq!(Codec::of(b""), None);
    }

    #[test]
    fn a_bomb_ends_at_the_limit_that_it_names() {
        let data = vec![0; 100_000];
        for (codec, stream) in packed(&data) {
            let text = "this is a compressed stream that unpacks to far too much, which is not \
                        supported (the limit in bytes is 99999)\n\
                        hint: if you trust it, unpack it with another program first";
            assert_eq!(said(unpacked(codec, &stream, 99_999)), text);
        }
        assert_eq!(limit_for(0), 1 << 30);
        assert_eq!(limit_for(u64::MAX), 256 << 30);
    }

    #[test]
    fn broken_streams_are_named() {
        let data = b"lion ".repeat(2000);
        for (codec, stream) in packed(&data) {
            let cut = unpacked(codec, &stream[..stream.len() / 2], 1 << 20);
            let name = match codec {
                Codec::Gzip => "gzip",
                Codec::Zlib => "zlib",
                Codec::Bzip2 => "bzip2",
                Codec::Xz => "xz",
                Codec::Pbzx => "pbzx",
                Codec::Zstd => "zstd",
            };
            let (begin, end) = (
                format!("{name} stream: the decoder's complaint is \""),
                "\": it cannot be unpacked",
            );
            let cut = said(cut);
            assert!(cut.starts_with(&begin) && cut.ends_with(end), "{cut}");
            let mut flipped = stream.clone();
            let at = flipped.len() / 2;
            flipped[at] ^= 0x55;
            assert_ne!(unpacked(codec, &flipped, 1 << 20).ok(), Some(data.clone()), "{codec:?}");
        }
    }

    #[test]
    fn members_follow_members() {
        let both = [gzip(b"one "), gzip(b"two"), b"\0\0\0".to_vec()].concat();
        assert_eq!(unpacked(Codec::Gzip, &both, 99).unwrap(), b"one two");
    }
}
