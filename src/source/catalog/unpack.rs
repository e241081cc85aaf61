//! Catalogs that servers pack with gzip, asked for or not.

use crate::block::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::borrow::Cow;
use std::io::Read;

/// More than four times the largest catalog known (7 MB, September 2026).
const LIMIT: u64 = 32 << 20;

/// The plain bytes of a catalog; bounded by 32 MiB.
pub(super) fn plain(data: &[u8]) -> Result<Cow<'_, [u8]>> {
    let too_long = |len: u64| Error::corrupt("catalog", "length", len, "more than 32 MiB");
    if !data.starts_with(&[0x1f, 0x8b]) {
        let len = data.len() as u64;
        return if len > LIMIT { Err(too_long(len)) } else { Ok(Cow::Borrowed(data)) };
    }
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(data).take(LIMIT + 1).read_to_end(&mut plain);
    read.map_err(|error| Error::complaint("gzip stream", error, "it cannot be unpacked"))?;
    if plain.len() as u64 > LIMIT {
        return Err(too_long(plain.len() as u64));
    }
    Ok(Cow::Owned(plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::{Write, copy, repeat};

    #[test]
    fn gzip_is_told_by_its_magic_and_bounded() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(b"<plist/>").unwrap();
        let packed = packed.finish().unwrap();
        assert_eq!(*plain(&packed).unwrap(), *b"<plist/>");
        assert_eq!(*plain(b"<plist/>").unwrap(), *b"<plist/>");
        let error = plain(&packed[..packed.len() - 1]).unwrap_err().to_string();
        assert!(error.starts_with("gzip stream: the decoder's complaint is "), "{error}");
        let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
        copy(&mut repeat(0).take(LIMIT + 1), &mut bomb).unwrap();
        let error = plain(&bomb.finish().unwrap()).unwrap_err().to_string();
        assert_eq!(error, "catalog: length is 33554433: more than 32 MiB");
    }
}
