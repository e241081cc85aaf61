//! The codecs of runs, each decoding a whole run into its exact length.

use crate::format::udif::adc;
use crate::format::udif::raw;
use std::cell::RefCell;
use std::io::{Read, Result as IoResult};

/// How a run is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Zeros that a checksum covers.
    Zero,
    /// Free space: reads as zeros, covered by no checksum.
    Ignore,
    /// The bytes as they are.
    Raw,
    Adc,
    Zlib,
    Bzip2,
    Lzfse,
    Lzma,
}

/// More memory than this is refused to an XZ chunk: the greatest preset needs
/// 64 MiB and a little.
const XZ_MEMORY_KIB: u32 = 72 << 10;

impl Kind {
    /// The kind of a run's `EntryType`; `None` for unknown ones.
    pub(crate) fn of(entry_type: u32) -> Option<Self> {
        Some(match entry_type {
            raw::ZERO => Self::Zero,
            raw::RAW => Self::Raw,
            raw::IGNORE => Self::Ignore,
            raw::ADC => Self::Adc,
            raw::ZLIB => Self::Zlib,
            raw::BZIP2 => Self::Bzip2,
            raw::LZFSE => Self::Lzfse,
            raw::LZMA => Self::Lzma,
            _ => return None,
        })
    }

    /// The `EntryType` of the kind.
    pub(crate) fn entry_type(self) -> u32 {
        match self {
            Self::Zero => raw::ZERO,
            Self::Ignore => raw::IGNORE,
            Self::Raw => raw::RAW,
            Self::Adc => raw::ADC,
            Self::Zlib => raw::ZLIB,
            Self::Bzip2 => raw::BZIP2,
            Self::Lzfse => raw::LZFSE,
            Self::Lzma => raw::LZMA,
        }
    }

    /// What is wrong with a run whose stored bytes do not give its sectors.
    pub(crate) fn undecoded(self) -> &'static str {
        match self {
            Self::Zero | Self::Ignore | Self::Raw => "its bytes are not those of its sectors",
            Self::Adc => "its ADC data cannot be decoded",
            Self::Zlib => "its zlib data cannot be decoded",
            Self::Bzip2 => "its bzip2 data cannot be decoded",
            Self::Lzfse => "its LZFSE data cannot be decoded",
            Self::Lzma => "its xz data cannot be decoded",
        }
    }

    /// Whether the run has no bytes in the data fork.
    pub(crate) fn is_hole(self) -> bool {
        matches!(self, Self::Zero | Self::Ignore)
    }

    /// Whether the run must be decoded as a whole.
    pub(crate) fn is_compressed(self) -> bool {
        !self.is_hole() && self != Self::Raw
    }
}

thread_local! {
    static ZLIB: RefCell<libdeflater::Decompressor> = RefCell::new(libdeflater::Decompressor::new());
    static LZFSE: RefCell<lzfse_rust::LzfseRingDecoder> = RefCell::default();
}

/// Decodes `stored` into all of `out`. `None` when it is broken, or shorter
/// or longer than `out`.
pub(crate) fn decode(kind: Kind, stored: &[u8], out: &mut [u8]) -> Option<()> {
    match kind {
        Kind::Zero | Kind::Ignore => out.fill(0),
        Kind::Raw if stored.len() == out.len() => out.copy_from_slice(stored),
        Kind::Raw => return None,
        Kind::Adc => adc::decode(stored, out)?,
        Kind::Zlib => {
            let len = ZLIB.with_borrow_mut(|zlib| zlib.zlib_decompress(stored, out)).ok()?;
            return (len == out.len()).then_some(());
        }
        Kind::Bzip2 => bunzip2(stored, out)?,
        Kind::Lzfse => LZFSE.with_borrow_mut(|lzfse| exactly(lzfse.reader_bytes(stored), out))?,
        Kind::Lzma => {
            exactly(lzma_rust2::XzReader::new_mem_limit(stored, false, XZ_MEMORY_KIB), out)?;
        }
    }
    Some(())
}

/// Fills `out` and demands the end.
fn exactly(mut from: impl Read, out: &mut [u8]) -> Option<()> {
    let mut more = || -> IoResult<usize> {
        from.read_exact(out)?;
        from.read(&mut [0])
    };
    (more().ok()? == 0).then_some(())
}

/// One or more bzip2 streams.
fn bunzip2(mut stored: &[u8], mut out: &mut [u8]) -> Option<()> {
    while !out.is_empty() {
        let mut bzip2 = bzip2::Decompress::new(false);
        loop {
            let (read, written) = (bzip2.total_in(), bzip2.total_out());
            let status = bzip2.decompress(stored, out).ok()?;
            let read = usize::try_from(bzip2.total_in() - read).ok()?;
            let written = usize::try_from(bzip2.total_out() - written).ok()?;
            stored = stored.get(read..)?;
            out = out.get_mut(written..)?;
            if status == bzip2::Status::StreamEnd {
                break;
            }
            if read == 0 && written == 0 {
                return None;
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_decode_is_named() {
        use Kind::{Adc, Bzip2, Ignore, Lzfse, Lzma, Raw, Zero, Zlib};
        for kind in [Zero, Ignore, Raw, Adc, Zlib, Bzip2, Lzfse, Lzma] {
            let expected = match kind {
                Zero | Ignore | Raw => "its bytes are not those of its sectors",
                Adc => "its ADC data cannot be decoded",
                Zlib => "its zlib data cannot be decoded",
                Bzip2 => "its bzip2 data cannot be decoded",
                Lzfse => "its LZFSE data cannot be decoded",
                Lzma => "its xz data cannot be decoded",
            };
            assert_eq!(kind.undecoded(), expected);
        }
    }

    /// `printf 'lion lion lion lion\n' | bzip2`, and so on.
    const TEXT: &[u8] = b"lion lion lion lion\n";
    const BZIP2: &str = "425a6839314159265359af4b22b3000005d100001040000025a00020aa0d03008436b78e3c5dc914e14242bd2c8acc";
    const XZ: &str = "fd377a585a000004e6d6b446020021010c0000008f98419ce00013000c5d00361a4a4402a16bdb396d00000008457ef42c862ef000012814fccf01671fb6f37d010000000004595a";

    fn hex(text: &str) -> Vec<u8> {
        let digits = text.as_bytes().chunks(2);
        digits.map(|d| u8::from_str_radix(str::from_utf8(d).unwrap(), 16).unwrap()).collect()
    }

    fn samples() -> Vec<(Kind, Vec<u8>)> {
        let mut zlib = vec![0; 100];
        let level = libdeflater::CompressionLvl::new(6).unwrap();
        let len = libdeflater::Compressor::new(level).zlib_compress(TEXT, &mut zlib).unwrap();
        zlib.truncate(len);
        let mut lzfse = Vec::new();
        lzfse_rust::encode_bytes(TEXT, &mut lzfse).unwrap();
        let adc = [&[0x84], &TEXT[..5], &[11 << 2, 4, 0x80, b'\n']].concat();
        vec![
            (Kind::Raw, TEXT.to_vec()),
            (Kind::Adc, adc),
            (Kind::Zlib, zlib),
            (Kind::Bzip2, hex(BZIP2)),
            (Kind::Lzfse, lzfse),
            (Kind::Lzma, hex(XZ)),
        ]
    }

    #[test]
    fn every_codec_decodes_its_exact_length() {
        for (kind, stored) in samples() {
            let mut out = [0; TEXT.len()];
            assert_eq!(decode(kind, &stored, &mut out), Some(()), "{kind:?}");
            assert_eq!(out, TEXT, "{kind:?}");
            assert_eq!(Kind::of(kind.entry_type()), Some(kind));
            let mut longer = [0; TEXT.len() + 1];
            assert_eq!(decode(kind, &stored, &mut longer), None, "{kind:?} is too short");
        }
    }

    #[test]
    fn a_cut_run_is_refused() {
        for (kind, stored) in samples() {
            for len in 0..stored.len() - 1 {
                let mut out = [0; TEXT.len()];
                let done = decode(kind, &stored[..len], &mut out);
                // What follows the last byte of text is only a check or an end mark.
                assert!(done.is_none() || out == TEXT, "{kind:?} cut at {len}");
            }
        }
    }

    #[test]
    fn more_than_the_run_is_refused() {
        for (kind, stored) in samples() {
            let mut shorter = [0; TEXT.len() - 1];
            let done = decode(kind, &stored, &mut shorter);
            assert_eq!(done.is_some(), kind == Kind::Adc, "{kind:?}");
        }
    }
}
