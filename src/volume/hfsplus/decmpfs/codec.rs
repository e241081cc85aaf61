//! One chunk of a compressed file.

use crate::volume::hfsplus::decmpfs::lzvn;
use std::cell::RefCell;
use std::io::Read;

/// How chunks are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    /// As they are, behind a marker byte.
    Stored,
    Zlib,
    Lzvn,
    Lzfse,
}

/// The low half of the first byte of what zlib could not make shorter (no
/// zlib stream begins so).
const ZLIB_STORED: u8 = 0x0f;
/// The first byte of what LZVN could not make shorter: an end of stream.
const LZVN_STORED: u8 = 0x06;
/// The first byte of what LZFSE could not make shorter.
const LZFSE_STORED: u8 = 0xff;

thread_local! {
    static ZLIB: RefCell<libdeflater::Decompressor> = RefCell::new(libdeflater::Decompressor::new());
    static LZFSE: RefCell<lzfse_rust::LzfseRingDecoder> = RefCell::default();
}

impl Codec {
    /// Decodes a chunk into all of `out`; `None` when it is broken or has
    /// another length.
    pub(super) fn decode(self, chunk: &[u8], out: &mut [u8]) -> Option<()> {
        let (first, rest) = chunk.split_first()?;
        let is_stored = match self {
            Self::Stored => true,
            Self::Zlib => first & ZLIB_STORED == ZLIB_STORED,
            Self::Lzvn => *first == LZVN_STORED,
            Self::Lzfse => *first == LZFSE_STORED,
        };
        if is_stored {
            out.copy_from_slice(rest.get(..out.len())?);
            return Some(());
        }
        match self {
            Self::Stored => None,
            Self::Zlib => {
                let len = ZLIB.with_borrow_mut(|zlib| zlib.zlib_decompress(chunk, out)).ok()?;
                (len == out.len()).then_some(())
            }
            Self::Lzvn => lzvn::decode(chunk, out),
            Self::Lzfse => {
                LZFSE.with_borrow_mut(|lzfse| lzfse.reader_bytes(chunk).read_exact(out)).ok()
            }
        }
    }
}
